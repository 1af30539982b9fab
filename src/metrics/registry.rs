//! The one list of metrics: name, unit, direction and definition. Tables, plots, verdicts and
//! `equipoise list metrics` read it.

use super::jobs::PARTS;

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Smaller values.
    Lower,
    /// Larger values.
    Higher,
    /// Neither: it describes.
    Neither,
}

/// What a metric is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Jobs or tasks: of all and of each class.
    Jobs,
    /// Nodes: of all and of each node group.
    Nodes,
    /// The whole run.
    Run,
}

/// A metric's facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Name, in snake_case.
    pub name: String,
    /// Unit: `s`, `1` (a ratio), `1/s`, `jobs`, `tasks`, `messages`.
    pub unit: &'static str,
    /// Which way is better.
    pub better: Better,
    /// What it is taken of.
    pub scope: Scope,
    /// Definition, one sentence.
    pub definition: String,
}

/// Thousandths and names of the quantiles of the response time.
pub const QUANTILES: [(u64, &str); 5] = [
    (500, "p50"),
    (900, "p90"),
    (950, "p95"),
    (990, "p99"),
    (999, "p999"),
];

use Better::{Higher, Lower, Neither};
use Scope::{Jobs, Nodes, Run};

/// Name, unit, direction, scope, definition; quantiles, parts of blame and resources are added.
const FIXED: &[(&str, &str, Better, Scope, &str)] = &[
    (
        "response_mean",
        "s",
        Lower,
        Jobs,
        "Mean response time: completion of the job minus its arrival.",
    ),
    ("response_max", "s", Lower, Jobs, "Largest response time."),
    (
        "wait_mean",
        "s",
        Lower,
        Jobs,
        "Mean waiting time of a task: from its readiness to its start, dispatch and network included.",
    ),
    (
        "wait_p99",
        "s",
        Lower,
        Jobs,
        "99 % quantile of the waiting time of tasks.",
    ),
    (
        "slowdown_mean",
        "1",
        Lower,
        Jobs,
        "Mean of response time / the job's longest task (work + overhead) at speed 1, which is the same under every strategy.",
    ),
    (
        "slowdown_p99",
        "1",
        Lower,
        Jobs,
        "99 % quantile of the slowdown.",
    ),
    (
        "straggler_wait_mean",
        "s",
        Lower,
        Jobs,
        "Mean of the last minus the median task finish of a job.",
    ),
    (
        "slo_attained",
        "1",
        Higher,
        Jobs,
        "Share of measured jobs within their class's objective; failed, rejected and unfinished ones count as missed.",
    ),
    (
        "throughput",
        "1/s",
        Higher,
        Jobs,
        "Jobs completed in the window, a second.",
    ),
    (
        "jobs_completed",
        "jobs",
        Neither,
        Jobs,
        "Measured jobs that completed.",
    ),
    (
        "jobs_failed",
        "jobs",
        Lower,
        Jobs,
        "Measured jobs that failed.",
    ),
    (
        "jobs_rejected",
        "jobs",
        Lower,
        Jobs,
        "Measured jobs that were turned away.",
    ),
    (
        "jobs_unfinished",
        "jobs",
        Lower,
        Jobs,
        "Measured jobs that were not resolved when the replication ended.",
    ),
    (
        "makespan",
        "s",
        Lower,
        Run,
        "Last completion minus first arrival (finite workloads).",
    ),
    (
        "utilization",
        "1",
        Neither,
        Nodes,
        "Used share of the capacity of the busiest dimension over the window.",
    ),
    (
        "imbalance_cov",
        "1",
        Lower,
        Run,
        "Coefficient of variation over nodes of a node's load (the largest, over its slots and resources, of demand running, queued or travelling to it / capacity), averaged over random instants.",
    ),
    (
        "imbalance_max_over_mean",
        "1",
        Lower,
        Run,
        "Largest / mean node load, averaged over the same instants.",
    ),
    (
        "imbalance_jain",
        "1",
        Higher,
        Run,
        "Jain's index of the node loads, averaged over the same instants; 1 is even.",
    ),
    (
        "imbalance_work_cov",
        "1",
        Lower,
        Run,
        "Coefficient of variation over nodes of the remaining work by slot, averaged over the same instants.",
    ),
    (
        "node_utilization_gini",
        "1",
        Lower,
        Run,
        "Gini coefficient over nodes of each node's utilization in its own busiest dimension.",
    ),
    (
        "idle_while_waiting",
        "1",
        Lower,
        Run,
        "min(free slots, waiting tasks) / slots, averaged over the same instants.",
    ),
    (
        "waste",
        "1",
        Lower,
        Run,
        "Slot-time of attempts that ended in the window without being used by a completed job / slot-time of all that ended in it.",
    ),
    (
        "messages_per_task",
        "messages",
        Lower,
        Run,
        "Messages for each task placed in the window: its placement, a probe and a reply for each node asked, and the load or idle reports on which the placement relies.",
    ),
    (
        "tasks_retried",
        "tasks",
        Neither,
        Run,
        "Tasks of measured jobs that needed more than one attempt.",
    ),
    (
        "tasks_stolen",
        "tasks",
        Neither,
        Run,
        "Tasks of measured jobs that moved to another node.",
    ),
    (
        "tasks_cancelled",
        "tasks",
        Neither,
        Run,
        "Tasks of measured jobs that were cancelled.",
    ),
    (
        "dispatcher_utilization",
        "1",
        Neither,
        Run,
        "Share of the window in which the dispatchers were deciding.",
    ),
    (
        "gatherer_utilization",
        "1",
        Neither,
        Run,
        "Share of the window in which the gatherers were gathering.",
    ),
    (
        "availability",
        "1",
        Higher,
        Run,
        "Share of the window in which nodes were up.",
    ),
];

