//! The node that the task fills best: of those on which it fits now, the one with the largest
//! ratio of demand to capacity (Johnson et al., 1974, by the tightest dimension). Where it fits
//! nowhere: the node that would be least overfull.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::Deserialize;

use super::choice::best_of;
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::view::{Ratio, View};
use crate::strategy::{Ask, Blueprint, Placement, Pool, Problem, Rank, Watch};

/// The fitting node with the largest ratio (over slots and resources, the largest of (demand
/// running, queued and travelling + the task's own) / capacity); where the task fits nowhere, the
/// smallest ratio.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BestFit {}

impl Blueprint for BestFit {
    fn build(&self, pool: &Pool, _layout: &Layout) -> Result<Box<dyn Placement>, Problem> {
        let scan = Scan::new(pool, |ask, view, nodes, tied, rng| {
            let fitting = nodes
                .iter()
                .copied()
                .filter(|&node| view.fits(node, ask.demand));
            by_ratio(fitting, |a, b| b.cmp(a), ask, view, tied, rng)
                .or_else(|| by_ratio(nodes.iter().copied(), Ord::cmp, ask, view, tied, rng))
        });
        Ok(Box::new(scan.ranked(|ask, view, node| {
            Rank::larger(view.ratio(node, ask.demand).as_f64())
        })))
    }
}

/// The best of `nodes` by an order of their ratios.
pub fn by_ratio(
    nodes: impl Iterator<Item = NodeId>,
    order: impl Fn(&Ratio, &Ratio) -> Ordering,
    ask: &Ask<'_>,
    view: &View<'_>,
    tied: &mut Vec<NodeId>,
    rng: &mut Draw,
) -> Option<NodeId> {
    best_of(
        nodes.map(|node| (node, view.ratio(node, ask.demand))),
        order,
        tied,
        ask.ties,
        rng,
    )
}

/// A placement that looks at every node: the common body of those whose order depends on the task.
pub struct Scan<F> {
    pool: Pool,
    choose: F,
    rank: Option<Ranking>,
    tied: Vec<NodeId>,
}

/// What a scan ranks a node by.
type Ranking = Box<dyn Fn(&Ask<'_>, &View<'_>, NodeId) -> Rank + Send>;

impl<F> Scan<F>
where
    F: FnMut(&Ask<'_>, &View<'_>, &[NodeId], &mut Vec<NodeId>, &mut Draw) -> Option<NodeId> + Send,
{
    /// `choose` picks among the given nodes; its vector is scratch space for tied ones.
    pub fn new(pool: &Pool, choose: F) -> Scan<F> {
        Scan {
            pool: pool.clone(),
            choose,
            rank: None,
            tied: Vec::with_capacity(pool.0.len()),
        }
    }

    /// The same, able to tell by what it ranks nodes on which a task fits.
    pub fn ranked(
        self,
        rank: impl Fn(&Ask<'_>, &View<'_>, NodeId) -> Rank + Send + 'static,
    ) -> Scan<F> {
        Scan {
            rank: Some(Box::new(rank)),
            ..self
        }
    }
}

impl<F> Placement for Scan<F>
where
    F: FnMut(&Ask<'_>, &View<'_>, &[NodeId], &mut Vec<NodeId>, &mut Draw) -> Option<NodeId> + Send,
{
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let nodes = ask.among.unwrap_or(&self.pool.0);
        (self.choose)(ask, view, nodes, &mut self.tied, rng)
    }

    fn watches(&self) -> Watch {
        Watch::Loads
    }

    fn score(&self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Rank> {
        let rank = self.rank.as_ref()?;
        Some(rank(ask, view, node))
    }
}
