//! The board: what dispatchers see of the nodes, with the orders of them that placements ask for.
//!
//! Everything is kept once for all dispatchers. What one of them has sent, and the others do not see
//! yet, is its own difference. Of those that see the truth the board shows one at a time, and turning it to
//! another lays one difference off and the other on, which costs O(own attempts that travel x log n). For
//! those that are told of the nodes, or of none, their difference lies over what is kept for all. With few
//! dispatchers, whose differences are large, each has a face of its own.

pub mod by_count;
mod by_demand;
mod face;
mod gossip;
pub mod idle_queues;
pub mod news;
pub mod node_set;
mod orders;
pub mod overlay;
pub mod shares;
mod standing;
#[cfg(test)]
mod tests;
pub mod tournament;
pub mod travelling;

use std::cell::RefCell;

use super::key::Key;
use super::measure::Measure;
use super::pool::{Candidates, Pool, Pools, Within};
use super::view::{Difference, Truth, Turns, View};
use super::{Blueprint, Information, Placement, Problem, Ties};
use crate::engine::random::Draw;
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;

use self::by_count::ByCount;
pub use self::face::Aperture;
use self::face::{Changes, Face, List, Sees, members};
use self::gossip::{Gossip, Heard};
use self::idle_queues::IdleQueues;
use self::news::{News, Timing};
use self::node_set::NodeSet;
use self::orders::Wanted;
pub use self::orders::{Laid, Order, Orders};
use self::overlay::Beside;
pub use self::travelling::Bound;
use self::travelling::{Instant, Own, Places, Travelling};

/// Dispatchers up to which each has a face of its own: of the truth, and of what they are told.
const MOST_FACES: usize = 8;
const MOST_TOLD_FACES: usize = 64;
/// Lists of candidates for distinct demands that are kept up to date at most.
const MOST_LISTS: usize = 16;

/// What a placement is built for: the nodes that it will choose among, and what it may ask the
/// board to keep in order for it.
#[derive(Debug)]
pub struct Eligible<'a> {
    pool: &'a Pool,
    layout: &'a Layout,
    wanted: Vec<Wanted>,
    ties: Ties,
    breaks_ties: bool,
}

impl<'a> Eligible<'a> {
    /// These nodes, of which nothing is kept in order yet; equal ones are told apart by `ties`.
    pub fn new(pool: &'a Pool, layout: &'a Layout, ties: Ties) -> Eligible<'a> {
        Eligible::again(pool, layout, ties, Vec::new())
    }

    /// The same for a placement that is built once more where these orders are kept.
    pub(super) fn again(
        pool: &'a Pool,
        layout: &'a Layout,
        ties: Ties,
        wanted: Vec<Wanted>,
    ) -> Eligible<'a> {
        Eligible {
            pool,
            layout,
            wanted,
            ties,
            breaks_ties: !matches!(ties, Ties::Longest | Ties::Later),
        }
    }

    /// True if the placement that was built can tell equal nodes apart as it should.
    pub fn breaks_ties(&self) -> bool {
        self.breaks_ties
    }

    /// The placement draws nodes, and minds which was drawn later.
    pub fn minds_later(&mut self) {
        self.breaks_ties |= self.ties == Ties::Later;
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
        if self.ties != Ties::Longest || key == Key::Work {
            return self.want(Wanted::Least(key));
        }
        self.breaks_ties = true;
        self.want(Wanted::Longest(key))
    }

    /// Asks for the nodes in order by a measure that hangs on the task's demand, to be read with
    /// [`View::least_for`].
    pub fn measured_by(&mut self, measure: Measure) -> Order {
        self.want(Wanted::Measured(measure))
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
    /// For each dispatcher, its face.
    face_of: Vec<u32>,
    /// For each dispatcher that counts what it has sent, what of it is not in what it is told.
    own: Vec<Option<Own>>,
    /// The same as it changes what its face shows, if that is shown to many.
    beside: Vec<Option<Beside>>,
    /// For each dispatcher, the credits by which it tells equal nodes apart in turn; empty if none
    /// does.
    turns: Vec<RefCell<Turns>>,
    /// For each dispatcher, what it knows.
    information: Vec<Information>,
    /// What is told later than it happens; nothing if all is seen at once.
    news: Vec<News>,
    /// What dispatchers tell each other, and a list for its own use.
    gossips: Vec<Gossip>,
    heard: Vec<Heard>,
    /// True if anything is told by anybody.
    is_told: bool,
    /// What travels, if what is told must leave it out.
    on_way: Option<Travelling>,
    places: Places,
    /// True if tasks wait in a central queue: then candidates are the nodes with room.
    by_room: bool,
    /// True if every dispatcher sees all nodes of its pools just as they are.
    is_plain: bool,
    /// True if what travels is seen by nobody but its dispatcher.
    hides: bool,
    /// The nodes that are seen down, by id; none has ever been if there is no set.
    down: Option<NodeSet>,
    /// True if anything must be brought up to date when a node's load changes.
    is_kept: bool,
    /// The same for the start of a task whose load was counted before.
    keeps_work: bool,
    /// True if nothing else is kept than orders by tasks, as they are.
    keeps_counts_alone: bool,
    /// Queues of idle nodes, if dispatchers keep some.
    pub idle_queues: Option<Box<IdleQueues>>,
    /// Decisions by room so far.
    decisions: u64,
    /// Lists for a function's own use.
    changed: Vec<NodeId>,
    row: Vec<u64>,
}

