//! Attempts that nobody waits for any more and that run on unseen, for ever, as most servers let them, or until
//! they are called off: their results come to nothing.
//!
//! The attempt keeps its record, with which it stands in queues and heaps and among the events, and
//! a copy of its job; the task goes on in a record of its own.

use crate::engine::time::Time;
use crate::model::slab::NONE;

use super::core::{Core, Timer};
use super::failure::Fallible;
use super::records::{Job, Phase, Record, draw};
use super::replication::Replication;
use crate::strategy::How;

impl Replication<'_> {
    /// Nobody waits for an attempt any more, as it was not done in time (`is_late`) or is not needed: it is called
    /// off at once, or goes on unseen. Tells the record of its task, which is nowhere any more.
    pub(super) fn abandon(&mut self, id: u32, is_late: bool) -> u32 {
        if !self.goes_on_unseen(id, is_late) {
            self.withdraw(id);
            self.dispatch.forget(&mut self.core, id);
            return id;
        }
        self.dispatch.forget(&mut self.core, id);
        let task = self.core.let_go(id);
        if !(is_late && self.core.setup.faults.timeouts.run_on) {
            self.core.send_cancel(id);
        }
        task
    }

    /// True if an attempt for which nobody waits any more goes on, for ever or until it hears of that: it is on its
    /// way, waits or runs, or its result is on its way. (Of those that start together none starts alone.)
    pub(super) fn goes_on_unseen(&self, id: u32, is_late: bool) -> bool {
        use Phase::{Asking, Network, Queue, Returning, Service};
        let setup = self.core.setup;
        if !(is_late && setup.faults.timeouts.run_on || setup.network.cancels_late()) {
            return false;
        }
        let (task, job) = self.core.records.both(id);
        let is_gang = self.core.facts[job.class as usize].is_gang;
        let has_left = matches!(task.phase(), Network | Queue | Asking | Service | Returning);
        has_left && !is_gang
    }

    /// Whoever placed an attempt that goes on unseen hears that it was not done in time.
    pub(super) fn tell_timeout(&mut self, id: u32) -> Fallible {
        let node = self.core.records.task(id).node;
        self.dispatch.lost(&mut self.core, id, How::TimedOut);
        self.judge_failure(node)
    }

    /// An attempt hears that another at its task has started: if it has not, it leaves, unless it is the last.
    #[cold]
    pub(super) fn hear_of_start(&mut self, id: u32) -> Fallible {
        self.core.forget_start(id);
        let task = self.core.records.task(id);
        if task.phase() == Phase::Service || task.has_ended() {
            return Ok(());
        }
        if self.core.is_unseen(id) {
            return self.hear_of_cancel(id);
        }
        self.leave_to_others(id);
        Ok(())
    }

    /// What calls an attempt off has reached it, unless its result has set out.
    #[cold]
    pub(super) fn hear_of_cancel(&mut self, id: u32) -> Fallible {
        if self.core.records.task(id).phase() == Phase::Returning {
            return Ok(());
        }
        self.withdraw(id);
        self.core.forget_unseen(id);
        self.pull()
    }
}

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
        self.wait_no_more(Timer::Hedge, id);
        let new = self.records.claim();
        let Record { task: attempt, .. } = self.records[id];
        let job = *self.records.job(attempt.job);
        let mut task = attempt;
        task.write_off(now);
        self.records[new].task = task;
        self.sets.move_to(id, new);
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

    /// A message sets out that calls off the attempt in record `id`, by the way of an attempt.
    fn send_cancel(&mut self, id: u32) {
        self.send_news(id, Timer::Cancel);
    }

    /// The attempt in record `id` will hear that another at its task has started.
    pub(super) fn send_start(&mut self, id: u32) {
        if !self.hears_of_start(id) {
            self.send_news(id, Timer::Started);
        }
    }

    fn send_news(&mut self, id: u32, news: Timer) {
        let now = self.now();
        self.totals.messages += u64::from(self.window.contains(now));
        let (task, job) = self.records.both(id);
        let mut draw = draw(self.keys.cancel, job, task, 0);
        let law = self.way(&self.setup.network.dispatch, id, 0);
        let delay = Time::from_secs(law.sample(&mut draw));
        self.wait_until(now + delay, news, id);
    }

    /// The attempt in record `id` is known to nobody; it has a copy of its `job` for its own.
    fn hide(&mut self, id: u32, job: Job) {
        let demand = match self.demands.is_of_class(job.demand) {
            true => job.demand,
            false => self.demands.own(job.demand),
        };
        if let Some(estimates) = &mut self.estimates {
            estimates.hide(&job, self.records.task(id).stage);
        }
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
            if until >= self.now() {
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
        if let Some(estimates) = &mut self.estimates {
            estimates.forget_hidden(&job, self.records.task(id).stage);
        }
        self.wait_no_more(Timer::Cancel, id);
        self.wait_no_more(Timer::Started, id);
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
