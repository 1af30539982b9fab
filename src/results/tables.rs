//! The tables of a run's folder, written and read back.
//!
//! Floats are written in the shortest form that reads back to the same bits; an empty cell is "none".
//! The swept keys' dotted paths are the first columns of every table, then the strategy's name.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use csv::{DeserializeErrorKind, ErrorKind, StringRecord};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    CcdfRow, Cell, ComparisonRow, Meta, NodeRow, ReplicationRow, Results, Summary, TheoryRow,
    TimelineRow, digest,
};

/// Name of the file that holds [`Meta`].
pub const MANIFEST: &str = "manifest.json";

/// A table that is missing or cannot be read: which, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// `summary.csv`, or `summary.csv:12` with a line.
    pub location: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Damaged {
    fn new(location: impl Into<String>, message: impl Into<String>) -> Damaged {
        Damaged {
            location: location.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.message)
    }
}

impl std::error::Error for Damaged {}

/// A table: rows of one type, and what stands over its columns after the sweep's and the strategy's.
trait Table: Serialize + DeserializeOwned {
    const FILE: &'static str;
    const COLUMNS: &'static str;
}

macro_rules! tables {
    ($($row:ty: $file:literal, $columns:literal;)*) => {
        $(impl Table for $row {
            const FILE: &'static str = $file;
            const COLUMNS: &'static str = $columns;
        })*
    };
}

tables! {
    Summary: "summary.csv", "class,metric,unit,mean,ci_low,ci_high,stddev,replications,events,status,note";
    ComparisonRow: "comparisons.csv", "metric,unit,baseline_mean,mean,difference,ci_low,ci_high,relative,relative_low,relative_high,margin,level,replications,verdict,replications_needed,exact";
    ReplicationRow: "replications.csv", "replication,class,metric,value,pseudo";
    CcdfRow: "ccdf.csv", "class,response,jobs_above,share_above";
    TimelineRow: "timeline.csv", "time,imbalance_cov,imbalance_max_over_mean,utilization,jobs_in_system,tasks_waiting";
    NodeRow: "nodes.csv", "rank,node,group,utilization,tasks";
    TheoryRow: "theory.csv", "class,metric,unit,model,kind,theory,mean,ci_low,ci_high,replications,agreement";
}

/// Numbers of a point and of a strategy.
type At = (usize, usize);

/// The run's facts, with the digests of its `files`.
pub fn described(meta: &Meta, files: &[(String, Vec<u8>)]) -> Meta {
    let digests = files
        .iter()
        .map(|(name, bytes)| (name.clone(), digest(bytes)));
    Meta {
        files: digests.collect(),
        ..meta.clone()
    }
}

/// `manifest.json`, pretty-printed: the run's facts, with the digests of its `files`.
pub fn manifest(meta: &Meta, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(&described(meta, files)).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Files of a run as (path relative to its folder, bytes).
pub type Files = Vec<(String, Vec<u8>)>;

/// All CSV tables, in name order.
pub fn write(results: &Results) -> Files {
    let meta = &results.meta;
    let comparisons = results.comparisons.iter();
    let theory = results.theory.iter();
    vec![
        table::<CcdfRow, _>(meta, of_cells(results, |cell| &cell.ccdf)),
        table::<ComparisonRow, _>(
            meta,
            comparisons.map(|row| ((row.point, row.strategy), row)),
        ),
        table::<NodeRow, _>(meta, of_cells(results, |cell| &cell.nodes)),
        table::<ReplicationRow, _>(meta, replications(results)),
        table::<Summary, _>(meta, of_cells(results, |cell| &cell.figures)),
        table::<TheoryRow, _>(meta, theory.map(|row| ((row.point, row.strategy), row))),
        table::<TimelineRow, _>(meta, of_cells(results, |cell| &cell.timeline)),
    ]
}

fn of_cells<R: 'static>(
    results: &Results,
    rows: fn(&Cell) -> &Vec<R>,
) -> impl Iterator<Item = (At, &R)> {
    let cells = results.all_cells();
    cells.flat_map(move |(at, cell)| rows(cell).iter().map(move |row| (at, row)))
}

