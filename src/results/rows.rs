//! The rows of the tables. Each type is one CSV file of a run's folder, whose columns are its fields
//! in order, after the swept values and the strategy's name.
//!
//! A row is read back to what it was written from, to the last bit: reports, the gate and `compare` work on
//! folders, and must say the same as the run that wrote them.

use serde::{Deserialize, Serialize, Serializer};

use super::{AnswerKind, Verdict};
use crate::metrics::columns::MetricRef;
use crate::stats::Pseudo;

/// Whether a figure can be relied on, and if not, why. A figure without a mark has an interval that
/// holds the truth as often as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The figure stands.
    #[default]
    Ok,
    /// The strategy's number in system grows without end: there is no steady state.
    Unstable,
    /// The empty start is not forgotten: the run is too short for its load.
    Growing,
    /// A mean whose error depends on values that the run hardly saw: no interval.
    Heavy,
    /// A tail that was seen too few independent times: no interval.
    Thin,
    /// Jobs were left unfinished: means are unavailable, quantiles are lower bounds (printed with >=).
    Censored,
    /// Too few jobs for this quantile, or the metric has no meaning here.
    #[serde(rename = "n/a")]
    NotAvailable,
    /// One repeated workload and no randomness: the value is exact.
    Exact,
}

impl Status {
    /// Whether the figure can be compared: pairs of thin ones still tell.
    pub fn stands(self) -> bool {
        matches!(self, Status::Ok | Status::Exact | Status::Thin)
    }

    /// Whether it has an interval, where there are replications for it.
    pub fn has_interval(self) -> bool {
        matches!(self, Status::Ok | Status::Exact)
    }

    /// The word of every table; empty where nothing is to be said.
    pub fn word(self) -> &'static str {
        match self {
            Status::Ok => "",
            Status::Unstable => "unstable",
            Status::Growing => "growing",
            Status::Heavy => "heavy",
            Status::Thin => "thin",
            Status::Censored => "censored",
            Status::NotAvailable => "n/a",
            Status::Exact => "exact",
        }
    }
}

/// Ends a note in which a longer run is the cure.
pub const WOULD_DO: &str = " would do";

/// A metric under one strategy at one point: a row of `summary.csv`, and a column of
/// `replications.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The metric; in the table its class (`all`, or `nodes.GROUP`), name and unit.
    #[serde(with = "class_metric_unit")]
    pub key: MetricRef,
    /// The figure of all replications together.
    #[serde(serialize_with = "shortest_or_none")]
    pub mean: Option<f64>,
    /// Lower end of its 95 % interval.
    #[serde(serialize_with = "shortest_or_none")]
    pub ci_low: Option<f64>,
    /// Upper end.
    #[serde(serialize_with = "shortest_or_none")]
    pub ci_high: Option<f64>,
    /// Standard deviation over replications of their pseudo-values.
    #[serde(serialize_with = "shortest_or_none")]
    pub stddev: Option<f64>,
    /// Replications with a value.
    pub replications: u32,
    /// Independent events behind the variance; none where nothing is rare.
    #[serde(serialize_with = "shortest_or_none")]
    pub events: Option<f64>,
    /// Whether the figure stands.
    pub status: Status,
    /// Why it does not, and what would help.
    pub note: String,
    /// The value in each replication.
    #[serde(skip)]
    pub values: Vec<Option<f64>>,
    /// The pseudo-value of each replication, in the figure's unit; of `slo_attained`, of the share
    /// that missed.
    #[serde(skip)]
    pub pseudo: Vec<Option<f64>>,
}

