//! What dispatchers do about nodes that fail: whom they leave out, and how slowly they come back to them.

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::jobs::Blame;
use equipoise::model::nodes::NodeState;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::run;
use equipoise::sim::setup::{Change, Setup, TaskFailures};
use equipoise::strategy::health::Ejection;

use crate::common::{group, open};

/// When which node was chosen.
#[derive(Default)]
struct Chosen(Vec<(f64, u32)>);

impl Recorder for Chosen {
    fn job(&mut self, _: &Job, _: Option<(Time, Blame)>) {}
    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}
    fn decision(&mut self, decision: &Decision<'_>) {
        self.0.push((decision.time.as_secs(), decision.node.0));
    }
}

fn chosen(setup: &Setup) -> Vec<(f64, u32)> {
    let mut chosen = Chosen::default();
    run(setup, 1, Some(&mut chosen)).unwrap();
    chosen.0
}

/// Two nodes, of which one is down from 10 to 20 s and from 60 to 70 s, and comes back over 100 s each time: at random
/// it gets half of what its ramp lets it have, from both repairs on, and in turn at most what that lets it have.
#[test]
fn a_node_that_comes_back_gets_its_ramp_again_after_a_second_failure() {
    for (spelling, is_half) in [("random", true), ("round-robin", false)] {
        let every = Law::Constant(0.01);
        let mut setup = open(
            vec![group("node", 2, 1.0)],
            every,
            1,
            Law::Constant(0.001),
            spelling,
        );
        setup = setup.measuring(0, 16_000);
        for (at, to) in [
            (10.0, NodeState::Down),
            (20.0, NodeState::Up),
            (60.0, NodeState::Down),
            (70.0, NodeState::Up),
        ] {
            setup.faults.changes.push(Change {
                at: Time::from_secs(at),
                nodes: 0..1,
                to: to.into(),
            });
        }
        setup.strategy.health.slow_start = Some(Time::from_secs(100.0));
        let chosen = chosen(&setup);
        for (from, until) in [(20.0, 60.0), (70.0, 160.0)] {
            let within = chosen.iter().filter(|(at, _)| (from..until).contains(at));
            let shares: Vec<f64> = within.clone().map(|(at, _)| (at - from) / 100.0).collect();
            let got = within.filter(|(_, node)| *node == 0).count() as f64;
            let share = if is_half { 0.5 } else { 1.0 };
            let mean: f64 = shares.iter().map(|p| p * share).sum();
            let variance: f64 = shares.iter().map(|p| p * share * (1.0 - p * share)).sum();
            let most = mean + 4.0 * variance.sqrt();
            let least = if is_half {
                mean - 4.0 * variance.sqrt()
            } else {
                mean / 4.0
            };
            assert!((least..most).contains(&got), "{spelling}: {got} of {mean}");
        }
        let down = |at: f64| (10.0..20.0).contains(&at) || (60.0..70.0).contains(&at);
        assert!(chosen.iter().all(|(at, node)| !down(*at) || *node == 1));
    }
}

/// All attempts fail. Of four nodes two at most are ejected at once, so that two are always there; with all of them, a
/// time comes when none is.
#[test]
fn no_more_are_ejected_than_may_be() {
    for (most, expected) in [(500_000_000, 2), (1_000_000_000, 4), (1, 1), (0, 0)] {
        let (every, work) = (Law::Constant(0.1), Law::Constant(0.01));
        let mut setup = open(vec![group("node", 4, 1.0)], every, 1, work, "round-robin");
        setup = setup.measuring(0, 300);
        setup.faults.task_failures = Some(TaskFailures::Probability(1.0));
        setup.strategy.health.ejection = Some(Ejection {
            failures: 2,
            time: Time::from_secs(20.0),
            most,
        });
        let chosen = chosen(&setup);
        let late = chosen.iter().filter(|(at, _)| (5.0..20.0).contains(at));
        let mut used: Vec<u32> = late.map(|(_, node)| *node).collect();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used.len(), 4 - expected, "{most}");
    }
}
