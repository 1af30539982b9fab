//! The nodes in turn. Each dispatcher has its own pointer for each set of eligible nodes, so that
//! unlike tasks do not disturb each other's turns.
//!
//! Weighted turns are spread as evenly as they can be (smooth weighted round robin: Sysoev, nginx
//! 1.3.1, 2012): add each node's weight to its credit, take the largest credit (lowest id on
//! ties), subtract the sum of the weights from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::view::View;
use crate::strategy::{Ask, Blueprint, Placement, Pool, Problem};

/// The eligible nodes in turn.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RoundRobin {
    /// How often a node's turn comes.
    pub weights: Weights,
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
    fn build(&self, pool: &Pool, layout: &Layout) -> Result<Box<dyn Placement>, Problem> {
        let pool = pool.clone();
        match self.weights {
            Weights::Equal => Ok(Box::new(Turns { pool, next: 0 })),
            Weights::SpeedTimesSlots => {
                let weights = pool
                    .0
                    .iter()
                    .map(|&node| i128::from(layout.weight(node)))
                    .collect();
                Ok(Box::new(Smooth {
                    credits: vec![0; pool.0.len()],
                    weights,
                    pool,
                }))
            }
        }
    }
}

/// `next` is the place in the pool from which the next turn is looked for.
struct Turns {
    pool: Pool,
    next: usize,
}

impl Placement for Turns {
    fn place(&mut self, ask: &Ask<'_>, _view: &View<'_>, _rng: &mut Draw) -> Option<NodeId> {
        let node = match ask.among {
            None => *self.pool.0.get(self.next)?,
            Some(among) => {
                let from = *self.pool.0.get(self.next)?;
                *among
                    .get(among.partition_point(|&node| node < from))
                    .or(among.first())?
            }
        };
        let place = self.pool.0.partition_point(|&other| other < node);
        self.next = (place + 1) % self.pool.0.len();
        Some(node)
    }

    fn takes_turns(&self) -> bool {
        true
    }
}

struct Smooth {
    pool: Pool,
    weights: Vec<i128>,
    credits: Vec<i128>,
}

impl Placement for Smooth {
    fn place(&mut self, ask: &Ask<'_>, _view: &View<'_>, _rng: &mut Draw) -> Option<NodeId> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for place in 0..self.pool.0.len() {
            if ask
                .among
                .is_some_and(|among| among.binary_search(&self.pool.0[place]).is_err())
            {
                continue;
            }
            total += self.weights[place];
            self.credits[place] += self.weights[place];
            if best.is_none_or(|best| self.credits[place] > self.credits[best]) {
                best = Some(place);
            }
        }
        self.credits[best?] -= total;
        best.map(|place| self.pool.0[place])
    }

    fn takes_turns(&self) -> bool {
        true
    }
}
