//! Which part of a replication counts: the warm-up, the measured arrivals, the end.
//!
//! The measured jobs are chosen by arrival, and the run goes on until each of them is resolved:
//! ending at a time instead would leave out the slowest jobs, which is just what the tail is about.

use super::setup::{Measure, Warmup, Window as Plan};
use crate::engine::time::Time;

/// The window as a replication goes on.
#[derive(Clone, Debug)]
pub struct Window {
    plan: Plan,
    arrivals: u64,
    counted: u64,
    /// First arrival of all.
    pub first: Option<Time>,
    /// First measured arrival.
    pub start: Option<Time>,
    /// Last measured arrival (or, of a finite workload, the end of the replication).
    pub end: Option<Time>,
    /// Measured jobs that have arrived.
    pub measured: u64,
    /// Measured jobs that are not resolved.
    pub open: u64,
    population: Population,
}

/// Integral of the number of jobs in the system over the window, and over its thirds.
#[derive(Clone, Copy, Debug, Default)]
struct Population {
    jobs: u64,
    since: Time,
    area: u128,
    /// Area and time at a third, and at two thirds, of the measured arrivals.
    marks: [Option<(u128, Time)>; 2],
}

impl Window {
    /// The window of `plan`, before the first arrival.
    pub fn new(plan: Plan) -> Window {
        Window {
            plan,
            arrivals: 0,
            counted: 0,
            first: None,
            start: None,
            end: None,
            measured: 0,
            open: 0,
            population: Population::default(),
        }
    }

