//! Late binding: who gets a task, what becomes of reservations, what is conserved.

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::figures::Figures;
use equipoise::model::discipline::Discipline;
use equipoise::sim;
use equipoise::sim::setup::Setup;
use equipoise::strategy::{Binding, Information, Late, Loot, Sampling, Stealing};
use equipoise::testing::contract::watch;
use equipoise::testing::setups::{class, poisson};
use equipoise::workload::source::Arrivals;

use crate::common::{group, open, parts};

fn bind_late(setup: &mut Setup, probes: f64, sampling: Sampling) {
    setup.strategy.binding = Binding::Late;
    setup.strategy.parts[0].late = Some(Late {
        probes: (probes * 1e9) as u64,
        sampling,
    });
}

fn metrics(figures: &Figures, names: &[&str]) -> Vec<Option<f64>> {
    names.iter().map(|name| figures.metric(name)).collect()
}

/// With a reservation for each task at every node, whoever has room first gets the task that has waited
/// for longest: that is one queue for all nodes, job by job.
#[test]
fn reservations_everywhere_are_a_central_queue() {
    for tasks in [1, 3] {
        let nodes = vec![group("node", 5, 1.0)];
        let (interval, work) = (
            Law::Exponential {
                mean: 0.3 * f64::from(tasks),
            },
            Law::Exponential { mean: 1.0 },
        );
        let mut setup = open(nodes, interval, tasks, work, "round-robin").measuring(100, 4_000);
        setup.strategy.binding = Binding::CentralQueue;
        let names = ["response_mean", "response_p99", "wait_mean", "throughput"];
        let central = metrics(&sim::run(&setup, 1, None).unwrap(), &names);
        for sampling in [Sampling::Batch, Sampling::PerTask] {
            bind_late(&mut setup, 5.0, sampling);
            let late = metrics(&sim::run(&setup, 1, None).unwrap(), &names);
            assert_eq!(late, central, "{tasks} {sampling:?}");
        }
    }
}

/// One reservation for each task by itself is early binding, but for the round trip.
#[test]
fn one_reservation_for_each_task_is_early_binding() {
    let nodes = vec![group("a", 3, 1.0), group("b", 2, 2.0)];
    let (interval, work) = (
        Law::Exponential { mean: 0.6 },
        Law::Exponential { mean: 1.0 },
    );
    let mut setup = open(nodes, interval, 3, work, "round-robin").measuring(100, 4_000);
    setup.network.dispatch = Law::Constant(0.1);
    let names = ["response_mean", "response_p99", "wait_mean", "throughput"];
    let early = metrics(&sim::run(&setup, 1, None).unwrap(), &names);
    // The answer to each question takes as long as the task did before.
    setup.network.dispatch = Law::Constant(0.0);
    bind_late(&mut setup, 1.0, Sampling::PerTask);
    let late = metrics(&sim::run(&setup, 1, None).unwrap(), &names);
    let mean = |values: &[Option<f64>]| values[0].unwrap();
    assert!(
        (mean(&early) - mean(&late) - 0.1).abs() < 1e-9,
        "{early:?} {late:?}"
    );
}

/// As many reservations as are asked for, at different nodes while there are any: fifteen for ten tasks, of
/// which each of ten nodes has one, and five a second one.
#[test]
fn reservations_are_at_different_nodes() {
    for spelling in [
        "random",
        "power-of-d",
        "least-loaded",
        "round-robin",
        "weighted-random",
    ] {
        let nodes = vec![group("a", 10, 1.0)];
        let mut setup = open(
            nodes,
            Law::Constant(100.0),
            10,
            Law::Constant(1.0),
            spelling,
        );
        setup = setup.measuring(0, 20);
        bind_late(&mut setup, 1.5, Sampling::Batch);
        let (figures, seen) = watch(&setup, spelling).unwrap();
        assert_eq!(figures.totals.attempts, 20 * 15);
        assert_eq!(figures.metric("tasks_cancelled"), Some(100.0));
        for rows in seen.decisions.chunks(15) {
            let mut nodes: Vec<u32> = rows[..10].iter().map(|row| row.5).collect();
            nodes.sort_unstable();
            assert!(nodes.iter().copied().eq(0..10), "{spelling}: {rows:?}");
            let mut more: Vec<u32> = rows[10..].iter().map(|row| row.5).collect();
            more.sort_unstable();
            more.dedup();
            assert_eq!(more.len(), 5, "{spelling}: {rows:?}");
        }
        assert_eq!(figures.metric("response_max"), Some(1.0));
    }
}

