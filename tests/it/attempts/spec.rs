//! Small scenarios of attempts that come to nothing, drawn at random, in whole numbers.

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::model::cluster::Group;
use equipoise::model::nodes::NodeState;
use equipoise::sim::setup::{
    Change, Measure, Setup, Stragglers, Stranded, StrandedQueued, StrandedRunning, TaskFailures,
    Way,
};
use equipoise::strategy::{Binding, Copies, Hedge, Late, Sampling, Ties};
use equipoise::testing::setups;
use equipoise::workload::class::{Class, Shape};
use equipoise::workload::source::Arrivals;

use crate::common::{Dice, placement};

/// All times are multiples of this many nanoseconds, so that many events coincide.
pub const GRID: u64 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    Random,
    RoundRobin,
    LeastLoaded,
}

/// How attempts come to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Make {
    Once,
    Redundancy { d: u32, until_start: bool },
    Hedge { after: u64 },
    Speculation { factor: u64 },
    Late { probes: u32, is_batch: bool },
}

#[derive(Clone, Debug)]
pub struct ClassSpec {
    pub jobs: u64,
    pub at: u64,
    pub tasks: u32,
    pub work: u64,
    pub need: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct Spec {
    pub seed: u64,
    /// Slots and quarters of the speed of each node.
    pub nodes: Vec<(u64, u64)>,
    pub queue_limit: Option<u64>,
    pub classes: Vec<ClassSpec>,
    pub dispatch: u64,
    pub result: u64,
    pub decision: u64,
    pub place: Place,
    pub make: Make,
    /// Nodes are asked before attempts set out.
    pub asks: bool,
    /// What calls attempts off travels.
    pub cancels_travel: bool,
    /// Extra time of the ways to and from the nodes of odd number, which are in another zone.
    pub farther: u64,
    /// Instant, node, and whether it comes up.
    pub changes: Vec<(u64, usize, bool)>,
    pub running: StrandedRunning,
    pub queued: StrandedQueued,
    pub failures: Option<f64>,
    pub stragglers: Option<(f64, u64)>,
    pub task_timeout: Option<u64>,
    pub job_timeout: Option<u64>,
    pub run_on: bool,
    pub max_attempts: u32,
    pub backoff: u64,
}

impl Dice {
    fn grid(&mut self, choices: &[u64]) -> u64 {
        self.any(choices) * GRID
    }
}

impl Spec {
    /// Scenario number `seed`.
    pub fn random(seed: u64) -> Spec {
        let dice = &mut Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let nodes: Vec<_> = (0..1 + dice.below(4))
            .map(|_| (dice.any(&[1, 1, 2]), dice.any(&[2, 4, 4, 8])))
            .collect();
        let make = Make::random(dice);
        let is_late = matches!(make, Make::Late { .. });
        let farther = dice.grid(&[0, 0, 2]);
        let classes = (0..1 + dice.below(3))
            .map(|_| ClassSpec::random(dice))
            .collect();
        Spec {
            seed,
            changes: changes(dice, nodes.len()),
            queue_limit: (!is_late && dice.once_in(3)).then(|| dice.below(3)),
            nodes,
            classes,
            dispatch: dice.grid(&[0, 0, 1, 3]),
            result: dice.grid(&[0, 0, 1, 2]),
            decision: dice.grid(&[0, 0, 1]),
            place: dice.any(&[Place::Random, Place::RoundRobin, Place::LeastLoaded]),
            asks: !is_late && farther == 0 && dice.once_in(3),
            cancels_travel: dice.once_in(3),
            farther,
            make,
            running: dice.any(&[
                StrandedRunning::Restart,
                StrandedRunning::Resume,
                StrandedRunning::Lose,
            ]),
            queued: dice.any(&[
                StrandedQueued::Stay,
                StrandedQueued::Move,
                StrandedQueued::Lose,
            ]),
            failures: dice.once_in(2).then_some(0.2),
            stragglers: dice.once_in(3).then(|| (0.3, dice.any(&[2, 3]))),
            task_timeout: dice.once_in(2).then(|| dice.grid(&[3, 8, 15, 30])),
            job_timeout: dice.once_in(3).then(|| dice.grid(&[10, 25, 60])),
            run_on: dice.once_in(2),
            max_attempts: 1 + dice.below(4) as u32,
            backoff: dice.grid(&[0, 0, 1, 4]),
        }
    }

    /// How long an attempt travels to a node (if it has one), and its result back.
    pub fn ways(&self, node: usize) -> (u64, u64) {
        let is_far = node < self.nodes.len() && node % 2 == 1;
        let farther = if is_far { self.farther } else { 0 };
        (self.dispatch + farther, self.result + farther)
    }

    /// True if the ways to all nodes, or back, take no time.
    pub fn is_instant(&self, way: u64) -> bool {
        way == 0 && self.farther == 0
    }

    /// True if it takes time until what calls an attempt off is there.
    pub fn cancels_late(&self) -> bool {
        self.cancels_travel && !self.is_instant(self.dispatch)
    }

