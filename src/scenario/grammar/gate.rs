//! `[gate]`: what is watched when an algorithm is changed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Named;
use crate::engine::quantity::Positive;

/// What a change of an algorithm may cost before `gate` fails.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Gate {
    /// Strategies that are watched; by default all.
    pub strategies: Option<Vec<String>>,
    /// Metrics that are watched beside `compare.decide-on`, each with the relative change for the
    /// worse that is allowed ("class.metric", in quotes, for one of a class); of metrics
    /// that are not named it is `compare.margin`.
    pub margins: Named<Positive>,
}
