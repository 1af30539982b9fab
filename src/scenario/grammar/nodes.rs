//! `[nodes.NAME]`: groups of identical nodes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::Named;
use crate::engine::quantity::{Amount, Count, Positive, Quantity};

/// A group of identical nodes.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
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
