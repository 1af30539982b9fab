//! `equipoise gate` from outside: files, exit codes, and what is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;

use crate::cli::{refused, refused_for_all, stderr, stdout};
use crate::tool::{Place, unfolded};

/// Two strategies, two metrics; enough jobs for the slowest 1 % to have parts.
const SMALL: &str = r#"
title = "Small"
[run]
jobs = 1_000
warmup.jobs = 200
replications = 10
seed = 5
[nodes.a]
count = 6
[nodes.b]
count = 4
speed = 1.5
[workload]
load = 0.55
[jobs.query]
arrivals = "poisson"
tasks = 2
work.exponential.mean = "10ms"
[strategies.ours]
placement.power-of-d.d = 2
[strategies.theirs]
placement = "least-loaded"
[compare]
decide-on = ["response_mean", "response_p90"]
margin = 0.05
"#;

const FILE: &str = "baselines/s.json";
const RANDOM: [&str; 2] = ["--set", "strategies.ours.placement=random"];

/// A folder with the small scenario and its baseline.
fn saved() -> Place {
    let place = Place::new(SMALL);
    let told = place.ok(&["gate", "s.toml", "--save"]);
    assert!(
        told.starts_with("saved baselines/s.json: 2 strategies, "),
        "{told}"
    );
    place
}

fn baseline(place: &Place) -> String {
    std::fs::read_to_string(place.path(FILE)).unwrap()
}

/// The small scenario's text with `old` replaced.
fn with(old: &str, new: &str) -> String {
    assert!(SMALL.contains(old), "{old}");
    SMALL.replace(old, new)
}

#[test]
fn equal_code_passes_and_writes_nothing() {
    let place = saved();
    let before = place.tree(".");
    let told = place.ok(&["gate", "s.toml"]);
    assert_eq!(
        told.lines().collect::<Vec<_>>(),
        [
            "GATE PASSED: 1 scenario, none worse (false alarms: at most 1 % in all)",
            "1 scenario: every decision is the same as in the baseline",
        ]
    );
    assert!(place.tree(".") == before);
    assert!(
        baseline(&place).len() < 50_000,
        "{}",
        baseline(&place).len()
    );
}

#[test]
fn saving_again_gives_the_same_bytes_at_any_number_of_threads() {
    let place = saved();
    let first = baseline(&place);
    place.ok(&["gate", "s.toml", "--save", "--threads", "1"]);
    assert!(baseline(&place) == first);
}

#[test]
fn a_worse_strategy_fails_and_every_output_says_so() {
    let place = saved();
    let before = baseline(&place);
    let outputs = [
        "--markdown",
        "g.md",
        "--junit",
        "g.xml",
        "--json",
        "g.json",
        "--plot",
        "g.svg",
    ];
    let output = place.call(&[&["gate", "s.toml"][..], &RANDOM, &outputs].concat());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(stderr(&output), "");
    let told = stdout(&output);
    assert!(
        told.starts_with("GATE FAILED: 1 of 1 scenario is worse (false alarms"),
        "{told}"
    );
    for says in [
        "response_mean",
        "worse",
        "+5 %",
        "first different decision of ours of s: replication 1",
        "again: equipoise gate s.toml --set",
    ] {
        assert!(told.contains(says), "{says}: {told}");
    }
    assert!(
        told.contains("the slowest 1 % of jobs of ours of s lost "),
        "{told}"
    );
    assert!(
        unfolded(told).contains(" more in queue, ") && told.contains(" less elsewhere"),
        "{told}"
    );
    assert!(!told.contains("theirs"), "{told}");

    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    assert!(read("g.md").starts_with("### GATE FAILED"));
    assert!(read("g.md").contains("| s | ours | response\\_mean |"));
    assert!(read("g.xml").contains("tests=\"4\" failures=\"2\""));
    assert!(read("g.xml").contains("<failure type=\"worse\""));
    let plot = read("g.svg").to_lowercase();
    assert!(plot.starts_with("<svg"));
    // Those of the page: black is what all are compared with.
    let has = ["#1c1c1c", "#0072b2", "#c64f00"].map(|color| plot.contains(color));
    assert_eq!(has, [true, true, false]);
    let json: Value = serde_json::from_str(&read("g.json")).unwrap();
    assert_eq!(json["passed"], false);
    assert_eq!(json["figures"], 4);
    assert_eq!(
        json["scenarios"][0]["strategies"][0]["metrics"][0]["verdict"],
        "worse"
    );
    assert_eq!(
        json["scenarios"][0]["strategies"][1]["metrics"][0]["verdict"],
        "same"
    );
    assert!(baseline(&place) == before);
}

