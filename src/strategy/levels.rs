//! The node with the fewest of something countable: for each level a set of the nodes at it.
//!
//! An update costs a few instructions; a question finds the r-th member of the lowest set that is
//! not empty, by counting bits: first whole blocks, then words, then within a word.

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::{Pool, Ties};

/// Levels that have a set of their own; nodes at this level or above share one and are searched
/// when there is no other, which is so only where queues are long everywhere.
const OWN: u32 = 32;
/// Words of bits that are counted together.
const BLOCK: usize = 16;

/// A set of places with quick access to its r-th member.
#[derive(Clone, Debug)]
struct Set {
    count: u32,
    words: Vec<u64>,
    /// Members by `BLOCK` words.
    blocks: Vec<u32>,
}

impl Set {
    fn new(places: usize) -> Set {
        let words = places.div_ceil(64);
        Set {
            count: 0,
            words: vec![0; words],
            blocks: vec![0; words.div_ceil(BLOCK)],
        }
    }

    #[inline]
    fn insert(&mut self, place: usize) {
        self.words[place / 64] |= 1 << (place % 64);
        self.blocks[place / 64 / BLOCK] += 1;
        self.count += 1;
    }

    #[inline]
    fn remove(&mut self, place: usize) {
        self.words[place / 64] &= !(1 << (place % 64));
        self.blocks[place / 64 / BLOCK] -= 1;
        self.count -= 1;
    }

    /// The member with `rank` members below it; there must be one.
    #[inline]
    fn select(&self, mut rank: u32) -> usize {
        let mut block = 0;
        while rank >= self.blocks[block] {
            rank -= self.blocks[block];
            block += 1;
        }
        let mut word = block * BLOCK;
        while rank >= self.words[word].count_ones() {
            rank -= self.words[word].count_ones();
            word += 1;
        }
        let mut bits = self.words[word];
        for _ in 0..rank {
            bits &= bits - 1;
        }
        word * 64 + bits.trailing_zeros() as usize
    }
}

/// The nodes of a pool by level.
#[derive(Clone, Debug)]
pub struct Levels {
    pool: Pool,
    /// Place in the pool by node; `u32::MAX` outside.
    position: Vec<u32>,
    /// Level by place.
    levels: Vec<u32>,
    /// By level; the last is of all from `OWN` on.
    sets: Vec<Set>,
    /// No set below this one has members.
    lowest: usize,
}

impl Levels {
    /// All nodes of `pool` at level 0. `nodes` is the number of all nodes.
    pub fn new(pool: &Pool, nodes: u32) -> Levels {
        let mut position = vec![u32::MAX; nodes as usize];
        for (place, node) in (0u32..).zip(pool.0.iter()) {
            position[node.index()] = place;
        }
        let mut sets = vec![Set::new(pool.0.len()); OWN as usize + 1];
        (0..pool.0.len()).for_each(|place| sets[0].insert(place));
        Levels {
            levels: vec![0; pool.0.len()],
            pool: pool.clone(),
            position,
            sets,
            lowest: 0,
        }
    }

    /// Puts `node` at `level`; a node outside the pool is ignored.
    #[inline]
    pub fn set(&mut self, node: NodeId, level: u32) {
        let place = self.position[node.index()];
        if place == u32::MAX {
            return;
        }
        let place = place as usize;
        let before = std::mem::replace(&mut self.levels[place], level);
        let (from, to) = (before.min(OWN) as usize, level.min(OWN) as usize);
        if from != to {
            self.sets[from].remove(place);
            self.sets[to].insert(place);
            self.lowest = self.lowest.min(to);
        }
    }

    /// A node at the lowest level, ties told apart by `ties`; `None` if the pool is empty.
    #[inline]
    pub fn best(&mut self, ties: Ties, rng: &mut Draw) -> Option<NodeId> {
        while self.sets.get(self.lowest)?.count == 0 {
            self.lowest += 1;
        }
        if self.lowest == OWN as usize {
            self.lowest = 0;
            return self.search(ties, rng);
        }
        let set = &self.sets[self.lowest];
        let place = set.select(ties.pick(set.count, rng));
        Some(self.pool.0[place])
    }

    /// The same by a look at every node.
    fn search(&self, ties: Ties, rng: &mut Draw) -> Option<NodeId> {
        let least = *self.levels.iter().min()?;
        let tied = || (0..self.levels.len()).filter(|&place| self.levels[place] == least);
        let rank = ties.pick(tied().count() as u32, rng);
        tied().nth(rank as usize).map(|place| self.pool.0[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// Against a look at every node, over one word, one block and several, below and above the
    /// levels that have sets of their own.
    #[test]
    fn best_is_that_of_the_search() {
        for (n, top) in [(1u32, 3), (7, 60), (64, 2), (100, 4), (1025, 2), (3000, 3)] {
            let pool = Pool((0..n).map(|node| NodeId(2 * node)).collect());
            let mut levels = Levels::new(&pool, 2 * n + 1);
            let key = Seeds::new(9, u64::from(n)).key(Purpose::Placement);
            let mut ranks = std::collections::BTreeSet::new();
            for step in 0..6_000 {
                let mut draw = key.draw(0, step, 0, 0, 0);
                levels.set(NodeId(draw.below(2 * n + 1)), draw.below(top));
                for ties in [Ties::LowestId, Ties::Random] {
                    let expected = levels.search(ties, &mut draw.clone());
                    assert!(expected.is_some());
                    assert_eq!(levels.best(ties, &mut draw.clone()), expected);
                    ranks.insert(expected);
                }
            }
            assert!(n < 64 || ranks.len() > 30, "{n}: {}", ranks.len());
        }
        assert!(
            Levels::new(&Pool([].into()), 4)
                .best(Ties::Random, &mut draw())
                .is_none()
        );
    }

    fn draw() -> Draw {
        Seeds::new(1, 1).key(Purpose::Placement).draw(0, 0, 0, 0, 0)
    }

    /// The slow twin of the test above, by hand.
    #[test]
    fn long_queues_everywhere_are_searched() {
        let mut levels = Levels::new(&Pool((0..3).map(NodeId).collect()), 3);
        for (node, level) in [(0, 50), (1, 40), (2, 41)] {
            levels.set(NodeId(node), level);
        }
        assert_eq!(levels.best(Ties::Random, &mut draw()), Some(NodeId(1)));
        levels.set(NodeId(1), 45);
        assert_eq!(levels.best(Ties::Random, &mut draw()), Some(NodeId(2)));
        levels.set(NodeId(0), 3);
        assert_eq!(levels.best(Ties::Random, &mut draw()), Some(NodeId(0)));
    }
}
