//! The word that may be said of a strategy and its baseline.
//!
//! Three ways to be sure (better, worse, equivalent) and one to be honest (inconclusive).
//! Equivalence is tested, not concluded from "no difference was found" (two one-sided tests:
//! Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987).

use super::compare::replications_needed;
use serde::{Deserialize, Serialize};

/// The words that may be said of two strategies, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Shares of failed, rejected and unfinished jobs differ by more than 0.1 point.
    NotComparable,
    /// One of the two is unstable.
    Unstable,
    /// The interval lies inside the margin, even if it excludes 0.
    Equivalent,
    /// The interval excludes 0 in the metric's better direction.
    Better,
    /// The interval excludes 0 in the metric's worse direction.
    Worse,
    /// The interval holds 0 and reaches beyond the margin.
    Inconclusive,
}

/// The verdict on two comparable, stable strategies, read off the interval `(low, high)` of the
/// relative difference (other minus baseline). Bounds that just touch ± `margin` are inside it,
/// bounds that just touch 0 hold it.
pub fn verdict((low, high): (f64, f64), margin: f64, lower_is_better: bool) -> Verdict {
    if low >= -margin && high <= margin {
        Verdict::Equivalent
    } else if (lower_is_better && high < 0.0) || (!lower_is_better && low > 0.0) {
        Verdict::Better
    } else if low > 0.0 || high < 0.0 {
        Verdict::Worse
    } else {
        Verdict::Inconclusive
    }
}

/// How many replications in all may settle an inconclusive comparison, if mean `relative` and
/// standard deviation `stddev` of the relative differences stay as they are: until the interval
/// excludes 0 (half-width below |relative|) or fits the margin (half-width below margin -
/// |relative|), whichever comes first. `None` if a million would not do.
pub fn replications_to_settle(relative: f64, stddev: f64, margin: f64, level: f64) -> Option<u64> {
    let size = relative.abs();
    replications_needed(stddev, level, size.max(margin - size))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::stats::compare::paired;

    #[test]
    fn the_order_of_the_words() {
        use Verdict::*;
        for (low, high, lower, higher) in [
            (-0.01, 0.01, Equivalent, Equivalent),
            (0.005, 0.015, Equivalent, Equivalent),
            (-0.02, 0.02, Equivalent, Equivalent),
            (0.0, 0.0, Equivalent, Equivalent),
            (-0.64, -0.58, Better, Worse),
            (-0.021, -0.001, Better, Worse),
            (0.01, 0.03, Worse, Better),
            (-0.03, 0.01, Inconclusive, Inconclusive),
            (0.0, 0.03, Inconclusive, Inconclusive),
            (-0.03, 0.0, Inconclusive, Inconclusive),
            (f64::NAN, f64::NAN, Inconclusive, Inconclusive),
        ] {
            assert_eq!(verdict((low, high), 0.02, true), lower, "{low} {high}");
            assert_eq!(verdict((low, high), 0.02, false), higher, "{low} {high}");
        }
        assert_eq!(verdict((-0.01, -0.001), 0.0, true), Better);
    }

    #[test]
    fn words_are_kebab_case() {
        let text = serde_json::to_string(&Verdict::NotComparable).unwrap();
        assert_eq!(text, "\"not-comparable\"");
        assert_eq!(
            serde_json::from_str::<Verdict>(&text).unwrap(),
            Verdict::NotComparable
        );
    }

    /// `n` pairs whose relative differences have mean `mean` and standard deviation `sd` exactly.
    fn interval(n: u64, mean: f64, sd: f64) -> (f64, f64) {
        let n = n as usize;
        let raw: Vec<f64> = (0..n).map(|i| i as f64 - (n as f64 - 1.0) / 2.0).collect();
        let scale = sd / (raw.iter().map(|v| v * v).sum::<f64>() / (n as f64 - 1.0)).sqrt();
        let other: Vec<f64> = raw.iter().map(|v| 1.0 + mean + v * scale).collect();
        let d = paired(&vec![1.0; n], &other, 0.95).unwrap();
        (d.relative_low.unwrap(), d.relative_high.unwrap())
    }

    #[test]
    fn the_replications_told_settle_it_and_one_fewer_does_not() {
        for (mean, sd) in [
            (0.03, 0.1),
            (-0.015, 0.05),
            (0.001, 0.05),
            (0.011, 0.02),
            (0.4, 0.9),
        ] {
            let n = replications_to_settle(mean, sd, 0.02, 0.95).unwrap();
            assert_ne!(
                verdict(interval(n, mean, sd), 0.02, true),
                Verdict::Inconclusive,
                "{mean}"
            );
            assert_eq!(
                verdict(interval(n - 1, mean, sd), 0.02, true),
                Verdict::Inconclusive,
                "{mean}"
            );
        }
        assert_eq!(replications_to_settle(0.0, 0.1, 0.0, 0.95), None);
        assert_eq!(replications_to_settle(1e-5, 0.1, 0.0, 0.95), None);
    }
}
