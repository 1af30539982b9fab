//! The correctness net: the simulator held against theory, against its contracts, against a slow
//! and obvious twin, and the source code against its layers.
//!
//! ```text
//! cargo test --test it                                   what fits in a few minutes
//! cargo test --release --test it -- --ignored theory     every reference row, with a table
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod contract;
mod layering;
mod theory;
mod twin;
