//! Theory beside simulation: the figures that a model with a known answer gives, and whether the
//! replications agree.
//!
//! A row is judged if its answer is exact and its figure has no mark. It agrees if the answer lies in
//! the figure's interval, at 99.9 % for all judged rows together (Bonferroni): one run in a thousand
//! has a row that differs by chance. Quantiles are known to the histogram's 0.2 %, by which their
//! intervals are widened.

use crate::metrics::columns::MetricRef;
use crate::metrics::histogram::ACCURACY;
use crate::metrics::registry;
use crate::scenario::Scenario;
use crate::stats::{Pseudo, bonferroni};
use crate::theory::{AnswerKind, Known, known};

use crate::results::{Agreement, Cell, TheoryRow};

/// Confidence of all judged rows together.
const CONFIDENCE: f64 = 0.999;
/// Replications from which on a row is judged.
const FEWEST: usize = 5;

/// A known answer and what was found.
struct KnownAnswer {
    point: usize,
    strategy: usize,
    key: MetricRef,
    known: Known,
    /// The figure, if it has no mark.
    pseudo: Option<Pseudo>,
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
        pseudo: figure.standing().filter(|_| figure.status.has_interval()),
    })
}

impl KnownAnswer {
    fn is_quantile(&self) -> bool {
        self.key.row().kind == registry::Kind::Quantile
    }

    fn is_judged(&self) -> bool {
        let replications = self.pseudo.as_ref().map_or(0, Pseudo::n);
        self.known.kind == AnswerKind::Exact && replications >= FEWEST
    }

    /// The answer beside the figure; only exact answers are judged.
    fn row(&self, level: f64) -> TheoryRow {
        let estimate = self.pseudo.as_ref().map(|pseudo| pseudo.estimate(level));
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
            replications: self.pseudo.as_ref().map_or(0, Pseudo::n) as u32,
            agreement,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::stats::pseudo::weighted;

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
            pseudo: weighted(values, &vec![1.0; values.len()])
                .map(|(figure, without)| Pseudo::new(figure, &without, values, f64::INFINITY)),
        }
    }

    /// Five values of mean 1 and standard deviation 0.0158: t of 4 degrees of freedom at 99.9 % is
    /// 8.610, so that the interval is from exp(-0.0609) to exp(0.0609), 0.9409 to 1.0628.
    const VALUES: [f64; 5] = [0.98, 0.99, 1.0, 1.01, 1.02];

    fn agreement(metric: &str, kind: AnswerKind, value: f64) -> Agreement {
        answer(metric, kind, value, &VALUES).row(0.999).agreement
    }

    #[test]
    fn a_value_outside_the_interval_differs() {
        assert_eq!(
            agreement("response_mean", AnswerKind::Exact, 1.0627),
            Agreement::Agrees
        );
        assert_eq!(
            agreement("response_mean", AnswerKind::Exact, 1.0629),
            Agreement::Differs
        );
        assert_eq!(
            agreement("response_mean", AnswerKind::Exact, 0.9408),
            Agreement::Differs
        );
    }

    #[test]
    fn quantiles_have_the_accuracy_of_the_histogram() {
        assert_eq!(
            agreement("response_p99", AnswerKind::Exact, 1.0648),
            Agreement::Agrees
        );
        assert_eq!(
            agreement("response_p99", AnswerKind::Exact, 1.0650),
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
        let mut marked = answer("wait_p99", AnswerKind::Exact, 2.0, &VALUES);
        marked.pseudo = None;
        assert!(!marked.is_judged());
    }
}
