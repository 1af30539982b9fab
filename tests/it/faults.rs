//! Failing nodes, failing attempts, timeouts and retries: against closed formulas, against
//! hand-worked tables, and against what must hold under any mix of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use equipoise::engine::law::Law;
use equipoise::engine::random::Draw;
use equipoise::engine::time::Time;
use equipoise::metrics::figures::Figures;
use equipoise::metrics::jobs::Blame;
use equipoise::model::discipline::{Discipline, SlowDown};
use equipoise::model::ids::NodeId;
use equipoise::model::nodes::NodeState;
use equipoise::sim::recorder::{Decision, Incident, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::setup::{
    Budget, Change, Measure, NodeFailures, Retries, Setup, SlowDowns, Stranded, StrandedQueued,
    StrandedRunning, TaskFailures, Timeouts,
};
use equipoise::sim::{Failure, run};
use equipoise::strategy::placement::least_loaded::LeastLoaded;
use equipoise::strategy::placement::power_of_d::PowerOfD;
use equipoise::strategy::placement::round_robin::RoundRobin;
use equipoise::strategy::{
    Ask, Binding, Blueprint, Eligible, Ended, How, Key, Parts, Placement, Problem, Ties, View,
};
use equipoise::workload::class::Class;
use equipoise::workload::source::Arrivals;

use crate::common::group;

fn exponential(mean: f64) -> Law {
    Law::Exponential { mean }
}

/// `count` nodes of one slot, Poisson arrivals at `rate`, one task a job.
fn single(count: u32, rate: f64, work: Law) -> Setup {
    let class = Class::of_tasks("job", 1, work, vec![1]);
    let interval = exponential(1.0 / rate);
    Setup::new(vec![group("node", count, 1.0)]).with_jobs(class, Arrivals::Renewal { interval })
}

/// Jobs of one task with `work` seconds that arrive every `interval` seconds, `jobs` of them.
fn regular(count: u32, interval: f64, work: f64, jobs: u64) -> Setup {
    let class = Class::of_tasks("job", 1, Law::Constant(work), vec![1]);
    let interval = Law::Constant(interval);
    let mut setup = Setup::new(vec![group("node", count, 1.0)])
        .with_jobs(class, Arrivals::Renewal { interval })
        .measuring(0, jobs);
    setup.window.drain = 1e3;
    setup
}

fn change(at: f64, nodes: std::ops::Range<u32>, to: NodeState) -> Change {
    let at = Time::from_secs(at);
    let to = to.into();
    Change { at, nodes, to }
}

fn figures(setup: &Setup, replication: u64) -> Figures {
    run(setup, replication, None).unwrap_or_else(|failure| panic!("{failure}"))
}

/// At most R attempts: 1 - p^R of the jobs succeed, with (1 - p^R)/(1 - p) attempts on average.
/// 40,000 jobs: within 4 standard errors of a binomial.
#[test]
fn attempts_run_out() {
    let mut setup = single(10, 5.0, exponential(1.0)).measuring(0, 40_000);
    setup.faults.task_failures = Some(TaskFailures::Probability(0.3));
    setup.faults.retries.max_attempts = 2;
    let found = figures(&setup, 1);
    let jobs = &found.classes[0];
    assert_eq!(jobs.completed + jobs.failed, 40_000);
    let (failed, expected) = (jobs.failed as f64, 40_000.0 * 0.09);
    assert!(
        (failed - expected).abs() < 4.0 * (40_000.0f64 * 0.09 * 0.91).sqrt(),
        "{failed}"
    );
    let again = found.totals.retried as f64;
    assert!(
        (again - 12_000.0).abs() < 4.0 * (40_000.0f64 * 0.3 * 0.7).sqrt(),
        "{again}"
    );
    assert!(found.totals.wasted > 0);
}

/// One node, one job of 10 s that arrives at 1,000 s; the node is down from 1,004 s to 1,006 s. By
/// hand.
#[test]
fn one_failure_by_hand() {
    let completion = |running, attempts| {
        let mut setup = regular(1, 1_000.0, 10.0, 1);
        setup.faults.changes = vec![
            change(1_004.0, 0..1, NodeState::Down),
            change(1_006.0, 0..1, NodeState::Up),
        ];
        setup.faults.stranded.running = running;
        setup.faults.retries.max_attempts = attempts;
        setup.faults.retries.backoff = 4.0;
        let found = figures(&setup, 1);
        let jobs = &found.classes[0];
        let [dispatch, decision, network, queue, service, retry, gather] = jobs.blame_sum();
        assert_eq!([dispatch, decision, network, gather], [0; 4]);
        let seconds = [queue, service, retry].map(|nanos| nanos as f64 / 1e9);
        (jobs.failed, seconds)
    };
    // 4 s are lost, 2 s waited for, 10 s served.
    assert_eq!(
        completion(StrandedRunning::Restart, 1),
        (0, [2.0, 10.0, 4.0])
    );
    assert_eq!(
        completion(StrandedRunning::Resume, 1),
        (0, [2.0, 10.0, 0.0])
    );
    // Lost at 4 s, tried again at 8 s.
    assert_eq!(completion(StrandedRunning::Lose, 2), (0, [0.0, 10.0, 8.0]));
    assert_eq!(completion(StrandedRunning::Lose, 1), (1, [0.0; 3]));
}

/// Two nodes that take turns; what waits at the one that goes down stays, goes to the other, or is
/// lost. Jobs of 10 s arrive at 1, 2, 3, 4 s; node 0 goes down at 5 s and comes up at 30 s.
#[test]
fn what_waits_by_hand() {
    let responses = |queued, running| {
        let mut setup = regular(2, 1.0, 10.0, 4).with_parts(turns());
        setup.faults.changes = vec![
            change(5.0, 0..1, NodeState::Down),
            change(30.0, 0..1, NodeState::Up),
        ];
        setup.faults.stranded = Stranded { running, queued };
        let mut rows = Rows::default();
        run(&setup, 1, Some(&mut rows)).unwrap();
        let seconds = |job: &Option<Time>| job.map(|time| time.0 / 1_000_000_000);
        let first = rows.jobs.values().take(4);
        first.map(seconds).collect::<Vec<_>>()
    };
    let restart = StrandedRunning::Restart;
    // Node 0 has jobs 0 and 2, node 1 jobs 1 and 3.
    let stays = [Some(40), Some(12), Some(50), Some(22)];
    assert_eq!(responses(StrandedQueued::Stay, restart), stays);
    let moves = [Some(40), Some(12), Some(32), Some(22)];
    assert_eq!(responses(StrandedQueued::Move, restart), moves);
    let lost = [Some(40), Some(12), None, Some(22)];
    assert_eq!(responses(StrandedQueued::Lose, restart), lost);
    let resumed = [Some(36), Some(12), Some(46), Some(22)];
    assert_eq!(
        responses(StrandedQueued::Stay, StrandedRunning::Resume),
        resumed
    );
}

/// Two nodes of two slots have five of ten jobs each, two that run and three that wait, when node 0 goes down and
/// loses them. It comes up with nothing: the next five go to it, and then they take turns.
#[test]
fn a_node_comes_up_empty() {
    let mut setup = regular(2, 1.0, 1_000.0, 19)
        .with_parts(Parts::new(Arc::new(LeastLoaded { by: Key::Tasks })));
    setup.cluster.groups[0].capacity = vec![Some(2)];
    setup.strategy.parts[0].ties = Ties::LowestId;
    setup.window.drain = 1e5;
    setup.faults.changes = vec![
        change(10.5, 0..1, NodeState::Down),
        change(10.7, 0..1, NodeState::Up),
    ];
    setup.faults.stranded = Stranded {
        running: StrandedRunning::Lose,
        queued: StrandedQueued::Lose,
    };
    let mut rows = Rows::default();
    let found = run(&setup, 1, Some(&mut rows)).unwrap();
    assert_eq!(rows.decided[..10], [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    assert_eq!(rows.decided[10..19], [0, 0, 0, 0, 0, 0, 1, 0, 1]);
    let jobs = &found.classes[0];
    assert_eq!((jobs.failed, jobs.completed), (5, 14));
    let down = Incident::Node(NodeState::Down);
    let (up, lost) = (Incident::Node(NodeState::Up), Incident::Lost(How::Failed));
    let befell = [down, lost, lost, lost, lost, lost, up];
    assert_eq!(rows.incidents, befell.map(|what| (0, what)));
}

fn turns() -> Parts {
    Parts::new(Arc::new(RoundRobin::default()))
}

/// Completion of each job, nodes of tasks, nodes that decisions chose.
#[derive(Default)]
struct Rows {
    jobs: BTreeMap<u64, Option<Time>>,
    incidents: Vec<(u32, Incident)>,
    decided: Vec<u32>,
    most_attempts: u16,
}

impl Recorder for Rows {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        let before = self.jobs.insert(job.number, completed.map(|(at, _)| at));
        assert!(before.is_none(), "each job ends once");
    }
    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt) {
        let times = attempt.times;
        let order = [
            job.arrival,
            times.begun,
            times.decided,
            times.reached,
            times.started,
            times.ended,
            times.received,
        ];
        assert!(order.is_sorted(), "{order:?}");
        self.most_attempts = self.most_attempts.max(task.attempt + 1);
    }
    fn incident(&mut self, _: Time, node: NodeId, what: Incident, _: Option<(&Job, &Task)>) {
        self.incidents.push((node.0, what));
    }
    fn decision(&mut self, decision: &Decision<'_>) {
        self.decided.push(decision.node.0);
    }
}

/// Node 0 of 4 is down: the others get a third each, not one of them half. And when it is up again,
/// equal nodes get equal shares of 20,000 decisions.
#[test]
fn turns_and_the_least_loaded_go_on_without_a_node() {
    let placements: [Arc<dyn Blueprint>; 2] = [
        Arc::new(RoundRobin::default()),
        Arc::new(LeastLoaded::default()),
    ];
    for placement in placements {
        let mut setup = regular(4, 1.0, 1.5, 23_000).with_parts(Parts::new(placement));
        setup.faults.changes = vec![
            change(0.5, 0..1, NodeState::Down),
            change(3_000.5, 0..1, NodeState::Up),
        ];
        let mut rows = Rows::default();
        run(&setup, 1, Some(&mut rows)).unwrap();
        let share = |decided: &[u32]| -> Vec<f64> {
            let count = |node| decided.iter().filter(|&&it| it == node).count() as f64;
            (0..4)
                .map(|node| count(node) / decided.len() as f64)
                .collect()
        };
        let down = share(&rows.decided[..3_000]);
        assert_eq!(down[0], 0.0);
        assert!(
            down[1..]
                .iter()
                .all(|share| (share - 1.0 / 3.0).abs() < 0.03),
            "{down:?}"
        );
        let up = share(&rows.decided[3_000..]);
        assert!(up.iter().all(|share| (share - 0.25).abs() < 0.02), "{up:?}");
    }
}

/// Two tasks of 10 s start at 0 s on two nodes, of which one is down from 4 s to 6 s and loses what
/// runs there: it ends at 16 s, the other at 10 s. The last minus the median is 16 s - 13 s. An end
/// that came to nothing does not count as one: attempts that fail at their end leave it so.
#[test]
fn only_finishes_that_count_are_waited_for() {
    let class = Class::of_tasks("job", 2, Law::Constant(10.0), vec![1]);
    let batch = Arrivals::Batch {
        jobs: 1,
        at: Time::ZERO,
    };
    let mut setup = Setup::new(vec![group("node", 2, 1.0)])
        .with_jobs(class, batch)
        .with_parts(turns());
    setup.window.measure = equipoise::sim::setup::Measure::All;
    setup.window.finite = true;
    let mut lost = setup.clone();
    lost.faults.changes = vec![
        change(4.0, 0..1, NodeState::Down),
        change(6.0, 0..1, NodeState::Up),
    ];
    let doubled = |setup: &Setup| figures(setup, 1).classes[0].straggler_wait_doubled;
    assert_eq!(doubled(&lost), 6_000_000_000);
    // In some replication one task fails once and the other never: it ends 10 s after the other.
    setup.faults.task_failures = Some(TaskFailures::Probability(0.5));
    setup.faults.retries.max_attempts = 2;
    let completed = (1..=40).map(|r| figures(&setup, r));
    let completed = completed.filter(|found| found.classes[0].completed == 1);
    let waits: std::collections::BTreeSet<(u64, u128)> = completed
        .map(|found| {
            (
                found.totals.retried,
                found.classes[0].straggler_wait_doubled,
            )
        })
        .collect();
    assert!(waits.contains(&(1, 10_000_000_000)), "{waits:?}");
    assert!(
        waits
            .iter()
            .all(|(again, wait)| (*again == 1) == (*wait > 0)),
        "{waits:?}"
    );
}

/// A node that drains finishes what it has and is given nothing more.
#[test]
fn a_node_drains() {
    let mut setup = regular(2, 1.0, 10.0, 6).with_parts(turns());
    setup.faults.changes = vec![change(2.5, 0..1, NodeState::Draining)];
    let mut rows = Rows::default();
    run(&setup, 1, Some(&mut rows)).unwrap();
    assert_eq!(rows.decided[..6], [0, 1, 1, 1, 1, 1]);
    assert_eq!(rows.jobs[&0], Some(Time::from_secs(11.0)));
    assert_eq!(rows.jobs[&5], Some(Time::from_secs(52.0)));
}

/// An attempt that travels when its time is over leaves nothing behind; the job fails at 3 s.
#[test]
fn a_timeout_on_the_way() {
    let mut setup = regular(1, 1.0, 1.0, 50);
    setup.network.dispatch = Law::Constant(5.0);
    setup.faults.timeouts.task = Some(Time::from_secs(2.0));
    let found = figures(&setup, 1);
    assert_eq!(
        (found.classes[0].failed, found.classes[0].completed),
        (50, 0)
    );
    assert_eq!(
        (found.totals.slot_time, found.totals.attempts_lost),
        (0, 50)
    );
}

/// A client that waits for 3 s sees the first of two jobs of 2 s, which arrive together, and not the
/// second; and what the second was served is waste.
#[test]
fn clients_give_up() {
    let class = Class::of_tasks("job", 1, Law::Constant(2.0), vec![1]);
    let batch = Arrivals::Batch {
        jobs: 2,
        at: Time::ZERO,
    };
    let mut setup = Setup::new(vec![group("node", 1, 1.0)]).with_jobs(class, batch);
    setup.window.measure = equipoise::sim::setup::Measure::All;
    setup.window.finite = true;
    setup.faults.timeouts.job = Some(Time::from_secs(3.0));
    let found = figures(&setup, 1);
    assert_eq!(
        (found.classes[0].failed, found.classes[0].completed),
        (1, 1)
    );
    let second = 1_000_000_000;
    assert_eq!(
        (found.totals.wasted, found.totals.slot_time),
        (second, 3 * second)
    );
}

/// A node that stays down for ever holds what waits there; a finite run says so instead of hanging.
#[test]
fn waiting_for_ever_is_told() {
    let class = Class::of_tasks("job", 1, Law::Constant(2.0), vec![1]);
    let batch = Arrivals::Batch {
        jobs: 4,
        at: Time::ZERO,
    };
    let mut setup = Setup::new(vec![group("node", 2, 1.0)])
        .with_jobs(class, batch)
        .with_parts(turns());
    setup.window.measure = equipoise::sim::setup::Measure::All;
    setup.window.finite = true;
    setup.faults.changes = vec![change(1.0, 0..1, NodeState::Down)];
    let failure = run(&setup, 1, None).map(|_| ()).unwrap_err();
    assert!(
        matches!(&failure, Failure::Strategy(what) if what.contains("stay down")),
        "{failure}"
    );
}

/// Everything at once, under every rule for stranded attempts, early and late binding and three
/// placements: the run checks itself (conservation, Little's law, blame, use), no task is tried more
/// often than allowed, and the same seed gives the same figures.
#[test]
fn all_faults_together() {
    let running = [
        StrandedRunning::Restart,
        StrandedRunning::Resume,
        StrandedRunning::Lose,
    ];
    let queued = [
        StrandedQueued::Stay,
        StrandedQueued::Move,
        StrandedQueued::Lose,
    ];
    let placements: [Arc<dyn Blueprint>; 3] = [
        Arc::new(RoundRobin::default()),
        Arc::new(LeastLoaded::default()),
        Arc::new(PowerOfD::default()),
    ];
    for (running, queued) in running
        .iter()
        .flat_map(|r| queued.iter().map(move |q| (*r, *q)))
    {
        for (binding, placement) in [Binding::Early, Binding::CentralQueue]
            .into_iter()
            .flat_map(|binding| placements.iter().map(move |p| (binding, p.clone())))
        {
            let mut setup = troubled(placement);
            setup.strategy.binding = binding;
            setup.faults.stranded = Stranded { running, queued };
            let mut rows = Rows::default();
            let first = run(&setup, 1, Some(&mut rows)).unwrap();
            assert!(rows.most_attempts <= 3);
            assert!(first.totals.retried > 0 && first.classes[0].failed > 0);
            assert_eq!(first.totals, figures(&setup, 1).totals);
            even_more(&mut setup);
            for discipline in disciplines() {
                setup.cluster.groups[0].discipline = discipline;
                let found = figures(&setup, 1);
                assert!(found.totals.retried > 0 && found.classes[0].failed > 0);
            }
        }
    }
}

fn disciplines() -> [Discipline; 4] {
    [
        Discipline::Fifo,
        Discipline::Lifo,
        Discipline::Srpt,
        Discipline::ProcessorSharing(SlowDown::default()),
    ]
}

/// Zones that fail, nodes that are slow, attempts that run on unseen, full queues, budgets, and jobs of
/// which two of three results will do.
fn even_more(setup: &mut Setup) {
    setup.cluster.groups[0].zone = Some("a".to_owned());
    setup.cluster.groups[0].queue_limit = Some(6);
    setup.strategy.limits.central_queue = Some(30);
    setup.strategy.limits.jobs = vec![Some(12)];
    setup.classes[0].gather.need = Some(2);
    setup.faults.timeouts.run_on = true;
    setup.faults.timeouts.task = Some(Time::from_secs(4.0));
    setup.faults.retries.budget.job = Some(3);
    let exponentials = |up, down| NodeFailures {
        up: exponential(up),
        down: exponential(down),
        busy_clock: false,
    };
    setup.faults.zone_failures = Some(exponentials(60.0, 3.0));
    setup.faults.slow_downs = Some(SlowDowns {
        every: exponential(10.0),
        last: exponential(5.0),
        factor: 3_300_000_000,
    });
}

/// Job 0 runs from 1 to 11 s. Job 1 waits behind it, and its attempt times out at 14 s. Called off, it
/// gives way to the next attempt, which ends at 24 s. Unseen, it runs on until 21 s, and the next attempt
/// behind it times out, too, at 27 s, and ends in vain at 31 s.
#[test]
fn attempts_run_on_unseen() {
    let mut setup = regular(1, 1.0, 10.0, 2);
    setup.sources[0].arrivals = Arrivals::Batch {
        jobs: 2,
        at: Time::from_secs(1.0),
    };
    setup.window.finite = true;
    setup.window.measure = Measure::All;
    setup.faults.timeouts.task = Some(Time::from_secs(13.0));
    setup.faults.retries.max_attempts = 2;
    let called_off = figures(&setup, 1);
    assert_eq!(called_off.totals.last_completion, Time::from_secs(24.0));
    assert_eq!(
        (called_off.classes[0].failed, called_off.totals.wasted),
        (0, 3_000_000_000)
    );
    setup.faults.timeouts.run_on = true;
    let unseen = figures(&setup, 1);
    assert_eq!(
        (unseen.classes[0].failed, unseen.classes[0].completed),
        (1, 1)
    );
    assert_eq!(unseen.totals.attempts_lost, 2);
    // A client that gives up leaves its work behind as well: job 1 is served until 21 s.
    setup.faults.timeouts.task = None;
    setup.faults.timeouts.job = Some(Time::from_secs(13.0));
    setup.classes.push(setup.classes[0].clone());
    setup.classes[1].name = "later".to_owned();
    setup.strategy.parts_of_class.push(0);
    setup.sources.push(setup.sources[0].clone());
    setup.sources[1].first_class = 1;
    setup.sources[1].arrivals = Arrivals::Batch {
        jobs: 1,
        at: Time::from_secs(15.0),
    };
    let mut rows = Rows::default();
    run(&setup, 1, Some(&mut Last(&mut rows.jobs))).unwrap();
    assert_eq!(rows.jobs[&0], None, "job 0 of `later` gives up at 28 s");
    setup.faults.timeouts.run_on = false;
    let mut rows = Rows::default();
    run(&setup, 1, Some(&mut Last(&mut rows.jobs))).unwrap();
    assert_eq!(rows.jobs[&0], Some(Time::from_secs(25.0)));
}

/// Completions of the jobs of class 1.
struct Last<'a>(&'a mut BTreeMap<u64, Option<Time>>);

