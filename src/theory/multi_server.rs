//! M/M/c: one queue for c servers, exponential service (Erlang, 1917; Harchol-Balter, "Performance
//! Modeling and Design of Computer Systems", 2013, chapter 14). The node with the least work left
//! serves every job when one central queue would (Kiefer & Wolfowitz, 1955), and with constant
//! service so does round robin.

use super::answers::{AnswerKind, Answers, Known, Model};
use super::queueing_system::QueueingSystem;
use crate::strategy::Binding;
use crate::strategy::Key;
use crate::strategy::placement::least_loaded::LeastLoaded;

/// Exponential service.
pub const MODEL: Model = Model {
    name: "M/M/c (Erlang C)",
    when: "Poisson jobs of one exponential task; a central queue over nodes of one speed, one node of c slots, or least-loaded by work over nodes of one slot",
    source: "Erlang 1917; Kiefer & Wolfowitz 1955; Harchol-Balter 2013, ch. 14",
};

/// Constant service.
pub const CONSTANT: Model = Model {
    name: "M/D/c (Crommelin)",
    when: "the same with constant work, or round-robin over equal nodes of one slot: means",
    source: "Crommelin 1932; Spitzer 1956",
};

/// No strategy does better than one queue.
pub const BOUND: Model = Model {
    name: "M/M/c, one queue: lower bound",
    when: "Poisson jobs of one exponential task over equal nodes, placed early by any algorithm",
    source: "one queue serves N jobs at rate min(N, c), the most there can be",
};

/// M/M/c with mean service 1.
#[derive(Clone, Copy, Debug)]
pub struct OneQueue {
    /// Rate at which a queue gets shorter: c - a.
    theta: f64,
    /// Probability that a job waits (Erlang C).
    pub waits: f64,
}

impl OneQueue {
    /// Of `c` servers, with `a` = arrival rate x mean service below `c`.
    pub fn new(c: u64, a: f64) -> OneQueue {
        let blocked = (1..=c).fold(1.0, |b, k| a * b / (k as f64 + a * b));
        let rho = a / c as f64;
        OneQueue {
            theta: c as f64 - a,
            waits: blocked / (1.0 - rho + rho * blocked),
        }
    }

    /// Mean wait.
    pub fn wait(&self) -> f64 {
        self.waits / self.theta
    }

    /// P(W > t).
    pub fn wait_above(&self, t: f64) -> f64 {
        self.waits * libm::exp(-self.theta * t)
    }

    /// P(T > t): T = W + S, and W is 0 or exponential with rate theta.
    pub fn response_above(&self, t: f64) -> f64 {
        let OneQueue { theta, waits } = *self;
        let served = libm::exp(-t);
        let both = if (theta - 1.0).abs() < 1e-9 {
            (1.0 + t) * served
        } else {
            (libm::exp(-theta * t) - theta * served) / (1.0 - theta)
        };
        (1.0 - waits) * served + waits * both
    }
}

/// Mean wait of M/D/c with service 1, by Spitzer's identity (1956): every c-th job goes to one
/// server, so that its wait is that of E_c/D/1, sum over n of E((n - X)^+) / n with X the time of
/// n c arrivals (Crommelin, 1932, has the same sum).
pub fn constant_wait(c: u64, a: f64) -> f64 {
    let mut sum = 0.0;
    for n in 1..1_000_000u64 {
        let (mean, jobs) = (n as f64 * a, n * c);
        let term = poisson_from(mean, jobs) - c as f64 / a * poisson_from(mean, jobs + 1);
        sum += term;
        if term < 1e-12 * sum {
            break;
        }
    }
    sum
}

/// Probability that a job waits in M/D/c with service 1, by the same identity: exp(-sum over n of P(X > n) / n) is that
/// of not waiting.
pub fn constant_waits(c: u64, a: f64) -> f64 {
    let mut sum = 0.0;
    for n in 1..1_000_000u64 {
        let term = poisson_from(n as f64 * a, n * c) / n as f64;
        sum += term;
        if term < 1e-12 * sum {
            break;
        }
    }
    1.0 - libm::exp(-sum)
}

/// P(a Poisson number of mean `mean` is at least `k` >= 1): the incomplete gamma function.
fn poisson_from(mean: f64, k: u64) -> f64 {
    statrs::function::gamma::gamma_lr(k as f64, mean)
}

/// What is known of `system`.
pub fn of(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    match_one_queue(system).or_else(|| match_bound(system))
}

/// One queue before several servers, or what is one to the last job: each task to the node with the least work,
/// or in turns where work is constant.
fn match_one_queue(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let (rate, speed, c) = (system.poisson()?, system.speed()?, system.servers()?);
    let shift = system.shift()?;
    let is_least_work = system.placement() == Some(&LeastLoaded { by: Key::Work });
    let is_one_queue = system.binding == Binding::CentralQueue
        || system.nodes() == 1
        || is_least_work && system.is_one_by_one() && system.is_undelayed();
    let takes_turns = system.takes_turns() && system.is_one_by_one();
    if system.tasks > 1 || c == 1 {
        return None; // M/G/1 says it all of one server
    }
    if let Some(mean) = system.exponential(speed).filter(|_| is_one_queue) {
        let answers = one_queue(c, rate * mean, mean)?;
        return Some(answers.known(&MODEL, AnswerKind::Exact, shift));
    }
    let service = system.constant(speed)?;
    let answers = constant(c, rate * service, service).filter(|_| is_one_queue || takes_turns)?;
    Some(answers.known(&CONSTANT, AnswerKind::Exact, shift))
}

/// M/M/c with `a` = arrival rate x mean service.
fn one_queue(c: u64, a: f64, mean: f64) -> Option<Answers<'static>> {
    let is_told = a < c as f64 && c <= 1_000_000;
    is_told.then(|| OneQueue::new(c, a)).map(|of| Answers {
        wait: Some(of.wait() * mean),
        response: Some((of.wait() + 1.0) * mean),
        wait_above: Some(Box::new(move |t| of.wait_above(t / mean))),
        response_above: Some(Box::new(move |t| of.response_above(t / mean))),
        waits: Some(of.waits),
    })
}

/// M/D/c; close to saturation its series would take too long.
fn constant(c: u64, a: f64, service: f64) -> Option<Answers<'static>> {
    (a < 0.999 * c as f64 && c <= 10_000).then(|| {
        let wait = constant_wait(c, a) * service;
        Answers {
            wait: Some(wait),
            response: Some(wait + service),
            waits: Some(constant_waits(c, a)),
            ..Answers::default()
        }
    })
}

/// One queue bounds from below the mean of whatever sends tasks to nodes when they arrive.
fn match_bound(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let (rate, mean) = system.markov().filter(|_| system.is_simple())?;
    let (c, shift) = (u64::from(system.nodes()), system.shift()?);
    let is_placed = system.binding == Binding::Early && c > 1 && system.looks_at_nodes();
    let answers = one_queue(c, rate * mean, mean).filter(|_| is_placed)?;
    let means = Answers {
        wait_above: None,
        response_above: None,
        waits: None,
        ..answers
    };
    Some(means.known(&BOUND, AnswerKind::Bound, shift))
}
