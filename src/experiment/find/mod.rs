//! The value of a key at which conditions begin to hold: bisection, with runs spent where they decide.
//!
//! A condition is judged by an interval of its figure: it holds if the whole interval does, it fails if
//! none of it does, and is open else; what is open is run again with more replications. All looks of a
//! search share its confidence (Bonferroni), so that a bracket is right as often as it says, if what
//! holds at a value holds beyond it too. All values see the same random numbers, which makes the steps
//! between neighbours steadier than each of them.

pub mod best;

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::metrics::columns::MetricRef;
use crate::results::{Cell, Status, Summary};
use crate::stats::{Pseudo, paired};
use crate::text::seconds;

/// Looks at one value at most: each has four times the replications of the one before.
pub const STAGES: u32 = 3;
/// Replications of the first look.
const FIRST: u32 = 5;

/// "response_p99 <= 200ms".
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What is held against the limit.
    pub metric: MetricRef,
    /// The figure is to be at most the limit; else at least.
    pub at_most: bool,
    /// In the metric's unit.
    pub limit: f64,
    /// As it was written, with its unit.
    pub text: String,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Condition, String> {
        let split = text.split_once("<=").map(|both| (both, true));
        let split = split.or_else(|| text.split_once(">=").map(|both| (both, false)));
        let Some(((metric, limit), at_most)) = split else {
            return Err(format!(
                "`{text}` has neither <= nor >=: write for example `response_p99 <= 200ms`"
            ));
        };
        let number = limit.trim();
        let metric: MetricRef = metric.trim().parse()?;
        let limit = limit_of(&metric, number)?;
        if metric.metric.is_share() && !(0.0..=1.0).contains(&limit) {
            return Err(format!(
                "{} is a share, from 0 to 1: write for example `{metric} >= 99%` or 0.99",
                metric.metric.name()
            ));
        }
        // A bare number of a time is of seconds: what is printed says so.
        let is_bare = seconds(number).is_none() && metric.metric.unit() == "s";
        let text = format!("{}{}", text.trim(), if is_bare { " s" } else { "" });
        Ok(Condition {
            metric,
            at_most,
            limit,
            text,
        })
    }
}

/// A number in the unit of a metric: a time, a percentage of a share, or as it is.
fn limit_of(metric: &MetricRef, number: &str) -> Result<f64, String> {
    let (is_time, is_share) = (metric.metric.unit() == "s", metric.metric.is_share());
    let percent = number.strip_suffix('%').map(|n| n.trim().parse::<f64>());
    let limit = match (seconds(number), percent) {
        (Some(time), _) if is_time => Some(time),
        (None, Some(Ok(percent))) if is_share => Some(percent / 100.0),
        (None, None) => number.replace('_', "").parse().ok(),
        _ => None,
    };
    let example = match (is_time, is_share) {
        (true, _) => "200ms",
        (_, true) => "99%",
        _ => "1.5",
    };
    let limit = limit.filter(|limit: &f64| limit.is_finite());
    limit.ok_or_else(|| format!("`{number}` is no limit of {metric}: write for example {example}"))
}

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// No part of the interval holds.
    Fails,
    /// It cannot be told.
    Open,
    /// All of it holds.
    Holds,
}

impl Outcome {
    /// Of the contrary condition.
    fn opposite(self) -> Outcome {
        match self {
            Outcome::Fails => Outcome::Holds,
            Outcome::Open => Outcome::Open,
            Outcome::Holds => Outcome::Fails,
        }
    }

    /// Of an interval against a limit.
    fn of((low, high): (f64, f64), at_most: bool, limit: f64) -> Outcome {
        let (holds, fails) = match at_most {
            true => (high <= limit, low > limit),
            false => (low >= limit, high < limit),
        };
        match (holds, fails) {
            (true, _) => Outcome::Holds,
            (_, true) => Outcome::Fails,
            _ => Outcome::Open,
        }
    }
}

impl Condition {
    /// Whether it holds of what was found, with confidence `level` (two-sided).
    pub fn judge(&self, cell: &Cell, level: f64) -> Outcome {
        let Some(figure) = cell.get(&self.metric) else {
            return Outcome::Open;
        };
        match (figure.status, figure.standing()) {
            (Status::Unstable, _) => Outcome::Fails,
            (_, Some(pseudo)) => self.by_interval(cell, figure, &pseudo, level),
            _ if self.is_beyond(figure, level) => Outcome::Fails,
            _ => Outcome::Open,
        }
    }

