//! `warmup = "auto"`: how long the system takes to forget that it began empty, by pilot
//! replications whose random numbers no measured replication uses.
//!
//! Pilots see other random numbers than measured replications, as a warm-up that is chosen by the run it is cut
//! from is biased by it.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::engine::time::Time;
use crate::metrics::jobs::Blame;
use crate::scenario::{Point, Scenario};
use crate::sim::recorder::{Decision, Recorder};
use crate::sim::records::{Attempt, Job, Task};
pub use crate::sim::setup::Warmup;
use crate::sim::setup::{Measure, Setup};
use crate::sim::{self, Failure};
use crate::stats::estimate::mean_difference;
use crate::stats::mser5;

/// Pilots whose mean is cut, as Hoad, Robinson & Davies (Journal of the Operational Research
/// Society 61, 2010) advise: one series alone is too noisy.
const PILOTS: u32 = 5;
/// Added to the seed for pilots.
const OTHER_SEEDS: u64 = 0x5047_1150_7000_0001;
/// What is found is left out this many times over.
const SAFETY: f64 = 1.5;
/// A pilot that is too short is run again twice as long, up to this often.
const DOUBLINGS: u32 = 3;
/// Where response times of the second half of the longest pilots rise by more than this factor,
/// from its first to its last third, they will not settle. (From 0 without end they rise 1.6 fold.)
const ENDLESS: f64 = 1.4;
/// Jobs that a warm-up is first lengthened to.
const BATCH: u64 = 5;

/// What the pilots of a point found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Jobs at the start that are not like the rest: the most of any strategy.
    pub jobs: u64,
    /// The pilots ended before they settled, so that more may be needed.
    pub too_short: bool,
}

impl Found {
    /// The pilots were settled after `jobs`.
    fn settled(jobs: u64) -> Found {
        Found {
            jobs,
            too_short: false,
        }
    }

    /// The warm-up to use.
    pub fn warmup(&self) -> u64 {
        safely(self.jobs)
    }
}

/// Finds the warm-up of every point that leaves it to the pilots, the same for all its strategies;
/// of no further one once it is to `stop`.
/// Gives a sentence for each of these points, and of those that did not settle.
///
/// # Errors
/// [`Failure`] of a pilot.
pub(super) fn settle(scenario: &mut Scenario, stop: &AtomicBool) -> Result<(), Failure> {
    for index in 0..scenario.points.len() {
        if !scenario.points[index].warmup_is_auto || stop.load(Ordering::Relaxed) {
            continue;
        }
        let found = pilot(&scenario.points[index])?;
        let point = &mut scenario.points[index];
        point.warmup_is_auto = false;
        for setup in &mut point.setups {
            setup.window.warmup = Warmup::Jobs(found.warmup());
        }
        tell(scenario, index, found);
    }
    Ok(())
}

fn tell(scenario: &mut Scenario, point: usize, found: Found) {
    let (at, jobs) = (
        scenario.at(point),
        crate::text::counted(found.warmup(), "job"),
    );
    scenario.notes.push(format!(
        "warm-up{at}: {jobs}, {SAFETY} times what {PILOTS} pilot replications need (MSER-5)"
    ));
    if found.too_short {
        scenario.warnings.doubt(
            format!("the warm-up{at} may be short: even the longest pilots had not settled"),
            "measure more jobs, or set warmup.jobs",
        );
    }
}

/// What the pilots of `point` find, as long as its runs or, if they do not settle, longer.
///
/// # Errors
/// [`Failure`] of a pilot.
pub fn pilot(point: &Point) -> Result<Found, Failure> {
    let cuts: Result<Vec<Option<Found>>, Failure> =
        point.setups.iter().map(longer_and_longer).collect();
    Ok(cuts?
        .into_iter()
        .flatten()
        .fold(Found::default(), |most, cut| Found {
            jobs: most.jobs.max(cut.jobs),
            too_short: most.too_short | cut.too_short,
        }))
}

