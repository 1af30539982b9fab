//! Numbers of a trace: instants read exactly from their decimal text, amounts as floating point.
//!
//! An instant such as `1406471.123456` in seconds since 1970 has more digits than a floating-point
//! number keeps once the trace is long, so instants are integers: units of 1e-18 s.

use crate::engine::time::Time;

/// An instant as the file writes it, in units of 1e-18 s.
pub(super) type Instant = i128;

/// Decimal digits of an [`Instant`] after the point of the second.
const PLACES: i64 = 18;
/// Units of an [`Instant`] in a nanosecond.
const PER_NANO: u128 = 1_000_000_000;
/// Significant digits that are kept of a number's text: with the 16 or so of a unit they fit in 128 bits.
const DIGITS: u32 = 22;

/// A decimal number: `digits` x 10^`exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    digits: u128,
    exponent: i64,
}

impl Decimal {
    /// The unit of times in seconds.
    pub(super) const ONE: Decimal = Decimal {
        negative: false,
        digits: 1,
        exponent: 0,
    };

    /// Reads `12`, `-1.5`, `.5`, `2e-3`; nothing else (no spaces, `inf` or `nan`).
    pub(super) fn parse(text: &[u8]) -> Option<Decimal> {
        let (negative, text) = sign(text);
        let end = text.iter().position(|b| matches!(b, b'e' | b'E'));
        let (mantissa, power) = match end {
            Some(at) => (&text[..at], exponent(&text[at + 1..])?),
            None => (text, 0),
        };
        let mut number = Decimal {
            negative,
            digits: 0,
            exponent: power,
        };
        number.read(mantissa).then_some(number)
    }

    /// Reads the digits and at most one point; false if there is anything else, or no digit.
    fn read(&mut self, mantissa: &[u8]) -> bool {
        let (mut seen, mut point) = (false, false);
        for &byte in mantissa {
            match byte {
                b'0'..=b'9' => {
                    self.push(byte - b'0', point);
                    seen = true;
                }
                b'.' if !point => point = true,
                _ => return false,
            }
        }
        seen
    }

    fn push(&mut self, digit: u8, after_point: bool) {
        if self.digits < 10_u128.pow(DIGITS - 1) {
            self.digits = self.digits * 10 + u128::from(digit);
            self.exponent -= i64::from(after_point);
        } else {
            self.exponent += i64::from(!after_point);
        }
    }

    /// The number of seconds, as text that reads back to the same floating-point number.
    pub(super) fn of(seconds: f64) -> Option<Decimal> {
        Decimal::parse(seconds.to_string().as_bytes())
    }

    /// This many `unit`s of seconds, rounded half to even to 1e-18 s; `None` beyond 1e20 s.
    pub(super) fn instant(self, unit: Decimal) -> Option<Instant> {
        let digits = self.digits.checked_mul(unit.digits)?;
        let power = self.exponent + unit.exponent + PLACES;
        let size = if power < 0 {
            match u32::try_from(-power)
                .ok()
                .and_then(|p| 10_u128.checked_pow(p))
            {
                Some(by) => divide_even(digits, by),
                None => 0,
            }
        } else if digits == 0 {
            0
        } else {
            digits.checked_mul(10_u128.checked_pow(u32::try_from(power).ok()?)?)?
        };
        let size = i128::try_from(size).ok().filter(|s| *s <= i128::MAX / 2)?;
        Some(if self.negative { -size } else { size })
    }
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

fn exponent(text: &[u8]) -> Option<i64> {
    let power: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (-10_000..=10_000).contains(&power).then_some(power)
}

/// `value / by`, rounded half to even.
fn divide_even(value: u128, by: u128) -> u128 {
    let (quotient, rest) = (value / by, value % by);
    let half = by - rest; // compared with `rest`, so that nothing overflows
    quotient + u128::from(rest > half || (rest == half && quotient % 2 == 1))
}

/// From `first` to `instant`, rounded half to even to nanoseconds; `None` if negative or over 584 years.
pub(super) fn offset(first: Instant, instant: Instant) -> Option<Time> {
    let span = u128::try_from(instant.checked_sub(first)?).ok()?;
    u64::try_from(divide_even(span, PER_NANO)).ok().map(Time)
}

/// `offset` x `factor`, exactly, then rounded half to even; what does not fit becomes [`Time::MAX`].
/// `factor` must be finite and not negative.
pub(super) fn scale(offset: Time, factor: f64) -> Time {
    if factor == 1.0 {
        return offset;
    }
    let bits = factor.to_bits();
    let power = i64::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, power) = if power == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, power - 1075)
    };
    let product = u128::from(offset.0) * u128::from(mantissa); // below 2^117
    if product == 0 {
        return Time::ZERO;
    }
    let scaled = match u32::try_from(power.abs()) {
        Ok(shift) if power >= 0 && shift <= product.leading_zeros() => product << shift,
        Ok(shift) if power < 0 && shift < 128 => divide_even(product, 1 << shift),
        _ if power < 0 => 0,
        _ => u128::MAX,
    };
    Time(u64::try_from(scaled).unwrap_or(u64::MAX))
}

