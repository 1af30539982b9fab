//! One point in depth: the slowest jobs, where their time goes, the nodes, the cost. And whether each run was
//! steady.
//!
//! What is 0 or nothing for all strategies has no picture; it is a clause of the caption.
//!
//! Bars and not stacks: in a stack only the first part starts at 0, and the others cannot be compared between
//! rows. All columns of blame have one scale, as the parts add up to the total; columns of cost have their own,
//! as their units differ.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::Page;
use super::figure::{across, head, line, picture, stretched, upright};
use crate::metrics::jobs::PARTS;
use crate::metrics::registry::Metric;
use crate::report::lookup::chosen_points;
use crate::report::plot::axis::{Axis, range};
use crate::report::scales::scale;
use crate::report::words::{and, dashed, set};
use crate::results::Cell;
use crate::text::{Scale, counted, fixed, significant};

/// A part of the response time below this share of the longest total is told in words.
const SMALL: f64 = 0.02;

/// The points that are shown.
pub fn points(page: &Page) -> Vec<usize> {
    chosen_points(page.points())
}

/// The point that tells most: the last shown at which the baseline is steady.
pub fn telling(page: &Page) -> usize {
    let shown = points(page);
    let is_steady = |p: &&usize| page.is_steady(**p, page.baseline());
    let steady = shown.iter().rev().find(is_steady);
    steady.or(shown.last()).copied().unwrap_or(0)
}

/// The section.
pub fn section(page: &Page) -> Markup {
    let telling = telling(page);
    let shown = points(page);
    html! {
        section #depth {
            @if page.points() == 1 { h2 { "In depth" } (point(page, 0)) }
            @else {
                h2 { "One point in depth" }
                @if shown.len() < page.points() { p.note { (shown.len()) " of " (page.points()) " points; the tables beside this page hold all." } }
                @for at in shown { details.pt.op data-p=(at) open[at == telling] {
                    summary { "At " (page.tables.point_label(at)) }
                    (point(page, at))
                } }
            }
        }
        (steady(page))
    }
}

fn point(page: &Page, point: usize) -> Markup {
    html! {
        @for class in super::tail::classes(page, point) { (super::tail::figure(page, point, &class)) }
        (blame(page, point))
        (nodes(page, point))
        (cost(page, point))
    }
}

/// A column of bars: a value a strategy, and what its longest bar is.
struct Column {
    name: String,
    values: Vec<Option<f64>>,
    ticks: Vec<Option<f64>>,
    longest: f64,
    scale: Scale,
    is_pale: bool,
}

/// A table of bars: quantities across, each with its own or a common scale, and strategies down, by what the first
/// column has.
fn bars(page: &Page, columns: &[Column]) -> Markup {
    html! { table.st.bars role="table" {
        thead role="rowgroup" { tr role="row" { th role="columnheader" scope="col" { "strategy" }
            @for column in columns { th.p role="columnheader" scope="col" { (column.name) } } } }
        tbody role="rowgroup" { @for s in by_value(&columns[0].values) { tr role="row" data-s=(s) {
            th role="rowheader" scope="row" { (page.name(s)) }
            @for column in columns { td.p role="cell" data-k=(column.name) { (column.bar(page, s)) } }
        } } }
    } }
}

impl Column {
    /// The bar with its figure; the upright line is the mean of all jobs where the bar is that of the slowest.
    fn bar(&self, page: &Page, strategy: usize) -> Markup {
        let name = page.tables.strategy(strategy);
        let Some(value) = self.values[strategy] else {
            return html! { span.soft { "n/a" } };
        };
        let x = |value: f64| (value / self.longest.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        let said = format!("{name}, {}: {}", self.name, self.scale.value(value));
        let class = if self.is_pale { "bar pale" } else { "bar" };
        let body = html! {
            g class=(page.class(strategy)) { rect class=(class) x="0" y="5" height="14" width=(across(x(value))) { title { (said) } } }
            @if let Some(tick) = self.ticks[strategy] { @for class in ["under", "tick"] { (line(class, (x(tick), 2.0), (x(tick), 22.0))) } }
            text.ink x=(across(x(value))) dx="7" y="16" { (number(value / self.scale.factor)) }
        };
        picture(24.0, &said, &body)
    }
}

fn number(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value => significant(value, 3),
    }
}

