//! Figures of the measured jobs of one class.
//!
//! Sums are whole numbers of nanoseconds in 128 bits: exact, and the same in whatever order jobs
//! complete. Quantiles come from histograms that can be added, so that memory does not grow with
//! the run.

use super::cells::Cells;
use super::histogram::{Buckets, Histogram, bucket};
use crate::engine::time::{Time, float, rounded};

/// The parts into which a response time splits exactly, in the order of a task's life.
pub const PARTS: [&str; 7] = [
    "dispatch", "decision", "network", "queue", "service", "retry", "gather",
];

/// Places of some of them.
const NETWORK: usize = 2;
const QUEUE: usize = 3;
const SERVICE: usize = 4;

/// A job's response time by part, nanoseconds, in the order of [`PARTS`].
pub type Blame = [u64; 7];

/// Fixed point of ratios: 2^-40.
pub const FIXED: f64 = (1u64 << 40) as f64;

/// `ratio` in fixed point.
#[inline]
pub fn fixed(ratio: f64) -> u128 {
    let fixed = ratio * FIXED;
    if fixed < u64::MAX as f64 {
        u128::from(rounded(fixed))
    } else {
        fixed.round_ties_even() as u128
    }
}

/// What a completed measured job tells.
#[derive(Clone, Copy, Debug)]
pub struct Completed {
    /// Completion minus arrival.
    pub response: Time,
    /// The critical path of work and overhead at speed 1.
    pub ideal: Time,
    /// Twice (last minus median task finish).
    pub straggler_wait_doubled: u64,
    /// Whether the class has an objective, and it was met.
    pub on_time: bool,
}

/// Accumulated figures of one class; every field is an order-free sum. They are all there after
/// [`JobStats::add_plain`], before which nothing is told or added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobStats {
    /// Completed measured jobs.
    pub completed: u64,
    /// Measured jobs that were not resolved when the replication ended.
    pub unfinished: u64,
    /// Measured jobs that failed.
    pub failed: u64,
    /// Measured jobs that were turned away.
    pub rejected: u64,
    /// Jobs that met their objective.
    pub on_time: u64,
    /// Measured jobs of a class with an objective; told when all is over.
    pub with_objective: u64,
    /// Response times; unfinished jobs enter with their age.
    pub response: Histogram,
    /// Slowdowns in 2^-40 shifted to 2^-20 (a histogram of whole numbers).
    pub slowdown: Histogram,
    /// Sum of slowdowns in 2^-40.
    pub slowdown_sum: u128,
    /// Jobs without any work, left out of the slowdown.
    pub without_work: u64,
    /// Waiting times of tasks.
    pub wait: Histogram,
    /// Their sum, ns.
    pub wait_sum: u128,
    /// Sum of twice (last minus median finish), ns.
    pub straggler_wait_doubled: u128,
    /// Completions in the window, of measured jobs or not.
    pub completions: u64,
    /// Of them, those of jobs that met their objective, or have none.
    pub good_completions: u64,
    /// Sums of response times and of their parts, ns.
    blame: BlameSums,
    /// What plain jobs spend in the network.
    network: Time,
    /// Jobs that are not counted there yet.
    plain: Plain,
}

/// Jobs whose response times are queueing and service alone, beside what all of a class spend in the network;
/// they are counted many at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Plain {
    /// Response times, of which queueing is a part.
    responses: Cells,
    slowdowns: Cells,
    waits: Cells,
    /// Such jobs, and waits of any, that came one by one and are not counted yet.
    jobs: Vec<PlainJob>,
    waiting: Vec<Time>,
    /// A list for a function's own use.
    ratios: Vec<u64>,
}

/// So many that came one by one are counted together: what lies far apart in memory is then looked up at once.
const TOGETHER: usize = 1024;

/// Such a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainJob {
    /// Completion minus arrival.
    pub response: Time,
    /// The part of it that is neither service nor network.
    pub queue: Time,
    /// The critical path of work and overhead at speed 1.
    pub ideal: Time,
}

/// Sums of the parts of response times by bucket of the response time, so that it can be said what
/// the slowest are made of.
///
/// The sums are of 64 bits until those of all buckets together would need more (584 years); then
/// all go into wide ones, and a new round of narrow ones starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct BlameSums {
    total: u64,
    parts: Buckets<Blame>,
    wide_total: u128,
    wide: Buckets<[u128; 7]>,
}

