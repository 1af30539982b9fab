//! Jobs of several stages: by hand, and what must hold of any graph of them.

use std::collections::BTreeMap;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::figures::Figures;
use equipoise::metrics::jobs::Blame;
use equipoise::sim::known_load::Known;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::run;
use equipoise::sim::setup::{Measure, Setup, TaskFailures};
use equipoise::strategy::Binding;
use equipoise::workload::class::{Class, Shape, Stage};
use equipoise::workload::source::Arrivals;
use proptest::prelude::*;

use crate::common::group;

/// A stage of `tasks` tasks of `work` seconds each, behind the stages `after`.
fn stage(name: &str, tasks: u32, work: f64, after: &[usize]) -> Stage {
    let class = Class::of_tasks("", tasks, Law::Constant(work), vec![1]);
    Stage {
        name: name.to_owned(),
        after: after.to_vec(),
        ..class.stages[0].clone()
    }
}

/// Jobs of these stages, of which the first arrives at 1 s, on `nodes` nodes with a central queue.
fn jobs(stages: Vec<Stage>, nodes: u32, jobs: u64) -> Setup {
    let mut class = Class::of_tasks("job", 1, Law::Constant(1.0), vec![1]);
    class.stages = stages;
    let at = Time::from_secs(1.0);
    let mut setup =
        Setup::new(vec![group("node", nodes, 1.0)]).with_jobs(class, Arrivals::Batch { jobs, at });
    setup.strategy.binding = Binding::CentralQueue;
    setup.window.finite = true;
    setup.window.measure = Measure::All;
    setup
}

/// Of each task, by job, stage and index: when it was ready, started and ended, in milliseconds.
#[derive(Default, PartialEq, Debug)]
struct Rows {
    tasks: BTreeMap<(u64, u16, u32), [u64; 3]>,
    blame: Blame,
}

impl Recorder for Rows {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        if let Some((at, blame)) = completed {
            assert_eq!(blame.iter().sum::<u64>(), (at - job.arrival).0);
            self.blame = blame;
        }
    }
    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt) {
        let times = [attempt.ready, attempt.times.started, attempt.times.ended];
        let times = times.map(|time| time.0 / 1_000_000);
        let before = self
            .tasks
            .insert((job.number, task.stage, task.index), times);
        assert!(before.is_none());
    }
    fn decision(&mut self, _: &Decision<'_>) {}
}

fn rows(setup: &Setup) -> (Rows, Figures) {
    let mut rows = Rows::default();
    let figures = run(setup, 1, Some(&mut rows)).unwrap_or_else(|failure| panic!("{failure}"));
    (rows, figures)
}

fn seconds(figures: &Figures) -> f64 {
    figures.classes[0].response_sum() as f64 / 1e9
}

/// Slowdowns are kept in fixed point.
fn is_near(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found / expected - 1.0).abs() < 1e-9)
}

#[test]
fn a_chain_by_hand() {
    let chain = vec![stage("a", 2, 10.0, &[]), stage("b", 1, 5.0, &[0])];
    let (found, figures) = rows(&jobs(chain.clone(), 2, 1));
    assert_eq!(found.tasks[&(0, 1, 0)], [11_000, 11_000, 16_000]);
    assert_eq!(seconds(&figures), 15.0);
    assert_eq!(figures.classes[0].slowdown_mean(), Some(1.0));
    assert_eq!(figures.classes[0].wait_sum, 0);
    // On one node the second task of the first stage waits 10 s; the chain goes through it.
    let (found, figures) = rows(&jobs(chain, 1, 1));
    assert_eq!(
        found.blame.map(|part| part / 1_000_000_000),
        [0, 0, 0, 10, 15, 0, 0]
    );
    assert_eq!(figures.classes[0].wait_sum, 10_000_000_000);
    assert!(is_near(figures.classes[0].slowdown_mean(), 25.0 / 15.0));
}

