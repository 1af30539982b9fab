//! Any node, each equally likely. Needs to know nothing, and leaves some nodes with long queues
//! while others idle.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::view::View;
use crate::strategy::{Ask, Blueprint, Placement, Pool, Problem};

/// Any eligible node, each equally likely.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Random {}

impl Blueprint for Random {
    fn build(&self, pool: &Pool, _layout: &Layout) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Uniform { pool: pool.clone() }))
    }
}

struct Uniform {
    pool: Pool,
}

impl Placement for Uniform {
    fn place(&mut self, ask: &Ask<'_>, _view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let nodes = ask.among.unwrap_or(&self.pool.0);
        (!nodes.is_empty()).then(|| nodes[rng.below(nodes.len() as u32) as usize])
    }
}
