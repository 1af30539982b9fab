//! Sessions that stay where they began: the first task with a key goes where another placement says,
//! the later ones to the same node, as long as it may be chosen (session affinity by cookie, as in
//! HAProxy's `cookie` and nginx' `sticky`).

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::least_loaded::LeastLoaded;
use crate::engine::law::Law;
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::nested::Nested;
use crate::strategy::{Ask, Blueprint, Eligible, Ended, Placement, Problem, Reports, Score, View};

/// The node that the key of the task (`jobs.NAME.key`) had before, while it may be chosen; for a new
/// key, and without keys, the one that another placement says.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Sticky {
    /// The placement of the first task of a key.
    pub then: Nested,
}

impl Default for Sticky {
    fn default() -> Sticky {
        Sticky {
            then: Nested::of(LeastLoaded::default()),
        }
    }
}

impl Blueprint for Sticky {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Bound {
            then: self.then.0.build(eligible)?,
            nodes: BTreeMap::new(),
            older: BTreeMap::new(),
        }))
    }

    fn looks(&self, nodes: u32) -> f64 {
        self.then.0.looks(nodes)
    }

    fn knowing(&self, works: &[(f64, Law)]) -> Option<Arc<dyn Blueprint>> {
        let then = self.then.knowing(works);
        Some(Arc::new(Sticky { then }))
    }
}

struct Bound {
    then: Box<dyn Placement>,
    /// Of the keys of late the node of each one's last task; of those before.
    nodes: BTreeMap<u64, NodeId>,
    older: BTreeMap<u64, NodeId>,
}

/// Keys in a table of a dispatcher: when it is full it becomes that of the older ones, and what was older is
/// forgotten, as a table of sessions that is full forgets those that were not used for longest.
const MOST_KEYS: usize = 1 << 19;

impl Bound {
    fn known(&self, ask: &Ask<'_>) -> Option<NodeId> {
        let key = ask.key?;
        let node = self.nodes.get(&key).or_else(|| self.older.get(&key));
        node.copied().filter(|node| ask.nodes.contains(*node))
    }

    fn note(&mut self, key: u64, node: NodeId) {
        if self.nodes.len() == MOST_KEYS && !self.nodes.contains_key(&key) {
            self.older = std::mem::take(&mut self.nodes);
        }
        self.nodes.insert(key, node);
    }
}

impl Placement for Bound {
    fn candidates(
        &mut self,
        ask: &Ask<'_>,
        view: &View<'_>,
        rng: &mut Draw,
        named: &mut Vec<NodeId>,
    ) {
        if self.known(ask).is_none() {
            self.then.candidates(ask, view, rng, named);
        }
    }

    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let node = match self.known(ask) {
            Some(node) => node,
            None => self.then.place(ask, view, rng)?,
        };
        if let Some(key) = ask.key {
            self.note(key, node);
        }
        Some(node)
    }

    fn joined(&mut self, node: NodeId) {
        self.then.joined(node);
    }

    fn left(&mut self, node: NodeId) {
        self.then.left(node);
    }

    fn learns(&self) -> bool {
        self.then.learns()
    }

    fn ended(&mut self, task: &Ended) {
        self.then.ended(task);
    }

    fn reports(&self) -> Reports {
        self.then.reports()
    }

    fn has_memory(&self) -> bool {
        true
    }

    fn score(&self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        match self.known(ask) {
            Some(_) => None,
            None => self.then.score(ask, view, node),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nowhere;

    impl Placement for Nowhere {
        fn place(&mut self, _: &Ask<'_>, _: &View<'_>, _: &mut Draw) -> Option<NodeId> {
            None
        }
    }

    /// What is not used is forgotten at last, and not before the table has been filled twice.
    #[test]
    fn tables_are_bounded() {
        let mut bound = Bound {
            then: Box::new(Nowhere),
            nodes: BTreeMap::new(),
            older: BTreeMap::new(),
        };
        bound.note(1, NodeId(2));
        for key in 2..=MOST_KEYS as u64 {
            bound.note(key, NodeId(0));
        }
        assert_eq!((bound.nodes.len(), bound.older.len()), (MOST_KEYS, 0));
        bound.note(0, NodeId(1));
        assert_eq!((bound.nodes.len(), bound.older.len()), (1, MOST_KEYS));
        assert_eq!(bound.older.get(&1), Some(&NodeId(2)));
    }
}
