//! How tasks get to nodes: the parts of a strategy, and the algorithms that place.
//!
//! Only the placement is a trait: algorithms are many and anybody's. The other parts (binding,
//! dispatchers, ties) are data that the simulator matches on, since they change how a task lives
//! and not only where it goes. A placement sees what its strategy lets it see, by type, and is
//! given a fresh generator a decision, keyed by the task: so what one decision draws changes no
//! other, and the same task meets the same luck under every algorithm.

pub mod board;
pub mod expression;
pub mod fixed_split;
pub mod goes_by;
pub mod health;
pub mod key;
pub mod measure;
pub mod nested;
pub mod placement;
pub mod pool;
pub mod response_times;
pub mod ring;
pub mod truth;
pub mod view;

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::law::Law;
use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::model::ids::NodeId;

pub use board::{Eligible, Order};
pub use health::Health;
pub use key::Key;
pub use measure::Measure;
pub use pool::{Candidates, Pool};
pub use view::{Ratio, View};

/// What a placement is told of the task to place.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// Index of the job's class.
    pub class: u32,
    /// Which job of its class it is, from 0.
    pub job: u64,
    /// Which of the job's tasks it is, from 0.
    pub task: u32,
    /// Number of the job's tasks.
    pub tasks: u32,
    /// The larger, the more urgent; 0 where nothing is said.
    pub priority: i64,
    /// What the job is about (a session, a piece of data), where it has such a key.
    pub key: Option<u64>,
    /// The task's work in seconds at speed 1, as it is estimated beforehand.
    pub work: f64,
    /// The task's demand by dimension, in units.
    pub demand: &'a [u64],
    /// Nodes at which the task has been tried before, in that order.
    pub tried: &'a [NodeId],
    /// The nodes to choose among: the eligible ones that are seen up; under a central queue, those
    /// of them that have room at this instant; in the second of two phases, those that were named.
    pub nodes: Candidates<'a>,
    /// How equal nodes are told apart.
    pub ties: Ties,
}

/// A placement algorithm with its parameters, before it is set to work on a cluster. (`Any`, so that
/// models with known answers can tell which algorithm it is.)
pub trait Blueprint: Any + fmt::Debug + Send + Sync {
    /// The algorithm for one dispatcher and the tasks with these eligible nodes; all memory is taken
    /// here.
    ///
    /// # Errors
    /// Says in the user's words why the algorithm cannot work on these nodes.
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem>;

    /// How many nodes of `nodes` a decision looks at one by one, about: what the forecast of a run's
    /// time is made of. One that asks for the order of nodes that is kept looks at few.
    fn looks(&self, _nodes: u32) -> f64 {
        1.0
    }

    /// Of how many dispatchers a node that falls idle looks at the queues of idle nodes, to report to the one
    /// with the shortest alone, whose next task it gets; 0 if dispatchers keep no such queues.
    fn idle_queues(&self) -> u32 {
        0
    }

    /// The algorithm, knowing the laws of the works of all tasks that it will place, each with its tasks a
    /// second; `None` if that is nothing to it.
    fn knowing(&self, _works: &[(f64, Law)]) -> Option<Arc<dyn Blueprint>> {
        None
    }
}

/// Why a strategy cannot work on a cluster: what is wrong and what to do.
pub type Problem = String;

/// An algorithm that picks a node for a task. Only [`place`](Placement::place) must be written.
pub trait Placement: Send {
    /// The node for the task; `None` only if there is nothing to choose from.
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId>;

    /// The first of two phases, for an algorithm that looks at few nodes: names those that are
    /// asked for their state, in id order. [`place`](Placement::place) then chooses among their
    /// replies. One that names none chooses among all at once.
    fn candidates(
        &mut self,
        _ask: &Ask<'_>,
        _view: &View<'_>,
        _rng: &mut Draw,
        _named: &mut Vec<NodeId>,
    ) {
    }

    /// True if [`choose`](Placement::choose) is to be called where it can be.
    fn goes_by_counts(&self) -> bool {
        false
    }

