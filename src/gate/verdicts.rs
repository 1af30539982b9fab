//! What a gate found, of all scenarios of a command.
//!
//! Terminal, Markdown, JUnit, JSON and plot are all written from this one structure, so that they
//! cannot say different things of one change.

use crate::metrics::columns::MetricRef;
use serde_json::{Value, json};

use super::baseline::Subject;
use super::judgement::{FALSE_ALARMS, Finding, Judgement, MISSES};
use crate::text::counted;

/// The verdicts of a command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GateVerdicts {
    /// By scenario, in the order of the command.
    pub scenarios: Vec<ScenarioVerdicts>,
    /// StrategyFigures judged by the whole command.
    pub family: usize,
}

/// The verdicts on one scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScenarioVerdicts {
    /// The scenario.
    pub subject: Subject,
    /// Version of equipoise that made the baseline.
    pub version: String,
    /// The file's text is not the one of the baseline (though its jobs and nodes are).
    pub is_other_file: bool,
    /// Replications paired.
    pub replications: u32,
    /// By point, then by strategy.
    pub cells: Vec<StrategyVerdicts>,
}

/// The verdicts on one strategy at one point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StrategyVerdicts {
    /// Index of the point.
    pub point: usize,
    /// The strategy's name.
    pub strategy: String,
    /// Every decision is that of the baseline.
    pub same_decisions: bool,
    /// Every result is that of the baseline, bit by bit.
    pub same_results: bool,
    /// By metric.
    pub rows: Vec<FigureVerdict>,
    /// What the slowest jobs lost.
    pub slowest: Option<Slowest>,
    /// Where the decisions part, and how jobs fared, in words; of failures only.
    pub first: Vec<String>,
}

/// The verdict on one figure.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureVerdict {
    /// The metric.
    pub metric: MetricRef,
    /// Unit of its values.
    pub unit: String,
    /// The relative change for the worse that is allowed.
    pub margin: f64,
    /// Whether smaller values are better.
    pub lower_is_better: bool,
    /// The verdict.
    pub judgement: Judgement,
}

/// How the mean response time of the slowest 1 % of the jobs changed, seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Slowest {
    /// In all.
    pub lost: f64,
    /// The part that changed most in the same direction.
    pub part: String,
    /// By how much.
    pub of_it: f64,
}

impl Slowest {
    /// The change from parts of the response time `then` to `now`; none without one.
    pub fn of(then: &[(String, f64)], now: &[(String, f64)]) -> Option<Slowest> {
        let value = |part: &str| now.iter().find(|(name, _)| name == part).map(|(_, v)| *v);
        let changes: Vec<(&str, f64)> = then
            .iter()
            .filter_map(|(part, was)| Some((part.as_str(), value(part)? - was)))
            .collect();
        let lost: f64 = changes.iter().map(|(_, change)| change).sum();
        let along = |change: &(&str, f64)| change.1 * lost.signum();
        let most = changes
            .iter()
            .max_by(|a, b| along(a).total_cmp(&along(b)))?;
        (lost != 0.0).then(|| Slowest {
            lost,
            part: most.0.to_owned(),
            of_it: most.1,
        })
    }
}

impl FigureVerdict {
    /// Whether the gate fails by it.
    pub fn fails(&self) -> bool {
        self.judgement.finding.fails()
    }

    /// Whether the figure is better.
    pub fn is_better(&self) -> bool {
        self.judgement.finding == Finding::Better
    }

    /// Whether there is something to be said of it: it fails, or is better.
    pub fn is_news(&self) -> bool {
        self.fails() || self.is_better()
    }
}

impl StrategyVerdicts {
    /// Whether the gate fails by it.
    pub fn fails(&self) -> bool {
        self.rows.iter().any(FigureVerdict::fails)
    }

    /// Whether any figure is better.
    pub fn is_better(&self) -> bool {
        self.rows.iter().any(FigureVerdict::is_better)
    }
}

