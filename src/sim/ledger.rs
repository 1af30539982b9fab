//! What has been placed on the direct path and is not accounted for yet.
//!
//! All that is to be said of a task is known when it is placed, but it counts only once it has
//! happened. So a job is written down on the day on which its last task ends, and from time to time the
//! days that have passed are gone through: what has happened by then is accounted for, all at once. All
//! figures are sums in which order does not count.

use crate::engine::time::Time;
use crate::metrics::jobs::{JobStats, PlainJob};
use crate::model::ids::NodeId;
use crate::model::slab::NONE;

use super::core::{Completion, Core, Kind};

/// Jobs that are written down at least before they are gone through.
const ROUND: usize = 1024;

/// Days that are kept apart; a job that ends later waits on the day of the turn.
const DAYS: usize = 128;

/// See the module.
pub struct Ledger {
    days: Vec<Day>,
    /// A day lasts 2^`shift` nanoseconds.
    shift: u32,
    /// No job that is written down ends before this day.
    today: u64,
    /// Jobs that are written down, and those of them that are not measured.
    jobs: usize,
    unmeasured: usize,
    /// Jobs that may be written down before it is to be gone through.
    room: usize,
    /// Some jobs have several tasks.
    has_several: bool,
    /// What is over, by class, for a function's own use.
    over: Vec<Over>,
    /// Messages sent at each end of a task in the window.
    by_loads: u64,
    /// Tasks whose service has ended.
    pub ended: u64,
    /// Lists for a function's own use.
    ends: Vec<Time>,
    later: Vec<Placed>,
}

/// Jobs whose last tasks end on one day.
#[derive(Clone, Default)]
struct Day {
    jobs: Vec<Placed>,
    /// Tasks of those jobs that have several, in the same order.
    tasks: Vec<Task>,
}

/// Jobs of one class that are over.
#[derive(Clone, Default)]
struct Over {
    /// Those of one task.
    only: Vec<PlainJob>,
    /// Those of several, the waits of their tasks, and the sum of twice (last minus median end).
    several: Vec<PlainJob>,
    waits: Vec<Time>,
    straggler_wait_doubled: u128,
}

/// What has been seen in going through days.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Jobs that were over, the sum of the instants at which they were, and the last of these.
    over: u64,
    ends: u128,
    last: Time,
    /// Tasks that have ended, and their service.
    ended: u64,
    service: u128,
}

/// A job whose tasks have been placed.
#[derive(Clone, Copy)]
pub struct Placed {
    /// When it arrived.
    pub arrival: Time,
    /// When the service of its task starts, of several that of the one that ends last (of these: the
    /// first).
    pub start: Time,
    /// When that ends.
    pub end: Time,
    /// The longest work + overhead of its tasks at speed 1.
    pub ideal: Time,
    /// Index of its class.
    pub class: u32,
    /// Number of its tasks.
    pub tasks: u32,
    /// The node of its only task.
    pub node: NodeId,
    /// Whether it is measured.
    pub measured: bool,
}

/// A task that has been placed.
#[derive(Clone, Copy)]
pub struct Task {
    /// When its service starts.
    pub start: Time,
    /// When that ends.
    pub end: Time,
    /// Its node.
    pub node: NodeId,
    /// It is accounted for, its job is not.
    has_ended: bool,
}

impl Task {
    /// A task that is served at `node` from `start` to `end`.
    pub fn new(node: NodeId, start: Time, end: Time) -> Task {
        Task {
            start,
            end,
            node,
            has_ended: false,
        }
    }
}

impl Ledger {
    /// An empty one for jobs of so many classes; `by_loads` messages are sent whenever the service of a
    /// task ends.
    pub fn new(classes: usize, by_loads: u64) -> Ledger {
        Ledger {
            days: vec![Day::default(); DAYS],
            shift: 20,
            today: 0,
            jobs: 0,
            unmeasured: 0,
            room: ROUND,
            has_several: false,
            over: vec![Over::default(); classes],
            by_loads,
            ended: 0,
            ends: Vec::new(),
            later: Vec::new(),
        }
    }

    /// Jobs that may be written down before it is gone through; 0 if it should be now.
    #[inline]
    pub fn room(&self) -> usize {
        self.room
    }

    /// So many jobs are to be written down, all of them measured or none.
    #[inline]
    pub fn expect(&mut self, jobs: usize, measured: bool) {
        self.jobs += jobs;
        self.unmeasured += if measured { 0 } else { jobs };
        self.room = self.room.saturating_sub(jobs);
    }

    /// Writes down a job of one task.
    #[inline(always)]
    pub fn write_only(&mut self, job: Placed) {
        self.days[list(job.end.0 >> self.shift)].jobs.push(job);
    }

