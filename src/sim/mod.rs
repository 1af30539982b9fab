//! One replication: a setup and a number in, an outcome out.
//!
//! Small machines share one core. This file joins them and reads as a task's life: it arrives with
//! its job, is decided, travels, queues, runs, its result travels back and is gathered.

mod central;
mod core;
mod dispatch;
mod failure;
mod gathering;
mod observing;
mod outcome;
pub mod recorder;
pub mod records;
mod service;
pub mod setup;
mod sources;
mod window;

use crate::engine::agenda::Place;
use crate::engine::random::Seeds;
use crate::engine::time::Time;
use crate::metrics::figures::Figures;
use crate::model::cluster::Cluster;
use crate::model::layout::Layout;
use crate::strategy::Binding;

pub use self::failure::Failure;

use self::central::Central;
use self::core::{CENTRAL, Core, Kind};
use self::dispatch::{Accepted, Dispatch};
use self::failure::Fallible;
use self::gathering::Gathering;
use self::observing::Observer;
use self::recorder::Recorder;
use self::records::Phase;
use self::setup::{Network, Setup};
use self::sources::Sources;

/// Runs replication `replication` (from 1) of `setup`.
///
/// # Errors
/// [`Failure`]; with a setup made from a checked scenario only a trace can fail.
pub fn run<'s>(
    setup: &'s Setup,
    replication: u64,
    recorder: Option<&'s mut (dyn Recorder + 's)>,
) -> Result<Figures, Failure> {
    run_to_end(setup, replication, recorder).map_err(|failure| *failure)
}

fn run_to_end<'s>(
    setup: &'s Setup,
    replication: u64,
    recorder: Option<&'s mut (dyn Recorder + 's)>,
) -> Fallible<Figures> {
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
    /// Tasks reach their nodes, or the central queue, in no time.
    dispatch_is_instant: bool,
    /// Results travel in no time and are gathered in none.
    results_are_instant: bool,
    events: u64,
    is_runaway: bool,
    /// When the replication is broken off, once that is known.
    deadline: Time,
    /// When the replication was over: its last event, or the deadline.
    over: Time,
}

