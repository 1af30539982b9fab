//! All replications of one strategy at one point.
//!
//! Means and shares give a number a replication. Quantiles do not: the mean of the quantiles of short runs is
//! biased (in M/M/1 at load 0.95 by about -16 % at p99), so distributions are kept as histograms that merge, a
//! quantile is taken of all replications together, and its error is that of its values without one replication
//! each, the jackknife (Efron, The Jackknife, the Bootstrap and Other Resampling Plans, 1982). What is kept of
//! a replication is small, so that memory grows with the number of replications and not with their length.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::seal::Seal;
use crate::decision_log::DecisionLog;
use crate::metrics::columns::{Column, MetricRef};
use crate::metrics::distribution::{Counts, Distribution, Distributions, distributions};
use crate::metrics::figures::{Figures, Missing};
use crate::metrics::histogram::Place;
use crate::metrics::nodes::Observation;
use crate::metrics::registry::{Kind, Needs, Scope};
use crate::model::ids::NodeId;
use crate::sim::setup::Setup;
use crate::stats::estimate::{Estimate, estimate};
use crate::stats::events::{commoner, fewest_events, independent_events};
use crate::stats::pseudo::{FEWEST, weighted};

use super::prior::Prior;

/// One replication of one strategy at one point. They are run, and kept, replication by
/// replication, so that a run that is stopped has whole ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    /// Its number, from 1.
    pub replication: u32,
    /// Index of the point.
    pub point: usize,
    /// Index of the strategy.
    pub strategy: usize,
}

/// What is kept of one replication.
#[derive(Serialize, Deserialize)]
pub struct Replicate {
    /// By column: the value, or what is missing, and what it weighs in that of all replications.
    pub values: Vec<(Result<f64, Missing>, f64)>,
    /// Whether the column's class has unfinished jobs.
    pub censored: Vec<bool>,
    /// Measured jobs.
    pub measured: u64,
    /// Mean jobs in the system in each third of the window, and its length in seconds.
    pub thirds: Option<([f64; 3], f64)>,
    /// Broken off because too many jobs were in the system.
    pub is_runaway: bool,
    /// Digest of the measured jobs.
    pub digest: u64,
    /// Events handled.
    pub events: u64,
    /// It was run directly.
    pub was_direct: bool,
    /// Times of all jobs, then, if there are several classes, by class.
    pub times: Vec<Distributions>,
    /// What replication 1 keeps beside.
    pub detail: Option<Detail>,
    /// Its decisions, if they were logged.
    pub decision_log: Option<DecisionLog>,
    /// What its recorded rows came to.
    pub seals: Vec<Seal>,
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
    /// Nodes by falling utilization; of many, evenly spaced ranks: rank from 1, name, group, utilization and
    /// tasks that ended. (Rows of tables are written otherwise than they are read by what keeps replications.)
    pub nodes: Vec<(u32, String, String, f64, u64)>,
}

impl Replicate {
    /// Keeps what the tables need of `figures`.
    pub fn new(columns: &[Column], figures: &Figures, is_first: bool) -> Replicate {
        let value = |column: &Column| (figures.value(column), figures.weight(column));
        let several = figures.classes.iter().filter(|_| figures.classes.len() > 1);
        let times = std::iter::once(figures.all()).chain(several);
        let thirds = figures
            .thirds
            .map(|thirds| (thirds, figures.window.as_secs()));
        Replicate {
            values: columns.iter().map(value).collect(),
            censored: columns
                .iter()
                .map(|column| figures.is_censored(column))
                .collect(),
            measured: figures.all().measured(),
            thirds,
            is_runaway: figures.is_runaway,
            digest: figures.workload_digest,
            events: figures.events,
            was_direct: figures.was_direct,
            times: times.map(distributions).collect(),
            detail: is_first.then(|| Detail::new(figures)),
            decision_log: None,
            seals: Vec::new(),
            busy: Duration::ZERO,
        }
    }
}

impl Detail {
    fn new(figures: &Figures) -> Detail {
        Detail {
            observations: figures.observations.clone(),
            window: (figures.start.as_secs(), figures.window.as_secs()),
            nodes: nodes(figures),
        }
    }
}

