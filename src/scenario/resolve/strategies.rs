//! `[scheduling]` and `[strategies.NAME]` as strategies.
//!
//! Strategies are what is compared, so what two of them share must be the same: both are built from
//! the same defaults, and a part that a class overrides gets dispatchers of its own. Every
//! placement is built once on a small cluster of the same groups, so that one that cannot work says
//! so before the run.

use std::cmp::Reverse;
use std::sync::Arc;

use super::check::Check;
use super::class_names::{is_class, narrowness};
use super::health;
use super::partition;
use crate::engine::law::Law;
use crate::engine::quantity::{Count, Whole};
use crate::engine::time::Time;
use crate::model::cluster::{Cluster, Group};
use crate::model::discipline::Discipline;
use crate::model::layout::Layout;
use crate::scenario::grammar::{
    self, CancelOthers, Delayed, Gossip, IdleThieves, JobsServed, Named, NoCopies, Overrides,
    Periodic, Phases, Push, Redundancy, RetriedWork, Scheduling, View,
};
use crate::scenario::text::suggest;
use crate::strategy::placement::random::Random;
use crate::strategy::{
    Backfill, Binding, Copies, Eligible, Estimates, Gossiping, Hedge, InFlight, Information, Late,
    Limits, Parts, Pool, Pushing, QueueRules, Sampling, Spread, Stealing, Strategy, Ties,
};
use crate::workload::class::{Class, Stage};

/// Checks the names of all strategies, and `[scheduling]`.
pub fn names(check: &mut Check<'_>, strategies: &Named<grammar::Strategy>, common: &Scheduling) {
    let mut places = check.at("strategies");
    if strategies.is_empty() {
        let hint = "add one, for example [strategies.random] with placement = \"random\"";
        places.error("the scenario has no strategies", hint);
    }
    strategies.keys().for_each(|name| places.check_name(name));
    parts(&mut check.at("scheduling"), &common.parts(), &defaults());
}

/// All strategies, if nothing of them is wrong; without classes, what can be judged of them. Their
/// tables were merged with `like` and `[scheduling]`.
pub fn resolve(
    check: &mut Check<'_>,
    strategies: &Named<grammar::Strategy>,
    cluster: &Cluster,
    classes: Option<&[Class]>,
) -> Option<Vec<Strategy>> {
    let mut check = check.at("strategies");
    let one = |(name, given): (&String, &grammar::Strategy)| {
        let mut check = check.name(name);
        let strategy = strategy(&mut check, name, given, (cluster, classes))?;
        central(&mut check, given, &strategy);
        gangs(&mut check, &strategy, classes.unwrap_or_default());
        blind(&mut check, given, &strategy);
        thieves(&mut check, &strategy, cluster);
        late(&mut check, given, &strategy, cluster);
        probes(&mut check, &strategy);
        idle_queues(&mut check, &strategy);
        partition::check(&mut check, &strategy, cluster, classes.unwrap_or_default());
        crowded(&mut check, &strategy, cluster);
        Some(strategy)
    };
    let all: Vec<Option<Strategy>> = strategies.iter().map(one).collect();
    all.into_iter().collect()
}

/// A strategy and its parts: the first set is its own, and a set more for each override of a class. What is
/// wrong in one part does not hide what is wrong in the next, so that a file is mended in one go.
fn strategy(
    check: &mut Check<'_>,
    name: &str,
    given: &grammar::Strategy,
    (cluster, classes): (&Cluster, Option<&[Class]>),
) -> Option<Strategy> {
    let classes = classes.unwrap_or_default();
    let sets = sets(check, given, classes)?;
    let wanted: Vec<&String> = given.r#for.keys().collect();
    let parts_of_class: Vec<usize> = classes.iter().map(|class| set(&wanted, class)).collect();
    workable(
        check,
        name,
        given,
        (&sets, &parts_of_class),
        (cluster, classes),
    );
    let limits = limits(check, given, classes);
    let copies = copies(check, given);
    let (stealing, pushing) = (given.stealing.as_ref()).map_or((None, None), stealing);
    let stolen = partition::stolen(check, given.stealing.as_ref(), classes);
    let partition = partition::resolve(check, &given.partition, cluster, classes);
    let health = health::health(check, given)?;
    Some(Strategy {
        name: name.to_owned(),
        binding: binding(given, &sets),
        parts_of_class,
        parts: sets,
        limits: limits?,
        queue: rules(given),
        copies: copies?,
        stealing,
        pushing,
        stolen: stolen?,
        partition: partition?,
        health,
    })
}

