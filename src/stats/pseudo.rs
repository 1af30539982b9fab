//! Pseudo-values: what each replication contributes to a figure of all jobs together.
//!
//! The quantile of all jobs is not the mean of the replications' quantiles, which is too low at high
//! load whatever their number. The jackknife (Quenouille, Biometrika 43, 1956; Miller, Ann. Math.
//! Statist. 35, 1964; of quantiles: Munoz & Glynn, Oper. Res. 45, 1997) asks instead how the figure
//! changes without one replication, and the answers can be treated as independent values were. On the
//! logarithmic scale, as all figures of interest are positive and skewed; and recentred on the
//! figure itself, as their mean is the worse estimate.

use super::critical::two_sided;
use super::estimate::{Estimate, mean_and_variance};

/// Fewer replications give no interval.
pub const FEWEST: usize = 3;

/// A figure of all replications together, with what each of them contributes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pseudo {
    /// The figure.
    pub figure: f64,
    /// By replication, in the figure's unit: exp of the recentred pseudo-value of its logarithm, or
    /// the replication's own value where the figure is not positive.
    pub values: Vec<f64>,
    /// Independent events behind the variance; infinite where nothing is rare.
    pub events: f64,
}

impl Pseudo {
    /// Of the `figure` of all replications and what it is `without` each. If any of these is not
    /// positive, the replications' own values `plain` stand for themselves.
    pub fn new(figure: f64, without: &[f64], plain: &[f64], events: f64) -> Pseudo {
        let values = match recentred(figure, without, f64::ln) {
            Some(logs) => logs.into_iter().map(f64::exp).collect(),
            None => plain.to_vec(),
        };
        Pseudo {
            figure,
            values,
            events,
        }
    }

    /// Of stored values, whose mean logarithm is that of the figure; nothing rare is behind them.
    pub fn recentred_on_itself(values: &[f64]) -> Pseudo {
        let mean = |values: Vec<f64>| mean_and_variance(&values).map_or(f64::NAN, |(mean, _)| mean);
        let all = Pseudo {
            figure: mean(values.to_vec()),
            values: values.to_vec(),
            events: f64::INFINITY,
        };
        match all.is_positive() {
            true => Pseudo {
                figure: mean(all.logs()).exp(),
                ..all
            },
            false => all,
        }
    }

    /// Number of replications.
    pub fn n(&self) -> usize {
        self.values.len()
    }

    /// Whether the values are logarithms of pseudo-values, raised.
    pub fn is_positive(&self) -> bool {
        self.figure > 0.0 && self.values.iter().all(|value| *value > 0.0)
    }

    /// The recentred pseudo-values of the logarithm.
    pub fn logs(&self) -> Vec<f64> {
        self.values.iter().map(|value| value.ln()).collect()
    }

    /// The figure with its two-sided interval of confidence `level`, from [`FEWEST`] replications on.
    /// The standard deviation is that of the values, to first order.
    pub fn estimate(&self, level: f64) -> Estimate {
        let is_positive = self.is_positive();
        let scaled = if is_positive {
            self.logs()
        } else {
            self.values.clone()
        };
        let spread = mean_and_variance(&scaled).and_then(|(_, variance)| variance);
        let half = spread.and_then(|v| half_width(v.sqrt(), self.n(), SINGLE / self.events, level));
        let end = |half: f64| match is_positive {
            true => self.figure * half.exp(),
            false => self.figure + half,
        };
        let unit = if is_positive { self.figure } else { 1.0 };
        Estimate {
            mean: self.figure,
            low: half.map(|half| end(-half)),
            high: half.map(end),
            stddev: spread.map(|variance| variance.sqrt() * unit),
            n: self.n(),
        }
    }
}

/// Degrees of freedom lost for each 1 / K: of a figure, and of a difference of two on equal jobs.
/// (The variance of a variance of clusters with areas like X^2, X exponential, loses 5.8; measured: 8.)
pub const SINGLE: f64 = 8.0;
/// The same of differences.
pub const PAIRED: f64 = 3.0;

