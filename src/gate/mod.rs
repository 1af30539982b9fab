//! Regression tests of scheduling algorithms.

pub mod first;
