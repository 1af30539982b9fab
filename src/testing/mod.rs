//! For tests and benchmarks of placements, here and in a crate of one's own: setups that are ready to
//! run, and the contract that every placement must keep.
//!
//! Why a contract: whoever compares algorithms relies on equal jobs, on decisions that hang on what is
//! shown, and on the same result for the same seed. One algorithm that breaks it makes the comparison
//! worthless without a sign, so each is held to it.

pub mod contract;
pub mod setups;
