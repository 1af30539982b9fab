//! What is followed of attempts as long as nodes hold them, beside what nodes sum up: what they are said to take,
//! whom reservations keep away from, and which nodes are idle.
//!
//! Sums at nodes suffice for most placements; only what is rarely asked for is followed attempt by attempt, so
//! that runs which do not ask for it do not pay.

use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::nodes::NodeState;
use crate::strategy::Estimates as Rule;
use crate::strategy::board::node_set::NodeSet;

use super::core::{Core, Timer};
use super::dispatch::{stage, subject};
use super::estimates::Said;
use super::records::Subject;

impl Core<'_> {
    fn rule(&self, class: u32) -> &Rule {
        let strategy = &self.setup.strategy;
        &strategy.parts[strategy.parts_of_class[class as usize]].estimates
    }

    /// The work that a task is said to have, in the unit of its class.
    #[inline(always)]
    pub fn said_work(&self, subject: &Subject) -> f64 {
        match &self.estimates {
            None => subject.work,
            Some(estimates) => estimates.work(self.rule(subject.class), subject),
        }
    }

    /// How long an attempt that does not run is said to run yet.
    #[inline(always)]
    pub fn said_left(&self, id: u32) -> Time {
        match &self.estimates {
            None => self.records.task(id).service,
            Some(estimates) => estimates.said[id as usize].left,
        }
    }

    /// How long an attempt is said to take at its node in all.
    fn said_whole(&self, id: u32) -> Time {
        let (task, job) = self.records.both(id);
        match self.rule(job.class) {
            Rule::Exact => return task.service,
            _ if task.is_reservation() => return Time::ZERO,
            Rule::None => return Time::ZERO,
            _ => {}
        }
        let work = self.said_work(&subject(self, task, job));
        let facts = &self.facts[job.class as usize];
        let overhead = stage(self, job, task).overhead;
        let lack = match self.may_lack_data {
            true => self.lack(task, job, task.node),
            false => Time::ZERO,
        };
        facts.time(work / self.layout.factor(task.node)) + overhead + lack
    }

    /// An attempt has been bound to a node.
    #[cold]
    #[inline(never)]
    pub(super) fn note_estimate(&mut self, id: u32) {
        let whole = self.said_whole(id);
        self.say(id, whole);
        let task = self.records.task(id);
        let (at, more) = (task.node, whole.0.wrapping_sub(task.service.0));
        self.nodes.misjudge(at, more, 0, self.agenda.now());
    }

    fn say(&mut self, id: u32, whole: Time) {
        if let Some(estimates) = &mut self.estimates {
            *estimates.at(id) = Said {
                whole,
                left: whole,
                is_over: false,
            };
        }
    }

    /// An attempt is about to run.
    pub(super) fn await_estimate(&mut self, id: u32) {
        let (left, now) = (self.said_left(id), self.now());
        if left < self.records.task(id).service {
            self.wait_until(now + left, Timer::Overdue, id);
        }
    }

    /// An attempt has run for as long as it was said to.
    #[cold]
    pub(super) fn outlast_estimate(&mut self, id: u32) {
        self.forget_estimate(id);
        if let Some(estimates) = &mut self.estimates {
            estimates.at(id).is_over = true;
        }
        let (at, now) = (self.records.task(id).node, self.now());
        self.nodes.misjudge(at, 0, 1, now);
        self.changed(at);
    }

    /// An attempt runs no more; it ran for `span`.
    #[cold]
    #[inline(never)]
    pub(super) fn stop_estimate(&mut self, id: u32, span: Time) {
        self.wait_no_more(Timer::Overdue, id);
        let (at, now) = (self.records.task(id).node, self.now());
        if let Some(estimates) = &mut self.estimates {
            let said = estimates.at(id);
            said.left = said.left.since(span);
            if std::mem::take(&mut said.is_over) {
                self.nodes.misjudge(at, 0, u32::MAX, now);
            }
        }
    }

    /// An attempt, which is said to have more left than the truth by what is told, is held at its node no more.
    #[cold]
    #[inline(never)]
    pub(super) fn drop_estimate(&mut self, id: u32) {
        let task = self.records.task(id);
        let more = self.said_left(id).0.wrapping_sub(task.service.0);
        let (at, now) = (task.node, self.now());
        self.nodes.misjudge(at, 0u64.wrapping_sub(more), 0, now);
    }

    /// The service of an attempt ends, which ran from `since` on.
    #[cold]
    #[inline(never)]
    pub(super) fn end_estimate(&mut self, id: u32) {
        let (span, at) = (
            self.now() - self.records.task(id).since(),
            self.records.task(id).node,
        );
        self.stop_estimate(id, span);
        let now = self.now();
        let more = self.said_left(id).0;
        self.nodes.misjudge(at, 0u64.wrapping_sub(more), 0, now);
    }

    /// An attempt starts over, and takes as long as it did at first; `left` was left of it.
    #[cold]
    #[inline(never)]
    pub(super) fn repeat_estimate(&mut self, id: u32, left: Time) {
        let task = self.records.task(id);
        let (at, service, class) = (task.node, task.service, self.records.both(id).1.class);
        let (before, now) = (self.said_left(id), self.now());
        let whole = match (self.rule(class), &self.estimates) {
            (Rule::Exact, _) | (_, None) => service,
            (_, Some(estimates)) => estimates.said[id as usize].whole,
        };
        self.say(id, whole);
        let more = (whole.0.wrapping_sub(service.0)).wrapping_sub(before.0.wrapping_sub(left.0));
        self.nodes.misjudge(at, more, 0, now);
    }

    /// Takes the nodes that parts `set` avoid out of those of a pool at these positions, unless no others are left.
    #[cold]
    pub(super) fn leave_out_avoided(&self, set: usize, pool: u32, positions: &mut NodeSet) {
        let Some(held) = self.avoiding.held.get(set).filter(|held| !held.is_empty()) else {
            return;
        };
        let nodes = self.board.nodes(pool).iter().enumerate();
        let avoided =
            |(at, node): &(usize, &NodeId)| positions.contains(*at) && held[node.index()] > 0;
        let avoided: Vec<usize> = nodes.filter(avoided).map(|(at, _)| at).collect();
        if avoided.len() < positions.count() as usize {
            avoided.into_iter().for_each(|at| positions.remove(at));
        }
    }

    /// An attempt is held at its node from now on.
    #[cold]
    #[inline(never)]
    pub(super) fn note_held(&mut self, id: u32) {
        if self.estimates.is_some() {
            self.note_estimate(id);
        }
        self.count_avoided(id, true);
    }

    /// An attempt is held at its node no more; `has_ended` if its service has ended.
    #[cold]
    #[inline(never)]
    pub(super) fn note_gone(&mut self, id: u32, has_ended: bool) {
        match (self.estimates.is_some(), has_ended) {
            (true, true) => self.end_estimate(id),
            (true, false) => self.drop_estimate(id),
            (false, _) => {}
        }
        self.count_avoided(id, false);
    }

    fn count_avoided(&mut self, id: u32, is_more: bool) {
        if !self.avoiding.is_none() {
            let (task, job) = self.records.both(id);
            let (class, node) = (job.class, task.node);
            self.avoiding
                .count(&self.setup.strategy, class, node, is_more);
        }
    }

    /// All nodes that are there from the start on are idle.
    pub(super) fn note_idle_nodes(&mut self) {
        if self.board.idle_queues.is_some() {
            (0..self.layout.count()).for_each(|node| self.follow_idle(NodeId(node)));
        }
    }

    /// What is held at a node has changed, or whether it is up: it may be idle.
    #[cold]
    #[inline(never)]
    pub(super) fn follow_idle(&mut self, node: NodeId) {
        let is_up = self.nodes.state(node) == NodeState::Up;
        let is_idle = is_up && self.nodes.at(node).tasks == 0;
        if let Some(queues) = &mut self.board.idle_queues {
            let messages = queues.note(node, is_idle);
            let is_open = self.window.contains(self.agenda.now());
            self.totals.messages += if is_open { messages } else { 0 };
        }
    }
}
