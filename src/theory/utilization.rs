//! The utilisation law: what is used is what is asked for (Denning & Buzen, "The operational
//! analysis of queueing network models", 1978). In a stable open system the used share of a
//! dimension is the rate at which tasks come x what each holds for how long / capacity.
//!
//! Nodes of unlike speeds hold a task for unlike times: then the share is known only where the
//! placement sends fixed shares of the tasks to each node, whatever their state.

use super::plain::{Shares, interval, shares};
use super::queue::known;
use super::{AnswerKind, Known, Model};
use crate::engine::law::Law;
use crate::model::cluster::{Cluster, Group};
use crate::sim::setup::{Network, Setup, Stragglers, Warmup};
use crate::strategy::placement::round_robin::Weights;
use crate::strategy::{Binding, Parts, Strategy};
use crate::workload::class::{Class, Shape, Stage};

/// The law.
pub const MODEL: Model = Model {
    name: "utilisation law",
    when: "any open workload of finite variance with a warm-up, on nodes of one speed, or placed at random or in turn",
    source: "Denning & Buzen 1978",
};

/// What one class asks for.
struct Asked<'a> {
    class: &'a Class,
    /// Tasks a second.
    rate: f64,
    /// Mean work with stragglers, seconds at speed 1.
    work: f64,
    /// Seconds on top.
    overhead: f64,
    /// Share of the tasks that goes to each group; `None` if it is not fixed.
    shares: Option<Vec<f64>>,
}

/// What is known of `setup`.
pub fn of(setup: &Setup) -> Vec<Known> {
    match_open(setup).unwrap_or_default()
}

fn match_open(setup: &Setup) -> Option<Vec<Known>> {
    // By name, every one: what is new must be looked at here.
    let Setup {
        seed: _,
        placement_seed: _,
        cluster,
        network: Network {
            dispatch: _,
            result: _,
        },
        classes,
        sources,
        stragglers,
        strategy,
        window,
    } = setup;
    let is_calm = |law: &Law| law.second_moment().is_finite();
    let factors = stragglers.iter().map(|stragglers| &stragglers.factor);
    let times = strategy.parts.iter().map(|parts| &parts.decision_time);
    let gathers = classes.iter().map(|class| &class.gather);
    let gathers = gathers.flat_map(|gather| [&gather.per_result, &gather.work]);
    if !factors.chain(times).chain(gathers).all(is_calm) {
        return None;
    }
    let slower = slowing(stragglers.as_ref());
    let mut asked = Vec::new();
    for source in sources {
        let interval = interval(source).filter(|law| law.second_moment().is_finite())?;
        let index = source.first_class as usize;
        asked.push(ask(
            cluster,
            strategy,
            &classes[index],
            index,
            1.0 / interval.mean(),
            slower,
        )?);
    }
    let servers = servers(setup, &asked)?;
    if window.warmup == Warmup::None || servers.iter().any(|row| row.value >= 1.0) {
        return None;
    }
    let nodes: Vec<Vec<Known>> = (0..cluster.dimensions.len())
        .filter_map(|d| dimension(cluster, &asked, d))
        .collect();
    let overloaded = nodes.iter().flatten().any(|row| row.value >= 1.0);
    (!overloaded).then(|| nodes.into_iter().flatten().chain(servers).collect())
}

/// Mean factor on works.
fn slowing(stragglers: Option<&Stragglers>) -> f64 {
    stragglers.map_or(
        1.0,
        |Stragglers {
             probability,
             factor,
         }| { 1.0 + probability * (factor.mean() - 1.0) },
    )
}

fn ask<'a>(
    cluster: &Cluster,
    strategy: &Strategy,
    class: &'a Class,
    index: usize,
    jobs: f64,
    slower: f64,
) -> Option<Asked<'a>> {
    let [
        Stage {
            shape,
            overhead,
            demand: _,
            allowed: _,
        },
    ] = &class.stages[..]
    else {
        return None;
    };
    let (tasks, work, law) = match shape {
        Shape::Tasks { count, work } => (count.mean_count(), work.mean(), work),
        Shape::Split { work, into } => {
            let tasks = into.mean_count();
            (tasks, work.mean() / tasks, work)
        }
        Shape::Trace => return None,
    };
    let asked = Asked {
        class,
        rate: jobs * tasks,
        work: work * slower,
        overhead: overhead.as_secs(),
        shares: fixed_shares(cluster, strategy, class, index),
    };
    (law.second_moment().is_finite() && asked.work.is_finite()).then_some(asked)
}

