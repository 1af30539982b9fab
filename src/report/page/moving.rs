//! How a deciding metric moves over a sweep: how far each strategy keeps its objective, and curves.

use maud::{Markup, html};

use super::Page;
use super::figure::{Upward, across, line, picture, stretched, text};
use super::grid::{Group, is_geometric};
use super::matrix::scale_of;
use super::objective::{Keeps, keeps, slo_of};
use super::words::{heading, words};
use crate::metrics::columns::MetricRef;
use crate::report::plot::axis::Axis;
use crate::results::Status;
use crate::text::{Scale, apart, printable, shorten};

/// Up to so many strategies share a plot.
const TOGETHER: usize = 6;
/// Pixels of the strip for what has no steady value.
const STRIP: f64 = 18.0;
/// A logarithmic axis is for values that span more than this.
const SPAN: f64 = 8.0;
/// Ticks across at most, and in a small panel.
const TICKS: usize = 10;

/// Both pictures.
pub fn charts(page: &Page, metric: &MetricRef) -> Markup {
    let Some(key) = page.grid.across.filter(|_| page.grid.values.len() > 1) else {
        return html! {};
    };
    let key = printable(&page.tables.meta().sweep[key]);
    html! { (objective(page, metric, &key)) (curves(page, metric, &key)) }
}

// How far each keeps its objective.

fn objective(page: &Page, metric: &MetricRef, key: &str) -> Markup {
    let Some(slo) = slo_of(page, metric) else {
        return html! {};
    };
    let steady = |s: &usize| {
        (0..page.tables.points()).any(|p| keeps(page, metric, p, *s) != Some(Keeps::Unknown))
    };
    let (shown, never): (Vec<usize>, Vec<usize>) =
        page.ranked(metric).into_iter().partition(steady);
    html! { figure {
        figcaption {
            b.q { "How far does each keep its SLO?" } " " (heading(metric)) " and its SLO of " (Scale::time([slo]).value(slo)) ", at each " code { (key) }
            ": a full disc is under it, an open one holds it within its interval, a cross is over it, hatching has no steady value."
            @if !never.is_empty() { " Steady at no point: " (page.few(&never, 6)) "." }
        }
        table.st.keep role="table" {
            thead role="rowgroup" { tr role="row" {
                th role="columnheader" scope="col" { "strategy" }
                th.p role="columnheader" scope="col" { span.vh { "picture" } svg width="100%" height="18" aria-hidden="true" { (ticks(page, 14.0)) } }
                th role="columnheader" scope="col" { "under it at" }
            } }
            tbody role="rowgroup" { @for strategy in shown { (kept_rows(page, metric, strategy)) } }
        }
    } }
}

/// One row for all groups that are alike.
fn kept_rows(page: &Page, metric: &MetricRef, strategy: usize) -> Markup {
    let of = |group: &Group| -> Vec<Option<Keeps>> {
        group
            .points
            .iter()
            .map(|(p, _)| keeps(page, metric, *p, strategy))
            .collect()
    };
    let groups = &page.grid.groups;
    let is_one = groups.windows(2).all(|pair| of(&pair[0]) == of(&pair[1]));
    let shown = if is_one { &groups[..1] } else { &groups[..] };
    html! { @for group in shown { tr role="row" data-s=(strategy) {
        th role="rowheader" scope="row" { (page.name(strategy)) @if !is_one { " " small { (group.label) } } }
        td.p role="cell" { (kept(page, metric, strategy, group)) }
        td.n role="cell" data-k="under it at" { (under(page, metric, strategy, group)) }
    } } }
}

fn kept(page: &Page, metric: &MetricRef, strategy: usize, group: &Group) -> Markup {
    let at = |(point, value): &(usize, usize)| {
        (page.grid.x(*value), keeps(page, metric, *point, strategy))
    };
    let all: Vec<(f64, Option<Keeps>)> = group.points.iter().map(at).collect();
    let holds = |kept: &Option<Keeps>| *kept == Some(Keeps::Under);
    let said = format!(
        "{}: under the SLO at {}",
        page.tables.strategy(strategy),
        under(page, metric, strategy, group)
    );
    picture(
        28.0,
        &said,
        &html! {
            (line("g1", (0.0, 14.0), (1.0, 14.0)))
            @for pair in all.windows(2).filter(|pair| holds(&pair[0].1) && holds(&pair[1].1)) { (line("keeps", (pair[0].0, 14.0), (pair[1].0, 14.0))) }
            @for ((x, kept), (_, value)) in all.iter().zip(&group.points) {
                @let said = format!("{} at {}: {} the SLO", page.tables.strategy(strategy), page.grid.values[*value].0, kept.map_or("", |kept| kept.said().1));
                (disc(*x, *kept, &said))
            }
        },
    )
}