// Where the time goes.

/// The mean of a metric by strategy.
fn means(page: &Page, point: usize, metric: &str) -> Vec<Option<f64>> {
    let mean = |s| page.tables.mean(point, s, "all", metric);
    page.strategies().map(mean).collect()
}

/// The mean part of the response time by strategy, of all jobs (`mean`) or of the slowest (`tail`).
fn parts(page: &Page, point: usize, part: &str, which: &str) -> Vec<Option<f64>> {
    means(page, point, &format!("blame_{part}_{which}"))
}

/// The sum of all parts.
fn total(page: &Page, point: usize, which: &str) -> Vec<Option<f64>> {
    let each = PARTS.map(|part| parts(page, point, part, which));
    let sum = |s: usize| each.iter().filter_map(|part| part[s]).reduce(|a, b| a + b);
    page.strategies().map(sum).collect()
}

fn largest(values: &[Option<f64>]) -> f64 {
    values.iter().flatten().copied().fold(0.0, f64::max)
}

/// Where the time of the slowest jobs goes, part by part; parts that are small for every strategy are told in
/// the caption.
fn blame(page: &Page, point: usize) -> Markup {
    let totals = total(page, point, "tail");
    let longest = largest(&totals);
    if longest <= 0.0 {
        return html! {};
    }
    let all = |part: &str, which: &str| parts(page, point, part, which);
    let scale = Scale::time([longest / 5.0]);
    let most = |part: &str| largest(&all(part, "tail"));
    let shown = PARTS.iter().filter(|part| most(part) > SMALL * longest);
    let column = |name: &str, values, ticks, is_pale| Column {
        name: name.to_owned(),
        values,
        ticks,
        longest,
        scale: scale.clone(),
        is_pale,
    };
    let first = column("total", totals, total(page, point, "mean"), false);
    let others = shown.map(|part| column(part, all(part, "tail"), all(part, "mean"), true));
    let columns: Vec<Column> = std::iter::once(first).chain(others).collect();
    html! { figure {
        figcaption { b.q { "Where does the time of the slowest 1\u{202f}% go?" }
            " Mean of the slowest 1\u{202f}%, in " (scale.unit) ", split along each job’s critical chain; the upright line is the mean of all jobs. All columns on one scale, from 0." (rest(&most, longest)) }
        (bars(page, &columns))
    } }
}

/// Parts that are not drawn: small ones with their most, and those that are 0.
fn rest(most: &dyn Fn(&str) -> f64, longest: f64) -> String {
    let told = |title: &str, parts: Vec<String>| match parts.is_empty() {
        true => String::new(),
        false => format!(" {title}: {}.", and(&parts)),
    };
    let is_small = |part: &&&str| most(part) > 0.0 && most(part) <= SMALL * longest;
    let small = PARTS.iter().filter(is_small).map(|part| {
        let most = Scale::time([most(part)]).value(most(part));
        set(&format!("{part} is {most} at most"))
    });
    let none = PARTS.iter().filter(|part| most(part) <= 0.0);
    let none = none.map(|part| (*part).to_owned());
    told("Not drawn", small.collect()) + &told("Nothing for any", none.collect())
}

