//! Offered load: what the jobs ask of the cluster, and arrivals scaled to a load that is asked for.

use std::sync::Arc;

use super::check::Check;
use crate::engine::law::Law;
use crate::model::cluster::Cluster;
use crate::scenario::grammar::{Arrivals as Given, Document};
use crate::workload::class::{Class, Shape, Stage};
use crate::workload::source::{Arrivals, Source, TracePlan};
use crate::workload::trace::Label;

/// What one class asks for, on average.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// Jobs a second; `None` for a batch, and for a trace whose jobs all arrive together.
    pub rate: Option<f64>,
    /// Number of jobs, where it is known.
    pub jobs: Option<u64>,
    /// Mean number of tasks of a job.
    pub tasks: f64,
    /// Mean work of all tasks of a job, without overheads, seconds at speed 1.
    pub work: f64,
    /// Mean of the sum over a job's tasks of overhead, seconds.
    pub overhead: f64,
    /// Mean, over jobs and by dimension, of the sum over tasks of (work + overhead) x demand, in
    /// seconds x units.
    pub held: Vec<f64>,
    /// The same of overhead x demand.
    pub held_overhead: Vec<f64>,
}

impl Offered {
    /// Share of each dimension of the cluster that the class asks for; 0 without a rate.
    pub fn shares(&self, cluster: &Cluster) -> Vec<f64> {
        let rate = self.rate.unwrap_or(0.0);
        self.held
            .iter()
            .enumerate()
            .map(|(at, held)| ratio(rate * held, cluster.power(at)))
            .collect()
    }
}

/// `asked / power`, where nothing asked of nothing is 0.
fn ratio(asked: f64, power: f64) -> f64 {
    if asked == 0.0 { 0.0 } else { asked / power }
}

/// The largest sum over `shares`, and its dimension.
pub fn busiest<'a>(shares: impl Iterator<Item = &'a Vec<f64>>) -> (usize, f64) {
    let mut sums: Vec<f64> = Vec::new();
    for share in shares {
        sums.resize(sums.len().max(share.len()), 0.0);
        sums.iter_mut()
            .zip(share)
            .for_each(|(sum, share)| *sum += share);
    }
    sums.into_iter().enumerate().fold(
        (0, 0.0),
        |most, next| if next.1 > most.1 { next } else { most },
    )
}

/// What each class of `source` asks for.
pub fn offered(source: &Source, classes: &[Class], cluster: &Cluster) -> Vec<Offered> {
    let first = source.first_class as usize;
    let own = &classes[first..first + source.classes as usize];
    let of = |(at, class): (usize, &Class)| match (&source.arrivals, class.stages.first()) {
        (_, None) => nothing(cluster),
        (Arrivals::Trace(plan), Some(stage)) => {
            of_trace(plan, &plan.survey.labels[at], stage, cluster)
        }
        (arrivals, Some(stage)) => of_laws(arrivals, stage),
    };
    own.iter().enumerate().map(of).collect()
}

fn nothing(cluster: &Cluster) -> Offered {
    let none = vec![0.0; cluster.dimensions.len()];
    Offered {
        rate: None,
        jobs: None,
        tasks: 0.0,
        work: 0.0,
        overhead: 0.0,
        held: none.clone(),
        held_overhead: none,
    }
}

fn of_laws(arrivals: &Arrivals, stage: &Stage) -> Offered {
    let (tasks, work) = match &stage.shape {
        Shape::Tasks { count, work } => (count.mean_count(), count.mean_count() * work.mean()),
        Shape::Split { work, into } => (into.mean_count(), work.mean()),
        Shape::Trace => (0.0, 0.0),
    };
    let overhead = tasks * stage.overhead.as_secs();
    let (rate, jobs) = match arrivals {
        Arrivals::Renewal { interval } => (Some(1.0 / interval.mean()), None),
        Arrivals::Batch { jobs, .. } => (None, Some(*jobs)),
        Arrivals::Trace(_) => (None, None),
    };
    let times = |seconds: f64| {
        stage.demand.iter().map(move |&demand| {
            if demand == 0 {
                0.0
            } else {
                seconds * demand as f64
            }
        })
    };
    Offered {
        rate,
        jobs,
        tasks,
        work,
        overhead,
        held: times(work + overhead).collect(),
        held_overhead: times(overhead).collect(),
    }
}

