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
use crate::metrics::jobs::Blame;
use crate::model::cluster::SLOTS;
use crate::model::ids::NodeId;
use crate::model::slab::{NONE, Slab};
use crate::strategy::Reads;
use crate::workload::source::Arrivals;

use super::core::{Completion, Core, Kind};
use super::dispatch::{Reporting, whole_service_time};
use super::due::Due;
use super::failure::{Failure, Fallible};
use super::records::{Phase, Subject};
use super::replication::Replication;
use super::setup::Engine;

/// The lines at the nodes, and what is in them.
struct Lines {
    queues: Queues,
    /// Of which nodes decisions read the state.
    reads: Reads,
    /// When the first in line end, where decisions may read the state of any node.
    due: Due,
    /// Works of the tasks of the job that arrives.
    works: Vec<f64>,
    /// Ends of its tasks.
    ends: Vec<Time>,
}

/// What is in the lines.
struct Queues {
    lines: Vec<Line>,
    tasks: Slab<Queued>,
    jobs: Slab<Job>,
    reporting: Reporting,
    /// Tasks whose service has ended.
    ended: u64,
}

/// The tasks bound to one node, in order.
#[derive(Clone, Copy)]
struct Line {
    /// When the service of the first ends; [`Time::MAX`] if there is none.
    first: Time,
    /// When that of the last ends, or ended.
    last: Time,
    head: u32,
    tail: u32,
}

/// A task in line, or one that has ended of a job that is not complete.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Queued {
    start: Time,
    end: Time,
    arrival: Time,
    ideal: Time,
    /// The next in line.
    next: u32,
    class: u32,
    measured: bool,
    /// Its job, if it is not the only task.
    job: u32,
    /// The next task of that.
    sibling: u32,
}

/// A job of several tasks: what will be told of it when it is complete.
#[derive(Clone, Copy, Default)]
struct Job {
    completion: Completion,
    /// Its first task.
    first: u32,
    /// Tasks that have not ended.
    left: u32,
}

/// A job that has arrived and come to its dispatcher.
#[derive(Clone, Copy)]
struct Arrived {
    class: u32,
    number: u64,
    measured: bool,
    dispatcher: u32,
    pool: u32,
}

fn brings_demands(source: &crate::workload::source::Source) -> bool {
    matches!(&source.arrivals, Arrivals::Trace(plan) if !plan.resources.is_empty())
}

/// `--engine direct` where it cannot be.
const NEEDS_EVENTS: &str = "`--engine direct` serves fifo nodes of one slot to which tasks are bound at once, without delays, costs \
    of gathering, faults, limits and records: leave it out, and events are used where they must be";