impl Recorder for Last<'_> {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        if job.class == 1 {
            self.0.insert(job.number, completed.map(|(at, _)| at));
        }
    }
    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}
    fn decision(&mut self, _: &Decision<'_>) {}
}

/// Groups of one zone go down together: each is up as long as the others, 9/10 of the time, and the two
/// of another zone at other times.
#[test]
fn zones_fail_as_one() {
    let named = |name: &str, zone: &str| {
        let mut nodes = group(name, 2, 1.0);
        nodes.zone = Some(zone.to_owned());
        nodes
    };
    let mut setup = regular(1, 1.0, 0.5, 50_000);
    setup.cluster.groups = vec![named("one", "a"), named("two", "b"), named("three", "a")];
    setup.classes[0].stages[0].allowed = vec![true; 3];
    setup.faults.zone_failures = Some(NodeFailures {
        up: exponential(90.0),
        down: exponential(10.0),
        busy_clock: false,
    });
    let columns = setup.columns(&[]);
    let found = figures(&setup, 1);
    let of = |name: &str| {
        let is_it = |column: &&equipoise::metrics::columns::Column| column.key.to_string() == name;
        let column = columns.iter().find(is_it).unwrap();
        found.value(column).unwrap()
    };
    let [one, two, three] = ["one", "two", "three"].map(|g| of(&format!("nodes.{g}.availability")));
    assert!(
        (one - 0.9).abs() < 0.03 && (two - 0.9).abs() < 0.03,
        "{one} {two}"
    );
    assert!(one == three && one != two);
    assert!((found.metric("availability").unwrap() - (2.0 * one + two) / 3.0).abs() < 1e-9);
}

