//! What is held of a run: the watched figures of each replication, digests, and where time went.
//!
//! Digests come first. If every decision and result is the same as before, nothing needs to be
//! estimated and nothing can fail by chance; figures are compared only where something changed.

use crate::metrics::columns::{MetricRef, Part};
use serde::{Deserialize, Serialize};

use crate::decision_log::DecisionLog;
use crate::results::{Cell, Results, Status, Summary, digest};
use crate::stats::Pseudo;

/// The figures of one point.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PointFigures {
    /// Digest of the measured jobs of all replications.
    pub workload: String,
    /// By watched strategy, in file order.
    pub strategies: Vec<StrategyFigures>,
}

/// The figures of one strategy at one point.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StrategyFigures {
    /// The strategy's name.
    pub strategy: String,
    /// The number of jobs in the system grows; no baseline is.
    #[serde(skip)]
    pub is_unstable: bool,
    /// Jobs of all and of each watched class.
    pub jobs: Vec<JobCounts>,
    /// The watched metrics.
    pub metrics: Vec<MetricValues>,
    /// Parts of the response time over the slowest 1 % of jobs, seconds, means over replications.
    pub slowest: Vec<(String, f64)>,
    /// Digest of the watched metrics, the parts of the response time and the counts of jobs of all
    /// replications, bit by bit.
    pub results: String,
    /// Digest of the decisions of each replication.
    pub decisions: Vec<String>,
    /// The decisions of replication 1.
    #[serde(rename = "trail")]
    pub decision_log: DecisionLog,
}

/// Measured jobs of a class, summed over replications.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JobCounts {
    /// The class; `all` for the whole.
    pub class: String,
    /// Measured jobs.
    pub measured: f64,
    /// Those that failed, were rejected or are unfinished.
    pub lost: f64,
}

/// A metric's pseudo-value in each replication: what is held of it, as they are of these replications
/// together and of no others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricValues {
    /// The metric.
    pub metric: MetricRef,
    /// Unit of the tables.
    pub unit: String,
    /// Whether the figure stands.
    #[serde(skip)]
    pub status: Status,
    /// Why it does not.
    #[serde(skip)]
    pub note: String,
    /// By replication, in the unit; of `slo_attained`, of the share that missed.
    pub values: Vec<f64>,
}

impl MetricValues {
    /// With the figure that they are recentred on; what is rare is refused when a baseline is made.
    pub fn pseudo(&self) -> Pseudo {
        Pseudo::recentred_on_itself(&self.values)
    }
}

impl StrategyFigures {
    /// Share of the jobs of `class` that were lost.
    pub fn lost_share(&self, class: &str) -> f64 {
        let jobs = self.jobs.iter().find(|jobs| jobs.class == class);
        jobs.map_or(0.0, |jobs| jobs.lost / jobs.measured.max(1.0))
    }

    /// A watched metric.
    pub fn metric(&self, metric: &MetricRef) -> Option<&MetricValues> {
        self.metrics.iter().find(|values| values.metric == *metric)
    }
}

/// What is held of a run in which each decision was followed (`logs`, by point, strategy and
/// replication), for the metrics `watched`. A missing value is NaN.
pub fn figures(
    results: &Results,
    logs: &[Vec<Vec<DecisionLog>>],
    watched: &[(MetricRef, f64)],
) -> Vec<PointFigures> {
    let no_logs: &[Vec<DecisionLog>] = &[];
    let point = |(point, workload): (usize, &Vec<String>)| {
        let logs = logs.get(point).map_or(no_logs, Vec::as_slice);
        let of = |(strategy, cell): (usize, &Cell)| {
            let logs = logs.get(strategy).map_or(&[][..], Vec::as_slice);
            figures_of(&results.meta.strategies[strategy].name, cell, watched, logs)
        };
        PointFigures {
            workload: digest(workload.join("\n").as_bytes()),
            strategies: results.cells[point].iter().enumerate().map(of).collect(),
        }
    };
    let digests = results.meta.workload_digests.iter();
    digests.enumerate().map(point).collect()
}

/// What is held of one strategy at one point.
fn figures_of(
    name: &str,
    cell: &Cell,
    watched: &[(MetricRef, f64)],
    logs: &[DecisionLog],
) -> StrategyFigures {
    let decisions = logs.iter().map(|log| format!("{:016x}", log.digest()));
    let metrics = watched.iter().map(|(metric, _)| values_of(cell, metric));
    StrategyFigures {
        strategy: name.to_owned(),
        is_unstable: cell.is_unstable(),
        jobs: jobs(cell, watched),
        metrics: metrics.collect(),
        slowest: slowest(cell),
        results: digest_of(cell, watched),
        decisions: decisions.collect(),
        decision_log: logs.first().cloned().unwrap_or_default(),
    }
}

/// The values of a figure; NaN where there is none.
fn plain(values: &[Option<f64>]) -> Vec<f64> {
    let values = values.iter();
    values.map(|value| value.unwrap_or(f64::NAN)).collect()
}

/// A metric's values by replication, from which pairs are made.
fn values_of(cell: &Cell, metric: &MetricRef) -> MetricValues {
    let figure = cell.get(metric);
    MetricValues {
        metric: metric.clone(),
        unit: metric.row().unit.to_owned(),
        status: figure.map_or(Status::NotAvailable, |figure| figure.status),
        note: figure.map_or(String::new(), |figure| figure.note.clone()),
        values: figure.map_or(Vec::new(), |figure| plain(&figure.pseudo)),
    }
}

/// Counts of jobs by class: strategies that lose jobs unequally are not compared.
fn jobs(cell: &Cell, watched: &[(MetricRef, f64)]) -> Vec<JobCounts> {
    let mut parts = vec![&Part::All];
    for (metric, _) in watched {
        if !parts.contains(&&metric.part) {
            parts.push(&metric.part);
        }
    }
    let counts = |part: &&Part| {
        let class = part.to_string();
        let (measured, lost) = cell.jobs(&class);
        JobCounts {
            class,
            measured,
            lost,
        }
    };
    parts.iter().map(counts).collect()
}

fn slowest(cell: &Cell) -> Vec<(String, f64)> {
    let of = |figure: &Summary| {
        let metric = figure.key.name();
        let part = metric.strip_prefix("blame_")?.strip_suffix("_tail")?;
        Some((part.to_owned(), figure.mean?))
    };
    let figures = cell.figures.iter();
    let all = figures.filter(|figure| figure.key.part == Part::All);
    all.filter_map(of).collect()
}

/// A digest of the watched values, of blame and of counts: where it is equal, nothing that matters has changed.
fn digest_of(cell: &Cell, watched: &[(MetricRef, f64)]) -> String {
    let is_held = |figure: &&Summary| {
        let name = figure.key.name();
        let is_common = name.starts_with("blame_") || name.starts_with("jobs_");
        let is_watched = watched.iter().any(|(metric, _)| *metric == figure.key);
        figure.key.part == Part::All && is_common || is_watched
    };
    let held: Vec<&Summary> = cell.figures.iter().filter(is_held).collect();
    let mut bytes = Vec::new();
    for replication in 0..cell.replications() {
        for figure in &held {
            let value = figure.values[replication].unwrap_or(f64::NAN);
            bytes.extend(figure.key.part.to_string().as_bytes());
            bytes.extend(figure.key.name().as_bytes());
            bytes.extend(value.to_bits().to_le_bytes());
        }
    }
    digest(&bytes)
}
