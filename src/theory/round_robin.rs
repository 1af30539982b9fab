//! GI/M/1: independent intervals, exponential service. Dealt in turn to n equal nodes, every n-th
//! job comes to a node; Poisson arrivals make that E_n/M/1.
//!
//! With sigma the root in (0, 1) of sigma = A(mu (1 - sigma)), A the Laplace transform of the
//! interval at a node, the time in the system is exponential with rate mu (1 - sigma) and a job
//! waits with probability sigma (Kleinrock, "Queueing Systems" I, 1975, chapter 6).

use super::answers::{AnswerKind, Answers, Known, Model};
use super::queueing_system::QueueingSystem;
use crate::engine::law::Law;

/// The model.
pub const MODEL: Model = Model {
    name: "GI/M/1 (round robin: E_n/M/1)",
    when: "jobs of one exponential task; round-robin of one dispatcher over equal nodes of one slot, or one node with any independent intervals",
    source: "Kleinrock I, 1975, ch. 6",
};

/// The Laplace transform E(e^(-s X)), where it is simple.
fn transform(law: &Law, s: f64) -> Option<f64> {
    Some(match *law {
        Law::Constant(value) => libm::exp(-s * value),
        Law::Exponential { mean } => 1.0 / (1.0 + s * mean),
        Law::Uniform { low, high } if high > low => {
            (libm::exp(-s * low) - libm::exp(-s * high)) / (s * (high - low))
        }
        Law::Gamma { shape, scale } => libm::pow(1.0 + s * scale, -shape),
        Law::Erlang { phases, mean } => {
            let phases = f64::from(phases);
            libm::pow(1.0 + s * mean / phases, -phases)
        }
        Law::Hyperexponential { p, first, second } => {
            p / (1.0 + s * first) + (1.0 - p) / (1.0 + s * second)
        }
        _ => return None,
    })
}

/// The probability that a job waits at one of `n` nodes with mean service 1, where jobs at
/// intervals of law `interval` are dealt in turn; the load must be below 1.
///
/// The map is increasing and convex with a second fixed point at 1: iterating from 0 climbs to the
/// root below.
pub fn sigma(interval: &Law, n: u32) -> Option<f64> {
    let mut sigma = 0.0;
    for _ in 0..1_000_000 {
        let next = libm::pow(transform(interval, 1.0 - sigma)?, f64::from(n));
        if next - sigma <= 1e-15 {
            break;
        }
        sigma = next;
    }
    Some(sigma)
}

/// What is known of `system`.
pub fn of(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let (n, mean) = (system.nodes(), system.exponential(system.speed()?)?);
    let takes_turns = system.takes_turns();
    let is_new = n > 1 || system.poisson().is_none(); // else M/M/1
    if !(is_new
        && system.is_simple()
        && (n == 1 || takes_turns)
        && system.rate() * mean < f64::from(n))
    {
        return None;
    }
    let sigma = sigma(&system.interval.scaled(1.0 / mean), n)?;
    let response = mean / (1.0 - sigma);
    let answers = Answers {
        wait: Some(sigma * response),
        response: Some(response),
        wait_above: Some(Box::new(move |t| sigma * libm::exp(-t / response))),
        response_above: Some(Box::new(move |t| libm::exp(-t / response))),
        waits: Some(sigma),
    };
    Some(answers.known(&MODEL, AnswerKind::Exact, system.shift()?))
}
