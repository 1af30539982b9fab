//! What nodes are put in order by where that hangs on what the task demands.

use std::fmt;

use super::view::{Ratio, View};
use crate::model::ids::NodeId;

/// The figure of a node for a demand, exact; the smallest is the best, and a node without one is not chosen.
pub type Figure = fn(NodeId, &[u64], &View<'_>) -> Option<Ratio>;

/// See the module.
#[derive(Clone, Copy)]
pub struct Measure {
    /// Tells one from another.
    pub name: &'static str,
    /// What nodes are compared by.
    pub of: Figure,
}

impl PartialEq for Measure {
    fn eq(&self, other: &Measure) -> bool {
        self.name == other.name
    }
}
impl Eq for Measure {}

impl fmt::Debug for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The smallest ratio of demand, with the task's, to capacity, whether the task fits or not.
pub const LEAST_OVERFULL: Measure = Measure {
    name: "least overfull",
    of: |node, demand, view| Some(view.ratio(node, demand)),
};
