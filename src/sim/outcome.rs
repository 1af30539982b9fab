//! The end of a replication: what is left in the system, whether anything was lost, its figures.
//!
//! Conservation is checked here in every run, in release builds too: jobs, tasks and attempts that
//! came are done or still there; Little's law and the utilisation law hold exactly, as identities
//! of the sample path (Stidham 1974; Denning and Buzen 1978). A run that contradicts itself ends in
//! an error and gives no figures.

use crate::engine::time::Time;
use crate::metrics::figures::Figures;
use crate::metrics::jobs::JobStats;

use super::Replication;
use super::core::Core;
use super::failure::{Failure, Fallible};
use super::records::Phase;

/// Accounts for what is left in the system, checks that nothing was lost, and sums up.
pub(super) fn conclude(mut run: Replication<'_>) -> Fallible<Figures> {
    leave_jobs(&mut run.core, run.over);
    let used = leave_tasks(&mut run.core, run.over);
    let mut core = run.core;
    check(&core, run.sources.jobs(), &used).map_err(|what| Box::new(Failure::Internal(what)))?;
    let setup = core.setup;
    for (stats, class) in core.stats.iter_mut().zip(&setup.classes) {
        stats.with_objective = class.slo.map_or(0, |_| stats.measured());
    }
    let (observed, observations) = run.observer.found();
    Ok(Figures {
        sum: JobStats::sum(&core.stats),
        classes: core.stats,
        dimensions: setup.cluster.dimension_names(),
        is_finite: setup.window.finite,
        busy: core.busy,
        totals: core.totals,
        observed,
        observations,
        first_arrival: core.window.first().unwrap_or_default(),
        start: core.window.start().unwrap_or_default(),
        window: core.window.length(),
        thirds: if setup.window.finite {
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

/// Adds the time of running tasks; gives what they use by dimension.
fn leave_tasks(core: &mut Core<'_>, over: Time) -> Vec<u64> {
    let mut used = vec![0; core.layout.dimensions()];
    for id in core.tasks.ids() {
        let task = &core.tasks[id];
        if task.phase() != Phase::Service {
            continue;
        }
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