    /// A short cut through both phases, for an algorithm that looks at nothing but numbers of tasks:
    /// says by what the node is chosen among `nodes` candidates, with the same draws up to that.
    fn choose(&mut self, _nodes: u32, _rng: &mut Draw) -> Option<Choice> {
        None
    }

    /// The same for several tasks in turn.
    fn choose_each(&mut self, nodes: u32, each: &mut [Choosing]) {
        for decision in each {
            decision.choice = self.choose(nodes, &mut decision.rng);
        }
    }

    /// A node is seen up (again): from now on it may be among the candidates.
    fn joined(&mut self, _node: NodeId) {}

    /// A node is seen down or drains: from now on it is not among the candidates.
    fn left(&mut self, _node: NodeId) {}

    /// True if [`ended`](Placement::ended) is to be called.
    fn learns(&self) -> bool {
        false
    }

    /// An attempt at a task that the algorithm placed has ended, well or not, and its dispatcher knows. For those that learn
    /// from what came of their choices, as bandits and averages of response times do.
    fn ended(&mut self, _task: &Ended) {}

    /// Which reports of nodes the algorithm relies on; see [`Reports`].
    fn reports(&self) -> Reports {
        Reports::None
    }

    /// What the algorithm ranks `node` by for this task, so that a decision can be explained; `None`
    /// if it ranks nothing, or not this node. For people only: never asked in a run without a
    /// recorder, and it must not change what is decided.
    fn score(&self, _ask: &Ask<'_>, _view: &View<'_>, _node: NodeId) -> Option<Score> {
        None
    }

    /// Of which nodes a decision reads the state (what runs, waits or is held there), by itself or in
    /// an order that is kept. [`Reads::Any`] is always right, and slower.
    fn reads(&self) -> Reads {
        Reads::Any
    }

    /// True if a decision may read the service that is left at nodes ([`View::work`]), for which all that starts there
    /// must be known, and not what is held there alone.
    fn reads_work(&self) -> bool {
        self.reads() != Reads::Nothing
    }

    /// True if a decision hangs on earlier decisions by definition, as turns do. All others must
    /// decide by the state that they see: the contract tests hold them to it.
    fn has_memory(&self) -> bool {
        false
    }
}

/// What came of a task that was placed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ended {
    /// The node that had it.
    pub node: NodeId,
    /// Index of its job's class.
    pub class: u32,
    /// Which job of its class.
    pub job: u64,
    /// Which of the job's tasks.
    pub task: u32,
    /// How long it ran.
    pub service: Time,
    /// From the decision until its dispatcher knew.
    pub response: Time,
    /// When its dispatcher knew.
    pub at: Time,
    /// How it ended.
    pub how: How,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// Its result was received.
    Completed,
    /// It came to nothing: it failed, or its node went down.
    Failed,
    /// Its node, or the central queue, had no place for it.
    Refused,
    /// Its result was not received in time.
    TimedOut,
}

/// Both phases of a decision; `named` is room for the nodes of the first.
pub fn decide(
    placement: &mut dyn Placement,
    ask: &Ask<'_>,
    view: &View<'_>,
    rng: &mut Draw,
    named: &mut Vec<NodeId>,
) -> Option<NodeId> {
    named.clear();
    placement.candidates(ask, view, rng, named);
    choose(placement, ask, view, rng, named)
}

/// The second phase of a decision, for which these nodes were named.
#[inline]
pub fn choose(
    placement: &mut dyn Placement,
    ask: &Ask<'_>,
    view: &View<'_>,
    rng: &mut Draw,
    named: &[NodeId],
) -> Option<NodeId> {
    if named.is_empty() {
        return placement.place(ask, view, rng);
    }
    named.iter().for_each(|node| view.probe(*node));
    let ask = Ask {
        nodes: ask.nodes.only(named),
        ..*ask
    };
    placement.place(&ask, view, rng)
}

/// A figure by which a placement ranks nodes, rounded for people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The figure.
    pub value: f64,
    /// Which of two is taken.
    pub better: Better,
}

/// Which of two scores is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The smaller.
    Smaller,
    /// The larger.
    Larger,
}