/// The strategy's own parts, and those of each override of a class.
fn sets(check: &mut Check<'_>, given: &grammar::Strategy, classes: &[Class]) -> Option<Vec<Parts>> {
    let mut own = parts(check, &given.parts(), &defaults())?;
    own.avoids = avoided(check, given.binding.as_ref(), &own, classes)?;
    let mut sets = vec![own];
    for (wanted, overrides) in given.r#for.iter().filter(|_| !classes.is_empty()) {
        let mut check = check.at("for");
        let mut check = check.name(wanted);
        let mut own = parts(&mut check, &overrides.parts(), &sets[0])?;
        own.avoids = avoided(&mut check, overrides.binding.as_ref(), &own, classes)?;
        sets.push(own);
        if !is_class(&mut check, wanted, classes) {
            return None;
        }
    }
    Some(sets)
}

/// The set of parts of a class, of which the strategy's own is the first.
fn set(wanted: &[&String], class: &Class) -> usize {
    let all = wanted.iter().map(|wanted| narrowness(wanted, &class.name));
    let named = (1..).zip(all).filter(|(_, narrowness)| *narrowness > 0);
    // The narrowest holds, of equally narrow ones the first.
    let narrowest = named.min_by_key(|(_, narrowness)| Reverse(*narrowness));
    narrowest.map_or(0, |(set, _)| set)
}

/// Who moves waiting tasks: idle nodes that steal (receiver-initiated), or busy ones that push (sender-
/// initiated; Eager, Lazowska & Zahorjan, Performance Evaluation 6, 1986).
fn stealing(given: &grammar::Stealing) -> (Option<Stealing>, Option<Pushing>) {
    match given {
        grammar::Stealing::None(_) => (None, None),
        grammar::Stealing::Push(Push { above, targets }) => {
            let pushing = Pushing {
                above: u32::try_from(above.get()).unwrap_or(u32::MAX),
                targets: targets.0 as u32,
            };
            (None, Some(pushing))
        }
        grammar::Stealing::Idle(IdleThieves {
            victims,
            batch,
            classes: _,
        }) => {
            let stealing = Stealing {
                victims: victims.0 as u32,
                loot: *batch,
            };
            (Some(stealing), None)
        }
    }
}

/// Who steals needs queues to steal from.
fn thieves(check: &mut Check<'_>, strategy: &Strategy, cluster: &Cluster) {
    let shares = |group: &&Group| group.discipline.shares();
    let shared = cluster.groups.iter().find(shares);
    let moves = strategy.stealing.is_some() || strategy.pushing.is_some();
    let title = match (moves, strategy.binding, shared) {
        (false, ..) => return,
        (_, Binding::CentralQueue, _) => "under a central queue no task waits at a node".to_owned(),
        (_, _, Some(group)) => format!(
            "nodes.{} shares its processors: all tasks run at once, and none waits",
            group.name
        ),
        _ => return,
    };
    let hint = "leave `stealing` out: there is nothing to steal";
    check.at("stealing").error(title, hint);
}

/// Attempts at once at most.
const MOST_COPIES: f64 = 8.0;

