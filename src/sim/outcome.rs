//! What one replication found: its figures, checked, by the names of the metric registry.

use crate::engine::time::Time;
use crate::metrics::jobs::{JobStats, PARTS};
use crate::metrics::nodes::{Busy, Observation, Observed, gini};
use crate::metrics::registry::{self, QUANTILES, Scope};
use crate::model::ids::NodeId;
use crate::model::layout::Layout;

use super::Replication;
use super::core::{Core, Totals};
use super::failure::{Failure, Fallible};
use super::records::Phase;
use super::setup::Setup;

/// The figures of one replication.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Figures of jobs by class.
    pub classes: Vec<JobStats>,
    /// Figures of all jobs together, where there are several classes.
    sum: Option<JobStats>,
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
    /// Mean number of jobs in the system in the first and in the last third of the window.
    pub thirds: Option<(f64, f64)>,
    /// The replication was broken off because too many jobs were in the system.
    pub is_runaway: bool,
    /// Digest of the measured jobs (arrivals, counts, works, demands).
    pub workload_digest: u64,
    /// Events handled.
    pub events: u64,
    /// Number of dispatchers.
    pub dispatchers: usize,
}

/// One figure that every replication of a setup gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Class name, `all`, or `nodes.GROUP`.
    pub class: String,
    /// Metric name.
    pub metric: String,
    /// Unit.
    pub unit: &'static str,
    of: Of,
}

/// What a column is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    All,
    Class(usize),
    Group(usize),
}

impl Column {
    /// The class's index, if the column is one class's.
    pub fn class_index(&self) -> Option<usize> {
        match self.of {
            Of::Class(class) => Some(class),
            _ => None,
        }
    }
}

/// The figures that every replication of `setup` gives, in order.
pub fn columns(setup: &Setup) -> Vec<Column> {
    let dimensions: Vec<String> = setup
        .cluster
        .dimensions
        .iter()
        .map(|d| d.name.clone())
        .collect();
    let metrics = registry::metrics(&dimensions);
    let of = |class: &str, of: Of, scopes: &[Scope]| -> Vec<Column> {
        let chosen = metrics
            .iter()
            .filter(|metric| scopes.contains(&metric.scope));
        let column = |metric: &registry::Metric| Column {
            class: class.to_owned(),
            metric: metric.name.clone(),
            unit: metric.unit,
            of,
        };
        chosen.map(column).collect()
    };
    let mut all = of("all", Of::All, &[Scope::Jobs, Scope::Nodes, Scope::Run]);
    for (index, class) in setup.classes.iter().enumerate() {
        all.extend(of(&class.name, Of::Class(index), &[Scope::Jobs]));
    }
    for (index, group) in setup.cluster.groups.iter().enumerate() {
        all.extend(of(
            &format!("nodes.{}", group.name),
            Of::Group(index),
            &[Scope::Nodes],
        ));
    }
    all
}

impl Outcome {
    /// Figures of all jobs together.
    pub fn all(&self) -> &JobStats {
        self.sum.as_ref().unwrap_or(&self.classes[0])
    }

    /// The figures of `columns(setup)`, in that order; `None` where there is none.
    pub fn values(&self, setup: &Setup, columns: &[Column]) -> Vec<Option<f64>> {
        columns
            .iter()
            .map(|column| self.value(setup, column))
            .collect()
    }

    /// True if jobs of the column's class (or any) were left unfinished.
    pub fn is_censored(&self, column: &Column) -> bool {
        column
            .class_index()
            .map_or(self.all(), |class| &self.classes[class])
            .unfinished
            > 0
    }

    fn value(&self, setup: &Setup, column: &Column) -> Option<f64> {
        match column.of {
            Of::Class(class) => {
                let has_slo = setup.classes[class].slo.is_some();
                job_value(&self.classes[class], &column.metric, self.window, has_slo)
            }
            Of::Group(group) => self.node_value(setup, &column.metric, Some(group)),
            Of::All if column.metric == "slo_attained" => self.slo_attained(setup),
            Of::All => job_value(self.all(), &column.metric, self.window, false)
                .or_else(|| self.node_value(setup, &column.metric, None))
                .or_else(|| self.run_value(setup, &column.metric)),
        }
    }

    /// Over the classes that have an objective.
    fn slo_attained(&self, setup: &Setup) -> Option<f64> {
        let with = || {
            setup
                .classes
                .iter()
                .zip(&self.classes)
                .filter(|(class, _)| class.slo.is_some())
        };
        let measured: u64 = with().map(|(_, stats)| stats.measured()).sum();
        let on_time: u64 = with().map(|(_, stats)| stats.on_time).sum();
        (measured > 0).then(|| on_time as f64 / measured as f64)
    }

