//! What every form of the result says, in words.
//!
//! A line in the terminal, in Markdown and in JUnit is the same line: whoever reads it in one place
//! finds it in the others.

use crate::gate::verdicts::{
    FigureVerdict, GateVerdicts, ScenarioVerdicts, Slowest, StrategyVerdicts,
};
use crate::gate::{FALSE_ALARMS, Finding};
use crate::report::scales::scale;
use crate::text::{
    Scale, alone_percent, count, percent_decimals, plain_percent, plural, printable, signed_percent,
};

/// Commands to go on with.
pub struct Next {
    /// Repeats the scenarios that failed.
    pub failed: Option<String>,
    /// Repeats those that are better.
    pub better: Option<String>,
}

/// Titles of [`cells`].
pub const HEADER: [&str; 8] = [
    "scenario",
    "strategy",
    "metric",
    "baseline",
    "now",
    "change [interval]",
    "allowed",
    "verdict",
];

/// One figure in a row of a table.
pub fn cells(
    judged: &ScenarioVerdicts,
    cell: &StrategyVerdicts,
    row: &FigureVerdict,
) -> [String; 8] {
    let judgement = &row.judgement;
    let scale = unit(judged, row);
    let value = |mean: Option<f64>| mean.map_or(String::new(), |mean| scale.value(mean));
    [
        printable(&heading(judged, cell)),
        printable(&cell.strategy),
        printable(&row.metric.to_string()),
        value(judgement.baseline),
        value(judgement.now),
        change(row),
        allowed(row),
        judgement.finding.text().to_owned(),
    ]
}

/// The unit of a figure: one for all times that are told of a scenario.
fn unit(judged: &ScenarioVerdicts, row: &FigureVerdict) -> Scale {
    let unit = |row: &FigureVerdict| row.metric.metric.unit();
    let rows = judged.cells.iter().flat_map(|cell| &cell.rows);
    let alike = rows.filter(|other| unit(other) == unit(row));
    let means = alike.flat_map(|row| [row.judgement.baseline, row.judgement.now]);
    scale(&row.metric.metric, means.flatten())
}

/// "load-sweep at load 0.8".
pub fn heading(judged: &ScenarioVerdicts, cell: &StrategyVerdicts) -> String {
    format!(
        "{}{}",
        judged.subject.scenario,
        judged.subject.point_label(cell.point)
    )
}

/// "+9.1 % [+7.2, +11.0]".
pub fn change(row: &FigureVerdict) -> String {
    let judgement = &row.judgement;
    let Some(change) = judgement.change else {
        let is_from_zero = judgement.baseline == Some(0.0);
        return if is_from_zero {
            "from 0".to_owned()
        } else {
            String::new()
        };
    };
    match judgement.low.zip(judgement.high) {
        Some((low, high)) if low < high => {
            let decimals = percent_decimals(low, high);
            let [change, low, high] = [change, low, high].map(|end| signed_percent(end, decimals));
            format!("{change} % [{low}, {high}]")
        }
        Some(_) => format!("{} % exact", alone_percent(change)),
        None => format!("{} %", alone_percent(change)),
    }
}

/// "+5 %", or "-5 %" where larger is better.
fn allowed(row: &FigureVerdict) -> String {
    let sign = if row.lower_is_better { "+" } else { "-" };
    format!("{sign}{}", plain_percent(row.margin))
}

/// "GATE PASSED: ... (false alarms: at most 1 % in all)".
pub fn headline(outcome: &GateVerdicts) -> String {
    let risk = plain_percent(FALSE_ALARMS);
    format!(
        "{} (false alarms: at most {risk} in all)",
        outcome.headline()
    )
}

/// What is to be known of the whole: one sentence a line.
fn summary(outcome: &GateVerdicts) -> Vec<String> {
    let mut lines = Vec::new();
    let mut counted = |is: &dyn Fn(&ScenarioVerdicts) -> bool, what: &str| {
        let count = outcome.scenarios.iter().filter(|judged| is(judged)).count();
        if count > 0 {
            lines.push(format!(
                "{}: {what}",
                plural(count, "scenario", "scenarios")
            ));
        }
    };
    let passes = |judged: &ScenarioVerdicts| !judged.fails();
    counted(
        &|j| passes(j) && j.same_decisions() && j.same_results(),
        "every decision is the same as in the baseline",
    );
    counted(
        &|j| j.same_decisions() && !j.same_results(),
        "every decision is the same, but results are not: the change is not in the placements",
    );
    counted(
        &|j| passes(j) && !j.same_decisions() && !j.is_better(),
        "other decisions, every change within what is allowed",
    );
    for judged in &outcome.scenarios {
        let name = printable(&judged.subject.scenario);
        if judged.is_other_file {
            lines.push(format!(
                "{name}: the file changed since the baseline; its jobs and nodes did not"
            ));
        }
        if judged.version != env!("CARGO_PKG_VERSION") {
            lines.push(format!(
                "{name}: the baseline was made by equipoise {}",
                judged.version
            ));
        }
    }
    lines
}

