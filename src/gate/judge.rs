//! The rule by which a change passes or fails.

use super::baseline::{Baseline, Subject};
use super::figures::{Figures, PointFigures};
use super::outcome::{Cell, Judged, Row, Slowest};
use super::{FALSE_ALARMS, MISSES};
use crate::metrics::columns::MetricRef;
use crate::metrics::registry::Better;
use crate::stats::critical::t_quantile;
use crate::stats::paired;

/// Shares of jobs lost that differ by more are not compared.
const LOST_SHARE: f64 = 0.001;

/// What is said of one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
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
    NotComparable,
}

impl Word {
    /// Whether the gate fails by it.
    pub fn fails(self) -> bool {
        use Word::{Inconclusive, NotComparable, Unstable, Worse};
        matches!(self, Worse | Inconclusive | Unstable | NotComparable)
    }

    /// The word as people read it.
    pub fn text(self) -> &'static str {
        match self {
            Word::Same => "same",
            Word::Within => "within",
            Word::Better => "better",
            Word::Worse => "worse",
            Word::Inconclusive => "inconclusive",
            Word::Unstable => "unstable",
            Word::NotComparable => "not comparable",
        }
    }
}

/// What a change is held against.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The relative change for the worse that is allowed.
    pub margin: f64,
    /// The metric's better direction; of one without, as everywhere, smaller is taken as better.
    pub lower_is_better: bool,
    /// Figures judged by the whole command.
    pub family: usize,
}

/// A verdict with what it was read off.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// The verdict.
    pub word: Word,
    /// Mean of the baseline.
    pub baseline: Option<f64>,
    /// Mean now.
    pub now: Option<f64>,
    /// Mean paired difference / |baseline mean|; none if that is 0.
    pub change: Option<f64>,
    /// Lower one-sided bound of the change at 1 % / m.
    pub low: Option<f64>,
    /// Upper one-sided bound at the same level.
    pub high: Option<f64>,
    /// Standard deviation of the paired differences / |baseline mean|.
    pub spread: Option<f64>,
    /// Upper one-sided 95 % bound of the change for the worse: below twice the margin it passes.
    pub reach: Option<f64>,
}

impl Ruling {
    /// A verdict without numbers.
    pub fn only(word: Word) -> Ruling {
        Ruling {
            word,
            baseline: None,
            now: None,
            change: None,
            low: None,
            high: None,
            spread: None,
            reach: None,
        }
    }
}

/// Judges replications of equal jobs, pair by pair.
pub fn rule(baseline: &[f64], now: &[f64], terms: Terms) -> Ruling {
    let has_all = |values: &[f64]| !values.is_empty() && values.iter().all(|v| v.is_finite());
    let level = 1.0 - 2.0 * FALSE_ALARMS / terms.family.max(1) as f64;
    let pairs = paired(baseline, now, level);
    let Some(pairs) =
        pairs.filter(|_| has_all(baseline) && has_all(now) && baseline.len() == now.len())
    else {
        return Ruling::only(Word::NotComparable);
    };
    let mut ruling = Ruling {
        word: Word::Within,
        baseline: Some(pairs.baseline_mean),
        now: Some(pairs.mean),
        change: pairs.relative,
        low: pairs.relative_low,
        high: pairs.relative_high,
        spread: pairs.relative_stddev(),
        reach: None,
    };
    let sign = if terms.lower_is_better { 1.0 } else { -1.0 };
    let worse = match ruling.change.zip(ruling.low.zip(ruling.high)) {
        Some((change, ends)) => Worsening::new(change, ends, sign),
        None => {
            ruling.word = unscaled(baseline, now, sign * pairs.estimate.mean);
            return ruling;
        }
    };
    let n = pairs.estimate.n as f64;
    let error = ruling.spread.unwrap_or(f64::INFINITY) / n.sqrt();
    let reach = worse.change + t_quantile(MISSES, n - 1.0) * error;
    ruling.reach = Some(reach);
    ruling.word = worse.word(terms.margin, reach);
    ruling
}

/// A relative change and its bounds, turned so that larger is worse.
struct Worsening {
    change: f64,
    low: f64,
    high: f64,
}

impl Worsening {
    fn new(change: f64, (low, high): (f64, f64), sign: f64) -> Worsening {
        let (low, high) = if sign > 0.0 {
            (low, high)
        } else {
            (-high, -low)
        };
        Worsening {
            change: sign * change,
            low,
            high,
        }
    }

    fn word(&self, margin: f64, reach: f64) -> Word {
        if self.change > margin && self.low > 0.0 {
            Word::Worse
        } else if reach >= 2.0 * margin {
            Word::Inconclusive
        } else if self.change < -margin && self.high < 0.0 {
            Word::Better
        } else {
            Word::Within
        }
    }
}