fn disc(x: f64, kept: Option<Keeps>, said: &str) -> Markup {
    let x = across(x);
    let title = html! { title { (said) } };
    match kept {
        Some(Keeps::Under) => html! { circle.disc cx=(x) cy="14" r="6" { (title) } },
        Some(Keeps::On) => html! { circle.ring cx=(x) cy="14" r="5" { (title) } },
        Some(Keeps::Over) => html! { use.over href="#x" x=(x) y="14" { (title) } },
        _ => html! { use href="#u" x=(x) y="14" { (title) } },
    }
}

/// "0.5 to 0.7", or the values one by one.
fn under(page: &Page, metric: &MetricRef, strategy: usize, group: &Group) -> String {
    let holds = |point: usize| keeps(page, metric, point, strategy) == Some(Keeps::Under);
    let kept: Vec<bool> = group.points.iter().map(|(p, _)| holds(*p)).collect();
    let value = |at: usize| page.grid.values[group.points[at].1].0.clone();
    let first = kept.iter().position(|holds| *holds);
    let last = kept.iter().rposition(|holds| *holds);
    match first.zip(last) {
        None => "none".to_owned(),
        Some((first, last)) if first == last => value(first),
        Some((0, last)) if last + 1 == kept.len() && kept.iter().all(|k| *k) => {
            format!("{} to {}, all tried", value(0), value(last))
        }
        Some((first, last)) if kept[first..=last].iter().all(|k| *k) => {
            format!("{} to {}", value(first), value(last))
        }
        Some(_) => {
            let held = (0..kept.len()).filter(|at| kept[*at]).map(value);
            held.collect::<Vec<_>>().join(", ")
        }
    }
}

/// The swept values at their places, as many as have room.
fn ticks(page: &Page, y: f64) -> Markup {
    some_ticks(page, (y, y), TICKS)
}

/// At most so many; words alternate between two heights.
fn some_ticks(page: &Page, (high, low): (f64, f64), most: usize) -> Markup {
    let shown = shown_values(page, 0.9 / most as f64);
    let names: Vec<&str> = page
        .grid
        .values
        .iter()
        .map(|value| value.0.as_str())
        .collect();
    let is_long = names.iter().any(|name| name.len() > 6);
    let rows = if high == low { 1 } else { 2 };
    let short = apart(&names, (48 * rows / shown.len().max(1)).clamp(4, 12));
    html! { @for (k, at) in shown.into_iter().enumerate() {
        @let y = if is_long && k % 2 == 1 { low } else { high };
        (text("ink", (page.grid.x(at), y), "middle", if is_long { &short[at] } else { names[at] }))
    } }
}

/// Values across, by rising place, at least so far apart.
fn shown_values(page: &Page, least: f64) -> Vec<usize> {
    let values = &page.grid.values;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].1.total_cmp(&values[*b].1));
    let mut last = f64::NEG_INFINITY;
    order.retain(|at| {
        let is_shown = page.grid.x(*at) - last >= least * 0.999;
        last = if is_shown { page.grid.x(*at) } else { last };
        is_shown
    });
    order
}

// Curves.

fn curves(page: &Page, metric: &MetricRef, key: &str) -> Markup {
    let Some(up) = upward(page, metric, 260.0) else {
        return html! {};
    };
    let is_one = page.tables.strategies().len() <= TOGETHER && page.grid.groups.len() == 1;
    let never: Vec<usize> = page
        .tables
        .strategies()
        .filter(|s| points_of(page, metric, *s, None).is_empty())
        .collect();
    let is_log = is_log_across(page);
    html! { figure {
        figcaption {
            b.q { "How does it move with " code { (key) } "?" } " " (heading(metric))
            @if !is_one { ", a panel a strategy on the same axes" }
            "; " @if up.axis.low > 0.0 && !up.axis.log { span.mk { (up.words()) } } @else { (up.words()) }
            @if is_log { "; " code { (key) } " on a log axis" }
            "; bars: 95\u{202f}%."
            @if !is_one { (groups_told(page)) " Grey: " (page.tables.strategy(page.tables.baseline())) "." }
            @if any_unsteady(page, metric) { " A mark in the hatched strip has no steady value there." }
            @if !never.is_empty() { " Not drawn, steady at no point: " (page.few(&never, 6)) "." }
        }
        @if is_one { (page.row_of_names()) div.pl { (together(page, metric, &up, key)) } }
        @else { (panels(page, metric, key, &never)) }
    } }
}

