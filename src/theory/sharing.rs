//! Processor sharing: the number at a node is that of a birth-death chain whatever the law of the
//! service is, since only its mean counts (M/G/1: Sakata, Noguchi & Oizumi, 1969; rates that depend
//! on the number in any way: Cohen, "The multiple phase service network with generalized processor
//! sharing", Acta Informatica 12, 1979). So curves of slow-down and several slots are as exact.

use super::answers::{AnswerKind, Answers, Known, Model};
use super::queueing_system::QueueingSystem;
use crate::model::discipline::{Discipline, SlowDown};

/// The model.
pub const MODEL: Model = Model {
    name: "M/G/c processor sharing (Cohen)",
    when: "Poisson jobs of one task of any law, of any number of classes; equal nodes with discipline processor-sharing; random placement or just one node: means",
    source: "Sakata, Noguchi & Oizumi 1969; Cohen 1979",
};

/// Numbers at a node that are looked at, at most.
const MOST: u64 = 10_000_000;

/// Mean number at a node of `slots` that gets `offered` = rate x mean service, slowed down by
/// `curve`; nothing if it has no steady state.
pub fn mean_number(offered: f64, slots: Option<u64>, curve: &SlowDown) -> Option<f64> {
    let rate = |n: u64| {
        let served = slots.map_or(n, |slots| slots.min(n));
        served as f64 * 1e9 / curve.at(n) as f64
    };
    if offered >= rate(MOST) {
        return None;
    }
    let (mut weight, mut sum, mut numbers) = (1.0, 1.0, 0.0);
    for n in 1..MOST {
        weight *= offered / rate(n);
        sum += weight;
        numbers += n as f64 * weight;
        if weight * (n as f64) < 1e-17 * numbers && offered < rate(n + 1) {
            return Some(numbers / sum);
        }
        if sum > 1e290 {
            (weight, sum, numbers) = (weight * 1e-290, sum * 1e-290, numbers * 1e-290);
        }
    }
    None
}

/// What is known of the classes `systems`, which share their nodes: a job of any of them takes
/// longer by one factor.
pub fn of(systems: &[QueueingSystem<'_>]) -> Option<Vec<Known>> {
    let first = systems.first()?;
    let (stretch, rate) = (stretch(systems)?, rate(systems)?);
    let mut rows = Vec::new();
    let mut sum = 0.0;
    for system in systems {
        let response = service(system)? * stretch;
        sum += system.rate() / rate * response;
        let own = mean(response).known(&MODEL, AnswerKind::Exact, system.shift()?);
        let named = |row: Known| Known {
            class: system.class.to_owned(),
            ..row
        };
        rows.extend(own.into_iter().map(named).filter(|_| systems.len() > 1));
    }
    rows.extend(mean(sum).known(&MODEL, AnswerKind::Exact, first.shift()?));
    Some(rows)
}

fn mean(response: f64) -> Answers<'static> {
    Answers {
        response: Some(response),
        ..Answers::default()
    }
}

/// Jobs a second of all classes, all of which are Poisson processes.
fn rate(systems: &[QueueingSystem<'_>]) -> Option<f64> {
    systems.iter().map(QueueingSystem::poisson).sum()
}

/// Mean service at nodes that are all alike.
fn service(system: &QueueingSystem<'_>) -> Option<f64> {
    Some(system.work.mean() / system.speed()? + system.overhead)
}

/// By what factor a job takes longer than alone, if all classes share slots at the same nodes.
fn stretch(systems: &[QueueingSystem<'_>]) -> Option<f64> {
    let first = systems.first()?;
    let Discipline::ProcessorSharing(curve) = first.discipline else {
        return None;
    };
    let ([station], [share]) = (&first.stations[..], &first.split()?[..]) else {
        return None;
    };
    let is_plain = |system: &QueueingSystem<'_>| {
        system.tasks == 1
            && system.queue_limit.is_none()
            && system.holds_slots_only()
            && (systems.len() == 1 || system.is_undelayed())
            && system.eligible == first.eligible
    };
    if !systems.iter().all(is_plain) {
        return None;
    }
    let offered = |system: &QueueingSystem<'_>| Some(system.poisson()? * share * service(system)?);
    let offered = systems.iter().map(offered).sum::<Option<f64>>()?;
    Some(mean_number(offered, station.servers, curve)? / offered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_erlang_and_of_one_server() {
        let close = |found: Option<f64>, value: f64| {
            assert!(
                (found.unwrap_or(0.0) - value).abs() < 1e-9 * value,
                "{found:?}"
            );
        };
        let none = SlowDown::default();
        close(mean_number(0.8, Some(1), &none), 4.0);
        // M/M/2 at load 0.5: 4/3; no limit: as many as are offered.
        close(mean_number(1.0, Some(2), &none), 4.0 / 3.0);
        close(mean_number(3.0, None, &none), 3.0);
        assert_eq!(mean_number(1.0, Some(1), &none), None);
        // Two tasks and more take twice as long: 1/2 of the work from then on.
        let curve = SlowDown::new([(1, 1.0), (2, 2.0)]);
        // p(n) ~ 0.4 x 0.8^(n-1): sum 1 + 0.4 / 0.2, mean 0.4 / 0.2^2.
        close(mean_number(0.4, Some(1), &curve), 0.4 / 0.04 / 3.0);
        assert_eq!(mean_number(0.6, Some(1), &curve), None);
    }
}
