//! Probing ahead of time for latency and requests in flight (Wydrowski, Kleinberg, Rumble & Archer,
//! "Load is not what you should balance: introducing Prequal", NSDI 2024).
//!
//! Each task placed sends some probes to nodes at random; their replies go into a pool, for the tasks
//! that come later. A node is hot if it has more requests in flight (RIF) than a quantile of those that
//! were replied lately. Of the pool the cold one with the least latency is taken; if all are hot, the one
//! with the fewest requests in flight (hot-cold lexicographic rule). Replies age, are used only so often,
//! and the worst and the oldest are removed in turn.
//!
//! A node's latency is here (its RIF + 1) x the mean, over the responses that the dispatcher itself
//! measured, of response time / (RIF + 1 when it was sent); 0 of a node never heard of. In the paper the
//! node tells the median of its requests that arrived at about its present RIF.

use schemars::JsonSchema;
use serde::Deserialize;

use super::random::any;
use crate::engine::quantity::{Count, Number, Period, Seconds, Share};
use crate::engine::random::{Draw, unit};
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::strategy::response_times::{ResponseTimes, Rise};
use crate::strategy::{Ask, Blueprint, Eligible, Ended, Placement, Problem, View};

/// Of the nodes whose replies to earlier probes are at hand, the one with the least latency among
/// those that have not many tasks; if all have many, the one with the fewest.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Prequal {
    /// Probes sent for each task, on average.
    pub probes_per_task: Number,
    /// Replies removed for each task, the worst and the oldest in turn, on average.
    pub removals_per_task: Number,
    /// Replies kept at most.
    pub pool: Count,
    /// Age at which a reply is thrown away.
    pub max_age: Period,
    /// A node is hot if it has more tasks than this share of the replies of late: 0 goes by tasks alone,
    /// 1 by latency alone.
    pub hot_quantile: Share,
    /// By how much more, as a share, replies come in than are removed or used up.
    pub reuse_margin: Number,
    /// Time in which a measured response falls to 1/e beside later ones.
    pub decay: Period,
    /// A failure counts as a response of at least this time.
    pub penalty: Seconds,
}

impl Default for Prequal {
    fn default() -> Prequal {
        Prequal {
            probes_per_task: Number(3.0),
            removals_per_task: Number(1.0),
            pool: Count(16.0),
            max_age: Period(1.0),
            hot_quantile: Share(0.84),
            reuse_margin: Number(1.0),
            decay: Period(10.0),
            penalty: Seconds(10.0),
        }
    }
}

/// Most probes a task, and most replies in a pool.
const MOST: f64 = 1000.0;

impl Blueprint for Prequal {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        if self.probes_per_task.0 > MOST || self.pool.0 > MOST {
            return Err(format!(
                "`probes-per-task` and `pool` must be at most {MOST}"
            ));
        }
        let times = [0.0, self.decay.0, self.penalty.0];
        Ok(Box::new(Probing {
            parameters: self.clone(),
            uses: self.uses(eligible.pool().ids().len()),
            replies: Vec::with_capacity(self.pool.0 as usize + 1),
            lately: Lately::default(),
            times: ResponseTimes::new(eligible.pool(), Rise::Smooth, times),
            sent: vec![Sent::default(); REMEMBERED],
            placed: 0,
            removed: 0,
        }))
    }

    fn looks(&self, _: u32) -> f64 {
        self.probes_per_task.0 + self.pool.0 / 4.0
    }
}

impl Prequal {
    /// How often a reply may be used, among `nodes` nodes: so often that as many leave the pool as come,
    /// and a margin more.
    fn uses(&self, nodes: usize) -> f64 {
        let share = (self.pool.0 / nodes as f64).min(1.0);
        let left = (1.0 - share) * self.probes_per_task.0 - self.removals_per_task.0;
        match left > 0.0 {
            true => ((1.0 + self.reuse_margin.0) / left).max(1.0),
            false => f64::from(u32::MAX),
        }
    }
}

/// What a node replied.
#[derive(Clone, Copy)]
struct Reply {
    node: NodeId,
    tasks: u32,
    at: Time,
    uses: u32,
}

/// A task that was sent to a node with so many tasks, itself included.
#[derive(Clone, Copy, Default)]
struct Sent {
    class: u32,
    job: u64,
    task: u32,
    tasks: u32,
}

impl Sent {
    /// The task with its response by the number of tasks at the node; `None` if it is not the one that was sent.
    fn alone(self, task: &Ended) -> Option<Ended> {
        let is_it = (self.class, self.job, self.task) == (task.class, task.job, task.task);
        let tasks = is_it.then_some(self.tasks.into())?;
        let response = task.response.0.checked_div(tasks).map(Time)?;
        Some(Ended { response, ..*task })
    }
}

/// Tasks of which that is known: a power of two, more than are under way.
const REMEMBERED: usize = 1 << 12;

