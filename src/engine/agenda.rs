//! The list of pending events, in the order that is part of the model: by time, then by rank
//! (kind, entity, order of scheduling).
//!
//! A calendar queue (Brown, "Calendar queues: a fast O(1) priority queue implementation for the
//! simulation event set problem", CACM 31, 1988): future events lie unsorted in the days of a
//! calendar, and only those of today are kept in order. An event is put into its day and found
//! again in constant time, however many are pending.
//!
//! Nothing is searched for when an event is called off. Whoever may call it off keeps its
//! [`Ticket`] and forgets it; when the event comes up under a ticket that nobody keeps any more, it
//! is dropped. Stale events are swept out together once they outnumber the others, so that long
//! timeouts that never fire cost no memory to speak of.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::time::Time;

/// Entities are numbered below this.
pub const MAX_ENTITIES: u32 = 1 << 24;

/// When an event comes, and where it stands among those of the same instant.
///
/// The rank is four bits of kind, 24 of entity, 36 of the order in which events were scheduled
/// (enough for 68 thousand million events a replication).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The instant.
    pub time: Time,
    rank: u64,
}

impl Place {
    /// After every event.
    pub const NEVER: Place = Place {
        time: Time::MAX,
        rank: u64::MAX,
    };

    /// The place at `time` of an event of `kind` (below 15) of `entity`, scheduled as `sequence`.
    #[inline]
    pub fn new(time: Time, kind: u8, entity: u32, sequence: u64) -> Place {
        debug_assert!(kind < 15 && entity < MAX_ENTITIES && sequence < 1 << 36);
        let rank = u64::from(kind) << 60 | u64::from(entity) << 36 | sequence;
        Place { time, rank }
    }

    /// The event's kind.
    #[inline]
    pub fn kind(self) -> u8 {
        (self.rank >> 60) as u8
    }

    /// The event's entity.
    #[inline]
    pub fn entity(self) -> u32 {
        (self.rank >> 36) as u32 & (MAX_ENTITIES - 1)
    }

    /// The ticket that was given for the event.
    #[inline]
    pub fn ticket(self) -> Ticket {
        Ticket(self.rank as u32)
    }

    #[inline]
    fn key(self) -> u128 {
        u128::from(self.time.0) << 64 | u128::from(self.rank)
    }
}

impl Ord for Place {
    #[inline]
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}
impl PartialOrd for Place {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Names a scheduled event to whoever may call it off: the low half of its order of scheduling,
/// which comes round only after 4 thousand million events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u32);

impl Ticket {
    /// Of no event that is pending.
    pub const NONE: Ticket = Ticket(u32::MAX);
}

/// An event in its place, and the next in the list that it is in; only the place is compared.
#[derive(Clone, Copy, Debug)]
struct Entry {
    time: Time,
    rank: u64,
    payload: u32,
    next: u32,
}

impl Entry {
    /// In no list yet.
    #[inline]
    fn new(Place { time, rank }: Place, payload: u32) -> Entry {
        let next = NONE;
        Entry {
            time,
            rank,
            payload,
            next,
        }
    }

    #[inline]
    fn place(&self) -> Place {
        Place {
            time: self.time,
            rank: self.rank,
        }
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    #[inline]
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place().cmp(&other.place())
    }
}

/// Pending events and the clock.
#[derive(Clone, Debug)]
pub struct Agenda {
    now: Time,
    sequence: u64,
    /// Place of the next event that is kept outside the list.
    outside: Place,
    /// Pending events that were called off.
    stale: usize,
    /// All events up to the end of the calendar's today.
    today: Today,
    /// All later ones.
    later: Calendar,
}

impl Default for Agenda {
    fn default() -> Self {
        Agenda::new()
    }
}

impl Agenda {
    /// An empty agenda at time 0; it takes memory by what is pending.
    pub fn new() -> Agenda {
        Agenda {
            now: Time::ZERO,
            sequence: 0,
            outside: Place::NEVER,
            stale: 0,
            today: Today::new(),
            later: Calendar::new(),
        }
    }

