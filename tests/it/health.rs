//! What dispatchers do about nodes that fail: whom they leave out, and how slowly they come back to them.

use equipoise::engine::law::Law;
use equipoise::engine::random::{Purpose, Seeds};
use equipoise::engine::time::Time;
use equipoise::metrics::jobs::Blame;
use equipoise::model::nodes::NodeState;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::run;
use equipoise::sim::setup::{Change, Setup, StrandedQueued, StrandedRunning, TaskFailures};
use equipoise::strategy::Ties;
use equipoise::strategy::health::{Checks, Detection, Ejection};

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

const MS: u64 = 1_000_000;

/// Every check of a node is looked at, one after another: the instants from which on it is seen up, or down. `turns` are
/// those at which it goes down, comes up, and so on, in milliseconds.
fn seen_by_checks(turns: &[u64], first: u64, checks: &Checks) -> Vec<(u64, bool)> {
    let every = checks.every.0 / MS;
    let is_up = |at: u64| turns.iter().filter(|turn| **turn <= at).count() % 2 == 0;
    let mut heard: Vec<(u64, bool)> = Vec::new();
    for at in (0..150).map(|round| first + round * every) {
        let is_up = is_up(at);
        heard.push((at + if is_up { 0 } else { checks.timeout.0 / MS }, is_up));
    }
    heard.sort_by_key(|(at, _)| *at);
    let (mut seen, mut is_seen, mut streak) = (Vec::new(), true, 0);
    for (at, is_up) in heard {
        streak = if is_up == is_seen { 0 } else { streak + 1 };
        if streak == if is_up { checks.rise } else { checks.fall } {
            (is_seen, streak) = (is_up, 0);
            seen.push((at, is_up));
        }
    }
    seen
}

/// Tasks of no length go to the first node that is seen up, of three that go down and come up: as a slow twin says that
/// looks at every check, and at every change that is known later.
#[test]
fn nodes_are_seen_as_a_twin_sees_them() {
    let mut changes = 0;
    for seed in 0..150u64 {
        let key = Seeds::new(seed, 1).key(Purpose::Placement);
        let mut dice = key.draw(0, seed, 0, 0, 0);
        let groups = vec![group("node", 3, 1.0)];
        let (every, work) = (Law::Constant(0.001), Law::Constant(1e-9));
        let mut setup = open(groups, every, 1, work, "least-loaded").measuring(0, 4_000);
        setup.strategy.parts[0].ties = Ties::LowestId;
        setup.faults.stranded.queued = StrandedQueued::Lose;
        setup.faults.stranded.running = StrandedRunning::Lose;
        let checks = Checks {
            every: Time(u64::from(30 + 3 * dice.below(40)) * MS),
            timeout: Time(u64::from(dice.below(31)) * MS),
            fall: 1 + dice.below(3),
            rise: 1 + dice.below(3),
        };
        let delay = 1 + u64::from(dice.below(300));
        let is_checked = dice.below(3) > 0;
        setup.strategy.health.detection = match is_checked {
            true => Detection::Checks(checks),
            false => Detection::After(Time(delay * MS)),
        };
        let mut seen: Vec<Vec<(u64, bool)>> = Vec::new();
        for node in 0..3u32 {
            let mut at = 0;
            let mut turn = || {
                at += 1 + u64::from(dice.below(400));
                at
            };
            let turns: Vec<u64> = (0..8).map(|_| turn()).collect();
            for (n, &at) in turns.iter().enumerate() {
                let to = if n % 2 == 0 {
                    NodeState::Down
                } else {
                    NodeState::Up
                };
                setup.faults.changes.push(Change {
                    at: Time(at * MS),
                    nodes: node..node + 1,
                    to: to.into(),
                });
            }
            seen.push(match is_checked {
                true => seen_by_checks(
                    &turns,
                    checks.every.0 / MS * u64::from(node + 1) / 3,
                    &checks,
                ),
                false => (0..)
                    .zip(&turns)
                    .map(|(n, at)| (at + delay, n % 2 == 1))
                    .collect(),
            });
        }
        setup.faults.changes.sort_by_key(|change| change.at);
        let is_seen = |node: &u32, at: u64| {
            let before = seen[*node as usize].iter().rev();
            before
                .clone()
                .find(|(from, _)| *from <= at)
                .is_none_or(|(_, up)| *up)
        };
        for (at, node) in chosen(&setup) {
            // What waited for a node to be seen is decided when it is: at that instant.
            let at = (at * 1e3).round() as u64;
            let first = (0..3).find(|node| is_seen(node, at));
            assert_eq!(Some(node), first, "{seed}: at {at} ms, {seen:?}");
        }
        changes += seen.iter().map(Vec::len).sum::<usize>();
    }
    assert!(changes > 1_500, "{changes}");
}
