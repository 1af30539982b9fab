//! Every strategy at every point: value and change in each cell.
//!
//! With one point it is a table with pictures in its rows, the value at the left and the paired change
//! at the right. A sweep has a cell a point; tint repeats what a word says, and only for better and
//! worse.
//!
//! A cell has the absolute value *and* the change: the change alone hides that 60 % of nothing is nothing, the
//! value alone hides how sure the difference is. The baseline has a row like the others. What is bold is what
//! may be the best by Hsu's intervals, so that two bold cells of a column are not told apart by this run,
//! whatever their digits say.

use maud::{Markup, html};

use super::figure::{across, change_axis, head, head_with, line, picture, text, upright};
use super::objective::{Keeps, keeps};
use super::{Page, sign};
use crate::metrics::columns::MetricRef;
use crate::report::cells::{change, change_with};
use crate::report::plot::axis::Axis;
use crate::report::verdict_text::word;
use crate::report::words::{heading, set};
use crate::results::{ComparisonRow, Status, Verdict};
use crate::text::{Scale, plain_percent, short_percent, signed_percent};

/// With more columns than this, points are rows.
const WIDE: usize = 8;
/// Pixels of a row with a picture.
const ROW: f64 = 30.0;
/// What is sorted as if it were endless: last in either direction.
const LAST: &str = "1e12";

/// The section.
pub fn section(page: &Page) -> Markup {
    let metrics = &page.meta().decide_on;
    let is_sweep = page.points() > 1;
    let title = if is_sweep {
        "Every strategy at every point"
    } else {
        "Every strategy, and how sure the difference is"
    };
    html! { @if !metrics.is_empty() { section #all {
        h2 { (title) }
        @for (number, metric) in metrics.iter().enumerate() {
            section.metric data-name=(heading(metric)) {
                h3 { (heading(metric)) }
                @if is_sweep { (matrix(page, metric, number)) (super::moving::charts(page, metric)) }
                @else { (dots(page, metric, number)) }
            }
        }
    } } }
}

/// How the intervals of changes are to be read: together, for the whole family that the file fixes.
fn intervals(page: &Page) -> String {
    let Some(intervals) = page.tables.intervals() else {
        return String::new();
    };
    let baseline = page.tables.strategy(page.baseline());
    set(&format!(
        "Change: paired on equal jobs, against {baseline}, {intervals}."
    ))
}

// One point.

/// The table of one point: pictures of value and change on axes that all rows share.
fn dots(page: &Page, metric: &MetricRef, number: usize) -> Markup {
    let scale = page.tables.scale(metric, 0..page.points());
    let table = Dots {
        page,
        metric,
        values: values_axis(page, metric, &scale),
        changes: changes_axis(page, metric),
        scale,
    };
    let meta = page.meta();
    let others = meta.strategies.len() > 1;
    let margin = set(&plain_percent(meta.margin));
    html! { table.st.dots role="table" {
        caption { @if number == 0 {
            "Figure of " (meta.replications_text()) @if meta.replications > 1 { " with its 95\u{202f}% interval" } "; axis from 0"
            @if page.tables.slo(metric).is_some() { ", the dashed line is the SLO" } ". "
            @if others { (intervals(page)) " Shaded: ±" (margin) ", too small to matter. " }
            "Bold: the best and what cannot be told from it."
        } @else { "As above." } }
        thead role="rowgroup" { tr role="row" {
            (column("strategy", "n")) th.p role="columnheader" scope="col" { span.vh { "picture of the value" } (table.values_head()) } (column("value", "v"))
            @if others { th.p role="columnheader" scope="col" { span.vh { "picture of the change" } (head(&table.changes, "%")) } (column("change", "r")) }
        } }
        tbody role="rowgroup" { @for strategy in page.ranked(metric) { (table.row(strategy, others)) } }
    } }
}

/// The head of a column that can be sorted.
fn column(name: &str, kind: &str) -> Markup {
    html! { th class=(kind) role="columnheader" scope="col" data-sort=(kind) { (name) } }
}

