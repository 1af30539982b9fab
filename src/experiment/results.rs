//! What an experiment found: the tables that every report, plot and verdict is a function of.
//!
//! Each row type here is one CSV file of a run's folder. A *point* is one cell of the sweep's grid;
//! its values are text exactly as the sweep wrote them, so that a table can be read back and redrawn.

use serde::{Deserialize, Serialize};

use crate::metrics::columns::MetricRef;
pub use crate::stats::Verdict;
pub use crate::theory::AnswerKind;

/// Everything about a run that is not a number of a table; stored in `manifest.json`.
/// It holds no clock time, so that two equal runs have equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// Version of equipoise that made the results.
    pub version: String,
    /// The scenario's `title`, else its file stem.
    pub title: String,
    /// Stem of the scenario's file name.
    pub stem: String,
    /// One line that repeats the run.
    pub command: String,
    /// The run was interrupted: replications are missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_partial: bool,
    /// `run.seed`.
    pub seed: u64,
    /// Event list that ordered the run.
    pub engine: String,
    /// Replications of each point and strategy; the fewest of any point.
    pub replications: u32,
    /// The most of any point: more than the fewest where a precision was asked for.
    #[serde(default)]
    pub most_replications: u32,
    /// What a replication measures, in words: "100,000 jobs" or "one trace of 27,992 jobs".
    pub measured: String,
    /// Dotted paths of the swept keys, one a column of every table; empty without a sweep.
    pub sweep: Vec<String>,
    /// The grid's cells in order; each has one value (as text) for each of `sweep`.
    pub points: Vec<Vec<String>>,
    /// Strategies in file order.
    pub strategies: Vec<StrategyMeta>,
    /// Name of the strategy that the others are compared with.
    pub baseline: String,
    /// Classes in file order (without `all`).
    pub classes: Vec<ClassMeta>,
    /// Metrics that decide, in the file's order.
    pub decide_on: Vec<MetricRef>,
    /// Relative margin inside which a difference does not matter.
    pub margin: f64,
    /// Confidence of all comparisons together (0.95).
    pub confidence: f64,
    /// Number of comparisons in the family (deciding metrics x points x other strategies).
    pub family: usize,
    /// What the strategies have in common and what is assumed, one sentence each.
    pub same_for_all: Vec<String>,
    /// Names of the strategy parts that differ ("placement", "dispatchers", ...).
    pub differ_in: Vec<String>,
    /// Warnings about the scenario or the results, one sentence each.
    pub warnings: Vec<String>,
    /// Facts about traces and what they stand for, one sentence each.
    pub notes: Vec<String>,
    /// SHA-256 (hex) of the resolved scenario.
    pub scenario_digest: String,
    /// Digest of the measured jobs (arrivals, counts, works, demands) by point and replication; the
    /// same under every strategy.
    pub workload_digests: Vec<Vec<String>>,
    /// SHA-256 (hex) of each result file by name, in name order.
    pub files: Vec<(String, String)>,
    /// Events handled, summed over replications, by point and strategy.
    pub events: Vec<Vec<u64>>,
}

/// SHA-256 of `bytes` in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Meta {
    /// "20", or "20 to 46" where a precision was asked for.
    pub fn replications_text(&self) -> String {
        match self.most_replications {
            most if most > self.replications => format!("{} to {most}", self.replications),
            _ => self.replications.to_string(),
        }
    }
}

/// One strategy as tables and plots name it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StrategyMeta {
    /// The strategy's name in the file.
    pub name: String,
    /// Its parts in words: part name and value as scenario text, e.g. ("placement", "power-of-d = { d = 2 }").
    pub parts: Vec<(String, String)>,
}

/// One class of jobs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassMeta {
    /// The class's name (`jobs.NAME`).
    pub name: String,
    /// Its objective for the response time, in seconds.
    pub slo: Option<f64>,
}

/// Why a figure is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The figure stands.
    #[default]
    Ok,
    /// The strategy's number in system grows: no steady-state mean, interval or ratio.
    Unstable,
    /// Jobs were left unfinished: means are unavailable, quantiles are lower bounds (printed with >=).
    Censored,
    /// Too few jobs for this quantile, or the metric has no meaning here.
    NotAvailable,
    /// The law has no finite variance: a mean without an interval.
    NoInterval,
    /// One repeated workload and no randomness: the value is exact.
    Exact,
}

/// A row of `summary.csv`: one metric of one class under one strategy at one point.
#[derive(Clone, Debug, PartialEq)]
pub struct SummaryRow {
    /// Index into [`Meta::points`].
    pub point: usize,
    /// Index into [`Meta::strategies`].
    pub strategy: usize,
    /// Class name, `all` for the whole, or `nodes.GROUP` for a node group.
    pub class: String,
    /// Metric name of the registry.
    pub metric: String,
    /// Unit: `s`, `1`, `1/s`, `jobs`, ...
    pub unit: String,
    /// Mean over replications.
    pub mean: Option<f64>,
    /// Lower end of the 95 % Student t interval over replications.
    pub ci_low: Option<f64>,
    /// Upper end.
    pub ci_high: Option<f64>,
    /// Standard deviation over replications.
    pub stddev: Option<f64>,
    /// Replications with a value.
    pub replications: u32,
    /// Whether the figure stands.
    pub status: Status,
}

