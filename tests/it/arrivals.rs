//! Arrivals whose rate changes, and clients that wait for their jobs: against closed formulas, against
//! numbers worked by hand, and against what must hold under every strategy.

use std::collections::BTreeMap;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::figures::Figures;
use equipoise::metrics::jobs::Blame;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::run;
use equipoise::sim::setup::{Measure, Setup, Warmup};
use equipoise::strategy::{Binding, Parts};
use equipoise::theory::{known, machine_repair};
use equipoise::workload::class::Class;
use equipoise::workload::source::{Arrivals, Clients, Phases, RatePhase, Wave};

use crate::common::{group, placement};

fn exponential(mean: f64) -> Law {
    Law::Exponential { mean }
}

/// What was recorded of jobs: class, number, arrival, completion and dispatcher.
#[derive(Default)]
struct Log {
    jobs: Vec<(u64, Time, Option<Time>, u32)>,
    works: BTreeMap<u64, f64>,
}

impl Recorder for Log {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        let completed = completed.map(|(time, _)| time);
        self.jobs
            .push((job.number, job.arrival, completed, job.dispatcher));
    }
    fn task(&mut self, job: &Job, task: &Task, _: &Attempt) {
        self.works.insert(job.number, task.work);
    }
    fn decision(&mut self, _: &Decision<'_>) {}
}

fn log(setup: &Setup, replication: u64) -> Log {
    let mut log = Log::default();
    run(setup, replication, Some(&mut log)).unwrap_or_else(|failure| panic!("{failure}"));
    log
}

fn figures(setup: &Setup, replication: u64) -> Figures {
    run(setup, replication, None).unwrap_or_else(|failure| panic!("{failure}"))
}

/// Jobs without work that come like this, `jobs` of them.
fn arriving(arrivals: Arrivals, jobs: u64) -> Setup {
    let class = Class::of_tasks("job", 1, Law::Constant(0.0), vec![1]);
    Setup::new(vec![group("node", 1, 1.0)])
        .with_jobs(class, arrivals)
        .measuring(0, jobs)
}

/// The instants at which they come, in seconds.
fn instants(arrivals: Arrivals, jobs: u64, replication: u64) -> Vec<f64> {
    let log = log(&arriving(arrivals, jobs), replication);
    log.jobs.iter().map(|job| job.1.as_secs()).collect()
}

fn two_states() -> Phases {
    let state = |rate, mean| RatePhase {
        rate,
        lasts: exponential(mean),
    };
    Phases {
        phases: vec![state(50.0, 2.0), state(5.0, 5.0)],
        is_stationary: true,
    }
}

/// Number of arrivals in consecutive spans of `length` seconds: its mean and its index of dispersion.
fn dispersion(times: &[f64], length: f64) -> (f64, f64) {
    let spans = (times[times.len() - 1] / length) as usize;
    let mut counts = vec![0.0; spans];
    for time in times {
        if let Some(count) = counts.get_mut((time / length) as usize) {
            *count += 1.0;
        }
    }
    let mean = counts.iter().sum::<f64>() / spans as f64;
    let variance = counts.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / (spans - 1) as f64;
    (mean, variance / mean)
}

/// Fischer & Meier-Hellstern (1993): index of dispersion for counts over t of a two-state process with
/// rates l and rates r out of the states.
fn expected_dispersion(l: [f64; 2], r: [f64; 2], t: f64) -> f64 {
    let sum = r[0] + r[1];
    let burst = 2.0 * (l[0] - l[1]).powi(2) * r[0] * r[1];
    let scale = l[0] * r[1] + l[1] * r[0];
    1.0 + burst / (sum * sum * scale) - burst / (sum.powi(3) * scale * t) * (1.0 - (-sum * t).exp())
}

