//! Traces replayed: small ones whose answers are known, and real ones where they are at hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::tool::{Place, Summary};

/// One node of speed 1, first come first served: every response time can be told by hand.
fn scenario(trace: &str, more: &str) -> String {
    format!(
        r#"
[run]
replications = 2
[nodes.one]
count = 1
[jobs.log]
arrivals.trace = {{ {trace} }}
{more}
[strategies.random]
placement = "random"
[strategies.least-loaded]
placement = "least-loaded"
"#
    )
}

/// Runs `trace` (the file `name` holds `rows`) and gives its summary.
fn replay(name: &str, rows: impl AsRef<[u8]>, keys: &str, more: &str) -> Summary {
    let place = Place::new(&scenario(&format!("file = \"{name}\", {keys}"), more));
    place.write(name, rows);
    place.ok(&["run", "s.toml", "--out", "out"]);
    place.summary("out")
}

fn assert_near(found: f64, exact: f64) {
    assert!((found - exact).abs() < 1e-9, "{found} is not {exact}");
}

/// Jobs, mean and largest response time and makespan, of both strategies.
fn assert_figures(summary: &Summary, jobs: f64, mean: f64, max: f64, makespan: f64) {
    for strategy in ["random", "least-loaded"] {
        let of = |metric| summary.mean(strategy, "all", metric);
        assert_near(of("jobs_completed"), jobs);
        assert_near(of("response_mean"), mean);
        assert_near(of("response_max"), max);
        assert_near(of("makespan"), makespan);
        // Both replications replay the same jobs: there is nothing to be unsure of.
        assert_eq!(summary.status(strategy, "all", "response_mean"), "exact");
    }
}

const CSV: &str = "format = \"csv\", columns = { arrival = \"at\", work = \"takes\" }";

fn csv(rows: &[(f64, f64)]) -> String {
    let rows = rows.iter().map(|(at, takes)| format!("{at},{takes}\n"));
    format!("at,takes\n{}", rows.collect::<String>())
}

/// An SWF line: job, submit, wait, run time, allocated processors; then requested processors.
fn swf(job: u32, submit: f64, run_time: f64, allocated: i32, requested: i32) -> String {
    format!("{job} {submit} -1 {run_time} {allocated} -1 -1 {requested} -1 -1 1 1 1 1 1 1 -1 -1\n")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn csv_plain_and_gzip() {
    // Arrive at 100, 101 and 104 (0, 1 and 4 after the shift), done at 2, 4 and 5.
    let rows = csv(&[(100.0, 2.0), (101.0, 2.0), (104.0, 1.0)]);
    let exact = (3.0, (2.0 + 3.0 + 1.0) / 3.0, 3.0, 5.0);
    for summary in [
        replay("log.csv", &rows, CSV, ""),
        replay("log.csv.gz", gzip(&rows), CSV, ""),
    ] {
        assert_figures(&summary, exact.0, exact.1, exact.2, exact.3);
    }
}

#[test]
fn csv_columns_of_tasks_class_and_unit() {
    let rows = "when,queue,n,ms\n0,short,2,500\n1000,long,1,3000\n1500,short,1,1000\n";
    let keys = "format = \"csv\", unit = \"ms\", \
        columns = { arrival = \"when\", work = \"ms\", tasks = \"n\", class = \"queue\" }";
    let summary = replay("log.csv", rows, keys, "");
    // Done at 1, 4 and 5; responses 1, 3 and 3.5.
    assert_figures(&summary, 3.0, 2.5, 3.5, 5.0);
    assert_near(summary.mean("random", "log.short", "response_mean"), 2.25);
    assert_near(summary.mean("random", "log.long", "response_mean"), 3.0);
}

#[test]
fn swf_plain_and_gzip() {
    // The second job has two tasks of 3 s: requested, as nothing was allocated.
    let rows = format!(
        "; Computer: none\n{}{}{}",
        swf(1, 10.0, 2.0, 1, 1),
        swf(2, 11.0, 3.0, -1, 2),
        swf(3, 11.0, 0.0, 4, 4)
    );
    // Done at 2, 8 and 8 after the shift by 10.
    let mean = (2.0 + 7.0 + 7.0) / 3.0;
    for summary in [
        replay("log.swf", &rows, "format = \"swf\"", ""),
        replay("log.swf.gz", gzip(&rows), "format = \"swf\"", ""),
    ] {
        assert_figures(&summary, 3.0, mean, 7.0, 8.0);
    }
}

#[test]
fn hawk_plain_and_gzip() {
    let rows = "10 2 1.5 1 2\n11 1 4 4\n";
    // Done at 3 and 7.
    for summary in [
        replay("log.tr", rows, "format = \"hawk\"", ""),
        replay("log.tr.gz", gzip(rows), "format = \"hawk\"", ""),
    ] {
        assert_figures(&summary, 2.0, 4.5, 6.0, 7.0);
    }
}

/// Four jobs of 1 s, one a second: the node is never idle and never behind.
const FOUR: [(f64, f64); 4] = [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0)];