/// All metrics of a run whose dimensions (slots first) are named `dimensions`.
pub fn metrics(dimensions: &[String]) -> Vec<Metric> {
    let mut all: Vec<Metric> = FIXED.iter().map(|&row| metric(row)).collect();
    let quantiles = QUANTILES.iter().map(|(permille, name)| Metric {
        name: format!("response_{name}"),
        unit: "s",
        better: Lower,
        scope: Jobs,
        definition: format!(
            "{} % quantile of the response time (nearest rank).",
            *permille as f64 / 10.0
        ),
    });
    all.splice(1..1, quantiles);
    for (ending, over) in [
        ("mean", "all jobs"),
        ("tail", "the slowest 1 % of the jobs"),
    ] {
        all.extend(PARTS.iter().map(|part| Metric {
            name: format!("blame_{part}_{ending}"),
            unit: "s",
            better: Lower,
            scope: Jobs,
            definition: format!("Part of the response time, along the job's critical chain, spent in {}; mean over {over}.", part_meaning(part)),
        }));
    }
    all.extend(dimensions.iter().map(|dimension| Metric {
        name: format!("utilization_{dimension}"),
        unit: "1",
        better: Neither,
        scope: Nodes,
        definition: format!("Used share of the capacity in {dimension} over the window, of the nodes that have it limited."),
    }));
    all
}

fn metric(
    (name, unit, better, scope, definition): (&str, &'static str, Better, Scope, &str),
) -> Metric {
    Metric {
        name: name.to_owned(),
        unit,
        better,
        scope,
        definition: definition.to_owned(),
    }
}

fn part_meaning(part: &str) -> &'static str {
    match part {
        "dispatch" => "waiting for the dispatcher",
        "decision" => "the decision",
        "network" => "the network (dispatch and result)",
        "queue" => "waiting for a slot or a resource",
        "service" => "service",
        "retry" => "lost attempts",
        _ => "waiting for the gatherer and being gathered",
    }
}

/// The facts of one metric, by its name or as `class.name`.
pub fn find(name: &str, dimensions: &[String]) -> Option<Metric> {
    let plain = name.rsplit_once('.').map_or(name, |(_, metric)| metric);
    metrics(dimensions)
        .into_iter()
        .find(|metric| metric.name == plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let dimensions = ["slots".to_owned(), "cpu".to_owned()];
        let mut names: Vec<String> = metrics(&dimensions)
            .into_iter()
            .map(|metric| metric.name)
            .collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(find("short.response_p99", &dimensions).is_some());
        assert!(find("utilization_cpu", &dimensions).is_some());
        assert!(find("utilization_gpu", &dimensions).is_none());
    }
}