/// Attempts always fail. A job's budget of 3 gives each job 4 attempts; a dispatcher's of a tenth gives
/// ten jobs one further attempt.
#[test]
fn budgets_bound_retries() {
    let mut setup = regular(4, 1.0, 0.1, 1_000);
    setup.faults.task_failures = Some(TaskFailures::Probability(1.0));
    setup.faults.retries.max_attempts = 100;
    setup.faults.retries.budget.job = Some(3);
    let found = figures(&setup, 1).totals;
    assert_eq!(found.attempts, 4 * (found.jobs_lost));
    setup.faults.retries.budget = Budget {
        by_client: false,
        job: None,
        share: Budget::ONE / 10,
        saved: 1,
    };
    let found = figures(&setup, 1).totals;
    let again = found.attempts - found.jobs_lost;
    assert!((100..=101).contains(&again), "{again}");
}

/// One job of 10 s that arrives at 1 s, at a node that works at its speed for 4 s and at half of it for 4 s,
/// in turn, from 0 s on: 3 s, 2 s, 4 s and, from 12 s on, 1 s in 2 s.
#[test]
fn slow_episodes_by_hand() {
    for discipline in disciplines() {
        let mut setup = regular(1, 1.0, 10.0, 1);
        setup.sources[0].arrivals = Arrivals::Batch {
            jobs: 1,
            at: Time::from_secs(1.0),
        };
        setup.window.finite = true;
        setup.window.measure = Measure::All;
        setup.cluster.groups[0].discipline = discipline;
        setup.faults.slow_downs = Some(SlowDowns {
            every: Law::Constant(4.0),
            last: Law::Constant(4.0),
            factor: 2_000_000_000,
        });
        assert_eq!(
            figures(&setup, 1).totals.last_completion,
            Time::from_secs(14.0)
        );
    }
}

