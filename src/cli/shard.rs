//! Shards of a run: which there are, and the folders in which what they have finished is carried to
//! where it is merged.
//!
//! The folder `TARGET.shard-I-of-N`, or `TARGET.replications-I-to-N`, holds `shard.json`, the scenario as it
//! was run under its own name, the journal of the replications and the parts of their recorded rows.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::folder::{Folder, SHARD, copy_files};
use super::making::{GO_ON, KEPT, fingerprint, give_up, journal, recording};
use super::range::{Range, rising};
use super::scenario_args::ScenarioArgs;
use super::{Exit, message, print, running};
use crate::experiment::record::{Recording, RowKind};
use crate::experiment::{self, Fingerprint, Item, Journal, Options, shards};
use crate::results::tables;
use crate::scenario::Scenario;
use crate::text::counted;

/// The most shards that a run is cut into.
pub const MOST: u32 = 100_000;

/// Which of how many shards, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Of {
    /// Which.
    pub shard: u32,
    /// Of how many.
    pub of: u32,
}

impl FromStr for Of {
    type Err = String;

    fn from_str(text: &str) -> Result<Of, String> {
        let known = rising(text, "/").filter(|(_, of)| *of <= MOST);
        let wrong = || format!("which of how many, such as 3/8, of at most {MOST}");
        let (shard, of) = known.ok_or_else(wrong)?;
        Ok(Of { shard, of })
    }
}

/// A part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// One of the shards that a plan cuts it into.
    Shard(Of),
    /// Some of its replications.
    Replications(Range),
}

impl Part {
    /// Its replications.
    pub fn items(self, scenario: &Scenario) -> Vec<Item> {
        match self {
            Part::Shard(Of { shard, of }) => {
                shards(scenario, of).swap_remove(shard as usize - 1).items
            }
            Part::Replications(Range { first, last }) => {
                experiment::replications(scenario, first..=last)
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Shard(Of { shard, of }) => write!(f, "shard {shard} of {of}"),
            Part::Replications(range) => range.fmt(f),
        }
    }
}

/// What was finished of a run, and where it is.
#[derive(Clone, Debug)]
pub struct Piece {
    /// What of it.
    pub part: Part,
    /// Its folder.
    pub dir: PathBuf,
    /// True for the results of a whole run, false for a shard.
    is_run: bool,
}

impl Piece {
    /// A shard's folder.
    pub fn of_shard(part: Part, dir: &Path) -> Piece {
        Piece {
            part,
            dir: dir.to_path_buf(),
            is_run: false,
        }
    }

    /// The folder of a whole run.
    ///
    /// # Errors
    /// It is none, or does not keep its replications.
    pub fn of_run(dir: &Path) -> Result<Piece, Exit> {
        let last = super::folder::manifest_of(dir)?.replications;
        if !dir.join(KEPT).exists() {
            return Err(Exit::Mistake(format!(
                "error: {} does not keep its replications: it was run with run.precision, by an older version, or \
                 {KEPT} was removed\nhint: run all anew, such as with --set run.replications=N",
                dir.display()
            )));
        }
        Ok(Piece {
            part: Part::Replications(Range { first: 1, last }),
            dir: dir.to_path_buf(),
            is_run: true,
        })
    }

    /// Joins its replications, which are to be `wanted`, to `journal`, and their rows to the parts of
    /// `recording`. False if they are of another scenario or program.
    ///
    /// # Errors
    /// Some are lost, or a file cannot be read or written.
    pub fn join_to(
        &self,
        wanted: &[Item],
        (journal, fingerprint): (&Journal, Fingerprint),
        (recording, scenario): (Option<&Recording>, &Scenario),
    ) -> Result<bool, Exit> {
        let file = if self.is_run { KEPT } else { "journal" };
        let Some(items) = journal.join(&self.dir.join(file), fingerprint)? else {
            return Ok(false);
        };
        if items != wanted {
            return Err(self.damaged());
        }
        match (recording, self.part) {
            (Some(recording), Part::Replications(range)) if self.is_run => {
                recording.cut((scenario, range.last), journal, &self.dir)?;
            }
            (Some(recording), _) => copy_files(&self.dir.join("parts"), &recording.folder)?,
            (None, _) => {}
        }
        Ok(true)
    }