impl Summary {
    /// Its 95 % interval, where there is one.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.ci_low.zip(self.ci_high)
    }

    /// The figure, where there is one that can be compared.
    pub fn standing_mean(&self) -> Option<f64> {
        self.mean.filter(|_| self.status.stands())
    }

    /// The figure's pseudo-values, if it can be compared.
    pub fn standing(&self) -> Option<Pseudo> {
        self.pseudo_values().filter(|_| self.status.stands())
    }

    /// The figure's pseudo-values, whatever it is worth.
    pub fn pseudo_values(&self) -> Option<Pseudo> {
        let values: Option<Vec<f64>> = self.pseudo.iter().copied().collect();
        let figure = self.mean?;
        Some(Pseudo {
            figure: if self.counts_misses() {
                1.0 - figure
            } else {
                figure
            },
            values: values.filter(|values| !values.is_empty())?,
            events: self.events.unwrap_or(f64::INFINITY),
        })
    }

    /// Why it does not stand, the keys that would let it, and the replications among them; none where more
    /// replications are no cure.
    pub fn cure(&self) -> Option<(&str, &str, f64)> {
        let (why, keys) = self.note.strip_suffix(WOULD_DO)?.rsplit_once("; ")?;
        let (_, replications) = keys.split_once("run.replications = ")?;
        let replications = replications.replace('_', "").parse().ok()?;
        Some((why, keys, replications))
    }

    /// Whether what is compared is the share that missed.
    pub fn counts_misses(&self) -> bool {
        self.key.metric.counts_misses()
    }
}

/// A row of `replications.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicationRow {
    /// Replication, from 1.
    pub replication: u32,
    /// Class name, `all`, or `nodes.GROUP`.
    pub class: String,
    /// Metric name.
    pub metric: String,
    /// Value, if there is one.
    #[serde(serialize_with = "shortest_or_none")]
    pub value: Option<f64>,
    /// Pseudo-value, in the same unit; of `slo_attained`, of the share that missed.
    #[serde(serialize_with = "shortest_or_none")]
    pub pseudo: Option<f64>,
}

/// A row of `comparisons.csv`: a strategy against the baseline on one deciding metric at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonRow {
    /// Index into [`Meta::points`](super::Meta::points).
    #[serde(skip)]
    pub point: usize,
    /// Index into [`Meta::strategies`](super::Meta::strategies).
    #[serde(skip)]
    pub strategy: usize,
    /// The metric; in the table its name and unit.
    #[serde(with = "name_unit")]
    pub metric: MetricRef,
    /// The baseline's figure.
    #[serde(serialize_with = "shortest_or_none")]
    pub baseline_mean: Option<f64>,
    /// The strategy's figure.
    #[serde(serialize_with = "shortest_or_none")]
    pub mean: Option<f64>,
    /// Their difference (strategy minus baseline).
    #[serde(serialize_with = "shortest_or_none")]
    pub difference: Option<f64>,
    /// Simultaneous interval of the difference.
    #[serde(serialize_with = "shortest_or_none")]
    pub ci_low: Option<f64>,
    /// Its upper end.
    #[serde(serialize_with = "shortest_or_none")]
    pub ci_high: Option<f64>,
    /// `mean / baseline_mean - 1`; of `slo_attained`, of the shares that missed.
    #[serde(serialize_with = "shortest_or_none")]
    pub relative: Option<f64>,
    /// Interval of the relative difference.
    #[serde(serialize_with = "shortest_or_none")]
    pub relative_low: Option<f64>,
    /// Its upper end.
    #[serde(serialize_with = "shortest_or_none")]
    pub relative_high: Option<f64>,
    /// Relative margin.
    #[serde(serialize_with = "shortest")]
    pub margin: f64,
    /// Confidence of this one interval (after Bonferroni).
    #[serde(serialize_with = "shortest")]
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

impl ComparisonRow {
    /// Simultaneous interval of the difference, where there is one.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.ci_low.zip(self.ci_high)
    }

    /// The same of the relative difference.
    pub fn relative_interval(&self) -> Option<(f64, f64)> {
        self.relative_low.zip(self.relative_high)
    }
}

/// A row of `ccdf.csv`: how many measured jobs took longer than `response`, all replications together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CcdfRow {
    /// Class name or `all`.
    pub class: String,
    /// Response time, seconds.
    #[serde(serialize_with = "shortest")]
    pub response: f64,
    /// Jobs that took longer (never below 10: the curve is cut there).
    pub jobs_above: u64,
    /// `jobs_above` / all measured jobs.
    #[serde(serialize_with = "shortest")]
    pub share_above: f64,
}

