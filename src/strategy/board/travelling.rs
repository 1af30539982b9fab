//! Attempts that have been sent and have not arrived.
//!
//! What a dispatcher has sent it knows of, though the node does not yet; what the others have sent
//! it cannot know. Both are in the nodes' true state, so a view takes off what its dispatcher does
//! not see.

use std::collections::VecDeque;
use std::collections::hash_map::Keys;

use rustc_hash::FxHashMap;

use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::slab::NONE;

/// When something happens. Of one instant, boards are renewed after services have ended and before
/// anything is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// The time.
    pub time: Time,
    /// Whether boards have been renewed.
    pub is_late: bool,
}

/// An attempt bound to a node.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// The node.
    pub node: NodeId,
    /// How long it runs there, as estimated.
    pub service: Time,
    /// What it demands by dimension.
    pub demand: &'a [u64],
}

/// Sums by node over some of the attempts that travel.
#[derive(Clone, Debug)]
pub struct Travelling {
    rows: Rows,
    tasks: Vec<u32>,
    work: Vec<u64>,
    held: Vec<u64>,
    dimensions: usize,
}

/// Where the sums of a node are.
#[derive(Clone, Debug)]
enum Rows {
    /// Each node has a row.
    All,
    /// Nodes to which anything travels have one, and the first, of nothing, is that of all others.
    Few {
        of: FxHashMap<NodeId, u32>,
        free: Vec<u32>,
    },
}

impl Travelling {
    /// None, with room for each node.
    pub fn new(layout: &Layout) -> Travelling {
        Travelling::with(Rows::All, layout.count() as usize, layout)
    }

    /// None, where few nodes are expected: room is made for those to which something travels.
    pub fn few(layout: &Layout) -> Travelling {
        let rows = Rows::Few {
            of: FxHashMap::default(),
            free: Vec::new(),
        };
        Travelling::with(rows, 1, layout)
    }

    fn with(rows: Rows, count: usize, layout: &Layout) -> Travelling {
        let dimensions = layout.dimensions();
        Travelling {
            rows,
            tasks: vec![0; count],
            work: vec![0; count],
            held: vec![0; count * dimensions],
            dimensions,
        }
    }

    #[inline]
    fn row(&self, node: NodeId) -> usize {
        match &self.rows {
            Rows::All => node.index(),
            Rows::Few { of, .. } => of.get(&node).map_or(0, |row| *row as usize),
        }
    }

    /// The row of a node to which something travels from now on.
    #[inline]
    fn row_to_add(&mut self, node: NodeId) -> usize {
        match &mut self.rows {
            Rows::All => node.index(),
            Rows::Few { of, free } => {
                let next = self.tasks.len() as u32;
                let row = *of.entry(node).or_insert_with(|| free.pop().unwrap_or(next));
                if row == next {
                    self.tasks.push(0);
                    self.work.push(0);
                    self.held.resize(self.held.len() + self.dimensions, 0);
                }
                row as usize
            }
        }
    }

    /// Attempts to `node`.
    #[inline]
    pub fn tasks(&self, node: NodeId) -> u32 {
        self.tasks[self.row(node)]
    }

    /// Their service in nanoseconds, as estimated.
    #[inline]
    pub fn work(&self, node: NodeId) -> u64 {
        self.work[self.row(node)]
    }

    /// Their demand by dimension.
    #[inline]
    pub fn held(&self, node: NodeId) -> &[u64] {
        let row = self.row(node) * self.dimensions;
        &self.held[row..row + self.dimensions]
    }

    fn held_mut(&mut self, row: usize) -> &mut [u64] {
        let row = row * self.dimensions;
        &mut self.held[row..row + self.dimensions]
    }

    /// Counts an attempt in.
    pub fn add(&mut self, to: Bound<'_>) {
        let row = self.row_to_add(to.node);
        self.tasks[row] += 1;
        self.work[row] += to.service.0;
        let held = self.held_mut(row).iter_mut();
        held.zip(to.demand).for_each(|(sum, need)| *sum += need);
    }

    /// Counts it out.
    pub fn subtract(&mut self, to: Bound<'_>) {
        let row = self.row(to.node);
        self.tasks[row] -= 1;
        self.work[row] -= to.service.0;
        let held = self.held_mut(row).iter_mut();
        held.zip(to.demand).for_each(|(sum, need)| *sum -= need);
        if let (0, Rows::Few { of, free }) = (self.tasks[row], &mut self.rows) {
            free.extend(of.remove(&to.node));
        }
    }

