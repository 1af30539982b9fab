//! The direct path: as long as jobs arrive, each node is a line by itself that is looked at only when
//! somebody needs to know.
//!
//! At a fifo node of one slot nothing that comes later changes what becomes of a task that is bound
//! to it: when it starts and ends is known at once (Lindley, 1952), and no list of events is needed.
//! What has ended is accounted for when the node is looked at: before a decision that reads it,
//! before a task is bound to it, at an observation, when the window opens or closes. All figures are
//! sums in which order does not count, so that they are those of the events, to the bit. When no
//! further arrival matters, what is left is handed over to the events.

use crate::engine::agenda::Place;
use crate::engine::time::Time;
use crate::model::cluster::SLOTS;
use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::strategy::Reads;
use crate::workload::source::Arrivals;

use super::core::{Core, Facts};
use super::dispatch::{Decider, Dispatch, straggle, whole_service_time};
use super::failure::{Failure, Fallible};
use super::ledger::{Ledger, Placed, Task};
use super::lines::{Lines, Looking};
use super::records::Subject;
use super::replication::Replication;
use super::setup::Engine;
use super::sources::digest;

/// What a direct run has beside the core.
struct Direct {
    lines: Lines,
    ledger: Ledger,
    /// Works of the tasks of the job that arrives.
    works: Vec<f64>,
    /// What has been placed since it was last counted.
    placed: Placements,
}

/// Numbers of what was placed.
#[derive(Clone, Copy, Default)]
struct Placements {
    attempts: u64,
    messages: u64,
}

/// A job that has arrived and come to its dispatcher.
#[derive(Clone, Copy)]
struct Arrived<'s> {
    class: u32,
    number: u64,
    at: Time,
    measured: bool,
    dispatcher: u32,
    pool: u32,
    facts: Facts<'s>,
}

fn brings_demands(source: &crate::workload::source::Source) -> bool {
    matches!(&source.arrivals, Arrivals::Trace(plan) if !plan.resources.is_empty())
}

/// `--engine direct` where it cannot be.
const NEEDS_EVENTS: &str = "`--engine direct` serves fifo nodes of one slot to which tasks are bound at once, without delays, costs \
    of gathering, faults, limits and records: leave it out, and events are used where they must be";

impl<'s> Replication<'s> {
    /// True if it is run directly as long as jobs arrive.
    ///
    /// # Errors
    /// It must be, and cannot.
    pub fn is_direct(&mut self) -> Fallible<bool> {
        match self.core.setup.engine {
            Engine::Events => Ok(false),
            Engine::Auto => Ok(self.may_be_direct()),
            Engine::Direct => match self.may_be_direct() {
                true => Ok(true),
                false => Err(Failure::Strategy(NEEDS_EVENTS.to_owned()).into()),
            },
        }
    }

    fn may_be_direct(&mut self) -> bool {
        let (setup, core) = (self.core.setup, &self.core);
        setup.is_first_in_first_out()
            && (setup.cluster.groups.iter()).all(|group| group.capacity[..] == [Some(1)])
            && (setup.classes.iter()).all(|class| class.stages[0].demand[SLOTS] == 1)
            && !setup.sources.iter().any(brings_demands)
            && (setup.strategy.parts.iter()).all(|parts| parts.decision_time.is_zero())
            && self.dispatch_is_instant
            && self.results_are_instant
            && core.recorder.is_none()
            && core.window.clock().is_none()
            && core.board.is_plain()
            && !core.board.keeps_work()
            && !self.dispatch.hears()
    }

    /// Runs until no further arrival is measured, or the system may run away; the rest is left to
    /// the events.
    ///
    /// # Errors
    /// As those of the events.
    pub fn run_directly(&mut self) -> Fallible {
        self.was_direct = true;
        let by_loads = self.dispatch.reporting().by_loads;
        let mut direct = Direct {
            lines: Lines::new(self),
            ledger: Ledger::new(by_loads),
            works: Vec::new(),
            placed: Placements::default(),
        };
        while let Some(next) = self.next_directly() {
            while self.course.stop() < next {
                let stop = self.course.stop();
                direct.settle_all(&mut self.core, stop);
                self.course.pass(&mut self.core, stop + Time(1), 0);
            }
            if !self.pass_quietly(&mut direct)? {
                self.pass_instant(&mut direct)?;
            }
            if self.is_crowded(&mut direct) {
                break;
            }
        }
        self.sources.give_back_stock(&mut self.core)?;
        self.turn_to_end(&direct.ledger)?;
        let now = self.core.now();
        direct.settle_all(&mut self.core, now);
        self.events += direct.ledger.ended;
        direct.lines.hand_over(&mut self.core);
        direct.ledger.hand_over(&mut self.core);
        Ok(())
    }