    fn node_value(&self, setup: &Setup, metric: &str, group: Option<usize>) -> Option<f64> {
        let dimension = metric.strip_prefix("utilization")?;
        if dimension.is_empty() {
            return self.busy.busiest(&self.layout, group, self.window);
        }
        let name = dimension.strip_prefix('_')?;
        let d = setup
            .cluster
            .dimensions
            .iter()
            .position(|d| d.name == name)?;
        self.busy.utilization(&self.layout, d, group, self.window)
    }

    fn run_value(&self, setup: &Setup, metric: &str) -> Option<f64> {
        let share = |part: u128, whole: u128| (whole > 0).then(|| part as f64 / whole as f64);
        let servers = u128::from(self.window.0) * self.dispatchers as u128;
        match metric {
            "makespan" if setup.window.finite => Some(
                self.totals
                    .last_completion
                    .since(self.first_arrival)
                    .as_secs(),
            ),
            "imbalance_cov" => self.observed.cov(),
            "imbalance_max_over_mean" => self.observed.max_over_mean(),
            "imbalance_jain" => self.observed.jain(),
            "imbalance_work_cov" => self.observed.work_cov(),
            "idle_while_waiting" => self.observed.idle_while_waiting(),
            "node_utilization_gini" => Some(gini(&mut self.node_utilizations())),
            "waste" => share(self.totals.wasted, self.totals.slot_time),
            "messages_per_task" => share(
                u128::from(self.totals.messages),
                u128::from(self.totals.placed),
            ),
            "tasks_retried" | "tasks_stolen" | "tasks_cancelled" => Some(0.0),
            "dispatcher_utilization" => share(self.totals.deciding, servers),
            "gatherer_utilization" => share(self.totals.gathering, servers),
            "availability" => Some(1.0),
            _ => None,
        }
    }

    /// Each node's utilization in its own busiest dimension, in id order.
    pub fn node_utilizations(&self) -> Vec<f64> {
        let of = |node: NodeId| self.busy.of_node(&self.layout, node, self.window);
        self.layout.ids().map(of).collect()
    }
}

fn job_value(stats: &JobStats, metric: &str, window: Time, has_slo: bool) -> Option<f64> {
    let any = stats.measured() > 0;
    match metric {
        "response_mean" => stats.mean_seconds(stats.response_sum(), stats.completed),
        "response_max" => any.then(|| Time(stats.response.most()).as_secs()),
        "wait_mean" => stats.mean_seconds(stats.wait_sum, stats.wait.total()),
        // As with every quantile, it is the number of jobs that tells whether there are enough.
        "wait_p99" if stats.measured() < 1000 => None,
        "wait_p99" => stats.wait.quantile(990).map(|wait| Time(wait).as_secs()),
        "slowdown_mean" => stats.slowdown_mean(),
        "slowdown_p99" => stats.slowdown_quantile(990),
        "straggler_wait_mean" => {
            stats.mean_seconds(stats.straggler_wait_doubled, 2 * stats.completed)
        }
        "slo_attained" => (has_slo && any).then(|| stats.on_time as f64 / stats.measured() as f64),
        "throughput" => (window > Time::ZERO).then(|| stats.completions as f64 / window.as_secs()),
        "jobs_completed" => Some(stats.completed as f64),
        "jobs_failed" => Some(stats.failed as f64),
        "jobs_rejected" => Some(stats.rejected as f64),
        "jobs_unfinished" => Some(stats.unfinished as f64),
        _ => quantile_or_blame(stats, metric),
    }
}

fn quantile_or_blame(stats: &JobStats, metric: &str) -> Option<f64> {
    if let Some(name) = metric.strip_prefix("response_") {
        let (permille, _) = QUANTILES.iter().find(|(_, quantile)| *quantile == name)?;
        return stats.response_quantile(*permille);
    }
    let (part, ending) = metric.strip_prefix("blame_")?.rsplit_once('_')?;
    let index = PARTS.iter().position(|name| *name == part)?;
    match ending {
        "mean" => stats.mean_seconds(stats.blame_sum()[index], stats.completed),
        _ => stats.blame_tail().map(|tail| tail[index]),
    }
}

