//! What every placement must keep, whoever wrote it: all names of the registry, and variants of
//! their parameters, in several worlds.

use std::collections::BTreeMap;
use std::sync::Arc;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::figures::Figures;
use equipoise::metrics::jobs::Blame;
use equipoise::model::cluster::{Dimension, Group, Speed};
use equipoise::model::ids::NodeId;
use equipoise::scenario::Registry;
use equipoise::sim;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::setup::{Measure, Setup, Stragglers, Warmup};
use equipoise::strategy::{Binding, Blueprint, InFlight, Ties};
use equipoise::workload::class::{Gather, Shape};

use crate::common::{class, group, open, parts, placement, renewal};

/// Every placement of the registry with its defaults, and further variants.
fn placements() -> Vec<(String, Arc<dyn Blueprint>)> {
    let registry = Registry::standard();
    let defaults = registry.names().into_iter().map(str::to_owned);
    let variants = [
        "round-robin = { weights = \"speed x slots\" }",
        "least-loaded = { by = \"work\" }",
        "least-loaded = { by = \"utilization\" }",
        "power-of-d = { d = 3, by = \"work\", replacement = true }",
        "power-of-d = { d = 2, by = \"utilization\" }",
        "resource-match = { score = \"cosine\" }",
        "resource-match = { score = \"dot-product\" }",
        "resource-match = { score = \"l2-norm\" }",
    ];
    let all = defaults.chain(variants.map(str::to_owned));
    all.map(|spelling| (spelling.clone(), placement(&spelling)))
        .collect()
}

/// Two machine generations with three dimensions.
fn machines() -> Vec<Group> {
    let of = |name: &str, count, speed, capacity: [Option<u64>; 3], backfill| Group {
        name: name.into(),
        count,
        speed: Speed::new(speed),
        capacity: capacity.to_vec(),
        backfill,
    };
    vec![
        of("old", 7, 1.0, [Some(4), Some(8), Some(16)], false),
        of("new", 5, 1.6, [None, Some(16), Some(24)], true),
    ]
}

/// Two classes with unlike demands, one of which may only run on the new machines.
fn world(blueprint: &Arc<dyn Blueprint>) -> Setup {
    let mut setup = open(
        machines(),
        Law::Exponential { mean: 0.12 },
        3,
        Law::Exponential { mean: 1.0 },
        "random",
    );
    setup.strategy.parts[0].placement = blueprint.clone();
    setup.cluster.dimensions = ["slots", "cpu", "memory"]
        .iter()
        .map(|name| Dimension {
            name: (*name).into(),
            scale: 1.0,
        })
        .collect();
    setup.classes[0].stages[0].demand = vec![1, 2, 1];
    let mut big = class("big", 1, Law::Constant(0.0), 2);
    big.stages[0].shape = Shape::Split {
        work: Law::lognormal(4.0, 1.5),
        into: Law::Uniform {
            low: 1.0,
            high: 4.0,
        },
    };
    big.stages[0].demand = vec![2, 3, 9];
    big.stages[0].allowed = vec![false, true];
    setup.classes.push(big);
    setup
        .sources
        .push(renewal("big", Law::Exponential { mean: 0.9 }, 1));
    setup.strategy.parts_of_class = vec![0, 0];
    setup.window.warmup = Warmup::Jobs(200);
    setup.window.measure = Measure::Jobs {
        class: None,
        count: 2_000,
    };
    setup
}

