//! The direct path against the events: the same figures, to the bit, on random small scenarios with
//! many ties, unlike speeds, batches, tasks without work, barriers of crowds, runaways and windows of
//! every kind.
//!
//! ```text
//! cargo test --test it engines                                     3,000 scenarios
//! cargo test --release --test it engines -- --ignored --nocapture  100,000
//! ```

use std::sync::Arc;

use equipoise::engine::law::Law;
use equipoise::engine::random::{Draw, Purpose, Seeds};
use equipoise::engine::time::Time;
use equipoise::metrics::figures::Figures;
use equipoise::model::cluster::Dimension;
use equipoise::sim::setup::{Engine, Measure, Setup, Stragglers, Warmup};
use equipoise::sim::{Failure, run};
use equipoise::strategy::placement::{
    best_fit::BestFit, join_idle_queue::JoinIdleQueue, least_loaded::LeastLoaded,
    power_of_d::PowerOfD, random::Random, resource_match::ResourceMatch, round_robin::RoundRobin,
    shortest_expected_delay::ShortestExpectedDelay, weighted_random::WeightedRandom,
    worst_fit::WorstFit,
};
use equipoise::strategy::{Binding, Blueprint, Key, Parts, Spread, Ties};
use equipoise::testing::setups::{group, open};
use equipoise::workload::class::Class;
use equipoise::workload::source::Arrivals;
use rayon::prelude::*;

/// A random scenario that may be run directly.
fn random(seed: u64) -> Setup {
    let mut draw = Seeds::new(seed, 1)
        .key(Purpose::Placement)
        .draw(0, 0, 0, 0, 0);
    let groups = (0..=draw.below(3)).map(|at| {
        let speed = [1.0, 0.5, 2.0, 1.25][draw.below(4) as usize];
        group(&format!("group{at}"), 1 + draw.below(6), speed)
    });
    let mut setup = Setup::new(groups.collect());
    let nodes = f64::from(setup.cluster.count());
    for class in 0..=draw.below(3) {
        let (class, arrivals) = jobs(&format!("class{class}"), nodes, &mut draw);
        setup = setup.with_jobs(class, arrivals);
    }
    let mut parts = Parts::new(placement(&mut draw));
    parts.dispatchers = 1 + draw.below(3);
    parts.ties = [Ties::Random, Ties::LowestId][draw.below(2) as usize];
    let is_central = draw.below(3) == 0;
    if is_central {
        (parts.dispatchers, parts.placement) = (1, simple_placement(&mut draw));
    }
    setup = setup.with_parts(parts);
    if is_central {
        setup.strategy.binding = Binding::CentralQueue;
    }
    setup.seed = seed;
    set_window(&mut setup, &mut draw);
    if draw.below(4) == 0 {
        setup.stragglers = Some(Stragglers {
            probability: 0.2,
            factor: Law::Constant(3.0),
        });
    }
    setup
}

/// The same where several tasks run at a node, or all travel for a while.
fn roomy(seed: u64) -> Setup {
    let mut setup = random(seed);
    let mut draw = Seeds::new(seed, 2)
        .key(Purpose::Placement)
        .draw(0, 0, 0, 0, 0);
    if draw.below(4) > 0 {
        setup.strategy.binding = Binding::Early;
        setup.strategy.parts[0].placement = match draw.below(6) {
            0 => Arc::new(RoundRobin::default()),
            1 => Arc::new(WorstFit {}),
            2 => Arc::new(BestFit {}),
            3 => placement(&mut draw),
            _ => simple_placement(&mut draw),
        };
    }
    let mut delay = || Law::Constant([0.0, 0.25, 1.0, 0.1, 1e-10][draw.below(5) as usize]);
    (setup.network.dispatch, setup.network.result) = (delay(), delay());
    let demand: Vec<u64> = match draw.below(3) {
        0 => vec![1],
        1 => vec![1 + u64::from(draw.below(2))],
        _ => vec![1, u64::from(draw.below(3)), 2],
    };
    let mut may_be_small = setup.cluster.groups.len() > 1;
    for group in &mut setup.cluster.groups {
        let units =
            |need: &u64| Some(need * (1 + u64::from(draw.below(4))) + u64::from(draw.below(2)));
        group.capacity = demand.iter().map(units).collect();
        if demand.len() > 1 && draw.below(2) == 0 {
            group.capacity[0] = None;
        }
        // It is the others that take them.
        if std::mem::take(&mut may_be_small) && draw.below(6) == 0 {
            group.capacity[0] = Some(demand[0] - 1);
        }
    }
    for name in ["cpu", "memory"].iter().take(demand.len() - 1) {
        setup.cluster.dimensions.push(Dimension::new(name, 8.0));
    }
    for class in &mut setup.classes {
        class.stages[0].demand.clone_from(&demand);
    }
    setup
}

