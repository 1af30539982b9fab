//! Both sides by their `decisions.csv` and `jobs.csv`.
//!
//! The way to compare two versions of the program: each recorded what it did, and neither needs to
//! be run again.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use csv::{ErrorKind, Position, Reader, StringRecord};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{Exit, Found, Pair, Side};
use crate::decision_log::first_difference::{
    DifferenceKind, FirstDifference, SeenDecision, SeenNode,
};
use crate::decision_log::response_shift::{ResponseShift, ResponseTimes};
use crate::engine::time::Time;
use crate::experiment::record::RowKind;

/// A replication: point (from 1), strategy and number.
type Key = (u64, String, u64);

/// The recorded rows of a side.
pub struct Tables {
    decisions: Table,
    jobs: Option<Table>,
}

struct Table {
    path: PathBuf,
    /// Where the rows of each replication begin, and how many they are.
    groups: BTreeMap<Key, (Position, u64)>,
}

/// A row of `decisions.csv`, by position.
#[derive(Deserialize)]
struct DecisionRow {
    _replication: [IgnoredAny; 3],
    time: u64,
    dispatcher: u32,
    job: u64,
    class: String,
    task: u32,
    node: String,
    tasks_seen: u64,
    _nodes_asked: IgnoredAny,
    score: Option<f64>,
    candidates: String,
}

/// Columns of `decisions.csv` that say what was decided: instant to node.
const DECIDED: Range<usize> = 3..9;

/// A row of `jobs.csv`, by position.
#[derive(Deserialize)]
struct JobRow {
    _replication: [IgnoredAny; 3],
    job: u64,
    class: String,
    status: String,
    measured: String,
    arrival: u64,
    completion: Option<u64>,
    _tasks: IgnoredAny,
    blame: [Option<u64>; 7],
}

impl Tables {
    /// Looks through the tables of a folder.
    pub fn read(side: &Side) -> Result<Tables, Exit> {
        let table = |kind: RowKind| {
            let path = side.dir.join(format!("{}.csv", kind.name()));
            path.is_file().then(|| Table::read(&path, kind)).transpose()
        };
        let missing = || unreadable(&side.dir, "there are no decisions");
        Ok(Tables {
            decisions: table(RowKind::Decisions)?.ok_or_else(missing)?,
            jobs: table(RowKind::Jobs)?,
        })
    }
}

impl Table {
    /// Finds where the rows of each replication begin; the columns are checked, since another version may have
    /// written them.
    fn read(path: &Path, kind: RowKind) -> Result<Table, Exit> {
        let mut rows = Rows::open(path)?;
        let header = rows
            .reader
            .headers()
            .map_err(|error| broken(path, &error))?;
        if header.iter().collect::<Vec<_>>().join(",") != kind.header().trim_end() {
            let what = "the columns are not those of this version";
            return Err(damaged(path, 1, what));
        }
        let mut groups = BTreeMap::new();
        let mut position = rows.reader.position().clone();
        while rows.advance()? {
            groups.entry(rows.parsed()?).or_insert((position, 0)).1 += 1;
            position = rows.reader.position().clone();
        }
        Ok(Table {
            path: path.to_path_buf(),
            groups,
        })
    }

    /// The rows of a replication.
    fn rows(&self, key: &Key) -> Result<Rows<'_>, Exit> {
        let mut rows = Rows::open(&self.path)?;
        rows.left = 0;
        if let Some((position, count)) = self.groups.get(key) {
            let sought = rows.reader.seek(position.clone());
            sought.map_err(|error| broken(&self.path, &error))?;
            rows.left = *count;
        }
        Ok(rows)
    }
}

/// Rows that are read one after another.
struct Rows<'t> {
    path: &'t Path,
    reader: Reader<File>,
    left: u64,
    row: StringRecord,
}

impl Rows<'_> {
    /// All rows of a file.
    fn open(path: &Path) -> Result<Rows<'_>, Exit> {
        Ok(Rows {
            path,
            reader: Reader::from_path(path).map_err(|error| broken(path, &error))?,
            left: u64::MAX,
            row: StringRecord::new(),
        })
    }

    /// Reads the next row; false behind the last.
    fn advance(&mut self) -> Result<bool, Exit> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let read = self.reader.read_record(&mut self.row);
        read.map_err(|error| broken(self.path, &error))
    }

    /// The present row as what it holds.
    fn parsed<T: DeserializeOwned>(&self) -> Result<T, Exit> {
        self.row.deserialize(None).map_err(|error| {
            let column = match error.kind() {
                ErrorKind::Deserialize { err, .. } => err.field(),
                _ => None,
            };
            let cell = column.and_then(|column| self.row.get(column as usize));
            let line = self.row.position().map_or(0, Position::line);
            let cell = cell.unwrap_or_default();
            damaged(self.path, line, &format!("`{cell}` is not a whole number"))
        })
    }
}