/// How many attempts are made at a task at once; the outer nothing if that is wrong.
#[allow(clippy::option_option)]
fn copies(check: &mut Check<'_>, given: &grammar::Strategy) -> Option<Option<Copies>> {
    let is_central = matches!(given.binding, Some(grammar::Binding::CentralQueue(_)));
    let mut check = check.at("copies");
    let copies = match given
        .copies
        .as_ref()
        .unwrap_or(&grammar::Copies::None(NoCopies {}))
    {
        grammar::Copies::None(_) => return Some(None),
        grammar::Copies::Redundancy(given) => redundancy(given),
        grammar::Copies::Speculation(given) => Copies::Speculation {
            factor: (given.factor.0 * 1e9).round_ties_even() as u64,
            fresh_work: given.work == RetriedWork::Fresh,
        },
        grammar::Copies::Hedge(hedge) => Copies::Hedge(self::hedge(&mut check, hedge)?),
    };
    if matches!(copies, Copies::Redundancy { d, .. } | Copies::UntilStart { d, .. } if !(2..=MOST_COPIES as u32).contains(&d))
    {
        let title = "`d` must be 2 to 8: so many attempts are made at a task at once";
        check
            .at("redundancy.d")
            .error(title, "write 2, or copies = \"none\"");
        return None;
    }
    if is_central {
        let title = "under a central queue a task goes to a node that has room at once: a copy would only take room";
        check.error(title, "leave `copies` out, or write binding = \"early\"");
        return None;
    }
    Some(Some(copies))
}

fn redundancy(given: &Redundancy) -> Copies {
    let (d, fresh_work) = (given.d.0 as u32, given.work == RetriedWork::Fresh);
    match given.cancel {
        CancelOthers::OnComplete => Copies::Redundancy { d, fresh_work },
        CancelOthers::OnStart => Copies::UntilStart { d, fresh_work },
    }
}

/// A second attempt after a time, or after the time that a share of tasks is done by, as measured in the run
/// (Dean & Barroso, Comm. ACM 56, 2013); the quantile is kept in thousandths.
fn hedge(check: &mut Check<'_>, given: &grammar::Hedge) -> Option<Hedge> {
    if given.after.is_some() == given.quantile.is_some() {
        let title = "a hedge is made either `after` a time or at a `quantile` of times";
        check
            .at("hedge")
            .error(title, "write one of them, as in hedge.after = \"50ms\"");
        return None;
    }
    Some(Hedge {
        after: given.after.map(|after| Time::from_secs(after.0)),
        permille: given
            .quantile
            .map_or(0, |share| (share.0 * 1000.0).round() as u64),
        budget: given.budget.0,
        fresh_work: given.work == RetriedWork::Fresh,
    })
}

/// How the strategy's central queue is served.
fn rules(given: &grammar::Strategy) -> QueueRules {
    match &given.binding {
        Some(grammar::Binding::CentralQueue(queue)) => QueueRules {
            order: queue.order,
            one_at_a_time: queue.jobs == JobsServed::OneAtATime,
            backfill: queue.backfill,
        },
        _ => QueueRules::default(),
    }
}

fn binding(given: &grammar::Strategy, sets: &[Parts]) -> Binding {
    match given.binding {
        Some(grammar::Binding::CentralQueue(_)) => Binding::CentralQueue,
        _ if sets.iter().any(|parts| parts.late.is_some()) => Binding::Late,
        _ => Binding::Early,
    }
}

/// Most reservations for a task.
const MOST_PROBES: f64 = 100.0;

/// How tasks are bound late, if they are; the outer nothing if that is wrong.
#[allow(clippy::option_option)]
fn reservations(
    check: &mut Check<'_>,
    given: Option<&grammar::Binding>,
    default: Option<Late>,
) -> Option<Option<Late>> {
    let given = match given {
        Some(grammar::Binding::Late(late)) => late,
        Some(_) => return Some(None),
        None => return Some(default),
    };
    let probes = given.probes_per_task.0;
    if probes > MOST_PROBES {
        let title = format!("{probes} reservations for a task are too many");
        check
            .at("binding.late.probes-per-task")
            .error(title, "write at most 100; two are usual");
        return None;
    }
    Some(Some(Late {
        probes: (probes * 1e9).round_ties_even() as u64,
        sampling: given.sampling,
    }))
}

