//! Dispatchers: each is a fifo server that decides the tasks of its jobs one after another.
//!
//! A dispatcher that takes time to decide is a queue like any other, and saturates like any other;
//! with several, each knows of the others' decisions only what nodes report.

use std::cell::RefCell;

use crate::engine::law::Law;
use crate::engine::random::{Draw, Purpose, Seeds, unit};
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::list::List;
use crate::model::slab::NONE;
use crate::strategy::board::node_set::NodeSet;
use crate::strategy::board::{Aperture, Board, Bound, Sight};
use crate::strategy::pool::Within;
use crate::strategy::view::Truth;
use crate::strategy::{
    self, Ask, Binding, Candidates, Choosing, Counts, Ended, How, InFlight, Information, Order,
    Parts, Placement, Problem, Reads, Reports, Spread, Strategy, Ties, View,
};

use super::core::{Core, Demands, Facts, Kind, Shards};
use super::failure::{Failure, Fallible};
use super::recorder::{Decision, Made, Recorder};
use super::records::{Job, Phase, Records, Subject, Task, draw};
use super::renewals;
use super::setup::{Budget, Setup, TaskFailures};
use crate::workload::class::{Class, Stage};
use crate::workload::source::Arrivals;

/// All dispatchers of a strategy.
pub struct Dispatch {
    dispatchers: Vec<Dispatcher>,
    /// The way of the jobs of each class.
    routes: Vec<Route>,
    /// True if all tasks are bound when they are decided, and no copies with them.
    binds_early: bool,
    /// True if attempts queue at nodes.
    queues_at_nodes: bool,
    /// Nodes, by position in their pool, at which the decision at hand has made no reservation yet.
    free: NodeSet,
    /// True if the board is told of what is sent and arrives, and of what dispatchers hear of.
    follows: bool,
    follows_ends: bool,
    /// Dispatchers that rely on reports of loads, and of idle nodes.
    by_loads: u64,
    by_idle: u64,
    /// Nodes named for the decision at hand, and those tried before.
    named: Vec<NodeId>,
    tried: Tried,
    /// Nodes asked for it, if anyone records it.
    asked: RefCell<Vec<NodeId>>,
    /// Tasks for which no node was seen up.
    parked: List,
    /// Those of them that are about to be decided again.
    unparked: List,
    /// True if all placements go by counts alone.
    goes_by_counts: bool,
    /// True if anybody minds that a dispatcher hears of an end.
    hears: bool,
    /// For each set of parts, the dispatcher whose turn it is.
    turns: Vec<u32>,
    /// What clients may spend on further attempts; nothing if dispatchers do.
    purses: Purses,
}

/// Nodes at which a task has attempts.
#[derive(Default)]
struct Tried {
    /// In the order of the attempts.
    nodes: Vec<NodeId>,
    /// The candidates among them, in id order, and the others.
    sorted: Vec<NodeId>,
    others: Vec<NodeId>,
}

/// What is left of the budgets of clients for further attempts.
#[derive(Default)]
struct Purses {
    /// By class: its first client, and how many there are (one, where it has none).
    clients: Vec<(usize, u64)>,
    /// By client, in billionths of an attempt.
    left: Vec<u64>,
}

impl Purses {
    fn new(setup: &Setup) -> Purses {
        let budget = &setup.faults.retries.budget;
        let mut purses = Purses::default();
        let classes = setup.sources.iter().flat_map(|source| {
            let clients = match &source.arrivals {
                Arrivals::Closed(clients) => clients.count,
                _ => 1,
            };
            std::iter::repeat_n(clients, source.classes as usize)
        });
        for clients in classes.filter(|_| budget.by_client) {
            purses.clients.push((purses.left.len(), u64::from(clients)));
            let all = purses.left.len() + clients as usize;
            purses.left.resize(all, budget.burst());
        }
        purses
    }
}

/// Where the jobs of a class go.
#[derive(Clone, Copy)]
struct Route {
    parts: usize,
    /// The dispatchers of these parts.
    first: u32,
    count: u32,
    spread: Spread,
    /// Which of the classes of these parts it is, from 0.
    rank: u32,
    /// The eligible nodes of its tasks (a job with a demand of its own may have others).
    pool: u32,
}

impl Route {
    /// The dispatcher of a job, if there are several as they are spread; it is the `turn` of one
    /// of them. At random all jobs of a client come to the same one.
    #[inline]
    fn dispatcher(&self, core: &Core<'_>, class: u32, number: u64, turn: u32) -> u32 {
        if self.count == 1 {
            return self.first;
        }
        match self.spread {
            Spread::Random => {}
            Spread::ByClass => return self.first + self.rank % self.count,
            Spread::RoundRobin => return self.first + turn,
        }
        let who = match core.facts[class as usize].bound {
            0 => number,
            clients => number % clients,
        };
        let mut draw = core.keys.spread.draw(class, who, 0, 0, 0);
        self.first + draw.below(self.count)
    }
}

/// What becomes of a job that has arrived.
#[derive(Clone, Copy)]
pub enum Accepted {
    /// Its tasks wait for a dispatcher that is at others.
    Waits,
    /// Its tasks wait for this dispatcher, which was idle.
    Begins(u32),
    /// Its only task is decided at once: that takes no time, and nothing else comes first.
    IsDecided,
}

struct Dispatcher {
    parts: usize,
    ties: Ties,
    /// Whether it must ask nodes for their state: 1 or 0.
    asking: u32,
    /// Whether it is told of what happens at nodes, later than it does.
    is_told: bool,
    /// How long every decision takes, if that is always the same.
    constant: Option<Time>,
    /// Whether the tasks of a stage are decided with the first of them.
    is_batch: bool,
    /// Whether it waits for what nodes answer.
    probes: bool,
    /// Tasks that wait for it, and their number.
    queue: List,
    waiting: u64,
    /// When it began the decision that it is at; none if it is idle.
    deciding: Option<Time>,
    /// What is left of its budget for further attempts, in billionths of one.
    budget: u64,
    /// The task that it decides; [`NONE`] if that was withdrawn meanwhile.
    current: u32,
    /// One placement for each pool that its classes use.
    placements: Vec<Option<Box<dyn Placement>>>,
    /// Whether any of them relies on reports of loads.
    relies_on_loads: bool,
}