impl Score {
    /// The smaller the better.
    pub fn smaller(value: f64) -> Score {
        Score {
            value,
            better: Better::Smaller,
        }
    }

    /// The larger the better.
    pub fn larger(value: f64) -> Score {
        Score {
            value,
            better: Better::Larger,
        }
    }

    /// True if `self` is taken before `other`.
    pub fn beats(&self, other: &Score) -> bool {
        match self.better {
            Better::Smaller => self.value < other.value,
            Better::Larger => self.value > other.value,
        }
    }
}

/// Which reports of nodes a placement relies on: the messages that a real system would send for it,
/// counted into `messages_per_task`. (A placement that asks instead says so by
/// [`View::probe`].)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reports {
    /// None.
    None,
    /// A node reports when it becomes idle.
    Idle,
    /// Every change of a node's load that the dispatcher did not cause.
    Loads,
}

/// By what a node is chosen, where numbers of tasks are all that is looked at. Candidates are told by
/// their ranks in id order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It is this one.
    Node(u32),
    /// Of these two, the lower rank first, the one with fewer tasks.
    Fewer(u32, u32),
    /// The least by an order of tasks.
    Least(Order),
}

/// A decision of which it is not known yet how many tasks are where.
#[derive(Clone, Copy, Debug)]
pub struct Choosing {
    /// What is left of its draws.
    pub rng: Draw,
    /// By what it is made, if it can be.
    pub choice: Option<Choice>,
}

impl Choice {
    /// The rank of the node, as `counts` are now.
    #[inline(always)]
    pub fn rank(self, ties: Ties, rng: &mut Draw, counts: &mut impl Counts) -> Option<u32> {
        match self {
            Choice::Node(rank) => Some(rank),
            Choice::Fewer(first, second) => {
                let one = counts.tasks(first);
                if first == second {
                    return Some(first);
                }
                let other = counts.tasks(second);
                // Without a branch: which of two has fewer is nothing that a processor can guess.
                let tied = [first, second][ties.pick(2, rng) as usize];
                let lesser = if one < other { first } else { second };
                Some(if one == other { tied } else { lesser })
            }
            Choice::Least(order) => counts.least(order, ties, rng),
        }
    }
}

/// Numbers of tasks at the candidates of a decision, by rank.
pub trait Counts {
    /// Probes one for its number of tasks.
    fn tasks(&mut self, rank: u32) -> u32;
    /// The least by an order of tasks.
    fn least(&mut self, order: Order, ties: Ties, rng: &mut Draw) -> Option<u32>;
}

/// Of which nodes a decision reads the state. Where a simulation can, it leaves the others as they
/// were until somebody looks at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reads {
    /// Of none.
    Nothing,
    /// Of those that it names in its first phase ([`Placement::candidates`]), in the second.
    Named,
    /// Of any.
    Any,
}

/// How equally good nodes are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ties {
    /// At random.
    #[default]
    Random,
    /// The first in file order.
    LowestId,
    /// The one whose figure has stood longest, as in the queue that HAProxy keeps of servers with
    /// equally many connections; needs a placement that keeps nodes in order by a figure.
    Longest,
    /// In turn, by smooth round-robin among the tied alone, as nginx does.
    Turns,
    /// The one that was drawn later; needs a placement that draws nodes.
    Later,
}

impl Ties {
    /// The one of two with the lesser load, as their loads compare in this `order`.
    #[inline]
    pub fn lesser<T: Copy>(self, two: [T; 2], order: Ordering, rng: &mut Draw) -> T {
        two[match order {
            Ordering::Less => 0,
            Ordering::Greater => 1,
            Ordering::Equal => self.pick(2, rng) as usize,
        }]
    }

    /// Which of `count` tied nodes (in id order) to take; at random by one uniform draw.
    #[inline]
    pub fn pick(self, count: u32, rng: &mut Draw) -> u32 {
        match self {
            Ties::Random if count > 1 => rng.below(count),
            _ => 0,
        }
    }
}

