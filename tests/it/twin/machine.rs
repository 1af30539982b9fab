//! One replication, slowly and obviously: every event is found by looking through all that are
//! pending, every state by looking through all tasks. Written from the description of the model,
//! not from the simulator.

use std::collections::{BTreeMap, VecDeque};

use equipoise::engine::random::{Key, Purpose, Seeds, Stream, unit};
use equipoise::model::discipline::Discipline;

use super::faults::Faults;
use super::placing::{Candidate, Placing, Seen};
use super::spec::{ClassSpec, Come, Entry, Spec, name, works};

/// A work in nanoseconds at speed 1, as a fraction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    pub over: u64,
    pub under: u64,
}

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    AtDispatcher,
    /// No node is up that it may use.
    Parked,
    /// It is to be tried again, or never more.
    Nowhere,
    Travelling,
    Queued,
    Running,
    Done,
}

#[derive(Clone, Debug)]
pub struct Task {
    pub job: usize,
    pub index: u32,
    pub(super) work: Work,
    pub phase: Phase,
    pub node: Option<usize>,
    pub begun: u64,
    pub decided: u64,
    pub reached: u64,
    pub started: u64,
    pub ended: u64,
    pub received: u64,
    pub gathered: Option<u64>,
    /// Service time at its node.
    pub service: u64,
    /// When it ran, or (sharing slots) was served.
    pub runs: Vec<(u64, u64)>,
    /// What is left of its service, in parts of a nanosecond, as of the present instant.
    pub(super) left: i128,
    /// Which of the tasks that reached nodes it was.
    pub(super) turn: i128,
    /// Which of the tasks that started it was.
    start: i128,
    /// Which attempt it is, from 0.
    pub attempt: u32,
    /// Whether that fails though it is served.
    pub(super) fails: bool,
    /// Whether it is an attempt that nobody waits for.
    pub(super) is_unseen: bool,
    /// Whether it has been served since it began, or began anew.
    pub(super) is_served: bool,
}

/// Parts of a nanosecond: a multiple of all numbers up to 60, among which slots may be shared.
pub(super) const PARTS: i128 = 9_690_712_164_777_231_700_912_800;
/// Events from which on a scenario in which all starts over again and again, or piles up, is given up.
const MOST_EVENTS: u64 = 50_000;
/// Slots demanded together above which shares are not exact.
const MOST_SHARED: u64 = 60;

/// Units of a dimension in use at a node from one instant to another.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub from: u64,
    pub to: u64,
    pub node: usize,
    pub d: usize,
    pub units: u64,
}

#[derive(Clone, Debug)]
pub struct Job {
    pub class: usize,
    pub number: u64,
    pub arrival: u64,
    pub dispatcher: usize,
    pub is_measured: bool,
    pub tasks: Vec<usize>,
    pub completion: Option<u64>,
    /// When it failed, or was turned away.
    pub failure: Option<u64>,
    pub(super) retries: u32,
    /// What its user asked for, for each task, ns.
    pub asked: Option<u64>,
}

/// A row of the decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    pub time: u64,
    pub dispatcher: u32,
    pub class: u32,
    pub number: u64,
    pub task: u32,
    pub node: u32,
    pub tasks_seen: u32,
}

/// What happens; in the order of kinds at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Change,
    Ended,
    Received,
    Gathered,
    Reached,
    Timer,
    Arrival,
    Decided,
    SchedulingPass,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub time: u64,
    pub kind: Kind,
    pub entity: usize,
    sequence: u64,
    /// What it is about: a task, a job, a node, a change of the script.
    pub subject: usize,
}

/// A fifo server: what waits and whether it is busy.
#[derive(Clone, Debug, Default)]
pub(super) struct Server {
    pub waiting: VecDeque<usize>,
    pub is_busy: bool,
    /// What it is busy with; nothing, if that was called off.
    pub current: Option<usize>,
}

