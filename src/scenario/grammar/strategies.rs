//! `[scheduling]` and `[strategies.NAME]`: how tasks get to nodes.
//!
//! These are types alone: what two keys mean together is checked where strategies are resolved. Their
//! docstrings become the JSON Schema that editors show, so they are written for the reader of a scenario. A
//! part that has one sensible default may be left out; what changes a decision has a key of its own, even where
//! most tools hide it (the tie rule, the age of what is seen, the time that deciding takes), because balancers
//! that differ in it alone differ in results.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use super::Named;
use super::faults::RetriedWork;
use crate::engine::law::spec::LawSpec;
use crate::engine::quantity::{Count, Factor, Inner, Period, Positive, Seconds, Share, Whole};
use crate::strategy::{Backfill, InFlight, Loot, QueueOrder, Sampling, Spread, Ties};

/// That a placement is given; which ones there are, and what each is, the registry knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement;

impl Placement {
    /// The definition whose place the registry's schema takes.
    pub const SCHEMA: &'static str = "Choice";
}

impl<'de> Deserialize<'de> for Placement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Placement)
    }
}

impl JsonSchema for Placement {
    fn schema_name() -> Cow<'static, str> {
        Placement::SCHEMA.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "x-one-key": true })
    }
}

/// When a task is bound to a node.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// At the decision; it waits at its node.
    Early(Early),
    /// When a node has room; it waits in one queue for all nodes.
    CentralQueue(CentralQueue),
    /// When a reservation for it finds room at a node: reservations wait there, more of them than tasks, and
    /// those that are left over are called off.
    Late(Late),
}

/// Binding at the decision.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Early {}

/// Reservations at nodes.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Late {
    /// Reservations for each task, 1 to 100; of a whole job rounded up.
    pub probes_per_task: Factor,
    /// For which tasks they are made together: "batch": all of a job (of a stage, where there are several),
    /// by one decision; "per-task": each by itself.
    pub sampling: Sampling,
    /// Whether a node that is done with a task asks for another one of the same job, as long as any is left, before it
    /// turns to its queue; with sampling = "batch".
    pub sticky: bool,
    /// Classes of jobs that reservations keep away from: none is made at a node that holds a task of these, as long as there
    /// are other nodes.
    pub avoid: Vec<String>,
}

impl Default for Late {
    fn default() -> Late {
        Late {
            probes_per_task: Factor(2.0),
            sampling: Sampling::default(),
            sticky: false,
            avoid: Vec::new(),
        }
    }
}

/// One queue for all nodes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CentralQueue {
    /// Who comes before whom: "fifo"; "job": whose job came first, of one job in the order of its stages
    /// and tasks; "priority": whose job has the larger `priority`; "sjf": who has less work, as estimated.
    pub order: QueueOrder,
    /// Whose tasks may start: those of "any" job, or of "one-at-a-time": no other job's before that which is
    /// served has left.
    pub jobs: JobsServed,
    /// Who may start before one that finds no room: "none"; "any" that does; "easy": who does not delay the
    /// head; "conservative": who delays nobody before him. By estimated run times: what an swf trace says
    /// that users asked for, else the true ones. The placement
    /// has no say where somebody starts before the head.
    pub backfill: Backfill,
    /// Tasks that may wait in it; one that finds so many waiting and cannot start is refused: its attempt has
    /// failed. Any number if left out.
    pub limit: Option<Whole>,
}

/// Which jobs are let in. One that is not is rejected at its arrival.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Admission {
    /// Jobs in the system at most; any number if left out.
    pub jobs: Option<Whole>,
    /// Classes that are turned away earlier: by name, the number of jobs in the system, of all classes, from
    /// which on no job of the class is let in.
    pub shed: Named<Whole>,
    /// Tasks that may wait at a dispatcher: a job that finds it at work and so many tasks waiting is turned
    /// away. Any number if left out.
    pub dispatcher_queue: Option<Whole>,
}

/// Whose tasks may start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JobsServed {
    /// Any job's.
    #[default]
    Any,
    /// One job's, until it has left.
    OneAtATime,
}

/// Copies of tasks: several attempts at once, of which the first whose result is received counts; the
/// others are called off at that instant (`network.cancels` says how).
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Copies {
    /// Every task runs once.
    None(NoCopies),
    /// Several attempts at different nodes from the start on.
    Redundancy(Redundancy),
    /// A second attempt at another node if the first takes long.
    Hedge(Hedge),
    /// A second attempt at another node if a task takes much longer than the other tasks of its job.
    Speculation(Speculation),
}

