//! The tables of a run's folder, written and read back.
//!
//! Floats are written in the shortest form that reads back to the same bits; an empty cell is "none".
//! The swept keys' dotted paths are the first columns of every table, then the strategy's name.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::experiment::results::{
    CcdfRow, ComparisonRow, Meta, NodeRow, ReplicationRow, Results, SummaryRow, TheoryRow,
    TimelineRow, digest,
};

/// Name of the file that holds [`Meta`].
pub const MANIFEST: &str = "manifest.json";

/// A table that is missing or cannot be read: which, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// `summary.csv`, or `summary.csv:12` with a line.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for Damaged {}

/// `manifest.json`: the run's facts, pretty-printed.
pub fn manifest(meta: &Meta) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(meta).unwrap_or_default();
    text.push(b'\n');
    text
}

/// All CSV tables as (file name, bytes), in name order.
pub fn write(results: &Results) -> Vec<(String, Vec<u8>)> {
    let meta = &results.meta;
    [
        ("ccdf.csv", table(meta, &results.ccdf)),
        ("comparisons.csv", table(meta, &results.comparisons)),
        ("nodes.csv", table(meta, &results.nodes)),
        ("replications.csv", table(meta, &results.replications)),
        ("summary.csv", table(meta, &results.summary)),
        ("theory.csv", table(meta, &results.theory)),
        ("timeline.csv", table(meta, &results.timeline)),
    ]
    .map(|(name, bytes)| (name.to_string(), bytes))
    .into()
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
    let bytes = |name: &str| open(name).map_err(|error| missing(name, &error));
    let meta = read_manifest(&bytes(MANIFEST)?)?;
    let results = Results {
        summary: rows(&meta, "summary.csv", &bytes("summary.csv")?)?,
        comparisons: rows(&meta, "comparisons.csv", &bytes("comparisons.csv")?)?,
        replications: rows(&meta, "replications.csv", &bytes("replications.csv")?)?,
        ccdf: rows(&meta, "ccdf.csv", &bytes("ccdf.csv")?)?,
        timeline: rows(&meta, "timeline.csv", &bytes("timeline.csv")?)?,
        nodes: rows(&meta, "nodes.csv", &bytes("nodes.csv")?)?,
        theory: rows(&meta, "theory.csv", &bytes("theory.csv")?)?,
        meta,
    };
    for (name, stored) in &results.meta.files {
        if digest(&bytes(name)?) != *stored {
            let message = "it was changed after the run wrote it: the manifest has another digest; run the scenario again";
            return Err(Damaged {
                place: name.clone(),
                message: message.into(),
            });
        }
    }
    Ok(results)
}

/// Where `now` first differs from `stored`, two versions of the table `name`, in words.
pub fn first_difference(name: &str, stored: &[u8], now: &[u8]) -> String {
    let records = |bytes| -> Vec<::csv::StringRecord> {
        let reader = ::csv::ReaderBuilder::new()
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
        let cell =
            |record: &::csv::StringRecord| record.get(column).unwrap_or("nothing").to_owned();
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
        "the file is missing; a run's folder holds it, so give such a folder or run the scenario again".into()
    } else {
        format!("cannot be read ({error})")
    };
    Damaged {
        place: name.into(),
        message,
    }
}

fn read_manifest(bytes: &[u8]) -> Result<Meta, Damaged> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let what = match text.split(" at line").next() {
            Some(field) if field.starts_with("missing field") => field.to_string(),
            _ if error.is_data() => "a value is not of the kind expected here".into(),
            _ => "this is not JSON, or it is cut short".into(),
        };
        let place = format!("{MANIFEST}:{}:{}", error.line(), error.column());
        Damaged {
            place,
            message: format!("{what}; run the scenario again to write it anew"),
        }
    })
}

/// One kind of row: its columns after the sweep's and the strategy.
trait Row: Sized {
    const COLUMNS: &'static [&'static str];
    fn place(&self) -> (usize, usize);
    fn cells(&self) -> Vec<String>;
    fn read(point: usize, strategy: usize, cells: &mut Cells<'_>) -> Result<Self, String>;
}

fn table<R: Row>(meta: &Meta, rows: &[R]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ::csv::Writer::from_writer(&mut bytes);
    // Writing to memory cannot fail, and every record has the header's length.
    let _ = writer.write_record(header::<R>(meta));
    for row in rows {
        let (point, strategy) = row.place();
        let values = meta.points.get(point).cloned().unwrap_or_default();
        let name = meta
            .strategies
            .get(strategy)
            .map_or(String::new(), |s| s.name.clone());
        let _ = writer.write_record(values.into_iter().chain([name]).chain(row.cells()));
    }
    drop(writer);
    bytes
}