    /// Writes down a job with its tasks.
    #[inline]
    pub fn write(&mut self, job: Placed, tasks: &[Task]) {
        let day = &mut self.days[list(job.end.0 >> self.shift)];
        day.jobs.push(job);
        if job.tasks > 1 {
            day.tasks.extend_from_slice(tasks);
            self.has_several = true;
        }
    }

    /// Accounts for all that has happened until `now`.
    pub fn settle(&mut self, core: &mut Core<'_>, now: Time) {
        let (last, before) = (now.0 >> self.shift, self.jobs);
        let mut days = (last - self.today + 1).min(DAYS as u64);
        let mut seen = Seen::default();
        if core.window.is_open() && self.unmeasured == 0 {
            (0..days).for_each(|ago| self.go_through::<true>(core, last - ago, now, &mut seen));
            self.count_over(core, &seen);
        } else {
            if self.has_several {
                days = DAYS as u64; // tasks of jobs that end later may have ended
            }
            let ago = (0..days).map(|ago| last.wrapping_sub(ago));
            ago.for_each(|day| self.go_through::<false>(core, day, now, &mut seen));
        }
        self.today = last;
        self.adapt(before, days);
        self.room = ROUND.max(self.jobs / 16);
    }

    /// Accounts for what has happened until `now` to the jobs of a day, and takes those out that are
    /// over. `WITHIN`: the window is open, and all of them are measured.
    #[inline(never)]
    fn go_through<const WITHIN: bool>(
        &mut self,
        core: &mut Core<'_>,
        day: u64,
        now: Time,
        seen: &mut Seen,
    ) {
        let mut own = std::mem::take(&mut self.days[list(day)]);
        let before = own.jobs.len();
        match WITHIN && own.tasks.is_empty() {
            true => self.put_over_only(core, &mut own.jobs, now, seen),
            false => self.go_through_several::<WITHIN>(core, &mut own, now, seen),
        }
        self.jobs -= before - own.jobs.len();
        self.days[list(day)] = own;
    }

    /// The same where all are measured jobs of one task of the open window.
    fn put_over_only(
        &mut self,
        core: &mut Core<'_>,
        jobs: &mut Vec<Placed>,
        now: Time,
        seen: &mut Seen,
    ) {
        if jobs.iter().any(|job| job.end > now) {
            let later = &mut self.later;
            jobs.retain(|job| {
                later.extend((job.end > now).then_some(*job));
                job.end <= now
            });
        }
        let mut sums = *seen;
        for job in &*jobs {
            sums.put_over(job);
            sums.serve(core, &job.task());
        }
        *seen = sums;
        match &mut self.over[..] {
            [over] => over.only.extend(jobs.iter().map(Placed::row)),
            all => (jobs.iter()).for_each(|job| all[job.class as usize].only.push(job.row())),
        }
        jobs.clear();
        jobs.append(&mut self.later);
    }

    /// The same where some may have several tasks.
    fn go_through_several<const WITHIN: bool>(
        &mut self,
        core: &mut Core<'_>,
        day: &mut Day,
        now: Time,
        seen: &mut Seen,
    ) {
        let Day { jobs, tasks } = day;
        let (mut kept, mut kept_tasks, mut next) = (0, 0, 0);
        for at in 0..jobs.len() {
            let job = jobs[at];
            let own = next..next + job.several();
            next = own.end;
            if !WITHIN {
                self.end_tasks(core, &mut tasks[own.clone()], now);
            }
            if job.end > now {
                jobs[kept] = job;
                kept += 1;
                tasks.copy_within(own.clone(), kept_tasks);
                kept_tasks += own.len();
            } else if WITHIN {
                self.put_over(core, &job, &tasks[own], seen);
            } else {
                self.account(core, &job, &tasks[own]);
            }
        }
        jobs.truncate(kept);
        tasks.truncate(kept_tasks);
    }

    /// A measured job of the open window is over.
    #[inline]
    fn put_over(&mut self, core: &mut Core<'_>, job: &Placed, tasks: &[Task], seen: &mut Seen) {
        seen.put_over(job);
        let over = &mut self.over[job.class as usize];
        if job.tasks == 1 {
            seen.serve(core, &job.task());
            return over.only.push(job.row());
        }
        over.several.push(job.row());
        over.waits
            .extend(tasks.iter().map(|task| task.start - job.arrival));
        over.straggler_wait_doubled += u128::from(straggler_wait(&mut self.ends, tasks));
        let mut sums = *seen;
        for task in tasks.iter().filter(|task| !task.has_ended) {
            sums.serve(core, task);
        }
        *seen = sums;
    }

