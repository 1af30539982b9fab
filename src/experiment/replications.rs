//! All replications of one strategy at one point.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::metrics::columns::{Column, MetricRef};
use crate::metrics::distribution::Distribution;
use crate::metrics::figures::Figures;
use crate::metrics::nodes::Observation;
use crate::metrics::registry::{Kind, Needs};
use crate::results::Status;
use crate::sim::setup::Setup;
use crate::stats::is_growing;

use crate::decision_log::DecisionLog;

/// What is kept of one replication.
#[derive(Serialize, Deserialize)]
pub struct Replicate {
    /// Values by column; NaN where there is none.
    pub values: Vec<f64>,
    /// Whether the column's class has unfinished jobs.
    pub censored: Vec<bool>,
    /// Measured jobs.
    pub measured: u64,
    /// Mean jobs in the system in the first and the last third of the window.
    pub thirds: Option<(f64, f64)>,
    /// Broken off because too many jobs were in the system.
    pub is_runaway: bool,
    /// Digest of the measured jobs.
    pub digest: u64,
    /// Events handled.
    pub events: u64,
    /// Response times: of all, then by class.
    pub responses: Vec<Distribution>,
    /// What replication 1 keeps beside.
    pub detail: Option<Detail>,
    /// Its decisions, if they were logged.
    pub decision_log: Option<DecisionLog>,
    /// How long it took.
    pub busy: Duration,
}

/// Curves and nodes of replication 1.
#[derive(Serialize, Deserialize)]
pub struct Detail {
    /// Instants of observation.
    pub observations: Vec<Observation>,
    /// Start and length of the window, seconds.
    pub window: (f64, f64),
    /// Each node's group index, utilization and number of tasks ended, in id order.
    pub nodes: Vec<(usize, f64, u64)>,
}

impl Replicate {
    /// Keeps what the tables need of `figures`.
    pub fn new(columns: &[Column], figures: &Figures, with_detail: bool) -> Replicate {
        let stats = || std::iter::once(figures.all()).chain(&figures.classes);
        Replicate {
            values: figures
                .values(columns)
                .into_iter()
                .map(|value| value.unwrap_or(f64::NAN))
                .collect(),
            censored: columns
                .iter()
                .map(|column| figures.is_censored(column))
                .collect(),
            measured: figures.all().measured(),
            thirds: figures.thirds,
            is_runaway: figures.is_runaway,
            digest: figures.workload_digest,
            events: figures.events,
            responses: stats()
                .map(|stats| Distribution::from(&stats.response))
                .collect(),
            detail: with_detail.then(|| Detail::new(figures)),
            decision_log: None,
            busy: Duration::ZERO,
        }
    }
}

impl Detail {
    fn new(figures: &Figures) -> Detail {
        let nodes = figures.layout.ids().zip(figures.node_utilizations());
        Detail {
            observations: figures.observations.clone(),
            window: (figures.start.as_secs(), figures.window.as_secs()),
            nodes: nodes
                .map(|(node, used)| {
                    (
                        figures.layout.group_index(node),
                        used,
                        figures.busy.ended(node),
                    )
                })
                .collect(),
        }
    }
}

/// The replications of one strategy at one point, in order: a column a figure, histograms merged.
pub struct Replications {
    /// What the figures are.
    pub columns: Vec<Column>,
    /// By column, then by replication; NaN where there is none.
    values: Vec<Vec<f64>>,
    /// By column, whether any replication has unfinished jobs of its class.
    censored: Vec<bool>,
    randomness: Randomness,
    /// Response times: of all, then by class.
    pub responses: Vec<Distribution>,
    /// Digest of each replication's measured jobs, with their number.
    pub digests: Vec<(u64, u64)>,
    /// Events of all replications.
    pub events: u64,
    /// Time that all replications took.
    pub busy: Duration,
    /// Of replication 1.
    pub detail: Option<Detail>,
    /// Decisions of each replication, if they were logged.
    pub decision_logs: Vec<DecisionLog>,
    first_thirds: Vec<f64>,
    last_thirds: Vec<f64>,
    is_runaway: bool,
}

