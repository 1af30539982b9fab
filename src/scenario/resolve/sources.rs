//! Classes and sources of a scenario: arrivals and traces made ready to run.

use std::sync::Arc;

use super::check::Check;
use super::classes::{self, Common};
use super::load;
use crate::engine::quantity::LONGEST;
use crate::engine::time::Time;
use crate::model::cluster::Cluster;
use crate::scenario::grammar::{Arrivals as Given, Document, Format, Invalid, Jobs, Trace};
use crate::scenario::text::suggest;
use crate::text::thousands;
use crate::workload::class::Class;
use crate::workload::source::{Arrivals, Source, TracePlan};
use crate::workload::trace::{self, Columns, Label, Spec, Split};

/// The classes and their sources, with the loads that are asked for; notes say what traces stand for.
pub fn resolve(
    check: &mut Check<'_>,
    document: &Document,
    cluster: &Cluster,
    notes: &mut Vec<String>,
) -> Option<(Vec<Class>, Vec<Source>)> {
    let (mut classes, mut sources, mut right) = (Vec::new(), Vec::new(), true);
    for (name, jobs) in document.jobs.iter() {
        let common = classes::common(check, name, jobs, cluster);
        let arrivals = arrivals(check, name, jobs, document, cluster, notes);
        let (Some(common), Some(arrivals)) = (common, arrivals) else {
            right = false;
            continue;
        };
        let own = own_classes(check, name, &common, &arrivals, cluster);
        sources.push(Source {
            name: name.clone(),
            arrivals,
            first_class: classes.len() as u32,
            classes: own.len() as u32,
        });
        classes.extend(own);
    }
    if right {
        load::scale(check, document, cluster, &classes, &mut sources);
        late(check, &sources);
    }
    right.then_some((classes, sources))
}

/// Refuses arrivals beyond the simulated time.
fn late(check: &mut Check<'_>, sources: &[Source]) {
    for source in sources {
        if let Arrivals::Trace(plan) = &source.arrivals
            && plan.survey.span.as_secs() * plan.scale > LONGEST
        {
            let path = format!("jobs.{}.arrivals.trace", source.name);
            check.error(
                &path,
                "scaled like this the trace spans more than 290 years",
                "raise the load, or lower `time-scale`",
            );
        }
    }
}

/// The classes that a source feeds, each checked to fit on some node.
fn own_classes(
    check: &mut Check<'_>,
    name: &str,
    common: &Common,
    arrivals: &Arrivals,
    cluster: &Cluster,
) -> Vec<Class> {
    let path = format!("jobs.{name}");
    let demand_path = format!("{path}.demand");
    match arrivals {
        Arrivals::Trace(plan) => {
            let named = |label: &Label| {
                if label.name.is_empty() {
                    name.to_owned()
                } else {
                    format!("{name}.{}", label.name)
                }
            };
            for label in &plan.survey.labels {
                trace_fits(check, &path, &named(label), common, plan, label, cluster);
            }
            plan.survey
                .labels
                .iter()
                .map(|label| common.class(named(label)))
                .collect()
        }
        _ => {
            classes::fits(
                check,
                &demand_path,
                name,
                common.demand(),
                common.allowed(),
                cluster,
            );
            vec![common.class(name.to_owned())]
        }
    }
}

/// Checks the largest demand of each resource alone, as different rows may have them.
fn trace_fits(
    check: &mut Check<'_>,
    path: &str,
    class: &str,
    common: &Common,
    plan: &TracePlan,
    label: &Label,
    cluster: &Cluster,
) {
    let mut fixed = common.demand().to_vec();
    for (column, &at) in plan.resources.iter().enumerate() {
        let most = cluster.dimensions[at].units(label.max_demand[column]);
        let mut alone = vec![0; fixed.len()];
        alone[at] = most;
        fixed[at] = 0;
        classes::fits(
            check,
            &format!("{path}.arrivals.trace.columns"),
            class,
            &alone,
            common.allowed(),
            cluster,
        );
    }
    classes::fits(
        check,
        &format!("{path}.demand"),
        class,
        &fixed,
        common.allowed(),
        cluster,
    );
    if label.jobs == 0 {
        check.warn(
            &format!("{path}.classes"),
            format!("no job of the trace belongs to `{class}`"),
            "move the bounds of `classes`",
        );
    }
    if label.max_work > LONGEST {
        check.error(
            &format!("{path}.arrivals.trace"),
            "a task of the trace works for more than 290 years",
            "check `unit`",
        );
    }
}

/// Refuses a batch that would end every replication at once.
fn crowd(check: &mut Check<'_>, path: &str, jobs: u64, document: &Document) {
    let most = document.run.max_in_system.get();
    if jobs > most {
        let title = format!(
            "{} jobs at once are more than run.max-in-system = {}",
            thousands(jobs),
            thousands(most)
        );
        check.error(
            &format!("{path}.batch.jobs"),
            title,
            "raise run.max-in-system, or lower the number of jobs",
        );
    }
}

