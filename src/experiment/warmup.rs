//! `warmup = "auto"`: how long the system takes to forget that it began empty, by pilot
//! replications whose random numbers no measured replication uses.

use rayon::prelude::*;

use crate::engine::time::Time;
use crate::metrics::jobs::Blame;
use crate::scenario::{Point, Scenario};
use crate::sim::recorder::{Decision, Recorder};
use crate::sim::records::{Attempt, Job, Task};
use crate::sim::setup::{Measure, Setup, Warmup};
use crate::sim::{self, Failure};
use crate::stats::{is_growing, mser5};

/// Pilots whose mean is cut, as Hoad, Robinson & Davies (Journal of the Operational Research
/// Society 61, 2010) advise: one series alone is too noisy.
const PILOTS: u32 = 5;
/// Added to the seed for pilots.
const OTHER_SEEDS: u64 = 0x5047_1150_7000_0001;
/// What is found is left out this many times over.
const SAFETY: f64 = 1.5;
/// A pilot that is too short is run again twice as long, up to this often.
const DOUBLINGS: u32 = 2;

/// What the pilots of a point found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Jobs at the start that are not like the rest: the most of any strategy.
    pub jobs: u64,
    /// The instant at which the last of them arrives, of the latest pilot.
    pub time: Time,
    /// The pilots ended before they settled, so that more may be needed.
    pub too_short: bool,
}

impl Found {
    /// The warm-up to use.
    pub fn warmup(&self) -> u64 {
        (self.jobs as f64 * SAFETY).ceil() as u64
    }
}

/// Finds the warm-up of every point that leaves it to the pilots, the same for all its strategies.
/// Gives a sentence for each of these points, and of those that did not settle.
///
/// # Errors
/// [`Failure`] of a pilot.
pub fn settle(scenario: &mut Scenario) -> Result<(), Failure> {
    let mut told = Vec::new();
    for point in scenario
        .points
        .iter_mut()
        .filter(|point| point.warmup_is_auto)
    {
        let found = pilot(point)?;
        point.warmup_is_auto = false;
        for setup in &mut point.setups {
            setup.window.warmup = Warmup::Jobs(found.warmup());
        }
        told.push((point.values.join(", "), found));
    }
    for (values, found) in told {
        let at = if values.is_empty() {
            String::new()
        } else {
            format!(" at {values}")
        };
        scenario.notes.push(format!(
            "warm-up{at}: {}, 1.5 times what {PILOTS} pilot replications need (MSER-5)",
            super::counted(found.warmup(), "job"),
        ));
        if found.too_short {
            scenario.warnings.doubt(
                format!("the warm-up{at} may be short: even the longest pilots had not settled"),
                "measure more jobs, or set warmup.jobs",
            );
        }
    }
    Ok(())
}

/// What the pilots of `point` find, as long as its runs or, if they do not settle, longer.
///
/// # Errors
/// [`Failure`] of a pilot.
pub fn pilot(point: &Point) -> Result<Found, Failure> {
    let cuts: Result<Vec<Option<Found>>, Failure> =
        point.setups.iter().map(longer_and_longer).collect();
    let none = Found {
        jobs: 0,
        time: Time::ZERO,
        too_short: false,
    };
    Ok(cuts?.into_iter().flatten().fold(none, |most, cut| Found {
        jobs: most.jobs.max(cut.jobs),
        time: most.time.max(cut.time),
        too_short: most.too_short | cut.too_short,
    }))
}

fn longer_and_longer(setup: &Setup) -> Result<Option<Found>, Failure> {
    let mut setup = Setup {
        seed: setup.seed.wrapping_add(OTHER_SEEDS),
        ..setup.clone()
    };
    setup.window.warmup = Warmup::None;
    let mut found = cut(&setup)?;
    for _ in 0..DOUBLINGS {
        if found.is_none_or(|found| !found.too_short) {
            break;
        }
        setup.window.measure = twice(setup.window.measure);
        found = cut(&setup)?;
    }
    Ok(found)
}

fn twice(measure: Measure) -> Measure {
    match measure {
        Measure::All => Measure::All,
        Measure::Jobs { class, count } => Measure::Jobs {
            class,
            count: count * 2,
        },
        Measure::Until(time) => Measure::Until(time + time),
    }
}

/// Where the mean of the pilots' response times, in order of arrival, is cut; nothing if the
/// number in the system grows, which no warm-up ends.
fn cut(setup: &Setup) -> Result<Option<Found>, Failure> {
    let pilots: Result<Vec<Responses>, Failure> = (1..=PILOTS)
        .into_par_iter()
        .map(|number| responses(setup, number))
        .collect();
    let pilots = pilots?;
    let thirds = pilots.iter().filter_map(|pilot| pilot.thirds);
    let (first, last): (Vec<f64>, Vec<f64>) = thirds.unzip();
    let length = pilots
        .iter()
        .map(|pilot| pilot.jobs.len())
        .min()
        .unwrap_or(0);
    let mean = |at: usize| {
        let sum: f64 = pilots.iter().map(|pilot| pilot.jobs[at].1.as_secs()).sum();
        sum / f64::from(PILOTS)
    };
    let series: Vec<f64> = (0..length).map(mean).collect();
    let cut = mser5(&series).filter(|_| !pilots.iter().any(|pilot| pilot.is_runaway));
    let cut = cut.filter(|_| !is_growing(&first, &last));
    Ok(cut.map(|cut| Found {
        jobs: cut.observations as u64,
        time: match cut.observations {
            0 => Time::ZERO,
            jobs => pilots
                .iter()
                .map(|pilot| pilot.jobs[jobs - 1].0)
                .max()
                .unwrap_or_default(),
        },
        too_short: cut.too_short,
    }))
}

/// Arrivals and response times of a pilot's completed jobs, in order of arrival.
#[derive(Default)]
struct Responses {
    jobs: Vec<(Time, Time)>,
    thirds: Option<(f64, f64)>,
    is_runaway: bool,
}

fn responses(setup: &Setup, number: u32) -> Result<Responses, Failure> {
    let mut responses = Responses::default();
    let outcome = sim::run(setup, u64::from(number), Some(&mut responses))?;
    responses.jobs.sort_unstable();
    (responses.thirds, responses.is_runaway) = (outcome.thirds, outcome.is_runaway);
    Ok(responses)
}

impl Recorder for Responses {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        if let (true, Some((completion, _))) = (job.measured, completed) {
            self.jobs.push((job.arrival, completion - job.arrival));
        }
    }

    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}

    fn decision(&mut self, _: &Decision<'_>) {}
}
