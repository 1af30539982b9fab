//! `[nodes.NAME]`: groups of identical nodes.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Error, Unexpected, Visitor};
use serde_json::json;
use std::fmt;

use super::Named;
use super::run::Nothing;
use crate::engine::quantity::{Amount, Count, Factor, Positive, Quantity, Whole};

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
    /// Who is served next: "fifo", "lifo", "priority", "sjf", "srpt" or "processor-sharing". Under a
    /// central queue nothing waits at nodes, and it has no part.
    pub discipline: Discipline,
    /// Where its nodes are: what `faults.events` and `faults.zone-failures` hit together.
    pub zone: Option<String>,
    /// Attempts that may wait at each node; one that finds so many waiting and cannot start is refused: it
    /// has failed. Any number if left out.
    pub queue_limit: Option<Whole>,
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
            discipline: Discipline::Fifo(Nothing {}),
            zone: None,
            queue_limit: None,
            backfill: false,
        }
    }
}

/// Who is served next.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Discipline {
    /// Who came first.
    Fifo(Nothing),
    /// Who came last.
    Lifo(Nothing),
    /// Who has the largest `jobs.NAME.priority`; of equal ones who came first.
    Priority(Priority),
    /// Who takes the shortest time.
    Sjf(Nothing),
    /// Who has the shortest time left; interrupts whoever has more left.
    Srpt(Nothing),
    /// All at once: each of n tasks at min(1, slots / n) of the node's speed.
    ProcessorSharing(ProcessorSharing),
}

/// The largest priority first.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Priority {
    /// Whether a task of larger priority interrupts those of smaller, which later go on where they
    /// were.
    pub preemptive: bool,
}

/// All at once.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ProcessorSharing {
    /// How much longer everything takes as more tasks run at once, beside what they take from each
    /// other.
    pub slow_down: Option<SlowDown>,
}

/// A curve: 1 for one task, straight from point to point, and then as at the last.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlowDown {
    /// Numbers of tasks at once, rising.
    pub tasks: Vec<Count>,
    /// By what factor everything takes longer there, as many as `tasks`.
    pub factors: Vec<Factor>,
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
