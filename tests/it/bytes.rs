//! The same scenario gives the same files, byte by byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::tool::{MIXED, Place, Tree};

const RECORD: &str = "--record=jobs,tasks,decisions";

/// Names the first file that differs instead of printing thousands of bytes.
fn assert_same(one: &Tree, other: &Tree, what: &str) {
    let names = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(one), names(other), "{what}: names of files");
    for (name, bytes) in one {
        assert!(*bytes == other[name], "{what}: {name} differs");
    }
}

fn tables(tree: &Tree) -> Tree {
    let tables = tree.iter().filter(|(name, _)| name.ends_with(".csv"));
    tables.map(|(k, v)| (k.clone(), v.clone())).collect()
}

#[test]
fn any_number_of_threads_and_every_run_give_the_same_files() {
    let place = Place::new(MIXED);
    for (out, threads) in [("a", "1"), ("b", "2"), ("c", "7"), ("d", "7")] {
        place.ok(&["run", "s.toml", RECORD, "--out", out, "--threads", threads]);
    }
    let one = place.results("a");
    for name in [
        "summary.csv",
        "comparisons.csv",
        "replications.csv",
        "ccdf.csv",
        "timeline.csv",
        "nodes.csv",
        "jobs.csv",
        "tasks.csv",
        "decisions.csv",
        "scenario.toml",
        "manifest.json",
        "report.html",
    ] {
        assert!(one[name].len() > 100, "{name} is all but empty");
    }
    for out in ["b", "c", "d"] {
        assert_same(&one, &place.results(out), out);
    }
    // No part file, lock or staging folder is left beside the four runs and the scenario.
    assert_eq!(
        std::fs::read_dir(place.path(".")).unwrap().count(),
        4 + 1,
        "something is left over"
    );
}

#[test]
fn what_strategies_are_shown_beside_does_not_change_their_jobs() {
    let place = Place::new(MIXED);
    place.ok(&["run", "s.toml", "--record", "jobs", "--out", "all"]);
    let few = ["run", "s.toml", "--record", "jobs", "--out", "few"];
    place.ok(&[&few[..], &["--strategies", "by-class"]].concat());
    let rows = |name: &str| {
        let bytes = &place.tree(name)["jobs.csv"];
        let text = String::from_utf8(bytes.clone()).unwrap();
        let kept = text.lines().filter(|line| !line.contains(",two-choices,"));
        kept.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(rows("few").len() > 2 * 2 * 3 * 300);
    assert!(rows("all") == rows("few"));
}

#[test]
fn a_run_over_an_existing_one_replaces_it_whole() {
    let place = Place::new(MIXED);
    place.ok(&["run", "s.toml", RECORD, "--png", "--out", "out"]);
    place.write("out/plots/stray.svg", "old");
    place.ok(&["run", "s.toml", "--out", "fresh"]);
    place.ok(&["run", "s.toml", "--out", "out"]);
    assert_same(&place.results("fresh"), &place.results("out"), "again");
}

#[test]
fn report_redraws_what_the_run_drew() {
    let place = Place::new(MIXED);
    place.ok(&["run", "s.toml", "--png", "--out", "out"]);
    let drawn = place.tree("out");
    assert!(drawn.keys().filter(|name| name.ends_with(".svg")).count() >= 5);
    std::fs::remove_dir_all(place.path("out/plots")).unwrap();
    std::fs::remove_file(place.path("out/report.html")).unwrap();
    assert_eq!(
        place.ok(&["report", "out", "--png"]).trim(),
        "out/report.html"
    );
    assert_same(&drawn, &place.tree("out"), "redrawn");
}

#[test]
fn the_stored_scenario_gives_the_same_tables() {
    let place = Place::new(MIXED);
    let sets = ["--set", "run.jobs=200", "--set", "nodes.fast.speed=1.5"];
    let run = ["run", "s.toml", RECORD, "--out", "out"];
    place.ok(&[&run[..], &sets].concat());
    place.ok(&["run", "out/scenario.toml", RECORD, "--out", "again"]);
    let (first, again) = (place.tree("out"), place.tree("again"));
    assert_same(&tables(&first), &tables(&again), "stored scenario");
    // The settings did change something, so the equality above is no accident.
    place.ok(&["run", "s.toml", "--out", "plain"]);
    assert!(place.tree("plain")["summary.csv"] != first["summary.csv"]);
}

#[test]
fn another_seed_gives_other_tables() {
    let place = Place::new(MIXED);
    place.ok(&["run", "s.toml", "--out", "a"]);
    place.ok(&["run", "s.toml", "--set", "run.seed=4", "--out", "b"]);
    assert!(place.tree("a")["summary.csv"] != place.tree("b")["summary.csv"]);
}
