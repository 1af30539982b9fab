//! equipoise: a discrete-event simulator that compares load balancing and task scheduling strategies.

#[cfg(feature = "cli")]
pub mod cli;
pub mod decision_log;
pub mod engine;
pub mod experiment;
pub mod gate;
pub mod metrics;
pub mod model;
#[cfg(feature = "report")]
pub mod report;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod strategy;
pub mod text;
pub mod theory;
pub mod workload;
