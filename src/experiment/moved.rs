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

    fn add(&mut self, pair: &Pair) {
        self.jobs += 1;
        self.before += i128::from(pair.before.response());
        self.after += i128::from(pair.after.response());
        self.faster += u64::from(pair.after.response() < pair.before.response());
        self.slower += u64::from(pair.after.response() > pair.before.response());
    }

    /// Adds the sums of another replication; of the jobs that moved most the largest of both stay.
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
    /// By work, in tenths of the jobs of the first replication.
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

/// The tenths that jobs are cut into, by the first replication.
struct Edges {
    sizes: Vec<f64>,
    states: Vec<f64>,
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
    let pairs = |replication: u32| -> Result<Replicate, Failure> {
        let of = |setup| Trail::of(setup, u64::from(replication), Some(whole));
        let trails = [of(before)?, of(after)?];
        let regret = [
            Regret::of(before, &trails[0]),
            Regret::of(after, &trails[1]),
        ];
        let (pairs, alone) = paired(replication, &trails[0], &trails[1]);
        Ok((pairs, alone, regret))
    };
    let first = pairs(1)?;
    let edges = Edges::of(&first);
    let one =
        |replication: u32| Ok::<Moved, Failure>(Moved::of(&pairs(replication)?, &edges, classes));
    let rest = (2..=replications).into_par_iter().map(one);
    let rest: Vec<Moved> = rest.collect::<Result<_, _>>()?;
    let mut all = Moved::of(&first, &edges, classes);
    rest.iter().for_each(|other| all.merge(other));
    Ok(all)
}

impl Edges {
    /// Sums over the pairs of jobs of a replication, by class, size and state.
    fn of((pairs, ..): &Replicate) -> Edges {
        Edges {
            sizes: tenths(pairs.iter().map(|(pair, _)| pair.before.work)),
            states: tenths(pairs.iter().map(|(_, there)| *there as f64)),
        }
    }
}

/// The same of the trails of both, replication by replication; none without any.
pub fn of_trails(
    trails: impl Iterator<Item = (u32, [Trail; 2])>,
    classes: &[String],
) -> Option<Moved> {
    let mut found: Option<(Edges, Moved)> = None;
    for (replication, [before, after]) in trails {
        let (pairs, alone) = paired(replication, &before, &after);
        let replicate = (pairs, alone, Default::default());
        match &mut found {
            Some((edges, all)) => all.merge(&Moved::of(&replicate, edges, classes)),
            None => {
                let edges = Edges::of(&replicate);
                let all = Moved::of(&replicate, &edges, classes);
                found = Some((edges, all));
            }
        }
    }
    Some(found?.1)
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

/// The values that cut `values` into tenths; fewer where values are the same.
fn tenths(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let Some(most) = values.last().copied() else {
        return Vec::new();
    };
    let mut edges: Vec<f64> = (1..TENTHS)
        .map(|k| values[k * values.len() / TENTHS])
        .collect();
    edges.dedup();
    edges.retain(|edge| *edge < most);
    edges
}

fn place(edges: &[f64], value: f64) -> usize {
    edges.partition_point(|edge| *edge < value)
}

impl Moved {
    fn of((pairs, alone, regret): &Replicate, edges: &Edges, classes: &[String]) -> Moved {
        let empty = |edges: &[f64]| {
            (0..=edges.len())
                .map(|k| Group::named(range(edges, k)))
                .collect()
        };
        let mut moved = Moved {
            classes: classes.iter().map(Group::named).collect(),
            sizes: empty(&edges.sizes),
            states: empty(&edges.states),
            alone: *alone,
            regret: regret.clone(),
            ..Moved::default()
        };
        for (pair, there) in pairs {
            moved.all.add(pair);
            moved.add_parts(&pair.before.blame, &pair.after.blame);
            moved.sizes[place(&edges.sizes, pair.before.work)].add(pair);
            moved.states[place(&edges.states, *there as f64)].add(pair);
            if let Some(class) = moved.classes.get_mut(pair.class as usize) {
                class.add(pair);
            }
        }
        moved.most = pairs.iter().map(|(pair, _)| pair.clone()).collect();
        moved.cut();
        moved
    }

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
        let both = [
            (&mut self.classes, &other.classes),
            (&mut self.sizes, &other.sizes),
            (&mut self.states, &other.states),
        ];
        for (mine, others) in both {
            mine.iter_mut()
                .zip(others)
                .for_each(|(one, more)| one.merge(more));
        }
        self.alone += other.alone;
        for (mine, others) in self.regret.iter_mut().zip(&other.regret) {
            mine.merge(others);
        }
        self.most.extend(other.most.iter().cloned());
        self.cut();
    }

    /// Keeps the jobs that moved most.
    fn cut(&mut self) {
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
        let edges = Edges {
            sizes: vec![1.5],
            states: vec![0.5],
        };
        let moved = Moved::of(&pairs, &edges, &["job".to_owned()]);
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
        assert_eq!(tenths((0..100).map(f64::from)).len(), 9);
    }
}