/// Where a dispatcher looks for a decision.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    face: usize,
    list: usize,
    dispatcher: u32,
}

/// How a dispatcher looks at the nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// Whether it counts what it has sent.
    pub counts: bool,
    /// What it knows beside that.
    pub information: Information,
    /// Of which nodes it makes use; of all if not said.
    pub aperture: Option<Aperture>,
    /// How it tells equal nodes apart.
    pub ties: Ties,
}

impl Sight {
    /// True if it sees all nodes as they are, and draws among equal ones or takes the first.
    fn is_plain(&self) -> bool {
        self.information == Information::Fresh
            && self.aperture.is_none()
            && matches!(self.ties, Ties::Random | Ties::LowestId)
    }

    /// True if it is told how the nodes are, and how long they have been so is its own to know.
    fn is_by_age(&self) -> bool {
        let is_told = match self.information {
            Information::Fresh | Information::Gossip(_) => false,
            Information::Periodic { apart, .. } => !apart,
            Information::Local | Information::Delayed { .. } => true,
        };
        is_told && self.ties == Ties::Longest
    }

    /// True if both may be shown the same.
    fn is_like(&self, other: &Sight) -> bool {
        let apart = |sight: &Sight| (sight.aperture.is_some(), sight.is_by_age());
        self.information == other.information && apart(self) == apart(other)
    }

    /// True if it needs a face of its own, one of `count` dispatchers alike.
    fn is_own(&self, count: usize, hides: bool) -> bool {
        match self.information {
            _ if self.aperture.is_some() || self.is_by_age() => true,
            Information::Fresh => hides && count <= MOST_FACES,
            Information::Periodic { apart: true, .. } | Information::Gossip(_) => true,
            _ => count <= MOST_TOLD_FACES,
        }
    }

    /// When it is told what, as dispatcher `index` of `count` alike.
    fn timing(&self, index: usize, count: usize) -> Option<Timing> {
        match self.information {
            Information::Fresh | Information::Local | Information::Gossip(_) => None,
            Information::Delayed { by } => Some(Timing::Delayed { by }),
            Information::Periodic { every, apart } => {
                let phase = u128::from(every.0) * index as u128 / count as u128;
                let first = Time(if apart { phase as u64 } else { 0 });
                Some(Timing::Periodic { every, first })
            }
        }
    }
}

impl Board {
    /// A board over the nodes of `layout` for dispatchers with these sights. `hides`: whether what
    /// travels is seen by nobody else (else by all).
    pub fn new(layout: &Layout, sights: &[Sight], hides: bool, by_room: bool) -> Board {
        let is_told = |sight: &Sight| sight.information != Information::Fresh;
        let own = |sight: &Sight| ((hides || is_told(sight)) && sight.counts).then(Own::default);
        let is_by_turns = sights.iter().any(|sight| sight.ties == Ties::Turns);
        let turns = sights.iter().filter(|_| is_by_turns);
        let mut board = Board {
            pools: Pools::default(),
            wanted: Vec::new(),
            faces: Vec::new(),
            face_of: Vec::new(),
            own: sights.iter().map(own).collect(),
            beside: Vec::new(),
            turns: turns.map(|_| RefCell::new(Turns::new(layout))).collect(),
            information: sights.iter().map(|sight| sight.information).collect(),
            news: Vec::new(),
            gossips: Vec::new(),
            heard: Vec::new(),
            is_told: false,
            on_way: None,
            places: Places::new(),
            by_room,
            is_plain: !by_room && !hides && sights.iter().all(Sight::is_plain),
            hides,
            down: None,
            is_kept: by_room,
            keeps_work: by_room,
            keeps_counts_alone: !by_room && !hides && sights.iter().all(Sight::is_plain),
            idle_queues: None,
            decisions: 0,
            changed: Vec::new(),
            row: Vec::new(),
        };
        for sights in sights.chunk_by(Sight::is_like) {
            board.add_faces(layout, sights);
        }
        if !board.news.is_empty() {
            (board.is_kept, board.keeps_work, board.is_told) = (true, true, true);
            board.on_way = hides.then(|| Travelling::new(layout));
        }
        board
    }