impl BlameSums {
    /// Adds a `response` time of `bucket`, which `blame` sums to.
    #[inline]
    fn count(&mut self, bucket: usize, response: Time, blame: &Blame) {
        self.add_total(response.0);
        for (sum, &part) in self.parts.at(bucket).iter_mut().zip(blame) {
            // Most parts of most jobs are 0; and parts written one by one are not read in pairs.
            if part > 0 {
                *sum += part;
            }
        }
    }

    #[inline]
    fn add_total(&mut self, responses: u64) {
        self.total = self.total.checked_add(responses).unwrap_or_else(|| {
            self.widen();
            responses
        });
    }

    #[cold]
    fn widen(&mut self) {
        self.wide_total += u128::from(self.total);
        self.total = 0;
        for (bucket, parts) in std::mem::take(&mut self.parts).iter() {
            add(self.wide.at(bucket), parts.map(u128::from));
        }
    }

    /// Sums of the parts in `bucket`.
    fn of(&self, bucket: usize) -> [u128; 7] {
        let (narrow, wide) = (self.parts.get(bucket), self.wide.get(bucket));
        std::array::from_fn(|part| wide[part] + u128::from(narrow[part]))
    }

    /// Adds all of `other`.
    fn add(&mut self, other: &BlameSums) {
        self.wide_total += other.response();
        for (bucket, parts) in other.parts.iter() {
            add(self.wide.at(bucket), parts.map(u128::from));
        }
        for (bucket, parts) in other.wide.iter() {
            add(self.wide.at(bucket), parts);
        }
    }

    /// Sums of the parts of all. Those that are not wide sum to `total`, so that 64 bits do.
    fn sum(&self) -> [u128; 7] {
        let mut narrow: Blame = [0; 7];
        for (_, parts) in self.parts.iter() {
            narrow
                .iter_mut()
                .zip(parts)
                .for_each(|(sum, part)| *sum += part);
        }
        let mut sum = narrow.map(u128::from);
        self.wide.iter().for_each(|(_, parts)| add(&mut sum, parts));
        sum
    }

    fn response(&self) -> u128 {
        self.wide_total + u128::from(self.total)
    }
}

fn add(sums: &mut [u128; 7], parts: [u128; 7]) {
    sums.iter_mut()
        .zip(parts)
        .for_each(|(sum, part)| *sum += part);
}

/// Adds response times, of which queueing and `network` are parts and service the rest.
fn add_responses(blame: &mut BlameSums, response: &mut Histogram, network: Time, cells: &Cells) {
    blame.add_total(cells.total());
    for (bucket, cell) in cells.filled() {
        response.add_tally(bucket, cell.tally());
        let parts = blame.parts.at(bucket);
        let in_network = cell.count * network.0;
        parts[NETWORK] += in_network;
        parts[QUEUE] += cell.part;
        parts[SERVICE] += cell.sum - cell.part - in_network;
    }
}

/// From 2^-40 of a slowdown's sum to 2^-20 of its histogram.
const SLOWDOWN_SHIFT: u32 = 20;

impl JobStats {
    /// None, of a class whose plain jobs spend so long in the network.
    pub fn new(network: Time) -> JobStats {
        JobStats {
            network,
            ..JobStats::default()
        }
    }

    /// Counts a completed measured job, whose response time `blame` sums to; it may be told only after
    /// [`JobStats::add_plain`]. `floor` bounds the slowdown's denominator from below.
    #[inline(always)]
    pub fn complete(&mut self, job: &Completed, blame: &Blame, floor: Time) {
        let &[dispatch, decision, network, queue, _, retry, gather] = blame;
        if dispatch | decision | retry | gather == 0 && network == self.network.0 {
            return self.complete_alone(job, Time(queue), floor);
        }
        self.complete_at_once(job, blame, floor);
    }

    #[inline(always)]
    fn complete_at_once(&mut self, job: &Completed, blame: &Blame, floor: Time) {
        let bucket = bucket(job.response.0);
        self.response.record_in(bucket, job.response.0);
        self.blame.count(bucket, job.response, blame);
        self.count(job, floor);
    }

