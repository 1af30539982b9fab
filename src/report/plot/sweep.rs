//! The swept key as an axis, where its values are numbers.
//!
//! A scenario gives swept values as text: `0.8`, `"50ms"`, `"fresh"`. Numbers and durations have
//! distances, words have none, and so only the former become an axis; its ticks are the values as
//! they were written, because these are the points that were run.

use super::axis::Axis;
use crate::report::lookup::Lookup;
use crate::text::{Scale, plain_value, seconds};

/// A sweep of one key over numbers.
pub struct Sweep {
    /// Points and their values on the axis, by rising value.
    pub values: Vec<(usize, f64)>,
    /// The axis, with a tick at each value.
    pub axis: Axis,
}

/// The sweep as an axis: one key, at least two different values, all plain numbers or all durations.
pub fn numeric(tables: &Lookup) -> Option<Sweep> {
    let meta = tables.meta();
    if meta.sweep.len() != 1 || meta.points.len() < 2 {
        return None;
    }
    let parsed = meta
        .points
        .iter()
        .map(|point| parse(&plain_value(point.first()?)));
    let parsed: Vec<(f64, bool)> = parsed.collect::<Option<_>>()?;
    let timed = parsed.first()?.1;
    let is_odd = |(value, is_time): &(f64, bool)| *is_time != timed || !value.is_finite();
    if parsed.iter().any(is_odd) {
        return None;
    }
    let scale = match timed {
        true => Scale::time(parsed.iter().map(|p| p.0)),
        false => Scale::plain(""),
    };
    let scaled = parsed.iter().map(|p| p.0 / scale.factor);
    let mut values: Vec<(usize, f64)> = scaled.enumerate().collect();
    values.sort_by(|a, b| a.1.total_cmp(&b.1));
    let distinct = values.windows(2).all(|pair| pair[0].1 < pair[1].1);
    distinct.then(|| Sweep {
        axis: axis(&values, &scale.axis_title(tables.sweep_label(0))),
        values,
    })
}

fn axis(values: &[(usize, f64)], title: &str) -> Axis {
    let values: Vec<f64> = values.iter().map(|p| p.1).collect();
    let axis = Axis::fitting(title, &values, false);
    if values.len() > 12 {
        return axis;
    }
    axis.with_ticks(values.into_iter().map(tick).collect())
}

/// A swept value as it was written, without the tail of a unit's conversion.
fn tick(value: f64) -> (f64, String) {
    let text = value.to_string();
    let rounded = (value * 1e6).round() / 1e6;
    let is_long = text.len() > 8;
    (value, if is_long { rounded.to_string() } else { text })
}

/// A swept value as a number, durations in seconds; none for a word.
pub fn number(text: &str) -> Option<f64> {
    parse(text)
        .map(|(value, _)| value)
        .filter(|value| value.is_finite())
}

/// A number, or a duration in seconds with `true`.
fn parse(text: &str) -> Option<(f64, bool)> {
    let plain = text.replace('_', "");
    if let Ok(number) = plain.parse::<f64>() {
        return Some((number, false));
    }
    Some((seconds(&plain)?, true))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::results::sample::Sample;

    fn sweep_of(values: &[&str]) -> Option<Vec<usize>> {
        let mut sample = Sample::words(values, 2);
        sample.meta.points = values.iter().map(|v| vec![(*v).to_string()]).collect();
        let results = sample.results();
        let values = numeric(&Lookup::new(&results))?.values;
        Some(values.into_iter().map(|value| value.0).collect())
    }

    #[test]
    fn numbers_and_durations_are_axes_and_words_are_not() {
        assert_eq!(sweep_of(&["0.8", "0.5", "1_000"]), Some(vec![1, 0, 2]));
        assert_eq!(
            sweep_of(&["\"50ms\"", "\"1 s\"", "\"200us\""]),
            Some(vec![2, 0, 1])
        );
        assert_eq!(sweep_of(&["\"fresh\"", "\"probe\""]), None);
        assert_eq!(sweep_of(&["1", "\"1s\""]), None);
    }

    #[test]
    fn ticks_are_the_swept_values() {
        let mut sample = Sample::words(&["a", "b", "c"], 2);
        sample.meta.points = ["50ms", "100ms", "150ms"]
            .iter()
            .map(|v| vec![format!("\"{v}\"")])
            .collect();
        let results = sample.results();
        let sweep = numeric(&Lookup::new(&results)).unwrap();
        let labels: Vec<_> = sweep.axis.ticks.iter().map(|t| t.1.as_str()).collect();
        assert_eq!(labels, ["50", "100", "150"]);
        assert!(sweep.axis.title.ends_with("(ms)"));
    }
}
