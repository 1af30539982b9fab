//! Everything at once: what must hold of any mixture of whatever can be simulated.
//!
//! A replication checks itself at its end (conservation of jobs, tasks and attempts; Little's law and the
//! utilisation law as identities; blame that sums to response times; nodes that hold what runs there). On
//! top of that each row is looked at here: every job ends once, times are in order, and nodes are never
//! fuller than they can be.

use std::collections::BTreeMap;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::figures::Figures;
use equipoise::metrics::jobs::Blame;
use equipoise::model::cluster::{Dimension, Group};
use equipoise::model::discipline::{Discipline, SlowDown};
use equipoise::model::nodes::NodeState;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::setup::{
    Budget, Change, NodeFailures, Setup, SlowDowns, Stragglers, StrandedQueued, StrandedRunning,
    TaskFailures, Way,
};
use equipoise::sim::{Failure, run};
use equipoise::strategy::health::{Checks, Detection, Ejection};
use equipoise::strategy::{Backfill, Binding, Copies, Health, Hedge, QueueOrder};
use equipoise::workload::class::{Class, Shape};
use equipoise::workload::source::{Arrivals, Clients};

use crate::common::Dice;

impl Dice {
    /// A law of this mean; now and then one that draws the same again and again, so that much happens at
    /// one instant.
    fn law(&mut self, mean: f64) -> Law {
        match self.below(4) {
            0 => Law::Constant(mean),
            1 => Law::hyperexponential(mean, 2.0),
            2 => Law::discrete(&[0.0, 2.0 * mean], &[1.0, 1.0]),
            _ => Law::Exponential { mean },
        }
    }

    fn time(&mut self, seconds: f64) -> Time {
        Time::from_secs(seconds * (1 + self.below(8)) as f64 / 4.0)
    }
}

fn disciplines() -> Vec<Discipline> {
    vec![
        Discipline::Fifo,
        Discipline::Fifo,
        Discipline::Lifo,
        Discipline::Sjf,
        Discipline::Srpt,
        Discipline::Priority { preemptive: false },
        Discipline::Priority { preemptive: true },
        Discipline::ProcessorSharing(SlowDown::default()),
    ]
}

fn groups(dice: &mut Dice) -> Vec<Group> {
    let of = |dice: &mut Dice, at: u64| {
        let slots = dice.any(&[Some(1), Some(2), Some(4), None]);
        let speed = dice.any(&[1.0, 0.5, 3.0]);
        let memory = Some(2 + dice.below(6));
        let count = 1 + dice.below(3) as u32;
        let mut group = Group::new(&format!("group{at}"), count, speed, vec![slots, memory]);
        group.discipline = dice.any(&disciplines());
        group.backfill = dice.once_in(3);
        group.queue_limit = dice.once_in(3).then(|| dice.below(5));
        group.zone = Some(dice.any(&["a", "b"]).to_owned());
        group
    };
    let count = 1 + dice.below(3);
    (0..count).map(|at| of(dice, at)).collect()
}

fn shape(dice: &mut Dice) -> Shape {
    match dice.below(3) {
        0 => Shape::Split {
            work: dice.law(2.0),
            into: Law::Constant((1 + dice.below(4)) as f64),
        },
        _ => Shape::Tasks {
            count: Law::Constant((1 + dice.below(4)) as f64),
            work: dice.law(1.0),
        },
    }
}

/// A class, whose tasks every group can hold.
fn class(dice: &mut Dice, name: &str, is_central: bool) -> Class {
    let demand = vec![1, 1 + dice.below(2)];
    let mut class = Class::of_tasks(name, 1, Law::Constant(1.0), demand);
    class.stages[0].shape = shape(dice);
    class.stages[0].skew = dice.any(&[0.0, 0.0, 0.5]);
    class.stages[0].overhead = dice.any(&[Time::ZERO, Time::from_secs(0.1)]);
    class.priority = dice.below(3) as i64;
    class.slo = dice.once_in(2).then(|| Time::from_secs(5.0));
    if dice.once_in(2) {
        class.gather.per_result = dice.law(0.01);
        class.gather.work = dice.law(0.02);
    }
    match dice.below(4) {
        0 => graph(dice, &mut class),
        1 => class.gather.need = Some(1 + dice.below(3) as u32),
        // All nodes together can hold four tasks of two units of memory, if they are up.
        2 if is_central => {
            class.gang = true;
            class.stages[0].demand = vec![1, 1];
            class.stages[0].shape = Shape::Tasks {
                count: Law::Constant((1 + dice.below(2)) as f64),
                work: dice.law(1.0),
            };
        }
        _ => {}
    }
    class
}

