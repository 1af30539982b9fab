//! Small scenarios, drawn at random, in whole numbers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::model::cluster::{Cluster, Dimension, Group};
use equipoise::model::discipline::{Discipline, SlowDown};
use equipoise::model::nodes::NodeState;
use equipoise::sim::setup::{
    Budget, Change, Engine, Faults, Measure, Network, NodeFailures, Retries, Setup, SlowDowns,
    Stragglers, Stranded, StrandedQueued, StrandedRunning, TaskFailures, Timeouts, Warmup, Way,
    Window,
};
use equipoise::strategy::health::{Checks, Detection, Ejection, Health};
use equipoise::strategy::{
    Backfill, Binding, InFlight, Limits, Parts, QueueOrder, QueueRules, Strategy, Ties,
};
use equipoise::workload::class::{Class, Gather, Shape, Stage};
use equipoise::workload::source::{Arrivals, Source, TracePlan};
use equipoise::workload::trace;

use crate::common::placement;

/// All times are multiples of this many nanoseconds, so that many events coincide.
const GRID: u64 = 1_000;
/// The same where a log is replayed, which speaks of seconds.
const COARSE: u64 = 250_000_000;

#[derive(Clone, Debug)]
pub struct GroupSpec {
    pub count: u32,
    /// Speed in quarters, a power of two.
    pub quarters: u64,
    /// Slots, then resources.
    pub capacity: Vec<Option<u64>>,
    pub backfill: bool,
    pub discipline: Discipline,
    pub queue_limit: Option<u64>,
}

#[derive(Clone, Debug)]
pub enum Come {
    Every(u64),
    Batch(u64),
    Log(Vec<Entry>),
}

/// A job of a log.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub arrival: u64,
    pub work: u64,
    pub tasks: u32,
    /// Whole seconds that its user asked for, if known.
    pub asked: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct ClassSpec {
    pub come: Come,
    pub tasks: u32,
    /// Whether `works` are of the job, cut into `tasks`, or of each task.
    pub is_split: bool,
    /// Equally likely works, ns at speed 1.
    pub works: Vec<u64>,
    pub overhead: u64,
    pub demand: Vec<u64>,
    pub allowed: Vec<bool>,
    pub per_result: u64,
    pub gather_work: u64,
    pub slo: Option<u64>,
    pub priority: i64,
    /// Whether its tasks start together.
    pub is_gang: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    Tasks,
    Work,
    Utilization,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Score {
    Cosine,
    DotProduct,
    L2Norm,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    Random,
    RoundRobin { is_weighted: bool },
    LeastLoaded(By),
    PowerOfD { d: u32, by: By, replacement: bool },
    JoinIdleQueue,
    ShortestExpectedDelay,
    FirstFit,
    BestFit,
    WorstFit,
    ResourceMatch(Score),
}

#[derive(Clone, Debug)]
pub struct Spec {
    pub seed: u64,
    pub grid: u64,
    pub groups: Vec<GroupSpec>,
    pub classes: Vec<ClassSpec>,
    pub dispatch: u64,
    pub result: u64,
    /// Ways from and to each of two zones, in which groups and dispatchers are in turn; if all are not alike.
    pub ways: Option<[[u64; 2]; 2]>,
    /// Probability and factor.
    pub stragglers: Option<(f64, u64)>,
    pub faults: Faults,
    pub health: Health,
    pub limits: Limits,
    pub cancels_travel: bool,
    pub is_central: bool,
    pub queue: QueueRules,
    pub dispatchers: u32,
    pub decision: u64,
    pub is_counted: bool,
    pub ties_at_random: bool,
    pub place: Place,
    pub warmup: u64,
    /// Measured arrivals, of one class or all; `None` measures all of finite classes.
    pub measure: Option<(Option<u32>, u64)>,
}

/// A generator of its own (xorshift, Marsaglia 2003), for what is drawn does not matter.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize].clone()
    }
}

