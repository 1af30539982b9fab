//! Rows of single jobs, tasks and decisions, on request.
//!
//! A trait that is absent in ordinary runs: the event loop pays one test for it.

use super::records::{Attempt, Job, Task};
use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::metrics::jobs::Blame;
use crate::model::ids::NodeId;
use crate::model::nodes::NodeState;
use crate::strategy::{
    Ask, Blueprint, Candidates, How, Placement, Problem, Score, Ties, View, decide,
};

/// A decision of a dispatcher (or, under a central queue, the pull of a task), with the state that
/// it was made in.
#[derive(Clone, Copy)]
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
    /// Nodes asked for the decision, in the order of asking.
    pub asked: &'a [NodeId],
    /// What it was made by.
    pub(super) made: Made<'a>,
}

/// What a decision was made by.
#[derive(Clone, Copy)]
pub(super) struct Made<'a> {
    pub ask: &'a Ask<'a>,
    pub view: &'a View<'a>,
    pub placement: &'a dyn Placement,
    pub blueprint: &'a dyn Blueprint,
    /// As it was before the decision.
    pub draw: Draw,
}

/// What a dispatcher saw of a node when it decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Tasks running, queued and (as far as it knew) travelling there.
    pub tasks: u32,
    /// Work left there, by slot.
    pub work: Time,
    /// The largest share of a slot or resource capacity that was held there.
    pub used: f64,
    /// Whether the task fitted beside all that was held there.
    pub fits: bool,
    /// What the placement ranks the node by, if it ranks.
    pub score: Option<Score>,
}

impl Decision<'_> {
    /// Tasks that the dispatcher saw at the chosen node.
    pub fn tasks_seen(&self) -> u32 {
        self.made.view.tasks(self.node)
    }

    /// What the dispatcher saw of `node`.
    pub fn seen(&self, node: NodeId) -> Seen {
        let Made { ask, view, .. } = self.made;
        Seen {
            tasks: view.tasks(node),
            work: Time(view.work(node).0 / view.layout().slot_weight(node)),
            used: view.load(node).as_f64(),
            fits: view.fits(node, ask.demand),
            score: self.made.placement.score(ask, view, node),
        }
    }

    /// The nodes that it chose among.
    pub fn candidates(&self) -> Candidates<'_> {
        self.made.ask.nodes
    }

    /// True if such decisions hang on earlier ones by definition.
    pub fn has_memory(&self) -> bool {
        self.made.placement.has_memory() || self.made.ask.ties == Ties::Turns
    }

    /// The node that the same algorithm chooses when it is built anew and shown the same state:
    /// the chosen one, unless it has a memory by definition, or keeps one that has gone wrong.
    ///
    /// # Errors
    /// The algorithm cannot be built for these nodes.
    pub fn afresh(&self) -> Result<Option<NodeId>, Problem> {
        let Made { ask, view, .. } = self.made;
        let mut placement = self.made.blueprint.build(&mut view.eligible(ask))?;
        let (mut draw, mut named) = (self.made.draw, Vec::new());
        Ok(decide(&mut *placement, ask, view, &mut draw, &mut named))
    }
}

/// What befalls a node, or an attempt at a task, beside its course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incident {
    /// The node goes down, drains or comes up.
    Node(NodeState),
    /// The attempt has come to nothing.
    Lost(How),
    /// The attempt waited at another node, from which it was taken.
    Stolen,
    /// The attempt is made beside others at the same task.
    Copied,
}

/// Takes rows as they come to be.
pub trait Recorder {
    /// A job completed with this blame, or (`None`) was unresolved at the end.
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>);
    /// A job failed at an instant.
    fn job_failed(&mut self, job: &Job, _at: Time) {
        self.job(job, None);
    }
    /// A task's result was gathered.
    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt);
    /// A task was placed.
    fn decision(&mut self, decision: &Decision<'_>);
    /// Something befell a node, or an attempt there.
    fn incident(&mut self, _at: Time, _node: NodeId, _what: Incident, _of: Option<(&Job, &Task)>) {}
}
