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

/// Four dispatchers that gossip, against tables of what each knows of each that are copied in every round.
#[test]
fn gossip_tells_the_newest_that_is_known() {
    type Row = (u64, [u32; 5]);
    let (layout, every) = (layout(5), 10);
    let how = Gossiping {
        every: Time(every),
        fanout: 1,
    };
    let sight = Sight {
        information: Information::Gossip(how),
        ..sight(true)
    };
    let key = Seeds::new(7, 1).key(Purpose::Gossip);
    let mut board = Board::new(&layout, &[sight; 4], false, false).with_gossip(key);
    board.pool(&layout, &[true], &DEMAND);
    let (nodes, mut tables, mut under_way) =
        (Nodes::new(&layout), [[Row::default(); 4]; 4], vec![]);
    let (mut round, mut own) = (0, [[0u32; 5]; 4]);
    for step in 0..4_000u64 {
        let mut draw = key.draw(1, step, 0, 0, 0);
        let (now, is_late) = (Time(step * 3), draw.below(2) == 0);
        while (round + 1) * every < now.0 + u64::from(is_late) {
            round += 1;
            (0..4).for_each(|at| tables[at][at] = (round, own[at]));
            let before = tables;
            for teller in 0..4 {
                let other = key.draw(0, round, 0, teller, 0).below(3);
                let listener = (other + u32::from(other >= teller)) as usize;
                for owner in (0..4).filter(|owner| *owner != listener) {
                    let told = before[teller as usize][owner];
                    let known = &mut tables[listener][owner];
                    *known = if told.0 > known.0 { told } else { *known };
                }
            }
        }
        let truth = Truth {
            layout: &layout,
            nodes: &nodes,
            now,
        };
        let to = |node| Bound {
            node: NodeId(node),
            service: Time(5),
            demand: &DEMAND,
        };
        if draw.below(40) >= under_way.len() as u32 {
            let (dispatcher, node) = (draw.below(4), draw.below(5));
            board.sent((dispatcher, is_late), step as u32, to(node), truth);
            own[dispatcher as usize][node as usize] += 1;
            under_way.push((dispatcher, step as u32, node));
        } else {
            let (dispatcher, attempt, node) =
                under_way.swap_remove(draw.below(under_way.len() as u32) as usize);
            board.over((dispatcher, is_late), attempt, truth);
            own[dispatcher as usize][node as usize] -= 1;
        }
        if !is_late {
            continue;
        }
        for dispatcher in 0..4 {
            let spot = board.turn(dispatcher, 0, &DEMAND, truth);
            let view = board.seen(spot, truth, None).0;
            for (node, own) in own[dispatcher as usize].iter().enumerate() {
                let others = (0..4).filter(|owner| *owner != dispatcher as usize);
                let heard: u32 = others
                    .map(|owner| tables[dispatcher as usize][owner].1[node])
                    .sum();
                let seen = view.tasks(NodeId(node as u32));
                assert_eq!(seen, own + heard, "{step}");
            }
        }
    }
}
