//! The least-loaded node without a scan: a tournament over the nodes of a pool.
//!
//! A node's score may fall as time passes (unfinished work does, at the rate at which the node
//! works it off). Each match of the tournament therefore remembers until when its result stands;
//! a question at a later time replays only the matches that have expired (a kinetic tournament:
//! Basch, Guibas & Hershberger, "Data structures for mobile data", 1999). An update costs
//! O(log n), a question O(log n) beside the expired matches.
//!
//! The answer depends on the scores alone, never on the order of updates: of `k` tied nodes it
//! gives the r-th in id order.

use std::cmp::Ordering;

use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::strategy::{Pool, Ties};

/// A node's score at time t: (`value` - `rate` x (t - time of the score)) / `weight`. The least is best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// Value at the time at which the score is given.
    pub value: u64,
    /// How fast it falls, per nanosecond.
    pub rate: u32,
    /// What it is divided by, above 0.
    pub weight: u64,
}

impl Score {
    /// A score that does not move.
    pub fn fixed(value: u64, weight: u64) -> Score {
        Score {
            value,
            rate: 0,
            weight,
        }
    }
}

/// A leaf: `start` = value + rate x time, so that it can be read at any time. Weight 0: left out.
#[derive(Clone, Copy, Debug)]
struct Leaf {
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
    #[inline]
    fn at(&self, now: Time) -> u64 {
        self.start
            .wrapping_sub(u64::from(self.rate).wrapping_mul(now.0))
    }

    #[inline]
    fn compare(&self, other: &Leaf, now: Time) -> Ordering {
        if self.weight == other.weight {
            return self.at(now).cmp(&other.at(now));
        }
        if self.weight == 0 || other.weight == 0 {
            return other.weight.cmp(&self.weight);
        }
        let left = u128::from(self.at(now)) * u128::from(other.weight);
        left.cmp(&(u128::from(other.at(now)) * u128::from(self.weight)))
    }

    /// True if both scores fall equally fast.
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
struct Match {
    winner: u32,
    tied: u32,
    until: Time,
}

/// The nodes of a pool by score.
#[derive(Clone, Debug)]
pub struct Index {
    pool: Pool,
    position: Vec<u32>,
    leaves: Vec<Leaf>,
    matches: Vec<Match>,
}

impl Index {
    /// All nodes of `pool`, left out until [`Index::set`] gives them a score. `nodes` is the
    /// number of all nodes.
    pub fn new(pool: &Pool, nodes: u32) -> Index {
        let mut position = vec![u32::MAX; nodes as usize];
        for (place, node) in (0u32..).zip(pool.0.iter()) {
            position[node.index()] = place;
        }
        let width = pool.0.len().next_power_of_two();
        let mut index = Index {
            pool: pool.clone(),
            position,
            leaves: vec![LEFT_OUT; width],
            matches: vec![
                Match {
                    winner: 0,
                    tied: 0,
                    until: Time::MAX
                };
                2 * width
            ],
        };
        for (place, leaf) in (0u32..).zip(width..2 * width) {
            index.matches[leaf] = Match {
                winner: place,
                tied: 1,
                until: Time::MAX,
            };
        }
        for parent in (1..width).rev() {
            index.replay(parent, Time::ZERO);
        }
        index
    }

    /// Gives `node` a score as of `now`, or leaves it out; a node outside the pool is ignored.
    pub fn set(&mut self, node: NodeId, score: Option<Score>, now: Time) {
        let place = self.position[node.index()];
        if place == u32::MAX {
            return;
        }
        self.leaves[place as usize] = score.map_or(LEFT_OUT, |score| Leaf {
            start: score
                .value
                .wrapping_add(u64::from(score.rate).wrapping_mul(now.0)),
            weight: score.weight,
            rate: score.rate,
        });
        let mut parent = (self.leaves.len() + place as usize) / 2;
        while parent > 0 {
            let before = self.matches[parent];
            self.replay(parent, now);
            // Above a match that did not change and that `node` did not win, nothing changes.
            if self.matches[parent] == before && before.winner != place {
                break;
            }
            parent /= 2;
        }
    }

    /// The best node at `now`, ties told apart by `ties`; `None` if all are left out.
    pub fn best(&mut self, now: Time, ties: Ties, rng: &mut Draw) -> Option<NodeId> {
        self.refresh(1, now);
        let root = self.matches[1];
        if self.leaves[root.winner as usize].weight == 0 {
            return None;
        }
        let place = match ties.pick(root.tied, rng) {
            0 => root.winner,
            rank => self.tied(rank, now),
        };
        Some(self.pool.0[place as usize])
    }

    /// Replays the expired matches below and at `parent`.
    fn refresh(&mut self, parent: usize, now: Time) {
        if self.matches[parent].until <= now {
            self.refresh(2 * parent, now);
            self.refresh(2 * parent + 1, now);
            self.replay(parent, now);
        }
    }