#[test]
fn load_scales_the_offsets() {
    // 4 jobs in a span of 3 s offer 4/3; 0.5 stretches time by 8/3: arrivals at 0, 2 2/3, 5 1/3, 8.
    let keys = format!("{CSV}, load = 0.5");
    assert_figures(
        &replay("log.csv", csv(&FOUR), &keys, ""),
        4.0,
        1.0,
        1.0,
        9.0,
    );
}

#[test]
fn time_scale_multiplies_the_offsets() {
    let keys = format!("{CSV}, time-scale = 2.0");
    assert_figures(
        &replay("log.csv", csv(&FOUR), &keys, ""),
        4.0,
        1.0,
        1.0,
        7.0,
    );
    // At half the time: arrivals at 0, 0.5, 1 and 1.5, responses 1, 1.5, 2 and 2.5.
    let keys = format!("{CSV}, time-scale = 0.5");
    assert_figures(
        &replay("log.csv", csv(&FOUR), &keys, ""),
        4.0,
        1.75,
        2.5,
        4.0,
    );
}

#[test]
fn max_jobs_cuts_before_the_load_is_measured() {
    let keys = format!("{CSV}, max-jobs = 2");
    assert_figures(
        &replay("log.csv", csv(&FOUR), &keys, ""),
        2.0,
        1.0,
        1.0,
        2.0,
    );
    // 2 jobs in a span of 1 s offer 2; 0.5 stretches time by 4.
    let keys = format!("{CSV}, max-jobs = 2, load = 0.5");
    assert_figures(
        &replay("log.csv", csv(&FOUR), &keys, ""),
        2.0,
        1.0,
        1.0,
        5.0,
    );
}

#[test]
fn classes_split_by_mean_work() {
    let rows = csv(&[(0.0, 1.0), (0.0, 3.0), (10.0, 2.0), (20.0, 1.5)]);
    let more = "classes = { by = \"mean-work\", short.below = \"2s\", long = {} }";
    let summary = replay("log.csv", rows, CSV, more);
    // 2 s is not below 2 s.
    for (class, mean, max) in [("log.short", 1.25, 1.5), ("log.long", 3.0, 4.0)] {
        let of = |metric| summary.mean("random", class, metric);
        assert_near(of("jobs_completed"), 2.0);
        assert_near(of("response_mean"), mean);
        assert_near(of("response_max"), max);
    }
}

#[test]
fn resample_draws_whole_blocks_the_same_for_every_strategy() {
    // Blocks of 1 s with one job each, which its work and its offset in the block tell apart.
    let offset = |work: i64| (work - 1) * 250_000_000;
    let rows = csv(&[(0.0, 1.0), (1.25, 2.0), (2.5, 3.0), (3.75, 4.0)]);
    let keys = format!("file = \"log.csv\", {CSV}, resample = {{ block = \"1s\" }}");
    let place = Place::new(&scenario(&keys, "").replace("replications = 2", "replications = 8"));
    place.write("log.csv", rows);
    place.ok(&["run", "s.toml", "--record", "jobs,tasks", "--out", "out"]);
    let drawn = |strategy: &str| -> Vec<Vec<i64>> {
        (1..=8)
            .map(|r| draws(&place.path("out"), strategy, r, offset))
            .collect()
    };
    let random = drawn("random");
    assert_eq!(random, drawn("least-loaded"));
    assert!(random.iter().all(|works| works.len() == 4));
    assert!(random.iter().any(|works| *works != random[0]), "{random:?}");
    let repeats = |works: &Vec<i64>| (1..4).any(|i| works[..i].contains(&works[i]));
    assert!(
        random.iter().any(repeats),
        "drawn without replacement: {random:?}"
    );
    assert_eq!(
        place
            .summary("out")
            .status("random", "all", "response_mean"),
        "ok"
    );
}

