//! What can be said of a setup before it runs: utilizations, sizes, and what will surprise.

use super::resolve::load::{self, Offered};
use crate::engine::law::Law;
use crate::model::cluster::SLOTS;
use crate::sim::setup::{Measure, Setup, Warmup};
use crate::strategy::Binding;
use crate::workload::class::{Class, Shape};
use crate::workload::source::Arrivals;

/// A share of something that is used, and the key that sets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// Of what, in words: "cpu of all nodes", "each dispatcher".
    pub of: String,
    /// The share; 1 and above cannot last.
    pub share: f64,
    /// The key that changes it most directly.
    pub key: String,
}

/// What is expected of one setup.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Utilization of nodes with stragglers, by dimension with a limit, and of groups that classes are kept to.
    pub nodes: Vec<Use>,
    /// Utilization of the dispatchers, one entry for each set of them.
    pub dispatchers: Vec<Use>,
    /// Utilization of the gatherers of each set of dispatchers.
    pub gatherers: Vec<Use>,
    /// Jobs of a replication, warm-up included.
    pub jobs: f64,
    /// Their tasks.
    pub tasks: f64,
    /// Events of a replication, about.
    pub events: f64,
    /// What is worth a warning, one sentence each.
    pub warnings: Vec<String>,
}

/// Forecasts a setup.
pub fn forecast(setup: &Setup) -> Forecast {
    let offered: Vec<Offered> = setup
        .sources
        .iter()
        .flat_map(|source| load::offered(source, &setup.classes, &setup.cluster))
        .collect();
    let (nodes, dispatchers, gatherers) = (
        nodes(setup, &offered),
        dispatchers(setup, &offered),
        gatherers(setup, &offered),
    );
    let (jobs, tasks) = sizes(setup, &offered);
    let warnings = warnings(setup, nodes.iter().chain(&dispatchers).chain(&gatherers));
    Forecast {
        nodes,
        dispatchers,
        gatherers,
        jobs,
        tasks,
        events: jobs + tasks * events_a_task(setup),
        warnings,
    }
}

/// The mean factor by which stragglers lengthen work.
fn stretch(setup: &Setup) -> f64 {
    setup.stragglers.as_ref().map_or(1.0, |s| {
        1.0 - s.probability + s.probability * s.factor.mean()
    })
}

/// Shares of each dimension that a class uses, with stragglers, of the given power.
fn used(setup: &Setup, offered: &Offered, at: usize, power: f64) -> f64 {
    let held =
        (offered.held[at] - offered.held_overhead[at]) * stretch(setup) + offered.held_overhead[at];
    if held == 0.0 {
        0.0
    } else {
        offered.rate.unwrap_or(0.0) * held / power
    }
}

fn nodes(setup: &Setup, offered: &[Offered]) -> Vec<Use> {
    let mut sets = vec![vec![true; setup.cluster.groups.len()]];
    for class in &setup.classes {
        let eligible = eligible(setup, class);
        if !sets.contains(&eligible) {
            sets.push(eligible);
        }
    }
    sets.iter()
        .flat_map(|set| nodes_of(setup, offered, set))
        .collect()
}

/// For each group, whether tasks of the class may run there and fit.
fn eligible(setup: &Setup, class: &Class) -> Vec<bool> {
    let Some(stage) = class.stages.first() else {
        return vec![true; setup.cluster.groups.len()];
    };
    let groups = setup.cluster.groups.iter().zip(&stage.allowed);
    groups
        .map(|(group, allowed)| *allowed && group.could_hold(&stage.demand))
        .collect()
}

/// Utilization of the groups in `set` by the classes that can run nowhere else.
fn nodes_of(setup: &Setup, offered: &[Offered], set: &[bool]) -> Vec<Use> {
    let kept = |class: &Class| {
        let eligible = eligible(setup, class);
        eligible
            .iter()
            .zip(set)
            .all(|(may, inside)| !may || *inside)
    };
    let classes = || {
        let all = setup.classes.iter().zip(offered);
        all.filter(|(class, _)| kept(class))
    };
    let (of, key) = named(setup, set, classes().next().map(|(class, _)| class));
    let mut found = Vec::new();
    for (at, dimension) in setup.cluster.dimensions.iter().enumerate() {
        let power = power(setup, set, at);
        if power.is_finite() && power > 0.0 {
            found.push(Use {
                of: format!("{} of {of}", dimension.name),
                share: classes().map(|(_, o)| used(setup, o, at, power)).sum(),
                key: key.clone(),
            });
        }
    }
    found
}

