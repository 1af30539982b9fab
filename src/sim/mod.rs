//! One replication: a setup and a number in, an outcome out.
//!
//! Small machines share one core. This file joins them and reads as a task's life: it arrives with
//! its job, is decided, travels, queues, runs, its result travels back and is gathered.

mod avoiding;
mod barriers;
mod booking;
mod central;
mod copies;
mod core;
mod course;
mod direct;
mod dispatch;
mod due;
mod estimates;
mod failure;
mod far;
mod faults;
mod gangs;
mod gathering;
mod health;
mod hedging;
mod holding;
pub mod known_load;
mod late;
mod ledger;
mod lengths;
mod lines;
mod lives;
mod noted;
mod observing;
mod outcome;
mod placing;
mod plan;
mod probing;
mod profile;
pub mod recorder;
pub mod records;
mod renewals;
mod replication;
mod reservations;
mod rooms;
mod scaling;
mod servers;
mod service;
pub mod setup;
mod sources;
mod stages;
mod standing;
mod stealing;
mod thieves;
mod told;
mod unseen;
mod ways;
mod window;

use crate::engine::agenda::Place;
use crate::engine::random::Seeds;
use crate::metrics::figures::Figures;

pub use self::failure::Failure;

use self::central::Central;
use self::core::Kind;
use self::dispatch::Accepted;
use self::failure::Fallible;
use self::recorder::Recorder;
use self::replication::Replication;
use self::setup::Setup;

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
        if let Some(served) = replication.served_directly()?
            && !replication.run_directly(served)?
        {
            replication = Replication::new(setup, seeds, None)?;
        }
        while !replication.course.is_runaway() && replication.step()? {}
        replication.finish()
    };
    run().map_err(|failure| *failure)
}

impl Replication<'_> {
    /// Handles the next event; false when the replication is over.
    #[inline(always)]
    fn step(&mut self) -> Fallible<bool> {
        let next = self.core.next();
        let waiting = self.central.as_ref().map_or(0, Central::length);
        let may_pass = next.time > self.core.now();
        if next == Place::NEVER || may_pass && !self.course.pass(&mut self.core, next.time, waiting)
        {
            return Ok(false);
        }
        self.events += 1;
        self.handle(next)?;
        Ok(!self.course.is_runaway())
    }

    /// A task's life, event by event; `id` is the task, or the dispatcher.
    #[inline(always)]
    fn handle(&mut self, next: Place) -> Fallible {
        let kind = Kind::of(next);
        self.core.kind = kind;
        if kind == Kind::Arrival {
            self.core.agenda.pass();
            return self.arrive();
        }
        let id = self.core.agenda.take();
        match kind {
            Kind::End => self.end(id)?,
            Kind::Received => self.receive(id)?,
            Kind::Gathered => {
                let complete = self.gathering.gathered(&mut self.core, id);
                self.complete(complete)?;
            }
            Kind::Reached => self.reach(id)?,
            Kind::NodeChange => self.change_nodes(id)?,
            Kind::Timer => self.time_out(next.entity(), id)?,
            Kind::Arrival | Kind::Decided => self.run_dispatcher(id, true)?,
            Kind::SchedulingPass => self.pass_through_queue()?,
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
        if self.has_faults && !self.let_in(job) {
            return Ok(());
        }
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
        if self.has_faults && !self.may_set_out(id) {
            return Ok(());
        }
        self.dispatch.place(&mut self.core, id)?;
        if self.sets_out_otherwise {
            return self.set_out_otherwise(id);
        }
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
            if self.has_faults {
                return self.reach_if_up(id);
            }
            service::reach(&mut self.core, id);
            return Ok(());
        };
        central.reach(&mut self.core, id);
        self.pull()?;
        if self.has_faults {
            self.refuse_surplus(id)?;
        }
        Ok(())
    }

    /// The service of a task ends: its node turns to what waits, and the result sets out.
    #[inline(always)]
    fn end(&mut self, id: u32) -> Fallible {
        let node = service::end(&mut self.core, id);
        self.dispatch.report_end(&mut self.core, node);
        if self.sticks {
            self.stick(id, node);
        }
        if self.central.is_some() {
            self.pull()?;
        } else {
            service::start_waiting(&mut self.core, node);
        }
        if self.has_faults {
            self.follow_clock(node);
        }
        if self.has_thieves {
            self.turn_to_others(node)?;
        }
        if self.results_are_instant {
            return self.receive(id);
        }
        self.core.send_back(id);
        Ok(())
    }

    /// The result of a task reaches its gatherer; the last one completes the job.
    #[inline(always)]
    fn receive(&mut self, id: u32) -> Fallible {
        if self.has_faults && !self.is_well(id)? {
            return Ok(());
        }
        let id = if self.has_copies {
            self.settle_task(id)
        } else {
            id
        };
        self.dispatch.received(&mut self.core, id);
        let complete = if self.results_are_instant {
            self.core.gather(id)
        } else {
            self.gathering.receive(&mut self.core, id)
        };
        self.complete(complete)
    }

    /// A result has been gathered, the last one that `job` needs if there is one: another stage of the job
    /// may begin, or it is complete.
    #[inline(always)]
    fn complete(&mut self, job: Option<u32>) -> Fallible {
        if self.core.stages.has_ready() {
            return self.begin_stages();
        }
        if let Some(mut job) = job {
            if self.has_faults {
                let response = self.core.now() - self.core.records.job(job).arrival;
                self.scaling.note_response(&self.core, response);
                job = self.settle(job)?;
            }
            if self.measures_leaving {
                self.leave(job);
            }
            self.core.complete(job);
        }
        Ok(())
    }

    /// Starts tasks from the central queue while its head finds room; by other rules, at the end of the instant.
    #[inline(never)]
    fn pull(&mut self) -> Fallible {
        let Some(central) = &mut self.central else {
            return Ok(());
        };
        if !central.is_plain() {
            central.ask_for_pass(&mut self.core);
            return Ok(());
        }
        while let Some(id) = central.head(&mut self.core) {
            let node = self.dispatch.choose(&mut self.core, id)?;
            central.take(&mut self.core);
            self.dispatch.bind(&mut self.core, id, node);
            self.core.start(id);
            if self.clocks_follow_work {
                self.faults.follow(&mut self.core, node);
            }
        }
        Ok(())
    }
}
