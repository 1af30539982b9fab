//! What is turned away: attempts by full queues, jobs by admission; and what is cancelled because enough
//! has come. By hand, and against order statistics.

use std::collections::BTreeMap;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::jobs::Blame;
use equipoise::model::discipline::Discipline;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::run;
use equipoise::sim::setup::Setup;
use equipoise::strategy::{Binding, QueueOrder};
use equipoise::workload::class::Class;
use equipoise::workload::source::Arrivals;

use crate::common::group;

/// By class and number of the job: when it completed, if it did.
#[derive(Default)]
struct Ends(BTreeMap<(u32, u64), Option<u64>>);

impl Recorder for Ends {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        let at = completed.map(|(at, _)| at.0 / 1_000_000);
        assert!(self.0.insert((job.class, job.number), at).is_none());
    }
    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}
    fn decision(&mut self, _: &Decision<'_>) {}
}

/// One node of one slot, at which at most `limit` attempts wait. A class for each of `jobs`: when one
/// arrives (and then no more for long), its tasks and their work, in seconds.
fn one_node(limit: Option<u64>, jobs: &[(f64, u32, f64)]) -> Setup {
    let mut node = group("node", 1, 1.0);
    node.queue_limit = limit;
    let mut setup = Setup::new(vec![node]);
    for (index, &(at, tasks, work)) in jobs.iter().enumerate() {
        let class = Class::of_tasks(
            &format!("class{index}"),
            tasks,
            Law::Constant(work),
            vec![1],
        );
        let at = Time::from_secs(at);
        setup = setup.with_jobs(class, Arrivals::Batch { jobs: 1, at });
    }
    setup.window.finite = true;
    setup.window.measure = equipoise::sim::setup::Measure::All;
    setup
}

/// Completions in milliseconds, and how many jobs were turned away.
fn ends(setup: &Setup) -> (Vec<Option<u64>>, u64) {
    let mut ends = Ends::default();
    let figures = run(setup, 1, Some(&mut ends)).unwrap_or_else(|failure| panic!("{failure}"));
    let rejected = figures.classes.iter().map(|jobs| jobs.rejected).sum();
    let failed: u64 = figures.classes.iter().map(|jobs| jobs.failed).sum();
    assert_eq!(failed, 0);
    (ends.0.into_values().collect(), rejected)
}

#[test]
fn a_full_queue_refuses() {
    let jobs = [
        (1.0, 1, 10.0),
        (2.0, 1, 10.0),
        (3.0, 1, 10.0),
        (11.0, 1, 10.0),
    ];
    let none = (vec![Some(11_000), None, None, Some(21_000)], 2);
    assert_eq!(ends(&one_node(Some(0), &jobs)), none);
    let one = (vec![Some(11_000), Some(21_000), None, Some(31_000)], 1);
    assert_eq!(ends(&one_node(Some(1), &jobs)), one);
    let (all, rejected) = ends(&one_node(None, &jobs));
    assert_eq!((all[3], rejected), (Some(41_000), 0));
}

/// A job of two tasks of which one is refused is rejected; what the other was served is waste.
#[test]
fn a_job_is_whole_or_not_at_all() {
    let setup = one_node(Some(0), &[(1.0, 2, 10.0), (2.0, 1, 10.0)]);
    assert_eq!(ends(&setup), (vec![None, Some(12_000)], 1));
}

/// An attempt that was refused comes back after the backoff: at 2, 2 + 3, 5 + 6 = 11 s, when the node
/// has just become free.
#[test]
fn who_is_refused_may_come_back() {
    let mut setup = one_node(Some(0), &[(1.0, 1, 10.0), (2.0, 1, 10.0)]);
    setup.faults.retries.max_attempts = 3;
    setup.faults.retries.backoff = 3.0;
    assert_eq!(ends(&setup), (vec![Some(11_000), Some(21_000)], 0));
    setup.faults.retries.max_attempts = 2;
    assert_eq!(ends(&setup), (vec![Some(11_000), None], 1));
}

/// Who interrupts takes no place in the queue, and who is interrupted keeps his.
#[test]
fn a_limit_and_interruptions() {
    let mut setup = one_node(Some(0), &[(1.0, 1, 10.0), (2.0, 1, 4.0), (3.0, 1, 4.0)]);
    setup.cluster.groups[0].discipline = Discipline::Srpt;
    assert_eq!(ends(&setup), (vec![Some(15_000), Some(6_000), None], 1));
}

#[test]
fn a_central_queue_has_its_own_limit() {
    let jobs = [(1.0, 1, 10.0), (2.0, 1, 10.0), (3.0, 1, 10.0)];
    let mut setup = one_node(Some(0), &jobs);
    setup.strategy.binding = Binding::CentralQueue;
    setup.strategy.limits.central_queue = Some(1);
    assert_eq!(ends(&setup), (vec![Some(11_000), Some(21_000), None], 1));
}

