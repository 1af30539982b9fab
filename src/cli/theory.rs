//! `equipoise theory`: a run's figures beside those of models with known answers.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};

use super::load::Which;
use super::{Exit, print, progress};
use crate::experiment::results::Results;
use crate::experiment::{self, Options};
use crate::report;

/// Arguments of `equipoise theory`: a scenario, which is run without writing anything, or a run's
/// folder, whose table is printed.
#[derive(Debug, Args)]
pub struct Theory {
    #[command(flatten)]
    which: Which,
    /// Threads (default: all cores); the results are the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// What is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// theory.csv.
    Csv,
}

impl Theory {
    /// Prints theory beside simulation.
    pub fn execute(self) -> Result<(), Exit> {
        let path = &self.which.scenario;
        let results = if path.is_dir() {
            self.read(path)?
        } else {
            self.run()?
        };
        match self.format {
            Format::Table => print(&report::theory::text(&results)),
            Format::Csv => {
                let tables = report::tables(&results).into_iter();
                let mut table = tables.filter(|(name, _)| name == "theory.csv");
                print(&String::from_utf8_lossy(
                    &table.next().unwrap_or_default().1,
                ))
            }
        }
    }

    fn read(&self, folder: &Path) -> Result<Results, Exit> {
        if self.which.is_changed() {
            return Err(Exit::Mistake(format!(
                "error: {} is a run's folder, of which nothing can be set any more\nhint: name the scenario file",
                folder.display()
            )));
        }
        report::csv::read(folder).map_err(|damaged| {
            let place = folder.join(damaged.place);
            Exit::Mistake(format!("error: {}: {}", place.display(), damaged.message))
        })
    }

    fn run(&self) -> Result<Results, Exit> {
        let scenario = self.which.read()?;
        self.which.warn(&scenario);
        let total =
            scenario.points.len() * scenario.strategies.len() * scenario.replications as usize;
        let bar = progress::bar(total as u64);
        let options = Options {
            threads: self.threads.map(usize::from),
            stop: &AtomicBool::new(false),
            progress: &|| bar.inc(1),
            record: None,
            command: self.which.command_line("theory"),
        };
        let run = experiment::run(&scenario, &options);
        bar.finish_and_clear();
        Ok(run?.results)
    }
}
