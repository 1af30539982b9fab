//! What stands behind the answer, in folds: what differs and what is assumed, comparisons, theory, all
//! figures.

use maud::{Markup, html};

use super::{Page, code};
use crate::metrics::columns::{MetricRef, Part};
use crate::report::cells::{change, summary_cell};
use crate::report::lookup::chosen_points;
use crate::report::verdict_text::{reason, word};
use crate::report::words::set;
use crate::results::{ComparisonRow, Status};
use crate::text::{plain_percent, printable};

/// Cells of the folded tables at most, so that a page stays below some megabytes.
const MOST_CELLS: usize = 8_000;
/// Comparisons in the fold at most.
const MOST_COMPARISONS: usize = 400;

/// The section.
pub fn section(page: &Page) -> Markup {
    html! { section #behind {
        h2 #assumed { "What stands behind it" }
        details.op open[page.points() == 1] {
            summary { "What differs, what is the same, what is assumed" }
            (differs(page)) (margins(page))
        }
        (comparisons(page))
        (crate::report::theory_table::section(page.tables))
        (figures(page))
    } }
}

/// The parts in which the strategies differ, with what each has; and what all have in common, which is what the
/// answer takes for granted.
fn differs(page: &Page) -> Markup {
    let meta = page.meta();
    html! {
        p {
            @if !meta.differ_in.is_empty() { "The strategies differ in " b { (printable(&meta.differ_in.join(", "))) } ". " }
            @if !meta.same_for_all.is_empty() { "The same for all, or assumed: " (printable(&meta.same_for_all.join("; "))) "." }
        }
        ul { @for (number, strategy) in meta.strategies.iter().enumerate() { li { (page.name(number)) ": "
            @for (k, (part, value)) in strategy.parts.iter().filter(|(part, _)| meta.differ_in.is_empty() || meta.differ_in.contains(part)).enumerate() {
                @if k > 0 { "; " } code { (printable(part)) " = " (printable(value)) }
            }
        } } }
    }
}

/// How margins, intervals and verdicts are to be read.
fn margins(page: &Page) -> Markup {
    let meta = page.meta();
    let level = set(&plain_percent(meta.confidence));
    html! { p {
        @if let Some(intervals) = page.tables.intervals() {
            "Margin " (set(&plain_percent(meta.margin))) ": differences below it do not matter. Differences: " (set(&intervals)) ", paired on equal jobs; what is said of the best holds at " (level) " for all points and metrics together. "
        }
        "Intervals of single values are 95\u{202f}% over " (meta.replications_text()) ". "
        "Better and worse: the interval of the paired difference excludes 0; equivalent: it lies inside the margin; inconclusive: it holds 0 and reaches beyond; unstable: jobs pile up. "
        "A verdict is about this scenario: not why, and not whether your cluster is like it."
    } }
}

/// All comparisons.
fn comparisons(page: &Page) -> Markup {
    const COLUMNS: [&str; 8] = [
        "metric", "point", "strategy", "value", "baseline", "change", "verdict", "remark",
    ];
    let rows = &page.tables.results.comparisons;
    let shown = rows.len().min(MOST_COMPARISONS);
    html! { @if !rows.is_empty() { details.noprint {
        summary { "All " (rows.len()) " comparisons" }
        div.scroll tabindex="0" role="region" aria-label="All comparisons" { table.all {
            thead { tr { @for name in COLUMNS { th scope="col" { (name) } } } }
            tbody { @for row in &rows[..shown] { (comparison(page, row)) } }
        } }
        @if shown < rows.len() { p.note { (rows.len() - shown) " more are in " code { "comparisons.csv" } "." } }
    } } }
}

