//! Idle nodes that take waiting tasks from others.

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::sim;
use equipoise::strategy::{Information, Loot, Pushing, Stealing};
use equipoise::testing::contract::watch;
use equipoise::testing::setups::{class, plain};
use equipoise::workload::source::Arrivals;

use crate::common::{group, open, placement};

const ONE: Option<Stealing> = Some(Stealing {
    victims: 1,
    loot: Loot::One,
});

/// Mitzenmacher's limit of many processors, each of which tries one other when it falls idle: with
/// pi2 = (1 + l - sqrt((1 + l)^2 - 4 l^2)) / 2, E[T] = sum of pi / l; half a load gives the golden ratio.
#[test]
fn the_mean_is_that_of_the_limit() {
    for (load, limit) in [(0.5, 1.618_034), (0.8, 2.561_553)] {
        let mut setup = plain(placement("random"), 1_000, load, 1, 220_000, 5);
        setup.strategy.stealing = ONE;
        let mean = sim::run(&setup, 1, None)
            .unwrap()
            .metric("response_mean")
            .unwrap();
        println!("{load}: {mean} {limit}");
        assert!((mean / limit - 1.0).abs() < 0.012, "{load}: {mean} {limit}");
    }
}

/// Four jobs of a minute and four of a second, in turn on two nodes: without stealing one node has all
/// the long ones; with it the other takes what waits.
#[test]
fn long_jobs_are_shared() {
    let makespan = |stealing, discipline: equipoise::model::discipline::Discipline| {
        let nodes = vec![group("node", 2, 1.0)];
        let mut setup = open(
            nodes,
            Law::Constant(1.0),
            1,
            Law::Constant(60.0),
            "round-robin",
        );
        setup.cluster.groups[0].discipline = discipline;
        setup.sources[0].arrivals = Arrivals::Batch {
            jobs: 4,
            at: Time::ZERO,
        };
        let short = class("short", 1, Law::Constant(1.0), 1);
        setup = setup.with_jobs(
            short,
            Arrivals::Batch {
                jobs: 4,
                at: Time::ZERO,
            },
        );
        setup.window.measure = equipoise::sim::setup::Measure::All;
        setup.window.finite = true;
        setup.strategy.stealing = stealing;
        sim::run(&setup, 1, None)
            .unwrap()
            .metric("makespan")
            .unwrap()
    };
    use equipoise::model::discipline::Discipline;
    for discipline in [
        Discipline::Fifo,
        Discipline::Lifo,
        Discipline::Sjf,
        Discipline::Srpt,
    ] {
        for loot in [Loot::One, Loot::Half] {
            let stealing = Some(Stealing { victims: 1, loot });
            let with = makespan(stealing, discipline.clone());
            assert!(with <= 152.0, "{discipline:?} {loot:?}: {with}");
        }
    }
}

/// Delays, views, dispatchers and half a queue at once: what must be conserved is, twice alike.
#[test]
fn stealing_is_conserved() {
    let views = [
        Information::Fresh,
        Information::Local,
        Information::Delayed {
            by: Time::from_secs(0.5),
        },
    ];
    for information in views {
        for spelling in [
            "random",
            "least-loaded.by = 'work'",
            "round-robin",
            "best-fit",
        ] {
            let nodes = vec![group("a", 5, 1.0), group("b", 3, 2.0)];
            let (interval, work) = (
                Law::Exponential { mean: 0.5 },
                Law::Exponential { mean: 1.0 },
            );
            let mut setup = open(nodes, interval, 4, work, spelling).measuring(50, 2_000);
            setup.network.dispatch = Law::Exponential { mean: 0.1 };
            let parts = &mut setup.strategy.parts[0];
            (parts.dispatchers, parts.information) = (3, information);
            setup.strategy.stealing = Some(Stealing {
                victims: 3,
                loot: Loot::Half,
            });
            let (first, seen) = watch(&setup, spelling).unwrap();
            let (again, same) = watch(&setup, spelling).unwrap();
            assert!(seen.decisions == same.decisions);
            assert_eq!(first.metric("response_mean"), again.metric("response_mean"));
        }
    }
}

/// Pushing under random arrivals: the shape of Eager, Lazowska and Zahorjan's figures. At a load of 0.8 asking one node
/// halves the wait of no sharing (4 services), more nodes are better than fewer, and none beats one queue for all.
#[test]
fn pushing_shares_the_load() {
    let mean = |targets: Option<u32>| {
        let mut setup = plain(placement("random"), 20, 0.8, 1, 60_000, 5);
        setup.strategy.pushing = targets.map(|targets| Pushing { above: 1, targets });
        let figures = sim::run(&setup, 1, None).unwrap();
        figures.metric("response_mean").unwrap()
    };
    let (alone, one, three) = (mean(None), mean(Some(1)), mean(Some(3)));
    println!("alone {alone} one {one} three {three}");
    assert!((alone / 5.0 - 1.0).abs() < 0.1);
    assert!(1.0 < three && three < 0.85 * one && one < 0.75 * alone);
}

/// Delays, views, late binding, limits and failures beside pushing: what must be conserved is, and nobody is pushed
/// where nobody has room.
#[test]
fn pushing_is_conserved() {
    for (at, spelling) in [
        "random",
        "least-loaded.by = 'work'",
        "round-robin",
        "best-fit",
    ]
    .into_iter()
    .enumerate()
    {
        let nodes = vec![group("a", 5, 1.0), group("b", 3, 2.0)];
        let (interval, work) = (
            Law::Exponential { mean: 0.5 },
            Law::Exponential { mean: 1.0 },
        );
        let mut setup = open(nodes, interval, 4, work, spelling).measuring(50, 2_000);
        setup.network.dispatch = Law::Exponential { mean: 0.1 };
        setup.strategy.pushing = Some(Pushing {
            above: at as u32,
            targets: 2,
        });
        if at == 2 {
            setup.cluster.groups[0].queue_limit = Some(2);
        }
        let (first, seen) = watch(&setup, spelling).unwrap();
        let (again, same) = watch(&setup, spelling).unwrap();
        assert!(seen.decisions == same.decisions);
        assert_eq!(first.metric("response_mean"), again.metric("response_mean"));
    }
}