/// Where a task has its place among these.
fn slot(class: u32, job: u64, task: u32) -> usize {
    let number = job.wrapping_mul(31).wrapping_add(u64::from(task) * 7);
    number.wrapping_add(u64::from(class)) as usize % REMEMBERED
}

/// `replies` holds the oldest first.
struct Probing {
    parameters: Prequal,
    uses: f64,
    replies: Vec<Reply>,
    lately: Lately,
    times: ResponseTimes,
    sent: Vec<Sent>,
    placed: u64,
    removed: u64,
}

/// Replies below which a node is drawn at random.
const FEWEST: usize = 2;

/// The hot-cold lexicographic rule: the smaller the better, for a node with so many tasks and this
/// latency, where one with more than `most` tasks is hot.
fn rank(tasks: u32, latency: f64, most: Option<u32>) -> (bool, u64) {
    match most.is_none_or(|most| tasks <= most) {
        // Latencies are at least 0, and so are in the order of their bits.
        true => (false, latency.to_bits()),
        false => (true, u64::from(tasks)),
    }
}

impl Probing {
    /// Tasks above which a node is hot; none is if there is no such number.
    fn most(&self) -> Option<u32> {
        self.lately.quantile(self.parameters.hot_quantile.0)
    }

    fn rank(&self, at: usize, most: Option<u32>) -> (bool, u64) {
        let Reply { node, tasks, .. } = self.replies[at];
        // At a share of 0 all are hot, by tasks alone.
        if self.parameters.hot_quantile.0 == 0.0 {
            return (true, u64::from(tasks));
        }
        let latency = self.times.mean(node) * f64::from(tasks + 1);
        rank(tasks, latency, most)
    }

    /// Notes that a task goes to a node with so many, itself included.
    fn note(&mut self, ask: &Ask<'_>, tasks: u32) {
        let Ask {
            class, job, task, ..
        } = *ask;
        self.sent[slot(class, job, task)] = Sent {
            class,
            job,
            task,
            tasks,
        };
    }

    /// Throws away what is too old, and whoever may not be chosen now.
    fn forget(&mut self, ask: &Ask<'_>, now: Time) {
        let oldest = Time::from_secs(self.parameters.max_age.0);
        self.replies
            .retain(|reply| now.since(reply.at) <= oldest && ask.nodes.contains(reply.node));
    }

    /// The place of the best reply; equal ones as the strategy says, in the order in which they came.
    fn best(&self, ask: &Ask<'_>, rng: &mut Draw) -> usize {
        let most = self.most();
        let (mut best, mut tied) = (self.rank(0, most), 0);
        for at in 0..self.replies.len() {
            let rank = self.rank(at, most);
            if rank < best {
                (best, tied) = (rank, 0);
            }
            tied += u32::from(rank == best);
        }
        let chosen = ask.ties.pick(tied, rng) as usize;
        let equal = (0..self.replies.len()).filter(|at| self.rank(*at, most) == best);
        equal.clone().nth(chosen).unwrap_or(0)
    }

    /// Counts the task that goes to `node`, and the use of the reply at `at`.
    fn use_up(&mut self, at: usize) {
        let node = self.replies[at].node;
        self.replies[at].uses -= 1;
        let same = self.replies.iter_mut().filter(|reply| reply.node == node);
        same.for_each(|reply| reply.tasks += 1);
        if self.replies[at].uses == 0 {
            self.replies.remove(at);
        }
    }

    /// Removes the worst reply and the oldest one, in turn.
    fn remove_one(&mut self) {
        if self.replies.is_empty() {
            return;
        }
        self.removed += 1;
        let most = self.most();
        let worst = (0..self.replies.len()).max_by_key(|at| self.rank(*at, most));
        let at = match self.removed % 2 {
            1 => worst.unwrap_or(0),
            _ => 0,
        };
        self.replies.remove(at);
    }

    /// Asks a node at random, to which a task may be on its way.
    fn probe(&mut self, ask: &Ask<'_>, view: &View<'_>, chosen: NodeId, rng: &mut Draw) {
        let Some(node) = any(ask, rng) else { return };
        view.probe(node);
        let tasks = view.tasks(node) + u32::from(node == chosen);
        self.lately.add(tasks);
        if self.replies.len() as f64 >= self.parameters.pool.0 {
            self.replies.remove(0);
        }
        let more = unit(rng) < self.uses - libm::floor(self.uses);
        self.replies.push(Reply {
            node,
            tasks,
            at: view.now(),
            uses: self.uses as u32 + u32::from(more),
        });
    }
}

/// How many times something is done for the task `placed`, that is done so often for each on average.
fn times(each: f64, placed: u64) -> u64 {
    let upto = |count: u64| libm::floor(each * count as f64) as u64;
    upto(placed + 1) - upto(placed)
}