impl ScenarioVerdicts {
    /// Whether the gate fails by it.
    pub fn fails(&self) -> bool {
        self.cells.iter().any(StrategyVerdicts::fails)
    }

    /// Whether any figure is better.
    pub fn is_better(&self) -> bool {
        self.cells.iter().any(StrategyVerdicts::is_better)
    }

    /// Whether every decision is that of the baseline.
    pub fn same_decisions(&self) -> bool {
        self.cells.iter().all(|cell| cell.same_decisions)
    }

    /// Whether every result is that of the baseline.
    pub fn same_results(&self) -> bool {
        self.cells.iter().all(|cell| cell.same_results)
    }
}

impl GateVerdicts {
    /// Whether the gate fails.
    pub fn fails(&self) -> bool {
        self.scenarios.iter().any(ScenarioVerdicts::fails)
    }

    /// Every scenario, cell and row, in order.
    pub fn rows(
        &self,
    ) -> impl Iterator<Item = (&ScenarioVerdicts, &StrategyVerdicts, &FigureVerdict)> {
        let cells = self
            .scenarios
            .iter()
            .flat_map(|s| s.cells.iter().map(move |cell| (s, cell)));
        cells.flat_map(|(s, cell)| cell.rows.iter().map(move |row| (s, cell, row)))
    }

    /// "1 of 12 scenarios is worse", "2 of 12 scenarios fail: 1 worse, 1 inconclusive".
    pub fn headline(&self) -> String {
        let of = counted(self.scenarios.len() as u64, "scenario");
        let failed: Vec<&ScenarioVerdicts> = self.scenarios.iter().filter(|s| s.fails()).collect();
        if failed.is_empty() {
            return format!("GATE PASSED: {of}, none worse");
        }
        let words = failing(&failed);
        let (count, is_one) = (failed.len(), failed.len() == 1);
        if let [(finding, _)] = words[..] {
            let is = if is_one { "is" } else { "are" };
            return format!("GATE FAILED: {count} of {of} {is} {}", finding.text());
        }
        let words = words.iter().map(|(w, n)| format!("{n} {}", w.text()));
        let words = words.collect::<Vec<_>>().join(", ");
        let fail = if is_one { "fails" } else { "fail" };
        format!("GATE FAILED: {count} of {of} {fail}: {words}")
    }

    /// All that was found, for programs.
    pub fn to_json(&self) -> Value {
        let scenarios: Vec<Value> = self.scenarios.iter().map(scenario_json).collect();
        json!({
            "passed": !self.fails(),
            "headline": self.headline(),
            "figures": self.family,
            "false_alarms_at_most": FALSE_ALARMS,
            "misses_of_twice_the_margin_at_most": MISSES,
            "scenarios": scenarios,
        })
    }
}

/// How many scenarios fail by each finding, in the order of gravity.
fn failing(failed: &[&ScenarioVerdicts]) -> Vec<(Finding, usize)> {
    use Finding::{Inconclusive, NotComparable, Unstable, Worse};
    let has = |scenario: &ScenarioVerdicts, finding: Finding| {
        let mut rows = scenario.cells.iter().flat_map(|cell| &cell.rows);
        rows.any(|row| row.judgement.finding == finding)
    };
    let counts = [Worse, Unstable, NotComparable, Inconclusive]
        .map(|finding| (finding, failed.iter().filter(|s| has(s, finding)).count()));
    counts.into_iter().filter(|(_, n)| *n > 0).collect()
}

/// A scenario's verdicts, for programs.
fn scenario_json(judged: &ScenarioVerdicts) -> Value {
    let cell = |cell: &StrategyVerdicts| cell_json(&judged.subject, cell);
    json!({
        "scenario": judged.subject.scenario,
        "passed": !judged.fails(),
        "better": judged.is_better(),
        "baseline_version": judged.version,
        "scenario_file_changed": judged.is_other_file,
        "replications": judged.replications,
        "strategies": judged.cells.iter().map(cell).collect::<Vec<_>>(),
    })
}