fn graph(dice: &mut Dice, class: &mut Class) {
    for at in 1..=dice.below(4) as usize {
        let mut stage = class.stages[0].clone();
        stage.shape = shape(dice);
        stage.after = (0..at).filter(|_| dice.once_in(2)).collect();
        stage.demand = vec![1, 1 + dice.below(2)];
        class.stages.push(stage);
    }
    for (at, stage) in class.stages.iter_mut().enumerate() {
        stage.name = format!("stage{at}");
    }
}

fn arrivals(dice: &mut Dice) -> Arrivals {
    match dice.below(4) {
        0 => Arrivals::Closed(Clients {
            count: 1 + dice.below(6) as u32,
            think: dice.law(1.0),
            is_bound: dice.once_in(2),
        }),
        1 => Arrivals::Batch {
            jobs: 5 + dice.below(20),
            at: dice.time(1.0),
        },
        _ => Arrivals::Renewal {
            interval: Law::Exponential {
                mean: dice.any(&[0.3, 1.0, 3.0]),
            },
        },
    }
}

fn fail(dice: &mut Dice, setup: &mut Setup) {
    let often = |dice: &mut Dice, up: f64, down: f64| NodeFailures {
        up: Law::Exponential { mean: up },
        down: dice.law(down),
        busy_clock: false,
    };
    let count = setup.cluster.count();
    let faults = &mut setup.faults;
    faults.stranded.running = dice.any(&[
        StrandedRunning::Restart,
        StrandedRunning::Resume,
        StrandedRunning::Lose,
    ]);
    faults.stranded.queued = dice.any(&[
        StrandedQueued::Stay,
        StrandedQueued::Move,
        StrandedQueued::Lose,
    ]);
    if dice.once_in(2) {
        let mut failures = often(dice, 20.0, 2.0);
        failures.busy_clock = dice.once_in(2);
        faults.node_failures = Some(failures);
    }
    faults.zone_failures = dice.once_in(3).then(|| often(dice, 40.0, 2.0));
    faults.slow_downs = dice.once_in(3).then(|| SlowDowns {
        every: Law::Exponential { mean: 5.0 },
        last: dice.law(3.0),
        factor: 1_000_000_000 + 700_000_001 * dice.below(4),
    });
    if dice.once_in(3) {
        let change = |at: Time, to| Change {
            at,
            nodes: 0..count,
            to,
        };
        let down = dice.any(&[NodeState::Down, NodeState::Draining]);
        let at = dice.time(8.0);
        faults.changes = vec![
            change(at, down.into()),
            change(at + dice.time(4.0), NodeState::Up.into()),
        ];
    }
    faults.task_failures = dice.any(&[
        None,
        Some(TaskFailures::Probability(0.1)),
        Some(TaskFailures::Rate(0.2)),
    ]);
    faults.timeouts.task = dice.once_in(2).then(|| dice.time(6.0));
    faults.timeouts.job = dice.once_in(2).then(|| dice.time(12.0));
    faults.timeouts.run_on = dice.once_in(2);
    faults.retries.max_attempts = 1 + dice.below(4) as u16;
    faults.retries.backoff = dice.any(&[0.0, 0.5]);
    faults.retries.jitter = dice.any(&[0.0, 0.5]);
    faults.retries.budget = Budget {
        job: dice.once_in(3).then_some(2),
        share: dice.any(&[0, 0, Budget::ONE / 5]),
        saved: 3,
        by_client: dice.once_in(2),
    };
}

/// What dispatchers know of failures; at once where what waits moves.
fn health(dice: &mut Dice, queued: StrandedQueued) -> Health {
    let every = dice.time(2.0);
    let checks = Checks {
        every,
        timeout: Time(every.0 / (1 + dice.below(3))),
        fall: 1 + dice.below(3) as u32,
        rise: 1 + dice.below(3) as u32,
    };
    let late = [Detection::After(dice.time(1.0)), Detection::Checks(checks)];
    let ejection = Ejection {
        failures: 1 + dice.below(3) as u32,
        time: dice.time(3.0),
        most: dice.any(&[0, 300_000_000, 1_000_000_000]),
    };
    Health {
        detection: match queued {
            StrandedQueued::Move => Detection::AtOnce,
            _ => dice.any(&late),
        },
        ejection: dice.once_in(2).then_some(ejection),
        slow_start: dice.once_in(2).then(|| dice.time(4.0)),
    }
}