/// Of a mean of 0 no share is allowed: equal values pass, others go by their sign.
fn unscaled(baseline: &[f64], now: &[f64], worsening: f64) -> Word {
    if baseline == now {
        Word::Within
    } else if worsening > 0.0 {
        Word::Worse
    } else if worsening < 0.0 {
        Word::Better
    } else {
        Word::Inconclusive
    }
}

/// Judges a run of the scenario `subject` on the seeds of its `baseline`; `family` is the number of
/// figures of the whole command.
///
/// # Errors
/// One sentence for each point whose jobs are not those of the baseline.
pub fn judge(
    baseline: &Baseline,
    now: &[PointFigures],
    subject: &Subject,
    family: usize,
) -> Result<Judged, Vec<String>> {
    let mut other_jobs = Vec::new();
    let mut cells = Vec::new();
    for (point, (then, now)) in baseline.points.iter().zip(now).enumerate() {
        // A replication that is broken off has fewer jobs.
        let is_broken_off = now.strategies.iter().any(|figures| figures.is_unstable);
        if then.figures.workload != now.workload && !is_broken_off {
            let at = subject.point_label(point);
            other_jobs.push(format!("the jobs{at} are not those of the baseline"));
        }
        for figures in &now.strategies {
            let mut then = then.figures.strategies.iter();
            if let Some(then) = then.find(|then| then.strategy == figures.strategy) {
                cells.push(cell(point, then, figures, subject, family));
            }
        }
    }
    if !other_jobs.is_empty() {
        return Err(other_jobs);
    }
    Ok(Judged {
        subject: subject.clone(),
        version: baseline.version.clone(),
        is_other_file: baseline.text != subject.text,
        replications: baseline.replications,
        cells,
    })
}

/// Metrics of which jobs that are lost are a part.
pub(super) fn counts_losses(metric: &MetricRef) -> bool {
    let name = metric.metric.name();
    name == "slo_attained" || name.starts_with("jobs_")
}

fn cell(point: usize, then: &Figures, now: &Figures, subject: &Subject, family: usize) -> Cell {
    let same_decisions = !then.decisions.is_empty() && then.decisions == now.decisions;
    let same_results = then.results == now.results;
    let judged = |(metric, margin): &(MetricRef, f64)| Row {
        metric: metric.clone(),
        unit: then.metric(metric).map_or("1".into(), |m| m.unit.clone()),
        margin: *margin,
        lower_is_better: lower_is_better(metric),
        ruling: if same_decisions && same_results {
            same(then, metric)
        } else {
            changed(then, now, metric, *margin, family)
        },
    };
    Cell {
        point,
        strategy: now.strategy.clone(),
        same_decisions,
        same_results,
        rows: subject.margins.iter().map(judged).collect(),
        slowest: Slowest::of(&then.slowest, &now.slowest),
        first: Vec::new(),
    }
}

/// Whether smaller values of `metric` are better.
pub fn lower_is_better(metric: &MetricRef) -> bool {
    metric.metric.row.better != Better::Higher
}

fn same(then: &Figures, metric: &MetricRef) -> Ruling {
    let values = then.metric(metric).map_or(&[][..], |m| &m.values);
    let mean = crate::stats::estimate(values, 0.95).map(|estimate| estimate.mean);
    Ruling {
        baseline: mean,
        now: mean,
        change: Some(0.0),
        ..Ruling::only(Word::Same)
    }
}