struct Dots<'a> {
    page: &'a Page<'a>,
    metric: &'a MetricRef,
    scale: Scale,
    values: Axis,
    changes: Axis,
}

fn values_axis(page: &Page, metric: &MetricRef, scale: &Scale) -> Axis {
    let figures = page.strategies().filter_map(|s| page.figure(metric, 0, s));
    let ends = figures.flat_map(|f| [f.mean, f.ci_low, f.ci_high]);
    let ends = ends.flatten().chain(page.tables.slo(metric));
    Axis::linear("", ends.map(|v| v / scale.factor), true)
}

/// A change beyond this is not drawn to scale: its interval ends in an arrow.
const FURTHEST: f64 = 3.0;

fn changes_axis(page: &Page, metric: &MetricRef) -> Axis {
    let rows = page.tables.results.comparisons_on(metric);
    let ends = rows.flat_map(|row| [row.relative, row.relative_low, row.relative_high]);
    let shown = ends.flatten().map(|end| end.clamp(-1.0, FURTHEST));
    let margin = page.meta().margin;
    change_axis(shown.chain([-margin, margin]))
}

impl Dots<'_> {
    /// The axis, with the objective in place of a tick that it would touch.
    fn values_head(&self) -> Markup {
        let Some(slo) = self.page.tables.slo(self.metric) else {
            return head(&self.values, &self.scale.unit);
        };
        let x = self.values.share(slo / self.scale.factor);
        let is_clear = |tick: f64| tick < x - 0.4 || tick > x + 0.3;
        let mut axis = self.values.clone();
        let shown = |value: f64| is_clear(self.values.share(value));
        axis.ticks.retain(|(value, _)| shown(*value));
        let anchor = if x > 0.75 { "end" } else { "middle" };
        let said = format!("SLO {}", self.scale.value(slo));
        head_with(&axis, "", &text("slo", (x, 14.0), anchor, &said))
    }

    /// A strategy's row: value and change, each as a picture and in figures.
    fn row(&self, strategy: usize, others: bool) -> Markup {
        let page = self.page;
        let figure = page.figure(self.metric, 0, strategy);
        let is_top = page.is_top(self.metric, 0, strategy);
        let row = page.tables.comparison(0, strategy, self.metric);
        let sorted = sorted(figure.and_then(|f| f.mean));
        let changed_by = row.and_then(|r| r.relative).unwrap_or(0.0);
        html! { tr.best[is_top] role="row" data-s=(strategy) {
            th role="rowheader" scope="row" { (page.name(strategy)) @if others { (page.if_baseline(strategy)) } }
            td.p role="cell" { (self.value_picture(strategy)) }
            td.v role="cell" data-v=(sorted) { (page.cell_value(self.metric, 0, strategy, &self.scale)) }
            @if others {
                td.p role="cell" { (self.change_picture(strategy, row)) }
                td.r role="cell" data-v=(changed_by) { (changed(row, &self.scale)) }
            }
        } }
    }

    /// Value and interval on the common axis, with the line of the objective through all rows; hatched where
    /// there is no value.
    fn value_picture(&self, strategy: usize) -> Markup {
        let figure = self.page.figure(self.metric, 0, strategy);
        let name = self.page.tables.strategy(strategy);
        let said = format!("{name}: {}", self.page.said(figure, &self.scale));
        let x = |value: f64| self.values.share(value / self.scale.factor);
        let mean = figure.and_then(|f| f.mean).map(x);
        let ends = figure.and_then(|f| f.interval());
        let ends = ends.map(|(low, high)| (x(low), x(high)));
        let slo = self.page.tables.slo(self.metric).map(x);
        let body = html! {
            (upright(&self.values, ROW))
            @if let Some(slo) = slo { (line("sl", (slo, 0.0), (slo, ROW))) }
            @match mean {
                Some(mean) => (self.dot(strategy, mean, ends, &said)),
                None => rect.ha x="0" y="6" width="100%" height="18" {},
            }
        };
        picture(ROW, &said, &body)
    }

    fn dot(&self, strategy: usize, at: f64, ends: Option<(f64, f64)>, said: &str) -> Markup {
        let middle = ROW / 2.0;
        html! {
            @if let Some((low, high)) = ends { g class=(self.page.class(strategy)) { (line("w", (low, middle), (high, middle))) } }
            (self.page.mark(strategy, (at, middle), said))
        }
    }

    /// The paired change with its interval over the margin, which is shaded; beyond the axis an arrow.
    fn change_picture(&self, strategy: usize, row: Option<&ComparisonRow>) -> Markup {
        let x = |share: f64| self.changes.share(100.0 * share);
        let margin = self.page.meta().margin;
        let tables = self.page.tables;
        let [name, baseline] = [strategy, tables.baseline()].map(|s| tables.strategy(s));
        let told = row.and_then(|row| Some((row, row.relative?)));
        let said = match told {
            Some((row, _)) => {
                let change = set(&change(row, &self.scale));
                format!("{name} against {baseline}: {change}")
            }
            None => format!("{name}: no change to show"),
        };
        let ends = row.and_then(|r| r.relative_interval());
        let is_beyond = ends.is_some_and(|(_, high)| high > FURTHEST);
        let ends = ends.map(|(low, high)| (x(low), x(high)));
        let body = html! {
            (upright(&self.changes, ROW))
            rect.mg x=(across(x(-margin))) width=(across(x(margin) - x(-margin))) y="0" height=(ROW) {}
            (line("ax", (x(0.0), 0.0), (x(0.0), ROW)))
            @if let Some((_, relative)) = told { (self.dot(strategy, x(relative), ends, &said)) }
            @if is_beyond { text.ink x="100%" y="19" text-anchor="end" { "▸" } }
        };
        picture(ROW, &said, &body)
    }
}

