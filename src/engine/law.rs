//! Probability laws: how they are drawn and what their moments are.
//!
//! Only the unit exponential, the standard normal and uniform numbers come from a library; every
//! other law is a transformation of them through `libm`, so that the values are the same on every
//! machine and do not depend on what else is compiled in.

use std::sync::Arc;

use rand::Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

use super::random::unit;
use super::time::rounded;

/// A law of non-negative numbers (spans are in seconds).
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// Always the same value.
    Constant(f64),
    /// Exponential with this mean.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Uniform between two values.
    Uniform {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// exp of a normal.
    Lognormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Gamma with `shape` and `scale` (mean = shape x scale).
    Gamma {
        /// Shape.
        shape: f64,
        /// Scale.
        scale: f64,
    },
    /// Weibull: scale x Exp(1)^(1/shape).
    Weibull {
        /// Shape.
        shape: f64,
        /// Scale.
        scale: f64,
    },
    /// Pareto: P(X > x) = (min/x)^shape.
    Pareto {
        /// Tail index.
        shape: f64,
        /// Smallest value.
        min: f64,
    },
    /// Pareto conditioned to stay below `max`.
    BoundedPareto {
        /// Tail index.
        shape: f64,
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// Mixture of two exponentials with balanced means (Whitt, "Approximating a point process by
    /// a renewal process", 1982): each phase brings half of the mean.
    Hyperexponential {
        /// Probability of the first phase.
        p: f64,
        /// Mean of the first phase.
        first: f64,
        /// Mean of the second phase.
        second: f64,
    },
    /// Sum of `phases` exponentials.
    Erlang {
        /// Number of phases.
        phases: u32,
        /// Mean of the whole sum.
        mean: f64,
    },
    /// Normal, redrawn while below `min`.
    Normal {
        /// Mean before redrawing.
        mean: f64,
        /// Standard deviation before redrawing.
        sd: f64,
        /// Smallest value.
        min: f64,
    },
    /// One of some values with given probabilities.
    Discrete {
        /// Values.
        values: Arc<[f64]>,
        /// Running sums of the probabilities; the last is 1.
        cumulative: Arc<[f64]>,
    },
    /// Number of trials up to the first success: 1, 2, ... with this mean (at least 1).
    Geometric {
        /// Mean.
        mean: f64,
    },
}

impl Law {
    /// Lognormal from its own mean and coefficient of variation.
    pub fn lognormal(mean: f64, cv: f64) -> Law {
        let variance = libm::log1p(cv * cv);
        Law::Lognormal {
            mu: libm::log(mean) - variance / 2.0,
            sigma: libm::sqrt(variance),
        }
    }

    /// Gamma from its mean and coefficient of variation.
    pub fn gamma(mean: f64, cv: f64) -> Law {
        Law::Gamma {
            shape: 1.0 / (cv * cv),
            scale: mean * cv * cv,
        }
    }

    /// Two-phase hyperexponential with balanced means from its mean and coefficient of variation
    /// (at least 1).
    pub fn hyperexponential(mean: f64, cv: f64) -> Law {
        let squared = cv * cv;
        let p = (1.0 + libm::sqrt((squared - 1.0) / (squared + 1.0))) / 2.0;
        Law::Hyperexponential {
            p,
            first: mean / (2.0 * p),
            second: mean / (2.0 * (1.0 - p)),
        }
    }

    /// One of `values` with probabilities proportional to `weights` (same length, sum above 0).
    pub fn discrete(values: &[f64], weights: &[f64]) -> Law {
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = weights
            .iter()
            .map(|weight| {
                sum += weight;
                sum / total
            })
            .collect();
        if let Some(last) = cumulative.last_mut() {
            *last = 1.0;
        }
        Law::Discrete {
            values: values.into(),
            cumulative: cumulative.into(),
        }
    }

    /// 1, ..., n with probabilities proportional to k^-exponent.
    pub fn zipf(n: u32, exponent: f64) -> Law {
        let values: Vec<f64> = (1..=n).map(f64::from).collect();
        let weights: Vec<f64> = values.iter().map(|&k| libm::pow(k, -exponent)).collect();
        Law::discrete(&values, &weights)
    }

    /// One of `values`, each equally likely.
    pub fn empirical(values: &[f64]) -> Law {
        Law::discrete(values, &vec![1.0; values.len()])
    }

    /// A value of the law.
    #[inline]
    pub fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        match *self {
            Law::Constant(value) => value,
            Law::Exponential { mean } => exponential(mean, rng),
            _ => self.sample_other(rng),
        }
    }

    /// A draw of any law by inversion or by its composition; all mathematical functions are those of `libm`,
    /// whose bits are the same on every machine.
    fn sample_other<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        match *self {
            Law::Constant(value) => value,
            Law::Exponential { mean } => exponential(mean, rng),
            Law::Uniform { low, high } => low + (high - low) * unit(rng),
            Law::Lognormal { mu, sigma } => libm::exp(mu + sigma * normal(rng)),
            Law::Gamma { shape, scale } => scale * unit_gamma(shape, rng),
            Law::Weibull { shape, scale } => scale * libm::pow(exp1(rng), 1.0 / shape),
            Law::Pareto { shape, min } => min * libm::exp(exp1(rng) / shape),
            Law::BoundedPareto { shape, min, max } => {
                let kept = 1.0 - libm::pow(min / max, shape);
                (min * libm::pow(1.0 - kept * unit(rng), -1.0 / shape)).min(max)
            }
            Law::Hyperexponential { p, first, second } => {
                (if unit(rng) < p { first } else { second }) * exp1(rng)
            }
            Law::Erlang { phases, mean } => {
                let sum: f64 = (0..phases).map(|_| exp1(rng)).sum();
                mean * sum / f64::from(phases)
            }
            Law::Normal { mean, sd, min } => loop {
                let value = mean + sd * normal(rng);
                if value >= min {
                    break value;
                }
            },
            Law::Discrete {
                ref values,
                ref cumulative,
            } => {
                let u = unit(rng);
                values[cumulative.partition_point(|&sum| sum <= u)]
            }
            Law::Geometric { mean } => {
                let rate = -libm::log1p(-1.0 / mean);
                1.0 + libm::floor(exp1(rng) / rate)
            }
        }
    }

    /// A count: a value rounded half to even, at least 1.
    #[inline]
    pub fn sample_count<R: Rng + ?Sized>(&self, rng: &mut R) -> u32 {
        count(self.sample(rng))
    }

    /// The count that the law always gives, if it does.
    pub fn constant_count(&self) -> Option<u32> {
        self.constant().map(count)
    }

    /// The law of `factor` times its values.
    pub fn scaled(&self, factor: f64) -> Law {
        let mut law = self.clone();
        match &mut law {
            Law::Constant(size)
            | Law::Exponential { mean: size }
            | Law::Erlang { mean: size, .. }
            | Law::Gamma { scale: size, .. }
            | Law::Weibull { scale: size, .. }
            | Law::Pareto { min: size, .. } => *size *= factor,
            Law::Uniform { low: a, high: b }
            | Law::BoundedPareto { min: a, max: b, .. }
            | Law::Hyperexponential {
                first: a,
                second: b,
                ..
            } => {
                *a *= factor;
                *b *= factor;
            }
            Law::Normal { mean, sd, min } => {
                [mean, sd, min].into_iter().for_each(|size| *size *= factor);
            }
            Law::Lognormal { mu, .. } => *mu += libm::log(factor),
            Law::Discrete { values, .. } => *values = values.iter().map(|x| x * factor).collect(),
            Law::Geometric { mean } => return geometric_values(*mean, factor),
        }
        law
    }

    /// The constant that the law always gives, if it does.
    pub fn constant(&self) -> Option<f64> {
        match *self {
            Law::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// True if every draw is 0.
    pub fn is_zero(&self) -> bool {
        self.constant() == Some(0.0)
    }
}

/// A draw of the exponential law of that `mean`.
#[inline]
pub fn exponential<R: Rng + ?Sized>(mean: f64, rng: &mut R) -> f64 {
    mean * exp1(rng)
}

#[inline]
fn exp1<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    Exp1.sample(rng)
}

