//! What comes due, in no particular order: of each entry (a node, or a task) at most one instant is kept,
//! and whoever asks is told the entries whose instant has come.
//!
//! A wheel of days: a day's entries are a list, and one whose instant is turns away waits in the
//! list of its day of the turn (Varghese & Lauck, "Hashed and hierarchical timing wheels", SOSP
//! 1987, scheme 6). Nothing is sorted, which is what an agenda spends its time on; and as days are short, a
//! list that is found has one entry, which is due: there is little to guess for a processor.

use crate::engine::time::Time;
use crate::model::slab::NONE;

/// Entries that come due after which the length of a day is looked at for the first time, and again.
const FIRST: i64 = 64;
const ROUND: i64 = 4096;

/// Days for each entry.
const DAYS: usize = 4;

/// See the module.
#[derive(Default)]
pub struct Due {
    /// First entry of each day's list; as many as a power of two.
    days: Vec<u32>,
    /// Which of the lists have entries, as bits.
    filled: Vec<u64>,
    /// By entry.
    kept: Vec<Kept>,
    /// The first of the entries that were [claimed](Due::claim) and are free again, which are linked.
    free: u32,
    /// A day lasts 2^`shift` nanoseconds.
    shift: u32,
    /// Nothing earlier than this day is kept.
    today: u64,
    /// How many come due in this round, how many of them are left, and when it began.
    round: i64,
    left: i64,
    begun: Time,
}

/// What is kept of an entry.
#[derive(Clone, Copy)]
struct Kept {
    /// Its instant; [`Time::MAX`] if there is none.
    time: Time,
    /// The next of its list, or of the free ones.
    next: u32,
    /// What is told of it: itself, unless it was [claimed](Due::claim).
    of: u32,
}

impl Kept {
    /// Nothing is kept of `entry`.
    fn nothing(entry: u32) -> Kept {
        Kept {
            time: Time::MAX,
            next: NONE,
            of: entry,
        }
    }
}

impl Due {
    /// None of so many entries is due.
    pub fn new(entries: usize) -> Due {
        let days = (DAYS * entries).next_power_of_two().max(64);
        Due {
            days: vec![NONE; days],
            filled: vec![0; days / 64],
            kept: (0..entries as u32).map(Kept::nothing).collect(),
            free: NONE,
            shift: 20,
            today: 0,
            round: FIRST,
            left: FIRST,
            begun: Time::ZERO,
        }
    }

    /// Keeps `of` until `time`, as [`Due::push`] does, by an entry of its own, which is free again when nothing
    /// is kept of it; there may be several of one.
    #[inline(always)]
    pub fn claim(&mut self, of: u32, time: Time) {
        let entry = match self.kept.get(self.free as usize) {
            Some(kept) => std::mem::replace(&mut self.free, kept.next),
            None => self.add(),
        };
        self.kept[entry as usize].of = of;
        self.push(entry, time);
    }

    /// There is one entry more; tells which.
    #[cold]
    #[inline(never)]
    fn add(&mut self) -> u32 {
        self.kept.push(Kept::nothing(self.kept.len() as u32));
        if DAYS * self.kept.len() > self.days.len() {
            let days = 2 * self.days.len();
            self.days.resize(days, NONE);
            self.filled.resize(days / 64, 0);
            self.lay_out();
        }
        self.kept.len() as u32 - 1
    }

    /// Keeps `entry`, of which nothing is kept, until `time`, which is not before any `now` that was
    /// asked for.
    #[inline(always)]
    pub fn push(&mut self, entry: u32, time: Time) {
        let list = self.list(time.0 >> self.shift);
        let next = std::mem::replace(&mut self.days[list], entry);
        self.filled[list / 64] |= 1 << (list % 64);
        let kept = &mut self.kept[entry as usize];
        (kept.time, kept.next) = (time, next);
    }

    #[inline(always)]
    fn list(&self, day: u64) -> usize {
        day as usize & (self.days.len() - 1)
    }

    /// Tells `come` of every entry whose instant has come `now`, with that; it gives the next that is to be kept
    /// of it ([`Time::MAX`]: nothing).
    #[inline(always)]
    pub fn settle(&mut self, now: Time, mut come: impl FnMut(u32, Time) -> Time) {
        let last = now.0 >> self.shift;
        let turn = self.days.len() as u64;
        let mut from = self.today.max(last.saturating_sub(turn - 1));
        while let Some(day) = self.next_filled(from, last) {
            let list = self.list(day);
            let mut at = std::mem::replace(&mut self.days[list], NONE);
            self.filled[list / 64] &= !(1 << (list % 64));
            while at != NONE {
                let Kept { time, next, of } = self.kept[at as usize];
                match time > now {
                    true => self.push(at, time),
                    false => self.bring((at, of, time), now, &mut come),
                }
                at = next;
            }
            from = day + 1;
        }
        // Who was taken first may have come from later than `now`.
        self.today = self.today.max(last);
        if self.left <= 0 {
            self.adapt(now);
        }
    }

    /// The first day `from` then until `last`, less than a turn, on whose list there are entries.
    #[inline(always)]
    fn next_filled(&self, mut from: u64, last: u64) -> Option<u64> {
        while from <= last {
            let list = self.list(from);
            let coming = self.filled[list / 64] >> (list % 64);
            if coming != 0 {
                let day = from + u64::from(coming.trailing_zeros());
                return (day <= last).then_some(day);
            }
            from = (from | 63) + 1;
        }
        None
    }

