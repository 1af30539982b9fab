//! How much memory a node and a task in the system take, while a replication runs and at its end.
//!
//! `cargo bench --bench memory`. Bytes are counted by the allocator: the difference of the peaks of two runs, one
//! with twice as many nodes (of which few are used), or tasks at once, over the difference of their numbers.
//! What does not grow with either (streams, histograms, tables) is the rest, and is told beside.
#![allow(missing_docs)]

use allocation_counter::measure;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::scenario::Registry;
use equipoise::sim::run;
use equipoise::sim::setup::{Engine, Setup};
use equipoise::strategy::{Binding, Parts};
use equipoise::testing::setups;
use equipoise::workload::class::Class;
use equipoise::workload::source::Arrivals;

const NODES: u32 = 100_000;
const TASKS: u32 = 1 << 17;

fn main() {
    println!("{:<44} {:>10} {:>10}", "a node", "bytes", "fixed KiB");
    for placement in Registry::standard().names() {
        let nodes = |n| setup(placement, n).map(|setup| setup.measuring(0, 20));
        tell(placement, NODES, nodes);
    }
    println!(
        "\n{:<44} {:>10} {:>10}",
        "a task in the system", "bytes", "fixed KiB"
    );
    for (what, tasks, engine, binding) in [
        ("one task a job, early", 1, Engine::Events, Binding::Early),
        (
            "eight tasks a job, early",
            8,
            Engine::Events,
            Binding::Early,
        ),
        (
            "eight tasks a job, directly",
            8,
            Engine::Auto,
            Binding::Early,
        ),
        (
            "one task a job, central queue",
            1,
            Engine::Events,
            Binding::CentralQueue,
        ),
    ] {
        // All at once on a hundred nodes.
        tell(what, TASKS, |n| {
            let class = Class::of_tasks("job", tasks, Law::Constant(1.0), vec![1]);
            let jobs = u64::from(n / tasks);
            let arrivals = Arrivals::Batch {
                jobs,
                at: Time::ZERO,
            };
            let mut setup = Setup::new(vec![setups::group("node", 100, 1.0)])
                .with_jobs(class, arrivals)
                .with_parts(Parts::new(Registry::standard().spelled("random")?))
                .measuring(0, jobs);
            setup.strategy.binding = binding;
            setup.engine = engine;
            Some(setup)
        });
    }
}

/// Few jobs on `n` nodes.
fn setup(placement: &str, n: u32) -> Option<Setup> {
    let placement = Registry::standard().spelled(placement)?;
    Some(setups::plain(placement, n, 0.5, 1, 40, 1))
}

/// Prints what one more of `n` takes.
fn tell(what: &str, n: u32, setup: impl Fn(u32) -> Option<Setup>) {
    let peak = |n| {
        let setup = setup(n)?;
        let mut outcome = Ok(());
        let counted = measure(|| outcome = run(&setup, 1, None).map(|_| ()));
        outcome
            .map_err(|failure| println!("{what}: {failure}"))
            .ok()?;
        Some(counted.bytes_max as f64)
    };
    if let (Some(one), Some(two)) = (peak(n), peak(2 * n)) {
        let each = (two - one) / f64::from(n);
        let fixed = (one - each * f64::from(n)) / 1024.0;
        println!("{what:<44} {each:>10.0} {fixed:>10.0}");
    }
}
