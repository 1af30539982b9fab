//! A run held against its baseline, figure by figure.
//!
//! The current code runs the baseline's own scenario on the baseline's seeds, so that pairs are on
//! equal jobs. What is no longer comparable (other nodes, other jobs, another seed) is refused
//! rather than guessed at.

use super::baseline::{Baseline, Subject};
use super::figures::{PointFigures, StrategyFigures};
use super::judgement::{Allowance, Finding, Judgement, judge_pairs};
use super::verdicts::{FigureVerdict, ScenarioVerdicts, Slowest, StrategyVerdicts};
use crate::metrics::columns::MetricRef;
use crate::results::LOST_SHARE;

/// Judges a run of the scenario `subject` on the seeds of its `baseline`; `family` is the number of
/// figures of the whole command.
///
/// # Errors
/// One sentence for each point whose jobs are not those of the baseline.
pub fn judge(
    baseline: &Baseline,
    now: &[PointFigures],
    subject: &Subject,
    family: usize,
) -> Result<ScenarioVerdicts, Vec<String>> {
    let mut other_jobs = Vec::new();
    let mut cells = Vec::new();
    for (point, (then, now)) in baseline.points.iter().zip(now).enumerate() {
        // A replication that is broken off has fewer jobs.
        let is_broken_off = now.strategies.iter().any(|figures| figures.is_unstable);
        if then.figures.workload != now.workload && !is_broken_off {
            let at = subject.point_label(point);
            other_jobs.push(format!("the jobs{at} are not those of the baseline"));
        }
        for figures in &now.strategies {
            let mut then = then.figures.strategies.iter();
            if let Some(then) = then.find(|then| then.strategy == figures.strategy) {
                cells.push(cell(point, then, figures, subject, family));
            }
        }
    }
    if !other_jobs.is_empty() {
        return Err(other_jobs);
    }
    Ok(ScenarioVerdicts {
        subject: subject.clone(),
        version: baseline.version.clone(),
        is_other_file: baseline.text != subject.text,
        replications: baseline.replications,
        cells,
    })
}

/// The figure as tables have it: what is held of a share are the misses.
fn told(metric: &MetricRef, figure: f64) -> f64 {
    match metric.metric.counts_misses() {
        true => 1.0 - figure,
        false => figure,
    }
}

/// Metrics of which jobs that are lost are a part.
pub(super) fn counts_losses(metric: &MetricRef) -> bool {
    let name = metric.name();
    name == "slo_attained" || name.starts_with("jobs_")
}

fn cell(
    point: usize,
    then: &StrategyFigures,
    now: &StrategyFigures,
    subject: &Subject,
    family: usize,
) -> StrategyVerdicts {
    let same_decisions = !then.decisions.is_empty() && then.decisions == now.decisions;
    let same_results = then.results == now.results;
    let judged = |(metric, margin): &(MetricRef, f64)| FigureVerdict {
        metric: metric.clone(),
        unit: then.metric(metric).map_or("1".into(), |m| m.unit.clone()),
        margin: *margin,
        lower_is_better: metric.metric.lower_is_better(),
        judgement: if same_decisions && same_results {
            same(then, metric)
        } else {
            changed(then, now, metric, *margin, family)
        },
    };
    StrategyVerdicts {
        point,
        strategy: now.strategy.clone(),
        same_decisions,
        same_results,
        rows: subject.margins.iter().map(judged).collect(),
        slowest: Slowest::of(&then.slowest, &now.slowest),
        first: Vec::new(),
    }
}

fn same(then: &StrategyFigures, metric: &MetricRef) -> Judgement {
    let mean = then
        .metric(metric)
        .map(|values| told(metric, values.pseudo().figure));
    Judgement {
        baseline: mean,
        now: mean,
        change: Some(0.0),
        ..Judgement::only(Finding::Same)
    }
}

fn changed(
    then: &StrategyFigures,
    now: &StrategyFigures,
    metric: &MetricRef,
    margin: f64,
    family: usize,
) -> Judgement {
    let class = &metric.part.to_string();
    let is_unstable = now.is_unstable;
    let lost = (then.lost_share(class) - now.lost_share(class)).abs();
    let (Some(then), Some(now)) = (then.metric(metric), now.metric(metric)) else {
        return Judgement::only(Finding::NotComparable);
    };
    let allowed = Allowance {
        margin,
        lower_is_better: metric.metric.lower_is_better(),
        family,
    };
    let mut judgement = judge_pairs(&then.pseudo(), &now.pseudo(), allowed);
    for figure in [&mut judgement.baseline, &mut judgement.now] {
        *figure = figure.map(|figure| told(metric, figure));
    }
    if lost > LOST_SHARE && !counts_losses(metric) {
        judgement.finding = Finding::NotComparable;
    }
    // The test for growth errs in 1 % of the cases for each strategy and point, which is more than a
    // gate may. A strategy that really became unstable is worse than it was as well.
    if is_unstable && judgement.finding.fails() {
        judgement.finding = Finding::Unstable;
    }
    judgement
}
