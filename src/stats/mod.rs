//! Estimates, comparisons and verdicts: pure numbers in, pure numbers out.
//!
//! One replication gives one number; the functions here take such numbers in replication order.
//! A value that is not finite (NaN above all) stands for a missing one.

pub mod best;
pub mod compare;
pub mod critical;
pub mod estimate;
pub mod events;
pub mod growth;
pub mod mser;
pub mod pseudo;
pub mod quantile;
pub mod unstable;
pub mod verdict;

pub use compare::{Difference, bonferroni, paired, replications_needed, unpaired};
pub use estimate::{Estimate, estimate};
pub use mser::{Truncation, mser5};
pub use unstable::is_growing;
pub use verdict::{Verdict, replications_to_settle, verdict};