/// The last of the queue is refused when too many wait after all of an instant has happened: with the oldest
/// job first the one that came last, and what finds room at the same instant has never waited.
#[test]
fn a_central_queue_by_rules_has_its_limit() {
    let jobs = [(1.0, 2, 10.0), (3.0, 1, 10.0), (3.0, 1, 10.0)];
    let mut setup = one_node(Some(0), &jobs);
    setup.cluster.groups[0].capacity = vec![Some(2)];
    setup.strategy.binding = Binding::CentralQueue;
    setup.strategy.queue.order = QueueOrder::Job;
    setup.strategy.limits.central_queue = Some(1);
    assert_eq!(ends(&setup), (vec![Some(11_000), Some(21_000), None], 1));
    setup.strategy.limits.central_queue = Some(0);
    assert_eq!(ends(&setup), (vec![Some(11_000), None, None], 2));
    // A gang of three waits or is refused with all of its tasks.
    let jobs = [(1.0, 2, 10.0), (2.0, 3, 10.0), (3.0, 1, 10.0)];
    let mut setup = one_node(Some(0), &jobs);
    setup.cluster.groups[0].capacity = vec![Some(3)];
    setup.strategy.binding = Binding::CentralQueue;
    setup.classes[1].gang = true;
    for (limit, gang) in [(3, Some(21_000)), (2, None)] {
        setup.strategy.limits.central_queue = Some(limit);
        assert_eq!(ends(&setup).0[1], gang);
    }
}

/// Two jobs are let in; of class 2 none while there is one.
#[test]
fn admission_by_class() {
    let jobs = [
        (1.0, 1, 10.0),
        (2.0, 1, 10.0),
        (3.0, 1, 1.0),
        (4.0, 1, 1.0),
        (12.0, 1, 1.0),
    ];
    let mut setup = one_node(None, &jobs);
    setup.strategy.limits.jobs = vec![Some(2), Some(2), Some(1), Some(2), Some(1)];
    let (found, rejected) = ends(&setup);
    assert_eq!(found, [Some(11_000), Some(21_000), None, None, None]);
    assert_eq!(rejected, 3);
    setup.strategy.limits.jobs[4] = Some(2);
    assert_eq!(ends(&setup).0[4], Some(22_000));
}

/// A dispatcher that takes 2 s: it is at the first job from 1 to 3 s, the second waits, the third finds
/// it waiting.
#[test]
fn a_dispatcher_lets_only_so_many_wait() {
    let jobs = [(1.0, 1, 1.0), (1.5, 1, 1.0), (2.0, 1, 1.0), (3.5, 1, 1.0)];
    let mut setup = one_node(None, &jobs);
    setup.strategy.parts[0].decision_time = Law::Constant(2.0);
    setup.strategy.limits.dispatcher_queue = Some(1);
    let found = (vec![Some(4_000), Some(6_000), None, Some(8_000)], 1);
    assert_eq!(ends(&setup), found);
}

/// Job 0 has 3 tasks of 10 s and needs one or two of them; job 1 waits behind it.
#[test]
fn enough_is_enough() {
    let mut setup = one_node(None, &[(1.0, 3, 10.0), (2.0, 1, 10.0)]);
    setup.classes[0].gather.need = Some(1);
    assert_eq!(ends(&setup).0, [Some(11_000), Some(21_000)]);
    let figures = run(&setup, 1, None).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!((figures.totals.cancelled, figures.totals.wasted), (2, 0));
    assert_eq!(figures.classes[0].wait.total(), 1);
    setup.classes[0].gather.need = Some(2);
    assert_eq!(ends(&setup).0, [Some(21_000), Some(31_000)]);
    // With gathering of 1 s each, and 2 s more after the last: 11 + 1 and 21 + 1 + 2. The third task
    // runs from 21 s on and is cancelled at 24 s.
    setup.classes[0].gather.per_result = Law::Constant(1.0);
    setup.classes[0].gather.work = Law::Constant(2.0);
    assert_eq!(ends(&setup).0, [Some(24_000), Some(34_000)]);
    let figures = run(&setup, 1, None).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(figures.totals.wasted, 3_000_000_000);
}

/// A task that fails for good is no loss as long as enough are left.
#[test]
fn enough_are_left() {
    let mut setup = one_node(Some(1), &[(1.0, 3, 10.0)]);
    setup.classes[0].gather.need = Some(2);
    // The third is refused.
    assert_eq!(ends(&setup), (vec![Some(21_000)], 0));
    setup.classes[0].gather.need = Some(3);
    assert_eq!(ends(&setup), (vec![None], 1));
}

/// The k-th of n unit exponentials that start together comes after H(n) - H(n - k) on average (Renyi,
/// 1953); 40,000 jobs, within 4 standard errors (the variance is below 0.6).
#[test]
fn the_kth_of_n() {
    let mut node = group("node", 1, 1.0);
    node.capacity[0] = None;
    for (n, k) in [(10, 1), (10, 7), (10, 10), (3, 2)] {
        let mut class = Class::of_tasks("job", n, Law::Exponential { mean: 1.0 }, vec![1]);
        class.gather.need = Some(k);
        let interval = Law::Exponential { mean: 1.0 };
        let setup = Setup::new(vec![node.clone()])
            .with_jobs(class, Arrivals::Renewal { interval })
            .measuring(100, 40_000);
        let jobs = run(&setup, 1, None).unwrap_or_else(|failure| panic!("{failure}"));
        let jobs = &jobs.classes[0];
        let (mean, left) = (jobs.response_sum() as f64 / 4e13, n - k + 1);
        let (mut expected, mut variance) = (0.0, 0.0);
        for i in left..=n {
            expected += 1.0 / f64::from(i);
            variance += f64::from(i).powi(-2);
        }
        let error = (variance / 4e4f64).sqrt();
        assert!((mean - expected).abs() < 4.0 * error, "{n} {k}: {mean}");
        // With nothing in its way a job takes just its critical path.
        assert!((jobs.slowdown_mean().unwrap_or(0.0) - 1.0).abs() < 0.02);
    }
}
