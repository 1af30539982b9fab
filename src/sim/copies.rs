//! Copies: several attempts at a task at once, of which the first whose result is received counts
//! (Dean & Barroso, "The tail at scale", CACM 56, 2013; Gardner et al., "Redundancy-d", Operations
//! Research 65, 2017).
//!
//! A copy has a record of its own behind that of its task, which is that of the first attempt. When a result
//! is received, the others are withdrawn at that instant, and what the winner went through becomes the
//! task's. An attempt that comes to nothing is gone, and the task goes on with the others; if it was the
//! last, the task is tried again, or has failed, as one without copies.

use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::strategy::{Copies, Hedge, How};

use super::core::{Core, PACE, Timer, scaled};
use super::failure::Fallible;
use super::lives::draw_work;
use super::recorder::Incident;
use super::records::Phase;
use super::replication::Replication;

impl Replication<'_> {
    /// A task has been decided: it sets out, and its copies with it, or a while later if it is not done by
    /// then.
    #[cold]
    pub(super) fn set_out_with_copies(&mut self, id: u32) -> Fallible {
        if self.core.records.task(id).placed > 0 {
            return self.set_out_again(id);
        }
        self.hedging.tasks += 1;
        let now = self.core.now();
        let before = self.core.records.task(id).parts_at(now);
        self.core.sets.open(id, before, now);
        self.core.records.task_mut(id).placed = 1;
        self.place_by_view(id)?;
        self.make_copies(id)?;
        let set = self.core.sets.at(id);
        set.is_open = false;
        let how = set.ended;
        if !self.core.is_alive(id, NONE) {
            self.end_set(id, how)?;
        }
        self.follow_starts();
        Ok(())
    }

    /// Makes a task's further attempts: all at once, until one has started, or when a hedge is due. What
    /// speculates looks at tasks later.
    fn make_copies(&mut self, id: u32) -> Fallible {
        match self.core.setup.strategy.copies {
            None | Some(Copies::Speculation { .. }) => Ok(()),
            Some(Copies::Redundancy { d, .. }) => (1..d).try_for_each(|_| self.make_copy(id)),
            Some(Copies::UntilStart { d, .. }) => {
                (1..d).try_for_each(|_| match self.core.has_started(id) {
                    true => Ok(()),
                    false => self.make_copy(id),
                })
            }
            Some(Copies::Hedge(hedge)) => {
                self.wait_to_hedge(id, &hedge);
                Ok(())
            }
        }
    }

    /// Sets the timer after which a second attempt is made, if the first is not done by then; none as long as
    /// too few tasks are done to know the quantile.
    fn wait_to_hedge(&mut self, id: u32, hedge: &Hedge) {
        let delay = match hedge.after {
            None => self.hedging.quantile(hedge.permille),
            after => after,
        };
        if let Some(delay) = delay
            && self.core.is_alive(id, NONE)
        {
            let until = self.core.now() + delay;
            self.core.wait_until(until, Timer::Hedge, id);
        }
    }

    /// An attempt that had to leave its node has been decided again: it goes to one where its task has none.
    /// If there is none, the others suffice.
    fn set_out_again(&mut self, id: u32) -> Fallible {
        let first = self.core.first_attempt(id);
        if !self.core.is_alive(first, id) || self.dispatch.asks(&self.core, id) {
            return self.place_by_view(id);
        }
        match self.dispatch.choose_other(&mut self.core, first, id) {
            Some(node) => {
                self.dispatch.bind(&mut self.core, id, node);
                self.go(id)
            }
            None => {
                self.give_up(first, id);
                Ok(())
            }
        }
    }

    /// There is no node for an attempt, as its task has others everywhere: they suffice.
    fn give_up(&mut self, first: u32, id: u32) {
        self.core.wait_no_more(Timer::Attempt, id);
        self.core.totals.attempts_lost += 1;
        self.core.end_of_set(first, id);
    }

    /// The node at which an attempt has chosen to be by what nodes answer, where its task has none; if there is
    /// none, it is no more.
    pub(super) fn choose_beside(&mut self, id: u32) -> Fallible<Option<NodeId>> {
        let first = self.core.first_attempt(id);
        if !self.core.is_alive(first, id) {
            return self
                .dispatch
                .choose_by_replies(&mut self.core, id)
                .map(Some);
        }
        let node = (self.dispatch).choose_other_by_replies(&mut self.core, first, id);
        if node.is_none() {
            self.give_up(first, id);
        }
        Ok(node)
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
        if self.dispatch.asks(&self.core, copy) {
            self.count_copy(id, copy);
            return self.ask_nodes(copy);
        }
        if self.comes_back_slowly() {
            self.leave_out(copy);
        }
        let Some(node) = self.dispatch.choose_other(&mut self.core, id, copy) else {
            self.core.drop_copy(id, copy);
            return Ok(());
        };
        self.count_copy(id, copy);
        self.dispatch.bind(&mut self.core, copy, node);
        self.core.tell(node, Incident::Copied, Some(copy));
        self.go(copy)
    }

    fn count_copy(&mut self, first: u32, copy: u32) {
        self.core.records.task_mut(first).placed += 1;
        self.hedging.copies += 1;
        self.core.totals.attempts += 1;
        self.wait_for_result(copy);
    }

    /// An attempt, which is nowhere any more, came to nothing. If it was the last at its task, tells the record
    /// of that; else the task goes on with the others.
    #[cold]
    pub(super) fn leave_set(&mut self, id: u32, how: How) -> Option<u32> {
        let first = self.core.first_attempt(id);
        self.core.end_of_set(first, id);
        let set = self.core.sets.at(first);
        set.ended = how;
        if set.is_open || self.core.is_alive(first, NONE) {
            return None;
        }
        let now = self.core.now();
        self.core.wait_no_more(Timer::Hedge, first);
        self.core.records.task_mut(first).write_off(now);
        Some(first)
    }

    /// All attempts that were made at a task at once came to nothing as they set out, the last like this.
    fn end_set(&mut self, first: u32, how: How) -> Fallible {
        let now = self.core.now();
        self.core.records.task_mut(first).write_off(now);
        self.end_task(first, how)
    }

    /// Of each task of which an attempt has started the others are called off, or hear of it.
    #[cold]
    pub(super) fn call_off_others(&mut self) {
        let is_told = self.core.setup.network.cancels_late();
        while let Some(id) = self.core.started.pop() {
            // One that was lost at the very instant of its start keeps nobody away.
            let is_lost = self.core.records.task(id).phase() == Phase::Dormant;
            let first = self.core.first_attempt(id);
            if is_lost || first == NONE || self.core.is_unseen(id) {
                continue;
            }
            let mut next = first;
            while next != NONE {
                let following = self.core.next_attempt(next);
                if next != id && self.core.records.task(next).phase() != Phase::Dormant {
                    match is_told {
                        true => self.core.send_start(next),
                        false => self.call_off_other(first, next),
                    }
                }
                next = following;
            }
        }
    }

    /// An attempt that has not started leaves its task to others, if there are any.
    pub(super) fn leave_to_others(&mut self, id: u32) {
        let first = self.core.first_attempt(id);
        if self.core.is_alive(first, id) {
            self.call_off_other(first, id);
        }
    }

    fn call_off_other(&mut self, first: u32, id: u32) {
        let is_attempted = self.core.records.task(id).is_attempted();
        self.core.totals.attempts_lost += u64::from(is_attempted);
        self.core.wait_no_more(Timer::Attempt, id);
        self.withdraw(id);
        self.dispatch.forget(&mut self.core, id);
        self.core.end_of_set(first, id);
    }

    /// The result of an attempt at the task `first` has been received, which is done. If with it half of the tasks of
    /// its job, or stage, are, each other one that has been decided gets a copy when it has taken `factor`
    /// billionths of their median.
    #[cold]
    fn speculate(&mut self, first: u32, factor: u64) {
        let (task, job) = self.core.records.both(first);
        let (tasks, mut next) = match job.stages {
            NONE => (job.tasks, task.job),
            _ => (
                self.core.stages.tasks(job, task),
                self.core.stages.first(job, task.stage),
            ),
        };
        let stage = task.stage;
        let (mut took, mut rest) = (
            std::mem::take(&mut self.hedging.took),
            std::mem::take(&mut self.hedging.rest),
        );
        took.clear();
        rest.clear();
        while next != NONE && self.core.records.task(next).stage == stage {
            let task = self.core.records.task(next);
            match task.phase() {
                _ if task.copy > 0 => {}
                phase if next == first || matches!(phase, Phase::Gather | Phase::Done) => {
                    took.push(self.core.sets.at(next).took.0);
                }
                Phase::Retry => {}
                _ if task.placed > 0 => rest.push(next),
                _ => {}
            }
            next = self.core.records.task(next).sibling;
        }
        took.sort_unstable();
        let median = Time(took[(took.len() - 1) / 2]);
        rest.retain(|_| took.len() as u32 == tasks.div_ceil(2));
        for &id in &rest {
            let until = self.core.sets.at(id).decided + scaled(median, factor, PACE);
            self.core
                .wait_until(until.max(self.core.now()), Timer::Hedge, id);
        }
        (self.hedging.took, self.hedging.rest) = (took, rest);
    }

    /// The result of an attempt has been received: its task is done, and the others are called off.
    /// Tells the record of the task.
    #[cold]
    pub(super) fn settle_task(&mut self, id: u32) -> u32 {
        let mut first = self.core.first_attempt(id);
        self.core.wait_no_more(Timer::Hedge, first);
        let mut next = first;
        while next != NONE {
            let following = self.core.next_attempt(next);
            if next != id && self.core.records.task(next).phase() != Phase::Dormant {
                let task = self.drop_loser(next);
                first = if next == first { task } else { first };
            }
            next = following;
        }
        let now = self.core.now();
        let set = self.core.sets.at(first);
        set.took = now - set.decided;
        self.hedging.learn(set.took.0);
        if let Some(Copies::Speculation { factor, .. }) = self.core.setup.strategy.copies {
            self.speculate(first, factor);
        }
        if id != first {
            self.dispatch.forget(&mut self.core, id);
        }
        self.core.take_winner(first, id);
        self.follow_starts();
        first
    }

    /// An attempt is not needed, as another has won. Tells its record.
    fn drop_loser(&mut self, id: u32) -> u32 {
        let is_attempted = self.core.records.task(id).is_attempted();
        self.core.totals.attempts_lost += u64::from(is_attempted);
        self.core.wait_no_more(Timer::Attempt, id);
        let task = self.abandon(id, false);
        self.core.waste(task);
        task
    }
}

