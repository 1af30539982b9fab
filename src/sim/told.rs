//! Lines at nodes of which whoever decides may ask how many tasks are there at any time: each departure is told
//! when its instant has come, in whatever order they came.

use crate::engine::time::Time;
use crate::model::ids::NodeId;

use super::due::Due;

/// Tasks at nodes.
pub struct Told {
    /// How many are at each node.
    counts: Vec<u32>,
    /// When they leave.
    due: Due,
}

impl Told {
    /// No tasks at so many nodes.
    pub fn new(nodes: usize) -> Told {
        Told {
            counts: vec![0; nodes],
            due: Due::new(0),
        }
    }

    /// How many are at `node`, when all has been told.
    #[inline(always)]
    pub fn count(&self, node: NodeId) -> u32 {
        self.counts[node.index()]
    }

    /// One more comes to `node` and leaves at `end`; tells how many were there before.
    #[inline(always)]
    pub fn push(&mut self, node: NodeId, end: Time) -> u32 {
        self.due.claim(node.0, end);
        let count = &mut self.counts[node.index()];
        *count += 1;
        *count - 1
    }

    /// Tells `left` of all who have left until `now`: their nodes, when, and how many are there then.
    #[inline(always)]
    pub fn settle(&mut self, now: Time, mut left: impl FnMut(NodeId, Time, u32)) {
        let Told { counts, due } = self;
        due.settle(now, |node, end| {
            let node = NodeId(node);
            let count = &mut counts[node.index()];
            *count -= 1;
            left(node, end, *count);
            Time::MAX
        });
    }
}
