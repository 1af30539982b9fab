//! Setups by hand, with placements as scenarios spell them.

use std::sync::Arc;

use equipoise::engine::law::Law;
use equipoise::model::cluster::Group;
use equipoise::scenario::Registry;
use equipoise::sim::setup::Setup;
use equipoise::strategy::{Blueprint, Parts};
use equipoise::testing::setups;
use equipoise::workload::source::{Arrivals, Source};

pub use equipoise::testing::setups::{class, group};

/// The placement that a scenario file would spell `placement.SPELLING`, or its bare name.
pub fn placement(spelling: &str) -> Arc<dyn Blueprint> {
    let known = Registry::standard().spelled(spelling);
    known.unwrap_or_else(|| panic!("no placement `{spelling}`"))
}

/// Jobs of class `class` with independent intervals.
pub fn renewal(name: &str, interval: Law, class: u32) -> Source {
    Source {
        name: name.into(),
        arrivals: Arrivals::Renewal { interval },
        first_class: class,
        classes: 1,
    }
}

/// One dispatcher that decides in no time.
pub fn parts(spelling: &str) -> Parts {
    Parts::new(placement(spelling))
}

/// One class `jobs` at intervals of `interval` on `groups`, without any delay.
pub fn open(groups: Vec<Group>, interval: Law, tasks: u32, work: Law, spelling: &str) -> Setup {
    let mut setup = setups::open(groups, interval, tasks, work, placement(spelling));
    setup.strategy.name = spelling.to_owned();
    setup
}

/// A sequence of choices (Knuth's MMIX multiplier).
pub struct Dice(pub u64);

impl Dice {
    /// A number below `count`.
    pub fn below(&mut self, count: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub fn any<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }
}
