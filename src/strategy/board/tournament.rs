//! The node with the least value without a scan: a tournament over the nodes of a pool.
//!
//! A node's value may fall as time passes (unfinished work does, at the rate at which the node
//! works it off). Each match of the tournament therefore remembers until when its result stands;
//! a question at a later time replays only the matches that have expired (a kinetic tournament:
//! Basch, Guibas & Hershberger, "Data structures for mobile data", 1999). A change costs
//! O(log n), a question O(log n) beside the expired matches.
//!
//! The answer depends on the values alone, never on the order of changes: of `k` tied nodes it
//! gives the r-th in id order.

use std::cmp::Ordering;

use crate::engine::time::Time;

/// A node's value at time t: (`value` - `rate` x (t - time at which it is given)) / `weight`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Falling {
    /// Value at the time at which it is given.
    pub value: u64,
    /// How fast it falls, per nanosecond.
    pub rate: u32,
    /// What it is divided by, above 0.
    pub weight: u64,
}

/// A leaf: `start` = value + rate x time, so that it can be read at any time. Weight 0: left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    start: u64,
    weight: u64,
    rate: u32,
}

const LEFT_OUT: Leaf = Leaf {
    start: 0,
    weight: 0,
    rate: 0,
};

impl Leaf {
    pub(super) fn new(value: Option<Falling>, now: Time) -> Leaf {
        value.map_or(LEFT_OUT, |given| Leaf {
            start: (given.value).wrapping_add(u64::from(given.rate).wrapping_mul(now.0)),
            weight: given.weight,
            rate: given.rate,
        })
    }

    #[inline]
    pub(super) fn at(&self, now: Time) -> u64 {
        self.start
            .wrapping_sub(u64::from(self.rate).wrapping_mul(now.0))
    }

    #[inline]
    pub(super) fn compare(&self, other: &Leaf, now: Time) -> Ordering {
        if self.weight == other.weight {
            return self.at(now).cmp(&other.at(now));
        }
        if self.weight == 0 || other.weight == 0 {
            return other.weight.cmp(&self.weight);
        }
        let left = u128::from(self.at(now)) * u128::from(other.weight);
        left.cmp(&(u128::from(other.at(now)) * u128::from(self.weight)))
    }

    /// True if it is of no node.
    pub(super) fn is_left_out(&self) -> bool {
        self.weight == 0
    }

    /// True if both values fall equally fast.
    #[inline]
    fn is_parallel(&self, other: &Leaf) -> bool {
        if self.weight == other.weight {
            return self.rate == other.rate;
        }
        u128::from(self.rate) * u128::from(other.weight)
            == u128::from(other.rate) * u128::from(self.weight)
    }

    /// First instant after `now` at which `loser`, now the larger, is no larger than `self`.
    #[inline]
    fn overtaken(&self, loser: &Leaf, now: Time) -> Time {
        if loser.rate == 0 || self.weight == 0 || loser.weight == 0 {
            return Time::MAX;
        }
        self.overtaken_by_falling(loser, now)
    }

    fn overtaken_by_falling(&self, loser: &Leaf, now: Time) -> Time {
        let cross = |value: u64, weight: u64| i128::from(value) * i128::from(weight);
        let closing =
            cross(u64::from(loser.rate), self.weight) - cross(u64::from(self.rate), loser.weight);
        if closing <= 0 {
            return Time::MAX;
        }
        let gap = cross(loser.at(now), self.weight) - cross(self.at(now), loser.weight);
        now + Time(u64::try_from((gap + closing - 1) / closing).unwrap_or(u64::MAX))
    }
}

/// A match: who wins, among how many tied, and the first instant at which that may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) winner: u32,
    pub(super) tied: u32,
    pub(super) until: Time,
}

impl Match {
    /// Of one who has not met anybody.
    pub(super) fn of_one(position: u32) -> Match {
        Match {
            winner: position,
            tied: 1,
            until: Time::MAX,
        }
    }
}

/// How a match goes between two who have won theirs, and who wins it. The first stands further to the front.
#[inline]
pub(super) fn play((left, a): Won, (right, b): Won, now: Time) -> Won {
    let tied = left.tied + right.tied;
    let (leaf, winner, tied, change) = match a.compare(&b, now) {
        Ordering::Less => (a, left.winner, left.tied, a.overtaken(&b, now)),
        Ordering::Greater => (b, right.winner, right.tied, b.overtaken(&a, now)),
        Ordering::Equal if a.is_parallel(&b) => (a, left.winner, tied, Time::MAX),
        Ordering::Equal => (a, left.winner, tied, now + Time(1)),
    };
    let until = left.until.min(right.until).min(change);
    let result = Match {
        winner,
        tied,
        until,
    };
    (result, leaf)
}

/// A match, and the leaf of who won it.
pub(super) type Won = (Match, Leaf);

/// The nodes of a pool by value, by their positions in it.
#[derive(Clone, Debug)]
pub struct Tournament {
    leaves: Vec<Leaf>,
    matches: Vec<Match>,
}

impl Tournament {
    /// `positions` nodes, all left out.
    pub fn new(positions: usize) -> Tournament {
        let width = positions.next_power_of_two();
        let each = (0..width as u32).chain(0..width as u32);
        let mut tournament = Tournament {
            leaves: vec![LEFT_OUT; width],
            matches: each.map(Match::of_one).collect(),
        };
        tournament.fill(std::iter::empty(), Time::ZERO);
        tournament
    }

    /// Gives the nodes new values as of `now`, in id order; `None` leaves one out.
    pub fn fill(&mut self, values: impl Iterator<Item = Option<Falling>>, now: Time) {
        for (leaf, value) in self.leaves.iter_mut().zip(values) {
            *leaf = Leaf::new(value, now);
        }
        for parent in (1..self.leaves.len()).rev() {
            self.replay(parent, now);
        }
    }

    /// Gives a node a value as of `now`, or leaves it out.
    pub fn set(&mut self, position: usize, value: Option<Falling>, now: Time) {
        self.leaves[position] = Leaf::new(value, now);
        let mut parent = (self.leaves.len() + position) / 2;
        while parent > 0 {
            let before = self.matches[parent];
            self.replay(parent, now);
            // Above a match that did not change and that the node did not win, nothing changes.
            if self.matches[parent] == before && before.winner as usize != position {
                break;
            }
            parent /= 2;
        }
    }

    /// Number of places at which a match may begin, a power of two: match 1 is the last, of match n the two
    /// before it are 2n and 2n + 1, and the leaves stand before all.
    #[inline]
    pub(super) fn width(&self) -> usize {
        self.leaves.len()
    }

    /// A match as it went, and the leaf of who won it.
    #[inline]
    pub(super) fn won(&self, at: usize) -> Won {
        let result = self.matches[at];
        (result, self.leaves[result.winner as usize])
    }

    #[inline]
    pub(super) fn replay(&mut self, at: usize, now: Time) {
        self.matches[at] = play(self.won(2 * at), self.won(2 * at + 1), now).0;
    }
}
