//! Verdicts: one strategy against another, paired on equal jobs.
//!
//! Before a word is said, it is checked that the two can be compared at all: that both have a
//! steady state, and that they lost like shares of their jobs. A strategy that drops the slow ones
//! is fast on those that are left.

use crate::metrics::columns::MetricRef;
use crate::metrics::registry::Better;
use crate::results::{Cell, ComparisonRow, Status};
use crate::scenario::Scenario;
use crate::stats::{
    Difference, Verdict, bonferroni, paired, replications_to_settle, unpaired, verdict,
};

/// Shares of jobs lost that differ by more are not compared.
const LOST_SHARE: f64 = 0.001;
/// What is compared of jobs that are lost.
const OBJECTIVE: &str = "slo_attained";

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

impl Side {
    /// The figures of `metric` in at most the first `most` replications of `cell`.
    pub fn of(cell: &Cell, metric: &MetricRef, most: usize) -> Side {
        let figure = cell.get(metric);
        // The difference of two lower bounds bounds nothing.
        let values = figure.and_then(|figure| figure.standing(most));
        let (measured, lost) = cell.jobs(&metric.part.to_string());
        Side {
            is_unstable: figure.is_some_and(|figure| figure.status == Status::Unstable),
            lost: if measured == 0.0 {
                0.0
            } else {
                lost / measured
            },
            values: values.filter(|values| !values.is_empty()),
        }
    }
}

/// What is compared, and how sure one has to be.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    /// Index of the point.
    pub point: usize,
    /// Index of the strategy that is not the baseline.
    pub strategy: usize,
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
    let is_lossy = (baseline.lost - other.lost).abs() > LOST_SHARE;
    let refused = if is_lossy && !terms.metric.is("all", OBJECTIVE) {
        Some(Verdict::NotComparable)
    } else {
        let is_unstable = baseline.is_unstable || other.is_unstable;
        is_unstable.then_some(Verdict::Unstable)
    };
    let values = other.values.as_ref().map_or(0, Vec::len);
    let found = difference(terms, baseline, other).filter(|_| refused.is_none());
    let judged = found.map_or(Verdict::Inconclusive, |found| word(terms, &found));
    let is_open = judged == Verdict::Inconclusive;
    let needed = found.filter(|_| is_open).and_then(|found| {
        let (relative, stddev) = (found.relative?, found.relative_stddev()?);
        replications_to_settle(relative, stddev, terms.margin, terms.level)
    });
    ComparisonRow {
        point: terms.point,
        strategy: terms.strategy,
        metric: terms.metric.clone(),
        baseline_mean: found.map(|found| found.baseline_mean),
        mean: found.map(|found| found.mean),
        difference: found.map(|found| found.estimate.mean),
        ci_low: found.and_then(|found| found.estimate.low),
        ci_high: found.and_then(|found| found.estimate.high),
        relative: found.and_then(|found| found.relative),
        relative_low: found.and_then(|found| found.relative_low),
        relative_high: found.and_then(|found| found.relative_high),
        margin: terms.margin,
        level: terms.level,
        replications: found.map_or(values, |found| found.estimate.n) as u32,
        verdict: refused.unwrap_or(judged),
        replications_needed: needed,
        exact: found.is_some_and(|found| found.exact),
    }
}

fn difference(terms: &Terms<'_>, baseline: &Side, other: &Side) -> Option<Difference> {
    let (baseline, other) = (baseline.values.as_ref()?, other.values.as_ref()?);
    let compare = if terms.is_paired { paired } else { unpaired };
    compare(baseline, other, terms.level)
}

/// What may be said of two strategies that differ so.
fn word(terms: &Terms<'_>, found: &Difference) -> Verdict {
    let relative = found.relative_low.zip(found.relative_high);
    // A baseline of 0 has no relative differences: only no difference at all is equivalent.
    let interval = relative.or(found.estimate.low.zip(found.estimate.high));
    let margin = found.relative.map_or(0.0, |_| terms.margin);
    let lower_is_better = terms.metric.row().better != Better::Higher;
    interval.map_or(Verdict::Inconclusive, |interval| {
        verdict(interval, margin, lower_is_better)
    })
}

/// All comparisons of one point, whose strategies were found to be `cells`: by deciding metric, then
/// by strategy.
pub fn compare_strategies(scenario: &Scenario, point: usize, cells: &[Cell]) -> Vec<ComparisonRow> {
    let compare = &scenario.compare;
    let mut names = scenario.strategies.iter().map(|strategy| &strategy.name);
    let base = names.position(|name| *name == compare.baseline);
    let base = base.unwrap_or(0);
    let side = |strategy: usize, metric: &MetricRef| Side {
        is_unstable: cells[strategy].is_unstable(),
        ..Side::of(&cells[strategy], metric, usize::MAX)
    };
    let row = |strategy: usize, metric: &MetricRef| {
        let terms = Terms {
            point,
            strategy,
            metric,
            margin: compare.margin,
            level: bonferroni(compare.confidence, compare.family),
            is_paired: true,
        };
        judge(&terms, &side(base, metric), &side(strategy, metric))
    };
    let objective: Option<MetricRef> = OBJECTIVE.parse().ok();
    let mut rows: Vec<ComparisonRow> = Vec::new();
    for metric in &compare.decide_on {
        for strategy in (0..cells.len()).filter(|&strategy| strategy != base) {
            rows.push(row(strategy, metric));
            let is_lossy = rows.last().map(|row| row.verdict) == Some(Verdict::NotComparable);
            // Where jobs were lost, the share within the objective is what can be compared.
            let objective = objective.as_ref().filter(|_| is_lossy);
            let is_new = |objective: &&MetricRef| {
                let mut known = rows.iter().filter(|row| row.strategy == strategy);
                side(strategy, objective).values.is_some()
                    && known.all(|row| row.metric != **objective)
            };
            if let Some(objective) = objective.filter(is_new) {
                rows.push(row(strategy, objective));
            }
        }
    }
    rows
}
