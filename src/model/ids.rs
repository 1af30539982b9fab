//! Numbers that name things; small, so that records stay small.
//!
//! Types of their own, since a node's number used as a job's would still run.

/// A node; ids run through the groups in file order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The position in arrays over all nodes.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
