//! Three placements with a deliberate mistake: each is caught, with a message that leads to the cause.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use equipoise::decision_log::first_difference::{DifferenceKind, FirstDifference, against_log};
use equipoise::decision_log::{DecisionLog, LogRecorder, NODES_KEPT};
use equipoise::engine::law::Law;
use equipoise::engine::random::Draw;
use equipoise::model::ids::NodeId;
use equipoise::report::decision_text::{Labels, lines};
use equipoise::scenario::Scenario;
use equipoise::sim::setup::{Measure, Setup};
use equipoise::sim::{self};
use equipoise::strategy::{Ask, Blueprint, Eligible, Placement, Problem, Reports, View};

use crate::common::{group, open};
use crate::{contract, gate_rates};

/// Two nodes drawn at random, the one with fewer tasks; `eligible` says which may be drawn at all,
/// and one time in `longer` (never if 0) the one with more tasks is taken.
#[derive(Clone, Debug)]
struct Two {
    ignored: u32,
    longer: u32,
}

const RIGHT: Two = Two {
    ignored: 0,
    longer: 0,
};

impl Blueprint for Two {
    fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Drawn(self.clone())))
    }
}

struct Drawn(Two);

impl Placement for Drawn {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let may = |node: &NodeId| self.0.ignored == 0 || node.0 % self.0.ignored != 3;
        let allowed = ask.nodes.iter().filter(may);
        let count = allowed.clone().count() as u32;
        if count == 0 {
            return ask.nodes.iter().next();
        }
        let mut draw = || {
            let at = rng.below(count) as usize;
            let node = allowed.clone().nth(at).unwrap();
            view.probe(node);
            (view.tasks(node), node)
        };
        let drawn = [draw(), draw()];
        let is_odd_time = self.0.longer > 0 && rng.below(self.0.longer) == 0;
        let of = drawn.iter();
        let taken = if is_odd_time { of.max() } else { of.min() };
        taken.map(|(_, node)| *node)
    }
}

/// The node with the least memory held, by a book that notes what is taken and forgets what is
/// given back.
#[derive(Clone, Debug)]
struct Forgetful;

impl Blueprint for Forgetful {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Book(vec![0; eligible.layout().count() as usize])))
    }
}

struct Book(Vec<u64>);

impl Placement for Book {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, _: &mut Draw) -> Option<NodeId> {
        let memory = view.layout().dimensions() - 1;
        for node in ask.nodes.iter() {
            let held = &mut self.0[node.index()];
            *held = view.held(node, memory).max(*held);
        }
        ask.nodes.iter().min_by_key(|node| self.0[node.index()])
    }

    fn reports(&self) -> Reports {
        Reports::Loads
    }
}

/// What the contract suite says of a placement; nothing if it is content.
fn complaint(blueprint: impl Blueprint + 'static) -> Option<String> {
    let contract = contract::contract("power-of-d-like", Arc::new(blueprint));
    contract.check().err()
}

#[test]
fn the_right_one_passes() {
    assert_eq!(complaint(RIGHT), None);
}

#[test]
fn one_node_in_ten_is_ignored() {
    let said = complaint(Two {
        ignored: 10,
        ..RIGHT
    });
    let said = said.expect("caught");
    assert!(said.contains("never used node[3], node[13],"), "{said}");
}

#[test]
fn memory_is_never_released() {
    let said = complaint(Forgetful).expect("caught");
    assert!(
        said.contains("a memory of its own that does not agree"),
        "{said}"
    );
    // It avoids a node for fuller than it is.
    let used = said.split("chooses ").nth(1).expect("another node");
    assert!(used.contains("% used"), "{said}");
}

fn farm(blueprint: impl Blueprint + 'static) -> Setup {
    let interval = Law::Exponential { mean: 1.0 / 18.0 };
    let work = Law::Exponential { mean: 1.0 };
    let mut setup = open(vec![group("node", 20, 1.0)], interval, 1, work, "random");
    setup.strategy.parts[0].placement = Arc::new(blueprint);
    setup.window.measure = Measure::Jobs {
        class: None,
        count: 5_000,
    };
    setup
}

fn log(setup: &Setup, kept: usize) -> DecisionLog {
    let mut recorder = LogRecorder::new(kept);
    sim::run(setup, 1, Some(&mut recorder)).unwrap();
    recorder.finish()
}

fn parted(old: &DecisionLog, new: &Setup) -> Option<FirstDifference> {
    against_log(new, 1, old, &log(new, NODES_KEPT)).unwrap()
}

