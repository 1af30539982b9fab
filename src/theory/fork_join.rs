//! Fork-join: each job's k tasks go to k nodes, one each, and it is done when the last of them is.
//!
//! Two nodes: E(T) = (12 - rho) / (8 (1 - rho)) (Flatto & Hahn, 1984; Nelson & Tantawi, IEEE
//! Transactions on Computers 37, 1988). More: Nelson and Tantawi's approximation for at most 32,
//! and the bound by independent nodes, H_k / (1 - rho). Each task's wait is that of M/M/1.
//!
//! Beyond two nodes no exact answer is known, as the queues see the same arrivals; that is why an
//! approximation and a bound stand side by side there and neither is judged.

use super::answers::{AnswerKind, Answers, Known, Model};
use super::queueing_system::QueueingSystem;
use super::single_server;
use crate::strategy::QueueRules;

/// Two nodes; and the wait of single tasks.
pub const MODEL: Model = Model {
    name: "fork-join (Flatto-Hahn)",
    when: "Poisson jobs of n exponential tasks; round-robin of one dispatcher over n equal nodes of one slot (n = 2; the wait of tasks for any n)",
    source: "Flatto & Hahn 1984; Nelson & Tantawi 1988",
};

/// More nodes.
pub const APPROXIMATION: Model = Model {
    name: "fork-join (Nelson-Tantawi)",
    when: "the same with n = 3 ... 32: an approximation",
    source: "Nelson & Tantawi, IEEE ToC 37, 1988",
};

/// Any number of nodes.
pub const BOUND: Model = Model {
    name: "fork-join: upper bound",
    when: "the same with n = 3 or more: as if the nodes were independent",
    source: "Nelson & Tantawi, IEEE ToC 37, 1988",
};

/// 1 + 1/2 + ... + 1/k: the mean of the largest of k unit exponentials.
pub fn harmonic(k: u32) -> f64 {
    (1..=k).map(|i| 1.0 / f64::from(i)).sum()
}

/// Mean response with two nodes and mean service 1.
pub fn two(rho: f64) -> f64 {
    (12.0 - rho) / (8.0 * (1.0 - rho))
}

/// Nelson and Tantawi's approximation for `k` nodes with mean service 1.
pub fn approximation(k: u32, rho: f64) -> f64 {
    let ratio = harmonic(k) / harmonic(2);
    (ratio + (1.0 - ratio) * 4.0 * rho / 11.0) * two(rho)
}

/// Upper bound for `k` nodes with mean service 1.
pub fn bound(k: u32, rho: f64) -> f64 {
    harmonic(k) / (1.0 - rho)
}

/// Jobs that are served one at a time, each as long as its longest task: M/G/1.
pub const SPLIT_MERGE: Model = Model {
    name: "split-merge",
    when: "Poisson jobs of k exponential tasks from a central queue that serves one job at a time, over at least k equal slots",
    source: "Harrison & Zertal 2003; Rizk, Poloczek & Ciucu 2015",
};

/// What is known of jobs that are served one at a time.
pub fn one_at_a_time(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let alone = QueueRules {
        one_at_a_time: true,
        ..QueueRules::default()
    };
    let (rate, mean) = system.markov()?;
    let fits = system
        .servers()
        .is_none_or(|servers| u64::from(system.tasks) <= servers);
    if system.queue != alone || system.queue_limit.is_some() || !fits || !system.is_undelayed() {
        return None;
    }
    let longest = harmonic(system.tasks) * mean;
    let variance: f64 = (1..=system.tasks).map(|i| f64::from(i).powi(-2)).sum();
    let square = variance * mean * mean + longest * longest;
    let wait = single_server::wait(rate, longest, square);
    let answers = Answers {
        wait: Some(wait),
        response: Some(wait + longest),
        ..Answers::default()
    };
    let is_instant = system.shift()?.after == 0.0;
    (rate * longest < 1.0 && is_instant).then(|| {
        answers.known(
            &SPLIT_MERGE,
            AnswerKind::Exact,
            system.shift().unwrap_or_default(),
        )
    })
}

/// What is known of `system`.
pub fn of(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let (rate, mean) = system.markov()?;
    let (k, rho, shift) = (system.tasks, rate * mean, system.shift()?);
    let one_each = k > 1 && system.takes_turns() && system.nodes() == k;
    if !one_each || !system.is_one_by_one() || rho >= 1.0 {
        return None;
    }
    let response = |value: f64| Answers {
        response: Some(value * mean),
        ..Answers::default()
    };
    let tasks = Answers {
        wait: Some(single_server::wait(rate, mean, 2.0 * mean * mean)),
        response: (k == 2).then(|| two(rho) * mean),
        wait_above: Some(Box::new(move |t| single_server::wait_above(rate, mean, t))),
        response_above: None,
        waits: Some(rho),
    };
    let mut rows = tasks.known(&MODEL, AnswerKind::Exact, shift);
    if (3..=32).contains(&k) {
        let about = response(approximation(k, rho));
        rows.extend(about.known(&APPROXIMATION, AnswerKind::Approximation, shift));
    }
    if k > 2 {
        rows.extend(response(bound(k, rho)).known(&BOUND, AnswerKind::Bound, shift));
    }
    Some(rows)
}
