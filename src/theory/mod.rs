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
//! there that it must be absent. Models for what no scenario can say yet (bounded queues as in
//! M/M/c/K, processor sharing, breakdowns, redundancy) wait for their parts.

mod answers;
pub mod fork_join;
pub mod infinite_servers;
pub mod mean_field;
pub mod multi_server;
mod queueing_system;
pub mod round_robin;
pub mod single_server;
pub mod two_queues;
pub mod utilization;

pub use answers::{AnswerKind, Known, Model, quantile};

use crate::sim::setup::Setup;

use queueing_system::QueueingSystem;

/// All models, in the order in which they are tried.
pub const MODELS: &[Model] = &[
    single_server::MODEL,
    single_server::CONSTANT,
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
    infinite_servers::MODEL,
    utilization::MODEL,
];

/// Everything that theory knows of `setup`; empty where it is no model that is known here.
pub fn known(setup: &Setup) -> Vec<Known> {
    let families = [
        single_server::of,
        multi_server::of,
        round_robin::of,
        two_queues::of,
        mean_field::of,
        fork_join::of,
        infinite_servers::of,
    ];
    let system = QueueingSystem::of(setup);
    let of = |system| families.into_iter().filter_map(move |of| of(system));
    let rows = system.iter().flat_map(of).chain(utilization::of(setup));
    rows.flatten().collect()
}

/// The model named `name`.
pub fn model(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}