    /// The present instant.
    #[inline]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Number of pending events, stale ones included.
    pub fn pending(&self) -> usize {
        self.today.len() + self.later.pending
    }

    /// Puts an event of `kind` and `entity` at `time`, which must not lie in the past; `payload`
    /// says what it is about.
    #[inline]
    pub fn schedule(&mut self, time: Time, kind: u8, entity: u32, payload: u32) -> Ticket {
        debug_assert!(time >= self.now, "events lie in the future");
        let place = Place::new(time, kind, entity, self.sequence);
        self.sequence += 1;
        if self.later.day(time) > self.later.today {
            self.later.push(time, place.rank, payload);
        } else {
            self.today.push(time, place.rank, payload);
            self.later.passed += u64::from(time > self.now);
            if self.today.rest() > CROWD {
                self.later.adapt(self.now, &mut self.today);
            }
        }
        place.ticket()
    }

    /// Place of the event that comes next, stale or not; [`Place::NEVER`] if nothing is pending.
    #[inline]
    pub fn head(&mut self) -> Place {
        if self.today.is_empty() {
            self.later.turn(self.now, &mut self.today);
        }
        self.today.first
    }

    /// What the next event is about, once [`Agenda::head`] has found it.
    #[inline]
    pub fn payload(&self) -> u32 {
        self.today.payload
    }

    /// Takes the event that [`Agenda::head`] has found and moves the clock to it.
    #[inline]
    pub fn take(&mut self) -> u32 {
        self.now = self.today.first.time;
        self.today.pop()
    }

    /// Place of the next event that is kept outside the list; [`Place::NEVER`] if there is none.
    #[inline]
    pub fn outside(&self) -> Place {
        self.outside
    }

    /// The next event outside the list will be at `place`: of things that follow one another, such
    /// as the arrivals of a source, only the next is pending, which needs no list.
    #[inline]
    pub fn expect(&mut self, place: Place) {
        self.outside = place;
    }

    /// Moves the clock to the next event outside the list; nothing in the list may come before.
    #[inline]
    pub fn pass(&mut self) {
        let time = self.outside.time;
        debug_assert!(time >= self.now && self.today.first > self.outside);
        self.now = time;
        if self.today.is_empty() && self.later.pending == 0 {
            // What is scheduled for this very instant must count as of today.
            self.later.today = self.later.day(time);
        }
    }

    /// Moves the clock to `time`, of something outside an empty list.
    #[inline]
    pub fn turn_to(&mut self, time: Time) {
        debug_assert!(time >= self.now && self.pending() == 0);
        self.now = time;
        self.later.today = self.later.day(time);
    }

    /// True if no other event is pending at the present instant, so that one scheduled now would
    /// come next.
    #[inline]
    pub fn is_clear(&self) -> bool {
        // At the end of time, no event is told from a late one by its rank.
        let is_later = |place: Place| place.time > self.now || place == Place::NEVER;
        is_later(self.today.first) && is_later(self.outside)
    }

    /// True if some of the pending events may be stale.
    #[inline]
    pub fn has_stale(&self) -> bool {
        self.stale > 0
    }

    /// A pending event was called off: its ticket is kept by nobody any more.
    #[inline]
    pub fn forget(&mut self) {
        self.stale += 1;
    }

    /// Drops the next event, which is stale; the clock stays. If stale events outnumber the
    /// others, all for which `is_stale` holds are dropped with it.
    #[cold]
    pub fn drop_stale(&mut self, is_stale: impl Fn(Place, u32) -> bool) {
        self.today.pop();
        self.stale = self.stale.saturating_sub(1);
        self.sweep(is_stale);
    }

