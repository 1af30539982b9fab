//! The models that the benchmarks time and the golden test pins.

use std::sync::Arc;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::model::cluster::{Cluster, Dimension, Group, Speed};
use equipoise::scenario::Registry;
use equipoise::sim::setup::{Measure, Network, Setup, Warmup, Window};
use equipoise::strategy::{Binding, Blueprint, InFlight, Parts, Strategy, Ties};
use equipoise::workload::class::{Class, Gather, Shape, Stage};
use equipoise::workload::source::{Arrivals, Source};

/// A placement.
pub type Placement = Arc<dyn Blueprint>;

/// A placement by its name, or `power-of-d-replacement`: two choices drawn with replacement.
pub fn choice(name: &str) -> Option<Placement> {
    match name {
        "power-of-d-replacement" => Registry::standard().spelled("power-of-d.replacement = true"),
        name => Registry::standard().spelled(name),
    }
}

/// `n` nodes of one slot under one dispatcher; Poisson jobs of `k` tasks with exponential work of
/// mean 1 s at load `rho`; of `jobs` jobs the first twentieth is warm-up.
pub fn plain(placement: Placement, n: u32, rho: f64, k: u32, jobs: u64, seed: u64) -> Setup {
    Setup {
        placement_seed: 0,
        seed,
        cluster: Cluster {
            dimensions: vec![Dimension::slots()],
            groups: vec![group("node", n, 1.0, vec![Some(1)])],
        },
        network: Network {
            dispatch: Law::Constant(0.0),
            result: Law::Constant(0.0),
        },
        classes: vec![class("job", k, Law::Exponential { mean: 1.0 }, vec![1])],
        sources: vec![poisson("job", 0, f64::from(n) * rho / f64::from(k))],
        stragglers: None,
        strategy: Strategy {
            name: "timed".into(),
            binding: Binding::Early,
            parts: vec![parts(placement)],
            parts_of_class: vec![0],
        },
        window: window(jobs, Time::from_secs(4.0 / rho)),
    }
}

/// Measures `jobs` jobs but for the first twentieth.
pub fn window(jobs: u64, stratum: Time) -> Window {
    Window {
        warmup: Warmup::Jobs(jobs / 20),
        measure: Measure::Jobs {
            class: None,
            count: jobs - jobs / 20,
        },
        drain: 4.0,
        max_in_system: 1_000_000,
        slowdown_floor: Time(1_000_000),
        stratum,
        finite: false,
    }
}

/// One dispatcher that decides in no time.
pub fn parts(placement: Placement) -> Parts {
    Parts {
        placement,
        dispatchers: 1,
        decision_time: Law::Constant(0.0),
        in_flight: InFlight::Counted,
        ties: Ties::Random,
    }
}

/// `count` nodes with `capacity`.
pub fn group(name: &str, count: u32, speed: f64, capacity: Vec<Option<u64>>) -> Group {
    Group {
        name: name.into(),
        count,
        speed: Speed::new(speed),
        capacity,
        backfill: false,
    }
}

/// Jobs of `k` tasks that may run on every node of a cluster of one group.
pub fn class(name: &str, k: u32, work: Law, demand: Vec<u64>) -> Class {
    Class {
        name: name.into(),
        stages: vec![Stage {
            shape: Shape::Tasks {
                count: Law::Constant(f64::from(k)),
                work,
            },
            overhead: Time::ZERO,
            demand,
            allowed: vec![true],
        }],
        gather: Gather::free(),
        slo: None,
    }
}

/// Poisson arrivals of class `first_class` at `rate` a second.
pub fn poisson(name: &str, first_class: u32, rate: f64) -> Source {
    Source {
        name: name.into(),
        arrivals: Arrivals::Renewal {
            interval: Law::Exponential { mean: 1.0 / rate },
        },
        first_class,
        classes: 1,
    }
}

/// Fork-join jobs of ten tasks on two generations of nodes with cpu and memory, matched by cosine,
/// over a network, gathered at a cost, with some stragglers.
pub fn resources(jobs: u64, seed: u64) -> Setup {
    let matched = choice("resource-match").unwrap_or_else(|| unreachable!("it is in the registry"));
    let mut setup = plain(matched, 60, 0.8, 10, jobs, seed);
    let dimension = |name: &str| Dimension {
        name: name.into(),
        scale: 1.0,
    };
    setup.cluster = Cluster {
        dimensions: vec![Dimension::slots(), dimension("cpu"), dimension("memory")],
        groups: vec![
            group("old", 60, 1.0, vec![None, Some(16), Some(64)]),
            group("new", 40, 1.25, vec![None, Some(16), Some(96)]),
        ],
    };
    setup.network = Network {
        dispatch: Law::Constant(0.02),
        result: Law::Exponential { mean: 0.02 },
    };
    setup.stragglers = Some(equipoise::sim::setup::Stragglers {
        probability: 0.02,
        factor: Law::Constant(4.0),
    });
    let work = Law::Exponential { mean: 1.0 };
    setup.classes = vec![
        class("thin", 10, work.clone(), vec![1, 1, 8]),
        class("fat", 4, work, vec![1, 4, 8]),
    ];
    for class in &mut setup.classes {
        class.stages[0].allowed = vec![true, true];
        class.gather.per_result = Law::Constant(2e-4);
        class.slo = Some(Time::from_secs(6.0));
    }
    setup.sources = vec![poisson("thin", 0, 60.0), poisson("fat", 1, 30.0)];
    setup.strategy.parts_of_class = vec![0, 0];
    setup
}
