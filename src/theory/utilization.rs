//! The utilisation law: what is used is what is asked for (Denning & Buzen, "The operational
//! analysis of queueing network models", 1978). In a stable open system the used share of a
//! dimension is the rate at which tasks come x what each holds for how long / capacity.
//!
//! Nodes of unlike speeds hold a task for unlike times: then the share is known only where the
//! placement sends fixed shares of the tasks to each node, whatever their state.

use super::answers::{AnswerKind, Known, Model, known};
use super::queueing_system::{eligible, has_warmup, interval};
use crate::engine::law::Law;
use crate::model::cluster::{Cluster, Group};
use crate::sim::known_load::fixed_shares;
use crate::sim::setup::{Network, Setup, Stragglers};
use crate::strategy::{Parts, Strategy};
use crate::workload::class::{Class, Gather, Shape, Stage};

/// The law.
pub const MODEL: Model = Model {
    name: "utilisation law",
    when: "any open workload of finite variance with a warm-up, on nodes of one speed, or placed at random or in turn",
    source: "Denning & Buzen 1978",
};

/// What one class asks for.
struct Asked<'a> {
    stage: &'a Stage,
    /// Tasks a second.
    rate: f64,
    /// Mean number of tasks of a job.
    tasks: f64,
    /// Mean work with stragglers, seconds at speed 1.
    work: f64,
    /// Seconds on top.
    overhead: f64,
    /// Cost of gathering.
    gather: &'a Gather,
    /// Share of the tasks that goes to each group; `None` if it is not fixed.
    shares: Option<Vec<f64>>,
}

/// What is known of `setup`.
pub fn of(setup: &Setup) -> Option<Vec<Known>> {
    // By name, every one, here and in what is called: what is new must be looked at.
    let Setup {
        seed: _,
        placement_seed: _,
        cluster,
        network:
            Network {
                dispatch: _,
                result: _,
                ways: _,
                cancels_travel: _, // nothing is called off that has set out
            },
        classes,
        sources,
        stragglers,
        faults,
        strategy,
        window,
        engine: _,
    } = setup;
    if !has_warmup(window)
        || !faults.are_none()
        || setup.turns_away()
        || strategy.queue.one_at_a_time
    {
        return None;
    }
    let slower = slowing(stragglers.as_ref())?;
    let mut asked = Vec::new();
    for source in sources {
        let interval = interval(source).filter(|law| is_calm(law))?;
        let index = source.first_class as usize;
        let shares = fixed_shares(cluster, strategy, &classes[index], index);
        asked.push(ask(&classes[index], 1.0 / interval.mean(), slower, shares)?);
    }
    let servers = servers(strategy, &asked)?;
    let dimensions = 0..cluster.dimensions.len();
    let nodes = dimensions.filter_map(|d| dimension(cluster, &asked, d));
    let all: Vec<Known> = nodes.flatten().chain(servers).collect();
    all.iter().all(|row| row.value < 1.0).then_some(all)
}

/// Of finite variance, without which a run is not the mean.
fn is_calm(law: &Law) -> bool {
    law.second_moment().is_finite()
}

/// Mean factor on works; `None` without a variance.
fn slowing(stragglers: Option<&Stragglers>) -> Option<f64> {
    let Some(stragglers) = stragglers else {
        return Some(1.0);
    };
    let Stragglers {
        probability,
        factor,
    } = stragglers;
    is_calm(factor).then(|| 1.0 + probability * (factor.mean() - 1.0))
}

/// What a class asks for, a second; none where its tasks are not known beforehand. Every field is named here,
/// so that a new one must be thought of.
fn ask(class: &Class, jobs: f64, slower: f64, shares: Option<Vec<f64>>) -> Option<Asked<'_>> {
    let Class {
        name: _,
        stages,
        gather,
        slo: _,
        transfer: _, // as any delay
        data: None,
        key: _,      // it changes no work
        priority: _, // what is asked for is given, in whatever order
        gang: false, // else it may not be given
    } = class
    else {
        return None;
    };
    let [stage] = &stages[..] else { return None };
    let Stage {
        name: _,
        after: _, // there is no other
        skew: _,  // the sum is what it was
        shape,
        overhead,
        demand: _,
        allowed: _,
    } = stage;
    let (tasks, work, law) = tasks(shape)?;
    let [per_result, last] = costs(gather)?;
    let asked = Asked {
        stage,
        rate: jobs * tasks,
        tasks,
        work: work * slower,
        overhead: overhead.as_secs(),
        gather,
        shares,
    };
    let is_regular = [law, per_result, last].into_iter().all(is_calm);
    (is_regular && asked.work.is_finite()).then_some(asked)
}

/// The laws of what gathering costs.
fn costs(gather: &Gather) -> Option<[&Law; 2]> {
    let Gather {
        per_result,
        work,
        need: None, // else some are cancelled
    } = gather
    else {
        return None;
    };
    Some([per_result, work])
}

