//! `[faults]`: laws, nodes by id, instants in order.
//!
//! What fails is drawn from streams of its own, one for each node, zone and task, so that all strategies meet
//! the same failures at the same instants; here the keys become those laws, and nodes that a script names
//! become ids. A script is applied in order of time, and ties keep the order of the file: taking a node down
//! and up again at one instant leaves it up. What could never have an effect (a node that is not there, a
//! repair that never comes while tasks wait for it) is told before the run, not found after it.

use std::ops::Range;

use super::check::Check;
use crate::engine::quantity::Count;
use crate::engine::time::Time;
use crate::model::cluster::{Cluster, Group};
use crate::model::nodes::NodeState;
use crate::scenario::grammar::{
    BudgetOf, Clock, Event, Faults, NodeFailures, RetriedWork, Retries, SlowDowns, TaskFailures,
    Turn, ZoneFailures,
};
use crate::sim::setup;
use crate::workload::class::{Class, Shape, Stage};

/// Attempts at a task at most: their numbers have twelve bits in the keys of random draws.
const MOST_ATTEMPTS: u64 = 1 << 12;

/// The stragglers as laws; `None` if there are none.
pub fn stragglers(check: &mut Check<'_>, faults: &Faults) -> Option<setup::Stragglers> {
    let stragglers = faults.stragglers.as_ref()?;
    let factor = check.at("factor").law(&stragglers.factor)?;
    let probability = stragglers.probability.0;
    (probability > 0.0).then_some(setup::Stragglers {
        probability,
        factor,
    })
}

/// All that goes wrong beside stragglers; nothing if any of it is wrong.
pub fn faults(
    check: &mut Check<'_>,
    faults: &Faults,
    cluster: &Cluster,
    classes: &[Class],
) -> Option<setup::Faults> {
    let failures = faults.node_failures.clone().unwrap_or_default();
    let node_failures = node_failures(&mut check.at("node-failures"), &failures);
    let zones = faults.zone_failures.as_ref();
    let zone_failures = zones.map(|z| zone_failures(&mut check.at("zone-failures"), z, cluster));
    let given = faults.slow_downs.as_ref();
    let slow_downs = given.map(|s| slow_downs(&mut check.at("slow-downs"), s, cluster));
    let changes = changes(&mut check.at("events"), &faults.events, cluster);
    let task = faults.task_failures.as_ref();
    let task_failures = task.map(|f| task_failures(&mut check.at("task-failures"), f));
    let default = setup::Retries::default();
    let given = faults.retries.as_ref();
    let retries = given.map_or(Some(default), |r| {
        retries(&mut check.at("retries"), r, classes)
    });
    let time = |period: Option<crate::engine::quantity::Period>| {
        period.map(|period| Time::from_secs(period.0))
    };
    let resolved = setup::Faults {
        node_failures: node_failures?,
        zone_failures: optional(zone_failures)?,
        slow_downs: optional(slow_downs)?,
        changes: changes?,
        stranded: setup::Stranded {
            running: failures.running,
            queued: failures.queued,
        },
        task_failures: optional(task_failures)?.flatten(),
        timeouts: setup::Timeouts {
            task: time(faults.timeouts.task),
            job: time(faults.timeouts.job),
            run_on: !faults.timeouts.cancel,
        },
        retries: retries?,
    };
    warn_in_vain(check, faults, &resolved);
    comes_up(check, &resolved, cluster, classes).then_some(resolved)
}

/// `Some(None)` if nothing was given, `None` if it was wrong.
fn optional<T>(given: Option<Option<T>>) -> Option<Option<T>> {
    match given {
        None => Some(None),
        Some(found) => found.map(Some),
    }
}

/// Times to failure and to repair: an alternating renewal process of each node (Barlow & Proschan, 1965).
/// `clock = "busy"` lets only time in service wear a node out. `Some(None)` if there are none.
fn node_failures(
    check: &mut Check<'_>,
    failures: &NodeFailures,
) -> Option<Option<setup::NodeFailures>> {
    let (up, down) = match (&failures.up, &failures.down) {
        (None, None) => return Some(None),
        (Some(up), Some(down)) => (check.at("up").law(up), check.at("down").law(down)),
        _ => {
            let hint = "`up` says how long nodes work, `down` how long a repair takes";
            check.error("`up` and `down` go together", hint);
            return None;
        }
    };
    let (up, down) = (up?, down?);
    if up.mean() <= 0.0 {
        let hint = "give a mean above 0, or leave `node-failures` out";
        check.at("up").error("nodes would fail all the time", hint);
        return None;
    }
    Some(Some(setup::NodeFailures {
        up,
        down,
        busy_clock: failures.clock == Clock::Busy,
    }))
}

