//! Any node, each equally likely. Needs to know nothing, and leaves some nodes with long queues
//! while others idle.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::{Ask, Blueprint, Choice, Eligible, Placement, Problem, Reads, View};

/// Any eligible node, each equally likely.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Random {}

impl Blueprint for Random {
    fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Uniform))
    }
}

struct Uniform;

impl Placement for Uniform {
    fn place(&mut self, ask: &Ask<'_>, _: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        any(ask, rng)
    }

    fn goes_by_counts(&self) -> bool {
        true
    }

    fn choose(&mut self, nodes: u32, rng: &mut Draw) -> Option<Choice> {
        (nodes > 0).then(|| Choice::Node(rng.below(nodes)))
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// Any candidate, each equally likely.
pub fn any(ask: &Ask<'_>, rng: &mut Draw) -> Option<NodeId> {
    let count = ask.nodes.count();
    (count > 0).then(|| ask.nodes.nth(rng.below(count)))
}