    /// Whether a figure that looks too good, of jobs left unfinished or of a start from empty that is not
    /// forgotten, is beyond the limit nevertheless.
    fn is_beyond(&self, figure: &Summary, level: f64) -> bool {
        let (is_upper, limit) = self.upper(figure);
        let pseudo = || figure.pseudo_values();
        let least = match figure.status {
            Status::Censored => figure.mean,
            Status::Growing => pseudo().and_then(|pseudo| pseudo.estimate(level).low),
            _ => None,
        };
        let is_upper = is_upper && figure.key.metric.lower_is_better();
        is_upper && least.is_some_and(|least| least > limit)
    }

    /// Whether the limit is the most that may be, and the limit, of what is counted: where that is the share
    /// that missed, at least 99 % are at most 1 %.
    fn upper(&self, figure: &Summary) -> (bool, f64) {
        match figure.counts_misses() {
            true => (!self.at_most, 1.0 - self.limit),
            false => (self.at_most, self.limit),
        }
    }

    /// Judges by the figure's interval; of a share with no miss so far, the interval reaches to what may have
    /// been missed (the rule of three: Hanley & Lippman-Hand, JAMA 249, 1983).
    fn by_interval(&self, cell: &Cell, figure: &Summary, pseudo: &Pseudo, level: f64) -> Outcome {
        let estimate = pseudo.estimate(level);
        let Some((low, high)) = estimate.low.zip(estimate.high) else {
            return Outcome::Open;
        };
        let (is_upper, limit) = self.upper(figure);
        // Where none of n jobs missed, up to ln(1 / error) / n may.
        let unseen = if figure.counts_misses() && pseudo.figure == 0.0 {
            let (jobs, _) = cell.jobs(&self.metric.part.to_string());
            -((1.0 - level) / 2.0).ln() / jobs.max(1.0)
        } else {
            0.0
        };
        Outcome::of((low, high + unseen), is_upper, limit)
    }
}

/// Whether `one` has the lower figure than `other`, replication by replication.
pub fn is_below(one: &Cell, other: &Cell, metric: &MetricRef, level: f64) -> Outcome {
    let unstable = |cell: &Cell| {
        cell.get(metric)
            .is_some_and(|figure| figure.status == Status::Unstable)
    };
    let standing = |cell: &Cell| cell.get(metric).and_then(Summary::standing);
    match (unstable(one), unstable(other)) {
        (true, true) => return Outcome::Open,
        (true, false) => return Outcome::Fails,
        (false, true) => return Outcome::Holds,
        (false, false) => {}
    }
    let difference = standing(other)
        .zip(standing(one))
        .and_then(|(other, one)| paired(&other, &one, level));
    let ends = difference.and_then(|found| found.estimate.low.zip(found.estimate.high));
    ends.map_or(Outcome::Open, |ends| Outcome::of(ends, true, 0.0))
}

/// Where conditions begin, or cease, to hold on a grid of values. An end is none where no value is shown
/// to be it: one end of the grid is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    /// At the first value and at the last, and so everywhere.
    Everywhere,
    /// Neither at the first nor at the last.
    Never,
    /// It cannot be told at either end.
    Unknown,
    /// From the smallest value `holds` on; it fails up to `fails`.
    Smallest {
        /// The last number of a value at which it fails.
        fails: Option<usize>,
        /// The first at which it holds.
        holds: Option<usize>,
    },
    /// Up to the largest value `holds`; it fails from `fails` on.
    Largest {
        /// The last number of a value at which it holds.
        holds: Option<usize>,
        /// The first at which it fails.
        fails: Option<usize>,
    },
}

