//! The board: what dispatchers see of the nodes, with the orders of them that placements ask for.
//!
//! Everything is kept once for all dispatchers. What one of them has sent, and the others do not see
//! yet, is its own difference: the board shows one dispatcher at a time, and turning it to another
//! lays one difference off and the other on, which costs O(own attempts under way x log n). With few
//! dispatchers, whose differences are large, each has a face of its own.

pub mod by_count;
pub mod node_set;
mod orders;
pub mod shares;
#[cfg(test)]
mod tests;
pub mod tournament;
pub mod travelling;

use std::cell::RefCell;

use super::key::Key;
use super::pool::{Candidates, Pool, Pools};
use super::view::{Truth, View};
use super::{Blueprint, Placement, Problem, Ties};
use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;

use self::node_set::NodeSet;
use self::orders::Wanted;
pub use self::orders::{Order, Orders};
pub use self::travelling::Bound;
use self::travelling::{Own, Travelling};

/// Dispatchers up to which each has a face of its own.
const MOST_FACES: usize = 8;
/// Lists of candidates for distinct demands that are kept up to date at most.
const MOST_LISTS: usize = 16;

/// What a placement is built for: the nodes that it will choose among, and what it may ask the
/// board to keep in order for it.
#[derive(Debug)]
pub struct Eligible<'a> {
    pool: &'a Pool,
    layout: &'a Layout,
    wanted: Vec<Wanted>,
}

impl<'a> Eligible<'a> {
    /// These nodes, of which nothing is kept in order yet.
    pub fn new(pool: &'a Pool, layout: &'a Layout) -> Eligible<'a> {
        Eligible {
            pool,
            layout,
            wanted: Vec::new(),
        }
    }

    /// The same for a placement that is built once more where these orders are kept.
    pub(super) fn again(pool: &'a Pool, layout: &'a Layout, wanted: Vec<Wanted>) -> Eligible<'a> {
        Eligible {
            pool,
            layout,
            wanted,
        }
    }

    /// The eligible nodes.
    pub fn pool(&self) -> &'a Pool {
        self.pool
    }

    /// Speeds, slots and capacities of all nodes.
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// Asks for the nodes in order by `key`, to be read with [`View::least`] and [`View::idle`].
    pub fn ordered_by(&mut self, key: Key) -> Order {
        self.want(Wanted::Least(key))
    }

    /// Asks for the nodes' shares of speed x slots, to be read with [`View::by_share`].
    pub fn shares(&mut self) -> Order {
        self.want(Wanted::Shares)
    }

    fn want(&mut self, what: Wanted) -> Order {
        let known = self.wanted.iter().position(|wanted| *wanted == what);
        Order(known.unwrap_or_else(|| {
            self.wanted.push(what);
            self.wanted.len() - 1
        }))
    }
}

/// See the module.
#[derive(Debug)]
pub struct Board {
    pools: Pools,
    /// For each pool, what placements have asked for.
    wanted: Vec<Vec<Wanted>>,
    faces: Vec<Face>,
    /// For each dispatcher that counts what it has sent, what is under way.
    own: Vec<Option<Own>>,
    /// True if tasks wait in a central queue: then candidates are the nodes with room.
    by_room: bool,
    /// True if every dispatcher sees all nodes of its pools just as they are.
    is_plain: bool,
    /// The nodes that are seen down, by id; none has ever been if there is no set.
    down: Option<NodeSet>,
    /// True if anything must be brought up to date when a node's load changes.
    is_kept: bool,
    /// The same for the start of a task whose load was counted before.
    keeps_work: bool,
    /// True if nothing else is kept than orders by tasks, as they are.
    keeps_counts_alone: bool,
    /// Decisions by room so far.
    decisions: u64,
}

/// The nodes as one dispatcher sees them.
#[derive(Debug)]
struct Face {
    shown: usize,
    /// What travels and is not seen; nothing travels unseen if there is none.
    hidden: Option<Travelling>,
    lists: Vec<List>,
}

/// Candidates, and the orders of them.
#[derive(Debug)]
struct List {
    pool: u32,
    /// For what there is room at them; not looked at if empty.
    demand: Vec<u64>,
    /// The members by position in the pool; all if there is no set.
    members: Option<NodeSet>,
    orders: Orders,
    /// When it was used last.
    used: u64,
}

