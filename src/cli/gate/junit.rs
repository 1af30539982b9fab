//! The result as JUnit XML, which build servers show as tests.

use maud::{Markup, PreEscaped, html};

use super::text;
use crate::gate::verdicts::{FigureVerdict, GateVerdicts, ScenarioVerdicts, StrategyVerdicts};
use crate::text::printable;

/// A suite a scenario, a test a figure.
pub fn suites(outcome: &GateVerdicts) -> String {
    let (tests, failures) = counts(&outcome.scenarios.iter().collect::<Vec<_>>());
    let page = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        testsuites name="equipoise gate" tests=(tests) failures=(failures) errors="0" {
            @for judged in &outcome.scenarios { (suite(judged)) }
        }
        (PreEscaped("\n"))
    };
    page.into_string()
}

fn counts(scenarios: &[&ScenarioVerdicts]) -> (usize, usize) {
    let rows = || {
        scenarios
            .iter()
            .flat_map(|judged| &judged.cells)
            .flat_map(|cell| &cell.rows)
    };
    (rows().count(), rows().filter(|row| row.fails()).count())
}

/// A test suite a scenario.
fn suite(judged: &ScenarioVerdicts) -> Markup {
    let (tests, failures) = counts(&[judged]);
    let name = printable(&judged.subject.scenario);
    html! {
        (PreEscaped("\n"))
        testsuite name=(name) tests=(tests) failures=(failures) errors="0" skipped="0" {
            @for cell in &judged.cells {
                @for row in &cell.rows { (case(judged, cell, row)) }
            }
            (PreEscaped("\n"))
        }
    }
}

/// A test case a figure; one that fails says from what to what, and what is allowed.
fn case(judged: &ScenarioVerdicts, cell: &StrategyVerdicts, row: &FigureVerdict) -> Markup {
    let class = printable(&format!(
        "{}.{}",
        text::heading(judged, cell),
        cell.strategy
    ));
    let cells = text::cells(judged, cell, row);
    let [_, _, metric, baseline, now, change, allowed, word] = &cells;
    let message = format!("{word}: {baseline} -> {now}, {change}, allowed {allowed}");
    html! {
        (PreEscaped("\n "))
        testcase classname=(class) name=(metric) {
            @if row.fails() {
                failure type=(word) message=(message) { (text::about(judged, cell).join("\n")) }
            }
        }
    }
}
