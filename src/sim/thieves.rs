//! Whom a node looks at that falls idle, or has too much to do.
//!
//! Victims are drawn at random, as many as the strategy says: looking at all nodes would need what a large
//! cluster has not, a place where all of them are known.

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::model::nodes::NodeState;
use crate::strategy::{Pushing, Stealing};

use super::core::Core;

/// How often each node has tried.
#[derive(Debug, Default)]
pub struct Thieves {
    tries: Vec<u64>,
    /// A list for a function's own use.
    pub ids: Vec<u32>,
    /// By record, the attempt in it that was pushed last.
    pushed: Vec<Option<Pushed>>,
}

/// What tells an attempt, or a reservation, from others that have had its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushed {
    class: u32,
    number: u64,
    stage: u16,
    task: u32,
    attempt: u16,
    copy: u8,
}

impl Pushed {
    /// The attempt in record `id`.
    pub fn of(core: &Core<'_>, id: u32) -> Pushed {
        let (task, job) = core.records.both(id);
        Pushed {
            class: job.class,
            number: job.number,
            stage: task.stage,
            task: task.index,
            attempt: task.attempt,
            copy: task.copy,
        }
    }
}

impl Thieves {
    /// True if the attempt in record `id` is pushed for the first time.
    pub fn push(&mut self, id: u32, attempt: Pushed) -> bool {
        if self.pushed.len() <= id as usize {
            self.pushed.resize(id as usize + 1, None);
        }
        self.pushed[id as usize].replace(attempt) != Some(attempt)
    }

    /// The random numbers of the next try of `thief`.
    pub fn draw(&mut self, core: &Core<'_>, thief: NodeId) -> Draw {
        self.tries.resize(core.layout.count() as usize, 0);
        let tries = &mut self.tries[thief.index()];
        *tries += 1;
        core.keys.steal.draw(0, *tries, 0, thief.0, 0)
    }
}

/// Of the nodes that `from` asks, drawn at random, the one with the fewest tasks, fewer than so many, that
/// may have the attempt `id`; the first drawn of equal ones.
pub fn emptiest(
    core: &mut Core<'_>,
    (id, from): (u32, NodeId),
    pushing: Pushing,
    draw: &mut Draw,
) -> Option<NodeId> {
    let others = core.layout.count() - 1;
    let (task, job) = core.records.both(id);
    let pool = core.pool_of(task, job);
    let (mut fewest, mut best) = (pushing.above, None);
    for _ in 0..pushing.targets.min(others) {
        let other = draw.below(others);
        let target = NodeId(other + u32::from(other >= from.0));
        let tasks = core.nodes.at(target).tasks;
        let is_up = core.nodes.state(target) == NodeState::Up;
        if tasks < fewest && is_up && core.board.may_use(pool, target) {
            (fewest, best) = (tasks, Some(target));
        }
        if core.window.contains(core.agenda.now()) {
            core.totals.messages += 2;
        }
    }
    best
}

/// Of the nodes that `thief` looks at, drawn at random, the one with the longest queue; the first
/// drawn of equal ones. (With one node, itself.)
pub fn longest(core: &mut Core<'_>, thief: NodeId, stealing: Stealing, draw: &mut Draw) -> NodeId {
    let others = core.layout.count() - 1;
    let mut longest = thief;
    for _ in 0..stealing.victims.min(others) {
        let other = draw.below(others);
        let victim = NodeId(other + u32::from(other >= thief.0));
        if core.nodes.in_queue(victim) > core.nodes.in_queue(longest) {
            longest = victim;
        }
        if core.window.contains(core.agenda.now()) {
            core.totals.messages += 2;
        }
    }
    longest
}
