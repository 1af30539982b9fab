//! The central queue on the direct path: nodes of one slot that are served from one queue.
//!
//! Tasks start in the order in which they came. One that finds idle nodes goes where the placement says; any
//! other will start at the node that comes free first, so that it is known when it comes where and when that
//! is (Kiefer & Wolfowitz, "On the theory of queues with many servers", Trans. AMS 78, 1955).

use std::collections::VecDeque;

use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::metrics::nodes::{self as metrics, Observation};
use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::strategy::board::by_count::ByCount;
use crate::strategy::{Counts, Order, Ties};

use super::central::Central;
use super::core::Core;
use super::dispatch::Dispatch;
use super::due::Due;
use super::failure::Fallible;
use super::ledger::{Ledger, Task, run_on};
use super::noted::Noted;
use super::placing::Arrived;

/// See the module.
pub struct Servers {
    /// Their number.
    count: u32,
    /// When nodes come free.
    due: Due,
    /// Nodes by what has been placed at them: at 0 those that are idle, at 1 the others.
    nodes: ByCount,
    /// Tasks that start later than they came, in order.
    ahead: VecDeque<Ahead>,
    /// What has started since it was last counted.
    started: Started,
    /// Service of all tasks so far.
    service: u128,
    /// When what runs ends, for a function's own use.
    ends: Noted<Time>,
}

/// A task that has to wait.
struct Ahead {
    start: Time,
    /// Which job of its class's source its job is.
    number: u64,
    work: f64,
    /// Messages that its decision takes.
    messages: u64,
}

/// Tasks, and the messages that were sent for them.
#[derive(Default)]
struct Started {
    tasks: u64,
    messages: u64,
}

impl Started {
    fn count(&mut self, messages: u64) {
        self.tasks += 1;
        self.messages += messages;
    }
}

/// What is seen of candidates: they are all idle.
struct Idle {
    candidates: u32,
    probes: u64,
}

impl Counts for Idle {
    fn tasks(&mut self, _: u32) -> u32 {
        self.probes += 1;
        0
    }

    fn least(&mut self, _: Order, ties: Ties, rng: &mut Draw) -> Option<u32> {
        Some(ties.pick(self.candidates, rng))
    }
}

impl Servers {
    /// Of so many nodes all are idle.
    pub fn new(count: u32) -> Servers {
        let mut nodes = ByCount::new(count as usize);
        (0..count as usize).for_each(|node| nodes.set(node, Some(0)));
        Servers {
            count,
            due: Due::new(count as usize),
            nodes,
            ahead: VecDeque::new(),
            started: Started::default(),
            service: 0,
            ends: Noted::new(count),
        }
    }

    /// A task of `job` comes, which is the job's `task`-th. Tells where and when it is served.
    ///
    /// # Errors
    /// A placement does not choose well.
    #[inline]
    pub fn place(
        &mut self,
        core: &Core<'_>,
        dispatch: &mut Dispatch,
        job: &Arrived<'_>,
        task: u32,
        work: f64,
    ) -> Fallible<Task> {
        let (nodes, now) = (&mut self.nodes, job.at);
        self.due.settle(now, |node, _| {
            nodes.step(node as usize, 1, 0);
            Time::MAX
        });
        let idle = self.nodes.idle_count();
        let (rank, messages) = decide(core, dispatch, job, task, idle.max(1))?;
        let (node, start) = match idle {
            // Nodes that are not free before the clock has come to its end are all alike.
            0 => self
                .due
                .take_first()
                .map_or((NodeId(0), Time::MAX), |(node, time)| (NodeId(node), time)),
            _ => (NodeId(self.nodes.nth_idle(rank) as u32), now),
        };
        if idle == 0 {
            let number = job.number;
            self.ahead.push_back(Ahead {
                start,
                number,
                work,
                messages,
            });
        } else {
            self.nodes.step(node.index(), 0, 1);
            self.started.count(messages);
        }
        let service = job.service(core, task, work, node);
        self.service += u128::from(service.0);
        let end = start + service;
        if end < Time::MAX {
            self.due.push(node.0, end);
        }
        Ok(Task::new(node, start, end))
    }

