//! One replication, slowly and obviously: what is pending is looked through for the next, and everything else
//! for what it hangs on. Written from `docs/model.md`, not from the simulator.

use std::collections::VecDeque;

use equipoise::engine::random::{Draw, Key, Purpose, Seeds, unit};
use equipoise::sim::setup::{StrandedQueued, StrandedRunning};

use super::Fates;
use super::spec::{Make, Place, Spec};

/// Where an attempt, or a reservation, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Dispatcher,
    Decision,
    /// Nodes are asked, or have been and answer.
    Probing,
    /// No node was up.
    Aside,
    Travelling,
    Queued,
    /// It has room, and its node asks for a task or waits for the answer.
    Asking,
    Running,
    Returning,
    /// It waits for a reservation.
    Unbound,
    Over,
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    task: usize,
    /// Which try of its task, and which of those made at once; or the number of the reservation.
    attempt: u32,
    number: u32,
    is_reservation: bool,
    /// It has been placed before.
    is_placed: bool,
    is_unseen: bool,
    at: At,
    node: usize,
    /// Whole service, and what is left of it.
    service: u64,
    left: u64,
    since: u64,
    started: u64,
    fails: bool,
    /// The decision whose reservations it belongs to.
    book: usize,
}

#[derive(Clone, Debug)]
struct Task {
    job: usize,
    index: u32,
    attempt: u32,
    /// Attempts at it that somebody waits for, by their numbers.
    live: Vec<usize>,
    is_open: bool,
    /// The last of them that came to nothing was not done in time.
    is_late: bool,
    copies: u32,
    decided: u64,
    took: Option<u64>,
    /// Its last attempt came to nothing for good.
    is_lost: bool,
}

#[derive(Clone, Debug)]
struct Job {
    class: usize,
    number: u64,
    tasks: Vec<usize>,
    need: u32,
    gathered: u32,
    lost: u32,
    is_over: bool,
}

/// Reservations and the tasks that are left for them.
#[derive(Clone, Debug, Default)]
struct Book {
    reservations: Vec<usize>,
    tasks: VecDeque<usize>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    is_down: bool,
    queue: VecDeque<usize>,
    running: Vec<usize>,
    /// Rooms kept for those that ask.
    kept: usize,
}

/// What happens, in the order of kinds at one instant; those of kind 6 in that of their entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Change,
    End,
    Received,
    Reached,
    Backoff,
    AttemptOver,
    JobOver,
    CopyDue,
    Question,
    Answer,
    CalledOff,
    Probe,
    Reply,
    /// Another attempt has started.
    Told,
    Arrival,
    Decided,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    time: u64,
    kind: Kind,
    entity: usize,
    sequence: u64,
    about: usize,
}

pub struct Twin<'a> {
    spec: &'a Spec,
    pending: Vec<Event>,
    sequence: u64,
    now: u64,
    attempts: Vec<Attempt>,
    tasks: Vec<Task>,
    jobs: Vec<Job>,
    books: Vec<Book>,
    nodes: Vec<Node>,
    queue: VecDeque<usize>,
    deciding: Option<Option<usize>>,
    aside: VecDeque<usize>,
    started: Vec<usize>,
    asking: VecDeque<usize>,
    last: Option<usize>,
    sets: u64,
    copies: u64,
    placement: Key,
    straggler: Key,
    failure: Key,
    fates: Fates,
}

impl<'a> Twin<'a> {
    pub fn run(spec: &'a Spec) -> Fates {
        let seeds = Seeds::new(spec.seed, 1);
        let mut twin = Twin {
            spec,
            pending: Vec::new(),
            sequence: 0,
            now: 0,
            attempts: Vec::new(),
            tasks: Vec::new(),
            jobs: Vec::new(),
            books: Vec::new(),
            nodes: vec![Node::default(); spec.nodes.len()],
            queue: VecDeque::new(),
            deciding: None,
            aside: VecDeque::new(),
            started: Vec::new(),
            asking: VecDeque::new(),
            last: None,
            sets: 0,
            copies: 0,
            placement: seeds.key(Purpose::Placement),
            straggler: seeds.key(Purpose::Straggler),
            failure: seeds.key(Purpose::TaskFailure),
            fates: Fates::default(),
        };
        for (at, &(time, ..)) in spec.changes.iter().enumerate() {
            twin.schedule(time, Kind::Change, 0, at);
        }
        for (class, of) in spec.classes.iter().enumerate() {
            twin.schedule(of.at, Kind::Arrival, class, 0);
        }
        while twin.step() {}
        twin.fates
    }

    fn schedule(&mut self, time: u64, kind: Kind, entity: usize, about: usize) {
        self.sequence += 1;
        let sequence = self.sequence;
        self.pending.push(Event {
            time,
            kind,
            entity,
            sequence,
            about,
        });
    }

