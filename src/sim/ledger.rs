//! What has been placed on the direct path and is not accounted for yet.
//!
//! All that is to be said of a task is known when it is placed, but it counts only once it has
//! happened. So a job is written down on the day on which its last task ends, and from time to time the
//! days that have passed are gone through: what has happened by then is accounted for, all at once. All
//! figures are sums in which order does not count.

use crate::engine::time::Time;
use crate::metrics::jobs::PlainJob;
use crate::model::cluster::SLOTS;
use crate::model::ids::NodeId;
use crate::model::slab::NONE;

use super::core::{Completion, Core, Kind};

/// Jobs that are written down at least before they are gone through.
const ROUND: usize = 1024;

/// Days that are kept apart; a job that ends later waits on the day of the turn.
const DAYS: usize = 128;

/// Days that are gone through together at most, or they are too short.
const MOST_DAYS: u64 = 16;

/// Jobs on a page, and tasks for which there is room at most before there are any.
const PAGE: usize = 128;
const MOST_ROOM: usize = 1024;

/// Pages of a day for which there is room from the start.
const PAGES_OF_A_DAY: usize = 3;

/// Tasks of which the room is kept on a page that is used again.
const MOST_KEPT: usize = 16 * MOST_ROOM;

/// So many tasks weigh as much as a job that is written down.
const TASKS_OF_A_JOB: usize = 16;

/// Tasks for which there is room on a new page, of jobs whose results travel for `back`.
fn tasks_of_a_page(core: &Core<'_>, back: Time) -> usize {
    let each = core.facts.iter().map(|facts| facts.tasks.unwrap_or(1));
    match each.max().unwrap_or(1) {
        1 if back == Time::ZERO => 0,
        most => (PAGE * most as usize).min(MOST_ROOM),
    }
}

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
    /// Jobs written down since the length of a day was changed.
    since_change: usize,
    /// The tasks of some jobs are written down apart.
    has_apart: bool,
    /// How long tasks, and results, travel.
    legs: [Time; 2],
    /// What each task demands.
    demand: Vec<u64>,
    /// What is over, by class, for a function's own use.
    over: Vec<Over>,
    /// What nodes have served of it.
    served: Vec<Served>,
    /// Messages sent at each end of a task in the window.
    by_loads: u64,
    /// Results that are on their way when the rest is handed over.
    pub returning: u64,
    /// Tasks whose service has ended.
    pub ended: u64,
    /// Lists for a function's own use.
    ends: Vec<Time>,
    /// Pages on which nothing is written.
    spare: Vec<Page>,
    /// A list without pages, with room for some.
    list: Vec<Page>,
    /// Tasks for which there is room on a new page.
    tasks_of_a_page: usize,
}

/// Jobs whose last tasks end on one day: pages that are full, and the one that is written on.
struct Day {
    full: Vec<Page>,
    last: Page,
}

/// Some jobs.
#[derive(Default)]
struct Page {
    jobs: Vec<Placed>,
    /// Tasks of those jobs that have several, in the same order.
    tasks: Vec<Task>,
}

/// Tasks that a node has served in the window, and for how many nanoseconds.
#[derive(Clone, Copy, Default)]
struct Served {
    span: u128,
    tasks: u64,
}

/// Jobs of one class that are over.
struct Over {
    /// Those of one task, whose end is that of the job.
    only: Vec<PlainJob>,
    /// The others, the waits of their tasks, and the sum of twice (last minus median end).
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
    /// When its result is there.
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

impl Over {
    /// None, with room for a round of jobs, of which so many `tasks` have room on a page: where some jobs have several
    /// tasks, most are taken to have.
    fn new(tasks: usize) -> Over {
        let [only, several] = if tasks == 0 { [ROUND, 0] } else { [0, ROUND] };
        Over {
            only: Vec::with_capacity(only),
            several: Vec::with_capacity(several),
            waits: Vec::with_capacity(tasks * (ROUND / PAGE)),
            straggler_wait_doubled: 0,
        }
    }
}

impl Ledger {
    /// An empty one of tasks of `demand`; `by_loads` messages are sent whenever the service of one ends.
    pub fn new(core: &Core<'_>, demand: &[u64], legs: [Time; 2], by_loads: u64) -> Ledger {
        let tasks = tasks_of_a_page(core, legs[1]);
        Ledger {
            days: (0..DAYS).map(|_| Day::new(tasks)).collect(),
            shift: 20,
            today: 0,
            jobs: 0,
            unmeasured: 0,
            room: ROUND,
            since_change: 0,
            has_apart: false,
            legs,
            demand: demand.to_vec(),
            over: core.facts.iter().map(|_| Over::new(tasks)).collect(),
            served: vec![Served::default(); core.layout.count() as usize],
            by_loads,
            returning: 0,
            ended: 0,
            ends: Vec::new(),
            spare: vec![Page::new(tasks)],
            list: Vec::with_capacity(PAGES_OF_A_DAY),
            tasks_of_a_page: tasks,
        }
    }

