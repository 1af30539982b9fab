//! The first node, in id order, on which the task fits now (Johnson et al., "Worst-case
//! performance bounds for simple one-dimensional packing algorithms", 1974). Where it fits
//! nowhere: the node that would be least overfull.

use schemars::JsonSchema;
use serde::Deserialize;

use super::best_fit::{Fitting, least_overfull};
use crate::strategy::{Blueprint, Eligible, Placement, Problem};

/// The lowest id on which the task fits now, what waits there counted as used; where it fits
/// nowhere, the smallest ratio.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstFit {}

impl Blueprint for FirstFit {
    fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Fitting::new(
            |ask, view, rng| {
                let first = ask.nodes.iter().find(|&node| view.fits(node, ask.demand));
                first.or_else(|| least_overfull(ask, view, rng))
            },
            |_, _, _| None,
        )))
    }

    fn looks(&self, nodes: u32) -> f64 {
        f64::from(nodes)
    }
}
