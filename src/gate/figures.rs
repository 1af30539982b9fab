//! What is held of a run: the watched figures of each replication, digests, and where time went.
//!
//! Digests come first. If every decision and result is the same as before, nothing needs to be
//! estimated and nothing can fail by chance; figures are compared only where something changed.

use crate::metrics::columns::MetricRef;
use serde::{Deserialize, Serialize};

use crate::decision_log::DecisionLog;
use crate::experiment::results::{ReplicationRow, Results, Status, digest};

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

/// A metric's value in each replication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricValues {
    /// The metric.
    pub metric: MetricRef,
    /// Unit of the tables.
    pub unit: String,
    /// Whether the figure stands.
    #[serde(skip)]
    pub status: Status,
    /// By replication.
    pub values: Vec<f64>,
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
        let of = |strategy: usize| {
            let logs = logs.get(strategy).map_or(&[][..], Vec::as_slice);
            CellRows::new(results, point, strategy).figures(watched, logs)
        };
        PointFigures {
            workload: digest(workload.join("\n").as_bytes()),
            strategies: (0..results.meta.strategies.len()).map(of).collect(),
        }
    };
    results
        .meta
        .workload_digests
        .iter()
        .enumerate()
        .map(point)
        .collect()
}

/// The rows of one strategy at one point.
struct CellRows<'a> {
    results: &'a Results,
    at: (usize, usize),
    rows: Vec<&'a ReplicationRow>,
}

impl CellRows<'_> {
    fn new(results: &Results, point: usize, strategy: usize) -> CellRows<'_> {
        let at = (point, strategy);
        let rows = results.replications.iter();
        CellRows {
            results,
            at,
            rows: rows.filter(|row| (row.point, row.strategy) == at).collect(),
        }
    }

    fn figures(&self, watched: &[(MetricRef, f64)], logs: &[DecisionLog]) -> StrategyFigures {
        let summary = self.results.summary.iter();
        let mut own = summary.filter(|row| (row.point, row.strategy) == self.at);
        let decisions = logs.iter().map(|log| format!("{:016x}", log.digest()));
        StrategyFigures {
            strategy: self.results.meta.strategies[self.at.1].name.clone(),
            is_unstable: own.any(|row| row.status == Status::Unstable),
            jobs: self.jobs(watched),
            metrics: watched
                .iter()
                .map(|(metric, _)| self.metric(metric))
                .collect(),
            slowest: self.slowest(),
            results: self.digest(watched),
            decisions: decisions.collect(),
            decision_log: logs.first().cloned().unwrap_or_default(),
        }
    }

    fn values<'a>(&'a self, class: &'a str, metric: &'a str) -> impl Iterator<Item = f64> + 'a {
        let rows = self.rows.iter();
        let rows = rows.filter(move |row| row.class == class && row.metric == metric);
        rows.map(|row| row.value.unwrap_or(f64::NAN))
    }

    fn metric(&self, metric: &MetricRef) -> MetricValues {
        let mut summary = self.results.summary.iter();
        let row = summary
            .find(|row| (row.point, row.strategy) == self.at && metric.is(&row.class, &row.metric));
        MetricValues {
            metric: metric.clone(),
            unit: row.map_or_else(|| "1".to_owned(), |row| row.unit.clone()),
            status: row.map_or(Status::NotAvailable, |row| row.status),
            values: self
                .values(&metric.part.to_string(), metric.metric.name())
                .collect(),
        }
    }

    fn jobs(&self, watched: &[(MetricRef, f64)]) -> Vec<JobCounts> {
        let mut classes = vec!["all".to_owned()];
        for (metric, _) in watched {
            let class = metric.part.to_string();
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
        let sum = |class: &str, kinds: &[&str]| -> f64 {
            let kinds = kinds.iter();
            kinds
                .map(|kind| self.values(class, kind).sum::<f64>())
                .sum()
        };
        let jobs = |class: &String| {
            let lost = sum(class, &["jobs_failed", "jobs_rejected", "jobs_unfinished"]);
            JobCounts {
                class: class.clone(),
                measured: sum(class, &["jobs_completed"]) + lost,
                lost,
            }
        };
        classes.iter().map(jobs).collect()
    }

    fn slowest(&self) -> Vec<(String, f64)> {
        let summary = self.results.summary.iter();
        let own = summary.filter(|row| (row.point, row.strategy) == self.at && row.class == "all");
        own.filter_map(|row| {
            let part = row.metric.strip_prefix("blame_")?.strip_suffix("_tail")?;
            Some((part.to_owned(), row.mean?))
        })
        .collect()
    }

    fn digest(&self, watched: &[(MetricRef, f64)]) -> String {
        let is_held = |row: &&&ReplicationRow| {
            let of_all = row.metric.starts_with("blame_") || row.metric.starts_with("jobs_");
            row.class == "all" && of_all
                || watched
                    .iter()
                    .any(|(metric, _)| metric.is(&row.class, &row.metric))
        };
        let mut bytes = Vec::new();
        for row in self.rows.iter().filter(is_held) {
            bytes.extend(row.class.as_bytes());
            bytes.extend(row.metric.as_bytes());
            bytes.extend(row.value.unwrap_or(f64::NAN).to_bits().to_le_bytes());
        }
        digest(&bytes)
    }
}
