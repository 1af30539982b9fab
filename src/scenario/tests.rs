#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use super::*;
use crate::engine::law::Law;
use crate::engine::time::Time;
use crate::model::cluster::Speed;
use crate::sim::setup::Setup;
use crate::sim::setup::{Measure, Warmup};
use crate::strategy::{Binding, InFlight, Ties};
use crate::workload::class::Shape;
use crate::workload::source::Arrivals;

fn read_with(text: &str, sets: &[&str]) -> Result<Scenario, Report> {
    let files = Files::new(Path::new("tests/bad"), None);
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    read(text, "test.toml", &sets, &files)
}

fn good(text: &str) -> Scenario {
    read_with(text, &[]).unwrap_or_else(|report| panic!("{report}"))
}

fn same_setups(a: &Scenario, b: &Scenario) {
    assert_eq!(format!("{:?}", a.points), format!("{:?}", b.points));
}

fn rate(setup: &Setup, source: usize) -> f64 {
    match &setup.sources[source].arrivals {
        Arrivals::Renewal { interval } => 1.0 / interval.mean(),
        other => panic!("{other:?}"),
    }
}

fn close(a: f64, b: f64) {
    assert!((a / b - 1.0).abs() < 1e-12, "{a} against {b}");
}

/// The example of the design page without what is not built yet.
const GENERATIONS: &str = r#"
title = "Does matching resources pay on two machine generations?"
[run]
jobs = 100_000
warmup.jobs = 10_000
seed = 7
[nodes.gen1]
count = 60
resources = { cpu = 16, memory = "64 GiB" }
[nodes.gen2]
count = 40
speed = 1.25
resources = { cpu = 16, memory = "96 GiB" }
[network]
dispatch = "0.2ms"
result = "0.2ms"
[workload]
load = 0.8
[jobs.query]
arrivals = "poisson"
tasks = 10
work.exponential.mean = "10ms"
demand = { cpu = 1, memory = "2 GiB" }
gather.per-result = "2us"
slo = "200ms"
[faults]
stragglers.probability = 0.02
stragglers.factor.bounded-pareto = { shape = 1.5, min = 2.0, max = 20.0 }
[scheduling]
dispatchers = 10
decision-time = "5us"
[strategies.random]
placement = "random"
[strategies.least-loaded]
placement.least-loaded.by = "tasks"
[strategies.best-match]
placement.resource-match.score = "cosine"
[strategies.lazy]
like = "best-match"
dispatchers = 1
ties = "lowest-id"
[sweep]
workload.load = [0.5, 0.7, 0.8]
"#;

#[test]
fn a_scenario_is_read() {
    let scenario = good(GENERATIONS);
    assert_eq!(scenario.stem, "test");
    assert_eq!((scenario.replications, scenario.seed), (20, 7));
    assert_eq!(scenario.sweep, ["workload.load"]);
    let points = scenario.points.iter();
    let values: Vec<&str> = points.map(|point| point.values[0].as_str()).collect();
    assert_eq!(values, ["0.5", "0.7", "0.8"]);
    assert_eq!(scenario.compare.baseline, "random");
    let decide_on = scenario.compare.decide_on.iter();
    let decide_on: Vec<String> = decide_on.map(ToString::to_string).collect();
    assert_eq!(decide_on, ["response_p99", "response_mean"]);
    assert_eq!(scenario.classes, [("query".to_owned(), Some(0.2))]);
    assert!(scenario.warnings.diagnostics().is_empty());
}

#[test]
fn strategies_are_read() {
    let points = good(GENERATIONS).points;
    let strategy = |at: usize| &points[2].setups[at].strategy;
    assert_eq!(strategy(3).name, "lazy");
    assert_eq!(strategy(3).binding, Binding::Early);
    let parts = &strategy(3).parts[0];
    assert_eq!(
        (parts.dispatchers, parts.ties, parts.in_flight),
        (1, Ties::LowestId, InFlight::Counted)
    );
    assert_eq!(parts.decision_time, Law::Constant(5e-6));
    let same = &strategy(2).parts[0].placement;
    assert_eq!(format!("{:?}", parts.placement), format!("{same:?}"));
    assert_eq!(points[0].setups[0].strategy.parts[0].dispatchers, 10);
}

