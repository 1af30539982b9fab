//! `equipoise diff`: the first different decision of two runs, recorded or run again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use equipoise::results::digest;

use crate::tool::{MIXED, Place, unfolded};

const RECORD: [&str; 2] = ["--record", "jobs,decisions"];

/// Folders `a` and `b` (three choices in place of two), and `ra` and `rb`, the same recorded.
fn four() -> Place {
    let place = Place::new(MIXED);
    let three = ["--set", "strategies.two-choices.placement.power-of-d.d=3"];
    let run = |out: &'static str| ["run", "s.toml", "--out", out];
    place.ok(&run("a"));
    place.ok(&[&run("b")[..], &three].concat());
    place.ok(&[&run("ra")[..], &RECORD].concat());
    place.ok(&[&run("rb")[..], &RECORD, &three].concat());
    place
}

/// Standard error of what ends with exit code 2 and prints nothing.
fn refused(place: &Place, arguments: &[&str]) -> String {
    let output = place.call(arguments);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

/// The lines about `strategy` at the first point: its first line and the indented ones below.
fn about(text: &str, strategy: &str) -> Vec<String> {
    let mut lines = text.lines();
    let first = lines.find(|line| line.contains(strategy)).expect("told");
    let below: Vec<&str> = lines.take_while(|line| line.starts_with("  ")).collect();
    // The first line may be folded.
    let sides = below.iter().position(|line| line.starts_with("  A  "));
    let (folded, below) = below.split_at(sides.unwrap_or(0));
    let first = unfolded(&format!("{first} {}", folded.join(" ")));
    let below = below.iter().map(|line| (*line).to_owned());
    std::iter::once(first).chain(below).collect()
}

/// A row of a table as cells by column.
fn rows(place: &Place, table: &str, strategy: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(place.path(table)).unwrap();
    let rows = reader.records().map(|row| row.unwrap());
    let rows = rows.filter(|row| &row[0] == "1" && &row[1] == strategy && &row[2] == "1");
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn the_first_row_that_differs_is_told_recorded_or_not() {
    let place = four();
    let before = place.tree(".");
    let recorded = place.ok(&["diff", "ra", "rb"]);
    let again = place.ok(&["diff", "a", "b"]);
    assert!(place.tree(".") == before, "diff writes nothing");

    // by hand from the tables: chosen node, tasks there, candidates
    let [a, b] =
        ["ra", "rb"].map(|dir| rows(&place, &format!("{dir}/decisions.csv"), "two-choices"));
    let at = a
        .iter()
        .zip(&b)
        .position(|(a, b)| a[3..9] != b[3..9])
        .expect("they differ");
    let micros = a[at][3].parse::<u64>().unwrap() as f64 / 1e3;
    let millis = micros.round() / 1e3;
    let jobs = ["ra", "rb"].map(|dir| {
        let rows = rows(&place, &format!("{dir}/jobs.csv"), "two-choices");
        let measured = rows.into_iter().filter(|row| row[6] == "true");
        let took = |row: Vec<String>| {
            let time = |column: usize| row[column].parse::<u64>().unwrap();
            ((row[4].clone(), time(3)), time(8) - time(7))
        };
        measured
            .map(took)
            .collect::<std::collections::BTreeMap<_, _>>()
    });
    let moved = jobs[0]
        .iter()
        .filter(|(job, took)| jobs[1][*job] != **took)
        .count();
    for text in [&recorded, &again] {
        let told = about(text, "two-choices");
        let place = format!(
            "replication 1, t = {millis} ms, task {} of {} job {}",
            a[at][7], a[at][6], a[at][5]
        );
        assert!(told[0].contains(&place), "{told:#?} {place}");
        assert!(
            told[0].contains(&format!("(decision {})", at + 1)),
            "{told:#?}"
        );
        assert!(told[0].contains("workload.load = 0.3"), "{told:#?}");
        for (line, label, row) in [(&told[1], "A", &a[at]), (&told[2], "B", &b[at])] {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words[..2], [label, row[8].as_str()], "{told:#?}");
            assert_eq!(
                words[2..5],
                ["score", row[11].as_str(), row[9].as_str()],
                "{told:#?}"
            );
        }
        let jobs = format!("{moved} of 300 measured jobs take another time");
        assert!(told.last().unwrap().contains(&jobs), "{told:#?} {jobs}");
        // the other strategies are untouched, at both points
        let same = text
            .lines()
            .filter(|line| line.contains("every decision is the same"));
        assert_eq!(same.count(), 4, "{text}");
    }
    assert_eq!(
        about(&recorded, "two-choices")[3..],
        about(&again, "two-choices")[3..]
    );
}

#[test]
fn a_choice_can_be_narrowed_and_what_is_left_out_is_told() {
    let place = four();
    let one = place.ok(&[
        "diff",
        "ra",
        "rb",
        "--point",
        "2",
        "--strategy",
        "two-choices",
        "--replication",
        "3",
    ]);
    assert_eq!(one.matches("two-choices").count(), 1, "{one}");
    let one = unfolded(&one);
    assert!(
        one.contains("replication 3, t = ") && one.contains("workload.load = 0.6"),
        "{one}"
    );
    place.ok(&["run", "s.toml", "--strategies", "by-class", "--out", "few"]);
    let few = place.ok(&["diff", "a", "few"]);
    assert!(
        few.contains("left out: `two-choices`, which only A has"),
        "{few}"
    );
    assert_eq!(
        few.matches("every decision is the same (3 replications")
            .count(),
        4,
        "{few}"
    );
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let place = four();
    let says = |arguments: &[&str], part: &str| {
        let error = refused(&place, arguments);
        assert!(error.contains(part), "{error}");
    };
    says(&["diff", "a", "nowhere"], "nowhere is not a folder");
    says(
        &["diff", "a", "b", "--strategy", "best"],
        "nothing in common of what was asked for",
    );
    says(&["diff", "a", "b", "--replication", "9"], "3 replications");
    place.ok(&["run", "s.toml", "--set", "run.seed=9", "--out", "seed"]);
    says(&["diff", "a", "seed"], "about other jobs");

    let tables = std::fs::read_to_string(place.path("a/replications.csv")).unwrap();
    let changed = tables.replacen("response_mean,", "response_mean,1", 1);
    // as another program would have written it
    let manifest = std::fs::read_to_string(place.path("a/manifest.json")).unwrap();
    let [old, new] = [&tables, &changed].map(|text| digest(text.as_bytes()));
    assert!(manifest.contains(&old));
    place.write("a/manifest.json", manifest.replace(&old, &new));
    place.write("a/replications.csv", changed);
    says(&["diff", "a", "b"], "made by another program");
    place.write("a/manifest.json", "{");
    says(&["diff", "a", "b"], "a/manifest.json");

    let rows = std::fs::read_to_string(place.path("rb/decisions.csv")).unwrap();
    place.write(
        "rb/decisions.csv",
        rows.replacen(",by-class,", ",by-class", 1),
    );
    says(&["diff", "ra", "rb"], "rb/decisions.csv:");
    place.write("rb/decisions.csv", "point,strategy\n");
    says(
        &["diff", "ra", "rb"],
        "the columns are not those of this version",
    );
}
