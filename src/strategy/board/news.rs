//! What dispatchers are told of the nodes later than it happens: on a bulletin board that is renewed
//! now and then (Mitzenmacher, "How useful is old information?", IEEE TPDS 11, 2000), or by
//! messages that take time.
//!
//! Nothing is copied that did not change: a node's new state waits until it is told, and is laid
//! open when somebody looks. So a board that is renewed every nanosecond costs no more than one that
//! is renewed once a day.

use std::collections::VecDeque;

use super::travelling::{Instant, Travelling};
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::strategy::truth::Truth;

/// When what happens is told.
#[derive(Clone, Copy, Debug)]
pub enum Timing {
    /// Every `every` from `first` on; at the start, nothing has happened.
    Periodic { every: Time, first: Time },
    /// After this time.
    Delayed { by: Time },
}

impl Timing {
    /// Of when what is told `now` is.
    fn clock(self, now: Time) -> Time {
        match self {
            Timing::Periodic { every, first } if now >= first => {
                Time(now.0 - (now.0 - first.0) % every.0)
            }
            Timing::Periodic { .. } => Time::ZERO,
            Timing::Delayed { by } => now.since(by),
        }
    }

    /// True if what happened at `at` is told where all is told until `clock`.
    fn is_told(self, at: Instant, clock: Time) -> bool {
        match self {
            Timing::Periodic { .. } => at.time < clock || at.time == clock && !at.is_late,
            Timing::Delayed { .. } => at.time <= clock,
        }
    }
}

/// A node as it was.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    tasks: u32,
    rate: u32,
    level: u64,
    since: Time,
}

/// See the module.
#[derive(Debug)]
pub struct News {
    timing: Timing,
    clock: Time,
    told: Vec<State>,
    held: Vec<u64>,
    /// What has happened and is not told yet, by time; of a board that is renewed, each node once.
    pending: VecDeque<(Instant, NodeId, State)>,
    pending_held: VecDeque<u64>,
    /// Where a node stands in it, from 1 on; used of a board that is renewed.
    places: Vec<u32>,
    dimensions: usize,
}

impl News {
    /// Of nodes at which nothing has happened.
    pub fn new(timing: Timing, layout: &Layout) -> News {
        let (count, dimensions) = (layout.count() as usize, layout.dimensions());
        News {
            timing,
            clock: Time::ZERO,
            told: vec![State::default(); count],
            held: vec![0; count * dimensions],
            pending: VecDeque::new(),
            pending_held: VecDeque::new(),
            places: vec![0; count],
            dimensions,
        }
    }

    /// Of when it is.
    pub fn clock(&self) -> Time {
        self.clock
    }

    /// When what happens is told.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// Tasks running and queued at the node.
    pub fn tasks(&self, node: NodeId) -> u32 {
        self.told[node.index()].tasks
    }

    /// Service left there, nanoseconds, and the rate at which it falls.
    pub fn work(&self, node: NodeId) -> (u64, u32) {
        let state = self.told[node.index()];
        let gone = u64::from(state.rate) * self.clock.since(state.since).0;
        (state.level.wrapping_sub(gone), state.rate)
    }

    /// Demand held there by dimension.
    pub fn held(&self, node: NodeId) -> &[u64] {
        let start = node.index() * self.dimensions;
        &self.held[start..start + self.dimensions]
    }

    /// True if what happened at `at` is told.
    pub fn is_told(&self, at: Instant) -> bool {
        self.timing.is_told(at, self.clock)
    }

    /// The node has changed; those of which something else is told from now on are put into
    /// `changed`. What is `on_way` to nodes they cannot tell of.
    pub fn note(
        &mut self,
        node: NodeId,
        truth: Truth<'_>,
        on_way: Option<&Travelling>,
        is_late: bool,
        changed: &mut Vec<NodeId>,
    ) {
        let at = Instant {
            time: truth.now,
            is_late,
        };
        let state = truth.nodes.at(node);
        let (seen, rate) = truth.nodes.work_seen(node, truth.now);
        let (tasks, work) = on_way.map_or((0, 0), |way| (way.tasks(node), way.work(node)));
        let state = State {
            tasks: state.tasks - tasks,
            rate,
            level: seen.wrapping_sub(work),
            since: truth.now,
        };
        let on_way = on_way.map(|way| way.held(node));
        let held = truth.nodes.held(node).iter().enumerate();
        let held = held.map(|(d, held)| held - on_way.map_or(0, |way| way[d]));
        match self.timing {
            Timing::Delayed { .. } => self.append(at, node, state, held),
            Timing::Periodic { .. } => {
                self.read(truth.now, changed);
                self.replace(at, node, state, held, changed);
            }
        }
    }

    fn append(&mut self, at: Instant, node: NodeId, state: State, held: impl Iterator<Item = u64>) {
        self.pending.push_back((at, node, state));
        self.pending_held.extend(held);
    }

    /// Puts a node's state in the place of an earlier one that is not told yet either.
    fn replace(
        &mut self,
        at: Instant,
        node: NodeId,
        state: State,
        held: impl Iterator<Item = u64>,
        changed: &mut Vec<NodeId>,
    ) {
        let d = self.dimensions;
        if let Some(place) = (self.places[node.index()] as usize).checked_sub(1) {
            self.pending[place] = (at, node, state);
            let row = self.pending_held.iter_mut().skip(place * d);
            row.zip(held).for_each(|(old, new)| *old = new);
        } else if self.is_told(at) {
            self.told[node.index()] = state;
            let row = self.held.iter_mut().skip(node.index() * d);
            row.zip(held).for_each(|(old, new)| *old = new);
            changed.push(node);
        } else {
            self.append(at, node, state, held);
            self.places[node.index()] = self.pending.len() as u32;
        }
    }

    /// Brings it up to date for whoever looks `now`; the nodes of which something else is told from
    /// now on are put into `changed`.
    pub fn read(&mut self, now: Time, changed: &mut Vec<NodeId>) {
        self.clock = self.timing.clock(now);
        while let Some(&(at, node, state)) = self.pending.front()
            && self.is_told(at)
        {
            self.pending.pop_front();
            self.told[node.index()] = state;
            let row = self.held.iter_mut().skip(node.index() * self.dimensions);
            let new = self.pending_held.drain(..self.dimensions);
            row.zip(new).for_each(|(old, new)| *old = new);
            self.places[node.index()] = 0;
            changed.push(node);
        }
    }
}