/// Classes that reservations keep away from; those of `own` parts if nothing is said of binding.
fn avoided(
    check: &mut Check<'_>,
    given: Option<&grammar::Binding>,
    own: &Parts,
    classes: &[Class],
) -> Option<Vec<u32>> {
    let late = match given {
        None => return Some(own.avoids.clone()),
        Some(grammar::Binding::Late(late)) if !classes.is_empty() => late,
        Some(_) => return Some(Vec::new()),
    };
    if late.sticky && late.sampling == Sampling::PerTask {
        let title = "a reservation is for one task: no node can stick to the others of its job";
        let hint = "write sampling = \"batch\", or leave `sticky` out";
        check.at("binding.late.sticky").error(title, hint);
    }
    let mut check = check.at("binding.late.avoid");
    let named = late.avoid.iter().enumerate();
    let known = named.map(|(at, name)| is_class(&mut check.name(at), name, classes));
    let are_known = known.filter(|is| !is).count() == 0;
    let is_named = |class: &Class| {
        late.avoid
            .iter()
            .any(|name| narrowness(name, &class.name) > 0)
    };
    let indices = (0..).zip(classes).filter(|(_, class)| is_named(class));
    are_known.then(|| indices.map(|(at, _)| at).collect())
}

/// Reservations need queues, in which nobody need know how long anything will run.
fn late(check: &mut Check<'_>, given: &grammar::Strategy, strategy: &Strategy, cluster: &Cluster) {
    let name = &strategy.name;
    let is_central =
        |own: &Overrides| matches!(own.binding, Some(grammar::Binding::CentralQueue(_)));
    let is_own = |own: &Overrides| match strategy.binding {
        Binding::CentralQueue => own.binding.is_some(),
        _ => is_central(own),
    };
    if let Some((class, _)) = given.r#for.iter().find(|(_, own)| is_own(own)) {
        let title = "a central queue is one for all classes";
        let hint = "write it for the whole strategy, or early or late binding for all";
        check.at("for").name(class).at("binding").error(title, hint);
    }
    if strategy.binding != Binding::Late {
        return;
    }
    if strategy.copies.is_some() {
        let title = format!(
            "`{name}` binds late: a task has several reservations already, and the first to have room gets it"
        );
        check
            .at("copies")
            .error(title, "leave `copies` out, or write binding = \"early\"");
    }
    let hint = "write binding = \"early\", or give the nodes a fifo queue without a limit";
    for group in &cluster.groups {
        let title = match &group.discipline {
            _ if group.queue_limit.is_some() => format!(
                "`{name}` binds late, and nodes.{} limits its queue: reservations are not refused",
                group.name
            ),
            Discipline::Fifo | Discipline::Lifo | Discipline::Priority { preemptive: false } => {
                continue;
            }
            _ => format!(
                "`{name}` binds late: how long what stands in the queue of nodes.{} will run is not known",
                group.name
            ),
        };
        check.at("binding").error(title, hint);
    }
}

/// What the strategy turns away.
fn limits(check: &mut Check<'_>, given: &grammar::Strategy, classes: &[Class]) -> Option<Limits> {
    let admission = given.admission.clone().unwrap_or_default();
    let mut check = check.at("admission.shed");
    let known: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    let is_known = |wanted: &&String| known.iter().any(|class| narrowness(wanted, class) > 0);
    let unknown = admission.shed.keys().find(|wanted| !is_known(wanted));
    if let (Some(wanted), false) = (unknown, classes.is_empty()) {
        let hint = suggest::hint(wanted, &known, "classes");
        let title = format!("there is no class `{wanted}`");
        check.name(wanted).error_key(title, hint);
        return None;
    }
    let all = admission.jobs.map(Whole::get);
    let of_class = |class: &Class| {
        let named = admission.shed.iter();
        let named = named.map(|(wanted, limit)| (narrowness(wanted, &class.name), limit.get()));
        let own = named
            .filter(|(narrowness, _)| *narrowness > 0)
            .max_by_key(|(n, _)| *n);
        own.map(|(_, limit)| all.map_or(limit, |all| all.min(limit)))
            .or(all)
    };
    Some(Limits {
        jobs: classes.iter().map(of_class).collect(),
        dispatcher_queue: admission.dispatcher_queue.map(Whole::get),
        central_queue: match &given.binding {
            Some(grammar::Binding::CentralQueue(queue)) => queue.limit.map(Whole::get),
            _ => None,
        },
    })
}