/// The same with jobs that are spread otherwise over dispatchers, a class that has parts of its own, and groups that
/// a class may not use.
fn on_ways(seed: u64) -> Setup {
    let mut setup = roomy(seed);
    let draw = &mut Seeds::new(seed, 3)
        .key(Purpose::Placement)
        .draw(0, 0, 0, 0, 0);
    let groups = &setup.cluster.groups;
    for class in &mut setup.classes {
        let stage = &mut class.stages[0];
        let left_out = draw.below(3 * groups.len() as u32) as usize;
        let has_room = |at: usize| {
            let mut has = groups[at].capacity.iter().zip(&stage.demand);
            at != left_out && has.all(|(has, need)| has.is_none_or(|has| has >= *need))
        };
        if left_out < groups.len() && (0..groups.len()).any(has_room) {
            stage.allowed[left_out] = false;
        }
    }
    if setup.strategy.binding == Binding::CentralQueue {
        return setup;
    }
    if draw.below(3) == 0 {
        let own = Parts::new(simple_placement(draw));
        setup.strategy.parts.push(own);
        let of_last = setup.strategy.parts_of_class.last_mut();
        of_last.into_iter().for_each(|parts| *parts = 1);
    }
    for parts in &mut setup.strategy.parts {
        parts.spread =
            [Spread::Random, Spread::RoundRobin, Spread::ByClass][draw.below(3) as usize];
    }
    setup
}

fn jobs(name: &str, nodes: f64, draw: &mut Draw) -> (Class, Arrivals) {
    let tasks = [1, 1, 1, 2, 5][draw.below(5) as usize];
    let work = match draw.below(5) {
        0 => Law::Constant(1.0),
        1 => Law::Constant(0.0),
        2 => Law::Discrete {
            values: [0.0, 1.0, 2.0].into(),
            cumulative: [0.25, 0.75, 1.0].into(),
        },
        _ => Law::Exponential { mean: 1.0 },
    };
    let mean = f64::from(tasks) / nodes * [0.7, 1.2, 2.5][draw.below(3) as usize];
    let arrivals = match draw.below(6) {
        0 => Arrivals::Batch {
            jobs: u64::from(1 + draw.below(60)),
            at: Time::from_secs(f64::from(draw.below(3))),
        },
        1 => Arrivals::Renewal {
            interval: Law::Constant((mean * 4.0).round().max(1.0) / 4.0),
        },
        2 => Arrivals::Renewal {
            interval: Law::Discrete {
                values: [0.0, 1.0].into(),
                cumulative: [0.5, 1.0].into(),
            },
        },
        _ => Arrivals::Renewal {
            interval: Law::Exponential { mean },
        },
    };
    let mut class = Class::of_tasks(name, tasks, work, vec![1]);
    class.stages[0].overhead = Time::from_secs([0.0, 0.5][draw.below(2) as usize]);
    class.slo = (draw.below(2) == 0).then_some(Time::from_secs(2.0));
    (class, arrivals)
}

