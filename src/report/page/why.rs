//! Where the difference between the best strategy and the baseline comes from, on the same jobs.
//!
//! Parts and classes are in the tables of every run. By size, by the state at arrival and job by job it is
//! told where jobs were recorded.

use maud::{Markup, html};

use super::words::set;
use super::{Page, code, depth};
use crate::experiment::regret::RegretRow;
use crate::metrics::columns::MetricRef;
use crate::metrics::jobs::PARTS;
use crate::report::lookup::Lookup;
use crate::report::moved_text::{CLAIM, Names, Table, left_out, part_rows, share, tables};
use crate::results::Results;
use crate::stats::estimate::estimate;
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
    let sign = if metric.metric.lower_is_better() {
        1.0
    } else {
        -1.0
    };
    let others = tables
        .strategies()
        .filter(|s| *s != baseline && page.is_steady(point, *s));
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
    let classes: Vec<String> = page
        .tables
        .meta()
        .classes
        .iter()
        .map(|c| c.name.clone())
        .collect();
    let names = Names {
        after: &after,
        before: &before,
        classes: &classes,
    };
    let moved = page.recorded.and_then(|recorded| recorded.moved.as_ref());
    let found = match moved {
        Some(moved) => tables(moved, names),
        None => of_summary(page, pair),
    };
    if found.iter().all(|table| table.rows.is_empty()) {
        return html! {};
    }
    let stem = printable(&page.tables.meta().stem);
    let command = format!("`equipoise why {stem}.toml {after} {before}`");
    html! { section #why {
        h2 { "Where does the difference come from?" }
        details {
            summary { (page.name(pair.best)) " against " (page.name(pair.baseline)) (page.tables.at(pair.point)) ", on the same jobs" }
            @for table in &found { (table_of(table)) }
            p.note { "Before: under " (before) "; after: under " (after) ". " @match moved {
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
    let rows: Vec<[String; 5]> = all
        .iter()
        .enumerate()
        .filter(|(_, rows)| rows.iter().any(|row| row.decisions > 0))
        .map(|(strategy, rows)| regret_row(page.tables.strategy(strategy), rows))
        .collect();
    if rows.is_empty() {
        return html! {};
    }
    let title = "wait at the node taken - the least at any eligible node";
    let table = Table::new(
        [title, "decisions", "mean", "p99", "none"],
        rows.into_iter(),
    );
    html! { section #regret {
        h2 { "How much longer did tasks wait than they had to?" }
        details {
            summary { "The regret of decisions" (page.tables.at(depth::telling(page))) }
            (table_of(&table))
            p.note { "By the true state, whatever a dispatcher saw of it; means over replications, with 95 % intervals. None: decisions for a node where the task waits least. All of it is in " (code("`regret.csv`")) "." }
        }
    } }
}

/// One strategy's, over its replications.
fn regret_row(name: String, rows: &[RegretRow]) -> [String; 5] {
    let over = |of: fn(&RegretRow) -> f64| {
        let values: Vec<f64> = rows.iter().map(of).collect();
        let found = estimate(&values, 0.95);
        let half = found.and_then(|found| Some(found.high? - found.mean));
        (found.map_or(0.0, |found| found.mean), half)
    };
    let time = |of: fn(&RegretRow) -> f64| {
        let (mean, half) = over(of);
        let said = |seconds: f64| Scale::time([seconds]).value(seconds);
        let half = half.map_or(String::new(), |half| format!(" ± {}", said(half)));
        format!("{}{half}", said(mean))
    };
    [
        name,
        thousands(rows.iter().map(|row| row.decisions).sum()),
        time(|row| row.regret_mean),
        time(|row| row.regret_p99),
        share(over(|row| row.none_share).0),
    ]
}

/// What the tables of every run tell: parts of the mean response time, and classes.
fn of_summary(page: &Page, pair: Pair) -> Vec<Table> {
    let mean = |strategy: usize, part: &str, metric: &str| {
        let cell = page.tables.cell(pair.point, strategy);
        cell.find(part, metric).and_then(|figure| figure.mean)
    };
    let both = |part: &str, metric: &str| {
        let sides = [pair.baseline, pair.best].map(|s| mean(s, part, metric));
        sides[0].zip(sides[1])
    };
    let Some(all) = both("all", "response_mean") else {
        return Vec::new();
    };
    let scale = Scale::time([all.0, all.1]);
    let row = |name: &'static str, part: &str, metric: &str| {
        both(part, metric).map(|(before, after)| (name, before, after))
    };
    let parts = PARTS
        .iter()
        .filter_map(|part| row(part, "all", &format!("blame_{part}_mean")));
    let total = std::iter::once(("response time", all.0, all.1));
    let mut found = vec![part_rows(total.chain(parts), &scale)];
    let classes = &page.tables.meta().classes;
    let of_class = classes.iter().filter_map(|class| {
        let (before, after) = both(&class.name, "response_mean")?;
        Some((class.name.as_str(), before, after))
    });
    if classes.len() > 1 {
        let mut table = part_rows(of_class, &scale);
        table.head[0] = "by class".to_owned();
        found.push(table);
    }
    found
}

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