/// What a cell is sorted by.
fn sorted(value: Option<f64>) -> String {
    value.map_or(LAST.to_owned(), |value| value.to_string())
}

/// Verdict, change and interval.
fn changed(row: Option<&ComparisonRow>, scale: &Scale) -> Markup {
    let Some(row) = row else {
        return html! { span.soft { "–" } };
    };
    html! { span class={ "ver " (class(row.verdict)) } { (word(row.verdict)) } " " span.nw { (set(&change_with(row, scale, ", "))) } }
}

/// The tint of a verdict: only better and worse have one.
pub fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better | Verdict::Stable => "better",
        Verdict::Worse => "worse",
        _ => "open",
    }
}

// A sweep.

/// A column or a row of the matrix: what it is called, and the place of its cells.
struct Head {
    label: String,
    point: usize,
}

/// The cells of a sweep: groups side by side as long as that is narrow, else a table a group.
fn matrix(page: &Page, metric: &MetricRef, number: usize) -> Markup {
    let lengths = || page.grid.groups.iter().map(|group| group.points.len());
    let is_long = lengths().any(|points| points > WIDE);
    let scale = page.tables.scale(metric, 0..page.points());
    let groups: Vec<usize> = (0..page.grid.groups.len()).collect();
    let is_short = lengths().sum::<usize>() <= WIDE;
    let together = if is_short { groups.len() } else { 1 };
    html! { figure {
        figcaption { (caption(page, metric, number)) }
        @for groups in groups.chunks(together) { @if is_long { (long(page, metric, &scale, groups[0])) } @else { (wide(page, metric, &scale, groups)) } }
    } }
}

/// What the signs mean; said once, at the first metric.
fn caption(page: &Page, metric: &MetricRef, number: usize) -> Markup {
    let baseline = page.tables.strategy(page.baseline());
    if number > 0 {
        return html! { "Signs as above." };
    }
    html! {
        "Value ± half of its 95\u{202f}% interval, and the change against " (baseline) ". " (intervals(page))
        " " b { "Bold" } ": the best of its column (bar at its left) and what cannot be told from it."
        @if let Some(slo) = page.tables.slo(metric) { " " span.over { "✕ over the SLO of " (Scale::time([slo]).value(slo)) ", ? not told: its interval holds it, or there is none." } }
        (marks_used(page)) " –: nothing to compare with. Sorted by steady points, then by distance to the best."
    }
}

