//! How often a 95 % interval holds the truth.
//!
//! An experiment is a whole run of a scenario, through the code that `equipoise run` takes, with a
//! seed of its own; its interval is the one that `summary.csv` or `comparisons.csv` would show.
//!
//! ```text
//! cargo test --test it coverage                                        300 experiments at load 0.8
//! cargo test --release --test it coverage -- --ignored --nocapture     all, and writes the table
//! ```
//!
//! Lengths follow from how slowly a queue forgets, not from what came out. A queue M/M/1 of load r
//! and mean work 1 has the relaxation time 1 / (1 - sqrt r)^2 (Cohen, 1982), in which r times as
//! many jobs arrive. Over K relaxation times the mean of a replication has a skewness of about
//! 7.5 / sqrt K (third cumulant over asymptotic variance^1.5 of reflected Brownian motion: 3.75 T
//! over (T / 2)^1.5 with K = T / 2), and the coverage of a Student interval over n replications falls
//! by about 0.25 skewness^2 / n (Hall, 1992, section 2.6, for 95 %). To lose less than half a point
//! with n = 20, K has to be at least 150. A tenth as much again is left out as warm-up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write;

use equipoise::experiment::results::Results;
use equipoise::stats::estimate;

use crate::scenarios::{read_text, run};

const TABLE: &str = "output/gallery/coverage.md";
/// Of each case in the table.
const EXPERIMENTS: u64 = 2_000;
/// Seeds of the runs for the truth; those of experiments are far below.
const TRUTH_SEED: u64 = 900_000_000;

/// A figure's interval; none where the figure is not told.
type Interval = Option<(f64, f64)>;

/// Scenarios of one shape, and what their intervals should hold.
struct Case {
    model: &'static str,
    figure: &'static str,
    nodes: u32,
    load: f64,
    /// Measured jobs of a replication.
    jobs: u32,
    strategies: &'static str,
    intervals: fn(&Results) -> Vec<Interval>,
    truths: fn(&Case) -> Vec<Truth>,
    /// Shares allowed, in percent.
    allowed: Option<(f64, f64)>,
}

struct Truth {
    value: f64,
    standard_error: f64,
}

/// Where the truth of an experiment was.
enum Found {
    Inside,
    Below,
    Above,
    Untold,
}

/// What became of the experiments of a case.
#[derive(Default)]
struct Tally {
    inside: u64,
    below: u64,
    above: u64,
    untold: u64,
    /// Sum of the half-widths of the first interval.
    half_widths: f64,
}

const RANDOM: &str = "[strategies.random]\nplacement = \"random\"\n";
const TWO_CHOICES: &str = "[strategies.two-choices]\nplacement = \"power-of-d\"\n";
const THREE: &str = "[strategies.random]\nplacement = \"random\"\n\
    [strategies.round-robin]\nplacement = \"round-robin\"\n\
    [strategies.shared-queue]\nbinding = \"central-queue\"\n\
    [compare]\nbaseline = \"random\"\ndecide-on = [\"response_mean\"]\n";

impl Case {
    fn run(&self, seed: u64, sets: &[&str]) -> Results {
        let Case { nodes, load, .. } = self;
        let (jobs, warmup) = (self.jobs, self.jobs / 10);
        let text = format!(
            "[run]\njobs = {jobs}\nwarmup.jobs = {warmup}\nreplications = 20\nseed = {seed}\n\
            [nodes.node]\ncount = {nodes}\n[workload]\nload = {load}\n\
            [jobs.job]\narrivals = \"poisson\"\nwork.exponential.mean = 1.0\n{}",
            self.strategies
        );
        let scenario = read_text(&text, "coverage.toml", sets);
        run(&scenario.unwrap_or_else(|report| panic!("{report}")))
    }

    fn tally(&self, experiments: u64, first_seed: u64, truths: &[Truth]) -> Tally {
        let mut tally = Tally::default();
        for seed in first_seed..first_seed + experiments {
            let intervals = (self.intervals)(&self.run(seed, &[]));
            assert_eq!(intervals.len(), truths.len());
            tally.count(&intervals, truths);
        }
        tally
    }
}

impl Tally {
    /// Counts an experiment by its first interval that does not hold its truth, if there is one.
    fn count(&mut self, intervals: &[Interval], truths: &[Truth]) {
        let found = intervals.iter().zip(truths).map(|(i, t)| find(*i, t.value));
        let missed = found.into_iter().find(|f| !matches!(f, Found::Inside));
        match missed.unwrap_or(Found::Inside) {
            Found::Inside => self.inside += 1,
            Found::Below => self.below += 1,
            Found::Above => self.above += 1,
            Found::Untold => self.untold += 1,
        }
        self.half_widths += intervals[0].map_or(0.0, |(low, high)| (high - low) / 2.0);
    }

