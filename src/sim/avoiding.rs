//! Nodes that reservations keep away from: they hold tasks of classes that are long, say (succinct state sharing:
//! Delgado, Didona, Dinu & Zwaenepoel, "Job-aware scheduling in Eagle: divide and stick to your probes", SoCC
//! 2016).

use crate::model::ids::NodeId;
use crate::strategy::Strategy;

/// See the module.
#[derive(Debug, Default)]
pub struct Avoiding {
    /// For each set of parts that avoids any class, how many attempts of these each node holds.
    pub(super) held: Vec<Vec<u32>>,
}

impl Avoiding {
    /// Of so many empty nodes.
    pub fn new(strategy: &Strategy, nodes: u32) -> Avoiding {
        let of = |avoids: &[u32]| vec![0; if avoids.is_empty() { 0 } else { nodes as usize }];
        let parts = &strategy.parts;
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
    pub(super) fn count(&mut self, strategy: &Strategy, class: u32, node: NodeId, is_more: bool) {
        for (held, parts) in self.held.iter_mut().zip(&strategy.parts) {
            if parts.avoids.contains(&class) {
                let held = &mut held[node.index()];
                *held = if is_more { *held + 1 } else { *held - 1 };
            }
        }
    }
}
