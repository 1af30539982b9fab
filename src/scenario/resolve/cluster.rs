//! `[nodes.NAME]` as a cluster.

use super::check::Check;
use crate::model::cluster::{Cluster, Dimension, Group, SLOTS, Speed};
use crate::scenario::grammar::{Document, Nodes, Slots};

/// Most nodes of a cluster.
const MOST: f64 = 16_777_214.0; // 2^24 - 2

/// The cluster, if there is one to speak of.
pub fn cluster(check: &mut Check<'_>, document: &Document) -> Option<Cluster> {
    if document.nodes.is_empty() {
        check.missing(
            "nodes",
            "the scenario has no nodes",
            "add a group, for example [nodes.machine] with count = 10",
        );
        return None;
    }
    for (name, _) in document.nodes.iter() {
        check.name("nodes", name);
    }
    let total: f64 = document.nodes.iter().map(|(_, group)| group.count.0).sum();
    if total > MOST {
        check.error(
            "nodes",
            format!(
                "{} nodes are too many",
                crate::text::thousands(total as u64)
            ),
            "at most 16,777,214 (2^24 - 2) nodes are simulated",
        );
        return None;
    }
    let dimensions = dimensions(check, document);
    let groups = document
        .nodes
        .iter()
        .map(|(name, group)| group.resolve(name, &dimensions))
        .collect();
    Some(Cluster { dimensions, groups })
}

/// Slots and every resource that a group names, in file order.
fn dimensions(check: &mut Check<'_>, document: &Document) -> Vec<Dimension> {
    let mut largest: Vec<(&str, f64)> = Vec::new();
    for (group, nodes) in document.nodes.iter() {
        for (resource, amount) in nodes.resources.iter() {
            if resource == "slots" {
                let path = format!("nodes.{group}.resources.slots");
                check.error(
                    &path,
                    "slots are no resource",
                    format!("write slots = ... in [nodes.{group}] itself"),
                );
            }
            match largest.iter_mut().find(|(name, _)| name == resource) {
                Some((_, most)) => *most = most.max(amount.0),
                None => largest.push((resource, amount.0)),
            }
        }
    }
    let resources = largest
        .into_iter()
        .map(|(name, most)| Dimension::new(name, most));
    std::iter::once(Dimension::slots())
        .chain(resources)
        .collect()
}

impl Nodes {
    fn resolve(&self, name: &str, dimensions: &[Dimension]) -> Group {
        let mut capacity: Vec<Option<u64>> = dimensions
            .iter()
            .map(|d| {
                Some(
                    self.resources
                        .get(&d.name)
                        .map_or(0, |amount| d.units(amount.0)),
                )
            })
            .collect();
        capacity[SLOTS] = self.slots();
        Group {
            name: name.to_owned(),
            count: self.count.0 as u32,
            speed: Speed::new(self.speed.0),
            capacity,
            backfill: self.backfill,
        }
    }

    fn slots(&self) -> Option<u64> {
        match self.slots {
            Some(Slots::Limited(count)) => Some(count.get()),
            Some(Slots::Unlimited) => None,
            None if self.resources.is_empty() => Some(1),
            None => None,
        }
    }
}
