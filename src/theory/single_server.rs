//! M/G/1: one task at a time, Poisson arrivals, any service. So is each of n nodes among which
//! tasks are split at random, since a Poisson process split at random is Poisson processes.
//!
//! Mean wait: Pollaczek (1930), Khinchine (1932): W = lambda E(S^2) / (2 (1 - rho)). M/M/1: the time
//! in the system is exponential with rate mu - lambda. M/D/1: Erlang (1909), in the form with
//! positive terms only of Franx, "A simple solution for the M/D/c waiting time distribution",
//! Operations Research Letters 29 (2001).

use super::answers::{Above, AnswerKind, Answers, Known, Model};
use super::queueing_system::{QueueingSystem, Station, moments};

/// Any service.
pub const MODEL: Model = Model {
    name: "M/G/1 (Pollaczek-Khinchine)",
    when: "Poisson jobs of one task; random, weighted-random or power-of-d with d = 1 over nodes of one slot, or just one node",
    source: "Pollaczek 1930; Khinchine 1932",
};

/// Constant service.
pub const CONSTANT: Model = Model {
    name: "M/D/1 (Erlang)",
    when: "the same with constant work: quantiles",
    source: "Erlang 1909; Franx, Operations Research Letters 29, 2001",
};

/// Mean wait of M/G/1 with arrival rate `rate`, mean service `mean` and second moment `square`.
pub fn wait(rate: f64, mean: f64, square: f64) -> f64 {
    rate * square / (2.0 * (1.0 - rate * mean))
}

/// P(W > t) of M/M/1.
pub fn wait_above(rate: f64, mean: f64, t: f64) -> f64 {
    rate * mean * response_above(rate, mean, t)
}

/// P(T > t) of M/M/1.
pub fn response_above(rate: f64, mean: f64, t: f64) -> f64 {
    libm::exp(-(1.0 / mean - rate) * t)
}

/// The law of the wait in M/D/1 with service 1.
pub struct Constant {
    rho: f64,
    /// P(at most m wait).
    waiting: Vec<f64>,
}

impl Constant {
    /// For load `rho` below 1.
    ///
    /// The numbers in the system are those of the embedded chain, by the recursion that adds
    /// positive numbers only (Ramaswami, "A stable recursion for the steady state vector in Markov
    /// chains of M/G/1 type", Stochastic Models 4, 1988).
    pub fn new(rho: f64) -> Constant {
        let mut at_least = vec![1.0]; // P(at least k arrivals in a service)
        let mut term = libm::exp(-rho);
        let mut p = vec![1.0 - rho];
        let mut sum = p[0];
        let mut waiting = vec![];
        while sum < 1.0 - 1e-13 && p.len() < 100_000 {
            let n = p.len();
            at_least.push((at_least[n - 1] - term).max(0.0));
            term *= rho / n as f64;
            let bar = |k: usize| above_far(&at_least, k);
            let earlier: f64 = (1..n).map(|i| p[i] * bar(n + 1 - i)).sum();
            p.push((p[0] * bar(n) + earlier) / (1.0 - bar(1)));
            sum += p[n];
            waiting.push(sum);
        }
        Constant { rho, waiting }
    }

    /// P(W > t).
    pub fn above(&self, t: f64) -> f64 {
        let k = libm::floor(t) as usize + 1;
        let x = self.rho * (k as f64 - t);
        let mut poisson = libm::exp(-x);
        let mut sum = 0.0;
        for j in 0..k {
            sum += poisson * self.at_most(k - 1 - j);
            poisson *= x / (j + 1) as f64;
            if poisson < 1e-18 {
                break;
            }
        }
        1.0 - sum
    }

    fn at_most(&self, m: usize) -> f64 {
        self.waiting.get(m).copied().unwrap_or(1.0)
    }
}

fn above_far(at_least: &[f64], k: usize) -> f64 {
    at_least.get(k).copied().unwrap_or(0.0)
}

/// A node that gets its share of the tasks.
struct Share {
    /// Probability that a task comes here or to another node of the group.
    weight: f64,
    rate: f64,
    mean: f64,
    square: f64,
}

fn share(system: &QueueingSystem<'_>, rate: f64, station: &Station, each: f64) -> Share {
    let (mean, square) = moments(system.work, system.overhead, station.speed);
    Share {
        weight: each * f64::from(station.nodes),
        rate: rate * each,
        mean,
        square,
    }
}

/// What is known of `system`.
pub fn of(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let (rate, split, shift) = (system.poisson()?, system.split()?, system.shift()?);
    let stations = system.stations.iter().zip(split);
    let shares: Vec<Share> = stations
        .map(|(s, each)| share(system, rate, s, each))
        .collect();
    if !system.is_simple() || shares.iter().any(|s| s.rate * s.mean >= 1.0) {
        return None;
    }
    let sum = |of: &dyn Fn(&Share) -> f64| shares.iter().map(|s| s.weight * of(s)).sum::<f64>();
    let mean_wait = sum(&|s| wait(s.rate, s.mean, s.square));
    let is_exponential = system.exponential(1.0).is_some();
    let exponential = |of: fn(f64, f64, f64) -> f64| -> Option<Above<'_>> {
        let above = move |t: f64| sum(&|s| of(s.rate, s.mean, t));
        is_exponential.then(|| Box::new(above) as Above<'_>)
    };
    let answers = Answers {
        wait: Some(mean_wait),
        response: Some(mean_wait + sum(&|s| s.mean)),
        wait_above: exponential(wait_above),
        response_above: exponential(response_above),
        waits: Some(sum(&|s| s.rate * s.mean)),
    };
    let mut rows = answers.known(&MODEL, AnswerKind::Exact, shift);
    if let (Some(service), Some(_)) = (system.constant(system.stations[0].speed), system.speed()) {
        rows.extend(constant(rate / f64::from(system.nodes()), service).known(
            &CONSTANT,
            AnswerKind::Exact,
            shift,
        ));
    }
    Some(rows)
}

/// The laws of M/D/1.
fn constant(rate: f64, service: f64) -> Answers<'static> {
    let law = std::rc::Rc::new(Constant::new(rate * service));
    let wait = law.clone();
    let response_above = move |t: f64| {
        if t < service {
            1.0
        } else {
            law.above(t / service - 1.0)
        }
    };
    Answers {
        wait_above: Some(Box::new(move |t| wait.above(t / service))),
        response_above: Some(Box::new(response_above)),
        ..Answers::default()
    }
}
