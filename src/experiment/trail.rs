//! What is kept of the decisions of a replication, so that a later run can tell whether, and where
//! first, it decides otherwise.

use serde::{Deserialize, Serialize};

use crate::engine::time::Time;
use crate::metrics::jobs::Blame;
use crate::sim::recorder::{Decision, Recorder};
use crate::sim::records::{Attempt, Job, Task};

/// Decisions of a block.
pub const BLOCK: usize = 4096;
/// Decisions of replication 1 whose nodes are kept.
pub const KEPT: usize = 65_536;

/// The decisions of one replication.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// How many there were.
    pub decisions: u64,
    /// A digest of each block: of instants, dispatchers, tasks and nodes.
    pub blocks: Vec<u64>,
    /// The nodes of the first decisions; of replication 1 only.
    pub nodes: Vec<u32>,
}

impl Trail {
    /// One digest of all decisions.
    pub fn digest(&self) -> u64 {
        self.blocks
            .iter()
            .fold(self.decisions, |all, &block| mixed(all, block))
    }
}

/// Follows the decisions of a replication.
#[derive(Debug)]
pub struct Tracker {
    trail: Trail,
    kept: usize,
    within: usize,
}

impl Tracker {
    /// A tracker that also keeps the first `kept` decisions.
    pub fn new(kept: usize) -> Tracker {
        Tracker {
            trail: Trail::default(),
            kept,
            within: BLOCK,
        }
    }

    /// What was followed.
    pub fn finish(self) -> Trail {
        self.trail
    }
}

impl Recorder for Tracker {
    fn job(&mut self, _: &Job, _: Option<(Time, Blame)>) {}

    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}

    fn decision(&mut self, decision: &Decision<'_>) {
        let trail = &mut self.trail;
        if self.within == BLOCK {
            self.within = 0;
            trail.blocks.push(0);
        }
        self.within += 1;
        trail.decisions += 1;
        if let Some(block) = trail.blocks.last_mut() {
            let who = u64::from(decision.dispatcher) << 32 | u64::from(decision.node.0);
            let what = u64::from(decision.job.class) << 32 | u64::from(decision.task);
            for word in [decision.time.0, who, decision.job.number, what] {
                *block = mixed(*block, word);
            }
        }
        if trail.nodes.len() < self.kept {
            trail.nodes.push(decision.node.0);
        }
    }
}

/// A digest of `digest` and `word` (the finalizer of SplitMix64; Steele, Lea & Flood, 2014).
fn mixed(digest: u64, word: u64) -> u64 {
    let mut z = digest.rotate_left(5) ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
