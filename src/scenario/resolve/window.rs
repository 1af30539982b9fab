//! What of a replication is measured.

use super::check::Check;
use super::load::{self, Offered};
use crate::engine::time::Time;
use crate::model::cluster::Cluster;
use crate::scenario::grammar::{self, Document};
use crate::scenario::text::suggest;
use crate::sim::setup::{Measure, Warmup, Window};
use crate::workload::class::Class;
use crate::workload::source::Source;

/// Fewest and most strata, and the fewest where the cluster is small enough.
const STRATA: (f64, f64, f64) = (50.0, 4_000.0, 1_000.0);

/// Nodes x strata up to which observation costs little.
const CHEAP: f64 = 100_000.0;

/// What is measured, given the workload.
pub fn window(
    check: &mut Check<'_>,
    document: &Document,
    cluster: &Cluster,
    classes: &[Class],
    sources: &[Source],
) -> Option<Window> {
    let offered: Vec<Offered> = sources
        .iter()
        .flat_map(|source| load::offered(source, classes, cluster))
        .collect();
    let finite = is_finite(document);
    let measure = measure(check, document, classes, &offered, finite)?;
    let warmup = warmup(check, document, measure, &offered, finite)?;
    let length = length(measure, warmup, cluster, sources, &offered);
    let run = &document.run;
    Some(Window {
        warmup,
        measure,
        drain: run.drain.0,
        max_in_system: run.max_in_system.get(),
        slowdown_floor: Time::from_secs(run.slowdown_floor.0),
        stratum: stratum(length, cluster, &offered),
        finite,
    })
}

/// True if every class runs dry by itself.
pub fn is_finite(document: &Document) -> bool {
    document.jobs.iter().all(|(_, jobs)| {
        jobs.arrivals
            .as_ref()
            .is_some_and(grammar::Arrivals::is_finite)
    })
}

fn measure(
    check: &mut Check<'_>,
    document: &Document,
    classes: &[Class],
    offered: &[Offered],
    finite: bool,
) -> Option<Measure> {
    let run = &document.run;
    match (&run.jobs, run.until) {
        (Some(_), Some(_)) => {
            check.error(
                "run.until",
                "both `jobs` and `until` are given",
                "keep one of the two",
            );
            None
        }
        (None, Some(_)) if finite => {
            let hint = "remove `until`; arrivals.trace.max-jobs or run.jobs shorten a run";
            check.error(
                "run.until",
                "all jobs are finite: the run ends when they are done",
                hint,
            );
            None
        }
        (None, Some(until)) => Some(Measure::Until(Time::from_secs(until.0))),
        (None, None) if finite => Some(Measure::All),
        (None, None) => {
            check.lacks("run", "jobs", "say how many jobs a replication measures, for example jobs = 100_000; or until = \"2h\"");
            None
        }
        (Some(jobs), None) => counted(check, jobs, classes, offered, finite),
    }
}

fn counted(
    check: &mut Check<'_>,
    jobs: &grammar::MeasuredJobs,
    classes: &[Class],
    offered: &[Offered],
    finite: bool,
) -> Option<Measure> {
    let (class, count, path) = match jobs {
        grammar::MeasuredJobs::All(count) => (None, count.get(), "run.jobs".to_owned()),
        grammar::MeasuredJobs::Of(name, count) => {
            let path = format!("run.jobs.{name}");
            let Some(at) = classes.iter().position(|class| class.name == *name) else {
                let known: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
                check.error_key(
                    &path,
                    format!("there is no class `{name}`"),
                    suggest::hint(name, &known, "classes"),
                );
                return None;
            };
            (Some(at as u32), count.get(), path)
        }
    };
    let there: Option<u64> = match class {
        Some(at) => offered[at as usize].jobs,
        None if finite => Some(offered.iter().filter_map(|class| class.jobs).sum()),
        None => None,
    };
    if let Some(there) = there.filter(|there| *there < count) {
        check.error(
            &path,
            format!("{count} jobs are to be measured, but there are only {there}"),
            "lower it, or remove it to measure them all",
        );
        return None;
    }
    Some(Measure::Jobs { class, count })
}

