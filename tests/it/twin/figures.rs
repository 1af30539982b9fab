//! The figures of the outcome against sums over the twin's log.

use equipoise::engine::time::Time;
use equipoise::metrics::figures::Figures;
use equipoise::metrics::jobs::JobStats;
use equipoise::metrics::nodes::Observation;
use equipoise::sim::setup::Setup;

use super::machine::{Job, Phase, Task, Twin, Usage};

/// Checks equality and says what differs.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, sim: T, twin: T) -> Result<(), String> {
    if sim == twin {
        Ok(())
    } else {
        Err(format!("{what}: simulator {sim:?}, twin {twin:?}"))
    }
}

/// Equal up to the rounding of a few floating-point operations.
fn close(what: &str, sim: Option<f64>, twin: Option<f64>) -> Result<(), String> {
    let is_close = match (sim, twin) {
        (Some(sim), Some(twin)) => (sim - twin).abs() <= 1e-12 * twin.abs().max(1.0),
        (sim, twin) => sim.is_none() && twin.is_none(),
    };
    if is_close {
        Ok(())
    } else {
        Err(format!("{what}: simulator {sim:?}, twin {twin:?}"))
    }
}

/// First and last instant of the window: of a finite workload, from the first arrival to the last
/// completion.
fn window(twin: &Twin<'_>) -> (u64, u64) {
    let last = twin.jobs.iter().filter_map(|job| job.completion).max();
    match twin.window {
        Some((start, Some(end))) => (start, end),
        Some((start, None)) => (start, last.unwrap_or(start)),
        None => (0, 0),
    }
}

pub fn compare(setup: &Setup, outcome: &Figures, twin: &Twin<'_>) -> Result<(), String> {
    let (start, end) = window(twin);
    same(
        "window",
        (outcome.start.0, outcome.window.0),
        (start, end - start),
    )?;
    for class in 0..setup.classes.len() {
        let name = format!("class {class}");
        let of_class = |job: &&Job| job.class == class;
        jobs(&name, setup, &outcome.classes[class], twin, of_class)?;
    }
    jobs("all", setup, outcome.all(), twin, |_| true)?;
    utilizations(outcome, twin, (start, end))?;
    totals(setup, outcome, twin, (start, end))?;
    for seen in &outcome.observations {
        observation(seen, outcome, twin)?;
    }
    Ok(())
}

fn jobs(
    name: &str,
    setup: &Setup,
    stats: &JobStats,
    twin: &Twin<'_>,
    filter: impl Fn(&&Job) -> bool,
) -> Result<(), String> {
    let (start, end) = window(twin);
    let measured: Vec<&Job> = twin
        .jobs
        .iter()
        .filter(&filter)
        .filter(|j| j.is_measured)
        .collect();
    let completed: Vec<&&Job> = measured.iter().filter(|j| j.completion.is_some()).collect();
    let response = |job: &&&Job| u128::from(job.completion.unwrap_or_default() - job.arrival);
    let waits = |job: &&&Job| -> u128 {
        let wait = |&task: &usize| u128::from(twin.tasks[task].started - job.arrival);
        job.tasks.iter().map(wait).sum()
    };
    let stragglers = |job: &&&Job| u128::from(straggler_wait_doubled(job, twin));
    let on_time = |job: &&&&Job| {
        let slo = setup.classes[job.class].slo;
        slo.is_some_and(|slo| response(job) <= u128::from(slo.0))
    };
    let in_window = |job: &&Job| job.completion.is_some_and(|c| start <= c && c <= end);
    same(
        &format!("{name} completed"),
        stats.completed,
        completed.len() as u64,
    )?;
    let unfinished = (measured.len() - completed.len()) as u64;
    same(&format!("{name} unfinished"), stats.unfinished, unfinished)?;
    let sum: u128 = completed.iter().map(response).sum();
    same(&format!("{name} response sum"), stats.response_sum(), sum)?;
    let most = measured
        .iter()
        .map(|j| j.completion.unwrap_or(twin.over) - j.arrival)
        .max();
    same(
        &format!("{name} response max"),
        stats.response.most(),
        most.unwrap_or(0),
    )?;
    let sum: u128 = completed.iter().map(waits).sum();
    same(&format!("{name} wait sum"), stats.wait_sum, sum)?;
    let sum: u128 = completed.iter().map(stragglers).sum();
    same(
        &format!("{name} straggler wait"),
        stats.straggler_wait_doubled,
        sum,
    )?;
    let count = completed.iter().filter(on_time).count() as u64;
    same(&format!("{name} on time"), stats.on_time, count)?;
    let count = twin.jobs.iter().filter(&filter).filter(in_window).count() as u64;
    same(
        &format!("{name} completions in the window"),
        stats.completions,
        count,
    )
}

/// Twice (last minus median finish), where the median of an even number is the mean of the two in
/// the middle.
fn straggler_wait_doubled(job: &Job, twin: &Twin<'_>) -> u64 {
    let mut ends: Vec<u64> = job
        .tasks
        .iter()
        .map(|&task| twin.tasks[task].ended)
        .collect();
    ends.sort_unstable();
    let n = ends.len();
    2 * ends[n - 1] - ends[(n - 1) / 2] - ends[n / 2]
}

fn overlap((start, end): (u64, u64), from: u64, to: u64) -> u128 {
    u128::from(to.min(end).saturating_sub(from.max(start)))
}

