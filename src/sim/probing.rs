//! Decisions by what nodes answer: a question to each of those that a placement looks at, which decides by
//! their state when that arrives, and the task sets out when the answers are back.
//!
//! A probe costs a message each way and the time of both, and what is decided by is as old as the answer: this
//! is what tells it from a dispatcher that sees everything.

use crate::engine::law::Law;
use crate::engine::time::Time;

use super::core::Timer;
use super::failure::Fallible;
use super::recorder::Incident;
use super::records::{Phase, Task, draw};
use super::replication::Replication;

impl Replication<'_> {
    /// A task has been decided that is placed at once: by what is seen, or by what nodes answer.
    pub(super) fn place_by_view(&mut self, id: u32) -> Fallible {
        match self.dispatch.asks(&self.core, id) {
            true => self.ask_nodes(id),
            false => self.place_now(id),
        }
    }

    /// Nodes are asked before an attempt sets out.
    pub(super) fn ask_nodes(&mut self, id: u32) -> Fallible {
        let law = &self.core.setup.network.dispatch;
        if law.is_zero() {
            return self.probe(id);
        }
        self.await_nodes(id, (law, 0), Timer::Probe);
        Ok(())
    }

    /// What is asked (`leg` 0) or answered (1) travels.
    fn await_nodes(&mut self, id: u32, (law, leg): (&Law, u32), timer: Timer) {
        let now = self.core.now();
        self.core.records.task_mut(id).enter(Phase::Probing, now);
        let delay = match self.has_copies {
            // Those of several attempts have no numbers left beside those of their ways.
            true => {
                let (task, job) = self.core.records.both(id);
                let mut draw = draw(self.core.keys.probe, job, task, leg);
                Time::from_secs(law.sample(&mut draw))
            }
            false => self.core.delay(law, id, 2 + leg),
        };
        self.core.wait_until(now + delay, timer, id);
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
        let chosen = match self.has_copies {
            true => self.choose_beside(id)?,
            false => Some(self.dispatch.choose_by_replies(&mut self.core, id)?),
        };
        let Some(node) = chosen else {
            return Ok(());
        };
        self.core.records.task_mut(id).node = node;
        let law = &self.core.setup.network.result;
        if law.is_zero() {
            return self.decide_by_replies(id);
        }
        self.await_nodes(id, (law, 1), Timer::Reply);
        Ok(())
    }

    /// The answers are back: the task is bound and sets out.
    pub(super) fn decide_by_replies(&mut self, id: u32) -> Fallible {
        let Task { node, copy, .. } = *self.core.records.task(id);
        self.dispatch.bind(&mut self.core, id, node);
        if copy > 0 {
            self.core.tell(node, Incident::Copied, Some(id));
        }
        self.go(id)
    }
}
