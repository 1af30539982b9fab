//! The node that the task fills best: of those on which it fits now, the one with the largest
//! ratio of demand to capacity (Johnson et al., 1974, by the tightest dimension). Where it fits
//! nowhere: the node that would be least overfull.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::board::Order;
use crate::strategy::measure::LEAST_OVERFULL;
use crate::strategy::{
    Ask, Blueprint, Eligible, Measure, Placement, Problem, Ratio, Reports, Score, Ties, View,
};

/// The fitting node with the largest ratio (over slots and resources, the largest of (demand
/// running, queued and travelling + the task's own) / capacity); where the task fits nowhere, the
/// smallest ratio.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BestFit {}

/// The largest ratio of those on which the task fits: the smallest of its inverse.
const FULLEST: Measure = Measure {
    name: "fullest",
    of: |node, demand, view| {
        let ratio = view.fits(node, demand).then(|| view.ratio(node, demand))?;
        Some(match ratio.over {
            0 => Ratio::whole(u64::MAX),
            over => Ratio {
                over: ratio.under,
                under: over,
            },
        })
    },
};

impl Blueprint for BestFit {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Fitting::new(
            eligible,
            FULLEST,
            |node, ask, view| Some(Score::larger(view.ratio(node, ask.demand).as_f64())),
        )))
    }

    fn looks(&self, nodes: u32) -> f64 {
        looks(nodes)
    }
}

/// How many nodes a decision looks at, about, where those are looked up that changed since the last: each goes
/// through a tournament of `nodes`.
pub fn looks(nodes: u32) -> f64 {
    8.0 * f64::from(nodes).log2().max(1.0)
}

/// The best node by a measure; where none has a figure, as the task fits nowhere, the least overfull: the
/// common body of placements whose order depends on the task.
pub struct Fitting<S> {
    best: Order,
    least_overfull: Order,
    /// Of equal nodes the first is taken, whatever the strategy says.
    takes_first: bool,
    score: S,
}

impl<S> Fitting<S>
where
    S: Fn(NodeId, &Ask<'_>, &View<'_>) -> Option<Score> + Send,
{
    /// Chooses by `measure`, and tells by `score` what it ranks a node by.
    pub fn new(eligible: &mut Eligible<'_>, measure: Measure, score: S) -> Fitting<S> {
        Fitting {
            best: eligible.measured_by(measure),
            least_overfull: eligible.measured_by(LEAST_OVERFULL),
            takes_first: false,
            score,
        }
    }

    /// The same, by which of equal nodes the first is taken, whatever the strategy says.
    pub fn taking_first(self) -> Fitting<S> {
        Fitting {
            takes_first: true,
            ..self
        }
    }
}

impl<S> Placement for Fitting<S>
where
    S: Fn(NodeId, &Ask<'_>, &View<'_>) -> Option<Score> + Send,
{
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let ties = match self.takes_first {
            true => Ties::LowestId,
            false => ask.ties,
        };
        let best = view.least_for(self.best, ask, ties, rng);
        best.or_else(|| view.least_for(self.least_overfull, ask, ask.ties, rng))
    }

    fn reads_work(&self) -> bool {
        false
    }

    fn reports(&self) -> Reports {
        Reports::Loads
    }

    fn score(&self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        (self.score)(node, ask, view)
    }
}