    /// Drops all events for which `is_stale` holds, if there are more of them than of others.
    pub fn sweep(&mut self, is_stale: impl Fn(Place, u32) -> bool) {
        if self.stale > CROWD && 2 * self.stale > self.pending() {
            let all = self.later.unlink(&mut self.today);
            let is_live = |place, payload| !is_stale(place, payload);
            self.later.relink(all, &mut self.today, is_live);
            self.stale = 0;
        }
    }
}

/// Events of one day from which on it may be too long.
const CROWD: usize = 64;

/// The events of today in order: mostly one, so that the first is kept by itself.
#[derive(Clone, Debug)]
struct Today {
    /// [`Place::NEVER`] if there is none.
    first: Place,
    payload: u32,
    /// The others of when the day began, the last first: they are sorted at once.
    rest: Vec<Entry>,
    /// Those that were added since.
    added: BinaryHeap<Reverse<Entry>>,
}

impl Today {
    fn new() -> Today {
        Today {
            first: Place::NEVER,
            payload: 0,
            rest: Vec::with_capacity(2 * CROWD),
            added: BinaryHeap::with_capacity(2 * CROWD),
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.first.rank == u64::MAX
    }

    fn len(&self) -> usize {
        usize::from(!self.is_empty()) + self.rest()
    }

    /// Number of events behind the first.
    #[inline]
    fn rest(&self) -> usize {
        self.rest.len() + self.added.len()
    }

    #[inline]
    fn push(&mut self, time: Time, rank: u64, payload: u32) {
        let place = Place { time, rank };
        if place < self.first {
            if !self.is_empty() {
                self.set_aside(self.first, self.payload);
            }
            (self.first, self.payload) = (place, payload);
        } else {
            self.set_aside(place, payload);
        }
    }

    fn set_aside(&mut self, place: Place, payload: u32) {
        self.added.push(Reverse(Entry::new(place, payload)));
    }

    /// A day that is about to begin has that event; they come in no order.
    #[inline]
    fn bring(&mut self, entry: Entry) {
        match self.is_empty() {
            true => (self.first, self.payload) = (entry.place(), entry.payload),
            false => self.rest.push(entry),
        }
    }

    /// The day begins.
    #[inline]
    fn begin(&mut self) {
        if !self.rest.is_empty() {
            self.sort();
        }
    }

    #[inline(never)]
    fn sort(&mut self) {
        self.rest.push(Entry::new(self.first, self.payload));
        self.rest.sort_unstable_by(|one, other| other.cmp(one));
        self.turn();
    }

    #[inline]
    fn pop(&mut self) -> u32 {
        let payload = self.payload;
        self.turn();
        payload
    }

    /// Finds the first of the rest.
    #[inline]
    fn turn(&mut self) {
        let next = match self.added.is_empty() {
            true => self.rest.pop(),
            false => self.pop_either(),
        };
        match next {
            Some(entry) => (self.first, self.payload) = (entry.place(), entry.payload),
            None => self.first = Place::NEVER,
        }
    }

    #[inline(never)]
    fn pop_either(&mut self) -> Option<Entry> {
        let Reverse(added) = self.added.peek()?;
        match self.rest.last() {
            Some(entry) if entry < added => self.rest.pop(),
            _ => self.added.pop().map(|Reverse(entry)| entry),
        }
    }
}

/// Ends the list of a day.
const NONE: u32 = u32::MAX;

/// The days after today. Each bucket holds one day as a list; one bit a bucket tells whether it
/// holds anything. What lies beyond the last bucket waits in a heap until its day comes.
///
/// The length of a day follows the mean gap between events, so that a day holds less than one.
#[derive(Clone, Debug)]
struct Calendar {
    /// A day lasts 2^`shift` nanoseconds.
    shift: u32,
    today: u64,
    /// First entry of each bucket; their number is a power of two, at least 64.
    heads: Vec<u32>,
    occupied: Vec<u64>,
    entries: Vec<Entry>,
    /// First of the unused `entries`.
    free: u32,
    /// Events beyond the last bucket; their `next` means nothing.
    far: BinaryHeap<Reverse<Entry>>,
    pending: usize,
    /// Entries that passed through the calendar or straight into today since `since`, when the
    /// length of a day was last looked at.
    passed: u64,
    since: Time,
}

/// Entries that pass between two looks at the length of a day, at least.
const PATIENCE: u64 = 256;
/// Days at first.
const FEWEST: usize = 64;

impl Calendar {
    fn new() -> Calendar {
        Calendar {
            shift: 10,
            today: 0,
            heads: vec![NONE; FEWEST],
            occupied: vec![0; FEWEST / 64],
            entries: Vec::new(),
            free: NONE,
            far: BinaryHeap::new(),
            pending: 0,
            passed: 0,
            since: Time::ZERO,
        }
    }

