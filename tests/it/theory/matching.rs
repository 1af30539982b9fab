//! Which setups are models with known answers, and which only look like one.

use std::sync::Arc;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::model::cluster::{Dimension, Group};
use equipoise::model::discipline::{Discipline, SlowDown};
use equipoise::sim::setup::{Setup, Stragglers, Warmup};
use equipoise::strategy::Binding;
use equipoise::theory::{AnswerKind, Known, known};
use equipoise::workload::class::Shape;
use equipoise::workload::source::Arrivals;

use crate::common::{class, group, open, parts, placement, renewal};

fn exponential(mean: f64) -> Law {
    Law::Exponential { mean }
}

/// `n` equal nodes at load 0.5, mean service 1, jobs of `tasks` tasks.
fn equal(n: u32, tasks: u32, work: Law, spelling: &str) -> Setup {
    let interval = exponential(f64::from(tasks) / (0.5 * f64::from(n)));
    let mut setup = open(vec![group("n", n, 1.0)], interval, tasks, work, spelling);
    setup.window.warmup = Warmup::Jobs(100);
    setup
}

fn central(mut setup: Setup) -> Setup {
    setup.strategy.binding = Binding::CentralQueue;
    setup
}

/// Metrics and values of kind `kind` that `model`s whose name begins so give.
fn rows(setup: &Setup, model: &str, kind: AnswerKind) -> Vec<(String, f64)> {
    let known: Vec<Known> = known(setup);
    let chosen = known
        .into_iter()
        .filter(|row| row.model.starts_with(model) && row.kind == kind);
    chosen.map(|row| (row.metric, row.value)).collect()
}

fn value(setup: &Setup, model: &str, metric: &str) -> Option<f64> {
    let found = rows(setup, model, AnswerKind::Exact);
    found
        .into_iter()
        .find(|(name, _)| name == metric)
        .map(|(_, value)| value)
}

#[track_caller]
fn gives(setup: &Setup, model: &str, metric: &str, expected: f64) {
    let found = value(setup, model, metric);
    let near = found.is_some_and(|found| (found / expected - 1.0).abs() < 1e-9);
    assert!(near, "{model} {metric}: {found:?}, expected {expected}");
}

/// Models but the utilisation law that give anything of any kind.
fn models(setup: &Setup) -> Vec<&'static str> {
    let mut names: Vec<&str> = known(setup).iter().map(|row| row.model).collect();
    names.retain(|name| *name != "utilisation law");
    names.dedup();
    names
}

#[test]
fn one_node_is_m_g_1() {
    for spelling in ["random", "least-loaded", "join-idle-queue", "round-robin"] {
        let setup = equal(1, 1, exponential(1.0), spelling);
        gives(&setup, "M/G/1", "response_mean", 2.0);
        gives(&setup, "M/G/1", "wait_mean", 1.0);
        gives(&setup, "M/G/1", "response_p99", 2.0 * 100f64.ln());
        gives(&setup, "M/G/1", "wait_p99", 2.0 * 50f64.ln());
    }
    let one_queue = central(equal(1, 1, exponential(1.0), "random"));
    gives(&one_queue, "M/G/1", "response_mean", 2.0);
    let uniform = Law::Uniform {
        low: 0.0,
        high: 2.0,
    };
    let setup = equal(1, 1, uniform, "random");
    gives(
        &setup,
        "M/G/1",
        "wait_mean",
        0.5 * (4.0 / 3.0) / (2.0 * 0.5),
    );
    assert_eq!(value(&setup, "M/G/1", "response_p99"), None);
    gives(
        &equal(1, 1, Law::Constant(1.0), "random"),
        "M/D/1",
        "response_p50",
        1.0,
    );
}

