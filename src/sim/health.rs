//! What dispatchers know of the health of nodes: when they hear that one has gone down or come up, whom they do not
//! use because attempts fail there, and how slowly they come back to it.
//!
//! Active checks with thresholds in both directions, and a weight that grows from nothing, are those of HAProxy
//! (`inter`, `fall`, `rise`, `slowstart`); ejection after failures in a row for a time is Envoy's outlier detection.

use crate::engine::random::unit;
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::slab::NONE;
use crate::strategy::health::{Checks, Detection};

use super::core::{Core, Timer};
use super::failure::Fallible;
use super::faults::Mode;
use super::records::draw;
use super::replication::Replication;

/// In the payload of an event: the node has gone down.
const DOWN: u32 = 1 << 31;

/// The first check of a node at or after `now`: those of all nodes are spread evenly.
fn next_check(core: &Core<'_>, node: NodeId, every: Time) -> Time {
    let (at, nodes) = (u128::from(node.0) + 1, u128::from(core.layout.count()));
    let first = (u128::from(every.0) * at / nodes) as u64;
    let rounds = core.now().0.saturating_sub(first).div_ceil(every.0);
    Time(first + rounds * every.0)
}

impl Replication<'_> {
    /// A node is `mode` now, of which dispatchers may hear later.
    #[cold]
    pub(super) fn note_mode(&mut self, node: NodeId, mode: Mode) -> Fallible {
        let is_down = mode == Mode::Down;
        let serves = matches!(mode, Mode::Up | Mode::Down) && !self.faults.is_leaving(node);
        let standing = &mut self.known.nodes[node.index()];
        standing.serves = serves;
        if standing.is_down != is_down {
            standing.is_down = is_down;
            self.detect(node);
        }
        self.see(node)
    }

    /// A node has gone down, or come up.
    fn detect(&mut self, node: NodeId) {
        let (core, standing) = (&mut self.core, &mut self.known.nodes[node.index()]);
        let now = core.now();
        match core.setup.strategy.health.detection {
            Detection::AtOnce => standing.is_thought_down = standing.is_down,
            Detection::After(delay) => {
                let payload = node.0 | if standing.is_down { DOWN } else { 0 };
                core.wait_until(now + delay, Timer::Detection, payload);
            }
            Detection::Checks(Checks { every, .. }) if !standing.is_checked => {
                standing.is_checked = true;
                let at = next_check(core, node, every);
                core.wait_until(at, Timer::Check, node.0);
            }
            Detection::Checks(_) => {}
        }
    }

    /// A node is checked. As long as nothing is new of it, that need not be followed.
    fn check(&mut self, node: NodeId, checks: &Checks) -> Fallible {
        let now = self.core.now();
        let is_down = self.known.nodes[node.index()].is_down;
        match is_down {
            true => (self.core).wait_until(now + checks.timeout, Timer::CheckFailed, node.0),
            false => self.known.hear(node, true, checks),
        }
        let standing = &mut self.known.nodes[node.index()];
        standing.is_checked = standing.is_thought_down != is_down || standing.streak > 0;
        if standing.is_checked {
            (self.core).wait_until(now + checks.every, Timer::Check, node.0);
        }
        self.see(node)
    }

    /// Dispatchers hear something of a node; see [`Timer`].
    #[cold]
    pub(super) fn hear_of_node(&mut self, timer: u32, payload: u32) -> Fallible {
        let node = NodeId(payload & !DOWN);
        let standing = &mut self.known.nodes[node.index()];
        match (timer, self.core.setup.strategy.health.detection) {
            (10, Detection::Checks(checks)) => self.known.hear(node, false, &checks),
            (11, Detection::Checks(checks)) => return self.check(node, &checks),
            (12, _) => standing.is_thought_down = payload & DOWN != 0,
            _ => {
                (standing.is_ejected, standing.failures) = (false, 0);
                self.known.ejected -= 1;
            }
        }
        self.see(node)
    }

    /// Dispatchers see a node up or down, by all that they know.
    fn see(&mut self, node: NodeId) -> Fallible {
        let standing = &mut self.known.nodes[node.index()];
        let is_seen = standing.serves && !standing.is_thought_down && !standing.is_ejected;
        if standing.is_seen == is_seen {
            return Ok(());
        }
        (standing.is_seen, standing.is_left_out) = (is_seen, false);
        standing.since = self.core.now();
        if self.core.setup.strategy.health.slow_start.is_some() {
            let ramping = &mut self.known.ramping;
            ramping.retain(|other| *other != node);
            if is_seen {
                ramping.push(node);
                ramping.sort_unstable();
            }
        }
        self.dispatch.see_up(&mut self.core, node, is_seen);
        match is_seen {
            true => self.place_parked(),
            false => Ok(()),
        }
    }

    /// An attempt at `node`, if it was anywhere, has come to nothing.
    pub(super) fn judge_failure(&mut self, node: NodeId) -> Fallible {
        match self.known.is_plain() || node.0 == NONE {
            true => Ok(()),
            false => self.judge_node(node, false),
        }
    }

    /// An attempt at `node` has come to nothing, or has not.
    #[cold]
    pub(super) fn judge_node(&mut self, node: NodeId, is_well: bool) -> Fallible {
        let Some(ejection) = self.core.setup.strategy.health.ejection else {
            return Ok(());
        };
        if is_well {
            self.known.nodes[node.index()].failures = 0;
        } else if self.known.count_failure(node, &ejection) {
            let until = self.core.now() + ejection.time;
            self.core.wait_until(until, Timer::Readmission, node.0);
            return self.see(node);
        }
        Ok(())
    }

    /// Nodes that come back slowly are left out of the decision at hand, each unless it is chosen by a chance that
    /// grows with the time since it came back; none, if no other is left.
    #[cold]
    pub(super) fn leave_out(&mut self, id: u32) {
        let (now, window) = (self.core.now(), self.core.setup.strategy.health.slow_start);
        let window = window.unwrap_or_default();
        let (task, job) = self.core.records.both(id);
        let mut draw = draw(self.core.keys.slow_start, job, task, 0);
        let ramping = std::mem::take(&mut self.known.ramping);
        for &node in &ramping {
            let age = now - self.known.nodes[node.index()].since;
            let is_out = age < window && unit(&mut draw) >= age.0 as f64 / window.0 as f64;
            self.put_aside(node, is_out);
        }
        if !self.dispatch.has_candidates(&mut self.core, id) {
            ramping.iter().for_each(|node| self.put_aside(*node, false));
        }
        self.known.ramping = ramping;
        let nodes = &self.known.nodes;
        let is_young = |node: &NodeId| now - nodes[node.index()].since < window;
        self.known.ramping.retain(is_young);
    }

    /// The decision at hand is to do without a node, or not.
    fn put_aside(&mut self, node: NodeId, is_out: bool) {
        let standing = &mut self.known.nodes[node.index()];
        if standing.is_left_out != is_out {
            standing.is_left_out = is_out;
            self.dispatch.show(&mut self.core, node, !is_out);
        }
    }

    /// True if some nodes come back slowly.
    #[inline]
    pub(super) fn comes_back_slowly(&self) -> bool {
        !self.known.ramping.is_empty()
    }
}