/// Attempts that fail: with a probability each, or as a Poisson process while they are served, which fails long
/// ones more often. `Some(None)` if none ever does.
fn task_failures(
    check: &mut Check<'_>,
    failures: &TaskFailures,
) -> Option<Option<setup::TaskFailures>> {
    match (failures.probability, failures.rate) {
        (Some(p), None) => Some((p.0 > 0.0).then_some(setup::TaskFailures::Probability(p.0))),
        (None, Some(rate)) => Some((rate.0 > 0.0).then_some(setup::TaskFailures::Rate(rate.0))),
        _ => {
            let hint = "`probability = 0.01` of each attempt, or `rate = 0.1` a second of service";
            check.error("give either `probability` or `rate`", hint);
            None
        }
    }
}

/// How lost attempts are made again. Backoff grows by a factor and is spread by jitter, so that what failed
/// together does not come back together; a budget bounds how much retrying adds to the load, as a share of the
/// first attempts, because retries of an overloaded system keep it overloaded. Shares are kept in fixed point,
/// in parts of 10^9.
fn retries(check: &mut Check<'_>, retries: &Retries, classes: &[Class]) -> Option<setup::Retries> {
    let Count(attempts) = retries.max_attempts;
    let mut is_right = true;
    if attempts > MOST_ATTEMPTS as f64 {
        let hint = "a task that fails so often will not succeed; take fewer";
        let title = format!("more than {MOST_ATTEMPTS} attempts at a task");
        check.at("max-attempts").error(title, hint);
        is_right = false;
    }
    if retries.work == RetriedWork::Fresh {
        is_right &= can_draw_anew(&mut check.at("work"), classes);
    }
    is_right.then_some(setup::Retries {
        max_attempts: attempts as u16,
        backoff: retries.backoff.0,
        growth: retries.growth.0,
        jitter: retries.jitter.0,
        fresh_work: retries.work == RetriedWork::Fresh,
        budget: setup::Budget {
            job: retries
                .budget
                .job
                .map(|most| most.0.min(f64::from(u32::MAX)) as u32),
            share: retries
                .budget
                .share
                .map_or(0, |share| (share.0.min(1e6) * 1e9).max(1.0) as u64),
            saved: retries.budget.saved.0.min(1e6) as u32,
            by_client: retries.budget.by == BudgetOf::Client,
        },
    })
}

/// Refuses other work for another attempt where that is not drawn task by task.
pub(super) fn can_draw_anew(check: &mut Check<'_>, classes: &[Class]) -> bool {
    let is_task_by_task = |stage: &Stage| matches!(stage.shape, Shape::Tasks { .. });
    let is_drawn = |class: &&Class| class.stages.iter().all(is_task_by_task);
    let Some(class) = classes.iter().find(|class| !is_drawn(class)) else {
        return true;
    };
    let title = format!("the work of `{}` is not drawn task by task", class.name);
    let hint = "only `tasks` with `work` can draw the work of another attempt; use \"same\"";
    check.error(title, hint);
    false
}

/// Most nodes that may be slow by chance: each is two entities.
const MOST_SLOW: u32 = 1 << 22;

/// Spells in which a node is slower by a factor: how far apart they are and how long they last.
fn slow_downs(
    check: &mut Check<'_>,
    given: &SlowDowns,
    cluster: &Cluster,
) -> Option<setup::SlowDowns> {
    let (every, last) = (
        check.at("every").law(&given.every),
        check.at("last").law(&given.last),
    );
    let (every, last) = (every?, last?);
    if every.mean() <= 0.0 {
        let hint = "give a mean above 0, or lower nodes.NAME.speed";
        check
            .at("every")
            .error("nodes would be slow all the time", hint);
        return None;
    }
    if cluster.count() > MOST_SLOW {
        let hint = "simulate fewer nodes, or leave them out";
        check.error("slow-downs are for at most 4,194,304 nodes", hint);
        return None;
    }
    Some(setup::SlowDowns {
        every,
        last,
        factor: (given.factor.0.min(1e6) * 1e9).round_ties_even() as u64,
    })
}

