//! Two equal nodes with exponential service, and a dispatcher that looks at both.
//!
//! Join the shorter queue (Haight, 1958; Kingman, 1961): no closed form, but the chain of (m, d), m
//! tasks at the node with fewer and d more at the other, changes m by at most 1 and is the same for
//! every m >= 1. Its stationary law is therefore matrix-geometric, p(m) = p(0) R^m (Neuts,
//! "Matrix-Geometric Solutions in Stochastic Models", 1981). The difference falls off at least as
//! fast as 3^-d, so that few values of d are enough.
//!
//! Join an idle node, else either: E(T) = (1 + rho) / ((1 + 2 rho) (1 - rho)), a closed form of the
//! chain of both numbers (a test holds it to the chain, solved numerically).

use super::answers::{AnswerKind, Answers, Known, Model};
use super::queueing_system::QueueingSystem;
use crate::strategy::Binding;
use crate::strategy::Key;
use crate::strategy::placement::join_idle_queue::{JoinIdleQueue, To};
use crate::strategy::placement::least_loaded::LeastLoaded;
use crate::strategy::placement::power_of_d::PowerOfD;

/// The one with fewer tasks.
pub const SHORTEST: Model = Model {
    name: "shorter of two queues",
    when: "Poisson jobs of one exponential task; least-loaded (or power-of-d, d = 2) by tasks over two equal nodes of one slot",
    source: "Haight 1958; Kingman 1961; solved as Neuts 1981",
};

/// An idle one first.
pub const IDLE: Model = Model {
    name: "two nodes, an idle one first",
    when: "Poisson jobs of one exponential task; join-idle-queue over two equal nodes of one slot",
    source: "stationary law of the chain of both numbers of tasks",
};

/// Loads up to this are solved for; the iteration slows down towards 1.
const HEAVIEST: f64 = 0.99;
/// Differences between the two queues that are told apart: 0 to this less 1.
const DIFFERENCES: usize = 32;

type Matrix = Vec<Vec<f64>>;

/// Mean time in the system of the shorter of two queues with mean service 1.
pub fn shortest(rho: f64) -> f64 {
    Shorter::solve(rho).mean_number() / (2.0 * rho)
}

/// Probability that a job waits there: that both nodes are busy.
pub fn shortest_waits(rho: f64) -> f64 {
    1.0 - Shorter::solve(rho).none.iter().sum::<f64>()
}

/// Mean time in the system with mean service 1, an idle node first.
pub fn idle(rho: f64) -> f64 {
    (1.0 + rho) / ((1.0 + 2.0 * rho) * (1.0 - rho))
}

/// The stationary law of (m, d).
struct Shorter {
    /// p(0, d).
    none: Vec<f64>,
    /// (I - R)^-1, and R.
    sum: Matrix,
    rates: Matrix,
}

impl Shorter {
    /// The matrix R of the process without and with jobs at both, as the limit of its iteration from 0 (Neuts,
    /// Matrix-Geometric Solutions in Stochastic Models, 1981).
    fn solve(rho: f64) -> Shorter {
        let (up, stay, down) = blocks(2.0 * rho);
        let mut rates = zero();
        for _ in 0..100_000 {
            let inner = zip(&stay, &product(&rates, &down), |x, y| -(x + y));
            let next = product(&up, &inverse(inner));
            let change = next.iter().flatten().zip(rates.iter().flatten());
            let change = change.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            rates = next;
            if change < 1e-15 {
                break;
            }
        }
        let sum = inverse(zip(&identity(), &rates, |x, y| x - y));
        // p(0) (B + R down) = 0, and everything sums to 1 in place of the first equation.
        let mut balance = zip(&at_zero(2.0 * rho), &product(&rates, &down), |x, y| x + y);
        for (row, rest) in balance.iter_mut().zip(&sum) {
            row[0] = rest.iter().sum();
        }
        Shorter {
            none: inverse(balance)[0].clone(),
            sum,
            rates,
        }
    }

    /// Sum over m and d of p(m, d) (2 m + d).
    fn mean_number(&self) -> f64 {
        let all = times(&self.none, &self.sum);
        let shorter: f64 = times(&times(&all, &self.rates), &self.sum).iter().sum();
        let more: f64 = (0u32..).zip(&all).map(|(d, p)| f64::from(d) * p).sum();
        2.0 * shorter + more
    }
}

