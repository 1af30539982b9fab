//! How many independent events stand behind a figure of a tail.
//!
//! Long waits come in clusters: two hundred slow jobs may be of three bad minutes. The spread of their
//! number over replications tells how many clusters there were: for a Poisson number K of them the
//! squared coefficient of variation of a total is about 1 / K. Below ten an interval is not worth
//! printing. A sample that missed the rare event looks calm, so that the same is asked of a level ten
//! times commoner, too.

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

use super::compare::least;
use super::estimate::mean_and_variance;

/// Fewer events are too few.
pub const FEWEST: f64 = 10.0;
/// How sure it is to be that the replications that are told will do: four times in five, as is usual of
/// sample sizes (Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988).
const ASSURANCE: f64 = 0.8;
/// By what the second level is commoner, and what it is at most.
const COMMONER: (f64, f64) = (10.0, 0.5);

/// R mean(amounts)^2 / variance(amounts), where an amount is a replication's share of slow jobs, or
/// its sum of squared response times; infinite where they are all the same or of one replication.
pub fn independent_events(amounts: &[f64]) -> f64 {
    match mean_and_variance(amounts) {
        Some((mean, Some(variance))) if variance > 0.0 => {
            amounts.len() as f64 * mean * mean / variance
        }
        _ => f64::INFINITY,
    }
}

/// The share of a level ten times commoner than the rare `share`, at most a half; never rarer.
pub fn commoner(share: f64) -> f64 {
    (COMMONER.0 * share).min(COMMONER.1).max(share)
}

/// The events behind a level of share `share`, from those counted there and at the [`commoner`] one.
pub fn fewest_events(share: f64, there: f64, at_commoner: f64) -> f64 {
    there.min(at_commoner * share / commoner(share))
}

/// So many replications in all have [`FEWEST`] events behind them with `ASSURANCE`, where the first `has`
/// of them had `events`. `None` if not even a million would do.
///
/// R replications with variance s^2 had K = R m^2 / s^2; n of them, of which these are the first, have
/// n m^2 / S^2 with (n-1) S^2 = (R-1) s^2 + (n-R) t^2, where t^2 / s^2 has the law F(n-R, R-1). (Sample sizes
/// by what a planned interval will be with a given probability: Kupper & Hafner, Am. Stat. 43, 1989.)
pub fn replications_after(has: usize, events: f64) -> Option<u64> {
    let first = has as f64;
    least(has as u64 + 1, |n| {
        let n = n as f64;
        let most = events * n / first / FEWEST;
        let share = (most * (n - 1.0) - (first - 1.0)) / (n - first);
        let law = FisherSnedecor::new(n - first, first - 1.0);
        law.is_ok_and(|law| share > 0.0 && law.cdf(share) >= ASSURANCE)
    })
}

/// The same where it is known beforehand that each replication adds `each` events: n of them are found to
/// have K, with n each / K of the law chi^2(n-1) / (n-1).
pub fn replications_of(each: f64) -> Option<u64> {
    least(3, |n| {
        let (n, freedom) = (n as f64, n as f64 - 1.0);
        let law = ChiSquared::new(freedom);
        law.is_ok_and(|law| law.cdf(freedom * n * each / FEWEST) >= ASSURANCE)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * b.abs()
    }

    #[test]
    fn the_commoner_level_bounds_what_the_rare_one_pretends() {
        let rare = independent_events(&[1.125, 0.125, 2.25]);
        assert!(close(rare, 3.612903226));
        let commoner = independent_events(&[8.275862069, 7.810344828, 14.41379310]);
        assert!((commoner - 22.82922007).abs() < 1e-7);
        assert!((fewest_events(0.01, rare, commoner) - 2.282922007).abs() < 1e-8);
        let median = independent_events(&[45.64516129, 49.20967742, 55.64516129]);
        assert!((fewest_events(0.1, commoner, median) - commoner).abs() < 1e-9);
        assert!((median * 0.1 / super::commoner(0.1) - 58.78554255).abs() < 1e-6);
        assert_eq!(fewest_events(0.5, 7.0, 7.0), 7.0);
    }

    /// Events that K are found to be after `n` replications, a thousand times, in rising order.
    fn found(has: usize, events: f64, n: usize) -> Vec<f64> {
        let mut state = 7u64;
        let mut uniform = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        };
        // Twelve uniforms are as good as normal here.
        let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let mut squares = |freedom: usize| (0..freedom).map(|_| normal().powi(2)).sum::<f64>();
        let mut all: Vec<f64> = (0..1000)
            .map(|_| {
                let truth = (has - 1) as f64 / squares(has - 1);
                let pooled = (has - 1) as f64 + truth * squares(n - has);
                events * n as f64 / has as f64 * (n - 1) as f64 / pooled
            })
            .collect();
        all.sort_unstable_by(f64::total_cmp);
        all
    }

    #[test]
    fn the_replications_told_do_four_times_in_five() {
        for (has, events) in [(20, 9.0), (20, 3.0), (10, 3.7), (5, 6.0), (3, 4.0)] {
            let n = replications_after(has, events).unwrap() as usize;
            let often = |n: usize| {
                let found = found(has, events, n);
                found.iter().filter(|events| **events >= FEWEST).count()
            };
            assert!(
                (750..850).contains(&often(n)),
                "{has} {events}: {}",
                often(n)
            );
        }
        // Where little is missing, little is asked for.
        assert!(replications_after(20, 9.0).unwrap() <= 27);
        assert_eq!(replications_after(20, 0.0), None);
    }

    #[test]
    fn more_is_asked_for_than_is_to_be_expected_by_laws() {
        for (each, expected) in [(0.5, 20), (0.1, 100), (5.0, 3)] {
            let n = replications_of(each).unwrap();
            assert!((expected..=expected + expected / 3 + 1).contains(&n), "{n}");
        }
        assert_eq!(replications_of(0.0), None);
    }

    #[test]
    fn without_variance_nothing_is_rare() {
        assert_eq!(independent_events(&[4.0; 5]), f64::INFINITY);
        assert_eq!(independent_events(&[4.0]), f64::INFINITY);
        assert_eq!(independent_events(&[0.0, 0.0, 0.0]), f64::INFINITY);
        assert!(close(independent_events(&[0.0, 0.0, 3.0]), 1.0));
    }

    #[test]
    fn levels_of_a_half_and_more_are_their_own() {
        assert_eq!(
            [0.01, 0.1, 0.5, 0.9].map(super::commoner),
            [0.1, 0.5, 0.5, 0.9]
        );
    }
}
