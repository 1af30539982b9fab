//! What can be said of a setup before it runs: utilizations, sizes, and what will surprise.
//!
//! Utilization follows from rates and works alone, without simulating: at 1 or more somewhere, no
//! run will find a steady state, and the key that makes it so is known. What surprises without
//! being wrong is told too: laws without variance, or large and small tasks in one queue.

mod apart;

use std::collections::BTreeSet;

use crate::engine::law::Law;
use crate::engine::time::Time;
use crate::model::cluster::{Cluster, Group, SLOTS};
use crate::model::discipline::Discipline;
use crate::sim::known_load::{KnownLoad, group_loads};
use crate::sim::setup::{Faults, Measure, Setup, Stragglers, TaskFailures, Turn, Warmup, Window};
use crate::strategy::fixed_split::fixed_split;
use crate::strategy::{Backfill, Binding, Information, Parts, Strategy};
use crate::text::Scale;
use crate::workload::class::{Class, Gather, Stage};
use crate::workload::load::{Demand, Offered};
use crate::workload::source::{Arrivals, Source};
use crate::workload::trace::Label;

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
    /// Simulated time of a replication, in seconds; 0 if that depends on the strategy.
    pub length: f64,
    /// What a replication costs.
    pub cost: Cost,
    /// What each of several dispatchers sees, one sentence for each set of them; and what nodes that are there at
    /// first are asked for, if others may join.
    pub sights: Vec<String>,
    /// What is worth a warning, one sentence each.
    pub warnings: Vec<String>,
}

/// Forecasts a setup.
pub fn forecast(setup: &Setup) -> Forecast {
    // In full, so that what is new in a setup is not forgotten here.
    let Setup {
        seed: _,
        placement_seed: _,
        cluster,
        network: _,
        classes,
        sources,
        stragglers,
        faults,
        strategy,
        window,
        engine: _,
    } = setup;
    let demand = Demand::new(sources, classes, cluster);
    let longer = stragglers.as_ref().map_or(1.0, stretch) * strain(faults);
    let mut nodes = demand.nodes(longer);
    let groups = groups_apart(&nodes, setup);
    let dispatchers = demand.of_dispatchers(strategy, "dispatcher", deciding);
    let gatherers = demand.of_dispatchers(strategy, "gatherer", gathering);
    let (jobs, tasks) = sizes(window, &demand);
    let events = demand.events(setup, (jobs, tasks));
    let apart = apart::of(setup, &demand, longer, &groups);
    let crowded = crowded(setup, &nodes, &apart);
    let mut warnings = overloads(crowded.chain(&dispatchers).chain(&gatherers));
    nodes.extend(groups);
    warnings.extend(without_variance(classes, stragglers.as_ref()));
    if strategy.binding != Binding::CentralQueue {
        warnings.extend(demand.unlike().into_iter().chain(demand.thrashing()));
    }
    warnings.extend(in_vain(setup));
    Forecast {
        nodes,
        dispatchers,
        gatherers,
        jobs,
        tasks,
        events,
        length: demand.covered(jobs),
        cost: demand.cost(strategy, (jobs, tasks, events), window),
        sights: told_beside(setup, longer),
        warnings,
    }
}

/// Nodes of which too much may be asked: parts of them where it is not too much for all. Where there are
/// limits it is turned away, or cancelled.
fn crowded<'a>(setup: &Setup, nodes: &'a [Use], groups: &'a [Use]) -> std::slice::Iter<'a, Use> {
    let is_over = nodes.iter().any(|used| used.share >= 1.0);
    match (setup.is_bounded() || setup.cancels(), is_over) {
        (true, _) => [].iter(),
        (false, true) => nodes.iter(),
        (false, false) => groups.iter(),
    }
}

/// The groups that the strategy gives a fixed share, where that is not the one that `nodes` tell.
fn groups_apart(nodes: &[Use], setup: &Setup) -> Vec<Use> {
    let key = format!("strategies.{}.placement", setup.strategy.name);
    let apart = |KnownLoad { load, place }| {
        let of = place.replacen(" of nodes.", " of ", 1);
        let is_told = |used: &Use| {
            let (dimension, set) = used.of.split_once(" of ").unwrap_or_default();
            let is_its = set == "all nodes" && place.starts_with(dimension) || used.of == of;
            is_its && (load - used.share).abs() <= 0.005 * used.share
        };
        let (share, key) = (load, key.clone());
        (!nodes.iter().any(is_told)).then_some(Use { of, share, key })
    };
    group_loads(setup).into_iter().filter_map(apart).collect()
}

