//! The first node, in id order, on which the task fits now (Johnson et al., "Worst-case
//! performance bounds for simple one-dimensional packing algorithms", 1974). Where it fits
//! nowhere: the node that would be least overfull.

use schemars::JsonSchema;
use serde::Deserialize;

use super::best_fit::{Fitting, looks};
use crate::strategy::{Blueprint, Eligible, Measure, Placement, Problem, Ratio};

/// The lowest id on which the task fits now, what waits there counted as used; where it fits
/// nowhere, the smallest ratio.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstFit {}

/// All the same on which the task fits.
const FITS: Measure = Measure {
    name: "fits",
    of: |node, demand, view| view.fits(node, demand).then_some(Ratio::ZERO),
};

impl Blueprint for FirstFit {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        let fitting = Fitting::new(eligible, FITS, |_, _, _| None);
        Ok(Box::new(fitting.taking_first()))
    }

    fn looks(&self, nodes: u32) -> f64 {
        looks(nodes)
    }
}
