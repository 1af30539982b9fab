//! Which nodes are kept for which classes, and whose tasks may be stolen.
//!
//! Hawk (Delgado et al., USENIX ATC 2015) keeps a part of the cluster free of long jobs and lets the nodes
//! there steal short ones. A share is taken of each group, not of all nodes in a row, so that the part that is
//! kept has the same mix of machines as the whole; and a class that would be left without any node is refused
//! here, as its tasks would wait for ever.

use std::ops::Range;

use super::check::Check;
use super::class_names::{is_class, narrowness};
use super::faults::nodes;
use crate::model::cluster::Cluster;
use crate::model::layout::Layout;
use crate::scenario::grammar::{self, IdleThieves, Named};
use crate::strategy::{Pool, Reserve, Strategy};
use crate::workload::class::Class;

/// Whether each class may be stolen from; nothing if all may. The outer nothing if that is wrong.
pub fn stolen(
    check: &mut Check<'_>,
    given: Option<&grammar::Stealing>,
    classes: &[Class],
) -> Option<Vec<bool>> {
    let Some(grammar::Stealing::Idle(IdleThieves { classes: named, .. })) = given else {
        return Some(Vec::new());
    };
    if named.is_empty() || classes.is_empty() {
        return Some(Vec::new());
    }
    let mut check = check.at("stealing.idle.classes");
    let is_known = |(at, name): (usize, &String)| is_class(&mut check.name(at), name, classes);
    let known = named.iter().enumerate().map(is_known);
    let are_known = known.filter(|is| !is).count() == 0;
    let is_named = |class: &Class| named.iter().any(|name| narrowness(name, &class.name) > 0);
    are_known.then(|| classes.iter().map(is_named).collect())
}

/// The nodes that are kept, if nothing is wrong.
pub fn resolve(
    check: &mut Check<'_>,
    given: &Named<grammar::Reserve>,
    cluster: &Cluster,
    classes: &[Class],
) -> Option<Vec<Reserve>> {
    let mut check = check.at("partition");
    let one = |(name, given): (&String, &grammar::Reserve)| {
        let mut check = check.name(name);
        let nodes = reserved(&mut check, given, cluster)?;
        if !classes.is_empty() && !is_class(&mut check, name, classes) {
            return None;
        }
        let is_its = |class: &Class| narrowness(name, &class.name) > 0;
        Some(Reserve {
            classes: classes.iter().map(is_its).collect(),
            nodes,
            borrow: given.borrow,
        })
    };
    let all: Vec<Option<Reserve>> = given.iter().map(one).collect();
    all.into_iter().collect()
}

/// The ids that are kept: of named nodes, or the first ones of each group that make up a share of it.
fn reserved(
    check: &mut Check<'_>,
    given: &grammar::Reserve,
    cluster: &Cluster,
) -> Option<Vec<Range<u32>>> {
    if given.nodes.is_empty() == given.share.is_none() {
        let hint = "as in nodes = [\"gen2\"], or share = 0.17";
        check.error("give either `nodes` or a `share` of them", hint);
        return None;
    }
    if let Some(share) = given.share {
        return Some(first_of_each(share.0, cluster));
    }
    let mut check = check.at("nodes");
    let named = given.nodes.iter().enumerate();
    let all: Vec<_> = named
        .map(|(at, text)| nodes(&mut check.name(at), text, cluster))
        .collect();
    all.into_iter().collect()
}

/// The first nodes of each group, as many as are that share of it.
fn first_of_each(share: f64, cluster: &Cluster) -> Vec<Range<u32>> {
    let mut first = 0;
    let of_group = |count: u32| {
        let begin = first;
        first += count;
        begin..begin + (share * f64::from(count)).round_ties_even() as u32
    };
    cluster
        .groups
        .iter()
        .map(|group| group.count)
        .map(of_group)
        .collect()
}

/// Every task must have nodes that are not kept for others.
pub fn check(check: &mut Check<'_>, strategy: &Strategy, cluster: &Cluster, classes: &[Class]) {
    if strategy.partition.is_empty() {
        return;
    }
    let layout = Layout::new(cluster);
    for (at, class) in (0..).zip(classes) {
        let has_nodes = class.stages.iter().all(|stage| {
            let pool = Pool::eligible(&layout, &stage.allowed, &stage.demand);
            let mut nodes = pool.ids().iter();
            pool.ids().is_empty() || nodes.any(|node| strategy.lets_use(at, *node))
        });
        if !has_nodes {
            let title = format!(
                "no node is left for `{}`: all that its tasks could use are kept for others",
                class.name
            );
            check
                .at("partition")
                .error(title, "keep fewer nodes for others");
        }
    }
}
