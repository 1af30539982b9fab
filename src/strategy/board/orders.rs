//! The orders that are kept of one list of candidates.
//!
//! A placement says when it is built what it will ask for (the least by tasks, an idle node, a draw
//! by shares), and the board keeps just that up to date as nodes change: a decision then costs
//! O(log n) instead of a look at every node.

use std::cell::{RefCell, RefMut};

use super::by_count::ByCount;
use super::by_demand::ByDemand;
use super::node_set::NodeSet;
use super::overlay::{Overlaid, Overlay};
use super::shares::Shares;
use super::standing::Standing;
use super::tournament::Tournament;
use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::strategy::key::Key;
use crate::strategy::measure::Measure;
use crate::strategy::pool::Pool;
use crate::strategy::view::{Ratio, View};
use crate::strategy::{Ask, Ties};

/// An order that a placement asked for; it stands for the same in every list of its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order(pub(super) usize);

/// What may be kept in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The least by a key.
    Least(Key),
    /// The least by a key, of equal ones that which has stood longest.
    Longest(Key),
    /// Shares of speed x slots.
    Shares,
    /// The least by a measure that hangs on the task's demand.
    Measured(Measure),
}

/// See the module. (Questions may bring an order up to date, hence the cells.)
#[derive(Debug, Default)]
pub struct Orders {
    kept: RefCell<Vec<(Wanted, Kept)>>,
    /// True if for each dispatcher something else lies over them.
    is_under: bool,
    scratch: RefCell<Vec<NodeId>>,
}

/// What lies over the orders of a list for one dispatcher, if anything does.
pub type Laid<'a> = Option<&'a RefCell<Vec<Overlay>>>;

#[derive(Debug)]
enum Kept {
    Counts(ByCount),
    Values(Key, Tournament),
    Standing(Key, Standing),
    Shares(Shares),
    Measured(ByDemand),
}

impl Kept {
    fn new(wanted: Wanted, positions: usize, is_under: bool) -> Kept {
        match wanted {
            Wanted::Least(Key::Tasks) if !is_under => Kept::Counts(ByCount::new(positions)),
            Wanted::Least(key) => Kept::Values(key, Tournament::new(positions)),
            Wanted::Longest(key) => Kept::Standing(key, Standing::new(positions)),
            Wanted::Shares => Kept::Shares(Shares::new(positions)),
            Wanted::Measured(measure) => Kept::Measured(ByDemand::new(measure)),
        }
    }

    #[inline(always)]
    fn set(&mut self, at: usize, node: NodeId, is_member: bool, view: &View<'_>) {
        match self {
            Kept::Counts(counts) => counts.set(at, is_member.then(|| view.tasks(node))),
            _ => self.set_other(at, node, is_member, view),
        }
    }

    #[inline(never)]
    fn set_other(&mut self, at: usize, node: NodeId, is_member: bool, view: &View<'_>) {
        match self {
            Kept::Counts(_) => {}
            Kept::Measured(nodes) => nodes.note(at),
            Kept::Values(key, values) => {
                let value = is_member.then(|| key.falling(node, view));
                values.set(at, value, view.clock());
            }
            Kept::Standing(key, nodes) => nodes.set(at, is_member.then(|| key.of(node, view))),
            Kept::Shares(shares) => {
                let weight = if is_member {
                    view.layout().weight(node)
                } else {
                    0
                };
                shares.set(at, weight);
            }
        }
    }

    fn fill(&mut self, pool: &Pool, members: Option<&NodeSet>, view: &View<'_>) {
        let is_member = |at: usize| members.is_none_or(|members| members.contains(at));
        let numbered = pool.ids().iter().copied().enumerate();
        if let Kept::Values(key, values) = self {
            let value = |(at, node)| is_member(at).then(|| key.falling(node, view));
            return values.fill(numbered.map(value), view.clock());
        }
        numbered.for_each(|(at, node)| self.set(at, node, is_member(at), view));
    }
}

