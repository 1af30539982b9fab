//! The central queue. In its plain form it is one fifo whose head waits for any eligible node with room
//! and blocks what is behind it. Which nodes have room, the board knows; so a task costs O(log n).
//!
//! By other rules it serves the oldest job first, or by priority or work, one job at a time, gangs (jobs whose tasks start
//! together, or not at all), or lets those start that stand behind a head which finds no room.

use crate::model::ids::NodeId;
use crate::model::list::List;
use crate::model::nodes::NodeState;
use crate::model::slab::NONE;
use crate::strategy::view::Truth;
use crate::strategy::{Backfill, QueueOrder, QueueRules};

use super::core::{Core, Kind};
use super::dispatch::{stage, subject};
use super::plan::Plan;
use super::records::Phase;
use super::setup::Setup;

/// Tasks that are bound to a node when one has room.
pub struct Central {
    /// Those that wait; of a gang its first task, once all of it are there.
    queue: List,
    length: u64,
    rules: QueueRules,
    /// Whether it is the plain form.
    is_plain: bool,
    /// The job that is served, if one is at a time.
    current: Option<Current>,
    /// It will be gone through at the end of this instant.
    is_asked_for: bool,
    plan: Plan,
    /// For how many tasks of a demand there is room at the nodes of a pool, where it was looked at; of
    /// those that are no gangs for one at most.
    room: Vec<((u32, u32, bool), u64)>,
}

/// A job that is served while no other is.
#[derive(Clone, Copy)]
struct Current {
    class: u32,
    number: u64,
    /// Those of the queue that are its.
    waiting: u64,
}

/// What may start now.
pub enum Next {
    /// A task, or the first of a gang, on any nodes with room.
    Anywhere(u32),
    /// The same, where it stands in nobody's way: on the nodes that the plan has found.
    AsPlanned(u32),
}

/// Most jobs that are promised room under conservative backfilling.
const MOST_PROMISES: usize = 256;

impl Central {
    /// An empty queue.
    pub fn new(setup: &Setup) -> Central {
        let rules = setup.strategy.queue;
        Central {
            queue: List::EMPTY,
            length: 0,
            rules,
            is_plain: setup.queues_plainly(),
            current: None,
            is_asked_for: false,
            plan: Plan::default(),
            room: Vec::new(),
        }
    }

    /// True if only the head is ever looked at, for one node.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Tasks waiting.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Something may start by the rules. What that is can be told only when all that happens at this instant
    /// has: nodes that come free together are to be seen together.
    #[cold]
    pub fn ask_for_pass(&mut self, core: &mut Core<'_>) {
        if !self.is_asked_for && self.length > 0 {
            self.is_asked_for = true;
            core.schedule(core.now(), Kind::SchedulingPass, 0, 0);
        }
    }

    /// The queue is gone through.
    pub fn begin_pass(&mut self) {
        self.is_asked_for = false;
    }

    /// The last of the queue, if more wait than `limit`.
    pub fn surplus(&self, limit: Option<u64>) -> Option<u32> {
        let last = self.queue.tail();
        let is_surplus = limit.is_some_and(|limit| self.length > limit);
        (is_surplus && last != NONE).then_some(last)
    }

    /// A task reaches the queue.
    pub fn reach(&mut self, core: &mut Core<'_>, id: u32) {
        let now = core.now();
        core.records.task_mut(id).enter(Phase::Queue, now);
        self.length += 1;
        if self.is_plain {
            self.queue.push(&mut core.records, id);
        } else {
            self.insert(core, id);
        }
    }

    /// A task that waits is the last in the plain queue from now on.
    pub fn take_over(&mut self, core: &mut Core<'_>, id: u32) {
        self.length += 1;
        self.queue.push(&mut core.records, id);
    }

    #[cold]
    fn insert(&mut self, core: &mut Core<'_>, id: u32) {
        let of = core.records.task(id).job;
        let job = core.records.job_mut(of);
        let (mut id, class) = (id, job.class as usize);
        job.assembled += 1;
        if core.facts[class].is_gang {
            if job.assembled < job.tasks {
                return;
            }
            id = of;
        }
        let (mut next, own) = (NONE, self.key(core, id));
        let mut before = self.queue.tail();
        while before != NONE && self.key(core, before) > own {
            next = before;
            before = List::before(&core.records, before);
        }
        self.queue.insert_before(&mut core.records, next, id);
        if let Some(current) = self.current_of(core, id) {
            current.waiting += 1;
        }
    }

