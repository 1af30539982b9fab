//! Late binding: tasks go to whoever of the nodes that hold reservations has room first (Ousterhout,
//! Wendell, Zaharia & Stoica, "Sparrow: distributed, low latency scheduling", SOSP 2013).
//!
//! A decision makes reservations, which travel and queue as attempts do. One that finds room keeps it
//! and asks its dispatcher, which answers with the next task that is left, or with nothing. When all
//! tasks are taken the other reservations are called off.

use crate::model::ids::NodeId;
use crate::model::nodes::NodeState;
use crate::model::slab::NONE;
use crate::strategy::{Late, Sampling};

use super::core::Timer;
use super::failure::Fallible;
use super::records::Phase;
use super::replication::Replication;
use super::service;
use super::setup::StrandedQueued;

/// Numbers of reservations that nodes make which stick to a job begin here.
const MOST_RESERVATIONS: u32 = 1 << 31;

impl Replication<'_> {
    /// A task that has been decided sets out, and others with it or in its place.
    #[cold]
    pub(super) fn set_out_otherwise(&mut self, id: u32) -> Fallible {
        if self.has_copies {
            return self.set_out_with_copies(id);
        }
        match self.late(id) {
            Some(_) if self.core.records.task(id).is_reservation() => self.reserve_again(id),
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
        if !parts.sticks || self.core.nodes.state(node) != NodeState::Up {
            return;
        }
        let (ready, of) = (self.core.stages.ready_at(job, task), (task.job, task.stage));
        let (mut pattern, index) = (*task, task.index);
        let Some(book) = self.core.open_book_of(id, of) else {
            return;
        };
        pattern.stay(ready, self.core.now());
        self.core.totals.attempts += 1;
        let number = MOST_RESERVATIONS + index;
        let reservation = self.core.make_reservation(book, &pattern, number);
        self.dispatch
            .bind_reservation(&mut self.core, reservation, node);
        self.dispatch.arrived(&mut self.core, reservation);
        self.core.start(reservation);
    }

    /// Makes reservations for the tasks that are decided with `first`, and lets them set out.
    fn reserve(&mut self, first: u32, late: Late) -> Fallible {
        let pattern = *self.core.records.task(first);
        let (tasks, before) = self.task_count(first, late);
        let count = late.reservations(tasks);
        let book = self.core.open_book(first, tasks);
        self.wait_for_others(first, tasks);
        self.core.totals.attempts += u64::from(count) - 1;
        self.dispatch.begin_reserving();
        for number in 0..count {
            let number = before.wrapping_add(number);
            let id = self.core.make_reservation(book, &pattern, number);
            self.dispatch.reserve(&mut self.core, id)?;
        }
        self.count_reserved(tasks, count);
        self.send_reservations(book);
        Ok(())
    }

    /// How many tasks are decided with `first`, and the number of their first reservation: those of one that
    /// is tried again, or has left its node, come after all others of its stage.
    fn task_count(&self, first: u32, late: Late) -> (u32, u32) {
        let (task, job) = self.core.records.both(first);
        let (all, each) = (self.core.stages.tasks(job, task), late.reservations(1));
        let of_round = |round: u32| {
            let before = round.wrapping_mul(all).wrapping_add(task.index);
            before.wrapping_mul(each)
        };
        let attempt = u32::from(task.attempt);
        match late.sampling {
            Sampling::Batch if task.attempt == 0 && task.placed == 0 => (all, 0),
            Sampling::Batch => (1, of_round(attempt + 1)),
            Sampling::PerTask => (1, of_round(attempt)),
        }
    }

    /// The dispatcher waits for the results of all tasks that are decided with `first`.
    fn wait_for_others(&mut self, first: u32, tasks: u32) {
        let mut id = first;
        for _ in 1..tasks {
            id = self.core.records.task(id).sibling;
            self.begin_attempt(id);
        }
    }

    /// In place of `tasks` tasks `count` reservations were placed.
    fn count_reserved(&mut self, tasks: u32, count: u32) {
        if self.core.window.contains(self.core.now()) {
            let placed = &mut self.core.totals.placed;
            *placed = *placed + u64::from(tasks) - u64::from(count);
        }
    }

    fn send_reservations(&mut self, book: u32) {
        let mut id = self.core.first_of_book(book);
        while id != NONE {
            let next = self.core.next_of_book(id);
            self.send_reservation(id);
            id = next;
        }
        self.follow_starts();
    }

    fn send_reservation(&mut self, id: u32) {
        match self.core.setup.network.is_instant(0) {
            true => {
                self.dispatch.arrived(&mut self.core, id);
                service::reach(&mut self.core, id);
            }
            false => self.core.set_out(id),
        }
    }

    /// A reservation that had to leave its node has been decided again: it goes to one where its book has
    /// none, or, if all have one, to any.
    fn reserve_again(&mut self, id: u32) -> Fallible {
        let book = self.core.reservations.place(id).book;
        let held = self.core.nodes_of_book(book);
        self.dispatch
            .begin_reserving_beside(&mut self.core, id, &held);
        self.dispatch.reserve(&mut self.core, id)?;
        self.count_reserved(0, 1);
        self.send_reservation(id);
        self.follow_starts();
        Ok(())
    }

    /// A reservation is held nowhere any more, as its node is down: it is decided again, if a task is left for it.
    pub(super) fn turn_reservation_away(&mut self, id: u32) -> Fallible {
        if self.core.reservations.place(id).book == NONE {
            self.drop_reservation(id);
            return Ok(());
        }
        self.core.records.task_mut(id).node = NodeId(NONE);
        self.core.totals.attempts -= 1;
        self.place_again(id)
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
            let network = &self.core.setup.network;
            if network.is_instant(1) {
                self.answer(id);
            } else {
                let until = self.core.now() + self.core.travel(&network.result, id, 1);
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
        let network = &self.core.setup.network;
        if network.is_instant(0) && self.core.setup.sends_nothing(0) {
            self.take_up(id);
        } else {
            let until = self.core.now() + self.core.travel(&network.dispatch, id, 0);
            self.core.wait_until(until, Timer::Answer, id);
        }
        if let Some((book, _)) = given {
            self.call_off_surplus(book);
        }
    }

    /// A question, an answer or the end of a reservation has reached whom it is for; see [`Timer`].
    #[cold]
    pub(super) fn hear_of_reservation(&mut self, timer: u32, id: u32) -> Fallible {
        let node = self.core.records.task(id).node;
        let is_down = node.0 != NONE && self.core.nodes.state(node) == NodeState::Down;
        match timer {
            5 | 6 if is_down => return self.hear_of_down_node(timer, id),
            5 => self.answer(id),
            6 => self.take_up(id),
            _ => self.end_reservation(id),
        }
        Ok(())
    }

    /// The node that has asked is down meanwhile. A reservation goes back to where it was, if it may still get
    /// a task; a task fares as one that reaches a node that is down.
    fn hear_of_down_node(&mut self, timer: u32, id: u32) -> Fallible {
        let node = self.core.give_room_back(id);
        let queued = self.core.setup.faults.stranded.queued;
        let is_reservation = self.core.records.task(id).is_reservation();
        if is_reservation && (timer == 6 || self.core.reservations.place(id).book == NONE) {
            self.core.release(id);
            self.drop_reservation(id);
        } else if queued != StrandedQueued::Stay {
            return self.turn_away(id, queued);
        } else if is_reservation {
            let now = self.core.now();
            self.core.records.task_mut(id).enter(Phase::Queue, now);
            service::put_back(&mut self.core, id);
        } else {
            service::reach(&mut self.core, id);
        }
        self.follow_clock(node);
        Ok(())
    }

    /// The answer has reached its node: the task starts, or the room is given to others.
    pub(super) fn take_up(&mut self, id: u32) {
        let node = self.core.give_room_back(id);
        if !self.core.records.task(id).is_reservation() {
            self.core.start(id);
            return self.follow_clock(node);
        }
        self.core.release(id);
        self.drop_reservation(id);
        self.start_waiting(node);
    }

    /// If all tasks of a book are taken, the nodes of its other reservations are told, but for those that
    /// ask: they hear it anyway.
    fn call_off_surplus(&mut self, book: u32) {
        while let Some(id) = self.core.reservations.next_surplus(book) {
            match self.core.records.task(id).phase() {
                Phase::Asking => {}
                Phase::Dispatch | Phase::Decision | Phase::Parked | Phase::Unparked => {
                    self.end_reservation(id);
                }
                _ => self.call_off_reservation(id),
            }
        }
    }

    /// Sends the message that a reservation is not needed any more; until it arrives the node holds the place.
    fn call_off_reservation(&mut self, id: u32) {
        self.count_message();
        let network = &self.core.setup.network;
        if network.is_instant(0) {
            self.end_reservation(id);
        } else {
            let until = self.core.now() + self.core.travel(&network.dispatch, id, 0);
            self.core.wait_until(until, Timer::Cancel, id);
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
        let is_attempted = self.core.records.task(id).is_attempted();
        self.core.totals.attempts_lost += u64::from(is_attempted);
        self.core.totals.cancelled += u64::from(is_measured);
        self.dispatch.forget(&mut self.core, id);
        self.core.forget_reservation(id);
    }

    /// A task for which no reservation has found room yet is not to run any more.
    pub(super) fn forget_unbound(&mut self, id: u32) {
        let book = self.core.drop_unbound(id);
        self.core.records.task_mut(id).sleep();
        self.call_off_surplus(book);
    }
}