pub struct Twin<'a> {
    pub(super) spec: &'a Spec,
    pub tasks: Vec<Task>,
    pub jobs: Vec<Job>,
    pub decisions: Vec<Decision>,
    pub usage: Vec<Usage>,
    /// Slots were shared among more than can be told exactly, or it was given up.
    pub is_inexact: bool,
    pub(super) turns: i128,
    pub window: Option<(u64, Option<u64>)>,
    /// When it was over, if it was broken off.
    pub over: u64,
    pub(super) pending: Vec<Event>,
    sequence: u64,
    pub(super) now: u64,
    streams: Vec<Stream>,
    /// Jobs that have arrived, by class.
    arrived: Vec<u64>,
    arrivals: u64,
    counted: u64,
    /// Tasks on their way to, at or in the queue of a node, by node, oldest first.
    pub(super) present: Vec<Vec<usize>>,
    /// Those that run, by node.
    pub(super) running: Vec<Vec<usize>>,
    /// Queues of the nodes, and the central queue: what starts together, in order.
    pub(super) queues: Vec<Vec<usize>>,
    pub(super) central: Vec<Vec<usize>>,
    /// The job of which something started last.
    pub(super) served: Option<usize>,
    pub(super) dispatchers: Vec<Server>,
    pub(super) gatherers: Vec<Server>,
    placings: BTreeMap<(usize, Vec<usize>), Placing>,
    placement: Key,
    spread: Key,
    straggler: Key,
    pub(super) faults: Faults,
}

fn costs(class: &ClassSpec) -> bool {
    class.per_result > 0 || class.gather_work > 0
}

