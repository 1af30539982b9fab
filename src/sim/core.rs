//! What all machines of a replication share: the agenda, the records, the nodes, the window and the
//! figures.
//!
//! The machines take `&mut Core` and never each other, so that each can be read alone and the
//! borrow checker sees that no two change the same thing.

use crate::engine::agenda::{Agenda, Place, Ticket};
use crate::engine::law::Law;
use crate::engine::random::{Key, Purpose, Seeds};
use crate::engine::time::{NANOS, Time, rounded};
use crate::metrics::figures::Totals;
use crate::metrics::jobs::{Completed, JobStats, PlainJob};
use crate::metrics::nodes::Busy;
use crate::model::cluster::SLOTS;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::nodes::{NodeState, Nodes, fits};
use crate::model::slab::NONE;

use crate::strategy::board::Board;
use crate::strategy::view::Truth;
use crate::strategy::{Parts, Strategy};
use crate::workload::class::{Class, Shape, Stage};
use crate::workload::source::{Arrivals, Source};

use super::avoiding::Avoiding;
use super::estimates::Estimates;
use super::hedging::Sets;
use super::recorder::{Incident, Recorder};
use super::records::{Job, Phase, Records, Subject, Task, draw};
use super::reservations::Reservations;
use super::service::Service;
use super::setup::Setup;
use super::stages::Stages;
use super::ways::Ways;
use super::window::Window;

/// What happens. The order of kinds at one instant is part of the model; gaps are for kinds to
/// come (node changes 0, view updates 5, timers 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Nodes go down, drain or come up.
    NodeChange = 0,
    /// The service of an attempt ends.
    End = 1,
    /// The result of an attempt reaches its gatherer.
    Received = 2,
    /// The gatherer of a dispatcher has gathered a result.
    Gathered = 3,
    /// An attempt reaches its node or the central queue.
    Reached = 4,
    /// A time that somebody waited for is over; see [`Timer`].
    Timer = 6,
    /// A job of a source arrives.
    Arrival = 7,
    /// A dispatcher has decided.
    Decided = 8,
    /// The central queue is gone through by its rules, after all else of an instant.
    SchedulingPass = 9,
}

impl Kind {
    /// True if boards are renewed before it, at the same instant.
    #[inline]
    pub fn is_late(self) -> bool {
        self as u8 > 5
    }

    /// The kind of an event in the agenda.
    #[inline]
    pub fn of(place: Place) -> Kind {
        match place.kind() {
            0 => Kind::NodeChange,
            1 => Kind::End,
            2 => Kind::Received,
            3 => Kind::Gathered,
            4 => Kind::Reached,
            6 => Kind::Timer,
            7 => Kind::Arrival,
            8 => Kind::Decided,
            _ => Kind::SchedulingPass,
        }
    }
}

/// Which time is over; the entity of its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Timer {
    /// That before a task is tried again.
    Backoff = 0,
    /// That for which the result of an attempt was waited for.
    Attempt = 1,
    /// That for which a job was waited for.
    Job = 2,
    /// That after which a task gets a copy.
    Hedge = 3,
    /// That until a group of nodes is looked at again.
    Look = 4,
    /// That until the question of a node that has room for a reservation reaches its dispatcher.
    Question = 5,
    /// That until the answer is back.
    Answer = 6,
    /// That until a node hears that a reservation is not needed, or an attempt not waited for, any more.
    Cancel = 7,
    /// That until the nodes that a dispatcher asks hear of it.
    Probe = 8,
    /// That until their answers are back.
    Reply = 9,
    /// That for which the answer of a node that is checked was waited for.
    CheckFailed = 10,
    /// That until a node is checked.
    Check = 11,
    /// That until it is known that a node has gone down or come up.
    Detection = 12,
    /// That for which a node is ejected.
    Readmission = 13,
    /// That for which an attempt was said to run.
    Overdue = 14,
    /// That until an attempt hears that another at its task has started.
    Started = 15,
}

/// Tickets of events that are not the next in a task's life; empty where there are none such.
#[derive(Clone, Debug, Default)]
pub struct Tickets {
    /// The end of the wait for an attempt's result, by task.
    attempts: Vec<Ticket>,
    /// The end of the wait for a job.
    jobs: Vec<Ticket>,
    /// The time for a copy, by task.
    hedges: Vec<Ticket>,
    /// The end of a reservation that is not needed any more, or of an attempt that is called off.
    cancels: Vec<Ticket>,
    /// The time for which an attempt is said to run.
    estimates: Vec<Ticket>,
    /// The news that another attempt at the task has started.
    starts: Vec<Ticket>,
    /// The next failure or repair of a node by chance.
    nodes: Vec<Ticket>,
}

/// Keeps `ticket` at `at`.
fn keep(tickets: &mut Vec<Ticket>, at: u32, ticket: Ticket) {
    if tickets.len() <= at as usize {
        tickets.resize(at as usize + 1, Ticket::NONE);
    }
    tickets[at as usize] = ticket;
}

/// The central queue as an entity; nodes come after it.
const CENTRAL: u32 = 0;

/// Keys of the draws of one replication.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    /// Straggler factors.
    pub straggler: Key,
    /// Network delays.
    pub network: Key,
    /// Delays of what calls attempts off.
    pub cancel: Key,
    /// Delays of what is asked and answered before one of several attempts sets out.
    pub probe: Key,
    /// Which nodes that come back slowly are left out.
    pub slow_start: Key,
    /// Placements and ties.
    pub placement: Key,
    /// Which dispatcher a job comes to.
    pub spread: Key,
    /// Decision times.
    pub decision: Key,
    /// Gathering times.
    pub gather: Key,
    /// Whether attempts fail.
    pub task_failure: Key,
    /// Jitter of the time before another attempt.
    pub backoff: Key,
    /// Work of another attempt.
    pub fresh_work: Key,
    /// Which data a task needs.
    pub data: Key,
    /// Whom an idle node looks at.
    pub steal: Key,
}

