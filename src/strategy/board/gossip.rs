//! What dispatchers tell each other of what they have in flight (Demers et al., "Epidemic algorithms for
//! replicated database maintenance", PODC 1987: push; van Renesse, Minsky & Hayden, "A gossip-style failure
//! detection service", Middleware 1998: what is told of each owner has a version, and the newest one holds).
//!
//! Once in a round each tells a few others, drawn at random, the newest of what it knows of every
//! dispatcher, itself included. So what one has in flight gets about in some rounds. A round in which
//! nobody would hear anything new is passed over.

use super::face::Sees;
use super::travelling::{Bound, Own};
use super::{Board, is_up};
use crate::engine::random::{Draw, Key};
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::strategy::view::Truth;
use crate::strategy::{Gossiping, Information};

/// What a dispatcher had in flight when a round began.
#[derive(Debug, Default)]
struct Leaflet {
    /// The round.
    version: u64,
    /// Dispatchers of which it is the newest that they know.
    readers: u32,
    /// Where each attempt is, and how long it runs there; their demands, row by row.
    sent: Vec<(NodeId, Time)>,
    demands: Vec<u64>,
}

/// See the module: some dispatchers that gossip, numbered from 0.
#[derive(Debug)]
pub struct Gossip {
    how: Gossiping,
    key: Key,
    members: Vec<u32>,
    rounds: u64,
    /// The newest leaflet that a member knows of an owner, at member x members + owner; as it is, and as it was
    /// when the round began.
    known: Vec<u32>,
    before: Vec<u32>,
    leaflets: Vec<Leaflet>,
    /// Leaflets without readers, and those that may be such.
    free: Vec<u32>,
    dropped: Vec<u32>,
    /// Whether what a member has in flight has changed since its last leaflet; how many are such.
    has_changed: Vec<bool>,
    changed: usize,
    /// By owner, the others that do not know its newest leaflet; their sum.
    lacking: Vec<u32>,
    all_lacking: u64,
    drawn: Vec<u32>,
}

/// A member knows another leaflet of an owner than before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    dispatcher: u32,
    old: u32,
    new: u32,
}

impl Gossip {
    fn new(how: Gossiping, key: Key, members: Vec<u32>) -> Gossip {
        let count = members.len();
        Gossip {
            how,
            key,
            members,
            rounds: 0,
            known: vec![NONE; count * count],
            before: Vec::new(),
            leaflets: Vec::new(),
            free: Vec::new(),
            dropped: Vec::new(),
            has_changed: vec![false; count],
            changed: 0,
            lacking: vec![0; count],
            all_lacking: 0,
            drawn: Vec::new(),
        }
    }

    /// What `dispatcher` has in flight has changed.
    fn note(&mut self, dispatcher: u32) {
        if let Ok(member) = self.members.binary_search(&dispatcher) {
            self.changed += usize::from(!self.has_changed[member]);
            self.has_changed[member] = true;
        }
    }

    /// Passes over the rounds up to `due` in which nobody hears anything new; true if one is left.
    fn has_round(&mut self, due: u64) -> bool {
        if self.changed == 0 && self.all_lacking == 0 {
            self.rounds = due;
        }
        self.rounds < due
    }

    /// The next round begins: what has changed is written down.
    fn begin(&mut self, own: &[Option<Own>]) {
        self.rounds += 1;
        let count = self.members.len();
        for member in 0..count {
            if !std::mem::take(&mut self.has_changed[member]) {
                continue;
            }
            let leaflet = self.free.pop().unwrap_or(self.leaflets.len() as u32);
            if leaflet as usize == self.leaflets.len() {
                self.leaflets.push(Leaflet::default());
            }
            let new = &mut self.leaflets[leaflet as usize];
            new.version = self.rounds;
            new.sent.clear();
            new.demands.clear();
            if let Some(own) = &own[self.members[member] as usize] {
                own.copy(&mut new.sent, &mut new.demands);
            }
            self.all_lacking += count as u64 - 1 - u64::from(self.lacking[member]);
            self.lacking[member] = count as u32 - 1;
            self.learn(member * count + member, leaflet);
        }
        self.changed = 0;
        self.before.clone_from(&self.known);
    }

    /// Notes a leaflet at a place of what is known; tells the one that was there.
    fn learn(&mut self, place: usize, leaflet: u32) -> u32 {
        self.leaflets[leaflet as usize].readers += 1;
        let old = std::mem::replace(&mut self.known[place], leaflet);
        if let Some(old) = self.leaflets.get_mut(old as usize) {
            old.readers -= 1;
        }
        if old != NONE {
            self.dropped.push(old);
        }
        old
    }

    /// Draws whom `teller` tells in this round, by their ranks among the others.
    fn draw(&mut self, teller: usize) {
        let (others, fanout) = (self.members.len() as u32 - 1, self.how.fanout);
        let mut draw = (self.key).draw(0, self.rounds, 0, self.members[teller], 0);
        self.drawn.clear();
        for at in 0..fanout.min(others) {
            let rank = another(others - at, &self.drawn, &mut draw);
            self.drawn.push(rank);
            self.drawn.sort_unstable();
        }
    }

