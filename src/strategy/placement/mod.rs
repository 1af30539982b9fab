//! The placement algorithms, one file each, and their registry.
//!
//! A new one is a new file here, its `mod` line and its line in `placements!`; the scenario
//! grammar, its schema, `equipoise list placements` and the contract tests pick it up from there.

pub mod best_fit;
pub mod first_fit;
pub mod join_idle_queue;
pub mod least_loaded;
pub mod power_of_d;
pub mod random;
pub mod resource_match;
pub mod round_robin;
pub mod shortest_expected_delay;
pub mod weighted_random;
pub mod worst_fit;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Blueprint;

/// Defines [`Choice`] from lines of `"name" => module::Type`.
macro_rules! placements {
    ($($name:literal => $variant:ident($type:ty)),+ $(,)?) => {
        /// Which algorithm picks the node of a task, with its parameters.
        #[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
        pub enum Choice {
            $(
                #[doc = concat!("The placement `", $name, "`.")]
                #[serde(rename = $name)]
                $variant($type),
            )+
        }

        impl Choice {
            /// All names, as the scenario file spells them.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// Every placement with its default parameters.
            pub fn all() -> Vec<(&'static str, Choice)> {
                vec![$(($name, Choice::$variant(<$type>::default()))),+]
            }

            /// The algorithm, ready to be built for a cluster.
            pub fn blueprint(&self) -> Arc<dyn Blueprint> {
                match self {
                    $(Choice::$variant(parameters) => Arc::new(parameters.clone()),)+
                }
            }
        }
    };
}

placements! {
    "random" => Random(random::Random),
    "weighted-random" => WeightedRandom(weighted_random::WeightedRandom),
    "round-robin" => RoundRobin(round_robin::RoundRobin),
    "least-loaded" => LeastLoaded(least_loaded::LeastLoaded),
    "power-of-d" => PowerOfD(power_of_d::PowerOfD),
    "join-idle-queue" => JoinIdleQueue(join_idle_queue::JoinIdleQueue),
    "shortest-expected-delay" => ShortestExpectedDelay(shortest_expected_delay::ShortestExpectedDelay),
    "first-fit" => FirstFit(first_fit::FirstFit),
    "best-fit" => BestFit(best_fit::BestFit),
    "worst-fit" => WorstFit(worst_fit::WorstFit),
    "resource-match" => ResourceMatch(resource_match::ResourceMatch),
}
