//! The grammar of a scenario file: its sections, one file each. Types, their docs and defaults
//! only: the docs are what `equipoise schema` and `equipoise list keys` say.
//!
//! So the derived schema is all that `--set`, `[sweep]` and the gate know of keys: there is no
//! second table of them that could fall behind. Every form holds a table, even an empty one, so
//! that `"name"` equals `{ name = {} }`.

/// Reads a type whose values have several forms by a visitor, and says its schema.
macro_rules! visited {
    ($type:ident, $visitor:expr, $schema:expr) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<$type, D::Error> {
                reader.deserialize_any($visitor)
            }
        }

        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let schema: fn(&mut schemars::SchemaGenerator) -> serde_json::Value = $schema;
                schema(generator).try_into().unwrap_or_default()
            }
        }
    };
}

mod arrivals;
mod compare;
mod faults;
mod gate;
mod jobs;
mod network;
mod nodes;
mod run;
mod strategies;
mod sweep;

use schemars::JsonSchema;
use serde::Deserialize;

pub use arrivals::{Arrivals, Closed, Diurnal, Format, Mmpp, Processors, Step, Trace};
pub use compare::Compare;
pub use faults::{
    BudgetOf, Clock, Event, Faults, NodeFailures, RetriedWork, Retries, SlowDowns, TaskFailures,
    Turn, ZoneFailures,
};
pub use gate::Gate;
pub use jobs::{Classes, Jobs, Part, Stage};
pub use network::{Cancels, Network, Workload};
pub use nodes::{Discipline, Nodes, Slots, SlowDown};
pub use run::{MeasuredJobs, Run, Warmup};
pub use strategies::{
    Binding, CancelOthers, Checks, Copies, Delayed, Ejection, Estimates, Gossip, Hedge,
    IdleThieves, JobsServed, NoCopies, Overrides, Periodic, Phases, Placement, Push, Redundancy,
    Reserve, Scheduling, Stealing, Strategy, View,
};
pub use sweep::Sweep;

/// A table whose keys the user chooses, in the order of the file.
pub type Named<T> = indexmap::IndexMap<String, T>;

/// A scenario of equipoise: a cluster, a workload and the strategies to compare.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(title = "equipoise scenario")]
pub struct Document {
    /// The question, as the report's heading; without it the file's name.
    #[schemars(extend("x-scope" = "experiment"))]
    pub title: Option<String>,
    /// What is measured and how often.
    pub run: Run,
    /// Groups of identical nodes, by name.
    pub nodes: Named<Nodes>,
    /// Network delays.
    pub network: Network,
    /// All classes of jobs together.
    pub workload: Workload,
    /// Classes of jobs, by name.
    pub jobs: Named<Jobs>,
    /// What goes wrong.
    pub faults: Faults,
    /// Parts of a strategy that hold for every strategy unless it says otherwise.
    #[schemars(extend("x-scope" = "strategy"))]
    pub scheduling: Scheduling,
    /// The strategies that are compared, by name.
    #[schemars(extend("x-scope" = "strategy"))]
    pub strategies: Named<Strategy>,
    /// What decides, and against what.
    #[schemars(extend("x-scope" = "experiment"))]
    pub compare: Compare,
    /// What a change of an algorithm may cost before `gate` fails.
    #[schemars(extend("x-scope" = "experiment"))]
    pub gate: Gate,
    /// Keys that take several values, one after the other, in all combinations.
    #[schemars(extend("x-scope" = "experiment"))]
    pub sweep: Option<Sweep>,
}
