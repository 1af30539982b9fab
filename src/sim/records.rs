//! Jobs and tasks of a run, and the attempts that are made at the tasks.
//!
//! A task's record holds the attempt at hand too, and a job lies beside its first task, so that a
//! job of one task is found with it.

use crate::engine::agenda::Ticket;
use crate::engine::random::{Draw, Key};
use crate::engine::time::Time;
use crate::metrics::jobs::Blame;
use crate::model::ids::NodeId;
use crate::model::list::{Linked, Links};
use crate::model::slab::{NONE, Slab};

use super::hedging::Set;

/// A job in the system.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct Job {
    /// Which job of its class's source it is, from 0.
    pub number: u64,
    /// When it arrived.
    pub arrival: Time,
    /// Seconds that its user asked for, for each task; 0 if nobody said.
    pub estimate: f64,
    /// The longest work + overhead of its tasks at speed 1.
    pub ideal: Time,
    /// Index of its class.
    pub class: u32,
    /// Index of its dispatcher.
    pub dispatcher: u32,
    /// Row of its tasks' demand.
    pub demand: u32,
    /// Nodes that its tasks may use.
    pub pool: u32,
    /// Number of tasks, and of those whose results suffice.
    pub tasks: u32,
    pub need: u32,
    /// Tasks that have failed for good.
    pub lost: u32,
    /// Results that its gatherer has begun to serve.
    pub served: u32,
    /// Results gathered.
    pub gathered: u32,
    /// Row of its stages; `NONE` if it has but one.
    pub stages: u32,
    /// The task whose result was gathered last: the end of the chain that its completion hangs on.
    pub critical: u32,
    /// Tasks that were tried again.
    pub retries: u32,
    /// Tasks that stand in the central queue; of a job whose tasks start together, that have reached it.
    pub assembled: u32,
    /// Whether it counts.
    pub measured: bool,
    /// A copy of a job that its client does not know of, for an attempt that nobody waits for.
    pub unseen: bool,
    /// Tasks whose service has ended.
    ended: u32,
    /// Finishes of the lower and the upper middle task (one for an odd number), and of the last.
    finishes: [Time; 3],
}

impl Job {
    /// Becomes job `number` of `class`, whose demand is in row `demand`, and which arrives `now`; its
    /// tasks and dispatcher are told when they are known.
    #[inline]
    pub fn renew(&mut self, number: u64, class: u32, demand: u32, now: Time) {
        self.number = number;
        self.arrival = now;
        self.class = class;
        self.demand = demand;
        self.stages = NONE;
        self.served = 0;
        self.gathered = 0;
        self.lost = 0;
        self.retries = 0;
        self.assembled = 0;
        self.estimate = 0.0;
        self.unseen = false;
        self.measured = false;
        self.ended = 0;
    }

    /// It consists of `tasks` tasks, of which the longest takes `ideal` at speed 1.
    #[inline]
    pub fn split(&mut self, tasks: u32, ideal: Time) {
        (self.tasks, self.need, self.ideal) = (tasks, tasks, ideal);
    }

    /// The service of one of its tasks ends `now`; the order of events is the order of finishes.
    #[inline]
    pub fn note_finish(&mut self, now: Time) {
        self.ended += 1;
        if self.ended == self.need.div_ceil(2) {
            self.finishes[0] = now;
        }
        if self.ended == self.need / 2 + 1 {
            self.finishes[1] = now;
        }
        self.finishes[2] = now;
    }

    /// True if services have ended that came to nothing, or are not needed: then what was noted is of
    /// too many.
    pub fn has_vain_finishes(&self) -> bool {
        self.tasks > 1 && self.ended != self.need
    }

    /// The finishes of its tasks were these, which rise.
    pub fn set_finishes(&mut self, finishes: &[Time]) {
        self.ended = 0;
        finishes.iter().for_each(|&finish| self.note_finish(finish));
    }

    /// Twice the last minus the median finish of its tasks, as many as were needed.
    #[inline]
    pub fn straggler_wait_doubled(&self) -> u64 {
        if self.need == 1 {
            return 0;
        }
        let [low, high, last] = self.finishes;
        (last - low).0 + (last - high).0
    }
}

