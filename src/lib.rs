//! equipoise: a discrete-event simulator that compares load balancing and task scheduling strategies.

pub mod experiment;
pub mod report;
