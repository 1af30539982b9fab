//! What is run, and how: a scenario of which nothing is left open, and which does not change any
//! more.
//!
//! Everything that has to be found out first, such as how long to warm up, is settled here, so that every
//! machine which runs a part of the plan runs the same.

use std::sync::atomic::AtomicBool;

use super::journal::Journal;
use super::record::Recording;
use super::warmup;
use crate::scenario::Scenario;
use crate::sim::Failure;

/// A scenario, settled; what comes out of it is [`Run`](super::Run).
#[derive(Clone, Debug)]
pub struct Plan {
    scenario: Scenario,
    command: String,
}

impl Plan {
    /// `scenario` with the warm-ups that it leaves to pilots (of no further point once it is to
    /// `stop`). `command` is one line that repeats the run.
    ///
    /// # Errors
    /// [`Failure`] of a pilot.
    pub fn new(
        mut scenario: Scenario,
        command: String,
        stop: &AtomicBool,
    ) -> Result<Plan, Failure> {
        warmup::settle(&mut scenario, stop)?;
        Ok(Plan { scenario, command })
    }

    /// The same with so many replications, without waiting for a precision, and with another luck of
    /// the placements.
    pub fn again(&self, replications: u32, placement_seed: u64) -> Plan {
        let mut plan = self.clone();
        plan.scenario.replications = replications;
        plan.scenario.precision = None;
        let points = plan.scenario.points.iter_mut();
        let setups = points.flat_map(|point| &mut point.setups);
        setups.for_each(|setup| setup.placement_seed = placement_seed);
        plan
    }

    /// What is run.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// One line that repeats the run.
    pub fn command(&self) -> &str {
        &self.command
    }
}

/// How an experiment is to be run.
pub struct Options<'a> {
    /// Threads; all cores if `None`.
    pub threads: Option<usize>,
    /// Set from outside to stop after the replications that are running.
    pub stop: &'a AtomicBool,
    /// Called from any thread.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Where rows of single jobs, tasks and decisions go, if they are wanted.
    pub record: Option<&'a Recording>,
    /// Whether decisions are logged (not together with `record`).
    pub log_decisions: bool,
    /// Where finished replications are kept, and taken from.
    pub journal: Option<&'a Journal>,
}

/// How far an experiment is.
#[derive(Clone, Copy, Debug)]
pub enum Progress {
    /// So many more replications are to be run.
    Planned(u64),
    /// One is done.
    Done,
}
