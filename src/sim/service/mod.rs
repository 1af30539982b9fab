//! Nodes at work: who runs, and who waits in which order.
//!
//! One file a discipline. Whoever takes attempts to nodes and away from them calls the functions
//! here, and need not know which discipline a node has. Where all queues are fifo nothing is kept
//! beside the nodes' own lists, and one test tells so.

mod fifo;
mod lifo;
mod ordered;
mod priority;
mod processor_sharing;
mod sjf;
mod srpt;

use crate::engine::time::Time;
use crate::model::discipline::Discipline;
use crate::model::heap::Seats;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::list::List;
use crate::model::slab::NONE;

use super::core::Core;

use self::ordered::Ordered;
use self::processor_sharing::Shared;

/// What the disciplines keep of the nodes and of the attempts at them.
pub struct Service {
    /// Every queue is fifo and takes any number: nothing is kept.
    is_plain: bool,
    /// By node.
    servers: Vec<Server>,
    /// Places of attempts in heaps.
    seats: Seats,
    /// Attempts that have reached nodes in an order of their own.
    turns: u64,
    /// Lists for a function's own use: of attempts, and of units by dimension.
    ids: Vec<u32>,
    units: Vec<u64>,
}

/// What the discipline of one node keeps.
#[derive(Clone, Debug)]
enum Server {
    Fifo,
    Ordered(Ordered),
    Shared(Shared),
}

/// Which machine serves a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Machine {
    Fifo,
    Ordered,
    Shared,
}

impl Service {
    /// Nodes at which nothing has happened yet.
    pub fn new(layout: &Layout) -> Service {
        let is_plain = layout.groups().iter().all(|group| group.is_plain());
        let nodes = layout.ids().filter(|_| !is_plain);
        Service {
            is_plain,
            servers: nodes
                .map(|node| Server::new(&layout.group(node).discipline))
                .collect(),
            seats: Seats::default(),
            turns: 0,
            ids: Vec::new(),
            units: Vec::new(),
        }
    }

    fn machine(&self, node: NodeId) -> Machine {
        match self.servers[node.index()] {
            Server::Fifo => Machine::Fifo,
            Server::Ordered(_) => Machine::Ordered,
            Server::Shared(_) => Machine::Shared,
        }
    }
}

impl Server {
    fn new(discipline: &Discipline) -> Server {
        match discipline {
            Discipline::Fifo => Server::Fifo,
            Discipline::ProcessorSharing(_) => Server::Shared(Shared::EMPTY),
            Discipline::Lifo | Discipline::Sjf | Discipline::Priority { preemptive: false } => {
                Server::Ordered(Ordered::new(false))
            }
            Discipline::Srpt | Discipline::Priority { preemptive: true } => {
                Server::Ordered(Ordered::new(true))
            }
        }
    }
}

/// A task reaches its node: it starts if it may, else it queues.
#[inline(always)]
pub fn reach(core: &mut Core<'_>, id: u32) {
    if core.service.is_plain {
        return fifo::reach::<false>(core, id);
    }
    reach_other(core, id);
}

#[inline(never)]
fn reach_other(core: &mut Core<'_>, id: u32) {
    match core.service.machine(core.records.task(id).node) {
        Machine::Fifo => fifo::reach::<false>(core, id),
        Machine::Ordered => ordered::reach(core, id),
        Machine::Shared => fifo::reach::<true>(core, id),
    }
}

/// Room has come free at `at`: starts what may start, in queue order.
#[inline(always)]
pub fn start_waiting(core: &mut Core<'_>, at: NodeId) {
    if core.service.is_plain {
        return fifo::start_waiting::<false>(core, at);
    }
    start_waiting_other(core, at);
}

#[inline(never)]
fn start_waiting_other(core: &mut Core<'_>, at: NodeId) {
    match core.service.machine(at) {
        Machine::Fifo => fifo::start_waiting::<false>(core, at),
        Machine::Ordered => ordered::start_waiting(core, at),
        Machine::Shared => fifo::start_waiting::<true>(core, at),
    }
}