impl Replication<'_> {
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
        let mut lines = Lines::new(self);
        while let Some(next) = self.next_directly() {
            while self.course.stop() < next {
                let stop = self.course.stop();
                lines.settle_all(&mut self.core, stop);
                self.course.pass(&mut self.core, stop + Time(1), 0);
            }
            self.pass_instant(&mut lines, next)?;
            if self.is_crowded(&mut lines) {
                break;
            }
        }
        let now = self.core.now();
        lines.settle_all(&mut self.core, now);
        self.events += lines.queues.ended;
        lines.queues.hand_over(&mut self.core);
        Ok(())
    }

    /// When the next job arrives, if arrivals still count.
    fn next_directly(&self) -> Option<Time> {
        let next = self.core.agenda.outside();
        let goes_on = next != Place::NEVER && next.time < Time::MAX;
        (goes_on && !self.core.window.has_all()).then_some(next.time)
    }

    /// All jobs of one instant arrive, and then all their tasks are placed, in the order of their
    /// dispatchers.
    #[inline(always)]
    fn pass_instant(&mut self, lines: &mut Lines, now: Time) -> Fallible {
        let job = self.arrive_directly(lines)?;
        if self.core.agenda.outside().time > now {
            return self.place_directly(lines, job);
        }
        self.pass_crowd(lines, job, now)
    }

    #[cold]
    fn pass_crowd(&mut self, lines: &mut Lines, first: Arrived, now: Time) -> Fallible {
        let mut crowd = vec![(first, lines.works.clone())];
        while self.core.agenda.outside().time == now && !self.course.is_runaway() {
            if self.core.window.jobs() > self.course.most_jobs() / 2 {
                lines.settle_all(&mut self.core, now);
            }
            crowd.push((self.arrive_directly(lines)?, lines.works.clone()));
        }
        if self.course.is_runaway() {
            let core = &mut self.core;
            crowd
                .iter()
                .for_each(|(job, works)| record_undecided(core, job, works));
            return Ok(());
        }
        crowd.sort_by_key(|(job, _)| job.dispatcher);
        crowd.into_iter().try_for_each(|(job, works)| {
            lines.works = works;
            self.place_directly(lines, job)
        })
    }

    /// A job arrives and comes to its dispatcher.
    #[inline(always)]
    fn arrive_directly(&mut self, lines: &mut Lines) -> Fallible<Arrived> {
        let core = &mut self.core;
        core.agenda.pass();
        self.events += 1;
        let drawn = self.sources.draw(core, &mut lines.works)?;
        if self.sources.may_mark(core, drawn) {
            let now = core.now();
            lines.settle_all(core, now);
        }
        let measured = self.sources.count(core, drawn, &lines.works);
        self.course.follow(core);
        let (class, number) = (drawn.class, drawn.number);
        let (dispatcher, pool) = self.dispatch.way(core, class, number);
        Ok(Arrived {
            class,
            number,
            measured,
            dispatcher,
            pool,
        })
    }

    /// The tasks of a job are decided one after another, and take their places in line.
    #[inline(always)]
    fn place_directly(&mut self, lines: &mut Lines, job: Arrived) -> Fallible {
        let mut subject = Subject {
            class: job.class,
            number: job.number,
            tasks: lines.works.len() as u32,
            task: 0,
            stage: 0,
            attempt: 0,
            work: lines.works[0],
            demand: self.core.facts[job.class as usize].demand,
            dispatcher: job.dispatcher,
            pool: job.pool,
        };
        if subject.tasks > 1 {
            return self.place_several(lines, job, &mut subject);
        }
        let facts = &self.core.facts[job.class as usize];
        let ideal = facts.time(subject.work) + facts.overhead;
        self.place_task(lines, &subject, NONE, ideal, job.measured)?;
        Ok(())
    }

    #[inline(never)]
    fn place_several(
        &mut self,
        lines: &mut Lines,
        arrived: Arrived,
        subject: &mut Subject,
    ) -> Fallible {
        let now = self.core.now();
        let longest = lines.works.iter().copied().fold(0.0, f64::max);
        let facts = &self.core.facts[arrived.class as usize];
        let id = lines.queues.jobs.claim();
        let job = &mut lines.queues.jobs[id];
        (job.first, job.left) = (NONE, subject.tasks);
        let of = &mut job.completion;
        (of.class, of.tasks, of.arrival) = (arrived.class, subject.tasks, now);
        (of.measured, of.ideal) = (arrived.measured, facts.time(longest) + facts.overhead);
        lines.ends.clear();
        let (mut before, mut critical, mut latest) = (NONE, NONE, Time::ZERO);
        for index in 0..subject.tasks {
            (subject.task, subject.work) = (index, lines.works[index as usize]);
            let task = self.place_task(lines, subject, id, Time::ZERO, arrived.measured)?;
            match before {
                NONE => lines.queues.jobs[id].first = task,
                before => lines.queues.tasks[before].sibling = task,
            }
            before = task;
            let end = lines.queues.tasks[task].end;
            lines.ends.push(end);
            if critical == NONE || end > latest {
                (critical, latest) = (task, end);
            }
        }
        let straggler_wait_doubled = lines.straggler_wait_doubled();
        let Queues { jobs, tasks, .. } = &mut lines.queues;
        let of = &mut jobs[id].completion;
        (of.at, of.straggler_wait_doubled) = (latest, straggler_wait_doubled);
        of.blame = blame(&tasks[critical]);
        Ok(())
    }

    /// A task is decided and takes its place in line; tells its number. It is of `job`, if that has
    /// others.
    #[inline(always)]
    fn place_task(
        &mut self,
        lines: &mut Lines,
        subject: &Subject,
        job: u32,
        ideal: Time,
        measured: bool,
    ) -> Fallible<u32> {
        self.events += 1;
        self.core.totals.attempts += 1;
        let node = self.choose_directly(lines, subject)?;
        let service = whole_service_time(&self.core, subject, node);
        let id = lines.line_up(&mut self.core, node, service);
        let task = &mut lines.queues.tasks[id];
        (task.job, task.class) = (job, subject.class);
        (task.ideal, task.measured) = (ideal, measured);
        self.dispatch
            .report_bound(&mut self.core, subject.dispatcher);
        Ok(id)
    }

    #[inline(always)]
    fn choose_directly(&mut self, lines: &mut Lines, subject: &Subject) -> Fallible<NodeId> {
        let now = self.core.now();
        let core = &mut self.core;
        match lines.reads {
            Reads::Nothing => self.dispatch.choose_for(core, subject),
            Reads::Named if self.dispatch.goes_by_counts() => {
                let settle = |core: &mut Core<'_>, node| lines.settle(core, node, now);
                self.dispatch.choose_by_counts(core, subject, settle)
            }
            Reads::Named => {
                let (named, draw) = self.dispatch.name(core, subject);
                named.iter().for_each(|&node| lines.settle(core, node, now));
                self.dispatch.choose_named(core, subject, draw)
            }
            Reads::Any => {
                lines.settle_due(core, now);
                self.dispatch.choose_for(core, subject)
            }
        }
    }

    /// True if so many jobs are in the system, half as many as make a runaway, that it must be known
    /// at every arrival how many.
    #[inline]
    fn is_crowded(&mut self, lines: &mut Lines) -> bool {
        let most = self.course.most_jobs();
        if self.core.window.jobs() <= most / 2 {
            return false;
        }
        let now = self.core.now();
        lines.settle_all(&mut self.core, now);
        self.core.window.jobs() > most / 4
    }
}

