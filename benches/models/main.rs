//! How fast whole replications run, with every default metric on.
//!
//! ```text
//! cargo bench --bench models                    # all models, a table
//! cargo bench --bench models -- --one M2 200000 # one model in this process, that many jobs
//! cargo bench --bench models -- --against 'rival {policy} {n} {rho} {k} {jobs} {seed}'
//! ```
//! Against another program, runs of both take turns and their CPU times (user + system) make the
//! ratio; `{policy}` is `rand`, `p2c` (two choices with replacement) or `jsq`. Times on a shared
//! machine are noise within tens of percent; instruction counts are not. For those, take the
//! difference of two runs of the program that `cargo bench --no-run` names:
//! ```text
//! valgrind --tool=callgrind --callgrind-out-file=M1.out target/release/deps/models-* --one M1 100000
//! valgrind --tool=callgrind --callgrind-out-file=M1.out target/release/deps/models-* --one M1 300000
//! ```
#![allow(missing_docs)]

mod process;

use std::process::{Command, ExitCode};
use std::time::Instant;

use equipoise::engine::time::Time;
use equipoise::scenario::Registry;
use equipoise::sim::run;
use equipoise::sim::setup::Setup;
use equipoise::strategy::Information;
use equipoise::testing::setups;

/// Runs of each model (and of a rival in turn); the median counts.
const RUNS: usize = 3;

struct Model {
    name: &'static str,
    what: &'static str,
    /// Name of the placement here, and as rivals are told.
    placement: &'static str,
    policy: &'static str,
    n: u32,
    rho: f64,
    k: u32,
    jobs: u64,
    /// How many dispatchers there are, and what each sees.
    dispatchers: u32,
    sees: Information,
}

/// A board that is renewed about 45,000 tasks apart.
const BOARD: Information = Information::Periodic {
    every: Time(5_000_000_000),
    apart: false,
};

/// What a decision costs by what is seen: power-of-d is O(d), least-loaded O(log n), beside what of a dispatcher's own is
/// under way where many share what is kept in order.
const SEEN: [Model; 9] = [
    seen("M2-local", "two choices, by its own alone", TWO, 1, LOCAL),
    seen(
        "M2-local-1k",
        "the same, 1,000 dispatchers",
        TWO,
        1_000,
        LOCAL,
    ),
    seen("M2-board", "two choices, by a board", TWO, 1, BOARD),
    seen(
        "M2-board-1k",
        "the same, 1,000 dispatchers",
        TWO,
        1_000,
        BOARD,
    ),
    seen(
        "M3-1k",
        "least loaded, 1,000 dispatchers",
        LEAST,
        1_000,
        Information::Fresh,
    ),
    seen(
        "M3-local",
        "least loaded, by its own alone",
        LEAST,
        1,
        LOCAL,
    ),
    seen(
        "M3-local-1k",
        "the same, 1,000 dispatchers",
        LEAST,
        1_000,
        LOCAL,
    ),
    seen("M3-board", "least loaded, by a board", LEAST, 1, BOARD),
    seen(
        "M3-board-1k",
        "the same, 1,000 dispatchers",
        LEAST,
        1_000,
        BOARD,
    ),
];

const TWO: &str = "power-of-d.replacement = true";
const LEAST: &str = "least-loaded";
const LOCAL: Information = Information::Local;

/// 10,000 nodes, and so many dispatchers that see so much.
const fn seen(
    name: &'static str,
    what: &'static str,
    placement: &'static str,
    dispatchers: u32,
    sees: Information,
) -> Model {
    Model {
        dispatchers,
        sees,
        ..model(name, what, [placement, ""], 10_000, 0.9, 1, 500_000)
    }
}

const MODELS: [Model; 7] = [
    model("M1", "random", ["random", "rand"], 100, 0.9, 1, 2_000_000),
    model(
        "M2",
        "two choices",
        ["power-of-d.replacement = true", "p2c"],
        100,
        0.9,
        1,
        2_000_000,
    ),
    model(
        "M3",
        "least loaded",
        ["least-loaded", "jsq"],
        100,
        0.9,
        1,
        2_000_000,
    ),
    model(
        "M4",
        "two choices, ten tasks a job",
        ["power-of-d.replacement = true", "p2c"],
        100,
        0.7,
        10,
        200_000,
    ),
    model(
        "M2-10k",
        "two choices, 10,000 nodes",
        ["power-of-d.replacement = true", "p2c"],
        10_000,
        0.9,
        1,
        2_000_000,
    ),
    model(
        "M3-10k",
        "least loaded, 10,000 nodes",
        ["least-loaded", "jsq"],
        10_000,
        0.9,
        1,
        2_000_000,
    ),
    model(
        "resources",
        "cpu and memory, network, gathering",
        ["", ""],
        100,
        0.8,
        10,
        100_000,
    ),
];

