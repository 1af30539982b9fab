//! Groups of nodes whose size changes, and what nodes cost and draw.
//!
//! What a node costs counts from when it is asked for, booting included, as one is billed for it; what it draws
//! depends on whether it works.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::time::Time;

/// A group that grows and shrinks by what is seen of it.
///
/// Ten times in `every` its nodes are looked at; at the tenth the mean of the looks is held against the
/// bounds. A change takes `step` nodes, and the next is made no sooner than after `cooldown`.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoscaling {
    /// What is looked at.
    pub on: Signal,
    /// Above it the group grows.
    pub above: f64,
    /// Below it the group shrinks.
    pub below: f64,
    /// Fewest nodes.
    pub min: u32,
    /// Most nodes.
    pub max: u32,
    /// Nodes of a change.
    pub step: u32,
    /// From the decision that a node joins until it takes tasks.
    pub boot: Time,
    /// From one change to the next at least.
    pub cooldown: Time,
    /// From one judgement to the next.
    pub every: Time,
}

/// By what a group is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// Slots in use / slots of the nodes that are up (where slots are unlimited, of the first resource).
    Utilization,
    /// Tasks that wait at its nodes or in the central queue / nodes that are up.
    Queue,
    /// Mean response time in seconds of the jobs (of all classes) that completed since the last judgement.
    Response,
}

/// What a node draws, in watts; nothing while it is down or not there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// With nothing to do.
    pub idle: f64,
    /// Fully used; in between it goes straight with the used share of the busiest dimension.
    pub busy: f64,
}
