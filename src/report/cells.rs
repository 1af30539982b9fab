//! Rows of the tables as people read them; shared by the terminal, the plots and the page.
//!
//! A figure is never shown without what it is worth: `438 ms ± 5` carries its interval, and where
//! there is none the cell says why (`unstable`, `growing`, `heavy`, `thin`, `n/a`, `>=` for a bound,
//! `exact` for what has no variance). The digits of a value follow its uncertainty: more digits would claim more than was
//! measured.

use crate::results::{ComparisonRow, Status, Summary};
use crate::text::{Scale, alone_percent, fixed, percent_decimals, signed_percent};

/// A cell of a summary table: value and uncertainty, or the word for why there is none.
pub fn summary_cell(row: Option<&Summary>, scale: &Scale) -> String {
    let Some(row) = row else { return "n/a".into() };
    let interval = row.interval();
    match (row.status, row.mean) {
        (Status::Unstable, None) => "unstable".into(),
        (_, None) => "n/a".into(),
        (Status::Censored, Some(mean)) => format!(">= {}", scale.value(mean)),
        (Status::Ok, Some(mean)) => scale.with_interval(mean, interval),
        (mark, Some(mean)) => format!("{} {}", scale.value(mean), mark.word()),
    }
}

/// A comparison's relative change and interval: "-70 % [-71,-69]"; "exact" where it has no variance;
/// the absolute difference where the baseline is 0; empty where there is none.
pub fn change(row: &ComparisonRow, scale: &Scale) -> String {
    change_with(row, scale, ",")
}

/// The same with `comma` between the ends of the interval.
pub fn change_with(row: &ComparisonRow, scale: &Scale, comma: &str) -> String {
    match (row.relative, row.relative_interval()) {
        (Some(relative), _) if row.exact => format!("{} % exact", alone_percent(relative)),
        (Some(relative), Some((low, high))) => {
            let decimals = percent_decimals(low, high);
            let (low, high) = (lower_end(low, decimals), upper_end(high, decimals));
            format!(
                "{} % {low}{comma}{high}",
                signed_percent(relative, decimals)
            )
        }
        (Some(relative), None) => format!("{} %", alone_percent(relative)),
        (None, _) => difference(row, scale),
    }
}

/// A change beyond a factor of 100 says only that nothing is known of it.
const UNKNOWN: f64 = 100.0;

/// "[-71", or "(-100": nothing is lower by 100 %.
fn lower_end(low: f64, decimals: i32) -> String {
    match signed_percent(low, decimals) {
        all if low > -1.0 && all.starts_with("-100") => "(-100".into(),
        number => format!("[{number}"),
    }
}

/// "-69]", or "∞)" where nothing is known.
fn upper_end(high: f64, decimals: i32) -> String {
    match high > UNKNOWN {
        true => "∞)".into(),
        false => format!("{}]", signed_percent(high, decimals)),
    }
}

/// The absolute difference; empty where there is none.
fn difference(row: &ComparisonRow, scale: &Scale) -> String {
    let interval = row.interval();
    row.difference.map_or(String::new(), |difference| {
        let sign = if difference > 0.0 { "+" } else { "" };
        format!("{sign}{}", scale.with_interval(difference, interval))
    })
}

/// "61 % lower [58, 64]", the direction said in a word and the interval in the same direction.
pub fn lower_or_higher(row: &ComparisonRow, scale: &Scale) -> String {
    let Some(relative) = row.relative else {
        return difference(row, scale);
    };
    let (word, sign) = match relative < 0.0 {
        true => ("lower", -1.0),
        false => ("higher", 1.0),
    };
    let interval = row.relative_interval();
    let interval = interval.filter(|_| !row.exact);
    let (low, high) = interval.unwrap_or((relative, relative));
    let decimals = percent_decimals(low, high);
    let number = |value: f64| fixed(value * sign * 100.0, decimals);
    let size = format!("{} % {word}", number(relative));
    match interval {
        Some((low, high)) if high > UNKNOWN && sign < 0.0 => {
            format!("{size} (-∞, {}]", number(low))
        }
        Some((low, high)) if high > UNKNOWN => format!("{size} [{}, ∞)", number(low)),
        Some((low, high)) if sign < 0.0 => format!("{size} [{}, {}]", number(high), number(low)),
        Some((low, high)) => format!("{size} [{}, {}]", number(low), number(high)),
        None if row.exact => format!("{size} (exact)"),
        None => size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample::Sample;

    #[test]
    fn an_interval_that_excludes_0_has_no_end_that_reads_as_0() {
        let told = |low, high| {
            let mut row = Sample::loads(&[0.8], 2).results().comparisons[0].clone();
            row.relative = Some((low + high) / 2.0);
            (row.relative_low, row.relative_high) = (Some(low), Some(high));
            let scale = Scale::percent();
            (change(&row, &scale), lower_or_higher(&row, &scale))
        };
        let (signed, worded) = told(-0.12, -0.0034);
        assert_eq!(signed, "-6.2 % [-12.0,-0.3]");
        assert_eq!(worded, "6.2 % lower [0.3, 12.0]");
        let (signed, _) = told(0.000_2, 0.12);
        assert_eq!(signed, "+6.01 % [+0.02,+12.00]");
        // What includes 0, and what is far from it, keeps its digits.
        assert_eq!(told(-0.12, 0.0034).0, "-6 % [-12,0]");
        assert_eq!(told(-0.71, -0.69).0, "-70 % [-71,-69]");
        assert_eq!(told(1e-16, 3e-16).0, "0.000 % [0.000,0.000]");
        assert_eq!(told(-0.011, 0.005).0, "-0.3 % [-1.1,+0.5]");
        assert_eq!(told(0.08, 0.12).1, "10 % higher [8, 12]");
        assert!(told(0.02, 1e12).1.ends_with(" % higher [2, ∞)"));
    }

    #[test]
    fn ends_that_are_not_known_are_not_told_in_digits() {
        let told = |low, high| format!("{},{}", lower_end(low, 0), upper_end(high, 0));
        assert_eq!(told(-0.71, -0.69), "[-71,-69]");
        assert_eq!(told(-0.99, 99.9), "[-99,+9990]");
        assert_eq!(told(-0.999_99, 177.1), "(-100,∞)");
        assert_eq!(told(-1.0, 0.0), "[-100,0]");
    }
}
