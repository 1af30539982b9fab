//! Numbers and units as people read them; shared by the terminal, the plots and the page.

use crate::experiment::results::{ComparisonRow, Status, SummaryRow};
use crate::metrics::registry::{Kind, Metric};

/// A unit chosen for a set of values: a value is printed as `value / factor` followed by `unit`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Size of the unit in the tables' unit.
    pub factor: f64,
    /// Name of the unit; empty for a plain number.
    pub unit: String,
}

const TIME_UNITS: [(f64, &str); 6] = [
    (1e-9, "ns"),
    (1e-6, "us"),
    (1e-3, "ms"),
    (1.0, "s"),
    (60.0, "min"),
    (3600.0, "h"),
];

impl Scale {
    /// The one unit in which all of `values` of `metric` read best.
    pub fn choose(metric: &Metric, values: impl IntoIterator<Item = f64>) -> Scale {
        match (metric.row.unit, metric.row.kind) {
            ("s", _) => Scale::time(values),
            ("1", Kind::Share) => Scale {
                factor: 0.01,
                unit: "%".into(),
            },
            (unit, _) => Scale::plain(unit),
        }
    }

    /// [`Scale::choose`] for the metric of this name; plain numbers for an unknown one.
    pub fn named(metric: &str, values: impl IntoIterator<Item = f64>) -> Scale {
        match Metric::find(metric) {
            Some(metric) => Scale::choose(&metric, values),
            None => Scale::plain("1"),
        }
    }

