//! Everything that a replication needs to know, whether it came from a scenario file or a program.
//!
//! A setup is complete: no default is looked up later, no global is read, and so two equal setups
//! give equal runs.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::law::Law;
use crate::engine::time::Time;
use crate::metrics::columns::{Column, MetricRef, columns};
use crate::model::cluster::{Cluster, Dimension, Group};
use crate::model::discipline::Discipline;
use crate::model::nodes::NodeState;
use crate::strategy::placement::random::Random;
use crate::strategy::{Binding, Health, Limits, Parts, QueueRules, Strategy};
use crate::workload::class::Class;
use crate::workload::source::{Arrivals, Source};

/// One point of a scenario under one strategy.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Seed of all random numbers.
    pub seed: u64,
    /// Added to the seed for the draws of placements and their ties alone: with another number the
    /// same jobs meet the same algorithm, whose luck is another.
    pub placement_seed: u64,
    /// The nodes.
    pub cluster: Cluster,
    /// Network delays.
    pub network: Network,
    /// Classes of jobs, in file order.
    pub classes: Vec<Class>,
    /// Where the jobs come from, in file order.
    pub sources: Vec<Source>,
    /// Tasks that run slower than they should.
    pub stragglers: Option<Stragglers>,
    /// What goes wrong beside that.
    pub faults: Faults,
    /// How tasks get to nodes.
    pub strategy: Strategy,
    /// What is measured and when a replication ends.
    pub window: Window,
    /// By what it is run, which changes nothing that comes out.
    pub engine: Engine,
}

/// By what replications are run: results are the same to the bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Engine {
    /// Directly where that can be, else by events.
    #[default]
    Auto,
    /// Event by event.
    Events,
    /// Directly, each node by itself; refused where that cannot be.
    Direct,
}

/// A setup is built from what is said of it; the rest is what a scenario has by default.
impl Setup {
    /// Nodes of these groups, which have slots only, for which nothing happens yet. Tasks are placed
    /// at random, at once; nothing travels; 1,000 jobs are measured, from the first.
    pub fn new(groups: Vec<Group>) -> Setup {
        Setup {
            seed: 1,
            placement_seed: 0,
            cluster: Cluster {
                dimensions: vec![Dimension::slots()],
                groups,
            },
            network: Network::default(),
            classes: Vec::new(),
            sources: Vec::new(),
            stragglers: None,
            faults: Faults::default(),
            strategy: Strategy {
                name: "strategy".to_owned(),
                binding: Binding::Early,
                parts: vec![Parts::new(Arc::new(Random {}))],
                parts_of_class: Vec::new(),
                limits: Limits::default(),
                queue: QueueRules::default(),
                copies: None,
                stealing: None,
                pushing: None,
                stolen: Vec::new(),
                partition: Vec::new(),
                health: Health::default(),
            },
            window: Window {
                warmup: Warmup::None,
                measure: Measure::Jobs {
                    class: None,
                    count: 1000,
                },
                drain: 4.0,
                max_in_system: 1_000_000,
                slowdown_floor: Time::from_secs(0.001),
                stratum: Time::from_secs(10.0),
                finite: false,
            },
            engine: Engine::Auto,
        }
    }

    /// Jobs of `class` arrive, too; where it says nothing, it may run on every group.
    #[must_use]
    pub fn with_jobs(mut self, mut class: Class, arrivals: Arrivals) -> Setup {
        for stage in &mut class.stages {
            stage.allowed.resize(self.cluster.groups.len(), true);
        }
        self.sources.push(Source {
            name: class.name.clone(),
            arrivals,
            first_class: self.classes.len() as u32,
            classes: 1,
        });
        self.strategy.parts_of_class.push(0);
        self.classes.push(class);
        self
    }

    /// All tasks are placed by these parts.
    #[must_use]
    pub fn with_parts(mut self, parts: Parts) -> Setup {
        self.strategy.parts = vec![parts];
        self.strategy.parts_of_class.fill(0);
        self
    }

    /// After `warmup` arrivals `jobs` are measured.
    #[must_use]
    pub fn measuring(mut self, warmup: u64, jobs: u64) -> Setup {
        self.window.warmup = match warmup {
            0 => Warmup::None,
            warmup => Warmup::Jobs(warmup),
        };
        self.window.measure = Measure::Jobs {
            class: None,
            count: jobs,
        };
        self
    }

