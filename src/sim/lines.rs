//! The lines at the nodes of a run on the direct path: when each node is free, and how many tasks are
//! at it.
//!
//! A line is looked at only when somebody needs to know: some decisions need to know all. All that is to be
//! said of a task is in the [`Ledger`](super::ledger::Ledger) from the moment on at which it is placed.

use crate::engine::time::Time;
use crate::metrics::nodes::{self as metrics, Capacity, Observation};
use crate::model::ids::NodeId;
use crate::strategy::Reads;
use crate::strategy::board::by_count::ByCount;

use super::core::Core;
use super::due::Due;
use super::far::{Far, Rear};
use super::ledger::Ledger;
use super::lengths::Lengths;
use super::noted::Noted;
use super::replication::Replication;
use super::rooms::Rooms;
use super::told::Told;

/// See the module.
pub struct Lines {
    /// Of which nodes decisions read the state.
    pub reads: Reads,
    /// They read numbers of tasks alone; nothing else is kept of the nodes then.
    pub by_counts: bool,
    /// It is known how many tasks are at a node; else only when it is free.
    keeps_ends: bool,
    /// How they are kept.
    pub way: u8,
    /// Where several run at once, or tasks take time to reach their nodes.
    rooms: Option<Rooms>,
    /// The lines, in one of four ways.
    lasts: Vec<Time>,
    lengths: Lengths,
    told: Told,
    queues: Queues,
    /// When the first in line of the queues end, where decisions may read the state of any node.
    due: Due,
    /// Service of all tasks so far.
    service: u128,
    /// Tasks at nodes, for a function's own use.
    tasks: Noted<u32>,
}

/// Lines from which tasks come and go one by one.
struct Queues {
    lines: Vec<Line>,
    /// Ends of those who stand farther back.
    far: Far,
    by_counts: bool,
    /// The order by numbers of tasks, if it is the only one and of all nodes.
    order: Option<ByCount>,
    /// Dispatchers that rely on reports of idle nodes.
    by_idle: u64,
}

/// A way to keep lines: when each is free, and no more.
pub const BLIND: u8 = 0;
/// How many tasks are in each, where nothing else follows from their coming and going.
pub const BARE: u8 = 1;
/// How many tasks are in all, with what follows when any leaves.
pub const TOLD: u8 = 2;
/// When each of the tasks leaves, with what follows.
pub const FULL: u8 = 3;

/// How many ends lie in the line's own record.
const NEAR: usize = 5;

/// A look at so many nodes, one after the other, costs no more than one at the tasks of a job, whose nodes may be any.
const NODES_A_JOB: usize = 4;

/// The tasks bound to one node, in order: a line of memory.
#[derive(Clone)]
#[repr(align(64))]
struct Line {
    /// When the service of the last ends, or ended.
    last: Time,
    tasks: u32,
    /// When the services of the first end; [`Time::MAX`] where there is nobody.
    ends: [Time; NEAR],
    /// Those who stand farther back.
    rear: Rear,
}

impl Line {
    const EMPTY: Line = Line {
        last: Time::ZERO,
        tasks: 0,
        ends: [Time::MAX; NEAR],
        rear: Rear::EMPTY,
    };

    /// When the service of the first ends; [`Time::MAX`] if there is none.
    #[inline(always)]
    fn first(&self) -> Time {
        self.ends[0]
    }

    /// The first leaves, and nobody stands far back.
    #[inline(always)]
    fn advance(&mut self) {
        self.tasks -= 1;
        self.ends.copy_within(1.., 0);
        self.ends[NEAR - 1] = Time::MAX;
    }
}

impl Lines {
    /// Empty lines.
    pub fn new(replication: &mut Replication<'_>, rooms: Option<Rooms>) -> Lines {
        let (core, dispatch) = (&mut replication.core, &mut replication.dispatch);
        let nodes = core.layout.count() as usize;
        let (reads, by_idle) = (dispatch.reads(), dispatch.reporting().by_idle);
        let by_counts = dispatch.goes_by_counts() && core.board.keeps_counts_alone();
        let keeps_ends = reads != Reads::Nothing || by_idle > 0;
        let way = match keeps_ends {
            false => BLIND,
            true if rooms.is_some() || by_counts && reads == Reads::Any => TOLD,
            true if by_counts && by_idle == 0 && !core.board.is_kept() => BARE,
            true => FULL,
        };
        let kept = |by| if way == by { nodes } else { 0 };
        let is_due = way == FULL && reads == Reads::Any;
        Lines {
            reads,
            by_counts,
            keeps_ends,
            way,
            lasts: match rooms {
                None => vec![Time::ZERO; kept(BLIND) + kept(TOLD)],
                Some(_) => Vec::new(),
            },
            rooms,
            lengths: Lengths::new(kept(BARE)),
            told: Told::new(kept(TOLD)),
            due: Due::new(if is_due { nodes } else { 0 }),
            queues: Queues {
                lines: vec![Line::EMPTY; kept(FULL)],
                far: Far::new(),
                by_counts,
                order: by_counts
                    .then(|| core.board.lend_counts(&core.layout))
                    .flatten(),
                by_idle,
            },
            service: 0,
            tasks: Noted::new(nodes as u32),
        }
    }