/// Rates from (m, d), m >= 1, to m + 1, m and m - 1, with arrivals at `rate` and service 1.
fn blocks(rate: f64) -> (Matrix, Matrix, Matrix) {
    let (mut up, mut stay, mut down) = (zero(), zero(), zero());
    stay[0][1] = rate;
    down[0][1] = 2.0;
    for d in 1..DIFFERENCES {
        up[d][d - 1] = rate;
        stay[d][d - 1] = 1.0;
        if d + 1 < DIFFERENCES {
            down[d][d + 1] = 1.0;
        }
    }
    for d in 0..DIFFERENCES {
        let out = [&up, &stay, &down].map(|block| block[d].iter().sum::<f64>());
        stay[d][d] -= out.iter().sum::<f64>();
    }
    (up, stay, down)
}

/// Rates from (0, d) to (0, d'): there is nothing to serve at the shorter queue.
fn at_zero(rate: f64) -> Matrix {
    let mut stay = zero();
    stay[0][1] = rate;
    stay[0][0] = -rate;
    for d in 1..DIFFERENCES {
        stay[d][d - 1] = 1.0;
        stay[d][d] = -1.0 - rate;
    }
    stay
}

fn zero() -> Matrix {
    vec![vec![0.0; DIFFERENCES]; DIFFERENCES]
}

fn identity() -> Matrix {
    let mut one = zero();
    (0..DIFFERENCES).for_each(|k| one[k][k] = 1.0);
    one
}

/// `of` each pair of entries at the same row and column.
fn zip(a: &Matrix, b: &Matrix, of: impl Fn(f64, f64) -> f64) -> Matrix {
    let row = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(x, y)| of(*x, *y)).collect();
    a.iter().zip(b).map(row).collect()
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    a.iter().map(|row| times(row, b)).collect()
}

fn times(row: &[f64], b: &Matrix) -> Vec<f64> {
    let mut out = vec![0.0; b.len()];
    for (x, b) in row.iter().zip(b).filter(|(x, _)| **x != 0.0) {
        out.iter_mut().zip(b).for_each(|(sum, y)| *sum += x * y);
    }
    out
}

/// Gauss and Jordan's elimination with partial pivoting.
fn inverse(mut a: Matrix) -> Matrix {
    let mut b = identity();
    for k in 0..a.len() {
        let pivot = (k..a.len()).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs()));
        let pivot = pivot.unwrap_or(k);
        a.swap(k, pivot);
        b.swap(k, pivot);
        let by = 1.0 / a[k][k];
        a[k].iter_mut().chain(&mut b[k]).for_each(|x| *x *= by);
        let (own, other) = (a[k].clone(), b[k].clone());
        for i in (0..a.len()).filter(|&i| i != k) {
            let by = a[i][k];
            if by != 0.0 {
                a[i].iter_mut().zip(&own).for_each(|(x, y)| *x -= by * y);
                b[i].iter_mut().zip(&other).for_each(|(x, y)| *x -= by * y);
            }
        }
    }
    b
}

/// What is known of `system`.
pub fn of(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let (rate, mean) = system.markov().filter(|_| system.is_simple())?;
    let rho = rate * mean / 2.0;
    let is_two = system.nodes() == 2 && system.binding == Binding::Early && system.is_undelayed();
    if !is_two || rho > HEAVIEST {
        return None;
    }
    let (model, response) = if let Some(JoinIdleQueue { reports: To::All }) = system.placement() {
        (&IDLE, idle(rho) * mean)
    } else if is_shorter(system) {
        (&SHORTEST, shortest(rho) * mean)
    } else {
        return None;
    };
    let answers = Answers {
        wait: Some(response - mean),
        response: Some(response),
        ..Answers::default()
    };
    Some(answers.known(model, AnswerKind::Exact, system.shift()?))
}

/// True if each task goes to the node with fewer tasks.
fn is_shorter(system: &QueueingSystem<'_>) -> bool {
    if let Some(LeastLoaded { by }) = system.placement() {
        return *by == Key::Tasks;
    }
    let asks_both = |choice: &PowerOfD| {
        let PowerOfD {
            d,
            by,
            replacement,
            draws: _,  // both are asked
            memory: _, // there is no third
        } = choice;
        *d >= 2 && *by == Key::Tasks && !replacement
    };
    system.placement().is_some_and(asks_both)
}
