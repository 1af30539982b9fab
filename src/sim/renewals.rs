//! Messages by which what dispatchers know is renewed now and then: they hang on the clock alone, and are
//! counted when all is over.

use crate::engine::time::Time;
use crate::strategy::{Information, Parts};

/// Messages of the dispatchers of a set of parts, in a window that is closed at both ends: of each board a report of
/// every node that its dispatcher makes use of, of `nodes`, whenever it is renewed; of gossip one to everybody who is
/// told. `reads` says of which dispatchers any placement looks at nodes; those of the others are not sent.
pub fn messages(parts: &Parts, nodes: u32, reads: &[bool], window: (Time, Time)) -> u64 {
    let of = |(index, _): (usize, &bool)| match parts.information {
        Information::Fresh | Information::Local | Information::Delayed { .. } => 0,
        Information::Periodic { every, apart } => {
            let first = if apart {
                parts.phase(every, index)
            } else {
                Time::ZERO
            };
            let reports = parts.subset.map_or(nodes, |size| size.min(nodes));
            instants(first, every, window) * u64::from(reports)
        }
        Information::Gossip(how) => {
            let told = how.fanout.min(parts.dispatchers - 1);
            instants(Time::ZERO, how.every, window) * u64::from(told)
        }
    };
    let each = reads.iter().enumerate().filter(|(_, reads)| **reads);
    each.map(of).sum()
}

/// Instants after the start, `every` so often from `first` on, in the window.
fn instants(first: Time, every: Time, (from, until): (Time, Time)) -> u64 {
    let up_to = |time: Time| match time < first {
        true => 0,
        false => (time - first).0 / every.0 + u64::from(first > Time::ZERO),
    };
    let before = if from > Time::ZERO {
        up_to(from - Time(1))
    } else {
        0
    };
    up_to(until) - before
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a count, one instant after the other.
    #[test]
    fn instants_are_counted() {
        for (first, every) in [(0, 1), (0, 3), (2, 5), (4, 7), (30, 50)] {
            for (from, until) in [(0, 0), (0, 20), (3, 3), (2, 7), (7, 60), (25, 80)] {
                let times = (0..)
                    .map(|k| first + k * every)
                    .take_while(|time| *time <= until);
                let counted = times.filter(|time| *time > 0 && *time >= from).count();
                let window = (Time(from), Time(until));
                assert_eq!(instants(Time(first), Time(every), window), counted as u64);
            }
        }
    }
}
