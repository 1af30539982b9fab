//! The same jobs under two strategies: by what, and for whom, response times differ.
//!
//! Counts and differences of paired jobs, no causes. A job's response time splits exactly into the parts
//! of its blame, so that the parts' differences sum to the whole.

use rayon::prelude::*;

use super::regret::Regret;
use super::trail::{Cut, JobTrail, Trail};
use crate::metrics::jobs::Blame;
use crate::sim::Failure;
use crate::sim::setup::Setup;

/// Jobs that moved most that are kept.
pub const MOST: usize = 10;
/// Parts of equal size that jobs are cut into by their work and by the state at their arrival.
const TENTHS: usize = 10;

/// Jobs that have something in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// What they have in common.
    pub name: String,
    /// How many.
    pub jobs: u64,
    /// Sum of response times under the second strategy, nanoseconds.
    pub before: i128,
    /// Under the first.
    pub after: i128,
    /// Jobs that take less under the first.
    pub faster: u64,
    /// Jobs that take more.
    pub slower: u64,
}

impl Group {
    fn named(name: impl Into<String>) -> Group {
        Group {
            name: name.into(),
            ..Group::default()
        }
    }

    /// Adds a job that takes `before` under the second strategy and `after` under the first, nanoseconds.
    fn add(&mut self, [before, after]: [u64; 2]) {
        self.jobs += 1;
        self.before += i128::from(before);
        self.after += i128::from(after);
        self.faster += u64::from(after < before);
        self.slower += u64::from(after > before);
    }

    /// Adds the sums of another replication.
    fn merge(&mut self, other: &Group) {
        self.jobs += other.jobs;
        self.before += other.before;
        self.after += other.after;
        self.faster += other.faster;
        self.slower += other.slower;
    }

    /// Mean difference of a job, seconds.
    pub fn difference(&self) -> f64 {
        (self.after - self.before) as f64 / self.jobs.max(1) as f64 / 1e9
    }
}

/// A job under both.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Replication, from 1.
    pub replication: u32,
    /// Index of its class.
    pub class: u32,
    /// Which job of its class, from 0.
    pub number: u64,
    /// Under the second strategy.
    pub before: JobTrail,
    /// Under the first.
    pub after: JobTrail,
}

impl Pair {
    /// How long it takes under the second and under the first, nanoseconds.
    fn responses(&self) -> [u64; 2] {
        [self.before.response(), self.after.response()]
    }