/// Views, delays, disciplines, thieves, several slots, classes that are bound early: what must be conserved
/// is, twice alike, and no event allocates its way up.
#[test]
fn late_binding_is_conserved() {
    let views = [
        Information::Fresh,
        Information::Local,
        Information::Delayed {
            by: Time::from_secs(0.5),
        },
    ];
    for (at, information) in views.into_iter().enumerate() {
        for spelling in [
            "random",
            "least-loaded.by = 'work'",
            "round-robin",
            "power-of-d",
            "best-fit",
        ] {
            for sampling in [Sampling::Batch, Sampling::PerTask] {
                for is_delayed in [false, true] {
                    let mut setup = mixed(spelling, information, is_delayed);
                    bind_late(&mut setup, 1.7, sampling);
                    setup.strategy.parts[0].sticks = sampling == Sampling::Batch && at > 0;
                    setup.strategy.parts[0].avoids = vec![1; usize::from(is_delayed)];
                    if at == 0 {
                        setup.cluster.groups[0].discipline = Discipline::Lifo;
                        setup.classes[0].gather.need = Some(2);
                    }
                    let what = format!("{spelling} {information:?} {sampling:?} {is_delayed}");
                    let (first, seen) = watch(&setup, &what).unwrap();
                    let (again, same) = watch(&setup, &what).unwrap();
                    assert!(seen.decisions == same.decisions);
                    assert_eq!(first.metric("response_mean"), again.metric("response_mean"));
                }
            }
        }
    }
}

fn mixed(spelling: &str, information: Information, is_delayed: bool) -> Setup {
    let nodes = vec![group("a", 5, 1.0), group("b", 3, 2.0)];
    let (interval, work) = (
        Law::Exponential { mean: 0.9 },
        Law::Exponential { mean: 1.0 },
    );
    let mut setup = open(nodes, interval, 4, work, spelling);
    let early = class("early", 1, Law::Exponential { mean: 3.0 }, 1);
    setup = setup.with_jobs(early, poisson(0.7)).measuring(50, 1_500);
    setup.cluster.groups[1].capacity = vec![Some(2)];
    let mut own = setup.strategy.parts[0].clone();
    own.late = None;
    setup.strategy.parts.push(own);
    setup.strategy.parts_of_class[1] = 1;
    if is_delayed {
        setup.network.dispatch = Law::Exponential { mean: 0.1 };
        setup.network.result = Law::Exponential { mean: 0.05 };
    }
    let parts = &mut setup.strategy.parts[0];
    (parts.dispatchers, parts.information) = (3, information);
    parts.decision_time = Law::Constant(0.01);
    setup.strategy.stealing = Some(Stealing {
        victims: 3,
        loot: Loot::Half,
    });
    setup
}

/// Reservations keep away from nodes with long tasks as long as there are others, and make use of all where there
/// are none.
#[test]
fn reservations_keep_away_from_long_tasks() {
    let nodes_of_short = |long: u64| {
        let nodes = vec![group("node", 6, 1.0)];
        let (interval, work) = (Law::Constant(1.0), Law::Constant(1.0));
        let mut setup = open(nodes, interval, 2, work, "random").measuring(0, 200);
        let at_first = Arrivals::Batch {
            jobs: long,
            at: Time::ZERO,
        };
        setup = setup.with_jobs(class("long", 1, Law::Constant(50.0), 1), at_first);
        bind_late(&mut setup, 2.0, Sampling::Batch);
        setup.strategy.parts[0].avoids = vec![1];
        setup.strategy.parts.push(parts("least-loaded"));
        setup.strategy.parts_of_class = vec![0, 1];
        let mut rows = watch(&setup, "away").unwrap().1.decisions;
        rows.retain(|row| row.0 < 50_000_000_000);
        let long: Vec<u32> = rows
            .iter()
            .filter(|row| row.2 == 1)
            .map(|row| row.5)
            .collect();
        let mut short: Vec<u32> = rows
            .iter()
            .filter(|row| row.2 == 0)
            .map(|row| row.5)
            .collect();
        short.sort_unstable();
        short.dedup();
        (long, short)
    };
    let (long, short) = nodes_of_short(4);
    assert_eq!((long.len(), short.len()), (4, 2));
    assert!(short.iter().all(|node| !long.contains(node)));
    assert_eq!(nodes_of_short(6).1.len(), 6);
}

/// With nodes that stick to a job and one node, all tasks of a job are served together, whatever waits before its other
/// reservations: a job's tasks end one service apart.
#[test]
fn a_node_sticks_to_its_job() {
    let spread = |sticks: bool| {
        let nodes = vec![group("node", 1, 1.0)];
        let interval = Law::Exponential { mean: 5.0 };
        let mut setup = open(nodes, interval, 4, Law::Constant(1.0), "random").measuring(0, 2_000);
        bind_late(&mut setup, 1.0, Sampling::Batch);
        setup.cluster.groups[0].discipline = Discipline::Lifo;
        setup.strategy.parts[0].sticks = sticks;
        let figures = sim::run(&setup, 1, None).unwrap();
        figures.metric("straggler_wait_mean").unwrap()
    };
    // Last less median: 4 less 2.5.
    assert!((spread(true) - 1.5).abs() < 1e-9, "{}", spread(true));
    assert!(spread(false) > 2.0, "{}", spread(false));
}
