//! The node at which a further task would wait least by its own rate: the smallest
//! (tasks + 1) / (speed x slots) (Banawan & Zahorjan, "Load sharing in heterogeneous queueing
//! systems", INFOCOM 1989).

use schemars::JsonSchema;
use serde::Deserialize;

use super::least_loaded::Least;
use crate::model::layout::Layout;
use crate::strategy::index::Score;
use crate::strategy::{Blueprint, Placement, Pool, Problem, Rank};

/// The eligible node with the smallest (tasks + 1) / (speed x slots); unlimited slots count as 1.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShortestExpectedDelay {}

impl Blueprint for ShortestExpectedDelay {
    fn build(&self, pool: &Pool, layout: &Layout) -> Result<Box<dyn Placement>, Problem> {
        let least = Least::new(pool, layout, |node, view| {
            Some(Score::fixed(
                u64::from(view.tasks(node)) + 1,
                view.layout().weight(node),
            ))
        });
        Ok(Box::new(least.ranked(|node, view| {
            let power = view.layout().factor(node) * view.layout().slot_weight(node) as f64;
            Rank::smaller(f64::from(view.tasks(node) + 1) / power)
        })))
    }
}
