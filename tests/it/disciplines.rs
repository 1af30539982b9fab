//! Disciplines of nodes by hand: few tasks at known instants, whose ends follow from the rules.

use std::collections::BTreeMap;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::jobs::Blame;
use equipoise::model::cluster::Group;
use equipoise::model::discipline::{Discipline, SlowDown};
use equipoise::sim;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::setup::{Measure, Setup};
use equipoise::workload::class::Class;
use equipoise::workload::source::Arrivals;

/// A job of one task: when it arrives and how long it runs, nanoseconds; slots; priority.
type Plan = (u64, u64, u64, i64);

/// When a job's task started and ended, and how long it was queued and served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Life {
    started: u64,
    ended: u64,
    queued: u64,
    served: u64,
}

#[derive(Default)]
struct Lives(BTreeMap<u32, Life>);

impl Recorder for Lives {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        if let Some((time, blame)) = completed {
            let life = self.0.entry(job.class).or_default();
            (life.queued, life.served) = (blame[3], blame[4]);
            assert_eq!(life.ended, time.0);
            assert_eq!(time.0, job.arrival.0 + blame.iter().sum::<u64>());
        }
    }

    fn task(&mut self, job: &Job, _: &Task, attempt: &Attempt) {
        let life = self.0.entry(job.class).or_default();
        (life.started, life.ended) = (attempt.times.started.0, attempt.times.ended.0);
        assert_eq!(attempt.times.reached, job.arrival);
    }

    fn decision(&mut self, _: &Decision<'_>) {}
}

fn node(slots: u64, discipline: Discipline) -> Group {
    Group {
        discipline,
        ..Group::new("node", 1, 1.0, vec![Some(slots)])
    }
}

fn sharing() -> Discipline {
    Discipline::ProcessorSharing(SlowDown::default())
}

fn setup(group: Group, jobs: &[Plan]) -> Setup {
    let mut setup = Setup::new(vec![group]);
    for (number, &(at, service, slots, priority)) in jobs.iter().enumerate() {
        let work = Law::Constant(service as f64 / 1e9);
        let class = Class {
            priority,
            ..Class::of_tasks(&format!("job{number}"), 1, work, vec![slots])
        };
        let at = Time(at);
        setup = setup.with_jobs(class, Arrivals::Batch { jobs: 1, at });
    }
    setup.window.measure = Measure::All;
    setup.window.finite = true;
    setup
}

fn lives(group: Group, jobs: &[Plan]) -> Vec<Life> {
    let setup = setup(group, jobs);
    let mut lives = Lives::default();
    sim::run(&setup, 1, Some(&mut lives)).unwrap();
    lives.0.into_values().collect()
}

fn ends(group: Group, jobs: &[Plan]) -> Vec<u64> {
    lives(group, jobs).iter().map(|life| life.ended).collect()
}

const PREEMPTIVE: Discipline = Discipline::Priority { preemptive: true };

#[test]
fn who_waits_is_served_in_the_order_of_the_discipline() {
    // The first runs until 10; the others wait.
    let jobs = [(0, 10, 1, 0), (1, 5, 1, 1), (2, 3, 1, 0), (3, 4, 1, 2)];
    let of = |discipline| ends(node(1, discipline), &jobs);
    assert_eq!(of(Discipline::Fifo), [10, 15, 18, 22]);
    assert_eq!(of(Discipline::Lifo), [10, 22, 17, 14]);
    assert_eq!(
        of(Discipline::Priority { preemptive: false }),
        [10, 19, 22, 14]
    );
    assert_eq!(of(PREEMPTIVE), [19, 10, 22, 7]);
    assert_eq!(of(Discipline::Sjf), [10, 22, 13, 17]);
    // At 1 the second has 5 and the first 9 left; at 2 the third has 3 and the second 4.
    assert_eq!(of(Discipline::Srpt), [22, 9, 5, 13]);
}

#[test]
fn equal_priorities_do_not_interrupt_and_keep_their_turn() {
    let jobs = [(0, 10, 1, 1), (1, 2, 1, 1), (2, 3, 1, 5), (3, 1, 1, 1)];
    assert_eq!(ends(node(1, PREEMPTIVE), &jobs), [13, 15, 5, 16]);
}

