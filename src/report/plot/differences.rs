//! Paired differences from the baseline, relative, with simultaneous intervals and the margin.
//!
//! The plot from which verdicts are read: the interval excludes 0 (better or worse), lies in the
//! shaded margin (equivalent), or does neither. It shows differences of pairs and not two intervals
//! side by side, because on equal jobs the luck of the draw cancels: two bands that overlap can
//! well differ.

use super::axis::Axis;
use super::deciding::{runs, up_arrow};
use super::dot_rows::{GOES_ON, Group, Row, Rows};
use super::drawing::{Drawing, LINE, Point};
use super::palette::{Look, look, mark};
use super::panel::{Entry, Panel, SHADED};
use super::sweep::{Sweep, sweep};
use super::{picked_note, shown_points, strategy_entries};
use crate::metrics::columns::MetricRef;
use crate::report::cells::change;
use crate::report::lookup::Lookup;
use crate::report::scales::scale;
use crate::report::verdict_text::word;
use crate::report::words::words;
use crate::results::ComparisonRow;
use crate::text::plain_percent;

/// Larger changes are drawn as arrows at the edge, so that the others stay readable.
pub const WIDEST: f64 = 1.5;

/// The plot for the deciding metric `metric`; none without a relative difference.
pub fn draw(tables: &Lookup, metric: &MetricRef) -> Option<Drawing> {
    let mut rows = tables.results.comparisons_on(metric);
    rows.find_map(|row| row.relative)?;
    match sweep(tables) {
        Some(sweep) if sweep.axis.is_words || tables.points() > 6 || sweep.panels.len() > 1 => {
            Some(lines(tables, metric, &sweep))
        }
        _ => Some(dots(tables, metric)),
    }
}

fn title(tables: &Lookup, metric: &MetricRef) -> String {
    let baseline = tables.strategy(tables.baseline());
    format!("Change of the {} against {baseline}", words(metric))
}

fn subtitle(tables: &Lookup) -> String {
    let intervals = tables.intervals().unwrap_or_default();
    format!("paired on equal jobs; {intervals}")
}

/// What is shaded.
fn shaded(tables: &Lookup) -> String {
    let margin = plain_percent(tables.meta().margin);
    format!("margin: within ± {margin}, too small to matter")
}

/// Percent axis that holds the changes, 0 and the margin.
fn axis(tables: &Lookup, metric: &MetricRef, rows: &[&ComparisonRow]) -> Axis {
    let ends = |row: &&ComparisonRow| [row.relative, row.relative_low, row.relative_high];
    let changes = rows.iter().flat_map(ends).flatten();
    let room = 1.5 * tables.meta().margin;
    let changes = changes.chain([-room, room]);
    let axis = Axis::changes(changes.map(|change| change.min(WIDEST)));
    Axis {
        title: format!("change of the {} (%)", words(metric)),
        ..axis
    }
}

/// Dots with intervals, a group a point; changes beyond what is shown are arrows.
fn dots(tables: &Lookup, metric: &MetricRef) -> Drawing {
    let points = shown_points(tables);
    let others = || tables.strategies().filter(|s| *s != tables.baseline());
    let at = |point| others().filter_map(move |s| tables.comparison(point, s, metric));
    let rows: Vec<&ComparisonRow> = points.iter().flat_map(|point| at(*point)).collect();
    let group = |point: &usize| Group {
        title: tables.point_label(*point),
        rows: at(*point).map(|row| dot(tables, row)).collect(),
    };
    let groups = points.iter().map(group);
    let groups = groups.filter(|group| !group.rows.is_empty());
    let margin = 100.0 * tables.meta().margin;
    Rows {
        style: tables.style,
        title: title(tables, metric),
        subtitle: subtitle(tables),
        groups: groups.collect(),
        axis: axis(tables, metric, &rows),
        shade: Some((-margin, margin)),
        shaded: Some(shaded(tables)),
        rule: Some((0.0, "no change".into())),
        notes: picked_note(tables),
    }
    .draw()
}

/// A comparison as a row, with its change and verdict in words.
fn dot(tables: &Lookup, row: &ComparisonRow) -> Row {
    let scale = scale(&row.metric.metric, row.difference);
    let change = change(row, &scale);
    let text = format!("{change}  {}", word(row.verdict));
    let interval = row.relative_interval();
    Row {
        look: look(tables.number(row.strategy)),
        name: tables.strategy(row.strategy),
        value: row.relative.map(|r| 100.0 * r),
        interval: interval.map(|(low, high)| (100.0 * low, 100.0 * high)),
        text: text.trim_start().to_owned(),
        shade: None,
        at_least: false,
    }
}

/// Curves over a long numeric sweep, with the margin as a band about 0.
fn lines(tables: &Lookup, metric: &MetricRef, sweep: &Sweep) -> Drawing {
    let rows: Vec<_> = tables.results.comparisons_on(metric).collect();
    let baseline = tables.baseline();
    let mut legend = strategy_entries(tables);
    legend.remove(baseline.min(legend.len() - 1));
    legend.push(Entry::Shade(shaded(tables)));
    if rows.iter().any(|row| row.relative.is_none()) {
        let gap = "a gap in a line: not comparable or unstable";
        legend.push(Entry::Note(gap.into()));
    }
    let up = axis(tables, metric, &rows);
    if rows.iter().any(|row| 100.0 * highest(row) > up.high) {
        legend.push(Entry::Note(GOES_ON.into()));
    }
    let (title, subtitle) = (title(tables, metric), subtitle(tables));
    let texts = [title.as_str(), subtitle.as_str()];
    let margin = 100.0 * tables.meta().margin;
    sweep.figure(
        (tables.style, texts, legend),
        (up, 0.0),
        |drawing, panel, values| {
            let [left, right] = [(panel.x.low, margin), (panel.x.high, -margin)];
            let [left, right] = [left, right].map(|(x, y)| panel.at(x, y));
            drawing.rect(left, right, LINE, SHADED);
            for strategy in tables.strategies().filter(|s| *s != baseline) {
                let which = (strategy, tables.strategies().len());
                let value = |(point, x): &(usize, f64)| {
                    let row = tables.comparison(*point, strategy, metric)?;
                    let (x, mean) = (sweep.x(*x, which), row.relative?);
                    let (low, high) = row.relative_interval().unwrap_or((mean, mean));
                    Some(((x, 100.0 * mean), (x, 100.0 * low, 100.0 * high)))
                };
                for run in runs(values.iter().map(value)) {
                    curve(drawing, &panel, run, which, look(tables.number(strategy)));
                }
            }
        },
    )
}

/// The end of its interval, else its value; 0 without.
fn highest(row: &ComparisonRow) -> f64 {
    let interval = row.relative_interval().map(|(_, high)| high);
    let ends = [row.relative, interval].into_iter().flatten();
    ends.fold(0.0, f64::max)
}

/// The curve of one of so many strategies with its band; an arrow at the edge where that goes on.
fn curve(
    drawing: &mut Drawing,
    panel: &Panel,
    run: Vec<(Point, (f64, f64, f64))>,
    which: (usize, usize),
    look: Look,
) {
    let (means, band): (Vec<_>, Vec<_>) = run.into_iter().unzip();
    panel.intervals(drawing, &band, look.color);
    panel.series(drawing, &means, look, 2.0);
    for (x, mean) in means.iter().filter(|at| at.1 <= panel.y.high) {
        mark(drawing, panel.at(*x, *mean), look, 3.6);
    }
    for (x, ..) in band.iter().filter(|at| at.2 > panel.y.high) {
        up_arrow(drawing, panel.at_the_edge(*x, which), look.color);
    }
}