    #[inline]
    fn day(&self, time: Time) -> u64 {
        time.0 >> self.shift
    }

    /// Puts an entry of a day after today.
    #[inline]
    fn push(&mut self, time: Time, rank: u64, payload: u32) {
        self.pending += 1;
        let day = self.day(time);
        if day - self.today > self.heads.len() as u64 {
            return self.push_far(time, rank, payload);
        }
        let bucket = day as usize & (self.heads.len() - 1);
        self.heads[bucket] = self.store(time, rank, payload, self.heads[bucket]);
        self.occupied[bucket / 64] |= 1 << (bucket % 64);
    }

    #[inline]
    fn store(&mut self, time: Time, rank: u64, payload: u32, next: u32) -> u32 {
        let at = self.free;
        let Some(entry) = self.entries.get_mut(at as usize) else {
            return self.grow(time, rank, payload, next);
        };
        self.free = entry.next;
        entry.time = time;
        entry.rank = rank;
        entry.payload = payload;
        entry.next = next;
        at
    }

    #[cold]
    fn push_far(&mut self, time: Time, rank: u64, payload: u32) {
        let place = Place { time, rank };
        self.far.push(Reverse(Entry::new(place, payload)));
    }

    #[cold]
    fn grow(&mut self, time: Time, rank: u64, payload: u32, next: u32) -> u32 {
        self.entries.push(Entry {
            time,
            rank,
            payload,
            next,
        });
        self.entries.len() as u32 - 1
    }

