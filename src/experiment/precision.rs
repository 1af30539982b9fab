//! `run.precision`: replications are added until an interval is narrow enough.
//!
//! All strategies of a point get the same number, since they are compared in pairs. Looking again
//! and again at an interval makes it somewhat too narrow at the end; steps of a fifth keep the
//! looks few (sequential procedures: Law, "Simulation Modeling and Analysis", section 9.4).

use super::marks::Marks;
use super::replications::Replications;
use super::summarizing::summary;
use crate::results::{Status, Summary};
use crate::scenario::{Precision, Scenario};

/// Replications are added by this share, and by at least so many.
const STEP: (f64, u32) = (0.2, 5);

/// Replications that a point with `cells` needs next; as many as it has if all its strategies are
/// known well enough, or as well as they may.
pub fn wanted(precision: &Precision, cells: &[Replications], has: u32) -> u32 {
    if cells.iter().all(|cell| is_settled(precision, cell)) {
        return has;
    }
    let step = (f64::from(has) * STEP.0).ceil() as u32;
    (has + step.max(STEP.1)).min(precision.most.max(has))
}

/// Whether the interval is narrow enough; a strategy that more replications cannot give one is not
/// waited for.
fn is_settled(precision: &Precision, cell: &Replications) -> bool {
    let Some(column) = cell.position(&precision.metric) else {
        return true;
    };
    let summary = summary(cell, &Marks::of(cell), column);
    match summary.status {
        Status::Ok => excess(precision, &summary).is_none_or(|excess| excess.is_none()),
        Status::Thin => false,
        _ => true,
    }
}

/// The relative half-width, if it is above what is asked for: with a half-width of g / (1 + g) of
/// the estimate, the true relative error is at most g (Law, Simulation Modeling and Analysis,
/// 5th ed. 2015, section 9.4.1). `None` without an interval.
fn excess(precision: &Precision, figure: &Summary) -> Option<Option<f64>> {
    let half = (figure.ci_high? - figure.ci_low?) / 2.0;
    let size = figure.mean?.abs();
    let g = precision.relative;
    let enough = (g / (1.0 + g) * size).max(precision.absolute);
    Some((half > enough).then(|| half / size))
}

/// A sentence for each strategy whose interval is still too wide.
pub fn doubts(scenario: &Scenario, point: &str, cells: &[Replications]) -> Vec<String> {
    let Some(precision) = &scenario.precision else {
        return Vec::new();
    };
    let all = scenario.strategies.iter().zip(cells);
    let doubts = all.filter_map(|(strategy, cell)| doubt(precision, &strategy.name, point, cell));
    doubts.collect()
}

fn doubt(precision: &Precision, name: &str, point: &str, cell: &Replications) -> Option<String> {
    let metric = &precision.metric;
    let figure = summary(cell, &Marks::of(cell), cell.position(metric)?);
    let Some(wide) = excess(precision, &figure) else {
        let why = match figure.note.as_str() {
            "" => String::new(),
            note => format!(" ({note})"),
        };
        return Some(format!(
            "`{name}`{point}: {metric} has no interval{why}, so that no precision was waited for"
        ));
    };
    let wide = wide?;
    let asked = precision.relative / (1.0 + precision.relative);
    Some(format!(
        "`{name}`{point}: the interval of {metric} is ± {:.2} % after {} replications, and ± {:.2} % was to be reached; raise run.precision.max-replications",
        wide * 100.0,
        cell.replications(),
        asked * 100.0,
    ))
}