/// Mean number of tasks of a job, mean work of each, and the law that this is from.
fn tasks(shape: &Shape) -> Option<(f64, f64, &Law)> {
    match shape {
        Shape::Tasks { count, work } => Some((count.mean_count(), work.mean(), work)),
        Shape::Split { work, into } => {
            let tasks = into.mean_count();
            Some((tasks, work.mean() / tasks, work))
        }
        Shape::Trace => None,
    }
}

/// The rows of dimension `d`: of all nodes, and of each group where shares are fixed.
fn dimension(cluster: &Cluster, asked: &[Asked<'_>], d: usize) -> Option<Vec<Known>> {
    let is_finite = |group: &Group| group.capacity[d].is_some();
    if !cluster.groups.iter().all(is_finite) {
        return None;
    }
    let metric = format!("utilization_{}", cluster.dimensions[d].name);
    let row = |used: f64, capacity: f64| {
        known(&MODEL, AnswerKind::Exact, metric.clone(), used / capacity)
    };
    let capacity = |group: &Group| f64::from(group.count) * group.capacity[d].unwrap_or(0) as f64;
    let total: f64 = cluster.groups.iter().map(capacity).sum();
    let used = asked.iter().map(|a| used(cluster, a, d));
    let used = used.sum::<Option<f64>>()?;
    if used == 0.0 || total == 0.0 {
        return None;
    }
    let mut rows = vec![row(used, total)];
    let shares: Option<Vec<&Vec<f64>>> = asked.iter().map(|a| a.shares.as_ref()).collect();
    let shares = shares.filter(|_| cluster.groups.len() > 1);
    for (g, group) in cluster.groups.iter().enumerate() {
        let Some(shares) = &shares else { break };
        let of = |(a, shares): (&Asked<'_>, &&Vec<f64>)| shares[g] * held(a, d, group);
        let used: f64 = asked.iter().zip(shares).map(of).sum();
        rows.extend((used > 0.0).then(|| Known {
            class: format!("nodes.{}", group.name),
            ..row(used, capacity(group))
        }));
    }
    Some(rows)
}

/// Units of `d` in use on average if all tasks ran on nodes like `group`'s.
fn held(asked: &Asked<'_>, d: usize, group: &Group) -> f64 {
    let each = asked.work / group.speed.factor() + asked.overhead;
    asked.rate * asked.stage.demand[d] as f64 * each
}

/// Units of `d` in use on average; `None` where it depends on which nodes the tasks go to.
fn used(cluster: &Cluster, asked: &Asked<'_>, d: usize) -> Option<f64> {
    let mut groups = eligible(cluster, asked.stage).filter(|(_, is)| *is);
    let (first, _) = groups.next()?;
    if groups.all(|(group, _)| group.speed == first.speed) {
        return Some(held(asked, d, first));
    }
    let shares = asked.shares.as_ref()?.iter().zip(&cluster.groups);
    Some(
        shares
            .map(|(share, group)| share * held(asked, d, group))
            .sum(),
    )
}

/// True if all is decided and gathered at once.
fn take_no_time(parts: &[Parts], asked: &[Asked<'_>]) -> bool {
    let decide_at_once = parts.iter().all(|parts| parts.decision_time.is_zero());
    decide_at_once && asked.iter().all(|asked| asked.gather.is_free())
}

/// Dispatchers and gatherers, where all classes share them; `None` if that is not known.
fn servers(strategy: &Strategy, asked: &[Asked<'_>]) -> Option<Vec<Known>> {
    let parts = &strategy.parts[..];
    if !parts.iter().all(|parts| is_calm(&parts.decision_time)) {
        return None;
    }
    let [
        Parts {
            placement: _,
            dispatchers,
            decision_time,
            in_flight: _,
            ties: _,
            information: _,
            estimates: _,
            spread: _, // the mean over all dispatchers
            subset: _,
            late: _, // told below
            sticks: _,
            avoids: _,
            probes: _,
            zones: _,
        },
    ] = parts
    else {
        return take_no_time(parts, asked).then(Vec::new);
    };
    let dispatchers = f64::from(*dispatchers);
    let decisions = |asked: &Asked<'_>| match parts[0].is_batch() {
        true => asked.rate / asked.tasks,
        false => asked.rate,
    };
    let deciding: f64 = asked
        .iter()
        .map(|a| decisions(a) * decision_time.mean())
        .sum();
    let gathering: f64 = asked.iter().map(gathering).sum();
    let rows = [
        ("dispatcher_utilization", deciding / dispatchers),
        ("gatherer_utilization", gathering / dispatchers),
    ];
    let told = rows.into_iter().filter(|(_, value)| *value > 0.0);
    let row = |(metric, value)| known(&MODEL, AnswerKind::Exact, metric, value);
    Some(told.map(row).collect())
}

fn gathering(asked: &Asked<'_>) -> f64 {
    let Gather {
        per_result,
        work,
        need: _,
    } = asked.gather;
    asked.rate * (per_result.mean() + work.mean() / asked.tasks)
}
