//! `[jobs]` as classes and the sources that feed them.
//!
//! One section may feed several classes (a trace that is split by work or by a label), so sources
//! and classes are two lists. The order of the file is kept: it decides between arrivals of the
//! same instant.

use std::sync::Arc;

use super::check::Check;
use super::{classes, loads, rates, stages, traces};
use crate::engine::quantity::LONGEST;
use crate::engine::time::Time;
use crate::model::cluster::Cluster;
use crate::scenario::grammar::{Arrivals as Given, Jobs, Named};
use crate::text::thousands;
use crate::workload::class::Class;
use crate::workload::source::{Arrivals, Source, TracePlan};
use crate::workload::trace::Label;

/// The classes and their sources as they were written, without the loads that are asked for; notes
/// say what traces stand for. `most` jobs may be in the system.
pub fn sources(
    check: &mut Check<'_>,
    jobs: &Named<Jobs>,
    most: u64,
    cluster: &Cluster,
    notes: &mut Vec<String>,
) -> Option<(Vec<Class>, Vec<Source>)> {
    let (mut classes, mut sources, mut right) = (Vec::new(), Vec::new(), true);
    let mut check = check.at("jobs");
    for (name, jobs) in jobs.iter() {
        let mut check = check.name(name);
        let has_stages = !jobs.stages.is_empty();
        let staged = has_stages.then(|| stages::stages(&mut check, jobs, cluster));
        let common = classes::common(&mut check, jobs, cluster, staged);
        let arrivals = arrivals(&mut check, name, jobs, cluster, notes);
        if let Some(Given::Batch(batch)) = &jobs.arrivals {
            crowd(&mut check.at("arrivals.batch.jobs"), batch.jobs.get(), most);
        }
        let (Some(common), Some(arrivals)) = (common, arrivals) else {
            right = false;
            continue;
        };
        let own = own_classes(&mut check, name, &common, &arrivals, cluster);
        sources.push(Source {
            name: name.clone(),
            arrivals,
            first_class: classes.len() as u32,
            classes: own.len() as u32,
        });
        classes.extend(own);
    }
    right.then_some((classes, sources))
}

/// Refuses a batch that would end every replication at once.
fn crowd(check: &mut Check<'_>, jobs: u64, most: u64) {
    if jobs > most {
        let (jobs, most) = (thousands(jobs), thousands(most));
        let title = format!("{jobs} jobs at once are more than run.max-in-system = {most}");
        check.error(
            title,
            "raise run.max-in-system, or lower the number of jobs",
        );
    }
}

/// Refuses arrivals beyond the simulated time.
pub fn late(check: &mut Check<'_>, sources: &[Source]) {
    for source in sources {
        if let Arrivals::Trace(plan) = &source.arrivals
            && plan.survey.span.as_secs() * plan.scale > LONGEST
        {
            let title = "scaled like this the trace spans more than 290 years";
            let mut check = check.at("jobs");
            let mut check = check.name(&source.name);
            check
                .at("arrivals.trace")
                .error(title, "raise the load, or lower `time-scale`");
        }
    }
}

/// The classes that a source feeds, each checked to fit on some node.
fn own_classes(
    check: &mut Check<'_>,
    name: &str,
    common: &Class,
    arrivals: &Arrivals,
    cluster: &Cluster,
) -> Vec<Class> {
    let class = |name: String| Class {
        name,
        ..common.clone()
    };
    let Arrivals::Trace(plan) = arrivals else {
        for stage in &common.stages {
            let (demand, allowed) = (&stage.demand, &stage.allowed);
            let (mut check, whose) = match stage.name.as_str() {
                "" => (check.at("demand"), format!("class `{name}`")),
                stage => {
                    let whose = format!("stage `{stage}` of class `{name}`");
                    (check.at(&format!("stages.{stage}.demand")), whose)
                }
            };
            classes::fits(&mut check, &whose, demand, allowed, cluster);
        }
        return vec![class(name.to_owned())];
    };
    let of_label = |label: &Label| {
        let class = class(match label.name.as_str() {
            "" => name.to_owned(),
            part => format!("{name}.{part}"),
        });
        trace_fits(check, &class, plan, label, cluster);
        class
    };
    plan.survey.labels.iter().map(of_label).collect()
}

/// Checks that each row's tasks fit on some node, by the demands that are hardest to place.
fn trace_fits(
    check: &mut Check<'_>,
    class: &Class,
    plan: &TracePlan,
    label: &Label,
    cluster: &Cluster,
) {
    let (demand, allowed) = (&class.stages[0].demand, &class.stages[0].allowed);
    if plan.resources.is_empty() {
        let whose = format!("class `{}`", class.name);
        classes::fits(&mut check.at("demand"), &whose, demand, allowed, cluster);
    }
    for (hardest, line) in &label.hardest {
        let mut demand = demand.clone();
        for (&at, amount) in plan.resources.iter().zip(hardest) {
            demand[at] = cluster.dimensions[at].units(*amount);
        }
        let whose = format!(
            "class `{}` ({}:{line})",
            class.name,
            plan.spec.path.display()
        );
        let mut check = check.at("arrivals.trace.columns");
        if !classes::fits(&mut check, &whose, &demand, allowed, cluster) {
            break;
        }
    }
    if label.jobs == 0 {
        let title = format!("no job of the trace belongs to `{}`", class.name);
        check
            .at("classes")
            .warn(title, "move the bounds of `classes`");
    }
    if label.max_work > LONGEST {
        let title = "a task of the trace works for more than 290 years";
        check.at("arrivals.trace").error(title, "check `unit`");
    }
}

/// The process by which a section's jobs arrive, and where they come from a trace, the plan of its replay.
fn arrivals(
    check: &mut Check<'_>,
    name: &str,
    jobs: &Jobs,
    cluster: &Cluster,
    notes: &mut Vec<String>,
) -> Option<Arrivals> {
    match jobs.arrivals.as_ref()? {
        Given::Poisson(poisson) => {
            let interval = loads::poisson(poisson.rate.map_or(1.0, |rate| rate.0));
            Some(Arrivals::Renewal { interval })
        }
        Given::Renewal(renewal) => {
            let mut check = check.at("arrivals.renewal.interval");
            let interval = check.law(&renewal.interval)?;
            let title = match interval.mean() {
                0.0 => "the interval is always 0: all jobs would arrive at once",
                mean if mean.is_finite() => return Some(Arrivals::Renewal { interval }),
                _ => "this interval has no mean: there is no rate of jobs",
            };
            let hint = "write a law with a finite mean above 0, or arrivals.batch";
            check.error(title, hint);
            None
        }
        Given::Batch(batch) => Some(Arrivals::Batch {
            jobs: batch.jobs.get(),
            at: Time::from_secs(batch.at.0),
        }),
        Given::Mmpp(mmpp) => rates::mmpp(&mut check.at("arrivals.mmpp"), mmpp),
        Given::Diurnal(diurnal) => rates::diurnal(&mut check.at("arrivals.diurnal"), diurnal),
        Given::Closed(closed) => rates::closed(check, closed, jobs),
        Given::Trace(trace) => {
            let plan = traces::plan(check, trace, jobs.classes.as_ref(), cluster)?;
            traces::explain(name, trace, &plan, notes);
            Some(Arrivals::Trace(Arc::new(plan)))
        }
    }
}
