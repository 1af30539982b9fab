//! Nodes that go down and come up: by chance, each on its own clock, and by a script; and nodes that
//! join and leave.
//!
//! A node is down if either says so, or if it is not there. What becomes of its attempts is told in `lives`.

use std::ops::Range;

use crate::engine::random::{Purpose, Seeds, Stream};
use crate::engine::time::Time;
use crate::model::cluster::Group;
use crate::model::ids::NodeId;
use crate::model::nodes::NodeState;
use crate::model::slab::NONE;

use super::core::{Core, Kind, PACE};
use super::setup::{Change, NodeFailures, SlowDowns, Turn};

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
    /// Whether each node is there; nothing if all always are.
    presence: Vec<Presence>,
    /// What each node was last, and since when; nothing while all are up.
    modes: Vec<(Mode, Time)>,
    /// Number of nodes.
    count: u32,
}

/// Whether a node is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    There,
    /// It takes nothing more, and is away once it has nothing left.
    Leaving,
    Booting,
    Away,
}

/// What a node is, all in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Up,
    Draining,
    Down,
    Booting,
    Away,
}

impl Mode {
    /// As dispatchers and queues see it.
    pub fn state(self) -> NodeState {
        match self {
            Mode::Up => NodeState::Up,
            Mode::Draining => NodeState::Draining,
            Mode::Down | Mode::Booting | Mode::Away => NodeState::Down,
        }
    }
}