/// What a placement is told of attempts that came to nothing.
#[test]
fn placements_are_told_of_failures() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut setup = regular(1, 1.0, 10.0, 4).with_parts(Parts::new(Arc::new(Told(told.clone()))));
    setup.sources[0].arrivals = Arrivals::Batch {
        jobs: 4,
        at: Time::from_secs(1.0),
    };
    setup.window.finite = true;
    setup.window.measure = Measure::All;
    setup.cluster.groups[0].queue_limit = Some(2);
    setup.faults.timeouts.task = Some(Time::from_secs(24.0));
    setup.faults.stranded.running = StrandedRunning::Lose;
    setup.faults.changes = vec![
        change(15.0, 0..1, NodeState::Down),
        change(16.0, 0..1, NodeState::Up),
    ];
    // Job 3 is refused, job 0 completes at 11 s, job 1 is lost at 15 s, job 2 would end at 26 s.
    let expected = [
        (How::Refused, 0),
        (How::Completed, 10),
        (How::Failed, 14),
        (How::TimedOut, 24),
    ];
    // It is told the same where the last one runs on, for ever or until it hears that nobody waits.
    for (run_on, cancels_travel) in [(false, false), (true, false), (false, true)] {
        setup.faults.timeouts.run_on = run_on;
        setup.network.cancels_travel = cancels_travel;
        setup.network.dispatch = Law::Constant(1e-9);
        figures(&setup, 1);
        let mut found = std::mem::take(&mut *told.lock().unwrap());
        found.sort_by_key(|(_, seconds)| *seconds);
        assert_eq!(found, expected);
    }
}

