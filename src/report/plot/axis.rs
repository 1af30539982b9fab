//! Axes: ranges, ticks and their labels.
//!
//! Ticks stand at 1, 2, 2.5 or 5 times a power of ten, about five to an axis, so that a value can
//! be read between them in the head (Heckbert, "Nice numbers for graph labels", Graphics Gems,
//! 1990). An axis of values that span more than a factor of 20 is logarithmic: response times near
//! saturation would otherwise flatten all the others. Values outside an axis are drawn at its end,
//! never left out in silence.

use crate::text::{fixed, significant, thousands};

/// An axis: a range, linear or logarithmic, with ticks and a title.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Logarithmic, both ends above 0.
    pub log: bool,
    /// Values and labels; an empty label is a grid line alone.
    pub ticks: Vec<(f64, String)>,
    /// Title with its unit.
    pub title: String,
    /// Its values are words side by side, of which none is left out.
    pub is_words: bool,
}

impl Axis {
    /// Of labels that are whole numbers all have commas between thousands, or none.
    fn new(title: &str, (low, high): (f64, f64), log: bool, ticks: Vec<(f64, String)>) -> Axis {
        let has_commas = ticks.iter().any(|tick| tick.1.contains(','));
        let label = |(value, label): (f64, String)| match label.parse() {
            Ok(whole) if has_commas => (value, thousands(whole)),
            _ => (value, label),
        };
        Axis {
            low,
            high,
            log,
            ticks: ticks.into_iter().map(label).collect(),
            title: title.to_owned(),
            is_words: false,
        }
    }

    /// Words side by side, at 0, 1, 2, ...
    pub fn words(title: &str, words: impl Iterator<Item = String>) -> Axis {
        let ticks = words.enumerate().map(|(at, word)| (at as f64, word));
        let ticks: Vec<(f64, String)> = ticks.collect();
        let ends = (-0.5, ticks.len() as f64 - 0.5);
        Axis {
            is_words: true,
            ..Axis::new(title, ends, false, ticks)
        }
    }

