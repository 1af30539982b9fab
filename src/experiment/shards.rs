//! A run cut into shards, which machines that know nothing of each other run apart.
//!
//! A shard is a set of replications. The cut depends on the scenario and on the number of shards alone,
//! so that every machine finds its own; what shards have finished is joined by their journals
//! ([`Journal::join`](super::Journal::join)), and tables come of it as if one machine had run all.

use super::replications::Item;
use crate::scenario::Scenario;
use crate::scenario::forecast::forecast;

/// One of the parts that a run is cut into.
#[derive(Clone, Debug, Default)]
pub struct Shard {
    /// Its replications.
    pub items: Vec<Item>,
    /// CPU time that they are forecast to take, seconds.
    pub seconds: f64,
    /// Their events, by forecast.
    pub events: f64,
}

/// Cuts all replications of `scenario` into `count` shards that take about equally long: the longest first,
/// each to the shard with the least so far (Graham, 1969).
pub fn shards(scenario: &Scenario, count: u32) -> Vec<Shard> {
    let mut items = items(scenario);
    items.sort_by(|(_, one, _), (_, other, _)| other.total_cmp(one));
    let mut shards = vec![Shard::default(); count as usize];
    for (item, seconds, events) in items {
        let least = shards
            .iter_mut()
            .min_by(|one, other| one.seconds.total_cmp(&other.seconds));
        if let Some(shard) = least {
            shard.items.push(item);
            shard.seconds += seconds;
            shard.events += events;
        }
    }
    shards
        .iter_mut()
        .for_each(|shard| shard.items.sort_unstable());
    shards
}

/// All replications in order, each with its CPU time in seconds and its events by forecast.
fn items(scenario: &Scenario) -> Vec<(Item, f64, f64)> {
    let mut items = Vec::new();
    for (point, of) in scenario.points.iter().enumerate() {
        for (strategy, setup) in of.setups.iter().enumerate() {
            let forecast = forecast(setup);
            items.extend((1..=scenario.replications).map(|replication| {
                let item = Item {
                    replication,
                    point,
                    strategy,
                };
                (item, forecast.cost.seconds, forecast.events)
            }));
        }
    }
    items.sort_by_key(|(item, ..)| *item);
    items
}
