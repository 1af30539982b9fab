//! Theory beside simulation, for the terminal and the page.
//!
//! A simulator is believed when it is right where the answer is known. The table says which rows
//! are judged and which are shown only (limits and bounds need not agree), and what to look at
//! first where a row differs, because that is nearly always a warm-up that was too short.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::lookup::Lookup;
use super::scales::scale;
use crate::results::{Agreement, Results, TheoryRow};
use crate::text::{Scale, aligned, folded, printable, significant};
use crate::theory::{MODELS, model};

/// Rows of the page's table at most.
const MOST_ROWS: usize = 400;

/// How agreement is judged, in one sentence.
const RULE: &str = "An exact answer agrees if it lies in the interval over replications, at 99.9 % for all judged rows \
together (quantiles with 0.2 % on top, the histogram's accuracy). Limits, bounds and approximations are shown, not \
judged. n/a: the figure has a mark (summary.csv says why), or there are fewer than 5 replications.";

/// What is to be done where something differs.
const DIFFERS: &str =
    "Where a row differs, look at the warm-up first: theory speaks of the steady state.";

/// The rows of `results` as text of at most 80 columns (but for long names).
pub fn text(results: &Results) -> String {
    let tables = Lookup::new(results);
    let rows = &results.theory;
    let mut lines = vec![printable(&results.meta.title), String::new()];
    lines.extend(grid(&tables, rows));
    lines.extend(laws(results));
    if rows.is_empty() {
        lines.push("no point and strategy is a model with a known answer; known are:".to_owned());
        lines.extend(MODELS.iter().map(|m| format!("  {}: {}", m.name, m.when)));
    } else {
        lines.push(counts(rows));
        lines.push(RULE.to_owned());
        lines.extend(differs(rows).then(|| DIFFERS.to_owned()));
    }
    lines.iter().map(|line| folded(line)).collect()
}

/// The table: a block for each point and strategy, in it one for each model.
fn grid(tables: &Lookup, rows: &[TheoryRow]) -> Vec<String> {
    let head = ["", "theory", "simulation", "interval", ""].map(str::to_owned);
    let time = time_scale(rows);
    let cells = rows.iter().map(|row| cells(row, &time));
    let cells: Vec<_> = [head].into_iter().chain(cells).collect();
    let aligned = aligned(&cells, &[1, 2]).into_iter();
    let mut aligned = aligned.map(|line| format!("    {line}"));
    let head = aligned.next().filter(|_| !rows.is_empty());
    let mut lines = Vec::from_iter(head);
    for (k, (row, line)) in rows.iter().zip(aligned).enumerate() {
        let before = k.checked_sub(1).map(|k| &rows[k]);
        let is_same =
            |other: &TheoryRow| (other.point, other.strategy) == (row.point, row.strategy);
        let goes_on = before.is_some_and(is_same);
        if !goes_on {
            lines.push(cell_name(tables, row));
        }
        if !goes_on || before.is_some_and(|other| other.model != row.model) {
            lines.push(format!("  {}", printable(&row.model)));
        }
        lines.push(line);
        let ends = rows.get(k + 1).is_none_or(|next| !is_same(next));
        lines.extend(ends.then(String::new));
    }
    lines
}

fn cell_name(tables: &Lookup, row: &TheoryRow) -> String {
    let name = tables.strategy(row.strategy);
    match tables.point_label(row.point) {
        label if label.is_empty() => name,
        label => format!("{name}, {label}"),
    }
}

/// The unit of all times of the table, so that they can be compared by eye: that of the middle one.
fn time_scale(rows: &[TheoryRow]) -> Scale {
    let times = rows.iter().filter(|row| row.key.metric.unit() == "s");
    let mut times: Vec<f64> = times.map(|row| row.theory).collect();
    times.sort_by(f64::total_cmp);
    Scale::time(times.get(times.len() / 2).copied())
}

/// A row's figures as people read them: metric, theory, simulation, interval and agreement.
fn cells(row: &TheoryRow, time: &Scale) -> [String; 5] {
    let scale = match row.key.metric.unit() {
        "s" => time.clone(),
        _ => scale(&row.key.metric, []),
    };
    let number = |value: f64| significant(value / scale.factor, 5);
    let interval = row.ci_low.zip(row.ci_high);
    [
        printable(&row.key.to_string()),
        scale.with_unit(&number(row.theory)),
        row.mean
            .map_or("n/a".to_owned(), |mean| scale.with_unit(&number(mean))),
        interval.map_or(String::new(), |(low, high)| {
            format!("[{}, {}]", number(low), number(high))
        }),
        word(row.agreement).to_owned(),
    ]
}

fn word(agreement: Agreement) -> &'static str {
    match agreement {
        Agreement::Agrees => "agrees",
        Agreement::Differs => "differs",
        Agreement::Limit => "limit",
        Agreement::Bound => "bound",
        Agreement::Approximation => "approximation",
        Agreement::NotAvailable => "n/a",
    }
}

/// How many rows agree, and how many differ.
fn judged(rows: &[TheoryRow]) -> (usize, usize) {
    let count = |agreement| rows.iter().filter(|row| row.agreement == agreement).count();
    (count(Agreement::Agrees), count(Agreement::Differs))
}

