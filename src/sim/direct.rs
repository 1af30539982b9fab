//! The direct path: as long as jobs arrive, each node is a line by itself that is looked at only when
//! somebody needs to know.
//!
//! At a fifo node nothing that comes later changes what becomes of a task that is bound
//! to it: when it starts and ends is known at once (Lindley, 1952; of several slots see [`rooms`](super::rooms)), and no
//! list of events is needed.
//! What has ended is accounted for when the node is looked at: before a decision that reads it,
//! before a task is bound to it, at an observation, when the window opens or closes. All figures are
//! sums in which order does not count, so that they are those of the events, to the bit. When no
//! further arrival matters, what is left is handed over to the events.
//!
//! Nodes that are served from one central queue are known as early: see [`servers`](super::servers).

use crate::engine::agenda::Place;
use crate::engine::time::Time;
use crate::metrics::nodes::{Capacity, Observation};
use crate::model::cluster::SLOTS;
use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::strategy::{Parts, Reads};
use crate::workload::source::Arrivals;

use super::core::Core;
use super::dispatch::{Dispatch, whole_service_time};
use super::failure::{Failure, Fallible};
use super::ledger::{Ledger, Task};
use super::lines::{BARE, BLIND, FULL, Lines, TOLD};
use super::observing::{ByEvents, See};
use super::placing::{Arrived, Begun, Jobs, Placing};
use super::records::Subject;
use super::replication::Replication;
use super::rooms::{Rooms, are_limited, common_demand};
use super::servers::Servers;
use super::setup::Engine;

/// How tasks are served on the direct path.
#[derive(Clone, Copy)]
pub struct Served<'s> {
    by: By,
    /// What each demands.
    demand: &'s [u64],
    /// How long they, and their results, travel.
    legs: [Time; 2],
}

/// By what.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// Nodes at which one follows another, and which take no time to reach.
    Lines,
    /// Nodes at which several may run at once.
    Rooms,
    /// All nodes together, from one queue.
    Servers,
}

/// What a direct run has beside the core.
struct Direct {
    lines: Lines,
    /// The nodes, if they are served from one queue; then there are no lines.
    servers: Option<Servers>,
    ledger: Ledger,
    /// Works of the tasks of the job that arrives.
    works: Vec<f64>,
    /// Lists for a function's own use: decisions, and the tasks of a job.
    begun: Begun,
    tasks: Vec<Task>,
    /// What has been placed since it was last counted.
    placed: Placements,
    /// Events for which a task reaches its node, and its result the gatherer.
    steps: [u64; 2],
}

/// Numbers of what was placed.
#[derive(Clone, Copy, Default)]
struct Placements {
    attempts: u64,
    messages: u64,
}

/// Decisions that are begun together.
const AT_ONCE: usize = 128;

fn brings_demands(source: &crate::workload::source::Source) -> bool {
    matches!(&source.arrivals, Arrivals::Trace(plan) if !plan.resources.is_empty())
}

/// `--engine direct` where it cannot be.
const NEEDS_EVENTS: &str = "`--engine direct` serves fifo nodes to which tasks are bound at once, of several slots where \
    all tasks are alike and are placed by numbers of tasks or unseen, and nodes of one slot from one queue, without costs of \
    gathering, faults, limits and records: leave it out, and events are used where they must be";

