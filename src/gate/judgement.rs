//! The rule by which a change of one figure passes or fails.
//!
//! It has two sides because a gate errs in two ways. One that fails for luck is switched off by
//! those who have to live with it, so a failure needs proof at 1 % shared by all figures of the
//! command. One that passes for lack of data is worthless, so a pass needs proof, too: that twice
//! the margin is excluded at 5 %. What can be proven neither way is said to be so, and fails.

use crate::stats::critical::t_quantile;
use crate::stats::{Pseudo, paired};

/// Probability at most of a failure of the whole command by luck alone.
pub const FALSE_ALARMS: f64 = 0.01;
/// Probability at most of a pass although a figure is worse by twice its margin.
pub const MISSES: f64 = 0.05;

/// What is said of one figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Decisions and results are those of the baseline, bit by bit.
    Same,
    /// A change for the worse of twice the margin is excluded. Passes.
    Within,
    /// Better by more than the margin. Passes, and asks for a new baseline.
    Better,
    /// Worse by more than the margin. Fails.
    Worse,
    /// A change for the worse of twice the margin cannot be excluded. Fails.
    Inconclusive,
    /// The figure fails, and the strategy was stable and is not any more.
    Unstable,
    /// Other shares of jobs are lost, or there is no value any more. Fails.
    #[default]
    NotComparable,
}

impl Finding {
    /// Whether the gate fails by it.
    pub fn fails(self) -> bool {
        use Finding::{Inconclusive, NotComparable, Unstable, Worse};
        matches!(self, Worse | Inconclusive | Unstable | NotComparable)
    }

    /// The word as people read it.
    pub fn text(self) -> &'static str {
        match self {
            Finding::Same => "same",
            Finding::Within => "within",
            Finding::Better => "better",
            Finding::Worse => "worse",
            Finding::Inconclusive => "inconclusive",
            Finding::Unstable => "unstable",
            Finding::NotComparable => "not comparable",
        }
    }
}

/// What a change is held against.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// The relative change for the worse that is allowed.
    pub margin: f64,
    /// The metric's better direction; of one without, as everywhere, smaller is taken as better.
    pub lower_is_better: bool,
    /// StrategyFigures judged by the whole command.
    pub family: usize,
}

/// A verdict with what it was read off.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub finding: Finding,
    /// The baseline's figure.
    pub baseline: Option<f64>,
    /// The figure now.
    pub now: Option<f64>,
    /// Now / baseline - 1; none unless both are positive.
    pub change: Option<f64>,
    /// Lower one-sided bound of the change at 1 % / m.
    pub low: Option<f64>,
    /// Upper one-sided bound at the same level.
    pub high: Option<f64>,
    /// Standard deviation over pairs of the logarithm of their ratio.
    pub spread: Option<f64>,
    /// Upper one-sided 95 % bound of the change for the worse: below twice the margin it passes.
    pub reach: Option<f64>,
}

impl Judgement {
    /// A verdict without numbers.
    pub fn only(finding: Finding) -> Judgement {
        Judgement {
            finding,
            ..Judgement::default()
        }
    }
}

/// Judges replications of equal jobs, pair by pair.
pub fn judge_pairs(baseline: &Pseudo, now: &Pseudo, allowed: Allowance) -> Judgement {
    let has_all = |figure: &Pseudo| figure.values.iter().all(|value| value.is_finite());
    let level = 1.0 - 2.0 * FALSE_ALARMS / allowed.family.max(1) as f64;
    let pairs = paired(baseline, now, level);
    let Some(pairs) = pairs.filter(|_| has_all(baseline) && has_all(now)) else {
        return Judgement::only(Finding::NotComparable);
    };
    let mut judgement = Judgement {
        finding: Finding::Within,
        baseline: Some(pairs.baseline),
        now: Some(pairs.other),
        change: pairs.relative,
        low: pairs.relative_low,
        high: pairs.relative_high,
        spread: pairs.spread,
        reach: None,
    };
    let sign = if allowed.lower_is_better { 1.0 } else { -1.0 };
    let worse = match pairs
        .relative
        .zip(pairs.relative_low.zip(pairs.relative_high))
    {
        Some((change, ends)) => Worsening::new(change, ends, sign),
        None => {
            judgement.finding = unscaled(&baseline.values, &now.values, sign * pairs.estimate.mean);
            return judgement;
        }
    };
    let n = pairs.estimate.n as f64;
    let error = pairs.spread.unwrap_or(f64::INFINITY) / n.sqrt();
    let reach = worse.change + t_quantile(MISSES, n - 1.0) * error;
    judgement.reach = Some(reach.exp_m1());
    judgement.finding = worse.finding(allowed.margin, reach);
    judgement
}

