//! The comparison as Markdown, for a pull request: a table a deciding metric.
//!
//! Hosts of pull requests show tables and lists, and neither colour nor pictures that are not uploaded: so a
//! verdict is a word, and names are escaped, since a strategy called `a|b` would open another cell.

use super::advice::advice;
use super::cells::{change, summary_cell};
use super::lookup::Lookup;
use super::verdict_text::{best, extent, marks, verdict_cell, word};
use crate::metrics::columns::MetricRef;
use crate::results::Results;
use crate::text::{plain_percent, printable};

/// The whole answer of a run.
pub fn comparison(results: &Results) -> String {
    let tables = Lookup::new(results);
    let meta = tables.meta();
    let mut lines = vec![
        format!("### {}", plain(&meta.title)),
        String::new(),
        plain(&extent(&tables)),
        String::new(),
    ];
    let metrics = meta.decide_on.iter();
    match tables.points() {
        1 => lines.extend(metrics.flat_map(|metric| point(&tables, metric))),
        _ => lines.extend(metrics.flat_map(|metric| sweep(&tables, metric))),
    }
    if tables.points() == 1 {
        lines.extend(best(&tables).iter().map(|text| format!("- {text}")));
    }
    let warnings = meta.warnings.iter();
    let warnings = warnings.map(|text| format!("warning: {}", plain(text)));
    let marks = marks(&tables).into_iter();
    let remarks = marks.chain(advice(&tables)).chain(warnings);
    lines.extend(remarks.map(|text| format!("- {text}")));
    if let Some(intervals) = tables.intervals() {
        let margin = plain_percent(meta.margin);
        let read = format!("- margin {margin}; {intervals}, paired on equal jobs");
        lines.push(read);
    }
    let command = printable(&meta.command).replace('`', "'");
    lines.extend([String::new(), format!("`{command}`")]);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Text that opens no table cell, link or tag.
fn plain(text: &str) -> String {
    let escaped = |c: char| match c {
        '|' | '<' | '*' | '_' | '[' | '`' | '\\' => format!("\\{c}"),
        c => c.to_string(),
    };
    printable(text).chars().map(escaped).collect()
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn table(head: &[String], rows: Vec<Vec<String>>) -> Vec<String> {
    let rule = vec!["---".to_owned(); head.len()];
    let mut lines = vec![row(head), row(&rule)];
    lines.extend(rows.iter().map(|cells| row(cells)));
    lines.push(String::new());
    lines
}

/// A table of one point: value, change and verdict of each strategy.
fn point(tables: &Lookup, metric: &MetricRef) -> Vec<String> {
    let scale = tables.scale(metric, 0..1);
    let baseline = plain(&tables.strategy(tables.baseline()));
    let head = [
        "strategy".to_owned(),
        plain(&metric.to_string()),
        format!("change against {baseline}"),
        "verdict".to_owned(),
    ];
    let cells = |s: usize| {
        let row = tables.comparison(0, s, metric);
        let change = row.map_or(String::new(), |row| change(row, &scale).replace('[', "\\["));
        let verdict = row.map_or("baseline", |row| word(row.verdict));
        vec![
            plain(&tables.strategy(s)),
            summary_cell(tables.cell(0, s).get(metric), &scale),
            change,
            verdict.to_owned(),
        ]
    };
    table(&head, tables.strategies().map(cells).collect())
}

/// A row a point, a column a strategy.
fn sweep(tables: &Lookup, metric: &MetricRef) -> Vec<String> {
    let points = || 0..tables.points();
    let scale = tables.scale(metric, points());
    let names = tables.strategies().map(|s| plain(&tables.strategy(s)));
    let head = std::iter::once(plain(&metric.to_string()));
    let head: Vec<String> = head.chain(names).collect();
    let cell = |point: usize, s: usize| {
        let value = summary_cell(tables.cell(point, s).get(metric), &scale);
        match tables.comparison(point, s, metric) {
            Some(row) => format!("{value}, {}", verdict_cell(Some(row))),
            None => value,
        }
    };
    let rows = points().map(|point| {
        let cells = tables.strategies().map(|s| cell(point, s));
        let label = plain(&tables.point_label(point));
        [label].into_iter().chain(cells).collect()
    });
    table(&head, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::says;
    use crate::results::sample::Sample;

    #[test]
    fn tables_are_whole_and_names_are_escaped() {
        for loads in [&[0.8][..], &[0.5, 0.7, 0.9]] {
            let mut sample = Sample::loads(loads, 3);
            sample.meta.strategies[1].name = "a|b<c>".into();
            let text = comparison(&sample.results());
            let pipes = |line: &str| line.replace("\\|", "").matches('|').count();
            let rows = text.lines().filter(|line| line.starts_with('|'));
            let rows: Vec<usize> = rows.map(pipes).collect();
            let is_even = rows.windows(2).all(|pair| pair[0] == pair[1]);
            assert!(rows.len() >= 2 * 5 && is_even, "{text}");
            says(&text, &["a\\|b\\<c>", " better"]);
        }
    }
}
