//! Single servers that break down, and attempts that fail: each job occupies its server for a
//! completion time, service and all that goes wrong meanwhile, and the queue is M/G/1 with that.
//!
//! Breakdowns while the server works: Avi-Itzhak & Naor (1963), Gaver (1962). Work that starts from
//! scratch after each: Duda (1983); Asmussen et al. (2008). Attempts that fail and come back at once
//! with fresh work: Takacs (1963).

use super::answers::{AnswerKind, Answers, Known, Model};
use super::queueing_system::{QueueingSystem, moments};
use super::single_server;
use crate::engine::law::Law;
use crate::model::discipline::Discipline;
use crate::sim::setup::{
    Budget, Faults, NodeFailures, Retries, Setup, Stranded, StrandedQueued, StrandedRunning,
    TaskFailures, Timeouts,
};

/// Nodes that fail while they work.
pub const BREAKDOWNS: Model = Model {
    name: "M/G/1 with breakdowns",
    when: "M/G/1 on one node with `node-failures`: exponential `up` on the busy clock, \"resume\", or \"restart\" with constant work; what waits stays",
    source: "Avi-Itzhak & Naor 1963; Gaver 1962; Duda 1983",
};

/// Attempts that fail.
pub const FEEDBACK: Model = Model {
    name: "M/M/1 with retries",
    when: "M/M/1 on one node with `task-failures.probability`, fresh work, no backoff, and so many attempts that they never run out",
    source: "Takacs 1963; Jackson 1957",
};

/// Chance that a job's attempts run out which may be neglected.
const NEVER: f64 = 1e-9;

/// Mean and second moment of the completion time of work of these moments that goes on after each
/// breakdown; they come at rate `xi`, and repairs have the moments `down`.
fn resumed((mean, square): (f64, f64), xi: f64, down: (f64, f64)) -> (f64, f64) {
    let longer = 1.0 + xi * down.0;
    (mean * longer, square * longer * longer + xi * down.1 * mean)
}

/// The same of constant work `x` that starts from scratch after each breakdown.
fn restarted(x: f64, xi: f64, down: (f64, f64)) -> (f64, f64) {
    let ends_well = libm::exp(-xi * x);
    let fails = -libm::expm1(-xi * x);
    // The time until a breakdown that comes before x.
    let first = (fails - xi * x * ends_well) / (xi * fails);
    let second =
        (2.0 * (fails - xi * x * ends_well) - (xi * x).powi(2) * ends_well) / (xi * xi * fails);
    // Each lost attempt takes that long, and the repair; their number is geometric.
    let (lost, lost_square) = (first + down.0, second + 2.0 * first * down.0 + down.1);
    let number = fails / ends_well;
    let pairs = 2.0 * number * number; // E(N (N - 1))
    let mean = number * lost;
    let square = number * lost_square + pairs * lost * lost;
    (x + mean, x * x + 2.0 * x * mean + square)
}

/// What is known of a setup whose nodes or attempts fail.
pub fn of(setup: &Setup) -> Option<Vec<Known>> {
    let systems = QueueingSystem::of_failing(setup)?;
    let [system] = &systems[..] else { return None };
    let is_plain = system.is_simple() && system.nodes() == 1 && system.is_undelayed();
    if !is_plain || *system.discipline != Discipline::Fifo || system.queue_limit.is_some() {
        return None;
    }
    let (rate, shift) = (system.poisson()?, system.shift()?);
    let (model, (mean, square)) = completion(&setup.faults, system)?;
    let wait = single_server::wait(rate, mean, square);
    let answers = Answers {
        response: Some(wait + mean),
        ..Answers::default()
    };
    let is_stable = rate * mean < 1.0 && square.is_finite();
    is_stable.then(|| answers.known(model, AnswerKind::Exact, shift))
}