    /// Takes the entry whose instant comes first, of those that come together the one with the lowest number,
    /// and tells that instant; `None` if nothing is kept. From then on nothing earlier may be pushed.
    pub fn take_first(&mut self) -> Option<(u32, Time)> {
        let last = self.today + (self.days.len() as u64 - 1);
        while let Some(day) = self.next_filled(self.today, last) {
            self.today = day;
            if let Some(first) = self.first_of_today() {
                return Some(self.take(first));
            }
            self.today += 1;
        }
        // It is far away.
        let times = self.kept.iter().map(|kept| kept.time);
        let first = times.min().filter(|time| *time < Time::MAX)?;
        self.today = first.0 >> self.shift;
        let first = self.first_of_today()?;
        Some(self.take(first))
    }

    fn first_of_today(&self) -> Option<u32> {
        let mut at = self.days[self.list(self.today)];
        let (mut first, mut least) = (NONE, (Time::MAX, NONE));
        while at != NONE {
            let Kept { time, next, .. } = self.kept[at as usize];
            if time.0 >> self.shift == self.today && (time, at) < least {
                (first, least) = (at, (time, at));
            }
            at = next;
        }
        (first != NONE).then_some(first)
    }

    /// Takes an entry of today out.
    fn take(&mut self, entry: u32) -> (u32, Time) {
        let Kept { time, next, .. } = self.kept[entry as usize];
        let list = self.list(self.today);
        if self.days[list] == entry {
            self.days[list] = next;
            if next == NONE {
                self.filled[list / 64] &= !(1 << (list % 64));
            }
        } else {
            let mut before = self.days[list];
            while self.kept[before as usize].next != entry {
                before = self.kept[before as usize].next;
            }
            self.kept[before as usize].next = next;
        }
        self.kept[entry as usize].time = Time::MAX;
        self.left -= 1;
        (entry, time)
    }

    /// Tells of an entry as long as its instant has come.
    #[inline(always)]
    fn bring(
        &mut self,
        (entry, of, mut time): (u32, u32, Time),
        now: Time,
        come: &mut impl FnMut(u32, Time) -> Time,
    ) {
        loop {
            time = come(of, time);
            self.left -= 1;
            if time == Time::MAX {
                let kept = &mut self.kept[entry as usize];
                (kept.time, kept.next) = (time, std::mem::replace(&mut self.free, entry));
                return;
            }
            if time > now {
                return self.push(entry, time);
            }
        }
    }

    /// A day becomes a quarter to a half as long as the time from one entry that came due to the next.
    #[cold]
    fn adapt(&mut self, now: Time) {
        let gap = now.since(self.begun).0 / (self.round - self.left) as u64;
        (self.round, self.left, self.begun) = (ROUND, ROUND, now);
        let shift = (64 - gap.leading_zeros()).saturating_sub(2);
        if shift.abs_diff(self.shift) < 2 {
            return;
        }
        self.shift = shift.min(60);
        self.today = now.0 >> self.shift;
        self.lay_out();
    }

    /// Puts all entries into the lists of their days.
    fn lay_out(&mut self) {
        self.days.fill(NONE);
        self.filled.fill(0);
        for entry in 0..self.kept.len() {
            let time = self.kept[entry].time;
            if time < Time::MAX {
                self.push(entry as u32, time);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// As at nodes that are served from one queue: of those that run the first is taken, now and then after
    /// a settling at an earlier instant, and another comes in its place; and days are gone through once.
    #[test]
    fn the_first_is_taken_whenever_it_comes() {
        let key = Seeds::new(4, 1).key(Purpose::Placement);
        let mut due = Due::new(40);
        let mut twin: Vec<Time> = (0..40).map(|at| Time(at * 7)).collect();
        (0..40).for_each(|entry| due.push(entry, twin[entry as usize]));
        for step in 0..20_000u64 {
            let mut draw = key.draw(0, step, 0, 0, 0);
            let expected = (0..40).min_by_key(|&at| (twin[at as usize], at));
            let (entry, time) = due.take_first().unwrap_or_default();
            assert_eq!(Some(entry), expected);
            assert_eq!(time, twin[entry as usize]);
            assert!(due.today >= time.0 >> due.shift);
            let mut told = Vec::new();
            due.settle(Time(time.0 / 2), |entry, _| {
                told.push(entry);
                Time::MAX
            });
            assert!(told.is_empty(), "{told:?} are not due");
            assert!(step < 100 || due.today >= time.0 >> due.shift, "goes back");
            twin[entry as usize] = time + Time(u64::from(draw.below(4_000)));
            due.push(entry, twin[entry as usize]);
        }
    }

    /// Against a look at every node, with gaps from nanoseconds to years and many at one instant.
    #[test]
    fn those_are_told_whose_instant_has_come() {
        let key = Seeds::new(3, 1).key(Purpose::Placement);
        let mut due = Due::new(0);
        let mut twin = vec![None; 50];
        let (mut now, mut told) = (Time::ZERO, 0);
        for step in 0..60_000 {
            let mut draw = key.draw(0, step, 0, 0, 0);
            let node = draw.below(50);
            let scale = 1u64 << (step / 2_000);
            if twin[node as usize].is_none() {
                let time = now + Time(u64::from(draw.below(40)) * scale);
                due.claim(node, time);
                twin[node as usize] = Some(time);
            }
            now += Time(u64::from(draw.below(3)) * scale);
            let mut found = Vec::new();
            due.settle(now, |node, time| {
                assert_eq!(Some(time), twin[node as usize]);
                found.push(node);
                Time::MAX
            });
            found.sort_unstable();
            let come = |at: &u32| twin[*at as usize].is_some_and(|time| time <= now);
            let expected: Vec<u32> = (0..50).filter(come).collect();
            assert_eq!(found, expected, "step {step}");
            found.iter().for_each(|&at| twin[at as usize] = None);
            told += found.len();
        }
        assert!(told > 20_000, "{told}");
        assert!(due.kept.len() <= 50, "entries are used again");
    }
}