impl<'s> Replication<'s> {
    /// How tasks are served if it is run directly as long as jobs arrive; `None` if it is not.
    ///
    /// # Errors
    /// It must be, and cannot.
    pub fn served_directly(&mut self) -> Fallible<Option<Served<'s>>> {
        match self.core.setup.engine {
            Engine::Events => Ok(None),
            Engine::Auto => Ok(self.served()),
            Engine::Direct => match self.served() {
                None => Err(Failure::Strategy(NEEDS_EVENTS.to_owned()).into()),
                served => Ok(served),
            },
        }
    }

    fn served(&mut self) -> Option<Served<'s>> {
        let setup = self.core.setup;
        let served = Served {
            by: match setup.is_first_in_first_out() {
                true => self.served_at_nodes()?,
                false => self.served_from_one_queue()?,
            },
            demand: common_demand(setup)?,
            legs: setup.legs()?,
        };
        let is_direct = !setup.sources.iter().any(brings_demands)
            && (setup.strategy.parts.iter()).all(|parts| parts.decision_time.is_zero())
            && self.core.recorder.is_none()
            && self.core.window.clock().is_none()
            && !self.dispatch.hears();
        is_direct.then_some(served)
    }

    /// One task after another, or in rooms: then all must demand the same and travel equally long, and no more may be
    /// read of the nodes than what is held there.
    fn served_at_nodes(&mut self) -> Option<By> {
        let (board, layout) = (&self.core.board, &self.core.layout);
        if !board.is_plain() || board.keeps_work() {
            return None;
        }
        let are_limited = are_limited(layout, common_demand(self.core.setup)?);
        match self.has_plain_nodes() {
            true => Some(By::Lines),
            false => (are_limited && !self.dispatch.reads_work()).then_some(By::Rooms),
        }
    }

    /// True if one task after another runs at each node, and nothing travels.
    fn has_plain_nodes(&self) -> bool {
        let setup = self.core.setup;
        (setup.cluster.groups.iter()).all(|group| group.capacity[..] == [Some(1)])
            && (setup.classes.iter()).all(|class| class.stages[0].demand[SLOTS] == 1)
            && self.dispatch_is_instant
            && self.results_are_instant
    }

    /// From one queue, if nodes are placed by what is plain to see of them.
    fn served_from_one_queue(&self) -> Option<By> {
        let (setup, core) = (self.core.setup, &self.core);
        let is_whole = |pool: &u32| core.board.size(*pool) == core.layout.count();
        let is_plain = setup.is_served_from_one_queue()
            && self.has_plain_nodes()
            && self.dispatch.goes_by_counts()
            && core.stage_pools.iter().all(is_whole)
            && (setup.strategy.parts.iter()).all(Parts::sees_plainly);
        is_plain.then_some(By::Servers)
    }

    /// Runs until no further arrival is measured, or the system may run away; the rest is left to
    /// the events. False if all is, from the start: a task would end when the clock has come to its
    /// end, which only events tell from what comes before.
    ///
    /// # Errors
    /// As those of the events.
    pub fn run_directly(&mut self, served: Served<'s>) -> Fallible<bool> {
        self.was_direct = true;
        let mut direct = Direct::new(self, served);
        while let Some(next) = self.next_directly() {
            self.look_until(next, &mut direct);
            if !self.pass_quietly(&mut direct)? {
                self.pass_instant(&mut direct)?;
            }
            if self.is_crowded(&mut direct) {
                break;
            }
        }
        if direct.ledger.reaches_end_of_time() {
            return Ok(false);
        }
        self.sources.give_back_stock(&mut self.core)?;
        self.turn_to_end(&mut direct)?;
        let now = self.core.now();
        direct.settle_all(&mut self.core, now);
        self.hand_over(&mut direct);
        Ok(true)
    }

    /// Looks at what is to be seen before `time`.
    fn look_until(&mut self, time: Time, direct: &mut Direct) {
        while self.course.stop() < time {
            let stop = self.course.stop();
            direct.settle(&mut self.core, stop);
            let core = &mut self.core;
            self.course.look_until(stop + Time(1), core, direct);
        }
    }

    /// What is not over goes on by events.
    fn hand_over(&mut self, direct: &mut Direct) {
        let core = &mut self.core;
        direct.lines.give_back(core);
        let in_line = direct.ledger.hand_over(core);
        let Ledger {
            ended, returning, ..
        } = direct.ledger;
        let travelling = match (&mut direct.servers, &mut self.central) {
            (Some(servers), Some(central)) => {
                servers.hand_over(core, (&mut self.dispatch, central), in_line);
                0
            }
            _ => direct.ledger.go_on(core, &in_line),
        };
        let [there, back] = direct.steps;
        self.events +=
            ended + (core.totals.attempts - travelling) * there + (ended - returning) * back;
    }

    /// When no later arrival matters, the clock turns to the instant at which all that is measured is
    /// resolved, unless the replication is broken off before: what happens until then is known.
    fn turn_to_end(&mut self, direct: &mut Direct) -> Fallible {
        let core = &mut self.core;
        if core.setup.window.finite && core.agenda.outside() == Place::NEVER {
            self.turn_to_last(direct);
            return Ok(());
        }
        let (end, deadline) = (direct.ledger.last_measured(), core.window.deadline());
        let is_cut_off =
            deadline.is_some_and(|deadline| end > deadline) || self.course.is_runaway();
        if !self.sources.stops_early || !core.window.is_closed() || end < core.now() || is_cut_off {
            return Ok(());
        }
        let may_drop = |core: &Core<'_>| {
            let next = core.agenda.outside().time;
            next <= end && core.window.has_passed(next)
        };
        while may_drop(core) {
            core.agenda.pass();
            self.events += 1;
            self.sources.arrive(core)?;
        }
        if core.agenda.outside().time > end {
            core.agenda.turn_to(end);
        }
        Ok(())
    }

    /// No job comes any more, and a window that waits for all of them closes with the last.
    fn turn_to_last(&mut self, direct: &mut Direct) {
        let end = match self.core.window.has_all() {
            true => direct.ledger.last_measured(),
            false => direct.ledger.last(),
        };
        let end = end.max(self.core.now());
        self.look_until(end, direct);
        self.core.agenda.turn_to(end);
    }

    /// When the next job arrives, if arrivals still count.
    fn next_directly(&self) -> Option<Time> {
        let next = self.core.agenda.outside();
        let goes_on = next != Place::NEVER && next.time < Time::MAX;
        (goes_on && !self.core.window.has_all()).then_some(next.time)
    }

    /// Jobs arrive that were drawn ahead and change nothing but counts, until something else is to be
    /// done; false if there is none.
    #[inline(never)]
    fn pass_quietly(&mut self, direct: &mut Direct) -> Fallible<bool> {
        let stretch = self.quiet_stretch(direct);
        if stretch.is_empty() {
            return Ok(false);
        }
        let mut stock = std::mem::take(&mut self.sources.stock);
        let mut job = self.arrived(stock.class, self.core.window.is_open());
        let before = self.sources.digest_of_stock();
        let seen = match job.measured {
            true => stock.digest_after(&self.core, before, stretch.clone()),
            false => before,
        };
        let may_be_several = direct.servers.is_some() || direct.lines.by_counts;
        let at_once = match may_be_several && self.dispatch.is_one_way(stock.class) {
            true => AT_ONCE.div_ceil(stock.each),
            false => 1,
        };
        for at in stretch.clone().step_by(at_once) {
            let jobs = at..stretch.end.min(at + at_once);
            job.number = stock.first + at as u64;
            self.send(&mut job);
            self.place_jobs(
                direct,
                job,
                &stock.arrivals[jobs.clone()],
                stock.works(jobs),
            )?;
        }
        let arrivals = &stock.arrivals[stretch.clone()];
        let instants = arrivals.iter().map(|at| u128::from(at.0)).sum();
        self.core.agenda.turn_to(arrivals[arrivals.len() - 1]);
        self.sources.stock = stock;
        let jobs = stretch.len();
        self.events += jobs as u64;
        self.core.window.arrive_quietly(jobs as u64, instants);
        self.sources.take_from_stock(&mut self.core, jobs, seen);
        self.count_placed(direct);
        Ok(true)
    }

    /// Which jobs of the stock may arrive in quick succession: up to the next observation, while all
    /// that they change is counts. All that arrive together must be among them, and only one dispatcher
    /// decides them in the order of arrival.
    fn quiet_stretch(&mut self, direct: &Direct) -> std::ops::Range<usize> {
        let core = &self.core;
        let most = self.course.plenty().saturating_sub(core.window.jobs());
        let most = most
            .min(core.window.quiet())
            .min(direct.ledger.room() as u64);
        if most == 0 || self.sources.stock_up(core) == 0 {
            return 0..0;
        }
        let (stock, stop) = (&self.sources.stock, self.course.stop());
        let coming = &stock.arrivals[stock.at..];
        let coming = &coming[..coming.len().min(most as usize)];
        let in_time = coming.partition_point(|&time| time <= stop && time < Time::MAX);
        let mut end = stock.at + in_time;
        let is_with_next = |at: &usize| self.sources.arrives_with_next(*at);
        if self.dispatch.count() > 1 {
            end = (stock.at..end).find(is_with_next).unwrap_or(end);
        }
        while end > stock.at && is_with_next(&(end - 1)) {
            end -= 1;
        }
        stock.at..end
    }

    /// All jobs of one instant arrive, and then all their tasks are placed, in the order of their
    /// dispatchers.
    #[inline(never)]
    fn pass_instant(&mut self, direct: &mut Direct) -> Fallible {
        let job = self.arrive_directly(direct)?;
        let now = self.core.now();
        if self.core.agenda.outside().time > now {
            let works = std::mem::take(&mut direct.works);
            self.place_jobs(direct, job, &[now], &works)?;
            direct.works = works;
        } else {
            self.pass_crowd(direct, job, now)?;
        }
        self.count_placed(direct);
        Ok(())
    }

    #[cold]
    fn pass_crowd(&mut self, direct: &mut Direct, first: Arrived<'s>, now: Time) -> Fallible {
        let mut crowd = vec![(first, direct.works.clone())];
        let mut is_settled = false;
        while self.core.agenda.outside().time == now && !self.course.is_runaway() {
            // Nothing is placed until all are there, so that once tells all.
            if !is_settled && self.core.window.jobs() > self.course.plenty() {
                direct.settle_all(&mut self.core, now);
                is_settled = true;
            }
            crowd.push((self.arrive_directly(direct)?, direct.works.clone()));
        }
        if self.course.is_runaway() {
            let core = &mut self.core;
            crowd
                .iter()
                .for_each(|(job, works)| record_undecided(core, job, works));
            return Ok(());
        }
        crowd.sort_by_key(|(job, _)| job.dispatcher);
        let mut each = crowd.into_iter();
        each.try_for_each(|(job, works)| self.place_jobs(direct, job, &[now], &works))
    }

    /// A job arrives and comes to its dispatcher.
    fn arrive_directly(&mut self, direct: &mut Direct) -> Fallible<Arrived<'s>> {
        let core = &mut self.core;
        core.agenda.pass();
        self.events += 1;
        let drawn = self.sources.draw(core, &mut direct.works)?;
        if self.sources.may_mark(core, drawn) {
            let now = core.now();
            direct.settle_all(core, now);
        }
        let measured = self.sources.count(core, drawn, &direct.works);
        self.course.follow(core);
        let mut job = self.arrived(drawn.class, measured);
        job.number = drawn.number;
        self.send(&mut job);
        Ok(job)
    }

    /// A job of `class` that arrives now.
    fn arrived(&self, class: u32, measured: bool) -> Arrived<'s> {
        Arrived {
            class,
            number: 0,
            at: self.core.now(),
            measured,
            dispatcher: 0,
            pool: 0,
            facts: self.core.facts[class as usize],
        }
    }

    /// It comes to its dispatcher.
    #[inline(always)]
    fn send(&mut self, job: &mut Arrived<'s>) {
        (job.dispatcher, job.pool) = self.dispatch.way(&self.core, job.class, job.number);
    }

    /// The tasks of jobs that come at these instants to one dispatcher, `job` first and with equally many
    /// `works`, are decided one after another, and take their places in line.
    #[inline(never)]
    fn place_jobs(
        &mut self,
        direct: &mut Direct,
        mut job: Arrived<'s>,
        arrivals: &[Time],
        works: &[f64],
    ) -> Fallible {
        direct.placed.attempts += works.len() as u64;
        direct
            .ledger
            .expect(arrivals.len(), works.len(), job.measured);
        let jobs = Jobs { arrivals, works };
        if direct.servers.is_some() || !direct.lines.by_counts {
            for (&at, works) in arrivals.iter().zip(works.chunks_exact(jobs.each())) {
                job.at = at;
                match direct.servers {
                    Some(_) => self.place_in_queue(direct, &job, works)?,
                    None => self.place_as_seen(direct, &job, works)?,
                }
                job.number += 1;
            }
            return Ok(());
        }
        direct.placed.messages += match direct.lines.way {
            BLIND => self.place_by_counts::<BLIND>(direct, job, jobs),
            BARE => self.place_by_counts::<BARE>(direct, job, jobs),
            TOLD => self.place_by_counts::<TOLD>(direct, job, jobs),
            _ => self.place_by_counts::<FULL>(direct, job, jobs),
        }?;
        Ok(())
    }

    /// The same by numbers of tasks; tells how many messages were sent.
    fn place_by_counts<const WAY: u8>(
        &mut self,
        direct: &mut Direct,
        job: Arrived<'s>,
        jobs: Jobs<'_>,
    ) -> Fallible<u64> {
        let Direct {
            lines,
            ledger,
            begun,
            tasks,
            ..
        } = direct;
        let mut placing = Placing::<WAY>::new(&mut self.core, &mut self.dispatch, lines, job)?;
        placing.begin(begun, jobs);
        match jobs.each() {
            1 if ledger.tells_only() => placing.place_only(ledger, jobs, begun)?,
            _ => placing.place_several(ledger, tasks, jobs, begun)?,
        }
        Ok(placing.messages(jobs.works.len()))
    }

    /// The same for a job whose tasks are served from one queue.
    fn place_in_queue(
        &mut self,
        direct: &mut Direct,
        job: &Arrived<'_>,
        works: &[f64],
    ) -> Fallible {
        let (Some(servers), tasks) = (&mut direct.servers, &mut direct.tasks) else {
            return Ok(());
        };
        tasks.clear();
        for (task, &work) in (0..).zip(works) {
            tasks.push(servers.place(&self.core, &mut self.dispatch, job, task, work)?);
        }
        let at_best = works.iter().map(|work| job.at_best(*work));
        job.write_down(&mut direct.ledger, at_best, tasks);
        Ok(())
    }

    /// The same for a job, by what is seen of the nodes.
    #[inline(never)]
    fn place_as_seen(&mut self, direct: &mut Direct, job: &Arrived<'s>, works: &[f64]) -> Fallible {
        let (lines, core, tasks) = (&mut direct.lines, &mut self.core, &mut direct.tasks);
        core.agenda.turn_to(job.at);
        let mut subject = job.subject(works.len() as u32);
        direct.placed.messages += works.len() as u64 * self.dispatch.reports(job.dispatcher);
        tasks.clear();
        for (task, &work) in (0..).zip(works) {
            (subject.task, subject.data, subject.work) = (task, task, work);
            let node = choose_by_view(core, &mut self.dispatch, lines, &subject)?;
            let service = whole_service_time(core, &subject, node);
            let (start, end) = lines.line_up(core, node, service, job.at);
            tasks.push(Task::new(node, start, end));
        }
        let at_best = works.iter().map(|work| job.at_best(*work));
        job.write_down(&mut direct.ledger, at_best, tasks);
        Ok(())
    }

    /// Counts what has been placed at this instant, or at several between which the window has not
    /// opened or closed.
    fn count_placed(&mut self, direct: &mut Direct) {
        let (core, placed) = (&mut self.core, std::mem::take(&mut direct.placed));
        self.events += placed.attempts;
        core.totals.attempts += placed.attempts;
        if let Some(servers) = &mut direct.servers {
            servers.count_started(core, core.now());
        } else if core.window.contains(core.now()) {
            if direct.lines.by_counts {
                core.totals.placed += placed.attempts;
            }
            core.totals.messages += placed.messages;
        }
    }

    /// True if so many jobs are in the system that it must be known at every arrival how many.
    #[inline]
    fn is_crowded(&mut self, direct: &mut Direct) -> bool {
        let (plenty, now) = (self.course.plenty(), self.core.now());
        if self.core.window.jobs() > plenty {
            direct.settle_all(&mut self.core, now);
            return self.core.window.jobs() > plenty / 8 * 7;
        }
        if direct.ledger.room() == 0 {
            direct.ledger.settle(&mut self.core, now);
        }
        false
    }
}

