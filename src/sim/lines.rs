//! The lines at the nodes of a run on the direct path: when each node is free, and how many tasks are
//! at it.
//!
//! A line is looked at only when somebody needs to know. What has left it until then is not looked for
//! at any other time, and all that is to be said of a task is in the [`Ledger`](super::ledger::Ledger)
//! from the moment on at which it is placed.

use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::strategy::board::by_count::ByCount;
use crate::strategy::{Counts, Order, Reads, Ties};

use super::core::Core;
use super::due::Due;
use super::ledger::{Ledger, Task};
use super::replication::Replication;

/// See the module.
pub struct Lines {
    /// Of which nodes decisions read the state.
    pub reads: Reads,
    /// They read numbers of tasks alone; nothing else is kept of the nodes then.
    pub by_counts: bool,
    /// It is known how many tasks are at a node; else only when it is free.
    keeps_ends: bool,
    /// When the first in line end, where decisions may read the state of any node.
    due: Due,
    queues: Queues,
    /// Service of all tasks so far.
    service: u128,
}

/// The lines themselves.
struct Queues {
    lines: Vec<Line>,
    /// Ends of those who stand farther back, and the first of its free places, which are linked.
    far: Vec<End>,
    free: u32,
    by_counts: bool,
    /// The order by numbers of tasks, if it is the only one and of all nodes.
    order: Option<ByCount>,
    /// Dispatchers that rely on reports of idle nodes.
    by_idle: u64,
}

/// How many ends lie in the line's own record.
const NEAR: usize = 5;

/// The tasks bound to one node, in order: a line of memory.
#[derive(Clone)]
#[repr(align(64))]
struct Line {
    /// When the service of the last ends, or ended.
    last: Time,
    tasks: u32,
    /// Where the end of the first is; [`Time::MAX`] lies there if there is none.
    head: u32,
    /// When the first end, going round.
    ends: [Time; NEAR],
    /// The first and the last of those who stand farther back.
    first_far: u32,
    last_far: u32,
}

/// When the service of a task that stands farther back ends.
#[derive(Clone, Copy)]
struct End {
    time: Time,
    /// The next in line, or among the free ones.
    next: u32,
}

impl Line {
    const EMPTY: Line = Line {
        last: Time::ZERO,
        tasks: 0,
        head: 0,
        ends: [Time::MAX; NEAR],
        first_far: NONE,
        last_far: NONE,
    };

    /// When the service of the first ends; [`Time::MAX`] if there is none.
    #[inline(always)]
    fn first(&self) -> Time {
        self.ends[self.head as usize]
    }

    /// The place so many behind the first.
    #[inline(always)]
    fn place(&self, behind: u32) -> usize {
        let place = (self.head + behind) as usize;
        if place < NEAR { place } else { place - NEAR }
    }
}

impl Lines {
    /// Empty lines.
    pub fn new(replication: &mut Replication<'_>) -> Lines {
        let (core, dispatch) = (&mut replication.core, &mut replication.dispatch);
        let nodes = core.layout.count() as usize;
        let (reads, by_idle) = (dispatch.reads(), dispatch.reporting().by_idle);
        let by_counts = dispatch.goes_by_counts() && core.board.keeps_counts_alone();
        Lines {
            reads,
            by_counts,
            keeps_ends: reads != Reads::Nothing || by_idle > 0,
            due: Due::new(if reads == Reads::Any { nodes } else { 0 }),
            queues: Queues {
                lines: vec![Line::EMPTY; nodes],
                far: Vec::new(),
                free: NONE,
                by_counts,
                order: by_counts
                    .then(|| core.board.lend_counts(&core.layout))
                    .flatten(),
                by_idle,
            },
            service: 0,
        }
    }

    /// True if the nodes of the core are as these lines say.
    pub fn are_shown(&self) -> bool {
        self.keeps_ends && !self.by_counts
    }

