//! Who may start now though somebody before him waits: backfilling (Lifka, "The ANL/IBM SP scheduling
//! system", JSSPP 1995; Mu'alem & Feitelson, "Utilization, predictability, workloads, and user runtime
//! estimates in scheduling the IBM SP2 with backfilling", IEEE TPDS 12, 2001).
//!
//! What runs, and what has been promised room, is laid out by node over the time to come, by estimated
//! run times: what a trace says that users asked for, else work / speed + overhead. Whoever waits is promised the earliest instant at which all his
//! tasks find room for all of their time.

use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::list::List;
use crate::model::nodes::NodeState;
use crate::model::slab::NONE;

use super::core::Core;
use super::dispatch::subject;
use super::records::{Job, Task};

/// Room at the nodes over the time to come.
#[derive(Default)]
pub struct Plan {
    /// What is held, by node: from when until when, and by whom, as a row of demand.
    held: Vec<Vec<Held>>,
    /// For each eligible node how many tasks find room there for all of their time, as last looked at.
    room: Vec<(NodeId, u64)>,
    /// Instants at which room comes free.
    instants: Vec<Time>,
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

impl Wish {
    /// What waits in the central queue as `first`: a task, or all tasks of its job.
    pub fn new(core: &Core<'_>, first: u32) -> Wish {
        let (task, job) = core.records.both(first);
        let is_gang = core.facts[job.class as usize].is_gang;
        let pool = core.pool_of(task, job);
        let said = |task: &Task| core.said_work(&subject(core, task, job));
        let (mut longest, mut next) = (said(task), first);
        while is_gang && next != NONE {
            let task = core.records.task(next);
            longest = longest.max(said(task));
            next = task.sibling;
        }
        let nodes = core.board.nodes_of(pool).iter();
        let slowest = nodes
            .map(|node| core.layout.factor(*node))
            .fold(f64::INFINITY, f64::min);
        let overhead = super::dispatch::stage(core, job, task).overhead;
        Wish {
            count: if is_gang { u64::from(job.tasks) } else { 1 },
            pool,
            row: job.demand + u32::from(task.stage),
            time: estimate(core, job, longest, slowest) + overhead,
        }
    }
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
    /// Lays out what runs.
    pub fn lay_out(&mut self, core: &Core<'_>) {
        self.held
            .resize_with(core.layout.count() as usize, Vec::new);
        self.held.iter_mut().for_each(Vec::clear);
        let now = core.now();
        core.nodes.for_each_holding(|node, state| {
            let mut id = state.running.head();
            while id != NONE {
                let (task, job) = core.records.both(id);
                let overhead = super::dispatch::stage(core, job, task).overhead;
                let work = core.said_work(&subject(core, task, job));
                let time = estimate(core, job, work, core.layout.factor(node)) + overhead;
                self.held[node.index()].push(Held {
                    from: now,
                    until: (task.started + time).max(now + Time(1)),
                    row: job.demand + u32::from(task.stage),
                    copies: 1,
                });
                id = List::after(&core.records, id);
            }
        });
    }

    /// The earliest instant from now on at which a wish can be granted; never, if it is none.
    pub fn earliest(&mut self, core: &Core<'_>, wish: &Wish) -> Time {
        let mut instants = std::mem::take(&mut self.instants);
        instants.clear();
        instants.push(core.now());
        instants.extend(self.held.iter().flatten().map(|held| held.until));
        instants.sort_unstable();
        instants.dedup();
        let mut each = instants.iter().copied();
        let found = each.find(|instant| self.has_room(core, wish, *instant));
        self.instants = instants;
        found.unwrap_or(Time::MAX)
    }

    /// True if a wish can be granted at `from`. For later it takes those nodes that come free last, so that
    /// room which is there now is left to others.
    pub fn has_room(&mut self, core: &Core<'_>, wish: &Wish, from: Time) -> bool {
        let until = from + wish.time.max(Time(1));
        let mut room = std::mem::take(&mut self.room);
        room.clear();
        let nodes = core.board.nodes_of(wish.pool).iter();
        for &node in nodes.filter(|node| core.nodes.state(**node) == NodeState::Up) {
            let copies = self.copies(core, wish, node, (from, until));
            room.extend((copies > 0).then_some((node, copies)));
        }
        if from > core.now() {
            room.sort_by_key(|(node, _)| std::cmp::Reverse(self.comes_free(*node, from)));
        }
        let mut left = wish.count;
        room.retain_mut(|(_, copies)| {
            *copies = left.min(*copies);
            left -= *copies;
            *copies > 0
        });
        self.room = room;
        left == 0
    }

    /// When the last of what is held at `node` until `from` at the latest is given back.
    fn comes_free(&self, node: NodeId, from: Time) -> Time {
        let until = self.held[node.index()].iter().map(|held| held.until);
        until
            .filter(|until| *until <= from)
            .max()
            .unwrap_or(Time::ZERO)
    }

    /// Tasks of a wish that find room at `node` throughout.
    fn copies(&self, core: &Core<'_>, wish: &Wish, node: NodeId, span: (Time, Time)) -> u64 {
        let held = &self.held[node.index()];
        let overlaps = |held: &&Held| held.from < span.1 && held.until > span.0;
        let starts = held
            .iter()
            .filter(overlaps)
            .map(|held| held.from.max(span.0));
        let instants = starts.chain([span.0]);
        let demand = core.demands.row(wish.row);
        let at = |instant: Time| {
            let there = |held: &&Held| held.from <= instant && held.until > instant;
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
        };
        instants.map(at).min().unwrap_or(0)
    }

    /// Promises a wish the room that was found for it at `from`.
    pub fn promise(&mut self, wish: &Wish, from: Time) {
        let until = from + wish.time.max(Time(1));
        for &(node, copies) in &self.room {
            self.held[node.index()].push(Held {
                from,
                until,
                row: wish.row,
                copies,
            });
        }
    }

    /// The nodes at which room was found, in id order, once for each task that it is for.
    pub fn found(&self) -> impl Iterator<Item = NodeId> {
        let each = self.room.iter();
        each.flat_map(|&(node, copies)| std::iter::repeat_n(node, copies as usize))
    }
}