/// Nodes of a table.
const NODES: usize = 100;

/// The nodes by falling utilization; of many, as many as a table shows, evenly spaced by rank, both ends among
/// them.
fn nodes(figures: &Figures) -> Vec<(u32, String, String, f64, u64)> {
    let (layout, busy) = (&figures.layout, &figures.busy);
    let used = figures.node_utilizations();
    let mut order: Vec<NodeId> = layout.ids().collect();
    let by_use = |node: &NodeId| used[node.index()];
    order.sort_unstable_by(|a, b| by_use(b).total_cmp(&by_use(a)).then(a.0.cmp(&b.0)));
    let shown = order.len().min(NODES);
    let rank = |i: usize| match shown {
        0 | 1 => 0,
        _ => i * (order.len() - 1) / (shown - 1),
    };
    let row = |rank: usize| {
        let node = order[rank];
        let (name, group) = (layout.name(node), layout.group(node).name.clone());
        (
            rank as u32 + 1,
            name,
            group,
            by_use(&node),
            busy.ended(node),
        )
    };
    (0..shown).map(rank).map(row).collect()
}

/// The replications of one strategy at one point, in order: a column a figure, histograms merged.
pub struct Replications {
    /// What the figures are.
    pub columns: Vec<Column>,
    /// By column, then by replication: value (NaN where there is none) and weight.
    values: Vec<Vec<(f64, f64)>>,
    /// By column, what the first replication without a value lacks.
    missing: Vec<Option<Missing>>,
    /// By column, whether any replication has unfinished jobs of its class.
    censored: Vec<bool>,
    /// What was known beforehand.
    pub prior: Prior,
    /// Times of all jobs, then, if there are several classes, by class; of all replications together.
    times: Vec<Distributions>,
    /// The same by replication, counts alone.
    counts: Vec<Vec<[Counts; 3]>>,
    /// Digest of each replication's measured jobs, with their number.
    pub digests: Vec<(u64, u64)>,
    /// Events of all replications.
    pub events: u64,
    /// Replications that were run directly.
    pub direct: u64,
    /// Time that all replications took.
    pub busy: Duration,
    /// Of replication 1.
    pub detail: Option<Detail>,
    /// Decisions of each replication, if they were logged.
    pub decision_logs: Vec<DecisionLog>,
    /// By replication, the mean number in system in each third of the window.
    pub thirds: Vec<[f64; 3]>,
    /// Sum of the windows' lengths, seconds.
    windows: f64,
    /// Whether any was broken off because too many jobs were in the system.
    pub is_runaway: bool,
}

/// Confidence of the intervals of single figures.
pub const LEVEL: f64 = 0.95;
/// A value of this share of the jobs is one of many.
const MANY: f64 = 0.01;

/// A figure of all replications together, and what it is without each.
pub struct Jackknife {
    /// The figure.
    pub figure: f64,
    /// Without each replication.
    pub without: Vec<f64>,
    /// Independent events behind its variance.
    pub events: f64,
    /// A quantile that is one value of many jobs, and may as well be the next value.
    pub is_at_edge: bool,
}

impl Jackknife {
    fn new(figure: f64, without: Vec<f64>, events: f64) -> Jackknife {
        Jackknife {
            figure,
            without,
            events,
            is_at_edge: false,
        }
    }
}

impl Replications {
    /// No replication of `setup` yet; they will have the figures of every run and those of `asked`.
    pub fn new(setup: &Setup, asked: &[MetricRef]) -> Replications {
        let columns = setup.columns(asked);
        Replications {
            values: vec![Vec::new(); columns.len()],
            missing: vec![None; columns.len()],
            censored: vec![false; columns.len()],
            columns,
            prior: Prior::of(setup),
            times: Vec::new(),
            counts: Vec::new(),
            digests: Vec::new(),
            events: 0,
            direct: 0,
            busy: Duration::ZERO,
            detail: None,
            decision_logs: Vec::new(),
            thirds: Vec::new(),
            windows: 0.0,
            is_runaway: false,
        }
    }

