//! What is asked of nodes that a strategy sets apart: those that are kept for classes, and those that serve an
//! interval of works. Whatever the load of all nodes together, one of these may have too much.

use super::{Use, used};
use crate::model::cluster::{Group, SLOTS};
use crate::model::layout::Layout;
use crate::sim::setup::Setup;
use crate::strategy::fixed_split::downcast;
use crate::strategy::placement::size_interval::{SizeInterval, nodes_of};
use crate::text::Scale;
use crate::workload::class::Class;
use crate::workload::load::Demand;

/// All of them, after those of `groups`.
pub fn of(setup: &Setup, demand: &Demand<'_>, longer: f64, groups: &[Use]) -> Vec<Use> {
    let mut all = groups.to_vec();
    all.extend(kept(setup, demand, longer));
    all.extend(intervals(setup, demand, longer));
    all
}

/// Nodes by id, and the classes that may use these alone.
struct Part {
    nodes: Vec<bool>,
    classes: Vec<usize>,
}

/// Utilization, by dimension, of the nodes that some class may use under the strategy's partition, by the classes that may use no
/// others; `longer` is what everything takes longer by.
fn kept(setup: &Setup, demand: &Demand<'_>, longer: f64) -> Vec<Use> {
    if setup.strategy.partition.is_empty() {
        return Vec::new();
    }
    let layout = Layout::new(&setup.cluster);
    let parts = parts(setup, &layout);
    let each = parts.iter().filter(|part| part.nodes.contains(&false));
    let of = |part: &Part| uses(setup, demand, (&layout, part), &parts, longer);
    each.flat_map(of).collect()
}

/// What each class may use, once for those that may use the same.
fn parts(setup: &Setup, layout: &Layout) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (at, class) in setup.classes.iter().enumerate() {
        let eligible = class
            .stages
            .iter()
            .map(|stage| stage.eligible(&setup.cluster.groups));
        let eligible: Vec<Vec<bool>> = eligible.collect();
        let may = |node| {
            eligible
                .iter()
                .any(|groups| groups[layout.group_index(node)])
        };
        let may = |node| may(node) && setup.strategy.lets_use(at as u32, node);
        let nodes: Vec<bool> = layout.ids().map(may).collect();
        match parts.iter_mut().find(|part| part.nodes == nodes) {
            Some(part) => part.classes.push(at),
            None => parts.push(Part {
                nodes,
                classes: vec![at],
            }),
        }
    }
    parts
}

/// Utilization of the nodes of a part, by dimension: what the classes that may go nowhere else ask of them.
/// Nodes that only they may use can be too few for them while the cluster as a whole is idle.
fn uses(
    setup: &Setup,
    demand: &Demand<'_>,
    (layout, part): (&Layout, &Part),
    parts: &[Part],
    longer: f64,
) -> Vec<Use> {
    let is_inside = |other: &&Part| {
        let mut both = other.nodes.iter().zip(&part.nodes);
        both.all(|(has, is)| !has || *is)
    };
    let inside = parts
        .iter()
        .filter(is_inside)
        .flat_map(|part| &part.classes);
    let classes: Vec<usize> = inside.copied().collect();
    let name = &setup.classes[part.classes[0]].name;
    let of_dimension = |at: usize| {
        let of_node = |node| {
            let group = layout.group(node);
            group.power(at) / f64::from(group.count)
        };
        let nodes = layout.ids().filter(|node| part.nodes[node.index()]);
        let power: f64 = nodes.map(of_node).sum();
        let asked = classes
            .iter()
            .map(|class| used(&demand.offered[*class], at, longer));
        let share = asked.sum::<f64>() / power;
        let dimension = &setup.cluster.dimensions[at].name;
        (power.is_finite() && power > 0.0).then(|| Use {
            of: format!("{dimension} of the nodes that `{name}` may use"),
            share,
            key: format!("strategies.{}.partition", setup.strategy.name),
        })
    };
    (0..setup.cluster.dimensions.len())
        .filter_map(of_dimension)
        .collect()
}

