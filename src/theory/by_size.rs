//! The shortest first in M/M/1, as it is known to who can look at the work.
//!
//! Without interruption (sjf): the mean wait of a job of size x is that of Cobham's formula with as
//! many priorities as sizes (Phipps, Operations Research 4, 1956). With it (srpt): Schrage & Miller,
//! "The queue M/G/1 with the shortest remaining processing time discipline", Operations Research 14
//! (1966).

use super::answers::{AnswerKind, Answers, Known, Model};
use super::queueing_system::QueueingSystem;
use crate::model::discipline::Discipline;

/// Without interruption.
pub const SHORTEST: Model = Model {
    name: "M/M/1, shortest job first (Phipps)",
    when: "Poisson jobs of one exponential task; nodes of one slot with discipline sjf; random placement or just one node: means",
    source: "Phipps 1956",
};

/// With it.
pub const SHORTEST_LEFT: Model = Model {
    name: "M/M/1, shortest remaining processing time (Schrage-Miller)",
    when: "the same with discipline srpt",
    source: "Schrage & Miller 1966",
};

/// Sizes above this many means count for nothing.
const LARGEST: f64 = 60.0;
/// Steps of an integral over sizes, an even number.
const STEPS: u32 = 12_000;

/// Mean of `of` over the sizes of exponential jobs of mean 1, by Simpson's rule.
fn over_sizes(of: impl Fn(f64) -> f64) -> f64 {
    let width = LARGEST / f64::from(STEPS);
    let term = |step: u32| {
        let x = f64::from(step) * width;
        let weight = match step {
            0 | STEPS => 1.0,
            odd if odd % 2 == 1 => 4.0,
            _ => 2.0,
        };
        weight * of(x) * libm::exp(-x)
    };
    (0..=STEPS).map(term).sum::<f64>() * width / 3.0
}

/// The load of the jobs of sizes up to `x`, of all of which it is `rho`.
fn load(rho: f64, x: f64) -> f64 {
    rho * (1.0 - libm::exp(-x) * (1.0 + x))
}

/// Mean wait under sjf, in means of the service.
pub fn sjf_wait(rho: f64) -> f64 {
    over_sizes(|x| rho / (1.0 - load(rho, x)).powi(2))
}

/// Mean wait until service begins under srpt, in means of the service. (Of a job of size x it is
/// lambda (E(S^2; S < x) + x^2 P(S > x)) / (2 (1 - rho(x))^2), and the sum is 2 rho(x) / lambda.)
pub fn srpt_wait(rho: f64) -> f64 {
    over_sizes(|x| load(rho, x) / (1.0 - load(rho, x)).powi(2))
}

/// Mean time from then to its end: the integral over t below the size of 1 / (1 - rho(t)).
pub fn srpt_served(rho: f64) -> f64 {
    over_sizes(|x| 1.0 / (1.0 - load(rho, x)))
}

/// What is known of `system`.
pub fn of(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let (rate, mean) = system.markov().filter(|_| system.is_simple())?;
    let (split, shift) = (system.split()?, system.shift()?);
    let rho = rate * mean * split[0];
    let is_even = split.iter().all(|share| *share == split[0]);
    if rho >= 1.0 || !is_even || system.queue_limit.is_some() {
        return None;
    }
    let (model, wait, served) = match system.discipline {
        Discipline::Sjf => (&SHORTEST, sjf_wait(rho), 1.0),
        Discipline::Srpt => (&SHORTEST_LEFT, srpt_wait(rho), srpt_served(rho)),
        _ => return None,
    };
    let answers = Answers {
        wait: Some(wait * mean),
        response: Some((wait + served) * mean),
        ..Answers::default()
    };
    Some(answers.known(model, AnswerKind::Exact, shift))
}
