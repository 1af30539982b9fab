//! Tasks that run where their data are.

use std::collections::BTreeMap;

use equipoise::engine::time::Time;
use equipoise::metrics::jobs::Blame;
use equipoise::prelude::scenario;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::run;
use equipoise::sim::setup::Setup;

fn setup(text: &str) -> Setup {
    let found = scenario(text).unwrap_or_else(|report| panic!("{report}"));
    found.points[0].setups[0].clone()
}

/// How many tasks ran at each node, and of those with each index.
#[derive(Default)]
struct Log {
    nodes: BTreeMap<u32, u32>,
    indices: BTreeMap<(u32, u32), u32>,
}

impl Recorder for Log {
    fn job(&mut self, _: &Job, _: Option<(Time, Blame)>) {}
    fn task(&mut self, _: &Job, task: &Task, attempt: &Attempt) {
        *self.nodes.entry(attempt.node.0).or_default() += 1;
        *self
            .indices
            .entry((task.index, attempt.node.0))
            .or_default() += 1;
    }
    fn decision(&mut self, _: &Decision<'_>) {}
}

fn log(setup: &Setup) -> Log {
    let mut log = Log::default();
    run(setup, 1, Some(&mut log)).unwrap_or_else(|failure| panic!("{failure}"));
    log
}

/// With one copy of each key the nodes get what zipf says: 1/k of the most popular, within 4.5 standard
/// errors.
#[test]
fn hot_keys_make_hot_nodes() {
    let setup = setup(
        "run = { jobs = 50_000, warmup = 'none' }\nnodes.n = { count = 5, slots = 100 }\njobs.j = { arrivals.poisson.rate = 10, work = 0.1, replicas = 1, key.zipf = { n = 5, exponent = 1 } }\nstrategies.s.placement = 'random'",
    );
    let nodes = log(&setup).nodes;
    let whole: f64 = (1..=5).map(|k| 1.0 / f64::from(k)).sum();
    for k in 1..=5u32 {
        let share = 1.0 / f64::from(k) / whole;
        let error = 4.5 * (50_000.0 * share * (1.0 - share)).sqrt();
        let found = f64::from(nodes[&(k - 1)]);
        assert!((found - 50_000.0 * share).abs() < error, "{k}: {found}");
    }
}

/// Of a sharded search every task is served by a copy of its own shard, under every placement and
/// binding; and all copies are used.
#[test]
fn a_task_runs_where_its_shard_is() {
    for (placement, binding) in [
        ("random", "early"),
        ("round-robin", "early"),
        ("power-of-d", "early"),
        ("least-loaded", "early"),
        ("shortest-expected-delay", "central-queue"),
    ] {
        let setup = setup(&format!(
            "run = {{ jobs = 3_000, warmup = 'none' }}\nnodes.n = {{ count = 6 }}\nworkload.load = 0.6\njobs.j = {{ arrivals = 'poisson', tasks = 6, work.exponential.mean = 0.1, replicas = 3 }}\nstrategies.s = {{ placement = '{placement}', binding = '{binding}' }}"
        ));
        let indices = log(&setup).indices;
        assert_eq!(indices.len(), 18, "{placement}");
        for (task, node) in indices.keys() {
            assert!(
                (node + 6 - task) % 6 < 3,
                "{placement}: task {task} at node {node}"
            );
        }
    }
}

/// Who may run elsewhere at a price does so only where no copy has room: at a low load hardly ever, and
/// at no price it is as if data lay everywhere.
#[test]
fn locality_has_its_price() {
    let mean = |rate: f64, key: &str| {
        let setup = setup(&format!(
            "run = {{ jobs = 20_000, warmup.jobs = 1000 }}\nnodes.n = {{ count = 8 }}\njobs.j = {{ arrivals.poisson.rate = {rate}, work.exponential.mean = 1{key} }}\nstrategies.s.placement = 'least-loaded'"
        ));
        let figures = run(&setup, 1, None).unwrap();
        figures.metric("response_mean").unwrap()
    };
    let strict = mean(
        4.0,
        ", replicas = 1, key.discrete = { values = [1,2,3,4,5,6,7,8], weights = [1,1,1,1,1,1,1,1] }",
    );
    let elsewhere = |price: &str| {
        format!(
            ", replicas = 1, key.discrete = {{ values = [1,2,3,4,5,6,7,8], weights = [1,1,1,1,1,1,1,1] }}, locality.elsewhere = '{price}'"
        )
    };
    let (free, dear) = (mean(4.0, &elsewhere("0s")), mean(4.0, &elsewhere("0.2s")));
    let anywhere = mean(4.0, "");
    // Strict is eight M/M/1 queues at load 0.5: 2 s.
    assert!((strict - 2.0).abs() < 0.15, "{strict}");
    assert!((free - anywhere).abs() < 0.05, "{free}, {anywhere}");
    assert!(dear > free + 0.05 && dear < strict, "{dear}");
}
