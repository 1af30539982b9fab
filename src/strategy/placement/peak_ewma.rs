//! Of two nodes drawn at random the one with the smaller (tasks + 1) x mean response time, where the
//! mean jumps to longer responses and forgets them slowly (Linkerd 2 and tower's `PeakEwma`, after
//! Twitter's Finagle). It sees slow nodes that a count of tasks does not.

use schemars::JsonSchema;
use serde::Deserialize;

use super::power_of_d::draw_distinct;
use crate::engine::quantity::{Period, Seconds};
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::response_times::{ResponseTimes, Rise};
use crate::strategy::{Ask, Blueprint, Eligible, Ended, Placement, Problem, Score, View};

/// Of two eligible nodes drawn at random the one with the smaller (tasks + 1) x mean response time;
/// the mean jumps to a longer response, and falls while nothing is heard.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PeakEwma {
    /// Time in which what was measured falls to 1/e.
    pub decay: Period,
    /// Response time of a node that was never asked.
    pub initial: Seconds,
    /// A failure counts as a response of at least this time.
    pub penalty: Seconds,
}

impl Default for PeakEwma {
    fn default() -> PeakEwma {
        PeakEwma {
            decay: Period(10.0),
            initial: Seconds(0.03),
            penalty: Seconds(10.0),
        }
    }
}

impl Blueprint for PeakEwma {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        let times = [self.initial.0, self.decay.0, self.penalty.0];
        let times = ResponseTimes::new(eligible.pool(), Rise::Jump, times);
        Ok(Box::new(Peaks {
            times,
            drawn: Vec::with_capacity(3),
        }))
    }
}

struct Peaks {
    times: ResponseTimes,
    drawn: Vec<u32>,
}

impl Peaks {
    fn cost(&self, view: &View<'_>, node: NodeId) -> f64 {
        self.times.fading(node, view.now()) * f64::from(view.tasks(node) + 1)
    }
}

impl Placement for Peaks {
    fn candidates(
        &mut self,
        ask: &Ask<'_>,
        _view: &View<'_>,
        rng: &mut Draw,
        named: &mut Vec<NodeId>,
    ) {
        draw_distinct(2, ask.nodes.count(), &mut self.drawn, rng);
        named.extend(self.drawn.iter().map(|&rank| ask.nodes.nth(rank)));
    }

    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        // Costs are at least 0, and so are in the order of their bits.
        let cost = |node| self.cost(view, node).to_bits();
        view.least_of(ask.nodes.iter(), cost, ask, rng)
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
        Some(Score::smaller(self.cost(view, node) / 1e9))
    }
}