/// No copies.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoCopies {}

/// Several attempts from the start on.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Redundancy {
    /// Attempts in all, 2 to 8; no more than there are nodes.
    pub d: Count,
    /// When the others are called off.
    pub cancel: CancelOthers,
    /// What work each attempt has.
    pub work: RetriedWork,
}

impl Default for Redundancy {
    fn default() -> Redundancy {
        Redundancy {
            d: Count(2.0),
            cancel: CancelOthers::default(),
            work: RetriedWork::default(),
        }
    }
}

/// When the other attempts at a task are called off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CancelOthers {
    /// When the first result is received.
    #[default]
    OnComplete,
    /// When the first attempt starts.
    OnStart,
}

/// A second attempt if a task takes longer than its siblings.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Speculation {
    /// When half of the tasks of a job are done, each other one gets a copy as soon as it has taken this
    /// factor of their median, from its decision on.
    pub factor: Factor,
    /// What work the second attempt has.
    pub work: RetriedWork,
}

impl Default for Speculation {
    fn default() -> Speculation {
        Speculation {
            factor: Factor(1.5),
            work: RetriedWork::default(),
        }
    }
}

/// A second attempt if the first takes long.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Hedge {
    /// So long after the decision.
    pub after: Option<Period>,
    /// Instead: when a task has taken longer, from its decision on, than this share of those that are done.
    pub quantile: Option<Inner>,
    /// Copies at most, as a share of the tasks that were placed.
    pub budget: Share,
    /// What work the second attempt has.
    pub work: RetriedWork,
}

impl Default for Hedge {
    fn default() -> Hedge {
        Hedge {
            after: None,
            quantile: None,
            budget: Share(1.0),
            work: RetriedWork::default(),
        }
    }
}

/// Tasks that change their node while they wait.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stealing {
    /// A task stays at its node.
    None(NoStealing),
    /// A node that falls idle takes waiting tasks from another.
    Idle(IdleThieves),
    /// A node that has much to do sends on what would wait there.
    Push(Push),
}

/// Nobody steals.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoStealing {}

/// Nodes that have much to do send tasks on: one that would have to wait at its node goes, once, to another.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Push {
    /// It is sent on where there are more tasks than this with it (running, waiting and on their way), to a node that
    /// has fewer.
    pub above: Whole,
    /// Nodes that are asked, drawn at random; it goes to the one with the fewest tasks.
    #[serde(default = "Push::targets")]
    pub targets: Count,
}

impl Push {
    fn targets() -> Count {
        Count(1.0)
    }
}

/// Nodes that fall idle, or come up idle, steal.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct IdleThieves {
    /// Nodes that one looks at when it falls idle, drawn at random; it takes from the longest queue.
    pub victims: Count,
    /// How much it takes.
    pub batch: Loot,
    /// Classes whose tasks it takes, wherever in the queue they stand (under "fifo"); of all, from the head on, if
    /// left out.
    pub classes: Vec<String>,
}

impl Default for IdleThieves {
    fn default() -> IdleThieves {
        IdleThieves {
            victims: Count(1.0),
            batch: Loot::default(),
            classes: Vec::new(),
        }
    }
}

/// Nodes that are kept for a class.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Reserve {
    /// Node groups, or some of their nodes: `gen1`, `gen1[3]`, `gen1[0..5]` (the first five), `gen1[0..17 %]`.
    pub nodes: Vec<String>,
    /// Instead: this share of the nodes of each group, the first ones.
    pub share: Option<Inner>,
    /// Whether the class may use all nodes that are kept for nobody, too.
    pub borrow: bool,
}

/// What dispatchers know of nodes that fail, and what they do about it. All dispatchers of a strategy know the same.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Health {
    /// How long they do not know that a node has gone down, or has come up. (That nodes drain, join and leave they
    /// know at once.)
    pub detection: Seconds,
    /// Instead: they know it by checks.
    pub checks: Option<Checks>,
    /// Nodes at which attempts fail are not used for a while.
    pub ejection: Option<Ejection>,
    /// Time over which a node that is seen up again is offered more and more: from none to all of the tasks for which it
    /// is a candidate.
    pub slow_start: Seconds,
}

impl Default for Health {
    fn default() -> Health {
        Health {
            detection: Seconds(0.0),
            checks: None,
            ejection: None,
            slow_start: Seconds(0.0),
        }
    }
}

