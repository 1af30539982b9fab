//! `[jobs.NAME.stages]`: stages in an order in which each stands behind those that it waits for.
//!
//! Stages form a graph without circles, as of map and reduce, or of a query that fans out twice. The simulator
//! goes through them by number, so they are put into an order here in which nobody waits for a later one (Kahn,
//! Comm. ACM 5, 1962); of several orders it is that of the file, so that adding an unrelated stage leaves the
//! draws of the others as they were. Demand is inherited from the job, key by key; work and counts are not, as
//! two stages hardly ever share them.

use super::check::Check;
use super::classes;
use crate::model::cluster::Cluster;
use crate::scenario::grammar::{Arrivals, Jobs, Stage as Given};
use crate::workload::class::Stage;

/// The stages of a job, if nothing of them is wrong.
pub fn stages(check: &mut Check<'_>, jobs: &Jobs, cluster: &Cluster) -> Option<Vec<Stage>> {
    alone(check, jobs);
    let after = waits(check, jobs);
    let mut resolved = Vec::new();
    for (name, given) in jobs.stages.iter() {
        let mut check = check.at("stages");
        let mut check = check.name(name);
        check.check_name(name);
        let stage = classes::stage(&mut check, &as_jobs(given, jobs), cluster, classes::shape);
        resolved.push(stage.map(|stage| Stage {
            name: name.clone(),
            ..stage
        }));
    }
    let resolved: Option<Vec<Stage>> = resolved.into_iter().collect();
    let after = after?;
    let order = match order(&after) {
        Ok(order) => order,
        Err(cycle) => {
            tell_cycle(check, jobs, &cycle);
            return None;
        }
    };
    resolved.map(|stages| sorted(&stages, &after, &order))
}

/// What a stage says of its tasks, in the place of the job.
fn as_jobs(stage: &Given, jobs: &Jobs) -> Jobs {
    let mut demand = jobs.demand.clone();
    for (resource, amount) in stage.demand.iter().flat_map(|demand| demand.iter()) {
        demand.insert(resource.clone(), *amount);
    }
    Jobs {
        tasks: stage.tasks.clone(),
        work: stage.work.clone(),
        overhead: stage.overhead,
        job_work: stage.job_work.clone(),
        split: stage.split.clone(),
        demand,
        nodes: stage.nodes.clone().or(jobs.nodes.clone()),
        stages: Default::default(),
        ..jobs.clone()
    }
}

/// What stands beside stages contradicts them.
fn alone(check: &mut Check<'_>, jobs: &Jobs) {
    for key in ["tasks", "work", "overhead", "job-work", "split", "classes"] {
        let mut check = check.at(key);
        if check.was_there() {
            let hint = "write it into each stage";
            check.error(format!("`{key}` stands beside `stages`"), hint);
        }
    }
    if matches!(jobs.arrivals, Some(Arrivals::Trace(_))) {
        let hint = "remove `stages`, or let the jobs arrive in another way";
        check
            .at("stages")
            .error("the jobs of a trace have one stage", hint);
    }
    if jobs
        .gather
        .as_ref()
        .is_some_and(|gather| gather.need.is_some())
    {
        let title = "a stage waits for all results of those before it";
        check
            .at("gather.need")
            .error(title, "remove `need`, or the `stages`");
    }
}

/// For each stage those that it waits for, by index and rising.
fn waits(check: &mut Check<'_>, jobs: &Jobs) -> Option<Vec<Vec<usize>>> {
    let names: Vec<&str> = jobs.stages.keys().map(String::as_str).collect();
    let (mut all, mut is_right) = (Vec::new(), true);
    for (at, (name, given)) in jobs.stages.iter().enumerate() {
        let Some(given) = &given.after else {
            all.push(at.checked_sub(1).into_iter().collect());
            continue;
        };
        let mut check = check.at("stages");
        let mut check = check.name(name);
        let mut check = check.at("after");
        let mut own: Vec<usize> = Vec::new();
        for (place, wanted) in given.iter().enumerate() {
            is_right &= check.name(place).knows("stages", wanted, &names);
            own.extend(names.iter().position(|name| name == wanted));
        }
        own.sort_unstable();
        own.dedup();
        all.push(own);
    }
    is_right.then_some(all)
}

/// An order in which each stage stands behind those that it waits for: always the first in the file of
/// those that may come next. Else a circle of stages that wait for each other.
fn order(after: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut order: Vec<usize> = Vec::new();
    while order.len() < after.len() {
        let is_next = |at: &usize| {
            !order.contains(at) && after[*at].iter().all(|before| order.contains(before))
        };
        match (0..after.len()).find(is_next) {
            Some(next) => order.push(next),
            None => return Err(circle(after, &order)),
        }
    }
    Ok(order)
}

/// Follows what stages that are not in `order` wait for until one comes again.
fn circle(after: &[Vec<usize>], order: &[usize]) -> Vec<usize> {
    let is_left = |at: &usize| !order.contains(at);
    let mut path: Vec<usize> = (0..after.len()).find(is_left).into_iter().collect();
    while let Some(&last) = path.last() {
        let Some(before) = after[last].iter().copied().find(is_left) else {
            break;
        };
        if let Some(start) = path.iter().position(|at| *at == before) {
            path.drain(..start);
            break;
        }
        path.push(before);
    }
    path
}

/// Names the stages that wait for each other in a circle, in its order.
fn tell_cycle(check: &mut Check<'_>, jobs: &Jobs, cycle: &[usize]) {
    let name = |at: &usize| {
        jobs.stages
            .get_index(*at)
            .map_or("", |(name, _)| name.as_str())
    };
    let mut names: Vec<&str> = cycle.iter().map(name).collect();
    let first = names.first().copied().unwrap_or_default();
    names.push(first);
    let title = format!("stages wait for each other: {}", names.join(" after "));
    let hint = "take one out of `after`; a stage without `after` waits for the one before it, `[]` is none";
    let mut check = check.at("stages");
    check.name(first).error(title, hint);
}

/// The stages in this order.
fn sorted(stages: &[Stage], after: &[Vec<usize>], order: &[usize]) -> Vec<Stage> {
    let place = |at: &usize| order.iter().position(|placed| placed == at);
    let one = |&at: &usize| {
        let mut own: Vec<usize> = after[at].iter().filter_map(place).collect();
        own.sort_unstable();
        Stage {
            after: own,
            ..stages[at].clone()
        }
    };
    order.iter().map(one).collect()
}