/// What the dispatchers of `setup`'s strategy see, before anything has happened.
pub fn board(setup: &Setup, layout: &Layout, seeds: Seeds) -> Board {
    let strategy = &setup.strategy;
    let sights: Vec<Sight> = strategy.parts.iter().flat_map(sights).collect();
    let is_central = strategy.binding == Binding::CentralQueue;
    let is_instant = setup.network.is_instant(0) && setup.sends_nothing(0);
    let travels = !is_central && !is_instant;
    // One dispatcher that counts what it sends knows all that travels.
    let is_alone =
        sights.len() == 1 && sights[0].counts && sights[0].information == Information::Fresh;
    let luck = seeds.shifted(setup.placement_seed);
    let reporting =
        (strategy.parts.iter()).map(|parts| (parts.dispatchers, parts.placement.idle_queues()));
    Board::new(layout, &sights, travels && !is_alone, is_central)
        .with_gossip(luck.key(Purpose::Gossip))
        .with_idle_queues(reporting, layout.count(), luck.key(Purpose::IdleQueue))
}

/// How the dispatchers of a set of parts look at the nodes.
fn sights(parts: &Parts) -> impl Iterator<Item = Sight> + '_ {
    (0..parts.dispatchers).map(|index| Sight {
        counts: parts.in_flight == InFlight::Counted,
        information: parts.information,
        aperture: parts.subset.map(|size| Aperture { index, size }),
        ties: parts.ties,
    })
}

/// The way of the jobs of each class.
fn routes(core: &mut Core<'_>) -> Vec<Route> {
    let setup = core.setup;
    let (mut first, mut firsts) = (0, Vec::new());
    for parts in &setup.strategy.parts {
        firsts.push(first);
        first += parts.dispatchers;
    }
    let mut routes: Vec<Route> = Vec::new();
    for (at, class) in (0..).zip(&setup.classes) {
        let parts = setup.strategy.parts_of_class[at as usize];
        let before = routes.iter().filter(|route| route.parts == parts);
        let (rank, row) = (before.count() as u32, core.stage_pools.len());
        for stage in &class.stages {
            let pool = pool(core, at, &stage.allowed, &stage.demand);
            core.stage_pools.push(pool);
        }
        let pool = spread(core, class, core.stage_pools[row]);
        routes.push(Route {
            rank,
            parts,
            first: firsts[parts],
            count: setup.strategy.parts[parts].dispatchers,
            spread: setup.strategy.parts[parts].spread,
            pool,
        });
    }
    routes
}