    /// Counts all that was put over.
    fn count_over(&mut self, core: &mut Core<'_>, seen: &Seen) {
        for (class, over) in (0..).zip(&mut self.over) {
            let stats = &mut core.stats[class as usize];
            stats.straggler_wait_doubled += std::mem::take(&mut over.straggler_wait_doubled);
            stats.waited_plain(over.only.iter().map(|job| job.queue));
            stats.waited_plain(over.waits.iter().copied());
            core.count_completions(class, &over.only, over.only.len() as u64);
            core.count_completions(class, &over.several, over.waits.len() as u64);
            over.only.clear();
            over.several.clear();
            over.waits.clear();
        }
        self.ended += seen.ended;
        core.totals.attempts_done += seen.ended;
        core.totals.slot_time += seen.service;
        core.totals.messages += self.by_loads * seen.ended;
        core.totals.last_completion = core.totals.last_completion.max(seen.last);
        core.window.leave_together(seen.over, seen.ends);
    }

    /// Days become longer if most of the jobs that were looked at end on another turn, and shorter if
    /// too many end later today.
    #[inline]
    fn adapt(&mut self, before: usize, days: u64) {
        let today = self.days[list(self.today)].jobs.len();
        let over = before - self.jobs;
        if days == DAYS as u64 && self.jobs - today > over && self.shift < 60 {
            self.reshape(self.shift + 1);
        } else if today > self.room / 2 && self.shift > 0 {
            self.reshape(self.shift - 1);
        }
    }

    #[cold]
    #[inline(never)]
    fn reshape(&mut self, shift: u32) {
        self.today = self.today << self.shift >> shift;
        self.shift = shift;
        let days = std::mem::replace(&mut self.days, vec![Day::default(); DAYS]);
        for day in &days {
            let mut next = 0;
            for job in &day.jobs {
                let own = next..next + job.several();
                next = own.end;
                let day_list = &mut self.days[list(job.end.0 >> shift)];
                day_list.jobs.push(*job);
                day_list.tasks.extend_from_slice(&day.tasks[own]);
            }
        }
    }

    /// Accounts for a job that is over, whose tasks have been accounted for if it has several.
    #[inline(never)]
    fn account(&mut self, core: &mut Core<'_>, job: &Placed, tasks: &[Task]) {
        self.unmeasured -= usize::from(!job.measured);
        let only = [job.task()];
        let mut completion = job.completion();
        if job.tasks == 1 {
            self.end_task(core, &only[0]);
        } else {
            completion.straggler_wait_doubled = straggler_wait(&mut self.ends, tasks);
        }
        core.count_completion(&completion, |stats, completed, floor| {
            stats.complete_alone(completed, job.start - job.arrival, floor);
            let tasks = if job.tasks == 1 { &only[..] } else { tasks };
            stats.waited_plain(tasks.iter().map(|task| task.start - job.arrival));
        });
    }

    /// Accounts for those of some tasks that have ended and are not accounted for.
    #[inline]
    fn end_tasks(&mut self, core: &mut Core<'_>, tasks: &mut [Task], now: Time) {
        for task in tasks {
            if task.end <= now && !task.has_ended {
                task.has_ended = true;
                self.end_task(core, task);
            }
        }
    }

    /// The service of a task has ended.
    fn end_task(&mut self, core: &mut Core<'_>, task: &Task) {
        let service = task.end - task.start;
        self.ended += 1;
        core.totals.attempts_done += 1;
        let span = core.window.overlap(task.start, task.end);
        core.busy.add(task.node, 1, &[], span);
        if core.window.contains(task.end) {
            core.busy.end(task.node);
            core.totals.slot_time += u128::from(service.0);
            core.totals.messages += self.by_loads;
        }
    }

    /// When the last of the measured jobs that are written down is complete; 0 if there is none.
    pub fn last_measured(&self) -> Time {
        let jobs = self.days.iter().flat_map(|day| &day.jobs);
        let measured = jobs.filter(|job| job.measured);
        measured.map(|job| job.end).max().unwrap_or_default()
    }

    /// Tells the nodes of all tasks that have not ended `now`, when what has happened is accounted for.
    pub fn for_each_task(&self, now: Time, mut visit: impl FnMut(NodeId)) {
        for day in &self.days {
            for job in day.jobs.iter().filter(|job| job.tasks == 1) {
                visit(job.node);
            }
            for task in day.tasks.iter().filter(|task| task.end > now) {
                visit(task.node);
            }
        }
    }

