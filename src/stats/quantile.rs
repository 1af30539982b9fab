//! Nearest-rank quantiles: which rank, and from how many values on.
//!
//! The rank is that of the decimal number as it was written (0.99 of 100 values is the 99th),
//! which binary floating point alone would miss; and a quantile with fewer than ten values beyond
//! it is not given at all, since it would be the largest value by another name.

/// Rank (from 1) of the nearest-rank quantile `q` (0 < `q` <= 1) among `n` sorted values: ceil(q n)
/// of the decimal number that `q` was written as, so that 0.99 of 100 is 99. 0 if `n` is 0.
pub fn rank(q: f64, n: u64) -> u64 {
    let product = q * n as f64;
    ceil(product, 2.0 * f64::EPSILON * product).clamp(n.min(1), n)
}

/// The least number of values of which a quantile `q` is given: 10 / (1 - q), so that about ten lie
/// beyond it. More than any count if `q` is 1, which is a maximum and no quantile.
pub fn jobs_needed(q: f64) -> u64 {
    let jobs = 10.0 / (1.0 - q);
    ceil(jobs, f64::EPSILON / (1.0 - q) * jobs)
}

/// Whether `n` values are enough to give their quantile `q`.
pub fn enough(q: f64, n: u64) -> bool {
    n >= jobs_needed(q)
}

/// The least whole number not below `x`, where an `x` within `error` of a whole number is that number.
fn ceil(x: f64, error: f64) -> u64 {
    let nearest = x.round();
    let whole = if (x - nearest).abs() <= error {
        nearest
    } else {
        x.ceil()
    };
    whole as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ceil(thousandths n / 1000) in integers.
    fn exact(thousandths: u64, n: u64) -> u64 {
        (thousandths * n).div_ceil(1000)
    }

    #[test]
    fn ranks_are_those_of_integer_arithmetic() {
        for thousandths in 1..=1000 {
            let q = thousandths as f64 / 1000.0;
            let counts = (1..=300).chain([999, 1_000, 1_001, 99_999, 1_000_000, 123_456_789]);
            for n in counts {
                assert_eq!(rank(q, n), exact(thousandths, n), "q {q}, n {n}");
            }
        }
        assert_eq!(rank(0.99, 100), 99);
        assert_eq!(rank(0.07, 100), 7);
        assert_eq!(rank(2.0 / 3.0, 3), 2);
        assert_eq!((rank(0.0, 5), rank(0.5, 0)), (1, 0));
    }

    #[test]
    fn ten_values_lie_beyond_a_quantile_that_is_given() {
        for thousandths in 1..1000 {
            let needed = 10_000u64.div_ceil(1000 - thousandths);
            assert_eq!(
                jobs_needed(thousandths as f64 / 1000.0),
                needed,
                "{thousandths}"
            );
        }
        for (q, needed) in [
            (0.9999, 100_000),
            (0.99999, 1_000_000),
            (0.999999, 10_000_000),
        ] {
            assert!(enough(q, needed) && !enough(q, needed - 1), "{q}");
        }
        assert!(!enough(1.0, u64::MAX - 1));
    }
}
