//! Where jobs come from: one source for each `jobs.NAME` of a scenario.
//!
//! A source's random stream is named by it, so that another source beside it changes nothing for
//! its jobs.

use std::sync::Arc;

use super::trace::{Loaded, Spec, Survey};
use crate::engine::law::Law;
use crate::engine::time::Time;

/// How the jobs of a source arrive.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// Independent intervals (Poisson arrivals have exponential ones); the first job comes one
    /// interval after 0. Seconds.
    Renewal {
        /// Law of the interval.
        interval: Law,
    },
    /// All at one instant.
    Batch {
        /// Number of jobs.
        jobs: u64,
        /// The instant.
        at: Time,
    },
    /// Replayed from a file.
    Trace(Arc<TracePlan>),
}

/// Jobs of one name in the scenario.
#[derive(Clone, Debug)]
pub struct Source {
    /// `jobs.NAME`; names the random stream.
    pub name: String,
    /// How they arrive.
    pub arrivals: Arrivals,
    /// The first of the source's classes in the setup's list; a trace may feed several in a row.
    pub first_class: u32,
    /// Number of classes fed (1 but for a trace that is split or labelled).
    pub classes: u32,
}

/// A trace to replay.
#[derive(Clone, Debug)]
pub struct TracePlan {
    /// Which file, read how.
    pub spec: Spec,
    /// What the counting pass found.
    pub survey: Survey,
    /// Factor on all arrival offsets.
    pub scale: f64,
    /// The whole trace in blocks, where blocks of it are redrawn in each replication.
    pub resample: Option<Arc<Loaded>>,
    /// For each of the trace's resource columns, the dimension that it fills; units of demand are
    /// those of the cluster's dimension.
    pub resources: Vec<usize>,
}
