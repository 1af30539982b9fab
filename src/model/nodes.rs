//! The state of the nodes of a run: what runs, waits and travels to each.
//!
//! This is the truth. No placement is shown it: a dispatcher sees a view of it, which may be older
//! or leave out what others have sent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cluster::{Group, SLOTS};
use super::ids::NodeId;
use super::layout::Layout;
use super::list::List;
use crate::engine::time::Time;

/// What changes at a node. All that an event at it touches lies in one line of memory.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Node {
    /// Service left at `since`, nanoseconds: of what runs, waits and travels to it. The arithmetic
    /// wraps around, as what it comes to is always small.
    level: u64,
    since: Time,
    /// Slots that are free; of unlimited ones the largest number, less those used.
    free: u64,
    /// Slots held.
    held: u64,
    /// Attempts running. Each works off one nanosecond in a nanosecond, so that this is also the
    /// rate at which the service left falls.
    rate: u32,
    /// Attempts running, queued or travelling to it.
    pub tasks: u32,
    /// Attempts waiting in its queue.
    pub queued: u32,
    group: u32,
    /// Attempts that wait for room.
    pub queue: List,
    /// Attempts that run.
    pub running: List,
}

impl Node {
    /// Service left at `now`.
    #[inline]
    pub fn remaining(&self, now: Time) -> u64 {
        let gone = u64::from(self.rate).wrapping_mul(now.0.wrapping_sub(self.since.0));
        self.level.wrapping_sub(gone)
    }

    /// The rate at which the service left falls.
    #[inline]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    #[inline]
    fn settle(&mut self, now: Time) {
        self.level = self.remaining(now);
        self.since = now;
    }

    /// The service left at `now` is `more` than it seemed (wrapping around: or less), and falls at
    /// `rate` from now on.
    pub fn correct(&mut self, now: Time, more: u64, rate: u32) {
        self.settle(now);
        self.level = self.level.wrapping_add(more);
        self.rate = rate;
    }

    #[inline]
    fn stop(&mut self, slots: u64, now: Time) {
        self.settle(now);
        self.rate -= 1;
        self.free += slots;
    }

    /// True if nothing is held any more.
    #[inline]
    fn release(&mut self, slots: u64) -> bool {
        self.held -= slots;
        self.tasks -= 1;
        self.tasks == 0
    }
}

/// By how much more the service left at a node is said to be than it is, at an instant, and how fast
/// that rises. It may be below 0, and so wraps around.
#[derive(Clone, Copy, Debug, Default)]
struct Misjudged {
    more: u64,
    rate: u32,
    since: Time,
}

impl Misjudged {
    fn at(&self, now: Time) -> u64 {
        let risen = u64::from(self.rate).wrapping_mul(now.0.wrapping_sub(self.since.0));
        self.more.wrapping_add(risen)
    }
}

/// Whether a node works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeState {
    /// It takes tasks and runs them.
    #[default]
    Up,
    /// It runs what it has and what is on its way to it, and is given nothing more.
    #[serde(rename = "drain")]
    Draining,
    /// It does nothing.
    Down,
}

/// What the nodes of one group have in common.
#[derive(Clone, Debug)]
struct Kind {
    /// What may be demanded at once by dimension; the largest number where there is no limit, as
    /// on slots that are shared.
    limits: Vec<u64>,
    /// Slots that can be in use.
    slots: u64,
    backfills: bool,
}

impl Kind {
    fn new(group: &Group) -> Kind {
        let limit = |has: &Option<u64>| has.unwrap_or(u64::MAX);
        let mut limits: Vec<u64> = group.capacity.iter().map(limit).collect();
        let slots = limits[SLOTS];
        if group.discipline.shares() {
            limits[SLOTS] = u64::MAX;
        }
        Kind {
            limits,
            slots,
            backfills: group.backfill,
        }
    }
}

