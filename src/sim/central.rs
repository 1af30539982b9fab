//! The central queue: one fifo whose head waits for any eligible node with room and blocks what is
//! behind it. Which nodes have room, the board knows; so a task costs O(log n).

use crate::model::list::List;
use crate::model::slab::NONE;
use crate::strategy::view::Truth;

use super::core::Core;
use super::records::Phase;

/// Tasks that are bound to a node when one has room.
pub struct Central {
    queue: List,
    length: u64,
}

impl Central {
    /// An empty queue.
    pub const EMPTY: Central = Central {
        queue: List::EMPTY,
        length: 0,
    };

    /// Tasks waiting.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// A task reaches the queue.
    pub fn reach(&mut self, core: &mut Core<'_>, id: u32) {
        let now = core.now();
        core.records.task_mut(id).enter(Phase::Queue, now);
        self.queue.push(&mut core.records, id);
        self.length += 1;
    }

    /// The head, if any eligible node has room for it.
    pub fn head(&self, core: &mut Core<'_>) -> Option<u32> {
        let head = self.queue.head();
        if head == NONE {
            return None;
        }
        let (task, job) = core.records.both(head);
        let truth = Truth {
            layout: &core.layout,
            nodes: &core.nodes,
            now: core.agenda.now(),
        };
        let demand = core.demands.of(task, job);
        let pool = task.pool(job, &core.stage_pools);
        let spot = core.board.turn(job.dispatcher, pool, demand, truth);
        let (_, nodes) = core.board.seen(spot, truth, None);
        (nodes.count() > 0).then_some(head)
    }

    /// Takes out a task that is not to run any more.
    pub fn withdraw(&mut self, core: &mut Core<'_>, id: u32) {
        self.queue.remove(&mut core.records, id);
        self.length -= 1;
    }

    /// Takes the head, which has been given a node.
    pub fn take(&mut self, core: &mut Core<'_>) {
        self.queue.pop(&mut core.records);
        self.length -= 1;
    }
}
