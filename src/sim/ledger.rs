//! What has been placed on the direct path and is not accounted for yet.
//!
//! All that is to be said of a task is known when it is placed, but it counts only once it has
//! happened. So it is written down, and gone through from time to time: what has happened by then is
//! accounted for, all at once, and the rest is kept. All figures are sums in which order does not
//! count.

use crate::engine::time::Time;
use crate::metrics::jobs::JobStats;
use crate::model::ids::NodeId;
use crate::model::slab::NONE;

use super::core::{Completion, Core, Kind};

/// Entries that are written at least before they are gone through.
const ROUND: usize = 1024;

/// See the module.
#[derive(Default)]
pub struct Ledger {
    jobs: Vec<Placed>,
    /// Tasks of those jobs that have several, in the same order.
    tasks: Vec<Task>,
    /// Jobs up to which it need not be gone through.
    room: usize,
    /// Messages sent at each end of a task in the window.
    by_loads: u64,
    /// Tasks whose service has ended.
    pub ended: u64,
    /// A list for a function's own use.
    ends: Vec<Time>,
}

/// A job whose tasks have been placed.
#[derive(Clone, Copy)]
pub struct Placed {
    /// When it arrived.
    pub arrival: Time,
    /// When the service of its task starts, of several that of the one that ends last (of these: the
    /// first).
    pub start: Time,
    /// When that ends.
    pub end: Time,
    /// The longest work + overhead of its tasks at speed 1.
    pub ideal: Time,
    /// Index of its class.
    pub class: u32,
    /// Number of its tasks.
    pub tasks: u32,
    /// The node of its only task.
    pub node: NodeId,
    /// Whether it is measured.
    pub measured: bool,
}

/// A task that has been placed.
#[derive(Clone, Copy)]
pub struct Task {
    /// When its service starts.
    pub start: Time,
    /// When that ends.
    pub end: Time,
    /// Its node.
    pub node: NodeId,
    /// It is accounted for, its job is not.
    has_ended: bool,
}

/// From where to where tasks move up while those before them are dropped.
#[derive(Default)]
struct Moving {
    from: usize,
    to: usize,
}

impl Task {
    /// A task that is served at `node` from `start` to `end`.
    pub fn new(node: NodeId, start: Time, end: Time) -> Task {
        Task {
            start,
            end,
            node,
            has_ended: false,
        }
    }
}

impl Ledger {
    /// An empty one; `by_loads` messages are sent whenever the service of a task ends.
    pub fn new(by_loads: u64) -> Ledger {
        Ledger {
            by_loads,
            room: ROUND,
            ..Ledger::default()
        }
    }

    /// Jobs that may be written down before it is gone through; 0 if it should be now.
    #[inline]
    pub fn room(&self) -> usize {
        self.room.saturating_sub(self.jobs.len())
    }

    /// Writes down a job, whose tasks have been written down if it has several.
    #[inline(always)]
    pub fn write(&mut self, job: Placed) {
        self.jobs.push(job);
    }

    /// Writes down one of several tasks of the job that is written down next.
    #[inline(always)]
    pub fn write_task(&mut self, task: Task) {
        self.tasks.push(task);
    }

    /// Accounts for all that has happened until `now`.
    pub fn settle(&mut self, core: &mut Core<'_>, now: Time) {
        let (mut kept, mut tasks) = (0, Moving::default());
        for at in 0..self.jobs.len() {
            let job = self.jobs[at];
            let is_over = match job.tasks {
                1 => job.end <= now,
                _ => self.account_several(core, &job, &mut tasks, now),
            };
            if !is_over {
                self.jobs[kept] = job;
                kept += 1;
            } else if job.tasks == 1 {
                self.account(core, &job);
            }
        }
        self.jobs.truncate(kept);
        self.tasks.truncate(tasks.to);
        self.room = (kept + ROUND.max(kept / 4)).next_multiple_of(ROUND);
        self.jobs.reserve_exact(self.room - kept);
    }

    /// Accounts for a job of one task.
    #[inline(always)]
    fn account(&mut self, core: &mut Core<'_>, job: &Placed) {
        self.end_task(core, &Task::new(job.node, job.start, job.end));
        let queue = job.start - job.arrival;
        core.count_completion(&job.completion(), |stats, completed, floor| {
            stats.complete_plain(completed, queue, floor);
            stats.waited_plain(queue);
        });
    }

    /// Accounts for what has happened to a job of several tasks, which are the next; true if it is
    /// complete.
    #[inline(never)]
    fn account_several(
        &mut self,
        core: &mut Core<'_>,
        job: &Placed,
        moving: &mut Moving,
        now: Time,
    ) -> bool {
        let tasks = moving.from..moving.from + job.tasks as usize;
        moving.from = tasks.end;
        for at in tasks.clone() {
            let task = self.tasks[at];
            if task.end <= now && !task.has_ended {
                self.tasks[at].has_ended = true;
                self.end_task(core, &task);
            }
        }
        if job.end > now {
            self.tasks.copy_within(tasks, moving.to);
            moving.to += job.tasks as usize;
            return false;
        }
        let mut completion = job.completion();
        completion.straggler_wait_doubled = self.straggler_wait_doubled(tasks.clone());
        core.count_completion(&completion, |stats, completed, floor| {
            stats.complete_plain(completed, job.start - job.arrival, floor);
            let tasks = self.tasks[tasks].iter();
            tasks.for_each(|task| stats.waited_plain(task.start - job.arrival));
        });
        true
    }

