//! What becomes of reservations: they are made for a book of tasks, ask for one of these when they have
//! room, and are forgotten.
//!
//! A reservation holds a place in a queue and not a task: which task runs is settled when its turn comes, so
//! that a task is never bound to a slow node while another is idle (Ousterhout et al., Sparrow, SOSP 2013).

use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::slab::NONE;

use super::core::{Core, Timer};
use super::records::{Phase, Record, Task};
use crate::model::list::List;

impl Core<'_> {
    /// Opens a book for `count` tasks, of which `first` is the first. Tells it.
    pub(super) fn open_book(&mut self, first: u32, count: u32) -> u32 {
        let (now, book) = (self.now(), self.reservations.open());
        let (mut task, mut tasks) = (first, List::EMPTY);
        for _ in 0..count {
            let record = self.records.task_mut(task);
            record.enter(Phase::Unbound, now);
            record.placed = 1;
            let sibling = record.sibling;
            tasks.push(&mut self.records, task);
            *self.reservations.book_of(task) = book;
            task = sibling;
        }
        self.reservations.book(book).tasks = tasks;
        book
    }

    /// A reservation, the one of that `number` of its job's stage, like `pattern`, which is the first
    /// task of its book as it was decided.
    pub(super) fn make_reservation(&mut self, book: u32, pattern: &Task, number: u32) -> u32 {
        let (id, now) = (self.records.claim(), self.now());
        let mut job = *self.records.job(pattern.job);
        job.demand = match self.demands.is_of_class(job.demand) {
            true => job.demand,
            false => self.demands.own(job.demand),
        };
        let mut task = *pattern;
        task.reserve(number, now);
        (task.job, task.sibling) = (id, NONE);
        self.records[id] = Record { task, job };
        self.reservations.join(book, id, pattern.index);
        self.totals.copies += 1;
        id
    }

    /// The reservations of a book, in the order in which they were made.
    pub(super) fn first_of_book(&mut self, book: u32) -> u32 {
        self.reservations.book(book).first
    }

    /// The reservation after `id` in its book.
    pub(super) fn next_of_book(&mut self, id: u32) -> u32 {
        self.reservations.place(id).next
    }

    /// A reservation has room at its node, which is kept for it: it asks for a task.
    pub(super) fn ask(&mut self, id: u32) {
        let now = self.now();
        let task = self.records.task_mut(id);
        task.enter(Phase::Asking, now);
        let (at, slots) = (task.node, u64::from(task.slots));
        let row = self.demands.several(&self.records, id);
        self.nodes.keep_room(at, slots, row);
        self.reservations.asking.push(id);
    }

    /// Room that was kept at a node is given back.
    pub(super) fn give_room_back(&mut self, id: u32) -> NodeId {
        let task = self.records.task(id);
        let (at, slots) = (task.node, u64::from(task.slots));
        let row = self.demands.several(&self.records, id);
        self.nodes.give_room_back(at, slots, row);
        at
    }

    /// The book of a reservation and the next task of it, if any is left; that is in the book no more.
    pub(super) fn take_task(&mut self, reservation: u32) -> Option<(u32, u32)> {
        let at = self.reservations.place(reservation).book;
        if at == NONE {
            return None;
        }
        let tasks = &mut self.reservations.book(at).tasks;
        let task = tasks.pop(&mut self.records)?;
        Some((at, task))
    }

    /// The book that the task `id` was in, if other tasks of its job and stage, which are told, are left in it.
    pub(super) fn open_book_of(&mut self, id: u32, of: (u32, u16)) -> Option<u32> {
        let book = *self.reservations.book_of(id);
        let next = self.reservations.head_of(book);
        let is_left = next != NONE && {
            let task = self.records.task(next);
            (task.job, task.stage) == of
        };
        is_left.then_some(book)
    }

    /// A task that is not bound yet is not to run any more; tells its book.
    pub(super) fn drop_unbound(&mut self, task: u32) -> u32 {
        let book = *self.reservations.book_of(task);
        let tasks = &mut self.reservations.book(book).tasks;
        tasks.remove(&mut self.records, task);
        book
    }

    /// The nodes at which a book has reservations.
    pub(super) fn nodes_of_book(&mut self, book: u32) -> Vec<NodeId> {
        let (mut nodes, mut next) = (Vec::new(), self.reservations.book(book).first);
        while next != NONE {
            let node = self.records.task(next).node;
            nodes.extend((node.0 != NONE).then_some(node));
            next = self.reservations.place(next).next;
        }
        nodes
    }

    /// A task, which takes `service` there, is bound in place of a reservation, which is no more.
    pub(super) fn bind_in_place(&mut self, task: u32, reservation: u32, service: Time) {
        let held = *self.records.task(reservation);
        let record = self.records.task_mut(task);
        record.take_over(&held);
        record.service = service;
        self.nodes.lengthen(held.node, service);
        if self.estimates.is_some() {
            self.note_estimate(task);
        }
        self.forget_reservation(reservation);
        self.changed(held.node);
    }

    /// A reservation, which is nowhere any more, is no more.
    pub(super) fn forget_reservation(&mut self, id: u32) {
        self.wait_no_more(Timer::Cancel, id);
        self.reservations.leave(id);
        let demand = self.records.job(id).demand;
        self.demands.give_back(demand);
        self.records.remove(id);
        self.totals.copies -= 1;
    }
}
