//! Moments of laws: what a load is computed from, and which means have an interval.
//!
//! Exact where a closed form is known, for a load that was estimated by sampling would not be the
//! one that was asked for. A law without a finite variance says so: the mean of heavy tails
//! converges too slowly for a normal interval. All functions are libm's, so that loads and cut-offs are
//! the same bytes everywhere.

use super::Law;

impl Law {
    /// The mean; infinite where the law has none.
    pub fn mean(&self) -> f64 {
        match *self {
            Law::Constant(value) => value,
            Law::Exponential { mean } | Law::Erlang { mean, .. } | Law::Geometric { mean } => mean,
            Law::Uniform { low, high } => (low + high) / 2.0,
            Law::Lognormal { mu, sigma } => libm::exp(mu + sigma * sigma / 2.0),
            Law::Gamma { shape, scale } => shape * scale,
            Law::Weibull { shape, scale } => scale * libm::tgamma(1.0 + 1.0 / shape),
            Law::Pareto { shape, .. } if shape <= 1.0 => f64::INFINITY,
            Law::Pareto { shape, min } => shape * min / (shape - 1.0),
            Law::BoundedPareto { shape, min, max } => bounded_pareto_moment(shape, min, max, 1.0),
            Law::Hyperexponential { p, first, second } => p * first + (1.0 - p) * second,
            Law::Normal { mean, sd, min } => truncated_normal(mean, sd, min).0,
            Law::Discrete { .. } => self.expectation(|x| x),
        }
    }

    /// The second moment; infinite where the law has no variance.
    pub fn second_moment(&self) -> f64 {
        let mean = self.mean();
        match *self {
            Law::Constant(value) => value * value,
            Law::Exponential { .. } => 2.0 * mean * mean,
            Law::Erlang { phases, .. } => mean * mean * (1.0 + 1.0 / f64::from(phases)),
            Law::Geometric { .. } => mean * (2.0 * mean - 1.0),
            Law::Uniform { low, high } => (low * low + low * high + high * high) / 3.0,
            Law::Lognormal { mu, sigma } => libm::exp(2.0 * (mu + sigma * sigma)),
            Law::Gamma { shape, scale } => shape * (shape + 1.0) * scale * scale,
            Law::Weibull { shape, scale } => scale * scale * libm::tgamma(1.0 + 2.0 / shape),
            Law::Pareto { shape, .. } if shape <= 2.0 => f64::INFINITY,
            Law::Pareto { shape, min } => shape * min * min / (shape - 2.0),
            Law::BoundedPareto { shape, min, max } => bounded_pareto_moment(shape, min, max, 2.0),
            Law::Hyperexponential { p, first, second } => {
                2.0 * (p * first * first + (1.0 - p) * second * second)
            }
            Law::Normal { mean, sd, min } => truncated_normal(mean, sd, min).1,
            Law::Discrete { .. } => self.expectation(|x| x * x),
        }
    }

    /// Mean of the counts that [`Law::sample_count`] draws: 1 + sum over k >= 2 of
    /// P(X rounds to k or more).
    pub fn mean_count(&self) -> f64 {
        match self {
            Law::Constant(value) => value.round_ties_even().max(1.0),
            Law::Discrete { .. } => self.expectation(|x| x.round_ties_even().max(1.0)),
            Law::Geometric { mean } => *mean,
            _ => {
                // Beyond `far` the sum is replaced by the integral of the same tail (Euler).
                let far = 1_000_000;
                let mut mean = 1.0;
                for k in 2..far {
                    let above = self.survival(f64::from(k) - 0.5);
                    mean += above;
                    if above < 1e-15 {
                        return mean;
                    }
                }
                let (start, tail) = (f64::from(far) - 1.0, self.survival(f64::from(far) - 1.0));
                match *self {
                    Law::Pareto { shape, .. } if shape > 1.0 => mean + tail * start / (shape - 1.0),
                    Law::Pareto { .. } => f64::INFINITY,
                    _ => mean,
                }
            }
        }
    }