/// Half the width of the interval of a mean of `n` values with standard deviation `sd`, of which
/// `lost` is the loss of freedom: t with 1 / (1/(n-1) + lost) degrees (Satterthwaite, Biometrics
/// Bulletin 2, 1946), which may be below 1. Without variance 0; `None` below [`FEWEST`] values.
pub fn half_width(sd: f64, n: usize, lost: f64, level: f64) -> Option<f64> {
    match n {
        0 | 1 => None,
        _ if sd == 0.0 => Some(0.0),
        n if n < FEWEST => None,
        n => Some(two_sided(level, freedom(n, lost)) * sd / (n as f64).sqrt()),
    }
}

/// Degrees of freedom of `n` replications that `lost` so much of it.
pub fn freedom(n: usize, lost: f64) -> f64 {
    1.0 / (1.0 / (n as f64 - 1.0) + lost)
}

/// Pseudo-values of `figure` on a scale, recentred: p_r - mean(p) + scale(figure) with
/// p_r = R scale(figure) - (R-1) scale(without_r). `None` if the scale has no place for any of them.
pub fn recentred(figure: f64, without: &[f64], scale: fn(f64) -> f64) -> Option<Vec<f64>> {
    let (center, n) = (scale(figure), without.len() as f64);
    let pseudo = without
        .iter()
        .map(|&rest| n * center - (n - 1.0) * scale(rest));
    let pseudo: Vec<f64> = if without.len() == 1 {
        vec![center]
    } else {
        pseudo.collect()
    };
    let (mean, _) = mean_and_variance(&pseudo)?;
    let all: Vec<f64> = pseudo.iter().map(|p| (p - mean) + center).collect();
    all.iter().all(|value| value.is_finite()).then_some(all)
}

/// The scale of shares between 0 and 1.
pub fn logit(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}

/// The interval of the share `figure`, on the scale of [`logit`].
pub fn share_interval(figure: f64, without: &[f64], events: f64, level: f64) -> Option<(f64, f64)> {
    let values = recentred(figure, without, logit)?;
    let (_, variance) = mean_and_variance(&values)?;
    let half = half_width(variance?.sqrt(), values.len(), SINGLE / events, level)?;
    let end = |half: f64| 1.0 / (1.0 + (-logit(figure) - half).exp());
    Some((end(-half), end(half)))
}