/// Takes the first node, and notes how attempts end and after how many seconds.
#[derive(Debug)]
struct Told(Arc<Mutex<Vec<(How, u64)>>>);

impl Blueprint for Told {
    fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Told(self.0.clone())))
    }
}

impl Placement for Told {
    fn place(&mut self, ask: &Ask<'_>, _: &View<'_>, _: &mut Draw) -> Option<NodeId> {
        ask.nodes.iter().next()
    }
    fn learns(&self) -> bool {
        true
    }
    fn ended(&mut self, task: &Ended) {
        assert_eq!(task.node, NodeId(0));
        let seconds = task.response.0 / 1_000_000_000;
        self.0.lock().unwrap().push((task.how, seconds));
    }
}

/// Theory knows these models, and nothing that only looks like them.
#[test]
fn models_of_failures_are_matched() {
    let value = |setup: &Setup| {
        let known = equipoise::theory::known(setup);
        let mut rows = known.iter().filter(|row| row.metric == "response_mean");
        rows.next().map(|row| row.value)
    };
    let near = |found: Option<f64>, expected: f64| {
        let is = found.is_some_and(|found| (found / expected - 1.0).abs() < 1e-6);
        assert!(is, "{found:?}, not {expected}");
    };
    let mut setup = single(1, 0.5, exponential(1.0)).measuring(100, 100);
    let plain = setup.clone();
    setup.faults.stranded.running = StrandedRunning::Resume;
    setup.faults.node_failures = Some(NodeFailures {
        up: exponential(10.0),
        down: exponential(1.0 / 0.9),
        busy_clock: true,
    });
    near(value(&setup), 2.638_889);
    setup.faults.stranded.running = StrandedRunning::Restart;
    assert_eq!(value(&setup), None);
    let mut setup = plain.clone();
    setup.faults.task_failures = Some(TaskFailures::Probability(0.2));
    setup.faults.retries.max_attempts = 1_000;
    setup.faults.retries.fresh_work = true;
    near(value(&setup), 1.0 / (0.8 - 0.5));
    for change in [
        |s: &mut Setup| s.faults.retries.max_attempts = 3,
        |s: &mut Setup| s.faults.retries.fresh_work = false,
        |s: &mut Setup| s.faults.retries.backoff = 0.1,
        |s: &mut Setup| s.faults.retries.budget.job = Some(9),
        |s: &mut Setup| s.faults.timeouts.job = Some(Time(1)),
    ] {
        let mut other = setup.clone();
        change(&mut other);
        assert_eq!(value(&other), None);
    }
}

