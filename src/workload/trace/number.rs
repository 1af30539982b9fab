//! Numbers of a trace: instants read exactly from their decimal text, amounts as floating point.
//!
//! An instant such as `1406471.123456` in seconds since 1970 has more digits than a floating-point
//! number keeps once the trace is long, so instants are integers: units of 1e-18 s.

use crate::engine::quantity::{SIZES, TIMES};
use crate::engine::time::Time;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

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

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// A plain number.
    Number,
    /// A date with time and zone.
    Date,
    /// A date, perhaps with time, without a zone.
    Local,
    /// A duration.
    Duration,
}

/// A time as tables have it: a number of `unit`s, a date with time, or a duration.
pub(super) fn time(text: &[u8], unit: Decimal) -> Option<(Instant, Written)> {
    if let Some(number) = Decimal::parse(text) {
        return Some((number.instant(unit)?, Written::Number));
    }
    let text = std::str::from_utf8(text).ok()?;
    let duration = || clock(text).or_else(|| with_unit(text));
    date(text).or_else(|| Some((duration()?, Written::Duration)))
}

/// A date with time by ISO 8601; without a zone it is read as UTC.
fn date(text: &str) -> Option<(Instant, Written)> {
    let (stamp, written) = if let Ok(stamp) = text.parse::<Timestamp>() {
        (stamp, Written::Date)
    } else {
        let local = DateTime::strptime("%Y-%m-%dT%H:%M:%S%.f", text)
            .or_else(|_| DateTime::strptime("%Y-%m-%d %H:%M:%S%.f", text))
            .or_else(|_| DateTime::strptime("%Y-%m-%d", text));
        (
            local.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp(),
            Written::Local,
        )
    };
    Some((stamp.as_nanosecond() * PER_NANO as i128, written))
}

/// `[D-]HH:MM:SS` or `MM:SS`, as batch systems write elapsed time; seconds may have decimals.
fn clock(text: &str) -> Option<Instant> {
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (whole_part(days, u32::MAX)?, rest),
        None => (0, text),
    };
    let parts: Vec<&str> = rest.split(':').collect();
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes, seconds] => (whole_part(hours, u32::MAX)?, minutes, seconds),
        [minutes, seconds] if !text.contains('-') => (0, minutes, seconds),
        _ => return None,
    };
    let minutes = whole_part(minutes, if parts.len() == 2 { u32::MAX } else { 59 })?;
    whole_part(seconds.split('.').next()?, 59)?;
    let seconds = Decimal::parse(seconds.as_bytes())?.instant(Decimal::ONE)?;
    let whole = i128::from(days) * 86_400 + i128::from(hours) * 3_600 + i128::from(minutes) * 60;
    Some(whole * 10_i128.pow(PLACES as u32) + seconds)
}

/// Digits that write a number of at most `most`.
fn whole_part(digits: &str, most: u32) -> Option<u32> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|part| is_plain && *part <= most)
}

/// A number and a unit of time.
fn with_unit(text: &str) -> Option<Instant> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_alphabetic())?);
    let worth = worth(unit, TIMES)?;
    Decimal::parse(number.trim_end().as_bytes())?.instant(Decimal::of(worth)?)
}

fn worth(unit: &str, units: &[(&str, f64)]) -> Option<f64> {
    units
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, worth)| *worth)
}

/// Suffixes of amounts, beside units of size, as Kubernetes writes them.
const SUFFIXES: [(&str, f64); 10] = [
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
];

/// An amount of a resource: a number, perhaps with a suffix.
pub(super) fn quantity(text: &[u8]) -> Option<f64> {
    let plain = real(text);
    if plain.is_some() {
        return plain;
    }
    let text = std::str::from_utf8(text).ok()?;
    let (number, unit) = text.split_at(text.find(|c: char| c.is_alphabetic())?);
    let worth = worth(unit, &SUFFIXES).or_else(|| worth(unit, SIZES))?;
    match real(number.trim_end().as_bytes())? {
        number if worth < 1.0 => Some(number / (1.0 / worth)),
        number => Some(number * worth),
    }
}

/// A span in nanoseconds: whole ones exactly, up to 104 days.
pub(super) fn nanos(span: Instant) -> f64 {
    let nano = PER_NANO as i128;
    match span % nano {
        0 => (span / nano) as f64,
        _ => span as f64 / nano as f64,
    }
}

/// Largest instant that is meant in seconds since 1970 (the year 5138), and longest span (30 years).
const LATEST: Instant = 10_i128.pow(11 + PLACES as u32);
const WIDEST: Instant = 946_728_000 * 10_i128.pow(PLACES as u32);

