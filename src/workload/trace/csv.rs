//! Comma-separated values whose first line names the columns; `columns` of the scenario says which is
//! what. A row is a job of one task, or of as many equal ones as its `tasks` column says.
//!
//! Quoting as in RFC 4180. Arrivals may count from any origin, also below 0.

use super::Columns;
use super::file::{TraceFile, unreadable};
use super::number::{self, Decimal};
use super::problem::{Problem, nearest};
use super::row::{self, Job, Refusal, RowReader, Step};
use crate::text::listed;
use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

/// Rows of a csv file.
pub(super) struct Csv {
    path: PathBuf,
    packing: Option<&'static str>,
    rows: Reader<Box<dyn BufRead + Send>>,
    record: ByteRecord,
    header: Vec<String>,
    arrival: usize,
    work: usize,
    tasks: Option<usize>,
    class: Option<usize>,
    resources: Vec<usize>,
    arrival_unit: Decimal,
    work_unit: f64,
}

impl Csv {
    /// Reads the header and finds the columns in it.
    pub(super) fn new(source: TraceFile, columns: &Columns) -> Result<Csv, Problem> {
        let (path, packing, bytes) = source.into_parts();
        let mut rows = ReaderBuilder::new().flexible(true).from_reader(bytes);
        let header = rows
            .byte_headers()
            .map_err(|error| failed(&path, packing, error))?;
        let header = names(&path, header)?;
        let find = |name: &String| column(&path, &header, name);
        let resources = columns.resources.iter().map(|(_, name)| find(name));
        Ok(Csv {
            arrival: find(&columns.arrival)?,
            work: find(&columns.work)?,
            tasks: columns.tasks.as_ref().map(find).transpose()?,
            class: columns.class.as_ref().map(find).transpose()?,
            resources: resources.collect::<Result<_, _>>()?,
            arrival_unit: unit(&path, columns.arrival_unit)?,
            work_unit: unit(&path, columns.work_unit).map(|_| columns.work_unit)?,
            record: ByteRecord::new(),
            path,
            packing,
            rows,
            header,
        })
    }

    fn parse(&self, job: &mut Job) -> Result<(), Refusal> {
        if self.record.len() != self.header.len() {
            return Err(Refusal::Shape);
        }
        let amount = |place| row::amount(self.cell(place)?, place);
        job.arrival = row::instant(self.cell(self.arrival)?, self.arrival_unit, self.arrival)?;
        job.works.clear();
        job.works.push(amount(self.work)? * self.work_unit);
        let count = |place| row::count(self.cell(place)?, place);
        job.tasks = self.tasks.map_or(Ok(1), count)?;
        job.demand.clear();
        for &place in &self.resources {
            job.demand.push(amount(place)?);
        }
        job.class.clear();
        if let Some(place) = self.class {
            let name = std::str::from_utf8(self.cell(place)?);
            job.class.push_str(name.map_err(|_| Refusal::NotText)?);
        }
        Ok(())
    }

    /// A cell without the spaces around it.
    fn cell(&self, place: usize) -> Result<&[u8], Refusal> {
        let cell = self.record[place].trim_ascii();
        if cell.is_empty() {
            Err(Refusal::Empty(place))
        } else {
            Ok(cell)
        }
    }
}

impl RowReader for Csv {
    fn read(&mut self, job: &mut Job) -> Result<Step, Problem> {
        let more = self.rows.read_byte_record(&mut self.record);
        if !more.map_err(|error| failed(&self.path, self.packing, error))? {
            return Ok(Step::End);
        }
        Ok(match self.parse(job) {
            Ok(()) => Step::Job,
            Err(refusal) => Step::Refused(refusal),
        })
    }

    fn place(&self) -> (u64, String) {
        let cells: Vec<_> = self.record.iter().map(String::from_utf8_lossy).collect();
        (
            line_of(&self.path, &self.record).unwrap_or_default(),
            cells.join(","),
        )
    }

    fn field(&self, place: usize) -> String {
        format!("cell of column `{}`", self.header[place])
    }

    fn shape(&self) -> String {
        format!("a row of {} cells like the header", self.header.len())
    }
}

/// Line of a row, counted anew: the csv library counts a row's line before the blank lines above it.
fn line_of(path: &Path, row: &ByteRecord) -> Option<u64> {
    let (_, _, text) = TraceFile::open(path).ok()?.into_parts();
    let start = row.position()?.byte();
    let mut line = 1;
    for (at, byte) in (0..).zip(text.bytes()) {
        let byte = byte.ok()?;
        if at >= start && !matches!(byte, b'\r' | b'\n') {
            break;
        }
        line += u64::from(byte == b'\n');
    }
    Some(line)
}

/// The names of the header, without the spaces around them.
fn names(path: &Path, header: &ByteRecord) -> Result<Vec<String>, Problem> {
    if header.is_empty() {
        return Err(Problem::mistake(
            path,
            "the file is empty; its first line must name the columns",
        ));
    }
    let name = |cell: &[u8]| std::str::from_utf8(cell.trim_ascii()).map(str::to_string);
    header
        .iter()
        .map(name)
        .collect::<Result<_, _>>()
        .map_err(|_| {
            Problem::mistake(path, "the column names are not text in UTF-8")
                .at(1, "")
                .hint("save the file as UTF-8 text")
        })
}

fn unit(path: &Path, seconds: f64) -> Result<Decimal, Problem> {
    let unit = Decimal::of(seconds).filter(|_| seconds > 0.0);
    unit.ok_or_else(|| Problem::mistake(path, "the unit of its times must be above 0"))
}

/// Place of the column of this name.
fn column(path: &Path, header: &[String], name: &str) -> Result<usize, Problem> {
    let named = |place: &usize| header[*place] == name;
    let mut places = (0..header.len()).filter(named);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => {
            let message = format!("there are two columns `{name}`");
            Err(Problem::mistake(path, message).at(1, &header.join(",")))
        }
        (None, _) => Err(no_column(path, header, name)),
    }
}

fn no_column(path: &Path, header: &[String], name: &str) -> Problem {
    let known = listed(header, "and");
    let message = format!("there is no column `{name}`; its columns are {known}");
    let problem = Problem::mistake(path, message).at(1, &header.join(","));
    let separated = |mark: char| header.len() == 1 && header[0].contains(mark);
    let no_names = header
        .iter()
        .all(|name| number::real(name.as_bytes()).is_some());
    if separated(';') || separated('\t') {
        problem.hint("only commas separate columns; save it with commas")
    } else if no_names {
        problem.hint("its first line holds numbers; put a line of column names before it")
    } else if let Some(near) = nearest(name, header.iter().map(String::as_str)) {
        problem.hint(format!("did you mean `{near}`?"))
    } else {
        problem
    }
}

fn failed(path: &Path, packing: Option<&'static str>, error: ::csv::Error) -> Problem {
    let text = error.to_string();
    match error.into_kind() {
        ErrorKind::Io(error) => unreadable(path, packing, &error),
        _ => Problem::mistake(path, format!("this is not comma-separated text ({text})")),
    }
}