    /// The faces of some dispatchers that look at the nodes alike.
    fn add_faces(&mut self, layout: &Layout, sights: &[Sight]) {
        let (first, count) = (self.face_of.len(), sights.len());
        for (index, sight) in sights.iter().enumerate() {
            let is_own = sight.is_own(count, self.hides);
            let is_apart = matches!(sight.information, Information::Periodic { apart: true, .. });
            if index == 0 || is_apart {
                let timing = sight.timing(index, count);
                self.news
                    .extend(timing.map(|timing| News::new(timing, layout)));
            }
            let is_told = sight.information != Information::Fresh;
            let is_shared = is_told && !is_own;
            let is_beside = is_shared && sight.counts;
            (self.beside).push(is_beside.then(|| Beside::new(layout)));
            if index == 0 || is_own {
                let hidden = self.hides.then(|| Travelling::new(layout));
                let news = self.news.len().checked_sub(1);
                let news = news.filter(|_| sight.timing(index, count).is_some());
                self.faces.push(Face {
                    shown: first + index,
                    sees: match sight.information {
                        Information::Fresh => Sees::Truth(hidden),
                        _ if is_own => Sees::Told(Travelling::new(layout), news),
                        _ => Sees::Told(Travelling::few(layout), news),
                    },
                    lists: Vec::new(),
                    aperture: sight.aperture,
                    changes: is_shared.then(Changes::default),
                });
            }
            self.face_of.push(self.faces.len() as u32 - 1);
        }
    }

    /// The number of the pool of nodes of the `allowed` groups that could hold `demand`.
    pub fn pool(&mut self, layout: &Layout, allowed: &[bool], demand: &[u64]) -> u32 {
        self.pool_within(layout, allowed, demand, None)
    }

    /// The same of those `within` which alone a class may use.
    pub fn pool_within(
        &mut self,
        layout: &Layout,
        allowed: &[bool],
        demand: &[u64],
        within: Option<Within<'_>>,
    ) -> u32 {
        let pool = self.pools.number(layout, allowed, demand, within);
        if pool as usize == self.wanted.len() {
            self.keep_pool(pool);
        }
        pool
    }

    /// Keeps a new pool.
    fn keep_pool(&mut self, pool: u32) {
        self.wanted.push(Vec::new());
        if !self.by_room {
            let is_up = |node| is_up(&self.down, node);
            let is_up: Option<&dyn Fn(NodeId) -> bool> = match self.down {
                Some(_) => Some(&is_up),
                None => None,
            };
            let (faces, nodes) = (self.faces.iter_mut(), self.pools.get(pool));
            faces.for_each(|face| face.add_list(pool, nodes, is_up));
        }
    }

    /// Spreads data over the nodes of a pool: makes for each of them a pool of it and those after it,
    /// cyclically, `replicas` in all. Tells the number of the first, and how many there are.
    pub fn spread(&mut self, all: u32, replicas: u32) -> (u32, u32) {
        let nodes = self.pools.get(all).ids().to_vec();
        let first = self.wanted.len() as u32;
        for shard in 0..nodes.len() {
            let copies = (0..replicas as usize).map(|copy| nodes[(shard + copy) % nodes.len()]);
            let mut copies: Vec<NodeId> = copies.collect();
            copies.sort_unstable();
            copies.dedup();
            let pool = self.pools.add(copies);
            self.keep_pool(pool);
        }
        (first, nodes.len() as u32)
    }

    /// The nodes of the pool of that number.
    pub fn nodes(&self, pool: u32) -> &[NodeId] {
        self.pools.get(pool).ids()
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
        let at = orders.least((order, None), now, ties, rng)?;
        Some(at as u32)
    }

    /// True if it is to be told of what dispatchers send, and of what arrives.
    pub fn follows(&self) -> bool {
        self.hides
            || self
                .information
                .iter()
                .any(|known| *known != Information::Fresh)
    }