    /// The figures that every replication gives, in order, with those of `asked`.
    pub fn columns(&self, asked: &[MetricRef]) -> Vec<Column> {
        let classes: Vec<&str> = self.classes.iter().map(|c| c.name.as_str()).collect();
        let mut asked = asked.to_vec();
        let groups = self
            .cluster
            .groups
            .iter()
            .map(|group| format!("nodes.{}", group.name));
        for metric in self.costs() {
            let of_group = groups.clone().map(|group| format!("{group}.{metric}"));
            let names = std::iter::once(metric.to_owned()).chain(of_group);
            asked.extend(names.filter_map(|name| name.parse().ok()));
        }
        for &metric in self.special_metrics() {
            let of_class = classes.iter().map(|class| format!("{class}.{metric}"));
            let names = std::iter::once(metric.to_owned()).chain(of_class);
            asked.extend(names.filter_map(|name| name.parse().ok()));
        }
        if self.faults.change_nodes() {
            let groups = self.cluster.groups.iter();
            let names = groups.map(|group| format!("nodes.{}.availability", group.name));
            asked.extend(names.filter_map(|name| name.parse().ok()));
        }
        columns(&self.cluster, &classes, &asked)
    }

    /// Metrics of what nodes cost, where anything is said of it.
    fn costs(&self) -> Vec<&'static str> {
        let any = |is: fn(&Group) -> bool| self.cluster.groups.iter().any(is);
        let has_price = any(|group| group.price > 0.0);
        let turns = |change: &Change| !matches!(change.to, Turn::State(_));
        let changes_size = self.cluster.is_elastic() || self.faults.changes.iter().any(turns);
        let rows = [
            ("node_hours", has_price || changes_size),
            ("price", has_price),
            ("energy", any(|group| group.power.is_some())),
            ("power", any(|group| group.power.is_some())),
        ];
        let shown = rows.into_iter().filter(|(_, is_shown)| *is_shown);
        shown.map(|(name, _)| name).collect()
    }

    /// Metrics that are shown because of what the setup has.
    fn special_metrics(&self) -> &'static [&'static str] {
        match (self.turns_away(), self.faults.are_none()) {
            (true, _) => &["rejected_share", "goodput"],
            (false, false) => &["goodput"],
            (false, true) => &[],
        }
    }
}

impl Setup {
    /// True if no result of any class ever takes time to gather.
    pub fn gathers_free(&self) -> bool {
        self.classes.iter().all(|class| class.gather.is_free())
    }

    /// True if jobs may be turned away, or attempts refused.
    pub fn turns_away(&self) -> bool {
        !self.strategy.limits.are_none() || self.limits_queues()
    }

    /// True if the tasks of some jobs start together.
    pub fn has_gangs(&self) -> bool {
        self.classes.iter().any(|class| class.gang)
    }

    /// True if some results may suffice, and the other tasks are cancelled.
    pub fn cancels(&self) -> bool {
        self.classes.iter().any(|class| class.gather.need.is_some())
    }

    /// True if attempts wait at nodes, and at some of them only so many.
    pub fn limits_queues(&self) -> bool {
        let mut groups = self.cluster.groups.iter();
        self.strategy.binding == Binding::Early && groups.any(|group| group.queue_limit.is_some())
    }

    /// True if there can never be more jobs in the system than the nodes, and so many in queues, hold:
    /// what is too many is turned away, whatever the load.
    pub fn is_bounded(&self) -> bool {
        let Limits {
            jobs,
            dispatcher_queue: _, // there may be any number at the nodes
            central_queue,
        } = &self.strategy.limits;
        let in_no_time = |parts: &Parts| parts.decision_time.is_zero();
        let are_few_admitted = !jobs.is_empty() && jobs.iter().all(Option::is_some);
        let are_few_queued = match self.strategy.binding {
            Binding::CentralQueue => central_queue.is_some(),
            Binding::Early | Binding::Late => {
                self.cluster.groups.iter().all(|g| g.queue_limit.is_some())
            }
        };
        are_few_admitted || are_few_queued && self.strategy.parts.iter().all(in_no_time)
    }

    /// True if the payloads of tasks (`leg` 0) or of results (1) take no time.
    pub fn sends_nothing(&self, leg: usize) -> bool {
        let mut classes = self.classes.iter();
        classes.all(|class| class.transfer[leg] == Time::ZERO)
    }

