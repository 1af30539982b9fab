//! The true state of the nodes, which no placement is shown: only a view of it.

use crate::engine::time::Time;
use crate::model::layout::Layout;
use crate::model::nodes::Nodes;

/// The nodes as they are at an instant, whether anybody sees it or not.
#[derive(Clone, Copy, Debug)]
pub struct Truth<'a> {
    /// What the nodes are.
    pub layout: &'a Layout,
    /// What goes on at them.
    pub nodes: &'a Nodes,
    /// The instant.
    pub now: Time,
}

impl<'a> Truth<'a> {
    /// The nodes as they are `now`.
    #[inline]
    pub fn new(layout: &'a Layout, nodes: &'a Nodes, now: Time) -> Truth<'a> {
        Truth { layout, nodes, now }
    }
}