    /// The `teller` tells those that are drawn; what they hear is put into `heard`.
    fn tell(&mut self, teller: usize, heard: &mut Vec<Heard>) {
        let count = self.members.len();
        for at in 0..self.drawn.len() {
            let rank = self.drawn[at] as usize;
            let listener = rank + usize::from(rank >= teller);
            for owner in (0..count).filter(|&owner| owner != listener) {
                let (told, place) = (
                    self.before[teller * count + owner],
                    listener * count + owner,
                );
                if self.version(told) <= self.version(self.known[place]) {
                    continue;
                }
                if told == self.known[owner * count + owner] {
                    self.lacking[owner] -= 1;
                    self.all_lacking -= 1;
                }
                heard.push(Heard {
                    dispatcher: self.members[listener],
                    old: self.learn(place, told),
                    new: told,
                });
            }
        }
    }

    /// Of which round a leaflet is; 0 if it is none.
    fn version(&self, leaflet: u32) -> u64 {
        let known = self.leaflets.get(leaflet as usize);
        known.map_or(0, |leaflet| leaflet.version)
    }

    /// The round is over: leaflets that nobody knows any more may be written anew.
    fn end(&mut self) {
        for old in self.dropped.drain(..) {
            let leaflet = &mut self.leaflets[old as usize];
            if leaflet.readers == 0 && leaflet.version > 0 {
                leaflet.version = 0;
                self.free.push(old);
            }
        }
    }
}

/// One of the ranks beside the `drawn` ones, which rise and of which `left` are left.
fn another(left: u32, drawn: &[u32], draw: &mut Draw) -> u32 {
    let rank = draw.below(left);
    drawn
        .iter()
        .fold(rank, |rank, taken| rank + u32::from(*taken <= rank))
}

impl Board {
    /// Dispatchers that gossip do so from now on, by the random numbers of `key`.
    #[must_use]
    pub fn with_gossip(mut self, key: Key) -> Board {
        let mut kinds: Vec<Gossiping> = Vec::new();
        let all = self.information.iter().filter_map(Information::gossip);
        all.for_each(|how| {
            if !kinds.contains(&how) {
                kinds.push(how);
            }
        });
        for how in kinds {
            let known = (0..).zip(&self.information);
            let members = known.filter(|(_, information)| information.gossip() == Some(how));
            let members = members.map(|(dispatcher, _)| dispatcher).collect();
            self.gossips.push(Gossip::new(how, key, members));
        }
        self.is_told |= !self.gossips.is_empty();
        self
    }

    /// What `dispatcher` has in flight has changed.
    pub(super) fn note_own(&mut self, dispatcher: u32) {
        self.gossips
            .iter_mut()
            .for_each(|gossip| gossip.note(dispatcher));
    }

    /// All rounds of gossip until now have been, that of this very instant only if `is_late`.
    #[cold]
    pub(super) fn gossip(&mut self, is_late: bool, truth: Truth<'_>) {
        let mut gossips = std::mem::take(&mut self.gossips);
        let until = truth.now.since(Time(u64::from(!is_late)));
        for gossip in &mut gossips {
            let due = until.0 / gossip.how.every.0;
            while gossip.members.len() > 1 && gossip.has_round(due) {
                self.hold_round(gossip, truth);
            }
        }
        self.gossips = gossips;
    }

    /// A round: each member tells some others, drawn at random, what it knew when the round began (push gossip:
    /// Demers et al., PODC 1987).
    fn hold_round(&mut self, gossip: &mut Gossip, truth: Truth<'_>) {
        let mut heard = std::mem::take(&mut self.heard);
        gossip.begin(&self.own);
        for teller in 0..gossip.members.len() {
            gossip.draw(teller);
            gossip.tell(teller, &mut heard);
        }
        heard
            .drain(..)
            .for_each(|news| self.hear(gossip, news, truth));
        gossip.end();
        self.heard = heard;
    }

    /// A dispatcher counts what it has heard of another, and no more what it knew.
    fn hear(&mut self, gossip: &Gossip, news: Heard, truth: Truth<'_>) {
        let face = &mut self.faces[self.face_of[news.dispatcher as usize] as usize];
        let Sees::Told(sums, _) = &mut face.sees else {
            return;
        };
        let dimensions = truth.layout.dimensions();
        for (leaflet, is_new) in [(news.old, false), (news.new, true)] {
            let Some(leaflet) = gossip.leaflets.get(leaflet as usize) else {
                continue;
            };
            let rows = leaflet.demands.chunks_exact(dimensions);
            for (&(node, service), demand) in leaflet.sent.iter().zip(rows) {
                let to = Bound {
                    node,
                    service,
                    demand,
                };
                self.changed.push(node);
                match is_new {
                    true => sums.add(to),
                    false => sums.subtract(to),
                }
            }
        }
        if self.is_kept {
            for &node in &self.changed {
                let is_up = is_up(&self.down, node);
                face.update(&self.pools, &self.news, node, is_up, truth);
            }
        }
        self.changed.clear();
    }
}