/// Whether a dispatcher adds what it sent and has not yet seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InFlight {
    /// It does.
    #[default]
    Counted,
    /// It does not.
    Ignored,
}

/// What a dispatcher knows of the nodes when it decides, beside what it has sent itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Information {
    /// Their true state.
    #[default]
    Fresh,
    /// Nothing: it knows only what it has sent and has not had back.
    Local,
    /// What a bulletin board says that is renewed `every` so often: for all dispatchers at once, or
    /// for each at instants of its own, evenly spread.
    Periodic {
        /// Time between two renewals.
        every: Time,
        /// Whether each dispatcher has instants of its own.
        apart: bool,
    },
    /// What their state was this long ago.
    Delayed {
        /// How long.
        by: Time,
    },
    /// What it has sent and has not had back, and what it has heard of what others have.
    Gossip(Gossiping),
}

/// How dispatchers tell each other what they have in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gossiping {
    /// Time between two rounds; the first is one such time after the start.
    pub every: Time,
    /// How many others each tells in a round.
    pub fanout: u32,
}

impl Information {
    /// True if nodes are known only by what dispatchers have sent and have not had back.
    pub fn is_own(&self) -> bool {
        matches!(self, Information::Local | Information::Gossip(_))
    }

    /// How it gossips, if it does.
    pub fn gossip(&self) -> Option<Gossiping> {
        match self {
            Information::Gossip(how) => Some(*how),
            _ => None,
        }
    }
}

/// What dispatchers and queues know of how long tasks take.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Estimates {
    /// All.
    #[default]
    Exact,
    /// The mean work of the tasks of their class and stage.
    ClassMean,
    /// The mean work of the tasks of their job and stage.
    JobMean,
    /// Nothing: what they have to do counts as nothing.
    None,
    /// Their work times a factor that is drawn by this law for each task.
    Error(Law),
}

/// Copies of tasks: several attempts at once, of which the first to be done counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Copies {
    /// `d` attempts at different nodes from the start on.
    Redundancy {
        /// Attempts in all, 2 to 8.
        d: u32,
        /// Whether each has work of its own.
        fresh_work: bool,
    },
    /// The same, but as soon as one of them starts the others are called off.
    UntilStart {
        /// Attempts in all, 2 to 8.
        d: u32,
        /// Whether each has work of its own.
        fresh_work: bool,
    },
    /// A second attempt if the first takes long.
    Hedge(Hedge),
    /// A second attempt if a task takes longer than its siblings.
    Speculation {
        /// By what it takes longer than the median of those that are done, in billionths.
        factor: u64,
        /// Whether each has work of its own.
        fresh_work: bool,
    },
}

/// When a second attempt is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hedge {
    /// So long after the decision.
    pub after: Option<Time>,
    /// Else when a task has taken longer than this share of those before it, in thousandths.
    pub permille: u64,
    /// Copies at most, as a share of the tasks placed.
    pub budget: f64,
    /// Whether each has work of its own.
    pub fresh_work: bool,
}

impl Copies {
    /// Whether each attempt has work of its own.
    pub fn is_fresh(self) -> bool {
        match self {
            Copies::Redundancy { fresh_work, .. }
            | Copies::UntilStart { fresh_work, .. }
            | Copies::Speculation { fresh_work, .. } => fresh_work,
            Copies::Hedge(hedge) => hedge.fresh_work,
        }
    }
}

/// Nodes that fall idle take waiting tasks from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stealing {
    /// Nodes that one looks at, drawn at random.
    pub victims: u32,
    /// How much it takes from the longest of their queues.
    pub loot: Loot,
}

/// Nodes that have much to do send on what would wait there (sender-initiated load sharing: Eager, Lazowska &
/// Zahorjan, "Adaptive load sharing in homogeneous distributed systems", IEEE TSE 12, 1986).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushing {
    /// Tasks at a node above which it does so, and to a node with as many it does not.
    pub above: u32,
    /// Nodes that one looks at, drawn at random.
    pub targets: u32,
}

/// How much is taken from a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Loot {
    /// The task at its head.
    #[default]
    One,
    /// Half of it, from the head on, rounded up.
    Half,
}

