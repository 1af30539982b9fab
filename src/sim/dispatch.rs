//! Dispatchers: each is a fifo server that decides the tasks of its jobs one after another.
//!
//! A dispatcher that takes time to decide is a queue like any other, and saturates like any other;
//! with several, each knows of the others' decisions only what nodes report.

use std::cell::RefCell;

use crate::engine::law::Law;
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::slab::NONE;
use crate::strategy::board::{Board, Bound};
use crate::strategy::view::Truth;
use crate::strategy::{
    self, Ask, Binding, Blueprint, Ended, How, InFlight, Placement, Problem, Reports,
};

use super::Failure;
use super::core::{Core, Kind};
use super::recorder::{Decision, Made};
use super::records::{Attempt, Fifo};
use super::setup::Setup;

/// All dispatchers of a strategy.
pub struct Dispatch {
    dispatchers: Vec<Dispatcher>,
    /// For each set of parts, its first dispatcher.
    first: Vec<u32>,
    /// For each class, the pool of its tasks' eligible nodes (a job with a demand of its own may
    /// have another).
    pool_of_class: Vec<u32>,
    /// True if tasks are bound when they are decided.
    binds_early: bool,
    /// True if what a dispatcher sends travels unseen by others.
    hides: bool,
    /// Dispatchers that rely on reports of loads, and of idle nodes.
    by_loads: u64,
    by_idle: u64,
    /// Nodes named for the decision at hand.
    named: Vec<NodeId>,
    /// Nodes asked for it, if anyone records it.
    asked: RefCell<Vec<NodeId>>,
    /// True if any placement learns from what came of its choices.
    learns: bool,
}

struct Dispatcher {
    parts: usize,
    queue: Fifo,
    /// When it began the decision that it is at; none if it is idle.
    deciding: Option<Time>,
    /// One placement for each pool that its classes use.
    placements: Vec<Option<Box<dyn Placement>>>,
}

/// What the dispatchers of `setup`'s strategy see, before anything has happened.
pub fn board(setup: &Setup, layout: &Layout) -> Board {
    let strategy = &setup.strategy;
    let each = strategy.parts.iter().flat_map(|parts| {
        let counts = parts.in_flight == InFlight::Counted;
        std::iter::repeat_n(counts, parts.dispatchers as usize)
    });
    let counts: Vec<bool> = each.collect();
    let is_central = strategy.binding == Binding::CentralQueue;
    let travels = !is_central && !setup.network.dispatch.is_zero();
    let hides = travels && counts != [true];
    Board::new(layout, &counts, hides, is_central)
}

impl Dispatch {
    /// The dispatchers of the setup's strategy.
    ///
    /// # Errors
    /// A placement cannot work on the nodes; says why.
    pub fn new(core: &mut Core<'_>) -> Result<Dispatch, Problem> {
        let setup = core.setup;
        let mut dispatch = Dispatch {
            dispatchers: Vec::new(),
            first: Vec::new(),
            pool_of_class: Vec::new(),
            binds_early: setup.strategy.binding == Binding::Early,
            hides: core.board.hides(),
            by_loads: 0,
            by_idle: 0,
            named: Vec::new(),
            asked: RefCell::default(),
            learns: false,
        };
        for class in &setup.classes {
            let stage = &class.stages[0];
            let pool = core.board.pool(&core.layout, &stage.allowed, &stage.demand);
            dispatch.pool_of_class.push(pool);
        }
        for (index, parts) in setup.strategy.parts.iter().enumerate() {
            dispatch.first.push(dispatch.dispatchers.len() as u32);
            for _ in 0..parts.dispatchers {
                let dispatcher = Dispatcher::new(core, index, &dispatch.pool_of_class)?;
                dispatch.dispatchers.push(dispatcher);
            }
        }
        dispatch.count_reports();
        Ok(dispatch)
    }

    fn count_reports(&mut self) {
        let relying_on = |reports: Reports| {
            let relying = self.dispatchers.iter().filter(|d| d.relies_on(reports));
            relying.count() as u64
        };
        (self.by_loads, self.by_idle) = (relying_on(Reports::Loads), relying_on(Reports::Idle));
        let learns = self.placements().any(|placement| placement.learns());
        self.learns = learns;
    }

    fn placements(&mut self) -> impl Iterator<Item = &mut Box<dyn Placement>> {
        let dispatchers = self.dispatchers.iter_mut();
        dispatchers.flat_map(|dispatcher| dispatcher.placements.iter_mut().flatten())
    }

