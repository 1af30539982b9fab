//! The command line: exit codes, what goes to which stream, and what is left on the disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::tool::{MIXED, Place, unfolded};

const POOL: &str = include_str!("../../scenarios/thread-pool.toml");

pub fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// Runs what must be refused as a mistake: exit code 2, nothing printed as a result, a message
/// that names `says`, and no file anywhere changed.
pub fn refused(place: &Place, arguments: &[&str], says: &str) {
    refused_for_all(place, arguments, &[says]);
}

/// The same with a message that names each of `says`.
pub fn refused_for_all(place: &Place, arguments: &[&str], says: &[&str]) {
    let before = place.tree(".");
    let output = place.call(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    assert_eq!(stdout(&output), "", "{arguments:?}");
    let error = stderr(&output);
    assert!(error.starts_with("error: "), "{arguments:?}: {error}");
    for says in says {
        let is_told = error.contains(says) || unfolded(error).contains(says);
        assert!(is_told, "{arguments:?}: {says}: {error}");
    }
    assert!(!error.contains("os error"), "{arguments:?}: {error}");
    assert!(place.tree(".") == before, "{arguments:?} changed files");
}

/// A folder with a run of the thread pool in `out`.
fn with_run() -> Place {
    let place = Place::new(POOL);
    place.ok(&["run", "s.toml", "--out", "out"]);
    place
}

#[test]
fn a_scenario_comes_from_standard_input() {
    let place = Place::new("");
    let mut command = place.command(&["run", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), POOL.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).starts_with("Ten tasks on four workers"));
    assert!(place.path("output/stdin/summary.csv").exists());
}

#[test]
fn several_scenarios_run_one_after_another() {
    let place = Place::new(POOL);
    place.write("other.toml", POOL.replace("Ten tasks", "The others"));
    let said = place.ok(&["run", "s.toml", "other.toml"]);
    let (one, other) = said
        .split_once("\n\n\n")
        .or(said.split_once("output/s/report.html\n"))
        .unwrap();
    assert!(
        one.starts_with("Ten tasks") && other.contains("The others"),
        "{said}"
    );
    assert!(place.path("output/s").exists() && place.path("output/other").exists());
    place.write("deep/s.toml", POOL);
    refused(
        &place,
        &["run", "s.toml", "deep/s.toml"],
        "would be written to output/s",
    );
    refused(
        &place,
        &["run", "s.toml", "other.toml", "--out", "x"],
        "leave it out",
    );
    place.write("wrong.toml", "x = 1");
    refused(&place, &["run", "s.toml", "wrong.toml"], "`x` is not a key");
}

#[test]
fn names_that_begin_alike_are_told_apart() {
    let long = "power-of-two-choices-by-tasks-with";
    let text = POOL
        .replace(
            "[strategies.shared-queue]",
            &format!("[strategies.{long}-replacement]"),
        )
        .replace(
            "[strategies.round-robin]",
            &format!("[strategies.{long}out-replacement]"),
        )
        .replace("baseline = \"shared-queue\"", "")
        + &format!("[strategies.{long}-both-replacement]\n");
    let place = Place::new(&text);
    let said = place.ok(&["run", "s.toml"]);
    let mut names: Vec<&str> = said
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(name, _)| name)
        .filter(|name| name.contains('…'))
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 3, "{said}");
}

