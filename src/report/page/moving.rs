//! How a deciding metric moves over a sweep: how far each strategy keeps its objective, and curves.
//!
//! Curves answer how a strategy moves with load or size, which a table of points hides. All of them share one
//! pair of axes, since panels on scales of their own cannot be compared by eye (Cleveland, The Elements of
//! Graphing Data, 1985); the value axis starts at 0 unless all values are far from it, and says so where it
//! does not. A point without a steady value keeps its place across, in a strip of its own: dropped, the curve
//! would end before the load at which it ends.

use maud::{Markup, html};

use super::Page;
use super::figure::{LABEL, Upward, across, line, objective_line, picture, stretched, text};
use super::objective::{Keeps, keeps};
use crate::metrics::columns::MetricRef;
use crate::report::grid::Group;
use crate::report::plot::axis::{Axis, range};
use crate::report::plot::deciding::runs;
use crate::report::words::{heading, words};
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
    if page.grid.values.len() < 2 {
        return html! {};
    }
    let key = page.grid.title(|key| printable(&page.meta().sweep[key]));
    html! { (objective(page, metric, &key)) (curves(page, metric, &key)) }
}

// How far each keeps its objective.

/// For each strategy a row with a sign at each value: the range in which it keeps its objective can be read
/// off.
fn objective(page: &Page, metric: &MetricRef, key: &str) -> Markup {
    let Some(slo) = page.tables.slo(metric) else {
        return html! {};
    };
    let steady =
        |s: &usize| (0..page.points()).any(|p| keeps(page, metric, p, *s) != Some(Keeps::Unknown));
    let (shown, never): (Vec<usize>, Vec<usize>) =
        page.ranked(metric).into_iter().partition(steady);
    html! { figure {
        figcaption {
            b.q { "How far does each keep its SLO?" } " " (heading(metric)) " and its SLO of " (Scale::time([slo]).value(slo)) ", at each " code { (key) }
            ": a full disc is under it, an open one is not told (its interval holds it, or there is none), a cross is over it, hatching has no steady value."
            @if !never.is_empty() { " Steady at no point: " (page.few(&never, 6)) "." }
        }
        table.st.keep role="table" {
            thead role="rowgroup" { tr role="row" {
                th role="columnheader" scope="col" { "strategy" }
                th.p role="columnheader" scope="col" { span.vh { "picture" } svg width="100%" height="18" aria-hidden="true" { (some_ticks(page, (14.0, 14.0), TICKS)) } }
                th role="columnheader" scope="col" { "under it at" }
            } }
            tbody role="rowgroup" { @for strategy in shown { (kept_rows(page, metric, strategy)) } }
        }
    } }
}

/// One row for all groups that are alike.
fn kept_rows(page: &Page, metric: &MetricRef, strategy: usize) -> Markup {
    let of = |group: &Group| -> Vec<Option<Keeps>> {
        let kept = |(point, _): &(usize, usize)| keeps(page, metric, *point, strategy);
        group.points.iter().map(kept).collect()
    };
    let groups = page.grid.groups.iter();
    let rows: Vec<_> = groups.map(|group| (group, of(group))).collect();
    let values = |group: &Group| -> Vec<usize> { group.points.iter().map(|at| at.1).collect() };
    let are_alike = |pair: &[(&Group, Vec<_>)]| {
        pair[0].1 == pair[1].1 && values(pair[0].0) == values(pair[1].0)
    };
    let is_one = rows.windows(2).all(are_alike);
    let shown = if is_one { &rows[..1] } else { &rows[..] };
    html! { @for (group, kept) in shown { @let under = under(page, group, kept); tr role="row" data-s=(strategy) {
        th role="rowheader" scope="row" { (page.name(strategy)) @if !is_one { " " small { (group.label) } } }
        td.p role="cell" { (discs(page, strategy, (group, kept), &under)) }
        td.n role="cell" data-k="under it at" { (under) }
    } } }
}

