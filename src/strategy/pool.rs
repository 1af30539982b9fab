//! The nodes among which a task may be placed.
//!
//! Tasks with the same demand and the same allowed nodes share a pool, computed once: whoever could
//! never run a task is not in it, so that no algorithm has to look. Under a central queue the
//! candidates are those of the pool with room now.

use std::sync::Arc;

use super::board::node_set::NodeSet;
use crate::model::cluster::eligible;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;

/// The eligible nodes of some tasks, in id order: those that they are allowed to use and that could
/// hold their whole demand. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pool {
    ids: Arc<[NodeId]>,
    /// Stretches of ids without a gap.
    runs: Arc<[Run]>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    first: u32,
    count: u32,
    /// Position of the first in the pool.
    position: u32,
}

impl FromIterator<NodeId> for Pool {
    /// The ids must rise.
    fn from_iter<T: IntoIterator<Item = NodeId>>(ids: T) -> Pool {
        let ids: Arc<[NodeId]> = ids.into_iter().collect();
        let mut runs: Vec<Run> = Vec::new();
        for (&NodeId(id), position) in ids.iter().zip(0u32..) {
            match runs.last_mut() {
                Some(run) if run.first + run.count == id => run.count += 1,
                _ => runs.push(Run {
                    first: id,
                    count: 1,
                    position,
                }),
            }
        }
        Pool {
            ids,
            runs: runs.into(),
        }
    }
}

impl Pool {
    /// The nodes of `layout` whose groups are `allowed` and could hold `demand`.
    pub fn eligible(layout: &Layout, allowed: &[bool], demand: &[u64]) -> Pool {
        let groups: Vec<bool> = eligible(layout.groups(), allowed, demand).collect();
        let is_eligible = |node: &NodeId| groups[layout.group_index(*node)];
        layout.ids().filter(is_eligible).collect()
    }

    /// The node at a position.
    #[inline]
    pub(super) fn at(&self, position: usize) -> NodeId {
        self.ids[position]
    }

    /// The nodes, in id order.
    pub fn ids(&self) -> &[NodeId] {
        &self.ids
    }

    /// Where `node` stands among them, from 0; `None` if it is not one of them.
    #[inline]
    pub fn position(&self, node: NodeId) -> Option<usize> {
        let within = |run: &Run| {
            let offset = node.0.wrapping_sub(run.first);
            (offset < run.count).then(|| (run.position + offset) as usize)
        };
        match &self.runs[..] {
            [run] => within(run),
            runs => runs.iter().find_map(within),
        }
    }
}

/// All pools of a run, each once, by number.
#[derive(Clone, Debug, Default)]
pub struct Pools {
    pools: Vec<Pool>,
    /// For each pool, which groups are in it, and the class that it is for if some classes may not use all
    /// nodes of a group.
    groups: Vec<(Vec<bool>, u32)>,
}

/// The nodes that a class may use where some are kept for others.
#[derive(Clone, Copy)]
pub struct Within<'a> {
    /// The class.
    pub class: u32,
    /// Whether it may use a node.
    pub may_use: &'a dyn Fn(NodeId) -> bool,
}

impl Pools {
    /// The number of the pool of those tasks' eligible nodes, and whether it is new.
    pub fn number(
        &mut self,
        layout: &Layout,
        allowed: &[bool],
        demand: &[u64],
        within: Option<Within<'_>>,
    ) -> u32 {
        let of = within.map_or(u32::MAX, |within| within.class);
        let is_it = |(known, class): &(Vec<bool>, u32)| {
            *class == of && eligible(layout.groups(), allowed, demand).eq(known.iter().copied())
        };
        let known = self.groups.iter().position(is_it);
        known.unwrap_or_else(|| {
            let mut pool = Pool::eligible(layout, allowed, demand);
            if let Some(within) = within {
                let nodes = pool.ids().iter().copied();
                pool = nodes.filter(|node| (within.may_use)(*node)).collect();
            }
            self.pools.push(pool);
            let groups = eligible(layout.groups(), allowed, demand).collect();
            self.groups.push((groups, of));
            self.pools.len() - 1
        }) as u32
    }

    /// A pool of these nodes, whose ids rise, that is no other's.
    pub fn add(&mut self, nodes: Vec<NodeId>) -> u32 {
        self.pools.push(nodes.into_iter().collect());
        self.groups.push((Vec::new(), u32::MAX));
        self.pools.len() as u32 - 1
    }

