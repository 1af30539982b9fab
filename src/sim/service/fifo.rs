//! First in, first out: a queue blocks behind a head that does not fit, unless the node backfills.
//! An attempt starts on slots of its own, or beside others where slots are `SHARED`.

use crate::model::ids::NodeId;
use crate::model::list::List;
use crate::model::slab::NONE;
use crate::sim::core::Core;
use crate::sim::records::Phase;

use super::processor_sharing;

#[inline(always)]
fn start<const SHARED: bool>(core: &mut Core<'_>, id: u32) {
    match SHARED {
        false => core.start(id),
        true => processor_sharing::start(core, id),
    }
}

/// See [`super::reach`].
#[inline(always)]
pub fn reach<const SHARED: bool>(core: &mut Core<'_>, id: u32) {
    let at = core.records.task(id).node;
    let may_pass = core.nodes.at(at).queue.is_empty() || core.nodes.backfills(at);
    if may_pass && core.has_room(id) {
        return start::<SHARED>(core, id);
    }
    let now = core.now();
    core.records.task_mut(id).enter(Phase::Queue, now);
    let node = core.nodes.at_mut(at);
    node.queued += 1;
    node.queue.push(&mut core.records, id);
}

/// See [`super::start_waiting`].
#[inline(always)]
pub fn start_waiting<const SHARED: bool>(core: &mut Core<'_>, at: NodeId) {
    loop {
        let head = core.nodes.at(at).queue.head();
        if head == NONE {
            return;
        }
        if !core.has_room(head) {
            break;
        }
        start_queued::<SHARED>(core, head);
    }
    if core.nodes.backfills(at) {
        backfill::<SHARED>(core, at);
    }
}

/// Starts those behind a head that has no room which have, in queue order.
#[cold]
fn backfill<const SHARED: bool>(core: &mut Core<'_>, at: NodeId) {
    let mut id = List::after(&core.records, core.nodes.at(at).queue.head());
    while id != NONE && core.may_have_room(at) {
        let next = List::after(&core.records, id);
        if core.has_room(id) {
            start_queued::<SHARED>(core, id);
        }
        id = next;
    }
}

#[inline(always)]
fn start_queued<const SHARED: bool>(core: &mut Core<'_>, id: u32) {
    leave_queue(core, id);
    start::<SHARED>(core, id);
}

/// See [`super::leave_queue`].
#[inline(always)]
pub fn leave_queue(core: &mut Core<'_>, id: u32) {
    let node = core.nodes.at_mut(core.records.task(id).node);
    node.queued -= 1;
    node.queue.remove(&mut core.records, id);
}

/// See [`super::put_back`].
pub fn put_back(core: &mut Core<'_>, id: u32) {
    let node = core.nodes.at_mut(core.records.task(id).node);
    node.queued += 1;
    node.queue.push_front(&mut core.records, id);
}
