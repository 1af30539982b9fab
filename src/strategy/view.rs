//! What a dispatcher sees of the nodes when it decides. Every read of a placement goes through
//! here, so that no algorithm knows more than its strategy says.
//!
//! What is seen may be old or a part of what there is; whether it is, the placement cannot know, as its code is
//! the same for every view. So a comparison of views changes nothing but the view.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;

use super::board::news::News;
use super::board::travelling::Travelling;
use super::board::{Eligible, Laid, Order, Orders};
pub use super::truth::Truth;
use super::{Ask, Ties};
use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::model::cluster::SLOTS;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::nodes::fits;

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

/// How what a dispatcher sees differs from the truth.
#[derive(Clone, Copy, Debug)]
pub enum Difference<'a> {
    /// This travels, and is not seen.
    Hidden(&'a Travelling),
    /// It sees none of it, but knows what it has sent, and what it is told.
    Told(&'a Travelling, Option<&'a News>),
}

/// Credits by node, by which equal nodes take turns (smooth round-robin among the tied alone, all of
/// weight 1: each tied node's credit grows by one, the first with the largest is taken, and its own
/// falls by the number of the tied; nginx 1.22, `ngx_http_upstream_least_conn_module`).
#[derive(Clone, Debug)]
pub struct Turns {
    credits: Vec<i64>,
    tied: Vec<usize>,
}

impl Turns {
    /// None has any.
    pub(super) fn new(layout: &Layout) -> Turns {
        Turns {
            credits: vec![0; layout.count() as usize],
            tied: Vec::new(),
        }
    }

    /// The one of the `tied` nodes whose turn it is; nothing changes where there is but one.
    fn take(&mut self, tied: impl Iterator<Item = NodeId> + Clone) -> Option<NodeId> {
        let first = tied.clone().next()?;
        if tied.clone().nth(1).is_none() {
            return Some(first);
        }
        let (mut best, mut sum) = (first, 0);
        for node in tied {
            self.credits[node.index()] += 1;
            sum += 1;
            if self.credits[node.index()] > self.credits[best.index()] {
                best = node;
            }
        }
        self.credits[best.index()] -= sum;
        Some(best)
    }
}

/// The nodes as one dispatcher sees them at one instant, with the orders of the candidates of its
/// decision.
#[derive(Debug)]
pub struct View<'a> {
    truth: Truth<'a>,
    difference: Option<Difference<'a>>,
    orders: Option<&'a Orders>,
    laid: Laid<'a>,
    turns: Option<&'a RefCell<Turns>>,
    probes: Cell<u32>,
    log: Option<&'a RefCell<Vec<NodeId>>>,
}