/// How jobs are spread over several dispatchers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spread {
    /// Each job comes to any of them.
    #[default]
    Random,
    /// They take turns.
    RoundRobin,
    /// All jobs of a class come to the same one; classes take turns in file order.
    ByClass,
}

/// When a task is bound to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Binding {
    /// At the decision; it waits at its node.
    #[default]
    Early,
    /// When a node has room; it waits in one fifo queue.
    CentralQueue,
    /// Of some classes ([`Parts::late`]) when a reservation finds room at a node, of others early.
    Late,
}

/// Late binding (Ousterhout, Wendell, Zaharia & Stoica, "Sparrow: distributed, low latency scheduling",
/// SOSP 2013): what queues at nodes are reservations, and who finds room there first gets a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// Reservations for each task, in billionths.
    pub probes: u64,
    /// For which tasks reservations are made together.
    pub sampling: Sampling,
}

impl Late {
    /// Reservations for so many tasks: rounded up.
    pub fn reservations(&self, tasks: u32) -> u32 {
        let billionths = u128::from(self.probes) * u128::from(tasks);
        u32::try_from(billionths.div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
    }
}

/// For which tasks reservations are made together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// For all tasks of a job's stage, by one decision: any of them gets any task.
    #[default]
    Batch,
    /// For each task by itself.
    PerTask,
}

/// The parts of a strategy that may differ by class, with dispatchers of their own.
#[derive(Clone)]
pub struct Parts {
    /// The algorithm.
    pub placement: Arc<dyn Blueprint>,
    /// Number of dispatchers (at least 1).
    pub dispatchers: u32,
    /// Time of one decision, seconds.
    pub decision_time: Law,
    /// Whether a dispatcher counts what it has sent.
    pub in_flight: InFlight,
    /// How ties are broken.
    pub ties: Ties,
    /// What a dispatcher knows of the nodes.
    pub information: Information,
    /// What is known of how long tasks take.
    pub estimates: Estimates,
    /// How jobs are spread over the dispatchers.
    pub spread: Spread,
    /// Of how many of its eligible nodes each dispatcher makes use; of all if not said.
    pub subset: Option<u32>,
    /// Late binding; only under [`Binding::Late`].
    pub late: Option<Late>,
    /// A node that is done with a task under late binding asks for another of the same job before it turns to
    /// its queue (sticky batch probing: Delgado, Didona, Dinu & Zwaenepoel, "Job-aware scheduling in Eagle:
    /// divide and stick to your probes", SoCC 2016).
    pub sticks: bool,
    /// Classes (by index) away from whose tasks reservations are made, as long as there are other nodes.
    pub avoids: Vec<u32>,
    /// A dispatcher decides by what the nodes that it asks answer, a round trip later; only where their
    /// state is seen ([`Information::Fresh`]).
    pub probes: bool,
    /// Where the dispatchers are: the i-th in the i-th of these zones, cyclically; nowhere if there are none.
    pub zones: Vec<String>,
}

impl Parts {
    /// One dispatcher that decides by `placement`, in no time.
    pub fn new(placement: Arc<dyn Blueprint>) -> Parts {
        Parts {
            placement,
            dispatchers: 1,
            decision_time: Law::Constant(0.0),
            in_flight: InFlight::default(),
            ties: Ties::default(),
            information: Information::default(),
            estimates: Estimates::default(),
            spread: Spread::default(),
            subset: None,
            late: None,
            sticks: false,
            avoids: Vec::new(),
            probes: false,
            zones: Vec::new(),
        }
    }

    /// True if they see all nodes as they are, in id order.
    pub fn sees_plainly(&self) -> bool {
        self.information == Information::Fresh
            && self.subset.is_none()
            && matches!(self.ties, Ties::Random | Ties::LowestId)
    }

    /// Where dispatcher `index` of these is, if that is said.
    pub fn zone(&self, index: u32) -> Option<&str> {
        let zones = self.zones.len().max(1);
        self.zones.get(index as usize % zones).map(String::as_str)
    }