/// What is found by reading both sides' rows of each replication of `pair` until one differs.
pub fn compare(sides: &[Side; 2], tables: &[Tables; 2], pair: &Pair) -> Result<Found, Exit> {
    let both = Both {
        sides,
        tables,
        pair,
    };
    let mut decisions = 0;
    for &replication in &pair.replications {
        let (number, kind) = both.first_difference(replication)?;
        decisions += number;
        let shift = both.shift(replication)?;
        let has_shifted = shift.as_ref().is_some_and(|shift| shift.differing > 0);
        if let Some(kind) = kind.or(has_shifted.then_some(DifferenceKind::Jobs)) {
            return Ok(Found::Differs(Box::new(FirstDifference {
                replication: u64::from(replication),
                kind,
                shift,
            })));
        }
    }
    Ok(Found::Same(decisions))
}

/// What both sides recorded of a strategy at a point.
struct Both<'a> {
    sides: &'a [Side; 2],
    tables: &'a [Tables; 2],
    pair: &'a Pair,
}

impl<'a> Both<'a> {
    /// The rows that the side `at` has of a replication in `table`.
    fn rows(&self, table: &'a Table, at: usize, replication: u32) -> Result<Rows<'a>, Exit> {
        let strategies = &self.sides[at].results.meta.strategies;
        let strategy = strategies[self.pair.strategies[at]].name.clone();
        let point = self.pair.points[at] as u64 + 1;
        table.rows(&(point, strategy, u64::from(replication)))
    }

    /// How many decisions are the same, and what differs then.
    fn first_difference(&self, replication: u32) -> Result<(u64, Option<DifferenceKind>), Exit> {
        let rows = |at: usize| self.rows(&self.tables[at].decisions, at, replication);
        let (mut old, mut new) = (rows(0)?, rows(1)?);
        let count = DifferenceKind::Count {
            old: old.left,
            new: new.left,
        };
        let mut number = 0;
        loop {
            match (old.advance()?, new.advance()?) {
                (true, true) => number += 1,
                (false, false) => return Ok((number, None)),
                _ => return Ok((number, Some(count))),
            }
            if DECIDED.clone().any(|at| old.row.get(at) != new.row.get(at)) {
                let both = (seen(&old, number)?, seen(&new, number)?);
                return Ok((number, Some(DifferenceKind::Decision(Box::new(both)))));
            }
        }
    }

    /// How the response times changed, where both recorded jobs.
    fn shift(&self, replication: u32) -> Result<Option<ResponseShift>, Exit> {
        let [Some(old), Some(new)] = self.tables.each_ref().map(|side| side.jobs.as_ref()) else {
            return Ok(None);
        };
        let times = |table, at| response_times(self.rows(table, at, replication)?, &self.sides[0]);
        Ok(Some(ResponseShift::of_times(
            times(old, 0)?,
            times(new, 1)?,
        )))
    }
}

/// The decision of this number, with the nodes that were asked.
fn seen(rows: &Rows<'_>, number: u64) -> Result<SeenDecision, Exit> {
    let row: DecisionRow = rows.parsed()?;
    Ok(SeenDecision {
        number,
        time: Time(row.time),
        dispatcher: row.dispatcher,
        job: row.job,
        class: row.class,
        task: row.task,
        eligible: 0,
        chosen: SeenNode {
            name: row.node,
            tasks: Some(row.tasks_seen),
            score: row.score,
            is_eligible: true,
            ..SeenNode::default()
        },
        asked: candidates(&row.candidates),
        afresh: None,
    })
}

/// The nodes of `old[3]:5 new[0]:2`.
fn candidates(text: &str) -> Vec<SeenNode> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find("]:") {
        let (name, after) = (&rest[..=end], &rest[end + 2..]);
        let (tasks, next) = after.split_once(' ').unwrap_or((after, ""));
        found.push(SeenNode {
            name: name.to_owned(),
            tasks: tasks.parse().ok(),
            is_eligible: true,
            ..SeenNode::default()
        });
        rest = next;
    }
    found
}

/// Response times of the measured jobs; classes by their index on the first side.
fn response_times(mut rows: Rows<'_>, first: &Side) -> Result<ResponseTimes, Exit> {
    let mut times = ResponseTimes::default();
    let classes = &first.results.meta.classes;
    while rows.advance()? {
        let row: JobRow = rows.parsed()?;
        if row.measured != "true" {
            continue;
        }
        let class = classes.iter().position(|class| class.name == row.class);
        let class = class.unwrap_or(classes.len()) as u32;
        let completion = row.completion.filter(|_| row.status == "completed");
        let completed = completion.map(|at| {
            let blame = row.blame.map(Option::unwrap_or_default);
            (Time(at.saturating_sub(row.arrival)), blame)
        });
        times.add(class, row.job, completed);
    }
    Ok(times)
}

/// Tells which row of a table cannot be read.
fn broken(path: &Path, error: &csv::Error) -> Exit {
    let line = error.position().map_or(1, Position::line);
    match error.kind() {
        ErrorKind::Io(error) => unreadable(path, &error.to_string()),
        ErrorKind::Utf8 { .. } => damaged(path, line, "this is not UTF-8 text"),
        _ => {
            let what = "the row has not as many cells as the table has columns";
            damaged(path, line, what)
        }
    }
}

fn unreadable(path: &Path, why: &str) -> Exit {
    Exit::Fault(format!("error: cannot read {}: {why}", path.display()))
}

fn damaged(path: &Path, line: u64, what: &str) -> Exit {
    Exit::Mistake(format!(
        "error: {}:{line}: {what}\nhint: run the scenario again to write the table anew",
        path.display()
    ))
}
