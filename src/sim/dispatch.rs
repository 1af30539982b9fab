//! Dispatchers: each is a fifo server that decides the tasks of its jobs one after another.

use std::cell::RefCell;

use crate::engine::law::Law;
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::list::List;
use crate::model::slab::NONE;
use crate::model::view::{Transit, Travelling, View};
use crate::strategy::{Ask, Binding, InFlight, Parts, Placement, Pool, Problem, Watch};

use super::failure::Fallible;

use super::core::{Core, Kind};
use super::recorder::{Decision, Made};
use super::records::{Phase, draw};
use super::setup::Setup;

/// All dispatchers of a strategy, and the sets of nodes that tasks may use.
pub struct Dispatch {
    dispatchers: Vec<Dispatcher>,
    /// For each set of parts, its first dispatcher.
    first: Vec<u32>,
    pools: Vec<Pool>,
    /// For each pool, which node groups are in it.
    groups_of_pool: Vec<Vec<bool>>,
    /// For each class, its pool (a job with a demand of its own may have another).
    pool_of_class: Vec<u32>,
    /// Whether tasks are bound when they are decided.
    binds_early: bool,
    /// Attempts of all dispatchers under way, where that is not the same for every dispatcher.
    transit: Option<Transit>,
    /// Dispatchers that are told of loads, and of idle nodes.
    told_loads: u64,
    told_idle: u64,
    /// Nodes asked for the decision at hand, if anyone records it.
    asked: RefCell<Vec<NodeId>>,
}

struct Dispatcher {
    parts: usize,
    /// Tasks that wait for it; the first is the one that it decides.
    queue: List,
    /// When it began the decision that it is at; none if it is idle.
    deciding: Option<Time>,
    /// How long every decision takes, if that is always the same.
    constant: Option<Time>,
    /// One placement for each pool that its classes use.
    placements: Vec<Option<Box<dyn Placement>>>,
    /// Whether any of its placements is told of changes.
    is_told: bool,
    /// What it has sent that has not arrived, where it matters.
    sent: Option<Transit>,
}

impl Dispatch {
    /// The dispatchers of `setup`'s strategy.
    ///
    /// # Errors
    /// A placement cannot work on the nodes; says why.
    pub fn new(setup: &Setup, layout: &Layout) -> Result<Dispatch, Problem> {
        let mut dispatch = Dispatch {
            dispatchers: Vec::new(),
            first: Vec::new(),
            pools: Vec::new(),
            groups_of_pool: Vec::new(),
            pool_of_class: Vec::new(),
            binds_early: setup.strategy.binding == Binding::Early,
            transit: None,
            told_loads: 0,
            told_idle: 0,
            asked: RefCell::default(),
        };
        for class in &setup.classes {
            let stage = &class.stages[0];
            let pool = dispatch.pool(layout, &stage.allowed, &stage.demand);
            dispatch.pool_of_class.push(pool);
        }
        let is_instant =
            setup.network.dispatch.is_zero() || setup.strategy.binding == Binding::CentralQueue;
        let all: u32 = setup
            .strategy
            .parts
            .iter()
            .map(|parts| parts.dispatchers)
            .sum();
        for (index, parts) in setup.strategy.parts.iter().enumerate() {
            dispatch.first.push(dispatch.dispatchers.len() as u32);
            let sees_less = !is_instant && (all > 1 || parts.in_flight == InFlight::Ignored);
            for _ in 0..parts.dispatchers {
                let dispatcher =
                    Dispatcher::new(setup, index, parts, &dispatch, layout, sees_less)?;
                dispatch.dispatchers.push(dispatcher);
            }
            if sees_less && dispatch.transit.is_none() {
                dispatch.transit = Some(Transit::new(layout));
            }
        }
        dispatch.count_told();
        Ok(dispatch)
    }

    fn count_told(&mut self) {
        let told_of = |watch: Watch| {
            let told = self.dispatchers.iter().filter(|d| d.is_told_of(watch));
            told.count() as u64
        };
        (self.told_loads, self.told_idle) = (told_of(Watch::Loads), told_of(Watch::Idle));
    }

    /// True if any placement is told of changes.
    pub fn is_told(&self) -> bool {
        self.told_loads + self.told_idle > 0
    }