    fn call_off(&mut self, kind: Kind, about: usize) {
        self.pending
            .retain(|event| (event.kind, event.about) != (kind, about));
    }

    /// All that is to happen to an attempt, but for what its dispatcher waits for.
    fn call_off_life(&mut self, id: usize) {
        use Kind::{Answer, CalledOff, End, Probe, Question, Reached, Received, Reply, Told};
        for kind in [
            End, Received, Reached, Question, Answer, CalledOff, Probe, Reply, Told,
        ] {
            self.call_off(kind, id);
        }
    }

    /// The next event; false after the last, or when all jobs are over.
    fn step(&mut self) -> bool {
        let order = |e: &Event| (e.time, e.kind, e.entity, e.sequence);
        let Some(least) = (0..self.pending.len()).min_by_key(|&i| order(&self.pending[i])) else {
            return false;
        };
        let all = self
            .spec
            .classes
            .iter()
            .map(|class| class.jobs)
            .sum::<u64>() as usize;
        let is_over = self.jobs.len() == all && self.jobs.iter().all(|job| job.is_over);
        if is_over && self.pending[least].time > self.now {
            return false;
        }
        let Event {
            time,
            kind,
            about,
            entity,
            ..
        } = self.pending.swap_remove(least);
        self.now = time;
        match kind {
            Kind::Change => self.change(about),
            Kind::End => self.end(about),
            Kind::Received => self.receive(about),
            Kind::Reached => self.reach(about),
            Kind::Backoff => self.try_again(about),
            Kind::AttemptOver => self.time_out(about),
            Kind::JobOver => self.fail_job(about, true),
            Kind::CopyDue => self.hedge(about),
            Kind::Question => self.question(about),
            Kind::Answer => self.answered(about),
            Kind::CalledOff if self.attempts[about].is_unseen => self.hear_of_cancel(about),
            Kind::CalledOff => self.end_reservation(about),
            Kind::Probe => self.probe(about),
            Kind::Reply => self.go(about),
            Kind::Told => self.hear_of_start(about),
            Kind::Arrival => self.arrive(entity, about as u64),
            Kind::Decided => self.decided(),
        }
        self.follow_starts();
        true
    }

    fn arrive(&mut self, class: usize, number: u64) {
        let spec = &self.spec.classes[class];
        if number + 1 < spec.jobs {
            self.schedule(self.now, Kind::Arrival, class, number as usize + 1);
        }
        let job = self.jobs.len();
        let first = self.tasks.len();
        let tasks: Vec<usize> = (first..first + spec.tasks as usize).collect();
        self.jobs.push(Job {
            class,
            number,
            tasks: tasks.clone(),
            need: spec.need.map_or(spec.tasks, |need| need.min(spec.tasks)),
            gathered: 0,
            lost: 0,
            is_over: false,
        });
        for index in 0..spec.tasks {
            self.tasks.push(Task {
                job,
                index,
                attempt: 0,
                live: Vec::new(),
                is_open: false,
                is_late: false,
                copies: 0,
                decided: 0,
                took: None,
                is_lost: false,
            });
        }
        if let Some(patience) = self.spec.job_timeout {
            self.schedule(self.now + patience, Kind::JobOver, 0, job);
        }
        let is_batch = matches!(self.spec.make, Make::Late { is_batch: true, .. });
        for &task in &tasks {
            let id = self.new_attempt(task, 0);
            self.tasks[task].live.push(id);
            match is_batch && task > first {
                true => self.attempts[id].at = At::Decision, // with the first
                false => self.queue.push_back(id),
            }
        }
        self.decide_next();
    }

    fn new_attempt(&mut self, task: usize, number: u32) -> usize {
        self.attempts.push(Attempt {
            task,
            attempt: self.tasks[task].attempt,
            number,
            is_reservation: false,
            is_placed: false,
            is_unseen: false,
            at: At::Dispatcher,
            node: usize::MAX,
            service: 0,
            left: 0,
            since: 0,
            started: 0,
            fails: false,
            book: usize::MAX,
        });
        self.attempts.len() - 1
    }

    /// The dispatcher turns to the next, if it is idle. What takes no time is no event, if nothing else is
    /// pending at this instant.
    fn decide_next(&mut self) {
        while self.deciding.is_none() {
            let Some(id) = self.queue.pop_front() else {
                return;
            };
            self.attempts[id].at = At::Decision;
            self.deciding = Some(Some(id));
            let is_clear = self.pending.iter().all(|event| event.time > self.now);
            if self.spec.decision > 0 || !is_clear {
                return self.schedule(self.now + self.spec.decision, Kind::Decided, 0, 0);
            }
            self.place_current();
        }
    }