fn warmup(
    check: &mut Check<'_>,
    document: &Document,
    measure: Measure,
    offered: &[Offered],
    finite: bool,
) -> Option<Warmup> {
    let all: f64 = offered.iter().filter_map(|class| class.rate).sum();
    let warmup = match (document.run.warmup, measure) {
        (Some(grammar::Warmup::None(_)), _) => Warmup::None,
        (Some(grammar::Warmup::Jobs(jobs)), _) => Warmup::Jobs(jobs.get()),
        (Some(grammar::Warmup::Time(time)), _) => Warmup::Time(Time::from_secs(time.0)),
        (Some(grammar::Warmup::Auto(_)), _) if finite => {
            check.error(
                "run.warmup",
                "all jobs are finite: such a run has no steady state to warm up to",
                "remove it, or say which jobs to leave out: warmup.jobs, warmup.time",
            );
            return None;
        }
        (None, _) if finite => Warmup::None,
        (_, Measure::All) => Warmup::None,
        (_, Measure::Until(until)) => Warmup::Time(Time(until.0 / 10)),
        (_, Measure::Jobs { class: None, count }) => Warmup::Jobs(count / 10),
        (
            _,
            Measure::Jobs {
                class: Some(at),
                count,
            },
        ) => {
            let share = offered[at as usize].rate.map_or(1.0, |rate| rate / all);
            Warmup::Jobs((count as f64 / share / 10.0).round() as u64)
        }
    };
    match (warmup, measure) {
        (Warmup::Time(start), Measure::Until(until)) if start >= until => {
            check.error(
                "run.warmup",
                "the warm-up lasts until the end of the run: nothing is measured",
                "raise run.until",
            );
            None
        }
        _ => Some(warmup),
    }
}

/// Expected length of the window in seconds.
fn length(
    measure: Measure,
    warmup: Warmup,
    cluster: &Cluster,
    sources: &[Source],
    offered: &[Offered],
) -> f64 {
    let rate: f64 = offered.iter().filter_map(|class| class.rate).sum();
    match measure {
        Measure::Until(until) => match warmup {
            Warmup::Time(start) => until.since(start).as_secs(),
            Warmup::Jobs(jobs) if rate > 0.0 => (until.as_secs() - jobs as f64 / rate).max(0.0),
            _ => until.as_secs(),
        },
        Measure::Jobs {
            class: Some(at),
            count,
        } if offered[at as usize].rate.is_some() => {
            count as f64 / offered[at as usize].rate.unwrap_or(rate)
        }
        Measure::Jobs { count, .. } if rate > 0.0 => count as f64 / rate,
        _ => span(sources).max(makespan(cluster, offered)),
    }
}

/// The longest span of a trace.
fn span(sources: &[Source]) -> f64 {
    let of = |source: &Source| match &source.arrivals {
        crate::workload::source::Arrivals::Trace(plan) => plan.survey.span.as_secs() * plan.scale,
        _ => 0.0,
    };
    sources.iter().map(of).fold(0.0, f64::max)
}

/// All work over all power: what the batches take at least.
fn makespan(cluster: &Cluster, offered: &[Offered]) -> f64 {
    let batches = || offered.iter().filter(|class| class.rate.is_none());
    let total = |at: usize| {
        batches()
            .map(|class| class.jobs.unwrap_or(0) as f64 * class.held[at])
            .sum::<f64>()
    };
    let longest = (0..cluster.dimensions.len())
        .map(|at| total(at) / cluster.power(at))
        .filter(|time| time.is_finite())
        .fold(0.0, f64::max);
    if longest > 0.0 {
        longest
    } else {
        batches()
            .map(|class| class.work + class.overhead)
            .fold(0.0, f64::max)
    }
}

/// About 4 x nodes mean task interarrivals, so that there are neither too few nor too many.
fn stratum(length: f64, cluster: &Cluster, offered: &[Offered]) -> Time {
    let nodes = f64::from(cluster.count());
    let open: f64 = offered
        .iter()
        .filter_map(|class| Some(class.rate? * class.tasks))
        .sum();
    let batch: f64 = offered
        .iter()
        .filter(|class| class.rate.is_none())
        .map(|c| c.jobs.unwrap_or(0) as f64 * c.tasks)
        .sum();
    let (fewest, most, fine) = STRATA;
    let fewest = if nodes * fine <= CHEAP { fine } else { fewest };
    let wanted = (open * length + batch) / (4.0 * nodes);
    Time(
        Time::from_secs(length / wanted.clamp(fewest, most))
            .0
            .max(1),
    )
}