impl<'a> View<'a> {
    /// `truth` with a difference.
    #[inline]
    pub(super) fn new(truth: Truth<'a>, difference: Option<Difference<'a>>) -> View<'a> {
        View {
            truth,
            difference,
            orders: None,
            laid: None,
            turns: None,
            probes: Cell::new(0),
            log: None,
        }
    }

    /// The same with the orders of a decision's candidates, what lies over them, and credits for turns; each node that is asked is noted in
    /// `log`, if there is one.
    #[inline(always)]
    pub(super) fn of_list(
        truth: Truth<'a>,
        difference: Option<Difference<'a>>,
        (orders, laid): (&'a Orders, Laid<'a>),
        turns: Option<&'a RefCell<Turns>>,
        log: Option<&'a RefCell<Vec<NodeId>>>,
    ) -> View<'a> {
        View {
            truth,
            difference,
            orders: Some(orders),
            laid,
            turns,
            probes: Cell::new(0),
            log,
        }
    }

    /// What a placement is built for that is to decide `ask` afresh.
    pub(crate) fn eligible(&self, ask: &Ask<'a>) -> Eligible<'a> {
        let wanted = self.orders.map(Orders::wanted).unwrap_or_default();
        Eligible::again(ask.nodes.pool(), self.truth.layout, ask.ties, wanted)
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.truth.now
    }

    /// Asks `node` for its state: a probe and a reply of a real system. A placement says so once
    /// for each node that it reads for a decision without relying on reports of it.
    #[inline]
    pub fn probe(&self, node: NodeId) {
        self.probes.set(self.probes.get() + 1);
        if let Some(log) = self.log {
            log.borrow_mut().push(node);
        }
    }

    /// Number of probes so far.
    pub fn probes(&self) -> u32 {
        self.probes.get()
    }

    /// What does not change: speeds, slots, capacities.
    pub fn layout(&self) -> &'a Layout {
        self.truth.layout
    }

    /// Of when what is seen is.
    #[inline]
    pub(super) fn clock(&self) -> Time {
        match self.difference {
            Some(Difference::Told(_, Some(news))) => news.clock(),
            _ => self.truth.now,
        }
    }

    /// Attempts running, queued and (as far as the dispatcher knows) travelling.
    #[inline]
    pub fn tasks(&self, node: NodeId) -> u32 {
        let all = || self.truth.nodes.at(node).tasks;
        match self.difference {
            None => all(),
            Some(Difference::Hidden(hidden)) => all() - hidden.tasks(node),
            Some(Difference::Told(own, news)) => {
                news.map_or(0, |news| news.tasks(node)) + own.tasks(node)
            }
        }
    }

    /// Service still to be done at the node at this instant, as estimated, in nanoseconds, and at
    /// which rate it falls (the number of attempts running).
    #[inline]
    pub fn work(&self, node: NodeId) -> (u64, u32) {
        let all = || self.truth.nodes.work_seen(node, self.truth.now);
        match self.difference {
            None => all(),
            Some(Difference::Hidden(hidden)) => {
                let (work, rate) = all();
                (work - hidden.work(node), rate)
            }
            Some(Difference::Told(own, news)) => {
                let (told, rate) = news.map_or((0, 0), |news| news.work(node));
                (told + own.work(node), rate)
            }
        }
    }

    /// Demand held at the node in `dimension`: running, queued and travelling.
    #[inline]
    pub fn held(&self, node: NodeId, dimension: usize) -> u64 {
        let all = || self.truth.nodes.held(node)[dimension];
        match self.difference {
            None => all(),
            Some(Difference::Hidden(hidden)) => all() - hidden.held(node)[dimension],
            Some(Difference::Told(own, news)) => {
                let told = news.map_or(0, |news| news.held(node)[dimension]);
                told + own.held(node)[dimension]
            }
        }
    }

    /// True if `demand` fits beside all that the node holds.
    #[inline]
    pub fn fits(&self, node: NodeId, demand: &[u64]) -> bool {
        let capacity = self.layout().capacity(node);
        if self.difference.is_none() {
            return fits(self.truth.nodes.held(node), demand, capacity);
        }
        let mut dimensions = demand.iter().zip(capacity).enumerate();
        let room = |d, has| self.held(node, d) + demand[d] <= has;
        dimensions.all(|(d, (need, has))| *need == 0 || has.is_none_or(|has| room(d, has)))
    }

    /// True if `demand` fits beside what runs at the node: only where tasks wait in a central
    /// queue does a strategy know that.
    #[inline]
    pub(super) fn has_room(&self, node: NodeId, demand: &[u64]) -> bool {
        let (slots, row) = match demand {
            [] => return true,
            &[slots] => (slots, &[][..]),
            row => (row[SLOTS], row),
        };
        self.truth.nodes.has_room(node, slots, row)
    }

    /// The largest, over the finite dimensions, of (demand held + `demand`) / capacity.
    #[inline]
    pub fn ratio(&self, node: NodeId, demand: &[u64]) -> Ratio {
        self.largest(node, demand.iter().copied())
    }

    /// The largest, over the finite dimensions, of demand held / capacity.
    #[inline]
    pub fn load(&self, node: NodeId) -> Ratio {
        self.largest(node, std::iter::repeat(0))
    }

    #[inline]
    fn largest(&self, node: NodeId, demand: impl Iterator<Item = u64>) -> Ratio {
        let dimensions = self.layout().capacity(node).iter().zip(demand).enumerate();
        let finite = dimensions.filter_map(|(d, (has, need))| {
            has.filter(|&has| has > 0).map(|has| Ratio {
                over: self.held(node, d) + need,
                under: has,
            })
        });
        finite.fold(Ratio::ZERO, Ratio::max)
    }

    /// The candidate that is least by an order asked for when the placement was built; ties as the
    /// strategy says.
    #[inline]
    pub fn least(&self, order: Order, ask: &Ask<'_>, rng: &mut Draw) -> Option<NodeId> {
        if ask.ties == Ties::Turns {
            return self.next_in_turn(order, ask);
        }
        let at = (self.orders?).least((order, self.laid), self.clock(), ask.ties, rng)?;
        Some(ask.nodes.pool().at(at))
    }

    #[cold]
    fn next_in_turn(&self, order: Order, ask: &Ask<'_>) -> Option<NodeId> {
        let mut turns = self.turns?.borrow_mut();
        let mut tied = std::mem::take(&mut turns.tied);
        tied.clear();
        (self.orders?).tied((order, self.laid), self.clock(), &mut tied);
        let nodes = tied.iter().map(|&at| ask.nodes.pool().at(at));
        let node = turns.take(nodes);
        turns.tied = tied;
        node
    }

    /// A candidate without any task, by an order of tasks.
    #[inline]
    pub fn idle(&self, order: Order, ask: &Ask<'_>, rng: &mut Draw) -> Option<NodeId> {
        let at = (self.orders?).idle((order, self.laid), self.clock(), ask.ties, rng)?;
        Some(ask.nodes.pool().at(at))
    }

    /// A candidate with probability proportional to speed x slots, by an order of shares.
    #[inline]
    pub fn by_share(&self, order: Order, ask: &Ask<'_>, rng: &mut Draw) -> Option<NodeId> {
        Some(ask.nodes.pool().at(self.orders?.draw(order, rng)?))
    }

    /// The candidate that is least by a measure asked for when the placement was built, for the task that is
    /// asked for; ties as `ties` says. It is looked up where the order is kept; else all are looked at.
    pub fn least_for(
        &self,
        order: Order,
        ask: &Ask<'_>,
        ties: Ties,
        rng: &mut Draw,
    ) -> Option<NodeId> {
        let orders = self.orders?;
        if ask.nodes.are_all
            && self.laid.is_none()
            && matches!(ties, Ties::Random | Ties::LowestId)
            && let Some(least) = orders.least_for(order, (ask, ties), self, rng)
        {
            return Some(ask.nodes.pool().at(least?));
        }
        let measure = orders.measure(order)?;
        let figure = |node| (measure.of)(node, ask.demand, self);
        self.least_of_some(ask.nodes.iter(), figure, ties, rng)
    }

    /// The one of `nodes` (which must come in id order) with the least figure; ties as the strategy
    /// says. For the largest, let the figure be [`Reverse`](std::cmp::Reverse).
    #[inline]
    pub fn least_of<T: Ord + Copy>(
        &self,
        nodes: impl Iterator<Item = NodeId>,
        figure: impl Fn(NodeId) -> T,
        ask: &Ask<'_>,
        rng: &mut Draw,
    ) -> Option<NodeId> {
        self.least_of_some(nodes, |node| Some(figure(node)), ask.ties, rng)
    }

    /// The same of those that have a figure.
    #[inline]
    fn least_of_some<T: Ord + Copy>(
        &self,
        nodes: impl Iterator<Item = NodeId>,
        figure: impl Fn(NodeId) -> Option<T>,
        ties: Ties,
        rng: &mut Draw,
    ) -> Option<NodeId> {
        let mut tied = self.orders?.scratch();
        let mut least: Option<T> = None;
        for node in nodes {
            let Some(value) = figure(node) else {
                continue;
            };
            match least.map_or(Ordering::Less, |least| value.cmp(&least)) {
                Ordering::Greater => continue,
                Ordering::Equal => {}
                Ordering::Less => {
                    tied.clear();
                    least = Some(value);
                }
            }
            tied.push(node);
        }
        least?;
        if let (Ties::Turns, Some(turns)) = (ties, self.turns) {
            let tied = tied.iter().copied();
            return turns.borrow_mut().take(tied);
        }
        Some(tied[ties.pick(tied.len() as u32, rng) as usize])
    }
}