/// The logarithm of a ratio and its bounds, turned so that larger is worse.
struct Worsening {
    change: f64,
    low: f64,
    high: f64,
}

impl Worsening {
    fn new(change: f64, (low, high): (f64, f64), sign: f64) -> Worsening {
        let [change, low, high] = [change, low, high].map(|end| sign * end.ln_1p());
        Worsening {
            change,
            low: low.min(high),
            high: low.max(high),
        }
    }

    fn finding(&self, margin: f64, reach: f64) -> Finding {
        let once = margin.ln_1p();
        if self.change > once && self.low > 0.0 {
            Finding::Worse
        } else if reach >= (2.0 * margin).ln_1p() {
            Finding::Inconclusive
        } else if self.change < -once && self.high < 0.0 {
            Finding::Better
        } else {
            Finding::Within
        }
    }
}

/// Of a mean of 0 no share is allowed: equal values pass, others go by their sign.
fn unscaled(baseline: &[f64], now: &[f64], worsening: f64) -> Finding {
    if baseline == now {
        Finding::Within
    } else if worsening > 0.0 {
        Finding::Worse
    } else if worsening < 0.0 {
        Finding::Better
    } else {
        Finding::Inconclusive
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use rand_distr::{Distribution, StandardNormal};
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::SeedableRng;

    use super::*;

    const ALLOWED: Allowance = Allowance {
        margin: 0.05,
        lower_is_better: true,
        family: 4,
    };

    fn of(values: Vec<f64>) -> Pseudo {
        Pseudo::recentred_on_itself(&values)
    }

    /// `n` baselines of 1 and what they become with a ratio whose logarithm has the mean of `change`
    /// and standard deviation `spread` exactly.
    fn pairs(n: usize, change: f64, spread: f64) -> (Vec<f64>, Vec<f64>) {
        let raw: Vec<f64> = (0..n).map(|i| i as f64 - (n as f64 - 1.0) / 2.0).collect();
        let scale = spread / (raw.iter().map(|v| v * v).sum::<f64>() / (n as f64 - 1.0)).sqrt();
        let now = raw.iter().map(|v| (change.ln_1p() + v * scale).exp());
        (vec![1.0; n], now.collect())
    }

    fn finding(n: usize, change: f64, spread: f64) -> Finding {
        let (then, now) = pairs(n, change, spread);
        let then = of(then);
        // Turned round, the same is said of a metric whose larger values are better.
        let turned: Vec<f64> = now.iter().map(|value| value.recip()).collect();
        let lower = judge_pairs(&then, &of(now), ALLOWED);
        let allowed = Allowance {
            lower_is_better: false,
            ..ALLOWED
        };
        let higher = judge_pairs(&then, &of(turned), allowed);
        assert_eq!(lower.finding, higher.finding, "{change} {spread}");
        assert!((lower.reach.unwrap() - higher.reach.unwrap()).abs() < 1e-9);
        lower.finding
    }

    #[test]
    fn the_words_in_their_order() {
        // At N = 38 and a spread of 0.1 the standard error is a third of the margin's logarithm.
        for (change, expected) in [
            (0.0, Finding::Within),
            (0.04, Finding::Within),
            (0.049, Finding::Within),
            (0.051, Finding::Worse),
            (0.2, Finding::Worse),
            (-0.047, Finding::Within),
            (-0.049, Finding::Better),
        ] {
            assert_eq!(finding(38, change, 0.1), expected, "{change}");
        }
        // With a spread of 0.3 it is the margin itself: t(0.95) of it and 0.02 exceed 2 d.
        assert_eq!(finding(36, 0.02, 0.3), Finding::Inconclusive);
        assert_eq!(finding(36, 0.06, 0.3), Finding::Inconclusive);
        assert_eq!(finding(36, 0.01, 0.3), Finding::Within);
        assert_eq!(finding(36, -0.06, 0.3), Finding::Within);
        assert_eq!(finding(36, -0.2, 0.3), Finding::Better);
    }

    #[test]
    fn without_variance_the_margin_alone_decides() {
        let exact = |change: f64| {
            judge_pairs(
                &of(vec![2.0; 10]),
                &of(vec![2.0 * (1.0 + change); 10]),
                ALLOWED,
            )
        };
        assert_eq!(exact(0.0625).finding, Finding::Worse);
        assert_eq!(exact(0.0625).low, exact(0.0625).high);
        assert_eq!(exact(0.04).finding, Finding::Within);
        assert_eq!(exact(-0.0625).finding, Finding::Better);
    }

    #[test]
    fn of_nothing_no_share_is_allowed() {
        let now =
            |value: f64| judge_pairs(&of(vec![0.0; 10]), &of(vec![value; 10]), ALLOWED).finding;
        assert_eq!(now(0.0), Finding::Within);
        assert_eq!(now(1e-9), Finding::Worse);
        assert_eq!(now(-1e-9), Finding::Better);
    }

    #[test]
    fn a_missing_value_is_not_left_out() {
        let mut now = vec![1.0; 10];
        now[3] = f64::NAN;
        for (then, now) in [
            (vec![1.0; 10], now),
            (vec![1.0; 10], vec![1.0; 9]),
            (vec![], vec![]),
        ] {
            let judged = judge_pairs(&of(then), &of(now), ALLOWED);
            assert_eq!(judged.finding, Finding::NotComparable);
        }
    }

    /// How often each of `words` is said of normal differences of mean `change` and standard
    /// deviation `spread`, in 20,000 trials.
    fn share(n: usize, change: f64, spread: f64, words: &[Finding]) -> f64 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        let then = of(vec![1.0; n]);
        let mut trial = || {
            let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
            let now = (0..n)
                .map(|_| (change.ln_1p() + spread * draw()).exp())
                .collect();
            words.contains(&judge_pairs(&then, &of(now), ALLOWED).finding)
        };
        (0..20_000).filter(|_| trial()).count() as f64 / 20_000.0
    }

    #[test]
    fn the_error_rates_hold_for_any_variance() {
        let passes = [Finding::Within, Finding::Better];
        for n in [10, 36, 200] {
            // Standard errors of a tenth to four times the margin; 4.5 standard errors of a share.
            for of_margin in [0.1, 1.0 / 3.0, 0.6, 1.0, 4.0] {
                let spread = of_margin * ALLOWED.margin * (n as f64).sqrt();
                let missed = share(n, 2.0 * ALLOWED.margin, spread, &passes);
                assert!(missed <= MISSES + 0.007, "{n} {of_margin}: {missed}");
                let alarms = share(n, 0.0, spread, &[Finding::Worse]);
                assert!(
                    alarms <= FALSE_ALARMS / 4.0 + 0.0016,
                    "{n} {of_margin}: {alarms}"
                );
            }
        }
        // The wide ones use up what is allowed: the bounds are no mere formality.
        let spread = 0.6 * ALLOWED.margin * 6.0;
        assert!(share(36, 2.0 * ALLOWED.margin, spread, &passes) > 0.04);
    }
}