    /// True if the nodes of the core are as these lines say.
    pub fn are_shown(&self) -> bool {
        self.keeps_ends && !self.by_counts && self.rooms.is_none()
    }

    /// When the service of the last in line at `node` ends, or ended.
    #[inline(always)]
    fn last(&self, node: NodeId) -> Time {
        match self.way {
            BLIND | TOLD => self.lasts[node.index()],
            BARE => self.lengths.last(node),
            _ => self.queues.lines[node.index()].last,
        }
    }

    /// A task of `service` that is placed `now` takes its place in line at `node`, as lines are kept in that
    /// way; tells when it starts and ends.
    #[inline(always)]
    pub fn line_up_by<const WAY: u8>(
        &mut self,
        core: &mut Core<'_>,
        node: NodeId,
        service: Time,
        now: Time,
    ) -> (Time, Time) {
        self.service += u128::from(service.0);
        match WAY {
            BLIND => self.follow(node, service, now),
            BARE => self.lengths.push(node, service, now),
            TOLD => {
                let (start, end) = self.follow(node, service, now);
                let before = self.told.push(node, end);
                match &self.rooms {
                    Some(rooms) if !self.by_counts => {
                        core.nodes.hold(node, rooms.demand());
                        core.changed(node);
                    }
                    _ => self.queues.recount(core, node, before, before + 1),
                }
                (start, end)
            }
            _ => self.line_up_fully(core, node, service, now),
        }
    }

    /// The same however they are kept.
    pub fn line_up(
        &mut self,
        core: &mut Core<'_>,
        node: NodeId,
        service: Time,
        now: Time,
    ) -> (Time, Time) {
        match self.way {
            BLIND => self.line_up_by::<BLIND>(core, node, service, now),
            BARE => self.line_up_by::<BARE>(core, node, service, now),
            TOLD => self.line_up_by::<TOLD>(core, node, service, now),
            _ => self.line_up_by::<FULL>(core, node, service, now),
        }
    }

    #[inline(always)]
    fn follow(&mut self, node: NodeId, service: Time, now: Time) -> (Time, Time) {
        match &mut self.rooms {
            None => follow(&mut self.lasts[node.index()], service, now),
            Some(rooms) => rooms.follow(node, service, now),
        }
    }

