//! Who may start now though somebody before him waits: backfilling (Lifka, "The ANL/IBM SP scheduling
//! system", JSSPP 1995; Mu'alem & Feitelson, "Utilization, predictability, workloads, and user runtime
//! estimates in scheduling the IBM SP2 with backfilling", IEEE TPDS 12, 2001).
//!
//! What runs, and what has been promised room, is laid out by node over the time to come, by estimated
//! run times: what a trace says that users asked for, else work / speed + overhead. Whoever waits is promised the earliest instant at which all his
//! tasks find room for all of their time.

use std::cmp::Reverse;

use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::list::List;
use crate::model::nodes::NodeState;
use crate::model::slab::NONE;

use super::core::Core;
use super::dispatch::subject;
use super::profile::{Need, Profile};
use super::records::Job;

/// Room at the nodes over the time to come.
#[derive(Default)]
pub struct Plan {
    /// What is held, by node: from when until when, and by whom, as a row of demand.
    held: Vec<Vec<Held>>,
    /// The same of all nodes that are up together.
    profile: Profile,
    /// When what runs at nodes that are up is expected to end, and its row of demand.
    ends: Vec<(Time, u32)>,
    /// The nodes that were found for the wish that was looked at last, in the order in which they are taken.
    room: Vec<Room>,
    /// The speed of the slowest node of each pool that was asked for.
    slowest: Vec<(u32, f64)>,
}

/// Tasks that find room at a node for all of their time.
#[derive(Clone, Copy, Debug)]
struct Room {
    node: NodeId,
    copies: u64,
    /// When the last of what is held there before is given back.
    comes_free: Time,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    from: Time,
    until: Time,
    row: u32,
    copies: u64,
}

/// Tasks that start together.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Their number.
    pub count: u64,
    /// The nodes that they may use.
    pub pool: u32,
    /// The row of their demand.
    pub row: u32,
    /// How long they take at most, as estimated.
    pub time: Time,
}

/// How long `work` of a job is said to take at a node of `speed`, without overhead: what its user asked
/// for, or else as it is estimated.
fn estimate(core: &Core<'_>, job: &Job, work: f64, speed: f64) -> Time {
    match job.estimate {
        0.0 => core.facts[job.class as usize].time(work / speed),
        asked => Time::from_secs(asked),
    }
}

impl Plan {
    /// What waits in the central queue as `first`: a task, or all tasks of its job.
    pub fn wish(&mut self, core: &Core<'_>, first: u32) -> Wish {
        let (task, job) = core.records.both(first);
        let is_gang = core.facts[job.class as usize].is_gang;
        let pool = core.pool_of(task, job);
        let longest = match is_gang && job.estimate == 0.0 {
            true => longest(core, first),
            false => core.said_work(&subject(core, task, job)),
        };
        let overhead = super::dispatch::stage(core, job, task).overhead;
        let time = estimate(core, job, longest, self.slowest(core, pool)) + overhead;
        Wish {
            count: if is_gang { u64::from(job.tasks) } else { 1 },
            pool,
            row: job.demand + u32::from(task.stage),
            time: time.max(Time(1)),
        }
    }

    /// The speed of the slowest node of a pool.
    fn slowest(&mut self, core: &Core<'_>, pool: u32) -> f64 {
        if let Some((_, speed)) = self.slowest.iter().find(|(of, _)| *of == pool) {
            return *speed;
        }
        let nodes = core.board.nodes_of(pool).iter();
        let speeds = nodes.map(|node| core.layout.factor(*node));
        let speed = speeds.fold(f64::INFINITY, f64::min);
        self.slowest.push((pool, speed));
        speed
    }

    /// Lays out what runs.
    pub fn lay_out(&mut self, core: &Core<'_>) {
        self.held
            .resize_with(core.layout.count() as usize, Vec::new);
        self.held.iter_mut().for_each(Vec::clear);
        self.profile.open(core.now(), core.layout.dimensions());
        for node in core.layout.ids().filter(|node| is_up(core, *node)) {
            self.profile.join(core.layout.capacity(node));
        }
        self.ends.clear();
        core.nodes.for_each_holding(|node, state| {
            let mut id = state.running.head();
            while id != NONE {
                let held = running(core, node, id);
                self.held[node.index()].push(held);
                if is_up(core, node) {
                    self.profile.begin(core.demands.row(held.row));
                    self.ends.push((held.until, held.row));
                }
                id = List::after(&core.records, id);
            }
        });
        self.ends.sort_unstable();
        for &(end, row) in &self.ends {
            self.profile.give_back(end, core.demands.row(row));
        }
    }

    /// True if a wish can be granted now.
    pub fn has_room_now(&mut self, core: &Core<'_>, wish: &Wish) -> bool {
        let may = self.profile.fit(0, &wish.need(core)) == Some(0);
        may && self.find_room(core, wish, core.now())
    }

