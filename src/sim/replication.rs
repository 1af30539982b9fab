//! The parts of a replication: how they are put together, and what they tell at its end.
//!
//! A replication is a function of its setup and number. All randomness comes from streams that are derived from
//! the seed, the replication and what is drawn for, so that strategies meet the same jobs, and adding a class
//! or a node leaves the draws of the others as they were.

use super::central::Central;
use super::core::Core;
use super::course::Course;
use super::dispatch::{self, Dispatch};
use super::failure::Fallible;
use super::faults::Faults;
use super::gathering::Gathering;
use super::hedging::Hedging;
use super::outcome::{self, Ending};
use super::recorder::Recorder;
use super::scaling::Scaling;
use super::service;
use super::setup::Setup;
use super::sources::Sources;
use super::standing::Known;
use super::thieves::Thieves;
use crate::engine::random::Seeds;
use crate::engine::time::Time;
use crate::metrics::figures::Figures;
use crate::model::cluster::Group;
use crate::model::layout::Layout;
use crate::strategy::Binding;

/// Behind the last instant everything would happen at once.
const CLOCK_ENDED: &str = "simulated time has come to its end, 584 years: lower the works (`jobs.NAME.work`) or raise the rates (`jobs.NAME.arrivals`)";

/// See the module.
pub struct Replication<'s> {
    /// What all machines share.
    pub core: Core<'s>,
    /// Where jobs come from.
    pub sources: Sources,
    /// Who places their tasks.
    pub dispatch: Dispatch,
    /// Where tasks wait that are bound late.
    pub central: Option<Central>,
    /// Who gathers results.
    pub gathering: Gathering,
    /// When nodes go down.
    pub faults: Faults,
    /// What is known of that.
    pub known: Known,
    /// Who grows and shrinks.
    pub scaling: Scaling,
    /// How far it has come.
    pub course: Course,
    /// Something may go wrong, be turned away or be cancelled.
    pub has_faults: bool,
    /// Several attempts may be made at a task at once.
    pub has_copies: bool,
    /// The same, or tasks may be bound late, or nodes asked before.
    pub sets_out_otherwise: bool,
    /// Nodes that fall idle take tasks from others, or ask for tasks.
    pub has_thieves: bool,
    /// Nodes that are done with a task ask for another of the same job.
    pub sticks: bool,
    /// What thieves have to know.
    pub thieves: Thieves,
    /// What hedging has to know.
    pub hedging: Hedging,
    /// Clients wait for their jobs, and what leaves is measured.
    pub measures_leaving: bool,
    /// Clocks of failures run only while nodes are at work.
    pub clocks_follow_work: bool,
    /// Tasks reach their nodes, or the central queue, in no time.
    pub dispatch_is_instant: bool,
    /// Results travel in no time and are gathered in none.
    pub results_are_instant: bool,
    /// Events handled.
    pub events: u64,
    /// It was run directly as long as that could be.
    pub was_direct: bool,
}

impl<'s> Replication<'s> {
    /// Before its first event.
    ///
    /// # Errors
    /// A trace cannot be read, or a placement cannot work on the nodes.
    pub fn new(
        setup: &'s Setup,
        seeds: Seeds,
        recorder: Option<&'s mut (dyn Recorder + 's)>,
    ) -> Fallible<Replication<'s>> {
        let layout = layout(setup);
        let board = dispatch::board(setup, &layout, seeds);
        let mut core = Core::new(setup, layout, seeds, board, recorder);
        let dispatch = Dispatch::new(&mut core)?;
        let follows_starts = setup.strategy.follows_starts();
        let asks = setup.strategy.parts.iter().any(|parts| parts.probes);
        let is_in_order = setup.is_first_in_first_out() || setup.is_served_from_one_queue();
        let stops_early = !setup.window.finite && is_in_order;
        let mut replication = Replication {
            sources: Sources::open(&mut core, seeds, stops_early)?,
            central: (setup.strategy.binding == Binding::CentralQueue).then(|| Central::new(setup)),
            dispatch_is_instant: setup.network.is_instant(0) && setup.sends_nothing(0),
            results_are_instant: setup.network.is_instant(1)
                && setup.sends_nothing(1)
                && setup.gathers_free(),
            faults: Faults::new(&mut core, seeds),
            known: Known::new(&core),
            scaling: Scaling::new(&mut core),
            has_faults: may_go_wrong(setup),
            has_copies: setup.strategy.copies.is_some(),
            sets_out_otherwise: setup.strategy.copies.is_some() || follows_starts || asks,
            hedging: Hedging::default(),
            has_thieves: setup.strategy.stealing.is_some() || follows_starts,
            sticks: setup.strategy.parts.iter().any(|parts| parts.sticks),
            thieves: Thieves::default(),
            clocks_follow_work: (setup.faults.node_failures.iter()).any(|f| f.busy_clock),
            course: Course::new(&mut core, seeds),
            measures_leaving: core.window.clock().is_some(),
            gathering: Gathering::new(dispatch.count()),
            events: 0,
            was_direct: false,
            core,
            dispatch,
        };
        replication.hide_absent();
        replication.core.note_idle_nodes();
        Ok(replication)
    }

    /// Its figures, when all is over.
    ///
    /// # Errors
    /// The clock has come to its end, or the simulator contradicts itself.
    pub fn finish(mut self) -> Fallible<Figures> {
        if self.core.now() == Time::MAX {
            return Err(CLOCK_ENDED.to_owned().into());
        }
        let over = self.course.end(&mut self.core);
        let mut core = self.core;
        self.dispatch.finish(&mut core, over);
        service::finish(&mut core, over);
        self.gathering.finish(&mut core, over);
        self.faults.finish(&mut core, over);
        let ending = Ending {
            over,
            is_runaway: self.course.is_runaway(),
            events: self.events,
            dispatchers: self.dispatch.count(),
            jobs_arrived: self.sources.jobs(),
            workload_digest: self.sources.digest(),
            observed: self.course.observed(),
            was_direct: self.was_direct,
        };
        outcome::conclude(core, ending)
    }
}

/// True if something may go wrong, be turned away or be cancelled.
fn may_go_wrong(setup: &Setup) -> bool {
    !setup.faults.are_none()
        || setup.turns_away()
        || setup.cancels()
        || setup.network.cancels_late()
        || setup.cluster.is_elastic()
        || setup.strategy.queue.one_at_a_time
        || setup.strategy.follows_starts()
        || setup.strategy.pushing.is_some()
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
