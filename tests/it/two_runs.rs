//! Commands that read the folders of runs: `compare` and `verify`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Output;

use serde_json::Value;

use crate::tool::{MIXED, Place};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Exit code 2, a message that names `says`, and no file changed.
fn refused(place: &Place, arguments: &[&str], says: &str) {
    let before = place.tree(".");
    let output = place.call(arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    assert!(error.starts_with("error: "), "{arguments:?}: {error}");
    assert!(error.contains(says), "{arguments:?}: {error}");
    assert!(place.tree(".") == before, "{arguments:?} changed files");
}

/// Runs in `a` and in `b`, the second with other strategies of the same names.
fn with_runs() -> Place {
    let place = Place::new(&MIXED.replace("jobs = 300\nwarmup.jobs = 30", "jobs = 4_000"));
    place.ok(&["run", "s.toml", "--out", "a"]);
    let worse = "strategies.two-choices.placement='random'";
    place.ok(&["run", "s.toml", "--out", "b", "--set", worse]);
    place
}

fn comparisons(output: &Output) -> Vec<Value> {
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    value["comparisons"].as_array().unwrap().clone()
}

/// Loads would make the rate of jobs hang on the nodes.
const SWEEP: &str = "[sweep]\nworkload.load = [0.3, 0.6]\n";

/// A node that is slower changes no job, but the default warm-up goes by the load: the cure is named, and cures.
#[test]
fn default_warmups_that_differ_are_named_with_the_cure() {
    let by_rate = ["warmup.jobs = 30\n", "[workload]\nload = 0.5\n", SWEEP]
        .iter()
        .fold(MIXED.to_owned(), |text, part| text.replace(part, ""));
    let place = Place::new(&by_rate);
    let run = |to: &str, more: &[&str]| {
        place.ok(&[&["run", "s.toml", "--out", to], more].concat());
    };
    let slower = ["--set", "nodes.fast.speed=0.5"];
    run("a", &[]);
    run("b", &slower);
    let error = place.call(&["compare", "a", "b"]).stderr;
    let error: Vec<&str> = text(&error).split_whitespace().collect();
    let error = error.join(" ");
    let said = error.split_once("set run.warmup.jobs=").expect(&error);
    assert!(said.0.contains("the default warm-ups differ ("), "{error}");
    let jobs = said.1.split(' ').next().unwrap();
    // The default goes by the load, as `list keys` says; of 300 jobs a tenth would be 30.
    assert!(jobs.parse::<u64>().unwrap() > 30, "{error}");
    let keys = place.ok(&["list", "keys"]);
    let keys: Vec<&str> = keys.split_whitespace().collect();
    assert!(keys.join(" ").contains("by default what the load needs"));
    let set = format!("run.warmup.jobs={jobs}");
    refused(&place, &["diff", "a", "b"], &format!("set {set}"));
    run("c", &["--set", &set]);
    run("d", &[&slower[..], &["--set", &set]].concat());
    place.ok(&["compare", "c", "d"]);
    // Of other jobs, and where one has set its warm-up, it is not the reason.
    run("seed", &["--set", "run.seed=9"]);
    for other in ["seed", "d"] {
        let error = place.call(&["compare", "a", other]).stderr;
        assert!(!text(&error).contains("default warm-ups"), "{other}");
    }
}

#[test]
fn each_strategy_is_compared_with_itself() {
    let place = with_runs();
    let output = place.call(&["compare", "a", "b", "--format", "json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rows = comparisons(&output);
    assert_eq!(rows.len(), 2 * 2 * 3);
    for row in &rows {
        if row["strategy"] == "two-choices" {
            assert!(row["difference"].as_f64().unwrap() > 0.0, "{row}");
        } else {
            assert_eq!(row["difference"], 0.0, "{row}");
            assert_eq!(row["verdict"], "equivalent");
        }
        assert!((row["level"].as_f64().unwrap() - (1.0 - 0.05 / 12.0)).abs() < 1e-12);
    }
    // `random` is what two-choices has become: the run's own comparison says the same.
    let of_run: Value =
        serde_json::from_str(&place.ok(&["run", "s.toml", "--out", "c", "--format", "json"]))
            .unwrap();
    let within = |rows: &[Value], strategy: &str, metric: &str| -> f64 {
        let row = rows
            .iter()
            .find(|row| row["strategy"] == strategy && row["metric"] == metric);
        row.unwrap()["difference"].as_f64().unwrap()
    };
    let own = of_run["comparisons"].as_array().unwrap();
    for metric in ["response_p90", "response_mean"] {
        let across = within(&rows, "two-choices", metric);
        assert!((across + within(own, "two-choices", metric)).abs() < 1e-9);
    }

    let table = place.ok(&["compare", "a", "b"]);
    assert!(
        table.contains("3 replications paired on equal jobs"),
        "{table}"
    );
    assert!(
        table.lines().all(|line| line.chars().count() <= 80),
        "{table}"
    );
}

#[test]
fn other_jobs_are_not_paired() {
    let place = with_runs();
    place.ok(&["run", "s.toml", "--out", "c", "--set", "run.seed=4"]);
    refused(&place, &["compare", "a", "c"], "--unpaired");
    refused(
        &place,
        &["compare", "a", "nowhere"],
        "nowhere is not a folder",
    );
    let output = place.call(&["compare", "a", "c", "--unpaired", "--format", "json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        comparisons(&output)
            .iter()
            .all(|row| row["difference"] != 0.0)
    );

    place.ok(&[
        "run",
        "s.toml",
        "--out",
        "d",
        "--set",
        "sweep.workload.load=[0.3]",
    ]);
    refused(&place, &["compare", "a", "d", "--unpaired"], "other points");
    let alone = ["run", "s.toml", "--out", "e", "--strategies", "random"];
    place.ok(&alone);
    let table = place.ok(&["compare", "a", "e"]);
    assert!(table.contains("left out: two-choices, by-class"), "{table}");
}

#[test]
fn a_folder_is_proved_or_the_first_difference_is_named() {
    let place = with_runs();
    place.ok(&["run", "s.toml", "--out", "r", "--record", "jobs,decisions"]);
    let said = place.ok(&["verify", "r"]);
    assert!(
        said.contains("replications.csv") && said.contains("decisions.csv"),
        "{said}"
    );
    assert!(place.ok(&["verify", "b"]).contains("is the same"));
    assert!(!place.path("r.verify.writing").exists());

    // A table that is wrong, and a manifest that hides it.
    let table = place.path("a/summary.csv");
    let right = std::fs::read_to_string(&table).unwrap();
    let line = right.lines().nth(3).unwrap();
    let mut cells: Vec<&str> = line.split(',').collect();
    cells[5] = "1.5";
    std::fs::write(&table, right.replace(line, &cells.join(","))).unwrap();
    refused(
        &place,
        &["compare", "a", "b"],
        "summary.csv: it was changed",
    );
    refused(&place, &["report", "a"], "summary.csv: it was changed");
    let output = place.call(&["verify", "a"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("summary.csv, line 4") && said.contains("and was 1.5"),
        "{said}"
    );

    let manifest = place.path("b/manifest.json");
    let stored = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(
        &manifest,
        stored.replace("\"margin\": 0.02", "\"margin\": 0.5"),
    )
    .unwrap();
    let output = place.call(&["verify", "b"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("manifest.json has another margin"));

    std::fs::write(place.path("r/jobs.csv"), "point\n").unwrap();
    let output = place.call(&["verify", "r"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("jobs.csv, line 1"));
    std::fs::remove_file(place.path("b/nodes.csv")).unwrap();
    refused(&place, &["verify", "b"], "nodes.csv: the file is missing");
    refused(
        &place,
        &["compare", "b", "b"],
        "nodes.csv: the file is missing",
    );
}
