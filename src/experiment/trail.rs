//! What is kept of the decisions of a replication, so that a later run can tell whether, and where
//! first, it decides otherwise.
//!
//! A trail is kept in digests of everything up to some decision: after every [`BLOCK`] decisions
//! through the whole replication, and after every [`STEP`] among those whose nodes are kept. So the
//! first difference can be found by looking, and a trail can be cut to any size and still be compared.

pub mod first;
pub mod moved;
mod written;

pub use written::cut_all;

use serde::{Deserialize, Serialize};

use crate::engine::time::Time;
use crate::metrics::jobs::{Blame, JobStats};
use crate::sim::recorder::{Decision, Recorder};
use crate::sim::records::{Attempt, Job, Task};

/// Decisions between two digests.
pub const BLOCK: u64 = 4096;
/// Decisions of replication 1 whose nodes are kept.
pub const KEPT: usize = 65_536;
/// Decisions between two one-byte digests among those whose nodes are kept.
pub const STEP: usize = 16;
/// Jobs of each class, from the first, of whose response times a byte is kept.
pub const JOBS: usize = 65_536;

/// The decisions of one replication.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "written::Written", into = "written::Written")]
pub struct Trail {
    /// How many there were.
    pub decisions: u64,
    /// Digests of all decisions (instants, dispatchers, tasks and nodes) up to the one with this
    /// number (from 1), in order; the last is of all.
    pub digests: Vec<(u64, u64)>,
    /// What replication 1 keeps beside.
    pub detail: Option<Detail>,
}

/// What is kept of replication 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// The nodes of the first decisions.
    pub nodes: Vec<u32>,
    /// A byte of the digest after every [`STEP`] of them.
    pub steps: Vec<u8>,
    /// By class, for the first jobs in order: 0 if the job is not measured or did not complete, else
    /// a byte (not 0) of the digest of its response time.
    pub jobs: Vec<Vec<u8>>,
    /// Measured jobs that completed.
    pub measured: u64,
    /// Mean parts of the response time of all measured jobs, and of the slowest 1 %, nanoseconds;
    /// none where jobs are unfinished or too few.
    pub blame: Option<(Blame, Blame)>,
}

impl Trail {
    /// One digest of all decisions.
    pub fn digest(&self) -> u64 {
        self.digests
            .last()
            .map_or(self.decisions, |&(count, digest)| mixed(digest, count))
    }
}

/// Follows the decisions of a replication.
#[derive(Debug)]
pub struct Tracker {
    trail: Trail,
    digest: u64,
    kept: usize,
    stats: Option<JobStats>,
}

impl Tracker {
    /// A tracker; one that keeps detail (for replication 1) keeps the nodes of the first `kept`
    /// decisions, and none if `kept` is 0.
    pub fn new(kept: usize) -> Tracker {
        let trail = Trail {
            detail: (kept > 0).then(Detail::default),
            ..Trail::default()
        };
        Tracker {
            trail,
            digest: 0,
            kept,
            stats: (kept > 0).then(JobStats::default),
        }
    }

    /// What was followed.
    pub fn finish(mut self) -> Trail {
        let all = (self.trail.decisions, self.digest);
        if self.trail.digests.last() != Some(&all) {
            self.trail.digests.push(all);
        }
        if let (Some(detail), Some(stats)) = (&mut self.trail.detail, &self.stats) {
            detail.blame = blame(stats);
            detail.measured = stats.completed;
        }
        self.trail
    }
}

impl Recorder for Tracker {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        let (Some(detail), Some(stats)) = (&mut self.trail.detail, &mut self.stats) else {
            return;
        };
        if !job.measured {
            return;
        }
        let Some((at, blame)) = completed else {
            stats.leave_unfinished(Time::ZERO);
            return;
        };
        let response = at.since(job.arrival);
        detail.note(job.class as usize, job.number, response);
        stats.complete(&moved::told(response, blame), Time::ZERO);
    }

    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}

    fn decision(&mut self, decision: &Decision<'_>) {
        let trail = &mut self.trail;
        self.digest = of_decision(self.digest, decision);
        trail.decisions += 1;
        if trail.decisions.is_multiple_of(BLOCK) {
            trail.digests.push((trail.decisions, self.digest));
        }
        let Some(detail) = &mut trail.detail else {
            return;
        };
        if detail.nodes.len() < self.kept {
            detail.nodes.push(decision.node.0);
            if detail.nodes.len().is_multiple_of(STEP) {
                detail.steps.push(self.digest as u8);
            }
        }
    }
}

impl Detail {
    fn note(&mut self, class: usize, number: u64, response: Time) {
        if self.jobs.len() <= class {
            self.jobs.resize(class + 1, Vec::new());
        }
        let jobs = &mut self.jobs[class];
        let Some(place) = usize::try_from(number).ok().filter(|&place| place < JOBS) else {
            return;
        };
        if jobs.len() <= place {
            jobs.resize(place + 1, 0);
        }
        jobs[place] = (mixed(1, response.0) % 255) as u8 + 1;
    }
}

/// Mean parts over all jobs and over the slowest hundredth.
fn blame(stats: &JobStats) -> Option<(Blame, Blame)> {
    let jobs = u128::from(stats.completed).max(1);
    let mean = stats.blame_sum().map(|sum| (sum / jobs) as u64);
    let tail = stats.blame_tail()?;
    (stats.unfinished == 0).then(|| (mean, tail.map(|part| Time::from_secs(part).0)))
}

/// The digest of all decisions after one more.
fn of_decision(digest: u64, decision: &Decision<'_>) -> u64 {
    let who = u64::from(decision.dispatcher) << 32 | u64::from(decision.node.0);
    let what = u64::from(decision.job.class) << 32 | u64::from(decision.task);
    let words = [decision.time.0, who, decision.job.number, what];
    words.into_iter().fold(digest, mixed)
}

/// A digest of `digest` and `word` (the finalizer of SplitMix64; Steele, Lea & Flood, 2014).
fn mixed(digest: u64, word: u64) -> u64 {
    let mut z = digest.rotate_left(5) ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
