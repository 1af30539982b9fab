//! What several placements share: what "load" is compared by, and choosing the best of a scan.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::model::view::{Ratio, View};
use crate::strategy::index::Score;
use crate::strategy::{Rank, Ties};

/// What makes a node the less loaded one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The number of tasks running, queued and travelling to it.
    #[default]
    Tasks,
    /// The service time still to be done there, by slot.
    Work,
    /// The largest share of a slot or resource capacity that is held.
    Utilization,
}

impl By {
    /// The node's load at this instant.
    #[inline]
    pub fn load(self, node: NodeId, view: &View<'_>) -> Ratio {
        match self {
            By::Tasks => Ratio::whole(u64::from(view.tasks(node))),
            By::Work => Ratio {
                over: view.work(node).0,
                under: view.layout().slot_weight(node),
            },
            By::Utilization => view.load(node),
        }
    }

    /// The same for people: a number of tasks, seconds, or a share.
    pub fn rank(self, node: NodeId, view: &View<'_>) -> Rank {
        let load = self.load(node, view).as_f64();
        Rank::smaller(if self == By::Work { load / 1e9 } else { load })
    }

    /// The same as a score that holds until the node changes.
    #[inline]
    pub fn score(self, node: NodeId, view: &View<'_>) -> Score {
        let Ratio {
            over: value,
            under: weight,
        } = self.load(node, view);
        let rate = if self == By::Work {
            view.work(node).1
        } else {
            0
        };
        Score {
            value,
            rate,
            weight,
        }
    }
}

/// The best of some nodes by a given order, ties told apart; keeps the tied ones in `tied`.
///
/// `nodes` must come in id order. `Ordering::Less` is better.
pub fn best_of<S: Copy>(
    nodes: impl Iterator<Item = (NodeId, S)>,
    order: impl Fn(&S, &S) -> Ordering,
    tied: &mut Vec<NodeId>,
    ties: Ties,
    rng: &mut Draw,
) -> Option<NodeId> {
    tied.clear();
    let mut best: Option<S> = None;
    for (node, score) in nodes {
        match best
            .as_ref()
            .map_or(Ordering::Less, |best| order(&score, best))
        {
            Ordering::Less => {
                tied.clear();
                best = Some(score);
            }
            Ordering::Equal => {}
            Ordering::Greater => continue,
        }
        tied.push(node);
    }
    if tied.is_empty() {
        return None;
    }
    Some(tied[ties.pick(tied.len() as u32, rng) as usize])
}
