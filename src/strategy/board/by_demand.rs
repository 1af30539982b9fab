//! The order of nodes by a measure that hangs on what a task demands: a tournament for each of a few demands.
//!
//! Nodes that change are noted, and looked at when somebody asks: so a change costs next to nothing for the
//! demands that nobody asks for, and a question never more than a look at every node.

use super::tournament::{Falling, Tournament};
use crate::engine::random::Draw;
use crate::strategy::measure::Measure;
use crate::strategy::view::View;
use crate::strategy::{Ask, Ties};

use super::overlay::Overlay;

/// Demands at most; if there are more, as where each job brings its own, nothing is kept of any.
const MOST: usize = 16;

/// See the module.
#[derive(Debug)]
pub struct ByDemand {
    /// What nodes are compared by.
    pub measure: Measure,
    orders: Vec<Kept>,
    /// There are too many demands.
    is_given_up: bool,
}

/// The order for one demand.
#[derive(Debug)]
struct Kept {
    demand: Vec<u64>,
    nodes: Tournament,
    /// Positions that have changed since the last question, each once, and which they are by position.
    changed: Vec<u32>,
    is_changed: Vec<bool>,
}

impl ByDemand {
    /// No order yet.
    pub fn new(measure: Measure) -> ByDemand {
        ByDemand {
            measure,
            orders: Vec::new(),
            is_given_up: false,
        }
    }

    /// The node at a position has changed, or may be chosen now or not.
    #[inline]
    pub fn note(&mut self, at: usize) {
        for kept in &mut self.orders {
            if !kept.is_changed[at] {
                kept.is_changed[at] = true;
                kept.changed.push(at as u32);
            }
        }
    }

    /// Position of the least of all candidates; nothing where it is not kept, else `None` if there is none.
    pub fn least(
        &mut self,
        ask: &Ask<'_>,
        ties: Ties,
        view: &View<'_>,
        rng: &mut Draw,
    ) -> Option<Option<usize>> {
        let is_it = |kept: &Kept| kept.demand == ask.demand;
        let at = match self.orders.iter().position(is_it) {
            Some(at) => at,
            None => self.add(ask)?,
        };
        let kept = &mut self.orders[at];
        kept.catch_up(self.measure, ask, view);
        let mut over = Overlay::default();
        Some(over.over(&mut kept.nodes).least(view.now(), ties, rng))
    }

    /// The order for one demand more, in which all is still to be looked at.
    #[cold]
    fn add(&mut self, ask: &Ask<'_>) -> Option<usize> {
        if self.is_given_up || self.orders.len() == MOST {
            self.is_given_up = true;
            self.orders.clear();
            return None;
        }
        let count = ask.nodes.pool().ids().len();
        self.orders.push(Kept {
            demand: ask.demand.to_vec(),
            nodes: Tournament::new(count),
            changed: (0..count as u32).collect(),
            is_changed: vec![true; count],
        });
        Some(self.orders.len() - 1)
    }
}

impl Kept {
    /// Looks at all that has changed; at all nodes, if that is much.
    fn catch_up(&mut self, measure: Measure, ask: &Ask<'_>, view: &View<'_>) {
        let (pool, now) = (ask.nodes.pool(), view.now());
        let value = |at: usize| {
            let node = pool.at(at);
            let is_candidate = ask.nodes.contains(node);
            let ratio = is_candidate.then(|| (measure.of)(node, ask.demand, view));
            ratio.flatten().map(|ratio| Falling {
                value: ratio.over,
                rate: 0,
                weight: ratio.under,
            })
        };
        let is_much = self.changed.len() > self.is_changed.len() / 4;
        if is_much {
            self.nodes.fill((0..self.is_changed.len()).map(value), now);
        }
        for at in self.changed.drain(..) {
            let at = at as usize;
            self.is_changed[at] = false;
            if !is_much {
                self.nodes.set(at, value(at), now);
            }
        }
    }
}
