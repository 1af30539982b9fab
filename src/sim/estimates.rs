//! How long tasks are said to take, where that is not how long they do.
//!
//! What the service left at a node seems to be differs from what it is by a sum over the attempts that are
//! held there, each of which counts with what it is said to have left, never below nothing. While that
//! falls as the truth does, their difference stands; once an attempt has run for as long as it was said to,
//! it rises until the end of its service. Nothing is kept where all estimates are exact.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use crate::engine::random::Key;
use crate::engine::time::Time;
use crate::strategy::Estimates as Rule;
use crate::workload::class::{Shape, Stage};

use super::records::{Job, Subject, Task};
use super::setup::Setup;

/// See the module.
pub struct Estimates {
    key: Key,
    /// Mean works by row of demand of the classes.
    means: Vec<f64>,
    /// Mean works of the stages of the jobs in the system, by class, number and stage, if somebody goes by them.
    job_means: Option<FxHashMap<(u32, u64, u16), JobMean>>,
    /// By attempt.
    pub(super) said: Vec<Said>,
}

/// The mean work of a stage of a job.
struct JobMean {
    mean: f64,
    /// The job as long as it is in the system, and its attempts that nobody waits for.
    users: u32,
}

/// What is said of an attempt.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    /// How long it takes.
    pub whole: Time,
    /// How much of that was left when it last began to run, or stopped.
    pub left: Time,
    /// It runs, and has for so long.
    pub is_over: bool,
}

impl Estimates {
    /// What is needed, if any estimate is not exact.
    pub fn new(setup: &Setup, key: Key) -> Option<Estimates> {
        let stages = setup.classes.iter().flat_map(|class| &class.stages);
        let mut rules = setup.strategy.parts.iter().map(|parts| &parts.estimates);
        (!setup.strategy.estimates_exactly()).then(|| Estimates {
            key,
            means: stages.map(mean_work).collect(),
            job_means: rules
                .any(|rule| *rule == Rule::JobMean)
                .then(FxHashMap::default),
            said: Vec::new(),
        })
    }

    /// The work that a task is said to have, in the unit of its class.
    #[cold]
    pub(super) fn work(&self, rule: &Rule, subject: &Subject) -> f64 {
        match rule {
            Rule::Exact => subject.work,
            Rule::ClassMean => self
                .means
                .get(subject.demand as usize)
                .copied()
                .unwrap_or(0.0),
            Rule::JobMean => {
                let which = (subject.class, subject.number, subject.stage);
                let means = self.job_means.as_ref();
                let stage = means.and_then(|means| means.get(&which));
                debug_assert!(stage.is_some(), "{which:?}");
                stage.map_or(0.0, |stage| stage.mean)
            }
            Rule::None => 0.0,
            Rule::Error(law) => {
                let (stage, task) = (u32::from(subject.stage), subject.task);
                let mut draw = (self.key).draw(subject.class, subject.number, stage, task, 0);
                subject.work * law.sample(&mut draw)
            }
        }
    }

    /// A job has arrived, with these tasks in the order of their stages.
    pub(super) fn note_job<'a>(&mut self, job: &Job, tasks: impl Iterator<Item = &'a Task>) {
        let Some(means) = &mut self.job_means else {
            return;
        };
        let (mut sum, mut count) = (0.0, 0u32);
        for task in tasks {
            (sum, count) = match task.index {
                0 => (task.work, 1),
                _ => (sum + task.work, count + 1),
            };
            let which = (job.class, job.number, task.stage);
            let mean = sum / f64::from(count);
            means.insert(which, JobMean { mean, users: 1 });
        }
    }

    /// A job of so many stages has left.
    pub(super) fn forget_job(&mut self, job: &Job, stages: usize) {
        if let Some(means) = &mut self.job_means {
            (0..stages as u16).for_each(|stage| leave(means, (job.class, job.number, stage)));
        }
    }

    /// An attempt of that stage of a job goes on after nobody waits for it.
    pub(super) fn hide(&mut self, job: &Job, stage: u16) {
        let which = (job.class, job.number, stage);
        let means = self.job_means.as_mut();
        if let Some(stage) = means.and_then(|means| means.get_mut(&which)) {
            stage.users += 1;
        }
    }

    /// It is over.
    pub(super) fn forget_hidden(&mut self, job: &Job, stage: u16) {
        if let Some(means) = &mut self.job_means {
            leave(means, (job.class, job.number, stage));
        }
    }

    /// What is said of attempt `id`.
    pub(super) fn at(&mut self, id: u32) -> &mut Said {
        if self.said.len() <= id as usize {
            self.said.resize(id as usize + 1, Said::default());
        }
        &mut self.said[id as usize]
    }
}

/// One user fewer; what nobody uses is not kept.
fn leave(means: &mut FxHashMap<(u32, u64, u16), JobMean>, which: (u32, u64, u16)) {
    if let Entry::Occupied(mut stage) = means.entry(which) {
        stage.get_mut().users -= 1;
        if stage.get().users == 0 {
            stage.remove();
        }
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
