//! Regret of decisions: how much longer a task waits at the node that was taken than it would have waited
//! where it would have waited least.
//!
//! Both waits are of the true state, whatever the dispatcher saw: of the tasks that were placed at a node
//! before and have not ended, the last ones to end may run beside the next task as far as its demand fits,
//! and it waits for the others. Ends are those of the run itself, so that the wait is exact for nodes that
//! serve in order tasks of equal demand; what was placed later, was lost or moved elsewhere is not in it.

use std::collections::BTreeMap;

use super::trail::{TaskTrail, Trail};
use crate::metrics::figures::RegretRow;
use crate::sim::setup::Setup;

/// The regret of each decision for a measured job, nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regret {
    each: Vec<u64>,
}

impl Regret {
    /// Of all decisions of a replication of `setup`, whose trail is whole.
    pub fn of(setup: &Setup, trail: &Trail) -> Regret {
        let groups = setup.cluster.groups.iter();
        let capacities =
            groups.flat_map(|group| std::iter::repeat_n(&group.capacity[..], group.count as usize));
        let demand = |class: u32, stage: usize| {
            let stages = &setup.classes[class as usize].stages;
            &stages[stage.min(stages.len() - 1)].demand[..]
        };
        Regret::of_nodes(capacities, demand, trail)
    }

    /// Goes through the decisions in order, with the tasks that were placed at each node before and have not
    /// ended.
    fn of_nodes<'a>(
        capacities: impl Iterator<Item = &'a [Option<u64>]>,
        demand: impl Fn(u32, usize) -> &'a [u64],
        trail: &Trail,
    ) -> Regret {
        let key = |task: &TaskTrail| (task.class, task.job, task.task);
        let tasks: BTreeMap<_, _> = trail.tasks.iter().map(|task| (key(task), task)).collect();
        let mut nodes: Vec<Node> = capacities.map(Node::new).collect();
        let mut regret = Regret::default();
        for decision in &trail.decisions {
            let (class, job) = (decision.class, decision.job);
            let task = tasks.get(&(class, job, decision.task));
            let needs = demand(class, task.map_or(0, |task| task.stage));
            if trail
                .jobs
                .get(&(class, job))
                .is_some_and(|job| job.measured)
            {
                let wait = |node: &usize| nodes[*node].wait(decision.time, needs);
                let least = trail.pools[decision.pool].iter().map(wait).min();
                let taken = wait(&decision.node);
                regret.each.push(taken - least.unwrap_or(taken).min(taken));
            }
            if let Some(task) = task.filter(|task| task.node == decision.node) {
                nodes[decision.node].add(task.end, needs);
            }
        }
        regret
    }

    /// Takes up those of another replication.
    pub fn merge(&mut self, other: &Regret) {
        self.each.extend(&other.each);
    }

    /// How many decisions.
    pub fn decisions(&self) -> u64 {
        self.each.len() as u64
    }

    /// Their mean, seconds.
    pub fn mean(&self) -> f64 {
        let sum: u128 = self.each.iter().map(|regret| u128::from(*regret)).sum();
        sum as f64 / self.each.len().max(1) as f64 / 1e9
    }

    /// The quantile of so many thousandths, seconds: the smallest that so many do not exceed.
    pub fn quantile(&self, permille: usize) -> f64 {
        let mut each = self.each.clone();
        let rank = (each.len() * permille).div_ceil(1000).max(1) - 1;
        if rank >= each.len() {
            return 0.0;
        }
        *each.select_nth_unstable(rank).1 as f64 / 1e9
    }

    /// The share of decisions for a node where the task waits least.
    pub fn none(&self) -> f64 {
        let none = self.each.iter().filter(|regret| **regret == 0).count();
        none as f64 / self.each.len().max(1) as f64
    }

    /// What is recorded of it.
    pub fn row(&self) -> RegretRow {
        RegretRow {
            decisions: self.decisions(),
            none_share: self.none(),
            regret_mean: self.mean(),
            regret_p99: self.quantile(990),
            regret_max: self.quantile(1000),
        }
    }
}

