//! How many replications a baseline needs.
//!
//! Two runs of the same code with unlike placement seeds differ by luck alone; their spread says
//! how many replications make a margin d three standard errors wide. Too few, and the gate could
//! neither pass nor fail anybody honestly, so a margin that would take too many is refused when the
//! baseline is made.

use super::figures::{MetricValues, PointFigures, StrategyFigures};
use super::judge::counts_losses;
use crate::metrics::columns::MetricRef;
use crate::stats::paired;
use crate::text::rounded_up;

/// A baseline has at least so many replications: from fewer, a standard deviation of luck is too
/// often far too small, above all where a few replications have most of it.
pub const LEAST: u32 = 30;
/// The placement seed of the runs that tell what luck does: the same jobs and algorithm, other luck.
const OTHER_LUCK: u64 = 1;
/// A baseline has at most so many replications.
pub const MOST: u32 = 200;
/// The margin is so many standard errors wide: luck alone then exceeds it with probability
/// 0.0013, and stays below 2 d - t(0.95) standard errors, where a figure passes, with 0.99999.
const WIDTH: f64 = 3.0;

/// How many replications one figure needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// Index of the point.
    pub point: usize,
    /// The strategy's name.
    pub strategy: String,
    /// The metric.
    pub metric: MetricRef,
    /// The relative margin d.
    pub margin: f64,
    /// Standard deviation s, over replications, of the logarithm of the ratio of two placement seeds.
    pub spread: f64,
    /// ceil((3 s / ln(1 + d))^2).
    pub replications: u64,
}

impl Need {
    fn new(point: usize, strategy: &str, (metric, margin): &(MetricRef, f64), spread: f64) -> Need {
        Need {
            point,
            strategy: strategy.to_owned(),
            metric: metric.clone(),
            margin: *margin,
            spread,
            replications: whole((WIDTH * spread / margin.ln_1p()).powi(2)),
        }
    }

    /// The least margin, rounded up to two digits, for which [`MOST`] replications are enough.
    pub fn margin_that_would_do(&self) -> f64 {
        rounded_up((WIDTH * self.spread / f64::from(MOST).sqrt()).exp_m1())
    }

    /// By what, rounded up to two digits, the measured jobs of a replication must be multiplied to
    /// do with [`MOST`] replications, if the variance falls as one over their number.
    pub fn more_jobs(&self) -> f64 {
        rounded_up((WIDTH * self.spread / self.margin.ln_1p()).powi(2) / f64::from(MOST))
    }
}

/// `value` rounded up to a whole number; what binary fractions add to a whole one does not count.
fn whole(value: f64) -> u64 {
    (value * (1.0 - 1e-12)).ceil() as u64
}

/// A baseline in the making.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Its replications.
    pub replications: u32,
    /// What they gave.
    pub figures: Vec<PointFigures>,
    /// What each figure needs.
    pub needs: Vec<Need>,
}

/// Why there can be no baseline.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused<E> {
    /// StrategyFigures that cannot be watched: index of the point, and one sentence.
    Unwatchable(Vec<(usize, String)>),
    /// StrategyFigures that would need more than [`MOST`] replications.
    TooMany(Vec<Need>),
    /// A run failed.
    Failed(E),
}

/// Finds the replications of a baseline, at least `least`. `run` gives the figures of the first n
/// replications with a placement seed. What luck does is measured on the very replications of the
/// baseline, with two placement seeds; they become more until they are enough by that measure.
///
/// # Errors
/// [`Refused`].
pub fn plan<E>(
    least: u32,
    watched: &[(MetricRef, f64)],
    mut run: impl FnMut(u32, u64) -> Result<Vec<PointFigures>, E>,
) -> Result<Plan, Refused<E>> {
    let mut n = least.clamp(LEAST, MOST);
    loop {
        let figures = run(n, 0).map_err(Refused::Failed)?;
        let why = unwatchable_of(&figures, watched);
        if !why.is_empty() {
            return Err(Refused::Unwatchable(why));
        }
        let other = run(n, OTHER_LUCK).map_err(Refused::Failed)?;
        let needs = needs(&figures, &other, watched);
        // Refused only by what as many as may be tell, so that what is asked for instead will do.
        let enough = match replications(&needs, n) {
            Err(_) if n < MOST => MOST,
            enough => enough.map_err(Refused::TooMany)?,
        };
        if enough == n {
            return Ok(Plan {
                replications: n,
                figures,
                needs,
            });
        }
        n = enough;
    }
}

