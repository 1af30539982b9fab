//! Why a replication may not come to its end.

use std::fmt;

use crate::workload::trace;

/// Why a replication could not be finished.
#[derive(Debug)]
pub enum Failure {
    /// A trace cannot be read (any more).
    Trace(trace::Problem),
    /// The strategy cannot work on the cluster.
    Strategy(String),
    /// The machine failed: a disk, a thread.
    Machine(String),
    /// The simulator contradicts itself: a fault of equipoise.
    Internal(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Trace(problem) => write!(f, "{problem}"),
            Failure::Strategy(problem) | Failure::Machine(problem) => write!(f, "{problem}"),
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

impl From<&str> for Box<Failure> {
    #[cold]
    fn from(problem: &str) -> Box<Failure> {
        problem.to_owned().into()
    }
}
