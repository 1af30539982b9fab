//! Copies: several attempts at a task at once, of which the first whose result is received counts
//! (Dean & Barroso, "The tail at scale", CACM 56, 2013; Gardner et al., "Redundancy-d", Operations
//! Research 65, 2017).
//!
//! A copy has a record of its own behind that of its task. When a result is received, the others are
//! withdrawn at that instant, and what the winner went through becomes the task's.

use crate::engine::time::Time;
use crate::model::slab::NONE;
use crate::strategy::{Copies, Hedge};

use super::core::{PACE, Timer, scaled};
use super::failure::Fallible;
use super::lives::draw_work;
use super::records::Phase;
use super::replication::Replication;

impl Replication<'_> {
    /// A task has been placed; its copies set out with it, or a while later if it is not done by then.
    #[cold]
    pub(super) fn set_out_with_copies(&mut self, id: u32) -> Fallible {
        self.hedging.tasks += 1;
        self.go(id)?;
        match self.core.setup.strategy.copies {
            None => Ok(()),
            Some(Copies::Redundancy { d, .. }) => (1..d).try_for_each(|_| self.make_copy(id)),
            Some(Copies::UntilStart { d, .. }) => {
                (1..d).try_for_each(|_| match self.has_started(id) {
                    true => Ok(()),
                    false => self.make_copy(id),
                })
            }
            Some(Copies::Speculation { .. }) => Ok(()),
            Some(Copies::Hedge(hedge)) => {
                let Hedge {
                    after, permille, ..
                } = hedge;
                let delay = after.or_else(|| self.hedging.quantile(permille));
                if let Some(delay) = delay {
                    let until = self.core.now() + delay;
                    self.core.wait_until(until, Timer::Hedge, id);
                }
                Ok(())
            }
        }
    }

    /// An attempt that is bound to a node sets out, and is there at once if nothing travels.
    pub(super) fn go(&mut self, id: u32) -> Fallible {
        if self.dispatch_is_instant {
            return self.reach(id);
        }
        self.core.set_out(id);
        Ok(())
    }

    /// A task has taken long: it gets a copy if the budget allows.
    pub(super) fn hedge(&mut self, id: u32) -> Fallible {
        let budget = match self.core.setup.strategy.copies {
            Some(Copies::Hedge(Hedge { budget, .. })) => budget,
            _ => 1.0, // speculation has none
        };
        let allowed = self.hedging.tasks as f64 * budget;
        if (self.hedging.copies + 1) as f64 > allowed {
            return Ok(());
        }
        self.make_copy(id)
    }

    /// One more attempt at the task `id`, at a node where it has none, if there is one.
    fn make_copy(&mut self, id: u32) -> Fallible {
        let copy = self.core.make_copy(id);
        let is_fresh = self
            .core
            .setup
            .strategy
            .copies
            .is_some_and(Copies::is_fresh);
        if is_fresh {
            draw_work(&mut self.core, copy);
        }
        let Some(node) = self.dispatch.choose_other(&mut self.core, id, copy) else {
            self.core.drop_copy(id, copy);
            return Ok(());
        };
        self.hedging.copies += 1;
        self.core.totals.attempts += 1;
        self.dispatch.bind(&mut self.core, copy, node);
        self.go(copy)
    }

    /// True if any attempt at the task `first` runs.
    fn has_started(&self, first: u32) -> bool {
        let index = self.core.records.task(first).index;
        let mut next = first;
        while next != NONE && self.core.records.task(next).index == index {
            let task = self.core.records.task(next);
            if task.phase() == Phase::Service || task.has_ended() {
                return true;
            }
            next = task.sibling;
        }
        false
    }

    /// Of each task of which an attempt has started the others are called off.
    #[cold]
    pub(super) fn call_off_others(&mut self) {
        while let Some(id) = self.core.started.pop() {
            let first = self.core.first_attempt(id);
            let index = self.core.records.task(id).index;
            let mut next = first;
            while next != NONE && self.core.records.task(next).index == index {
                let task = self.core.records.task(next);
                let (sibling, phase) = (task.sibling, task.phase());
                if next != id && phase != Phase::Dormant {
                    self.call_off_other(first, next);
                }
                next = sibling;
            }
        }
    }

    fn call_off_other(&mut self, first: u32, id: u32) {
        self.withdraw(id);
        self.dispatch.forget(&mut self.core, id);
        self.core.totals.attempts_lost += 1;
        self.core.started.retain(|started| *started != id);
        match id == first {
            true => self.core.records.task_mut(id).sleep(),
            false => self.core.drop_copy(first, id),
        }
    }

    /// The result of the attempt `id` has been received, which took so long from its decision on. If with it half of
    /// the tasks of its job are done, each other one gets a copy when it has taken `factor` billionths of
    /// their median.
    #[cold]
    fn speculate(&mut self, id: u32, took: u64, factor: u64) {
        let (of, index) = (
            self.core.records.task(id).job,
            self.core.records.task(id).index,
        );
        let (mut took_all, mut rest) = (
            std::mem::take(&mut self.hedging.took),
            std::mem::take(&mut self.hedging.rest),
        );
        took_all.clear();
        rest.clear();
        took_all.push(took);
        let mut next = of;
        while next != NONE {
            let task = self.core.records.task(next);
            let [_, _, network, queue, service, retry, _] = *task.parts();
            match task.phase() {
                _ if task.copy > 0 || task.index == index => {}
                Phase::Gather | Phase::Done => took_all.push(network + queue + service + retry),
                _ if task.is_attempted() => rest.push(next),
                _ => {}
            }
            next = task.sibling;
        }
        let job = *self.core.records.job(of);
        took_all.sort_unstable();
        let median = Time(took_all[(took_all.len() - 1) / 2]);
        rest.retain(|_| took_all.len() as u32 == job.tasks.div_ceil(2));
        for &id in &rest {
            let [dispatch, decision, ..] = *self.core.records.task(id).parts();
            let decided = job.arrival + Time(dispatch + decision);
            let until = decided + scaled(median, factor, PACE);
            self.core
                .wait_until(until.max(self.core.now()), Timer::Hedge, id);
        }
        (self.hedging.took, self.hedging.rest) = (took_all, rest);
    }

    /// The result of an attempt has been received: its task is done, and the others are called off.
    /// Tells the record of the task.
    #[cold]
    pub(super) fn settle_task(&mut self, id: u32) -> u32 {
        let mut first = self.core.first_attempt(id);
        self.core.wait_no_more(Timer::Hedge, first);
        let index = self.core.records.task(id).index;
        let mut next = first;
        while next != NONE && self.core.records.task(next).index == index {
            let sibling = self.core.records.task(next).sibling;
            if next != id && self.core.records.task(next).phase() != Phase::Dormant {
                let task = self.abandon(next, false);
                self.core.waste(task);
                self.core.totals.attempts_lost += 1;
                first = if next == first { task } else { first };
            }
            next = sibling;
        }
        let [dispatch, decision, ..] = *self.core.records.task(id).parts();
        let job = self.core.records.both(id).1;
        let decided = job.arrival.0 + dispatch + decision;
        let took = self.core.now().0 - decided;
        self.hedging.learn(took);
        if let Some(Copies::Speculation { factor, .. }) = self.core.setup.strategy.copies {
            self.speculate(id, took, factor);
        }
        if id != first {
            self.dispatch.forget(&mut self.core, id);
        }
        self.core.take_winner(first, id);
        first
    }
}