/// A strategy's at a point.
fn cell_json(subject: &Subject, cell: &StrategyVerdicts) -> Value {
    let values = subject.points.get(cell.point).into_iter().flatten();
    let values = values.map(|value| json!(value));
    let point = subject.sweep.iter().cloned().zip(values);
    let rows: Vec<Value> = cell.rows.iter().map(row_json).collect();
    json!({
        "point": Value::Object(point.collect()),
        "strategy": cell.strategy,
        "same_decisions": cell.same_decisions,
        "same_results": cell.same_results,
        "slowest_lost_seconds": cell.slowest.as_ref().map(|slowest| slowest.lost),
        "slowest_lost_most_in": cell.slowest.as_ref().map(|slowest| &slowest.part),
        "first_difference": cell.first,
        "metrics": rows,
    })
}

/// A figure's, with its allowance and what was found.
fn row_json(row: &FigureVerdict) -> Value {
    let judgement = &row.judgement;
    json!({
        "metric": row.metric,
        "unit": row.unit,
        "verdict": judgement.finding,
        "fails": row.fails(),
        "baseline": judgement.baseline,
        "now": judgement.now,
        "change": judgement.change,
        "change_low": judgement.low,
        "change_high": judgement.high,
        "margin": row.margin,
        "lower_is_better": row.lower_is_better,
        "worse_by_at_most": judgement.reach,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn judged(words: &[Finding]) -> ScenarioVerdicts {
        let row = |word: &Finding| FigureVerdict {
            metric: "response_mean".parse().unwrap(),
            unit: "s".into(),
            margin: 0.05,
            lower_is_better: true,
            judgement: Judgement::only(*word),
        };
        ScenarioVerdicts {
            cells: vec![StrategyVerdicts {
                rows: words.iter().map(row).collect(),
                ..StrategyVerdicts::default()
            }],
            ..ScenarioVerdicts::default()
        }
    }

    fn headline(scenarios: &[&[Finding]]) -> String {
        let outcome = GateVerdicts {
            scenarios: scenarios.iter().map(|words| judged(words)).collect(),
            family: 1,
        };
        outcome.headline()
    }

    #[test]
    fn the_headline_counts_scenarios_by_what_fails() {
        use Finding::{Better, Inconclusive, Same, Unstable, Within, Worse};
        for (scenarios, says) in [
            (
                &[&[Same, Better][..]][..],
                "GATE PASSED: 1 scenario, none worse",
            ),
            (
                &[&[Worse, Worse], &[Same]],
                "GATE FAILED: 1 of 2 scenarios is worse",
            ),
            (
                &[&[Worse], &[Worse, Within]],
                "GATE FAILED: 2 of 2 scenarios are worse",
            ),
            (
                &[&[Inconclusive, Worse], &[Unstable], &[Same]],
                "GATE FAILED: 2 of 3 scenarios fail: 1 worse, 1 unstable, 1 inconclusive",
            ),
        ] {
            assert_eq!(headline(scenarios), says);
        }
    }

    #[test]
    fn the_part_that_lost_most_is_told() {
        let parts = |queue: f64, retry: f64, service: f64| {
            [("queue", queue), ("retry", retry), ("service", service)]
                .map(|(n, v)| (n.to_owned(), v))
        };
        let lost = Slowest::of(&parts(5.0, 1.0, 3.0), &parts(6.0, 30.0, 2.0));
        let expected = Slowest {
            lost: 29.0,
            part: "retry".into(),
            of_it: 29.0,
        };
        assert_eq!(lost, Some(expected));
        let gained = Slowest::of(&parts(5.0, 1.0, 3.0), &parts(1.0, 2.0, 3.0));
        assert_eq!(
            gained.map(|slowest| (slowest.lost, slowest.part)),
            Some((-3.0, "queue".into()))
        );
        assert_eq!(
            Slowest::of(&parts(1.0, 1.0, 1.0), &parts(1.0, 1.0, 1.0)),
            None
        );
        assert_eq!(Slowest::of(&[], &parts(1.0, 1.0, 1.0)), None);
    }
}
