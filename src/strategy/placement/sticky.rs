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
    /// Of each key the node of its last task.
    nodes: BTreeMap<u64, NodeId>,
}

impl Bound {
    fn known(&self, ask: &Ask<'_>) -> Option<NodeId> {
        let node = self.nodes.get(&ask.key?).copied();
        node.filter(|node| ask.nodes.contains(*node))
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
        if let Some(node) = self.known(ask) {
            return Some(node);
        }
        let node = self.then.place(ask, view, rng)?;
        if let Some(key) = ask.key {
            self.nodes.insert(key, node);
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
