//! `equipoise verify`: a run's folder against a new run of the scenario that it holds.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::folder::{Folder, beside, tables_of};
use super::load::Which;
use super::{Exit, print, progress};
use crate::experiment::record::{Kind, Recording};
use crate::experiment::results::Meta;
use crate::experiment::{self, Options, warmup};
use crate::report;

/// Arguments of `equipoise verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// A run's folder.
    dir: PathBuf,
    /// Folder to look for traces and other files in, too (default: $EQUIPOISE_TRACES).
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
    /// Threads (default: all cores).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

impl Verify {
    /// Runs the folder's scenario again and tells whether every table has the same bytes.
    pub fn execute(self) -> Result<(), Exit> {
        let stored = tables_of(&self.dir)?.meta;
        if stored.is_partial {
            return Err(Exit::Mistake(format!(
                "error: {} holds a run that was interrupted\nhint: run its scenario to the end first",
                self.dir.display()
            )));
        }
        let recorded: Vec<Kind> = Kind::ALL
            .into_iter()
            .filter(|kind| self.dir.join(format!("{}.csv", kind.name())).exists())
            .collect();
        let (files, found) = self.run_again(&stored, &recorded)?;
        let names = files.iter().map(|(name, _)| name.as_str());
        let names: Vec<&str> = names.collect();
        match found {
            None => print(&format!(
                "{}: every byte of {} is the same\n",
                self.dir.display(),
                names.join(", ")
            )),
            Some(difference) => Err(Exit::Different(format!(
                "{}: {difference}\n{}",
                self.dir.display(),
                versions(&stored)
            ))),
        }
    }

    fn run_again(
        &self,
        stored: &Meta,
        recorded: &[Kind],
    ) -> Result<(report::Files, Option<String>), Exit> {
        let mut scenario = self.which(stored).read()?;
        let threads = self.threads.map(usize::from);
        experiment::threads(threads)?.install(|| warmup::settle(&mut scenario))?;
        let folder = (!recorded.is_empty()).then(|| Folder::begin(&beside(&self.dir, "verify")));
        let folder = folder.transpose()?;
        let recording = match &folder {
            Some(folder) => Some(Recording {
                folder: folder.parts(true)?,
                kinds: recorded.to_vec(),
            }),
            None => None,
        };
        let bar = progress::bar();
        let options = Options {
            threads,
            stop: &AtomicBool::new(false),
            progress: &|progress| progress::show(&bar, progress),
            record: recording.as_ref(),
            trails: false,
            journal: None,
            command: String::new(),
        };
        let run = experiment::run(&scenario, &options);
        bar.finish_and_clear();
        let run = run?;
        let mut files = report::tables(&run.results);
        let mut found = first_difference(&self.dir, &files)?;
        if let (Some(recording), Some(folder)) = (&recording, folder) {
            let joined = recording.join(&scenario, &run.replications, folder.path());
            let rows = joined
                .map_err(Exit::from)
                .and_then(|()| self.recorded(&folder, recorded));
            folder.abandon();
            for (name, difference) in rows? {
                files.push((name, Vec::new()));
                found = found.or(difference);
            }
        }
        Ok((files, found))
    }

    /// The recorded tables, and the first difference in each.
    fn recorded(
        &self,
        folder: &Folder,
        kinds: &[Kind],
    ) -> Result<Vec<(String, Option<String>)>, Exit> {
        let compare = |kind: &Kind| {
            let name = format!("{}.csv", kind.name());
            let difference = lines_differ(&self.dir.join(&name), &folder.path().join(&name));
            let difference = difference
                .map_err(|error| Exit::Fault(format!("error: cannot read {name}: {error}")))?;
            let told = difference.map(|line| format!("{name}, line {line}, has other rows"));
            Ok((name, told))
        };
        kinds.iter().map(compare).collect()
    }

    fn which(&self, stored: &Meta) -> Which {
        Which {
            scenario: self.dir.join("scenario.toml"),
            sets: Vec::new(),
            traces: self.traces.clone(),
            strategies: stored.strategies.iter().map(|s| s.name.clone()).collect(),
        }
    }
}

fn versions(stored: &Meta) -> String {
    let now = env!("CARGO_PKG_VERSION");
    if stored.version == now {
        "the program that made it was not this one, or a file that the scenario reads has changed"
            .to_owned()
    } else {
        format!("it was made by equipoise {}, this is {now}", stored.version)
    }
}

/// The first number that a table of the folder does not share with its twin in `files`.
fn first_difference(dir: &Path, files: &report::Files) -> Result<Option<String>, Exit> {
    for (name, now) in files {
        let stored = std::fs::read(dir.join(name))
            .map_err(|error| Exit::Mistake(format!("error: cannot read {name}: {error}")))?;
        if stored != *now {
            return Ok(Some(report::csv::first_difference(name, &stored, now)));
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
