//! What dispatchers know of nodes that fail, and what they do about nodes at which attempts fail.
//!
//! Knowing late and knowing wrongly are told apart: `detection` is how failures of nodes become known,
//! `ejection` what is concluded from failures of tasks.

use crate::engine::time::Time;

/// How dispatchers come to know that nodes fail; all of a strategy know the same. By default they know at once, and
/// do nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// When they know that a node has gone down or has come up.
    pub detection: Detection,
    /// Nodes at which attempts fail are not used for a while.
    pub ejection: Option<Ejection>,
    /// Time over which a node that is seen up again is offered more and more of the tasks.
    pub slow_start: Option<Time>,
}

/// When dispatchers know that a node has gone down or has come up. (That it drains, joins or leaves they know at once:
/// that is planned.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detection {
    /// At that instant.
    #[default]
    AtOnce,
    /// So much later.
    After(Time),
    /// By checks.
    Checks(Checks),
}

/// Every node is asked now and then whether it is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    /// Time between two checks of a node.
    pub every: Time,
    /// How long an answer is waited for, at most `every`.
    pub timeout: Time,
    /// Failed checks in a row after which a node is seen down; at least 1.
    pub fall: u32,
    /// Successful checks in a row after which it is seen up; at least 1.
    pub rise: u32,
}

/// Nodes at which attempts fail are not used for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ejection {
    /// Attempts in a row that came to nothing, after which a node is ejected; at least 1.
    pub failures: u32,
    /// For how long.
    pub time: Time,
    /// Nodes that may be ejected at once, in billionths of all; at least one if it is not 0.
    pub most: u64,
}

impl Ejection {
    /// Of `nodes` nodes so many may be ejected at once.
    pub fn limit(&self, nodes: u32) -> u32 {
        let share = u64::from(nodes) * self.most / 1_000_000_000;
        share.max(u64::from(self.most > 0)) as u32
    }
}