/// Sum of speed x capacity over the groups in `set`.
fn power(setup: &Setup, set: &[bool], at: usize) -> f64 {
    let groups = setup.cluster.groups.iter().zip(set);
    groups
        .filter(|(_, inside)| **inside)
        .map(|(group, _)| match group.capacity[at] {
            Some(units) => f64::from(group.count) * group.speed.factor() * units as f64,
            None => f64::INFINITY,
        })
        .sum()
}

/// What a set of groups is called, and the key that sets how much is asked of it.
fn named(setup: &Setup, set: &[bool], first: Option<&Class>) -> (String, String) {
    if set.iter().all(|inside| *inside) {
        let key = match &setup.sources[..] {
            [only] => format!("jobs.{}.arrivals or workload.load", only.name),
            _ => "workload.load or jobs.NAME.arrivals".to_owned(),
        };
        return ("all nodes".to_owned(), key);
    }
    let groups = setup.cluster.groups.iter().zip(set);
    let names: Vec<&str> = groups
        .filter(|(_, inside)| **inside)
        .map(|(group, _)| group.name.as_str())
        .collect();
    let name = first.map_or("NAME", |class| class.name.as_str());
    let part = match first.and_then(|class| class.stages.first()) {
        Some(stage) if stage.allowed.iter().all(|allowed| *allowed) => "demand",
        _ => "nodes",
    };
    (names.join(", "), format!("jobs.{name}.{part}"))
}

/// Sets of parts that serve at least one class, with the classes' figures.
fn served<'a>(
    setup: &'a Setup,
    offered: &'a [Offered],
    parts: usize,
) -> impl Iterator<Item = (&'a Class, &'a Offered)> {
    let of = &setup.strategy.parts_of_class;
    setup
        .classes
        .iter()
        .zip(offered)
        .enumerate()
        .filter(move |(at, _)| of[*at] == parts)
        .map(|(_, pair)| pair)
}

fn dispatchers(setup: &Setup, offered: &[Offered]) -> Vec<Use> {
    let name = &setup.strategy.name;
    let one = |(at, parts): (usize, &crate::strategy::Parts)| {
        let tasks: f64 = served(setup, offered, at)
            .map(|(_, o)| o.rate.unwrap_or(0.0) * o.tasks)
            .sum();
        let busy = parts.decision_time.mean();
        let share = if busy == 0.0 {
            0.0
        } else {
            tasks * busy / f64::from(parts.dispatchers)
        };
        Use {
            of: match parts.dispatchers {
                1 => "the dispatcher".to_owned(),
                many => format!("each of {many} dispatchers"),
            },
            share,
            key: format!("strategies.{name}.dispatchers"),
        }
    };
    setup
        .strategy
        .parts
        .iter()
        .enumerate()
        .filter(|(at, _)| setup.strategy.parts_of_class.contains(at))
        .map(one)
        .collect()
}

fn gatherers(setup: &Setup, offered: &[Offered]) -> Vec<Use> {
    let name = &setup.strategy.name;
    let one = |(at, parts): (usize, &crate::strategy::Parts)| {
        let cost = |class: &Class, o: &Offered| {
            o.tasks * class.gather.per_result.mean() + class.gather.work.mean()
        };
        let busy: f64 = served(setup, offered, at)
            .map(|(class, o)| o.rate.unwrap_or(0.0) * cost(class, o))
            .sum();
        let share = busy / f64::from(parts.dispatchers);
        Use {
            of: match parts.dispatchers {
                1 => "the gatherer".to_owned(),
                many => format!("each of {many} gatherers"),
            },
            share,
            key: format!("strategies.{name}.dispatchers"),
        }
    };
    setup
        .strategy
        .parts
        .iter()
        .enumerate()
        .filter(|(at, _)| setup.strategy.parts_of_class.contains(at))
        .map(one)
        .collect()
}

/// Expected jobs and tasks of a replication.
fn sizes(setup: &Setup, offered: &[Offered]) -> (f64, f64) {
    let rate: f64 = offered.iter().filter_map(|o| o.rate).sum();
    let finite: f64 = offered.iter().filter_map(|o| o.jobs).sum::<u64>() as f64;
    let warmup = |rate: f64| match setup.window.warmup {
        Warmup::None => 0.0,
        Warmup::Jobs(jobs) => jobs as f64,
        Warmup::Time(time) => time.as_secs() * rate,
    };
    let jobs = match setup.window.measure {
        Measure::All => finite,
        Measure::Jobs { class: None, count } => count as f64 + warmup(rate),
        Measure::Jobs {
            class: Some(at),
            count,
        } => {
            let share = offered[at as usize].rate.map_or(1.0, |own| own / rate);
            count as f64 / share + warmup(rate)
        }
        Measure::Until(until) => until.as_secs() * rate,
    };
    let weigh = |o: &Offered| {
        if setup.window.measure == Measure::All {
            o.jobs.unwrap_or(0) as f64
        } else {
            o.rate.unwrap_or(0.0)
        }
    };
    let weight: f64 = offered.iter().map(weigh).sum();
    let tasks = offered.iter().map(|o| weigh(o) * o.tasks).sum::<f64>()
        / if weight > 0.0 { weight } else { 1.0 };
    (jobs, jobs * tasks)
}