/// The values of all columns, replication by replication.
fn replications(results: &Results) -> impl Iterator<Item = (At, ReplicationRow)> {
    let row = |figure: &Summary, replication: usize| ReplicationRow {
        replication: replication as u32 + 1,
        class: figure.key.part.to_string(),
        metric: figure.key.name().to_owned(),
        value: figure.values.get(replication).copied().flatten(),
        pseudo: figure.pseudo.get(replication).copied().flatten(),
    };
    results.all_cells().flat_map(move |(at, cell)| {
        let numbers = 0..cell.replications();
        let figures = numbers.flat_map(|number| cell.figures.iter().map(move |f| (f, number)));
        figures.map(move |(figure, number)| (at, row(figure, number)))
    })
}

/// A table as CSV: swept values and the strategy's name, then the row's own columns.
fn table<R: Table, B: Borrow<R>>(
    meta: &Meta,
    rows: impl Iterator<Item = (At, B)>,
) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(&mut bytes);
    // Writing to memory cannot fail, and every record has the header's length.
    let _ = writer.write_record(header::<R>(meta));
    for ((point, strategy), row) in rows {
        let values = meta.points.get(point).map_or(&[][..], Vec::as_slice);
        let name = meta.strategies.get(strategy).map_or("", |s| &s.name);
        let _ = writer.serialize((values, name, row.borrow()));
    }
    drop(writer);
    (R::FILE.to_owned(), bytes)
}

/// Names of the columns: what every table begins with, then the fields of its rows.
fn header<R: Table>(meta: &Meta) -> Vec<String> {
    let own = R::COLUMNS.split(',').map(str::to_owned);
    let strategy = ["strategy".to_owned()];
    meta.sweep
        .iter()
        .cloned()
        .chain(strategy)
        .chain(own)
        .collect()
}

/// Reads the tables of a run's folder.
///
/// # Errors
/// A file that is missing, or a line that does not hold what its table should.
pub fn read(dir: &Path) -> Result<Results, Damaged> {
    parse(|name| std::fs::read(dir.join(name)))
}

/// Reads the manifest of a run's folder alone.
///
/// # Errors
/// It is missing or damaged.
pub fn read_meta(dir: &Path) -> Result<Meta, Damaged> {
    let bytes = std::fs::read(dir.join(MANIFEST)).map_err(|error| missing(MANIFEST, &error))?;
    read_manifest(&bytes)
}

/// [`read`] from anywhere: `open` gives a file's bytes by its name.
///
/// # Errors
/// As [`read`].
pub fn parse(open: impl Fn(&str) -> std::io::Result<Vec<u8>>) -> Result<Results, Damaged> {
    let open = |name: &str| open(name).map_err(|error| missing(name, &error));
    let meta = read_manifest(&open(MANIFEST)?)?;
    let reader = Reader { meta: &meta, open };
    let cells = reader.cells()?;
    let comparisons =
        reader.located(|row: &mut ComparisonRow, at| (row.point, row.strategy) = at)?;
    let theory = reader.located(|row: &mut TheoryRow, at| (row.point, row.strategy) = at)?;
    reader.check_digests()?;
    Ok(Results {
        cells,
        comparisons,
        theory,
        meta,
    })
}

impl Cell {
    /// Puts a value to the others of its metric; rows come replication by replication.
    fn add_value(&mut self, row: &ReplicationRow) -> Result<(), Damaged> {
        let is_its = |figure: &&mut Summary| figure.key.is(&row.class, &row.metric);
        let figure = self.figures.iter_mut().find(is_its);
        let figure = figure.filter(|figure| figure.values.len() + 1 == row.replication as usize);
        let figure = figure.ok_or_else(|| {
            let what = format!(
                "replication {} of {}.{}",
                row.replication, row.class, row.metric
            );
            let why = "is not where it belongs; run the scenario again to write it anew";
            Damaged::new(ReplicationRow::FILE, format!("{what} {why}"))
        })?;
        figure.values.push(row.value);
        figure.pseudo.push(row.pseudo);
        Ok(())
    }
}

