//! What is timed.

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use equipoise::scenario::{Files, Registry, read_with};
use equipoise::sim::run;
use equipoise::sim::setup::Setup;
use equipoise::strategy::Binding;
use equipoise::testing::setups;

use crate::process;

pub struct Model {
    pub name: &'static str,
    pub what: &'static str,
    pub jobs: u64,
    /// One that other programs know, too.
    pub plain: Option<Plain>,
    /// Else its scenario, but for `run.jobs`.
    text: &'static str,
}

/// Poisson jobs of `k` tasks with exponential work on `n` equal nodes at load `rho`.
pub struct Plain {
    /// Placement as scenarios spell it; nothing for a central queue.
    placement: &'static str,
    /// The same as rivals are told.
    pub policy: &'static str,
    pub n: u32,
    pub rho: f64,
    pub k: u32,
}

const RANDOM: [&str; 2] = ["random", "rand"];
const TWO_CHOICES: [&str; 2] = ["power-of-d.replacement = true", "p2c"];
const LEAST_LOADED: [&str; 2] = ["least-loaded", "jsq"];
const CENTRAL: [&str; 2] = ["", "central"];

/// What a decision costs by what is seen, at 10,000 nodes: power-of-d is O(d), least-loaded O(log n). The board is renewed
/// 45,000 tasks apart.
macro_rules! seen {
    ($name:literal, $what:expr, $placement:literal, $dispatchers:literal, $view:literal) => {
        scenario(
            $name,
            $what,
            500_000,
            concat!(
                "\nnodes.node.count = 10_000\nworkload.load = 0.9\n",
                "jobs.job = { arrivals = \"poisson\", work.exponential.mean = \"1s\" }\n",
                "strategies.s = { placement = \"",
                $placement,
                "\", dispatchers = ",
                $dispatchers,
                ", view",
                $view,
                " }\n"
            ),
        )
    };
}

const OWN: &str = "10,000 nodes, by its own alone";
const OWN_OF_MANY: &str = "the same, 1,000 dispatchers";
const BOARD: &str = "10,000 nodes, by a board";

pub const MODELS: [Model; 23] = [
    plain("M1", "random", RANDOM, (100, 0.9, 1)),
    plain("M2", "two choices", TWO_CHOICES, (100, 0.9, 1)),
    plain("M3", "least loaded", LEAST_LOADED, (100, 0.9, 1)),
    plain(
        "M4",
        "two choices, ten tasks a job",
        TWO_CHOICES,
        (100, 0.7, 10),
    ),
    plain("M1-10k", "random, 10,000 nodes", RANDOM, (10_000, 0.9, 1)),
    plain(
        "M2-10k",
        "two choices, 10,000 nodes",
        TWO_CHOICES,
        (10_000, 0.9, 1),
    ),
    plain(
        "M2-1M",
        "two choices, 1,000,000 nodes",
        TWO_CHOICES,
        (1_000_000, 0.9, 1),
    ),
    plain(
        "M3-10k",
        "least loaded, 10,000 nodes",
        LEAST_LOADED,
        (10_000, 0.9, 1),
    ),
    plain("central", "central queue", CENTRAL, (100, 0.9, 1)),
    plain(
        "central-10k",
        "central queue, 10,000 nodes",
        CENTRAL,
        (10_000, 0.9, 1),
    ),
    seen!("M2-local", OWN, "power-of-d", "1", " = 'local'"),
    seen!(
        "M2-local-1k",
        OWN_OF_MANY,
        "power-of-d",
        "1_000",
        " = 'local'"
    ),
    seen!("M2-board", BOARD, "power-of-d", "1", ".periodic.every = 5"),
    seen!(
        "M2-board-1k",
        OWN_OF_MANY,
        "power-of-d",
        "1_000",
        ".periodic.every = 5"
    ),
    seen!("M3-1k", OWN_OF_MANY, "least-loaded", "1_000", " = 'fresh'"),
    seen!("M3-local", OWN, "least-loaded", "1", " = 'local'"),
    seen!(
        "M3-local-1k",
        OWN_OF_MANY,
        "least-loaded",
        "1_000",
        " = 'local'"
    ),
    seen!(
        "M3-board",
        BOARD,
        "least-loaded",
        "1",
        ".periodic.every = 5"
    ),
    seen!(
        "M3-board-1k",
        OWN_OF_MANY,
        "least-loaded",
        "1_000",
        ".periodic.every = 5"
    ),
    scenario(
        "resources",
        "fork-join over a network, cpu and memory",
        100_000,
        "",
    ),
    scenario(
        "resources-3",
        "fork-join with three resources",
        100_000,
        RESOURCES,
    ),
    scenario(
        "faults",
        "faults, timeouts, retries and late binding",
        200_000,
        FAULTS,
    ),
    scenario(
        "trace",
        "replay of a batch log, read and replayed",
        200_000,
        TRACE,
    ),
];

