//! Nodes that go down and come up: by chance, each on its own clock, and by a script.
//!
//! A node is down if either says so. What becomes of its attempts is told in `lives`.

use std::ops::Range;

use crate::engine::random::{Purpose, Seeds, Stream};
use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::model::nodes::NodeState;
use crate::model::slab::NONE;

use super::core::{Core, Kind, PACE};
use super::setup::{NodeFailures, SlowDowns};

/// When nodes go down and come up.
pub struct Faults {
    /// The clocks of the nodes; none if they never fail by chance.
    clocks: Vec<Clock>,
    /// The clocks of the zones, with the nodes there; none if they never fail.
    zones: Vec<(Clock, Vec<Range<u32>>)>,
    /// Of each node, whether it is slow, and what says how long; none if they never are.
    slow: Vec<(Stream, bool)>,
    /// What the script says of each node; nothing if there is no script.
    script: Vec<NodeState>,
    /// The next change of the script.
    next: usize,
    /// Number of nodes.
    count: u32,
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

impl Clock {
    /// Before the first failure.
    fn wound(mut stream: Stream, failures: &NodeFailures) -> Clock {
        Clock {
            left: Time::from_secs(failures.up.sample(&mut stream)),
            stream,
            has_failed: false,
            since: None,
        }
    }
}

impl Faults {
    /// Before the first failure.
    pub fn new(core: &mut Core<'_>, seeds: Seeds) -> Faults {
        let setup = core.setup;
        let mut faults = Faults {
            clocks: Vec::new(),
            zones: Vec::new(),
            slow: Vec::new(),
            script: Vec::new(),
            next: 0,
            count: core.layout.count(),
            down_since: Vec::new(),
        };
        if let Some(failures) = &setup.faults.node_failures {
            faults.wind_clocks(core, seeds, failures);
        }
        if let Some(failures) = &setup.faults.zone_failures {
            faults.wind_zones(core, seeds, failures);
        }
        if let Some(slow_downs) = &setup.faults.slow_downs {
            faults.wind_slow_downs(core, seeds, slow_downs);
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
                let clock = Clock::wound(seeds.stream(Purpose::NodeFailure, &name), failures);
                let up = clock.left;
                self.clocks.push(clock);
                if !failures.busy_clock {
                    core.schedule_node(up, NodeId(node));
                }
                node += 1;
            }
        }
    }

    /// The episodes of a node have its number behind those of all nodes and zones.
    fn wind_slow_downs(&mut self, core: &mut Core<'_>, seeds: Seeds, slow_downs: &SlowDowns) {
        let mut id = self.count + self.zones.len() as u32;
        for group in &core.setup.cluster.groups {
            for index in 0..group.count {
                let name = format!("{}[{index}]", group.name);
                let mut stream = seeds.stream(Purpose::SlowDown, &name);
                let time = Time::from_secs(slow_downs.every.sample(&mut stream));
                core.schedule_node(time, NodeId(id));
                self.slow.push((stream, false));
                id += 1;
            }
        }
    }

    /// If `id` is of a node's episodes, one begins or ends: tells the node, and what everything takes
    /// there from now on in billionths of its time.
    pub fn change_pace(&mut self, core: &mut Core<'_>, id: u32) -> Option<(NodeId, u64)> {
        let node = id.checked_sub(self.count + self.zones.len() as u32)?;
        let (stream, is_slow) = self.slow.get_mut(node as usize)?;
        let slow_downs = core.setup.faults.slow_downs.as_ref()?;
        *is_slow = !*is_slow;
        let (law, pace) = match is_slow {
            true => (&slow_downs.last, slow_downs.factor),
            false => (&slow_downs.every, PACE),
        };
        let time = Time::from_secs(law.sample(stream));
        core.schedule_node(core.now() + time, NodeId(id));
        Some((NodeId(node), pace))
    }

    fn wind_zones(&mut self, core: &mut Core<'_>, seeds: Seeds, failures: &NodeFailures) {
        let nodes = core.layout.count();
        for (zone, (name, members)) in (nodes..).zip(core.setup.cluster.zones()) {
            let clock = Clock::wound(seeds.stream(Purpose::ZoneFailure, name), failures);
            core.schedule_node(clock.left, NodeId(zone));
            self.zones.push((clock, members));
        }
    }

    fn schedule_change(&self, core: &mut Core<'_>) {
        if let Some(change) = core.setup.faults.changes.get(self.next) {
            core.schedule(change.at, Kind::NodeChange, 0, NONE);
        }
    }

    /// What was due happens: to the node, or the zone, `id` by chance, or by the script. Tells how many
    /// ranges of nodes may have changed, which are [`Faults::hit`].
    pub fn happen(&mut self, core: &mut Core<'_>, id: u32) -> usize {
        if id != NONE {
            self.turn(core, id);
            return self.zone(id).map_or(1, |(_, nodes)| nodes.len());
        }
        let change = &core.setup.faults.changes[self.next];
        let (from, to) = (change.nodes.start as usize, change.nodes.end as usize);
        self.script[from..to].fill(change.to);
        self.next += 1;
        self.schedule_change(core);
        1
    }

    /// The range at `at` of the nodes that may have changed.
    pub fn hit(&self, core: &Core<'_>, id: u32, at: usize) -> Range<u32> {
        match (id, self.zone(id)) {
            (NONE, _) => core.setup.faults.changes[self.next - 1].nodes.clone(),
            (_, Some((_, nodes))) => nodes[at].clone(),
            (node, None) => node..node + 1,
        }
    }

    /// The zone that has the number `id` behind those of all nodes.
    fn zone(&self, id: u32) -> Option<&(Clock, Vec<Range<u32>>)> {
        let zone = id.checked_sub(self.count);
        zone.and_then(|zone| self.zones.get(zone as usize))
    }

    /// A node or a zone fails by chance, or is repaired.
    fn turn(&mut self, core: &mut Core<'_>, id: u32) {
        let faults = &core.setup.faults;
        let (failures, clock) = match id.checked_sub(self.count) {
            None => (&faults.node_failures, &mut self.clocks[id as usize]),
            Some(zone) => (&faults.zone_failures, &mut self.zones[zone as usize].0),
        };
        let Some(failures) = failures else { return };
        clock.has_failed = !clock.has_failed;
        clock.since = None;
        let law = match clock.has_failed {
            true => &failures.down,
            false => &failures.up,
        };
        let time = Time::from_secs(law.sample(&mut clock.stream));
        if clock.has_failed || !failures.busy_clock {
            core.schedule_node(core.now() + time, NodeId(id));
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
        let is_there = |nodes: &Vec<Range<u32>>| nodes.iter().any(|n| n.contains(&node.0));
        let mut zones = self.zones.iter();
        let is_zone_down = zones.any(|(clock, nodes)| clock.has_failed && is_there(nodes));
        match self.clocks.get(node.index()) {
            _ if is_zone_down => NodeState::Down,
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
