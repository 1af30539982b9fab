//! Where the response time goes: the seven parts, for all jobs and for the slowest 1 %.
//!
//! The parts add up exactly, so stacked bars are honest here: the whole bar is the response time.
//! The two halves are side by side because the tail is often made of something else than the mean:
//! a strategy that balances well on average may still let a few jobs wait.

use super::axis::Axis;
use super::drawing::{Align, Drawing, GREY, GRID, INK, LINE, PAPER, fit_apart, text_width};
use super::palette::PART_COLORS;
use super::panel::{Area, Entry, figure};
use super::point_title;
use crate::metrics::jobs::PARTS;
use crate::report::lookup::Lookup;
use crate::text::{Scale, significant};

/// The plot for `point`; none where the tables have no parts.
pub fn draw(tables: &Lookup, point: usize) -> Option<Drawing> {
    let strategies = tables.meta().strategies.len();
    let bars = |suffix| -> Vec<Option<[f64; 7]>> {
        let bar = |strategy| parts(tables, point, strategy, suffix);
        (0..strategies).map(bar).collect()
    };
    let halves = [
        ("all jobs", bars("mean")),
        ("the slowest 1 % of jobs", bars("tail")),
    ];
    halves.iter().flat_map(|(_, bars)| bars).flatten().next()?;
    let bars = || halves.iter().flat_map(|(_, bars)| bars).flatten();
    let occurs = |part: &usize| bars().any(|parts| parts[*part] > 0.0);
    let legend = (0..PARTS.len()).filter(occurs);
    let entry = |part: usize| Entry::Box(PARTS[part].into(), PART_COLORS[part]);
    let legend: Vec<Entry> = legend.map(entry).collect();
    let step = (300.0 / strategies as f64).clamp(22.0, 46.0);
    let (columns, rows) = tables.style.either((1, 2), (2, 1));
    let height = rows as f64 * (26.0 + step * strategies as f64 + 54.0);
    let title = point_title(tables, "Where the response time goes", point);
    let subtitle = "mean parts along each job's critical chain";
    let (mut drawing, body) = figure(tables.style, [title.as_str(), subtitle], legend, height);
    let mut left = body.left;
    for area in body.cells(1, rows) {
        left = body.left + strategy_names(tables, &mut drawing, area, step);
    }
    let scale = Scale::time(halves.iter().map(|(_, bars)| longest(bars) / 5.0));
    let areas = Area { left, ..body }.cells(columns, rows);
    for ((title, bars), area) in halves.iter().zip(areas) {
        half(&mut drawing, area, title, (bars.as_slice(), &scale), step);
    }
    Some(drawing)
}

fn parts(tables: &Lookup, point: usize, strategy: usize, suffix: &str) -> Option<[f64; 7]> {
    let cell = tables.cell(point, strategy);
    let row = |part| cell.find("all", &format!("blame_{part}_{suffix}"));
    let values = PARTS.map(|part| row(part).and_then(|row| row.mean));
    values.iter().flatten().next()?;
    Some(values.map(|value| value.unwrap_or(0.0).max(0.0)))
}

/// Writes the names at the left and returns the width they take.
fn strategy_names(tables: &Lookup, drawing: &mut Drawing, body: Area, step: f64) -> f64 {
    let most = tables.style.either(110.0, 200.0);
    let names = fit_apart(&tables.names(), 12.5, most);
    let widths = names.iter().map(|name| text_width(name, 12.5, false));
    let widest = widths.fold(0.0, f64::max);
    for (k, name) in names.iter().enumerate() {
        let y = body.top + 26.0 + step * (k as f64 + 0.5);
        drawing.text((body.left + widest, y), name, 12.5, INK, Align::End);
    }
    widest + 8.0
}

/// The longest bar, seconds.
fn longest(bars: &[Option<[f64; 7]>]) -> f64 {
    let totals = bars.iter().flatten().map(|parts| parts.iter().sum());
    totals.fold(0.0, f64::max)
}

/// The bars of one half, each as long as the response time, in the unit of both.
fn half(
    drawing: &mut Drawing,
    area: Area,
    title: &str,
    (bars, scale): (&[Option<[f64; 7]>], &Scale),
    step: f64,
) {
    let ends = [0.0, 1.12 * longest(bars) / scale.factor];
    let axis = Axis::linear(&scale.axis_title("response time"), ends, true);
    let axis = Axis { low: 0.0, ..axis };
    let (top, right, bottom) = (area.top + 26.0, area.right - 16.0, area.bottom - 54.0);
    let frame = Area::between((area.left, top), (right, bottom));
    drawing.bold((frame.left, top - 13.0), title, 13.0, Align::Start);
    for (value, label) in &axis.ticks {
        let x = frame.x(&axis, *value);
        drawing.line(vec![(x, top), (x, bottom)], GRID, 1.0);
        drawing.text((x, bottom + 14.0), label, 12.0, GREY, Align::Middle);
    }
    let middle = ((frame.left + right) / 2.0, bottom + 36.0);
    drawing.text(middle, &axis.title, 13.0, INK, Align::Middle);
    for (k, bar) in bars.iter().enumerate() {
        let middle = top + step * (k as f64 + 0.5);
        let Some(parts) = bar.map(|parts| parts.map(|part| part / scale.factor)) else {
            drawing.text((frame.left + 6.0, middle), "n/a", 12.0, GREY, Align::Start);
            continue;
        };
        let ends = (middle - step * 0.34, middle + step * 0.34);
        let end = stack(drawing, parts, |value| frame.x(&axis, value), ends);
        let total = bar.iter().flatten().sum::<f64>() / scale.factor;
        let text = significant(total, 3);
        drawing.text((end + 5.0, middle), &text, 11.5, GREY, Align::Start);
    }
    drawing.line(vec![(frame.left, top), (frame.left, bottom)], LINE, 1.0);
}

/// Draws one bar from its parts and returns its right end.
fn stack(
    drawing: &mut Drawing,
    parts: [f64; 7],
    x: impl Fn(f64) -> f64,
    (top, bottom): (f64, f64),
) -> f64 {
    let mut before = 0.0;
    for (part, color) in parts.into_iter().zip(PART_COLORS) {
        let (left, right) = (x(before), x(before + part));
        drawing.rect((left, top), (right, bottom), color, 1.0);
        if right - left > 3.0 {
            drawing.line(vec![(right, top), (right, bottom)], PAPER, 1.0);
        }
        before += part;
    }
    x(before)
}