/// Looks for the bracket among the values of number 0 to `last`.
///
/// # Errors
/// The first error of `probe`.
pub fn bracket<E>(
    last: usize,
    mut probe: impl FnMut(usize) -> Result<Outcome, E>,
) -> Result<Bracket, E> {
    let mut known = BTreeMap::new();
    let mut look = |at: usize| -> Result<Outcome, E> {
        if let Some(outcome) = known.get(&at) {
            return Ok(*outcome);
        }
        let outcome = probe(at)?;
        known.insert(at, outcome);
        Ok(outcome)
    };
    match (look(0)?, look(last)?) {
        (Outcome::Holds, Outcome::Holds) => Ok(Bracket::Everywhere),
        (Outcome::Fails, Outcome::Fails) => Ok(Bracket::Never),
        (Outcome::Open, Outcome::Open) => Ok(Bracket::Unknown),
        (low, high) if low < high => {
            let (fails, holds) = ends(last, &mut look)?;
            Ok(Bracket::Smallest { fails, holds })
        }
        _ => {
            let (fails, holds) = ends(last, &mut |at| look(last - at))?;
            let back = |at: usize| last - at;
            Ok(Bracket::Largest {
                holds: holds.map(back),
                fails: fails.map(back),
            })
        }
    }
}

/// The last number at which it fails and the first at which it holds, where it rises from 0 to `last`, one of
/// which may be open.
fn ends<E>(
    last: usize,
    look: &mut dyn FnMut(usize) -> Result<Outcome, E>,
) -> Result<(Option<usize>, Option<usize>), E> {
    if look(0)? != Outcome::Fails {
        // The same from the other end.
        let mut other = |at: usize| Ok(look(last - at)?.opposite());
        let (holds, fails) = ends(last, &mut other)?;
        return Ok((fails.map(|at| last - at), holds.map(|at| last - at)));
    }
    let open = first(0, last, look, Outcome::Open)?;
    let holds = match (look(open)?, look(last)?) {
        (Outcome::Holds, _) => Some(open),
        (_, Outcome::Holds) => Some(first(open, last, look, Outcome::Holds)?),
        _ => nearest(open, last, look)?,
    };
    Ok((Some(open - 1), holds))
}

/// The first number above `low` at which it holds, where it is open again at `last`: looked for in steps that
/// double.
fn nearest<E>(
    mut low: usize,
    last: usize,
    look: &mut dyn FnMut(usize) -> Result<Outcome, E>,
) -> Result<Option<usize>, E> {
    let mut step = 1;
    while low < last {
        let at = (low + step).min(last);
        if look(at)? == Outcome::Holds {
            return Ok(Some(first(low, at, look, Outcome::Holds)?));
        }
        (low, step) = (at, 2 * step);
    }
    Ok(None)
}

/// The first number above `low` with at least the outcome `least`, which `high` has.
fn first<E>(
    mut low: usize,
    mut high: usize,
    look: &mut dyn FnMut(usize) -> Result<Outcome, E>,
    least: Outcome,
) -> Result<usize, E> {
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match look(middle)? >= least {
            true => high = middle,
            false => low = middle,
        }
    }
    Ok(high)
}

/// Confidence of one look, of so many searches of `values` values with `conditions` conditions that
/// all hold together with `confidence`. Of an interval's two ends one can be wrong.
pub fn level_of_a_look(confidence: f64, searches: usize, values: usize, conditions: usize) -> f64 {
    let steps = 2.0 + 3.0 * (values.max(2) as f64).log2().ceil();
    let looks = steps * f64::from(STAGES) * (searches * conditions).max(1) as f64;
    1.0 - 2.0 * (1.0 - confidence) / looks
}

