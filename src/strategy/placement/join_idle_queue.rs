//! An idle node if there is one, else any node (Lu, Xie, Kliot, Geller, Larus & Greenberg,
//! "Join-Idle-Queue", Performance Evaluation 68, 2011). Nodes report when they become idle, one
//! message each; a decision asks nobody.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::random::{Random, any};
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::{
    Ask, Blueprint, Eligible, Key, Order, Placement, Problem, Reports, Score, View,
};

/// An idle eligible node (without any task), else any, each equally likely.
#[derive(Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JoinIdleQueue {
    /// To whom a node reports that it is idle.
    pub reports: To,
}

/// To whom a node reports that it is idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum To {
    /// To all dispatchers: each knows all idle nodes.
    #[default]
    All,
    /// To one dispatcher, any: that keeps idle nodes in a queue of its own, and sends its next task to the
    /// first.
    One,
    /// The same, to the one with the shorter queue of two.
    ShorterOfTwo,
}

/// What is new and left at its default is not shown, so that scenarios are known by how they show.
impl fmt::Debug for JoinIdleQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let JoinIdleQueue { reports } = self;
        match reports {
            To::All => f.write_str("JoinIdleQueue"),
            _ => (f.debug_struct("JoinIdleQueue"))
                .field("reports", reports)
                .finish(),
        }
    }
}

impl Blueprint for JoinIdleQueue {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        match self.reports {
            To::All => Ok(Box::new(IdleFirst(eligible.ordered_by(Key::Tasks)))),
            To::One | To::ShorterOfTwo => Random {}.build(eligible),
        }
    }

    fn idle_queues(&self) -> u32 {
        match self.reports {
            To::All => 0,
            To::One => 1,
            To::ShorterOfTwo => 2,
        }
    }
}

struct IdleFirst(Order);

impl Placement for IdleFirst {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        view.idle(self.0, ask, rng).or_else(|| any(ask, rng))
    }

    fn reads_work(&self) -> bool {
        false
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