    /// `node` is seen up from now on, or down.
    #[expect(
        dead_code,
        reason = "nodes come and go with the faults of the full model"
    )]
    pub fn see_up(&mut self, core: &mut Core<'_>, node: NodeId, is_up: bool) {
        let truth = Truth {
            layout: &core.layout,
            nodes: &core.nodes,
            now: core.agenda.now(),
        };
        core.board.see_up(node, is_up, truth);
        self.placements().for_each(|placement| match is_up {
            true => placement.joined(node),
            false => placement.left(node),
        });
    }

    /// A dispatcher receives the result of an attempt: its placement may learn from it.
    pub fn received(&mut self, core: &Core<'_>, attempt: u32) {
        if !self.learns {
            return;
        }
        let (attempt, now) = (&core.attempts[attempt], core.now());
        let (job, times) = (&core.jobs[attempt.job], &attempt.times);
        let this = &mut self.dispatchers[job.dispatcher as usize];
        let placement = this.placements[job.pool as usize].as_mut();
        if let Some(placement) = placement.filter(|placement| placement.learns()) {
            placement.ended(&Ended {
                node: attempt.node,
                class: job.class,
                job: job.number,
                task: core.tasks[attempt.task].index,
                service: times.ended - times.started,
                response: now - times.decided,
                how: How::Completed,
            });
        }
    }

    /// Number of dispatchers.
    pub fn count(&self) -> usize {
        self.dispatchers.len()
    }

    /// A job has arrived: it queues at a dispatcher of its class, drawn at random if there are
    /// several. Tells which, if that one was idle.
    ///
    /// # Errors
    /// The job brings a demand for which no placement can be built.
    pub fn accept(&mut self, core: &mut Core<'_>, id: u32) -> Result<Option<u32>, Problem> {
        let class = core.jobs[id].class;
        let parts = core.setup.strategy.parts_of_class[class as usize];
        let count = core.setup.strategy.parts[parts].dispatchers;
        let mut chosen = self.first[parts];
        if count > 1 {
            let number = core.jobs[id].number;
            chosen += core.keys.spread.draw(class, number, 0, 0, 0).below(count);
        }
        let pool = self.pool_of(core, id, parts)?;
        let job = &mut core.jobs[id];
        (job.dispatcher, job.pool) = (chosen, pool);
        let queue = &mut self.dispatchers[chosen as usize].queue;
        let tail = std::mem::replace(&mut queue.tail, id);
        match tail {
            NONE => queue.head = id,
            tail => core.jobs[tail].next = id,
        }
        Ok(self.dispatchers[chosen as usize]
            .deciding
            .is_none()
            .then_some(chosen))
    }

    /// The pool of a job; for a demand not seen before, with placements of its own.
    fn pool_of(&mut self, core: &mut Core<'_>, id: u32, parts: usize) -> Result<u32, Problem> {
        let job = &core.jobs[id];
        if job.demand == job.class {
            return Ok(self.pool_of_class[job.class as usize]);
        }
        let class = &core.setup.classes[job.class as usize];
        let (allowed, demand) = (&class.stages[0].allowed, core.demands.row(job.demand));
        let pool = core.board.pool(&core.layout, allowed, demand);
        if core.board.is_empty(pool) {
            let name = &class.name;
            return Err(format!(
                "a task of `{name}` fits on no node that it may use"
            ));
        }
        let mut is_new = false;
        let of_parts = |dispatcher: &&mut Dispatcher| dispatcher.parts == parts;
        for dispatcher in self.dispatchers.iter_mut().filter(of_parts) {
            is_new |= dispatcher.add_pool(core, pool)?;
        }
        if is_new {
            self.count_reports();
        }
        Ok(pool)
    }

    /// Turns an idle dispatcher to its next task. True if that is decided at once: it takes no
    /// time and nothing else is pending at this instant that would come first.
    pub fn begin(&mut self, core: &mut Core<'_>, dispatcher: u32) -> bool {
        let this = &mut self.dispatchers[dispatcher as usize];
        if this.queue.head == NONE {
            return false;
        }
        this.deciding = Some(core.now());
        let time = decision_time(
            core,
            &core.setup.strategy.parts[this.parts].decision_time,
            this.queue.head,
        );
        if time == Time::ZERO && core.agenda.is_clear() {
            return true;
        }
        core.schedule(core.now() + time, Kind::Decided, dispatcher, dispatcher);
        false
    }

    /// The decision of a dispatcher ends: its task becomes an attempt, bound to a node unless
    /// binding waits for one.
    ///
    /// # Errors
    /// [`Failure::Placement`] if the placement chose nothing or a node that the task may not use.
    pub fn decide(&mut self, core: &mut Core<'_>, dispatcher: u32) -> Result<u32, Failure> {
        let this = &mut self.dispatchers[dispatcher as usize];
        let begun = this.deciding.take().unwrap_or_default();
        core.totals.deciding += u128::from(core.window.overlap(begun, core.now()).0);
        let id = this.queue.head;
        let (now, job) = (core.now(), &mut core.jobs[id]);
        let task = job.undecided;
        let attempt = core
            .attempts
            .insert(Attempt::new(task, id, job.demand, begun, now));
        core.totals.attempts += 1;
        job.undecided = core.tasks[task].next;
        if job.undecided == NONE {
            this.queue.head = job.next;
            if this.queue.head == NONE {
                this.queue.tail = NONE;
            }
        }
        if self.binds_early {
            let node = self.choose(core, id, attempt)?;
            self.bind(core, attempt, node);
        }
        Ok(attempt)
    }

    /// Asks the placement of the job's dispatcher for a node.
    ///
    /// # Errors
    /// As [`Dispatch::decide`].
    pub fn choose(
        &mut self,
        core: &mut Core<'_>,
        id: u32,
        attempt: u32,
    ) -> Result<NodeId, Failure> {
        let job = &core.jobs[id];
        let demand = core.demands.row(job.demand);
        let this = &mut self.dispatchers[job.dispatcher as usize];
        let parts = &core.setup.strategy.parts[this.parts];
        let truth = Truth {
            layout: &core.layout,
            nodes: &core.nodes,
            now: core.agenda.now(),
        };
        let spot = core.board.turn(job.dispatcher, job.pool, demand, truth);
        let (view, nodes) = core.board.seen(spot, truth);
        let view = view.noting(core.recorder.is_some().then_some(&self.asked));
        let task = &core.tasks[core.attempts[attempt].task];
        let ask = Ask {
            class: job.class,
            job: job.number,
            task: task.index,
            tasks: job.tasks,
            priority: 0,
            key: None,
            work: task.work,
            demand,
            tried: &[],
            nodes,
            ties: parts.ties,
        };
        let draw = (core.keys.placement).draw(job.class, job.number, 0, task.index, 0);
        let Some(placement) = &mut this.placements[job.pool as usize] else {
            return Err(Failure::Internal("no placement for a pool".to_owned()));
        };
        let rng = &mut draw.clone();
        let chosen = strategy::decide(&mut **placement, &ask, &view, rng, &mut self.named);
        let Some(node) = chosen.filter(|node| nodes.contains(*node)) else {
            return Err(fault(&*parts.placement, chosen));
        };
        if core.window.contains(truth.now) {
            core.totals.placed += 1;
            core.totals.messages += 1 + 2 * u64::from(view.probes());
        }
        if let Some(recorder) = &mut core.recorder {
            let mut asked = self.asked.take();
            recorder.decision(&Decision {
                time: truth.now,
                dispatcher: job.dispatcher,
                job,
                task: task.index,
                node,
                asked: &asked,
                made: Made {
                    ask: &ask,
                    view: &view,
                    placement: &**placement,
                    blueprint: &*parts.placement,
                    draw,
                },
            });
            asked.clear();
            self.asked.replace(asked);
        }
        Ok(node)
    }

    /// Binds an attempt to `node`: from now on it is held there.
    pub fn bind(&self, core: &mut Core<'_>, attempt: u32, node: NodeId) {
        let service = service_time(core, attempt, node);
        let this = &mut core.attempts[attempt];
        (this.node, this.service, this.expected) = (node, service, service);
        let demand = core.demands.row(this.demand);
        core.nodes.hold(node, demand);
        let state = core.nodes.state_mut(node);
        state.backlog.add(service);
        state.expected.add(service);
        let dispatcher = core.jobs[this.job].dispatcher;
        if self.hides {
            core.board.sent(
                dispatcher,
                attempt,
                Bound {
                    node,
                    service,
                    demand,
                },
            );
        }
        // Under a central queue it starts at this instant, which changes the node once more.
        if self.binds_early {
            core.changed(node);
        }
        // Dispatchers that rely on reports and did not send this one get one.
        if self.by_loads > 0 && core.window.contains(core.now()) {
            let relies = self.dispatchers[dispatcher as usize].relies_on(Reports::Loads);
            core.totals.messages += self.by_loads - u64::from(relies);
        }
    }

    /// An attempt has reached its node: whoever sent it sees it there now.
    pub fn arrived(&mut self, core: &mut Core<'_>, attempt: u32) {
        if self.hides {
            let this = core.attempts[attempt];
            let to = Bound {
                node: this.node,
                service: this.expected,
                demand: core.demands.row(this.demand),
            };
            let dispatcher = core.jobs[this.job].dispatcher;
            core.board.arrived(dispatcher, attempt, to);
            core.changed(this.node);
        }
    }

    /// An attempt has ended at `node`: the reports that placements rely on are sent.
    pub fn report_end(&self, core: &mut Core<'_>, node: NodeId) {
        if self.by_loads + self.by_idle > 0 && core.window.contains(core.now()) {
            let is_idle = core.nodes.state(node).tasks == 0;
            core.totals.messages += self.by_loads + if is_idle { self.by_idle } else { 0 };
        }
    }

    /// Time spent on decisions that are not over at the end.
    pub fn finish(&self, core: &mut Core<'_>, over: Time) {
        for begun in self
            .dispatchers
            .iter()
            .filter_map(|dispatcher| dispatcher.deciding)
        {
            core.totals.deciding += u128::from(core.window.overlap(begun, over).0);
        }
    }
}