/// The units of demand that run, and their integral over time.
#[derive(Clone, Copy, Debug, Default)]
struct InUse {
    units: u64,
    /// What `units` x now is too large by to be the integral.
    excess: i128,
}

impl InUse {
    #[inline]
    fn rise(&mut self, units: u64, now: Time) {
        self.units += units;
        self.excess += i128::from(units) * i128::from(now.0);
    }

    #[inline]
    fn fall(&mut self, units: u64, now: Time) {
        self.units -= units;
        self.excess -= i128::from(units) * i128::from(now.0);
    }
}

/// The state of all nodes of a run.
#[derive(Clone, Debug)]
pub struct Nodes {
    nodes: Vec<Node>,
    kinds: Vec<Kind>,
    /// Rows of demand running and of demand held by dimension, where there are several.
    used: Vec<u64>,
    held: Vec<u64>,
    dimensions: usize,
    in_use: InUse,
    /// Nothing where all are up for ever.
    states: Vec<NodeState>,
    /// Nothing where it is known how long all takes.
    misjudged: Vec<Misjudged>,
    /// One bit for each node to which any attempt runs, waits or travels.
    holding: Vec<u64>,
}

impl Nodes {
    /// Empty nodes.
    pub fn new(layout: &Layout) -> Nodes {
        let kinds: Vec<Kind> = layout.groups().iter().map(Kind::new).collect();
        let empty = |node| {
            let group = layout.group_index(node);
            Node {
                level: 0,
                since: Time::ZERO,
                free: kinds[group].limits[SLOTS],
                held: 0,
                rate: 0,
                tasks: 0,
                queued: 0,
                group: group as u32,
                queue: List::EMPTY,
                running: List::EMPTY,
            }
        };
        let (count, dimensions) = (layout.count() as usize, layout.dimensions());
        let cells = if dimensions > 1 {
            count * dimensions
        } else {
            0
        };
        Nodes {
            nodes: layout.ids().map(empty).collect(),
            kinds,
            used: vec![0; cells],
            held: vec![0; cells],
            in_use: InUse::default(),
            states: Vec::new(),
            misjudged: Vec::new(),
            holding: vec![0; count.div_ceil(64)],
            dimensions,
        }
    }

    /// What changes at the node.
    #[inline]
    pub fn at(&self, node: NodeId) -> &Node {
        &self.nodes[node.index()]
    }

    /// What changes at the node, to change it.
    #[inline]
    pub fn at_mut(&mut self, node: NodeId) -> &mut Node {
        &mut self.nodes[node.index()]
    }

    /// Whether the node works.
    #[inline]
    pub fn state(&self, node: NodeId) -> NodeState {
        self.states.get(node.index()).copied().unwrap_or_default()
    }

    /// From now on the node is in `state`; gives the state that it was in.
    pub fn set_state(&mut self, node: NodeId, state: NodeState) -> NodeState {
        if self.states.is_empty() {
            self.states = vec![NodeState::Up; self.nodes.len()];
        }
        std::mem::replace(&mut self.states[node.index()], state)
    }

    /// The service left at the node as it is said to be, and the rate at which that falls.
    #[inline]
    pub fn work_seen(&self, node: NodeId, now: Time) -> (u64, u32) {
        let state = self.at(node);
        let (left, rate) = (state.remaining(now), state.rate());
        match self.misjudged.get(node.index()) {
            None => (left, rate),
            Some(misjudged) => (left.wrapping_add(misjudged.at(now)), rate - misjudged.rate),
        }
    }

    /// From now on the service left at the node is said to be `more` (wrapping around: or less) than it was,
    /// and that falls slower by `rate` (or faster).
    pub fn misjudge(&mut self, node: NodeId, more: u64, rate: u32, now: Time) {
        if self.misjudged.is_empty() {
            self.misjudged = vec![Misjudged::default(); self.nodes.len()];
        }
        let this = &mut self.misjudged[node.index()];
        *this = Misjudged {
            more: this.at(now).wrapping_add(more),
            rate: this.rate.wrapping_add(rate),
            since: now,
        };
    }