#[test]
fn bursts_have_the_rate_and_the_dispersion_of_the_formula() {
    let phases = two_states();
    let mean = (50.0 * 2.0 + 5.0 * 5.0) / 7.0;
    assert!((phases.mean() - mean).abs() < 1e-12);
    let endless = expected_dispersion([50.0, 5.0], [0.5, 0.2], 1e12);
    let of_all = Arrivals::Phases(phases.clone()).dispersion();
    assert!((of_all - endless).abs() < 1e-9, "{of_all}, {endless}");
    for length in [0.2, 2.0, 20.0] {
        let expected = expected_dispersion([50.0, 5.0], [0.5, 0.2], length);
        let found: Vec<(f64, f64)> = (1..=8)
            .map(|r| instants(Arrivals::Phases(phases.clone()), 60_000, r))
            .map(|times| dispersion(&times, length))
            .collect();
        let mean_of = |of: fn(&(f64, f64)) -> f64| found.iter().map(of).sum::<f64>() / 8.0;
        let (count, index) = (mean_of(|f| f.0) / length, mean_of(|f| f.1));
        let error = {
            let squares = found.iter().map(|f| (f.1 - index).powi(2)).sum::<f64>();
            (squares / 7.0 / 8.0).sqrt()
        };
        assert!((count - mean).abs() < 0.04 * mean, "{count}, {mean}");
        assert!(
            (index - expected).abs() < 4.5 * error,
            "over {length} s: {index} +- {error}, expected {expected}"
        );
    }
}

/// The start is no special instant: at 0 the fast state is met as often as later.
#[test]
fn bursts_begin_anywhere() {
    let early = |r| {
        let times = instants(Arrivals::Phases(two_states()), 200, r);
        times.iter().filter(|time| **time < 1.0).count() as f64
    };
    let mean = (1..=400).map(early).sum::<f64>() / 400.0;
    let expected = 125.0 / 7.0;
    // Standard deviation of a count over 1 s is about 22.
    assert!((mean - expected).abs() < 4.0 * 22.0 / 20.0, "{mean}");
}

/// Counts by twelfths of the period against the integral of the rate: chi-square with 11 degrees of
/// freedom, 0.1 % point 31.3.
#[track_caller]
fn follows(arrivals: Arrivals, period: f64, share: impl Fn(f64) -> f64) {
    let times = instants(arrivals, 50_000, 1);
    let whole = (times[times.len() - 1] / period).floor() * period;
    let mut counts = [0.0; 12];
    let mut all = 0.0;
    for time in times.iter().filter(|time| **time < whole) {
        counts[(time % period / period * 12.0) as usize] += 1.0;
        all += 1.0;
    }
    let mut chi = 0.0;
    for (at, count) in counts.iter().enumerate() {
        let part = share((at + 1) as f64 / 12.0) - share(at as f64 / 12.0);
        let expected: f64 = part * all;
        if expected > 0.0 {
            chi += (count - expected).powi(2) / expected;
        } else {
            assert_eq!(*count, 0.0, "twelfth {at}");
        }
    }
    assert!(chi < 31.3, "chi-square {chi}");
}

#[test]
fn the_rate_follows_the_sine() {
    let amplitude = 0.8;
    let turn = 2.0 * std::f64::consts::PI;
    let share = move |x: f64| x + amplitude / turn * (1.0 - (turn * x).cos());
    let wave = Wave {
        rate: 20.0,
        amplitude,
        period: 50.0,
    };
    follows(Arrivals::Wave(wave), 50.0, share);
}

#[test]
fn the_rate_follows_the_table() {
    let phase = |rate, length| RatePhase {
        rate,
        lasts: Law::Constant(length),
    };
    // Of 100 jobs in 12 s: none, 10, 90.
    let phases = vec![phase(0.0, 6.0), phase(2.5, 4.0), phase(45.0, 2.0)];
    let table = Phases {
        phases,
        is_stationary: false,
    };
    assert!((table.mean() - 100.0 / 12.0).abs() < 1e-12);
    let share = |x: f64| match x * 12.0 {
        t if t <= 6.0 => 0.0,
        t if t <= 10.0 => 0.025 * (t - 6.0),
        t => 0.1 + 0.45 * (t - 10.0),
    };
    follows(Arrivals::Phases(table), 12.0, share);
}

