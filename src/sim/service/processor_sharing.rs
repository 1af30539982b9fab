//! Processor sharing: all attempts at a node run at once, at one speed. Of those whose slots sum to
//! `demanded` each gets min(1, slots / demanded) of what it would get alone, divided by the factor
//! of the node's slow-down curve for so many tasks.
//!
//! A virtual clock runs at that rate (Parekh & Gallager, "A generalized processor sharing approach
//! to flow control", IEEE/ACM Transactions on Networking 1, 1993): an attempt ends when the clock
//! has moved on by its service since it started, so that an arrival or an end changes one number
//! instead of what each has left, and costs O(log n). The clock counts 2^-60 ns; ends are rounded up
//! to whole nanoseconds, and then others run on for less than one at the rate of before.
//!
//! Other resources than slots are not shared: who does not find them free waits, first in, first
//! out. Slots demanded beyond those that there are count as waiting, and time beyond the service as
//! queueing.

use crate::engine::time::Time;
use crate::model::cluster::SLOTS;
use crate::model::discipline::{Discipline, SlowDown};
use crate::model::heap::{Heap, Rank};
use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::sim::core::{Core, Kind, PACE};

use super::{Server, Service};

/// A nanosecond on the virtual clock is this many units; it is also the rate of an attempt alone.
const UNIT: i128 = 1 << 60;

/// One node.
#[derive(Clone, Copy, Debug)]
pub struct Shared {
    /// Who runs, by when the virtual clock ends it.
    running: Heap,
    count: u32,
    /// The virtual clock as of `since`.
    clock: i128,
    since: Time,
    /// Units in which the clock moves on in a nanosecond.
    rate: i128,
    /// Sum of the service left of all, units of the clock.
    left: i128,
    /// The same as it stands in the work left of the node, nanoseconds.
    shown: u64,
    /// Whole nanoseconds by which that falls in a nanosecond.
    falls: u32,
    /// Who ends next, and when; no end is scheduled if there is none.
    due: Option<(u32, Time)>,
    /// Until when what is in use has been accounted for.
    counted: Time,
}

impl Shared {
    /// A node at which nothing has happened yet.
    pub const EMPTY: Shared = Shared {
        running: Heap::EMPTY,
        count: 0,
        clock: 0,
        since: Time::ZERO,
        rate: UNIT,
        left: 0,
        shown: 0,
        falls: 0,
        due: None,
        counted: Time::ZERO,
    };

    /// Time passes until `now`.
    fn advance(&mut self, now: Time) {
        let passed = now - self.since;
        self.since = now;
        let moved = i128::from(passed.0) * self.rate;
        self.clock += moved;
        self.left -= i128::from(self.count) * moved;
        let gone = u64::from(self.falls).wrapping_mul(passed.0);
        self.shown = self.shown.wrapping_sub(gone);
    }

    /// When the attempt that the clock ends at `end` ends at the present rate.
    fn end_of(&self, end: i128) -> Time {
        let span = (end - self.clock).max(0).div_euclid(self.rate);
        let is_whole = span * self.rate >= end - self.clock;
        let span = span + i128::from(!is_whole);
        self.since + Time(u64::try_from(span).unwrap_or(u64::MAX))
    }
}

/// The rate of the virtual clock, rounded up, where `count` attempts demand `demanded` of `slots`.
fn rate(slots: Option<u64>, demanded: u64, count: u32, curve: &SlowDown) -> i128 {
    let (over, under) = match slots {
        Some(slots) if slots < demanded => (slots, demanded),
        _ => (1, 1),
    };
    let factor = u128::from(curve.at(u64::from(count)));
    let all = (UNIT as u128 * 1_000_000_000 / factor.max(1)) * u128::from(over);
    let is_exact = factor == 1_000_000_000;
    (all.div_ceil(u128::from(under)) as i128 + i128::from(!is_exact)).min(UNIT)
}

fn shared(service: &mut Service, at: NodeId) -> Option<&mut Shared> {
    match &mut service.servers[at.index()] {
        Server::Shared(shared) => Some(shared),
        _ => None,
    }
}

/// Accounts for what has been in use at `at` until `now`.
pub fn count_use(core: &mut Core<'_>, at: NodeId, now: Time) {
    let Some(shared) = shared(&mut core.service, at) else {
        return;
    };
    let span = core.window.overlap(shared.counted, now);
    shared.counted = now;
    let mut units = std::mem::take(&mut core.service.units);
    core.count_use_of(at, span, &mut units);
    core.service.units = units;
}

/// Before who runs at `at` changes: tells the slots demanded beyond those that there are.
fn settle(core: &mut Core<'_>, at: NodeId) -> u64 {
    let now = core.now();
    count_use(core, at, now);
    if let Some(shared) = shared(&mut core.service, at) {
        shared.advance(now);
        // Whoever counts runners up and down finds their number.
        core.nodes.at_mut(at).correct(now, 0, shared.count);
    }
    core.nodes.excess(at)
}

