//! The node that keeps most room: of those on which the task fits now, the one with the smallest
//! ratio of demand to capacity (Johnson et al., 1974, by the tightest dimension). Where it fits
//! nowhere: the node that would be least overfull.

use schemars::JsonSchema;
use serde::Deserialize;

use super::best_fit::{Scan, by_ratio};
use crate::model::layout::Layout;
use crate::strategy::{Blueprint, Placement, Pool, Problem, Rank};

/// The fitting node with the smallest ratio (over slots and resources, the largest of (demand
/// running, queued and travelling + the task's own) / capacity); where the task fits nowhere, the
/// smallest ratio of all.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorstFit {}

impl Blueprint for WorstFit {
    fn build(&self, pool: &Pool, _layout: &Layout) -> Result<Box<dyn Placement>, Problem> {
        let scan = Scan::new(pool, |ask, view, nodes, tied, rng| {
            let fitting = nodes
                .iter()
                .copied()
                .filter(|&node| view.fits(node, ask.demand));
            by_ratio(fitting, Ord::cmp, ask, view, tied, rng)
                .or_else(|| by_ratio(nodes.iter().copied(), Ord::cmp, ask, view, tied, rng))
        });
        Ok(Box::new(scan.ranked(|ask, view, node| {
            Rank::smaller(view.ratio(node, ask.demand).as_f64())
        })))
    }
}