fn unwatchable_of(points: &[PointFigures], watched: &[(MetricRef, f64)]) -> Vec<(usize, String)> {
    let of_point = |(point, figures): (usize, &PointFigures)| {
        let cells = figures.strategies.iter();
        let reasons = cells.flat_map(|cell| unwatchable(cell, watched));
        reasons.map(|reason| (point, reason)).collect::<Vec<_>>()
    };
    points.iter().enumerate().flat_map(of_point).collect()
}

/// What each figure needs, from runs with two placement seeds.
fn needs(
    pilot: &[PointFigures],
    other: &[PointFigures],
    watched: &[(MetricRef, f64)],
) -> Vec<Need> {
    let mut needs = Vec::new();
    for (point, (a, b)) in pilot.iter().zip(other).enumerate() {
        for (a, b) in a.strategies.iter().zip(&b.strategies) {
            for metric in watched {
                let spread = spread(a, b, &metric.0);
                needs.push(Need::new(point, &a.strategy, metric, spread));
            }
        }
    }
    needs
}

/// The paired standard deviation of logarithms; 0 where a figure is 0, as then nothing is allowed to
/// differ.
fn spread(a: &StrategyFigures, b: &StrategyFigures, metric: &MetricRef) -> f64 {
    let pseudo = |figures: &StrategyFigures| Some(figures.metric(metric)?.pseudo());
    let difference = pseudo(a)
        .zip(pseudo(b))
        .and_then(|(a, b)| paired(&a, &b, 0.95));
    difference.and_then(|d| d.spread).unwrap_or(0.0)
}

/// The replications that are enough for all, at least `least`; an error are those that need more
/// than [`MOST`].
///
/// # Errors
/// The figures that cannot be watched with their margin.
fn replications(needs: &[Need], least: u32) -> Result<u32, Vec<Need>> {
    let over = needs
        .iter()
        .filter(|need| need.replications > u64::from(MOST));
    let over: Vec<Need> = over.cloned().collect();
    if !over.is_empty() {
        return Err(over);
    }
    let most = needs.iter().map(|need| need.replications).max();
    Ok((most.unwrap_or(0) as u32).max(least))
}

