use super::*;
use crate::engine::random::{Draw, Purpose, Seeds};
use crate::engine::time::Time;
use crate::model::cluster::{Cluster, Dimension, Group};
use crate::model::nodes::Nodes;
use crate::strategy::placement::least_loaded::LeastLoaded;
use crate::strategy::{Ask, Gossiping, Ties};

fn layout(nodes: u32) -> Layout {
    Layout::new(&Cluster {
        dimensions: vec![Dimension::slots()],
        groups: vec![Group::new("node", nodes, 1.0, vec![Some(1)])],
    })
}

fn draw() -> Draw {
    Seeds::new(1, 1).key(Purpose::Placement).draw(0, 0, 0, 0, 0)
}

/// A board over five nodes and the placement that takes the one with the fewest tasks.
struct World {
    layout: Layout,
    nodes: Nodes,
    board: Board,
    placement: Box<dyn Placement>,
}

const DEMAND: [u64; 1] = [1];

fn sight(counts: bool) -> Sight {
    Sight {
        counts,
        information: Information::Fresh,
        aperture: None,
        ties: Ties::LowestId,
    }
}

impl World {
    fn new(counts: &[bool], hides: bool, by_room: bool) -> World {
        let layout = layout(5);
        let nodes = Nodes::new(&layout);
        let sights: Vec<Sight> = counts.iter().map(|&counts| sight(counts)).collect();
        let mut board = Board::new(&layout, &sights, hides, by_room);
        assert_eq!(board.pool(&layout, &[true], &DEMAND), 0);
        let truth = Truth {
            layout: &layout,
            nodes: &nodes,
            now: Time::ZERO,
        };
        let built = board.build(&LeastLoaded::default(), 0, Ties::LowestId, truth);
        World {
            placement: built.unwrap_or_else(|problem| unreachable!("{problem}")),
            layout,
            nodes,
            board,
        }
    }

    fn truth(&self) -> Truth<'_> {
        Truth {
            layout: &self.layout,
            nodes: &self.nodes,
            now: Time::ZERO,
        }
    }

    /// Sends a task of `dispatcher` to `node`.
    fn send(&mut self, dispatcher: u32, attempt: u32, node: u32) {
        let node = NodeId(node);
        self.nodes.bind(node, 1, &[], Time(5), Time::ZERO);
        if self.nodes.has_room(node, 1, &[]) {
            self.nodes.start(node, 1, &[], Time::ZERO);
        }
        let to = Bound {
            node,
            service: Time(5),
            demand: &DEMAND,
        };
        let (layout, nodes, now) = (&self.layout, &self.nodes, Time::ZERO);
        let truth = Truth { layout, nodes, now };
        if self.board.follows() {
            self.board.sent((dispatcher, true), attempt, to, truth);
        }
        self.board.update(node, true, truth);
    }

    fn see_up(&mut self, node: u32, is_up: bool) {
        let (layout, nodes, now) = (&self.layout, &self.nodes, Time::ZERO);
        let truth = Truth { layout, nodes, now };
        self.board.see_up(NodeId(node), is_up, truth);
    }

    /// What `dispatcher` decides, and among how many.
    fn decide(&mut self, dispatcher: u32) -> (Option<u32>, u32) {
        let (layout, nodes, now) = (&self.layout, &self.nodes, Time::ZERO);
        let truth = Truth { layout, nodes, now };
        let spot = self.board.turn(dispatcher, 0, &DEMAND, truth);
        let (view, nodes) = self.board.seen(spot, truth, None);
        let ask = Ask {
            class: 0,
            job: 0,
            task: 0,
            tasks: 1,
            priority: 0,
            key: None,
            work: 1.0,
            demand: &DEMAND,
            tried: &[],
            nodes,
            ties: Ties::LowestId,
        };
        let node = self.placement.place(&ask, &view, &mut draw());
        (node.map(|node| node.0), nodes.count())
    }
}

#[test]
fn nodes_that_are_seen_down_are_no_candidates() {
    let mut world = World::new(&[true], false, false);
    world.send(0, 0, 0);
    assert_eq!(world.decide(0), (Some(1), 5));
    world.see_up(1, false);
    world.see_up(2, false);
    assert_eq!(world.decide(0), (Some(3), 3));
    world.send(0, 1, 2); // reaches it all the same
    world.see_up(1, true);
    assert_eq!(world.decide(0), (Some(1), 4));
    world.see_up(2, true);
    assert_eq!(world.decide(0), (Some(1), 5));
    (0..5).for_each(|node| world.see_up(node, false));
    assert_eq!(world.decide(0), (None, 0));
}

#[test]
fn under_a_central_queue_candidates_have_room() {
    let mut world = World::new(&[true], false, true);
    assert_eq!(world.decide(0), (Some(0), 5));
    world.send(0, 0, 0);
    world.send(0, 1, 2);
    assert_eq!(world.decide(0), (Some(1), 3));
    world.see_up(1, false);
    assert_eq!(world.decide(0), (Some(3), 2));
}