fn header<R: Row>(meta: &Meta) -> Vec<String> {
    let own = ["strategy"]
        .iter()
        .chain(R::COLUMNS)
        .map(ToString::to_string);
    meta.sweep.iter().cloned().chain(own).collect()
}

/// Where rows belong: points by their values, strategies by their names.
struct Places {
    points: BTreeMap<Vec<String>, usize>,
    strategies: BTreeMap<String, usize>,
}

impl Places {
    fn new(meta: &Meta) -> Places {
        let named = meta.strategies.iter().enumerate();
        Places {
            points: meta
                .points
                .iter()
                .cloned()
                .enumerate()
                .map(|(k, values)| (values, k))
                .collect(),
            strategies: named
                .map(|(k, strategy)| (strategy.name.clone(), k))
                .collect(),
        }
    }
}

fn rows<R: Row>(meta: &Meta, file: &str, bytes: &[u8]) -> Result<Vec<R>, Damaged> {
    let at = |line: Option<u64>| line.map_or(file.to_string(), |line| format!("{file}:{line}"));
    let damaged = |line, message| Damaged {
        place: at(line),
        message,
    };
    let mut reader = ::csv::Reader::from_reader(bytes);
    let expected = header::<R>(meta);
    let found = reader
        .headers()
        .map_err(|e| damaged(line_of(&e), explain(&e)))?
        .clone();
    check_header(&expected, &found).map_err(|message| damaged(Some(1), message))?;
    let places = Places::new(meta);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| damaged(line_of(&e), explain(&e)))?;
        let line = record.position().map(::csv::Position::line);
        let row = read_row(meta, &places, &expected, &record)
            .map_err(|message| damaged(line, message))?;
        rows.push(row);
    }
    Ok(rows)
}

fn check_header(expected: &[String], found: &::csv::StringRecord) -> Result<(), String> {
    if found.is_empty() {
        return Err("the table is empty; run the scenario again to write it anew".into());
    }
    for (k, name) in expected.iter().enumerate() {
        match found.get(k) {
            Some(given) if given == name => {}
            Some(given) => {
                return Err(format!(
                    "column {} is `{given}`, but `{name}` belongs here",
                    k + 1
                ));
            }
            None => return Err(format!("column {} `{name}` is missing", k + 1)),
        }
    }
    found.get(expected.len()).map_or(Ok(()), |extra| {
        Err(format!("column `{extra}` is not part of this table"))
    })
}

fn read_row<R: Row>(
    meta: &Meta,
    places: &Places,
    names: &[String],
    record: &::csv::StringRecord,
) -> Result<R, String> {
    let swept = meta.sweep.len();
    let values: Vec<String> = record.iter().take(swept).map(String::from).collect();
    let no_point = || {
        format!(
            "no point with the values {} is in {MANIFEST}",
            values.join(", ")
        )
    };
    let point = if swept == 0 {
        0
    } else {
        *places.points.get(&values).ok_or_else(no_point)?
    };
    let name = record.get(swept).unwrap_or_default();
    let no_strategy = || format!("column `strategy`: `{name}` is not a strategy of {MANIFEST}");
    let strategy = *places.strategies.get(name).ok_or_else(no_strategy)?;
    R::read(
        point,
        strategy,
        &mut Cells {
            record,
            names,
            next: swept + 1,
        },
    )
}

fn line_of(error: &::csv::Error) -> Option<u64> {
    error.position().map(::csv::Position::line)
}

fn explain(error: &::csv::Error) -> String {
    match error.kind() {
        ::csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!(
                "{len} columns where the header has {expected_len}; the line is damaged or cut short"
            )
        }
        ::csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8".into(),
        _ => "the line cannot be read as CSV".into(),
    }
}

/// The cells of a record, read from left to right.
struct Cells<'a> {
    record: &'a ::csv::StringRecord,
    names: &'a [String],
    next: usize,
}

impl Cells<'_> {
    fn text(&mut self) -> String {
        let cell = self.record.get(self.next).unwrap_or_default().to_string();
        self.next += 1;
        cell
    }

    fn wrong(&self, cell: &str, wanted: &str) -> String {
        let name = self.names.get(self.next - 1).map_or("", String::as_str);
        format!("column `{name}`: `{cell}` is not {wanted}")
    }

    fn maybe(&mut self) -> Result<Option<f64>, String> {
        let cell = self.text();
        if cell.is_empty() {
            return Ok(None);
        }
        cell.parse()
            .map(Some)
            .map_err(|_| self.wrong(&cell, "a number"))
    }

    fn number(&mut self) -> Result<f64, String> {
        self.maybe()?.ok_or_else(|| self.wrong("", "a number"))
    }

    fn whole<T: std::str::FromStr>(&mut self) -> Result<T, String> {
        let cell = self.text();
        cell.parse()
            .map_err(|_| self.wrong(&cell, "a whole number"))
    }

    fn maybe_whole(&mut self) -> Result<Option<u64>, String> {
        let cell = self.text();
        if cell.is_empty() {
            return Ok(None);
        }
        cell.parse()
            .map(Some)
            .map_err(|_| self.wrong(&cell, "a whole number"))
    }

    fn flag(&mut self) -> Result<bool, String> {
        let cell = self.text();
        cell.parse().map_err(|_| self.wrong(&cell, "true or false"))
    }

    fn word<T: DeserializeOwned>(&mut self) -> Result<T, String> {
        let cell = self.text();
        let value = serde_json::Value::String(cell.clone());
        serde_json::from_value(value).map_err(|_| self.wrong(&cell, "one of this column's words"))
    }
}