    /// Counts completed measured jobs that are plain; they are told only after [`JobStats::add_plain`]. Tells the
    /// sum of the response times.
    pub fn complete_plain(&mut self, jobs: &[PlainJob], floor: Time) -> u128 {
        let JobStats {
            plain,
            blame,
            response,
            network,
            ..
        } = self;
        let parts = jobs.iter().map(|job| (job.response.0, job.queue.0));
        let pass_on = |cells: &Cells| add_responses(blame, response, *network, cells);
        let sum = plain.responses.count_all(parts, pass_on);
        self.completed += jobs.len() as u64;
        self.count_slowdowns(jobs, floor);
        sum
    }

    /// The same for one, which may have met its objective and have had stragglers.
    #[inline(always)]
    pub fn complete_alone(&mut self, job: &Completed, queue: Time, floor: Time) {
        self.on_time += u64::from(job.on_time);
        self.straggler_wait_doubled += u128::from(job.straggler_wait_doubled);
        if self.plain.jobs.len() == self.plain.jobs.capacity() {
            self.make_room();
        }
        self.plain.jobs.push(PlainJob {
            response: job.response,
            queue,
            ideal: match job.ideal {
                Time::ZERO => Time::ZERO,
                ideal => ideal.max(floor),
            },
        });
    }

