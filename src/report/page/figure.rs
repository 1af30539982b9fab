//! The pieces of the page's pictures: x in per cent, y in pixels.
//!
//! A picture is its plot area and nothing else, as wide as its place: so that type of 12 pixels has 12
//! pixels on a phone, on a screen and on paper, nothing is scaled, and a colour is that of the text
//! around it (dark paper needs no second picture). Lines alone are stretched, in a picture of 1,000
//! units inside.

use maud::{Markup, html};

use super::Page;
use crate::report::plot::axis::Axis;
use crate::report::words::set;

/// `share` of the width.
pub fn across(share: f64) -> String {
    format!("{:.2}%", 100.0 * share)
}

/// [`Axis::changes`] with labels as printers set them.
pub fn change_axis(shares: impl Iterator<Item = f64>) -> Axis {
    let mut axis = Axis::changes(shares);
    axis.ticks.iter_mut().for_each(|tick| tick.1 = set(&tick.1));
    axis
}

/// A picture that is `height` pixels high and says `label` to those who cannot see it.
pub fn picture(height: f64, label: &str, body: &Markup) -> Markup {
    html! { svg width="100%" height=(height) role="img" aria-label=(label) { (body) } }
}

/// Lines in a stretched picture: x of the whole width is 1,000.
pub fn stretched(height: f64, body: &Markup) -> Markup {
    let area = format!("0 0 1000 {height}");
    html! { svg.ln viewBox=(area) preserveAspectRatio="none" width="100%" height=(height) aria-hidden="true" { (body) } }
}

/// Characters of a label at the right end of a curve.
pub const LABEL: usize = 26;

/// A line from (x, y) to (x, y), x as shares of the width.
pub fn line(class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> Markup {
    let [y1, y2] = [y1, y2].map(|y| format!("{y:.1}"));
    html! { line class=(class) x1=(across(x1)) x2=(across(x2)) y1=(y1) y2=(y2) {} }
}

/// The path through points whose x is a share of the width.
pub fn path(points: &[(f64, f64)]) -> String {
    let step = |(at, (x, y)): (usize, &(f64, f64))| {
        let letter = if at == 0 { 'M' } else { 'L' };
        format!("{letter}{:.1} {y:.1}", 1000.0 * x)
    };
    points.iter().enumerate().map(step).collect()
}

/// What stands at a tick or beside a line.
pub fn text(class: &str, (x, y): (f64, f64), anchor: &str, words: &str) -> Markup {
    html! { text class=(class) x=(across(x)) y=(y) text-anchor=(anchor) { (words) } }
}

/// The line of an objective at a height, with its name above it.
pub fn objective_line(y: f64, name: &str) -> Markup {
    html! {
        (line("sl", (0.0, y), (1.0, y)))
        text.slo.lab x="4" y=(format!("{:.1}", y - 5.0)) { (name) }
    }
}

/// An axis across, for the head of a column: labels at the ticks, the unit at the last.
pub fn head(axis: &Axis, unit: &str) -> Markup {
    head_with(axis, unit, &html! {})
}

/// [`head`] with `more` beside the labels.
pub fn head_with(axis: &Axis, unit: &str, more: &Markup) -> Markup {
    let mut ticks = axis.ticks.clone();
    if let Some((_, last)) = ticks.last_mut() {
        *last = format!("{last} {unit}").trim_end().to_owned();
    }
    let body = html! {
        @for (value, label) in spaced(axis, &ticks) {
            @let x = axis.share(*value);
            (text("", (x, 14.0), anchor(x), label))
        }
        (more)
    };
    html! { svg width="100%" height="18" aria-hidden="true" { (body) } }
}

/// Characters for which the head of a column has room.
const COLUMN: f64 = 20.0;

/// The last tick, and as many before it as have room for their labels: each, every other one, ...
fn spaced<'a>(axis: &Axis, ticks: &'a [(f64, String)]) -> Vec<&'a (f64, String)> {
    let every = |step: usize| -> Vec<_> { ticks.iter().rev().step_by(step).collect() };
    let has_room = |pair: &[&(f64, String)]| {
        let wide: usize = pair.iter().map(|(_, label)| label.chars().count()).sum();
        let apart = axis.share(pair[0].0) - axis.share(pair[1].0);
        apart * COLUMN > wide as f64 / 2.0
    };
    let all = (1..).map(every);
    let mut fitting = all.filter(|ticks| ticks.windows(2).all(has_room));
    fitting.next().unwrap_or_default()
}

fn anchor(x: f64) -> &'static str {
    match x {
        x if x < 0.02 => "start",
        x if x > 0.98 => "end",
        _ => "middle",
    }
}

/// Upright lines at the ticks of an axis across.
pub fn upright(axis: &Axis, height: f64) -> Markup {
    html! { @for (value, _) in &axis.ticks { @let x = axis.share(*value); (line("g1", (x, 0.0), (x, height))) } }
}

/// A plot's axis upwards: where values lie, lines and labels at its ticks.
pub struct Upward {
    /// The axis.
    pub axis: Axis,
    /// Pixels of the plot.
    pub height: f64,
    /// Unit of the labels.
    pub unit: String,
}