/// The ways in which a placement may be used.
fn worlds(blueprint: &Arc<dyn Blueprint>) -> Vec<(&'static str, Setup)> {
    let with = |name, change: &dyn Fn(&mut Setup)| {
        let mut setup = world(blueprint);
        change(&mut setup);
        (name, setup)
    };
    let delays = |setup: &mut Setup| {
        setup.network.dispatch = Law::Exponential { mean: 0.3 };
        setup.network.result = Law::Constant(0.05);
    };
    let many_dispatchers = |setup: &mut Setup| {
        setup.strategy.parts[0].dispatchers = 5;
        setup.strategy.parts[0].decision_time = Law::Exponential { mean: 0.01 };
    };
    vec![
        with("plain", &|_| {}),
        with("lowest id", &|setup| {
            setup.strategy.parts[0].ties = Ties::LowestId;
        }),
        with("central queue", &|setup| {
            setup.strategy.binding = Binding::CentralQueue;
        }),
        with("central queue, dispatchers, delays", &|setup| {
            setup.strategy.binding = Binding::CentralQueue;
            delays(setup);
            many_dispatchers(setup);
        }),
        with("delays", &delays),
        with("dispatchers, delays, in flight ignored", &|setup| {
            delays(setup);
            many_dispatchers(setup);
            setup.strategy.parts[0].in_flight = InFlight::Ignored;
        }),
        with("stragglers, gathering", &|setup| {
            setup.stragglers = Some(Stragglers {
                probability: 0.1,
                factor: Law::BoundedPareto {
                    shape: 1.5,
                    min: 2.0,
                    max: 8.0,
                },
            });
            setup.classes[0].gather = Gather {
                per_result: Law::Constant(0.01),
                work: Law::Exponential { mean: 0.02 },
            };
        }),
        with("parts by class", &|setup| {
            setup.strategy.parts.push(parts("round-robin"));
            setup.strategy.parts_of_class = vec![0, 1];
            delays(setup);
        }),
    ]
}

/// Checks rows as they come and keeps what must be the same elsewhere.
struct Watcher {
    /// For each class, which nodes may run its tasks.
    valid: Vec<Vec<bool>>,
    /// Every decision, in order.
    decisions: Vec<(u64, u32, u32, u64, u32, u32)>,
    /// Arrival and works (bits) of measured jobs.
    workload: BTreeMap<(u32, u64), (u64, Vec<u64>)>,
    completed: u64,
    names: Vec<String>,
    /// Decisions that the same algorithm, built anew and shown the same, makes otherwise.
    remembered: Option<String>,
}

/// One decision in this many is made anew.
const SAMPLED: usize = 37;

impl Watcher {
    fn new(setup: &Setup) -> Watcher {
        let of_class = |class: &equipoise::workload::class::Class| {
            let stage = &class.stages[0];
            let each = setup.cluster.groups.iter().zip(&stage.allowed);
            let valid = |(group, allowed): (&Group, &bool)| {
                let is_valid = *allowed && group.could_hold(&stage.demand);
                std::iter::repeat_n(is_valid, group.count as usize)
            };
            each.flat_map(valid).collect()
        };
        Watcher {
            valid: setup.classes.iter().map(of_class).collect(),
            decisions: Vec::new(),
            workload: BTreeMap::new(),
            completed: 0,
            names: setup.cluster.node_names(),
            remembered: None,
        }
    }
}

impl Recorder for Watcher {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        if let Some((completion, blame)) = completed {
            self.completed += 1;
            let response = completion.0 - job.arrival.0;
            assert_eq!(blame.iter().sum::<u64>(), response, "blame is complete");
        }
    }

    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt) {
        let t = attempt.times;
        let times = [
            t.begun, t.decided, t.reached, t.started, t.ended, t.received,
        ];
        assert!(job.arrival <= t.begun && times.is_sorted(), "time runs on");
        assert_eq!(task.wait, t.started - job.arrival);
        if job.measured {
            let key = (job.class, job.number);
            let row = self.workload.entry(key);
            let (_, works) = row.or_insert((job.arrival.0, vec![0; job.tasks as usize]));
            works[task.index as usize] = task.work.to_bits();
        }
    }

    fn decision(&mut self, d: &Decision<'_>) {
        if self.decisions.len().is_multiple_of(SAMPLED) && !d.has_memory() {
            let anew = d.afresh().unwrap().unwrap();
            if anew != d.node && self.remembered.is_none() {
                self.remembered = Some(self.tell_memory(d, anew));
            }
        }
        let (class, node) = (d.job.class, d.node.0);
        assert!(
            self.valid[class as usize][node as usize],
            "a task of class {class} at node {node}"
        );
        let row = (d.time.0, d.dispatcher, class, d.job.number, d.task, node);
        self.decisions.push(row);
    }
}