/// The pool of the nodes of the `allowed` groups that could hold `demand` and that `class` may use.
fn pool(core: &mut Core<'_>, class: u32, allowed: &[bool], demand: &[u64]) -> u32 {
    let strategy = &core.setup.strategy;
    let may_use = |node| strategy.lets_use(class, node);
    let within = Within {
        class,
        may_use: &may_use,
    };
    let within = (!strategy.partition.is_empty()).then_some(within);
    core.board
        .pool_within(&core.layout, allowed, demand, within)
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
            routes: routes(core),
            binds_early: setup.strategy.binding == Binding::Early
                && setup.strategy.copies.is_none()
                && !setup.strategy.parts.iter().any(|parts| parts.probes),
            queues_at_nodes: setup.strategy.binding != Binding::CentralQueue,
            free: NodeSet::new(0),
            follows: core.board.follows(),
            follows_ends: core.board.follows_ends(),
            by_loads: 0,
            by_idle: 0,
            named: Vec::new(),
            tried: Tried::default(),
            asked: RefCell::default(),
            parked: List::EMPTY,
            unparked: List::EMPTY,
            goes_by_counts: false,
            hears: false,
            turns: vec![0; setup.strategy.parts.len()],
            purses: Purses::new(setup),
        };
        for (index, parts) in setup.strategy.parts.iter().enumerate() {
            for _ in 0..parts.dispatchers {
                let dispatcher = Dispatcher::new(core, index, &dispatch.routes)?;
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
        let by_counts = self
            .placements()
            .all(|placement| placement.goes_by_counts());
        self.goes_by_counts = by_counts;
        self.hears = learns || self.follows_ends;
    }

    fn placements(&mut self) -> impl Iterator<Item = &mut Box<dyn Placement>> {
        let dispatchers = self.dispatchers.iter_mut();
        dispatchers.flat_map(|dispatcher| dispatcher.placements.iter_mut().flatten())
    }

    /// `node` is among the candidates from now on, or not; nobody is told.
    pub fn show(&self, core: &mut Core<'_>, node: NodeId, is_up: bool) {
        let truth = Truth::new(&core.layout, &core.nodes, core.agenda.now());
        core.board.see_up(node, is_up, truth);
    }

    /// `node` is seen up from now on, or down.
    pub fn see_up(&mut self, core: &mut Core<'_>, node: NodeId, is_up: bool) {
        self.show(core, node, is_up);
        core.follow_idle(node);
        self.placements().for_each(|placement| match is_up {
            true => placement.joined(node),
            false => placement.left(node),
        });
    }

    /// A dispatcher receives the result of a task: its placement may learn from it.
    #[inline]
    pub fn received(&mut self, core: &mut Core<'_>, id: u32) {
        if self.hears {
            self.tell_end(core, id, How::Completed);
            self.forget(core, id);
        }
    }

    /// An attempt has come to nothing: its placement may learn from that.
    pub fn lost(&mut self, core: &mut Core<'_>, id: u32, how: How) {
        if self.hears && core.records.task(id).node != NodeId(NONE) {
            self.tell_end(core, id, how);
            self.forget(core, id);
        }
    }

    /// A dispatcher hears that an attempt is over.
    #[cold]
    pub fn forget(&self, core: &mut Core<'_>, id: u32) {
        if self.follows_ends {
            let dispatcher = core.records.both(id).1.dispatcher;
            let truth = Truth::new(&core.layout, &core.nodes, core.agenda.now());
            core.board
                .over((dispatcher, core.kind.is_late()), id, truth);
        }
    }

    #[cold]
    fn tell_end(&mut self, core: &Core<'_>, id: u32, how: How) {
        let (task, job) = core.records.both(id);
        let [dispatch, decision, _, _, service, retry, _] = task.parts().map(Time);
        let this = &mut self.dispatchers[job.dispatcher as usize];
        let pool = core.pool_of(task, job);
        let placement = this.placements[pool as usize].as_mut();
        if let Some(placement) = placement.filter(|placement| placement.learns()) {
            placement.ended(&Ended {
                node: task.node,
                class: job.class,
                job: job.number,
                task: task.index,
                service,
                response: core.now()
                    - (core.stages.ready_at(job, task) + retry + dispatch + decision),
                at: core.now(),
                how,
            });
        }
    }

    /// The first attempt at a task of a job sets out, and so there may be more of others.
    pub fn earn(&mut self, job: &Job, budget: &Budget) {
        let left = self.purse(job);
        *left = (*left + budget.share).min(budget.burst());
    }

    /// True if one more attempt may be made for a job.
    pub fn spend(&mut self, job: &Job, budget: &Budget) -> bool {
        if budget.share == 0 {
            return true;
        }
        let purse = self.purse(job);
        let left = purse.checked_sub(Budget::ONE);
        *purse = left.unwrap_or(*purse);
        left.is_some()
    }

    /// What may be spent on further attempts for a job: by its client, or by its dispatcher.
    fn purse(&mut self, job: &Job) -> &mut u64 {
        let Purses { clients, left } = &mut self.purses;
        match clients.get(job.class as usize) {
            Some((first, count)) => &mut left[first + (job.number % count) as usize],
            None => &mut self.dispatchers[job.dispatcher as usize].budget,
        }
    }

    /// Number of dispatchers.
    pub fn count(&self) -> usize {
        self.dispatchers.len()
    }

    /// A job has arrived: its tasks queue at a dispatcher of its class.
    ///
    /// # Errors
    /// The job brings a demand for which no placement can be built.
    #[inline]
    pub fn accept(&mut self, core: &mut Core<'_>, id: u32) -> Fallible<Accepted> {
        let job = core.records.job(id);
        let (class, has_own) = (job.class, !core.demands.is_of_class(job.demand));
        let (chosen, mut pool) = self.way(core, class, job.number);
        if has_own {
            pool = self.own_pool(core, id, self.routes[class as usize].parts)?;
        }
        let record = &mut core.records[id];
        (record.job.dispatcher, record.job.pool) = (chosen, pool);
        let is_alone = record.task.is_alone();
        let this = &mut self.dispatchers[chosen as usize];
        if is_alone && this.decides_at_once(core) {
            core.totals.attempts += 1;
            return Ok(Accepted::IsDecided);
        }
        let mut task = id;
        while task != NONE {
            let record = core.records.task(task);
            if record.phase() == Phase::Dispatch && this.is_batch && record.index > 0 {
                core.records.task_mut(task).sleep(); // it is decided with the first
            } else if record.phase() == Phase::Dispatch {
                this.queue.push(&mut core.records, task);
                this.waiting += 1;
            }
            task = core.records.task(task).sibling;
        }
        Ok(match this.deciding {
            None => Accepted::Begins(chosen),
            Some(_) => Accepted::Waits,
        })
    }

    /// The dispatcher of a job without a demand of its own, and the nodes that it may use.
    #[inline(always)]
    pub fn way(&mut self, core: &Core<'_>, class: u32, number: u64) -> (u32, u32) {
        let route = self.routes[class as usize];
        let turn = &mut self.turns[route.parts];
        if route.count == 1 {
            return (route.first, route.pool);
        }
        let dispatcher = route.dispatcher(core, class, number, *turn);
        *turn = (*turn + 1) % route.count;
        (dispatcher, route.pool)
    }

    /// True if all jobs of `class` come to one dispatcher.
    pub fn is_one_way(&self, class: u32) -> bool {
        self.routes[class as usize].count == 1
    }

    /// The tasks of a stage that begins, of which `first` is the first, queue at their job's dispatcher;
    /// tells that if it is idle.
    pub fn wake(&mut self, core: &mut Core<'_>, first: u32, count: u32) -> Option<u32> {
        let now = core.now();
        let dispatcher = core.records.both(first).1.dispatcher;
        let this = &mut self.dispatchers[dispatcher as usize];
        let mut task = first;
        for at in 0..count {
            core.records.task_mut(task).wake(now);
            if this.is_batch && at > 0 {
                core.records.task_mut(task).sleep();
            } else {
                this.queue.push(&mut core.records, task);
                this.waiting += 1;
            }
            task = core.records.task(task).sibling;
        }
        this.deciding.is_none().then_some(dispatcher)
    }

    /// True if the dispatcher of a job that has arrived is at work and as many tasks wait for it as
    /// may.
    pub fn is_full(&self, core: &Core<'_>, id: u32) -> bool {
        let Some(limit) = core.setup.strategy.limits.dispatcher_queue else {
            return false;
        };
        let job = core.records.job(id);
        let route = &self.routes[job.class as usize];
        let dispatcher = route.dispatcher(core, job.class, job.number, self.turns[route.parts]);
        let this = &self.dispatchers[dispatcher as usize];
        this.deciding.is_some() && this.waiting >= limit
    }

    /// The pool of a job with a demand of its own; for one not seen before, with placements of its
    /// own.
    fn own_pool(&mut self, core: &mut Core<'_>, id: u32, parts: usize) -> Fallible<u32> {
        let job = core.records.job(id);
        let (at, class) = (job.class, &core.setup.classes[job.class as usize]);
        let (allowed, demand) = (
            &class.stages[0].allowed,
            core.demands.row(job.demand).to_vec(),
        );
        let pool = pool(core, at, allowed, &demand);
        if core.board.is_empty(pool) {
            let name = &class.name;
            Err(format!(
                "a task of `{name}` fits on no node that it may use"
            ))?;
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
    #[inline]
    pub fn begin(&mut self, core: &mut Core<'_>, dispatcher: u32) -> bool {
        let this = &mut self.dispatchers[dispatcher as usize];
        let Some(id) = this.queue.pop(&mut core.records) else {
            return false;
        };
        this.waiting -= 1;
        let now = core.now();
        (this.deciding, this.current) = (Some(now), id);
        let time = match this.constant {
            Some(constant) => constant,
            None => decision_time(core, this.parts, id),
        };
        if time == Time::ZERO && core.is_clear() {
            return true;
        }
        core.records.task_mut(id).enter(Phase::Decision, now);
        core.schedule(now + time, Kind::Decided, dispatcher, dispatcher);
        false
    }

    /// The decision of a dispatcher ends; tells the task that has been decided.
    #[inline]
    pub fn decided(&mut self, core: &mut Core<'_>, dispatcher: u32) -> Option<u32> {
        let this = &mut self.dispatchers[dispatcher as usize];
        let (begun, now) = (this.deciding.take().unwrap_or_default(), core.now());
        if begun < now {
            core.totals.deciding += u128::from(core.window.overlap(begun, now).0);
        }
        let id = std::mem::replace(&mut this.current, NONE);
        core.totals.attempts += u64::from(id != NONE);
        (id != NONE).then_some(id)
    }

    /// A task comes back to its dispatcher to be placed anew; tells the dispatcher if it is idle.
    pub fn take_back(&mut self, core: &mut Core<'_>, id: u32) -> Option<u32> {
        let now = core.now();
        core.records.task_mut(id).enter(Phase::Dispatch, now);
        let dispatcher = core.records.both(id).1.dispatcher;
        let this = &mut self.dispatchers[dispatcher as usize];
        this.queue.push(&mut core.records, id);
        this.waiting += 1;
        this.deciding.is_none().then_some(dispatcher)
    }

    /// A task that its dispatcher has, or that waits for a node, is not to be placed any more.
    pub fn withdraw(&mut self, core: &mut Core<'_>, id: u32) {
        let (task, job) = core.records.both(id);
        let this = &mut self.dispatchers[job.dispatcher as usize];
        match task.phase() {
            Phase::Decision => this.current = NONE,
            Phase::Dispatch => {
                this.queue.remove(&mut core.records, id);
                this.waiting -= 1;
            }
            Phase::Unparked => self.unparked.remove(&mut core.records, id),
            _ => self.parked.remove(&mut core.records, id),
        }
    }

    /// A task waits until one of the nodes that it may use is seen up.
    pub fn park(&mut self, core: &mut Core<'_>, id: u32) {
        let now = core.now();
        core.records.task_mut(id).enter(Phase::Parked, now);
        self.parked.push(&mut core.records, id);
        // It will be decided once more.
        core.totals.attempts -= 1;
    }

    /// The tasks that wait for a node to come up are to be decided again; they may be withdrawn until then.
    pub fn unpark(&mut self, core: &mut Core<'_>) {
        let now = core.now();
        while let Some(id) = self.parked.pop(&mut core.records) {
            core.records.task_mut(id).enter(Phase::Unparked, now);
            self.unparked.push(&mut core.records, id);
        }
    }

    /// The next of these.
    pub fn next_unparked(&mut self, core: &mut Core<'_>) -> Option<u32> {
        self.unparked.pop(&mut core.records)
    }

    /// Binds a task that has been decided to a node, unless binding waits for one.
    ///
    /// # Errors
    /// [`Failure::Placement`] if the placement chose nothing or a node that the task may not use.
    #[inline(always)]
    pub fn place(&mut self, core: &mut Core<'_>, id: u32) -> Fallible {
        if self.binds_early {
            let node = self.choose(core, id)?;
            self.bind(core, id, node);
        }
        Ok(())
    }

    /// True if a node is up that a task may use, or need not be up yet.
    pub fn has_candidates(&self, core: &mut Core<'_>, id: u32) -> bool {
        if !self.queues_at_nodes || !core.board.sees_down() {
            return true;
        }
        let (task, job) = core.records.both(id);
        let truth = Truth::new(&core.layout, &core.nodes, core.agenda.now());
        let demand = core.demands.of(task, job);
        let pool = core.pool_of(task, job);
        let spot = core.board.turn(job.dispatcher, pool, demand, truth);
        core.board.seen(spot, truth, None).1.count() > 0
    }

    /// Asks the placement of the job's dispatcher for a node.
    ///
    /// # Errors
    /// As [`Dispatch::place`].
    #[inline(always)]
    pub fn choose(&mut self, core: &mut Core<'_>, id: u32) -> Fallible<NodeId> {
        let (task, job) = core.records.both(id);
        let subject = subject(core, task, job);
        if core.board.idle_queues.is_some() {
            return self.choose_idle(core, id);
        }
        if self.goes_by_counts && core.board.is_plain() && core.recorder.is_none() {
            return self.choose_by_counts(core, &subject);
        }
        self.choose_by(core, &subject, (id, None), strategy::decide)
    }

    /// The same where dispatchers keep queues of idle nodes: the first of its dispatcher's, if there is one.
    #[cold]
    #[inline(never)]
    fn choose_idle(&mut self, core: &mut Core<'_>, id: u32) -> Fallible<NodeId> {
        let (task, job) = core.records.both(id);
        let subject = subject(core, task, job);
        let mut queues = core.board.idle_queues.take();
        let decide = |placement: &mut dyn Placement,
                      ask: &Ask<'_>,
                      view: &View<'_>,
                      draw: &mut Draw,
                      named: &mut Vec<NodeId>| {
            let idle = queues.as_mut();
            let idle = idle.and_then(|queues| queues.take(subject.dispatcher, &ask.nodes));
            idle.or_else(|| strategy::decide(placement, ask, view, draw, named))
        };
        let node = self.choose_by(core, &subject, (id, None), decide);
        core.board.idle_queues = queues;
        node
    }

    /// The same for an attempt of which there is no record, and which nobody records.
    ///
    /// # Errors
    /// As [`Dispatch::place`].
    #[inline(always)]
    pub fn choose_for(&mut self, core: &mut Core<'_>, subject: &Subject) -> Fallible<NodeId> {
        if self.goes_by_counts {
            return self.choose_by_counts(core, subject);
        }
        self.choose_by(core, subject, (NONE, None), strategy::decide)
    }

    /// True if the dispatcher of a task asks nodes before it decides.
    pub fn asks(&self, core: &Core<'_>, id: u32) -> bool {
        let (task, job) = core.records.both(id);
        let this = &self.dispatchers[job.dispatcher as usize];
        let placement = this.placements[core.pool_of(task, job) as usize].as_ref();
        this.probes && placement.is_some_and(|placement| placement.reads() != Reads::Nothing)
    }

    /// The same choice by a dispatcher that asks nodes: all of them, if the placement names none.
    ///
    /// # Errors
    /// As [`Dispatch::place`].
    #[cold]
    pub fn choose_by_replies(&mut self, core: &mut Core<'_>, id: u32) -> Fallible<NodeId> {
        let before = core.totals.messages;
        let node = self.choose(core, id)?;
        self.count_asked(core, id, before);
        Ok(node)
    }

    /// The same of [`Dispatch::choose_other`].
    #[cold]
    pub fn choose_other_by_replies(
        &mut self,
        core: &mut Core<'_>,
        first: u32,
        id: u32,
    ) -> Option<NodeId> {
        let before = core.totals.messages;
        let node = self.choose_other(core, first, id)?;
        self.count_asked(core, id, before);
        Some(node)
    }

    /// All candidates were asked if the placement named none: there is no message since `before` but one.
    fn count_asked(&self, core: &mut Core<'_>, id: u32, before: u64) {
        if core.totals.messages == before + 1 {
            let (task, job) = core.records.both(id);
            let subject = subject(core, task, job);
            core.totals.messages += 2 * u64::from(self.candidates(core, &subject));
        }
    }

    /// The number of nodes among which a decision may choose.
    fn candidates(&self, core: &mut Core<'_>, subject: &Subject) -> u32 {
        let demand = core.demands.row(subject.demand);
        let truth = Truth::new(&core.layout, &core.nodes, core.agenda.now());
        let spot = (core.board).turn(subject.dispatcher, subject.pool, demand, truth);
        core.board.seen(spot, truth, None).1.count()
    }

    /// True if all placements go by counts alone.
    #[inline]
    pub fn goes_by_counts(&self) -> bool {
        self.goes_by_counts
    }

    /// Asks the placement for a node by the counts of nodes.
    ///
    /// # Errors
    /// As [`Dispatch::place`].
    #[inline(always)]
    fn choose_by_counts(&mut self, core: &mut Core<'_>, subject: &Subject) -> Fallible<NodeId> {
        let (pool, nodes) = (subject.pool, core.board.size(subject.pool));
        let (setup, mut draw) = (core.setup, subject.draw(core.keys.placement, 0));
        let mut decider = self.decider(setup, subject.dispatcher, pool)?;
        let mut counts = Counting {
            core,
            pool,
            probes: 0,
        };
        let Some(rank) = decider.rank(nodes, &mut draw, &mut counts) else {
            return Err(decider.fault(setup));
        };
        let probes = self.dispatchers[subject.dispatcher as usize].asking * counts.probes;
        let is_open = core.window.contains(core.now());
        core.totals.placed(is_open, probes);
        Ok(core.board.node(pool, rank))
    }

    /// The placement of a dispatcher for a pool.
    ///
    /// # Errors
    /// There is none.
    #[inline(always)]
    pub fn decider(&mut self, setup: &Setup, dispatcher: u32, pool: u32) -> Fallible<Decider<'_>> {
        let reports = self.reports(dispatcher);
        let this = &mut self.dispatchers[dispatcher as usize];
        match this.placements.get_mut(pool as usize) {
            Some(Some(placement)) => Ok(Decider {
                placement: &mut **placement,
                ties: this.ties,
                parts: this.parts,
                reports,
            }),
            _ => Err(fault(&setup.strategy, this.parts, None)),
        }
    }

    /// The nodes that the placement of the job's dispatcher names in the first phase of its
    /// decision, and its draws so far; [`Dispatch::choose_named`] is the second.
    pub fn name(&mut self, core: &mut Core<'_>, subject: &Subject) -> (&[NodeId], Draw) {
        let demand = core.demands.row(subject.demand);
        let this = &mut self.dispatchers[subject.dispatcher as usize];
        let truth = Truth::new(&core.layout, &core.nodes, core.agenda.now());
        let spot = (core.board).turn(subject.dispatcher, subject.pool, demand, truth);
        let (view, nodes) = core.board.seen(spot, truth, None);
        let about = core.about(subject);
        let ask = ask(subject, about, demand, nodes, this.ties);
        let mut draw = subject.draw(core.keys.placement, 0);
        self.named.clear();
        if let Some(Some(placement)) = this.placements.get_mut(subject.pool as usize) {
            placement.candidates(&ask, &view, &mut draw, &mut self.named);
        }
        (&self.named, draw)
    }

    /// The second phase of a decision, with the draws that the first left.
    ///
    /// # Errors
    /// As [`Dispatch::place`].
    pub fn choose_named(
        &mut self,
        core: &mut Core<'_>,
        subject: &Subject,
        mut draw: Draw,
    ) -> Fallible<NodeId> {
        self.choose_by(
            core,
            subject,
            (NONE, None),
            |placement, ask, view, _, named| {
                strategy::choose(placement, ask, view, &mut draw, named)
            },
        )
    }

    #[inline(always)]
    fn choose_by(
        &mut self,
        core: &mut Core<'_>,
        subject: &Subject,
        (id, among): (u32, Option<&NodeSet>),
        decide: impl FnOnce(
            &mut dyn Placement,
            &Ask<'_>,
            &View<'_>,
            &mut Draw,
            &mut Vec<NodeId>,
        ) -> Option<NodeId>,
    ) -> Fallible<NodeId> {
        let demand = core.demands.row(subject.demand);
        let this = &mut self.dispatchers[subject.dispatcher as usize];
        let truth = Truth::new(&core.layout, &core.nodes, core.agenda.now());
        let spot = (core.board).turn(subject.dispatcher, subject.pool, demand, truth);
        let log = core.recorder.is_some().then_some(&self.asked);
        let (view, all) = core.board.seen(spot, truth, log);
        let nodes = among.map_or(all, |set| all.among(set));
        let about = core.about(subject);
        let ask = ask(subject, about, demand, nodes, this.ties);
        let draw = subject.draw(core.keys.placement, 0);
        let Some(Some(placement)) = this.placements.get_mut(subject.pool as usize) else {
            return Err(fault(&core.setup.strategy, this.parts, None));
        };
        let placement = &mut **placement;
        let chosen = decide(placement, &ask, &view, &mut draw.clone(), &mut self.named);
        let node = chosen.filter(|node| nodes.contains(*node));
        let node = node.ok_or_else(|| fault(&core.setup.strategy, this.parts, chosen))?;
        let is_open = core.window.contains(truth.now);
        core.totals.placed(is_open, this.asking * view.probes());
        if let Some(recorder) = &mut core.recorder {
            let made = Made {
                ask: &ask,
                view: &view,
                placement,
                blueprint: &*core.setup.strategy.parts[this.parts].placement,
                draw,
            };
            let job = core.records.both(id).1;
            record(&mut **recorder, (subject, job, node), made, &self.asked);
        }
        Ok(node)
    }

    /// A node for `copy`, another attempt at the task `id`: what the placement says, if that is none of
    /// those where the task has an attempt; else any other, each equally likely; `None` if there is no
    /// other.
    #[cold]
    pub fn choose_other(&mut self, core: &mut Core<'_>, id: u32, copy: u32) -> Option<NodeId> {
        let Tried {
            nodes: tried,
            sorted,
            others,
        } = &mut self.tried;
        tried.clear();
        let mut next = id;
        while next != NONE {
            tried.push(core.records.task(next).node);
            next = core.next_attempt(next);
        }
        let (task, job) = core.records.both(copy);
        let subject = subject(core, task, job);
        let demand = core.demands.of(task, job);
        let pool = core.pool_of(task, job);
        let this = &mut self.dispatchers[job.dispatcher as usize];
        let truth = Truth::new(&core.layout, &core.nodes, core.agenda.now());
        let spot = core.board.turn(job.dispatcher, pool, demand, truth);
        let (view, nodes) = core.board.seen(spot, truth, None);
        sorted.clear();
        sorted.extend(tried.iter().filter(|node| nodes.contains(**node)));
        sorted.sort_unstable();
        sorted.dedup();
        let others = nodes.without(sorted, others);
        let about = core.about(&subject);
        let ask = Ask {
            tried,
            ..ask(&subject, about, demand, others, this.ties)
        };
        let mut draw = draw(core.keys.placement, job, task, 0);
        let placement = this.placements.get_mut(pool as usize)?.as_mut()?;
        if others.count() == 0 {
            return None;
        }
        let chosen = strategy::decide(&mut **placement, &ask, &view, &mut draw, &mut self.named);
        let chosen = chosen.filter(|node| others.contains(*node));
        let probes = this.asking * view.probes();
        core.totals.placed(core.window.contains(truth.now), probes);
        chosen.or_else(|| Some(others.nth(draw.below(others.count()))))
    }

    /// A decision begins that makes reservations.
    pub fn begin_reserving(&mut self) {
        self.free.fill(0);
    }

    /// A decision begins that places a reservation `id` anew, beside others at the nodes `held`.
    #[cold]
    pub fn begin_reserving_beside(&mut self, core: &mut Core<'_>, id: u32, held: &[NodeId]) {
        let (task, job) = core.records.both(id);
        let subject = subject(core, task, job);
        let mut free = std::mem::replace(&mut self.free, NodeSet::new(0));
        self.note_candidates(core, &subject, &mut free);
        for node in held {
            if let Some(position) = core.board.position(subject.pool, *node) {
                free.put(position, false);
            }
        }
        self.free = free;
    }

    /// Binds a reservation to the node that the placement chooses among those that have none of the same
    /// decision, or, once all have one, among all anew. If it names another, as one that keeps all nodes
    /// in order may, any of them is as likely.
    ///
    /// # Errors
    /// As [`Dispatch::place`].
    #[cold]
    pub fn reserve(&mut self, core: &mut Core<'_>, id: u32) -> Fallible {
        let (task, job) = core.records.both(id);
        let subject = Subject {
            copy: 0,
            data: core.reservations.task_of(id),
            ..subject(core, task, job)
        };
        let mut free = std::mem::replace(&mut self.free, NodeSet::new(0));
        if free.count() == 0 {
            self.note_candidates(core, &subject, &mut free);
            let set = self.dispatchers[subject.dispatcher as usize].parts;
            core.leave_out_avoided(set, subject.pool, &mut free);
        }
        let decide = |placement: &mut dyn Placement,
                      ask: &Ask<'_>,
                      view: &View<'_>,
                      draw: &mut Draw,
                      named: &mut Vec<NodeId>| {
            let chosen = strategy::decide(placement, ask, view, draw, named)?;
            let any = |draw: &mut Draw| ask.nodes.nth(draw.below(ask.nodes.count()));
            Some(match ask.nodes.contains(chosen) {
                true => chosen,
                false => any(draw),
            })
        };
        let node = self.choose_by(core, &subject, (id, Some(&free)), decide)?;
        if let Some(position) = core.board.position(subject.pool, node) {
            free.remove(position);
        }
        self.free = free;
        self.bind_reservation(core, id, node);
        Ok(())
    }

    /// The nodes among which a decision may choose become the members of `set`.
    fn note_candidates(&self, core: &mut Core<'_>, subject: &Subject, set: &mut NodeSet) {
        let demand = core.demands.row(subject.demand);
        let truth = Truth::new(&core.layout, &core.nodes, core.agenda.now());
        let spot = (core.board).turn(subject.dispatcher, subject.pool, demand, truth);
        core.board.seen(spot, truth, None).1.note(set);
    }

    /// A reservation that has room gets a task, which is bound in its place.
    pub fn hand_over(&self, core: &mut Core<'_>, reservation: u32, task: u32) {
        self.forget(core, reservation);
        core.records.task_mut(task).node = core.records.task(reservation).node;
        let service = whole_service(core, task);
        core.bind_in_place(task, reservation, service);
        if self.follows_ends {
            let said = (task, core.said_left(task));
            let (dispatcher, to) = bound(&core.records, &core.demands, said);
            let truth = Truth::new(&core.layout, &core.nodes, core.agenda.now());
            core.board
                .took_over((dispatcher, core.kind.is_late()), task, to, truth);
        }
    }

    /// Binds a task to `node`: from now on it is held there.
    #[inline(always)]
    pub fn bind(&self, core: &mut Core<'_>, id: u32, node: NodeId) {
        let service = service_time(core, id, node);
        self.hold(core, id, node, service);
    }

    /// Binds a reservation to `node`.
    pub fn bind_reservation(&self, core: &mut Core<'_>, id: u32, node: NodeId) {
        self.hold(core, id, node, Time::ZERO);
    }

    #[inline(always)]
    fn hold(&self, core: &mut Core<'_>, id: u32, node: NodeId, service: Time) {
        core.bind(id, node, service);
        if core.minds_held {
            core.note_held(id);
        }
        if self.follows {
            let said = (id, core.said_left(id));
            let (dispatcher, to) = bound(&core.records, &core.demands, said);
            let truth = Truth::new(&core.layout, &core.nodes, core.agenda.now());
            core.board
                .sent((dispatcher, core.kind.is_late()), id, to, truth);
        }
        // Under a central queue it starts at this instant, which changes the node once more.
        if self.queues_at_nodes {
            core.changed(node);
        }
        let dispatcher = core.records.both(id).1.dispatcher;
        self.report_bound(core, dispatcher);
    }

    /// A task of `dispatcher` has been bound: others that rely on reports get one.
    #[inline(always)]
    fn report_bound(&self, core: &mut Core<'_>, dispatcher: u32) {
        if self.by_loads > 0 && core.window.contains(core.now()) {
            core.totals.messages += self.reports(dispatcher);
        }
    }

    /// Reports of a task of `dispatcher` that is bound.
    #[inline(always)]
    pub fn reports(&self, dispatcher: u32) -> u64 {
        match self.by_loads {
            0 => 0,
            all => all - u64::from(self.dispatchers[dispatcher as usize].relies_on_loads),
        }
    }

    /// A task has reached its node: everybody sees it there now.
    #[inline(always)]
    pub fn arrived(&self, core: &mut Core<'_>, id: u32) {
        if self.follows {
            let said = (id, core.said_left(id));
            let (dispatcher, to) = bound(&core.records, &core.demands, said);
            let (is_late, now) = (core.kind.is_late(), core.agenda.now());
            core.board.arrived(dispatcher, id, to, is_late, now);
            core.changed(core.records.task(id).node);
        }
    }

    /// An attempt has ended at `node`: the reports that placements rely on are sent.
    #[inline]
    pub fn report_end(&self, core: &mut Core<'_>, node: NodeId) {
        self.reporting().end(core, node, core.now());
    }

    /// Who relies on reports.
    #[inline]
    pub fn reporting(&self) -> Reporting {
        Reporting {
            by_loads: self.by_loads,
            by_idle: self.by_idle,
        }
    }

    /// Of which nodes any placement reads the state.
    pub fn reads(&mut self) -> Reads {
        let each = self.placements().map(|placement| placement.reads());
        each.max().unwrap_or(Reads::Nothing)
    }

    /// True if any placement may read the service that is left at nodes.
    pub fn reads_work(&mut self) -> bool {
        self.placements().any(|placement| placement.reads_work())
    }

    /// True if anybody minds that a dispatcher hears of an end.
    pub fn hears(&self) -> bool {
        self.hears
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
        core.totals.messages += self.renewals(core);
    }

    /// Messages of the window by which boards are renewed, and dispatchers gossip.
    fn renewals(&self, core: &Core<'_>) -> u64 {
        let Some(start) = core.window.start() else {
            return 0;
        };
        let (window, nodes) = ((start, start + core.window.length()), core.layout.count());
        let alike = self.dispatchers.chunk_by(|a, b| a.parts == b.parts);
        let of = |dispatchers: &[Dispatcher]| {
            let parts = &core.setup.strategy.parts[dispatchers[0].parts];
            let reads: Vec<bool> = dispatchers.iter().map(Dispatcher::reads).collect();
            renewals::messages(parts, nodes, &reads, window)
        };
        alike.map(of).sum()
    }
}

/// The placement of a dispatcher, asked by counts of nodes.
pub struct Decider<'a> {
    placement: &'a mut dyn Placement,
    /// How it tells ties apart.
    pub ties: Ties,
    parts: usize,
    /// Reports of each task that it places.
    pub reports: u64,
}