/// Every node is asked now and then whether it is up, which it answers at once; checks of all nodes are spread
/// evenly.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Checks {
    /// Time between two checks of a node.
    pub every: Period,
    /// How long an answer is waited for; at most `every`, which it is if left out.
    pub timeout: Option<Seconds>,
    /// Failed checks in a row after which a node is seen down.
    #[serde(default = "Checks::fall")]
    pub fall: Count,
    /// Successful checks in a row after which it is seen up again.
    #[serde(default = "Checks::rise")]
    pub rise: Count,
}

impl Checks {
    fn fall() -> Count {
        Count(3.0)
    }

    fn rise() -> Count {
        Count(2.0)
    }
}

/// Nodes at which attempts fail are not used for a while.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Ejection {
    /// Attempts at a node in a row that failed, timed out or were refused, after which it is ejected.
    pub failures: Count,
    /// For how long.
    pub r#for: Period,
    /// Share of all nodes that may be ejected at once, rounded down, but at least one node; 0: none is.
    pub most: Share,
}

impl Default for Ejection {
    fn default() -> Ejection {
        Ejection {
            failures: Count(5.0),
            r#for: Period(30.0),
            most: Share(1.0),
        }
    }
}

/// What a dispatcher knows of the nodes when it decides, beside what it has sent itself.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// Their true state at that instant.
    Fresh(Fresh),
    /// Nothing: only what it has itself sent and not had back, which is all that a proxy or a sidecar knows.
    Local(Local),
    /// What a bulletin board says, which is renewed now and then.
    Periodic(Periodic),
    /// What their state was a while ago.
    Delayed(Delayed),
    /// What it has itself sent and not had back, and what other dispatchers tell it of theirs.
    Gossip(Gossip),
    /// What those that it asks answer: the question takes `network.dispatch`, the answer `network.result`.
    Probe(Probe),
}

/// What dispatchers tell each other: each, every so often, a few others the newest that it knows of what every
/// dispatcher has in flight.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gossip {
    /// Time between two rounds; the first is one such time after the start.
    pub every: Period,
    /// Dispatchers that each tells in a round, drawn at random; all others, if there are no more.
    #[serde(default = "Gossip::fanout")]
    pub fanout: Count,
}

impl Gossip {
    fn fanout() -> Count {
        Count(2.0)
    }
}

/// What those that are asked answer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {}

/// The true state.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fresh {}

/// Only what it has itself sent and not had back.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Local {}

/// A bulletin board that is renewed now and then.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Periodic {
    /// Time between two renewals; the first is one such time after the start.
    pub every: Period,
    /// When it is renewed for several dispatchers.
    #[serde(default)]
    pub phases: Phases,
}

/// When a board is renewed for several dispatchers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phases {
    /// At once for all.
    #[default]
    Together,
    /// For each at instants of its own, evenly spread.
    Apart,
}

/// What was a while ago.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Delayed {
    /// How long ago.
    pub by: Period,
}

/// What is known beforehand of how long tasks take.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Estimates {
    /// All.
    Exact(Exactly),
    /// The mean work of the tasks of their class (of each of its stages).
    ClassMean(ClassMean),
    /// The mean work of the tasks of their job (of each of its stages).
    JobMean(JobMean),
    /// Nothing: what they have to do counts as nothing.
    None(NoEstimates),
    /// Their work times a factor, which is drawn for each task.
    Error(LawSpec<Positive>),
}

/// All is known.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exactly {}

/// The mean of the class.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassMean {}

/// The mean of the job.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobMean {}

/// Nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoEstimates {}

