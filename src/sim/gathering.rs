//! Gathering: each dispatcher has a gatherer, a fifo server apart from its decisions.
//!
//! A job is done when its last result is gathered, not when its last task ends: with many small
//! tasks that is where the time goes.

use crate::engine::time::Time;
use crate::model::slab::NONE;

use super::core::{Core, Kind};
use super::records::Fifo;

/// All gatherers.
pub struct Gathering {
    gatherers: Vec<Gatherer>,
    /// For each class, whether gathering its results takes no time.
    free: Vec<bool>,
}

#[derive(Clone, Copy)]
struct Gatherer {
    queue: Fifo,
    /// The attempt whose result is being gathered, or `NONE`.
    current: u32,
    since: Time,
}

impl Gathering {
    /// One gatherer for each of `dispatchers`.
    pub fn new(core: &Core<'_>, dispatchers: usize) -> Gathering {
        let idle = Gatherer {
            queue: Fifo::EMPTY,
            current: NONE,
            since: Time::ZERO,
        };
        let free = core
            .setup
            .classes
            .iter()
            .map(|class| class.gather.is_free())
            .collect();
        Gathering {
            gatherers: vec![idle; dispatchers],
            free,
        }
    }

    /// True if no result of any class ever takes time to gather.
    pub fn is_free(&self) -> bool {
        self.free.iter().all(|&free| free)
    }

    /// The result of `attempt` has reached its gatherer.
    pub fn receive(&mut self, core: &mut Core<'_>, attempt: u32) {
        let now = core.now();
        let this = &mut core.attempts[attempt];
        this.times.received = now;
        let job = &core.jobs[this.job];
        let dispatcher = job.dispatcher;
        let gatherer = &mut self.gatherers[dispatcher as usize];
        if gatherer.current == NONE && self.free[job.class as usize] {
            core.gather(attempt);
        } else if gatherer.current == NONE {
            gatherer.begin(core, dispatcher, attempt);
        } else {
            this.next = NONE;
            match gatherer.queue.tail {
                NONE => gatherer.queue.head = attempt,
                tail => core.attempts[tail].next = attempt,
            }
            gatherer.queue.tail = attempt;
        }
    }

    /// The gatherer of `dispatcher` has gathered a result and turns to the next.
    pub fn gathered(&mut self, core: &mut Core<'_>, dispatcher: u32) {
        let gatherer = &mut self.gatherers[dispatcher as usize];
        core.totals.gathering += u128::from(core.window.overlap(gatherer.since, core.now()).0);
        core.gather(gatherer.current);
        gatherer.current = NONE;
        let next = gatherer.queue.head;
        if next != NONE {
            gatherer.queue.head = core.attempts[next].next;
            if gatherer.queue.head == NONE {
                gatherer.queue.tail = NONE;
            }
            gatherer.begin(core, dispatcher, next);
        }
    }

    /// Time spent on results that are still being gathered at the end.
    pub fn finish(&self, core: &mut Core<'_>, over: Time) {
        for gatherer in self
            .gatherers
            .iter()
            .filter(|gatherer| gatherer.current != NONE)
        {
            core.totals.gathering += u128::from(core.window.overlap(gatherer.since, over).0);
        }
    }
}

impl Gatherer {
    fn begin(&mut self, core: &mut Core<'_>, dispatcher: u32, attempt: u32) {
        self.current = attempt;
        self.since = core.now();
        let id = core.job_of(attempt);
        core.jobs[id].served += 1;
        let end = core.now() + service_time(core, attempt, id);
        core.schedule(end, Kind::Gathered, dispatcher, dispatcher);
    }
}

/// The result's own time, and after the job's last result that of the job's gathering work.
fn service_time(core: &Core<'_>, attempt: u32, id: u32) -> Time {
    let job = &core.jobs[id];
    let gather = &core.setup.classes[job.class as usize].gather;
    let task = core.tasks[core.attempts[attempt].task].index;
    let draw = |leg| core.keys.gather.draw(job.class, job.number, 0, task, leg);
    let mut time = Time::from_secs(gather.per_result.sample(&mut draw(0)));
    if job.served == job.tasks {
        time += Time::from_secs(gather.work.sample(&mut draw(1)));
    }
    time
}
