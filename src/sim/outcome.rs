//! The end of a replication: what is left in the system, whether anything was lost, its figures.
//!
//! Conservation is checked here in every run, in release builds too: jobs, tasks and attempts that
//! came are done or still there; Little's law and the utilisation law hold exactly, as identities
//! of the sample path (Stidham 1974; Denning and Buzen 1978). A run that contradicts itself ends in
//! an error and gives no figures.

use crate::engine::agenda::Place;
use crate::engine::time::Time;
use crate::metrics::figures::Figures;
use crate::metrics::jobs::JobStats;
use crate::metrics::nodes::{Observation, Observed};

use super::core::Core;
use super::failure::{Failure, Fallible};
use super::records::Phase;

/// What the machines of a replication have to tell when it is over.
pub(super) struct Ending {
    pub over: Time,
    pub is_runaway: bool,
    pub events: u64,
    pub dispatchers: usize,
    pub jobs_arrived: u64,
    pub workload_digest: u64,
    pub observed: (Observed, Vec<Observation>),
    pub was_direct: bool,
}

/// Accounts for what is left in the system, checks that nothing was lost, and sums up.
pub(super) fn conclude(mut core: Core<'_>, ending: Ending) -> Fallible<Figures> {
    core.stats.iter_mut().for_each(JobStats::add_plain);
    leave_jobs(&mut core, ending.over);
    let used = leave_tasks(&mut core, ending.over);
    if is_stuck(&core) {
        return Err(STUCK.to_owned().into());
    }
    if core.window.measured == 0 && !ending.is_runaway {
        return Err(NOTHING.to_owned().into());
    }
    check(&core, ending.jobs_arrived, &used).map_err(|what| Box::new(Failure::Internal(what)))?;
    let (setup, window) = (core.setup, &core.window);
    for (stats, class) in core.stats.iter_mut().zip(&setup.classes) {
        stats.with_objective = class.slo.map_or(0, |_| stats.measured());
    }
    let (observed, observations) = ending.observed;
    Ok(Figures {
        sum: JobStats::sum(&core.stats),
        classes: core.stats,
        dimensions: setup.cluster.dimension_names(),
        is_finite: setup.window.finite,
        busy: core.busy,
        totals: core.totals,
        observed,
        observations,
        first_arrival: window.first().unwrap_or_default(),
        start: window.start().unwrap_or_default(),
        window: window.length(),
        thirds: window.thirds().filter(|_| !setup.window.finite),
        is_runaway: ending.is_runaway,
        workload_digest: ending.workload_digest,
        events: ending.events,
        dispatchers: ending.dispatchers,
        was_direct: ending.was_direct,
        regret: None,
        layout: core.layout,
    })
}

/// An empty set of measured jobs, of which no figure says anything.
const NOTHING: &str = "no job was measured in a replication: the warm-up outlasted it, or none arrived in \
    time; raise `run.until` or `run.jobs`, or lower `run.warmup`";

/// Tasks that wait at nodes which stay down.
const STUCK: &str = "tasks wait for ever at nodes that stay down: let the nodes come up again \
    (`faults.events`), or let what waits there move or be lost (`faults.node-failures.queued`, `.running`)";

/// True if nothing is left to happen, though there are jobs, whose nodes stay down.
fn is_stuck(core: &Core<'_>) -> bool {
    let setup = core.setup;
    let goes_down = setup.faults.change_nodes() || setup.cluster.is_elastic();
    goes_down && is_at_rest(core) && core.window.jobs() > 0
}

fn is_at_rest(core: &Core<'_>) -> bool {
    core.agenda.pending() == 0 && core.agenda.outside() == Place::NEVER
}

/// Numbers of the jobs in the system: those of their first tasks.
fn jobs_left(core: &Core<'_>) -> Vec<u32> {
    let mut ids = core.task_records();
    ids.retain(|&id| core.records.task(id).job == id && core.records.task(id).copy == 0);
    ids
}

