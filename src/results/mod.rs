//! What a run found: typed columns, and the files and JSON that they are written to.
//!
//! [`Results`] of a live run and of a folder that is read back are one type. Points and strategies
//! are known by their numbers; their names, and all other texts, stand at the edge only: in
//! [`tables`], in [`json()`] and in the manifest ([`Meta`]).

mod best;
mod json;
mod meta;
mod rows;
#[cfg(test)]
pub mod sample;
pub mod tables;

pub use crate::stats::Verdict;
pub use crate::theory::AnswerKind;
pub use best::{Best, best};
pub use json::{comparison, json};
pub use meta::{Build, ClassMeta, Meta, StrategyMeta, digest};
pub use rows::{
    Agreement, CcdfRow, ComparisonRow, NodeRow, ReplicationRow, Status, Summary, TheoryRow,
    TimelineRow, WOULD_DO,
};

use crate::metrics::columns::MetricRef;

/// Shares of jobs lost that differ by more are not compared.
pub const LOST_SHARE: f64 = 0.001;

/// All that a run found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// What the numbers are about.
    pub meta: Meta,
    /// The figures by point, then by strategy.
    pub cells: Vec<Vec<Cell>>,
    /// `comparisons.csv`: verdicts by point, deciding metric and strategy.
    pub comparisons: Vec<ComparisonRow>,
    /// `theory.csv`: known answers beside the simulation.
    pub theory: Vec<TheoryRow>,
}

/// What was found of one strategy at one point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// The metrics, in the order of the tables, each with its value in every replication.
    pub figures: Vec<Summary>,
    /// The survival curves of response times, class by class.
    pub ccdf: Vec<CcdfRow>,
    /// Replication 1 over time.
    pub timeline: Vec<TimelineRow>,
    /// The nodes of replication 1.
    pub nodes: Vec<NodeRow>,
}

impl Results {
    /// The cell of a strategy at a point; an empty one where there is none.
    pub fn cell(&self, point: usize, strategy: usize) -> &Cell {
        static NONE: Cell = Cell {
            figures: Vec::new(),
            ccdf: Vec::new(),
            timeline: Vec::new(),
            nodes: Vec::new(),
        };
        let cells = self.cells.get(point);
        cells.and_then(|cells| cells.get(strategy)).unwrap_or(&NONE)
    }

    /// The comparisons on the deciding `metric`.
    pub fn comparisons_on(&self, metric: &MetricRef) -> impl Iterator<Item = &ComparisonRow> {
        let rows = self.comparisons.iter();
        rows.filter(move |row| row.metric == *metric)
    }

    /// All cells with their points and strategies, in the order of the tables.
    pub fn all_cells(&self) -> impl Iterator<Item = ((usize, usize), &Cell)> {
        let points = self.cells.iter().enumerate();
        points.flat_map(|(point, cells)| {
            let strategies = cells.iter().enumerate();
            strategies.map(move |(strategy, cell)| ((point, strategy), cell))
        })
    }
}

impl Cell {
    /// The figures of `metric`.
    pub fn get(&self, metric: &MetricRef) -> Option<&Summary> {
        self.figures.iter().find(|figure| figure.key == *metric)
    }

    /// The figures of the metric of this name, of the part that tables call `part`.
    pub fn find(&self, part: &str, metric: &str) -> Option<&Summary> {
        self.figures
            .iter()
            .find(|figure| figure.key.is(part, metric))
    }

    /// The survival curve of `class`.
    pub fn ccdf(&self, class: &str) -> &[CcdfRow] {
        let start = self.ccdf.iter().position(|row| row.class == class);
        let rest = &self.ccdf[start.unwrap_or(self.ccdf.len())..];
        &rest[..rest.iter().take_while(|row| row.class == class).count()]
    }

    /// Whether the number of jobs in the system grows.
    pub fn is_unstable(&self) -> bool {
        let mut figures = self.figures.iter();
        figures.any(|figure| figure.status == Status::Unstable)
    }

    /// The measured jobs of the part that tables call `part`, and those of them that failed, were
    /// rejected or are unfinished, in all replications.
    pub fn jobs(&self, part: &str) -> (f64, f64) {
        let count = |metric: &str| -> f64 {
            let figure = self.find(part, metric).into_iter();
            figure.flat_map(|figure| &figure.values).flatten().sum()
        };
        let lost = count("jobs_failed") + count("jobs_rejected") + count("jobs_unfinished");
        (count("jobs_completed") + lost, lost)
    }

    /// The number of replications.
    pub fn replications(&self) -> usize {
        self.figures.first().map_or(0, |figure| figure.values.len())
    }
}
