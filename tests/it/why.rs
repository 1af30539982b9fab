//! `equipoise why` and `equipoise timeline`, held against what a run records.

use std::collections::{BTreeMap, BTreeSet};

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

/// What the page tells of recorded jobs is what `why` finds by running them again.
#[test]
fn the_page_tells_the_same_of_recorded_jobs() {
    let longer = MIXED
        .replace("jobs = 30", "jobs = 300")
        .replace("[0.3, 0.6]", "[0.3]");
    let place = Place::new(&longer);
    let page = |args: &[&str]| {
        place.ok(&[&["run", "s.toml", "--out", "out"], args].concat());
        let text = std::fs::read_to_string(place.path("out/report.html")).unwrap();
        let section = text.split("Where does the difference come from?").nth(1);
        let section = section.unwrap().split("</section>").next().unwrap();
        section.replace('\u{2212}', "-").replace('\u{202f}', " ")
    };
    let plain = page(&[]);
    assert!(plain.contains("<th scope=\"row\">queue</th>") && plain.contains(">short</th>"));
    assert!(plain.contains("equipoise why s.toml") && !plain.contains("moved most"));
    let recorded = page(&["--record", "jobs,tasks"]);
    let name = recorded.split("</svg>").nth(1).unwrap();
    let name = name.split('<').next().unwrap();
    let said = place.ok(&["why", "s.toml", name, "random"]);
    let of_tables = said.split("wait at the node taken").next().unwrap();
    let lines = of_tables.lines().skip(2).filter(|line| !line.is_empty());
    for line in lines {
        let cells = line.trim().split("  ").map(str::trim);
        for cell in cells.filter(|cell| !cell.is_empty() && !cell.contains('…')) {
            assert!(
                recorded.contains(&format!(">{cell}<")),
                "`{cell}` of `{line}`"
            );
        }
    }
    let tail = said.split("wait at the node taken").nth(1).unwrap();
    let none = |name: &str| {
        let row = tail.lines().find(|line| line.starts_with(name)).unwrap();
        let share = row.trim_end_matches(" %").rsplit(' ').next().unwrap();
        share.parse::<f64>().unwrap()
    };
    assert!(
        none("random") < 90.0 && none(name) > none("random"),
        "{tail}"
    );
}

/// The cuts are of all replications: tenths of the work, which no two jobs share, have equal counts. Columns
/// have the names of the two and one unit each.
#[test]
fn tenths_are_equal_and_columns_have_names_and_one_unit() {
    let place = Place::new(MIXED);
    let said = place.ok(&["why", "s.toml", "two-choices", "random"]);
    let table = |title: &str| -> Vec<Vec<String>> {
        let lines = said.lines().skip_while(|line| !line.starts_with(title));
        let lines = lines.take_while(|line| !line.is_empty());
        let cells = |line: &str| {
            line.split("  ")
                .map(|cell| cell.trim().to_owned())
                .filter(|cell| !cell.is_empty())
                .collect()
        };
        lines.map(cells).collect()
    };
    let tenths = table("by work of the job");
    let counts = tenths[2..].iter().map(|row| row[1].parse::<u64>().unwrap());
    let counts: Vec<u64> = counts.collect();
    assert_eq!(counts.len(), 10, "{said}");
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(most - least <= 1, "{counts:?}");
    assert!(
        !said.contains("before") && !said.contains("after"),
        "{said}"
    );
    assert_eq!(tenths[1][1..3], ["random", "two-choices"]);
    for title in ["moved most", "wait at the node taken", "by class"] {
        let rows = table(title);
        let begins = |row: &&Vec<String>| {
            row.get(1)
                .is_some_and(|cell| cell.starts_with(|c: char| c.is_ascii_digit()))
        };
        let figures = rows.iter().filter(begins);
        let figures: Vec<&Vec<String>> = figures.collect();
        for column in 1..figures[0].len() {
            let unit = |row: &&Vec<String>| {
                row[column]
                    .rsplit_once(' ')
                    .map(|(_, unit)| unit.to_owned())
            };
            let units: BTreeSet<Option<String>> = figures.iter().map(unit).collect();
            assert_eq!(units.len(), 1, "{title}, column {column}: {said}");
        }
    }
}

