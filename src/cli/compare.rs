//! `equipoise compare`: the strategies of two runs, each against itself.
//!
//! The first run is the baseline; the deciding metrics, the margin and the confidence are its own,
//! so that what counts as better was fixed before the second run was made.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::folder::tables_of;
use super::other_jobs::default_warmups;
use super::{Exit, print};
use crate::experiment::run_comparison::compare_runs;
use crate::report;
use crate::scenario::Registry;

/// Arguments of `equipoise compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// Folder of the first run, the baseline.
    a: PathBuf,
    /// Folder of the second run.
    b: PathBuf,
    /// Compare although the two had other jobs: replications are not paired (Welch's interval).
    #[arg(long)]
    unpaired: bool,
    /// What is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table, for people.
    Table,
    /// JSON.
    Json,
}

impl Compare {
    /// Prints the comparison.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let (a, b) = (tables_of(&self.a)?, tables_of(&self.b)?);
        let comparison = compare_runs(&a, &b, self.unpaired).map_err(|incomparable| {
            let (one, two) = (self.a.display(), self.b.display());
            let cure = || default_warmups([(&self.a, &a.meta), (&self.b, &b.meta)], None, registry);
            let hint = incomparable.is_of_jobs.then(cure).flatten();
            Exit::Mistake(format!(
                "error: {one} and {two} cannot be compared: {}\nhint: {}",
                incomparable.what,
                hint.unwrap_or(incomparable.hint)
            ))
        })?;
        let names = [self.a.display().to_string(), self.b.display().to_string()];
        let names = [names[0].as_str(), names[1].as_str()];
        match self.format {
            Format::Table => print(&report::run_comparison::text(&a, &comparison, names)),
            Format::Json => print(&format!(
                "{:#}\n",
                report::run_comparison::json(&a, &comparison, names)
            )),
        }
    }
}
