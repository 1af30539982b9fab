//! Delimited text; `columns` of the scenario says which column is what, by the names in the first row
//! or by number. A row is a job of one task, or of as many equal ones as its `tasks` column says.
//!
//! Times are read as they are found: plain numbers in the `unit` that is given (seconds), from any
//! origin, also below 0; dates with time by ISO 8601; durations as batch systems (`1-02:03:04`) or
//! people (`250ms`) write them. Resources may have the suffixes of Kubernetes (`500m`, `4Gi`).

use super::delimited::Delimited;
use super::file::TraceFile;
use super::number::{self, Decimal, Instant, Written};
use super::problem::Problem;
use super::row::{self, Job, Refusal, RowReader, Step};
use super::{Columns, Work};
use crate::engine::column::Column;
use crate::text::plain;
use std::path::Path;

/// A column that is read.
struct Field {
    place: usize,
    /// What an empty cell stands for.
    empty: Option<String>,
}

/// Where the work of a row's tasks is.
enum Taken {
    Cell(Field),
    Between(Field, Field),
}

/// Rows of a csv file.
pub(super) struct Csv {
    table: Delimited,
    arrival: Field,
    work: Taken,
    tasks: Option<Field>,
    class: Option<Field>,
    resources: Vec<Field>,
    arrival_unit: Decimal,
    work_unit: Decimal,
    /// A unit was given.
    is_sure: bool,
    /// There are arrivals that are plain numbers; that are dates without a zone.
    has_numbers: bool,
    has_local: bool,
}

impl Csv {
    /// Finds the columns in the file's first row.
    pub(super) fn new(source: TraceFile, columns: &Columns) -> Result<Csv, Problem> {
        let table = Delimited::open(source, &wanted(columns))?;
        let find = |what: &str, column: &Column| field(&table, columns, what, column);
        let work = match &columns.work {
            Work::Takes(column) => Taken::Cell(find("work", column)?),
            Work::Between(start, end) => Taken::Between(find("start", start)?, find("end", end)?),
        };
        let optional = |what: &str, column: &Option<Column>| {
            column.as_ref().map(|column| find(what, column)).transpose()
        };
        let resources = columns.resources.iter();
        let (arrival_unit, work_unit) = columns.units.unwrap_or((1.0, 1.0));
        Ok(Csv {
            arrival: find("arrival", &columns.arrival)?,
            work,
            tasks: optional("tasks", &columns.tasks)?,
            class: optional("class", &columns.class)?,
            resources: resources
                .map(|(name, column)| find(name, column))
                .collect::<Result<_, _>>()?,
            arrival_unit: unit(&table, arrival_unit)?,
            work_unit: unit(&table, work_unit)?,
            is_sure: columns.units.is_some(),
            has_numbers: false,
            has_local: false,
            table,
        })
    }

    fn parse(&mut self, job: &mut Job) -> Result<(), Refusal> {
        if !self.table.is_even() {
            return Err(Refusal::Shape);
        }
        let (arrival, written) = self.time(&self.arrival, self.arrival_unit)?;
        self.has_numbers |= written == Written::Number;
        self.has_local |= written == Written::Local;
        job.arrival = arrival;
        job.works.clear();
        job.works.push(self.work()?);
        let count = |field: &Field| row::count(self.cell(field)?, field.place);
        job.tasks = self.tasks.as_ref().map_or(Ok(1), count)?;
        job.demand.clear();
        for field in &self.resources {
            job.demand
                .push(row::quantity(self.cell(field)?, field.place)?);
        }
        job.class.clear();
        if let Some(field) = &self.class {
            let name = std::str::from_utf8(self.cell(field)?);
            let name = name.map_err(|_| Refusal::NotText)?;
            job.class.extend(name.chars().map(plain));
        }
        Ok(())
    }

    /// Work of each task, in nanoseconds.
    fn work(&self) -> Result<f64, Refusal> {
        let (field, size) = match &self.work {
            Taken::Cell(field) => (field, self.time(field, self.work_unit)?.0),
            Taken::Between(start, end) => {
                let from = self.time(start, self.arrival_unit)?.0;
                let to = self.time(end, self.arrival_unit)?.0;
                if to < from {
                    return Err(Refusal::Backwards);
                }
                (end, to - from)
            }
        };
        match size < 0 {
            true => Err(Refusal::Negative(field.place)),
            false => Ok(number::nanos(size)),
        }
    }

