//! `[nodes.NAME]` as a cluster.
//!
//! Groups keep the order of the file, because node ids run through them and ties may go to the
//! lowest id. Dimensions are all the resources that any group names: a node has none of what it
//! does not name.

use super::check::Check;
use crate::engine::quantity::Whole;
use crate::model::cluster::{Cluster, Dimension, Group, SLOTS};
use crate::model::discipline::{Discipline, SlowDown};
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
        zone: nodes.zone.clone(),
        queue_limit: nodes.queue_limit.map(Whole::get),
        backfill: nodes.backfill,
        ..Group::new(name, nodes.count.0 as u32, nodes.speed.0, capacity)
    }
}

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