    /// Jobs that are written down.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// Jobs that may be written down before it is gone through; 0 if it should be now.
    #[inline]
    pub fn room(&self) -> usize {
        self.room
    }

    /// So many jobs with so many tasks are to be written down, all of them measured or none.
    #[inline]
    pub fn expect(&mut self, jobs: usize, tasks: usize, measured: bool) {
        self.jobs += jobs;
        self.unmeasured += if measured { 0 } else { jobs };
        self.room = self.room.saturating_sub(jobs.max(tasks / TASKS_OF_A_JOB));
        self.since_change += jobs;
    }

    /// How long results travel.
    pub fn back(&self) -> Time {
        self.legs[1]
    }

    /// True if the end of a job's only task is told by the job.
    #[inline(always)]
    pub fn tells_only(&self) -> bool {
        self.legs[1] == Time::ZERO
    }

    /// Tasks of a job that are written down apart.
    #[inline(always)]
    fn apart(&self, job: &Placed) -> usize {
        match job.tasks {
            1 if self.tells_only() => 0,
            tasks => tasks as usize,
        }
    }

    /// Writes down a job of one task, which [tells](Ledger::tells_only) all of that.
    #[inline(always)]
    pub fn write_only(&mut self, job: Placed) {
        self.page(job.end).jobs.push(job);
    }

    /// Writes down a job with its tasks.
    #[inline]
    pub fn write(&mut self, job: Placed, tasks: &[Task]) {
        let is_apart = self.apart(&job) > 0;
        let page = self.page(job.end);
        page.jobs.push(job);
        if is_apart {
            page.tasks.extend_from_slice(tasks);
            self.has_apart = true;
        }
    }

    /// The page of the day of `end`, on which there is room.
    #[inline(always)]
    fn page(&mut self, end: Time) -> &mut Page {
        let day = list(end.0 >> self.shift);
        if self.days[day].last.jobs.len() == PAGE {
            self.turn_page(day);
        }
        &mut self.days[day].last
    }

    #[inline]
    fn new_page(&mut self) -> Page {
        let spare = self.spare.pop();
        spare.unwrap_or_else(|| Page::new(self.tasks_of_a_page))
    }

    #[cold]
    #[inline(never)]
    fn turn_page(&mut self, day: usize) {
        let next = self.new_page();
        let day = &mut self.days[day];
        day.full.push(std::mem::replace(&mut day.last, next));
    }

    /// Accounts for all that has happened until `now`.
    pub fn settle(&mut self, core: &mut Core<'_>, now: Time) {
        let last = now.0 >> self.shift;
        let days = (last - self.today + 1).min(DAYS as u64);
        let mut seen = Seen::default();
        if core.window.is_open() {
            (0..days).for_each(|ago| self.go_through::<true>(core, last - ago, now, &mut seen));
            self.count_over(core, &seen);
        } else {
            // Tasks of jobs that end later may have ended.
            let days = if self.has_apart { DAYS as u64 } else { days };
            let ago = (0..days).map(|ago| last.wrapping_sub(ago));
            ago.for_each(|day| self.go_through::<false>(core, day, now, &mut seen));
        }
        self.today = last;
        self.adapt(days);
        self.room = ROUND.max(self.jobs / 16);
    }