    /// True if it is said of no empty node that service is left there.
    pub fn is_judged_well(&self) -> bool {
        let mut each = self.nodes.iter().zip(&self.misjudged);
        each.all(|(node, misjudged)| node.tasks > 0 || misjudged.more == 0 && misjudged.rate == 0)
    }

    #[inline]
    fn kind(&self, node: NodeId) -> &Kind {
        &self.kinds[self.at(node).group as usize]
    }

    /// True if tasks behind the head of the node's queue may start when the head does not fit.
    #[inline]
    pub fn backfills(&self, node: NodeId) -> bool {
        self.kind(node).backfills
    }

    fn row(&self, node: NodeId) -> std::ops::Range<usize> {
        let start = node.index() * self.dimensions;
        start..start + self.dimensions
    }

    /// Demand running, in dimension `d`; of slots that are shared as many as are in use.
    pub fn used(&self, node: NodeId, d: usize) -> u64 {
        match d {
            SLOTS => self.demanded(node, d).min(self.kind(node).slots),
            _ => self.demanded(node, d),
        }
    }

    /// Demand running, in dimension `d`.
    pub fn demanded(&self, node: NodeId, d: usize) -> u64 {
        match d {
            SLOTS => self.kind(node).limits[SLOTS] - self.at(node).free,
            _ => self.used[self.row(node)][d],
        }
    }

    /// Slots demanded of those that are shared at the node beyond those that there are.
    pub fn excess(&self, node: NodeId) -> u64 {
        self.demanded(node, SLOTS) - self.used(node, SLOTS)
    }

    /// Attempts that wait in the queue of the node, without slots that are demanded beyond those that there are.
    pub fn in_queue(&self, node: NodeId) -> u64 {
        u64::from(self.at(node).queued) - self.excess(node)
    }

    /// Slots that are shared are in use no more than there are, and what is demanded beyond counts
    /// as waiting: `before` were that before what runs at the node changed `now`.
    pub fn recount(&mut self, node: NodeId, before: u64, now: Time) {
        let excess = self.excess(node);
        if excess >= before {
            self.in_use.fall(excess - before, now);
        } else {
            self.in_use.rise(before - excess, now);
        }
        let this = self.at_mut(node);
        this.queued = (u64::from(this.queued) + excess - before) as u32;
    }

    /// Demand running, queued or travelling, by dimension.
    #[inline]
    pub fn held(&self, node: NodeId) -> &[u64] {
        match self.dimensions {
            1 => std::slice::from_ref(&self.at(node).held),
            _ => &self.held[self.row(node)],
        }
    }

    /// Integral until `now` of the units of demand that run, of all dimensions at all nodes
    /// together.
    pub fn in_use_until(&self, now: Time) -> i128 {
        i128::from(self.in_use.units) * i128::from(now.0) - self.in_use.excess
    }

    /// True if there is room for `slots` (and `row`, where there are several dimensions) beside what
    /// runs at the node.
    #[inline]
    pub fn has_room(&self, node: NodeId, slots: u64, row: &[u64]) -> bool {
        slots <= self.at(node).free
            && (row.is_empty() || self.has_room_for_row(node, row))
            && self.state(node) != NodeState::Down
    }

    fn has_room_for_row(&self, node: NodeId, row: &[u64]) -> bool {
        let (used, limits) = (&self.used[self.row(node)], &self.kind(node).limits);
        let mut each = used.iter().zip(row).zip(limits);
        each.all(|((used, need), limit)| used.saturating_add(*need) <= *limit)
    }

    /// True if no attempt runs at, waits at or travels to any node.
    pub fn are_idle(&self) -> bool {
        self.holding.iter().all(|word| *word == 0)
    }

