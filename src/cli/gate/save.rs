//! `gate --save`: what the code does now becomes what later code is held against.

use std::path::Path;

use super::{Entry, Exit, Gate, Runner, all};
use crate::cli::folder::unwritable;
use crate::cli::print;
use crate::gate::baseline::is_baseline;
use crate::gate::plan::{self, needs, unwatchable};
use crate::gate::{Baseline, MOST, Need, PILOT, Warmup};
use crate::report::format::plain_percent;
use crate::scenario::Scenario;
use crate::sim::setup;

/// The placement seed of the second pilot: the same jobs and algorithm, other luck.
const OTHER_LUCK: u64 = 1;

/// Runs every scenario and writes its baseline; nothing is written unless all can be.
pub fn save(gate: &Gate, entries: &[Entry]) -> Result<(), Exit> {
    all(entries.iter().map(check_replaceable))?;
    let pilots = entries.iter().map(|entry| entry.runs(2 * PILOT)).sum();
    let runner = Runner::new(gate, pilots)?;
    let planned = all(entries.iter().map(|entry| plan(gate, entry, &runner)))?;
    for (entry, planned) in entries.iter().zip(&planned) {
        runner.bar.inc_length(entry.runs(planned.replications));
    }
    let run = |(entry, planned): (&Entry, &Planned)| {
        let mut scenario = planned.scenario.clone();
        scenario.replications = planned.replications;
        let figures = runner.run(&scenario, &gate.command([&entry.path].into_iter()))?;
        let warmups: Vec<Warmup> = scenario.points.iter().map(warmup).collect();
        Ok(Baseline::new(
            &entry.subject,
            planned.replications,
            &warmups,
            figures,
        ))
    };
    let baselines = all(entries.iter().zip(&planned).map(run))?;
    runner.bar.finish_and_clear();
    for (entry, baseline) in entries.iter().zip(&baselines) {
        write(&entry.place, &baseline.to_text())?;
    }
    let lines = entries
        .iter()
        .zip(&planned)
        .map(|(entry, planned)| planned.line(entry));
    print(&lines.collect::<String>())
}

/// How a scenario will be run.
struct Planned {
    scenario: Scenario,
    replications: u32,
    /// The figure that needs most.
    most: Option<Need>,
}

impl Planned {
    fn line(&self, entry: &Entry) -> String {
        let (place, n) = (entry.place.display(), self.replications);
        let strategies = self.scenario.strategies.len();
        let strategies = crate::report::format::plural(strategies, "strategy", "strategies");
        let why = match &self.most {
            Some(need) if need.replications == u64::from(n) => format!(
                "{} of `{}` needs them: luck alone moves a replication by {:.1} %",
                need.metric,
                need.strategy,
                100.0 * need.spread
            ),
            _ => "fewer would do".to_owned(),
        };
        format!("saved {place}: {strategies}, {n} replications ({why})\n")
    }
}

/// Finds by a pilot how many replications a scenario needs.
fn plan(gate: &Gate, entry: &Entry, runner: &Runner) -> Result<Planned, Exit> {
    // The one place where warm-ups that are to be found by pilots must be settled.
    let settled = entry.scenario.clone();
    let mut scenario = settled.clone();
    scenario.replications = PILOT;
    let command = gate.command([&entry.path].into_iter());
    let pilot = runner.run(&scenario, &command)?;
    let margins = &entry.subject.margins;
    let refused: Vec<String> = pilot
        .iter()
        .enumerate()
        .flat_map(|(point, figures)| {
            let at = entry.subject.point_label(point);
            let cells = figures
                .strategies
                .iter()
                .flat_map(|cell| unwatchable(cell, margins));
            cells
                .map(move |why| format!("  {why}{at}\n"))
                .collect::<Vec<String>>()
        })
        .collect();
    if !refused.is_empty() {
        return Err(Exit::Mistake(format!(
            "error: {} cannot be watched as it is\n{}hint: name the strategies to watch in `[gate] strategies`, other metrics in `[compare] decide-on`, or lower the load",
            entry.path.display(),
            refused.concat()
        )));
    }
    let setups = scenario
        .points
        .iter_mut()
        .flat_map(|point| &mut point.setups);
    setups.for_each(|setup| setup.placement_seed = OTHER_LUCK);
    let other = runner.run(&scenario, &command)?;
    let needs = needs(&pilot, &other, margins);
    let replications = plan::replications(&needs, entry.scenario.replications)
        .map_err(|over| too_many(entry, &over))?;
    Ok(Planned {
        scenario: settled,
        replications,
        most: needs.into_iter().max_by_key(|need| need.replications),
    })
}

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
    let mut keys: Vec<(&str, f64)> = Vec::new();
    for need in over {
        let margin = need.margin_that_would_do();
        match keys.iter_mut().find(|(metric, _)| *metric == need.metric) {
            Some((_, most)) => *most = most.max(margin),
            None => keys.push((&need.metric, margin)),
        }
    }
    let key = |(metric, margin): &(&str, f64)| match metric.contains('.') {
        true => format!("margins.\"{metric}\" = {margin}"),
        false => format!("margins.{metric} = {margin}"),
    };
    let keys: Vec<String> = keys.iter().map(key).collect();
    Exit::Mistake(format!(
        "error: {}: for these margins a baseline would need more than {MOST} replications\n{}hint: under `[gate]` write {}, or measure more jobs (`run.jobs`), or leave strategies out of `gate.strategies`",
        entry.path.display(),
        over.iter().map(line).collect::<String>(),
        keys.join(" and "),
    ))
}

fn warmup(point: &crate::scenario::Point) -> Warmup {
    match point.setups.first().map(|setup| setup.window.warmup) {
        Some(setup::Warmup::Jobs(jobs)) => Warmup::Jobs(jobs),
        Some(setup::Warmup::Time(time)) => Warmup::Time(time.0),
        _ => Warmup::None,
    }
}

/// Only a baseline is ever replaced, and not by an older version's.
fn check_replaceable(entry: &Entry) -> Result<(), Exit> {
    let place = entry.place.display();
    let taken = |why: &str| {
        Err(Exit::Mistake(format!(
            "error: {place} {why}\nhint: name another folder with --baseline"
        )))
    };
    if std::fs::symlink_metadata(&entry.place).is_err() {
        return Ok(());
    }
    let bytes = std::fs::read(&entry.place).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    if !entry.place.is_file() || !is_baseline(&text) {
        return taken("is not a baseline, and would be replaced by one");
    }
    match Baseline::of_text(&text) {
        Err(unusable) if unusable.is_newer => {
            Err(Exit::Mistake(format!("error: {place}: {unusable}")))
        }
        _ => Ok(()),
    }
}

/// Writes beside the place and renames, so that what is there stays whole.
fn write(place: &Path, text: &str) -> Result<(), Exit> {
    let beside = place.with_extension("json.writing");
    let folder = place.parent().unwrap_or(Path::new("."));
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&beside, text))
        .and_then(|()| std::fs::rename(&beside, place));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        unwritable(place, &error)
    })
}
