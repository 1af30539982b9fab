//! Quantities as people write them: `"250us"`, `"64 GiB"`, `0.5`.
//!
//! Each is a number within bounds, or text with a unit. They are read by visitors, so that whoever
//! reads a file can tell where a wrong one stands.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// The values that a quantity may have, and how they are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Domain {
    /// Its name, with an example: "a duration such as \"250us\" ...".
    pub what: &'static str,
    /// Short name of what a plain number counts: "seconds", "bytes", "".
    pub unit: &'static str,
    /// Units that text may have, and what one is worth.
    pub units: &'static [(&'static str, f64)],
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
    /// False if `low` itself is not allowed.
    pub with_low: bool,
    /// False if `high` itself is not allowed.
    pub with_high: bool,
    /// True if only whole numbers are.
    pub whole: bool,
}

/// Units of time, in seconds.
pub const TIMES: &[(&str, f64)] = &[
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("min", 60.0),
    ("h", 3600.0),
    ("d", 86400.0),
];

/// Units of size, in bytes.
pub const SIZES: &[(&str, f64)] = &[
    ("B", 1.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];

/// What others write for our units.
const FOREIGN: [(&str, &str); 9] = [
    ("s", "sec secs second seconds"),
    ("min", "m mins minutes"),
    ("h", "hour hours"),
    ("d", "day days"),
    ("ms", "msec"),
    ("us", "usec"),
    ("GiB", "G GiB. Gi"),
    ("MiB", "M Mi"),
    ("KiB", "K Ki"),
];

/// 290 years, in seconds: what fits in simulated time.
pub const LONGEST: f64 = 9.15e9;

const NUMBER: Domain = Domain {
    what: "a number of at least 0",
    unit: "",
    units: &[],
    low: 0.0,
    high: 1e15,
    with_low: true,
    with_high: true,
    whole: false,
};

/// A number with a unit and bounds.
pub trait Quantity: Copy + fmt::Debug + Send + Sync + Sized + 'static {
    /// What it may be.
    const DOMAIN: Domain;

    /// The quantity of a value that was checked.
    fn of(value: f64) -> Self;

    /// Its value in the base unit (seconds, bytes, 1).
    fn value(self) -> f64;

    /// The quantity of a number.
    ///
    /// # Errors
    /// Says why the number is none.
    fn new(value: f64) -> Result<Self, String> {
        Self::DOMAIN.check(value).map(Self::of)
    }

    /// The quantity that `text` writes.
    ///
    /// # Errors
    /// Says what is wrong with the text, and in a second line what would be right.
    fn parse(text: &str) -> Result<Self, String> {
        Self::DOMAIN.parse(text).map(Self::of)
    }
}

impl Domain {
    /// `value` if it lies within the bounds.
    fn check(&self, value: f64) -> Result<f64, String> {
        let above = value > self.low || (self.with_low && value == self.low);
        let below = value < self.high || (self.with_high && value == self.high);
        match (above && below, self.whole && value.fract() != 0.0) {
            (true, false) => Ok(value + 0.0),
            (true, true) => Err(format!(
                "{value} is not a whole number\nwrite {}",
                self.what
            )),
            (false, _) => {
                let wanted = format!("{}{}", self.what, self.limit(value));
                Err(format!("{value} is out of range\nwrite {wanted}"))
            }
        }
    }

    /// The upper limit, where that is what was passed.
    fn limit(&self, value: f64) -> String {
        match self.high {
            high if value > high && high == LONGEST => ", at most 290 years".to_owned(),
            high if value > high && high > 1.0 => format!(", at most {high}"),
            _ => String::new(),
        }
    }

