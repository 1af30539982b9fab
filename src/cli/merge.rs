//! `equipoise merge`: the shards of a run joined into its results, byte for byte those of one whole run.
//!
//! Shards are joined by their journals and not by their tables, so that merged figures are those of one run:
//! quantiles of parts cannot be averaged. What is missing, doubled or of another scenario is told by the number
//! of its shard.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::making::{Made, Making, program};
use super::range::{Range, other_run as other_replications};
use super::scenario_args::{Changes, ScenarioArgs};
use super::shard::{Part, Piece, ShardFile, tell_doubled};
use super::{Exit, running};
use crate::experiment::record::Recording;
use crate::experiment::{Fingerprint, Item, Journal, shards};
use crate::results::tables;
use crate::scenario::{Registry, Scenario};

/// Arguments of `equipoise merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// Folders that `equipoise run --shard` wrote, of all shards; or a run's and those of --replications.
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Folder to look for traces in, too (default: $EQUIPOISE_TRACES).
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
    #[command(flatten)]
    making: Making,
}

/// All parts of a run.
struct Parts {
    /// What the last says.
    file: ShardFile,
    /// In order.
    pieces: BTreeMap<Part, Piece>,
}

impl Merge {
    /// Joins the parts and makes the results.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let all = Parts::find(&self.dirs)?;
        let scenario = self.scenario(&all, registry)?;
        let stop = running::stop_on_interrupt()?;
        let program = program(registry)?;
        let record = all.file.rows();
        let target = self.making.out.as_deref().unwrap_or(&all.file.target);
        let made = Made {
            scenario,
            command: all.file.command.clone(),
            target,
            record: &record,
            program: &program,
            join: Some(&|journal, of, rows, scenario| all.join_to(journal, of, rows, scenario)),
        };
        self.making.make(made, stop)
    }

    /// The scenario that the last shard's folder holds: it knows of all replications.
    fn scenario(&self, all: &Parts, registry: &Registry) -> Result<Scenario, Exit> {
        let file = &all.file;
        let dir = all.pieces.get(&file.part).map(|piece| &piece.dir);
        let dir = dir.cloned().unwrap_or_default();
        let args = ScenarioArgs {
            scenario: dir.join(&file.scenario),
            changes: Changes {
                traces: self.traces.clone().or(file.traces.clone()),
                strategies: file.strategies.clone(),
                ..Changes::default()
            },
        };
        args.read_in(&file.directory, registry)
    }
}

impl Parts {
    /// # Errors
    /// A folder is no part of a run, they are of several runs, or parts are missing.
    fn find(dirs: &[PathBuf]) -> Result<Parts, Exit> {
        let mut pieces: BTreeMap<Part, Piece> = BTreeMap::new();
        let mut files: BTreeMap<Part, ShardFile> = BTreeMap::new();
        for dir in dirs {
            let (piece, file) = part_of(dir)?;
            let both = file.as_ref().zip(files.values().next());
            if both.is_some_and(|(file, first)| !are_of_one_run(first, file)) {
                return Err(other_run(&dirs[0], dir));
            }
            if pieces.contains_key(&piece.part) {
                tell_doubled(dir, piece.part);
                continue;
            }
            files.extend(file.map(|file| (piece.part, file)));
            pieces.insert(piece.part, piece);
        }
        let Some((_, file)) = files.pop_last() else {
            return Err(nothing_to_add(&dirs[0]));
        };
        let all = Parts { file, pieces };
        all.check_whole(&dirs[0])?;
        Ok(all)
    }

    /// # Errors
    /// Parts are missing, overlap, or are not of one cut.
    fn check_whole(&self, first: &Path) -> Result<(), Exit> {
        let mut missing = Vec::new();
        let mut next: u32 = 1;
        for (part, piece) in &self.pieces {
            let (low, high) = match (*part, self.file.part) {
                (Part::Shard(of), Part::Shard(_)) => (of.shard, of.shard),
                (Part::Replications(range), Part::Replications(_)) => (range.first, range.last),
                _ => return Err(other_run(first, &piece.dir)),
            };
            if low < next {
                return Err(overlapping(&piece.dir, *part));
            }
            missing.push(next..low);
            next = high.saturating_add(1);
        }
        match self.file.part {
            Part::Shard(of) => missing.push(next..of.of.saturating_add(1)),
            Part::Replications(_) => {}
        }
        missing.retain(|gap| !gap.is_empty());
        match missing.is_empty() {
            true => Ok(()),
            false => Err(incomplete(&self.file, &missing)),
        }
    }