/// Accounts for what is left in the system, checks that nothing was lost, and sums up.
pub(super) fn conclude(mut run: Replication<'_>) -> Fallible<Outcome> {
    leave_jobs(&mut run.core, run.over);
    let used = leave_tasks(&mut run.core, run.over);
    let core = run.core;
    check(&core, run.sources.jobs(), &used).map_err(|what| Box::new(Failure::Internal(what)))?;
    let (observed, observations) = run.observer.found();
    let mut sum = JobStats::default();
    let several = core.stats.len() > 1;
    core.stats
        .iter()
        .filter(|_| several)
        .for_each(|stats| sum.add(stats));
    Ok(Outcome {
        sum: several.then_some(sum),
        classes: core.stats,
        busy: core.busy,
        totals: core.totals,
        observed,
        observations,
        first_arrival: core.window.first().unwrap_or_default(),
        start: core.window.start().unwrap_or_default(),
        window: core.window.length(),
        thirds: if core.setup.window.finite {
            None
        } else {
            core.window.thirds()
        },
        is_runaway: run.is_runaway,
        workload_digest: run.sources.digest(),
        events: run.events,
        dispatchers: run.dispatch.count(),
        layout: core.layout,
    })
}

/// Numbers of the jobs in the system: those of their first tasks.
fn jobs_left(core: &Core<'_>) -> Vec<u32> {
    let mut ids = core.tasks.ids();
    ids.retain(|&id| core.tasks[id].job == id);
    ids
}

fn leave_jobs(core: &mut Core<'_>, over: Time) {
    for id in jobs_left(core) {
        let job = core.jobs[id];
        core.totals.presence += u128::from(core.window.overlap(job.arrival, over).0);
        if job.measured {
            core.stats[job.class as usize].leave_unfinished(over - job.arrival);
        }
        if let Some(recorder) = &mut core.recorder {
            recorder.job(&job, None);
        }
    }
}

/// Adds the time of running attempts; gives what they use by dimension.
fn leave_tasks(core: &mut Core<'_>, over: Time) -> Vec<u64> {
    let mut used = vec![0; core.layout.dimensions()];
    for id in core.tasks.ids() {
        let task = &core.tasks[id];
        if task.phase() == Phase::Service {
            let (slots, span) = (
                u64::from(task.slots),
                core.window.overlap(task.since(), over),
            );
            let row = core.demands.several(&core.jobs, task.job);
            core.busy.add(task.node, slots, row, span);
            let slots = std::slice::from_ref(&slots);
            let demand = if row.is_empty() { slots } else { row };
            used.iter_mut()
                .zip(demand)
                .for_each(|(sum, need)| *sum += need);
        }
    }
    used
}

/// Conservation of jobs, tasks and attempts; Little's law on the sample path (the integral of the
/// number in the system is the sum of the times spent in it; Little, 1961); the utilisation law (the
/// integral of what is in use is the sum over attempts of demand x time in the window; Denning &
/// Buzen, 1978); blame sums to the response time; what nodes hold is what runs.
fn check(core: &Core<'_>, arrived: u64, used: &[u64]) -> Result<(), String> {
    let totals = &core.totals;
    let ids = jobs_left(core);
    let is_attempted = |id: &&u32| core.tasks[**id].is_attempted();
    let attempted = core.tasks.ids().iter().filter(is_attempted).count();
    let tasks_left: u64 = ids.iter().map(|&id| u64::from(core.jobs[id].tasks)).sum();
    same(
        "jobs arrived, and completed or in the system",
        arrived,
        totals.jobs_done + ids.len() as u64,
    )?;
    same(
        "jobs counted and in the system",
        core.window.jobs(),
        ids.len() as u64,
    )?;
    same(
        "tasks arrived, and done or in the system",
        totals.tasks_arrived,
        totals.tasks_done + tasks_left,
    )?;
    same(
        "tasks kept and in the system",
        core.tasks.len() as u64,
        tasks_left,
    )?;
    same(
        "attempts made, and done or in the system",
        totals.attempts,
        totals.attempts_done + attempted as u64,
    )?;
    if !core.window.is_closed() || core.window.start().is_some() {
        same(
            "the integral of jobs in the system and their times in it",
            core.window.area(),
            totals.presence,
        )?;
    }
    same(
        "the integral of what is in use and the times for which attempts used it",
        totals.in_use,
        core.busy.total(),
    )?;
    for stats in &core.stats {
        same(
            "response times and their parts",
            stats.response_sum(),
            stats.blame_sum().iter().sum(),
        )?;
    }
    for (d, &running) in used.iter().enumerate() {
        let held: u64 = core.layout.ids().map(|node| core.nodes.used(node)[d]).sum();
        same("units used at nodes and by running tasks", held, running)?;
    }
    if core.agenda.pending() == 0 && !ids.is_empty() {
        return Err(format!(
            "nothing is left to happen and {} jobs were never completed",
            ids.len()
        ));
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Display>(what: &str, left: T, right: T) -> Result<(), String> {
    if left == right {
        Ok(())
    } else {
        Err(format!("{what}: {left} and {right}"))
    }
}