#[test]
fn what_is_simulated_is_read() {
    let setup = &good(GENERATIONS).points[2].setups[3];
    assert_eq!(setup.window.warmup, Warmup::Jobs(10_000));
    let (class, count) = (None, 100_000);
    assert_eq!(setup.window.measure, Measure::Jobs { class, count });
    assert!(!setup.window.finite);
    assert_eq!(setup.cluster.groups[1].speed, Speed::new(1.25));
    assert_eq!(
        setup.cluster.groups[0].capacity[0], None,
        "slots are unlimited where resources are given"
    );
    assert_eq!(setup.stragglers.as_ref().unwrap().probability, 0.02);
    assert_eq!(setup.network.dispatch, Law::Constant(0.2e-3));
    assert_eq!(setup.classes[0].slo, Some(Time::from_secs(0.2)));
}

/// cpu: 0.1 s a job of 60 x 16 + 40 x 1.25 x 16 = 1760; memory asks for less.
#[test]
fn load_is_that_of_the_busiest_resource() {
    let scenario = good(GENERATIONS);
    for (point, load) in scenario.points.iter().zip([0.5, 0.7, 0.8]) {
        close(rate(&point.setups[0], 0), load * 1760.0 / 0.1);
    }
    let heavy = GENERATIONS.replace("memory = \"2 GiB\"", "memory = \"20 GiB\"");
    close(
        rate(&good(&heavy).points[2].setups[0], 0),
        0.8 * (60.0 * 64.0 + 50.0 * 96.0) / (20.0 * 0.1),
    );
}

const TWO: &str = r#"
[run]
jobs = { b = 30_000 }
[nodes.n]
count = 10
resources = { cpu = 1, memory = 4 }
[workload]
load = 0.8
[jobs.a]
arrivals.poisson.rate = 1
job-work = "1s"
split = { into = 4, overhead = "100ms" }
demand.cpu = 0.5
[jobs.b]
arrivals.renewal.interval.uniform = { low = 0.0, high = 1.0 }
work.exponential.mean = "500ms"
overhead = "500ms"
demand = { cpu = 0.25, memory = 2 }
[strategies.s]
"#;

/// cpu: (1 x 1.4 x 0.5 + 2 x 1.0 x 0.25) / 10 = 0.12; memory: 2 x 1.0 x 2 / 40 = 0.1.
#[test]
fn classes_keep_their_mix() {
    let setup = good(TWO).points[0].setups[0].clone();
    close(rate(&setup, 0), 0.8 / 0.12);
    close(rate(&setup, 1), 2.0 * 0.8 / 0.12);
    assert!(matches!(
        setup.classes[0].stages[0].shape,
        Shape::Split { .. }
    ));
    assert_eq!(
        setup.window.measure,
        Measure::Jobs {
            class: Some(1),
            count: 30_000
        }
    );
    assert_eq!(
        setup.window.warmup,
        Warmup::Jobs(4_500),
        "a tenth of the window, jobs of `a` included"
    );
}

#[test]
fn a_class_may_have_a_load_of_its_own() {
    let text = TWO
        .replace("[workload]\nload = 0.8\n", "")
        .replace("poisson.rate = 1", "poisson.load = 0.3");
    let setup = good(&text).points[0].setups[0].clone();
    close(rate(&setup, 0), 0.3 * 10.0 / 0.7);
    close(rate(&setup, 1), 2.0);
}

/// 3 jobs over 20 s with 10 s of work on 10 nodes: load 0.05.
#[test]
fn a_trace_is_scaled_to_its_load() {
    let text = "[nodes.n]\ncount = 10\n[workload]\nload = 0.5\n[jobs.log]\n\
                arrivals.trace = { file = \"log.tr\", format = \"hawk\" }\n\
                classes = { by = \"mean-work\", short.below = \"2s\", long = {} }\n[strategies.s]\nfor.long.ties = \"lowest-id\"\n";
    let scenario = good(text);
    let setup = &scenario.points[0].setups[0];
    let Arrivals::Trace(plan) = &setup.sources[0].arrivals else {
        panic!()
    };
    close(plan.scale, 0.05 / 0.5);
    assert_eq!(
        setup
            .classes
            .iter()
            .map(|class| class.name.as_str())
            .collect::<Vec<_>>(),
        ["log.short", "log.long"]
    );
    assert_eq!(
        (setup.sources[0].first_class, setup.sources[0].classes),
        (0, 2)
    );
    assert_eq!(setup.strategy.parts_of_class, [0, 1]);
    assert_eq!(
        (
            setup.window.measure,
            setup.window.warmup,
            setup.window.finite
        ),
        (Measure::All, Warmup::None, true)
    );
    assert!(scenario.notes.iter().any(|note| note.contains("one trace")));
}

