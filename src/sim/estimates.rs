//! How long tasks are said to take, where that is not how long they do.
//!
//! What the service left at a node seems to be differs from what it is by a sum over the attempts that are
//! held there, each of which counts with what it is said to have left, never below nothing. While that
//! falls as the truth does, their difference stands; once an attempt has run for as long as it was said to,
//! it rises until the end of its service. Nothing is kept where all estimates are exact.

use crate::engine::random::Key;
use crate::engine::time::Time;
use crate::strategy::Estimates as Rule;
use crate::workload::class::{Shape, Stage};

use super::core::{Core, Timer};
use super::dispatch::{stage, subject};
use super::records::Subject;
use super::setup::Setup;

/// See the module.
pub struct Estimates {
    key: Key,
    /// Mean works by row of demand of the classes.
    means: Vec<f64>,
    /// By attempt.
    said: Vec<Said>,
}

/// What is said of an attempt.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    /// How long it takes.
    whole: Time,
    /// How much of that was left when it last began to run, or stopped.
    left: Time,
    /// It runs, and has for so long.
    is_over: bool,
}

impl Estimates {
    /// What is needed, if any estimate is not exact.
    pub fn new(setup: &Setup, key: Key) -> Option<Estimates> {
        let stages = setup.classes.iter().flat_map(|class| &class.stages);
        (!setup.strategy.estimates_exactly()).then(|| Estimates {
            key,
            means: stages.map(mean_work).collect(),
            said: Vec::new(),
        })
    }

    /// The work that a task is said to have, in the unit of its class.
    #[cold]
    fn work(&self, rule: &Rule, subject: &Subject) -> f64 {
        match rule {
            Rule::Exact => subject.work,
            Rule::ClassMean => self
                .means
                .get(subject.demand as usize)
                .copied()
                .unwrap_or(0.0),
            Rule::None => 0.0,
            Rule::Error(law) => {
                let (stage, task) = (u32::from(subject.stage), subject.task);
                let mut draw = (self.key).draw(subject.class, subject.number, stage, task, 0);
                subject.work * law.sample(&mut draw)
            }
        }
    }

    fn at(&mut self, id: u32) -> &mut Said {
        if self.said.len() <= id as usize {
            self.said.resize(id as usize + 1, Said::default());
        }
        &mut self.said[id as usize]
    }
}

/// The mean work of a task of a stage, in the unit of its class; of parts of a job's work the mean whole by the mean count.
fn mean_work(stage: &Stage) -> f64 {
    match &stage.shape {
        Shape::Tasks { work, .. } => work.mean(),
        Shape::Split { work, into } => work.mean() / into.mean_count(),
        Shape::Trace => 0.0, // refused
    }
}

impl Core<'_> {
    fn rule(&self, class: u32) -> &Rule {
        let strategy = &self.setup.strategy;
        &strategy.parts[strategy.parts_of_class[class as usize]].estimates
    }

    /// The work that a task is said to have, in the unit of its class.
    #[inline(always)]
    pub fn said_work(&self, subject: &Subject) -> f64 {
        match &self.estimates {
            None => subject.work,
            Some(estimates) => estimates.work(self.rule(subject.class), subject),
        }
    }

    /// How long an attempt that does not run is said to run yet.
    #[inline(always)]
    pub fn said_left(&self, id: u32) -> Time {
        match &self.estimates {
            None => self.records.task(id).service,
            Some(estimates) => estimates.said[id as usize].left,
        }
    }

    /// How long an attempt is said to take at its node in all.
    fn said_whole(&self, id: u32) -> Time {
        let (task, job) = self.records.both(id);
        match self.rule(job.class) {
            Rule::Exact => return task.service,
            _ if task.is_reservation() => return Time::ZERO,
            Rule::None => return Time::ZERO,
            _ => {}
        }
        let work = self.said_work(&subject(self, task, job));
        let facts = &self.facts[job.class as usize];
        let overhead = stage(self, job, task).overhead;
        let lack = match self.may_lack_data {
            true => self.lack(task, job, task.node),
            false => Time::ZERO,
        };
        facts.time(work / self.layout.factor(task.node)) + overhead + lack
    }

    /// An attempt has been bound to a node.
    #[cold]
    #[inline(never)]
    pub(super) fn note_estimate(&mut self, id: u32) {
        let whole = self.said_whole(id);
        self.say(id, whole);
        let task = self.records.task(id);
        let (at, more) = (task.node, whole.0.wrapping_sub(task.service.0));
        self.nodes.misjudge(at, more, 0, self.agenda.now());
    }

    fn say(&mut self, id: u32, whole: Time) {
        if let Some(estimates) = &mut self.estimates {
            *estimates.at(id) = Said {
                whole,
                left: whole,
                is_over: false,
            };
        }
    }

    /// An attempt is about to run.
    pub(super) fn await_estimate(&mut self, id: u32) {
        let (left, now) = (self.said_left(id), self.now());
        if left < self.records.task(id).service {
            self.wait_until(now + left, Timer::Overdue, id);
        }
    }

    /// An attempt has run for as long as it was said to.
    #[cold]
    pub(super) fn outlast_estimate(&mut self, id: u32) {
        self.forget_estimate(id);
        if let Some(estimates) = &mut self.estimates {
            estimates.at(id).is_over = true;
        }
        let (at, now) = (self.records.task(id).node, self.now());
        self.nodes.misjudge(at, 0, 1, now);
        self.changed(at);
    }

    /// An attempt runs no more; it ran for `span`.
    #[cold]
    #[inline(never)]
    pub(super) fn stop_estimate(&mut self, id: u32, span: Time) {
        self.wait_no_more(Timer::Overdue, id);
        let (at, now) = (self.records.task(id).node, self.now());
        if let Some(estimates) = &mut self.estimates {
            let said = estimates.at(id);
            said.left = said.left.since(span);
            if std::mem::take(&mut said.is_over) {
                self.nodes.misjudge(at, 0, u32::MAX, now);
            }
        }
    }

    /// An attempt, which is said to have more left than the truth by what is told, is held at its node no more.
    #[cold]
    #[inline(never)]
    pub(super) fn drop_estimate(&mut self, id: u32) {
        let task = self.records.task(id);
        let more = self.said_left(id).0.wrapping_sub(task.service.0);
        let (at, now) = (task.node, self.now());
        self.nodes.misjudge(at, 0u64.wrapping_sub(more), 0, now);
    }

    /// The service of an attempt ends, which ran from `since` on.
    #[cold]
    #[inline(never)]
    pub(super) fn end_estimate(&mut self, id: u32) {
        let (span, at) = (
            self.now() - self.records.task(id).since(),
            self.records.task(id).node,
        );
        self.stop_estimate(id, span);
        let now = self.now();
        let more = self.said_left(id).0;
        self.nodes.misjudge(at, 0u64.wrapping_sub(more), 0, now);
    }

    /// An attempt starts over, and takes as long as it did at first; `left` was left of it.
    #[cold]
    #[inline(never)]
    pub(super) fn repeat_estimate(&mut self, id: u32, left: Time) {
        let task = self.records.task(id);
        let (at, service, class) = (task.node, task.service, self.records.both(id).1.class);
        let (before, now) = (self.said_left(id), self.now());
        let whole = match (self.rule(class), &self.estimates) {
            (Rule::Exact, _) | (_, None) => service,
            (_, Some(estimates)) => estimates.said[id as usize].whole,
        };
        self.say(id, whole);
        let more = (whole.0.wrapping_sub(service.0)).wrapping_sub(before.0.wrapping_sub(left.0));
        self.nodes.misjudge(at, more, 0, now);
    }
}