impl Core<'_> {
    /// The attempt at the same task behind `id`; [`NONE`] behind the last.
    pub(super) fn next_attempt(&self, id: u32) -> u32 {
        let sibling = self.records.task(id).sibling;
        match sibling != NONE && self.records.task(sibling).copy > 0 {
            true => sibling,
            false => NONE,
        }
    }

    /// The first attempt at the task of which `id` is one; `NONE` if it is none any more.
    fn first_attempt(&self, id: u32) -> u32 {
        let task = self.records.task(id);
        if task.copy == 0 {
            return id;
        }
        let (mut first, mut next) = (task.job, task.job);
        while next != id && next != NONE {
            let task = self.records.task(next);
            first = if task.copy == 0 { next } else { first };
            next = task.sibling;
        }
        if next == id { first } else { NONE }
    }

    /// True if an attempt at the task `first` is being made, other than `but`.
    fn is_alive(&self, first: u32, but: u32) -> bool {
        let mut next = first;
        while next != NONE {
            if next != but && self.records.task(next).phase() != Phase::Dormant {
                return true;
            }
            next = self.next_attempt(next);
        }
        false
    }

    /// True if any attempt at the task `first` runs.
    fn has_started(&self, first: u32) -> bool {
        let mut next = first;
        while next != NONE {
            let task = self.records.task(next);
            if task.phase() == Phase::Service || task.has_ended() {
                return true;
            }
            next = self.next_attempt(next);
        }
        false
    }

    /// A record for one more attempt at the task `first`, behind those that it has.
    fn make_copy(&mut self, first: u32) -> u32 {
        let (copy, now, mut last) = (self.records.claim(), self.now(), first);
        while self.next_attempt(last) != NONE {
            last = self.next_attempt(last);
        }
        let (mut task, next) = (*self.records.task(first), self.records.task(last).sibling);
        task.copy_at(now, self.sets.at(first), next);
        self.records[copy].task = task;
        self.records.task_mut(last).sibling = copy;
        self.totals.copies += 1;
        copy
    }

    /// A copy of the task `first` is no more.
    fn drop_copy(&mut self, first: u32, copy: u32) {
        self.wait_no_more(Timer::Started, copy);
        let mut before = first;
        while self.records.task(before).sibling != copy {
            before = self.records.task(before).sibling;
        }
        self.records.task_mut(before).sibling = self.records.task(copy).sibling;
        self.records.remove(copy);
        self.totals.copies -= 1;
    }

    /// All copies of tasks of a job, which are nowhere any more, are no more.
    pub(super) fn drop_copies(&mut self, job: u32) {
        let mut before = job;
        while before != NONE {
            let next = self.next_attempt(before);
            match next {
                NONE => before = self.records.task(before).sibling,
                copy => self.drop_copy(before, copy),
            }
        }
    }

    /// An attempt that is nowhere any more has come to nothing, or is not needed.
    fn end_of_set(&mut self, first: u32, id: u32) {
        self.wait_no_more(Timer::Started, id);
        match id == first {
            true => {
                let now = self.now();
                self.records.task_mut(id).rest(now);
            }
            false => self.drop_copy(first, id),
        }
    }

    /// What the attempt `winner` went through becomes that of its task; all copies are gone.
    fn take_winner(&mut self, first: u32, winner: u32) {
        let won = *self.records.task(winner);
        self.wait_no_more(Timer::Started, first);
        let mut next = self.next_attempt(first);
        while next != NONE {
            self.drop_copy(first, next);
            next = self.next_attempt(first);
        }
        let sibling = self.records.task(first).sibling;
        let task = self.records.task_mut(first);
        if winner != first {
            *task = won;
        }
        (task.sibling, task.copy) = (sibling, 0);
    }
}