#[test]
fn a_random_split_is_m_g_1_at_each_node() {
    gives(
        &equal(7, 1, exponential(1.0), "random"),
        "M/G/1",
        "response_mean",
        2.0,
    );
    let one = "power-of-d = { d = 1 }";
    gives(
        &equal(7, 1, exponential(1.0), one),
        "M/G/1",
        "response_mean",
        2.0,
    );
    let groups = vec![group("slow", 1, 1.0), group("fast", 1, 3.0)];
    let mut setup = open(
        groups,
        exponential(0.5),
        1,
        exponential(1.0),
        "weighted-random",
    );
    setup.window.warmup = Warmup::Jobs(100);
    // rates 0.5 of 1 and 1.5 of 3, a quarter and three quarters of the jobs
    gives(&setup, "M/G/1", "response_mean", 0.25 / 0.5 + 0.75 / 1.5);
    setup.strategy.parts = vec![parts("random")];
    assert!(
        models(&setup).is_empty(),
        "the slow node gets as much as it can do: no steady state"
    );
    setup.sources[0].arrivals = Arrivals::Renewal {
        interval: exponential(1.0),
    };
    gives(&setup, "M/G/1", "response_mean", 0.5 / 0.5 + 0.5 / 2.5);
}

#[test]
fn an_overhead_is_service_that_speed_does_not_shorten() {
    let mut setup = equal(1, 1, exponential(0.5), "random");
    setup.cluster.groups = vec![group("n", 1, 2.0)];
    setup.classes[0].stages[0].overhead = Time::from_secs(0.25);
    // S = 1/4 + exponential of mean 1/4: E[S] = 1/2, E[S^2] = 1/16 + 1/8 + 1/8; lambda = 1/2
    gives(&setup, "M/G/1", "wait_mean", 0.5 * 0.3125 / (2.0 * 0.75));
    assert_eq!(value(&setup, "M/G/1", "response_p99"), None);
    gives(&setup, "utilisation", "utilization_slots", 0.25);
}

#[test]
fn one_queue_is_m_m_c() {
    // Erlang C of 2 servers at load 1/2 is 1/3
    for setup in [
        central(equal(2, 1, exponential(1.0), "random")),
        equal(2, 1, exponential(1.0), "least-loaded = { by = \"work\" }"),
    ] {
        gives(&setup, "M/M/c", "response_mean", 4.0 / 3.0);
        gives(&setup, "M/M/c", "wait_p99", (100f64 / 3.0).ln());
    }
    let mut setup = equal(2, 1, exponential(1.0), "first-fit");
    setup.cluster.groups[0].count = 1;
    setup.cluster.groups[0].capacity = vec![Some(2)];
    gives(&setup, "M/M/c", "response_mean", 4.0 / 3.0);
    let constant = |spelling| equal(2, 1, Law::Constant(1.0), spelling);
    for setup in [central(constant("random")), constant("round-robin")] {
        let wait = value(&setup, "M/D/c", "wait_mean").unwrap();
        assert!((wait - 0.176741).abs() < 5e-7, "{wait}");
    }
}

fn serving(mut setup: Setup, discipline: Discipline) -> Setup {
    setup.cluster.groups[0].discipline = discipline;
    setup
}

/// Under fifo formulas a discipline leaves only what it does not change.
#[test]
fn other_disciplines_are_other_models() {
    let one = |discipline| serving(equal(1, 1, exponential(1.0), "random"), discipline);
    gives(
        &one(Discipline::Lifo),
        "M/G/1, last in",
        "response_mean",
        2.0,
    );
    gives(
        &one(Discipline::Sjf),
        "M/M/1, shortest job",
        "response_mean",
        1.712_686_331_939,
    );
    gives(
        &one(Discipline::Srpt),
        "M/M/1, shortest rem",
        "response_mean",
        1.425_372_663_878,
    );
    let shared = || Discipline::ProcessorSharing(SlowDown::default());
    gives(&one(shared()), "M/G/c proc", "response_mean", 2.0);
    assert_eq!(models(&one(shared())).len(), 1);
    let constant = serving(equal(1, 1, Law::Constant(1.0), "random"), shared());
    gives(&constant, "M/G/c proc", "response_mean", 2.0);
    let preemptive = one(Discipline::Priority { preemptive: true });
    gives(&preemptive, "M/G/1 with prio", "wait_mean", 1.0);
    // Where tasks wait in one queue for all nodes, their order there is fifo.
    let central = serving(
        central(equal(2, 1, exponential(1.0), "random")),
        Discipline::Lifo,
    );
    gives(&central, "M/M/c", "response_mean", 4.0 / 3.0);
    let shortest = serving(
        equal(2, 1, exponential(1.0), "least-loaded"),
        Discipline::Srpt,
    );
    assert!(models(&shortest).is_empty());
}

