//! Small scenarios of which the tables once said something wrong, or said it too surely.
#![allow(clippy::unwrap_used, clippy::panic)]

use equipoise::results::{Agreement, Results, Status, Summary, Verdict};

use crate::scenarios::{read_text, run};
use crate::tool::Place;

fn results(text: &str) -> Results {
    let scenario = read_text(text, "small.toml", &[]);
    run(&scenario.unwrap_or_else(|report| panic!("{report}")))
}

fn figure<'a>(results: &'a Results, strategy: usize, metric: &str) -> &'a Summary {
    results.cells[0][strategy].find("all", metric).unwrap()
}

/// Statuses of a metric by strategy.
fn statuses(results: &Results, metric: &str) -> Vec<Status> {
    let strategies = 0..results.cells[0].len();
    strategies
        .map(|strategy| figure(results, strategy, metric).status)
        .collect()
}

/// The tail of M/M/1 at load 0.95 was 16 % too low, with a narrow interval and `ok`.
#[test]
fn a_tail_that_was_hardly_seen_is_thin() {
    let results = results(
        "[run]\njobs = 20_000\nreplications = 20\n[nodes.n]\ncount = 1\n[jobs.j]\n\
        arrivals.poisson.load = 0.95\nwork.exponential.mean = 1\n[strategies.s]\nplacement = \"random\"\n",
    );
    for metric in ["response_p99", "response_p999"] {
        let figure = figure(&results, 0, metric);
        assert_eq!(
            (figure.status, figure.ci_low),
            (Status::Thin, None),
            "{figure:?}"
        );
        assert!(figure.note.contains("run.jobs = ") && figure.note.contains("run.replications = "));
    }
    assert_eq!(figure(&results, 0, "response_p50").status, Status::Ok);
}

/// Two works alone: the median was 10.0024 ms, the p95 0.9998 s, and the curve one dot.
#[test]
fn atoms_are_exact_and_a_level_has_two_ends() {
    let results = results(
        "[run]\njobs = 5_000\nwarmup.jobs = 100\nreplications = 5\n[nodes.n]\nslots = \"unlimited\"\n[jobs.j]\n\
        arrivals.poisson.rate = 10\nwork.discrete = { values = [\"10ms\", \"1s\"], weights = [0.9, 0.1] }\n\
        slo = \"10ms\"\n[strategies.s]\nplacement = \"random\"\n",
    );
    let told = |metric| {
        let figure = figure(&results, 0, metric);
        (figure.mean, figure.ci_low, figure.ci_high)
    };
    assert_eq!(told("response_p50"), (Some(0.01), Some(0.01), Some(0.01)));
    assert_eq!(told("response_p95"), (Some(1.0), Some(1.0), Some(1.0)));
    let curve: Vec<(f64, u64)> = results.cells[0][0]
        .ccdf("all")
        .iter()
        .map(|row| (row.response, row.jobs_above))
        .collect();
    let slow = curve[1].1;
    assert_eq!(curve, [(0.01, 25_000), (0.01, slow), (1.0, slow)]);
    assert!((2_300..2_700).contains(&slow), "{slow}");
}

/// Stable at 85 % of every pod, and called unstable after some simulated seconds.
#[test]
fn a_short_run_is_growing_and_not_unstable() {
    let text = |warmup: &str| {
        format!(
            "[run]\njobs = 20_000\n{warmup}replications = 3\n[nodes.pod]\ncount = 20\nslots = 8\n[jobs.api]\n\
            arrivals.poisson.load = 0.85\nwork.lognormal = {{ mean = \"30ms\", cv = 3 }}\n\
            [strategies.in-turn]\nplacement = \"round-robin\"\n[strategies.least]\nplacement = \"least-loaded\"\n"
        )
    };
    let short = results(&text("warmup.jobs = 2_000\n"));
    assert_eq!(statuses(&short, "response_p50")[0], Status::Growing);
    let note = &figure(&short, 0, "response_p50").note;
    assert!(
        note.contains("load 0.850; warmup.jobs = 18_000 or run.jobs = 89_000"),
        "{note}"
    );
    assert_eq!(
        statuses(&results(&text("")), "response_p50"),
        [Status::Ok, Status::Ok]
    );
    // Means of so heavy a law need 97,000 draws.
    assert_eq!(statuses(&short, "response_mean")[0], Status::Heavy);
}