const fn model(
    name: &'static str,
    what: &'static str,
    [placement, policy]: [&'static str; 2],
    n: u32,
    rho: f64,
    k: u32,
    jobs: u64,
) -> Model {
    Model {
        name,
        what,
        placement,
        policy,
        n,
        rho,
        k,
        jobs,
        dispatchers: 1,
        sees: Information::Fresh,
    }
}

impl Model {
    fn setup(&self, jobs: u64) -> Setup {
        let mut setup = match Registry::standard().spelled(self.placement) {
            Some(placement) => setups::plain(placement, self.n, self.rho, self.k, jobs, 1),
            None => setups::resources(jobs, 1),
        };
        let parts = &mut setup.strategy.parts[0];
        (parts.dispatchers, parts.information) = (self.dispatchers, self.sees);
        setup
    }

    /// Runs once in this process; prints jobs, events and nanoseconds for `process::own` to read.
    fn run_here(&self, jobs: u64) {
        let setup = self.setup(jobs);
        let start = Instant::now();
        let found = run(&setup, 1, None);
        let nanos = start.elapsed().as_nanos();
        match found {
            Ok(found) => println!(
                "jobs={jobs} events={} nanos={nanos} peak_kib={}",
                found.events,
                process::peak_kib().unwrap_or(0)
            ),
            Err(failure) => println!("{failure}"),
        }
    }

    /// The rival's command line for this model.
    fn fill(&self, command: &str) -> String {
        command
            .replace("{policy}", self.policy)
            .replace("{n}", &self.n.to_string())
            .replace("{rho}", &self.rho.to_string())
            .replace("{k}", &self.k.to_string())
            .replace("{jobs}", &self.jobs.to_string())
            .replace("{seed}", "1")
    }
}

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    words.retain(|word| word != "--bench");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        [] => table(),
        ["--one", name] => one(name, None),
        ["--one", name, jobs] => one(name, jobs.parse().ok()),
        ["--against", command] => against(command),
        _ => Err("usage: [--one MODEL [JOBS] | --against 'COMMAND {policy} {n} {rho} {k} {jobs} {seed}']".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn one(name: &str, jobs: Option<u64>) -> Result<(), String> {
    let model = MODELS.iter().chain(&SEEN).find(|model| model.name == name);
    let model = model.ok_or_else(|| format!("no model is called `{name}`"))?;
    model.run_here(jobs.unwrap_or(model.jobs));
    Ok(())
}

fn table() -> Result<(), String> {
    println!(
        "{:<11} {:>9} {:>9} {:>9} {:>8}  what",
        "model", "ns/job", "jobs/s", "events/s", "MiB"
    );
    for model in MODELS.iter().chain(&SEEN) {
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            runs.push(process::own(model.name)?);
        }
        runs.sort_by(|a, b| a.nanos.total_cmp(&b.nanos));
        let run = &runs[RUNS / 2];
        println!(
            "{:<11} {:>9.1} {:>8.2}M {:>8.2}M {:>8.1}  {}",
            model.name,
            run.nanos / run.jobs,
            run.jobs / run.nanos * 1e3,
            run.events / run.nanos * 1e3,
            run.peak_mib,
            model.what,
        );
    }
    Ok(())
}

fn against(command: &str) -> Result<(), String> {
    println!(
        "{:<11} {:>14} {:>14} {:>9}",
        "model", "ours ns/job", "rival ns/job", "ours/rival"
    );
    for model in MODELS.iter().filter(|model| !model.policy.is_empty()) {
        let rival = model.fill(command);
        let mut rival: Vec<&str> = rival.split_whitespace().collect();
        let program = rival.remove(0);
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let ours = process::cpu_of(process::myself()?.args(["--one", model.name]))?;
            times.push((ours, process::cpu_of(Command::new(program).args(&rival))?));
        }
        times.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
        let (ours, theirs) = times[RUNS / 2];
        let of_job = 1e9 / model.jobs as f64;
        println!(
            "{:<11} {:>14.1} {:>14.1} {:>9.2}",
            model.name,
            ours * of_job,
            theirs * of_job,
            ours / theirs
        );
    }
    Ok(())
}
