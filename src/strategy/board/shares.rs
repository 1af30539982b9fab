//! Nodes of a pool drawn with probability proportional to a weight.
//!
//! Sums of weights lie in a tree (Fenwick, "A new data structure for cumulative frequency tables",
//! 1994), so that a change and a draw cost O(log n) each.

use rand::Rng;

use crate::engine::random::Draw;

/// Weights by position in the pool; 0 is left out.
#[derive(Clone, Debug)]
pub struct Shares {
    weights: Vec<u64>,
    /// At `i` the sum of the weights at `i - (i & -i)` up to, not including, `i`.
    sums: Vec<u128>,
    total: u128,
}

impl Shares {
    /// `positions` nodes, all left out.
    pub fn new(positions: usize) -> Shares {
        Shares {
            weights: vec![0; positions],
            sums: vec![0; positions + 1],
            total: 0,
        }
    }

    /// Gives a node a weight; 0 leaves it out.
    #[inline]
    pub fn set(&mut self, position: usize, weight: u64) {
        let before = std::mem::replace(&mut self.weights[position], weight);
        if before == weight {
            return;
        }
        // Unsigned sums wrap around while a smaller weight takes the place of a larger one.
        let change = u128::from(weight).wrapping_sub(u128::from(before));
        self.total = self.total.wrapping_add(change);
        let mut at = position + 1;
        while at < self.sums.len() {
            self.sums[at] = self.sums[at].wrapping_add(change);
            at += at & at.wrapping_neg();
        }
    }

    /// Draws a position; `None` if all are left out.
    pub fn draw(&self, rng: &mut Draw) -> Option<usize> {
        (self.total > 0).then(|| self.find(below(self.total, rng)))
    }

    /// The first position up to and with which the weights sum to more than `target`.
    fn find(&self, mut target: u128) -> usize {
        let (mut at, mut step) = (0, self.weights.len().next_power_of_two());
        while step > 0 {
            if at + step < self.sums.len() && self.sums[at + step] <= target {
                at += step;
                target -= self.sums[at];
            }
            step /= 2;
        }
        at
    }
}

/// A uniform whole number below `total` (below 2^64 in any real cluster).
fn below(total: u128, rng: &mut Draw) -> u128 {
    let random = u128::from(rng.next_u64());
    (((total >> 32) * random) >> 32) + (((total & 0xffff_ffff) * random) >> 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// Weights 1 and 3, of sums below and above 2^32: a quarter of 40,000 draws within 4.5
    /// standard errors.
    #[test]
    fn draws_follow_weights() {
        let key = Seeds::new(2, 1).key(Purpose::Placement);
        let error = 4.5 * (40_000.0f64 * 0.25 * 0.75).sqrt();
        for quarter in [1_000_000_000, 1_500_000_000, 2_000_000_000, 1 << 52] {
            let mut shares = Shares::new(2);
            shares.set(0, quarter);
            shares.set(1, 3 * quarter);
            let first = |job: &u64| shares.draw(&mut key.draw(0, *job, 0, 0, 0)) == Some(0);
            let count = (0..40_000).filter(first).count();
            assert!((count as f64 - 10_000.0).abs() < error, "{quarter}");
        }
    }

    /// Every target's position against a running sum, while weights come, change and go.
    #[test]
    fn targets_are_found_as_by_a_running_sum() {
        let key = Seeds::new(3, 1).key(Purpose::Placement);
        for n in [1u32, 2, 5, 16, 33] {
            let mut shares = Shares::new(n as usize);
            assert_eq!(shares.draw(&mut key.draw(0, 0, 0, 0, 0)), None);
            for step in 0..300 {
                let mut draw = key.draw(u64::from(n) as u32, step, 0, 0, 0);
                shares.set(draw.below(n) as usize, u64::from(draw.below(4)));
                let weights = shares.weights.iter().enumerate();
                let each = weights.flat_map(|(at, &weight)| (0..weight).map(move |_| at));
                for (target, position) in each.enumerate() {
                    assert_eq!(shares.find(target as u128), position);
                }
            }
        }
    }
}