    /// True from the first to the last measured arrival.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.start.is_some() && self.end.is_none()
    }

    /// True when the last measured job has arrived.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.end.is_some()
    }

    /// A job of `class` arrives; the source's own next arrival, and that of every other source, is
    /// no earlier than `next`. Tells whether the job is measured.
    pub fn arrive(&mut self, now: Time, class: u32, next: Option<Time>) -> bool {
        let warm = match self.plan.warmup {
            Warmup::None => true,
            Warmup::Jobs(jobs) => self.arrivals >= jobs,
            Warmup::Time(time) => now >= time,
        };
        self.arrivals += 1;
        self.first.get_or_insert(now);
        if !warm || self.is_closed() {
            self.change(now, 1);
            return false;
        }
        if self.start.is_none() {
            self.start = Some(now);
            self.population.since = now;
        }
        self.change(now, 1);
        self.count(now, class, next);
        true
    }

    fn count(&mut self, now: Time, class: u32, next: Option<Time>) {
        self.measured += 1;
        self.open += 1;
        match self.plan.measure {
            Measure::All => {}
            Measure::Jobs { class: only, count } => {
                self.counted += u64::from(only.is_none_or(|only| only == class));
                self.mark(now, 0, self.counted * 3 >= count);
                self.mark(now, 1, self.counted * 3 >= 2 * count);
                if self.counted == count && !self.plan.finite {
                    self.close(now);
                }
            }
            Measure::Until(until) => {
                let start = self.start.unwrap_or(now);
                let length = until.since(start).0;
                self.mark(now, 0, now.since(start).0 >= length / 3);
                self.mark(now, 1, now.since(start).0 >= length / 3 * 2);
                if !self.plan.finite && next.is_none_or(|next| next > until) {
                    self.close(now);
                }
            }
        }
    }

    /// No further jobs of `classes` will arrive: where only they are counted, and the warm-up took
    /// some of them, the window ends here instead of waiting for ever.
    pub fn run_dry(&mut self, now: Time, classes: std::ops::Range<u32>) {
        if let Measure::Jobs {
            class: Some(only), ..
        } = self.plan.measure
            && classes.contains(&only)
            && !self.plan.finite
            && !self.is_closed()
        {
            self.start.get_or_insert(now);
            self.close(now);
        }
    }

    /// True when no later arrival can be measured, though a finite workload's window is still open.
    pub fn has_all(&self) -> bool {
        match self.plan.measure {
            Measure::Jobs { count, .. } => self.counted >= count,
            _ => self.is_closed(),
        }
    }

    fn mark(&mut self, now: Time, which: usize, reached: bool) {
        if reached && self.population.marks[which].is_none() {
            self.integrate(now);
            self.population.marks[which] = Some((self.population.area, now));
        }
    }

    /// Ends the window at `now`.
    pub fn close(&mut self, now: Time) {
        if self.start.is_some() && self.end.is_none() {
            self.integrate(now);
            self.end = Some(now);
        }
    }

    /// A job leaves the system.
    pub fn leave(&mut self, now: Time, measured: bool) {
        self.change(now, -1);
        self.open -= u64::from(measured);
    }

    fn change(&mut self, now: Time, by: i64) {
        self.integrate(now);
        self.population.jobs = self.population.jobs.wrapping_add_signed(by);
    }

    fn integrate(&mut self, now: Time) {
        if self.is_open() {
            let span = u128::from((now - self.population.since).0);
            self.population.area += u128::from(self.population.jobs) * span;
            self.population.since = now;
        }
    }

    /// Jobs in the system.
    #[inline]
    pub fn jobs(&self) -> u64 {
        self.population.jobs
    }

    /// Integral of the number in the system over the window, job-nanoseconds.
    pub fn area(&self) -> u128 {
        self.population.area
    }

    /// Length of the window.
    pub fn length(&self) -> Time {
        self.end
            .unwrap_or_default()
            .since(self.start.unwrap_or_default())
    }

    /// The part of [from, to] that lies in the window so far.
    #[inline]
    pub fn overlap(&self, from: Time, to: Time) -> Time {
        match self.start {
            Some(start) => to.min(self.end.unwrap_or(Time::MAX)).since(from.max(start)),
            None => Time::ZERO,
        }
    }

    /// True if `time`, not in the future, lies in the window, which is closed at both ends.
    #[inline]
    pub fn contains(&self, time: Time) -> bool {
        self.start.is_some_and(|start| time >= start) && self.end.is_none_or(|end| time <= end)
    }

    /// Mean number in the system over the first and the last third of the measured arrivals.
    pub fn thirds(&self) -> Option<(f64, f64)> {
        let [Some((first, one)), Some((second, two))] = self.population.marks else {
            return None;
        };
        let (start, end) = (self.start?, self.end?);
        let mean =
            |area: u128, span: Time| (span > Time::ZERO).then(|| area as f64 / span.0 as f64);
        Some((
            mean(first, one - start)?,
            mean(self.population.area - second, end - two)?,
        ))
    }

    /// True when the replication may stop: all that is measured is resolved.
    #[inline]
    pub fn is_resolved(&self) -> bool {
        self.open == 0 && (self.is_closed() || self.plan.finite && self.has_all())
    }

    /// The instant after which the replication is broken off although jobs are unresolved; none
    /// for a window without length (a single job, a batch), of which no multiple can be waited for.
    pub fn deadline(&self) -> Option<Time> {
        let can_be_long = !self.plan.finite && self.length() > Time::ZERO;
        let end = self.end.filter(|_| can_be_long)?;
        Some(end + Time((self.length().0 as f64 * self.plan.drain) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(class: u32, count: u64, warmup: u64) -> Window {
        Window::new(Plan {
            warmup: Warmup::Jobs(warmup),
            measure: Measure::Jobs {
                class: Some(class),
                count,
            },
            drain: 4.0,
            max_in_system: 1_000,
            slowdown_floor: Time(1),
            stratum: Time(10),
            finite: false,
        })
    }

    /// Three jobs of class 1 beside endless ones of class 0; the warm-up takes one of them.
    #[test]
    fn a_class_that_runs_dry_ends_the_window() {
        let mut window = counting(1, 3, 1);
        let measured: Vec<bool> = (0..3).map(|_| window.arrive(Time(5), 1, None)).collect();
        assert_eq!(measured, [false, true, true]);
        assert!(!window.is_closed());
        window.run_dry(Time(5), 0..1);
        assert!(!window.is_closed());
        window.run_dry(Time(5), 1..2);
        assert!(window.is_closed() && !window.is_resolved());
        assert_eq!(window.deadline(), None);
        window.leave(Time(7), true);
        window.leave(Time(8), true);
        assert!(window.is_resolved());
    }

    #[test]
    fn the_window_goes_from_the_first_to_the_last_measured_arrival() {
        let mut window = counting(0, 2, 1);
        for (time, measured) in [(3, false), (4, true), (9, true), (11, false)] {
            assert_eq!(window.arrive(Time(time), 0, None), measured);
        }
        assert_eq!((window.start, window.end), (Some(Time(4)), Some(Time(9))));
        assert_eq!(window.deadline(), Some(Time(9 + 4 * 5)));
        assert_eq!(window.overlap(Time(0), Time(6)), Time(2));
        assert_eq!(window.overlap(Time(8), Time(20)), Time(1));
        assert!(window.contains(Time(4)) && window.contains(Time(9)) && !window.contains(Time(10)));
        // One job until 4, two until 9.
        assert_eq!(window.area(), 2 * 5);
    }
}
