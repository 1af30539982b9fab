//! One replication: a setup and a number in, an outcome out.
//!
//! Small machines share one core. This file joins them and reads as a task's life: it arrives with
//! its job, is decided, travels, queues, runs, its result travels back and is gathered.

mod central;
mod core;
mod dispatch;
mod gathering;
mod outcome;
pub mod recorder;
pub mod records;
mod service;
pub mod setup;
mod sources;
mod window;

use std::fmt;

use crate::engine::agenda::Place;
use crate::engine::law::Law;
use crate::engine::random::{Purpose, Seeds, Stream, unit};
use crate::engine::time::Time;
use crate::metrics::figures::Figures;
use crate::metrics::nodes::{Capacity, Observation, Observed};
use crate::model::layout::Layout;
use crate::strategy::Binding;
use crate::workload::trace;

use self::central::Central;
use self::core::{CENTRAL, Core, Kind};
use self::dispatch::Dispatch;
use self::gathering::Gathering;
use self::recorder::Recorder;
use self::setup::Setup;
use self::sources::Sources;

/// Why a replication could not be finished.
#[derive(Debug)]
pub enum Failure {
    /// A trace cannot be read (any more).
    Trace(trace::Problem),
    /// The strategy cannot work on the cluster.
    Strategy(String),
    /// A placement does what none may; says which and what.
    Placement(String),
    /// The machine failed: a disk, a thread.
    Machine(String),
    /// The simulator contradicts itself: a fault of equipoise.
    Internal(String),
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Trace(problem) => write!(f, "{problem}"),
            Failure::Strategy(problem) | Failure::Machine(problem) => write!(f, "{problem}"),
            Failure::Placement(what) => {
                write!(f, "{what}: a fault of this placement, not of the scenario")
            }
            Failure::Internal(what) => {
                write!(
                    f,
                    "the simulator contradicts itself: {what}. This is a fault of equipoise; please report it"
                )
            }
        }
    }
}

impl From<trace::Problem> for Failure {
    fn from(problem: trace::Problem) -> Failure {
        Failure::Trace(problem)
    }
}

impl From<String> for Failure {
    fn from(problem: String) -> Failure {
        Failure::Strategy(problem)
    }
}

/// Runs replication `replication` (from 1) of `setup`.
///
/// # Errors
/// [`Failure`]; with a setup made from a checked scenario only a trace can fail.
pub fn run<'s>(
    setup: &'s Setup,
    replication: u64,
    recorder: Option<&'s mut (dyn Recorder + 's)>,
) -> Result<Figures, Failure> {
    let mut replication = Replication::new(setup, Seeds::new(setup.seed, replication), recorder)?;
    while replication.step()? {}
    replication.finish()
}

struct Replication<'s> {
    core: Core<'s>,
    sources: Sources,
    dispatch: Dispatch,
    central: Option<Central>,
    gathering: Gathering,
    observer: Observer,
    /// True if results travel in no time and are gathered in none.
    results_are_instant: bool,
    events: u64,
    is_runaway: bool,
    deadline: Time,
    /// When the replication was over: its last event, or the deadline.
    over: Time,
}

/// Looks at the nodes once in each stratum of the window, at a uniform instant.
struct Observer {
    capacity: Capacity,
    stream: Stream,
    /// The stratum's number and the instant within it, once the window has opened.
    next: Option<(u64, Time)>,
    sums: Observed,
    seen: Vec<Observation>,
}

/// Observations of a replication at most.
const MOST_OBSERVATIONS: u64 = 4000;

