//! The figures of one replication, and what metrics are computed of.
//!
//! A replication keeps sums, counts and histograms, never single jobs; every metric is a function of these, and
//! where it has no value says what is missing, so that a table can tell an empty class from a run that was too
//! short.

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::jobs::JobStats;
use super::nodes::{Busy, Observation, Observed, gini};
use crate::engine::time::Time;
use crate::model::cluster::Group;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;

/// Sums over the window of what is no job's and no node's, and the counts that must come out even.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Tasks placed.
    pub placed: u64,
    /// Messages sent.
    pub messages: u64,
    /// Time in which dispatchers decided.
    pub deciding: u128,
    /// Time in which gatherers gathered.
    pub gathering: u128,
    /// Slot-time of attempts that ended.
    pub slot_time: u128,
    /// Of it, slot-time of no use to a completed job.
    pub wasted: u128,
    /// Tasks that have arrived, in the whole replication.
    pub tasks_arrived: u64,
    /// Tasks whose results were gathered.
    pub tasks_done: u64,
    /// Attempts made.
    pub attempts: u64,
    /// Attempts whose results were gathered.
    pub attempts_done: u64,
    /// Attempts that came to nothing.
    pub attempts_lost: u64,
    /// Further attempts at tasks that are made at this instant.
    pub copies: u64,
    /// Jobs that completed, measured or not.
    pub jobs_done: u64,
    /// Jobs that failed or were turned away.
    pub jobs_lost: u64,
    /// Their tasks.
    pub tasks_lost: u64,
    /// Tasks of measured jobs that were tried again.
    pub retried: u64,
    /// Tasks of measured jobs that were cancelled.
    pub cancelled: u64,
    /// Sum over jobs of the part of their time in system that lies in the window.
    pub presence: u128,
    /// Integral over the window of the units in use, of all dimensions at all nodes together.
    pub in_use: i128,
    /// The last completion.
    pub last_completion: Time,
}

impl Totals {
    /// A task was placed, in the window or not, for which so many nodes were probed.
    #[inline]
    pub fn placed(&mut self, in_window: bool, probes: u32) {
        if in_window {
            self.placed += 1;
            self.messages += 1 + 2 * u64::from(probes);
        }
    }
}

/// How much longer tasks waited at the nodes that were taken than where they would have waited least, by
/// the true state: of the decisions of a replication, as in `regret.csv`; seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RegretRow {
    /// How many decisions.
    pub decisions: u64,
    /// The share of them for a node where the task waits least.
    pub none_share: f64,
    /// Mean over decisions.
    pub regret_mean: f64,
    /// The 99th percentile.
    pub regret_p99: f64,
    /// The largest.
    pub regret_max: f64,
}

/// The figures of one replication.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Figures of jobs by class.
    pub classes: Vec<JobStats>,
    /// Figures of all jobs together, where there are several classes.
    pub sum: Option<JobStats>,
    /// Names of the dimensions of demand and capacity, slots first.
    pub dimensions: Vec<String>,
    /// Use of the nodes.
    pub busy: Busy,
    /// What the nodes are.
    pub layout: Layout,
    /// Other figures.
    pub totals: Totals,
    /// Averages over instants.
    pub observed: Observed,
    /// The instants themselves.
    pub observations: Vec<Observation>,
    /// First arrival of all.
    pub first_arrival: Time,
    /// First measured arrival.
    pub start: Time,
    /// Length of the window.
    pub window: Time,
    /// The sources ran dry by themselves (batches, traces).
    pub is_finite: bool,
    /// Mean number of jobs in the system in each third of the window.
    pub thirds: Option<[f64; 3]>,
    /// The replication was broken off because too many jobs were in the system.
    pub is_runaway: bool,
    /// Digest of the measured jobs (arrivals, counts, works, demands).
    pub workload_digest: u64,
    /// Events handled.
    pub events: u64,
    /// Number of dispatchers.
    pub dispatchers: usize,
    /// It was run directly, not event by event, as long as jobs arrived.
    pub was_direct: bool,
    /// The regret of its decisions, where that was recorded: it takes the whole course of a replication.
    pub regret: Option<RegretRow>,
}

impl Figures {
    /// Figures of all jobs together.
    pub fn all(&self) -> &JobStats {
        self.sum.as_ref().unwrap_or(&self.classes[0])
    }

    /// What the metrics of a part of the run are computed of.
    pub(super) fn subject(&self, class: Option<usize>, group: Option<usize>) -> Subject<'_> {
        Subject {
            figures: self,
            jobs: class.map_or(self.all(), |class| &self.classes[class]),
            group,
        }
    }

    /// Each node's utilization in its own busiest dimension, in id order.
    pub fn node_utilizations(&self) -> Vec<f64> {
        let of = |node: NodeId| self.busy.of_node(&self.layout, node, self.window);
        self.layout.ids().map(of).collect()
    }
}

/// A value, or what is missing for it.
pub type Figure = Result<f64, Missing>;