    /// When no later arrival matters, the clock turns to the instant at which all that is measured is
    /// resolved, unless the replication is broken off before: what happens until then is known.
    fn turn_to_end(&mut self, ledger: &Ledger) -> Fallible {
        let core = &mut self.core;
        let (end, deadline) = (ledger.last_measured(), core.window.deadline());
        let is_cut_off = deadline.is_some_and(|deadline| end > deadline);
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
        let stock = std::mem::take(&mut self.sources.stock);
        let (mut instants, mut seen) = (0, self.sources.digest_of_stock());
        let demand = self.core.facts[stock.class as usize].demand;
        let mut job = self.arrived(stock.class, self.core.window.is_open());
        for at in stretch.clone() {
            let works = stock.works(at);
            (job.at, job.number) = (stock.arrivals[at], stock.first + at as u64);
            instants += u128::from(job.at.0);
            if job.measured {
                let demand = self.core.demands.row(demand);
                let works = works.iter().map(|work| job.facts.seconds(*work));
                seen = digest(seen, job.at, job.class, demand, works);
            }
            self.core.agenda.turn_to(job.at);
            self.send(&mut job);
            match *works {
                [work] if direct.lines.by_counts => self.place_only(direct, &job, work)?,
                _ => self.place_tasks(direct, &job, works)?,
            }
        }
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
        let most = (self.course.most_jobs() / 2).saturating_sub(core.window.jobs());
        let most = most
            .min(core.window.quiet())
            .min(direct.ledger.room() as u64);
        if most == 0 || self.sources.stock_up(core) == 0 {
            return 0..0;
        }
        let (stock, stop) = (&self.sources.stock, self.course.stop());
        let coming = stock.arrivals[stock.at..].iter().take(most as usize);
        let in_time = coming.take_while(|&&time| time <= stop && time < Time::MAX);
        let mut end = stock.at + in_time.count();
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
            self.place_tasks(direct, &job, &works)?;
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
        while self.core.agenda.outside().time == now && !self.course.is_runaway() {
            if self.core.window.jobs() > self.course.most_jobs() / 2 {
                direct.settle_all(&mut self.core, now);
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
        each.try_for_each(|(job, works)| self.place_tasks(direct, &job, &works))
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

    /// The tasks of a job are decided one after another, and take their places in line.
    #[inline(never)]
    fn place_tasks(&mut self, direct: &mut Direct, job: &Arrived<'s>, works: &[f64]) -> Fallible {
        direct.placed.attempts += works.len() as u64;
        if !direct.lines.by_counts {
            return self.place_as_seen(direct, job, works);
        }
        let (core, lines) = (&mut self.core, &mut direct.lines);
        let mut placing = Placing::new(core, &mut self.dispatch, lines, job)?;
        let ledger = &mut direct.ledger;
        ledger.write_down(job, works, |task, work| placing.place(task, work))?;
        direct.placed.messages += placing.messages(works.len());
        Ok(())
    }

    /// The same for an only task, by numbers of tasks at the nodes.
    #[inline(always)]
    fn place_only(&mut self, direct: &mut Direct, job: &Arrived<'s>, work: f64) -> Fallible {
        let (core, lines) = (&mut self.core, &mut direct.lines);
        let mut placing = Placing::new(core, &mut self.dispatch, lines, job)?;
        let task = placing.place(0, work)?;
        direct.ledger.write(job.placed(task, 1, work));
        direct.placed.attempts += 1;
        direct.placed.messages += placing.messages(1);
        Ok(())
    }

    /// The same by what is seen of the nodes.
    #[inline(never)]
    fn place_as_seen(&mut self, direct: &mut Direct, job: &Arrived<'s>, works: &[f64]) -> Fallible {
        let (lines, core) = (&mut direct.lines, &mut self.core);
        let mut subject = Subject {
            class: job.class,
            number: job.number,
            tasks: works.len() as u32,
            task: 0,
            data: 0,
            stage: 0,
            attempt: 0,
            copy: 0,
            work: 0.0,
            demand: core.facts[job.class as usize].demand,
            dispatcher: job.dispatcher,
            pool: job.pool,
        };
        direct.placed.messages += works.len() as u64 * self.dispatch.reports(job.dispatcher);
        let dispatch = &mut self.dispatch;
        direct.ledger.write_down(job, works, |task, work| {
            (subject.task, subject.data, subject.work) = (task, task, work);
            let node = choose_by_view(core, dispatch, lines, &subject)?;
            let service = whole_service_time(core, &subject, node);
            let (start, end) = lines.line_up(core, node, service, job.at);
            Ok(Task::new(node, start, end))
        })
    }

    /// Counts what has been placed at this instant, or at several between which the window has not
    /// opened or closed.
    fn count_placed(&mut self, direct: &mut Direct) {
        let (core, placed) = (&mut self.core, std::mem::take(&mut direct.placed));
        self.events += placed.attempts;
        core.totals.attempts += placed.attempts;
        if core.window.contains(core.now()) {
            if direct.lines.by_counts {
                core.totals.placed += placed.attempts;
            }
            core.totals.messages += placed.messages;
        }
    }

    /// True if so many jobs are in the system, half as many as make a runaway, that it must be known
    /// at every arrival how many.
    #[inline]
    fn is_crowded(&mut self, direct: &mut Direct) -> bool {
        let (most, now) = (self.course.most_jobs(), self.core.now());
        if self.core.window.jobs() > most / 2 {
            direct.settle_all(&mut self.core, now);
            return self.core.window.jobs() > most / 4;
        }
        if direct.ledger.room() == 0 {
            direct.ledger.settle(&mut self.core, now);
        }
        false
    }
}

impl Direct {
    /// Accounts for all that has happened until `now`, and lets the nodes be seen as they are.
    fn settle_all(&mut self, core: &mut Core<'_>, now: Time) {
        self.lines.settle_all(core, now);
        self.ledger.settle(core, now);
        self.lines.show(core, self.ledger.nodes_of_tasks(), now);
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

impl Ledger {
    /// Writes down a job, each task of which `place` places.
    #[inline(always)]
    fn write_down(
        &mut self,
        job: &Arrived<'_>,
        works: &[f64],
        mut place: impl FnMut(u32, f64) -> Fallible<Task>,
    ) -> Fallible {
        let (mut longest, mut critical) = (0.0, None);
        for (index, &work) in (0..).zip(works) {
            let task = place(index, work)?;
            if works.len() > 1 {
                self.write_task(task);
            }
            if work > longest {
                longest = work;
            }
            if critical.is_none_or(|before: Task| task.end > before.end) {
                critical = Some(task);
            }
        }
        if let Some(task) = critical {
            self.write(job.placed(task, works.len() as u32, longest));
        }
        Ok(())
    }
}

impl Arrived<'_> {
    /// It has been placed: so many tasks, whose longest has so much work, and of which `task` ends last.
    #[inline(always)]
    fn placed(&self, task: Task, tasks: u32, longest: f64) -> Placed {
        Placed {
            arrival: self.at,
            start: task.start,
            end: task.end,
            ideal: self.facts.time(longest) + self.facts.overhead,
            class: self.class,
            tasks,
            node: task.node,
            measured: self.measured,
        }
    }

    /// The work of a task, which may straggle.
    #[cold]
    #[inline(never)]
    fn straggle(&self, core: &Core<'_>, task: u32, work: f64) -> f64 {
        let draw = core
            .keys
            .straggler
            .draw(self.class, self.number, 0, task, 0);
        straggle(core, work, draw)
    }
}

/// Places the tasks of a job by numbers of tasks at the nodes.
struct Placing<'a, 's> {
    looking: Looking<'a, 's>,
    decider: Decider<'a>,
    job: &'a Arrived<'s>,
    nodes: u32,
}

impl<'a, 's> Placing<'a, 's> {
    #[inline(always)]
    fn new(
        core: &'a mut Core<'s>,
        dispatch: &'a mut Dispatch,
        lines: &'a mut Lines,
        job: &'a Arrived<'s>,
    ) -> Fallible<Placing<'a, 's>> {
        let nodes = core.board.size(job.pool);
        Ok(Placing {
            decider: dispatch.decider(core.setup, job.dispatcher, job.pool)?,
            looking: Looking {
                is_whole: nodes == core.layout.count(),
                core,
                lines,
                pool: job.pool,
                now: job.at,
                probes: 0,
            },
            job,
            nodes,
        })
    }

    /// A task is decided and takes its place in line.
    #[inline(always)]
    fn place(&mut self, task: u32, mut work: f64) -> Fallible<Task> {
        let (job, looking) = (self.job, &mut self.looking);
        looking.catch_up();
        let key = looking.core.keys.placement;
        let mut draw = key.draw(job.class, job.number, 0, task, 0);
        let Some(rank) = self.decider.rank(self.nodes, &mut draw, looking) else {
            return Err(self.decider.fault(looking.core.setup));
        };
        let (node, core) = (looking.node(rank), &*looking.core);
        if core.setup.stragglers.is_some() {
            work = job.straggle(core, task, work);
        }
        let service = job.facts.time(work / core.layout.factor(node)) + job.facts.overhead;
        Ok(looking.line_up(node, service))
    }

    /// Messages that were sent for so many tasks.
    #[inline(always)]
    fn messages(&self, tasks: usize) -> u64 {
        tasks as u64 * (1 + self.decider.reports) + 2 * u64::from(self.looking.probes)
    }
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