/// Two classes at load 0.25 each: by hand (Cobham), and each twice as long as alone.
#[test]
fn classes_share_a_node_by_priority_or_all_at_once() {
    let mut setup = equal(1, 1, exponential(1.0), "random");
    setup.sources[0].arrivals = Arrivals::Renewal {
        interval: exponential(4.0),
    };
    let mut urgent = class("urgent", 1, exponential(0.5), 1);
    urgent.priority = 1;
    let every = Arrivals::Renewal {
        interval: exponential(2.0),
    };
    let setup = setup.with_jobs(urgent, every);
    let of = |setup: &Setup, class: &str, metric: &str| {
        let mut rows = known(setup).into_iter();
        let found = rows.find(|row| row.class == class && row.metric == metric);
        found.map(|row| row.value)
    };
    let near = |found: Option<f64>, value: f64| {
        assert!(
            found.is_some_and(|found| (found - value).abs() < 1e-9),
            "{found:?}"
        );
    };
    // What is met: (0.25 x 2 + 0.5 x 0.5) / 2 = 0.375.
    let plain = serving(setup.clone(), Discipline::Priority { preemptive: false });
    near(of(&plain, "urgent", "wait_mean"), 0.375 / 0.75);
    near(of(&plain, "jobs", "wait_mean"), 0.375 / 0.75 / 0.5);
    let preemptive = serving(setup.clone(), Discipline::Priority { preemptive: true });
    near(
        of(&preemptive, "urgent", "response_mean"),
        0.125 / 0.75 + 0.5,
    );
    near(of(&preemptive, "jobs", "response_mean"), 1.0 + 1.0 / 0.75);
    let shared = serving(setup, Discipline::ProcessorSharing(SlowDown::default()));
    near(of(&shared, "urgent", "response_mean"), 1.0);
    near(of(&shared, "jobs", "response_mean"), 2.0);
    // On nodes of their own they meet nobody, and nothing is said.
    let mut apart = preemptive;
    apart.cluster.groups.push(apart.cluster.groups[0].clone());
    apart.classes[0].stages[0].allowed = vec![true, false];
    apart.classes[1].stages[0].allowed = vec![false, true];
    assert!(models(&apart).is_empty());
}

/// Two cores of a node without slots are two places.
#[test]
fn equal_demands_make_places() {
    let mut setup = equal(2, 1, exponential(1.0), "random");
    setup.cluster.dimensions.push(Dimension {
        name: "cpu".into(),
        scale: 1.0,
    });
    setup.cluster.groups = vec![Group {
        count: 1,
        capacity: vec![None, Some(7)],
        ..group("n", 1, 1.0)
    }];
    setup.classes[0].stages[0].demand = vec![1, 3];
    gives(&setup, "M/M/c", "response_mean", 4.0 / 3.0);
    gives(&setup, "utilisation", "utilization_cpu", 3.0 / 7.0);
    assert_eq!(value(&setup, "utilisation", "utilization_slots"), None);
}

#[test]
fn turns_are_erlang_intervals() {
    // the golden ratio
    let setup = equal(2, 1, exponential(1.0), "round-robin");
    gives(&setup, "GI/M/1", "response_mean", (1.0 + 5f64.sqrt()) / 2.0);
    let mut two_dispatchers = setup.clone();
    two_dispatchers.strategy.parts[0].dispatchers = 2;
    assert!(models(&two_dispatchers).is_empty());
    let mut overtaking = setup;
    overtaking.network.dispatch = exponential(1.0);
    assert!(models(&overtaking).is_empty());
    // D/M/1 at load 1/2: sigma = e^(-2 (1 - sigma))
    let mut regular = equal(1, 1, exponential(1.0), "random");
    regular.sources[0].arrivals = Arrivals::Renewal {
        interval: Law::Constant(2.0),
    };
    gives(
        &regular,
        "GI/M/1",
        "response_mean",
        1.0 / (1.0 - 0.203_187_869_979_979_9),
    );
    regular.sources[0].arrivals = Arrivals::Renewal {
        interval: Law::lognormal(2.0, 1.0),
    };
    assert!(models(&regular).is_empty());
}