    /// Turns to the next day that holds anything and hands its entries out, as of `now`.
    #[inline]
    fn turn(&mut self, now: Time, out: &mut Today) {
        self.adapt(now, out);
        if self.pending == 0 || !out.is_empty() {
            return;
        }
        let (near, far) = (self.next_day(), self.first_far_day());
        self.today = near.min(far);
        if near <= far {
            self.hand_out(near as usize & (self.heads.len() - 1), out);
        }
        if far == self.today {
            self.hand_out_far(out);
        }
        out.begin();
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
    fn hand_out(&mut self, bucket: usize, out: &mut Today) {
        self.occupied[bucket / 64] &= !(1 << (bucket % 64));
        let mut at = std::mem::replace(&mut self.heads[bucket], NONE);
        while let Some(entry) = self.entries.get_mut(at as usize) {
            let next = std::mem::replace(&mut entry.next, self.free);
            (self.free, at) = (at, next);
            self.passed += 1;
            self.pending -= 1;
            out.bring(*entry);
        }
    }

    #[cold]
    fn hand_out_far(&mut self, out: &mut Today) {
        while self.first_far_day() == self.today {
            if let Some(Reverse(entry)) = self.far.pop() {
                self.passed += 1;
                self.pending -= 1;
                out.bring(entry);
            }
        }
    }

    /// From time to time, fits the calendar to what passed of late.
    #[inline]
    fn adapt(&mut self, now: Time, out: &mut Today) {
        if self.passed >= PATIENCE.max((self.pending + out.rest()) as u64) {
            self.fit(now, out);
        }
    }

    /// Fits the length of a day to the mean gap between the entries that passed of late, and the
    /// number of days to what is pending; what is now of today is handed out.
    #[cold]
    fn fit(&mut self, now: Time, out: &mut Today) {
        let gap = (now - self.since).0 / self.passed;
        (self.passed, self.since) = (0, now);
        let shift = (gap.max(4) / 2).ilog2();
        let buckets = (4 * self.pending).next_power_of_two().max(self.heads.len());
        if shift.abs_diff(self.shift) < 2 && buckets == self.heads.len() {
            return;
        }
        let all = self.unlink(out);
        self.heads.resize(buckets, NONE);
        self.occupied.resize(buckets / 64, 0);
        (self.shift, self.today) = (shift, now.0 >> shift);
        self.relink(all, out, |_, _| true);
    }

    /// Takes everything out, today's too, as one list in no order; tells its first entry.
    fn unlink(&mut self, out: &mut Today) -> u32 {
        let mut list = NONE;
        for head in &mut self.heads {
            while let Some(entry) = self.entries.get_mut(*head as usize) {
                (list, *head, entry.next) = (*head, entry.next, list);
            }
        }
        let mut far = std::mem::take(&mut self.far);
        for Reverse(entry) in far.drain() {
            list = self.store(entry.time, entry.rank, entry.payload, list);
        }
        self.far = far;
        while !out.is_empty() {
            let Place { time, rank } = out.first;
            list = self.store(time, rank, out.pop(), list);
        }
        self.occupied.fill(0);
        self.pending = 0;
        list
    }

    /// Puts the entries of `list` for which `is_kept` holds back where they belong.
    fn relink(&mut self, list: u32, out: &mut Today, is_kept: impl Fn(Place, u32) -> bool) {
        let mut at = list;
        while at != NONE {
            let entry = self.entries[at as usize];
            self.entries[at as usize].next = self.free;
            (self.free, at) = (at, entry.next);
            if !is_kept(entry.place(), entry.payload) {
                continue;
            }
            if self.day(entry.time) <= self.today {
                out.push(entry.time, entry.rank, entry.payload);
            } else {
                self.push(entry.time, entry.rank, entry.payload);
            }
        }
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

    /// Takes the next event with its time.
    fn next(agenda: &mut Agenda) -> Option<(Time, u32)> {
        let time = agenda.head().time;
        (agenda.head() != Place::NEVER).then(|| (time, agenda.take()))
    }

    /// Runs an agenda and the twin side by side: at each of `steps`, `count` says how many events
    /// are scheduled, and `delay` how far off each is.
    fn compare(steps: u32, count: impl Fn(u32) -> u32, delay: impl Fn(&mut Draw) -> u64) {
        let key = Seeds::new(8, 1).key(Purpose::Observation);
        let mut agenda = Agenda::new();
        let mut twin = BTreeMap::new();
        let mut number = 0u32;
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
            assert_eq!(next(&mut agenda), expected);
            let next = twin.keys().next();
            let is_clear = next.is_none_or(|next| next.0 > agenda.now());
            assert_eq!(agenda.is_clear(), is_clear);
            assert_eq!(agenda.pending(), twin.len());
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
        let mut agenda = Agenda::new();
        let mut last = Time::ZERO;
        for phase in 0..6u32 {
            let unit = if phase % 2 == 0 { 1 } else { 1 << 40 };
            for i in 0..5_000u32 {
                agenda.schedule(agenda.now() + Time(unit * u64::from(1 + i % 64)), 1, 0, i);
                if i >= 300 {
                    next(&mut agenda);
                    assert!(agenda.now() >= last);
                    last = agenda.now();
                }
            }
            let day = 1u64 << agenda.later.shift;
            assert!(day <= 64 * unit && day * 64 >= unit, "{day} for {unit}");
            while next(&mut agenda).is_some() {}
        }
    }

    /// Many ties, zero delays and a list that grows and shrinks.
    #[test]
    fn order_is_that_of_the_slow_twin() {
        let key = Seeds::new(5, 1).key(Purpose::Observation);
        let mut agenda = Agenda::new();
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
            let first = twin.pending.iter().min().map(|entry| entry.0);
            assert_eq!(agenda.head().time, first.unwrap_or(Time::MAX));
            let expected = twin.take();
            assert_eq!(next(&mut agenda), expected);
            taken += u32::from(expected.is_some());
        }
        assert!(taken > 15_000);
    }

    #[test]
    fn clear_means_nothing_else_now() {
        let mut agenda = Agenda::new();
        agenda.schedule(Time(5), 0, 0, 1);
        agenda.schedule(Time(5), 1, 0, 2);
        agenda.schedule(Time(6), 0, 0, 3);
        assert_eq!(next(&mut agenda), Some((Time(5), 1)));
        assert!(!agenda.is_clear());
        assert_eq!(next(&mut agenda), Some((Time(5), 2)));
        assert!(agenda.is_clear());
    }

    /// Something outside the list moves the clock: what is scheduled there and then is of now.
    #[test]
    fn the_clock_is_moved_from_outside() {
        let mut agenda = Agenda::new();
        for time in [Time(1 << 40), Time(1 << 41)] {
            assert_eq!(agenda.head(), Place::NEVER);
            agenda.expect(Place::new(time, 7, 0, 0));
            assert!(agenda.is_clear());
            agenda.pass();
            assert!(!agenda.is_clear(), "it is at hand");
            agenda.expect(Place::NEVER);
            assert!(agenda.is_clear());
            agenda.schedule(time, 3, 1, 7);
            assert!(!agenda.is_clear());
            assert_eq!(next(&mut agenda), Some((time, 7)));
        }
        agenda.schedule(Time(1 << 42), 3, 1, 8);
        assert_eq!(agenda.head().time, Time(1 << 42));
        agenda.expect(Place::new(Time((1 << 41) + 5), 7, 0, 0));
        agenda.pass();
        agenda.schedule(Time((1 << 41) + 9), 3, 1, 9);
        assert_eq!(next(&mut agenda), Some((Time((1 << 41) + 9), 9)));
        assert_eq!(next(&mut agenda), Some((Time(1 << 42), 8)));
    }

    /// A million timeouts of an hour, each called off after a second or so, one event in twenty
    /// left to fire: those fire, in order, and the others never fill the list.
    #[test]
    fn timeouts_that_are_called_off_do_not_pile_up() {
        let mut agenda = Agenda::new();
        let mut kept = vec![Ticket::NONE; 1_000];
        let (mut fired, mut largest) = (0, 0);
        let mut take = |agenda: &mut Agenda, kept: &mut [Ticket]| {
            let head = agenda.head();
            let is_stale = |place: Place, who: u32| kept[who as usize] != place.ticket();
            if head == Place::NEVER {
                return false;
            }
            if is_stale(head, agenda.payload()) {
                let now = agenda.now();
                agenda.drop_stale(is_stale);
                assert_eq!(agenda.now(), now);
                return true;
            }
            kept[agenda.take() as usize] = Ticket::NONE;
            fired += 1;
            true
        };
        for i in 0..1_000_000u32 {
            let who = i as usize % kept.len();
            if kept[who] != Ticket::NONE {
                agenda.forget();
                agenda.sweep(|place, who| kept[who as usize] != place.ticket());
            }
            let delay = if i % 20 == 0 { 500 } else { 3_600_000 };
            kept[who] = agenda.schedule(agenda.now() + Time(delay), 6, 1, who as u32);
            if agenda.head().time <= agenda.now() + Time(1) {
                take(&mut agenda, &mut kept);
            } else {
                agenda.expect(Place::new(agenda.now() + Time(1), 7, 0, 0));
                agenda.pass();
            }
            largest = largest.max(agenda.pending());
        }
        while take(&mut agenda, &mut kept) {}
        assert!(largest < 4_000, "{largest}");
        assert_eq!(fired, 50_000 + 950);
    }

    /// Not before they are more than the crowd, nor before they outnumber the others.
    #[test]
    fn stale_events_are_swept_out_once_they_are_many() {
        let left = |stale: usize, live: usize| {
            let mut agenda = Agenda::new();
            for who in 0..stale + live {
                agenda.schedule(Time(1 + who as u64), 6, 1, who as u32);
            }
            (0..stale).for_each(|_| agenda.forget());
            agenda.sweep(|_, who| (who as usize) < stale);
            agenda.pending()
        };
        assert_eq!(left(CROWD, 10), CROWD + 10);
        assert_eq!(left(CROWD + 1, 10), 10);
        assert_eq!(left(CROWD + 1, CROWD + 1), 2 * (CROWD + 1));
        assert_eq!(left(CROWD + 2, CROWD + 1), CROWD + 1);
        assert_eq!(left(5 * CROWD, 10), 10);
    }
}
