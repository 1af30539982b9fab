//! The same jobs under two strategies, of the rows that a run has recorded: nothing is run again.
//!
//! Rows of one strategy at one point stand together, and replications in order, so that two passes side by side
//! hold one replication of each at a time, however long the tables are.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::moved::{Moved, of_trails};
use super::record::RowKind;
use super::trail::{JobTrail, Trail};
use crate::metrics::figures::RegretRow;

/// Which rows: of a point (from 0), and of the two strategies, the one that the other is held against first.
#[derive(Clone, Copy, Debug)]
pub struct Both<'a> {
    /// Index of the point.
    pub point: usize,
    /// Names of the strategies.
    pub strategies: [&'a str; 2],
    /// Names of the classes.
    pub classes: &'a [String],
}

#[derive(Deserialize)]
struct JobRow {
    job: u64,
    class: String,
    status: String,
    measured: bool,
    arrival_ns: u64,
    dispatch_ns: Option<u64>,
    decision_ns: Option<u64>,
    network_ns: Option<u64>,
    queue_ns: Option<u64>,
    service_ns: Option<u64>,
    retry_ns: Option<u64>,
    gather_ns: Option<u64>,
}

#[derive(Deserialize)]
struct TaskRow {
    job: u64,
    class: String,
    work_ns: u64,
}

/// What a page tells of rows that were recorded.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// Of the two strategies that it explains.
    pub moved: Option<Moved>,
    /// The regret of decisions, by strategy and replication.
    pub regret: Vec<Vec<RegretRow>>,
}

/// The rows of `regret.csv` in `folder` of a point (from 0), by strategy and replication; empty where it was not
/// recorded.
pub fn regret(folder: &Path, point: usize, strategies: &[&str]) -> Vec<Vec<RegretRow>> {
    let of = |strategy: &&str| {
        let mut rows = Rows::open(folder, RowKind::Regret, point, strategy)?;
        let replications = std::iter::from_fn(|| rows.replication::<RegretRow>());
        Some(replications.flat_map(|(_, rows)| rows).collect())
    };
    let all = strategies.iter().map(of);
    all.collect::<Option<_>>().unwrap_or_default()
}

/// What the rows of `folder` tell of both; none where jobs were not recorded, or cannot be read.
pub fn moved(folder: &Path, both: Both<'_>) -> Option<Moved> {
    let [before, after] = both.strategies;
    let rows = |kind, strategy| Rows::open(folder, kind, both.point, strategy);
    let mut sides = [rows(RowKind::Jobs, before)?, rows(RowKind::Jobs, after)?];
    let mut tasks = rows(RowKind::Tasks, before);
    let replications = std::iter::from_fn(|| {
        let (number, jobs) = sides[0].replication::<JobRow>()?;
        let (other, others) = sides[1].replication::<JobRow>()?;
        let works = tasks.as_mut().and_then(Rows::replication::<TaskRow>);
        let works = works.map(|(_, rows)| works_of(rows)).unwrap_or_default();
        let trails = [(jobs, &works), (others, &works)];
        let trails = trails.map(|(rows, works)| trail(rows, works, both.classes));
        (number == other).then_some((number, trails))
    });
    of_trails(replications, both.classes)
}

type Works = BTreeMap<(String, u64), u64>;

fn works_of(rows: Vec<TaskRow>) -> Works {
    let mut works = Works::new();
    for row in rows {
        *works.entry((row.class, row.job)).or_default() += row.work_ns;
    }
    works
}

/// The completed jobs of a replication, each with the work of its tasks where those were recorded.
fn trail(rows: Vec<JobRow>, works: &Works, classes: &[String]) -> Trail {
    let mut trail = Trail::default();
    for row in rows.into_iter().filter(|row| row.status == "completed") {
        let class = classes.iter().position(|class| *class == row.class);
        let (class, number) = (class.unwrap_or(classes.len()) as u32, row.job);
        let parts = [
            row.dispatch_ns,
            row.decision_ns,
            row.network_ns,
            row.queue_ns,
            row.service_ns,
            row.retry_ns,
            row.gather_ns,
        ];
        let work = works.get(&(row.class, number)).copied().unwrap_or(0);
        let job = JobTrail {
            measured: row.measured,
            arrival: row.arrival_ns,
            blame: parts.map(|part| part.unwrap_or(0)),
            work: work as f64 / 1e9,
        };
        trail.jobs.insert((class, number), job);
    }
    trail
}

/// Rows of one strategy at one point, which stand together, replication after replication.
struct Rows {
    reader: csv::Reader<File>,
    header: csv::StringRecord,
    lead: (String, String),
    /// The row that is next.
    next: Option<csv::StringRecord>,
}

impl Rows {
    /// The rows of a strategy at a point; none where the table is not there.
    fn open(folder: &Path, kind: RowKind, point: usize, strategy: &str) -> Option<Rows> {
        let path = folder.join(format!("{}.csv", kind.name()));
        let mut reader = csv::Reader::from_path(path).ok()?;
        let header = reader.headers().ok()?.clone();
        let mut rows = Rows {
            reader,
            header,
            lead: ((point + 1).to_string(), strategy.to_owned()),
            next: None,
        };
        while rows.step()? {}
        Some(rows)
    }

    /// Reads a row; true while it is of something else, none at the end.
    fn step(&mut self) -> Option<bool> {
        let mut row = csv::StringRecord::new();
        let is_there = self.reader.read_record(&mut row).ok()?;
        let is_mine = row.get(0) == Some(&self.lead.0) && row.get(1) == Some(&self.lead.1);
        self.next = (is_there && is_mine).then_some(row);
        is_there.then_some(!is_mine)
    }

    /// The number of the next replication with its rows.
    fn replication<T: DeserializeOwned>(&mut self) -> Option<(u32, Vec<T>)> {
        let number = self.next.as_ref()?.get(2)?.to_owned();
        let mut rows = Vec::new();
        while let Some(row) = self.next.take_if(|row| row.get(2) == Some(&number)) {
            rows.push(row.deserialize(Some(&self.header)).ok()?);
            self.step();
        }
        Some((number.parse().ok()?, rows))
    }
}