impl Decider<'_> {
    /// The rank of a node among `nodes` candidates; `None` if it does not choose well.
    #[inline(always)]
    pub fn rank(&mut self, nodes: u32, draw: &mut Draw, counts: &mut impl Counts) -> Option<u32> {
        let choice = self.placement.choose(nodes, draw)?;
        let chosen = choice.rank(self.ties, draw, counts);
        chosen.filter(|rank| *rank < nodes)
    }

    /// Says by what each of some decisions among `nodes` candidates is made.
    pub fn choose_each(&mut self, nodes: u32, each: &mut [Choosing]) {
        self.placement.choose_each(nodes, each);
    }

    /// What is wrong with its choice.
    #[cold]
    pub fn fault(&self, setup: &Setup) -> Box<Failure> {
        fault(&setup.strategy, self.parts, None)
    }
}

/// Counts of nodes as they are.
struct Counting<'a, 's> {
    core: &'a mut Core<'s>,
    pool: u32,
    probes: u32,
}

impl Counts for Counting<'_, '_> {
    fn tasks(&mut self, rank: u32) -> u32 {
        self.probes += 1;
        let node = self.core.board.node(self.pool, rank);
        self.core.nodes.at(node).tasks
    }

    fn least(&mut self, order: Order, ties: Ties, rng: &mut Draw) -> Option<u32> {
        let now = self.core.now();
        self.core.board.least(self.pool, order, now, ties, rng)
    }
}

