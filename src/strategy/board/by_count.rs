//! The nodes of a pool by a small count: for each count a set of the nodes at it.
//!
//! A change costs a few instructions; the r-th of the nodes at the least count is found by
//! counting bits ([`select`]).

use super::node_set::{block_shift, select};
use crate::engine::random::Draw;
use crate::strategy::Ties;

/// Counts that have a set of their own; nodes at this count or above share one and are searched
/// when there is no other, which is so only where queues are long everywhere.
const OWN: u32 = 32;
/// The count of a node that is left out.
const LEFT_OUT: u32 = u32::MAX;

/// Nodes by count, by their positions in the pool.
#[derive(Clone, Debug)]
pub struct ByCount {
    counts: Vec<u32>,
    /// Number of members by count; the last is of all from `OWN` on.
    members: [u32; OWN as usize + 1],
    /// Members by count, as bits, and how many there are in each block of words, if there are several.
    words: Vec<u64>,
    blocks: Vec<u32>,
    /// Words, and blocks of 2^`shift` words, of one count.
    width: usize,
    block_width: usize,
    shift: u32,
    /// No set below this one has members.
    lowest: usize,
}

impl ByCount {
    /// `positions` nodes, all left out until [`ByCount::set`] gives them a count.
    pub fn new(positions: usize) -> ByCount {
        let (sets, width) = (OWN as usize + 1, positions.div_ceil(64));
        let shift = block_shift(width);
        let block_width = width.div_ceil(1 << shift);
        ByCount {
            counts: vec![LEFT_OUT; positions],
            members: [0; OWN as usize + 1],
            words: vec![0; sets * width],
            blocks: vec![0; sets * block_width],
            width,
            block_width,
            shift,
            lowest: 0,
        }
    }

    /// Gives a node a count, or leaves it out.
    #[inline(always)]
    pub fn set(&mut self, position: usize, count: Option<u32>) {
        let count = count.unwrap_or(LEFT_OUT);
        let before = std::mem::replace(&mut self.counts[position], count);
        if before.max(count) < OWN && before != count {
            self.remove(before as usize, position);
            self.insert(count as usize, position);
            self.lowest = self.lowest.min(count as usize);
        } else {
            self.set_other(position, before, count);
        }
    }

    /// A node that is not left out goes from one count to another.
    #[inline(always)]
    pub fn step(&mut self, position: usize, from: u32, to: u32) {
        debug_assert!(self.counts[position] == from);
        self.counts[position] = to;
        if from.max(to) < OWN {
            self.go(from as usize, to as usize, position);
            self.lowest = self.lowest.min(to as usize);
        } else {
            self.set_other(position, from, to);
        }
    }

    #[cold]
    fn set_other(&mut self, position: usize, before: u32, count: u32) {
        if before.min(OWN) == count.min(OWN) && (before == LEFT_OUT) == (count == LEFT_OUT) {
            return;
        }
        if before != LEFT_OUT {
            self.remove(before.min(OWN) as usize, position);
        }
        if count != LEFT_OUT {
            let to = count.min(OWN) as usize;
            self.insert(to, position);
            self.lowest = self.lowest.min(to);
        }
    }

    /// From one set to another.
    #[inline(always)]
    fn go(&mut self, from: usize, to: usize, position: usize) {
        let (word, bit) = (position / 64, 1 << (position % 64));
        self.words[from * self.width + word] &= !bit;
        self.words[to * self.width + word] |= bit;
        if self.block_width > 1 {
            self.blocks[from * self.block_width + (word >> self.shift)] -= 1;
            self.blocks[to * self.block_width + (word >> self.shift)] += 1;
        }
        self.members[from] -= 1;
        self.members[to] += 1;
    }

    #[inline(always)]
    fn insert(&mut self, set: usize, position: usize) {
        self.words[set * self.width + position / 64] |= 1 << (position % 64);
        if self.block_width > 1 {
            self.blocks[set * self.block_width + ((position / 64) >> self.shift)] += 1;
        }
        self.members[set] += 1;
    }

    #[inline(always)]
    fn remove(&mut self, set: usize, position: usize) {
        self.words[set * self.width + position / 64] &= !(1 << (position % 64));
        if self.block_width > 1 {
            self.blocks[set * self.block_width + ((position / 64) >> self.shift)] -= 1;
        }
        self.members[set] -= 1;
    }

