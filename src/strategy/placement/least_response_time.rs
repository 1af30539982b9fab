//! The node with the smallest (tasks + 1) x mean response time of all: what balancers call least
//! time or least response time. A node that was never asked comes first.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::quantity::{Period, Seconds};
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::response_times::{ResponseTimes, Rise};
use crate::strategy::{Ask, Blueprint, Eligible, Ended, Placement, Problem, Reports, Score, View};

/// The eligible node with the smallest (tasks + 1) x mean response time; one that was never asked
/// comes first.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct LeastResponseTime {
    /// Time in which what was measured falls to 1/e beside what is measured then.
    pub decay: Period,
    /// A failure counts as a response of at least this time.
    pub penalty: Seconds,
}

impl Default for LeastResponseTime {
    fn default() -> LeastResponseTime {
        LeastResponseTime {
            decay: Period(10.0),
            penalty: Seconds(10.0),
        }
    }
}

impl Blueprint for LeastResponseTime {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        let times = [0.0, self.decay.0, self.penalty.0];
        let times = ResponseTimes::new(eligible.pool(), Rise::Smooth, times);
        Ok(Box::new(Fastest { times }))
    }

    fn looks(&self, nodes: u32) -> f64 {
        f64::from(nodes)
    }
}

struct Fastest {
    times: ResponseTimes,
}

impl Fastest {
    /// Nodes that were never asked have a mean of 0: of these the one with the fewest tasks.
    fn cost(&self, view: &View<'_>, node: NodeId) -> (f64, u32) {
        let tasks = view.tasks(node);
        (self.times.mean(node) * f64::from(tasks + 1), tasks)
    }
}

impl Placement for Fastest {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        // Costs are at least 0, and so are in the order of their bits.
        let rank = |node| {
            let (cost, tasks) = self.cost(view, node);
            (cost.to_bits(), tasks)
        };
        view.least_of(ask.nodes.iter(), rank, ask, rng)
    }

    fn reports(&self) -> Reports {
        Reports::Loads
    }

    fn learns(&self) -> bool {
        true
    }

    fn ended(&mut self, task: &Ended) {
        self.times.measure(task);
    }

    fn has_memory(&self) -> bool {
        true
    }

    fn score(&self, _ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        Some(Score::smaller(self.cost(view, node).0 / 1e9))
    }
}