/// What an attempt is at; time spent there counts to the part of blame of the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Waits for its dispatcher.
    #[default]
    Dispatch,
    /// Is being decided.
    Decision,
    /// Travels to its node or the central queue.
    Network,
    /// Waits for a slot or a resource.
    Queue,
    /// Runs.
    Service,
    /// Waits to be tried again.
    Retry,
    /// Its result waits to be gathered, or is being gathered.
    Gather,
    /// Its result has been gathered.
    Done,
    /// Its result travels back; counts as [`Phase::Network`].
    Returning = 8 + 2,
    /// Waits until a node is up; counts as [`Phase::Queue`].
    Parked = 8 + 3,
    /// It did so, and is about to be decided again; counts as [`Phase::Queue`].
    Unparked = 40 + 3,
    /// Its stage waits for others; its time has not begun.
    Dormant = 16,
    /// Waits for a reservation to find room; counts as [`Phase::Queue`].
    Unbound = 24 + 3,
    /// Is decided, and its dispatcher waits for what nodes answer; counts as [`Phase::Network`].
    Probing = 32 + 2,
    /// Has room at its node, which asks for a task, or waits for the answer; counts as
    /// [`Phase::Network`].
    Asking = 24 + 2,
}

impl Phase {
    /// The part of blame that time spent in it counts to.
    #[inline]
    fn part(self) -> usize {
        self as usize & 7
    }
}

/// In place of which of several attempts at once it is.
const RESERVATION: u8 = u8::MAX;

/// A task of a job, and the attempt that is made at it: what events touch is one line of memory,
/// and where its time went another.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Task {
    /// The job.
    pub job: u32,
    /// Which of the job's tasks it is, from 0.
    pub index: u32,
    /// Next task of the job.
    pub sibling: u32,
    /// Slots that it demands; more than 4 thousand million count as so many.
    pub slots: u32,
    /// The node; `NONE` until it is bound.
    pub node: NodeId,
    /// The event that it waits for.
    pub ticket: Ticket,
    links: Links,
    /// At speed 1, in the unit of its class (seconds, or nanoseconds of a trace).
    pub work: f64,
    /// How long it runs from its next start on; once its service has ended, when that was.
    pub service: Time,
    /// When the attempt that completed started, or will have started if it does.
    pub started: Time,
    /// The stage of the job that it belongs to, from 0.
    pub stage: u16,
    /// Which attempt this is, from 0.
    pub attempt: u16,
    /// Whether this attempt fails although it is served.
    pub fails: bool,
    /// Which of the attempts that are made at once it is, from 0.
    pub copy: u8,
    /// Attempts that have been placed since the task was last to be tried, copies included.
    pub placed: u8,
    phase: Phase,
    /// When the phase began.
    since: Time,
    parts: Blame,
}

impl Default for Task {
    fn default() -> Task {
        Task {
            job: NONE,
            index: 0,
            sibling: NONE,
            slots: 0,
            node: NodeId(NONE),
            ticket: Ticket::NONE,
            links: Links::NONE,
            work: 0.0,
            service: Time::ZERO,
            started: Time::ZERO,
            stage: 0,
            attempt: 0,
            fails: false,
            copy: 0,
            placed: 0,
            phase: Phase::Dispatch,
            since: Time::ZERO,
            parts: [0; 7],
        }
    }
}

impl Task {
    /// Becomes task `index` of `job`, which demands `slots` and has `work` to do, ready `now`; its
    /// node and time of service come when it is bound.
    #[inline]
    pub fn renew(&mut self, job: u32, index: u32, slots: u32, work: f64, now: Time) {
        self.job = job;
        self.index = index;
        self.sibling = NONE;
        self.slots = slots;
        self.node = NodeId(NONE);
        self.ticket = Ticket::NONE;
        self.work = work;
        self.stage = 0;
        self.attempt = 0;
        self.fails = false;
        self.copy = 0;
        self.placed = 0;
        self.phase = Phase::Dispatch;
        self.since = now;
        self.parts = [0; 7];
    }

    /// Its time begins when its stage does.
    pub fn sleep(&mut self) {
        self.phase = Phase::Dormant;
    }

    /// Its stage begins `now`.
    pub fn wake(&mut self, now: Time) {
        (self.phase, self.since) = (Phase::Dispatch, now);
    }

    /// The nodes that it may use, where `pools` has those of all stages by row of demand.
    #[inline]
    pub fn pool(&self, job: &Job, pools: &[u32]) -> u32 {
        match self.stage {
            0 => job.pool,
            stage => pools[job.demand as usize + usize::from(stage)],
        }
    }

    /// True if it is its job's only task.
    #[inline]
    pub fn is_alone(&self) -> bool {
        self.index == 0 && self.sibling == NONE && self.stage == 0
    }

    /// Turns to `phase`: the time since the last change counts to the phase that ends, so that the
    /// parts sum to the time since it was ready whatever happens to it. A phase that would last no
    /// time need not be entered.
    #[inline]
    pub fn enter(&mut self, phase: Phase, now: Time) {
        self.parts[self.phase.part()] += (now - self.since).0;
        self.since = now;
        self.phase = phase;
    }

    /// Starts to run, or to run again where it left off.
    #[inline]
    pub fn start(&mut self, now: Time) {
        self.enter(Phase::Service, now);
        if self.parts[Phase::Service as usize] == 0 {
            self.started = now;
        }
    }

