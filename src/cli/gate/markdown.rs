//! The result as Markdown, for a summary of a job or a comment on a change.
//!
//! What fails stands open, every other figure is in a fold: the page is read beside a change, by
//! people who want to know whether to look further.

use super::text::{self, HEADER, Next};
use crate::gate::verdicts::{FigureVerdict, GateVerdicts};

/// Headline, failures and gains, and every figure in a fold.
pub fn page(outcome: &GateVerdicts, next: &Next) -> String {
    let mut page = format!("### {}\n\n", escaped(&text::headline(outcome)));
    page += &rows(outcome, FigureVerdict::is_news);
    for item in text::remarks(outcome) {
        // What was indented belongs to the item above it.
        match item.strip_prefix("  ") {
            Some(more) => page += &format!("  <br>{}\n", escaped(more)),
            None => page += &format!("- {}\n", escaped(&item)),
        }
    }
    let commands = text::next(next);
    if !commands.is_empty() {
        page += &format!("\n```text\n{}\n```\n", commands.join("\n"));
    }
    page += "\n<details><summary>every figure</summary>\n\n";
    page += &rows(outcome, |_| true);
    page += &text::footer(outcome).map_or(String::new(), |line| format!("{}\n\n", escaped(&line)));
    page + "</details>\n"
}

/// The table of the figures that are shown.
fn rows(outcome: &GateVerdicts, is_shown: fn(&FigureVerdict) -> bool) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let shown = outcome.rows().filter(|(_, _, row)| is_shown(row));
    let rows: String = shown
        .map(|(judged, cell, row)| {
            let cells = text::cells(judged, cell, row);
            let mut cells: Vec<String> = cells.iter().map(|text| escaped(text)).collect();
            if row.fails() {
                cells[7] = format!("**{}**", cells[7]);
            }
            line(cells)
        })
        .collect();
    if rows.is_empty() {
        return rows;
    }
    let rule = ["---", "---", "---", "---:", "---:", "---", "---", "---"];
    let head = line(HEADER.map(str::to_owned).to_vec()) + &line(rule.map(str::to_owned).to_vec());
    format!("{head}{rows}\n")
}

/// Text that Markdown shows as it is: names come from the user's file.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '&' => escaped += "&amp;",
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '@' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}