/// Asks values for something, with what lies over them.
fn ask<T>(
    values: &mut Tournament,
    (order, laid): (Order, Laid<'_>),
    question: impl FnOnce(Overlaid<'_>) -> T,
) -> T {
    let mut over = laid.map(|laid| laid.borrow_mut());
    match over.as_mut().and_then(|over| over.get_mut(order.0)) {
        Some(over) => question(over.over(values)),
        None => question(Overlay::default().over(values)),
    }
}

impl Orders {
    /// Orders over which something else lies for each dispatcher.
    pub fn under() -> Orders {
        Orders {
            is_under: true,
            ..Orders::default()
        }
    }

    /// What is kept, in the order of asking.
    pub fn wanted(&self) -> Vec<Wanted> {
        self.kept
            .borrow()
            .iter()
            .map(|(wanted, _)| *wanted)
            .collect()
    }

    /// Keeps what of `wanted` is not kept yet.
    pub fn keep(
        &mut self,
        wanted: &[Wanted],
        pool: &Pool,
        members: Option<&NodeSet>,
        view: &View<'_>,
    ) {
        let kept = self.kept.get_mut();
        for &wanted in &wanted[kept.len()..] {
            let mut new = Kept::new(wanted, pool.ids().len(), self.is_under);
            new.fill(pool, members, view);
            kept.push((wanted, new));
        }
    }

    /// Brings everything up to date with one node.
    #[inline(always)]
    pub fn set(&mut self, at: usize, node: NodeId, is_member: bool, view: &View<'_>) {
        for (_, kept) in self.kept.get_mut() {
            kept.set(at, node, is_member, view);
        }
    }

    /// Brings what lies `over` them up to date with a node, of which the dispatcher sees something else
    /// than lies there if it `has_own` under way.
    pub fn lay(
        &self,
        over: &mut Vec<Overlay>,
        (at, node): (usize, NodeId),
        (is_member, has_own): (bool, bool),
        view: &View<'_>,
    ) {
        let mut kept = self.kept.borrow_mut();
        over.resize_with(kept.len(), Overlay::default);
        for ((_, kept), over) in kept.iter_mut().zip(over) {
            let Kept::Values(key, values) = kept else {
                continue;
            };
            let (mut laid, now) = (over.over(values), view.clock());
            match has_own {
                true => laid.set(at, is_member.then(|| key.falling(node, view)), now),
                false => laid.lift(at, now),
            }
        }
    }

    /// A node has so many tasks now, where only orders by tasks are kept.
    #[inline(always)]
    pub fn recount(&mut self, at: usize, tasks: u32) {
        if let [(_, Kept::Counts(counts))] = &mut self.kept.get_mut()[..] {
            return counts.set(at, Some(tasks));
        }
        for (_, kept) in self.kept.get_mut() {
            if let Kept::Counts(counts) = kept {
                counts.set(at, Some(tasks));
            }
        }
    }

    /// The order by numbers of tasks, if it is the only one.
    pub fn lend_counts(&mut self) -> Option<ByCount> {
        match &mut self.kept.get_mut()[..] {
            [(_, Kept::Counts(counts))] => Some(std::mem::replace(counts, ByCount::new(0))),
            _ => None,
        }
    }

    /// Takes back what was lent.
    pub fn take_back_counts(&mut self, lent: ByCount) {
        if let [(_, Kept::Counts(counts))] = &mut self.kept.get_mut()[..] {
            *counts = lent;
        }
    }

    /// Position of the least; `None` if nothing is left in the order, or it is one of shares.
    #[inline]
    pub fn least(
        &self,
        (order, laid): (Order, Laid<'_>),
        now: Time,
        ties: Ties,
        rng: &mut Draw,
    ) -> Option<usize> {
        match &mut self.kept.borrow_mut().get_mut(order.0)?.1 {
            Kept::Counts(counts) => counts.least(ties, rng),
            Kept::Values(_, values) => {
                ask(values, (order, laid), |mut it| it.least(now, ties, rng))
            }
            Kept::Standing(_, nodes) => nodes.least(),
            Kept::Shares(_) | Kept::Measured(_) => None,
        }
    }

    /// The measure that was asked for.
    pub fn measure(&self, order: Order) -> Option<Measure> {
        match self.kept.borrow().get(order.0)?.1 {
            Kept::Measured(ref nodes) => Some(nodes.measure),
            _ => None,
        }
    }

    /// Position of the least of all candidates for a task by such a measure; nothing where it is not kept, else
    /// `None` if there is none.
    pub fn least_for(
        &self,
        order: Order,
        (ask, ties): (&Ask<'_>, Ties),
        view: &View<'_>,
        rng: &mut Draw,
    ) -> Option<Option<usize>> {
        match &mut self.kept.borrow_mut().get_mut(order.0)?.1 {
            Kept::Measured(nodes) if !self.is_under => nodes.least(ask, ties, view, rng),
            _ => None,
        }
    }

    /// Puts the positions of all that are least into `tied`, in order.
    pub fn tied(&self, (order, laid): (Order, Laid<'_>), now: Time, tied: &mut Vec<usize>) {
        match self.kept.borrow_mut().get_mut(order.0) {
            Some((_, Kept::Counts(counts))) => counts.tied(tied),
            Some((_, Kept::Values(_, values))) => {
                ask(values, (order, laid), |mut it| it.all_tied(now, tied));
            }
            Some((_, Kept::Standing(_, nodes))) => tied.extend(nodes.least()),
            Some((_, Kept::Shares(_) | Kept::Measured(_))) | None => {}
        }
    }

    /// Position of a node without tasks, in an order of tasks.
    #[inline]
    pub fn idle(
        &self,
        (order, laid): (Order, Laid<'_>),
        now: Time,
        ties: Ties,
        rng: &mut Draw,
    ) -> Option<usize> {
        match &mut self.kept.borrow_mut().get_mut(order.0)?.1 {
            Kept::Counts(counts) => counts.idle(ties, rng),
            Kept::Values(Key::Tasks, values) => ask(values, (order, laid), |mut it| {
                it.least_if_zero(now, ties, rng)
            }),
            Kept::Standing(Key::Tasks, nodes) => nodes.least_if(Ratio::ZERO),
            _ => None,
        }
    }

    /// A position with probability proportional to its share.
    #[inline]
    pub fn draw(&self, order: Order, rng: &mut Draw) -> Option<usize> {
        match &self.kept.borrow().get(order.0)?.1 {
            Kept::Shares(shares) => shares.draw(rng),
            _ => None,
        }
    }

    /// An empty list for a question's own use.
    pub fn scratch(&self) -> RefMut<'_, Vec<NodeId>> {
        let mut scratch = self.scratch.borrow_mut();
        scratch.clear();
        scratch
    }
}