/// Nothing of a strategy whose number in system grows without end: no warm-up helps it.
fn longer_and_longer(setup: &Setup) -> Result<Option<Found>, Failure> {
    let mut setup = on_other_seeds(setup);
    setup.window.warmup = Warmup::None;
    for _ in 0..DOUBLINGS {
        let pilots = Pilots::run(&setup)?;
        if pilots.run_away() {
            return Ok(None);
        }
        if let Some(jobs) = pilots.settle() {
            return Ok(Some(Found::settled(jobs)));
        }
        setup.window.measure = twice(setup.window.measure);
    }
    Ok(Pilots::run(&setup)?.at_last())
}

/// Twice as much to be measured.
fn twice(measure: Measure) -> Measure {
    match measure {
        Measure::All => Measure::All,
        Measure::Jobs { class, count } => Measure::Jobs {
            class,
            count: count * 2,
        },
        Measure::Until(time) => Measure::Until(time + time),
        Measure::Leaving(time) => Measure::Leaving(time + time),
    }
}

/// Pilot replications of one strategy.
struct Pilots(Vec<ResponseTimes>);

impl Pilots {
    fn run(setup: &Setup) -> Result<Pilots, Failure> {
        let numbers = (1..=PILOTS).into_par_iter();
        let pilots: Result<Vec<ResponseTimes>, Failure> =
            numbers.map(|number| responses(setup, number)).collect();
        pilots.map(Pilots)
    }

    /// The mean response times, in order of arrival.
    fn series(&self) -> Vec<f64> {
        let length = self.0.iter().map(|pilot| pilot.jobs.len()).min();
        let at = |at: usize| self.0.iter().map(move |pilot| pilot.jobs[at].1.as_secs());
        let mean = |index: usize| at(index).sum::<f64>() / f64::from(PILOTS);
        (0..length.unwrap_or(0)).map(mean).collect()
    }

    fn run_away(&self) -> bool {
        self.0.iter().any(|pilot| pilot.is_runaway)
    }

    /// Jobs after which the pilots are settled: the cut of the series, or more where response
    /// times still rise after the warm-up that it makes. Nothing if the pilots are too short.
    fn settle(&self) -> Option<u64> {
        let series = self.series();
        let cut = mser5(&series).filter(|cut| !cut.too_short)?;
        let mut jobs = cut.observations as u64;
        while self.rise_after(safely(jobs)).is_some() {
            jobs = (jobs * 2).max(BATCH);
            if safely(jobs) > series.len() as u64 / 2 {
                return None;
            }
        }
        Some(jobs)
    }

    /// What is left to say when even the longest pilots are not settled.
    fn at_last(&self) -> Option<Found> {
        if self.run_away() {
            return None;
        }
        if let Some(jobs) = self.settle() {
            return Some(Found::settled(jobs));
        }
        let half = self.series().len() / 2;
        (!self.is_endless()).then(|| Found {
            jobs: (half as f64 / SAFETY) as u64,
            too_short: true,
        })
    }

    /// Whether response times rise through the second half as they do from 0 without end.
    fn is_endless(&self) -> bool {
        let half = self.series().len() as u64 / 2;
        self.rise_after(half).is_some_and(|rise| rise > ENDLESS)
    }

    /// By what factor the mean response time rises from the first to the last third of the jobs
    /// after the first `jobs`, if it does by more than a tenth (paired one-sided t at 5 %).
    fn rise_after(&self, jobs: u64) -> Option<f64> {
        let thirds = self.0.iter().map(|pilot| {
            let rest = &pilot.jobs[(jobs as usize).min(pilot.jobs.len())..];
            let third = rest.len() / 3;
            (mean(&rest[..third]), mean(&rest[rest.len() - third..]))
        });
        let (first, last): (Vec<f64>, Vec<f64>) = thirds.unzip();
        let is_sure = mean_difference(&first, &last, 0.9)?.low? > 0.0;
        let rise = last.iter().sum::<f64>() / first.iter().sum::<f64>();
        (is_sure && rise > 1.1).then_some(rise)
    }

