//! What dispatchers know of the health of nodes, beside what is true.
//!
//! A dispatcher may go on sending tasks to a node that is down, or keep away from one that is back; both are
//! wrong views that cost time, and so what is known is kept apart from what is true, for each dispatcher.

use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::strategy::health::{Checks, Ejection, Health};

use super::core::Core;

/// What is known of all nodes.
#[derive(Default)]
pub struct Known {
    /// By node; nothing if all is known at once, and nobody is ejected or comes back slowly.
    pub nodes: Vec<Standing>,
    /// The nodes that are offered more and more, by id.
    pub ramping: Vec<NodeId>,
    /// How many are ejected.
    pub ejected: u32,
}

/// What is known of a node, and what is true.
#[derive(Clone, Copy)]
pub struct Standing {
    /// It is to be used as far as it is planned: it neither drains nor is away.
    pub serves: bool,
    pub is_down: bool,
    pub is_thought_down: bool,
    /// Checks in a row that say otherwise than is thought, and whether another is to come.
    pub streak: u32,
    pub is_checked: bool,
    /// Attempts in a row that came to nothing.
    pub failures: u32,
    pub is_ejected: bool,
    /// All in all, it is seen up; since when, if it is offered more and more.
    pub is_seen: bool,
    pub since: Time,
    /// The decision at hand is to do without it.
    pub is_left_out: bool,
}

const HEALTHY: Standing = Standing {
    serves: true,
    is_down: false,
    is_thought_down: false,
    streak: 0,
    is_checked: false,
    failures: 0,
    is_ejected: false,
    is_seen: true,
    since: Time::ZERO,
    is_left_out: false,
};

impl Known {
    /// All nodes are up.
    pub fn new(core: &Core<'_>) -> Known {
        let is_plain = core.setup.strategy.health == Health::default();
        let count = if is_plain { 0 } else { core.layout.count() };
        Known {
            nodes: vec![HEALTHY; count as usize],
            ..Known::default()
        }
    }

    /// True if all is known at once, and nobody is ejected or comes back slowly.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A node is not there from the start.
    pub fn hide(&mut self, node: NodeId) {
        if let Some(standing) = self.nodes.get_mut(node.index()) {
            (standing.serves, standing.is_seen) = (false, false);
        }
    }

    /// A check of a node has given this: it may be thought otherwise of it now.
    pub fn hear(&mut self, node: NodeId, is_up: bool, checks: &Checks) {
        let standing = &mut self.nodes[node.index()];
        if is_up != standing.is_thought_down {
            standing.streak = 0;
            return;
        }
        standing.streak += 1;
        let enough = if is_up { checks.rise } else { checks.fall };
        if standing.streak >= enough {
            (standing.is_thought_down, standing.streak) = (!is_up, 0);
        }
    }

    /// One more attempt at a node has come to nothing; true if the node is ejected.
    pub fn count_failure(&mut self, node: NodeId, ejection: &Ejection) -> bool {
        let limit = ejection.limit(self.nodes.len() as u32);
        let standing = &mut self.nodes[node.index()];
        if standing.is_ejected {
            return false;
        }
        standing.failures += 1;
        let is_over = standing.failures >= ejection.failures && self.ejected < limit;
        if is_over {
            (standing.is_ejected, standing.failures) = (true, 0);
            self.ejected += 1;
        }
        is_over
    }
}