/// Strategies by rising value; those without one last.
fn by_value(values: &[Option<f64>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let size = |s: usize| values[s].unwrap_or(f64::INFINITY);
    order.sort_by(|a, b| size(*a).total_cmp(&size(*b)));
    order
}

// The nodes.

/// A tick a node at its utilization: a gap between groups shows what a mean utilization hides.
fn nodes(page: &Page, point: usize) -> Markup {
    let groups = groups(page, point);
    if groups.is_empty() || page.cell(point, 0).nodes.len() < 2 {
        return html! {};
    }
    let order = page.strategies();
    html! { figure {
        figcaption { b.q { "Is the work spread evenly over the nodes?" } " Each tick is a node, placed by its utilization (replication 1), from 0 to 100\u{202f}%"
            @if groups.len() > 1 { "; one line a group" } "." }
        table.st.even role="table" {
            thead role="rowgroup" { tr role="row" { th role="columnheader" scope="col" { "strategy" }
                th.p role="columnheader" scope="col" { span.vh { "picture" } (head(&percent_axis(), "%")) }
                @for group in &groups { th role="columnheader" scope="col" { (group) } } } }
            tbody role="rowgroup" { @for s in order { tr role="row" data-s=(s) {
                th role="rowheader" scope="row" { (page.name(s)) }
                td.p role="cell" { (spread(page, point, s, &groups)) }
                @for group in &groups { td.n role="cell" data-k=(group) { (ends(utilizations(page, point, s, group))) } }
            } } }
        }
    } }
}

fn percent_axis() -> Axis {
    Axis::between("", 0.0, 100.0, 20.0)
}

/// Groups of nodes, at most six.
fn groups(page: &Page, point: usize) -> Vec<String> {
    let nodes = page.cell(point, 0).nodes.iter();
    let names: BTreeSet<&String> = nodes.map(|node| &node.group).collect();
    names.into_iter().take(6).cloned().collect()
}

/// The utilization of a group's nodes.
fn utilizations<'a>(
    page: &'a Page,
    point: usize,
    strategy: usize,
    group: &'a str,
) -> impl Iterator<Item = f64> + 'a {
    let nodes = page.cell(point, strategy).nodes.iter();
    let nodes = nodes.filter(move |node| node.group == group);
    nodes.map(|node| node.utilization)
}

/// The ticks of one strategy, a line a group.
fn spread(page: &Page, point: usize, strategy: usize, groups: &[String]) -> Markup {
    const LINE: f64 = 14.0;
    let height = LINE * groups.len() as f64 + 4.0;
    let name = page.tables.strategy(strategy);
    let said = format!("utilization of nodes under {name}");
    let body = html! {
        (upright(&percent_axis(), height))
        @for (at, group) in groups.iter().enumerate() {
            @let top = 2.0 + LINE * at as f64;
            g class=(page.class(strategy)) { @for x in utilizations(page, point, strategy, group) {
                (line("node", (x.clamp(0.0, 1.0), top), (x.clamp(0.0, 1.0), top + 11.0)))
            } }
        }
    };
    picture(height, &said, &body)
}

fn ends(utilizations: impl Iterator<Item = f64>) -> String {
    let (low, high) = range(utilizations).unwrap_or((f64::INFINITY, 0.0));
    let [low, high] = [low, high].map(|end| fixed(100.0 * end, 0));
    format!("{}\u{202f}%", dashed(low, &high))
}

// What it costs.

/// What differs as columns, and what is the same for all in words.
fn costs(page: &Page, point: usize) -> (Vec<Column>, Vec<String>) {
    const COSTS: [&str; 3] = ["messages_per_task", "waste", "utilization_dispatcher"];
    let (mut columns, mut same) = (Vec::new(), Vec::new());
    for metric in COSTS.iter().filter_map(|name| Metric::find(name)) {
        let values = means(page, point, metric.name());
        let known = || values.iter().flatten().copied();
        let Some((low, high)) = range(known()) else {
            continue;
        };
        let (title, scale) = (metric.title(), scale(&metric, known()));
        if high - low <= 0.005 * high.abs() {
            let value = scale.with_unit(&number(high / scale.factor));
            same.push(format!("{title} {value}"));
            continue;
        }
        columns.push(Column {
            name: title,
            ticks: vec![None; values.len()],
            values,
            longest: high,
            scale,
            is_pale: false,
        });
    }
    (columns, same)
}