/// Mean number in MMPP/M/1 by Neuts' matrix R (1981), for two states with rates `l` and rates `r` out
/// of them, and service rate `mu`.
fn in_queue(l: [f64; 2], r: [f64; 2], mu: f64) -> f64 {
    type M = [[f64; 2]; 2];
    let mul = |a: M, b: M| -> M {
        let cell = |i: usize, j: usize| a[i][0] * b[0][j] + a[i][1] * b[1][j];
        [[cell(0, 0), cell(0, 1)], [cell(1, 0), cell(1, 1)]]
    };
    let inverse = |a: M| -> M {
        let det = a[0][0] * a[1][1] - a[0][1] * a[1][0];
        [
            [a[1][1] / det, -a[0][1] / det],
            [-a[1][0] / det, a[0][0] / det],
        ]
    };
    let local: M = [[-r[0] - l[0] - mu, r[0]], [r[1], -r[1] - l[1] - mu]];
    let back = inverse(local);
    let mut rate: M = [[0.0; 2]; 2];
    for _ in 0..200_000 {
        let twice = mul(rate, rate);
        let sum = [
            [l[0] + mu * twice[0][0], mu * twice[0][1]],
            [mu * twice[1][0], l[1] + mu * twice[1][1]],
        ];
        let next = mul(sum, back);
        rate = [[-next[0][0], -next[0][1]], [-next[1][0], -next[1][1]]];
    }
    // The empty queue: p (Q - L + mu R) = 0.
    let b = [
        [-r[0] - l[0] + mu * rate[0][0], r[0] + mu * rate[0][1]],
        [r[1] + mu * rate[1][0], -r[1] - l[1] + mu * rate[1][1]],
    ];
    let p = [b[1][0], -b[0][0]];
    let gone = inverse([
        [1.0 - rate[0][0], -rate[0][1]],
        [-rate[1][0], 1.0 - rate[1][1]],
    ]);
    let over = |v: [f64; 2], m: M| {
        [
            v[0] * m[0][0] + v[1] * m[1][0],
            v[0] * m[0][1] + v[1] * m[1][1],
        ]
    };
    let all = over(p, gone);
    let jobs = over(over(over(p, rate), gone), gone);
    (jobs[0] + jobs[1]) / (all[0] + all[1])
}

/// Mean over 20 replications within 4 standard errors (fails with probability 8e-4 by luck).
#[track_caller]
fn agrees(found: impl Fn(u64) -> f64, expected: f64) {
    let found: Vec<f64> = (1..=20).map(found).collect();
    let mean = found.iter().sum::<f64>() / 20.0;
    let squares = found.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let error = (squares / 19.0 / 20.0).sqrt();
    assert!(
        (mean - expected).abs() <= 4.0 * error && error < 0.03 * expected,
        "{mean} +- {error}, expected {expected}"
    );
}

fn mean_response(figures: &Figures) -> f64 {
    let jobs = &figures.classes[0];
    jobs.response_sum() as f64 / jobs.completed as f64 / 1e9
}

#[test]
fn a_queue_of_bursts() {
    // Poisson arrivals first, which are known.
    assert!((in_queue([0.7, 0.7], [1.0, 2.0], 1.0) - 0.7 / 0.3).abs() < 1e-9);
    let (rates, out) = ([1.5, 0.2], [0.1, 0.05]);
    let state = |at: usize| RatePhase {
        rate: rates[at],
        lasts: exponential(1.0 / out[at]),
    };
    let phases = Phases {
        phases: vec![state(0), state(1)],
        is_stationary: true,
    };
    let expected = in_queue(rates, out, 1.0) / phases.mean();
    let class = Class::of_tasks("job", 1, exponential(1.0), vec![1]);
    let setup = Setup::new(vec![group("node", 1, 1.0)])
        .with_jobs(class, Arrivals::Phases(phases))
        .measuring(5_000, 60_000);
    agrees(|r| mean_response(&figures(&setup, r)), expected);
}

/// Clients on nodes of one slot behind a central queue.
fn clients(count: u32, nodes: u32, think: Law, work: Law) -> Setup {
    let class = Class::of_tasks("job", 1, work, vec![1]);
    let arrivals = Arrivals::Closed(Clients {
        count,
        think,
        is_bound: false,
    });
    let mut setup = Setup::new(vec![group("node", nodes, 1.0)]).with_jobs(class, arrivals);
    setup.strategy.binding = Binding::CentralQueue;
    setup.window.warmup = Warmup::Time(Time::from_secs(200.0));
    setup.window.measure = Measure::Leaving(Time::from_secs(6_000.0));
    setup
}