#[test]
fn two_nodes_are_solved() {
    for spelling in ["least-loaded", "power-of-d"] {
        let setup = equal(2, 1, exponential(1.0), spelling);
        assert!(value(&setup, "shorter of two", "response_mean").is_some());
    }
    gives(
        &equal(2, 1, exponential(1.0), "join-idle-queue"),
        "two nodes",
        "response_mean",
        1.5,
    );
    for spelling in [
        "power-of-d = { replacement = true }",
        "power-of-d = { by = \"work\" }",
        "least-loaded = { by = \"utilization\" }",
    ] {
        let setup = equal(2, 1, exponential(1.0), spelling);
        assert_eq!(
            models(&setup),
            ["M/M/c, one queue: lower bound"],
            "{spelling}"
        );
    }
}

#[test]
fn choices_of_many_are_a_limit_and_never_judged() {
    let setup = equal(100, 1, exponential(1.0), "power-of-d");
    let limits = rows(&setup, "supermarket", AnswerKind::Limit);
    let sum: f64 = [0, 2, 6, 14, 30].map(|i| 0.5f64.powi(i)).iter().sum();
    assert_eq!(limits[0].0, "response_mean");
    assert!((limits[0].1 - sum).abs() < 1e-12, "{}", limits[0].1);
    assert!(rows(&setup, "supermarket", AnswerKind::Exact).is_empty());
    let few = equal(19, 1, exponential(1.0), "power-of-d");
    assert!(rows(&few, "supermarket", AnswerKind::Limit).is_empty());
}

#[test]
fn fork_join_needs_a_task_for_each_node() {
    let setup = equal(2, 2, exponential(1.0), "round-robin");
    gives(&setup, "fork-join", "response_mean", 11.5 / 4.0);
    gives(&setup, "fork-join", "wait_mean", 1.0);
    assert!(models(&equal(4, 2, exponential(1.0), "round-robin")).is_empty());
    assert!(models(&equal(2, 2, exponential(1.0), "least-loaded")).is_empty());
    let one_queue = central(equal(2, 2, exponential(1.0), "round-robin"));
    assert_eq!(value(&one_queue, "fork-join", "response_mean"), None);
    let four = equal(4, 4, exponential(1.0), "round-robin");
    assert_eq!(value(&four, "fork-join", "response_mean"), None);
    let (about, bound) = (AnswerKind::Approximation, AnswerKind::Bound);
    assert!((rows(&four, "fork-join", about)[0].1 - 3.789773).abs() < 5e-7);
    assert!((rows(&four, "fork-join", bound)[0].1 - 4.166667).abs() < 5e-7);
}

/// The tasks of a job come together to one queue, over any nodes of one speed.
#[test]
fn one_queue_is_shared_by_the_tasks_of_a_job() {
    let setup = central(equal(2, 2, exponential(1.0), "random"));
    gives(&setup, "single-queue fork-join", "response_mean", 2.2);
    let mut slots = equal(1, 2, exponential(1.0), "random");
    slots.cluster.groups[0].capacity = vec![Some(2)];
    slots.sources = setup.sources.clone();
    gives(&slots, "single-queue fork-join", "response_mean", 2.2);
    slots.network.dispatch = Law::Constant(0.5);
    gives(&slots, "single-queue fork-join", "response_mean", 2.7);
    assert_eq!(
        value(&slots, "single-queue fork-join", "waited_share"),
        None
    );
    let early = equal(2, 2, exponential(1.0), "least-loaded");
    assert_eq!(
        value(&early, "single-queue fork-join", "response_mean"),
        None
    );
}

/// How many wait: where arrivals are Poisson, as many as the time for which all are busy.
#[test]
fn some_models_know_how_many_wait() {
    let one = equal(1, 1, Law::Constant(1.0), "random");
    gives(&one, "M/G/1", "waited_share", 0.5);
    let many = |work: Law| central(equal(2, 1, work, "random"));
    gives(&many(exponential(1.0)), "M/M/c", "waited_share", 1.0 / 3.0);
    let constant = value(&many(Law::Constant(1.0)), "M/D/c", "waited_share");
    assert!((constant.unwrap() - 0.323259).abs() < 5e-7);
    let mut late = one;
    late.network.dispatch = Law::Constant(0.1);
    assert_eq!(value(&late, "M/G/1", "waited_share"), None);
}