/// Dispatchers that rely on reports of loads, and of idle nodes.
#[derive(Clone, Copy)]
pub struct Reporting {
    /// Of loads.
    pub by_loads: u64,
    /// Of idle nodes.
    pub by_idle: u64,
}

impl Reporting {
    /// An attempt has ended at `node` at an instant: reports are sent.
    #[inline]
    pub fn end(self, core: &mut Core<'_>, node: NodeId, at: Time) {
        if self.by_loads | self.by_idle != 0 && core.window.contains(at) {
            let is_idle = core.nodes.at(node).tasks == 0;
            core.totals.messages += self.by_loads + if is_idle { self.by_idle } else { 0 };
        }
    }
}

impl Dispatcher {
    fn new(core: &mut Core<'_>, index: usize, routes: &[Route]) -> Result<Dispatcher, Problem> {
        let parts = &core.setup.strategy.parts[index];
        let mut dispatcher = Dispatcher {
            parts: index,
            ties: parts.ties,
            asking: match parts.information {
                Information::Fresh => 1,
                _ => 0, // it asks nobody, but looks at what it has
            },
            is_told: matches!(parts.information, Information::Delayed { .. }),
            constant: parts.decision_time.constant().map(Time::from_secs),
            is_batch: parts.is_batch(),
            probes: parts.probes,
            queue: List::EMPTY,
            waiting: 0,
            budget: core.setup.faults.retries.budget.burst(),
            deciding: None,
            current: NONE,
            placements: Vec::new(),
            relies_on_loads: false,
        };
        let setup = core.setup;
        let mut row = 0;
        for (at, (class, route)) in setup.classes.iter().zip(routes).enumerate() {
            let rows = row..row + class.stages.len();
            row = rows.end;
            for row in rows.filter(|_| route.parts == index) {
                dispatcher.add_pool(core, core.stage_pools[row])?;
            }
            let spread = core.spreads.get(at).copied().flatten();
            let spread = spread.filter(|_| route.parts == index);
            for shard in 0..spread.map_or(0, |spread| spread.count) {
                dispatcher.add_pool(core, route.pool + shard)?;
            }
        }
        Ok(dispatcher)
    }