    /// Makes room for jobs and waits that come one by one: those that fill it are counted.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        self.count_together();
        self.plain.jobs.reserve_exact(TOGETHER);
        self.plain.waiting.reserve_exact(TOGETHER);
    }

    /// Counts the jobs and waits that came one by one.
    fn count_together(&mut self) {
        let Plain { jobs, waiting, .. } = &mut self.plain;
        let (mut jobs, mut waiting) = (std::mem::take(jobs), std::mem::take(waiting));
        self.complete_plain(&jobs, Time::ZERO);
        self.waited_plain(waiting.iter().copied());
        jobs.clear();
        waiting.clear();
        (self.plain.jobs, self.plain.waiting) = (jobs, waiting);
    }

    #[inline(never)]
    fn count_slowdowns(&mut self, jobs: &[PlainJob], floor: Time) {
        let JobStats {
            plain,
            slowdown,
            slowdown_sum,
            ..
        } = self;
        let mut ratio = |job: &PlainJob| {
            let ideal = job.ideal.max(floor);
            let ratio = fixed(float(job.response.0) / float(ideal.0));
            *slowdown_sum += ratio;
            (ratio >> SLOWDOWN_SHIFT) as u64
        };
        plain.ratios.clear();
        plain.ratios.reserve(TOGETHER);
        match jobs.iter().all(|job| job.ideal > Time::ZERO) {
            true => plain.ratios.extend(jobs.iter().map(ratio)),
            false => {
                let with_work = jobs.iter().filter(|job| job.ideal > Time::ZERO);
                plain.ratios.extend(with_work.map(&mut ratio));
            }
        }
        self.without_work += (jobs.len() - plain.ratios.len()) as u64;
        let ratios = plain.ratios.iter().map(|&ratio| (ratio, 0));
        plain
            .slowdowns
            .count_all(ratios, |cells| cells.add_to(slowdown));
    }

    /// Counts the waits of tasks of such jobs.
    #[inline(never)]
    pub fn waited_plain(&mut self, waits: impl Iterator<Item = Time> + Clone) {
        let JobStats { plain, wait, .. } = self;
        let waits = waits.map(|wait| (wait.0, 0));
        self.wait_sum += plain.waits.count_all(waits, |cells| cells.add_to(wait));
    }

    /// Counts all jobs and waits that are not counted yet.
    pub fn add_plain(&mut self) {
        self.count_together();
        let Plain {
            responses,
            slowdowns,
            waits,
            ..
        } = std::mem::take(&mut self.plain);
        add_responses(
            &mut self.blame,
            &mut self.response,
            self.network,
            &responses,
        );
        slowdowns.add_to(&mut self.slowdown);
        waits.add_to(&mut self.wait);
    }

    #[inline(always)]
    fn count(&mut self, job: &Completed, floor: Time) {
        self.completed += 1;
        self.on_time += u64::from(job.on_time);
        self.straggler_wait_doubled += u128::from(job.straggler_wait_doubled);
        if job.ideal == Time::ZERO {
            self.without_work += 1;
        } else {
            let ideal = job.ideal.max(floor);
            let slowdown = fixed(float(job.response.0) / float(ideal.0));
            self.slowdown_sum += slowdown;
            self.slowdown.record((slowdown >> SLOWDOWN_SHIFT) as u64);
        }
    }

    /// Counts the wait of a task of a completed measured job; it may be told only after [`JobStats::add_plain`].
    #[inline(always)]
    pub fn waited(&mut self, wait: Time) {
        if self.plain.waiting.len() == self.plain.waiting.capacity() {
            self.make_room();
        }
        self.plain.waiting.push(wait);
    }

    /// Counts a measured job of `age` that was not resolved.
    pub fn leave_unfinished(&mut self, age: Time) {
        self.unfinished += 1;
        self.response.record(age.0);
    }

    /// Measured jobs.
    pub fn measured(&self) -> u64 {
        self.completed + self.unfinished + self.failed + self.rejected
    }

    /// All `classes` together, if there are several.
    pub fn sum(classes: &[JobStats]) -> Option<JobStats> {
        let mut sum = JobStats::default();
        classes
            .iter()
            .filter(|_| classes.len() > 1)
            .for_each(|stats| sum.add(stats));
        (classes.len() > 1).then_some(sum)
    }

    /// Adds all of `other`.
    pub fn add(&mut self, other: &JobStats) {
        self.completed += other.completed;
        self.unfinished += other.unfinished;
        self.failed += other.failed;
        self.rejected += other.rejected;
        self.on_time += other.on_time;
        self.with_objective += other.with_objective;
        self.response.add(&other.response);
        self.blame.add(&other.blame);
        self.slowdown.add(&other.slowdown);
        self.slowdown_sum += other.slowdown_sum;
        self.without_work += other.without_work;
        self.wait.add(&other.wait);
        self.wait_sum += other.wait_sum;
        self.straggler_wait_doubled += other.straggler_wait_doubled;
        self.completions += other.completions;
        self.good_completions += other.good_completions;
    }

    /// Sum of response times, ns.
    pub fn response_sum(&self) -> u128 {
        self.blame.response()
    }

    /// Sums of the parts of response times, ns.
    pub fn blame_sum(&self) -> [u128; 7] {
        self.blame.sum()
    }

    /// Mean of a sum of nanoseconds over `count`, in seconds; means need every job resolved.
    pub fn mean_seconds(&self, sum: u128, count: u64) -> Option<f64> {
        (count > 0 && self.unfinished == 0).then(|| sum as f64 / count as f64 / 1e9)
    }

    /// Mean slowdown.
    pub fn slowdown_mean(&self) -> Option<f64> {
        let count = self.slowdown.total();
        (count > 0 && self.unfinished == 0).then(|| self.slowdown_sum as f64 / FIXED / count as f64)
    }

    /// Mean parts of the response time over the slowest hundredth of the jobs, seconds: whole
    /// buckets from the top, and of the last bucket as large a share as is needed.
    pub fn blame_tail(&self) -> Option<[f64; 7]> {
        let jobs = self.response.total() / 100;
        if self.unfinished > 0 || self.response.total() < 1000 {
            return None;
        }
        let (mut sums, mut left) = ([0.0; 7], jobs);
        for (bucket, count) in self.response.buckets().rev() {
            let share = left.min(count) as f64 / count as f64;
            for (sum, part) in sums.iter_mut().zip(self.blame.of(bucket)) {
                *sum += part as f64 * share;
            }
            left -= left.min(count);
            if left == 0 {
                break;
            }
        }
        Some(sums.map(|sum| sum / jobs as f64 / 1e9))
    }
}

