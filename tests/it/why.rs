//! `equipoise why` and `equipoise timeline`, held against what a run records.

use crate::tool::{MIXED, Place};

/// The mean difference that `why` tells is that of the jobs' means.
#[test]
fn the_difference_is_that_of_the_recorded_jobs() {
    let place = Place::new(MIXED);
    place.ok(&["run", "s.toml", "--out", "out", "--record", "jobs"]);
    let mut reader = csv::Reader::from_path(place.path("out/jobs.csv")).unwrap();
    let rows: Vec<std::collections::BTreeMap<String, String>> =
        reader.deserialize().map(Result::unwrap).collect();
    let of = |strategy: &str, column: &str| -> f64 {
        let mine = rows.iter().filter(|row| {
            row["strategy"] == strategy && row["point"] == "2" && row["measured"] == "true"
        });
        mine.map(|row| row[column].parse::<f64>().unwrap()).sum()
    };
    let response = |strategy: &str| of(strategy, "completion_ns") - of(strategy, "arrival_ns");
    let jobs = rows
        .iter()
        .filter(|row| {
            row["strategy"] == "random" && row["point"] == "2" && row["measured"] == "true"
        })
        .count();
    let mean = |strategy: &str| response(strategy) / jobs as f64 / 1e6;
    let said = place.ok(&["why", "s.toml", "two-choices", "random", "--point", "2"]);
    let all = said
        .lines()
        .find(|line| line.starts_with("all jobs"))
        .unwrap();
    let numbers: Vec<f64> = all
        .split_whitespace()
        .filter_map(|word| word.replace(',', "").parse().ok())
        .collect();
    assert_eq!(numbers[0] as usize, jobs, "{said}");
    let close = |a: f64, b: f64| (a - b).abs() <= 0.006 * b.abs();
    assert!(
        close(numbers[1], mean("random")) && close(numbers[2], mean("two-choices")),
        "{all} {}",
        mean("random")
    );
    for part in [
        "queue",
        "service",
        "network",
        "by class",
        "short",
        "long",
        "moved most",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("because"));
}

#[test]
fn a_strategy_against_itself_does_not_move() {
    let place = Place::new(MIXED);
    let said = place.ok(&["why", "s.toml", "random", "random", "--replications", "1"]);
    let all = said
        .lines()
        .find(|line| line.starts_with("all jobs"))
        .unwrap();
    let words: Vec<&str> = all.split_whitespace().collect();
    assert!(words.join(" ").ends_with("0.0 % 0.0 %"), "{all}");
}

#[test]
fn a_timeline_has_every_task_of_its_stretch() {
    let place = Place::new(MIXED);
    place.ok(&[
        "run",
        "s.toml",
        "--out",
        "out",
        "--record",
        "tasks",
        "--strategies",
        "random",
    ]);
    let mut reader = csv::Reader::from_path(place.path("out/tasks.csv")).unwrap();
    let rows: Vec<std::collections::BTreeMap<String, String>> =
        reader.deserialize().map(Result::unwrap).collect();
    let mine = rows.iter().filter(|row| {
        row["strategy"] == "random" && row["point"] == "1" && row["replication"] == "1"
    });
    let time = |row: &std::collections::BTreeMap<String, String>, column: &str| {
        row[column].parse::<u64>().unwrap()
    };
    let (from, to) = (1_000_000_000, 2_000_000_000);
    let known = mine
        .filter(|row| time(row, "finish_ns") >= from && time(row, "start_ns") < to)
        .count();
    let args = [
        "timeline",
        "s.toml",
        "--strategy",
        "random",
        "--from",
        "1s",
        "--to",
        "2s",
    ];
    let json = place.ok(&[&args[..], &["--format", "json"]].concat());
    let trace: serde_json::Value = serde_json::from_str(&json).unwrap();
    let slices = trace["traceEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["ph"] == "X")
        .count();
    assert!(known > 10 && slices == known, "{slices} of {known}");
    let svg = place.ok(&args);
    assert!(svg.starts_with("<svg") && svg.matches("<rect").count() > known);
}

#[test]
fn unknown_names_and_points_are_told() {
    let place = Place::new(MIXED);
    let code = |args: &[&str]| place.command(args).output().unwrap().status.code();
    assert_eq!(code(&["why", "s.toml", "random", "nobody"]), Some(2));
    assert_eq!(
        code(&["timeline", "s.toml", "--strategy", "random", "--point", "9"]),
        Some(2)
    );
    assert_eq!(
        code(&[
            "timeline",
            "s.toml",
            "--strategy",
            "random",
            "--from",
            "soon"
        ]),
        Some(2)
    );
}
