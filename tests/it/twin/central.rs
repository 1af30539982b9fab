//! The central queue by all its rules: what waits in it starts as soon as it may.

use equipoise::strategy::{Backfill, QueueOrder, QueueRules};

use super::machine::{Job, Kind, Phase, Twin};

/// Promises under conservative backfilling.
const MOST_PROMISES: usize = 256;

/// Room that is held at a node from one instant on until another.
struct Held {
    node: usize,
    from: u64,
    until: u64,
    demand: Vec<u64>,
}

/// What starts: the place in the queue, and the nodes where the placement has no say.
type Next = (usize, Option<Vec<usize>>);

impl Twin<'_> {
    /// A task has reached the queue, in which it has its place as soon as it may start: those that start
    /// together as one, when the last of them is there.
    pub(super) fn line_up(&mut self, task: usize) {
        let job = &self.jobs[self.tasks[task].job];
        let mut together = vec![task];
        if self.spec.classes[job.class].is_gang {
            together = job.tasks.clone();
        }
        let is_there = |task: &usize| self.tasks[*task].phase == Phase::Queued;
        if !together.iter().all(is_there) {
            return;
        }
        self.central.push(together);
        let mut queue = std::mem::take(&mut self.central);
        queue.sort_by_key(|tasks| {
            let task = &self.tasks[tasks[0]];
            let job = &self.jobs[task.job];
            let priority = self.spec.classes[job.class].priority;
            match self.spec.queue.order {
                QueueOrder::Fifo => (0, 0, 0, 0),
                QueueOrder::Job => (job.arrival as i128, job.class, job.number, task.index),
                QueueOrder::Priority => (-i128::from(priority), 0, 0, 0),
                QueueOrder::Sjf => (i128::from(self.span(tasks[0], 1, 4)), 0, 0, 0),
            }
        });
        self.central = queue;
    }

    /// Whatever may start does: in a plain queue at once, by other rules after all else of this instant.
    pub(super) fn pull(&mut self) {
        let has_gangs = self.spec.classes.iter().any(|class| class.is_gang);
        if self.spec.queue == QueueRules::default() && !has_gangs {
            self.pass_through_queue();
        } else if !self.awaits(Kind::SchedulingPass) {
            self.schedule(self.now, Kind::SchedulingPass, 0, 0);
        }
    }

    /// Whatever may start does, one after another.
    pub(super) fn pass_through_queue(&mut self) {
        while let Some((place, nodes)) = self.next() {
            let tasks = self.central.remove(place);
            self.served = Some(self.tasks[tasks[0]].job);
            for (at, &task) in tasks.iter().enumerate() {
                let node = match &nodes {
                    Some(nodes) => nodes[at],
                    None => {
                        let with_room = self.with_room(task);
                        self.choose(task, &with_room)
                    }
                };
                if nodes.is_some() {
                    self.assign(task, node);
                }
                self.present[node].push(task);
                self.start(task, node);
            }
        }
    }

    fn next(&self) -> Option<Next> {
        for (place, tasks) in self.central.iter().enumerate() {
            if !self.may_begin(tasks[0]) {
                continue;
            }
            if self.finds_room(tasks) {
                return Some((place, None));
            }
            match self.spec.queue.backfill {
                Backfill::None => return None,
                Backfill::Any => {}
                Backfill::Easy => return self.planned(1, false),
                Backfill::Conservative => return self.planned(MOST_PROMISES, true),
            }
        }
        None
    }

    /// Another job is not being served, where one at a time is.
    fn may_begin(&self, task: usize) -> bool {
        let job = self.tasks[task].job;
        let is_there = |job: &Job| job.completion.or(job.failure).is_none();
        let is_in_the_way = |other: usize| other != job && is_there(&self.jobs[other]);
        !self.spec.queue.one_at_a_time || !self.served.is_some_and(is_in_the_way)
    }

    fn with_room(&self, task: usize) -> Vec<usize> {
        let mut nodes = self.candidates(task);
        nodes.retain(|&node| self.has_room(node, task));
        nodes
    }

    fn finds_room(&self, tasks: &[usize]) -> bool {
        let (demand, idle) = (self.demand(tasks[0]), Vec::new());
        let nodes = self.candidates(tasks[0]);
        let room = |node: usize| {
            let used = |d: usize| self.used(node, d);
            self.copies(node, demand, &idle, used)
        };
        let room = nodes.into_iter().map(room).fold(0, u64::saturating_add);
        room >= tasks.len() as u64
    }

    /// Tasks of a demand for which there is room at a node beside what is used and held there.
    fn copies(
        &self,
        node: usize,
        demand: &[u64],
        held: &[&Held],
        used: impl Fn(usize) -> u64,
    ) -> u64 {
        let capacity = &self.spec.nodes()[node].capacity;
        let of = |d: usize| {
            let held: u64 = held.iter().map(|held| held.demand[d]).sum();
            let taken = held + used(d);
            match (demand[d], capacity[d]) {
                (0, _) | (_, None) => u64::MAX,
                (need, Some(has)) => has.saturating_sub(taken) / need,
            }
        };
        (0..demand.len()).map(of).min().unwrap_or(0)
    }

    /// What starts behind a head that finds no room: the first that is in the way of none of the first
    /// `promises`.
    fn planned(&self, promises: usize, is_only_these: bool) -> Option<Next> {
        let mut plan = self.laid_out();
        for (place, tasks) in self.central.iter().enumerate() {
            if place >= promises && is_only_these {
                return None;
            }
            let time = self.estimated(tasks);
            let instants = match place < promises {
                true => self.instants(&plan),
                false => vec![self.now],
            };
            let demand = self.demand(tasks[0]).to_vec();
            for from in instants {
                let Some(nodes) = self.room(&plan, tasks, from, from + time) else {
                    continue;
                };
                if from == self.now {
                    return Some((place, Some(nodes)));
                }
                let hold = |node| Held {
                    node,
                    from,
                    until: from + time,
                    demand: demand.clone(),
                };
                plan.extend(nodes.into_iter().map(hold));
                break;
            }
        }
        None
    }

    /// What runs, until it is said to end.
    fn laid_out(&self) -> Vec<Held> {
        let mut plan = Vec::new();
        for (node, running) in self.running.iter().enumerate() {
            for &task in running {
                let time = self.estimate(task, self.spec.nodes()[node].quarters);
                plan.push(Held {
                    node,
                    from: self.now,
                    until: (self.tasks[task].started + time).max(self.now + 1),
                    demand: self.demand(task).to_vec(),
                });
            }
        }
        plan
    }

    /// Now, and whenever room comes free.
    fn instants(&self, plan: &[Held]) -> Vec<u64> {
        let mut instants: Vec<u64> = plan.iter().map(|held| held.until).collect();
        instants.push(self.now);
        instants.sort_unstable();
        instants
    }

    /// How long a task is said to take at a speed.
    fn estimate(&self, task: usize, quarters: u64) -> u64 {
        match self.jobs[self.tasks[task].job].asked {
            Some(asked) => asked + self.overhead(task),
            None => self.span(task, 1, quarters),
        }
    }

    /// How long those that start together are said to take, wherever they do.
    fn estimated(&self, tasks: &[usize]) -> u64 {
        let nodes = self.eligible(tasks[0]);
        let speeds = nodes.iter().map(|&node| self.spec.nodes()[node].quarters);
        let slowest = speeds.min().unwrap_or(1);
        let times = tasks.iter().map(|&task| self.estimate(task, slowest));
        times.max().unwrap_or(0).max(1)
    }

    /// A node for each of the tasks with room from one instant on until another; where that is later
    /// than now, those nodes that come free last.
    fn room(&self, plan: &[Held], tasks: &[usize], from: u64, until: u64) -> Option<Vec<usize>> {
        let mut nodes = self.candidates(tasks[0]);
        if from > self.now {
            let comes_free = |node: usize| {
                let here = plan.iter().filter(|held| held.node == node);
                let before = here.map(|held| held.until).filter(|until| *until <= from);
                before.max().unwrap_or(0)
            };
            nodes.sort_by_key(|&node| std::cmp::Reverse(comes_free(node)));
        }
        let mut found = Vec::new();
        for node in nodes {
            let copies = self.throughout(plan, node, self.demand(tasks[0]), (from, until));
            let left = (tasks.len() - found.len()) as u64;
            found.extend((0..copies.min(left)).map(|_| node));
        }
        (found.len() == tasks.len()).then_some(found)
    }

    /// Tasks for which there is room at a node from one instant on until another.
    fn throughout(
        &self,
        plan: &[Held],
        node: usize,
        demand: &[u64],
        (from, until): (u64, u64),
    ) -> u64 {
        let begins = plan.iter().map(|held| held.from);
        let begins = begins.filter(|begin| from < *begin && *begin < until);
        let at = |instant: u64| {
            let is_there =
                |held: &&Held| held.node == node && held.from <= instant && instant < held.until;
            let held: Vec<&Held> = plan.iter().filter(is_there).collect();
            self.copies(node, demand, &held, |_| 0)
        };
        begins.chain([from]).map(at).min().unwrap_or(0)
    }
}
