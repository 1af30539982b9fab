//! A scheduler that learns which placement to use: rounds of tasks are placed by one of several, and the
//! one with the best upper confidence bound on its reward is used next, where the reward of a round is
//! how much shorter its mean response time was (UCB1: Auer, Cesa-Bianchi & Fischer, "Finite-time analysis
//! of the multiarmed bandit problem", Machine Learning 47, 2002; here for times, by their overall mean).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::least_loaded::LeastLoaded;
use super::power_of_d::PowerOfD;
use super::round_robin::RoundRobin;
use crate::engine::law::Law;
use crate::engine::quantity::{Count, Number};
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::nested::{Nested, reports};
use crate::strategy::{
    Ask, Blueprint, Eligible, Ended, How, Placement, Problem, Reports, Score, View,
};

/// The placement, of those it may choose among, with the shortest response times so far: each dispatcher
/// finds out for itself, by trying them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Adaptive {
    /// The placements, by name or with parameters: ["random", { power-of-d = { d = 3 } }].
    pub among: Vec<Nested>,
    /// Tasks that one of them places before another may; a job is not cut.
    pub round: Count,
    /// How much what is not yet known is worth: 0 takes what was best so far.
    pub exploration: Number,
}

impl Default for Adaptive {
    fn default() -> Adaptive {
        Adaptive {
            among: vec![
                Nested::of(RoundRobin::default()),
                Nested::of(PowerOfD::default()),
                Nested::of(LeastLoaded::default()),
            ],
            round: Count(200.0),
            exploration: Number(0.5),
        }
    }
}

impl Blueprint for Adaptive {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        if self.among.is_empty() {
            return Err(
                "`among` names no placement; write among = [\"random\", \"power-of-d\"]".to_owned(),
            );
        }
        let arms = self.among.iter().map(|nested| {
            let placement = nested.0.build(eligible)?;
            let learns = placement.learns();
            Ok(Arm {
                placement,
                learns,
                rounds: 0,
                responses: 0.0,
                count: 0,
            })
        });
        Ok(Box::new(Learning {
            arms: arms.collect::<Result<_, Problem>>()?,
            round: self.round.get(),
            exploration: self.exploration.0,
            current: 0,
            left: 0,
            job: None,
            placed: vec![(u64::MAX, u32::MAX, 0); REMEMBERED],
        }))
    }

    fn looks(&self, nodes: u32) -> f64 {
        let each = self.among.iter().map(|nested| nested.0.looks(nodes));
        each.fold(1.0, f64::max)
    }

    fn knowing(&self, works: &[(f64, Law)]) -> Option<Arc<dyn Blueprint>> {
        let among = self.among.iter().map(|nested| nested.knowing(works));
        Some(Arc::new(Adaptive {
            among: among.collect(),
            ..self.clone()
        }))
    }
}

/// One of the placements, and what came of it.
struct Arm {
    placement: Box<dyn Placement>,
    learns: bool,
    rounds: u64,
    /// Sum of the response times, nanoseconds.
    responses: f64,
    count: u64,
}

/// Jobs of which it is known who placed them: a power of two, more than are under way.
const REMEMBERED: usize = 1 << 14;

struct Learning {
    arms: Vec<Arm>,
    round: u64,
    exploration: f64,
    current: usize,
    /// Tasks of the round that are to come.
    left: u64,
    job: Option<(u32, u64)>,
    /// Job, class and arm, by where a job has its place.
    placed: Vec<(u64, u32, u32)>,
}

fn slot(class: u32, job: u64) -> usize {
    (job.wrapping_mul(7).wrapping_add(u64::from(class))) as usize % REMEMBERED
}

/// What an arm is worth, the less the better: its mean response by the mean of all, less a bonus for
/// being little known. One that was not tried is worth most.
fn worth([rounds, all_rounds]: [u64; 2], mean: f64, exploration: f64) -> f64 {
    if rounds == 0 {
        return f64::NEG_INFINITY;
    }
    let spread = 2.0 * libm::log(all_rounds as f64) / rounds as f64;
    mean - exploration * libm::sqrt(spread)
}

impl Learning {
    /// The arm for the next round: the first of those that are worth most.
    fn best(&self) -> usize {
        let (sum, count) = self.arms.iter().fold((0.0, 0), |(sum, count), arm| {
            (sum + arm.responses, count + arm.count)
        });
        let rounds = self.arms.iter().map(|arm| arm.rounds).sum();
        let all = sum / count.max(1) as f64;
        let of = |arm: &Arm| {
            let mean = match arm.count {
                0 => 0.0, // nothing was heard yet
                count => arm.responses / count as f64 / all,
            };
            worth([arm.rounds, rounds], mean, self.exploration)
        };
        let mut best = 0;
        for at in 1..self.arms.len() {
            if of(&self.arms[at]) < of(&self.arms[best]) {
                best = at;
            }
        }
        best
    }

    /// The placement of this task.
    fn arm(&mut self, ask: &Ask<'_>) -> &mut dyn Placement {
        let job = Some((ask.class, ask.job));
        if self.left == 0 && self.job != job {
            self.current = self.best();
            self.arms[self.current].rounds += 1;
            self.left = self.round;
        }
        self.job = job;
        self.left = self.left.saturating_sub(1);
        let at = slot(ask.class, ask.job);
        self.placed[at] = (ask.job, ask.class, self.current as u32);
        &mut *self.arms[self.current].placement
    }
}

impl Placement for Learning {
    fn candidates(
        &mut self,
        ask: &Ask<'_>,
        view: &View<'_>,
        rng: &mut Draw,
        named: &mut Vec<NodeId>,
    ) {
        self.arm(ask).candidates(ask, view, rng, named);
    }

    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        self.arms[self.current].placement.place(ask, view, rng)
    }

    fn joined(&mut self, node: NodeId) {
        let arms = self.arms.iter_mut();
        arms.for_each(|arm| arm.placement.joined(node));
    }

    fn left(&mut self, node: NodeId) {
        let arms = self.arms.iter_mut();
        arms.for_each(|arm| arm.placement.left(node));
    }

    fn learns(&self) -> bool {
        true
    }

    fn ended(&mut self, task: &Ended) {
        for arm in self.arms.iter_mut().filter(|arm| arm.learns) {
            arm.placement.ended(task);
        }
        let (job, class, at) = self.placed[slot(task.class, task.job)];
        if (job, class, task.how) == (task.job, task.class, How::Completed) {
            let arm = &mut self.arms[at as usize];
            arm.responses += task.response.0 as f64;
            arm.count += 1;
        }
    }

    fn reports(&self) -> Reports {
        reports(self.arms.iter().map(|arm| &*arm.placement))
    }

    fn has_memory(&self) -> bool {
        true
    }

    fn score(&self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        self.arms[self.current].placement.score(ask, view, node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three arms of means 1, 0.9 and 1.1 after 4, 4 and 8 of 16 rounds: the bonuses are 0.5 sqrt(2 ln 16 / n)
    /// = 0.588705, 0.588705 and 0.416277.
    #[test]
    fn what_is_little_known_is_worth_more() {
        let worth = |rounds, mean| worth([rounds, 16], mean, 0.5);
        assert!((worth(4, 1.0) - (1.0 - 0.588_705)).abs() < 1e-6);
        assert!((worth(8, 1.1) - (1.1 - 0.416_277)).abs() < 1e-6);
        assert!(worth(4, 0.9) < worth(4, 1.0) && worth(4, 1.0) < worth(8, 1.1));
        assert!(worth(0, 9.0) < worth(1, 0.0));
    }
}
