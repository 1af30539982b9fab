//! What is known beforehand of how long tasks take.

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::model::discipline::Discipline;
use equipoise::sim;
use equipoise::sim::setup::Setup;
use equipoise::strategy::{Estimates, Gossiping, Information, Loot, Stealing};

use crate::common::{group, open};
use crate::tool::Place;
use crate::views::{decisions, faults};

fn jobs(spelling: &str) -> Setup {
    let nodes = vec![group("a", 5, 1.0), group("b", 3, 2.0)];
    let (interval, work) = (
        Law::Exponential { mean: 0.45 },
        Law::Exponential { mean: 1.0 },
    );
    open(nodes, interval, 4, work, spelling).measuring(50, 1_500)
}

fn times(mut setup: Setup, factor: f64) -> Setup {
    setup.strategy.parts[0].estimates = Estimates::Error(Law::Constant(factor));
    setup
}

const BY_WORK: [&str; 6] = [
    "least-loaded.by = 'work'",
    "power-of-d = { d = 3, by = 'work' }",
    "earliest-finish",
    "size-interval",
    "score = { least = 'work + task_work / speed' }",
    "random",
];

/// Times one is exact: whatever is seen of the nodes, however they are served, whatever goes wrong.
#[test]
fn an_error_of_nothing_is_none() {
    let views = [
        Information::Fresh,
        Information::Local,
        Information::Delayed {
            by: Time::from_secs(0.7),
        },
        Information::Gossip(Gossiping {
            every: Time::from_secs(0.5),
            fanout: 1,
        }),
    ];
    let disciplines = [Discipline::Fifo, Discipline::Sjf, Discipline::Srpt];
    for (at, information) in views.into_iter().enumerate() {
        for (and, spelling) in BY_WORK.into_iter().enumerate() {
            let mut setup = jobs(spelling);
            setup.network.dispatch = Law::Exponential { mean: 0.1 };
            setup.cluster.groups[1].discipline = disciplines[(at + and) % 3].clone();
            setup.cluster.groups[1].capacity = vec![Some(2)];
            let parts = &mut setup.strategy.parts[0];
            (parts.dispatchers, parts.information) = (3, information);
            if at % 2 == 0 {
                setup.strategy.stealing = Some(Stealing {
                    victims: 3,
                    loot: Loot::Half,
                });
            }
            if and % 2 == 0 {
                faults(&mut setup);
            }
            let exact = decisions(&setup);
            assert!(
                decisions(&times(setup, 1.0)) == exact,
                "{information:?} {spelling}"
            );
        }
    }
}

/// Where nothing is known, queues by the shortest work are queues of all alike, and the least work is that of the
/// first node always.
#[test]
fn who_knows_nothing_of_works_tells_none_apart() {
    let mean = |setup: &Setup| sim::run(setup, 1, None).unwrap().metric("response_mean");
    let mut setup = jobs("random");
    let fifo = mean(&setup);
    setup.strategy.parts[0].estimates = Estimates::None;
    for group in &mut setup.cluster.groups {
        group.discipline = Discipline::Sjf;
    }
    assert_eq!(mean(&setup), fifo);
    let mut setup = jobs("least-loaded.by = 'work'");
    setup.strategy.parts[0].ties = equipoise::strategy::Ties::LowestId;
    setup.strategy.parts[0].estimates = Estimates::None;
    assert!(decisions(&setup).iter().all(|row| row.5 == 0));
}

/// The shortest job first is worth the less, the less is known: exactly, with an error, nothing.
#[test]
fn what_is_known_is_worth_something() {
    let with = |estimates| {
        let work = Law::hyperexponential(1.0, 2.0);
        let nodes = vec![group("node", 1, 1.0)];
        let mut setup = open(
            nodes,
            Law::Exponential { mean: 1.0 / 0.8 },
            1,
            work,
            "random",
        );
        setup.cluster.groups[0].discipline = Discipline::Sjf;
        setup.strategy.parts[0].estimates = estimates;
        let figures = sim::run(&setup.measuring(2_000, 40_000), 1, None).unwrap();
        figures.metric("response_mean").unwrap()
    };
    let error = Law::Lognormal {
        mu: 0.0,
        sigma: 1.0,
    };
    let (exact, with_error, mean) = (
        with(Estimates::Exact),
        with(Estimates::Error(error)),
        with(Estimates::ClassMean),
    );
    println!("exact {exact} with an error {with_error} mean {mean}");
    assert!(exact < 0.95 * with_error && with_error < 0.95 * mean);
    assert!((with(Estimates::None) / mean - 1.0).abs() < 1e-12);
}

/// Of jobs of one task the mean is that of the task, whatever becomes of it; of others it is not: tasks of
/// 3 s and 1 s are said to take 2 s each, so half a second later both nodes look alike.
#[test]
fn the_mean_of_a_job_is_known() {
    for spelling in BY_WORK {
        let nodes = vec![group("a", 5, 1.0), group("b", 3, 2.0)];
        let (interval, work) = (Law::Constant(0.12), Law::Exponential { mean: 1.0 });
        let mut said = open(nodes, interval, 1, work, spelling).measuring(50, 3_000);
        faults(&mut said);
        said.strategy.parts[0].estimates = Estimates::JobMean;
        assert!(
            decisions(&said) == decisions(&times(said, 1.0)),
            "{spelling}"
        );
    }
    for (known, mean) in [("exact", 2.25), ("job-mean", 3.25)] {
        let place = Place::new(&format!(
            "run = {{ replications = 2, warmup = 'none' }}\nnodes.n.count = 2\n\
             jobs.a = {{ arrivals.trace = {{ file = 'log.tr', format = 'hawk' }} }}\n\
             strategies.s = {{ placement.least-loaded.by = 'work', ties = 'lowest-id', \
             estimates = '{known}' }}\n"
        ));
        place.write("log.tr", "0 2 2 3 1\n0.5 1 1 1\n");
        place.ok(&["run", "s.toml", "--out", "out"]);
        let found = place.summary("out").mean("s", "all", "response_mean");
        assert!((found - mean).abs() < 1e-9, "{known}: {found}");
    }
}

/// An attempt that nobody waits for any more stands in its queue as before.
#[test]
fn what_outlives_its_job_is_known_as_before() {
    let failed = |known: &str| {
        let place = Place::new(&format!(
            "run = {{ jobs = 300, replications = 3 }}\nnodes.a.count = 1\n\
             jobs.j = {{ arrivals.poisson.load = 0.8, work.exponential.mean = '1s' }}\n\
             faults.timeouts = {{ job = '4s', cancel = false }}\n\
             strategies.s = {{ binding.central-queue.order = 'sjf', estimates = '{known}' }}\n"
        ));
        place.ok(&["run", "s.toml", "--out", "out"]);
        let summary = place.summary("out");
        ["jobs_failed", "response_mean"].map(|metric| summary.mean("s", "all", metric))
    };
    assert_eq!(failed("job-mean"), failed("exact"));
}
