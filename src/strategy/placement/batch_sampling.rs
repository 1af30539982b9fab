//! The tasks of a job together: of d x m nodes drawn for its m tasks, the m least loaded get one
//! each (batch sampling: Ousterhout, Wendell, Zaharia & Stoica, "Sparrow: distributed, low latency
//! scheduling", SOSP 2013; without its late binding). A task with an unlucky sample shares the luck of
//! the others.

use schemars::JsonSchema;
use serde::Deserialize;

use super::power_of_d::draw_distinct;
use crate::engine::quantity::Factor;
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::view::Ratio;
use crate::strategy::{Ask, Blueprint, Eligible, Key, Placement, Problem, Score, Ties, View};

/// For a job of m tasks, d x m eligible nodes are drawn when the first of them is placed; the tasks go
/// to the least loaded of these, one each.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct BatchSampling {
    /// Nodes drawn for each task of the job (more than there are means all).
    pub probes_per_task: Factor,
    /// What load is compared by.
    pub by: Key,
}

impl Default for BatchSampling {
    fn default() -> BatchSampling {
        BatchSampling {
            probes_per_task: Factor(2.0),
            by: Key::Tasks,
        }
    }
}

/// Most probes a task.
const MOST: f64 = 1000.0;

impl Blueprint for BatchSampling {
    fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        if self.probes_per_task.0 > MOST {
            return Err(format!("`probes-per-task` must be at most {MOST}"));
        }
        Ok(Box::new(Batch {
            parameters: self.clone(),
            job: None,
            next: 0,
            drawn: Vec::new(),
            sample: Vec::new(),
        }))
    }

    fn looks(&self, _: u32) -> f64 {
        2.0 * self.probes_per_task.0
    }
}

/// `sample` holds the nodes drawn for `job`, the least loaded first, of which the `next` is taken next.
struct Batch {
    parameters: BatchSampling,
    job: Option<(u32, u64)>,
    next: usize,
    drawn: Vec<u32>,
    sample: Vec<(Ratio, u32, NodeId)>,
}

impl Batch {
    /// Draws for a job, and asks the nodes drawn.
    fn draw(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) {
        let wanted = (self.parameters.probes_per_task.0 * f64::from(ask.tasks)).round_ties_even();
        draw_distinct(wanted as u32, ask.nodes.count(), &mut self.drawn, rng);
        self.sample.clear();
        for &rank in &self.drawn {
            let node = ask.nodes.nth(rank);
            view.probe(node);
            let luck = match ask.ties {
                Ties::Random => rng.below(u32::MAX),
                _ => 0,
            };
            let load = self.parameters.by.of(node, view);
            self.sample.push((load, luck, node));
        }
        self.sample.sort_unstable();
        self.next = 0;
    }

    /// The next of the sample that may be chosen still, cyclically.
    fn take(&mut self, ask: &Ask<'_>) -> Option<NodeId> {
        for _ in 0..self.sample.len() {
            let (_, _, node) = self.sample[self.next % self.sample.len()];
            self.next += 1;
            if ask.nodes.contains(node) {
                return Some(node);
            }
        }
        None
    }
}

impl Placement for Batch {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let job = Some((ask.class, ask.job));
        if self.job == job
            && let Some(node) = self.take(ask)
        {
            return Some(node);
        }
        self.job = job;
        self.draw(ask, view, rng);
        self.take(ask)
    }

    fn has_memory(&self) -> bool {
        true
    }

    fn score(&self, _: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        Some(self.parameters.by.score(node, view))
    }
}
