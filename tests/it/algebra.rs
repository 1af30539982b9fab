//! The algebra of strategies: any value of any part beside any other either conserves jobs, tasks and
//! attempts, which every run checks at its end, or is refused with a reason.

use equipoise::engine::random::{Purpose, Seeds};
use equipoise::prelude::scenario;
use equipoise::scenario::Registry;
use equipoise::sim;

const BASE: &str = r#"
run = { jobs = 150, warmup = "none", seed = 5, drain = 50 }
nodes.a.count = 4
nodes.b.count = 3
nodes.b.speed = 2
nodes.b.slots = 2
jobs.short.arrivals.poisson.rate = 25
jobs.short.work.exponential.mean = "100ms"
jobs.long.arrivals.poisson.rate = 3
jobs.long.work.exponential.mean = "1s"
"#;

fn named(key: &str, names: &[&str]) -> Vec<String> {
    let said = names.iter().map(|name| format!("{key} = \"{name}\""));
    std::iter::once(String::new()).chain(said).collect()
}

fn said(values: &[&str]) -> Vec<String> {
    let values = values.iter().map(|value| (*value).to_owned());
    std::iter::once(String::new()).chain(values).collect()
}

/// The parts, each with its values: what a scenario says for them. The first of each says nothing.
fn parts() -> Vec<Vec<String>> {
    let registry = Registry::standard();
    let placements = registry.names();
    let idle_queues = said(&[
        "strategies.s.placement.join-idle-queue.reports = \"one\"",
        "strategies.s.placement.join-idle-queue.reports = \"shorter-of-two\"",
    ]);
    vec![
        [named("strategies.s.placement", &placements), idle_queues].concat(),
        named("strategies.s.for.long.placement", &placements),
        said(&[
            "strategies.s.binding = \"central-queue\"",
            "strategies.s.binding.central-queue = { order = \"job\", backfill = \"any\" }",
            "strategies.s.binding.central-queue.jobs = \"one-at-a-time\"",
            "strategies.s.binding.central-queue.limit = 8",
            "strategies.s.binding.central-queue.order = \"sjf\"",
            "strategies.s.binding.central-queue.order = \"priority\"\njobs.long.priority = 2",
            "strategies.s.binding = \"late\"",
            "strategies.s.binding.late = { probes-per-task = 1.5, sampling = \"per-task\" }",
            "strategies.s.for.long.binding = \"late\"",
            "strategies.s.binding.late = { sticky = true, avoid = [\"long\"] }",
            "strategies.s.binding.late = { sticky = true, avoid = [\"long\"] }\nstrategies.s.for.long.binding = \"early\"",
        ]),
        said(&[
            "strategies.s.view = \"local\"",
            "strategies.s.view = \"probe\"",
            "strategies.s.view.periodic = { every = \"200ms\", phases = \"apart\" }",
            "strategies.s.view.delayed.by = \"100ms\"",
            "strategies.s.view.gossip = { every = \"50ms\", fanout = 1 }",
            "strategies.s.for.long.view = \"probe\"",
        ]),
        named("strategies.s.in-flight", &["ignored"]),
        said(&[
            "strategies.s.dispatchers = 3",
            "strategies.s.for.long.dispatchers = 2",
        ]),
        named("strategies.s.spread", &["round-robin", "by-class"]),
        said(&["strategies.s.subset = 3"]),
        named(
            "strategies.s.ties",
            &["lowest-id", "longest", "turns", "later"],
        ),
        said(&["strategies.s.decision-time = \"5ms\""]),
        said(&[
            "strategies.s.estimates = \"class-mean\"",
            "strategies.s.estimates = \"job-mean\"",
            "strategies.s.estimates = \"none\"",
            "strategies.s.estimates.error = { lognormal = { mean = 1, cv = 2 } }",
            "strategies.s.for.short.estimates.error = 0.5",
        ]),
        said(&[
            "strategies.s.copies.redundancy.d = 2",
            "strategies.s.copies.redundancy = { d = 3, work = \"fresh\" }",
            "strategies.s.copies.redundancy = { d = 4, cancel = \"on-start\" }",
            "strategies.s.copies.speculation.factor = 1.2",
            "strategies.s.copies.hedge.after = \"200ms\"",
            "strategies.s.copies.hedge = { quantile = 0.9, budget = 0.2 }",
        ]),
        said(&[
            "strategies.s.stealing = \"idle\"",
            "strategies.s.stealing.idle = { victims = 3, batch = \"half\" }",
            "strategies.s.stealing.push = { above = 2, targets = 2 }",
            "strategies.s.stealing.idle = { victims = 2, batch = \"half\", classes = [\"short\"] }",
        ]),
        said(&[
            "strategies.s.partition.short = { share = 0.34, borrow = true }",
            "strategies.s.partition.short.nodes = [\"b\"]",
            "strategies.s.partition = { short.nodes = [\"a[0..50 %]\"], long.nodes = [\"b\"] }",
        ]),
        said(&[
            "strategies.s.admission.jobs = 12",
            "strategies.s.admission.dispatcher-queue = 2",
        ]),
    ]
}