impl Spec {
    /// Scenario number `seed`.
    pub fn random(seed: u64) -> Spec {
        let mut dice = Dice::new(seed);
        let dice = &mut dice;
        let dimensions = 1 + dice.below(3) as usize;
        let groups: Vec<GroupSpec> = (0..dice.between(1, 3))
            .map(|_| GroupSpec::random(dice, dimensions))
            .collect();
        let is_finite = dice.one_in(3);
        let classes: Vec<ClassSpec> = (0..dice.between(1, 3))
            .map(|_| ClassSpec::random(dice, &groups, is_finite))
            .collect();
        let has_flow = classes
            .iter()
            .position(|c| matches!(c.come, Come::Every(_)));
        let measured = dice.between(5, 60);
        let place = Place::random(dice);
        let has_limits = |c: &ClassSpec| c.may_meet_limits(&groups);
        let is_matching = matches!(place, Place::ResourceMatch(_));
        let mut apart = Dice::new(seed ^ 0x20e5);
        let mut way = || apart.of(&[0, 1, 2, 5]) * GRID;
        let ways = [[way(), way()], [way(), way()]];
        Spec {
            ways: apart.one_in(3).then_some(ways),
            seed,
            grid: GRID,
            faults: Faults::default(),
            health: Health::default(),
            limits: Limits::default(),
            cancels_travel: false,
            queue: QueueRules::default(),
            dispatch: dice.of(&[0, 0, 1, 3]) * GRID,
            result: dice.of(&[0, 0, 1, 2]) * GRID,
            stragglers: dice.one_in(4).then(|| (0.3, dice.between(2, 4))),
            is_central: dice.one_in(3),
            dispatchers: dice.of(&[1, 1, 2, 3]),
            decision: dice.of(&[0, 0, 1, 2]) * GRID,
            is_counted: !dice.one_in(3),
            ties_at_random: dice.one_in(2),
            // resource-match refuses nodes that have no limits at all
            place: if is_matching && !classes.iter().all(has_limits) {
                Place::Random
            } else {
                place
            },
            warmup: if has_flow.is_some() {
                dice.of(&[0, 0, 7])
            } else {
                0
            },
            measure: has_flow.map(|class| {
                let only = dice.one_in(4).then_some(class as u32);
                (only, measured)
            }),
            groups,
            classes,
        }
    }

    /// Scenario number `seed` with groups that serve in other orders than fifo, and classes of several
    /// priorities; one that sees no other order where its tasks wait in a central queue.
    pub fn with_disciplines(seed: u64) -> Spec {
        let mut spec = Spec::random(seed);
        let dice = &mut Dice::new(seed ^ 0xd15c);
        for group in &mut spec.groups {
            group.discipline = dice.of(&[
                Discipline::Fifo,
                Discipline::Lifo,
                Discipline::Priority { preemptive: false },
                Discipline::Priority { preemptive: true },
                Discipline::Priority { preemptive: true },
                Discipline::Sjf,
                Discipline::Srpt,
                Discipline::Srpt,
                Discipline::ProcessorSharing(SlowDown::default()),
                Discipline::ProcessorSharing(SlowDown::default()),
            ]);
        }
        for class in &mut spec.classes {
            class.priority = dice.below(3) as i64 - 1;
        }
        spec.is_central &= dice.one_in(4);
        // How the work left shows between two changes of who shares is rounded.
        if spec.groups.iter().any(|group| group.discipline.shares()) {
            spec.place = spec.place.without_work();
        }
        spec
    }

    /// Scenario number `seed` with a central queue by other rules, gangs, and logs with the times that
    /// their users asked for.
    pub fn with_queue(seed: u64) -> Spec {
        let mut spec = Spec::random(seed);
        let dice = &mut Dice::new(seed ^ 0x9a36);
        spec.is_central = true;
        let backfill = dice.of(&[
            Backfill::None,
            Backfill::Any,
            Backfill::Easy,
            Backfill::Easy,
            Backfill::Conservative,
            Backfill::Conservative,
        ]);
        spec.queue = QueueRules {
            order: dice.of(&[
                QueueOrder::Fifo,
                QueueOrder::Job,
                QueueOrder::Job,
                QueueOrder::Priority,
                QueueOrder::Sjf,
            ]),
            one_at_a_time: backfill == Backfill::None && dice.one_in(2),
            backfill,
        };
        if dice.one_in(2) {
            spec.slow_down(COARSE / GRID);
            spec.replay(dice);
        }
        for class in &mut spec.classes {
            class.priority = dice.below(3) as i64 - 1;
            class.is_gang =
                dice.one_in(2) && u64::from(class.most_tasks()) <= class.room(&spec.groups);
        }
        spec.keep_small(dice);
        spec
    }