    /// A task of `service` that is placed `now` takes its place in line at `node`; tells when it starts
    /// and ends.
    #[inline(always)]
    pub fn line_up(
        &mut self,
        core: &mut Core<'_>,
        node: NodeId,
        service: Time,
        now: Time,
    ) -> (Time, Time) {
        if self.keeps_ends && self.reads != Reads::Any {
            self.settle(core, node, now);
        }
        let line = &mut self.queues.lines[node.index()];
        let start = line.last.max(now);
        let end = start + service;
        line.last = end;
        self.service += u128::from(service.0);
        if self.keeps_ends {
            let is_first = self.queues.push(core, node, end);
            if is_first && self.reads == Reads::Any {
                self.due.push(node, end);
            }
            if !self.by_counts {
                core.nodes.line_up(node, service, now);
                core.changed(node);
            }
        }
        (start, end)
    }

    /// Lets go what has left the line at `node` until `now`.
    #[inline(always)]
    pub fn settle(&mut self, core: &mut Core<'_>, node: NodeId, now: Time) {
        if self.queues.lines[node.index()].first() <= now {
            self.queues.pop_until(core, node, now);
        }
    }

    /// Lets go what has left any line until `now`.
    pub fn settle_all(&mut self, core: &mut Core<'_>, now: Time) {
        match self.reads {
            _ if !self.keeps_ends => {}
            Reads::Any => self.settle_due(core, now),
            _ => {
                for node in 0..self.queues.lines.len() as u32 {
                    self.settle(core, NodeId(node), now);
                }
            }
        }
    }

    /// The same where decisions may read the state of any node.
    #[inline(always)]
    pub fn settle_due(&mut self, core: &mut Core<'_>, now: Time) {
        let (due, queues) = (&mut self.due, &mut self.queues);
        due.settle(now, |node| queues.pop(core, node));
    }

    /// The nodes of the core become as these lines are `now`; all that waits is in the `ledger`.
    pub fn show(&mut self, core: &mut Core<'_>, ledger: &Ledger, now: Time) {
        if self.are_shown() {
            return self.settle_all(core, now);
        }
        match self.keeps_ends {
            true => self.settle_all(core, now),
            false => self.count(ledger, now),
        }
        let (mut left, mut busy) = (0, 0);
        for (at, line) in self.queues.lines.iter().enumerate() {
            let own = line.last.since(now);
            core.nodes
                .show_line(NodeId(at as u32), line.tasks, own, now);
            left += i128::from(own.0);
            busy += u64::from(line.tasks > 0);
        }
        core.nodes.show_use(busy, self.service as i128 - left, now);
    }

    fn count(&mut self, ledger: &Ledger, now: Time) {
        let lines = &mut self.queues.lines;
        lines.iter_mut().for_each(|line| line.tasks = 0);
        ledger.for_each_task(now, |node| lines[node.index()].tasks += 1);
    }

    /// Gives back what was lent.
    pub fn hand_over(&mut self, core: &mut Core<'_>) {
        if let Some(order) = self.queues.order.take() {
            core.board.take_back_counts(order);
        }
    }
}

impl Queues {
    /// A task whose service ends at `end` is the last in line at `node`; true if it is the first too.
    #[inline(always)]
    fn push(&mut self, core: &mut Core<'_>, node: NodeId, end: Time) -> bool {
        let line = &mut self.lines[node.index()];
        let before = line.tasks;
        line.tasks += 1;
        if before < NEAR as u32 {
            line.ends[line.place(before)] = end;
        } else {
            self.push_far(node, end);
        }
        if self.by_counts {
            self.recount(core, node, before, before + 1);
        }
        before == 0
    }

    #[inline(never)]
    fn push_far(&mut self, node: NodeId, time: Time) {
        let id = self.free;
        let id = match self.far.get_mut(id as usize) {
            Some(end) => {
                self.free = std::mem::replace(&mut end.next, NONE);
                end.time = time;
                id
            }
            None => {
                self.far.push(End { time, next: NONE });
                self.far.len() as u32 - 1
            }
        };
        let line = &mut self.lines[node.index()];
        match std::mem::replace(&mut line.last_far, id) {
            NONE => line.first_far = id,
            before => self.far[before as usize].next = id,
        }
    }

