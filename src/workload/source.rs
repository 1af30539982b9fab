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
    /// At a rate that changes from phase to phase.
    Phases(Phases),
    /// At a rate that rises and falls like a sine.
    Wave(Wave),
    /// Each of some clients thinks, brings a job, and waits for it before it thinks again.
    Closed(Clients),
}

impl Arrivals {
    /// Jobs a second over a long time; nothing where that hangs on the strategy, or where jobs end.
    pub fn rate(&self) -> Option<f64> {
        match self {
            Arrivals::Renewal { interval } => Some(1.0 / interval.mean()),
            Arrivals::Phases(phases) => Some(phases.mean()),
            Arrivals::Wave(wave) => Some(wave.rate),
            Arrivals::Batch { .. } | Arrivals::Trace(_) | Arrivals::Closed(_) => None,
        }
    }

    /// By what the rate at its peak is larger than over a long time.
    pub fn peak(&self) -> f64 {
        match self {
            Arrivals::Phases(phases) => phases.most() / phases.mean(),
            Arrivals::Wave(wave) => 1.0 + wave.amplitude,
            _ => 1.0,
        }
    }

    /// Index of dispersion for counts over a long time: variance over mean of the number of jobs, where
    /// the rate changes by chance (for two phases as in Fischer & Meier-Hellstern 1993); of renewals the
    /// squared coefficient of variation of the interval; 1 for all else.
    pub fn dispersion(&self) -> f64 {
        match self {
            Arrivals::Renewal { interval } => squared_variation(interval),
            Arrivals::Phases(phases) => phases.dispersion(),
            _ => 1.0,
        }
    }
}

/// Variance over squared mean.
pub fn squared_variation(law: &Law) -> f64 {
    (law.second_moment() / law.mean().powi(2) - 1.0).max(0.0)
}

/// Poisson arrivals whose rate is that of the phase at hand. The phases follow each other in turn, and
/// after the last comes the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Phases {
    /// In order; at least one has a rate above 0, and each lasts some time.
    pub phases: Vec<RatePhase>,
    /// True if the phase at 0 is drawn, each as likely as it is to be met at a random instant; else it is
    /// the first.
    pub is_stationary: bool,
}

/// A time of constant rate.
#[derive(Clone, Debug, PartialEq)]
pub struct RatePhase {
    /// Jobs a second.
    pub rate: f64,
    /// How long it lasts, seconds.
    pub lasts: Law,
}

impl Phases {
    /// Mean length of a round through all phases, seconds.
    fn round(&self) -> f64 {
        self.phases.iter().map(|phase| phase.lasts.mean()).sum()
    }

    /// Jobs a second over a long time.
    pub fn mean(&self) -> f64 {
        let jobs = self.phases.iter().map(|p| p.rate * p.lasts.mean());
        jobs.sum::<f64>() / self.round()
    }

    /// The largest rate.
    pub fn most(&self) -> f64 {
        self.phases
            .iter()
            .map(|phase| phase.rate)
            .fold(0.0, f64::max)
    }

    /// Of the renewal-reward process whose cycles are rounds: the number of jobs less what the mean rate
    /// brings has, in a round, the variance of a Poisson number and that of the phases' lengths.
    fn dispersion(&self) -> f64 {
        let mean = self.mean();
        let spread = |phase: &RatePhase| {
            let length = phase.lasts.mean();
            (phase.rate - mean).powi(2) * length * length * squared_variation(&phase.lasts)
        };
        1.0 + self.phases.iter().map(spread).sum::<f64>() / (mean * self.round())
    }
}

/// Poisson arrivals at rate x (1 + amplitude x sin(2 pi t / period)).
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// Jobs a second over whole periods.
    pub rate: f64,
    /// From 0 to 1.
    pub amplitude: f64,
    /// Seconds.
    pub period: f64,
}

/// Clients that wait for their jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct Clients {
    /// Number of clients; at least 1.
    pub count: u32,
    /// Time from the end of a client's job to its next, and before its first, seconds.
    pub think: Law,
    /// True if all jobs of a client come to the same dispatcher.
    pub is_bound: bool,
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

impl Source {
    /// True if clients wait for their jobs.
    pub fn is_closed(&self) -> bool {
        matches!(self.arrivals, Arrivals::Closed(_))
    }
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