#[test]
fn a_strategy_against_its_like_does_not_move() {
    let place = Place::new(MIXED);
    let like = "strategies.again={like=\"random\"}";
    let pair = ["why", "s.toml", "random", "again", "--set", like];
    let said = place.ok(&[&pair[..], &["--replications", "1"]].concat());
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

/// A row a replication, over the decisions for measured jobs; the page tells of it, and `why` finds the same.
#[test]
fn regret_is_recorded() {
    let place = Place::new(MIXED);
    place.ok(&[
        "run",
        "s.toml",
        "--out=out",
        "--record=jobs,decisions,regret",
    ]);
    let rows = |table: &str| -> Vec<BTreeMap<String, String>> {
        let path = place.path(&format!("out/{table}.csv"));
        let mut reader = csv::Reader::from_path(path).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    };
    let regret = rows("regret");
    assert_eq!(regret.len(), 2 * 3 * 3, "points, strategies, replications");
    let key = |row: &BTreeMap<String, String>| {
        ["point", "strategy", "replication", "class", "job"].map(|name| row[name].clone())
    };
    let jobs = rows("jobs");
    let measured = jobs.iter().filter(|row| row["measured"] == "true").map(key);
    let measured: BTreeSet<_> = measured.collect();
    let mut decisions: BTreeMap<[String; 3], u64> = BTreeMap::new();
    for [point, strategy, replication, class, job] in rows("decisions").iter().map(key) {
        let of = [point.clone(), strategy.clone(), replication.clone()];
        let counts = measured.contains(&[point, strategy, replication, class, job]);
        *decisions.entry(of).or_default() += u64::from(counts);
    }
    for row in &regret {
        let of = ["point", "strategy", "replication"].map(|name| row[name].clone());
        assert_eq!(row["decisions"], decisions[&of].to_string(), "{row:?}");
        let number = |name: &str| row[name].parse::<f64>().unwrap();
        let sizes = ["regret_mean", "regret_p99", "regret_max"].map(number);
        assert!(
            0.0 < sizes[0] && sizes[0] < sizes[1] && sizes[1] <= sizes[2],
            "{row:?}"
        );
        assert!((0.0..1.0).contains(&number("none_share")), "{row:?}");
    }
    let page = std::fs::read_to_string(place.path("out/report.html")).unwrap();
    assert!(page.contains("The regret of decisions"));
    let summary = rows("summary");
    for (metric, column) in [
        ("regret_mean", "regret_mean"),
        ("regret_p99", "regret_p99"),
        ("regret_max", "regret_max"),
        ("regret_none_share", "none_share"),
    ] {
        let figures = summary.iter().filter(|row| row["metric"] == metric);
        let figures: Vec<f64> = figures.map(|row| row["mean"].parse().unwrap()).collect();
        let mean = |rows: &[BTreeMap<String, String>]| {
            let values = rows.iter().map(|row| row[column].parse::<f64>().unwrap());
            values.sum::<f64>() / rows.len() as f64
        };
        let means: Vec<f64> = regret.chunks(3).map(mean).collect();
        assert_eq!(figures.len(), means.len(), "a figure a point and strategy");
        for (figure, mean) in figures.iter().zip(means) {
            assert!(
                (figure - mean).abs() <= 1e-9 * mean,
                "{metric}: {figure}, {mean}"
            );
        }
    }
    let told = place.ok(&["verify", "out"]);
    assert!(told.contains("summary.csv"), "{told}");
}

/// Without the recording the tables are as before, and who asks for it is told what is missing.
#[test]
fn regret_that_is_not_recorded_is_not_available() {
    let place = Place::new(MIXED);
    place.ok(&["run", "s.toml", "--out=out"]);
    let summary = std::fs::read_to_string(place.path("out/summary.csv")).unwrap();
    assert!(!summary.contains("regret_"));
    let args = ["run", "s.toml", "--out=asked", "--show=regret_mean"];
    place.ok(&args);
    let summary = std::fs::read_to_string(place.path("asked/summary.csv")).unwrap();
    assert!(summary.contains("not recorded: `--record regret` does"));
}

/// What viewers ask of trace events (Google, "Trace Event Format", 2016): which keys each kind has, times in
/// microseconds from 0 on, names of every track, and on each track slices in order that do not overlap.
#[test]
fn a_timeline_keeps_the_rules_of_trace_events() {
    let place = Place::new(MIXED);
    let args = [
        "timeline",
        "s.toml",
        "--strategy",
        "by-class",
        "--format",
        "json",
    ];
    let trace: serde_json::Value = serde_json::from_str(&place.ok(&args)).unwrap();
    assert_eq!(trace["displayTimeUnit"], "ms");
    let events = trace["traceEvents"].as_array().unwrap();
    let (mut named, mut used) = (BTreeSet::new(), BTreeSet::new());
    let (mut ends, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    for event in events {
        let number = |key: &str| {
            event[key]
                .as_f64()
                .unwrap_or_else(|| panic!("{key} of {event}"))
        };
        let track = (number("pid") as u64, event["tid"].as_u64());
        let phase = event["ph"].as_str().unwrap();
        assert!(!event["name"].as_str().unwrap().is_empty(), "{event}");
        *kinds.entry(phase).or_insert(0) += 1;
        if phase == "M" {
            assert!(event["args"]["name"].is_string(), "{event}");
            named.insert((event["name"].as_str().unwrap(), track));
            continue;
        }
        assert!(number("ts") >= 0.0, "{event}");
        match phase {
            "X" => {
                assert!(number("dur") >= 0.0 && event["cat"].is_string(), "{event}");
                used.insert(("thread_name", track));
            }
            "i" => {
                assert_eq!(event["s"], "t");
                used.insert(("thread_name", track));
            }
            "C" => {
                let counts = event["args"].as_object().unwrap();
                assert!(
                    counts.values().all(|count| count.as_f64() >= Some(0.0)),
                    "{event}"
                );
            }
            other => panic!("a phase {other}"),
        }
        // Half a nanosecond for the rounding of microseconds.
        let end = ends.entry((phase, track)).or_insert(0.0);
        assert!(number("ts") >= *end - 5e-4, "{event} begins before {end}");
        *end = number("ts") + event["dur"].as_f64().unwrap_or(0.0);
    }
    assert!(used.is_subset(&named), "tracks without a name");
    let kinds: Vec<&str> = kinds.into_keys().collect();
    assert_eq!(kinds, ["C", "M", "X", "i"]);
}

/// Failures, repairs, attempts that were lost, copies and thefts are instants on the tracks of their nodes.
#[test]
fn a_timeline_shows_what_befalls_nodes_and_attempts() {
    let place = Place::new(TROUBLED);
    for (strategy, expected) in [
        ("hedged", ["comes up", "copy", "failed", "goes down"]),
        ("asking", ["comes up", "copy", "failed", "goes down"]),
        ("stealing", ["comes up", "failed", "goes down", "stolen"]),
    ] {
        let args = [
            "timeline",
            "s.toml",
            "--strategy",
            strategy,
            "--format",
            "json",
        ];
        let trace: serde_json::Value = serde_json::from_str(&place.ok(&args)).unwrap();
        let events = trace["traceEvents"].as_array().unwrap().iter();
        let incidents = events.filter(|event| event["cat"] == "incident");
        let names = incidents.map(|event| event["name"].as_str().unwrap());
        let kinds: BTreeSet<&str> = names.map(|name| name.split(':').next().unwrap()).collect();
        assert_eq!(Vec::from_iter(kinds), expected);
    }
}

const TROUBLED: &str = r#"
title = "What befalls nodes and attempts"
run = { jobs = 60, warmup = "none", replications = 1 }
nodes.n.count = 3
jobs.j = { arrivals.poisson.rate = 2.5, work = "1s" }
scheduling.placement = "random"
strategies.hedged.copies.hedge.after = "1500ms"
strategies.asking = { placement.power-of-d.d = 2, view = "probe", copies.hedge.after = "1500ms" }
strategies.stealing.stealing.idle = {}

[faults]
events = [
    { at = "5s", nodes = "n[0]", change = "down" },
    { at = "8s", nodes = "n[0]", change = "up" },
]
node-failures.running = "lose"
retries.max-attempts = 3
"#;

#[test]
fn a_timeline_is_of_one_strategy() {
    let place = Place::new(MIXED);
    let output = place.call(&["timeline", "s.toml"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("--strategy NAME, of random, two-choices, by-class"),
        "{said}"
    );
    let alone = place.ok(&["timeline", "s.toml", "--strategies", "random"]);
    assert!(alone.starts_with("<svg"));
    let late = [
        "timeline",
        "s.toml",
        "--strategies",
        "random",
        "--from",
        "9h",
    ];
    let output = place.call(&late);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("hint: jobs arrive until "), "{said}");
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