    fn decided(&mut self) {
        self.place_current();
        self.decide_next();
    }

    fn place_current(&mut self) {
        if let Some(Some(id)) = self.deciding.take() {
            self.place(id);
        }
    }

    fn candidates(&self) -> Vec<usize> {
        (0..self.nodes.len())
            .filter(|&node| !self.nodes[node].is_down)
            .collect()
    }

    fn place(&mut self, id: usize) {
        if self.candidates().is_empty() {
            self.attempts[id].at = At::Aside;
            return self.aside.push_back(id);
        }
        let Attempt {
            task,
            is_reservation,
            is_placed,
            ..
        } = self.attempts[id];
        if is_reservation {
            return self.reserve_again(id);
        }
        self.wait_for(id);
        if let Make::Late { .. } = self.spec.make {
            return self.reserve(id);
        }
        self.attempts[id].is_placed = true;
        if !is_placed {
            return self.place_with_copies(id);
        }
        if self.asks() {
            return self.ask(id);
        }
        let others = self.others(task);
        if others.len() < self.candidates().len() || self.tasks[task].live.len() == 1 {
            let tried = if self.tasks[task].live.len() == 1 {
                Vec::new()
            } else {
                others
            };
            self.send(id, &tried);
        } else {
            self.fates.counts[0] += 1;
            self.give_up(id);
        }
    }

    fn give_up(&mut self, id: usize) {
        self.call_off_life(id);
        self.call_off(Kind::AttemptOver, id);
        self.attempts[id].at = At::Over;
        let task = self.attempts[id].task;
        self.tasks[task].live.retain(|&other| other != id);
    }

    /// True if the placement looks at nodes, which are asked.
    fn asks(&self) -> bool {
        self.spec.asks && self.spec.place == Place::LeastLoaded
    }

    /// A question to all nodes sets out.
    fn ask(&mut self, id: usize) {
        self.fates.counts[0] += 1;
        self.attempts[id].at = At::Probing;
        match self.spec.dispatch {
            0 => self.probe(id),
            time => self.schedule(self.now + time, Kind::Probe, 0, id),
        }
    }

    /// It is there: the node is chosen by what is there now.
    fn probe(&mut self, id: usize) {
        let task = self.attempts[id].task;
        if self.candidates().is_empty() {
            self.fates.counts[0] -= 1;
            self.call_off(Kind::AttemptOver, id);
            self.attempts[id].at = At::Aside;
            return self.aside.push_back(id);
        }
        let tried = match self.tasks[task].live.len() {
            1 => Vec::new(),
            _ => self.others(task),
        };
        if tried.len() == self.candidates().len() {
            return self.give_up(id);
        }
        self.attempts[id].node = self.choose(id, &tried);
        match self.spec.result {
            0 => self.go(id),
            time => self.schedule(self.now + time, Kind::Reply, 0, id),
        }
    }

    fn go(&mut self, id: usize) {
        self.bind(id, self.attempts[id].node);
        self.set_out(id);
    }

    /// Candidates at which a task has an attempt.
    fn others(&self, task: usize) -> Vec<usize> {
        let live = self.tasks[task].live.iter();
        let nodes: Vec<usize> = live.map(|&id| self.attempts[id].node).collect();
        let mut candidates = self.candidates();
        candidates.retain(|node| nodes.contains(node));
        candidates
    }

    fn wait_for(&mut self, id: usize) {
        if let Some(patience) = self.spec.task_timeout {
            self.schedule(self.now + patience, Kind::AttemptOver, 0, id);
        }
    }

    fn place_with_copies(&mut self, id: usize) {
        let task = self.attempts[id].task;
        self.sets += 1;
        let this = &mut self.tasks[task];
        (this.is_open, this.copies, this.decided) = (true, 0, self.now);
        match self.asks() {
            true => self.ask(id),
            false => self.send(id, &[]),
        }
        match self.spec.make {
            Make::Redundancy { d, until_start } => {
                for _ in 1..d {
                    if !until_start || !self.has_started(task) {
                        self.make_copy(task);
                    }
                }
            }
            Make::Hedge { after } if !self.tasks[task].live.is_empty() => {
                self.schedule(self.now + after, Kind::CopyDue, 0, task);
            }
            _ => {}
        }
        self.tasks[task].is_open = false;
        if self.tasks[task].live.is_empty() {
            self.end_task(task);
        }
        self.follow_starts();
    }

    fn has_started(&self, task: usize) -> bool {
        let has_started = |&id: &usize| matches!(self.attempts[id].at, At::Running | At::Returning);
        self.tasks[task].live.iter().any(has_started)
    }

