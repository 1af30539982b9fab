//! How many jobs take longer than a time: the response time's CCDF, log-log, one panel a class.

use super::axis::Axis;
use super::drawing::Drawing;
use super::palette::{look, mark};
use super::panel::{Area, Panel, figure};
use super::{point_title, strategy_entries};
use crate::report::format::{Scale, significant};
use crate::report::lookup::Lookup;

/// Classes drawn at most, the whole included; the table holds all.
const MOST: usize = 9;

/// The plot for `point`; none without a CCDF.
pub fn draw(tables: &Lookup, point: usize) -> Option<Drawing> {
    let classes = classes(tables, point);
    if classes.is_empty() {
        return None;
    }
    let columns = match classes.len() {
        1 => 1,
        2 | 4 => 2,
        _ => 3,
    };
    let rows = classes.len().div_ceil(columns);
    let height = if rows == 1 {
        400.0
    } else {
        300.0 * rows as f64
    };
    let subtitle =
        "share of measured jobs that take longer than the time, all replications together";
    let title = point_title(tables, "Response times", point);
    let (mut drawing, body) = figure(&title, subtitle, &strategy_entries(tables), height);
    for (class, area) in classes.iter().zip(body.cells(columns, rows)) {
        panel(
            tables,
            point,
            class,
            (&mut drawing, area),
            classes.len() > 1,
        );
    }
    Some(drawing)
}

/// `all` (or the only class) and then the classes, those with a curve.
fn classes(tables: &Lookup, point: usize) -> Vec<String> {
    let strategies = tables.meta().strategies.len();
    let drawn = |class: &String| (0..strategies).any(|s| !tables.ccdf(point, class, s).is_empty());
    let named: Vec<String> = tables
        .meta()
        .classes
        .iter()
        .map(|c| c.name.clone())
        .filter(drawn)
        .collect();
    let all = Some("all".to_string()).filter(drawn);
    match (all, named.len()) {
        (Some(all), 0 | 1) => vec![all],
        (all, _) => all.into_iter().chain(named).take(MOST).collect(),
    }
}

fn panel(
    tables: &Lookup,
    point: usize,
    class: &str,
    (drawing, area): (&mut Drawing, Area),
    several: bool,
) {
    let curves: Vec<_> = (0..tables.meta().strategies.len())
        .map(|s| tables.ccdf(point, class, s))
        .collect();
    let rows = || {
        curves
            .iter()
            .flat_map(|curve| curve.iter())
            .filter(|r| r.response > 0.0 && r.share_above > 0.0)
    };
    let slo = tables.class_slo(class);
    let high = rows().map(|r| r.response).fold(0.0, f64::max);
    let low = rows().map(|r| r.response).fold(high, f64::min);
    let slo = slo.filter(|slo| (low / 2.0..=high * 3.0).contains(slo));
    // The curve's start, below a hundredth of the middle, would squeeze its end.
    let middle = (low * high).sqrt();
    let times = rows()
        .map(|r| r.response)
        .chain(slo)
        .filter(|t| *t > middle / 300.0);
    let scale = Scale::time([middle]);
    let x = Axis::log(
        &scale.axis_title("response time"),
        times.map(|t| t / scale.factor),
    );
    let y = Axis::log(
        "jobs that take longer (%)",
        rows().map(|r| 100.0 * r.share_above).chain([95.0]),
    );
    let title = if several { class } else { "" };
    let y = Axis {
        ticks: y
            .ticks
            .iter()
            .map(|(v, label)| (*v, percent_label(*v, label)))
            .collect(),
        ..y
    };
    let panel = Panel::draw(drawing, area, title, (x, y), 14.0);
    if let Some(slo) = slo {
        panel.vertical_rule(
            drawing,
            slo / scale.factor,
            &format!("slo {}", scale.value(slo)),
        );
    }
    for (strategy, curve) in curves.iter().enumerate() {
        let inside = curve
            .iter()
            .map(|r| (r.response / scale.factor, 100.0 * r.share_above));
        let points: Vec<_> = inside
            .filter(|p| panel.x.holds(p.0) && panel.y.holds(p.1))
            .collect();
        panel.series(drawing, &points, look(strategy), 2.0);
    }
    for (strategy, curve) in curves.iter().enumerate() {
        let inside = curve
            .iter()
            .map(|r| (r.response / scale.factor, 100.0 * r.share_above));
        let points: Vec<_> = inside
            .filter(|p| panel.x.holds(p.0) && panel.y.holds(p.1))
            .collect();
        for point in some_of(&points, strategy) {
            mark(drawing, panel.at(point.0, point.1), look(strategy), 3.6);
        }
    }
}

fn percent_label(value: f64, label: &str) -> String {
    if label.is_empty() {
        String::new()
    } else {
        significant(value, 1)
    }
}

/// Four points along a curve for markers, shifted by strategy so that they do not hide one another.
fn some_of(points: &[(f64, f64)], strategy: usize) -> Vec<(f64, f64)> {
    const MARKS: usize = 4;
    let step = (points.len() / MARKS).max(1);
    points
        .iter()
        .skip((strategy * 5 + 2) % step)
        .step_by(step)
        .copied()
        .collect()
}