    fn damaged(&self) -> Exit {
        let again = if self.is_run { "all" } else { "the shard" };
        Exit::Mistake(format!(
            "error: {} has lost some of its replications\nhint: remove it and run {again} again",
            self.dir.display()
        ))
    }
}

/// What `shard.json` says: to which run the folder belongs, and what of it is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardFile {
    /// What of it.
    #[serde(flatten)]
    pub part: Part,
    /// The scenario's file in the folder.
    pub scenario: String,
    /// Folder where the scenario was, in which its traces are looked for.
    pub directory: PathBuf,
    /// Further folder for traces.
    pub traces: Option<PathBuf>,
    /// The strategies that are run.
    pub strategies: Vec<String>,
    /// The rows that are recorded.
    pub record: Vec<String>,
    /// One line that would run the whole.
    pub command: String,
    /// Where the results of the whole will stand.
    pub target: PathBuf,
}

impl ShardFile {
    /// Of a run by `args` whose results will stand at `target` with the rows `record`.
    pub fn new(
        part: Part,
        args: &ScenarioArgs,
        scenario: &Scenario,
        (target, record): (&Path, &[RowKind]),
    ) -> ShardFile {
        let directory = args.scenario.parent().unwrap_or(Path::new(""));
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or(path.to_path_buf());
        let directory = match directory.as_os_str().is_empty() {
            true => absolute(Path::new(".")),
            false => absolute(directory),
        };
        ShardFile {
            part,
            scenario: format!("{}.toml", scenario.stem),
            directory,
            traces: args.traces().as_deref().map(absolute),
            strategies: scenario.strategies.iter().map(|s| s.name.clone()).collect(),
            record: record.iter().map(|kind| kind.name().to_owned()).collect(),
            command: args.command_line("run"),
            target: target.to_path_buf(),
        }
    }

    /// What the folder says of itself.
    ///
    /// # Errors
    /// It is no shard's folder.
    pub fn read(dir: &Path) -> Result<ShardFile, Exit> {
        let read = std::fs::read(dir.join(SHARD)).ok();
        let file = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        file.ok_or_else(|| {
            let writing = super::folder::beside(dir, "writing");
            let hint = match writing.exists() {
                true => "it is not finished: give its `equipoise run --shard` again, which goes on",
                false => {
                    "name the folders that `equipoise run` wrote with --shard or --replications"
                }
            };
            let dir = dir.display();
            Exit::Mistake(format!(
                "error: {dir} is not the folder of a shard\nhint: {hint}"
            ))
        })
    }

    /// The rows that are recorded.
    pub fn rows(&self) -> Vec<RowKind> {
        let is_recorded = |kind: &RowKind| self.record.iter().any(|name| name == kind.name());
        RowKind::ALL.into_iter().filter(is_recorded).collect()
    }

    /// Its folder.
    fn folder(&self) -> PathBuf {
        let what = match self.part {
            Part::Shard(Of { shard, of }) => format!("shard-{shard}-of-{of}"),
            Part::Replications(Range { first, last }) => format!("replications-{first}-to-{last}"),
        };
        super::folder::beside(&self.target, &what)
    }

    /// Runs the shard, unless its folder is there and complete.
    ///
    /// # Errors
    /// As a run's.
    pub fn run(
        &self,
        (scenario, program): (Scenario, &str),
        threads: Option<u16>,
        stop: &AtomicBool,
    ) -> Result<(), Exit> {
        let (target, done) = (self.folder(), self.part);
        if ShardFile::read(&target).is_ok_and(|there| there == *self) {
            let at = target.display();
            return print(&format!("{done} is there: {at}\n"));
        }
        let folder = Folder::begin(&target)?;
        match self.run_in((scenario, program), threads, &folder, stop) {
            Ok(replications) => {
                let target = folder.finish(true)?;
                let replications = counted(replications as u64, "replication");
                print(&format!("{done}, {replications}: {}\n", target.display()))
            }
            Err(exit) => Err(give_up(exit, folder)),
        }
    }

