//! Runs cut into shards: merged, they are one whole run, byte for byte, whatever happened on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Command, Output};

use crate::tool::{MIXED, Place, unfolded};

const RUN: [&str; 4] = ["run", "s.toml", "--out=whole", "--record=jobs,tasks,regret"];

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn shard(place: &Place, which: &str) -> String {
    place.ok(&[&RUN[..], &["--shard", which, "--threads=1"]].concat())
}

/// The refusal of merging these folders.
fn refused(place: &Place, dirs: &[&str]) -> String {
    let output = place.call(&[&["merge"], dirs].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    stderr(&output)
}

const ALL: [&str; 3] = [
    "whole.shard-1-of-3",
    "whole.shard-2-of-3",
    "whole.shard-3-of-3",
];

/// A place where the three shards are.
fn cut() -> Place {
    let place = Place::new(MIXED);
    for which in ["1/3", "2/3", "3/3"] {
        shard(&place, which);
    }
    place
}

#[test]
fn merged_shards_are_the_whole_run() {
    let place = cut();
    let merge = [&["merge", "--out=merged"], &ALL[..]].concat();
    let told = place.ok(&merge);
    let whole = place.ok(&RUN);
    assert_eq!(told.replace("merged/", "whole/"), whole);
    assert!(place.results("merged") == place.results("whole"));
    // Again, and from a copy elsewhere whose order is another.
    place.ok(&merge);
    for dir in ALL {
        let to = place.path(&format!("copy.{dir}"));
        std::fs::rename(place.path(dir), to).unwrap();
    }
    let copies: Vec<String> = ALL.iter().rev().map(|dir| format!("copy.{dir}")).collect();
    let copies: Vec<&str> = copies.iter().map(String::as_str).collect();
    place.ok(&[&["merge", "--out=again"], &copies[..]].concat());
    assert!(place.results("again") == place.results("whole"));
}

#[test]
fn a_shard_that_is_there_is_not_run_again() {
    let place = Place::new(MIXED);
    assert!(shard(&place, "2/3").starts_with("shard 2 of 3, "));
    let before = place.tree(ALL[1]);
    assert_eq!(
        shard(&place, "2/3"),
        "shard 2 of 3 is there: whole.shard-2-of-3\n"
    );
    assert!(place.tree(ALL[1]) == before);
    assert!(!place.path("whole.shard-2-of-3.writing").exists());
}

#[test]
fn what_cannot_be_merged_is_told() {
    let place = cut();
    let said = refused(&place, &[ALL[0], ALL[2]]);
    assert!(
        said.contains("of 3 shards there are missing: 2\n"),
        "{said}"
    );
    assert!(said.contains("equipoise run s.toml --shard 2/3"), "{said}");
    let output = place.call(&[&["merge", "--out=m", ALL[1]], &ALL[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("shard 2 of 3: given twice, whole.shard-2-of-3 is left out"));
    assert!(refused(&place, &["m"]).contains("m is not the folder of a shard"));

    let other = ["run", "s.toml", "--out=other", "--shard=2/3"];
    place.ok(&other);
    let said = refused(&place, &[ALL[0], "other.shard-2-of-3", ALL[2]]);
    assert!(said.contains("other.shard-2-of-3 is not of the same run as whole.shard-1-of-3"));

    let journal = place.path(ALL[2]).join("journal");
    let bytes = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &bytes[..bytes.len() - 100]).unwrap();
    let said = refused(&place, &ALL);
    assert!(said.contains("whole.shard-3-of-3 has lost some of its replications"));
    std::fs::write(&journal, b"nonsense").unwrap();
    assert!(refused(&place, &ALL).contains("was made by another program"));
}

#[test]
fn a_part_that_is_altered_is_made_again() {
    let place = cut();
    let parts = std::fs::read_dir(place.path(ALL[0]).join("parts")).unwrap();
    let part = parts.map(|part| part.unwrap().path()).min().unwrap();
    std::fs::write(part, "1,2,3\n").unwrap();
    place.ok(&[&["merge", "--out=merged"], &ALL[..]].concat());
    place.ok(&RUN);
    assert!(place.results("merged") == place.results("whole"));
}

/// Replications that a precision asks for are not known before.
#[test]
fn a_run_that_grows_is_not_cut() {
    let place = Place::new(MIXED);
    let precise = [
        "s.toml",
        "--set=run.precision.relative=0.1",
        "--set=run.replications=10",
    ];
    let run = [&["run"], &precise[..], &["--shard=1/2"]].concat();
    let plan = [&["plan"], &precise[..], &["--shards=2"]].concat();
    for arguments in [run, plan] {
        let output = place.call(&arguments);
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(said.contains("`run.precision` adds replications"), "{said}");
    }
}

/// Shards of about the same length, no replication lost or twice, more shards than replications, too.
#[test]
fn the_plan_is_balanced_and_whole() {
    let place = Place::new(MIXED);
    for count in ["1", "4", "18", "20"] {
        let told = place.ok(&["plan", "s.toml", "--shards", count]);
        let rows = told
            .lines()
            .filter(|line| line.contains(&format!("/{count}  ")));
        let of: Vec<usize> = rows
            .map(|row| row.split_whitespace().nth(1).unwrap().parse().unwrap())
            .collect();
        assert_eq!(of.len().to_string(), count);
        assert_eq!(of.iter().sum::<usize>(), 18, "{told}");
        let (least, most) = (of.iter().min().unwrap(), of.iter().max().unwrap());
        assert!(most - least <= 1, "{told}");
    }
}

/// The working files are whole: no place in them is left open, and shells can read them.
#[test]
fn working_files_can_be_read() {
    let place = Place::new(MIXED);
    let plan = ["plan", "s.toml", "--shards=3", "--set", "title=it's a test"];
    for (runner, command) in [
        ("slurm", "--shard \"$SLURM_ARRAY_TASK_ID/3\""),
        ("parallel", "--shard \"{}/3\""),
        ("kubernetes", "--shard \"$((JOB_COMPLETION_INDEX + 1))/3\""),
    ] {
        let file = place.ok(&[&plan[..], &["--for", runner]].concat());
        assert!(file.contains(command), "{file}");
        let is_open = |word: &str| word.starts_with('{') && word.ends_with('}') && word.len() > 2;
        assert!(!file.split_whitespace().any(is_open), "{file}");
        if runner != "kubernetes" {
            place.write("file.sh", &file);
            let read = Command::new("sh")
                .arg("-n")
                .arg(place.path("file.sh"))
                .status();
            assert!(read.unwrap().success(), "{file}");
        }
    }
}

const MORE: &str = "--replications=3..5";
const FIVE: &str = "--set=run.replications=5";

/// A run of two replications, to which others are added.
fn two() -> Place {
    let place = Place::new(MIXED);
    place.ok(&[&RUN[..], &["--set=run.replications=2"]].concat());
    place
}

/// The refusal of what is no part of one run.
fn refused_call(place: &Place, arguments: &[&str]) -> String {
    let output = place.call(arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    stderr(&output)
}

#[test]
fn replications_are_added_to_a_finished_run() {
    let place = two();
    let told = place.ok(&[&RUN[..], &[MORE, "--threads=1"]].concat());
    let once = [
        "run",
        "s.toml",
        "--out=once",
        "--record=jobs,tasks,regret",
        FIVE,
    ];
    assert_eq!(place.ok(&once).replace("once/", "whole/"), told);
    assert!(place.results("whole") == place.results("once"));
    // What was added to can be added to again, in the folder that a run has without --out, too.
    let plain = ["run", "s.toml"];
    place.ok(&plain);
    place.ok(&[&plain[..], &["--replications=4..4"]].concat());
    place.ok(&[&plain[..], &["--replications=5..5"]].concat());
    place.ok(&[&plain[..], &["--out=again", FIVE]].concat());
    assert!(place.results("output/s") == place.results("again"));
}

/// Nothing that is finished is run again: a row that the first run kept is found in what comes of it.
#[test]
fn what_a_finished_run_keeps_is_taken_over() {
    let place = two();
    let jobs = place.path("whole/jobs.csv");
    let rows = std::fs::read_to_string(&jobs).unwrap();
    std::fs::remove_file(&jobs).unwrap();
    place.ok(&[&RUN[..], &[MORE]].concat());
    assert!(
        std::fs::read_to_string(&jobs)
            .unwrap()
            .starts_with(&rows[..900])
    );
    let output = place.call(&[&RUN[..], &["--replications=6..6"]].concat());
    assert!(stderr(&output).is_empty(), "{}", stderr(&output));
    let timing = std::fs::read_to_string(place.path("whole/timing.json")).unwrap();
    let timing: serde_json::Value = serde_json::from_str(&timing).unwrap();
    let of_point = &timing["replication_seconds_by_point_and_strategy"][0];
    let seconds = of_point
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s.as_f64().unwrap());
    assert!(seconds.sum::<f64>() < timing["wall_seconds"].as_f64().unwrap());
}

#[test]
fn replications_alone_are_a_part_to_merge() {
    let place = Place::new(MIXED);
    let alone = |range: &str| place.ok(&[&RUN[..], &["--replications", range]].concat());
    let told = alone("3..4");
    assert!(
        told.ends_with("whole.replications-3-to-4\n") && !place.path("whole").exists(),
        "{told}"
    );
    alone("5..5");
    // From the first on they are a run of their own.
    alone("1..2");
    let parts = [
        "whole.replications-5-to-5",
        "whole",
        "whole.replications-3-to-4",
    ];
    place.ok(&[&["merge", "--out=merged"], &parts[..]].concat());
    place.ok(&[
        "run",
        "s.toml",
        "--out=once",
        "--record=jobs,tasks,regret",
        FIVE,
    ]);
    assert!(place.results("merged") == place.results("once"));

    let said = refused(&place, &["whole", "whole.replications-5-to-5"]);
    assert!(said.contains("replications are missing: 3, 4\n"), "{said}");
    assert!(said.contains("--replications 3..4"), "{said}");
    alone("3..3");
    assert!(place.path("whole.replications-5-to-5").exists());
    let said = refused(&place, &[&parts[..], &["merged"]].concat());
    assert!(said.contains("are in another folder, too"), "{said}");
    shard(&place, "1/3");
    let said = refused(&place, &["whole.replications-5-to-5", "whole.shard-1-of-3"]);
    assert!(said.contains("is not of the same run as"), "{said}");
}

#[test]
fn what_cannot_be_added_is_told() {
    let place = two();
    let before = place.tree("whole");
    let add = |more: &[&str]| unfolded(&refused_call(&place, &[&RUN[..], more].concat()));
    let said = add(&["--replications=2..5"]);
    assert!(
        said.contains("whole has replications 1 to 2 already"),
        "{said}"
    );
    assert!(said.contains("hint: --replications 3..5 goes on"), "{said}");
    let said = add(&["--replications=4..5"]);
    assert!(said.contains("replication 3 would be missing"), "{said}");
    let said = add(&[MORE, "--set=run.jobs=200"]);
    assert!(said.contains("whole is of another scenario"), "{said}");
    let said = add(&["--replications=3..12", "--set=run.precision.relative=0.1"]);
    assert!(said.contains("`run.precision` adds replications"), "{said}");
    let said = add(&["--replications=3..5", "--shard=1/2"]);
    assert!(said.contains("cannot be used with"), "{said}");
    assert!(add(&["--replications=5"]).contains("such as 21..40"));
    let said = refused_call(&place, &["run", "s.toml", "--out=whole", MORE]);
    assert!(said.contains("whole is of another scenario"), "{said}");

    let kept = place.path("whole/replications.bin");
    let bytes = std::fs::read(&kept).unwrap();
    std::fs::write(&kept, &bytes[..bytes.len() - 100]).unwrap();
    assert!(add(&[MORE]).contains("whole has lost some of its replications"));
    std::fs::remove_file(&kept).unwrap();
    assert!(add(&[MORE]).contains("whole does not keep its replications"));
    std::fs::write(&kept, &bytes).unwrap();
    assert!(place.tree("whole") == before);
    assert!(!place.path("whole.writing").exists());
}