    fn experiments(&self) -> u64 {
        self.inside + self.below + self.above + self.untold
    }

    fn percent(&self) -> f64 {
        100.0 * self.inside as f64 / self.experiments() as f64
    }

    fn half_width(&self) -> f64 {
        self.half_widths / (self.experiments() - self.untold) as f64
    }

    /// 95 % interval of the share, in percent (Wilson, 1927).
    fn binomial(&self) -> (f64, f64) {
        let (n, z2) = (self.experiments() as f64, 1.96f64.powi(2));
        let p = self.inside as f64 / n;
        let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = (z2 * (p * (1.0 - p) / n + z2 / (4.0 * n * n))).sqrt() / (1.0 + z2 / n);
        (100.0 * (middle - half), 100.0 * (middle + half))
    }
}

fn find(interval: Interval, truth: f64) -> Found {
    match interval {
        Some((low, _)) if truth < low => Found::Below,
        Some((_, high)) if truth > high => Found::Above,
        Some(_) => Found::Inside,
        None => Found::Untold,
    }
}

fn summary(results: &Results, metric: &str) -> Vec<Interval> {
    let mut rows = results.summary.iter();
    let row = rows.find(|row| row.class == "all" && row.metric == metric);
    let row = row.unwrap();
    vec![row.ci_low.zip(row.ci_high)]
}

fn differences(results: &Results) -> Vec<Interval> {
    let rows = results.comparisons.iter();
    rows.map(|row| row.ci_low.zip(row.ci_high)).collect()
}

fn exact(value: f64) -> Truth {
    Truth {
        value,
        standard_error: 0.0,
    }
}

/// Mean response of M/M/1.
fn mm1(load: f64) -> f64 {
    1.0 / (1.0 - load)
}

/// Mean response of M/M/2 (Erlang C).
fn mm2(load: f64) -> f64 {
    1.0 / (1.0 - load * load)
}

/// Mean response of round robin over two nodes, that is of E2/M/1: 1 / (1 - s), where s is the root
/// below 1 of s = (a / (a + 1 - s))^2 with a arrivals in a mean work.
fn round_robin(load: f64) -> f64 {
    let a = 2.0 * load;
    let s = (2.0 * a + 1.0 - (4.0 * a + 1.0).sqrt()) / 2.0;
    1.0 / (1.0 - s)
}

fn queue(load: f64, jobs: u32, allowed: Option<(f64, f64)>) -> Case {
    Case {
        model: "M/M/1",
        figure: "mean response",
        nodes: 1,
        load,
        jobs,
        strategies: RANDOM,
        intervals: |results| summary(results, "response_mean"),
        truths: |case| vec![exact(mm1(case.load))],
        allowed,
    }
}

/// The p99 of replications 25 times as long, whose own bias is a 25th.
fn long_run(case: &Case) -> Vec<Truth> {
    let jobs = 25 * case.jobs;
    let sets = [
        format!("run.jobs={jobs}"),
        format!("run.warmup.jobs={}", case.jobs),
        "run.replications=200".to_owned(),
    ];
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    let results = case.run(TRUTH_SEED, &sets);
    let rows = results.replications.iter();
    let rows = rows.filter(|row| row.class == "all" && row.metric == "response_p99");
    let values: Vec<f64> = rows.map(|row| row.value.unwrap()).collect();
    let estimate = estimate(&values, 0.95).unwrap();
    assert_eq!(estimate.n, 200);
    vec![Truth {
        value: estimate.mean,
        standard_error: estimate.standard_error().unwrap(),
    }]
}

fn two_choices(jobs: u32, allowed: Option<(f64, f64)>) -> Case {
    Case {
        model: "two choices of 10 nodes",
        figure: "p99 of the response",
        nodes: 10,
        load: 0.8,
        jobs,
        strategies: TWO_CHOICES,
        intervals: |results| summary(results, "response_p99"),
        truths: long_run,
        allowed,
    }
}

#[test]
fn intervals_hold_the_truth() {
    let case = queue(0.8, 10_000, Some((91.0, 98.5)));
    let tally = case.tally(300, 1, &(case.truths)(&case));
    let (least, most) = case.allowed.unwrap();
    let percent = tally.percent();
    assert!((least..=most).contains(&percent), "{percent} %");
}

#[test]
fn pilot_speed() {
    for case in [queue(0.5, 10_000, None), queue(0.9, 60_000, None), two_choices(40_000, None)] {
        let t = std::time::Instant::now();
        let n = 20;
        let truths = [exact(mm1(case.load))];
        let tally = case.tally(n, 77_000_000, &truths);
        eprintln!("{} {} {} {:?} hw {}", case.model, case.load, case.jobs, t.elapsed() / n as u32, tally.half_width());
    }
}
