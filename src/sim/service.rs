//! Nodes at work: their fifo queues.

use crate::model::ids::NodeId;
use crate::model::slab::NONE;

use super::core::Core;

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
