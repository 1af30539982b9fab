//! Simulated time: an integer count of nanoseconds.
//!
//! Whole numbers add up in any order, so that "time in the system" can be checked to equal the sum
//! of its parts; sums of floating-point times drift, and then two events at the same instant are
//! not. The range is 584 years.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// Nanoseconds in a second.
pub const NANOS: f64 = 1e9;

/// An instant, or the span between two, in nanoseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Time(pub u64);

impl Time {
    /// The start of every run, and the empty span.
    pub const ZERO: Time = Time(0);
    /// Later than every instant of a run.
    pub const MAX: Time = Time(u64::MAX);

    /// `seconds` rounded once, half to even, to nanoseconds; below 0 and NaN become 0, and what does
    /// not fit becomes [`Time::MAX`].
    #[inline]
    pub fn from_secs(seconds: f64) -> Time {
        Time(rounded(seconds * NANOS))
    }

    /// Seconds, to the nearest floating-point number.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / NANOS
    }

    /// `self - other`, or zero if that is negative.
    #[inline]
    pub fn since(self, other: Time) -> Time {
        Time(self.0.saturating_sub(other.0))
    }
}

/// `value` rounded half to even; below 0 and NaN become 0, and what does not fit `u64::MAX`.
///
/// Adding 2^52 leaves the whole number in the low bits of the sum: the processor rounds, where
/// the library's function would be called.
#[inline]
pub fn rounded(value: f64) -> u64 {
    const UNIT_SPACED: f64 = (1u64 << 52) as f64;
    if (0.0..UNIT_SPACED / 2.0).contains(&value) {
        (value + UNIT_SPACED).to_bits() & ((1 << 52) - 1)
    } else {
        value.round_ties_even() as u64
    }
}

/// `value` as the nearest floating-point number: where the sign allows it by the processor's own
/// conversion, which knows only signed numbers.
#[inline]
pub fn float(value: u64) -> f64 {
    i64::try_from(value).map_or(value as f64, |value| value as f64)
}

impl Add for Time {
    type Output = Time;
    /// The sum; it stops at [`Time::MAX`], which no run reaches (584 years).
    #[inline]
    fn add(self, other: Time) -> Time {
        Time(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Time {
    #[inline]
    fn add_assign(&mut self, other: Time) {
        *self = *self + other;
    }
}

impl Sub for Time {
    type Output = Time;
    #[inline]
    fn sub(self, other: Time) -> Time {
        debug_assert!(self >= other, "time runs forward");
        Time(self.0.wrapping_sub(other.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_half_to_even() {
        assert_eq!(Time::from_secs(0.5e-9), Time(0));
        assert_eq!(Time::from_secs(1.5e-9), Time(2));
        assert_eq!(Time::from_secs(2.5e-9), Time(2));
        assert_eq!(Time::from_secs(0.01), Time(10_000_000));
        assert_eq!(Time::from_secs(-1.0), Time(0));
    }

    /// Against the library, around every place where spacing or sign changes.
    #[test]
    fn rounding_is_the_librarys() {
        let powers = (-60..70).map(|power| 2f64.powi(power));
        let offsets = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, -0.5];
        for value in powers.flat_map(|power| offsets.map(|offset| power + offset)) {
            for value in [value, -value, value.next_up(), value.next_down()] {
                assert_eq!(rounded(value), value.round_ties_even() as u64, "{value}");
            }
        }
        assert_eq!([rounded(f64::NAN), rounded(f64::INFINITY)], [0, u64::MAX]);
    }
}
