//! `[faults]`: what goes wrong. What is not modelled yet is not in the grammar, so that nobody
//! believes that it was simulated.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::law::spec::LawSpec;
use crate::engine::quantity::{Positive, Share};

/// What goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Faults {
    /// Some tasks take longer than they should.
    pub stragglers: Option<Stragglers>,
}

/// Tasks that take longer.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stragglers {
    /// Probability that a task is a straggler.
    pub probability: Share,
    /// By what its work is multiplied.
    pub factor: LawSpec<Positive>,
}
