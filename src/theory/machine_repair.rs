//! M/M/c//N: N clients that think and wait for their jobs, the machine repair model (Feller, "An
//! Introduction to Probability Theory and Its Applications", 1968, XVII.7; Scherr 1967 for time-sharing).
//! The law of the time to think matters by its mean alone (Baskett, Chandy, Muntz & Palacios 1975).

use super::answers::{AnswerKind, Answers, Known, Model, known};
use super::queueing_system::QueueingSystem;
use crate::engine::law::Law;
use crate::sim::setup::Setup;
use crate::strategy::Binding;
use crate::workload::source::Arrivals;

/// Clients that wait for their jobs.
pub const MODEL: Model = Model {
    name: "M/M/c//N (machine repair)",
    when: "closed arrivals of one exponential task; a central queue over nodes of one speed, or one node of c slots",
    source: "Feller 1968, XVII.7; Baskett, Chandy, Muntz & Palacios 1975",
};

/// Mean number of jobs at the `c` servers, of `clients` each of which thinks for `think` on average in
/// units of the mean service.
pub fn jobs(clients: u32, c: u64, think: f64) -> f64 {
    let n = f64::from(clients);
    let (mut weight, mut all, mut sum) = (1.0, 1.0, 0.0);
    for k in 1..=clients {
        let (k, busy) = (f64::from(k), u64::from(k).min(c) as f64);
        weight *= (n - k + 1.0) / (think * busy);
        (all, sum) = (all + weight, sum + k * weight);
        if all > 1e200 {
            (weight, all, sum) = (weight / all, 1.0, sum / all);
        }
    }
    sum / all
}

/// What is known of `setup`.
pub fn of(setup: &Setup) -> Option<Vec<Known>> {
    let [source] = &setup.sources[..] else {
        return None;
    };
    let Arrivals::Closed(clients) = &source.arrivals else {
        return None;
    };
    let think = clients.think.mean();
    // What else there is must be a plain queue: it is read as if jobs came from outside.
    let mut open = setup.clone();
    open.sources[0].arrivals = Arrivals::Renewal {
        interval: Law::Exponential {
            mean: think.max(1.0),
        },
    };
    let systems = QueueingSystem::of_classes(&open)?;
    let [system] = &systems[..] else { return None };
    let (speed, c, shift) = (system.speed()?, system.servers()?, system.shift()?);
    let is_one_queue = system.binding == Binding::CentralQueue || system.nodes() == 1;
    let is_plain = system.is_fifo() && system.tasks == 1 && shift.before + shift.after == 0.0;
    if !is_one_queue || !is_plain || think == 0.0 {
        return None;
    }
    let mean = system.exponential(speed)?;
    let there = jobs(clients.count, c, think / mean);
    let rate = (f64::from(clients.count) - there) / think;
    let answers = Answers {
        response: Some(there / rate),
        wait: Some(there / rate - mean),
        ..Answers::default()
    };
    let mut rows = answers.known(&MODEL, AnswerKind::Exact, shift);
    rows.push(known(&MODEL, AnswerKind::Exact, "throughput", rate));
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::jobs;

    /// One machine of N = 3 with a repairman: weights 1, 3 a, 6 a^2, 6 a^3 with a = service / think.
    #[test]
    fn weights_by_hand() {
        let a: f64 = 0.5;
        let weights = [1.0, 3.0 * a, 6.0 * a * a, 6.0 * a * a * a];
        let all: f64 = weights.iter().sum();
        let sum = weights[1] + 2.0 * weights[2] + 3.0 * weights[3];
        assert!((jobs(3, 1, 2.0) - sum / all).abs() < 1e-12);
        // As many repairmen as machines: each is down for 1 / (1 + think) of the time.
        assert!((jobs(7, 7, 3.0) - 7.0 / 4.0).abs() < 1e-12);
        // Very many clients: one server does what it can.
        assert!((jobs(100_000, 1, 10.0) - (100_000.0 - 10.0)).abs() < 1e-3);
    }
}