/// What is told beside how much is used.
fn told_beside(setup: &Setup, longer: f64) -> Vec<String> {
    let seen = sights(&setup.strategy).into_iter();
    seen.chain(at_first(setup, longer)).collect()
}

/// What is said and has no effect.
fn in_vain(setup: &Setup) -> Vec<String> {
    let priorities = priorities(&setup.cluster, &setup.classes).into_iter();
    priorities.chain(never_there(setup)).collect()
}

/// What the nodes that are there at first are asked for, if others may join.
fn at_first(setup: &Setup, longer: f64) -> Option<String> {
    let mut cluster = setup.cluster.clone();
    for group in &mut cluster.groups {
        group.count -= group.away;
    }
    let (count, all) = (cluster.count(), setup.cluster.count());
    let demand = Demand::new(&setup.sources, &setup.classes, &cluster);
    let uses = demand.nodes_of(&vec![true; cluster.groups.len()], longer);
    let most = uses.into_iter().max_by(|a, b| a.share.total_cmp(&b.share));
    let most = most.filter(|_| count < all)?;
    let (what, percent) = (most.of.replace("all nodes", "these"), most.share * 100.0);
    Some(format!(
        "at first {count} of {all} nodes are there: {percent:.1} % of {what}"
    ))
}

/// Nodes that are not there at first and that nothing makes join: load counts them all the same.
fn never_there(setup: &Setup) -> Vec<String> {
    let (mut first, mut said) = (0, Vec::new());
    for group in &setup.cluster.groups {
        let nodes = first..first + group.count;
        first = nodes.end;
        let joins = |node: &u32| {
            let mut changes = setup.faults.changes.iter();
            changes.any(|change| change.to == Turn::Join && change.nodes.contains(node))
        };
        let away = nodes.end - group.away..nodes.end;
        let never = away.filter(|node| !joins(node)).count();
        if never > 0 && group.autoscaling.is_none() {
            let nodes = crate::text::counted(never as u64, "node");
            said.push(format!(
                "nodes.{0}: {nodes} of {1} never join: write faults.events with change = \"join\", nodes.{0}.autoscaling, or fewer `count`",
                group.name, group.count
            ));
        }
    }
    said
}

/// "50 ms".
fn span(time: Time) -> String {
    let seconds = time.as_secs();
    Scale::time([seconds]).value(seconds)
}

/// True if decisions of these parts go by the state of the nodes.
fn looks(parts: &&Parts) -> bool {
    let placement = parts.placement.as_ref();
    parts.late.is_none() && placement.idle_queues() == 0 && fixed_split(placement).is_none()
}

/// What each of several dispatchers sees: much of what a strategy is worth hangs on it.
fn sights(strategy: &Strategy) -> Vec<String> {
    let several = strategy.parts.iter().filter(|parts| parts.dispatchers > 1);
    let several = several.filter(looks);
    let said = several.map(|parts| {
        let count = crate::text::counted(parts.dispatchers.into(), "dispatcher");
        let seen = match parts.information {
            _ if parts.probes => {
                "the state of the nodes that it asks (view = \"probe\")".to_owned()
            }
            Information::Fresh => "the true state of all nodes (view = \"fresh\")".to_owned(),
            Information::Local => "only what it has in flight itself (view = \"local\")".to_owned(),
            Information::Periodic { every, .. } => {
                format!("a board that is renewed every {}", span(every))
            }
            Information::Delayed { by } => {
                format!("what was {} ago", span(by))
            }
            Information::Gossip(how) => format!(
                "what it has in flight itself, and what the others tell every {} (view = \"gossip\")",
                span(how.every)
            ),
        };
        let part = parts
            .subset
            .map(|size| format!(", of {size} nodes"))
            .unwrap_or_default();
        format!("each of {count} sees {seen}{part}")
    });
    let mut all: Vec<String> = said.collect();
    all.dedup();
    all
}

