//! Decisions by what nodes answer: a question to each of those that a placement looks at, which decides by
//! their state when that arrives, and the task sets out when the answers are back.
//!
//! A probe costs a message each way and the time of both, and what is decided by is as old as the answer: this
//! is what tells it from a dispatcher that sees everything.

use super::core::Timer;
use super::failure::Fallible;
use super::records::Phase;
use super::replication::Replication;

impl Replication<'_> {
    /// A task has been decided that is placed at once: by what is seen, or by what nodes answer.
    pub(super) fn place_by_view(&mut self, id: u32) -> Fallible {
        if !self.dispatch.asks(&self.core, id) {
            return self.place_now(id);
        }
        let law = &self.core.setup.network.dispatch;
        if law.is_zero() {
            return self.probe(id);
        }
        let now = self.core.now();
        self.core.records.task_mut(id).enter(Phase::Probing, now);
        let until = now + self.core.delay(law, id, 2);
        self.core.wait_until(until, Timer::Probe, id);
        Ok(())
    }

    /// A task that has been decided goes to the node that the placement chooses.
    pub(super) fn place_now(&mut self, id: u32) -> Fallible {
        let node = self.dispatch.choose(&mut self.core, id)?;
        self.dispatch.bind(&mut self.core, id, node);
        self.go(id)
    }

    /// The nodes that are asked hear of it: the choice hangs on their state now.
    pub(super) fn probe(&mut self, id: u32) -> Fallible {
        if self.comes_back_slowly() {
            self.leave_out(id);
        }
        if self.has_faults && !self.dispatch.has_candidates(&mut self.core, id) {
            self.core.wait_no_more(Timer::Attempt, id);
            self.dispatch.park(&mut self.core, id);
            return Ok(());
        }
        let node = self.dispatch.choose_by_replies(&mut self.core, id)?;
        self.core.records.task_mut(id).node = node;
        let law = &self.core.setup.network.result;
        if law.is_zero() {
            return self.decide_by_replies(id);
        }
        let now = self.core.now();
        self.core.records.task_mut(id).enter(Phase::Probing, now);
        let until = now + self.core.delay(law, id, 3);
        self.core.wait_until(until, Timer::Reply, id);
        Ok(())
    }

    /// The answers are back: the task is bound and sets out.
    pub(super) fn decide_by_replies(&mut self, id: u32) -> Fallible {
        let node = self.core.records.task(id).node;
        self.dispatch.bind(&mut self.core, id, node);
        self.go(id)
    }
}