/// The works in seconds of a replication's jobs, each held against its arrival.
fn draws(out: &Path, strategy: &str, replication: u32, offset: impl Fn(i64) -> i64) -> Vec<i64> {
    let start = format!("1,{strategy},{replication},");
    let rows = |table: &str, column: usize| -> Vec<i64> {
        let text = std::fs::read_to_string(out.join(table)).unwrap();
        let mut rows: Vec<(i64, i64)> = text
            .lines()
            .filter(|line| line.starts_with(&start))
            .map(|line| line.split(',').collect::<Vec<_>>())
            .map(|cells| (cells[3].parse().unwrap(), cells[column].parse().unwrap()))
            .collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, value)| value).collect()
    };
    let arrivals = rows("jobs.csv", 7);
    let works: Vec<i64> = rows("tasks.csv", 7)
        .iter()
        .map(|ns| ns / 1_000_000_000)
        .collect();
    assert_eq!(arrivals.len(), works.len());
    // Blocks stand one after another; the last of the trace is 0.75 s long, the others 1 s.
    let mut start = 0;
    for (arrival, work) in arrivals.iter().zip(&works) {
        let exact = start + offset(*work) - offset(works[0]);
        assert_eq!(arrival - arrivals[0], exact, "{works:?} {arrivals:?}");
        start += if *work == 4 {
            750_000_000
        } else {
            1_000_000_000
        };
    }
    works
}

#[test]
fn invalid_rows_are_refused_or_counted() {
    let rows = format!(
        "{}{}{}{}",
        swf(1, 0.0, 2.0, 1, 1),
        swf(2, 1.0, -1.0, 1, 1),
        swf(3, 5.0, 1.0, 0, 0),
        swf(4, 6.0, 1.0, 1, 1)
    );
    let place = Place::new(&scenario("file = \"log.swf\", format = \"swf\"", ""));
    place.write("log.swf", &rows);
    let refused = place.call(&["run", "s.toml", "--out", "out"]);
    let error = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{error}");
    assert!(
        error.contains("log.swf:2") && error.contains("run time (field 4)"),
        "{error}"
    );
    assert!(!place.path("out").exists() && !place.path("out.writing").exists());

    let drop = ["--set", "jobs.log.arrivals.trace.invalid=drop"];
    let run = [&["run", "s.toml", "--out", "out"][..], &drop].concat();
    let lossy = place.call(&run);
    let error = String::from_utf8(lossy.stderr).unwrap();
    assert_eq!(lossy.status.code(), Some(2), "{error}");
    assert!(error.contains("would leave out 2 of 4 rows"), "{error}");
    let half = ["--set", "jobs.log.arrivals.trace.max-dropped=0.5"];
    let text = place.ok(&[&run[..], &half].concat());
    assert_figures(&place.summary("out"), 2.0, 1.5, 2.0, 7.0);
    assert!(text.contains("one trace of 2 jobs"), "{text}");
    assert!(text.contains("1 ") && text.contains("processors"), "{text}");
}

#[test]
fn rows_out_of_order_are_sorted_if_asked() {
    let rows = csv(&[(3.0, 1.0), (0.0, 2.0), (1.0, 2.0)]);
    let keys = format!("{CSV}, sort = true");
    // Arrive at 0, 1 and 3, done at 2, 4 and 5.
    assert_figures(
        &replay("log.csv", rows, &keys, ""),
        3.0,
        7.0 / 3.0,
        3.0,
        5.0,
    );
}

/// As a batch system or a cluster's own export writes them.
#[test]
fn dates_durations_and_numbered_columns_are_read() {
    let rows = "2024-05-31T12:00:00Z|0-00:00:02|500m\n2024-05-31T14:00:01+02:00|2000ms|\n";
    let keys =
        "format = \"csv\", columns = { arrival = 1, work = 2, cpu = 3 }, empty = { cpu = 1 }";
    let text = scenario(&format!("file = \"log.txt\", {keys}"), "");
    let place = Place::new(&text.replace("count = 1\n", "resources.cpu = 1\n"));
    place.write("log.txt", rows);
    let said = place.ok(&["run", "s.toml", "--out", "out"]);
    assert!(said.contains("its cells stand between bars"), "{said}");
    assert_figures(&place.summary("out"), 2.0, 2.5, 3.0, 4.0);
}

