//! `equipoise run`: a scenario in, tables and plots out.
//!
//! The command is careful with two things that cost its user most: time and earlier results. A
//! finished replication is kept in a journal, so that the same command goes on after Ctrl-C, a kill
//! or a full disk; and a folder of results is replaced by a whole new one or not at all.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::folder::Folder;
use super::report::{cannot_draw, table};
use super::scenario_args::{Changes, ScenarioArgs};
use super::{Exit, memory, message, print, running};
use crate::experiment::record::{Recording, RowKind};
use crate::experiment::{self, Fingerprint, Journal, Options, Plan, Timing};
use crate::report;
use crate::results::{self, Build, Results, digest, tables};
use crate::scenario::{Registry, Scenario};
use crate::sim::setup::Engine;
use crate::text::counted;

/// Arguments of `equipoise run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Scenario files, run one after another; `-` is standard input.
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    #[command(flatten)]
    changes: Changes,
    /// Folder of the results (default: output/NAME; +DIGEST with --set or --strategies).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Threads (default: all cores); the results are the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// By what replications are run; the results are the same.
    #[arg(long, value_enum, default_value = "auto")]
    engine: Engine,
    /// What is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// The same as --format markdown: tables for a pull request.
    #[arg(long, conflicts_with = "format")]
    markdown: bool,
    /// A block for every point of a sweep, with all intervals.
    #[arg(long)]
    all: bool,
    /// Metrics to show beside those that decide (comma-separated).
    #[arg(long, value_name = "METRICS", value_delimiter = ',')]
    show: Vec<String>,
    /// Also write rows of single jobs, tasks or decisions (comma-separated).
    #[arg(long, value_name = "TABLES", value_enum, value_delimiter = ',')]
    record: Vec<RowKind>,
    /// Also write the plots as PNG.
    #[arg(long)]
    png: bool,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The comparison, for people.
    Table,
    /// Summary and comparisons as JSON.
    Json,
    /// The summary as CSV.
    Csv,
    /// The comparison, for a pull request.
    Markdown,
}

