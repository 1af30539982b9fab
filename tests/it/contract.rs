//! Every placement of the registry, and variants of their parameters, held to the public contract.

use std::sync::Arc;

use equipoise::engine::law::Law;
use equipoise::scenario::Registry;
use equipoise::sim;
use equipoise::sim::setup::Setup;
use equipoise::strategy::{Blueprint, Ties};
use equipoise::testing::contract::{Contract, watch};
use equipoise::workload::source::Arrivals;

use crate::common::placement;

/// Every placement of the registry with its defaults, and further variants.
fn placements() -> Vec<Contract> {
    let registry = Registry::standard();
    let defaults = registry.names().into_iter().map(str::to_owned);
    let variants = [
        "round-robin = { weights = \"speed x slots\" }",
        "least-loaded = { by = \"work\" }",
        "least-loaded = { by = \"utilization\" }",
        "power-of-d = { d = 3, by = \"work\", replacement = true }",
        "power-of-d = { d = 2, by = \"utilization\" }",
        "resource-match = { score = \"cosine\" }",
        "resource-match = { score = \"dot-product\" }",
        "resource-match = { score = \"l2-norm\" }",
        "resource-match = { score = \"tetris\" }",
        "power-of-d = { d = 2, memory = 2 }",
        "size-interval = { cut-offs = [1.5] }",
        "anti-affinity = { by = \"work\" }",
        "prequal = { hot-quantile = 0, probes-per-task = 1.5 }",
        "consistent-hash = { bound = 1, points = 16 }",
        "sticky = { then = \"power-of-d\" }",
        "score = { least = \"(work + task_work / speed) * max(ratio, 0.5)\", where = \"fits\" }",
        "score = { least = \"tasks\", d = 3 }",
        "adaptive = { among = [\"random\", { least-loaded = { by = \"work\" } }], round = 20 }",
    ];
    let all = defaults.chain(variants.map(str::to_owned));
    all.map(|spelling| contract(&spelling, placement(&spelling)))
        .collect()
}

/// The contract of a placement, allocations included.
pub fn contract(name: &str, blueprint: Arc<dyn Blueprint>) -> Contract {
    Contract::of(name, blueprint).counting(|run| allocation_counter::measure(run).count_total)
}

fn for_each(check: impl Fn(&Contract) -> Result<(), String>) {
    for contract in placements() {
        check(&contract).unwrap();
    }
}

#[test]
fn placements_use_every_node() {
    for_each(Contract::uses_every_node);
}

#[test]
fn placements_are_valid_and_repeatable() {
    for_each(Contract::is_valid_and_repeatable);
}

#[test]
fn the_same_jobs_for_every_strategy() {
    for_each(Contract::has_the_same_jobs);
    let (_, setup) = contract("random", placement("random")).worlds().remove(0);
    let digest = |setup: &Setup, r| sim::run(setup, r, None).unwrap().workload_digest;
    let first = digest(&setup, 1);
    assert_ne!(digest(&setup, 2), first);
    let other_seed = Setup { seed: 2, ..setup };
    assert_ne!(digest(&other_seed, 1), first);
}

#[test]
fn no_allocation_past_the_warmup_when_the_state_repeats() {
    for_each(Contract::allocates_nothing_when_the_state_repeats);
}

#[test]
fn hardly_any_allocation_past_the_warmup() {
    for_each(Contract::allocates_hardly_anything);
}

/// An order of all nodes decides as a scan of them: the least loaded of all equals the least loaded
/// of d where d is more than there are, decision by decision. (Random ties differ by the draws
/// that go into choosing d; the twin holds those against a scan.)
#[test]
fn an_order_decides_as_a_scan() {
    for by in ["tasks", "work", "utilization"] {
        let ordered = placement(&format!("least-loaded = {{ by = \"{by}\" }}"));
        for (name, setup) in contract(by, ordered).worlds() {
            let mut ordered = setup;
            ordered.strategy.parts[0].ties = Ties::LowestId;
            for group in &mut ordered.cluster.groups {
                group.count *= 20;
            }
            for source in &mut ordered.sources {
                source.arrivals = Arrivals::Renewal {
                    interval: Law::Exponential { mean: 0.01 },
                };
            }
            let mut scanned = ordered.clone();
            let all = format!("power-of-d = {{ d = 1000, by = \"{by}\" }}");
            scanned.strategy.parts[0].placement = placement(&all);
            let what = format!("{by}, {name}");
            let (_, one) = watch(&ordered, &what).unwrap();
            let (_, other) = watch(&scanned, &what).unwrap();
            let pairs = one.decisions.iter().zip(&other.decisions);
            assert_eq!(pairs.clone().find(|(a, b)| a != b), None, "{what}");
            assert!(one.decisions.len() > 2_000);
        }
    }
}

/// A thousand dispatchers over 10,000 nodes keep one board: under 50 MB for a whole replication, of
/// which nodes, agenda and figures take what they take under one dispatcher.
#[test]
fn a_thousand_dispatchers_keep_little() {
    use equipoise::testing::setups::plain;
    for spelling in [
        "least-loaded",
        "least-loaded.by = 'work'",
        "join-idle-queue",
        "shortest-expected-delay",
        "weighted-random",
        "power-of-d",
        "best-fit",
    ] {
        let mut setup = plain(placement(spelling), 10_000, 0.9, 1, 1_000, 1);
        setup.strategy.parts[0].dispatchers = 1_000;
        setup.network.dispatch = Law::Constant(0.5);
        let peak = |setup: &Setup| {
            let run = || drop(sim::run(setup, 1, None).unwrap());
            allocation_counter::measure(run).bytes_max
        };
        let many = peak(&setup);
        println!("{spelling}: {:.1} MB", many as f64 / 1e6);
        assert!(many < 50_000_000, "{spelling}: {many} bytes");
    }
}

/// Of jobs of 50,000 tasks few are drawn ahead: a hundred would take 40 MB, and all that are placed take less.
#[test]
fn large_jobs_are_not_drawn_far_ahead() {
    use equipoise::testing::setups::plain;
    let setup = plain(placement("random"), 1_000, 0.5, 50_000, 5, 1);
    let run = || drop(sim::run(&setup, 1, None).unwrap());
    let peak = allocation_counter::measure(run).bytes_max;
    assert!(peak < 80_000_000, "{peak} bytes");
}