    /// The first renewal of the board of dispatcher `index`, where each has instants of its own.
    pub fn phase(&self, every: Time, index: usize) -> Time {
        let phase = u128::from(every.0) * index as u128 / u128::from(self.dispatchers);
        Time(phase as u64)
    }

    /// True if all tasks of a stage are decided together.
    pub fn is_batch(&self) -> bool {
        (self.late).is_some_and(|late| late.sampling == Sampling::Batch)
    }

    /// Itself, if every dispatcher sees the true state of all nodes and knows how long tasks take, and
    /// jobs come to any of them by chance: of other dispatchers models know nothing.
    pub fn sees_all(&self) -> Option<&Parts> {
        let is_fresh =
            self.information == Information::Fresh && self.subset.is_none() && !self.probes;
        let is_at_random = self.dispatchers == 1 || self.spread == Spread::Random;
        let is_exact = self.estimates == Estimates::Exact;
        (is_fresh && is_at_random && is_exact).then_some(self)
    }
}

/// What a strategy turns away. Whoever is not let in is rejected; a refused attempt has failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Jobs in the system, of all classes, from which on no job of a class is let in, by class; any
    /// number for classes that are not there.
    pub jobs: Vec<Option<u64>>,
    /// Tasks waiting at a dispatcher that is at work, from which on it lets no job in.
    pub dispatcher_queue: Option<u64>,
    /// Tasks that may wait in the central queue.
    pub central_queue: Option<u64>,
}

impl Limits {
    /// True if all are let in.
    pub fn are_none(&self) -> bool {
        let Limits {
            jobs,
            dispatcher_queue,
            central_queue,
        } = self;
        jobs.iter().all(Option::is_none) && dispatcher_queue.is_none() && central_queue.is_none()
    }
}

/// As [`Strategy`] is shown: what is left at its default is not.
impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts {
            placement,
            dispatchers,
            decision_time,
            in_flight,
            ties,
            information,
            estimates,
            spread,
            subset,
            late,
            sticks,
            avoids,
            probes,
            zones,
        } = self;
        let mut shown = f.debug_struct("Parts");
        shown.field("placement", placement);
        shown.field("dispatchers", dispatchers);
        shown.field("decision_time", decision_time);
        shown.field("in_flight", in_flight).field("ties", ties);
        let others: [(&str, bool, &dyn fmt::Debug); 9] = [
            (
                "information",
                *information != Information::default(),
                information,
            ),
            ("estimates", *estimates != Estimates::default(), estimates),
            ("spread", *spread != Spread::default(), spread),
            ("subset", subset.is_some(), subset),
            ("late", late.is_some(), late),
            ("sticks", *sticks, sticks),
            ("avoids", !avoids.is_empty(), avoids),
            ("probes", *probes, probes),
            ("zones", !zones.is_empty(), zones),
        ];
        for (name, _, value) in others.iter().filter(|(_, is_said, _)| *is_said) {
            shown.field(name, value);
        }
        shown.finish()
    }
}

/// A whole answer to "how do tasks get to nodes".
#[derive(Clone)]
pub struct Strategy {
    /// `strategies.NAME`.
    pub name: String,
    /// When tasks are bound.
    pub binding: Binding,
    /// Sets of parts: the strategy's own first, then one for each distinct `for.CLASS`.
    pub parts: Vec<Parts>,
    /// Index into `parts` for each class of the setup.
    pub parts_of_class: Vec<usize>,
    /// What is turned away.
    pub limits: Limits,
    /// How a central queue is served.
    pub queue: QueueRules,
    /// Copies of tasks.
    pub copies: Option<Copies>,
    /// Idle nodes that take tasks from others.
    pub stealing: Option<Stealing>,
    /// Nodes that send tasks on to others.
    pub pushing: Option<Pushing>,
    /// Whether the tasks of each class may be stolen; all may if nothing is said.
    pub stolen: Vec<bool>,
    /// Nodes that are kept for some classes.
    pub partition: Vec<Reserve>,
    /// What is known of nodes that fail.
    pub health: Health,
}