    /// A unit of time: the largest in which the smallest value is at least 1, or a larger one while
    /// the largest value would need four digits and the smallest stays at 0.1 or more.
    pub fn time(values: impl IntoIterator<Item = f64>) -> Scale {
        let sizes = values
            .into_iter()
            .map(f64::abs)
            .filter(|v| v.is_finite() && *v > 0.0);
        let (low, high) = sizes.fold((f64::INFINITY, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
        if high == 0.0 {
            return Scale {
                factor: 1.0,
                unit: "s".into(),
            };
        }
        let fits = |at: &usize| TIME_UNITS[*at].0 <= low;
        let mut at = (0..TIME_UNITS.len()).rev().find(fits).unwrap_or(0);
        while at + 1 < TIME_UNITS.len() && must_grow(at, low, high) {
            at += 1;
        }
        Scale {
            factor: TIME_UNITS[at].0,
            unit: TIME_UNITS[at].1.into(),
        }
    }

    fn plain(unit: &str) -> Scale {
        let unit = match unit {
            "1" => "",
            "1/s" => "/s",
            other => other,
        };
        Scale {
            factor: 1.0,
            unit: unit.into(),
        }
    }

    /// `number` (already scaled and formatted) with the unit.
    pub fn with_unit(&self, number: &str) -> String {
        if self.unit.is_empty() {
            number.to_string()
        } else {
            format!("{number} {}", self.unit)
        }
    }

    /// `title (unit)`, or the title alone for a plain number.
    pub fn axis_title(&self, title: &str) -> String {
        if self.unit.is_empty() {
            title.to_string()
        } else {
            format!("{title} ({})", self.unit)
        }
    }

    /// `value` with three significant digits and the unit.
    pub fn value(&self, value: f64) -> String {
        self.with_unit(&significant(value / self.factor, 3))
    }

    /// `value ± half-width unit`, the digits of the value following its uncertainty:
    /// "438 ms ± 5". Without an interval, three significant digits.
    pub fn with_interval(&self, value: f64, interval: Option<(f64, f64)>) -> String {
        let half = interval.map_or(0.0, |(low, high)| (high - low) / 2.0) / self.factor;
        let value = value / self.factor;
        if half <= 0.0 || !half.is_finite() {
            return self.with_unit(&significant(value, 3));
        }
        let places = places_of(half, 1).min(places_of(value, 5));
        let shown = fixed(half, places);
        let half = if is_zero(&shown) {
            format!("<{}", fixed(0.1_f64.powi(places), places))
        } else {
            shown
        };
        format!("{} ± {half}", self.with_unit(&fixed(value, places)))
    }
}

fn must_grow(at: usize, low: f64, high: f64) -> bool {
    let next = TIME_UNITS[at + 1].0;
    let too_long = high / TIME_UNITS[at].0 >= 1000.0;
    too_long && low / next >= 0.1 || high / TIME_UNITS[at].0 >= 100_000.0
}

fn is_zero(number: &str) -> bool {
    number.chars().all(|c| matches!(c, '0' | '.' | '-'))
}

/// Decimal places that show `digits` significant digits of `value`, between 0 and 12.
fn places_of(value: f64, digits: i32) -> i32 {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    // Rounding may carry (0.96 to one digit is 1), so look at the value as it will be printed.
    let printed = format!("{:.*e}", (digits - 1).max(0) as usize, value.abs());
    let exponent = printed
        .rsplit('e')
        .next()
        .and_then(|e| e.parse::<i32>().ok())
        .unwrap_or(0);
    (digits - 1 - exponent).clamp(0, 12)
}

/// `value` with `digits` significant digits, without an exponent between 1e-6 and 1e12.
pub fn significant(value: f64, digits: i32) -> String {
    if value != 0.0 && value.is_finite() && !(1e-6..1e12).contains(&value.abs()) {
        return format!("{value:.*e}", (digits - 1).max(0) as usize);
    }
    fixed(value, places_of(value, digits))
}

/// `value` with `places` decimal places, thousands grouped from 10,000 on, and no negative zero; from
/// 1e15 on with an exponent.
pub fn fixed(value: f64, places: i32) -> String {
    if value.abs() >= 1e15 {
        return format!("{value:.2e}");
    }
    let text = format!("{:.*}", places.max(0) as usize, value);
    let text = if is_zero(&text) {
        text.trim_start_matches('-').to_string()
    } else {
        text
    };
    group_thousands(&text)
}

fn group_thousands(text: &str) -> String {
    let (sign, rest) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = rest
        .split_once('.')
        .map_or((rest, None), |(w, f)| (w, Some(f)));
    if whole.len() < 5 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return text.to_string();
    }
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    fraction.map_or(format!("{sign}{grouped}"), |f| {
        format!("{sign}{grouped}.{f}")
    })
}

/// A whole number with thousands grouped.
pub fn count(value: u64) -> String {
    group_thousands(&value.to_string())
}

/// A cell of a summary table: value and uncertainty, or the word for why there is none.
pub fn summary_cell(row: Option<&SummaryRow>, scale: &Scale) -> String {
    let Some(row) = row else { return "n/a".into() };
    let interval = row.ci_low.zip(row.ci_high);
    match (row.status, row.mean) {
        (Status::Unstable, None) => "unstable".into(),
        (_, None) => "n/a".into(),
        (Status::Censored, Some(mean)) => format!(">= {}", scale.value(mean)),
        (Status::Exact, Some(mean)) => format!("{} exact", scale.value(mean)),
        (_, Some(mean)) => scale.with_interval(mean, interval),
    }
}

/// Decimal places of percentages whose interval is `low..high` (relative, not percent).
pub fn percent_places(low: f64, high: f64) -> i32 {
    let half = (high - low).abs() * 50.0;
    if half == 0.0 {
        1
    } else {
        places_of(half, 1).min(3)
    }
}

/// A relative change with its sign: `-0.704` is "-70.4 %" with `places` 1.
pub fn signed_percent(relative: f64, places: i32) -> String {
    let number = fixed(relative * 100.0, places);
    if is_zero(&number) || number.starts_with('-') {
        number
    } else {
        format!("+{number}")
    }
}

/// A comparison's relative change and interval: "-70 % [-71,-69]"; "exact" where it has no variance;
/// the absolute difference where the baseline is 0; empty where there is none.
pub fn change(row: &ComparisonRow, scale: &Scale) -> String {
    match (row.relative, row.relative_low.zip(row.relative_high)) {
        (Some(relative), _) if row.exact => format!("{} % exact", signed_percent(relative, 1)),
        (Some(relative), Some((low, high))) => {
            let places = percent_places(low, high);
            let [low, high] = [low, high].map(|end| signed_percent(end, places));
            format!("{} % [{low},{high}]", signed_percent(relative, places))
        }
        (Some(relative), None) => format!("{} %", signed_percent(relative, 1)),
        (None, _) => row
            .difference
            .map_or(String::new(), |d| difference(d, row, scale)),
    }
}

fn difference(difference: f64, row: &ComparisonRow, scale: &Scale) -> String {
    let text = scale.with_interval(difference, row.ci_low.zip(row.ci_high));
    if difference > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

/// "61 % lower [58, 64]", the direction said in a word and the interval in the same direction.
pub fn lower_or_higher(row: &ComparisonRow, scale: &Scale) -> String {
    let Some(relative) = row.relative else {
        return row
            .difference
            .map_or(String::new(), |d| difference(d, row, scale));
    };
    let (word, sign) = if relative < 0.0 {
        ("lower", -1.0)
    } else {
        ("higher", 1.0)
    };
    let interval = row
        .relative_low
        .zip(row.relative_high)
        .filter(|_| !row.exact);
    let places = interval.map_or(1, |(low, high)| percent_places(low, high));
    let number = |value: f64| fixed(value * sign * 100.0, places);
    let size = format!("{} % {word}", number(relative));
    match interval {
        Some((low, high)) if sign < 0.0 => format!("{size} [{}, {}]", number(high), number(low)),
        Some((low, high)) => format!("{size} [{}, {}]", number(low), number(high)),
        None if row.exact => format!("{size} (exact)"),
        None => size,
    }
}

/// `text` cut to `width` characters, the last one an ellipsis where something is missing.
pub fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// `text` without characters that neither a terminal nor an XML document may be given.
pub fn printable(text: &str) -> String {
    let safe = |c: char| {
        if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') {
            ' '
        } else {
            c
        }
    };
    text.chars().map(safe).collect()
}

/// "2 %", "0.5 %": a share given by a person, with no more digits than it has.
pub fn plain_percent(share: f64) -> String {
    let rounded = (share * 100.0 * 1e6).round() / 1e6;
    format!("{rounded} %")
}

/// "1 strategy", "2 strategies".
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        self::count(count as u64),
        if count == 1 { one } else { many }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms() -> Scale {
        Scale {
            factor: 1e-3,
            unit: "ms".into(),
        }
    }