fn is_log_across(page: &Page) -> bool {
    let number = |value: &(String, f64)| crate::report::plot::sweep::number(&value.0);
    let numbers: Option<Vec<f64>> = page.grid.values.iter().map(number).collect();
    numbers.is_some_and(|numbers| is_geometric(&numbers))
}

/// " Solid: dispatchers 1; dashed: 4."
fn groups_told(page: &Page) -> String {
    const LINES: [&str; 3] = ["Solid", "dashed", "dotted"];
    let groups = &page.grid.groups;
    let told = groups
        .iter()
        .zip(LINES)
        .map(|(group, line)| format!("{line}: {}", group.label));
    let told: Vec<String> = told.collect();
    match groups.len() {
        1 => String::new(),
        2 | 3 => format!(" {}.", told.join("; ")),
        many => format!(
            " {many} lines a panel: {}, and so on to {}.",
            told.join("; "),
            groups[many - 1].label
        ),
    }
}

fn any_unsteady(page: &Page, metric: &MetricRef) -> bool {
    let mut all = page.tables.results.all_cells();
    all.any(|(_, cell)| {
        cell.get(metric)
            .is_some_and(|f| f.status == Status::Unstable)
    })
}

fn upward(page: &Page, metric: &MetricRef, height: f64) -> Option<Upward> {
    let scale = scale_of(page, metric);
    let figures = page
        .tables
        .results
        .all_cells()
        .filter_map(|(_, cell)| cell.get(metric));
    let means: Vec<f64> = figures
        .filter_map(|f| f.mean)
        .map(|v| v / scale.factor)
        .collect();
    let (low, high) = crate::report::plot::axis::range(means.iter().copied())?;
    let slo = slo_of(page, metric)
        .map(|slo| slo / scale.factor)
        .filter(|slo| *slo < 3.0 * high && *slo > low / 3.0);
    let all = || means.iter().copied().chain(slo);
    let axis = match low > 0.0 && high / low > SPAN {
        true => Axis::log("", all()),
        false => Axis::linear("", all(), low <= 0.6 * high),
    };
    Some(Upward {
        axis,
        height,
        unit: scale.unit,
    })
}

/// Point, place across, height; of a group, or of all.
type Placed = (usize, f64, f64);

fn points_of(
    page: &Page,
    metric: &MetricRef,
    strategy: usize,
    group: Option<&Group>,
) -> Vec<Placed> {
    let scale = scale_of(page, metric);
    let groups = page
        .grid
        .groups
        .iter()
        .filter(|other| group.is_none_or(|group| std::ptr::eq(group, *other)));
    let at = |(point, value): &(usize, usize)| {
        let figure = page
            .figure(metric, *point, strategy)
            .filter(|f| f.status != Status::Unstable)?;
        Some((*point, page.grid.x(*value), figure.mean? / scale.factor))
    };
    groups
        .flat_map(|group| group.points.iter().filter_map(at))
        .collect()
}

/// All strategies in one plot.
fn together(page: &Page, metric: &MetricRef, up: &Upward, key: &str) -> Markup {
    let group = &page.grid.groups[0];
    let end = |s: usize| {
        let last = points_of(page, metric, s, Some(group)).last().copied()?;
        Some((
            s,
            STRIP + up.y(last.2),
            shorten(&page.tables.strategy(s), 26),
        ))
    };
    let ends: Vec<(usize, f64, String)> = page.tables.strategies().filter_map(end).collect();
    let label = format!("{} against {key}", words(metric));
    let bottom = STRIP + up.height;
    html! { svg width="100%" height=(bottom + 52.0) role="img" aria-label=(label) {
        (ground(page, metric, up))
        (some_ticks(page, (bottom + 16.0, bottom + 30.0), TICKS))
        (text("", (0.5, bottom + 46.0), "middle", key))
        @for s in page.tables.strategies() { (lines(page, metric, up, (s, group), "")) }
        @for s in page.tables.strategies() { (marks(page, metric, up, (s, group))) }
        (page.labels(&ends, bottom))
    } }
}

