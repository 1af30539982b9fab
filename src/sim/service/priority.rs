//! The largest priority first, of equal ones who came first: Cobham, "Priority assignment in waiting
//! line problems", Operations Research 2 (1954). Interrupted attempts go on where they were
//! (preemptive-resume).

/// What an attempt of this `priority` is ordered by.
pub fn order(priority: i64) -> i128 {
    -i128::from(priority)
}