    /// Accounts for what has happened until `now` to the jobs of a day; what is not over is written down
    /// again. `WITHIN`: the window is open.
    #[inline(never)]
    fn go_through<const WITHIN: bool>(
        &mut self,
        core: &mut Core<'_>,
        day: u64,
        now: Time,
        seen: &mut Seen,
    ) {
        let place = list(day);
        let mut pages = self.take_pages(place);
        for page in &mut pages {
            self.jobs -= page.jobs.len();
            match WITHIN && page.tasks.is_empty() {
                true => self.put_over_only(core, &mut page.jobs, now, seen),
                false => self.go_through_several::<WITHIN>(core, page, now, seen),
            }
            page.clear();
        }
        self.give_back(pages);
    }

    /// The pages of a day, on which nothing is written from now on.
    fn take_pages(&mut self, day: usize) -> Vec<Page> {
        let last = self.new_page();
        let day = &mut self.days[day];
        let mut pages = std::mem::replace(&mut day.full, std::mem::take(&mut self.list));
        pages.push(std::mem::replace(&mut day.last, last));
        pages
    }

    /// Gives back pages that are empty, and their list.
    fn give_back(&mut self, mut pages: Vec<Page>) {
        self.spare.append(&mut pages);
        self.list = pages;
    }

    /// Writes down again a job that is not over.
    fn keep(&mut self, job: Placed, tasks: &[Task]) {
        self.jobs += 1;
        self.write(job, tasks);
    }

    /// The same where all have one task and the window is open.
    fn put_over_only(
        &mut self,
        core: &mut Core<'_>,
        jobs: &mut Vec<Placed>,
        now: Time,
        seen: &mut Seen,
    ) {
        if jobs.iter().any(|job| job.end > now) {
            self.set_apart(jobs, now);
        }
        if self.unmeasured > 0 {
            self.account_unmeasured(core, jobs);
        }
        let mut sums = *seen;
        for job in &*jobs {
            sums.put_over(job);
            sums.serve(&mut self.served, &job.task());
        }
        *seen = sums;
        let there = self.legs[0];
        match &mut self.over[..] {
            [over] => over.only.extend(jobs.iter().map(|job| job.row(there))),
            all => (jobs.iter()).for_each(|job| all[job.class as usize].only.push(job.row(there))),
        }
    }

    /// Takes those out that are not over.
    #[inline(never)]
    fn set_apart(&mut self, jobs: &mut Vec<Placed>, now: Time) {
        let mut over = 0;
        for at in 0..jobs.len() {
            let job = jobs[at];
            if job.end > now {
                self.keep(job, &[]);
            } else {
                jobs[over] = job;
                over += 1;
            }
        }
        jobs.truncate(over);
    }

    /// Accounts for those that are not measured, of jobs of one task that are over, and takes them out.
    #[cold]
    #[inline(never)]
    fn account_unmeasured(&mut self, core: &mut Core<'_>, jobs: &mut Vec<Placed>) {
        jobs.retain(|job| {
            if !job.measured {
                self.account(core, job, &mut []);
            }
            job.measured
        });
    }

    /// The same where some may have several tasks.
    fn go_through_several<const WITHIN: bool>(
        &mut self,
        core: &mut Core<'_>,
        page: &mut Page,
        now: Time,
        seen: &mut Seen,
    ) {
        let Page { jobs, tasks } = page;
        let (mut sums, mut next) = (*seen, 0);
        for job in &*jobs {
            let own = &mut tasks[next..next + self.apart(job)];
            next += own.len();
            if !WITHIN {
                self.end_tasks(core, own, now);
            }
            if job.end > now {
                self.keep(*job, own);
            } else if WITHIN && job.measured {
                self.put_over(job, own, &mut sums);
            } else {
                self.account(core, job, own);
            }
        }
        *seen = sums;
    }

