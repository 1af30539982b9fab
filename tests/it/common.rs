//! Setups by hand.

use std::sync::Arc;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::model::cluster::{Cluster, Dimension, Group, Speed};
use equipoise::scenario::Registry;
use equipoise::sim::setup::{Measure, Network, Setup, Warmup, Window};
use equipoise::strategy::{Binding, Blueprint, InFlight, Parts, Strategy, Ties};
use equipoise::workload::class::{Class, Gather, Shape, Stage};
use equipoise::workload::source::{Arrivals, Source};

/// The placement that a scenario file would spell `placement.SPELLING`, or its bare name.
pub fn placement(spelling: &str) -> Arc<dyn Blueprint> {
    let known = Registry::standard().spelled(spelling);
    known.unwrap_or_else(|| panic!("no placement `{spelling}`"))
}

/// `count` nodes of one slot and `speed`.
pub fn group(name: &str, count: u32, speed: f64) -> Group {
    Group {
        name: name.into(),
        count,
        speed: Speed::new(speed),
        capacity: vec![Some(1)],
        backfill: false,
    }
}

/// A class of `tasks` tasks a job, one slot each, allowed everywhere.
pub fn class(name: &str, tasks: u32, work: Law, groups: usize) -> Class {
    Class {
        name: name.into(),
        stages: vec![Stage {
            shape: Shape::Tasks {
                count: Law::Constant(f64::from(tasks)),
                work,
            },
            overhead: Time::ZERO,
            demand: vec![1],
            allowed: vec![true; groups],
        }],
        gather: Gather::free(),
        slo: None,
    }
}

/// Jobs of class `class` with independent intervals.
pub fn renewal(name: &str, interval: Law, class: u32) -> Source {
    Source {
        name: name.into(),
        arrivals: Arrivals::Renewal { interval },
        first_class: class,
        classes: 1,
    }
}

/// One dispatcher that decides in no time.
pub fn parts(spelling: &str) -> Parts {
    Parts {
        placement: placement(spelling),
        dispatchers: 1,
        decision_time: Law::Constant(0.0),
        in_flight: InFlight::Counted,
        ties: Ties::Random,
    }
}

/// One class `jobs` at intervals of `interval` on `groups`, without any delay.
pub fn open(groups: Vec<Group>, interval: Law, tasks: u32, work: Law, spelling: &str) -> Setup {
    Setup {
        seed: 1,
        placement_seed: 0,
        cluster: Cluster {
            dimensions: vec![Dimension::slots()],
            groups: groups.clone(),
        },
        network: Network {
            dispatch: Law::Constant(0.0),
            result: Law::Constant(0.0),
        },
        classes: vec![class("jobs", tasks, work, groups.len())],
        sources: vec![renewal("jobs", interval, 0)],
        stragglers: None,
        strategy: Strategy {
            name: spelling.into(),
            binding: Binding::Early,
            parts: vec![parts(spelling)],
            parts_of_class: vec![0],
        },
        window: Window {
            warmup: Warmup::None,
            measure: Measure::Jobs {
                class: None,
                count: 1000,
            },
            drain: 4.0,
            max_in_system: 1_000_000,
            slowdown_floor: Time(1_000_000),
            stratum: Time::from_secs(10.0),
            finite: false,
        },
    }
}
