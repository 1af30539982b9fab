//! `network.zones`: ways between zones.
//!
//! A way is the law of the time that a message takes from one zone to another. It holds for both directions
//! unless both are said; inside a zone, and where no way is said, the plain `network` applies. Only differences
//! matter to strategies, so a zone without nodes or dispatchers is taken for a slip of the pen.

use super::check::Check;
use crate::engine::law::Law;
use crate::engine::law::spec::LawSpec;
use crate::engine::quantity::Seconds;
use crate::scenario::grammar::{Named, Network};
use crate::sim::setup::{Setup, Way};

/// The ways between zones, each in both directions.
pub fn ways(check: &mut Check<'_>, zones: &Named<Named<LawSpec<Seconds>>>) -> Option<Vec<Way>> {
    let mut ways = Vec::new();
    for (from, others) in zones {
        let mut check = check.name(from);
        for (to, law) in others {
            let law = check.name(to).law(law)?;
            let way = |from: &String, to: &String, law: Law| Way {
                from: from.clone(),
                to: to.clone(),
                law,
            };
            let is_said = |back: &Named<_>| back.contains_key(from);
            if !zones.get(to).is_some_and(is_said) {
                ways.push(way(to, from, law.clone()));
            }
            ways.push(way(from, to, law));
        }
    }
    Some(ways)
}

/// Checks that somebody is in every zone, and what contradicts the ways between them.
pub fn check(check: &mut Check<'_>, network: &Network, setups: &[Setup]) {
    let mut known: Vec<&str> = Vec::new();
    for setup in setups {
        let zones = setup.cluster.zones().into_iter().map(|(name, _)| name);
        let parts = setup.strategy.parts.iter().flat_map(|parts| &parts.zones);
        known.extend(zones.chain(parts.map(String::as_str)));
        dispatchers(check, setup);
    }
    let mut check = check.at("network.zones");
    for (from, others) in &network.zones {
        let both = std::iter::once(from).chain(others.keys());
        for zone in both.filter(|zone| !known.contains(&zone.as_str())) {
            let title = format!("nobody is in zone `{zone}`");
            let hint = "say who is: nodes.NAME.zone, or `zones` of [scheduling] for dispatchers";
            check.name(from).error(title, hint);
        }
    }
}

/// Dispatchers are somewhere for ways alone; what nodes answer is of one instant.
fn dispatchers(check: &mut Check<'_>, setup: &Setup) {
    let (strategy, has_ways) = (&setup.strategy, !setup.network.ways.is_empty());
    let mut check = check.at("strategies");
    let mut check = check.name(&strategy.name);
    let asks = strategy.parts.iter().any(|parts| parts.probes);
    let is_somewhere = strategy.parts.iter().any(|parts| !parts.zones.is_empty());
    if has_ways && asks {
        let title = format!(
            "`{}` asks nodes before it decides, and `network.zones` has ways of unlike length: each node would answer of another instant",
            strategy.name
        );
        let hint = "leave the zones out, or write view.delayed.by = how old the answers are";
        check.at("view").error(title, hint);
    } else if has_ways && !is_somewhere {
        let title = format!("the dispatchers of `{}` are in no zone", strategy.name);
        check.error(
            title,
            "say where, for all strategies: [scheduling] zones = [\"a\"]",
        );
    } else if is_somewhere && !has_ways {
        let hint = "say what differs: network.zones.a.b = \"10ms\"";
        check.at("zones").warn("all ways are alike", hint);
    }
}