/// The mean factor by which faults lengthen what nodes have to do in the time that they are up:
/// attempts that fail at their end are made again, and nodes are down.
fn strain(faults: &Faults) -> f64 {
    let attempts = match faults.task_failures {
        Some(TaskFailures::Probability(p)) if p < 1.0 => {
            (1.0 - p.powi(i32::from(faults.retries.max_attempts))) / (1.0 - p)
        }
        Some(TaskFailures::Probability(_)) => f64::from(faults.retries.max_attempts),
        Some(TaskFailures::Rate(_)) | None => 1.0,
    };
    let up = match &faults.node_failures {
        Some(failures) if !failures.busy_clock => {
            failures.up.mean() / (failures.up.mean() + failures.down.mean())
        }
        _ => 1.0,
    };
    let pace = faults.slow_downs.as_ref().map_or(1.0, |slow| {
        let (every, last) = (slow.every.mean(), slow.last.mean());
        (every + last * 1e9 / slow.factor as f64) / (every + last)
    });
    attempts / up / pace
}

/// Time and memory of a replication, as measured on a common machine; `timing.json` has what a run
/// really took. Within a factor of two.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// CPU time, seconds.
    pub seconds: f64,
    /// Bytes that a thread holds while it runs.
    pub held: f64,
    /// Bytes of its distributions, as they wait to be merged.
    pub distributions: f64,
}

/// Seconds of an event; of a node that is looked at; of a replication's tables, by class; of a node
/// and of a task in the system, which must be laid out.
const EVENT: f64 = 90e-9;
const LOOK: f64 = 11e-9;
/// Seconds of a node that is looked at in a plan.
const PLAN: f64 = 70e-9;
const TABLES: f64 = 300e-6;
const NODE: f64 = 100e-9;
const TASK: f64 = 1e-6;
/// Bytes of a task in the system, of a node, of the histograms of a class while it runs, and of the
/// program itself.
const TASK_BYTES: f64 = 340.0;
const NODE_BYTES: f64 = 165.0;
const CLASS_BYTES: f64 = 400e3;
const OWN_BYTES: f64 = 14e6;
/// Buckets that the times of many jobs fill; distributions of a class; bytes of a bucket in one, and
/// of that in the counts that are kept of each replication.
const BUCKETS: f64 = 4_500.0;
const DISTRIBUTIONS: f64 = 3.0;
const BUCKET_BYTES: f64 = 24.0;
const COUNT_BYTES: f64 = 8.0;
/// Replications that each thread may do before they are merged.
pub const BATCH: usize = 64;

/// Bytes of the distributions of all jobs and, if there are several, of `classes` classes.
fn distributions(jobs: f64, classes: f64) -> f64 {
    let filled = |jobs: f64| -BUCKETS * (-jobs / BUCKETS).exp_m1();
    let of_classes = if classes > 1.0 {
        classes * filled(jobs / classes)
    } else {
        0.0
    };
    (filled(jobs) + of_classes) * DISTRIBUTIONS * BUCKET_BYTES
}

