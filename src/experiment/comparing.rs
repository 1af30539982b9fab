//! Verdicts: one strategy against another, paired on equal jobs.

use crate::metrics::registry::{Better, find};
use crate::scenario::Scenario;
use crate::sim::outcome::Column;
use crate::stats::{
    Difference, Verdict, bonferroni, paired, replications_to_settle, unpaired, verdict,
};

use super::cell::{Cell, Facts};
use super::results::{ComparisonRow, Status};

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
    /// `class.metric`, or the metric's name.
    pub metric: &'a str,
    /// Names of the dimensions of the cluster, which some metrics are named after.
    pub dimensions: &'a [String],
    /// Relative margin.
    pub margin: f64,
    /// Confidence of this one interval.
    pub level: f64,
    /// Replication k of both sides had the same jobs.
    pub is_paired: bool,
}

/// The verdict on `other` against `baseline`.
pub fn judge(terms: &Terms<'_>, baseline: &Side, other: &Side) -> ComparisonRow {
    let facts = find(terms.metric, terms.dimensions);
    let unit = facts.as_ref().map_or("1", |facts| facts.unit);
    let mut row = empty(terms, unit);
    row.replications = other
        .values
        .as_ref()
        .map_or(0, |values| values.len() as u32);
    if terms.metric != "slo_attained" && (baseline.lost - other.lost).abs() > LOST_SHARE {
        row.verdict = Verdict::NotComparable;
    } else if baseline.is_unstable || other.is_unstable {
        row.verdict = Verdict::Unstable;
    } else if let Some(difference) = difference(terms, baseline, other) {
        let lower = facts.is_none_or(|facts| facts.better != Better::Higher);
        fill(&mut row, &difference, lower);
    }
    row
}

fn difference(terms: &Terms<'_>, baseline: &Side, other: &Side) -> Option<Difference> {
    let (baseline, other) = (baseline.values.as_ref()?, other.values.as_ref()?);
    let compare = if terms.is_paired { paired } else { unpaired };
    compare(baseline, other, terms.level)
}

fn empty(terms: &Terms<'_>, unit: &str) -> ComparisonRow {
    ComparisonRow {
        point: terms.place.0,
        strategy: terms.place.1,
        metric: terms.metric.to_owned(),
        unit: unit.to_owned(),
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

/// Position of a metric, `class.metric` for a class's, among the columns.
pub(super) fn position(columns: &[Column], metric: &str) -> Option<usize> {
    let (class, name) = metric.rsplit_once('.').unwrap_or(("all", metric));
    columns
        .iter()
        .position(|column| column.class == class && column.metric == name)
}

/// All comparisons of one point: by deciding metric, then by strategy.
pub fn compare(
    scenario: &Scenario,
    point: usize,
    columns: &[Vec<Column>],
    cells: &[Cell],
) -> Vec<ComparisonRow> {
    let compare = &scenario.compare;
    let setup = &scenario.points[point].setups[0];
    let dimensions = setup.cluster.dimensions.iter().map(|d| d.name.clone());
    let dimensions: Vec<String> = dimensions.collect();
    let base = scenario
        .strategies
        .iter()
        .position(|s| s.name == compare.baseline)
        .unwrap_or(0);
    let side = |strategy: usize, metric: &str| {
        let facts = Facts::of(&scenario.points[point].setups[strategy]);
        side(&cells[strategy], &columns[strategy], facts, metric)
    };
    let row = |strategy: usize, metric: &str| {
        let terms = Terms {
            place: (point, strategy),
            metric,
            dimensions: &dimensions,
            margin: compare.margin,
            level: bonferroni(compare.confidence, compare.family),
            is_paired: true,
        };
        judge(&terms, &side(base, metric), &side(strategy, metric))
    };
    let mut rows: Vec<ComparisonRow> = Vec::new();
    for metric in &compare.decide_on {
        for strategy in (0..cells.len()).filter(|&strategy| strategy != base) {
            rows.push(row(strategy, metric));
            let is_lossy = rows
                .last()
                .is_some_and(|row| row.verdict == Verdict::NotComparable);
            let is_told = |row: &ComparisonRow| row.strategy == strategy && row.metric == OBJECTIVE;
            // Where jobs were lost, the share within the objective is what can be compared.
            if is_lossy && side(strategy, OBJECTIVE).values.is_some() && !rows.iter().any(is_told) {
                rows.push(row(strategy, OBJECTIVE));
            }
        }
    }
    rows
}

/// What is compared of jobs that are lost.
const OBJECTIVE: &str = "slo_attained";

fn side(cell: &Cell, columns: &[Column], facts: Facts, metric: &str) -> Side {
    let index = position(columns, metric);
    let class = index.and_then(|index| columns[index].class_index());
    let counts = cell.counts.get(class.map_or(0, |class| class + 1));
    let (measured, lost) = counts.copied().unwrap_or_default();
    let values = index.and_then(|index| {
        // The difference of two lower bounds bounds nothing.
        let status = cell.status(index, &columns[index], facts);
        let stands = matches!(status, Status::Ok | Status::Exact);
        let values = cell.column(index);
        (stands && values.iter().all(|value| value.is_finite())).then_some(values)
    });
    Side {
        is_unstable: cell.is_unstable(),
        lost: if measured == 0 {
            0.0
        } else {
            lost as f64 / measured as f64
        },
        values,
    }
}