impl<'s> Replication<'s> {
    fn new(
        setup: &'s Setup,
        seeds: Seeds,
        recorder: Option<&'s mut (dyn Recorder + 's)>,
    ) -> Result<Replication<'s>, Failure> {
        let layout = Layout::new(&setup.cluster);
        let board = dispatch::board(setup, &layout);
        let mut core = Core::new(setup, layout, seeds, board, recorder);
        let dispatch = Dispatch::new(&mut core)?;
        let gathering = Gathering::new(&core, dispatch.count());
        let stops_early = !setup.window.finite && is_first_in_first_out(setup, gathering.is_free());
        Ok(Replication {
            sources: Sources::open(&mut core, seeds, stops_early)?,
            central: (setup.strategy.binding == Binding::CentralQueue).then_some(Central::EMPTY),
            results_are_instant: setup.network.result.is_zero() && gathering.is_free(),
            observer: Observer {
                capacity: Capacity::new(&core.layout),
                stream: seeds.stream(Purpose::Observation, ""),
                next: None,
                sums: Observed::default(),
                seen: Vec::with_capacity(MOST_OBSERVATIONS as usize),
            },
            events: 0,
            is_runaway: false,
            deadline: Time::MAX,
            over: Time::ZERO,
            core,
            dispatch,
            gathering,
        })
    }

    /// Handles the next event; false when the replication is over.
    fn step(&mut self) -> Result<bool, Failure> {
        let (head, arrival) = (self.core.agenda.head(), self.sources.next());
        let time = head.min(arrival).time;
        if head.min(arrival) == Place::NEVER {
            return Ok(false);
        }
        if time > self.core.now() {
            self.observe_until(time);
            if time > self.deadline || self.core.window.is_resolved() {
                self.over = if time > self.deadline {
                    self.deadline
                } else {
                    self.core.now()
                };
                return Ok(false);
            }
            self.core.pass(time);
        }
        self.over = time;
        self.events += 1;
        if arrival < head {
            self.core.agenda.pass(time);
            self.arrive()?;
        } else {
            let id = self.core.agenda.take();
            self.handle(Kind::of(head), id)?;
        }
        Ok(!self.is_runaway)
    }

    /// A task's life, event by event.
    fn handle(&mut self, kind: Kind, id: u32) -> Result<(), Failure> {
        match kind {
            Kind::Arrival => self.arrive(),
            Kind::Decided => {
                self.decide(id)?;
                self.run_dispatcher(id)
            }
            Kind::Reached => self.reach(id),
            Kind::End => self.end(id),
            Kind::Received => {
                self.receive(id);
                Ok(())
            }
            Kind::Gathered => {
                self.gathering.gathered(&mut self.core, id);
                Ok(())
            }
        }
    }

    /// A job arrives and queues at a dispatcher.
    fn arrive(&mut self) -> Result<(), Failure> {
        let Some(job) = self.sources.arrive(&mut self.core)? else {
            return Ok(());
        };
        self.follow_window();
        match self.dispatch.accept(&mut self.core, job)? {
            Some(idle) => self.run_dispatcher(idle),
            None => Ok(()),
        }
    }

    fn run_dispatcher(&mut self, dispatcher: u32) -> Result<(), Failure> {
        while self.dispatch.begin(&mut self.core, dispatcher) {
            self.events += 1;
            self.decide(dispatcher)?;
        }
        Ok(())
    }

    /// A task has been decided and sets out to its node, or to the central queue.
    fn decide(&mut self, dispatcher: u32) -> Result<(), Failure> {
        let attempt = self.dispatch.decide(&mut self.core, dispatcher)?;
        let delay = &self.core.setup.network.dispatch;
        if delay.is_zero() {
            return self.reach(attempt);
        }
        let time = self.core.now() + self.travel(delay, attempt, 0);
        let entity = if self.central.is_some() {
            CENTRAL
        } else {
            self.core.attempts[attempt].node.0 + 1
        };
        self.core.schedule(time, Kind::Reached, entity, attempt);
        Ok(())
    }

    /// A task reaches its node, or the central queue.
    fn reach(&mut self, attempt: u32) -> Result<(), Failure> {
        self.core.attempts[attempt].times.reached = self.core.now();
        match &mut self.central {
            Some(central) => {
                central.reach(&mut self.core, attempt);
                self.pull()
            }
            None => {
                self.dispatch.arrived(&mut self.core, attempt);
                service::reach(&mut self.core, attempt);
                Ok(())
            }
        }
    }

    /// The service of a task ends: its node turns to what waits, and the result sets out.
    fn end(&mut self, attempt: u32) -> Result<(), Failure> {
        let node = self.core.attempts[attempt].node;
        self.core.end(attempt);
        self.dispatch.report_end(&mut self.core, node);
        if self.central.is_some() {
            self.pull()?;
        } else {
            service::start_waiting(&mut self.core, node);
        }
        if self.results_are_instant {
            self.receive(attempt);
            return Ok(());
        }
        let time = self.core.now() + self.travel(&self.core.setup.network.result, attempt, 1);
        self.core
            .schedule(time, Kind::Received, node.0 + 1, attempt);
        Ok(())
    }

    /// A result is back at its dispatcher, where it is gathered.
    fn receive(&mut self, attempt: u32) {
        self.dispatch.received(&self.core, attempt);
        self.gathering.receive(&mut self.core, attempt);
    }

    /// Starts tasks from the central queue while its head finds room.
    fn pull(&mut self) -> Result<(), Failure> {
        let Some(central) = &mut self.central else {
            return Ok(());
        };
        while let Some(attempt) = central.head(&mut self.core) {
            let job = self.core.job_of(attempt);
            let node = self.dispatch.choose(&mut self.core, job, attempt)?;
            central.take(&self.core);
            self.dispatch.bind(&mut self.core, attempt, node);
            self.core.start(attempt);
        }
        Ok(())
    }

    /// How long an attempt (`leg` 0) or its result (1) travels.
    fn travel(&self, law: &Law, attempt: u32, leg: u32) -> Time {
        if let Some(constant) = law.constant() {
            return Time::from_secs(constant);
        }
        let task = &self.core.tasks[self.core.attempts[attempt].task];
        let job = &self.core.jobs[task.job];
        Time::from_secs(
            law.sample(
                &mut self
                    .core
                    .keys
                    .network
                    .draw(job.class, job.number, 0, task.index, leg),
            ),
        )
    }

    /// What an arrival may have changed: the window opens or closes, the system runs away.
    fn follow_window(&mut self) {
        let window = &self.core.window;
        if let (None, Some(start)) = (self.observer.next, window.start) {
            self.observer.advance(start, self.core.setup.window.stratum);
        }
        if self.deadline == Time::MAX {
            self.deadline = window.deadline().unwrap_or(Time::MAX);
        }
        let plan = &self.core.setup.window;
        self.is_runaway = !plan.finite && window.jobs() > plan.max_in_system;
    }

    /// Takes the observations that fall before `time`, the next event's.
    fn observe_until(&mut self, time: Time) {
        let stratum = self.core.setup.window.stratum;
        while let Some((number, instant)) =
            self.observer.next.filter(|(_, instant)| *instant < time)
        {
            if !self.core.window.contains(instant) {
                // never again: `None` would have the next arrival start over
                self.observer.next = Some((number, Time::MAX));
                break;
            }
            let waiting = self.central.as_ref().map_or(0, Central::length);
            let core = &self.core;
            let jobs = core.window.jobs();
            let (nodes, capacity) = (&core.nodes, &self.observer.capacity);
            let seen = Observation::take(&core.layout, nodes, capacity, instant, jobs, waiting);
            self.observer.sums.add(&seen);
            self.observer.seen.push(seen);
            let start = self.core.window.start.unwrap_or_default();
            self.observer.advance(start, stratum);
        }
    }

    fn finish(mut self) -> Result<Figures, Failure> {
        self.core.window.close(self.over);
        self.dispatch.finish(&mut self.core, self.over);
        self.gathering.finish(&mut self.core, self.over);
        outcome::conclude(self)
    }
}

impl Observer {
    /// Draws the instant of the next stratum of a window that started at `start`.
    fn advance(&mut self, start: Time, stratum: Time) {
        let number = self.next.map_or(0, |(number, _)| number + 1);
        let within = Time((unit(&mut self.stream) * stratum.0 as f64) as u64);
        let instant = start + Time(number.saturating_mul(stratum.0)) + within;
        self.next = Some((
            number,
            if number < MOST_OBSERVATIONS {
                instant
            } else {
                Time::MAX
            },
        ));
    }
}

/// True if no later arrival can touch a job that is there: every queue on the way is first in,
/// first out, and all tasks take the same way in the same time.
fn is_first_in_first_out(setup: &Setup, gathering_is_free: bool) -> bool {
    let strategy = &setup.strategy;
    let one_way = strategy
        .parts
        .iter()
        .all(|parts| parts.decision_time.is_zero())
        || strategy.parts.len() == 1 && strategy.parts[0].dispatchers == 1;
    strategy.binding == Binding::Early
        && one_way
        && gathering_is_free
        && setup.network.dispatch.constant().is_some()
        && setup.cluster.groups.iter().all(|group| !group.backfill)
}
