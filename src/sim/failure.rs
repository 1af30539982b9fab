//! Why a replication may not come to its end.
//!
//! A mistake of the scenario that only running shows, a machine that has no more memory or threads, and a fault
//! of this program are told apart: they end with different exit codes, and only the last is to be reported.

use std::fmt;

use crate::workload::trace;

/// Why a replication could not be finished.
#[derive(Debug)]
pub enum Failure {
    /// A trace cannot be read (any more).
    Trace(trace::Problem),
    /// The strategy cannot work on the cluster.
    Strategy(String),
    /// A placement does what none may; says which and what.
    Placement(String),
    /// The machine failed: a disk, a thread.
    Machine(String),
    /// The simulator contradicts itself: a fault of equipoise.
    Internal(String),
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Trace(problem) => write!(f, "{problem}"),
            Failure::Strategy(problem) | Failure::Machine(problem) => write!(f, "{problem}"),
            Failure::Placement(what) => {
                write!(f, "{what}: a fault of this placement, not of the scenario")
            }
            Failure::Internal(what) => {
                write!(
                    f,
                    "the simulator contradicts itself: {what}. This is a fault of equipoise; please report it"
                )
            }
        }
    }
}

/// What a step of a replication gives; a failure is boxed, so that success fits into registers.
pub(super) type Fallible<T = ()> = Result<T, Box<Failure>>;

impl From<trace::Problem> for Box<Failure> {
    #[cold]
    fn from(problem: trace::Problem) -> Box<Failure> {
        Box::new(Failure::Trace(problem))
    }
}

impl From<String> for Box<Failure> {
    #[cold]
    fn from(problem: String) -> Box<Failure> {
        Box::new(Failure::Strategy(problem))
    }
}
