//! `equipoise gate`: a regression test for placement algorithms.
//!
//! The command reads scenarios and their baselines, runs the watched strategies and reports in
//! every form that a pipeline can show; what passes and what fails is decided in [`crate::gate`],
//! and the exit code says it.

mod junit;
mod markdown;
mod plot;
mod save;
mod table;
mod text;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;
use indicatif::ProgressBar;

use super::replace::replace;
use super::running::stop_on_interrupt;
use super::scenario_args::{Changes, ScenarioArgs, keep_strategies, quote};
use super::{Exit, print, progress};
use crate::decision_log::first_difference::against_log;
use crate::experiment::{self, Options, Plan, Progress};
use crate::gate::{
    self, Baseline, GateVerdicts, PointFigures, ScenarioVerdicts, StrategyFigures, Subject,
};
use crate::report::decision_text::{Labels, lines};
use crate::results::digest;
use crate::scenario::{Registry, Scenario};
use crate::sim::setup::Setup;
use crate::text::plain_error;

/// Arguments of `equipoise gate`.
#[derive(Debug, Args)]
pub struct Gate {
    /// The scenario files; all of them are one test.
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    /// Folder of the baselines, NAME.json for NAME.toml (default: `baselines` beside each scenario).
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,
    /// Run and keep what is found as the baseline.
    #[arg(long, conflicts_with_all = ["all", "markdown", "junit", "json", "plot"])]
    save: bool,
    /// Show every figure, not only those that fail or are better.
    #[arg(long)]
    all: bool,
    /// Also write the result as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Also write the result as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Also write the result as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also draw the changes (an .svg or a .png).
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Set a value in every scenario: a dotted path and TOML, or a bare string (repeatable).
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
    /// Folder to look for traces in, too (default: $EQUIPOISE_TRACES).
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
    /// Threads (default: all cores); the results are the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// One scenario of the command.
struct Entry {
    path: PathBuf,
    scenario: Scenario,
    subject: Subject,
    /// Its baseline's file.
    file: PathBuf,
}

impl Gate {
    /// Tests the scenarios, or saves their baselines.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let entries = self.entries(registry)?;
        if self.save {
            return save::save(&self, &entries);
        }
        self.check_outputs(&entries)?;
        let baselines = all(entries.iter().map(baseline_of))?;
        let outcome = self.judge(&entries, &baselines)?;
        self.tell(&entries, &outcome)
    }

    /// All scenarios, cut to what is watched; all mistakes at once.
    fn entries(&self, registry: &Registry) -> Result<Vec<Entry>, Exit> {
        let entries = all(self.scenarios.iter().map(|path| self.entry(path, registry)))?;
        for (at, entry) in entries.iter().enumerate() {
            if let Some(same) = entries[..at].iter().find(|other| other.file == entry.file) {
                return Err(Exit::Mistake(format!(
                    "error: {} and {} would share the baseline {}\nhint: gate them one by one, with a --baseline folder each",
                    same.path.display(),
                    entry.path.display(),
                    entry.file.display()
                )));
            }
        }
        Ok(entries)
    }

    /// A scenario that is tested, with the place of its baseline.
    fn entry(&self, path: &Path, registry: &Registry) -> Result<Entry, Exit> {
        let args = ScenarioArgs {
            scenario: path.to_path_buf(),
            changes: Changes {
                sets: self.sets.clone(),
                traces: self.traces.clone(),
                ..Changes::default()
            },
        };
        let mut scenario = args.read(registry)?;
        let subject = subject(&scenario);
        watched_only(&mut scenario);
        let beside = || path.parent().unwrap_or(Path::new("")).join("baselines");
        let folder = self.baseline.clone().unwrap_or_else(beside);
        Ok(Entry {
            path: path.to_path_buf(),
            subject,
            file: folder.join(format!("{}.json", scenario.stem)),
            scenario,
        })
    }