impl<'a> Twin<'a> {
    pub fn run(spec: &'a Spec, replication: u64) -> Twin<'a> {
        let seeds = Seeds::new(spec.seed, replication);
        let nodes = spec.nodes().len();
        let classes = spec.classes.len();
        let servers = vec![Server::default(); spec.dispatchers as usize];
        let mut twin = Twin {
            spec,
            tasks: Vec::new(),
            jobs: Vec::new(),
            decisions: Vec::new(),
            usage: Vec::new(),
            is_inexact: false,
            turns: 0,
            window: None,
            over: 0,
            pending: Vec::new(),
            sequence: 0,
            now: 0,
            streams: (0..classes)
                .map(|c| seeds.stream(Purpose::Workload, &name(c)))
                .collect(),
            arrived: vec![0; classes],
            arrivals: 0,
            counted: 0,
            present: vec![Vec::new(); nodes],
            running: vec![Vec::new(); nodes],
            queues: vec![Vec::new(); nodes],
            central: Vec::new(),
            served: None,
            dispatchers: servers.clone(),
            gatherers: servers,
            placings: BTreeMap::new(),
            placement: seeds.key(Purpose::Placement),
            spread: seeds.key(Purpose::Spread),
            straggler: seeds.key(Purpose::Straggler),
            faults: Faults::new(spec, seeds),
        };
        twin.schedule_faults();
        (0..classes).for_each(|class| twin.next_arrival(class));
        while twin.step() {
            if twin.sequence > MOST_EVENTS {
                twin.is_inexact = true;
                break;
            }
        }
        twin.note_until(u64::MAX);
        twin
    }

    pub fn spec(&self) -> &Spec {
        self.spec
    }

    /// An event of a kind is pending at this instant.
    pub(super) fn awaits(&self, kind: Kind) -> bool {
        let is_it = |event: &Event| (event.time, event.kind) == (self.now, kind);
        self.pending.iter().any(is_it)
    }

    pub(super) fn schedule(&mut self, time: u64, kind: Kind, entity: usize, subject: usize) {
        self.sequence += 1;
        self.pending.push(Event {
            time,
            kind,
            entity,
            sequence: self.sequence,
            subject,
        });
    }

    fn step(&mut self) -> bool {
        let order = |e: &Event| (e.time, e.kind, e.entity, e.sequence);
        let Some(least) = (0..self.pending.len()).min_by_key(|&i| order(&self.pending[i])) else {
            self.over = self.now;
            return false;
        };
        let event = self.pending[least];
        if event.time > self.deadline() {
            self.over = self.deadline();
            self.pass(self.over);
            return false;
        }
        if event.time > self.now && self.is_over() {
            self.over = self.now;
            return false;
        }
        self.pending.swap_remove(least);
        self.pass(event.time);
        match event.kind {
            Kind::Change => self.change(event.entity, event.subject),
            Kind::Ended => self.ended(event.subject),
            Kind::Received => self.received(event.subject),
            Kind::Gathered => self.gathered(event.subject),
            Kind::Reached => self.reached(event.subject),
            Kind::Timer => self.time_is_over(event.entity, event.subject),
            Kind::Arrival => self.arrival(event.entity),
            Kind::Decided => self.decided(event.subject),
            Kind::SchedulingPass => self.pass_through_queue(),
        }
        self.follow_clocks();
        true
    }

    /// Time passes: what runs is worked off, and what is in use noted.
    fn pass(&mut self, time: u64) {
        let span = time - self.now;
        if span == 0 {
            return;
        }
        for node in 0..self.queues.len() {
            let (over, under) = self.share(node);
            for task in self.running[node].clone() {
                let parts = i128::from(span) * PARTS * i128::from(over) / i128::from(under);
                self.tasks[task].left -= parts;
                self.tasks[task].is_served = true;
            }
        }
        self.note_until(time);
        self.now = time;
    }

    /// Notes what runs and what is in use from now on until `time`.
    fn note_until(&mut self, time: u64) {
        for node in 0..self.queues.len() {
            for task in self.running[node].clone() {
                self.tasks[task].runs.push((self.now, time));
            }
            let capacity = &self.spec.nodes()[node].capacity;
            for d in 0..capacity.len() {
                let used = self.used(node, d);
                let units = if d == 0 {
                    used.min(capacity[0].unwrap_or(used))
                } else {
                    used
                };
                let (from, to) = (self.now, time);
                self.usage.push(Usage {
                    from,
                    to,
                    node,
                    d,
                    units,
                });
            }
        }
    }

    /// Units of dimension `d` that what runs at `node` demands.
    pub(super) fn used(&self, node: usize, d: usize) -> u64 {
        self.running[node]
            .iter()
            .map(|&task| self.demand(task)[d])
            .sum()
    }

    pub(super) fn discipline(&self, node: usize) -> &Discipline {
        match self.spec.is_central {
            true => &Discipline::Fifo,
            false => &self.spec.nodes()[node].discipline,
        }
    }

    /// The share of its own speed that each task at a node is served with.
    fn share(&self, node: usize) -> (u64, u64) {
        let demanded = self.used(node, 0);
        match (self.discipline(node), self.spec.nodes()[node].capacity[0]) {
            (Discipline::ProcessorSharing(_), Some(slots)) if slots < demanded => (slots, demanded),
            _ => (1, 1),
        }
    }

    /// All that is measured has arrived and is resolved.
    fn is_over(&self) -> bool {
        let is_arrival = |event: &Event| event.kind == Kind::Arrival;
        let is_all = self.spec.measure.is_none() && !self.pending.iter().any(is_arrival);
        let is_resolved = |j: &Job| !j.is_measured || j.completion.or(j.failure).is_some();
        (is_all || matches!(self.window, Some((_, Some(_))))) && self.jobs.iter().all(is_resolved)
    }

    /// Four windows after the last measured arrival; a window without length has no deadline.
    fn deadline(&self) -> u64 {
        match self.window {
            Some((start, Some(end))) if start < end => end + 4 * (end - start),
            _ => u64::MAX,
        }
    }

    fn next_arrival(&mut self, class: usize) {
        let arrived = self.arrived[class];
        let (time, is_due) = match &self.spec.classes[class].come {
            Come::Every(interval) => (interval * (arrived + 1), true),
            Come::Batch(jobs) => (2 * self.spec.grid, arrived < *jobs),
            Come::Log(entries) => {
                let next = entries.get(arrived as usize);
                (next.map_or(0, |entry| entry.arrival), next.is_some())
            }
        };
        if is_due {
            self.schedule(time, Kind::Arrival, class, 0);
        }
    }

    fn arrival(&mut self, class: usize) {
        let job = self.jobs.len();
        let number = self.arrived[class];
        self.arrived[class] += 1;
        self.arrivals += 1;
        let is_measured = self.is_measured(class);
        let tasks = self.new_tasks(job, class);
        let mut draw = self.spread.draw(class as u32, number, 0, 0, 0);
        let dispatcher = match self.spec.dispatchers {
            1 => 0,
            several => draw.below(several) as usize,
        };
        let is_let_in = self.is_let_in(class, dispatcher);
        if is_let_in {
            self.dispatchers[dispatcher].waiting.extend(&tasks);
            if let Some(patience) = self.spec.faults.timeouts.job {
                self.schedule(self.now + patience.0, Kind::Timer, 2, job);
            }
        }
        let entry = self.entry(class, number);
        let asked = entry.and_then(|entry| entry.asked);
        self.jobs.push(Job {
            asked: asked.map(|seconds| seconds * 1_000_000_000),
            class,
            number,
            arrival: self.now,
            dispatcher,
            is_measured,
            tasks,
            completion: None,
            failure: (!is_let_in).then_some(self.now),
            retries: 0,
        });
        self.next_arrival(class);
        self.decide_next(dispatcher);
    }

    /// Opens and closes the window.
    fn is_measured(&mut self, class: usize) -> bool {
        let is_closed = matches!(self.window, Some((_, Some(_))));
        if self.arrivals <= self.spec.warmup || is_closed {
            return false;
        }
        let (start, _) = *self.window.get_or_insert((self.now, None));
        if let Some((only, count)) = self.spec.measure {
            self.counted += u64::from(only.is_none_or(|only| only as usize == class));
            if self.counted == count {
                self.window = Some((start, Some(self.now)));
            }
        }
        true
    }

    /// A job of a log.
    fn entry(&self, class: usize, number: u64) -> Option<Entry> {
        match &self.spec.classes[class].come {
            Come::Log(entries) => Some(entries[number as usize]),
            _ => None,
        }
    }

    fn new_tasks(&mut self, job: usize, class: usize) -> Vec<usize> {
        let shape = &self.spec.classes[class];
        let law = works(shape);
        let entry = self.entry(class, self.arrived[class] - 1);
        let mut draw = || (law.sample(&mut self.streams[class]) * 1e9).round() as u64;
        let works: Vec<Work> = if let Some(entry) = entry {
            let (over, under) = (entry.work, 1);
            vec![Work { over, under }; entry.tasks as usize]
        } else if shape.is_split {
            let (over, under) = (draw(), u64::from(shape.tasks));
            vec![Work { over, under }; shape.tasks as usize]
        } else {
            (0..shape.tasks)
                .map(|_| Work {
                    over: draw(),
                    under: 1,
                })
                .collect()
        };
        let first = self.tasks.len();
        for (index, work) in works.into_iter().enumerate() {
            self.tasks.push(Task {
                job,
                index: index as u32,
                work,
                phase: Phase::AtDispatcher,
                node: None,
                begun: 0,
                decided: 0,
                reached: 0,
                started: 0,
                ended: 0,
                received: 0,
                gathered: None,
                service: 0,
                runs: Vec::new(),
                left: 0,
                turn: 0,
                start: 0,
                attempt: 0,
                fails: false,
                is_unseen: false,
                is_served: false,
            });
        }
        (first..self.tasks.len()).collect()
    }

    /// The dispatcher turns to the next task, if it is free and there is one.
    pub(super) fn decide_next(&mut self, dispatcher: usize) {
        let server = &mut self.dispatchers[dispatcher];
        if server.is_busy {
            return;
        }
        if let Some(task) = server.waiting.pop_front() {
            server.is_busy = true;
            server.current = Some(task);
            self.tasks[task].begun = self.now;
            let end = self.now + self.spec.decision;
            let is_now = |event: &Event| event.time == self.now;
            if end == self.now && !self.pending.iter().any(is_now) {
                return self.decided(dispatcher);
            }
            self.schedule(end, Kind::Decided, dispatcher, dispatcher);
        }
    }

    fn decided(&mut self, dispatcher: usize) {
        let server = &mut self.dispatchers[dispatcher];
        server.is_busy = false;
        if let Some(task) = server.current.take() {
            self.set_out(task);
        }
        self.decide_next(dispatcher);
    }

    fn set_out(&mut self, task: usize) {
        self.tasks[task].decided = self.now;
        let candidates = self.candidates(task);
        if candidates.is_empty() && !self.spec.is_central {
            self.tasks[task].phase = Phase::Parked;
            return self.faults.parked.push(task);
        }
        self.wait_for(task);
        self.tasks[task].phase = Phase::Travelling;
        let entity = if self.spec.is_central {
            0
        } else {
            let node = self.choose(task, &candidates);
            self.present[node].push(task);
            1 + node
        };
        if self.is_instant(self.spec.dispatch) {
            return self.reached(task);
        }
        let arrival = self.now + self.way_there(task);
        self.schedule(arrival, Kind::Reached, entity, task);
    }

    /// What takes no time on any way is no event.
    pub(super) fn is_instant(&self, delay: u64) -> bool {
        let mut ways = self.spec.ways.iter().flatten().flatten();
        delay == 0 && ways.all(|way| *way == 0)
    }

    /// Zones of the dispatcher and of the node of a task, if it has one.
    fn zones(&self, task: usize) -> Option<(usize, usize)> {
        let mut first = 0;
        let node = self.tasks[task].node?;
        let group = self.spec.groups.iter().position(|group| {
            first += group.count as usize;
            node < first
        });
        Some((self.dispatcher_of(task) % 2, group? % 2))
    }

    pub(super) fn way_there(&self, task: usize) -> u64 {
        match (self.spec.ways, self.zones(task)) {
            (Some(ways), Some((dispatcher, node))) => ways[dispatcher][node],
            _ => self.spec.dispatch,
        }
    }

    fn way_back(&self, task: usize) -> u64 {
        match (self.spec.ways, self.zones(task)) {
            (Some(ways), Some((dispatcher, node))) => ways[node][dispatcher],
            _ => self.spec.result,
        }
    }

    pub(super) fn dispatcher_of(&self, task: usize) -> usize {
        self.jobs[self.tasks[task].job].dispatcher
    }

    pub(super) fn class_of(&self, task: usize) -> usize {
        self.jobs[self.tasks[task].job].class
    }

    pub(super) fn demand(&self, task: usize) -> &[u64] {
        &self.spec.classes[self.class_of(task)].demand
    }

    /// Nodes that the task may ever use.
    pub(super) fn eligible(&self, task: usize) -> Vec<usize> {
        let class = &self.spec.classes[self.class_of(task)];
        let mut nodes = Vec::new();
        let mut next = 0;
        for (group, is_allowed) in self.spec.groups.iter().zip(&class.allowed) {
            for _ in 0..group.count {
                if *is_allowed && group.could_hold(&class.demand) {
                    nodes.push(next);
                }
                next += 1;
            }
        }
        nodes
    }

    /// The placement's choice for the task among some of its eligible nodes; it is the task's node from
    /// now on.
    pub(super) fn choose(&mut self, task: usize, among: &[usize]) -> usize {
        let eligible = self.eligible(task);
        let dispatcher = self.dispatcher_of(task);
        let demand = self.demand(task).to_vec();
        let candidates: Vec<Candidate> = among
            .iter()
            .map(|&node| self.candidate(node, dispatcher))
            .collect();
        let (index, job) = (self.tasks[task].index, &self.jobs[self.tasks[task].job]);
        let (class, number) = (job.class as u32, job.number);
        let leg = 16 * self.tasks[task].attempt;
        let mut draw = self.placement.draw(class, number, 0, index, leg);
        let placing = self
            .placings
            .entry((dispatcher, eligible.clone()))
            .or_insert_with(|| Placing::new(self.spec));
        let chosen = placing.choose(&eligible, &candidates, &demand, &mut draw);
        self.decisions.push(Decision {
            time: self.now,
            dispatcher: dispatcher as u32,
            class,
            number,
            task: index,
            node: chosen.node as u32,
            tasks_seen: chosen.seen.tasks as u32,
        });
        self.assign(task, chosen.node);
        chosen.node
    }

    pub(super) fn assign(&mut self, task: usize, node: usize) {
        self.tasks[task].node = Some(node);
        self.tasks[task].service = self.service(task, node);
        self.fail_early(task);
        self.tasks[task].left = i128::from(self.tasks[task].service) * PARTS;
    }

    /// Work x straggler factor / speed, rounded half to even, plus the overhead.
    pub(super) fn service(&self, task: usize, node: usize) -> u64 {
        self.span(
            task,
            self.straggling(task),
            self.spec.nodes()[node].quarters,
        )
    }

    /// Work x a factor at a speed, with overhead.
    pub(super) fn span(&self, task: usize, factor: u64, quarters: u64) -> u64 {
        let Work { over, under } = self.tasks[task].work;
        let (over, under) = (over * factor * 4, under * quarters);
        let (whole, rest) = (over / under, over % under);
        let is_up = 2 * rest > under || 2 * rest == under && whole % 2 == 1;
        whole + u64::from(is_up) + self.overhead(task)
    }

    pub(super) fn overhead(&self, task: usize) -> u64 {
        self.spec.classes[self.class_of(task)].overhead
    }

    /// What the dispatcher sees of a node: what runs and waits there, and what it has sent itself.
    fn candidate(&self, node: usize, dispatcher: usize) -> Candidate {
        let mut seen = Seen {
            tasks: 0,
            work: 0,
            held: vec![0; self.spec.groups[0].capacity.len()],
        };
        for &task in &self.present[node] {
            let is_seen = match self.tasks[task].phase {
                Phase::Travelling => self.spec.is_counted && self.dispatcher_of(task) == dispatcher,
                Phase::Queued | Phase::Running => true,
                _ => false,
            };
            if is_seen {
                seen.tasks += 1;
                seen.work += self.remaining(task);
                for (held, need) in seen.held.iter_mut().zip(self.demand(task)) {
                    *held += need;
                }
            }
        }
        let group = self.spec.nodes()[node];
        Candidate {
            node,
            quarters: group.quarters,
            capacity: group.capacity.clone(),
            seen,
        }
    }

    fn remaining(&self, task: usize) -> u64 {
        let this = &self.tasks[task];
        match this.phase {
            Phase::Running | Phase::Queued => {
                (this.left.max(0) as u128).div_ceil(PARTS as u128) as u64
            }
            _ => this.service,
        }
    }

    fn reached(&mut self, task: usize) {
        self.tasks[task].reached = self.now;
        if self.is_turned_away(task) {
            return;
        }
        self.tasks[task].phase = Phase::Queued;
        self.tasks[task].turn = self.turns;
        self.turns += 1;
        if self.spec.is_central {
            self.line_up(task);
            self.pull();
            self.refuse_surplus_in_line(task);
        } else if let Some(node) = self.tasks[task].node {
            self.queues[node].push(task);
            self.start_what_fits(node);
            self.refuse_surplus(task, node);
        }
    }

    /// Whether the node has room for the task now, by what runs there.
    pub(super) fn has_room(&self, node: usize, task: usize) -> bool {
        let demand = self.demand(task);
        let capacity = &self.spec.nodes()[node].capacity;
        if self.is_down(node) {
            return false;
        }
        (0..demand.len()).all(|d| {
            let is_shared =
                d == 0 && matches!(self.discipline(node), Discipline::ProcessorSharing(_));
            is_shared || capacity[d].is_none_or(|has| self.used(node, d) + demand[d] <= has)
        })
    }

    /// By what a task is before others at its node.
    fn order(&self, task: usize, node: usize) -> i128 {
        let this = &self.tasks[task];
        match self.discipline(node) {
            Discipline::Fifo | Discipline::ProcessorSharing(_) => 0,
            Discipline::Lifo => -this.turn,
            Discipline::Priority { .. } => {
                -i128::from(self.spec.classes[self.class_of(task)].priority)
            }
            Discipline::Sjf => this.left,
            Discipline::Srpt => this.left,
        }
    }

    /// Interrupts those after `task` in the order, from the last on, until it has room; nobody, if
    /// that is not enough.
    fn make_room(&mut self, node: usize, task: usize) -> bool {
        let preempts = [Discipline::Srpt, Discipline::Priority { preemptive: true }];
        let wanted = match self.discipline(node) {
            Discipline::Srpt => self.left_at_pace(task, node),
            _ => self.order(task, node),
        };
        let mut victims = self.running[node].clone();
        victims.retain(|&other| self.order(other, node) > wanted);
        victims.sort_by_key(|&other| (self.order(other, node), self.tasks[other].turn));
        if !preempts.contains(self.discipline(node)) {
            return false;
        }
        let (before, mut gone) = (self.running[node].clone(), Vec::new());
        while !self.has_room(node, task) {
            let Some(last) = victims.pop() else {
                self.running[node] = before;
                return false;
            };
            self.running[node].retain(|&other| other != last);
            gone.push(last);
        }
        self.running[node] = before;
        gone.iter().for_each(|&other: &usize| self.stop(other));
        self.running[node].retain(|other| !gone.contains(other));
        self.queues[node].extend(gone);
        self.sort_queue(node);
        true
    }

    pub(super) fn sort_queue(&mut self, node: usize) {
        let mut queue = std::mem::take(&mut self.queues[node]);
        queue.sort_by_cached_key(|&task| (self.order(task, node), self.tasks[task].turn));
        self.queues[node] = queue;
    }

    pub(super) fn start_what_fits(&mut self, node: usize) {
        let backfill = self.spec.nodes()[node].backfill && !self.spec.is_central;
        self.sort_queue(node);
        let mut place = 0;
        while place < self.queues[node].len() {
            let task = self.queues[node][place];
            if self.has_room(node, task) || place == 0 && self.make_room(node, task) {
                self.queues[node].retain(|&other| other != task);
                self.start(task, node);
            } else if backfill {
                place += 1;
            } else {
                return;
            }
        }
    }

    pub(super) fn start(&mut self, task: usize, node: usize) {
        self.tasks[task].left = self.left_at_pace(task, node);
        let this = &mut self.tasks[task];
        if !this.is_served {
            this.started = self.now;
        }
        self.running[node].push(task);
        this.phase = Phase::Running;
        this.ended = u64::MAX;
        this.start = self.turns;
        self.turns += 1;
        if self.shares(node) {
            return self.share_anew(node);
        }
        let end = self.now + self.remaining(task);
        self.schedule(end, Kind::Ended, 1 + node, task);
    }

    /// The one that ends next of those that share the slots of a node; ends are rounded up.
    pub(super) fn share_anew(&mut self, node: usize) {
        let (over, under) = self.share(node);
        self.is_inexact |= under > MOST_SHARED;
        self.pending
            .retain(|event| event.kind != Kind::Ended || event.entity != 1 + node);
        let key = |&task: &usize| (self.tasks[task].left, self.tasks[task].start);
        let Some(first) = self.running[node].clone().into_iter().min_by_key(key) else {
            return;
        };
        let parts = self.tasks[first].left.max(0) * i128::from(under);
        let span = (parts as u128).div_ceil(PARTS as u128 * u128::from(over)) as u64;
        self.schedule(self.now + span, Kind::Ended, 1 + node, first);
    }

    fn straggling(&self, task: usize) -> u64 {
        let job = &self.jobs[self.tasks[task].job];
        let index = self.tasks[task].index;
        let leg = 16 * self.tasks[task].attempt;
        let mut draw = self
            .straggler
            .draw(job.class as u32, job.number, 0, index, leg);
        match self.spec.stragglers {
            Some((probability, factor)) if unit(&mut draw) < probability => factor,
            _ => 1,
        }
    }

    fn ended(&mut self, task: usize) {
        let Some(node) = self.tasks[task].node else {
            return;
        };
        self.tasks[task].phase = Phase::Done;
        self.tasks[task].ended = self.now;
        self.running[node].retain(|&other| other != task);
        self.present[node].retain(|&other| other != task);
        if self.spec.is_central {
            self.pull();
        } else {
            if self.shares(node) {
                self.share_anew(node);
            }
            self.start_what_fits(node);
        }
        if self.is_instant(self.spec.result) && !self.spec.classes.iter().any(costs) {
            return self.received(task);
        }
        let received = self.now + self.way_back(task);
        self.schedule(received, Kind::Received, 1 + node, task);
    }

    fn received(&mut self, task: usize) {
        self.tasks[task].received = self.now;
        if !self.is_well(task) {
            return;
        }
        let gatherer = self.dispatcher_of(task);
        let is_free = !costs(&self.spec.classes[self.class_of(task)]);
        if is_free && !self.gatherers[gatherer].is_busy {
            return self.note_gathered(task);
        }
        self.gatherers[gatherer].waiting.push_back(task);
        self.gather_next(gatherer);
    }

    fn gather_next(&mut self, gatherer: usize) {
        let server = &mut self.gatherers[gatherer];
        if server.is_busy {
            return;
        }
        if let Some(task) = server.waiting.pop_front() {
            server.is_busy = true;
            server.current = Some(task);
            let class = &self.spec.classes[self.class_of(task)];
            let mut cost = class.per_result;
            if self.is_last_result(task) {
                cost += class.gather_work;
            }
            self.schedule(self.now + cost, Kind::Gathered, gatherer, gatherer);
        }
    }

    /// All other results of the task's job are gathered.
    fn is_last_result(&self, task: usize) -> bool {
        let of_job = &self.jobs[self.tasks[task].job].tasks;
        of_job
            .iter()
            .all(|&other| other == task || self.tasks[other].gathered.is_some())
    }

    fn gathered(&mut self, gatherer: usize) {
        self.gatherers[gatherer].is_busy = false;
        if let Some(task) = self.gatherers[gatherer].current.take() {
            self.note_gathered(task);
        }
        self.gather_next(gatherer);
    }

    fn note_gathered(&mut self, task: usize) {
        let (is_last, job) = (self.is_last_result(task), self.tasks[task].job);
        self.tasks[task].gathered = Some(self.now);
        if is_last {
            self.jobs[job].completion = Some(self.now);
            self.call_off(Kind::Timer, 2, job);
            if self.spec.queue.one_at_a_time {
                self.pull();
            }
        }
    }

    pub(super) fn shares(&self, node: usize) -> bool {
        matches!(self.discipline(node), Discipline::ProcessorSharing(_))
    }

    /// The seven parts of a completed job's response time.
    pub fn blame(&self, job: &Job) -> [u64; 7] {
        let gathered = |&&task: &&usize| (self.tasks[task].gathered, std::cmp::Reverse(task));
        let Some(&last) = job.tasks.iter().max_by_key(gathered) else {
            return [0; 7];
        };
        let task = &self.tasks[last];
        [
            task.begun - job.arrival,
            task.decided - task.begun,
            task.reached - task.decided + task.received - task.ended,
            task.ended - task.reached - task.service,
            task.service,
            0,
            job.completion.unwrap_or(task.received) - task.received,
        ]
    }
}
