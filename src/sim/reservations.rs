//! Reservations: attempts without a task yet, which stand in the queues of nodes for tasks that are
//! bound late.
//!
//! Those that were made by one decision are a book: whoever of them finds room first gets the next of
//! the book's tasks. A reservation has a record with a copy of its job in it, since it may outlive that:
//! a node may not have heard yet that it is not needed any more.

use crate::model::slab::NONE;

/// All of a replication.
#[derive(Debug, Default)]
pub struct Reservations {
    /// By the record of a reservation.
    places: Vec<Place>,
    /// By the record of the first task of a book.
    books: Vec<Book>,
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
}

/// Tasks that are not bound yet, and the reservations for them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Book {
    /// None of those before it is left.
    pub task: u32,
    /// Tasks that are left.
    pub left: u32,
    pub first: u32,
    last: u32,
}

const NOWHERE: Place = Place {
    book: NONE,
    before: NONE,
    next: NONE,
};

const EMPTY: Book = Book {
    task: NONE,
    left: 0,
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

    /// The book whose first task is in record `id`.
    pub(super) fn book(&mut self, id: u32) -> &mut Book {
        reach(&mut self.books, id, EMPTY)
    }

    /// A book is opened for `count` tasks, of which `first` is the first.
    pub(super) fn open(&mut self, first: u32, count: u32) {
        *self.book(first) = Book {
            task: first,
            left: count,
            ..EMPTY
        };
    }

    /// A reservation joins a book, as the last.
    pub(super) fn join(&mut self, book: u32, id: u32) {
        let last = std::mem::replace(&mut self.book(book).last, id);
        *self.place(id) = Place {
            book,
            before: last,
            next: NONE,
        };
        match last {
            NONE => self.book(book).first = id,
            last => self.place(last).next = id,
        }
    }

    /// A reservation leaves its book, if it is in one.
    pub(super) fn leave(&mut self, id: u32) {
        let Place { book, before, next } = std::mem::replace(self.place(id), NOWHERE);
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
    /// no book from now on.
    pub(super) fn next_surplus(&mut self, book: u32) -> Option<u32> {
        let Book { left, first, .. } = *self.book(book);
        (left == 0 && first != NONE).then(|| {
            self.leave(first);
            first
        })
    }
}
