//! Jobs, tasks and attempts of a run. They live in slabs; lists run through the records.

use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::slab::NONE;

/// A job in the system.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// Index of its class.
    pub class: u32,
    /// Index of its dispatcher.
    pub dispatcher: u32,
    /// Which job of its class's source it is, from 0.
    pub number: u64,
    /// When it arrived.
    pub arrival: Time,
    /// Row of its tasks' demand.
    pub demand: u32,
    /// Nodes that its tasks may use.
    pub pool: u32,
    /// Whether it counts.
    pub measured: bool,
    /// Number of tasks.
    pub tasks: u32,
    /// First of its tasks.
    pub first: u32,
    /// Its next task to be decided; `NONE` when all are.
    pub undecided: u32,
    /// Next job in its dispatcher's queue.
    pub next: u32,
    /// Tasks whose service has ended.
    pub ended: u32,
    /// Results that its gatherer has begun to serve.
    pub served: u32,
    /// Results gathered.
    pub gathered: u32,
    /// Finishes of the two middle tasks, and of the last.
    pub finishes: Finishes,
    /// The chain through the result that was gathered last.
    pub critical: Critical,
    /// The longest work + overhead of its tasks at speed 1.
    pub ideal: Time,
}

impl Job {
    /// The service of one of its tasks ends `now`.
    #[inline]
    pub fn note_finish(&mut self, now: Time) {
        self.ended += 1;
        if self.ended == self.tasks.div_ceil(2) {
            self.finishes.low = now;
        }
        if self.ended == self.tasks / 2 + 1 {
            self.finishes.high = now;
        }
        self.finishes.last = now;
    }
}

/// Task finishes of a job as they come: the order of events is the order of finishes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finishes {
    /// The lower middle one.
    pub low: Time,
    /// The upper middle one (the same for an odd number of tasks).
    pub high: Time,
    /// The last.
    pub last: Time,
}

/// The times of one attempt, in the order of its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Its dispatcher began to decide.
    pub begun: Time,
    /// Decided; it sets out.
    pub decided: Time,
    /// Reached its node or the central queue.
    pub reached: Time,
    /// Service began; `Time::MAX` before.
    pub started: Time,
    /// Service ended and the result sets out; `Time::MAX` before.
    pub ended: Time,
    /// The gatherer has the result.
    pub received: Time,
}

/// The chain of events that a job's completion hung on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Critical {
    /// Index of the task within the job.
    pub task: u32,
    /// When its result was gathered.
    pub gathered: Time,
    /// Its times.
    pub times: Times,
}

/// A task of a job.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The job.
    pub job: u32,
    /// Which of the job's tasks it is, from 0.
    pub index: u32,
    /// Next task of the job.
    pub next: u32,
    /// Seconds at speed 1.
    pub work: f64,
    /// From readiness to the start of the attempt that completed.
    pub wait: Time,
}

/// One try to run a task at a node.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The task.
    pub task: u32,
    /// The task's job.
    pub job: u32,
    /// Row of its demand.
    pub demand: u32,
    /// The node; `NONE` while it waits in the central queue.
    pub node: NodeId,
    /// Next in the queue that it waits in.
    pub next: u32,
    /// How long it runs.
    pub service: Time,
    /// How long the dispatcher expects it to run.
    pub expected: Time,
    /// When what happened.
    pub times: Times,
}

impl Attempt {
    /// An attempt of `task` of `job`, demanding what the row `demand` says, that has been decided.
    #[inline]
    pub fn new(task: u32, job: u32, demand: u32, begun: Time, decided: Time) -> Attempt {
        Attempt {
            task,
            job,
            demand,
            node: NodeId(NONE),
            next: NONE,
            service: Time::ZERO,
            expected: Time::ZERO,
            times: Times {
                begun,
                decided,
                started: Time::MAX,
                ended: Time::MAX,
                ..Times::default()
            },
        }
    }
}

/// A first-in first-out list through the `next` links of records.
#[derive(Clone, Copy, Debug)]
pub struct Fifo {
    /// First, or `NONE`.
    pub head: u32,
    /// Last, or `NONE`.
    pub tail: u32,
}

impl Fifo {
    /// An empty list.
    pub const EMPTY: Fifo = Fifo {
        head: NONE,
        tail: NONE,
    };
}