impl ValueEnum for RowKind {
    fn value_variants<'a>() -> &'a [RowKind] {
        &RowKind::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl Run {
    /// Runs the scenarios, writes a folder of each and prints the comparisons. All are read first: a
    /// mistake in the last is not to be told after hours.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let scenarios = self.scenarios.iter().map(|path| self.one(path, registry));
        let ones = scenarios.collect::<Result<Vec<One>, Exit>>()?;
        check_targets(&ones, self.out.is_some())?;
        ones.iter().for_each(|one| one.args.warn(&one.scenario));
        let mut all = ones.iter();
        all.try_for_each(|one| memory::check(&one.scenario, self.threads))?;
        // Watched before anything is written, so that nothing is left behind.
        let stop = running::stop_on_interrupt()?;
        for (at, one) in ones.into_iter().enumerate() {
            if at > 0 {
                print("\n")?;
            }
            self.run(one, stop)?;
        }
        Ok(())
    }

    fn one(&self, path: &Path, registry: &Registry) -> Result<One, Exit> {
        let mut args = ScenarioArgs {
            scenario: path.to_path_buf(),
            changes: self.changes.clone(),
        };
        if !self.show.is_empty() {
            let names: Vec<String> = self.show.iter().map(|name| format!("{name:?}")).collect();
            let set = format!("compare.show=[{}]", names.join(", "));
            args.changes.sets.push(set);
        }
        let mut scenario = args.read(registry)?;
        let points = scenario.points.iter_mut();
        points
            .flat_map(|point| &mut point.setups)
            .for_each(|setup| setup.engine = self.engine);
        let target = self.out.clone();
        Ok(One {
            target: target.unwrap_or_else(|| usual_target(&args, &scenario)),
            args,
            scenario,
        })
    }

    fn run(&self, one: One, stop: &AtomicBool) -> Result<(), Exit> {
        let folder = Folder::begin(&one.target)?;
        let command = one.args.command_line("run");
        match self.run_into(one.scenario, command, &folder, stop) {
            Ok((results, is_complete)) => {
                let target = folder.finish(is_complete)?;
                self.tell(&results, &target, is_complete)
            }
            Err(exit) => Err(give_up(exit, folder)),
        }
    }

    fn run_into(
        &self,
        scenario: Scenario,
        command: String,
        folder: &Folder,
        stop: &AtomicBool,
    ) -> Result<(Results, bool), Exit> {
        let plan = running::plan(scenario, command, self.threads, stop)?;
        if stop.load(Ordering::Relaxed) {
            return Err(Exit::Interrupted(BEFORE_ANY.to_owned()));
        }
        let journal = self.journal(plan.scenario(), folder)?;
        let recording = self.recording(&journal, folder)?;
        let options = Options {
            threads: self.threads.map(usize::from),
            stop,
            progress: &|_| {},
            record: recording.as_ref(),
            log_decisions: false,
            journal: Some(&journal),
        };
        let run = running::with_bar(&plan, options)?;
        if run.replications.iter().all(|&finished| finished == 0) {
            return Err(Exit::Interrupted(NONE_FINISHED.to_owned()));
        }
        if let Some(recording) = &recording {
            recording.join(plan.scenario(), &run.replications, folder.path())?;
        }
        self.write(&plan, &run, folder)?;
        Ok((run.results, run.is_complete))
    }

    fn recording(&self, journal: &Journal, folder: &Folder) -> Result<Option<Recording>, Exit> {
        if self.record.is_empty() {
            return Ok(None);
        }
        let folder = folder.parts(journal.found() == 0)?;
        let kinds = self.record.clone();
        Ok(Some(Recording { folder, kinds }))
    }

    /// What an earlier run of the same scenario by the same program has finished.
    fn journal(&self, scenario: &Scenario, folder: &Folder) -> Result<Journal, Exit> {
        let fingerprint = self.fingerprint(scenario);
        let journal = Journal::open(&folder.journal(), fingerprint)?;
        if journal.found() > 0 {
            let found = counted(journal.found() as u64, "replication");
            message(&format!(
                "going on after {found} that an earlier run finished"
            ));
        } else if journal.has_replaced() {
            message(
                "what an interrupted run left here is of another scenario or program: starting anew",
            );
        }
        Ok(journal)
    }

    /// Of the scenario, the program, the rows that are written and the figures that are asked for.
    fn fingerprint(&self, scenario: &Scenario) -> Fingerprint {
        let asked: Vec<String> = scenario.asked().iter().map(ToString::to_string).collect();
        let options = format!("{:?} {asked:?}", self.record);
        Fingerprint::new(scenario, &program(), &options)
    }

    fn write(&self, plan: &Plan, run: &experiment::Run, folder: &Folder) -> Result<(), Exit> {
        let results = &run.results;
        folder.write("scenario.toml", plan.scenario().text.as_bytes())?;
        let files = tables::write(results);
        for (name, bytes) in &files {
            folder.write(name, bytes)?;
        }
        folder.write(tables::MANIFEST, &tables::manifest(&results.meta, &files))?;
        let timing = format!("{:#}\n", timing_json(&run.timing));
        folder.write("timing.json", timing.as_bytes())?;
        let plots = report::render(results, self.png).map_err(cannot_draw)?;
        plots
            .iter()
            .try_for_each(|(name, bytes)| folder.write(name, bytes))
    }

    fn tell(&self, results: &Results, target: &Path, is_complete: bool) -> Result<(), Exit> {
        let page = target.join("report.html");
        let page = page.display().to_string();
        let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let told = report::terminal::Told {
            report_path: Some(&page),
            color,
            all: self.all,
        };
        match self.format {
            _ if self.markdown => print(&report::markdown::comparison(results))?,
            Format::Markdown => print(&report::markdown::comparison(results))?,
            Format::Table => print(&report::terminal::comparison(results, told))?,
            Format::Json => print(&format!("{:#}\n", results::json(results)))?,
            Format::Csv => print(&table(results, "summary.csv"))?,
        }
        if is_complete {
            return Ok(());
        }
        let target = target.display();
        let said = format!("interrupted: what is finished is in {target}\nhint: {GO_ON}");
        Err(Exit::Interrupted(said))
    }
}

/// A scenario to run, and where its results will stand.
struct One {
    args: ScenarioArgs,
    scenario: Scenario,
    target: PathBuf,
}

/// `output/NAME`, or with a digest of what is changed `output/NAME+DIGEST`.
fn usual_target(args: &ScenarioArgs, scenario: &Scenario) -> PathBuf {
    let stem = &scenario.stem;
    if !args.is_changed() {
        return Path::new("output").join(stem);
    }
    // Of what is run, however it was asked for.
    let names = scenario.strategies.iter().map(|s| s.name.as_str());
    let names: Vec<&str> = names.collect();
    let whole = digest(format!("{}\n{}", scenario.text, names.join("\n")).as_bytes());
    Path::new("output").join(format!("{stem}+{}", &whole[..8]))
}

/// Refuses runs of which one would take the place of another's results.
fn check_targets(ones: &[One], is_given: bool) -> Result<(), Exit> {
    let clash =
        |(at, one): (usize, &One)| ones[..at].iter().any(|other| other.target == one.target);
    let Some((_, one)) = ones.iter().enumerate().find(|(at, one)| clash((*at, one))) else {
        return Ok(());
    };
    let hint = match is_given {
        true => "--out names the folder of one scenario: leave it out",
        false => "rename one of the files, or run them one by one with --out",
    };
    let target = one.target.display();
    Err(Exit::Mistake(format!(
        "error: two of the scenarios would be written to {target}\nhint: {hint}"
    )))
}

const BEFORE_ANY: &str = "interrupted before any replication of this run: nothing is written, and nothing is lost that was kept before";
const NONE_FINISHED: &str = "interrupted before any replication was finished: nothing is written";

/// What to do after a run that was stopped.
const GO_ON: &str = "the same command goes on with the replications that are left";

/// What tells this program from others, which may compute other numbers under the same version:
/// when it was built and how long it is. To hash it would take longer than many a run.
fn program() -> Vec<u8> {
    let facts = std::env::current_exe().and_then(std::fs::metadata);
    match facts.and_then(|facts| Ok((facts.modified()?, facts.len()))) {
        Ok(facts) => format!("{} {facts:?}", Build::this()).into_bytes(),
        // A program that cannot be told from others goes on with nobody's work but its own.
        Err(_) => std::process::id().to_le_bytes().to_vec(),
    }
}

/// Ends a run that failed: what it has finished is kept where the same command may go on with it.
fn give_up(exit: Exit, folder: Folder) -> Exit {
    match exit {
        Exit::Fault(said) => {
            folder.leave();
            Exit::Fault(format!("{said}\nhint: {GO_ON}"))
        }
        Exit::Interrupted(_) => {
            folder.leave();
            exit
        }
        _ => {
            folder.abandon();
            exit
        }
    }
}

fn timing_json(timing: &Timing) -> serde_json::Value {
    let seconds = |row: &Vec<Duration>| row.iter().map(Duration::as_secs_f64).collect();
    let busy: Vec<Vec<f64>> = timing.busy.iter().map(seconds).collect();
    json!({
        "wall_seconds": timing.wall.as_secs_f64(),
        "threads": timing.threads,
        "replication_seconds_by_point_and_strategy": busy,
    })
}
