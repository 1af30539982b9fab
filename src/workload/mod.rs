//! What is asked of the cluster: arrivals, the shapes of jobs, traces.

pub mod class;
pub mod load;
pub mod source;
pub mod trace;