/// a, then b and c, then d, over a network; results are gathered at a cost. The longer way is by c.
#[test]
fn a_diamond_by_hand() {
    let diamond = vec![
        stage("a", 1, 10.0, &[]),
        stage("b", 1, 3.0, &[0]),
        stage("c", 2, 4.0, &[0]),
        stage("d", 1, 1.0, &[1, 2]),
    ];
    let mut setup = jobs(diamond, 4, 1);
    setup.strategy.binding = Binding::Early;
    setup.strategy.parts[0].placement = crate::common::placement("least-loaded");
    setup.network.dispatch = Law::Constant(1.0);
    setup.network.result = Law::Constant(2.0);
    setup.classes[0].gather.per_result = Law::Constant(0.5);
    setup.classes[0].gather.work = Law::Constant(7.0);
    let (found, figures) = rows(&setup);
    // a: 1 + 1, 12, 14, 14.5. b, c: 15.5 to 18.5 and 19.5; gathered at 21, 22, 22.5. d: 23.5, 24.5, 26.5,
    // 27 and 7 s more.
    assert_eq!(found.tasks[&(0, 2, 1)], [14_500, 15_500, 19_500]);
    assert_eq!(found.tasks[&(0, 3, 0)], [22_500, 23_500, 24_500]);
    assert_eq!(seconds(&figures), 33.0);
    let tenths = found.blame.map(|part| part / 100_000_000);
    assert_eq!(tenths, [0, 0, 90, 0, 150, 0, 90]);
    assert!(is_near(figures.classes[0].slowdown_mean(), 33.0 / 15.0));
}

/// Each stage has its own demand and its own nodes.
#[test]
fn stages_have_demands_of_their_own() {
    let mut stages = vec![stage("wide", 1, 10.0, &[]), stage("thin", 2, 10.0, &[0])];
    stages[0].demand = vec![2];
    let mut setup = jobs(stages, 1, 1);
    setup.cluster.groups[0].capacity = vec![Some(2)];
    setup.cluster.groups.push(group("other", 1, 1.0));
    setup.classes[0].stages[0].allowed = vec![true, false];
    setup.classes[0].stages[1].allowed = vec![false, true];
    for binding in [Binding::Early, Binding::CentralQueue] {
        setup.strategy.binding = binding;
        let (found, figures) = rows(&setup);
        assert_eq!(found.tasks[&(0, 1, 1)], [11_000, 21_000, 31_000]);
        assert_eq!(figures.busy.ended(equipoise::model::ids::NodeId(1)), 2);
    }
}

/// 8 s cut into 4 parts, half of it into the first beforehand: 5, 1, 1, 1.
#[test]
fn a_skewed_split_by_hand() {
    let mut one = stage("only", 1, 1.0, &[]);
    one.shape = Shape::Split {
        work: Law::Constant(8.0),
        into: Law::Constant(4.0),
    };
    one.skew = 0.5;
    let (found, _) = rows(&jobs(vec![one], 4, 1));
    let ends: Vec<u64> = found.tasks.values().map(|times| times[2]).collect();
    assert_eq!(ends, [6_000, 2_000, 2_000, 2_000]);
}

/// What a stage asks for counts: 2 x 10 s and 5 s every 50 s on one node are half of it.
#[test]
fn the_load_is_that_of_all_stages() {
    let mut setup = jobs(
        vec![stage("a", 2, 10.0, &[]), stage("b", 1, 5.0, &[0])],
        1,
        1,
    );
    setup.window.finite = false;
    setup.sources[0].arrivals = Arrivals::Renewal {
        interval: Law::Exponential { mean: 50.0 },
    };
    let load = Known::of(&setup).map(|known| known.busiest.load);
    assert_eq!(load, Some(0.5));
}