    /// True if a wish can be granted at `from`. For later it takes those nodes that come free last, so that
    /// room which is there now is left to others.
    fn find_room(&mut self, core: &Core<'_>, wish: &Wish, from: Time) -> bool {
        let is_later = from > core.now();
        let mut room = std::mem::take(&mut self.room);
        room.clear();
        let nodes = core.board.nodes_of(wish.pool).iter().copied();
        let up = nodes.filter(|node| is_up(core, *node));
        room.extend(up.filter_map(|node| self.room_at(core, wish, node, from)));
        if is_later {
            room.sort_unstable_by_key(|room| (Reverse(room.comes_free), room.node));
        }
        let mut left = wish.count;
        room.retain_mut(|room| {
            room.copies = left.min(room.copies);
            left -= room.copies;
            room.copies > 0
        });
        self.room = room;
        left == 0
    }

    /// The tasks of a wish that find room at `node` from an instant on, if any do.
    fn room_at(&self, core: &Core<'_>, wish: &Wish, node: NodeId, from: Time) -> Option<Room> {
        let held = &self.held[node.index()];
        let span = (from, from + wish.time);
        let mut copies = copies(core, wish, node, held, from);
        let mut comes_free = Time::ZERO;
        for other in held {
            if copies > 0 && span.0 < other.from && other.from < span.1 {
                copies = copies.min(self::copies(core, wish, node, held, other.from));
            }
            if other.until <= from {
                comes_free = comes_free.max(other.until);
            }
        }
        (copies > 0).then_some(Room {
            node,
            copies,
            comes_free,
        })
    }

    /// Promises a wish the earliest room that there is for it, if there is any.
    pub fn promise(&mut self, core: &Core<'_>, wish: &Wish) {
        let Some(from) = self.earliest(core, wish) else {
            return;
        };
        let (until, row) = (from + wish.time, wish.row);
        for &Room { node, copies, .. } in &self.room {
            self.held[node.index()].push(Held {
                from,
                until,
                row,
                copies,
            });
        }
        let demand = core.demands.row(row);
        self.profile.hold((from, until), demand, wish.count);
    }

    /// The earliest instant from now on at which a wish can be granted, if there is one.
    fn earliest(&mut self, core: &Core<'_>, wish: &Wish) -> Option<Time> {
        let mut first = 0;
        loop {
            let step = self.profile.fit(first, &wish.need(core))?;
            let from = self.profile.begins(step);
            if self.find_room(core, wish, from) {
                return Some(from);
            }
            first = step + 1;
        }
    }

    /// The nodes at which room was found, in id order, once for each task that it is for.
    pub fn found(&self) -> impl Iterator<Item = NodeId> {
        let each = self.room.iter();
        each.flat_map(|room| std::iter::repeat_n(room.node, room.copies as usize))
    }
}

impl Wish {
    fn need<'a>(&self, core: &'a Core<'_>) -> Need<'a> {
        Need {
            count: self.count,
            demand: core.demands.row(self.row),
            time: self.time,
        }
    }
}

/// The work of the longest task of a gang, as it is estimated.
fn longest(core: &Core<'_>, first: u32) -> f64 {
    let (mut longest, mut next) = (0.0, first);
    while next != NONE {
        let (task, job) = core.records.both(next);
        longest = core.said_work(&subject(core, task, job)).max(longest);
        next = task.sibling;
    }
    longest
}

fn is_up(core: &Core<'_>, node: NodeId) -> bool {
    core.nodes.state(node) == NodeState::Up
}

/// What a running task holds, until the end that is expected of it.
fn running(core: &Core<'_>, node: NodeId, id: u32) -> Held {
    let (task, job) = core.records.both(id);
    let overhead = super::dispatch::stage(core, job, task).overhead;
    let work = core.said_work(&subject(core, task, job));
    let time = estimate(core, job, work, core.layout.factor(node)) + overhead;
    Held {
        from: core.now(),
        until: (task.started + time).max(core.now() + Time(1)),
        row: job.demand + u32::from(task.stage),
        copies: 1,
    }
}

/// Tasks of a wish for which `node` has room at an instant, beside what is held there.
fn copies(core: &Core<'_>, wish: &Wish, node: NodeId, held: &[Held], at: Time) -> u64 {
    let there = |held: &&Held| held.from <= at && held.until > at;
    let demand = core.demands.row(wish.row);
    let of = |d: usize| {
        let uses = |held: &Held| core.demands.row(held.row)[d] * held.copies;
        let used: u64 = held.iter().filter(there).map(uses).sum();
        let has = core.layout.capacity(node)[d].unwrap_or(u64::MAX);
        match demand[d] {
            0 => u64::MAX,
            need => has.saturating_sub(used) / need,
        }
    };
    (0..demand.len()).map(of).min().unwrap_or(0)
}