    /// Whether the jobs from `given` to the `cut` are unlike those after it (paired t over the
    /// pilots at 1 %): on a level series the cut falls anywhere.
    fn differ(&self, given: usize, cut: usize) -> bool {
        let parts = self.0.iter().map(|pilot| {
            let (early, late) = pilot.jobs[given..].split_at(cut - given);
            (mean(early), mean(late))
        });
        let (early, late): (Vec<f64>, Vec<f64>) = parts.unzip();
        let difference = mean_difference(&late, &early, 0.99);
        let interval = difference.and_then(|estimate| estimate.low.zip(estimate.high));
        interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }
}

/// Mean response time of `jobs`, seconds; NaN of none.
fn mean(jobs: &[(Time, Time)]) -> f64 {
    jobs.iter().map(|job| job.1.as_secs()).sum::<f64>() / jobs.len() as f64
}

/// False if jobs come at another rate at each time of day.
fn may_settle(setup: &Setup) -> bool {
    let mut sources = setup.sources.iter();
    !sources.any(|source| source.arrivals.follows_clock())
}

/// Whether the warm-up that `point` was given is short, by pilots as long as a run: the jobs
/// that they would leave out instead. Pilots of a growing system say nothing: no warm-up helps it.
///
/// # Errors
/// [`Failure`] of a pilot.
pub fn short(point: &Point) -> Result<Option<u64>, Failure> {
    let mut needed = None;
    for setup in point.setups.iter().filter(|setup| may_settle(setup)) {
        let mut setup = on_other_seeds(setup);
        setup.window.measure = match (setup.window.warmup, setup.window.measure) {
            (Warmup::None, _) => continue,
            (Warmup::Jobs(jobs), Measure::Jobs { class: None, count }) => Measure::Jobs {
                class: None,
                count: (jobs + count).max(4 * jobs),
            },
            (Warmup::Jobs(jobs), _) => Measure::Jobs {
                class: None,
                count: 10 * jobs.max(100),
            },
            (Warmup::Time(time), Measure::Until(until)) => {
                Measure::Until(until.max(Time(time.0.saturating_mul(4))))
            }
            (Warmup::Time(time), Measure::Leaving(until)) => {
                Measure::Leaving(until.max(Time(time.0.saturating_mul(4))))
            }
            (Warmup::Time(time), _) => Measure::Until(Time(time.0.saturating_mul(10))),
        };
        let given = setup.window.warmup;
        setup.window.warmup = Warmup::None;
        let pilots = Pilots::run(&setup)?;
        let given = match given {
            Warmup::Jobs(jobs) => jobs as usize,
            Warmup::Time(time) => {
                let within = |pilot: &ResponseTimes| pilot.jobs.partition_point(|job| job.0 < time);
                pilots.0.iter().map(within).max().unwrap_or(0)
            }
            Warmup::None => 0,
        };
        let cut = mser5(&pilots.series()).filter(|_| !pilots.run_away() && !pilots.is_endless());
        let cut = cut.map_or(0, |cut| cut.observations);
        if cut > given && pilots.differ(given, cut) {
            needed = needed.max(Some(safely(cut as u64)));
        }
    }
    Ok(needed)
}

/// `setup` with random numbers that no measured replication has.
fn on_other_seeds(setup: &Setup) -> Setup {
    Setup {
        seed: setup.seed.wrapping_add(OTHER_SEEDS),
        ..setup.clone()
    }
}

/// What to leave out where the pilots found `jobs`.
fn safely(jobs: u64) -> u64 {
    (jobs as f64 * SAFETY).ceil() as u64
}

/// Arrivals and response times of a pilot's completed jobs, in order of arrival.
#[derive(Default)]
struct ResponseTimes {
    jobs: Vec<(Time, Time)>,
    is_runaway: bool,
}

fn responses(setup: &Setup, number: u32) -> Result<ResponseTimes, Failure> {
    let mut responses = ResponseTimes::default();
    let outcome = sim::run(setup, u64::from(number), Some(&mut responses))?;
    responses.jobs.sort_unstable();
    responses.is_runaway = outcome.is_runaway;
    Ok(responses)
}

impl Recorder for ResponseTimes {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        if let (true, Some((completion, _))) = (job.measured, completed) {
            self.jobs.push((job.arrival, completion - job.arrival));
        }
    }

    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}

    fn decision(&mut self, _: &Decision<'_>) {}
}
