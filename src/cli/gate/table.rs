//! The result on a terminal.
//!
//! Failures first and alone, since a green figure needs no reading; `--all` shows every figure.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{self, HEADER, Next};
use crate::gate::Finding;
use crate::gate::verdicts::{FigureVerdict, GateVerdicts, ScenarioVerdicts, StrategyVerdicts};
use crate::text::{aligned, apart, folded};

/// Longest name of a metric in the table.
const NAME: usize = 24;

/// Headline, failures and gains (`all`: every figure), and what to do next.
pub fn table(outcome: &GateVerdicts, next: &Next, all: bool, color: bool) -> String {
    let rows = outcome.rows().filter(|(.., row)| all || row.is_news());
    let rows: Vec<_> = rows.collect();
    let lines = grid(&rows, color);
    let mut prose = text::remarks(outcome);
    if !rows.is_empty() {
        prose.extend(text::footer(outcome));
    }
    let prose = prose.iter().map(|line| folded(line.trim_end()));
    let lines = lines
        .into_iter()
        .map(|line| format!("{}\n", line.trim_end()));
    // Commands are not broken into lines: they are to be copied.
    let next = text::next(next).into_iter().map(|line| format!("{line}\n"));
    let headline = folded(&text::headline(outcome));
    let all = std::iter::once(headline).chain(lines);
    all.chain(prose).chain(next).collect()
}

/// A row a figure, below the scenario and the strategy that it is of.
fn grid(
    rows: &[(&ScenarioVerdicts, &StrategyVerdicts, &FigureVerdict)],
    color: bool,
) -> Vec<String> {
    let cells = rows
        .iter()
        .map(|(judged, cell, row)| text::cells(judged, cell, row));
    let cells: Vec<[String; 8]> = cells.collect();
    let mut table = aligned(&figures(&cells), &[1, 2]).into_iter();
    let mut lines: Vec<String> = table
        .next()
        .filter(|_| !rows.is_empty())
        .into_iter()
        .collect();
    let mut above = None;
    for (([scenario, strategy, ..], (.., row)), line) in cells.iter().zip(rows).zip(table) {
        if above.replace((scenario, strategy)) != Some((scenario, strategy)) {
            lines.push(format!("{scenario}: {strategy}"));
        }
        let word = Some(row.judgement.finding).filter(|_| color);
        lines.push(colored(&line, word));
    }
    lines
}

/// The head and the figures, the metrics' names indented and cut where that leaves them apart.
fn figures(cells: &[[String; 8]]) -> Vec<Vec<String>> {
    let names: BTreeSet<&String> = cells.iter().map(|cells| &cells[2]).collect();
    let names: Vec<&String> = names.into_iter().collect();
    let short: BTreeMap<_, _> = names.iter().zip(apart(&names, NAME)).collect();
    let row = |cells: &[String; 8]| {
        let mut row = cells[2..].to_vec();
        row[0] = short
            .get(&&cells[2])
            .map_or(String::new(), |name| format!("  {name}"));
        row
    };
    let head = row(&HEADER.map(str::to_owned));
    std::iter::once(head).chain(cells.iter().map(row)).collect()
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
