//! `[network]` and `[workload]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Check;
use crate::engine::dist::Dist;
use crate::engine::quantity::{Positive, Seconds};
use crate::sim::setup;

/// Network delays.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Network {
    /// From a dispatcher to a node, or to the central queue.
    pub(super) dispatch: Dist<Seconds>,
    /// From a node to who gathers the results.
    pub(super) result: Dist<Seconds>,
}

impl Default for Network {
    fn default() -> Self {
        Network {
            dispatch: Dist::constant(0.0),
            result: Dist::constant(0.0),
        }
    }
}

/// All classes of jobs together.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Workload {
    /// Offered load: the busiest of slots and resources is asked for this share of what all nodes
    /// give. All open classes are scaled by one factor to it; their mix stays.
    pub(super) load: Option<Positive>,
}

/// The delays as laws.
pub(super) fn resolve(check: &mut Check<'_>, network: &Network) -> Option<setup::Network> {
    let dispatch = check.law("network.dispatch", &network.dispatch);
    let result = check.law("network.result", &network.result);
    Some(setup::Network {
        dispatch: dispatch?,
        result: result?,
    })
}
