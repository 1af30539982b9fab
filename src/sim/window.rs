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
    /// Arrivals that count towards the plan's number, and how many of them make the next mark.
    counted: u64,
    next_mark: u64,
    /// Arrivals before this one, of all, change nothing but counts.
    next_stop: u64,
    /// First arrival of all.
    first: Option<Time>,
    /// First measured arrival; later than all instants before it.
    start: Time,
    /// Last measured arrival (or, of a finite workload, the end of the replication); later than
    /// all instants before it.
    end: Time,
    /// Measured jobs that have arrived.
    pub measured: u64,
    /// Measured jobs that are not resolved.
    pub open: u64,
    /// True if no further job is known to arrive.
    is_dry: bool,
    population: Population,
}

/// Number of jobs in the system, and its integral over the window and over its thirds.
#[derive(Clone, Copy, Debug, Default)]
struct Population {
    jobs: u64,
    /// What `jobs` x now is too large by to be the integral from the start of the run.
    excess: i128,
    /// The integral until the window opened, and until it closed.
    opened: i128,
    closed: i128,
    /// The integral and the time at a third, and at two thirds, of the measured arrivals.
    marks: [Option<(i128, Time)>; 2],
}

impl Population {
    /// Integral from the start of the run until `now`.
    fn until(&self, now: Time) -> i128 {
        i128::from(self.jobs) * i128::from(now.0) - self.excess
    }
}

impl Window {
    /// The window of `plan`, before the first arrival.
    pub fn new(plan: Plan) -> Window {
        let mut window = Window {
            plan,
            arrivals: 0,
            counted: 0,
            next_mark: 0,
            next_stop: 0,
            first: None,
            start: Time::MAX,
            end: Time::MAX,
            measured: 0,
            open: 0,
            is_dry: false,
            population: Population::default(),
        };
        window.next_mark = window.mark_after(0);
        window
    }

    /// First arrival of all.
    pub fn first(&self) -> Option<Time> {
        self.first
    }

    /// First measured arrival.
    pub fn start(&self) -> Option<Time> {
        self.has_opened().then_some(self.start)
    }

    /// True from the first measured arrival on.
    #[inline]
    pub fn has_opened(&self) -> bool {
        self.start != Time::MAX
    }

