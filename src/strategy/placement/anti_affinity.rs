//! Each task of a job at a node of its own, as far as there are any: so that no node, and no queue,
//! holds a whole job up (the anti-affinity of cluster managers: Verma et al., "Large-scale cluster
//! management at Google with Borg", EuroSys 2015, spread tasks of a job over machines likewise).

use schemars::JsonSchema;
use serde::Deserialize;

use super::least_loaded::Least;
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::{
    Ask, Blueprint, Eligible, Key, Placement, Pool, Problem, Reports, Score, View,
};

/// Of the eligible nodes with the fewest tasks of the same job, the one with the least load. A
/// dispatcher counts the tasks of the job that it is placing, one after another.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AntiAffinity {
    /// What load is compared by.
    pub by: Key,
}

impl Blueprint for AntiAffinity {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Apart {
            by: self.by,
            least: Least::new(self.by, eligible),
            pool: eligible.pool().clone(),
            job: None,
            counts: vec![0; eligible.pool().ids().len()],
            used: Vec::new(),
        }))
    }

    /// All nodes only where the least loaded one has a task of the job.
    fn looks(&self, nodes: u32) -> f64 {
        f64::from(nodes) / 4.0
    }
}

/// `counts` is by position in the pool, `used` the positions where it is not 0.
struct Apart {
    by: Key,
    least: Least,
    pool: Pool,
    job: Option<(u32, u64)>,
    counts: Vec<u32>,
    used: Vec<usize>,
}

impl Apart {
    fn turn_to(&mut self, job: (u32, u64)) {
        if self.job.replace(job) != Some(job) {
            self.used.drain(..).for_each(|at| self.counts[at] = 0);
        }
    }

    fn tasks_of_job(&self, node: NodeId) -> u32 {
        self.pool.position(node).map_or(0, |at| self.counts[at])
    }

    fn choose(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let least = self.least.place(ask, view, rng)?;
        if self.tasks_of_job(least) == 0 && ask.nodes.contains(least) {
            return Some(least);
        }
        let rank = |node| (self.tasks_of_job(node), self.by.of(node, view));
        view.least_of(ask.nodes.iter(), rank, ask, rng)
    }
}

impl Placement for Apart {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        self.turn_to((ask.class, ask.job));
        let node = self.choose(ask, view, rng)?;
        let at = self.pool.position(node)?;
        self.counts[at] += 1;
        if self.counts[at] == 1 {
            self.used.push(at);
        }
        Some(node)
    }

    fn reports(&self) -> Reports {
        Reports::Loads
    }

    fn has_memory(&self) -> bool {
        true
    }

    fn score(&self, _: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        Some(self.by.score(node, view))
    }
}