impl Demand<'_> {
    /// Simulated seconds in which this many jobs arrive.
    fn covered(&self, jobs: f64) -> f64 {
        let span = |source: &Source| match &source.arrivals {
            Arrivals::Trace(plan) => plan.survey.span.as_secs() * plan.scale,
            _ => 0.0,
        };
        match self.sources.iter().map(span).fold(0.0, f64::max) {
            0.0 if self.rate() > 0.0 => jobs / self.rate(),
            span => span,
        }
    }

    /// CPU time in seconds and memory in bytes of a replication: sums of what an event, a look at a node and a
    /// task in the system were measured to take.
    fn cost(&self, strategy: &Strategy, sizes: (f64, f64, f64), window: &Window) -> Cost {
        let (jobs, tasks, events) = sizes;
        let nodes = self.cluster.count();
        let looks = strategy
            .parts
            .iter()
            .map(|parts| parts.placement.looks(nodes));
        let looks = looks.fold(0.0, f64::max);
        let crowd = self.crowd(jobs, window) * tasks / jobs.max(1.0);
        let crowd = crowd.max(self.crowd_of_traces(strategy));
        let (nodes, classes) = (f64::from(nodes), self.classes.len() as f64 + 1.0);
        Cost {
            seconds: events * EVENT
                + tasks * looks * LOOK
                + tasks * self.plans(strategy, tasks / jobs.max(1.0))
                + classes * TABLES
                + nodes * NODE
                + crowd * TASK,
            held: crowd * TASK_BYTES + nodes * NODE_BYTES + classes * CLASS_BYTES,
            distributions: distributions(jobs, classes - 1.0),
        }
    }

    /// Seconds a task of planning ahead (backfill), if jobs have so many tasks: a plan looks at all nodes for
    /// each of those who are promised room. Of random arrivals some find a queue (Sakasegawa, "An approximation
    /// formula L_q = alpha rho^beta / (1 - rho)", Ann. Inst. Statist. Math. 29, 1977, for as many gangs as
    /// find room together), of a trace nearly all do, and bursts make it
    /// longer.
    fn plans(&self, strategy: &Strategy, tasks: f64) -> f64 {
        let load = self.busiest().1.min(0.95);
        let is_trace = |source: &Source| matches!(source.arrivals, Arrivals::Trace(_));
        let is_trace = self.sources.iter().any(is_trace);
        let bursts = if is_trace { 4.0 } else { 1.0 };
        let promised = match strategy.queue.backfill {
            Backfill::None | Backfill::Any => return 0.0,
            Backfill::Easy => 1.0,
            Backfill::Conservative => 1.0 + 0.3 * bursts / (1.0 - load),
        };
        let nodes = f64::from(self.cluster.count());
        let waits = match is_trace {
            true => 1.0,
            false => load.powf((2.0 * (nodes / tasks + 1.0)).sqrt() - 1.0),
        };
        waits * promised * nodes * PLAN
    }

    /// Events of so many jobs and tasks, with those of jobs that arrive behind them, where they can matter.
    fn events(&self, setup: &Setup, (jobs, tasks): (f64, f64)) -> f64 {
        let (strategy, network) = (&setup.strategy, &setup.network);
        let travels = (0..2).filter(|leg| !network.is_instant(*leg)).count() as f64;
        let gather = setup.classes.iter().any(|class| !class.gather.is_free());
        // A decision and an end of service; what takes time; and, under late binding, reservations.
        let a_task = 2.0 + f64::from(u8::from(gather)) + travels * (1.0 + probes(strategy));
        // A central queue by rules is gone through when a job comes, and where somebody waits when a task ends,
        // or a gang.
        let ends = if setup.has_gangs() { jobs } else { tasks };
        let passes = match strategy.binding == Binding::CentralQueue && !setup.queues_plainly() {
            true => jobs + ends * self.busiest().1.min(1.0),
            false => 0.0,
        };
        let behind = if setup.is_first_in_first_out() || setup.is_served_from_one_queue() {
            0.0
        } else {
            self.behind() + self.behind_gangs(setup, jobs)
        };
        (jobs + tasks * a_task + passes) * (1.0 + behind / jobs.max(1.0))
    }

    /// Jobs that arrive while the last of those measured are served: the longest of n that run
    /// together takes about ln(n) times the mean.
    fn behind(&self) -> f64 {
        let classes = self.offered.iter();
        let rates = classes.map(|class| (class.rate.unwrap_or(0.0), class));
        let served: f64 = rates.clone().map(|(rate, class)| rate * class.work).sum();
        let tasks: f64 = rates.map(|(rate, class)| rate * class.tasks).sum();
        let served = served.min(self.power(&vec![true; self.cluster.groups.len()], 0));
        let jobs = served * self.rate() / tasks;
        if jobs.is_finite() {
            jobs * served.max(1.0).ln()
        } else {
            0.0
        }
    }

    /// Jobs of a trace that arrive while gangs which wait in strict order have not been served: while nodes
    /// come free for the widest, half of as many stand idle on average.
    fn behind_gangs(&self, setup: &Setup, jobs: f64) -> f64 {
        let is_strict = setup.strategy.queue.backfill == Backfill::None;
        if !is_strict || !setup.has_gangs() {
            return 0.0;
        }
        let plans = self
            .sources
            .iter()
            .filter_map(|source| match &source.arrivals {
                Arrivals::Trace(plan) => Some(&plan.survey),
                _ => None,
            });
        let widest = plans.clone().flat_map(|survey| &survey.labels);
        let widest = widest.map(|label| label.max_tasks).max().unwrap_or(0);
        let usable = 1.0 - 0.5 * f64::from(widest) / self.cluster.power(0);
        let all: f64 = plans.map(|survey| survey.jobs as f64).sum();
        let more = jobs * (self.busiest().1 / usable.max(0.1) - 1.0);
        more.min(all - jobs).max(0.0)
    }

    /// Jobs that are in the system together: a batch, and where more is asked than there is what is
    /// left over; a steady crowd takes next to nothing.
    fn crowd(&self, jobs: f64, window: &Window) -> f64 {
        let batches = self.offered.iter().filter(|class| class.rate.is_none());
        let batches = batches.filter_map(|class| class.jobs).sum::<u64>() as f64;
        let (_, load) = self.busiest();
        let over = if load > 1.0 {
            jobs * (1.0 - 1.0 / load)
        } else {
            0.0
        };
        batches + over.min(window.max_in_system as f64)
    }

    /// Tasks of traces whose jobs are in the system together, where they wait at nodes: a task finds a long one in
    /// service more likely than a short one, and of its half is left; a job waits for the worst of what its
    /// tasks find, of n exponential times about ln(n) times the mean.
    fn crowd_of_traces(&self, strategy: &Strategy) -> f64 {
        let load = self.busiest().1.min(1.0);
        let crowd = |source: &Source| {
            let Arrivals::Trace(plan) = &source.arrivals else {
                return 0.0;
            };
            let sum = |of: fn(&Label) -> f64| plan.survey.labels.iter().map(of).sum::<f64>();
            let tasks = sum(|label| label.tasks as f64);
            let found = sum(|label| label.squared_work) / sum(|label| label.work) / 2.0;
            let busy = load * sum(|label| label.squared_tasks) / tasks;
            let span = plan.survey.span.as_secs() * plan.scale;
            tasks * (found * (1.0 + busy.ln_1p()) / span).min(1.0)
        };
        match strategy.binding {
            Binding::CentralQueue => 0.0,
            _ => self.sources.iter().map(crowd).sum(),
        }
    }
}

