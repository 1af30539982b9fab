//! Priorities at nodes of one slot: M/G/1 in which the largest priority goes first.
//!
//! Non-preemptive: Cobham, "Priority assignment in waiting line problems", Operations Research 2
//! (1954). Preemptive-resume: Conway, Maxwell & Miller, "Theory of scheduling", 1967, chapter 8.
//! An order that looks neither at the work nor at classes, such as last in, first out, changes no
//! mean: Kingman, "The effect of queue discipline on waiting time variance", 1962.

use super::answers::{AnswerKind, Answers, Known, Model};
use super::queueing_system::{QueueingSystem, moments};
use crate::model::discipline::Discipline;

/// Classes of several priorities.
pub const MODEL: Model = Model {
    name: "M/G/1 with priorities (Cobham)",
    when: "Poisson classes of one task each; nodes of one slot with discipline priority, preemptive or not; random placement or just one node",
    source: "Cobham 1954; Conway, Maxwell & Miller 1967, ch. 8",
};

/// One class, last in, first out.
pub const LAST_FIRST: Model = Model {
    name: "M/G/1, last in, first out",
    when: "Poisson jobs of one task; nodes of one slot with discipline lifo; random placement or just one node: means",
    source: "Kingman 1962",
};

/// What one class asks of one node.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// Jobs a second.
    pub rate: f64,
    /// Mean service, seconds.
    pub mean: f64,
    /// Mean of its square.
    pub square: f64,
    /// The larger, the earlier.
    pub priority: i64,
}

/// Mean wait until the service of a job of `own` begins, and mean time from then to its end, among
/// the jobs of `all`.
pub fn times(all: &[Flow], own: &Flow, preemptive: bool) -> (f64, f64) {
    let load = |is_in: &dyn Fn(&&Flow) -> bool| -> f64 {
        all.iter()
            .filter(is_in)
            .map(|flow| flow.rate * flow.mean)
            .sum()
    };
    let above = load(&|flow| flow.priority > own.priority);
    let up_to = load(&|flow| flow.priority >= own.priority);
    let counts = |flow: &&Flow| !preemptive || flow.priority >= own.priority;
    let met: f64 = all
        .iter()
        .filter(counts)
        .map(|flow| flow.rate * flow.square / 2.0)
        .sum();
    let wait = met / ((1.0 - above) * (1.0 - up_to));
    let served = if preemptive {
        own.mean / (1.0 - above)
    } else {
        own.mean
    };
    (wait, served)
}

/// What is known of the classes `systems`, which share their nodes.
pub fn of(systems: &[QueueingSystem<'_>]) -> Option<Vec<Known>> {
    let first = systems.first()?;
    let (preemptive, model) = match (first.discipline, systems) {
        (Discipline::Priority { preemptive }, _) => (*preemptive, &MODEL),
        (Discipline::Lifo, [_]) => (false, &LAST_FIRST),
        _ => return None,
    };
    if !systems
        .iter()
        .all(|system| system.eligible == first.eligible)
    {
        return None;
    }
    let flows: Option<Vec<Flow>> = systems.iter().map(flow).collect();
    let flows = flows.filter(|flows| flows.iter().map(|f| f.rate * f.mean).sum::<f64>() < 1.0)?;
    let mut rows = Vec::new();
    let (mut rate, mut waits, mut responses) = (0.0, 0.0, 0.0);
    for (system, flow) in systems.iter().zip(&flows) {
        let (wait, served) = times(&flows, flow, preemptive);
        rate += flow.rate;
        waits += flow.rate * wait;
        responses += flow.rate * (wait + served);
        let answers = means(wait, wait + served);
        let own = answers.known(model, AnswerKind::Exact, system.shift()?);
        let named = |row: Known| Known {
            class: system.class.to_owned(),
            ..row
        };
        rows.extend(own.into_iter().map(named).filter(|_| systems.len() > 1));
    }
    let all = means(waits / rate, responses / rate);
    rows.extend(all.known(model, AnswerKind::Exact, first.shift()?));
    Some(rows)
}

fn means(wait: f64, response: f64) -> Answers<'static> {
    Answers {
        wait: Some(wait),
        response: Some(response),
        ..Answers::default()
    }
}

/// What a class asks of each of its nodes, which are alike and serve one task at a time.
fn flow(system: &QueueingSystem<'_>) -> Option<Flow> {
    let (rate, split, [station]) = (system.poisson()?, system.split()?, &system.stations[..])
    else {
        return None;
    };
    let is_plain = system.is_simple() && system.is_undelayed() && system.queue_limit.is_none();
    let (mean, square) = moments(system.work, system.overhead, station.speed);
    is_plain.then(|| Flow {
        rate: rate * split[0],
        mean,
        square,
        priority: system.priority,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: (f64, f64), wait: f64, served: f64) {
        let is = (found.0 - wait).abs() < 1e-12 && (found.1 - served).abs() < 1e-12;
        assert!(is, "{found:?}");
    }

    /// Two classes of exponential service of mean 1, at load 0.4 each: by hand.
    #[test]
    fn cobhams_formula_by_hand() {
        let flow = |priority| Flow {
            rate: 0.4,
            mean: 1.0,
            square: 2.0,
            priority,
        };
        let all = [flow(0), flow(1)];
        close(times(&all, &all[1], false), 0.8 / 0.6, 1.0);
        close(times(&all, &all[0], false), 0.8 / (0.6 * 0.2), 1.0);
        close(times(&all, &all[1], true), 0.4 / 0.6, 1.0);
        close(times(&all, &all[0], true), 0.8 / (0.6 * 0.2), 1.0 / 0.6);
        // The same priority is first in, first out.
        let equal = [flow(3), flow(3)];
        close(times(&equal, &equal[0], true), 0.8 / 0.2, 1.0);
    }
}