/// Where `now` first differs from `stored`, two versions of the table `name`, in words.
pub fn first_difference(name: &str, stored: &[u8], now: &[u8]) -> String {
    let records = |bytes| -> Vec<StringRecord> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes);
        reader.into_records().map_while(Result::ok).collect()
    };
    let (stored, now) = (records(stored), records(now));
    let header = now.first().cloned().unwrap_or_default();
    let pairs = stored.iter().zip(&now).enumerate();
    for (line, (old, new)) in pairs.filter(|(_, (old, new))| old != new) {
        let Some(column) = (0..old.len().max(new.len())).find(|&at| old.get(at) != new.get(at))
        else {
            continue;
        };
        let cell = |record: &StringRecord| record.get(column).unwrap_or("nothing").to_owned();
        let what: Vec<&str> = new.iter().take(column.min(5)).collect();
        return format!(
            "{name}, line {}, {} ({}) is {} and was {}",
            line + 1,
            header.get(column).unwrap_or("a column"),
            what.join(", "),
            cell(new),
            cell(old)
        );
    }
    format!("{name} has {} lines and had {}", now.len(), stored.len())
}

fn missing(name: &str, error: &std::io::Error) -> Damaged {
    let message = if error.kind() == std::io::ErrorKind::NotFound {
        "the file is missing; a run's folder holds it, so give such a folder or run the scenario again".to_owned()
    } else {
        format!("cannot be read ({error})")
    };
    Damaged::new(name, message)
}

/// What the run is about; what cannot be read is told with its line and column.
fn read_manifest(bytes: &[u8]) -> Result<Meta, Damaged> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let what = match text.split(" at line").next() {
            Some(field) if field.starts_with("missing field") => field.to_string(),
            _ if error.is_data() => "a value is not of the kind expected here".into(),
            _ => "this is not JSON, or it is cut short".into(),
        };
        let location = format!("{MANIFEST}:{}:{}", error.line(), error.column());
        let message = format!("{what}; run the scenario again to write it anew");
        Damaged::new(location, message)
    })
}

/// Reads tables of the run that `meta` is about.
struct Reader<'a, F> {
    meta: &'a Meta,
    open: F,
}