    /// True if it would decide a task at once that came now: it is idle, decides in no time, and
    /// nothing else is pending at this instant that would come first.
    #[inline]
    fn decides_at_once(&self, core: &mut Core<'_>) -> bool {
        self.constant == Some(Time::ZERO)
            && self.deciding.is_none()
            && self.queue.is_empty()
            && core.is_clear()
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
        self.placements[at] = Some(core.board.build(&**blueprint, pool, self.ties, truth)?);
        self.relies_on_loads = self.relies_on(Reports::Loads);
        Ok(true)
    }

    /// True if any placement looks at nodes.
    fn reads(&self) -> bool {
        let mut placements = self.placements.iter().flatten();
        placements.any(|placement| placement.reads() != Reads::Nothing)
    }

    /// True if any placement relies on such reports. (Who is told of changes later is told of all.)
    fn relies_on(&self, reports: Reports) -> bool {
        let relies = |placement: &dyn Placement| match placement.reports() {
            Reports::None => {
                let reads = placement.reads() != Reads::Nothing;
                self.is_told && reads && reports == Reports::Loads
            }
            some => some == reports,
        };
        let hears = (self.asking == 1 || self.is_told) && !self.probes;
        let mut placements = self.placements.iter().flatten();
        hears && placements.any(|placement| relies(&**placement))
    }
}