/// Arguments, and by what text of the file which other is replaced if that is written.
type AsIfWritten<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);

const WORK: &str = "work.exponential.mean = \"10ms\"";

const AS_IF_WRITTEN: [AsIfWritten<'_>; 8] = [
    (&["run.seed=8"], &[("seed = 7", "seed = 8")]),
    (
        &["run.until=2h", "run.warmup=none"],
        &[(
            "jobs = 100_000\nwarmup.jobs = 10_000",
            "until = \"2h\"\nwarmup = \"none\"",
        )],
    ),
    (&["jobs.query.work=20ms"], &[(WORK, "work = \"20ms\"")]),
    (
        &["jobs.query.work.uniform={low=1,high=2}"],
        &[(WORK, "work.uniform = { low = 1, high = 2 }")],
    ),
    (
        &["strategies.random.placement=round-robin"],
        &[("placement = \"random\"", "placement = \"round-robin\"")],
    ),
    (
        &["strategies.best-match.placement.power-of-d.d=3"],
        &[(
            "placement.resource-match.score = \"cosine\"",
            "placement.power-of-d.d = 3",
        )],
    ),
    (
        &["workload.load=0.6"],
        &[
            ("[sweep]\nworkload.load = [0.5, 0.7, 0.8]\n", ""),
            ("load = 0.8", "load = 0.6"),
        ],
    ),
    (
        &["sweep.workload.load=[0.6]"],
        &[("[0.5, 0.7, 0.8]", "[0.6]")],
    ),
];

/// `base` with arguments is `text`.
fn is_as_if_written(base: &str, sets: &[&str], text: &str) {
    let set = read_with(base, sets).unwrap_or_else(|report| panic!("{report}"));
    let written = good(&set.text);
    same_setups(&set, &good(text));
    same_setups(&set, &written);
    assert_eq!((&set.title, &set.sweep), (&written.title, &written.sweep));
}

/// An argument gives what the file would give, and replaces sibling forms.
#[test]
fn arguments_are_as_if_written() {
    for (sets, replacements) in AS_IF_WRITTEN {
        let mut text = GENERATIONS.to_owned();
        for (old, new) in replacements {
            assert!(text.contains(old), "{old}");
            text = text.replacen(old, new, 1);
        }
        is_as_if_written(GENERATIONS, sets, &text);
    }
}

/// What is not in the new table is left to its default.
#[test]
fn an_argument_replaces_a_whole_table() {
    let demand = "demand = { cpu = 1, memory = \"2 GiB\" }\n";
    let base = GENERATIONS.replace(demand, &format!("{demand}nodes = [\"gen1\"]\n"));
    let gen2 = "count = 40\nspeed = 1.25\nresources = { cpu = 16, memory = \"96 GiB\" }";
    let text = base.replace(gen2, "count = 3");
    is_as_if_written(&base, &["nodes.gen2={count=3}"], &text);
}

#[test]
fn a_sweep_is_a_grid_and_together_zips() {
    let text = GENERATIONS.replace(
        "workload.load = [0.5, 0.7, 0.8]",
        "\"run.jobs\" = [1_000, 2_000]\ntogether.size = { nodes.gen1.count = [6, 12], \"nodes.gen2.count\" = [4, 8] }",
    );
    let scenario = good(&text);
    assert_eq!(
        scenario.sweep,
        ["run.jobs", "nodes.gen1.count", "nodes.gen2.count"]
    );
    let values: Vec<String> = scenario
        .points
        .iter()
        .map(|point| point.values.join(" "))
        .collect();
    assert_eq!(values, ["1000 6 4", "1000 12 8", "2000 6 4", "2000 12 8"]);
    assert_eq!(scenario.points[1].setups[0].cluster.count(), 20);
}