/// After who runs at `at` has changed: the rate is another, and so may be who ends next.
fn resume(core: &mut Core<'_>, at: NodeId, excess: u64) {
    let now = core.now();
    core.nodes.recount(at, excess, now);
    let group = core.layout.group(at);
    let Discipline::ProcessorSharing(curve) = &group.discipline else {
        return;
    };
    let demanded = core.nodes.demanded(at, SLOTS);
    let service = &mut core.service;
    let Server::Shared(shared) = &mut service.servers[at.index()] else {
        return;
    };
    shared.rate = rate(group.capacity[SLOTS], demanded, shared.count, curve);
    if let Some(&pace) = core.paces.get(at.index()) {
        let slowed = (shared.rate as u128 * u128::from(PACE)).div_ceil(u128::from(pace));
        shared.rate = slowed as i128;
    }
    let first = shared.running.first();
    let due = (first != NONE).then(|| (first, shared.end_of(service.seats.rank(first).order)));
    let (before, shown) = (shared.due, shared.shown);
    shared.show(due.map_or(now, |(_, time)| time));
    let more = shared.shown.wrapping_sub(shown);
    core.nodes.at_mut(at).correct(now, more, shared.falls);
    shared.due = due;
    if before != due {
        reschedule(core, at, before, due);
    }
    core.changed(at);
}

impl Shared {
    /// What is left, and how fast that falls, as the node shows them: in whole nanoseconds, and
    /// never below 0 until somebody ends at `due`.
    fn show(&mut self, due: Time) {
        self.falls = ((i128::from(self.count) * self.rate) / UNIT) as u32;
        let left = u64::try_from((self.left + UNIT - 1) / UNIT).unwrap_or(0);
        self.shown = left.max(u64::from(self.falls).saturating_mul((due - self.since).0));
        if self.count == 0 {
            (self.clock, self.left, self.shown) = (0, 0, 0);
        }
    }
}

fn reschedule(
    core: &mut Core<'_>,
    at: NodeId,
    before: Option<(u32, Time)>,
    due: Option<(u32, Time)>,
) {
    if let Some((id, _)) = before {
        core.call_off(id);
    }
    if let Some((id, time)) = due {
        core.schedule_task(time, Kind::End, at.0 + 1, id);
    }
}

/// See [`super::change_pace`].
pub fn change_pace(core: &mut Core<'_>, at: NodeId, pace: u64) {
    let excess = settle(core, at);
    core.paces[at.index()] = pace;
    resume(core, at, excess);
}

/// Starts an attempt beside those that run at its node.
pub fn start(core: &mut Core<'_>, id: u32) {
    let at = core.records.task(id).node;
    let excess = settle(core, at);
    core.occupy(id);
    let service = core.records.task(id).service;
    let turn = core.service.turns;
    core.service.turns += 1;
    let Service { servers, seats, .. } = &mut core.service;
    if let Server::Shared(shared) = &mut servers[at.index()] {
        let units = i128::from(service.0) * UNIT;
        let order = shared.clock + units;
        shared.running.push(seats, id, Rank { order, turn });
        shared.count += 1;
        shared.left += units;
        shared.shown = shared.shown.wrapping_add(service.0);
    }
    resume(core, at, excess);
}

/// See [`super::end`].
pub fn end(core: &mut Core<'_>, id: u32) -> NodeId {
    let task = core.records.task(id);
    let (at, service) = (task.node, task.service);
    let excess = settle(core, at);
    if let Some(shared) = shared(&mut core.service, at) {
        shared.due = None; // its end is what happens now
    }
    remove(core, id, service);
    core.vacate(id);
    resume(core, at, excess);
    at
}

/// See [`super::interrupt`].
pub fn interrupt(core: &mut Core<'_>, id: u32) -> Time {
    let task = core.records.task(id);
    let (at, service) = (task.node, task.service);
    let excess = settle(core, at);
    let end = core.service.seats.rank(id).order;
    let clock = shared(&mut core.service, at).map_or(end, |shared| shared.clock);
    let left = (end - clock + UNIT - 1).max(0) / UNIT;
    let left = Time(u64::try_from(left).unwrap_or(u64::MAX)).min(service);
    remove(core, id, service - left);
    if let Some(shared) = shared(&mut core.service, at) {
        shared.shown = shared.shown.wrapping_sub(left.0);
    }
    core.stop(id, left);
    resume(core, at, excess);
    left
}

/// An attempt that was `served` that long runs no more; what it was there beyond was queueing.
fn remove(core: &mut Core<'_>, id: u32, served: Time) {
    let now = core.now();
    let task = core.records.task_mut(id);
    let at = task.node;
    task.pause((now - task.since()).since(served));
    let Service { servers, seats, .. } = &mut core.service;
    if let Server::Shared(shared) = &mut servers[at.index()] {
        shared.running.remove(seats, id);
        shared.count -= 1;
        shared.left -= seats.rank(id).order - shared.clock;
    }
}
