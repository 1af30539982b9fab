//! Any node, with probability proportional to its speed x slots: the best that a dispatcher can
//! do by fixed shares when it knows the machines but not their load.

use schemars::JsonSchema;
use serde::Deserialize;

use rand::Rng;

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::view::View;
use crate::strategy::{Ask, Blueprint, Placement, Pool, Problem};

/// Any eligible node, with probability proportional to speed x slots (unlimited slots count as 1).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightedRandom {}

impl Blueprint for WeightedRandom {
    fn build(&self, pool: &Pool, layout: &Layout) -> Result<Box<dyn Placement>, Problem> {
        let mut sum = 0;
        let upto = |node: &NodeId| {
            sum += u128::from(layout.weight(*node));
            sum
        };
        Ok(Box::new(Weighted {
            cumulative: pool.0.iter().map(upto).collect(),
            pool: pool.clone(),
        }))
    }
}

struct Weighted {
    pool: Pool,
    cumulative: Vec<u128>,
}

impl Placement for Weighted {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        if let Some(among) = ask.among {
            return among_few(among, view.layout(), rng);
        }
        let target = share(*self.cumulative.last()?, rng);
        Some(self.pool.0[self.cumulative.partition_point(|&upto| upto <= target)])
    }
}

/// The same over a list that changes with every decision.
fn among_few(among: &[NodeId], layout: &Layout, rng: &mut Draw) -> Option<NodeId> {
    let total = among
        .iter()
        .map(|&node| u128::from(layout.weight(node)))
        .sum();
    let mut target = share(total, rng);
    among.iter().copied().find(|&node| {
        let weight = u128::from(layout.weight(node));
        let found = target < weight;
        target = target.saturating_sub(weight);
        found
    })
}

/// A uniform whole number below `total` (below 2^64 in any real cluster).
fn share(total: u128, rng: &mut Draw) -> u128 {
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
    fn shares_follow_weights() {
        let key = Seeds::new(2, 1).key(Purpose::Placement);
        let error = 4.5 * (40_000.0f64 * 0.25 * 0.75).sqrt();
        for quarter in [1_000_000_000, 1_500_000_000, 2_000_000_000, 1 << 52] {
            let low = (0..40_000)
                .filter(|&job| share(4 * quarter, &mut key.draw(0, job, 0, 0, 0)) < quarter);
            assert!((low.count() as f64 - 10_000.0).abs() < error, "{quarter}");
        }
    }
}
