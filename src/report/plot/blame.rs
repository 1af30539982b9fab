//! Where the response time goes: the seven parts, for all jobs and for the slowest 1 %.

use super::axis::Axis;
use super::drawing::{Align, Drawing, GREY, GRID, INK, LINE, PAPER, fit, text_width};
use super::palette::PARTS;
use super::panel::{Area, Entry, figure};
use super::point_title;
use crate::report::lookup::Lookup;
use crate::text::{Scale, significant};

/// The parts in the order in which a job meets them.
pub const NAMES: [&str; 7] = [
    "dispatch", "decision", "network", "queue", "service", "retry", "gather",
];

/// The plot for `point`; none where the tables have no parts.
pub fn draw(tables: &Lookup, point: usize) -> Option<Drawing> {
    let halves = [("all jobs", "mean"), ("the slowest 1 % of jobs", "tail")];
    let strategies = tables.meta().strategies.len();
    let bars = |suffix: &str| -> Vec<Option<[f64; 7]>> {
        (0..strategies)
            .map(|s| parts(tables, point, s, suffix))
            .collect()
    };
    let halves = halves.map(|(title, suffix)| (title, bars(suffix)));
    if halves
        .iter()
        .all(|(_, bars)| bars.iter().all(Option::is_none))
    {
        return None;
    }
    let legend: Vec<Entry> = NAMES
        .iter()
        .zip(PARTS)
        .map(|(name, color)| Entry::Box((*name).into(), color))
        .collect();
    let step = (300.0 / strategies as f64).clamp(22.0, 46.0);
    let height = 26.0 + step * strategies as f64 + 54.0;
    let title = point_title(tables, "Where the response time goes", point);
    let (mut drawing, body) = figure(
        &title,
        "mean parts along each job's critical chain",
        &legend,
        height,
    );
    let names = strategy_names(tables, &mut drawing, body, step);
    let rest = Area {
        left: body.left + names,
        ..body
    };
    for ((title, bars), area) in halves.iter().zip(rest.cells(2, 1)) {
        half(&mut drawing, area, title, bars, step);
    }
    Some(drawing)
}

fn parts(tables: &Lookup, point: usize, strategy: usize, suffix: &str) -> Option<[f64; 7]> {
    let value = |part: &str| {
        tables
            .summary(point, strategy, "all", &format!("blame_{part}_{suffix}"))?
            .mean
    };
    NAMES
        .iter()
        .any(|part| value(part).is_some())
        .then(|| NAMES.map(|part| value(part).unwrap_or(0.0).max(0.0)))
}

/// Writes the names at the left and returns the width they take.
fn strategy_names(tables: &Lookup, drawing: &mut Drawing, body: Area, step: f64) -> f64 {
    let names: Vec<String> = (0..tables.meta().strategies.len())
        .map(|s| fit(&tables.strategy(s), 12.5, false, 200.0))
        .collect();
    let widest = names
        .iter()
        .map(|name| text_width(name, 12.5, false))
        .fold(0.0, f64::max);
    for (k, name) in names.iter().enumerate() {
        let y = body.top + 26.0 + step * (k as f64 + 0.5);
        drawing.text((body.left + widest, y), name, 12.5, INK, Align::End);
    }
    widest + 8.0
}

fn half(drawing: &mut Drawing, area: Area, title: &str, bars: &[Option<[f64; 7]>], step: f64) {
    let totals = bars.iter().flatten().map(|parts| parts.iter().sum::<f64>());
    let most = totals.fold(0.0, f64::max);
    let scale = Scale::time([most / 5.0]);
    let axis = Axis::linear(
        &scale.axis_title("response time"),
        [0.0, 1.12 * most / scale.factor],
        true,
    );
    let axis = Axis { low: 0.0, ..axis };
    let frame = Area {
        top: area.top + 26.0,
        right: area.right - 16.0,
        bottom: area.bottom - 54.0,
        ..area
    };
    let x = |value: f64| frame.left + axis.share(value) * (frame.right - frame.left);
    drawing.bold((frame.left, frame.top - 13.0), title, 13.0, Align::Start);
    time_axis(drawing, &frame, &axis, &x);
    for (k, bar) in bars.iter().enumerate() {
        let middle = frame.top + step * (k as f64 + 0.5);
        let (top, bottom) = (middle - step * 0.34, middle + step * 0.34);
        let Some(parts) = bar else {
            drawing.text((frame.left + 6.0, middle), "n/a", 12.0, GREY, Align::Start);
            continue;
        };
        let end = stack(drawing, parts.map(|p| p / scale.factor), &x, (top, bottom));
        let total = parts.iter().sum::<f64>();
        drawing.text(
            (end + 5.0, middle),
            &significant(total / scale.factor, 3),
            11.5,
            GREY,
            Align::Start,
        );
    }
    drawing.line(
        vec![(frame.left, frame.top), (frame.left, frame.bottom)],
        LINE,
        1.0,
    );
}

/// Grid, labels and title of the axis of response time.
fn time_axis(drawing: &mut Drawing, frame: &Area, axis: &Axis, x: &impl Fn(f64) -> f64) {
    for (value, label) in &axis.ticks {
        let x = x(*value);
        drawing.line(vec![(x, frame.top), (x, frame.bottom)], GRID, 1.0);
        let below = (x, frame.bottom + 14.0);
        drawing.text(below, label, 12.0, GREY, Align::Middle);
    }
    let middle = ((frame.left + frame.right) / 2.0, frame.bottom + 36.0);
    drawing.text(middle, &axis.title, 13.0, INK, Align::Middle);
}

/// Draws one bar from its parts and returns its right end.
fn stack(
    drawing: &mut Drawing,
    parts: [f64; 7],
    x: &impl Fn(f64) -> f64,
    (top, bottom): (f64, f64),
) -> f64 {
    let mut before = 0.0;
    for (part, color) in parts.into_iter().zip(PARTS) {
        let (left, right) = (x(before), x(before + part));
        drawing.rect((left, top), (right, bottom), color, 1.0);
        if right - left > 3.0 {
            drawing.line(vec![(right, top), (right, bottom)], PAPER, 1.0);
        }
        before += part;
    }
    x(before)
}