impl<F: Fn(&str) -> Result<Vec<u8>, Damaged>> Reader<'_, F> {
    /// What was found of each strategy at each point.
    fn cells(&self) -> Result<Vec<Vec<Cell>>, Damaged> {
        let strategies = vec![Cell::default(); self.meta.strategies.len()];
        let mut cells = vec![strategies; self.meta.points.len().max(1)];
        self.sort_into(&mut cells, |cell| &mut cell.figures)?;
        for ((point, strategy), row) in self.rows()? {
            cells[point][strategy].add_value(&row)?;
        }
        self.sort_into(&mut cells, |cell| &mut cell.ccdf)?;
        self.sort_into(&mut cells, |cell| &mut cell.timeline)?;
        self.sort_into(&mut cells, |cell| &mut cell.nodes)?;
        Ok(cells)
    }

    /// Puts the rows of a table to `list` of the cells that they are of.
    fn sort_into<R: Table>(
        &self,
        cells: &mut [Vec<Cell>],
        list: fn(&mut Cell) -> &mut Vec<R>,
    ) -> Result<(), Damaged> {
        for ((point, strategy), row) in self.rows()? {
            list(&mut cells[point][strategy]).push(row);
        }
        Ok(())
    }

    /// The rows of a table, each told by `put` which cell it is of.
    fn located<R: Table>(&self, put: fn(&mut R, At)) -> Result<Vec<R>, Damaged> {
        let located = |(at, mut row)| {
            put(&mut row, at);
            row
        };
        Ok(self.rows()?.into_iter().map(located).collect())
    }

    /// Whether the files are those that the manifest was written with.
    fn check_digests(&self) -> Result<(), Damaged> {
        for (name, stored) in &self.meta.files {
            if digest(&(self.open)(name)?) != *stored {
                let message = "it was changed after the run wrote it: the manifest has another digest; run the scenario again";
                return Err(Damaged::new(name, message));
            }
        }
        Ok(())
    }

    /// The rows of a table, with the cells that they are of.
    fn rows<R: Table>(&self) -> Result<Vec<(At, R)>, Damaged> {
        let bytes = (self.open)(R::FILE)?;
        let damaged = |line: Option<u64>, message: String| {
            let location = line.map(|line| format!("{}:{line}", R::FILE));
            Damaged::new(location.unwrap_or_else(|| R::FILE.to_owned()), message)
        };
        let unreadable = |error: csv::Error| {
            let line = error.position().map(csv::Position::line);
            damaged(line, explain(&error))
        };
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        let found = reader.headers().map_err(unreadable)?;
        let expected = header::<R>(self.meta);
        check_header(&expected, found).map_err(|message| damaged(Some(1), message))?;
        let mut index = CellIndex::new(self.meta);
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            let at = index.find(&record);
            let row = at.and_then(|at| Ok((at, row(self.meta, &record)?)));
            let line = record.position().map(csv::Position::line);
            rows.push(row.map_err(|message| damaged(line, message))?);
        }
        Ok(rows)
    }
}

/// Columns must be those that this version writes, or a figure could be read as another.
fn check_header(expected: &[String], found: &StringRecord) -> Result<(), String> {
    if found.is_empty() {
        return Err("the table is empty; run the scenario again to write it anew".into());
    }
    let both = (0..expected.len().max(found.len())).map(|at| (expected.get(at), found.get(at)));
    let mut columns = (1..).zip(both);
    let is_wrong = |(_, (name, given)): &(i32, (Option<&String>, Option<&str>))| {
        name.map(String::as_str) != *given
    };
    Err(match columns.find(is_wrong) {
        None => return Ok(()),
        Some((at, (Some(name), None))) => format!("column {at} `{name}` is missing"),
        Some((at, (Some(name), Some(given)))) => {
            format!("column {at} is `{given}`, but `{name}` belongs here")
        }
        Some((_, (None, extra))) => {
            format!("column `{}` is not part of this table", extra.unwrap_or(""))
        }
    })
}

/// Where rows belong: points by their values, strategies by their names.
struct CellIndex<'a> {
    swept: usize,
    points: BTreeMap<Vec<String>, Alike>,
    strategies: BTreeMap<&'a str, usize>,
}

/// Points whose values are printed alike. They were run alike, too, so that a row which equals the
/// first row of one begins the next.
#[derive(Default)]
struct Alike {
    points: Vec<usize>,
    at: usize,
    first: Option<StringRecord>,
}