fn of_trace(plan: &TracePlan, label: &Label, stage: &Stage, cluster: &Cluster) -> Offered {
    let jobs = (label.jobs as f64).max(1.0);
    let span = plan.survey.span.as_secs() * plan.scale;
    let overhead = stage.overhead.as_secs();
    let held = |at: usize, each_work: f64, each_overhead: f64| match plan
        .resources
        .iter()
        .position(|d| *d == at)
    {
        Some(column) => {
            (each_work * label.demand_work[column] + each_overhead * label.demand[column])
                * cluster.dimensions[at].scale
                / jobs
        }
        None => {
            (each_work * label.work + each_overhead * label.tasks as f64) * stage.demand[at] as f64
                / jobs
        }
    };
    let all = 0..cluster.dimensions.len();
    Offered {
        rate: (span > 0.0).then(|| label.jobs as f64 / span),
        jobs: Some(label.jobs),
        tasks: label.tasks as f64 / jobs,
        work: label.work / jobs,
        overhead: overhead * label.tasks as f64 / jobs,
        held: all.clone().map(|at| held(at, 1.0, overhead)).collect(),
        held_overhead: all.map(|at| held(at, 0.0, overhead)).collect(),
    }
}

/// Scales the arrivals of all sources to the loads that are asked for.
pub fn scale(
    check: &mut Check<'_>,
    document: &Document,
    cluster: &Cluster,
    classes: &[Class],
    sources: &mut [Source],
) {
    if document.workload.load.is_some() {
        scale_together(check, document, cluster, classes, sources);
    } else {
        scale_alone(check, document, cluster, classes, sources);
    }
    if !check.report.has_errors() {
        doubt(check, document, cluster, classes, sources);
    }
}

/// `[workload] load`: one factor for all open classes.
fn scale_together(
    check: &mut Check<'_>,
    document: &Document,
    cluster: &Cluster,
    classes: &[Class],
    sources: &mut [Source],
) {
    let Some(load) = document.workload.load else {
        return;
    };
    let shares = shares(sources, classes, cluster);
    let (_, now) = busiest(shares.iter().flatten());
    if !has_load(check, "workload.load", now, document, classes) {
        return;
    }
    for source in sources {
        slow(&mut source.arrivals, now / load.0);
    }
}

/// A class's own load.
fn scale_alone(
    check: &mut Check<'_>,
    document: &Document,
    cluster: &Cluster,
    classes: &[Class],
    sources: &mut [Source],
) {
    for source in sources {
        let Some(load) = document
            .jobs
            .get(&source.name)
            .and_then(|jobs| jobs.arrivals.as_ref()?.load())
        else {
            continue;
        };
        let form = document
            .jobs
            .get(&source.name)
            .and_then(|jobs| jobs.arrivals.as_ref())
            .map_or("", Given::form);
        let path = format!("jobs.{}.arrivals.{form}.load", source.name);
        let shares: Vec<Vec<f64>> = offered(source, classes, cluster)
            .iter()
            .map(|o| o.shares(cluster))
            .collect();
        let (_, now) = busiest(shares.iter());
        if has_load(check, &path, now, document, classes) {
            slow(&mut source.arrivals, now / load);
        }
    }
}

fn shares(sources: &[Source], classes: &[Class], cluster: &Cluster) -> Vec<Vec<Vec<f64>>> {
    let of = |source: &Source| {
        offered(source, classes, cluster)
            .iter()
            .map(|o| o.shares(cluster))
            .collect()
    };
    sources.iter().map(of).collect()
}

/// True if a present load is known and above 0, so that it can be scaled; else says why not.
fn has_load(
    check: &mut Check<'_>,
    path: &str,
    now: f64,
    document: &Document,
    classes: &[Class],
) -> bool {
    if now.is_finite() && now > 0.0 {
        return true;
    }
    let mut told = false;
    for class in classes.iter().filter(|_| !now.is_finite()) {
        told |= tell_mean(check, document, class);
    }
    if !told && now == 0.0 {
        let hint = "jobs need work or overhead, time between arrivals, and nodes with limited slots or resources";
        check.error(
            path,
            "a load is asked for, but the jobs ask nothing of the nodes",
            hint,
        );
    } else if !told {
        check.error(
            path,
            "a load is asked for, but the mean work of the jobs is infinite",
            "bound the law of the work",
        );
    }
    false
}

/// Points at the laws of a class that have no mean.
fn tell_mean(check: &mut Check<'_>, document: &Document, class: &Class) -> bool {
    let Some(stage) = class.stages.first() else {
        return false;
    };
    let path = format!("jobs.{}", class.name);
    let laws: [(&str, f64); 2] = match &stage.shape {
        Shape::Tasks { count, work } => [("tasks", count.mean_count()), ("work", work.mean())],
        Shape::Split { work, into } => {
            [("split.into", into.mean_count()), ("job-work", work.mean())]
        }
        Shape::Trace => return false,
    };
    let known = document.jobs.get(&class.name).is_some();
    laws.iter()
        .filter(|_| known)
        .filter(|(key, mean)| check.finite(&format!("{path}.{key}"), *mean).is_none())
        .count()
        > 0
}

