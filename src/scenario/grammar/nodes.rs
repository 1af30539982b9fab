//! `[nodes.NAME]`: groups of identical nodes.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Error, Unexpected, Visitor};
use serde_json::json;
use std::fmt;

use super::Named;
use crate::engine::quantity::{Amount, Count, Positive, Quantity};

/// A group of identical nodes.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Nodes {
    /// Number of nodes.
    pub count: Count,
    /// Work done in a second, relative to the speed that works are stated for.
    pub speed: Positive,
    /// Tasks that run at once, or "unlimited", which is the default where `resources` are given; else 1.
    pub slots: Option<Slots>,
    /// Capacity of each node by resource: numbers, or sizes such as "64 GiB".
    pub resources: Named<Amount>,
    /// Whether tasks behind the head of a queue may start when the head does not fit.
    pub backfill: bool,
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
pub enum Slots {
    /// As many as the resources hold.
    Unlimited,
    /// At most this many.
    Limited(Count),
}

struct ReadSlots;

impl Visitor<'_> for ReadSlots {
    type Value = Slots;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of at least 1, or \"unlimited\"")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Slots, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Slots, E> {
        Count::new(value).map(Slots::Limited).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Slots, E> {
        match text {
            "unlimited" => Ok(Slots::Unlimited),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

visited!(Slots, ReadSlots, |generator| {
    json!({ "anyOf": [generator.subschema_for::<Count>(), { "const": "unlimited" }] })
});