    fn parse(&self, text: &str) -> Result<f64, String> {
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '+')))
            .unwrap_or(text.len());
        let (number, unit) = (text[..end].replace('_', ""), text[end..].trim());
        let is_number = number.parse::<f64>().is_ok();
        let what = self.what;
        if self.units.is_empty() {
            let hint = match is_number && unit.is_empty() {
                true => format!("leave out the quotes: {number}"),
                false => format!("write {what}"),
            };
            return Err(format!("the text \"{text}\" is not {what}\n{hint}"));
        }
        let (noun, measure) = match self.unit {
            "seconds" => ("duration", "time"),
            _ => ("size", "size"),
        };
        let title = match self.units.iter().find(|(name, _)| *name == unit) {
            _ if !is_number => format!("\"{text}\" is not a {noun}"),
            Some((_, worth)) => return self.check(times(&number, *worth)),
            None if unit.is_empty() => format!("\"{text}\" has no unit"),
            None => format!("`{unit}` is not a unit of {measure}{}", self.alike(unit)),
        };
        let units = self.units.iter().map(|(name, _)| *name);
        let units: Vec<&str> = units.filter(|name| name.is_ascii()).collect();
        Err(format!(
            "{title}\nwrite {what}; units are {}",
            units.join(", ")
        ))
    }

    /// "; did you mean `ms`?", for a unit that differs by case only, or that others write so.
    fn alike(&self, unit: &str) -> String {
        let differs_by_case = |name: &str| name.eq_ignore_ascii_case(unit);
        let is_meant = |name: &str| {
            let foreign = FOREIGN.iter().find(|(ours, _)| *ours == name);
            foreign.is_some_and(|(_, names)| names.split(' ').any(|name| name == unit))
        };
        let find = |is: &dyn Fn(&str) -> bool| self.units.iter().find(|(name, _)| is(name));
        match find(&differs_by_case).or_else(|| find(&is_meant)) {
            Some((name, _)) => format!("; did you mean `{name}`?"),
            None => String::new(),
        }
    }

    /// The JSON Schema of the number and the text.
    fn schema(&self) -> Schema {
        let or = |is: bool, one: &'static str, other: &'static str| if is { one } else { other };
        let low = or(self.with_low, "minimum", "exclusiveMinimum");
        let high = or(self.with_high, "maximum", "exclusiveMaximum");
        let mut number = json_schema!({ "type": or(self.whole, "integer", "number") });
        number.insert(low.to_owned(), whole_or_real(self.low));
        number.insert(high.to_owned(), whole_or_real(self.high));
        if self.units.is_empty() {
            number.insert("description".to_owned(), self.what.into());
            return number;
        }
        let units: Vec<&str> = self.units.iter().map(|(name, _)| *name).collect();
        let pattern = format!("^\\s*[0-9_]*\\.?[0-9_]+\\s*({})\\s*$", units.join("|"));
        json_schema!({ "description": self.what, "anyOf": [number, { "type": "string", "pattern": pattern }] })
    }
}

fn whole_or_real(value: f64) -> serde_json::Value {
    if value.fract() == 0.0 && value.abs() < 1e16 {
        (value as i64).into()
    } else {
        value.into()
    }
}

/// `number` x `worth`; for powers of ten rounded once, so that "5us" is the number 5e-6.
fn times(number: &str, worth: f64) -> f64 {
    let power = libm::round(libm::log10(worth)) as i32;
    let decimal = 10f64.powi(power) == worth || 1.0 / 10f64.powi(-power) == worth;
    let text = if decimal {
        format!("{number}e{power}")
    } else {
        number.to_owned()
    };
    text.parse().unwrap_or(f64::NAN) * if decimal { 1.0 } else { worth }
}

/// Reads a quantity from a number or text.
pub(crate) struct Reader<Q>(pub(crate) PhantomData<Q>);

impl<Q: Quantity> Visitor<'_> for Reader<Q> {
    type Value = Q;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Q::DOMAIN.what)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Q, E> {
        Q::new(value as f64).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Q, E> {
        Q::new(value as f64).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Q, E> {
        Q::new(value).map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Q, E> {
        Q::parse(text).map_err(E::custom)
    }
}

/// Defines quantities: a name, its docs, its kind.
macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident = $kind:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
        pub struct $name(pub f64);

        impl Quantity for $name {
            const DOMAIN: Domain = $kind;
            fn of(value: f64) -> $name {
                $name(value)
            }
            fn value(self) -> f64 {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                deserializer.deserialize_any(Reader(PhantomData))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                whole_or_real(self.0).serialize(serializer)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Self::DOMAIN.schema()
            }
        }
    )* };
}