    fn time(&self, field: &Field, unit: Decimal) -> Result<(Instant, Written), Refusal> {
        number::time(self.cell(field)?, unit).ok_or(Refusal::NotTime(field.place))
    }

    fn cell<'a>(&'a self, field: &'a Field) -> Result<&'a [u8], Refusal> {
        cell(&self.table, field)
    }
}

/// The cell of a field, or what an empty one stands for.
fn cell<'a>(table: &'a Delimited, field: &'a Field) -> Result<&'a [u8], Refusal> {
    match (table.cell(field.place), &field.empty) {
        (b"", Some(empty)) => Ok(empty.as_bytes()),
        (b"", None) => Err(Refusal::Empty(field.place)),
        (cell, _) => Ok(cell),
    }
}

impl RowReader for Csv {
    fn read(&mut self, job: &mut Job) -> Result<Step, Problem> {
        if !self.table.read()? {
            return Ok(Step::End);
        }
        Ok(match self.parse(job) {
            Ok(()) => Step::Job,
            Err(refusal) => Step::Refused(refusal),
        })
    }

    fn place(&self) -> (u64, String) {
        self.table.line()
    }

    fn field(&self, place: usize) -> String {
        self.table.field(place)
    }

    fn shape(&self) -> String {
        self.table.shape()
    }

    fn notes(&self) -> Vec<String> {
        let delimiter = self.table.delimiter();
        let delimiter = delimiter.map(|name| format!("its cells stand between {name}"));
        let local = "its times of day name no zone and are read as UTC".to_owned();
        delimiter
            .into_iter()
            .chain(self.has_local.then_some(local))
            .collect()
    }

    fn question(&self, first: Instant, last: Instant) -> Option<Problem> {
        if self.is_sure || !self.has_numbers {
            return None;
        }
        let (likely, message) = number::doubtful_seconds(first, last)?;
        let hint = format!(
            "write unit = \"{likely}\" if all its times are in it, unit = {{ arrival = \"{likely}\", work = \"s\" }} if the \
             works are seconds, or unit = \"s\" if it is meant like this"
        );
        Some(self.table.mistake(message).hint(hint))
    }
}

/// All columns that are read.
fn wanted(columns: &Columns) -> Vec<&Column> {
    let work = match &columns.work {
        Work::Takes(column) => vec![column],
        Work::Between(start, end) => vec![start, end],
    };
    let resources = columns.resources.iter().map(|(_, column)| column);
    std::iter::once(&columns.arrival)
        .chain(work)
        .chain(&columns.tasks)
        .chain(&columns.class)
        .chain(resources)
        .collect()
}

fn field(
    table: &Delimited,
    columns: &Columns,
    what: &str,
    column: &Column,
) -> Result<Field, Problem> {
    let mut fillers = columns.empty.iter();
    let empty = fillers
        .find(|(of, _)| of == what)
        .map(|(_, empty)| empty.clone());
    let place = table.place_of(column)?;
    Ok(Field { place, empty })
}

fn unit(table: &Delimited, seconds: f64) -> Result<Decimal, Problem> {
    let unit = Decimal::of(seconds).filter(|_| seconds > 0.0);
    unit.ok_or_else(|| table.mistake("the unit of its times must be above 0"))
}

/// Most values of a law that is read from a file.
const MOST_VALUES: usize = 50_000_000;

/// The numbers of one column of a file of delimited text.
///
/// # Errors
/// The file cannot be read, has no such column or no row, or a cell is no number.
pub fn read_column(path: &Path, column: &Column) -> Result<Vec<f64>, Problem> {
    let mut table = Delimited::open(TraceFile::open(path)?, &[column])?;
    let (place, mut values) = (table.place_of(column)?, Vec::new());
    while table.read()? {
        let cell = table.cell(place);
        let told = |said: String| {
            let (line, text) = table.line();
            table.mistake(said).at(line, &text)
        };
        match number::real(cell) {
            _ if !table.is_even() => return Err(told(format!("this is not {}", table.shape()))),
            Some(_) if values.len() == MOST_VALUES => {
                return Err(told("a law may have 50,000,000 values at most".to_owned()));
            }
            Some(value) => values.push(value),
            None => {
                let cell = String::from_utf8_lossy(cell);
                return Err(told(format!("\"{cell}\" is no number")));
            }
        }
    }
    match values.is_empty() {
        true => Err(table
            .mistake("it has no rows")
            .hint("a law needs at least one value")),
        false => Ok(values),
    }
}