    /// Number of dispatchers.
    pub fn count(&self) -> usize {
        self.dispatchers.len()
    }

    /// The pools, by number.
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// The number of the pool of nodes of the `allowed` groups that could hold `demand`.
    fn pool(&mut self, layout: &Layout, allowed: &[bool], demand: &[u64]) -> u32 {
        let may = |group: usize| allowed[group] && layout.groups()[group].could_hold(demand);
        let is_it = |groups: &Vec<bool>| (0..groups.len()).all(|group| groups[group] == may(group));
        let known = self.groups_of_pool.iter().position(is_it);
        known.unwrap_or_else(|| {
            let in_pool = layout.ids().filter(|node| may(layout.group_index(*node)));
            self.pools.push(Pool(in_pool.collect()));
            self.groups_of_pool
                .push((0..layout.groups().len()).map(may).collect());
            self.pools.len() - 1
        }) as u32
    }

    /// A job has arrived: its tasks queue at a dispatcher of its class, drawn at random if there are
    /// several. Tells which, if that one was idle.
    ///
    /// # Errors
    /// The job brings a demand for which no placement can be built.
    pub fn accept(&mut self, core: &mut Core<'_>, id: u32) -> Fallible<Option<u32>> {
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
        let this = &mut self.dispatchers[chosen as usize];
        let mut task = id;
        while task != NONE {
            this.queue.push(&mut core.tasks, task);
            task = core.tasks[task].sibling;
        }
        Ok(this.deciding.is_none().then_some(chosen))
    }

    /// The pool of a job; for a demand not seen before, with placements of its own.
    fn pool_of(&mut self, core: &mut Core<'_>, id: u32, parts: usize) -> Fallible<u32> {
        let job = &core.jobs[id];
        if job.demand == job.class {
            return Ok(self.pool_of_class[job.class as usize]);
        }
        let allowed = &core.setup.classes[job.class as usize].stages[0].allowed;
        let pool = self.pool(&core.layout, allowed, core.demands.row(job.demand));
        if self.pools[pool as usize].0.is_empty() {
            Err(format!(
                "a task of `{}` fits on no node that it may use",
                core.setup.classes[job.class as usize].name
            ))?;
        }
        let of_parts = |dispatcher: &&mut Dispatcher| dispatcher.parts == parts;
        let mut is_new = false;
        for dispatcher in self.dispatchers.iter_mut().filter(of_parts) {
            is_new |= dispatcher.add_pool(core.setup, &self.pools, pool as usize, &core.layout)?;
        }
        if is_new {
            self.count_told();
            core.changed.renew(core.layout.ids(), self.is_told());
        }
        Ok(pool)
    }

    /// Turns an idle dispatcher to its next task. True if that is decided at once: it takes no
    /// time and nothing else is pending at this instant that would come first.
    #[inline]
    pub fn begin(&mut self, core: &mut Core<'_>, dispatcher: u32) -> bool {
        let this = &mut self.dispatchers[dispatcher as usize];
        let id = this.queue.head();
        if id == NONE {
            return false;
        }
        let now = core.now();
        this.deciding = Some(now);
        let time = match this.constant {
            Some(constant) => constant,
            None => decision_time(
                core,
                &core.setup.strategy.parts[this.parts].decision_time,
                id,
            ),
        };
        if time == Time::ZERO && core.agenda.is_clear() {
            return true;
        }
        core.tasks[id].enter(Phase::Decision, now);
        core.schedule(now + time, Kind::Decided, dispatcher, dispatcher);
        false
    }

    /// The decision of a dispatcher ends: its task is bound to a node, unless binding waits for
    /// one. Tells the task.
    ///
    /// # Errors
    /// The placement chose nothing or a node that the task may not use: a fault of the placement.
    #[inline]
    pub fn decide(&mut self, core: &mut Core<'_>, dispatcher: u32) -> Fallible<u32> {
        let this = &mut self.dispatchers[dispatcher as usize];
        let (begun, now) = (this.deciding.take().unwrap_or_default(), core.now());
        if begun < now {
            core.totals.deciding += u128::from(core.window.overlap(begun, now).0);
        }
        let id = this
            .queue
            .pop(&mut core.tasks)
            .ok_or("no task is left to decide")?;
        core.totals.attempts += 1;
        if self.binds_early {
            let node = self.choose(core, id, None)?;
            self.bind(core, id, node);
            if let Some(transit) = &mut self.transit {
                self.dispatchers[dispatcher as usize].send(core, transit, id);
            }
        }
        Ok(id)
    }

