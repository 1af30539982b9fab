//! `run.precision`: replications are added until an interval is narrow enough.
//!
//! All strategies of a point get the same number, since they are compared in pairs. Looking again
//! and again at an interval makes it somewhat too narrow at the end; steps of a fifth keep the
//! looks few (sequential procedures: Law, "Simulation Modeling and Analysis", section 9.4).

use super::replications::Replications;
use crate::scenario::{Precision, Scenario};
use crate::stats::{Estimate, estimate};

/// Confidence of the intervals of single figures.
pub(super) const LEVEL: f64 = 0.95;
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

/// Whether the interval is narrow enough; an unstable strategy, or one without this figure, will
/// never have one and is not waited for.
fn is_settled(precision: &Precision, cell: &Replications) -> bool {
    match interval(precision, cell) {
        Some(interval) => excess(precision, &interval).is_none(),
        None => true,
    }
}

fn interval(precision: &Precision, cell: &Replications) -> Option<Estimate> {
    let values = cell.values(cell.position(&precision.metric)?);
    let stands = !cell.is_unstable() && values.iter().all(|value| value.is_finite());
    estimate(values, LEVEL).filter(|_| stands)
}

/// The relative half-width, if it is above what is asked for: with a half-width of g / (1 + g) of
/// the estimate, the true relative error is at most g (Law, Simulation Modeling and Analysis,
/// 5th ed. 2015, section 9.4.1).
fn excess(precision: &Precision, estimate: &Estimate) -> Option<f64> {
    let half = (estimate.high? - estimate.low?) / 2.0;
    let g = precision.relative;
    let enough = (g / (1.0 + g) * estimate.mean.abs()).max(precision.absolute);
    (half > enough).then(|| half / estimate.mean.abs())
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
    let Some(interval) = interval(precision, cell) else {
        return Some(format!(
            "`{name}`{point}: {metric} has no interval, so that no precision was waited for"
        ));
    };
    let wide = excess(precision, &interval)?;
    let asked = precision.relative / (1.0 + precision.relative);
    Some(format!(
        "`{name}`{point}: the interval of {metric} is ± {:.2} % after {} replications, and ± {:.2} % was to be reached; raise run.precision.max-replications",
        wide * 100.0,
        cell.replications(),
        asked * 100.0,
    ))
}
