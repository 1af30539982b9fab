//! The list of pending events, in the order that is part of the model: by time, then by rank
//! (kind, entity, order of scheduling).
//!
//! Events of the present instant and events of the future are kept apart: the first are few and
//! come and go at once (a decision that takes no time), the second are many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::time::Time;

/// Where an event stands among events of the same instant.
///
/// Four bits of kind, 24 of entity, 36 of the order in which events were scheduled (enough for
/// 68 thousand million events a replication).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank(u64);

/// Entities are numbered below this.
pub const MAX_ENTITIES: u32 = 1 << 24;

impl Rank {
    #[inline]
    fn new(kind: u8, entity: u32, sequence: u64) -> Rank {
        debug_assert!(kind < 16 && entity < MAX_ENTITIES && sequence < 1 << 36);
        Rank(u64::from(kind) << 60 | u64::from(entity) << 36 | sequence)
    }
}

/// An event with its place in the order; only the place is compared.
#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    time: Time,
    rank: Rank,
    event: E,
}

impl<E> Entry<E> {
    #[inline]
    fn key(&self) -> (Time, Rank) {
        (self.time, self.rank)
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl<E> Eq for Entry<E> {}
impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// Pending events and the clock.
#[derive(Clone, Debug)]
pub struct Agenda<E> {
    now: Time,
    sequence: u64,
    present: BinaryHeap<Reverse<Entry<E>>>,
    future: Heap<E>,
}

impl<E: Copy> Agenda<E> {
    /// An empty agenda at time 0 with room for `capacity` events.
    pub fn with_capacity(capacity: usize) -> Agenda<E> {
        Agenda {
            now: Time::ZERO,
            sequence: 0,
            present: BinaryHeap::with_capacity(64),
            future: Heap {
                entries: Vec::with_capacity(capacity),
            },
        }
    }

    /// The present instant: the time of the event that was taken last.
    #[inline]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Number of events taken or pending.
    pub fn scheduled(&self) -> u64 {
        self.sequence
    }

    /// Puts `event` at `time`, which must not lie in the past.
    #[inline]
    pub fn schedule(&mut self, time: Time, kind: u8, entity: u32, event: E) {
        debug_assert!(
            time >= self.now,
            "an event cannot be scheduled into the past"
        );
        let entry = Entry {
            time,
            rank: Rank::new(kind, entity, self.sequence),
            event,
        };
        self.sequence += 1;
        if time == self.now {
            self.present.push(Reverse(entry));
        } else {
            self.future.push(entry);
        }
    }

    /// Time of the event that comes next.
    #[inline]
    pub fn peek(&self) -> Option<Time> {
        if self.present.is_empty() {
            self.future.first().map(|entry| entry.time)
        } else {
            Some(self.now)
        }
    }

    /// True if no other event is pending at the present instant, so that one scheduled now would
    /// come next.
    #[inline]
    pub fn is_clear(&self) -> bool {
        self.present.is_empty()
            && self
                .future
                .first()
                .is_none_or(|entry| entry.time > self.now)
    }

    /// Takes the event that comes next and moves the clock to it.
    #[inline]
    pub fn take(&mut self) -> Option<E> {
        let entry = match (self.present.peek(), self.future.first()) {
            (None, _) => self.future.pop()?,
            (Some(Reverse(soon)), Some(later)) if later < soon => self.future.pop()?,
            _ => self.present.pop()?.0,
        };
        self.now = entry.time;
        Some(entry.event)
    }
}

/// A 4-ary heap: half the levels of a binary one, and a node's children share a cache line or two.
#[derive(Clone, Debug)]
struct Heap<E> {
    entries: Vec<Entry<E>>,
}

const ARITY: usize = 4;

impl<E: Copy> Heap<E> {
    #[inline]
    fn first(&self) -> Option<&Entry<E>> {
        self.entries.first()
    }

    #[inline]
    fn push(&mut self, entry: Entry<E>) {
        let mut hole = self.entries.len();
        self.entries.push(entry);
        while hole > 0 {
            let parent = (hole - 1) / ARITY;
            if self.entries[parent] <= entry {
                break;
            }
            self.entries[hole] = self.entries[parent];
            hole = parent;
        }
        self.entries[hole] = entry;
    }

    #[inline]
    fn pop(&mut self) -> Option<Entry<E>> {
        let last = self.entries.pop()?;
        let Some(&first) = self.entries.first() else {
            return Some(last);
        };
        let mut hole = 0;
        loop {
            let child = ARITY * hole + 1;
            let end = (child + ARITY).min(self.entries.len());
            let Some(least) = (child..end).min_by_key(|&i| self.entries[i].key()) else {
                break;
            };
            if last <= self.entries[least] {
                break;
            }
            self.entries[hole] = self.entries[least];
            hole = least;
        }
        self.entries[hole] = last;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// A slow and obvious twin: a vector searched for its least (time, kind, entity, sequence).
    #[derive(Default)]
    struct Twin {
        pending: Vec<(Time, u8, u32, usize, u32)>,
        count: usize,
    }

    impl Twin {
        fn schedule(&mut self, time: Time, kind: u8, entity: u32, event: u32) {
            self.pending.push((time, kind, entity, self.count, event));
            self.count += 1;
        }
        fn take(&mut self) -> Option<(Time, u32)> {
            let least = (0..self.pending.len()).min_by_key(|&i| self.pending[i])?;
            let (time, .., event) = self.pending.swap_remove(least);
            Some((time, event))
        }
    }

    /// Many ties, zero delays and a list that grows and shrinks.
    #[test]
    fn order_is_that_of_the_slow_twin() {
        let key = Seeds::new(5, 1).key(Purpose::Observation);
        let mut agenda = Agenda::with_capacity(4);
        let mut twin = Twin::default();
        let mut taken = 0u32;
        for step in 0..20_000u32 {
            let mut draw = key.draw(0, u64::from(step), 0, 0, 0);
            for _ in 0..draw.below(if step % 1000 < 500 { 4 } else { 2 }) {
                let time = agenda.now() + Time(u64::from(draw.below(6).saturating_sub(2)));
                let (kind, entity) = (draw.below(3) as u8, draw.below(3));
                agenda.schedule(time, kind, entity, step);
                twin.schedule(time, kind, entity, step);
            }
            assert_eq!(
                agenda.peek(),
                twin.pending.iter().min().map(|entry| entry.0)
            );
            let expected = twin.take();
            assert_eq!(agenda.take().map(|event| (agenda.now(), event)), expected);
            taken += u32::from(expected.is_some());
        }
        assert!(taken > 15_000);
    }

    #[test]
    fn clear_means_nothing_else_now() {
        let mut agenda = Agenda::with_capacity(4);
        agenda.schedule(Time(5), 0, 0, 'a');
        agenda.schedule(Time(5), 1, 0, 'b');
        agenda.schedule(Time(6), 0, 0, 'c');
        assert_eq!(agenda.take(), Some('a'));
        assert!(!agenda.is_clear());
        assert_eq!(agenda.take(), Some('b'));
        assert!(agenda.is_clear());
    }
}
