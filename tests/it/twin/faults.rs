//! What goes wrong: nodes fail, are slow, or are thought to be down; attempts fail, are lost, moved,
//! refused or not waited for; and what is done about it.

use equipoise::engine::law::Law;
use equipoise::engine::random::{Key, Purpose, Seeds, Stream, unit};
use equipoise::engine::time::Time;
use equipoise::model::discipline::Discipline;
use equipoise::model::nodes::NodeState;
use equipoise::sim::setup::{StrandedQueued, StrandedRunning, TaskFailures, Turn};
use equipoise::strategy::health::{Checks, Detection};

use super::machine::{Kind, PARTS, Phase, Twin, Work};
use super::spec::{Come, Spec, ZONES, works};

const ONE: u64 = 1_000_000_000;

/// What dispatchers think of a node.
#[derive(Clone, Default)]
struct Opinion {
    is_thought_down: bool,
    is_ejected: bool,
    is_unseen: bool,
    /// When it was seen up again.
    since: Option<u64>,
    failures: u32,
    /// Checks in a row that tell otherwise than what is thought.
    streak: u32,
}

/// The failures and repairs of a node by chance; where it runs only while the node works, the time that
/// is left until the next failure, and since when it runs.
struct Clock {
    stream: Stream,
    left: u64,
    since: Option<u64>,
}

pub struct Faults {
    /// What the script says.
    script: Vec<NodeState>,
    has_failed: Vec<bool>,
    clocks: Vec<Clock>,
    /// Of the zones, by number: whether each has failed, and its clock.
    zones: Vec<(bool, Stream)>,
    is_slow: Vec<bool>,
    episodes: Vec<Stream>,
    /// What each node is.
    states: Vec<NodeState>,
    pub(super) parked: Vec<usize>,
    /// Further attempts that each dispatcher may make, in billionths.
    purses: Vec<u64>,
    opinions: Vec<Opinion>,
    failure: Key,
    jitter: Key,
    fresh: Key,
    leaving_out: Key,
    /// Turns before all others.
    first_turn: i128,
}

impl Faults {
    pub fn new(spec: &Spec, seeds: Seeds) -> Faults {
        let names: Vec<String> = spec
            .groups
            .iter()
            .flat_map(|group| (0..group.count).map(|index| format!("group[{index}]")))
            .collect();
        let streams = |purpose| names.iter().map(move |name| (purpose, name));
        let stream = |(purpose, name): (Purpose, &String)| seeds.stream(purpose, name);
        let n = names.len();
        let clock = |(purpose, name): (Purpose, &String)| Clock {
            stream: seeds.stream(purpose, name),
            left: 0,
            since: None,
        };
        Faults {
            script: vec![NodeState::Up; n],
            has_failed: vec![false; n],
            clocks: streams(Purpose::NodeFailure).map(clock).collect(),
            zones: (ZONES.iter().take(spec.groups.len()))
                .map(|zone| (false, seeds.stream(Purpose::ZoneFailure, zone)))
                .collect(),
            is_slow: vec![false; n],
            episodes: streams(Purpose::SlowDown).map(stream).collect(),
            states: vec![NodeState::Up; n],
            parked: Vec::new(),
            purses: vec![
                u64::from(spec.faults.retries.budget.saved) * ONE;
                spec.dispatchers as usize
            ],
            opinions: vec![Opinion::default(); n],
            failure: seeds.key(Purpose::TaskFailure),
            jitter: seeds.key(Purpose::Backoff),
            fresh: seeds.key(Purpose::FreshWork),
            leaving_out: seeds.key(Purpose::SlowStart),
            first_turn: 0,
        }
    }
}

/// `value` x over / under, rounded half to even.
fn scaled(value: u64, over: u64, under: u64) -> u64 {
    let (product, under) = (u128::from(value) * u128::from(over), u128::from(under));
    let (whole, rest) = (product / under, 2 * (product % under));
    (whole + u128::from(rest > under || rest == under && whole % 2 == 1)) as u64
}

fn time(law: &Law, stream: &mut Stream) -> u64 {
    Time::from_secs(law.sample(stream)).0
}

