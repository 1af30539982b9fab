//! How the response times of one replication changed between two sides.
//!
//! By part of blame and for the slowest 1 %, job by job on the same jobs: a mean that stayed may
//! hide a tail that moved.

use super::LogDetail;
use crate::engine::time::Time;
use crate::metrics::jobs::{Blame, Completed, JobStats};
use crate::sim::recorder::{Decision, Recorder};
use crate::sim::records::{Attempt, Job, Task};

/// The response times of the measured jobs of a replication.
#[derive(Debug, Default)]
pub struct ResponseTimes {
    /// By class and job the response time in nanoseconds (the largest number where it did not
    /// complete).
    of: Vec<(u32, u64, u64)>,
    stats: JobStats,
}

impl ResponseTimes {
    /// Adds a measured job of the class with this index: its response time and the parts of it,
    /// none where it did not complete.
    pub fn add(&mut self, class: u32, job: u64, completed: Option<(Time, Blame)>) {
        let response = completed.map_or(u64::MAX, |(response, _)| response.0);
        self.of.push((class, job, response));
        count(&mut self.stats, completed);
    }
}

/// Adds the response time of a measured job and the parts of it to `stats`.
pub(super) fn count(stats: &mut JobStats, completed: Option<(Time, Blame)>) {
    match completed {
        Some((response, blame)) => stats.complete(
            &Completed {
                response,
                ideal: Time::ZERO,
                straggler_wait_doubled: 0,
                on_time: false,
            },
            &blame,
            Time::ZERO,
        ),
        None => stats.leave_unfinished(Time::ZERO),
    }
}

/// Mean parts over all jobs and over the slowest hundredth.
pub(super) fn blame(stats: &mut JobStats) -> Option<(Blame, Blame)> {
    stats.add_plain();
    let jobs = u128::from(stats.completed).max(1);
    let mean = stats.blame_sum().map(|sum| (sum / jobs) as u64);
    let tail = stats.blame_tail()?;
    (stats.unfinished == 0).then(|| (mean, tail.map(|part| Time::from_secs(part).0)))
}

impl Recorder for ResponseTimes {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        if job.measured {
            let completed = completed.map(|(at, blame)| (at.since(job.arrival), blame));
            self.add(job.class, job.number, completed);
        }
    }

    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}

    fn decision(&mut self, _: &Decision<'_>) {}
}

/// How the response times of the jobs of a replication changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseShift {
    /// Jobs that took another time.
    pub differing: u64,
    /// Of how many.
    pub of: u64,
    /// How many measured jobs there are.
    pub measured: u64,
    /// True if `differing` is exact; else the response times were compared by a digest of one byte,
    /// which one difference in 255 escapes.
    pub is_exact: bool,
    /// Mean parts of the response time on the old side, of all measured jobs and of the slowest 1 %;
    /// none where jobs are unfinished or too few.
    pub old: Option<(Blame, Blame)>,
    /// On the new side.
    pub new: Option<(Blame, Blame)>,
}

impl ResponseShift {
    /// What two logs tell of it.
    pub fn of_logs(old: &LogDetail, new: &LogDetail) -> ResponseShift {
        let classes = old.jobs.iter().zip(&new.jobs);
        let jobs = classes.flat_map(|(old, new)| old.iter().zip(new));
        let (mut differing, mut of) = (0, 0);
        for (a, b) in jobs.filter(|&(&a, &b)| a > 0 || b > 0) {
            of += 1;
            differing += u64::from(a != b);
        }
        ResponseShift {
            differing,
            of,
            measured: old.measured.max(new.measured),
            is_exact: false,
            old: old.blame,
            new: new.blame,
        }
    }

    /// What the response times of two sides tell of it.
    pub fn of_times(mut old: ResponseTimes, mut new: ResponseTimes) -> ResponseShift {
        old.of.sort_unstable();
        new.of.sort_unstable();
        let (mut both, mut equal) = (0, 0);
        for job in &old.of {
            let there = new.of.binary_search_by_key(&(job.0, job.1), |j| (j.0, j.1));
            if let Ok(at) = there {
                both += 1;
                equal += u64::from(new.of[at] == *job);
            }
        }
        let of = (old.of.len() + new.of.len()) as u64 - both;
        ResponseShift {
            differing: of - equal,
            of,
            measured: of,
            is_exact: true,
            old: blame(&mut old.stats),
            new: blame(&mut new.stats),
        }
    }

    /// By how much each part of the mean response time of the slowest 1 % changed, nanoseconds.
    pub fn tail_change(&self) -> Option<[i64; 7]> {
        let ((_, old), (_, new)) = (self.old?, self.new?);
        Some(std::array::from_fn(|i| new[i] as i64 - old[i] as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_one_side_alone_has_or_completes_takes_another_time() {
        let times = |jobs: &[(u32, u64, Option<u64>)]| {
            let mut times = ResponseTimes::default();
            for &(class, job, response) in jobs {
                let completed = response.map(|ns| (Time(ns), [0, 0, 0, ns, 0, 0, 0]));
                times.add(class, job, completed);
            }
            times
        };
        let old = [(0, 1, Some(10)), (0, 2, Some(20)), (0, 3, None)];
        let new = [
            (1, 0, Some(7)),
            (0, 3, Some(5)),
            (0, 2, Some(21)),
            (0, 1, Some(10)),
        ];
        let shift = ResponseShift::of_times(times(&old), times(&new));
        assert_eq!((shift.differing, shift.of), (3, 4));
        assert!(shift.is_exact);
        let same = ResponseShift::of_times(times(&new), times(&new));
        assert_eq!((same.differing, same.of), (0, 4));
    }

    #[test]
    fn a_byte_a_job_tells_which_responses_differ() {
        let detail = |jobs: &[&[u8]]| LogDetail {
            jobs: jobs.iter().map(|bytes| bytes.to_vec()).collect(),
            measured: 9,
            ..LogDetail::default()
        };
        // Zeros on both sides are jobs that are not measured; beyond the shorter list nothing is known.
        let old = detail(&[&[1, 0, 3, 4], &[5]]);
        let new = detail(&[&[1, 0, 9], &[0]]);
        let shift = ResponseShift::of_logs(&old, &new);
        assert_eq!((shift.differing, shift.of, shift.measured), (2, 3, 9));
        assert!(!shift.is_exact);
    }
}
