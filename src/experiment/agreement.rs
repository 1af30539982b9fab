//! Theory beside simulation: the figures that a model with a known answer gives, and whether the
//! replications agree.
//!
//! A row is judged if its answer is exact and its figure stands. It agrees if the answer lies in the
//! Student t interval over the replications, at 99.9 % for all judged rows together (Bonferroni):
//! one run in a thousand has a row that differs by chance. Quantiles are known to the histogram's
//! 0.1 %, by which their intervals are widened; and as the quantile of a replication is biased by
//! about its own variance, none is judged that varies by more than 10 % between replications.

use crate::metrics::columns::MetricRef;
use crate::metrics::histogram::ACCURACY;
use crate::metrics::registry;
use crate::scenario::Scenario;
use crate::stats::{bonferroni, estimate};
use crate::theory::{AnswerKind, Known, known};

use crate::results::{Agreement, Cell, TheoryRow};

/// Confidence of all judged rows together.
const CONFIDENCE: f64 = 0.999;
/// Replications from which on a row is judged.
const FEWEST: usize = 5;
/// Coefficient of variation over replications up to which a quantile is judged.
const STEADY: f64 = 0.1;

/// A known answer and the values of the replications; none where the figure does not stand.
struct KnownAnswer {
    point: usize,
    strategy: usize,
    key: MetricRef,
    known: Known,
    values: Vec<f64>,
}

/// The rows of all points and strategies.
pub fn theory_rows(scenario: &Scenario, cells: &[Vec<Cell>]) -> Vec<TheoryRow> {
    let mut all = Vec::new();
    for (point, cells) in cells.iter().enumerate() {
        for (strategy, cell) in cells.iter().enumerate() {
            let known = known(&scenario.points[point].setups[strategy]).into_iter();
            all.extend(known.filter_map(|known| find(known, cell, (point, strategy))));
        }
    }
    let judged = all.iter().filter(|row| row.is_judged()).count();
    let level = bonferroni(CONFIDENCE, judged.max(1));
    all.iter().map(|row| row.row(level)).collect()
}

fn find(known: Known, cell: &Cell, (point, strategy): (usize, usize)) -> Option<KnownAnswer> {
    let figure = cell.find(&known.class, &known.metric)?;
    Some(KnownAnswer {
        point,
        strategy,
        key: figure.key.clone(),
        known,
        values: figure.standing(usize::MAX).unwrap_or_default(),
    })
}

impl KnownAnswer {
    fn is_quantile(&self) -> bool {
        self.key.row().kind == registry::Kind::Quantile
    }

    fn is_judged(&self) -> bool {
        let is_steady = || {
            estimate(&self.values, CONFIDENCE)
                .is_some_and(|e| e.stddev.unwrap_or(0.0) <= STEADY * e.mean)
        };
        self.known.kind == AnswerKind::Exact
            && self.values.len() >= FEWEST
            && (!self.is_quantile() || is_steady())
    }

    fn row(&self, level: f64) -> TheoryRow {
        let estimate = estimate(&self.values, level);
        let widened = if self.is_quantile() { ACCURACY } else { 0.0 };
        let low = estimate
            .and_then(|e| e.low)
            .map(|low| low - widened * low.abs());
        let high = estimate
            .and_then(|e| e.high)
            .map(|high| high + widened * high.abs());
        let inside = low
            .zip(high)
            .is_some_and(|(low, high)| (low..=high).contains(&self.known.value));
        let agreement = match self.known.kind {
            AnswerKind::Exact if !self.is_judged() => Agreement::NotAvailable,
            AnswerKind::Exact if inside => Agreement::Agrees,
            AnswerKind::Exact => Agreement::Differs,
            AnswerKind::Limit => Agreement::Limit,
            AnswerKind::Bound => Agreement::Bound,
            AnswerKind::Approximation => Agreement::Approximation,
        };
        TheoryRow {
            point: self.point,
            strategy: self.strategy,
            key: self.key.clone(),
            model: self.known.model.to_owned(),
            kind: self.known.kind,
            theory: self.known.value,
            mean: estimate.map(|e| e.mean),
            ci_low: low,
            ci_high: high,
            replications: self.values.len() as u32,
            agreement,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn answer(metric: &str, kind: AnswerKind, value: f64, values: &[f64]) -> KnownAnswer {
        KnownAnswer {
            point: 0,
            strategy: 0,
            key: metric.parse().unwrap(),
            known: Known {
                metric: metric.to_owned(),
                class: "all".to_owned(),
                value,
                kind,
                model: "M/M/1",
            },
            values: values.to_vec(),
        }
    }

    /// Five values of mean 1 and standard deviation 0.0158: t of 4 degrees of freedom at 99.9 % is
    /// 8.610, so that the interval is 1 ± 0.0609.
    const VALUES: [f64; 5] = [0.98, 0.99, 1.0, 1.01, 1.02];

    fn agreement(metric: &str, kind: AnswerKind, value: f64) -> Agreement {
        answer(metric, kind, value, &VALUES).row(0.999).agreement
    }

    #[test]
    fn a_value_outside_the_interval_differs() {
        assert_eq!(
            agreement("response_mean", AnswerKind::Exact, 1.0608),
            Agreement::Agrees
        );
        assert_eq!(
            agreement("response_mean", AnswerKind::Exact, 1.0610),
            Agreement::Differs
        );
        assert_eq!(
            agreement("response_mean", AnswerKind::Exact, 0.9390),
            Agreement::Differs
        );
    }

    #[test]
    fn quantiles_have_the_accuracy_of_the_histogram() {
        assert_eq!(
            agreement("response_p99", AnswerKind::Exact, 1.0618),
            Agreement::Agrees
        );
        assert_eq!(
            agreement("response_p99", AnswerKind::Exact, 1.0622),
            Agreement::Differs
        );
    }

    #[test]
    fn only_exact_answers_with_enough_replications_are_judged() {
        assert_eq!(
            agreement("response_mean", AnswerKind::Limit, 2.0),
            Agreement::Limit
        );
        assert_eq!(
            agreement("response_mean", AnswerKind::Bound, 2.0),
            Agreement::Bound
        );
        let few = answer("response_mean", AnswerKind::Exact, 2.0, &VALUES[..4]);
        assert_eq!(few.row(0.999).agreement, Agreement::NotAvailable);
        let wild = answer(
            "wait_p99",
            AnswerKind::Exact,
            2.0,
            &[1.0, 1.2, 0.8, 1.3, 0.7],
        );
        assert!(!wild.is_judged());
    }
}
