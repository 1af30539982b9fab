//! Comparing two strategies by their replications.
//!
//! Replication r gives both the same jobs, so the difference is taken within a replication and the
//! interval over the differences (a paired t interval): what made both slow cancels. Runs of unlike
//! jobs are compared by Welch's interval, which does not assume equal variances (Welch, Biometrika
//! 34, 1947).

use super::critical::two_sided;
use super::estimate::{Estimate, estimate, half_width, mean_and_variance};

/// Above this many replications an answer of "run more" is of no use.
const MOST_REPLICATIONS: u64 = 1_000_000;

/// The paired difference of a strategy and its baseline, over the replications that both have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Of the differences, other minus baseline.
    pub estimate: Estimate,
    /// The baseline's mean.
    pub baseline_mean: f64,
    /// The other's mean.
    pub mean: f64,
    /// Mean difference / |baseline mean|; none if that is 0.
    pub relative: Option<f64>,
    /// Lower end of the interval, likewise divided.
    pub relative_low: Option<f64>,
    /// Upper end of the interval, likewise divided.
    pub relative_high: Option<f64>,
    /// At least two differences and no variance among them.
    pub exact: bool,
}

impl Difference {
    fn new(estimate: Estimate, baseline_mean: f64, mean: f64, exact: bool) -> Difference {
        let scale = (baseline_mean != 0.0).then(|| baseline_mean.abs());
        let relative = |value: Option<f64>| Some(value? / scale?);
        Difference {
            relative: relative(Some(estimate.mean)),
            relative_low: relative(estimate.low),
            relative_high: relative(estimate.high),
            exact,
            estimate,
            baseline_mean,
            mean,
        }
    }

    /// Standard deviation of the differences / |baseline mean|; none if that is 0 or with one pair.
    pub fn relative_stddev(&self) -> Option<f64> {
        let sd = self.estimate.stddev?;
        (self.baseline_mean != 0.0).then(|| sd / self.baseline_mean.abs())
    }
}

/// Compares `other` with `baseline` pair by pair (Student t on the differences), `level` being the
/// confidence of this one interval. Value k of both comes from replication k; a pair with a missing
/// value is dropped, `None` if no pair is left. The relative interval takes the baseline's mean as given.
pub fn paired(baseline: &[f64], other: &[f64], level: f64) -> Option<Difference> {
    let (baseline, other) = pairs(baseline, other);
    let differences: Vec<f64> = baseline.iter().zip(&other).map(|(b, o)| o - b).collect();
    let estimate = estimate(&differences, level)?;
    let (baseline_mean, _) = mean_and_variance(&baseline)?;
    let (mean, _) = mean_and_variance(&other)?;
    let exact = estimate.stddev == Some(0.0);
    Some(Difference::new(estimate, baseline_mean, mean, exact))
}

/// The pairs of which both values are there.
pub(super) fn pairs(a: &[f64], b: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let both = a.iter().zip(b);
    both.filter(|(a, b)| a.is_finite() && b.is_finite()).unzip()
}

/// The level of each of `m` intervals that hold all together with `confidence` (Bonferroni).
pub fn bonferroni(confidence: f64, m: usize) -> f64 {
    1.0 - (1.0 - confidence) / m.max(1) as f64
}

