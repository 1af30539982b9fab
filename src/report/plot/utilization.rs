//! How evenly nodes are used: sorted node utilization, and utilization by node group.
//!
//! Nodes sorted by falling utilization make unevenness a slope, whatever the number of nodes;
//! single nodes have no meaning of their own in a run with random placement. Groups are shown apart
//! because unlike machines *should* be used unlike.

use indexmap::IndexSet;

use super::axis::{Axis, nice_step, range};
use super::drawing::{Align, Drawing, GREY, Point, fit_apart};
use super::palette::{Look, look, mark};
use super::panel::{Area, Panel};
use super::point_figure;
use crate::metrics::columns::Part;
use crate::report::lookup::Lookup;
use crate::results::{NodeRow, Summary};

/// The plot for `point`; none without nodes.
pub fn draw(tables: &Lookup, point: usize) -> Option<Drawing> {
    let groups = groups(tables, point);
    let mut strategies = tables.strategies();
    let nodes = strategies.any(|s| !tables.cell(point, s).nodes.is_empty());
    if !nodes && groups.is_empty() {
        return None;
    }
    let subtitle = "busiest dimension of each node over the window, replication 1; groups: mean of all replications";
    let texts = ["Utilization of nodes", subtitle];
    let (mut drawing, body) = point_figure(tables, point, texts, 400.0);
    let split = body.left + (body.right - body.left) * if groups.len() > 1 { 0.6 } else { 1.0 };
    if nodes {
        let right = split;
        ranks(tables, point, &mut drawing, Area { right, ..body });
    }
    if groups.len() > 1 {
        let left = split + 8.0;
        by_group(tables, point, &groups, &mut drawing, Area { left, ..body });
    }
    Some(drawing)
}

/// Groups of nodes whose utilization is among the figures, in their order.
fn groups(tables: &Lookup, point: usize) -> Vec<String> {
    let cells = tables.results.cells.get(point).into_iter().flatten();
    let figures = cells.flat_map(|cell| &cell.figures);
    let group = |figure: &Summary| match &figure.key.part {
        Part::Group(group) if figure.key.name() == "utilization" => Some(group.clone()),
        _ => None,
    };
    let groups: IndexSet<String> = figures.filter_map(group).collect();
    groups.into_iter().collect()
}

/// Percent, a range of at least 20 points around the values, never below 0.
fn percent_axis(title: &str, percents: impl Iterator<Item = f64>) -> Axis {
    let (low, high) = range(percents).unwrap_or((0.0, 0.0));
    let low = (((low - 10.0) / 10.0).floor() * 10.0).max(0.0);
    let high = match high > 90.0 {
        true => high.max(100.0),
        false => ((high + 5.0) / 10.0).ceil() * 10.0,
    };
    Axis::between(title, low, high, nice_step((high - low) / 6.0))
}

/// Utilization of single nodes, sorted: unevenness is a slope.
fn ranks(tables: &Lookup, point: usize, drawing: &mut Drawing, area: Area) {
    let place = |node: &NodeRow| (f64::from(node.rank), 100.0 * node.utilization);
    let curve = |s| tables.cell(point, s).nodes.iter().map(place).collect();
    let curves: Vec<Vec<Point>> = tables.strategies().map(curve).collect();
    let all = || curves.iter().flatten();
    let last = all().map(|at| at.0).fold(1.0, f64::max);
    let step = nice_step(last / 5.0).max(1.0);
    let x = Axis::between("node, by falling utilization", 1.0, last.max(2.0), step);
    let y = percent_axis("utilization (%)", all().map(|at| at.1));
    let panel = Panel::draw(drawing, area, "nodes, sorted", (x, y), 12.0);
    panel.curves(drawing, tables, &curves);
}

/// Mean utilization of each group of nodes with its interval, strategies side by side.
fn by_group(tables: &Lookup, point: usize, groups: &[String], drawing: &mut Drawing, area: Area) {
    let strategies = tables.meta().strategies.len();
    let row = |group: &str, s| {
        let part = format!("nodes.{group}");
        Some((s, tables.cell(point, s).find(&part, "utilization")?))
    };
    let rows = |group| (0..strategies).filter_map(move |s| row(group, s));
    let cells = groups.iter().flat_map(|group| rows(group));
    let ends = cells.flat_map(|(_, row)| [row.mean, row.ci_low, row.ci_high]);
    let y = percent_axis("", ends.flatten().map(|end| 100.0 * end));
    let x = Axis::between("node group", -0.5, groups.len() as f64 - 0.5, 1.0);
    let x = x.with_ticks(Vec::new());
    let panel = Panel::draw(drawing, area, "groups", (x, y), 12.0);
    let slot = (panel.frame.right - panel.frame.left) / groups.len() as f64;
    let names = fit_apart(groups, 12.0, slot - 4.0);
    for (k, group) in groups.iter().enumerate() {
        let (x, bottom) = panel.at(k as f64, panel.y.low);
        drawing.text((x, bottom + 14.0), &names[k], 12.0, GREY, Align::Middle);
        for (strategy, row) in rows(group) {
            let aside = ((strategy as f64 + 0.5) / strategies as f64 - 0.5) * 0.8;
            let look = look(tables.number(strategy));
            dot(drawing, &panel, k as f64 + aside, (look, row));
        }
    }
}

fn dot(drawing: &mut Drawing, panel: &Panel, x: f64, (look, row): (Look, &Summary)) {
    if let Some((low, high)) = row.interval() {
        panel.interval(drawing, x, (100.0 * low, 100.0 * high), look.color);
    }
    if let Some(mean) = row.mean {
        mark(drawing, panel.at(x, 100.0 * mean), look, 4.0);
    }
}
