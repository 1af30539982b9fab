//! `gate --save`: what the code does now becomes what later code is held against.
//!
//! The only way in which a baseline moves: a gate that adapts itself to what it sees catches
//! nothing.

use crate::metrics::columns::{MetricRef, Part};

use super::{Entry, Exit, Gate, Runner, all};
use crate::cli::replace::replace;
use crate::cli::{print, running};
use crate::gate::baseline::is_baseline;
use crate::gate::{Baseline, MOST, Need, Refused, plan_baseline};
use crate::scenario::Point;
use crate::sim::setup::Warmup;
use crate::text::plain_percent;

/// Runs every scenario and writes its baseline; nothing is written unless all can be.
pub fn save(gate: &Gate, entries: &[Entry]) -> Result<(), Exit> {
    all(entries.iter().map(check_replaceable))?;
    let runner = Runner::new(gate, 0)?;
    let planned = all(entries.iter().map(|entry| plan(gate, entry, &runner)))?;
    runner.bar.finish_and_clear();
    for (entry, planned) in entries.iter().zip(&planned) {
        replace(&entry.file, planned.baseline.to_text().as_bytes())?;
    }
    let lines = entries.iter().zip(&planned);
    let lines = lines.map(|(entry, planned)| planned.line(entry));
    print(&lines.collect::<String>())
}

/// What will be written.
struct Planned {
    baseline: Baseline,
    /// The figure that needs most.
    most: Option<Need>,
}

impl Planned {
    /// What was saved of a scenario, and which figure asks for so many replications.
    fn line(&self, entry: &Entry) -> String {
        let (file, n) = (entry.file.display(), self.baseline.replications);
        let strategies = entry.scenario.strategies.len();
        let strategies = crate::text::plural(strategies, "strategy", "strategies");
        let why = match &self.most {
            Some(need) if need.replications == u64::from(n) => format!(
                "{} of `{}` needs them: luck alone moves a replication by {:.1} %",
                need.metric,
                need.strategy,
                100.0 * need.spread
            ),
            _ => "fewer would do".to_owned(),
        };
        format!("saved {file}: {strategies}, {n} replications ({why})\n")
    }
}

/// Runs a scenario as often as its margins need.
fn plan(gate: &Gate, entry: &Entry, runner: &Runner) -> Result<Planned, Exit> {
    let command = gate.command([&entry.path].into_iter());
    let settled = running::plan(entry.scenario.clone(), command, gate.threads, runner.stop)?;
    let run = |replications: u32, placement_seed: u64| {
        runner.bar.inc_length(entry.runs(replications));
        runner.run(&settled.again(replications, placement_seed))
    };
    let margins = &entry.subject.margins;
    let plan = plan_baseline(entry.scenario.replications, margins, run);
    let plan = plan.map_err(|refused| match refused {
        Refused::Unwatchable(why) => unwatchable(entry, &why),
        Refused::TooMany(over) => too_many(entry, &over),
        Refused::Failed(exit) => exit,
    })?;
    let warmup = |point: &Point| point.setups.first().map(|setup| setup.window.warmup);
    let warmups = settled
        .scenario()
        .points
        .iter()
        .map(|point| warmup(point).unwrap_or_default());
    let warmups: Vec<Warmup> = warmups.collect();
    Ok(Planned {
        baseline: Baseline::new(&entry.subject, plan.replications, &warmups, plan.figures),
        most: plan.needs.into_iter().max_by_key(|need| need.replications),
    })
}

fn unwatchable(entry: &Entry, why: &[(usize, String)]) -> Exit {
    let line =
        |(point, why): &(usize, String)| format!("  {why}{}\n", entry.subject.point_label(*point));
    Exit::Mistake(format!(
        "error: {} cannot be watched as it is\n{}hint: name the strategies to watch in `[gate] strategies`, other metrics in `[compare] decide-on`, or lower the load",
        entry.path.display(),
        why.iter().map(line).collect::<String>()
    ))
}

/// Refuses a baseline that would need too many replications, and says which margin or how many more jobs would
/// do.
fn too_many(entry: &Entry, over: &[Need]) -> Exit {
    let line = |need: &Need| {
        format!(
            "  {} of `{}`{} needs {} for {}; a margin of {} would do, or {} times the jobs\n",
            need.metric,
            need.strategy,
            entry.subject.point_label(need.point),
            need.replications,
            plain_percent(need.margin),
            plain_percent(need.margin_that_would_do()),
            need.more_jobs(),
        )
    };
    let mut keys: Vec<(&MetricRef, f64)> = Vec::new();
    for need in over {
        let margin = need.margin_that_would_do();
        match keys.iter_mut().find(|(metric, _)| **metric == need.metric) {
            Some((_, most)) => *most = most.max(margin),
            None => keys.push((&need.metric, margin)),
        }
    }
    let key = |(metric, margin): &(&MetricRef, f64)| match metric.part {
        Part::All => format!("margins.{metric} = {margin}"),
        _ => format!("margins.\"{metric}\" = {margin}"),
    };
    let keys: Vec<String> = keys.iter().map(key).collect();
    Exit::Mistake(format!(
        "error: {}: for these margins a baseline would need more than {MOST} replications\n{}hint: under `[gate]` write {}, or measure more jobs (`run.jobs`), or leave strategies out of `gate.strategies`",
        entry.path.display(),
        over.iter().map(line).collect::<String>(),
        keys.join(" and "),
    ))
}

/// Only a baseline is ever replaced, and not by an older version's.
fn check_replaceable(entry: &Entry) -> Result<(), Exit> {
    let file = entry.file.display();
    let taken = |why: &str| {
        Err(Exit::Mistake(format!(
            "error: {file} {why}\nhint: name another folder with --baseline"
        )))
    };
    if std::fs::symlink_metadata(&entry.file).is_err() {
        return Ok(());
    }
    let bytes = std::fs::read(&entry.file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    if !entry.file.is_file() || !is_baseline(&text) {
        return taken("is not a baseline, and would be replaced by one");
    }
    match Baseline::of_text(&text) {
        Err(unusable) if unusable.is_newer => {
            Err(Exit::Mistake(format!("error: {file}: {unusable}")))
        }
        _ => Ok(()),
    }
}
