//! Tests of the whole, from files to results.

mod errors;
mod gallery;
mod scenarios;
