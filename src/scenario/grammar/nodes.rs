//! `[nodes.NAME]`: groups of identical nodes.
//!
//! Identical nodes are one group, however many there are: a scenario of ten thousand nodes is one line, and its
//! size can be swept or searched for by one key.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Error, Unexpected, Visitor};
use serde_json::json;
use std::fmt;

use super::Named;
use super::run::Nothing;
use crate::engine::quantity::{
    Amount, Count, Factor, Number, Period, Positive, Quantity, Seconds, Whole,
};
use crate::model::elastic::Signal;

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
    /// Nodes that are there from the start, the first ones; all if left out, and the fewest where the
    /// group scales itself. The others join by `autoscaling` or `faults.events`.
    pub initial: Option<Whole>,
    /// The group grows and shrinks by what is seen of it.
    pub autoscaling: Option<Autoscaling>,
    /// What an hour of a node costs, in any currency.
    pub price: Number,
    /// What a node draws, in watts.
    pub power: Option<Power>,
}

/// A group that grows and shrinks by what is seen of it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Autoscaling {
    /// What is looked at: "utilization" (a share), "queue" (waiting tasks a node) or "response" (seconds).
    pub on: Signal,
    /// Above this nodes are asked for.
    pub above: Number,
    /// Below this nodes leave, when they have run what they have.
    pub below: Number,
    /// Fewest nodes.
    #[serde(default = "one")]
    pub min: Count,
    /// Most nodes; `count` if left out.
    pub max: Option<Count>,
    /// Nodes that a change takes.
    #[serde(default = "one")]
    pub step: Count,
    /// From when a node is asked for until it takes tasks.
    #[serde(default = "half_a_minute")]
    pub boot: Seconds,
    /// From one change to the next at least.
    #[serde(default = "a_minute")]
    pub cooldown: Seconds,
    /// From one judgement to the next, which is by the mean of ten looks.
    #[serde(default = "ten_seconds")]
    pub every: Period,
}

fn one() -> Count {
    Count(1.0)
}

fn half_a_minute() -> Seconds {
    Seconds(30.0)
}

fn a_minute() -> Seconds {
    Seconds(60.0)
}

fn ten_seconds() -> Period {
    Period(10.0)
}

/// What a node draws: straight from idle to busy with the used share of its busiest dimension, and
/// nothing while it is down or not there.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Power {
    /// Watts with nothing to do.
    pub idle: Number,
    /// Watts when fully used.
    pub busy: Number,
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
            initial: None,
            autoscaling: None,
            price: Number(0.0),
            power: None,
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