    /// The pool of that number.
    #[inline]
    pub fn get(&self, number: u32) -> &Pool {
        &self.pools[number as usize]
    }
}

/// The nodes that one decision chooses among: those of a pool that may take the task at this
/// instant.
#[derive(Clone, Copy, Debug)]
pub struct Candidates<'a> {
    pool: &'a Pool,
    chosen: Chosen<'a>,
    /// They are all that may take the task, and not some of these.
    pub(super) are_all: bool,
}

/// Which nodes of a pool.
#[derive(Clone, Copy, Debug)]
enum Chosen<'a> {
    All,
    /// By their positions in the pool.
    Members(&'a NodeSet),
    /// By a list in id order.
    Named(&'a [NodeId]),
    /// All but those of a short list in id order, which are in the pool.
    Without(&'a [NodeId]),
}

impl<'a> Candidates<'a> {
    /// Those at the positions of `members`; all of `pool` if there is no set.
    pub(super) fn new(pool: &'a Pool, members: Option<&'a NodeSet>) -> Candidates<'a> {
        Candidates {
            pool,
            chosen: members.map_or(Chosen::All, Chosen::Members),
            are_all: true,
        }
    }

    /// Only those that are `named`, in id order.
    pub(crate) fn only<'b>(&self, named: &'b [NodeId]) -> Candidates<'b>
    where
        'a: 'b,
    {
        Candidates {
            pool: self.pool,
            chosen: Chosen::Named(named),
            are_all: false,
        }
    }

    /// Only those that are none of `others`, in id order, each of which is one; `list` is for its own use.
    pub(crate) fn without<'b>(
        &self,
        others: &'b [NodeId],
        list: &'b mut Vec<NodeId>,
    ) -> Candidates<'b>
    where
        'a: 'b,
    {
        if let Chosen::All = self.chosen {
            return Candidates {
                pool: self.pool,
                chosen: Chosen::Without(others),
                are_all: false,
            };
        }
        list.clear();
        list.extend(self.iter().filter(|node| !others.contains(node)));
        self.only(list)
    }

    /// Only those at the positions of `members`, which are candidates.
    pub(crate) fn among<'b>(&self, members: &'b NodeSet) -> Candidates<'b>
    where
        'a: 'b,
    {
        Candidates {
            are_all: false,
            ..Candidates::new(self.pool, Some(members))
        }
    }

    /// Their positions in the pool become the members of `set`.
    pub(crate) fn note(&self, set: &mut NodeSet) {
        match self.chosen {
            Chosen::All => set.fill(self.pool.ids.len()),
            Chosen::Members(members) => set.copy(members),
            Chosen::Named(named) => {
                *set = NodeSet::new(self.pool.ids.len());
                let positions = named.iter().filter_map(|node| self.pool.position(*node));
                positions.for_each(|position| set.insert(position));
            }
            Chosen::Without(others) => {
                set.fill(self.pool.ids.len());
                let positions = others.iter().filter_map(|node| self.pool.position(*node));
                positions.for_each(|position| set.remove(position));
            }
        }
    }

    /// The eligible nodes, whether they may take the task now or not.
    pub fn pool(&self) -> &'a Pool {
        self.pool
    }

    /// Number of candidates.
    #[inline]
    pub fn count(&self) -> u32 {
        match self.chosen {
            Chosen::All => self.pool.ids.len() as u32,
            Chosen::Members(set) => set.count(),
            Chosen::Named(named) => named.len() as u32,
            Chosen::Without(others) => (self.pool.ids.len() - others.len()) as u32,
        }
    }

    /// The candidate with `rank` candidates before it in id order; there must be one.
    #[inline(always)]
    pub fn nth(&self, rank: u32) -> NodeId {
        match self.chosen {
            Chosen::All => self.pool.ids[rank as usize],
            Chosen::Members(set) => self.pool.ids[set.select(rank)],
            Chosen::Named(named) => named[rank as usize],
            Chosen::Without(others) => self.pool.ids[self.past(others, rank as usize)],
        }
    }

    /// The position of the member of the pool that has `rank` before it beside `others`.
    fn past(&self, others: &[NodeId], rank: usize) -> usize {
        let positions = others.iter().filter_map(|node| self.pool.position(*node));
        positions.fold(rank, |at, other| at + usize::from(other <= at))
    }

    /// True if `node` is one.
    #[inline]
    pub fn contains(&self, node: NodeId) -> bool {
        match self.chosen {
            Chosen::All => self.pool.position(node).is_some(),
            Chosen::Members(set) => {
                let position = self.pool.position(node);
                position.is_some_and(|at| set.contains(at))
            }
            Chosen::Named(named) => named.binary_search(&node).is_ok(),
            Chosen::Without(others) => {
                self.pool.position(node).is_some() && !others.contains(&node)
            }
        }
    }

    /// The first at or after `node` in id order, which need not be one itself.
    pub fn next_from(&self, node: NodeId) -> Option<NodeId> {
        let first = |ids: &[NodeId]| ids.partition_point(|&id| id < node);
        let from = match self.chosen {
            Chosen::Named(named) => first(named),
            _ => (self.pool.position(node)).unwrap_or_else(|| first(&self.pool.ids)),
        };
        self.ids().get(self.step(from)?).copied()
    }

    /// The list in which candidates are found.
    fn ids(&self) -> &'a [NodeId] {
        match self.chosen {
            Chosen::Named(named) => named,
            _ => &self.pool.ids,
        }
    }

    /// The first place in that list, at or after `from`, where there is one.
    #[inline]
    fn step(&self, from: usize) -> Option<usize> {
        match self.chosen {
            Chosen::Members(set) => set.next_from(from),
            Chosen::Without(others) => {
                let is_other =
                    |at: &usize| self.pool.ids.get(*at).is_some_and(|id| others.contains(id));
                (from..).find(|at| !is_other(at))
            }
            _ => Some(from),
        }
    }

    /// All, in id order.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + Clone + use<'a> {
        let (this, mut from) = (*self, 0);
        std::iter::from_fn(move || {
            let at = this.step(from)?;
            from = at + 1;
            this.ids().get(at).copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_in_the_list() {
        let pool: Pool = [3, 4, 5, 9, 11, 12].map(NodeId).into_iter().collect();
        for id in 0..14 {
            let listed = pool.ids().iter().position(|node| node.0 == id);
            assert_eq!(pool.position(NodeId(id)), listed, "{id}");
        }
    }

    #[test]
    fn candidates_are_members_in_id_order() {
        let pool: Pool = [3, 4, 5, 9].map(NodeId).into_iter().collect();
        let all = Candidates::new(&pool, None);
        assert!(all.iter().eq(pool.ids().iter().copied()));
        let mut members = NodeSet::new(4);
        members.insert(1);
        members.insert(3);
        let some = Candidates::new(&pool, Some(&members));
        assert!(some.iter().eq([NodeId(4), NodeId(9)]));
        assert_eq!((some.count(), some.nth(1)), (2, NodeId(9)));
        let next = |id| some.next_from(NodeId(id)).map(|node| node.0);
        assert_eq!(
            [0, 4, 5, 6, 9, 10].map(next),
            [4, 4, 9, 9, 9, 0].map(|id| (id > 0).then_some(id))
        );
        assert!(some.contains(NodeId(4)) && !some.contains(NodeId(5)) && !some.contains(NodeId(7)));
        let named = all.only(&[NodeId(3), NodeId(9)]);
        assert!(named.iter().eq([NodeId(3), NodeId(9)]));
        assert_eq!((named.count(), named.nth(1)), (2, NodeId(9)));
        assert_eq!(named.next_from(NodeId(4)), Some(NodeId(9)));
        assert!(named.contains(NodeId(9)) && !named.contains(NodeId(4)));
        let (others, mut list) = ([NodeId(4), NodeId(9)], Vec::new());
        for (of, left) in [(all, &[3, 5][..]), (some, &[])] {
            let rest = of.without(&others, &mut list);
            let ids: Vec<u32> = rest.iter().map(|node| node.0).collect();
            assert_eq!((&ids[..], rest.count() as usize), (left, left.len()));
            let ranks = 0..left.len() as u32;
            assert!(ranks.map(|rank| rest.nth(rank).0).eq(left.iter().copied()));
            assert!(!rest.contains(NodeId(4)) && rest.contains(NodeId(5)) == (left.len() == 2));
            let mut noted = NodeSet::new(4);
            rest.note(&mut noted);
            assert!((0..4).all(|at| noted.contains(at) == left.contains(&pool.ids()[at].0)));
        }
    }
}