/// Turns by weight go to one node more often than to the other, unless the nodes are alike.
#[test]
fn turns_by_weight_are_not_equal_turns() {
    let weighted = "round-robin = { weights = \"speed x slots\" }";
    let mut setup = equal(2, 1, exponential(1.0), weighted);
    assert!(value(&setup, "GI/M/1", "response_mean").is_some());
    // One task at a time at both, of which one has half as many slots again.
    setup.classes[0].stages[0].demand = vec![2];
    setup.cluster.groups[0].capacity = vec![Some(2)];
    assert!(value(&setup, "GI/M/1", "response_mean").is_some());
    setup.cluster.groups[0].count = 1;
    let mut larger = setup.cluster.groups[0].clone();
    larger.name = "larger".into();
    larger.capacity = vec![Some(3)];
    setup.cluster.groups.push(larger);
    setup.classes[0].stages[0].allowed.push(true);
    assert_eq!(value(&setup, "GI/M/1", "response_mean"), None);
    setup.strategy.parts[0].placement = equal(2, 1, exponential(1.0), "round-robin").strategy.parts
        [0]
    .placement
    .clone();
    assert!(value(&setup, "GI/M/1", "response_mean").is_some());
}

/// Without a variance no interval holds what a utilisation ought to be.
#[test]
fn laws_without_variance_have_no_known_utilization() {
    let wild = Law::Pareto {
        shape: 1.5,
        min: 1.0,
    };
    let base = || equal(2, 1, exponential(1.0), "random");
    assert!(!known(&base()).is_empty());
    let mut slow = base();
    slow.stragglers = Some(Stragglers {
        probability: 0.01,
        factor: wild.clone(),
    });
    assert!(known(&slow).is_empty());
    let mut thinking = base();
    thinking.strategy.parts[0].decision_time = wild;
    assert!(known(&thinking).is_empty());
}

#[test]
fn infinite_servers_take_the_longest_task() {
    let mut setup = equal(1, 3, exponential(1.0), "random");
    setup.cluster.groups[0].capacity = vec![None];
    gives(&setup, "infinite", "response_mean", 11.0 / 6.0);
    gives(
        &setup,
        "infinite",
        "response_p50",
        -(1.0 - 0.5f64.cbrt()).ln(),
    );
    setup.network.result = exponential(1.0);
    assert!(models(&setup).is_empty());
}

#[test]
fn constant_delays_shift_everything_and_random_ones_the_means() {
    let mut setup = central(equal(2, 1, exponential(1.0), "random"));
    let p99 = value(&setup, "M/M/c", "response_p99").unwrap();
    setup.network.dispatch = Law::Constant(0.5);
    setup.network.result = Law::Constant(0.25);
    gives(&setup, "M/M/c", "response_mean", 4.0 / 3.0 + 0.75);
    gives(&setup, "M/M/c", "wait_mean", 1.0 / 3.0 + 0.5);
    gives(&setup, "M/M/c", "response_p99", p99 + 0.75);
    setup.network.dispatch = exponential(0.5);
    gives(&setup, "M/M/c", "response_mean", 4.0 / 3.0 + 0.75);
    assert_eq!(value(&setup, "M/M/c", "response_p99"), None);
    // what a dispatcher sees is not what its task will find
    let mut late = equal(2, 1, exponential(1.0), "least-loaded = { by = \"work\" }");
    late.network.dispatch = Law::Constant(0.5);
    assert_eq!(models(&late), ["M/M/c, one queue: lower bound"]);
}

#[test]
fn a_dispatcher_is_a_server_before_the_queue() {
    let mut setup = central(equal(2, 1, exponential(1.0), "random"));
    setup.strategy.parts[0].decision_time = exponential(0.5);
    // M/M/1 with rates 1 and 2
    gives(&setup, "M/M/c", "response_mean", 4.0 / 3.0 + 1.0);
    gives(&setup, "utilisation", "dispatcher_utilization", 0.5);
    setup.strategy.parts[0].dispatchers = 2;
    gives(&setup, "M/M/c", "response_mean", 4.0 / 3.0 + 1.0 / 1.5);
    setup.strategy.parts[0].decision_time = Law::Constant(0.5);
    assert!(
        models(&setup).is_empty(),
        "constant decisions make no Poisson process"
    );
    setup.strategy.parts[0].decision_time = exponential(4.0);
    assert!(known(&setup).is_empty(), "the dispatchers are overloaded");
}