    #[test]
    fn significant_digits_survive_carries_and_sizes() {
        let cases = [
            (0.0, "0"),
            (0.9996, "1.00"),
            (9.996, "10.0"),
            (1234.0, "1234"),
            (27_992.4, "27,992"),
            (0.001234, "0.00123"),
            (-0.5, "-0.500"),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value, 3), text);
        }
    }

    #[test]
    fn the_interval_decides_the_digits() {
        assert_eq!(
            ms().with_interval(0.4382, Some((0.4332, 0.4432))),
            "438 ms ± 5"
        );
        assert_eq!(
            ms().with_interval(0.096_04, Some((0.095_64, 0.096_44))),
            "96.0 ms ± 0.4"
        );
        assert_eq!(
            ms().with_interval(0.1, Some((0.1 - 1e-12, 0.1 + 1e-12))),
            "100.00 ms ± <0.01"
        );
        assert_eq!(ms().with_interval(0.1, None), "100 ms");
    }

    #[test]
    fn one_unit_fits_a_column() {
        let unit = |values: &[f64]| Scale::time(values.iter().copied()).unit;
        assert_eq!(unit(&[0.438, 0.041]), "ms");
        assert_eq!(unit(&[12.0, 0.3]), "s");
        assert_eq!(unit(&[3e-6, 9e-6]), "us");
        assert_eq!(unit(&[7200.0, 30.0]), "min");
        assert_eq!(unit(&[0.096, 1.3]), "ms");
        assert_eq!(unit(&[0.0]), "s");
        assert_eq!(unit(&[90_000.0, 500_000.0]), "h");
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(shorten("join-idle-queue", 8), "join-id…");
        assert_eq!(shorten("random", 6), "random");
    }

    #[test]
    fn margins_have_no_binary_tails() {
        assert_eq!(plain_percent(0.07), "7 %");
        assert_eq!(plain_percent(0.005), "0.5 %");
    }
}