    fn make_copy(&mut self, task: usize) {
        let tried = self.others(task);
        if !self.asks() && tried.len() == self.candidates().len() {
            return;
        }
        self.tasks[task].copies += 1;
        self.copies += 1;
        let id = self.new_attempt(task, self.tasks[task].copies);
        self.attempts[id].is_placed = true;
        self.tasks[task].live.push(id);
        self.wait_for(id);
        match self.asks() {
            true => self.ask(id),
            false => self.send(id, &tried),
        }
    }

    fn hedge(&mut self, task: usize) {
        let is_hedge = matches!(self.spec.make, Make::Hedge { .. });
        if !is_hedge || self.copies < self.sets {
            self.make_copy(task);
        }
    }

    /// The attempt goes to a node, where the task is not `tried` yet.
    fn send(&mut self, id: usize, tried: &[usize]) {
        self.fates.counts[0] += 1;
        self.attempts[id].node = self.choose(id, tried);
        self.go(id);
    }

    fn draw(&self, key: Key, id: usize) -> Draw {
        let Attempt {
            task,
            attempt,
            number,
            is_reservation,
            ..
        } = self.attempts[id];
        let Task { job, index, .. } = self.tasks[task];
        let Job {
            class, number: job, ..
        } = self.jobs[job];
        match is_reservation {
            true => key.draw(class as u32, job, 0, number, 0),
            false => key.draw(class as u32, job, 0, index, 16 * attempt + 2 * number),
        }
    }

    /// What the placement chooses among the candidates that are not `tried`; one that keeps all candidates
    /// in order, among all first.
    fn choose(&mut self, id: usize, tried: &[usize]) -> usize {
        let mut among = self.candidates();
        let all = among.clone();
        among.retain(|node| !tried.contains(node));
        let mut draw = self.draw(self.placement, id);
        let mut any = || among[draw.below(among.len() as u32) as usize];
        match self.spec.place {
            Place::Random => any(),
            Place::RoundRobin => {
                let after = |node: &&usize| self.last.is_none_or(|last| **node > last);
                let next = *among.iter().find(after).unwrap_or(&among[0]);
                self.last = Some(next);
                next
            }
            Place::LeastLoaded => {
                let held = |node: &&usize| self.held(**node);
                let least = *all.iter().min_by_key(held).unwrap();
                if among.contains(&least) { least } else { any() }
            }
        }
    }

    /// What runs, waits or travels to a node.
    fn held(&self, node: usize) -> usize {
        let is_held = |this: &&Attempt| {
            use At::{Asking, Queued, Running, Travelling};
            this.node == node && matches!(this.at, Travelling | Queued | Asking | Running)
        };
        self.attempts.iter().filter(is_held).count()
    }

    fn bind(&mut self, id: usize, node: usize) {
        let mut draw = self.draw(self.straggler, id);
        let factor = match self.spec.stragglers {
            Some((probability, factor)) if unit(&mut draw) < probability => factor,
            _ => 1,
        };
        let mut draw = self.draw(self.failure, id);
        let fails = self.spec.failures.is_some_and(|p| unit(&mut draw) < p);
        let class = self.jobs[self.tasks[self.attempts[id].task].job].class;
        let work = self.spec.classes[class].work;
        let service = work * factor * 4 / self.spec.nodes[node].1;
        let this = &mut self.attempts[id];
        (this.node, this.service, this.left, this.fails) = (node, service, service, fails);
    }

    fn set_out(&mut self, id: usize) {
        self.attempts[id].at = At::Travelling;
        if self.spec.is_instant(self.spec.dispatch) {
            self.reach(id);
            return self.follow_starts();
        }
        let node = self.attempts[id].node;
        let time = self.now + self.spec.ways(node).0;
        self.schedule(time, Kind::Reached, 1 + node, id);
    }

    fn reach(&mut self, id: usize) {
        let node = self.attempts[id].node;
        if self.nodes[node].is_down && self.spec.queued != StrandedQueued::Stay {
            return self.turn_away(id);
        }
        self.come_to(id);
        let waiting = self.nodes[node].queue.len() as u64;
        let is_full = self.spec.queue_limit.is_some_and(|limit| waiting > limit);
        if self.attempts[id].at == At::Queued && is_full {
            self.nodes[node].queue.retain(|&other| other != id);
            self.end_attempt(id, false);
        }
    }

    fn has_room(&self, node: usize) -> bool {
        let this = &self.nodes[node];
        let used = (this.running.len() + this.kept) as u64;
        !this.is_down && used < self.spec.nodes[node].0
    }

    fn come_to(&mut self, id: usize) {
        let node = self.attempts[id].node;
        self.attempts[id].at = At::Queued;
        self.nodes[node].queue.push_back(id);
        self.start_waiting(node);
    }