impl Keys {
    fn new(seeds: Seeds, placement_seed: u64) -> Keys {
        Keys {
            straggler: seeds.key(Purpose::Straggler),
            network: seeds.key(Purpose::Network),
            cancel: seeds.key(Purpose::Cancel),
            probe: seeds.key(Purpose::Probe),
            slow_start: seeds.key(Purpose::SlowStart),
            placement: seeds.shifted(placement_seed).key(Purpose::Placement),
            spread: seeds.key(Purpose::Spread),
            decision: seeds.key(Purpose::Decision),
            gather: seeds.key(Purpose::Gather),
            task_failure: seeds.key(Purpose::TaskFailure),
            backoff: seeds.key(Purpose::Backoff),
            fresh_work: seeds.key(Purpose::FreshWork),
            data: seeds.key(Purpose::Data),
            steal: seeds.shifted(placement_seed).key(Purpose::Steal),
        }
    }
}

/// Of a node that works at its speed everything takes so many billionths of its time.
pub const PACE: u64 = 1_000_000_000;

/// `time` x `to` / `from`, rounded half to even.
pub(super) fn scaled(time: Time, to: u64, from: u64) -> Time {
    let (product, from) = (u128::from(time.0) * u128::from(to), u128::from(from));
    let (whole, rest) = (product / from, product % from * 2);
    let is_up = rest > from || rest == from && whole % 2 == 1;
    Time(u64::try_from(whole + u128::from(is_up)).unwrap_or(u64::MAX))
}

/// Rows of demand by dimension: one for each stage of each class, then those of jobs that bring their
/// own.
#[derive(Clone, Debug)]
pub struct Demands {
    values: Vec<u64>,
    free: Vec<u32>,
    width: usize,
    /// Rows of classes.
    classes: u32,
    /// By dimension: no task demands less.
    least: Vec<u64>,
}

impl Demands {
    fn new(setup: &Setup) -> Demands {
        let rows = setup.classes.iter().flat_map(|class| {
            class
                .stages
                .iter()
                .flat_map(|stage| stage.demand.iter().copied())
        });
        let (values, width): (Vec<u64>, _) = (rows.collect(), setup.cluster.dimensions.len());
        let least = |d: usize| values.iter().skip(d).step_by(width).min();
        Demands {
            least: (0..width).map(|d| least(d).copied().unwrap_or(0)).collect(),
            values,
            free: Vec::new(),
            width,
            classes: setup
                .classes
                .iter()
                .map(|class| class.stages.len() as u32)
                .sum(),
        }
    }

    /// The row's values.
    #[inline]
    pub fn row(&self, row: u32) -> &[u64] {
        let start = row as usize * self.width;
        &self.values[start..start + self.width]
    }

    /// The values of a task's own stage.
    #[inline]
    pub fn of(&self, task: &Task, job: &Job) -> &[u64] {
        self.row(job.demand + u32::from(task.stage))
    }

    /// True if the row is a class's, and no job's own.
    #[inline]
    pub fn is_of_class(&self, row: u32) -> bool {
        row < self.classes
    }

    /// The row's slots, as a task keeps them.
    pub fn slots(&self, row: u32) -> u32 {
        u32::try_from(self.row(row)[SLOTS]).unwrap_or(u32::MAX)
    }

    /// The row of a task where there are several dimensions, else nothing: slots are kept by the
    /// tasks themselves.
    #[inline(always)]
    pub fn several(&self, records: &Records, id: u32) -> &[u64] {
        match self.width {
            1 => &[],
            _ => {
                let (task, job) = records.both(id);
                self.of(task, job)
            }
        }
    }

    /// A copy of a class's row for a job to change.
    pub fn own(&mut self, class_row: u32) -> u32 {
        let row = self.free.pop().unwrap_or_else(|| {
            self.values.resize(self.values.len() + self.width, 0);
            (self.values.len() / self.width) as u32 - 1
        });
        let (from, to) = (class_row as usize * self.width, row as usize * self.width);
        self.values.copy_within(from..from + self.width, to);
        row
    }

    /// One value of a job's own row.
    pub fn set(&mut self, row: u32, dimension: usize, units: u64) {
        self.values[row as usize * self.width + dimension] = units;
        self.least[dimension] = self.least[dimension].min(units);
    }

    /// A row is needed no more.
    pub fn give_back(&mut self, row: u32) {
        if !self.is_of_class(row) {
            self.free.push(row);
        }
    }
}

/// What events need to know of a class, in one small record.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'s> {
    /// How its jobs split, if they have one stage.
    pub stage: &'s Stage,
    /// Whether they have several.
    pub is_staged: bool,
    /// Row of the demand of its only, or first, stage.
    pub demand: u32,
    /// Number of tasks of a job, where that is always the same.
    pub tasks: Option<u32>,
    /// Work of its jobs' only task, where that is all that they are.
    pub only: Option<&'s Law>,
    /// Slots that each demands.
    pub slots: u32,
    /// Whether gathering its results takes no time.
    pub gathers_free: bool,
    /// Time of each task beside its work.
    pub overhead: Time,
    /// Nanoseconds in a unit of its works.
    nanos: f64,
    /// Objective for the response time.
    pub slo: Option<Time>,
    /// The larger, the more urgent.
    pub priority: i64,
    /// Whether its jobs or their data have keys.
    has_keys: bool,
    /// Results that suffice, if not all are needed.
    pub need: Option<u32>,
    /// Whether the tasks of a job start together.
    pub is_gang: bool,
    /// Number of its clients, if each keeps to one dispatcher; else 0.
    pub bound: u64,
}

/// Where the tasks of a class may run whose data lie at some nodes.
#[derive(Clone, Copy, Debug)]
pub struct Shards {
    /// The pool of all nodes that they may use, and that of the first shard, behind which are the others.
    pub all: u32,
    pub first: u32,
    /// How many those are.
    pub count: u32,
    /// What a task takes more at a node without its data, if it may run there.
    pub elsewhere: Option<Time>,
}

