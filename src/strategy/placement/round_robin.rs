//! The nodes in turn. Each dispatcher has its own pointer for each set of eligible nodes, so that
//! unlike tasks do not disturb each other's turns.
//!
//! Weighted turns are spread as evenly as they can be (smooth weighted round robin: Sysoev, nginx
//! 1.3.1, 2012): add each node's weight to its credit, take the largest credit (lowest id on
//! ties), subtract the sum of the weights from it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::random::any;
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::{Ask, Blueprint, Eligible, Placement, Pool, Problem, Reads, View};

/// The eligible nodes in turn.
#[derive(Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RoundRobin {
    /// How often a node's turn comes.
    pub weights: Weights,
    /// Whose turn is the first.
    pub start: Start,
}

/// What is new and left at its default is not shown, so that scenarios are known by how they show.
impl fmt::Debug for RoundRobin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RoundRobin { weights, start } = self;
        let mut shown = f.debug_struct("RoundRobin");
        shown.field("weights", weights);
        if *start != Start::default() {
            shown.field("start", start);
        }
        shown.finish()
    }
}

/// Whose turn is the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// The first node's in file order.
    #[default]
    First,
    /// Any node's, drawn by each dispatcher for itself, as balancers that are not told of each other do.
    Random,
}

/// How often a node's turn comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Weights {
    /// Equally often.
    #[default]
    #[serde(rename = "equal")]
    Equal,
    /// In proportion to speed x slots (unlimited slots count as 1).
    #[serde(rename = "speed x slots")]
    SpeedTimesSlots,
}

impl Blueprint for RoundRobin {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        let is_random = self.start == Start::Random;
        if self.weights == Weights::Equal {
            let next = NodeId(0);
            return Ok(Box::new(Turns { next, is_random }));
        }
        let (pool, layout) = (eligible.pool(), eligible.layout());
        let weight = |node: &NodeId| i128::from(layout.weight(*node));
        Ok(Box::new(Smooth {
            credits: vec![0; pool.ids().len()],
            weights: pool.ids().iter().map(weight).collect(),
            pool: pool.clone(),
            is_random,
        }))
    }
}

/// `next` is the id from which the next turn is looked for, unless the next one `is_random`.
struct Turns {
    next: NodeId,
    is_random: bool,
}

impl Placement for Turns {
    fn place(&mut self, ask: &Ask<'_>, _: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        if std::mem::take(&mut self.is_random) {
            self.next = any(ask, rng)?;
        }
        let next = ask.nodes.next_from(self.next);
        let node = next.or_else(|| ask.nodes.next_from(NodeId(0)))?;
        self.next = NodeId(node.0 + 1);
        Some(node)
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }

    fn has_memory(&self) -> bool {
        true
    }
}

struct Smooth {
    pool: Pool,
    weights: Vec<i128>,
    credits: Vec<i128>,
    is_random: bool,
}

impl Smooth {
    /// The node whose turn it is.
    fn turn(&mut self, ask: &Ask<'_>) -> Option<NodeId> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for (at, node) in self.pool.ids().iter().enumerate() {
            if !ask.nodes.contains(*node) {
                continue;
            }
            total += self.weights[at];
            self.credits[at] += self.weights[at];
            if best.is_none_or(|best| self.credits[at] > self.credits[best]) {
                best = Some(at);
            }
        }
        self.credits[best?] -= total;
        best.map(|at| self.pool.ids()[at])
    }
}

impl Placement for Smooth {
    fn place(&mut self, ask: &Ask<'_>, _: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        if std::mem::take(&mut self.is_random) {
            for _ in 0..rng.below(ask.nodes.count().max(1)) {
                self.turn(ask);
            }
        }
        self.turn(ask)
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }

    fn has_memory(&self) -> bool {
        true
    }
}