    /// The command for `paths`.
    fn command<'a>(&self, paths: impl Iterator<Item = &'a PathBuf>) -> String {
        let mut words = vec!["equipoise".to_owned(), "gate".to_owned()];
        words.extend(paths.map(|path| path.display().to_string()));
        for (name, folder) in [("--baseline", &self.baseline), ("--traces", &self.traces)] {
            if let Some(folder) = folder {
                words.extend([name.to_owned(), folder.display().to_string()]);
            }
        }
        for set in &self.sets {
            words.extend(["--set".to_owned(), set.clone()]);
        }
        let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
        quoted.join(" ")
    }

    /// Files that could not be written at the end are told before anything runs.
    fn check_outputs(&self, entries: &[Entry]) -> Result<(), Exit> {
        let outputs = [&self.markdown, &self.junit, &self.json, &self.plot];
        let outputs = || outputs.into_iter().flatten();
        let real = |path: &Path| std::fs::canonicalize(path).ok();
        let read = entries.iter().flat_map(|entry| [&entry.path, &entry.file]);
        let read: Vec<Option<PathBuf>> = read.map(|path| real(path)).collect();
        for path in outputs() {
            let file = real(path);
            if file.is_some() && read.contains(&file) {
                let path = path.display();
                return Err(Exit::Mistake(format!(
                    "error: {path} is read by this command, and would be overwritten\nhint: name another file"
                )));
            }
        }
        all(outputs().map(|path| check_writable(path)))?;
        let ending = self.plot.as_ref().map(|path| path.extension());
        match ending.map(|ending| ending.and_then(|ending| ending.to_str())) {
            None | Some(Some("svg" | "png")) => Ok(()),
            Some(_) => Err(Exit::Mistake(
                "error: a plot is drawn as .svg or .png\nhint: end the name given to --plot so"
                    .to_owned(),
            )),
        }
    }

    /// Runs and judges all scenarios; the intervals of all of them hold together.
    fn judge(&self, entries: &[Entry], baselines: &[Baseline]) -> Result<GateVerdicts, Exit> {
        let family = entries.iter().map(|entry| entry.subject.family()).sum();
        let sizes = entries.iter().zip(baselines);
        let total = sizes
            .map(|(entry, baseline)| entry.runs(baseline.replications))
            .sum();
        let runner = Runner::new(self, total)?;
        let one = |(entry, baseline): (&Entry, &Baseline)| {
            self.judge_one(&runner, entry, baseline, family)
        };
        let scenarios = all(entries.iter().zip(baselines).map(one));
        runner.bar.finish_and_clear();
        Ok(GateVerdicts {
            scenarios: scenarios?,
            family,
        })
    }

    /// One scenario against its baseline; of each strategy that fails, the first decision that is different.
    fn judge_one(
        &self,
        runner: &Runner,
        entry: &Entry,
        baseline: &Baseline,
        family: usize,
    ) -> Result<ScenarioVerdicts, Exit> {
        let scenario = entry.as_in(baseline);
        let command = self.command([&entry.path].into_iter());
        let plan = Plan::new(scenario, command, runner.stop)?;
        let now = runner.run(&plan)?;
        let judged = gate::judge(baseline, &now, &entry.subject, family);
        let mut judged = judged.map_err(|unlike| cannot_compare(entry, &unlike))?;
        for cell in judged.cells.iter_mut().filter(|cell| cell.fails()) {
            let figures = &now[cell.point].strategies;
            let at = figures.iter().position(|f| f.strategy == cell.strategy);
            let then = baseline.figures(cell.point, &cell.strategy);
            if let (Some(at), Some(then)) = (at, then) {
                let setup = &plan.scenario().points[cell.point].setups[at];
                let name = format!("{} of {}", cell.strategy, entry.subject.scenario);
                let of = format!("{name}{}", entry.subject.point_label(cell.point));
                cell.first = first_difference(setup, &of, then, &figures[at])?;
            }
        }
        Ok(judged)
    }

    /// Writes the verdicts in every form that was asked for.
    fn tell(&self, entries: &[Entry], outcome: &GateVerdicts) -> Result<(), Exit> {
        let chosen = |is_chosen: fn(&ScenarioVerdicts) -> bool| -> Option<String> {
            let pairs = entries.iter().zip(&outcome.scenarios);
            let paths: Vec<&PathBuf> = pairs
                .filter(|(_, judged)| is_chosen(judged))
                .map(|(entry, _)| &entry.path)
                .collect();
            (!paths.is_empty()).then(|| self.command(paths.into_iter()))
        };
        let next = text::Next {
            failed: chosen(ScenarioVerdicts::fails),
            better: chosen(|judged| judged.is_better() && !judged.fails()),
        };
        let is_png = |path: &Path| path.extension().is_some_and(|ending| ending == "png");
        write(&self.markdown, |_| {
            Ok(markdown::page(outcome, &next).into_bytes())
        })?;
        write(&self.junit, |_| Ok(junit::suites(outcome).into_bytes()))?;
        write(&self.json, |_| {
            Ok(format!("{:#}\n", outcome.to_json()).into_bytes())
        })?;
        write(&self.plot, |path| plot::draw(outcome, is_png(path)))?;
        let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        print(&table::table(outcome, &next, self.all, color))?;
        if outcome.fails() {
            return Err(Exit::Different(String::new()));
        }
        Ok(())
    }
}

