//! Models with known answers, matched to setups.
//!
//! Each file is one family: the formulas with their sources, and a matcher that says which figures
//! of a setup they give. A matcher is strict: whatever a model does not speak of (stragglers, a
//! second class, overheads, a dispatcher that takes time, ...) must be absent or be accounted for
//! exactly. No answer is better than a wrong one.
//!
//! All answers are of the steady state, so that only setups with a warm-up have any.
//!
//! **A new family** is one new file here (formulas, `of`, tests), its `mod` line, and its lines in
//! [`known`] and [`MODELS`]. What a matcher may rely on is read off a setup in one place, `queueing_system`,
//! which takes every part of a setup apart by name: a new part does not compile until it is said
//! there that it must be absent. Models for what no scenario can say yet (redundancy) wait for their
//! parts.

mod answers;
pub mod batches;
pub mod breakdowns;
pub mod by_size;
pub mod fork_join;
pub mod infinite_servers;
pub mod losses;
pub mod machine_repair;
pub mod mean_field;
pub mod multi_server;
pub mod priorities;
mod queueing_system;
pub mod round_robin;
pub mod sharing;
pub mod single_server;
pub mod size_interval;
pub mod two_queues;
pub mod utilization;

pub use answers::{AnswerKind, Known, Model, quantile};

use crate::sim::setup::Setup;

use queueing_system::QueueingSystem;

/// All models, in the order in which they are tried.
pub const MODELS: &[Model] = &[
    single_server::MODEL,
    single_server::CONSTANT,
    size_interval::MODEL,
    multi_server::MODEL,
    multi_server::CONSTANT,
    multi_server::BOUND,
    round_robin::MODEL,
    two_queues::SHORTEST,
    two_queues::IDLE,
    mean_field::MODEL,
    fork_join::MODEL,
    fork_join::APPROXIMATION,
    fork_join::BOUND,
    fork_join::SPLIT_MERGE,
    batches::MODEL,
    infinite_servers::MODEL,
    machine_repair::MODEL,
    priorities::MODEL,
    priorities::LAST_FIRST,
    by_size::SHORTEST,
    by_size::SHORTEST_LEFT,
    sharing::MODEL,
    breakdowns::BREAKDOWNS,
    breakdowns::FEEDBACK,
    losses::MODEL,
    losses::ERLANG,
    losses::UNLIKE,
    utilization::MODEL,
];

/// Everything that theory knows of `setup`; empty where it is no model that is known here.
pub fn known(setup: &Setup) -> Vec<Known> {
    let families = [
        single_server::of,
        size_interval::of,
        multi_server::of,
        round_robin::of,
        two_queues::of,
        mean_field::of,
        fork_join::of,
        batches::of,
        infinite_servers::of,
    ];
    let systems = QueueingSystem::of_classes(setup).unwrap_or_default();
    let mut rows: Vec<Known> = match &systems[..] {
        [system] if system.is_fifo() => families
            .into_iter()
            .filter_map(|of| of(system))
            .flatten()
            .collect(),
        [system] if system.is_plain() => by_size::of(system).unwrap_or_default(),
        [system] => fork_join::one_at_a_time(system).unwrap_or_default(),
        _ => Vec::new(),
    };
    rows.extend(priorities::of(&systems).into_iter().flatten());
    rows.extend(sharing::of(&systems).into_iter().flatten());
    rows.extend(machine_repair::of(setup).into_iter().flatten());
    rows.extend(losses::of(&systems).into_iter().flatten());
    rows.extend(breakdowns::of(setup).into_iter().flatten());
    rows.extend(utilization::of(setup).into_iter().flatten());
    rows
}

/// The model named `name`.
pub fn model(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}
