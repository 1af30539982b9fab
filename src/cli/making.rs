//! From a scenario to a folder of results and what is printed, for the commands that make one.
//!
//! Two things cost a user most: time and earlier results. A finished replication is kept in a
//! journal, so that the same command goes on after Ctrl-C, a kill or a full disk; and a folder of
//! results is replaced by a whole new one or not at all.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::folder::Folder;
use super::report::{cannot_draw, recorded, table};
use super::{Exit, message, print, running};
use crate::experiment::record::{Recording, RowKind};
use crate::experiment::{self, Fingerprint, Journal, Options, Plan, Timing};
use crate::report;
use crate::results::{self, Build, Results, digest, tables};
use crate::scenario::{Registry, Scenario};
use crate::text::counted;

/// Options of commands that make a folder of results.
#[derive(Debug, Args)]
pub struct Making {
    /// Folder of the results (default: output/NAME; +DIGEST with --set or --strategies).
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Threads (default: all cores); the results are the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// What is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// The same as --format markdown: tables for a pull request.
    #[arg(long, conflicts_with = "format")]
    markdown: bool,
    /// A block for every point of a sweep, with all intervals.
    #[arg(long)]
    all: bool,
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

/// What a folder of results is made of.
pub struct Made<'a> {
    /// What is run.
    pub scenario: Scenario,
    /// One line that repeats the run.
    pub command: String,
    /// Where the folder will stand.
    pub target: &'a Path,
    /// Rows that are written, too.
    pub record: &'a [RowKind],
    /// What tells the program from others that may compute other numbers.
    pub program: &'a str,
    /// Takes over what was finished elsewhere.
    pub join: Option<&'a Joining<'a>>,
}

/// Joins replications of a scenario to a journal with this fingerprint, and their recorded rows to others.
pub type Joining<'a> =
    dyn Fn(&Journal, Fingerprint, Option<&Recording>, &Scenario) -> Result<(), Exit> + 'a;

impl Making {
    /// Makes the folder and prints what came out.
    pub fn make(&self, made: Made<'_>, stop: &AtomicBool) -> Result<(), Exit> {
        let folder = Folder::begin(made.target)?;
        match self.make_in(made, &folder, stop) {
            Ok((results, is_complete)) => {
                let target = folder.finish(is_complete)?;
                self.tell(&results, &target, is_complete)
            }
            Err(exit) => Err(give_up(exit, folder)),
        }
    }

    /// Runs what the journal does not hold, and writes the tables into the folder.
    fn make_in(
        &self,
        made: Made<'_>,
        folder: &Folder,
        stop: &AtomicBool,
    ) -> Result<(Results, bool), Exit> {
        let plan = running::plan(made.scenario, made.command, self.threads, stop)?;
        if stop.load(Ordering::Relaxed) {
            return Err(Exit::Interrupted(BEFORE_ANY.to_owned()));
        }
        let fingerprint = fingerprint(plan.scenario(), made.record, made.program);
        let journal = journal(folder, fingerprint)?;
        let recording = recording(made.record, &journal, folder)?;
        if let Some(join) = made.join {
            join(&journal, fingerprint, recording.as_ref(), plan.scenario())?;
        }
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
        if run.is_complete && plan.scenario().precision.is_none() {
            let all = experiment::replications(plan.scenario(), 1..=plan.scenario().replications);
            journal.write_in_order(&all, &folder.path().join(KEPT), fingerprint)?;
        }
        Ok((run.results, run.is_complete))
    }

    /// Writes the tables, the manifest with their digests, then plots and the page, which are drawn of the
    /// tables.
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
        let plots = report::render(results, &recorded(folder.path(), results), self.png)
            .map_err(cannot_draw)?;
        plots
            .iter()
            .try_for_each(|(name, bytes)| folder.write(name, bytes))
    }

    /// Prints the answer in the form that was asked for.
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

/// The file in which a finished run keeps its replications, for more to be added.
pub const KEPT: &str = "replications.bin";

/// What an earlier run of the same by the same program has finished.
pub fn journal(folder: &Folder, fingerprint: Fingerprint) -> Result<Journal, Exit> {
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

/// Where the rows go, if any are wanted.
pub fn recording(
    kinds: &[RowKind],
    journal: &Journal,
    folder: &Folder,
) -> Result<Option<Recording>, Exit> {
    if kinds.is_empty() {
        return Ok(None);
    }
    let folder = folder.parts(journal.found() == 0)?;
    let kinds = kinds.to_vec();
    Ok(Some(Recording { folder, kinds }))
}

/// Of the scenario, the program, the rows that are written and the figures that are asked for.
pub fn fingerprint(scenario: &Scenario, record: &[RowKind], program: &str) -> Fingerprint {
    let asked: Vec<String> = scenario.asked().iter().map(ToString::to_string).collect();
    let options = format!("{record:?} {asked:?}");
    Fingerprint::new(scenario, program.as_bytes(), &options)
}

const BEFORE_ANY: &str = "interrupted before any replication of this run: nothing is written, and nothing is lost that was kept before";
const NONE_FINISHED: &str = "interrupted before any replication was finished: nothing is written";

/// What to do after a run that was stopped.
pub const GO_ON: &str = "the same command goes on with the replications that are left";

/// What tells this program from others, which may compute other numbers under the same version: the digest
/// of its sources or, with placements that are not of this crate, of its file.
///
/// # Errors
/// The file cannot be read.
pub fn program(registry: &Registry) -> Result<String, Exit> {
    if registry.is_standard() {
        return Ok(Build::this().sources);
    }
    let bytes = std::env::current_exe().and_then(std::fs::read);
    bytes
        .map(|bytes| digest(&bytes))
        .map_err(|error| Exit::Fault(format!("error: cannot read this program's file: {error}")))
}

/// Ends a run that failed: what it has finished is kept where the same command may go on with it.
pub fn give_up(exit: Exit, folder: Folder) -> Exit {
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
