//! The placement algorithms, one file each, and their registry.
//!
//! A new one is a new file here, its `mod` line and its line in `placements!`; the scenario
//! grammar, its schema, `equipoise list placements` and the contract tests pick it up from there.

pub mod adaptive;
pub mod anti_affinity;
pub mod batch_sampling;
pub mod best_fit;
pub mod consistent_hash;
pub mod earliest_finish;
pub mod first_fit;
pub mod join_idle_queue;
pub mod least_loaded;
pub mod least_response_time;
pub mod peak_ewma;
pub mod power_of_d;
pub mod prequal;
pub mod random;
pub mod resource_match;
pub mod round_robin;
pub mod score;
pub mod shortest_expected_delay;
pub mod size_interval;
pub mod sticky;
pub mod weighted_random;
pub mod worst_fit;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::Blueprint;

/// Takes placements by their types.
pub trait Register {
    /// Takes one: name, meaning and parameters are those of its JSON Schema.
    fn add<T: Blueprint + Default + DeserializeOwned + JsonSchema>(&mut self);
}

/// `PowerOfD` as a scenario spells it: `power-of-d`.
pub fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab
}

/// Lists the placements of equipoise.
macro_rules! placements {
    ($($module:ident::$name:ident),+ $(,)?) => {
        /// Registers every placement of equipoise, in the order of `equipoise list placements`.
        pub fn standard(register: &mut impl Register) {
            $(register.add::<$module::$name>();)+
        }
    };
}

placements! {
    random::Random,
    weighted_random::WeightedRandom,
    round_robin::RoundRobin,
    least_loaded::LeastLoaded,
    power_of_d::PowerOfD,
    join_idle_queue::JoinIdleQueue,
    shortest_expected_delay::ShortestExpectedDelay,
    first_fit::FirstFit,
    best_fit::BestFit,
    worst_fit::WorstFit,
    resource_match::ResourceMatch,
    peak_ewma::PeakEwma,
    least_response_time::LeastResponseTime,
    size_interval::SizeInterval,
    earliest_finish::EarliestFinish,
    anti_affinity::AntiAffinity,
    batch_sampling::BatchSampling,
    prequal::Prequal,
    consistent_hash::ConsistentHash,
    sticky::Sticky,
    score::Score,
    adaptive::Adaptive,
}
