//! What every placement must keep, whoever wrote it, tried in several worlds.
//!
//! ```
//! use std::sync::Arc;
//! use equipoise::testing::contract::Contract;
//! # use equipoise::prelude::Registry;
//! # let mine = Registry::standard().spelled("least-loaded").ok_or("it is known")?;
//! Contract::of("mine", mine).check()?;
//! # Ok::<(), String>(())
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use super::setups::{group, open};
use crate::engine::law::Law;
use crate::engine::time::Time;
use crate::metrics::figures::Figures;
use crate::metrics::jobs::Blame;
use crate::model::cluster::{Dimension, Group};
use crate::model::ids::NodeId;
use crate::sim;
use crate::sim::recorder::{Decision, Recorder};
use crate::sim::records::{Attempt, Job, Task};
use crate::sim::setup::{Setup, Stragglers};
use crate::strategy::placement::random::Random;
use crate::strategy::placement::round_robin::RoundRobin;
use crate::strategy::{Binding, Blueprint, InFlight, Parts, Ties};
use crate::workload::class::{Class, Gather, Shape};
use crate::workload::source::Arrivals;

/// Counts the allocations of what it is given to run.
pub type Counting = fn(&mut dyn FnMut()) -> u64;

/// A placement that is held to the contract.
pub struct Contract {
    name: String,
    blueprint: Arc<dyn Blueprint>,
    counting: Option<Counting>,
}

impl Contract {
    /// The placement `name`.
    pub fn of(name: &str, blueprint: Arc<dyn Blueprint>) -> Contract {
        Contract {
            name: name.to_owned(),
            blueprint,
            counting: None,
        }
    }

    /// Looks at allocations, too. (They are counted by the program's allocator, which only the
    /// program can choose: the crate `allocation-counter` is one.)
    #[must_use]
    pub fn counting(self, counting: Counting) -> Contract {
        Contract {
            counting: Some(counting),
            ..self
        }
    }

    /// Everything that it must keep.
    ///
    /// # Errors
    /// Says what is broken and what cures it.
    pub fn check(&self) -> Result<(), String> {
        self.uses_every_node()?;
        self.is_valid_and_repeatable()?;
        self.has_the_same_jobs()?;
        self.allocates_nothing_when_the_state_repeats()?;
        self.allocates_hardly_anything()
    }

    /// Of twenty nodes that are alike, at load 0.9, each is chosen at some time in 6,000 decisions.
    ///
    /// # Errors
    /// As [`Contract::check`].
    pub fn uses_every_node(&self) -> Result<(), String> {
        let interval = Law::Exponential { mean: 3.0 / 18.0 };
        let work = Law::Exponential { mean: 1.0 };
        let nodes = vec![group("node", 20, 1.0)];
        let setup = open(nodes, interval, 3, work, self.blueprint.clone()).measuring(0, 2_000);
        let (_, seen) = watch(&setup, &self.name)?;
        let mut tasks = [0; 20];
        seen.decisions.iter().for_each(|d| tasks[d.5 as usize] += 1);
        let unused = (0..20).filter(|&node| tasks[node] == 0);
        let unused: Vec<String> = unused.map(|node| format!("node[{node}]")).collect();
        holds(unused.is_empty(), || {
            format!(
                "`{}` never used {}, though all 20 nodes are alike and may be used ({} decisions): \
                 choose among all of `ask.nodes`",
                self.name,
                unused.join(", "),
                seen.decisions.len()
            )
        })
    }

    /// Valid nodes, conservation, blame that sums up; decisions by what is shown alone; and the
    /// same once more, watched or not.
    ///
    /// # Errors
    /// As [`Contract::check`].
    pub fn is_valid_and_repeatable(&self) -> Result<(), String> {
        let one_slot = ("one slot a node", one_slot_a_node(&self.blueprint));
        let several = ("several tasks a node", several_a_node(&self.blueprint));
        for (world, setup) in self.worlds().into_iter().chain([one_slot, several]) {
            let what = format!("`{}`, {world}", self.name);
            let (first, seen) = watch(&setup, &what)?;
            if let Some(memory) = seen.remembered {
                return Err(format!("{what}: {memory}"));
            }
            let (second, again) = watch(&setup, &what)?;
            holds(seen.decisions == again.decisions, || {
                format!(
                    "{what}: the same seed gave other decisions: draw from `rng` alone, and let \
                     nothing outlast a run"
                )
            })?;
            let columns = setup.columns(&[]);
            let values = |figures: &Figures| (figures.values(&columns), figures.events);
            holds(values(&first) == values(&second), || {
                format!("{what}: the same seed gave other figures")
            })?;
            let unwatched = sim::run(&setup, 1, None).map_err(|f| format!("{what}: {f}"))?;
            holds(values(&first) == values(&unwatched), || {
                format!(
                    "{what}: a run that is watched has other figures: `score` must change nothing, `reads` \
                     and `reads_work` must name all that a decision reads, and `choose` decide as `place` does"
                )
            })?;
        }
        Ok(())
    }