/// Nodes that are kept for some classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// For each class of the setup, whether they are kept for it.
    pub classes: Vec<bool>,
    /// The nodes, by id.
    pub nodes: Vec<std::ops::Range<u32>>,
    /// Whether these classes may use nodes that are kept for nobody, too.
    pub borrow: bool,
}

impl Strategy {
    /// True if the tasks of a class may be at `node` as far as it is kept for others, or the class for other
    /// nodes.
    pub fn lets_use(&self, class: u32, node: NodeId) -> bool {
        let keeps = |reserve: &&Reserve| reserve.nodes.iter().any(|some| some.contains(&node.0));
        let is_its = |reserve: &Reserve| reserve.classes.get(class as usize) == Some(&true);
        let mut keeping = self.partition.iter().filter(keeps).peekable();
        match keeping.peek() {
            Some(_) => keeping.any(is_its),
            None => {
                let own = self.partition.iter().filter(|reserve| is_its(reserve));
                own.clone().all(|reserve| reserve.borrow)
            }
        }
    }

    /// True if it is known of all tasks how long they take.
    pub fn estimates_exactly(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.all(|parts| parts.estimates == Estimates::Exact)
    }

    /// True if any dispatcher keeps a queue of idle nodes of its own.
    pub fn keeps_idle_queues(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|parts| parts.placement.idle_queues() > 0)
    }

    /// True if the other attempts at a task are called off when one starts.
    pub fn ends_others_at_start(&self) -> bool {
        matches!(self.copies, Some(Copies::UntilStart { .. }))
    }

    /// True if something follows from the start of an attempt, or from that it could start.
    pub fn follows_starts(&self) -> bool {
        self.binding == Binding::Late || self.ends_others_at_start()
    }

    /// True if tasks of a class may be stolen.
    pub fn lets_steal(&self, class: u32) -> bool {
        self.stolen.get(class as usize).is_none_or(|may| *may)
    }
}

/// How a central queue is served; plainly, if nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueRules {
    /// Who comes before whom.
    pub order: QueueOrder,
    /// True if no task of another job starts before the job that is being served has left.
    pub one_at_a_time: bool,
    /// Who may start before one that finds no room.
    pub backfill: Backfill,
}

/// Who comes before whom in a central queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QueueOrder {
    /// Who came first.
    #[default]
    Fifo,
    /// Whose job came first; of one job in the order of its stages and tasks.
    Job,
    /// Whose job has the larger `priority`; of equal ones who came first.
    Priority,
    /// Who has less work at speed 1, overhead included, as estimated; of equal ones who came first.
    Sjf,
}

/// Who may start from a central queue before one that finds no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Backfill {
    /// Nobody.
    #[default]
    None,
    /// Whoever finds room.
    Any,
    /// Who does not delay the head, by estimated run times.
    Easy,
    /// Who delays nobody before him, by estimated run times.
    Conservative,
}

/// What is new and left at its default is not shown: a scenario is known by how its setups show, and
/// one that says nothing of it stays the same.
impl fmt::Debug for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Strategy {
            name,
            binding,
            parts,
            parts_of_class,
            limits,
            queue,
            copies,
            stealing,
            pushing,
            stolen,
            partition,
            health,
        } = self;
        let mut shown = f.debug_struct("Strategy");
        shown.field("name", name).field("binding", binding);
        shown.field("parts", parts);
        shown.field("parts_of_class", parts_of_class);
        if !limits.are_none() {
            shown.field("limits", limits);
        }
        if *queue != QueueRules::default() {
            shown.field("queue", queue);
        }
        if copies.is_some() {
            shown.field("copies", copies);
        }
        if stealing.is_some() {
            shown.field("stealing", stealing);
        }
        if pushing.is_some() {
            shown.field("pushing", pushing);
        }
        if !stolen.is_empty() {
            shown.field("stolen", stolen);
        }
        if !partition.is_empty() {
            shown.field("partition", partition);
        }
        if *health != Health::default() {
            shown.field("health", health);
        }
        shown.finish()
    }
}
