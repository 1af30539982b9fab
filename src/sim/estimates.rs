//! How long tasks are said to take, where that is not how long they do.
//!
//! What the service left at a node seems to be differs from what it is by a sum over the attempts that are
//! held there, each of which counts with what it is said to have left, never below nothing. While that
//! falls as the truth does, their difference stands; once an attempt has run for as long as it was said to,
//! it rises until the end of its service. Nothing is kept where all estimates are exact.

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
    job_means: Option<FxHashMap<(u32, u64, u16), f64>>,
    /// By attempt.
    pub(super) said: Vec<Said>,
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
                means
                    .and_then(|means| means.get(&which))
                    .copied()
                    .unwrap_or(0.0)
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
            means.insert(which, sum / f64::from(count));
        }
    }

    /// A job of so many stages has left.
    pub(super) fn forget_job(&mut self, job: &Job, stages: usize) {
        if let Some(means) = &mut self.job_means {
            for stage in 0..stages as u16 {
                means.remove(&(job.class, job.number, stage));
            }
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

/// The mean work of a task of a stage, in the unit of its class; of parts of a job's work the mean whole by the mean count.
fn mean_work(stage: &Stage) -> f64 {
    match &stage.shape {
        Shape::Tasks { work, .. } => work.mean(),
        Shape::Split { work, into } => work.mean() / into.mean_count(),
        Shape::Trace => 0.0, // refused
    }
}
