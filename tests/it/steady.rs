//! The steady state: warm-ups that are found or tried by pilots, replications until an interval is
//! narrow enough.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;

use crate::tool::Place;

/// Two nodes at load 0.9 from an empty start: some 400 jobs are unlike the rest.
const SLOW: &str = r#"
[run]
jobs = 20_000
replications = 12
[nodes.node]
count = 2
[workload]
load = 0.9
[jobs.job]
arrivals = "poisson"
work.exponential.mean = "10ms"
[strategies.random]
placement = "random"
[strategies.round-robin]
placement = "round-robin"
[compare]
decide-on = ["response_mean"]
"#;

fn json(place: &Place, sets: &[&str]) -> Value {
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    let arguments: Vec<&str> = ["run", "s.toml", "--out", "out", "--format", "json"]
        .into_iter()
        .chain(sets)
        .collect();
    serde_json::from_str(&place.ok(&arguments)).unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    let list = value.as_array().unwrap().iter();
    list.map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn the_warmup_that_pilots_find_is_one_for_all_and_changes_nothing_else() {
    let place = Place::new(SLOW);
    let found = json(&place, &["run.warmup=auto"]);
    let notes = texts(&found["meta"]["notes"]);
    let note = notes
        .iter()
        .find(|note| note.starts_with("warm-up: "))
        .unwrap();
    let digits: String = note
        .chars()
        .take_while(|c| *c != 'j')
        .filter(char::is_ascii_digit)
        .collect();
    let jobs: u64 = digits.parse().unwrap();
    assert!((50..=15_000).contains(&jobs), "{note}");
    // Given by hand it is the same run: pilots have random numbers of their own.
    let given = json(&place, &[&format!("run.warmup.jobs={jobs}")]);
    assert_eq!(found["summary"], given["summary"]);
    assert_eq!(found["comparisons"], given["comparisons"]);
}

/// From an empty start of a large and loaded system nothing but the transient is seen: the pilots
/// become longer instead of finding that nothing is to be left out.
#[test]
fn a_short_run_of_a_slow_system_is_warmed_up_beyond_its_own_length() {
    let place = Place::new(&SLOW.replace("count = 2", "count = 50"));
    let sets = ["run.warmup=auto", "run.jobs=2000"];
    let found = json(&place, &sets);
    let notes = texts(&found["meta"]["notes"]);
    let note = notes
        .iter()
        .find(|note| note.starts_with("warm-up: "))
        .unwrap();
    assert!(!note.starts_with("warm-up: 0 jobs"), "{note}");
    let digits: String = note
        .chars()
        .take_while(|c| *c != 'j')
        .filter(char::is_ascii_digit)
        .collect();
    assert!(digits.parse::<u64>().unwrap() > 2_000, "{note}");
}

#[test]
fn check_tries_the_warmup_that_is_given() {
    let large = SLOW.replace("count = 2", "count = 50");
    let place = Place::new(&large.replace("jobs = 20_000", "jobs = 40_000"));
    let told = |jobs: &str| {
        let output = place.call(&[
            "check",
            "s.toml",
            "--set",
            &format!("run.warmup.jobs={jobs}"),
        ]);
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let short = told("1000");
    assert!(short.contains("the warm-up is short"), "{short}");
    assert!(short.contains("warmup = \"auto\""), "{short}");
    assert_eq!(told("30000"), "");
    place.write(
        "finite.toml",
        SLOW.replace(
            "arrivals = \"poisson\"",
            "arrivals.batch = { jobs = 9, at = 0 }",
        ),
    );
    let output = place.call(&["check", "finite.toml", "--set", "run.warmup=auto"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

/// Half-width / mean of each strategy, and its replications.
fn precision(found: &Value) -> Vec<(f64, u64)> {
    let rows = found["summary"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["metric"] == "response_mean" && row["class"] == "all");
    rows.map(|row| {
        let [low, high] = [0, 1].map(|end| row["ci"][end].as_f64().unwrap());
        let half = (high - low) / 2.0;
        (
            half / row["mean"].as_f64().unwrap(),
            row["replications"].as_u64().unwrap(),
        )
    })
    .collect()
}

#[test]
fn replications_are_added_until_every_interval_is_narrow_enough() {
    let place = Place::new(SLOW);
    let asked = "run.precision={ relative = 0.02, max-replications = 400 }";
    let found = precision(&json(&place, &["run.warmup.jobs=4000", asked]));
    let enough = 0.02 / 1.02;
    let n = found[0].1;
    assert!(
        found
            .iter()
            .all(|&(half, count)| half <= enough && count == n),
        "{found:?}"
    );
    // 12, then a fifth more each time, at least 5; one step earlier it was not enough.
    let mut steps = vec![12u64];
    while *steps.last().unwrap() < n {
        let last = *steps.last().unwrap();
        steps.push(last + last.div_ceil(5).max(5));
    }
    assert_eq!(steps.last(), Some(&n), "{steps:?}");
    let before = format!("run.replications={}", steps[steps.len() - 2]);
    let earlier = precision(&json(&place, &["run.warmup.jobs=4000", &before]));
    assert!(
        earlier.iter().any(|&(half, _)| half > enough),
        "{earlier:?}"
    );
}

#[test]
fn replications_that_do_not_suffice_are_a_warning() {
    let place = Place::new(SLOW);
    let asked = "run.precision={ relative = 0.001, max-replications = 14 }";
    let found = json(&place, &["run.warmup.jobs=4000", asked]);
    assert!(precision(&found).iter().all(|&(_, count)| count == 14));
    let warnings = texts(&found["meta"]["warnings"]).join("\n");
    assert_eq!(
        warnings.matches("after 14 replications").count(),
        2,
        "{warnings}"
    );
    let floor = "run.precision={ relative = 0.001, absolute = \"1s\" }";
    let found = json(&place, &["run.warmup.jobs=4000", floor]);
    assert!(precision(&found).iter().all(|&(_, count)| count == 12));
}
