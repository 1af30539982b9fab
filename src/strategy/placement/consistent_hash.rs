//! The same node for the same key, as far as its load allows: keys and nodes lie on a ring of hashes,
//! and a key belongs to the first node after it that holds less than its bound (consistent hashing:
//! Karger et al., STOC 1997; with bounded loads: Mirrokni, Thorup & Zadimoghaddam, SODA 2018).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::quantity::{Count, Factor};
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::strategy::ring::{MOST_POINTS, Ring, avalanche};
use crate::strategy::{Ask, Blueprint, Eligible, Placement, Problem, Reports, View};

/// On a ring of hashes, the first eligible node from the task's key (`jobs.NAME.key`; without it each
/// job has a key of its own) that holds no more than its bound with the task.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ConsistentHash {
    /// Tasks of a node at most, as a multiple of its share by speed x slots of all tasks there are, this
    /// one included, rounded up.
    pub bound: Factor,
    /// Points of a node on the ring, 1 to 4096.
    #[schemars(range(min = 1, max = 4096))]
    pub points: Count,
}

impl Default for ConsistentHash {
    fn default() -> ConsistentHash {
        ConsistentHash {
            bound: Factor(1.25),
            points: Count(128.0),
        }
    }
}

impl Blueprint for ConsistentHash {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        if self.points.0 > f64::from(MOST_POINTS) {
            return Err(format!("`points` must be at most {MOST_POINTS}"));
        }
        Ok(Box::new(Hashed {
            bound: self.bound.0,
            ring: Ring::new(eligible.pool(), self.points.0 as u32),
        }))
    }

    fn looks(&self, nodes: u32) -> f64 {
        f64::from(nodes) / 4.0
    }
}

struct Hashed {
    bound: f64,
    ring: Ring,
}

/// Where a task lies on the ring.
fn place(ask: &Ask<'_>) -> u32 {
    let own = || u64::from(ask.class) << 48 ^ ask.job ^ 1 << 63;
    let key = ask.key.unwrap_or_else(own);
    avalanche(avalanche((key >> 32) as u32) ^ key as u32)
}

/// Tasks of a node at most.
struct Bounds<'a> {
    layout: &'a Layout,
    /// Bound x all tasks / all weights.
    each: f64,
}

impl<'a> Bounds<'a> {
    /// By what is seen of all candidates.
    fn of(bound: f64, ask: &Ask<'_>, view: &View<'a>) -> Bounds<'a> {
        let (layout, mut tasks, mut weight) = (view.layout(), 1u64, 0.0);
        for node in ask.nodes.iter() {
            tasks += u64::from(view.tasks(node));
            weight += layout.weight(node) as f64;
        }
        Bounds {
            layout,
            each: bound * tasks as f64 / weight,
        }
    }

    /// True if a node with so many tasks may have another.
    fn let_in(&self, node: NodeId, tasks: u32) -> bool {
        let most = self.each * self.layout.weight(node) as f64;
        // A whole number is itself, however it was rounded.
        f64::from(tasks) + 1.0 <= libm::ceil(most * (1.0 - 1e-12))
    }
}

impl Placement for Hashed {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, _: &mut Draw) -> Option<NodeId> {
        let hash = place(ask);
        let mut nodes = self
            .ring
            .from(hash)
            .filter(|node| ask.nodes.contains(*node));
        let first = nodes.next()?;
        // One is never too many.
        if view.tasks(first) == 0 {
            return Some(first);
        }
        let bounds = Bounds::of(self.bound, ask, view);
        let has_room = |node: &NodeId| bounds.let_in(*node, view.tasks(*node));
        let mut all = std::iter::once(first).chain(nodes);
        all.find(has_room).or(Some(first))
    }

    fn reports(&self) -> Reports {
        Reports::Loads
    }
}
