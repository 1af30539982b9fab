//! The correctness net: the simulator held against theory, against its contracts, against a slow
//! and obvious twin; the command line, its messages and its files; the source code against its
//! layers.
//!
//! ```text
//! cargo test --test it                                   what fits in a few minutes
//! cargo test --release --test it -- --ignored theory     every reference row, with a table
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod algebra;
mod arrivals;
mod attempts;
mod beside;
mod book;
mod bytes;
mod capacity;
mod cli;
mod common;
mod contract;
mod copies;
mod coverage;
mod crash;
mod data;
mod diff;
mod disciplines;
mod engines;
mod errors;
mod estimates;
mod faults;
mod find;
mod find_known;
mod forecasts;
mod fuzz;
mod gallery;
mod gangs;
mod gate_cli;
mod gate_rates;
mod health;
mod hostile;
mod late;
mod layering;
mod limits;
mod metrics;
mod misleading;
mod mixed;
mod model_page;
mod placements;
mod presets;
mod probing;
mod reality;
mod scenarios;
mod shards;
mod sojourns;
mod stages;
mod steady;
mod stealing;
mod theory;
mod tool;
mod traces;
mod twin;
mod two_runs;
mod unread;
mod views;
mod why;
mod wrong;
