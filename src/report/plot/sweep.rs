//! The swept key as an axis.
//!
//! A scenario gives swept values as text: `0.8`, `"50ms"`, `"fresh"`. Numbers and durations have
//! distances; the ticks of their axis are the values as they were written, because these are the points
//! that were run. Words have none and stand side by side, and no line joins them.

use super::axis::Axis;
use super::drawing::{Drawing, HEIGHT, fit_title, text_width};
use super::panel::{Area, Entry, Panel, figure, layout};
use crate::report::grid::{Grid, Group, parse};
use crate::report::lookup::{Lookup, Style, chosen_points};
use crate::text::Scale;

/// A sweep of a key.
pub struct Sweep {
    /// For each combination of the other keys its name, and its points with their values on the axis, by
    /// rising value.
    pub panels: Vec<(String, Vec<(usize, f64)>)>,
    /// The axis, with a tick at each value.
    pub axis: Axis,
}

/// More panels than this are no figure.
const PANELS: usize = 12;

/// The key with the most values as an axis: at least two, all plain numbers, all durations, or words.
pub fn sweep(tables: &Lookup) -> Option<Sweep> {
    let grid = Grid::new(tables);
    let has_lines = grid.groups.iter().all(|group| group.points.len() > 1);
    if grid.values.len() < 2 || grid.groups.len() > PANELS || !has_lines {
        return None;
    }
    let title = grid.title(|key| tables.sweep_label(key).to_owned());
    let (values, axis) = match numbers(&grid, &title) {
        Some(numeric) => numeric,
        None if !grid.is_numeric && is_better_than_rows(tables, &grid) => words(&grid, &title),
        None => return None,
    };
    let panel = |group: &Group| {
        let points = group.points.iter();
        let points: Vec<_> = points.map(|(point, at)| (*point, values[*at])).collect();
        let others = |key| !grid.across.contains(&key);
        (tables.label_of(points[0].0, others), points)
    };
    let panels = grid.groups.iter().map(panel).collect();
    Some(Sweep { panels, axis })
}

/// Values that are different and all plain numbers or all durations, and their axis.
fn numbers(grid: &Grid, title: &str) -> Option<(Vec<f64>, Axis)> {
    let parsed = grid.values.iter().map(|(name, _)| parse(name));
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
    let values: Vec<f64> = parsed.iter().map(|p| p.0 / scale.factor).collect();
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    let distinct = sorted.windows(2).all(|pair| pair[0] < pair[1]);
    distinct.then(|| (values, axis(sorted, &scale.axis_title(title))))
}

/// Words at 0, 1, 2, ...
fn words(grid: &Grid, title: &str) -> (Vec<f64>, Axis) {
    let names = grid.values.iter().map(|value| value.0.clone());
    let values = (0..grid.values.len()).map(|at| at as f64).collect();
    (values, Axis::words(title, names))
}

/// Whether words have room below a panel, and rows, which tell figures in words, would leave points out or
/// figures untold.
fn is_better_than_rows(tables: &Lookup, grid: &Grid) -> bool {
    let most = if grid.groups.len() > 2 { 6 } else { 12 };
    let has_room = grid.values.len() <= tables.style.either(6, most);
    has_room && (tables.style.is_narrow() || chosen_points(tables.points()).len() < tables.points())
}

impl Sweep {
    /// A value's place; above a word strategies stand side by side.
    pub fn x(&self, value: f64, (strategy, several): (usize, usize)) -> f64 {
        let aside = strategy as f64 - (several as f64 - 1.0) / 2.0;
        match self.axis.is_words {
            true => value + 0.6 * aside / several as f64,
            false => value,
        }
    }

    /// Its figure, with one title for the axes upward: `draw` fills each panel, at whose right `margin` pixels
    /// are free, with what its points and their values have.
    pub fn figure(
        &self,
        (style, texts, legend): (Style, [&str; 2], Vec<Entry>),
        (mut up, margin): (Axis, f64),
        mut draw: impl FnMut(&mut Drawing, Panel, &[(usize, f64)]),
    ) -> Drawing {
        let (columns, rows) = layout(style, self.panels.len());
        let height = match rows {
            1 => style.either(260.0, HEIGHT - 130.0),
            _ => style.either(210.0, 300.0) * rows as f64,
        };
        let (mut drawing, body) = figure(style, texts, legend, height);
        // As in a panel of its own: between its frame's ends, if it has room there, and before its labels.
        let upward = fit_title(&std::mem::take(&mut up.title), 13.0, height);
        let half = text_width(&upward, 13.0, false) / 2.0;
        let middle = ((body.top + body.bottom - 42.0) / 2.0).max(body.top + half);
        drawing.turned((body.left + 8.0, middle), &upward, 13.0);
        let left = body.left + 22.0;
        let areas = Area { left, ..body }.cells(columns, rows);
        for ((title, values), area) in self.panels.iter().zip(areas) {
            let axes = (self.axis.clone().padded(), up.clone());
            let panel = Panel::draw(&mut drawing, area, title, axes, margin);
            draw(&mut drawing, panel, values);
        }
        drawing
    }
}

fn axis(values: Vec<f64>, title: &str) -> Axis {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::results::sample::Sample;

    fn sweep_of(values: &[&str]) -> Option<Vec<usize>> {
        let mut sample = Sample::words(values, 2);
        sample.meta.points = values.iter().map(|v| vec![(*v).to_string()]).collect();
        let results = sample.results();
        let panels = sweep(&Lookup::new(&results))?.panels;
        let values = panels.into_iter().flat_map(|panel| panel.1);
        Some(values.map(|value| value.0).collect())
    }

    #[test]
    fn numbers_and_durations_are_axes_and_words_are_not() {
        assert_eq!(sweep_of(&["0.8", "0.5", "1_000"]), Some(vec![1, 0, 2]));
        let times = sweep_of(&["\"50ms\"", "\"1 s\"", "\"200us\""]);
        assert_eq!(times, Some(vec![2, 0, 1]));
        assert_eq!(sweep_of(&["\"fresh\"", "\"probe\""]), None);
        assert_eq!(sweep_of(&["1", "\"1s\""]), None);
    }

    #[test]
    fn ticks_are_the_swept_values() {
        let results = Sample::words(&["50ms", "100ms", "150ms"], 2).results();
        let sweep = sweep(&Lookup::new(&results)).unwrap();
        let labels: Vec<_> = sweep.axis.ticks.iter().map(|t| t.1.as_str()).collect();
        assert_eq!(labels, ["50", "100", "150"]);
        assert!(sweep.axis.title.ends_with("(ms)"));
    }
}