    /// Arrivals, counts, works and demands of the measured jobs are those under `random`, bit by
    /// bit.
    ///
    /// # Errors
    /// As [`Contract::check`].
    pub fn has_the_same_jobs(&self) -> Result<(), String> {
        let random: Arc<dyn Blueprint> = Arc::new(Random {});
        let (reference, seen) = watch(&world(&random), "random")?;
        for (world, setup) in self.worlds() {
            let what = format!("`{}`, {world}", self.name);
            let (outcome, other) = watch(&setup, &what)?;
            let same = outcome.workload_digest == reference.workload_digest;
            holds(same && other.workload == seen.workload, || {
                format!("{what}: other jobs than under `random`")
            })?;
        }
        Ok(())
    }

    /// With constant intervals and works the state repeats: a run twice as long (2,000 jobs and
    /// 8,000 tasks more) allocates not once more. (Where chance lets the state wander, see
    /// [`Contract::allocates_hardly_anything`].)
    ///
    /// # Errors
    /// As [`Contract::check`].
    pub fn allocates_nothing_when_the_state_repeats(&self) -> Result<(), String> {
        let by_chance = [
            "random",
            "power-of-d",
            "peak-ewma",
            "size-interval",
            "batch-sampling",
            "prequal",
            "consistent-hash",
            "adaptive",
        ];
        let chance = by_chance.iter().any(|name| self.name.contains(name));
        let Some(counting) = self.counting.filter(|_| !chance) else {
            return Ok(());
        };
        for binding in [Binding::Early, Binding::CentralQueue] {
            let nodes = vec![group("a", 4, 1.0), group("b", 4, 2.0)];
            let (interval, work) = (Law::Constant(0.5), Law::Constant(0.5));
            let mut setup = open(nodes, interval, 4, work, self.blueprint.clone());
            setup.strategy.binding = binding;
            setup.network.dispatch = Law::Constant(0.01);
            // ties at random let the state wander
            setup.strategy.parts[0].ties = Ties::LowestId;
            let of = |jobs| allocations(counting, setup.clone().measuring(0, jobs));
            let (short, long) = (of(2_000)?, of(4_000)?);
            holds(short == long, || {
                format!(
                    "`{}`, {binding:?}: {short} allocations, in a run twice as long {long}: take \
                     all memory in `build`",
                    self.name
                )
            })?;
        }
        Ok(())
    }

    /// With random works the largest number in the system still grows with the length of a run,
    /// like its logarithm, and with it the few growing lists: a run of 20,000 jobs more (and
    /// 200,000 events) allocates at most 16 times more.
    ///
    /// # Errors
    /// As [`Contract::check`].
    pub fn allocates_hardly_anything(&self) -> Result<(), String> {
        let Some(counting) = self.counting else {
            return Ok(());
        };
        for (world, setup) in self.worlds() {
            let of = |jobs| allocations(counting, setup.clone().measuring(200, jobs));
            let (short, long) = (of(10_000)?, of(30_000)?);
            holds(long <= short + 16, || {
                format!(
                    "`{}`, {world}: {short} allocations, then {long}: take all memory in `build`",
                    self.name
                )
            })?;
        }
        Ok(())
    }

    /// The ways in which the placement may be used.
    pub fn worlds(&self) -> Vec<(&'static str, Setup)> {
        let with = |name, change: &dyn Fn(&mut Setup)| {
            let mut setup = world(&self.blueprint);
            change(&mut setup);
            (name, setup)
        };
        vec![
            with("plain", &|_| {}),
            with("lowest id", &|setup| {
                setup.strategy.parts[0].ties = Ties::LowestId;
            }),
            with("central queue", &|setup| {
                setup.strategy.binding = Binding::CentralQueue;
            }),
            with("central queue, dispatchers, delays", &|setup| {
                setup.strategy.binding = Binding::CentralQueue;
                delays(setup);
                many_dispatchers(setup);
            }),
            with("delays", &delays),
            with("dispatchers, delays, in flight ignored", &|setup| {
                delays(setup);
                many_dispatchers(setup);
                setup.strategy.parts[0].in_flight = InFlight::Ignored;
            }),
            with("stragglers, gathering", &stragglers_and_gathering),
            with("parts by class", &|setup| {
                let turns = Parts::new(Arc::new(RoundRobin::default()));
                setup.strategy.parts.push(turns);
                setup.strategy.parts_of_class = vec![0, 1];
                delays(setup);
            }),
        ]
    }
}

