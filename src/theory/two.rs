//! Two equal nodes with exponential service, and a dispatcher that looks at both.
//!
//! Join an idle node, else either: E[T] = (1 + rho) / ((1 + 2 rho) (1 - rho)), a closed form of the
//! chain of both numbers (a test holds it to the chain, solved numerically).

use super::plain::Plain;
use super::queue::Queue;
use super::{Kind, Known, Model};
use crate::sim::setup::Setup;
use crate::strategy::Binding;
use crate::strategy::placement::join_idle_queue::JoinIdleQueue;

/// An idle one first.
pub const IDLE: Model = Model {
    name: "two nodes, an idle one first",
    when: "Poisson jobs of one exponential task; join-idle-queue over two equal nodes of one slot",
    source: "stationary law of the chain of both numbers of tasks",
};

/// Mean time in the system with mean service 1.
pub fn idle(rho: f64) -> f64 {
    (1.0 + rho) / ((1.0 + 2.0 * rho) * (1.0 - rho))
}

/// What is known of `setup`.
pub fn of(setup: &Setup) -> Vec<Known> {
    match_two(setup).unwrap_or_default()
}

fn match_two(setup: &Setup) -> Option<Vec<Known>> {
    let plain = Plain::of(setup).filter(|p| p.tasks == 1 && p.is_one_by_one())?;
    let (rate, mean) = (plain.poisson()?, plain.exponential(plain.speed()?)?);
    let rho = rate * mean / 2.0;
    let is_two = plain.nodes() == 2 && plain.binding == Binding::Early && plain.is_undelayed();
    if !is_two || rho >= 1.0 {
        return None;
    }
    let JoinIdleQueue {} = plain.placement()?;
    let response = idle(rho) * mean;
    let queue = Queue {
        wait: Some(response - mean),
        response: Some(response),
        ..Queue::default()
    };
    Some(queue.known(&IDLE, Kind::Exact, plain.shift()?))
}