    /// Position of a node at the least count, ties told apart by `ties`; `None` if all are left out.
    #[inline]
    pub fn least(&mut self, ties: Ties, rng: &mut Draw) -> Option<usize> {
        while *self.members.get(self.lowest)? == 0 {
            self.lowest += 1;
        }
        if self.lowest == OWN as usize {
            self.lowest = 0;
            return self.search(ties, rng);
        }
        Some(self.pick(self.lowest, ties, rng))
    }

    /// Puts the positions of all nodes at the least count into `tied`, in order.
    pub fn tied(&self, tied: &mut Vec<usize>) {
        let least = self
            .counts
            .iter()
            .copied()
            .min()
            .filter(|least| *least != LEFT_OUT);
        let all = (0..self.counts.len()).filter(|&at| Some(self.counts[at]) == least);
        tied.extend(all);
    }

    /// Position of a node at count 0.
    #[inline]
    pub fn idle(&self, ties: Ties, rng: &mut Draw) -> Option<usize> {
        (self.members[0] > 0).then(|| self.pick(0, ties, rng))
    }

    /// Number of nodes at count 0.
    #[inline]
    pub fn idle_count(&self) -> u32 {
        self.members[0]
    }

    /// Position of the node of that rank among those at count 0.
    #[inline]
    pub fn nth_idle(&self, rank: u32) -> usize {
        self.nth(0, rank)
    }

    #[inline]
    fn pick(&self, set: usize, ties: Ties, rng: &mut Draw) -> usize {
        self.nth(set, ties.pick(self.members[set], rng))
    }

    #[inline]
    fn nth(&self, set: usize, rank: u32) -> usize {
        let words = &self.words[set * self.width..][..self.width];
        if self.block_width == 1 {
            return select(words, (&[], 0), rank);
        }
        let blocks = &self.blocks[set * self.block_width..][..self.block_width];
        select(words, (blocks, self.shift), rank)
    }

    /// [`ByCount::least`] by a look at every node.
    fn search(&self, ties: Ties, rng: &mut Draw) -> Option<usize> {
        let least = *self.counts.iter().min()?;
        let tied = || (0..self.counts.len()).filter(|&position| self.counts[position] == least);
        let rank = (least != LEFT_OUT).then(|| ties.pick(tied().count() as u32, rng))?;
        tied().nth(rank as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// Against a look at every node, over one word, one block and several, below and above the
    /// counts that have sets of their own, with nodes left out now and then.
    #[test]
    fn least_is_that_of_the_search() {
        for (n, top) in [(1u32, 3), (7, 60), (64, 2), (100, 4), (1025, 2), (3000, 3)] {
            let mut nodes = ByCount::new(n as usize);
            let key = Seeds::new(9, u64::from(n)).key(Purpose::Placement);
            let mut found = std::collections::BTreeSet::new();
            for step in 0..6_000 {
                let mut draw = key.draw(0, step, 0, 0, 0);
                let count = (draw.below(9) > 0).then(|| draw.below(top));
                nodes.set(draw.below(n) as usize, count);
                for ties in [Ties::LowestId, Ties::Random] {
                    let expected = nodes.search(ties, &mut draw.clone());
                    assert_eq!(nodes.least(ties, &mut draw.clone()), expected);
                    let is_idle = expected.filter(|&position| nodes.counts[position] == 0);
                    assert_eq!(nodes.idle(ties, &mut draw.clone()), is_idle);
                    found.insert(expected);
                }
            }
            assert!(n < 64 || found.len() > 30, "{n}: {}", found.len());
        }
        assert!(ByCount::new(0).least(Ties::Random, &mut draw()).is_none());
    }

    fn draw() -> Draw {
        Seeds::new(1, 1).key(Purpose::Placement).draw(0, 0, 0, 0, 0)
    }

    /// The slow twin of the test above, by hand.
    #[test]
    fn long_queues_everywhere_are_searched() {
        let mut nodes = ByCount::new(3);
        let least = |nodes: &mut ByCount| nodes.least(Ties::Random, &mut draw());
        assert_eq!(least(&mut nodes), None);
        for (position, count) in [(0, 50), (1, 40), (2, 41)] {
            nodes.set(position, Some(count));
        }
        assert_eq!(least(&mut nodes), Some(1));
        nodes.set(1, Some(45));
        assert_eq!(least(&mut nodes), Some(2));
        nodes.set(2, None);
        assert_eq!(least(&mut nodes), Some(1));
        nodes.set(0, Some(3));
        assert_eq!(least(&mut nodes), Some(0));
    }
}
