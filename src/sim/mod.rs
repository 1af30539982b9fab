//! One replication: a setup and a number in, an outcome out.

pub mod setup;