/// 112 % on one group: finite means with one replication, and no warning.
#[test]
fn an_overloaded_group_is_unstable_by_load_alone() {
    let results = results(
        "[run]\njobs = 2_000\nreplications = 1\n[nodes.m5]\ncount = 4\nslots = 8\n[nodes.m7]\ncount = 16\n\
        slots = 8\nspeed = 1.4\n[jobs.api]\narrivals.poisson.rate = 6000\nwork.exponential.mean = \"30ms\"\n\
        [strategies.in-turn]\nplacement = \"round-robin\"\n[strategies.two]\nplacement.power-of-d.d = 2\n\
        [compare]\ndecide-on = [\"response_p90\"]\n",
    );
    let over = figure(&results, 0, "response_p90");
    assert_eq!((over.status, over.mean), (Status::Unstable, None));
    assert!(
        over.note.contains("slots of nodes.m5 is 1.12"),
        "{}",
        over.note
    );
    assert!(
        results
            .meta
            .warnings
            .iter()
            .any(|warning| warning.contains("nodes.m5"))
    );
    assert_ne!(figure(&results, 1, "response_p90").status, Status::Unstable);
    // That only the baseline is unstable is a word of its own.
    assert_eq!(results.comparisons[0].verdict, Verdict::Stable);
}

/// 99.3 % against 99.2 % attained was "equivalent" at a margin of 2 %: a fifth more misses.
#[test]
fn the_margin_of_a_share_is_of_what_missed() {
    let results = results(
        "[run]\njobs = 20_000\nreplications = 10\n[nodes.pod]\ncount = 20\nslots = 8\n[jobs.api]\n\
        arrivals.poisson.load = 0.7\nwork.exponential.mean = \"30ms\"\nslo = \"150ms\"\n\
        [strategies.least]\nplacement = \"least-loaded\"\n[strategies.random]\nplacement = \"random\"\n\
        [compare]\ndecide-on = [\"slo_attained\"]\n",
    );
    let row = &results.comparisons[0];
    assert_eq!(row.verdict, Verdict::Worse, "{row:?}");
    let (mine, other) = (row.mean.unwrap(), row.baseline_mean.unwrap());
    let ratio = (1.0 - mine) / (1.0 - other) - 1.0;
    assert!(
        (row.relative.unwrap() / ratio - 1.0).abs() < 1e-6 && ratio > 0.1,
        "{row:?}"
    );
    assert!(
        row.difference.unwrap() < 0.0 && row.ci_high.unwrap() < 0.0,
        "{row:?}"
    );
}

/// "87 % lower [21, 154]", and intervals of means whose error nobody can know.
#[test]
fn no_interval_of_a_ratio_reaches_nothing_and_heavy_tails_have_none() {
    let results = results(
        "[run]\njobs = 4_000\nreplications = 3\n[nodes.n]\ncount = 10\n[jobs.j]\narrivals.poisson.load = 0.9\n\
        work.lognormal = { mean = \"10ms\", cv = 3 }\n[strategies.random]\nplacement = \"random\"\n\
        [strategies.least]\nplacement = \"least-loaded\"\n[compare]\ndecide-on = [\"response_p50\", \"response_mean\"]\n",
    );
    for row in &results.comparisons {
        assert!(row.relative_low.is_none_or(|low| low > -1.0), "{row:?}");
    }
    assert_eq!(statuses(&results, "response_mean"), [Status::Heavy; 2]);
    assert_eq!(results.comparisons[1].verdict, Verdict::NotAvailable);
    let note = &figure(&results, 0, "response_mean").note;
    assert!(note.contains("run.jobs = 33_000"), "{note}");
}