/// Share of a class's tasks that goes to each group, where the placement looks at no node.
fn fixed_shares(
    cluster: &Cluster,
    strategy: &Strategy,
    class: &Class,
    index: usize,
) -> Option<Vec<f64>> {
    let Strategy {
        name: _,
        binding,
        parts,
        parts_of_class,
    } = strategy;
    if *binding != Binding::Early {
        return None;
    }
    let eligible: Vec<bool> = eligible(cluster, class).collect();
    let weights = match shares(parts[parts_of_class[index]].placement.as_ref()) {
        Some(Shares::Random(weights) | Shares::Turns(weights)) => weights,
        None if eligible.iter().filter(|is| **is).count() == 1 => Weights::Equal,
        None => return None,
    };
    let weight = |(group, eligible): (&Group, &bool)| match weights {
        _ if !eligible => 0.0,
        Weights::Equal => f64::from(group.count),
        Weights::SpeedTimesSlots => {
            f64::from(group.count) * group.speed.factor() * group.slot_weight() as f64
        }
    };
    let all: Vec<f64> = cluster.groups.iter().zip(&eligible).map(weight).collect();
    let sum: f64 = all.iter().sum();
    Some(all.iter().map(|weight| weight / sum).collect())
}

fn eligible(cluster: &Cluster, class: &Class) -> impl Iterator<Item = bool> {
    let stage = &class.stages[0];
    let groups = cluster.groups.iter().zip(&stage.allowed);
    groups.map(|(group, allowed)| *allowed && group.could_hold(&stage.demand))
}

/// The rows of dimension `d`: of all nodes, and of each group where shares are fixed.
fn dimension(cluster: &Cluster, asked: &[Asked<'_>], d: usize) -> Option<Vec<Known>> {
    let is_finite = |group: &Group| group.capacity[d].is_some();
    if !cluster.groups.iter().all(is_finite) {
        return None;
    }
    let metric = format!("utilization_{}", cluster.dimensions[d].name);
    let capacity = |group: &Group| f64::from(group.count) * group.capacity[d].unwrap_or(0) as f64;
    let total: f64 = cluster.groups.iter().map(capacity).sum();
    let used: f64 = asked
        .iter()
        .map(|a| used(cluster, a, d))
        .sum::<Option<f64>>()?;
    if used == 0.0 || total == 0.0 {
        return None;
    }
    let mut rows = vec![known(
        &MODEL,
        AnswerKind::Exact,
        metric.clone(),
        used / total,
    )];
    let shares: Option<Vec<&Vec<f64>>> = asked.iter().map(|a| a.shares.as_ref()).collect();
    if let Some(shares) = shares.filter(|_| cluster.groups.len() > 1) {
        for (g, group) in cluster.groups.iter().enumerate() {
            let of = |(a, shares): (&Asked<'_>, &&Vec<f64>)| shares[g] * held(a, d, group);
            let used: f64 = asked.iter().zip(&shares).map(of).sum();
            let mut row = known(
                &MODEL,
                AnswerKind::Exact,
                metric.clone(),
                used / capacity(group),
            );
            row.class = format!("nodes.{}", group.name);
            rows.extend((used > 0.0).then_some(row));
        }
    }
    Some(rows)
}

/// Units of `d` in use on average if all tasks ran on nodes like `group`'s.
fn held(asked: &Asked<'_>, d: usize, group: &Group) -> f64 {
    let each = asked.work / group.speed.factor() + asked.overhead;
    asked.rate * asked.class.stages[0].demand[d] as f64 * each
}

/// Units of `d` in use on average; `None` where it depends on which nodes the tasks go to.
fn used(cluster: &Cluster, asked: &Asked<'_>, d: usize) -> Option<f64> {
    let eligible: Vec<bool> = eligible(cluster, asked.class).collect();
    let mut groups = cluster.groups.iter().zip(&eligible).filter(|(_, is)| **is);
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

/// Dispatchers and gatherers, where all classes share them; `None` if that is not known.
fn servers(setup: &Setup, asked: &[Asked<'_>]) -> Option<Vec<Known>> {
    let [
        Parts {
            placement: _,
            dispatchers,
            decision_time,
            in_flight: _,
            ties: _,
        },
    ] = &setup.strategy.parts[..]
    else {
        let is_free = |parts: &Parts| parts.decision_time.is_zero();
        let all = setup.strategy.parts.iter().all(is_free);
        return (all && setup.classes.iter().all(|class| class.gather.is_free())).then(Vec::new);
    };
    let dispatchers = f64::from(*dispatchers);
    let deciding: f64 = asked.iter().map(|a| a.rate * decision_time.mean()).sum();
    let gathering: f64 = asked.iter().map(gathering).sum();
    let rows = [
        ("dispatcher_utilization", deciding / dispatchers),
        ("gatherer_utilization", gathering / dispatchers),
    ];
    let told = rows.into_iter().filter(|(_, value)| *value > 0.0);
    Some(
        told.map(|(metric, value)| known(&MODEL, AnswerKind::Exact, metric, value))
            .collect(),
    )
}

fn gathering(asked: &Asked<'_>) -> f64 {
    let gather = &asked.class.gather;
    let tasks = match &asked.class.stages[0].shape {
        Shape::Tasks { count, .. } => count.mean_count(),
        Shape::Split { into, .. } => into.mean_count(),
        Shape::Trace => 1.0,
    };
    asked.rate * (gather.per_result.mean() + gather.work.mean() / tasks)
}
