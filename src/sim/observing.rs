//! Looks at the nodes at random instants, one in each stratum of the window.
//!
//! One instant in each stratum, drawn at random in it, sees periodic workloads without bias and has less
//! variance than instants drawn over the whole window (stratified sampling: Cochran, Sampling Techniques,
//! 1977).

use crate::engine::random::{Purpose, Seeds, Stream, unit};
use crate::engine::time::Time;
use crate::metrics::nodes::{Capacity, Observation, Observed};
use crate::model::layout::Layout;

use super::core::Core;
use super::window::Window;

/// Observations of a replication at most.
const MOST: u64 = 4000;

/// What is to be seen of the nodes.
pub trait See {
    /// At this instant.
    fn see(&mut self, core: &Core<'_>, capacity: &Capacity, at: Time) -> Observation;
}

/// The nodes as events leave them, and the number of tasks in the central queue.
pub struct ByEvents(pub u64);

impl See for ByEvents {
    fn see(&mut self, core: &Core<'_>, capacity: &Capacity, at: Time) -> Observation {
        let (nodes, jobs) = (&core.nodes, core.window.jobs());
        Observation::take(&core.layout, nodes, capacity, at, jobs, self.0)
    }
}

/// The observations of a replication, and when the next is due.
pub struct Observer {
    capacity: Capacity,
    stream: Stream,
    stratum: Time,
    /// When the window opened.
    start: Option<Time>,
    /// Strata whose instant has been drawn.
    drawn: u64,
    /// Instant of the next observation; [`Time::MAX`] if there is none.
    next: Time,
    sums: Observed,
    seen: Vec<Observation>,
}

impl Observer {
    /// An observer of strata of length `stratum`.
    pub fn new(layout: &Layout, seeds: Seeds, stratum: Time) -> Observer {
        Observer {
            capacity: Capacity::new(layout),
            stream: seeds.stream(Purpose::Observation, ""),
            stratum,
            start: None,
            drawn: 0,
            next: Time::MAX,
            sums: Observed::default(),
            seen: Vec::with_capacity(MOST as usize),
        }
    }

    /// Starts when `window` opens.
    pub fn follow(&mut self, window: &Window) {
        if self.start.is_none()
            && let Some(start) = window.start()
        {
            self.start = Some(start);
            self.draw(start);
        }
    }

    /// Draws the instant of the next stratum of a window that started at `start`.
    fn draw(&mut self, start: Time) {
        let within = Time((unit(&mut self.stream) * self.stratum.0 as f64) as u64);
        let instant = start + Time(self.drawn.saturating_mul(self.stratum.0)) + within;
        self.next = if self.drawn < MOST {
            instant
        } else {
            Time::MAX
        };
        self.drawn += 1;
    }

    /// Instant of the next observation; [`Time::MAX`] if there is none.
    pub fn next(&self) -> Time {
        self.next
    }

    /// Takes the observations that fall before `time`; `see` tells what is to be seen at an instant.
    pub fn look_until(&mut self, time: Time, core: &Core<'_>, see: &mut impl See) {
        while self.next < time {
            if !core.window.contains(self.next) {
                self.next = Time::MAX;
                return;
            }
            let seen = see.see(core, &self.capacity, self.next);
            self.sums.add(&seen);
            self.seen.push(seen);
            self.draw(self.start.unwrap_or_default());
        }
    }

    /// Sums over the observations, and the observations themselves.
    pub fn found(self) -> (Observed, Vec<Observation>) {
        (self.sums, self.seen)
    }
}