/// Why a replication has no value of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// No job of this kind was measured, or none that has work.
    Jobs,
    /// Jobs were not resolved, without which there is no mean.
    Unfinished,
    /// Too few jobs for this quantile.
    Enough,
    /// No class has an objective.
    Objective,
    /// The workload has no end.
    End,
    /// The window has no length.
    Window,
    /// No node has this dimension limited.
    Capacity,
    /// The nodes were never looked at.
    Instants,
    /// No task was placed or ended in the window.
    Tasks,
    /// Of no node is known what it draws.
    Power,
    /// The regret of decisions was not recorded.
    Regret,
}

/// The part of a run that a metric is computed of.
pub struct Subject<'a> {
    figures: &'a Figures,
    /// Jobs of the class, or of all.
    pub jobs: &'a JobStats,
    /// The node group; all nodes if `None`.
    group: Option<usize>,
}

impl<'a> Subject<'a> {
    /// The mean in seconds of `count` spans that sum to `sum` nanoseconds.
    pub(super) fn mean(&self, sum: u128, count: u64) -> Figure {
        self.jobs.mean_seconds(sum, count).ok_or(self.no_mean())
    }

    /// Why there is no mean.
    pub(super) fn no_mean(&self) -> Missing {
        match self.jobs.unfinished {
            0 => Missing::Jobs,
            _ => Missing::Unfinished,
        }
    }

    /// Why nothing is known of the slowest jobs.
    pub(super) fn no_tail(&self) -> Missing {
        match self.jobs.unfinished {
            0 => Missing::Enough,
            _ => Missing::Unfinished,
        }
    }

    /// The jobs, if any was measured.
    pub(super) fn any_job(&self) -> Result<&'a JobStats, Missing> {
        (self.jobs.measured() > 0)
            .then_some(self.jobs)
            .ok_or(Missing::Jobs)
    }

    /// Whether there are as many jobs as a quantile asks for.
    pub(super) fn enough_jobs(&self, permille: u64) -> Result<(), Missing> {
        let beyond = self.jobs.measured() * (1000 - permille);
        (beyond >= 10_000).then_some(()).ok_or(Missing::Enough)
    }

    /// A quantile of what `histogram` has counted.
    pub(super) fn quantile(&self, histogram: &Histogram, permille: u64) -> Figure {
        histogram.quantile(permille).ok_or(Missing::Enough)
    }

    /// The window, if it has a length.
    pub(super) fn window(&self) -> Result<Time, Missing> {
        let window = self.figures.window;
        (window > Time::ZERO)
            .then_some(window)
            .ok_or(Missing::Window)
    }

    /// The share of the window in which nodes were up.
    pub(super) fn availability(&self) -> Figure {
        let Figures {
            busy,
            layout,
            window,
            ..
        } = self.figures;
        busy.availability(layout, self.group, *window)
            .ok_or(Missing::Window)
    }

    /// Hours of nodes that were paid for in the window, each weighed.
    pub(super) fn node_hours(&self, weight: fn(&Group) -> f64) -> Figure {
        let Figures { busy, layout, .. } = self.figures;
        Ok(busy.paid(layout, self.group, self.window()?, weight) / 3600.0)
    }

    /// The regret of decisions.
    pub(super) fn regret(&self) -> Result<&'a RegretRow, Missing> {
        let regret = self.figures.regret.as_ref().ok_or(Missing::Regret)?;
        (regret.decisions > 0)
            .then_some(regret)
            .ok_or(Missing::Jobs)
    }

    /// Joules that the nodes drew in the window.
    pub(super) fn energy(&self) -> Figure {
        let Figures { busy, layout, .. } = self.figures;
        let energy = busy.energy(layout, self.group, self.window()?);
        energy.ok_or(Missing::Power)
    }

    /// Length of the window for each dispatcher, and each gatherer, together.
    pub(super) fn server_time(&self) -> u128 {
        u128::from(self.figures.window.0) * self.figures.dispatchers as u128
    }

    /// Last completion minus first arrival.
    pub(super) fn makespan(&self) -> Figure {
        let last = self.figures.totals.last_completion;
        let span = || last.since(self.figures.first_arrival).as_secs();
        self.figures.is_finite.then(span).ok_or(Missing::End)
    }

    /// Used share of the busiest dimension.
    pub(super) fn busiest(&self) -> Figure {
        let Figures { busy, layout, .. } = self.figures;
        let share = busy.busiest(layout, self.group, self.window()?);
        share.ok_or(Missing::Capacity)
    }

    /// Used share of the dimension of this name.
    pub(super) fn utilization(&self, dimension: &str) -> Figure {
        let Figures { busy, layout, .. } = self.figures;
        let mut names = self.figures.dimensions.iter();
        let at = names
            .position(|name| name == dimension)
            .ok_or(Missing::Capacity)?;
        let share = busy.utilization(layout, at, self.group, self.window()?);
        share.ok_or(Missing::Capacity)
    }

    /// Gini coefficient of the nodes' utilizations.
    pub(super) fn gini(&self) -> f64 {
        gini(&mut self.figures.node_utilizations())
    }

    pub(super) fn observed(&self) -> &'a Observed {
        &self.figures.observed
    }

    pub(super) fn totals(&self) -> &'a Totals {
        &self.figures.totals
    }
}