    /// Tasks of this `demand` that have room beside what runs at the node, were it up.
    pub fn copies(&self, node: NodeId, demand: &[u64]) -> u64 {
        let limits = &self.kind(node).limits;
        let of = |(d, need): (usize, &u64)| match need {
            0 => u64::MAX,
            need => limits[d].saturating_sub(self.demanded(node, d)) / need,
        };
        demand.iter().enumerate().map(of).min().unwrap_or(u64::MAX)
    }

    /// Visits the nodes to which any attempt runs, waits or travels, in id order.
    #[inline]
    pub fn for_each_holding(&self, mut visit: impl FnMut(NodeId, &Node)) {
        for (word, &bits) in self.holding.iter().enumerate() {
            let mut left = bits;
            while left != 0 {
                let at = word * 64 + left.trailing_zeros() as usize;
                visit(NodeId(at as u32), &self.nodes[at]);
                left &= left - 1;
            }
        }
    }

    /// An attempt of `service` is bound to the node and on its way. It demands `slots`, and `row`
    /// where there are several dimensions.
    #[inline]
    pub fn bind(&mut self, node: NodeId, slots: u64, row: &[u64], service: Time, now: Time) {
        let this = &mut self.nodes[node.index()];
        this.settle(now);
        this.level = this.level.wrapping_add(service.0);
        this.held += slots;
        if this.tasks == 0 {
            note(&mut self.holding, node.index(), true);
        }
        this.tasks += 1;
        if !row.is_empty() {
            let held = self.row(node);
            add(&mut self.held[held], row);
        }
    }

    /// An attempt bound to the node starts to run.
    #[inline(always)]
    pub fn start(&mut self, node: NodeId, slots: u64, row: &[u64], now: Time) -> &mut Node {
        self.in_use.rise(slots, now);
        if !row.is_empty() {
            let used = self.row(node);
            add(&mut self.used[used], row);
            self.in_use.rise(others(row), now);
        }
        let this = &mut self.nodes[node.index()];
        this.settle(now);
        this.rate += 1;
        this.free -= slots;
        this
    }

    /// An attempt that ran at the node has ended.
    #[inline(always)]
    pub fn end(&mut self, node: NodeId, slots: u64, row: &[u64], now: Time) -> &mut Node {
        self.in_use.fall(slots, now);
        if !row.is_empty() {
            self.stop_row(node, row, now);
            self.release_row(node, row);
        }
        let this = &mut self.nodes[node.index()];
        this.stop(slots, now);
        if this.release(slots) {
            note(&mut self.holding, node.index(), false);
        }
        this
    }

    /// An attempt of `service` is bound to a node of one slot, at which all that was to end until
    /// `now` has ended: it runs there as soon as those before it have.
    #[inline(always)]
    pub fn line_up(&mut self, node: NodeId, service: Time, now: Time) {
        let this = &mut self.nodes[node.index()];
        if this.tasks == 0 {
            note(&mut self.holding, node.index(), true);
            self.in_use.rise(1, now);
            (this.level, this.since) = (0, now);
            (this.rate, this.free) = (1, 0);
        } else {
            this.queued += 1;
        }
        this.level = this.level.wrapping_add(service.0);
        this.held += 1;
        this.tasks += 1;
    }

    /// The attempt that ran at a node of one slot has ended at `end`, and the next, if there is one,
    /// started.
    #[inline(always)]
    pub fn move_up(&mut self, node: NodeId, end: Time) {
        let this = &mut self.nodes[node.index()];
        this.held -= 1;
        this.tasks -= 1;
        if this.tasks == 0 {
            note(&mut self.holding, node.index(), false);
            self.in_use.fall(1, end);
            this.stop(1, end);
        } else {
            this.queued -= 1;
        }
    }