    /// P(X > x).
    pub fn survival(&self, x: f64) -> f64 {
        match *self {
            Law::Constant(value) => f64::from(u8::from(value > x)),
            Law::Exponential { mean } => libm::exp(-x.max(0.0) / mean),
            Law::Uniform { low, high } if high > low => ((high - x) / (high - low)).clamp(0.0, 1.0),
            Law::Uniform { low, .. } => f64::from(u8::from(low > x)),
            Law::Lognormal { .. } if x <= 0.0 => 1.0,
            Law::Lognormal { mu, sigma } if sigma > 0.0 => {
                normal_above((libm::log(x) - mu) / sigma)
            }
            Law::Lognormal { mu, .. } => f64::from(u8::from(libm::exp(mu) > x)),
            Law::Gamma { shape, scale } => gamma_above(shape, scale, x),
            Law::Erlang { phases, mean } => {
                gamma_above(f64::from(phases), mean / f64::from(phases), x)
            }
            Law::Weibull { shape, scale } => libm::exp(-libm::pow(x.max(0.0) / scale, shape)),
            Law::Pareto { shape, min } => libm::pow(min / x.max(min), shape),
            Law::BoundedPareto { shape, min, max } => {
                let (above, floor) = (
                    libm::pow(min / x.clamp(min, max), shape),
                    libm::pow(min / max, shape),
                );
                (above - floor) / (1.0 - floor)
            }
            Law::Hyperexponential { p, first, second } => {
                p * libm::exp(-x.max(0.0) / first) + (1.0 - p) * libm::exp(-x.max(0.0) / second)
            }
            Law::Normal { mean, sd, min } => {
                (normal_above((x.max(min) - mean) / sd) / normal_above((min - mean) / sd)).min(1.0)
            }
            Law::Geometric { mean } => libm::pow(1.0 - 1.0 / mean, libm::floor(x).max(0.0)),
            Law::Discrete { .. } => self.expectation(|value| f64::from(u8::from(value > x))),
        }
    }

    /// E(f(X)) of a discrete law; NaN for others.
    pub(super) fn expectation(&self, f: impl Fn(f64) -> f64) -> f64 {
        let Law::Discrete { values, cumulative } = self else {
            return f64::NAN;
        };
        let mut below = 0.0;
        values
            .iter()
            .zip(cumulative.iter())
            .fold(0.0, |sum, (&value, &upto)| {
                let term = f(value) * (upto - below);
                below = upto;
                sum + term
            })
    }
}

/// E(X^k) of the Pareto law bounded to [min, max].
fn bounded_pareto_moment(shape: f64, min: f64, max: f64, k: f64) -> f64 {
    let norm = shape * libm::pow(min, shape) / (1.0 - libm::pow(min / max, shape));
    if (shape - k).abs() < 1e-12 {
        norm * libm::log(max / min)
    } else {
        norm * (libm::pow(max, k - shape) - libm::pow(min, k - shape)) / (k - shape)
    }
}

/// P(Z > z) of the standard normal.
pub(super) fn normal_above(z: f64) -> f64 {
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

fn gamma_above(shape: f64, scale: f64, x: f64) -> f64 {
    upper_gamma(shape, x / scale)
}

/// Steps within which a series or a fraction has come to rest.
const STEPS: u32 = 100_000;

/// Q(a, x), the upper regularised incomplete gamma function, a > 0: by the series of its complement below a + 1,
/// else by its continued fraction (Gautschi, "A computational procedure for incomplete gamma functions", ACM
/// TOMS 5, 1979; Lentz, Applied Optics 15, 1976).
pub(super) fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let factor = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    match x < a + 1.0 {
        true => 1.0 - factor * lower_series(a, x),
        false if factor == 0.0 => 0.0,
        false => factor * upper_fraction(a, x),
    }
}

/// The lower incomplete gamma function but for a factor, as a series that converges soon where x is small
/// (Abramowitz & Stegun 1964, 6.5.29).
fn lower_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0 / a, 1.0 / a);
    for n in 1..STEPS {
        term *= x / (a + f64::from(n));
        if sum + term == sum {
            break;
        }
        sum += term;
    }
    sum
}

/// The upper one as a continued fraction, which converges soon where x is large (Abramowitz & Stegun 1964,
/// 6.5.31), evaluated from the front as by Lentz (Applied Optics 15, 1976).
fn upper_fraction(a: f64, x: f64) -> f64 {
    let mut under = x + 1.0 - a;
    let (mut c, mut d) = (f64::MAX, 1.0 / under);
    let mut value = d;
    for n in (1..STEPS).map(f64::from) {
        let over = n * (a - n);
        under += 2.0;
        d = 1.0 / (over * d + under);
        c = under + over / c;
        let change = c * d;
        value *= change;
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

/// First and second moment of a normal law conditioned to be at least `min`.
fn truncated_normal(mean: f64, sd: f64, min: f64) -> (f64, f64) {
    let alpha = (min - mean) / sd;
    let density = libm::exp(-alpha * alpha / 2.0) / libm::sqrt(2.0 * std::f64::consts::PI);
    let hazard = density / normal_above(alpha);
    let first = mean + sd * hazard;
    let variance = sd * sd * (1.0 + alpha * hazard - hazard * hazard);
    (first, variance + first * first)
}