/// In the payload of an event: the node has booted.
const BOOTED: u32 = 1 << 31;

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
            presence: Vec::new(),
            modes: Vec::new(),
            count: core.layout.count(),
        };
        let moves = |change: &Change| !matches!(change.to, Turn::State(_));
        if setup.cluster.is_elastic() || setup.faults.changes.iter().any(moves) {
            faults.presence = presence(&setup.cluster.groups);
        }
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
        if id != NONE && id & BOOTED != 0 {
            self.boot(NodeId(id & !BOOTED));
            return 1;
        }
        if id != NONE {
            self.turn(core, id);
            return self.zone(id).map_or(1, |(_, nodes)| nodes.len());
        }
        let change = &core.setup.faults.changes[self.next];
        let (from, to) = (change.nodes.start as usize, change.nodes.end as usize);
        match change.to {
            Turn::State(state) => self.script[from..to].fill(state),
            Turn::Join => self.presence[from..to].fill(Presence::There),
            Turn::Leave => {
                let nodes = self.presence[from..to].iter_mut();
                nodes.for_each(|presence| *presence = presence.leave());
            }
        }
        self.next += 1;
        self.schedule_change(core);
        1
    }

    /// The range at `at` of the nodes that may have changed.
    pub fn hit(&self, core: &Core<'_>, id: u32, at: usize) -> Range<u32> {
        if id != NONE && id & BOOTED != 0 {
            let node = id & !BOOTED;
            return node..node + 1;
        }
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

    /// What a node is to be now.
    pub fn mode(&self, node: NodeId) -> Mode {
        let presence = self.presence.get(node.index()).copied();
        let is_there = |nodes: &Vec<Range<u32>>| nodes.iter().any(|n| n.contains(&node.0));
        let mut zones = self.zones.iter();
        let is_zone_down = zones.any(|(clock, nodes)| clock.has_failed && is_there(nodes));
        let state = match self.clocks.get(node.index()) {
            _ if is_zone_down => NodeState::Down,
            Some(clock) if clock.has_failed => NodeState::Down,
            _ => self.script.get(node.index()).copied().unwrap_or_default(),
        };
        match (presence, state) {
            (Some(Presence::Away), _) => Mode::Away,
            (Some(Presence::Booting), _) => Mode::Booting,
            (_, NodeState::Down) => Mode::Down,
            (Some(Presence::Leaving), _) | (_, NodeState::Draining) => Mode::Draining,
            (_, NodeState::Up) => Mode::Up,
        }
    }

    /// A node is `mode` from now on: the time for which it was what it was is counted.
    pub fn note(&mut self, core: &mut Core<'_>, node: NodeId, mode: Mode) {
        if self.modes.is_empty() {
            self.modes = vec![(Mode::Up, Time::ZERO); core.layout.count() as usize];
        }
        let now = core.now();
        let (before, since) = std::mem::replace(&mut self.modes[node.index()], (mode, now));
        count(core, node, before, since, now);
    }

    /// Time for which nodes are not up at the end.
    pub fn finish(&self, core: &mut Core<'_>, over: Time) {
        for (node, &(mode, since)) in (0..).map(NodeId).zip(&self.modes) {
            count(core, node, mode, since, over);
        }
    }

    /// The nodes that are not there from the start.
    pub fn absent(&self) -> Vec<NodeId> {
        let nodes = (0..).map(NodeId).zip(&self.presence);
        let absent = nodes.filter(|(_, presence)| **presence == Presence::Away);
        absent.map(|(node, _)| node).collect()
    }

    /// True if a node is to be away as soon as it has nothing left.
    #[inline]
    pub fn is_leaving(&self, node: NodeId) -> bool {
        self.presence.get(node.index()) == Some(&Presence::Leaving)
    }

    /// A node that is leaving has nothing left.
    #[cold]
    pub fn depart(&mut self, core: &mut Core<'_>, node: NodeId) {
        self.presence[node.index()] = Presence::Away;
        self.note(core, node, Mode::Away);
        core.nodes.set_state(node, NodeState::Down);
    }

    /// A node is asked for, and will be there after `boot`.
    pub fn ask_for(&mut self, core: &mut Core<'_>, node: NodeId, boot: Time) {
        self.presence[node.index()] = Presence::Booting;
        core.schedule(core.now() + boot, Kind::NodeChange, 0, node.0 | BOOTED);
    }

    fn boot(&mut self, node: NodeId) {
        if self.presence[node.index()] == Presence::Booting {
            self.presence[node.index()] = Presence::There;
        }
    }

    /// A node is to leave.
    pub fn send_away(&mut self, node: NodeId) {
        let presence = &mut self.presence[node.index()];
        *presence = presence.leave();
    }

    /// Of `nodes` those that are there to stay, those that boot, and those that are away.
    pub fn size(&self, nodes: Range<u32>) -> Size {
        let mut size = Size::default();
        for node in nodes.map(NodeId) {
            match self.presence[node.index()] {
                Presence::There => size.there.push(node),
                Presence::Booting => size.booting += 1,
                Presence::Away => size.away.push(node),
                Presence::Leaving => {}
            }
        }
        size
    }
}

/// How large a group is.
#[derive(Default)]
pub struct Size {
    /// Nodes that are there to stay.
    pub there: Vec<NodeId>,
    /// How many boot.
    pub booting: u32,
    /// Nodes that are away.
    pub away: Vec<NodeId>,
}

impl Presence {
    fn leave(self) -> Presence {
        match self {
            Presence::There | Presence::Leaving => Presence::Leaving,
            Presence::Booting | Presence::Away => Presence::Away,
        }
    }
}

/// Which nodes are there from the start.
fn presence(groups: &[Group]) -> Vec<Presence> {
    let of = |group: &Group| {
        let there = group.count - group.away;
        let there = std::iter::repeat_n(Presence::There, there as usize);
        there.chain(std::iter::repeat_n(Presence::Away, group.away as usize))
    };
    groups.iter().flat_map(of).collect()
}

/// Counts the time for which a node was `mode`.
fn count(core: &mut Core<'_>, node: NodeId, mode: Mode, since: Time, until: Time) {
    let span = core.window.overlap(since, until);
    match mode {
        Mode::Up | Mode::Draining => {}
        Mode::Down => core.busy.rest(node, span),
        Mode::Booting | Mode::Away => core.busy.miss(node, span, mode == Mode::Booting),
    }
}
