//! `report.html`: the whole answer on one page that needs nothing else.
//!
//! The page is mailed, archived and opened years later, so everything is in the one file: plots as
//! inline SVG, the style sheet, no script, no font and no address outside (a content policy forbids
//! them). Its order is that of a reader's questions: what was found, how sure that is, what was
//! compared, and only then the figures behind it, folded so that the first screen stays an answer.
//!
//! Names come from scenario files of strangers: all text goes through `maud`'s escaping and
//! `printable`, and tests plant markup in every name.

use super::scales::scale;
use crate::metrics::columns::{MetricRef, Part};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::cells::{change, summary_cell};
use super::lookup::{Lookup, chosen_points};
use super::plot::{Plot, Topic};
use super::verdict_text::{best, extent, headline, marks, reason, verdict_cell, word};
use crate::results::{ComparisonRow, Verdict};
use crate::text::{plain_percent, printable};

const CSS: &str = include_str!("assets/page.css");
/// No script, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
/// Cells of the folded tables at most, so that a page stays below some megabytes.
const MOST_CELLS: usize = 25_000;
/// With more points than this, points are a matrix's rows.
const WIDE: usize = 8;

/// The page, from the tables and the plots with their SVG.
pub fn page(tables: &Lookup, plots: &[(Plot, String)]) -> String {
    let meta = tables.meta();
    let title = printable(&meta.title);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "equipoise " (meta.version) };
                title { (title) }
                style { (PreEscaped(CSS)) }
            }
            body {
                header { h1 { (title) } p.lede { (extent(tables)) } }
                main {
                    (first_screen(tables, plots))
                    (contents(plots))
                    @for topic in SECTIONS { (section(tables, topic, plots)) }
                    (super::theory_table::section(tables))
                    (rest(tables))
                }
                (provenance(tables))
            }
        }
    }
    .into_string()
}

const SECTIONS: [Topic; 6] = [
    Topic::Differences,
    Topic::Ccdf,
    Topic::Blame,
    Topic::Cost,
    Topic::Utilization,
    Topic::Imbalance,
];

/// The heading of a section, its anchor and what to know when reading it.
fn about(topic: Topic) -> (&'static str, &'static str, &'static str) {
    match topic {
        Topic::Deciding => ("Deciding metrics", "deciding", ""),
        Topic::Differences => (
            "Paired differences",
            "differences",
            "Each strategy against the baseline on the same jobs. An interval outside the shaded margin and on one side of 0 is better or worse; inside the margin, equivalent.",
        ),
        Topic::Ccdf => (
            "Response times",
            "response",
            "How many jobs take longer than a time; both scales are logarithmic. Curves end where fewer than 10 jobs are left.",
        ),
        Topic::Blame => (
            "Where the time goes",
            "blame",
            "Each job's response time split along its critical chain, for all jobs and for the slowest 1 %.",
        ),
        Topic::Cost => (
            "What it costs",
            "cost",
            "Messages per task, and slot-time of attempts that no completed job used, against the 99th percentile of the response time.",
        ),
        Topic::Utilization => (
            "Utilization of nodes",
            "utilization",
            "Nodes sorted by falling utilization: a flat line is an even use.",
        ),
        Topic::Imbalance => (
            "Imbalance over time",
            "imbalance",
            "Coefficient of variation of the node loads, and the jobs in the system.",
        ),
    }
}

fn first_screen(tables: &Lookup, plots: &[(Plot, String)]) -> Markup {
    let meta = tables.meta();
    html! {
        ul.answer {
            @for sentence in best(tables) { li { (with_code(&sentence)) "." } }
            @for metric in &meta.decide_on { li { (with_code(&headline(tables, metric))) "." } }
        }
        @let marks = marks(tables);
        @if !meta.warnings.is_empty() || !marks.is_empty() {
            div.warnings role="note" {
                strong { "Warnings" }
                ul {
                    @for warning in &meta.warnings { li { (printable(warning)) } }
                    @for mark in &marks { li { (with_code(mark)) } }
                }
            }
        }
        div.matrices { @for metric in &meta.decide_on { (verdicts(tables, metric)) } }
        @for (plot, svg) in plots.iter().filter(|(plot, _)| plot.topic == Topic::Deciding) { (figure(plot, svg)) }
        @if !meta.differ_in.is_empty() { p { strong { "Strategies differ in: " } (printable(&meta.differ_in.join(", "))) "." } }
        @if !meta.same_for_all.is_empty() {
            p { strong { "The same for all, or assumed: " } (printable(&meta.same_for_all.join("; "))) "." }
        }
        (margins(tables))
        @for note in &meta.notes { p.small { (printable(note)) } }
        p { strong { "To repeat this run:" } }
        pre { code { (printable(&meta.command)) } }
    }
}