/// A node, and the tasks that were placed there, in the order of their ends: when that is and what they hold.
struct Node<'a> {
    capacity: &'a [Option<u64>],
    tasks: Vec<(u64, &'a [u64])>,
}

impl<'a> Node<'a> {
    fn new(capacity: &'a [Option<u64>]) -> Node<'a> {
        let tasks = Vec::new();
        Node { capacity, tasks }
    }

    /// How long the next task waits that is placed at an instant and needs so much.
    fn wait(&self, time: u64, needs: &[u64]) -> u64 {
        let mut held = needs.to_vec();
        let there = self.tasks.iter().rev();
        for (end, holds) in there.take_while(|(end, _)| *end > time) {
            held.iter_mut()
                .zip(*holds)
                .for_each(|(all, more)| *all += more);
            let fits = |(held, most): (&u64, &Option<u64>)| most.is_none_or(|most| *held <= most);
            if !held.iter().zip(self.capacity).all(fits) {
                return end - time;
            }
        }
        0
    }

    fn add(&mut self, end: u64, holds: &'a [u64]) {
        let place = self.tasks.partition_point(|(other, _)| *other <= end);
        self.tasks.insert(place, (end, holds));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::trail::{DecisionTrail, JobTrail};

    /// Jobs of one task, by hand: when it is placed, at which node, and when it ends.
    fn trail(rows: &[(u64, usize, u64)]) -> Trail {
        let mut trail = Trail {
            pools: vec![vec![0, 1]],
            ..Trail::default()
        };
        for (number, (time, node, end)) in (0..).zip(rows.iter().copied()) {
            trail.jobs.insert(
                (0, number),
                JobTrail {
                    measured: true,
                    arrival: time,
                    blame: [0; 7],
                    work: 0.0,
                },
            );
            trail.tasks.push(TaskTrail {
                class: 0,
                job: number,
                task: 0,
                stage: 0,
                attempts: 1,
                slots: 1,
                node,
                arrival: time,
                start: time,
                end,
            });
            trail.decisions.push(DecisionTrail {
                time,
                dispatcher: 0,
                class: 0,
                job: number,
                task: 0,
                node,
                pool: 0,
            });
        }
        trail
    }

    /// Nodes of so many slots, tasks of one each.
    fn of(slots: [Option<u64>; 2], trail: &Trail) -> Regret {
        let capacities = slots.map(|slots| [slots]);
        Regret::of_nodes(capacities.iter().map(|one| &one[..]), |_, _| &[1], trail)
    }

    #[test]
    fn the_regret_is_the_wait_that_was_not_needed() {
        // The second waits 9 behind the first though node 1 is free; the third waits 4 at node 1 less than at 0.
        let rows = [(0, 0, 10), (1, 0, 20), (2, 1, 6), (3, 1, 9)];
        let regret = of([Some(1), Some(1)], &trail(&rows));
        assert_eq!(regret.each, [0, 9, 0, 0]);
        assert_eq!((regret.none(), regret.decisions()), (0.75, 4));
        assert_eq!((regret.mean(), regret.quantile(990)), (2.25e-9, 9e-9));
        assert_eq!(regret.row().regret_max, 9e-9);
    }

    #[test]
    fn a_node_of_two_slots_is_free_when_the_second_last_ends() {
        let rows = [(0, 0, 10), (1, 0, 20), (2, 0, 16), (3, 0, 30)];
        // The third waits 8 until the first ends; the fourth 13 until the third does, since the second goes on.
        let regret = of([Some(2), None], &trail(&rows));
        assert_eq!(regret.each, [0, 0, 8, 13]);
        let without = Trail {
            pools: vec![vec![0]],
            ..trail(&rows)
        };
        assert_eq!(of([Some(2), None], &without).each, [0; 4]);
    }
}