/// The least number of replications, at least 2, at which an interval of confidence `level` has a
/// half-width of at most `target`, given the standard deviation `sd` of one replication.
/// `None` if not even a million would do.
pub fn replications_needed(sd: f64, level: f64, target: f64) -> Option<u64> {
    let enough = |n: u64| half_width(sd, level, n as usize) <= target;
    if !enough(MOST_REPLICATIONS) {
        return None;
    }
    // The half-width falls with n, so the range can be halved where a fixed-point iteration swings.
    let (mut low, mut high) = (2, MOST_REPLICATIONS);
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

/// [`paired`] for samples that are independent and whose variances may differ (Welch 1947; degrees
/// of freedom by Satterthwaite 1946). A missing value is left out; `None` if either sample has fewer
/// than two.
pub fn unpaired(baseline: &[f64], other: &[f64], level: f64) -> Option<Difference> {
    let (a, b) = (estimate(baseline, level)?, estimate(other, level)?);
    let (va, vb) = (a.standard_error()?.powi(2), b.standard_error()?.powi(2));
    let (na, nb) = (a.n as f64 - 1.0, b.n as f64 - 1.0);
    let standard_error = (va + vb).sqrt();
    let half = if standard_error == 0.0 {
        0.0
    } else {
        let df = (va + vb).powi(2) / (va * va / na + vb * vb / nb);
        two_sided(level, df) * standard_error
    };
    let (mean, n) = (b.mean - a.mean, a.n.min(b.n));
    let estimate = Estimate {
        mean,
        low: Some(mean - half),
        high: Some(mean + half),
        // As if of n differences, so that more replications can be told.
        stddev: Some(standard_error * (n as f64).sqrt()),
        n,
    };
    Some(Difference::new(
        estimate,
        a.mean,
        b.mean,
        standard_error == 0.0,
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    // In the commands below: A = [10.2,11.5,9.8,10.9,12.1,10.4], B = [9.1,10.6,8.9,9.4,11.3,9.6],
    // C = B + [14.2,7.7].
    const BASE: [f64; 6] = [10.2, 11.5, 9.8, 10.9, 12.1, 10.4];
    const OTHER: [f64; 6] = [9.1, 10.6, 8.9, 9.4, 11.3, 9.6];

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-10 * b.abs()
    }

    #[test]
    fn paired_agrees_with_the_related_t_test() {
        // python3 -c "from scipy.stats import ttest_rel; print(ttest_rel(B, A).confidence_interval(.99))"
        let d = paired(&BASE, &OTHER, 0.99).unwrap();
        assert!(close(d.estimate.mean, -1.0));
        assert!(close(d.estimate.low.unwrap(), -1.441699133435876));
        assert!(close(d.estimate.high.unwrap(), -0.558300866564124));
        assert!(close(d.relative.unwrap(), -6.0 / 64.9));
        assert!(close(
            d.relative_low.unwrap(),
            -1.441699133435876 * 6.0 / 64.9
        ));
        assert!(close(d.mean - d.baseline_mean, d.estimate.mean));
        assert!(!d.exact);
    }

    #[test]
    fn pairs_are_dropped_together() {
        let (mut base, mut other) = (BASE.to_vec(), OTHER.to_vec());
        base.insert(2, f64::NAN);
        other.insert(2, 1e6);
        base.push(-7.0);
        other.push(f64::NAN);
        assert_eq!(paired(&base, &other, 0.95), paired(&BASE, &OTHER, 0.95));
        assert_eq!(paired(&[f64::NAN], &[1.0], 0.95), None);
    }

    #[test]
    fn exact_without_variance_and_relative_only_to_something() {
        let d = paired(&[0.3; 5], &[0.1; 5], 0.95).unwrap();
        assert!(d.exact);
        assert_eq!(d.estimate.low, d.estimate.high);
        let zero = paired(&[-1.0, 1.0], &[1.0, 2.0], 0.95).unwrap();
        assert_eq!(
            (zero.relative, zero.relative_low, zero.relative_stddev()),
            (None, None, None)
        );
        let negative = paired(&[-4.0, -4.0], &[-2.0, -3.0], 0.95).unwrap();
        assert_eq!(negative.relative, Some(0.375));
        let single = paired(&[2.0], &[3.0], 0.95).unwrap();
        assert_eq!(
            (single.relative, single.relative_low, single.exact),
            (Some(0.5), None, false)
        );
    }

    #[test]
    fn bonferroni_divides_the_risk() {
        assert_eq!(bonferroni(0.95, 1), 0.95);
        assert_eq!(bonferroni(0.95, 0), 0.95);
        assert!((bonferroni(0.95, 24) - (1.0 - 0.05 / 24.0)).abs() < 1e-15);
    }

    #[test]
    fn simultaneous_intervals_agree_with_the_reference() {
        // python3 -c "from scipy.stats import ttest_rel, ttest_ind; level = 1 - .05 / 24
        // print(ttest_rel(B, A).confidence_interval(level))
        // print(ttest_ind(C, A, equal_var=False).confidence_interval(level))"
        let level = bonferroni(0.95, 24);
        let d = paired(&BASE, &OTHER, level).unwrap().estimate;
        assert!(close(d.low.unwrap(), -1.6397028330484762));
        assert!(close(d.high.unwrap(), -0.36029716695151603));
        let other = [OTHER.as_slice(), &[14.2, 7.7]].concat();
        let w = unpaired(&BASE, &other, level).unwrap().estimate;
        assert!(close(w.low.unwrap(), -3.934416567726236));
        assert!(close(w.high.unwrap(), 2.5010832343929255));
    }

    #[test]
    fn the_replications_needed_are_the_first_that_do() {
        for (sd, target) in [(1.0, 0.5), (3.0, 0.2), (0.01, 1.0), (5.0, 1.3)] {
            let slow = (2..).find(|&n| half_width(sd, 0.99, n) <= target).unwrap();
            assert_eq!(replications_needed(sd, 0.99, target), Some(slow as u64));
        }
        assert_eq!(replications_needed(0.0, 0.95, 0.0), Some(2));
        assert_eq!(replications_needed(1.0, 0.95, 0.0), None);
        assert_eq!(replications_needed(1.0, 0.95, 1e-4), None);
    }

    #[test]
    fn independent_samples_agree_with_the_reference() {
        // python3 -c "from scipy.stats import ttest_ind; r = ttest_ind(C, A, equal_var=False)
        // print(r.statistic, r.df, r.confidence_interval(.95))"
        let other = [OTHER.as_slice(), &[14.2, 7.7]].concat();
        let d = unpaired(&BASE, &other, 0.95).unwrap();
        let w = d.estimate;
        assert!(close(
            w.mean / w.standard_error().unwrap(),
            -0.9148936170212791
        ));
        assert!(close(w.low.unwrap(), -2.460184503582819));
        assert!(close(w.high.unwrap(), 1.0268511702494816));
        assert!(close(
            d.relative_low.unwrap(),
            w.low.unwrap() / d.baseline_mean
        ));
        assert_eq!((d.mean - d.baseline_mean, w.n, d.exact), (w.mean, 6, false));
        let flat = unpaired(&[2.0; 3], &[3.0; 4], 0.95).unwrap();
        let interval = (flat.estimate.low, flat.estimate.high, flat.exact);
        assert_eq!(interval, (Some(1.0), Some(1.0), true));
        assert_eq!(unpaired(&[2.0], &BASE, 0.95), None);
    }
}