    /// What the parts of `scenario` have finished is joined to `journal` and to the parts of recorded rows.
    ///
    /// # Errors
    /// One is of another scenario or program, or has lost some replications.
    fn join_to(
        &self,
        journal: &Journal,
        fingerprint: Fingerprint,
        recording: Option<&Recording>,
        scenario: &Scenario,
    ) -> Result<(), Exit> {
        for (piece, items) in self.pieces.values().zip(self.items(scenario)) {
            let is_joined = piece.join_to(&items, (journal, fingerprint), (recording, scenario))?;
            match piece.part {
                _ if is_joined => {}
                Part::Shard(_) => return Err(other_program(&piece.dir)),
                Part::Replications(_) => return Err(other_replications(&piece.dir)),
            }
        }
        Ok(())
    }

    /// The replications of each part.
    fn items(&self, scenario: &Scenario) -> Vec<Vec<Item>> {
        match self.file.part {
            Part::Shard(of) => {
                let all = shards(scenario, of.of).into_iter();
                all.map(|shard| shard.items).collect()
            }
            Part::Replications(_) => {
                let parts = self.pieces.keys();
                parts.map(|part| part.items(scenario)).collect()
            }
        }
    }
}

/// What a folder holds of a run, and what it says of the rest; a finished run says nothing.
fn part_of(dir: &Path) -> Result<(Piece, Option<ShardFile>), Exit> {
    if dir.join(tables::MANIFEST).exists() {
        return Ok((Piece::of_run(dir)?, None));
    }
    let file = ShardFile::read(dir)?;
    Ok((Piece::of_shard(file.part, dir), Some(file)))
}

/// Whether two parts belong together. Of replications, each knows of as many as it needs itself.
fn are_of_one_run(one: &ShardFile, other: &ShardFile) -> bool {
    let plain = |file: &ShardFile| {
        let mut file = file.clone();
        match &mut file.part {
            Part::Shard(of) => of.shard = 0,
            Part::Replications(range) => {
                *range = Range { first: 0, last: 0 };
                file.command.clear();
            }
        }
        file
    };
    plain(one) == plain(other)
}

fn other_run(first: &Path, other: &Path) -> Exit {
    let (first, other) = (first.display(), other.display());
    Exit::Mistake(format!(
        "error: {other} is not of the same run as {first}\n\
        hint: the shards of one scenario, cut into the same number and run with the same options, belong together"
    ))
}

fn other_program(dir: &Path) -> Exit {
    let dir = dir.display();
    Exit::Mistake(format!(
        "error: {dir} was made by another program, or one of its traces has changed\n\
        hint: run the shards and merge them with the same version of the program"
    ))
}

fn overlapping(dir: &Path, part: Part) -> Exit {
    let dir = dir.display();
    Exit::Mistake(format!(
        "error: {part} of {dir} are in another folder, too, with others\nhint: leave one of the two out"
    ))
}

fn nothing_to_add(dir: &Path) -> Exit {
    let dir = dir.display();
    Exit::Mistake(format!(
        "error: {dir} is not the folder of a shard, and a whole run is merged with nothing\n\
        hint: name the folders that `equipoise run` wrote with --shard or --replications"
    ))
}

/// Tells which shards are missing, and how to run them.
fn incomplete(file: &ShardFile, missing: &[std::ops::Range<u32>]) -> Exit {
    let all = || missing.iter().cloned().flatten();
    let numbers: Vec<String> = all().take(20).map(|n| n.to_string()).collect();
    let count: usize = missing.iter().map(|gap| gap.len()).sum();
    let more = match count.saturating_sub(20) {
        0 => String::new(),
        left => format!(" and {left} more"),
    };
    let (numbers, command) = (numbers.join(", "), &file.command);
    let (one, end) = (missing[0].start, missing[0].end);
    Exit::Mistake(match file.part {
        Part::Shard(of) => format!(
            "error: of {0} shards there are missing: {numbers}{more}\nhint: run them, such as {command} --shard {one}/{0}",
            of.of
        ),
        Part::Replications(_) => format!(
            "error: replications are missing: {numbers}{more}\nhint: run them, such as with --replications {one}..{}",
            end - 1
        ),
    })
}