impl Replications {
    /// No replication of `setup` yet; they will have the figures of every run and those of `asked`.
    pub fn new(setup: &Setup, asked: &[MetricRef]) -> Replications {
        let columns = setup.columns(asked);
        Replications {
            values: vec![Vec::new(); columns.len()],
            censored: vec![false; columns.len()],
            columns,
            randomness: Randomness::of(setup),
            responses: vec![Distribution::default(); setup.classes.len() + 1],
            digests: Vec::new(),
            events: 0,
            busy: Duration::ZERO,
            detail: None,
            decision_logs: Vec::new(),
            first_thirds: Vec::new(),
            last_thirds: Vec::new(),
            is_runaway: false,
        }
    }

    /// Adds the next replication.
    pub fn push(&mut self, replicate: Replicate) {
        self.digests.push((replicate.digest, replicate.measured));
        self.events += replicate.events;
        self.busy += replicate.busy;
        self.is_runaway |= replicate.is_runaway;
        self.detail = self.detail.take().or(replicate.detail);
        self.decision_logs.extend(replicate.decision_log);
        if let Some((first, last)) = replicate.thirds {
            self.first_thirds.push(first);
            self.last_thirds.push(last);
        }
        for (column, value) in self.values.iter_mut().zip(replicate.values) {
            column.push(value);
        }
        for (any, one) in self.censored.iter_mut().zip(replicate.censored) {
            *any |= one;
        }
        for (sum, one) in self.responses.iter_mut().zip(&replicate.responses) {
            sum.add(one);
        }
    }

    /// Number of replications.
    pub fn replications(&self) -> usize {
        self.digests.len()
    }

    /// Position of a metric among the columns.
    pub fn position(&self, metric: &MetricRef) -> Option<usize> {
        self.columns.iter().position(|column| column.key == *metric)
    }

    /// One column's values over the replications; NaN where there is none.
    pub fn values(&self, column: usize) -> &[f64] {
        &self.values[column]
    }

    /// True if the number in the system grows: no steady state to speak of.
    pub fn is_unstable(&self) -> bool {
        self.is_runaway || is_growing(&self.first_thirds, &self.last_thirds)
    }

    /// Whether the column's figure stands, and why not.
    pub fn status(&self, column: usize) -> Status {
        let values = self.values(column);
        let row = self.columns[column].key.row();
        let is_mean_of_jobs = (row.needs, row.kind) == (Needs::AllJobs, Kind::Mean);
        let is_same = || values.iter().all(|value| *value == values[0]);
        if self.is_unstable() && row.needs != Needs::Nothing {
            Status::Unstable
        } else if values.is_empty() || values.iter().any(|value| value.is_nan()) {
            Status::NotAvailable
        } else if self.censored[column] && row.needs == Needs::AllJobs {
            Status::Censored
        } else if self.randomness.has_infinite_variance && is_mean_of_jobs {
            Status::NoInterval
        } else if self.randomness.repeats_one_workload && values.len() > 1 && is_same() {
            Status::Exact
        } else {
            Status::Ok
        }
    }
}

/// How random a setup is, on which the statuses of its figures depend.
#[derive(Clone, Copy)]
pub struct Randomness {
    /// A law of the point has no finite variance, so that means have no interval.
    pub has_infinite_variance: bool,
    /// Every replication replays the same recorded jobs.
    pub repeats_one_workload: bool,
}

impl Randomness {
    /// How random `setup` is.
    pub fn of(setup: &Setup) -> Randomness {
        use crate::workload::class::Shape;
        use crate::workload::source::Arrivals;
        let mut laws = vec![&setup.network.dispatch, &setup.network.result];
        for class in &setup.classes {
            match &class.stages[0].shape {
                Shape::Tasks { count, work } => laws.extend([count, work]),
                Shape::Split { work, into } => laws.extend([work, into]),
                Shape::Trace => {}
            }
            laws.extend([&class.gather.per_result, &class.gather.work]);
        }
        laws.extend(setup.stragglers.iter().map(|stragglers| &stragglers.factor));
        laws.extend(
            setup
                .strategy
                .parts
                .iter()
                .map(|parts| &parts.decision_time),
        );
        let mut repeats_one_workload = true;
        for source in &setup.sources {
            match &source.arrivals {
                Arrivals::Renewal { interval } => {
                    laws.push(interval);
                    repeats_one_workload = false;
                }
                Arrivals::Batch { .. } => repeats_one_workload = false,
                Arrivals::Trace(plan) => repeats_one_workload &= plan.resample.is_none(),
            }
        }
        let has_infinite_variance = laws.iter().any(|law| law.second_moment().is_infinite());
        Randomness {
            has_infinite_variance,
            repeats_one_workload,
        }
    }
}
