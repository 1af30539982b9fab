//! Everything that a replication needs to know, whether it came from a scenario file or a program.
//!
//! A setup is complete: no default is looked up later, no global is read, and so two equal setups
//! give equal runs.

use serde::{Deserialize, Serialize};

use crate::engine::law::Law;
use crate::engine::time::Time;
use crate::metrics::columns::{Column, MetricRef, columns};
use crate::model::cluster::Cluster;
use crate::strategy::Strategy;
use crate::workload::class::Class;
use crate::workload::source::Source;

/// One point of a scenario under one strategy.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Seed of all random numbers.
    pub seed: u64,
    /// Added to the seed for the draws of placements and their ties alone: with another number the
    /// same jobs meet the same algorithm, whose luck is another.
    pub placement_seed: u64,
    /// The nodes.
    pub cluster: Cluster,
    /// Network delays.
    pub network: Network,
    /// Classes of jobs, in file order.
    pub classes: Vec<Class>,
    /// Where the jobs come from, in file order.
    pub sources: Vec<Source>,
    /// Tasks that run slower than they should.
    pub stragglers: Option<Stragglers>,
    /// How tasks get to nodes.
    pub strategy: Strategy,
    /// What is measured and when a replication ends.
    pub window: Window,
}

impl Setup {
    /// The figures that every replication gives, in order, with those of `asked`.
    pub fn columns(&self, asked: &[MetricRef]) -> Vec<Column> {
        let classes: Vec<&str> = self.classes.iter().map(|c| c.name.as_str()).collect();
        columns(&self.cluster, &classes, asked)
    }
}

/// Network delays, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Dispatcher to node (or to the central queue).
    pub dispatch: Law,
    /// Node to gatherer.
    pub result: Law,
}

/// Some tasks take longer by a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Stragglers {
    /// Probability that an attempt is one.
    pub probability: f64,
    /// By what its work is multiplied.
    pub factor: Law,
}

/// Which jobs are measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What is left out at the start.
    pub warmup: Warmup,
    /// How much is measured after it.
    pub measure: Measure,
    /// A replication ends when the time after the last measured arrival exceeds this many windows.
    pub drain: f64,
    /// A replication ends, as unstable, when more jobs than this are in the system.
    pub max_in_system: u64,
    /// Bounds the slowdown's denominator from below.
    pub slowdown_floor: Time,
    /// Length of the strata, one instant of observation each.
    pub stratum: Time,
    /// True if the sources run dry by themselves (batches, traces): without a warm-up the window
    /// is first arrival to last completion.
    pub finite: bool,
}

/// What is left out at the start of a replication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warmup {
    /// Nothing.
    #[default]
    None,
    /// This many arrivals.
    Jobs(u64),
    /// All arrivals before this instant.
    Time(Time),
}

/// How much is measured after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// All jobs of finite sources.
    All,
    /// The next `count` arrivals, of one class (an index into the setup's classes) or of all.
    Jobs {
        /// The class that is counted; all if `None`.
        class: Option<u32>,
        /// Number of arrivals.
        count: u64,
    },
    /// Arrivals up to this instant (counted from 0).
    Until(Time),
}
