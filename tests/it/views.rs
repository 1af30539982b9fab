//! What dispatchers know of the nodes: fresh, local, periodic, delayed; how jobs are spread over
//! dispatchers; how equal nodes are told apart.

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::sim;
use equipoise::sim::setup::{NodeFailures, Retries, Setup, TaskFailures, Timeouts};
use equipoise::strategy::{Gossiping, InFlight, Information, Spread, Ties};
use equipoise::testing::contract::{DecisionRow, watch};
use equipoise::testing::setups::plain;

use crate::common::{group, open, placement};

pub fn decisions(setup: &Setup) -> Vec<DecisionRow> {
    watch(setup, "views").unwrap().1.decisions
}

/// Jobs of three tasks at `n` nodes, placed so.
fn nodes(n: u32, load: f64, spelling: &str) -> Setup {
    plain(placement(spelling), n, load, 3, 4_000, 7)
}

/// The same where all times are whole seconds: many things happen at one instant.
fn lattice(spelling: &str) -> Setup {
    let work = Law::Discrete {
        values: vec![1.0, 2.0, 5.0].into(),
        cumulative: vec![0.5, 0.8, 1.0].into(),
    };
    let mut setup = open(
        vec![group("node", 7, 1.0)],
        Law::Constant(1.0),
        3,
        work,
        spelling,
    );
    setup = setup.measuring(0, 2_000);
    setup.window.drain = 100.0;
    setup
}

pub fn faults(setup: &mut Setup) {
    setup.faults.node_failures = Some(NodeFailures {
        up: Law::Exponential { mean: 50.0 },
        down: Law::Exponential { mean: 3.0 },
        busy_clock: false,
    });
    setup.faults.task_failures = Some(TaskFailures::Probability(0.05));
    setup.faults.retries = Retries {
        max_attempts: 3,
        backoff: 0.5,
        ..Retries::default()
    };
    setup.faults.timeouts = Timeouts {
        task: Some(Time::from_secs(8.0)),
        job: Some(Time::from_secs(30.0)),
        ..Timeouts::default()
    };
}

const LOOKING: [&str; 5] = [
    "least-loaded",
    "power-of-d = { d = 3 }",
    "shortest-expected-delay",
    "join-idle-queue",
    "worst-fit",
];

/// One dispatcher whose tasks and results travel in no time has in flight what the nodes hold.
#[test]
fn what_one_dispatcher_has_in_flight_is_all_that_there_is() {
    for spelling in LOOKING {
        for ties in [Ties::Random, Ties::LowestId, Ties::Turns] {
            for has_faults in [false, true] {
                let mut fresh = nodes(9, 0.8, spelling);
                if has_faults {
                    faults(&mut fresh);
                }
                fresh.strategy.parts[0].ties = ties;
                let mut local = fresh.clone();
                local.strategy.parts[0].information = Information::Local;
                assert!(
                    decisions(&fresh) == decisions(&local),
                    "{spelling} {ties:?}"
                );
            }
        }
    }
}

/// A board that is renewed at every instant at which anything happens, and one that is behind by
/// nothing, show what is there: decision by decision as a fresh view, with and without delays.
#[test]
fn a_board_that_is_always_new_is_a_fresh_view() {
    let boards = [
        Information::Periodic {
            every: Time(1_000_000_000),
            apart: false,
        },
        Information::Periodic {
            every: Time(1),
            apart: true,
        },
        Information::Delayed { by: Time::ZERO },
    ];
    for spelling in LOOKING
        .into_iter()
        .chain(["least-loaded.by = 'work'", "power-of-d.by = 'work'"])
    {
        for delay in [0.0, 1.0] {
            let mut fresh = lattice(spelling);
            fresh.network.dispatch = Law::Constant(delay);
            fresh.strategy.parts[0].decision_time = Law::Constant(delay / 3.0);
            let seen = decisions(&fresh);
            for information in boards {
                let mut board = fresh.clone();
                board.strategy.parts[0].information = information;
                // Decisions in between would see what happened since.
                if delay == 0.0 || information != boards[0] {
                    assert!(
                        decisions(&board) == seen,
                        "{spelling} {delay} {information:?}"
                    );
                }
            }
        }
    }
}

fn mean(setup: &Setup) -> f64 {
    sim::run(setup, 1, None)
        .unwrap()
        .metric("response_mean")
        .unwrap()
}

