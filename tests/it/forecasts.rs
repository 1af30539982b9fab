//! What `check` forecasts, held against runs: events, CPU time and memory within a factor of two.
//!
//! ```text
//! cargo test --release --test it forecasts -- --ignored --nocapture     every scenario, with a table
//! ```
//!
//! With EQUIPOISE_TRACES set to the folder that has the traces, those that replay one too.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Stdio;
use std::time::Duration;

use equipoise::scenario::Scenario;
use equipoise::scenario::forecast::{Forecast, Total, forecast};

use crate::scenarios::{read_text, traces};
use crate::tool::Place;

const HEAD: &str = "[run]\nreplications = 2\nwarmup = \"none\"\n";
const OPEN: &str =
    "[workload]\nload = 0.9\n[jobs.j]\narrivals = \"poisson\"\nwork.exponential.mean = \"10ms\"\n";

/// Small texts whose cost is not in their events alone.
fn costly() -> Vec<(&'static str, String)> {
    let classes: String = (0..300)
        .map(|at| {
            format!("[jobs.c{at}]\narrivals.poisson.rate = 1\nwork.exponential.mean = \"1ms\"\n")
        })
        .collect();
    let batch = |nodes: u32, tasks: u32, strategy: &str| {
        format!(
            "[run]\nreplications = 1\n[nodes.n]\ncount = {nodes}\n[jobs.j]\narrivals.batch.jobs = 1\nwork = \"1s\"\n\
            tasks = {tasks}\n[strategies.s]\n{strategy}\n[compare]\ndecide-on = [\"response_max\"]\n"
        )
    };
    let open = |jobs: u32, nodes: u32, strategy: &str| {
        let run = HEAD.replace("warmup", &format!("jobs = {jobs}\nwarmup"));
        format!("{run}[nodes.n]\ncount = {nodes}\n{OPEN}[strategies.s]\n{strategy}\n")
    };
    let gangs = |backfill: &str, load: f64| {
        let strategy = format!("binding.central-queue.backfill = \"{backfill}\"");
        let text = open(10_000, 100, &strategy);
        let text = text.replace(
            "[jobs.j]",
            "[jobs.j]\ngang = true\ntasks.uniform = { low = 1, high = 16 }",
        );
        text.replace("load = 0.9", &format!("load = {load}"))
    };
    let over = open(200_000, 10, "placement = \"random\"").replace("load = 0.9", "load = 1.5");
    let many = format!(
        "{}[nodes.n]\n{classes}[strategies.s]\n",
        HEAD.replace("warmup", "jobs = 50_000\nwarmup")
    );
    vec![
        (
            "a wide job",
            batch(100, 3_000_000, "placement = \"least-loaded\""),
        ),
        (
            "many nodes",
            batch(1_000_000, 3, "binding = \"central-queue\""),
        ),
        (
            "one queue, 10,000 nodes",
            open(200_000, 10_000, "binding = \"central-queue\""),
        ),
        (
            "one queue, 1,000 slots",
            open(300_000, 10, "binding = \"central-queue\"")
                .replace("count = 10\n", "count = 10\nslots = 100\n"),
        ),
        (
            "5,000 choices",
            open(20_000, 10_000, "placement.power-of-d.d = 5_000"),
        ),
        ("gangs, EASY", gangs("easy", 0.7)),
        ("gangs, conservative", gangs("conservative", 0.85)),
        ("an overload", over),
        ("300 classes", many),
        (
            "by best fit",
            open(50_000, 1_000, "placement = \"best-fit\"")
                .replace("count = 1000\n", "count = 1000\nresources.cpu = 4\n")
                .replace("work.", "demand.cpu = 2\nwork."),
        ),
    ]
}