/// Failures that all nodes of a zone share: what makes replicas in one place worth less than their number.
fn zone_failures(
    check: &mut Check<'_>,
    failures: &ZoneFailures,
    cluster: &Cluster,
) -> Option<setup::NodeFailures> {
    let (up, down) = (
        check.at("up").law(&failures.up),
        check.at("down").law(&failures.down),
    );
    if cluster.zones().is_empty() {
        let hint = "say which nodes are where: nodes.NAME.zone = \"a\"";
        check.error("no node has a zone", hint);
        return None;
    }
    let (up, down) = (up?, down?);
    if up.mean() <= 0.0 {
        let hint = "give a mean above 0, or leave `zone-failures` out";
        check.at("up").error("zones would fail all the time", hint);
        return None;
    }
    Some(setup::NodeFailures {
        up,
        down,
        busy_clock: false,
    })
}

/// The script in order of time; events of one instant in file order.
fn changes(
    check: &mut Check<'_>,
    events: &[Event],
    cluster: &Cluster,
) -> Option<Vec<setup::Change>> {
    let (mut changes, mut is_right) = (Vec::new(), true);
    for (at, event) in events.iter().enumerate() {
        let hit = hit(&mut check.name(at), event, cluster);
        is_right &= hit.is_some();
        let to = turn(event.change);
        if !matches!(to, setup::Turn::State(_)) {
            let mut check = check.name(at);
            let nodes = hit.iter().flatten();
            nodes.for_each(|nodes| own_will(&mut check.at("change"), nodes, cluster));
        }
        changes.extend(hit.into_iter().flatten().map(|nodes| setup::Change {
            at: Time::from_secs(event.at.0),
            nodes,
            to,
        }));
    }
    changes.sort_by_key(|change| change.at);
    is_right.then_some(changes)
}

/// What happens to a node.
fn turn(change: Turn) -> setup::Turn {
    match change {
        Turn::Up => NodeState::Up.into(),
        Turn::Drain => NodeState::Draining.into(),
        Turn::Down => NodeState::Down.into(),
        Turn::Join => setup::Turn::Join,
        Turn::Leave => setup::Turn::Leave,
    }
}

/// The nodes that an event is about, by id.
fn hit(check: &mut Check<'_>, event: &Event, cluster: &Cluster) -> Option<Vec<Range<u32>>> {
    match (&event.nodes, &event.zone) {
        (Some(text), None) => nodes(&mut check.at("nodes"), text, cluster).map(|one| vec![one]),
        (None, Some(zone)) => {
            let zones = cluster.zones();
            let names: Vec<&str> = zones.iter().map(|(name, _)| *name).collect();
            let is_known = check.at("zone").knows("zones", zone, &names);
            let found = zones.into_iter().find(|(name, _)| name == zone);
            found.filter(|_| is_known).map(|(_, nodes)| nodes)
        }
        _ => {
            let hint = "`nodes = \"gen1[0..5]\"`, or `zone = \"a\"` for all nodes there";
            check.error("give either `nodes` or `zone`", hint);
            None
        }
    }
}

/// Refuses that nodes of a group which scales itself join or leave by a script.
fn own_will(check: &mut Check<'_>, nodes: &Range<u32>, cluster: &Cluster) {
    let mut first = 0;
    for group in &cluster.groups {
        let is_its = (first..first + group.count).contains(&nodes.start);
        if is_its && group.autoscaling.is_some() {
            let title = format!(
                "the nodes of `{}` join and leave by autoscaling",
                group.name
            );
            check.error(title, "keep one of the two");
        }
        first += group.count;
    }
}