    #[inline(always)]
    fn line_up_fully(
        &mut self,
        core: &mut Core<'_>,
        node: NodeId,
        service: Time,
        now: Time,
    ) -> (Time, Time) {
        if self.reads != Reads::Any {
            self.settle(core, node, now);
        }
        let (start, end) = follow(&mut self.queues.lines[node.index()].last, service, now);
        let before = self.queues.push(node, end);
        if before == 0 && self.reads == Reads::Any {
            self.due.push(node.0, end);
        }
        if self.by_counts {
            self.queues.recount(core, node, before, before + 1);
        } else {
            core.nodes.line_up(node, service, now);
            core.changed(node);
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

    /// How many tasks are at `node` now, as lines are kept in that way.
    #[inline(always)]
    pub fn tasks_at<const WAY: u8>(&mut self, core: &mut Core<'_>, node: NodeId, now: Time) -> u32 {
        match WAY {
            BARE => self.lengths.count(node, now),
            TOLD => self.told.count(node),
            _ => {
                self.settle(core, node, now);
                self.queues.lines[node.index()].tasks
            }
        }
    }

    /// The order of all nodes by numbers of tasks, if it is the only one.
    #[inline(always)]
    pub fn order(&mut self) -> Option<&mut ByCount> {
        self.queues.order.as_mut()
    }

    /// Reads something of the line at `node`, which is needed soon.
    #[inline(always)]
    pub fn touch(&self, node: NodeId) -> u64 {
        match &self.rooms {
            None => self.last(node).0,
            Some(rooms) => rooms.first_free(node).0,
        }
    }

    /// Lets go what has left any line until `now`.
    pub fn settle_all(&mut self, core: &mut Core<'_>, now: Time) {
        match self.way {
            BLIND | BARE => {}
            TOLD => self.settle_told(core, now),
            _ if self.reads == Reads::Any => self.settle_due(core, now),
            _ => {
                for node in 0..self.queues.lines.len() as u32 {
                    self.settle(core, NodeId(node), now);
                }
            }
        }
    }

    /// The same where all departures are told.
    #[inline(always)]
    pub fn settle_told(&mut self, core: &mut Core<'_>, now: Time) {
        let (told, queues) = (&mut self.told, &mut self.queues);
        match &self.rooms {
            Some(rooms) if !self.by_counts => told.settle(now, |node, end, tasks| {
                core.nodes.let_go(node, rooms.demand());
                core.changed(node);
                queues.report_idle(core, end, tasks);
            }),
            _ => told.settle(now, |node, end, tasks| {
                queues.recount(core, node, tasks + 1, tasks);
                queues.report_idle(core, end, tasks);
            }),
        }
    }

    /// The same where decisions may read the state of any node.
    #[inline(always)]
    pub fn settle_due(&mut self, core: &mut Core<'_>, now: Time) {
        let (due, queues) = (&mut self.due, &mut self.queues);
        due.settle(now, |node, _| queues.pop(core, NodeId(node)));
    }

    /// The nodes of the core become as these lines are `now`, when nothing is left that is due.
    pub fn show(&mut self, core: &mut Core<'_>, ledger: &Ledger, now: Time) {
        if self.are_shown() {
            return;
        }
        if let Some(rooms) = &mut self.rooms {
            return rooms.show(core, ledger, self.service, now);
        }
        self.count(ledger, now);
        let (mut left, mut busy) = (0, 0);
        for node in (0..core.layout.count()).map(NodeId) {
            let (own, tasks) = (self.last(node).since(now), *self.tasks.at(node));
            core.nodes.show_line(node, tasks, own, now);
            left += i128::from(own.0);
            busy += u64::from(tasks > 0);
        }
        self.tasks.drain(|_, _| {});
        core.nodes.show_use(busy, self.service as i128 - left, now);
    }

    /// What is to be seen of the lines `now`, when nothing is left that is due.
    pub fn observe(
        &mut self,
        core: &Core<'_>,
        ledger: &Ledger,
        capacity: &Capacity,
        now: Time,
    ) -> Observation {
        if let Some(rooms) = &mut self.rooms {
            return rooms.observe(core, ledger, capacity, now);
        }
        let mut seen = metrics::Lines::of(core.layout.count());
        match self.way {
            BARE | TOLD if NODES_A_JOB * ledger.jobs() >= seen.nodes() as usize => {
                self.look_at_all(&mut seen, now);
            }
            _ => self.look_at_filled(&mut seen, ledger, now),
        }
        seen.observed(now, core.window.jobs(), 0)
    }

    fn look_at_all(&self, seen: &mut metrics::Lines, now: Time) {
        for node in (0..seen.nodes()).map(NodeId) {
            let tasks = match self.way {
                BARE => self.lengths.count(node, now),
                _ => self.told.count(node),
            };
            seen.add(tasks, self.last(node).since(now));
        }
    }

    fn look_at_filled(&mut self, seen: &mut metrics::Lines, ledger: &Ledger, now: Time) {
        self.count(ledger, now);
        let mut tasks = std::mem::take(&mut self.tasks);
        tasks.drain(|node, tasks| seen.add(tasks, self.last(node).since(now)));
        self.tasks = tasks;
    }

    fn count(&mut self, ledger: &Ledger, now: Time) {
        ledger.for_each_task(|_, task| {
            if task.end > now {
                *self.tasks.at(task.node) += 1;
            }
        });
    }

    /// Gives back what was lent.
    pub fn give_back(&mut self, core: &mut Core<'_>) {
        if let Some(order) = self.queues.order.take() {
            core.board.take_back_counts(order);
        }
    }
}

impl Queues {
    /// A task whose service ends at `end` is the last in line at `node`; tells how many are before it.
    #[inline(always)]
    fn push(&mut self, node: NodeId, end: Time) -> u32 {
        let line = &mut self.lines[node.index()];
        let before = line.tasks;
        line.tasks += 1;
        match line.ends.get_mut(before as usize) {
            Some(place) => *place = end,
            None => self.far.push(&mut line.rear, end),
        }
        before
    }

    #[inline(never)]
    fn pop_until(&mut self, core: &mut Core<'_>, node: NodeId, now: Time) {
        while self.pop(core, node) <= now {}
    }

    /// The service of the first in line at `node` has ended; tells when that of the next does.
    #[inline(always)]
    fn pop(&mut self, core: &mut Core<'_>, node: NodeId) -> Time {
        let line = &mut self.lines[node.index()];
        let end = line.first();
        line.advance();
        let tasks = line.tasks;
        if tasks >= NEAR as u32 {
            line.ends[NEAR - 1] = self.far.pop(&mut line.rear);
        }
        if self.by_counts {
            self.recount(core, node, tasks + 1, tasks);
        } else {
            core.nodes.move_up(node, end);
            core.changed(node);
        }
        self.report_idle(core, end, tasks);
        self.lines[node.index()].first()
    }

    /// A node that is left with so many tasks reports that it is idle, if it is and anybody relies on that.
    #[inline(always)]
    fn report_idle(&self, core: &mut Core<'_>, at: Time, tasks: u32) {
        if tasks == 0 && self.by_idle > 0 && core.window.contains(at) {
            core.totals.messages += self.by_idle;
        }
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

/// One more follows the last of a line: tells when his service starts and ends.
#[inline(always)]
fn follow(last: &mut Time, service: Time, now: Time) -> (Time, Time) {
    let start = now.max(*last);
    *last = start + service;
    (start, *last)
}