/// Replications of the look of this number, from 0, where a scenario asks for `asked`.
pub fn replications(stage: u32, asked: u32) -> u32 {
    match stage {
        0 => FIRST.min(asked.max(3)),
        stage => asked.max(FIRST).saturating_mul(4_u32.pow(stage - 1)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn search(last: usize, of: impl Fn(usize) -> Outcome) -> (Bracket, usize) {
        let mut looks = 0;
        let found = bracket(last, |at| {
            looks += 1;
            Ok::<_, ()>(of(at))
        });
        (found.unwrap(), looks)
    }

    #[test]
    fn the_bracket_is_found_in_few_looks() {
        let from = |at: usize| {
            move |k: usize| {
                if k >= at {
                    Outcome::Holds
                } else {
                    Outcome::Fails
                }
            }
        };
        for at in 1..=100 {
            let (found, looks) = search(100, from(at));
            assert_eq!(
                found,
                Bracket::Smallest {
                    fails: Some(at - 1),
                    holds: Some(at)
                }
            );
            assert!(looks <= 9, "{looks} looks for {at}");
        }
        assert_eq!(search(10, from(0)).0, Bracket::Everywhere);
        assert_eq!(search(10, from(11)).0, Bracket::Never);
    }

    #[test]
    fn what_is_open_widens_the_bracket() {
        let of = |k: usize| match k {
            0..=30 => Outcome::Fails,
            31..=33 => Outcome::Open,
            _ => Outcome::Holds,
        };
        assert_eq!(
            search(64, of).0,
            Bracket::Smallest {
                fails: Some(30),
                holds: Some(34)
            }
        );
        let reversed = |k: usize| of(64 - k);
        assert_eq!(
            search(64, reversed).0,
            Bracket::Largest {
                holds: Some(30),
                fails: Some(34)
            }
        );
        assert_eq!(search(64, |_| Outcome::Open).0, Bracket::Unknown);
    }

    #[test]
    fn an_open_end_leaves_the_other_end_of_the_bracket() {
        let of = |outcomes: [Outcome; 2]| move |k: usize| outcomes[usize::from(k >= 20)];
        let [fails, open, holds] = [Outcome::Fails, Outcome::Open, Outcome::Holds];
        let smallest = |fails, holds| Bracket::Smallest { fails, holds };
        let largest = |holds, fails| Bracket::Largest { holds, fails };
        assert_eq!(search(64, of([open, holds])).0, smallest(None, Some(20)));
        assert_eq!(search(64, of([fails, open])).0, smallest(Some(19), None));
        assert_eq!(search(64, of([holds, open])).0, largest(Some(19), None));
        assert_eq!(search(64, of([open, fails])).0, largest(None, Some(20)));
        let noisy = |k: usize| match k {
            0..20 => holds,
            26..40 => fails,
            _ => open,
        };
        assert_eq!(search(64, noisy).0, largest(Some(19), Some(26)));
        assert_eq!(
            search(64, |k| noisy(k).opposite()).0,
            smallest(Some(19), Some(26))
        );
        assert_eq!(
            search(64, |k| noisy(64 - k)).0,
            smallest(Some(38), Some(45))
        );
    }

    #[test]
    fn conditions_are_read_with_units() {
        let read = |text: &str| text.parse::<Condition>();
        let p99 = read("response_p99 <= 200ms").unwrap();
        assert_eq!(
            (p99.metric.to_string().as_str(), p99.at_most, p99.limit),
            ("response_p99", true, 0.2)
        );
        assert_eq!(
            read("response_p99 <= 2").unwrap().text,
            "response_p99 <= 2 s"
        );
        let share = read("web.slo_attained >= 99.9 %").unwrap();
        assert!(!share.at_most && (share.limit - 0.999).abs() < 1e-12);
        assert!(read("response_p99 < 200ms").is_err());
        for odd in [
            "response_p99 <= soon",
            "response_p99 <= 95%",
            "slo_attained >= 200ms",
            "messages_per_task <= 3ms",
        ] {
            assert!(read(odd).unwrap_err().contains("is no limit of"), "{odd}");
        }
        assert_eq!(read("messages_per_task <= 3").unwrap().limit, 3.0);
        assert!(read("nothing <= 1").is_err());
    }

    #[test]
    fn the_looks_of_a_search_share_its_confidence() {
        // 64 values take 2 + 3 x 6 steps of three looks, for five strategies.
        let level = level_of_a_look(0.95, 5, 64, 1);
        assert!((1.0 - level - 2.0 * 0.05 / (20.0 * 3.0 * 5.0)).abs() < 1e-12);
        assert_eq!([0, 1, 2].map(|stage| replications(stage, 20)), [5, 20, 80]);
    }

    #[test]
    fn intervals_are_held_against_limits() {
        assert_eq!(Outcome::of((1.0, 2.0), true, 2.0), Outcome::Holds);
        assert_eq!(Outcome::of((1.0, 2.0), true, 1.5), Outcome::Open);
        assert_eq!(Outcome::of((1.0, 2.0), true, 0.5), Outcome::Fails);
        assert_eq!(Outcome::of((1.0, 2.0), false, 0.5), Outcome::Holds);
    }
}
