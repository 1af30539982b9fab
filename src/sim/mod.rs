//! One replication: a setup and a number in, an outcome out.
//!
//! Small machines share one core. This file joins them and reads as a task's life: it arrives with
//! its job, is decided, travels, queues, runs, its result travels back and is gathered.

mod central;
mod core;
mod course;
mod dispatch;
mod failure;
mod gathering;
pub mod known_load;
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
use crate::metrics::figures::Figures;
use crate::model::cluster::Group;
use crate::model::layout::Layout;
use crate::strategy::Binding;

pub use self::failure::Failure;

use self::central::Central;
use self::core::{Core, Kind};
use self::course::Course;
use self::dispatch::{Accepted, Dispatch};
use self::failure::Fallible;
use self::gathering::Gathering;
use self::outcome::Ending;
use self::recorder::Recorder;
use self::setup::Setup;
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
    let run = || -> Fallible<Figures> {
        let seeds = Seeds::new(setup.seed, replication);
        let mut replication = Replication::new(setup, seeds, recorder)?;
        while replication.step()? {}
        if replication.core.now() == crate::engine::time::Time::MAX {
            return Err(CLOCK_ENDED.to_owned().into());
        }
        replication.finish()
    };
    run().map_err(|failure| *failure)
}

/// Behind the last instant everything would happen at once.
const CLOCK_ENDED: &str = "simulated time has come to its end, 584 years: lower the works (`jobs.NAME.work`) or raise the rates (`jobs.NAME.arrivals`)";

struct Replication<'s> {
    core: Core<'s>,
    sources: Sources,
    dispatch: Dispatch,
    central: Option<Central>,
    gathering: Gathering,
    course: Course,
    /// Tasks reach their nodes, or the central queue, in no time.
    dispatch_is_instant: bool,
    /// Results travel in no time and are gathered in none.
    results_are_instant: bool,
    events: u64,
}

impl<'s> Replication<'s> {
    fn new(
        setup: &'s Setup,
        seeds: Seeds,
        recorder: Option<&'s mut (dyn Recorder + 's)>,
    ) -> Fallible<Replication<'s>> {
        let layout = layout(setup);
        let board = dispatch::board(setup, &layout);
        let mut core = Core::new(setup, layout, seeds, board, recorder);
        let dispatch = Dispatch::new(&mut core)?;
        let stops_early = !setup.window.finite && setup.is_first_in_first_out();
        Ok(Replication {
            sources: Sources::open(&mut core, seeds, stops_early)?,
            central: (setup.strategy.binding == Binding::CentralQueue).then_some(Central::EMPTY),
            dispatch_is_instant: setup.network.dispatch.is_zero(),
            results_are_instant: setup.network.result.is_zero() && setup.gathers_free(),
            course: Course::new(&core, seeds),
            gathering: Gathering::new(dispatch.count()),
            events: 0,
            core,
            dispatch,
        })
    }

    /// Handles the next event; false when the replication is over.
    #[inline]
    fn step(&mut self) -> Fallible<bool> {
        let next = self.core.next();
        let waiting = self.central.as_ref().map_or(0, Central::length);
        let may_pass = next.time > self.core.now();
        if next == Place::NEVER || may_pass && !self.course.pass(&self.core, next.time, waiting) {
            return Ok(false);
        }
        self.events += 1;
        self.handle(Kind::of(next))?;
        Ok(!self.course.is_runaway())
    }

    /// A task's life, event by event; `id` is the task, or the dispatcher.
    #[inline]
    fn handle(&mut self, kind: Kind) -> Fallible {
        if kind == Kind::Arrival {
            self.core.agenda.pass();
            return self.arrive();
        }
        let id = self.core.agenda.take();
        match kind {
            Kind::End => self.end(id)?,
            Kind::Received => self.receive(id),
            Kind::Gathered => {
                let complete = self.gathering.gathered(&mut self.core, id);
                self.complete(complete);
            }
            Kind::Reached => self.reach(id)?,
            Kind::Arrival | Kind::Decided => self.run_dispatcher(id, true)?,
        }
        Ok(())
    }

    /// A job arrives, and its tasks queue at a dispatcher.
    #[inline]
    fn arrive(&mut self) -> Fallible {
        let Some(job) = self.sources.arrive(&mut self.core)? else {
            return Ok(());
        };
        self.course.follow(&mut self.core);
        match self.dispatch.accept(&mut self.core, job)? {
            Accepted::Waits => return Ok(()),
            Accepted::Begins(dispatcher) => return self.run_dispatcher(dispatcher, false),
            Accepted::IsDecided => self.events += 1,
        }
        self.set_out(job)
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
        self.core.set_out(id);
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
        let node = service::end(&mut self.core, id);
        self.dispatch.report_end(&mut self.core, node);
        if self.central.is_some() {
            self.pull()?;
        } else {
            service::start_waiting(&mut self.core, node);
        }
        if self.results_are_instant {
            self.receive(id);
        } else {
            self.core.send_back(id);
        }
        Ok(())
    }

    /// The result of a task reaches its gatherer; the last one completes the job.
    #[inline(always)]
    fn receive(&mut self, id: u32) {
        self.dispatch.received(&self.core, id);
        let complete = if self.results_are_instant {
            self.core.gather(id)
        } else {
            self.gathering.receive(&mut self.core, id)
        };
        self.complete(complete);
    }

    /// The last result of `job` has been gathered, if there is one.
    #[inline]
    fn complete(&mut self, job: Option<u32>) {
        if let Some(job) = job {
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

    fn finish(mut self) -> Fallible<Figures> {
        let over = self.course.end(&mut self.core);
        let mut core = self.core;
        self.dispatch.finish(&mut core, over);
        service::finish(&mut core, over);
        self.gathering.finish(&mut core, over);
        let ending = Ending {
            over,
            is_runaway: self.course.is_runaway(),
            events: self.events,
            dispatchers: self.dispatch.count(),
            jobs_arrived: self.sources.jobs(),
            workload_digest: self.sources.digest(),
            observed: self.course.observed(),
        };
        outcome::conclude(core, ending)
    }
}

/// The nodes. Under a central queue nothing queues at them, and they start only what has room.
fn layout(setup: &Setup) -> Layout {
    let mut cluster = setup.cluster.clone();
    if setup.strategy.binding == Binding::CentralQueue {
        let groups = cluster.groups.into_iter().map(Group::without_queues);
        cluster.groups = groups.collect();
    }
    Layout::new(&cluster)
}