/// The law of the time to think matters by its mean alone.
#[test]
fn clients_wait_as_machines_for_repair() {
    for (count, nodes, think) in [
        (8, 1, exponential(6.0)),
        (12, 3, Law::Constant(2.0)),
        (5, 5, Law::hyperexponential(3.0, 2.0)),
    ] {
        let (servers, pause) = (u64::from(nodes), think.mean());
        let setup = clients(count, nodes, think, exponential(1.0));
        let there = machine_repair::jobs(count, servers, pause);
        let rate = (f64::from(count) - there) / pause;
        agrees(|r| mean_response(&figures(&setup, r)), there / rate);
        agrees(
            |r| {
                let figures = figures(&setup, r);
                figures.classes[0].completions as f64 / figures.window.as_secs()
            },
            rate,
        );
        let rows = known(&setup);
        let row = rows.iter().find(|row| row.metric == "throughput").unwrap();
        assert!((row.value - rate).abs() < 1e-9);
    }
}

/// One client that thinks for 1 s and works for 1 s completes at 2, 4, 6, ... s: of these five lie in
/// [2 s, 10 s], whose ends belong to it; it works for half of the time.
#[test]
fn what_leaves_in_the_window_is_measured() {
    let mut setup = clients(1, 1, Law::Constant(1.0), Law::Constant(1.0));
    setup.window.warmup = Warmup::Time(Time::from_secs(2.0));
    setup.window.measure = Measure::Leaving(Time::from_secs(10.0));
    let found = figures(&setup, 1);
    assert_eq!(found.classes[0].completed, 5);
    assert_eq!(found.classes[0].unfinished, 0);
    assert_eq!(found.window, Time::from_secs(8.0));
    assert_eq!(found.busy.total(), 4_000_000_000);
    // From the start on, the end of the window in the middle of a service.
    setup.window.warmup = Warmup::None;
    setup.window.measure = Measure::Leaving(Time::from_secs(9.5));
    let found = figures(&setup, 1);
    assert_eq!(found.classes[0].completed, 4);
    assert_eq!(found.busy.total(), 4_500_000_000);
}

/// What the k-th job of a client is does not hang on the strategy, nor on how many nodes there are.
#[test]
fn a_clients_jobs_are_the_same_everywhere() {
    let fast = clients(6, 6, exponential(1.0), exponential(1.0));
    let mut slow = clients(6, 2, exponential(1.0), exponential(1.0));
    slow.strategy.binding = Binding::Early;
    slow.strategy.parts = vec![Parts::new(placement("round-robin"))];
    let (fast, slow) = (log(&fast, 3), log(&slow, 3));
    let mut shared = 0;
    for (number, work) in &slow.works {
        if let Some(other) = fast.works.get(number) {
            assert_eq!(work.to_bits(), other.to_bits(), "job {number}");
            shared += 1;
        }
    }
    assert!(shared > 5_000, "{shared}");
    // Each client waits for its job before it thinks: times of one client never overlap.
    let mut last = BTreeMap::new();
    let mut jobs = slow.jobs.clone();
    jobs.sort_by_key(|job| job.1);
    for (number, arrival, completed, _) in jobs {
        let before = last.insert(number % 6, completed.unwrap_or(Time::MAX));
        assert!(
            before.is_none_or(|before| before <= arrival),
            "job {number}"
        );
    }
}

#[test]
fn clients_keep_to_their_dispatchers_if_they_are_bound() {
    let mut setup = clients(9, 4, exponential(1.0), exponential(1.0));
    setup.strategy.parts[0].dispatchers = 4;
    let met = |setup: &Setup| {
        let mut met: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for job in log(setup, 1).jobs {
            met.entry(job.0 % 9).or_default().push(job.3);
        }
        met
    };
    assert!(met(&setup).values().all(|d| d.iter().any(|x| *x != d[0])));
    if let Arrivals::Closed(clients) = &mut setup.sources[0].arrivals {
        clients.is_bound = true;
    }
    let bound = met(&setup);
    assert!(bound.values().all(|d| d.iter().all(|x| *x == d[0])));
    let used: std::collections::BTreeSet<u32> = bound.values().map(|d| d[0]).collect();
    assert!(used.len() > 1);
}

/// Clients that neither think nor wait come again a nanosecond later: time goes on.
#[test]
fn eager_clients_do_not_stop_the_clock() {
    let mut setup = clients(2, 2, Law::Constant(0.0), Law::Constant(0.0));
    setup.window.warmup = Warmup::None;
    setup.window.measure = Measure::Leaving(Time(100));
    let found = figures(&setup, 1);
    assert_eq!(found.classes[0].completed, 2 * 101);
}
