//! Gangs, backfilling and other rules of a central queue: by hand, and what must hold of any jobs.

use std::collections::BTreeMap;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::jobs::Blame;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::setup::{Measure, Setup};
use equipoise::sim::{Failure, run};
use equipoise::strategy::{Backfill, Binding};
use equipoise::workload::class::Class;
use equipoise::workload::source::Arrivals;
use proptest::prelude::*;

use crate::common::group;

/// When tasks start, in seconds, by class; all of a class start together.
#[derive(Default)]
struct Starts {
    gangs: BTreeMap<u32, u64>,
}

impl Recorder for Starts {
    fn job(&mut self, _: &Job, _: Option<(Time, Blame)>) {}
    fn task(&mut self, job: &Job, _: &Task, attempt: &Attempt) {
        let start = attempt.times.started.0 / 1_000_000_000;
        let first = *self.gangs.entry(job.class).or_insert(start);
        assert_eq!(first, start, "a gang starts together");
    }
    fn decision(&mut self, _: &Decision<'_>) {}
}

/// One job for each of `jobs`: when it arrives, its tasks, which start together, and their work, in
/// seconds; on `nodes` nodes with a central queue.
fn gangs(nodes: u32, backfill: Backfill, jobs: &[(u64, u32, u64)]) -> Setup {
    let mut setup = Setup::new(vec![group("node", nodes, 1.0)]);
    for (index, &(at, tasks, work)) in jobs.iter().enumerate() {
        let work = Law::Constant(work as f64);
        let mut class = Class::of_tasks(&format!("class{index}"), tasks, work, vec![1]);
        class.gang = true;
        let at = Time::from_secs(at as f64);
        setup = setup.with_jobs(class, Arrivals::Batch { jobs: 1, at });
    }
    setup.strategy.binding = Binding::CentralQueue;
    setup.strategy.queue.backfill = backfill;
    setup.window.finite = true;
    setup.window.measure = Measure::All;
    setup
}

fn starts(setup: &Setup) -> Vec<u64> {
    let mut starts = Starts::default();
    run(setup, 1, Some(&mut starts)).unwrap_or_else(|failure| panic!("{failure}"));
    starts.gangs.into_values().collect()
}

#[test]
fn two_gangs_take_turns() {
    for backfill in [
        Backfill::None,
        Backfill::Any,
        Backfill::Easy,
        Backfill::Conservative,
    ] {
        let setup = gangs(100, backfill, &[(1, 100, 10), (1, 100, 10)]);
        assert_eq!(starts(&setup), [1, 11]);
        let setup = gangs(100, backfill, &[(1, 51, 10), (1, 51, 10), (1, 49, 10)]);
        let last = if backfill == Backfill::None { 11 } else { 1 };
        assert_eq!(starts(&setup), [1, 11, last]);
    }
}

/// Three nodes; two are held until 10 s. Job 1 needs two, job 2 all three, job 3 one, for long. Easy
/// lets job 3 start at once, as it is not in the way of job 1; but it delays job 2, which a promise keeps
/// from happening.
#[test]
fn backfilling_by_hand() {
    let jobs = [(1, 2, 9), (2, 2, 10), (3, 3, 5), (4, 1, 100)];
    let of = |backfill| starts(&gangs(3, backfill, &jobs));
    assert_eq!(of(Backfill::None), [1, 10, 20, 25]);
    assert_eq!(of(Backfill::Any), [1, 10, 104, 4]);
    assert_eq!(of(Backfill::Easy), [1, 10, 104, 4]);
    assert_eq!(of(Backfill::Conservative), [1, 10, 20, 25]);
    // Whoever is through before the head can start is in nobody's way; any other is in that of the head.
    let jobs = [(1, 2, 9), (2, 3, 10), (3, 1, 6), (3, 1, 8)];
    assert_eq!(starts(&gangs(3, Backfill::Easy, &jobs)), [1, 10, 3, 20]);
    assert_eq!(starts(&gangs(3, Backfill::Any, &jobs)), [1, 17, 3, 9]);
}

/// Nodes that come free at one instant are seen together, whether one job or several end there: nobody slips
/// in between who would find room at the first of them.
#[test]
fn what_ends_together_frees_its_nodes_together() {
    for ending in [vec![(1, 2, 9)], vec![(1, 1, 9), (2, 1, 8)]] {
        let jobs = [ending.clone(), vec![(3, 2, 10), (4, 1, 8)]].concat();
        let mut found = starts(&gangs(2, Backfill::Any, &jobs));
        assert_eq!(found.split_off(ending.len()), [10, 20]);
    }
}

/// A single task of the demand of the whole node blocks its queue, or not.
#[test]
fn what_does_not_fit_is_passed_over() {
    let mut setup = gangs(1, Backfill::None, &[(1, 1, 10), (2, 1, 10), (3, 1, 1)]);
    setup.cluster.groups[0].capacity = vec![Some(2)];
    setup.classes[1].stages[0].demand = vec![2];
    setup
        .classes
        .iter_mut()
        .for_each(|class| class.gang = false);
    assert_eq!(starts(&setup), [1, 11, 21]);
    setup.strategy.queue.backfill = Backfill::Any;
    assert_eq!(starts(&setup), [1, 11, 3]);
    setup.strategy.queue.backfill = Backfill::Easy;
    assert_eq!(starts(&setup), [1, 11, 3]);
}

/// A gang that no cluster could hold is told, and does not hang.
#[test]
fn a_gang_without_hope_is_told() {
    let setup = gangs(4, Backfill::Any, &[(1, 5, 10)]);
    let failure = run(&setup, 1, None).map(|_| ()).unwrap_err();
    assert!(
        matches!(&failure, Failure::Strategy(what) if what.contains("start together")),
        "{failure}"
    );
}

/// Jobs that are served one at a time: the second of three tasks on two nodes waits for the third of the
/// first, though a node is free.
#[test]
fn one_job_at_a_time() {
    let mut setup = gangs(2, Backfill::None, &[(1, 3, 10), (1, 1, 10)]);
    setup
        .classes
        .iter_mut()
        .for_each(|class| class.gang = false);
    let ends = |setup: &Setup| {
        let figures = run(setup, 1, None).unwrap_or_else(|failure| panic!("{failure}"));
        let seconds =
            |jobs: &equipoise::metrics::jobs::JobStats| jobs.response_sum() / 1_000_000_000;
        figures.classes.iter().map(seconds).collect::<Vec<_>>()
    };
    assert_eq!(ends(&setup), [20, 20]);
    setup.strategy.queue.one_at_a_time = true;
    assert_eq!(ends(&setup), [20, 30]);
}

fn some_jobs() -> impl Strategy<Value = Vec<(u64, u32, u64)>> {
    prop::collection::vec((Just(1u64), 1u32..=4, 1u64..30), 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    /// All at once on four nodes: nobody starts later under conservative backfilling than without, as
    /// run times are as estimated; and the first that has to wait starts no later under easy.
    #[test]
    fn backfilling_delays_nobody(jobs in some_jobs()) {
        let strict = starts(&gangs(4, Backfill::None, &jobs));
        let conservative = starts(&gangs(4, Backfill::Conservative, &jobs));
        for (late, early) in strict.iter().zip(&conservative) {
            prop_assert!(early <= late, "{strict:?} {conservative:?}");
        }
        let easy = starts(&gangs(4, Backfill::Easy, &jobs));
        if let Some(head) = strict.iter().position(|start| *start > 1) {
            prop_assert!(easy[head] <= strict[head], "{strict:?} {easy:?}");
        }
        let any = starts(&gangs(4, Backfill::Any, &jobs));
        prop_assert_eq!(any.len(), jobs.len());
    }
}

#[test]
fn the_job_that_is_served_goes_on_wherever_its_tasks_stand() {
    let text = "[run]\nwarmup = \"none\"\n[nodes.n]\ncount = 2\n[jobs.a]\narrivals.batch = { jobs = 2 }\n\
        stages = { map = { tasks = 2, work = \"1s\" }, reduce = { work = \"2s\" } }\n\
        [strategies.s]\nbinding.central-queue.jobs = \"one-at-a-time\"\n";
    let scenario =
        crate::scenarios::read_text(text, "s.toml", &[]).unwrap_or_else(|e| panic!("{e}"));
    let mut ends = Ends::default();
    run(&scenario.points[0].setups[0], 1, Some(&mut ends)).unwrap_or_else(|e| panic!("{e}"));
    // The first job's second stage comes to the queue behind the second job's first.
    assert_eq!(ends.0, [3, 6]);
}

/// When jobs are done, in seconds.
#[derive(Default)]
struct Ends(Vec<u64>);

impl Recorder for Ends {
    fn job(&mut self, _: &Job, done: Option<(Time, Blame)>) {
        self.0.extend(done.map(|(at, _)| at.0 / 1_000_000_000));
    }
    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}
    fn decision(&mut self, _: &Decision<'_>) {}
}