/// A mean of milliseconds and a quantile of seconds are told in one unit.
#[test]
fn the_times_of_a_scenario_have_one_unit() {
    let place = Place::new(&with("mean = \"10ms\"", "mean = \"400ms\""));
    place.ok(&["gate", "s.toml", "--save"]);
    let told = place.ok(&["gate", "s.toml", "--all"]);
    let rows = told.lines().filter(|line| line.starts_with("  response_"));
    let units = |line: &str| -> Vec<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        [2, 4].map(|at| words[at].to_owned()).into()
    };
    let units: Vec<String> = rows.flat_map(units).collect();
    assert_eq!(units.len(), 8, "{told}");
    assert!(units.iter().all(|unit| *unit == units[0]), "{told}");
}

#[test]
fn a_better_strategy_passes_and_asks_to_be_saved() {
    let place = saved();
    let told = place.ok(&[
        "gate",
        "s.toml",
        "--set",
        "strategies.ours.placement=least-loaded",
    ]);
    assert!(told.starts_with("GATE PASSED"), "{told}");
    assert!(
        told.contains("better; to hold later changes against it: equipoise gate"),
        "{told}"
    );
    assert!(told.trim_end().ends_with("--save"), "{told}");
}

#[test]
fn what_cannot_be_excluded_fails_and_says_so() {
    // Without any luck a narrow margin seems to be enough: another way to break ties among equal nodes
    // changes no mean, but each replication by more than that.
    let text = with("speed = 1.5", "speed = 1.0");
    let text = text.replace(
        "[compare]",
        "ties = \"lowest-id\"\n[gate]\nstrategies = [\"theirs\"]\n[compare]",
    );
    let place = Place::new(&text.replace("margin = 0.05", "margin = 0.001"));
    place.ok(&["gate", "s.toml", "--save"]);
    let output = place.call(&["gate", "s.toml", "--set", "strategies.theirs.ties=random"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = stdout(&output);
    assert!(
        told.starts_with("GATE FAILED: 1 of 1 scenario is inconclusive"),
        "{told}"
    );
    let unfolded = told.replace('\n', " ");
    assert!(
        unfolded.contains("30 replications are too few for this change"),
        "{told}"
    );
}

#[test]
fn a_strategy_that_is_no_longer_stable_fails() {
    let place = saved();
    let output = place.call(&[
        "gate",
        "s.toml",
        "--set",
        "strategies.ours.decision-time=20ms",
    ]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = stdout(&output);
    assert!(
        told.starts_with("GATE FAILED: 1 of 1 scenario is unstable"),
        "{told}"
    );
    assert!(
        told.contains("ours of s was stable: now the number of jobs in the system grows"),
        "{told}"
    );
}

#[test]
fn damaged_baselines_are_told_and_nothing_is_overwritten() {
    let place = saved();
    let whole = baseline(&place);
    let gate = ["gate", "s.toml"];
    place.write(FILE, &whole[..whole.len() / 2]);
    refused(&place, &gate, "it ends too early");
    place.write(FILE, whole.replacen("0.0", "0.1", 1));
    refused(&place, &gate, "it was edited");
    place.write(
        FILE,
        whole.replacen("\"seed\"", "<<<<<<< HEAD\n\"seed\"", 1),
    );
    refused(&place, &gate, "it cannot be read at line");
    place.write(FILE, "{}");
    refused(&place, &gate, "it is not a baseline");
    place.write(FILE, [0xff, 0xfe, 0x00]);
    refused(&place, &gate, "it is not text");
    let newer = whole.replacen("\"equipoise-baseline\": 2", "\"equipoise-baseline\": 9", 1);
    place.write(FILE, newer);
    refused(&place, &gate, "newer version");
    refused(&place, &["gate", "s.toml", "--save"], "newer version");
    place.write(FILE, "mine");
    refused(
        &place,
        &["gate", "s.toml", "--save"],
        "is not a baseline, and would be replaced",
    );
    // A damaged baseline is a baseline: it may be made anew.
    place.write(FILE, &whole[..whole.len() / 2]);
    place.ok(&["gate", "s.toml", "--save"]);
    assert!(baseline(&place) == whole);
}

#[test]
fn unlike_scenarios_are_not_compared() {
    let place = saved();
    for (set, says) in [
        ("run.seed=4", "its seed is 5, the scenario's is 4"),
        ("run.jobs=900", "`run` changed"),
        ("nodes.a.count=7", "`nodes` changed"),
        ("jobs.query.tasks=3", "`jobs` changed"),
        (
            "gate.margins.wait_mean=0.1",
            "does not hold the metric `wait_mean`",
        ),
        (
            "compare.margin=0.01",
            "a margin of 0.05 on response_mean, not for 0.01",
        ),
        (
            "sweep={ \"workload.load\" = [0.5, 0.6] }",
            "the points of the sweep",
        ),
    ] {
        refused(&place, &["gate", "s.toml", "--set", set], says);
        refused(
            &place,
            &["gate", "s.toml", "--set", set],
            "--save makes a new baseline",
        );
    }
}

#[test]
fn all_mistakes_are_told_before_anything_runs() {
    let place = saved();
    place.write("a.toml", SMALL);
    place.write("b.toml", "[run]\njobbs = 3\n");
    place.write("sub/s.toml", SMALL);
    let both = ["gate", "s.toml", "a.toml", "b.toml", "c.toml"];
    refused(&place, &both, "b.toml:2:");
    refused(&place, &both, "c.toml: there is no such file");
    refused(
        &place,
        &["gate", "s.toml", "a.toml"],
        "a.toml has no baseline: there is no baselines/a.json",
    );
    refused(
        &place,
        &["gate", "s.toml", "sub/s.toml", "--baseline", "baselines"],
        "would share the baseline",
    );
    refused(
        &place,
        &["gate", "s.toml", "--json", "none/g.json"],
        "its folder does not exist",
    );
    refused(
        &place,
        &["gate", "s.toml", "--plot", "g.gif"],
        ".svg or .png",
    );
    refused(
        &place,
        &["gate", "s.toml", "--save", "--json", "g.json"],
        "cannot be used with",
    );
    refused(&place, &["gate"], "SCENARIO");
}

#[test]
fn what_cannot_be_watched_is_refused_with_the_way_out() {
    let place = saved();
    let save = |set: &'static str| ["gate", "s.toml", "--save", "--set", set];
    for (set, told) in [
        (
            "compare.margin=0.001",
            &[
                "would need more than 200 replications",
                "a margin of ",
                "margins.response_p90 = ",
            ][..],
        ),
        (
            "compare.decide-on=[\"response_p999\"]",
            &["response_p999 of `ours` is n/a: fewer than 10,000 jobs"],
        ),
        (
            "strategies.ours.decision-time=20ms",
            &["`ours` is unstable", "`[gate] strategies`"],
        ),
    ] {
        refused_for_all(&place, &save(set), told);
    }
}

#[test]
fn the_margins_told_are_the_ones_that_do() {
    let place = Place::new(&with("margin = 0.05", "margin = 0.005"));
    let output = place.call(&["gate", "s.toml", "--save"]);
    let error = unfolded(stderr(&output));
    let (_, told) = error.split_once("under `[gate]` write ").unwrap();
    let (told, _) = told.split_once(", or measure").unwrap();
    let margins = told.replace(" and ", "\n");
    place.write(
        "s.toml",
        format!(
            "{}[gate]\n{margins}\n",
            with("margin = 0.05", "margin = 0.005")
        ),
    );
    place.ok(&["gate", "s.toml", "--save"]);
}

#[test]
fn several_scenarios_are_one_test() {
    let place = saved();
    place.write(
        "other.toml",
        with("load = 0.55", "load = 0.5") + "[sweep]\nworkload.load = [0.4, 0.5]\n",
    );
    place.ok(&["gate", "other.toml", "--save", "--baseline", "baselines"]);
    let output = place.call(
        &[
            &["gate", "s.toml", "other.toml", "--json", "g.json"][..],
            &RANDOM,
        ]
        .concat(),
    );
    assert_eq!(output.status.code(), Some(1));
    let told = stdout(&output);
    assert!(
        told.starts_with("GATE FAILED: 2 of 2 scenarios are worse"),
        "{told}"
    );
    assert!(told.contains("other at load 0.4"), "{told}");
    // Two strategies and metrics, at one point and at two.
    assert!(told.contains("1 % / 12 figures"), "{told}");
}
