//! What is asked of the cluster: arrivals, the shapes of jobs, traces.
//!
//! Nothing here depends on a strategy. That is what makes a comparison fair: replication r draws
//! the same arrivals and shapes whoever places them, so that differences are of strategies and not
//! of luck (common random numbers: Law, "Simulation Modeling and Analysis", chapter 11).

pub mod class;
pub mod load;
pub mod source;
pub mod trace;