    /// A node of one slot has `tasks` in line `now`, of which `left` of service is left.
    pub fn show_line(&mut self, node: NodeId, tasks: u32, left: Time, now: Time) {
        let this = &mut self.nodes[node.index()];
        let (is_busy, before) = (
            u32::from(tasks > 0),
            std::mem::replace(&mut this.tasks, tasks),
        );
        if before == 0 && tasks == 0 {
            return;
        }
        (this.level, this.since) = (left.0, now);
        (this.rate, this.free) = (is_busy, u64::from(1 - is_busy));
        (this.held, this.queued) = (u64::from(tasks), tasks - is_busy);
        note(&mut self.holding, node.index(), tasks > 0);
    }

    /// Nothing is at any node.
    pub fn show_none(&mut self) {
        for word in 0..self.holding.len() {
            while self.holding[word] != 0 {
                let at = word * 64 + self.holding[word].trailing_zeros() as usize;
                self.show_empty(at);
            }
        }
    }

    fn show_empty(&mut self, at: usize) {
        let this = &mut self.nodes[at];
        (this.tasks, this.rate, this.queued) = (0, 0, 0);
        (this.level, this.held) = (0, 0);
        this.free = self.kinds[this.group as usize].limits[SLOTS];
        note(&mut self.holding, at, false);
        if self.dimensions > 1 {
            let row = at * self.dimensions..(at + 1) * self.dimensions;
            self.used[row.clone()].fill(0);
            self.held[row].fill(0);
        }
    }

    /// At a node is one more task than was [shown](Nodes::show_none), if it `is_there`: it runs, waits or is on its way,
    /// and so much of its service is `left`. Without a branch: none of it is anything that a processor can guess.
    #[inline(always)]
    pub fn show_task(&mut self, node: NodeId, [is_there, runs, waits]: [bool; 3], left: Time) {
        let this = &mut self.nodes[node.index()];
        self.holding[node.index() / 64] |= u64::from(is_there) << (node.index() % 64);
        this.tasks += u32::from(is_there);
        this.rate += u32::from(runs);
        this.queued += u32::from(waits);
        this.level = this.level.wrapping_add(left.0);
    }

    /// All that was shown was shown `now`, and each task demands that.
    pub fn show_demand(&mut self, demand: &[u64], now: Time) {
        for word in 0..self.holding.len() {
            let mut left = self.holding[word];
            while left != 0 {
                let at = word * 64 + left.trailing_zeros() as usize;
                self.show_held(at, demand, now);
                left &= left - 1;
            }
        }
    }

    fn show_held(&mut self, at: usize, demand: &[u64], now: Time) {
        let this = &mut self.nodes[at];
        let [tasks, running] = [this.tasks, this.rate].map(u64::from);
        this.since = now;
        this.free = self.kinds[this.group as usize].limits[SLOTS] - running * demand[SLOTS];
        this.held = tasks * demand[SLOTS];
        if self.dimensions > 1 {
            for (d, need) in demand.iter().enumerate() {
                let cell = at * self.dimensions + d;
                (self.used[cell], self.held[cell]) = (running * need, tasks * need);
            }
        }
    }

    /// A task of `demand` is held at the node from now on, where no more than that is kept of it.
    pub fn hold(&mut self, node: NodeId, demand: &[u64]) {
        let this = &mut self.nodes[node.index()];
        if this.tasks == 0 {
            note(&mut self.holding, node.index(), true);
        }
        this.held += demand[SLOTS];
        this.tasks += 1;
        if self.dimensions > 1 {
            let held = self.row(node);
            add(&mut self.held[held], demand);
        }
    }

    /// It is held there no more; nor is anything that was shown there, if it was the last.
    pub fn let_go(&mut self, node: NodeId, demand: &[u64]) {
        if self.at(node).tasks == 1 {
            return self.show_empty(node.index());
        }
        if self.dimensions > 1 {
            self.release_row(node, demand);
        }
        self.nodes[node.index()].release(demand[SLOTS]);
    }

    /// `units` of demand run `now`, and their integral until then is `integral`.
    pub fn show_use(&mut self, units: u64, integral: i128, now: Time) {
        self.in_use = InUse {
            units,
            excess: i128::from(units) * i128::from(now.0) - integral,
        };
    }