    fn start_waiting(&mut self, node: usize) {
        while self.has_room(node) {
            let Some(id) = self.nodes[node].queue.pop_front() else {
                return;
            };
            match self.attempts[id].is_reservation {
                true => {
                    self.attempts[id].at = At::Asking;
                    self.nodes[node].kept += 1;
                    self.asking.push_back(id);
                }
                false => self.start(id),
            }
        }
    }

    fn start(&mut self, id: usize) {
        let now = self.now;
        let this = &mut self.attempts[id];
        if this.left == this.service {
            this.started = now;
        }
        (this.at, this.since) = (At::Running, now);
        let (node, end) = (this.node, now + this.left);
        self.nodes[node].running.push(id);
        self.schedule(end, Kind::End, 1 + node, id);
        if matches!(
            self.spec.make,
            Make::Redundancy {
                until_start: true,
                ..
            }
        ) {
            self.started.push(id);
        }
    }

    /// What runs stops; what it was served counts.
    fn interrupt(&mut self, id: usize) {
        self.call_off(Kind::End, id);
        let now = self.now;
        let this = &mut self.attempts[id];
        this.left -= now - this.since;
        this.at = At::Queued;
        let node = this.node;
        self.nodes[node].running.retain(|&other| other != id);
    }

    fn end(&mut self, id: usize) {
        let node = self.attempts[id].node;
        self.nodes[node].running.retain(|&other| other != id);
        self.attempts[id].at = At::Returning;
        self.attempts[id].since = self.now;
        self.start_waiting(node);
        self.follow_starts();
        match self.spec.is_instant(self.spec.result) {
            true => self.receive(id),
            false => {
                let time = self.now + self.spec.ways(node).1;
                self.schedule(time, Kind::Received, 1 + node, id);
            }
        }
    }

    fn receive(&mut self, id: usize) {
        let Attempt {
            task,
            is_unseen,
            fails,
            node,
            attempt,
            started,
            since,
            ..
        } = self.attempts[id];
        if is_unseen {
            self.call_off_life(id);
            return self.attempts[id].at = At::Over;
        }
        self.call_off(Kind::AttemptOver, id);
        self.call_off(Kind::Told, id);
        if fails {
            return self.end_attempt(id, false);
        }
        self.attempts[id].at = At::Over;
        let others = self.tasks[task].live.clone();
        for other in others.into_iter().filter(|&other| other != id) {
            self.abandon(other, false);
        }
        self.call_off(Kind::CopyDue, task);
        let this = &mut self.tasks[task];
        this.live.clear();
        this.took = Some(self.now - this.decided);
        let Task { job, index, .. } = *this;
        let key = (self.jobs[job].class as u32, self.jobs[job].number, index);
        let row = (node as u32, attempt, started, since);
        self.fates.tasks.insert(key, row);
        if let Make::Speculation { factor } = self.spec.make {
            self.speculate(job, factor);
        }
        self.follow_starts();
        self.jobs[job].gathered += 1;
        if self.jobs[job].gathered == self.jobs[job].need {
            self.complete(job);
        }
    }

    fn speculate(&mut self, job: usize, factor: u64) {
        let tasks = self.jobs[job].tasks.clone();
        let mut took: Vec<u64> = tasks
            .iter()
            .filter_map(|&task| self.tasks[task].took)
            .collect();
        took.sort_unstable();
        if took.len() != tasks.len().div_ceil(2) {
            return;
        }
        let median = u128::from(took[(took.len() - 1) / 2]) * u128::from(factor);
        let (whole, rest) = (median / 1_000_000_000, median % 1_000_000_000);
        let span = whole as u64 + u64::from(rest > 500_000_000);
        for task in tasks {
            let this = &self.tasks[task];
            let is_placed = |&id: &usize| self.attempts[id].is_placed;
            if this.took.is_none() && this.live.iter().any(is_placed) {
                let due = (this.decided + span).max(self.now);
                self.schedule(due, Kind::CopyDue, 0, task);
            }
        }
    }

    fn complete(&mut self, job: usize) {
        for task in self.jobs[job].tasks.clone() {
            if self.tasks[task].took.is_none() {
                self.cancel(task, false);
            }
        }
        self.leave(job, true);
    }

    fn leave(&mut self, job: usize, is_complete: bool) {
        self.call_off(Kind::JobOver, job);
        let this = &mut self.jobs[job];
        this.is_over = true;
        let row = is_complete.then_some(self.now);
        let key = (this.class as u32, this.number);
        self.fates.jobs.insert(key, row);
        if !is_complete {
            self.fates
                .tasks
                .retain(|&(class, number, _), _| (class, number) != key);
        }
    }

