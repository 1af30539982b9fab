//! Tests of the whole, from files to results.

mod bytes;
mod cli;
mod errors;
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tool;
mod traces;