fn holds(is_kept: bool, broken: impl FnOnce() -> String) -> Result<(), String> {
    if is_kept { Ok(()) } else { Err(broken()) }
}

fn delays(setup: &mut Setup) {
    setup.network.dispatch = Law::Exponential { mean: 0.3 };
    setup.network.result = Law::Constant(0.05);
}

fn many_dispatchers(setup: &mut Setup) {
    setup.strategy.parts[0].dispatchers = 5;
    setup.strategy.parts[0].decision_time = Law::Exponential { mean: 0.01 };
}

fn stragglers_and_gathering(setup: &mut Setup) {
    setup.stragglers = Some(Stragglers {
        probability: 0.1,
        factor: Law::BoundedPareto {
            shape: 1.5,
            min: 2.0,
            max: 8.0,
        },
    });
    setup.classes[0].gather = Gather {
        per_result: Law::Constant(0.01),
        work: Law::Exponential { mean: 0.02 },
        need: None,
    };
}

/// Nodes of one slot and unlike speeds without any delay, which need no events: there a placement must
/// tell rightly what it reads.
fn one_slot_a_node(blueprint: &Arc<dyn Blueprint>) -> Setup {
    let nodes = vec![group("a", 5, 1.0), group("b", 3, 2.0)];
    let (interval, work) = (
        Law::Exponential { mean: 0.4 },
        Law::Exponential { mean: 1.0 },
    );
    open(nodes, interval, 3, work, blueprint.clone()).measuring(200, 2_000)
}

/// The same where several tasks run at a node, and travel.
fn several_a_node(blueprint: &Arc<dyn Blueprint>) -> Setup {
    let mut setup = one_slot_a_node(blueprint);
    setup.network.dispatch = Law::Constant(0.05);
    setup.network.result = Law::Constant(0.1);
    setup.cluster.dimensions.push(Dimension::new("cpu", 8.0));
    for (group, units) in setup.cluster.groups.iter_mut().zip([4, 9]) {
        group.capacity = vec![None, Some(units)];
    }
    for class in &mut setup.classes {
        class.stages[0].demand = vec![1, 2];
    }
    setup
}

/// Two machine generations with three dimensions, and two classes with unlike demands, one of
/// which may only run on the new machines.
fn world(blueprint: &Arc<dyn Blueprint>) -> Setup {
    let mut new = Group::new("new", 5, 1.6, vec![None, Some(16), Some(24)]);
    new.backfill = true;
    let old = Group::new("old", 7, 1.0, vec![Some(4), Some(8), Some(16)]);
    let mut big = Class::of_tasks("big", 1, Law::Constant(0.0), vec![2, 3, 9]);
    big.stages[0].shape = Shape::Split {
        work: Law::lognormal(4.0, 1.5),
        into: Law::Uniform {
            low: 1.0,
            high: 4.0,
        },
    };
    big.stages[0].allowed = vec![false, true];
    let every = |mean| Arrivals::Renewal {
        interval: Law::Exponential { mean },
    };
    let work = Law::Exponential { mean: 1.0 };
    let small = Class::of_tasks("jobs", 3, work, vec![1, 2, 1]);
    let mut setup = Setup::new(vec![old, new])
        .with_jobs(small, every(0.12))
        .with_jobs(big, every(0.9))
        .with_parts(Parts::new(blueprint.clone()))
        .measuring(200, 2_000);
    let named = ["cpu", "memory"].map(|name| Dimension::new(name, 1e12));
    setup.cluster.dimensions.extend(named);
    setup
}

/// Allocations of a run.
fn allocations(counting: Counting, mut setup: Setup) -> Result<u64, String> {
    // as many observations whatever the length
    setup.window.stratum = Time::from_secs(1e6);
    let mut ended = Ok(());
    let count = counting(&mut || ended = sim::run(&setup, 1, None).map(drop));
    ended.map(|()| count).map_err(|failure| failure.to_string())
}

/// One decision: instant, dispatcher, class, job, task, node.
pub type DecisionRow = (u64, u32, u32, u64, u32, u32);

