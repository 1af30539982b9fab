//! The node that keeps most room: of those on which the task fits now, the one with the smallest
//! ratio of demand to capacity (Johnson et al., 1974, by the tightest dimension). Where it fits
//! nowhere: the node that would be least overfull.

use schemars::JsonSchema;
use serde::Deserialize;

use super::best_fit::{Fitting, looks};
use crate::strategy::{Blueprint, Eligible, Measure, Placement, Problem, Score};

/// The fitting node with the smallest ratio (over slots and resources, the largest of (demand
/// running, queued and travelling + the task's own) / capacity); where the task fits nowhere, the
/// smallest ratio of all.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorstFit {}

/// The smallest ratio of those on which the task fits.
const EMPTIEST: Measure = Measure {
    name: "emptiest",
    of: |node, demand, view| view.fits(node, demand).then(|| view.ratio(node, demand)),
};

impl Blueprint for WorstFit {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Fitting::new(
            eligible,
            EMPTIEST,
            |node, ask, view| Some(Score::smaller(view.ratio(node, ask.demand).as_f64())),
        )))
    }

    fn looks(&self, nodes: u32) -> f64 {
        looks(nodes)
    }
}