/// The attempt at hand of a task.
#[inline(always)]
pub fn subject(core: &Core<'_>, task: &Task, job: &Job) -> Subject {
    Subject {
        class: job.class,
        number: job.number,
        tasks: core.stages.tasks(job, task),
        task: task.index,
        data: task.index,
        stage: task.stage,
        attempt: task.attempt,
        copy: task.copy,
        work: task.work,
        demand: job.demand + u32::from(task.stage),
        dispatcher: job.dispatcher,
        pool: core.pool_of(task, job),
    }
}

/// What a placement is asked: a node for this task.
#[inline(always)]
fn ask<'a>(
    subject: &Subject,
    (facts, key, work): (&Facts<'_>, Option<u64>, f64),
    demand: &'a [u64],
    nodes: Candidates<'a>,
    ties: Ties,
) -> Ask<'a> {
    Ask {
        class: subject.class,
        job: subject.number,
        task: subject.task,
        tasks: subject.tasks,
        priority: facts.priority,
        key,
        work,
        demand,
        tried: &[],
        nodes,
        ties,
    }
}

/// Tells `recorder` of the decision on an attempt at a task of a job, by which it goes to a node and for
/// which the nodes `asked` were asked. (They are taken out meanwhile, as whoever decides anew for the
/// recorder asks nodes, too.)
#[cold]
fn record(
    recorder: &mut dyn Recorder,
    (subject, job, node): (&Subject, &Job, NodeId),
    made: Made<'_>,
    asked: &RefCell<Vec<NodeId>>,
) {
    let mut nodes = asked.take();
    recorder.decision(&Decision {
        time: made.view.now(),
        dispatcher: subject.dispatcher,
        job,
        task: subject.task,
        node,
        asked: &nodes,
        made,
    });
    nodes.clear();
    asked.replace(nodes);
}