/// Several attempts at a task at once.
fn copies(dice: &mut Dice) -> Copies {
    let (d, fresh_work) = (2 + dice.below(3) as u32, dice.once_in(2));
    let hedge = Hedge {
        after: dice.once_in(2).then(|| dice.time(1.0)),
        permille: 500,
        budget: dice.any(&[1.0, 0.3]),
        fresh_work,
    };
    let factor = dice.any(&[1_200_000_000, 2_000_000_000]);
    dice.any(&[
        Copies::Redundancy { d, fresh_work },
        Copies::UntilStart { d, fresh_work },
        Copies::Hedge(hedge),
        Copies::Speculation { factor, fresh_work },
    ])
}

/// A scenario of everything.
fn setup(seed: u64) -> Setup {
    let dice = &mut Dice(seed);
    let is_central = dice.once_in(2);
    let mut setup = Setup::new(groups(dice));
    setup.cluster.dimensions.push(Dimension {
        name: "memory".to_owned(),
        scale: 1.0,
    });
    for at in 0..=dice.below(2) {
        let class = class(dice, &format!("class{at}"), is_central);
        setup = setup.with_jobs(class, arrivals(dice));
    }
    let parts = &mut setup.strategy.parts[0];
    parts.placement = crate::common::placement(dice.any(&[
        "random",
        "round-robin",
        "least-loaded",
        "power-of-d",
    ]));
    parts.decision_time = dice.any(&[Law::Constant(0.0), Law::Exponential { mean: 0.02 }]);
    if is_central {
        setup.strategy.binding = Binding::CentralQueue;
        let queue = &mut setup.strategy.queue;
        queue.order = dice.any(&[
            QueueOrder::Fifo,
            QueueOrder::Job,
            QueueOrder::Priority,
            QueueOrder::Sjf,
        ]);
        queue.backfill = dice.any(&[
            Backfill::None,
            Backfill::Any,
            Backfill::Easy,
            Backfill::Conservative,
        ]);
        queue.one_at_a_time = queue.backfill == Backfill::None && dice.once_in(4);
        setup.strategy.limits.central_queue = dice.once_in(4).then(|| dice.below(30));
    } else {
        parts.dispatchers = 1 + dice.below(3) as u32;
    }
    if dice.once_in(4) {
        setup.strategy.limits.jobs = vec![Some(1 + dice.below(20)); setup.classes.len()];
    }
    setup.strategy.limits.dispatcher_queue = dice.once_in(4).then(|| dice.below(10));
    let delays = [
        Law::Constant(0.0),
        Law::Constant(0.05),
        Law::Exponential { mean: 0.1 },
    ];
    (setup.network.dispatch, setup.network.result) = (dice.any(&delays), dice.any(&delays));
    setup.network.cancels_travel = dice.once_in(3);
    if dice.once_in(3) {
        setup.strategy.parts[0].zones = vec!["a".to_owned(), "b".to_owned()];
        setup.network.ways = vec![Way {
            from: "a".to_owned(),
            to: "b".to_owned(),
            law: dice.any(&delays),
        }];
    }
    setup.stragglers = dice.once_in(3).then_some(Stragglers {
        probability: 0.1,
        factor: Law::Constant(3.0),
    });
    if !dice.once_in(4) {
        fail(dice, &mut setup);
    }
    if !is_central && dice.once_in(2) {
        setup.strategy.health = health(dice, setup.faults.stranded.queued);
    }
    if !is_central && dice.once_in(2) {
        setup.strategy.copies = Some(copies(dice));
        setup.strategy.parts[0].probes = setup.network.ways.is_empty() && seed.is_multiple_of(3);
    }
    let is_open = |source: &equipoise::workload::source::Source| {
        !matches!(source.arrivals, Arrivals::Batch { .. })
    };
    setup.window.finite = !setup.sources.iter().any(is_open);
    setup.window.measure = match setup.window.finite {
        true => equipoise::sim::setup::Measure::All,
        false => equipoise::sim::setup::Measure::Until(Time::from_secs(12.0)),
    };
    setup.window.max_in_system = 60;
    setup.seed = seed;
    setup
}

