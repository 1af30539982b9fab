//! Rows of single jobs, tasks and decisions, on request.

use super::records::{Attempt, Job, Task};
use crate::engine::time::Time;
use crate::metrics::jobs::Blame;
use crate::model::ids::NodeId;

/// A decision of a dispatcher (or, under a central queue, the pull of a task).
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// When it was made.
    pub time: Time,
    /// By which dispatcher.
    pub dispatcher: u32,
    /// The job.
    pub job: &'a Job,
    /// Index of the task within the job.
    pub task: u32,
    /// The chosen node.
    pub node: NodeId,
    /// Tasks that the dispatcher saw at it.
    pub tasks_seen: u32,
    /// Nodes asked for the decision.
    pub reads: u32,
}

/// Takes rows as they come to be.
pub trait Recorder {
    /// A job completed with this blame, or (`None`) was unresolved at the end.
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>);
    /// A task's result was gathered.
    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt);
    /// A task was placed.
    fn decision(&mut self, decision: &Decision<'_>);
}
