//! What single jobs and tasks of one replication did: rows for a timeline, and pairs of the same job
//! under two strategies.
//!
//! What is kept grows with the number of tasks, which a run never allows: it is for one replication at a time,
//! or for a cut of one.

use std::collections::BTreeMap;

use crate::engine::time::Time;
use crate::metrics::jobs::Blame;
use crate::model::ids::NodeId;
use crate::model::nodes::NodeState;
use crate::sim::recorder::{Decision, Incident, Recorder};
use crate::sim::records::{Attempt, Job, Task};
use crate::sim::setup::Setup;
use crate::sim::{self, Failure};
use crate::strategy::How;

/// A task that was gathered; times in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskTrail {
    /// Index of its class.
    pub class: u32,
    /// Which job of its class, from 0.
    pub job: u64,
    /// Which task of the job.
    pub task: u32,
    /// Index of its stage.
    pub stage: usize,
    /// Attempts, the one that completed included.
    pub attempts: u32,
    /// Slots that it takes.
    pub slots: u32,
    /// Index of the node.
    pub node: usize,
    /// Arrival of the job.
    pub arrival: u64,
    /// Start of the attempt that completed.
    pub start: u64,
    /// Its end.
    pub end: u64,
}

/// A decision; the time in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionTrail {
    /// When.
    pub time: u64,
    /// By which dispatcher.
    pub dispatcher: u32,
    /// Index of the job's class.
    pub class: u32,
    /// Which job of its class.
    pub job: u64,
    /// Which task of the job.
    pub task: u32,
    /// Index of the node.
    pub node: usize,
    /// Index of the nodes that it was chosen from.
    pub pool: usize,
}

/// What befell a node, or an attempt there; the time in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentTrail {
    /// When.
    pub time: u64,
    /// Index of the node.
    pub node: usize,
    /// What, in a word or two.
    pub what: &'static str,
    /// The attempt, if it befell one: its job of which class, and its task.
    pub of: Option<(u32, u64, u32)>,
}

/// A job that completed; times in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct JobTrail {
    /// Whether it counts.
    pub measured: bool,
    /// When it arrived.
    pub arrival: u64,
    /// Its response time by part.
    pub blame: Blame,
    /// Work of all its tasks, seconds at speed 1.
    pub work: f64,
}

impl JobTrail {
    /// Its response time.
    pub fn response(&self) -> u64 {
        self.blame.iter().sum()
    }
}

/// All of a replication.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// Tasks that ran after `from` and started before `to`, in the order of being gathered.
    pub tasks: Vec<TaskTrail>,
    /// Decisions in the same time.
    pub decisions: Vec<DecisionTrail>,
    /// What befell nodes and attempts in the same time.
    pub incidents: Vec<IncidentTrail>,
    /// Sets of nodes that decisions chose from, each once.
    pub pools: Vec<Vec<usize>>,
    /// Jobs that completed, by class and number.
    pub jobs: BTreeMap<(u32, u64), JobTrail>,
}

/// Rows of what happens from one instant to another; without them, jobs only.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// Nanoseconds.
    pub from: u64,
    /// Nanoseconds.
    pub to: u64,
}

impl Cut {
    /// All of it.
    pub const ALL: Cut = Cut {
        from: 0,
        to: u64::MAX,
    };
}

/// Takes the trail of a replication.
pub(super) struct Tracker {
    pub(super) trail: Trail,
    cut: Option<Cut>,
    /// Work so far of jobs that have not completed.
    works: BTreeMap<(u32, u64), f64>,
}

impl Trail {
    /// The number of the set of nodes that a decision chose from.
    fn pool(&mut self, decision: &Decision<'_>) -> usize {
        let nodes = || decision.candidates().iter().map(|node| node.index());
        let is_it = |pool: &Vec<usize>| pool.iter().copied().eq(nodes());
        let found = self.pools.iter().position(is_it);
        found.unwrap_or_else(|| {
            self.pools.push(nodes().collect());
            self.pools.len() - 1
        })
    }

    /// Of a replication of `setup`; rows of tasks and decisions are kept within `cut`.
    ///
    /// # Errors
    /// [`Failure`] of the run.
    pub fn of(setup: &Setup, replication: u64, cut: Option<Cut>) -> Result<Trail, Failure> {
        let mut tracker = Tracker::new(cut);
        sim::run(setup, replication, Some(&mut tracker))?;
        Ok(tracker.trail)
    }
}

impl Tracker {
    pub(super) fn new(cut: Option<Cut>) -> Tracker {
        Tracker {
            trail: Trail::default(),
            cut,
            works: BTreeMap::new(),
        }
    }
}

impl Recorder for Tracker {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        let key = (job.class, job.number);
        let work = self.works.remove(&key).unwrap_or(0.0);
        if let Some((_, blame)) = completed {
            let (measured, arrival) = (job.measured, job.arrival.0);
            self.trail.jobs.insert(
                key,
                JobTrail {
                    measured,
                    arrival,
                    blame,
                    work,
                },
            );
        }
    }

    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt) {
        *self.works.entry((job.class, job.number)).or_default() += attempt.work.as_secs();
        let (start, end) = (attempt.times.started.0, attempt.times.ended.0);
        if self
            .cut
            .is_some_and(|cut| end >= cut.from && start < cut.to)
        {
            self.trail.tasks.push(TaskTrail {
                class: job.class,
                job: job.number,
                task: task.index,
                stage: usize::from(task.stage),
                attempts: u32::from(task.attempt) + 1,
                slots: task.slots,
                node: attempt.node.index(),
                arrival: job.arrival.0,
                start,
                end,
            });
        }
    }

    fn decision(&mut self, decision: &Decision<'_>) {
        let time = decision.time.0;
        if self
            .cut
            .is_some_and(|cut| (cut.from..cut.to).contains(&time))
        {
            let pool = self.trail.pool(decision);
            self.trail.decisions.push(DecisionTrail {
                pool,
                time,
                dispatcher: decision.dispatcher,
                class: decision.job.class,
                job: decision.job.number,
                task: decision.task,
                node: decision.node.index(),
            });
        }
    }

    fn incident(&mut self, at: Time, node: NodeId, what: Incident, of: Option<(&Job, &Task)>) {
        if self
            .cut
            .is_some_and(|cut| (cut.from..cut.to).contains(&at.0))
        {
            self.trail.incidents.push(IncidentTrail {
                time: at.0,
                node: node.index(),
                what: words(what),
                of: of.map(|(job, task)| (job.class, job.number, task.index)),
            });
        }
    }
}

fn words(what: Incident) -> &'static str {
    match what {
        Incident::Node(NodeState::Up) => "comes up",
        Incident::Node(NodeState::Draining) => "drains",
        Incident::Node(NodeState::Down) => "goes down",
        Incident::Lost(How::Refused) => "refused",
        Incident::Lost(How::TimedOut) => "timed out",
        Incident::Lost(_) => "failed",
        Incident::Stolen => "stolen",
        Incident::Copied => "copy",
    }
}
