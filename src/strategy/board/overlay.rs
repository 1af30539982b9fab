//! What one of many dispatchers sees where all are told the same and each knows beside it what it has sent
//! itself: the sums of that, and what they change of the orders that are kept for all.
//!
//! A dispatcher's leaves, and the matches above them, lie over the tournament of all. So a decision costs
//! O(log n) however many dispatchers there are and however much each has under way, and what is kept of one
//! grows with what it has under way alone (path copying: Driscoll, Sarnak, Sleator & Tarjan, "Making data
//! structures persistent", 1989).

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::tournament::{Bracket, Falling, Leaf, Match, Tournament};
use super::travelling::Travelling;
use crate::engine::time::Time;
use crate::model::layout::Layout;

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

/// Leaves and matches that take the place of those of a tournament.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    leaves: FxHashMap<u32, Leaf>,
    matches: FxHashMap<usize, Match>,
}

impl Overlay {
    /// Nothing lies over it any more.
    pub fn clear(&mut self) {
        self.leaves.clear();
        self.matches.clear();
    }

    /// The tournament as it is with this over it.
    pub fn over<'a>(&'a mut self, under: &'a mut Tournament) -> Overlaid<'a> {
        Overlaid { under, over: self }
    }
}

/// A tournament with something over it.
pub struct Overlaid<'a> {
    under: &'a mut Tournament,
    over: &'a mut Overlay,
}

impl Overlaid<'_> {
    /// Gives a node a value as of `now`, or leaves it out.
    pub fn set(&mut self, position: usize, value: Option<Falling>, now: Time) {
        let leaf = Leaf::new(value, now);
        self.over.leaves.insert(position as u32, leaf);
        let mut at = (self.width() + position) / 2;
        while at > 0 {
            let result = self.play(at, now);
            let before = self.over.matches.insert(at, result);
            // Above a match that did not change and that the node did not win, nothing changes.
            if before.is_some_and(|it| it == result && it.winner as usize != position) {
                break;
            }
            at /= 2;
        }
    }

    /// The node has the value that lies under it, which may have changed.
    pub fn lift(&mut self, position: usize, now: Time) {
        self.over.leaves.remove(&(position as u32));
        let mut at = (self.width() + position) / 2;
        while at > 0 {
            if self.is_over(2 * at) || self.is_over(2 * at + 1) {
                let result = self.play(at, now);
                self.over.matches.insert(at, result);
            } else {
                self.over.matches.remove(&at);
            }
            at /= 2;
        }
    }

    fn is_over(&self, at: usize) -> bool {
        match at.checked_sub(self.width()) {
            Some(position) => self.over.leaves.contains_key(&(position as u32)),
            None => self.over.matches.contains_key(&at),
        }
    }
}

impl Bracket for Overlaid<'_> {
    fn width(&self) -> usize {
        self.under.width()
    }

    #[inline]
    fn leaf(&self, position: u32) -> Leaf {
        let over = self.over.leaves.get(&position);
        over.copied().unwrap_or_else(|| self.under.leaf(position))
    }

    #[inline]
    fn played(&self, at: usize) -> Match {
        let over = self.over.matches.get(&at);
        over.copied().unwrap_or_else(|| self.under.played(at))
    }

    #[inline]
    fn record(&mut self, at: usize, result: Match) {
        match self.over.matches.get_mut(&at) {
            Some(over) => *over = result,
            None => self.under.record(at, result),
        }
    }
}
