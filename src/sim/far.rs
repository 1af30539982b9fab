//! Ends of services of those who stand far back in lines, which seldom are so long: linked lists in one
//! store.

use crate::engine::time::Time;
use crate::model::slab::NONE;

/// The store of all lines.
pub struct Far {
    ends: Vec<End>,
    /// The first of its free places, which are linked.
    free: u32,
}

/// When the service of a task ends.
#[derive(Clone, Copy)]
struct End {
    time: Time,
    /// The next in line, or among the free ones.
    next: u32,
}

/// Those of one line: the first and the last.
#[derive(Clone, Copy)]
pub struct Rear {
    first: u32,
    last: u32,
}

impl Rear {
    /// Nobody.
    pub const EMPTY: Rear = Rear {
        first: NONE,
        last: NONE,
    };
}

impl Far {
    /// Nobody stands far back anywhere.
    pub fn new() -> Far {
        Far {
            ends: Vec::new(),
            free: NONE,
        }
    }

    /// One more stands behind those of `rear`.
    #[inline(never)]
    pub fn push(&mut self, rear: &mut Rear, time: Time) {
        let id = self.free;
        let id = match self.ends.get_mut(id as usize) {
            Some(end) => {
                self.free = std::mem::replace(&mut end.next, NONE);
                end.time = time;
                id
            }
            None => {
                self.ends.push(End { time, next: NONE });
                self.ends.len() as u32 - 1
            }
        };
        match std::mem::replace(&mut rear.last, id) {
            NONE => rear.first = id,
            before => self.ends[before as usize].next = id,
        }
    }

    /// The first of `rear`, of whom there are some, comes near; tells when its service ends.
    #[inline(never)]
    pub fn pop(&mut self, rear: &mut Rear) -> Time {
        let id = rear.first;
        let end = &mut self.ends[id as usize];
        rear.first = std::mem::replace(&mut end.next, self.free);
        self.free = id;
        if rear.first == NONE {
            rear.last = NONE;
        }
        end.time
    }

    /// How many of `rear`, who are in order, have left until `now`.
    pub fn gone(&self, rear: Rear, now: Time) -> u32 {
        let (mut gone, mut next) = (0, rear.first);
        while let Some(end) = self.ends.get(next as usize).filter(|end| end.time <= now) {
            (gone, next) = (gone + 1, end.next);
        }
        gone
    }

    /// Places that were ever taken at once.
    #[cfg(test)]
    pub fn places(&self) -> usize {
        self.ends.len()
    }
}