impl Entry {
    /// Replications in all.
    fn runs(&self, replications: u32) -> u64 {
        let cells = self.scenario.points.len() * self.scenario.strategies.len();
        cells as u64 * u64::from(replications)
    }

    /// The scenario with the replications and the warm-ups of its baseline.
    fn as_in(&self, baseline: &Baseline) -> Scenario {
        let mut scenario = self.scenario.clone();
        scenario.replications = baseline.replications;
        for (point, then) in scenario.points.iter_mut().zip(&baseline.points) {
            point.warmup_is_auto = false;
            let setups = point.setups.iter_mut();
            setups.for_each(|setup| setup.window.warmup = then.warmup);
        }
        scenario
    }
}

/// Runs experiments, one after the other, behind one progress bar.
struct Runner {
    threads: Option<usize>,
    stop: &'static AtomicBool,
    bar: ProgressBar,
}

impl Runner {
    fn new(gate: &Gate, total: u64) -> Result<Runner, Exit> {
        let bar = progress::bar();
        bar.inc_length(total);
        Ok(Runner {
            threads: gate.threads.map(usize::from),
            stop: stop_on_interrupt()?,
            bar,
        })
    }

    /// Runs a plan, and what the gate keeps of it.
    fn run(&self, plan: &Plan) -> Result<Vec<PointFigures>, Exit> {
        let options = Options {
            threads: self.threads,
            stop: self.stop,
            // The bar is over all runs of the command.
            progress: &|progress| match progress {
                Progress::Done => self.bar.inc(1),
                Progress::Planned(_) => {}
            },
            record: None,
            log_decisions: true,
            journal: None,
        };
        let run = experiment::run(plan, &options)?;
        if !run.is_complete {
            self.bar.finish_and_clear();
            let said = "interrupted: nothing is judged, nothing is written";
            return Err(Exit::Interrupted(said.to_owned()));
        }
        Ok(gate::figures(
            &run.results,
            &run.decision_logs,
            &plan.scenario().gate.margins,
        ))
    }
}

/// A file that can be written as far as can be seen beforehand.
fn check_writable(path: &Path) -> Result<(), Exit> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let what = if parent.is_some_and(|parent| !parent.is_dir()) {
        "its folder does not exist"
    } else if path.is_dir() {
        "it is a folder"
    } else {
        return Ok(());
    };
    let path = path.display();
    Err(Exit::Mistake(format!("error: cannot write {path}: {what}")))
}

/// Writes what `bytes` makes to `path`, if it is asked for.
fn write(
    path: &Option<PathBuf>,
    bytes: impl FnOnce(&Path) -> Result<Vec<u8>, Exit>,
) -> Result<(), Exit> {
    let Some(path) = path else { return Ok(()) };
    replace(path, &bytes(path)?)
}