    /// Adds the next replication.
    pub fn push(&mut self, replicate: Replicate) {
        self.digests.push((replicate.digest, replicate.measured));
        self.events += replicate.events;
        self.direct += u64::from(replicate.was_direct);
        self.busy += replicate.busy;
        self.is_runaway |= replicate.is_runaway;
        self.detail = self.detail.take().or(replicate.detail);
        self.decision_logs.extend(replicate.decision_log);
        if let Some((thirds, window)) = replicate.thirds {
            self.thirds.push(thirds);
            self.windows += window;
        }
        for (at, (value, weight)) in replicate.values.into_iter().enumerate() {
            self.missing[at] = self.missing[at].or(value.err());
            self.values[at].push((value.unwrap_or(f64::NAN), weight));
        }
        for (any, one) in self.censored.iter_mut().zip(replicate.censored) {
            *any |= one;
        }
        self.times
            .resize(replicate.times.len(), Distributions::default());
        for (sums, times) in self.times.iter_mut().zip(&replicate.times) {
            sums.iter_mut()
                .zip(times)
                .for_each(|(sum, one)| sum.add(one));
        }
        let counts = replicate.times.iter();
        self.counts.push(
            counts
                .map(|times| times.each_ref().map(Distribution::counts))
                .collect(),
        );
    }

    /// Number of replications.
    pub fn replications(&self) -> usize {
        self.digests.len()
    }

    /// Measured jobs of a replication, on average.
    pub fn jobs(&self) -> f64 {
        let jobs: u64 = self.digests.iter().map(|(_, jobs)| jobs).sum();
        jobs as f64 / (self.replications() as f64).max(1.0)
    }

    /// Mean length of the windows, seconds.
    pub fn window(&self) -> f64 {
        self.windows / (self.thirds.len() as f64).max(1.0)
    }

    /// Position of a metric among the columns.
    pub fn position(&self, metric: &MetricRef) -> Option<usize> {
        self.columns.iter().position(|column| column.key == *metric)
    }

    /// One column's values over the replications; NaN where there is none.
    pub fn values(&self, column: usize) -> Vec<f64> {
        self.values[column]
            .iter()
            .map(|(value, _)| *value)
            .collect()
    }

    fn weights(&self, column: usize) -> Vec<f64> {
        self.values[column]
            .iter()
            .map(|(_, weight)| *weight)
            .collect()
    }

    /// What a column lacks, if any replication has no value.
    pub fn missing(&self, column: usize) -> Option<Missing> {
        self.missing[column]
    }

    /// Whether jobs of the column's class were left unfinished.
    pub fn is_censored(&self, column: usize) -> bool {
        self.censored[column]
    }

    /// Response times of all, then by class; of all replications together.
    pub fn responses(&self) -> impl Iterator<Item = &Distribution> {
        let of_class = |class: usize| &self.times[class.min(self.times.len() - 1)];
        let all = 0..self
            .columns
            .iter()
            .filter_map(Column::class_index)
            .max()
            .map_or(1, |c| c + 2);
        all.filter(|_| !self.times.is_empty())
            .map(move |part| &of_class(part)[0])
    }

    /// Place of the column's jobs among the times.
    fn part(&self, column: usize) -> usize {
        let class = self.columns[column].class_index();
        class.map_or(0, |class| class + 1).min(self.times.len() - 1)
    }

    /// The column's figure, with and without each replication; `None` if any has no value.
    pub fn jackknife(&self, column: usize) -> Option<Jackknife> {
        let (values, weights) = (self.values(column), self.weights(column));
        if values.is_empty() || values.iter().any(|value| value.is_nan()) {
            return None;
        }
        let metric = &self.columns[column].key.metric;
        if let Some((counted, permille)) = metric.quantile() {
            return self.quantile(column, counted as usize, permille);
        }
        let (figure, without) = weighted(&values, &weights)?;
        let events = match (metric.row.kind, metric.row.needs) {
            (Kind::Share, _) if metric.row.scope == Scope::Jobs => {
                return Some(self.missed(column, &values, &weights));
            }
            _ if metric.is_of_slowest() => self.tail_events(self.part(column), 0, 0.01),
            (Kind::Mean, Needs::AllJobs) => self.mean_events(column),
            _ => f64::INFINITY,
        };
        Some(Jackknife::new(figure, without, events))
    }

