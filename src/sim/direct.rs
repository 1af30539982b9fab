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
use crate::strategy::{Choosing, Reads};
use crate::workload::source::Arrivals;

use super::core::{Core, Facts};
use super::dispatch::{Decider, Dispatch, straggle, whole_service_time};
use super::failure::{Failure, Fallible};
use super::ledger::{Ledger, Placed, Task};
use super::lines::{Lines, Looking};
use super::records::Subject;
use super::replication::Replication;
use super::setup::Engine;

/// What a direct run has beside the core.
struct Direct {
    lines: Lines,
    ledger: Ledger,
    /// Works of the tasks of the job that arrives.
    works: Vec<f64>,
    /// Lists for a function's own use: decisions, and the tasks of a job.
    decisions: Vec<Choosing>,
    tasks: Vec<Task>,
    /// What has been placed since it was last counted.
    placed: Placements,
}

/// Numbers of what was placed.
#[derive(Clone, Copy, Default)]
struct Placements {
    attempts: u64,
    messages: u64,
}

/// Decisions that are begun together.
const AT_ONCE: usize = 128;

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
            ledger: Ledger::new(self.core.facts.len(), by_loads),
            works: Vec::new(),
            decisions: Vec::new(),
            tasks: Vec::new(),
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
        direct.lines.hand_over(&mut self.core);
        direct.ledger.hand_over(&mut self.core);
        self.events += direct.ledger.ended;
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
        let mut job = self.arrived(stock.class, self.core.window.is_open());
        let seen = match job.measured {
            true => self
                .sources
                .digest_with(&self.core, &stock, stretch.clone()),
            false => self.sources.digest_of_stock(),
        };
        let at_once = match direct.lines.by_counts && self.dispatch.is_one_way(stock.class) {
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
        let most = (self.course.most_jobs() / 2).saturating_sub(core.window.jobs());
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
        let each = (works.len() / arrivals.len()).max(1);
        if !direct.lines.by_counts {
            for (&at, works) in arrivals.iter().zip(works.chunks_exact(each)) {
                job.at = at;
                self.place_as_seen(direct, &job, works)?;
            }
            return Ok(());
        }
        direct.ledger.expect(arrivals.len(), job.measured);
        let (core, lines) = (&mut self.core, &mut direct.lines);
        let mut placing = Placing::new(core, &mut self.dispatch, lines, job)?;
        placing.begin(&mut direct.decisions, each, works.len());
        let (ledger, decisions) = (&mut direct.ledger, &mut direct.decisions[..]);
        match each {
            1 => placing.place_only(ledger, arrivals, works, decisions)?,
            _ => placing.place_several(ledger, &mut direct.tasks, arrivals, works, decisions)?,
        }
        direct.placed.messages += placing.messages(works.len());
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
        direct.ledger.expect(1, job.measured);
        direct.ledger.write_down(job, works, tasks);
        Ok(())
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
    /// Writes down a job, whose tasks have been placed.
    fn write_down(&mut self, job: &Arrived<'_>, works: &[f64], tasks: &[Task]) {
        let longest = works.iter().fold(0.0, |a, &b| if b > a { b } else { a });
        // Of those that end last the first.
        let later = |a: usize, b: usize| if tasks[b].end > tasks[a].end { b } else { a };
        if let Some(critical) = (0..tasks.len()).reduce(later) {
            let ideal = job.facts.time(longest) + job.facts.overhead;
            self.write(
                job.placed(tasks[critical], works.len() as u32, ideal),
                tasks,
            );
        }
    }
}