    /// The same for the simulator.
    pub fn setup(&self) -> Setup {
        let group = |(at, &(slots, quarters)): (usize, &(u64, u64))| {
            let speed = quarters as f64 / 4.0;
            let mut group = Group::new(&format!("n{at}"), 1, speed, vec![Some(slots)]);
            group.queue_limit = self.queue_limit;
            group.zone = Some(["near", "far"][at % 2].to_owned());
            group
        };
        let mut setup = Setup::new(self.nodes.iter().enumerate().map(group).collect());
        for (at, class) in self.classes.iter().enumerate() {
            let arrivals = Arrivals::Batch {
                jobs: class.jobs,
                at: Time(class.at),
            };
            setup = setup.with_jobs(class.class(&format!("c{at}")), arrivals);
        }
        setup.seed = self.seed;
        (setup.network.dispatch, setup.network.result) =
            (seconds(self.dispatch), seconds(self.result));
        setup.stragglers = self.stragglers.map(|(probability, factor)| Stragglers {
            probability,
            factor: Law::Constant(factor as f64),
        });
        let parts = &mut setup.strategy.parts[0];
        parts.placement = placement(match self.place {
            Place::Random => "random",
            Place::RoundRobin => "round-robin",
            Place::LeastLoaded => "least-loaded",
        });
        parts.ties = Ties::LowestId;
        parts.probes = self.asks;
        parts.decision_time = seconds(self.decision);
        if self.farther > 0 {
            parts.zones = vec!["near".to_owned()];
            let way = |from: &str, to: &str, time: u64| Way {
                from: from.to_owned(),
                to: to.to_owned(),
                law: seconds(time + self.farther),
            };
            setup.network.ways = vec![
                way("near", "far", self.dispatch),
                way("far", "near", self.result),
            ];
        }
        setup.network.cancels_travel = self.cancels_travel;
        self.fail(&mut setup);
        self.make(&mut setup);
        setup.window.finite = true;
        setup.window.measure = Measure::All;
        setup
    }

    fn fail(&self, setup: &mut Setup) {
        let change = |&(at, node, is_up): &(u64, usize, bool)| Change {
            at: Time(at),
            nodes: node as u32..node as u32 + 1,
            to: match is_up {
                true => NodeState::Up.into(),
                false => NodeState::Down.into(),
            },
        };
        let faults = &mut setup.faults;
        faults.changes = self.changes.iter().map(change).collect();
        faults.stranded = Stranded {
            running: self.running,
            queued: self.queued,
        };
        faults.task_failures = self.failures.map(TaskFailures::Probability);
        faults.timeouts.task = self.task_timeout.map(Time);
        faults.timeouts.job = self.job_timeout.map(Time);
        faults.timeouts.run_on = self.run_on;
        faults.retries.max_attempts = self.max_attempts as u16;
        faults.retries.backoff = self.backoff as f64 / 1e9;
        faults.retries.growth = 1.0;
    }

    fn make(&self, setup: &mut Setup) {
        let fresh_work = false;
        setup.strategy.copies = match self.make {
            Make::Once | Make::Late { .. } => None,
            Make::Redundancy { d, until_start } => Some(match until_start {
                true => Copies::UntilStart { d, fresh_work },
                false => Copies::Redundancy { d, fresh_work },
            }),
            Make::Hedge { after } => Some(Copies::Hedge(Hedge {
                after: Some(Time(after)),
                permille: 0,
                budget: 1.0,
                fresh_work,
            })),
            Make::Speculation { factor } => Some(Copies::Speculation { factor, fresh_work }),
        };
        if let Make::Late { probes, is_batch } = self.make {
            setup.strategy.binding = Binding::Late;
            setup.strategy.parts[0].late = Some(Late {
                probes: u64::from(probes) * 1_000_000_000,
                sampling: if is_batch {
                    Sampling::Batch
                } else {
                    Sampling::PerTask
                },
            });
        }
    }
}

impl Make {
    fn random(dice: &mut Dice) -> Make {
        match dice.below(6) {
            0 => Make::Once,
            1 => Make::Hedge {
                after: dice.grid(&[1, 3, 6]),
            },
            2 => Make::Speculation {
                factor: dice.any(&[1_000_000_000, 1_500_000_000]),
            },
            3 => Make::Redundancy {
                d: 2 + dice.below(2) as u32,
                until_start: dice.once_in(2),
            },
            _ => Make::Late {
                probes: 1 + dice.below(3) as u32,
                is_batch: dice.once_in(2),
            },
        }
    }
}

impl ClassSpec {
    fn random(dice: &mut Dice) -> ClassSpec {
        let tasks = dice.any(&[1, 1, 2, 3, 4]);
        ClassSpec {
            jobs: 1 + dice.below(5),
            at: dice.below(12) * GRID,
            tasks,
            work: (1 + dice.below(6)) * 4 * GRID,
            need: dice
                .once_in(4)
                .then(|| 1 + dice.below(u64::from(tasks)) as u32),
        }
    }

    fn class(&self, name: &str) -> Class {
        let mut class = setups::class(name, self.tasks, seconds(self.work), 1);
        class.stages[0].shape = Shape::Tasks {
            count: Law::Constant(f64::from(self.tasks)),
            work: seconds(self.work),
        };
        class.gather.need = self.need;
        class
    }
}

/// Each node may be down once or twice.
fn changes(dice: &mut Dice, nodes: usize) -> Vec<(u64, usize, bool)> {
    let mut changes = Vec::new();
    for node in 0..nodes {
        let mut at = 0;
        for _ in 0..dice.below(3) {
            let down = at + 1 + dice.below(20);
            at = down + 1 + dice.below(12);
            changes.push((down * GRID, node, false));
            changes.push((at * GRID, node, true));
        }
    }
    changes.sort_unstable();
    changes
}

fn seconds(ns: u64) -> Law {
    Law::Constant(ns as f64 / 1e9)
}
