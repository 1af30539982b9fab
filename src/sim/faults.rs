//! Nodes that go down and come up: by chance, each on its own clock, and by a script.
//!
//! A node is down if either says so. What becomes of its attempts is told in `lives`.

use std::ops::Range;

use crate::engine::random::{Purpose, Seeds, Stream};
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::nodes::NodeState;
use crate::model::slab::NONE;

use super::core::{Core, Kind};
use super::setup::NodeFailures;

/// When nodes go down and come up.
pub struct Faults {
    /// The clocks of the nodes; none if they never fail by chance.
    clocks: Vec<Clock>,
    /// What the script says of each node; nothing if there is no script.
    script: Vec<NodeState>,
    /// The next change of the script.
    next: usize,
    /// When each node went down, of those that are down; nothing before one goes down.
    down_since: Vec<Option<Time>>,
}

/// The failures and repairs of one node by chance.
struct Clock {
    stream: Stream,
    has_failed: bool,
    /// Time at work that is left until the next failure, as of `since`; it is at work if there is
    /// such an instant. (Only of clocks that run while the node is at work.)
    left: Time,
    since: Option<Time>,
}

impl Faults {
    /// Before the first failure.
    pub fn new(core: &mut Core<'_>, seeds: Seeds) -> Faults {
        let setup = core.setup;
        let mut faults = Faults {
            clocks: Vec::new(),
            script: Vec::new(),
            next: 0,
            down_since: Vec::new(),
        };
        if let Some(failures) = &setup.faults.node_failures {
            faults.wind_clocks(core, seeds, failures);
        }
        if !setup.faults.changes.is_empty() {
            faults.script = vec![NodeState::Up; core.layout.count() as usize];
            faults.schedule_change(core);
        }
        faults
    }

    fn wind_clocks(&mut self, core: &mut Core<'_>, seeds: Seeds, failures: &NodeFailures) {
        let mut node = 0;
        for group in &core.setup.cluster.groups {
            for index in 0..group.count {
                let name = format!("{}[{index}]", group.name);
                let mut stream = seeds.stream(Purpose::NodeFailure, &name);
                let up = Time::from_secs(failures.up.sample(&mut stream));
                self.clocks.push(Clock {
                    stream,
                    has_failed: false,
                    left: up,
                    since: None,
                });
                if !failures.busy_clock {
                    core.schedule_node(up, NodeId(node));
                }
                node += 1;
            }
        }
    }

    fn schedule_change(&self, core: &mut Core<'_>) {
        if let Some(change) = core.setup.faults.changes.get(self.next) {
            core.schedule(change.at, Kind::NodeChange, 0, NONE);
        }
    }

    /// What was due happens: to the node `id` by chance, or by the script. Tells the nodes that may
    /// have changed.
    pub fn happen(&mut self, core: &mut Core<'_>, id: u32) -> Range<u32> {
        if id != NONE {
            self.turn(core, NodeId(id));
            return id..id + 1;
        }
        let change = &core.setup.faults.changes[self.next];
        let (from, to) = (change.nodes.start as usize, change.nodes.end as usize);
        self.script[from..to].fill(change.to);
        self.next += 1;
        self.schedule_change(core);
        change.nodes.clone()
    }

    /// A node fails by chance, or is repaired.
    fn turn(&mut self, core: &mut Core<'_>, node: NodeId) {
        let Some(failures) = &core.setup.faults.node_failures else {
            return;
        };
        let clock = &mut self.clocks[node.index()];
        clock.has_failed = !clock.has_failed;
        clock.since = None;
        let law = match clock.has_failed {
            true => &failures.down,
            false => &failures.up,
        };
        let time = Time::from_secs(law.sample(&mut clock.stream));
        if clock.has_failed || !failures.busy_clock {
            core.schedule_node(core.now() + time, node);
        } else {
            clock.left = time;
        }
    }

    /// The node may have begun to work, or have become idle: a clock that runs only meanwhile is
    /// started or stopped.
    pub fn follow(&mut self, core: &mut Core<'_>, node: NodeId) {
        let now = core.now();
        let works = !core.nodes.at(node).running.is_empty();
        let clock = &mut self.clocks[node.index()];
        match clock.since {
            None if works && !clock.has_failed => {
                clock.since = Some(now);
                core.schedule_node(now + clock.left, node);
            }
            Some(since) if !works => {
                clock.left = clock.left.since(Time((now - since).0));
                clock.since = None;
                core.call_off_node(node);
            }
            _ => {}
        }
    }

    /// In which state a node is to be now.
    pub fn state(&self, node: NodeId) -> NodeState {
        match self.clocks.get(node.index()) {
            Some(clock) if clock.has_failed => NodeState::Down,
            _ => self.script.get(node.index()).copied().unwrap_or_default(),
        }
    }

    /// A node goes down, or comes up: the time for which it is down is counted.
    pub fn note(&mut self, core: &mut Core<'_>, node: NodeId, is_down: bool) {
        if self.down_since.is_empty() {
            self.down_since = vec![None; core.layout.count() as usize];
        }
        let now = core.now();
        if let Some(since) = self.down_since[node.index()].take() {
            core.busy.rest(node, core.window.overlap(since, now));
        }
        self.down_since[node.index()] = is_down.then_some(now);
    }

    /// Time for which nodes are still down at the end.
    pub fn finish(&self, core: &mut Core<'_>, over: Time) {
        for (node, since) in (0..).map(NodeId).zip(&self.down_since) {
            if let Some(since) = *since {
                core.busy.rest(node, core.window.overlap(since, over));
            }
        }
    }
}
