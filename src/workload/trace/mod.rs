//! Traces: recorded jobs read from a file, in a stream, so that memory does not grow with their number.
//!
//! [`survey()`] reads the file once: it checks every row and counts what a scenario needs to know before
//! a run (jobs, span, work of each class). A [`Reader`] then replays the jobs, a block at a time, as
//! often as there are replications; a [`Resampled`] replays blocks of them in a drawn order.
//!
//! One file a format: [`swf`], [`hawk`], [`csv`]. A new one implements `row::RowReader` and has a
//! line in [`FORMATS`], one in `Format::name` and one in `read::Ordered::open`.

pub mod csv;
mod delimited;
mod file;
pub mod hawk;
mod number;
mod problem;
mod read;
mod resample;
mod row;
mod survey;
pub mod swf;
#[cfg(test)]
mod tests;

pub use csv::read_column;
pub use file::locate;
pub use problem::{BadRow, Problem};
pub use read::{Reader, Row};
pub use resample::{Loaded, Resampled};
pub use survey::{Label, Survey, survey, survey_bytes};

use crate::engine::column::Column;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which trace to read, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The file, as [`locate`] found it.
    pub path: PathBuf,
    /// How its rows are to be read.
    pub format: Format,
    /// Jobs to keep at most, from the first.
    pub max_jobs: Option<u64>,
    /// What to do with rows that are no jobs.
    pub invalid: Invalid,
    /// Share of the rows that may be left out at most.
    pub max_dropped: f64,
    /// The rows are to be sorted by arrival, in memory; else they must be.
    pub sort: bool,
    /// Rule that sorts the jobs into classes; not together with a class column.
    pub split: Option<Split>,
}

impl Spec {
    /// Number of resources that the trace itself gives a demand of.
    fn resources(&self) -> usize {
        match &self.format {
            Format::Csv(columns) => columns.resources.len(),
            _ => 0,
        }
    }
}

/// What to do with rows that are no jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Invalid {
    /// Refuse the trace.
    #[default]
    Error,
    /// Leave them out and count them.
    Drop,
}

/// The form of a trace's rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// See [`swf`].
    Swf,
    /// See [`hawk`].
    Hawk,
    /// See [`csv`].
    Csv(Columns),
}

impl Format {
    /// Its name in a scenario.
    pub fn name(&self) -> &'static str {
        match self {
            Format::Swf => "swf",
            Format::Hawk => "hawk",
            Format::Csv(_) => "csv",
        }
    }
}

/// Name of each format in a scenario, and what it is.
pub const FORMATS: [(&str, &str); 3] = [
    (
        "swf",
        "Standard Workload Format of the Parallel Workloads Archive: a job of p processors is p tasks of its run time.",
    ),
    (
        "hawk",
        "One job a line as the Hawk, Eagle and Sparrow simulators read it: arrival, tasks, mean duration, each duration.",
    ),
    (
        "csv",
        "Delimited text (commas, semicolons, tabs, bars): a row is a job, `columns` says which column is what, by name or number.",
    ),
];

/// Which column of a csv trace is what.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// Arrival of the job, from any origin.
    pub arrival: Column,
    /// Work of each task.
    pub work: Work,
    /// Number of equal tasks; without it a row is one task.
    pub tasks: Option<Column>,
    /// Name of the job's class.
    pub class: Option<Column>,
    /// Resource (`cpu`) and the column with each task's demand of it; replaces the class's demand.
    pub resources: Vec<(String, Column)>,
    /// Seconds in one unit of plain numbers, where units are given: of arrivals, of works.
    pub units: Option<(f64, f64)>,
    /// What an empty cell stands for, by what its column is (`tasks`, `cpu`); without it a row with
    /// an empty cell is no job.
    pub empty: Vec<(String, String)>,
}

/// Where a row has the work of its tasks.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// In one column.
    Takes(Column),
    /// From the start in one column to the end in another.
    Between(Column, Column),
}

/// Sorts jobs into classes by the mean work of their tasks: the first that takes a job has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Name of each class, and the mean work in seconds below which a job belongs to it (`None`: any).
    pub classes: Vec<(String, Option<f64>)>,
}

impl Split {
    /// Place in `classes` of a job with this mean work.
    fn class(&self, mean_work: f64) -> Option<usize> {
        self.classes
            .iter()
            .position(|(_, below)| below.is_none_or(|below| mean_work < below))
    }
}

/// The jobs of a trace in replay order: as recorded, or resampled.
pub enum Rows {
    /// As recorded.
    Recorded(Box<Reader>),
    /// Blocks in a drawn order.
    Resampled(Resampled),
}

impl Rows {
    /// The next job; `None` after the last. Arrivals never decrease.
    ///
    /// # Errors
    /// The file cannot be read any more, or has changed since the survey.
    #[allow(clippy::should_implement_trait)] // a row borrows from the reader
    pub fn next(&mut self) -> Result<Option<Row<'_>>, Problem> {
        match self {
            Rows::Recorded(reader) => reader.next(),
            Rows::Resampled(resampled) => Ok(resampled.next()),
        }
    }
}