/// Fork-join jobs on two generations of nodes with cpu, memory and disk, matched by cosine.
const RESOURCES: &str = r#"
nodes.old = { count = 60, resources = { cpu = 16, memory = "64 GiB", disk = 8 } }
nodes.new = { count = 40, speed = 1.25, resources = { cpu = 16, memory = "96 GiB", disk = 4 } }
workload.load = 0.7
jobs.query = { arrivals.poisson.rate = 10.0, tasks = 10, work.exponential.mean = "10ms", demand = { cpu = 1, memory = "4 GiB", disk = 1 } }
jobs.batch = { arrivals.poisson.rate = 1.0, tasks = 4, work.exponential.mean = "50ms", demand = { cpu = 4, memory = "2 GiB", disk = 1 } }
strategies.match.placement.resource-match.score = "cosine"
"#;

/// Nodes that fail, stragglers, timeouts and retries under late binding.
const FAULTS: &str = r#"
nodes.node.count = 100
network = { dispatch = "0.2ms", result = "0.2ms" }
workload.load = 0.7
jobs.job = { arrivals = "poisson", tasks = 4, work.exponential.mean = "10ms" }
faults.node-failures = { up.exponential.mean = "20s", down.exponential.mean = "200ms", running = "restart", queued = "move" }
faults.stragglers = { probability = 0.02, factor = 5.0 }
faults.timeouts.task = "500ms"
faults.retries = { max-attempts = 3, backoff = "10ms" }
strategies.late = { placement = "random", binding.late.probes-per-task = 2.0 }
"#;

/// A log of the Standard Workload Format, which is written when it is asked for.
const TRACE: &str = r#"
nodes.node.count = 100
jobs.batch.arrivals.trace = { file = "log.swf", format = "swf", load = 0.7 }
strategies.two-choices.placement.power-of-d.d = 2
"#;

const fn plain(
    name: &'static str,
    what: &'static str,
    [placement, policy]: [&'static str; 2],
    (n, rho, k): (u32, f64, u32),
) -> Model {
    let plain = Plain {
        placement,
        policy,
        n,
        rho,
        k,
    };
    Model {
        name,
        what,
        jobs: if k > 1 { 200_000 } else { 2_000_000 },
        plain: Some(plain),
        text: "",
    }
}

const fn scenario(name: &'static str, what: &'static str, jobs: u64, text: &'static str) -> Model {
    Model {
        name,
        what,
        jobs,
        plain: None,
        text,
    }
}

impl Plain {
    fn setup(&self, jobs: u64) -> Result<Setup, String> {
        let is_central = self.placement.is_empty();
        let spelling = if is_central { "random" } else { self.placement };
        let placement = Registry::standard().spelled(spelling);
        let placement = placement.ok_or_else(|| format!("no placement is spelled `{spelling}`"))?;
        let mut setup = setups::plain(placement, self.n, self.rho, self.k, jobs, 1);
        if is_central {
            setup.strategy.binding = Binding::CentralQueue;
        }
        Ok(setup)
    }
}

impl Model {
    fn setup(&self, jobs: u64) -> Result<Setup, String> {
        match (&self.plain, self.text) {
            (Some(plain), _) => plain.setup(jobs),
            (None, "") => Ok(setups::resources(jobs, 1)),
            (None, text) => read(text, jobs),
        }
    }

    /// Runs once in this process; prints jobs, events and nanoseconds for `process::own` to read.
    pub fn run_here(&self, jobs: u64) -> Result<(), String> {
        let start = Instant::now();
        let setup = self.setup(jobs)?;
        let found = run(&setup, 1, None).map_err(|failure| failure.to_string())?;
        println!(
            "jobs={jobs} events={} nanos={} peak_kib={}",
            found.events,
            start.elapsed().as_nanos(),
            process::peak_kib().unwrap_or(0)
        );
        Ok(())
    }
}

/// The only setup of a scenario with so many jobs.
fn read(text: &str, jobs: u64) -> Result<Setup, String> {
    let dir = std::env::temp_dir().join(format!("equipoise-bench-{}", std::process::id()));
    let sets = if text.contains("trace") {
        let written = std::fs::create_dir_all(&dir)
            .and_then(|()| std::fs::write(dir.join("log.swf"), log(jobs)));
        written.map_err(|error| error.to_string())?;
        Vec::new()
    } else {
        vec![
            format!("run.jobs={}", jobs - jobs / 20),
            format!("run.warmup.jobs={}", jobs / 20),
        ]
    };
    let files = Files::new(Path::new(&dir), None);
    let text = format!("title = \"a bench\"\n{text}");
    let sets: Vec<(&str, &str)> = sets.iter().map(|set| ("--set", set.as_str())).collect();
    let read = read_with(&text, "bench.toml", &sets, &files, &Registry::standard());
    let _ = std::fs::remove_dir_all(&dir);
    let mut scenario = read.map_err(|report| report.to_string())?;
    let setup = scenario
        .points
        .first_mut()
        .and_then(|point| point.setups.pop());
    setup.ok_or_else(|| "no strategy".to_owned())
}

/// Jobs of 1 to 8 processors that run for 1 to 3,600 s.
fn log(jobs: u64) -> String {
    let mut log = String::new();
    let mut state = 1_u64;
    let mut draw = |below: u64| {
        // Knuth's MMIX generator: the log must only be the same everywhere.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut at = 0;
    for job in 1..=jobs {
        at += draw(200);
        let (run, processors) = (1 + draw(3_600), 1 << draw(4));
        let _ = writeln!(
            log,
            "{job} {at} -1 {run} {processors} -1 -1 {processors} -1 -1 1 1 1 1 1 1 -1 -1"
        );
    }
    log
}