    /// True from the first to the last measured arrival.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.has_opened() && !self.is_closed()
    }

    /// True when the last measured job has arrived.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.end != Time::MAX
    }

    /// True if the window has ended before `now`.
    #[inline]
    pub fn has_passed(&self, now: Time) -> bool {
        self.end < now
    }

    /// True if the arrival of a job of `class` now, with no other before `next`, makes a mark, at
    /// which the number of jobs in the system is looked at; sometimes true if it does not.
    #[inline]
    pub fn may_mark(&self, now: Time, class: u32, next: Time) -> bool {
        self.arrivals + 1 >= self.next_stop && self.marks(now, class, next)
    }

    #[inline(never)]
    fn marks(&self, now: Time, class: u32, next: Time) -> bool {
        if !self.has_opened() {
            return self.is_warm(now);
        }
        match self.plan.measure {
            Measure::All => false,
            Measure::Leaving(_) => true,
            Measure::Jobs { class: only, .. } => {
                self.counted + 1 >= self.next_mark && only.is_none_or(|only| only == class)
            }
            Measure::Until(until) => {
                let (length, passed) = (until.since(self.start).0, now.since(self.start).0);
                let [third, other] = self.population.marks.map(|mark| mark.is_none());
                next > until || third && passed >= length / 3 || other && passed >= length / 3 * 2
            }
        }
    }

    #[inline]
    fn is_warm(&self, now: Time) -> bool {
        match self.plan.warmup {
            Warmup::None => true,
            Warmup::Jobs(jobs) => self.arrivals >= jobs,
            Warmup::Time(time) => now >= time,
        }
    }

    /// A job of `class` arrives; the source's own next arrival, and that of every other source, is
    /// no earlier than `next` ([`Time::MAX`] if there is none). Tells whether the job is measured.
    #[inline]
    pub fn arrive(&mut self, now: Time, class: u32, next: Time) -> bool {
        if self.arrivals + 1 >= self.next_stop {
            return self.arrive_at_stop(now, class, next);
        }
        let is_measured = u64::from(self.is_open());
        self.arrivals += 1;
        self.counted += is_measured;
        self.measured += is_measured;
        self.open += is_measured;
        self.population.jobs += 1;
        self.population.excess += i128::from(now.0);
        is_measured == 1
    }

    /// Arrivals from now on that change nothing but counts.
    #[inline]
    pub fn quiet(&self) -> u64 {
        self.next_stop.saturating_sub(self.arrivals + 1)
    }

    /// So many jobs have arrived, no more than change nothing but counts; `instants` is the sum of their
    /// instants.
    pub fn arrive_quietly(&mut self, jobs: u64, instants: u128) {
        let measured = if self.is_open() { jobs } else { 0 };
        self.arrivals += jobs;
        self.counted += measured;
        self.measured += measured;
        self.open += measured;
        self.population.jobs += jobs;
        self.population.excess += instants as i128;
    }

    /// The next arrival that may change more than counts, where it is known.
    fn stop_after(&self) -> u64 {
        match (self.plan.measure, self.plan.warmup) {
            // Its jobs may run dry before.
            _ if self.plan.finite => 0,
            (Measure::Jobs { class: None, .. }, _)
                if self.is_open() && self.next_mark < u64::MAX =>
            {
                self.arrivals + (self.next_mark - self.counted)
            }
            (Measure::Jobs { class: None, .. }, Warmup::Jobs(warmup)) if !self.is_closed() => {
                warmup + 1
            }
            _ => 0,
        }
    }

    #[inline(never)]
    fn arrive_at_stop(&mut self, now: Time, class: u32, next: Time) -> bool {
        let warm = self.is_warm(now);
        self.arrivals += 1;
        self.is_dry = next == Time::MAX;
        self.first.get_or_insert(now);
        let mut is_measured = warm && !self.is_closed();
        if is_measured && !self.has_opened() {
            self.begin(now);
            is_measured = !self.is_closed();
        }
        self.population.jobs += 1;
        self.population.excess += i128::from(now.0);
        let is_measured = is_measured && self.count(now, class, next);
        self.next_stop = self.stop_after();
        is_measured
    }

    /// A job arrives in the window; tells whether it is measured, which it is not where those are that
    /// leave.
    #[inline]
    fn count(&mut self, now: Time, class: u32, next: Time) -> bool {
        match self.plan.measure {
            Measure::Leaving(until) => {
                self.mark_times(now, until);
                return false;
            }
            Measure::All => {}
            Measure::Jobs { class: only, .. } => {
                // Finite jobs leave the window open until the last is done: who comes meanwhile is not measured.
                if self.has_all() {
                    return false;
                }
                self.counted += u64::from(only.is_none_or(|only| only == class));
                if self.counted >= self.next_mark {
                    self.reach_mark(now);
                }
            }
            Measure::Until(until) => self.follow_clock(now, until, next),
        }
        self.measured += 1;
        self.open += 1;
        true
    }

    /// A job leaves, where those are measured that do so in the window; tells whether it is.
    pub fn count_leaving(&mut self, now: Time) -> bool {
        let is_measured = self.contains(now);
        self.measured += u64::from(is_measured);
        self.open += u64::from(is_measured);
        is_measured
    }

    /// When the window opens and closes by the clock, where it does: then what leaves is measured.
    pub fn clock(&self) -> Option<(Time, Time)> {
        match (self.plan.measure, self.plan.warmup) {
            (Measure::Leaving(until), Warmup::Time(from)) => Some((from, until)),
            (Measure::Leaving(until), _) => Some((Time::ZERO, until)),
            _ => None,
        }
    }

    /// How many counted arrivals make the first mark above `count`: a third, two thirds, all.
    fn mark_after(&self, count: u64) -> u64 {
        let Measure::Jobs { count: all, .. } = self.plan.measure else {
            return u64::MAX;
        };
        let marks = [all.div_ceil(3), (2 * all).div_ceil(3), all];
        marks
            .into_iter()
            .find(|&mark| mark > count)
            .unwrap_or(u64::MAX)
    }

    #[cold]
    fn reach_mark(&mut self, now: Time) {
        let Measure::Jobs { count, .. } = self.plan.measure else {
            return;
        };
        self.mark(now, 0, self.counted * 3 >= count);
        self.mark(now, 1, self.counted * 3 >= 2 * count);
        if self.counted == count && !self.plan.finite {
            self.close(now);
        }
        self.next_mark = self.mark_after(self.counted);
    }

    #[inline(never)]
    fn mark_times(&mut self, now: Time, until: Time) {
        let length = until.since(self.start).0;
        let passed = now.since(self.start).0;
        self.mark(now, 0, passed >= length / 3);
        self.mark(now, 1, passed >= length / 3 * 2);
    }

    fn follow_clock(&mut self, now: Time, until: Time, next: Time) {
        self.mark_times(now, until);
        if !self.plan.finite && next > until {
            self.close(now);
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
            if !self.has_opened() {
                self.begin(now);
            }
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
            self.population.marks[which] = Some((self.population.until(now), now));
        }
    }

    /// Opens the window at `now`, before anything happens then.
    #[cold]
    pub fn begin(&mut self, now: Time) {
        self.start = now;
        self.population.opened = self.population.until(now);
        if matches!(self.plan.measure, Measure::Until(until) if now > until) {
            self.close(now); // the first job that could be measured comes too late
        }
    }

    /// Ends the window at `now`.
    pub fn close(&mut self, now: Time) {
        if self.is_open() {
            self.end = now;
            self.population.closed = self.population.until(now);
        }
    }

    /// A job leaves the system.
    #[inline]
    pub fn leave(&mut self, now: Time, measured: bool) {
        self.population.jobs -= 1;
        self.population.excess -= i128::from(now.0);
        self.open -= u64::from(measured);
    }

    /// So many measured jobs leave the system; `instants` is the sum of the instants at which they do.
    pub fn leave_together(&mut self, jobs: u64, instants: u128) {
        self.population.jobs -= jobs;
        self.population.excess -= instants as i128;
        self.open -= jobs;
    }

    /// Jobs in the system.
    #[inline]
    pub fn jobs(&self) -> u64 {
        self.population.jobs
    }

    /// Integral of the number in the system over the window, once it is closed, job-nanoseconds.
    pub fn area(&self) -> i128 {
        self.population.closed - self.population.opened
    }

    /// Length of the window.
    pub fn length(&self) -> Time {
        match self.is_closed() {
            true => self.end.since(self.start),
            false => Time::ZERO,
        }
    }

    /// The part of [from, to] that lies in the window so far.
    #[inline]
    pub fn overlap(&self, from: Time, to: Time) -> Time {
        to.min(self.end).since(from.max(self.start))
    }

    /// True if `time`, not in the future, lies in the window, which is closed at both ends.
    #[inline]
    pub fn contains(&self, time: Time) -> bool {
        self.start <= time && time <= self.end
    }

    /// Mean number in the system over each third of the measured arrivals.
    pub fn thirds(&self) -> Option<[f64; 3]> {
        let [Some((first, one)), Some((second, two))] = self.population.marks else {
            return None;
        };
        if !self.has_opened() || !self.is_closed() {
            return None;
        }
        let mean =
            |area: i128, span: Time| (span > Time::ZERO).then(|| area as f64 / span.0 as f64);
        Some([
            mean(first - self.population.opened, one - self.start)?,
            mean(second - first, two - one)?,
            mean(self.population.closed - second, self.end - two)?,
        ])
    }

    /// True when the replication may stop: all that is measured is resolved.
    #[inline]
    pub fn is_resolved(&self) -> bool {
        self.open == 0
            && (self.is_closed() || self.plan.finite && (self.has_all() || self.is_over()))
    }

    /// True if all jobs have come and gone: what is pending (nodes that fail) concerns nobody.
    fn is_over(&self) -> bool {
        self.is_dry && self.population.jobs == 0
    }

    /// The instant after which the replication is broken off although jobs are unresolved; none
    /// for a window without length (a single job, a batch), of which no multiple can be waited for.
    pub fn deadline(&self) -> Option<Time> {
        let can_be_long = !self.plan.finite && self.length() > Time::ZERO;
        can_be_long.then(|| self.end + Time((self.length().0 as f64 * self.plan.drain) as u64))
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
        let measured: Vec<bool> = (0..3)
            .map(|_| window.arrive(Time(5), 1, Time::MAX))
            .collect();
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

    /// Nine arrivals a second apart, each of which leaves half a second later: half a job at any time.
    #[test]
    fn thirds_are_known_once_the_window_is_closed() {
        let mut window = counting(0, 9, 0);
        for at in 1..=9 {
            assert_eq!(window.thirds(), None, "{at}");
            window.arrive(Time(at * 10), 0, Time(at * 10 + 10));
            window.leave(Time(at * 10 + 5), true);
        }
        assert_eq!(window.thirds(), Some([0.5; 3]));
    }

    #[test]
    fn what_arrives_after_the_end_is_not_measured() {
        let mut window = counting(0, 1, 1);
        window.plan.measure = Measure::Until(Time(10));
        assert!(!window.arrive(Time(3), 0, Time(11)));
        assert!(!window.arrive(Time(11), 0, Time(12)));
        assert!(window.is_closed() && window.is_resolved());
        assert_eq!((window.measured, window.length()), (0, Time::ZERO));
        let mut window = counting(0, 1, 1);
        window.plan.measure = Measure::Until(Time(10));
        let arrivals = [(3, 10, false), (10, 12, true), (12, 13, false)];
        for (time, next, measured) in arrivals {
            assert_eq!(window.arrive(Time(time), 0, Time(next)), measured, "{time}");
        }
    }

    /// As many jobs of a trace are measured as are asked for, however many arrive before these are done.
    #[test]
    fn no_more_finite_jobs_are_measured_than_are_asked_for() {
        for class in [None, Some(0)] {
            let mut window = counting(0, 2, 1);
            window.plan.finite = true;
            window.plan.measure = Measure::Jobs { class, count: 2 };
            for (time, measured) in [(3, false), (4, true), (9, true), (11, false), (12, false)] {
                assert_eq!(window.arrive(Time(time), 0, Time(time + 1)), measured);
            }
            assert_eq!(window.measured, 2);
            window.leave(Time(13), true);
            assert!(!window.is_resolved());
            window.leave(Time(14), true);
            assert!(window.is_resolved());
        }
    }

    /// Nothing that is pending then, such as failures of nodes, goes on for ever.
    #[test]
    fn a_finite_workload_is_over_when_its_jobs_are() {
        for warmup in [0, 1, 200] {
            let mut window = counting(0, 50, warmup);
            window.plan.finite = true;
            window.plan.measure = Measure::Jobs {
                class: None,
                count: 50,
            };
            let arrivals = [(3, Time(4)), (4, Time(5)), (5, Time::MAX)];
            for measured in arrivals.map(|(time, next)| window.arrive(Time(time), 0, next)) {
                assert!(!window.is_resolved());
                window.leave(Time(6), measured);
            }
            assert!(window.is_resolved(), "{warmup}");
        }
    }

    #[test]
    fn the_window_goes_from_the_first_to_the_last_measured_arrival() {
        let mut window = counting(0, 2, 1);
        for (time, measured) in [(3, false), (4, true), (9, true), (11, false)] {
            assert_eq!(window.arrive(Time(time), 0, Time::MAX), measured);
        }
        assert_eq!((window.start, window.end), (Time(4), Time(9)));
        assert_eq!(window.deadline(), Some(Time(9 + 4 * 5)));
        assert_eq!(window.overlap(Time(0), Time(6)), Time(2));
        assert_eq!(window.overlap(Time(8), Time(20)), Time(1));
        assert!(window.contains(Time(4)) && window.contains(Time(9)) && !window.contains(Time(10)));
        // One job until 4, two until 9.
        assert_eq!(window.area(), 2 * 5);
    }
}