    /// Few jobs, which come about as fast as they can be served: plans of long queues take the twin long.
    fn keep_small(&mut self, dice: &mut Dice) {
        if let Some((_, count)) = &mut self.measure {
            *count = (*count).min(15);
        }
        let is_flow = |class: &&ClassSpec| matches!(class.come, Come::Every(_));
        let flows = self.classes.iter().filter(is_flow).count() as u64;
        let percent = dice.of(&[50, 90, 130]);
        let spans: Vec<u64> = self.classes.iter().map(|c| self.span(c)).collect();
        for (class, span) in self.classes.iter_mut().zip(spans) {
            match &mut class.come {
                Come::Every(interval) => {
                    let least = (span * flows * 100 / percent).next_multiple_of(self.grid);
                    *interval = least.max(*interval);
                }
                Come::Batch(jobs) => *jobs = (*jobs).min(6),
                Come::Log(entries) => entries.truncate(12),
            }
        }
    }

    /// For how long about a job of a class makes others wait.
    fn span(&self, class: &ClassSpec) -> u64 {
        let allowed = self.groups.iter().zip(&class.allowed);
        let of = allowed.filter(|(group, is)| **is && group.could_hold(&class.demand));
        let slowest = of.map(|(group, _)| group.quarters).min().unwrap_or(4);
        let mean = class.works.iter().sum::<u64>() / class.works.len() as u64;
        let (tasks, factor) = (
            u64::from(class.tasks),
            self.stragglers.map_or(1, |(_, factor)| factor),
        );
        let works = if class.is_split { 1 } else { tasks };
        let service = works * mean * factor * 4 / slowest + tasks * class.overhead;
        let decisions = tasks * self.decision;
        let gathering = tasks * class.per_result + class.gather_work;
        match self.queue.one_at_a_time {
            true => self.dispatch + decisions + service + self.result + gathering,
            false => (service / class.room(&self.groups))
                .max(decisions)
                .max(gathering),
        }
    }

    /// Scenario number `seed` in which much goes wrong.
    pub fn with_faults(seed: u64) -> Spec {
        let mut spec = match seed % 2 {
            0 => Spec::random(seed),
            _ => Spec::with_disciplines(seed),
        };
        let dice = &mut Dice::new(seed ^ 0xfa17);
        spec.is_central &= dice.one_in(2);
        for group in &mut spec.groups {
            group.queue_limit = dice.one_in(4).then(|| dice.below(4));
        }
        let count: u32 = spec.groups.iter().map(|group| group.count).sum();
        let shares = spec.groups.iter().any(|group| group.discipline.shares());
        spec.faults = faults(dice, count, !shares);
        // What never ends before a node fails again would start over for ever.
        let is_endless =
            spec.measure.is_none() && spec.faults.stranded.running == StrandedRunning::Restart;
        let by_chance = spec.faults.node_failures.is_some() || spec.faults.zone_failures.is_some();
        if is_endless && by_chance {
            spec.faults.stranded.running = StrandedRunning::Resume;
        }
        spec.cancels_travel = dice.one_in(3);
        if !spec.is_central && dice.one_in(2) {
            spec.health = health(dice, spec.faults.stranded.queued);
        }
        spec.limits = limits(dice, spec.classes.len(), spec.is_central);
        spec
    }

    /// True if the way of a task may be more than once from its dispatcher to its job's end.
    pub fn has_faults(&self) -> bool {
        let has_limit = |group: &GroupSpec| group.queue_limit.is_some();
        !self.faults.are_none() || !self.limits.are_none() || self.groups.iter().any(has_limit)
    }