    /// How long each task, and each result, travels, if that is always the same.
    pub fn legs(&self) -> Option<[Time; 2]> {
        let is_even =
            self.network.ways.is_empty() && self.sends_nothing(0) && self.sends_nothing(1);
        let leg = |law: &Law| law.constant().filter(|_| is_even).map(Time::from_secs);
        Some([leg(&self.network.dispatch)?, leg(&self.network.result)?])
    }

    /// True if no later arrival can touch a job that is there: every queue on the way is first in,
    /// first out, and all tasks take the same way in the same time. Everything in a setup is named,
    /// so that what is new there cannot be forgotten here.
    pub fn is_first_in_first_out(&self) -> bool {
        self.keeps_order(Binding::Early)
    }

    /// True if tasks start in the order in which they came, each as soon as any node has room.
    pub fn is_served_from_one_queue(&self) -> bool {
        self.keeps_order(Binding::CentralQueue) && self.queues_plainly()
    }

    /// True if of a central queue only the head is ever looked at, for one node.
    pub fn queues_plainly(&self) -> bool {
        self.strategy.queue == QueueRules::default() && !self.has_gangs()
    }

    /// True if tasks are bound like this, in the order in which they came, and none is ever served before an
    /// earlier one.
    fn keeps_order(&self, bound: Binding) -> bool {
        let Setup {
            seed: _,
            placement_seed: _,
            cluster: Cluster {
                dimensions: _,
                groups,
            },
            network:
                Network {
                    dispatch,
                    result: _,
                    ways,
                    cancels_travel: _, // nothing is called off
                },
            classes,
            sources,
            stragglers: _,
            faults,
            strategy,
            window: _,
            engine: _,
        } = self;
        keeps_order(strategy, bound)
            && faults.are_none()
            && !sources.iter().any(Source::is_closed)
            && self.sends_nothing(0)
            && classes.iter().all(comes_as_one)
            && self.gathers_free()
            && dispatch.constant().is_some()
            && ways.is_empty()
            && groups.iter().all(is_first_in_first_out)
    }
}

/// True if tasks are bound and sent in the order in which they came, and stay where they are.
fn keeps_order(strategy: &Strategy, bound: Binding) -> bool {
    let Strategy {
        name: _,
        binding,
        parts,
        parts_of_class: _,
        limits,
        queue: _, // of no early binding
        copies,
        stealing,
        pushing,
        stolen: _,
        partition: _, // hangs on the class alone
        health: _,    // nothing fails
    } = strategy;
    let in_no_time = parts.iter().all(|parts| parts.decision_time.is_zero());
    let by_one = parts.len() == 1 && parts[0].dispatchers == 1;
    *binding == bound
        && limits.are_none()
        && copies.is_none()
        && stealing.is_none()
        && pushing.is_none()
        && (in_no_time || by_one)
        && !parts.iter().any(|parts| parts.probes)
        && !strategy.keeps_idle_queues()
        && strategy.estimates_exactly() // else nodes must be told what is said of who they hold
}

/// True if all tasks of a job of `class` come together, go where they like and are all needed.
fn comes_as_one(class: &Class) -> bool {
    class.data.is_none() && class.gather.need.is_none() && class.stages.len() == 1
}

/// True if no later attempt is ever served before an earlier one at a node.
fn is_first_in_first_out(group: &Group) -> bool {
    let Group {
        name: _,
        count: _,
        speed: _,
        capacity: _,
        discipline,
        zone: _,
        queue_limit, // who is refused may come back after who came later
        backfill,
        away,
        autoscaling,
        price: _,
        power: _,
    } = group;
    let is_constant = *away == 0 && autoscaling.is_none();
    *discipline == Discipline::Fifo && queue_limit.is_none() && !backfill && is_constant
}

/// Network delays, in seconds.
#[derive(Clone, PartialEq)]
pub struct Network {
    /// Dispatcher to node (or to the central queue).
    pub dispatch: Law,
    /// Node to gatherer.
    pub result: Law,
    /// Ways between zones that have laws of their own.
    pub ways: Vec<Way>,
    /// True if what calls an attempt off takes the way of an attempt; else it is there at once.
    pub cancels_travel: bool,
}

/// The way from one zone to another, or within one: of a task from its dispatcher to its node, or of its result back.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The zone from which.
    pub from: String,
    /// The zone to which.
    pub to: String,
    /// Its delay, in seconds.
    pub law: Law,
}

