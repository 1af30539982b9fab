//! A run cut into shards, which machines that know nothing of each other run apart.
//!
//! A shard is a set of replications. The cut depends on the scenario and on the number of shards alone,
//! so that every machine finds its own; what shards have finished is joined by their journals
//! ([`Journal::join`](super::Journal::join)), and tables come of it as if one machine had run all.

use std::ops::RangeInclusive;

use super::replications::Item;
use crate::scenario::forecast::forecast;
use crate::scenario::{Point, Scenario};
use crate::sim::setup::Setup;

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

/// These replications, of every strategy at every point, in order.
pub fn replications(scenario: &Scenario, numbers: RangeInclusive<u32>) -> Vec<Item> {
    let (points, strategies) = (scenario.points.len(), scenario.strategies.len());
    let of = |replication, point| {
        (0..strategies).map(move |strategy| Item {
            replication,
            point,
            strategy,
        })
    };
    let all = numbers.flat_map(|number| (0..points).flat_map(move |point| of(number, point)));
    all.collect()
}

/// All replications in order, each with its CPU time in seconds and its events by forecast.
fn items(scenario: &Scenario) -> Vec<(Item, f64, f64)> {
    let cost = |setup: &Setup| {
        let forecast = forecast(setup);
        (forecast.cost.seconds, forecast.events)
    };
    let of_point = |point: &Point| point.setups.iter().map(cost).collect();
    let costs: Vec<Vec<(f64, f64)>> = scenario.points.iter().map(of_point).collect();
    let with_cost = |item: Item| {
        let (seconds, events) = costs[item.point][item.strategy];
        (item, seconds, events)
    };
    let all = replications(scenario, 1..=scenario.replications);
    all.into_iter().map(with_cost).collect()
}