    /// All jobs that are not complete go over into records, and their tasks run or wait, with the
    /// events that end them.
    pub fn hand_over(&mut self, core: &mut Core<'_>) {
        core.stats.iter_mut().for_each(JobStats::add_plain);
        let (now, mut in_line) = (core.now(), Vec::with_capacity(self.jobs));
        for mut day in std::mem::take(&mut self.days) {
            let mut next = 0;
            for job in &day.jobs {
                let own = next..next + job.several();
                next = own.end;
                self.end_tasks(core, &mut day.tasks[own.clone()], now);
                let only = [job.task()];
                let tasks = if job.tasks == 1 {
                    &only[..]
                } else {
                    &day.tasks[own]
                };
                let ids = record(core, job, tasks);
                in_line.extend(tasks.iter().copied().zip(ids));
            }
        }
        in_line.retain(|(task, _)| task.end > now);
        // As they are in line at each node. Those alike take no time, so that it is the same who is first.
        in_line.sort_by_key(|(task, _)| (task.start, task.end));
        for (task, id) in in_line {
            take_over(core, &task, id, now);
        }
    }
}

/// Where a day's list is.
#[inline(always)]
fn list(day: u64) -> usize {
    day as usize % DAYS
}

impl Seen {
    /// A job of the open window is over.
    #[inline(always)]
    fn put_over(&mut self, job: &Placed) {
        self.over += 1;
        self.ends += u128::from(job.end.0);
        self.last = self.last.max(job.end);
    }

    /// A task was served in the open window.
    #[inline(always)]
    fn serve(&mut self, core: &mut Core<'_>, task: &Task) {
        let service = task.end - task.start;
        self.ended += 1;
        self.service += u128::from(service.0);
        core.busy.serve(task.node, service);
    }
}

/// Twice the last minus the median end of some tasks; `ends` is a list for its use.
fn straggler_wait(ends: &mut Vec<Time>, tasks: &[Task]) -> u64 {
    ends.clear();
    ends.extend(tasks.iter().map(|task| task.end));
    ends.sort_unstable();
    let n = ends.len();
    let last = ends[n - 1];
    (last - ends[(n - 1) / 2]).0 + (last - ends[n / 2]).0
}

impl Placed {
    /// Tasks that are written down apart.
    #[inline(always)]
    fn several(&self) -> usize {
        match self.tasks {
            1 => 0,
            tasks => tasks as usize,
        }
    }

    /// Its only task.
    #[inline(always)]
    fn task(&self) -> Task {
        Task::new(self.node, self.start, self.end)
    }

    /// What is counted of it.
    #[inline(always)]
    fn row(&self) -> PlainJob {
        PlainJob {
            response: self.end - self.arrival,
            queue: self.start - self.arrival,
            ideal: self.ideal,
        }
    }

    #[inline(always)]
    fn completion(&self) -> Completion {
        Completion {
            class: self.class,
            tasks: self.tasks,
            measured: self.measured,
            arrival: self.arrival,
            at: self.end,
            ideal: self.ideal,
            straggler_wait_doubled: 0,
        }
    }
}

/// A task that runs or waits at its node goes on by events.
fn take_over(core: &mut Core<'_>, task: &Task, id: u32, now: Time) {
    let at = core.nodes.at_mut(task.node);
    if at.running.is_empty() && task.start <= now {
        at.running.push(&mut core.records, id);
        core.schedule_task(task.end, Kind::End, task.node.0 + 1, id);
    } else {
        at.queue.push(&mut core.records, id);
    }
}

/// Makes the records of a job and of its `tasks` as they are now; tells the numbers of the latter.
fn record(core: &mut Core<'_>, job: &Placed, tasks: &[Task]) -> Vec<u32> {
    let now = core.now();
    let ids: Vec<u32> = tasks.iter().map(|_| core.records.claim()).collect();
    for (index, (task, &id)) in tasks.iter().zip(&ids).enumerate() {
        let record = core.records.task_mut(id);
        record.renew(ids[0], index as u32, 1, 0.0, job.arrival);
        record.sibling = ids.get(index + 1).copied().unwrap_or(NONE);
        record.go_on(task.start, task.end, now);
        record.node = task.node;
    }
    let ended = |place: &usize| tasks[*place].end <= now;
    let critical = (0..tasks.len())
        .filter(ended)
        .max_by_key(|&place| (tasks[place].end, std::cmp::Reverse(place)));
    let demand = core.facts[job.class as usize].demand;
    let record = core.records.job_mut(ids[0]);
    record.renew(0, job.class, demand, job.arrival);
    record.split(job.tasks, job.ideal);
    record.measured = job.measured;
    record.gathered = (0..tasks.len()).filter(ended).count() as u32;
    record.critical = critical.map_or(NONE, |place| ids[place]);
    ids
}
