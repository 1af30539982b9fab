//! What all machines of a replication share: the agenda, the records, the nodes, the window and the
//! figures.
//!
//! The machines take `&mut Core` and never each other, so that each can be read alone and the
//! borrow checker sees that no two change the same thing.

use crate::engine::agenda::{Agenda, Place};
use crate::engine::random::{Key, Purpose, Seeds};
use crate::engine::time::Time;
use crate::metrics::figures::Totals;
use crate::metrics::jobs::{Blame, Completed, JobStats};
use crate::metrics::nodes::Busy;
use crate::model::cluster::SLOTS;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::nodes::{Nodes, fits};
use crate::model::slab::{NONE, Slab};
use crate::strategy::board::Board;
use crate::strategy::view::Truth;

use super::recorder::Recorder;
use super::records::{Attempt, Critical, Job, Task, Times};
use super::setup::Setup;
use super::window::Window;

/// What happens. The order of kinds at one instant is part of the model; gaps are for kinds to
/// come (node changes 0, view updates 5, timers 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The service of an attempt ends.
    End = 1,
    /// The result of an attempt reaches its gatherer.
    Received = 2,
    /// The gatherer of a dispatcher has gathered a result.
    Gathered = 3,
    /// An attempt reaches its node or the central queue.
    Reached = 4,
    /// A job of a source arrives.
    Arrival = 7,
    /// A dispatcher has decided.
    Decided = 8,
}

impl Kind {
    /// The kind of an event in the agenda.
    #[inline]
    pub fn of(place: Place) -> Kind {
        match place.kind() {
            1 => Kind::End,
            2 => Kind::Received,
            3 => Kind::Gathered,
            4 => Kind::Reached,
            7 => Kind::Arrival,
            _ => Kind::Decided,
        }
    }
}

/// The central queue as an entity; nodes come after it.
pub const CENTRAL: u32 = 0;

/// Keys of the draws of one replication.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    /// Straggler factors.
    pub straggler: Key,
    /// Network delays.
    pub network: Key,
    /// Placements and ties.
    pub placement: Key,
    /// Which dispatcher a job comes to.
    pub spread: Key,
    /// Decision times.
    pub decision: Key,
    /// Gathering times.
    pub gather: Key,
}

impl Keys {
    fn new(seeds: Seeds, placement_seed: u64) -> Keys {
        Keys {
            straggler: seeds.key(Purpose::Straggler),
            network: seeds.key(Purpose::Network),
            placement: seeds.shifted(placement_seed).key(Purpose::Placement),
            spread: seeds.key(Purpose::Spread),
            decision: seeds.key(Purpose::Decision),
            gather: seeds.key(Purpose::Gather),
        }
    }
}

/// Rows of demand by dimension: one for each class, then those of jobs that bring their own.
#[derive(Clone, Debug)]
pub struct Demands {
    values: Vec<u64>,
    free: Vec<u32>,
    width: usize,
    classes: u32,
}

impl Demands {
    fn new(setup: &Setup) -> Demands {
        let rows = setup
            .classes
            .iter()
            .flat_map(|class| class.stages[0].demand.iter().copied());
        Demands {
            values: rows.collect(),
            free: Vec::new(),
            width: setup.cluster.dimensions.len(),
            classes: setup.classes.len() as u32,
        }
    }

    /// The row's values.
    #[inline]
    pub fn row(&self, row: u32) -> &[u64] {
        let start = row as usize * self.width;
        &self.values[start..start + self.width]
    }

    /// A copy of the class's row for a job to change.
    pub fn own(&mut self, class: u32) -> u32 {
        let row = self.free.pop().unwrap_or_else(|| {
            self.values.resize(self.values.len() + self.width, 0);
            (self.values.len() / self.width) as u32 - 1
        });
        let (from, to) = (class as usize * self.width, row as usize * self.width);
        self.values.copy_within(from..from + self.width, to);
        row
    }

    /// One value of a job's own row.
    pub fn set(&mut self, row: u32, dimension: usize, units: u64) {
        self.values[row as usize * self.width + dimension] = units;
    }

    fn give_back(&mut self, row: u32) {
        if row >= self.classes {
            self.free.push(row);
        }
    }
}