/// Where a dispatcher looks for a decision.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    face: usize,
    list: usize,
}

impl Board {
    /// A board over the nodes of `layout`. `counts`: for each dispatcher, whether it counts what it
    /// has sent. `hides`: whether what travels is seen by nobody else (else by all).
    pub fn new(layout: &Layout, counts: &[bool], hides: bool, by_room: bool) -> Board {
        let faces = match counts.len() {
            few if hides && few <= MOST_FACES => few,
            _ => 1,
        };
        let face = |shown| Face {
            shown,
            hidden: hides.then(|| Travelling::new(layout)),
            lists: Vec::new(),
        };
        let own = counts
            .iter()
            .map(|&counts| (hides && counts).then(Own::default));
        Board {
            pools: Pools::default(),
            wanted: Vec::new(),
            faces: (0..faces).map(face).collect(),
            own: own.collect(),
            by_room,
            is_plain: !by_room && !hides,
            down: None,
            is_kept: by_room,
            keeps_work: by_room,
            keeps_counts_alone: !by_room && !hides,
            decisions: 0,
        }
    }

    /// The number of the pool of nodes of the `allowed` groups that could hold `demand`.
    pub fn pool(&mut self, layout: &Layout, allowed: &[bool], demand: &[u64]) -> u32 {
        let pool = self.pools.number(layout, allowed, demand);
        if pool as usize == self.wanted.len() {
            self.wanted.push(Vec::new());
            if !self.by_room {
                let members = self
                    .down
                    .as_ref()
                    .map(|down| members(self.pools.get(pool), |node| !down.contains(node.index())));
                let faces = self.faces.iter_mut();
                faces.for_each(|face| face.lists.push(List::new(pool, &[], members.clone())));
            }
        }
        pool
    }

    /// True if every dispatcher sees all nodes of its pools just as they are.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Number of nodes of a pool.
    #[inline]
    pub fn size(&self, pool: u32) -> u32 {
        self.pools.get(pool).ids().len() as u32
    }

    /// A node of a pool, by its position.
    #[inline]
    pub fn node(&self, pool: u32, position: u32) -> NodeId {
        self.pools.get(pool).at(position as usize)
    }

    /// Position of the least of a pool by an order, where the board [`is_plain`](Board::is_plain).
    #[inline]
    pub fn least(
        &self,
        pool: u32,
        order: Order,
        now: Time,
        ties: Ties,
        rng: &mut Draw,
    ) -> Option<u32> {
        let orders = &self.faces[0].lists[pool as usize].orders;
        let at = orders.least(order, now, ties, rng)?;
        Some(at as u32)
    }

    /// True if what a dispatcher sends travels unseen by others.
    pub fn hides(&self) -> bool {
        self.faces.iter().any(|face| face.hidden.is_some())
    }

    /// True if the pool of that number has no node.
    pub fn is_empty(&self, pool: u32) -> bool {
        self.pools.get(pool).ids().is_empty()
    }

    /// Builds a placement for a pool, and keeps what it asks for from now on.
    ///
    /// # Errors
    /// As [`Blueprint::build`].
    pub fn build(
        &mut self,
        blueprint: &dyn Blueprint,
        pool: u32,
        truth: Truth<'_>,
    ) -> Result<Box<dyn Placement>, Problem> {
        let nodes = self.pools.get(pool);
        let wanted = &mut self.wanted[pool as usize];
        let mut eligible = Eligible {
            pool: nodes,
            layout: truth.layout,
            wanted: std::mem::take(wanted),
        };
        let placement = blueprint.build(&mut eligible)?;
        *wanted = eligible.wanted;
        self.is_kept |= !wanted.is_empty();
        self.keeps_work |= wanted.contains(&Wanted::Least(Key::Work));
        let by_tasks = |wanted: &Wanted| *wanted == Wanted::Least(Key::Tasks);
        self.keeps_counts_alone &= wanted.iter().all(by_tasks);
        for face in &mut self.faces {
            let view = View::new(truth, face.hidden.as_ref());
            let lists = face.lists.iter_mut().filter(|list| list.pool == pool);
            lists.for_each(|list| list.keep(nodes, wanted, &view));
        }
        Ok(placement)
    }

