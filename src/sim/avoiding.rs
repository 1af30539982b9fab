//! Nodes that reservations keep away from: they hold tasks of classes that are long, say (succinct state sharing:
//! Delgado, Didona, Dinu & Zwaenepoel, "Job-aware scheduling in Eagle: divide and stick to your probes", SoCC
//! 2016).

use crate::model::ids::NodeId;
use crate::strategy::board::node_set::NodeSet;

use super::core::Core;
use super::setup::Setup;

/// See the module.
#[derive(Debug, Default)]
pub struct Avoiding {
    /// For each set of parts that avoids any class, how many attempts of these each node holds.
    held: Vec<Vec<u32>>,
}

impl Avoiding {
    /// Of so many empty nodes.
    pub fn new(setup: &Setup, nodes: u32) -> Avoiding {
        let of = |avoids: &[u32]| vec![0; if avoids.is_empty() { 0 } else { nodes as usize }];
        let parts = &setup.strategy.parts;
        let is_none = parts.iter().all(|parts| parts.avoids.is_empty());
        Avoiding {
            held: match is_none {
                true => Vec::new(),
                false => parts.iter().map(|parts| of(&parts.avoids)).collect(),
            },
        }
    }

    /// True if no class is avoided.
    pub fn is_none(&self) -> bool {
        self.held.is_empty()
    }

    /// `node` holds an attempt of `class` more, or one less.
    pub(super) fn count(&mut self, setup: &Setup, class: u32, node: NodeId, is_more: bool) {
        for (held, parts) in self.held.iter_mut().zip(&setup.strategy.parts) {
            if parts.avoids.contains(&class) {
                let held = &mut held[node.index()];
                *held = if is_more { *held + 1 } else { *held - 1 };
            }
        }
    }
}

impl Core<'_> {
    /// Takes the nodes that parts `set` avoid out of those of a pool at these positions, unless no others are left.
    #[cold]
    pub(super) fn leave_out_avoided(&self, set: usize, pool: u32, positions: &mut NodeSet) {
        let Some(held) = self.avoiding.held.get(set).filter(|held| !held.is_empty()) else {
            return;
        };
        let nodes = self.board.nodes(pool).iter().enumerate();
        let avoided =
            |(at, node): &(usize, &NodeId)| positions.contains(*at) && held[node.index()] > 0;
        let avoided: Vec<usize> = nodes.filter(avoided).map(|(at, _)| at).collect();
        if avoided.len() < positions.count() as usize {
            avoided.into_iter().for_each(|at| positions.remove(at));
        }
    }

    /// An attempt is held at its node from now on.
    #[cold]
    #[inline(never)]
    pub(super) fn note_held(&mut self, id: u32) {
        if self.estimates.is_some() {
            self.note_estimate(id);
        }
        self.count_avoided(id, true);
    }

    /// An attempt is held at its node no more; `has_ended` if its service has ended.
    #[cold]
    #[inline(never)]
    pub(super) fn note_gone(&mut self, id: u32, has_ended: bool) {
        match (self.estimates.is_some(), has_ended) {
            (true, true) => self.end_estimate(id),
            (true, false) => self.drop_estimate(id),
            (false, _) => {}
        }
        self.count_avoided(id, false);
    }

    fn count_avoided(&mut self, id: u32, is_more: bool) {
        if !self.avoiding.is_none() {
            let (task, job) = self.records.both(id);
            let (class, node) = (job.class, task.node);
            self.avoiding.count(self.setup, class, node, is_more);
        }
    }
}