/// Service end, and whatever of decision, travel, result and gathering takes time.
fn events_a_task(setup: &Setup) -> f64 {
    let some = |law: &Law| f64::from(u8::from(!law.is_zero()));
    let decision = setup
        .strategy
        .parts
        .first()
        .map_or(0.0, |parts| some(&parts.decision_time));
    let gather = setup.classes.iter().any(|class| !class.gather.is_free());
    1.0 + decision
        + some(&setup.network.dispatch)
        + some(&setup.network.result)
        + f64::from(u8::from(gather))
}

fn warnings<'a>(setup: &Setup, uses: impl Iterator<Item = &'a Use>) -> Vec<String> {
    let mut found: Vec<String> = uses
        .filter(|used| used.share >= 1.0)
        .map(|used| {
            format!(
                "{}: utilization {:.3} is not below 1: change `{}`",
                used.of, used.share, used.key
            )
        })
        .collect();
    found.extend(setup.classes.iter().flat_map(without_variance));
    found.extend(straggling(setup));
    found.extend(unlike(setup));
    found
}

/// Laws of a class whose means have no interval.
fn without_variance(class: &Class) -> Vec<String> {
    let Some(stage) = class.stages.first() else {
        return Vec::new();
    };
    let laws: Vec<(&str, &Law)> = match &stage.shape {
        Shape::Tasks { count, work } => vec![("tasks", count), ("work", work)],
        Shape::Split { work, into } => vec![("job-work", work), ("split.into", into)],
        Shape::Trace => Vec::new(),
    };
    let said = |(key, law): (&str, &Law)| {
        law.second_moment().is_infinite().then(|| {
            format!(
                "jobs.{}.{key} has no variance: means get no interval, quantiles do",
                class.name
            )
        })
    };
    laws.into_iter().filter_map(said).collect()
}

fn straggling(setup: &Setup) -> Option<String> {
    let stragglers = setup.stragglers.as_ref()?;
    let endless = stragglers.factor.second_moment().is_infinite();
    endless.then(|| {
        "faults.stragglers.factor has no variance: means get no interval, quantiles do".to_owned()
    })
}

/// Demands that differ in one fifo queue: the head blocks tasks that would fit.
fn unlike(setup: &Setup) -> Vec<String> {
    if setup.strategy.binding == Binding::CentralQueue {
        return Vec::new();
    }
    let blocked = |at: usize| {
        let here = |class: &&Class| {
            class
                .stages
                .first()
                .is_some_and(|s| s.allowed[at] && setup.cluster.groups[at].could_hold(&s.demand))
        };
        let demands: Vec<&Vec<u64>> = setup
            .classes
            .iter()
            .filter(here)
            .filter_map(|class| Some(&class.stages.first()?.demand))
            .collect();
        demands.windows(2).any(|pair| pair[0] != pair[1]) || unlike_rows(setup)
    };
    let groups = setup
        .cluster
        .groups
        .iter()
        .enumerate()
        .filter(|(_, group)| !group.backfill);
    groups
        .filter(|(at, group)| several(group.capacity[SLOTS]) && blocked(*at))
        .map(|(_, group)| {
            format!("unlike demands share the fifo queues of nodes.{}: a head that does not fit blocks them; see `backfill`", group.name)
        })
        .collect()
}

/// True if more than one task can run at once.
fn several(slots: Option<u64>) -> bool {
    slots.is_none_or(|slots| slots > 1)
}

/// True if the rows of a trace differ in demand.
fn unlike_rows(setup: &Setup) -> bool {
    let differ = |label: &crate::workload::trace::Label| {
        label
            .min_demand
            .iter()
            .zip(&label.max_demand)
            .any(|(min, max)| min < max)
    };
    setup.sources.iter().any(|source| match &source.arrivals {
        Arrivals::Trace(plan) => plan.survey.labels.iter().any(differ),
        _ => false,
    })
}