    /// All times are so much longer.
    fn slow_down(&mut self, factor: u64) {
        let times = [
            &mut self.grid,
            &mut self.dispatch,
            &mut self.result,
            &mut self.decision,
        ];
        times.into_iter().for_each(|time| *time *= factor);
        let ways = self.ways.iter_mut().flatten().flatten();
        ways.for_each(|way| *way *= factor);
        for class in &mut self.classes {
            let times = [
                &mut class.overhead,
                &mut class.per_result,
                &mut class.gather_work,
            ];
            let times = times.into_iter().chain(&mut class.works);
            times.chain(&mut class.slo).for_each(|time| *time *= factor);
            if let Come::Every(interval) = &mut class.come {
                *interval *= factor;
            }
        }
    }

    /// The jobs of the first class are those of a log.
    fn replay(&mut self, dice: &mut Dice) {
        let class = &mut self.classes[0];
        class.demand.fill(0);
        class.demand[0] = 1;
        class.overhead = 0;
        class.is_split = false;
        let most = class.room(&self.groups).min(6);
        let mut arrival = 0;
        let mut entry = || {
            let come = arrival;
            arrival += dice.below(6) * self.grid;
            Entry {
                arrival: come,
                work: dice.below(30) * self.grid,
                tasks: dice.between(1, most) as u32,
                asked: (!dice.one_in(4)).then(|| dice.between(1, 8)),
            }
        };
        class.come = Come::Log((0..30).map(|_| entry()).collect());
        let is_flow = |class: &ClassSpec| matches!(class.come, Come::Every(_));
        let flow = self.classes.iter().position(is_flow);
        if let (Some((Some(only), _)), Some(flow)) = (&mut self.measure, flow) {
            *only = flow as u32;
        }
        if flow.is_none() {
            self.measure = None;
            self.warmup = 0;
        }
    }

    pub fn nodes(&self) -> Vec<&GroupSpec> {
        let each = |group| std::iter::repeat_n(group, group_count(group));
        self.groups.iter().flat_map(each).collect()
    }

    pub fn setup(&self) -> Setup {
        let dimension = |d| Dimension {
            name: format!("d{d}"),
            scale: 1.0,
        };
        Setup {
            seed: self.seed,
            placement_seed: 0,
            cluster: Cluster {
                dimensions: (0..self.groups[0].capacity.len()).map(dimension).collect(),
                groups: self.groups.iter().enumerate().map(placed).collect(),
            },
            network: Network {
                dispatch: seconds(self.dispatch),
                result: seconds(self.result),
                ways: self.ways.iter().flat_map(ways).collect(),
                cancels_travel: self.cancels_travel,
            },
            classes: self.classes.iter().enumerate().map(class).collect(),
            sources: (0..self.classes.len()).map(|at| self.source(at)).collect(),
            stragglers: self.stragglers.map(|(probability, factor)| Stragglers {
                probability,
                factor: Law::Constant(factor as f64),
            }),
            faults: self.faults.clone(),
            strategy: self.strategy(),
            window: self.window(),
            engine: Engine::default(),
        }
    }

    fn strategy(&self) -> Strategy {
        Strategy {
            name: "twin".into(),
            binding: if self.is_central {
                Binding::CentralQueue
            } else {
                Binding::Early
            },
            limits: self.limits.clone(),
            queue: self.queue,
            parts: vec![Parts {
                placement: placement(&self.place.spelling()),
                dispatchers: self.dispatchers,
                decision_time: seconds(self.decision),
                in_flight: if self.is_counted {
                    InFlight::Counted
                } else {
                    InFlight::Ignored
                },
                ties: if self.ties_at_random {
                    Ties::Random
                } else {
                    Ties::LowestId
                },
                zones: self
                    .ways
                    .iter()
                    .flat_map(|_| ZONES.map(str::to_owned))
                    .collect(),
                ..Parts::new(placement("random"))
            }],
            parts_of_class: vec![0; self.classes.len()],
            copies: None,
            stealing: None,
            pushing: None,
            stolen: Vec::new(),
            partition: Vec::new(),
            health: self.health,
        }
    }