impl Twin<'_> {
    pub(super) fn schedule_faults(&mut self) {
        let faults = &self.spec.faults;
        let n = self.queues.len();
        for (at, change) in faults.changes.iter().enumerate() {
            self.schedule(change.at.0, Kind::Change, 0, at);
        }
        for node in 0..n {
            if let Some(failures) = &faults.node_failures {
                let clock = &mut self.faults.clocks[node];
                clock.left = time(&failures.up, &mut clock.stream);
                if !failures.busy_clock {
                    let at = self.faults.clocks[node].left;
                    self.schedule(at, Kind::Change, 1 + node, node);
                }
            }
            if let Some(slow) = &faults.slow_downs {
                let at = time(&slow.every, &mut self.faults.episodes[node]);
                self.schedule(at, Kind::Change, 1 + n + ZONES.len() + node, node);
            }
            if let Detection::Checks(Checks { every, .. }) = self.spec.health.detection {
                let first = every.0 * (node as u64 + 1) / n as u64;
                self.schedule(first, Kind::Timer, 11, node);
            }
        }
        for zone in 0..self.faults.zones.len() {
            if let Some(failures) = &faults.zone_failures {
                let at = time(&failures.up, &mut self.faults.zones[zone].1);
                self.schedule(at, Kind::Change, 1 + n + zone, zone);
            }
        }
    }

    /// A clock that runs only while its node works does so if that works now.
    pub(super) fn follow_clocks(&mut self) {
        let failures = self.spec.faults.node_failures.as_ref();
        for node in 0..self.queues.len() {
            if failures.is_none_or(|failures| !failures.busy_clock) || self.faults.has_failed[node]
            {
                continue;
            }
            let (now, works) = (self.now, !self.running[node].is_empty());
            let clock = &mut self.faults.clocks[node];
            match clock.since {
                None if works => {
                    clock.since = Some(now);
                    let at = now + clock.left;
                    self.schedule(at, Kind::Change, 1 + node, node);
                }
                Some(since) if !works => {
                    clock.left -= now - since;
                    clock.since = None;
                    let is_it =
                        |e: &super::machine::Event| (e.kind, e.entity) == (Kind::Change, 1 + node);
                    self.pending.retain(|event| !is_it(event));
                }
                _ => {}
            }
        }
    }

    pub(super) fn call_off(&mut self, kind: Kind, entity: usize, subject: usize) {
        self.pending.retain(|e| {
            (e.kind, e.subject) != (kind, subject) || kind == Kind::Timer && e.entity != entity
        });
    }

    pub(super) fn is_down(&self, node: usize) -> bool {
        self.faults.states[node] == NodeState::Down
    }

    /// Something happens to nodes.
    pub(super) fn change(&mut self, entity: usize, subject: usize) {
        let n = self.queues.len();
        let nodes: Vec<usize> = match entity {
            0 => self.follow_script(subject),
            _ if entity <= n => self.turn_node(subject),
            _ if entity <= n + ZONES.len() => self.turn_zone(subject),
            _ => return self.change_pace(subject),
        };
        nodes.into_iter().for_each(|node| self.settle_node(node));
    }

    fn follow_script(&mut self, at: usize) -> Vec<usize> {
        let change = &self.spec.faults.changes[at];
        let nodes = change.nodes.start as usize..change.nodes.end as usize;
        if let Turn::State(state) = change.to {
            self.faults.script[nodes.clone()].fill(state);
        }
        nodes.collect()
    }

    fn turn_node(&mut self, node: usize) -> Vec<usize> {
        let Some(failures) = &self.spec.faults.node_failures else {
            return Vec::new();
        };
        self.faults.has_failed[node] ^= true;
        let has_failed = self.faults.has_failed[node];
        let law = if has_failed {
            &failures.down
        } else {
            &failures.up
        };
        let clock = &mut self.faults.clocks[node];
        (clock.left, clock.since) = (time(law, &mut clock.stream), None);
        if has_failed || !failures.busy_clock {
            let until = self.now + clock.left;
            self.schedule(until, Kind::Change, 1 + node, node);
        }
        vec![node]
    }

    fn turn_zone(&mut self, zone: usize) -> Vec<usize> {
        let Some(failures) = &self.spec.faults.zone_failures else {
            return Vec::new();
        };
        let (has_failed, stream) = &mut self.faults.zones[zone];
        *has_failed ^= true;
        let law = if *has_failed {
            &failures.down
        } else {
            &failures.up
        };
        let until = self.now + time(law, stream);
        let n = self.queues.len();
        self.schedule(until, Kind::Change, 1 + n + zone, zone);
        (0..n).filter(|node| self.zone_of(*node) == zone).collect()
    }

    fn zone_of(&self, node: usize) -> usize {
        let mut first = 0;
        let group = self.spec.groups.iter().position(|group| {
            first += group.count as usize;
            node < first
        });
        group.unwrap_or(0) % 2
    }

    fn change_pace(&mut self, node: usize) {
        let Some(slow) = &self.spec.faults.slow_downs else {
            return;
        };
        let running = self.running[node].clone();
        running.iter().for_each(|&task| self.stop(task));
        self.running[node].clear();
        self.faults.is_slow[node] ^= true;
        let law = match self.faults.is_slow[node] {
            true => &slow.last,
            false => &slow.every,
        };
        let until = self.now + time(law, &mut self.faults.episodes[node]);
        self.schedule(
            until,
            Kind::Change,
            1 + self.queues.len() + ZONES.len() + node,
            node,
        );
        running.iter().for_each(|&task| self.start(task, node));
    }

    /// A node becomes what it is to be.
    fn settle_node(&mut self, node: usize) {
        let is_zone_down = self.faults.zones[self.zone_of(node)].0;
        let has_failed = self.faults.has_failed[node] || is_zone_down;
        let state = match (has_failed, self.faults.script[node]) {
            (true, _) => NodeState::Down,
            (false, state) => state,
        };
        let before = std::mem::replace(&mut self.faults.states[node], state);
        if before == state {
            return;
        }
        let is_down = state == NodeState::Down;
        if is_down != (before == NodeState::Down) {
            match self.spec.health.detection {
                Detection::AtOnce => self.faults.opinions[node].is_thought_down = is_down,
                Detection::After(delay) => {
                    let subject = 2 * node + usize::from(is_down);
                    self.schedule(self.now + delay.0, Kind::Timer, 12, subject);
                }
                Detection::Checks(_) => {}
            }
        }
        if is_down {
            self.see(node);
            self.strand(node);
        } else if before == NodeState::Down {
            self.start_what_fits(node);
        }
        self.see(node);
        if state == NodeState::Up {
            self.place_parked();
            self.pull();
        }
    }

    /// Nodes that a decision about the task chooses among, by what is known.
    pub(super) fn candidates(&self, task: usize) -> Vec<usize> {
        let mut nodes = self.eligible(task);
        nodes.retain(|&node| !self.faults.opinions[node].is_unseen);
        let Some(window) = self.spec.health.slow_start else {
            return nodes;
        };
        let (this, mut left) = (&self.tasks[task], nodes.clone());
        let job = &self.jobs[this.job];
        let leg = 16 * this.attempt;
        let key = self.faults.leaving_out;
        let mut draw = key.draw(job.class as u32, job.number, 0, this.index, leg);
        for (node, opinion) in self.faults.opinions.iter().enumerate() {
            let Some(since) = opinion.since.filter(|since| self.now - since < window.0) else {
                continue;
            };
            if unit(&mut draw) >= (self.now - since) as f64 / window.0 as f64 {
                left.retain(|&other| other != node);
            }
        }
        if left.is_empty() { nodes } else { left }
    }

    /// A node is seen up or not, by all that is known.
    fn see(&mut self, node: usize) {
        let serves = self.faults.script[node] != NodeState::Draining || self.is_down(node);
        let now = self.now;
        let opinion = &mut self.faults.opinions[node];
        let is_seen = serves && !opinion.is_thought_down && !opinion.is_ejected;
        if opinion.is_unseen == is_seen {
            opinion.is_unseen = !is_seen;
            opinion.since = is_seen.then_some(now);
            if is_seen && !self.spec.is_central {
                self.place_parked();
            }
        }
    }

    /// Tasks that wait aside are decided again.
    fn place_parked(&mut self) {
        for task in std::mem::take(&mut self.faults.parked) {
            // One of them may be refused, and its job fail.
            if self.tasks[task].phase == Phase::Parked {
                self.place_again(task);
            }
        }
    }

    fn place_again(&mut self, task: usize) {
        self.tasks[task].phase = Phase::AtDispatcher;
        self.tasks[task].node = None;
        let dispatcher = self.dispatcher_of(task);
        self.dispatchers[dispatcher].waiting.push_back(task);
        self.decide_next(dispatcher);
    }

    /// A node goes down, with all that waits and runs there.
    fn strand(&mut self, node: usize) {
        let stranded = self.spec.faults.stranded;
        if stranded.queued != StrandedQueued::Stay {
            self.sort_queue(node);
            while !self.queues[node].is_empty() {
                let task = self.queues[node].remove(0);
                self.turn_away(task, node);
            }
        }
        if stranded.running == StrandedRunning::Lose {
            while let Some(&task) = self.running[node].first() {
                self.stop(task);
                self.leave_node(task, node);
                self.end_attempt(task, false, false);
            }
            return;
        }
        while let Some(&task) = self.running[node].last() {
            self.stop(task);
            self.running[node].pop();
            if stranded.running == StrandedRunning::Restart {
                self.tasks[task].left = i128::from(self.tasks[task].service) * PARTS;
                self.tasks[task].is_served = false;
            }
            match self.discipline(node) {
                Discipline::Fifo | Discipline::ProcessorSharing(_) => {
                    self.faults.first_turn -= 1;
                    self.tasks[task].turn = self.faults.first_turn;
                }
                Discipline::Srpt | Discipline::Priority { preemptive: true } => {}
                _ => {
                    self.tasks[task].turn = self.turns;
                    self.turns += 1;
                }
            }
            self.queues[node].push(task);
        }
    }

    /// What waits at, or reaches, a node that is down goes elsewhere, or is lost.
    fn turn_away(&mut self, task: usize, node: usize) {
        self.leave_node(task, node);
        let is_moved = self.spec.faults.stranded.queued == StrandedQueued::Move;
        if is_moved && !self.tasks[task].is_unseen {
            self.call_off(Kind::Timer, 1, task);
            return self.place_again(task);
        }
        self.end_attempt(task, false, false);
    }

    pub(super) fn is_turned_away(&mut self, task: usize) -> bool {
        let Some(node) = self.tasks[task].node else {
            return false;
        };
        let stays = self.spec.faults.stranded.queued == StrandedQueued::Stay;
        if stays || !self.is_down(node) {
            return false;
        }
        self.turn_away(task, node);
        true
    }

    /// An attempt that must wait where enough do is refused.
    pub(super) fn refuse_surplus(&mut self, task: usize, node: usize) {
        let limit = self.spec.nodes()[node].queue_limit;
        let is_full = limit.is_some_and(|limit| self.queues[node].len() as u64 > limit);
        if is_full && self.tasks[task].phase == Phase::Queued {
            self.queues[node].retain(|&other| other != task);
            self.leave_node(task, node);
            self.end_attempt(task, true, false);
        }
    }

    /// The same in the central queue.
    pub(super) fn refuse_surplus_in_line(&mut self, task: usize) {
        let waiting = self.central.iter().map(Vec::len).sum::<usize>() as u64;
        let is_full = self
            .spec
            .limits
            .central_queue
            .is_some_and(|limit| waiting > limit);
        if is_full && self.tasks[task].phase == Phase::Queued {
            self.take_from_node(task, None);
            self.end_attempt(task, true, false);
        }
    }

    /// True if a job that arrives is let in.
    pub(super) fn is_let_in(&self, class: usize, dispatcher: usize) -> bool {
        let is_there = |job: &&super::machine::Job| job.completion.or(job.failure).is_none();
        let there = self.jobs.iter().filter(is_there).count() as u64;
        let limits = &self.spec.limits;
        let most = limits.jobs.get(class).copied().flatten();
        let server = &self.dispatchers[dispatcher];
        let waiting = server.waiting.len() as u64;
        let is_full = limits
            .dispatcher_queue
            .is_some_and(|limit| waiting >= limit);
        most.is_none_or(|most| there < most) && !(server.is_busy && is_full)
    }

    /// A running task stops; what it has left is told as at the node's speed.
    pub(super) fn stop(&mut self, task: usize) {
        self.call_off(Kind::Ended, 0, task);
        self.tasks[task].phase = Phase::Queued;
        let left = self.left_at_speed(task);
        self.tasks[task].left = (left + PARTS - 1).div_euclid(PARTS) * PARTS;
    }

    /// What a task has left, as at the speed of its node.
    pub(super) fn left_at_speed(&self, task: usize) -> i128 {
        let this = &self.tasks[task];
        let (Some(node), Some(slow)) = (this.node, &self.spec.faults.slow_downs) else {
            return this.left;
        };
        let runs = self.running[node].contains(&task);
        if !runs || !self.faults.is_slow[node] {
            return this.left;
        }
        i128::from(scaled((this.left / PARTS) as u64, ONE, slow.factor)) * PARTS
    }

    /// What a task that does not run would take at a node if it started now.
    pub(super) fn left_at_pace(&self, task: usize, node: usize) -> i128 {
        let left = self.tasks[task].left;
        match &self.spec.faults.slow_downs {
            Some(slow) if self.faults.is_slow[node] => {
                i128::from(scaled((left / PARTS) as u64, slow.factor, ONE)) * PARTS
            }
            _ => left,
        }
    }

    /// A task is held at a node no more.
    fn leave_node(&mut self, task: usize, node: usize) {
        self.present[node].retain(|&other| other != task);
        self.running[node].retain(|&other| other != task);
        self.tasks[task].phase = Phase::Nowhere;
    }

    /// Whether the attempt fails, and then perhaps before its end.
    pub(super) fn fail_early(&mut self, task: usize) {
        let (this, job) = (&self.tasks[task], &self.jobs[self.tasks[task].job]);
        let leg = 16 * this.attempt;
        let mut draw = (self.faults.failure).draw(job.class as u32, job.number, 0, this.index, leg);
        let service = this.service;
        let (fails, service) = match self.spec.faults.task_failures {
            None => (false, service),
            Some(TaskFailures::Probability(p)) => (unit(&mut draw) < p, service),
            Some(TaskFailures::Rate(rate)) => {
                let law = Law::Exponential { mean: 1.0 / rate };
                let failure = Time::from_secs(law.sample(&mut draw)).0;
                (failure < service, failure.min(service))
            }
        };
        (self.tasks[task].fails, self.tasks[task].service) = (fails, service);
        self.tasks[task].is_served = false;
    }

    /// A dispatcher waits for the attempt that it sends out.
    pub(super) fn wait_for(&mut self, task: usize) {
        let dispatcher = self.dispatcher_of(task);
        let budget = &self.spec.faults.retries.budget;
        if self.tasks[task].attempt == 0 {
            let purse = &mut self.faults.purses[dispatcher];
            *purse = (*purse + budget.share).min(u64::from(budget.saved) * ONE);
        }
        if let Some(patience) = self.spec.faults.timeouts.task {
            self.schedule(self.now + patience.0, Kind::Timer, 1, task);
        }
    }

    pub(super) fn time_is_over(&mut self, entity: usize, subject: usize) {
        match entity {
            0 => self.place_again(subject),
            1 => self.give_up(subject),
            2 => self.fail_job(subject, false, true),
            7 => self.hear_of_cancel(subject),
            10 => self.hear(subject, false),
            11 => self.check(subject),
            12 => {
                let node = subject / 2;
                self.faults.opinions[node].is_thought_down = subject % 2 == 1;
                self.see(node);
            }
            _ => {
                let opinion = &mut self.faults.opinions[subject];
                (opinion.is_ejected, opinion.failures) = (false, 0);
                self.see(subject);
            }
        }
    }

    fn check(&mut self, node: usize) {
        let Detection::Checks(checks) = self.spec.health.detection else {
            return;
        };
        self.schedule(self.now + checks.every.0, Kind::Timer, 11, node);
        match self.is_down(node) {
            true => self.schedule(self.now + checks.timeout.0, Kind::Timer, 10, node),
            false => self.hear(node, true),
        }
    }

    /// A node has answered a check, or has not.
    fn hear(&mut self, node: usize, is_up: bool) {
        let Detection::Checks(checks) = self.spec.health.detection else {
            return;
        };
        let opinion = &mut self.faults.opinions[node];
        if opinion.is_thought_down != is_up {
            opinion.streak = 0;
        } else {
            opinion.streak += 1;
            let enough = if is_up { checks.rise } else { checks.fall };
            if opinion.streak == enough {
                opinion.is_thought_down = !is_up;
                opinion.streak = 0;
            }
        }
        self.see(node);
    }

    /// An attempt at a node has come to nothing.
    fn judge(&mut self, node: Option<usize>) {
        let (Some(node), Some(ejection)) = (node, self.spec.health.ejection) else {
            return;
        };
        let all = self.queues.len() as u64;
        let most = (all * ejection.most / ONE).max(u64::from(ejection.most > 0));
        let ejected = self.faults.opinions.iter().filter(|o| o.is_ejected).count() as u64;
        let opinion = &mut self.faults.opinions[node];
        opinion.failures += 1;
        if opinion.failures >= ejection.failures && !opinion.is_ejected && ejected < most {
            opinion.is_ejected = true;
            self.schedule(self.now + ejection.time.0, Kind::Timer, 13, node);
            self.see(node);
        }
    }

    pub(super) fn is_well(&mut self, task: usize) -> bool {
        if self.tasks[task].is_unseen {
            self.call_off(Kind::Timer, 7, task);
            return false;
        }
        self.call_off(Kind::Timer, 1, task);
        if self.tasks[task].fails {
            self.end_attempt(task, false, false);
            return false;
        }
        if let Some(node) = self.tasks[task].node {
            self.faults.opinions[node].failures = 0;
        }
        true
    }

    /// An attempt, which is nowhere, has come to nothing.
    fn end_attempt(&mut self, task: usize, is_refused: bool, is_late: bool) {
        if self.tasks[task].is_unseen {
            return self.call_off(Kind::Timer, 7, task);
        }
        self.call_off(Kind::Timer, 1, task);
        self.tasks[task].phase = Phase::Nowhere;
        let node = self.tasks[task].node.take();
        self.judge(node);
        match self.may_retry(task) {
            true => self.retry(task),
            false => self.fail_job(self.tasks[task].job, is_refused, is_late),
        }
    }

    fn may_retry(&mut self, task: usize) -> bool {
        let retries = &self.spec.faults.retries;
        let job = &self.jobs[self.tasks[task].job];
        if self.tasks[task].attempt + 1 >= u32::from(retries.max_attempts)
            || retries.budget.job.is_some_and(|most| job.retries >= most)
            || self.spec.classes[job.class].is_gang
        {
            return false;
        }
        let purse = &mut self.faults.purses[job.dispatcher];
        if retries.budget.share == 0 {
            return true;
        }
        let may = *purse >= ONE;
        *purse -= if may { ONE } else { 0 };
        may
    }

    fn retry(&mut self, task: usize) {
        let retries = &self.spec.faults.retries;
        let of = self.tasks[task].job;
        self.jobs[of].retries += 1;
        self.tasks[task].attempt += 1;
        let (this, job) = (&self.tasks[task], &self.jobs[of]);
        let leg = 16 * this.attempt;
        let by = |key: Key| key.draw(job.class as u32, job.number, 0, this.index, leg);
        let longer = libm::pow(retries.growth, f64::from(this.attempt - 1));
        let pause = retries.backoff * longer;
        let pause = pause * (1.0 - retries.jitter * unit(&mut by(self.faults.jitter)));
        let class = &self.spec.classes[job.class];
        let is_drawn = !class.is_split && !matches!(class.come, Come::Log(_));
        if retries.fresh_work && is_drawn {
            let work = works(class).sample(&mut by(self.faults.fresh));
            let (over, under) = ((work * 1e9).round() as u64, 1);
            self.tasks[task].work = Work { over, under };
        }
        let until = self.now + Time::from_secs(pause).0;
        self.schedule(until, Kind::Timer, 0, task);
    }

    fn fail_job(&mut self, job: usize, _is_refused: bool, is_late: bool) {
        for task in self.jobs[job].tasks.clone() {
            self.call_off(Kind::Timer, 1, task);
            self.abandon(task, is_late);
        }
        self.call_off(Kind::Timer, 2, job);
        self.jobs[job].failure = Some(self.now);
        self.pull();
    }

    /// The result of an attempt did not come in time.
    fn give_up(&mut self, task: usize) {
        let task = match self.goes_on(task, true) {
            true => {
                self.judge(self.tasks[task].node);
                self.abandon(task, true)
            }
            false => self.abandon(task, true),
        };
        self.end_attempt(task, false, true);
        self.pull();
    }

    fn is_returning(&self, task: usize) -> bool {
        let is_it = |e: &super::machine::Event| e.kind == Kind::Received && e.subject == task;
        self.pending.iter().any(is_it)
    }

    /// True if an attempt goes on unseen when nobody waits for it any more.
    fn goes_on(&self, task: usize, is_late: bool) -> bool {
        let runs_on = is_late && self.spec.faults.timeouts.run_on;
        let travels = self.spec.cancels_travel && !self.is_instant(self.spec.dispatch);
        let this = &self.tasks[task];
        let is_away = matches!(
            this.phase,
            Phase::Travelling | Phase::Queued | Phase::Running
        );
        let is_gang = self.spec.classes[self.class_of(task)].is_gang;
        (runs_on || travels) && (is_away || self.is_returning(task)) && !is_gang
    }

    /// An attempt is not waited for any more; tells the task without it.
    fn abandon(&mut self, task: usize, is_late: bool) -> usize {
        if !self.goes_on(task, is_late) {
            self.withdraw(task);
            return task;
        }
        self.call_off(Kind::Timer, 1, task);
        let new = self.tasks.len();
        let mut rest = self.tasks[task].clone();
        (rest.phase, rest.node, rest.runs) = (Phase::Nowhere, None, Vec::new());
        self.tasks.push(rest);
        self.tasks[task].is_unseen = true;
        let tasks = &mut self.jobs[self.tasks[task].job].tasks;
        tasks
            .iter_mut()
            .filter(|other| **other == task)
            .for_each(|other| *other = new);
        if !(is_late && self.spec.faults.timeouts.run_on) {
            let at = self.now + self.way_there(task);
            self.schedule(at, Kind::Timer, 7, task);
        }
        new
    }

    fn hear_of_cancel(&mut self, task: usize) {
        if !self.is_returning(task) {
            self.withdraw(task);
            self.pull();
        }
    }

    /// A task is taken from where it is.
    fn withdraw(&mut self, task: usize) {
        let (phase, node) = (self.tasks[task].phase, self.tasks[task].node);
        let dispatcher = self.dispatcher_of(task);
        match phase {
            Phase::AtDispatcher => {
                let server = &mut self.dispatchers[dispatcher];
                server.waiting.retain(|&other| other != task);
                server.current = server.current.filter(|&other| other != task);
            }
            Phase::Parked => self.faults.parked.retain(|&other| other != task),
            Phase::Nowhere => self.call_off(Kind::Timer, 0, task),
            Phase::Travelling => {
                self.call_off(Kind::Reached, 0, task);
                node.into_iter()
                    .for_each(|node| self.leave_node(task, node));
            }
            Phase::Queued | Phase::Running => self.take_from_node(task, node),
            Phase::Done => {
                self.call_off(Kind::Received, 0, task);
                let server = &mut self.gatherers[dispatcher];
                server.waiting.retain(|&other| other != task);
                server.current = server.current.filter(|&other| other != task);
            }
        }
        if self.tasks[task].gathered.is_none() {
            self.tasks[task].phase = Phase::Nowhere;
        }
    }

    fn take_from_node(&mut self, task: usize, node: Option<usize>) {
        let Some(node) = node else {
            self.central
                .iter_mut()
                .for_each(|entry| entry.retain(|&other| other != task));
            return self.central.retain(|entry| !entry.is_empty());
        };
        if self.tasks[task].phase == Phase::Running {
            self.stop(task);
        }
        self.queues[node].retain(|&other| other != task);
        self.leave_node(task, node);
        if self.shares(node) {
            self.share_anew(node);
        }
        self.start_what_fits(node);
    }
}
