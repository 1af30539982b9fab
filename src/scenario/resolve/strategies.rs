//! `[scheduling]` and `[strategies.NAME]` as strategies.

use super::check::Check;
use crate::engine::law::Law;
use crate::engine::quantity::Count;
use crate::model::cluster::{Cluster, Group};
use crate::model::layout::Layout;
use crate::scenario::grammar::{Binding, Document, InFlight, Overrides, Strategy, Ties};
use crate::scenario::text::suggest;
use crate::strategy::placement::Choice;
use crate::strategy::{self, Blueprint, Eligible, Parts, Pool};
use crate::workload::class::Class;

/// What is given, where left out what `default` has.
fn parts(check: &mut Check<'_>, path: &str, given: &Overrides, default: &Parts) -> Option<Parts> {
    let decision_time = match &given.decision_time {
        Some(law) => check.law(&format!("{path}.decision-time"), law)?,
        None => default.decision_time.clone(),
    };
    let placement = given.placement.as_ref();
    Some(Parts {
        placement: placement.map_or_else(|| default.placement.clone(), Choice::blueprint),
        dispatchers: dispatchers(check, path, given.dispatchers).unwrap_or(default.dispatchers),
        decision_time,
        in_flight: given.in_flight.map_or(default.in_flight, in_flight),
        ties: given.ties.map_or(default.ties, ties),
    })
}

/// Most dispatchers.
const MOST_DISPATCHERS: f64 = 1e6;

fn dispatchers(check: &mut Check<'_>, path: &str, count: Option<Count>) -> Option<u32> {
    let count = count?;
    if count.0 > MOST_DISPATCHERS {
        check.error(
            &format!("{path}.dispatchers"),
            format!("{} dispatchers are too many", count.0),
            "write at most 1,000,000",
        );
    }
    Some(count.0 as u32)
}

fn in_flight(given: InFlight) -> strategy::InFlight {
    match given {
        InFlight::Counted => strategy::InFlight::Counted,
        InFlight::Ignored => strategy::InFlight::Ignored,
    }
}

fn ties(given: Ties) -> strategy::Ties {
    match given {
        Ties::Random => strategy::Ties::Random,
        Ties::LowestId => strategy::Ties::LowestId,
    }
}

/// The parts of a strategy that says nothing.
fn defaults() -> Option<Parts> {
    let (_, random) = Choice::all()
        .into_iter()
        .find(|(name, _)| *name == "random")?;
    Some(Parts {
        placement: random.blueprint(),
        dispatchers: 1,
        decision_time: Law::Constant(0.0),
        in_flight: strategy::InFlight::Counted,
        ties: strategy::Ties::Random,
    })
}

/// All strategies, if nothing of them is wrong. Their tables were merged with `like` and `[scheduling]`.
pub fn resolve(
    check: &mut Check<'_>,
    document: &Document,
    cluster: &Cluster,
    classes: &[Class],
) -> Option<Vec<strategy::Strategy>> {
    let all: Vec<Option<strategy::Strategy>> = document
        .strategies
        .iter()
        .map(|(name, strategy)| one(check, name, strategy, cluster, classes))
        .collect();
    all.into_iter().collect()
}

/// Checks the names of all strategies.
pub fn names(check: &mut Check<'_>, document: &Document) {
    if document.strategies.is_empty() {
        check.missing(
            "strategies",
            "the scenario has no strategies",
            "add one, for example [strategies.random] with placement = \"random\"",
        );
    }
    for (name, _) in document.strategies.iter() {
        check.name("strategies", name);
    }
    if let Some(defaults) = defaults() {
        parts(check, "scheduling", &document.scheduling.parts(), &defaults);
    }
}

fn one(
    check: &mut Check<'_>,
    name: &str,
    given: &Strategy,
    cluster: &Cluster,
    classes: &[Class],
) -> Option<strategy::Strategy> {
    let path = format!("strategies.{name}");
    let mut sets = vec![parts(check, &path, &given.parts(), &defaults()?)?];
    let mut parts_of_class = vec![0; classes.len()];
    let mut best = vec![0; classes.len()];
    for (class, overrides) in given.r#for.iter() {
        let path = format!("{path}.for.{class}");
        let own = parts(check, &path, &overrides.parts(), &sets[0])?;
        if !assign(class, classes, sets.len(), &mut parts_of_class, &mut best) {
            let known: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
            check.error(
                &path,
                format!("there is no class `{class}`"),
                suggest::hint(class, &known, "classes"),
            );
            return None;
        }
        sets.push(own);
    }
    let binding = match given.binding {
        Some(Binding::CentralQueue(_)) => strategy::Binding::CentralQueue,
        _ => strategy::Binding::Early,
    };
    let strategy = strategy::Strategy {
        name: name.to_owned(),
        binding,
        parts: sets,
        parts_of_class,
    };
    central(check, &path, given, &strategy);
    workable(check, &path, given, &strategy, cluster, classes);
    Some(strategy)
}