/// With a face for each dispatcher and with one face for all of them.
#[test]
fn a_dispatcher_sees_what_it_sent_and_what_has_arrived() {
    for dispatchers in [2, MOST_FACES + 3] {
        let mut world = World::new(&vec![true; dispatchers], true, false);
        world.decide(0);
        world.send(0, 0, 0);
        assert_eq!(world.decide(1), (Some(0), 5), "not seen by others");
        world.send(1, 1, 0);
        assert_eq!(world.decide(1), (Some(1), 5));
        world.send(1, 2, 1);
        assert_eq!(world.decide(0), (Some(1), 5));
        assert_eq!(world.decide(1), (Some(2), 5));
        let to = Bound {
            node: NodeId(1),
            service: Time(5),
            demand: &DEMAND,
        };
        let (layout, nodes, now) = (&world.layout, &world.nodes, Time::ZERO);
        world.board.arrived(1, 2, to, true, now);
        let truth = Truth { layout, nodes, now };
        world.board.update(NodeId(1), true, truth);
        assert_eq!(world.decide(0), (Some(2), 5), "seen by all");
        assert_eq!(world.truth().nodes.at(NodeId(0)).tasks, 2);
    }
}

/// Four dispatchers that gossip, and tables of what each knows of each that are copied in every round.
struct Gossips {
    board: Board,
    key: crate::engine::random::Key,
    layout: Layout,
    nodes: Nodes,
    /// What was the newest in which round that each has heard of each.
    tables: [[(u64, [u32; 5]); 4]; 4],
    round: u64,
    own: [[u32; 5]; 4],
    /// Dispatcher, attempt and node.
    under_way: Vec<(u32, u32, u32)>,
}

/// Time from one round to the next.
const EVERY: u64 = 10;

impl Gossips {
    fn new() -> Gossips {
        let how = Gossiping {
            every: Time(EVERY),
            fanout: 1,
        };
        let sight = Sight {
            information: Information::Gossip(how),
            ..sight(true)
        };
        let layout = layout(5);
        let key = Seeds::new(7, 1).key(Purpose::Gossip);
        let mut board = Board::new(&layout, &[sight; 4], false, false).with_gossip(key);
        board.pool(&layout, &[true], &DEMAND);
        Gossips {
            board,
            key,
            nodes: Nodes::new(&layout),
            layout,
            tables: Default::default(),
            round: 0,
            own: Default::default(),
            under_way: Vec::new(),
        }
    }

    /// All tell what they knew when the round began.
    fn tell(&mut self) {
        self.round += 1;
        (0..4).for_each(|at| self.tables[at][at] = (self.round, self.own[at]));
        let before = self.tables;
        for teller in 0..4 {
            let other = self.key.draw(0, self.round, 0, teller, 0).below(3);
            let listener = (other + u32::from(other >= teller)) as usize;
            for owner in (0..4).filter(|owner| *owner != listener) {
                let told = before[teller as usize][owner];
                let known = &mut self.tables[listener][owner];
                *known = if told.0 > known.0 { told } else { *known };
            }
        }
    }

    /// An attempt sets out, or one that did is over.
    fn change(&mut self, step: u32, now: Time, is_late: bool, draw: &mut Draw) {
        let truth = Truth {
            layout: &self.layout,
            nodes: &self.nodes,
            now,
        };
        if draw.below(40) < self.under_way.len() as u32 {
            let at = draw.below(self.under_way.len() as u32) as usize;
            let (dispatcher, attempt, node) = self.under_way.swap_remove(at);
            self.board.over((dispatcher, is_late), attempt, truth);
            self.own[dispatcher as usize][node as usize] -= 1;
            return;
        }
        let (dispatcher, node) = (draw.below(4), draw.below(5));
        let to = Bound {
            node: NodeId(node),
            service: Time(5),
            demand: &DEMAND,
        };
        self.board.sent((dispatcher, is_late), step, to, truth);
        self.own[dispatcher as usize][node as usize] += 1;
        self.under_way.push((dispatcher, step, node));
    }

    /// Each sees its own, and what the tables say of the others.
    fn check(&mut self, now: Time) {
        let truth = Truth {
            layout: &self.layout,
            nodes: &self.nodes,
            now,
        };
        for dispatcher in 0..4 {
            let spot = self.board.turn(dispatcher as u32, 0, &DEMAND, truth);
            let view = self.board.seen(spot, truth, None).0;
            for (node, own) in self.own[dispatcher].iter().enumerate() {
                let others = (0..4).filter(|owner| *owner != dispatcher);
                let heard = others.map(|owner| self.tables[dispatcher][owner].1[node]);
                let seen = view.tasks(NodeId(node as u32));
                assert_eq!(seen, own + heard.sum::<u32>(), "{now:?}");
            }
        }
    }
}

#[test]
fn gossip_tells_the_newest_that_is_known() {
    let mut gossips = Gossips::new();
    for step in 0..4_000u32 {
        let mut draw = gossips.key.draw(1, u64::from(step), 0, 0, 0);
        let (now, is_late) = (Time(u64::from(step) * 3), draw.below(2) == 0);
        while (gossips.round + 1) * EVERY < now.0 + u64::from(is_late) {
            gossips.tell();
        }
        gossips.change(step, now, is_late, &mut draw);
        if is_late {
            gossips.check(now);
        }
    }
}
