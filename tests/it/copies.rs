//! Copies of tasks: when they are made, which counts, what becomes of the others.

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::figures::Figures;
use equipoise::model::cluster::Group;
use equipoise::sim;
use equipoise::sim::setup::{Setup, TaskFailures};
use equipoise::strategy::{Binding, Copies, Hedge, Information};
use equipoise::testing::contract::watch;

use crate::common::{group, open};

fn run(setup: &Setup) -> Figures {
    watch(setup, "copies").unwrap().0
}

fn hedge(after: f64, budget: f64, fresh_work: bool) -> Option<Copies> {
    Some(Copies::Hedge(Hedge {
        after: Some(Time::from_secs(after)),
        permille: 0,
        budget,
        fresh_work,
    }))
}

/// Two nodes that both do each job of a second, at one job a second: if a loser is called off at the
/// winner's instant, both are idle when the next job comes, and no job ever waits.
#[test]
fn a_loser_is_called_off_at_the_winners_instant() {
    for speed in [1.0, 0.5] {
        let nodes = vec![group("fast", 1, 1.0), group("slow", 1, speed)];
        let second = Law::Constant(1.0);
        let mut setup = open(nodes, second.clone(), 1, second, "random").measuring(0, 500);
        setup.strategy.copies = Some(Copies::Redundancy {
            d: 2,
            fresh_work: false,
        });
        let figures = run(&setup);
        assert_eq!(figures.metric("response_max"), Some(1.0));
        assert_eq!(figures.totals.attempts, 2 * figures.totals.tasks_arrived);
        // What the loser was served is waste: as much as the winner was.
        let waste = figures.metric("waste").unwrap();
        assert!((waste - 0.5).abs() < 0.01, "{waste}");
    }
}

/// Nobody queues: X exponential, a second attempt after D with work of its own, the first counts. The
/// mean is 1 - exp(-D) / 2, and exp(-D) of the tasks have a second attempt.
#[test]
fn a_hedge_cuts_the_tail() {
    let nodes = vec![Group::new("node", 4, 1.0, vec![None])];
    let exponential = Law::Exponential { mean: 1.0 };
    let mut setup = open(nodes, exponential.clone(), 1, exponential, "random");
    setup = setup.measuring(100, 100_000);
    let delay = 2.995_732;
    setup.strategy.copies = hedge(delay, 1.0, true);
    let figures = run(&setup);
    let mean = figures.metric("response_mean").unwrap();
    assert!(
        (mean - 0.975).abs() < 4.0 * 0.9 / 100_000f64.sqrt(),
        "{mean}"
    );
    let p99 = figures.metric("response_p99").unwrap();
    assert!((p99 / 3.800_451 - 1.0).abs() < 0.02, "{p99}");
    let totals = &figures.totals;
    let copies = (totals.attempts - totals.tasks_arrived) as f64 / totals.tasks_arrived as f64;
    assert!(
        (copies - 0.05).abs() < 4.0 * (0.05f64 * 0.95 / 100_000.0).sqrt(),
        "{copies}"
    );
}

/// A budget holds from the first copy on; a quantile that is learned makes about as many as it says.
#[test]
fn copies_stay_within_the_budget() {
    let nodes = || vec![group("node", 10, 1.0)];
    let work = Law::lognormal(1.0, 2.0);
    let interval = Law::Exponential { mean: 0.25 };
    for tasks in [1, 4] {
        let mut setup = open(nodes(), interval.clone(), tasks, work.clone(), "power-of-d");
        setup = setup.measuring(0, 5_000);
        if tasks == 4 {
            setup.sources[0].arrivals = equipoise::testing::setups::poisson(1.0);
        }
        setup.network.dispatch = Law::Exponential { mean: 0.05 };
        setup.network.result = Law::Constant(0.02);
        setup.strategy.parts[0].information = Information::Local;
        setup.strategy.copies = hedge(0.5, 0.02, false);
        let share = |figures: &Figures| {
            let totals = &figures.totals;
            totals.attempts as f64 / totals.tasks_arrived as f64 - 1.0
        };
        assert!(share(&run(&setup)) <= 0.02);
        setup.strategy.copies = Some(Copies::Hedge(Hedge {
            after: None,
            permille: 950,
            budget: 1.0,
            fresh_work: true,
        }));
        let learned = share(&run(&setup));
        assert!((0.02..0.08).contains(&learned), "{learned}");
    }
}

/// Where all attempts fail, each of the three tries of a task makes two: six in all, and no more.
#[test]
fn tries_and_copies_multiply() {
    for copies in [
        Some(Copies::Redundancy {
            d: 2,
            fresh_work: false,
        }),
        hedge(0.1, 1.0, false),
    ] {
        let nodes = vec![group("node", 6, 1.0)];
        let mut setup = open(
            nodes,
            Law::Constant(50.0),
            2,
            Law::Constant(1.0),
            "round-robin",
        );
        setup = setup.measuring(0, 100);
        setup.strategy.copies = copies;
        setup.faults.task_failures = Some(TaskFailures::Probability(1.0));
        setup.faults.retries.max_attempts = 3;
        // The other task of the job may be called off with the last failure of the first.
        let totals = sim::run(&setup, 1, None).unwrap().totals;
        let (made, most) = (totals.attempts, 6 * totals.tasks_arrived);
        assert!(made <= most && made > most - most / 12, "{made} of {most}");
    }
}