/// Checks rows as they come and keeps what must be the same elsewhere.
pub struct Watcher {
    /// Every decision, in order.
    pub decisions: Vec<DecisionRow>,
    /// For each class, which nodes may run its tasks.
    valid: Vec<Vec<bool>>,
    /// Arrival and works (bits) of measured jobs, by class and number.
    workload: BTreeMap<(u32, u64), (u64, Vec<u64>)>,
    completed: u64,
    names: Vec<String>,
    /// A decision that the same algorithm, built anew and shown the same, makes otherwise.
    remembered: Option<String>,
    /// The first thing that is wrong.
    broken: Option<String>,
}

/// One decision in this many is made anew.
const SAMPLED: usize = 37;

/// Runs the setup (which checks conservation) and watches it.
///
/// # Errors
/// Says what is broken.
pub fn watch(setup: &Setup, what: &str) -> Result<(Figures, Watcher), String> {
    let mut watcher = Watcher::new(setup);
    let outcome = sim::run(setup, 1, Some(&mut watcher));
    let outcome = outcome.map_err(|failure| format!("{what}: {failure}"))?;
    if let Some(broken) = watcher.broken {
        return Err(format!("{what}: {broken}"));
    }
    let completed = outcome.all().completed;
    holds(watcher.completed >= completed && completed > 0, || {
        format!("{what}: no job was completed")
    })?;
    Ok((outcome, watcher))
}

impl Watcher {
    fn new(setup: &Setup) -> Watcher {
        let of_class = |class: &Class| {
            let groups = &setup.cluster.groups;
            let eligible = groups.iter().zip(class.stages[0].eligible(groups));
            let nodes = eligible.map(|(group, is)| std::iter::repeat_n(is, group.count as usize));
            nodes.flatten().collect()
        };
        Watcher {
            valid: setup.classes.iter().map(of_class).collect(),
            decisions: Vec::new(),
            workload: BTreeMap::new(),
            completed: 0,
            names: setup.cluster.node_names(),
            remembered: None,
            broken: None,
        }
    }

    fn expect(&mut self, is_kept: bool, broken: &str) {
        if !is_kept && self.broken.is_none() {
            self.broken = Some(broken.to_owned());
        }
    }

    fn tell_memory(&self, d: &Decision<'_>, anew: Option<NodeId>) -> String {
        let told = |node: NodeId| {
            let seen = d.seen(node);
            let used = (seen.used * 100.0).round();
            let name = &self.names[node.index()];
            format!("{name} ({} tasks, {used} % used)", seen.tasks)
        };
        format!(
            "it decides by a memory of its own that does not agree with what it is shown: at t = {} s \
             it chose {}, but built anew and shown the same nodes it chooses {}. Decide by the view; \
             if a memory is the point of it, as with turns, say so by `has_memory`",
            d.time.as_secs(),
            told(d.node),
            anew.map_or("none".to_owned(), told)
        )
    }
}

impl Recorder for Watcher {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        if let Some((completion, blame)) = completed {
            self.completed += 1;
            let response = completion.0 - job.arrival.0;
            let is_complete = blame.iter().sum::<u64>() == response;
            self.expect(is_complete, "the parts of a response time do not sum to it");
        }
    }

    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt) {
        let t = attempt.times;
        let times = [
            t.begun, t.decided, t.reached, t.started, t.ended, t.received,
        ];
        let runs_on = job.arrival <= t.begun && times.is_sorted();
        self.expect(
            runs_on && task.started == t.started && job.arrival <= t.started,
            "time runs back",
        );
        if job.measured {
            let row = self.workload.entry((job.class, job.number));
            let (_, works) = row.or_insert((job.arrival.0, vec![0; job.tasks as usize]));
            works[task.index as usize] = task.work.to_bits();
        }
    }

    fn decision(&mut self, d: &Decision<'_>) {
        let is_sampled = self.decisions.len().is_multiple_of(SAMPLED) && !d.has_memory();
        if is_sampled && self.remembered.is_none() {
            let anew = d.afresh().ok().flatten();
            self.remembered = (anew != Some(d.node)).then(|| self.tell_memory(d, anew));
        }
        let (class, node) = (d.job.class, d.node.0);
        let is_valid = self.valid[class as usize][node as usize];
        self.expect(is_valid, "a task is at a node that it may not use");
        let row = (d.time.0, d.dispatcher, class, d.job.number, d.task, node);
        self.decisions.push(row);
    }
}