#[test]
fn what_is_left_is_exact_to_the_nanosecond() {
    let jobs = [
        (0, 1_000_000_007, 1, 0),
        (333_333_333, 123_456_789, 1, 1),
        (400_000_001, 1, 1, 2),
        (900_000_000, 7, 1, 1),
    ];
    let found = lives(node(1, PREEMPTIVE), &jobs);
    let served: Vec<u64> = found.iter().map(|life| life.served).collect();
    assert_eq!(served, [1_000_000_007, 123_456_789, 1, 7]);
    assert_eq!(found[0].ended, 1_000_000_007 + 123_456_789 + 1 + 7);
    assert_eq!(found[0].queued, 123_456_789 + 1 + 7);
    assert_eq!(
        (found[1].started, found[1].ended),
        (333_333_333, 456_790_123)
    );
}

#[test]
fn a_wide_task_takes_the_room_of_as_many_as_it_needs() {
    // Five of one slot on ten; seven more need two of them to go: the last that came.
    let mut jobs: Vec<Plan> = (0..5).map(|at| (at, 100, 1, 0)).collect();
    jobs.push((50, 10, 7, 1));
    assert_eq!(
        ends(node(10, PREEMPTIVE), &jobs),
        [100, 101, 102, 113, 114, 60]
    );
    // One of five slots makes room alone; a task that could not fit anyhow interrupts nobody.
    let jobs = [(0, 100, 5, 0), (1, 100, 2, 3), (50, 10, 7, 1)];
    assert_eq!(ends(node(10, PREEMPTIVE), &jobs), [110, 101, 60]);
    let jobs = [(0, 100, 3, 0), (1, 100, 4, 3), (50, 10, 7, 1)];
    assert_eq!(ends(node(10, PREEMPTIVE), &jobs), [100, 101, 111]);
}

#[test]
fn equal_tasks_that_share_end_together() {
    for count in [1, 10, 100, 1000] {
        let mut setup = setup(node(1, sharing()), &[(0, 1_000_000_000, 1, 0)]);
        let at = Time::ZERO;
        setup.sources[0].arrivals = Arrivals::Batch { jobs: count, at };
        let figures = sim::run(&setup, 1, None).unwrap();
        let all = u128::from(count) * u128::from(count) * 1_000_000_000;
        assert_eq!(figures.all().response_sum(), all);
        assert_eq!(figures.all().response.most(), count * 1_000_000_000);
    }
}

#[test]
fn shares_follow_slots_and_the_curve() {
    // Two slots: alone at full speed; three get 2/3 each; one that demands two counts as two.
    assert_eq!(
        ends(node(2, sharing()), &[(0, 60, 1, 0), (0, 60, 1, 0)]),
        [60, 60]
    );
    let three = [(0, 60, 1, 0); 3];
    assert_eq!(ends(node(2, sharing()), &three), [90; 3]);
    assert_eq!(
        ends(node(2, sharing()), &[(0, 60, 2, 0), (0, 60, 1, 0)]),
        [90, 90]
    );
    // Beside each other two take three times as long: 2 x 1.5.
    let slow = Discipline::ProcessorSharing(SlowDown::new([(2, 1.5)]));
    assert_eq!(
        ends(node(1, slow), &[(0, 60, 1, 0), (0, 60, 1, 0)]),
        [180, 180]
    );
    // One comes at 30: 30 left of the first take 60, then 30 of the second are left.
    let found = lives(node(1, sharing()), &[(0, 60, 1, 0), (30, 60, 1, 0)]);
    assert_eq!((found[0].ended, found[1].ended), (90, 120));
    assert_eq!((found[0].queued, found[0].served), (30, 60));
    assert_eq!((found[1].started, found[1].queued), (30, 30));
}

/// Numbers as fractions, for a twin that rounds nothing.
#[derive(Clone, Copy)]
struct Fraction(i128, i128);