/// A row of the table of comparisons, with the remark that the verdict calls for.
fn comparison(page: &Page, row: &ComparisonRow) -> Markup {
    let tables = page.tables;
    let scale = tables.scale(&row.metric, 0..tables.points());
    let value = |mean: Option<f64>| mean.map_or("n/a".into(), |mean| set(&scale.value(mean)));
    html! { tr data-s=(row.strategy) {
        td { code { (printable(&row.metric.to_string())) } }
        td { (tables.point_label(row.point)) }
        th scope="row" { (tables.strategy(row.strategy)) }
        td { (value(row.mean)) }
        td { (value(row.baseline_mean)) }
        td { (set(&change(row, &scale))) }
        td { (word(row.verdict)) }
        td.words { (code(&reason(tables, row))) }
    } }
}

/// All figures that are not 0 for every strategy: a table a point and class.
fn figures(page: &Page) -> Markup {
    let cells = page.tables.results.all_cells();
    let is_small = cells.map(|(_, cell)| cell.figures.len()).sum::<usize>() <= MOST_CELLS;
    let points = match is_small {
        true => (0..page.points()).collect(),
        false => chosen_points(page.points()),
    };
    let mut left = MOST_CELLS;
    html! { details.noprint {
        summary { "All figures" }
        p.note { "± is half of the 95\u{202f}% interval. What is 0 or n/a for every strategy is left out; " code { "summary.csv" } " holds every digit"
            @if !is_small { " and every point" } "." }
        @for point in points {
            @let label = page.tables.point_label(point);
            @for (class, metrics) in classes(page, point, &mut left) { (class_table(page, point, class, &metrics, &label)) }
        }
    } }
}

/// Classes at a point in the tables' order with their metrics, as long as cells are left.
fn classes<'a>(
    page: &Page<'a>,
    point: usize,
    left: &mut usize,
) -> Vec<(&'a Part, Vec<&'a MetricRef>)> {
    let cells = page.tables.results.cells.get(point).into_iter().flatten();
    let said = cells
        .flat_map(|cell| &cell.figures)
        .filter(|f| f.mean.is_some_and(|mean| mean != 0.0) || f.status == Status::Unstable);
    let keys: Vec<&MetricRef> = said.map(|figure| &figure.key).collect();
    *left = left.saturating_sub(keys.len());
    let mut found: Vec<(&Part, Vec<&MetricRef>)> = Vec::new();
    for key in keys.into_iter().filter(|_| *left > 0) {
        match found.iter_mut().find(|(part, _)| **part == key.part) {
            Some((_, metrics)) if metrics.contains(&key) => {}
            Some((_, metrics)) => metrics.push(key),
            None => found.push((&key.part, vec![key])),
        }
    }
    found
}

/// Metrics of a class or group of nodes at a point, a column a strategy, each metric in one unit.
fn class_table(
    page: &Page,
    point: usize,
    part: &Part,
    metrics: &[&MetricRef],
    label: &str,
) -> Markup {
    let comma = if label.is_empty() { "" } else { ", " };
    let title = format!("{}{comma}{label}", printable(&part.to_string()));
    html! { div.scroll tabindex="0" role="region" aria-label={ "Figures of " (title) } { table.all {
        caption { b { (title) } }
        thead { tr { th scope="col" { "metric" } @for s in page.strategies() { th scope="col" data-s=(s) { (page.tables.strategy(s)) } } } }
        tbody { @for metric in metrics {
            @let scale = page.tables.scale(metric, point..point + 1);
            tr {
                th scope="row" { code { (printable(metric.name())) } }
                @for s in page.strategies() { td data-s=(s) { (set(&summary_cell(page.figure(metric, point, s), &scale))) } }
            }
        } }
    } } }
}

/// The foot of the page.
pub fn provenance(page: &Page) -> Markup {
    let meta = page.meta();
    html! { footer { p {
        "equipoise " (printable(&meta.version)) ", seed " (meta.seed) ", engine " (printable(&meta.engine)) ", scenario " code { (printable(&meta.scenario_digest)) } ". "
        "Tables beside this page: " code { "summary.csv" } ", " code { "comparisons.csv" } ", " code { "ccdf.csv" } ", " code { "nodes.csv" } ", " code { "timeline.csv" } "."
    } } }
}