impl Placement for Probing {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        self.forget(ask, view.now());
        let node = if self.replies.len() < FEWEST {
            any(ask, rng)?
        } else {
            let at = self.best(ask, rng);
            let Reply { node, tasks, .. } = self.replies[at];
            self.note(ask, tasks + 1);
            self.use_up(at);
            node
        };
        let Prequal {
            probes_per_task,
            removals_per_task,
            ..
        } = self.parameters;
        for _ in 0..times(removals_per_task.0, self.placed) {
            self.remove_one();
        }
        for _ in 0..times(probes_per_task.0, self.placed) {
            self.probe(ask, view, node, rng);
        }
        self.placed += 1;
        Some(node)
    }

    fn learns(&self) -> bool {
        true
    }

    fn ended(&mut self, task: &Ended) {
        let sent = self.sent[slot(task.class, task.job, task.task)];
        if let Some(alone) = sent.alone(task) {
            self.times.measure(&alone);
        }
    }

    fn has_memory(&self) -> bool {
        true
    }
}

/// Numbers of tasks that were replied lately.
#[derive(Default)]
struct Lately {
    /// As they came; the next one takes the place of that at `next`.
    ring: Vec<u32>,
    next: usize,
    sorted: Vec<u32>,
}

/// Replies that count as of late.
const LATELY: usize = 128;

impl Lately {
    fn add(&mut self, tasks: u32) {
        if self.ring.len() < LATELY {
            self.ring.push(tasks);
        } else {
            let old = std::mem::replace(&mut self.ring[self.next], tasks);
            self.next = (self.next + 1) % LATELY;
            let at = self.sorted.partition_point(|known| *known < old);
            self.sorted.remove(at);
        }
        let at = self.sorted.partition_point(|known| *known < tasks);
        self.sorted.insert(at, tasks);
    }

    /// The least number that a share of `q` of them do not exceed; nothing for all of them.
    fn quantile(&self, q: f64) -> Option<u32> {
        let rank = libm::ceil(q * self.sorted.len() as f64) as usize;
        let is_inner = q < 1.0 && rank > 0;
        is_inner.then(|| self.sorted[rank - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::How;

    /// V62 of the reference: with a limit of 5 the second of (3, 40 ms), (5, 20 ms), (6, 1 ms), for 5 is cold
    /// still; of (6, 1), (9, 0.5), (7, 0.1) the first, for all are hot.
    #[test]
    fn cold_ones_go_by_latency_and_hot_ones_by_tasks() {
        let chosen = |replies: [(u32, f64); 3], most| {
            let rank = |at: &usize| rank(replies[*at].0, replies[*at].1, most);
            (0..3).min_by_key(rank)
        };
        let mixed = [(3, 0.040), (5, 0.020), (6, 0.001)];
        assert_eq!(chosen(mixed, Some(5)), Some(1));
        assert_eq!(chosen([(6, 1.0), (9, 0.5), (7, 0.1)], Some(5)), Some(0));
        // Where no number is too large latency alone decides.
        assert_eq!(chosen(mixed, None), Some(2));
    }

    #[test]
    fn a_response_counts_by_the_tasks_that_were_there() {
        let task = |job| Ended {
            node: NodeId(5),
            class: 1,
            job,
            task: 3,
            service: Time(10),
            response: Time(80),
            at: Time(100),
            how: How::Completed,
        };
        let sent = Sent {
            class: 1,
            job: 2,
            task: 3,
            tasks: 4,
        };
        let alone = sent
            .alone(&task(2))
            .map(|alone| (alone.node, alone.response));
        assert_eq!(alone, Some((NodeId(5), Time(20))));
        assert!(sent.alone(&task(7)).is_none());
        assert!(Sent { tasks: 0, ..sent }.alone(&task(2)).is_none());
    }

    #[test]
    fn what_is_hot_is_a_quantile_of_late() {
        let mut lately = Lately::default();
        assert_eq!(lately.quantile(0.84), None);
        (0..1000).for_each(|tasks| lately.add(tasks));
        (1..=100).for_each(|tasks| lately.add(tasks));
        (0..28).for_each(|_| lately.add(7));
        assert_eq!(lately.sorted.len(), LATELY);
        // Of 1 to 100 and 28 times 7: the 108th is 80.
        assert_eq!(lately.quantile(0.84), Some(80));
        assert_eq!(
            (lately.quantile(0.01), lately.quantile(1.0)),
            (Some(2), None)
        );
    }

    /// The paper's b = max(1, (1 + delta) / ((1 - m / n) r - removed)).
    #[test]
    fn replies_are_used_as_often_as_keeps_the_pool() {
        let prequal = Prequal::default();
        let expected = 2.0 / ((1.0 - 16.0 / 100.0) * 3.0 - 1.0);
        assert!((prequal.uses(100) - expected).abs() < 1e-12);
        assert!(prequal.uses(16) >= 1e9 && prequal.uses(1_000_000) >= 1.0);
        assert_eq!((0..4).map(|k| times(0.5, k)).sum::<u64>(), 2);
        assert_eq!((0..4).map(|k| times(3.0, k)).sum::<u64>(), 12);
    }
}
