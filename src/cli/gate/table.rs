//! The result on a terminal.
//!
//! Failures first and alone, since a green figure needs no reading; `--all` shows every figure.

use super::text::{self, HEADER, Next};
use crate::gate::Finding;
use crate::gate::verdicts::{FigureVerdict, GateVerdicts, ScenarioVerdicts, StrategyVerdicts};
use crate::text::{LINE, aligned, apart, paragraph, width};

/// Longest name of a scenario, a strategy or a metric in the table.
const NAME: usize = 24;

/// Headline, failures and gains (`all`: every figure), and what to do next.
pub fn table(outcome: &GateVerdicts, next: &Next, all: bool, color: bool) -> String {
    let rows = outcome.rows().filter(|(.., row)| all || row.is_news());
    let rows: Vec<_> = rows.collect();
    let mut lines = vec![text::headline(outcome)];
    lines.extend(grid(&rows, color));
    let mut prose = text::remarks(outcome);
    if !rows.is_empty() {
        prose.extend(text::footer(outcome));
    }
    let prose = prose.iter().map(|line| folded(line));
    let lines = lines
        .into_iter()
        .map(|line| format!("{}\n", line.trim_end()));
    // Commands are not broken into lines: they are to be copied.
    let next = text::next(next).into_iter().map(|line| format!("{line}\n"));
    lines.chain(prose).chain(next).collect()
}

/// A line of prose, folded; what was indented stays as it was laid out, if it is not too wide.
fn folded(line: &str) -> String {
    let is_narrow = width(line) <= LINE;
    match line.starts_with(' ') {
        true if is_narrow => format!("{}\n", line.trim_end()),
        true => paragraph(line, "  "),
        false => paragraph(line, ""),
    }
}

fn grid(
    rows: &[(&ScenarioVerdicts, &StrategyVerdicts, &FigureVerdict)],
    color: bool,
) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let mut table = vec![HEADER.map(str::to_owned)];
    for (judged, cell, row) in rows {
        table.push(text::cells(judged, cell, row));
    }
    for column in 0..3 {
        cut_where_alike(&mut table, column);
    }
    let lines = aligned(&table, &[3, 4]);
    let words = rows.iter().map(|(_, _, row)| row.judgement.finding);
    let words = [None]
        .into_iter()
        .chain(words.map(|word| Some(word).filter(|_| color)));
    lines
        .iter()
        .zip(words)
        .map(|(line, word)| colored(line, word))
        .collect()
}

/// Cuts the names in a column where that leaves them apart.
fn cut_where_alike<const N: usize>(table: &mut [[String; N]], column: usize) {
    let names: std::collections::BTreeSet<String> =
        table[1..].iter().map(|row| row[column].clone()).collect();
    let names: Vec<String> = names.into_iter().collect();
    let short = apart(&names, NAME);
    for row in &mut table[1..] {
        if let Ok(at) = names.binary_search(&row[column]) {
            row[column].clone_from(&short[at]);
        }
    }
}

/// `line` with its last word, the verdict, in a colour.
fn colored(line: &str, word: Option<Finding>) -> String {
    let code = match word {
        Some(Finding::Better) => "32",
        Some(Finding::Worse) => "31",
        Some(word) if word.fails() => "33",
        _ => return line.to_owned(),
    };
    let word = word.map_or("", Finding::text);
    let before = line.trim_end_matches(word);
    format!("{before}\u{1b}[{code}m{word}\u{1b}[0m")
}
