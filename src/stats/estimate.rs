//! The mean of independent replications with its confidence interval.
//!
//! One replication, one number: jobs within a replication wait behind one another and are far from
//! independent, and an interval over jobs would be far too narrow. Replications are independent by
//! construction.

use super::critical;

/// A mean over replications, in the unit of its values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Arithmetic mean.
    pub mean: f64,
    /// Lower end of the interval; none with a single value.
    pub low: Option<f64>,
    /// Upper end of the interval; none with a single value.
    pub high: Option<f64>,
    /// Sample standard deviation (divisor n - 1); none with a single value.
    pub stddev: Option<f64>,
    /// How many values there were.
    pub n: usize,
}

impl Estimate {
    /// Standard error of the mean; none with a single value.
    pub fn standard_error(&self) -> Option<f64> {
        self.stddev.map(|sd| sd / (self.n as f64).sqrt())
    }
}

/// Mean and two-sided Student t interval of confidence `level` (0 < `level` < 1) over the finite
/// `values`; `None` without any. Equal values give exactly that mean and an interval of width 0.
pub fn estimate(values: &[f64], level: f64) -> Option<Estimate> {
    let values: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let (mean, variance) = mean_and_variance(&values)?;
    let n = values.len();
    let half = variance.map(|v| half_width(v.sqrt(), level, n));
    Some(Estimate {
        mean,
        low: half.map(|h| mean - h),
        high: half.map(|h| mean + h),
        stddev: variance.map(f64::sqrt),
        n,
    })
}

/// Mean of the differences `b` - `a` with its interval, pair by pair; a pair with a missing value is
/// dropped.
pub fn mean_difference(a: &[f64], b: &[f64], level: f64) -> Option<Estimate> {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    estimate(&differences, level)
}

/// Half the width of the Student t interval of `n` >= 2 values with standard deviation `sd`.
fn half_width(sd: f64, level: f64, n: usize) -> f64 {
    let n = n as f64;
    critical::two_sided(level, n - 1.0) * sd / n.sqrt()
}

/// Mean and sample variance (none for one value) in two passes. Both take the values relative to the
/// first one, so that equal values have exactly that mean and a variance of exactly 0.
pub(super) fn mean_and_variance(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let (&first, n) = (values.first()?, values.len() as f64);
    let offset = values.iter().map(|v| v - first).sum::<f64>() / n;
    let deviations = values.iter().map(|v| (v - first) - offset);
    let squares: f64 = deviations.map(|d| d * d).sum();
    let variance = (n > 1.0).then(|| squares / (n - 1.0));
    Some((first + offset, variance))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn agrees_with_the_one_sample_t_interval() {
        // python3 -c "from scipy.stats import ttest_1samp as t; import numpy as np
        // v = [4.1,5.3,3.9,4.8,5.0,4.4,6.1]; print(np.std(v, ddof=1), t(v, 0).confidence_interval(.95),
        // t(v, 0).confidence_interval(.999))"
        let values = [4.1, 5.3, 3.9, 4.8, 5.0, 4.4, 6.1];
        let e = estimate(&values, 0.95).unwrap();
        assert!((e.mean - 4.8).abs() < 1e-14);
        let wide = estimate(&values, 0.999).unwrap();
        for (value, expected) in [
            (e.stddev, 0.7571877794400363),
            (e.low, 4.099718101506501),
            (e.high, 5.5002818984934985),
            (wide.low, 3.094645920929114),
            (wide.high, 6.505354079070921),
        ] {
            assert!((value.unwrap() - expected).abs() < 1e-11 * expected);
        }
        assert_eq!(e.n, 7);
    }

    #[test]
    fn keeps_its_digits_far_from_zero() {
        let far: Vec<f64> = [4.0, 7.0, 13.0, 16.0].map(|v| v + 1e9).to_vec();
        let e = estimate(&far, 0.95).unwrap();
        assert_eq!(e.mean, 1e9 + 10.0);
        assert_eq!(e.stddev.unwrap(), 30f64.sqrt());
    }

    #[test]
    fn equal_values_have_no_width_and_one_value_no_interval() {
        let equal = estimate(&[0.1; 7], 0.99).unwrap();
        assert_eq!((equal.low, equal.high), (Some(0.1), Some(0.1)));
        assert_eq!((equal.mean, equal.stddev), (0.1, Some(0.0)));
        let one = estimate(&[f64::NAN, 3.5], 0.95).unwrap();
        assert_eq!((one.mean, one.low, one.stddev, one.n), (3.5, None, None, 1));
        assert_eq!(estimate(&[f64::NAN], 0.95), None);
    }
}
