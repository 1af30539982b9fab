//! How the response times of one replication moved between two sides.

use super::Detail;
use crate::metrics::jobs::Blame;

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

    /// By how much the mean response time of all measured jobs changed, and that of the slowest 1 %,
    /// by part, nanoseconds.
    pub fn change(&self) -> Option<([i64; 7], [i64; 7])> {
        let ((old, old_tail), (new, new_tail)) = (self.old?, self.new?);
        let minus = |new: Blame, old: Blame| std::array::from_fn(|i| new[i] as i64 - old[i] as i64);
        Some((minus(new, old), minus(new_tail, old_tail)))
    }
}