    /// A linear axis that holds all of `values`, from 0 if `zero`.
    pub fn linear(title: &str, values: impl IntoIterator<Item = f64>, zero: bool) -> Axis {
        let (mut low, mut high) = range(values).unwrap_or((0.0, 1.0));
        if zero {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        if high - low <= 1e-9 * high.abs().max(low.abs()) {
            let around = if high == 0.0 { 1.0 } else { high.abs() * 0.1 };
            (low, high) = (low - around, high + around);
        }
        let step = nice_step((high - low) / 5.0);
        let room = |needed: bool| match needed || !zero {
            true => 0.04 * (high - low),
            false => 0.0,
        };
        let (below, above) = (room(low < 0.0), room(high > 0.0));
        Axis::between(title, low - below, high + above, step)
    }

    /// A linear axis with the given ends and ticks at multiples of `step`, or of a larger step where
    /// those would be more than a dozen or two.
    pub fn between(title: &str, low: f64, high: f64, step: f64) -> Axis {
        let sound = low.is_finite() && high.is_finite() && low < high;
        let (low, high) = if sound { (low, high) } else { (0.0, 1.0) };
        let is_sound = step > 0.0 && (high - low) / step <= 25.0;
        let step = Some(step).filter(|_| is_sound);
        let step = step.unwrap_or_else(|| nice_step((high - low) / 5.0));
        let first = (low / step - 1e-9).ceil();
        let count = ((high / step + 1e-9).floor() - first).clamp(0.0, 30.0) as usize;
        let values = (0..=count).map(|k| (first + k as f64) * step);
        let ticks = values.map(|value| (value, tick_label(value, step)));
        Axis::new(title, (low, high), false, ticks.collect())
    }

    /// A logarithmic axis that holds all of `values` above 0.
    pub fn log(title: &str, values: impl IntoIterator<Item = f64>) -> Axis {
        let (low, high) = range(values.into_iter().filter(|v| *v > 1e-30)).unwrap_or((0.1, 1.0));
        let (low, high) = (low / 1.08, high * 1.08);
        let ticks = log_ticks(low, high, (high / low).log10());
        Axis::new(title, (low, high), true, ticks)
    }

    /// Logarithmic if the values are all above 0 and span more than a factor of 20, else linear.
    pub fn fitting(title: &str, values: &[f64], zero: bool) -> Axis {
        let is_wide = |(low, high)| low > 0.0 && high / low > 20.0;
        let values = || values.iter().copied();
        match range(values()).is_some_and(is_wide) {
            true => Axis::log(title, values()),
            false => Axis::linear(title, values(), zero),
        }
    }

    /// An axis of changes in percent that holds 0 and all of `shares` (of 1) that are finite.
    pub fn changes(shares: impl IntoIterator<Item = f64>) -> Axis {
        let percents = shares.into_iter().map(|share| 100.0 * share);
        let (low, high) = range(percents.chain([0.0])).unwrap_or_default();
        let room = 0.04 * (high - low);
        let step = nice_step((high - low) / 6.0);
        Axis::between("change (%)", low - room, high + room, step)
    }

    /// The same with a title that says if it is logarithmic, or does not start at 0.
    pub fn told(mut self) -> Axis {
        if self.log {
            self.title.push_str(", log axis");
        } else if self.low > 0.0 {
            self.title.push_str(", not from 0");
        }
        self
    }

    /// A little room beyond the first and the last value, so that no mark lies on the frame.
    pub fn padded(self) -> Axis {
        let (low, high) = if self.log {
            let room = (self.high / self.low).powf(0.02);
            (self.low / room, self.high * room)
        } else {
            let room = (self.high - self.low) * 0.01;
            (self.low - room, self.high + room)
        };
        Axis { low, high, ..self }
    }

    /// The same axis with ticks at `ticks` only.
    pub fn with_ticks(self, ticks: Vec<(f64, String)>) -> Axis {
        Axis { ticks, ..self }
    }

    /// Where `value` lies between the ends, 0 to 1; outside values lie at the ends.
    pub fn share(&self, value: f64) -> f64 {
        let share = if self.log {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        match share.is_nan() {
            true => 0.0,
            false => share.clamp(0.0, 1.0),
        }
    }

    /// Whether `value` lies between the ends.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// `value` with the decimals that `step` needs.
fn tick_label(value: f64, step: f64) -> String {
    if value.abs() >= 1e9 || step < 1e-6 {
        return significant(value, 3);
    }
    let decimals = (-step.log10().floor()).max(0.0) as i32 + i32::from(is_quarter(step));
    fixed(value, decimals)
}

/// Smallest and largest of the finite values; nothing in a plot is beyond 1e30.
pub fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|v| v.abs() <= 1e30);
    let ends = finite.map(|v| (v, v));
    ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least `least`.
pub fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let fits = |factor: &f64| factor * power >= least * (1.0 - 1e-9);
    let found = [1.0, 2.0, 2.5, 5.0].into_iter().find(fits);
    found.unwrap_or(10.0) * power
}

fn is_quarter(step: f64) -> bool {
    let mantissa = step / 10f64.powf(step.log10().floor());
    (mantissa - 2.5).abs() < 1e-6 && step < 10.0
}

/// Powers of ten with labels; the steps between are labelled too where there are few powers.
fn log_ticks(low: f64, high: f64, decades: f64) -> Vec<(f64, String)> {
    let labelled: &[i64] = match decades {
        d if d < 1.2 => &[1, 2, 3, 5, 7],
        d if d < 2.5 => &[1, 2, 5],
        _ => &[1],
    };
    let every = if decades > 8.0 { 2 } else { 1 };
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let mut ticks = Vec::new();
    for power in first..=last {
        for factor in 1..=9_i64 {
            let value = factor as f64 * 10f64.powi(power);
            let named = labelled.contains(&factor) && power % every == 0;
            let label = match named {
                true => significant(value, 1),
                false => String::new(),
            };
            if (low..=high).contains(&value) && (named || decades < 6.0) {
                ticks.push((value, label));
            }
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_tells_how_it_is_to_be_read() {
        let title = |values: [f64; 2], zero| Axis::fitting("ms", &values, zero).told().title;
        assert_eq!(title([2.0, 3.0], true), "ms");
        assert_eq!(title([2.0, 3.0], false), "ms, not from 0");
        assert_eq!(title([2.0, 300.0], false), "ms, log axis");
    }

    fn labels(axis: &Axis) -> Vec<&str> {
        let labels = axis.ticks.iter().map(|tick| tick.1.as_str());
        labels.filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_inside() {
        let axis = Axis::linear("x", [0.0, 1.0], true);
        assert_eq!(labels(&axis), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        let quarters = Axis::linear("x", [0.0, 12.0], true);
        assert_eq!(labels(&quarters), ["0.0", "2.5", "5.0", "7.5", "10.0"]);
        assert!(axis.ticks.iter().all(|tick| axis.holds(tick.0)));
    }

    #[test]
    fn all_labels_have_commas_or_none() {
        let wide = Axis::log("x", [200.0, 50_000.0]);
        let commas = ["1,000", "10,000"].map(|label| labels(&wide).contains(&label));
        assert_eq!(commas, [true; 2], "{wide:?}");
        let narrow = Axis::linear("x", [0.0, 4_000.0], true);
        assert_eq!(labels(&narrow)[..2], ["0", "1000"]);
    }

    #[test]
    fn equal_values_still_have_a_range() {
        let axis = Axis::linear("x", [3.0, 3.0], false);
        assert!(axis.low < 3.0 && axis.high > 3.0 && (axis.share(3.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn log_ticks_name_the_decades() {
        let axis = Axis::log("x", [0.02, 50.0]);
        assert_eq!(labels(&axis), ["0.1", "1", "10"]);
        let mid = axis.share((axis.low * axis.high).sqrt());
        assert!((mid - 0.5).abs() < 1e-9);
    }

    #[test]
    fn no_values_give_an_axis_nevertheless() {
        assert!(Axis::linear("x", [], true).ticks.len() > 2);
        assert!(Axis::log("x", [f64::NAN, -1.0]).high > 0.0);
    }
}