/// What the strategies cost, as far as they differ; what is the same for all is a clause of the caption.
fn cost(page: &Page, point: usize) -> Markup {
    let (columns, same) = costs(page, point);
    let same = match same.is_empty() {
        true => String::new(),
        false => set(&format!(" The same for all: {}.", and(&same))),
    };
    if columns.is_empty() {
        return html! { @if !same.is_empty() { p { b { "What does it cost?" } (same) } } };
    }
    html! { figure {
        figcaption { b.q { "What does it cost?" } " Each column from 0 on its own scale." (same) }
        (bars(page, &columns))
    } }
}

// Is it steady?

/// Jobs in the system over time for each strategy and point: the evidence behind every `unstable`.
fn steady(page: &Page) -> Markup {
    let shown = points(page);
    let most = |point: &usize| {
        let cells = page.strategies().map(|s| page.cell(*point, s));
        let jobs = cells.filter(|cell| !cell.is_unstable()).flat_map(jobs_of);
        jobs.fold(0.0, f64::max)
    };
    let tops: Vec<f64> = shown.iter().map(most).collect();
    let mut cells = page.tables.results.all_cells();
    if cells.all(|(_, cell)| cell.timeline.is_empty()) {
        return html! {};
    }
    let head = |at: usize| format!("0 – {}", counted(tops[at].ceil() as u64, "job"));
    html! { section #steady {
        h2 { "Is it steady?" }
        figure {
            figcaption { "Jobs in the system over the measured time of replication 1. Each column has one scale, from 0 to the number above it. A line with ↗ is unstable: it has its own scale, from 0 to the number beside it." }
            table.st.spark role="table" {
                thead role="rowgroup" { tr role="row" { th role="columnheader" scope="col" { "strategy" }
                    @for (at, p) in shown.iter().enumerate() { th role="columnheader" scope="col" { (page.tables.point_label(*p)) br; (head(at)) } } } }
                tbody role="rowgroup" { @for s in page.strategies() { tr role="row" data-s=(s) {
                    th role="rowheader" scope="row" { (page.name(s)) }
                    @for (at, p) in shown.iter().enumerate() { td role="cell" data-k=(format!("{}\n{}", page.tables.point_label(*p), head(at)).trim()) { (spark(page, *p, s, tops[at])) } }
                } } }
            }
        }
    } }
}

/// Jobs in the system by time.
fn jobs_of(cell: &Cell) -> impl Iterator<Item = f64> {
    let jobs = cell.timeline.iter().map(|row| row.jobs_in_system);
    jobs.filter(|jobs| jobs.is_finite())
}

/// Jobs in the system, thinned to a third of the bins.
fn spark(page: &Page, point: usize, strategy: usize, top: f64) -> Markup {
    const HEIGHT: f64 = 34.0;
    let cell = page.cell(point, strategy);
    let jobs: Vec<f64> = jobs_of(cell).collect();
    let own = jobs.iter().copied().fold(0.0, f64::max);
    let top = if cell.is_unstable() { own } else { top }.max(f64::MIN_POSITIVE);
    let mean = |bins: &[f64]| bins.iter().sum::<f64>() / bins.len() as f64;
    let thirds: Vec<f64> = jobs.chunks(3).map(mean).collect();
    let last = thirds.len().saturating_sub(1).max(1) as f64;
    let place = |(at, jobs): (usize, &f64)| {
        let up = (jobs / top).clamp(0.0, 1.0);
        (at as f64 / last, HEIGHT * (1.0 - up))
    };
    let points: Vec<(f64, f64)> = thirds.iter().enumerate().map(place).collect();
    let ends = number(jobs.last().copied().unwrap_or(0.0).round());
    let (name, at) = (page.tables.strategy(strategy), page.tables.at(point));
    let said = format!("jobs in the system, {name}{at}: ends at {ends}");
    html! {
        (picture(HEIGHT, &said, &html! {
            (line("g1", (0.0, HEIGHT), (1.0, HEIGHT)))
            (stretched(HEIGHT, &page.curve(strategy, "thin", &points)))
        }))
        @if cell.is_unstable() { span.mk { "↗ " (counted(own.ceil() as u64, "job")) } }
    }
}