/// Forty dispatchers that see what they have in flight themselves place worse than one, and no
/// better than at random; forty that see all, as well as one.
#[test]
fn forty_sidecars_are_worse_than_one_proxy() {
    let with = |dispatchers, information, spelling| {
        let mut setup = plain(placement(spelling), 20, 0.9, 1, 40_000, 3);
        setup.strategy.parts[0].dispatchers = dispatchers;
        setup.strategy.parts[0].information = information;
        mean(&setup)
    };
    let one = with(1, Information::Local, "least-loaded");
    let all_seeing = with(40, Information::Fresh, "least-loaded");
    let sidecars = with(40, Information::Local, "least-loaded");
    let random = with(1, Information::Fresh, "random");
    println!("one {one} fresh {all_seeing} sidecars {sidecars} random {random}");
    assert!((all_seeing / one - 1.0).abs() < 1e-12);
    assert!(sidecars > 2.0 * one && sidecars < random);
}

/// 65 dispatchers share what is kept of the nodes, and what each has under way lies over it; each that is
/// said to use a subset, of all nodes, has all of its own.
#[test]
fn dispatchers_that_share_what_is_kept_see_their_own() {
    let boards = [
        Information::Local,
        Information::Periodic {
            every: Time::from_secs(2.0),
            apart: false,
        },
        Information::Delayed {
            by: Time::from_secs(1.5),
        },
    ];
    let spellings = LOOKING.into_iter().chain([
        "least-loaded.by = 'work'",
        "least-loaded.by = 'utilization'",
    ]);
    for (information, spelling) in boards
        .iter()
        .flat_map(|b| spellings.clone().map(move |s| (b, s)))
    {
        for ties in [Ties::Random, Ties::Turns, Ties::Longest] {
            for has_faults in [false, true] {
                let mut shared = many_dispatchers(spelling, has_faults);
                let parts = &mut shared.strategy.parts[0];
                (parts.ties, parts.information) = (ties, *information);
                let mut apart = shared.clone();
                apart.strategy.parts[0].subset = Some(30);
                assert!(
                    decisions(&shared) == decisions(&apart),
                    "{information:?} {spelling} {ties:?} {has_faults}"
                );
            }
        }
    }
}

/// 65 dispatchers, each with some jobs under way, on nodes of two speeds.
fn many_dispatchers(spelling: &str, has_faults: bool) -> Setup {
    let nodes = vec![group("slow", 20, 1.0), group("fast", 10, 2.0)];
    let (interval, work) = (
        Law::Exponential { mean: 0.1 },
        Law::Exponential { mean: 1.0 },
    );
    let mut setup = open(nodes, interval, 3, work, spelling).measuring(0, 1_500);
    setup.network.dispatch = Law::Exponential { mean: 0.2 };
    setup.network.result = Law::Constant(0.1);
    setup.strategy.parts[0].dispatchers = 65;
    setup.strategy.parts[0].spread = Spread::RoundRobin;
    if has_faults {
        faults(&mut setup);
    }
    setup
}

fn gossip(every: u64, fanout: u32) -> Information {
    Information::Gossip(Gossiping {
        every: Time(every),
        fanout,
    })
}

/// Who has nobody to talk to, or hears of nobody in time, knows what he has sent; those who talk all the time know
/// all, as long as what one has in flight is what the nodes hold.
#[test]
fn gossip_lies_between_what_is_own_and_what_is_true() {
    for spelling in LOOKING.into_iter().chain(["power-of-d.by = 'utilization'"]) {
        for has_faults in [false, true] {
            let with = |dispatchers, information| {
                let mut setup = nodes(9, 0.8, spelling);
                if has_faults {
                    faults(&mut setup);
                }
                let parts = &mut setup.strategy.parts[0];
                (parts.dispatchers, parts.information) = (dispatchers, information);
                decisions(&setup)
            };
            let local = with(3, Information::Local);
            assert!(
                with(1, gossip(1, 2)) == with(1, Information::Local),
                "{spelling}"
            );
            assert!(with(3, gossip(u64::MAX, 2)) == local, "{spelling}");
            let fresh = with(3, Information::Fresh);
            for fanout in [1, 2] {
                assert!(with(3, gossip(1, fanout)) == fresh, "{spelling} {fanout}");
            }
        }
    }
}

