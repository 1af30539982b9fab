//! Nodes at work: who runs, and who waits in which order.
//!
//! One file a discipline. Whoever takes attempts to nodes and away from them calls the functions
//! here, and need not know which discipline a node has.

mod fifo;

use crate::engine::time::Time;
use crate::model::ids::NodeId;

use super::core::Core;

/// A task reaches its node: it starts if it may, else it queues.
#[inline(always)]
pub fn reach(core: &mut Core<'_>, id: u32) {
    fifo::reach(core, id);
}

/// Room has come free at `at`: starts what may start, in queue order.
#[inline]
pub fn start_waiting(core: &mut Core<'_>, at: NodeId) {
    fifo::start_waiting(core, at);
}

/// Takes an attempt that waits at its node out of the queue, wherever in it it stands. It stays
/// bound to the node until [`Core::release`]. What it stood in the way of may start now
/// ([`start_waiting`]).
#[expect(
    dead_code,
    reason = "attempts are cancelled with the faults of the full model"
)]
pub fn leave_queue(core: &mut Core<'_>, id: u32) {
    fifo::leave_queue(core, id);
}

/// Takes a running attempt out of service, and tells how much of that is left; its time until it
/// runs again counts as queueing. It stays bound to the node, but stands in no queue, until it
/// reaches it once more or [`Core::release`]. Others may start in its room ([`start_waiting`]).
#[expect(
    dead_code,
    reason = "attempts are interrupted with the faults of the full model"
)]
pub fn interrupt(core: &mut Core<'_>, id: u32) -> Time {
    core.interrupt(id)
}
