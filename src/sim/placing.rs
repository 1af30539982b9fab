//! Jobs on the direct path whose tasks are placed by numbers of tasks at the nodes: decisions are begun
//! many at a time, as far as they do not depend on the nodes, and then made one after another.
//!
//! Without faults, views or queues at dispatchers a job is a short loop over its tasks, with no agenda: this is
//! where most comparisons of plain placements spend their time. Its results are those of the event loop to the
//! last bit, which a test holds for every scenario that may go this way.

use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::strategy::{Choice, Choosing, Counts, Order, Ties};

use super::core::{Core, Facts};
use super::dispatch::{Decider, Dispatch, straggle};
use super::failure::Fallible;
use super::ledger::{Ledger, Placed, Task};
use super::lines::{BARE, BLIND, Lines, TOLD};
use super::records::Subject;

/// A job that has arrived and come to its dispatcher.
#[derive(Clone, Copy)]
pub struct Arrived<'s> {
    pub class: u32,
    pub number: u64,
    pub at: Time,
    pub measured: bool,
    pub dispatcher: u32,
    pub pool: u32,
    pub facts: Facts<'s>,
}

/// When some jobs of one class arrive, and the works of their tasks, equally many of each.
#[derive(Clone, Copy)]
pub struct Jobs<'a> {
    pub arrivals: &'a [Time],
    pub works: &'a [f64],
}

impl Jobs<'_> {
    /// Tasks of each.
    pub fn each(&self) -> usize {
        (self.works.len() / self.arrivals.len()).max(1)
    }
}

impl Arrived<'_> {
    /// One of its tasks, of which there are so many.
    pub fn subject(&self, tasks: u32) -> Subject {
        Subject {
            class: self.class,
            number: self.number,
            tasks,
            task: 0,
            data: 0,
            stage: 0,
            attempt: 0,
            copy: 0,
            work: 0.0,
            demand: self.facts.demand,
            dispatcher: self.dispatcher,
            pool: self.pool,
        }
    }

    /// Writes it down when its tasks have been placed, which at best take so long.
    pub fn write_down(
        &self,
        ledger: &mut Ledger,
        at_best: impl Iterator<Item = Time>,
        tasks: &[Task],
    ) {
        // Of those that end last the first.
        let last = |one: Task, next: &Task| if next.end > one.end { *next } else { one };
        let ideal = at_best.max().unwrap_or_default();
        if let [first, others @ ..] = tasks {
            let critical = others.iter().fold(*first, last);
            let mut placed = self.placed(critical, tasks.len() as u32, ideal);
            placed.end += ledger.back();
            ledger.write(placed, tasks);
        }
    }

    /// It has been placed: so many tasks, of which `task` ends last.
    #[inline(always)]
    fn placed(&self, task: Task, tasks: u32, ideal: Time) -> Placed {
        Placed {
            arrival: self.at,
            start: task.start,
            end: task.end,
            ideal,
            class: self.class,
            tasks,
            node: task.node,
            measured: self.measured,
        }
    }

    /// How long a task takes at speed 1.
    #[inline(always)]
    pub fn at_best(&self, work: f64) -> Time {
        self.facts.time(work) + self.facts.overhead
    }

    /// How long one of its tasks, which may straggle, takes at `node`.
    #[inline]
    pub fn service(&self, core: &Core<'_>, task: u32, mut work: f64, node: NodeId) -> Time {
        if core.setup.stragglers.is_some() {
            work = self.straggle(core, task, work);
        }
        self.at_best(work / core.layout.factor(node))
    }

    /// The work of a task, which may straggle.
    #[cold]
    #[inline(never)]
    fn straggle(&self, core: &Core<'_>, task: u32, work: f64) -> f64 {
        let draw = core
            .keys
            .straggler
            .draw(self.class, self.number, 0, task, 0);
        straggle(core, work, draw)
    }
}

