//! Nodes at work: fifo queues at the nodes, or one central queue for all.

use crate::model::ids::NodeId;
use crate::model::list::List;
use crate::model::slab::NONE;
use crate::strategy::Pool;

use super::core::Core;
use super::records::Phase;

/// A task reaches its node: it starts if it may, else it queues.
///
/// A fifo queue blocks behind a head that does not fit, unless the node backfills.
#[inline]
pub fn reach(core: &mut Core<'_>, id: u32) {
    let now = core.now();
    let task = &mut core.tasks[id];
    let (at, demand) = (task.node, core.demands.row(task.demand));
    let may_pass = core.nodes.at(at).queue.is_empty() || core.nodes.backfills(at);
    if may_pass && core.nodes.has_room(at, demand) {
        return core.start(id);
    }
    task.enter(Phase::Queue, now);
    let node = core.nodes.at_mut(at);
    node.queued += 1;
    node.queue.push(&mut core.tasks, id);
}

/// Room has come free at `at`: starts what may start, in queue order.
#[inline]
pub fn start_waiting(core: &mut Core<'_>, at: NodeId) {
    let mut id = core.nodes.at(at).queue.head();
    while id != NONE {
        let next = List::after(&core.tasks, id);
        if core
            .nodes
            .has_room(at, core.demands.row(core.tasks[id].demand))
        {
            let node = core.nodes.at_mut(at);
            node.queued -= 1;
            node.queue.remove(&mut core.tasks, id);
            core.start(id);
        } else if !core.nodes.backfills(at) {
            break;
        }
        id = next;
    }
}

/// The central queue: one fifo whose head waits for any eligible node with room and blocks what
/// is behind it.
pub struct Central {
    queue: List,
    length: u64,
    candidates: Vec<NodeId>,
    /// Pool and demand of tasks that fit on no node but perhaps the one freed last.
    blocked: Option<(u32, u32)>,
}

impl Central {
    /// An empty queue before `nodes` nodes.
    pub fn new(nodes: u32) -> Central {
        Central {
            queue: List::EMPTY,
            length: 0,
            candidates: Vec::with_capacity(nodes as usize),
            blocked: None,
        }
    }

    /// Tasks waiting.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// A task reaches the queue.
    pub fn reach(&mut self, core: &mut Core<'_>, id: u32) {
        let now = core.now();
        core.tasks[id].enter(Phase::Queue, now);
        self.queue.push(&mut core.tasks, id);
        self.length += 1;
    }

    /// The head and the eligible nodes that have room for it, in id order; `None` if it must wait.
    /// `freed` is the node at which room came free last, if this is why it is asked.
    pub fn head(
        &mut self,
        core: &Core<'_>,
        pools: &[Pool],
        freed: Option<NodeId>,
    ) -> Option<(u32, &[NodeId])> {
        let head = self.queue.head();
        if head == NONE {
            self.blocked = None;
            return None;
        }
        let job = &core.jobs[core.tasks[head].job];
        let (demand, pool) = (core.demands.row(job.demand), &pools[job.pool as usize].0);
        let has_room = |node: &NodeId| core.nodes.has_room(*node, demand);
        self.candidates.clear();
        if self.blocked == Some((job.pool, job.demand)) {
            let freed = freed.filter(|node| pool.binary_search(node).is_ok() && has_room(node));
            self.candidates.extend(freed);
        } else {
            self.candidates
                .extend(pool.iter().copied().filter(has_room));
            self.blocked = self.candidates.is_empty().then_some((job.pool, job.demand));
        }
        (!self.candidates.is_empty()).then_some((head, &self.candidates[..]))
    }

    /// Takes the head, which has been given a node.
    pub fn take(&mut self, core: &mut Core<'_>) {
        self.queue.pop(&mut core.tasks);
        self.length -= 1;
    }
}
