//! A class of jobs: how its jobs split into tasks and what the tasks need.
//!
//! Classes are measured apart, because a mean over short and long jobs describes neither.

use std::fmt;

use crate::engine::law::Law;
use crate::engine::time::{NANOS, Time};
use crate::model::cluster::{Group, eligible};

/// How a job becomes tasks.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A number of tasks, each with its own independent work in seconds at speed 1.
    Tasks {
        /// Number of tasks (drawn first, rounded, at least 1).
        count: Law,
        /// Work of each task, seconds.
        work: Law,
    },
    /// One job's work cut into equal parts.
    Split {
        /// Work of the whole job, seconds (drawn first).
        work: Law,
        /// Number of parts (rounded, at least 1).
        into: Law,
    },
    /// Given by the rows of a trace.
    Trace,
}

impl Shape {
    /// Nanoseconds in a unit of its tasks' works: laws give seconds, traces whole nanoseconds, which
    /// a number of seconds does not always keep.
    pub fn nanos(&self) -> f64 {
        match self {
            Shape::Tasks { .. } | Shape::Split { .. } => NANOS,
            Shape::Trace => 1.0,
        }
    }

    /// The laws of its numbers and works, each with the key of a scenario that sets it.
    pub fn laws(&self) -> Vec<(&'static str, &Law)> {
        match self {
            Shape::Tasks { count, work } => vec![("tasks", count), ("work", work)],
            Shape::Split { work, into } => vec![("job-work", work), ("split.into", into)],
            Shape::Trace => Vec::new(),
        }
    }
}

/// One stage of a job; its tasks start together, when the stage before is complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// How the stage's tasks come about.
    pub shape: Shape,
    /// Time that each task takes beside its work, not divided by speed.
    pub overhead: Time,
    /// Demand of each task by dimension, in units (a trace's rows may replace it).
    pub demand: Vec<u64>,
    /// For each node group, whether tasks may run there at all.
    pub allowed: Vec<bool>,
}

impl Stage {
    /// For each group of nodes, whether tasks of the stage may run there and could ever fit.
    pub fn eligible(&self, groups: &[Group]) -> Vec<bool> {
        eligible(groups, &self.allowed, &self.demand).collect()
    }
}

/// What gathering costs at the dispatcher.
#[derive(Clone, Debug, PartialEq)]
pub struct Gather {
    /// Service time of each result, seconds.
    pub per_result: Law,
    /// Further service time directly after a job's last result, seconds.
    pub work: Law,
}

impl Gather {
    /// Costs nothing.
    pub fn free() -> Gather {
        Gather {
            per_result: Law::Constant(0.0),
            work: Law::Constant(0.0),
        }
    }

    /// True if gathering never takes time.
    pub fn is_free(&self) -> bool {
        self.per_result.is_zero() && self.work.is_zero()
    }
}

impl Class {
    /// Jobs of `tasks` tasks, each with independent `work` in seconds and this demand, that may run
    /// anywhere (once the class is [put into a setup](crate::sim::setup::Setup::with_jobs)).
    pub fn of_tasks(name: &str, tasks: u32, work: Law, demand: Vec<u64>) -> Class {
        Class {
            name: name.to_owned(),
            stages: vec![Stage {
                shape: Shape::Tasks {
                    count: Law::Constant(f64::from(tasks)),
                    work,
                },
                overhead: Time::ZERO,
                demand,
                allowed: Vec::new(),
            }],
            gather: Gather::free(),
            slo: None,
            priority: 0,
        }
    }
}

/// What is new and left at its default is not shown: a scenario is known by how its setups show, and
/// one that says nothing of it stays the same.
impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Class {
            name,
            stages,
            gather,
            slo,
            priority,
        } = self;
        let mut shown = f.debug_struct("Class");
        shown.field("name", name).field("stages", stages);
        shown.field("gather", gather).field("slo", slo);
        if *priority != 0 {
            shown.field("priority", priority);
        }
        shown.finish()
    }
}

/// A class of jobs.
#[derive(Clone, PartialEq)]
pub struct Class {
    /// `jobs.NAME`, or `jobs.NAME.PART` for a part of a trace.
    pub name: String,
    /// Stages in order (one for now).
    pub stages: Vec<Stage>,
    /// Cost of gathering its results.
    pub gather: Gather,
    /// Objective for the response time.
    pub slo: Option<Time>,
    /// The larger, the more urgent.
    pub priority: i64,
}