    fn fail_job(&mut self, job: usize, is_late: bool) {
        for task in self.jobs[job].tasks.clone() {
            self.cancel(task, is_late);
        }
        self.leave(job, false);
    }

    /// A task of a job that is over is not to run any more.
    fn cancel(&mut self, task: usize, is_late: bool) {
        let this = &self.tasks[task];
        if this.took.is_none() && !this.is_lost {
            self.fates.counts[2] += 1;
        }
        self.call_off(Kind::Backoff, task);
        self.call_off(Kind::CopyDue, task);
        for id in std::mem::take(&mut self.tasks[task].live) {
            self.abandon(id, is_late);
        }
    }

    /// An attempt is not waited for any more.
    fn abandon(&mut self, id: usize, is_late: bool) {
        use At::{Asking, Queued, Returning, Running, Travelling};
        let has_left =
            [Travelling, Queued, Asking, Running, Returning].contains(&self.attempts[id].at);
        self.call_off(Kind::AttemptOver, id);
        let runs_on = is_late && self.spec.run_on;
        if !has_left || !runs_on && !self.spec.cancels_late() {
            return self.withdraw(id);
        }
        self.attempts[id].is_unseen = true;
        self.wait_for_job_anew(id);
        if !runs_on {
            let time = self.now + self.spec.ways(self.attempts[id].node).0;
            self.schedule(time, Kind::CalledOff, 0, id);
        }
    }

    /// The first attempt at the first task of a job goes on unseen: its time comes after others of the instant.
    fn wait_for_job_anew(&mut self, id: usize) {
        let Attempt { task, number, .. } = self.attempts[id];
        let Task { job, index, .. } = self.tasks[task];
        let arrival = self.spec.classes[self.jobs[job].class].at;
        let until = self.spec.job_timeout.map(|patience| arrival + patience);
        if let Some(until) = until.filter(|until| (index, number) == (0, 0) && *until >= self.now) {
            self.call_off(Kind::JobOver, job);
            self.schedule(until, Kind::JobOver, 0, job);
        }
    }

    /// What calls an attempt off is there.
    fn hear_of_cancel(&mut self, id: usize) {
        if !matches!(self.attempts[id].at, At::Returning | At::Over) {
            self.withdraw(id);
        }
    }

    /// Another attempt has started: one that has not leaves, unless it is the last.
    fn hear_of_start(&mut self, id: usize) {
        let Attempt {
            at,
            is_unseen,
            task,
            ..
        } = self.attempts[id];
        if matches!(at, At::Running | At::Returning | At::Over) {
            return;
        }
        if is_unseen || self.tasks[task].live.len() > 1 {
            self.withdraw(id);
            self.tasks[task].live.retain(|&live| live != id);
        }
    }

    /// Takes an attempt from where it is.
    fn withdraw(&mut self, id: usize) {
        let Attempt { at, node, book, .. } = self.attempts[id];
        self.call_off(Kind::AttemptOver, id);
        self.call_off_life(id);
        self.queue.retain(|&other| other != id);
        self.aside.retain(|&other| other != id);
        self.started.retain(|&other| other != id);
        if self.deciding == Some(Some(id)) {
            self.deciding = Some(None);
        }
        self.attempts[id].at = At::Over;
        match at {
            At::Queued => self.nodes[node].queue.retain(|&other| other != id),
            At::Running => self.nodes[node].running.retain(|&other| other != id),
            At::Asking => self.nodes[node].kept -= 1,
            At::Unbound => {
                self.books[book].tasks.retain(|&other| other != id);
                return self.call_off_surplus(book);
            }
            _ => return,
        }
        self.start_waiting(node);
    }

    /// Those that have started end others at their tasks; those that have room ask.
    fn follow_starts(&mut self) {
        while let Some(id) = self.started.pop() {
            let task = self.attempts[id].task;
            if self.attempts[id].is_unseen {
                continue;
            }
            for other in self.tasks[task].live.clone() {
                if other != id && self.spec.cancels_late() {
                    let news = (Kind::Told, other);
                    if !self.pending.iter().any(|e| (e.kind, e.about) == news) {
                        let node = self.attempts[other].node;
                        let time = self.now + self.spec.ways(node).0;
                        self.schedule(time, Kind::Told, 0, other);
                    }
                } else if other != id && self.attempts[other].at != At::Over {
                    self.withdraw(other);
                    self.tasks[task].live.retain(|&live| live != other);
                }
            }
        }
        while let Some(id) = self.asking.pop_front() {
            match self.spec.is_instant(self.spec.result) {
                true => self.question(id),
                false => {
                    let time = self.now + self.spec.ways(self.attempts[id].node).1;
                    self.schedule(time, Kind::Question, 0, id);
                }
            }
        }
    }