/// The warnings of all setups, each once, with the strategies and points that it is about unless
/// it is about all.
pub fn warnings(points: &[&[Setup]], names: &[&str]) -> Vec<String> {
    let mut all: Vec<(String, BTreeSet<usize>, BTreeSet<usize>)> = Vec::new();
    for (at, setups) in points.iter().enumerate() {
        for (strategy, setup) in setups.iter().enumerate() {
            for said in forecast(setup).warnings {
                match all.iter_mut().find(|(known, _, _)| *known == said) {
                    Some((_, points, of)) => {
                        points.insert(at);
                        of.insert(strategy);
                    }
                    None => all.push((said, [at].into(), [strategy].into())),
                }
            }
        }
    }
    let sentence = |(said, at, of): (String, BTreeSet<usize>, BTreeSet<usize>)| {
        let own = of.iter().map(|&strategy| names[strategy]);
        let own = own.collect::<Vec<_>>().join(", ");
        let share = format!("{} of {} points", at.len(), points.len());
        match (of.len() == names.len(), at.len() == points.len()) {
            (true, true) => said,
            (true, false) => format!("{said} ({share})"),
            (false, true) => format!("{said} ({own})"),
            (false, false) => format!("{said} ({own} at {share})"),
        }
    };
    all.into_iter().map(sentence).collect()
}

/// What all replications of a scenario cost together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Total {
    /// Events.
    pub events: f64,
    /// CPU time, seconds.
    pub seconds: f64,
    /// Bytes on one thread, and for each further one.
    pub bytes: (f64, f64),
}

