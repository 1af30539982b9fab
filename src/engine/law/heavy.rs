//! How much of a moment lies where a run hardly ever looks.
//!
//! The mean wait of a first-in-first-out queue needs the second moment of the work, its variance the
//! third (Kiefer & Wolfowitz, Trans. AMS 82, 1956). Where most of that moment comes from values which
//! fewer than ten draws of a run exceed, the run has not seen what its own error depends on, and no
//! statistic of the sample can tell: the calmest samples are those that missed the rare value.

use std::f64::consts::PI;

use super::Law;
use super::moments::{normal_above, upper_gamma};

/// A law is heavy for a run if more than this share of the moment is unseen.
pub const HEAVY: f64 = 0.8;
/// Draws beyond a value from which on it counts as seen.
const SEEN: f64 = 10.0;
/// Halvings that find a value or a number to the last digit.
const HALVINGS: u32 = 200;
/// More draws than this are of no use as an answer.
const MOST_DRAWS: f64 = 1e15;

/// A mixture of laws: each with its weight.
pub type Mixture<'a> = [(f64, &'a Law)];

/// The share of the `k`-th moment of a mixture that lies beyond the value which ten of `draws` draws
/// exceed on average; 1 if the moment is infinite, 0 of nothing.
pub fn unseen_share(laws: &Mixture<'_>, k: i32, draws: f64) -> f64 {
    let sum = |x: f64| -> f64 { laws.iter().map(|(w, law)| w * law.upper_moment(k, x)).sum() };
    let all = sum(0.0);
    if all.is_infinite() {
        return 1.0;
    }
    let rare = (SEEN / draws).min(0.5);
    let share = sum(exceeded_with(laws, rare)) / all;
    if share.is_finite() { share } else { 0.0 }
}

/// The draws from which on a mixture is no longer heavy; `None` if its moment is infinite or no
/// run could be as long.
pub fn draws_needed(laws: &Mixture<'_>, k: i32) -> Option<f64> {
    let (mut low, mut high) = (1f64.ln(), MOST_DRAWS.ln());
    if unseen_share(laws, k, MOST_DRAWS) > HEAVY {
        return None;
    }
    for _ in 0..HALVINGS / 4 {
        let middle = (low + high) / 2.0;
        match unseen_share(laws, k, middle.exp()) > HEAVY {
            true => low = middle,
            false => high = middle,
        }
    }
    Some(high.exp())
}

