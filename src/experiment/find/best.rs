//! The value of a key at which a metric is best, where it falls towards it and rises beyond it.
//!
//! Up to [`MOST`] values of the range are run on the same random numbers. Those that are shown to be
//! worse than the best of them, pair by pair, bound the range anew, and what is left is looked at again:
//! with values closer to one another while that halves the range, else with more replications (a race;
//! Maron and Moore 1994). What remains is one value, or a range that the replications cannot tell apart.

use super::{Outcome, STAGES, is_below};
use crate::metrics::columns::MetricRef;
use crate::results::{Cell, Status};

/// Values of one look at most.
pub const MOST: usize = 16;

/// What is known of the best value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Best {
    /// The value with the best figure.
    pub value: usize,
    /// The first of those that are not shown to be worse.
    pub from: usize,
    /// The last of them.
    pub to: usize,
}

impl Best {
    fn len(&self) -> usize {
        self.to - self.from + 1
    }
}

/// Looks for the best among the values of number 0 to `last`; none where no value has a figure. `look`
/// has a value run with the replications of a stage.
///
/// # Errors
/// The first error of `look`.
pub fn best<E>(
    last: usize,
    metric: &MetricRef,
    level: f64,
    mut look: impl FnMut(usize, u32) -> Result<Cell, E>,
) -> Result<Option<Best>, E> {
    let (mut from, mut to, mut stage) = (0, last, 0);
    loop {
        let values = spread(from, to);
        let cells: Result<Vec<Cell>, E> = values.iter().map(|at| look(*at, stage)).collect();
        let Some(found) = judged(&values, &cells?, metric, level) else {
            return Ok(None);
        };
        let is_finer = values.len() < to - from + 1 && 2 * found.len() <= to - from + 1;
        stage += u32::from(!is_finer);
        if found.len() == 1 || stage == STAGES {
            return Ok(Some(found));
        }
        (from, to) = (found.from, found.to);
    }
}

/// At most [`MOST`] values, both ends among them.
fn spread(from: usize, to: usize) -> Vec<usize> {
    let count = (to - from + 1).min(MOST);
    let at = |k: usize| from + k * (to - from) / (count - 1).max(1);
    (0..count).map(at).collect()
}

/// The value with the best figure so far, and up to where others are not shown to be worse.
fn judged(values: &[usize], cells: &[Cell], metric: &MetricRef, level: f64) -> Option<Best> {
    let sign = metric.metric.sign();
    let figure = |k: &usize| Some(sign * cells[*k].get(metric)?.standing()?.figure);
    let known = (0..values.len()).filter_map(|k| Some((figure(&k)?, k)));
    let (_, lowest) = known.min_by(|a, b| a.0.total_cmp(&b.0))?;
    let is_worse = |k: &usize| is_worse(&cells[*k], &cells[lowest], metric, level);
    let below = (0..lowest).rev().find(is_worse);
    let above = (lowest + 1..values.len()).find(is_worse);
    Some(Best {
        value: values[lowest],
        from: below.map_or(values[0], |k| values[k] + 1),
        to: above.map_or(values[values.len() - 1], |k| values[k] - 1),
    })
}

/// Whether `one` is shown to be worse than `best`.
fn is_worse(one: &Cell, best: &Cell, metric: &MetricRef, level: f64) -> bool {
    let is_unstable = one
        .get(metric)
        .is_some_and(|figure| figure.status == Status::Unstable);
    let [lower, higher] = match metric.metric.lower_is_better() {
        true => [best, one],
        false => [one, best],
    };
    is_unstable || is_below(lower, higher, metric, level) == Outcome::Holds
}

/// Confidence of one comparison, where so many searches of `values` values hold together with
/// `confidence`. A search errs where the true best is shown to be worse than another value.
pub fn level(confidence: f64, searches: usize, values: usize) -> f64 {
    let halvings = (values as f64 / MOST as f64).log2().ceil().max(0.0);
    let pairs = (f64::from(STAGES) + halvings) * values.min(MOST) as f64;
    1.0 - 2.0 * (1.0 - confidence) / (pairs * searches.max(1) as f64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::results::Summary;

    /// From -1 to 1, as good as random (the mixing of splitmix64; Steele and others 2014).
    fn luck(of: u64) -> f64 {
        let mixed = |z: u64, by: u32, times: u64| (z ^ (z >> by)).wrapping_mul(times);
        let z = (of + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = mixed(
            mixed(z, 30, 0xbf58_476d_1ce4_e5b9),
            27,
            0x94d0_49bb_1331_11eb,
        );
        (z >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    /// A figure whose replications scatter, most of it in the same way at every value.
    fn cell(figure: f64, at: usize, stage: u32) -> Cell {
        let count = [5_usize, 20, 80][stage as usize];
        let scatter = |k: usize| 0.3 * luck(k as u64) + 0.02 * luck((at * 1000 + k) as u64 + 500);
        let values = (0..count).map(|k| Some(figure + scatter(k)));
        let pseudo: Vec<Option<f64>> = values.collect();
        let mean = pseudo.iter().flatten().sum::<f64>() / count as f64;
        let summary = Summary {
            key: "response_mean".parse().unwrap(),
            mean: Some(mean),
            ci_low: None,
            ci_high: None,
            stddev: None,
            replications: count as u32,
            events: None,
            status: Status::Ok,
            note: String::new(),
            values: pseudo.clone(),
            pseudo,
        };
        Cell {
            figures: vec![summary],
            ..Cell::default()
        }
    }

    fn search(last: usize, of: impl Fn(f64) -> f64) -> (Best, usize) {
        let mut looks = 0;
        let metric = "response_mean".parse().unwrap();
        let found = best(last, &metric, level(0.95, 1, last + 1), |at, stage| {
            looks += 1;
            Ok::<_, ()>(cell(of(at as f64), at, stage))
        });
        (found.unwrap().unwrap(), looks)
    }

    #[test]
    fn the_valley_is_found_in_few_looks() {
        for lowest in [0_usize, 1, 7, 20, 150, 255] {
            let (found, looks) = search(255, |at| 10.0 + 0.1 * (at - lowest as f64).abs());
            assert!(
                found.from <= lowest && lowest <= found.to,
                "{lowest}: {found:?}"
            );
            assert!(
                found.len() <= 3 && looks <= 80,
                "{lowest}: {found:?} in {looks}"
            );
        }
    }

    #[test]
    fn what_is_flat_is_not_told_apart() {
        let (found, _) = search(40, |at| {
            if (10.0..=20.0).contains(&at) {
                5.0
            } else {
                9.0
            }
        });
        assert!(found.from <= 11 && found.to >= 19, "{found:?}");
        assert!(found.from >= 9 && found.to <= 21, "{found:?}");
    }

    #[test]
    fn values_are_spread_from_end_to_end() {
        assert_eq!(spread(3, 3), [3]);
        assert_eq!(spread(2, 5), [2, 3, 4, 5]);
        let wide = spread(0, 255);
        assert_eq!((wide.len(), wide[0], wide[15]), (MOST, 0, 255));
        assert!(wide.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
