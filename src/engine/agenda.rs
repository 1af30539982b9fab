//! The list of pending events, in the order that is part of the model: by time, then by rank
//! (kind, entity, order of scheduling).
//!
//! A calendar queue (Brown, "Calendar queues: a fast O(1) priority queue implementation for the
//! simulation event set problem", CACM 31, 1988): future events lie unsorted in the days of a
//! calendar, and only those of today are kept in order. An event is put into its day and found
//! again in constant time, however many are pending.

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
    fn key(&self) -> u128 {
        u128::from(self.time.0) << 64 | u128::from(self.rank.0)
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl<E> Eq for Entry<E> {}
impl<E> PartialOrd for Entry<E> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Entry<E> {
    #[inline]
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// Pending events and the clock.
#[derive(Clone, Debug)]
pub struct Agenda<E> {
    now: Time,
    sequence: u64,
    /// All events up to the end of the calendar's today.
    today: Today<E>,
    /// All later ones.
    later: Calendar<E>,
}

impl<E: Copy> Agenda<E> {
    /// An empty agenda at time 0 with room for `capacity` events.
    pub fn with_capacity(capacity: usize) -> Agenda<E> {
        Agenda {
            now: Time::ZERO,
            sequence: 0,
            today: Today::new(),
            later: Calendar::with_capacity(capacity),
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

    /// True if nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.today.is_empty() && self.later.is_empty()
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
        if self.later.day(time) > self.later.today {
            return self.later.push(entry);
        }
        self.today.push(entry);
        self.later.passed += u64::from(time > self.now);
        if self.today.rest.len() > CROWD {
            self.later.adapt(self.now, &mut self.today);
        }
    }

    /// Time of the event that comes next.
    #[inline]
    pub fn peek(&mut self) -> Option<Time> {
        if self.today.is_empty() {
            self.later.turn(self.now, &mut self.today);
        }
        self.today.first.map(|entry| entry.time)
    }

    /// True if no other event is pending at the present instant, so that one scheduled now would
    /// come next.
    #[inline]
    pub fn is_clear(&self) -> bool {
        self.today.first.is_none_or(|entry| entry.time > self.now)
    }

    /// Takes the event that comes next and moves the clock to it.
    #[inline]
    pub fn take(&mut self) -> Option<E> {
        self.peek()?;
        let entry = self.today.pop()?;
        self.now = entry.time;
        Some(entry.event)
    }
}

/// Events of one day from which on it may be too long.
const CROWD: usize = 64;

/// The events of today in order: mostly one, so that the first is kept by itself.
#[derive(Clone, Debug)]
struct Today<E> {
    first: Option<Entry<E>>,
    rest: BinaryHeap<Reverse<Entry<E>>>,
}

impl<E: Copy> Today<E> {
    fn new() -> Today<E> {
        Today {
            first: None,
            rest: BinaryHeap::with_capacity(2 * CROWD),
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    #[inline]
    fn push(&mut self, entry: Entry<E>) {
        match self.first {
            None => self.first = Some(entry),
            Some(first) if entry < first => {
                self.first = Some(entry);
                self.rest.push(Reverse(first));
            }
            Some(_) => self.rest.push(Reverse(entry)),
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<Entry<E>> {
        let next = if self.rest.is_empty() {
            None
        } else {
            self.rest.pop().map(|Reverse(entry)| entry)
        };
        std::mem::replace(&mut self.first, next)
    }
}

/// An entry in the list of its day.
#[derive(Clone, Copy, Debug)]
struct Listed<E> {
    entry: Entry<E>,
    next: u32,
}

/// Ends the list of a day.
const NONE: u32 = u32::MAX;

/// The days after today. Each bucket holds one day as a list; one bit a bucket tells whether it
/// holds anything. What lies beyond the last bucket waits in a heap until its day comes.
///
/// The length of a day follows the mean gap between events, so that a day holds about one.
#[derive(Clone, Debug)]
struct Calendar<E> {
    /// A day lasts 2^`shift` nanoseconds.
    shift: u32,
    today: u64,
    /// First entry of each bucket; their number is a power of two, at least 64.
    heads: Vec<u32>,
    occupied: Vec<u64>,
    entries: Vec<Listed<E>>,
    /// First of the unused `entries`.
    free: u32,
    far: BinaryHeap<Reverse<Entry<E>>>,
    pending: usize,
    /// Room for all entries while the length of a day changes.
    moving: Vec<Entry<E>>,
    /// Entries that passed through the calendar or straight into today since `since`, when the
    /// length of a day was last looked at.
    passed: u64,
    since: Time,
}

/// Entries that pass between two looks at the length of a day, at least.
const PATIENCE: u64 = 256;

impl<E: Copy> Calendar<E> {
    fn with_capacity(capacity: usize) -> Calendar<E> {
        let buckets = (2 * capacity).next_power_of_two().max(64);
        Calendar {
            shift: 10,
            today: 0,
            heads: vec![NONE; buckets],
            occupied: vec![0; buckets / 64],
            entries: Vec::with_capacity(capacity),
            free: NONE,
            far: BinaryHeap::with_capacity(capacity / 4 + 64),
            pending: 0,
            moving: Vec::with_capacity(capacity),
            passed: 0,
            since: Time::ZERO,
        }
    }

    fn is_empty(&self) -> bool {
        self.pending == 0
    }

    #[inline]
    fn day(&self, time: Time) -> u64 {
        time.0 >> self.shift
    }

    /// Puts an entry of a day after today.
    #[inline]
    fn push(&mut self, entry: Entry<E>) {
        self.pending += 1;
        let day = self.day(entry.time);
        if day - self.today > self.heads.len() as u64 {
            return self.far.push(Reverse(entry));
        }
        let bucket = day as usize & (self.heads.len() - 1);
        let next = self.heads[bucket];
        self.heads[bucket] = self.store(Listed { entry, next });
        self.occupied[bucket / 64] |= 1 << (bucket % 64);
    }

    #[inline]
    fn store(&mut self, listed: Listed<E>) -> u32 {
        let place = self.free;
        if place == NONE {
            self.entries.push(listed);
            return self.entries.len() as u32 - 1;
        }
        self.free = self.entries[place as usize].next;
        self.entries[place as usize] = listed;
        place
    }

    /// Turns to the next day that holds anything and hands its entries out, as of `now`.
    fn turn(&mut self, now: Time, out: &mut Today<E>) {
        self.adapt(now, out);
        if self.is_empty() || !out.is_empty() {
            return;
        }
        let (near, far) = (self.next_day(), self.first_far_day());
        self.today = near.min(far);
        if near <= far {
            self.hand_out(near as usize & (self.heads.len() - 1), out);
        }
        while self.first_far_day() == self.today {
            if let Some(Reverse(entry)) = self.far.pop() {
                self.pass(entry, out);
            }
        }
    }

    /// The first day beyond the last bucket at which anything lies; `u64::MAX` if none does.
    #[inline]
    fn first_far_day(&self) -> u64 {
        let first = self.far.peek();
        first.map_or(u64::MAX, |Reverse(entry)| self.day(entry.time))
    }

    /// The first day after today whose bucket holds anything; `u64::MAX` if none does.
    #[inline]
    fn next_day(&self) -> u64 {
        let (words, mask) = (self.occupied.len(), self.heads.len() - 1);
        let start = (self.today as usize + 1) & mask;
        let first = self.occupied[start / 64] & (u64::MAX << (start % 64));
        let (mut word, mut bits) = (start / 64, first);
        // The last word looked at is the first again, for its bits below `start`.
        for _ in 0..words {
            if bits != 0 {
                break;
            }
            word = (word + 1) & (words - 1);
            bits = self.occupied[word];
        }
        if bits == 0 {
            return u64::MAX;
        }
        let bucket = word * 64 + bits.trailing_zeros() as usize;
        self.today + 1 + (bucket.wrapping_sub(start) & mask) as u64
    }

    #[inline]
    fn pass(&mut self, entry: Entry<E>, out: &mut Today<E>) {
        self.passed += 1;
        self.pending -= 1;
        out.push(entry);
    }

    #[inline]
    fn hand_out(&mut self, bucket: usize, out: &mut Today<E>) {
        self.occupied[bucket / 64] &= !(1 << (bucket % 64));
        let mut place = std::mem::replace(&mut self.heads[bucket], NONE);
        while place != NONE {
            let listed = &mut self.entries[place as usize];
            let next = std::mem::replace(&mut listed.next, self.free);
            let entry = listed.entry;
            (self.free, place) = (place, next);
            self.pass(entry, out);
        }
    }

    /// From time to time, fits the calendar to what passed of late.
    #[inline]
    fn adapt(&mut self, now: Time, out: &mut Today<E>) {
        if self.passed >= PATIENCE.max((self.pending + out.rest.len()) as u64) {
            self.fit(now, out);
        }
    }

    /// Fits the length of a day to the mean gap between the entries that passed of late, and the
    /// number of days to what is pending; what is now of today is handed out.
    #[cold]
    fn fit(&mut self, now: Time, out: &mut Today<E>) {
        let gap = (now - self.since).0 / self.passed;
        (self.passed, self.since) = (0, now);
        let shift = gap.max(2).ilog2();
        let buckets = (4 * self.pending).next_power_of_two().max(self.heads.len());
        if shift.abs_diff(self.shift) < 2 && buckets == self.heads.len() {
            return;
        }
        let mut all = std::mem::take(&mut self.moving);
        self.clear(&mut all);
        while let Some(entry) = out.pop() {
            all.push(entry);
        }
        self.heads.resize(buckets, NONE);
        self.occupied.resize(buckets / 64, 0);
        (self.shift, self.today) = (shift, now.0 >> shift);
        for entry in all.drain(..) {
            if self.day(entry.time) <= self.today {
                out.push(entry);
            } else {
                self.push(entry);
            }
        }
        self.moving = all;
    }

    /// Takes everything out into `all`, in no order.
    fn clear(&mut self, all: &mut Vec<Entry<E>>) {
        all.extend(self.far.drain().map(|Reverse(entry)| entry));
        for head in &mut self.heads {
            let mut place = std::mem::replace(head, NONE);
            while place != NONE {
                let listed = &self.entries[place as usize];
                all.push(listed.entry);
                place = listed.next;
            }
        }
        self.occupied.fill(0);
        self.entries.clear();
        (self.free, self.pending) = (NONE, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::random::{Draw, Purpose, Seeds};

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

    /// Runs an agenda and the twin side by side: at each of `steps`, `count` says how many events
    /// are scheduled, and `delay` how far off each is.
    fn compare(steps: u32, count: impl Fn(u32) -> u32, delay: impl Fn(&mut Draw) -> u64) {
        let key = Seeds::new(8, 1).key(Purpose::Observation);
        let mut agenda = Agenda::with_capacity(4);
        let mut twin = BTreeMap::new();
        let mut number = 0u64;
        for step in 0..steps {
            let mut draw = key.draw(0, u64::from(step), 0, 0, 0);
            for _ in 0..count(step) {
                let time = agenda.now() + Time(delay(&mut draw));
                let (kind, entity) = (draw.below(3) as u8, draw.below(50));
                agenda.schedule(time, kind, entity, number);
                twin.insert((time, kind, entity, number), number);
                number += 1;
            }
            let expected = twin.pop_first().map(|((time, ..), event)| (time, event));
            assert_eq!(agenda.peek(), expected.map(|(time, _)| time));
            assert_eq!(agenda.take().map(|event| (agenda.now(), event)), expected);
            let next = twin.keys().next();
            let is_clear = next.is_none_or(|next| next.0 > agenda.now());
            assert_eq!(agenda.is_clear(), is_clear);
            assert_eq!(agenda.is_empty(), twin.is_empty());
        }
        assert!(number > 10_000);
    }

    /// Delays from nanoseconds to years in one list, and phases of each by itself.
    #[test]
    fn wide_ranges_of_time() {
        let of = |bits: u32| move |draw: &mut Draw| u64::from(draw.below(1 << 20)) << bits >> 10;
        compare(
            40_000,
            |step| 2 - u32::from(step > 20_000),
            |draw| of(draw.below(46))(draw),
        );
        for bits in [0, 12, 40] {
            compare(60_000, |step| u32::from(step % 3000 < 2000), of(bits));
        }
    }

    /// A hundred thousand pending, of which very many at the same few instants.
    #[test]
    fn many_pending_and_many_tied() {
        let at_once = |step| {
            if step == 0 {
                100_000
            } else {
                u32::from(step < 150_000)
            }
        };
        compare(300_000, at_once, |draw| 1_000 * u64::from(draw.below(3)));
        compare(300_000, at_once, |draw| u64::from(draw.below(1 << 30)));
    }

    /// Ties, then sparse times, then ties: the length of a day must follow both ways.
    #[test]
    fn lengths_of_days_follow() {
        let mut agenda = Agenda::with_capacity(64);
        let mut last = Time::ZERO;
        for phase in 0..6u32 {
            let unit = if phase % 2 == 0 { 1 } else { 1 << 40 };
            for i in 0..5_000u64 {
                agenda.schedule(agenda.now() + Time(unit * (1 + i % 64)), 1, 0, i);
                if i >= 300 {
                    agenda.take();
                    assert!(agenda.now() >= last);
                    last = agenda.now();
                }
            }
            let day = 1u64 << agenda.later.shift;
            assert!(day <= 64 * unit && day * 64 >= unit, "{day} for {unit}");
            while agenda.take().is_some() {}
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