    fn source(&self, index: usize) -> Source {
        Source {
            name: name(index),
            arrivals: match &self.classes[index].come {
                Come::Every(interval) => Arrivals::Renewal {
                    interval: seconds(*interval),
                },
                Come::Batch(jobs) => Arrivals::Batch {
                    jobs: *jobs,
                    at: Time(2 * self.grid),
                },
                Come::Log(entries) => log(&self.file(), entries),
            },
            first_class: index as u32,
            classes: 1,
        }
    }

    /// Where its log is.
    pub fn file(&self) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        folder.join(format!("twin-{}.swf", self.seed))
    }

    fn window(&self) -> Window {
        Window {
            warmup: match self.warmup {
                0 => Warmup::None,
                jobs => Warmup::Jobs(jobs),
            },
            measure: self
                .measure
                .map_or(Measure::All, |(class, count)| Measure::Jobs {
                    class,
                    count,
                }),
            drain: 4.0,
            max_in_system: 1_000_000,
            slowdown_floor: Time(1),
            stratum: Time(5 * self.grid),
            finite: self.measure.is_none(),
        }
    }
}

/// Groups and dispatchers are in these in turn.
pub const ZONES: [&str; 2] = ["a", "b"];

fn placed((at, group): (usize, &GroupSpec)) -> Group {
    Group {
        zone: Some(ZONES[at % 2].to_owned()),
        ..group.group()
    }
}

fn ways(all: &[[u64; 2]; 2]) -> Vec<Way> {
    let way = |from: usize, to: usize| Way {
        from: ZONES[from].to_owned(),
        to: ZONES[to].to_owned(),
        law: seconds(all[from][to]),
    };
    vec![way(0, 0), way(0, 1), way(1, 0), way(1, 1)]
}

fn group_count(group: &GroupSpec) -> usize {
    group.count as usize
}

fn seconds(ns: u64) -> Law {
    Law::Constant(ns as f64 / 1e9)
}

/// The law of a class's works; the twin draws from it as well.
pub fn works(class: &ClassSpec) -> Law {
    let values: Vec<f64> = class.works.iter().map(|&w| w as f64 / 1e9).collect();
    match values[..] {
        [only] => Law::Constant(only),
        _ => Law::discrete(&values, &vec![1.0; values.len()]),
    }
}

/// The name of class `index`, which names its random stream.
pub fn name(index: usize) -> String {
    format!("class{index}")
}

fn class((index, class): (usize, &ClassSpec)) -> Class {
    let count = Law::Constant(f64::from(class.tasks));
    let work = works(class);
    Class {
        name: name(index),
        stages: vec![Stage {
            name: String::new(),
            after: Vec::new(),
            skew: 0.0,
            shape: if matches!(class.come, Come::Log(_)) {
                Shape::Trace
            } else if class.is_split {
                Shape::Split { work, into: count }
            } else {
                Shape::Tasks { count, work }
            },
            overhead: Time(class.overhead),
            demand: class.demand.clone(),
            allowed: class.allowed.clone(),
        }],
        gather: Gather {
            per_result: seconds(class.per_result),
            work: seconds(class.gather_work),
            need: None,
        },
        slo: class.slo.map(Time),
        priority: class.priority,
        transfer: [Time::ZERO; 2],
        data: None,
        key: None,
        gang: class.is_gang,
    }
}

/// A file that holds these jobs, in Standard Workload Format.
fn log(path: &Path, entries: &[Entry]) -> Arrivals {
    let seconds = |ns: u64| ns as f64 / 1e9;
    let line = |entry: &Entry| {
        let asked = entry.asked.map_or(-1, |asked| asked as i64);
        let (at, takes) = (seconds(entry.arrival), seconds(entry.work));
        let tasks = entry.tasks;
        format!("1 {at} -1 {takes} {tasks} -1 -1 {tasks} {asked} -1 1 1 1 1 1 1 -1 -1\n")
    };
    std::fs::write(path, entries.iter().map(line).collect::<String>()).unwrap();
    let spec = trace::Spec {
        path: path.to_owned(),
        format: trace::Format::Swf,
        max_jobs: None,
        invalid: trace::Invalid::Error,
        max_dropped: 0.0,
        sort: false,
        split: None,
    };
    Arrivals::Trace(Arc::new(TracePlan {
        survey: trace::survey(&spec).unwrap(),
        spec,
        scale: 1.0,
        resample: None,
        resources: Vec::new(),
    }))
}