fn placement(draw: &mut Draw) -> Arc<dyn Blueprint> {
    let by = [Key::Tasks, Key::Utilization, Key::Work][draw.below(3) as usize];
    match draw.below(9) {
        0 => Arc::new(Random {}),
        1 => Arc::new(RoundRobin::default()),
        2 | 3 => Arc::new(PowerOfD {
            d: 1 + draw.below(3),
            by,
            replacement: draw.below(2) == 0,
            ..PowerOfD::default()
        }),
        4 | 5 => Arc::new(LeastLoaded { by }),
        6 => Arc::new(JoinIdleQueue::default()),
        7 => Arc::new(ShortestExpectedDelay {}),
        _ => match draw.below(2) {
            0 => Arc::new(ResourceMatch::default()),
            _ => Arc::new(WeightedRandom {}),
        },
    }
}

/// One by which nodes that are served from one queue can be chosen directly.
fn simple_placement(draw: &mut Draw) -> Arc<dyn Blueprint> {
    match draw.below(3) {
        0 => Arc::new(Random {}),
        1 => Arc::new(PowerOfD {
            replacement: draw.below(2) == 0,
            ..PowerOfD::default()
        }),
        _ => Arc::new(LeastLoaded { by: Key::Tasks }),
    }
}

fn set_window(setup: &mut Setup, draw: &mut Draw) {
    let is_batch = |source: &equipoise::workload::source::Source| {
        matches!(source.arrivals, Arrivals::Batch { .. })
    };
    let window = &mut setup.window;
    window.finite = setup.sources.iter().all(is_batch);
    window.warmup = match draw.below(3) {
        0 => Warmup::None,
        1 => Warmup::Jobs(u64::from(draw.below(40))),
        _ => Warmup::Time(Time::from_secs(f64::from(draw.below(10)))),
    };
    let count = u64::from(1 + draw.below(300));
    window.measure = match draw.below(4) {
        _ if window.finite => Measure::All,
        0 => Measure::Until(Time::from_secs(12.0 + f64::from(draw.below(100)))),
        1 if !is_batch(&setup.sources[0]) => Measure::Jobs {
            class: Some(0),
            count,
        },
        _ => Measure::Jobs { class: None, count },
    };
    window.max_in_system = [1_000_000, 1_000_000, 40, 5][draw.below(4) as usize];
    window.drain = [4.0, 0.05][draw.below(2) as usize];
    window.stratum = Time::from_secs([1.0, 0.3, 7.0][draw.below(3) as usize]);
}

/// All that came of a run but its histograms and by what it was run.
fn told(figures: &Figures) -> String {
    let f = figures;
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {} {:x} {}",
        f.totals,
        f.busy,
        f.observed,
        f.observations,
        f.first_arrival,
        f.start,
        f.window,
        f.thirds,
        f.is_runaway,
        f.workload_digest,
        f.events
    )
}

/// Runs a random scenario both ways; true if the direct path could be taken.
fn compare(seed: u64) -> Result<bool, String> {
    compare_of(&random(seed))
}

fn compare_roomy(seed: u64) -> Result<bool, String> {
    compare_of(&roomy(seed))
}

fn compare_ways(seed: u64) -> Result<bool, String> {
    compare_of(&on_ways(seed))
}

fn compare_of(setup: &Setup) -> Result<bool, String> {
    let seed = setup.seed;
    let of = |engine| {
        let mut setup = setup.clone();
        setup.engine = engine;
        run(&setup, 1, None)
    };
    let (direct, events) = match (of(Engine::Auto), of(Engine::Events)) {
        (Ok(direct), Ok(events)) => (direct, events),
        (direct, events) => {
            let said = |it: Result<Figures, _>| it.map(drop).map_err(|e: Failure| e.to_string());
            let (direct, events) = (said(direct), said(events));
            let is_same = direct == events;
            return match is_same {
                true => Ok(false),
                false => Err(format!("{seed}: {direct:?} {events:?}\n")),
            };
        }
    };
    if direct.classes == events.classes && told(&direct) == told(&events) {
        return Ok(direct.was_direct);
    }
    let (direct, events) = (told(&direct), told(&events));
    let same = direct.bytes().zip(events.bytes());
    let from = same.take_while(|(a, b)| a == b).count().saturating_sub(60);
    let (direct, events) = (&direct[from..], &events[from..]);
    Err(format!("{seed}:\n  {direct:.300}\n  {events:.300}\n"))
}