#[test]
fn strategies_take_over_part_by_part() {
    let text = GENERATIONS.to_owned()
        + "[strategies.other]\nlike = \"lazy\"\nplacement.power-of-d.d = 4\nfor.query.dispatchers = 3\n\
               [strategies.more]\nlike = \"other\"\nplacement.power-of-d.by = \"work\"\nbinding = \"early\"\n";
    let text = text.replace("[sweep]\nworkload.load = [0.5, 0.7, 0.8]\n", "");
    let scenario = good(&text);
    let setups = &scenario.points[0].setups;
    assert_eq!(
        format!("{:?}", setups[4].strategy.parts[0].placement),
        "PowerOfD { d: 4, by: Tasks, replacement: false }"
    );
    assert_eq!(
        format!("{:?}", setups[5].strategy.parts[1].placement),
        "PowerOfD { d: 4, by: Work, replacement: false }"
    );
    assert_eq!(
        setups[5]
            .strategy
            .parts
            .iter()
            .map(|parts| parts.dispatchers)
            .collect::<Vec<_>>(),
        [1, 3]
    );
    assert_eq!(setups[5].strategy.parts_of_class, [1]);
    let parts: Vec<String> = scenario.strategies[5]
        .parts
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    assert_eq!(parts[0], "placement: power-of-d = { d = 4, by = \"work\" }");
    assert!(parts.contains(&"dispatchers: 1".to_owned()));
    assert_eq!(parts.last().unwrap(), "for.query: { dispatchers = 3 }");
}

/// Memory-heavy tasks fit on the 40 newer nodes only: those are asked for 4 x 80 GiB x 0.1 s of
/// 40 x 1.25 x 96 GiB.
#[test]
fn nodes_that_only_some_tasks_fit_on_are_forecast_apart() {
    let text = GENERATIONS.to_owned().replace(
        "[faults]",
        "[jobs.wide]\narrivals.poisson.rate = 4\nwork = \"100ms\"\ndemand = { cpu = 1, memory = \"80 GiB\" }\n[faults]",
    );
    let text = text
        .replace("[workload]\nload = 0.8\n", "")
        .replace("workload.load = [0.5, 0.7, 0.8]", "");
    let text = text.replace("arrivals = \"poisson\"", "arrivals.poisson.rate = 100");
    let forecast = forecast::forecast(&good(&text).points[0].setups[0]);
    let own = forecast
        .nodes
        .iter()
        .find(|used| used.of == "memory of gen2")
        .unwrap();
    let factor = Law::BoundedPareto {
        shape: 1.5,
        min: 2.0,
        max: 20.0,
    }
    .mean();
    close(
        own.share,
        4.0 * 80.0 * 0.1 / (40.0 * 1.25 * 96.0) * (0.98 + 0.02 * factor),
    );
    assert_eq!(own.key, "jobs.wide.demand");
}

/// 100 nodes at 10 tasks a job: 4 x 100 task interarrivals make 2,500 strata of 100,000 jobs.
#[test]
fn strata_follow_the_arrivals_within_bounds() {
    let setup = &good(GENERATIONS).points[2].setups[0];
    let window = 100_000.0 / 14_080.0;
    assert_eq!(setup.window.stratum, Time::from_secs(window / 2_500.0));
    let few = &read_with(GENERATIONS, &["run.jobs=1000"]).unwrap().points[2].setups[0];
    assert_eq!(
        few.window.stratum,
        Time::from_secs(1_000.0 / 14_080.0 / 1_000.0),
        "100 nodes can afford 1,000"
    );
    let many = &read_with(GENERATIONS, &["run.jobs=10_000_000"])
        .unwrap()
        .points[2]
        .setups[0];
    assert_eq!(
        many.window.stratum,
        Time::from_secs(10_000_000.0 / 14_080.0 / 4_000.0)
    );
}

#[test]
fn an_offered_load_of_1_is_doubted() {
    let scenario = read_with(GENERATIONS, &["workload.load=1.1"]).unwrap();
    let warnings: Vec<_> = scenario.warnings.warnings().collect();
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        warnings[0].title,
        "the offered load of cpu is 1.1: queues grow for ever"
    );
    assert_eq!(scenario.warnings.location(warnings[0]), "--set:1:15");
}

/// Who writes seconds for milliseconds is told.
#[test]
fn a_load_far_above_1_recalls_the_unit_of_times() {
    for (load, recalls) in [("9", false), ("750", true)] {
        let scenario = read_with(GENERATIONS, &[&format!("workload.load={load}")]).unwrap();
        let mut warnings = scenario.warnings.warnings();
        let is_told = warnings.any(|it| it.hint.contains("without a unit is in seconds"));
        assert_eq!(is_told, recalls, "{load}");
    }
}