/// The signs of marks that some deciding figure has, with their words.
fn marks_used(page: &Page) -> Markup {
    const MARKS: [Status; 4] = [
        Status::Thin,
        Status::Growing,
        Status::Heavy,
        Status::Censored,
    ];
    let is_used = |status: &Status| page.deciding().any(|f| f.status == *status);
    let signs = MARKS.into_iter().filter(is_used).filter_map(sign);
    let signs: Vec<String> = signs.map(|(sign, word)| format!("{sign} {word}")).collect();
    html! { @if !signs.is_empty() { " " span.mk { (signs.join(", ")) } ": see the notes." } }
}

/// The points of a group, named by what lies across alone; the group's label has the others.
fn heads(page: &Page, group: usize) -> Vec<Head> {
    let is_told = |key| page.grid.across.contains(&key);
    let head = |(point, _): &(usize, usize)| Head {
        label: page.tables.label_of(*point, is_told),
        point: *point,
    };
    page.grid.groups[group].points.iter().map(head).collect()
}

/// A row a strategy, a column a point.
fn wide(page: &Page, metric: &MetricRef, scale: &Scale, groups: &[usize]) -> Markup {
    let columns: Vec<Vec<Head>> = groups.iter().map(|group| heads(page, *group)).collect();
    let has_name = |group: &usize| !page.grid.groups[*group].label.is_empty();
    let is_named = groups.iter().any(has_name);
    html! { table.st.mx role="table" {
        thead role="rowgroup" {
            @if is_named { tr role="row" { td role="cell" {} @for (group, heads) in groups.iter().zip(&columns) {
                th.g role="columnheader" scope="colgroup" colspan=(heads.len()) { code { (page.grid.groups[*group].label) } }
            } } }
            tr role="row" { (column("strategy", "n")) @for head in columns.iter().flatten() { (column(&head.label, "v")) } }
        }
        tbody role="rowgroup" { @for strategy in page.ranked(metric) {
            tr.un[is_never_steady(page, metric, strategy)] role="row" data-s=(strategy) {
                th role="rowheader" scope="row" { (page.name(strategy)) (page.if_baseline(strategy)) }
                @for heads in &columns { @for head in heads {
                    @let key = page.tables.point_label(head.point).replace(", ", "\n");
                    (cell(page, metric, scale, (head.point, strategy), &key))
                } }
            }
        } }
    } }
}

/// A row a point, a column a strategy: for long sweeps.
fn long(page: &Page, metric: &MetricRef, scale: &Scale, group: usize) -> Markup {
    let order = page.ranked(metric);
    let label = &page.grid.groups[group].label;
    html! { div.scroll tabindex="0" role="region" aria-label={ "All points, " (heading(metric)) } { table.st.mx.long role="table" {
        @if !label.is_empty() { caption { code { (label) } } }
        thead role="rowgroup" { tr role="row" { (column("point", "n")) @for s in &order {
            th.v role="columnheader" scope="col" data-s=(s) { (page.name(*s)) (page.if_baseline(*s)) }
        } } }
        tbody role="rowgroup" { @for head in heads(page, group) { tr role="row" {
            th role="rowheader" scope="row" { (head.label) }
            @for s in &order { (cell(page, metric, scale, (head.point, *s), &page.tables.strategy(*s))) }
        } } }
    } } }
}

fn is_never_steady(page: &Page, metric: &MetricRef, strategy: usize) -> bool {
    let mut figures = (0..page.points()).map(|p| page.figure(metric, p, strategy));
    figures.all(|figure| figure.is_none_or(|f| f.status == Status::Unstable))
}

