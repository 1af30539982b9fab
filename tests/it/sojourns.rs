//! Whole distributions of response times, by Kolmogorov and Smirnov's tests on jobs so far apart
//! that they are independent.

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::jobs::Blame;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::setup::{Measure, Warmup};

use crate::common::{group, open};

/// Risk of each test, once for each change that shifts random numbers.
const RISK: f64 = 0.01;

/// Probability that sqrt(n) D exceeds `c` for large n (Kolmogorov, 1933).
fn tail(c: f64) -> f64 {
    let terms = (1..=100).map(|k| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(k * k) * c * c).exp()
    });
    terms.sum()
}

/// The `c` that sqrt(n) D exceeds with probability `risk`.
fn critical(risk: f64) -> f64 {
    let (mut low, mut high) = (0.5, 5.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if tail(middle) > risk {
            low = middle
        } else {
            high = middle
        }
    }
    low
}

/// Largest distance of the values' distribution from `law`.
fn distance(values: &mut [f64], law: impl Fn(f64) -> f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let steps = values.iter().enumerate().map(|(i, &value)| {
        let below = law(value) - i as f64 / n;
        below.max((i as f64 + 1.0) / n - law(value))
    });
    steps.fold(0.0, f64::max)
}

/// Largest distance of two samples' distributions.
fn distance_of_two(a: &mut [f64], b: &mut [f64]) -> f64 {
    b.sort_by(f64::total_cmp);
    let share = |x: f64, strictly: bool| {
        let count = b.partition_point(|&y| if strictly { y < x } else { y <= x });
        count as f64 / b.len() as f64
    };
    a.sort_by(f64::total_cmp);
    let n = a.len() as f64;
    let steps = a.iter().enumerate().map(|(i, &x)| {
        let before = (share(x, true) - i as f64 / n).abs();
        before.max((share(x, false) - (i as f64 + 1.0) / n).abs())
    });
    steps.fold(0.0, f64::max)
}

/// Keeps every `step`-th response time, in seconds.
struct Thinned {
    step: usize,
    seen: usize,
    kept: Vec<f64>,
}

impl Recorder for Thinned {
    fn job(&mut self, _job: &Job, completed: Option<(Time, Blame)>) {
        let Some((_, blame)) = completed else { return };
        self.seen += 1;
        if self.seen.is_multiple_of(self.step) {
            self.kept.push(blame.iter().sum::<u64>() as f64 / 1e9);
        }
    }
    fn task(&mut self, _job: &Job, _task: &Task, _attempt: &Attempt) {}
    fn decision(&mut self, _decision: &Decision<'_>) {}
}

/// `count` response times, `step` jobs apart, of `nodes` nodes of M/M/1 at `load`.
fn sojourns(nodes: u32, load: f64, spelling: &str, replication: u64, step: usize) -> Vec<f64> {
    let interval = Law::Exponential {
        mean: 1.0 / load / f64::from(nodes),
    };
    let work = Law::Exponential { mean: 1.0 };
    let mut setup = open(vec![group("node", nodes, 1.0)], interval, 1, work, spelling);
    setup.window.warmup = Warmup::None;
    let count = 1_000 * step as u64;
    setup.window.measure = Measure::Jobs { class: None, count };
    let mut thinned = Thinned {
        step,
        seen: 0,
        kept: Vec::new(),
    };
    equipoise::sim::run(&setup, replication, Some(&mut thinned)).unwrap();
    thinned.kept.truncate(1_000);
    thinned.kept
}

#[test]
fn critical_values_are_those_of_the_tables() {
    // python3 -c "from scipy.stats import kstwobign; print(kstwobign.isf(.05), kstwobign.isf(.01))"
    assert!((critical(0.05) - 1.3580986393225507).abs() < 1e-10);
    assert!((critical(0.01) - 1.6276236115189504).abs() < 1e-10);
    // Two samples of 100 differ at 5 % if D > 0.1921.
    assert!((critical(0.05) * (2.0f64 / 100.0).sqrt() - 0.1921).abs() < 1e-4);
}

#[test]
fn distances_are_those_of_the_definition() {
    let uniform = |x: f64| x;
    assert!((distance(&mut [0.9, 0.2, 0.3], uniform) - (2.0 / 3.0 - 0.3)).abs() < 1e-12);
    assert!((distance_of_two(&mut [3.0, 1.0], &mut [2.0, 1.0, 4.0, 5.0]) - 0.5).abs() < 1e-12);
    assert_eq!(distance_of_two(&mut [1.0, 2.0], &mut [2.0, 1.0]), 0.0);
}

/// With load r and mean work 1 it is exponential with mean 1 / (1 - r). Jobs 1,000 apart are 14
/// relaxation times apart at load 0.8.
#[test]
fn the_response_of_a_queue_is_exponential() {
    for load in [0.5, 0.8] {
        let mut times = sojourns(1, load, "random", 1, 1_000);
        assert_eq!(times.len(), 1_000);
        let found = distance(&mut times, |t| 1.0 - (-(1.0 - load) * t).exp());
        let critical = critical(RISK) / 1_000f64.sqrt();
        assert!(found < critical, "load {load}: {found} above {critical}");
        // The test is sharp enough to see a mean that is a fifth off.
        let wrong = distance(&mut times, |t| 1.0 - (-(1.0 - load) * t / 1.2).exp());
        assert!(wrong > critical, "load {load}: {wrong}");
    }
}

/// Of one choice, power-of-d is random placement, drawn in another way. 2,000 jobs apart is 5.6
/// relaxation times of each of five nodes, and two jobs mostly see unlike nodes.
#[test]
fn one_choice_is_random() {
    let mut random = sojourns(5, 0.8, "random", 1, 2_000);
    let mut one = sojourns(5, 0.8, "power-of-d = { d = 1 }", 2, 2_000);
    let critical = critical(RISK) * (2.0f64 / 1_000.0).sqrt();
    let found = distance_of_two(&mut random, &mut one);
    assert!(found < critical, "{found} above {critical}");
}
