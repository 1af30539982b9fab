//! Where the difference between the best strategy and the baseline comes from, on the same jobs.
//!
//! Parts and classes are in the tables of every run. By size, by the state at arrival and job by job it is
//! told where jobs were recorded.

use maud::{Markup, html};

use super::{Page, code, depth};
use crate::metrics::columns::MetricRef;
use crate::metrics::figures::RegretRow;
use crate::metrics::jobs::PARTS;
use crate::report::lookup::Lookup;
use crate::report::moved_text::{
    CLAIM, Names, Table, left_out, part_rows, regret_table, scales, share, tables,
};
use crate::report::words::set;
use crate::results::{ClassMeta, Results};
use crate::stats::estimate::{Estimate, estimate};
use crate::text::{Scale, printable, thousands};

/// What is explained: a point, the baseline there and the best of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Index of the point.
    pub point: usize,
    /// Index of the baseline.
    pub baseline: usize,
    /// Index of the strategy that it is compared with.
    pub best: usize,
}

/// What the page of a run explains; none where there is no steady pair.
pub fn pair(results: &Results) -> Option<Pair> {
    let tables = Lookup::new(results);
    let page = Page::new(&tables);
    let (point, baseline) = (depth::telling(&page), tables.baseline());
    let metric: &MetricRef = results.meta.decide_on.first()?;
    let figure = |s: usize| page.figure(metric, point, s)?.mean;
    let is_lower = metric.metric.reads_lower_better();
    let sign = if is_lower { 1.0 } else { -1.0 };
    let is_other = |s: &usize| *s != baseline && page.is_steady(point, *s);
    let others = tables.strategies().filter(is_other);
    let sized = others.filter_map(|s| Some((sign * figure(s)?, s)));
    let (_, best) = sized.min_by(|a, b| a.0.total_cmp(&b.0))?;
    page.is_steady(point, baseline).then_some(Pair {
        point,
        baseline,
        best,
    })
}

/// The section; nothing where there is nothing to compare.
pub fn section(page: &Page) -> Markup {
    let Some(pair) = pair(page.tables.results) else {
        return html! {};
    };
    let [before, after] = [pair.baseline, pair.best].map(|s| page.tables.strategy(s));
    let classes = page.meta().classes.iter();
    let classes: Vec<String> = classes.map(|class| class.name.clone()).collect();
    let names = Names {
        after: &after,
        before: &before,
        classes: &classes,
    };
    let moved = page.recorded.and_then(|recorded| recorded.moved.as_ref());
    let found = match moved {
        Some(moved) => tables(moved, names),
        None => of_summary(page, pair, names),
    };
    if found.iter().all(|table| table.rows.is_empty()) {
        return html! {};
    }
    let stem = printable(&page.meta().stem);
    let command = format!("`equipoise why {stem}.toml {after} {before}`");
    html! { section #why {
        h2 { "Where does the difference come from?" }
        details {
            summary { (page.name(pair.best)) " against " (page.name(pair.baseline)) (page.tables.at(pair.point)) ", on the same jobs" }
            @for table in &found { (table_of(table)) }
            p.note { @match moved {
                Some(moved) => { @if let Some(alone) = left_out(moved) { (alone) ". " } (thousands(moved.all.jobs)) " jobs; " (CLAIM) "." }
                None => { "Means over all jobs; they do not say why. By size, by the state at arrival and job by job: " (code(&command)) ", or a run with " code { "--record jobs,tasks" } "." }
            } }
        }
    } }
}

/// The point whose decisions are told of.
pub fn point(results: &Results) -> usize {
    depth::telling(&Page::new(&Lookup::new(results)))
}