impl<'s> Facts<'s> {
    fn of(setup: &'s Setup) -> Vec<Facts<'s>> {
        let mut row = 0;
        let of = |class| {
            let facts = Facts::new(class, row);
            row += class.stages.len() as u32;
            facts
        };
        let mut facts: Vec<Facts<'s>> = setup.classes.iter().map(of).collect();
        for source in &setup.sources {
            if let Arrivals::Closed(clients) = &source.arrivals
                && clients.is_bound
            {
                facts[source.first_class as usize].bound = u64::from(clients.count);
            }
        }
        facts
    }

    fn new(class: &'s Class, demand: u32) -> Facts<'s> {
        let stage = &class.stages[0];
        let is_staged = class.stages.len() > 1;
        let (tasks, only) = match &stage.shape {
            Shape::Tasks { count, work } if !is_staged => {
                let tasks = count.constant_count();
                (tasks, (tasks == Some(1)).then_some(work))
            }
            _ => (None, None),
        };
        Facts {
            stage,
            is_staged,
            demand,
            tasks,
            only,
            slots: u32::try_from(stage.demand[SLOTS]).unwrap_or(u32::MAX),
            gathers_free: class.gather.is_free(),
            overhead: stage.overhead,
            nanos: stage.shape.nanos(),
            slo: class.slo,
            priority: class.priority,
            has_keys: class.has_keys(),
            need: class.gather.need,
            is_gang: class.gang,
            bound: 0,
        }
    }

    /// How long `work` takes at speed 1, rounded to nanoseconds.
    #[inline(always)]
    pub fn time(&self, work: f64) -> Time {
        Time(rounded(work * self.nanos))
    }

    /// `work` in seconds.
    #[inline(always)]
    pub fn seconds(&self, work: f64) -> f64 {
        match self.nanos == NANOS {
            true => work,
            false => work * self.nanos / NANOS,
        }
    }
}

/// True if nodes may be slow, reservations stand among what starts, or a start ends other attempts.
fn starts_otherwise(setup: &Setup) -> bool {
    let strategy = &setup.strategy;
    let is_slow = setup.faults.slow_downs.is_some();
    is_slow || strategy.follows_starts() || !strategy.estimates_exactly()
}

/// True if anybody minds what is held at nodes, beside its sums.
fn minds_held(strategy: &Strategy) -> bool {
    let avoids = |parts: &Parts| !parts.avoids.is_empty();
    !strategy.estimates_exactly() || strategy.parts.iter().any(avoids)
}

fn paces(setup: &Setup, layout: &Layout) -> Vec<u64> {
    match setup.faults.slow_downs {
        Some(_) => vec![PACE; layout.count() as usize],
        None => Vec::new(),
    }
}

/// A job that is complete.
#[derive(Clone, Copy, Debug, Default)]
pub struct Completion {
    /// Index of its class.
    pub class: u32,
    /// Number of its tasks.
    pub tasks: u32,
    /// Whether it is measured.
    pub measured: bool,
    /// When it arrived.
    pub arrival: Time,
    /// When its last result was gathered.
    pub at: Time,
    /// The longest work + overhead of its tasks at speed 1.
    pub ideal: Time,
    /// Twice (last minus median finish of its tasks).
    pub straggler_wait_doubled: u64,
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
    /// Jobs in the system and their tasks.
    pub records: Records,
    /// What tasks demand.
    pub demands: Demands,
    /// Facts of the classes that events need.
    pub facts: Vec<Facts<'s>>,
    /// Stages of jobs that have several.
    pub stages: Stages,
    /// The nodes that the tasks of each stage may use, by row of demand.
    pub stage_pools: Vec<u32>,
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
    /// What the disciplines of nodes keep.
    pub service: Service,
    /// What dispatchers see of the nodes.
    pub board: Board,
    /// Who writes rows of jobs, tasks and decisions, if anyone does.
    pub recorder: Option<&'s mut (dyn Recorder + 's)>,
    /// The kind of the event at hand.
    pub kind: Kind,
    /// By what everything takes longer at each node now, in billionths; nothing where no node is ever
    /// slow.
    pub paces: Vec<u64>,
    /// Nodes may be slow, or reservations stand among what starts.
    starts_otherwise: bool,
    /// Attempts that have started, of which the others at the same task are to be called off.
    pub started: Vec<u32>,
    /// Attempts at a task that are made at once.
    pub sets: Sets,
    /// Reservations for tasks that are bound late.
    pub reservations: Reservations,
    tickets: Tickets,
    /// Where data are spread, by class; nothing if none are.
    pub spreads: Vec<Option<Shards>>,
    /// What tasks are said to take; nothing where that is exact.
    pub estimates: Option<Estimates>,
    /// Whom reservations keep away from.
    pub avoiding: Avoiding,
    /// True if anybody minds what is held at nodes, beside its sums.
    pub minds_held: bool,
    /// Some tasks may run without their data.
    pub may_lack_data: bool,
    /// What is sent between zones, if that has laws of its own.
    pub ways: Option<Ways<'s>>,
    /// The same, or some payloads take time to be sent.
    is_uneven: bool,
    opening: OpeningCompletions,
    /// A list for a function's own use.
    finishes: Vec<Time>,
    /// Integral of the units in use until the window opened.
    in_use_before: i128,
    /// Bounds the slowdown's denominator from below.
    slowdown_floor: Time,
}

/// Figures of no job, by class.
fn job_stats(setup: &Setup) -> Vec<JobStats> {
    let network = setup
        .legs()
        .map_or(Time::ZERO, |[there, back]| there + back);
    vec![JobStats::new(network); setup.classes.len()]
}

/// Tasks that there may be at once, where all jobs come from traces; 0 where that is not known. Of many
/// there is room for some beforehand.
fn tasks_of_traces(setup: &Setup) -> usize {
    const MOST: u64 = 1 << 20;
    let tasks = |source: &Source| match &source.arrivals {
        Arrivals::Trace(plan) if plan.resample.is_none() => Some(plan.survey.tasks),
        _ => None,
    };
    let all: Option<u64> = setup.sources.iter().map(tasks).sum();
    all.unwrap_or(0).min(MOST) as usize
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
            minds_held: minds_held(&setup.strategy),
            estimates: Estimates::new(setup, seeds.key(Purpose::Estimate)),
            avoiding: Avoiding::new(&setup.strategy, layout.count()),
            agenda: Agenda::new(),
            records: Records::with_room(tasks_of_traces(setup)),
            demands: Demands::new(setup),
            facts: Facts::of(setup),
            stages: Stages::default(),
            stage_pools: Vec::new(),
            keys: Keys::new(seeds, setup.placement_seed),
            window: Window::new(setup.window.clone()),
            stats: job_stats(setup),
            busy: Busy::new(&layout),
            totals: Totals::default(),
            service: Service::new(&layout),
            board,
            paces: paces(setup, &layout),
            starts_otherwise: starts_otherwise(setup),
            started: Vec::new(),
            sets: Sets::default(),
            reservations: Reservations::default(),
            tickets: Tickets::default(),
            spreads: Vec::new(),
            may_lack_data: false,
            is_uneven: setup.classes.iter().any(Class::is_bulky) || !setup.network.ways.is_empty(),
            ways: Ways::new(setup),
            finishes: Vec::new(),
            in_use_before: 0,
            opening: OpeningCompletions::new(setup.classes.len()),
            slowdown_floor: setup.window.slowdown_floor,
            recorder,
            kind: Kind::NodeChange,
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

    /// Puts an event of `entity` that is about a dispatcher at `time`.
    #[inline]
    pub fn schedule(&mut self, time: Time, kind: Kind, entity: u32, dispatcher: u32) {
        self.agenda.schedule(time, kind as u8, entity, dispatcher);
    }

    /// Puts the next event in the life of a task at `time`; the task keeps its ticket.
    #[inline]
    pub fn schedule_task(&mut self, time: Time, kind: Kind, entity: u32, id: u32) {
        self.records.task_mut(id).ticket = self.agenda.schedule(time, kind as u8, entity, id);
    }

    /// Place of the next event; those that were called off are dropped, and the clock stays.
    #[inline]
    pub fn next(&mut self) -> Place {
        loop {
            let (head, arrival) = (self.agenda.head(), self.agenda.outside());
            if arrival < head {
                return arrival;
            }
            debug_assert!(
                self.agenda.has_stale() || head == Place::NEVER || !self.drop_stale(head)
            );
            if head == Place::NEVER || !self.agenda.has_stale() || !self.drop_stale(head) {
                return head;
            }
        }
    }

    /// True if nothing else is pending at the present instant, but for what was called off.
    #[inline(always)]
    pub fn is_clear(&mut self) -> bool {
        self.agenda.is_clear() || self.agenda.has_stale() && self.is_clear_of_stale()
    }

    #[cold]
    #[inline(never)]
    fn is_clear_of_stale(&mut self) -> bool {
        let next = self.next();
        next.time > self.now() || next == Place::NEVER
    }

    /// Drops the next event, at `head`, if it was called off; false if it was not.
    #[inline]
    fn drop_stale(&mut self, head: Place) -> bool {
        let (records, tickets) = (&self.records, &self.tickets);
        let is_stale = |place: Place, id: u32| match Kind::of(place) {
            Kind::End | Kind::Received | Kind::Reached => records.task(id).ticket != place.ticket(),
            Kind::NodeChange | Kind::Timer => tickets.are_stale(records, place, id),
            Kind::Gathered | Kind::Arrival | Kind::Decided | Kind::SchedulingPass => false,
        };
        let is_it = is_stale(head, self.agenda.payload());
        if is_it {
            self.agenda.drop_stale(is_stale);
        }
        is_it
    }

    /// Puts the next failure or repair of `node` by chance at `time`.
    pub fn schedule_node(&mut self, time: Time, node: NodeId) {
        let ticket = self
            .agenda
            .schedule(time, Kind::NodeChange as u8, node.0 + 1, node.0);
        keep(&mut self.tickets.nodes, node.0, ticket);
    }

    /// Tells whoever records what befalls a node, or the attempt in record `id` there.
    #[cold]
    pub fn tell(&mut self, node: NodeId, what: Incident, id: Option<u32>) {
        let now = self.now();
        if let Some(recorder) = &mut self.recorder
            && node != NodeId(NONE)
        {
            let of = id.map(|id| self.records.both(id));
            recorder.incident(now, node, what, of.map(|(task, job)| (job, task)));
        }
    }

    /// Calls that off.
    pub fn call_off_node(&mut self, node: NodeId) {
        keep(&mut self.tickets.nodes, node.0, Ticket::NONE);
        self.agenda.forget();
    }

    /// Starts to wait: for `id`, a task or a job as `timer` says, until `time`.
    pub fn wait_until(&mut self, time: Time, timer: Timer, id: u32) {
        let ticket = self
            .agenda
            .schedule(time, Kind::Timer as u8, timer as u32, id);
        match timer {
            Timer::Backoff | Timer::Question | Timer::Answer | Timer::Probe | Timer::Reply => {
                self.records.task_mut(id).ticket = ticket;
            }
            Timer::Attempt => keep(&mut self.tickets.attempts, id, ticket),
            Timer::Job => keep(&mut self.tickets.jobs, id, ticket),
            Timer::Hedge => keep(&mut self.tickets.hedges, id, ticket),
            Timer::Cancel => keep(&mut self.tickets.cancels, id, ticket),
            Timer::Overdue => keep(&mut self.tickets.estimates, id, ticket),
            Timer::Started => keep(&mut self.tickets.starts, id, ticket),
            Timer::Look
            | Timer::CheckFailed
            | Timer::Check
            | Timer::Detection
            | Timer::Readmission => {}
        }
    }

    /// Nobody waits any more: for `id`, a task or a job as `timer` says.
    #[inline]
    pub fn wait_no_more(&mut self, timer: Timer, id: u32) {
        let tickets = match timer {
            Timer::Job => &mut self.tickets.jobs,
            Timer::Hedge => &mut self.tickets.hedges,
            Timer::Cancel => &mut self.tickets.cancels,
            Timer::Overdue => &mut self.tickets.estimates,
            Timer::Started => &mut self.tickets.starts,
            _ => &mut self.tickets.attempts,
        };
        if let Some(ticket) = tickets.get_mut(id as usize)
            && *ticket != Ticket::NONE
        {
            *ticket = Ticket::NONE;
            self.agenda.forget();
        }
    }

    /// True if news is on its way to an attempt that another at its task has started.
    pub(super) fn hears_of_start(&self, id: u32) -> bool {
        let ticket = self.tickets.starts.get(id as usize);
        ticket.is_some_and(|ticket| *ticket != Ticket::NONE)
    }

    /// News that another attempt has started is there.
    pub(super) fn forget_start(&mut self, id: u32) {
        keep(&mut self.tickets.starts, id, Ticket::NONE);
    }

    /// The time for which an attempt was said to run is over.
    pub(super) fn forget_estimate(&mut self, id: u32) {
        keep(&mut self.tickets.estimates, id, Ticket::NONE);
    }

    /// The next event of a task is called off.
    pub fn call_off(&mut self, id: u32) {
        let task = self.records.task_mut(id);
        if task.ticket != Ticket::NONE {
            task.ticket = Ticket::NONE;
            self.agenda.forget();
        }
    }

    /// A task sets out to its node, or to the central queue if it has none yet.
    pub fn set_out(&mut self, id: u32) {
        let now = self.now();
        self.records.task_mut(id).enter(Phase::Network, now);
        let time = now + self.travel(&self.setup.network.dispatch, id, 0);
        let entity = match self.records.task(id).node {
            NodeId(NONE) => CENTRAL,
            NodeId(node) => node + 1,
        };
        self.schedule_task(time, Kind::Reached, entity, id);
    }

    /// The result of a task sets out from its node to its gatherer.
    pub fn send_back(&mut self, id: u32) {
        let time = self.now() + self.travel(&self.setup.network.result, id, 1);
        let entity = self.records.task(id).node.0 + 1;
        self.schedule_task(time, Kind::Received, entity, id);
    }

    /// How long a task (`leg` 0) or its result (1) travels, with its payload.
    pub(super) fn travel(&self, law: &Law, id: u32, leg: u32) -> Time {
        match self.is_uneven {
            false => self.delay(law, id, leg),
            true => self.travel_unevenly(law, id, leg),
        }
    }

    /// The law of the way of a task (`leg` 0), or of its result (1), where zones have their own; else `law`.
    pub(super) fn way<'a>(&'a self, law: &'a Law, id: u32, leg: u32) -> &'a Law {
        let (task, job) = self.records.both(id);
        let ways = self.ways.as_ref();
        let own = ways.and_then(|ways| ways.law(job.dispatcher, task.node, leg));
        own.unwrap_or(law)
    }

    /// How long a task or its result travels, where zones have laws of their own or payloads take time.
    #[cold]
    #[inline(never)]
    fn travel_unevenly(&self, law: &Law, id: u32, leg: u32) -> Time {
        let delay = self.delay(self.way(law, id, leg), id, leg);
        if self.records.task(id).is_reservation() {
            return delay;
        }
        let class = self.records.both(id).1.class;
        delay + self.setup.classes[class as usize].transfer[leg as usize]
    }

    pub(super) fn delay(&self, law: &Law, id: u32, leg: u32) -> Time {
        if let Some(constant) = law.constant() {
            return Time::from_secs(constant);
        }
        let (task, job) = self.records.both(id);
        let mut draw = draw(self.keys.network, job, task, leg);
        Time::from_secs(law.sample(&mut draw))
    }

    /// The window has just opened `now`: what completed at this very instant belongs to it.
    pub fn open_window(&mut self, now: Time) {
        self.in_use_before = self.nodes.in_use_until(now);
        if self.opening.at == now {
            for (stats, count) in self.stats.iter_mut().zip(&self.opening.completions) {
                stats.completions += count[0];
                stats.good_completions += count[1];
            }
        }
    }

    /// The window was closed at `end`, and nothing has happened since.
    pub fn close_window(&mut self, end: Time) {
        if self.window.has_opened() {
            self.totals.in_use = self.nodes.in_use_until(end) - self.in_use_before;
        }
    }

    /// The pool of the nodes that a task may use now: those that have its data, or all if none of these
    /// has room and it may do without.
    #[inline]
    pub fn pool_of(&self, task: &Task, job: &Job) -> u32 {
        match self.spreads.is_empty() {
            true => task.pool(job, &self.stage_pools),
            false => self.data_pool(task, job),
        }
    }

    #[cold]
    #[inline(never)]
    fn data_pool(&self, task: &Task, job: &Job) -> u32 {
        let Some(spread) = self.spreads[job.class as usize] else {
            return task.pool(job, &self.stage_pools);
        };
        let pool = self.copies_of(task, job, spread);
        let demand = self.demands.of(task, job);
        let has_room = |node: NodeId| {
            let (held, has) = (self.nodes.held(node), self.layout.capacity(node));
            self.nodes.state(node) == NodeState::Up && fits(held, demand, has)
        };
        let mut copies = self.board.nodes(pool).iter();
        match spread.elsewhere.is_none() || copies.any(|node| has_room(*node)) {
            true => pool,
            false => spread.all,
        }
    }

    /// The pool of the nodes that have a task's data, which hang on the task alone.
    fn copies_of(&self, task: &Task, job: &Job, spread: Shards) -> u32 {
        let data = self.setup.classes[job.class as usize].data.as_ref();
        let index = match task.is_reservation() {
            true => self.reservations.task_of(task.job),
            false => task.index,
        };
        let place = data.and_then(|data| data.key.as_ref()).map(|key| {
            let mut draw = self.keys.data.draw(job.class, job.number, 0, index, 0);
            key.sample_count(&mut draw) - 1
        });
        spread.first + place.unwrap_or(index) % spread.count
    }

    /// What a placement is told of a task's class, what the task is about, if it has such a key, and its
    /// work in seconds, as it is estimated.
    #[inline(always)]
    pub fn about(&self, subject: &Subject) -> (&Facts<'s>, Option<u64>, f64) {
        let facts = &self.facts[subject.class as usize];
        let key = match facts.has_keys {
            true => self.draw_key(subject),
            false => None,
        };
        (facts, key, facts.seconds(self.said_work(subject)))
    }

    /// The key of its job, or else that of its data.
    #[cold]
    #[inline(never)]
    fn draw_key(&self, subject: &Subject) -> Option<u64> {
        let class = &self.setup.classes[subject.class as usize];
        let of_data = || Some((class.data.as_ref()?.key.as_ref()?, subject.data));
        let (key, task) = (class.key.as_ref().map(|key| (key, 0))).or_else(of_data)?;
        let mut draw = (self.keys.data).draw(subject.class, subject.number, 0, task, 0);
        Some(u64::from(key.sample_count(&mut draw)))
    }

    /// What a task takes more at `node`, which may not have its data.
    #[cold]
    pub fn lack(&self, task: &Task, job: &Job, node: NodeId) -> Time {
        let spread = self.spreads[job.class as usize];
        let Some((spread, more)) = spread.and_then(|s| Some((s, s.elsewhere?))) else {
            return Time::ZERO;
        };
        let copies = self.board.nodes(self.copies_of(task, job, spread));
        match copies.contains(&node) {
            true => Time::ZERO,
            false => more,
        }
    }

    /// The load of `node` has changed: dispatchers may see it.
    #[inline(always)]
    pub fn changed(&mut self, node: NodeId) {
        if self.board.is_kept() {
            self.update_board(node);
        }
    }

    #[inline(never)]
    fn update_board(&mut self, node: NodeId) {
        if self.board.idle_queues.is_some() {
            self.follow_idle(node);
        }
        if self.board.keeps_counts_alone() {
            return self.board.recount(node, self.nodes.at(node).tasks);
        }
        let truth = Truth {
            layout: &self.layout,
            nodes: &self.nodes,
            now: self.agenda.now(),
        };
        self.board.update(node, self.kind.is_late(), truth);
    }

    /// Binds a task to `at`, where it takes `service`: from now on it is held there.
    #[inline(always)]
    pub fn bind(&mut self, id: u32, at: NodeId, service: Time) {
        let task = self.records.task_mut(id);
        (task.node, task.service) = (at, service);
        let slots = u64::from(task.slots);
        let row = self.demands.several(&self.records, id);
        self.nodes.bind(at, slots, row, service, self.agenda.now());
    }

    /// True if the node of a task has room for it.
    #[inline(always)]
    pub fn has_room(&self, id: u32) -> bool {
        let task = self.records.task(id);
        let row = self.demands.several(&self.records, id);
        self.nodes.has_room(task.node, u64::from(task.slots), row)
    }

    /// False if no task whatever has room at a node, so that none need be looked for.
    pub fn may_have_room(&self, at: NodeId) -> bool {
        let least = &self.demands.least[..];
        let row = if least.len() == 1 { &[] } else { least };
        self.nodes.has_room(at, least[SLOTS], row)
    }

    /// Starts a task that has room at its node; a reservation asks for one.
    #[inline(always)]
    pub fn start(&mut self, id: u32) {
        if self.starts_otherwise && self.start_otherwise(id) {
            return;
        }
        let now = self.agenda.now();
        let task = self.records.task_mut(id);
        let (at, end) = (task.node, now + task.service);
        task.ticket = self.agenda.schedule(end, Kind::End as u8, at.0 + 1, id);
        self.occupy(id);
    }

    /// What comes before the start of an attempt, where nodes may be slow or tasks are bound late; true
    /// if it is a reservation and does not start.
    #[cold]
    #[inline(never)]
    fn start_otherwise(&mut self, id: u32) -> bool {
        if self.records.task(id).is_reservation() {
            self.ask(id);
            return true;
        }
        if !self.paces.is_empty() {
            self.follow_pace(id, true);
        }
        if self.setup.strategy.ends_others_at_start() {
            self.started.push(id);
        }
        if self.estimates.is_some() {
            self.await_estimate(id);
        }
        false
    }

    /// Starts a task that has room at its node, and whose end is scheduled elsewhere.
    #[inline(always)]
    pub fn occupy(&mut self, id: u32) {
        let now = self.agenda.now();
        let task = self.records.task_mut(id);
        task.start(now);
        let (at, slots) = (task.node, u64::from(task.slots));
        let row = self.demands.several(&self.records, id);
        let node = self.nodes.start(at, slots, row, now);
        node.running.push(&mut self.records, id);
        if self.board.keeps_work() {
            self.update_board(at);
        }
    }

    /// The service of a task has ended: its node is freed and the time is accounted for.
    #[inline(always)]
    pub fn end(&mut self, id: u32) -> NodeId {
        self.count_use(id);
        self.vacate(id)
    }

    /// What a running task has used of its node since it started is accounted for.
    #[inline(always)]
    fn count_use(&mut self, id: u32) {
        let task = self.records.task(id);
        let span = self.window.overlap(task.since(), self.agenda.now());
        let row = self.demands.several(&self.records, id);
        self.busy.add(task.node, u64::from(task.slots), row, span);
    }

    /// The service of a task, whose use of its node is accounted for, has ended: the node is freed.
    #[inline(always)]
    pub fn vacate(&mut self, id: u32) -> NodeId {
        if self.minds_held {
            self.note_gone(id, true);
        }
        let now = self.agenda.now();
        let task = self.records.task_mut(id);
        let (at, slots) = (task.node, u64::from(task.slots));
        let (of, is_alone) = (task.job, task.is_alone());
        task.enter(Phase::Returning, now);
        task.service = now;
        let served = task.parts()[Phase::Service as usize];
        if !is_alone {
            self.records.job_mut(of).note_finish(now);
        }
        if self.window.contains(now) {
            self.busy.end(at);
            self.totals.slot_time += u128::from(slots) * u128::from(served);
        }
        let row = self.demands.several(&self.records, id);
        let node = self.nodes.end(at, slots, row, now);
        node.running.remove(&mut self.records, id);
        self.changed(at);
        at
    }

    /// A running task is taken out of service; tells how much of that is left. It stays bound.
    pub fn interrupt(&mut self, id: u32) -> Time {
        self.count_use(id);
        let task = self.records.task(id);
        let left = task.service - (self.agenda.now() - task.since());
        self.call_off(id);
        self.stop(id, left);
        if !self.paces.is_empty() {
            self.follow_pace(id, false);
        }
        self.records.task(id).service
    }

    /// How long what takes `time` at a node's speed takes there as fast as it works now.
    pub fn at_pace(&self, at: NodeId, time: Time) -> Time {
        match self.paces.get(at.index()) {
            Some(&pace) => scaled(time, pace, PACE),
            None => time,
        }
    }

    /// What an attempt that does not run has left takes longer when it `starts` at a node that is slow,
    /// and is told as at the node's speed when it stops.
    #[cold]
    #[inline(never)]
    fn follow_pace(&mut self, id: u32, starts: bool) {
        let task = self.records.task_mut(id);
        let (at, before) = (task.node, task.service);
        let pace = self.paces[at.index()];
        task.service = match starts {
            true => scaled(before, pace, PACE),
            false => scaled(before, PACE, pace),
        };
        let more = task.service.0.wrapping_sub(before.0);
        self.nodes.lengthen(at, Time(more));
        self.changed(at);
    }

    /// A running task, whose use of its node is accounted for and whose end is called off, is taken
    /// out of service, of which that much is `left`.
    pub fn stop(&mut self, id: u32, left: Time) {
        let now = self.agenda.now();
        if self.estimates.is_some() {
            self.stop_estimate(id, now - self.records.task(id).since());
        }
        let task = self.records.task_mut(id);
        let (at, slots) = (task.node, u64::from(task.slots));
        task.service = left;
        task.enter(Phase::Queue, now);
        let row = self.demands.several(&self.records, id);
        let node = self.nodes.stop(at, slots, row, now);
        node.running.remove(&mut self.records, id);
        self.changed(at);
    }

    /// True if the node of a task had room for it if it were not for `freed` of what is used there,
    /// by dimension.
    pub fn would_have_room(&self, id: u32, freed: &[u64]) -> bool {
        let (task, job) = self.records.both(id);
        let demand = self.demands.of(task, job);
        let capacity = self.layout.capacity(task.node);
        let mut dimensions = demand.iter().zip(capacity).zip(freed).enumerate();
        dimensions.all(|(d, ((need, has), freed))| {
            has.is_none_or(|has| self.nodes.used(task.node, d) - freed + need <= has)
        })
    }

    /// What is used at `node`, by dimension, has been used for all of `span`: it is accounted for
    /// at once, whoever used it. `row` is a list for its own use.
    pub fn count_use_of(&mut self, node: NodeId, span: Time, row: &mut Vec<u64>) {
        row.clear();
        row.extend((0..self.layout.dimensions()).map(|d| self.nodes.used(node, d)));
        let slots = row[SLOTS];
        let several = if row.len() > 1 { &row[..] } else { &[] };
        self.busy.add(node, slots, several, span);
    }

    /// A task that neither runs nor stands in a queue leaves the node that it is bound to.
    pub fn release(&mut self, id: u32) {
        if self.minds_held {
            self.note_gone(id, false);
        }
        let task = self.records.task_mut(id);
        let (slots, left) = (u64::from(task.slots), task.service);
        let at = task.node;
        let row = self.demands.several(&self.records, id);
        self.nodes.release(at, slots, row, left);
        self.changed(at);
    }

    /// What a task was served has come to nothing.
    pub fn waste(&mut self, id: u32) {
        let task = self.records.task(id);
        let served = u128::from(task.slots) * u128::from(task.parts()[Phase::Service as usize]);
        if self.window.contains(self.agenda.now()) {
            self.totals.wasted += served;
            self.totals.slot_time += if task.has_ended() { 0 } else { served };
        }
    }

    /// A task that was interrupted will start again from the beginning, for `service`.
    pub fn start_over(&mut self, id: u32, service: Time) {
        self.waste(id);
        let task = self.records.task_mut(id);
        task.start_over();
        let left = std::mem::replace(&mut task.service, service);
        let at = task.node;
        self.nodes.lengthen(at, service - left);
        if self.estimates.is_some() {
            self.repeat_estimate(id, left);
        }
        self.changed(at);
    }

    /// The result of a task has been gathered; tells its job, if that is complete now.
    #[inline(always)]
    pub fn gather(&mut self, id: u32) -> Option<u32> {
        let now = self.now();
        self.records.task_mut(id).enter(Phase::Done, now);
        if self.recorder.is_some() {
            self.record_task(id);
        }
        self.totals.attempts_done += 1;
        let record = &mut self.records[id];
        if record.task.is_alone() {
            (record.job.critical, record.job.gathered) = (id, 1);
            return Some(id);
        }
        let (of, index) = (record.task.job, record.task.index);
        if self.records.job(of).stages != NONE {
            return self.gather_staged(id);
        }
        let is_last = self.records.job(of).gathered == 0 || self.is_last(of, now, index);
        let job = self.records.job_mut(of);
        if is_last {
            job.critical = id;
        }
        job.gathered += 1;
        (job.gathered == job.need).then_some(of)
    }

    #[cold]
    fn record_task(&mut self, id: u32) {
        let (task, job) = self.records.both(id);
        if let Some(recorder) = &mut self.recorder {
            let ready = self.stages.ready_at(job, task);
            let work = self.facts[job.class as usize].time(task.work);
            recorder.task(job, task, &task.completed(ready, work));
        }
    }

    /// True if task `index` of a job, gathered `now`, ends the chain that the job hangs on: the
    /// one gathered last, of those gathered together the first.
    fn is_last(&self, job: u32, now: Time, index: u32) -> bool {
        let before = self.records.task(self.records.job(job).critical);
        now > before.since() || index < before.index
    }

    /// A job is complete: it is counted and leaves the system.
    #[inline(always)]
    pub fn complete(&mut self, id: u32) {
        let now = self.now();
        if self.records.job(id).has_vain_finishes() {
            self.recount_finishes(id);
        }
        let job = self.records.job(id);
        let blame = match job.stages {
            NONE => *self.records.task(job.critical).parts(),
            _ => self.chain(job),
        };
        if let Some(recorder) = &mut self.recorder {
            recorder.job(job, Some((now, blame)));
        }
        let completion = Completion {
            class: job.class,
            tasks: job.need,
            measured: job.measured,
            arrival: job.arrival,
            at: now,
            ideal: job.ideal,
            straggler_wait_doubled: job.straggler_wait_doubled(),
        };
        let ready = job.measured.then_some(job.arrival);
        self.count_completion(&completion, |stats, job, floor| {
            stats.complete(job, &blame, floor);
        });
        self.leave(id, ready);
    }

    /// A job was complete: it is counted, if it is measured by `measure` too, and is in the system no
    /// more.
    #[inline(always)]
    pub fn count_completion(
        &mut self,
        job: &Completion,
        measure: impl FnOnce(&mut JobStats, &Completed, Time),
    ) {
        let (stats, now) = (&mut self.stats[job.class as usize], job.at);
        let response = now - job.arrival;
        self.totals.jobs_done += 1;
        self.totals.tasks_done += u64::from(job.tasks);
        self.totals.last_completion = self.totals.last_completion.max(now);
        self.totals.presence += u128::from(self.window.overlap(job.arrival, now).0);
        let slo = self.facts[job.class as usize].slo;
        let is_late = slo.is_some_and(|slo| response > slo);
        if job.measured {
            let completed = Completed {
                response,
                ideal: job.ideal,
                straggler_wait_doubled: job.straggler_wait_doubled,
                on_time: slo.is_some() && !is_late,
            };
            measure(stats, &completed, self.slowdown_floor);
        }
        if self.window.contains(now) {
            stats.completions += 1;
            stats.good_completions += u64::from(!is_late);
        } else if !self.window.has_opened() {
            self.opening.count(now, job.class, !is_late);
        }
        self.window.leave(now, job.measured);
    }

    /// Measured jobs of a class, with so many tasks, were complete in the open window.
    pub fn count_completions(&mut self, class: u32, jobs: &[PlainJob], tasks: u64) {
        let (stats, count) = (&mut self.stats[class as usize], jobs.len() as u64);
        let is_good = |slo: Time| jobs.iter().filter(move |job| job.response <= slo);
        let on_time = self.facts[class as usize]
            .slo
            .map(|slo| is_good(slo).count() as u64);
        stats.on_time += on_time.unwrap_or(0);
        stats.completions += count;
        stats.good_completions += on_time.unwrap_or(count);
        self.totals.jobs_done += count;
        self.totals.tasks_done += tasks;
        self.totals.presence += stats.complete_plain(jobs, self.slowdown_floor);
    }

    /// Notes when the services of a job's tasks ended, of the attempts alone whose results were used.
    #[cold]
    fn recount_finishes(&mut self, id: u32) {
        let mut finishes = std::mem::take(&mut self.finishes);
        finishes.clear();
        let mut next = id;
        while next != NONE {
            let task = self.records.task(next);
            finishes.extend(task.is_done().then_some(task.ended()));
            next = task.sibling;
        }
        finishes.sort_unstable();
        self.records.job_mut(id).set_finishes(&finishes);
        self.finishes = finishes;
    }

    /// A job has failed, or was turned away, and leaves the system; none of its tasks is anywhere
    /// any more.
    #[cold]
    pub fn fail(&mut self, id: u32, is_rejected: bool) {
        let now = self.agenda.now();
        let job = self.records.job(id);
        let stats = &mut self.stats[job.class as usize];
        stats.failed += u64::from(job.measured && !is_rejected);
        stats.rejected += u64::from(job.measured && is_rejected);
        self.totals.jobs_lost += 1;
        self.totals.tasks_lost += u64::from(job.tasks);
        self.totals.presence += u128::from(self.window.overlap(job.arrival, now).0);
        if let Some(recorder) = &mut self.recorder {
            recorder.job_failed(job, now);
        }
        self.window.leave(now, job.measured);
        self.leave(id, None);
    }

    /// A job leaves the system with its tasks, whose waits count if they were `ready` at an instant.
    #[inline(always)]
    fn leave(&mut self, id: u32, ready: Option<Time>) {
        let job = self.records.job(id);
        self.demands.give_back(job.demand);
        if let Some(estimates) = &mut self.estimates {
            let stages = self.setup.classes[job.class as usize].stages.len();
            estimates.forget_job(job, stages);
        }
        if job.stages != NONE {
            return self.leave_staged(id, ready);
        }
        let stats = &mut self.stats[job.class as usize];
        let mut next = id;
        while next != NONE {
            let task = self.records.task(next);
            if let Some(ready) = ready.filter(|_| task.is_done()) {
                stats.waited(task.started - ready);
            }
            let sibling = task.sibling;
            self.records.remove(next);
            next = sibling;
        }
    }

    /// The same of a job of several stages.
    #[cold]
    fn leave_staged(&mut self, id: u32, ready: Option<Time>) {
        let job = *self.records.job(id);
        let stats = &mut self.stats[job.class as usize];
        let mut next = id;
        while next != NONE {
            let task = self.records.task(next);
            if ready.is_some() && task.is_done() {
                stats.waited(task.started - self.stages.ready_at(&job, task));
            }
            let sibling = task.sibling;
            self.records.remove(next);
            next = sibling;
        }
        let count = self.setup.classes[job.class as usize].stages.len();
        self.stages.give_back(job.stages, count);
    }
}

impl Tickets {
    /// True if the event at `place` about `id`, a change of a node or a timer, was called off.
    #[cold]
    fn are_stale(&self, records: &Records, place: Place, id: u32) -> bool {
        let kept = match (Kind::of(place), place.entity()) {
            // Those of a script are never called off.
            (Kind::NodeChange, 0) => return false,
            (Kind::NodeChange, _) => self.nodes[id as usize],
            (_, 0 | 5 | 6 | 8 | 9) => records.task(id).ticket,
            (_, 1) => self.attempts[id as usize],
            (_, 3) => self.hedges[id as usize],
            (_, 4 | 10..=13) => return false,
            (_, 7) => self.cancels[id as usize],
            (_, 14) => self.estimates[id as usize],
            (_, 15) => self.starts[id as usize],
            _ => self.jobs[id as usize],
        };
        kept != place.ticket()
    }
}

/// Completions of one instant by class, all and the good ones, kept until the window has opened: if it opens at that very
/// instant, they belong to it.
struct OpeningCompletions {
    at: Time,
    completions: Vec<[u64; 2]>,
}

impl OpeningCompletions {
    fn new(classes: usize) -> OpeningCompletions {
        OpeningCompletions {
            at: Time::ZERO,
            completions: vec![[0; 2]; classes],
        }
    }

