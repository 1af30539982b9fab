//! The node that the task fills best: of those on which it fits now, the one with the largest
//! ratio of demand to capacity (Johnson et al., 1974, by the tightest dimension). Where it fits
//! nowhere: the node that would be least overfull.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::{Ask, Blueprint, Eligible, Placement, Problem, Reports, Score, View};

/// The fitting node with the largest ratio (over slots and resources, the largest of (demand
/// running, queued and travelling + the task's own) / capacity); where the task fits nowhere, the
/// smallest ratio.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BestFit {}

impl Blueprint for BestFit {
    fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Fitting::new(
            |ask, view, rng| {
                let fullest = |node| Reverse(view.ratio(node, ask.demand));
                let best = view.least_of(fitting(ask, view), fullest, ask, rng);
                best.or_else(|| least_overfull(ask, view, rng))
            },
            |ask, view, node| Some(Score::larger(view.ratio(node, ask.demand).as_f64())),
        )))
    }

    fn looks(&self, nodes: u32) -> f64 {
        f64::from(nodes)
    }
}

/// The candidates on which the task fits now.
pub fn fitting(ask: &Ask<'_>, view: &View<'_>) -> impl Iterator<Item = NodeId> {
    let fits = |node: &NodeId| view.fits(*node, ask.demand);
    ask.nodes.iter().filter(fits)
}

/// The candidate with the smallest ratio, whether the task fits there or not.
pub fn least_overfull(ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
    let ratio = |node| view.ratio(node, ask.demand);
    view.least_of(ask.nodes.iter(), ratio, ask, rng)
}

/// A placement that looks at every node: the common body of those whose order depends on the task.
pub struct Fitting<C, S> {
    choose: C,
    score: S,
}

impl<C, S> Fitting<C, S>
where
    C: Fn(&Ask<'_>, &View<'_>, &mut Draw) -> Option<NodeId> + Send,
    S: Fn(&Ask<'_>, &View<'_>, NodeId) -> Option<Score> + Send,
{
    /// Chooses by `choose`, and tells by `score` what it ranks a node by.
    pub fn new(choose: C, score: S) -> Fitting<C, S> {
        Fitting { choose, score }
    }
}

impl<C, S> Placement for Fitting<C, S>
where
    C: Fn(&Ask<'_>, &View<'_>, &mut Draw) -> Option<NodeId> + Send,
    S: Fn(&Ask<'_>, &View<'_>, NodeId) -> Option<Score> + Send,
{
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        (self.choose)(ask, view, rng)
    }

    fn reports(&self) -> Reports {
        Reports::Loads
    }

    fn score(&self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        (self.score)(ask, view, node)
    }
}
