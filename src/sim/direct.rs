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
use crate::model::list::List;
use crate::model::slab::NONE;
use crate::strategy::Reads;
use crate::workload::source::Arrivals;

use super::core::{Core, Kind};
use super::dispatch::{Reporting, service_time};
use super::due::Due;
use super::failure::Fallible;
use super::replication::Replication;
use super::setup::Setup;

/// The lines at the nodes.
struct Lines {
    lines: Vec<Line>,
    /// Of which nodes decisions read the state.
    reads: Reads,
    /// When the first in line end, where decisions may read the state of any node.
    due: Due,
    reporting: Reporting,
    /// Tasks whose service has ended.
    ended: u64,
}

/// The tasks bound to one node.
#[derive(Clone, Copy)]
struct Line {
    /// When the service of the first ends; [`Time::MAX`] if there is none.
    first: Time,
    /// When that of the last ends, or ended.
    last: Time,
}

/// True if `replication` may be run directly until its last arrival.
pub fn applies(setup: &Setup, replication: &mut Replication<'_>) -> bool {
    let of_one_slot = |capacity: &Vec<Option<u64>>| capacity[..] == [Some(1)];
    let groups = &setup.cluster.groups;
    setup.is_first_in_first_out()
        && groups.iter().all(|group| group.queue_limit.is_none() && of_one_slot(&group.capacity))
        && setup.classes.iter().all(|class| class.stages[0].demand[SLOTS] == 1)
        && !setup.sources.iter().any(brings_demands)
        && (setup.strategy.parts.iter()).all(|parts| parts.decision_time.is_zero())
        && replication.dispatch_is_instant
        && replication.results_are_instant
        && replication.core.recorder.is_none()
        && !replication.core.board.keeps_work()
        && !replication.dispatch.learns()
}

fn brings_demands(source: &crate::workload::source::Source) -> bool {
    matches!(&source.arrivals, Arrivals::Trace(plan) if !plan.resources.is_empty())
}