/// What is wrong with a choice: the strategy in the user's words, the algorithm in its author's.
#[cold]
fn fault(strategy: &Strategy, parts: usize, chosen: Option<NodeId>) -> Box<Failure> {
    let (name, placement) = (&strategy.name, &strategy.parts[parts].placement);
    let what = match chosen {
        Some(node) => format!("chose node {}, which the task may not use", node.0),
        None => "chose no node".to_owned(),
    };
    Box::new(Failure::Placement(format!(
        "the placement of `{name}` ({placement:?}) {what}"
    )))
}

/// The dispatcher of a task, and what the task is bound to.
fn bound<'a>(
    records: &Records,
    demands: &'a Demands,
    (id, service): (u32, Time),
) -> (u32, Bound<'a>) {
    let (task, job) = records.both(id);
    let to = Bound {
        node: task.node,
        service,
        demand: demands.of(task, job),
    };
    (job.dispatcher, to)
}

/// Spreads the data of a class over the nodes of pool `all`; tells the pool of its first shard, or `all`
/// if it has none.
fn spread(core: &mut Core<'_>, class: &Class, all: u32) -> u32 {
    let is_needed = |class: &Class| class.data.is_some();
    if !core.setup.classes.iter().any(is_needed) {
        return all;
    }
    let spread = class.data.as_ref().map(|data| {
        let (first, count) = core.board.spread(all, data.replicas);
        core.may_lack_data |= data.elsewhere.is_some();
        Shards {
            all,
            first,
            count,
            elsewhere: data.elsewhere,
        }
    });
    core.spreads.push(spread);
    spread.map_or(all, |spread| spread.first)
}

fn decision_time(core: &Core<'_>, parts: usize, id: u32) -> Time {
    let law = &core.setup.strategy.parts[parts].decision_time;
    let (task, job) = core.records.both(id);
    let mut draw = draw(core.keys.decision, job, task, 0);
    Time::from_secs(law.sample(&mut draw))
}

/// How long a task runs at `node`, unless it fails before its end.
#[inline(always)]
fn service_time(core: &mut Core<'_>, id: u32, node: NodeId) -> Time {
    let (task, job) = core.records.both(id);
    let mut whole = whole_service_time(core, &subject(core, task, job), node);
    if core.may_lack_data {
        whole += core.lack(task, job, node);
    }
    match core.setup.faults.task_failures {
        None => whole,
        Some(failures) => until_failure(core, id, whole, failures),
    }
}

/// How long an attempt runs at `node` that does not fail: work x straggler factor / speed, rounded
/// once, plus the overhead.
#[inline(always)]
pub fn whole_service_time(core: &Core<'_>, subject: &Subject, node: NodeId) -> Time {
    let facts = &core.facts[subject.class as usize];
    let overhead = match subject.stage {
        0 => facts.overhead,
        stage => core.setup.classes[subject.class as usize].stages[usize::from(stage)].overhead,
    };
    let mut work = subject.work;
    if core.setup.stragglers.is_some() {
        work = straggle(core, work, subject.draw(core.keys.straggler, 0));
    }
    facts.time(work / core.layout.factor(node)) + overhead
}

/// The `work` of a task that may straggle.
pub fn straggle(core: &Core<'_>, work: f64, mut draw: Draw) -> f64 {
    match &core.setup.stragglers {
        Some(stragglers) if unit(&mut draw) < stragglers.probability => {
            work * stragglers.factor.sample(&mut draw)
        }
        _ => work,
    }
}

/// How long the attempt at a task would run at its node from the beginning.
#[cold]
#[inline(never)]
pub fn whole_service(core: &mut Core<'_>, id: u32) -> Time {
    let node = core.records.task(id).node;
    service_time(core, id, node)
}

/// The stage of a task.
#[cold]
pub fn stage<'s>(core: &Core<'s>, job: &Job, task: &Task) -> &'s Stage {
    &core.setup.classes[job.class as usize].stages[usize::from(task.stage)]
}

/// How long an attempt runs that would take `whole`: less if it fails before its end.
#[cold]
fn until_failure(core: &mut Core<'_>, id: u32, whole: Time, failures: TaskFailures) -> Time {
    let (task, job) = core.records.both(id);
    let mut draw = draw(core.keys.task_failure, job, task, 0);
    let (fails, time) = match failures {
        TaskFailures::Probability(p) => (unit(&mut draw) < p, whole),
        TaskFailures::Rate(rate) => {
            let failure = Time::from_secs(Law::Exponential { mean: 1.0 / rate }.sample(&mut draw));
            (failure < whole, failure.min(whole))
        }
    };
    core.records.task_mut(id).fails = fails;
    time
}
