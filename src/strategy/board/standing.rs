//! The node with the least figure, of equal ones that whose figure has stood longest: a tournament
//! over the nodes of a pool whose leaves remember when they changed.

use crate::strategy::view::Ratio;

/// A figure, and the number of the change that gave it.
type Leaf = Option<(Ratio, u64)>;

/// The nodes of a pool by figure, by their positions in it.
#[derive(Clone, Debug)]
pub struct Standing {
    leaves: Vec<Leaf>,
    /// At each match from 1 on, the position that wins.
    winners: Vec<u32>,
    changes: u64,
}

impl Standing {
    /// `positions` nodes, all left out.
    pub fn new(positions: usize) -> Standing {
        let width = positions.next_power_of_two();
        let mut winners: Vec<u32> = (0..2 * width as u32).collect();
        winners
            .iter_mut()
            .skip(width)
            .for_each(|at| *at -= width as u32);
        for at in (1..width).rev() {
            winners[at] = winners[2 * at];
        }
        Standing {
            leaves: vec![None; width],
            winners,
            changes: 0,
        }
    }

    /// Gives a node a figure, or leaves it out. One that stays the same stands on.
    pub fn set(&mut self, position: usize, figure: Option<Ratio>) {
        if self.leaves[position].map(|(known, _)| known) == figure {
            return;
        }
        self.changes += 1;
        self.leaves[position] = figure.map(|figure| (figure, self.changes));
        let mut at = (position + self.leaves.len()) / 2;
        while at > 0 {
            let (left, right) = (self.winners[2 * at], self.winners[2 * at + 1]);
            let is_right = match (self.leaves[left as usize], self.leaves[right as usize]) {
                (Some(left), Some(right)) => right < left,
                (left, _) => left.is_none(),
            };
            self.winners[at] = if is_right { right } else { left };
            at /= 2;
        }
    }

    /// Position of the least; `None` if all are left out.
    pub fn least(&self) -> Option<usize> {
        let winner = self.winners[1.min(self.winners.len() - 1)] as usize;
        self.leaves[winner].map(|_| winner)
    }

    /// The same if its figure is this one.
    pub fn least_if(&self, figure: Ratio) -> Option<usize> {
        let is_it = |at: &usize| self.leaves[*at].is_some_and(|(known, _)| known == figure);
        self.least().filter(is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// Against a look at every node.
    #[test]
    fn least_is_that_of_the_search() {
        let key = Seeds::new(5, 1).key(Purpose::Placement);
        for n in [1usize, 2, 3, 7, 64, 100] {
            let mut nodes = Standing::new(n);
            (0..n).for_each(|at| nodes.set(at, Some(Ratio::ZERO)));
            for step in 0..3_000 {
                let mut draw = key.draw(n as u32, step, 0, 0, 0);
                let figure = (draw.below(6) > 0).then(|| Ratio::whole(draw.below(4).into()));
                // Often the least one itself, as decisions do.
                let at = nodes.least().filter(|_| draw.below(2) > 0);
                nodes.set(at.unwrap_or(draw.below(n as u32) as usize), figure);
                let least = (0..n).filter(|at| nodes.leaves[*at].is_some());
                assert_eq!(nodes.least(), least.min_by_key(|at| nodes.leaves[*at]));
            }
        }
    }

    #[test]
    fn who_has_stood_longest_is_first() {
        let mut nodes = Standing::new(3);
        (0..3).for_each(|at| nodes.set(at, Some(Ratio::ZERO)));
        for at in [0, 1, 2] {
            assert_eq!(nodes.least(), Some(at));
            nodes.set(at, Some(Ratio::whole(1)));
        }
        nodes.set(2, Some(Ratio::ZERO));
        nodes.set(0, Some(Ratio::ZERO));
        assert_eq!(nodes.least(), Some(2));
        assert_eq!(nodes.least_if(Ratio::whole(1)), None);
    }
}