    /// True if it is to be told when dispatchers hear of the end of what they have sent.
    pub fn follows_ends(&self) -> bool {
        self.information.iter().any(Information::is_own)
    }

    /// True if `node` is in the pool of that number.
    pub fn may_use(&self, pool: u32, node: NodeId) -> bool {
        self.pools.get(pool).position(node).is_some()
    }

    /// True if the pool of that number has no node.
    pub fn is_empty(&self, pool: u32) -> bool {
        self.pools.get(pool).ids().is_empty()
    }

    /// Builds a placement for a pool, by which equal nodes are told apart by `ties`, and keeps what
    /// it asks for from now on.
    ///
    /// # Errors
    /// As [`Blueprint::build`].
    pub fn build(
        &mut self,
        blueprint: &dyn Blueprint,
        pool: u32,
        ties: Ties,
        truth: Truth<'_>,
    ) -> Result<Box<dyn Placement>, Problem> {
        let nodes = self.pools.get(pool);
        let wanted = &mut self.wanted[pool as usize];
        let known = std::mem::take(wanted);
        let mut eligible = Eligible::again(nodes, truth.layout, ties, known);
        let placement = blueprint.build(&mut eligible)?;
        *wanted = eligible.wanted;
        self.is_kept |= !wanted.is_empty();
        self.keeps_work |= wanted.contains(&Wanted::Least(Key::Work));
        let by_tasks = |wanted: &Wanted| *wanted == Wanted::Least(Key::Tasks);
        self.keeps_counts_alone &= wanted.iter().all(by_tasks);
        for face in &mut self.faces {
            let view = View::new(truth, face.sees.difference(&self.news));
            let lists = face.lists.iter_mut().filter(|list| list.pool == pool);
            lists.for_each(|list| list.keep(nodes, wanted, &view));
            face.changes.iter_mut().for_each(Changes::forget);
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
            list.members
                .get_or_insert_with(|| members(nodes, |_, _| true));
        }
        let faces = self.faces.iter_mut();
        faces.for_each(|face| face.update(&self.pools, &self.news, node, is_up, truth));
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

    /// The order by numbers of tasks, if it is all that is kept and is of all nodes: whoever has it
    /// keeps it, and gives it back.
    pub fn lend_counts(&mut self, layout: &Layout) -> Option<ByCount> {
        let [face] = &mut self.faces[..] else {
            return None;
        };
        match &mut face.lists[..] {
            [list] if self.pools.get(list.pool).ids().len() == layout.count() as usize => {
                list.orders.lend_counts()
            }
            _ => None,
        }
    }

    /// Takes back what was lent.
    pub fn take_back_counts(&mut self, counts: ByCount) {
        self.faces[0].lists[0].orders.take_back_counts(counts);
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

    /// The load of `node` has changed: brings what is kept up to date. `is_late`: after boards were
    /// renewed at this instant.
    pub fn update(&mut self, node: NodeId, is_late: bool, truth: Truth<'_>) {
        let is_up = is_up(&self.down, node);
        for face in &mut self.faces {
            if let Sees::Truth(_) = face.sees {
                face.update(&self.pools, &self.news, node, is_up, truth);
            }
        }
        if !self.news.is_empty() {
            self.note(node, is_late, truth);
        }
    }

    /// What is told later is noted.
    #[cold]
    fn note(&mut self, node: NodeId, is_late: bool, truth: Truth<'_>) {
        for at in 0..self.news.len() {
            let changed = &mut self.changed;
            self.news[at].note(node, truth, self.on_way.as_ref(), is_late, changed);
            self.tell(at, truth);
        }
    }

    /// Faces are brought up to date with the nodes of which something else is told.
    fn tell(&mut self, at: usize, truth: Truth<'_>) {
        let mut changed = std::mem::take(&mut self.changed);
        for face in &mut self.faces {
            if face.sees.news() == Some(at) {
                for &node in &changed {
                    let is_up = is_up(&self.down, node);
                    face.update(&self.pools, &self.news, node, is_up, truth);
                }
            }
        }
        changed.clear();
        self.changed = changed;
    }

    /// An attempt of `dispatcher` sets out to `node`, at which it has been counted.
    /// `is_late`: after boards were renewed at this instant.
    pub fn sent(
        &mut self,
        (dispatcher, is_late): (u32, bool),
        attempt: u32,
        to: Bound<'_>,
        truth: Truth<'_>,
    ) {
        if self.hides {
            self.unaware(dispatcher, |hidden| hidden.add(to));
            self.on_way.iter_mut().for_each(|way| way.add(to));
        }
        self.count_own((dispatcher, is_late), attempt, to, truth);
    }

    fn count_own(
        &mut self,
        (dispatcher, is_late): (u32, bool),
        attempt: u32,
        to: Bound<'_>,
        truth: Truth<'_>,
    ) {
        if !self.gossips.is_empty() {
            self.gossip(is_late, truth);
            self.note_own(dispatcher);
        }
        if let Some(own) = &mut self.own[dispatcher as usize] {
            own.send(attempt, to, &mut self.places);
            self.change_own(dispatcher, to.node, truth, |own| own.add(to));
        }
    }

    /// An attempt has taken the place of another, which is over, at its node: who knows only what he has
    /// sent knows that.
    pub fn took_over(
        &mut self,
        (dispatcher, is_late): (u32, bool),
        attempt: u32,
        to: Bound<'_>,
        truth: Truth<'_>,
    ) {
        if self.information[dispatcher as usize].is_own() {
            self.count_own((dispatcher, is_late), attempt, to, truth);
        }
    }

    /// Where `node` stands in a pool.
    pub fn position(&self, pool: u32, node: NodeId) -> Option<usize> {
        self.pools.get(pool).position(node)
    }

    /// It has arrived: who sees the truth sees it now.
    pub fn arrived(
        &mut self,
        dispatcher: u32,
        attempt: u32,
        to: Bound<'_>,
        is_late: bool,
        now: Time,
    ) {
        if self.hides {
            self.unaware(dispatcher, |hidden| hidden.subtract(to));
            self.on_way.iter_mut().for_each(|way| way.subtract(to));
        }
        let information = self.information[dispatcher as usize];
        if information.is_own() {
            return;
        }
        if let Some(own) = &mut self.own[dispatcher as usize] {
            let dimensions = to.demand.len();
            let sent = own.remove(attempt, dimensions, &mut self.places, &mut self.row);
            if let Some(sent) = sent.filter(|_| information != Information::Fresh) {
                let at = Instant { time: now, is_late };
                own.keep(at, sent, &self.row);
            }
        }
    }

    /// Its dispatcher hears that an attempt is over.
    pub fn over(&mut self, (dispatcher, is_late): (u32, bool), attempt: u32, truth: Truth<'_>) {
        if !self.information[dispatcher as usize].is_own() {
            return;
        }
        if !self.gossips.is_empty() {
            self.gossip(is_late, truth);
            self.note_own(dispatcher);
        }
        let (dimensions, mut row) = (truth.layout.dimensions(), std::mem::take(&mut self.row));
        if let Some(own) = &mut self.own[dispatcher as usize] {
            let sent = own.remove(attempt, dimensions, &mut self.places, &mut row);
            self.forget(dispatcher, sent, &row, truth);
        }
        self.row = row;
    }

    /// What its dispatcher had sent is not its own to know any more.
    fn forget(
        &mut self,
        dispatcher: u32,
        sent: Option<(NodeId, Time)>,
        demand: &[u64],
        truth: Truth<'_>,
    ) {
        if let Some((node, service)) = sent {
            let to = Bound {
                node,
                service,
                demand,
            };
            self.change_own(dispatcher, node, truth, |own| own.subtract(to));
        }
    }

    /// Changes what a dispatcher that is told of the nodes knows itself.
    fn change_own(
        &mut self,
        dispatcher: u32,
        node: NodeId,
        truth: Truth<'_>,
        change: impl FnOnce(&mut Travelling),
    ) {
        let face = &mut self.faces[self.face_of[dispatcher as usize] as usize];
        if let Some(beside) = &mut self.beside[dispatcher as usize] {
            change(&mut beside.sums);
            match face.missed(beside).is_some() {
                true => face.lay_over(beside, (&self.pools, &self.news), node, truth),
                false => beside.changes = None,
            }
        } else if let Sees::Told(own, _) = &mut face.sees {
            change(own);
            let is_up = is_up(&self.down, node);
            face.update(&self.pools, &self.news, node, is_up, truth);
        }
    }

    /// Changes what is hidden where an attempt of `dispatcher` that travels is not seen.
    fn unaware(&mut self, dispatcher: u32, change: impl Fn(&mut Travelling)) {
        let dispatcher = dispatcher as usize;
        let counts = self.own[dispatcher].is_some();
        let faces = self.faces.iter_mut();
        let unaware = faces.filter(|face| !(counts && face.shown == dispatcher));
        unaware
            .filter_map(|face| match &mut face.sees {
                Sees::Truth(hidden) => hidden.as_mut(),
                Sees::Told(..) => None,
            })
            .for_each(change);
    }

    /// Turns to `dispatcher` for a decision on a task with `demand` among the nodes of `pool`.
    #[inline]
    pub fn turn(&mut self, dispatcher: u32, pool: u32, demand: &[u64], truth: Truth<'_>) -> Spot {
        let face = self.face_of[dispatcher as usize] as usize;
        if self.is_told {
            self.read_news(face, dispatcher, truth);
        }
        match &self.faces[face].sees {
            Sees::Truth(None) => {}
            Sees::Truth(Some(_)) => self.show(face, dispatcher as usize, truth),
            Sees::Told(..) => self.lay(face, dispatcher, truth),
        }
        let list = if self.by_room {
            self.list(pool, demand, truth)
        } else {
            pool as usize
        };
        Spot {
            face,
            list,
            dispatcher,
        }
    }

    /// Brings what `dispatcher` is told up to date, and with it what it still must count itself.
    #[cold]
    fn read_news(&mut self, face: usize, dispatcher: u32, truth: Truth<'_>) {
        if !self.gossips.is_empty() {
            self.gossip(true, truth);
        }
        let Some(at) = self.faces[face].sees.news() else {
            return;
        };
        self.news[at].read(truth.now, &mut self.changed);
        self.tell(at, truth);
        let (dimensions, mut row) = (truth.layout.dimensions(), std::mem::take(&mut self.row));
        while let Some(own) = &mut self.own[dispatcher as usize] {
            let sent = own.expire(|at_end| self.news[at].is_told(at_end), dimensions, &mut row);
            if sent.is_none() {
                break;
            }
            self.forget(dispatcher, sent, &row, truth);
        }
        self.row = row;
    }

    /// All nodes of a pool, in id order, up or not.
    pub fn nodes_of(&self, pool: u32) -> &[NodeId] {
        self.pools.get(pool).ids()
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
        let turns = self.turns.get(at.dispatcher as usize);
        let beside = match &face.sees {
            Sees::Truth(_) => None,
            Sees::Told(..) => self.beside[at.dispatcher as usize].as_ref(),
        };
        let (difference, laid) = match beside {
            None => (face.sees.difference(&self.news), None),
            Some(beside) => {
                let told = face.sees.news().map(|at| &self.news[at]);
                let difference = Difference::Told(&beside.sums, told);
                (Some(difference), beside.over.get(at.list))
            }
        };
        let view = View::of_list(truth, difference, (&list.orders, laid), turns, log);
        let pool = self.pools.get(list.pool);
        (view, Candidates::new(pool, list.members.as_ref()))
    }

    /// Lays the difference of the dispatcher shown off, and that of `dispatcher` on.
    fn show(&mut self, face: usize, dispatcher: usize, truth: Truth<'_>) {
        let (dimensions, face) = (truth.layout.dimensions(), &mut self.faces[face]);
        let before = std::mem::replace(&mut face.shown, dispatcher);
        let Sees::Truth(Some(hidden)) = &mut face.sees else {
            return;
        };
        if before == dispatcher {
            return;
        }
        let (changed, row) = (&mut self.changed, &mut self.row);
        for (whose, is_shown) in [(before, false), (dispatcher, true)] {
            let Some(own) = &self.own[whose] else {
                continue;
            };
            own.for_each(dimensions, row, |to| {
                changed.push(to.node);
                match is_shown {
                    false => hidden.add(to),
                    true => hidden.subtract(to),
                }
            });
        }
        if self.is_kept {
            for &node in changed.iter() {
                let is_up = is_up(&self.down, node);
                face.update(&self.pools, &self.news, node, is_up, truth);
            }
        }
        changed.clear();
    }

    /// Lays the difference of `dispatcher` over what is kept for all, as that is now.
    fn lay(&mut self, face: usize, dispatcher: u32, truth: Truth<'_>) {
        let (face, Some(beside)) = (&self.faces[face], &mut self.beside[dispatcher as usize])
        else {
            return;
        };
        face.lay_under(beside, &mut self.changed);
        for node in self.changed.drain(..) {
            face.lay_over(beside, (&self.pools, &self.news), node, truth);
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
            let may = |_, node| is_up(&self.down, node) && view.has_room(node, demand);
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