/// A slowdown, as its histogram recorded it.
pub(super) fn slowdown(recorded: f64) -> f64 {
    recorded / FIXED * f64::from(1u32 << SLOWDOWN_SHIFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(stats: &mut JobStats, response: u64, queue: u64) {
        let job = Completed {
            response: Time(response),
            ideal: Time(response / 2),
            straggler_wait_doubled: 4,
            on_time: false,
        };
        let blame = [0, 0, 0, queue, response - queue, 0, 0];
        stats.complete_at_once(&job, &blame, Time(1));
    }

    /// 2,000 jobs, of which the slowest 20 waited in the queue and the others did not.
    #[test]
    fn tail_is_made_of_the_slowest() {
        let mut stats = JobStats::default();
        for i in 0..2000u64 {
            let slow = i % 100 == 7;
            let (response, queue) = if slow { (9, 8) } else { (1, 0) };
            complete(&mut stats, response * 1_000_000, queue * 1_000_000);
        }
        let tail = stats.blame_tail().unwrap_or_default();
        assert!(
            (tail[3] - 8e-3).abs() < 1e-12 && (tail[4] - 1e-3).abs() < 1e-12,
            "{tail:?}"
        );
        assert_eq!(stats.slowdown_mean(), Some(2.0));
        assert_eq!(stats.mean_seconds(stats.blame_sum()[3], 2000), Some(80e-6));
    }

    #[test]
    fn unfinished_jobs_take_the_means_away() {
        let mut stats = JobStats::default();
        (0..100).for_each(|_| complete(&mut stats, 1000, 0));
        assert_eq!(stats.mean_seconds(stats.response_sum(), 100), Some(1e-6));
        stats.leave_unfinished(Time(5000));
        assert_eq!(stats.mean_seconds(stats.response_sum(), 100), None);
        assert_eq!(stats.response.most(), 5000);
        assert_eq!(stats.measured(), 101);
    }

    fn one_by_one(rows: &[PlainJob]) -> JobStats {
        let mut stats = JobStats::default();
        for row in rows {
            let job = Completed {
                response: row.response,
                ideal: row.ideal,
                straggler_wait_doubled: 4,
                on_time: false,
            };
            let blame = [0, 0, 0, row.queue.0, (row.response - row.queue).0, 0, 0];
            stats.complete(&job, &blame, Time(1));
        }
        stats
    }

    /// Jobs that only queue and run are counted as others, one by one and together, at whatever sizes of sums.
    #[test]
    fn plain_jobs_are_as_others() {
        let century = 3_155_760_000_000_000_000;
        let jobs = [
            (0, 0),
            (7, 7),
            (1_000, 400),
            (1_001, 0),
            (century, century - 9),
        ];
        let (mut stats, mut plain) = (JobStats::default(), JobStats::default());
        let mut rows = Vec::new();
        for (response, queue) in jobs.repeat(7) {
            complete(&mut stats, response, queue);
            rows.push(PlainJob {
                response: Time(response),
                queue: Time(queue),
                ideal: Time(response / 2),
            });
        }
        let sum: u128 = rows
            .chunks(5)
            .map(|rows| plain.complete_plain(rows, Time(1)))
            .sum();
        plain.add_plain();
        let mut each = one_by_one(&rows);
        each.add_plain();
        plain.straggler_wait_doubled = each.straggler_wait_doubled;
        assert_eq!(each, plain);
        assert_eq!(sum, stats.response_sum());
        assert_eq!(plain.response, stats.response);
        assert_eq!(plain.slowdown, stats.slowdown);
        assert_eq!(plain.blame_sum(), stats.blame_sum());
        assert_eq!(plain.response_sum(), stats.response_sum());
        let buckets: Vec<usize> = stats.response.buckets().map(|(bucket, _)| bucket).collect();
        for bucket in buckets {
            assert_eq!(plain.blame.of(bucket), stats.blame.of(bucket));
        }
    }

    /// Sums beyond 584 years, which one bucket of 64 bits cannot hold, alone and added up.
    #[test]
    fn sums_of_centuries_are_exact() {
        let mut stats = JobStats::default();
        let century = 3_155_760_000_000_000_000;
        (0..20).for_each(|_| complete(&mut stats, century, century - 5));
        let mut both = stats.clone();
        both.add(&stats);
        for (stats, jobs) in [(stats, 20), (both, 40)] {
            assert_eq!(stats.response_sum(), jobs * u128::from(century));
            let blame = [0, 0, 0, jobs * u128::from(century - 5), jobs * 5, 0, 0];
            assert_eq!(stats.blame_sum(), blame);
            assert_eq!(stats.response.total(), jobs as u64);
        }
    }
}