/// An instant or a span of up to so many steps.
fn some(dice: &mut Dice, most: u64) -> Time {
    Time(dice.between(1, most) * GRID)
}

/// A law of about this mean, in steps.
fn about(dice: &mut Dice, mean: u64) -> Law {
    let mean = (mean * GRID) as f64 / 1e9;
    match dice.below(3) {
        0 => Law::Constant(mean),
        1 => Law::discrete(&[mean / 2.0, 1.5 * mean], &[1.0, 1.0]),
        _ => Law::Exponential { mean },
    }
}

fn faults(dice: &mut Dice, nodes: u32, may_be_slow: bool) -> Faults {
    use StrandedQueued::{Lose as LoseQueued, Move, Stay};
    use StrandedRunning::{Lose, Restart, Resume};
    let stranded = Stranded {
        running: dice.of(&[Restart, Resume, Lose]),
        queued: dice.of(&[Stay, Move, LoseQueued]),
    };
    let failures = NodeFailures {
        up: about(dice, 60),
        down: about(dice, 10),
        busy_clock: dice.one_in(3),
    };
    let zone_failures = NodeFailures {
        up: about(dice, 90),
        down: about(dice, 10),
        busy_clock: false,
    };
    let slow_downs = SlowDowns {
        every: about(dice, 30),
        last: about(dice, 20),
        factor: dice.of(&[2_000_000_000, 1_700_000_001]),
    };
    let task_failures = dice.of(&[
        None,
        None,
        Some(TaskFailures::Probability(0.2)),
        Some(TaskFailures::Rate(20_000.0)),
    ]);
    Faults {
        node_failures: dice.one_in(2).then_some(failures),
        zone_failures: dice.one_in(4).then_some(zone_failures),
        slow_downs: (may_be_slow && dice.one_in(3)).then_some(slow_downs),
        changes: if dice.one_in(2) {
            script(dice, nodes)
        } else {
            Vec::new()
        },
        stranded,
        task_failures,
        timeouts: Timeouts {
            task: dice.one_in(2).then(|| some(dice, 40)),
            job: dice.one_in(3).then(|| some(dice, 100)),
            run_on: dice.one_in(3),
        },
        retries: Retries {
            max_attempts: dice.between(1, 4) as u16,
            backoff: dice.of(&[0, 0, 3, 8]) as f64 * GRID as f64 / 1e9,
            growth: dice.of(&[1.0, 2.0, 1.5]),
            jitter: dice.of(&[0.0, 0.0, 0.5]),
            fresh_work: dice.one_in(3),
            budget: Budget {
                job: dice.one_in(4).then_some(2),
                share: dice.of(&[0, 0, Budget::ONE / 5]),
                saved: 3,
                by_client: false,
            },
        },
    }
}

fn limits(dice: &mut Dice, classes: usize, is_central: bool) -> Limits {
    let jobs = || dice.one_in(2).then(|| dice.between(1, 12));
    let jobs: Vec<Option<u64>> = std::iter::repeat_with(jobs).take(classes).collect();
    Limits {
        jobs: if dice.one_in(4) { jobs } else { Vec::new() },
        dispatcher_queue: dice.one_in(6).then(|| dice.below(8)),
        central_queue: (is_central && dice.one_in(3)).then(|| dice.below(8)),
    }
}

/// Nodes go down or drain, and all are up at last.
fn script(dice: &mut Dice, nodes: u32) -> Vec<Change> {
    let mut at = Time(0);
    let mut changes = Vec::new();
    for _ in 0..dice.between(1, 6) {
        at += some(dice, 30);
        let first = dice.below(u64::from(nodes)) as u32;
        let last = dice.between(u64::from(first), u64::from(nodes) - 1) as u32;
        let to = dice.of(&[
            NodeState::Down,
            NodeState::Down,
            NodeState::Draining,
            NodeState::Up,
        ]);
        changes.push(Change {
            at,
            nodes: first..last + 1,
            to: to.into(),
        });
    }
    at += some(dice, 30);
    changes.push(Change {
        at,
        nodes: 0..nodes,
        to: NodeState::Up.into(),
    });
    changes
}