    /// A measured job of the open window is over.
    #[inline(always)]
    fn put_over(&mut self, job: &Placed, tasks: &[Task], sums: &mut Seen) {
        sums.put_over(job);
        let over = &mut self.over[job.class as usize];
        if tasks.is_empty() {
            sums.serve(&mut self.served, &job.task());
            return over.only.push(job.row(self.legs[0]));
        }
        over.several.push(job.row(self.legs[0]));
        let waits = tasks.iter().map(|task| task.start - job.arrival);
        over.waits.extend(waits);
        over.straggler_wait_doubled += u128::from(straggler_wait(&mut self.ends, tasks));
        for task in tasks {
            if !task.has_ended {
                sums.serve(&mut self.served, task);
            }
        }
    }

    /// Counts all that was put over.
    fn count_over(&mut self, core: &mut Core<'_>, seen: &Seen) {
        let there = self.legs[0];
        for (class, over) in (0..).zip(&mut self.over) {
            let stats = &mut core.stats[class as usize];
            stats.straggler_wait_doubled += std::mem::take(&mut over.straggler_wait_doubled);
            stats.waited_plain(over.only.iter().map(|job| job.queue + there));
            stats.waited_plain(over.waits.iter().copied());
            core.count_completions(class, &over.only, over.only.len() as u64);
            core.count_completions(class, &over.several, over.waits.len() as u64);
            over.only.clear();
            over.several.clear();
            over.waits.clear();
        }
        self.ended += seen.ended;
        core.totals.attempts_done += seen.ended;
        core.totals.slot_time += seen.service * u128::from(self.demand[SLOTS]);
        core.totals.messages += self.by_loads * seen.ended;
        core.totals.last_completion = core.totals.last_completion.max(seen.last);
        core.window.leave_together(seen.over, seen.ends);
    }

    /// Days become longer if many at a time are gone through, and shorter if too many jobs are left today.
    #[inline]
    fn adapt(&mut self, days: u64) {
        let today = &self.days[list(self.today)];
        let left = today.full.len() * PAGE + today.last.jobs.len();
        let shift = match left > ROUND / 4 + self.jobs / 64 {
            _ if days > MOST_DAYS => self.shift + 1,
            true => self.shift.saturating_sub(1),
            false => return,
        };
        // Changes cost a little for each job: no more than a little for each that has come.
        if shift < 60 && shift != self.shift && self.since_change > self.jobs {
            self.reshape(shift);
        }
    }

    #[cold]
    #[inline(never)]
    fn reshape(&mut self, shift: u32) {
        self.today = self.today << self.shift >> shift;
        (self.shift, self.since_change) = (shift, 0);
        // A day's pages are taken before any is written on: jobs that come to a later day are written once more with that.
        for day in 0..DAYS {
            let mut pages = self.take_pages(day);
            for page in &mut pages {
                let mut next = 0;
                for job in &page.jobs {
                    let apart = self.apart(job);
                    self.write(*job, &page.tasks[next..next + apart]);
                    next += apart;
                }
                page.clear();
            }
            self.give_back(pages);
        }
    }