/// Nothing takes time.
impl Default for Network {
    fn default() -> Network {
        Network {
            dispatch: Law::Constant(0.0),
            result: Law::Constant(0.0),
            ways: Vec::new(),
            cancels_travel: false,
        }
    }
}

/// As [`Strategy`] is shown: what is left at its default is not.
impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Network {
            dispatch,
            result,
            ways,
            cancels_travel,
        } = self;
        let mut shown = f.debug_struct("Network");
        shown.field("dispatch", dispatch).field("result", result);
        if !ways.is_empty() {
            shown.field("ways", ways);
        }
        if *cancels_travel {
            shown.field("cancels_travel", cancels_travel);
        }
        shown.finish()
    }
}

impl Network {
    /// True if what calls an attempt off takes time.
    pub fn cancels_late(&self) -> bool {
        self.cancels_travel && !self.is_instant(0)
    }

    /// True if no task (`leg` 0), or no result (1), ever takes time on its way, but for payloads.
    pub fn is_instant(&self, leg: usize) -> bool {
        [&self.dispatch, &self.result][leg].is_zero() && self.ways.iter().all(|w| w.law.is_zero())
    }

    /// The laws of all ways.
    pub fn laws(&self) -> impl Iterator<Item = &Law> {
        let ways = self.ways.iter().map(|way| &way.law);
        [&self.dispatch, &self.result].into_iter().chain(ways)
    }
}

/// Some tasks take longer by a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Stragglers {
    /// Probability that an attempt is one.
    pub probability: f64,
    /// By what its work is multiplied.
    pub factor: Law,
}

/// What goes wrong, and what is done about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Nodes fail and are repaired by chance.
    pub node_failures: Option<NodeFailures>,
    /// Whole zones fail and are repaired by chance.
    pub zone_failures: Option<NodeFailures>,
    /// Nodes work slowly for a while, by chance.
    pub slow_downs: Option<SlowDowns>,
    /// Nodes go down, drain and come up at given instants, which rise.
    pub changes: Vec<Change>,
    /// What becomes of the attempts at a node that goes down.
    pub stranded: Stranded,
    /// Attempts fail although they have been served.
    pub task_failures: Option<TaskFailures>,
    /// How long anybody waits for a result.
    pub timeouts: Timeouts,
    /// What is done about attempts that came to nothing.
    pub retries: Retries,
}

impl Faults {
    /// True if nothing ever goes wrong.
    pub fn are_none(&self) -> bool {
        let Faults {
            node_failures,
            zone_failures,
            slow_downs,
            changes,
            stranded: _,
            task_failures,
            timeouts:
                Timeouts {
                    task,
                    job,
                    run_on: _,
                },
            retries: _,
        } = self;
        node_failures.is_none()
            && zone_failures.is_none()
            && slow_downs.is_none()
            && changes.is_empty()
            && task_failures.is_none()
            && task.is_none()
            && job.is_none()
    }

    /// True if nodes may go down.
    pub fn change_nodes(&self) -> bool {
        self.node_failures.is_some() || self.zone_failures.is_some() || !self.changes.is_empty()
    }
}

/// Each node is up for a while and then down for a while, again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeFailures {
    /// Time from a repair to the next failure, seconds.
    pub up: Law,
    /// Time from a failure to the repair, seconds.
    pub down: Law,
    /// True if the time up runs only while the node is at work.
    pub busy_clock: bool,
}

/// Each node works at its speed for a while and then more slowly for a while, again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct SlowDowns {
    /// Time from the end of an episode to the next, seconds.
    pub every: Law,
    /// How long an episode lasts, seconds.
    pub last: Law,
    /// By what everything takes longer meanwhile, in billionths.
    pub factor: u64,
}

/// What happens to some nodes at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The instant.
    pub at: Time,
    /// The nodes, by id.
    pub nodes: std::ops::Range<u32>,
    /// What they are from then on.
    pub to: Turn,
}

/// What happens to a node by a script.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It goes down, drains or comes up.
    State(NodeState),
    /// It joins, if it was not there.
    Join,
    /// It leaves, as soon as it has run what it has.
    Leave,
}

impl From<NodeState> for Turn {
    fn from(state: NodeState) -> Turn {
        Turn::State(state)
    }
}

/// A state shows as such: scenarios are known by how their setups show.
impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Turn::State(state) => state.fmt(f),
            Turn::Join => f.write_str("Join"),
            Turn::Leave => f.write_str("Leave"),
        }
    }
}