fn differs(rows: &[TheoryRow]) -> bool {
    judged(rows).1 > 0
}

/// "7 of 8 exact answers agree, 1 differs".
fn counts(rows: &[TheoryRow]) -> String {
    let (agree, differ) = judged(rows);
    let (all, others) = (agree + differ, rows.len() - agree - differ);
    format!("{agree} of {all} judged answers agree, {differ} differ; {others} are not judged.")
}

/// The laws that hold on every sample path: a run in which one does not ends with an error.
fn laws(results: &Results) -> [String; 2] {
    let cells = results.all_cells();
    let all: usize = cells.map(|(_, cell)| cell.replications()).sum();
    let jobs = "the integral of the jobs in the system is the sum of their times in it";
    let used = "the integral of what is in use is the sum of what tasks used, for how long";
    [("Little's law", jobs), ("Utilisation law", used)]
        .map(|(law, what)| format!("{law}: holds exactly in all {all} replications ({what})."))
}

/// The page's fold.
pub fn section(tables: &Lookup) -> Markup {
    let rows = &tables.results.theory;
    html! { details.noprint #theory {
        summary { "Theory beside simulation: " (in_short(rows)) }
        ul { @for law in laws(tables.results) { li { (law) } } }
        @if rows.is_empty() {
            p.note { "No point and strategy is a model with a known answer." }
        } @else {
            p { (counts(rows)) @if differs(rows) { " " (DIFFERS) } }
            p.note { (RULE) }
            (answers(tables, rows))
            (sources(rows))
        }
    } }
}

fn in_short(rows: &[TheoryRow]) -> String {
    let (agree, differ) = judged(rows);
    match agree + differ {
        0 => "nothing to judge".to_owned(),
        judged => format!("{agree} of {judged} judged answers agree"),
    }
}

/// The answers as a table of the page; of many the first ones, as the file has all.
fn answers(tables: &Lookup, rows: &[TheoryRow]) -> Markup {
    const COLUMNS: &str = "strategy metric model theory simulation interval agreement";
    let (shown, time) = (rows.len().min(MOST_ROWS), time_scale(rows));
    html! {
        div.scroll tabindex="0" role="region" aria-label="Theory beside simulation" { table.all {
            thead { tr { @for name in COLUMNS.split(' ') { th scope="col" { (name) } } } }
            tbody { @for row in &rows[..shown] { (table_row(tables, row, &time)) } }
        } }
        @if shown < rows.len() { p.note { (rows.len() - shown) " more are in " code { "theory.csv" } "." } }
    }
}

fn table_row(tables: &Lookup, row: &TheoryRow, time: &Scale) -> Markup {
    let [metric, theory, mean, interval, agreement] = cells(row, time);
    let class = match row.agreement {
        Agreement::Agrees => "agrees",
        Agreement::Differs => "differs",
        _ => "open",
    };
    html! { tr {
        td { (cell_name(tables, row)) }
        td { (metric) }
        td { (printable(&row.model)) }
        td { (theory) }
        td { (mean) }
        td { (interval) }
        td class=(class) { (agreement) }
    } }
}

/// Where the formulas of the models that were met are published.
fn sources(rows: &[TheoryRow]) -> Markup {
    let names: BTreeSet<&str> = rows.iter().map(|row| row.model.as_str()).collect();
    html! {
        p.note { "Sources: "
            @for (k, model) in names.into_iter().filter_map(model).enumerate() {
                @if k > 0 { "; " } (model.name) ": " (model.source)
            }
            "."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::says;
    use crate::results::sample::Sample;

    /// What is told, in no line that is too wide.
    fn told(results: &Results) -> String {
        let text = text(results);
        let is_narrow = |line: &str| line.chars().count() <= crate::text::LINE;
        assert!(text.lines().all(is_narrow), "{text}");
        text
    }

    #[test]
    fn without_answers_the_known_models_are_named() {
        let mut results = Sample::loads(&[0.5], 2).results();
        results.theory.clear();
        let law = "Little's law: holds exactly in all 6 replications";
        says(&told(&results), &["M/M/c (Erlang C): Poisson jobs", law]);
    }

    #[test]
    fn times_have_one_unit() {
        let mut results = Sample::loads(&[0.5], 2).results();
        for (row, theory) in results.theory.iter_mut().zip([0.004, 3.0, 4.0, 5.0]) {
            row.key = "response_mean".parse().unwrap_or(row.key.clone());
            (row.theory, row.mean) = (theory, Some(theory));
        }
        let text = told(&results);
        says(&text, &[" 0.0040000 s "]);
        assert!(!text.contains(" ms "), "{text}");
    }

    #[test]
    fn a_planted_difference_is_told() {
        let mut results = Sample::loads(&[0.5, 0.8], 2).results();
        let text = told(&results);
        assert!(
            text.contains("agrees") && !text.contains("warm-up first"),
            "{text}"
        );
        results.theory[0].agreement = Agreement::Differs;
        says(&told(&results), &[" differs", "1 differ;", "warm-up first"]);
    }
}
