//! Estimates, comparisons and verdicts: pure numbers in, pure numbers out.
//!
//! One replication gives one number, its value or its pseudo-value; the functions here take such numbers
//! in replication order.

pub mod best;
pub mod compare;
pub mod critical;
pub mod estimate;
pub mod events;
pub mod growth;
pub mod mser;
pub mod pseudo;
pub mod verdict;

pub use compare::{Difference, bonferroni, paired, unpaired};
pub use critical::two_sided;
pub use estimate::{Estimate, estimate};
pub use mser::{Truncation, mser5};
pub use pseudo::Pseudo;
pub use verdict::{Verdict, replications_to_settle, verdict};