/// What is wrong with a setup, and how it is done.
type Miss<'a> = (&'a str, &'a dyn Fn(&mut Setup));

/// Each near miss of M/M/c: none is matched by any queueing model.
#[test]
fn near_misses_are_not_matched() {
    let base = || central(equal(2, 1, exponential(1.0), "random"));
    assert!(!models(&base()).is_empty());
    let misses: [Miss<'_>; 12] = [
        ("two classes", &|s| {
            s.classes.push(class("more", 1, exponential(1.0), 1));
            s.sources.push(renewal("more", exponential(9.0), 1));
            s.strategy.parts_of_class.push(0);
        }),
        ("stragglers", &|s| {
            s.stragglers = Some(Stragglers {
                probability: 0.1,
                factor: Law::Constant(2.0),
            });
        }),
        ("unlike speeds", &|s| {
            s.cluster.groups.push(group("fast", 1, 2.0));
            s.classes[0].stages[0].allowed.push(true);
        }),
        ("gathering", &|s| {
            s.classes[0].gather.per_result = Law::Constant(0.01)
        }),
        ("gather work", &|s| {
            s.classes[0].gather.work = Law::Constant(0.01)
        }),
        ("not Poisson", &|s| {
            s.sources[0].arrivals = Arrivals::Renewal {
                interval: Law::Constant(1.0),
            };
        }),
        ("a batch", &|s| {
            s.sources[0].arrivals = Arrivals::Batch {
                jobs: 1000,
                at: Time::ZERO,
            };
        }),
        ("two constant tasks", &|s| {
            s.classes[0].stages[0].shape = Shape::Tasks {
                count: Law::Constant(2.0),
                work: Law::Constant(0.5),
            };
        }),
        ("a random number of tasks", &|s| {
            s.classes[0].stages[0].shape = Shape::Tasks {
                count: Law::Geometric { mean: 1.1 },
                work: exponential(0.5),
            };
        }),
        ("an overhead", &|s| {
            s.classes[0].stages[0].overhead = Time::from_secs(0.1)
        }),
        ("no warm-up", &|s| s.window.warmup = Warmup::None),
        ("too much load", &|s| {
            s.sources[0].arrivals = Arrivals::Renewal {
                interval: exponential(0.5),
            };
        }),
    ];
    for (what, change) in misses {
        let mut setup = base();
        change(&mut setup);
        assert!(models(&setup).is_empty(), "{what}: {:?}", models(&setup));
    }
    let mut infinite = equal(
        1,
        1,
        Law::Pareto {
            shape: 1.5,
            min: 1.0 / 3.0,
        },
        "random",
    );
    infinite.window.warmup = Warmup::Jobs(1);
    assert!(known(&infinite).is_empty(), "a wait without a mean");
}

/// A placement of a user's own has no known answer but the bound of one queue.
#[test]
fn an_unknown_placement_is_not_taken_for_another() {
    use equipoise::model::ids::NodeId;
    use equipoise::strategy::{Ask, Blueprint, Eligible, Placement, Problem, View};
    #[derive(Debug)]
    struct Mine;
    impl Blueprint for Mine {
        fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
            Ok(Box::new(Mine))
        }
    }
    impl Placement for Mine {
        fn place(
            &mut self,
            _: &Ask<'_>,
            _: &View<'_>,
            _: &mut equipoise::engine::random::Draw,
        ) -> Option<NodeId> {
            Some(NodeId(0))
        }
    }
    let mut setup = equal(2, 1, exponential(1.0), "random");
    setup.strategy.parts[0].placement = Arc::new(Mine);
    assert_eq!(models(&setup), ["M/M/c, one queue: lower bound"]);
    setup.strategy.parts[0].placement = placement("random");
    assert!(!models(&setup).is_empty());
}

fn utilization(setup: &Setup) -> Vec<(String, String, f64)> {
    let known = known(setup)
        .into_iter()
        .filter(|row| row.model == "utilisation law");
    known
        .map(|row| (row.class, row.metric, row.value))
        .collect()
}

