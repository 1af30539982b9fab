//! What becomes of attempts when something goes wrong: their node goes down, they fail, or nobody
//! waits for them any more. Then their task is tried again, or its job has failed.
//!
//! Each way to end an attempt is one function here, and each leads to one of few ends of its task: done, tried
//! again, or lost with its job. That every task reaches one of them is checked at the end of every replication.

use crate::engine::random::unit;
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::nodes::NodeState;
use crate::model::slab::NONE;
use crate::workload::class::Shape;

use super::central::Central;
use super::core::{Core, Timer};
use super::dispatch::{stage, whole_service};
use super::failure::Fallible;
use super::faults::Mode;
use super::recorder::Incident;
use super::records::{Phase, Task, draw};
use super::replication::Replication;
use super::service;
use super::setup::{StrandedQueued, StrandedRunning};
use crate::strategy::How;

impl Replication<'_> {
    /// Nodes go down, drain or come up; `id` is the node, if it does so by chance.
    pub(super) fn change_nodes(&mut self, id: u32) -> Fallible {
        if let Some((node, pace)) = self.faults.change_pace(&mut self.core, id) {
            service::change_pace(&mut self.core, node, pace);
            return Ok(());
        }
        for part in 0..self.faults.happen(&mut self.core, id) {
            for node in self.faults.hit(&self.core, id, part).map(NodeId) {
                self.settle_node(node)?;
            }
        }
        self.follow_starts();
        Ok(())
    }

    /// A node becomes what it is to be now.
    fn settle_node(&mut self, node: NodeId) -> Fallible {
        let mode = self.faults.mode(node);
        self.faults.note(&mut self.core, node, mode);
        let state = mode.state();
        let before = self.core.nodes.set_state(node, state);
        let comes_up = (before, state) == (NodeState::Down, NodeState::Up);
        if !self.known.is_plain() && !comes_up {
            self.note_mode(node, mode)?;
        }
        if before != state {
            self.change_node(node, before, mode)?;
        }
        self.depart_if_idle(node);
        Ok(())
    }

    /// The nodes that are not there from the start are not seen.
    pub(super) fn hide_absent(&mut self) {
        for node in self.faults.absent() {
            self.faults.note(&mut self.core, node, Mode::Away);
            self.core.nodes.set_state(node, NodeState::Down);
            self.known.hide(node);
            self.dispatch.see_up(&mut self.core, node, false);
        }
    }

    /// A node has come up, drains or has gone down. Going down strands what is there; coming up takes up what
    /// waits for it, at the node and elsewhere.
    fn change_node(&mut self, node: NodeId, before: NodeState, mode: Mode) -> Fallible {
        let state = mode.state();
        let (was_down, is_down) = (before == NodeState::Down, state == NodeState::Down);
        let is_up = state == NodeState::Up;
        self.core.tell(node, Incident::Node(state), None);
        if self.known.is_plain() && is_up != (before == NodeState::Up) {
            self.dispatch.see_up(&mut self.core, node, is_up);
        }
        if is_down {
            self.strand(node)?;
        } else if was_down {
            self.start_waiting(node);
        }
        self.follow_clock(node);
        if is_up {
            // What waits at the node starts before others are placed there.
            if was_down && !self.known.is_plain() {
                self.note_mode(node, mode)?;
            }
            self.place_parked()?;
            self.pull()?;
            self.turn_up(node)?;
        }
        Ok(())
    }

    /// A group is looked at that grows and shrinks by what is seen of it.
    #[cold]
    fn look(&mut self, group: u32) -> Fallible {
        let waiting = self.central.as_ref().map_or(0, Central::length);
        let faults = &mut self.faults;
        let changed = self.scaling.look(&mut self.core, faults, group, waiting);
        changed
            .into_iter()
            .try_for_each(|node| self.settle_node(node))
    }

    /// A node that is leaving goes when it has nothing left.
    fn depart_if_idle(&mut self, node: NodeId) {
        if self.faults.is_leaving(node) && self.core.nodes.at(node).tasks == 0 {
            self.faults.depart(&mut self.core, node);
        }
    }

    /// Room may have come free at a node.
    pub(super) fn start_waiting(&mut self, node: NodeId) {
        service::start_waiting(&mut self.core, node);
        self.follow_clock(node);
    }

    /// A clock that runs while the node is at work follows it.
    #[inline]
    pub(super) fn follow_clock(&mut self, node: NodeId) {
        if node.0 == NONE {
            return;
        }
        if self.clocks_follow_work {
            self.faults.follow(&mut self.core, node);
        }
        self.depart_if_idle(node);
    }

    /// What happens to the attempts at a node that goes down.
    fn strand(&mut self, node: NodeId) -> Fallible {
        let stranded = self.core.setup.faults.stranded;
        if stranded.queued != StrandedQueued::Stay {
            self.empty_queue(node, stranded.queued)?;
        }
        match stranded.running {
            StrandedRunning::Lose => self.lose_running(node),
            running => {
                self.set_back(node, running);
                Ok(())
            }
        }
    }

    /// What waits goes elsewhere, or is lost.
    fn empty_queue(&mut self, node: NodeId, queued: StrandedQueued) -> Fallible {
        loop {
            let id = service::first_waiting(&self.core, node);
            if id == NONE {
                return Ok(());
            }
            service::leave_queue(&mut self.core, id);
            self.turn_away(id, queued)?;
        }
    }

    /// What runs stops and will run again, before all that waits.
    fn set_back(&mut self, node: NodeId, running: StrandedRunning) {
        loop {
            let id = self.core.nodes.at(node).running.tail();
            if id == NONE {
                return;
            }
            service::interrupt(&mut self.core, id);
            if running == StrandedRunning::Restart {
                let whole = whole_service(&mut self.core, id);
                self.core.start_over(id, whole);
            }
            service::put_back(&mut self.core, id);
        }
    }

    /// All that runs at a node is lost.
    fn lose_running(&mut self, node: NodeId) -> Fallible {
        loop {
            let id = self.core.nodes.at(node).running.head();
            if id == NONE {
                return Ok(());
            }
            service::interrupt(&mut self.core, id);
            self.core.release(id);
            self.lose(id)?;
        }
    }

    /// True if a job that arrives is let in, and its client begins to wait for it; else it is
    /// rejected.
    #[cold]
    pub(super) fn let_in(&mut self, job: u32) -> bool {
        let limits = &self.core.setup.strategy.limits;
        let class = self.core.records.job(job).class;
        let most = limits.jobs.get(class as usize).copied().flatten();
        let is_admitted = most.is_none_or(|most| self.core.window.jobs() <= most);
        if !is_admitted || self.dispatch.is_full(&self.core, job) {
            self.lose_job(job, true);
            return false;
        }
        self.wait_for_job(job);
        true
    }

    fn wait_for_job(&mut self, job: u32) {
        if let Some(patience) = self.core.setup.faults.timeouts.job {
            let until = self.core.now() + patience;
            self.core.wait_until(until, Timer::Job, job);
        }
    }

    /// True if a task that has been decided can be placed, and its dispatcher begins to wait for
    /// its result; else it waits for a node to come up.
    #[cold]
    pub(super) fn may_set_out(&mut self, id: u32) -> bool {
        if self.comes_back_slowly() {
            self.leave_out(id);
        }
        if !self.dispatch.has_candidates(&mut self.core, id) {
            self.dispatch.park(&mut self.core, id);
            return false;
        }
        if !self.core.records.task(id).is_reservation() {
            self.begin_attempt(id);
        }
        true
    }

    /// An attempt is about to set out.
    pub(super) fn begin_attempt(&mut self, id: u32) {
        let (task, job) = self.core.records.both(id);
        if task.attempt == 0 && task.copy == 0 {
            let budget = &self.core.setup.faults.retries.budget;
            self.dispatch.earn(job, budget);
        }
        self.wait_for_result(id);
    }

    /// The dispatcher of an attempt begins to wait for its result.
    pub(super) fn wait_for_result(&mut self, id: u32) {
        if let Some(patience) = self.core.setup.faults.timeouts.task {
            let until = self.core.now() + patience;
            self.core.wait_until(until, Timer::Attempt, id);
        }
    }

    /// A task reaches a node, which may be down, or full.
    #[cold]
    pub(super) fn reach_if_up(&mut self, id: u32) -> Fallible {
        self.come_to_node(id)?;
        self.follow_starts();
        Ok(())
    }

    /// A task reaches its node, and starts or waits there; it is turned away where the node is down or too many
    /// wait.
    fn come_to_node(&mut self, id: u32) -> Fallible {
        let node = self.core.records.task(id).node;
        let queued = self.core.setup.faults.stranded.queued;
        if self.core.nodes.state(node) == NodeState::Down && queued != StrandedQueued::Stay {
            return self.turn_away(id, queued);
        }
        service::reach(&mut self.core, id);
        let limit = self.core.layout.group(node).queue_limit;
        let waits = self.core.records.task(id).phase() == Phase::Queue;
        if waits && self.push(id)? {
            self.follow_starts();
            return Ok(());
        }
        if waits && limit.is_some_and(|limit| self.core.nodes.in_queue(node) > limit) {
            service::leave_queue(&mut self.core, id);
            self.core.release(id);
            return self.end_attempt(id, How::Refused);
        }
        self.follow_clock(node);
        Ok(())
    }

    /// An attempt that has reached the plain central queue is refused if it must wait there and too many
    /// do.
    #[cold]
    pub(super) fn refuse_surplus(&mut self, id: u32) -> Fallible {
        let (Some(limit), Some(central)) = (
            self.core.setup.strategy.limits.central_queue,
            self.central.as_mut(),
        ) else {
            return Ok(());
        };
        let waits = self.core.records.task(id).phase() == Phase::Queue;
        if waits && central.is_plain() && central.length() > limit {
            central.withdraw(&mut self.core, id);
            return self.end_attempt(id, How::Refused);
        }
        Ok(())
    }

    /// True if an attempt whose result is received did not fail.
    #[cold]
    pub(super) fn is_well(&mut self, id: u32) -> Fallible<bool> {
        if self.core.is_unseen(id) {
            self.core.forget_unseen(id);
            return Ok(false);
        }
        self.core.wait_no_more(Timer::Attempt, id);
        let Task { fails, node, .. } = *self.core.records.task(id);
        let has_failed = fails;
        if !has_failed && !self.known.is_plain() {
            self.judge_node(node, true)?;
        }
        if has_failed {
            self.lose(id)?;
            self.follow_starts();
        }
        Ok(!has_failed)
    }

    /// A task that does not run is held at its node no more; it goes elsewhere, or is lost.
    pub(super) fn turn_away(&mut self, id: u32, queued: StrandedQueued) -> Fallible {
        let node = self.core.records.task(id).node;
        self.core.release(id);
        self.depart_if_idle(node);
        self.dispatch.forget(&mut self.core, id);
        if self.core.records.task(id).is_reservation() {
            return self.turn_reservation_away(id);
        }
        if queued == StrandedQueued::Lose || self.core.is_unseen(id) {
            return self.lose(id);
        }
        // What it was served before it was interrupted there is lost.
        self.core.waste(id);
        let task = self.core.records.task_mut(id);
        task.start_over();
        task.node = NodeId(NONE);
        self.core.wait_no_more(Timer::Attempt, id);
        // The same attempt is decided once more.
        self.core.totals.attempts -= 1;
        self.place_again(id)
    }

    pub(super) fn place_again(&mut self, id: u32) -> Fallible {
        match self.dispatch.take_back(&mut self.core, id) {
            Some(dispatcher) => self.run_dispatcher(dispatcher, false),
            None => Ok(()),
        }
    }

    /// The tasks for which no node was up are decided again.
    pub(super) fn place_parked(&mut self) -> Fallible {
        self.dispatch.unpark(&mut self.core);
        while let Some(id) = self.dispatch.next_unparked(&mut self.core) {
            self.place_again(id)?;
        }
        Ok(())
    }

    /// An attempt, which is nowhere any more, has come to nothing.
    pub(super) fn lose(&mut self, id: u32) -> Fallible {
        self.end_attempt(id, How::Failed)
    }

    /// An attempt, which is nowhere any more, has come to nothing, and so has its task, unless other attempts
    /// are made at that.
    pub(super) fn end_attempt(&mut self, id: u32, how: How) -> Fallible {
        if self.core.is_unseen(id) {
            self.core.forget_unseen(id);
            return Ok(());
        }
        let (now, node) = (self.core.now(), self.core.records.task(id).node);
        self.core.tell(node, Incident::Lost(how), Some(id));
        self.core.wait_no_more(Timer::Attempt, id);
        self.dispatch.forget(&mut self.core, id);
        self.core.waste(id);
        // One that no reservation has asked for has had no attempt.
        let is_attempt = self.core.records.task(id).phase() != Phase::Dormant;
        self.core.totals.attempts_lost += u64::from(is_attempt);
        self.dispatch.lost(&mut self.core, id, how);
        self.core.records.task_mut(id).write_off(now);
        self.judge_failure(node)?;
        match self.has_copies {
            true => match self.leave_set(id, how) {
                Some(task) => self.end_task(task, how),
                None => Ok(()),
            },
            false => self.end_task(id, how),
        }
    }

    /// All that was made about a task has come to nothing: it is tried again after a while, or its job has failed,
    /// or is rejected.
    pub(super) fn end_task(&mut self, id: u32, how: How) -> Fallible {
        if self.may_retry(id) {
            self.retry(id);
            return Ok(());
        }
        let job = self.core.records.task(id).job;
        let record = self.core.records.job_mut(job);
        record.lost += 1;
        match record.tasks - record.lost >= record.need {
            true => Ok(()),
            false => self.fail_job(job, how),
        }
    }

    /// True if a task of which an attempt came to nothing may be tried again.
    fn may_retry(&mut self, id: u32) -> bool {
        let retries = self.core.setup.faults.retries;
        let (task, job) = self.core.records.both(id);
        let is_left = retries.budget.job.is_none_or(|most| job.retries < most);
        task.attempt + 1 < retries.max_attempts
            && is_left
            && !self.core.facts[job.class as usize].is_gang
            && self.dispatch.spend(job, &retries.budget)
    }

    /// Lets a task wait for its next attempt; that it may have one was decided before.
    fn retry(&mut self, id: u32) {
        let task = self.core.records.task_mut(id);
        (task.attempt, task.placed) = (task.attempt + 1, 0);
        let (job, is_first) = (task.job, task.attempt == 1);
        let record = self.core.records.job_mut(job);
        record.retries += 1;
        self.core.totals.retried += u64::from(record.measured && is_first);
        if self.core.setup.faults.retries.fresh_work {
            draw_work(&mut self.core, id);
        }
        let until = self.core.now() + backoff(&self.core, id);
        self.core.wait_until(until, Timer::Backoff, id);
    }

    /// A job fails, or is rejected, as it ended like this: its tasks are called off, wherever they are, or
    /// run on unseen.
    fn fail_job(&mut self, job: u32, how: How) -> Fallible {
        let (mut job, mut id) = (job, job);
        while id != NONE {
            let sibling = self.core.records.task(id).sibling;
            let task = self.cancel(id, how == How::TimedOut);
            job = if id == job { task } else { job };
            id = sibling;
        }
        self.core.drop_copies(job);
        self.core.wait_no_more(Timer::Job, job);
        let record = self.core.records.job(job);
        if let Some(central) = &mut self.central {
            central.leave(record.class, record.number);
        }
        self.lose_job(job, how == How::Refused);
        self.pull()
    }

    /// A task of a job that is over is called off, as it was not done in time (`is_late`) or is not needed; what was
    /// done about it is waste. Tells its record.
    fn cancel(&mut self, id: u32, is_late: bool) -> u32 {
        self.count_cancelled(id);
        self.core.wait_no_more(Timer::Attempt, id);
        self.core.wait_no_more(Timer::Hedge, id);
        let task = self.abandon(id, is_late);
        self.core.waste(task);
        task
    }

    fn count_cancelled(&mut self, id: u32) {
        let (task, job) = self.core.records.both(id);
        let is_task = task.copy == 0;
        let is_cancelled = is_task && !task.is_done() && !task.is_lost() && job.measured;
        self.core.totals.attempts_lost += u64::from(task.is_attempted());
        self.core.totals.cancelled += u64::from(is_cancelled);
    }

    /// A job has the results that it needs: nobody waits for it any more, and its other tasks are
    /// cancelled. Tells its record.
    #[cold]
    pub(super) fn settle(&mut self, job: u32) -> Fallible<u32> {
        self.core.wait_no_more(Timer::Job, job);
        let record = self.core.records.job(job);
        let surplus = record.tasks - record.need;
        if let Some(central) = &mut self.central {
            central.leave(record.class, record.number);
        }
        if surplus == 0 {
            if self.core.setup.strategy.queue.one_at_a_time {
                self.pull()?;
            }
            return Ok(job);
        }
        self.core.totals.tasks_lost += u64::from(surplus);
        let (mut job, mut id) = (job, job);
        while id != NONE {
            let task = self.core.records.task(id);
            let (sibling, is_done) = (task.sibling, task.is_done());
            if !is_done {
                let task = self.cancel(id, false);
                job = if id == job { task } else { job };
            }
            id = sibling;
        }
        self.core.drop_copies(job);
        self.core.wait_no_more(Timer::Job, job);
        self.follow_starts();
        self.pull()?;
        Ok(job)
    }

    /// The stages begin that have nothing to wait for any more.
    #[cold]
    pub(super) fn begin_stages(&mut self) -> Fallible {
        let mut idle = None;
        while let Some((first, count)) = self.core.stages.next_ready() {
            idle = self.dispatch.wake(&mut self.core, first, count);
        }
        idle.map_or(Ok(()), |dispatcher| self.run_dispatcher(dispatcher, false))
    }

    /// A job, none of whose tasks is anywhere any more, has failed or was turned away.
    pub(super) fn lose_job(&mut self, job: u32, is_rejected: bool) {
        if self.measures_leaving {
            self.leave(job);
        }
        self.core.fail(job, is_rejected);
    }

    /// A job is about to leave the system, and counts if it does so in the window; its client, if it has
    /// one, thinks.
    #[cold]
    pub(super) fn leave(&mut self, job: u32) {
        let core = &mut self.core;
        let is_measured = core.window.count_leaving(core.now());
        let record = core.records.job_mut(job);
        record.measured = is_measured;
        let (class, number, arrival) = (record.class, record.number, record.arrival);
        if is_measured {
            count_retried(core, job);
        }
        self.sources.resume_client(core, class, number, arrival);
    }

    /// A task is taken from where it is; afterwards it is nowhere.
    pub(super) fn withdraw(&mut self, id: u32) {
        let core = &mut self.core;
        core.wait_no_more(Timer::Started, id);
        let task = core.records.task(id);
        let (phase, node) = (task.phase(), task.node);
        match phase {
            Phase::Dispatch | Phase::Decision | Phase::Parked | Phase::Unparked => {
                self.dispatch.withdraw(core, id);
            }
            Phase::Network => {
                core.call_off(id);
                if node.0 != NONE {
                    self.dispatch.arrived(core, id);
                    core.release(id);
                    self.depart_if_idle(node);
                }
            }
            Phase::Queue if node.0 == NONE => {
                let central = self.central.iter_mut();
                central.for_each(|central| central.withdraw(core, id));
            }
            Phase::Queue => {
                service::leave_queue(core, id);
                core.release(id);
                self.start_waiting(node);
            }
            Phase::Service => {
                core.started.retain(|started| *started != id);
                service::interrupt(core, id);
                core.release(id);
                self.start_waiting(node);
            }
            Phase::Asking => {
                core.call_off(id);
                core.give_room_back(id);
                core.release(id);
                self.start_waiting(node);
            }
            Phase::Unbound => self.forget_unbound(id),
            Phase::Returning | Phase::Retry | Phase::Probing => core.call_off(id),
            Phase::Gather => self.gathering.withdraw(core, id),
            Phase::Done | Phase::Dormant => {}
        }
    }

    /// The result of an attempt was not received in time.
    fn time_attempt_out(&mut self, id: u32) -> Fallible {
        self.dispatch.forget(&mut self.core, id);
        if self.goes_on_unseen(id, true) {
            self.tell_timeout(id)?;
        }
        let id = self.abandon(id, true);
        self.end_attempt(id, How::TimedOut)?;
        self.pull()
    }

    /// A time is over for which somebody waited; see [`Timer`].
    #[cold]
    pub(super) fn time_out(&mut self, timer: u32, id: u32) -> Fallible {
        self.follow_timer(timer, id)?;
        self.follow_starts();
        Ok(())
    }

    /// A timer of a task has run out: what comes next is told by the kind of the timer.
    fn follow_timer(&mut self, timer: u32, id: u32) -> Fallible {
        match timer {
            0 => self.place_again(id),
            4 => self.look(id),
            1 => self.time_attempt_out(id),
            3 => self.hedge(id),
            7 if self.core.is_unseen(id) => self.hear_of_cancel(id),
            15 => self.hear_of_start(id),
            5..=7 => self.hear_of_reservation(timer, id),
            8 => self.probe(id),
            9 => self.decide_by_replies(id),
            10..=13 => self.hear_of_node(timer, id),
            14 => {
                self.core.outlast_estimate(id);
                Ok(())
            }
            _ => self.fail_job(id, How::TimedOut),
        }
    }
}

/// Tasks of a job that were tried again count, where nobody knew before whether the job would.
fn count_retried(core: &mut Core<'_>, job: u32) {
    let mut id = job;
    while id != NONE {
        let task = core.records.task(id);
        core.totals.retried += u64::from(task.attempt > 0);
        id = task.sibling;
    }
}

/// The next attempt at a task has other work to do.
pub(super) fn draw_work(core: &mut Core<'_>, id: u32) {
    let (task, job) = core.records.both(id);
    if let Shape::Tasks { work, .. } = &stage(core, job, task).shape {
        let work = work.sample(&mut draw(core.keys.fresh_work, job, task, 0));
        core.records.task_mut(id).work = work;
    }
}

/// Time before the next attempt at a task: longer each time by the same factor, and shorter by
/// chance so that not all come back together.
fn backoff(core: &Core<'_>, id: u32) -> Time {
    let retries = core.setup.faults.retries;
    let (task, job) = core.records.both(id);
    let mut draw = draw(core.keys.backoff, job, task, 0);
    let pause = retries.backoff * libm::pow(retries.growth, f64::from(task.attempt - 1));
    Time::from_secs(pause * (1.0 - retries.jitter * unit(&mut draw)))
}