/// A quantile of too few jobs was inconclusive, and 17 replications were to settle it.
#[test]
fn what_is_not_there_is_not_inconclusive() {
    let results = results(
        "[run]\njobs = 500\nreplications = 5\n[nodes.n]\ncount = 4\n[jobs.j]\narrivals.poisson.load = 0.5\n\
        work.exponential.mean = 1\n[strategies.a]\nplacement = \"least-loaded\"\n\
        [strategies.b]\nplacement.power-of-d.d = 2\n[compare]\ndecide-on = [\"response_p99\"]\n",
    );
    let row = &results.comparisons[0];
    assert_eq!(
        (row.verdict, row.replications_needed),
        (Verdict::NotAvailable, None)
    );
    let note = &figure(&results, 0, "response_p99").note;
    assert!(note.contains("run.jobs = 1_000"), "{note}");
}

/// No finite third moment of the work: its mean wait has no interval at any length, its median has.
#[test]
fn infinite_moments_are_known_before_the_run() {
    let results = results(
        "[run]\njobs = 5_000\nreplications = 5\n[nodes.n]\ncount = 1\n[jobs.j]\narrivals.poisson.load = 0.5\n\
        work.pareto = { shape = 2.5, min = 0.6 }\n[strategies.s]\nplacement = \"random\"\n",
    );
    let mean = figure(&results, 0, "response_mean");
    assert_eq!((mean.status, mean.ci_low), (Status::Heavy, None));
    assert!(
        mean.note.contains("no run length") && mean.note.contains("p50"),
        "{}",
        mean.note
    );
    assert_eq!(figure(&results, 0, "response_p50").status, Status::Ok);
}

/// Half of the works are 10 ms, the others 1 s: which of them the median is, is luck.
#[test]
fn a_quantile_at_the_edge_of_a_value_is_thin() {
    let results = results(
        "[run]\nseed = 2\njobs = 5_000\nwarmup.jobs = 100\nreplications = 20\n[nodes.n]\nslots = \"unlimited\"\n[jobs.j]\n\
        arrivals.poisson.rate = 10\nwork.discrete = { values = [\"10ms\", \"1s\"], weights = [0.5, 0.5] }\n\
        [strategies.s]\nplacement = \"random\"\n",
    );
    let median = figure(&results, 0, "response_p50");
    assert_eq!((median.status, median.ci_low), (Status::Thin, None));
    assert!(
        median.note.contains("may as well be the next one") && median.note.contains("run.jobs"),
        "{median:?}"
    );
    assert_eq!(figure(&results, 0, "response_p90").status, Status::Ok);
}

/// A thousand servers at 98.4 %: slots still filled after 60,000 jobs, and the tail of waits came out
/// at 0.150 s instead of 0.248 s (Erlang C).
#[test]
fn slots_that_still_fill_make_a_figure_growing() {
    let results = results(
        "[run]\njobs = 150_000\nwarmup.jobs = 60_000\nreplications = 1\n[nodes.n]\ncount = 10\nslots = 100\n\
        [jobs.j]\narrivals.poisson.rate = 984.1886116991581\nwork.exponential.mean = \"1s\"\n\
        [strategies.cq]\nbinding = \"central-queue\"\n",
    );
    let tail = figure(&results, 0, "wait_p99");
    assert_eq!(tail.status, Status::Growing);
    assert!(tail.note.contains("warmup.jobs = 320_000"), "{}", tail.note);
}