/// The state that every machine may change.
pub struct Core<'s> {
    /// What is simulated.
    pub setup: &'s Setup,
    /// Pending events and the clock.
    pub agenda: Agenda,
    /// What the nodes are.
    pub layout: Layout,
    /// What goes on at them.
    pub nodes: Nodes,
    /// Jobs in the system.
    pub jobs: Slab<Job>,
    /// Their tasks.
    pub tasks: Slab<Task>,
    /// Attempts to run them.
    pub attempts: Slab<Attempt>,
    /// What tasks demand.
    pub demands: Demands,
    /// Keys of the random draws.
    pub keys: Keys,
    /// What counts.
    pub window: Window,
    /// Figures of jobs, by class.
    pub stats: Vec<JobStats>,
    /// Figures of nodes.
    pub busy: Busy,
    /// Other figures.
    pub totals: Totals,
    /// What dispatchers see of the nodes.
    pub board: Board,
    /// Who writes rows of jobs, tasks and decisions, if anyone does.
    pub recorder: Option<&'s mut (dyn Recorder + 's)>,
    /// Completions at the instant `.0`, by class, before the window opened at it.
    eve: (Time, Vec<u64>),
}

impl<'s> Core<'s> {
    /// An empty system whose dispatchers look at `board`.
    pub fn new(
        setup: &'s Setup,
        layout: Layout,
        seeds: Seeds,
        board: Board,
        recorder: Option<&'s mut (dyn Recorder + 's)>,
    ) -> Core<'s> {
        Core {
            agenda: Agenda::new(),
            jobs: Slab::new(),
            tasks: Slab::new(),
            attempts: Slab::new(),
            demands: Demands::new(setup),
            keys: Keys::new(seeds, setup.placement_seed),
            window: Window::new(setup.window.clone()),
            stats: setup.classes.iter().map(|_| JobStats::default()).collect(),
            busy: Busy::new(&layout),
            totals: Totals::default(),
            board,
            eve: (Time::ZERO, vec![0; setup.classes.len()]),
            recorder,
            nodes: Nodes::new(&layout),
            layout,
            setup,
        }
    }

    /// The present instant.
    #[inline]
    pub fn now(&self) -> Time {
        self.agenda.now()
    }

    /// Time passes until `time`, the next event's; windows open and close at events only.
    #[inline]
    pub fn pass(&mut self, time: Time) {
        if self.window.is_open() {
            let span = u128::from((time - self.now()).0);
            self.totals.in_use += u128::from(self.nodes.in_use()) * span;
        }
    }

    /// Puts an event of `entity` at `time`; `id` is the attempt or the dispatcher that it is about.
    #[inline]
    pub fn schedule(&mut self, time: Time, kind: Kind, entity: u32, id: u32) {
        self.agenda.schedule(time, kind as u8, entity, id);
    }

    /// The job of an attempt.
    #[inline]
    pub fn job_of(&self, attempt: u32) -> u32 {
        self.attempts[attempt].job
    }

    /// The demand of an attempt by dimension.
    #[inline]
    pub fn demand_of(&self, attempt: u32) -> &[u64] {
        self.demands.row(self.attempts[attempt].demand)
    }

    /// The load of `node` has changed: dispatchers may see it.
    #[inline]
    pub fn changed(&mut self, node: NodeId) {
        let truth = Truth {
            layout: &self.layout,
            nodes: &self.nodes,
            now: self.agenda.now(),
        };
        self.board.changed(node, truth);
    }

    /// True if `demand` fits beside what runs at `node`.
    #[inline]
    pub fn has_room(&self, node: NodeId, demand: &[u64]) -> bool {
        fits(self.nodes.used(node), demand, self.layout.capacity(node))
    }

    /// The window has just opened: what completed at this very instant belongs to it.
    pub fn open_window(&mut self) {
        if self.eve.0 == self.now() {
            for (stats, count) in self.stats.iter_mut().zip(&self.eve.1) {
                stats.completions += count;
            }
        }
    }

    /// Starts an attempt that has room at its node.
    pub fn start(&mut self, attempt: u32) {
        let now = self.now();
        let this = &mut self.attempts[attempt];
        this.times.started = now;
        let (node, end) = (this.node, now + this.service);
        let state = self.nodes.state_mut(node);
        state.backlog.start(this.service, end);
        state.expected.start(this.expected, now + this.expected);
        self.nodes.occupy(node, self.demands.row(this.demand));
        let truth = Truth {
            layout: &self.layout,
            nodes: &self.nodes,
            now,
        };
        self.board.started(node, truth);
        self.schedule(end, Kind::End, node.0 + 1, attempt);
    }

    /// The service of an attempt has ended: its node is freed and the time is accounted for.
    pub fn end(&mut self, attempt: u32) {
        let now = self.now();
        let this = &mut self.attempts[attempt];
        this.times.ended = now;
        let (node, started, job) = (this.node, this.times.started, this.job);
        let state = self.nodes.state_mut(node);
        state.backlog.end(now);
        state.expected.end(started + this.expected);
        let demand = self.demands.row(this.demand);
        self.nodes.release(node, demand);
        self.busy
            .add(node, demand, self.window.overlap(started, now));
        if self.window.contains(now) {
            self.busy.end(node);
            self.totals.slot_time += u128::from(demand[SLOTS]) * u128::from((now - started).0);
        }
        self.jobs[job].note_finish(now);
        self.changed(node);
    }

    /// A result has been gathered; tells whether its job is complete.
    pub fn gather(&mut self, attempt: u32) {
        let now = self.now();
        let this = &self.attempts[attempt];
        let (id, times) = (this.job, &this.times);
        let (job, task) = (&mut self.jobs[id], &mut self.tasks[this.task]);
        task.wait = times.started - job.arrival;
        let is_last =
            job.gathered == 0 || now > job.critical.gathered || task.index < job.critical.task;
        if is_last {
            job.critical = Critical {
                task: task.index,
                gathered: now,
                times: *times,
            };
        }
        job.gathered += 1;
        self.totals.attempts_done += 1;
        if let Some(recorder) = &mut self.recorder {
            recorder.task(job, task, this);
        }
        let is_complete = job.gathered == job.tasks;
        self.attempts.remove(attempt);
        if is_complete {
            self.complete(id);
        }
    }

    fn complete(&mut self, id: u32) {
        let now = self.now();
        let job = &self.jobs[id];
        let class = job.class as usize;
        self.totals.jobs_done += 1;
        self.totals.tasks_done += u64::from(job.tasks);
        self.totals.last_completion = now;
        self.totals.presence += u128::from(self.window.overlap(job.arrival, now).0);
        let blame = blame(job.arrival, &job.critical.times, now);
        if job.measured {
            let completed = Completed {
                response: now - job.arrival,
                blame,
                ideal: job.ideal,
                straggler_wait_doubled: 2 * job.finishes.last.0
                    - job.finishes.low.0
                    - job.finishes.high.0,
                on_time: self.setup.classes[class]
                    .slo
                    .map(|slo| now - job.arrival <= slo),
            };
            self.stats[class].complete(&completed, self.setup.window.slowdown_floor);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.job(job, Some((now, blame)));
        }
        self.window.leave(now, job.measured);
        self.demands.give_back(job.demand);
        let (first, measured) = (job.first, job.measured);
        self.jobs.remove(id);
        self.count_completion(class);
        self.drop_tasks(first, measured.then_some(class));
    }

    fn count_completion(&mut self, class: usize) {
        let now = self.now();
        if self.window.contains(now) {
            self.stats[class].completions += 1;
        } else if self.window.start.is_none() {
            if self.eve.0 != now {
                self.eve.0 = now;
                self.eve.1.fill(0);
            }
            self.eve.1[class] += 1;
        }
    }

    /// Drops the tasks of a complete job, from `first` on; their waits count for `class`.
    fn drop_tasks(&mut self, first: u32, class: Option<usize>) {
        let mut id = first;
        while id != NONE {
            let task = &self.tasks[id];
            if let Some(class) = class {
                self.stats[class].waited(task.wait);
            }
            let next = task.next;
            self.tasks.remove(id);
            id = next;
        }
    }
}

/// A response time by its parts along the critical chain; they sum to `completed - arrival`.
pub fn blame(arrival: Time, times: &Times, completed: Time) -> Blame {
    let dispatch = times.begun - arrival;
    let decision = times.decided - times.begun;
    let network = (times.reached - times.decided) + (times.received - times.ended);
    let queue = times.started - times.reached;
    let service = times.ended - times.started;
    let gather = completed - times.received;
    [
        dispatch.0, decision.0, network.0, queue.0, service.0, 0, gather.0,
    ]
}