/// The regret of decisions by strategy, where it was recorded.
pub fn regret(page: &Page) -> Markup {
    let all = page.recorded.map_or(&[][..], |recorded| &recorded.regret);
    let is_told = |rows: &&Vec<RegretRow>| rows.iter().any(|row| row.decisions > 0);
    let rows = all.iter().enumerate().filter(|(_, rows)| is_told(rows));
    let sizes = |rows: &Vec<RegretRow>| {
        let found = [
            over(rows, |row| row.regret_mean),
            over(rows, |row| row.regret_p99),
        ];
        found.map(|found| found.map_or(0.0, |found| found.mean))
    };
    let units = scales(rows.clone().map(|(_, rows)| sizes(rows)));
    let rows = rows.map(|(s, rows)| regret_row(page.tables.strategy(s), rows, &units));
    let rows: Vec<[String; 5]> = rows.collect();
    if rows.is_empty() {
        return html! {};
    }
    let table = regret_table(rows.into_iter());
    html! { section #regret {
        h2 { "How much longer did tasks wait than they had to?" }
        details {
            summary { "The regret of decisions" (page.tables.at(depth::telling(page))) }
            (table_of(&table))
            p.note { "By the true state, whatever a dispatcher saw of it; means over replications, with 95 % intervals. None: decisions for a node where the task waits least. All of it is in " (code("`regret.csv`")) "." }
        }
    } }
}

/// The mean over replications, with its interval.
fn over(rows: &[RegretRow], of: fn(&RegretRow) -> f64) -> Option<Estimate> {
    let values: Vec<f64> = rows.iter().map(of).collect();
    estimate(&values, 0.95)
}

/// One strategy's, with the units of mean and p99.
fn regret_row(name: String, rows: &[RegretRow], units: &[Scale; 2]) -> [String; 5] {
    let time = |of: fn(&RegretRow) -> f64, unit: &Scale| {
        let found = over(rows, of);
        let interval = found.as_ref().and_then(|f| f.low.zip(f.high));
        unit.with_interval(found.map_or(0.0, |found| found.mean), interval)
    };
    let none = over(rows, |row| row.none_share);
    [
        name,
        thousands(rows.iter().map(|row| row.decisions).sum()),
        time(|row| row.regret_mean, &units[0]),
        time(|row| row.regret_p99, &units[1]),
        share(none.map_or(0.0, |found| found.mean)),
    ]
}

/// What the tables of every run tell: parts of the mean response time, and classes.
fn of_summary<'a>(page: &'a Page, pair: Pair, names: Names<'_>) -> Vec<Table> {
    let both = |part: &str, metric: &str| {
        let mean = |s| page.tables.mean(pair.point, s, part, metric);
        mean(pair.baseline).zip(mean(pair.best))
    };
    let Some(all) = both("all", "response_mean") else {
        return Vec::new();
    };
    let scale = Scale::time([all.0, all.1]);
    let row = |name, part: &str, metric: &str| {
        both(part, metric).map(|(before, after)| (name, before, after))
    };
    let part = |part: &&'static str| row(*part, "all", &format!("blame_{part}_mean"));
    let total = ("response time", all.0, all.1);
    let parts = [total].into_iter().chain(PARTS.iter().filter_map(part));
    let mut found = vec![part_rows(parts, names, &scale)];
    let classes = &page.meta().classes;
    if classes.len() > 1 {
        let class = |class: &'a ClassMeta| row(&*class.name, &class.name, "response_mean");
        let mut table = part_rows(classes.iter().filter_map(class), names, &scale);
        table.head[0] = "by class".to_owned();
        found.push(table);
    }
    found
}

/// A table, which may be scrolled sideways on a phone.
fn table_of(table: &Table) -> Markup {
    let title = match table.head[0].as_str() {
        "" => "all jobs",
        title => title,
    };
    html! { div.scroll tabindex="0" role="region" aria-label=(title) { table.all {
        thead { tr { @for name in &table.head { th scope="col" { (set(name)) } } } }
        tbody { @for row in &table.rows { tr {
            th scope="row" { (row[0]) }
            @for cell in &row[1..] { td { (set(cell)) } }
        } } }
    } } }
}
