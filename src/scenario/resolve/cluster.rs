//! `[nodes.NAME]` as a cluster.
//!
//! Groups keep the order of the file, because node ids run through them and ties may go to the
//! lowest id. Dimensions are all the resources that any group names: a node has none of what it
//! does not name.
//!
//! Capacity is counted in whole units of each dimension, and one that is left out is none at all: a group
//! without `slots` serves one task at a time, unless resources say how many fit.

use super::check::Check;
use crate::engine::quantity::Whole;
use crate::engine::time::Time;
use crate::model::cluster::{Cluster, Dimension, Group, SLOTS};
use crate::model::discipline::{Discipline, SlowDown};
use crate::model::elastic;
use crate::scenario::grammar::{self, Named, Nodes, Slots};
use crate::text::{plural, thousands};

/// Most nodes of a cluster.
const MOST: f64 = 16_777_214.0; // 2^24 - 2

/// The cluster, if there is one to speak of.
pub fn cluster(check: &mut Check<'_>, nodes: &Named<Nodes>) -> Option<Cluster> {
    let mut check = check.at("nodes");
    if nodes.is_empty() {
        let hint = "add a group, for example [nodes.machine] with count = 10";
        check.error("the scenario has no nodes", hint);
        return None;
    }
    nodes.keys().for_each(|name| check.check_name(name));
    let total: f64 = nodes.values().map(|group| group.count.0).sum();
    if total > MOST {
        let title = format!("{} nodes are too many", thousands(total as u64));
        check.error(title, "at most 16,777,214 (2^24 - 2) nodes are simulated");
        return None;
    }
    let dimensions = dimensions(&mut check, nodes);
    let group = |(name, nodes): (&String, &Nodes)| Group {
        discipline: discipline(&mut check.name(name), &nodes.discipline),
        autoscaling: autoscaling(&mut check.name(name), nodes),
        away: away(&mut check.name(name), nodes),
        ..group(name, nodes, &dimensions)
    };
    let groups = nodes.iter().map(group).collect();
    Some(Cluster { dimensions, groups })
}

/// Slots and every resource that a group names, in file order.
fn dimensions(check: &mut Check<'_>, nodes: &Named<Nodes>) -> Vec<Dimension> {
    let mut largest: Vec<(&str, f64)> = Vec::new();
    for (group, nodes) in nodes.iter() {
        for (resource, amount) in nodes.resources.iter() {
            if resource == "slots" {
                let hint = format!("write slots = ... in [nodes.{group}] itself");
                let mut check = check.name(group);
                check
                    .at("resources.slots")
                    .error("slots are no resource", hint);
            }
            match largest.iter_mut().find(|(name, _)| name == resource) {
                Some((_, most)) => *most = most.max(amount.0),
                None => largest.push((resource, amount.0)),
            }
        }
    }
    let resources = largest
        .into_iter()
        .map(|(name, most)| Dimension::new(name, most));
    std::iter::once(Dimension::slots())
        .chain(resources)
        .collect()
}

/// A group with its capacity in units of `dimensions`; slots are unlimited where resources bound what runs.
fn group(name: &str, nodes: &Nodes, dimensions: &[Dimension]) -> Group {
    let units = |d: &Dimension| {
        nodes
            .resources
            .get(&d.name)
            .map_or(0, |amount| d.units(amount.0))
    };
    let mut capacity: Vec<Option<u64>> = dimensions.iter().map(|d| Some(units(d))).collect();
    capacity[SLOTS] = match nodes.slots {
        Some(Slots::Limited(count)) => Some(count.get()),
        None if nodes.resources.is_empty() => Some(1),
        Some(Slots::Unlimited) | None => None,
    };
    Group {
        price: nodes.price.0,
        power: nodes.power.map(|power| elastic::Power {
            idle: power.idle.0,
            busy: power.busy.0,
        }),
        zone: nodes.zone.clone(),
        queue_limit: nodes.queue_limit.map(Whole::get),
        backfill: nodes.backfill,
        ..Group::new(name, nodes.count.0 as u32, nodes.speed.0, capacity)
    }
}