/// The weighted mean of `values`, and what it is without each of them. Equal values have exactly
/// that mean.
pub fn weighted(values: &[f64], weights: &[f64]) -> Option<(f64, Vec<f64>)> {
    let first = *values.first()?;
    let parts: Vec<f64> = values
        .iter()
        .zip(weights)
        .map(|(v, w)| (v - first) * w)
        .collect();
    let (part, weight) = (parts.iter().sum::<f64>(), weights.iter().sum::<f64>());
    let mean = |part: f64, weight: f64| first + if weight > 0.0 { part / weight } else { 0.0 };
    let without = parts.iter().zip(weights);
    let without = without.map(|(p, w)| mean(part - p, weight - w)).collect();
    Some((mean(part, weight), without))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::stats::events::independent_events;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 2e-9 * b.abs()
    }

    fn all_close(a: &[f64], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(*a, *b))
    }

    fn spread(values: &[f64]) -> f64 {
        mean_and_variance(values).unwrap().1.unwrap().sqrt()
    }

    /// Medians, by tests of the histogram.
    #[test]
    fn a_quantile_of_three_replications() {
        let without = [1.547619048, 1.491666667, 1.388888889];
        let events = independent_events(&[45.64516129, 49.20967742, 55.64516129]);
        assert!(close(events, 293.9277128));
        let pseudo = Pseudo::new(1.478494624, &without, &[], events);
        let logs = pseudo.logs();
        assert!(
            all_close(&logs, &[0.2943329752, 0.3679801523, 0.5107601444]),
            "{logs:?}"
        );
        assert!(close(spread(&logs), 0.1100384421));
        assert!(close(freedom(3, SINGLE / events), 1.896750117));
        let estimate = pseudo.estimate(0.95);
        assert!(close(estimate.low.unwrap(), 1.108388846));
        assert!(close(estimate.high.unwrap(), 1.972183643));
    }

    #[test]
    fn a_tail_of_three_replications() {
        let without = [6.190476190, 6.3, 4.823529412];
        let pseudo = Pseudo::new(5.862068966, &without, &[], 22.82922007);
        assert!(all_close(
            &pseudo.logs(),
            &[1.613856948, 1.578781706, 2.112869167]
        ));
        let estimate = pseudo.estimate(0.95);
        assert!(close(estimate.low.unwrap(), 1.243745324));
        assert!(close(estimate.high.unwrap(), 27.62933207));
    }

    #[test]
    fn critical_values_of_fractional_freedom() {
        for (n, events, nu, t) in [
            (3, 10.0, 0.7692307692, 26.43371921),
            (5, 10.0, 0.9523809524, 14.31037974),
            (20, 10.0, 1.172839506, 9.033602546),
            (20, 40.0, 3.958333333, 2.788009223),
            (5, 100.0, 3.030303030, 3.164518067),
        ] {
            let freedom = freedom(n, SINGLE / events);
            assert!(
                close(freedom, nu) && close(two_sided(0.95, freedom), t),
                "{n} {events}"
            );
        }
    }

    #[test]
    fn a_mean_of_four_replications() {
        let values = [1.0, 1.2, 0.9, 1.5];
        let (figure, without) = weighted(&values, &[1.0; 4]).unwrap();
        assert!(close(figure, 1.15));
        let logs = recentred(figure, &without, f64::ln).unwrap();
        let shift = logs[0] - 0.01208309912;
        let raw = [0.01208309912, 0.1835583406, -0.07011382345, 0.4606783010];
        assert!(
            logs.iter()
                .zip(raw)
                .all(|(u, p)| (u - p - shift).abs() < 1e-9)
        );
        assert!(close(spread(&logs), 0.2345710742));
        let events = independent_events(&[3.0, 4.0, 2.5, 9.0]);
        assert!(close(events, 9.618266979));
        assert!(close(freedom(4, SINGLE / events), 0.8583072100));
    }

    #[test]
    fn jobs_weigh_alike_wherever_they_are() {
        let (figure, without) = weighted(&[1.0, 4.0], &[3.0, 1.0]).unwrap();
        assert_eq!((figure, without), (1.75, vec![4.0, 1.0]));
        let (figure, without) = weighted(&[0.1; 7], &[3.0, 1.0, 0.2, 7.0, 1e9, 5.0, 2.0]).unwrap();
        assert_eq!((figure, without), (0.1, vec![0.1; 7]));
        let exact = Pseudo::new(0.1, &[0.1; 7], &[0.1; 7], 3.0).estimate(0.99);
        assert_eq!(
            (exact.low, exact.high, exact.stddev),
            (Some(0.1), Some(0.1), Some(0.0))
        );
    }

    #[test]
    fn fewer_than_three_give_no_interval_and_what_is_not_positive_no_logarithm() {
        let two = Pseudo::new(1.0, &[0.9, 1.1], &[1.1, 0.9], f64::INFINITY).estimate(0.95);
        assert_eq!((two.low, two.high), (None, None));
        assert!(two.stddev.is_some());
        let one = Pseudo::new(2.0, &[f64::NAN], &[2.0], f64::INFINITY);
        assert_eq!(
            (one.values[0], one.estimate(0.95).low),
            (2f64.ln().exp(), None)
        );
        let zero = Pseudo::new(0.5, &[0.0, 0.6, 0.9], &[1.5, 0.0, 0.0], f64::INFINITY);
        assert!(!zero.is_positive());
        assert_eq!(zero.values, [1.5, 0.0, 0.0]);
        assert!(zero.estimate(0.95).low.unwrap() < 0.0);
    }

    #[test]
    fn an_interval_of_a_share_stays_between_none_and_all() {
        let (figure, without) = weighted(&[0.001, 0.004, 0.02, 0.0], &[100.0; 4]).unwrap();
        let (low, high) = share_interval(figure, &without, 12.0, 0.95).unwrap();
        assert!(
            0.0 < low && low < figure && figure < high && high < 1.0,
            "{low} {high}"
        );
        assert_eq!(share_interval(0.0, &[0.0; 4], 12.0, 0.95), None);
    }
}