impl Total {
    /// Of `replications` of each setup that was forecast.
    pub fn of(forecasts: &[Vec<Forecast>], replications: u32) -> Total {
        let times = f64::from(replications);
        let all = || forecasts.iter().flatten();
        let sum = |of: fn(&Forecast) -> f64| all().map(of).sum::<f64>() * times;
        let most = |of: fn(&Forecast) -> f64| all().map(of).fold(0.0, f64::max);
        let held = most(|forecast| forecast.cost.held);
        let runs = all().count() as f64 * times;
        let waiting = most(|forecast| forecast.cost.distributions) * runs.min(BATCH as f64);
        let merged = 1.0 + times * COUNT_BYTES / BUCKET_BYTES;
        let kept = sum(|forecast| forecast.cost.distributions) / times * merged;
        Total {
            events: sum(|forecast| forecast.events),
            seconds: sum(|forecast| forecast.cost.seconds),
            bytes: (OWN_BYTES + held + waiting + kept, held + waiting),
        }
    }

    /// Bytes on this many threads.
    pub fn on(&self, threads: usize) -> f64 {
        self.bytes.0 + self.bytes.1 * threads.saturating_sub(1) as f64
    }
}

/// The mean factor by which stragglers lengthen work.
fn stretch(stragglers: &Stragglers) -> f64 {
    let Stragglers {
        probability,
        factor,
    } = stragglers;
    1.0 - probability + probability * factor.mean()
}

/// Time a second that the dispatchers of a class decide.
fn deciding(parts: &Parts, class: &Class, offered: &Offered) -> f64 {
    match parts.decision_time.mean() {
        0.0 => 0.0, // also of endlessly many tasks
        busy if parts.is_batch() => offered.rate.unwrap_or(0.0) * class.stages.len() as f64 * busy,
        busy => offered.rate.unwrap_or(0.0) * offered.tasks * busy,
    }
}

/// Time a second that the gatherers of a class gather.
fn gathering(_: &Parts, class: &Class, offered: &Offered) -> f64 {
    let Gather {
        per_result,
        work,
        need: _,
    } = &class.gather;
    offered.rate.unwrap_or(0.0) * (offered.tasks * per_result.mean() + work.mean())
}

