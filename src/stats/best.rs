//! Which of several are the best, and by how much the others are behind.
//!
//! Only the comparisons with the best, whichever it is, have to hold: k - 1 of them, where all pairs
//! would be k (k - 1) / 2 (Hsu, Ann. Statist. 12, 1984; Edwards & Hsu, JASA 78, 1983). Variances may
//! differ from pair to pair (Nelson & Matejcik, Management Science 41, 1995; Yang & Nelson, Oper.
//! Res. 39, 1991).

use super::critical::t_quantile;
use super::estimate::mean_and_variance;

/// Where one of several stands; logarithms of ratios.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// It is behind the best at least by so much; 0 if it may be the best.
    pub at_least: f64,
    /// It is behind the best at most by so much.
    pub at_most: f64,
}

/// How a strategy's place beside the best reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind it by less than what matters.
    Near,
    /// Not told from it.
    NotTold,
    /// Behind it.
    Behind,
}

impl Standing {
    /// Its place, where relative differences up to `margin` do not matter.
    pub fn place(&self, margin: f64) -> Place {
        match self.at_most.exp_m1() <= margin {
            true => Place::Near,
            false if self.may_be_best() => Place::NotTold,
            false => Place::Behind,
        }
    }

    /// Whether it cannot be told from the best.
    pub fn may_be_best(&self) -> bool {
        self.at_least == 0.0
    }
}

/// Where each of `values` stands, recentred pseudo-values of logarithms by replication, of which
/// lower is better. All that is said holds together with confidence `level`. `None` if they are of
/// fewer than 2 replications or of unlike numbers of them.
pub fn standings(values: &[Vec<f64>], level: f64) -> Option<Vec<Standing>> {
    let (k, n) = (values.len(), values.first()?.len());
    if n < 2 || values.iter().any(|v| v.len() != n) {
        return None;
    }
    let tail = (1.0 - level) / (2.0 * (k.max(2) - 1) as f64);
    let factor = t_quantile(tail, n as f64 - 1.0) / (n as f64).sqrt();
    // Of i against j: the difference, and half the width of its interval.
    let pair = |i: usize, j: usize| {
        let differences: Vec<f64> = values[i]
            .iter()
            .zip(&values[j])
            .map(|(a, b)| a - b)
            .collect();
        let (mean, variance) = mean_and_variance(&differences).unwrap_or_default();
        (mean, factor * variance.unwrap_or(0.0).sqrt())
    };
    let others = |i: usize| (0..k).filter(move |&j| j != i);
    let is_near = |&i: &usize| others(i).all(|j| pair(i, j).0 <= pair(i, j).1);
    let near: Vec<usize> = (0..k).filter(is_near).collect();
    let standing = |i: usize| {
        let rivals = || near.iter().filter(move |&&j| j != i).map(|&j| pair(i, j));
        let at_most = rivals().map(|(d, w)| d + w).fold(0.0, f64::max);
        let at_least = rivals().map(|(d, w)| d - w).fold(f64::INFINITY, f64::min);
        let is_out = !near.contains(&i) && at_least.is_finite();
        Standing {
            at_least: if is_out { at_least.max(0.0) } else { 0.0 },
            at_most,
        }
    };
    Some((0..k).map(standing).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn logs(rows: &[[f64; 5]]) -> Vec<Vec<f64>> {
        rows.iter()
            .map(|row| row.iter().map(|v| v.ln()).collect())
            .collect()
    }

    const ROWS: [[f64; 5]; 4] = [
        [10.0, 11.0, 9.0, 10.5, 12.0],
        [10.2, 11.1, 9.3, 10.4, 12.3],
        [11.0, 12.5, 10.0, 11.0, 13.5],
        [14.0, 15.0, 12.5, 15.5, 18.0],
    ];

    #[test]
    fn two_cannot_be_told_apart_and_two_are_behind() {
        let found = standings(&logs(&ROWS), 0.95).unwrap();
        let percent = |log: f64| 100.0 * log.exp_m1();
        let expected = [
            (0.0, 1.373716515),
            (0.0, 4.534800016),
            (4.185305119, 16.70921599),
            (28.90550509, 53.26076438),
        ];
        for (standing, (at_least, at_most)) in found.iter().zip(expected) {
            assert!(
                (percent(standing.at_least) - at_least).abs() < 1e-7,
                "{standing:?}"
            );
            assert!(
                (percent(standing.at_most) - at_most).abs() < 1e-7,
                "{standing:?}"
            );
        }
        let best: Vec<bool> = found.iter().map(Standing::may_be_best).collect();
        assert_eq!(best, [true, true, false, false]);
    }

    #[test]
    fn equal_ones_are_all_the_best_and_one_alone_is() {
        let equal = standings(&logs(&[ROWS[0]; 3]), 0.95).unwrap();
        assert!(equal.iter().all(|s| (s.at_least, s.at_most) == (0.0, 0.0)));
        let alone = standings(&logs(&ROWS[..1]), 0.95).unwrap();
        assert_eq!((alone[0].at_least, alone[0].at_most), (0.0, 0.0));
        assert_eq!(standings(&[vec![1.0], vec![2.0]], 0.95), None);
        assert_eq!(standings(&[vec![1.0; 3], vec![2.0; 4]], 0.95), None);
        assert_eq!(standings(&[], 0.95), None);
    }
}