    /// For `span` of the time since its phase began it had to wait for others, which counts as
    /// queueing.
    pub fn pause(&mut self, span: Time) {
        self.parts[Phase::Queue as usize] += span.0;
        self.since += span;
    }

    /// Becomes, of the first attempt at a task, one more that is made `now`, before `next`: its time until
    /// the decision was spent on `before`, and what was done since then counts as tried in vain.
    pub fn copy_at(&mut self, now: Time, set: &Set, next: u32) {
        self.parts = set.before;
        self.parts[Phase::Retry as usize] += (now - set.decided).0;
        (self.phase, self.since, self.fails) = (Phase::Network, now, false);
        (self.ticket, self.node, self.links) = (Ticket::NONE, NodeId(NONE), Links::NONE);
        (self.sibling, self.copy) = (next, self.placed);
    }

    /// Where its time has gone until `now`.
    pub fn parts_at(&self, now: Time) -> Blame {
        let mut parts = self.parts;
        parts[self.phase.part()] += (now - self.since).0;
        parts
    }

    /// It has come to nothing, or is not needed, while other attempts at the task are made.
    pub fn rest(&mut self, now: Time) {
        self.write_off(now);
        self.phase = Phase::Dormant;
    }

    /// Becomes, of a task that has been decided, a reservation for it and others, which sets out `now`.
    pub fn reserve(&mut self, number: u32, now: Time) {
        self.enter(Phase::Network, now);
        (self.index, self.attempt, self.copy) = (number, 0, RESERVATION);
        (self.ticket, self.links) = (Ticket::NONE, Links::NONE);
        (self.work, self.service) = (0.0, Time::ZERO);
    }

    /// Becomes the pattern of a reservation at the node that has just served this task, which was `ready` at that
    /// instant: it has waited since the decision.
    pub fn stay(&mut self, ready: Time, now: Time) {
        let [dispatch, decision, ..] = self.parts;
        self.parts = [0; 7];
        self.parts[Phase::Dispatch as usize] = dispatch;
        self.parts[Phase::Decision as usize] = decision;
        self.parts[Phase::Queue as usize] = (now - ready).0 - dispatch - decision;
        (self.phase, self.since) = (Phase::Queue, now);
    }

    /// True if it is a reservation: an attempt without a task yet.
    #[inline]
    pub fn is_reservation(&self) -> bool {
        self.copy == RESERVATION
    }

    /// What a reservation went through that got this task becomes the task's.
    pub fn take_over(&mut self, reservation: &Task) {
        (self.node, self.parts) = (reservation.node, reservation.parts);
        (self.phase, self.since) = (reservation.phase, reservation.since);
    }

    /// What it was served has come to nothing.
    pub fn start_over(&mut self) {
        let served = std::mem::take(&mut self.parts[Phase::Service as usize]);
        self.parts[Phase::Retry as usize] += served;
    }

    /// All that was done about it since it was ready has come to nothing.
    pub fn write_off(&mut self, now: Time) {
        self.enter(Phase::Retry, now);
        self.ticket = Ticket::NONE;
        self.node = NodeId(NONE);
        self.fails = false;
        let lost = self.parts.iter().sum();
        self.parts = [0; 7];
        self.parts[Phase::Retry as usize] = lost;
    }

    /// It was placed when it was ready, with its job, to be at its node, start, end and be received at these instants,
    /// and that is what it is `now` at, waits for, or has behind it.
    pub fn go_on(&mut self, [reached, start, end, received]: [Time; 4], now: Time) {
        self.enter(Phase::Network, self.since);
        self.service = end - start;
        if reached <= now {
            self.enter(Phase::Queue, reached);
        }
        if start <= now {
            self.start(start);
        }
        if end <= now {
            self.enter(Phase::Returning, end);
            self.service = end;
        }
        if received <= now {
            self.enter(Phase::Done, received);
        }
    }

    /// What it is at.
    #[inline]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Since when.
    #[inline]
    pub fn since(&self) -> Time {
        self.since
    }

    /// Where its time went, up to the last change of phase.
    #[inline]
    pub fn parts(&self) -> &Blame {
        &self.parts
    }

