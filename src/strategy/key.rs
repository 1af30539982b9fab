//! What nodes are put in order by.
//!
//! Keys are compared exactly, as ratios of whole numbers where they are divided by a speed or a weight:
//! rounding would break ties by accident, and differently on another machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::board::tournament::Falling;
use super::view::{Ratio, View};
use super::{Ask, Score};
use crate::engine::time::Time;
use crate::model::ids::NodeId;

/// What makes a node the less loaded one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "By")]
pub enum Key {
    /// The number of tasks running, queued and travelling to it.
    #[default]
    Tasks,
    /// The service time still to be done there, by slot.
    Work,
    /// The largest share of a slot or resource capacity that is held.
    Utilization,
    /// (tasks + 1) / (speed x slots): how long a further task would take, were all tasks alike.
    #[serde(skip)]
    ExpectedDelay,
}

impl Key {
    /// True if it is made of the service that is left at nodes, and not of what is held there alone.
    pub fn reads_work(self) -> bool {
        match self {
            Key::Work => true,
            Key::Tasks | Key::Utilization | Key::ExpectedDelay => false,
        }
    }

    /// The node's figure at this instant, exact; the smaller, the less loaded.
    #[inline(always)]
    pub fn of(self, node: NodeId, view: &View<'_>) -> Ratio {
        match self {
            Key::Tasks => Ratio::whole(u64::from(view.tasks(node))),
            _ => self.of_all(node, view),
        }
    }

    #[inline(never)]
    fn of_all(self, node: NodeId, view: &View<'_>) -> Ratio {
        match self {
            Key::Tasks => Ratio::whole(u64::from(view.tasks(node))),
            Key::Work => Ratio {
                over: view.work(node).0,
                under: view.layout().slot_weight(node),
            },
            Key::Utilization => view.load(node),
            Key::ExpectedDelay => Ratio {
                over: u64::from(view.tasks(node)) + 1,
                under: view.layout().weight(node),
            },
        }
    }

    /// What `load` of a node will be with the task that is asked for.
    pub fn with(self, load: Ratio, ask: &Ask<'_>, node: NodeId, view: &View<'_>) -> Ratio {
        let more = match self {
            Key::Tasks | Key::ExpectedDelay => 1,
            Key::Work => Time::from_secs(ask.work / view.layout().factor(node)).0,
            Key::Utilization => return view.ratio(node, ask.demand),
        };
        Ratio {
            over: load.over.saturating_add(more),
            under: load.under,
        }
    }

    /// The same for people: a number of tasks, seconds, a share, or tasks by speed and slot.
    pub fn score(self, node: NodeId, view: &View<'_>) -> Score {
        let ratio = self.of(node, view);
        Score::smaller(match self {
            Key::Work => ratio.as_f64() / 1e9,
            Key::ExpectedDelay => {
                let layout = view.layout();
                ratio.over as f64 / (layout.factor(node) * layout.slot_weight(node) as f64)
            }
            Key::Tasks | Key::Utilization => ratio.as_f64(),
        })
    }

    /// The same as a value that holds until the node changes.
    #[inline]
    pub(super) fn falling(self, node: NodeId, view: &View<'_>) -> Falling {
        let ratio = self.of(node, view);
        Falling {
            value: ratio.over,
            rate: match self {
                Key::Work => view.work(node).1,
                _ => 0,
            },
            weight: ratio.under,
        }
    }
}