/// A job that fails in its first stage takes the second with it, and nothing is lost.
#[test]
fn failures_among_stages() {
    let stages = vec![
        stage("a", 3, 1.0, &[]),
        stage("b", 2, 1.0, &[]),
        stage("c", 2, 1.0, &[0, 1]),
    ];
    let mut setup = jobs(stages, 5, 1);
    setup.window.finite = false;
    setup.sources[0].arrivals = Arrivals::Renewal {
        interval: Law::Exponential { mean: 2.0 },
    };
    setup.faults.task_failures = Some(TaskFailures::Probability(0.1));
    setup.faults.retries.max_attempts = 2;
    setup.network.result = Law::Exponential { mean: 0.1 };
    let setup = setup.measuring(0, 5_000);
    let (_, figures) = rows(&setup);
    let jobs = &figures.classes[0];
    assert_eq!(jobs.completed + jobs.failed, 5_000);
    // Each of 7 tasks fails twice with probability 1 %.
    let (share, expected) = (jobs.failed as f64 / 5e3, 1.0 - 0.99f64.powi(7));
    assert!(
        (share - expected).abs() < 4.0 * (expected / 5e3).sqrt(),
        "{share}"
    );
    assert!(figures.totals.cancelled > 0);
}

/// Works in seconds and predecessors of up to nine stages of one task.
fn graph() -> impl Strategy<Value = Vec<(u32, u16)>> {
    prop::collection::vec((1u32..20, any::<u16>()), 1..10)
}

/// The stages of a graph: stage i waits for those before it whose bits are set.
fn stages(graph: &[(u32, u16)]) -> Vec<Stage> {
    let of = |(at, &(work, bits)): (usize, &(u32, u16))| {
        let after: Vec<usize> = (0..at).filter(|before| bits >> before & 1 == 1).collect();
        stage(&format!("s{at}"), 1, f64::from(work), &after)
    };
    graph.iter().enumerate().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    /// No task starts before its last parent's end; edges that follow from others change nothing;
    /// Graham's bound (1969): no list schedule on m machines takes longer than
    /// (work + (m - 1) critical path) / m.
    #[test]
    fn any_graph(graph in graph(), nodes in 1u32..5, count in 1u64..4) {
        let stages = stages(&graph);
        let (found, _) = rows(&jobs(stages.clone(), nodes, count));
        prop_assert_eq!(found.tasks.len(), graph.len() * count as usize);
        for (&(job, at, _), times) in &found.tasks {
            let ends = stages[usize::from(at)].after.iter();
            let last = ends.map(|before| found.tasks[&(job, *before as u16, 0)][2]).max();
            prop_assert_eq!(times[0], last.unwrap_or(1_000));
            prop_assert!(times[1] >= times[0]);
        }
        let mut closed = stages.clone();
        for at in 0..closed.len() {
            let own = closed[at].after.clone();
            let more = own.iter().flat_map(|before| closed[*before].after.clone());
            let mut all: Vec<usize> = more.chain(own.clone()).collect();
            all.sort_unstable();
            all.dedup();
            closed[at].after = all;
        }
        prop_assert_eq!(&rows(&jobs(closed, nodes, count)).0, &found);

        let (alone, figures) = rows(&jobs(stages.clone(), nodes, 1));
        let work: u64 = graph.iter().map(|(work, _)| u64::from(*work)).sum();
        let mut path = vec![0u64; graph.len()];
        for (at, stage) in stages.iter().enumerate() {
            let before = stage.after.iter().map(|before| path[*before]).max();
            path[at] = before.unwrap_or(0) + u64::from(graph[at].0);
        }
        let longest = path.iter().copied().max().unwrap_or(0);
        let (makespan, m) = (seconds(&figures), f64::from(nodes));
        let bound = (work as f64 + (m - 1.0) * longest as f64) / m;
        prop_assert!(makespan <= bound + 1e-9 && makespan >= longest as f64, "{alone:?}");
        prop_assert!((figures.classes[0].slowdown_mean().unwrap_or(0.0) - makespan / longest as f64).abs() < 1e-9);
    }
}