    /// An attempt that runs at the node stops, and is still held there.
    pub fn stop(&mut self, node: NodeId, slots: u64, row: &[u64], now: Time) -> &mut Node {
        self.in_use.fall(slots, now);
        if !row.is_empty() {
            self.stop_row(node, row, now);
        }
        let this = &mut self.nodes[node.index()];
        this.stop(slots, now);
        this
    }

    /// An attempt that does not run is held at the node no more. Of its service `left` was left.
    pub fn release(&mut self, node: NodeId, slots: u64, row: &[u64], left: Time) {
        if !row.is_empty() {
            self.release_row(node, row);
        }
        let this = &mut self.nodes[node.index()];
        this.level = this.level.wrapping_sub(left.0);
        if this.release(slots) {
            note(&mut self.holding, node.index(), false);
        }
    }

    /// Room is kept for an attempt that is held at the node and does not run yet.
    pub fn keep_room(&mut self, node: NodeId, slots: u64, row: &[u64]) {
        if !row.is_empty() {
            let used = self.row(node);
            add(&mut self.used[used], row);
        }
        self.nodes[node.index()].free -= slots;
    }

    /// That room is given back.
    pub fn give_room_back(&mut self, node: NodeId, slots: u64, row: &[u64]) {
        if !row.is_empty() {
            let used = self.row(node);
            subtract(&mut self.used[used], row);
        }
        self.nodes[node.index()].free += slots;
    }

    fn stop_row(&mut self, node: NodeId, row: &[u64], now: Time) {
        let used = self.row(node);
        subtract(&mut self.used[used], row);
        self.in_use.fall(others(row), now);
    }

    fn release_row(&mut self, node: NodeId, row: &[u64]) {
        let held = self.row(node);
        subtract(&mut self.held[held], row);
    }

    /// An attempt that does not run will run for `more` beyond what was left.
    pub fn lengthen(&mut self, node: NodeId, more: Time) {
        let this = &mut self.nodes[node.index()];
        this.level = this.level.wrapping_add(more.0);
    }
}

/// Notes in bits whether the node at that place holds anything.
#[inline]
fn note(holding: &mut [u64], at: usize, holds: bool) {
    let (word, bit) = (&mut holding[at / 64], 1 << (at % 64));
    match holds {
        true => *word |= bit,
        false => *word &= !bit,
    }
}

/// Units of all dimensions but slots.
fn others(row: &[u64]) -> u64 {
    row[SLOTS + 1..].iter().sum()
}

/// True if `taken` + `demand` stays within `capacity` in every dimension.
#[inline]
pub fn fits(taken: &[u64], demand: &[u64], capacity: &[Option<u64>]) -> bool {
    if let ([taken], [need], [has]) = (taken, demand, capacity) {
        return has.is_none_or(|has| taken + need <= has);
    }
    let mut each = taken.iter().zip(demand).zip(capacity);
    // Of what a task does not need, no shortage hinders it.
    each.all(|((taken, need), has)| *need == 0 || has.is_none_or(|has| taken + need <= has))
}

fn add(row: &mut [u64], demand: &[u64]) {
    row.iter_mut()
        .zip(demand)
        .for_each(|(sum, need)| *sum += need);
}

fn subtract(row: &mut [u64], demand: &[u64]) {
    row.iter_mut()
        .zip(demand)
        .for_each(|(sum, need)| *sum -= need);
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn what_a_task_does_not_need_never_hinders_it() {
        let capacity = [None, Some(8), Some(4)];
        assert!(fits(&[3, 7, 9], &[1, 1, 0], &capacity));
        assert!(!fits(&[3, 7, 9], &[1, 2, 0], &capacity));
        assert!(!fits(&[3, 7, 4], &[1, 1, 1], &capacity));
    }
}