impl Demand<'_> {
    /// Utilization of all nodes, and of those that some classes are kept to, where stragglers
    /// `stretch` work.
    fn nodes(&self, stretch: f64) -> Vec<Use> {
        let mut sets = vec![vec![true; self.cluster.groups.len()]];
        for class in self.classes {
            let eligible = self.eligible(class);
            if !sets.contains(&eligible) {
                sets.push(eligible);
            }
        }
        let uses = sets.iter().flat_map(|set| self.nodes_of(set, stretch));
        uses.collect()
    }

    /// For each group, whether any tasks of the class may run there and fit.
    fn eligible(&self, class: &Class) -> Vec<bool> {
        let groups = &self.cluster.groups;
        let each = class.stages.iter().map(|stage| stage.eligible(groups));
        let any = |one: Vec<bool>, other: Vec<bool>| {
            let both = one.iter().zip(&other);
            both.map(|(one, other)| *one || *other).collect()
        };
        each.reduce(any).unwrap_or(vec![true; groups.len()])
    }

    /// Utilization of the groups in `set` by the classes that can run nowhere else.
    fn nodes_of(&self, set: &[bool], stretch: f64) -> Vec<Use> {
        let is_kept = |class: &Class| {
            let eligible = self.eligible(class);
            eligible
                .iter()
                .zip(set)
                .all(|(may, inside)| !may || *inside)
        };
        let classes = self.classes.iter().zip(&self.offered);
        let kept: Vec<(&Class, &Offered)> = classes.filter(|(class, _)| is_kept(class)).collect();
        let (of, key) = self.named(set, kept.first().map(|(class, _)| *class));
        let mut found = Vec::new();
        for (at, dimension) in self.cluster.dimensions.iter().enumerate() {
            let power = self.power(set, at);
            if power.is_finite() && power > 0.0 {
                let used = kept
                    .iter()
                    .map(|(_, offered)| used(offered, at, stretch) / power);
                let share = used.sum();
                let (of, key) = (format!("{} of {of}", dimension.name), key.clone());
                found.push(Use { of, share, key });
            }
        }
        found
    }

    /// Sum of speed x capacity over the groups in `set`.
    fn power(&self, set: &[bool], at: usize) -> f64 {
        let groups = self.cluster.groups.iter().zip(set);
        let inside = groups.filter(|(_, inside)| **inside);
        inside.map(|(group, _)| group.power(at)).sum()
    }

    /// What a set of groups is called, and the key that sets how much is asked of it.
    fn named(&self, set: &[bool], first: Option<&Class>) -> (String, String) {
        if set.iter().all(|inside| *inside) {
            let key = match self.sources {
                [only] => format!("jobs.{}.arrivals or workload.load", only.name),
                _ => "workload.load or jobs.NAME.arrivals".to_owned(),
            };
            return ("all nodes".to_owned(), key);
        }
        let groups = self.cluster.groups.iter().zip(set);
        let inside = groups.filter(|(_, inside)| **inside);
        let names: Vec<&str> = inside.map(|(group, _)| group.name.as_str()).collect();
        let name = first.map_or("NAME", |class| class.name.as_str());
        let part = match first.and_then(|class| class.stages.first()) {
            Some(stage) if stage.allowed.iter().all(|allowed| *allowed) => "demand",
            _ => "nodes",
        };
        (names.join(", "), format!("jobs.{name}.{part}"))
    }

    /// Utilization of what each dispatcher has one of, by each set of parts that serves a class:
    /// `busy` is the time a second that a class takes there.
    fn of_dispatchers(
        &self,
        strategy: &Strategy,
        what: &str,
        busy: impl Fn(&Parts, &Class, &Offered) -> f64,
    ) -> Vec<Use> {
        let Strategy {
            name,
            binding: _,
            parts,
            parts_of_class,
            limits: _,
            queue: _,
            copies: _,
            stealing: _,
            pushing: _,
            stolen: _,
            partition: _,
            health: _,
        } = strategy;
        let one = |(at, parts): (usize, &Parts)| {
            let classes = self.classes.iter().zip(&self.offered).zip(parts_of_class);
            let served = classes.filter(|(_, of)| **of == at);
            let busy: f64 = served
                .map(|((class, offered), _)| busy(parts, class, offered))
                .sum();
            Use {
                of: match parts.dispatchers {
                    1 => format!("the {what}"),
                    many => format!("each of {many} {what}s"),
                },
                share: busy / f64::from(parts.dispatchers),
                key: format!("strategies.{name}.dispatchers"),
            }
        };
        let used = parts
            .iter()
            .enumerate()
            .filter(|(at, _)| parts_of_class.contains(at));
        used.map(one).collect()
    }

    /// Demands that differ in one fifo queue: the head blocks tasks that would fit.
    fn unlike(&self) -> Vec<String> {
        let groups = self.cluster.groups.iter().enumerate();
        let shared = groups.filter(|(at, group)| {
            let is_several = group.capacity[SLOTS].is_none_or(|slots| slots > 1);
            !group.discipline.shares() && is_several && !group.backfill && self.is_unlike(*at)
        });
        let said = |group: &Group| {
            let (name, discipline) = (&group.name, group.discipline.name());
            format!(
                "unlike demands share the {discipline} queues of nodes.{name}: a head that does not fit blocks them; see `backfill`"
            )
        };
        shared.map(|(_, group)| said(group)).collect()
    }

    /// Nodes that can fall behind for good once they share too much: at their slowest they give less
    /// than is asked of them.
    fn thrashing(&self) -> Vec<String> {
        let (_, load) = self.busiest();
        let said = |group: &Group| match &group.discipline {
            Discipline::ProcessorSharing(curve) if load < 1.0 && load * curve.most() >= 1.0 => {
                let (name, most) = (&group.name, curve.most());
                Some(format!(
                    "nodes.{name} may fall behind for good: slowed down {most} times they cannot do what is asked of them"
                ))
            }
            _ => None,
        };
        self.cluster.groups.iter().filter_map(said).collect()
    }

    /// True if unlike demands may meet in a group.
    fn is_unlike(&self, group: usize) -> bool {
        let is_here = |stage: &&Stage| stage.eligible(&self.cluster.groups)[group];
        let stages = self.classes.iter().flat_map(|class| &class.stages);
        let demands: Vec<&Vec<u64>> = stages.filter(is_here).map(|stage| &stage.demand).collect();
        let differ = |label: &Label| {
            let mut bounds = label.min_demand.iter().zip(&label.max_demand);
            bounds.any(|(min, max)| min < max)
        };
        let has_unlike_rows = |source: &Source| match &source.arrivals {
            Arrivals::Trace(plan) => plan.survey.labels.iter().any(differ),
            Arrivals::Renewal { .. } | Arrivals::Batch { .. } => false,
            Arrivals::Phases(_) | Arrivals::Wave(_) | Arrivals::Closed(_) => false,
        };
        demands.windows(2).any(|pair| pair[0] != pair[1])
            || self.sources.iter().any(has_unlike_rows)
    }
}