/// The signs of one row; a bar joins neighbours that both hold.
fn discs(
    page: &Page,
    strategy: usize,
    (group, kept): (&Group, &[Option<Keeps>]),
    under: &str,
) -> Markup {
    let name = page.tables.strategy(strategy);
    let said = format!("{name}: under the SLO at {under}");
    let places = group.points.iter().map(|(_, value)| page.grid.x(*value));
    let all: Vec<_> = places.zip(kept).collect();
    let holds = |kept: &Option<Keeps>| page.grid.is_numeric && *kept == Some(Keeps::Under);
    picture(
        28.0,
        &said,
        &html! {
            (line("g1", (0.0, 14.0), (1.0, 14.0)))
            @for pair in all.windows(2).filter(|pair| holds(pair[0].1) && holds(pair[1].1)) { (line("keeps", (pair[0].0, 14.0), (pair[1].0, 14.0))) }
            @for ((x, kept), (_, value)) in all.iter().zip(&group.points) {
                @let said = format!("{name} at {}: {} the SLO", page.grid.values[*value].0, kept.map_or("", |kept| kept.said().1));
                (disc(*x, **kept, &said))
            }
        },
    )
}

/// Full: shown to hold; open: the interval holds the objective; cross: shown to fail; else no steady value.
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

/// "0.5 to 0.7", or the values one by one; of words how many, as the picture names them.
fn under(page: &Page, group: &Group, kept: &[Option<Keeps>]) -> String {
    let value = |(kept, (_, value)): (&Option<Keeps>, &(usize, usize))| {
        let name = page.grid.values[*value].0.as_str();
        kept.filter(|kept| *kept == Keeps::Under).map(|_| name)
    };
    let runs = runs(kept.iter().zip(&group.points).map(value));
    if !page.grid.is_numeric && !runs.is_empty() {
        return format!("{} of {}", runs.concat().len(), kept.len());
    }
    let run = if runs.len() == 1 { &runs[0][..] } else { &[] };
    match run {
        [only] => (*only).to_owned(),
        [first, .., last] if run.len() == kept.len() => format!("{first} to {last}, all tried"),
        [first, .., last] => format!("{first} to {last}"),
        [] if runs.is_empty() => "none".to_owned(),
        [] => runs.concat().join(", "),
    }
}

