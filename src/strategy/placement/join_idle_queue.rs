//! An idle node if there is one, else any node (Lu, Xie, Kliot, Geller, Larus & Greenberg,
//! "Join-Idle-Queue", Performance Evaluation 68, 2011). Nodes report when they become idle, one
//! message each; a decision asks nobody.

use schemars::JsonSchema;
use serde::Deserialize;

use super::least_loaded::Least;
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::view::View;
use crate::strategy::index::Score;
use crate::strategy::{Ask, Blueprint, Placement, Pool, Problem, Rank, Watch};

/// An idle eligible node (without any task), else any, each equally likely.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinIdleQueue {}

impl Blueprint for JoinIdleQueue {
    fn build(&self, pool: &Pool, layout: &Layout) -> Result<Box<dyn Placement>, Problem> {
        let idle = Least::new(pool, layout, |node, view| {
            (view.tasks(node) == 0).then_some(Score::fixed(0, 1))
        });
        Ok(Box::new(IdleFirst {
            idle: idle.watching(Watch::Idle),
            pool: pool.clone(),
        }))
    }
}

struct IdleFirst<P> {
    idle: P,
    pool: Pool,
}

impl<P: Placement> Placement for IdleFirst<P> {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        self.idle.place(ask, view, rng).or_else(|| {
            let nodes = ask.among.unwrap_or(&self.pool.0);
            (!nodes.is_empty()).then(|| nodes[rng.below(nodes.len() as u32) as usize])
        })
    }

    fn watches(&self) -> Watch {
        self.idle.watches()
    }

    fn seen(&mut self, node: NodeId, view: &View<'_>) {
        self.idle.seen(node, view);
    }

    /// 0 for an idle node, 1 for any other.
    fn score(&self, _ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Rank> {
        let is_busy = view.tasks(node) > 0;
        Some(Rank::smaller(f64::from(u8::from(is_busy))))
    }
}
