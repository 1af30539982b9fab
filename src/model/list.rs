//! Lists that run through the records themselves: a record is in one list at a time, and leaves it
//! from anywhere in constant time.
//!
//! A queue from which anything may be taken out (a cancelled copy, a stolen task) would cost a search in an
//! array; here the links are in the records, and no memory is asked for while a replication runs.

use super::slab::{NONE, Slab};

/// The neighbours of a record in the list that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Links {
    before: u32,
    next: u32,
}

impl Links {
    /// Of a record that is in no list.
    pub const NONE: Links = Links {
        before: NONE,
        next: NONE,
    };
}

/// A record that can be in a list.
pub trait Linked {
    /// Its neighbours.
    fn links(&self) -> &Links;
    /// Its neighbours, to change them.
    fn links_mut(&mut self) -> &mut Links;
}

/// A list of records of a slab, in the order in which they were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    head: u32,
    tail: u32,
}

impl List {
    /// A list without records.
    pub const EMPTY: List = List {
        head: NONE,
        tail: NONE,
    };

    /// True if it has no records.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.head == NONE
    }

    /// The first record; [`NONE`] if there is none.
    #[inline]
    pub fn head(self) -> u32 {
        self.head
    }

    /// The record after `id` in its list; [`NONE`] after the last.
    #[inline]
    pub fn after<T: Linked>(slab: &Slab<T>, id: u32) -> u32 {
        slab[id].links().next
    }

    /// The record before `id` in its list; [`NONE`] before the first.
    pub fn before<T: Linked>(slab: &Slab<T>, id: u32) -> u32 {
        slab[id].links().before
    }

    /// Adds a record, which is in no list, before `next`; at the end if that is [`NONE`].
    pub fn insert_before<T: Linked>(&mut self, slab: &mut Slab<T>, next: u32, id: u32) {
        if next == NONE {
            return self.push(slab, id);
        }
        let before = slab[next].links().before;
        if before == NONE {
            return self.push_front(slab, id);
        }
        *slab[id].links_mut() = Links { before, next };
        slab[before].links_mut().next = id;
        slab[next].links_mut().before = id;
    }

    /// Adds a record, which is in no list, at the end.
    #[inline]
    pub fn push<T: Linked>(&mut self, slab: &mut Slab<T>, id: u32) {
        *slab[id].links_mut() = Links {
            before: self.tail,
            next: NONE,
        };
        if self.tail == NONE {
            self.head = id;
        } else {
            slab[self.tail].links_mut().next = id;
        }
        self.tail = id;
    }

    /// Adds a record, which is in no list, at the front.
    pub fn push_front<T: Linked>(&mut self, slab: &mut Slab<T>, id: u32) {
        *slab[id].links_mut() = Links {
            before: NONE,
            next: self.head,
        };
        if self.head == NONE {
            self.tail = id;
        } else {
            slab[self.head].links_mut().before = id;
        }
        self.head = id;
    }

    /// The last record; [`NONE`] if there is none.
    pub fn tail(self) -> u32 {
        self.tail
    }

    /// Takes out a record that is in it.
    #[inline]
    pub fn remove<T: Linked>(&mut self, slab: &mut Slab<T>, id: u32) {
        let Links { before, next } = *slab[id].links();
        if before == NONE {
            self.head = next;
        } else {
            slab[before].links_mut().next = next;
        }
        if next == NONE {
            self.tail = before;
        } else {
            slab[next].links_mut().before = before;
        }
    }

    /// Takes out the first record, if there is one.
    #[inline]
    pub fn pop<T: Linked>(&mut self, slab: &mut Slab<T>) -> Option<u32> {
        let first = self.head;
        if first == NONE {
            return None;
        }
        self.remove(slab, first);
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug)]
    struct Record(Links);

    impl Default for Record {
        fn default() -> Record {
            Record(Links::NONE)
        }
    }
    impl Linked for Record {
        fn links(&self) -> &Links {
            &self.0
        }
        fn links_mut(&mut self) -> &mut Links {
            &mut self.0
        }
    }

    /// Every way of taking four records out of a list, against a vector.
    #[test]
    fn records_leave_from_anywhere() {
        for order in 0..256usize {
            let mut slab = Slab::<Record>::default();
            let (mut list, mut twin) = (List::EMPTY, Vec::new());
            for _ in 0..4 {
                let id = slab.claim();
                if order % 3 == 0 {
                    list.push_front(&mut slab, id);
                    twin.insert(0, id);
                } else {
                    list.push(&mut slab, id);
                    twin.push(id);
                }
            }
            for step in 0..4 {
                let at = (order >> (2 * step)) % twin.len();
                list.remove(&mut slab, twin.remove(at));
                let mut found = Vec::new();
                let mut id = list.head();
                while id != NONE {
                    found.push(id);
                    id = List::after(&slab, id);
                }
                assert_eq!(found, twin);
            }
            assert!(list.is_empty() && list.pop(&mut slab).is_none());
        }
    }
}