/// At most so many; words alternate between two heights.
fn some_ticks(page: &Page, (high, low): (f64, f64), most: usize) -> Markup {
    let shown = shown_values(page, 0.9 / most as f64);
    let names: Vec<&str> = page.grid.values.iter().map(|value| &*value.0).collect();
    let is_long = names.iter().any(|name| name.len() > 6);
    let rows = if high == low { 1 } else { 2 };
    let short = apart(&names, (44 * rows / shown.len().max(1)).clamp(4, 14));
    html! { @for (k, at) in shown.into_iter().enumerate() {
        @let y = if is_long && k % 2 == 1 { low } else { high };
        @let name = if is_long { &short[at] } else { names[at] };
        @match page.grid.x(at) {
            x if is_long && high != low && x > 0.8 => (text("ink", (1.0, y), "end", name)),
            x => (text("ink", (x, y), "middle", name)),
        }
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

/// The curves: one plot for a few strategies and one key, else a panel a strategy; above words, which no line
/// joins, strategies stay side by side.
fn curves(page: &Page, metric: &MetricRef, key: &str) -> Markup {
    let (groups, is_numeric) = (&page.grid.groups, page.grid.is_numeric);
    let is_one = page.strategies().len() <= TOGETHER && groups.len() == 1;
    let height = if is_one { 260.0 } else { 120.0 };
    let Some(curves) = Curves::new(page, metric, key, height) else {
        return html! {};
    };
    let never = page.strategies().filter(|s| curves.is_never_drawn(*s));
    let never: Vec<usize> = never.collect();
    let axis = &curves.up.axis;
    html! { figure {
        figcaption {
            b.q { "How does it move with " code { (key) } "?" } " " (heading(metric))
            @if !is_one && is_numeric { ", a panel a strategy on the same axes" } @else if groups.len() > 1 { ", panels on the same axes" }
            "; " @if axis.low > 0.0 && !axis.log { span.mk { (curves.up.words()) } } @else { (curves.up.words()) }
            @if page.grid.is_log { "; " code { (key) } " on a log axis" }
            @if !is_numeric { "; no line joins words" }
            "; bars: 95\u{202f}%."
            @if !is_one && is_numeric { (groups_told(page)) " Grey: " (page.tables.strategy(page.baseline())) "." }
            @if curves.any_unsteady() { " A mark in the hatched strip has no steady value there." }
            @if !never.is_empty() { " Not drawn, steady at no point: " (page.few(&never, 6)) "." }
        }
        @if is_one { (page.row_of_names()) div.pl { (curves.together()) } }
        @else if is_numeric { (curves.panels(&never)) }
        @else { div.always { (page.row_of_names()) } (curves.side_by_side()) }
    } }
}

/// " Solid: dispatchers 1; dashed: 4."
fn groups_told(page: &Page) -> String {
    const LINES: [&str; 3] = ["Solid", "dashed", "dotted"];
    let groups = &page.grid.groups;
    let told = |(group, line): (&Group, &str)| format!("{line}: {}", group.label);
    let told: Vec<String> = groups.iter().zip(LINES).map(told).collect();
    let told = told.join("; ");
    match groups.len() {
        1 => String::new(),
        2 | 3 => format!(" {told}."),
        many => {
            let last = &groups[many - 1].label;
            format!(" {many} lines a panel: {told}, and so on to {last}.")
        }
    }
}

/// A deciding metric against the key across, on one pair of axes.
struct Curves<'a> {
    page: &'a Page<'a>,
    metric: &'a MetricRef,
    key: &'a str,
    scale: Scale,
    up: Upward,
}

impl<'a> Curves<'a> {
    /// With axes that hold all values, and the objective if it is near them; none without a value.
    fn new(page: &'a Page, metric: &'a MetricRef, key: &'a str, height: f64) -> Option<Curves<'a>> {
        let scale = page.tables.scale(metric, 0..page.points());
        let cells = page.tables.results.all_cells();
        let means = cells.filter_map(|(_, cell)| Some(cell.get(metric)?.mean? / scale.factor));
        let means: Vec<f64> = means.collect();
        let (low, high) = range(means.iter().copied())?;
        let slo = page.tables.slo(metric).map(|slo| slo / scale.factor);
        let slo = slo.filter(|slo| *slo < 3.0 * high && *slo > low / 3.0);
        let all = means.into_iter().chain(slo);
        let axis = match low > 0.0 && high / low > SPAN {
            true => Axis::log("", all),
            false => Axis::linear("", all, low <= 0.6 * high),
        };
        let unit = scale.unit.clone();
        let up = Upward { axis, height, unit };
        Some(Curves {
            page,
            metric,
            key,
            scale,
            up,
        })
    }

    /// Pixels from the upper edge to a value.
    fn y(&self, value: f64) -> f64 {
        STRIP + self.up.y(value / self.scale.factor)
    }

    /// Pixels from the upper edge to the axis across.
    fn bottom(&self) -> f64 {
        STRIP + self.up.height
    }

    /// Where the figure of a strategy lies at a point; none without a steady value.
    fn place(&self, strategy: usize, (point, value): (usize, usize)) -> Option<(f64, f64)> {
        let figure = self.page.figure(self.metric, point, strategy)?;
        let mean = figure.mean.filter(|_| figure.status != Status::Unstable)?;
        let x = self.page.grid.x(value);
        // Above a word strategies stand side by side: nothing is said by their place.
        let x = match self.page.grid.is_numeric {
            true => x,
            false => aside(self.page, strategy, x),
        };
        Some((x, self.y(mean)))
    }

    fn is_never_drawn(&self, strategy: usize) -> bool {
        let mut points = self.page.grid.groups.iter().flat_map(|group| &group.points);
        points.all(|at| self.place(strategy, *at).is_none())
    }

    fn any_unsteady(&self) -> bool {
        let cells = self.page.tables.results.all_cells();
        let mut figures = cells.filter_map(|(_, cell)| cell.get(self.metric));
        figures.any(|figure| figure.status == Status::Unstable)
    }

    /// All strategies in one plot.
    fn together(&self) -> Markup {
        let (page, group) = (self.page, &self.page.grid.groups[0]);
        let names = page.tables.short_strategies(LABEL);
        let end = |s: usize| {
            let mut places = group.points.iter().filter_map(|at| self.place(s, *at));
            Some((s, places.next_back()?.1, names[s].clone()))
        };
        let ends: Vec<(usize, f64, String)> = page.strategies().filter_map(end).collect();
        self.picture(group, &page.labels(&ends, self.bottom()))
    }

    /// A picture of all strategies for each group.
    fn side_by_side(&self) -> Markup {
        let nothing = html! {};
        html! { div.grid.two { @for group in &self.page.grid.groups { div.panel {
            p.title { (group.label) }
            div.q { (self.picture(group, &nothing)) }
        } } } }
    }

    /// All strategies in one group, and what stands beside them.
    fn picture(&self, group: &Group, beside: &Markup) -> Markup {
        let (page, bottom) = (self.page, self.bottom());
        let (metric, key) = (words(self.metric), self.key);
        let label = format!("{metric} against {key} {}", group.label);
        html! { svg width="100%" height=(bottom + 52.0) role="img" aria-label=(label.trim_end()) {
            (self.ground())
            (some_ticks(page, (bottom + 16.0, bottom + 30.0), TICKS))
            (text("", (0.5, bottom + 46.0), "middle", &shorten(self.key, 44)))
            @for s in page.strategies() { (self.lines(s, group, "")) }
            @for s in page.strategies() { (self.marks(s, group)) }
            (beside)
        } }
    }

    /// Levels, the objective, the strip for what is unsteady.
    fn ground(&self) -> Markup {
        let up = &self.up;
        let slo = self.page.tables.slo(self.metric);
        let slo = slo.map(|slo| slo / self.scale.factor);
        html! {
            @if self.any_unsteady() {
                rect.ha x="0" y="0" width="100%" height=(STRIP - 4.0) {}
                text.lab x="4" y="11" { "unstable" }
            }
            g transform=(format!("translate(0 {STRIP})")) {
                (up.levels()) (line("ax", (0.0, up.height), (1.0, up.height)))
                @if let Some(slo) = slo.filter(|slo| up.axis.holds(*slo)) { (objective_line(up.y(slo), "SLO")) }
            }
        }
    }

    /// The curve of a strategy: neighbours that have values are joined, where there is something between them.
    fn lines(&self, strategy: usize, group: &Group, more: &str) -> Markup {
        let at = |at: &(usize, usize)| {
            let figure = self.page.figure(self.metric, at.0, strategy)?;
            self.place(strategy, *at)
                .filter(|_| figure.status != Status::Censored)
        };
        let joined: &[(usize, usize)] = match self.page.grid.is_numeric {
            true => &group.points,
            false => &[],
        };
        let runs = runs(joined.iter().map(at));
        stretched(
            self.bottom(),
            &html! { @for run in &runs { (self.page.curve(strategy, more, run)) } },
        )
    }

    /// The figures as marks with their intervals, and marks in the strip for what is unsteady.
    fn marks(&self, strategy: usize, group: &Group) -> Markup {
        let (page, tables) = (self.page, self.page.tables);
        html! { @for at in &group.points { @if let Some(figure) = page.figure(self.metric, at.0, strategy) {
            @let said = format!("{}{}: {}", tables.strategy(strategy), tables.at(at.0), page.said(Some(figure), &self.scale));
            @match self.place(strategy, *at) {
                Some(place) => (page.mark_with(strategy, place, figure.interval().map(|(low, high)| (self.y(low), self.y(high))), &said)),
                None => @if figure.status == Status::Unstable { (page.mark(strategy, (aside(page, strategy, page.grid.x(at.1)), 7.0), &said)) },
            }
        } } }
    }

    /// A panel a strategy, all on the same axes, the baseline in grey.
    fn panels(&self, never: &[usize]) -> Markup {
        let ranked = self.page.ranked(self.metric).into_iter();
        html! { div.grid { @for strategy in ranked.filter(|s| !never.contains(s)) { div.panel data-s=(strategy) {
            p.title { (self.page.name(strategy)) }
            div.q { (self.panel(strategy)) }
        } } } }
    }

    /// A strategy with the baseline in grey behind it; lines of further groups are dashed or dotted.
    fn panel(&self, strategy: usize) -> Markup {
        const MORE: [&str; 3] = ["", "d", "t"];
        let (page, bottom) = (self.page, self.bottom());
        let name = page.tables.strategy(strategy);
        let label = format!("{} of {name} against {}", words(self.metric), self.key);
        let groups = &page.grid.groups;
        html! { svg width="100%" height=(bottom + 46.0) role="img" aria-label=(label) {
            (self.ground())
            (some_ticks(page, (bottom + 15.0, bottom + 28.0), 4))
            (text("", (0.5, bottom + 43.0), "middle", &shorten(self.key, 26)))
            @for (group, more) in groups.iter().zip(MORE.iter().cycle()) {
                @if strategy != page.baseline() { g.grey { (self.lines(page.baseline(), group, more)) } }
                (self.lines(strategy, group, more))
            }
            @for group in groups { (self.marks(strategy, group)) }
        } }
    }
}

/// Marks that stand side by side, about their place; those of words have the room between them.
fn aside(page: &Page, strategy: usize, x: f64) -> f64 {
    let many = page.strategies().len() as f64;
    let room = match page.grid.is_numeric {
        true => 0.06,
        false => 0.6 / page.grid.values.len() as f64,
    };
    x + (strategy as f64 - (many - 1.0) / 2.0) * (room / many)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::lookup::Lookup;
    use crate::report::says;
    use crate::results::sample::Sample;

    const LINE: &str = "<path class=\"l ";

    fn drawn(sample: &Sample) -> String {
        let results = sample.results();
        let tables = Lookup::new(&results);
        charts(&Page::new(&tables), &results.meta.decide_on[0]).into_string()
    }

    #[test]
    fn a_line_joins_numbers_and_no_words() {
        says(&drawn(&Sample::loads(&[0.5, 0.7, 0.9], 3)), &[LINE]);
        let words = drawn(&Sample::words(&["fresh", "periodic", "probe"], 3));
        assert!(!words.contains(LINE), "{words}");
        says(&words, &["no line joins words"]);
    }

    /// Values of one key that go with those of another part nothing: one curve, and what is said is of all.
    #[test]
    fn keys_that_go_together_are_one_curve() {
        let drawn = drawn(&Sample::together(2));
        says(&drawn, &[LINE, "nodes.a.count and workload.load"]);
    }

    /// Words beside a second key: a picture for each of its values, with all strategies in it.
    #[test]
    fn words_have_a_picture_for_each_value_of_another_key() {
        let title = |load| format!("<p class=\"title\">workload.load {load}</p>");
        let drawn = drawn(&Sample::words_and_loads(2));
        says(&drawn, &[&title("0.5"), &title("0.8")]);
    }
}
