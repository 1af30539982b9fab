//! Imbalance of node loads over time, and the jobs in the system beside it.
//!
//! Two curves that answer "was this run steady": if jobs pile up, a mean over the window says
//! nothing, and if the imbalance swings, a mean hides it. One replication, since averaging several
//! would smooth the very swings that are looked for.

use super::axis::Axis;
use super::drawing::Drawing;
use super::palette::look;
use super::panel::{Area, Panel};
use super::point_figure;
use crate::report::lookup::Lookup;
use crate::results::TimelineRow;
use crate::text::Scale;

/// The plot for `point`; none without a timeline.
pub fn draw(tables: &Lookup, point: usize) -> Option<Drawing> {
    let has_rows = |s: &usize| !tables.cell(point, *s).timeline.is_empty();
    tables.strategies().find(has_rows)?;
    let texts = ["Imbalance over time", "means of time bins, replication 1"];
    let (mut drawing, body) = point_figure(tables, point, texts, 480.0);
    let split = body.top + 270.0;
    let bottom = split;
    let (upper, lower) = (Area { bottom, ..body }, Area { top: split, ..body });
    let mut panel = |area, title, value| panel(tables, point, (&mut drawing, area), title, value);
    panel(upper, "coefficient of variation", |row| row.imbalance_cov);
    panel(lower, "jobs in system", |row| row.jobs_in_system);
    Some(drawing)
}

/// One quantity over time, a curve a strategy.
fn panel(
    tables: &Lookup,
    point: usize,
    (drawing, area): (&mut Drawing, Area),
    title: &str,
    value: fn(&TimelineRow) -> f64,
) {
    let strategies = tables.strategies();
    let rows = strategies.flat_map(|s| &tables.cell(point, s).timeline);
    let rows: Vec<_> = rows.collect();
    let scale = Scale::time([rows.iter().map(|r| r.time).fold(0.0, f64::max) / 5.0]);
    let times = rows.iter().map(|r| r.time / scale.factor);
    let x = Axis::linear(&scale.axis_title("time"), times, true);
    let values: Vec<f64> = rows.iter().map(|r| value(r)).collect();
    let y = Axis::fitting(title, &values, true);
    let panel = Panel::draw(drawing, area, "", (x, y), 12.0);
    for strategy in tables.strategies() {
        let bins = tables.cell(point, strategy).timeline.iter();
        let points: Vec<_> = bins.map(|r| (r.time / scale.factor, value(r))).collect();
        panel.series(drawing, &points, look(tables.number(strategy)), 1.3);
    }
}