impl Upward {
    /// Of a value.
    pub fn y(&self, value: f64) -> f64 {
        self.height * (1.0 - self.axis.share(value))
    }

    /// Level lines with labels at the left; the unit at the highest.
    pub fn levels(&self) -> Markup {
        let named = |(_, label): &&(f64, String)| !label.is_empty();
        let last = self.axis.ticks.iter().rfind(named).map(|tick| tick.0);
        html! {
            @for (value, label) in &self.axis.ticks {
                @let y = self.y(*value);
                (line("g1", (0.0, y), (1.0, y)))
                @let unit = if last == Some(*value) { self.unit.as_str() } else { "" };
                @if !label.is_empty() {
                    text x="-6" y=(format!("{:.1}", y + 4.0)) text-anchor="end" { (format!("{label} {unit}").trim_end()) }
                }
            }
        }
    }

    /// How the axis is to be read: "axis from 0", or that it is not.
    pub fn words(&self) -> String {
        match (self.axis.log, self.axis.low <= 0.0) {
            (true, _) => "log axis".to_owned(),
            (false, true) => "axis from 0".to_owned(),
            (false, false) => {
                let low = crate::text::significant(self.axis.low, 3);
                format!("the axis starts at {low} {}, not at 0", self.unit)
            }
        }
    }
}

impl Page<'_> {
    /// The strategy's mark with what it says when pointed at.
    pub fn mark(&self, strategy: usize, (x, y): (f64, f64), said: &str) -> Markup {
        let (class, mark) = (self.class(strategy), self.shape(strategy));
        let y = format!("{y:.1}");
        html! { use href=(mark) class=(class) data-s=(strategy) x=(across(x)) y=(y) { title { (said) } } }
    }

    /// The same with an upright interval through it.
    pub fn mark_with(
        &self,
        strategy: usize,
        at: (f64, f64),
        ends: Option<(f64, f64)>,
        said: &str,
    ) -> Markup {
        html! {
            @if let Some((low, high)) = ends { g class=(self.class(strategy)) data-s=(strategy) { (line("w bar95", (at.0, low), (at.0, high))) } }
            (self.mark(strategy, at, said))
        }
    }

    /// A line of a strategy, with `more` classes.
    pub fn curve(&self, strategy: usize, more: &str, points: &[(f64, f64)]) -> Markup {
        let class = format!("l {} {more}", self.class(strategy));
        html! { @if points.len() > 1 { path class=(class.trim_end()) data-s=(strategy) d=(path(points)) {} } }
    }

    /// Labels at the right end of curves, each at its height as near as it fits, 14 pixels apart.
    pub fn labels(&self, ends: &[(usize, f64, String)], height: f64) -> Markup {
        let mut ends: Vec<&(usize, f64, String)> = ends.iter().collect();
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let heights: Vec<f64> = ends.iter().map(|end| end.1).collect();
        let at = apart(&heights, 14.0, height);
        html! { svg.dl x="100%" width="200" height=(height) aria-hidden="true" {
            @for ((strategy, y, words), at) in ends.iter().zip(at) {
                g data-s=(strategy) {
                    path.ld fill="none" d=(format!("M3 {y:.1}L15 {at:.1}")) {}
                    use href=(self.shape(*strategy)) class=(self.class(*strategy)) x="24" y=(format!("{at:.1}")) {}
                    text.ink x="33" y=(format!("{:.1}", at + 4.0)) { (words) }
                }
            }
        } }
    }

    /// The strategies' marks and names in a row, for where labels have no room.
    pub fn row_of_names(&self) -> Markup {
        html! { p.key { @for strategy in self.strategies() { span data-s=(strategy) { (self.name(strategy)) } } } }
    }
}

/// The heights `at`, which rise, moved as little as puts them `least` apart and above `height`.
fn apart(at: &[f64], least: f64, height: f64) -> Vec<f64> {
    let mut moved = at.to_vec();
    for k in 1..moved.len() {
        moved[k] = moved[k].max(moved[k - 1] + least);
    }
    let mut limit = height;
    for y in moved.iter_mut().rev() {
        *y = y.min(limit);
        limit = *y - least;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_apart_and_inside() {
        let moved = apart(&[10.0, 11.0, 12.0, 95.0, 99.0], 14.0, 100.0);
        let is_apart = |pair: &[f64]| pair[1] - pair[0] >= 14.0 - 1e-9;
        assert!(moved.windows(2).all(is_apart), "{moved:?}");
        assert_eq!((moved[0], moved[4]), (10.0, 100.0));
    }

    #[test]
    fn labels_that_would_touch_are_left_out() {
        let labels = |high: f64| {
            let axis = Axis::between("", 0.0, high * 1.04, high / 4.0);
            let kept = spaced(&axis, &axis.ticks).into_iter();
            kept.map(|(_, label)| label.clone()).collect::<Vec<_>>()
        };
        assert_eq!(labels(4.0), ["4", "3", "2", "1", "0"]);
        assert_eq!(labels(10_000.0), ["10,000", "5,000", "0"]);
    }

    #[test]
    fn a_path_is_stretched_to_a_thousand() {
        assert_eq!(path(&[(0.0, 5.0), (0.5, 2.25)]), "M0.0 5.0L500.0 2.2");
    }
}
