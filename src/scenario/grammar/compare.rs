//! `[compare]`: what decides, and against what.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::quantity::{Inner, Positive};

/// What decides, and against what.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Compare {
    /// The strategy that the others are compared with; by default the first.
    pub baseline: Option<String>,
    /// Metrics that decide; `class.metric` for one of a class.
    pub decide_on: Vec<String>,
    /// Metrics that are shown beside them, without a verdict; any quantile may be named.
    pub show: Vec<String>,
    /// Relative difference below which two strategies are equivalent.
    pub margin: Positive,
    /// Confidence of all comparisons together.
    pub confidence: Inner,
}

impl Default for Compare {
    fn default() -> Self {
        let decide_on = vec!["response_p99".to_owned(), "response_mean".to_owned()];
        Compare {
            baseline: None,
            decide_on,
            show: Vec::new(),
            margin: Positive(0.02),
            confidence: Inner(0.95),
        }
    }
}