/// The least value that is exceeded with a probability of at most `rare`.
fn exceeded_with(laws: &Mixture<'_>, rare: f64) -> f64 {
    let total: f64 = laws.iter().map(|(weight, _)| weight).sum();
    let above = |x: f64| -> f64 {
        let above = laws.iter().map(|(weight, law)| weight * law.survival(x));
        above.sum::<f64>() / total
    };
    let mut high = 1e-12;
    while above(high) > rare && high < 1e300 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        match above(middle) > rare {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

impl Law {
    /// E(X^k; X > x), the part of the `k`-th moment (1 to 3) above `x` >= 0; infinite where the law
    /// has no such moment.
    pub fn upper_moment(&self, k: i32, x: f64) -> f64 {
        let power = f64::from(k);
        match *self {
            Law::Constant(value) => {
                if value > x {
                    value.powi(k)
                } else {
                    0.0
                }
            }
            Law::Exponential { mean } => exponential(mean, k, x),
            Law::Uniform { low, high } if high > low => {
                let from = x.clamp(low, high).powi(k + 1);
                (high.powi(k + 1) - from) / (power + 1.0) / (high - low)
            }
            Law::Uniform { low, .. } => Law::Constant(low).upper_moment(k, x),
            Law::Lognormal { mu, sigma } if sigma > 0.0 => lognormal(mu, sigma, power, x),
            Law::Lognormal { mu, .. } => Law::Constant(libm::exp(mu)).upper_moment(k, x),
            Law::Gamma { shape, scale } => gamma(shape, scale, k, x),
            Law::Erlang { phases, mean } => {
                gamma(f64::from(phases), mean / f64::from(phases), k, x)
            }
            Law::Weibull { shape, scale } => {
                let order = 1.0 + power / shape;
                scale.powi(k)
                    * libm::tgamma(order)
                    * upper_gamma(order, libm::pow(x / scale, shape))
            }
            Law::Pareto { shape, min } => pareto(shape, min, power, x.max(min)),
            Law::BoundedPareto { shape, min, max } => {
                bounded_pareto(shape, min, max, power, x.clamp(min, max))
            }
            Law::Hyperexponential { p, first, second } => {
                p * exponential(first, k, x) + (1.0 - p) * exponential(second, k, x)
            }
            Law::Normal { mean, sd, min } => normal(mean, sd, min, k, x),
            Law::Geometric { mean } => geometric(mean, k, x),
            Law::Discrete { .. } => {
                self.expectation(|value| if value > x { value.powi(k) } else { 0.0 })
            }
        }
    }
}

fn exponential(mean: f64, k: i32, x: f64) -> f64 {
    gamma(1.0, mean, k, x)
}

fn gamma(shape: f64, scale: f64, k: i32, x: f64) -> f64 {
    let rising: f64 = (0..k).map(|i| shape + f64::from(i)).product();
    scale.powi(k) * rising * upper_gamma(shape + f64::from(k), x / scale)
}

fn lognormal(mu: f64, sigma: f64, k: f64, x: f64) -> f64 {
    let z = (libm::log(x) - mu) / sigma;
    libm::exp(k * (mu + k * sigma * sigma / 2.0)) * normal_above(z - k * sigma)
}

fn pareto(shape: f64, min: f64, k: f64, x: f64) -> f64 {
    if shape <= k {
        return f64::INFINITY;
    }
    shape * libm::pow(min, shape) * libm::pow(x, k - shape) / (shape - k)
}

fn bounded_pareto(shape: f64, min: f64, max: f64, k: f64, x: f64) -> f64 {
    let norm = shape * libm::pow(min, shape) / (1.0 - libm::pow(min / max, shape));
    if (shape - k).abs() < 1e-12 {
        norm * libm::log(max / x)
    } else {
        norm * (libm::pow(max, k - shape) - libm::pow(x, k - shape)) / (k - shape)
    }
}

/// By the moments of the standard normal law above z: M(k) = z^(k-1) density + (k-1) M(k-2).
fn normal(mean: f64, sd: f64, min: f64, k: i32, x: f64) -> f64 {
    let z = (x.max(min) - mean) / sd;
    let density = libm::exp(-z * z / 2.0) / libm::sqrt(2.0 * PI);
    let first = [normal_above(z), density];
    let parts = [
        first[0],
        first[1],
        z * density + first[0],
        (z * z + 2.0) * density,
    ];
    const BINOMIAL: [[f64; 4]; 4] = [
        [1.0, 0.0, 0.0, 0.0],
        [1.0, 1.0, 0.0, 0.0],
        [1.0, 2.0, 1.0, 0.0],
        [1.0, 3.0, 3.0, 1.0],
    ];
    let term = |i: i32| {
        let (binomial, part) = (BINOMIAL[k as usize][i as usize], parts[i as usize]);
        binomial * mean.powi(k - i) * sd.powi(i) * part
    };
    (0..=k).map(term).sum::<f64>() / normal_above((min - mean) / sd)
}

/// By memorylessness: above floor(x), X is floor(x) and another geometric number.
fn geometric(mean: f64, k: i32, x: f64) -> f64 {
    let (n, p) = (libm::floor(x), 1.0 / mean);
    let second = mean * (2.0 * mean - 1.0);
    let third = (6.0 - 6.0 * p + p * p) / (p * p * p);
    let moment = match k {
        1 => n + mean,
        2 => n * n + 2.0 * n * mean + second,
        _ => n * n * n + 3.0 * n * n * mean + 3.0 * n * second + third,
    };
    libm::pow(1.0 - p, n) * moment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * b.abs()
    }

    #[test]
    fn the_unseen_part_of_a_moment() {
        let pareto = |shape| Law::Pareto { shape, min: 1.0 };
        let bounded = Law::BoundedPareto {
            shape: 1.1,
            min: 1.0,
            max: 1e6,
        };
        for (law, k, share) in [
            (Law::Exponential { mean: 2.0 }, 3, 0.03469567486),
            (Law::lognormal(5.0, 3.0), 3, 0.8580332784),
            (pareto(3.5), 3, 0.3057876922),
            (pareto(2.5), 2, 0.1903653939),
            (bounded.clone(), 2, 0.9964820166),
            (bounded.clone(), 3, 0.9999933780),
            (pareto(3.0), 3, 1.0),
            (Law::Constant(4.0), 3, 0.0),
        ] {
            let found = unseen_share(&[(1.0, &law)], k, 40_000.0);
            assert!(close(found, share), "{law:?}, {k}: {found}");
        }
        assert!(close(
            exceeded_with(&[(1.0, &bounded)], 10.0 / 40_000.0),
            1880.198059
        ));
        let rows = Law::discrete(&[1.0, 2.0, 50.0], &[1.0, 1.0, 1.0]);
        assert_eq!(unseen_share(&[(1.0, &rows)], 3, 31.0), 0.0);
    }

    /// Of whole a it is a Poisson law's: e^-x times the sum of x^n / n! below a; of a half erfc; of others against
    /// another library.
    #[test]
    fn the_incomplete_gamma_function() {
        for (a, x) in [
            (1u32, 0.3),
            (2, 1.678),
            (3, 9.0),
            (7, 2.5),
            (40, 41.5),
            (40, 90.0),
        ] {
            let mut term = libm::exp(-x);
            let mut sum = 0.0;
            for n in 0..a {
                sum += term;
                term *= x / f64::from(n + 1);
            }
            let found = upper_gamma(f64::from(a), x);
            assert!((found / sum - 1.0).abs() < 1e-12, "{a} {x}: {found} {sum}");
        }
        for x in [1e-9, 0.1, 1.4, 1.6, 30.0] {
            let half = libm::erfc(libm::sqrt(x));
            assert!((upper_gamma(0.5, x) / half - 1.0).abs() < 1e-12, "{x}");
            for a in [0.04, 1.3, 2.5, 300.2] {
                let other = statrs::function::gamma::gamma_ur(a, x);
                assert!((upper_gamma(a, x) - other).abs() < 1e-11, "{a} {x}");
            }
        }
        assert_eq!([0.0, 1e6].map(|x| upper_gamma(2.0, x)), [1.0, 0.0]);
    }

    #[test]
    fn the_draws_that_are_enough() {
        let needed = |cv: f64| draws_needed(&[(1.0, &Law::lognormal(1.0, cv))], 3);
        for (cv, draws) in [(2.0, 6.6e3), (3.0, 9.7e4), (5.0, 4.2e6), (10.0, 9.5e8)] {
            let found = needed(cv).unwrap_or_default();
            assert!((found / draws - 1.0).abs() < 0.01, "{cv}: {found}");
        }
        let infinite = Law::Pareto {
            shape: 2.9,
            min: 1.0,
        };
        assert_eq!(draws_needed(&[(1.0, &infinite)], 3), None);
    }

    fn simpson(f: &dyn Fn(f64) -> f64, from: f64, to: f64) -> f64 {
        let steps = 200_000;
        let width = (to - from) / f64::from(steps);
        let weight = |i: i32| match i {
            0 => 1.0,
            i if i == steps => 1.0,
            i => f64::from(2 + 2 * (i % 2)),
        };
        let points = (0..=steps).map(|i| weight(i) * f(from + width * f64::from(i)));
        points.sum::<f64>() * width / 3.0
    }

    /// Against the same integral by parts, k x^(k-1) P(X > x) from x on and x^k P(X > x), by Simpson's rule.
    #[test]
    fn upper_moments_are_those_of_the_tail() {
        let laws = [
            Law::Exponential { mean: 2.0 },
            Law::Uniform {
                low: 1.0,
                high: 3.0,
            },
            Law::lognormal(1.0, 0.5),
            Law::gamma(2.0, 0.7),
            Law::Weibull {
                shape: 1.3,
                scale: 2.0,
            },
            Law::BoundedPareto {
                shape: 2.0,
                min: 1.0,
                max: 40.0,
            },
            Law::hyperexponential(1.0, 1.5),
            Law::Erlang {
                phases: 3,
                mean: 2.0,
            },
            Law::Normal {
                mean: 1.0,
                sd: 2.0,
                min: 0.5,
            },
        ];
        for law in laws {
            for (k, x) in [(1, 0.3), (2, 1.7), (3, 2.5_f64)] {
                let tail = |y: f64| f64::from(k) * y.powi(k - 1) * law.survival(y);
                let parts = x.powi(k) * law.survival(x) + simpson(&tail, x, 80.0);
                let found = law.upper_moment(k, x);
                assert!(
                    (found / parts - 1.0).abs() < 1e-5,
                    "{law:?}, {k}: {found}, {parts}"
                );
            }
        }
    }

    #[test]
    fn upper_moments_of_whole_numbers_are_sums() {
        let few = Law::Geometric { mean: 3.5 };
        for k in 1..=3 {
            let chance = |n: i32| (2.5f64 / 3.5).powi(n - 1) / 3.5;
            let sum: f64 = (5..400).map(|n| f64::from(n).powi(k) * chance(n)).sum();
            assert!(close(few.upper_moment(k, 4.0), sum), "{k}");
        }
    }
}
