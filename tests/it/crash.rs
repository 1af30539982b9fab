//! Runs that are killed, or whose disk fills up: what is finished is not lost, what is there is
//! not touched, and the run that goes on gives the bytes of one that was never stopped.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::tool::{MIXED, Place, Tree};

const RUN: [&str; 7] = [
    "run",
    "s.toml",
    "--out=out",
    "--set=run.replications=40",
    "--set=run.warmup=auto",
    "--set=run.precision.relative=0.005",
    "--set=run.precision.max-replications=60",
];

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The files of `out` but the clock times.
fn results(place: &Place) -> Tree {
    place.results("out")
}

/// Deterministic moments spread over a run that takes `whole`, none twice.
fn moments(whole: Duration, count: u32) -> impl Iterator<Item = Duration> {
    let parts = f64::from(count);
    (1..=count).map(move |k| whole.mul_f64((f64::from(k * 7 % count) + 0.5) / parts))
}

fn killed_after(place: &Place, arguments: &[&str], moment: Duration) -> bool {
    let mut command = place.command(arguments);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap();
    std::thread::sleep(moment);
    let was_running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    was_running
}

/// Some moments lie in the pilots, some in the replications, some in the writing of the files.
fn survives_kills(more: &[&str], count: u32) {
    let arguments = [&RUN[..], more].concat();
    let reference = Place::new(MIXED);
    let start = Instant::now();
    reference.ok(&arguments);
    let whole = start.elapsed();
    let expected = results(&reference);
    let (mut killed, mut went_on) = (0, 0);
    for moment in moments(whole, count) {
        let place = Place::new(MIXED);
        killed += u32::from(killed_after(&place, &arguments, moment));
        assert!(!place.path("out.partial").exists());
        let output = place.call(&arguments);
        assert!(output.status.success(), "{moment:?}: {}", stderr(&output));
        went_on += u32::from(stderr(&output).contains("going on after"));
        let same = results(&place) == expected;
        assert!(same, "killed after {moment:?} of {whole:?}: other files");
        assert!(!place.path("out.writing").exists());
    }
    // The machine may have been slower when the whole run was timed.
    assert!(
        killed >= count / 4 && went_on >= 1,
        "{killed} killed, {went_on} went on"
    );
}

#[test]
fn a_run_that_is_killed_goes_on_to_the_same_bytes() {
    survives_kills(&[], 5);
}

/// All the moments of the three tests around it: some minutes.
#[test]
#[ignore = "kills at 50 moments: cargo test --test it killed_at_fifty_moments -- --ignored"]
fn killed_at_fifty_moments() {
    survives_kills(&[], 20);
    survives_kills_near_its_end(15);
    survives_kills_of_a_report(15);
}

/// How long the tool takes, without what it says.
fn takes(place: &Place, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    place.ok(arguments);
    start.elapsed()
}

#[test]
fn a_run_that_is_killed_while_it_clears_up_ends_with_the_same_bytes() {
    survives_kills_near_its_end(3);
}

/// Near its end a run joins the parts of its rows, writes the tables and clears up.
fn survives_kills_near_its_end(count: u32) {
    let arguments = [&RUN[..], &["--record=jobs,tasks"]].concat();
    let reference = Place::new(MIXED);
    let whole = takes(&reference, &arguments);
    let expected = results(&reference);
    for moment in moments(whole / 4, count) {
        let place = Place::new(MIXED);
        killed_after(&place, &arguments, whole * 3 / 4 + moment);
        let output = place.call(&arguments);
        assert!(output.status.success(), "{moment:?}: {}", stderr(&output));
        assert!(results(&place) == expected, "{moment:?}: other files");
        assert!(!place.path("out.writing").exists());
    }
}

#[test]
fn a_report_that_is_killed_leaves_whole_files() {
    survives_kills_of_a_report(4);
}

/// The page and its plots are drawn anew: whatever is there when it is killed, the tables are whole and
/// the next call draws all.
fn survives_kills_of_a_report(count: u32) {
    let place = Place::new(MIXED);
    place.ok(&["run", "s.toml", "--out=out"]);
    let report = ["report", "out", "--png"];
    place.ok(&report);
    let expected = place.tree("out");
    let whole = takes(&place, &report);
    for moment in moments(whole, count) {
        killed_after(&place, &report, moment);
        for (name, bytes) in place.tree("out") {
            let is_its = expected.get(&name).is_none_or(|whole| *whole == bytes);
            assert!(is_its, "{moment:?}: {name} is not whole");
        }
        place.ok(&["verify", "out"]);
    }
    place.ok(&report);
    let left: Vec<String> = place.tree("out").into_keys().collect();
    assert!(place.tree("out") == expected, "{left:?}");
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let arguments = [&RUN[..], &["--record=jobs,tasks"]].concat();
    let reference = Place::new(MIXED);
    let start = Instant::now();
    reference.ok(&arguments);
    let step = start.elapsed() / 6;
    let place = Place::new(MIXED);
    for _ in 0..6 {
        killed_after(&place, &arguments, step);
    }
    place.ok(&arguments);
    assert!(results(&place) == results(&reference));
}

/// A limit on the size of files stands for a disk that fills up while a run is written.
#[test]
fn a_disk_that_fills_up_leaves_the_old_run_and_what_is_finished() {
    let place = Place::new(MIXED);
    place.ok(&["run", "s.toml", "--out", "out"]);
    let before = place.tree("out");
    let other = ["run", "s.toml", "--set", "run.seed=9", "--out", "out"];
    for record in ["--png", "--record=tasks"] {
        let tool = env!("CARGO_BIN_EXE_equipoise");
        let line = format!(
            "trap '' XFSZ; ulimit -f 200; exec '{tool}' {} {record} --set run.replications=40",
            other.join(" ")
        );
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", &line]).current_dir(place.path("."));
        let output = shell.output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        let said = stderr(&output);
        assert!(said.contains("error: cannot write out.writing/"), "{said}");
        assert!(said.contains("the same command goes on"), "{said}");
        assert!(output.stdout.is_empty());
        assert!(place.tree("out") == before, "files were changed");
    }
    // Room again: what was finished with the same arguments is used.
    let arguments = [&other[..], &["--record=tasks", "--set=run.replications=40"]].concat();
    let output = place.call(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("going on after"));
    let reference = Place::new(MIXED);
    reference.ok(&arguments);
    assert!(results(&place) == results(&reference));
}

/// A journal that is cut, or changed, counts only as far as it is whole.
#[test]
fn a_damaged_journal_is_used_as_far_as_it_is_whole() {
    let reference = Place::new(MIXED);
    reference.ok(&RUN);
    let expected = results(&reference);
    let place = Place::new(MIXED);
    let arguments = [&RUN[..], &["--threads=1"]].concat();
    let mut moment = Duration::from_millis(400);
    let journal = place.path("out.writing/journal");
    while !journal.exists() || std::fs::metadata(&journal).unwrap().len() < 40_000 {
        killed_after(&place, &arguments, moment);
        moment += Duration::from_millis(200);
        assert!(
            !place.path("out").exists(),
            "the run was too fast to be killed"
        );
    }
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&journal, &bytes).unwrap();
    let output = place.call(&arguments);
    assert!(
        stderr(&output).contains("going on after"),
        "{}",
        stderr(&output)
    );
    assert!(results(&place) == expected);
}