/// A row of `timeline.csv`: replication 1, the window cut into at most 200 bins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineRow {
    /// Middle of the bin, simulated seconds.
    #[serde(serialize_with = "shortest")]
    pub time: f64,
    /// Mean coefficient of variation of node loads in the bin.
    #[serde(serialize_with = "shortest")]
    pub imbalance_cov: f64,
    /// Mean of the largest over the mean node load.
    #[serde(serialize_with = "shortest")]
    pub imbalance_max_over_mean: f64,
    /// Mean used share of the busiest dimension.
    #[serde(serialize_with = "shortest")]
    pub utilization: f64,
    /// Mean number of jobs in the system.
    #[serde(serialize_with = "shortest")]
    pub jobs_in_system: f64,
    /// Mean number of tasks waiting at nodes or in the central queue.
    #[serde(serialize_with = "shortest")]
    pub tasks_waiting: f64,
}

/// A row of `nodes.csv`: replication 1, at most 100 nodes, sorted by falling utilization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeRow {
    /// Position among all nodes by falling utilization, from 1.
    pub rank: u32,
    /// Node name, `group[index]`.
    pub node: String,
    /// Group name.
    pub group: String,
    /// Utilization of the node's own busiest dimension over the window.
    #[serde(serialize_with = "shortest")]
    pub utilization: f64,
    /// Tasks that ended at the node in the window.
    pub tasks: u64,
}

/// A row of `theory.csv`: a figure that a model with a known answer gives, beside the simulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TheoryRow {
    /// Index into [`Meta::points`](super::Meta::points).
    #[serde(skip)]
    pub point: usize,
    /// Index into [`Meta::strategies`](super::Meta::strategies).
    #[serde(skip)]
    pub strategy: usize,
    /// The metric; in the table its class, name and unit.
    #[serde(with = "class_metric_unit")]
    pub key: MetricRef,
    /// Name of the model.
    pub model: String,
    /// What kind of answer it gives.
    pub kind: AnswerKind,
    /// The answer.
    #[serde(serialize_with = "shortest")]
    pub theory: f64,
    /// The figure of all replications together.
    #[serde(serialize_with = "shortest_or_none")]
    pub mean: Option<f64>,
    /// Lower end of the interval, at 99.9 % for all judged rows together.
    #[serde(serialize_with = "shortest_or_none")]
    pub ci_low: Option<f64>,
    /// Its upper end.
    #[serde(serialize_with = "shortest_or_none")]
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
    /// The figure has a mark, or there are too few replications.
    #[serde(rename = "n/a")]
    NotAvailable,
}

/// The shortest decimal number that reads back to the same bits, never with an exponent.
fn shortest<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn shortest_or_none<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

/// A metric as the three columns `class`, `metric` and `unit`.
mod class_metric_unit {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use crate::metrics::columns::MetricRef;

    pub fn serialize<S: Serializer>(key: &MetricRef, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, unit) = (key.name(), key.row().unit);
        (key.part.to_string(), name, unit).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<MetricRef, D::Error> {
        let (part, name, _) = <(String, String, String)>::deserialize(from)?;
        let key = format!("{part}.{name}").parse();
        key.map_err(|_| de::Error::custom(format!("`{name}`")))
    }
}

/// A metric as the two columns `metric` (`class.metric` for a class's) and `unit`.
mod name_unit {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use crate::metrics::columns::MetricRef;

    pub fn serialize<S: Serializer>(key: &MetricRef, serializer: S) -> Result<S::Ok, S::Error> {
        (key.to_string(), key.row().unit).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<MetricRef, D::Error> {
        let (name, _) = <(String, String)>::deserialize(from)?;
        name.parse()
            .map_err(|_| de::Error::custom(format!("`{name}`")))
    }
}