impl<'s> Replication<'s> {
    fn new(
        setup: &'s Setup,
        seeds: Seeds,
        recorder: Option<&'s mut (dyn Recorder + 's)>,
    ) -> Fallible<Replication<'s>> {
        let layout = Layout::new(&setup.cluster);
        let board = dispatch::board(setup, &layout);
        let mut core = Core::new(setup, layout, seeds, board, recorder);
        let dispatch = Dispatch::new(&mut core)?;
        let stops_early = !setup.window.finite && is_first_in_first_out(setup);
        Ok(Replication {
            sources: Sources::open(&mut core, seeds, stops_early)?,
            central: (setup.strategy.binding == Binding::CentralQueue).then_some(Central::EMPTY),
            dispatch_is_instant: setup.network.dispatch.is_zero(),
            results_are_instant: setup.network.result.is_zero() && gathers_free(setup),
            observer: Observer::new(&core.layout, seeds, setup.window.stratum),
            gathering: Gathering::new(dispatch.count()),
            events: 0,
            is_runaway: false,
            deadline: Time::MAX,
            over: Time::ZERO,
            core,
            dispatch,
        })
    }

    /// Handles the next event; false when the replication is over.
    #[inline]
    fn step(&mut self) -> Fallible<bool> {
        let (head, arrival) = (self.core.agenda.head(), self.core.agenda.outside());
        let next = head.min(arrival);
        if next == Place::NEVER {
            return Ok(false);
        }
        if next == head && self.core.drop_stale(head) {
            return Ok(true);
        }
        if next.time > self.core.now() && !self.pass(next.time) {
            return Ok(false);
        }
        self.over = next.time;
        self.events += 1;
        let id = if next == head {
            self.core.agenda.take()
        } else {
            self.core.agenda.pass();
            0
        };
        self.handle(Kind::of(next), id)?;
        Ok(!self.is_runaway)
    }

    /// Time passes until `time`, the next event's; false if the replication is over before.
    #[inline]
    fn pass(&mut self, time: Time) -> bool {
        if self.observer.is_due(time) {
            let waiting = self.central.as_ref().map_or(0, Central::length);
            self.observer.look_until(time, &self.core, waiting);
        }
        if time > self.deadline {
            self.over = self.deadline;
            return false;
        }
        if self.core.window.is_resolved() {
            return false;
        }
        self.core.pass(time);
        true
    }

    /// A task's life, event by event; `id` is the task, or the dispatcher.
    #[inline]
    fn handle(&mut self, kind: Kind, id: u32) -> Fallible {
        match kind {
            Kind::End => self.end(id)?,
            Kind::Received => self.receive(id),
            Kind::Gathered => self.gathered(id),
            Kind::Reached => self.reach(id)?,
            Kind::Arrival => self.arrive()?,
            Kind::Decided => self.run_dispatcher(id, true)?,
        }
        Ok(())
    }

    /// A job arrives, and its tasks queue at a dispatcher.
    #[inline]
    fn arrive(&mut self) -> Fallible {
        let Some(job) = self.sources.arrive(&mut self.core)? else {
            return Ok(());
        };
        self.follow_window();
        match self.dispatch.accept(&mut self.core, job)? {
            Accepted::Waits => Ok(()),
            Accepted::Begins(dispatcher) => self.run_dispatcher(dispatcher, false),
            Accepted::IsDecided => {
                self.events += 1;
                self.set_out(job)
            }
        }
    }

    /// A dispatcher decides its tasks one after another, as long as that takes no time;
    /// `is_decided` if the first one's time is up.
    fn run_dispatcher(&mut self, dispatcher: u32, is_decided: bool) -> Fallible {
        let mut is_decided = is_decided;
        while is_decided || self.dispatch.begin(&mut self.core, dispatcher) {
            self.events += u64::from(!is_decided);
            is_decided = false;
            if let Some(id) = self.dispatch.decided(&mut self.core, dispatcher) {
                self.set_out(id)?;
            }
        }
        Ok(())
    }

    /// A task has been decided and sets out to its node, or to the central queue.
    #[inline(never)]
    fn set_out(&mut self, id: u32) -> Fallible {
        self.dispatch.place(&mut self.core, id)?;
        if self.dispatch_is_instant {
            return self.reach(id);
        }
        let now = self.core.now();
        self.core.tasks[id].enter(Phase::Network, now);
        let time = now + self.core.travel(&self.core.setup.network.dispatch, id, 0);
        let entity = match self.central {
            Some(_) => CENTRAL,
            None => self.core.tasks[id].node.0 + 1,
        };
        self.core.schedule_task(time, Kind::Reached, entity, id);
        Ok(())
    }

    /// A task reaches its node, or the central queue.
    #[inline(always)]
    fn reach(&mut self, id: u32) -> Fallible {
        let Some(central) = &mut self.central else {
            self.dispatch.arrived(&mut self.core, id);
            service::reach(&mut self.core, id);
            return Ok(());
        };
        central.reach(&mut self.core, id);
        self.pull()
    }

    /// The service of a task ends: its node turns to what waits, and the result sets out.
    #[inline]
    fn end(&mut self, id: u32) -> Fallible {
        let node = self.core.end(id);
        self.dispatch.report_end(&mut self.core, node);
        if self.central.is_some() {
            self.pull()?;
        } else {
            service::start_waiting(&mut self.core, node);
        }
        if self.results_are_instant {
            self.receive(id);
            return Ok(());
        }
        let time = self.core.now() + self.core.travel(&self.core.setup.network.result, id, 1);
        self.core
            .schedule_task(time, Kind::Received, node.0 + 1, id);
        Ok(())
    }

    /// The result of a task reaches its gatherer; the last one completes the job.
    #[inline(never)]
    fn receive(&mut self, id: u32) {
        self.dispatch.received(&self.core, id);
        if let Some(job) = self.gathering.receive(&mut self.core, id) {
            self.core.complete(job);
        }
    }

    /// A gatherer has gathered a result; the last one completes the job.
    #[inline(never)]
    fn gathered(&mut self, dispatcher: u32) {
        if let Some(job) = self.gathering.gathered(&mut self.core, dispatcher) {
            self.core.complete(job);
        }
    }

    /// Starts tasks from the central queue while its head finds room.
    #[inline(never)]
    fn pull(&mut self) -> Fallible {
        let Some(central) = &mut self.central else {
            return Ok(());
        };
        while let Some(id) = central.head(&mut self.core) {
            let node = self.dispatch.choose(&mut self.core, id)?;
            central.take(&mut self.core);
            self.dispatch.bind(&mut self.core, id, node);
            self.core.start(id);
        }
        Ok(())
    }

    /// What an arrival may have changed: the window opens or closes, the system runs away.
    #[inline]
    fn follow_window(&mut self) {
        let window = &self.core.window;
        self.observer.follow(window);
        if window.is_closed() && self.deadline == Time::MAX {
            self.deadline = window.deadline().unwrap_or(Time::MAX);
        }
        let plan = &self.core.setup.window;
        self.is_runaway = !plan.finite && window.jobs() > plan.max_in_system;
    }

    fn finish(mut self) -> Fallible<Figures> {
        self.core.window.close(self.over);
        self.dispatch.finish(&mut self.core, self.over);
        self.gathering.finish(&mut self.core, self.over);
        outcome::conclude(self)
    }
}

/// True if no result of any class ever takes time to gather.
fn gathers_free(setup: &Setup) -> bool {
    setup.classes.iter().all(|class| class.gather.is_free())
}

/// True if no later arrival can touch a job that is there: every queue on the way is first in,
/// first out, and all tasks take the same way in the same time. Everything in a setup is named, so
/// that what is new there cannot be forgotten here.
fn is_first_in_first_out(setup: &Setup) -> bool {
    let Setup {
        seed: _,
        placement_seed: _,
        cluster,
        network,
        classes: _,
        sources: _,
        stragglers: _,
        strategy,
        window: _,
    } = setup;
    let (
        Network {
            dispatch,
            result: _,
        },
        Cluster { groups, .. },
    ) = (network, cluster);
    let one_way = strategy
        .parts
        .iter()
        .all(|parts| parts.decision_time.is_zero())
        || strategy.parts.len() == 1 && strategy.parts[0].dispatchers == 1;
    strategy.binding == Binding::Early
        && one_way
        && gathers_free(setup)
        && dispatch.constant().is_some()
        && groups.iter().all(|group| !group.backfill)
}
