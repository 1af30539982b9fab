//! `[faults]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Check;
use crate::engine::dist::Dist;
use crate::engine::quantity::{Positive, Share};
use crate::sim::setup;

/// What goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Faults {
    /// Some tasks take longer than they should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stragglers: Option<Stragglers>,
}

/// Tasks that take longer.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Stragglers {
    /// Probability that a task is a straggler.
    pub(super) probability: Share,
    /// By what its work is multiplied.
    pub(super) factor: Dist<Positive>,
}

/// The stragglers as laws; `None` if there are none.
pub(super) fn stragglers(check: &mut Check<'_>, faults: &Faults) -> Option<setup::Stragglers> {
    let stragglers = faults.stragglers.as_ref()?;
    let factor = check.law("faults.stragglers.factor", &stragglers.factor)?;
    (stragglers.probability.0 > 0.0).then_some(setup::Stragglers {
        probability: stragglers.probability.0,
        factor,
    })
}