    /// The smaller, the further before in the queue; of equal ones who came first.
    fn key(&self, core: &Core<'_>, id: u32) -> impl Ord + use<> {
        let (task, job) = core.records.both(id);
        match self.rules.order {
            QueueOrder::Fifo => (0, 0, 0, 0, 0),
            QueueOrder::Job => (
                i128::from(job.arrival.0),
                job.class,
                job.number,
                task.stage,
                task.index,
            ),
            QueueOrder::Priority => {
                let priority = core.facts[job.class as usize].priority;
                (-i128::from(priority), 0, 0, 0, 0)
            }
            QueueOrder::Sjf => {
                let work = core.said_work(&subject(core, task, job));
                let time = core.facts[job.class as usize].time(work);
                let time = time + stage(core, job, task).overhead;
                (i128::from(time.0), 0, 0, 0, 0)
            }
        }
    }

    /// The job that is served, if `id` is a task of it.
    fn current_of(&mut self, core: &Core<'_>, id: u32) -> Option<&mut Current> {
        let (_, job) = core.records.both(id);
        let current = self.current.as_mut();
        current.filter(|of| (of.class, of.number) == (job.class, job.number))
    }

    /// The head, if any eligible node has room for it.
    pub fn head(&self, core: &mut Core<'_>) -> Option<u32> {
        let head = self.queue.head();
        (head != NONE && has_room(core, head)).then_some(head)
    }

    /// What may start now by rules that are not plain.
    #[inline(never)]
    pub fn next(&mut self, core: &mut Core<'_>) -> Option<Next> {
        self.room.clear();
        let mut id = self.first(core);
        while id != NONE {
            if self.finds_room(core, id) {
                return Some(Next::Anywhere(id));
            }
            match self.rules.backfill {
                Backfill::None => return None,
                Backfill::Any => id = List::after(&core.records, id),
                Backfill::Easy => return self.plan_from(core, id, 1),
                Backfill::Conservative => return self.plan_from(core, id, MOST_PROMISES),
            }
        }
        None
    }

    /// The head of the queue, or of those in it that are of the job that is served, if one is at a time.
    fn first(&self, core: &Core<'_>) -> u32 {
        let mut id = self.queue.head();
        let Some(current) = self.current.filter(|_| self.rules.one_at_a_time) else {
            return id;
        };
        if current.waiting == 0 {
            return NONE;
        }
        let is_its = |id: u32| {
            let (_, job) = core.records.both(id);
            (job.class, job.number) == (current.class, current.number)
        };
        while id != NONE && !is_its(id) {
            id = List::after(&core.records, id);
        }
        id
    }

    /// True if there is room now for a task, or for all of a gang.
    fn finds_room(&mut self, core: &mut Core<'_>, id: u32) -> bool {
        let (task, job) = core.records.both(id);
        let row = job.demand + u32::from(task.stage);
        let is_gang = core.facts[job.class as usize].is_gang;
        let what = (row, core.pool_of(task, job), is_gang);
        let count = if is_gang { u64::from(job.tasks) } else { 1 };
        let known = self.room.iter().find(|(of, _)| *of == what);
        let room = known.map(|(_, room)| *room).unwrap_or_else(|| {
            let room = match has_room(core, id) {
                true if is_gang => room(core, id),
                has_room => u64::from(has_room),
            };
            self.room.push((what, room));
            room
        });
        room >= count
    }

    /// What may start now behind `head`, which finds no room: nobody in the way of the first `promises`
    /// of those before him.
    fn plan_from(&mut self, core: &mut Core<'_>, head: u32, promises: usize) -> Option<Next> {
        let last = self.last_with_room(core, head, promises)?;
        self.plan.lay_out(core);
        let (mut id, mut left) = (head, promises);
        loop {
            let may_start = self.finds_room(core, id);
            if may_start || left > 0 {
                let wish = self.plan.wish(core, id);
                if may_start && self.plan.has_room_now(core, &wish) {
                    return Some(Next::AsPlanned(id));
                }
                if left > 0 {
                    self.plan.promise(core, &wish);
                    left -= 1;
                }
            }
            if id == last {
                return None;
            }
            id = List::after(&core.records, id);
        }
    }

