//! Reservations: attempts without a task yet, which stand in the queues of nodes for tasks that are
//! bound late.
//!
//! Those that were made by one decision are a book: whoever of them finds room first gets the next of
//! the book's tasks. A reservation has a record with a copy of its job in it, since it may outlive that:
//! a node may not have heard yet that it is not needed any more.

use crate::model::list::List;
use crate::model::slab::NONE;

/// All of a replication.
#[derive(Debug, Default)]
pub struct Reservations {
    /// By the record of a reservation.
    places: Vec<Place>,
    books: Vec<Book>,
    /// Books that are closed.
    closed: Vec<u32>,
    /// The book of a task that is not bound yet, by its record.
    of_tasks: Vec<u32>,
    /// Those that have found room and have not asked yet.
    pub(super) asking: Vec<u32>,
}

/// Where a reservation stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its book, [`NONE`] once all tasks of that are taken.
    pub book: u32,
    /// Its neighbours in the book.
    before: u32,
    pub next: u32,
    /// Index of the task that it is for, where it is for one alone.
    pub task: u32,
}

/// Tasks that are not bound yet, and the reservations for them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Book {
    pub tasks: List,
    pub first: u32,
    last: u32,
}

const NOWHERE: Place = Place {
    book: NONE,
    before: NONE,
    next: NONE,
    task: NONE,
};

const EMPTY: Book = Book {
    tasks: List::EMPTY,
    first: NONE,
    last: NONE,
};

fn reach<T: Copy>(list: &mut Vec<T>, at: u32, nothing: T) -> &mut T {
    if list.len() <= at as usize {
        list.resize(at as usize + 1, nothing);
    }
    &mut list[at as usize]
}

impl Reservations {
    /// Where a reservation stands.
    pub(super) fn place(&mut self, id: u32) -> &mut Place {
        reach(&mut self.places, id, NOWHERE)
    }

    /// The index of the task that a reservation is for, where it is for one alone.
    pub(super) fn task_of(&self, id: u32) -> u32 {
        self.places
            .get(id as usize)
            .map_or(NONE, |place| place.task)
    }

    /// A book that is open.
    pub(super) fn book(&mut self, id: u32) -> &mut Book {
        &mut self.books[id as usize]
    }

    /// The first task that is left in a book, open or not.
    pub(super) fn head_of(&self, id: u32) -> u32 {
        let book = self.books.get(id as usize);
        book.map_or(NONE, |book| book.tasks.head())
    }

    /// The book of a task that is not bound yet.
    pub(super) fn book_of(&mut self, task: u32) -> &mut u32 {
        reach(&mut self.of_tasks, task, NONE)
    }

    /// Opens a book.
    pub(super) fn open(&mut self) -> u32 {
        let book = self.closed.pop().unwrap_or(self.books.len() as u32);
        *reach(&mut self.books, book, EMPTY) = EMPTY;
        book
    }

    /// A reservation joins a book, as the last.
    pub(super) fn join(&mut self, book: u32, id: u32, task: u32) {
        let last = std::mem::replace(&mut self.book(book).last, id);
        *self.place(id) = Place {
            book,
            before: last,
            next: NONE,
            task,
        };
        match last {
            NONE => self.book(book).first = id,
            last => self.place(last).next = id,
        }
    }

    /// A reservation leaves its book, if it is in one.
    pub(super) fn leave(&mut self, id: u32) {
        let place = self.place(id);
        let Place {
            book, before, next, ..
        } = *place;
        (place.book, place.before, place.next) = (NONE, NONE, NONE);
        if book == NONE {
            return;
        }
        match before {
            NONE => self.book(book).first = next,
            before => self.place(before).next = next,
        }
        match next {
            NONE => self.book(book).last = before,
            next => self.place(next).before = before,
        }
    }

    /// One of the reservations that are not needed any more, if all tasks of a book are taken; it is in
    /// no book from now on. After the last the book is closed.
    pub(super) fn next_surplus(&mut self, book: u32) -> Option<u32> {
        let Book { tasks, first, .. } = *self.book(book);
        match (tasks.is_empty(), first) {
            (false, _) => None,
            (true, NONE) => {
                self.closed.push(book);
                None
            }
            (true, first) => {
                self.leave(first);
                Some(first)
            }
        }
    }
}
