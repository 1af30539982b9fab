//! Comparing two strategies by the pseudo-values of their replications.
//!
//! Replication r gives both the same jobs, so that what made both slow cancels in the difference of
//! their pseudo-values. These are logarithms, and a difference of logarithms is a ratio: no interval
//! of it reaches 100 % less. Runs of unlike jobs are compared by Welch's interval, which does not
//! assume equal variances (Welch, Biometrika 34, 1947).

use super::estimate::{Estimate, mean_and_variance};
use super::pseudo::{FEWEST, PAIRED, Pseudo, SINGLE, freedom, half_width};
use super::two_sided;

/// Above this many replications an answer of "run more" is of no use.
const MOST_REPLICATIONS: u64 = 1_000_000;

/// The difference of a strategy and its baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Of the figures, other minus baseline.
    pub estimate: Estimate,
    /// The baseline's figure.
    pub baseline: f64,
    /// The other's figure.
    pub other: f64,
    /// Other / baseline - 1; none unless both are positive.
    pub relative: Option<f64>,
    /// Lower end of its interval.
    pub relative_low: Option<f64>,
    /// Upper end.
    pub relative_high: Option<f64>,
    /// Standard deviation of one replication's logarithm of the ratio.
    pub spread: Option<f64>,
    /// The lesser number of independent events behind the two.
    pub events: f64,
    /// At least two replications and no variance between them.
    pub exact: bool,
}

/// A difference of two means on one scale: itself, its standard deviation for one replication, and
/// half the width of its interval.
struct Change {
    mean: f64,
    spread: Option<f64>,
    half: Option<f64>,
}

/// Compares `other` with `baseline` replication by replication, `level` being the confidence of this
/// one interval. `None` unless both have as many replications: pseudo-values depend on their number.
pub fn paired(baseline: &Pseudo, other: &Pseudo, level: f64) -> Option<Difference> {
    if baseline.n() != other.n() || baseline.n() == 0 {
        return None;
    }
    let events = baseline.events.min(other.events);
    difference(baseline, other, |baseline, other| {
        let pairs = baseline.iter().zip(other).map(|(b, o)| o - b);
        let (mean, variance) = mean_and_variance(&pairs.collect::<Vec<f64>>())?;
        let spread = variance.map(f64::sqrt);
        let half = spread.and_then(|sd| half_width(sd, baseline.len(), PAIRED / events, level));
        Some(Change { mean, spread, half })
    })
}

/// The same of independent samples, whose variances may differ (degrees of freedom by Satterthwaite,
/// 1946). `None` if either has fewer than [`FEWEST`] replications.
pub fn unpaired(baseline: &Pseudo, other: &Pseudo, level: f64) -> Option<Difference> {
    if baseline.n().min(other.n()) < FEWEST {
        return None;
    }
    difference(baseline, other, |a, b| {
        let (mean_a, variance_a) = mean_and_variance(a)?;
        let (mean_b, variance_b) = mean_and_variance(b)?;
        let (va, vb) = (variance_a? / a.len() as f64, variance_b? / b.len() as f64);
        let fa = freedom(a.len(), SINGLE / baseline.events);
        let fb = freedom(b.len(), SINGLE / other.events);
        let error = (va + vb).sqrt();
        let half = match error {
            0.0 => 0.0,
            error => two_sided(level, (va + vb).powi(2) / (va * va / fa + vb * vb / fb)) * error,
        };
        // As if of so many differences, so that more replications can be told.
        let spread = error * (a.len().min(b.len()) as f64).sqrt();
        Some(Change {
            mean: mean_b - mean_a,
            spread: Some(spread),
            half: Some(half),
        })
    })
}

/// On the logarithmic scale if both are positive, else on their own.
fn difference(
    baseline: &Pseudo,
    other: &Pseudo,
    change: impl Fn(&[f64], &[f64]) -> Option<Change>,
) -> Option<Difference> {
    let is_ratio = baseline.is_positive() && other.is_positive();
    let change = match is_ratio {
        true => change(&baseline.logs(), &other.logs())?,
        false => change(&baseline.values, &other.values)?,
    };
    let end = |sign: f64| change.half.map(|half| change.mean + sign * half);
    let ratio = |log: Option<f64>| log.filter(|_| is_ratio).map(f64::exp_m1);
    let own = |end: Option<f64>| match is_ratio {
        true => ratio(end).map(|relative| relative * baseline.figure),
        false => end,
    };
    Some(Difference {
        estimate: Estimate {
            mean: other.figure - baseline.figure,
            low: own(end(-1.0)),
            high: own(end(1.0)),
            stddev: change
                .spread
                .map(|sd| if is_ratio { sd * baseline.figure } else { sd }),
            n: baseline.n().min(other.n()),
        },
        baseline: baseline.figure,
        other: other.figure,
        relative: ratio(Some(change.mean)),
        relative_low: ratio(end(-1.0)),
        relative_high: ratio(end(1.0)),
        spread: change.spread.filter(|_| is_ratio),
        events: baseline.events.min(other.events),
        exact: change.spread == Some(0.0),
    })
}

