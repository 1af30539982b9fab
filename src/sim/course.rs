//! How far a replication has come: what is observed on the way, and when it is over.
//!
//! Nodes are looked at at random instants, one in each of many strata of the window: means over them have no
//! bias from a rhythm of the workload, and less variance than instants that are drawn freely. The instants are
//! the same for all strategies.

use crate::engine::random::Seeds;
use crate::engine::time::Time;
use crate::metrics::nodes::{Observation, Observed};

use super::core::Core;
use super::observing::{ByEvents, Observer, See};

/// See the module.
pub struct Course {
    observer: Observer,
    /// After this instant there is an observation to take, or the replication is broken off.
    stop: Time,
    /// Whether the window's end has been noted.
    is_closed: bool,
    /// When the replication is broken off, once that is known.
    deadline: Time,
    /// When it was over, if it was broken off.
    broken_off: Option<Time>,
    /// More jobs than this in the system make it a runaway.
    most_jobs: u64,
    is_runaway: bool,
    /// When the window opens and closes, where the clock alone tells.
    clock: Option<(Time, Time)>,
}

impl Course {
    /// Before the first event.
    pub fn new(core: &mut Core<'_>, seeds: Seeds) -> Course {
        let mut course = Course::start(core, seeds);
        course.follow_clock(core, Time::ZERO);
        course
    }

    /// The course of a replication at time 0, with the instants at which nodes will be looked at.
    fn start(core: &Core<'_>, seeds: Seeds) -> Course {
        Course {
            clock: core.window.clock(),
            observer: Observer::new(&core.layout, seeds, core.setup.window.stratum),
            stop: Time::MAX,
            is_closed: false,
            deadline: Time::MAX,
            broken_off: None,
            most_jobs: match core.setup.window.finite {
                true => u64::MAX,
                false => core.setup.window.max_in_system,
            },
            is_runaway: false,
        }
    }

    /// The instant after which the next event finds something to do here.
    #[inline]
    pub fn stop(&self) -> Time {
        self.stop
    }

    /// Time passes until `time`, the next event's; false if the replication is over before.
    /// `central` is the number of tasks in the central queue.
    #[inline]
    pub fn pass(&mut self, core: &mut Core<'_>, time: Time, central: u64) -> bool {
        (time <= self.stop || self.look_until(time, core, &mut ByEvents(central)))
            && !core.window.is_resolved()
    }

    /// The same where there is something to do; `see` tells what is to be seen.
    #[cold]
    pub fn look_until(&mut self, time: Time, core: &mut Core<'_>, see: &mut impl See) -> bool {
        self.observer.look_until(time, core, see);
        self.follow_clock(core, time);
        self.observer.look_until(time, core, see);
        self.look_out();
        let is_over = time > self.deadline;
        if is_over {
            self.broken_off = Some(self.deadline);
        }
        !is_over
    }

    /// When to look again.
    fn look_out(&mut self) {
        self.stop = self.observer.next().min(self.deadline);
        if let Some((from, until)) = self.clock {
            // The window is open from the very instant on, and closed after it.
            self.stop = self.stop.min(from.since(Time(1))).min(until);
        }
    }

    /// The next event is at `time`: opens the window, or closes it, if the clock says so.
    fn follow_clock(&mut self, core: &mut Core<'_>, time: Time) {
        let Some((from, until)) = self.clock else {
            return;
        };
        if time >= from && !core.window.has_opened() {
            core.window.begin(from);
            core.open_window(from);
            self.observer.follow(&core.window);
            self.clock = Some((Time::MAX, until));
        }
        if time > until && !self.is_closed {
            core.window.close(until);
            core.close_window(until);
            self.is_closed = true;
            self.broken_off = Some(until);
        }
        self.look_out();
    }

    /// What an arrival may have changed: the window opens or closes, the system runs away.
    #[inline]
    pub fn follow(&mut self, core: &mut Core<'_>) {
        if core.window.has_opened() && !self.is_closed {
            self.follow_window(core);
        }
        self.is_runaway = core.window.jobs() > self.most_jobs;
    }

    fn follow_window(&mut self, core: &mut Core<'_>) {
        self.observer.follow(&core.window);
        if core.window.is_closed() {
            self.is_closed = true;
            core.close_window(core.now());
            self.deadline = core.window.deadline().unwrap_or(Time::MAX);
        }
        self.look_out();
    }

    /// Up to so many jobs in the system one more makes no runaway, though some of them may have left
    /// and not be known to have.
    #[inline]
    pub fn plenty(&self) -> u64 {
        self.most_jobs - self.most_jobs.div_ceil(8)
    }

    /// True if more jobs are in the system than may be.
    #[inline]
    pub fn is_runaway(&self) -> bool {
        self.is_runaway
    }

    /// Ends it: tells when it was over, which is at its last event or at the deadline.
    pub fn end(&mut self, core: &mut Core<'_>) -> Time {
        let over = self.broken_off.unwrap_or(core.now());
        core.window.close(over);
        if !self.is_closed {
            core.close_window(over);
        }
        over
    }

    /// Sums over the observations, and the observations themselves.
    pub fn observed(self) -> (Observed, Vec<Observation>) {
        self.observer.found()
    }
}