/// Utilization of the slots of the slowest node of each interval of works between cut-offs that are given, where the works of all
/// its classes are known.
fn intervals(setup: &Setup, demand: &Demand<'_>, longer: f64) -> Vec<Use> {
    let strategy = &setup.strategy;
    let sets = strategy.parts.iter().enumerate();
    let of = |(set, parts): (usize, &crate::strategy::Parts)| {
        let cuts = downcast::<SizeInterval>(&*parts.placement)?.given();
        let meant: Vec<usize> = (0..setup.classes.len())
            .filter(|at| strategy.parts_of_class[*at] == set)
            .collect();
        let is_whole = strategy.partition.is_empty() && parts.subset.is_none();
        (is_whole && !cuts.is_empty())
            .then(|| of_intervals(setup, demand, &meant, &cuts, longer))?
    };
    sets.filter_map(of).flatten().collect()
}

/// The same for the classes of one set of parts; nothing if they are unlike, or their works not known.
fn of_intervals(
    setup: &Setup,
    demand: &Demand<'_>,
    meant: &[usize],
    cuts: &[f64],
    longer: f64,
) -> Option<Vec<Use>> {
    let powers = powers(setup, meant)?;
    let each = meant.iter().map(|at| asked(demand, *at, cuts, longer));
    let asked = each.collect::<Option<Vec<Vec<f64>>>>()?;
    let name = &setup.strategy.name;
    let of = |interval: usize| {
        let (first, count) = nodes_of(interval, cuts.len() + 1, powers.len());
        let powers = powers[first..first + count].iter();
        let slowest = powers.copied().fold(f64::INFINITY, f64::min);
        let all: f64 = asked.iter().map(|class| class[interval]).sum();
        Use {
            of: format!(
                "slots of the slowest node for works {}",
                bounds(cuts, interval)
            ),
            share: all / count as f64 / slowest,
            key: format!("strategies.{name}.placement.size-interval.cut-offs"),
        }
    };
    Some((0..=cuts.len()).map(of).collect())
}

/// "from 1.00 s to 5.00 s".
fn bounds(cuts: &[f64], interval: usize) -> String {
    let span = |at: usize| cuts.get(at).map(|cut| Scale::time([*cut]).value(*cut));
    match (interval.checked_sub(1).and_then(span), span(interval)) {
        (Some(from), Some(to)) => format!("from {from} to {to}"),
        (Some(from), None) => format!("above {from}"),
        (None, to) => format!("up to {}", to.unwrap_or_default()),
    }
}

/// Speed x slots of each node that classes may use, in id order; nothing if they may not use the same alike.
fn powers(setup: &Setup, classes: &[usize]) -> Option<Vec<f64>> {
    let groups = &setup.cluster.groups;
    let first = setup.classes.get(*classes.first()?)?.stages.first()?;
    let eligible = first.eligible(groups);
    let is_alike = |class: &Class| {
        class.stages.len() == 1
            && class.data.is_none()
            && class.stages[0].eligible(groups) == eligible
            && class.stages[0].demand[SLOTS] == first.demand[SLOTS]
    };
    let are_alike = classes.iter().all(|at| is_alike(&setup.classes[*at]));
    let nodes = groups.iter().zip(&eligible).filter(|(_, is)| **is);
    let of_group = |(group, _): (&Group, &bool)| {
        let of_node = group.power(SLOTS) / f64::from(group.count);
        std::iter::repeat_n(of_node, group.count as usize)
    };
    are_alike.then(|| nodes.flat_map(of_group).collect())
}

/// Slots that the tasks of a class hold on average at nodes of speed 1, by interval of works.
fn asked(demand: &Demand<'_>, class: usize, cuts: &[f64], longer: f64) -> Option<Vec<f64>> {
    let stage = &demand.classes[class].stages[0];
    let (tasks, law) = stage.works()?;
    let rate = demand.offered[class].rate? * tasks * stage.demand[SLOTS] as f64;
    // Work, and number, of the tasks above a cut-off.
    let above = |cut: Option<&f64>| match cut {
        Some(&cut) => (law.upper_moment(1, cut), law.survival(cut)),
        None => (0.0, 0.0),
    };
    let mut before = (law.upper_moment(1, 0.0), 1.0);
    let of = |at: usize| {
        let next = above(cuts.get(at));
        let (work, number) = (before.0 - next.0, before.1 - next.1);
        before = next;
        rate * (work * longer + number * stage.overhead.as_secs())
    };
    Some((0..=cuts.len()).map(of).collect())
}