#[test]
fn the_utilisation_law_needs_equal_speeds_or_fixed_shares() {
    let groups = || vec![group("slow", 2, 1.0), group("fast", 1, 2.0)];
    let mut setup = open(groups(), exponential(0.5), 1, exponential(1.0), "random");
    setup.window.warmup = Warmup::Jobs(1);
    let row = |class: &str, value: f64| (class.to_owned(), "utilization_slots".to_owned(), value);
    // 2/3 of a task a second to each node: busy 2/3, 2/3 and 1/3
    let found = utilization(&setup);
    let expected = [
        row("all", 5.0 / 9.0),
        row("nodes.slow", 2.0 / 3.0),
        row("nodes.fast", 1.0 / 3.0),
    ];
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!((&found.0, &found.1), (&expected.0, &expected.1));
        assert!((found.2 - expected.2).abs() < 1e-12, "{found:?}");
    }
    assert_eq!(found.len(), 3);
    setup.strategy.parts = vec![parts("round-robin = { weights = \"speed x slots\" }")];
    assert!(
        utilization(&setup)
            .iter()
            .all(|row| (row.2 - 0.5).abs() < 1e-12)
    );
    setup.strategy.parts = vec![parts("least-loaded")];
    assert!(utilization(&setup).is_empty());
    assert!(utilization(&central(setup)).is_empty());
}

/// Two classes with stragglers: 0.2 tasks a second of 1.5 seconds, 0.1 of 2 tasks of 1 second.
#[test]
fn the_utilisation_law_adds_classes_and_stragglers() {
    let mut setup = open(
        vec![group("n", 2, 1.0)],
        exponential(5.0),
        1,
        exponential(1.5),
        "least-loaded",
    );
    setup.classes.push(class("more", 2, exponential(1.0), 1));
    setup.sources.push(renewal("more", Law::Constant(10.0), 1));
    setup.strategy.parts_of_class.push(0);
    setup.window.warmup = Warmup::Jobs(1);
    let all = utilization(&setup);
    assert!((all[0].2 - 0.25).abs() < 1e-12, "{all:?}");
    setup.stragglers = Some(Stragglers {
        probability: 0.1,
        factor: Law::Constant(3.0),
    });
    let all = utilization(&setup);
    assert!((all[0].2 - 0.25 * 1.2).abs() < 1e-12, "{all:?}");
    setup.stragglers = None;
    setup.classes[0].gather.per_result = Law::Constant(1.0);
    setup.classes[1].gather.work = Law::Constant(3.0);
    let all = utilization(&setup);
    assert_eq!(all[1].1, "gatherer_utilization");
    assert!((all[1].2 - 0.5).abs() < 1e-12, "{all:?}");
}

/// Erlang's formula and its relatives, which know no retries.
#[test]
fn losses_are_matched() {
    let mut setup = equal(4, 1, exponential(1.0), "random");
    setup.cluster.groups[0].queue_limit = Some(4);
    // M/M/1/5 at load 0.5: 2^-5 (1 - 1/2) / (1 - 2^-6) are lost.
    gives(
        &setup,
        "M/M/c/K",
        "rejected_share",
        0.5f64.powi(5) * 0.5 / (1.0 - 0.5f64.powi(6)),
    );
    setup.faults.retries.max_attempts = 2;
    assert_eq!(models(&setup), [""; 0]);
    let mut setup = equal(1, 1, Law::Constant(1.0), "least-loaded");
    setup.cluster.groups[0].queue_limit = Some(0);
    // Offered 0.5: 0.5 / 1.5 are lost.
    gives(&setup, "M/G/c/c", "rejected_share", 1.0 / 3.0);
    setup.cluster.groups[0].queue_limit = Some(1);
    assert_eq!(models(&setup), [""; 0]);
    let mut setup = central(equal(2, 1, exponential(1.0), "random"));
    setup.strategy.limits.central_queue = Some(0);
    // Offered 1 to two: 0.5 / 2.5 are lost.
    gives(&setup, "M/G/c/c", "rejected_share", 0.2);
    setup.strategy.limits.jobs = vec![Some(7)];
    assert_eq!(models(&setup), [""; 0]);
}
