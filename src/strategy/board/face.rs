//! What one dispatcher sees, with the candidates and orders that are kept for it.
//!
//! Orders are kept only for what a placement asks for, and brought up to date by what has changed, so that a
//! decision costs the logarithm of the number of nodes and not that number.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::news::News;
use super::node_set::NodeSet;
use super::orders::{Orders, Wanted};
use super::overlay::{Beside, Overlay};
use super::travelling::Travelling;
use crate::model::ids::NodeId;
use crate::strategy::pool::{Pool, Pools};
use crate::strategy::view::{Difference, Truth, View};

/// The nodes as one dispatcher sees them.
#[derive(Debug)]
pub struct Face {
    /// The dispatcher; where what each knows lies beside it, the first.
    pub shown: usize,
    /// What is seen.
    pub sees: Sees,
    /// Candidates by pool, or by room.
    pub lists: Vec<List>,
    /// The part of each pool that it makes use of.
    pub aperture: Option<Aperture>,
    /// What has changed, if each of many dispatchers knows something beside it.
    pub changes: Option<Changes>,
}

/// The nodes that have changed, the last ones by name.
#[derive(Debug, Default)]
pub struct Changes {
    count: u64,
    last: VecDeque<NodeId>,
}

/// Changes that are remembered at most; who has missed more, or more than it has under way, lays that anew.
const REMEMBERED: usize = 256;

impl Changes {
    fn push(&mut self, node: NodeId) {
        if self.last.len() == REMEMBERED {
            self.last.pop_front();
        }
        self.last.push_back(node);
        self.count += 1;
    }

    /// Something else has changed than a node: what lies over it is to be laid anew.
    pub fn forget(&mut self) {
        self.last.clear();
        self.count += 1;
    }

    /// The nodes that have changed since there were `count` changes, if they are remembered and not more than
    /// `most`.
    fn since(&self, count: u64, most: usize) -> Option<impl Iterator<Item = NodeId>> {
        let missed = usize::try_from(self.count - count).ok()?;
        let first = self.last.len().checked_sub(missed)?;
        (missed <= most).then(|| self.last.range(first..).copied())
    }
}

/// What is seen.
#[derive(Debug)]
pub enum Sees {
    /// The truth, but for what travels unseen, if anything does.
    Truth(Option<Travelling>),
    /// What the dispatcher has sent (nothing where that lies beside it), and what it is told, if it is.
    Told(Travelling, Option<usize>),
}

impl Sees {
    /// How it differs from the truth.
    #[inline]
    pub fn difference<'a>(&'a self, news: &'a [News]) -> Option<Difference<'a>> {
        match self {
            Sees::Truth(hidden) => hidden.as_ref().map(Difference::Hidden),
            Sees::Told(own, told) => Some(Difference::Told(own, told.map(|at| &news[at]))),
        }
    }

    /// The number of the news that it tells.
    pub fn news(&self) -> Option<usize> {
        match self {
            Sees::Truth(_) => None,
            Sees::Told(_, news) => *news,
        }
    }
}

/// A part of the nodes of a pool, of the same size for each of several dispatchers, so that the
/// numbers of dispatchers that make use of a node differ by at most one (a deterministic aperture).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aperture {
    /// Which of the dispatchers it is, from 0.
    pub index: u32,
    /// Number of nodes.
    pub size: u32,
}

impl Aperture {
    /// The positions, in a pool of `count`, of its nodes: the next `size` on a ring of all, on
    /// which neighbours stand far apart in the pool, so that each part has nodes of every group.
    pub fn positions(self, count: usize) -> impl Iterator<Item = usize> {
        let (n, size) = (count as u64, u64::from(self.size).min(count as u64));
        let stride = stride(n);
        let first = u64::from(self.index) * size;
        (first..first + size)
            .map(move |k| ((u128::from(k) * u128::from(stride)) % u128::from(n)) as usize)
    }
}

/// A step of about 0.618 `n` that meets every number below `n`.
fn stride(n: u64) -> u64 {
    let divisor = |mut a: u64, mut b: u64| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let golden = ((n as f64) * 0.618_033_988_749_895) as u64;
    (golden.max(1)..)
        .find(|step| divisor(*step, n) == 1)
        .unwrap_or(1)
}

/// Candidates, and the orders of them.
#[derive(Debug)]
pub struct List {
    /// The pool that they are of.
    pub pool: u32,
    /// For what there is room at them; not looked at if empty.
    pub demand: Vec<u64>,
    /// The members by position in the pool; all if there is no set.
    pub members: Option<NodeSet>,
    /// The positions that may ever be members; all if there is no set.
    pub within: Option<NodeSet>,
    /// The orders.
    pub orders: Orders,
    /// When it was used last.
    pub used: u64,
}

/// The members of a pool that `may` be.
pub fn members(pool: &Pool, may: impl Fn(usize, NodeId) -> bool) -> NodeSet {
    let mut members = NodeSet::new(pool.ids().len());
    let each = pool.ids().iter().enumerate();
    each.for_each(|(at, node)| members.put(at, may(at, *node)));
    members
}