quantities! {
    /// A span of time of at least 0, in seconds.
    Seconds = Domain { what: "a duration such as \"250us\" or a number of seconds", unit: "seconds", units: TIMES, high: LONGEST, ..NUMBER };
    /// A span of time above 0, in seconds.
    Period = Domain { what: "a duration above 0 such as \"10s\" or a number of seconds", unit: "seconds", with_low: false, units: TIMES, high: LONGEST, ..NUMBER };
    /// An amount of a resource: a number or a size in bytes.
    Amount = Domain { what: "an amount of at least 0 such as 4 or \"64 GiB\"", unit: "bytes", units: SIZES, high: 1e14, ..NUMBER };
    /// Bytes a second.
    Bandwidth = Domain { what: "bytes a second above 0 such as 1e9 or \"1 GB\"", unit: "bytes", with_low: false, units: SIZES, high: 1e18, ..NUMBER };
    /// A number of at least 0.
    Number = NUMBER;
    /// A number above 0.
    Positive = Domain { what: "a number above 0", with_low: false, ..NUMBER };
    /// A factor or a count of at least 1.
    Factor = Domain { what: "a number of at least 1", low: 1.0, ..NUMBER };
    /// A whole number of at least 1.
    Count = Domain { what: "a whole number of at least 1", low: 1.0, whole: true, ..NUMBER };
    /// A whole number of at least 0.
    Whole = Domain { what: "a whole number of at least 0", high: 9_007_199_254_740_992.0, whole: true, ..NUMBER };
    /// A whole number of either sign.
    Rank = Domain { what: "a whole number such as 1 or -1", low: -1e9, high: 1e9, whole: true, ..NUMBER };
    /// A share from 0 to 1.
    Share = Domain { what: "a number from 0 to 1", high: 1.0, ..NUMBER };
    /// A share above 0 and below 1.
    Inner = Domain { what: "a number above 0 and below 1", with_low: false, with_high: false, high: 1.0, ..NUMBER };
}

impl Count {
    /// As an integer.
    pub fn get(self) -> u64 {
        self.0 as u64
    }
}

impl Whole {
    /// As an integer.
    pub fn get(self) -> u64 {
        self.0 as u64
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Not only nearly: "3us" is 3e-6, which 3 times 1e-6 is not always.
    #[test]
    fn decimal_units_are_rounded_once() {
        for (worth, power) in [(1e-3, -3), (1e-6, -6), (1e-9, -9), (1e3, 3), (1e6, 6)] {
            for number in 1..1_000 {
                let exact: f64 = format!("{number}e{power}").parse().unwrap();
                assert_eq!(
                    times(&number.to_string(), worth),
                    exact,
                    "{number} x {worth}"
                );
            }
        }
        assert_eq!(times("1.5", 3600.0), 5400.0);
    }

    #[test]
    fn units_are_read() {
        for (text, seconds) in [
            ("250us", 250e-6),
            ("1.5 h", 5400.0),
            ("1129.532s", 1129.532),
            ("5us", 5e-6),
            ("0.3ms", 3e-4),
            ("7ns", 7e-9),
            ("5µs", 5e-6),
            ("1_000 ms", 1.0),
            ("0s", 0.0),
        ] {
            assert_eq!(Seconds::parse(text).unwrap().0, seconds, "{text}");
        }
        assert_eq!(Amount::parse("64 GiB").unwrap().0, 64.0 * 1024f64.powi(3));
        assert_eq!(Amount::parse("1.5kB").unwrap().0, 1500.0);
    }

    #[test]
    fn wrong_ones_say_what_would_be_right() {
        let first = |result: Result<Seconds, String>| {
            result.unwrap_err().lines().next().unwrap().to_owned()
        };
        assert_eq!(first(Seconds::parse("5")), "\"5\" has no unit");
        assert_eq!(
            first(Seconds::parse("5 MS")),
            "`MS` is not a unit of time; did you mean `ms`?"
        );
        assert_eq!(first(Seconds::parse("fast")), "\"fast\" is not a duration");
        assert_eq!(
            first(Seconds::parse("1..2s")),
            "\"1..2s\" is not a duration"
        );
        for value in [-1.0, f64::NAN, f64::INFINITY, 1e10] {
            assert!(Seconds::new(value).is_err(), "{value}");
        }
        assert!(
            Seconds::parse("300000d")
                .unwrap_err()
                .ends_with("at most 290 years")
        );
        assert_eq!(
            Count::parse("5").unwrap_err().lines().nth(1).unwrap(),
            "leave out the quotes: 5"
        );
    }

    #[test]
    fn bounds_hold() {
        assert!(Period::new(0.0).is_err() && Seconds::new(0.0).is_ok());
        assert!(Count::new(0.0).is_err() && Count::new(1.5).is_err() && Count::new(3.0).is_ok());
        assert!(Inner::new(1.0).is_err() && Inner::new(0.95).is_ok());
        assert!(Share::new(1.0).is_ok() && Share::new(1.1).is_err());
    }
}