/// The same, and then what is known of each failure.
pub fn remarks(outcome: &GateVerdicts) -> Vec<String> {
    let mut lines = summary(outcome);
    for judged in &outcome.scenarios {
        let cells = judged.cells.iter().filter(|cell| cell.fails());
        lines.extend(cells.flat_map(|cell| about(judged, cell)));
    }
    lines
}

/// How the intervals are to be read; nothing if there are none.
pub fn footer(outcome: &GateVerdicts) -> Option<String> {
    let replications = || outcome.scenarios.iter().map(|judged| judged.replications);
    let (least, most) = (replications().min()?, replications().max()?);
    let paired = if least == most {
        format!("{least}")
    } else {
        format!("{least} to {most}")
    };
    outcome
        .rows()
        .find(|(_, _, row)| row.judgement.low.is_some())?;
    Some(format!(
        "[ ]: one-sided bounds at {} / {} figures each; paired over {paired} replications of equal jobs",
        plain_percent(FALSE_ALARMS),
        count(outcome.family as u64),
    ))
}

/// What is known of a failure beside its figures.
pub fn about(judged: &ScenarioVerdicts, cell: &StrategyVerdicts) -> Vec<String> {
    let name = printable(&format!("{} of {}", cell.strategy, heading(judged, cell)));
    let mut lines = Vec::new();
    lines.extend(cell.first.iter().map(|line| printable(line)));
    let is_worse = cell
        .rows
        .iter()
        .any(|row| row.judgement.finding == Finding::Worse);
    if let Some(slowest) = cell.slowest.as_ref().filter(|_| is_worse) {
        let told = lost(slowest);
        lines.push(format!("the slowest 1 % of jobs of {name} {told}"));
    }
    for row in &cell.rows {
        lines.extend(reason(judged, row, &name));
    }
    lines.dedup();
    lines
}

/// "lost 62 ms, most in queue (60 ms)".
fn lost(slowest: &Slowest) -> String {
    let scale = Scale::time([slowest.lost, slowest.of_it]);
    let [all, part] = [slowest.lost, slowest.of_it].map(|change| scale.value(change.abs()));
    let (word, more, less) = match slowest.lost > 0.0 {
        true => ("lost", "more", "less"),
        false => ("gained", "less", "more"),
    };
    let which = &slowest.part;
    // A part changes by more than the whole where the others go the other way.
    let rest = slowest.of_it.abs() - slowest.lost.abs();
    match rest > 0.0 {
        true => {
            let rest = scale.value(rest);
            format!("{word} {all}: {part} {more} in {which}, {rest} {less} elsewhere")
        }
        false => format!("{word} {all}, most in {which} ({part})"),
    }
}

/// Why a figure fails that is not worse, and what to do.
fn reason(judged: &ScenarioVerdicts, row: &FigureVerdict, name: &str) -> Option<String> {
    let metric = &row.metric;
    match row.judgement.finding {
        Finding::Inconclusive => {
            let reach = row.judgement.reach.map_or(f64::NAN, |reach| 100.0 * reach);
            Some(format!(
                "{metric} of {name} may be worse by up to {reach:.1} %, and more than {} must be excluded: {} replications are too few for this change; --save the code before it with more jobs or a wider margin",
                plain_percent(2.0 * row.margin),
                judged.replications,
            ))
        }
        Finding::Unstable => Some(format!(
            "{name} was stable: now the number of jobs in the system grows"
        )),
        Finding::NotComparable => Some(format!(
            "{metric} of {name} is not of the same jobs any more: it loses other shares of them, or has no value"
        )),
        _ => None,
    }
}

/// What to do next.
pub fn next(next: &Next) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(command) = &next.failed {
        lines.push(format!("again: {command}"));
        lines.push("keep (only if meant): the same with --save".to_owned());
    }
    if let Some(command) = &next.better {
        lines.push(format!(
            "better; to hold later changes against it: {command} --save"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_no_part_of_what_is_smaller() {
        let of = |lost_in_all, of_it| {
            lost(&Slowest {
                lost: lost_in_all,
                part: "queue".to_owned(),
                of_it,
            })
        };
        assert_eq!(of(0.3, 0.2), "lost 300 ms, most in queue (200 ms)");
        let more = "lost 279 ms: 444 ms more in queue, 165 ms less elsewhere";
        assert_eq!(of(0.279, 0.444), more);
        let less = "gained 279 ms: 444 ms less in queue, 165 ms more elsewhere";
        assert_eq!(of(-0.279, -0.444), less);
    }
}