    /// The last of those behind `head` that find room now, if nobody else is considered: whoever stands
    /// behind him need not be promised any. Under conservative backfilling nobody starts without a promise.
    fn last_with_room(&mut self, core: &mut Core<'_>, head: u32, promises: usize) -> Option<u32> {
        let most = match self.rules.backfill {
            Backfill::Conservative => promises,
            _ => usize::MAX,
        };
        let (mut id, mut place, mut last) = (head, 0, None);
        while id != NONE && place < most {
            if self.finds_room(core, id) {
                last = Some(id);
            }
            place += 1;
            id = List::after(&core.records, id);
        }
        last
    }

    /// An error if the head finds no room although nothing runs at all, on nodes that are all up: then it
    /// never will.
    pub fn check_hope(&self, core: &Core<'_>) -> Result<(), String> {
        let head = self.first(core);
        let is_up = |node| core.nodes.state(node) == NodeState::Up;
        if head == NONE || !core.nodes.are_idle() || !core.layout.ids().all(is_up) {
            return Ok(());
        }
        let (_, job) = core.records.both(head);
        let (name, tasks) = (&core.setup.classes[job.class as usize].name, job.tasks);
        Err(format!(
            "a job of `{name}` waits for ever: its {tasks} tasks start together, and the nodes have room for {} (lower `jobs.{name}.tasks`, or raise `nodes.NAME.count`)",
            room(core, head)
        ))
    }

    /// The nodes that were found for what starts as planned.
    pub fn planned(&self) -> Vec<NodeId> {
        self.plan.found().collect()
    }

    /// Takes out a task that is not to run any more.
    pub fn withdraw(&mut self, core: &mut Core<'_>, id: u32) {
        self.length -= 1;
        let (task, job) = core.records.both(id);
        let stands_for_others = task.job == id && job.assembled == job.tasks;
        if !core.facts[job.class as usize].is_gang || stands_for_others {
            self.remove(core, id);
        }
    }

    /// Takes the head, which has been given a node.
    pub fn take(&mut self, core: &mut Core<'_>) {
        self.queue.pop(&mut core.records);
        self.length -= 1;
    }

    /// Takes what starts, of so many tasks, from wherever it stands.
    pub fn take_out(&mut self, core: &mut Core<'_>, id: u32, tasks: u64) {
        self.remove(core, id);
        self.length -= tasks;
        if self.current_of(core, id).is_none() {
            let (_, job) = core.records.both(id);
            let is_gang = core.facts[job.class as usize].is_gang;
            let (class, number) = (job.class, job.number);
            self.current = Some(Current {
                class,
                number,
                waiting: if is_gang { 0 } else { u64::from(job.assembled) },
            });
        }
    }

    fn remove(&mut self, core: &mut Core<'_>, id: u32) {
        self.queue.remove(&mut core.records, id);
        if self.is_plain {
            return;
        }
        let job = core.records.task(id).job;
        let job = core.records.job_mut(job);
        if !core.facts[job.class as usize].is_gang {
            job.assembled -= 1;
        }
        if let Some(current) = self.current_of(core, id) {
            current.waiting -= 1;
        }
    }

    /// A job leaves the system: another one may be served.
    pub fn leave(&mut self, class: u32, number: u64) {
        let is_it = |current: &Current| (current.class, current.number) == (class, number);
        if self.current.is_some_and(|current| is_it(&current)) {
            self.current = None;
        }
    }
}

/// True if any eligible node has room for a task now.
fn has_room(core: &mut Core<'_>, id: u32) -> bool {
    let (task, job) = core.records.both(id);
    let truth = Truth {
        layout: &core.layout,
        nodes: &core.nodes,
        now: core.agenda.now(),
    };
    let demand = core.demands.of(task, job);
    let pool = core.pool_of(task, job);
    let spot = core.board.turn(job.dispatcher, pool, demand, truth);
    let (_, nodes) = core.board.seen(spot, truth, None);
    nodes.count() > 0
}

/// Tasks like `id` for which all eligible nodes together have room now.
fn room(core: &Core<'_>, id: u32) -> u64 {
    let (task, job) = core.records.both(id);
    let demand = core.demands.of(task, job);
    let nodes = core.board.nodes_of(core.pool_of(task, job)).iter();
    let up = nodes.filter(|node| core.nodes.state(**node) == NodeState::Up);
    up.map(|node| core.nodes.copies(*node, demand))
        .fold(0, u64::saturating_add)
}
