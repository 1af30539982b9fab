//! First in, first out: a queue blocks behind a head that does not fit, unless the node backfills.

use crate::model::ids::NodeId;
use crate::model::list::List;
use crate::model::slab::NONE;

use crate::sim::core::Core;
use crate::sim::records::Phase;

/// See [`super::reach`].
#[inline(always)]
pub fn reach(core: &mut Core<'_>, id: u32) {
    let at = core.records.task(id).node;
    let may_pass = core.nodes.at(at).queue.is_empty() || core.nodes.backfills(at);
    if may_pass && core.has_room(id) {
        return core.start(id);
    }
    let now = core.now();
    core.records.task_mut(id).enter(Phase::Queue, now);
    let node = core.nodes.at_mut(at);
    node.queued += 1;
    node.queue.push(&mut core.records, id);
}

/// See [`super::start_waiting`].
#[inline]
pub fn start_waiting(core: &mut Core<'_>, at: NodeId) {
    loop {
        let head = core.nodes.at(at).queue.head();
        if head == NONE {
            return;
        }
        if !core.has_room(head) {
            break;
        }
        start_queued(core, at, head);
    }
    if core.nodes.backfills(at) {
        backfill(core, at);
    }
}

/// Starts those behind a head that has no room which have, in queue order.
#[cold]
fn backfill(core: &mut Core<'_>, at: NodeId) {
    let mut id = List::after(&core.records, core.nodes.at(at).queue.head());
    while id != NONE {
        let next = List::after(&core.records, id);
        if core.has_room(id) {
            start_queued(core, at, id);
        }
        id = next;
    }
}

/// See [`super::leave_queue`].
pub fn leave_queue(core: &mut Core<'_>, id: u32) {
    let node = core.nodes.at_mut(core.records.task(id).node);
    node.queued -= 1;
    node.queue.remove(&mut core.records, id);
}

#[inline(always)]
fn start_queued(core: &mut Core<'_>, at: NodeId, id: u32) {
    let node = core.nodes.at_mut(at);
    node.queued -= 1;
    node.queue.remove(&mut core.records, id);
    core.start(id);
}