/// A finite number, as floating point; `None` if the text is none.
pub(super) fn real(text: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(value + 0.0)
}

/// A whole number, also when written `4.0` or `4e0`; `None` if it is none or not below 2^31 in size.
pub(super) fn whole(text: &[u8]) -> Option<i32> {
    let value = real(text)?;
    let fits = value.fract() == 0.0 && value.abs() <= f64::from(i32::MAX);
    fits.then_some(value as i32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn seconds(text: &str) -> Option<Instant> {
        Decimal::parse(text.as_bytes())?.instant(Decimal::of(1.0)?)
    }

    #[test]
    fn decimal_text_is_read_exactly() {
        assert_eq!(
            seconds("1406471.123456"),
            Some(1_406_471_123_456 * 10_i128.pow(12))
        );
        assert_eq!(seconds("-1"), Some(-10_i128.pow(18)));
        assert_eq!(seconds("+.5"), Some(5 * 10_i128.pow(17)));
        assert_eq!(seconds("5."), Some(5 * 10_i128.pow(18)));
        assert_eq!(seconds("12.5E-1"), seconds("1.25"));
        assert_eq!(seconds("1e9"), seconds("1000000000.000"));
        assert_eq!(seconds("0e9999"), Some(0));
        assert_eq!(seconds("1e-9999"), Some(0));
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "", "-", ".", "e5", "1e", "1.2.3", "1,5", "nan", "inf", " 1", "0x10", "--1", "1_0",
            "1e99999",
        ] {
            assert_eq!(seconds(text), None, "{text:?}");
        }
        assert_eq!(seconds("1e30"), None, "out of range");
        assert_eq!(seconds(&"9".repeat(60)), None, "out of range");
    }

    #[test]
    fn offsets_are_right_to_the_nanosecond_where_floating_point_is_not() {
        let at = |text| seconds(text).unwrap();
        assert_eq!(
            offset(at("1700102223.979960000"), at("1700102223.979960001")),
            Some(Time(1))
        );
        assert_eq!(
            offset(at("1406471.000000"), at("1406471.123456")),
            Some(Time(123_456_000))
        );
        assert_eq!(offset(at("0"), at("0.0000000005")), Some(Time(0)));
        assert_eq!(offset(at("0"), at("0.0000000015")), Some(Time(2)));
        assert_eq!(offset(at("0"), at("0.0000000025")), Some(Time(2)));
        assert_eq!(offset(at("0"), at("0.00000000250000001")), Some(Time(3)));
        assert_eq!(offset(at("1"), at("0")), None);
        assert_eq!(offset(at("0"), at("18446744074")), None);
    }

    #[test]
    fn units_multiply_exactly() {
        let at = |text: &str, unit| {
            Decimal::parse(text.as_bytes())
                .unwrap()
                .instant(Decimal::of(unit).unwrap())
        };
        assert_eq!(at("604046280", 1e-6), seconds("604.046280"));
        assert_eq!(
            at("1700102223979960001", 1e-9),
            seconds("1700102223.979960001")
        );
        assert_eq!(at("2.5", 3600.0), seconds("9000"));
    }

    #[test]
    fn real_and_whole_numbers() {
        assert_eq!(real(b"34616"), Some(34616.0));
        assert_eq!(real(b"1e400"), None);
        assert_eq!(real(b"NaN"), None);
        assert_eq!(whole(b"472"), Some(472));
        assert_eq!(whole(b"-1"), Some(-1));
        assert_eq!(whole(b"4.0"), Some(4));
        assert_eq!(whole(b"4.5"), None);
        assert_eq!(whole(b"3e9"), None);
    }

    #[test]
    fn scaling_a_long_offset_is_exact() {
        let odd = Time((1 << 60) + 1);
        assert_eq!(scale(odd, 1.0), odd);
        assert_eq!(scale(odd, 2.0), Time((1 << 61) + 2));
        assert_eq!(scale(odd, 0.5), Time(1 << 59));
        assert_eq!(scale(Time(3), 0.5), Time(2));
        assert_eq!(scale(Time(5), 0.5), Time(2));
        assert_eq!(scale(odd, 0.0), Time::ZERO);
        assert_eq!(scale(odd, 1e-300), Time::ZERO);
        assert_eq!(scale(odd, 1e300), Time::MAX);
        assert_eq!(scale(odd, 1e3), Time::MAX);
    }

    proptest! {
        /// Where the product fits in 53 bits, floating point is exact too and must agree.
        #[test]
        fn scaling_agrees_with_floating_point(nanos in 0_u64..1 << 26, factor in 0_u32..1 << 26, shift in 0..40) {
            let factor = f64::from(factor) / f64::from(shift).exp2();
            let expected = (nanos as f64 * factor).round_ties_even() as u64;
            prop_assert_eq!(scale(Time(nanos), factor), Time(expected));
        }

        /// Nanoseconds written with nine decimals read back.
        #[test]
        fn nanoseconds_round_trip(nanos in 0_u64..u64::MAX) {
            let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
            prop_assert_eq!(offset(0, seconds(&text).unwrap()), Some(Time(nanos)));
        }
    }
}
