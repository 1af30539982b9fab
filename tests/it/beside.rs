//! `theory.csv` and `equipoise theory`: runs beside models with known answers.

use crate::tool::{MIXED, Place};

/// M/M/4 at load 0.7, and ten replications to judge it by.
const ONE_QUEUE: &str = r#"
title = "One queue"
[run]
jobs = 20_000
warmup.jobs = 2_000
replications = 10
seed = 2
[nodes.n]
count = 4
[workload]
load = 0.7
[jobs.job]
arrivals = "poisson"
work.exponential.mean = "10ms"
[strategies.one-queue]
binding = "central-queue"
[strategies.least-loaded]
placement = "least-loaded"
"#;

/// Rows of theory.csv, by name of column.
fn rows(csv: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn one_queue_agrees_with_erlang() {
    let place = Place::new(ONE_QUEUE);
    place.ok(&["run", "s.toml", "--out", "out"]);
    let stored = std::fs::read_to_string(place.path("out/theory.csv")).unwrap();
    let rows = rows(&stored);
    let erlang: Vec<_> = rows
        .iter()
        .filter(|row| row["model"] == "M/M/c (Erlang C)")
        .collect();
    // mean, five quantiles, and mean and quantile of the wait
    assert_eq!(erlang.len(), 8, "{stored}");
    for row in &erlang {
        assert_eq!(
            (row["strategy"].as_str(), row["kind"].as_str()),
            ("one-queue", "exact")
        );
        assert!(
            ["agrees", "n/a"].contains(&row["agreement"].as_str()),
            "{row:?}"
        );
    }
    let mean = erlang
        .iter()
        .find(|row| row["metric"] == "response_mean")
        .unwrap();
    assert_eq!(mean["agreement"], "agrees");
    // C(4, 2.8) = 0.428660..., so that E[T] = 10 ms x (1 + 0.35722)
    let theory: f64 = mean["theory"].parse().unwrap();
    let blocked = (1..=4).fold(1.0, |b, k| 2.8 * b / (f64::from(k) + 2.8 * b));
    let waits = blocked / (0.3 + 0.7 * blocked);
    assert!(
        (theory - 0.01 * (1.0 + waits / 1.2)).abs() < 1e-12,
        "{theory}"
    );
    let law = rows.iter().filter(|row| row["model"] == "utilisation law");
    assert_eq!(law.filter(|row| row["agreement"] == "agrees").count(), 2);
    let bound = rows.iter().find(|row| row["kind"] == "bound").unwrap();
    assert_eq!(
        (bound["strategy"].as_str(), bound["agreement"].as_str()),
        ("least-loaded", "bound")
    );
}

#[test]
fn the_command_says_the_same_of_a_scenario_and_of_its_run() {
    let place = Place::new(ONE_QUEUE);
    place.ok(&["run", "s.toml", "--out", "out"]);
    let before = place.tree(".").len();
    let of_run = place.ok(&["theory", "out"]);
    assert_eq!(of_run, place.ok(&["theory", "s.toml", "--threads", "1"]));
    assert!(
        of_run.contains("Little's law: holds exactly in all 20 replications"),
        "{of_run}"
    );
    assert!(
        of_run.contains("Utilisation law: holds exactly in all 20"),
        "{of_run}"
    );
    assert!(of_run.contains(", 0 differ;"), "{of_run}");
    assert!(
        of_run.lines().all(|line| line.chars().count() <= 80),
        "{of_run}"
    );
    let stored = std::fs::read_to_string(place.path("out/theory.csv")).unwrap();
    assert_eq!(place.ok(&["theory", "out", "--format", "csv"]), stored);
    assert_eq!(place.tree(".").len(), before, "nothing is written");
    let page = std::fs::read_to_string(place.path("out/report.html")).unwrap();
    assert!(page.contains("id=\"theory\"") && page.contains("M/M/c (Erlang C)"));
}

#[test]
fn without_a_known_answer_the_models_are_told() {
    let place = Place::new(MIXED);
    let sets = ["--set", "run.warmup=\"none\""];
    let said = place.ok(&[&["theory", "s.toml"][..], &sets].concat());
    assert!(said.contains("is a model with a known answer"), "{said}");
    assert!(said.contains("fork-join (Flatto-Hahn):"), "{said}");
    assert!(
        said.contains("holds exactly in all 18 replications"),
        "{said}"
    );
}

/// Looked at from its empty start on, a queue is shorter than in the steady state of which theory
/// speaks, though by too little to be called unstable.
#[test]
fn a_run_that_is_too_short_is_not_judged() {
    let place = Place::new(ONE_QUEUE);
    let sets = [
        "workload.load=0.9",
        "run.jobs=3500",
        "run.warmup.jobs=1",
        "run.replications=30",
    ];
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    let said = place.ok(&[
        &["theory", "s.toml", "--strategies", "one-queue"][..],
        &sets,
    ]
    .concat());
    let mean = said
        .lines()
        .find(|line| line.trim().starts_with("response_mean"))
        .unwrap();
    assert!(mean.ends_with("n/a"), "{said}");
    assert!(!said.contains("differs"), "{said}");
}

#[test]
fn mistakes_are_told() {
    let place = Place::new(ONE_QUEUE);
    place.ok(&[
        "run",
        "s.toml",
        "--out",
        "out",
        "--set",
        "run.replications=2",
        "--set",
        "run.jobs=100",
    ]);
    let refused = |arguments: &[&str], says: &str| {
        let output = place.call(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(says), "{error}");
    };
    refused(
        &["theory", "out", "--set", "run.jobs=7"],
        "nothing can be set any more",
    );
    refused(&["theory", "none"], "there is no such file");
    let table = std::fs::read_to_string(place.path("out/theory.csv")).unwrap();
    place.write("out/theory.csv", table.replacen(",exact,", ",exactly,", 1));
    refused(
        &["theory", "out"],
        "out/theory.csv:2: column `kind`: `exactly` is not",
    );
    std::fs::remove_file(place.path("out/theory.csv")).unwrap();
    refused(&["theory", "out"], "out/theory.csv: the file is missing");
}
