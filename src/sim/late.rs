//! Late binding: tasks go to whoever of the nodes that hold reservations has room first (Ousterhout,
//! Wendell, Zaharia & Stoica, "Sparrow: distributed, low latency scheduling", SOSP 2013).
//!
//! A decision makes reservations, which travel and queue as attempts do. One that finds room keeps it
//! and asks its dispatcher, which answers with the next task that is left, or with nothing. When all
//! tasks are taken the other reservations are called off.

use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::strategy::{Late, Sampling};

use super::core::Timer;
use super::failure::Fallible;
use super::records::Phase;
use super::replication::Replication;
use super::service;

impl Replication<'_> {
    /// A task that has been decided sets out, and others with it or in its place.
    #[cold]
    pub(super) fn set_out_otherwise(&mut self, id: u32) -> Fallible {
        if self.has_copies {
            return self.set_out_with_copies(id);
        }
        match self.late(id) {
            Some(late) => self.reserve(id, late),
            None => self.place_by_view(id),
        }
    }

    /// How a task is bound late, if it is.
    fn late(&self, id: u32) -> Option<Late> {
        let (strategy, class) = (
            &self.core.setup.strategy,
            self.core.records.both(id).1.class,
        );
        strategy.parts[strategy.parts_of_class[class as usize]].late
    }

    /// The service of a task ends at `node`: if tasks of its book are left it asks for another one, for which it keeps
    /// the room, before it turns to its queue.
    #[cold]
    pub(super) fn stick(&mut self, id: u32, node: NodeId) {
        let (task, job) = self.core.records.both(id);
        let strategy = &self.core.setup.strategy;
        let parts = &strategy.parts[strategy.parts_of_class[job.class as usize]];
        let (Some(late), true) = (parts.late, parts.sticks) else {
            return;
        };
        let (tasks, ready) = (
            self.core.stages.tasks(job, task),
            self.core.stages.ready_at(job, task),
        );
        let book = match job.stages {
            NONE => task.job,
            _ => self.core.stages.first(job, task.stage),
        };
        let (mut pattern, index) = (*task, task.index);
        if self.core.reservations.book(book).left == 0 {
            return;
        }
        pattern.stay(ready, self.core.now());
        self.core.totals.attempts += 1;
        let number = late.reservations(tasks) + index;
        let reservation = self.core.make_reservation(book, &pattern, number);
        self.dispatch
            .bind_reservation(&mut self.core, reservation, node);
        self.dispatch.arrived(&mut self.core, reservation);
        self.core.start(reservation);
    }

    /// Makes reservations for the tasks that are decided with `first`, and lets them set out.
    fn reserve(&mut self, first: u32, late: Late) -> Fallible {
        let (task, job) = self.core.records.both(first);
        let pattern = *task;
        let (tasks, before) = match late.sampling {
            Sampling::Batch => (self.core.stages.tasks(job, task), 0),
            Sampling::PerTask => (1, task.index * late.reservations(1)),
        };
        let count = late.reservations(tasks);
        self.core.open_book(first, tasks);
        self.core.totals.attempts += u64::from(count) - 1;
        self.dispatch.begin_reserving();
        for number in before..before + count {
            let id = self.core.make_reservation(first, &pattern, number);
            self.dispatch.reserve(&mut self.core, id)?;
        }
        if self.core.window.contains(self.core.now()) {
            let placed = &mut self.core.totals.placed;
            *placed = *placed + u64::from(tasks) - u64::from(count);
        }
        self.send_reservations(first);
        Ok(())
    }

    fn send_reservations(&mut self, book: u32) {
        let mut id = self.core.first_of_book(book);
        while id != NONE {
            let next = self.core.next_of_book(id);
            match self.core.setup.network.dispatch.is_zero() {
                true => {
                    self.dispatch.arrived(&mut self.core, id);
                    service::reach(&mut self.core, id);
                }
                false => self.core.set_out(id),
            }
            id = next;
        }
        self.follow_starts();
    }

    /// What follows from starts of the event at hand: reservations ask, other attempts are called off.
    #[inline]
    pub(super) fn follow_starts(&mut self) {
        if !self.core.started.is_empty() {
            self.call_off_others();
        }
        if !self.core.reservations.asking.is_empty() {
            self.ask_all();
        }
    }

    /// Reservations that have found room ask, in the order in which they have.
    fn ask_all(&mut self) {
        let mut at = 0;
        while let Some(&id) = self.core.reservations.asking.get(at) {
            at += 1;
            self.count_message();
            let law = &self.core.setup.network.result;
            if law.is_zero() {
                self.answer(id);
            } else {
                let until = self.core.now() + self.core.travel(law, id, 1);
                self.core.wait_until(until, Timer::Question, id);
            }
        }
        self.core.reservations.asking.clear();
    }

    fn count_message(&mut self) {
        if self.core.window.contains(self.core.now()) {
            self.core.totals.messages += 1;
        }
    }

    /// A dispatcher is asked for a task: it answers with the next one, or with nothing.
    pub(super) fn answer(&mut self, id: u32) {
        self.count_message();
        let given = self.core.take_task(id);
        let id = match given {
            None => id,
            Some((_, task)) => {
                self.dispatch.hand_over(&mut self.core, id, task);
                task
            }
        };
        let law = &self.core.setup.network.dispatch;
        if law.is_zero() && self.core.setup.sends_nothing(0) {
            self.take_up(id);
        } else {
            let until = self.core.now() + self.core.travel(law, id, 0);
            self.core.wait_until(until, Timer::Answer, id);
        }
        if let Some((book, _)) = given {
            self.call_off_surplus(book);
        }
    }

    /// A question, an answer or the end of a reservation has reached whom it is for; see [`Timer`].
    #[cold]
    pub(super) fn hear_of_reservation(&mut self, timer: u32, id: u32) {
        match timer {
            5 => self.answer(id),
            6 => self.take_up(id),
            _ => self.end_reservation(id),
        }
        self.follow_starts();
    }

    /// The answer has reached its node: the task starts, or the room is given to others.
    pub(super) fn take_up(&mut self, id: u32) {
        let node = self.core.give_room_back(id);
        if !self.core.records.task(id).is_reservation() {
            return self.core.start(id);
        }
        self.core.release(id);
        self.drop_reservation(id);
        service::start_waiting(&mut self.core, node);
    }

    /// If all tasks of a book are taken, the nodes of its other reservations are told, but for those that
    /// ask: they hear it anyway.
    fn call_off_surplus(&mut self, book: u32) {
        while let Some(id) = self.core.reservations.next_surplus(book) {
            if self.core.records.task(id).phase() == Phase::Asking {
                continue;
            }
            self.count_message();
            let law = &self.core.setup.network.dispatch;
            if law.is_zero() {
                self.end_reservation(id);
            } else {
                let until = self.core.now() + self.core.travel(law, id, 0);
                self.core.wait_until(until, Timer::Cancel, id);
            }
        }
    }

    /// A node hears that a reservation is not needed any more, which it may have found out itself.
    pub(super) fn end_reservation(&mut self, id: u32) {
        if self.core.records.task(id).phase() != Phase::Asking {
            self.withdraw(id);
            self.drop_reservation(id);
        }
    }

    /// A reservation, which is held nowhere any more, has come to nothing.
    fn drop_reservation(&mut self, id: u32) {
        let is_measured = self.core.records.job(id).measured;
        self.core.totals.attempts_lost += 1;
        self.core.totals.cancelled += u64::from(is_measured);
        self.dispatch.forget(&mut self.core, id);
        self.core.forget_reservation(id);
    }

    /// A task for which no reservation has found room yet is not to run any more.
    pub(super) fn forget_unbound(&mut self, id: u32) {
        let (task, job) = self.core.records.both(id);
        let book = match self.late(id).map(|late| late.sampling) {
            Some(Sampling::Batch) if job.stages == NONE => task.job,
            Some(Sampling::Batch) => self.core.stages.first(job, task.stage),
            _ => id,
        };
        self.core.drop_unbound(book);
        self.core.records.task_mut(id).sleep();
        self.call_off_surplus(book);
    }
}