    /// From now on `node` is seen up, or down: then it is not among the candidates.
    pub fn see_up(&mut self, node: NodeId, is_up: bool, truth: Truth<'_>) {
        let nodes = truth.layout.count() as usize;
        let down = self.down.get_or_insert_with(|| NodeSet::new(nodes));
        down.put(node.index(), !is_up);
        (self.is_kept, self.is_plain, self.keeps_counts_alone) = (true, false, false);
        for list in self.faces.iter_mut().flat_map(|face| &mut face.lists) {
            let nodes = self.pools.get(list.pool);
            list.members.get_or_insert_with(|| members(nodes, |_| true));
        }
        self.update(node, truth);
    }

    /// True if any node was ever seen down.
    #[inline]
    pub fn sees_down(&self) -> bool {
        self.down.is_some()
    }

    /// True if anything must be brought up to date when a node's load changes.
    #[inline]
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// The same for the start of a task whose load was counted before.
    #[inline]
    pub fn keeps_work(&self) -> bool {
        self.keeps_work
    }

    /// True if all that must be brought up to date are orders by numbers of tasks, as they are.
    #[inline]
    pub fn keeps_counts_alone(&self) -> bool {
        self.keeps_counts_alone
    }

    /// A node has so many tasks now, where orders of them alone are kept.
    #[inline(always)]
    pub fn recount(&mut self, node: NodeId, tasks: u32) {
        let pools = &self.pools;
        let recount = |list: &mut List| {
            if let Some(at) = pools.get(list.pool).position(node) {
                list.orders.recount(at, tasks);
            }
        };
        match &mut self.faces[0].lists[..] {
            [list] => recount(list),
            lists => lists.iter_mut().for_each(recount),
        }
    }

    /// The load of `node` has changed: brings what is kept up to date.
    pub fn update(&mut self, node: NodeId, truth: Truth<'_>) {
        let faces = self.faces.iter_mut();
        let is_up = is_up(&self.down, node);
        faces.for_each(|face| face.update(&self.pools, node, is_up, truth));
    }

    /// An attempt of `dispatcher` sets out to `node`, at which it has been counted.
    pub fn sent(&mut self, dispatcher: u32, attempt: u32, to: Bound<'_>) {
        self.unaware(dispatcher, |hidden| hidden.add(to));
        if let Some(own) = &mut self.own[dispatcher as usize] {
            own.send(attempt, to);
        }
    }

    /// It has arrived: everybody sees it now.
    pub fn arrived(&mut self, dispatcher: u32, attempt: u32, to: Bound<'_>) {
        self.unaware(dispatcher, |hidden| hidden.subtract(to));
        if let Some(own) = &mut self.own[dispatcher as usize] {
            own.arrive(attempt, to.demand.len());
        }
    }

    /// Changes what is hidden where an attempt of `dispatcher` that travels is not seen.
    fn unaware(&mut self, dispatcher: u32, change: impl Fn(&mut Travelling)) {
        let dispatcher = dispatcher as usize;
        let counts = self.own[dispatcher].is_some();
        let faces = self.faces.iter_mut();
        let unaware = faces.filter(|face| !(counts && face.shown == dispatcher));
        unaware
            .filter_map(|face| face.hidden.as_mut())
            .for_each(change);
    }

    /// Turns to `dispatcher` for a decision on a task with `demand` among the nodes of `pool`.
    #[inline]
    pub fn turn(&mut self, dispatcher: u32, pool: u32, demand: &[u64], truth: Truth<'_>) -> Spot {
        let dispatcher = dispatcher as usize;
        // One face for all, or one for each.
        let face = dispatcher.min(self.faces.len() - 1);
        if self.faces[face].shown != dispatcher && self.faces[face].hidden.is_some() {
            self.show(face, dispatcher, truth);
        }
        let list = if self.by_room {
            self.list(pool, demand, truth)
        } else {
            pool as usize
        };
        Spot { face, list }
    }

