//! Simulated time: an integer count of nanoseconds.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// Nanoseconds in a second.
pub const NANOS: f64 = 1e9;

/// An instant, or the span between two, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// The start of every run, and the empty span.
    pub const ZERO: Time = Time(0);
    /// Later than every instant of a run.
    pub const MAX: Time = Time(u64::MAX);

    /// `seconds` rounded once, half to even, to nanoseconds; below 0 and NaN become 0, and what does
    /// not fit becomes [`Time::MAX`].
    pub fn from_secs(seconds: f64) -> Time {
        Time((seconds * NANOS).round_ties_even() as u64)
    }

    /// Seconds, to the nearest floating-point number.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / NANOS
    }

    /// `self - other`, or zero if that is negative.
    pub fn since(self, other: Time) -> Time {
        Time(self.0.saturating_sub(other.0))
    }
}

impl Add for Time {
    type Output = Time;
    /// The sum; it stops at [`Time::MAX`], which no run reaches (584 years).
    fn add(self, other: Time) -> Time {
        Time(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Time {
    fn add_assign(&mut self, other: Time) {
        *self = *self + other;
    }
}

impl Sub for Time {
    type Output = Time;
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
}
