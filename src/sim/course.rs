//! How far a replication has come: what is observed on the way, and when it is over.

use crate::engine::random::Seeds;
use crate::engine::time::Time;
use crate::metrics::nodes::{Observation, Observed};

use super::core::Core;
use super::observing::Observer;

/// See the module.
pub struct Course {
    observer: Observer,
    /// When the replication is broken off, once that is known.
    deadline: Time,
    /// When it was over, if it was broken off.
    broken_off: Option<Time>,
    is_runaway: bool,
}

impl Course {
    /// Before the first event.
    pub fn new(core: &Core<'_>, seeds: Seeds) -> Course {
        Course {
            observer: Observer::new(&core.layout, seeds, core.setup.window.stratum),
            deadline: Time::MAX,
            broken_off: None,
            is_runaway: false,
        }
    }

    /// Time passes until `time`, the next event's; false if the replication is over before.
    /// `central` is the number of tasks in the central queue.
    #[inline]
    pub fn pass(&mut self, core: &mut Core<'_>, time: Time, central: u64) -> bool {
        if self.observer.is_due(time) {
            self.observer.look_until(time, core, central);
        }
        if time > self.deadline {
            self.broken_off = Some(self.deadline);
            return false;
        }
        if core.window.is_resolved() {
            return false;
        }
        core.pass(time);
        true
    }

    /// What an arrival may have changed: the window opens or closes, the system runs away.
    #[inline]
    pub fn follow(&mut self, core: &Core<'_>) {
        self.observer.follow(&core.window);
        if core.window.is_closed() && self.deadline == Time::MAX {
            self.deadline = core.window.deadline().unwrap_or(Time::MAX);
        }
        let plan = &core.setup.window;
        self.is_runaway = !plan.finite && core.window.jobs() > plan.max_in_system;
    }

    /// True if more jobs are in the system than may be.
    #[inline]
    pub fn is_runaway(&self) -> bool {
        self.is_runaway
    }

    /// When the replication was over: its last event, or the deadline.
    pub fn over(&self, core: &Core<'_>) -> Time {
        self.broken_off.unwrap_or(core.now())
    }

    /// Sums over the observations, and the observations themselves.
    pub fn observed(self) -> (Observed, Vec<Observation>) {
        self.observer.found()
    }
}
