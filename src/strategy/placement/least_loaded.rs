//! The least loaded node of all (join the shortest queue, by tasks: Winston, "Optimality of the
//! shortest line discipline", 1977; least work left, by work). The board keeps the order, so no
//! decision looks at every node.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::{
    Ask, Blueprint, Choice, Eligible, Key, Order, Placement, Problem, Reports, Score, View,
};

/// The eligible node with the least load.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct LeastLoaded {
    /// What load is compared by.
    pub by: Key,
}

impl Blueprint for LeastLoaded {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Least::new(self.by, eligible)))
    }
}

/// The node that is least by a key.
pub struct Least {
    key: Key,
    order: Order,
}

impl Least {
    /// Of the eligible nodes, by `key`.
    pub fn new(key: Key, eligible: &mut Eligible<'_>) -> Least {
        Least {
            key,
            order: eligible.ordered_by(key),
        }
    }
}

impl Placement for Least {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        view.least(self.order, ask, rng)
    }

    fn goes_by_counts(&self) -> bool {
        self.key == Key::Tasks
    }

    fn choose(&mut self, _: u32, _: &mut Draw) -> Option<Choice> {
        Some(Choice::Least(self.order))
    }

    fn reads_work(&self) -> bool {
        self.key.reads_work()
    }

    fn reports(&self) -> Reports {
        Reports::Loads
    }

    fn score(&self, _ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        Some(self.key.score(node, view))
    }
}