/// How many of the nodes are not there from the start.
fn away(check: &mut Check<'_>, nodes: &Nodes) -> u32 {
    let least = nodes
        .autoscaling
        .as_ref()
        .map_or(nodes.count.0, |rule| rule.min.0);
    let initial = nodes.initial.map_or(least, |initial| initial.0);
    if initial > nodes.count.0 {
        let hint = "`count` is how many there can be";
        check.at("initial").error("more nodes than `count`", hint);
    }
    if initial < least && nodes.autoscaling.is_some() {
        let hint = "leave it out for `autoscaling.min`, or lower that";
        check
            .at("initial")
            .error("fewer nodes than `autoscaling.min`", hint);
    }
    (nodes.count.0 - initial).max(0.0) as u32
}

/// The rule by which the group grows and shrinks. Between `below` and `above` nothing happens, and after a
/// change nothing for `cooldown`: without both a rule follows its own effect and swings.
fn autoscaling(check: &mut Check<'_>, nodes: &Nodes) -> Option<elastic::Autoscaling> {
    let rule = nodes.autoscaling.as_ref()?;
    let mut check = check.at("autoscaling");
    let (count, min) = (nodes.count.0, rule.min.0);
    let max = rule.max.map_or(count, |max| max.0);
    if rule.below.0 >= rule.above.0 {
        let hint = "in between the size stays as it is";
        check
            .at("below")
            .error("`below` is not below `above`", hint);
    }
    if max > count {
        let hint = "`count` is how many there can be";
        check.at("max").error("more nodes than `count`", hint);
    }
    if min > max {
        check.at("min").error(
            "`min` is above the most there can be",
            "lower it, or raise `max` or `count`",
        );
    }
    Some(elastic::Autoscaling {
        on: rule.on,
        above: rule.above.0,
        below: rule.below.0,
        min: min.min(count) as u32,
        max: max.min(count) as u32,
        step: rule.step.0.min(count) as u32,
        boot: Time::from_secs(rule.boot.0),
        cooldown: Time::from_secs(rule.cooldown.0),
        every: Time::from_secs(rule.every.0),
    })
}

/// In which order a node serves what waits at it.
fn discipline(check: &mut Check<'_>, given: &grammar::Discipline) -> Discipline {
    match given {
        grammar::Discipline::Fifo(_) => Discipline::Fifo,
        grammar::Discipline::Lifo(_) => Discipline::Lifo,
        grammar::Discipline::Priority(given) => Discipline::Priority {
            preemptive: given.preemptive,
        },
        grammar::Discipline::Sjf(_) => Discipline::Sjf,
        grammar::Discipline::Srpt(_) => Discipline::Srpt,
        grammar::Discipline::ProcessorSharing(given) => {
            let mut check = check.at("discipline.processor-sharing.slow-down");
            let curve = given.slow_down.as_ref();
            Discipline::ProcessorSharing(
                curve
                    .map(|given| slow_down(&mut check, given))
                    .unwrap_or_default(),
            )
        }
    }
}

/// The curve by which tasks that share a node slow each other down: factors at rising numbers of tasks,
/// straight lines between them.
fn slow_down(check: &mut Check<'_>, given: &grammar::SlowDown) -> SlowDown {
    let (tasks, factors) = (&given.tasks, &given.factors);
    if tasks.len() != factors.len() || tasks.is_empty() {
        let title = format!(
            "the curve has {} and {}",
            plural(tasks.len(), "number of tasks", "numbers of tasks"),
            plural(factors.len(), "factor", "factors")
        );
        check.error(title, "give as many `factors` as `tasks`, at least one");
    } else if tasks.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
        let hint = "write each number of tasks once, the smallest first";
        check
            .at("tasks")
            .error("the numbers of tasks do not rise", hint);
    }
    let points = tasks.iter().zip(factors);
    SlowDown::new(points.map(|(tasks, factor)| (tasks.get(), factor.0)))
}