    /// Asks the placement of the job's dispatcher for a node.
    ///
    /// # Errors
    /// As [`Dispatch::decide`].
    pub fn choose(
        &mut self,
        core: &mut Core<'_>,
        id: u32,
        among: Option<&[NodeId]>,
    ) -> Fallible<NodeId> {
        self.tell(core);
        let task = &core.tasks[id];
        let job = &core.jobs[task.job];
        let this = &mut self.dispatchers[job.dispatcher as usize];
        let view = View::new(
            &core.layout,
            &core.nodes,
            travelling(&self.transit, &this.sent),
            core.now(),
        )
        .noting(core.recorder.is_some().then_some(&self.asked));
        let ask = Ask {
            demand: core.demands.row(job.demand),
            among,
            ties: core.setup.strategy.parts[this.parts].ties,
        };
        let draw = draw(core.keys.placement, job, task, 0);
        let placement = this.placements[job.pool as usize]
            .as_mut()
            .ok_or("no placement was built for the task's pool")?;
        let pool = among.unwrap_or(&self.pools[job.pool as usize].0);
        let node = placement
            .place(&ask, &view, &mut draw.clone())
            .filter(|node| is_in(pool, *node));
        let node = node.ok_or("the placement chose no node that the task may use")?;
        if core.window.contains(core.now()) {
            core.totals.placed += 1;
            core.totals.messages += 1 + 2 * u64::from(view.reads());
        }
        if let Some(recorder) = &mut core.recorder {
            let mut asked = self.asked.take();
            recorder.decision(&Decision {
                time: core.agenda.now(),
                dispatcher: job.dispatcher,
                job,
                task: task.index,
                node,
                asked: &asked,
                made: Made {
                    ask: &ask,
                    view: &view,
                    pool: &self.pools[job.pool as usize],
                    placement: &**placement,
                    blueprint: &*core.setup.strategy.parts[this.parts].placement,
                    draw,
                },
            });
            asked.clear();
            self.asked.replace(asked);
        }
        Ok(node)
    }

    /// Binds a task to `node`: from now on it is held there.
    #[inline]
    pub fn bind(&self, core: &mut Core<'_>, id: u32, node: NodeId) {
        let (now, service) = (core.now(), service_time(core, id, node));
        let task = &mut core.tasks[id];
        (task.node, task.service) = (node, service);
        let demand = core.demands.row(task.demand);
        core.nodes.bind(node, demand, service, now);
        core.changed.mark(node);
        // Dispatchers that rely on reports and did not send this one are told.
        if self.told_loads > 0 && core.window.contains(now) {
            let dispatcher = core.jobs[core.tasks[id].job].dispatcher;
            let sender = self.dispatchers[dispatcher as usize].is_told_of(Watch::Loads);
            core.totals.messages += self.told_loads - u64::from(sender);
        }
    }

    /// A task has reached its node: whoever sent it sees it there now.
    #[inline]
    pub fn arrived(&mut self, core: &mut Core<'_>, id: u32) {
        if let Some(transit) = &mut self.transit {
            let task = &core.tasks[id];
            let (node, service, demand) = (task.node, task.service, core.demands.row(task.demand));
            transit.arrive(node, service, demand);
            let dispatcher = core.jobs[task.job].dispatcher;
            if let Some(sent) = &mut self.dispatchers[dispatcher as usize].sent {
                sent.arrive(node, service, demand);
            }
            core.changed.mark(node);
        }
    }

    /// An attempt has ended at `node`: the reports that placements rely on are sent.
    #[inline]
    pub fn report_end(&self, core: &mut Core<'_>, node: NodeId) {
        if self.is_told() && core.window.contains(core.now()) {
            let is_idle = core.nodes.at(node).tasks == 0;
            core.totals.messages += self.told_loads + if is_idle { self.told_idle } else { 0 };
        }
    }

