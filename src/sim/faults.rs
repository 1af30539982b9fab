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

use super::core::{Core, Kind};
use super::setup::{Change, NodeFailures, Turn};

/// When nodes go down and come up.
pub struct Faults {
    /// The clocks of the nodes; none if they never fail by chance.
    clocks: Vec<Clock>,
    /// What the script says of each node; nothing if there is no script.
    script: Vec<NodeState>,
    /// The next change of the script.
    next: usize,
    /// Whether each node is there; nothing if all always are.
    presence: Vec<Presence>,
    /// What each node was last, and since when; nothing while all are up.
    modes: Vec<(Mode, Time)>,
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

impl Faults {
    /// Before the first failure.
    pub fn new(core: &mut Core<'_>, seeds: Seeds) -> Faults {
        let setup = core.setup;
        let mut faults = Faults {
            clocks: Vec::new(),
            script: Vec::new(),
            next: 0,
            presence: Vec::new(),
            modes: Vec::new(),
        };
        let moves = |change: &Change| !matches!(change.to, Turn::State(_));
        if setup.cluster.is_elastic() || setup.faults.changes.iter().any(moves) {
            faults.presence = presence(&setup.cluster.groups);
        }
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
        if id != NONE && id & BOOTED != 0 {
            let id = id & !BOOTED;
            self.boot(NodeId(id));
            return id..id + 1;
        }
        if id != NONE {
            self.turn(core, NodeId(id));
            return id..id + 1;
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

    /// What a node is to be now.
    pub fn mode(&self, node: NodeId) -> Mode {
        let presence = self.presence.get(node.index()).copied();
        let state = match self.clocks.get(node.index()) {
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
        let away = group.count - group.initial;
        let there = std::iter::repeat_n(Presence::There, group.initial as usize);
        there.chain(std::iter::repeat_n(Presence::Away, away as usize))
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
