//! What one of many dispatchers sees where all are told the same and each knows beside it what it has sent
//! itself: the sums of that, and what they change of the orders that are kept for all.
//!
//! A dispatcher's leaves, and the matches above them, lie over the tournament of all. So a decision costs
//! O(log n) however many dispatchers there are and however much each has under way, as long as little changes
//! for all from one decision of a dispatcher to its next, as with views that are local or renewed now and then;
//! else (delayed views change all the time) all that it has under way is laid over it anew. What is kept of one
//! grows with what it has under way (path copying: Driscoll, Sarnak, Sleator & Tarjan, "Making data
//! structures persistent", 1989).

use std::cell::RefCell;
use std::cmp::Ordering;

use super::tournament::{Falling, Leaf, Match, Tournament, Won, play};
use super::travelling::Travelling;
use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::model::layout::Layout;
use crate::model::slab::NONE;
use crate::strategy::Ties;

/// What one dispatcher has under way that is not in what all are told.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The sums of it.
    pub sums: Travelling,
    /// For each list of its face, what lies over its orders.
    pub over: Vec<RefCell<Vec<Overlay>>>,
    /// How many changes of its face lie under it; `None` if what lies over it is to be laid anew.
    pub changes: Option<u64>,
}

impl Beside {
    /// Nothing.
    pub fn new(layout: &Layout) -> Beside {
        Beside {
            sums: Travelling::few(layout),
            over: Vec::new(),
            changes: None,
        }
    }
}

/// Leaves, and the matches above them, that lie over those of a tournament.
#[derive(Clone, Debug)]
pub struct Overlay {
    nodes: Vec<Node>,
    free: Vec<u32>,
    last: u32,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    won: Won,
    /// What lies over the two matches before it.
    before: [u32; 2],
}

impl Default for Overlay {
    /// Nothing.
    fn default() -> Overlay {
        Overlay {
            nodes: Vec::new(),
            free: Vec::new(),
            last: NONE,
        }
    }
}

impl Overlay {
    /// Nothing lies over it any more.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.free.clear();
        self.last = NONE;
    }

    /// The tournament as it is with this over it.
    pub fn over<'a>(&'a mut self, under: &'a mut Tournament) -> Overlaid<'a> {
        Overlaid { under, over: self }
    }

    /// Puts a node in the place of `own`, if there is one.
    #[inline]
    fn put(&mut self, own: u32, node: Node) -> u32 {
        let place = match own {
            NONE => self.free.pop().unwrap_or(self.nodes.len() as u32),
            own => own,
        };
        match self.nodes.get_mut(place as usize) {
            Some(known) => *known = node,
            None => self.nodes.push(node),
        }
        place
    }

    /// Nothing lies there any more.
    fn drop(&mut self, own: u32) -> u32 {
        self.free.extend((own != NONE).then_some(own));
        NONE
    }
}

/// Matches one above the other at most, with the leaf.
const LEVELS: usize = 33;

/// On which side of the match above it the match at `level` above a leaf stands.
fn side(position: usize, level: usize) -> usize {
    position >> level & 1
}

/// A match: its number in the tournament, and what lies over it.
#[derive(Clone, Copy)]
struct Place {
    under: usize,
    own: u32,
}

/// A tournament with something over it.
pub struct Overlaid<'a> {
    under: &'a mut Tournament,
    over: &'a mut Overlay,
}