/// Gives `parts` to the classes that `wanted` names: in full, by the part of a trace, or by the
/// trace, of which the narrowest holds; false if there is none.
fn assign(
    wanted: &str,
    classes: &[Class],
    parts: usize,
    of_class: &mut [usize],
    best: &mut [u8],
) -> bool {
    let mut found = false;
    for (at, class) in classes.iter().enumerate() {
        let (source, part) = class.name.split_once('.').unwrap_or((&class.name, ""));
        let score = match wanted {
            _ if wanted == class.name => 3,
            _ if wanted == part => 2,
            _ if wanted == source => 1,
            _ => continue,
        };
        found = true;
        if score > best[at] {
            (best[at], of_class[at]) = (score, parts);
        }
    }
    found
}

/// A central queue is one place: what contradicts that is refused.
fn central(check: &mut Check<'_>, path: &str, given: &Strategy, strategy: &strategy::Strategy) {
    if strategy.binding != strategy::Binding::CentralQueue {
        return;
    }
    if strategy.parts.iter().any(|parts| parts.dispatchers > 1) {
        let said = format!(
            "`{}` has a central queue, which has one dispatcher: nodes pull from one queue",
            strategy.name
        );
        check.error(
            &format!("{path}.dispatchers"),
            said,
            "write dispatchers = 1 for it, or binding = \"early\"",
        );
    }
    if given.in_flight == Some(InFlight::Ignored) {
        let said = format!(
            "`{}` has a central queue: nothing is in flight when a node is chosen",
            strategy.name
        );
        check.error(
            &format!("{path}.in-flight"),
            said,
            "write in-flight = \"counted\" for it, or binding = \"early\"",
        );
    }
    if let Some((class, _)) = given
        .r#for
        .iter()
        .find(|(_, own)| own.dispatchers.is_some())
    {
        let said = "under a central queue all classes share one dispatcher";
        check.error(
            &format!("{path}.for.{class}.dispatchers"),
            said,
            "remove it, or write binding = \"early\"",
        );
    }
}

/// Lets every placement be built for the nodes that it will choose among.
fn workable(
    check: &mut Check<'_>,
    path: &str,
    given: &Strategy,
    strategy: &strategy::Strategy,
    cluster: &Cluster,
    classes: &[Class],
) {
    let small = sample(cluster);
    let layout = Layout::new(&small);
    for (class, &parts) in classes.iter().zip(&strategy.parts_of_class) {
        let pool = pool(&layout, class);
        let Some(problem) = build(strategy.parts[parts].placement.as_ref(), &pool, &layout) else {
            continue;
        };
        let own = parts.checked_sub(1).and_then(|at| given.r#for.0.get(at));
        let place = match own {
            Some((class, overrides)) if overrides.placement.is_some() => {
                format!("{path}.for.{class}.placement")
            }
            _ => format!("{path}.placement"),
        };
        check.error(
            &place,
            format!("`{}` cannot work here: {problem}", strategy.name),
            "choose another placement or other parameters",
        );
        return;
    }
}

fn build(placement: &dyn Blueprint, pool: &Pool, layout: &Layout) -> Option<String> {
    if pool.ids().is_empty() {
        None
    } else {
        placement.build(&mut Eligible::new(pool, layout)).err()
    }
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

/// The nodes that tasks of the class may ever use.
fn pool(layout: &Layout, class: &Class) -> Pool {
    let stage = class.stages.first();
    stage.map_or_else(
        || Pool::from_iter([]),
        |stage| Pool::eligible(layout, &stage.allowed, &stage.demand),
    )
}

/// What of the strategies can be judged without knowing the classes.
pub fn resolve_alone(check: &mut Check<'_>, document: &Document, _cluster: &Cluster) {
    for (name, given) in document.strategies.iter() {
        let path = format!("strategies.{name}");
        let Some(defaults) = defaults() else { return };
        let Some(own) = parts(check, &path, &given.parts(), &defaults) else {
            continue;
        };
        let binding = match given.binding {
            Some(Binding::CentralQueue(_)) => strategy::Binding::CentralQueue,
            _ => strategy::Binding::Early,
        };
        let strategy = strategy::Strategy {
            name: name.clone(),
            binding,
            parts: vec![own],
            parts_of_class: Vec::new(),
        };
        central(check, &path, given, &strategy);
    }
}
