//! Any node, with probability proportional to its speed x slots: the best that a dispatcher can
//! do by fixed shares when it knows the machines but not their load.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::{Ask, Blueprint, Eligible, Order, Placement, Problem, View};

/// Any eligible node, with probability proportional to speed x slots (unlimited slots count as 1).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightedRandom {}

impl Blueprint for WeightedRandom {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Weighted(eligible.shares())))
    }
}

struct Weighted(Order);

impl Placement for Weighted {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        view.by_share(self.0, ask, rng)
    }
}