fn compare_all(seeds: std::ops::Range<u64>, compare: fn(u64) -> Result<bool, String>) -> usize {
    let results: Vec<Result<bool, String>> = seeds.into_par_iter().map(compare).collect();
    let wrong: Vec<&String> = results.iter().filter_map(|r| r.as_ref().err()).collect();
    let shown: String = wrong.iter().take(3).map(|wrong| wrong.as_str()).collect();
    assert!(wrong.is_empty(), "{} differ:\n{shown}", wrong.len());
    results.iter().filter(|r| **r == Ok(true)).count()
}

#[test]
fn engines_agree_to_the_bit() {
    let direct = compare_all(0..3_000, compare);
    assert!(direct > 2_000, "only {direct} were run directly");
    // A crowd of which some are measured runs away.
    assert_eq!(compare(33_924), Ok(true));
}

#[test]
fn engines_agree_on_rooms() {
    let direct = compare_all(0..3_000, compare_roomy);
    assert!(direct > 1_500, "only {direct} were run directly");
}

#[test]
fn engines_agree_on_ways_of_jobs() {
    let direct = compare_all(0..3_000, compare_ways);
    assert!(direct > 1_000, "only {direct} were run directly");
}

#[test]
#[ignore = "takes a minute"]
fn engines_agree_on_many() {
    let seeds = 3_000..103_000;
    println!("{} run directly", compare_all(seeds.clone(), compare));
    println!("{} of rooms", compare_all(seeds.clone(), compare_roomy));
    println!("{} on ways", compare_all(seeds, compare_ways));
}

/// Services that together last longer than the clock runs: the jobs behind them are never over.
#[test]
fn engines_agree_at_the_end_of_time() {
    let century = 3.2e9;
    let placements: [Arc<dyn Blueprint>; 3] = [
        Arc::new(Random {}),
        Arc::new(PowerOfD::default()),
        Arc::new(LeastLoaded::default()),
    ];
    for (placement, is_central) in placements
        .into_iter()
        .flat_map(|placement| [(placement.clone(), false), (placement, true)])
    {
        for count in [1, 3] {
            let nodes = vec![group("node", count, 1.0)];
            let (interval, work) = (Law::Constant(100.0), Law::Constant(century));
            let mut setup = open(nodes, interval, 1, work, placement.clone()).measuring(3, 20);
            if is_central {
                setup.strategy.binding = Binding::CentralQueue;
            }
            assert_eq!(
                compare_of(&setup),
                Ok(false),
                "{placement:?} {count} {is_central}"
            );
        }
    }
}

/// Crowds that come upon crowds, more than are looked at one by one, before the system runs away and after.
#[test]
fn engines_agree_on_crowds_upon_crowds() {
    for most in [1_000_000, 9_000, 7_000] {
        for slots in [1, 2] {
            let mut nodes = group("node", 10, 1.0);
            nodes.capacity = vec![Some(slots)];
            let mut setup = Setup::new(vec![nodes]);
            for (name, at) in [("first", 1.0), ("second", 2.0)] {
                let class = Class::of_tasks(name, 1, Law::Exponential { mean: 1.0 }, vec![1]);
                let (jobs, at) = (4_000, Time::from_secs(at));
                setup = setup.with_jobs(class, Arrivals::Batch { jobs, at });
            }
            let flow = Class::of_tasks("flow", 1, Law::Constant(0.1), vec![1]);
            let interval = Law::Constant(0.5);
            setup = setup.with_jobs(flow, Arrivals::Renewal { interval });
            setup = setup
                .with_parts(Parts::new(Arc::new(Random {})))
                .measuring(0, 8_200);
            setup.window.max_in_system = most;
            assert_eq!(compare_of(&setup), Ok(true), "{most} {slots}");
        }
    }
}

/// What the direct path cannot do is refused, not done otherwise.
#[test]
fn direct_is_refused_where_it_cannot_be() {
    let mut setup = random(1);
    setup.engine = Engine::Direct;
    setup.network.dispatch = Law::Constant(0.1);
    let said = run(&setup, 1, None).unwrap_err().to_string();
    assert!(said.contains("--engine direct"), "{said}");
}