    /// True if its service has ended.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Returning | Phase::Gather | Phase::Done)
    }

    /// True if its result has been gathered.
    #[inline]
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// True if its last attempt was lost and no other is to be made so far.
    pub fn is_lost(&self) -> bool {
        self.phase == Phase::Retry && self.ticket == Ticket::NONE
    }

    /// True between its decision and the gathering of its result.
    pub fn is_attempted(&self) -> bool {
        !matches!(
            self.phase,
            Phase::Dispatch
                | Phase::Decision
                | Phase::Parked
                | Phase::Unparked
                | Phase::Retry
                | Phase::Done
                | Phase::Dormant
                | Phase::Unbound
        )
    }

    /// The attempt that has come to its end, of a task that was ready at `ready`.
    pub fn completed(&self, ready: Time, work: Time) -> Attempt {
        let [dispatch, decision, _, queue, service, retry, gather] = self.parts.map(Time);
        let begun = ready + retry + dispatch;
        let paused = (self.ended() - self.started) - service;
        Attempt {
            node: self.node,
            work,
            ready,
            times: Times {
                begun,
                decided: begun + decision,
                reached: self.started - (queue - paused),
                started: self.started,
                ended: self.ended(),
                received: self.since - gather,
            },
        }
    }

    /// When its service ended, once it has.
    #[inline]
    pub fn ended(&self) -> Time {
        self.service
    }
}

/// The random draw with `key` for the attempt at hand of a task; `leg` (below 2) tells the draws
/// of one attempt apart, of up to eight that are made at once.
#[inline]
pub fn draw(key: Key, job: &Job, task: &Task, leg: u32) -> Draw {
    let leg = u32::from(task.attempt) << 4 | u32::from(task.copy) << 1 | leg;
    key.draw(
        job.class,
        job.number,
        u32::from(task.stage),
        task.index,
        leg,
    )
}

/// An attempt that a decision is about, or a time that it takes.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Index of the job's class.
    pub class: u32,
    /// Which job of its class's source it is, from 0.
    pub number: u64,
    /// Number of the job's tasks.
    pub tasks: u32,
    /// Which of them it is, from 0.
    pub task: u32,
    /// The task whose data it needs.
    pub data: u32,
    /// The stage of the job that it belongs to, from 0.
    pub stage: u16,
    /// Which attempt it is, from 0.
    pub attempt: u16,
    /// Which of those that are made at once, from 0.
    pub copy: u8,
    /// At speed 1, in the unit of its class (seconds, or nanoseconds of a trace).
    pub work: f64,
    /// Row of its demand.
    pub demand: u32,
    /// The dispatcher.
    pub dispatcher: u32,
    /// Nodes that it may use.
    pub pool: u32,
}

impl Subject {
    /// The random draw with `key`; `leg` (below 2) tells the draws of one attempt apart.
    #[inline(always)]
    pub fn draw(&self, key: Key, leg: u32) -> Draw {
        let leg = u32::from(self.attempt) << 4 | u32::from(self.copy) << 1 | leg;
        key.draw(
            self.class,
            self.number,
            u32::from(self.stage),
            self.task,
            leg,
        )
    }
}

/// An attempt that completed, as it is told to a recorder.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The node that it ran at.
    pub node: NodeId,
    /// What its task takes at speed 1.
    pub work: Time,
    /// When its task was ready: at its job's arrival, or when its stage began.
    pub ready: Time,
    /// When what happened.
    pub times: Times,
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
    /// Service began.
    pub started: Time,
    /// Service ended and the result sets out.
    pub ended: Time,
    /// The gatherer has the result.
    pub received: Time,
}

/// A task, and the job whose first task it is: most jobs have one task, and then one look finds
/// both. (Beside other tasks the job's lines are never touched.)
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct Record {
    /// The task.
    pub task: Task,
    /// Its job, if it is the first.
    pub job: Job,
}

impl Linked for Record {
    #[inline]
    fn links(&self) -> &Links {
        &self.task.links
    }
    #[inline]
    fn links_mut(&mut self) -> &mut Links {
        &mut self.task.links
    }
}

/// Jobs and tasks in the system; a job has the number of its first task.
pub type Records = Slab<Record>;

impl Records {
    /// A task.
    #[inline(always)]
    pub fn task(&self, id: u32) -> &Task {
        &self[id].task
    }

    /// A task, to change it.
    #[inline(always)]
    pub fn task_mut(&mut self, id: u32) -> &mut Task {
        &mut self[id].task
    }

    /// A job.
    #[inline(always)]
    pub fn job(&self, id: u32) -> &Job {
        &self[id].job
    }

    /// A job, to change it.
    #[inline(always)]
    pub fn job_mut(&mut self, id: u32) -> &mut Job {
        &mut self[id].job
    }

    /// A task, and those of its job that come after it.
    pub fn from_task_on(&self, id: u32) -> impl Iterator<Item = &Task> {
        let existing = |id: u32| (id != NONE).then(|| self.task(id));
        std::iter::successors(existing(id), move |task| existing(task.sibling))
    }

    /// A task and its job.
    #[inline(always)]
    pub fn both(&self, id: u32) -> (&Task, &Job) {
        let record = &self[id];
        match record.task.job {
            job if job == id => (&record.task, &record.job),
            job => (&record.task, &self[job].job),
        }
    }
}

const _: () = assert!(size_of::<Task>() == 128 && size_of::<Job>() == 128);