impl<'a> CellIndex<'a> {
    fn new(meta: &'a Meta) -> CellIndex<'a> {
        let mut points: BTreeMap<Vec<String>, Alike> = BTreeMap::new();
        for (number, values) in meta.points.iter().enumerate() {
            let alike = points.entry(values.clone()).or_default();
            alike.points.push(number);
        }
        let named = meta.strategies.iter().enumerate();
        CellIndex {
            swept: meta.sweep.len(),
            points,
            strategies: named.map(|(k, strategy)| (&*strategy.name, k)).collect(),
        }
    }

    /// Which point and strategy a record is of.
    fn find(&mut self, record: &StringRecord) -> Result<At, String> {
        let values = record.iter().take(self.swept).map(str::to_owned);
        let values: Vec<String> = values.collect();
        let point = match self.points.get_mut(&values) {
            Some(alike) => alike.number(record),
            None if self.swept == 0 => 0,
            None => {
                let what = format!("the values {} is in {MANIFEST}", values.join(", "));
                return Err(format!("no point with {what}"));
            }
        };
        let name = record.get(self.swept).unwrap_or_default();
        let strategy = self.strategies.get(name);
        let strategy = strategy.ok_or_else(|| {
            format!("column `strategy`: `{name}` is not a strategy of {MANIFEST}")
        })?;
        Ok((point, *strategy))
    }
}

impl Alike {
    fn number(&mut self, record: &StringRecord) -> usize {
        match &self.first {
            None => self.first = Some(record.clone()),
            Some(first) if first == record && self.at + 1 < self.points.len() => self.at += 1,
            Some(_) => {}
        }
        self.points[self.at]
    }
}

/// The row after the columns that say where it belongs.
fn row<R: Table>(meta: &Meta, record: &StringRecord) -> Result<R, String> {
    let own: StringRecord = record.iter().skip(meta.sweep.len() + 1).collect();
    own.deserialize(None).map_err(|error| {
        let (column, wanted) = wrong(&error, &own);
        let name = R::COLUMNS.split(',').nth(column).unwrap_or_default();
        let cell = own.get(column).unwrap_or_default();
        format!("column `{name}`: `{cell}` is not {wanted}")
    })
}

/// Which cell is wrong, and what it should be.
fn wrong(error: &csv::Error, own: &StringRecord) -> (usize, &'static str) {
    let ErrorKind::Deserialize { err, .. } = error.kind() else {
        return (0, "readable");
    };
    let column = err.field().map_or(0, |field| field as usize);
    match err.kind() {
        DeserializeErrorKind::ParseFloat(_) => (column, "a number"),
        DeserializeErrorKind::ParseInt(_) => (column, "a whole number"),
        DeserializeErrorKind::ParseBool(_) => (column, "true or false"),
        // A word that is not known is quoted in the message, without its place.
        kind => {
            let message = kind.to_string();
            let word = message.split('`').nth(1).unwrap_or_default();
            let is_it = |(_, cell): &(usize, &str)| *cell == word;
            let found = own.iter().enumerate().filter(is_it).last();
            (found.map_or(0, |(at, _)| at), "one of this column's words")
        }
    }
}

/// What is wrong with a record, without names of Rust types.
fn explain(error: &csv::Error) -> String {
    match error.kind() {
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!(
                "{len} columns where the header has {expected_len}; the line is damaged or cut short"
            )
        }
        ErrorKind::Utf8 { .. } => "the text is not UTF-8".into(),
        _ => "the line cannot be read as CSV".into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::results::sample::Sample;

    type Files = BTreeMap<String, Vec<u8>>;

    fn files(results: &Results) -> Files {
        write(results)
            .into_iter()
            .chain([(MANIFEST.to_string(), manifest(&results.meta, &[]))])
            .collect()
    }

    fn read_files(files: &Files) -> Result<Results, Damaged> {
        parse(|name| {
            files
                .get(name)
                .cloned()
                .ok_or_else(|| std::io::ErrorKind::NotFound.into())
        })
    }

    fn broken(name: &str, edit: impl Fn(String) -> String) -> String {
        let mut files = files(&Sample::loads(&[0.5, 0.8], 2).results());
        let text = String::from_utf8(files[name].clone()).unwrap();
        files.insert(name.into(), edit(text).into_bytes());
        read_files(&files).unwrap_err().to_string()
    }

    #[test]
    fn every_table_reads_back_to_the_same_bits() {
        let samples = [
            Sample::loads(&[0.7], 1),
            Sample::words(&["fresh", "a,\"b\"\nc"], 12),
            Sample::troubled(),
        ];
        for sample in samples {
            let mut results = sample.results();
            let figures = &mut results.cells[0][0].figures;
            figures[0].mean = Some(f64::MIN_POSITIVE);
            figures[1].mean = Some(0.1 + 0.2);
            figures[0].values[0] = Some(-1e300);
            assert_eq!(read_files(&files(&results)).unwrap(), results);
        }
    }

    /// Two points of one value were run alike; each keeps its number.
    #[test]
    fn points_are_known_by_their_number() {
        let mut results = Sample::words(&["fresh", "late"], 3).results();
        results.meta.points[1] = results.meta.points[0].clone();
        results.cells[1] = results.cells[0].clone();
        let (comparisons, theory) = (results.comparisons.iter(), results.theory.iter());
        let comparisons = comparisons.filter(|row| row.point == 0).cloned();
        let theory = theory.filter(|row| row.point == 0).cloned();
        let twice = |point| {
            comparisons
                .clone()
                .map(move |row| ComparisonRow { point, ..row })
        };
        results.comparisons = [0, 1].into_iter().flat_map(twice).collect();
        let twice = |point| theory.clone().map(move |row| TheoryRow { point, ..row });
        results.theory = [0, 1].into_iter().flat_map(twice).collect();
        assert_eq!(read_files(&files(&results)).unwrap(), results);
    }

    #[test]
    fn the_sweep_comes_first_then_the_columns_of_the_design() {
        let tables = files(&Sample::loads(&[0.5, 0.8], 2).results());
        let summary = String::from_utf8(tables["summary.csv"].clone()).unwrap();
        let header = "workload.load,strategy,class,metric,unit,mean,ci_low,ci_high,stddev,replications,events,status,note";
        assert_eq!(summary.lines().next(), Some(header));
        assert!(
            summary
                .lines()
                .nth(1)
                .unwrap()
                .starts_with("0.5,random,all,response_mean,s,0.0")
        );
    }

    #[test]
    fn a_missing_table_is_named() {
        let mut tables = files(&Sample::loads(&[0.5], 2).results());
        tables.remove("ccdf.csv");
        assert!(
            read_files(&tables)
                .unwrap_err()
                .to_string()
                .starts_with("ccdf.csv: the file is missing")
        );
    }

    #[test]
    fn damage_is_told_with_line_and_column() {
        let number = broken("summary.csv", |text| {
            text.replacen("response_mean,s,0", "response_mean,s,x", 1)
        });
        assert!(
            number.starts_with("summary.csv:2: column `mean`: `x"),
            "{number}"
        );
        let short = broken("nodes.csv", |text| text[..text.len() - 6].to_string());
        assert!(short.starts_with("nodes.csv:401: "), "{short}");
        let verdict = broken("comparisons.csv", |text| {
            text.replacen("better", "great", 1)
        });
        assert!(
            verdict.contains("column `verdict`: `great` is not"),
            "{verdict}"
        );
        let point = broken("timeline.csv", |text| text.replacen("0.8,", "0.9,", 1));
        assert!(point.contains("no point with the values 0.9"), "{point}");
        let header = broken("ccdf.csv", |text| text.replacen("response", "latency", 1));
        assert_eq!(
            header,
            "ccdf.csv:1: column 4 is `latency`, but `response` belongs here"
        );
        let strategy = broken("replications.csv", |text| {
            text.replacen("least-loaded", "mine", 1)
        });
        assert!(strategy.contains("`mine` is not a strategy"), "{strategy}");
    }

    #[test]
    fn a_broken_manifest_is_told_without_type_names() {
        let kind = broken(MANIFEST, |text| {
            text.replace("\"seed\": 7", "\"seed\": \"x\"")
        });
        assert!(
            kind.starts_with("manifest.json:") && !kind.contains("u64"),
            "{kind}"
        );
        let field = broken(MANIFEST, |text| text.replace("\"seed\": 7,", ""));
        assert!(field.contains("missing field `seed`"), "{field}");
    }
}