impl Face {
    /// Brings all lists up to date with a node that is seen to have changed.
    #[inline(always)]
    pub fn update(
        &mut self,
        pools: &Pools,
        news: &[News],
        node: NodeId,
        is_up: bool,
        truth: Truth<'_>,
    ) {
        let view = View::new(truth, self.sees.difference(news));
        for list in &mut self.lists {
            list.update(pools.get(list.pool), node, is_up, &view);
        }
        if let Some(changes) = &mut self.changes {
            changes.push(node);
        }
    }

    /// The nodes that have changed and do not lie under what a dispatcher knows; `None` if they are more than
    /// the nodes to which it has sent something.
    pub fn missed<'a>(&'a self, beside: &Beside) -> Option<impl Iterator<Item = NodeId> + use<'a>> {
        let most = beside.sums.nodes().len();
        self.changes.as_ref()?.since(beside.changes?, most)
    }

    /// Takes note that all that has changed is to lie under what one dispatcher knows: puts the nodes at
    /// which what lies over it is to be brought up to date into `changed`.
    pub fn lay_under(&self, beside: &mut Beside, changed: &mut Vec<NodeId>) {
        match self.missed(beside) {
            Some(missed) => changed.extend(missed),
            None => {
                changed.extend(beside.sums.nodes());
                let over = beside.over.iter_mut().flat_map(RefCell::get_mut);
                over.for_each(Overlay::clear);
            }
        }
        beside.changes = self.changes.as_ref().map(|changes| changes.count);
    }

    /// Brings what lies over the orders for one dispatcher up to date with a node.
    pub fn lay_over(
        &self,
        beside: &mut Beside,
        (pools, news): (&Pools, &[News]),
        node: NodeId,
        truth: Truth<'_>,
    ) {
        let Beside { sums, over, .. } = beside;
        let told = self.sees.news().map(|at| &news[at]);
        let view = View::new(truth, Some(Difference::Told(sums, told)));
        over.resize_with(self.lists.len(), RefCell::default);
        for (list, over) in self.lists.iter().zip(over) {
            if let Some(at) = pools.get(list.pool).position(node) {
                let is_member = list.members.as_ref().is_none_or(|all| all.contains(at));
                let which = (is_member, sums.tasks(node) > 0);
                list.orders.lay(over.get_mut(), (at, node), which, &view);
            }
        }
    }

    /// Candidates of the pool of that number, of which `is_up` may be chosen.
    pub fn add_list(&mut self, number: u32, pool: &Pool, is_up: Option<&dyn Fn(NodeId) -> bool>) {
        let within = self.aperture.map(|aperture| {
            let mut within = NodeSet::new(pool.ids().len());
            aperture
                .positions(pool.ids().len())
                .for_each(|at| within.put(at, true));
            within
        });
        let is_within = |at: usize| within.as_ref().is_none_or(|within| within.contains(at));
        let is_up_now = |node| is_up.is_none_or(|is_up| is_up(node));
        let is_part = is_up.is_some() || within.is_some();
        let members = is_part.then(|| members(pool, |at, node| is_within(at) && is_up_now(node)));
        let orders = match &mut self.changes {
            None => Orders::default(),
            Some(changes) => {
                changes.forget();
                Orders::under()
            }
        };
        self.lists.push(List {
            within,
            orders,
            ..List::new(number, &[], members)
        });
    }
}

impl List {
    /// Nodes of a pool with room for `demand`, of which nothing is kept in order.
    pub fn new(pool: u32, demand: &[u64], members: Option<NodeSet>) -> List {
        List {
            pool,
            demand: demand.to_vec(),
            members,
            within: None,
            orders: Orders::default(),
            used: 0,
        }
    }

    /// Keeps what of `wanted` is not kept yet.
    pub fn keep(&mut self, pool: &Pool, wanted: &[Wanted], view: &View<'_>) {
        self.orders.keep(wanted, pool, self.members.as_ref(), view);
    }

    #[inline(always)]
    fn update(&mut self, pool: &Pool, node: NodeId, is_up: bool, view: &View<'_>) {
        let Some(at) = pool.position(node) else {
            return;
        };
        let is_member = self.members.as_mut().is_none_or(|members| {
            let is_within = (self.within.as_ref()).is_none_or(|within| within.contains(at));
            let may = is_up && is_within && view.has_room(node, &self.demand);
            members.put(at, may);
            may
        });
        self.orders.set(at, node, is_member, view);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every dispatcher has `size` different nodes, and numbers of dispatchers a node differ by at
    /// most one.
    #[test]
    fn apertures_are_even() {
        for (n, size, dispatchers) in [(10, 3, 7), (100, 20, 40), (7, 7, 3), (64, 5, 1), (1, 1, 9)]
        {
            let mut users = vec![0u32; n];
            for index in 0..dispatchers {
                let part: Vec<usize> = Aperture { index, size }.positions(n).collect();
                let mut distinct = part.clone();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!((distinct.len(), part.len()), (size as usize, size as usize));
                part.iter().for_each(|at| users[*at] += 1);
            }
            let (least, most) = (users.iter().min(), users.iter().max());
            assert!(
                most.zip(least)
                    .is_some_and(|(most, least)| most - least <= 1)
            );
        }
    }
}