    fn time_out(&mut self, id: usize) {
        self.abandon(id, true);
        self.end_attempt(id, true);
    }

    /// An attempt has come to nothing; its task has if it was the last.
    fn end_attempt(&mut self, id: usize, is_late: bool) {
        let Attempt {
            task, is_unseen, ..
        } = self.attempts[id];
        self.call_off(Kind::AttemptOver, id);
        if is_unseen && !self.tasks[task].live.contains(&id) {
            self.call_off_life(id);
            return self.attempts[id].at = At::Over;
        }
        if !is_unseen {
            self.call_off_life(id);
        }
        if !is_unseen {
            self.attempts[id].at = At::Over;
        }
        self.tasks[task].live.retain(|&other| other != id);
        self.tasks[task].is_late = is_late;
        if !self.tasks[task].is_open && self.tasks[task].live.is_empty() {
            self.end_task(task);
        }
    }

    fn end_task(&mut self, task: usize) {
        self.call_off(Kind::CopyDue, task);
        let this = &mut self.tasks[task];
        let (job, is_late) = (this.job, this.is_late);
        if this.attempt + 1 < self.spec.max_attempts {
            this.attempt += 1;
            self.fates.counts[1] += u64::from(this.attempt == 1);
            return self.schedule(self.now + self.spec.backoff, Kind::Backoff, 0, task);
        }
        this.is_lost = true;
        let job_of = &mut self.jobs[job];
        job_of.lost += 1;
        if job_of.tasks.len() as u32 - job_of.lost < job_of.need {
            self.fail_job(job, is_late);
        }
    }

    fn try_again(&mut self, task: usize) {
        let id = self.new_attempt(task, 0);
        self.tasks[task].live.push(id);
        self.queue.push_back(id);
        self.decide_next();
    }

    fn change(&mut self, at: usize) {
        let (_, node, is_up) = self.spec.changes[at];
        self.nodes[node].is_down = !is_up;
        if !is_up {
            return self.strand(node);
        }
        self.start_waiting(node);
        for id in std::mem::take(&mut self.aside) {
            if self.attempts[id].at == At::Aside {
                self.place_again(id);
            }
        }
    }

    fn strand(&mut self, node: usize) {
        if self.spec.queued != StrandedQueued::Stay {
            while let Some(id) = self.nodes[node].queue.pop_front() {
                self.turn_away(id);
            }
        }
        if self.spec.running == StrandedRunning::Lose {
            while let Some(&id) = self.nodes[node].running.first() {
                self.interrupt(id);
                self.end_attempt(id, false);
            }
        }
        while let Some(&id) = self.nodes[node].running.last() {
            self.interrupt(id);
            let this = &mut self.attempts[id];
            if self.spec.running == StrandedRunning::Restart {
                this.left = this.service;
            }
            self.nodes[node].queue.push_front(id);
        }
    }

    fn place_again(&mut self, id: usize) {
        self.attempts[id].at = At::Dispatcher;
        self.attempts[id].node = usize::MAX;
        self.queue.push_back(id);
        self.decide_next();
    }

    /// What cannot be at its node is decided again, or is lost.
    fn turn_away(&mut self, id: usize) {
        let Attempt {
            is_reservation,
            is_unseen,
            book,
            ..
        } = self.attempts[id];
        if is_reservation && self.books[book].tasks.is_empty() {
            return self.drop_reservation(id);
        }
        if !is_reservation && (is_unseen || self.spec.queued == StrandedQueued::Lose) {
            return self.end_attempt(id, false);
        }
        self.call_off(Kind::AttemptOver, id);
        self.fates.counts[0] -= 1;
        self.attempts[id].is_placed = true;
        self.place_again(id);
    }

    /// Reservations for the tasks that are decided with that of `id`.
    fn reserve(&mut self, id: usize) {
        let Make::Late { probes, is_batch } = self.spec.make else {
            return;
        };
        let Attempt {
            task,
            attempt,
            is_placed,
            ..
        } = self.attempts[id];
        let of_job = self.jobs[self.tasks[task].job].tasks.clone();
        let all = of_job.len() as u32;
        let is_whole = is_batch && attempt == 0 && !is_placed;
        let tasks = if is_whole { of_job } else { vec![task] };
        let round = attempt + u32::from(is_batch && !is_whole);
        let first = if is_whole {
            0
        } else {
            (round * all + self.tasks[task].index) * probes
        };
        let book = self.books.len();
        self.books.push(Book::default());
        for &task in &tasks {
            let own = self.tasks[task].live[0];
            if own != id {
                self.wait_for(own);
            }
            let this = &mut self.attempts[own];
            (this.at, this.is_placed, this.book) = (At::Unbound, true, book);
            self.books[book].tasks.push_back(own);
        }
        for number in first..first + probes * tasks.len() as u32 {
            let reservation = self.new_attempt(task, number);
            self.attempts[reservation].is_reservation = true;
            self.attempts[reservation].book = book;
            self.place_reservation(reservation);
            self.books[book].reservations.push(reservation);
        }
        for reservation in self.books[book].reservations.clone() {
            self.send_reservation(reservation);
        }
        self.follow_starts();
    }

