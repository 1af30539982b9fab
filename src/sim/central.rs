//! The central queue: one fifo whose head waits for any eligible node with room and blocks what is
//! behind it. Which nodes have room, the board knows; so a task costs O(log n).

use crate::model::slab::NONE;
use crate::strategy::view::Truth;

use super::core::Core;
use super::records::Fifo;

/// Tasks that are bound to a node when one has room.
pub struct Central {
    queue: Fifo,
    length: u64,
}

impl Central {
    /// An empty queue.
    pub const EMPTY: Central = Central {
        queue: Fifo::EMPTY,
        length: 0,
    };

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

    /// The head, if any eligible node has room for it.
    pub fn head(&self, core: &mut Core<'_>) -> Option<u32> {
        if self.queue.head == NONE {
            return None;
        }
        let job = &core.jobs[core.attempts[self.queue.head].job];
        let truth = Truth {
            layout: &core.layout,
            nodes: &core.nodes,
            now: core.agenda.now(),
        };
        let demand = core.demands.row(job.demand);
        let spot = core.board.turn(job.dispatcher, job.pool, demand, truth);
        let (_, nodes) = core.board.seen(spot, truth);
        (nodes.count() > 0).then_some(self.queue.head)
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