    /// The nodes to which anything travels, in no order, where few are expected.
    pub fn nodes(&self) -> Keys<'_, NodeId, u32> {
        match &self.rows {
            Rows::All => Keys::default(),
            Rows::Few { of, .. } => of.keys(),
        }
    }
}

/// The attempts of one dispatcher that it knows of and that are not in what it is told.
#[derive(Clone, Debug, Default)]
pub struct Own {
    attempts: Vec<Sent>,
    /// Their demand, row by row.
    demands: Vec<u64>,
    /// Those that have arrived and are not in what it is told yet, by arrival, and their demand.
    arrived: VecDeque<(Instant, Sent)>,
    arrived_demands: VecDeque<u64>,
}

/// An attempt that was sent.
#[derive(Clone, Copy, Debug)]
struct Sent {
    attempt: u32,
    node: NodeId,
    service: Time,
}

/// Where attempts stand among those of their dispatchers, by attempt.
pub type Places = Vec<u32>;

impl Own {
    /// An attempt sets out.
    pub fn send(&mut self, attempt: u32, to: Bound<'_>, places: &mut Places) {
        if places.len() <= attempt as usize {
            places.resize(attempt as usize + 1, NONE);
        }
        places[attempt as usize] = self.attempts.len() as u32;
        let (node, service) = (to.node, to.service);
        self.attempts.push(Sent {
            attempt,
            node,
            service,
        });
        self.demands.extend_from_slice(to.demand);
    }

    /// It has arrived, or is over; its demand has `dimensions` dimensions. Tells where it was sent,
    /// with its demand at the end of `row`; nothing if it is not among them.
    pub fn remove(
        &mut self,
        attempt: u32,
        dimensions: usize,
        places: &mut Places,
        row: &mut Vec<u64>,
    ) -> Option<(NodeId, Time)> {
        let place = places.get_mut(attempt as usize)?;
        let at = std::mem::replace(place, NONE) as usize;
        let sent = *self
            .attempts
            .get(at)
            .filter(|sent| sent.attempt == attempt)?;
        self.attempts.swap_remove(at);
        if let Some(moved) = self.attempts.get(at) {
            places[moved.attempt as usize] = at as u32;
        }
        row.clear();
        row.extend_from_slice(&self.demands[at * dimensions..(at + 1) * dimensions]);
        let last = self.demands.len() - dimensions;
        self.demands.copy_within(last.., at * dimensions);
        self.demands.truncate(last);
        Some((sent.node, sent.service))
    }

    /// An attempt has arrived at `at`, which is not in what is told yet.
    pub fn keep(&mut self, at: Instant, (node, service): (NodeId, Time), demand: &[u64]) {
        let sent = Sent {
            attempt: NONE,
            node,
            service,
        };
        self.arrived.push_back((at, sent));
        self.arrived_demands.extend(demand);
    }

    /// Takes out the first of those that have arrived if it `is_told`; its demand is put into `row`.
    pub fn expire(
        &mut self,
        is_told: impl Fn(Instant) -> bool,
        dimensions: usize,
        row: &mut Vec<u64>,
    ) -> Option<(NodeId, Time)> {
        let (at, sent) = *self.arrived.front()?;
        if !is_told(at) {
            return None;
        }
        self.arrived.pop_front();
        row.clear();
        row.extend(self.arrived_demands.drain(..dimensions));
        Some((sent.node, sent.service))
    }

    /// Appends where each that has set out is, and how long it runs there, and their demands.
    pub fn copy(&self, sent: &mut Vec<(NodeId, Time)>, demands: &mut Vec<u64>) {
        sent.extend(self.attempts.iter().map(|sent| (sent.node, sent.service)));
        demands.extend(&self.demands);
    }

    /// Shows each, with a demand of `dimensions` dimensions; `row` is room for one.
    pub fn for_each(&self, dimensions: usize, row: &mut Vec<u64>, mut show: impl FnMut(Bound<'_>)) {
        let rows = self.demands.chunks_exact(dimensions);
        for (sent, demand) in self.attempts.iter().zip(rows) {
            show(sent.to(demand));
        }
        let mut demands = self.arrived_demands.iter();
        for (_, sent) in &self.arrived {
            row.clear();
            row.extend(demands.by_ref().take(dimensions));
            show(sent.to(row));
        }
    }
}

impl Sent {
    fn to<'a>(&self, demand: &'a [u64]) -> Bound<'a> {
        Bound {
            node: self.node,
            service: self.service,
            demand,
        }
    }
}
