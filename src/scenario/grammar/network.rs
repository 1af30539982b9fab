//! `[network]` and `[workload]`.
//!
//! Delays are laws for the way to a node and back; a load is a share of what the nodes can do, which is told as
//! one number because rates mean nothing without the work and the nodes they are for.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Named;
use crate::engine::law::spec::LawSpec;
use crate::engine::quantity::{Bandwidth, Positive, Seconds};

/// Network delays.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Network {
    /// From a dispatcher to a node, or to the central queue.
    pub dispatch: LawSpec<Seconds>,
    /// From a node to who gathers the results.
    pub result: LawSpec<Seconds>,
    /// Bytes a second at which payloads (`jobs.NAME.payload`) are sent, each as if it were alone: flows do
    /// not slow each other down.
    pub bandwidth: Option<Bandwidth>,
    /// One way between zones, `zones.FROM.TO`: from a dispatcher (`zones` of a strategy) to a node (`nodes.NAME.zone`), or
    /// from a node to a dispatcher. The way back takes as long unless `zones.TO.FROM` says otherwise; what is not said, and
    /// what is in no zone, takes `dispatch` and `result`.
    pub zones: Named<Named<LawSpec<Seconds>>>,
    /// How what calls an attempt off reaches it: one that timed out, whose job was given up, whose result is not
    /// needed any more, or of which a copy was done before.
    pub cancels: Cancels,
}

/// How what calls an attempt off reaches it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cancels {
    /// It is there at once, wherever the attempt is.
    #[default]
    AtOnce,
    /// It takes the way of an attempt, `dispatch`: until then that travels, waits and runs on, and its result comes to
    /// nothing.
    Travel,
}

impl Default for Network {
    fn default() -> Self {
        Network {
            dispatch: LawSpec::constant(0.0),
            result: LawSpec::constant(0.0),
            bandwidth: None,
            zones: Named::default(),
            cancels: Cancels::default(),
        }
    }
}

/// All classes of jobs together.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Workload {
    /// Offered load: the busiest of slots and resources is asked for this share of what all nodes
    /// give. All open classes are scaled by one factor to it; their mix stays.
    pub load: Option<Positive>,
}