    /// The quantile of the merged distribution, and what it is without each replication.
    fn quantile(&self, column: usize, counted: usize, permille: u64) -> Option<Jackknife> {
        let part = self.part(column);
        let all = &self.times[part][counted];
        let unit = |value| self.columns[column].key.metric.in_unit(value);
        let without = self
            .counts
            .iter()
            .map(|counts| all.without(&counts[part][counted], permille));
        let place = all.place(permille)?;
        let figure = unit(place.value);
        let without: Vec<f64> = without.map(|value| value.map_or(f64::NAN, unit)).collect();
        let level = permille as f64 / 1000.0;
        Some(Jackknife {
            is_at_edge: all.is_one_value(&place) && self.is_at_edge(part, counted, place, level),
            ..Jackknife::new(
                figure,
                without,
                self.tail_events(part, counted, 1.0 - level),
            )
        })
    }

    /// Whether `level` may lie at either end of the one value of many jobs that its bucket holds: by the
    /// t intervals of the share of jobs below it, and of those at most as large.
    fn is_at_edge(&self, part: usize, counted: usize, place: Place, level: f64) -> bool {
        let share_below = |beyond: f64| {
            let end = Place { beyond, ..place };
            let of = |counts: &Vec<[Counts; 3]>| {
                let counts = &counts[part][counted];
                1.0 - counts.beyond(&end) / (counts.total() as f64).max(1.0)
            };
            estimate(&self.counts.iter().map(of).collect::<Vec<_>>(), LEVEL)
        };
        let ends = share_below(1.0).zip(share_below(0.0));
        let is_in = |end: &Estimate| {
            let bounds = end.low.zip(end.high);
            bounds.is_some_and(|(low, high)| low < level && level < high)
        };
        let is_edge = |(below, upto): (Estimate, Estimate)| {
            upto.mean - below.mean >= MANY && (is_in(&below) || is_in(&upto))
        };
        self.replications() >= FEWEST && ends.is_some_and(is_edge)
    }

    /// The share of jobs that missed their objective, of which the rarer side counts.
    fn missed(&self, column: usize, values: &[f64], weights: &[f64]) -> Jackknife {
        let missed: Vec<f64> = values.iter().map(|attained| 1.0 - attained).collect();
        let (figure, without) = weighted(&missed, weights).unwrap_or_default();
        let rarer = figure.min(1.0 - figure);
        let there = independent_events(if figure <= 0.5 { &missed } else { values });
        let part = self.part(column);
        let is_below = figure > 0.5;
        let at_commoner = self.level_events(part, 0, commoner(rarer), is_below);
        let events = fewest_events(rarer, there, at_commoner);
        Jackknife::new(figure, without, events)
    }

    /// Independent events behind the slowest `share`.
    fn tail_events(&self, part: usize, counted: usize, share: f64) -> f64 {
        let there = self.level_events(part, counted, share, false);
        let at_commoner = self.level_events(part, counted, commoner(share), false);
        fewest_events(share, there, at_commoner)
    }

    /// Independent events by the number of values beyond the level that `share` of all exceed, or, if
    /// `is_below`, below the one that they do not.
    fn level_events(&self, part: usize, counted: usize, share: f64, is_below: bool) -> f64 {
        let beyond = if is_below { 1.0 - share } else { share };
        let Some(place) = self.times[part][counted].exceeded_by(beyond) else {
            return f64::INFINITY;
        };
        let amount = |counts: &Vec<[Counts; 3]>| {
            let counts = &counts[part][counted];
            let beyond = counts.beyond(&place) / (counts.total() as f64).max(1.0);
            if is_below { 1.0 - beyond } else { beyond }
        };
        independent_events(&self.counts.iter().map(amount).collect::<Vec<_>>())
    }

    /// Independent events behind a mean, by the squares of response times.
    fn mean_events(&self, column: usize) -> f64 {
        let part = self.part(column);
        let squares = self
            .counts
            .iter()
            .map(|counts| counts[part][0].mean_square());
        independent_events(&squares.collect::<Vec<_>>())
    }
}