    /// Accounts for a job that is over.
    #[inline(never)]
    fn account(&mut self, core: &mut Core<'_>, job: &Placed, tasks: &mut [Task]) {
        self.unmeasured -= usize::from(!job.measured);
        let only = [job.task()];
        let mut completion = job.completion();
        if tasks.is_empty() {
            self.end_task(core, &only[0]);
        } else {
            self.end_tasks(core, tasks, job.end);
            completion.straggler_wait_doubled = straggler_wait(&mut self.ends, tasks);
        }
        let there = self.legs[0];
        core.count_completion(&completion, |stats, completed, floor| {
            stats.complete_alone(completed, job.row(there).queue, floor);
            let tasks = if tasks.is_empty() { &only[..] } else { tasks };
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
        let slots = self.demand[SLOTS];
        let row = if self.demand.len() > 1 {
            &self.demand[..]
        } else {
            &[]
        };
        core.busy.add(task.node, slots, row, span);
        if core.window.contains(task.end) {
            core.busy.end(task.node);
            core.totals.slot_time += u128::from(slots) * u128::from(service.0);
            core.totals.messages += self.by_loads;
        }
    }

    fn pages(&self) -> impl Iterator<Item = &Page> {
        let each = self.days.iter();
        each.flat_map(|day| day.full.iter().chain([&day.last]))
    }

    fn placed(&self) -> impl Iterator<Item = &Placed> {
        self.pages().flat_map(|page| &page.jobs)
    }

    /// When the last of the jobs that are written down is complete; 0 if there is none.
    pub fn last(&self) -> Time {
        self.placed().map(|job| job.end).max().unwrap_or_default()
    }

    /// The same of those that are measured.
    pub fn last_measured(&self) -> Time {
        let measured = self.placed().filter(|job| job.measured);
        measured.map(|job| job.end).max().unwrap_or_default()
    }

    /// True if a job would be complete when the clock has come to its end.
    pub fn reaches_end_of_time(&self) -> bool {
        self.placed().any(|job| job.end == Time::MAX)
    }

    /// Tells all tasks of the jobs that are written down, and when these came: all that have not ended, when what has
    /// happened is accounted for, and some others.
    #[inline(always)]
    pub fn for_each_task(&self, mut visit: impl FnMut(Time, &Task)) {
        for page in self.pages() {
            let mut rest = &page.tasks[..];
            for job in &page.jobs {
                let (own, others) = rest.split_at(self.apart(job));
                rest = others;
                if own.is_empty() {
                    visit(job.arrival, &job.task());
                }
                own.iter().for_each(|task| visit(job.arrival, task));
            }
        }
    }

    /// All jobs that are not complete go over into records. Tells their tasks that have not ended, with their
    /// records, in the order in which they start at each node, and on all.
    pub fn hand_over(&mut self, core: &mut Core<'_>) -> Vec<(Task, u32)> {
        for (node, served) in (0..).zip(&self.served) {
            core.busy
                .serve(NodeId(node), served.tasks, &self.demand, served.span);
        }
        let (now, mut in_line) = (core.now(), Vec::with_capacity(self.jobs));
        let days = std::mem::take(&mut self.days);
        for Page { jobs, mut tasks } in days.into_iter().flat_map(Day::pages) {
            let mut rest = &mut tasks[..];
            for job in &jobs {
                let (own, others) = std::mem::take(&mut rest).split_at_mut(self.apart(job));
                rest = others;
                self.end_tasks(core, own, now);
                let only = [job.task()];
                let tasks = if own.is_empty() { &only[..] } else { own };
                let ids = self.record(core, job, tasks);
                in_line.extend(tasks.iter().copied().zip(ids));
            }
        }
        // They count when they are there.
        core.totals.attempts_done -= self.returning;
        in_line.retain(|(task, _)| task.end > now);
        // Of those alike it is the same who is first.
        in_line.sort_by_key(|(task, _)| (task.start, task.node, task.end));
        in_line
    }

    /// The tasks of `in_line`, which are bound to nodes, go on by events: they run, wait or are on their way. Tells
    /// how many of the last there are.
    pub fn go_on(&self, core: &mut Core<'_>, in_line: &[(Task, u32)]) -> u64 {
        let (now, mut travelling) = (core.now(), 0);
        for (task, id) in in_line {
            let reached = core.records.both(*id).1.arrival + self.legs[0];
            if task.start <= now {
                run_on(core, task, *id);
            } else if reached <= now {
                let node = core.nodes.at_mut(task.node);
                node.queue.push(&mut core.records, *id);
            } else {
                travelling += 1;
                core.schedule_task(reached, Kind::Reached, task.node.0 + 1, *id);
            }
        }
        travelling
    }

    /// Makes the records of a job and of its `tasks` as they are now; tells the numbers of the latter.
    fn record(&mut self, core: &mut Core<'_>, job: &Placed, tasks: &[Task]) -> Vec<u32> {
        let (now, [there, back]) = (core.now(), self.legs);
        let slots = core.facts[job.class as usize].slots;
        let ids: Vec<u32> = tasks.iter().map(|_| core.records.claim()).collect();
        for (index, (task, &id)) in tasks.iter().zip(&ids).enumerate() {
            let record = core.records.task_mut(id);
            record.renew(ids[0], index as u32, slots, 0.0, job.arrival);
            record.sibling = ids.get(index + 1).copied().unwrap_or(NONE);
            record.go_on(
                [job.arrival + there, task.start, task.end, task.end + back],
                now,
            );
            record.node = task.node;
            if task.end <= now && task.end + back > now {
                self.returning += 1;
                core.schedule_task(task.end + back, Kind::Received, task.node.0 + 1, id);
            }
        }
        let gathered = |place: &usize| tasks[*place].end + back <= now;
        let critical = (0..tasks.len())
            .filter(gathered)
            .max_by_key(|&place| (tasks[place].end, std::cmp::Reverse(place)));
        let demand = core.facts[job.class as usize].demand;
        let record = core.records.job_mut(ids[0]);
        record.renew(0, job.class, demand, job.arrival);
        record.split(job.tasks, job.ideal);
        record.measured = job.measured;
        record.gathered = (0..tasks.len()).filter(gathered).count() as u32;
        record.critical = critical.map_or(NONE, |place| ids[place]);
        ids
    }
}

/// Where a day's list is.
#[inline(always)]
fn list(day: u64) -> usize {
    day as usize % DAYS
}

impl Day {
    fn new(tasks: usize) -> Day {
        Day {
            full: Vec::with_capacity(PAGES_OF_A_DAY),
            last: Page::new(tasks),
        }
    }

    fn pages(self) -> impl Iterator<Item = Page> {
        self.full.into_iter().chain([self.last])
    }
}

impl Page {
    /// An empty one with room for all its jobs and for some tasks: pages turn, and each would grow by itself.
    fn new(tasks: usize) -> Page {
        Page {
            jobs: Vec::with_capacity(PAGE),
            tasks: Vec::with_capacity(tasks),
        }
    }

    fn clear(&mut self) {
        self.jobs.clear();
        self.tasks.clear();
        if self.tasks.capacity() > MOST_KEPT {
            self.tasks.shrink_to(MOST_ROOM);
        }
    }
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
    fn serve(&mut self, served: &mut [Served], task: &Task) {
        let service = task.end - task.start;
        self.ended += 1;
        self.service += u128::from(service.0);
        let node = &mut served[task.node.index()];
        node.span += u128::from(service.0);
        node.tasks += 1;
    }
}

/// Twice the last minus the median end of some tasks; `ends` is a list for its use.
fn straggler_wait(ends: &mut Vec<Time>, tasks: &[Task]) -> u64 {
    ends.clear();
    ends.extend(tasks.iter().map(|task| task.end));
    match ends.len() {
        0..=FEW => sort_few(ends),
        _ => ends.sort_unstable(),
    }
    let n = ends.len();
    let last = ends[n - 1];
    (last - ends[(n - 1) / 2]).0 + (last - ends[n / 2]).0
}

/// So many are sorted sooner without a guess of the processor at each comparison.
const FEW: usize = 16;

/// Sorts by insertion, going through all that are sorted whatever they are.
fn sort_few(all: &mut [Time]) {
    for at in 1..all.len() {
        let mut largest = all[at];
        for one in &mut all[..at] {
            let other = *one;
            *one = other.min(largest);
            largest = other.max(largest);
        }
        all[at] = largest;
    }
}

impl Placed {
    /// Its only task, if it tells all of that.
    #[inline(always)]
    fn task(&self) -> Task {
        Task::new(self.node, self.start, self.end)
    }

    /// What is counted of it, if its tasks travelled so long.
    #[inline(always)]
    fn row(&self, there: Time) -> PlainJob {
        PlainJob {
            response: self.end - self.arrival,
            queue: self.start - (self.arrival + there),
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

/// A task that runs goes on by events.
pub fn run_on(core: &mut Core<'_>, task: &Task, id: u32) {
    let at = core.nodes.at_mut(task.node);
    at.running.push(&mut core.records, id);
    core.schedule_task(task.end, Kind::End, task.node.0 + 1, id);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_sorted() {
        let mut state = 1u64;
        for n in (1..=FEW).cycle().take(500) {
            let draw = |_| {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(11);
                Time(state >> 60)
            };
            let mut all: Vec<Time> = (0..n).map(draw).collect();
            let mut sorted = all.clone();
            sorted.sort_unstable();
            sort_few(&mut all);
            assert_eq!(all, sorted);
        }
    }
}
