//! Infinitely many servers: nobody waits. A job of k tasks takes as long as its longest task:
//! k unit exponentials, H_k on average (Renyi, 1953).
//!
//! Without a queue there is nothing but service, so that it tests draws, speeds, overheads and
//! gathering apart from everything else.

use super::answers::{Above, AnswerKind, Answers, Known, Model};
use super::fork_join::harmonic;
use super::queueing_system::QueueingSystem;
use crate::engine::law::Law;

/// The model.
pub const MODEL: Model = Model {
    name: "infinite servers",
    when: "nodes of one speed with unlimited slots; jobs of any number of tasks",
    source: "order statistics: Renyi 1953",
};

/// What is known of `system`.
pub fn of(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let (speed, shift) = (system.speed()?, system.shift()?);
    // Random delays of the tasks of one job would have to be added before the largest is taken.
    let is_free = system.stations.iter().all(|s| s.servers.is_none());
    if !is_free || system.tasks > 1 && !shift.is_constant {
        return None;
    }
    let (k, overhead) = (system.tasks, system.overhead);
    let work = system.work.scaled(1.0 / speed);
    let mean = match system.exponential(speed) {
        Some(mean) => Some(harmonic(k) * mean),
        None if k == 1 => Some(work.mean() + overhead),
        None => system.constant(speed),
    };
    let above = move |t: f64| {
        let one = if t < overhead {
            1.0
        } else {
            work.survival(t - overhead)
        };
        // 1 - (1 - one)^k without cancellation
        -libm::expm1(f64::from(k) * libm::log1p(-one))
    };
    let answers = Answers {
        response: mean,
        response_above: (!is_discrete(system.work)).then(|| Box::new(above) as Above<'_>),
        ..Answers::default()
    };
    Some(answers.known(&MODEL, AnswerKind::Exact, shift))
}

/// Quantiles of such a law may lie on a jump, where any number of jobs is too few.
fn is_discrete(law: &Law) -> bool {
    matches!(law, Law::Discrete { .. } | Law::Geometric { .. })
}