    /// What is seen there, and whom the decision may choose; each node that is asked is noted in
    /// `log`, if there is one.
    #[inline]
    pub fn seen<'a>(
        &'a self,
        at: Spot,
        truth: Truth<'a>,
        log: Option<&'a RefCell<Vec<NodeId>>>,
    ) -> (View<'a>, Candidates<'a>) {
        let face = &self.faces[at.face];
        let list = &face.lists[at.list];
        let view = View::of_list(truth, face.hidden.as_ref(), &list.orders, log);
        let pool = self.pools.get(list.pool);
        (view, Candidates::new(pool, list.members.as_ref()))
    }

    /// Lays the difference of the dispatcher shown off, and that of `dispatcher` on.
    fn show(&mut self, face: usize, dispatcher: usize, truth: Truth<'_>) {
        let face = &mut self.faces[face];
        let Some(hidden) = &mut face.hidden else {
            return;
        };
        let before = std::mem::replace(&mut face.shown, dispatcher);
        let own = |dispatcher: usize| {
            let own = self.own[dispatcher].iter();
            own.flat_map(|own| own.iter(truth.layout.dimensions()))
        };
        own(before).for_each(|to| hidden.add(to));
        own(dispatcher).for_each(|to| hidden.subtract(to));
        if self.is_kept {
            let nodes = own(before).chain(own(dispatcher)).map(|to| to.node);
            let down = &self.down;
            nodes.for_each(|node| face.update(&self.pools, node, is_up(down, node), truth));
        }
    }

    /// The list of those nodes of `pool` that have room for `demand`; a new one takes the place of
    /// that which has not been used for longest, if there are many.
    fn list(&mut self, pool: u32, demand: &[u64], truth: Truth<'_>) -> usize {
        self.decisions += 1;
        let lists = &mut self.faces[0].lists;
        let is_it = |list: &List| list.pool == pool && list.demand == demand;
        let known = lists.iter().position(is_it);
        let at = known.unwrap_or_else(|| {
            let nodes = self.pools.get(pool);
            let view = View::new(truth, None);
            let may = |node| is_up(&self.down, node) && view.has_room(node, demand);
            let mut new = List::new(pool, demand, Some(members(nodes, may)));
            new.keep(nodes, &self.wanted[pool as usize], &view);
            if lists.len() < MOST_LISTS {
                lists.push(new);
                return lists.len() - 1;
            }
            let oldest = (0..lists.len())
                .min_by_key(|&at| lists[at].used)
                .unwrap_or(0);
            lists[oldest] = new;
            oldest
        });
        lists[at].used = self.decisions;
        at
    }
}

/// True if `node` is not seen down.
#[inline]
fn is_up(down: &Option<NodeSet>, node: NodeId) -> bool {
    down.as_ref()
        .is_none_or(|down| !down.contains(node.index()))
}

/// The members of a pool that `may` be.
fn members(pool: &Pool, may: impl Fn(NodeId) -> bool) -> NodeSet {
    let mut members = NodeSet::new(pool.ids().len());
    let each = pool.ids().iter().enumerate();
    each.for_each(|(at, node)| members.put(at, may(*node)));
    members
}

impl Face {
    #[inline(always)]
    fn update(&mut self, pools: &Pools, node: NodeId, is_up: bool, truth: Truth<'_>) {
        let view = View::new(truth, self.hidden.as_ref());
        for list in &mut self.lists {
            list.update(pools.get(list.pool), node, is_up, &view);
        }
    }
}

impl List {
    /// Nodes of a pool with room for `demand`, of which nothing is kept in order.
    fn new(pool: u32, demand: &[u64], members: Option<NodeSet>) -> List {
        List {
            pool,
            demand: demand.to_vec(),
            members,
            orders: Orders::default(),
            used: 0,
        }
    }

    /// Keeps what of `wanted` is not kept yet.
    fn keep(&mut self, pool: &Pool, wanted: &[Wanted], view: &View<'_>) {
        self.orders.keep(wanted, pool, self.members.as_ref(), view);
    }

    #[inline(always)]
    fn update(&mut self, pool: &Pool, node: NodeId, is_up: bool, view: &View<'_>) {
        let Some(at) = pool.position(node) else {
            return;
        };
        let is_member = self.members.as_mut().is_none_or(|members| {
            let may = is_up && view.has_room(node, &self.demand);
            members.put(at, may);
            may
        });
        self.orders.set(at, node, is_member, view);
    }
}