/// The level of each of `m` intervals that hold all together with `confidence` (Bonferroni).
pub fn bonferroni(confidence: f64, m: usize) -> f64 {
    1.0 - (1.0 - confidence) / m.max(1) as f64
}

/// The least number of replications, at least [`FEWEST`], at which a paired interval of confidence
/// `level` has a half-width of at most `target`, given the standard deviation `sd` of one
/// replication and the independent events that each adds. `None` if not even a million would do.
pub fn replications_needed(sd: f64, each_events: f64, level: f64, target: f64) -> Option<u64> {
    let half = |n: u64| half_width(sd, n as usize, PAIRED / (each_events * n as f64), level);
    let enough = |n: u64| half(n).is_some_and(|half| half <= target);
    least(FEWEST as u64, enough)
}

/// The least number of replications, from `low` on, that are `enough`, where more are never fewer than enough.
/// `None` if not even a million are.
pub(super) fn least(mut low: u64, enough: impl Fn(u64) -> bool) -> Option<u64> {
    if low > MOST_REPLICATIONS || !enough(MOST_REPLICATIONS) {
        return None;
    }
    // Halving the range does not swing, as a fixed-point iteration would.
    let mut high = MOST_REPLICATIONS;
    while low < high {
        let middle = (low + high) / 2;
        if enough(middle) {
            high = middle
        } else {
            low = middle + 1
        }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::stats::pseudo::weighted;

    const NONE_RARE: f64 = f64::INFINITY;

    /// The mean of `values`.
    fn mean_of(values: &[f64], events: f64) -> Pseudo {
        let (figure, without) = weighted(values, &vec![1.0; values.len()]).unwrap();
        Pseudo::new(figure, &without, values, events)
    }

    /// Whose logarithms are pseudo-values as they are.
    fn of_logs(logs: &[f64]) -> Pseudo {
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        Pseudo {
            figure: mean.exp(),
            values: logs.iter().map(|log| log.exp()).collect(),
            events: NONE_RARE,
        }
    }

    // In the commands below: A = [10.2,11.5,9.8,10.9,12.1,10.4], B = [9.1,10.6,8.9,9.4,11.3,9.6],
    // C = B + [14.2,7.7].
    const BASE: [f64; 6] = [10.2, 11.5, 9.8, 10.9, 12.1, 10.4];
    const OTHER: [f64; 6] = [9.1, 10.6, 8.9, 9.4, 11.3, 9.6];

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 2e-9 * b.abs()
    }

    #[test]
    fn a_ratio_of_means() {
        let (a, b) = ([10.0, 12.0, 9.0, 11.0, 13.0], [6.0, 7.5, 5.0, 6.5, 9.0]);
        for (events, low, high) in [
            (NONE_RARE, -44.65669735, -30.94941176),
            (40.0, -45.44816618, -29.94758681),
        ] {
            let d = paired(&mean_of(&a, events), &mean_of(&b, 1e9), 0.95).unwrap();
            assert!(close(100.0 * d.relative.unwrap(), -38.18181818));
            assert!(close(100.0 * d.relative_low.unwrap(), low), "{d:?}");
            assert!(close(100.0 * d.relative_high.unwrap(), high), "{d:?}");
            assert!(close(d.spread.unwrap(), 0.08910774062));
            assert_eq!((d.baseline, d.other), (11.0, 6.8));
            assert!(close(d.estimate.low.unwrap(), 0.11 * low));
        }
    }

    #[test]
    fn paired_agrees_with_the_related_t_test() {
        // python3 -c "from scipy.stats import ttest_rel; level = 1 - .05 / 24
        // print(ttest_rel(B, A).confidence_interval(.99), ttest_rel(B, A).confidence_interval(level))"
        for (level, low, high) in [
            (0.99, -1.441699133435876, -0.558300866564124),
            (
                bonferroni(0.95, 24),
                -1.6397028330484762,
                -0.36029716695151603,
            ),
        ] {
            let d = paired(&of_logs(&BASE), &of_logs(&OTHER), level).unwrap();
            assert!(close(d.relative.unwrap().ln_1p(), -1.0));
            assert!(close(d.relative_low.unwrap().ln_1p(), low));
            assert!(close(d.relative_high.unwrap().ln_1p(), high));
            assert!(!d.exact);
        }
    }

    #[test]
    fn no_bound_of_a_ratio_passes_less_than_nothing() {
        let d = paired(
            &mean_of(&[1.0, 9.0, 1.0], 2.0),
            &mean_of(&[0.1, 0.2, 6.0], 2.0),
            0.999,
        );
        assert!(d.unwrap().relative_low.unwrap() >= -1.0);
    }

    #[test]
    fn exact_without_variance_and_relative_only_to_something() {
        let d = paired(&mean_of(&[0.3; 5], 1.0), &mean_of(&[0.1; 5], 1.0), 0.95).unwrap();
        assert!(d.exact && d.relative_low == d.relative_high);
        assert_eq!(d.estimate.low, d.estimate.high);
        let zero = paired(
            &mean_of(&[0.0; 3], 1.0),
            &mean_of(&[1.0, 2.0, 1.5], 9.0),
            0.95,
        )
        .unwrap();
        assert_eq!(
            (zero.relative, zero.relative_low, zero.spread),
            (None, None, None)
        );
        assert!(zero.estimate.low.is_some() && zero.estimate.mean == 1.5);
        let two = paired(&mean_of(&[2.0, 2.1], 1e9), &mean_of(&[3.0, 3.3], 1e9), 0.95).unwrap();
        assert!(two.relative.is_some() && two.relative_low.is_none());
        let unlike = paired(&mean_of(&BASE, 1e9), &mean_of(&OTHER[..5], 1e9), 0.95);
        assert_eq!(unlike, None);
    }

    #[test]
    fn bonferroni_divides_the_risk() {
        assert_eq!(bonferroni(0.95, 1), 0.95);
        assert_eq!(bonferroni(0.95, 0), 0.95);
        assert!((bonferroni(0.95, 24) - (1.0 - 0.05 / 24.0)).abs() < 1e-15);
    }

    #[test]
    fn the_replications_needed_are_the_first_that_do() {
        for (sd, each, target) in [
            (1.0, NONE_RARE, 0.5),
            (3.0, 10.0, 0.2),
            (0.01, 2.0, 1.0),
            (5.0, 0.5, 1.3),
        ] {
            let half = |n: usize| half_width(sd, n, PAIRED / (each * n as f64), 0.99).unwrap();
            let slow = (3..).find(|&n| half(n) <= target).unwrap();
            assert_eq!(
                replications_needed(sd, each, 0.99, target),
                Some(slow as u64)
            );
        }
        assert_eq!(replications_needed(0.0, 1.0, 0.95, 0.0), Some(3));
        assert_eq!(replications_needed(1.0, 1.0, 0.95, 0.0), None);
        assert_eq!(replications_needed(1.0, 1.0, 0.95, 1e-4), None);
    }

    #[test]
    fn independent_samples_agree_with_the_reference() {
        // python3 -c "from scipy.stats import ttest_ind; level = 1 - .05 / 24
        // r = ttest_ind(C, A, equal_var=False); print(r.confidence_interval(.95), r.confidence_interval(level))"
        let other = [OTHER.as_slice(), &[14.2, 7.7]].concat();
        for (level, low, high) in [
            (0.95, -2.460184503582819, 1.0268511702494816),
            (bonferroni(0.95, 24), -3.934416567726236, 2.5010832343929255),
        ] {
            let d = unpaired(&of_logs(&BASE), &of_logs(&other), level).unwrap();
            assert!(close(d.relative_low.unwrap().ln_1p(), low));
            assert!(close(d.relative_high.unwrap().ln_1p(), high));
            assert_eq!((d.estimate.n, d.exact), (6, false));
        }
        let flat = unpaired(&of_logs(&[2.0; 3]), &of_logs(&[3.0; 4]), 0.95).unwrap();
        assert!(flat.exact && close(flat.relative_low.unwrap().ln_1p(), 1.0));
        assert_eq!(unpaired(&of_logs(&[2.0; 2]), &of_logs(&BASE), 0.95), None);
    }
}
