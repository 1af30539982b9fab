//! Verdicts: one strategy against another, paired on equal jobs.
//!
//! Before a word is said, it is checked that the two can be compared at all: that both have a
//! steady state, and that they lost like shares of their jobs. A strategy that drops the slow ones
//! is fast on those that are left.

use crate::metrics::columns::MetricRef;
use crate::metrics::registry::Better;
use crate::scenario::Scenario;
use crate::stats::{
    Difference, Verdict, bonferroni, paired, replications_to_settle, unpaired, verdict,
};

use super::replications::Replications;
use crate::results::ComparisonRow;

/// Shares of jobs lost that differ by more are not compared.
const LOST_SHARE: f64 = 0.001;

/// What a comparison needs to know of one side: a strategy's figures of one metric at one point.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// The number in the system grows.
    pub is_unstable: bool,
    /// Share of the measured jobs, of the metric's class, that failed, were rejected or are
    /// unfinished.
    pub lost: f64,
    /// The replications' values, if the figure stands.
    pub values: Option<Vec<f64>>,
}

/// What is compared, and how sure one has to be.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    /// Index of the point, and of the strategy that is not the baseline.
    pub place: (usize, usize),
    /// The metric.
    pub metric: &'a MetricRef,
    /// Relative margin.
    pub margin: f64,
    /// Confidence of this one interval.
    pub level: f64,
    /// Replication k of both sides had the same jobs.
    pub is_paired: bool,
}

/// The verdict on `other` against `baseline`.
pub fn judge(terms: &Terms<'_>, baseline: &Side, other: &Side) -> ComparisonRow {
    let mut row = empty(terms);
    row.replications = other
        .values
        .as_ref()
        .map_or(0, |values| values.len() as u32);
    if !terms.metric.is("all", OBJECTIVE) && (baseline.lost - other.lost).abs() > LOST_SHARE {
        row.verdict = Verdict::NotComparable;
    } else if baseline.is_unstable || other.is_unstable {
        row.verdict = Verdict::Unstable;
    } else if let Some(difference) = difference(terms, baseline, other) {
        fill(
            &mut row,
            &difference,
            terms.metric.row().better != Better::Higher,
        );
    }
    row
}

fn difference(terms: &Terms<'_>, baseline: &Side, other: &Side) -> Option<Difference> {
    let (baseline, other) = (baseline.values.as_ref()?, other.values.as_ref()?);
    let compare = if terms.is_paired { paired } else { unpaired };
    compare(baseline, other, terms.level)
}

fn empty(terms: &Terms<'_>) -> ComparisonRow {
    ComparisonRow {
        point: terms.place.0,
        strategy: terms.place.1,
        metric: terms.metric.clone(),
        baseline_mean: None,
        mean: None,
        difference: None,
        ci_low: None,
        ci_high: None,
        relative: None,
        relative_low: None,
        relative_high: None,
        margin: terms.margin,
        level: terms.level,
        replications: 0,
        verdict: Verdict::Inconclusive,
        replications_needed: None,
        exact: false,
    }
}

fn fill(row: &mut ComparisonRow, difference: &Difference, lower_is_better: bool) {
    row.baseline_mean = Some(difference.baseline_mean);
    row.mean = Some(difference.mean);
    row.difference = Some(difference.estimate.mean);
    (row.ci_low, row.ci_high) = (difference.estimate.low, difference.estimate.high);
    row.relative = difference.relative;
    (row.relative_low, row.relative_high) = (difference.relative_low, difference.relative_high);
    row.replications = difference.estimate.n as u32;
    row.exact = difference.exact;
    let interval = match (difference.relative_low, difference.relative_high) {
        (Some(low), Some(high)) => Some((low, high)),
        // A baseline of 0 has no relative differences: only no difference at all is equivalent.
        _ => difference.estimate.low.zip(difference.estimate.high),
    };
    let Some(interval) = interval else { return };
    let margin = if difference.relative.is_some() {
        row.margin
    } else {
        0.0
    };
    row.verdict = verdict(interval, margin, lower_is_better);
    if let (Verdict::Inconclusive, Some(relative), Some(stddev)) = (
        row.verdict,
        difference.relative,
        difference.relative_stddev(),
    ) {
        row.replications_needed = replications_to_settle(relative, stddev, row.margin, row.level);
    }
}

/// All comparisons of one point: by deciding metric, then by strategy.
pub fn compare(scenario: &Scenario, point: usize, cells: &[Replications]) -> Vec<ComparisonRow> {
    let compare = &scenario.compare;
    let mut strategies = scenario.strategies.iter();
    let base = strategies.position(|s| s.name == compare.baseline);
    let base = base.unwrap_or(0);
    let row = |strategy: usize, metric: &MetricRef| {
        let terms = Terms {
            place: (point, strategy),
            metric,
            margin: compare.margin,
            level: bonferroni(compare.confidence, compare.family),
            is_paired: true,
        };
        judge(
            &terms,
            &side(&cells[base], metric),
            &side(&cells[strategy], metric),
        )
    };
    let objective: Option<MetricRef> = OBJECTIVE.parse().ok();
    let mut rows: Vec<ComparisonRow> = Vec::new();
    for metric in &compare.decide_on {
        for strategy in (0..cells.len()).filter(|&strategy| strategy != base) {
            let row_of_metric = row(strategy, metric);
            let is_lossy = row_of_metric.verdict == Verdict::NotComparable;
            rows.push(row_of_metric);
            // Where jobs were lost, the share within the objective is what can be compared.
            let objective = objective.as_ref().filter(|_| is_lossy);
            let has_it = |metric: &&MetricRef| side(&cells[strategy], metric).values.is_some();
            let is_told = |metric: &MetricRef| {
                let mut told = rows.iter().filter(|row| row.strategy == strategy);
                told.any(|row| row.metric == *metric)
            };
            if let Some(objective) = objective.filter(has_it).filter(|metric| !is_told(metric)) {
                rows.push(row(strategy, objective));
            }
        }
    }
    rows
}

/// What is compared of jobs that are lost.
const OBJECTIVE: &str = "slo_attained";

fn side(cell: &Replications, metric: &MetricRef) -> Side {
    let column = cell.position(metric);
    // The difference of two lower bounds bounds nothing.
    let values = column.and_then(|column| cell.standing(column));
    let values = values.filter(|values| values.iter().all(|value| value.is_finite()));
    Side {
        is_unstable: cell.is_unstable(),
        lost: cell.lost_share(column),
        values: values.map(<[f64]>::to_vec),
    }
}
