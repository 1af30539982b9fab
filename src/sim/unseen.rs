//! Attempts that nobody waits for any more and that run on unseen, as most servers let them: their
//! results come to nothing.
//!
//! The attempt keeps its record, with which it stands in queues and heaps and among the events, and
//! a copy of its job; the task goes on in a record of its own.

use crate::model::slab::NONE;

use super::core::{Core, Timer};
use super::records::{Job, Record};

impl Core<'_> {
    /// True if nobody waits for the attempt in this record.
    pub(super) fn is_unseen(&self, id: u32) -> bool {
        self.records.both(id).1.unseen
    }

    /// Nobody waits any more for the attempt at the task in record `id`: it keeps the record, and the
    /// task has no attempt and another record. Tells that.
    #[cold]
    pub(super) fn let_go(&mut self, id: u32) -> u32 {
        let now = self.now();
        self.wait_no_more(Timer::Attempt, id);
        let new = self.records.claim();
        let Record { task: attempt, .. } = self.records[id];
        let job = *self.records.job(attempt.job);
        let mut task = attempt;
        task.write_off(now);
        self.records[new].task = task;
        if attempt.job == id {
            self.move_job(id, new, job);
        } else {
            self.replace_sibling(attempt.job, id, new);
        }
        if job.stages != NONE {
            self.stages.move_task(&job, attempt.stage, id, new);
        }
        self.hide(id, job);
        new
    }

    /// The attempt in record `id` is known to nobody; it has a copy of its `job` for its own.
    fn hide(&mut self, id: u32, job: Job) {
        let demand = match self.demands.is_of_class(job.demand) {
            true => job.demand,
            false => self.demands.own(job.demand),
        };
        let Record { task, job: own } = &mut self.records[id];
        (task.job, task.sibling) = (id, NONE);
        *own = job;
        (own.unseen, own.stages, own.demand) = (true, NONE, demand);
    }

    /// A job moves, with its first task, from record `id` to `new`.
    fn move_job(&mut self, id: u32, new: u32, job: Job) {
        self.records[new].job = job;
        let mut next = new;
        while next != NONE {
            let task = self.records.task_mut(next);
            task.job = new;
            next = task.sibling;
        }
        if let Some(patience) = self.setup.faults.timeouts.job {
            let until = job.arrival + patience;
            self.wait_no_more(Timer::Job, id);
            if until > self.now() {
                self.wait_until(until, Timer::Job, new);
            }
        }
    }

    fn replace_sibling(&mut self, job: u32, old: u32, new: u32) {
        let mut before = job;
        while self.records.task(before).sibling != old {
            before = self.records.task(before).sibling;
        }
        self.records.task_mut(before).sibling = new;
    }

    /// An attempt that nobody waits for is over.
    #[cold]
    pub(super) fn forget_unseen(&mut self, id: u32) {
        let job = *self.records.job(id);
        self.waste(id);
        self.demands.give_back(job.demand);
        self.records.remove(id);
    }

    /// Records of tasks in the system, without attempts that nobody waits for.
    pub(super) fn task_records(&self) -> Vec<u32> {
        let mut ids = self.records.ids();
        ids.retain(|&id| !self.is_unseen(id));
        ids
    }
}

impl super::stages::Stages {
    /// A task of a stage of `job` is in another record now.
    fn move_task(&mut self, job: &Job, stage: u16, old: u32, new: u32) {
        let first = self.first_mut(job, stage);
        if *first == old {
            *first = new;
        }
    }
}

/// Attempts that are on their way, wait or run at nodes, or whose results are on their way: they run on
/// if nobody calls them off.
pub(super) fn runs_on(phase: super::records::Phase) -> bool {
    use super::records::Phase::{Network, Queue, Returning, Service};
    matches!(phase, Network | Queue | Service | Returning)
}