fn utilizations(outcome: &Figures, twin: &Twin<'_>, window: (u64, u64)) -> Result<(), String> {
    let nodes = twin.spec().nodes();
    let length = window.1 - window.0;
    for d in 0..nodes[0].capacity.len() {
        let has: u64 = nodes.iter().filter_map(|node| node.capacity[d]).sum();
        let of_finite = |usage: &&Usage| usage.d == d && nodes[usage.node].capacity[d].is_some();
        let used = twin.usage.iter().filter(of_finite);
        let units = |usage: &Usage| {
            u128::from(usage.units) * overlap(window, usage.from, usage.to.min(twin.over))
        };
        let used: u128 = used.map(units).sum();
        let share = used as f64 / (u128::from(has) * u128::from(length)) as f64;
        let twins = (has > 0 && length > 0).then_some(share);
        let sims = outcome
            .busy
            .utilization(&outcome.layout, d, None, Time(length));
        close(&format!("utilization of dimension {d}"), sims, twins)?;
    }
    Ok(())
}

fn totals(
    setup: &Setup,
    outcome: &Figures,
    twin: &Twin<'_>,
    window: (u64, u64),
) -> Result<(), String> {
    let deciding: u128 = twin
        .tasks
        .iter()
        .filter(|task| task.phase != Phase::AtDispatcher)
        .map(|task| overlap(window, task.begun, task.decided))
        .sum();
    let presence: u128 = twin
        .jobs
        .iter()
        .map(|job| overlap(window, job.arrival, job.completion.unwrap_or(twin.over)))
        .sum();
    same("presence", outcome.totals.presence, presence)?;
    if setup.strategy.parts[0].decision_time.constant().is_some() {
        same("time deciding", outcome.totals.deciding, deciding)?;
    }
    Ok(())
}

/// The state after all events at or before the instant.
fn observation(seen: &Observation, outcome: &Figures, twin: &Twin<'_>) -> Result<(), String> {
    let t = seen.time.0;
    let at = |what: &str| format!("{what} at {t}");
    let spec = twin.spec();
    let demand = |task: &Task, d: usize| spec.classes[twin.jobs[task.job].class].demand[d];
    let nodes = spec.nodes();
    let is_present = |job: &&Job| job.arrival <= t && job.completion.is_none_or(|c| c > t);
    let jobs = twin.jobs.iter().filter(is_present).count() as u64;
    same(&at("jobs"), seen.jobs, jobs)?;
    let is_there = |task: &Task| match task.phase {
        Phase::AtDispatcher | Phase::Parked | Phase::Nowhere | Phase::Travelling => false,
        Phase::Done => task.reached <= t && t < task.ended,
        Phase::Queued | Phase::Running => task.reached <= t,
    };
    let is_running = |task: &Task| task.runs.iter().any(|(from, to)| *from <= t && t < *to);
    let is_waiting = |task: &&Task| is_there(task) && !is_running(task);
    let queued = twin.tasks.iter().filter(is_waiting).count() as u64;
    let is_now = |usage: &&Usage| usage.from <= t && t < usage.to && usage.d == 0;
    let used = |node: usize| -> u64 {
        let here = twin
            .usage
            .iter()
            .filter(is_now)
            .filter(|usage| usage.node == node);
        here.map(|usage| usage.units).sum()
    };
    // Slots demanded beyond those that are shared wait, too.
    let excess = |node: usize| -> u64 {
        let running = twin
            .tasks
            .iter()
            .filter(|task| task.node == Some(node) && is_running(task));
        running.map(|task| demand(task, 0)).sum::<u64>() - used(node)
    };
    let waiting = queued + (0..nodes.len()).map(excess).sum::<u64>();
    same(&at("waiting tasks"), seen.waiting, waiting)?;
    let slots: u64 = nodes.iter().filter_map(|node| node.capacity[0]).sum();
    let finite = (0..nodes.len()).filter(|&node| nodes[node].capacity[0].is_some());
    let used: u64 = finite.map(used).sum();
    let idle = (slots > 0).then(|| (slots - used).min(waiting) as f64 / slots as f64);
    close(&at("idle while waiting"), seen.idle_while_waiting, idle)?;
    let is_bound = |task: &&Task| {
        let from = if spec.is_central {
            task.started
        } else {
            task.decided
        };
        let is_known = task.node.is_some() && (task.phase != Phase::AtDispatcher);
        is_known && from <= t && (task.phase != Phase::Done || t < task.ended)
    };
    let bound: Vec<&Task> = twin.tasks.iter().filter(is_bound).collect();
    let load = |n: usize| {
        let of_dimension = |d: usize| {
            let held: u64 = bound
                .iter()
                .filter(|x| x.node == Some(n))
                .map(|x| demand(x, d))
                .sum();
            let has = nodes[n].capacity[d].filter(|has| *has > 0);
            has.map_or(0.0, |has| held as f64 / has as f64)
        };
        (0..nodes[n].capacity.len())
            .map(of_dimension)
            .fold(0.0, f64::max)
    };
    let loads: Vec<f64> = (0..nodes.len()).map(load).collect();
    let (n, sum) = (loads.len() as f64, loads.iter().sum::<f64>());
    let squares: f64 = loads.iter().map(|x| x * x).sum();
    let jain = if sum == 0.0 {
        1.0
    } else {
        sum * sum / (n * squares)
    };
    let _ = outcome;
    close(
        &at("Jain's index of loads"),
        Some(seen.load.jain),
        Some(jain),
    )
}