fn arrivals(
    check: &mut Check<'_>,
    name: &str,
    jobs: &Jobs,
    document: &Document,
    cluster: &Cluster,
    notes: &mut Vec<String>,
) -> Option<Arrivals> {
    let path = format!("jobs.{name}.arrivals");
    match jobs.arrivals.as_ref()? {
        Given::Poisson(poisson) => Some(Arrivals::Renewal {
            interval: load::poisson(poisson.rate.map_or(1.0, |rate| rate.0)),
        }),
        Given::Renewal(renewal) => {
            let path = format!("{path}.renewal.interval");
            let interval = check.law(&path, &renewal.interval)?;
            if interval.mean() > 0.0 && interval.mean().is_finite() {
                return Some(Arrivals::Renewal { interval });
            }
            let said = if interval.mean() == 0.0 {
                "the interval is always 0: all jobs would arrive at once"
            } else {
                "this interval has no mean: there is no rate of jobs"
            };
            check.error(
                &path,
                said,
                "write a law with a finite mean above 0, or arrivals.batch",
            );
            None
        }
        Given::Batch(batch) => {
            crowd(check, &path, batch.jobs.get(), document);
            Some(Arrivals::Batch {
                jobs: batch.jobs.get(),
                at: Time::from_secs(batch.at.0),
            })
        }
        Given::Trace(trace) => {
            let plan = plan(check, &format!("{path}.trace"), trace, jobs, cluster)?;
            explain(name, trace, &plan, notes);
            Some(Arrivals::Trace(Arc::new(plan)))
        }
    }
}

fn plan(
    check: &mut Check<'_>,
    path: &str,
    given: &Trace,
    jobs: &Jobs,
    cluster: &Cluster,
) -> Option<TracePlan> {
    let format = format(check, path, given);
    let split = split(check, path, given, jobs);
    let located = check.files.locate(&given.file);
    let place = tell(check, &format!("{path}.file"), located);
    let spec = Spec {
        path: place?,
        format: format?,
        max_jobs: given.max_jobs.map(|most| most.get()),
        invalid: match given.invalid {
            Invalid::Error => trace::Invalid::Error,
            Invalid::Drop => trace::Invalid::Drop,
        },
        split: split?,
    };
    let resources = resources(check, path, &spec, cluster)?;
    let surveyed = check.files.survey(&spec);
    let survey = tell(check, &format!("{path}.file"), surveyed)?;
    let resample = match &given.resample {
        None => None,
        Some(resample) => {
            let loaded = check
                .files
                .load(&spec, &survey, Time::from_secs(resample.block.0));
            Some(tell(check, &format!("{path}.resample.block"), loaded)?)
        }
    };
    let scale = given.time_scale.map_or(1.0, |scale| scale.0);
    Some(TracePlan {
        spec,
        survey,
        scale,
        resample,
        resources,
    })
}

/// The value, or a message with the trace's own file and line.
fn tell<T>(check: &mut Check<'_>, path: &str, result: Result<T, trace::Problem>) -> Option<T> {
    let problem = match result {
        Ok(value) => return Some(value),
        Err(problem) => problem,
    };
    let place = match &problem.row {
        Some(row) => format!("{}:{}", problem.file.display(), row.line),
        None => problem.file.display().to_string(),
    };
    let mut hint = vec![problem.hint.clone().unwrap_or_default()];
    hint.extend(
        problem
            .row
            .iter()
            .map(|row| format!("the line is: {}", row.text)),
    );
    hint.extend(
        problem
            .reasons
            .iter()
            .map(|(reason, count)| format!("{count} x {reason}")),
    );
    check.error(
        path,
        format!("{place}: {}", problem.message),
        hint.join("\n"),
    );
    None
}

fn format(check: &mut Check<'_>, path: &str, given: &Trace) -> Option<trace::Format> {
    match given.format {
        Format::Csv => columns(check, path, given).map(trace::Format::Csv),
        other => {
            for (key, is_given) in [
                ("columns", !given.columns.is_empty()),
                ("unit", given.unit.is_some()),
            ] {
                if is_given {
                    check.error(
                        &format!("{path}.{key}"),
                        format!("`{key}` is for csv traces only"),
                        format!("remove `{key}`"),
                    );
                }
            }
            Some(if other == Format::Swf {
                trace::Format::Swf
            } else {
                trace::Format::Hawk
            })
        }
    }
}

