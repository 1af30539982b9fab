//! In which order the attempts at a node are served.
//!
//! The order is that of a node alone: who is sent where is the placement's. Disciplines that know the work of a
//! task (`sjf`, `srpt`) use what it will really take, which makes them bounds and not proposals where nobody
//! knows that.

/// One billion: factors are counted in whole billionths, so that they are exact.
const WHOLE: u64 = 1_000_000_000;

/// Who is served next, or whether all are served at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Discipline {
    /// Who came first.
    #[default]
    Fifo,
    /// Who came last; nobody is interrupted.
    Lifo,
    /// Whose class has the largest priority; of equal ones who came first.
    Priority {
        /// Whether one of larger priority interrupts one of smaller, which later goes on where it
        /// was.
        preemptive: bool,
    },
    /// Who takes the shortest time; nobody is interrupted.
    Sjf,
    /// Who has the shortest time left; interrupts whoever has more left.
    Srpt,
    /// All at once, at the same speed: no faster than on a slot of its own, and slower as more
    /// share the slots.
    ProcessorSharing(SlowDown),
}

impl Discipline {
    /// True if all are served at once.
    pub fn shares(&self) -> bool {
        matches!(self, Discipline::ProcessorSharing(_))
    }

    /// Its name in scenario files.
    pub fn name(&self) -> &'static str {
        match self {
            Discipline::Fifo => "fifo",
            Discipline::Lifo => "lifo",
            Discipline::Priority { .. } => "priority",
            Discipline::Sjf => "sjf",
            Discipline::Srpt => "srpt",
            Discipline::ProcessorSharing(_) => "processor-sharing",
        }
    }
}

/// By what factor everything takes longer at a node that serves several at once, beside what they
/// take from each other: a machine that thrashes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SlowDown {
    /// Numbers of tasks, which rise, with the factor there in billionths.
    points: Vec<(u64, u64)>,
}

impl SlowDown {
    /// The factor is 1 for one task (unless said), goes straight from each of `points` (a number of
    /// tasks and the factor there, at least 1) to the next, and stays what it is at the last.
    pub fn new(points: impl IntoIterator<Item = (u64, f64)>) -> SlowDown {
        let exact = |(tasks, factor): (u64, f64)| (tasks, (factor * WHOLE as f64).round() as u64);
        let mut points: Vec<(u64, u64)> = points.into_iter().map(exact).collect();
        if points.first().is_some_and(|(tasks, _)| *tasks > 1) {
            points.insert(0, (1, WHOLE));
        }
        SlowDown { points }
    }

    /// True if nothing ever takes longer.
    pub fn is_none(&self) -> bool {
        self.points.iter().all(|(_, factor)| *factor == WHOLE)
    }

    /// The largest factor.
    pub fn most(&self) -> f64 {
        let most = self.points.iter().map(|(_, factor)| *factor).max();
        most.unwrap_or(WHOLE) as f64 / WHOLE as f64
    }

    /// The factor for `tasks` tasks in billionths, rounded down.
    pub fn at(&self, tasks: u64) -> u64 {
        let next = self.points.partition_point(|(at, _)| *at <= tasks);
        let Some(&(low, from)) = next.checked_sub(1).and_then(|at| self.points.get(at)) else {
            return WHOLE;
        };
        let Some(&(high, to)) = self.points.get(next) else {
            return from;
        };
        let (way, whole) = (u128::from(tasks - low), u128::from(high - low));
        let ways = u128::from(from) * (whole - way) + u128::from(to) * way;
        (ways / whole) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_go_straight_from_point_to_point() {
        let curve = SlowDown::new([(8, 1.0), (16, 3.0)]);
        let found = [1, 8, 9, 12, 16, 99].map(|tasks| curve.at(tasks) as f64 / 1e9);
        assert_eq!(found, [1.0, 1.0, 1.25, 2.0, 3.0, 3.0]);
        assert_eq!((curve.most(), curve.is_none()), (3.0, false));
        let steep = SlowDown::new([(3, 2.0)]);
        assert_eq!(
            [1, 2, 3].map(|tasks| steep.at(tasks)),
            [WHOLE, 3 * WHOLE / 2, 2 * WHOLE]
        );
        assert_eq!(SlowDown::default().at(7), WHOLE);
        assert!(SlowDown::default().is_none());
    }
}