/// Why figures of `pilot` cannot be watched, one sentence each: an unstable strategy, unfinished jobs, a
/// metric without a value.
fn unwatchable(figures: &StrategyFigures, watched: &[(MetricRef, f64)]) -> Vec<String> {
    let name = &figures.strategy;
    if figures.is_unstable {
        return vec![format!(
            "`{name}` is unstable: the number of jobs in the system grows, so there is no mean to hold"
        )];
    }
    let reason = |(metric, _): &(MetricRef, f64)| {
        let MetricValues {
            status,
            note,
            values,
            ..
        } = figures.metric(metric)?;
        if !status.has_interval() {
            return Some(format!("{metric} of `{name}` is {}: {note}", status.word()));
        }
        let missing = values.iter().any(|value| !value.is_finite());
        missing.then(|| format!("{metric} of `{name}` has no value in some replications"))
    };
    let mut reasons: Vec<String> = watched.iter().filter_map(reason).collect();
    if reasons.is_empty() {
        let lost = |(metric, _): &&(MetricRef, f64)| {
            figures.lost_share(&metric.part.to_string()) > 0.0 && !counts_losses(metric)
        };
        let lost = watched.iter().find(lost);
        reasons.extend(lost.map(|(metric, _)| {
            let share = 100.0 * figures.lost_share(&metric.part.to_string());
            format!(
                "`{name}` loses {share:.2} % of its jobs, so that {metric} is of the others alone"
            )
        }));
    }
    reasons
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::results::Status;

    fn need(spread: f64, margin: f64) -> Need {
        Need::new(0, "a", &("response_p99".parse().unwrap(), margin), spread)
    }

    #[test]
    fn the_margin_is_three_standard_errors() {
        for (spread, margin, n) in [(0.1, 0.05, 38), (0.02, 0.02, 10), (0.0, 0.02, 0)] {
            assert_eq!(need(spread, margin).replications, n);
        }
        assert_eq!(
            replications(&[need(0.1, 0.05), need(0.02, 0.02)], 20),
            Ok(38)
        );
        assert_eq!(replications(&[need(0.02, 0.02)], 20), Ok(20));
        assert_eq!(replications(&[], 1), Ok(1));
    }

    #[test]
    fn the_margin_and_the_jobs_told_would_do() {
        for spread in [0.3, 0.123, 0.0571, 1.7] {
            let refused = need(spread, 0.01);
            assert_eq!(
                replications(std::slice::from_ref(&refused), 1),
                Err(vec![refused.clone()])
            );
            let margin = refused.margin_that_would_do();
            assert!(
                need(spread, margin).replications <= u64::from(MOST),
                "{spread}"
            );
            assert!(
                need(spread, margin * 0.9).replications > u64::from(MOST),
                "{spread}"
            );
            let longer = spread / refused.more_jobs().sqrt();
            assert!(
                need(longer, 0.01).replications <= u64::from(MOST),
                "{spread}"
            );
        }
    }

    /// One figure in `n` replications, whose luck is wild in the first `wild` of them.
    fn run(n: u32, luck: u64, wild: u32) -> Vec<PointFigures> {
        let value = |at: u32| {
            let size = if at < wild { 0.1 } else { 0.01 };
            let sign = if at.is_multiple_of(2) { 1.0 } else { -1.0 };
            1.0 + luck as f64 * size * sign
        };
        let values = super::super::figures::MetricValues {
            metric: "response_p99".parse().unwrap(),
            unit: "s".into(),
            status: Status::Ok,
            note: String::new(),
            values: (0..n).map(value).collect(),
        };
        let cell = StrategyFigures {
            strategy: "a".into(),
            metrics: vec![values],
            ..StrategyFigures::default()
        };
        vec![PointFigures {
            strategies: vec![cell],
            ..PointFigures::default()
        }]
    }

    #[test]
    fn a_baseline_grows_until_it_is_enough_by_its_own_luck() {
        let planned = |least: u32, margin: f64, wild: u32| {
            let watched = [("response_p99".parse().unwrap(), margin)];
            plan(least, &watched, |n, luck| Ok::<_, ()>(run(n, luck, wild)))
        };
        // s = 0.1 throughout: (3 x 0.1 / 0.03)^2 = 100, and a little for the divisor n - 1.
        assert_eq!(planned(1, 0.03, 1000).unwrap().replications, 108);
        // Of the first 30 s is 0.1 and asks for 108; over these it is a third, which is enough.
        let plan = planned(1, 0.03, 30).unwrap();
        assert_eq!(plan.replications, 108);
        assert!(plan.needs[0].replications < 40, "{:?}", plan.needs);
        assert_eq!(planned(1, 0.3, 0).unwrap().replications, LEAST);
        assert_eq!(planned(70, 0.3, 0).unwrap().replications, 70);
        assert!(matches!(planned(1, 0.01, 1000), Err(Refused::TooMany(_))));
        let mut unstable = run(30, 0, 0);
        unstable[0].strategies[0].is_unstable = true;
        let refused = super::plan(1, &[], |_, _| Ok::<_, ()>(unstable.clone()));
        assert!(matches!(refused, Err(Refused::Unwatchable(why)) if why[0].0 == 0));
    }

    #[test]
    fn rounding_goes_up_to_two_digits() {
        let cases = [
            (0.0301, 0.031),
            (0.03, 0.03),
            (0.999, 1.0),
            (12.1, 13.0),
            (121.0, 130.0),
        ];
        for (value, rounded) in cases {
            assert_eq!(rounded_up(value), rounded, "{value}");
        }
    }
}
