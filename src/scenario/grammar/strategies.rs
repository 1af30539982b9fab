//! `[scheduling]` and `[strategies.NAME]`: how tasks get to nodes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use super::Named;
use crate::engine::law::spec::LawSpec;
use crate::engine::quantity::{Count, Seconds, Whole};
use crate::strategy::{InFlight, Ties};

/// That a placement is given; which ones there are, and what each is, the registry knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement;

impl Placement {
    /// The definition whose place the registry's schema takes.
    pub const SCHEMA: &'static str = "Choice";
}

impl<'de> Deserialize<'de> for Placement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Placement)
    }
}

impl JsonSchema for Placement {
    fn schema_name() -> Cow<'static, str> {
        Placement::SCHEMA.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "x-one-key": true })
    }
}

/// When a task is bound to a node.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// At the decision; it waits at its node.
    Early(Early),
    /// When a node has room; it waits in one queue for all nodes.
    CentralQueue(CentralQueue),
}

/// Binding at the decision.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Early {}

/// One queue for all nodes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CentralQueue {
    /// Order of the queue.
    pub order: Order,
    /// Tasks that may wait in it; one that finds so many waiting and cannot start is refused: its attempt has
    /// failed. Any number if left out.
    pub limit: Option<Whole>,
}

/// Which jobs are let in. One that is not is rejected at its arrival.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Admission {
    /// Jobs in the system at most; any number if left out.
    pub jobs: Option<Whole>,
    /// Classes that are turned away earlier: by name, the number of jobs in the system, of all classes, from
    /// which on no job of the class is let in.
    pub shed: Named<Whole>,
    /// Tasks that may wait at a dispatcher: a job that finds it at work and so many tasks waiting is turned
    /// away. Any number if left out.
    pub dispatcher_queue: Option<Whole>,
}

/// Order of a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// First come, first served.
    #[default]
    Fifo,
}

/// Defines a table of parts with further keys before them.
macro_rules! parts {
    ($(#[$doc:meta])* $name:ident { $($(#[$own_doc:meta])* $own:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
        pub struct $name {
            $($(#[$own_doc])* pub $own: $type,)*
            /// The rule that picks a node for a task: a name, or a table of its parameters; "random" if nothing says otherwise.
            #[schemars(extend("x-default" = "random"))]
            pub placement: Option<Placement>,
            /// Whether a dispatcher adds what it sent and has not yet seen; "counted" if nothing says otherwise.
            #[schemars(extend("x-default" = "counted"))]
            pub in_flight: Option<InFlight>,
            /// Number of dispatchers; 1 if nothing says otherwise. Each sees the true state of all
            /// nodes when it decides, so several decide as well as one, only sooner.
            #[schemars(extend("x-default" = "1"))]
            pub dispatchers: Option<Count>,
            /// Time that a dispatcher takes to place a task; 0 if nothing says otherwise.
            #[schemars(extend("x-default" = "0"))]
            pub decision_time: Option<LawSpec<Seconds>>,
            /// How equally good nodes are told apart; "random" if nothing says otherwise.
            #[schemars(extend("x-default" = "random"))]
            pub ties: Option<Ties>,
        }

        impl $name {
            /// The parts alone.
            pub fn parts(&self) -> Overrides {
                Overrides {
                    placement: self.placement,
                    in_flight: self.in_flight,
                    dispatchers: self.dispatchers,
                    decision_time: self.decision_time.clone(),
                    ties: self.ties,
                }
            }
        }
    };
}

parts! {
    /// Parts of a strategy that hold for every strategy unless it says otherwise.
    Scheduling {
        /// When a task is bound to a node; "early" if nothing says otherwise.
        #[schemars(extend("x-default" = "early"))]
        binding: Option<Binding>,
        /// Which jobs are let in; all if nothing says otherwise.
        #[schemars(extend("x-default" = "all"))]
        admission: Option<Admission>,
    }
}

parts! {
    /// A whole answer to how tasks get to nodes.
    Strategy {
        /// Another strategy that this one is like; then only what differs.
        like: Option<String>,
        /// When a task is bound to a node; "early" if nothing says otherwise.
        #[schemars(extend("x-default" = "early"))]
        binding: Option<Binding>,
        /// Which jobs are let in; all if nothing says otherwise.
        #[schemars(extend("x-default" = "all"))]
        admission: Option<Admission>,
        /// Parts that differ for a class of jobs, by the class's name.
        r#for: Named<Overrides>,
    }
}

parts! {
    /// Parts that differ for one class; what is left out is the strategy's own.
    Overrides {}
}
