//! Points x strategies x replications, and what they found.

pub mod results;
