//! `[gate]`: what is watched when an algorithm is changed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Check;
use super::compare::Measurable;
use super::document::Document;
use super::named::Named;
use super::names;
use super::{Gate as Watched, StrategyText};
use crate::engine::quantity::Positive;

/// What a change of an algorithm may cost before `gate` fails.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Gate {
    /// Strategies that are watched; by default all.
    strategies: Option<Vec<String>>,
    /// Metrics that are watched beside `compare.decide-on`, each with the relative change for the
    /// worse that is allowed ("class.metric", in quotes, for one of a class); of metrics
    /// that are not named it is `compare.margin`.
    margins: Named<Positive>,
}

/// What the file asks `gate` to watch.
pub(super) fn gate(document: &Document, strategies: &[StrategyText]) -> Watched {
    let given = &document.gate;
    let all = || strategies.iter().map(|s| s.name.clone());
    let is_watched = |name: &String| given.strategies.as_ref().is_none_or(|s| s.contains(name));
    let decide_on = &document.compare.decide_on;
    let more = given.margins.names().into_iter().map(str::to_owned);
    let more = more.filter(|name| !decide_on.contains(name));
    let margin = |name: String| {
        let margin = given
            .margins
            .get(&name)
            .map_or(document.compare.margin.0, |margin| margin.0);
        Some((name.parse().ok()?, margin))
    };
    Watched {
        strategies: all().filter(is_watched).collect(),
        margins: decide_on
            .iter()
            .cloned()
            .chain(more)
            .filter_map(margin)
            .collect(),
    }
}

/// Checks names of strategies and metrics.
pub(super) fn check(check: &mut Check<'_>, document: &Document, metrics: &Measurable<'_>) {
    let gate = &document.gate;
    let known = document.strategies.names();
    let given = gate.strategies.as_deref();
    if given.is_some_and(<[String]>::is_empty) {
        let hint = "name at least one, or remove the key to watch all";
        check.error("gate.strategies", "no strategy is watched", hint);
    }
    for (at, name) in given.unwrap_or_default().iter().enumerate() {
        if !known.contains(&name.as_str()) && !check.is_cut("strategies") {
            let title = format!("there is no strategy `{name}`");
            let hint = names::hint(name, &known, "strategies");
            check.error(&format!("gate.strategies.{at}"), title, hint);
        }
    }
    for name in gate.margins.names() {
        metrics.check(check, &format!("gate.margins.\"{name}\""), name);
    }
}