/// Ten dispatchers that talk often place nearly as well as if they saw all, and much better than by what is their own; by
/// old news they herd.
#[test]
fn gossip_is_worth_what_it_tells() {
    let with = |information| {
        let mut setup = plain(placement("least-loaded"), 20, 0.9, 1, 40_000, 3);
        let parts = &mut setup.strategy.parts[0];
        (parts.dispatchers, parts.information) = (10, information);
        mean(&setup)
    };
    let (local, fresh) = (with(Information::Local), with(Information::Fresh));
    let (seldom, often) = (with(gossip(3_000_000_000, 1)), with(gossip(30_000_000, 2)));
    println!("local {local} seldom {seldom} often {often} fresh {fresh}");
    // Old news of others are worse than none: what is idle by them draws all.
    assert!(fresh < often && often < 0.6 * local && local < 0.6 * seldom);
}

/// What it costs to know: reports to boards of every node whenever they are renewed, of every change that is told
/// later, and what dispatchers tell each other.
#[test]
fn what_is_told_is_counted() {
    let with = |information, spelling: &str| {
        let mut setup = open(
            vec![group("node", 6, 1.0)],
            Law::Constant(1.0),
            1,
            Law::Constant(2.5),
            spelling,
        );
        setup = setup.measuring(0, 101); // from 1 s to 101 s
        let parts = &mut setup.strategy.parts[0];
        (parts.dispatchers, parts.information) = (3, information);
        parts.spread = Spread::RoundRobin;
        let figures = sim::run(&setup, 1, None).unwrap();
        figures.metric("messages_per_task").unwrap() * 101.0
    };
    let board = |every, apart| Information::Periodic {
        every: Time::from_secs(every),
        apart,
    };
    let messages = |information, expected: f64| {
        let told = with(information, "least-loaded");
        assert!((told - expected).abs() < 1e-9, "{information:?} {told}");
        assert!((with(information, "random") - 101.0).abs() < 1e-9);
    };
    messages(Information::Local, 101.0);
    messages(board(10.0, false), 101.0 + 3.0 * 6.0 * 10.0);
    // At 10, 20, ... 100; at 3 1/3, ... 93 1/3; at 6 2/3, ... 96 2/3.
    messages(board(10.0, true), 101.0 + 3.0 * 6.0 * 10.0);
    messages(gossip(500_000_000, 1), 101.0 + 3.0 * 201.0);
    messages(gossip(500_000_000, 9), 101.0 + 3.0 * 2.0 * 201.0);
    // Each placement to the two others, each of the 98 ends until 101 s to all.
    let delayed = Information::Delayed { by: Time(1) };
    messages(delayed, 101.0 + 2.0 * 101.0 + 3.0 * 98.0);
}

/// Stale boards: with what they sent counted, one dispatcher spreads; ignored, it herds.
#[test]
fn who_ignores_what_it_sent_herds() {
    let with = |in_flight| {
        let mut setup = plain(placement("least-loaded"), 20, 0.8, 1, 20_000, 3);
        let parts = &mut setup.strategy.parts[0];
        parts.information = Information::Periodic {
            every: Time::from_secs(20.0),
            apart: false,
        };
        parts.in_flight = in_flight;
        mean(&setup)
    };
    let random = mean(&plain(placement("random"), 20, 0.8, 1, 20_000, 3));
    let (counted, ignored) = (with(InFlight::Counted), with(InFlight::Ignored));
    println!("counted {counted} ignored {ignored} random {random}");
    assert!(counted < random / 1.5 && ignored > random * 1.5);
}

/// One job at each of 1,000 dispatchers: with turns that start anywhere each of eight nodes gets 125
/// within four standard deviations, from the first on all 1,000 go to the first.
#[test]
fn turns_may_start_anywhere() {
    let first = |start: &str| {
        let spelling = format!("round-robin.start = '{start}'");
        let mut setup = plain(placement(&spelling), 8, 0.5, 1, 1_000, 5).measuring(0, 1_000);
        setup.strategy.parts[0].dispatchers = 1_000;
        setup.strategy.parts[0].spread = Spread::RoundRobin;
        let mut counts = [0u32; 8];
        let rows = decisions(&setup);
        rows.iter()
            .take(1_000)
            .for_each(|row| counts[row.5 as usize] += 1);
        let turns: Vec<u32> = rows.iter().take(1_000).map(|row| row.1).collect();
        assert!(turns.into_iter().eq(0..1_000), "dispatchers take turns");
        counts
    };
    assert_eq!(first("first"), [1_000, 0, 0, 0, 0, 0, 0, 0]);
    let sd = (1_000.0f64 / 8.0 * 7.0 / 8.0).sqrt();
    for count in first("random") {
        assert!((f64::from(count) - 125.0).abs() < 4.0 * sd, "{count}");
    }
}

