//! The state of the nodes of a run: what runs, waits and travels to each.
//!
//! This is the truth. No placement is shown it: a dispatcher sees a view of it, which may be older
//! or leave out what others have sent.

use super::ids::NodeId;
use super::layout::Layout;
use super::slab::NONE;
use crate::engine::time::Time;

/// Unfinished service at a node: what has not started and what is running.
///
/// Remaining service at time t = `waiting` + `ends` - `running` x t. The sums wrap around, as the
/// result is always small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Service times of attempts that have not started.
    pub waiting: u64,
    /// Sum of the instants at which running attempts end.
    pub ends: u64,
    /// Number of running attempts.
    pub running: u32,
}

impl Backlog {
    /// Remaining service at `now`.
    #[inline]
    pub fn remaining(&self, now: Time) -> u64 {
        let gone = u64::from(self.running).wrapping_mul(now.0);
        self.waiting.wrapping_add(self.ends).wrapping_sub(gone)
    }

    /// An attempt of `service` is on its way or waits.
    #[inline]
    pub fn add(&mut self, service: Time) {
        self.waiting = self.waiting.wrapping_add(service.0);
    }

    /// A waiting attempt of `service` starts and will end at `end`.
    #[inline]
    pub fn start(&mut self, service: Time, end: Time) {
        self.waiting = self.waiting.wrapping_sub(service.0);
        self.ends = self.ends.wrapping_add(end.0);
        self.running += 1;
    }

    /// A running attempt that was to end at `end` has ended.
    #[inline]
    pub fn end(&mut self, end: Time) {
        self.ends = self.ends.wrapping_sub(end.0);
        self.running -= 1;
    }
}

/// What changes at a node.
#[derive(Clone, Copy, Debug)]
pub struct NodeState {
    /// Attempts running, queued or travelling to it.
    pub tasks: u32,
    /// Attempts waiting in its queue.
    pub queued: u32,
    /// First waiting attempt.
    pub head: u32,
    /// Last waiting attempt.
    pub tail: u32,
    /// True service left.
    pub backlog: Backlog,
    /// Service left as estimated; what dispatchers see.
    pub expected: Backlog,
}

impl NodeState {
    const EMPTY: NodeState = NodeState {
        tasks: 0,
        queued: 0,
        head: NONE,
        tail: NONE,
        backlog: Backlog {
            waiting: 0,
            ends: 0,
            running: 0,
        },
        expected: Backlog {
            waiting: 0,
            ends: 0,
            running: 0,
        },
    };
}

/// The state of all nodes of a run.
#[derive(Clone, Debug)]
pub struct Nodes {
    dimensions: usize,
    state: Vec<NodeState>,
    used: Vec<u64>,
    held: Vec<u64>,
    in_use: u64,
    /// One bit for each node to which any attempt runs, waits or travels.
    holding: Vec<u64>,
}

impl Nodes {
    /// Empty nodes.
    pub fn new(layout: &Layout) -> Nodes {
        let (count, dimensions) = (layout.count() as usize, layout.dimensions());
        Nodes {
            state: vec![NodeState::EMPTY; count],
            used: vec![0; count * dimensions],
            held: vec![0; count * dimensions],
            in_use: 0,
            holding: vec![0; count.div_ceil(64)],
            dimensions,
        }
    }

    /// What changes at the node.
    #[inline]
    pub fn state(&self, node: NodeId) -> &NodeState {
        &self.state[node.index()]
    }

    /// What changes at the node, to change it.
    #[inline]
    pub fn state_mut(&mut self, node: NodeId) -> &mut NodeState {
        &mut self.state[node.index()]
    }

    fn row(&self, node: NodeId) -> std::ops::Range<usize> {
        let start = node.index() * self.dimensions;
        start..start + self.dimensions
    }

    /// Demand running, by dimension.
    #[inline]
    pub fn used(&self, node: NodeId) -> &[u64] {
        &self.used[self.row(node)]
    }

    /// Units of demand that run, of all dimensions at all nodes together.
    #[inline]
    pub fn in_use(&self) -> u64 {
        self.in_use
    }

    /// Demand running, queued or travelling, by dimension.
    #[inline]
    pub fn held(&self, node: NodeId) -> &[u64] {
        &self.held[self.row(node)]
    }

    /// Nodes to which any attempt runs, waits or travels, in id order.
    pub fn holding(&self) -> impl Iterator<Item = NodeId> {
        let words = (0u32..).zip(&self.holding);
        words.flat_map(|(index, &word)| {
            let rest = |bits: &u64| Some(bits & (bits - 1)).filter(|bits| *bits != 0);
            let bits = std::iter::successors(Some(word).filter(|bits| *bits != 0), rest);
            bits.map(move |bits| NodeId(index * 64 + bits.trailing_zeros()))
        })
    }

    /// An attempt that demands `demand` is on its way to the node.
    #[inline]
    pub fn hold(&mut self, node: NodeId, demand: &[u64]) {
        self.state[node.index()].tasks += 1;
        self.holding[node.index() / 64] |= 1 << (node.index() % 64);
        let row = self.row(node);
        add(&mut self.held[row], demand);
    }

    /// `demand` starts to run.
    #[inline]
    pub fn occupy(&mut self, node: NodeId, demand: &[u64]) {
        let row = self.row(node);
        add(&mut self.used[row], demand);
        self.in_use += total(demand);
    }

    /// An attempt that used `demand` has ended.
    #[inline]
    pub fn release(&mut self, node: NodeId, demand: &[u64]) {
        let tasks = &mut self.state[node.index()].tasks;
        *tasks -= 1;
        self.holding[node.index() / 64] &= !(u64::from(*tasks == 0) << (node.index() % 64));
        let row = self.row(node);
        subtract(&mut self.used[row.clone()], demand);
        subtract(&mut self.held[row], demand);
        self.in_use -= total(demand);
    }
}

/// True if `taken` + `demand` stays within `capacity` in every dimension.
#[inline]
pub fn fits(taken: &[u64], demand: &[u64], capacity: &[Option<u64>]) -> bool {
    if let ([taken], [need], [has]) = (taken, demand, capacity) {
        return has.is_none_or(|has| taken + need <= has);
    }
    taken
        .iter()
        .zip(demand)
        .zip(capacity)
        .all(|((taken, need), has)| has.is_none_or(|has| taken + need <= has))
}

// Where slots are the only dimension, the loops' preparations would cost more than the loops.

#[inline]
fn add(row: &mut [u64], demand: &[u64]) {
    if let ([sum], [need]) = (&mut *row, demand) {
        *sum += need;
        return;
    }
    for (sum, need) in row.iter_mut().zip(demand) {
        *sum += need;
    }
}

/// Sum over the dimensions.
#[inline]
fn total(demand: &[u64]) -> u64 {
    match demand {
        [one] => *one,
        _ => demand.iter().sum(),
    }
}

#[inline]
fn subtract(row: &mut [u64], demand: &[u64]) {
    if let ([sum], [need]) = (&mut *row, demand) {
        *sum -= need;
        return;
    }
    for (sum, need) in row.iter_mut().zip(demand) {
        *sum -= need;
    }
}