/// Without a warm-up, and stable at 80 % and at 95 %.
#[test]
fn a_run_without_warmup_is_growing_where_that_matters() {
    let run = |warmup: &str, jobs: u32, count: u32, load: f64| {
        results(&format!(
            "[run]\njobs = {jobs}\n{warmup}replications = 20\nseed = 1\n[nodes.n]\ncount = {count}\n[jobs.j]\n\
            arrivals.poisson.load = {load}\nwork.exponential.mean = 1\n[strategies.random]\nplacement = \"random\"\n\
            [strategies.two]\nplacement = \"power-of-d\"\n[strategies.least]\nplacement = \"least-loaded\"\n"
        ))
    };
    let without = "warmup = \"none\"\n";
    assert_eq!(
        statuses(&run(without, 2_000, 1, 0.95), "response_p50"),
        [Status::Growing; 3]
    );
    let short = statuses(&run(without, 1_000, 10, 0.8), "response_p50");
    assert!(!short.contains(&Status::Unstable), "{short:?}");
    assert_eq!(short[0], Status::Growing);
    let warm = statuses(&run("", 1_000, 10, 0.8), "response_p50");
    assert!(!warm.contains(&Status::Unstable), "{warm:?}");
}

/// Constant works on four nodes at half load: most jobs take just 1 s.
#[test]
fn a_constant_work_gives_its_own_quantile() {
    let results = results(
        "[run]\njobs = 20_000\nwarmup.jobs = 2_000\nreplications = 3\n[nodes.n]\ncount = 4\n[jobs.j]\n\
        arrivals.poisson.rate = 2\nwork = \"1s\"\nslo = \"1s\"\n[strategies.cq]\nbinding = \"central-queue\"\n",
    );
    // Some that waited for less than a millisecond are in the bucket of those that did not.
    let median = figure(&results, 0, "response_p50").mean.unwrap();
    assert!((median - 1.0).abs() < 2e-4, "{median}");
}

/// What the sweep changes is not the same for all.
#[test]
fn a_swept_part_is_not_called_the_same_for_all() {
    let results = results(
        "[run]\njobs = 200\nreplications = 2\n[nodes.n]\ncount = 4\n[jobs.j]\narrivals.poisson.load = 0.5\n\
        work.exponential.mean = 1\n[strategies.a]\n[strategies.b]\nplacement = \"round-robin\"\n\
        [sweep]\nscheduling.view.periodic.every = [\"1s\", \"10s\"]\n",
    );
    let same = &results.meta.same_for_all;
    assert!(
        same.iter().any(|said| said.starts_with("dispatchers: ")),
        "{same:?}"
    );
    assert!(
        !same.iter().any(|said| said.starts_with("view: ")),
        "{same:?}"
    );
}

/// 8,640,000,000,000,001 ns became ...002, and half of 1,000,000,001 ns was rounded twice.
#[test]
fn whole_nanoseconds_stay_exact_from_trace_to_table() {
    for (work, speed, took) in [
        (8_640_000_000_000_001u64, 1, 8_640_000_000_000_001u64),
        (1_000_000_001, 2, 500_000_000), // half to even
        (1_000_000_003, 2, 500_000_002),
    ] {
        let place = Place::new(&format!(
            "[run]\nreplications = 1\n[nodes.a]\nspeed = {speed}\n[jobs.j]\narrivals.trace = {{ file = \"a.csv\", \
            format = \"csv\", columns = {{ arrival = \"t\", work = \"w\" }}, unit = \"ns\" }}\n[strategies.r]\n"
        ));
        place.write("a.csv", format!("t,w\n0,{work}\n"));
        place.ok(&["run", "s.toml", "--out=out", "--record=tasks"]);
        let rows = std::fs::read_to_string(place.path("out/tasks.csv")).unwrap();
        let [keys, row] = [0, 1].map(|line| rows.lines().nth(line).unwrap().split(','));
        let value = |name| {
            let at = keys.clone().position(|key| key == name).unwrap();
            row.clone().nth(at).unwrap().parse::<u64>().unwrap()
        };
        let times = (value("work_ns"), value("finish_ns") - value("start_ns"));
        assert_eq!(times, (work, took));
        place.ok(&["run", "s.toml", "--out=direct", "--engine=direct"]);
        let max = place.summary("direct").mean("r", "all", "response_max");
        assert_eq!(max, took as f64 / 1e9);
    }
}

