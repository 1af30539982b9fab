//! Jobs of several stages: which stage waits for which, and what a job's time hangs on.
//!
//! All tasks of a job are made when it arrives, so that no later draw depends on what becomes of it;
//! those of a stage that waits for others are dormant until the last result of the last of these is
//! gathered (a barrier). Nothing here is touched for jobs of one stage.

use std::collections::VecDeque;

use crate::engine::time::Time;
use crate::model::slab::NONE;
use crate::workload::class::{Class, Stage};

use super::records::{Job, Task};

/// Stages of the jobs in the system that have several.
#[derive(Default)]
pub struct Stages {
    /// The stages of a job lie together; the first of them is the job's row.
    pub(super) states: Vec<State>,
    /// Rows that are free, by the number of their stages.
    free: Vec<Vec<u32>>,
    /// Rows of stages that have nothing to wait for any more and were not begun yet.
    pub(super) ready: VecDeque<u32>,
}

/// A stage of a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// The first of its tasks, their number, and that of those whose result was not gathered yet.
    first: u32,
    tasks: u32,
    pub(super) left: u32,
    /// Stages that it waits for.
    pub(super) waits_for: u32,
    /// The task whose result was gathered last.
    pub(super) critical: u32,
    /// The stage that it waited for last; `NONE` if it waited for none.
    pub(super) after: u32,
    /// When it was ready to begin, and when it was complete.
    pub(super) begun: Time,
    pub(super) done: Time,
}

impl Stages {
    /// A row for a job of `class` that arrives `now`.
    pub fn claim(&mut self, class: &Class, now: Time) -> u32 {
        let count = class.stages.len();
        let free = self.free.get_mut(count).and_then(Vec::pop);
        let row = free.unwrap_or(self.states.len() as u32);
        let state = |stage: &Stage| State {
            first: NONE,
            tasks: 0,
            left: 0,
            waits_for: stage.after.len() as u32,
            critical: NONE,
            after: NONE,
            begun: now,
            done: Time::MAX,
        };
        let states = class.stages.iter().map(state);
        match free {
            None => self.states.extend(states),
            Some(_) => {
                let old = self.states[row as usize..].iter_mut();
                old.zip(states).for_each(|(old, new)| *old = new);
            }
        }
        row
    }

    /// The stage at `at` of the job with this `row` has so many tasks, of which `first` is the first.
    pub fn set_tasks(&mut self, row: u32, at: usize, first: u32, tasks: u32) {
        let state = &mut self.states[row as usize + at];
        (state.first, state.tasks, state.left) = (first, tasks, tasks);
    }

    /// True if a stage is to begin.
    #[inline]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The first task of the next stage that is to begin, and the number of its tasks.
    pub fn next_ready(&mut self) -> Option<(u32, u32)> {
        let state = &self.states[self.ready.pop_front()? as usize];
        Some((state.first, state.tasks))
    }

    /// A job of so many stages has left.
    pub fn give_back(&mut self, row: u32, count: usize) {
        if self.free.len() <= count {
            self.free.resize_with(count + 1, Vec::new);
        }
        self.free[count].push(row);
    }

    pub(super) fn state(&self, job: &Job, stage: u16) -> &State {
        &self.states[(job.stages + u32::from(stage)) as usize]
    }

    /// When a task of `job` was ready: at the job's arrival, or when its stage was.
    pub fn ready_at(&self, job: &Job, task: &Task) -> Time {
        match job.stages {
            NONE => job.arrival,
            _ => self.state(job, task.stage).begun,
        }
    }

    /// The record of the first task of a stage of `job`.
    pub fn first(&self, job: &Job, stage: u16) -> u32 {
        self.state(job, stage).first
    }

    /// The same, to change it.
    pub fn first_mut(&mut self, job: &Job, stage: u16) -> &mut u32 {
        &mut self.states[(job.stages + u32::from(stage)) as usize].first
    }

    /// Number of tasks of the task's stage.
    pub fn tasks(&self, job: &Job, task: &Task) -> u32 {
        match job.stages {
            NONE => job.tasks,
            _ => self.state(job, task.stage).tasks,
        }
    }
}
