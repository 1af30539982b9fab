//! Nodes at work: fifo queues at the nodes, or one central queue for all.

use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::strategy::Pool;

use super::core::Core;
use super::records::Fifo;

/// An attempt reaches its node: it starts if it may, else it queues.
///
/// A fifo queue blocks behind a head that does not fit, unless the node backfills.
pub fn reach(core: &mut Core<'_>, attempt: u32) {
    let this = &mut core.attempts[attempt];
    this.next = NONE;
    let (node, demand) = (this.node, core.demands.row(this.demand));
    let may_pass = core.nodes.state(node).head == NONE || core.layout.group(node).backfill;
    if may_pass && core.has_room(node, demand) {
        return core.start(attempt);
    }
    let state = core.nodes.state_mut(node);
    let tail = std::mem::replace(&mut state.tail, attempt);
    state.queued += 1;
    match tail {
        NONE => state.head = attempt,
        tail => core.attempts[tail].next = attempt,
    }
}

/// Room has come free at `node`: starts what may start, in queue order.
pub fn start_waiting(core: &mut Core<'_>, node: NodeId) {
    let (mut before, mut attempt) = (NONE, core.nodes.state(node).head);
    while attempt != NONE {
        let next = core.attempts[attempt].next;
        if core.has_room(node, core.demand_of(attempt)) {
            unlink(core, node, before, attempt, next);
            core.start(attempt);
        } else if core.layout.group(node).backfill {
            before = attempt;
        } else {
            break;
        }
        attempt = next;
    }
}

fn unlink(core: &mut Core<'_>, node: NodeId, before: u32, attempt: u32, next: u32) {
    if before != NONE {
        core.attempts[before].next = next;
    }
    let state = core.nodes.state_mut(node);
    state.queued -= 1;
    if before == NONE {
        state.head = next;
    }
    if state.tail == attempt {
        state.tail = before;
    }
}

/// The central queue: one fifo whose head waits for any eligible node with room and blocks what
/// is behind it.
pub struct Central {
    queue: Fifo,
    length: u64,
    candidates: Vec<NodeId>,
    /// Pool and demand of tasks that fit on no node but perhaps the one freed last.
    blocked: Option<(u32, u32)>,
}

impl Central {
    /// An empty queue before `nodes` nodes.
    pub fn new(nodes: u32) -> Central {
        Central {
            queue: Fifo::EMPTY,
            length: 0,
            candidates: Vec::with_capacity(nodes as usize),
            blocked: None,
        }
    }

    /// Tasks waiting.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// An attempt reaches the queue.
    pub fn reach(&mut self, core: &mut Core<'_>, attempt: u32) {
        core.attempts[attempt].next = NONE;
        match self.queue.tail {
            NONE => self.queue.head = attempt,
            tail => core.attempts[tail].next = attempt,
        }
        self.queue.tail = attempt;
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
        let head = self.queue.head;
        if head == NONE {
            self.blocked = None;
            return None;
        }
        let job = &core.jobs[core.job_of(head)];
        let (demand, pool) = (core.demands.row(job.demand), &pools[job.pool as usize].0);
        let has_room = |node: &NodeId| core.has_room(*node, demand);
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
    pub fn take(&mut self, core: &Core<'_>) {
        self.queue.head = core.attempts[self.queue.head].next;
        if self.queue.head == NONE {
            self.queue.tail = NONE;
        }
        self.length -= 1;
    }
}