/// Value, change and verdict of a strategy at a point. `data-k` is what the cell is called on a phone, where
/// there are no columns.
fn cell(
    page: &Page,
    metric: &MetricRef,
    scale: &Scale,
    (point, strategy): (usize, usize),
    key: &str,
) -> Markup {
    let figure = page.figure(metric, point, strategy);
    let row = page.tables.comparison(point, strategy, metric);
    let status = figure.map_or(Status::NotAvailable, |f| f.status);
    let tint = row.map_or("", |row| class(row.verdict));
    let class = match status {
        Status::Unstable => "unstable".to_owned(),
        _ if page.is_lowest(metric, point, strategy) => format!("is {tint}"),
        _ => tint.to_owned(),
    };
    let is_long = page.grid.groups.iter().any(|g| g.points.len() > WIDE);
    let of_long = is_long.then_some(strategy);
    let sorted = sorted(figure.and_then(|f| f.mean));
    html! { td class=(class) role="cell" data-k=(key) data-v=(sorted) data-s=[of_long] {
        (page.cell_value(metric, point, strategy, scale))
        @if status != Status::Unstable { span.c title=[row.map(|row| set(&change(row, scale)))] { (short_change(page, strategy, row)) } }
    } }
}

/// "−39 % better", "−15 % inconclusive" in small, or a sign that there is nothing to compare.
fn short_change(page: &Page, strategy: usize, row: Option<&ComparisonRow>) -> Markup {
    if strategy == page.baseline() {
        return html! {};
    }
    let told = row.and_then(|row| Some((row.verdict, row.relative?)));
    let Some((verdict, relative)) = told else {
        return html! { "–" };
    };
    let is_told = matches!(verdict, Verdict::Better | Verdict::Worse);
    let percent = match relative {
        change if change.abs() < 99.95 && is_told => set(&format!("{} %", short_percent(change))),
        change if change.abs() < 99.95 => set(&format!("{} %", signed_percent(change, 0))),
        change => format!("×{}", crate::text::significant(1.0 + change, 3)),
    };
    match is_told {
        true => html! { (percent) " " (word(verdict)) },
        false => html! { (percent) " " small { (word(verdict)) } },
    }
}

impl Page<'_> {
    /// Whether a strategy is the best or not told from it, with an unmarked figure.
    fn is_top(&self, metric: &MetricRef, point: usize, strategy: usize) -> bool {
        let figure = self.figure(metric, point, strategy);
        let standing = self.standing(metric, point, strategy);
        figure.is_some_and(|f| f.status.has_interval())
            && standing.is_some_and(|it| it.may_be_best())
    }

    /// Whether it has the best figure of all that can be compared.
    fn is_lowest(&self, metric: &MetricRef, point: usize, strategy: usize) -> bool {
        let best = self.best_on(metric, point);
        let first = best.and_then(|best| best.standings.first());
        self.is_top(metric, point, strategy) && first.is_some_and(|(s, _)| *s == strategy)
    }

    /// Value, interval, mark, and a sign where it does not keep its objective.
    fn cell_value(
        &self,
        metric: &MetricRef,
        point: usize,
        strategy: usize,
        scale: &Scale,
    ) -> Markup {
        let Some(figure) = self.figure(metric, point, strategy) else {
            return html! { span.soft { "n/a" } };
        };
        let (value, half) = self.value(figure, scale);
        let kept = keeps(self, metric, point, strategy);
        let is_miss = |kept: &Keeps| matches!(kept, Keeps::On | Keeps::Over);
        let miss = kept.filter(is_miss).map(Keeps::said);
        let is_top = self.is_top(metric, point, strategy);
        html! {
            @if let Some((sign, words)) = miss { i.over { (sign) span.vh { " " (words) " the SLO: " } } " " }
            @if is_top { b { (value) } } @else { span.a { (value) } }
            @if !half.is_empty() { " " small.nw { "± " (half) } }
            @if let Some((sign, word)) = sign(figure.status) { " " i.mk title=(figure.note) { (sign) span.vh { " " (word) } } }
        }
    }
}