/// A row of `comparisons.csv`: a strategy against the baseline on one deciding metric at one point.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonRow {
    /// Index into [`Meta::points`].
    pub point: usize,
    /// Index into [`Meta::strategies`].
    pub strategy: usize,
    /// The metric.
    pub metric: MetricRef,
    /// Unit of the metric.
    pub unit: String,
    /// The baseline's mean.
    pub baseline_mean: Option<f64>,
    /// The strategy's mean.
    pub mean: Option<f64>,
    /// Mean paired difference (strategy minus baseline).
    pub difference: Option<f64>,
    /// Simultaneous interval of the difference.
    pub ci_low: Option<f64>,
    /// Its upper end.
    pub ci_high: Option<f64>,
    /// `difference / |baseline_mean|`.
    pub relative: Option<f64>,
    /// Interval of the relative difference.
    pub relative_low: Option<f64>,
    /// Its upper end.
    pub relative_high: Option<f64>,
    /// Relative margin.
    pub margin: f64,
    /// Confidence of this one interval (after Bonferroni).
    pub level: f64,
    /// Replications paired.
    pub replications: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// Replications that may settle an inconclusive one.
    pub replications_needed: Option<u64>,
    /// True when the difference has no variance (printed `exact`).
    pub exact: bool,
}

/// A row of `replications.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicationRow {
    /// Index into [`Meta::points`].
    pub point: usize,
    /// Index into [`Meta::strategies`].
    pub strategy: usize,
    /// Replication, from 1.
    pub replication: u32,
    /// Class name, `all`, or `nodes.GROUP`.
    pub class: String,
    /// Metric name.
    pub metric: String,
    /// Value, if there is one.
    pub value: Option<f64>,
}

/// A row of `ccdf.csv`: how many measured jobs took longer than `response`, all replications together.
#[derive(Clone, Debug, PartialEq)]
pub struct CcdfRow {
    /// Index into [`Meta::points`].
    pub point: usize,
    /// Index into [`Meta::strategies`].
    pub strategy: usize,
    /// Class name or `all`.
    pub class: String,
    /// Response time, seconds.
    pub response: f64,
    /// Jobs that took longer (never below 10: the curve is cut there).
    pub jobs_above: u64,
    /// `jobs_above` / all measured jobs.
    pub share_above: f64,
}

/// A row of `timeline.csv`: replication 1, the window cut into at most 200 bins.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineRow {
    /// Index into [`Meta::points`].
    pub point: usize,
    /// Index into [`Meta::strategies`].
    pub strategy: usize,
    /// Middle of the bin, simulated seconds.
    pub time: f64,
    /// Mean coefficient of variation of node loads in the bin.
    pub imbalance_cov: f64,
    /// Mean of the largest over the mean node load.
    pub imbalance_max_over_mean: f64,
    /// Mean used share of the busiest dimension.
    pub utilization: f64,
    /// Mean number of jobs in the system.
    pub jobs_in_system: f64,
    /// Mean number of tasks waiting at nodes or in the central queue.
    pub tasks_waiting: f64,
}

/// A row of `nodes.csv`: replication 1, at most 100 nodes, sorted by falling utilization.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRow {
    /// Index into [`Meta::points`].
    pub point: usize,
    /// Index into [`Meta::strategies`].
    pub strategy: usize,
    /// Position among all nodes by falling utilization, from 1.
    pub rank: u32,
    /// Node name, `group[index]`.
    pub node: String,
    /// Group name.
    pub group: String,
    /// Utilization of the node's own busiest dimension over the window.
    pub utilization: f64,
    /// Tasks that ended at the node in the window.
    pub tasks: u64,
}

/// A row of `theory.csv`: a figure that a model with a known answer gives, beside the simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct TheoryRow {
    /// Index into [`Meta::points`].
    pub point: usize,
    /// Index into [`Meta::strategies`].
    pub strategy: usize,
    /// `all`, or `nodes.GROUP`.
    pub class: String,
    /// Metric name.
    pub metric: String,
    /// Unit of the metric.
    pub unit: String,
    /// Name of the model.
    pub model: String,
    /// What kind of answer it gives.
    pub kind: AnswerKind,
    /// The answer.
    pub theory: f64,
    /// Mean over replications.
    pub mean: Option<f64>,
    /// Lower end of the interval, at 99.9 % for all judged rows together.
    pub ci_low: Option<f64>,
    /// Its upper end.
    pub ci_high: Option<f64>,
    /// Replications with a value.
    pub replications: u32,
    /// Whether theory and simulation agree.
    pub agreement: Agreement,
}

/// Whether theory and simulation agree; answers that are not exact are shown, not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// The answer lies in the interval.
    Agrees,
    /// It does not.
    Differs,
    /// Not judged: the answer is a limit.
    Limit,
    /// Not judged: the answer is a bound.
    Bound,
    /// Not judged: the answer is an approximation.
    Approximation,
    /// No figure stands, or too few replications, or a quantile that varies too much between them.
    #[serde(rename = "n/a")]
    NotAvailable,
}

/// All tables of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// What the numbers are about.
    pub meta: Meta,
    /// `summary.csv`.
    pub summary: Vec<SummaryRow>,
    /// `comparisons.csv`.
    pub comparisons: Vec<ComparisonRow>,
    /// `replications.csv`.
    pub replications: Vec<ReplicationRow>,
    /// `ccdf.csv`.
    pub ccdf: Vec<CcdfRow>,
    /// `timeline.csv`.
    pub timeline: Vec<TimelineRow>,
    /// `nodes.csv`.
    pub nodes: Vec<NodeRow>,
    /// `theory.csv`.
    pub theory: Vec<TheoryRow>,
}
