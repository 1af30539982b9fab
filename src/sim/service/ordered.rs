//! Queues in an order of their own: lifo, priority, sjf and srpt are this machine, each with its
//! order. It costs O(log n) an attempt, wherever in the queue that stands.
//!
//! As under fifo the first in the order blocks all others while it does not fit, unless the node
//! backfills. A preemptive discipline makes room for it: those that come after it in the order are
//! interrupted, from the last on, until it fits; none of them if that is not enough. They wait
//! again where their order puts them, and go on where they were.

use crate::engine::time::Time;
use crate::model::discipline::Discipline;
use crate::model::heap::{Heap, Rank};
use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::sim::core::Core;
use crate::sim::records::Phase;

use super::{Server, lifo, priority, sjf, srpt};

/// One node.
#[derive(Clone, Copy, Debug)]
pub struct Ordered {
    waiting: Heap,
    /// Who may be interrupted, the last in the order first; kept only where anybody may.
    running: Heap,
    preempts: bool,
}

impl Ordered {
    /// A node at which nothing has happened yet.
    pub fn new(preempts: bool) -> Ordered {
        Ordered {
            waiting: Heap::EMPTY,
            running: Heap::EMPTY,
            preempts,
        }
    }

    /// The first in the order; [`NONE`] if none waits.
    pub fn first_waiting(&self) -> u32 {
        self.waiting.first()
    }
}

/// Who waits, who runs, and whether they may be interrupted.
fn server(core: &Core<'_>, at: NodeId) -> Ordered {
    match core.service.servers[at.index()] {
        Server::Ordered(server) => server,
        _ => Ordered::new(false),
    }
}

/// Changes one of a node's heaps.
fn change(
    core: &mut Core<'_>,
    at: NodeId,
    change: impl FnOnce(&mut Ordered, &mut crate::model::heap::Seats),
) {
    let service = &mut core.service;
    if let Server::Ordered(server) = &mut service.servers[at.index()] {
        change(server, &mut service.seats);
    }
}

/// What an attempt that reaches its node as the `turn`-th of all is ordered by.
fn order(core: &Core<'_>, id: u32, turn: u64) -> i128 {
    let (task, job) = core.records.both(id);
    match core.layout.group(task.node).discipline {
        Discipline::Fifo | Discipline::ProcessorSharing(_) => i128::from(turn),
        Discipline::Lifo => lifo::order(turn),
        Discipline::Priority { .. } => priority::order(core.facts[job.class as usize].priority),
        Discipline::Sjf => sjf::order(core.said_left(id)),
        Discipline::Srpt => srpt::order(core.said_left(id)),
    }
}

/// What an attempt that would have `left` of its service, and has `order` while it waits, is kept under
/// if it runs from now on. As what they have left shrinks with time, only differences count.
fn order_running(core: &Core<'_>, at: NodeId, left: Time, order: i128) -> i128 {
    match core.layout.group(at).discipline {
        Discipline::Srpt => srpt::order(left) + i128::from(core.now().0),
        _ => order,
    }
}

/// The rank of an attempt that reaches its node now.
fn next_rank(core: &mut Core<'_>, id: u32) -> Rank {
    let turn = core.service.turns;
    core.service.turns += 1;
    let order = order(core, id, turn);
    Rank { order, turn }
}

/// See [`super::reach`].
pub fn reach(core: &mut Core<'_>, id: u32) {
    let at = core.records.task(id).node;
    let rank = next_rank(core, id);
    let server = server(core, at);
    let first = server.waiting.first();
    let may_pass =
        first == NONE || core.nodes.backfills(at) || rank < core.service.seats.rank(first);
    if may_pass && core.has_room(id) {
        return run(core, id, rank);
    }
    wait(core, id, rank);
    if server.preempts {
        start_waiting(core, at);
    }
}

/// Puts an attempt into the queue by its rank.
fn wait(core: &mut Core<'_>, id: u32, rank: Rank) {
    let now = core.now();
    let task = core.records.task_mut(id);
    task.enter(Phase::Queue, now);
    let at = task.node;
    core.nodes.at_mut(at).queued += 1;
    change(core, at, |server, seats| {
        server.waiting.push(seats, id, rank)
    });
}

/// Starts an attempt; where others may interrupt it, it is kept in their order, the first to yield at the head.
fn run(core: &mut Core<'_>, id: u32, rank: Rank) {
    core.start(id);
    let at = core.records.task(id).node;
    if server(core, at).preempts {
        let order = order_running(core, at, core.said_left(id), rank.order);
        let rank = Rank { order, ..rank }.reversed();
        change(core, at, |server, seats| {
            server.running.push(seats, id, rank)
        });
    }
}

