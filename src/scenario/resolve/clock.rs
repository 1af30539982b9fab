//! What simulated time can hold: whole nanoseconds, and 584 years of them.
//!
//! Times of few nanoseconds are rounded so much that the load is not what was asked for, and behind
//! the end of the clock everything happens at once. Neither shows in the figures, so both are told
//! before a run, with the key to change.

use super::check::Check;
use crate::engine::quantity::LONGEST;
use crate::text::lasting;
use crate::workload::class::Shape;
use crate::workload::load::Demand;

/// Means below this are rounded noticeably, in seconds; below the second, beyond use.
const FINE: f64 = 100e-9;
const TOO_FINE: f64 = 10e-9;

/// Checks the mean intervals and works, and the `length` of a replication in seconds.
pub fn check(check: &mut Check<'_>, demand: &Demand<'_>, length: f64) {
    for source in demand.sources {
        if let Some(rate) = source.arrivals.rate() {
            let mut check = check.at("jobs");
            let mut check = check.name(&source.name);
            fine(
                &mut check.at("arrivals"),
                "between two jobs",
                1.0 / (rate * source.arrivals.peak()),
            );
        }
    }
    let stages = demand.classes.iter();
    let stages = stages.flat_map(|class| class.stages.iter().map(move |stage| (class, stage)));
    for (class, stage) in stages {
        let (key, work) = match &stage.shape {
            Shape::Tasks { work, .. } => ("work", work.mean()),
            Shape::Split { work, into } => ("job-work", work.mean() / into.mean()),
            Shape::Trace => continue,
        };
        let mut check = check.at("jobs");
        let mut check = check.name(&class.name);
        let place = match stage.name.as_str() {
            "" => key.to_owned(),
            name => format!("stages.{name}.{key}"),
        };
        fine(&mut check.at(&place), "of work in a task", work);
    }
    if length > LONGEST {
        let years = crate::text::thousands((length / (365.25 * 86_400.0)) as u64);
        let title = format!("a replication would last {years} years; 290 can be simulated");
        let hint = "raise the rate or the number of nodes, or lower the works or run.jobs";
        let mut check = check.at("jobs");
        let mut check = check.name(slowest(demand));
        check.at("arrivals").error(title, hint);
    }
}

/// The source whose jobs come most slowly; a batch if there is no rate.
fn slowest<'a>(demand: &'a Demand<'_>) -> &'a str {
    let rate = |at: usize| demand.offered[at].rate.unwrap_or(f64::INFINITY);
    let sources = demand.sources.iter();
    let slowest = sources
        .min_by(|a, b| rate(a.first_class as usize).total_cmp(&rate(b.first_class as usize)));
    slowest.map_or("", |source| &source.name)
}

/// Checks a mean time.
fn fine(check: &mut Check<'_>, what: &str, mean: f64) {
    if mean <= 0.0 || mean >= FINE {
        return;
    }
    let title = format!(
        "{} {what} on average: simulated time is in whole nanoseconds",
        lasting(mean)
    );
    let hint = "write all times 1,000 times as long: the figures are then as much longer, and the load is the same";
    match mean < TOO_FINE {
        true => check.error(title, hint),
        false => check.warn(title, hint),
    }
}
