//! An idle node if there is one, else any node (Lu, Xie, Kliot, Geller, Larus & Greenberg,
//! "Join-Idle-Queue", Performance Evaluation 68, 2011). Nodes report when they become idle, one
//! message each; a decision asks nobody.

use schemars::JsonSchema;
use serde::Deserialize;

use super::random::any;
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::{
    Ask, Blueprint, Eligible, Key, Order, Placement, Problem, Reports, Score, View,
};

/// An idle eligible node (without any task), else any, each equally likely.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinIdleQueue {}

impl Blueprint for JoinIdleQueue {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(IdleFirst(eligible.ordered_by(Key::Tasks))))
    }
}

struct IdleFirst(Order);

impl Placement for IdleFirst {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        view.idle(self.0, ask, rng).or_else(|| any(ask, rng))
    }

    fn reports(&self) -> Reports {
        Reports::Idle
    }

    /// 0 for an idle node, 1 for any other.
    fn score(&self, _ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        let is_busy = view.tasks(node) > 0;
        Some(Score::smaller(f64::from(u8::from(is_busy))))
    }
}
