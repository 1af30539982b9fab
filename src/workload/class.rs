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
    /// One job's work cut into parts.
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

/// One stage of a job; its tasks are ready together, when all stages that it waits for are complete.
#[derive(Clone, PartialEq)]
pub struct Stage {
    /// `jobs.NAME.stages.STAGE`; empty of a job's only stage.
    pub name: String,
    /// Stages of the job, by index and rising, that it waits for; all of them stand before it.
    pub after: Vec<usize>,
    /// How the stage's tasks come about.
    pub shape: Shape,
    /// The part of a split work that goes into the first task before the rest is cut evenly.
    pub skew: f64,
    /// Time that each task takes beside its work, not divided by speed.
    pub overhead: Time,
    /// Demand of each task by dimension, in units (a trace's rows may replace it).
    pub demand: Vec<u64>,
    /// For each node group, whether tasks may run there at all.
    pub allowed: Vec<bool>,
}

/// What is new and left at its default is not shown: a scenario is known by how its setups show, and
/// one that says nothing of it stays the same.
impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stage {
            name,
            after,
            shape,
            skew,
            overhead,
            demand,
            allowed,
        } = self;
        let mut shown = f.debug_struct("Stage");
        shown.field("shape", shape).field("overhead", overhead);
        shown.field("demand", demand).field("allowed", allowed);
        if !name.is_empty() {
            shown.field("name", name).field("after", after);
        }
        if *skew > 0.0 {
            shown.field("skew", skew);
        }
        shown.finish()
    }
}

impl Stage {
    /// Work of the part at `index` of `whole`, cut into so many.
    #[inline]
    pub fn part(&self, whole: f64, into: u32, index: u32) -> f64 {
        let even = whole * (1.0 - self.skew) / f64::from(into);
        match index {
            0 => even + whole * self.skew,
            _ => even,
        }
    }

    /// The mean number of its tasks and the law of the work of each, where all have the same.
    pub fn works(&self) -> Option<(f64, Law)> {
        match &self.shape {
            Shape::Tasks { count, work } => Some((count.mean_count(), work.clone())),
            Shape::Split { work, into } => {
                let into = into.constant_count().filter(|_| self.skew == 0.0)?;
                Some((f64::from(into), work.scaled(1.0 / f64::from(into))))
            }
            Shape::Trace => None,
        }
    }

    /// For each group of nodes, whether tasks of the stage may run there and could ever fit.
    pub fn eligible(&self, groups: &[Group]) -> Vec<bool> {
        eligible(groups, &self.allowed, &self.demand).collect()
    }
}

/// What gathering costs at the dispatcher, and how many results it takes.
#[derive(Clone, PartialEq)]
pub struct Gather {
    /// Service time of each result, seconds.
    pub per_result: Law,
    /// Further service time directly after a job's last result, seconds.
    pub work: Law,
    /// Results that suffice, of a job that has more tasks: the others are cancelled. All if `None`.
    pub need: Option<u32>,
}

/// What is new and left at its default is not shown: a scenario is known by how its setups show, and
/// one that says nothing of it stays the same.
impl fmt::Debug for Gather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Gather {
            per_result,
            work,
            need,
        } = self;
        let mut shown = f.debug_struct("Gather");
        shown.field("per_result", per_result).field("work", work);
        if let Some(need) = need {
            shown.field("need", need);
        }
        shown.finish()
    }
}

impl Gather {
    /// Costs nothing.
    pub fn free() -> Gather {
        Gather {
            per_result: Law::Constant(0.0),
            work: Law::Constant(0.0),
            need: None,
        }
    }

    /// True if gathering never takes time.
    pub fn is_free(&self) -> bool {
        self.per_result.is_zero() && self.work.is_zero()
    }
}

impl Class {
    /// Where a scenario speaks of one of its stages: `jobs.NAME`, or `jobs.NAME.stages.STAGE`.
    pub fn place(&self, stage: &Stage) -> String {
        match stage.name.as_str() {
            "" => format!("jobs.{}", self.name),
            stage => format!("jobs.{}.stages.{stage}", self.name),
        }
    }

    /// Jobs of `tasks` tasks, each with independent `work` in seconds and this demand, that may run
    /// anywhere (once the class is [put into a setup](crate::sim::setup::Setup::with_jobs)).
    pub fn of_tasks(name: &str, tasks: u32, work: Law, demand: Vec<u64>) -> Class {
        Class {
            name: name.to_owned(),
            stages: vec![Stage {
                name: String::new(),
                after: Vec::new(),
                skew: 0.0,
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
            transfer: [Time::ZERO; 2],
            data: None,
            key: None,
            gang: false,
        }
    }

    /// True if its jobs or their data have keys.
    pub fn has_keys(&self) -> bool {
        let of_data = self.data.as_ref().and_then(|data| data.key.as_ref());
        self.key.as_ref().or(of_data).is_some()
    }

    /// True if its tasks or their results take time to be sent, beside the delay of the network.
    pub fn is_bulky(&self) -> bool {
        self.transfer != [Time::ZERO; 2]
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
            transfer,
            data,
            key,
            gang,
        } = self;
        let mut shown = f.debug_struct("Class");
        shown.field("name", name).field("stages", stages);
        shown.field("gather", gather).field("slo", slo);
        if *priority != 0 {
            shown.field("priority", priority);
        }
        if *transfer != [Time::ZERO; 2] {
            shown.field("transfer", transfer);
        }
        if let Some(data) = data {
            shown.field("data", data);
        }
        if let Some(key) = key {
            shown.field("key", key);
        }
        if *gang {
            shown.field("gang", gang);
        }
        shown.finish()
    }
}

/// A class of jobs.
#[derive(Clone, PartialEq)]
pub struct Class {
    /// `jobs.NAME`, or `jobs.NAME.PART` for a part of a trace.
    pub name: String,
    /// Stages, each behind those that it waits for.
    pub stages: Vec<Stage>,
    /// Cost of gathering its results.
    pub gather: Gather,
    /// Objective for the response time.
    pub slo: Option<Time>,
    /// The larger, the more urgent.
    pub priority: i64,
    /// What the payloads of a task and of its result add to their delays.
    pub transfer: [Time; 2],
    /// Where the data of its tasks lie, if that matters.
    pub data: Option<Data>,
    /// What each job is about (a session, a customer), a count, for placements that go by it.
    pub key: Option<Law>,
    /// Whether the tasks of a job start together, or not at all; needs a central queue.
    pub gang: bool,
}

/// Data that tasks need, copies of which lie at some of the eligible nodes: those of shard s at the
/// nodes of places s, s + 1, ... among them, as many as there are copies, cyclically (chained
/// declustering: Hsiao & DeWitt 1990).
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The key of each task, a count: key k is of shard k - 1, modulo the number of nodes. Without it the
    /// task's index is its shard.
    pub key: Option<Law>,
    /// Copies of each shard.
    pub replicas: u32,
    /// What a task takes more at a node without its data; it never runs there if `None`.
    pub elsewhere: Option<Time>,
}