/// What is seen of a run.
#[derive(Default)]
struct Rows {
    jobs: BTreeMap<(u32, u64), u32>,
    /// By node and instant: change of the units of each dimension that are held there.
    held: BTreeMap<(u32, Time), Vec<i64>>,
    demands: Vec<Vec<Vec<u64>>>,
}

impl Recorder for Rows {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        *self.jobs.entry((job.class, job.number)).or_default() += 1;
        if let Some((at, blame)) = completed {
            assert_eq!(blame.iter().sum::<u64>(), (at - job.arrival).0);
        }
    }
    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt) {
        let times = attempt.times;
        let order = [
            job.arrival,
            attempt.ready,
            times.started,
            times.ended,
            times.received,
        ];
        assert!(order.is_sorted(), "{order:?}");
        let demand = &self.demands[job.class as usize][usize::from(task.stage)];
        for (at, sign) in [(times.started, 1), (times.ended, -1)] {
            let held = self
                .held
                .entry((attempt.node.0, at))
                .or_insert(vec![0; demand.len()]);
            held.iter_mut()
                .zip(demand)
                .for_each(|(sum, units)| *sum += sign * *units as i64);
        }
    }
    fn decision(&mut self, _: &Decision<'_>) {}
}

/// True if what starts runs through, on slots of its own.
fn is_never_interrupted(setup: &Setup) -> bool {
    let is_plain = |group: &Group| {
        !group.discipline.shares()
            && !matches!(
                group.discipline,
                Discipline::Srpt | Discipline::Priority { preemptive: true }
            )
    };
    !setup.faults.change_nodes()
        && (setup.strategy.binding == Binding::CentralQueue
            || setup.cluster.groups.iter().all(is_plain))
}

fn check_capacity(setup: &Setup, rows: &Rows) {
    let groups = setup.cluster.groups.iter();
    let nodes: Vec<&Group> = groups
        .flat_map(|g| std::iter::repeat_n(g, g.count as usize))
        .collect();
    let mut at_node = (u32::MAX, Vec::new());
    for (&(node, _), change) in &rows.held {
        if at_node.0 != node {
            at_node = (node, vec![0; change.len()]);
        }
        at_node
            .1
            .iter_mut()
            .zip(change)
            .for_each(|(sum, change)| *sum += change);
        for (held, has) in at_node.1.iter().zip(&nodes[node as usize].capacity) {
            assert!(
                has.is_none_or(|has| *held <= has as i64),
                "node {node} holds {held} of {has:?}"
            );
        }
    }
}

fn look(setup: &Setup) -> Result<Figures, Failure> {
    let of = |class: &Class| {
        class
            .stages
            .iter()
            .map(|stage| stage.demand.clone())
            .collect()
    };
    let mut rows = Rows {
        demands: setup.classes.iter().map(of).collect(),
        ..Rows::default()
    };
    let figures = run(setup, 1, Some(&mut rows))?;
    assert!(
        rows.jobs.values().all(|times| *times == 1),
        "each job ends once"
    );
    if is_never_interrupted(setup) {
        check_capacity(setup, &rows);
    }
    Ok(figures)
}

/// Runs a scenario; tells whether it came to its end.
fn hold(seed: u64) -> bool {
    let setup = setup(seed);
    match (look(&setup), run(&setup, 1, None)) {
        (Ok(one), Ok(other)) => {
            let figures = |of: &Figures| (of.classes.clone(), of.totals, of.events, of.window);
            assert_eq!(figures(&one), figures(&other), "{seed}");
            true
        }
        // Nodes that stay down and gangs that they cannot hold are told.
        (Err(Failure::Strategy(what)), Err(Failure::Strategy(same))) => {
            assert_eq!(what, same);
            false
        }
        (one, _) => panic!("{seed}: {:?}", one.err().map(|failure| failure.to_string())),
    }
}

/// Of 60 scenarios most come to their end; the others tell why they cannot.
#[test]
fn anything_goes() {
    let ended = (0..60u64).filter(|seed| hold(*seed)).count();
    assert!(ended > 50, "{ended} of 60");
}
