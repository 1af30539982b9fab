//! Gathering: each dispatcher has a gatherer, a fifo server apart from its decisions.
//!
//! A job is done when its last result is gathered, not when its last task ends: with many small
//! tasks that is where the time goes.

use crate::engine::time::Time;
use crate::model::list::List;
use crate::model::slab::NONE;

use super::core::{Core, Kind};
use super::records::{Phase, draw};

/// All gatherers.
pub struct Gathering {
    gatherers: Vec<Gatherer>,
}

#[derive(Clone, Copy)]
struct Gatherer {
    queue: List,
    /// The task whose result is being gathered, and since when.
    current: Option<(u32, Time)>,
}

impl Gathering {
    /// One gatherer for each of `dispatchers`.
    pub fn new(dispatchers: usize) -> Gathering {
        let idle = Gatherer {
            queue: List::EMPTY,
            current: None,
        };
        Gathering {
            gatherers: vec![idle; dispatchers],
        }
    }

    /// The result of a task has reached its gatherer; tells its job, if that is complete now.
    #[inline]
    pub fn receive(&mut self, core: &mut Core<'_>, id: u32) -> Option<u32> {
        let now = core.now();
        let (_, job) = core.records.both(id);
        let dispatcher = job.dispatcher;
        let gatherer = &mut self.gatherers[dispatcher as usize];
        if gatherer.current.is_none() && core.facts[job.class as usize].gathers_free {
            return core.gather(id);
        }
        core.records.task_mut(id).enter(Phase::Gather, now);
        if gatherer.current.is_none() {
            gatherer.begin(core, dispatcher, id);
        } else {
            gatherer.queue.push(&mut core.records, id);
        }
        None
    }

    /// The gatherer of `dispatcher` has gathered a result and turns to the next; tells the job, if
    /// that is complete now.
    pub fn gathered(&mut self, core: &mut Core<'_>, dispatcher: u32) -> Option<u32> {
        let gatherer = &mut self.gatherers[dispatcher as usize];
        let (id, since) = gatherer.current.take()?;
        core.totals.gathering += u128::from(core.window.overlap(since, core.now()).0);
        let complete = (id != NONE).then(|| core.gather(id)).flatten();
        if let Some(next) = gatherer.queue.pop(&mut core.records) {
            gatherer.begin(core, dispatcher, next);
        }
        complete
    }

    /// A result is not to be gathered any more. If its gatherer is at it, that goes on in vain.
    pub fn withdraw(&mut self, core: &mut Core<'_>, id: u32) {
        let dispatcher = core.records.both(id).1.dispatcher;
        let gatherer = &mut self.gatherers[dispatcher as usize];
        match &mut gatherer.current {
            Some((current, _)) if *current == id => *current = NONE,
            _ => gatherer.queue.remove(&mut core.records, id),
        }
    }

    /// Time spent on results that are still being gathered at the end.
    pub fn finish(&self, core: &mut Core<'_>, over: Time) {
        for (_, since) in self
            .gatherers
            .iter()
            .filter_map(|gatherer| gatherer.current)
        {
            core.totals.gathering += u128::from(core.window.overlap(since, over).0);
        }
    }
}

impl Gatherer {
    fn begin(&mut self, core: &mut Core<'_>, dispatcher: u32, id: u32) {
        self.current = Some((id, core.now()));
        let job = core.records.task(id).job;
        core.records.job_mut(job).served += 1;
        let end = core.now() + service_time(core, id);
        core.schedule(end, Kind::Gathered, dispatcher, dispatcher);
    }
}

/// The result's own time, and after the last that the job needs that of the job's gathering work.
fn service_time(core: &Core<'_>, id: u32) -> Time {
    let (task, job) = core.records.both(id);
    let gather = &core.setup.classes[job.class as usize].gather;
    let draw = |leg| draw(core.keys.gather, job, task, leg);
    let mut time = Time::from_secs(gather.per_result.sample(&mut draw(0)));
    if job.served == job.need {
        time += Time::from_secs(gather.work.sample(&mut draw(1)));
    }
    time
}