    #[inline]
    fn replay(&mut self, parent: usize, now: Time) {
        let (left, right) = (self.matches[2 * parent], self.matches[2 * parent + 1]);
        let (a, b) = (
            &self.leaves[left.winner as usize],
            &self.leaves[right.winner as usize],
        );
        let (winner, tied, change) = match a.compare(b, now) {
            Ordering::Less => (left.winner, left.tied, a.overtaken(b, now)),
            Ordering::Greater => (right.winner, right.tied, b.overtaken(a, now)),
            Ordering::Equal if a.is_parallel(b) => (left.winner, left.tied + right.tied, Time::MAX),
            Ordering::Equal => (left.winner, left.tied + right.tied, now + Time(1)),
        };
        let until = left.until.min(right.until).min(change);
        self.matches[parent] = Match {
            winner,
            tied,
            until,
        };
    }

    /// Place of the `rank`-th tied node.
    fn tied(&self, mut rank: u32, now: Time) -> u32 {
        let mut at = 1;
        while at < self.leaves.len() {
            let (left, right) = (self.matches[2 * at], self.matches[2 * at + 1]);
            let order =
                self.leaves[left.winner as usize].compare(&self.leaves[right.winner as usize], now);
            at = match order {
                Ordering::Less => 2 * at,
                Ordering::Greater => 2 * at + 1,
                Ordering::Equal if rank < left.tied => 2 * at,
                Ordering::Equal => {
                    rank -= left.tied;
                    2 * at + 1
                }
            };
        }
        self.matches[at].winner
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// A slow and obvious twin: all tied best nodes in id order, by exact fractions.
    fn best_of(scores: &[Option<(Score, Time)>], now: Time) -> Vec<NodeId> {
        let value = |(score, since): (Score, Time)| {
            let value =
                i128::from(score.value) - i128::from(score.rate) * i128::from((now - since).0);
            (value, i128::from(score.weight))
        };
        let less = |a: (i128, i128), b: (i128, i128)| (a.0 * b.1).cmp(&(b.0 * a.1));
        let all = scores.iter().flatten().map(|&score| value(score));
        let Some(least) = all.min_by(|a, b| less(*a, *b)) else {
            return Vec::new();
        };
        let is_least = |score: &Option<(Score, Time)>| {
            score.is_some_and(|score| less(value(score), least).is_eq())
        };
        (0u32..)
            .zip(scores)
            .filter(|(_, score)| is_least(score))
            .map(|(id, _)| NodeId(id))
            .collect()
    }

    /// Scores with few values, weights and rates, so that ties and overtakings are many.
    #[test]
    fn best_is_that_of_the_scan() {
        for n in [1u32, 2, 3, 7, 16, 33] {
            let pool = Pool((0..n).map(NodeId).collect());
            let mut index = Index::new(&pool, n);
            let mut scores = vec![None; n as usize];
            let mut now = Time::ZERO;
            let key = Seeds::new(9, u64::from(n)).key(Purpose::Placement);
            for step in 0..4000 {
                let mut draw = key.draw(0, step, 0, 0, 0);
                now += Time(u64::from(draw.below(4)));
                let node = draw.below(n);
                let rate = draw.below(3);
                // Never let a score fall below 0 within the test.
                let value = 100_000 + u64::from(draw.below(8));
                let score = (draw.below(8) > 0).then(|| Score {
                    value,
                    rate,
                    weight: u64::from(1 + draw.below(3)),
                });
                scores[node as usize] = score.map(|score| (score, now));
                index.set(NodeId(node), score, now);
                now += Time(u64::from(draw.below(3)));
                let tied = best_of(&scores, now);
                assert_eq!(
                    index.best(now, Ties::LowestId, &mut draw),
                    tied.first().copied()
                );
                let expected = (!tied.is_empty()).then(|| {
                    tied[Ties::Random.pick(tied.len() as u32, &mut draw.clone()) as usize]
                });
                assert_eq!(index.best(now, Ties::Random, &mut draw), expected);
            }
        }
    }

    /// A pool that is a part of the nodes answers with the nodes' own ids.
    #[test]
    fn pools_may_be_parts() {
        let pool = Pool([NodeId(2), NodeId(5)].into());
        let mut index = Index::new(&pool, 8);
        let mut rng = Seeds::new(1, 1).key(Purpose::Placement).draw(0, 0, 0, 0, 0);
        assert_eq!(index.best(Time::ZERO, Ties::Random, &mut rng), None);
        index.set(NodeId(3), Some(Score::fixed(0, 1)), Time::ZERO);
        index.set(NodeId(5), Some(Score::fixed(4, 1)), Time::ZERO);
        assert_eq!(
            index.best(Time::ZERO, Ties::Random, &mut rng),
            Some(NodeId(5))
        );
        index.set(NodeId(2), Some(Score::fixed(7, 2)), Time::ZERO);
        assert_eq!(
            index.best(Time::ZERO, Ties::Random, &mut rng),
            Some(NodeId(2))
        );
    }
}