/// All of `results`, or all their mistakes together; another end ends at once.
fn all<T>(results: impl Iterator<Item = Result<T, Exit>>) -> Result<Vec<T>, Exit> {
    let (mut done, mut mistakes) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => done.push(one),
            Err(Exit::Mistake(text)) => mistakes.push(text.trim_end().to_owned()),
            Err(other) => return Err(other),
        }
    }
    if mistakes.is_empty() {
        Ok(done)
    } else {
        Err(Exit::Mistake(mistakes.join("\n\n")))
    }
}

/// Leaves out the strategies that are not watched. The number of replications is the baseline's:
/// a run that goes on until an interval is narrow enough would look too often.
fn watched_only(scenario: &mut Scenario) {
    let watched = &scenario.gate.strategies;
    let strategies = scenario.strategies.iter();
    let chosen: Vec<bool> = strategies.map(|s| watched.contains(&s.name)).collect();
    keep_strategies(scenario, &chosen);
    scenario.precision = None;
}

/// What is tested of a scenario: its watched strategies and metrics with their margins.
fn subject(scenario: &Scenario) -> Subject {
    let place = |name: &String| scenario.strategies.iter().position(|s| s.name == *name);
    let watched = scenario.gate.strategies.iter();
    Subject {
        scenario: scenario.stem.clone(),
        text: digest(scenario.text.as_bytes()),
        sections: crate::scenario::sections(&scenario.text),
        seed: scenario.seed,
        sweep: scenario.sweep.clone(),
        points: scenario.points.iter().map(|p| p.values.clone()).collect(),
        strategies: scenario.gate.strategies.clone(),
        places: (
            watched.filter_map(place).collect(),
            place(&scenario.compare.baseline),
        ),
        margins: scenario.gate.margins.clone(),
    }
}

/// The baseline of a scenario, checked to be of the same jobs and nodes.
fn baseline_of(entry: &Entry) -> Result<Baseline, Exit> {
    let file = entry.file.display();
    let text = std::fs::read_to_string(&entry.file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Exit::Mistake(format!(
            "error: {} has no baseline: there is no {file}\nhint: make it with the code that is right, by the same command with --save",
            entry.path.display()
        )),
        std::io::ErrorKind::InvalidData => {
            Exit::Mistake(format!("error: {file}: it is not a baseline, as it is not text"))
        }
        _ => {
            let why = plain_error(&error);
            Exit::Mistake(format!("error: cannot read {file}: {why}"))
        }
    })?;
    let baseline = Baseline::of_text(&text);
    let baseline =
        baseline.map_err(|unusable| Exit::Mistake(format!("error: {file}: {unusable}")))?;
    let unlike = baseline.unlike(&entry.subject);
    if unlike.is_empty() {
        Ok(baseline)
    } else {
        Err(cannot_compare(entry, &unlike))
    }
}

fn cannot_compare(entry: &Entry, unlike: &[String]) -> Exit {
    let (path, file) = (entry.path.display(), entry.file.display());
    let list: String = unlike.iter().map(|why| format!("  {why}\n")).collect();
    Exit::Mistake(format!(
        "error: {path} cannot be compared with its baseline {file}\n{list}hint: if this is meant, --save makes a new baseline"
    ))
}

/// Where the decisions of the strategy with this setup part, and what was seen there; `of` is what
/// it is called.
fn first_difference(
    setup: &Setup,
    of: &str,
    then: &StrategyFigures,
    now: &StrategyFigures,
) -> Result<Vec<String>, Exit> {
    let labels = Labels {
        old: "baseline",
        new: "now",
    };
    if let Some(first) = against_log(setup, 1, &then.decision_log, &now.decision_log)? {
        return Ok(lines(of, &first, labels));
    }
    let mut pairs = then.decisions.iter().zip(&now.decisions);
    let other = pairs.position(|(then, now)| then != now);
    Ok(other.map_or(Vec::new(), |at| {
        vec![format!(
            "decisions of {of} differ first in replication {}, of which the baseline keeps a digest only",
            at + 1
        )]
    }))
}