impl Dispatcher {
    fn new(core: &mut Core<'_>, parts: usize, pools: &[u32]) -> Result<Dispatcher, Problem> {
        let mut dispatcher = Dispatcher {
            parts,
            queue: Fifo::EMPTY,
            deciding: None,
            placements: Vec::new(),
        };
        let classes = core.setup.strategy.parts_of_class.iter().zip(pools);
        for (_, &pool) in classes.filter(|(of_class, _)| **of_class == parts) {
            dispatcher.add_pool(core, pool)?;
        }
        Ok(dispatcher)
    }

    /// Builds the placement for a pool; false if it is there already or the pool is empty.
    fn add_pool(&mut self, core: &mut Core<'_>, pool: u32) -> Result<bool, Problem> {
        let at = pool as usize;
        if self.placements.len() <= at {
            self.placements.resize_with(at + 1, || None);
        }
        if self.placements[at].is_some() || core.board.is_empty(pool) {
            return Ok(false);
        }
        let blueprint = &core.setup.strategy.parts[self.parts].placement;
        let truth = Truth {
            layout: &core.layout,
            nodes: &core.nodes,
            now: core.agenda.now(),
        };
        self.placements[at] = Some(core.board.build(&**blueprint, pool, truth)?);
        Ok(true)
    }