    /// The first of those who stand farther back comes near; tells when its service ends.
    #[inline(never)]
    fn pop_far(&mut self, node: NodeId) -> Time {
        let line = &mut self.lines[node.index()];
        let id = line.first_far;
        let end = &mut self.far[id as usize];
        line.first_far = std::mem::replace(&mut end.next, self.free);
        self.free = id;
        if line.first_far == NONE {
            line.last_far = NONE;
        }
        end.time
    }

    #[inline(always)]
    fn pop_until(&mut self, core: &mut Core<'_>, node: NodeId, now: Time) {
        while self.pop(core, node) <= now {}
    }

    /// The service of the first in line at `node` has ended; tells when that of the next does.
    #[inline(always)]
    fn pop(&mut self, core: &mut Core<'_>, node: NodeId) -> Time {
        let line = &mut self.lines[node.index()];
        let (end, at) = (line.first(), line.head as usize);
        line.tasks -= 1;
        line.head = line.place(1) as u32;
        let tasks = line.tasks;
        if tasks == 0 {
            line.ends[line.head as usize] = Time::MAX;
        } else if tasks >= NEAR as u32 {
            let last = self.pop_far(node);
            self.lines[node.index()].ends[at] = last;
        }
        if self.by_counts {
            self.recount(core, node, tasks + 1, tasks);
        } else {
            core.nodes.move_up(node, end);
            core.changed(node);
        }
        if tasks == 0 && self.by_idle > 0 && core.window.contains(end) {
            core.totals.messages += self.by_idle;
        }
        self.lines[node.index()].first()
    }

    #[inline(always)]
    fn recount(&mut self, core: &mut Core<'_>, node: NodeId, before: u32, tasks: u32) {
        match &mut self.order {
            Some(order) => order.step(node.index(), before, tasks),
            None if core.board.is_kept() => core.board.recount(node, tasks),
            None => {}
        }
    }
}

/// Numbers of tasks at the nodes of a pool.
pub struct Looking<'a, 's> {
    pub core: &'a mut Core<'s>,
    pub lines: &'a mut Lines,
    pub pool: u32,
    /// The pool has all nodes.
    pub is_whole: bool,
    pub now: Time,
    /// Nodes that were probed.
    pub probes: u32,
}

impl Looking<'_, '_> {
    /// What is to be seen at any node is up to date.
    #[inline(always)]
    pub fn catch_up(&mut self) {
        if self.lines.reads == Reads::Any {
            self.lines.settle_due(self.core, self.now);
        }
    }

    /// A task of `service` takes its place in line.
    #[inline(always)]
    pub fn line_up(&mut self, node: NodeId, service: Time) -> Task {
        let (start, end) = self.lines.line_up(self.core, node, service, self.now);
        Task::new(node, start, end)
    }

    /// The node of that rank.
    #[inline(always)]
    pub fn node(&self, rank: u32) -> NodeId {
        match self.is_whole {
            true => NodeId(rank),
            false => self.core.board.node(self.pool, rank),
        }
    }
}

impl Counts for Looking<'_, '_> {
    #[inline(always)]
    fn tasks(&mut self, rank: u32) -> u32 {
        self.probes += 1;
        let node = self.node(rank);
        self.lines.settle(self.core, node, self.now);
        self.lines.queues.lines[node.index()].tasks
    }

    #[inline(always)]
    fn least(&mut self, order: Order, ties: Ties, rng: &mut Draw) -> Option<u32> {
        match &mut self.lines.queues.order {
            Some(order) => order.least(ties, rng).map(|at| at as u32),
            None => {
                let (board, pool) = (&self.core.board, self.pool);
                board.least(pool, order, self.now, ties, rng)
            }
        }
    }
}
