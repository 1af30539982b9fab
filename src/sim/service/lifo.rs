//! Last in, first out: under overload the newest are served in time, and the oldest, whose clients
//! may have given up, wait.

/// What the `turn`-th to reach its node is ordered by.
pub fn order(turn: u64) -> i128 {
    -i128::from(turn)
}
