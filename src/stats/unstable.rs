//! Telling a growing queue from a noisy one.
//!
//! The number in the system in the last third of the window is compared with that in the first,
//! over replications. A difference must be sure and large: a busy queue swings widely without
//! growing, and a word as strong as "unstable" must not be said of it.

use super::compare::paired;
use super::critical::t_quantile;

/// Risk of calling a stable strategy unstable, per test.
const RISK: f64 = 0.01;
/// A rise up to this factor is not called growth.
const FACTOR: f64 = 1.1;

/// Whether the number in system grows over a run: the mean of the window's last third lies more
/// than 10 % above that of its first, and the paired one-sided t test over replications rejects
/// "no rise" at 1 % (without variance, any rise does). Value k of both comes from replication k;
/// pairs with a missing value are dropped, and fewer than 3 pairs never grow.
pub fn is_growing(first_third: &[f64], last_third: &[f64]) -> bool {
    let Some(rise) = paired(first_third, last_third, 1.0 - RISK) else {
        return false;
    };
    let n = rise.estimate.n;
    let Some(error) = rise.estimate.standard_error().filter(|_| n >= 3) else {
        return false;
    };
    rise.mean > FACTOR * rise.baseline_mean
        && rise.estimate.mean > t_quantile(RISK, n as f64 - 1.0) * error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_only_if_sure_and_by_more_than_a_tenth() {
        let first = [10.0, 12.0, 9.0, 11.0];
        assert!(is_growing(&first, &[20.0, 23.0, 19.0, 22.0]));
        assert!(
            !is_growing(&first, &[10.4, 12.5, 9.4, 11.5]),
            "sure, but small"
        );
        assert!(
            !is_growing(&first, &[30.0, 11.0, 8.0, 12.0]),
            "large, but not sure"
        );
        assert!(!is_growing(&[20.0, 23.0, 19.0, 22.0], &first), "falling");
    }

    #[test]
    fn the_risk_is_one_sided() {
        // t_.99(2) = 6.9646: rises of 1 ± s have t = sqrt(3) / s, so s = 0.2487 is the border.
        let rises = |s: f64| is_growing(&[1.0; 3], &[2.0 - s, 2.0, 2.0 + s]);
        assert!(rises(0.2486));
        assert!(!rises(0.2488));
    }

    #[test]
    fn a_rise_without_variance_counts_and_too_few_replications_do_not() {
        assert!(is_growing(&[5.0; 3], &[6.0; 3]));
        assert!(is_growing(&[0.0; 3], &[1.0; 3]));
        assert!(!is_growing(&[5.0; 3], &[5.4; 3]));
        assert!(!is_growing(&[0.0; 3], &[0.0; 3]));
        assert!(!is_growing(&[5.0; 2], &[60.0; 2]));
        assert!(!is_growing(&[5.0, 5.0, f64::NAN], &[60.0; 3]));
        assert!(!is_growing(&[], &[]));
    }
}