fn health(dice: &mut Dice, queued: StrandedQueued) -> Health {
    let every = some(dice, 12);
    let checks = Checks {
        every,
        timeout: Time(every.0 / dice.between(1, 3)),
        fall: dice.between(1, 3) as u32,
        rise: dice.between(1, 3) as u32,
    };
    let late = [
        Detection::AtOnce,
        Detection::After(some(dice, 10)),
        Detection::Checks(checks),
    ];
    let ejection = Ejection {
        failures: dice.between(1, 3) as u32,
        time: some(dice, 30),
        most: dice.of(&[0, 300_000_000, 1_000_000_000]),
    };
    let detection = dice.of(&late);
    Health {
        detection: match queued {
            StrandedQueued::Move => Detection::AtOnce,
            _ => detection,
        },
        ejection: dice.one_in(2).then_some(ejection),
        slow_start: dice.one_in(2).then(|| some(dice, 40)),
    }
}

impl GroupSpec {
    fn random(dice: &mut Dice, dimensions: usize) -> GroupSpec {
        let resources: Vec<Option<u64>> = (1..dimensions)
            .map(|_| Some(dice.of(&[0, 3, 4, 6, 8])))
            .collect();
        let slots = if dice.one_in(if dimensions > 1 { 2 } else { 5 }) {
            None
        } else {
            Some(dice.between(1, 3))
        };
        GroupSpec {
            count: dice.between(1, 4) as u32,
            quarters: dice.of(&[2, 4, 4, 8, 16]),
            capacity: [vec![slots], resources].concat(),
            backfill: dice.one_in(2),
            discipline: Discipline::Fifo,
            queue_limit: None,
        }
    }

    fn group(&self) -> Group {
        let (speed, capacity) = (self.quarters as f64 / 4.0, self.capacity.clone());
        Group {
            backfill: self.backfill,
            discipline: self.discipline.clone(),
            queue_limit: self.queue_limit,
            ..Group::new("group", self.count, speed, capacity)
        }
    }

    pub fn could_hold(&self, demand: &[u64]) -> bool {
        let holds = |(need, has): (&u64, &Option<u64>)| has.is_none_or(|has| *need <= has);
        demand.iter().zip(&self.capacity).all(holds)
    }
}

impl ClassSpec {
    /// Whether any node that its tasks may use has a limit.
    fn may_meet_limits(&self, groups: &[GroupSpec]) -> bool {
        let is_limited = |g: &GroupSpec| g.capacity.iter().any(|has| has.is_some_and(|h| h > 0));
        let may_use = |g: &GroupSpec| g.could_hold(&self.demand);
        let mut each = groups.iter().zip(&self.allowed);
        each.any(|(g, is_allowed)| *is_allowed && may_use(g) && is_limited(g))
    }

    fn random(dice: &mut Dice, groups: &[GroupSpec], is_finite: bool) -> ClassSpec {
        let dimensions = groups[0].capacity.len();
        // Somebody must be able to run it: allow one group, and demand what that has.
        let home = dice.below(groups.len() as u64) as usize;
        let need = |dice: &mut Dice, d: usize| match (d, groups[home].capacity[d]) {
            (0, has) => dice.between(1, has.unwrap_or(2).min(2)),
            (_, has) => dice.below(has.unwrap_or(3).min(4) + 1),
        };
        let demand: Vec<u64> = (0..dimensions).map(|d| need(dice, d)).collect();
        let allowed = (0..groups.len()).map(|g| g == home || !dice.one_in(4));
        let allowed = allowed.collect();
        let is_batch = is_finite || dice.one_in(6);
        let tasks = dice.of(&[1, 1, 2, 3, 4]);
        ClassSpec {
            come: if is_batch {
                Come::Batch(dice.between(1, 20))
            } else {
                Come::Every(dice.between(1, 6) * GRID)
            },
            tasks,
            is_split: dice.one_in(3),
            works: (0..dice.between(1, 3))
                .map(|_| dice.between(0, 8) * 4 * GRID)
                .collect(),
            overhead: dice.of(&[0, 0, 1, 2]) * GRID,
            demand,
            allowed,
            per_result: dice.of(&[0, 0, 1]) * GRID,
            gather_work: dice.of(&[0, 0, 2]) * GRID,
            slo: dice.one_in(2).then(|| dice.between(1, 40) * GRID),
            priority: 0,
            is_gang: false,
        }
    }