fn float(value: f64) -> String {
    format!("{value}")
}

fn optional<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

/// The word that the manifest would hold for `value`.
fn word<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

impl Row for SummaryRow {
    const COLUMNS: &'static [&'static str] = &[
        "class",
        "metric",
        "unit",
        "mean",
        "ci_low",
        "ci_high",
        "stddev",
        "replications",
        "status",
    ];

    fn place(&self) -> (usize, usize) {
        (self.point, self.strategy)
    }

    fn cells(&self) -> Vec<String> {
        let figures = [self.mean, self.ci_low, self.ci_high, self.stddev].map(optional);
        let names = [self.class.clone(), self.metric.clone(), self.unit.clone()];
        let rest = [self.replications.to_string(), word(self.status)];
        names.into_iter().chain(figures).chain(rest).collect()
    }

    fn read(point: usize, strategy: usize, cells: &mut Cells<'_>) -> Result<Self, String> {
        Ok(SummaryRow {
            point,
            strategy,
            class: cells.text(),
            metric: cells.text(),
            unit: cells.text(),
            mean: cells.maybe()?,
            ci_low: cells.maybe()?,
            ci_high: cells.maybe()?,
            stddev: cells.maybe()?,
            replications: cells.whole()?,
            status: cells.word()?,
        })
    }
}

impl Row for ComparisonRow {
    const COLUMNS: &'static [&'static str] = &[
        "metric",
        "unit",
        "baseline_mean",
        "mean",
        "difference",
        "ci_low",
        "ci_high",
        "relative",
        "relative_low",
        "relative_high",
        "margin",
        "level",
        "replications",
        "verdict",
        "replications_needed",
        "exact",
    ];

    fn place(&self) -> (usize, usize) {
        (self.point, self.strategy)
    }

    fn cells(&self) -> Vec<String> {
        let means = [self.baseline_mean, self.mean];
        let difference = [self.difference, self.ci_low, self.ci_high];
        let relative = [self.relative, self.relative_low, self.relative_high];
        let figures = means
            .into_iter()
            .chain(difference)
            .chain(relative)
            .map(optional);
        let rest = [
            float(self.margin),
            float(self.level),
            self.replications.to_string(),
            word(self.verdict),
            optional(self.replications_needed),
            self.exact.to_string(),
        ];
        [self.metric.to_string(), self.unit.clone()]
            .into_iter()
            .chain(figures)
            .chain(rest)
            .collect()
    }

    fn read(point: usize, strategy: usize, cells: &mut Cells<'_>) -> Result<Self, String> {
        Ok(ComparisonRow {
            point,
            strategy,
            metric: cells.word()?,
            unit: cells.text(),
            baseline_mean: cells.maybe()?,
            mean: cells.maybe()?,
            difference: cells.maybe()?,
            ci_low: cells.maybe()?,
            ci_high: cells.maybe()?,
            relative: cells.maybe()?,
            relative_low: cells.maybe()?,
            relative_high: cells.maybe()?,
            margin: cells.number()?,
            level: cells.number()?,
            replications: cells.whole()?,
            verdict: cells.word()?,
            replications_needed: cells.maybe_whole()?,
            exact: cells.flag()?,
        })
    }
}

impl Row for ReplicationRow {
    const COLUMNS: &'static [&'static str] = &["replication", "class", "metric", "value"];

    fn place(&self) -> (usize, usize) {
        (self.point, self.strategy)
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.replication.to_string(),
            self.class.clone(),
            self.metric.clone(),
            optional(self.value),
        ]
    }

    fn read(point: usize, strategy: usize, cells: &mut Cells<'_>) -> Result<Self, String> {
        Ok(ReplicationRow {
            point,
            strategy,
            replication: cells.whole()?,
            class: cells.text(),
            metric: cells.text(),
            value: cells.maybe()?,
        })
    }
}

