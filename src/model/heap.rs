//! Queues in an order of their own: pairing heaps that run through one table of seats.
//!
//! A record may leave from anywhere, not only from the front: whoever is cancelled does not wait
//! for its turn. Fredman, Sedgewick, Sleator & Tarjan, "The pairing heap: a new form of
//! self-adjusting heap", Algorithmica 1 (1986): adding costs O(1), taking out O(log n) amortized.

use super::slab::NONE;

/// Where a record stands: the least comes first; of equal `order` the one with the earlier `turn`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// What it is ordered by.
    pub order: i128,
    /// Tells equal ones apart.
    pub turn: u64,
}

impl Rank {
    /// The rank in which the last comes first.
    pub fn reversed(self) -> Rank {
        Rank {
            order: -self.order,
            turn: !self.turn,
        }
    }
}

/// The place of a record in the heap that it is in: its first child, its next sibling, and the
/// sibling before it or, of a first child, its parent.
#[derive(Clone, Copy, Debug)]
struct Seat {
    rank: Rank,
    child: u32,
    next: u32,
    before: u32,
}

const EMPTY: Seat = Seat {
    rank: Rank { order: 0, turn: 0 },
    child: NONE,
    next: NONE,
    before: NONE,
};

/// Seats of records by number; a record is in one heap at a time.
#[derive(Clone, Debug, Default)]
pub struct Seats(Vec<Seat>);

impl Seats {
    /// Gives a record, which is in no heap, a rank.
    pub fn set(&mut self, id: u32, rank: Rank) {
        if self.0.len() <= id as usize {
            self.0.resize(id as usize + 1, EMPTY);
        }
        self.0[id as usize] = Seat { rank, ..EMPTY };
    }

    /// The record's rank, in the heap that it is in or was in last.
    pub fn rank(&self, id: u32) -> Rank {
        self.0[id as usize].rank
    }

    fn at(&mut self, id: u32) -> &mut Seat {
        &mut self.0[id as usize]
    }

    /// Makes one tree of two, of which either may be [`NONE`].
    fn meld(&mut self, a: u32, b: u32) -> u32 {
        if a == NONE || b == NONE {
            return a.min(b);
        }
        let (parent, child) = if self.rank(a) <= self.rank(b) {
            (a, b)
        } else {
            (b, a)
        };
        let first = std::mem::replace(&mut self.at(parent).child, child);
        if first != NONE {
            self.at(first).before = child;
        }
        let seat = self.at(child);
        (seat.next, seat.before) = (first, parent);
        parent
    }

    /// Makes one tree of all the siblings from `first` on: by pairs, and then from the last back.
    fn meld_siblings(&mut self, first: u32) -> u32 {
        let (mut rest, mut pairs) = (first, NONE);
        while rest != NONE {
            let second = self.at(rest).next;
            let after = if second == NONE {
                NONE
            } else {
                self.at(second).next
            };
            let pair = self.meld(rest, second);
            self.at(pair).next = pairs;
            (pairs, rest) = (pair, after);
        }
        let mut root = NONE;
        while pairs != NONE {
            let next = self.at(pairs).next;
            root = self.meld(root, pairs);
            pairs = next;
        }
        root
    }

    /// Cuts a record that is not the root out of its tree, with all below it.
    fn cut(&mut self, id: u32) {
        let Seat { next, before, .. } = *self.at(id);
        match self.at(before) {
            parent if parent.child == id => parent.child = next,
            sibling => sibling.next = next,
        }
        if next != NONE {
            self.at(next).before = before;
        }
    }
}

/// Records in the order of their ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heap {
    root: u32,
}

impl Heap {
    /// A heap without records.
    pub const EMPTY: Heap = Heap { root: NONE };

    /// The first record; [`NONE`] if there is none.
    #[inline]
    pub fn first(self) -> u32 {
        self.root
    }

    /// Adds a record, which is in no heap, with `rank`.
    pub fn push(&mut self, seats: &mut Seats, id: u32, rank: Rank) {
        seats.set(id, rank);
        self.root = seats.meld(self.root, id);
        self.seal(seats);
    }

    /// Takes out a record that is in it.
    pub fn remove(&mut self, seats: &mut Seats, id: u32) {
        let child = seats.at(id).child;
        let below = seats.meld_siblings(child);
        if id == self.root {
            self.root = below;
        } else {
            seats.cut(id);
            self.root = seats.meld(self.root, below);
        }
        self.seal(seats);
    }

    /// A root has no siblings.
    fn seal(self, seats: &mut Seats) {
        if self.root != NONE {
            let seat = seats.at(self.root);
            (seat.next, seat.before) = (NONE, NONE);
        }
    }

    /// Takes out the first record, if there is one.
    pub fn pop(&mut self, seats: &mut Seats) -> Option<u32> {
        let first = self.root;
        (first != NONE).then(|| {
            self.remove(seats, first);
            first
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// Records come, go from the front and go from anywhere, against a sorted set.
    #[test]
    fn records_leave_in_order_and_from_anywhere() {
        let key = Seeds::new(5, 1).key(Purpose::Placement);
        let (mut seats, mut heap, mut twin) = (Seats::default(), Heap::EMPTY, BTreeSet::new());
        for step in 0..20_000 {
            let mut draw = key.draw(0, step, 0, 0, 0);
            let id = draw.below(200);
            let known = twin.iter().find(|(_, known)| *known == id).copied();
            if let Some(found) = known {
                heap.remove(&mut seats, id);
                twin.remove(&found);
            } else {
                let rank = Rank {
                    order: i128::from(draw.below(9)) - 4,
                    turn: step,
                };
                heap.push(&mut seats, id, rank);
                twin.insert((rank, id));
            }
            if draw.below(4) == 0 {
                let first = twin.pop_first().map(|(_, id)| id);
                assert_eq!(heap.pop(&mut seats), first);
            }
            let first = twin.first().map_or(NONE, |(_, id)| *id);
            assert_eq!(heap.first(), first);
        }
        assert!(twin.len() > 20);
    }

    #[test]
    fn reversed_ranks_come_last_first() {
        let ranks = [(1, 0), (1, 1), (2, 0)].map(|(order, turn)| Rank { order, turn });
        let mut reversed = ranks.map(Rank::reversed);
        reversed.sort();
        assert_eq!(reversed.map(Rank::reversed), [ranks[2], ranks[1], ranks[0]]);
    }
}