impl See for Direct {
    fn see(&mut self, core: &Core<'_>, capacity: &Capacity, at: Time) -> Observation {
        let jobs = core.window.jobs();
        match &mut self.servers {
            Some(servers) => servers.observe(&self.ledger, at, jobs),
            None if self.lines.are_shown() => ByEvents(0).see(core, capacity, at),
            None => self.lines.observe(core, &self.ledger, capacity, at),
        }
    }
}

impl Direct {
    /// Before the first job arrives.
    fn new(replication: &mut Replication<'_>, served: Served<'_>) -> Direct {
        let Served { by, demand, legs } = served;
        let layout = &replication.core.layout;
        let rooms = (by == By::Rooms).then(|| Rooms::new(layout, demand, legs[0]));
        let is_instant = [
            replication.dispatch_is_instant,
            replication.results_are_instant,
        ];
        let by_loads = replication.dispatch.reporting().by_loads;
        Direct {
            servers: (by == By::Servers).then(|| Servers::new(layout.count())),
            ledger: Ledger::new(&replication.core, demand, legs, by_loads),
            lines: Lines::new(replication, rooms),
            works: Vec::new(),
            begun: Begun::default(),
            tasks: Vec::new(),
            placed: Placements::default(),
            steps: is_instant.map(|is_instant| u64::from(!is_instant)),
        }
    }

