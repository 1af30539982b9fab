//! The grammar of a scenario file: its sections, one file each. Types, their docs and defaults only:
//! the docs are what `equipoise schema` and `equipoise list keys` say.

mod arrivals;
mod compare;
mod faults;
mod gate;
mod jobs;
mod named;
mod network;
mod nodes;
mod run;
mod strategies;
mod sweep;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use arrivals::{Arrivals, Format, Invalid, Trace};
pub use compare::Compare;
pub use faults::Faults;
pub use gate::Gate;
pub use jobs::Jobs;
pub use named::Named;
pub use network::{Network, Workload};
pub use nodes::{Nodes, Slots};
pub use run::{MeasuredJobs, Run, Warmup};
pub use strategies::{Binding, InFlight, Overrides, Scheduling, Strategy, Ties};
pub use sweep::Sweep;

/// A scenario of equipoise: a cluster, a workload and the strategies to compare.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(title = "equipoise scenario")]
pub struct Document {
    /// The question, as the report's heading; without it the file's name.
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
    #[serde(skip_serializing)]
    pub scheduling: Scheduling,
    /// The strategies that are compared, by name.
    pub strategies: Named<Strategy>,
    /// What decides, and against what.
    pub compare: Compare,
    /// What a change of an algorithm may cost before `gate` fails.
    pub gate: Gate,
    /// Keys that take several values, one after the other, in all combinations.
    pub sweep: Option<Sweep>,
}