/// Fork-join jobs on nodes that fail, with failing attempts, timeouts, delays and a script.
fn troubled(placement: Arc<dyn Blueprint>) -> Setup {
    let mut nodes = group("node", 6, 1.0);
    nodes.capacity = vec![Some(2)];
    let mut class = Class::of_tasks("job", 3, exponential(1.0), vec![1]);
    class.gather.per_result = exponential(0.01);
    let interval = exponential(0.4);
    let mut parts = Parts::new(placement);
    (parts.decision_time, parts.dispatchers) = (exponential(0.01), 3);
    let mut setup = Setup::new(vec![nodes])
        .with_jobs(class, Arrivals::Renewal { interval })
        .with_parts(parts)
        .measuring(100, 1_500);
    (setup.network.dispatch, setup.network.result) = (exponential(0.05), exponential(0.05));
    setup.faults.node_failures = Some(NodeFailures {
        up: exponential(30.0),
        down: exponential(6.0),
        busy_clock: false,
    });
    setup.faults.task_failures = Some(TaskFailures::Rate(0.05));
    setup.faults.retries = Retries {
        max_attempts: 3,
        backoff: 0.1,
        growth: 2.0,
        jitter: 0.5,
        fresh_work: false,
        budget: Budget::default(),
    };
    setup.faults.timeouts = Timeouts {
        task: Some(Time::from_secs(10.0)),
        job: Some(Time::from_secs(20.0)),
        run_on: false,
    };
    setup.faults.changes = vec![
        change(100.0, 0..6, NodeState::Down),
        change(104.0, 0..3, NodeState::Draining),
        change(110.0, 0..6, NodeState::Up),
    ];
    setup
}