#[test]
fn the_smallest_table() {
    let place = Place::new(POOL);
    let output = place.call(&["run", "s.toml"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "");
    let lines: Vec<&str> = stdout(&output).lines().collect();
    // Ten tasks of 1 s on four workers take three rounds, with one queue and in turn alike.
    assert_eq!(
        lines[..6],
        [
            "Ten tasks on four workers",
            "2 strategies x 2 replications of 1 job, the same jobs for every strategy",
            "",
            "strategy                 response_max  vs shared-queue",
            "shared-queue (baseline)  3.00 s",
            "round-robin              3.00 s        0.0 % exact     equivalent",
        ]
    );
    assert_eq!(lines.last(), Some(&"output/s/report.html"));
    assert!(place.path("output/s/report.html").exists());
    assert!(place.path("output/s/plots/deciding-1.svg").exists());
}

#[test]
fn mistakes_in_the_scenario_change_nothing() {
    let place = with_run();
    place.write("folder/x", "");
    place.write("bad.toml", "[run\n");
    place.write("latin1.toml", b"title = \"\xe9\"");
    let run = |file: &'static str| ["run", file, "--out", "out"];
    refused(&place, &run("no.toml"), "no.toml: there is no such file");
    refused(&place, &run("folder"), "folder: it is a folder");
    refused(&place, &run("bad.toml"), "bad.toml:1:");
    refused(&place, &run("latin1.toml"), "it is not UTF-8 text");
    refused(&place, &["check", "no.toml"], "equipoise new no.toml");
    let with = |more: &[&'static str]| [&run("s.toml")[..], more].concat();
    for (set, says) in [
        ("run.replications", "PATH=VALUE"),
        ("run.replications=many", "run.replications=many"),
        ("run.replicas=3", "did you mean"),
        ("strategies.none.placement=random", "there is no `none`"),
        ("nodes.worker.count=0", "count"),
    ] {
        refused(&place, &with(&["--set", set]), says);
    }
    refused(&place, &with(&["--strategies", "robin"]), "`robin`");
    refused(
        &place,
        &with(&["--strategies", "robin"]),
        "shared-queue, round-robin",
    );
    refused(&place, &with(&["--threads", "0"]), "--threads");
    refused(&place, &with(&["--format", "xml"]), "json");
    refused(&place, &with(&["--record", "nodes"]), "decisions");
}

#[test]
fn a_place_that_is_taken_is_left_alone() {
    let place = with_run();
    place.write("file", "mine");
    place.write("mine/notes.txt", "mine");
    place.write("site/manifest.json", "{ \"manifest_version\": 3 }");
    place.write("site/popup.html", "mine");
    place.write("new.partial/notes.txt", "mine");
    place.write("other.writing/notes.txt", "mine");
    let to = |out: &'static str| ["run", "s.toml", "--out", out];
    refused(&place, &to("file"), "file is a file");
    refused(&place, &to("file/x"), "cannot write");
    refused(&place, &to("mine"), "not a run's");
    refused(&place, &to("site"), "not a run's");
    refused(&place, &to("new"), "new.partial");
    refused(&place, &to("other"), "other.writing");
    refused(&place, &to("."), "cannot be a run's folder");
    refused(&place, &to("s.toml"), "s.toml is a file");
    #[cfg(target_os = "linux")]
    refused(&place, &to("/proc/equipoise"), "cannot write");
    #[cfg(unix)]
    {
        let _open = std::os::unix::net::UnixListener::bind(place.path("socket")).unwrap();
        std::fs::remove_file(place.path("file")).unwrap();
        let output = place.call(&to("socket"));
        assert_eq!(output.status.code(), Some(2));
        use std::os::unix::fs::FileTypeExt;
        let kind = std::fs::symlink_metadata(place.path("socket")).unwrap();
        assert!(kind.file_type().is_socket());
    }
}

#[test]
fn mistakes_of_the_other_commands_change_nothing() {
    let place = with_run();
    place.write("empty/x", "");
    refused(&place, &["report", "no"], "no is not a folder");
    refused(&place, &["report", "s.toml"], "s.toml is not a folder");
    refused(&place, &["report", "empty"], "empty/manifest.json");
    refused(
        &place,
        &["list", "keys", "jbos"],
        "no key starts with `jbos`",
    );
    refused(&place, &["new", "s.toml"], "s.toml exists already");
    refused(&place, &["new", "no/s.toml"], "the folder of no/s.toml");
    refused(&place, &["schema", "x"], "unexpected argument");
    refused(
        &place,
        &["rnu", "s.toml"],
        "similar subcommand exists: 'run'",
    );
    for (command, says) in [
        (
            "timeline s.toml --strategy round-robin --out t.jpg",
            "ends in .svg",
        ),
        (
            "timeline s.toml --strategy round-robin --from 2s --to 1s",
            "later than --from",
        ),
        ("why s.toml round-robin round-robin", "is named twice"),
        (
            "find s.toml workload.load --from 0.1 --to 0.9 --cross round-robin round-robin",
            "twice",
        ),
        ("find s.toml workload.load", "--cross A B"),
        (
            "find s.toml nodes.slwo.count --until slowdown_mean<=3",
            "KEY:1:7",
        ),
        ("find s.toml --best nodes.slwo.count", "--best:1:7"),
        ("run s.toml --show nothing", "--show:1:15"),
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        refused(&place, &words, says);
    }
}

#[test]
fn report_of_damaged_tables_says_where_and_draws_nothing() {
    let place = with_run();
    for (name, says) in [
        ("summary.csv", "out/summary.csv:2"),
        ("nodes.csv", "out/nodes.csv:2"),
        ("manifest.json", "out/manifest.json:2"),
    ] {
        let good = std::fs::read_to_string(place.path("out").join(name)).unwrap();
        let lines: Vec<&str> = good.lines().collect();
        let damaged = format!("{}\n{}", lines[0], "x,y");
        place.write(&format!("out/{name}"), damaged);
        refused(&place, &["report", "out"], says);
        std::fs::remove_file(place.path("out").join(name)).unwrap();
        let missing = format!("out/{name}: the file is missing");
        refused(&place, &["report", "out"], &missing);
        place.write(&format!("out/{name}"), good);
    }
    place.ok(&["report", "out"]);
}

#[test]
fn results_go_to_stdout_and_the_rest_to_stderr() {
    let over = MIXED.replace("load = [0.3, 0.6]", "load = [1.4]");
    let place = Place::new(&over);
    let output = place.call(&["run", "s.toml", "--set", "run.jobs=3000"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).starts_with("warning: the offered load of slots is 1.4"));
    let table = stdout(&output);
    for name in ["random (baseline)", "two-choices", "by-class"] {
        let row = table.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(row.contains("unstable"), "{row}");
    }
    let summary = std::fs::read_to_string(place.path("output").join(folder(&place)));
    let summary = summary.unwrap();
    let row = |metric: &str| {
        let start = format!("1.4,random,all,{metric},");
        let row = summary.lines().find(|line| line.starts_with(&start));
        row.unwrap()[start.len()..].to_owned()
    };
    assert!(row("response_mean").starts_with("s,,,,,3,,unstable,\"the load of "));
    assert!(
        row("throughput").ends_with(",3,,ok,"),
        "{}",
        row("throughput")
    );
}

/// The summary of the only run below `output`.
fn folder(place: &Place) -> String {
    let tree = place.tree("output");
    let mut found = tree.keys().filter(|name| name.ends_with("/summary.csv"));
    found.next().unwrap().clone()
}

#[test]
fn json_and_csv_say_what_the_summary_says() {
    let place = Place::new(MIXED);
    let csv = place.ok(&["run", "s.toml", "--out", "out", "--format", "csv"]);
    let stored = std::fs::read_to_string(place.path("out/summary.csv")).unwrap();
    assert_eq!(csv, stored);

    let json = place.ok(&["run", "s.toml", "--out", "out", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let rows = json["summary"].as_array().unwrap();
    let mut reader = csv::Reader::from_reader(stored.as_bytes());
    let header = reader.headers().unwrap().clone();
    let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), lines.len());
    let mut numbers = 0;
    for (row, line) in rows.iter().zip(&lines) {
        let cell = |name: &str| &line[header.iter().position(|c| c == name).unwrap()];
        assert_eq!(row["point"]["workload.load"], cell("workload.load"));
        for text in ["strategy", "class", "metric", "unit", "status"] {
            assert_eq!(row[text], cell(text));
        }
        for (value, name) in [
            (&row["mean"], "mean"),
            (&row["ci"][0], "ci_low"),
            (&row["ci"][1], "ci_high"),
            (&row["stddev"], "stddev"),
            (&row["replications"], "replications"),
        ] {
            let stored: Option<f64> = cell(name).parse().ok();
            assert_eq!(value.is_number(), stored.is_some(), "{row}");
            // serde_json reads the last bit of a number carelessly; what is printed has all digits.
            let (said, stored) = (value.as_f64().unwrap_or(0.0), stored.unwrap_or(0.0));
            assert!(
                (said - stored).abs() <= f64::EPSILON * stored.abs(),
                "{name}: {row}"
            );
            numbers += usize::from(value.is_number());
        }
    }
    assert!(numbers > 500, "only {numbers} numbers");
    assert_eq!(json["comparisons"].as_array().unwrap().len(), 2 * 2 * 2);
}

#[test]
fn nothing_is_wider_than_eighty_columns_or_coloured() {
    let place = Place::new(MIXED);
    place.write(
        "over.toml",
        MIXED.replace("load = [0.3, 0.6]", "load = [1.2]"),
    );
    for arguments in [
        &["run", "s.toml"][..],
        &["run", "s.toml", "--strategies", "random"],
        &["check", "s.toml"],
        &["check", "over.toml"],
        &["list", "placements"],
        &["list", "distributions"],
        &["list", "metrics"],
        &["list", "traces"],
        &["list", "keys"],
        &["list", "strategies"],
        &["theory", "s.toml"],
        &["why", "s.toml", "two-choices", "random"],
        &["new"],
        &["--help"],
        &["find", "--help"],
        &["gate", "--help"],
        &["merge", "--help"],
        &["run", "--help"],
        &["check", "--help"],
        &["report", "--help"],
    ] {
        let output = place.call(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let text = stdout(&output);
        assert!(text.lines().count() > 2, "{arguments:?}: {text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
            // Blanks at an end in a --help are the library's.
            let is_help = arguments.contains(&"--help");
            assert!(is_help || line == line.trim_end(), "{arguments:?}: {line}");
        }
        assert!(!text.contains('\x1b') && !stderr(&output).contains('\x1b'));
    }
}

/// What the library for arguments says, and texts of presets.
#[test]
fn what_others_wrote_is_no_wider_either() {
    let place = Place::new(MIXED);
    let is_narrow = |text: &str| text.lines().all(|line| line.chars().count() <= 80);
    for arguments in [
        &[
            "find",
            "s.toml",
            "nodes.fast.count",
            "--until",
            "p99 <= 200ms",
        ][..],
        &["find", "s.toml", "nodes.fast.count"],
        &[
            "run",
            "s.toml",
            "--set",
            "workload.load=0.5",
            "--engine",
            "as-fast-as-can-be-and-that-is-an-error",
        ],
        &[
            "timeline",
            "s.toml",
            "--from",
            "a long time ago in a place that is far from here, indeed",
        ],
        &["report"],
    ] {
        let output = place.call(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            is_narrow(stderr(&output)),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert!(stderr(&output).contains("--help"), "{}", stderr(&output));
    }
    for (name, _) in equipoise::scenario::presets() {
        let shown = place.ok(&["list", "strategies", "--show", name]);
        assert!(is_narrow(&shown), "{shown}");
    }
}

/// What a command lacks is told with what may be given.
#[test]
fn who_names_nothing_is_told_what_there_is() {
    let place = Place::new(MIXED);
    refused(
        &place,
        &["why", "s.toml"],
        "one or two of random, two-choices, by-class",
    );
    refused(
        &place,
        &["timeline", "s.toml"],
        "--strategy NAME, of random, two-choices, by-class",
    );
    refused(&place, &["why", "s.toml", "random"], "is the baseline");
    for command in [
        &["run", "s.toml", "--strategies", "two-choces"][..],
        &["why", "s.toml", "two-choces"],
        &["timeline", "s.toml", "--strategy", "two-choces"],
    ] {
        refused(
            &place,
            command,
            "did you mean `two-choices`? it has random, two-choices",
        );
    }
    let preset = ["list", "strategies", "--show", "nginx-leastconn"];
    refused(&place, &preset, "did you mean `nginx-least-conn`?");
    refused(&place, &["list", "keys", "jbos"], "did you mean `jobs`?");
    let help = place.ok(&["--help"]);
    let list = unfolded(
        help.split(" list ")
            .nth(1)
            .unwrap()
            .split(" schema ")
            .next()
            .unwrap(),
    );
    let things = place.call(&["list"]);
    let things = stderr(&things)
        .split("Commands:")
        .nth(1)
        .unwrap()
        .to_owned();
    let things = things
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let things: Vec<&str> = things
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(things.len() >= 6, "{things:?}");
    for thing in things
        .iter()
        .filter(|thing| !["help", "-h,", "-V,"].contains(thing))
    {
        assert!(list.contains(thing), "{thing} is not in: {list}");
    }
}

/// A search reads its scenario for each value.
#[test]
fn a_search_takes_standard_input() {
    let place = Place::new(POOL);
    let text = "run = { jobs = 200, replications = 3 }\nnodes.n.count = 5\njobs.j = { arrivals.poisson.rate = 10, \
        work = \"100ms\" }\nstrategies.random.placement = \"random\"\n";
    let args = [
        "find",
        "-",
        "nodes.n.count",
        "--from",
        "3",
        "--to",
        "5",
        "--until",
        "response_mean <= 1h",
    ];
    let mut command = place.command(&args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(stdout(&output).contains("everywhere"), "{output:?}");
}

/// A picture goes to a file, or to whatever reads it.
#[test]
fn a_timeline_is_written_to_a_file() {
    let place = Place::new(MIXED);
    let base = [
        "timeline",
        "s.toml",
        "--strategies",
        "two-choices",
        "--to",
        "1s",
    ];
    let printed = place.ok(&base);
    assert!(printed.starts_with("<svg"), "{printed}");
    assert_eq!(
        place.ok(&[&base[..], &["--out", "t.svg"]].concat()),
        "t.svg\n"
    );
    assert_eq!(
        std::fs::read_to_string(place.path("t.svg")).unwrap(),
        printed
    );
}

#[test]
fn check_says_the_same_once() {
    let place = Place::new(MIXED);
    let text = place.ok(&["check", "s.toml"]);
    assert_eq!(
        text.matches("  two-choices, by-class\n").count(),
        2,
        "{text}"
    );
    let total = "\n2 points x 3 strategies x 3 replications: ";
    assert!(text.contains(total), "{text}");
    let pool = Place::new(POOL).ok(&["check", "s.toml"]);
    assert!(pool.contains(": 1 job, 10 tasks, "), "{pool}");
    assert!(pool.contains("\n1 point x 2 strategies x 2 replications: "));
}

/// A third of the nodes is given as much as the others, which are faster: that is known beforehand.
#[test]
fn check_tells_the_load_of_groups_where_the_strategy_fixes_it() {
    let place = Place::new(
        "[run]\njobs = 2_000\nreplications = 1\n[nodes.m5]\ncount = 4\nslots = 8\n[nodes.m7]\ncount = 16\n\
        slots = 8\nspeed = 1.4\n[jobs.api]\narrivals.poisson.rate = 6000\nwork.exponential.mean = \"30ms\"\n\
        [strategies.in-turn]\nplacement = \"round-robin\"\n[strategies.two]\nplacement.power-of-d.d = 2\n\
        [sweep]\nnodes.m5.count = [4, 24]\n",
    );
    let check = place.call(&["check", "s.toml"]);
    let (said, warned) = (stdout(&check), stderr(&check));
    for part in [
        "  in-turn\n      85.2 %  slots of all nodes\n     112.5 %  slots of m5\n      80.4 %  slots of m7\n",
        "  two\n      85.2 %  slots of all nodes\n    a replication",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let warning = "slots of m5: utilization is not below 1: change `strategies.in-turn.placement` (in-turn at 1 of 2 points)";
    assert!(unfolded(warned).contains(warning), "{warned}");
}

/// Nothing is advised to a system that no warm-up helps.
#[test]
fn no_warmup_is_advised_where_none_helps() {
    let text = |load: f64, more: &str| {
        format!(
            "[run]\njobs = 20_000\nwarmup.jobs = 200\nreplications = 2\n[nodes.n]\nslots = 2\n[workload]\nload = {load}\n\
            [jobs.a]\narrivals.poisson.rate = 1\nwork.exponential.mean = 1\n{more}[strategies.s]\n"
        )
    };
    let unlike =
        "[jobs.b]\narrivals.poisson.rate = 1\nwork.exponential.mean = 1\ndemand.slots = 2\n";
    for (load, more) in [(1.2, ""), (0.97, unlike)] {
        let place = Place::new(&text(load, more));
        let check = place.call(&["check", "s.toml"]);
        let said = stderr(&check);
        assert!(!said.contains("the warm-up is short"), "{load}: {said}");
    }
}

#[test]
fn the_starter_runs() {
    let place = Place::new("");
    let said = place.ok(&["new", "mine.toml"]);
    assert_eq!(said, "mine.toml\nnext: equipoise run mine.toml\n");
    let text = std::fs::read_to_string(place.path("mine.toml")).unwrap();
    assert_eq!(place.ok(&["new"]), text);
    let check = place.call(&["check", "mine.toml"]);
    assert_eq!((check.status.code(), stderr(&check)), (Some(0), ""));
    let quick = ["--set", "run.replications=2", "--set", "run.jobs=500"];
    place.ok(&[&["run", "mine.toml", "--out", "out"][..], &quick].concat());
}

#[test]
fn equal_changes_share_a_folder_however_they_are_asked_for() {
    let place = Place::new(POOL);
    let run = |more: &[&str]| {
        let said = place.ok(&[&["run", "./s.toml", "--set", "run.seed=5"][..], more].concat());
        said.lines().last().unwrap().to_owned()
    };
    let one = run(&[]);
    assert!(
        one.starts_with("output/s+") && one.ends_with("/report.html"),
        "{one}"
    );
    assert_eq!(
        place
            .ok(&["run", "s.toml", "--set", "run.seed=5"])
            .lines()
            .last(),
        Some(&*one)
    );
    assert_ne!(run(&["--set", "run.replications=3"]), one);
    assert_ne!(run(&["--strategies", "shared-queue"]), one);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new(MIXED);
    for arguments in [&["run", "s.toml"][..], &["list", "metrics"], &["--help"]] {
        let mut child = place
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        // Standard error is closed, too: messages must not end the tool either.
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
    assert!(place.path("output/s/report.html").exists());
    let mut child = place.command(&["run", "no.toml"]);
    let mut child = child.stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_fault_of_the_machine() {
    let place = Place::new(POOL);
    for arguments in [&["run", "s.toml"][..], &["list", "metrics"], &["schema"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let mut command = place.command(arguments);
        let output = command.stdout(full.unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        assert!(stderr(&output).contains("cannot write to standard output"));
    }
    // The run itself was written before its table was printed.
    assert!(place.path("output/s/report.html").exists());
}

#[test]
fn a_drawing_that_cannot_be_written_is_told() {
    let place = with_run();
    std::fs::remove_file(place.path("out/report.html")).unwrap();
    std::fs::create_dir(place.path("out/report.html")).unwrap();
    let output = place.call(&["report", "out"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot write out/report.html: a folder"));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_what_is_finished_and_the_old_run() {
    let place = Place::new(MIXED);
    place.ok(&["run", "s.toml", "--out", "out"]);
    let old = place.tree("out");
    // Long enough never to end by itself while this test looks on.
    let long = ["--set", "run.replications=20000", "--record=jobs"];
    let mut command = place.command(&[&["run", "s.toml", "--out", "out"][..], &long].concat());
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.unwrap();
    let part = place.path("out.writing/parts/jobs.1.2.1.part");
    for _ in 0..600 {
        if part.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(part.exists(), "no replication was begun");
    std::thread::sleep(Duration::from_millis(500));
    let kill = format!("kill -INT {}", child.id());
    let sent = std::process::Command::new("sh")
        .args(["-c", &kill])
        .status();
    assert!(sent.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("interrupted: what is finished is in out.partial"));
    assert!(
        stdout(&output).contains("warning: interrupted"),
        "{}",
        stdout(&output)
    );

    assert!(place.tree("out") == old);
    assert!(place.path("out.writing/journal").exists());
    let partial = place.tree("out.partial");
    let manifest: Value = serde_json::from_slice(&partial["manifest.json"]).unwrap();
    let replications = manifest["replications"].as_u64().unwrap();
    assert!((1..20_000).contains(&replications), "{replications}");
    let named: Vec<&str> = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file[0].as_str().unwrap())
        .collect();
    for table in ["summary.csv", "replications.csv", "comparisons.csv"] {
        assert!(named.contains(&table) && !partial[table].is_empty());
    }
    assert!(!partial.keys().any(|name| name.ends_with(".part")));
    place.ok(&["report", "out.partial"]);

    // Another run has no use for what was finished of this one.
    place.ok(&["run", "s.toml", "--out", "out"]);
    assert!(!place.path("out.writing").exists());
    let names = |tree: &crate::tool::Tree| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&place.tree("out")), names(&old));
}
