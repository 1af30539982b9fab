//! `[faults]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::dist::Dist;
use crate::engine::quantity::{Positive, Share};

/// What goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Faults {
    /// Some tasks take longer than they should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stragglers: Option<Stragglers>,
}

/// Tasks that take longer.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stragglers {
    /// Probability that a task is a straggler.
    pub probability: Share,
    /// By what its work is multiplied.
    pub factor: Dist<Positive>,
}