impl Watcher {
    fn tell_memory(&self, d: &Decision<'_>, anew: NodeId) -> String {
        let told = |node: NodeId| {
            let seen = d.seen(node);
            let used = (seen.used * 100.0).round();
            format!(
                "{} ({} tasks, {used} % used)",
                self.names[node.index()],
                seen.tasks
            )
        };
        format!(
            "it decides by a memory of its own that does not agree with what it is shown: at t = {} s \
             it chose {}, but built anew and shown the same nodes it chooses {}",
            d.time.as_secs(),
            told(d.node),
            told(anew)
        )
    }
}

/// Runs the setup (which checks conservation) and watches it.
fn watch(setup: &Setup, what: &str) -> (Figures, Watcher) {
    let mut watcher = Watcher::new(setup);
    let outcome = sim::run(setup, 1, Some(&mut watcher))
        .unwrap_or_else(|failure| panic!("{what}: {failure}"));
    assert!(watcher.completed >= outcome.all().completed && outcome.all().completed > 0);
    (outcome, watcher)
}

/// What every placement must keep; panics with what is broken.
pub fn check(name: &str, blueprint: &Arc<dyn Blueprint>) {
    every_node_is_used(name, blueprint);
    valid_and_repeatable(name, blueprint);
    same_jobs(name, blueprint);
    no_allocation_when_the_state_repeats(name, blueprint);
    hardly_any_allocation(name, blueprint);
}

fn for_each(check: impl Fn(&str, &Arc<dyn Blueprint>)) {
    for (name, blueprint) in placements() {
        check(&name, &blueprint);
    }
}

#[test]
fn placements_use_every_node() {
    for_each(every_node_is_used);
}

#[test]
fn placements_are_valid_and_repeatable() {
    for_each(valid_and_repeatable);
}

#[test]
fn the_same_jobs_for_every_strategy() {
    for_each(same_jobs);
    let setup = world(&placement("random"));
    let digest = |setup: &Setup, r| sim::run(setup, r, None).unwrap().workload_digest;
    let first = digest(&setup, 1);
    assert_ne!(digest(&setup, 2), first);
    let other_seed = Setup { seed: 2, ..setup };
    assert_ne!(digest(&other_seed, 1), first);
}

#[test]
fn no_allocation_past_the_warmup_when_the_state_repeats() {
    for_each(no_allocation_when_the_state_repeats);
}

#[test]
fn hardly_any_allocation_past_the_warmup() {
    for_each(hardly_any_allocation);
}

/// Of twenty nodes that are alike, at load 0.9, each is chosen at some time in 6,000 decisions.
fn every_node_is_used(name: &str, blueprint: &Arc<dyn Blueprint>) {
    let interval = Law::Exponential { mean: 3.0 / 18.0 };
    let work = Law::Exponential { mean: 1.0 };
    let mut setup = open(vec![group("node", 20, 1.0)], interval, 3, work, "random");
    setup.strategy.parts[0].placement = blueprint.clone();
    setup.window.measure = Measure::Jobs {
        class: None,
        count: 2_000,
    };
    let (_, seen) = watch(&setup, name);
    let mut tasks = [0; 20];
    seen.decisions.iter().for_each(|d| tasks[d.5 as usize] += 1);
    let unused = (0..20).filter(|&node| tasks[node] == 0);
    let unused: Vec<String> = unused.map(|node| format!("node[{node}]")).collect();
    assert!(
        unused.is_empty(),
        "`{name}` never used {}, though all 20 nodes are alike and may be used ({} decisions)",
        unused.join(", "),
        seen.decisions.len()
    );
}

/// Valid nodes, conservation, blame that sums up (all by [`Watcher`]); decisions by what is shown
/// alone; and the same once more.
fn valid_and_repeatable(name: &str, blueprint: &Arc<dyn Blueprint>) {
    for (world, setup) in worlds(blueprint) {
        let what = format!("`{name}`, {world}");
        let (first, seen) = watch(&setup, &what);
        assert!(
            seen.remembered.is_none(),
            "{what}: {}",
            seen.remembered.unwrap()
        );
        let (second, seen_again) = watch(&setup, &what);
        assert!(
            seen.decisions == seen_again.decisions,
            "{what}: the same seed gave other decisions"
        );
        let columns = setup.columns(&[]);
        let values = |figures: &Figures| figures.values(&columns);
        assert_eq!(values(&first), values(&second), "{what}");
        assert_eq!(first.events, second.events, "{what}");
        let unwatched = sim::run(&setup, 1, None).unwrap();
        assert_eq!(values(&first), values(&unwatched), "{what}: watched or not");
    }
}

