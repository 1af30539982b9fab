//! The nodes among which a task may be placed.

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

    /// The nodes, in id order.
    pub fn ids(&self) -> &[NodeId] {
        &self.ids
    }

    /// Where `node` stands among them, from 0; `None` if it is not one of them.
    #[inline]
    pub fn position(&self, node: NodeId) -> Option<usize> {
        self.runs.iter().find_map(|run| {
            let offset = node.0.wrapping_sub(run.first);
            (offset < run.count).then(|| (run.position + offset) as usize)
        })
    }
}

/// All pools of a run, each once, by number.
#[derive(Clone, Debug, Default)]
pub struct Pools {
    pools: Vec<Pool>,
    /// For each pool, which groups are in it.
    groups: Vec<Vec<bool>>,
}

impl Pools {
    /// The number of the pool of those tasks' eligible nodes, and whether it is new.
    pub fn number(&mut self, layout: &Layout, allowed: &[bool], demand: &[u64]) -> u32 {
        let is_it = |known: &Vec<bool>| {
            eligible(layout.groups(), allowed, demand).eq(known.iter().copied())
        };
        let known = self.groups.iter().position(is_it);
        known.unwrap_or_else(|| {
            self.pools.push(Pool::eligible(layout, allowed, demand));
            let groups = eligible(layout.groups(), allowed, demand).collect();
            self.groups.push(groups);
            self.pools.len() - 1
        }) as u32
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
    /// Positions in the pool; all if there is no set.
    members: Option<&'a NodeSet>,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(pool: &'a Pool, members: Option<&'a NodeSet>) -> Candidates<'a> {
        Candidates { pool, members }
    }

    /// The eligible nodes, whether they may take the task now or not.
    pub fn pool(&self) -> &'a Pool {
        self.pool
    }

    /// The node at a position in the pool.
    #[inline]
    pub(super) fn at(&self, position: usize) -> NodeId {
        self.pool.ids[position]
    }

    /// Number of candidates.
    #[inline]
    pub fn count(&self) -> u32 {
        self.members
            .map_or(self.pool.ids.len() as u32, NodeSet::count)
    }

    /// The candidate with `rank` candidates before it in id order; there must be one.
    #[inline]
    pub fn nth(&self, rank: u32) -> NodeId {
        let position = self.members.map_or(rank as usize, |set| set.select(rank));
        self.pool.ids[position]
    }

    /// True if `node` is one.
    #[inline]
    pub fn contains(&self, node: NodeId) -> bool {
        let position = self.pool.position(node);
        position.is_some_and(|at| self.members.is_none_or(|set| set.contains(at)))
    }

    /// The first at or after `node` in id order, `node` itself need not be one.
    #[inline]
    pub fn next_from(&self, node: NodeId) -> Option<NodeId> {
        let position = self.pool.position(node);
        let from = position.unwrap_or_else(|| self.pool.ids.partition_point(|&id| id < node));
        self.at_or_after(from).map(|at| self.pool.ids[at])
    }

    #[inline]
    fn at_or_after(&self, position: usize) -> Option<usize> {
        match self.members {
            Some(set) => set.next_from(position),
            None => (position < self.pool.ids.len()).then_some(position),
        }
    }

    /// All, in id order.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + Clone + use<'a> {
        let this = *self;
        let first = this.at_or_after(0);
        let all = std::iter::successors(first, move |&at| this.at_or_after(at + 1));
        all.map(move |at| this.pool.ids[at])
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
    }
}
