//! How many independent events stand behind a figure of a tail.
//!
//! Long waits come in clusters: two hundred slow jobs may be of three bad minutes. The spread of their
//! number over replications tells how many clusters there were: for a Poisson number K of them the
//! squared coefficient of variation of a total is about 1 / K. Below ten an interval is not worth
//! printing. A sample that missed the rare event looks calm, so that the same is asked of a level ten
//! times commoner, too.

use super::estimate::mean_and_variance;

/// Fewer events are too few.
pub const FEWEST: f64 = 10.0;
/// Events to aim at where there are too few.
pub const AIM: f64 = 30.0;
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

#[cfg(test)]
mod tests {
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
