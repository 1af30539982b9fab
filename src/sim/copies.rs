//! Copies: several attempts at a task at once, of which the first whose result is received counts
//! (Dean & Barroso, "The tail at scale", CACM 56, 2013; Gardner et al., "Redundancy-d", Operations
//! Research 65, 2017).
//!
//! A copy has a record of its own behind that of its task. When a result is received, the others are
//! withdrawn at that instant, and what the winner went through becomes the task's.

use crate::engine::time::Time;
use crate::model::slab::NONE;
use crate::strategy::{Copies, Hedge};

use super::core::Timer;
use super::failure::Fallible;
use super::hedging::ENOUGH;
use super::lives::draw_work;
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
            Some(Copies::Hedge(hedge)) => {
                let delay = match hedge {
                    Hedge { after, .. } if after.is_some() => after,
                    Hedge { permille, .. } if self.hedging.responses.total() >= ENOUGH => {
                        let nanoseconds = self.hedging.responses.quantile(permille);
                        nanoseconds.map(|delay| Time(delay as u64))
                    }
                    Hedge { .. } => None,
                };
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
        let Some(Copies::Hedge(Hedge { budget, .. })) = self.core.setup.strategy.copies else {
            return Ok(());
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

    /// The result of an attempt has been received: its task is done, and the others are called off.
    /// Tells the record of the task.
    #[cold]
    pub(super) fn settle_task(&mut self, id: u32) -> u32 {
        let first = self.core.first_attempt(id);
        self.core.wait_no_more(Timer::Hedge, first);
        let index = self.core.records.task(id).index;
        let mut next = first;
        while next != NONE && self.core.records.task(next).index == index {
            let sibling = self.core.records.task(next).sibling;
            if next != id {
                self.withdraw(next);
                self.dispatch.forget(&mut self.core, next);
                self.core.waste(next);
                self.core.totals.attempts_lost += 1;
            }
            next = sibling;
        }
        let [dispatch, decision, ..] = *self.core.records.task(id).parts();
        let job = self.core.records.both(id).1;
        let decided = job.arrival.0 + dispatch + decision;
        self.hedging.responses.record(self.core.now().0 - decided);
        if id != first {
            self.dispatch.forget(&mut self.core, id);
        }
        self.core.take_winner(first, id);
        first
    }
}
