//! The node at which a further task would wait least by its own rate: the smallest
//! (tasks + 1) / (speed x slots) (Banawan & Zahorjan, "Load sharing in heterogeneous queueing
//! systems", INFOCOM 1989).

use schemars::JsonSchema;
use serde::Deserialize;

use super::least_loaded::Least;
use crate::strategy::{Blueprint, Eligible, Key, Placement, Problem};

/// The eligible node with the smallest (tasks + 1) / (speed x slots); unlimited slots count as 1.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShortestExpectedDelay {}

impl Blueprint for ShortestExpectedDelay {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Least::new(Key::ExpectedDelay, eligible)))
    }
}