impl Arrived<'_> {
    /// One of its tasks, of which there are so many.
    fn subject(&self, tasks: u32) -> Subject {
        Subject {
            class: self.class,
            number: self.number,
            tasks,
            task: 0,
            data: 0,
            stage: 0,
            attempt: 0,
            copy: 0,
            work: 0.0,
            demand: self.facts.demand,
            dispatcher: self.dispatcher,
            pool: self.pool,
        }
    }

    /// It has been placed: so many tasks, of which `task` ends last.
    #[inline(always)]
    fn placed(&self, task: Task, tasks: u32, ideal: Time) -> Placed {
        Placed {
            arrival: self.at,
            start: task.start,
            end: task.end,
            ideal,
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

/// Places the tasks of jobs by numbers of tasks at the nodes.
struct Placing<'a, 's> {
    looking: Looking<'a, 's>,
    decider: Decider<'a>,
    job: Arrived<'s>,
    nodes: u32,
    /// Each task takes as long as it would at best.
    is_ideal: bool,
}

impl<'a, 's> Placing<'a, 's> {
    fn new(
        core: &'a mut Core<'s>,
        dispatch: &'a mut Dispatch,
        lines: &'a mut Lines,
        job: Arrived<'s>,
    ) -> Fallible<Placing<'a, 's>> {
        let nodes = core.board.size(job.pool);
        Ok(Placing {
            is_ideal: core.setup.stragglers.is_none() && core.layout.is_of_speed_one(),
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

    /// Makes so many `decisions`, for jobs of `each` tasks, as far as they do not depend on the nodes.
    #[inline(never)]
    fn begin(&mut self, decisions: &mut Vec<Choosing>, each: usize, count: usize) {
        let (class, key) = (self.job.class, self.looking.core.keys.placement);
        let (mut number, mut task) = (self.job.number, 0);
        let rng = key.draw(class, number, 0, 0, 0);
        decisions.resize(count, Choosing { rng, choice: None });
        for decision in &mut *decisions {
            decision.rng = key.draw(class, number, 0, task, 0);
            task += 1;
            if task as usize == each {
                (number, task) = (number + 1, 0);
            }
        }
        self.decider.choose_each(self.nodes, decisions);
    }

    /// The tasks of jobs that have one each are decided and take their places in line.
    #[inline(never)]
    fn place_only(
        &mut self,
        ledger: &mut Ledger,
        arrivals: &[Time],
        works: &[f64],
        decisions: &mut [Choosing],
    ) -> Fallible {
        for ((&at, &work), decision) in arrivals.iter().zip(works).zip(decisions) {
            (self.looking.now, self.job.at) = (at, at);
            let task = self.place(0, work, decision)?;
            let ideal = match self.is_ideal {
                true => task.end - task.start,
                false => self.job.facts.time(work) + self.job.facts.overhead,
            };
            ledger.write_only(self.job.placed(task, 1, ideal));
            self.job.number += 1;
        }
        Ok(())
    }

    /// The same for jobs that have several.
    #[inline(never)]
    fn place_several(
        &mut self,
        ledger: &mut Ledger,
        tasks: &mut Vec<Task>,
        arrivals: &[Time],
        works: &[f64],
        decisions: &mut [Choosing],
    ) -> Fallible {
        let each = works.len() / arrivals.len();
        let jobs = works
            .chunks_exact(each)
            .zip(decisions.chunks_exact_mut(each));
        for (&at, (works, decisions)) in arrivals.iter().zip(jobs) {
            (self.looking.now, self.job.at) = (at, at);
            tasks.clear();
            for ((index, &work), decision) in (0..).zip(works).zip(decisions) {
                tasks.push(self.place(index, work, decision)?);
            }
            ledger.write_down(&self.job, works, tasks);
            self.job.number += 1;
        }
        Ok(())
    }

    /// A task is decided and takes its place in line.
    #[inline(always)]
    fn place(&mut self, task: u32, mut work: f64, decision: &mut Choosing) -> Fallible<Task> {
        let (ties, looking) = (self.decider.ties, &mut self.looking);
        looking.catch_up();
        let rank = match decision.choice {
            Some(choice) => choice.rank(ties, &mut decision.rng, looking),
            None => None,
        };
        let rank = rank.unwrap_or(u32::MAX);
        if rank >= self.nodes {
            return Err(self.decider.fault(looking.core.setup));
        }
        let (node, core) = (looking.node(rank), &*looking.core);
        if core.setup.stragglers.is_some() {
            work = self.job.straggle(core, task, work);
        }
        let facts = &self.job.facts;
        let service = facts.time(work / core.layout.factor(node)) + facts.overhead;
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
