//! `equipoise merge`: the shards of a run joined into its results, byte for byte those of one whole run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::folder::copy_files;
use super::making::{Made, Making};
use super::scenario_args::{Changes, ScenarioArgs};
use super::shard::{ShardFile, program, tell_doubled};
use super::{Exit, running};
use crate::experiment::record::Recording;
use crate::experiment::{Fingerprint, Journal, shards};
use crate::scenario::{Registry, Scenario};

/// Arguments of `equipoise merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// Folders that `equipoise run --shard` wrote, of all shards.
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Folder to look for traces in, too (default: $EQUIPOISE_TRACES).
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
    #[command(flatten)]
    making: Making,
}

/// The folders of all shards of a run.
struct Shards {
    /// What the first says.
    file: ShardFile,
    /// By number, from 1.
    dirs: BTreeMap<u32, PathBuf>,
}

impl Merge {
    /// Joins the shards and makes the results.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let all = Shards::find(&self.dirs)?;
        let scenario = self.scenario(&all, registry)?;
        let stop = running::stop_on_interrupt()?;
        let program = program()?;
        let record = all.file.rows();
        let target = self.making.out.as_deref().unwrap_or(&all.file.target);
        let made = Made {
            scenario,
            command: all.file.command.clone(),
            target,
            record: &record,
            program: program.as_bytes(),
            join: Some(&|journal, of, rows, scenario| all.join_to(journal, of, rows, scenario)),
        };
        self.making.make(made, stop)
    }

    /// The scenario that the first shard's folder holds.
    fn scenario(&self, all: &Shards, registry: &Registry) -> Result<Scenario, Exit> {
        let file = &all.file;
        let dir = all.dirs.values().next().cloned().unwrap_or_default();
        let args = ScenarioArgs {
            scenario: dir.join(&file.scenario),
            changes: Changes {
                sets: Vec::new(),
                traces: self.traces.clone().or(file.traces.clone()),
                strategies: file.strategies.clone(),
            },
        };
        args.read_in(&file.directory, registry)
    }
}

impl Shards {
    /// # Errors
    /// A folder is not a shard's, they are of several runs, or shards are missing.
    fn find(dirs: &[PathBuf]) -> Result<Shards, Exit> {
        let mut found: BTreeMap<u32, PathBuf> = BTreeMap::new();
        let mut first: Option<ShardFile> = None;
        for dir in dirs {
            let file = ShardFile::read(dir)?;
            let of = file.of;
            let first = first.get_or_insert_with(|| file.clone());
            if (ShardFile {
                of,
                ..first.clone()
            }) != file
                || of.of != first.of.of
            {
                return Err(other_run(&dirs[0], dir));
            }
            match found.contains_key(&of.shard) {
                true => tell_doubled(dir, of),
                false => _ = found.insert(of.shard, dir.clone()),
            }
        }
        let Some(file) = first else {
            return Err(Exit::Mistake("error: no shards".to_owned()));
        };
        let missing: Vec<u32> = (1..=file.of.of)
            .filter(|n| !found.contains_key(n))
            .collect();
        if let Some(one) = missing.first() {
            return Err(incomplete(&file, &missing, *one));
        }
        Ok(Shards { file, dirs: found })
    }

    /// What the shards of `scenario` have finished is joined to `journal` and to the parts of recorded rows.
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
        let wanted = shards(scenario, self.file.of.of);
        for (dir, shard) in self.dirs.values().zip(&wanted) {
            let joined = journal.join(&dir.join("journal"), fingerprint)?;
            let items = joined.ok_or_else(|| other_program(dir))?;
            if items != shard.items {
                return Err(damaged(dir));
            }
            if let Some(recording) = recording {
                copy_files(&dir.join("parts"), &recording.folder)?;
            }
        }
        Ok(())
    }
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
        hint: run the shards and merge them with the same file of the program"
    ))
}

fn damaged(dir: &Path) -> Exit {
    let dir = dir.display();
    Exit::Mistake(format!(
        "error: {dir} has lost some of its replications\nhint: remove it and run the shard again"
    ))
}

fn incomplete(file: &ShardFile, missing: &[u32], one: u32) -> Exit {
    let of = file.of.of;
    let numbers: Vec<String> = missing.iter().take(20).map(u32::to_string).collect();
    let more = match missing.len() > 20 {
        true => format!(" and {} more", missing.len() - 20),
        false => String::new(),
    };
    let (numbers, command) = (numbers.join(", "), &file.command);
    Exit::Mistake(format!(
        "error: of {of} shards there are missing: {numbers}{more}\nhint: run them, such as {command} --shard {one}/{of}"
    ))
}
