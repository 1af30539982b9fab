//! What a dispatcher sees of the nodes when it decides. Every read of a placement goes through
//! here, so that no algorithm knows more than its strategy says.

use std::cell::{Cell, RefCell};

use super::ids::NodeId;
use super::layout::Layout;
use super::nodes::{Nodes, fits};
use crate::engine::time::Time;

/// A ratio of whole numbers, compared exactly.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    /// Numerator.
    pub over: u64,
    /// Denominator, above 0.
    pub under: u64,
}

impl Ratio {
    /// 0.
    pub const ZERO: Ratio = Ratio { over: 0, under: 1 };

    /// Rounded to a floating-point number.
    pub fn as_f64(self) -> f64 {
        self.over as f64 / self.under as f64
    }

    /// A whole number.
    pub fn whole(value: u64) -> Ratio {
        Ratio {
            over: value,
            under: 1,
        }
    }
}

impl Ord for Ratio {
    #[inline]
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        if self.under == other.under {
            return self.over.cmp(&other.over);
        }
        let left = u128::from(self.over) * u128::from(other.under);
        left.cmp(&(u128::from(other.over) * u128::from(self.under)))
    }
}
impl PartialOrd for Ratio {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Ratio {}

/// Attempts that have been sent and have not arrived, by node.
#[derive(Clone, Debug)]
pub struct Transit {
    tasks: Vec<u32>,
    work: Vec<u64>,
    held: Vec<u64>,
    dimensions: usize,
}

impl Transit {
    /// Nothing under way.
    pub fn new(layout: &Layout) -> Transit {
        let count = layout.count() as usize;
        let dimensions = layout.dimensions();
        Transit {
            tasks: vec![0; count],
            work: vec![0; count],
            held: vec![0; count * dimensions],
            dimensions,
        }
    }

    /// An attempt sets out.
    pub fn send(&mut self, node: NodeId, service: Time, demand: &[u64]) {
        self.tasks[node.index()] += 1;
        self.work[node.index()] += service.0;
        let row = node.index() * self.dimensions;
        for (sum, need) in self.held[row..].iter_mut().zip(demand) {
            *sum += need;
        }
    }

    /// It arrives.
    pub fn arrive(&mut self, node: NodeId, service: Time, demand: &[u64]) {
        self.tasks[node.index()] -= 1;
        self.work[node.index()] -= service.0;
        let row = node.index() * self.dimensions;
        for (sum, need) in self.held[row..].iter_mut().zip(demand) {
            *sum -= need;
        }
    }
}

/// How much of what travels a dispatcher knows of.
#[derive(Clone, Copy, Debug)]
pub enum Travelling<'a> {
    /// Nothing travels, or one dispatcher sent all of it and counts it.
    All,
    /// Of all that travels (`total`) only what it sent itself (`own`), or nothing of it.
    Own {
        /// All dispatchers' attempts.
        total: &'a Transit,
        /// This dispatcher's, if it counts them.
        own: Option<&'a Transit>,
    },
}

/// The nodes as one dispatcher sees them at one instant.
#[derive(Debug)]
pub struct View<'a> {
    layout: &'a Layout,
    nodes: &'a Nodes,
    travelling: Travelling<'a>,
    now: Time,
    reads: Cell<u32>,
    log: Option<&'a RefCell<Vec<NodeId>>>,
}

impl<'a> View<'a> {
    /// The nodes at `now`, seen fresh.
    pub(crate) fn new(
        layout: &'a Layout,
        nodes: &'a Nodes,
        travelling: Travelling<'a>,
        now: Time,
    ) -> View<'a> {
        View {
            layout,
            nodes,
            travelling,
            now,
            reads: Cell::new(0),
            log: None,
        }
    }

    /// The same, with each node that is asked noted in `log`, if there is one.
    pub(crate) fn noting(self, log: Option<&'a RefCell<Vec<NodeId>>>) -> View<'a> {
        View { log, ..self }
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Asks `node` for its state: a probe and a reply of a real system. A placement says so once
    /// for each node that it reads for a decision without having been told of it.
    #[inline]
    pub fn probe(&self, node: NodeId) {
        self.reads.set(self.reads.get() + 1);
        if let Some(log) = self.log {
            log.borrow_mut().push(node);
        }
    }

    /// Number of probes so far.
    pub fn reads(&self) -> u32 {
        self.reads.get()
    }

    /// What does not change: speeds, slots, capacities.
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// Attempts running, queued and (as far as the dispatcher knows) travelling.
    #[inline]
    pub fn tasks(&self, node: NodeId) -> u32 {
        let all = self.nodes.at(node).tasks;
        match self.travelling {
            Travelling::All => all,
            Travelling::Own { total, own } => {
                all - total.tasks[node.index()] + own.map_or(0, |own| own.tasks[node.index()])
            }
        }
    }

    /// Service still to be done at the node at this instant, as estimated, in nanoseconds, and at
    /// which rate it falls (the number of attempts running).
    #[inline]
    pub fn work(&self, node: NodeId) -> (u64, u32) {
        let state = self.nodes.at(node);
        let all = state.remaining(self.now);
        let seen = match self.travelling {
            Travelling::All => all,
            Travelling::Own { total, own } => {
                all - total.work[node.index()] + own.map_or(0, |own| own.work[node.index()])
            }
        };
        (seen, state.rate())
    }

    /// Demand held at the node in `dimension`: running, queued and travelling.
    #[inline]
    pub fn held(&self, node: NodeId, dimension: usize) -> u64 {
        let all = self.nodes.held(node)[dimension];
        match self.travelling {
            Travelling::All => all,
            Travelling::Own { total, own } => {
                let place = node.index() * total.dimensions + dimension;
                all - total.held[place] + own.map_or(0, |own| own.held[place])
            }
        }
    }

    /// True if `demand` fits beside all that the node holds.
    #[inline]
    pub fn fits(&self, node: NodeId, demand: &[u64]) -> bool {
        if let Travelling::All = self.travelling {
            return fits(self.nodes.held(node), demand, self.layout.capacity(node));
        }
        let mut dimensions = demand.iter().zip(self.layout.capacity(node)).enumerate();
        dimensions.all(|(d, (need, has))| has.is_none_or(|has| self.held(node, d) + need <= has))
    }

    /// The largest, over the finite dimensions, of (demand held + `demand`) / capacity.
    #[inline]
    pub fn ratio(&self, node: NodeId, demand: &[u64]) -> Ratio {
        let mut largest = Ratio::ZERO;
        for (d, (need, has)) in demand.iter().zip(self.layout.capacity(node)).enumerate() {
            if let Some(has) = has.filter(|&has| has > 0) {
                largest = largest.max(Ratio {
                    over: self.held(node, d) + need,
                    under: has,
                });
            }
        }
        largest
    }

    /// The largest, over the finite dimensions, of demand held / capacity.
    #[inline]
    pub fn load(&self, node: NodeId) -> Ratio {
        let mut largest = Ratio::ZERO;
        for (d, has) in self.layout.capacity(node).iter().enumerate() {
            if let Some(has) = has.filter(|&has| has > 0) {
                largest = largest.max(Ratio {
                    over: self.held(node, d),
                    under: has,
                });
            }
        }
        largest
    }
}
