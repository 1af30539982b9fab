//! `equipoise verify`: a run's folder against a new run of the scenario that it holds.
//!
//! A published table can be checked by anybody: the folder holds the scenario as it was run, and
//! the same version gives the same bytes on any machine. The first figure that differs is named.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::folder::{Folder, beside, manifest_of};
use super::running::stop_on_interrupt;
use super::scenario_args::ScenarioArgs;
use super::{Exit, print, running};
use crate::experiment::record::{Recording, RowKind};
use crate::experiment::{Plan, Run};
use crate::results::{Build, Meta, tables};
use crate::scenario::Registry;
use crate::text::folded;

/// Arguments of `equipoise verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// A run's folder.
    dir: PathBuf,
    /// Folder to look for traces and other files in, too (default: $EQUIPOISE_TRACES).
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
    /// Threads (default: all cores).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Verify {
    /// Runs the folder's scenario again and tells whether every table has the same bytes.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let stored = manifest_of(&self.dir)?;
        if stored.is_partial {
            return Err(Exit::Mistake(format!(
                "error: {} holds a run that was interrupted\nhint: run its scenario to the end first",
                self.dir.display()
            )));
        }
        let recorded: Vec<RowKind> = RowKind::ALL
            .into_iter()
            .filter(|kind| self.dir.join(format!("{}.csv", kind.name())).exists())
            .collect();
        let (names, found) = self.run_again(registry, &stored, &recorded)?;
        match found {
            None => {
                let (dir, names) = (self.dir.display(), names.join(", "));
                let same = format!("{dir}: every byte of {names} is the same");
                let lines = std::iter::once(same).chain(other_build(&stored));
                print(&lines.map(|line| folded(&line)).collect::<String>())
            }
            Some(difference) => Err(Exit::Different(format!(
                "{}: {difference}\n{}",
                self.dir.display(),
                versions(&stored)
            ))),
        }
    }

    /// The names of the tables, and the first difference from what is stored.
    fn run_again(
        &self,
        registry: &Registry,
        stored: &Meta,
        recorded: &[RowKind],
    ) -> Result<(Vec<String>, Option<String>), Exit> {
        let scenario =
            ScenarioArgs::of_run(&self.dir, stored, self.traces.as_deref()).read(registry)?;
        let stop = stop_on_interrupt()?;
        let plan = running::plan(scenario, String::new(), self.threads, stop)?;
        if recorded.is_empty() {
            let run = running::run(&plan, self.threads, stop, None)?;
            return self.tables(stored, &run);
        }
        let folder = Folder::begin(&beside(&self.dir, "verify"))?;
        let found = self.with_rows(stored, (&plan, stop), &folder, recorded);
        folder.abandon();
        found
    }

    fn tables(&self, stored: &Meta, run: &Run) -> Result<(Vec<String>, Option<String>), Exit> {
        let files = tables::write(&run.results);
        let found = first_difference(&self.dir, &files)?;
        let found = found.or_else(|| manifest_difference(stored, &run.results.meta));
        Ok((files.into_iter().map(|(name, _)| name).collect(), found))
    }

    /// The tables and the recorded rows, which are written to `folder` for a while.
    fn with_rows(
        &self,
        stored: &Meta,
        (plan, stop): (&Plan, &AtomicBool),
        folder: &Folder,
        recorded: &[RowKind],
    ) -> Result<(Vec<String>, Option<String>), Exit> {
        let recording = Recording {
            folder: folder.parts(true)?,
            kinds: recorded.to_vec(),
        };
        let run = running::run(plan, self.threads, stop, Some(&recording))?;
        let (mut names, mut found) = self.tables(stored, &run)?;
        recording.join(plan.scenario(), &run.replications, folder.path())?;
        for kind in recorded {
            let name = format!("{}.csv", kind.name());
            let differs = lines_differ(&self.dir.join(&name), &folder.path().join(&name));
            let line = differs
                .map_err(|error| Exit::Fault(format!("error: cannot read {name}: {error}")))?;
            found = found.or(line.map(|line| format!("{name}, line {line}, has another row")));
            names.push(name);
        }
        Ok((names, found))
    }
}

fn versions(stored: &Meta) -> String {
    let same = "it was made by this very build: a file that the scenario reads has changed, or the folder has";
    other_build(stored).unwrap_or_else(|| same.to_owned())
}

/// What is said if another program made the folder.
fn other_build(stored: &Meta) -> Option<String> {
    let (version, build) = (env!("CARGO_PKG_VERSION"), Build::this());
    if stored.version != version {
        return Some(format!(
            "it was made by equipoise {}, this is {version}",
            stored.version
        ));
    }
    let other = &stored.build;
    (other.sources != build.sources).then(|| {
        format!("it was made by another build of equipoise {version}: {other}; this is {build}")
    })
}

/// What the manifest says otherwise than the run; the command, the file's name and digests of
/// tables apart, which a run of the stored copy cannot know, and the spelling of the scenario's
/// text, which is no part of what a scenario is.
fn manifest_difference(stored: &Meta, now: &Meta) -> Option<String> {
    let fields = |meta: &Meta| serde_json::to_value(meta).ok();
    let (stored, now) = (fields(stored)?, fields(now)?);
    let mut names = now.as_object()?.keys();
    let is_other = |name: &&String| {
        ![
            "command",
            "files",
            "stem",
            "title",
            "scenario_digest",
            "build",
        ]
        .contains(&name.as_str())
            && stored[*name] != now[*name]
    };
    let name = names.find(is_other)?;
    Some(format!("manifest.json has another {name}"))
}

/// The first number that a table of the folder does not share with its twin in `files`.
fn first_difference(dir: &Path, files: &tables::Files) -> Result<Option<String>, Exit> {
    for (name, now) in files {
        let file = dir.join(name);
        let stored = std::fs::read(&file).map_err(|_| {
            let file = file.display();
            Exit::Mistake(format!(
                "error: {file}: the file is missing or cannot be read"
            ))
        })?;
        if stored != *now {
            return Ok(Some(tables::first_difference(name, &stored, now)));
        }
    }
    Ok(None)
}

/// The first line, from 1, in which two files differ.
fn lines_differ(one: &Path, two: &Path) -> std::io::Result<Option<usize>> {
    use std::io::{BufRead, BufReader};
    let open = |path: &Path| std::fs::File::open(path).map(BufReader::new);
    let (mut one, mut two) = (open(one)?, open(two)?);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for line in 1.. {
        a.clear();
        b.clear();
        let read = one.read_until(b'\n', &mut a)? + two.read_until(b'\n', &mut b)?;
        if a != b {
            return Ok(Some(line));
        }
        if read == 0 {
            break;
        }
    }
    Ok(None)
}