fn margins(tables: &Lookup) -> Markup {
    let meta = tables.meta();
    let level = plain_percent(meta.confidence);
    html! {
        @if meta.family > 0 {
            p.small {
                "Margin " (plain_percent(meta.margin)) ". Intervals of differences hold with " (level) " for all "
                (meta.family) " comparisons together, paired on equal jobs. Intervals of single values are 95 % over "
                (meta.replications_text()) " replications."
            }
        } @else {
            p.small { "Intervals are 95 % over " (meta.replications_text()) " replications." }
        }
    }
}

/// `text` with what stands between backquotes as code.
fn with_code(text: &str) -> Markup {
    html! {
        @for (k, part) in text.split('`').enumerate() {
            @if k % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// The matrix of verdicts on `metric`: the longer side runs downwards.
fn verdicts(tables: &Lookup, metric: &MetricRef) -> Markup {
    let baseline = tables.baseline();
    let others: Vec<usize> = tables.strategies().filter(|s| *s != baseline).collect();
    if others.is_empty() || tables.results.comparisons.is_empty() {
        return html! {};
    }
    let metric_name = printable(&metric.to_string());
    let title = format!("{metric_name} against {}", tables.strategy(baseline));
    let head = |point| match tables.point_label(point) {
        label if label.is_empty() => "verdict".to_string(),
        label => label,
    };
    let points: Vec<(usize, String)> = (0..tables.points()).map(|p| (p, head(p))).collect();
    let others = others.into_iter().map(|s| (s, tables.strategy(s)));
    let others: Vec<(usize, String)> = others.collect();
    let is_long = points.len() > WIDE;
    let (corner, down, across) = match is_long {
        true => ("point", points, others),
        false => ("strategy", others, points),
    };
    let cell = |row: usize, column: usize| {
        let (point, strategy) = if is_long {
            (row, column)
        } else {
            (column, row)
        };
        let row = tables.comparison(point, strategy, metric);
        html! { td class=[row.map(|row| class(row.verdict))] { (verdict_cell(row)) } }
    };
    html! {
        div.scroll {
            table {
                caption { (title) }
                thead { tr { th { (corner) } @for (_, name) in &across { th scope="col" { (name) } } } }
                tbody { @for (row, name) in &down { tr {
                    th scope="row" { (name) }
                    @for (column, _) in &across { (cell(*row, *column)) }
                } } }
            }
        }
    }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::NotComparable => "not-comparable",
        Verdict::Unstable => "unstable",
        Verdict::Stable => "better",
        Verdict::Equivalent | Verdict::Inconclusive | Verdict::NotAvailable => "open",
    }
}

fn figure(plot: &Plot, svg: &str) -> Markup {
    html! { figure role="img" aria-label=(plot.caption) { (PreEscaped(svg)) } }
}

fn contents(plots: &[(Plot, String)]) -> Markup {
    let shown = |topic: &Topic| plots.iter().any(|(plot, _)| plot.topic == *topic);
    html! {
        nav aria-label="Contents" {
            @for topic in SECTIONS.iter().filter(|t| shown(t)) {
                @let (title, anchor, _) = about(*topic);
                a href={ "#" (anchor) } { (title) }
            }
            a href="#theory" { "Theory beside simulation" }
            a href="#all" { "All figures" }
        }
    }
}

fn section(tables: &Lookup, topic: Topic, plots: &[(Plot, String)]) -> Markup {
    let mine = plots.iter().filter(|(plot, _)| plot.topic == topic);
    let mine: Vec<_> = mine.collect();
    let (title, anchor, words) = about(topic);
    if mine.is_empty() {
        return html! {};
    }
    html! {
        section id=(anchor) {
            h2 { (title) }
            p.small { (words) (picked(tables, topic)) }
            @for (plot, svg) in mine { (figure(plot, svg)) }
            @if topic == Topic::Differences { (comparisons(tables)) }
        }
    }
}

fn picked(tables: &Lookup, topic: Topic) -> String {
    let (shown, all) = (chosen_points(tables.points()).len(), tables.points());
    if shown == all || topic == Topic::Differences {
        return String::new();
    }
    format!(" {shown} of {all} points are shown; the tables beside this page hold all.")
}

/// All comparisons, folded.
fn comparisons(tables: &Lookup) -> Markup {
    const COLUMNS: [&str; 8] = [
        "metric", "point", "strategy", "mean", "baseline", "change", "verdict", "remark",
    ];
    let rows = &tables.results.comparisons;
    let shown = rows.len().min(MOST_CELLS / COLUMNS.len() / 2);
    html! {
        details {
            summary { "All " (rows.len()) " comparisons" }
            div.scroll { table {
                thead { tr { @for name in COLUMNS { th { (name) } } } }
                tbody { @for row in &rows[..shown] { (comparison(tables, row)) } }
            } }
            @if shown < rows.len() { p.small { (rows.len() - shown) " more are in comparisons.csv." } }
        }
    }
}

fn comparison(tables: &Lookup, row: &ComparisonRow) -> Markup {
    let scale = scale(
        &row.metric.metric,
        [row.mean, row.baseline_mean].into_iter().flatten(),
    );
    let value = |mean: Option<f64>| mean.map_or("n/a".into(), |mean| scale.value(mean));
    html! { tr {
        td { (printable(&row.metric.to_string())) }
        td { (tables.point_label(row.point)) }
        td { (tables.strategy(row.strategy)) }
        td { (value(row.mean)) }
        td { (value(row.baseline_mean)) }
        td { (change(row, &scale)) }
        td class=(class(row.verdict)) { (word(row.verdict)) }
        td.words { (with_code(&reason(tables, row))) }
    } }
}

/// All figures: a table a point and class, folded.
fn rest(tables: &Lookup) -> Markup {
    let cells = tables.results.all_cells();
    let small = cells.map(|(_, cell)| cell.figures.len()).sum::<usize>() <= MOST_CELLS;
    let points = if small {
        (0..tables.points()).collect()
    } else {
        chosen_points(tables.points())
    };
    let mut left = MOST_CELLS;
    html! {
        section id="all" {
            h2 { "All figures" }
            p.small { "Figures of all replications together ± half of their 95 % interval. summary.csv holds every digit"
                @if !small { " and every point" } "." }
            @for point in points {
                @let label = tables.point_label(point);
                details {
                    summary { @if label.is_empty() { "All metrics by class" } @else { (label) } }
                    @for (class, metrics) in classes(tables, point, &mut left) { (class_table(tables, point, class, &metrics)) }
                }
            }
        }
    }
}

/// Classes at a point in the tables' order with their metrics, as long as cells are left.
fn classes<'a>(
    tables: &Lookup<'a>,
    point: usize,
    left: &mut usize,
) -> Vec<(&'a Part, Vec<&'a MetricRef>)> {
    let cells = tables.results.cells.get(point).into_iter().flatten();
    let keys = cells.flat_map(|cell| cell.figures.iter().map(|figure| &figure.key));
    let keys: Vec<&MetricRef> = keys.collect();
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

fn class_table(tables: &Lookup, point: usize, part: &Part, metrics: &[&MetricRef]) -> Markup {
    html! {
        div.scroll { table {
            caption { (printable(&part.to_string())) }
            thead { tr { th { "metric" } @for s in tables.strategies() { th scope="col" { (tables.strategy(s)) } } } }
            tbody { @for metric in metrics {
                @let figures = tables.strategies().map(|s| tables.cell(point, s).get(metric));
                @let means = figures.clone().filter_map(|figure| figure?.mean);
                @let scale = scale(&metric.metric, means);
                tr {
                    th scope="row" { (printable(metric.name())) }
                    @for figure in figures { td { (summary_cell(figure, &scale)) } }
                }
            } }
        } }
    }
}

fn provenance(tables: &Lookup) -> Markup {
    let meta = tables.meta();
    html! {
        footer {
            details {
                summary { "What the strategies are" }
                ul { @for strategy in &meta.strategies { li {
                    code { (printable(&strategy.name)) } ": "
                    @for (k, (part, value)) in strategy.parts.iter().enumerate() {
                        @if k > 0 { "; " } (printable(part)) " = " (printable(value))
                    }
                } } }
            }
            p { "equipoise " (printable(&meta.version)) ", seed " (meta.seed) ", engine " (printable(&meta.engine))
                ", scenario " (printable(&meta.scenario_digest)) }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use crate::results::Results;
    use crate::results::sample::Sample;

    fn page(results: &Results) -> String {
        let files = crate::report::render(results, false).unwrap();
        String::from_utf8(
            files
                .into_iter()
                .find(|(name, _)| name == "report.html")
                .unwrap()
                .1,
        )
        .unwrap()
    }

    #[test]
    fn markup_in_names_stays_text() {
        let evil = "<script>alert('1')</script>\"&";
        let mut sample = Sample::words(&[evil, "b"], 3);
        sample.meta.title = evil.into();
        sample.meta.sweep = vec![evil.into()];
        for strategy in &mut sample.meta.strategies {
            strategy.name += evil;
            strategy.parts = vec![(evil.into(), evil.into())];
        }
        sample.meta.baseline = sample.meta.strategies[0].name.clone();
        sample.meta.classes[0].name = evil.into();
        sample.meta.decide_on = vec![format!("{evil}.response_p99").parse().unwrap()];
        for texts in [
            &mut sample.meta.warnings,
            &mut sample.meta.notes,
            &mut sample.meta.same_for_all,
        ] {
            *texts = vec![evil.into()];
        }
        (
            sample.meta.command,
            sample.meta.scenario_digest,
            sample.meta.engine,
        ) = (evil.into(), evil.into(), evil.into());
        let page = page(&sample.results());
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert"));
    }

    #[test]
    fn the_page_refers_to_nothing_outside() {
        let page = page(&Sample::loads(&[0.5, 0.8, 0.9], 5).results());
        assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
        for outside in ["src=", "@import", "url(", "<link", "<script", "<iframe"] {
            assert!(!page.contains(outside), "found {outside}");
        }
        let addresses = page.matches("http").count() - page.matches("http-equiv").count();
        assert_eq!(
            addresses,
            page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count()
        );
        assert!(page.matches("href=").count() == page.matches("href=\"#").count());
    }

    #[test]
    fn the_first_screen_answers() {
        let page = page(&Sample::loads(&[0.5, 0.8], 3).results());
        let said = "<code>least-loaded</code> is better than <code>random</code> on response_p99 at load 0.8: 7";
        assert!(page.contains(said));
        let found: Vec<_> = [
            said,
            "against random</caption>",
            "<figure",
            "Strategies differ in",
            "To repeat this run",
            "id=\"differences\"",
        ]
        .map(|part| page.find(part).expect(part))
        .into();
        assert!(found.is_sorted(), "{found:?}");
    }

    #[test]
    fn tables_are_well_formed() {
        for sample in [
            Sample::troubled(),
            Sample::loads(&[0.8], 1),
            Sample::words(&["a", "b"], 12),
        ] {
            let page = page(&sample.results());
            for tag in [
                "table", "tr", "td", "details", "section", "figure", "svg", "ul",
            ] {
                let (open, close) = (
                    page.matches(&format!("<{tag}")).count(),
                    page.matches(&format!("</{tag}>")).count(),
                );
                let open = if tag == "tr" {
                    page.matches("<tr>").count()
                } else {
                    open
                };
                assert_eq!(open, close, "{tag}");
            }
        }
    }

    #[test]
    fn a_large_run_stays_below_five_megabytes() {
        let loads: Vec<f64> = (1..=120).map(|k| 0.008 * f64::from(k)).collect();
        let page = page(&Sample::loads(&loads, 12).results());
        assert!(page.len() < 5_000_000, "{} bytes", page.len());
    }
}
