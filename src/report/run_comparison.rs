//! Two runs compared, for people and for programs.
//!
//! Strategies of one run are compared side by side on the other pages; here each strategy is
//! compared with *itself* in another run, as after a change of the program or of the scenario. The
//! words are the same, so that "better" means the same everywhere; the table says whether the pairs
//! were on equal jobs.

use super::scales::scale;
use serde_json::{Value, json};

use super::cells::change;
use super::lookup::Lookup;
use super::verdict_text::word;
use crate::experiment::run_comparison::RunComparison;
use crate::results::comparison as comparison_json;
use crate::results::{ComparisonRow, Results};
use crate::text::{Scale, aligned, folded, plain_percent, plural, printable, thousands};

/// A strategy's name is shortened beyond this.
const NAME: usize = 20;

/// Titles of [`row_cells`]; the first is the metric's name.
const HEADER: [&str; 5] = ["", "A", "B", "change from A to B", "verdict on B"];

/// The table of `comparison`, whose first run has the tables `a`; `names` are what the two are called.
pub fn text(a: &Results, comparison: &RunComparison, names: [&str; 2]) -> String {
    let tables = Lookup::new(a);
    let mut lines = vec![
        printable(&a.meta.title),
        format!("A: {}", names[0]),
        format!("B: {}", names[1]),
    ];
    for point in 0..tables.points() {
        let label = (tables.points() > 1).then(|| tables.point_label(point));
        lines.extend(label.into_iter().flat_map(|label| [String::new(), label]));
        let rows = comparison.rows.iter().filter(|row| row.point == point);
        let rows: Vec<&ComparisonRow> = rows.collect();
        let of_metrics = rows.chunk_by(|one, other| one.metric == other.metric);
        for rows in of_metrics {
            lines.push(String::new());
            lines.extend(table(&tables.short_strategies(NAME), rows));
        }
    }
    lines.push(String::new());
    lines.push(terms(a, comparison));
    lines.extend(remarks(comparison));
    lines.iter().map(|line| folded(line)).collect()
}

/// One metric at one point: a row a strategy.
fn table(names: &[String], rows: &[&ComparisonRow]) -> Vec<String> {
    let mut head = HEADER.map(str::to_owned).to_vec();
    let first = rows.first();
    head[0] = first.map_or(String::new(), |row| row.metric.to_string());
    let scale = unit(rows);
    let rows = rows.iter().map(|row| row_cells(names, row, &scale));
    let cells: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    aligned(&cells, &[1, 2])
}

/// What a reader has to know beside the figures.
fn remarks(comparison: &RunComparison) -> Vec<String> {
    let mut rows = comparison.rows.iter();
    let mut lines = Vec::new();
    if rows.any(|row| row.replications_needed.is_some()) {
        lines.push("needs ~N: so many replications may settle it".to_owned());
    }
    if comparison.is_partial {
        lines.push("warning: one of the two was interrupted".to_owned());
    }
    if !comparison.alone.is_empty() {
        let alone = comparison.alone.join(", ");
        lines.push(format!("only in one of the two, left out: {alone}"));
    }
    lines
}

/// The unit of all figures of a metric.
fn unit(rows: &[&ComparisonRow]) -> Scale {
    let means = rows.iter().flat_map(|row| [row.baseline_mean, row.mean]);
    let metric = rows.first().map(|row| &row.metric.metric);
    metric.map_or(Scale::plain(""), |metric| scale(metric, means.flatten()))
}

/// A comparison as cells: both figures, change, verdict, and what may settle it.
fn row_cells(names: &[String], row: &ComparisonRow, scale: &Scale) -> Vec<String> {
    let mean = |mean: Option<f64>| mean.map_or("-".to_owned(), |mean| scale.value(mean));
    let needed = row.replications_needed;
    let more = needed.map_or(String::new(), |n| format!(", needs ~{}", thousands(n)));
    vec![
        names.get(row.strategy).cloned().unwrap_or_default(),
        mean(row.baseline_mean),
        mean(row.mean),
        change(row, scale),
        format!("{}{more}", word(row.verdict)),
    ]
}

/// How the comparison was made: margin, pairs and the level of the intervals.
fn terms(a: &Results, comparison: &RunComparison) -> String {
    let counts = || comparison.rows.iter().map(|row| row.replications);
    let (fewest, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let count = match fewest == most {
        true => plural(most as usize, "replication", "replications"),
        false => format!("{fewest} to {most} replications"),
    };
    let how = match comparison.is_paired {
        true => format!("{count} paired on equal jobs"),
        false => format!("{count}, unpaired (Welch)"),
    };
    format!(
        "margin {}; {how}; {} intervals for all {} together",
        plain_percent(a.meta.margin),
        plain_percent(a.meta.confidence),
        plural(comparison.rows.len(), "comparison", "comparisons"),
    )
}

/// The same for programs.
pub fn json(a: &Results, comparison: &RunComparison, names: [&str; 2]) -> Value {
    let rows = comparison.rows.iter();
    let rows: Vec<Value> = rows.map(|row| comparison_json(&a.meta, row)).collect();
    json!({
        "a": names[0],
        "b": names[1],
        "paired": comparison.is_paired,
        "margin": a.meta.margin,
        "confidence": a.meta.confidence,
        "only_in_one": comparison.alone,
        "comparisons": rows,
    })
}