    fn most_tasks(&self) -> u32 {
        match &self.come {
            Come::Log(entries) => entries.iter().map(|entry| entry.tasks).max().unwrap_or(1),
            _ => self.tasks,
        }
    }

    /// Its tasks for which all nodes together have room when nothing runs.
    fn room(&self, groups: &[GroupSpec]) -> u64 {
        let at = |group: &GroupSpec| {
            let each = self.demand.iter().zip(&group.capacity);
            let limited = each.filter(|(need, _)| **need > 0);
            let copies = limited.map(|(need, has)| has.map_or(u64::MAX, |has| has / need));
            copies.min().unwrap_or(u64::MAX)
        };
        let each = groups.iter().zip(&self.allowed);
        let allowed = each.filter(|(_, is_allowed)| **is_allowed);
        allowed
            .map(|(group, _)| at(group).saturating_mul(u64::from(group.count)))
            .fold(0, u64::saturating_add)
    }
}

impl Place {
    fn random(dice: &mut Dice) -> Place {
        let by = dice.of(&[By::Tasks, By::Work, By::Utilization]);
        let d = dice.between(1, 3) as u32;
        let replacement = dice.one_in(2);
        let is_weighted = dice.one_in(2);
        let score = dice.of(&[Score::Cosine, Score::DotProduct, Score::L2Norm]);
        dice.of(&[
            Place::Random,
            Place::RoundRobin { is_weighted },
            Place::LeastLoaded(by),
            Place::PowerOfD { d, by, replacement },
            Place::JoinIdleQueue,
            Place::ShortestExpectedDelay,
            Place::FirstFit,
            Place::BestFit,
            Place::WorstFit,
            Place::ResourceMatch(score),
        ])
    }

    /// By tasks what is by work.
    fn without_work(self) -> Place {
        match self {
            Place::LeastLoaded(By::Work) => Place::LeastLoaded(By::Tasks),
            Place::PowerOfD {
                d,
                by: By::Work,
                replacement,
            } => Place::PowerOfD {
                d,
                by: By::Tasks,
                replacement,
            },
            other => other,
        }
    }

    /// As a scenario file spells it.
    fn spelling(self) -> String {
        let by = |by: By| format!("{by:?}").to_lowercase();
        match self {
            Place::Random => "random".into(),
            Place::RoundRobin { is_weighted } => format!(
                "round-robin = {{ weights = \"{}\" }}",
                if is_weighted {
                    "speed x slots"
                } else {
                    "equal"
                }
            ),
            Place::LeastLoaded(what) => format!("least-loaded = {{ by = \"{}\" }}", by(what)),
            Place::PowerOfD {
                d,
                by: what,
                replacement,
            } => format!(
                "power-of-d = {{ d = {d}, by = \"{}\", replacement = {replacement} }}",
                by(what)
            ),
            Place::JoinIdleQueue => "join-idle-queue".into(),
            Place::ShortestExpectedDelay => "shortest-expected-delay".into(),
            Place::FirstFit => "first-fit".into(),
            Place::BestFit => "best-fit".into(),
            Place::WorstFit => "worst-fit".into(),
            Place::ResourceMatch(score) => {
                let score = match score {
                    Score::Cosine => "cosine",
                    Score::DotProduct => "dot-product",
                    Score::L2Norm => "l2-norm",
                };
                format!("resource-match = {{ score = \"{score}\" }}")
            }
        }
    }
}