    /// Accounts for all that has happened until `now`, so that it can be seen.
    fn settle(&mut self, core: &mut Core<'_>, now: Time) {
        let is_shown = self.lines.reads == Reads::Any || self.lines.are_shown();
        if is_shown && self.servers.is_none() {
            self.lines.settle_all(core, now);
        }
        self.ledger.settle(core, now);
    }

    /// Accounts for all that has happened until `now`, and lets the nodes be seen as they are.
    fn settle_all(&mut self, core: &mut Core<'_>, now: Time) {
        if let Some(servers) = &mut self.servers {
            servers.count_started(core, now);
            self.ledger.settle(core, now);
            return servers.show(core, &self.ledger, now);
        }
        self.lines.settle_all(core, now);
        self.ledger.settle(core, now);
        self.lines.show(core, &self.ledger, now);
    }
}

/// A node by what is seen of the nodes.
fn choose_by_view(
    core: &mut Core<'_>,
    dispatch: &mut Dispatch,
    lines: &mut Lines,
    subject: &Subject,
) -> Fallible<NodeId> {
    let now = core.now();
    match lines.reads {
        _ if lines.way == TOLD => lines.settle_told(core, now),
        Reads::Nothing => {}
        Reads::Named => {
            let (named, draw) = dispatch.name(core, subject);
            named.iter().for_each(|&node| lines.settle(core, node, now));
            return dispatch.choose_named(core, subject, draw);
        }
        Reads::Any => lines.settle_due(core, now),
    }
    dispatch.choose_for(core, subject)
}

/// Makes the records of a job whose tasks wait to be decided.
fn record_undecided(core: &mut Core<'_>, job: &Arrived<'_>, works: &[f64]) {
    let now = core.now();
    let ids: Vec<u32> = works.iter().map(|_| core.records.claim()).collect();
    for (index, (&work, &id)) in works.iter().zip(&ids).enumerate() {
        let record = core.records.task_mut(id);
        record.renew(ids[0], index as u32, 1, work, now);
        record.sibling = ids.get(index + 1).copied().unwrap_or(NONE);
    }
    let demand = core.facts[job.class as usize].demand;
    let record = core.records.job_mut(ids[0]);
    record.renew(job.number, job.class, demand, now);
    record.split(works.len() as u32, Time::ZERO);
    record.measured = job.measured;
}