/// The ids of the nodes that `text` names: a group, or `group[3]`, or `group[0..5]`, or `group[0..17 %]`.
pub(super) fn nodes(check: &mut Check<'_>, text: &str, cluster: &Cluster) -> Option<Range<u32>> {
    let (name, some) = match text.split_once('[') {
        None => (text, None),
        Some((name, rest)) => (name, Some(rest.strip_suffix(']').unwrap_or(""))),
    };
    let known: Vec<&str> = cluster.groups.iter().map(|g| g.name.as_str()).collect();
    if !check.knows("nodes", name, &known) {
        return None;
    }
    let before = cluster.groups.iter().take_while(|group| group.name != name);
    let first: u32 = before.map(|group| group.count).sum();
    let group = cluster.groups.iter().find(|group| group.name == name)?;
    let chosen = some.map_or(Some(0..group.count), |some| {
        percent(some, group.count).or_else(|| range(some))
    });
    let chosen = chosen.filter(|range| !range.is_empty() && range.end <= group.count);
    if chosen.is_none() {
        let title = format!("`{text}` names no nodes of `{name}`");
        let hint = format!(
            "`{name}` for all, `{name}[0]` for one, `{name}[0..{0}]` for those from 0 to {1}, `{name}[0..10 %]` for a share",
            group.count,
            group.count - 1
        );
        check.error(title, hint);
    }
    chosen.map(|range| first + range.start..first + range.end)
}

/// `0..17 %`: from that hundredth of `count` nodes to that, rounded half to even.
fn percent(text: &str, count: u32) -> Option<Range<u32>> {
    let (from, to) = text.strip_suffix('%')?.split_once("..")?;
    let node = |text: &str| {
        let percent = text.trim().parse::<f64>().ok()?;
        let share = (0.0..=100.0)
            .contains(&percent)
            .then_some(percent / 100.0)?;
        Some((share * f64::from(count)).round_ties_even() as u32)
    };
    Some(node(from)?..node(to)?)
}

/// `3` or `0..5`.
fn range(text: &str) -> Option<Range<u32>> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    match text.split_once("..") {
        Some((from, to)) => Some(number(from)?..number(to)?),
        None => number(text).map(|one| one..one.saturating_add(1)),
    }
}

/// What is said about faults that never happen has no effect.
fn warn_in_vain(check: &mut Check<'_>, given: &Faults, faults: &setup::Faults) {
    if given.retries.is_some() && faults.are_none() {
        let hint = "say what fails: `task-failures`, `node-failures`, `timeouts`";
        check.at("retries").warn("no attempt ever fails", hint);
    }
    if given.node_failures.is_some() && !faults.change_nodes() {
        let hint = "say when: `up` and `down`, or `faults.events`";
        check
            .at("node-failures")
            .warn("no node ever goes down", hint);
    }
}

/// Which nodes are there, if no script says otherwise.
fn there_in_the_end(cluster: &Cluster) -> Vec<bool> {
    let of = |group: &Group| {
        let all = (0..group.count).map(|at| at + group.away < group.count);
        all.collect::<Vec<bool>>()
    };
    cluster.groups.iter().flat_map(of).collect()
}

/// True if for each class some node is up again after the last event on which it may run.
fn comes_up(
    check: &mut Check<'_>,
    faults: &setup::Faults,
    cluster: &Cluster,
    classes: &[Class],
) -> bool {
    let count = cluster.groups.iter().map(|group| group.count).sum::<u32>();
    let mut states = vec![NodeState::Up; count as usize];
    let mut is_there = there_in_the_end(cluster);
    for change in &faults.changes {
        let nodes = change.nodes.start as usize..change.nodes.end as usize;
        match change.to {
            setup::Turn::State(state) => states[nodes].fill(state),
            moves => is_there[nodes].fill(moves == setup::Turn::Join),
        }
    }
    for (state, is_there) in states.iter_mut().zip(is_there) {
        *state = if is_there { *state } else { NodeState::Down };
    }
    let stages = classes.iter();
    let mut stages = stages.flat_map(|class| class.stages.iter().map(move |stage| (class, stage)));
    let stuck = stages.find(|(_, stage)| {
        let eligible =
            crate::model::cluster::eligible(&cluster.groups, &stage.allowed, &stage.demand);
        let eligible: Vec<bool> = eligible.collect();
        let fits_somewhere = eligible.contains(&true);
        let groups = cluster.groups.iter().zip(eligible);
        let mut may_run = groups.flat_map(|(g, may)| std::iter::repeat_n(may, g.count as usize));
        let mut states = states.iter();
        fits_somewhere
            && !states.any(|state| may_run.next() == Some(true) && *state == NodeState::Up)
    });
    if let Some((class, _)) = stuck {
        let title = format!(
            "after the last event no node is up on which `{}` may run",
            class.name
        );
        check
            .at("events")
            .error(title, "let some come up again: `change = \"up\"`");
    }
    stuck.is_none()
}