    /// Counts what has started until `now`; the window has not opened or closed since it was last counted.
    pub fn count_started(&mut self, core: &mut Core<'_>, now: Time) {
        while let Some(first) = self.ahead.front().filter(|first| first.start <= now) {
            self.started.count(first.messages);
            self.ahead.pop_front();
        }
        let Started { tasks, messages } = std::mem::take(&mut self.started);
        if core.window.contains(now) {
            core.totals.placed += tasks;
            core.totals.messages += messages;
        }
    }

    /// Notes when what runs `now` ends. Tells how many tasks wait, and the service that is left of all.
    fn look(&mut self, ledger: &Ledger, now: Time) -> (u64, u128) {
        let (mut waiting, mut left) = (0, 0);
        ledger.for_each_task(|_, task| {
            left += u128::from(task.end.since(task.start.max(now)).0);
            match task.start <= now {
                true if task.end > now => *self.ends.at(task.node) = task.end,
                true => {}
                false => waiting += 1,
            }
        });
        (waiting, left)
    }

    /// What is to be seen `now` with so many jobs in the system.
    pub fn observe(&mut self, ledger: &Ledger, now: Time, jobs: u64) -> Observation {
        let (waiting, _) = self.look(ledger, now);
        let mut seen = metrics::Lines::of(self.count);
        self.ends.drain(|_, end| seen.add(1, end - now));
        seen.observed(now, jobs, waiting)
    }

    /// The nodes of the core become as they are `now`.
    pub fn show(&mut self, core: &mut Core<'_>, ledger: &Ledger, now: Time) {
        let (_, left) = self.look(ledger, now);
        let mut busy = 0;
        for node in (0..self.count).map(NodeId) {
            core.nodes.show_line(node, 0, Time::ZERO, now);
        }
        self.ends.drain(|node, end| {
            busy += 1;
            core.nodes.show_line(node, 1, end - now, now);
        });
        let used = self.service - left;
        core.nodes.show_use(busy, used as i128, now);
    }

    /// The tasks of `in_line` run on by events, or wait in the `central` queue.
    pub fn hand_over(
        &mut self,
        core: &mut Core<'_>,
        (dispatch, central): (&mut Dispatch, &mut Central),
        in_line: Vec<(Task, u32)>,
    ) {
        let now = core.now();
        for (task, id) in in_line {
            if task.start <= now {
                run_on(core, &task, id);
                core.changed(task.node);
            } else if let Some(ahead) = self.ahead.pop_front() {
                let way = dispatch.way(core, core.records.both(id).1.class, ahead.number);
                unbind(core, id, way);
                // Of those that take no time at one node and instant it is not known who is who.
                if task.end > task.start {
                    let job = core.records.task(id).job;
                    core.records.job_mut(job).number = ahead.number;
                    core.records.task_mut(id).work = ahead.work;
                }
                central.take_over(core, id);
            }
        }
    }
}

/// A task waits to be decided at a dispatcher, for a pool of nodes.
fn unbind(core: &mut Core<'_>, id: u32, (dispatcher, pool): (u32, u32)) {
    core.records.task_mut(id).node = NodeId(NONE);
    let job = core.records.task(id).job;
    let job = core.records.job_mut(job);
    (job.dispatcher, job.pool) = (dispatcher, pool);
}

/// The rank of the node for a task among so many candidates, which are idle, and the messages that it takes to
/// choose it.
#[inline(always)]
fn decide(
    core: &Core<'_>,
    dispatch: &mut Dispatch,
    job: &Arrived<'_>,
    task: u32,
    candidates: u32,
) -> Fallible<(u32, u64)> {
    let mut decider = dispatch.decider(core.setup, job.dispatcher, job.pool)?;
    let mut draw = (core.keys.placement).draw(job.class, job.number, 0, task, 0);
    let mut idle = Idle {
        candidates,
        probes: 0,
    };
    match decider.rank(candidates, &mut draw, &mut idle) {
        Some(rank) => Ok((rank, 1 + decider.reports + 2 * idle.probes)),
        None => Err(decider.fault(core.setup)),
    }
}