/// The scenarios of the repository, by name.
fn shipped() -> Vec<(String, String)> {
    let files = std::fs::read_dir("scenarios").unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let scenarios = paths.filter(|path| path.extension().is_some_and(|is| is == "toml"));
    let mut found: Vec<_> = scenarios
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

fn expected(scenario: &Scenario) -> Total {
    let points = scenario.points.iter();
    let forecasts: Vec<Vec<Forecast>> = points
        .map(|point| point.setups.iter().map(forecast).collect())
        .collect();
    Total::of(&forecasts, scenario.replications)
}

/// Events, CPU seconds and bytes at most of a run on one thread.
fn measured(text: &str, sets: &[&str]) -> Option<(f64, f64, f64)> {
    let place = Place::new(text);
    let sets = sets.iter().map(|set| format!("--set={set}"));
    let arguments = ["run", "s.toml", "--out=out", "--threads=1"].map(str::to_owned);
    let folder = traces().map(|folder| format!("--traces={}", folder.display()));
    let arguments: Vec<String> = arguments.into_iter().chain(sets).chain(folder).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = place.command(&arguments);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut seconds, mut bytes) = (0.0, 0.0);
    while child.try_wait().unwrap().is_none() {
        let read = |name: &str| {
            std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap_or_default()
        };
        let status = read("status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<f64>().ok());
        bytes = peak.map_or(bytes, |peak| peak * 1024.0);
        let stat = read("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|t| t.parse::<f64>().ok());
        let used = ticks(12).zip(ticks(13));
        seconds = used.map_or(seconds, |(user, system)| (user + system) / 100.0);
        std::thread::sleep(Duration::from_millis(5));
    }
    let manifest = std::fs::read(place.path("out/manifest.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let events = manifest["events"].as_array().unwrap().iter();
    let events = events.flat_map(|point| point.as_array().unwrap());
    let events: u64 = events.map(|events| events.as_u64().unwrap()).sum();
    Some((events as f64, seconds, bytes))
}

/// Forecast by measured; 1 where both are so small that it does not matter.
fn ratio(forecast: f64, measured: f64, small: f64) -> f64 {
    (forecast.max(small)) / measured.max(small)
}

#[test]
#[ignore = "a minute or two, on an idle machine"]
fn forecasts_are_within_a_factor_of_two() {
    let own = costly().into_iter();
    let all = shipped()
        .into_iter()
        .chain(own.map(|(name, text)| (name.to_owned(), text)));
    let mut wrong = Vec::new();
    println!("scenario                   events                 CPU seconds      MB");
    for (name, text) in all {
        let sets = ["run.replications=2"];
        let Ok(scenario) = read_text(&text, "s.toml", &sets) else {
            println!("{name}: not here");
            continue;
        };
        let total = expected(&scenario);
        let Some((events, seconds, bytes)) = measured(&text, &sets) else {
            println!("{name}: not run");
            continue;
        };
        println!(
            "{name:24} {:>12.0} {events:>12.0} {:>8.2} {seconds:>6.2} {:>7.0} {:>6.0}",
            total.events,
            total.seconds,
            total.bytes.0 / 1e6,
            bytes / 1e6
        );
        let ratios = [
            ratio(total.events, events, 1.0),
            ratio(total.seconds, seconds, 0.5),
            ratio(total.bytes.0, bytes, 20e6),
        ];
        if ratios.iter().any(|ratio| !(0.5..=2.0).contains(ratio)) {
            wrong.push(format!("{name}: {ratios:.2?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Parts of the nodes that have too much to do though all together have not: those that are kept, those that are left,
/// and intervals of works.
#[test]
fn parts_of_the_nodes_may_be_overloaded() {
    let base = "run.jobs = 1000\nnodes.n.count = 10\n\
        jobs.short = { arrivals.poisson.rate = 20, work.exponential.mean = \"100ms\" }\n\
        jobs.long = { arrivals.poisson.rate = 0.5, work.exponential.mean = \"10s\" }\n";
    let warnings = |strategy: &str| {
        let found = equipoise::prelude::scenario(&format!("{base}{strategy}")).unwrap();
        forecast(&found.points[0].setups[0]).warnings
    };
    let has = |strategy: &str, what: &str| {
        let all = warnings(strategy);
        assert!(
            all.iter().any(|said| said.contains(what)),
            "{strategy}: {all:?}"
        );
    };
    // 2 + 5 of 10 slots: long ones have 4 of the 5 that they need, short ones 1 of 2.
    has(
        "strategies.s.partition.short = { share = 0.6, borrow = true }",
        "slots of the nodes that `long` may use",
    );
    has(
        "strategies.s.partition.short.share = 0.1",
        "slots of the nodes that `short` may use",
    );
    assert_eq!(
        warnings("strategies.s.partition.short.share = 0.3"),
        [""; 0]
    );
    // Half of the nodes serve works up to 5 s: 2 + 5 x 0.09 = 2.45 of 5 slots; the others, above 5 s, 4.55 of 5.
    let by_size = "strategies.s.placement.size-interval.cut-offs = ";
    assert_eq!(warnings(&format!("{by_size}[\"5s\"]")), [""; 0]);
    has(&format!("{by_size}[\"200ms\"]"), "works above 200 ms");
    has(
        &format!("{by_size}[\"1ms\", \"30s\"]"),
        "works from 1.00 ms to 30.0 s",
    );
}