/// Places the tasks of jobs at nodes whose lines are kept in one of the ways.
pub struct Placing<'a, 's, const WAY: u8> {
    looking: Looking<'a, 's, WAY>,
    decider: Decider<'a>,
    job: Arrived<'s>,
    nodes: u32,
    /// All nodes are of speed 1, and no task straggles.
    is_even: bool,
}

/// What is known of tasks before they are placed, for a function's own use.
#[derive(Default)]
pub struct Begun {
    /// Their decisions, as far as these do not depend on the nodes.
    decisions: Vec<Choosing>,
    /// How long they take at speed 1.
    at_best: Vec<Time>,
}

/// Nodes of which the lines are read before they are needed, if there are more: so many do not lie in
/// the processor's own memory.
const MANY: u32 = 8192;

impl<'a, 's, const WAY: u8> Placing<'a, 's, WAY> {
    /// For jobs that come to the dispatcher of `job`, which is the first.
    ///
    /// # Errors
    /// There is no placement.
    pub fn new(
        core: &'a mut Core<'s>,
        dispatch: &'a mut Dispatch,
        lines: &'a mut Lines,
        job: Arrived<'s>,
    ) -> Fallible<Placing<'a, 's, WAY>> {
        let nodes = core.board.size(job.pool);
        let straggles = core.setup.stragglers.is_some();
        Ok(Placing {
            is_even: !straggles && core.layout.is_of_speed_one(),
            decider: dispatch.decider(core.setup, job.dispatcher, job.pool)?,
            looking: Looking {
                is_whole: nodes == core.layout.count(),
                core,
                lines,
                pool: job.pool,
                now: job.at,
                probes: 0,
            },
            job,
            nodes,
        })
    }

    /// Does what can be done before the nodes are looked at.
    #[inline(never)]
    pub fn begin(&mut self, begun: &mut Begun, jobs: Jobs<'_>) {
        let Begun { decisions, at_best } = begun;
        at_best.clear();
        at_best.extend(jobs.works.iter().map(|work| self.job.at_best(*work)));
        let (class, key) = (self.job.class, self.looking.core.keys.placement);
        let (mut number, mut task) = (self.job.number, 0);
        let rng = key.draw(class, number, 0, 0, 0);
        decisions.resize(jobs.works.len(), Choosing { rng, choice: None });
        for decision in &mut *decisions {
            decision.rng = key.draw(class, number, 0, task, 0);
            task += 1;
            if task as usize == jobs.each() {
                (number, task) = (number + 1, 0);
            }
        }
        self.decider.choose_each(self.nodes, decisions);
        if self.nodes > MANY && (WAY == BLIND || WAY == BARE) {
            self.touch(decisions);
        }
    }

    /// Reads of all nodes that are named what is needed soon: together that takes hardly longer than of
    /// one.
    #[inline(never)]
    fn touch(&self, decisions: &[Choosing]) {
        let touch = |rank| match rank < self.nodes {
            true => self.looking.lines.touch(self.looking.node(rank)),
            false => 0,
        };
        let seen = decisions.iter().map(|decision| match decision.choice {
            Some(Choice::Node(rank)) => touch(rank),
            Some(Choice::Fewer(first, second)) => touch(first) ^ touch(second),
            _ => 0,
        });
        std::hint::black_box(seen.fold(0, |all, one| all ^ one));
    }

    /// The tasks of jobs that have one each are decided and take their places in line.
    ///
    /// # Errors
    /// A placement does not choose well.
    #[inline(never)]
    pub fn place_only(
        &mut self,
        ledger: &mut Ledger,
        jobs: Jobs<'_>,
        begun: &mut Begun,
    ) -> Fallible {
        let begun = begun.at_best.iter().zip(&mut begun.decisions);
        let each = jobs.arrivals.iter().zip(jobs.works).zip(begun);
        for ((&at, &work), (&at_best, decision)) in each {
            (self.looking.now, self.job.at) = (at, at);
            let task = self.place(0, (work, at_best), decision)?;
            ledger.write_only(self.job.placed(task, 1, at_best));
            self.job.number += 1;
        }
        Ok(())
    }