/// Levels, the objective, the strip for what is unsteady.
fn ground(page: &Page, metric: &MetricRef, up: &Upward) -> Markup {
    let slo = slo_of(page, metric)
        .map(|slo| slo / scale_of(page, metric).factor)
        .filter(|slo| up.axis.holds(*slo));
    html! {
        @if any_unsteady(page, metric) {
            rect.ha x="0" y="0" width="100%" height=(STRIP - 4.0) {}
            text.lab x="4" y="11" { "unstable" }
        }
        g transform=(format!("translate(0 {STRIP})")) {
            (up.levels()) (line("ax", (0.0, up.height), (1.0, up.height)))
            @if let Some(slo) = slo {
                (line("sl", (0.0, up.y(slo)), (1.0, up.y(slo))))
                text.slo.lab x="4" y=(format!("{:.1}", up.y(slo) - 5.0)) { "SLO" }
            }
        }
    }
}

/// The curve of a strategy: neighbours that have values are joined.
fn lines(
    page: &Page,
    metric: &MetricRef,
    up: &Upward,
    (strategy, group): (usize, &Group),
    more: &str,
) -> Markup {
    let at = |(point, value): &(usize, usize)| {
        let figure = page
            .figure(metric, *point, strategy)
            .filter(|f| !matches!(f.status, Status::Unstable | Status::Censored))?;
        Some((
            page.grid.x(*value),
            STRIP + up.y(figure.mean? / scale_of(page, metric).factor),
        ))
    };
    let runs = crate::report::plot::deciding::runs(group.points.iter().map(at));
    stretched(
        STRIP + up.height,
        &html! { @for run in &runs { (page.curve(strategy, more, run)) } },
    )
}

fn marks(
    page: &Page,
    metric: &MetricRef,
    up: &Upward,
    (strategy, group): (usize, &Group),
) -> Markup {
    let scale = scale_of(page, metric);
    html! { @for (point, value) in &group.points { @if let Some(figure) = page.figure(metric, *point, strategy) {
        @let said = format!("{}{}: {}", page.tables.strategy(strategy), page.tables.at(*point), page.said(Some(figure), &scale));
        @let x = page.grid.x(*value);
        @match figure.mean.filter(|_| figure.status != Status::Unstable) {
            Some(mean) => {
                @if let Some((low, high)) = figure.ci_low.zip(figure.ci_high) { g class=(page.class(strategy)) data-s=(strategy) {
                    (line("w bar95", (x, STRIP + up.y(low / scale.factor)), (x, STRIP + up.y(high / scale.factor))))
                } }
                (page.mark(strategy, (x, STRIP + up.y(mean / scale.factor)), &said))
            },
            None => @if figure.status == Status::Unstable { (page.mark(strategy, (aside(page, strategy, x), 7.0), &said)) },
        }
    } } }
}

/// Marks in the strip stand side by side, about their place.
fn aside(page: &Page, strategy: usize, x: f64) -> f64 {
    let many = page.tables.strategies().len() as f64;
    x + (strategy as f64 - (many - 1.0) / 2.0) * (0.06 / many)
}

/// A panel a strategy, all on the same axes, the baseline in grey.
fn panels(page: &Page, metric: &MetricRef, key: &str, never: &[usize]) -> Markup {
    let Some(up) = upward(page, metric, 120.0) else {
        return html! {};
    };
    let shown = page
        .ranked(metric)
        .into_iter()
        .filter(|s| !never.contains(s));
    html! { div.grid { @for strategy in shown { div.panel data-s=(strategy) {
        p.title { (page.name(strategy)) }
        div.q { (panel(page, metric, &up, key, strategy)) }
    } } } }
}

fn panel(page: &Page, metric: &MetricRef, up: &Upward, key: &str, strategy: usize) -> Markup {
    const MORE: [&str; 3] = ["", "d", "t"];
    let baseline = page.tables.baseline();
    let bottom = STRIP + up.height;
    let label = format!(
        "{} of {} against {key}",
        words(metric),
        page.tables.strategy(strategy)
    );
    html! { svg width="100%" height=(bottom + 46.0) role="img" aria-label=(label) {
        (ground(page, metric, up))
        (some_ticks(page, (bottom + 15.0, bottom + 28.0), 4))
        (text("", (0.5, bottom + 43.0), "middle", &shorten(key, 26)))
        @for (at, group) in page.grid.groups.iter().enumerate() {
            @if strategy != baseline { g.grey { (lines(page, metric, up, (baseline, group), MORE[at % 3])) } }
            (lines(page, metric, up, (strategy, group), MORE[at % 3]))
        }
        @for group in &page.grid.groups { (marks(page, metric, up, (strategy, group))) }
    } }
}
