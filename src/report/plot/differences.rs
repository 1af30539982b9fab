//! Paired differences from the baseline, relative, with simultaneous intervals and the margin.

use super::axis::{Axis, nice_step};
use super::deciding::{padded, runs};
use super::drawing::{Drawing, HEIGHT, LINE};
use super::palette::{look, mark};
use super::panel::{Entry, Panel, figure};
use super::rows::{Group, Row, Rows};
use super::sweep::{Sweep, numeric};
use super::{picked_note, strategy_entries};
use crate::experiment::results::ComparisonRow;
use crate::metrics::columns::MetricRef;
use crate::report::format::{Scale, change, plain_percent};
use crate::report::lookup::{Lookup, chosen_points};
use crate::report::verdict_text::word;

/// Changes beyond this, percent, are drawn as arrows at the edge, so that the others stay readable.
const WIDEST: f64 = 150.0;

/// The plot for the deciding metric `metric`; none without a relative difference.
pub fn draw(tables: &Lookup, metric: &MetricRef) -> Option<Drawing> {
    let rows = tables.results.comparisons.iter();
    rows.filter(|row| row.metric == *metric)
        .find_map(|row| row.relative)?;
    match numeric(tables) {
        Some(sweep) if tables.points() > 6 => Some(lines(tables, metric, &sweep)),
        _ => Some(dots(tables, metric)),
    }
}

fn title(tables: &Lookup, metric: &MetricRef) -> String {
    format!(
        "Change of {metric} against {}",
        tables.strategy(tables.baseline())
    )
}

fn subtitle(tables: &Lookup) -> String {
    let meta = tables.meta();
    let (level, margin) = (plain_percent(meta.confidence), plain_percent(meta.margin));
    format!(
        "paired on equal jobs; {level} intervals for all {} comparisons together; shaded: margin ± {margin}",
        meta.family
    )
}

/// Percent axis that holds the changes, 0 and the margin.
fn axis(tables: &Lookup, rows: &[&ComparisonRow]) -> Axis {
    let ends = |row: &&ComparisonRow| [row.relative, row.relative_low, row.relative_high];
    let margin = tables.meta().margin;
    let shown = rows
        .iter()
        .flat_map(ends)
        .flatten()
        .chain([0.0, -1.5 * margin, 1.5 * margin]);
    let percents: Vec<f64> = shown
        .map(|r| (r * 100.0).min(WIDEST))
        .filter(|p| p.is_finite())
        .collect();
    let (low, high) = percents
        .iter()
        .fold((0.0_f64, 0.0_f64), |(l, h), p| (l.min(*p), h.max(*p)));
    let room = 0.04 * (high - low);
    Axis::between(
        "change (%)",
        low - room,
        high + room,
        nice_step((high - low) / 6.0),
    )
}

fn dots(tables: &Lookup, metric: &MetricRef) -> Drawing {
    let points = chosen_points(tables.points());
    let others = || (0..tables.meta().strategies.len()).filter(|s| *s != tables.baseline());
    let cells = points
        .iter()
        .flat_map(|point| others().filter_map(|s| tables.comparison(*point, s, metric)));
    let rows: Vec<&ComparisonRow> = cells.collect();
    let group = |point: &usize| Group {
        title: tables.point_label(*point),
        rows: rows
            .iter()
            .filter(|row| row.point == *point)
            .map(|row| dot(tables, row))
            .collect(),
    };
    let margin = 100.0 * tables.meta().margin;
    Rows {
        title: title(tables, metric),
        subtitle: subtitle(tables),
        groups: points
            .iter()
            .map(group)
            .filter(|g| !g.rows.is_empty())
            .collect(),
        axis: axis(tables, &rows),
        shade: Some((-margin, margin)),
        rule: Some((0.0, "no change".into())),
        notes: picked_note(tables),
    }
    .draw()
}

fn dot(tables: &Lookup, row: &ComparisonRow) -> Row {
    let scale = Scale::choose(&row.metric.metric, row.difference);
    let change = change(row, &scale);
    let text = if change.is_empty() {
        word(row.verdict).into()
    } else {
        format!("{change}  {}", word(row.verdict))
    };
    let interval = row.relative_low.zip(row.relative_high);
    Row {
        strategy: row.strategy,
        name: tables.strategy(row.strategy),
        value: row.relative.map(|r| 100.0 * r),
        interval: interval.map(|(low, high)| (100.0 * low, 100.0 * high)),
        text,
        shade: None,
        at_least: false,
    }
}

fn lines(tables: &Lookup, metric: &MetricRef, sweep: &Sweep) -> Drawing {
    let rows: Vec<_> = tables
        .results
        .comparisons
        .iter()
        .filter(|row| row.metric == *metric)
        .collect();
    let baseline = tables.baseline();
    let mut legend = strategy_entries(tables);
    legend.remove(baseline.min(legend.len() - 1));
    if rows.iter().any(|row| row.relative.is_none()) {
        legend.push(Entry::Note(
            "a gap in a line: not comparable or unstable".into(),
        ));
    }
    let (mut drawing, body) = figure(
        &title(tables, metric),
        &subtitle(tables),
        &legend,
        HEIGHT - 130.0,
    );
    let panel = Panel::draw(
        &mut drawing,
        body,
        "",
        (padded(sweep.axis.clone()), axis(tables, &rows)),
        0.0,
    );
    let margin = 100.0 * tables.meta().margin;
    let (left, right) = (panel.x.low, panel.x.high);
    drawing.rect(panel.at(left, margin), panel.at(right, -margin), LINE, 0.3);
    for strategy in (0..tables.meta().strategies.len()).filter(|s| *s != baseline) {
        line(tables, metric, sweep, (&mut drawing, &panel), strategy);
    }
    drawing
}

fn line(
    tables: &Lookup,
    metric: &MetricRef,
    sweep: &Sweep,
    (drawing, panel): (&mut Drawing, &Panel),
    strategy: usize,
) {
    let value = |(point, x): &(usize, f64)| {
        let row = tables.comparison(*point, strategy, metric)?;
        let relative = row.relative?;
        let (low, high) = row
            .relative_low
            .zip(row.relative_high)
            .unwrap_or((relative, relative));
        Some((*x, 100.0 * relative, 100.0 * low, 100.0 * high))
    };
    let look = look(strategy);
    for run in runs(sweep.places.iter().map(value)) {
        let band: Vec<_> = run
            .iter()
            .map(|(x, _, low, high)| (*x, *low, *high))
            .collect();
        let means: Vec<_> = run.iter().map(|(x, mean, ..)| (*x, *mean)).collect();
        panel.band(drawing, &band, look.color);
        panel.series(drawing, &means, look, 2.0);
        for (x, mean) in means {
            mark(drawing, panel.at(x, mean), look, 3.6);
        }
    }
}