/// Makes the arrivals `factor` times as slow.
fn slow(arrivals: &mut Arrivals, factor: f64) {
    match arrivals {
        Arrivals::Renewal { interval } => *interval = interval.scaled(factor),
        Arrivals::Trace(plan) => {
            *plan = Arc::new(TracePlan {
                spec: plan.spec.clone(),
                survey: plan.survey.clone(),
                scale: plan.scale * factor,
                resample: plan.resample.clone(),
                resources: plan.resources.clone(),
            });
        }
        Arrivals::Batch { .. } => {}
    }
}

/// Warns where more is asked for than the nodes can give, for ever.
fn doubt(
    check: &mut Check<'_>,
    document: &Document,
    cluster: &Cluster,
    classes: &[Class],
    sources: &[Source],
) {
    if sources
        .iter()
        .all(|source| !matches!(source.arrivals, Arrivals::Renewal { .. }))
    {
        return;
    }
    let shares = shares(sources, classes, cluster);
    let (at, load) = busiest(shares.iter().flatten());
    if load < 1.0 {
        return;
    }
    let path = match (document.workload.load, sources.first()) {
        (None, Some(source)) => format!("jobs.{}.arrivals", source.name),
        _ => "workload.load".to_owned(),
    };
    let title = format!(
        "the offered load of {} is {}: queues grow for ever",
        cluster.dimensions[at].name,
        rounded(load)
    );
    check.warn(&path, title, "a load below 1 can be stable");
}

/// Three digits are enough for a message.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Checks that exactly one way sets each class's rate.
pub fn conflicts(check: &mut Check<'_>, document: &Document) {
    let together = document.workload.load.is_some();
    let all: Vec<(&String, &Given)> = document
        .jobs
        .iter()
        .filter_map(|(name, jobs)| Some((name, jobs.arrivals.as_ref()?)))
        .collect();
    let open = all
        .iter()
        .filter(|(_, arrivals)| !matches!(arrivals, Given::Batch(_)));
    let alone = open.count() <= 1;
    for (name, arrivals) in &all {
        if let Some((key, title, hint)) = conflict(name, arrivals, together, alone) {
            let path = format!("jobs.{name}.arrivals{key}");
            check.error(&path, title, hint);
        }
    }
}

/// What is wrong with how a class's rate is set: the key below `arrivals`, what, what to do.
fn conflict(
    name: &str,
    arrivals: &Given,
    together: bool,
    alone: bool,
) -> Option<(String, String, &'static str)> {
    let key = |key: &str| format!(".{}.{key}", arrivals.form());
    let (key, title, hint) = match arrivals {
        _ if together && arrivals.load().is_some() => (
            key("load"),
            "this class has a load of its own beside [workload] load".to_owned(),
            "keep this one, or [workload] load",
        ),
        Given::Batch(_) if together => (
            String::new(),
            "a batch has no load: all its jobs arrive at once".to_owned(),
            "remove [workload] load",
        ),
        Given::Poisson(poisson) => match (poisson.rate, poisson.load) {
            (Some(_), Some(_)) => (
                key("load"),
                "both `rate` and `load` are given".to_owned(),
                "keep one of the two",
            ),
            (None, None) => return rateless(name, together, alone),
            _ => return None,
        },
        Given::Trace(trace) if trace.time_scale.is_some() && (trace.load.is_some() || together) => {
            (
                key("time-scale"),
                "both `time-scale` and a load are given".to_owned(),
                "keep one of the two",
            )
        }
        _ => return None,
    };
    Some((key, title, hint))
}

/// Poisson arrivals without a rate: the load must give it, which it can to one class only.
fn rateless(name: &str, together: bool, alone: bool) -> Option<(String, String, &'static str)> {
    let (title, hint) = match (together, alone) {
        (true, true) => return None,
        (true, false) => (
            format!("nothing says what share of the jobs are of `{name}`"),
            "write arrivals.poisson.rate = ... for each class: the load scales them all by one factor",
        ),
        (false, _) => (
            format!("nothing says how many jobs of `{name}` arrive"),
            "add [workload] load = 0.8, or write arrivals.poisson.rate = ... (jobs a second)",
        ),
    };
    Some((String::new(), title, hint))
}

/// The interval of Poisson arrivals at `rate`.
pub fn poisson(rate: f64) -> Law {
    Law::Exponential { mean: 1.0 / rate }
}
