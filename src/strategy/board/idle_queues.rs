//! Queues of idle nodes, one at each dispatcher: a node that falls idle reports to one of them alone, which
//! sends it its next task (Lu, Xie, Kliot, Geller, Larus & Greenberg, "Join-Idle-Queue", Performance Evaluation
//! 68, 2011).

use std::collections::VecDeque;

use crate::engine::random::{Draw, Key};
use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::strategy::pool::Candidates;

impl super::Board {
    /// Dispatchers keep queues of idle nodes, if they are told to: of each set of them their number, and at how many
    /// of their queues a node looks.
    #[must_use]
    pub fn with_idle_queues(
        mut self,
        dispatchers: impl Iterator<Item = (u32, u32)>,
        nodes: u32,
        key: Key,
    ) -> super::Board {
        self.idle_queues = IdleQueues::new(dispatchers, nodes, key);
        self.is_kept |= self.idle_queues.is_some();
        self
    }
}

/// The queues of all dispatchers.
#[derive(Debug)]
pub struct IdleQueues {
    sets: Vec<Set>,
    key: Key,
    /// How often each node has fallen idle.
    turns: Vec<u64>,
}

/// Those of the dispatchers of a set of parts.
#[derive(Debug)]
struct Set {
    /// Its first dispatcher.
    first: u32,
    /// How many of them a node looks at.
    among: u32,
    queues: Vec<VecDeque<NodeId>>,
    /// By node, in whose queue it is; [`NONE`] if in none.
    places: Vec<u32>,
}

impl IdleQueues {
    fn new(
        dispatchers: impl Iterator<Item = (u32, u32)>,
        nodes: u32,
        key: Key,
    ) -> Option<Box<IdleQueues>> {
        let (mut first, mut sets) = (0, Vec::new());
        for (count, among) in dispatchers {
            if among > 0 {
                sets.push(Set {
                    first,
                    among: among.min(count),
                    queues: vec![VecDeque::new(); count as usize],
                    places: vec![NONE; nodes as usize],
                });
            }
            first += count;
        }
        let turns = vec![0; nodes as usize];
        (!sets.is_empty()).then(|| Box::new(IdleQueues { sets, key, turns }))
    }

    /// Takes the first of the `candidates` out of the queue of a dispatcher.
    pub fn take(&mut self, dispatcher: u32, candidates: &Candidates<'_>) -> Option<NodeId> {
        let mut sets = self.sets.iter_mut();
        let set = sets.find(|set| set.queue_of(dispatcher).is_some())?;
        let queue = set.queues.get_mut((dispatcher - set.first) as usize)?;
        let at = queue.iter().position(|node| candidates.contains(*node))?;
        let node = queue.remove(at)?;
        set.places[node.index()] = NONE;
        Some(node)
    }

    /// A node is idle, or is not: it joins a queue of each set, or leaves it. Tells its messages.
    pub fn note(&mut self, node: NodeId, is_idle: bool) -> u64 {
        let mut messages = 0;
        for (at, set) in (0..).zip(&mut self.sets) {
            let place = set.places[node.index()];
            if is_idle && place == NONE {
                self.turns[node.index()] += 1;
                let turn = self.turns[node.index()];
                set.join(node, self.key.draw(at, turn, 0, node.0, 0));
            } else if !is_idle && place != NONE {
                set.queues[place as usize].retain(|other| *other != node);
                set.places[node.index()] = NONE;
            } else {
                continue;
            }
            messages += 1;
        }
        messages
    }
}

impl Set {
    fn queue_of(&self, dispatcher: u32) -> Option<&VecDeque<NodeId>> {
        self.queues
            .get(dispatcher.checked_sub(self.first)? as usize)
    }

    /// Of the queues that are drawn the shorter one, the first of equal ones.
    fn join(&mut self, node: NodeId, mut draw: Draw) {
        let count = self.queues.len() as u32;
        let mut place = draw.below(count);
        if self.among > 1 {
            let other = draw.below(count - 1);
            let other = other + u32::from(other >= place);
            let length = |at: u32| self.queues[at as usize].len();
            place = if length(other) < length(place) {
                other
            } else {
                place
            };
        }
        self.queues[place as usize].push_back(node);
        self.places[node.index()] = place;
    }
}