/// The same of what is around a strategy.
fn surroundings() -> Vec<Vec<String>> {
    vec![
        said(&[
            "network = { dispatch = \"5ms\", result = \"3ms\" }",
            "network = { dispatch = \"20ms\", result = \"3ms\", cancels = \"travel\" }",
            "network.dispatch.exponential.mean = \"20ms\"",
            "network = { dispatch = \"5ms\", result = \"3ms\", zones.x.y = \"30ms\" }\nnodes.a.zone = \"x\"\nnodes.b.zone = \"y\"\nscheduling.zones = [\"x\", \"y\"]",
        ]),
        said(&[
            "nodes.a.discipline = \"lifo\"",
            "nodes.a.discipline = \"sjf\"",
            "nodes.a.discipline = \"srpt\"",
            "nodes.a.discipline = \"priority\"\njobs.short.priority = 2",
            "nodes.a.discipline.priority.preemptive = true\njobs.short.priority = 2",
            "nodes.a.discipline = \"processor-sharing\"",
        ]),
        said(&[
            "nodes.a.queue-limit = 3",
            "nodes.a.queue-limit = 0\nnodes.b.queue-limit = 1",
        ]),
        said(&[
            "jobs.short.tasks = 3",
            "jobs.short.tasks = 3\njobs.short.gather.need = 2",
            "jobs.short.tasks.geometric.mean = 4.0\njobs.short.gather = { per-result = \"1ms\", work = \"1ms\" }",
            "jobs.short.tasks = 2\njobs.short.replicas = 2",
            "jobs.short.tasks = 2\njobs.short.replicas = 2\njobs.short.key.zipf = { n = 9, exponent = 1.0 }",
            "jobs.short.tasks = 2\njobs.short.replicas = 1\njobs.short.locality.elsewhere = \"50ms\"",
        ]),
        said(&[
            "jobs.staged.arrivals.poisson.rate = 2\njobs.staged.stages = { map = { tasks = 3, work.exponential.mean = \"200ms\" }, reduce = { work = \"100ms\" } }",
        ]),
        said(&["faults.stragglers = { probability = 0.1, factor = 4.0 }"]),
        said(&[
            "strategies.s.health.detection = \"100ms\"",
            "strategies.s.health.ejection = { failures = 2, for = \"1s\", most = 0.5 }",
            "strategies.s.health.slow-start = \"2s\"",
        ]),
        said(&[
            "nodes.a.initial = 2\nnodes.a.autoscaling = { on = \"queue\", above = 2, below = 0.5, boot = \"300ms\", cooldown = \"500ms\", every = \"200ms\" }",
            "faults.events = [ { at = \"1s\", nodes = \"a[0..2]\", change = \"drain\" }, { at = \"2s\", nodes = \"a\", change = \"up\" }, { at = \"3s\", nodes = \"b[0]\", change = \"leave\" } ]",
        ]),
    ]
}

fn all_parts() -> Vec<Vec<String>> {
    [parts(), surroundings()].concat()
}

