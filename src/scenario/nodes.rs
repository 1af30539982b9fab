//! `[nodes.NAME]`: groups of identical nodes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Check;
use super::document::Document;
use super::named::Named;
use crate::engine::quantity::{Amount, Count, Positive, Quantity};
use crate::model::cluster::{Cluster, Dimension, Group, SLOTS, Speed};

/// A group of identical nodes.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Nodes {
    /// Number of nodes.
    pub(super) count: Count,
    /// Work done in a second, relative to the speed that works are stated for.
    pub(super) speed: Positive,
    /// Tasks that run at once, or "unlimited", which is the default where `resources` are given; else 1.
    pub(super) slots: Option<Slots>,
    /// Capacity of each node by resource: numbers, or sizes such as "64 GiB".
    pub(super) resources: Named<Amount>,
    /// Whether tasks behind the head of a queue may start when the head does not fit.
    pub(super) backfill: bool,
}

impl Default for Nodes {
    fn default() -> Self {
        Nodes {
            count: Count(1.0),
            speed: Positive(1.0),
            slots: None,
            resources: Named::default(),
            backfill: false,
        }
    }
}

/// Tasks that run at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Slots {
    /// As many as the resources hold.
    Unlimited,
    /// At most this many.
    Limited(Count),
}

struct ReadSlots;

impl serde::de::Visitor<'_> for ReadSlots {
    type Value = Slots;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a whole number of at least 1, or \"unlimited\"")
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Slots, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Slots, E> {
        Count::new(value).map(Slots::Limited).map_err(E::custom)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Slots, E> {
        match text {
            "unlimited" => Ok(Slots::Unlimited),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }
}

impl<'de> Deserialize<'de> for Slots {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Slots, D::Error> {
        deserializer.deserialize_any(ReadSlots)
    }
}

impl Serialize for Slots {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Slots::Unlimited => serializer.serialize_str("unlimited"),
            Slots::Limited(count) => count.serialize(serializer),
        }
    }
}

impl JsonSchema for Slots {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Slots".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [generator.subschema_for::<Count>(), { "const": "unlimited" }] })
    }
}

/// Most nodes of a cluster.
const MOST: f64 = 16_777_214.0; // 2^24 - 2

/// The cluster, if there is one to speak of.
pub(super) fn cluster(check: &mut Check<'_>, document: &Document) -> Option<Cluster> {
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