fn normal<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    StandardNormal.sample(rng)
}

/// Gamma with scale 1 (Marsaglia & Tsang, "A simple method for generating gamma variables",
/// ACM TOMS 26, 2000); a shape below 1 is drawn at shape + 1 and scaled by U^(1/shape).
fn unit_gamma<R: Rng + ?Sized>(shape: f64, rng: &mut R) -> f64 {
    if shape < 1.0 {
        return unit_gamma(shape + 1.0, rng) * libm::exp(-exp1(rng) / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = normal(rng);
        let t = 1.0 + c * x;
        let v = t * t * t;
        if v > 0.0 && -exp1(rng) < 0.5 * x * x + d * (1.0 - v + libm::log(v)) {
            return d * v;
        }
    }
}

/// Factor times a geometric law, cut where fewer than 1e-12 of the draws lie.
fn geometric_values(mean: f64, factor: f64) -> Law {
    let stay = 1.0 - 1.0 / mean;
    let count = (libm::ceil(libm::log(1e-12) / libm::log(stay)) as u32).clamp(1, 1_000_000);
    let values: Vec<f64> = (1..=count).map(|k| f64::from(k) * factor).collect();
    let weights: Vec<f64> = (0..count).map(|k| libm::pow(stay, f64::from(k))).collect();
    Law::discrete(&values, &weights)
}

pub mod heavy;
mod moments;
pub mod spec;

/// Most of anything that a law counts: the tasks of a job.
pub const MOST_COUNT: u32 = 10_000_000;

/// `value` as a count: rounded, at least 1, at most [`MOST_COUNT`].
fn count(value: f64) -> u32 {
    let rounded = rounded(value).clamp(1, u64::from(MOST_COUNT));
    rounded as u32
}

#[cfg(test)]
mod tests;