/// The longer of two queues one time in fifty is a function of what is seen, and so for the gate:
/// its first different decision shows the two candidates, and that the one with more tasks was taken.
#[test]
fn the_longer_of_two_queues_is_taken_one_time_in_fifty() {
    let wrong = farm(Two {
        longer: 50,
        ..RIGHT
    });
    let old = log(&farm(RIGHT), NODES_KEPT);
    let first = parted(&old, &wrong).expect("caught");
    let DifferenceKind::Decision(decisions) = &first.kind else {
        panic!("{first:?}");
    };
    let (old_decision, new_decision) = &**decisions;
    assert!(
        new_decision.chosen.tasks > old_decision.chosen.tasks,
        "{first:?}"
    );
    let asked = |name: &str| new_decision.asked.iter().any(|node| node.name == name);
    assert!(asked(&old_decision.chosen.name) && asked(&new_decision.chosen.name));
    let shift = first.shift.as_ref().expect("replication 1");
    assert!(shift.differing > 100 && shift.of == 5_000, "{shift:?}");

    let labels = Labels {
        old: "baseline",
        new: "now",
    };
    let text = lines("two", &first, labels).join("\n");
    for part in [
        "replication 1, t = ",
        "\n  baseline  node[",
        "\n  now       node[",
        "nodes asked",
    ] {
        assert!(text.contains(part), "{text}");
    }
    // The same from what a small file keeps of the old side.
    let cut = old.cut(3_000);
    assert_eq!(parted(&cut, &wrong).unwrap().kind, first.kind);
    assert_eq!(parted(&old, &farm(RIGHT)), None);
    assert_eq!(parted(&cut, &farm(RIGHT)), None);
}

/// The same change in a scenario of many replications: the gate itself fails it.
#[test]
fn the_gate_fails_the_longer_of_two_queues() {
    const FARM: &str = r#"
[run]
jobs = 4_000
replications = 10
[nodes.node]
count = 10
[workload]
load = 0.8
[jobs.request]
arrivals = "poisson"
work.exponential.mean = "10ms"
[strategies.two]
placement.power-of-d.d = 2
[compare]
decide-on = ["response_mean"]
margin = 0.01
"#;
    let placed_by = |two: Two, mut scenario: Scenario| {
        for setup in scenario
            .points
            .iter_mut()
            .flat_map(|point| &mut point.setups)
        {
            setup.strategy.parts[0].placement = Arc::new(two.clone());
        }
        scenario
    };
    let right = placed_by(RIGHT, gate_rates::scenario(FARM, 1, &[]));
    let file = gate_rates::save(&right).unwrap();
    assert!(!gate_rates::check(&file, &right, 0).fails());
    let longer = 50;
    let wrong = placed_by(Two { longer, ..RIGHT }, right);
    let judged = gate_rates::check(&file, &wrong, 0);
    assert!(judged.fails(), "{judged:?}");
}

/// Where hardly anything is kept of the old side, a range is told that holds the decision.
#[test]
fn beyond_what_is_kept_a_range_is_told() {
    let wrong = farm(Two {
        longer: 50,
        ..RIGHT
    });
    let old = log(&farm(RIGHT), NODES_KEPT);
    let DifferenceKind::Decision(decisions) = parted(&old, &wrong).unwrap().kind else {
        panic!("a decision");
    };
    let least = log(&farm(RIGHT), 0);
    let DifferenceKind::Among(range) = parted(&least, &wrong).unwrap().kind else {
        panic!("a range");
    };
    assert!(
        (range.from..=range.to).contains(&decisions.1.number),
        "{range:?}"
    );
    assert!(
        (range.start..=range.end).contains(&decisions.1.time),
        "{range:?}"
    );
}

/// Later by a decision time, at the same nodes: it is not said that a node differs.
#[test]
fn other_instants_are_told_as_such() {
    let old = log(&farm(RIGHT), NODES_KEPT);
    let mut late = farm(RIGHT);
    late.strategy.parts[0].decision_time = Law::Constant(1e-6);
    let first = parted(&old, &late).expect("other instants");
    assert!(
        matches!(first.kind, DifferenceKind::Timing(range) if range.from == 1),
        "{first:?}"
    );
}

/// Always the same answer, whatever may be chosen.
#[derive(Clone, Copy, Debug)]
struct Stubborn(Option<NodeId>);

impl Blueprint for Stubborn {
    fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(*self))
    }
}

impl Placement for Stubborn {
    fn place(&mut self, _: &Ask<'_>, _: &View<'_>, _: &mut Draw) -> Option<NodeId> {
        self.0
    }
}

/// It is told as the placement's own, by the name of its strategy.
#[test]
fn a_placement_at_fault_is_named() {
    for (answer, what) in [
        (None, "chose no node"),
        (Some(NodeId(7)), "chose node 7, which the task may not use"),
    ] {
        let (interval, work) = (Law::Constant(1.0), Law::Constant(0.5));
        let mut setup = open(vec![group("node", 2, 1.0)], interval, 1, work, "random");
        setup.strategy.name = "mine".to_owned();
        setup.strategy.parts[0].placement = Arc::new(Stubborn(answer));
        let said = sim::run(&setup, 1, None).unwrap_err().to_string();
        assert!(
            said.starts_with("the placement of `mine` (Stubborn"),
            "{said}"
        );
        assert!(said.contains(what), "{said}");
        assert!(
            said.ends_with("a fault of this placement, not of the scenario"),
            "{said}"
        );
    }
}