/// What may go wrong.
const FAULTS: [&str; 9] = [
    "faults.node-failures = { up.exponential.mean = \"3s\", down.exponential.mean = \"300ms\" }",
    "faults.node-failures = { up.exponential.mean = \"3s\", down.exponential.mean = \"300ms\", running = \"lose\", queued = \"move\" }\nfaults.retries.max-attempts = 3",
    "faults.node-failures = { up.exponential.mean = \"3s\", down.exponential.mean = \"300ms\", running = \"resume\", queued = \"lose\" }\nfaults.retries = { max-attempts = 2, work = \"fresh\" }",
    "faults.task-failures.probability = 0.05\nfaults.retries = { max-attempts = 3, backoff = \"10ms\" }",
    "faults.timeouts = { task = \"1s\", job = \"4s\", cancel = false }\nfaults.retries.max-attempts = 2",
    "faults.timeouts.task = \"300ms\"\nfaults.retries = { max-attempts = 4, backoff = \"10ms\", budget.share = 0.3 }",
    "faults.node-failures = { up.exponential.mean = \"2s\", down.exponential.mean = \"500ms\", running = \"lose\", queued = \"lose\" }\nfaults.timeouts.task = \"800ms\"\nfaults.retries = { max-attempts = 3, budget.job = 4 }",
    "faults.node-failures = { up.exponential.mean = \"2s\", down.exponential.mean = \"500ms\", running = \"restart\", queued = \"move\" }\nfaults.task-failures.rate = 0.3\nfaults.timeouts.job = \"3s\"\nfaults.retries.max-attempts = 2",
    "faults.slow-downs = { every.exponential.mean = \"2s\", last = \"500ms\", factor = 3.0 }",
];

/// Runs what is said; false if that is refused.
fn runs(said: &[&str]) -> bool {
    let is_named = said.iter().any(|said| said.starts_with("strategies.s."));
    let name = if is_named {
        ""
    } else {
        "strategies.s.placement = \"random\""
    };
    let text = format!("{BASE}{}\n{name}\n", said.join("\n"));
    let found = match scenario(&text) {
        Ok(found) => found,
        Err(report) => {
            // What was refused, and what to do.
            let told = report.to_string();
            assert!(
                told.contains("error: ") && (told.contains("^ ") || told.contains("= help: ")),
                "{text}\n{told}"
            );
            return false;
        }
    };
    let setup = &found.points[0].setups[0];
    match sim::run(setup, 1, None) {
        Ok(_) => true,
        Err(failure) => panic!("{text}\n{failure}"),
    }
}

/// Combinations of values drawn at random, most parts saying nothing; faults in half of them. Tells how many
/// were run.
fn combinations(first: u64, count: u64) -> u64 {
    let (parts, key) = (all_parts(), Seeds::new(9, 1).key(Purpose::Placement));
    let one = |number: u64| {
        let mut draw = key.draw(0, number, 0, 0, 0);
        let mut said: Vec<&str> = Vec::new();
        for values in &parts {
            if draw.below(4) == 0 {
                said.push(&values[draw.below(values.len() as u32) as usize]);
            }
        }
        if number.is_multiple_of(2) {
            said.push(FAULTS[draw.below(FAULTS.len() as u32) as usize]);
        }
        u64::from(runs(&said))
    };
    (first..first + count).map(one).sum()
}

#[test]
fn what_is_combined_is_conserved_or_refused() {
    let run = combinations(0, 5_000);
    assert!((1_500..5_000).contains(&run), "{run} of 5,000 were run");
}

/// Each value of each part beside each value of each other.
#[test]
#[ignore = "some 2,500 pairs take minutes"]
fn every_pair_is_conserved_or_refused() {
    let mut parts = all_parts();
    parts.push(FAULTS.map(str::to_owned).to_vec());
    let (mut run, mut all) = (0, 0);
    for (at, values) in parts.iter().enumerate() {
        for (one, others) in values
            .iter()
            .flat_map(|one| parts[at + 1..].iter().map(move |others| (one, others)))
        {
            for other in others
                .iter()
                .filter(|other| !other.is_empty() && !one.is_empty())
            {
                all += 1;
                run += u32::from(runs(&[one.as_str(), other.as_str()]));
            }
        }
    }
    println!("{run} of {all} pairs were run");
    assert!(run > all * 3 / 4, "{run} of {all} pairs were run");
}