/// What becomes of the attempts at a node that goes down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stranded {
    /// Of those that run.
    pub running: StrandedRunning,
    /// Of those that wait there, and of those that reach it while it is down.
    pub queued: StrandedQueued,
}

/// What becomes of an attempt that runs when its node goes down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StrandedRunning {
    /// It starts again from the beginning when the node is up.
    #[default]
    Restart,
    /// It goes on where it was when the node is up.
    Resume,
    /// It is lost: it has failed.
    Lose,
}

/// What becomes of an attempt that waits at a node that goes down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StrandedQueued {
    /// It waits until the node is up.
    #[default]
    Stay,
    /// It goes back to its dispatcher, which places it anew.
    Move,
    /// It is lost: it has failed.
    Lose,
}

/// Attempts that fail when their service ends, or before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TaskFailures {
    /// Each with this probability, at its end.
    Probability(f64),
    /// At this rate a second of service.
    Rate(f64),
}

/// How long anybody waits; for ever if not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// A dispatcher for the result of an attempt that it has sent.
    pub task: Option<Time>,
    /// A client for its job.
    pub job: Option<Time>,
    /// True if attempts that nobody waits for any more are not called off.
    pub run_on: bool,
}

/// What is done about attempts that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retries {
    /// Attempts at a task at most, the first included; at least 1.
    pub max_attempts: u16,
    /// Time before the second attempt, seconds.
    pub backoff: f64,
    /// By what each further time is longer.
    pub growth: f64,
    /// The share of such a time that is left to chance: it is shorter by up to as much.
    pub jitter: f64,
    /// True if each attempt draws its work anew.
    pub fresh_work: bool,
    /// Further attempts that are made at most.
    pub budget: Budget,
}

/// How many further attempts are made at most, whatever fails.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// At the tasks of one job; any number if `None`.
    pub job: Option<u32>,
    /// At all tasks of a dispatcher, or of a client, in billionths of its first attempts; any number if 0.
    pub share: u64,
    /// What of that may be saved up, in whole attempts; so many there are at first.
    pub saved: u32,
    /// True if each client has such a share, and each class without clients as a whole; else each dispatcher.
    pub by_client: bool,
}

/// As [`Strategy`] is shown: what is new and left at its default is not.
impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Budget {
            job,
            share,
            saved,
            by_client,
        } = self;
        let mut shown = f.debug_struct("Budget");
        shown.field("job", job).field("share", share);
        shown.field("saved", saved);
        if *by_client {
            shown.field("by_client", by_client);
        }
        shown.finish()
    }
}

impl Budget {
    /// One attempt, in the billionths in which a dispatcher's share is counted.
    pub const ONE: u64 = 1_000_000_000;

    /// What may be saved up, in billionths.
    pub fn burst(&self) -> u64 {
        u64::from(self.saved) * Budget::ONE
    }
}

impl Default for Retries {
    fn default() -> Retries {
        Retries {
            max_attempts: 1,
            backoff: 0.0,
            growth: 2.0,
            jitter: 0.0,
            fresh_work: false,
            budget: Budget::default(),
        }
    }
}

/// Which jobs are measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What is left out at the start.
    pub warmup: Warmup,
    /// How much is measured after it.
    pub measure: Measure,
    /// A replication ends when the time after the last measured arrival exceeds this many windows.
    pub drain: f64,
    /// A replication ends, as unstable, when more jobs than this are in the system.
    pub max_in_system: u64,
    /// Bounds the slowdown's denominator from below.
    pub slowdown_floor: Time,
    /// Length of the strata, one instant of observation each.
    pub stratum: Time,
    /// True if the sources run dry by themselves (batches, traces): without a warm-up the window
    /// is first arrival to last completion.
    pub finite: bool,
}

/// What is left out at the start of a replication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warmup {
    /// Nothing.
    #[default]
    None,
    /// This many arrivals.
    Jobs(u64),
    /// All arrivals before this instant.
    Time(Time),
}

/// How much is measured after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// All jobs of finite sources.
    All,
    /// The next `count` arrivals, of one class (an index into the setup's classes) or of all.
    Jobs {
        /// The class that is counted; all if `None`.
        class: Option<u32>,
        /// Number of arrivals.
        count: u64,
    },
    /// Arrivals up to this instant (counted from 0).
    Until(Time),
    /// Instead, whatever leaves the system between the warm-up, which is a time, and this instant.
    Leaving(Time),
}