/// The parts of a strategy that says nothing.
fn defaults() -> Parts {
    Parts {
        placement: Arc::new(Random {}),
        dispatchers: 1,
        decision_time: Law::Constant(0.0),
        in_flight: InFlight::default(),
        ties: Ties::default(),
        information: Information::default(),
        estimates: Estimates::default(),
        spread: Spread::default(),
        subset: None,
        late: None,
        sticks: false,
        avoids: Vec::new(),
        probes: false,
        zones: Vec::new(),
    }
}

/// What is given, where left out what `default` has.
fn parts(check: &mut Check<'_>, given: &Overrides, default: &Parts) -> Option<Parts> {
    let decision_time = match &given.decision_time {
        Some(law) => check.at("decision-time").law(law)?,
        None => default.decision_time.clone(),
    };
    let placement = given
        .placement
        .and_then(|_| check.at("placement").placement());
    let late = reservations(check, given.binding.as_ref(), default.late)?;
    let estimates = match &given.estimates {
        Some(given) => estimates(&mut check.at("estimates"), given)?,
        None => default.estimates.clone(),
    };
    Some(Parts {
        late,
        sticks: match &given.binding {
            Some(grammar::Binding::Late(late)) => late.sticky,
            Some(_) => false,
            None => default.sticks,
        },
        avoids: default.avoids.clone(),
        placement: placement.unwrap_or_else(|| default.placement.clone()),
        dispatchers: match given.dispatchers {
            Some(count) => dispatchers(&mut check.at("dispatchers"), count),
            None => default.dispatchers,
        },
        decision_time,
        estimates,
        in_flight: given.in_flight.unwrap_or(default.in_flight),
        ties: given.ties.unwrap_or(default.ties),
        information: given.view.as_ref().map_or(default.information, information),
        probes: (given.view.as_ref()).map_or(default.probes, |view| matches!(view, View::Probe(_))),
        zones: given.zones.clone().unwrap_or_else(|| default.zones.clone()),
        spread: given.spread.unwrap_or(default.spread),
        subset: given
            .subset
            .map_or(default.subset, |count| Some(count.0 as u32)),
    })
}

fn estimates(check: &mut Check<'_>, given: &grammar::Estimates) -> Option<Estimates> {
    Some(match given {
        grammar::Estimates::Exact(_) => Estimates::Exact,
        grammar::Estimates::ClassMean(_) => Estimates::ClassMean,
        grammar::Estimates::JobMean(_) => Estimates::JobMean,
        grammar::Estimates::None(_) => Estimates::None,
        grammar::Estimates::Error(law) => Estimates::Error(check.at("error").law(law)?),
    })
}

/// What dispatchers see of nodes and how old it is. A probe asks at the decision and so sees what is there; it
/// is the messages and the time that set it apart from `fresh`.
fn information(view: &View) -> Information {
    match view {
        View::Fresh(_) | View::Probe(_) => Information::Fresh,
        View::Local(_) => Information::Local,
        View::Periodic(Periodic { every, phases }) => Information::Periodic {
            every: Time::from_secs(every.0),
            apart: *phases == Phases::Apart,
        },
        View::Delayed(Delayed { by }) => Information::Delayed {
            by: Time::from_secs(by.0),
        },
        View::Gossip(Gossip { every, fanout }) => Information::Gossip(Gossiping {
            every: Time::from_secs(every.0),
            fanout: fanout.0 as u32,
        }),
    }
}

/// Most dispatchers.
const MOST_DISPATCHERS: f64 = 1e6;

fn dispatchers(check: &mut Check<'_>, count: Count) -> u32 {
    if count.0 > MOST_DISPATCHERS {
        let title = format!("{} dispatchers are too many", count.0);
        check.error(title, "write at most 1,000,000");
    }
    count.0 as u32
}

