//! The shortest of d queues chosen at random, as the number of nodes grows without end.
//!
//! The share of nodes with at least i tasks tends to rho^((d^i - 1)/(d - 1)) (Vvedenskaya,
//! Dobrushin & Karpelevich, 1996; Mitzenmacher, 1996, IEEE TPDS 12, 2001). Finitely many nodes are
//! worse, by about a constant / n (Gast & Van Houdt, 2017): a limit, never an equality.

use super::answers::{AnswerKind, Answers, Known, Model, known};
use super::queueing_system::QueueingSystem;
use crate::strategy::Binding;
use crate::strategy::Key;
use crate::strategy::placement::power_of_d::{Draws, PowerOfD};
use crate::strategy::placement::random::Random;

/// The model.
pub const MODEL: Model = Model {
    name: "supermarket model, n -> inf",
    when: "Poisson jobs of one exponential task; power-of-d by tasks (for imbalance also random) over at least 10 d equal nodes of one slot",
    source: "Vvedenskaya, Dobrushin & Karpelevich 1996; Mitzenmacher 1996",
};

/// Share of nodes with at least `i` tasks.
pub fn at_least(d: u32, rho: f64, i: u32) -> f64 {
    if d == 1 {
        return libm::pow(rho, f64::from(i));
    }
    let d = f64::from(d);
    libm::pow(rho, (libm::pow(d, f64::from(i)) - 1.0) / (d - 1.0))
}

/// Sum over i >= 1 of `weight`(i) x the share of nodes with at least i tasks.
fn sum(d: u32, rho: f64, weight: impl Fn(f64) -> f64) -> f64 {
    let terms = (1..1_000_000).map(|i| weight(f64::from(i)) * at_least(d, rho, i));
    terms.take_while(|term| *term > 1e-17).sum()
}

/// Mean time in the system with mean service 1: the mean number at a node / rho (Little).
pub fn response(d: u32, rho: f64) -> f64 {
    sum(d, rho, |_| 1.0) / rho
}

/// Jain's index of the numbers of tasks: E(N)^2 / E(N^2).
pub fn jain(d: u32, rho: f64) -> f64 {
    let mean = sum(d, rho, |_| 1.0);
    mean * mean / sum(d, rho, |i| 2.0 * i - 1.0)
}

/// Their coefficient of variation.
pub fn cov(d: u32, rho: f64) -> f64 {
    libm::sqrt(1.0 / jain(d, rho) - 1.0)
}

/// What is known of `system`.
pub fn of(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let (rate, mean) = system.markov().filter(|_| system.is_simple())?;
    let d = choices(system)?;
    let n = system.nodes();
    let rho = rate * mean / f64::from(n);
    let is_many = n / 10 >= d && system.is_undelayed() && system.binding == Binding::Early;
    if !is_many || rho >= 1.0 {
        return None;
    }
    let response = (d > 1).then(|| response(d, rho) * mean);
    let answers = Answers {
        wait: response.map(|response| response - mean),
        response,
        ..Answers::default()
    };
    let mut rows = answers.known(&MODEL, AnswerKind::Limit, system.shift()?);
    rows.push(known(
        &MODEL,
        AnswerKind::Limit,
        "imbalance_cov",
        cov(d, rho),
    ));
    rows.push(known(
        &MODEL,
        AnswerKind::Limit,
        "imbalance_jain",
        jain(d, rho),
    ));
    Some(rows)
}

/// Nodes that are asked for each task.
fn choices(system: &QueueingSystem<'_>) -> Option<u32> {
    if let Some(Random {}) = system.placement() {
        return Some(1);
    }
    let PowerOfD {
        d,
        by,
        replacement: _, // draws one node twice with a probability that vanishes
        draws,
        memory: 0,
    } = system.placement()?
    else {
        return None;
    };
    (*by == Key::Tasks && *draws == Draws::default()).then_some(*d)
}