fn changed(
    then: &Figures,
    now: &Figures,
    metric: &MetricRef,
    margin: f64,
    family: usize,
) -> Ruling {
    let class = &metric.part.to_string();
    let is_unstable = now.is_unstable;
    let lost = (then.lost_share(class) - now.lost_share(class)).abs();
    let (Some(then), Some(now)) = (then.metric(metric), now.metric(metric)) else {
        return Ruling::only(Word::NotComparable);
    };
    let terms = Terms {
        margin,
        lower_is_better: lower_is_better(metric),
        family,
    };
    let mut ruling = rule(&then.values, &now.values, terms);
    if lost > LOST_SHARE && !counts_losses(metric) {
        ruling.word = Word::NotComparable;
    }
    // The test for growth errs in 1 % of the cases for each strategy and point, which is more than a
    // gate may. A strategy that really became unstable is worse than it was as well.
    if is_unstable && ruling.word.fails() {
        ruling.word = Word::Unstable;
    }
    ruling
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use rand_distr::{Distribution, StandardNormal};
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::SeedableRng;

    use super::*;

    const TERMS: Terms = Terms {
        margin: 0.05,
        lower_is_better: true,
        family: 4,
    };

    /// `n` baselines of mean 1 and what they become with a relative change of mean `change` and standard
    /// deviation `spread` exactly.
    fn pairs(n: usize, change: f64, spread: f64) -> (Vec<f64>, Vec<f64>) {
        let raw: Vec<f64> = (0..n).map(|i| i as f64 - (n as f64 - 1.0) / 2.0).collect();
        let scale = spread / (raw.iter().map(|v| v * v).sum::<f64>() / (n as f64 - 1.0)).sqrt();
        let now = raw.iter().map(|v| 1.0 + change + v * scale);
        (vec![1.0; n], now.collect())
    }

    fn word(n: usize, change: f64, spread: f64) -> Word {
        let (then, now) = pairs(n, change, spread);
        let lower = rule(&then, &now, TERMS);
        // Turned round, the same is said of a metric whose larger values are better.
        let turned: Vec<f64> = now.iter().map(|value| 2.0 - value).collect();
        let terms = Terms {
            lower_is_better: false,
            ..TERMS
        };
        let higher = rule(&then, &turned, terms);
        assert_eq!(lower.word, higher.word, "{change} {spread}");
        assert!((lower.reach.unwrap() - higher.reach.unwrap()).abs() < 1e-12);
        lower.word
    }

    #[test]
    fn the_words_in_their_order() {
        // At N = 36 and a spread of 0.1 the standard error is a third of the margin.
        for (change, expected) in [
            (0.0, Word::Within),
            (0.04, Word::Within),
            (0.049, Word::Within),
            (0.051, Word::Worse),
            (0.2, Word::Worse),
            (-0.049, Word::Within),
            (-0.051, Word::Better),
        ] {
            assert_eq!(word(36, change, 0.1), expected, "{change}");
        }
        // With a spread of 0.3 it is the margin itself: t(0.95) of it and 0.02 exceed 2 d.
        assert_eq!(word(36, 0.02, 0.3), Word::Inconclusive);
        assert_eq!(word(36, 0.06, 0.3), Word::Inconclusive);
        assert_eq!(word(36, 0.01, 0.3), Word::Within);
        assert_eq!(word(36, -0.06, 0.3), Word::Within);
        assert_eq!(word(36, -0.2, 0.3), Word::Better);
    }

    #[test]
    fn without_variance_the_margin_alone_decides() {
        let exact = |change: f64| rule(&[2.0; 10], &[2.0 * (1.0 + change); 10], TERMS);
        assert_eq!(exact(0.0625).word, Word::Worse);
        assert_eq!(exact(0.0625).low, exact(0.0625).high);
        assert_eq!(exact(0.04).word, Word::Within);
        assert_eq!(exact(-0.0625).word, Word::Better);
    }

    #[test]
    fn of_nothing_no_share_is_allowed() {
        let now = |value: f64| rule(&[0.0; 10], &[value; 10], TERMS).word;
        assert_eq!(now(0.0), Word::Within);
        assert_eq!(now(1e-9), Word::Worse);
        assert_eq!(now(-1e-9), Word::Better);
    }

    #[test]
    fn a_missing_value_is_not_left_out() {
        let mut now = [1.0; 10];
        now[3] = f64::NAN;
        assert_eq!(rule(&[1.0; 10], &now, TERMS).word, Word::NotComparable);
        assert_eq!(rule(&[1.0; 10], &[1.0; 9], TERMS).word, Word::NotComparable);
        assert_eq!(rule(&[], &[], TERMS).word, Word::NotComparable);
    }

    /// How often each of `words` is said of normal differences of mean `change` and standard
    /// deviation `spread`, in 20,000 trials.
    fn share(n: usize, change: f64, spread: f64, words: &[Word]) -> f64 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        let then = vec![1.0; n];
        let mut trial = || {
            let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
            let now: Vec<f64> = (0..n).map(|_| 1.0 + change + spread * draw()).collect();
            words.contains(&rule(&then, &now, TERMS).word)
        };
        (0..20_000).filter(|_| trial()).count() as f64 / 20_000.0
    }

    #[test]
    fn the_error_rates_hold_for_any_variance() {
        let passes = [Word::Within, Word::Better];
        for n in [10, 36, 200] {
            // Standard errors of a tenth to four times the margin; 4.5 standard errors of a share.
            for of_margin in [0.1, 1.0 / 3.0, 0.6, 1.0, 4.0] {
                let spread = of_margin * TERMS.margin * (n as f64).sqrt();
                let missed = share(n, 2.0 * TERMS.margin, spread, &passes);
                assert!(missed <= MISSES + 0.007, "{n} {of_margin}: {missed}");
                let alarms = share(n, 0.0, spread, &[Word::Worse]);
                assert!(
                    alarms <= FALSE_ALARMS / 4.0 + 0.0016,
                    "{n} {of_margin}: {alarms}"
                );
            }
        }
        // The wide ones use up what is allowed: the bounds are no mere formality.
        let spread = 0.6 * TERMS.margin * 6.0;
        assert!(share(36, 2.0 * TERMS.margin, spread, &passes) > 0.04);
    }
}
