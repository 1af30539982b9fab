//! The shortest remaining processing time first: the least mean response time of all disciplines
//! (Schrage, "A proof of the optimality of the shortest remaining processing time discipline",
//! Operations Research 16, 1968). Who runs comes ever earlier in the order, as less is left.

use crate::engine::time::Time;

/// What an attempt with `left` of its service is ordered by, while it waits.
pub fn order(left: Time) -> i128 {
    i128::from(left.0)
}