#[test]
fn the_starter_passes_without_a_warning() {
    let scenario = good(starter());
    assert_eq!(scenario.warnings.diagnostics(), []);
    for setup in &scenario.points[0].setups {
        assert_eq!(forecast::forecast(setup).warnings, Vec::<String>::new());
    }
}

/// Decision 5 us x 10 tasks x 14,080 jobs a second over 10 dispatchers, gathering 2 us a result;
/// stragglers lengthen the work by 2 % of the mean factor less 1.
#[test]
fn forecasts_are_those_of_the_formulas() {
    let setup = &good(GENERATIONS).points[2].setups[0];
    let forecast = forecast::forecast(setup);
    close(forecast.dispatchers[0].share, 5e-6 * 140_800.0 / 10.0);
    close(forecast.gatherers[0].share, 2e-6 * 140_800.0 / 10.0);
    let factor = Law::BoundedPareto {
        shape: 1.5,
        min: 2.0,
        max: 20.0,
    }
    .mean();
    close(forecast.nodes[0].share, 0.8 * (0.98 + 0.02 * factor));
    assert_eq!((forecast.jobs, forecast.tasks), (110_000.0, 1_100_000.0));
    let slow = read_with(GENERATIONS, &["scheduling.decision-time=1ms"]).unwrap();
    let warnings = forecast::forecast(&slow.points[2].setups[0]).warnings;
    assert!(
        warnings[0].contains("strategies.random.dispatchers"),
        "{warnings:?}"
    );
}

/// Whatever piece of a file is missing, it is read or refused with messages, and none is empty.
#[test]
fn broken_files_are_refused_with_words() {
    for end in 0..GENERATIONS.len() {
        if let Err(report) = read_with(&GENERATIONS[..end], &[]) {
            assert!(
                report.errors().all(|error| !error.title.is_empty())
                    && !report.render(false).is_empty()
            );
        }
    }
    let lines: Vec<&str> = GENERATIONS.lines().collect();
    for left_out in 0..lines.len() {
        let text: String = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != left_out)
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        if let Err(report) = read_with(&text, &[]) {
            assert!(report.errors().count() > 0);
        }
    }
}

#[test]
fn every_key_has_a_meaning() {
    for key in keys(&Registry::standard(), "") {
        let plain = !key.path.contains("NAME.NAME") && key.path != "LAW";
        assert!(!key.meaning.is_empty() || !plain, "{key:?}");
        assert!(!key.value.is_empty(), "{key:?}");
    }
    let run: Vec<KeyInfo> = keys(&Registry::standard(), "run.seed");
    assert_eq!((run.len(), run[0].default.as_str()), (1, "1"));
}

/// Title, comments, spelling and defaults that are written out are no part of what a scenario is;
/// its points, seed and strategies are.
#[test]
fn a_scenario_is_what_it_resolves_to() {
    let identity = |sets: &[&str]| read_with(GENERATIONS, sets).unwrap().identity();
    let plain = identity(&[]);
    assert_eq!(good(&format!("# told\n{GENERATIONS}")).identity(), plain);
    let same = [
        "title=another",
        "run.drain=4",
        "run.replications=30",
        "nodes.gen1.slots=unlimited",
        "network.dispatch=200us",
        "jobs.query.tasks=10.0",
        "compare.margin=0.5",
    ];
    assert_eq!(identity(&same), plain);
    let others = [
        "run.seed=8",
        "nodes.gen1.count=61",
        "workload.load=0.6",
        "scheduling.ties=lowest-id",
    ];
    for other in others {
        assert_ne!(identity(&[other]), plain, "{other}");
    }
}

/// What a run is said to cost: of so many measured jobs, or of all if that is 0.
fn forecast_of(nodes: &str, jobs: &str, strategy: &str, measured: u32) -> forecast::Total {
    let run = match measured {
        0 => String::new(),
        _ => format!("jobs = {measured}"),
    };
    let text = format!(
        "[run]\n{run}\nreplications = 4\n[nodes.n]\n{nodes}\n{jobs}\n[strategies.s]\n{strategy}\n"
    );
    let scenario = read(&text, "s.toml", &[], &Files::default()).unwrap();
    let forecasts = vec![vec![forecast::forecast(&scenario.points[0].setups[0])]];
    forecast::Total::of(&forecasts, 4)
}

