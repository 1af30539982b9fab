//! What a strategy costs: messages and waste against the response time's tail.
//!
//! A strategy that asks every node is fast and dear. One mark a strategy, lower left is better in
//! both, so that what is worse in both is seen at a glance (it is not on the Pareto front).

use super::axis::Axis;
use super::drawing::Drawing;
use super::palette::{look, mark};
use super::panel::{Area, Panel};
use super::point_figure;
use crate::metrics::registry::Metric;
use crate::report::lookup::Lookup;
use crate::report::scales::scale_of;
use crate::results::Summary;
use crate::text::Scale;

const GAIN: &str = "response_p99";

/// The plot for `point`; none where no strategy has both a cost and a response time.
pub fn draw(tables: &Lookup, point: usize) -> Option<Drawing> {
    let costs = ["messages_per_task", "waste"].into_iter();
    let costs: Vec<&str> = costs.filter(|cost| has_cost(tables, point, cost)).collect();
    if costs.is_empty() {
        return None;
    }
    let subtitle = "each mark is a strategy; lower left is cheap and fast; 95 % intervals";
    let (mut drawing, body) = point_figure(tables, point, ["What it costs", subtitle], 380.0);
    for (cost, area) in costs.iter().zip(body.cells(costs.len(), 1)) {
        panel(tables, point, cost, &mut drawing, area);
    }
    Some(drawing)
}

/// Strategies that have both the cost and the response time.
fn pairs<'a>(
    tables: &'a Lookup,
    point: usize,
    cost: &'a str,
) -> impl Iterator<Item = (usize, &'a Summary, &'a Summary)> {
    tables.strategies().filter_map(move |strategy| {
        let find = |metric| {
            let row = tables.cell(point, strategy).find("all", metric);
            row.filter(|row| row.mean.is_some())
        };
        Some((strategy, find(cost)?, find(GAIN)?))
    })
}

fn has_cost(tables: &Lookup, point: usize, cost: &str) -> bool {
    pairs(tables, point, cost).any(|(_, row, _)| row.mean.is_some_and(|mean| mean > 0.0))
}

fn ends(row: &Summary) -> impl Iterator<Item = f64> {
    [row.mean, row.ci_low, row.ci_high].into_iter().flatten()
}

/// One cost against p99; both axes from 0 unless they are logarithmic.
fn panel(tables: &Lookup, point: usize, cost: &str, drawing: &mut Drawing, area: Area) {
    let across = scale_of(cost, []);
    let title = Metric::find(cost).map_or(String::new(), |metric| metric.title());
    let up = Scale::time(pairs(tables, point, cost).flat_map(|(.., gain)| gain.mean));
    let costs = pairs(tables, point, cost).flat_map(|(_, row, _)| row.mean);
    let gains = pairs(tables, point, cost).flat_map(|(.., gain)| ends(gain));
    let xs: Vec<f64> = costs.map(|v| v / across.factor).collect();
    let ys: Vec<f64> = gains.map(|v| v / up.factor).collect();
    let axes = (
        Axis::fitting(&across.axis_title(&title), &xs, true),
        Axis::fitting(&up.axis_title("response time, p99"), &ys, true),
    );
    let axes = (axes.0.padded(), axes.1);
    let panel = Panel::draw(drawing, area, "", axes, 12.0);
    for (strategy, row, gain) in pairs(tables, point, cost) {
        let (Some(x), Some(y)) = (row.mean, gain.mean) else {
            continue;
        };
        let (x, y) = (x / across.factor, y / up.factor);
        if let Some((low, high)) = gain.interval() {
            let ends = (low / up.factor, high / up.factor);
            panel.interval(drawing, x, ends, look(strategy).color);
        }
        mark(drawing, panel.at(x, y), look(strategy), 5.0);
    }
}
