//! Tasks sent by their size: each node is M/G/1 with the works of its interval alone, for a Poisson
//! process split by independent sizes is Poisson processes (Harchol-Balter, Crovella & Murta, "On
//! choosing a task assignment policy for a distributed server system", JPDC 59, 1999).

use super::answers::{AnswerKind, Answers, Known, Model};
use super::queueing_system::{QueueingSystem, Station};
use super::single_server::wait;
use crate::engine::law::Law;
use crate::strategy::Binding;
use crate::strategy::placement::size_interval::{SizeInterval, nodes_of};

/// The model.
pub const MODEL: Model = Model {
    name: "SITA: M/G/1 of each interval of sizes",
    when: "Poisson jobs of one task; size-interval over nodes of one slot with cut-offs that are given, or of equal load by a law without atoms: means",
    source: "Harchol-Balter, Crovella & Murta 1999",
};

/// Of all tasks those that a node gets: their share, and their parts of the mean and of the second
/// moment of the work.
type Part = [f64; 3];

/// What is known of `system`.
pub fn of(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let placement: &SizeInterval = system.placement()?;
    let (rate, shift) = (system.poisson()?, system.shift()?);
    let is_of_it = system.is_simple() && system.binding == Binding::Early;
    if !is_of_it || system.queue_limit.is_some() {
        return None;
    }
    let stations = system.stations.iter();
    let nodes = stations.flat_map(|station| std::iter::repeat_n(station, station.nodes as usize));
    let nodes: Vec<&Station> = nodes.collect();
    let parts = parts(placement, system.work, &nodes)?;
    let (mut waits, mut services) = (0.0, 0.0);
    for (station, part) in nodes.iter().zip(parts).filter(|(_, part)| part[0] > 0.0) {
        let (mean, square) = service(part, system.overhead, station.speed);
        if rate * part[0] * mean >= 1.0 {
            return None;
        }
        waits += part[0] * wait(rate * part[0], mean, square);
        services += part[0] * mean;
    }
    let answers = Answers {
        wait: Some(waits),
        response: Some(waits + services),
        ..Answers::default()
    };
    Some(answers.known(&MODEL, AnswerKind::Exact, shift))
}

/// Mean and second moment of the service of the tasks of a part.
fn service([share, first, second]: Part, overhead: f64, speed: f64) -> (f64, f64) {
    let (mean, square) = (first / share / speed, second / share / (speed * speed));
    let whole = square + 2.0 * mean * overhead + overhead * overhead;
    (mean + overhead, whole)
}

/// What each node gets.
fn parts(placement: &SizeInterval, work: &Law, nodes: &[&Station]) -> Option<Vec<Part>> {
    let shares: Vec<f64> = nodes.iter().map(|station| station.weight).collect();
    let cut_offs = placement.cut_offs(&shares)?;
    let has_atoms = matches!(
        work,
        Law::Constant(_) | Law::Discrete { .. } | Law::Geometric { .. }
    );
    if placement.cut_offs.is_empty() && has_atoms {
        return None;
    }
    let mut parts = vec![[0.0; 3]; nodes.len()];
    for at in 0..=cut_offs.len() {
        let low = at.checked_sub(1).map_or(0.0, |at| cut_offs[at]);
        let all = between(work, low, cut_offs.get(at).copied());
        let (first, count) = nodes_of(at, cut_offs.len() + 1, nodes.len());
        for part in &mut parts[first..first + count] {
            (0..3).for_each(|k| part[k] += all[k] / count as f64);
        }
    }
    Some(parts)
}

/// The part of a law above `low`, at most `high`.
fn between(work: &Law, low: f64, high: Option<f64>) -> Part {
    let above = |x| {
        [
            work.survival(x),
            work.upper_moment(1, x),
            work.upper_moment(2, x),
        ]
    };
    let beyond = high.map_or([0.0; 3], above);
    let mut part = above(low);
    (0..3).for_each(|k| part[k] -= beyond[k]);
    part
}