impl Fraction {
    fn new(over: i128, under: i128) -> Fraction {
        let (mut a, mut b) = (over.abs(), under.abs());
        while b > 0 {
            (a, b) = (b, a % b);
        }
        let gcd = a.max(1);
        Fraction(over / gcd, under / gcd)
    }
    fn plus(self, other: Fraction) -> Fraction {
        Fraction::new(self.0 * other.1 + other.0 * self.1, self.1 * other.1)
    }
    fn times(self, over: i128, under: i128) -> Fraction {
        Fraction::new(self.0 * over, self.1 * under)
    }
    fn is_below(self, other: Fraction) -> bool {
        self.0 * other.1 < other.0 * self.1
    }
}

/// Ends of jobs, in order of arrival, that share one slot, as fractions of nanoseconds.
fn exact_ends(jobs: &[Plan]) -> Vec<Fraction> {
    let mut left: Vec<Option<Fraction>> = vec![None; jobs.len()];
    let mut ends = vec![Fraction(0, 1); jobs.len()];
    let (mut now, mut next) = (Fraction(0, 1), 0);
    loop {
        let there: Vec<usize> = (0..jobs.len()).filter(|&job| left[job].is_some()).collect();
        let count = there.len() as i128;
        let shortest = there
            .iter()
            .copied()
            .reduce(|a, b| match (left[a], left[b]) {
                (Some(x), Some(y)) if y.is_below(x) => b,
                _ => a,
            });
        let end = shortest.and_then(|job| left[job].map(|left| now.plus(left.times(count, 1))));
        let arrival = jobs.get(next).map(|job| Fraction(i128::from(job.0), 1));
        let (time, ended) = match (end, arrival) {
            (None, None) => return ends,
            (Some(end), Some(arrival)) if arrival.is_below(end) => (arrival, None),
            (Some(end), _) => (end, shortest),
            (None, Some(arrival)) => (arrival, None),
        };
        let passed = time.plus(now.times(-1, 1));
        for job in there {
            left[job] = left[job].map(|left| left.plus(passed.times(-1, count)));
        }
        now = time;
        if let Some(job) = ended {
            (left[job], ends[job]) = (None, now);
        } else {
            left[next] = Some(Fraction(i128::from(jobs[next].1), 1));
            next += 1;
        }
    }
}

/// Within 2 ns an event of the busy period, here of all events.
#[test]
fn sharing_is_as_exact_as_whole_nanoseconds_are() {
    let mut seed = 7u64;
    let mut draw = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    for round in 0..300 {
        let (mut at, mut jobs) = (0, Vec::new());
        for _ in 0..8 {
            at += 1 + draw(500);
            jobs.push((at, 1 + draw(700), 1, 0));
        }
        let found = ends(node(1, sharing()), &jobs);
        for (job, (found, exact)) in found.iter().zip(exact_ends(&jobs)).enumerate() {
            let over = i128::from(*found) * exact.1 - exact.0;
            let most = 2 * 2 * jobs.len() as i128 * exact.1;
            assert!(over.abs() <= most, "round {round}, job {job}: {found}");
        }
    }
}

/// Whatever the order, no work is lost or made: the node is idle after the same busy time.
#[test]
fn no_order_changes_the_work() {
    let jobs: Vec<Plan> = (0..200u64)
        .map(|n| (n * 37 % 4_000, 1 + n * n % 61, 1, (n % 3) as i64))
        .collect();
    let all: Vec<Discipline> = vec![
        Discipline::Lifo,
        Discipline::Priority { preemptive: false },
        PREEMPTIVE,
        Discipline::Sjf,
        Discipline::Srpt,
        sharing(),
    ];
    let last = ends(node(1, Discipline::Fifo), &jobs).into_iter().max();
    for discipline in all {
        let found = lives(node(1, discipline.clone()), &jobs);
        let served: Vec<u64> = found.iter().map(|life| life.served).collect();
        let works: Vec<u64> = jobs.iter().map(|job| job.1).collect();
        assert_eq!(served, works, "{discipline:?}");
        // Sharing rounds each end up.
        let late = found.iter().map(|life| life.ended).max() > last;
        assert!(!late || discipline.shares(), "{discipline:?}");
    }
}