/// Defines a table of parts with further keys before them.
macro_rules! parts {
    ($(#[$doc:meta])* $name:ident { $($(#[$own_doc:meta])* $own:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
        pub struct $name {
            $($(#[$own_doc])* pub $own: $type,)*
            /// The rule that picks a node for a task: a name, or a table of its parameters; "random" if nothing says otherwise.
            #[schemars(extend("x-default" = "random"))]
            pub placement: Option<Placement>,
            /// When a task is bound to a node; "early" if nothing says otherwise.
            #[schemars(extend("x-default" = "early"))]
            pub binding: Option<Binding>,
            /// Whether a dispatcher adds what it sent and has not yet seen; "counted" if nothing says otherwise.
            #[schemars(extend("x-default" = "counted"))]
            pub in_flight: Option<InFlight>,
            /// Number of dispatchers; 1 if nothing says otherwise. What each sees is said by `view`: with
            /// "fresh" several decide as well as one, only sooner.
            #[schemars(extend("x-default" = "1"))]
            pub dispatchers: Option<Count>,
            /// Time that a dispatcher takes to place a task; 0 if nothing says otherwise.
            #[schemars(extend("x-default" = "0"))]
            pub decision_time: Option<LawSpec<Seconds>>,
            /// How equally good nodes are told apart; "random" if nothing says otherwise.
            #[schemars(extend("x-default" = "random"))]
            pub ties: Option<Ties>,
            /// What a dispatcher knows of the nodes when it decides; "fresh" if nothing says otherwise.
            #[schemars(extend("x-default" = "fresh"))]
            pub view: Option<View>,
            /// What is known beforehand of how long tasks take: by placements, by queues in the order of that, and by
            /// who looks at work left; "exact" if nothing says otherwise.
            #[schemars(extend("x-rare" = "exact"))]
            pub estimates: Option<Estimates>,
            /// How jobs are spread over several dispatchers; "random" if nothing says otherwise.
            #[schemars(extend("x-rare" = "random"))]
            pub spread: Option<Spread>,
            /// Of how many of its eligible nodes each dispatcher makes use (a deterministic aperture:
            /// the numbers of dispatchers that make use of a node differ by at most one); of all if nothing says otherwise.
            #[schemars(extend("x-rare" = "all"))]
            pub subset: Option<Count>,
            /// Where the dispatchers are, for `network.zones`: the i-th in the i-th of these zones, cyclically; nowhere
            /// if nothing is said.
            #[schemars(extend("x-rare" = "nowhere"))]
            pub zones: Option<Vec<String>>,
        }

        impl $name {
            /// The parts alone.
            pub fn parts(&self) -> Overrides {
                Overrides {
                    placement: self.placement,
                    binding: self.binding.clone(),
                    in_flight: self.in_flight,
                    dispatchers: self.dispatchers,
                    decision_time: self.decision_time.clone(),
                    ties: self.ties,
                    view: self.view.clone(),
                    estimates: self.estimates.clone(),
                    spread: self.spread,
                    subset: self.subset,
                    zones: self.zones.clone(),
                }
            }
        }
    };
}

parts! {
    /// Parts of a strategy that hold for every strategy unless it says otherwise.
    Scheduling {
        /// Which jobs are let in; all if nothing says otherwise.
        #[schemars(extend("x-default" = "all"))]
        admission: Option<Admission>,
        /// Several attempts at a task at once; "none" if nothing says otherwise.
        #[schemars(extend("x-rare" = "none"))]
        copies: Option<Copies>,
        /// Tasks that change their node while they wait; "none" if nothing says otherwise.
        #[schemars(extend("x-rare" = "none"))]
        stealing: Option<Stealing>,
        /// Nodes that are kept for a class of jobs, by the class's name; none if nothing says otherwise.
        #[schemars(extend("x-rare" = "none"))]
        partition: Named<Reserve>,
        /// What dispatchers know of nodes that fail, and what they do about it; they know at once if nothing says otherwise.
        #[schemars(extend("x-rare" = "known at once"))]
        health: Option<Health>,
    }
}

parts! {
    /// A whole answer to how tasks get to nodes.
    Strategy {
        /// Another strategy that this one is like; then only what differs.
        like: Option<String>,
        /// A balancer that people run, or a scheduler of a paper, that this one is (`equipoise list strategies`); then only what differs.
        preset: Option<String>,
        /// Which jobs are let in; all if nothing says otherwise.
        #[schemars(extend("x-default" = "all"))]
        admission: Option<Admission>,
        /// Several attempts at a task at once; "none" if nothing says otherwise.
        #[schemars(extend("x-rare" = "none"))]
        copies: Option<Copies>,
        /// Tasks that change their node while they wait; "none" if nothing says otherwise.
        #[schemars(extend("x-rare" = "none"))]
        stealing: Option<Stealing>,
        /// Nodes that are kept for a class of jobs, by the class's name; none if nothing says otherwise.
        #[schemars(extend("x-rare" = "none"))]
        partition: Named<Reserve>,
        /// What dispatchers know of nodes that fail, and what they do about it; they know at once if nothing says otherwise.
        #[schemars(extend("x-rare" = "known at once"))]
        health: Option<Health>,
        /// Parts that differ for a class of jobs, by the class's name.
        r#for: Named<Overrides>,
    }
}

parts! {
    /// Parts that differ for one class; what is left out is the strategy's own.
    Overrides {}
}