impl Replication<'_> {
    /// Runs until no further arrival is measured, or the system may run away; the rest is left to
    /// the events.
    ///
    /// # Errors
    /// As those of the events.
    pub fn run_directly(&mut self) -> Fallible {
        let mut lines = Lines::new(self);
        while let Some(next) = self.next_directly() {
            while self.course.stop() < next {
                let stop = self.course.stop();
                lines.settle_all(&mut self.core, stop);
                self.course.pass(&self.core, stop + Time(1), 0);
            }
            self.pass_instant(&mut lines, next)?;
            if self.is_crowded(&mut lines) {
                break;
            }
        }
        let now = self.core.now();
        lines.settle_all(&mut self.core, now);
        self.events += lines.ended;
        lines.hand_over(&mut self.core);
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
    fn pass_crowd(&mut self, lines: &mut Lines, first: u32, now: Time) -> Fallible {
        let mut jobs = vec![first];
        while self.core.agenda.outside().time == now {
            if self.core.window.jobs() > self.course.most_jobs() / 2 {
                lines.settle_all(&mut self.core, now);
            }
            jobs.push(self.arrive_directly(lines)?);
            if self.course.is_runaway() {
                return Ok(());
            }
        }
        jobs.sort_by_key(|&job| self.core.records.job(job).dispatcher);
        jobs.into_iter().try_for_each(|job| self.place_directly(lines, job))
    }

    /// A job arrives and comes to its dispatcher.
    #[inline(always)]
    fn arrive_directly(&mut self, lines: &mut Lines) -> Fallible<u32> {
        let core = &mut self.core;
        core.agenda.pass();
        self.events += 1;
        let (job, source) = self.sources.create(core)?;
        let (now, next) = (core.now(), core.agenda.outside().time);
        let class = core.records.job(job).class;
        if core.window.may_mark(now, class, next) || self.sources.is_dry(source) {
            lines.settle_all(core, now);
        }
        self.sources.count(core, job, source);
        self.course.follow(core);
        self.dispatch.route(core, job)?;
        Ok(job)
    }

    /// The tasks of a job are decided one after another, and take their places in line.
    #[inline(always)]
    fn place_directly(&mut self, lines: &mut Lines, job: u32) -> Fallible {
        let mut id = job;
        while id != NONE {
            self.events += 1;
            self.core.totals.attempts += 1;
            let node = self.choose_directly(lines, id)?;
            lines.line_up(&mut self.core, id, node);
            self.dispatch.report_bound(&mut self.core, id);
            id = self.core.records.task(id).sibling;
        }
        Ok(())
    }

    #[inline(always)]
    fn choose_directly(&mut self, lines: &mut Lines, id: u32) -> Fallible<NodeId> {
        let now = self.core.now();
        let core = &mut self.core;
        match lines.reads {
            Reads::Nothing => self.dispatch.choose(core, id),
            Reads::Named if self.dispatch.goes_by_counts() => {
                let settle = |core: &mut Core<'_>, node| lines.settle(core, node, now);
                self.dispatch.choose_by_counts(core, id, settle)
            }
            Reads::Named => {
                let (named, draw) = self.dispatch.name(core, id);
                named.iter().for_each(|&node| lines.settle(core, node, now));
                self.dispatch.choose_named(core, id, draw)
            }
            Reads::Any => {
                lines.settle_due(core, now);
                self.dispatch.choose(core, id)
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

impl Lines {
    /// Empty lines.
    fn new(replication: &mut Replication<'_>) -> Lines {
        let nodes = replication.core.layout.count() as usize;
        let reads = replication.dispatch.reads();
        let empty = Line {
            first: Time::MAX,
            last: Time::ZERO,
        };
        Lines {
            lines: vec![empty; nodes],
            reads,
            due: Due::new(if reads == Reads::Any { nodes } else { 0 }),
            reporting: replication.dispatch.reporting(),
            ended: 0,
        }
    }

    /// A task that is placed now takes its place in line at `node`.
    #[inline(always)]
    fn line_up(&mut self, core: &mut Core<'_>, id: u32, node: NodeId) {
        let now = core.now();
        if self.reads != Reads::Any {
            self.settle(core, node, now);
        }
        let service = service_time(core, id, node);
        let line = &mut self.lines[node.index()];
        let start = line.last.max(now);
        let end = start + service;
        line.last = end;
        if line.first == Time::MAX {
            line.first = end;
            if self.reads == Reads::Any {
                self.due.push(node, end);
            }
        }
        let task = core.records.task_mut(id);
        task.node = node;
        task.foresee(now, start, end);
        let at = core.nodes.line_up(node, service, now);
        at.queue.push(&mut core.records, id);
        core.changed(node);
    }

    /// Accounts for what has ended at `node` until `now`.
    #[inline(always)]
    fn settle(&mut self, core: &mut Core<'_>, node: NodeId, now: Time) {
        while self.lines[node.index()].first <= now {
            self.end_first(core, node);
        }
    }

    /// Accounts for what has ended anywhere until `now`.
    fn settle_all(&mut self, core: &mut Core<'_>, now: Time) {
        if self.reads == Reads::Any {
            return self.settle_due(core, now);
        }
        for node in 0..self.lines.len() as u32 {
            self.settle(core, NodeId(node), now);
        }
    }

    #[inline(always)]
    fn settle_due(&mut self, core: &mut Core<'_>, now: Time) {
        while let Some(node) = self.due.pop(now) {
            self.end_first(core, node);
            let first = self.lines[node.index()].first;
            if first < Time::MAX {
                self.due.push(node, first);
            }
        }
    }

    /// The service of the first in line at `node` has ended: its time is accounted for, and its
    /// result gathered.
    #[inline(never)]
    fn end_first(&mut self, core: &mut Core<'_>, node: NodeId) {
        let end = self.lines[node.index()].first;
        let at = core.nodes.move_up(node, end);
        let id = at.queue.head();
        at.queue.remove(&mut core.records, id);
        let next = at.queue.head();
        self.lines[node.index()].first = match next {
            NONE => Time::MAX,
            next => core.records.task(next).ended(),
        };
        self.ended += 1;
        let started = core.records.task(id).started;
        core.busy.add(node, 1, &[], core.window.overlap(started, end));
        if core.window.contains(end) {
            core.busy.end(node);
            core.totals.slot_time += u128::from((end - started).0);
        }
        core.changed(node);
        self.reporting.end(core, node, end);
        if let Some(job) = core.gathered(id, end) {
            let critical = core.records.job(job).critical;
            let completion = core.records.task(critical).since();
            core.complete(job, completion);
        }
    }

    /// What is in line becomes what runs and waits, with the events that end it.
    fn hand_over(&self, core: &mut Core<'_>) {
        let now = core.now();
        for node in core.layout.ids() {
            let mut id = core.nodes.at(node).queue.head();
            while id != NONE {
                let ready = core.records.both(id).1.arrival;
                core.records.task_mut(id).forget(ready, now);
                id = List::after(&core.records, id);
            }
            let first = core.nodes.at(node).queue.head();
            if first != NONE {
                let at = core.nodes.at_mut(node);
                at.queue.remove(&mut core.records, first);
                at.running.push(&mut core.records, first);
                let end = self.lines[node.index()].first;
                core.schedule_task(end, Kind::End, node.0 + 1, first);
            }
        }
    }
}