/// A central queue is one place: what contradicts that is refused.
fn central(check: &mut Check<'_>, given: &grammar::Strategy, strategy: &Strategy) {
    let name = &strategy.name;
    if strategy.binding != Binding::CentralQueue {
        return;
    }
    if strategy.parts.iter().any(|parts| parts.dispatchers > 1) {
        let title = format!(
            "`{name}` has a central queue, which has one dispatcher: nodes pull from one queue"
        );
        let hint = "write dispatchers = 1 for it, or binding = \"early\"";
        check.at("dispatchers").error(title, hint);
    }
    if let Some(parts) = strategy.parts.iter().find(|parts| {
        parts.information != Information::Fresh || parts.probes || parts.subset.is_some()
    }) {
        let (key, what) = match parts.subset {
            Some(_) => ("subset", "all nodes pull from one queue"),
            None => ("view", "a node that pulls knows its own state"),
        };
        let title = format!("`{name}` has a central queue: {what}");
        let hint = format!("leave `{key}` out, or write binding = \"early\"");
        check.at(key).error(title, hint);
    }
    if given.in_flight == Some(InFlight::Ignored) {
        let title =
            format!("`{name}` has a central queue: nothing is in flight when a node is chosen");
        let hint = "write in-flight = \"counted\" for it, or binding = \"early\"";
        check.at("in-flight").error(title, hint);
    }
    let mut overrides = given.r#for.iter();
    if let Some((class, _)) = overrides.find(|(_, own)| own.dispatchers.is_some()) {
        let title = "under a central queue all classes share one dispatcher";
        let hint = "remove it, or write binding = \"early\"";
        check
            .at("for")
            .name(class)
            .at("dispatchers")
            .error(title, hint);
    }
}

/// Gangs, and jobs that are served one at a time, are refused where they cannot be.
fn gangs(check: &mut Check<'_>, strategy: &Strategy, classes: &[Class]) {
    let name = &strategy.name;
    let gang = classes.iter().find(|class| class.gang);
    if let (Binding::Early | Binding::Late, Some(class)) = (strategy.binding, gang) {
        let title = format!(
            "`{name}` binds tasks one by one, and the tasks of `{}` start together",
            class.name
        );
        let hint = "write binding = \"central-queue\" for it";
        check.at("binding").error(title, hint);
    }
    let QueueRules {
        order: _,
        one_at_a_time,
        backfill,
    } = strategy.queue;
    if one_at_a_time && backfill != Backfill::None {
        let title = format!("`{name}` serves one job at a time: nobody may start before it");
        let hint = "leave out `backfill`, or write jobs = \"any\"";
        check
            .at("binding.central-queue.backfill")
            .error(title, hint);
    }
}

/// Who sees only what dispatchers send, and ignores that, sees nothing.
fn blind(check: &mut Check<'_>, given: &grammar::Strategy, strategy: &Strategy) {
    let is_blind =
        |parts: &Parts| parts.information.is_own() && parts.in_flight == InFlight::Ignored;
    if strategy.parts.iter().any(is_blind) {
        let title = format!(
            "a dispatcher of `{}` sees nothing: only what it has sent, and that it ignores",
            strategy.name
        );
        let key = if given.in_flight.is_some() {
            "in-flight"
        } else {
            "for"
        };
        check
            .at(key)
            .error(title, "write in-flight = \"counted\", or another view");
    }
}

/// Queues of idle nodes are for tasks that are bound when they are decided.
fn idle_queues(check: &mut Check<'_>, strategy: &Strategy) {
    let name = &strategy.name;
    let title = match strategy.binding {
        Binding::CentralQueue => {
            format!("under the central queue of `{name}` idle nodes pull: they report to nobody")
        }
        Binding::Late => format!("`{name}` binds late: reservations find idle nodes themselves"),
        Binding::Early => return,
    };
    if strategy.keeps_idle_queues() {
        let hint = "leave `reports` out, or write binding = \"early\"";
        check.at("placement").error(title, hint);
    }
}

/// Who asks before he decides, asks once.
fn probes(check: &mut Check<'_>, strategy: &Strategy) {
    let name = &strategy.name;
    let asks = |parts: &&Parts| parts.probes;
    let binds_late = |parts: &Parts| parts.late.is_some();
    if strategy.parts.iter().find(asks).is_some_and(binds_late) {
        let title = format!("`{name}` binds late: its reservations ask the nodes already");
        check
            .at("view")
            .error(title, "leave one of them out, or write view = \"fresh\"");
    }
}

