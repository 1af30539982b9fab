//! The first node, in id order, on which the task fits now (Johnson et al., "Worst-case
//! performance bounds for simple one-dimensional packing algorithms", 1974). Where it fits
//! nowhere: the node that would be least overfull.

use schemars::JsonSchema;
use serde::Deserialize;

use super::best_fit::{Scan, by_ratio};
use crate::model::layout::Layout;
use crate::strategy::{Blueprint, Placement, Pool, Problem};

/// The lowest id on which the task fits now, what waits there counted as used; where it fits
/// nowhere, the smallest ratio.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstFit {}

impl Blueprint for FirstFit {
    fn build(&self, pool: &Pool, _layout: &Layout) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Scan::new(pool, |ask, view, nodes, tied, rng| {
            let first = nodes
                .iter()
                .copied()
                .find(|&node| view.fits(node, ask.demand));
            first.or_else(|| by_ratio(nodes.iter().copied(), Ord::cmp, ask, view, tied, rng))
        })))
    }
}