/// Arrivals, counts, works and demands of the measured jobs are those under `random`, bit by bit.
fn same_jobs(name: &str, blueprint: &Arc<dyn Blueprint>) {
    let (reference, seen) = watch(&world(&placement("random")), "random");
    assert_eq!(seen.workload.len(), 2_000);
    for (world, setup) in worlds(blueprint) {
        let what = format!("`{name}`, {world}");
        let (outcome, other) = watch(&setup, &what);
        assert_eq!(outcome.workload_digest, reference.workload_digest, "{what}");
        assert!(other.workload == seen.workload, "{what}: other works");
    }
}

/// Allocations and jobs of a run with `jobs` measured ones.
fn allocations(mut setup: Setup, jobs: u64) -> u64 {
    setup.window.measure = Measure::Jobs {
        class: None,
        count: jobs,
    };
    // as many observations whatever the length
    setup.window.stratum = Time::from_secs(1e6);
    let info = allocation_counter::measure(|| {
        sim::run(&setup, 1, None).unwrap();
    });
    info.count_total
}

/// With constant intervals and works the state repeats: a run twice as long (2,000 jobs and 8,000
/// tasks more) allocates not once more.
fn no_allocation_when_the_state_repeats(name: &str, blueprint: &Arc<dyn Blueprint>) {
    if name.contains("random") || name.contains("power-of-d") {
        return;
    }
    for binding in [Binding::Early, Binding::CentralQueue] {
        let mut setup = open(
            vec![group("a", 4, 1.0), group("b", 4, 2.0)],
            Law::Constant(0.5),
            4,
            Law::Constant(0.5),
            "random",
        );
        setup.strategy.parts[0].placement = blueprint.clone();
        setup.strategy.binding = binding;
        setup.network.dispatch = Law::Constant(0.01);
        // ties at random let the state wander
        setup.strategy.parts[0].ties = Ties::LowestId;
        let (short, long) = (allocations(setup.clone(), 2_000), allocations(setup, 4_000));
        assert_eq!(short, long, "`{name}`, {binding:?}: allocations");
    }
}

/// With random works the largest number in the system still grows with the length of a run, like
/// its logarithm, and with it the few growing lists: a run of 40,000 jobs more (and 400,000 events)
/// allocates at most 16 times more.
fn hardly_any_allocation(name: &str, blueprint: &Arc<dyn Blueprint>) {
    for (world, setup) in worlds(blueprint) {
        let (short, long) = (
            allocations(setup.clone(), 20_000),
            allocations(setup, 60_000),
        );
        assert!(
            long <= short + 16,
            "`{name}`, {world}: {short} allocations, then {long}"
        );
    }
}

/// An index of all nodes decides as a scan of them: the least loaded of all equals the least loaded
/// of d where d is more than there are, decision by decision. (Random ties differ by the draws
/// that go into choosing d; the twin holds those against a scan.)
#[test]
fn an_index_decides_as_a_scan() {
    for by in ["tasks", "work", "utilization"] {
        for (name, setup) in worlds(&placement(&format!("least-loaded = {{ by = \"{by}\" }}"))) {
            let mut indexed = setup;
            indexed.strategy.parts[0].ties = Ties::LowestId;
            for group in &mut indexed.cluster.groups {
                group.count *= 20;
            }
            for source in &mut indexed.sources {
                source.arrivals = equipoise::workload::source::Arrivals::Renewal {
                    interval: Law::Exponential { mean: 0.01 },
                };
            }
            let mut scanned = indexed.clone();
            let all = format!("power-of-d = {{ d = 1000, by = \"{by}\" }}");
            scanned.strategy.parts[0].placement = placement(&all);
            let what = format!("{by}, {name}");
            let (_, one) = watch(&indexed, &what);
            let (_, other) = watch(&scanned, &what);
            let differing = one
                .decisions
                .iter()
                .zip(&other.decisions)
                .find(|(a, b)| a != b);
            assert_eq!(differing, None, "{what}");
            assert!(one.decisions.len() > 2_000);
        }
    }
}