/// Most nodes x dispatchers where each dispatcher keeps what it sees for itself.
const MOST_CELLS: u64 = 4_000_000;

/// Refuses views that would fill the memory: where each dispatcher keeps what it sees for itself, their number
/// is that of dispatchers times that of nodes.
fn crowded(check: &mut Check<'_>, strategy: &Strategy, cluster: &Cluster) {
    let is_apart = |information: Information| {
        matches!(
            information,
            Information::Periodic { apart: true, .. } | Information::Gossip(_)
        )
    };
    for parts in &strategy.parts {
        let dispatchers = u64::from(parts.dispatchers);
        let cells = match parts.information.gossip() {
            Some(_) => dispatchers * dispatchers.max(cluster.count().into()),
            None => dispatchers * u64::from(cluster.count()),
        };
        if cells > MOST_CELLS && (parts.subset.is_some() || is_apart(parts.information)) {
            let title = format!(
                "`{}` has {} dispatchers over {} nodes, each with a view of its own: at most \
                 4,000,000 nodes x dispatchers (with `gossip`, dispatchers x dispatchers too) are \
                 possible with `subset`, `phases` or `gossip`",
                strategy.name,
                parts.dispatchers,
                cluster.count()
            );
            check.error(title, "lower `dispatchers`, or leave that out");
            return;
        }
    }
}

/// Lets every placement be built for the nodes that it will choose among; for all nodes if no class is known.
fn workable(
    check: &mut Check<'_>,
    name: &str,
    given: &grammar::Strategy,
    (parts, parts_of_class): (&[Parts], &[usize]),
    (cluster, classes): (&Cluster, &[Class]),
) {
    let layout = Layout::new(&sample(cluster));
    let sets = classes.iter().zip(parts_of_class);
    let stages = sets.flat_map(|(class, set)| class.stages.iter().map(move |stage| (stage, *set)));
    let pool = |stage: &Stage| Pool::eligible(&layout, &stage.allowed, &stage.demand);
    let pools = stages.map(|(stage, set)| (pool(stage), set));
    let all = classes.is_empty().then(|| (layout.ids().collect(), 0));
    for (pool, set) in pools.chain(all) {
        if pool.ids().is_empty() {
            continue;
        }
        let ties = parts[set].ties;
        let mut eligible = Eligible::new(&pool, &layout, ties);
        let built = parts[set].placement.build(&mut eligible);
        let Err(problem) = built else {
            if !eligible.breaks_ties() {
                unbroken(&mut check.at("ties"), name, ties);
                return;
            }
            continue;
        };
        let own = set.checked_sub(1).and_then(|at| given.r#for.get_index(at));
        let title = format!("`{name}` cannot work here: {problem}");
        let hint = "choose another placement or other parameters";
        match own {
            Some((class, own)) if own.placement.is_some() => {
                check
                    .at("for")
                    .name(class)
                    .at("placement")
                    .error(title, hint);
            }
            _ => check.at("placement").error(title, hint),
        }
        return;
    }
}

/// The placement cannot tell equal nodes apart as it should.
fn unbroken(check: &mut Check<'_>, name: &str, ties: Ties) {
    let (ties, needs) = match ties {
        Ties::Later => ("later", "draws nodes: power-of-d"),
        _ => (
            "longest",
            "keeps nodes in order by a figure that stands: least-loaded (by tasks or utilization), \
             shortest-expected-delay, join-idle-queue",
        ),
    };
    let title = format!("`{name}` cannot tell equal nodes apart by \"{ties}\"");
    check.error(title, format!("that needs a placement that {needs}"));
}

/// The cluster with few nodes of each group: what a placement may object to shows there.
fn sample(cluster: &Cluster) -> Cluster {
    let few = |group: &Group| Group {
        count: group.count.min(4),
        ..group.clone()
    };
    Cluster {
        dimensions: cluster.dimensions.clone(),
        groups: cluster.groups.iter().map(few).collect(),
    }
}
