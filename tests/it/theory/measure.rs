//! What a replication of a model tells, small enough to keep a hundred of them.

use equipoise::metrics::histogram::{Histogram, bucket, edges};
use equipoise::metrics::jobs::JobStats;
use equipoise::sim::setup::Setup;

/// The quantities that reference rows speak of; times in seconds.
pub struct Sample {
    pub response_mean: f64,
    pub wait_mean: f64,
    /// Share of tasks that waited at all.
    pub waiting: f64,
    /// Time average of the number of jobs in the system.
    pub in_system: f64,
    /// Shares of jobs that were turned away, of all and by class.
    pub rejected: Vec<f64>,
    pub utilization: f64,
    pub makespan: f64,
    pub slowdown_mean: f64,
    pub cov: f64,
    pub jain: f64,
    pub messages: f64,
    pub response: Counts,
    pub wait: Counts,
}

impl Sample {
    pub fn run(setup: &Setup, replication: u64) -> Sample {
        let out = equipoise::sim::run(setup, replication, None).unwrap();
        let all = out.all();
        let resolved = all.completed + all.rejected;
        assert_eq!(resolved, all.measured(), "all measured jobs complete");
        let rejected = |jobs: &JobStats| jobs.rejected as f64 / jobs.measured() as f64;
        let classes = out.classes.iter().map(rejected);
        assert!(!out.is_runaway);
        let wait = Counts::of(&all.wait);
        let tasks = all.wait.total() as f64;
        Sample {
            response_mean: all.response_sum() as f64 / 1e9 / all.completed as f64,
            wait_mean: all.wait_sum as f64 / 1e9 / tasks,
            waiting: 1.0 - wait.0.first().copied().unwrap_or(0.0) / tasks,
            in_system: out.totals.presence as f64 / out.window.0 as f64,
            rejected: std::iter::once(rejected(all)).chain(classes).collect(),
            utilization: out.metric("utilization_slots").unwrap_or(f64::NAN),
            makespan: out.totals.last_completion.since(out.start).as_secs(),
            slowdown_mean: all.slowdown_mean().unwrap_or(f64::NAN),
            cov: out.observed.cov().unwrap_or(f64::NAN),
            jain: out.observed.jain().unwrap_or(f64::NAN),
            messages: out.metric("messages_per_task").unwrap_or(f64::NAN),
            response: Counts::of(&all.response),
            wait,
        }
    }
}

/// Counts of a histogram by bucket.
pub struct Counts(Vec<f64>);

impl Counts {
    fn of(histogram: &Histogram) -> Counts {
        let last = bucket(histogram.most());
        let mut counts = vec![0.0; last + 1];
        for (bucket, count) in histogram.buckets() {
            counts[bucket] = count as f64;
        }
        Counts(counts)
    }
}

/// The quantile `q` of all `samples` together, in seconds, and its standard error, by the
/// jackknife over replications (Miller, 1974): the mean of quantiles of single replications would
/// be biased by as much as their own variance. Counts are spread evenly over a bucket's width of
/// 0.1 to 0.2 %, so that leaving one replication out moves the quantile smoothly.
pub fn quantile_pseudovalues(samples: &[&Counts], q: f64) -> Vec<f64> {
    let longest = samples.iter().map(|s| s.0.len()).max().unwrap_or(0);
    let mut sum = vec![0.0; longest];
    for sample in samples {
        sum.iter_mut().zip(&sample.0).for_each(|(s, c)| *s += c);
    }
    let whole = quantile(&sum, &[], q);
    let n = samples.len() as f64;
    let without = |sample: &&Counts| n * whole - (n - 1.0) * quantile(&sum, &sample.0, q);
    samples.iter().map(without).collect()
}

/// The quantile of `counts` less `minus`.
fn quantile(counts: &[f64], minus: &[f64], q: f64) -> f64 {
    let count = |b: usize| counts[b] - minus.get(b).copied().unwrap_or(0.0);
    let rank = q * (0..counts.len()).map(count).sum::<f64>();
    let mut below = 0.0;
    for b in 0..counts.len() {
        let here = count(b);
        if below + here >= rank && here > 0.0 {
            let share = (rank - below) / here;
            let (low, high) = edges(b);
            return (low + share * (high - low)) / 1e9;
        }
        below += here;
    }
    f64::NAN
}