    /// Runs what the shard's journal does not hold yet.
    fn run_in(
        &self,
        (scenario, program): (Scenario, &str),
        threads: Option<u16>,
        folder: &Folder,
        stop: &AtomicBool,
    ) -> Result<usize, Exit> {
        let plan = running::plan(scenario, self.command.clone(), threads, stop)?;
        let items = self.part.items(plan.scenario());
        let record = self.rows();
        let fingerprint = fingerprint(plan.scenario(), &record, program);
        let journal = journal(folder, fingerprint)?;
        let recording = recording(&record, &journal, folder)?;
        let options = Options {
            threads: threads.map(usize::from),
            stop,
            progress: &|_| {},
            record: recording.as_ref(),
            log_decisions: false,
            journal: Some(&journal),
        };
        let run = |options: &Options<'_>| experiment::run_shard(&plan, &items, options);
        if !running::with_progress(&super::progress::bar(), options, run)? {
            return Err(Exit::Interrupted(format!("interrupted\nhint: {GO_ON}")));
        }
        if let Some(recording) = &recording {
            copy_files(&recording.folder, &folder.path().join("parts"))?;
        }
        folder.write(&self.scenario, plan.scenario().text.as_bytes())?;
        folder.keep_journal()?;
        let file = serde_json::to_vec_pretty(self)
            .map_err(|error| Exit::Fault(format!("error: {error}")))?;
        folder.write(SHARD, &file)?;
        Ok(items.len())
    }
}

/// Refuses a scenario of which it is not known beforehand what is run.
///
/// # Errors
/// It asks for a precision.
pub fn can_be_cut(scenario: &Scenario) -> Result<(), Exit> {
    if scenario.precision.is_none() {
        return Ok(());
    }
    Err(Exit::Mistake(
        "error: `run.precision` adds replications as it goes, which parts of a run cannot know of each other\n\
        hint: set run.replications instead, and leave run.precision out"
            .to_owned(),
    ))
}

/// Tells of parts that are given twice.
pub fn tell_doubled(dir: &Path, part: Part) {
    let dir = dir.display();
    message(&format!("{part}: given twice, {dir} is left out"));
}

/// The finished run at `target`, to which `more` are to be added; `None` if there is none.
///
/// # Errors
/// The two overlap or leave a hole, or the run cannot be added to.
pub fn finished(target: &Path, more: Range) -> Result<Option<Piece>, Exit> {
    if !target.join(tables::MANIFEST).exists() {
        return Ok(None);
    }
    let piece = Piece::of_run(target)?;
    let Part::Replications(there) = piece.part else {
        return Ok(None);
    };
    let (dir, next) = (target.display(), there.last + 1);
    let wrong = match more.first {
        first if first == next => return Ok(Some(piece)),
        first if first > next => {
            let hole = Range {
                first: next,
                last: first - 1,
            };
            format!("{dir} has {there}: with {more}, {hole} would be missing")
        }
        _ => format!("{dir} has {there} already, and {more} overlap with them"),
    };
    let last = more.last.max(next);
    Err(Exit::Mistake(format!(
        "error: {wrong}\nhint: --replications {next}..{last} goes on from there; another folder is named with --out"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_several() {
        let of = |text: &str| text.parse::<Of>().ok().map(|of| (of.shard, of.of));
        assert_eq!(of("3/8"), Some((3, 8)));
        assert_eq!(of("1/1"), Some((1, 1)));
        for wrong in ["0/8", "9/8", "3", "3/", "a/b", "-1/2", "1/100001"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
