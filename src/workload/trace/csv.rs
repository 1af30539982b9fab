//! Comma-separated values whose first line names the columns; `columns` of the scenario says which is
//! what. A row is a job of one task, or of as many equal ones as its `tasks` column says.
//!
//! Quoting as in RFC 4180. Arrivals may count from any origin, also below 0.

use super::open::{Source, unreadable};
use super::problem::{Problem, listed, nearest};
use super::{Columns, Fault, Form, Job, Step, number};
use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use number::{Decimal, Instant};
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
    unit: Decimal,
    seconds: f64,
}

impl Csv {
    /// Reads the header and finds the columns in it.
    pub(super) fn new(source: Source, columns: &Columns) -> Result<Csv, Problem> {
        let (path, packing, bytes) = source.into_parts();
        let mut rows = ReaderBuilder::new().flexible(true).from_reader(bytes);
        let header = rows
            .byte_headers()
            .map_err(|error| failed(&path, packing, error))?;
        let header = names(&path, header)?;
        let unit = Decimal::of(columns.unit).filter(|_| columns.unit > 0.0);
        let unit =
            unit.ok_or_else(|| Problem::mistake(&path, "the unit of its times must be above 0"))?;
        let find = |name: &String| column(&path, &header, name);
        Ok(Csv {
            arrival: find(&columns.arrival)?,
            work: find(&columns.work)?,
            tasks: columns.tasks.as_ref().map(find).transpose()?,
            class: columns.class.as_ref().map(find).transpose()?,
            resources: columns
                .resources
                .iter()
                .map(|(_, name)| find(name))
                .collect::<Result<_, _>>()?,
            record: ByteRecord::new(),
            seconds: columns.unit,
            path,
            packing,
            rows,
            header,
            unit,
        })
    }

    fn parse(&self, job: &mut Job) -> Result<(), Fault> {
        if self.record.len() != self.header.len() {
            return Err(Fault::Shape);
        }
        job.arrival = self.instant(self.arrival)?;
        job.works.clear();
        job.works.push(self.amount(self.work)? * self.seconds);
        job.tasks = self.tasks.map_or(Ok(1), |place| self.count(place))?;
        job.demand.clear();
        for &place in &self.resources {
            job.demand.push(self.amount(place)?);
        }
        job.class.clear();
        if let Some(place) = self.class {
            job.class
                .push_str(std::str::from_utf8(self.cell(place)?).map_err(|_| Fault::NotText)?);
        }
        Ok(())
    }

    /// A cell without the spaces around it.
    fn cell(&self, place: usize) -> Result<&[u8], Fault> {
        let cell = self.record[place].trim_ascii();
        if cell.is_empty() {
            Err(Fault::Empty(place))
        } else {
            Ok(cell)
        }
    }

    fn instant(&self, place: usize) -> Result<Instant, Fault> {
        let time = Decimal::parse(self.cell(place)?).and_then(|time| time.instant(self.unit));
        time.ok_or(Fault::NotNumber(place))
    }

    fn amount(&self, place: usize) -> Result<f64, Fault> {
        match number::real(self.cell(place)?) {
            None => Err(Fault::NotNumber(place)),
            Some(value) if value < 0.0 => Err(Fault::Negative(place)),
            Some(value) => Ok(value),
        }
    }

    fn count(&self, place: usize) -> Result<u32, Fault> {
        let count = number::whole(self.cell(place)?).and_then(|count| u32::try_from(count).ok());
        count
            .filter(|count| *count > 0)
            .ok_or(Fault::NotCount(place))
    }
}

impl Form for Csv {
    fn read(&mut self, job: &mut Job) -> Result<Step, Problem> {
        let more = self.rows.read_byte_record(&mut self.record);
        if !more.map_err(|error| failed(&self.path, self.packing, error))? {
            return Ok(Step::End);
        }
        Ok(match self.parse(job) {
            Ok(()) => Step::Job,
            Err(fault) => Step::Bad(fault),
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
    let (_, _, text) = Source::open(path).ok()?.into_parts();
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

/// Place of the column of this name.
fn column(path: &Path, header: &[String], name: &str) -> Result<usize, Problem> {
    let mut places = header
        .iter()
        .enumerate()
        .filter(|(_, known)| *known == name)
        .map(|(place, _)| place);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => Err(Problem::mistake(
            path,
            format!("there are two columns `{name}`"),
        )
        .at(1, &header.join(","))),
        (None, _) => Err(no_column(path, header, name)),
    }
}

fn no_column(path: &Path, header: &[String], name: &str) -> Problem {
    let problem =
        Problem::mistake(path, format!("there is no column `{name}`")).at(1, &header.join(","));
    let separator = [(";", "semicolons"), ("\t", "tabs")]
        .into_iter()
        .find(|(mark, _)| header[0].contains(mark));
    match (separator, nearest(name, header.iter().map(String::as_str))) {
        (Some((_, what)), _) if header.len() == 1 => problem.hint(format!(
            "its columns are separated by {what}; save it with commas"
        )),
        (_, Some(near)) => problem.hint(format!("did you mean `{near}`?")),
        _ if header
            .iter()
            .all(|name| number::real(name.as_bytes()).is_some()) =>
        {
            problem.hint("its first line holds numbers; put a line of column names before it")
        }
        _ => problem.hint(format!(
            "its columns are {}",
            listed(header).replace(" or ", " and ")
        )),
    }
}

fn failed(path: &Path, packing: Option<&'static str>, error: ::csv::Error) -> Problem {
    let text = error.to_string();
    match error.into_kind() {
        ErrorKind::Io(error) => unreadable(path, packing, &error),
        _ => Problem::mistake(path, format!("this is not comma-separated text ({text})")),
    }
}
