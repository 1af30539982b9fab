//! Setups by hand: small parts, and the models that benchmarks time and golden digests pin.

use std::sync::Arc;

use crate::engine::law::Law;
use crate::engine::time::Time;
use crate::model::cluster::{Dimension, Group};
use crate::sim::setup::{Network, Setup, Stragglers};
use crate::strategy::placement::resource_match::ResourceMatch;
use crate::strategy::{Blueprint, Parts};
use crate::workload::class::Class;
use crate::workload::source::Arrivals;

/// `count` nodes of one slot and `speed`.
pub fn group(name: &str, count: u32, speed: f64) -> Group {
    Group::new(name, count, speed, vec![Some(1)])
}

/// A class of `tasks` tasks a job, one slot each, allowed on all of `groups` groups.
pub fn class(name: &str, tasks: u32, work: Law, groups: usize) -> Class {
    let mut class = Class::of_tasks(name, tasks, work, vec![1]);
    class.stages[0].allowed = vec![true; groups];
    class
}

/// Poisson arrivals at `rate` a second.
pub fn poisson(rate: f64) -> Arrivals {
    Arrivals::Renewal {
        interval: Law::Exponential { mean: 1.0 / rate },
    }
}

/// One class `jobs` at intervals of `interval` on `groups`, without any delay.
pub fn open(
    groups: Vec<Group>,
    interval: Law,
    tasks: u32,
    work: Law,
    placement: Arc<dyn Blueprint>,
) -> Setup {
    let class = Class::of_tasks("jobs", tasks, work, vec![1]);
    Setup::new(groups)
        .with_jobs(class, Arrivals::Renewal { interval })
        .with_parts(Parts::new(placement))
}

/// `n` nodes of one slot under one dispatcher; Poisson jobs of `k` tasks with exponential work of
/// mean 1 s at load `rho`; of `jobs` jobs the first twentieth is warm-up.
pub fn plain(
    placement: Arc<dyn Blueprint>,
    n: u32,
    rho: f64,
    k: u32,
    jobs: u64,
    seed: u64,
) -> Setup {
    let class = Class::of_tasks("job", k, Law::Exponential { mean: 1.0 }, vec![1]);
    let mut setup = Setup::new(vec![group("node", n, 1.0)])
        .with_jobs(class, poisson(f64::from(n) * rho / f64::from(k)))
        .with_parts(Parts::new(placement))
        .measuring(jobs / 20, jobs - jobs / 20);
    setup.seed = seed;
    setup.window.stratum = Time::from_secs(4.0 / rho);
    setup
}

/// Fork-join jobs of ten tasks on two generations of nodes with cpu and memory, matched by cosine,
/// over a network, gathered at a cost, with some stragglers.
pub fn resources(jobs: u64, seed: u64) -> Setup {
    let mut setup = Setup::new(vec![
        Group::new("old", 60, 1.0, vec![None, Some(16), Some(64)]),
        Group::new("new", 40, 1.25, vec![None, Some(16), Some(96)]),
    ]);
    let named = ["cpu", "memory"].map(|name| Dimension::new(name, 1e12));
    setup.cluster.dimensions.extend(named);
    setup.network = Network {
        dispatch: Law::Constant(0.02),
        result: Law::Exponential { mean: 0.02 },
        ..Network::default()
    };
    setup.stragglers = Some(Stragglers {
        probability: 0.02,
        factor: Law::Constant(4.0),
    });
    for (name, tasks, demand, rate) in [
        ("thin", 10, vec![1, 1, 8], 60.0),
        ("fat", 4, vec![1, 4, 8], 30.0),
    ] {
        let mut class = Class::of_tasks(name, tasks, Law::Exponential { mean: 1.0 }, demand);
        class.gather.per_result = Law::Constant(2e-4);
        class.slo = Some(Time::from_secs(6.0));
        setup = setup.with_jobs(class, poisson(rate));
    }
    let matched = Arc::new(ResourceMatch::default());
    let mut setup = setup
        .with_parts(Parts::new(matched))
        .measuring(jobs / 20, jobs - jobs / 20);
    setup.seed = seed;
    setup.window.stratum = Time::from_secs(4.0 / 0.8);
    setup
}
