//! `[jobs.NAME]`: classes of jobs, their shapes and demands.
//!
//! A class says what a job is, not what should be done with it: number and work of its tasks, what they hold,
//! where they may run, and its objective. Work is given at speed 1; what a task takes is its work over the
//! node's speed.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Named;
use super::arrivals::Arrivals;
use crate::engine::law::spec::LawSpec;
use crate::engine::quantity::{Amount, Count, Factor, Period, Rank, Seconds, Share};

/// A class of jobs.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("x-forms" = [["tasks", "work", "overhead"], ["job-work", "split"], ["stages"]]))]
pub struct Jobs {
    /// How its jobs arrive (required): "poisson", or a table of one form.
    pub arrivals: Option<Arrivals>,
    /// Number of tasks of a job, each with its own `work`; 1 if left out.
    pub tasks: Option<LawSpec<Factor>>,
    /// Work of each task, in seconds at speed 1.
    pub work: Option<LawSpec<Seconds>>,
    /// Time that each task takes beside its work, whatever the node's speed.
    pub overhead: Option<Seconds>,
    /// Work of the whole job, cut into tasks by `split`.
    pub job_work: Option<LawSpec<Seconds>>,
    /// How `job-work` is cut.
    pub split: Option<Split>,
    /// Stages, each with tasks of its own, in place of all that.
    #[serde(default)]
    pub stages: Named<Stage>,
    /// What each task holds while it runs: `slots` (1 if left out) and resources.
    #[serde(default)]
    pub demand: Named<Amount>,
    /// Node groups on which its tasks may run at all; all if left out.
    pub nodes: Option<Vec<String>>,
    /// Whether the tasks of a job start together, or not at all; needs a central queue.
    #[serde(default)]
    pub gang: bool,
    /// What collecting its results costs.
    pub gather: Option<Gather>,
    /// Each task needs its data, of which so many copies lie on the nodes that it may use: it runs at one
    /// of these. Without `key`, task i needs shard i: copies of it are at the i-th of the nodes (from 0) and
    /// those after it, cyclically.
    pub replicas: Option<Count>,
    /// What each job is about (a session, a customer), a draw rounded and at least 1: `consistent-hash` and
    /// `sticky` go by it. With `replicas`, which data each task needs: of a draw k the copies are at the
    /// k-th of the nodes and those after it.
    pub key: Option<LawSpec<Factor>>,
    /// Tasks may run without their data beside them, where no copy's node has room.
    pub locality: Option<Locality>,
    /// Bytes that are sent with each task and with each result, at `network.bandwidth`.
    pub payload: Option<Payload>,
    /// Objective for the response time.
    pub slo: Option<Period>,
    /// The larger, the more urgent, for nodes whose `discipline` is "priority"; 0 if left out.
    pub priority: Option<Rank>,
    /// Sorts the jobs of a trace into classes NAME.PART.
    pub classes: Option<Classes>,
}

/// A stage of a job: its tasks are ready when the last results of all stages that it waits for are
/// gathered.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("x-forms" = [["tasks", "work", "overhead"], ["job-work", "split"]]))]
pub struct Stage {
    /// Stages of the job that it waits for; if left out, the one before it in the file. `[]` is none.
    pub after: Option<Vec<String>>,
    /// Number of its tasks, each with its own `work`; 1 if left out.
    pub tasks: Option<LawSpec<Factor>>,
    /// Work of each task, in seconds at speed 1.
    pub work: Option<LawSpec<Seconds>>,
    /// Time that each task takes beside its work, whatever the node's speed.
    pub overhead: Option<Seconds>,
    /// Work of the whole stage, cut into tasks by `split`.
    pub job_work: Option<LawSpec<Seconds>>,
    /// How `job-work` is cut.
    pub split: Option<Split>,
    /// What each task holds while it runs; what is left out is the job's.
    pub demand: Option<Named<Amount>>,
    /// Node groups on which its tasks may run at all; the job's if left out.
    pub nodes: Option<Vec<String>>,
}

/// How a job's work is cut.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Split {
    /// Number of tasks.
    pub into: LawSpec<Factor>,
    /// The part of the work that goes into the first task before the rest is cut evenly: 0 makes equal tasks,
    /// 1 puts all into one.
    #[serde(default = "even")]
    pub skew: Share,
    /// Time that each task takes beside its work, whatever the node's speed.
    #[serde(default = "nothing")]
    pub overhead: Seconds,
}

fn even() -> Share {
    Share(0.0)
}

fn nothing() -> Seconds {
    Seconds(0.0)
}

/// What collecting results costs.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Gather {
    /// Who collects.
    pub at: At,
    /// Service time of each result.
    pub per_result: LawSpec<Seconds>,
    /// Further service time after a job's last result.
    pub work: LawSpec<Seconds>,
    /// Results that suffice: when so many are gathered, the job is complete and its other tasks are
    /// cancelled. All, if left out or if the job has no more.
    pub need: Option<Count>,
}

impl Default for Gather {
    fn default() -> Self {
        Gather {
            at: At::Dispatcher,
            per_result: LawSpec::constant(0.0),
            work: LawSpec::constant(0.0),
            need: None,
        }
    }
}

/// Tasks that run without their data beside them.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Locality {
    /// What they take longer then.
    pub elsewhere: Seconds,
}

/// Bytes that travel.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Payload {
    /// With a task to its node.
    pub task: Amount,
    /// With its result to who gathers it.
    pub result: Amount,
}

impl Default for Payload {
    fn default() -> Self {
        Payload {
            task: Amount(0.0),
            result: Amount(0.0),
        }
    }
}

/// Who collects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// The dispatcher that placed the job.
    #[default]
    Dispatcher,
}

/// Sorts jobs into classes: the first whose bound is above the job's figure takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    /// Name and bound of each class.
    pub parts: Named<Part>,
}

/// A class of a trace's jobs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Part {
    /// Jobs whose mean task work is below this belong to it; all others if left out.
    pub below: Option<Period>,
}

/// The figure by which jobs are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum By {
    /// The mean work of the job's tasks.
    MeanWork,
}

struct ReadClasses;

impl<'de> Visitor<'de> for ReadClasses {
    type Value = Classes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table such as { by = \"mean-work\", short.below = \"90s\", long = {} }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Classes, A::Error> {
        let (mut by, mut parts) = (None, Named::default());
        while let Some(key) = map.next_key::<String>()? {
            if key == "by" {
                by = Some(map.next_value::<By>()?);
            } else {
                parts.insert(key, map.next_value::<Part>()?);
            }
        }
        match by {
            Some(By::MeanWork) => Ok(Classes { parts }),
            None => Err(Error::missing_field("by")),
        }
    }
}

visited!(Classes, ReadClasses, |generator| {
    json!({
        "type": "object", "properties": { "by": generator.subschema_for::<By>() },
        "required": ["by"], "additionalProperties": generator.subschema_for::<Part>()
    })
});