/// Where the time of a task goes.
#[inline]
fn blame(task: &Queued) -> Blame {
    let mut blame = [0; 7];
    blame[Phase::Queue as usize] = (task.start - task.arrival).0;
    blame[Phase::Service as usize] = (task.end - task.start).0;
    blame
}

impl Lines {
    /// Empty lines.
    fn new(replication: &mut Replication<'_>) -> Lines {
        let nodes = replication.core.layout.count() as usize;
        let reads = replication.dispatch.reads();
        let empty = Line {
            first: Time::MAX,
            last: Time::ZERO,
            head: NONE,
            tail: NONE,
        };
        Lines {
            queues: Queues {
                lines: vec![empty; nodes],
                tasks: Slab::default(),
                jobs: Slab::default(),
                reporting: replication.dispatch.reporting(),
                ended: 0,
            },
            reads,
            due: Due::new(if reads == Reads::Any { nodes } else { 0 }),
            works: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// A task of `service` that is placed now takes its place in line at `node`; tells its number.
    #[inline(always)]
    fn line_up(&mut self, core: &mut Core<'_>, node: NodeId, service: Time) -> u32 {
        let now = core.now();
        if self.reads != Reads::Any {
            self.settle(core, node, now);
        }
        let Queues { lines, tasks, .. } = &mut self.queues;
        let id = tasks.claim();
        let (line, task) = (&mut lines[node.index()], &mut tasks[id]);
        let start = line.last.max(now);
        let end = start + service;
        (task.start, task.end, task.arrival) = (start, end, now);
        (task.next, task.sibling) = (NONE, NONE);
        let before = std::mem::replace(&mut line.tail, id);
        line.last = end;
        if line.head == NONE {
            (line.head, line.first) = (id, end);
            if self.reads == Reads::Any {
                self.due.push(node, end);
            }
        } else {
            tasks[before].next = id;
        }
        core.nodes.line_up(node, service, now);
        core.changed(node);
        id
    }

    /// Accounts for what has ended at `node` until `now`.
    #[inline(always)]
    fn settle(&mut self, core: &mut Core<'_>, node: NodeId, now: Time) {
        while self.queues.lines[node.index()].first <= now {
            self.queues.end_first(core, node);
        }
    }

    /// Accounts for what has ended anywhere until `now`.
    fn settle_all(&mut self, core: &mut Core<'_>, now: Time) {
        if self.reads == Reads::Any {
            return self.settle_due(core, now);
        }
        for node in 0..self.queues.lines.len() as u32 {
            self.settle(core, NodeId(node), now);
        }
    }

    #[inline(always)]
    fn settle_due(&mut self, core: &mut Core<'_>, now: Time) {
        let (due, queues) = (&mut self.due, &mut self.queues);
        due.settle(now, |node| {
            queues.end_first(core, node);
            queues.lines[node.index()].first
        });
    }

    /// Twice the last minus the median end of the tasks that have just been placed.
    fn straggler_wait_doubled(&mut self) -> u64 {
        self.ends.sort_unstable();
        let (ends, n) = (&self.ends, self.ends.len());
        let last = ends[n - 1];
        (last - ends[(n - 1) / 2]).0 + (last - ends[n / 2]).0
    }
}

impl Queues {
    /// The service of the first in line at `node` has ended: its time is accounted for, and its
    /// result gathered.
    #[inline(never)]
    fn end_first(&mut self, core: &mut Core<'_>, node: NodeId) {
        let line = &mut self.lines[node.index()];
        let (id, end) = (line.head, line.first);
        let task = &self.tasks[id];
        line.head = task.next;
        line.first = match task.next {
            NONE => Time::MAX,
            next => self.tasks[next].end,
        };
        self.ended += 1;
        core.totals.attempts_done += 1;
        core.busy
            .add(node, 1, &[], core.window.overlap(task.start, end));
        if core.window.contains(end) {
            core.busy.end(node);
            core.totals.slot_time += u128::from((end - task.start).0);
        }
        core.nodes.move_up(node, end);
        core.changed(node);
        self.reporting.end(core, node, end);
        match task.job {
            NONE => self.complete_only(core, id),
            job => self.end_one(core, job),
        }
    }

    /// The only task of a job has ended.
    #[inline(always)]
    fn complete_only(&mut self, core: &mut Core<'_>, id: u32) {
        let task = &self.tasks[id];
        core.count_completion(&Completion {
            class: task.class,
            tasks: 1,
            measured: task.measured,
            arrival: task.arrival,
            at: task.end,
            ideal: task.ideal,
            straggler_wait_doubled: 0,
            blame: blame(task),
        });
        if task.measured {
            core.stats[task.class as usize].waited(task.start - task.arrival);
        }
        self.tasks.remove(id);
    }

    /// One of a job's tasks has ended.
    #[inline]
    fn end_one(&mut self, core: &mut Core<'_>, id: u32) {
        let job = &mut self.jobs[id];
        job.left -= 1;
        if job.left == 0 {
            self.complete_several(core, id);
        }
    }

    #[inline(never)]
    fn complete_several(&mut self, core: &mut Core<'_>, id: u32) {
        let job = &self.jobs[id];
        core.count_completion(&job.completion);
        let mut next = job.first;
        while next != NONE {
            let task = &self.tasks[next];
            if job.completion.measured {
                let wait = task.start - job.completion.arrival;
                core.stats[job.completion.class as usize].waited(wait);
            }
            let sibling = task.sibling;
            self.tasks.remove(next);
            next = sibling;
        }
        self.jobs.remove(id);
    }

    /// All jobs that are not complete go over into records, and what is in line becomes what runs and
    /// waits, with the events that end it.
    fn hand_over(&mut self, core: &mut Core<'_>) {
        let mut records = vec![NONE; self.tasks.places()];
        for id in self.tasks.ids() {
            let task = self.tasks[id];
            if task.job == NONE {
                records[id as usize] = record(core, &task.as_job(id), &[task])[0];
            }
        }
        for id in self.jobs.ids() {
            let job = self.jobs[id];
            let tasks: Vec<u32> = self.siblings(job.first).collect();
            let each: Vec<Queued> = tasks.iter().map(|&task| self.tasks[task]).collect();
            for (task, new) in tasks.iter().zip(record(core, &job, &each)) {
                records[*task as usize] = new;
            }
        }
        for node in core.layout.ids() {
            self.hand_over_line(core, node, &records);
        }
    }

    /// The tasks of a job, in order.
    fn siblings(&self, first: u32) -> impl Iterator<Item = u32> {
        let next = |task: &u32| Some(self.tasks[*task].sibling).filter(|&next| next != NONE);
        std::iter::successors(Some(first), next)
    }

    fn hand_over_line(&self, core: &mut Core<'_>, node: NodeId, records: &[u32]) {
        let line = self.lines[node.index()];
        let mut task = line.head;
        while task != NONE {
            let id = records[task as usize];
            core.records.task_mut(id).node = node;
            let at = core.nodes.at_mut(node);
            if task == line.head {
                at.running.push(&mut core.records, id);
                core.schedule_task(line.first, Kind::End, node.0 + 1, id);
            } else {
                at.queue.push(&mut core.records, id);
            }
            task = self.tasks[task].next;
        }
    }
}

impl Queued {
    /// The job of which it is the only task.
    fn as_job(&self, id: u32) -> Job {
        Job {
            completion: Completion {
                class: self.class,
                tasks: 1,
                measured: self.measured,
                arrival: self.arrival,
                at: self.end,
                ideal: self.ideal,
                straggler_wait_doubled: 0,
                blame: blame(self),
            },
            first: id,
            left: 1,
        }
    }
}

/// Makes the records of a job whose tasks wait to be decided.
fn record_undecided(core: &mut Core<'_>, job: &Arrived, works: &[f64]) {
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

/// Makes the records of a job and of its `tasks` as they are now; tells the numbers of the latter.
fn record(core: &mut Core<'_>, job: &Job, tasks: &[Queued]) -> Vec<u32> {
    let (now, of) = (core.now(), &job.completion);
    let ids: Vec<u32> = tasks.iter().map(|_| core.records.claim()).collect();
    for (index, (task, &id)) in tasks.iter().zip(&ids).enumerate() {
        let record = core.records.task_mut(id);
        record.renew(ids[0], index as u32, 1, 0.0, of.arrival);
        record.sibling = ids.get(index + 1).copied().unwrap_or(NONE);
        record.go_on(task.start, task.end, now);
    }
    let ended = |place: &usize| tasks[*place].end <= now;
    let critical = (0..tasks.len())
        .filter(ended)
        .max_by_key(|&place| (tasks[place].end, std::cmp::Reverse(place)));
    let demand = core.facts[of.class as usize].demand;
    let record = core.records.job_mut(ids[0]);
    record.renew(0, of.class, demand, of.arrival);
    record.split(of.tasks, of.ideal);
    record.measured = of.measured;
    record.gathered = of.tasks - job.left;
    record.critical = critical.map_or(NONE, |place| ids[place]);
    ids
}
