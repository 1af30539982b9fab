//! The least loaded node of all (join the shortest queue, by tasks: Winston, "Optimality of the
//! shortest line discipline", 1977; least work left, by work).
//!
//! No decision looks at every node: numbers of tasks are kept in sets by level, other loads in a
//! tournament.

use schemars::JsonSchema;
use serde::Deserialize;

use super::choice::{By, best_of};
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::view::View;
use crate::strategy::index::{Index, Score};
use crate::strategy::levels::Levels;
use crate::strategy::{Ask, Blueprint, Placement, Pool, Problem, Rank, Watch};

/// The eligible node with the least load.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct LeastLoaded {
    /// What load is compared by.
    pub by: By,
}

impl Blueprint for LeastLoaded {
    fn build(&self, pool: &Pool, layout: &Layout) -> Result<Box<dyn Placement>, Problem> {
        let by = self.by;
        if by == By::Tasks {
            return Ok(Box::new(Fewest {
                levels: Levels::new(pool, layout.count()),
                tied: Vec::with_capacity(pool.0.len()),
            }));
        }
        let least = Least::new(pool, layout, move |node, view| Some(by.score(node, view)));
        Ok(Box::new(
            least.ranked(move |node, view| by.rank(node, view)),
        ))
    }
}

/// The node with the fewest tasks.
struct Fewest {
    levels: Levels,
    tied: Vec<NodeId>,
}

impl Placement for Fewest {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let Some(among) = ask.among else {
            return self.levels.best(ask.ties, rng);
        };
        let tasks = among.iter().map(|&node| (node, view.tasks(node)));
        best_of(tasks, Ord::cmp, &mut self.tied, ask.ties, rng)
    }

    fn watches(&self) -> Watch {
        Watch::Loads
    }

    fn seen(&mut self, node: NodeId, view: &View<'_>) {
        self.levels.set(node, view.tasks(node));
    }

    fn score(&self, _ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Rank> {
        Some(By::Tasks.rank(node, view))
    }
}

/// The node with the least score: the common body of the placements that keep an index.
pub struct Least<F> {
    index: Index,
    score: F,
    rank: Option<Ranking>,
    watch: Watch,
    tied: Vec<NodeId>,
}

/// What the least one is looked for by.
type Ranking = Box<dyn Fn(NodeId, &View<'_>) -> Rank + Send>;

impl<F: Fn(NodeId, &View<'_>) -> Option<Score> + Send> Least<F> {
    /// An index of `pool` by `score`, in which nodes without a score are left out.
    pub fn new(pool: &Pool, layout: &Layout, score: F) -> Least<F> {
        let mut index = Index::new(pool, layout.count());
        let nodes = crate::model::nodes::Nodes::new(layout);
        let view = View::new(
            layout,
            &nodes,
            crate::model::view::Travelling::All,
            crate::engine::time::Time::ZERO,
        );
        for &node in pool.0.iter() {
            index.set(node, score(node, &view), view.now());
        }
        Least {
            index,
            score,
            rank: None,
            watch: Watch::Loads,
            tied: Vec::with_capacity(pool.0.len()),
        }
    }

    /// The same for an algorithm that needs to be told of idle nodes only.
    pub fn watching(self, watch: Watch) -> Least<F> {
        Least { watch, ..self }
    }

    /// The same, able to tell by what it ranks nodes.
    pub fn ranked(self, rank: impl Fn(NodeId, &View<'_>) -> Rank + Send + 'static) -> Least<F> {
        Least {
            rank: Some(Box::new(rank)),
            ..self
        }
    }
}

impl<F: Fn(NodeId, &View<'_>) -> Option<Score> + Send> Placement for Least<F> {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let Some(among) = ask.among else {
            return self.index.best(view.now(), ask.ties, rng);
        };
        let scored = among
            .iter()
            .filter_map(|&node| (self.score)(node, view).map(|score| (node, score)));
        let order = |a: &Score, b: &Score| {
            let value = |score: &Score| crate::model::view::Ratio {
                over: score.value,
                under: score.weight,
            };
            value(a).cmp(&value(b))
        };
        best_of(scored, order, &mut self.tied, ask.ties, rng)
    }

    fn watches(&self) -> Watch {
        self.watch
    }

    fn seen(&mut self, node: NodeId, view: &View<'_>) {
        self.index.set(node, (self.score)(node, view), view.now());
    }

    fn score(&self, _ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Rank> {
        let rank = self.rank.as_ref()?;
        Some(rank(node, view))
    }
}