/// Counts the jobs that are left as unfinished; their time in the system up to the end belongs to the integral.
fn leave_jobs(core: &mut Core<'_>, over: Time) {
    for id in jobs_left(core) {
        let job = *core.records.job(id);
        core.totals.presence += u128::from(core.window.overlap(job.arrival, over).0);
        if job.measured {
            core.stats[job.class as usize].leave_unfinished(over - job.arrival);
        }
        if let Some(recorder) = &mut core.recorder {
            recorder.job(&job, None);
        }
    }
}

/// Adds the time of running tasks; gives what they demand by dimension.
fn leave_tasks(core: &mut Core<'_>, over: Time) -> Vec<u64> {
    let mut used = vec![0; core.layout.dimensions()];
    for id in core.records.ids() {
        let task = core.records.task(id);
        let runs = task.phase() == Phase::Service;
        if !runs && task.phase() != Phase::Asking {
            continue;
        }
        let (slots, span) = (
            u64::from(task.slots),
            core.window.overlap(task.since(), over),
        );
        let row = core.demands.several(&core.records, id);
        if runs && !core.layout.group(task.node).discipline.shares() {
            core.busy.add(task.node, slots, row, span);
        }
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
    check_counts(core, arrived)?;
    check_integrals(core)?;
    for (d, &running) in used.iter().enumerate() {
        let held: u64 = core
            .layout
            .ids()
            .map(|node| core.nodes.demanded(node, d))
            .sum();
        same("units used at nodes and by running tasks", held, running)?;
    }
    if !core.nodes.is_judged_well() {
        return Err("service is said to be left at an empty node".to_owned());
    }
    let left = core.window.jobs();
    if is_at_rest(core) && left > 0 {
        return Err(format!(
            "nothing is left to happen and {left} jobs were never completed"
        ));
    }
    Ok(())
}

/// Every job and every task that arrived is done, lost or still there: a simulator that loses one silently
/// gives figures that look right.
fn check_counts(core: &Core<'_>, arrived: u64) -> Result<(), String> {
    let (totals, jobs, tasks) = (&core.totals, jobs_left(core), core.task_records());
    let of_jobs: u64 = jobs
        .iter()
        .map(|&id| u64::from(core.records.job(id).tasks))
        .sum();
    let is_attempted = |id: &&u32| core.records.task(**id).is_attempted();
    let attempted = tasks.iter().filter(is_attempted).count() as u64;
    let left = jobs.len() as u64;
    same(
        "jobs arrived, and completed, failed or in the system",
        arrived,
        totals.jobs_done + totals.jobs_lost + left,
    )?;
    same("jobs counted and in the system", core.window.jobs(), left)?;
    same(
        "tasks arrived, and done, failed or in the system",
        totals.tasks_arrived,
        totals.tasks_done + totals.tasks_lost + of_jobs,
    )?;
    let kept = tasks.len() as u64 - totals.copies;
    same("tasks kept and in the system", kept, of_jobs)?;
    same(
        "attempts made, and done, lost or in the system",
        totals.attempts,
        totals.attempts_done + totals.attempts_lost + attempted,
    )
}

/// Little's law and the utilization law, exactly and on every run: the integral over time of what is in the
/// system is the sum of the times that each was in it (Little, Oper. Res. 9, 1961; Kim & Whitt, 2013, on finite
/// windows).
fn check_integrals(core: &Core<'_>) -> Result<(), String> {
    if !core.window.is_closed() || core.window.start().is_some() {
        same(
            "the integral of jobs in the system and their times in it",
            core.window.area(),
            core.totals.presence as i128,
        )?;
    }
    same(
        "the integral of what is in use and the times for which attempts used it",
        core.totals.in_use,
        core.busy.total() as i128,
    )?;
    core.stats.iter().try_for_each(|stats| {
        let parts = stats.blame_sum().iter().sum();
        same(
            "response times and their parts",
            stats.response_sum(),
            parts,
        )
    })
}

fn same<T: PartialEq + std::fmt::Display>(what: &str, left: T, right: T) -> Result<(), String> {
    if left == right {
        Ok(())
    } else {
        Err(format!("{what}: {left} and {right}"))
    }
}
