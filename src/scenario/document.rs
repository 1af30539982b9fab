//! The grammar of a scenario file: its sections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compare::Compare;
use super::faults::Faults;
use super::gate::Gate;
use super::jobs::Jobs;
use super::named::Named;
use super::network::{Network, Workload};
use super::nodes::Nodes;
use super::run::Run;
use super::strategies::{Scheduling, Strategy};
use super::sweep::Sweep;

/// A scenario of equipoise: a cluster, a workload and the strategies to compare.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(title = "equipoise scenario")]
pub(super) struct Document {
    /// The question, as the report's heading; without it the file's name.
    pub(super) title: Option<String>,
    /// What is measured and how often.
    pub(super) run: Run,
    /// Groups of identical nodes, by name.
    pub(super) nodes: Named<Nodes>,
    /// Network delays.
    pub(super) network: Network,
    /// All classes of jobs together.
    pub(super) workload: Workload,
    /// Classes of jobs, by name.
    pub(super) jobs: Named<Jobs>,
    /// What goes wrong.
    pub(super) faults: Faults,
    /// Parts of a strategy that hold for every strategy unless it says otherwise.
    #[serde(skip_serializing)]
    pub(super) scheduling: Scheduling,
    /// The strategies that are compared, by name.
    pub(super) strategies: Named<Strategy>,
    /// What decides, and against what.
    pub(super) compare: Compare,
    /// What a change of an algorithm may cost before `gate` fails.
    pub(super) gate: Gate,
    /// Keys that take several values, one after the other, in all combinations.
    pub(super) sweep: Option<Sweep>,
}