/// Jobs of several tasks over a network, gathered at a cost, under every kind of copies and view:
/// what must be conserved is, and rows of tasks tell times in order.
#[test]
fn copies_are_conserved() {
    let kinds = [
        Some(Copies::Redundancy {
            d: 3,
            fresh_work: true,
        }),
        Some(Copies::Redundancy {
            d: 8,
            fresh_work: false,
        }),
        Some(Copies::UntilStart {
            d: 4,
            fresh_work: true,
        }),
        Some(Copies::Speculation {
            factor: 1_200_000_000,
            fresh_work: true,
        }),
        hedge(0.3, 1.0, true),
        hedge(0.0, 0.5, false),
    ];
    let views = [
        Information::Fresh,
        Information::Local,
        Information::Delayed {
            by: Time::from_secs(0.2),
        },
    ];
    for copies in kinds {
        for information in views {
            for spelling in ["random", "least-loaded", "round-robin", "power-of-d"] {
                let nodes = vec![group("a", 3, 1.0), Group::new("b", 3, 2.0, vec![Some(2)])];
                let (interval, work) = (
                    Law::Exponential { mean: 2.0 },
                    Law::Exponential { mean: 1.0 },
                );
                let mut setup = open(nodes, interval, 3, work, spelling).measuring(50, 800);
                setup.network.dispatch = Law::Exponential { mean: 0.1 };
                setup.network.result = Law::Exponential { mean: 0.1 };
                setup.classes[0].gather.per_result = Law::Constant(0.01);
                let parts = &mut setup.strategy.parts[0];
                (parts.dispatchers, parts.information) = (3, information);
                setup.strategy.copies = copies;
                setup.network.cancels_travel = true;
                let first = run(&setup);
                let again = sim::run(&setup, 1, None).unwrap();
                assert_eq!(first.metric("response_mean"), again.metric("response_mean"));
            }
        }
    }
}

/// With an attempt at every node, of which the first to start is kept, a task starts where room is first:
/// that is one queue for all nodes. Nothing is served in vain.
#[test]
fn attempts_everywhere_until_one_starts_are_a_central_queue() {
    let nodes = vec![group("node", 5, 1.0)];
    let (interval, work) = (
        Law::Exponential { mean: 0.25 },
        Law::Exponential { mean: 1.0 },
    );
    let mut setup = open(nodes, interval, 1, work, "round-robin").measuring(100, 5_000);
    setup.strategy.binding = Binding::CentralQueue;
    let names = ["response_mean", "response_p99", "wait_mean"];
    let figures = |setup: &Setup| {
        let figures = run(setup);
        names.map(|name| figures.metric(name))
    };
    let central = figures(&setup);
    setup.strategy.binding = Binding::Early;
    setup.strategy.copies = Some(Copies::UntilStart {
        d: 5,
        fresh_work: false,
    });
    assert_eq!(figures(&setup), central);
    assert_eq!(run(&setup).metric("waste"), Some(0.0));
}

/// Ten tasks of a second, of which the last takes ten at its slow node: when five are done, at 1 s, it is given until
/// 1.5 s; its copy at a node of common speed ends at 2.5 s. Without it the job takes 10 s.
#[test]
fn a_straggler_gets_a_copy() {
    let nodes = vec![group("node", 9, 1.0), group("slow", 1, 0.1)];
    let mut setup = open(
        nodes,
        Law::Constant(100.0),
        10,
        Law::Constant(1.0),
        "round-robin",
    );
    setup = setup.measuring(0, 20);
    let response = |setup: &Setup| run(setup).metric("response_max").unwrap();
    assert_eq!(response(&setup), 10.0);
    setup.strategy.copies = Some(Copies::Speculation {
        factor: 1_500_000_000,
        fresh_work: false,
    });
    let figures = run(&setup);
    assert_eq!(figures.metric("response_max"), Some(2.5));
    assert_eq!(figures.totals.attempts, 20 * 11);
}

/// An attempt that is lost at the very instant of its start, with the zone that its node stands in.
#[test]
fn who_is_lost_as_it_starts_calls_nobody_off() {
    let place = crate::tool::Place::new(
        "run = { jobs = 302, warmup = 'none', replications = 3, seed = 7003, drain = 20 }\n\
         nodes.a = { count = 11, speed = 0.5, slots = 2, zone = 'za' }\n\
         [jobs.j]\narrivals.poisson.load = 0.8\n\
         stages.s0 = { tasks = 1, work.exponential.mean = '1s' }\n\
         stages.s1 = { tasks = 1, work.exponential.mean = '1s', after = [] }\n\
         [faults]\nnode-failures = { up.exponential.mean = '8s', down = '3s', running = 'lose', queued = 'lose' }\n\
         zone-failures = { up.exponential.mean = '20s', down.exponential.mean = '2s' }\n\
         [strategies.s]\nplacement = 'least-loaded'\nties = 'lowest-id'\n\
         copies.redundancy = { d = 3, cancel = 'on-start' }\nhealth.checks = { every = '1s', timeout = '0.5s' }\n",
    );
    place.ok(&["run", "s.toml", "--out", "out"]);
}
