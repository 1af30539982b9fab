//! A stage of a job is complete: those that waited for it may begin, and what the job's time hangs on is
//! known.
//!
//! A stage begins with its slowest predecessor, and so the time of a job hangs on one chain of tasks, the
//! critical one: its parts add up to the response time exactly, and are what blame is told of.

use crate::metrics::jobs::Blame;
use crate::model::slab::NONE;
use crate::workload::class::Stage;

use super::core::Core;
use super::records::Job;

impl Core<'_> {
    /// The result of a task of a job of several stages has been gathered; tells its job, if that is
    /// complete now.
    #[cold]
    pub(super) fn gather_staged(&mut self, id: u32) -> Option<u32> {
        let now = self.now();
        let (task, job) = self.records.both(id);
        let (of, stage, index, row) = (task.job, task.stage, task.index, job.stages);
        let at = (row + u32::from(stage)) as usize;
        let before = self.stages.states[at].critical;
        let is_last = before == NONE || {
            let before = self.records.task(before);
            now > before.since() || index < before.index
        };
        let state = &mut self.stages.states[at];
        state.left -= 1;
        if is_last {
            state.critical = id;
        }
        if state.left == 0 {
            state.done = now;
            self.free_successors(of, stage);
        }
        let job = self.records.job_mut(of);
        job.gathered += 1;
        if job.gathered < job.need {
            return None;
        }
        let (row, class) = (row as usize, job.class as usize);
        let states = &self.stages.states[row..row + self.setup.classes[class].stages.len()];
        let last = states.iter().find(|state| state.done == now);
        let critical = last.map_or(id, |state| state.critical);
        self.records.job_mut(of).critical = critical;
        Some(of)
    }

    /// What waits for nothing but `stage`, which is complete, may begin.
    fn free_successors(&mut self, of: u32, stage: u16) {
        let now = self.now();
        let (row, class) = (self.records.job(of).stages, self.records.job(of).class);
        let stages = &self.setup.classes[class as usize].stages;
        let waiting = |(_, next): &(u16, &Stage)| next.after.contains(&usize::from(stage));
        for (at, next) in (0u16..).zip(stages).filter(waiting) {
            let done = |before: &&usize| self.stages.states[row as usize + **before].done == now;
            let last = next.after.iter().find(done).map_or(NONE, |at| *at as u32);
            let state = &mut self.stages.states[(row + u32::from(at)) as usize];
            state.waits_for -= 1;
            if state.waits_for == 0 {
                (state.begun, state.after) = (now, last);
                self.stages.ready.push_back(row + u32::from(at));
            }
        }
    }

    /// Where the time of a job of several stages went, which is complete: along the chain from its last
    /// result back through the stages that were waited for.
    #[cold]
    pub(super) fn chain(&self, job: &Job) -> Blame {
        let mut blame = Blame::default();
        let mut at = self.records.task(job.critical).stage;
        loop {
            let state = self.stages.state(job, at);
            let parts = self.records.task(state.critical).parts();
            blame
                .iter_mut()
                .zip(parts)
                .for_each(|(sum, part)| *sum += part);
            match state.after {
                NONE => return blame,
                before => at = before as u16,
            }
        }
    }
}
