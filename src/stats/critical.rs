//! Tail probabilities and critical values of Student's t distribution.
//!
//! Simultaneous intervals need levels far out (a thousandth divided by hundreds of comparisons),
//! where tables end and approximations by the normal law are wrong for few replications; so the
//! tail is inverted.

use statrs::distribution::{Continuous, ContinuousCDF, Normal, StudentsT};

/// Enough for one degree of freedom and a tail of 1e-20; the usual case takes 5 to 10.
const MAX_STEPS: u32 = 100;

/// The `t` that a Student t variable with `df` >= 1 degrees of freedom exceeds with probability
/// `tail`; infinite for tails 0 and 1, NaN outside [0, 1] or without a valid `df`.
///
/// Newton's method on the tail probability. That function is convex for t > 0 and the normal
/// quantile lies left of its root, so the steps climb to the root and cannot miss it. (The
/// library's own inverse is off by 9 % at a tail of 1e-8 with `df` 1, and by 0.3 % at a tail of
/// 0.25 with `df` 1e6.)
pub fn t_quantile(tail: f64, df: f64) -> f64 {
    if tail > 0.5 {
        return -t_quantile(1.0 - tail, df);
    }
    match StudentsT::new(0.0, 1.0, df) {
        Ok(law) if tail > 0.0 => climb(&law, tail),
        Ok(_) if tail == 0.0 => f64::INFINITY,
        _ => f64::NAN,
    }
}

/// Newton's method from the normal law's value, which lies below: the tail is convex, so that each step stays
/// on the same side.
fn climb(law: &StudentsT, tail: f64) -> f64 {
    let mut t = -Normal::standard().inverse_cdf(tail);
    for _ in 0..MAX_STEPS {
        let step = (law.sf(t) - tail) / law.pdf(t);
        // With hardly any freedom it lies beyond all numbers.
        if !(t + step).is_finite() {
            return f64::INFINITY;
        }
        t += step;
        if step.abs() <= 1e-14 * t {
            break;
        }
    }
    t
}

/// The two-sided critical value: |T| stays below it with probability `level`, 0 < `level` < 1.
pub fn two_sided(level: f64, df: f64) -> f64 {
    t_quantile((1.0 - level) / 2.0, df)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upper_tail(t: f64, df: f64) -> f64 {
        StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |law| law.sf(t))
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-10 * b.abs()
    }

    /// With ever less freedom the values rise without end, and are infinite from where no number is as large.
    #[test]
    fn hardly_any_freedom_leaves_no_bound() {
        for tail in [0.025, 1e-6, 1e-12] {
            let values = (0..60).map(|step| t_quantile(tail, 0.8f64.powi(step)));
            let values: Vec<f64> = values.collect();
            assert!(values.windows(2).all(|two| two[0] <= two[1]), "{values:?}");
            assert!(values[0] > 1.0 && values[59] == f64::INFINITY);
        }
    }

    #[test]
    fn reference_values() {
        // python3 -c "from scipy.stats import t; print(t.isf(tail, df))"
        for (df, tail, expected) in [
            (1.0, 0.025, 12.706204736174705),
            (2.0, 0.005, 9.924843200918293),
            (4.0, 0.025, 2.7764451051977943),
            (9.0, 0.025, 2.2621571627982053),
            (19.0, 0.025, 2.09302405440831),
            (29.0, 0.025, 2.045229642132704),
            (7.5, 0.01, 2.9430993234067215),
            (85.135781, 0.001, 3.1887397013573495),
            (1.0, 5e-7, 636619.7723670577),
            (3.0, 5e-7, 130.15458955835794),
            (19.0, 0.05 / 48.0, 3.561445443094028),
            (100.0, 1e-4, 3.8615997909500597),
            (1000.0, 0.25, 0.6747351646070093),
            (1000.0, 5e-7, 4.922289523429588),
        ] {
            let t = t_quantile(tail, df);
            assert!(close(t, expected), "df {df}, tail {tail}: {t}");
        }
    }

    #[test]
    fn tails_agree_with_the_reference() {
        // python3 -c "from scipy.stats import t; print(t.sf(x, df))"
        for (x, df, expected) in [
            (2.5, 7.0, 0.020496109292876444),
            (-1.2, 3.5, 0.8474927573110678),
            (-6.0, 2.5, 0.9923591350572385),
            (0.01, 19.0, 0.496062771001279),
            (8.0, 19.0, 8.379773441409066e-08),
            (40.0, 3.0, 1.7190340394579253e-05),
            (1e4, 1.0, 3.183098851227577e-05),
            (3.0, 85.135781, 0.001770190565838388),
            (5.0, 1000.0, 3.3836281823243174e-07),
            (1.96, 1e4, 0.025011760115916513),
        ] {
            let tail = upper_tail(x, df);
            assert!(close(tail, expected), "t {x}, df {df}: {tail}");
        }
    }

    #[test]
    fn closed_formulas_for_one_two_and_four_degrees() {
        for tail in [0.4, 0.25, 0.1, 0.025, 1e-3, 1e-4, 5e-7] {
            let alpha: f64 = 4.0 * tail * (1.0 - tail);
            let one = 1.0 / (std::f64::consts::PI * tail).tan();
            let two = (1.0 - 2.0 * tail) * (2.0 / alpha).sqrt();
            let q = (alpha.sqrt().acos() / 3.0).cos() / alpha.sqrt();
            let four = 2.0 * (q - 1.0).sqrt(); // Shaw (2006)
            for (df, expected) in [(1.0, one), (2.0, two), (4.0, four)] {
                assert!(close(t_quantile(tail, df), expected), "df {df}, {tail}");
            }
        }
    }

    #[test]
    fn inverts_the_tail_is_odd_and_falls_with_the_degrees_of_freedom() {
        for tail in [0.3, 0.05, 0.005, 1e-5, 5e-7] {
            let mut last = f64::INFINITY;
            for df in 1..=1000 {
                let t = t_quantile(tail, f64::from(df));
                assert!(close(upper_tail(t, f64::from(df)), tail), "{df} {tail}");
                assert!(t < last, "{df} {tail}");
                last = t;
            }
            let mirrored = t_quantile(1.0 - tail, 9.0);
            assert!((mirrored + t_quantile(tail, 9.0)).abs() < 1e-9);
        }
        assert_eq!(t_quantile(0.5, 9.0), 0.0);
    }

    #[test]
    fn nonsense_is_not_a_number() {
        assert!(t_quantile(-0.1, 9.0).is_nan());
        assert!(t_quantile(f64::NAN, 9.0).is_nan());
        assert!(t_quantile(0.1, 0.0).is_nan());
        assert_eq!(t_quantile(0.0, 9.0), f64::INFINITY);
        assert_eq!(t_quantile(1.0, 9.0), f64::NEG_INFINITY);
    }
}
