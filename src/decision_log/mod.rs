//! What is kept of the decisions of a replication, so that a later run can tell whether, and where
//! first, it decides otherwise.
//!
//! A log holds digests of everything up to some decision: after every [`BLOCK`] decisions
//! through the whole replication, and after every [`STEP`] among those whose nodes are kept. So the
//! first difference can be found by looking, and a log can be cut to any size and still be compared.

mod encoding;
pub mod first_difference;
pub mod response_shift;

use serde::{Deserialize, Serialize};

use crate::engine::time::Time;
use crate::metrics::jobs::{Blame, JobStats};
use crate::sim::recorder::{Decision, Recorder};
use crate::sim::records::{Attempt, Job, Task};

/// Decisions between two digests.
pub const BLOCK: u64 = 4096;
/// Decisions of replication 1 whose nodes are kept.
pub const NODES_KEPT: usize = 65_536;
/// Decisions between two one-byte digests among those whose nodes are kept.
pub const STEP: usize = 16;
/// Jobs of each class, from the first, of whose response times a byte is kept.
pub const JOBS_KEPT: usize = 65_536;

/// The decisions of one replication. In a file it is one word of text, see `encoding`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DecisionLog {
    /// How many there were.
    pub decisions: u64,
    /// Digests of all decisions (instants, dispatchers, tasks and nodes) up to the one with this
    /// number (from 1), in order; the last is of all.
    pub digests: Vec<(u64, u64)>,
    /// What replication 1 keeps beside.
    pub detail: Option<LogDetail>,
}

/// What is kept of replication 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDetail {
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

impl DecisionLog {
    /// One digest of all decisions.
    pub fn digest(&self) -> u64 {
        self.digests
            .last()
            .map_or(self.decisions, |&(count, digest)| mixed(digest, count))
    }
}

/// Writes the log of a replication while it runs.
#[derive(Debug)]
pub struct LogRecorder {
    log: DecisionLog,
    digest: u64,
    nodes_kept: usize,
    stats: JobStats,
}

impl LogRecorder {
    /// One that keeps detail (for replication 1) keeps the nodes of the first `nodes_kept`
    /// decisions; if that is 0, no detail is kept.
    pub fn new(nodes_kept: usize) -> LogRecorder {
        LogRecorder {
            log: DecisionLog {
                detail: (nodes_kept > 0).then(LogDetail::default),
                ..DecisionLog::default()
            },
            digest: 0,
            nodes_kept,
            stats: JobStats::default(),
        }
    }

    /// The log of what was recorded.
    pub fn finish(mut self) -> DecisionLog {
        let all = (self.log.decisions, self.digest);
        if self.log.digests.last() != Some(&all) {
            self.log.digests.push(all);
        }
        if let Some(detail) = &mut self.log.detail {
            detail.blame = response_shift::blame(&mut self.stats);
            detail.measured = self.stats.completed;
        }
        self.log
    }
}

impl Recorder for LogRecorder {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        let Some(detail) = self.log.detail.as_mut().filter(|_| job.measured) else {
            return;
        };
        let response = completed.map(|(at, blame)| (at.since(job.arrival), blame));
        response_shift::count(&mut self.stats, response);
        if let Some((response, _)) = response {
            detail.note(job.class as usize, job.number, response);
        }
    }

    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}

    fn decision(&mut self, decision: &Decision<'_>) {
        let log = &mut self.log;
        self.digest = digest_with(self.digest, decision);
        log.decisions += 1;
        if log.decisions.is_multiple_of(BLOCK) {
            log.digests.push((log.decisions, self.digest));
        }
        let detail = log.detail.as_mut();
        if let Some(detail) = detail.filter(|detail| detail.nodes.len() < self.nodes_kept) {
            detail.nodes.push(decision.node.0);
            if detail.nodes.len().is_multiple_of(STEP) {
                detail.steps.push(self.digest as u8);
            }
        }
    }
}

impl LogDetail {
    fn note(&mut self, class: usize, number: u64, response: Time) {
        if self.jobs.len() <= class {
            self.jobs.resize(class + 1, Vec::new());
        }
        let jobs = &mut self.jobs[class];
        let Some(at) = usize::try_from(number).ok().filter(|&at| at < JOBS_KEPT) else {
            return;
        };
        if jobs.len() <= at {
            jobs.resize(at + 1, 0);
        }
        jobs[at] = (mixed(1, response.0) % 255) as u8 + 1;
    }
}

/// The digest of all decisions after one more.
fn digest_with(digest: u64, decision: &Decision<'_>) -> u64 {
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