/// The service of a task ends; tells its node.
#[inline(always)]
pub fn end(core: &mut Core<'_>, id: u32) -> NodeId {
    if core.service.is_plain {
        return core.end(id);
    }
    end_other(core, id)
}

#[inline(never)]
fn end_other(core: &mut Core<'_>, id: u32) -> NodeId {
    match core.service.machine(core.records.task(id).node) {
        Machine::Fifo => core.end(id),
        Machine::Ordered => ordered::end(core, id),
        Machine::Shared => processor_sharing::end(core, id),
    }
}

/// The attempt that would start next at `at`; `NONE` if none waits.
pub fn first_waiting(core: &Core<'_>, at: NodeId) -> u32 {
    match core.service.servers.get(at.index()) {
        Some(Server::Ordered(ordered)) => ordered.first_waiting(),
        _ => core.nodes.at(at).queue.head(),
    }
}

/// The attempts that wait at `at`, in queue order; under an order of its own the first alone.
#[cold]
pub fn waiting(core: &Core<'_>, at: NodeId, ids: &mut Vec<u32>) {
    ids.clear();
    let mut id = first_waiting(core, at);
    let is_list = !matches!(
        core.service.servers.get(at.index()),
        Some(Server::Ordered(_))
    );
    while id != NONE {
        ids.push(id);
        id = if is_list {
            List::after(&core.records, id)
        } else {
            NONE
        };
    }
}

/// Takes an attempt that waits at its node out of the queue, wherever in it it stands. It stays
/// bound to the node until [`Core::release`]. What it stood in the way of may start now
/// ([`start_waiting`]).
pub fn leave_queue(core: &mut Core<'_>, id: u32) {
    let at = core.records.task(id).node;
    match core.service.servers.get(at.index()) {
        Some(Server::Ordered(_)) => ordered::leave_queue(core, id),
        _ => fifo::leave_queue(core, id),
    }
}

/// Takes a running attempt out of service, and tells how much of that is left; its time until it
/// runs again counts as queueing. It stays bound to the node, but stands in no queue, until it is
/// [`put_back`] or [`Core::release`]d. Others may start in its room ([`start_waiting`]).
pub fn interrupt(core: &mut Core<'_>, id: u32) -> Time {
    let at = core.records.task(id).node;
    match core.service.servers.get(at.index()) {
        Some(Server::Ordered(_)) => ordered::interrupt(core, id),
        Some(Server::Shared(_)) => processor_sharing::interrupt(core, id),
        _ => core.interrupt(id),
    }
}

/// An attempt that was interrupted waits at its node again: before all others under fifo and
/// processor sharing; where attempts may be interrupted by others, by its rank, for which its
/// service left is looked at anew; else as one that has just come.
pub fn put_back(core: &mut Core<'_>, id: u32) {
    let at = core.records.task(id).node;
    match core.service.servers.get(at.index()) {
        Some(Server::Ordered(_)) => ordered::put_back(core, id),
        _ => fifo::put_back(core, id),
    }
}

/// From now on everything at `at` takes so many billionths of its time; what runs goes on at that.
#[cold]
pub fn change_pace(core: &mut Core<'_>, at: NodeId, pace: u64) {
    if let Some(Server::Shared(_)) = core.service.servers.get(at.index()) {
        return processor_sharing::change_pace(core, at, pace);
    }
    let mut ids = std::mem::take(&mut core.service.ids);
    ids.clear();
    let mut next = core.nodes.at(at).running.head();
    while next != NONE {
        ids.push(next);
        next = List::after(&core.records, next);
    }
    for &id in &ids {
        interrupt(core, id);
    }
    core.paces[at.index()] = pace;
    for &id in &ids {
        match core.service.servers.get(at.index()) {
            Some(Server::Ordered(_)) => ordered::go_on(core, id),
            _ => core.start(id),
        }
    }
    core.service.ids = ids;
}

/// Accounts for what is in use when all is over.
pub fn finish(core: &mut Core<'_>, over: Time) {
    for at in core.layout.ids() {
        if let Some(Server::Shared(_)) = core.service.servers.get(at.index()) {
            processor_sharing::count_use(core, at, over);
        }
    }
}
