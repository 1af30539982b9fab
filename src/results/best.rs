//! Which strategies may be the best on a deciding metric at a point, and how far the others are behind.
//!
//! "The best" is a set: with finitely many replications several strategies may be it, and all that are not
//! shown to be worse belong to it. Intervals are of logarithms of ratios, so that they read as percentages
//! behind the best.

use super::{Results, Status};
use crate::metrics::columns::MetricRef;
use crate::stats::best::{Standing, standings};
use crate::stats::{Pseudo, bonferroni};

/// What may be said of all strategies at a point on one metric. With all other points and deciding
/// metrics it holds at the run's confidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Index of the point.
    pub point: usize,
    /// The metric.
    pub metric: MetricRef,
    /// Where each strategy stands, the best figure first.
    pub standings: Vec<(usize, Standing)>,
    /// Strategies of which nothing can be said, and why.
    pub left_out: Vec<(usize, Status)>,
}

impl Best {
    /// Whether a strategy may be the best.
    pub fn may_be_best(&self, strategy: usize) -> bool {
        let mut standings = self.standings.iter();
        standings.any(|(s, standing)| *s == strategy && standing.may_be_best())
    }
}

/// By deciding metric, then by point; nothing where fewer than two strategies have figures above 0 in
/// at least three replications.
pub fn best(results: &Results) -> Vec<Best> {
    let meta = &results.meta;
    let points = || 0..results.cells.len();
    let level = bonferroni(meta.confidence, meta.decide_on.len() * results.cells.len());
    let all = meta.decide_on.iter();
    all.flat_map(|metric| points().filter_map(move |point| at(results, point, metric, level)))
        .collect()
}

/// At one point: `level` is that of all points and metrics together.
fn at(results: &Results, point: usize, metric: &MetricRef, level: f64) -> Option<Best> {
    let (mut stand, mut left_out) = (Vec::new(), Vec::new());
    for (strategy, cell) in results.cells[point].iter().enumerate() {
        let figure = cell.get(metric);
        match figure.and_then(|figure| figure.standing()) {
            Some(pseudo) => stand.push((strategy, pseudo)),
            None => {
                let status = figure.map_or(Status::NotAvailable, |figure| figure.status);
                left_out.push((strategy, status));
            }
        }
    }
    let is_told = |pseudo: &Pseudo| pseudo.is_positive() && pseudo.n() >= 3;
    if stand.len() < 2 || !stand.iter().all(|(_, pseudo)| is_told(pseudo)) {
        return None;
    }
    let sign = metric.metric.sign();
    let size = |pseudo: &Pseudo| sign * pseudo.figure;
    stand.sort_by(|(_, a), (_, b)| size(a).total_cmp(&size(b)));
    // What is too thin for an interval of its own is not called behind, unless one such looks the best.
    let is_thin = |strategy: usize| {
        let figure = results.cells[point][strategy].get(metric);
        figure.is_some_and(|figure| figure.status == Status::Thin)
    };
    if !is_thin(stand[0].0) {
        let thin = stand.extract_if(.., |(strategy, _)| is_thin(*strategy));
        left_out.extend(thin.map(|(strategy, _)| (strategy, Status::Thin)));
    }
    let logs = |pseudo: &Pseudo| pseudo.logs().iter().map(|log| sign * log).collect();
    let logs: Vec<Vec<f64>> = stand.iter().map(|(_, pseudo)| logs(pseudo)).collect();
    let names = stand.iter().map(|(strategy, _)| *strategy);
    Some(Best {
        point,
        metric: metric.clone(),
        standings: names.zip(standings(&logs, level)?).collect(),
        left_out,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample::Sample;

    #[test]
    fn unstable_ones_stay_out_and_are_named() {
        let found = best(&Sample::troubled().results());
        let last = found.iter().rfind(|best| best.point == 2);
        let left_out = last.map(|best| best.left_out.clone()).unwrap_or_default();
        assert!(left_out.contains(&(0, Status::Unstable)), "{left_out:?}");
        let first = found.first().map(|best| best.standings[0]);
        assert!(first.is_some_and(|(strategy, standing)| strategy == 1 && standing.may_be_best()));
    }

    #[test]
    fn higher_is_better_where_it_is() {
        let mut sample = Sample::loads(&[0.5], 3);
        sample.meta.decide_on = "throughput".parse().into_iter().collect();
        let found = best(&sample.results());
        assert_eq!(found[0].standings.len(), 3);
        assert!(
            found[0]
                .standings
                .iter()
                .all(|(_, standing)| standing.may_be_best())
        );
    }
}
