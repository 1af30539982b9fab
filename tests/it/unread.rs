//! Settings that nothing reads in a scenario: whoever writes one is told, and nobody else.

use equipoise::engine::law::Law;
use equipoise::scenario::Registry;
use equipoise::sim::setup::Setup;
use equipoise::strategy::goes_by::goes_by;
use equipoise::strategy::{Estimates, InFlight, Ties};

use crate::cli::stderr;
use crate::common::{group, open};
use crate::tool::{Place, unfolded};
use crate::views::decisions;

/// Spellings beside the defaults of all placements.
const MORE: [&str; 8] = [
    "least-loaded.by = 'work'",
    "power-of-d.by = 'work'",
    "power-of-d.d = 1",
    "anti-affinity.by = 'work'",
    "batch-sampling.by = 'work'",
    "sticky.then = 'random'",
    "sticky.then = { least-loaded = { by = 'work' } }",
    "adaptive.among = ['random', 'earliest-finish']",
];

fn setup(spelling: &str) -> Setup {
    let nodes = vec![group("a", 5, 1.0), group("b", 3, 2.0)];
    let (interval, work) = (
        Law::Exponential { mean: 0.45 },
        Law::Exponential { mean: 1.0 },
    );
    let mut setup = open(nodes, interval, 4, work, spelling).measuring(50, 1_000);
    setup.network.dispatch = Law::Exponential { mean: 0.2 };
    setup.classes[0].key = Some(Law::Uniform {
        low: 1.0,
        high: 20.0,
    });
    setup
}

/// What a placement is said not to go by changes no decision of it; of works and keys, what it is said to go by
/// does.
#[test]
fn what_placements_go_by_is_true() {
    let registry = Registry::standard();
    let names = registry.names();
    for spelling in names.iter().chain(&MORE) {
        let plain = setup(spelling);
        let said = goes_by(plain.strategy.parts[0].placement.as_ref());
        let before = decisions(&plain);
        let differs = |change: &dyn Fn(&mut Setup)| {
            let mut other = plain.clone();
            change(&mut other);
            decisions(&other) != before
        };
        let by_work = differs(&|setup| setup.strategy.parts[0].estimates = Estimates::None);
        let by_key = differs(&|setup| setup.classes[0].key = None);
        // An expression is not looked into.
        let is_known = !spelling.starts_with("score");
        assert!(said.work || !by_work, "{spelling} goes by works");
        assert!(said.key || !by_key, "{spelling} goes by keys");
        assert!(!is_known || said.work == by_work, "{spelling}: works");
        assert!(!is_known || said.key == by_key, "{spelling}: keys");
        let by_ties = differs(&|setup| setup.strategy.parts[0].ties = Ties::LowestId);
        let by_flight = differs(&|setup| setup.strategy.parts[0].in_flight = InFlight::Ignored);
        assert!(said.nodes || !(by_ties || by_flight), "{spelling}: nodes");
    }
}

const BASE: &str = "run = { jobs = 200, replications = 3 }\nnodes.n.count = 5\nworkload.load = 0.5\n\
    jobs.job.arrivals = \"poisson\"\njobs.job.work.exponential.mean = \"100ms\"\n";

/// Warnings and notes of `check`.
fn told(text: &str) -> String {
    let place = Place::new(&format!("{BASE}{text}"));
    let output = place.call(&["check", "s.toml"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    unfolded(&format!(
        "{}{}",
        stderr(&output),
        crate::cli::stdout(&output)
    ))
}

#[test]
fn what_nothing_reads_is_told() {
    for (text, says) in [
        (
            "strategies.a = { placement = \"least-loaded\", estimates = \"class-mean\" }",
            "`estimates` has no effect on `a`: nothing there goes by how long tasks take",
        ),
        (
            "strategies.a = { placement.least-loaded.by = \"work\", estimates = \"job-mean\" }",
            "`estimates` has no effect on `a`: each job has one task",
        ),
        (
            "scheduling.estimates = \"none\"\nstrategies.a.placement = \"random\"\nstrategies.b.placement = \"first-fit\"",
            "`estimates` has no effect on `a`, `b`: nothing",
        ),
        (
            "strategies.a = { placement = \"round-robin\", ties = \"lowest-id\" }",
            "`ties` has no effect on `a`: the placement compares no nodes",
        ),
        (
            "strategies.a = { placement = \"random\", in-flight = \"ignored\" }",
            "`in-flight` has no effect on `a`: the placement does not look at nodes",
        ),
        (
            "strategies.a = { placement = \"random\", spread = \"by-class\" }",
            "`spread` has no effect on `a`: all jobs come to its one dispatcher",
        ),
        (
            "jobs.job.key.uniform = { low = 1, high = 9 }\nstrategies.a.placement = \"random\"",
            "`key` of `job` has no effect: no placement goes by it",
        ),
        (
            "nodes.n.discipline = \"sjf\"\nstrategies.a.binding = \"central-queue\"",
            "`discipline` of nodes.n has no effect: all tasks wait in central queues",
        ),
        (
            "nodes.n.queue-limit = 5\nstrategies.a.binding = \"central-queue\"",
            "`queue-limit` of nodes.n has no effect",
        ),
        (
            "scheduling.ties = \"lowest-id\"\nstrategies.a.placement = \"least-loaded\"\nstrategies.b.preset = \"nginx-least-conn\"",
            "scheduling.ties has no effect on `b`: the preset brings its own",
        ),
        (
            "scheduling.dispatchers = 4\nstrategies.a = { placement = \"random\", dispatchers = 2 }",
            "scheduling.dispatchers has no effect: every strategy has its own",
        ),
    ] {
        let told = told(text);
        assert!(told.contains(says), "{text}: {told}");
    }
}

#[test]
fn what_somebody_reads_is_not() {
    for text in [
        // Of those that have it from one place, one goes by it.
        "scheduling.estimates = \"none\"\nstrategies.a.placement = \"random\"\nstrategies.b.placement = \"earliest-finish\"",
        "nodes.n.discipline = \"sjf\"\nstrategies.a = { placement = \"random\", estimates = \"class-mean\" }",
        "jobs.job.tasks = 3\nstrategies.a = { placement.least-loaded.by = \"work\", estimates = \"job-mean\" }",
        "strategies.a = { placement = \"least-loaded\", ties = \"lowest-id\" }\nstrategies.b = { like = \"a\", placement = \"random\" }",
        "strategies.a = { placement = \"random\", for.job = { placement = \"least-loaded\", ties = \"lowest-id\" } }",
        "strategies.a = { placement = \"random\", spread = \"by-class\", dispatchers = 2 }",
        "strategies.a = { placement = \"random\", for.job.placement = \"least-loaded\", ties = \"lowest-id\" }",
        "jobs.job.key.uniform = { low = 1, high = 9 }\nstrategies.a.placement = \"sticky\"\nstrategies.b.placement = \"random\"",
        "scheduling.ties = \"turns\"\nstrategies.b.preset = \"nginx-least-conn\"\nstrategies.a.placement = \"least-loaded\"",
        "nodes.n.discipline = \"sjf\"\nstrategies.a.binding = \"central-queue\"\nstrategies.b.placement = \"random\"",
        // What a preset brings, nobody wrote.
        "strategies.a = { preset = \"nginx-least-conn\", placement = \"random\" }",
    ] {
        let told = told(text);
        assert!(!told.contains("has no effect"), "{text}: {told}");
    }
}
