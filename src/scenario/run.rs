//! `[run]`: what is measured, and how often.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::arrivals::Arrivals as Given;
use super::check::Check;
use super::compare::Measurable;
use super::document::Document;
use super::load::{self, Offered};
use super::named::Named;
use super::names;
use crate::engine::quantity::{Count, Inner, Period, Positive, Quantity, Seconds, Whole};
use crate::engine::time::Time;
use crate::model::cluster::Cluster;
use crate::sim::setup::{Measure, Warmup, Window};
use crate::workload::class::Class;
use crate::workload::source::Source;

/// What is measured and how often.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Run {
    /// Measured jobs of a replication, of all classes or `{ class = count }`; may be left out if all jobs are finite.
    pub(super) jobs: Option<Jobs>,
    /// Instead of `jobs`: arrivals up to this time are measured.
    pub(super) until: Option<Period>,
    /// What is left out at the start: "none", `.jobs`, `.time`, or "auto" to find it by pilot
    /// replications; by default 10 % of `jobs` or `until`, and nothing if all jobs are finite.
    pub(super) warmup: Option<GivenWarmup>,
    /// Replications of each point and strategy.
    pub(super) replications: Count,
    /// Adds replications until an interval is narrow enough.
    pub(super) precision: Option<Precision>,
    /// Seed of all random numbers.
    pub(super) seed: Whole,
    /// A replication ends when the time after the last measured arrival exceeds this many windows.
    pub(super) drain: Positive,
    /// A replication ends, as unstable, when more jobs than this are in the system.
    pub(super) max_in_system: Count,
    /// Bounds the slowdown's denominator from below.
    pub(super) slowdown_floor: Seconds,
}

impl Default for Run {
    fn default() -> Self {
        Run {
            jobs: None,
            until: None,
            warmup: None,
            replications: Count(20.0),
            precision: None,
            seed: Whole(1.0),
            drain: Positive(4.0),
            max_in_system: Count(1e6),
            slowdown_floor: Seconds(1e-3),
        }
    }
}

/// Measured jobs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Jobs {
    /// Of all classes.
    All(Count),
    /// Of one class.
    Of(String, Count),
}

struct ReadJobs;

impl<'de> serde::de::Visitor<'de> for ReadJobs {
    type Value = Jobs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of at least 1, or { class = number }")
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Jobs, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Jobs, E> {
        Count::new(value).map(Jobs::All).map_err(E::custom)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Jobs, A::Error> {
        let Some((class, count)) = map.next_entry()? else {
            return Err(serde::de::Error::custom(
                "names no class\nwrite jobs = { class = number }",
            ));
        };
        match map.next_entry::<String, Count>()? {
            None => Ok(Jobs::Of(class, count)),
            Some(_) => Err(serde::de::Error::custom(
                "names several classes\ncount the jobs of one class, or of all by a plain number",
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Jobs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Jobs, D::Error> {
        deserializer.deserialize_any(ReadJobs)
    }
}

impl Serialize for Jobs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl JsonSchema for Jobs {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MeasuredJobs".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let (all, of) = (
            generator.subschema_for::<Count>(),
            generator.subschema_for::<Named<Count>>(),
        );
        schemars::json_schema!({ "anyOf": [all, of] })
    }
}

/// What is left out at the start.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum GivenWarmup {
    /// Nothing.
    None(Nothing),
    /// This many arrivals.
    Jobs(Whole),
    /// Arrivals before this time.
    Time(Seconds),
    /// 1.5 times what pilot replications on other seeds need, by MSER-5.
    Auto(Nothing),
}

/// Adds replications, for all strategies of a point together, until the 95 % interval of a metric
/// is narrow enough.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Precision {
    /// The metric; by default the first of `compare.decide-on`.
    metric: Option<String>,
    /// Half-width relative to the true mean.
    relative: Inner,
    /// Half-width that will do in any case: a duration, or a number in the unit of the metric.
    absolute: Seconds,
    /// Replications at most.
    max_replications: Count,
}

impl Default for Precision {
    fn default() -> Self {
        Precision {
            metric: None,
            relative: Inner(0.02),
            absolute: Seconds(0.0),
            max_replications: Count(200.0),
        }
    }
}

/// Until when replications are added.
pub(super) fn precision(document: &Document) -> Option<super::Precision> {
    let given = document.run.precision.as_ref()?;
    let first = || document.compare.decide_on.first().cloned();
    Some(super::Precision {
        metric: given.metric.clone().or_else(first)?.parse().ok()?,
        relative: given.relative.0,
        absolute: given.absolute.0,
        most: given.max_replications.0 as u32,
    })
}

/// Whether the warm-up is to be found by pilots.
pub(super) fn warmup_is_auto(document: &Document) -> bool {
    matches!(document.run.warmup, Some(GivenWarmup::Auto(_)))
}

/// Fewest replications that a run may begin with if it ends by what they show.
const FEWEST: f64 = 10.0;

/// Checks what precision is asked for.
pub(super) fn check_precision(check: &mut Check<'_>, document: &Document, known: &Measurable<'_>) {
    let Some(given) = &document.run.precision else {
        return;
    };
    if let Some(metric) = &given.metric {
        known.check(check, "run.precision.metric", metric);
    }
    let (most, first) = (given.max_replications.0, document.run.replications.0);
    if first < FEWEST {
        check.error(
            "run.precision",
            format!("a run that begins with {first} replications may stop by luck"),
            "raise run.replications to 10 or more, or remove it for 20",
        );
    }
    if most < first {
        check.error(
            "run.precision.max-replications",
            format!("a run begins with {first} replications, which is more"),
            "raise it, or lower run.replications",
        );
    }
}

/// Has no keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Fewest and most strata, and the fewest where the cluster is small enough.
const STRATA: (f64, f64, f64) = (50.0, 4_000.0, 1_000.0);
/// Nodes x strata up to which observation costs little.
const CHEAP: f64 = 100_000.0;

/// What is measured, given the workload.
pub(super) fn window(
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
pub(super) fn is_finite(document: &Document) -> bool {
    document
        .jobs
        .iter()
        .all(|(_, jobs)| jobs.arrivals.as_ref().is_some_and(Given::is_finite))
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
    jobs: &Jobs,
    classes: &[Class],
    offered: &[Offered],
    finite: bool,
) -> Option<Measure> {
    let (class, count, path) = match jobs {
        Jobs::All(count) => (None, count.get(), "run.jobs".to_owned()),
        Jobs::Of(name, count) => {
            let path = format!("run.jobs.{name}");
            let Some(at) = classes.iter().position(|class| class.name == *name) else {
                let known: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
                check.error_key(
                    &path,
                    format!("there is no class `{name}`"),
                    names::hint(name, &known, "classes"),
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
        (Some(GivenWarmup::None(_)), _) => Warmup::None,
        (Some(GivenWarmup::Jobs(jobs)), _) => Warmup::Jobs(jobs.get()),
        (Some(GivenWarmup::Time(time)), _) => Warmup::Time(Time::from_secs(time.0)),
        (Some(GivenWarmup::Auto(_)), _) if finite => {
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