impl Row for CcdfRow {
    const COLUMNS: &'static [&'static str] = &["class", "response", "jobs_above", "share_above"];

    fn place(&self) -> (usize, usize) {
        (self.point, self.strategy)
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.class.clone(),
            float(self.response),
            self.jobs_above.to_string(),
            float(self.share_above),
        ]
    }

    fn read(point: usize, strategy: usize, cells: &mut Cells<'_>) -> Result<Self, String> {
        Ok(CcdfRow {
            point,
            strategy,
            class: cells.text(),
            response: cells.number()?,
            jobs_above: cells.whole()?,
            share_above: cells.number()?,
        })
    }
}

impl Row for TimelineRow {
    const COLUMNS: &'static [&'static str] = &[
        "time",
        "imbalance_cov",
        "imbalance_max_over_mean",
        "utilization",
        "jobs_in_system",
        "tasks_waiting",
    ];

    fn place(&self) -> (usize, usize) {
        (self.point, self.strategy)
    }

    fn cells(&self) -> Vec<String> {
        let imbalance = [self.imbalance_cov, self.imbalance_max_over_mean];
        let rest = [self.utilization, self.jobs_in_system, self.tasks_waiting];
        [self.time]
            .into_iter()
            .chain(imbalance)
            .chain(rest)
            .map(float)
            .collect()
    }

    fn read(point: usize, strategy: usize, cells: &mut Cells<'_>) -> Result<Self, String> {
        Ok(TimelineRow {
            point,
            strategy,
            time: cells.number()?,
            imbalance_cov: cells.number()?,
            imbalance_max_over_mean: cells.number()?,
            utilization: cells.number()?,
            jobs_in_system: cells.number()?,
            tasks_waiting: cells.number()?,
        })
    }
}

impl Row for NodeRow {
    const COLUMNS: &'static [&'static str] = &["rank", "node", "group", "utilization", "tasks"];

    fn place(&self) -> (usize, usize) {
        (self.point, self.strategy)
    }

    fn cells(&self) -> Vec<String> {
        let names = [self.rank.to_string(), self.node.clone(), self.group.clone()];
        names
            .into_iter()
            .chain([float(self.utilization), self.tasks.to_string()])
            .collect()
    }

    fn read(point: usize, strategy: usize, cells: &mut Cells<'_>) -> Result<Self, String> {
        Ok(NodeRow {
            point,
            strategy,
            rank: cells.whole()?,
            node: cells.text(),
            group: cells.text(),
            utilization: cells.number()?,
            tasks: cells.whole()?,
        })
    }
}

impl Row for TheoryRow {
    const COLUMNS: &'static [&'static str] = &[
        "class",
        "metric",
        "unit",
        "model",
        "kind",
        "theory",
        "mean",
        "ci_low",
        "ci_high",
        "replications",
        "agreement",
    ];

    fn place(&self) -> (usize, usize) {
        (self.point, self.strategy)
    }

    fn cells(&self) -> Vec<String> {
        let names = [&self.class, &self.metric, &self.unit, &self.model].map(String::clone);
        let kind = [word(self.kind), float(self.theory)];
        let figures = [self.mean, self.ci_low, self.ci_high].map(optional);
        let rest = [self.replications.to_string(), word(self.agreement)];
        names
            .into_iter()
            .chain(kind)
            .chain(figures)
            .chain(rest)
            .collect()
    }

    fn read(point: usize, strategy: usize, cells: &mut Cells<'_>) -> Result<Self, String> {
        Ok(TheoryRow {
            point,
            strategy,
            class: cells.text(),
            metric: cells.text(),
            unit: cells.text(),
            model: cells.text(),
            kind: cells.word()?,
            theory: cells.number()?,
            mean: cells.maybe()?,
            ci_low: cells.maybe()?,
            ci_high: cells.maybe()?,
            replications: cells.whole()?,
            agreement: cells.word()?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::report::sample::Sample;

    type Files = BTreeMap<String, Vec<u8>>;

    fn files(results: &Results) -> Files {
        write(results)
            .into_iter()
            .chain([(MANIFEST.to_string(), manifest(&results.meta))])
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
            results.summary[0].mean = Some(f64::MIN_POSITIVE);
            results.summary[1].mean = Some(0.1 + 0.2);
            results.replications[0].value = Some(-1e300);
            assert_eq!(read_files(&files(&results)).unwrap(), results);
        }
    }

    #[test]
    fn the_sweep_comes_first_then_the_columns_of_the_design() {
        let tables = files(&Sample::loads(&[0.5, 0.8], 2).results());
        let summary = String::from_utf8(tables["summary.csv"].clone()).unwrap();
        let header = "workload.load,strategy,class,metric,unit,mean,ci_low,ci_high,stddev,replications,status";
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
