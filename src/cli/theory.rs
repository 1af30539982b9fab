//! `equipoise theory`: a run's figures beside those of models with known answers.
//!
//! For a scenario it runs and keeps nothing; for a folder it reads what was run. So the simulator
//! can be checked against queueing theory on the user's own file, if that is a known model.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};

use super::folder::tables_of;
use super::report::table;
use super::scenario_args::ScenarioArgs;
use super::{Exit, print, running};
use crate::report;
use crate::results::Results;
use crate::scenario::Registry;

/// Arguments of `equipoise theory`: a scenario, which is run without writing anything, or a run's
/// folder, whose table is printed.
#[derive(Debug, Args)]
pub struct Theory {
    #[command(flatten)]
    args: ScenarioArgs,
    /// Threads (default: all cores); the results are the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
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
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let path = &self.args.scenario;
        let results = match path.is_dir() {
            true => self.read(path)?,
            false => self.run(registry)?,
        };
        match self.format {
            Format::Table => print(&report::theory_table::text(&results)),
            Format::Csv => print(&table(&results, "theory.csv")),
        }
    }

    fn read(&self, folder: &Path) -> Result<Results, Exit> {
        if self.args.is_changed() {
            return Err(Exit::Mistake(format!(
                "error: {} is a run's folder, of which nothing can be set any more\nhint: name the scenario file",
                folder.display()
            )));
        }
        tables_of(folder)
    }

    fn run(&self, registry: &Registry) -> Result<Results, Exit> {
        let scenario = self.args.read(registry)?;
        self.args.warn(&scenario);
        let command = self.args.command_line("theory");
        let stop = AtomicBool::new(false);
        let plan = running::plan(scenario, command, self.threads, &stop)?;
        Ok(running::run(&plan, self.threads, &stop, None)?.results)
    }
}