fn columns(check: &mut Check<'_>, path: &str, given: &Trace) -> Option<Columns> {
    let of = |key: &str| given.columns.get(key).cloned();
    for key in ["arrival", "work"] {
        if of(key).is_none() {
            check.lacks(
                &format!("{path}.columns"),
                key,
                format!("name the column: columns.{key} = \"...\""),
            );
        }
    }
    let special = ["arrival", "work", "tasks", "class"];
    let resources = given
        .columns
        .iter()
        .filter(|(key, _)| !special.contains(&key.as_str()));
    let (arrival_unit, work_unit) = given.unit.map_or((1.0, 1.0), |unit| {
        (unit.arrival.seconds(), unit.work.seconds())
    });
    Some(Columns {
        arrival: of("arrival")?,
        work: of("work")?,
        tasks: of("tasks"),
        class: of("class"),
        resources: resources.cloned().collect(),
        arrival_unit,
        work_unit,
    })
}

/// The dimension that each resource column fills.
fn resources(
    check: &mut Check<'_>,
    path: &str,
    spec: &Spec,
    cluster: &Cluster,
) -> Option<Vec<usize>> {
    let trace::Format::Csv(columns) = &spec.format else {
        return Some(Vec::new());
    };
    let mut found = Vec::new();
    for (resource, _) in &columns.resources {
        match cluster
            .dimensions
            .iter()
            .position(|dimension| dimension.name == *resource)
        {
            Some(at) => found.push(at),
            None => {
                let near = suggest::nearest(resource, &["arrival", "work", "tasks", "class"]);
                let path = format!("{path}.columns.{resource}");
                match near {
                    Some(near) => check.error(
                        &path,
                        format!("`{resource}` is neither a key of `columns` nor a resource"),
                        format!("did you mean `{near}`?"),
                    ),
                    None => classes::unknown_resource(check, &path, resource, cluster),
                }
            }
        }
    }
    (found.len() == columns.resources.len()).then_some(found)
}

/// The rule that sorts the jobs into classes.
fn split(check: &mut Check<'_>, path: &str, given: &Trace, jobs: &Jobs) -> Option<Option<Split>> {
    let Some(classes) = &jobs.classes else {
        return Some(None);
    };
    let parts: Vec<(String, Option<f64>)> = classes
        .parts
        .iter()
        .map(|(name, part)| (name.clone(), part.below.map(|below| below.0)))
        .collect();
    let path = path
        .strip_suffix(".arrivals.trace")
        .map(|job| format!("{job}.classes"))
        .unwrap_or_default();
    if parts.is_empty() {
        check.error(
            &path,
            "`classes` names no class",
            "add some, for example short.below = \"90s\" and long = {}",
        );
        return None;
    }
    if given.columns.get("class").is_some() {
        check.error(
            &path,
            "classes come from the column `class` of the trace already",
            "remove `classes`, or columns.class",
        );
        return None;
    }
    for (at, pair) in parts.windows(2).enumerate() {
        let rising = match (pair[0].1, pair[1].1) {
            (None, _) => false,
            (Some(low), Some(high)) => low < high,
            (Some(_), None) => true,
        };
        if !rising {
            let name = &parts[at + 1].0;
            check.error(
                &format!("{path}.{name}"),
                format!("no job can belong to `{name}`"),
                "the first class that takes a job has it: order them by rising `below`",
            );
            return None;
        }
    }
    Some(Some(Split { classes: parts }))
}

/// What the trace is and what it stands for.
fn explain(name: &str, given: &Trace, plan: &TracePlan, notes: &mut Vec<String>) {
    let survey = &plan.survey;
    let mut add = |note: String| {
        if !notes.contains(&note) {
            notes.push(note);
        }
    };
    let (jobs, tasks) = (thousands(survey.jobs), thousands(survey.tasks));
    add(format!(
        "jobs.{name}: {jobs} jobs with {tasks} tasks over {} of {}",
        lasting(survey.span.as_secs()),
        given.file
    ));
    if plan.resample.is_none() {
        add(format!(
            "jobs.{name}: every replication repeats this one trace: intervals cover the strategy's randomness only"
        ));
    }
    if given.format == Format::Swf {
        add(format!(
            "jobs.{name}: a job of p processors becomes p independent one-slot tasks of its run time, not a gang"
        ));
    }
    for (reason, count) in &survey.dropped {
        add(format!(
            "jobs.{name}: {} rows were left out: {reason}",
            thousands(*count)
        ));
    }
}

/// A span of time in words.
fn lasting(seconds: f64) -> String {
    let tenths = |value: f64| (value * 10.0).round() / 10.0;
    match seconds {
        long if long >= 172_800.0 => format!("{} days", tenths(long / 86_400.0)),
        long if long >= 7_200.0 => format!("{} hours", tenths(long / 3_600.0)),
        short => format!("{short} s"),
    }
}
