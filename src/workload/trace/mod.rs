//! Traces: recorded jobs read from a file, in a stream, so that memory does not grow with their number.
//!
//! [`survey`] reads the file once: it checks every row and counts what a scenario needs to know before
//! a run (jobs, span, work of each class). A [`Reader`] then replays the jobs, a block at a time, as
//! often as there are replications; a [`Resampled`] replays blocks of them in a drawn order.
//!
//! One file a format: [`swf`], [`hawk`], [`csv`]. A new one implements `Rows` and has a line in
//! [`FORMATS`] and one in `open_form`.

pub mod csv;
pub mod hawk;
mod number;
mod open;
mod problem;
mod read;
mod resample;
mod survey;
pub mod swf;
#[cfg(test)]
mod tests;

pub use open::locate;
pub use problem::{BadRow, Problem};
pub use read::{Reader, Row};
pub use resample::{Loaded, Resampled};
pub use survey::{Label, Survey, survey};

use number::Instant;
use std::path::PathBuf;

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

/// What to do with a row that is no job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Invalid {
    /// Refuse the trace and name the first such row.
    #[default]
    Error,
    /// Leave such rows out and count them by reason.
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
        "Comma-separated values with a line of column names: a row is a job, `columns` says which column is what.",
    ),
];

/// Which column of a csv trace is what.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// Arrival of the job, in `unit`s from any origin.
    pub arrival: String,
    /// Work of each task, in `unit`s.
    pub work: String,
    /// Number of equal tasks; without it a row is one task.
    pub tasks: Option<String>,
    /// Name of the job's class.
    pub class: Option<String>,
    /// Resource (`cpu`) and the column with each task's demand of it; replaces the class's demand.
    pub resources: Vec<(String, String)>,
    /// Seconds in one unit of the times in this file.
    pub unit: f64,
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

/// One job as the file has it. The buffers are used again for the next one.
#[derive(Debug, Default)]
struct Job {
    /// In units of 1e-18 s, from the file's own origin.
    arrival: Instant,
    tasks: u32,
    /// Seconds: one for all tasks, or one for each.
    works: Vec<f64>,
    /// Of each task, by resource of [`Columns::resources`].
    demand: Vec<f64>,
    class: String,
}

impl Job {
    /// Mean work of its tasks, in seconds.
    fn mean_work(&self) -> f64 {
        match self.works[..] {
            [each] => each,
            _ => self.work() / f64::from(self.tasks),
        }
    }

    /// Work of all tasks together, in seconds.
    fn work(&self) -> f64 {
        match self.works[..] {
            [each] => each * f64::from(self.tasks),
            _ => self.works.iter().sum(),
        }
    }
}

/// What reading one row came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// A job.
    Job,
    /// A row that is no job, and why.
    Bad(Fault),
    /// The end of the file.
    End,
}

/// Why a row is no job. A number is the place of a field, which [`Form::field`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NotText,
    Shape,
    Empty(usize),
    NotNumber(usize),
    NotCount(usize),
    Negative(usize),
    NoProcessors,
    CountDiffers,
    Unsorted,
}

/// The rows of one open file in one format.
trait Form: Send {
    /// Reads the next row into `job`. Only a failing or unpackable file is a [`Problem`].
    fn read(&mut self, job: &mut Job) -> Result<Step, Problem>;
    /// Line number and text of the row that was read last.
    fn place(&self) -> (u64, String);
    /// What the field at this place is called, for messages.
    fn field(&self, place: usize) -> String;
    /// What a row must look like: "a line of 18 fields".
    fn shape(&self) -> String;
}

/// Opens a trace at its start.
fn open_form(spec: &Spec) -> Result<Box<dyn Form>, Problem> {
    let source = open::Source::open(&spec.path)?;
    Ok(match &spec.format {
        Format::Swf => Box::new(swf::Swf::new(source)),
        Format::Hawk => Box::new(hawk::Hawk::new(source)),
        Format::Csv(columns) => Box::new(csv::Csv::new(source, columns)?),
    })
}

/// The fault in words.
fn words(fault: Fault, form: &dyn Form) -> String {
    let field = |place| form.field(place);
    match fault {
        Fault::NotText => "this is not text in UTF-8".to_string(),
        Fault::Shape => format!("this is not {}", form.shape()),
        Fault::Empty(place) => format!("the {} is empty", field(place)),
        Fault::NotNumber(place) => format!("the {} is not a number in range", field(place)),
        Fault::NotCount(place) => {
            format!("the {} is not a whole number of at least 1", field(place))
        }
        Fault::Negative(place) => format!("the {} is below 0", field(place)),
        Fault::NoProcessors => "the job has no processors (fields 5 and 8)".to_string(),
        Fault::CountDiffers => {
            "the number of durations is not the number of tasks (field 2)".to_string()
        }
        Fault::Unsorted => {
            "the job arrives before the last valid one; traces are not sorted".to_string()
        }
    }
}

/// The words of a line.
fn words_of(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}