/// The model, and mean and second moment of the time that a task keeps its server, failures included; none
/// where anything else goes wrong too.
fn completion(
    faults: &Faults,
    system: &QueueingSystem<'_>,
) -> Option<(&'static Model, (f64, f64))> {
    let Faults {
        node_failures,
        zone_failures: None,
        slow_downs: None,
        changes,
        stranded,
        task_failures,
        timeouts:
            Timeouts {
                task: None,
                job: None,
                run_on: _,
            },
        retries,
    } = faults
    else {
        return None;
    };
    let speed = system.speed()?;
    match (node_failures, task_failures) {
        (Some(failures), None) if changes.is_empty() => Some((
            &BREAKDOWNS,
            broken_down(failures, *stranded, system, speed)?,
        )),
        (None, Some(TaskFailures::Probability(p))) if changes.is_empty() => {
            let mean = system.exponential(speed)? / (1.0 - p);
            never_run_out(retries, *p).then_some((&FEEDBACK, (mean, 2.0 * mean * mean)))
        }
        _ => None,
    }
}

/// The moments of that time where the server fails only while it works.
fn broken_down(
    failures: &NodeFailures,
    stranded: Stranded,
    system: &QueueingSystem<'_>,
    speed: f64,
) -> Option<(f64, f64)> {
    let NodeFailures {
        up: Law::Exponential { mean: up },
        down,
        busy_clock: true,
    } = failures
    else {
        return None;
    };
    let down = (down.mean(), down.second_moment());
    match stranded {
        Stranded {
            running: StrandedRunning::Resume,
            queued: StrandedQueued::Stay,
        } => Some(resumed(
            moments(system.work, system.overhead, speed),
            1.0 / up,
            down,
        )),
        Stranded {
            running: StrandedRunning::Restart,
            queued: StrandedQueued::Stay,
        } => Some(restarted(system.constant(speed)?, 1.0 / up, down)),
        _ => None,
    }
}

/// True if work is fresh each time, comes back at once and practically never for the last time.
fn never_run_out(retries: &Retries, p: f64) -> bool {
    let Retries {
        max_attempts,
        backoff,
        growth: _,
        jitter: _,
        fresh_work,
        budget,
    } = retries;
    let is_rare = p < 1.0 && p.powi(i32::from(*max_attempts)) < NEVER;
    *fresh_work && *backoff == 0.0 && is_rare && *budget == Budget::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!(
            (found / expected - 1.0).abs() < 1e-6,
            "{found}, not {expected}"
        );
    }

    /// V45: completion times, and the time in the system.
    #[test]
    fn breakdowns_as_published() {
        let exponential = (1.0, 2.0);
        for (rate, xi, eta, expected) in [
            (0.5, 0.1, 0.9, [1.111_111, 2.716_049, 2.638_889]),
            (0.7, 0.05, 0.5, [1.1, 2.82, 5.391_304]),
        ] {
            let down = (1.0 / eta, 2.0 / (eta * eta));
            let (mean, square) = resumed(exponential, xi, down);
            close(mean, expected[0]);
            close(square, expected[1]);
            close(mean + single_server::wait(rate, mean, square), expected[2]);
        }
    }

    /// V46; the second moment by the derivative of the transform, done by hand for r = 0: E(C^2) =
    /// 2 (e^(xi x) - 1 - xi x) e^(xi x) / xi^2.
    #[test]
    fn restarts_as_published() {
        for (xi, x, r, expected) in [
            (0.1, 1.0, 0.0, 1.051_709),
            (0.1, 10.0, 1.0, 18.901_1),
            (1.0, 5.0, 1.0, 294.826_318),
        ] {
            close(restarted(x, xi, (r, r * r)).0, expected);
        }
        let (xi, x) = (0.3f64, 4.0f64);
        let grown = f64::exp(xi * x);
        let square = 2.0 * grown * (grown - 1.0 - xi * x) / (xi * xi);
        close(restarted(x, xi, (0.0, 0.0)).1, square);
    }
}