    #[cold]
    fn count(&mut self, now: Time, class: u32, is_good: bool) {
        if self.at < now {
            self.at = now;
            self.completions.fill([0; 2]);
        }
        let [all, good] = &mut self.completions[class as usize];
        *all += u64::from(self.at == now);
        *good += u64::from(self.at == now && is_good);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else a job that brings a small demand would not be looked for.
    #[test]
    fn no_row_of_demand_is_below_the_least() {
        let mut demands = Demands {
            values: vec![4, 8],
            free: Vec::new(),
            width: 2,
            classes: 1,
            least: vec![4, 8],
        };
        let row = demands.own(0);
        demands.set(row, 1, 2);
        assert_eq!(
            (demands.row(row), &demands.least[..]),
            (&[4, 2][..], &[4, 2][..])
        );
    }

    #[test]
    fn times_are_scaled_to_the_nearest_even() {
        let halves = [1, 3, 5, 7].map(|time| scaled(Time(time), 1, 2).0);
        assert_eq!(halves, [0, 2, 2, 4]);
        assert_eq!(scaled(Time(7), 2, 3), Time(5)); // 4 2/3
        assert_eq!(scaled(Time(5), 2, 3), Time(3)); // 3 1/3
        assert_eq!(scaled(Time(u64::MAX), 2, 1), Time(u64::MAX));
    }
}