/// Why numbers from `first` to `last` can hardly be meant in seconds, and the unit that they likely
/// have.
pub(super) fn doubtful_seconds(first: Instant, last: Instant) -> Option<(&'static str, String)> {
    let units = [("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000)];
    if let Some((unit, per)) = units
        .into_iter()
        .find(|(_, per)| (LATEST / 1000..LATEST).contains(&(first / per)))
        && first >= LATEST
    {
        let nanos = first / per / PER_NANO as i128;
        let day = Timestamp::from_nanosecond(nanos).ok()?.strftime("%Y-%m-%d");
        let said = format!(
            "its arrivals look like {unit} since 1970 (the first is on {day}), not like seconds"
        );
        return Some((unit, said));
    }
    let days = last.checked_sub(first)? / (86_400 * 10_i128.pow(PLACES as u32));
    let said = || {
        format!(
            "read as seconds, its arrivals span {} days",
            crate::text::thousands(days as u64)
        )
    };
    (last - first > WIDEST).then(|| ("ms", said()))
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

    #[test]
    fn times_are_read_as_tables_have_them() {
        let read = |text: &str| time(text.as_bytes(), Decimal::ONE);
        let nanos = |nanos: i128| nanos * PER_NANO as i128;
        let hour = nanos(3_600_000_000_000);
        for (text, instant, written) in [
            ("1.5", nanos(1_500_000_000), Written::Number),
            ("1970-01-01T01:00:00Z", hour, Written::Date),
            ("1970-01-01T02:00:00+01:00", hour, Written::Date),
            (
                "1970-01-01 01:00:00.000000001Z",
                hour + nanos(1),
                Written::Date,
            ),
            ("1970-01-01T01:00:00", hour, Written::Local),
            (
                "1970-01-01 01:00:00.25",
                hour + nanos(250_000_000),
                Written::Local,
            ),
            ("1970-01-02", 24 * hour, Written::Local),
            (
                "1-02:03:04",
                26 * hour + nanos(184_000_000_000),
                Written::Duration,
            ),
            ("26:00:00", 26 * hour, Written::Duration),
            (
                "90:00.5",
                hour + hour / 2 + nanos(500_000_000),
                Written::Duration,
            ),
            ("250ms", nanos(250_000_000), Written::Duration),
            ("1.5 h", hour + hour / 2, Written::Duration),
        ] {
            assert_eq!(read(text), Some((instant, written)), "{text}");
        }
    }

    #[test]
    fn other_text_is_no_time() {
        let read = |text: &str| time(text.as_bytes(), Decimal::ONE);
        for text in [
            "",
            "x",
            "1-2",
            "1:60",
            "1:-1",
            "1:2:3:4",
            "1-02:03",
            "16.11.2023",
            "5 parsecs",
            "2024-02-30",
            "ms",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_may_have_suffixes() {
        for (text, amount) in [
            ("4", 4.0),
            ("500m", 0.5),
            ("4Gi", 4_294_967_296.0),
            ("1.5 GiB", 1_610_612_736.0),
            ("2k", 2e3),
            ("1e3", 1e3),
        ] {
            assert_eq!(quantity(text.as_bytes()), Some(amount), "{text}");
        }
        for text in ["", "x", "4 Zi", "Gi", "1,5"] {
            assert_eq!(quantity(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn spans_of_whole_nanoseconds_are_exact() {
        let read = |text: &str, unit| {
            super::nanos(time(text.as_bytes(), Decimal::of(unit).unwrap()).unwrap().0)
        };
        assert_eq!(read("8640000000000001", 1e-9), 8_640_000_000_000_001.0);
        assert_eq!(read("1129.532", 1.0), 1_129_532_000_000.0);
        assert_eq!(read("0.1", 1e-3), 1e5);
        assert_eq!(read("2.5", 1e-9), 2.5);
    }

    #[test]
    fn what_cannot_be_seconds_is_asked_about() {
        let ask = |first: &str, last: &str| doubtful_seconds(seconds_of(first), seconds_of(last));
        let (unit, said) = ask("1760313613515", "1760313669000").unwrap();
        assert_eq!(unit, "ms");
        assert_eq!(
            said,
            "its arrivals look like ms since 1970 (the first is on 2025-10-13), not like seconds"
        );
        assert_eq!(ask("1760313613515000", "1760313613515001").unwrap().0, "us");
        assert_eq!(
            ask("1760313613515000000", "1760313613515000000").unwrap().0,
            "ns"
        );
        assert_eq!(ask("1760313613", "1760400013"), None);
        assert!(ask("0", "1e10").unwrap().1.ends_with("span 115,740 days"));
    }

    fn seconds_of(text: &str) -> Instant {
        seconds(text).unwrap()
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
