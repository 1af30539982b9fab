//! `[scheduling]` and `[strategies.NAME]`: how tasks get to nodes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Check;
use super::document::Document;
use super::named::Named;
use super::names;
use crate::engine::dist::Dist;
use crate::engine::law::Law;
use crate::engine::quantity::{Count, Seconds};
use crate::model::cluster::{Cluster, Group};
use crate::model::layout::Layout;
use crate::strategy::placement::Choice;
use crate::strategy::{self, Blueprint, Eligible, Parts, Pool};
use crate::workload::class::Class;

/// When a task is bound to a node.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Binding {
    /// At the decision; it waits at its node.
    Early(Early),
    /// When a node has room; it waits in one queue for all nodes.
    CentralQueue(CentralQueue),
}

/// Binding at the decision.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Early {}

/// One queue for all nodes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct CentralQueue {
    /// Order of the queue.
    pub(super) order: Order,
}

/// Order of a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    /// First come, first served.
    #[default]
    Fifo,
}

/// Whether a dispatcher adds what it sent and has not yet seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum InFlight {
    /// It does.
    #[default]
    Counted,
    /// It does not.
    Ignored,
}

/// How equally good nodes are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ties {
    /// At random.
    #[default]
    Random,
    /// The first in file order.
    LowestId,
}

/// Defines a table of parts with further keys before them.
macro_rules! parts {
    ($(#[$doc:meta])* $name:ident { $($(#[$own_doc:meta])* $own:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
        pub(super) struct $name {
            $($(#[$own_doc])* pub(super) $own: $type,)*
            /// The rule that picks a node for a task: a name, or a table of its parameters; "random" if nothing says otherwise.
            pub(super) placement: Option<Choice>,
            /// Whether a dispatcher adds what it sent and has not yet seen; "counted" if nothing says otherwise.
            pub(super) in_flight: Option<InFlight>,
            /// Number of dispatchers; 1 if nothing says otherwise.
            pub(super) dispatchers: Option<Count>,
            /// Time that a dispatcher takes to place a task; 0 if nothing says otherwise.
            pub(super) decision_time: Option<Dist<Seconds>>,
            /// How equally good nodes are told apart; "random" if nothing says otherwise.
            pub(super) ties: Option<Ties>,
        }

        impl $name {
            /// The parts, where left out those of `default`.
            fn parts(&self, check: &mut Check<'_>, path: &str, default: &Parts) -> Option<Parts> {
                let decision_time = match &self.decision_time {
                    Some(law) => check.law(&format!("{path}.decision-time"), law)?,
                    None => default.decision_time.clone(),
                };
                Some(Parts {
                    placement: self.placement.as_ref().map_or_else(|| default.placement.clone(), Choice::blueprint),
                    dispatchers: dispatchers(check, path, self.dispatchers).unwrap_or(default.dispatchers),
                    decision_time,
                    in_flight: self.in_flight.map_or(default.in_flight, in_flight),
                    ties: self.ties.map_or(default.ties, ties),
                })
            }
        }
    };
}

parts! {
    /// Parts of a strategy that hold for every strategy unless it says otherwise.
    Scheduling {
        /// When a task is bound to a node; "early" if nothing says otherwise.
        binding: Option<Binding>,
    }
}

parts! {
    /// A whole answer to how tasks get to nodes.
    Strategy {
        /// Another strategy that this one is like; then only what differs.
        like: Option<String>,
        /// When a task is bound to a node; "early" if nothing says otherwise.
        binding: Option<Binding>,
        /// Parts that differ for a class of jobs, by the class's name.
        r#for: Named<Overrides>,
    }
}

parts! {
    /// Parts that differ for one class; what is left out is the strategy's own.
    Overrides {}
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
pub(super) fn resolve(
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
pub(super) fn names(check: &mut Check<'_>, document: &Document) {
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
        document.scheduling.parts(check, "scheduling", &defaults);
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
    let mut parts = vec![given.parts(check, &path, &defaults()?)?];
    let mut parts_of_class = vec![0; classes.len()];
    let mut best = vec![0; classes.len()];
    for (class, overrides) in given.r#for.iter() {
        let path = format!("{path}.for.{class}");
        let own = overrides.parts(check, &path, &parts[0])?;
        if !assign(class, classes, parts.len(), &mut parts_of_class, &mut best) {
            let known: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
            check.error(
                &path,
                format!("there is no class `{class}`"),
                names::hint(class, &known, "classes"),
            );
            return None;
        }
        parts.push(own);
    }
    let binding = match given.binding {
        Some(Binding::CentralQueue(_)) => strategy::Binding::CentralQueue,
        _ => strategy::Binding::Early,
    };
    let strategy = strategy::Strategy {
        name: name.to_owned(),
        binding,
        parts,
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
pub(super) fn resolve_alone(check: &mut Check<'_>, document: &Document, _cluster: &Cluster) {
    for (name, given) in document.strategies.iter() {
        let path = format!("strategies.{name}");
        let Some(defaults) = defaults() else { return };
        let Some(parts) = given.parts(check, &path, &defaults) else {
            continue;
        };
        let binding = match given.binding {
            Some(Binding::CentralQueue(_)) => strategy::Binding::CentralQueue,
            _ => strategy::Binding::Early,
        };
        let strategy = strategy::Strategy {
            name: name.clone(),
            binding,
            parts: vec![parts],
            parts_of_class: Vec::new(),
        };
        central(check, &path, given, &strategy);
    }
}
