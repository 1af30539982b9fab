//! Verdicts: each strategy against the baseline, paired on equal jobs.

use crate::metrics::registry::{Better, find};
use crate::scenario::Scenario;
use crate::sim::outcome::Column;
use crate::stats::{Difference, Verdict, bonferroni, paired, replications_to_settle, verdict};

use super::cell::{Cell, Facts};
use super::results::{ComparisonRow, Status};

/// Shares of jobs lost that differ by more are not compared.
const LOST_SHARE: f64 = 0.001;

/// The point's two strategies to compare, with their columns.
struct Pair<'a> {
    baseline: (&'a Cell, &'a [Column]),
    other: (&'a Cell, &'a [Column]),
    point: usize,
    strategy: usize,
}

/// All comparisons of one point: by deciding metric, then by strategy.
pub fn compare(
    scenario: &Scenario,
    point: usize,
    columns: &[Vec<Column>],
    cells: &[Cell],
) -> Vec<ComparisonRow> {
    let base = scenario
        .strategies
        .iter()
        .position(|s| s.name == scenario.compare.baseline)
        .unwrap_or(0);
    let mut rows = Vec::new();
    for metric in &scenario.compare.decide_on {
        for strategy in (0..cells.len()).filter(|&strategy| strategy != base) {
            let pair = Pair {
                baseline: (&cells[base], &columns[base]),
                other: (&cells[strategy], &columns[strategy]),
                point,
                strategy,
            };
            let row = pair.row(scenario, metric);
            let instead = row.verdict == Verdict::NotComparable && pair.has_objective();
            rows.push(row);
            // Where jobs were lost, the share within the objective is what can be compared.
            if instead
                && !rows
                    .iter()
                    .any(|row| row.strategy == strategy && row.metric == "slo_attained")
            {
                rows.push(pair.row(scenario, "slo_attained"));
            }
        }
    }
    rows
}

/// Position of a metric, `class.metric` for a class's, among the columns.
pub(super) fn position(columns: &[Column], metric: &str) -> Option<usize> {
    let (class, name) = metric.rsplit_once('.').unwrap_or(("all", metric));
    columns
        .iter()
        .position(|column| column.class == class && column.metric == name)
}

impl Pair<'_> {
    fn has_objective(&self) -> bool {
        let index = position(self.other.1, "slo_attained");
        index.is_some_and(|index| {
            self.other
                .0
                .column(index)
                .iter()
                .all(|value| value.is_finite())
        })
    }

    fn row(&self, scenario: &Scenario, metric: &str) -> ComparisonRow {
        let compare = &scenario.compare;
        let level = bonferroni(compare.confidence, compare.family);
        let dimensions: Vec<String> = scenario.points[self.point].setups[0]
            .cluster
            .dimensions
            .iter()
            .map(|d| d.name.clone())
            .collect();
        let facts = find(metric, &dimensions);
        let mut row = ComparisonRow {
            point: self.point,
            strategy: self.strategy,
            metric: metric.to_owned(),
            unit: facts.as_ref().map_or("1", |facts| facts.unit).to_owned(),
            baseline_mean: None,
            mean: None,
            difference: None,
            ci_low: None,
            ci_high: None,
            relative: None,
            relative_low: None,
            relative_high: None,
            margin: compare.margin,
            level,
            replications: self.other.0.values.len() as u32,
            verdict: Verdict::Inconclusive,
            replications_needed: None,
            exact: false,
        };
        if metric != "slo_attained" && self.loses_unequally(metric) {
            row.verdict = Verdict::NotComparable;
        } else if self.baseline.0.is_unstable() || self.other.0.is_unstable() {
            row.verdict = Verdict::Unstable;
        } else if let Some(difference) = self.difference(scenario, metric, level) {
            let lower = facts.is_none_or(|facts| facts.better != Better::Higher);
            fill(&mut row, &difference, lower);
        }
        row
    }

    /// True if the shares of failed, rejected and unfinished jobs differ too much to compare.
    fn loses_unequally(&self, metric: &str) -> bool {
        let share = |(cell, columns): (&Cell, &[Column])| {
            let class = position(columns, metric).and_then(|index| columns[index].class_index());
            let (measured, lost) = cell
                .counts
                .get(class.map_or(0, |class| class + 1))
                .copied()
                .unwrap_or_default();
            if measured == 0 {
                0.0
            } else {
                lost as f64 / measured as f64
            }
        };
        (share(self.baseline) - share(self.other)).abs() > LOST_SHARE
    }

    fn difference(&self, scenario: &Scenario, metric: &str, level: f64) -> Option<Difference> {
        let facts = Facts::of(&scenario.points[self.point].setups[self.strategy]);
        let values = |(cell, columns): (&Cell, &[Column])| {
            let index = position(columns, metric)?;
            let status = cell.status(index, &columns[index], facts);
            // The difference of two lower bounds bounds nothing.
            let stands = matches!(status, Status::Ok | Status::Exact);
            stands
                .then(|| cell.column(index))
                .filter(|values| values.iter().all(|value| value.is_finite()))
        };
        paired(&values(self.baseline)?, &values(self.other)?, level)
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