fn is_near(found: f64, measured: f64) {
    let ratio = found / measured;
    assert!((0.5..2.0).contains(&ratio), "{found} for {measured}");
}

const HALF_LOADED: &str = "[jobs.j]\narrivals.poisson.load = 0.5\nwork.exponential.mean = \"10ms\"";

/// Against what runs were measured to take (one thread, 1 to 3 GHz), within a factor of two.
#[test]
fn forecasts_of_time_count_what_costs() {
    let seconds = |nodes, jobs, strategy, count| forecast_of(nodes, jobs, strategy, count).seconds;
    is_near(seconds("count = 10", HALF_LOADED, "", 1_000_000), 0.95);
    let cpu = "count = 2000\nresources.cpu = 4";
    let jobs = format!("{HALF_LOADED}\ndemand.cpu = 1");
    let tetris = "placement.resource-match.score = \"tetris\"";
    is_near(seconds(cpu, &jobs, tetris, 100_000), 53.0);
    let best_fit = "placement = \"best-fit\"";
    is_near(seconds(cpu, &jobs, best_fit, 100_000), 0.85);
    let many = "placement.power-of-d.d = 1000";
    assert!(seconds("count = 2000", HALF_LOADED, many, 100_000) > 20.0);
}

/// The same of memory.
#[test]
fn forecasts_of_memory_count_what_costs() {
    let bytes = |nodes, jobs, count| forecast_of(nodes, jobs, "", count).bytes.0;
    let batch = "[jobs.j]\narrivals.batch = { jobs = 1 }\ntasks = 3_000_000\nwork = \"1s\"";
    is_near(bytes("count = 100", batch, 0), 1.035e9);
    is_near(bytes("count = 1_000_000", HALF_LOADED, 10_000), 176e6);
}

/// Parts of a job's work, and those of a trace, are what they are.
#[test]
fn only_what_is_drawn_task_by_task_is_drawn_anew() {
    let read = |jobs: &str, more: &str| {
        let text = format!(
            "run.jobs = 10\nnodes.n = {{ count = 2 }}\n[jobs.j]\narrivals.poisson.load = 0.5\n{jobs}\n{more}"
        );
        read_with(&text, &[])
    };
    let tasks = "tasks = 2\nwork = \"1s\"";
    let parts = "job-work = \"2s\"\nsplit.into = 2";
    for more in [
        "[strategies.s]\ncopies.redundancy.work = \"fresh\"",
        "[strategies.s]\ncopies.hedge = { after = \"1s\", work = \"fresh\" }",
        "[faults.retries]\nmax-attempts = 2\nwork = \"fresh\"\n[strategies.s]",
    ] {
        assert!(read(tasks, more).is_ok(), "{more}");
        let report = read(parts, more).unwrap_err().to_string();
        let title = "the work of `j` is not drawn task by task";
        assert!(report.contains(title), "{report}");
    }
}

/// A load is that of a long time, whatever the rates do meanwhile.
#[test]
fn changing_rates_have_a_load() {
    let text = |arrivals: &str| {
        format!(
            "run.jobs = 10\nrun.warmup.jobs = 1\n[nodes.n]\ncount = 4\n[jobs.j]\n{arrivals}\nwork = \"2s\"\n[strategies.s]\nplacement = \"random\"\n"
        )
    };
    for (arrivals, peak) in [
        (
            "arrivals.mmpp = { rates = [1, 10], sojourn = [9, 1], load = 0.5 }",
            10.0 / 1.9,
        ),
        ("arrivals.diurnal.load = 0.5", 1.5),
        (
            "arrivals.diurnal = { amplitude = 1, load = 0.5, period = 60 }",
            2.0,
        ),
        (
            "arrivals.diurnal = { table = [{ at = 0, rate = 3 }, { at = 45, rate = 7 }], load = 0.5, period = 60 }",
            7.0 / 4.0,
        ),
    ] {
        let scenario = good(&text(arrivals));
        let setup = &scenario.points[0].setups[0];
        close(setup.sources[0].arrivals.rate().unwrap(), 1.0);
        close(setup.sources[0].arrivals.peak(), peak);
        assert!(
            scenario.notes.iter().any(|note| note.contains("peak")),
            "{arrivals}"
        );
    }
}