    fn relies_on(&self, reports: Reports) -> bool {
        let mut placements = self.placements.iter().flatten();
        placements.any(|placement| placement.reports() == reports)
    }
}

/// What is wrong with a choice.
#[cold]
fn fault(placement: &dyn Blueprint, chosen: Option<NodeId>) -> Failure {
    let what = match chosen {
        Some(node) => format!("chose node {}, which the task may not use", node.0),
        None => "chose no node".to_owned(),
    };
    Failure::Placement(format!("{placement:?} {what}"))
}

fn decision_time(core: &Core<'_>, law: &Law, id: u32) -> Time {
    if let Some(constant) = law.constant() {
        return Time::from_secs(constant);
    }
    let job = &core.jobs[id];
    let task = core.tasks[job.undecided].index;
    Time::from_secs(law.sample(&mut core.keys.decision.draw(job.class, job.number, 0, task, 0)))
}

/// How long the task of an attempt runs at `node`: work x straggler factor / speed, rounded once,
/// plus the overhead.
fn service_time(core: &Core<'_>, attempt: u32, node: NodeId) -> Time {
    let this = &core.attempts[attempt];
    let (task, job) = (&core.tasks[this.task], &core.jobs[this.job]);
    let mut work = task.work;
    if let Some(stragglers) = &core.setup.stragglers {
        let mut draw = core
            .keys
            .straggler
            .draw(job.class, job.number, 0, task.index, 0);
        if crate::engine::random::unit(&mut draw) < stragglers.probability {
            work *= stragglers.factor.sample(&mut draw);
        }
    }
    let overhead = core.setup.classes[job.class as usize].stages[0].overhead;
    Time::from_secs(work / core.layout.factor(node)) + overhead
}