/// Forty sidecars looked as good as one proxy, as each saw everything: `check` says so, and a view of
/// their own makes them as bad as they are.
#[test]
fn many_dispatchers_know_only_what_their_view_shows() {
    let text = |view: &str| {
        format!(
            "[run]\njobs = 20_000\nreplications = 4\n[nodes.pod]\ncount = 20\n[network]\ndispatch = \"0.3ms\"\n\
            [jobs.j]\narrivals.poisson.load = 0.85\nwork.exponential.mean = \"30ms\"\n\
            [strategies.one]\nplacement = \"least-loaded\"\n\
            [strategies.forty]\nplacement = \"least-loaded\"\ndispatchers = 40\n{view}"
        )
    };
    let told = Place::new(&text("")).ok(&["check", "s.toml"]);
    assert!(
        told.contains("each of 40 dispatchers sees the true state of all nodes"),
        "{told}"
    );
    for (view, is_worse) in [("", false), ("view = \"local\"\n", true)] {
        let results = results(&text(view));
        let [one, forty] = [0, 1].map(|strategy| figure(&results, strategy, "response_mean").mean);
        assert_eq!(forty.unwrap() > 1.5 * one.unwrap(), is_worse, "{view}");
    }
}

/// Machines whose memory cannot be filled by the demands asked for are full below load 1: what has no
/// steady state there is not given one.
#[test]
fn what_cannot_be_packed_has_no_steady_state() {
    let results = results(
        "[run]\njobs = 12_000\nreplications = 4\n[nodes.m]\ncount = 10\nresources = { memory = \"32 GiB\" }\n\
        [workload]\nload = 0.85\n[jobs.ml]\narrivals.poisson.rate = 2\nwork.exponential.mean = \"30min\"\n\
        demand = { memory = \"24 GiB\" }\n[strategies.pack]\nplacement = \"best-fit\"\n\
        [strategies.queue]\nbinding = \"central-queue\"\n",
    );
    let statuses = statuses(&results, "response_mean");
    assert_eq!(statuses, [Status::Unstable; 2]);
}

/// Idle nodes alone are known, so unlike ones get equal shares of the rest: the small ones are full long
/// before all are, which the load of all does not tell. What piles up there has no mean.
#[test]
fn what_piles_up_at_a_part_of_the_nodes_has_no_interval() {
    let results = results(
        "[run]\njobs = 5_000\nreplications = 5\n[nodes.small]\ncount = 10\nslots = 4\n[nodes.large]\ncount = 5\n\
        slots = 16\n[workload]\nload = 0.9\n[jobs.checkout]\narrivals.poisson.rate = 3\n\
        work.exponential.mean = \"10ms\"\n[jobs.search]\narrivals.poisson.rate = 1\ntasks = 8\n\
        work.lognormal = { mean = \"20ms\", cv = 2 }\n[strategies.two]\nplacement.power-of-d.d = 2\n\
        [strategies.idle]\nplacement = \"join-idle-queue\"\n[strategies.delay]\nplacement = \"shortest-expected-delay\"\n",
    );
    let idle = figure(&results, 1, "response_mean");
    assert!(
        matches!(idle.status, Status::Growing | Status::Unstable) && idle.ci_low.is_none(),
        "{idle:?}"
    );
    assert_eq!(figure(&results, 2, "response_mean").status, Status::Ok);
    let theory = &results.theory;
    assert!(theory.iter().all(|row| row.agreement != Agreement::Differs));
    let mut lows = results
        .comparisons
        .iter()
        .filter_map(|row| row.relative_low);
    assert!(lows.all(|low| low > -1.0));
}