impl Overlaid<'_> {
    /// Gives a node a value as of `now`, or leaves it out.
    pub fn set(&mut self, position: usize, value: Option<Falling>, now: Time) {
        let won = (Match::of_one(position as u32), Leaf::new(value, now));
        let path = self.path(position);
        let before = [NONE; 2];
        let own = self.over.put(path[0].own, Node { won, before });
        self.replay(&path, (own, won), position, now);
    }

    /// The node has the value that lies under it, which may have changed.
    pub fn lift(&mut self, position: usize, now: Time) {
        let path = self.path(position);
        let own = self.over.drop(path[0].own);
        let won = self.under.won(path[0].under);
        self.replay(&path, (own, won), position, now);
    }

    /// The places from a leaf, the first, to the last match.
    fn path(&self, position: usize) -> [Place; LEVELS] {
        let mut path = [self.last(); LEVELS];
        for level in (0..self.height()).rev() {
            path[level] = self.before(path[level + 1])[side(position, level)];
        }
        path
    }

    fn height(&self) -> usize {
        self.under.width().ilog2() as usize
    }

    /// Plays the matches of a path anew, on whose leaf `own` lies, which is now so.
    fn replay(
        &mut self,
        path: &[Place; LEVELS],
        (mut own, mut won): (u32, Won),
        position: usize,
        now: Time,
    ) {
        for level in 0..self.height() {
            let (place, side) = (path[level + 1], side(position, level));
            let both = self.before(place);
            let mut before = both.map(|each| each.own);
            before[side] = own;
            if before == [NONE; 2] {
                own = self.over.drop(place.own);
                won = self.under.won(place.under);
                continue;
            }
            let other = self.won(both[1 - side]);
            won = match side {
                0 => play(won, other, now),
                _ => play(other, won, now),
            };
            own = self.over.put(place.own, Node { won, before });
        }
        self.over.last = own;
    }

    #[inline]
    fn last(&self) -> Place {
        Place {
            under: 1,
            own: self.over.last,
        }
    }

    #[inline]
    fn before(&self, place: Place) -> [Place; 2] {
        let node = self.over.nodes.get(place.own as usize);
        let [left, right] = node.map_or([NONE; 2], |node| node.before);
        let under = 2 * place.under;
        let place = |under, own| Place { under, own };
        [place(under, left), place(under + 1, right)]
    }

    #[inline]
    fn won(&self, place: Place) -> Won {
        let over = self.over.nodes.get(place.own as usize);
        over.map_or_else(|| self.under.won(place.under), |node| node.won)
    }

    /// Replays the expired matches before that one, and that one.
    fn refresh(&mut self, place: Place, now: Time) {
        if self.won(place).0.until > now {
            return;
        }
        let both = self.before(place);
        both.into_iter().for_each(|each| self.refresh(each, now));
        match self.over.nodes.get(place.own as usize) {
            None => self.under.replay(place.under, now),
            Some(_) => {
                let won = play(self.won(both[0]), self.won(both[1]), now);
                self.over.nodes[place.own as usize].won = won;
            }
        }
    }

    /// The last match; `None` if all are left out.
    fn last_won(&mut self, now: Time) -> Option<Won> {
        self.refresh(self.last(), now);
        let last = self.won(self.last());
        (!last.1.is_left_out()).then_some(last)
    }

    /// Position of the node with the least value at `now`, ties told apart by `ties`; `None` if
    /// all are left out.
    pub fn least(&mut self, now: Time, ties: Ties, rng: &mut Draw) -> Option<usize> {
        let (last, _) = self.last_won(now)?;
        let position = match ties.pick(last.tied, rng) {
            0 => last.winner,
            rank => self.tied(rank, now),
        };
        Some(position as usize)
    }

    /// The same if that value is 0.
    pub fn least_if_zero(&mut self, now: Time, ties: Ties, rng: &mut Draw) -> Option<usize> {
        let (_, leaf) = self.last_won(now)?;
        let is_zero = leaf.at(now) == 0;
        is_zero.then(|| self.least(now, ties, rng)).flatten()
    }

    /// Puts the positions of all nodes with the least value into `tied`, in order.
    pub fn all_tied(&mut self, now: Time, tied: &mut Vec<usize>) {
        let count = self.last_won(now).map_or(0, |(last, _)| last.tied);
        tied.extend((0..count).map(|rank| self.tied(rank, now) as usize));
    }

    /// Position of the `rank`-th tied node.
    fn tied(&self, mut rank: u32, now: Time) -> u32 {
        let mut place = self.last();
        while place.under < self.under.width() {
            let both = self.before(place);
            let [(left, a), (_, b)] = both.map(|each| self.won(each));
            let is_right = match a.compare(&b, now) {
                Ordering::Less => false,
                Ordering::Greater => true,
                Ordering::Equal if rank < left.tied => false,
                Ordering::Equal => {
                    rank -= left.tied;
                    true
                }
            };
            place = both[usize::from(is_right)];
        }
        self.won(place).0.winner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// A slow and obvious twin: all tied least nodes in id order, by exact fractions.
    fn least_of(values: &[Option<(Falling, Time)>], now: Time) -> Vec<usize> {
        let value = |(given, since): (Falling, Time)| {
            let value =
                i128::from(given.value) - i128::from(given.rate) * i128::from((now - since).0);
            (value, i128::from(given.weight))
        };
        let less = |a: (i128, i128), b: (i128, i128)| (a.0 * b.1).cmp(&(b.0 * a.1));
        let all = values.iter().flatten().map(|&given| value(given));
        let Some(least) = all.min_by(|a, b| less(*a, *b)) else {
            return Vec::new();
        };
        let is_least = |at: &usize| values[*at].is_some_and(|v| less(value(v), least).is_eq());
        (0..values.len()).filter(is_least).collect()
    }

    /// Of few sizes, weights and rates, so that ties and overtakings are many; never below 0 within the test.
    fn value(draw: &mut Draw) -> Option<Falling> {
        let (rate, value) = (draw.below(3), 100_000 + u64::from(draw.below(8)));
        (draw.below(8) > 0).then(|| Falling {
            value,
            rate,
            weight: u64::from(1 + draw.below(3)),
        })
    }

    /// With values that change under it, and others that are laid over them and lifted.
    #[test]
    fn least_is_that_of_the_scan() {
        for n in [1u32, 2, 3, 7, 16, 33] {
            let (mut values, mut laid) = (vec![None; n as usize], vec![None; n as usize]);
            let mut tournament = Tournament::new(n as usize);
            let mut over = Overlay::default();
            let mut now = Time::ZERO;
            let key = Seeds::new(9, u64::from(n)).key(Purpose::Placement);
            for step in 0..8_000 {
                let mut draw = key.draw(0, step, 0, 0, 0);
                now += Time(u64::from(draw.below(4)));
                let position = draw.below(n) as usize;
                let given = value(&mut draw);
                let dated = given.map(|given| (given, now));
                if draw.below(2) == 0 {
                    laid[position] = Some(dated);
                    over.over(&mut tournament).set(position, given, now);
                } else {
                    (values[position], laid[position]) = (dated, None);
                    tournament.set(position, given, now);
                    over.over(&mut tournament).lift(position, now);
                }
                now += Time(u64::from(draw.below(3)));
                let seen = values.iter().zip(&laid);
                let seen: Vec<_> = seen.map(|(value, laid)| laid.unwrap_or(*value)).collect();
                let tied = least_of(&seen, now);
                let mut all = over.over(&mut tournament);
                let lowest = all.least(now, Ties::LowestId, &mut draw);
                assert_eq!(lowest, tied.first().copied());
                let any = Ties::Random.pick(tied.len().max(1) as u32, &mut draw.clone());
                let found = all.least(now, Ties::Random, &mut draw);
                assert_eq!(found, tied.get(any as usize).copied());
                let mut found = Vec::new();
                all.all_tied(now, &mut found);
                assert_eq!(found, tied);
                if laid.iter().all(Option::is_none) {
                    assert_eq!(over.last, NONE);
                }
            }
        }
    }
}