    /// It goes to a node where no other of its decision is; if they are everywhere, to one where none has been
    /// placed since.
    fn place_reservation(&mut self, id: usize) {
        let count = self.candidates().len();
        let placed = &self.books[self.attempts[id].book].reservations;
        let of_round = placed.len() % count;
        let since = &placed[placed.len() - of_round..];
        let tried: Vec<usize> = since
            .iter()
            .map(|&other| self.attempts[other].node)
            .collect();
        self.hold_reservation(id, &tried);
    }

    fn hold_reservation(&mut self, id: usize, tried: &[usize]) {
        self.fates.counts[0] += 1;
        let node = self.choose(id, tried);
        self.attempts[id].node = node;
        self.attempts[id].at = At::Travelling;
    }

    fn reserve_again(&mut self, id: usize) {
        let book = &self.books[self.attempts[id].book];
        let others = book.reservations.iter().filter(|&&other| other != id);
        let mut tried: Vec<usize> = others.map(|&other| self.attempts[other].node).collect();
        if self.candidates().iter().all(|node| tried.contains(node)) {
            tried.clear();
        }
        self.hold_reservation(id, &tried);
        self.send_reservation(id);
        self.follow_starts();
    }

    fn send_reservation(&mut self, id: usize) {
        match self.spec.is_instant(self.spec.dispatch) {
            true => self.come_to(id),
            false => {
                let node = self.attempts[id].node;
                let time = self.now + self.spec.ways(node).0;
                self.schedule(time, Kind::Reached, 1 + node, id);
            }
        }
    }

    /// The dispatcher is asked for a task.
    fn question(&mut self, id: usize) {
        let Attempt { node, book, .. } = self.attempts[id];
        if self.nodes[node].is_down {
            return self.ask_later(id);
        }
        let given = self.books[book].tasks.pop_front();
        let id = given.map_or(id, |task| {
            self.bind(task, node);
            (self.attempts[task].at, self.attempts[id].at) = (At::Asking, At::Over);
            self.books[book].reservations.retain(|&other| other != id);
            task
        });
        match self.spec.is_instant(self.spec.dispatch) {
            true => self.answered(id),
            false => {
                let time = self.now + self.spec.ways(node).0;
                self.schedule(time, Kind::Answer, 0, id);
            }
        }
        if given.is_some() {
            self.call_off_surplus(book);
        }
    }

    /// The node that asks is down.
    fn ask_later(&mut self, id: usize) {
        let Attempt { node, book, .. } = self.attempts[id];
        self.nodes[node].kept -= 1;
        if self.books[book].tasks.is_empty() {
            self.drop_reservation(id);
        } else if self.spec.queued == StrandedQueued::Stay {
            self.attempts[id].at = At::Queued;
            self.nodes[node].queue.push_front(id);
        } else {
            self.turn_away(id);
        }
    }

    fn answered(&mut self, id: usize) {
        let Attempt {
            node,
            is_reservation,
            ..
        } = self.attempts[id];
        self.nodes[node].kept -= 1;
        if is_reservation {
            self.drop_reservation(id);
            self.start_waiting(node);
        } else if !self.nodes[node].is_down {
            self.start(id);
        } else if self.spec.queued == StrandedQueued::Stay {
            self.come_to(id);
        } else {
            self.turn_away(id);
        }
    }

    fn drop_reservation(&mut self, id: usize) {
        self.fates.counts[2] += 1;
        self.call_off_life(id);
        self.attempts[id].at = At::Over;
        let book = self.attempts[id].book;
        self.books[book].reservations.retain(|&other| other != id);
    }

    /// If no task is left, the nodes of the other reservations are told, but for those that ask.
    fn call_off_surplus(&mut self, book: usize) {
        if !self.books[book].tasks.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.books[book].reservations) {
            match self.attempts[id].at {
                At::Asking | At::Over => {}
                At::Travelling | At::Queued if !self.spec.is_instant(self.spec.dispatch) => {
                    let time = self.now + self.spec.ways(self.attempts[id].node).0;
                    self.schedule(time, Kind::CalledOff, 0, id);
                }
                _ => self.end_reservation(id),
            }
        }
    }

    fn end_reservation(&mut self, id: usize) {
        if self.attempts[id].at != At::Asking {
            self.withdraw(id);
            self.drop_reservation(id);
        }
    }
}
