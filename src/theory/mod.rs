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

pub use answers::quantile;

use serde::{Deserialize, Serialize};

use crate::sim::setup::Setup;

use queueing_system::QueueingSystem;

/// How a known answer is to be held against a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerKind {
    /// The expected value of the figure.
    Exact,
    /// Its limit as the number of nodes grows: shown, not judged.
    Limit,
    /// It is on one side of the expected value: shown, not judged.
    Bound,
    /// Close to the expected value by experience: shown, not judged.
    Approximation,
}

/// A figure of a setup that theory gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Name in the metric registry.
    pub metric: String,
    /// `all`, or `nodes.GROUP`.
    pub class: String,
    /// The value in the metric's unit.
    pub value: f64,
    /// How to hold it against a simulation.
    pub kind: AnswerKind,
    /// The model, in the field's words; one of [`MODELS`].
    pub model: &'static str,
}

/// A model that setups are matched to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// The name that [`Known::model`] gives.
    pub name: &'static str,
    /// What a scenario must be like.
    pub when: &'static str,
    /// Where the formula is from.
    pub source: &'static str,
}

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
