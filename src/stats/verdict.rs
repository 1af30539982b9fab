//! The word that may be said of a strategy and its baseline.
//!
//! Three ways to be sure (better, worse, equivalent) and one to be honest (inconclusive).
//! Equivalence is tested, not concluded from "no difference was found" (two one-sided tests:
//! Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987).

use super::compare::{Difference, replications_needed};
use serde::{Deserialize, Serialize};

/// The words that may be said of two strategies, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Shares of failed, rejected and unfinished jobs differ by more than 0.1 point.
    NotComparable,
    /// It is unstable.
    Unstable,
    /// It is stable, and the baseline is not.
    Stable,
    /// One of the two has no figure that can be judged.
    #[serde(rename = "n/a")]
    NotAvailable,
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

/// How many replications in all may settle an inconclusive comparison, if what it found stays as it
/// is: until the interval of the logarithm of the ratio excludes 0, or fits the margin, whichever
/// comes first. `None` without a ratio, or if a million would not do.
pub fn replications_to_settle(found: &Difference, margin: f64, level: f64) -> Option<u64> {
    let size = found.relative?.ln_1p().abs();
    let target = size.max(margin.ln_1p() - size);
    let each_events = found.events / found.estimate.n as f64;
    replications_needed(found.spread?, each_events, level, target)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::stats::compare::paired;
    use crate::stats::pseudo::Pseudo;

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

    /// `n` pairs whose logarithms of ratios have mean `mean` and standard deviation `sd` exactly.
    fn found(n: u64, mean: f64, sd: f64) -> Difference {
        let n = n as usize;
        let raw: Vec<f64> = (0..n).map(|i| i as f64 - (n as f64 - 1.0) / 2.0).collect();
        let scale = sd / (raw.iter().map(|v| v * v).sum::<f64>() / (n as f64 - 1.0)).sqrt();
        let of = |values: Vec<f64>, figure: f64| Pseudo {
            figure,
            values,
            events: 4.0 * n as f64,
        };
        let other = raw.iter().map(|v| (mean + v * scale).exp()).collect();
        paired(&of(vec![1.0; n], 1.0), &of(other, mean.exp()), 0.95).unwrap()
    }

    fn interval(n: u64, mean: f64, sd: f64) -> (f64, f64) {
        let found = found(n, mean, sd);
        (found.relative_low.unwrap(), found.relative_high.unwrap())
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
            let n = replications_to_settle(&found(20, mean, sd), 0.02, 0.95).unwrap();
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
        assert_eq!(
            replications_to_settle(&found(20, 0.0, 0.1), 0.0, 0.95),
            None
        );
        assert_eq!(
            replications_to_settle(&found(20, 1e-5, 0.1), 0.0, 0.95),
            None
        );
    }
}
