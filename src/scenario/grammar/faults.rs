//! `[faults]`: what goes wrong, and what is done about it. What is not modelled yet is not in the
//! grammar, so that nobody believes that it was simulated.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::law::spec::LawSpec;
use crate::engine::quantity::{Count, Factor, Number, Period, Positive, Seconds, Share, Whole};
use crate::sim::setup::{StrandedQueued, StrandedRunning};

/// What goes wrong, and what is done about it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Faults {
    /// Some tasks take longer than they should.
    pub stragglers: Option<Stragglers>,
    /// Nodes go down by chance and are repaired, and what that means for the attempts there.
    pub node_failures: Option<NodeFailures>,
    /// Whole zones (`nodes.NAME.zone`) go down by chance and are repaired; what that means for the attempts
    /// there, `node-failures` says.
    pub zone_failures: Option<ZoneFailures>,
    /// Nodes work slowly for a while, each by chance, without anybody being told.
    pub slow_downs: Option<SlowDowns>,
    /// Nodes go down, drain or come up at given instants.
    pub events: Vec<Event>,
    /// Attempts fail although they are served.
    pub task_failures: Option<TaskFailures>,
    /// How long is waited for a result.
    pub timeouts: Timeouts,
    /// Failed attempts are made again.
    pub retries: Option<Retries>,
}

/// Tasks that take longer.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stragglers {
    /// Probability that a task is a straggler.
    pub probability: Share,
    /// By what its work is multiplied.
    pub factor: LawSpec<Positive>,
}

/// Every node is up for a while, then down for a while, again and again.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct NodeFailures {
    /// From a repair (or the start) to the next failure; without it nodes go down only by `events`.
    pub up: Option<LawSpec<Period>>,
    /// From a failure to the repair.
    pub down: Option<LawSpec<Seconds>>,
    /// What becomes of attempts that run at a node that goes down.
    pub running: StrandedRunning,
    /// What becomes of those that wait there, and of those that reach it while it is down.
    pub queued: StrandedQueued,
    /// When the time up runs.
    pub clock: Clock,
}

/// Every zone is up for a while, then down for a while, again and again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ZoneFailures {
    /// From a repair (or the start) to the next failure.
    pub up: LawSpec<Period>,
    /// From a failure to the repair.
    pub down: LawSpec<Seconds>,
}

/// When a node's time up runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// Always.
    #[default]
    Calendar,
    /// While the node is at work.
    Busy,
}

/// Every node works at its speed for a while, then more slowly for a while, again and again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SlowDowns {
    /// From the end of an episode (or the start) to the next.
    pub every: LawSpec<Period>,
    /// How long an episode lasts.
    pub last: LawSpec<Seconds>,
    /// By what everything takes longer meanwhile, what runs already included.
    pub factor: Factor,
}

/// Something that happens to nodes at an instant.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Event {
    /// The instant.
    pub at: Seconds,
    /// A node group, or some of its nodes: `gen1`, `gen1[3]`, `gen1[0..5]` (the first five).
    pub nodes: Option<String>,
    /// Instead: all nodes of a zone.
    pub zone: Option<String>,
    /// What they are from then on.
    pub change: Turn,
}

/// What happens to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// It takes tasks and runs them.
    Up,
    /// It runs what it has and what is on its way to it, and is given nothing more.
    Drain,
    /// It does nothing.
    Down,
    /// It joins, if it was not there (`nodes.NAME.initial`, or left before).
    Join,
    /// It drains, and is no part of the cluster any more once it has nothing left.
    Leave,
}

/// Attempts that fail.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("x-forms" = [["probability"], ["rate"]]))]
pub struct TaskFailures {
    /// Probability that an attempt fails, at the end of its service.
    pub probability: Option<Share>,
    /// Instead: failures a second of service, which ends with the failure.
    pub rate: Option<Number>,
}

/// How long is waited; for ever where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Timeouts {
    /// By a dispatcher, from its decision on, for the result of an attempt: then that is called off and has failed.
    pub task: Option<Period>,
    /// By a client, from a job's arrival on: then the job has failed.
    pub job: Option<Period>,
    /// Whether attempts that nobody waits for any more are called off (`network.cancels` says how). Else those that have been
    /// sent run on unseen, as most servers let them, and their results come to nothing.
    pub cancel: bool,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            task: None,
            job: None,
            cancel: true,
        }
    }
}

/// Failed attempts are made again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Retries {
    /// Attempts at a task, the first included; when none is left, its job has failed.
    pub max_attempts: Count,
    /// Time before the second attempt.
    pub backoff: Seconds,
    /// By what the time before each further attempt is multiplied.
    pub growth: Factor,
    /// Up to this share of such a time is left out, by chance, so that not all come back at once.
    pub jitter: Share,
    /// What work another attempt has.
    pub work: RetriedWork,
    /// Further attempts that are made at most, whatever fails; a task for which none is left has failed.
    pub budget: Budget,
}

/// Further attempts that are made at most; any number where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Budget {
    /// At all tasks of a job together.
    pub job: Option<Whole>,
    /// By each dispatcher or client, for each first attempt of its own: 0.1 is one further attempt for ten.
    pub share: Option<Number>,
    /// What of its share it may save up, in attempts; so many it has at first.
    pub saved: Whole,
    /// Who has a share.
    pub by: BudgetOf,
}

/// Who has a share of further attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BudgetOf {
    /// Each dispatcher, for all that it sends.
    #[default]
    Dispatcher,
    /// Each client of a class that has some (`arrivals.closed`), and each other class as a whole.
    Client,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            job: None,
            share: None,
            saved: Whole(10.0),
            by: BudgetOf::default(),
        }
    }
}

impl Default for Retries {
    fn default() -> Retries {
        Retries {
            max_attempts: Count(3.0),
            backoff: Seconds(0.0),
            growth: Factor(2.0),
            jitter: Share(0.0),
            work: RetriedWork::default(),
            budget: Budget::default(),
        }
    }
}

/// What work another attempt has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetriedWork {
    /// That of the one before.
    #[default]
    Same,
    /// It is drawn anew.
    Fresh,
}
