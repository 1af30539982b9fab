//! Verdicts: one strategy against another, paired on equal jobs.
//!
//! Before a word is said, it is checked that the two can be compared at all: that both have a
//! steady state, and that they lost like shares of their jobs. A strategy that drops the slow ones
//! is fast on those that are left.

use crate::metrics::columns::MetricRef;
use crate::results::{Cell, ComparisonRow, LOST_SHARE, Summary};
use crate::scenario::Scenario;
use crate::stats::{
    Difference, Pseudo, Verdict, bonferroni, paired, replications_to_settle, unpaired, verdict,
};

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
    /// The pseudo-values, if the figure can be compared.
    pub pseudo: Option<Pseudo>,
}

impl Side {
    /// The figures of `metric` in `cell`.
    pub fn of(cell: &Cell, metric: &MetricRef) -> Side {
        let figure = cell.get(metric);
        let (measured, lost) = cell.jobs(&metric.part.to_string());
        Side {
            is_unstable: cell.is_unstable(),
            lost: if measured == 0.0 {
                0.0
            } else {
                lost / measured
            },
            pseudo: figure.and_then(Summary::standing),
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
    let refused = refusal(terms, baseline, other);
    let found = difference(terms, baseline, other).filter(|_| refused.is_none());
    let judged = found.map_or(Verdict::NotAvailable, |found| word(terms, &found));
    let is_open = judged == Verdict::Inconclusive;
    let needed = found.filter(|_| is_open);
    let needed = needed.and_then(|found| replications_to_settle(&found, terms.margin, terms.level));
    let told = found.map(|found| Told::of(terms.metric, &found));
    let values = other.pseudo.as_ref().map_or(0, Pseudo::n);
    ComparisonRow {
        point: terms.point,
        strategy: terms.strategy,
        metric: terms.metric.clone(),
        baseline_mean: told.as_ref().map(|told| told.baseline),
        mean: told.as_ref().map(|told| told.other),
        difference: told.as_ref().map(|told| told.other - told.baseline),
        ci_low: told.as_ref().and_then(|told| told.low),
        ci_high: told.as_ref().and_then(|told| told.high),
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

/// Why nothing can be said of two figures.
fn refusal(terms: &Terms<'_>, baseline: &Side, other: &Side) -> Option<Verdict> {
    let is_lossy = (baseline.lost - other.lost).abs() > LOST_SHARE;
    let is_known = baseline.pseudo.is_some() && other.pseudo.is_some();
    match (other.is_unstable, baseline.is_unstable) {
        (true, _) => Some(Verdict::Unstable),
        _ if is_lossy && !terms.metric.is("all", OBJECTIVE) => Some(Verdict::NotComparable),
        (false, true) if other.pseudo.is_some() => Some(Verdict::Stable),
        _ => (!is_known).then_some(Verdict::NotAvailable),
    }
}

/// The figures of a difference as tables have them.
struct Told {
    baseline: f64,
    other: f64,
    low: Option<f64>,
    high: Option<f64>,
}

impl Told {
    /// What was compared of a share are the misses, and what is told are the hits.
    fn of(metric: &MetricRef, found: &Difference) -> Told {
        let Difference {
            estimate,
            baseline,
            other,
            ..
        } = *found;
        match metric.metric.counts_misses() {
            false => Told {
                baseline,
                other,
                low: estimate.low,
                high: estimate.high,
            },
            true => Told {
                baseline: 1.0 - baseline,
                other: 1.0 - other,
                low: estimate.high.map(|high| -high),
                high: estimate.low.map(|low| -low),
            },
        }
    }
}

fn difference(terms: &Terms<'_>, baseline: &Side, other: &Side) -> Option<Difference> {
    let (baseline, other) = (baseline.pseudo.as_ref()?, other.pseudo.as_ref()?);
    let compare = if terms.is_paired { paired } else { unpaired };
    compare(baseline, other, terms.level)
}

/// What may be said of two strategies that differ so.
fn word(terms: &Terms<'_>, found: &Difference) -> Verdict {
    let relative = found.relative_low.zip(found.relative_high);
    // A figure of 0 has no relative differences: only no difference at all is equivalent.
    let interval = relative.or(found.estimate.low.zip(found.estimate.high));
    let margin = found.relative.map_or(0.0, |_| terms.margin);
    interval.map_or(Verdict::Inconclusive, |interval| {
        verdict(interval, margin, terms.metric.metric.lower_is_better())
    })
}

/// All comparisons of one point, whose strategies were found to be `cells`: by deciding metric, then
/// by strategy.
pub fn compare_strategies(scenario: &Scenario, point: usize, cells: &[Cell]) -> Vec<ComparisonRow> {
    let compare = &scenario.compare;
    let mut names = scenario.strategies.iter().map(|strategy| &strategy.name);
    let base = names.position(|name| *name == compare.baseline);
    let base = base.unwrap_or(0);
    let side = |strategy: usize, metric: &MetricRef| Side::of(&cells[strategy], metric);
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
                side(strategy, objective).pseudo.is_some()
                    && known.all(|row| row.metric != **objective)
            };
            if let Some(objective) = objective.filter(is_new) {
                rows.push(row(strategy, objective));
            }
        }
    }
    rows
}