/// Dispatchers use their part of the nodes alone.
#[test]
fn a_dispatcher_uses_its_subset() {
    for spelling in [
        "random",
        "least-loaded",
        "power-of-d",
        "weighted-random",
        "round-robin",
    ] {
        let mut setup = nodes(30, 0.6, spelling);
        let parts = &mut setup.strategy.parts[0];
        (parts.dispatchers, parts.subset) = (12, Some(5));
        let mut used = vec![std::collections::BTreeSet::new(); 12];
        for row in decisions(&setup) {
            used[row.1 as usize].insert(row.5);
        }
        assert!(
            used.iter().all(|nodes| nodes.len() == 5),
            "{spelling}: {used:?}"
        );
        for node in 0..30 {
            let users = used.iter().filter(|nodes| nodes.contains(&node)).count();
            assert_eq!(users, 2, "{spelling}");
        }
    }
}

/// Nodes of which equal ones take turns: three idle ones in id order, then, as long as they are tied
/// with nobody, nothing moves on.
#[test]
fn equal_nodes_take_turns_or_are_taken_by_age() {
    let with = |ties, spelling: &str| {
        let work = Law::Constant(0.5);
        let nodes = vec![group("node", 3, 1.0)];
        let mut setup = open(nodes, Law::Constant(1.0), 1, work, spelling);
        setup.strategy.parts[0].ties = ties;
        let rows = decisions(&setup.measuring(0, 7));
        rows.iter().map(|row| row.5).collect::<Vec<u32>>()
    };
    for spelling in ["least-loaded", "shortest-expected-delay"] {
        assert_eq!(with(Ties::LowestId, spelling), [0; 7]);
        assert_eq!(with(Ties::Turns, spelling), [0, 1, 2, 0, 1, 2, 0]);
        // The one that fell idle first has been so for longest.
        assert_eq!(with(Ties::Longest, spelling), [0, 1, 2, 0, 1, 2, 0]);
    }
    assert_eq!(with(Ties::Turns, "power-of-d.d = 3"), [0, 1, 2, 0, 1, 2, 0]);
}

/// Speeds 1 and 3: drawn by weight, three quarters go to the fast node; by a ring, always the same
/// shares; `later` takes the later of two equal draws.
#[test]
fn nodes_are_drawn_as_said() {
    let share = |spelling: &str, ties| {
        let nodes = vec![group("slow", 1, 1.0), group("fast", 1, 3.0)];
        let work = Law::Constant(1e-6);
        let mut setup = open(nodes, Law::Constant(1.0), 1, work, spelling);
        setup.strategy.parts[0].ties = ties;
        let rows = decisions(&setup.measuring(0, 20_000));
        rows.iter().filter(|row| row.5 == 1).count() as f64 / rows.len() as f64
    };
    let near = |share: f64, expected: f64| {
        let error = 4.5 * (expected * (1.0 - expected) / 20_000.0).sqrt();
        assert!((share - expected).abs() < error, "{share} {expected}");
    };
    near(
        share("power-of-d = { d = 1, draws = 'by-weight' }", Ties::Random),
        0.75,
    );
    near(
        share(
            "power-of-d = { d = 2, draws = 'by-weight', replacement = true }",
            Ties::Later,
        ),
        0.75,
    );
    // Without replacement both are drawn, the slow one later if the fast one was first.
    near(
        share("power-of-d = { d = 2, draws = 'by-weight' }", Ties::Later),
        0.25,
    );
    let (light, heavy) = (
        "power-of-d = { d = 1, draws = 'ring' }",
        "power-of-d = { d = 1, draws.ring.points = 4096 }",
    );
    assert!((share(light, Ties::Random) - 0.5).abs() > 0.01);
    near(share(heavy, Ties::Random), 0.5);
}