    /// The service of a task has ended.
    #[inline(always)]
    fn end_task(&mut self, core: &mut Core<'_>, task: &Task) {
        let service = task.end - task.start;
        self.ended += 1;
        core.totals.attempts_done += 1;
        let span = core.window.overlap(task.start, task.end);
        core.busy.add(task.node, 1, &[], span);
        if core.window.contains(task.end) {
            core.busy.end(task.node);
            core.totals.slot_time += u128::from(service.0);
            core.totals.messages += self.by_loads;
        }
    }

    /// Twice the last minus the median end of some tasks.
    fn straggler_wait_doubled(&mut self, tasks: std::ops::Range<usize>) -> u64 {
        self.ends.clear();
        let ends = self.tasks[tasks].iter().map(|task| task.end);
        self.ends.extend(ends);
        self.ends.sort_unstable();
        let (ends, n) = (&self.ends, self.ends.len());
        let last = ends[n - 1];
        (last - ends[(n - 1) / 2]).0 + (last - ends[n / 2]).0
    }

    /// When the last of the measured jobs that are written down is complete; 0 if there is none.
    pub fn last_measured(&self) -> Time {
        let measured = self.jobs.iter().filter(|job| job.measured);
        measured.map(|job| job.end).max().unwrap_or_default()
    }

    /// The nodes of all tasks that have not ended, when all that has ended is accounted for.
    pub fn nodes_of_tasks(&self) -> impl Iterator<Item = NodeId> + '_ {
        let only = self.jobs.iter().filter(|job| job.tasks == 1);
        let several = self.tasks.iter().filter(|task| !task.has_ended);
        only.map(|job| job.node)
            .chain(several.map(|task| task.node))
    }

    /// All jobs that are not complete go over into records, and their tasks run or wait, with the
    /// events that end them.
    pub fn hand_over(&mut self, core: &mut Core<'_>) {
        core.stats.iter_mut().for_each(JobStats::add_plain);
        let (now, mut first) = (core.now(), 0);
        for job in std::mem::take(&mut self.jobs) {
            let several = first..first + job.several();
            first = several.end;
            let only = [Task::new(job.node, job.start, job.end)];
            let tasks = match job.tasks {
                1 => &only,
                _ => &self.tasks[several],
            };
            let ids = record(core, &job, tasks);
            for (task, id) in tasks.iter().zip(ids) {
                core.records.task_mut(id).node = task.node;
                if task.end > now {
                    take_over(core, task, id, now);
                }
            }
        }
    }
}

impl Placed {
    /// Tasks that are written down apart.
    #[inline(always)]
    fn several(&self) -> usize {
        match self.tasks {
            1 => 0,
            tasks => tasks as usize,
        }
    }

    #[inline(always)]
    fn completion(&self) -> Completion {
        Completion {
            class: self.class,
            tasks: self.tasks,
            measured: self.measured,
            arrival: self.arrival,
            at: self.end,
            ideal: self.ideal,
            straggler_wait_doubled: 0,
        }
    }
}

/// A task that runs or waits at its node goes on by events.
fn take_over(core: &mut Core<'_>, task: &Task, id: u32, now: Time) {
    let at = core.nodes.at_mut(task.node);
    if at.running.is_empty() && task.start <= now {
        at.running.push(&mut core.records, id);
        core.schedule_task(task.end, Kind::End, task.node.0 + 1, id);
    } else {
        at.queue.push(&mut core.records, id);
    }
}

/// Makes the records of a job and of its `tasks` as they are now; tells the numbers of the latter.
fn record(core: &mut Core<'_>, job: &Placed, tasks: &[Task]) -> Vec<u32> {
    let now = core.now();
    let ids: Vec<u32> = tasks.iter().map(|_| core.records.claim()).collect();
    for (index, (task, &id)) in tasks.iter().zip(&ids).enumerate() {
        let record = core.records.task_mut(id);
        record.renew(ids[0], index as u32, 1, 0.0, job.arrival);
        record.sibling = ids.get(index + 1).copied().unwrap_or(NONE);
        record.go_on(task.start, task.end, now);
    }
    let ended = |place: &usize| tasks[*place].end <= now;
    let critical = (0..tasks.len())
        .filter(ended)
        .max_by_key(|&place| (tasks[place].end, std::cmp::Reverse(place)));
    let demand = core.facts[job.class as usize].demand;
    let record = core.records.job_mut(ids[0]);
    record.renew(0, job.class, demand, job.arrival);
    record.split(job.tasks, job.ideal);
    record.measured = job.measured;
    record.gathered = (0..tasks.len()).filter(ended).count() as u32;
    record.critical = critical.map_or(NONE, |place| ids[place]);
    ids
}
