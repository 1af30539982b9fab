//! Attempts that have been sent and have not arrived.
//!
//! What a dispatcher has sent it knows of, though the node does not yet; what the others have sent
//! it cannot know. Both are in the nodes' true state, so a view takes off what its dispatcher does
//! not see.

use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;

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
    tasks: Vec<u32>,
    work: Vec<u64>,
    held: Vec<u64>,
    dimensions: usize,
}

impl Travelling {
    /// None.
    pub fn new(layout: &Layout) -> Travelling {
        let (count, dimensions) = (layout.count() as usize, layout.dimensions());
        Travelling {
            tasks: vec![0; count],
            work: vec![0; count],
            held: vec![0; count * dimensions],
            dimensions,
        }
    }

    /// Attempts to `node`.
    #[inline]
    pub fn tasks(&self, node: NodeId) -> u32 {
        self.tasks[node.index()]
    }

    /// Their service in nanoseconds, as estimated.
    #[inline]
    pub fn work(&self, node: NodeId) -> u64 {
        self.work[node.index()]
    }

    /// Their demand by dimension.
    #[inline]
    pub fn held(&self, node: NodeId) -> &[u64] {
        let row = node.index() * self.dimensions;
        &self.held[row..row + self.dimensions]
    }

    fn held_mut(&mut self, node: NodeId) -> &mut [u64] {
        let row = node.index() * self.dimensions;
        &mut self.held[row..row + self.dimensions]
    }

    /// Counts an attempt in.
    pub fn add(&mut self, to: Bound<'_>) {
        self.tasks[to.node.index()] += 1;
        self.work[to.node.index()] += to.service.0;
        let held = self.held_mut(to.node).iter_mut();
        held.zip(to.demand).for_each(|(sum, need)| *sum += need);
    }

    /// Counts it out.
    pub fn subtract(&mut self, to: Bound<'_>) {
        self.tasks[to.node.index()] -= 1;
        self.work[to.node.index()] -= to.service.0;
        let held = self.held_mut(to.node).iter_mut();
        held.zip(to.demand).for_each(|(sum, need)| *sum -= need);
    }
}

/// The attempts of one dispatcher that travel: what it knows of and others do not.
#[derive(Clone, Debug, Default)]
pub struct Own {
    attempts: Vec<(u32, NodeId, Time)>,
    /// Their demand, row by row.
    demands: Vec<u64>,
}

impl Own {
    /// An attempt sets out.
    pub fn send(&mut self, attempt: u32, to: Bound<'_>) {
        self.attempts.push((attempt, to.node, to.service));
        self.demands.extend_from_slice(to.demand);
    }

    /// It arrives, or is lost on the way; its demand has `dimensions` dimensions.
    pub fn arrive(&mut self, attempt: u32, dimensions: usize) {
        let Some(at) = self.attempts.iter().position(|sent| sent.0 == attempt) else {
            return;
        };
        self.attempts.swap_remove(at);
        let last = self.demands.len() - dimensions;
        self.demands.copy_within(last.., at * dimensions);
        self.demands.truncate(last);
    }

    /// Each, with a demand of `dimensions` dimensions.
    pub fn iter(&self, dimensions: usize) -> impl Iterator<Item = Bound<'_>> {
        let each = self
            .attempts
            .iter()
            .zip(self.demands.chunks_exact(dimensions));
        each.map(|(&(_, node, service), demand)| Bound {
            node,
            service,
            demand,
        })
    }
}