    /// How much longer it takes, nanoseconds.
    pub fn change(&self) -> i64 {
        self.after.response() as i64 - self.before.response() as i64
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moved {
    /// All jobs.
    pub all: Group,
    /// Sums of the parts of the response time, under the second strategy and under the first.
    pub parts: [(i128, i128); 7],
    /// By class.
    pub classes: Vec<Group>,
    /// By work, in tenths of the jobs.
    pub sizes: Vec<Group>,
    /// By jobs in the system at arrival, under the second strategy, in tenths.
    pub states: Vec<Group>,
    /// Jobs that moved most, the furthest first.
    pub most: Vec<Pair>,
    /// Measured jobs that only one of the two completed.
    pub alone: u64,
    /// Regret of the decisions of the second strategy and of the first.
    pub regret: [Regret; 2],
}

/// What a replication tells: pairs with the jobs that were in the system at their arrival, how many jobs only
/// one completed, and the regret of decisions.
type Replicate = (Vec<(Pair, u64)>, u64, [Regret; 2]);

/// What is kept of every job until all are known, as only all of them can be cut into tenths.
struct Kept {
    work: f64,
    /// Jobs in the system at its arrival.
    there: f64,
    responses: [u64; 2],
}

/// Sums over replications, with the jobs that are still to be cut.
struct Sums {
    moved: Moved,
    jobs: Vec<Kept>,
}

/// `after` against `before` over so many replications; `classes` are their names.
///
/// # Errors
/// [`Failure`] of a replication.
pub fn moved(
    before: &Setup,
    after: &Setup,
    replications: u32,
    classes: &[String],
) -> Result<Moved, Failure> {
    let whole = Cut {
        from: 0,
        to: u64::MAX,
    };
    let one = |replication: u32| -> Result<Sums, Failure> {
        let of = |setup| Trail::of(setup, u64::from(replication), Some(whole));
        let trails = [of(before)?, of(after)?];
        let regret = [
            Regret::of(before, &trails[0]),
            Regret::of(after, &trails[1]),
        ];
        let (pairs, alone) = paired(replication, &trails[0], &trails[1]);
        Ok(Sums::of((pairs, alone, regret), classes))
    };
    let sums = (1..=replications).into_par_iter().map(one);
    let sums: Vec<Sums> = sums.collect::<Result<_, _>>()?;
    let all = sums.into_iter().reduce(Sums::merged);
    Ok(all.map(Sums::cut).unwrap_or_default())
}

/// The same of the trails of both, replication by replication; none without any.
pub fn of_trails(
    trails: impl Iterator<Item = (u32, [Trail; 2])>,
    classes: &[String],
) -> Option<Moved> {
    let sums = trails.map(|(replication, [before, after])| {
        let (pairs, alone) = paired(replication, &before, &after);
        Sums::of((pairs, alone, Default::default()), classes)
    });
    sums.reduce(Sums::merged).map(Sums::cut)
}

/// Measured jobs that both completed, with the jobs that were in the system at their arrival, and how
/// many only one completed.
fn paired(replication: u32, before: &Trail, after: &Trail) -> (Vec<(Pair, u64)>, u64) {
    let there = in_system(before);
    let mut alone = 0;
    let mut pairs = Vec::new();
    for (key, one) in before.jobs.iter().filter(|(_, job)| job.measured) {
        let Some(other) = after.jobs.get(key) else {
            alone += 1;
            continue;
        };
        let pair = Pair {
            replication,
            class: key.0,
            number: key.1,
            before: one.clone(),
            after: other.clone(),
        };
        let earlier = there.0.partition_point(|arrival| *arrival < one.arrival);
        let gone = there.1.partition_point(|end| *end <= one.arrival);
        pairs.push((pair, (earlier - gone.min(earlier)) as u64));
    }
    let others = after
        .jobs
        .iter()
        .filter(|(key, job)| job.measured && !before.jobs.contains_key(key));
    (pairs, alone + others.count() as u64)
}

/// Arrivals and completions of all jobs that completed, each in order.
fn in_system(trail: &Trail) -> (Vec<u64>, Vec<u64>) {
    let mut arrivals: Vec<u64> = trail.jobs.values().map(|job| job.arrival).collect();
    let mut ends: Vec<u64> = trail
        .jobs
        .values()
        .map(|job| job.arrival + job.response())
        .collect();
    arrivals.sort_unstable();
    ends.sort_unstable();
    (arrivals, ends)
}

/// The values up to which the tenths of `values` go, but for the last; fewer where values are the same.
fn tenths(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let Some(most) = values.last().copied() else {
        return Vec::new();
    };
    let mut edges: Vec<f64> = (1..TENTHS)
        .map(|k| values[(k * values.len()).div_ceil(TENTHS) - 1])
        .collect();
    edges.dedup();
    edges.retain(|edge| *edge < most);
    edges
}

fn place(edges: &[f64], value: f64) -> usize {
    edges.partition_point(|edge| *edge < value)
}

/// The jobs in tenths by `value`.
fn in_tenths(jobs: &[Kept], value: fn(&Kept) -> f64) -> Vec<Group> {
    let edges = tenths(jobs.iter().map(value));
    let names = (0..=edges.len()).map(|k| range(&edges, k));
    let mut groups: Vec<Group> = names.map(Group::named).collect();
    for job in jobs {
        groups[place(&edges, value(job))].add(job.responses);
    }
    groups
}

impl Sums {
    /// Sums over the pairs of jobs of a replication.
    fn of((pairs, alone, regret): Replicate, classes: &[String]) -> Sums {
        let kept = |(pair, there): &(Pair, u64)| Kept {
            work: pair.before.work,
            there: *there as f64,
            responses: pair.responses(),
        };
        let jobs = pairs.iter().map(kept).collect();
        let mut moved = Moved {
            classes: classes.iter().map(Group::named).collect(),
            alone,
            regret,
            ..Moved::default()
        };
        for (pair, _) in &pairs {
            moved.all.add(pair.responses());
            moved.add_parts(&pair.before.blame, &pair.after.blame);
            if let Some(class) = moved.classes.get_mut(pair.class as usize) {
                class.add(pair.responses());
            }
        }
        moved.most = pairs.into_iter().map(|(pair, _)| pair).collect();
        moved.keep_most();
        Sums { moved, jobs }
    }

    /// Both together.
    fn merged(mut self, other: Sums) -> Sums {
        self.moved.merge(&other.moved);
        self.jobs.extend(other.jobs);
        self
    }

    /// What was found, with all jobs cut into tenths.
    fn cut(self) -> Moved {
        Moved {
            sizes: in_tenths(&self.jobs, |job| job.work),
            states: in_tenths(&self.jobs, |job| job.there),
            ..self.moved
        }
    }
}

impl Moved {
    fn add_parts(&mut self, before: &Blame, after: &Blame) {
        for (part, sums) in self.parts.iter_mut().enumerate() {
            sums.0 += i128::from(before[part]);
            sums.1 += i128::from(after[part]);
        }
    }

    fn merge(&mut self, other: &Moved) {
        self.all.merge(&other.all);
        for (sums, more) in self.parts.iter_mut().zip(other.parts) {
            *sums = (sums.0 + more.0, sums.1 + more.1);
        }
        let classes = self.classes.iter_mut().zip(&other.classes);
        classes.for_each(|(one, more)| one.merge(more));
        self.alone += other.alone;
        for (mine, others) in self.regret.iter_mut().zip(&other.regret) {
            mine.merge(others);
        }
        self.most.extend(other.most.iter().cloned());
        self.keep_most();
    }

    /// Keeps the jobs that moved most.
    fn keep_most(&mut self) {
        self.most.sort_by_key(|pair| {
            (
                std::cmp::Reverse(pair.change().unsigned_abs()),
                pair.replication,
                pair.number,
            )
        });
        self.most.truncate(MOST);
    }
}

/// "up to 3", "above 3, up to 5", "above 9".
fn range(edges: &[f64], at: usize) -> String {
    let text = |edge: f64| match edge.fract() == 0.0 {
        true => crate::text::fixed(edge, 0),
        false => crate::text::significant(edge, 3),
    };
    match (at.checked_sub(1).map(|before| edges[before]), edges.get(at)) {
        (None, None) => "all".to_owned(),
        (None, Some(high)) => format!("up to {}", text(*high)),
        (Some(low), Some(high)) => format!("{} to {}", text(low), text(*high)),
        (Some(low), None) => format!("above {}", text(low)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(arrival: u64, queue: u64, service: u64, work: f64) -> JobTrail {
        JobTrail {
            measured: true,
            arrival,
            blame: [0, 0, 0, queue, service, 0, 0],
            work,
        }
    }

    fn trail(jobs: &[JobTrail]) -> Trail {
        let keyed = jobs
            .iter()
            .enumerate()
            .map(|(k, job)| ((0, k as u64), job.clone()));
        Trail {
            jobs: keyed.collect(),
            ..Trail::default()
        }
    }

    /// Three jobs by hand: one waits 5 less, one 2 more, one is the same.
    #[test]
    fn parts_and_groups_sum_to_the_whole() {
        let before = trail(&[job(0, 10, 5, 1.0), job(3, 0, 5, 2.0), job(30, 0, 7, 3.0)]);
        let after = trail(&[job(0, 5, 5, 1.0), job(3, 2, 5, 2.0), job(30, 0, 7, 3.0)]);
        let (pairs, alone) = paired(1, &before, &after);
        let pairs = (pairs, alone, Default::default());
        // The second finds the first there; the third finds nobody.
        assert_eq!(
            pairs.0.iter().map(|(_, there)| *there).collect::<Vec<_>>(),
            [0, 1, 0]
        );
        let moved = Sums::of(pairs, &["job".to_owned()]).cut();
        assert_eq!(
            (moved.all.faster, moved.all.slower, moved.all.jobs),
            (1, 1, 3)
        );
        assert_eq!((moved.all.before, moved.all.after), (27, 24));
        let parts: i128 = moved
            .parts
            .iter()
            .map(|(before, after)| after - before)
            .sum();
        assert_eq!(parts, moved.all.after - moved.all.before);
        for groups in [&moved.classes, &moved.sizes, &moved.states] {
            assert_eq!(groups.iter().map(|group| group.jobs).sum::<u64>(), 3);
            assert_eq!(
                groups
                    .iter()
                    .map(|group| group.after - group.before)
                    .sum::<i128>(),
                -3
            );
        }
        assert_eq!(
            moved.sizes[0].after - moved.sizes[0].before,
            -5,
            "the small job moved by 5"
        );
        assert_eq!(moved.most[0].change(), -5);
    }

    #[test]
    fn a_job_that_one_side_lost_is_counted() {
        let before = trail(&[job(0, 10, 5, 1.0), job(3, 0, 5, 2.0)]);
        let after = trail(&[job(0, 5, 5, 1.0)]);
        assert_eq!(paired(1, &before, &after).1, 1);
        assert_eq!(paired(1, &after, &before).1, 1);
    }

    #[test]
    fn tenths_of_equal_values_are_one() {
        assert_eq!(tenths([1.0; 20].into_iter()), Vec::<f64>::new());
        let all = tenths((1..=100).map(f64::from));
        assert_eq!(all, [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]);
        assert_eq!(tenths([1.0, 2.0].into_iter()), [1.0]);
    }

    /// The second replication has larger jobs, which find more others there, than any of the first.
    #[test]
    fn tenths_are_of_all_replications() {
        let jobs = |from: u64| -> Vec<JobTrail> {
            let job = |k: u64| job(from + k, 1_000_000, 5, (from + k) as f64);
            (0..50).map(job).collect()
        };
        let trails = [(1, jobs(0)), (2, jobs(50))];
        let trails = trails.map(|(number, jobs)| (number, [trail(&jobs), trail(&jobs)]));
        let moved = of_trails(trails.into_iter(), &[]).unwrap_or_default();
        for groups in [&moved.sizes, &moved.states] {
            let counts: Vec<u64> = groups.iter().map(|group| group.jobs).collect();
            assert_eq!(counts, [10; TENTHS]);
        }
        let names: Vec<&str> = moved.sizes.iter().map(|group| &*group.name).collect();
        assert_eq!((names[0], names[9]), ("up to 9", "above 89"));
    }
}
