//! The node at which the task would be done first: what is left to do there, by slot, and its own
//! service at that node's speed (minimum completion time: Maheswaran, Ali, Siegel, Hensgen & Freund,
//! "Dynamic mapping of a class of independent tasks onto heterogeneous computing systems", J. Parallel
//! and Distributed Computing 59, 1999; the step by which HEFT picks a processor: Topcuoglu, Hariri &
//! Wu, 2002).

use schemars::JsonSchema;
use serde::Deserialize;

use super::least_loaded::Least;
use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::strategy::view::Ratio;
use crate::strategy::{Ask, Blueprint, Eligible, Key, Placement, Problem, Reports, Score, View};

/// The eligible node with the smallest (work left there / slots) + work / speed of the task. Where
/// nodes have unlike speeds every one is looked at.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarliestFinish {}

impl Blueprint for EarliestFinish {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        let layout = eligible.layout();
        let mut speeds = eligible
            .pool()
            .ids()
            .iter()
            .map(|node| layout.factor(*node));
        let first = speeds.next();
        // The task's own service is the same everywhere: the least work left decides.
        if speeds.all(|speed| Some(speed) == first) {
            return Ok(Box::new(Least::new(Key::Work, eligible)));
        }
        Ok(Box::new(Earliest))
    }

    fn looks(&self, nodes: u32) -> f64 {
        f64::from(nodes)
    }
}

struct Earliest;

/// When the task would be done there, from now on, in nanoseconds.
fn finish(ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Ratio {
    let left = Key::Work.of(node, view);
    let own = Time::from_secs(ask.work / view.layout().factor(node));
    Ratio {
        over: left.over.saturating_add(own.0.saturating_mul(left.under)),
        under: left.under,
    }
}

impl Placement for Earliest {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        view.least_of(ask.nodes.iter(), |node| finish(ask, view, node), ask, rng)
    }

    fn reports(&self) -> Reports {
        Reports::Loads
    }

    fn score(&self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        Some(Score::smaller(finish(ask, view, node).as_f64() / 1e9))
    }
}