/// See [`super::start_waiting`].
pub fn start_waiting(core: &mut Core<'_>, at: NodeId) {
    loop {
        let id = server(core, at).waiting.first();
        if id == NONE {
            return;
        }
        if !core.has_room(id) && !make_room(core, at, id) {
            break;
        }
        run_waiting(core, id);
    }
    if core.nodes.backfills(at) {
        backfill(core, at);
    }
}

fn run_waiting(core: &mut Core<'_>, id: u32) {
    leave_queue(core, id);
    let rank = core.service.seats.rank(id);
    run(core, id, rank);
}

/// Starts those behind a first that has no room which have, in their order.
fn backfill(core: &mut Core<'_>, at: NodeId) {
    let mut passed = std::mem::take(&mut core.service.ids);
    passed.clear();
    loop {
        let id = server(core, at).waiting.first();
        if id == NONE || !core.may_have_room(at) {
            break;
        }
        if core.has_room(id) {
            run_waiting(core, id);
        } else {
            change(core, at, |server, seats| server.waiting.remove(seats, id));
            passed.push(id);
        }
    }
    for &id in &passed {
        let rank = core.service.seats.rank(id);
        change(core, at, |server, seats| {
            server.waiting.push(seats, id, rank)
        });
    }
    core.service.ids = passed;
}

/// Interrupts who comes after `id` in the order until that has room; false, and nobody is, if that
/// is not enough.
fn make_room(core: &mut Core<'_>, at: NodeId, id: u32) -> bool {
    if !server(core, at).preempts {
        return false;
    }
    let mut victims = std::mem::take(&mut core.service.ids);
    let mut freed = std::mem::take(&mut core.service.units);
    victims.clear();
    freed.clear();
    freed.resize(core.layout.dimensions(), 0);
    let is_enough = find_victims(core, at, id, &mut victims, &mut freed);
    for &victim in &victims {
        let rank = core.service.seats.rank(victim);
        change(core, at, |server, seats| {
            server.running.push(seats, victim, rank)
        });
        if is_enough {
            interrupt(core, victim);
            put_back(core, victim);
        }
    }
    (core.service.ids, core.service.units) = (victims, freed);
    is_enough
}

/// Takes those who would have to go out of the heap of the running; false if that is not enough.
fn find_victims(
    core: &mut Core<'_>,
    at: NodeId,
    id: u32,
    victims: &mut Vec<u32>,
    freed: &mut [u64],
) -> bool {
    let left = core.at_pace(at, core.said_left(id));
    let wanted = order_running(core, at, left, core.service.seats.rank(id).order);
    loop {
        let last = server(core, at).running.first();
        if last == NONE || core.service.seats.rank(last).reversed().order <= wanted {
            return false;
        }
        change(core, at, |server, seats| server.running.remove(seats, last));
        victims.push(last);
        let (task, job) = core.records.both(last);
        let row = core.demands.of(task, job);
        freed
            .iter_mut()
            .zip(row)
            .for_each(|(sum, need)| *sum += need);
        if core.would_have_room(id, freed) {
            return true;
        }
    }
}

/// See [`super::end`].
pub fn end(core: &mut Core<'_>, id: u32) -> NodeId {
    stop_running(core, id);
    core.end(id)
}

fn stop_running(core: &mut Core<'_>, id: u32) {
    let at = core.records.task(id).node;
    if server(core, at).preempts {
        change(core, at, |server, seats| server.running.remove(seats, id));
    }
}

/// See [`super::interrupt`].
pub fn interrupt(core: &mut Core<'_>, id: u32) -> Time {
    stop_running(core, id);
    core.interrupt(id)
}

/// An attempt that was interrupted runs on at once.
pub fn go_on(core: &mut Core<'_>, id: u32) {
    let at = core.records.task(id).node;
    if !server(core, at).preempts {
        return core.start(id);
    }
    let known = core.service.seats.rank(id).reversed();
    run(core, id, known);
}

/// See [`super::put_back`].
pub fn put_back(core: &mut Core<'_>, id: u32) {
    let (at, left) = (core.records.task(id).node, core.said_left(id));
    if !server(core, at).preempts {
        // Nothing is kept of who runs: it comes as one that has just reached the node.
        let rank = next_rank(core, id);
        return wait(core, id, rank);
    }
    let known = core.service.seats.rank(id).reversed();
    let order = match core.layout.group(at).discipline {
        Discipline::Srpt => srpt::order(left),
        _ => known.order,
    };
    wait(core, id, Rank { order, ..known });
}

/// See [`super::leave_queue`].
pub fn leave_queue(core: &mut Core<'_>, id: u32) {
    let at = core.records.task(id).node;
    core.nodes.at_mut(at).queued -= 1;
    change(core, at, |server, seats| server.waiting.remove(seats, id));
}