/// The folder of a real trace, or `None` with a line said.
fn real(file: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("EQUIPOISE_TRACES").map(PathBuf::from) else {
        println!("skipped: EQUIPOISE_TRACES names no folder with {file}");
        return None;
    };
    let below = std::fs::read_dir(&root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path());
    let found = std::iter::once(root.clone())
        .chain(below)
        .find(|dir| dir.join(file).exists());
    assert!(found.is_some(), "{file} is not below {}", root.display());
    found
}

fn shipped(name: &str) -> String {
    std::fs::read_to_string(format!("scenarios/{name}.toml")).unwrap()
}

/// Replays a shipped scenario once under each strategy: all jobs must complete.
fn replay_real(name: &str, dir: &Path, jobs: f64) -> (Place, Vec<String>) {
    let text = shipped(name);
    let place = Place::new(&text);
    let once = [
        "--set",
        "run.replications=1",
        "--traces",
        dir.to_str().unwrap(),
    ];
    place.ok(&[&["run", "s.toml", "--out", "out"][..], &once].concat());
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix("[strategies."));
    let names: Vec<String> = names
        .map(|line| line.trim_end_matches(']').to_owned())
        .collect();
    assert!(names.len() >= 4);
    let summary = place.summary("out");
    for strategy in &names {
        assert_near(summary.mean(strategy, "all", "jobs_completed"), jobs);
        for none in ["jobs_failed", "jobs_rejected", "jobs_unfinished"] {
            assert_near(summary.mean(strategy, "all", none), 0.0);
        }
    }
    (place, names)
}

#[test]
fn kth_sp2_whole() {
    let Some(dir) = real("KTH-SP2-1996-2.1-cln.swf.xz") else {
        return;
    };
    let (place, names) = replay_real("kth-sp2", &dir, 27_992.0);
    // The log's work fits on the machine, so its busy share is the same under every strategy's
    // span: used slot-time = utilization x makespan.
    let summary = place.summary("out");
    let used = |name: &str| {
        summary.mean(name, "all", "utilization") * summary.mean(name, "all", "makespan")
    };
    for name in &names {
        assert!((used(name) / used(&names[0]) - 1.0).abs() < 1e-9, "{name}");
    }
}

#[test]
fn google_tasks_whole() {
    let Some(dir) = real("GOOG_subtrace.tr.xz") else {
        return;
    };
    let (place, names) = replay_real("google-tasks", &dir, 10_000.0);
    let summary = place.summary("out");
    for name in &names {
        let classes = ["google.short", "google.long"];
        let jobs = classes.map(|class| summary.mean(name, class, "jobs_completed"));
        assert_near(jobs.iter().sum(), 10_000.0);
    }
    let table = String::from_utf8(place.tree("out")["nodes.csv"].clone()).unwrap();
    assert!(table.lines().count() > 4 * 100);
}

#[test]
fn llnl_thunder_is_refused_or_cut() {
    let file = "LLNL-Thunder-2007-1.1-cln.swf.xz";
    let Some(dir) = real(file) else { return };
    let trace = format!("file = \"{file}\", format = \"swf\"");
    let text = scenario(&trace, "").replace("count = 1\n", "count = 4096\n");
    let place = Place::new(&text.replace("replications = 2", "replications = 1"));
    let run = [
        "run",
        "s.toml",
        "--out",
        "out",
        "--traces",
        dir.to_str().unwrap(),
    ];
    let refused = place.call(&run);
    let error = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{error}");
    assert!(error.contains(&format!("{file}:")), "{error}");
    assert!(error.contains("invalid"), "what to do is not said: {error}");
    assert!(
        error.contains(":325: the submit time (field 2) is below 0"),
        "{error}"
    );

    let drop = ["--set", "jobs.log.arrivals.trace.invalid=drop"];
    let said = place.ok(&[&run[..], &drop].concat());
    // Of 121,039 lines, as counted by awk: submit time below 0, else no processors.
    assert!(said.contains("one trace of 118,791 jobs"), "{said}");
    assert!(
        said.contains("1,190 rows were left out: the submit time"),
        "{said}"
    );
    assert!(
        said.contains("1,058 rows were left out: the job has no processors"),
        "{said}"
    );
    assert_near(
        place.summary("out").mean("random", "all", "jobs_completed"),
        118_791.0,
    );
}
