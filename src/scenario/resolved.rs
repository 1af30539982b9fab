//! A scenario without mistakes: what its file says, ready to run.
//!
//! From here on nothing can be wrong with it but what only running can show, and so what comes after has no
//! messages of its own.

use super::text::messages::Report;
use crate::metrics::columns::MetricRef;
use crate::sim::setup::Setup;
use crate::text::assignments;

/// A cell of the sweep's grid.
#[derive(Clone, Debug)]
pub struct Point {
    /// The value of each swept path, as text.
    pub values: Vec<String>,
    /// The warm-up is to be found by pilot replications; until then the setups have the default.
    pub warmup_is_auto: bool,
    /// One setup for each strategy.
    pub setups: Vec<Setup>,
}

/// A strategy as tables name it.
#[derive(Clone, Debug, PartialEq)]
pub struct StrategyText {
    /// `strategies.NAME`.
    pub name: String,
    /// Each part and its value as scenario text, defaults included.
    pub parts: Vec<(String, String)>,
}

/// What decides between strategies.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// The strategy that the others are compared with.
    pub baseline: String,
    /// Metrics that decide, in the file's order.
    pub decide_on: Vec<MetricRef>,
    /// Metrics that are shown beside them.
    pub show: Vec<MetricRef>,
    /// Relative margin inside which a difference does not matter.
    pub margin: f64,
    /// Confidence of all comparisons together.
    pub confidence: f64,
    /// Comparisons that the file asks for: deciding metrics x points x other strategies. What is
    /// left out of a run afterwards does not change it.
    pub family: usize,
}

/// How narrow an interval must be before a run ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// The metric.
    pub metric: MetricRef,
    /// Half-width / |mean| that will do.
    pub relative: f64,
    /// Half-width that will do, in the metric's unit.
    pub absolute: f64,
    /// Replications at most.
    pub most: u32,
}

/// What `gate` holds a change against.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Strategies that are watched, in file order.
    pub strategies: Vec<String>,
    /// Metrics that are watched, with the relative change for the worse that is allowed.
    pub margins: Vec<(MetricRef, f64)>,
}

/// A scenario without mistakes, ready to run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The title, else the file's stem.
    pub title: String,
    /// Stem of the file's name.
    pub stem: String,
    /// Dotted paths of the swept keys.
    pub sweep: Vec<String>,
    /// The grid; the last path changes fastest. One point without values where nothing is swept.
    pub points: Vec<Point>,
    /// Strategies in file order.
    pub strategies: Vec<StrategyText>,
    /// Names of the classes and their objectives in seconds, in file order, of all points.
    pub classes: Vec<(String, Option<f64>)>,
    /// What decides.
    pub compare: Compare,
    /// What `gate` watches.
    pub gate: Gate,
    /// Replications of each point and strategy; with `precision`, to begin with.
    pub replications: u32,
    /// Until when replications are added.
    pub precision: Option<Precision>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Facts about traces and what they stand for, one sentence each.
    pub notes: Vec<String>,
    /// The text after `--set`; read again it gives the same scenario.
    pub text: String,
    /// Messages that do not stop the run.
    pub warnings: Report,
}

impl Scenario {
    /// The metrics that the file asks for by name.
    pub fn asked(&self) -> Vec<MetricRef> {
        let watched = self.gate.margins.iter().map(|(metric, _)| metric);
        let awaited = self.precision.iter().map(|precision| &precision.metric);
        let compare = &self.compare;
        let named = compare.decide_on.iter().chain(&compare.show);
        let all = named.chain(watched).chain(awaited);
        all.cloned().collect()
    }

    /// " at workload.load = 0.8" of the point with this index; nothing without a sweep.
    pub fn at(&self, point: usize) -> String {
        let point = self.points.get(point).filter(|_| !self.sweep.is_empty());
        point.map_or(String::new(), |point| {
            format!(" at {}", assignments(&self.sweep, &point.values))
        })
    }
}
