//! Finding the end of the warm-up in a series.
//!
//! MSER-5 (White, Cobb and Spratt, Winter Simulation Conference 2000): of all cuts, the one at
//! which the rest has the smallest standard error of its mean. It needs no threshold, and a series
//! that never settles gives no cut, which is an answer too.

/// Observations a batch.
const BATCH: usize = 5;

/// Where a series is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truncation {
    /// How many observations at the start are warm-up.
    pub observations: usize,
    /// The statistic at the cut: the squared standard error of the mean of what is kept, if its
    /// batches were independent. Good for the cut, never for an interval.
    pub statistic: f64,
    /// Mean of the whole batches kept.
    pub mean: f64,
    /// The least statistic was found at the last cut allowed: the series is too short to say.
    pub too_short: bool,
}

/// MSER-5: cuts the series where the marginal standard error of the rest is least (White 1997;
/// batches of five: White, Cobb & Spratt 2000). With batch means z_1..z_n, the cut d minimises
/// sum_{j>d} (z_j - mean)^2 / (n - d)^2 over 0 <= d <= n/2; equal statistics cut least. Observations
/// after the last whole batch are left out. `None` without a whole batch.
pub fn mser5(series: &[f64]) -> Option<Truncation> {
    let batches = series.chunks_exact(BATCH);
    let means: Vec<f64> = batches
        .map(|b| b.iter().sum::<f64>() / BATCH as f64)
        .collect();
    let last = means.len() / 2;
    let tails = tails(&means);
    let mut best = None;
    for (d, &(statistic, mean)) in tails.iter().enumerate().take(last + 1) {
        if best.is_none_or(|(_, least, _)| statistic < least) {
            best = Some((d, statistic, mean));
        }
    }
    best.map(|(d, statistic, mean)| Truncation {
        observations: d * BATCH,
        statistic,
        mean,
        too_short: d == last,
    })
}

/// For each d the statistic and the mean of `means[d..]`, collected from the back in one pass
/// (Welford 1962).
fn tails(means: &[f64]) -> Vec<(f64, f64)> {
    let (mut kept, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let mut tails: Vec<(f64, f64)> = means
        .iter()
        .rev()
        .map(|z| {
            kept += 1.0;
            let off = z - mean;
            mean += off / kept;
            squares += off * (z - mean);
            (squares / (kept * kept), mean)
        })
        .collect();
    tails.reverse();
    tails
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    /// A decaying start and an alternating rest.
    fn decaying() -> Vec<f64> {
        let sign = |i: i32| if i % 2 == 0 { -1.0 } else { 1.0 };
        (0..100).map(|i| 100.0 * 0.8f64.powi(i) + sign(i)).collect()
    }

    #[test]
    fn cuts_the_reference_series() {
        // In exact fractions: python3 -c "from fractions import Fraction as F
        // y = [100*F(4,5)**i + (-1)**(i+1) for i in range(100)]; z = [sum(y[j:j+5])/5 for j in range(0, 100, 5)]
        // s = lambda k: (sum((x - sum(k)/len(k))**2 for x in k)/len(k)**2, sum(k)/len(k))
        // d = min(range(11), key=lambda d: s(z[d:])); print(d, *map(float, s(z[d:])))"
        let cut = mser5(&decaying()).unwrap();
        assert_eq!(cut.observations, 30);
        for (value, exact) in [
            (cut.statistic, 0.002763217604717438),
            (cut.mean, 0.008842427397012733),
        ] {
            assert!((value - exact).abs() < 1e-11 * exact, "{value}");
        }
        assert!(!cut.too_short);
    }

    #[test]
    fn agrees_with_the_definition() {
        let series: Vec<f64> = (0..83)
            .map(|i| f64::from(i * 37 % 23) - f64::from(i))
            .collect();
        let z: Vec<f64> = series
            .chunks_exact(5)
            .map(|b| b.iter().sum::<f64>() / 5.0)
            .collect();
        let slow = |d: usize| {
            let (rest, n) = (&z[d..], (z.len() - d) as f64);
            let mean = rest.iter().sum::<f64>() / n;
            rest.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n * n)
        };
        let cut = mser5(&series).unwrap();
        let least = (0..=z.len() / 2).map(slow).fold(f64::INFINITY, f64::min);
        assert!((cut.statistic - least).abs() < 1e-12 * least);
        assert!((slow(cut.observations / 5) - least).abs() < 1e-12 * least);
    }

    #[test]
    fn a_level_series_is_kept_and_a_falling_one_is_too_short() {
        let level = mser5(&[0.1; 40]).unwrap();
        assert_eq!(
            (level.observations, level.statistic, level.too_short),
            (0, 0.0, false)
        );
        let falling: Vec<f64> = (0..60).map(|i| 0.9f64.powi(i)).collect();
        let cut = mser5(&falling).unwrap();
        assert_eq!((cut.observations, cut.too_short), (30, true));
        assert_eq!(mser5(&[1.0; 4]), None);
        for (high, too_short) in [(45, false), (50, true)] {
            let step: Vec<f64> = (0..100).map(|i| if i < high { 9.0 } else { 1.0 }).collect();
            let cut = mser5(&step).unwrap();
            assert_eq!((cut.observations, cut.mean), (high, 1.0));
            assert_eq!(cut.too_short, too_short);
        }
    }
}
