//! Decisions by what nodes answer, and nodes that are kept for some classes.

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::model::nodes::NodeState;
use equipoise::prelude::scenario;
use equipoise::sim::setup::{Change, Setup, StrandedQueued, StrandedRunning, Timeouts};
use equipoise::testing::contract::watch;

use crate::common::{group, open};

fn world(spelling: &str) -> Setup {
    let nodes = vec![group("a", 5, 1.0), group("b", 3, 2.0)];
    let (interval, work) = (
        Law::Exponential { mean: 0.5 },
        Law::Exponential { mean: 1.0 },
    );
    let mut setup = open(nodes, interval, 3, work, spelling).measuring(50, 2_000);
    setup.strategy.parts[0].dispatchers = 3;
    setup
}

/// Where nothing travels, what nodes answer is what is seen: decision by decision.
#[test]
fn without_a_network_answers_are_the_truth() {
    for spelling in [
        "random",
        "power-of-d.d = 3",
        "least-loaded",
        "join-idle-queue",
        "best-fit",
    ] {
        let mut setup = world(spelling);
        let (fresh, seen) = watch(&setup, spelling).unwrap();
        setup.strategy.parts[0].probes = true;
        let (asked, same) = watch(&setup, spelling).unwrap();
        // Where answers are waited for, jobs come on until the last measured one is done.
        assert!(same.decisions.starts_with(&seen.decisions), "{spelling}");
        assert_eq!(fresh.metric("response_mean"), asked.metric("response_mean"));
    }
}

/// Nodes that go down, tasks that time out while answers are under way: all is conserved.
#[test]
fn probing_is_conserved() {
    for spelling in [
        "random",
        "power-of-d.d = 3",
        "least-loaded.by = 'work'",
        "join-idle-queue",
    ] {
        for queued in [
            StrandedQueued::Stay,
            StrandedQueued::Move,
            StrandedQueued::Lose,
        ] {
            let mut setup = world(spelling);
            setup.strategy.parts[0].probes = true;
            setup.network.dispatch = Law::Exponential { mean: 0.1 };
            setup.network.result = Law::Exponential { mean: 0.1 };
            setup.faults.stranded.running = StrandedRunning::Lose;
            setup.faults.stranded.queued = queued;
            setup.faults.timeouts = Timeouts {
                task: Some(Time::from_secs(4.0)),
                job: Some(Time::from_secs(9.0)),
                run_on: queued == StrandedQueued::Stay,
            };
            setup.faults.retries.max_attempts = 3;
            let change = |(at, to): (u32, NodeState)| Change {
                at: Time::from_secs(60.0 * f64::from(at)),
                nodes: 0..8,
                to: to.into(),
            };
            let turns = [
                (1, NodeState::Down),
                (2, NodeState::Up),
                (3, NodeState::Draining),
                (4, NodeState::Up),
            ];
            setup.faults.changes = turns.into_iter().map(change).collect();
            watch(&setup, spelling).unwrap();
        }
    }
}

const KEPT: &str = r#"
    run = { jobs = 2_000, warmup.jobs = 100, seed = 3 }
    nodes.a = { count = 10 }
    nodes.b = { count = 10, speed = 2 }
    network = { dispatch = "5ms", result = "5ms" }
    workload.load = 0.8
    jobs.short = { arrivals.poisson.rate = 10, tasks = 4, work.exponential.mean = "100ms" }
    jobs.long = { arrivals.poisson.rate = 1, tasks = 2, work.exponential.mean = "4s" }
"#;

/// Whoever is not `short` is never at the nodes that are kept for it: not placed there, and not stolen.
#[test]
fn kept_nodes_are_kept() {
    let parts = [
        "placement = 'random'\nstealing.idle = { victims = 3, batch = 'half' }",
        "placement = 'least-loaded'\nstealing.idle.classes = ['short']",
        "placement = 'power-of-d'\nbinding = 'late'",
        "placement = 'least-loaded'\nbinding = 'central-queue'",
        "preset = 'hawk'",
    ];
    for part in parts {
        for borrow in [true, false] {
            let kept = format!("nodes = ['a[0..25 %]', 'b[9]'], borrow = {borrow}");
            let partition = match part {
                "preset = 'hawk'" => String::new(),
                _ => format!("partition.short = {{ {kept} }}"),
            };
            let text = format!("{KEPT}\n[strategies.s]\n{part}\n{partition}\n");
            let found = scenario(&text).unwrap_or_else(|report| panic!("{report}"));
            let setup = &found.points[0].setups[0];
            let (_, seen) = watch(setup, part).unwrap();
            let is_kept = |node: u32| {
                setup.strategy.partition[0]
                    .nodes
                    .iter()
                    .any(|some| some.contains(&node))
            };
            assert!(is_kept(0) && !is_kept(5));
            let of = |class: u32| seen.decisions.iter().filter(move |row| row.2 == class);
            assert!(of(1).all(|row| !is_kept(row.5)), "{part}");
            assert!(of(0).any(|row| is_kept(row.5)), "{part}");
            let strays = of(0).any(|row| !is_kept(row.5));
            assert_eq!(strays, borrow || part.contains("hawk"), "{part}");
        }
    }
}
