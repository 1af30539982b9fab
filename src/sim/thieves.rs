//! Whom a node that falls idle looks at.

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::Stealing;

use super::core::Core;

/// How often each node has tried.
#[derive(Debug, Default)]
pub struct Thieves {
    tries: Vec<u64>,
    /// A list for a function's own use.
    pub ids: Vec<u32>,
}

impl Thieves {
    /// The random numbers of the next try of `thief`.
    pub fn draw(&mut self, core: &Core<'_>, thief: NodeId) -> Draw {
        self.tries.resize(core.layout.count() as usize, 0);
        let tries = &mut self.tries[thief.index()];
        *tries += 1;
        core.keys.steal.draw(0, *tries, 0, thief.0, 0)
    }
}

/// Of the nodes that `thief` looks at, drawn at random, the one with the longest queue; the first
/// drawn of equal ones. (With one node, itself.)
pub fn longest(core: &mut Core<'_>, thief: NodeId, stealing: Stealing, draw: &mut Draw) -> NodeId {
    let others = core.layout.count() - 1;
    let mut longest = thief;
    for _ in 0..stealing.victims.min(others) {
        let other = draw.below(others);
        let victim = NodeId(other + u32::from(other >= thief.0));
        if core.nodes.at(victim).queued > core.nodes.at(longest).queued {
            longest = victim;
        }
        if core.window.contains(core.agenda.now()) {
            core.totals.messages += 2;
        }
    }
    longest
}
