//! How the response times of one replication moved between two sides.

use super::{Detail, blame};
use crate::engine::time::Time;
use crate::metrics::jobs::{Blame, Completed, JobStats};
use crate::sim::recorder::{Decision, Recorder};
use crate::sim::records::{Attempt, Job, Task};

/// The response times of the measured jobs of a replication.
#[derive(Debug, Default)]
pub struct Responses {
    /// Class, job and response time in nanoseconds (the largest number where it did not complete).
    of: Vec<(u32, u64, u64)>,
    stats: JobStats,
}

impl Responses {
    /// Adds a measured job of the class with this index: its response time and the parts of it,
    /// none where it did not complete.
    pub fn add(&mut self, class: u32, job: u64, completed: Option<(Time, Blame)>) {
        let response = completed.map_or(u64::MAX, |(response, _)| response.0);
        self.of.push((class, job, response));
        match completed {
            Some((response, blame)) => self.stats.complete(&told(response, blame), Time::ZERO),
            None => self.stats.leave_unfinished(Time::ZERO),
        }
    }
}

/// What a statistic of response times and their parts needs.
pub(super) fn told(response: Time, blame: Blame) -> Completed {
    Completed {
        response,
        blame,
        ideal: Time::ZERO,
        straggler_wait_doubled: 0,
        on_time: None,
    }
}

impl Recorder for Responses {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        if job.measured {
            let completed = completed.map(|(at, blame)| (at.since(job.arrival), blame));
            self.add(job.class, job.number, completed);
        }
    }

    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}

    fn decision(&mut self, _: &Decision<'_>) {}
}

/// How the response times of the jobs of a replication moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
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

impl Moved {
    /// What two trails tell of it.
    pub fn between(old: &Detail, new: &Detail) -> Moved {
        let (mut differing, mut of) = (0, 0);
        for (old, new) in old.jobs.iter().zip(&new.jobs) {
            let jobs = old.iter().zip(new).filter(|&(&a, &b)| a > 0 || b > 0);
            for (a, b) in jobs {
                of += 1;
                differing += u64::from(a != b);
            }
        }
        Moved {
            differing,
            of,
            measured: old.measured.max(new.measured),
            is_exact: false,
            old: old.blame,
            new: new.blame,
        }
    }

    /// What the response times of two sides tell of it.
    pub fn exactly(mut old: Responses, mut new: Responses) -> Moved {
        old.of.sort_unstable();
        new.of.sort_unstable();
        let (mut both, mut equal) = (0, 0);
        let mut rest = new.of.as_slice();
        for job in &old.of {
            let before = rest.partition_point(|other| (other.0, other.1) < (job.0, job.1));
            rest = &rest[before..];
            if let Some(other) = rest
                .first()
                .filter(|other| (other.0, other.1) == (job.0, job.1))
            {
                both += 1;
                equal += u64::from(other == job);
            }
        }
        let of = (old.of.len() + new.of.len()) as u64 - both;
        Moved {
            differing: of - equal,
            of,
            measured: of,
            is_exact: true,
            old: blame(&old.stats),
            new: blame(&new.stats),
        }
    }

    /// By how much the mean response time of all measured jobs changed, and that of the slowest 1 %,
    /// by part, nanoseconds.
    pub fn change(&self) -> Option<([i64; 7], [i64; 7])> {
        let ((old, old_tail), (new, new_tail)) = (self.old?, self.new?);
        let minus = |new: Blame, old: Blame| std::array::from_fn(|i| new[i] as i64 - old[i] as i64);
        Some((minus(new, old), minus(new_tail, old_tail)))
    }
}
