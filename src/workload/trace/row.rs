//! What every format has in common: a row becomes a job, or is refused for a reason.
//!
//! The rules that no format may bend are here: arrivals do not go back, work is finite and not
//! negative, a job has a task.

use super::file::Lines;
use super::number::{self, Decimal, Instant};
use super::{Problem, Row};
use crate::engine::law::MOST_COUNT;
use crate::engine::time::{NANOS, Time};
use crate::text::thousands;

/// One job as the file has it. The buffers are used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Job {
    /// In units of 1e-18 s, from the file's own origin.
    pub(super) arrival: Instant,
    pub(super) tasks: u32,
    /// Nanoseconds, so that whole ones are exact: one for all tasks, or one for each.
    pub(super) works: Vec<f64>,
    /// Seconds that its user asked for, for each task; 0 if the file does not say.
    pub(super) estimate: f64,
    /// Of each task, by resource of [`super::Columns::resources`].
    pub(super) demand: Vec<f64>,
    pub(super) class: String,
}

impl Job {
    /// Its row, with what is known of it among others.
    pub(super) fn row(&self, arrival: Time, label: u32) -> Row<'_> {
        Row {
            arrival,
            label,
            tasks: self.tasks,
            works: &self.works,
            estimate: self.estimate,
            demand: &self.demand,
        }
    }

    /// Mean work of its tasks, in seconds.
    pub(super) fn mean_work(&self) -> f64 {
        match self.works[..] {
            [each] => each / NANOS,
            _ => self.work() / f64::from(self.tasks),
        }
    }

    /// Work of all tasks together, in seconds.
    pub(super) fn work(&self) -> f64 {
        match self.works[..] {
            [each] => each / NANOS * f64::from(self.tasks),
            _ => self.works.iter().map(|work| work / NANOS).sum(),
        }
    }
}

/// What reading one row came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A job.
    Job,
    /// A row that is no job, and why.
    Refused(Refusal),
    /// The end of the file.
    End,
}

/// Why a row is no job. A number is the place of a field, which [`RowReader::field`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NotText,
    Shape,
    Empty(usize),
    NotNumber(usize),
    NotTime(usize),
    NotAmount(usize),
    NotCount(usize),
    TooMany(usize),
    Negative(usize),
    NoProcessors,
    CountDiffers,
    Backwards,
    Unsorted,
}

/// The rows of one open file in one format.
pub(super) trait RowReader: Send {
    /// Reads the next row into `job`. Only a failing or unpackable file is a [`Problem`].
    fn read(&mut self, job: &mut Job) -> Result<Step, Problem>;
    /// Line number and text of the row that was read last.
    fn place(&self) -> (u64, String);
    /// What the field at this place is called, for messages.
    fn field(&self, place: usize) -> String;
    /// What a row must look like: "a line of 18 fields".
    fn shape(&self) -> String;
    /// How the file was read, where that is not plain: a sentence each.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
    /// Why arrivals from `first` to `last` cannot be meant like this.
    fn question(&self, _first: Instant, _last: Instant) -> Option<Problem> {
        None
    }
}

/// The refusal in words.
pub(super) fn words(refusal: Refusal, reader: &dyn RowReader) -> String {
    let field = |place| reader.field(place);
    match refusal {
        Refusal::NotText => "this is not text in UTF-8".to_string(),
        Refusal::Shape => format!("this is not {}", reader.shape()),
        Refusal::Empty(place) => format!("the {} is empty", field(place)),
        Refusal::NotNumber(place) => format!("the {} is not a number in range", field(place)),
        Refusal::NotTime(place) => {
            let like = "2024-05-31T12:00:00Z, 1-02:03:04 or 250ms";
            format!(
                "the {} is neither a number in range nor like {like}",
                field(place)
            )
        }
        Refusal::NotAmount(place) => {
            format!(
                "the {} is not an amount such as 4, 500m or 4Gi",
                field(place)
            )
        }
        Refusal::NotCount(place) => {
            format!("the {} is not a whole number of at least 1", field(place))
        }
        Refusal::TooMany(place) => {
            let most = thousands(u64::from(MOST_COUNT));
            format!(
                "the {} is above {most}, the most tasks of a job",
                field(place)
            )
        }
        Refusal::Negative(place) => format!("the {} is below 0", field(place)),
        Refusal::NoProcessors => "the job has no processors (fields 5 and 8)".to_string(),
        Refusal::CountDiffers => {
            "the number of durations is not the number of tasks (field 2)".to_string()
        }
        Refusal::Backwards => "the end is before the start".to_string(),
        Refusal::Unsorted => "the job arrives before the last valid one".to_string(),
    }
}

/// The words of a line.
pub(super) fn words_of(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// Reads the next row of a format with a row a line: `parse`s the first line that is not blank and does
/// not start with `comment`.
pub(super) fn read_line(
    lines: &mut Lines,
    comment: &[u8],
    parse: fn(&[u8], &mut Job) -> Result<(), Refusal>,
    job: &mut Job,
) -> Result<Step, Problem> {
    while lines.advance()? {
        let line = lines.text();
        if line.is_empty() || (!comment.is_empty() && line.starts_with(comment)) {
            continue;
        }
        return Ok(match parse(line, job) {
            Ok(()) => Step::Job,
            Err(_) if std::str::from_utf8(line).is_err() => Step::Refused(Refusal::NotText),
            Err(refusal) => Step::Refused(refusal),
        });
    }
    Ok(Step::End)
}

/// An instant in `unit`s of seconds.
pub(super) fn instant(text: &[u8], unit: Decimal, place: usize) -> Result<Instant, Refusal> {
    let time = Decimal::parse(text).and_then(|time| time.instant(unit));
    time.ok_or(Refusal::NotNumber(place))
}

/// A time in seconds that is not negative, in nanoseconds.
pub(super) fn nanos(text: &[u8], place: usize) -> Result<f64, Refusal> {
    match instant(text, Decimal::ONE, place)? {
        time if time < 0 => Err(Refusal::Negative(place)),
        time => Ok(number::nanos(time)),
    }
}

/// A number that is not negative.
pub(super) fn amount(text: &[u8], place: usize) -> Result<f64, Refusal> {
    match number::real(text) {
        None => Err(Refusal::NotNumber(place)),
        Some(value) if value < 0.0 => Err(Refusal::Negative(place)),
        Some(value) => Ok(value),
    }
}

/// An amount of a resource.
pub(super) fn quantity(text: &[u8], place: usize) -> Result<f64, Refusal> {
    match number::quantity(text) {
        None => Err(Refusal::NotAmount(place)),
        Some(value) if value < 0.0 => Err(Refusal::Negative(place)),
        Some(value) => Ok(value),
    }
}

/// A whole number of at least 1.
pub(super) fn count(text: &[u8], place: usize) -> Result<u32, Refusal> {
    let count = number::whole(text).and_then(|count| u32::try_from(count).ok());
    match count.filter(|count| *count > 0) {
        Some(count) if count > MOST_COUNT => Err(Refusal::TooMany(place)),
        count => count.ok_or(Refusal::NotCount(place)),
    }
}
