//! Placements that look at no node: each sends fixed shares of the tasks to the nodes, and whether
//! these can be served is known before anything runs.

use std::any::Any;

use super::Blueprint;
use super::placement::power_of_d::{Draws, PowerOfD};
use super::placement::random::Random;
use super::placement::round_robin::{RoundRobin, Weights};
use super::placement::weighted_random::WeightedRandom;

/// How a placement splits tasks over nodes, whatever their state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixedSplit {
    /// Each at random.
    Random(Weights),
    /// In turn.
    Turns(Weights),
}

/// Of placements that look at no node.
pub fn fixed_split(placement: &dyn Blueprint) -> Option<FixedSplit> {
    if let Some(Random {}) = downcast(placement) {
        return Some(FixedSplit::Random(Weights::Equal));
    }
    if let Some(WeightedRandom {}) = downcast(placement) {
        return Some(FixedSplit::Random(Weights::SpeedTimesSlots));
    }
    if let Some(RoundRobin { weights, start: _ }) = downcast(placement) {
        return Some(FixedSplit::Turns(*weights));
    }
    let PowerOfD {
        d,
        by: _,
        replacement: _,
        draws,
        memory: 0,
    } = downcast(placement)?
    else {
        return None;
    };
    let weights = match draws {
        Draws::Uniform(_) => Weights::Equal,
        Draws::ByWeight(_) => Weights::SpeedTimesSlots,
        Draws::Ring(_) => return None,
    };
    (*d == 1).then_some(FixedSplit::Random(weights))
}

/// The placement, if it is a `T`.
pub fn downcast<T: Blueprint>(placement: &dyn Blueprint) -> Option<&T> {
    let any: &dyn Any = placement;
    any.downcast_ref()
}