    /// Brings every index up to date with the nodes that have changed.
    fn tell(&mut self, core: &mut Core<'_>) {
        while let Some(node) = core.changed.take() {
            for dispatcher in self
                .dispatchers
                .iter_mut()
                .filter(|dispatcher| dispatcher.is_told)
            {
                let view = View::new(
                    &core.layout,
                    &core.nodes,
                    travelling(&self.transit, &dispatcher.sent),
                    core.agenda.now(),
                );
                for placement in dispatcher.placements.iter_mut().flatten() {
                    placement.seen(node, &view);
                }
            }
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
    fn new(
        setup: &Setup,
        index: usize,
        parts: &Parts,
        all: &Dispatch,
        layout: &Layout,
        sees_less: bool,
    ) -> Result<Dispatcher, Problem> {
        let counts = parts.in_flight == InFlight::Counted;
        let mut dispatcher = Dispatcher {
            parts: index,
            queue: List::EMPTY,
            deciding: None,
            constant: parts.decision_time.constant().map(Time::from_secs),
            placements: Vec::new(),
            is_told: false,
            sent: (sees_less && counts).then(|| Transit::new(layout)),
        };
        for (&class_parts, &pool) in setup.strategy.parts_of_class.iter().zip(&all.pool_of_class) {
            if class_parts == index {
                dispatcher.add_pool(setup, &all.pools, pool as usize, layout)?;
            }
        }
        Ok(dispatcher)
    }

    /// Builds the placement for a pool; false if it is there already or the pool is empty.
    fn add_pool(
        &mut self,
        setup: &Setup,
        pools: &[Pool],
        pool: usize,
        layout: &Layout,
    ) -> Result<bool, Problem> {
        if self.placements.len() <= pool {
            self.placements.resize_with(pool + 1, || None);
        }
        if self.placements[pool].is_some() || pools[pool].0.is_empty() {
            return Ok(false);
        }
        let blueprint = &setup.strategy.parts[self.parts].placement;
        let placement = blueprint.build(&pools[pool], layout)?;
        self.is_told |= placement.watches() != Watch::Nothing;
        self.placements[pool] = Some(placement);
        Ok(true)
    }

    fn is_told_of(&self, watch: Watch) -> bool {
        self.placements
            .iter()
            .flatten()
            .any(|placement| placement.watches() == watch)
    }

    /// Notes that a task has set out.
    fn send(&mut self, core: &Core<'_>, transit: &mut Transit, id: u32) {
        let task = &core.tasks[id];
        let demand = core.demands.row(task.demand);
        transit.send(task.node, task.service, demand);
        if let Some(sent) = &mut self.sent {
            sent.send(task.node, task.service, demand);
        }
    }
}

/// What a dispatcher that has `sent` some of all that is in `transit` knows of it.
fn travelling<'a>(transit: &'a Option<Transit>, sent: &'a Option<Transit>) -> Travelling<'a> {
    match transit {
        Some(total) => Travelling::Own {
            total,
            own: sent.as_ref(),
        },
        None => Travelling::All,
    }
}

fn is_in(pool: &[NodeId], node: NodeId) -> bool {
    // A pool of all nodes needs no search.
    pool.get(node.index()) == Some(&node) || pool.binary_search(&node).is_ok()
}

fn decision_time(core: &Core<'_>, law: &Law, id: u32) -> Time {
    let task = &core.tasks[id];
    let mut draw = draw(core.keys.decision, &core.jobs[task.job], task, 0);
    Time::from_secs(law.sample(&mut draw))
}

/// How long a task runs at `node`: work x straggler factor / speed, rounded once, plus the
/// overhead.
#[inline]
fn service_time(core: &Core<'_>, id: u32, node: NodeId) -> Time {
    let task = &core.tasks[id];
    let job = &core.jobs[task.job];
    let mut work = task.work;
    if let Some(stragglers) = &core.setup.stragglers {
        let mut draw = draw(core.keys.straggler, job, task, 0);
        if crate::engine::random::unit(&mut draw) < stragglers.probability {
            work *= stragglers.factor.sample(&mut draw);
        }
    }
    Time::from_secs(work / core.layout.factor(node)) + core.facts[job.class as usize].overhead
}