/// What a class holds of a dimension on average, with stragglers that `stretch` work.
fn used(offered: &Offered, at: usize, stretch: f64) -> f64 {
    let (held, overhead) = (offered.held[at], offered.held_overhead[at]);
    match (held - overhead) * stretch + overhead {
        0.0 => 0.0,
        held => offered.rate.unwrap_or(0.0) * held,
    }
}

/// Expected jobs and tasks of a replication.
fn sizes(window: &Window, demand: &Demand<'_>) -> (f64, f64) {
    let Window {
        warmup,
        measure,
        drain: _,
        max_in_system: _,
        slowdown_floor: _,
        stratum: _,
        finite: _,
    } = window;
    let offered = &demand.offered;
    let closed: f64 = offered.iter().filter_map(|class| class.at_most).sum();
    let rate = demand.rate() + closed;
    let warmup = match warmup {
        Warmup::None => 0.0,
        Warmup::Jobs(jobs) => *jobs as f64,
        Warmup::Time(time) => time.as_secs() * rate,
    };
    let jobs = match *measure {
        Measure::All => offered.iter().filter_map(|class| class.jobs).sum::<u64>() as f64,
        Measure::Jobs { class, count } => {
            let own = class.and_then(|at| offered[at as usize].rate);
            count as f64 / own.map_or(1.0, |own| own / rate) + warmup
        }
        Measure::Until(until) | Measure::Leaving(until) => until.as_secs() * rate,
    };
    let weigh = |class: &Offered| match measure {
        Measure::All => class.jobs.unwrap_or(0) as f64,
        _ => class.rate.or(class.at_most).unwrap_or(0.0),
    };
    let weight: f64 = offered.iter().map(weigh).sum();
    let tasks: f64 = offered.iter().map(|class| weigh(class) * class.tasks).sum();
    let tasks = tasks / if weight > 0.0 { weight } else { 1.0 };
    (jobs, jobs * tasks)
}

/// Reservations for a task, of the parts that make most.
fn probes(strategy: &Strategy) -> f64 {
    let late = strategy.parts.iter().filter_map(|parts| parts.late);
    late.map(|late| late.probes as f64 / 1e9)
        .fold(0.0, f64::max)
}

fn overloads<'a>(uses: impl Iterator<Item = &'a Use>) -> Vec<String> {
    let said =
        |Use { of, key, .. }: &Use| format!("{of}: utilization is not below 1: change `{key}`");
    uses.filter(|used| used.share >= 1.0).map(said).collect()
}

/// Priorities that tell nothing apart.
fn priorities(cluster: &Cluster, classes: &[Class]) -> Option<String> {
    let is_by_priority = |group: &&Group| matches!(group.discipline, Discipline::Priority { .. });
    let mut pairs = classes.windows(2);
    let are_equal = pairs.all(|pair| pair[0].priority == pair[1].priority);
    let group = cluster.groups.iter().find(is_by_priority);
    group.filter(|_| are_equal).map(|group| {
        format!(
            "nodes.{} serves by priority, and all classes have the same: see jobs.NAME.priority",
            group.name
        )
    })
}

/// Laws whose means have no interval.
fn without_variance(classes: &[Class], stragglers: Option<&Stragglers>) -> Vec<String> {
    let mut laws: Vec<(String, &Law)> = Vec::new();
    for class in classes {
        for stage in &class.stages {
            let own = stage.shape.laws().into_iter();
            let place = class.place(stage);
            laws.extend(own.map(|(key, law)| (format!("{place}.{key}"), law)));
        }
    }
    laws.extend(stragglers.map(|s| ("faults.stragglers.factor".to_owned(), &s.factor)));
    laws.retain(|(_, law)| law.second_moment().is_infinite());
    let said = |(key, _)| format!("{key} has no variance: means get no interval, quantiles do");
    laws.into_iter().map(said).collect()
}