    /// The same for jobs that have several.
    ///
    /// # Errors
    /// As above.
    #[inline(never)]
    pub fn place_several(
        &mut self,
        ledger: &mut Ledger,
        tasks: &mut Vec<Task>,
        jobs: Jobs<'_>,
        begun: &mut Begun,
    ) -> Fallible {
        let each = jobs.each();
        let begun = begun
            .at_best
            .chunks_exact(each)
            .zip(begun.decisions.chunks_exact_mut(each));
        let shapes = jobs.works.chunks_exact(each).zip(begun);
        for (&at, (works, (at_best, decisions))) in jobs.arrivals.iter().zip(shapes) {
            (self.looking.now, self.job.at) = (at, at);
            tasks.clear();
            let works = works.iter().copied().zip(at_best.iter().copied());
            for ((index, work), decision) in (0..).zip(works).zip(decisions) {
                tasks.push(self.place(index, work, decision)?);
            }
            self.job.write_down(ledger, at_best.iter().copied(), tasks);
            self.job.number += 1;
        }
        Ok(())
    }

    /// A task of that work, which at best takes so long, is decided and takes its place in line.
    #[inline(always)]
    fn place(
        &mut self,
        task: u32,
        (work, at_best): (f64, Time),
        decision: &mut Choosing,
    ) -> Fallible<Task> {
        let (ties, looking) = (self.decider.ties, &mut self.looking);
        looking.catch_up();
        let rank = match decision.choice {
            Some(choice) => choice.rank(ties, &mut decision.rng, looking),
            None => None,
        };
        let rank = rank.unwrap_or(u32::MAX);
        if rank >= self.nodes {
            return Err(self.decider.fault(looking.core.setup));
        }
        let node = looking.node(rank);
        let service = match self.is_even {
            true => at_best,
            false => self.job.service(looking.core, task, work, node),
        };
        Ok(looking.line_up(node, service))
    }

    /// Messages that were sent for so many tasks.
    pub fn messages(&self, tasks: usize) -> u64 {
        tasks as u64 * (1 + self.decider.reports) + 2 * self.looking.probes
    }
}

/// Numbers of tasks at the nodes of a pool.
struct Looking<'a, 's, const WAY: u8> {
    core: &'a mut Core<'s>,
    lines: &'a mut Lines,
    pool: u32,
    /// The pool has all nodes.
    is_whole: bool,
    now: Time,
    /// Nodes that were probed.
    probes: u64,
}

impl<const WAY: u8> Looking<'_, '_, WAY> {
    /// What is to be seen at any node is up to date.
    #[inline(always)]
    fn catch_up(&mut self) {
        if WAY == TOLD {
            self.lines.settle_told(self.core, self.now);
        }
    }

    /// A task of `service` takes its place in line.
    #[inline(always)]
    fn line_up(&mut self, node: NodeId, service: Time) -> Task {
        let (core, lines) = (&mut *self.core, &mut *self.lines);
        let (start, end) = lines.line_up_by::<WAY>(core, node, service, self.now);
        Task::new(node, start, end)
    }

    /// The node of that rank.
    #[inline(always)]
    fn node(&self, rank: u32) -> NodeId {
        match self.is_whole {
            true => NodeId(rank),
            false => self.core.board.node(self.pool, rank),
        }
    }
}

impl<const WAY: u8> Counts for Looking<'_, '_, WAY> {
    #[inline(always)]
    fn tasks(&mut self, rank: u32) -> u32 {
        self.probes += 1;
        let node = self.node(rank);
        self.lines.tasks_at::<WAY>(self.core, node, self.now)
    }

    #[inline(always)]
    fn least(&mut self, order: Order, ties: Ties, rng: &mut Draw) -> Option<u32> {
        match self.lines.order() {
            Some(order) => order.least(ties, rng).map(|at| at as u32),
            None => {
                let (board, pool) = (&self.core.board, self.pool);
                board.least(pool, order, self.now, ties, rng)
            }
        }
    }
}
