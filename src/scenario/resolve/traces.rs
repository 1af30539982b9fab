//! `arrivals.trace` as a plan of what is replayed.
//!
//! A trace is read twice: here all of it is counted (jobs, span, work, what is invalid), because a
//! load can be set only when the trace's own is known; the run then streams it. What the trace
//! stands for is put into notes, which tables repeat: that one trace is replayed in every
//! replication limits what its intervals mean.

use super::check::Check;
use super::classes;
use crate::engine::column::Column;
use crate::engine::time::Time;
use crate::model::cluster::Cluster;
use crate::scenario::grammar::{Classes, Format, Part, Processors, Trace};
use crate::scenario::text::suggest;
use crate::text::{counted, lasting, thousands};
use crate::workload::source::TracePlan;
use crate::workload::trace::{self, Columns, Spec, Split, Work};

/// The plan of the trace of a `jobs.NAME`, which is here.
pub fn plan(
    check: &mut Check<'_>,
    given: &Trace,
    classes: Option<&Classes>,
    cluster: &Cluster,
) -> Option<TracePlan> {
    let split = split(&mut check.at("classes"), given, classes);
    let mut check = check.at("arrivals.trace");
    let format = format(&mut check, given);
    let located = check.files.locate(&given.file);
    let path = tell(&mut check.at("file"), located);
    let spec = Spec {
        path: path?,
        format: format?,
        max_jobs: given.max_jobs.map(|most| most.get()),
        invalid: given.invalid,
        max_dropped: given.max_dropped.0,
        sort: given.sort,
        split: split?,
    };
    let resources = resources(&mut check, &spec, cluster)?;
    let surveyed = check.files.survey(&spec);
    let survey = tell(&mut check.at("file"), surveyed)?;
    let resample = match &given.resample {
        None => None,
        Some(resample) => {
            let block = Time::from_secs(resample.block.0);
            let loaded = check.files.load(&spec, &survey, block);
            Some(tell(&mut check.at("resample.block"), loaded)?)
        }
    };
    Some(TracePlan {
        spec,
        survey,
        scale: given.time_scale.map_or(1.0, |scale| scale.0),
        resample,
        resources,
    })
}

/// The value, or a message with the trace's own file and line.
fn tell<T>(check: &mut Check<'_>, result: Result<T, trace::Problem>) -> Option<T> {
    let problem = match result {
        Ok(value) => return Some(value),
        Err(problem) => problem,
    };
    let location = problem.file.display();
    let (location, shown) = match &problem.row {
        Some(row) => (
            format!("{location}:{}", row.line),
            (!row.text.is_empty()).then(|| format!("the line is: {}", row.text)),
        ),
        None => (location.to_string(), None),
    };
    let reasons = problem.reasons.iter();
    let reasons = reasons.map(|(reason, count)| format!("{count} x {reason}"));
    let hint = [problem.hint.clone().unwrap_or_default()].into_iter();
    let hint: Vec<String> = hint.chain(shown).chain(reasons).collect();
    check.error(format!("{location}: {}", problem.message), hint.join("\n"));
    None
}

/// How the rows of a trace are read; columns are looked up for `csv` alone, the other formats fix their own.
fn format(check: &mut Check<'_>, given: &Trace) -> Option<trace::Format> {
    let format = match given.format {
        Format::Csv => return columns(check, given).map(trace::Format::Csv),
        Format::Swf => trace::Format::Swf,
        Format::Hawk => trace::Format::Hawk,
    };
    let of_csv = [
        ("columns", !given.columns.is_empty()),
        ("unit", given.unit.is_some()),
        ("empty", !given.empty.is_empty()),
    ];
    for (key, _) in of_csv.iter().filter(|(_, is_given)| *is_given) {
        let title = format!("`{key}` is for csv traces only");
        check.at(key).error(title, format!("remove `{key}`"));
    }
    Some(format)
}

/// What columns may hold beside resources.
const COLUMNS: [&str; 6] = ["arrival", "work", "start", "end", "tasks", "class"];

/// Which column holds what. Work is told either as an amount or by a start and an end: logs of batch systems
/// have the one, spans of requests the other. Any column that is none of these is a resource.
fn columns(check: &mut Check<'_>, given: &Trace) -> Option<Columns> {
    let of = |key: &str| given.columns.get(key).cloned();
    if of("arrival").is_none() {
        let hint = "say which column it is: columns.arrival = \"...\"";
        check.at("columns").lacks("arrival", hint);
    }
    let work = match (of("work"), of("start"), of("end")) {
        (Some(column), None, None) => Some(Work::Takes(column)),
        (None, Some(start), Some(end)) => Some(Work::Between(start, end)),
        (None, _, _) => {
            let hint =
                "say which column it is: columns.work = \"...\"; or columns.start and columns.end";
            check.at("columns").lacks("work", hint);
            None
        }
        (Some(_), _, _) => {
            let title = "the work is given by `work`, and by `start` or `end`";
            check
                .at("columns.work")
                .error(title, "keep `work`, or `start` and `end`");
            None
        }
    };
    let is_resource = |(key, _): &(&String, &Column)| !COLUMNS.contains(&key.as_str());
    let resources = given.columns.iter().filter(is_resource);
    let units = given
        .unit
        .map(|unit| (unit.arrival.seconds(), unit.work.seconds()));
    Some(Columns {
        arrival: of("arrival")?,
        work: work?,
        tasks: of("tasks"),
        class: of("class"),
        resources: resources
            .map(|(key, column)| (key.clone(), column.clone()))
            .collect(),
        units,
        empty: fillers(check, given),
    })
}

/// What empty cells stand for, by what their column is.
fn fillers(check: &mut Check<'_>, given: &Trace) -> Vec<(String, String)> {
    let known: Vec<&str> = given.columns.keys().map(String::as_str).collect();
    for key in given
        .empty
        .keys()
        .filter(|key| !known.contains(&key.as_str()))
    {
        let hint = suggest::hint(key, &known, "columns");
        check
            .at("empty")
            .name(key)
            .error(format!("`{key}` is not among `columns`"), hint);
    }
    let fillers = given.empty.iter();
    fillers
        .map(|(key, filler)| (key.clone(), filler.0.clone()))
        .collect()
}

/// The dimension that each resource column fills.
fn resources(check: &mut Check<'_>, spec: &Spec, cluster: &Cluster) -> Option<Vec<usize>> {
    let trace::Format::Csv(columns) = &spec.format else {
        return Some(Vec::new());
    };
    let mut check = check.at("columns");
    let mut dimension = |(resource, _): &(String, Column)| {
        let known = cluster.dimension(resource);
        let mut check = check.name(resource);
        match suggest::nearest(resource, &COLUMNS) {
            _ if known.is_some() => {}
            Some(near) => check.error(
                format!("`{resource}` is neither a key of `columns` nor a resource"),
                format!("did you mean `{near}`?"),
            ),
            None => classes::unknown_resource(&mut check, resource, cluster),
        }
        known
    };
    let all: Vec<Option<usize>> = columns.resources.iter().map(&mut dimension).collect();
    all.into_iter().collect()
}

/// The rule that sorts the jobs into classes.
fn split(check: &mut Check<'_>, given: &Trace, classes: Option<&Classes>) -> Option<Option<Split>> {
    let Some(classes) = classes else {
        return Some(None);
    };
    let part = |(name, part): (&String, &Part)| (name.clone(), part.below.map(|below| below.0));
    let parts: Vec<(String, Option<f64>)> = classes.parts.iter().map(part).collect();
    if parts.is_empty() {
        let hint = "add some, for example short.below = \"90s\" and long = {}";
        check.error("`classes` names no class", hint);
        return None;
    }
    if given.columns.get("class").is_some() {
        let title = "classes come from the column `class` of the trace already";
        check.error(title, "remove `classes`, or columns.class");
        return None;
    }
    let falls = |pair: &&[(String, Option<f64>)]| match (pair[0].1, pair[1].1) {
        (None, _) => true,
        (Some(low), Some(high)) => low >= high,
        (Some(_), None) => false,
    };
    if let Some([_, (name, _)]) = parts.windows(2).find(falls) {
        let title = format!("no job can belong to `{name}`");
        let hint = "the first class that takes a job has it: order them by rising `below`";
        check.name(name).error(title, hint);
        return None;
    }
    Some(Some(Split { classes: parts }))
}

/// Notes what the trace is and what it stands for.
pub fn explain(name: &str, given: &Trace, plan: &TracePlan, notes: &mut Vec<String>) {
    let survey = &plan.survey;
    let (jobs, tasks) = (counted(survey.jobs, "job"), counted(survey.tasks, "task"));
    let span = lasting(survey.span.as_secs());
    let mut said = vec![format!("{jobs} with {tasks} over {span} of {}", given.file)];
    if plan.resample.is_none() {
        said.push("every replication repeats this one trace: intervals cover the strategy's randomness only".to_owned());
    }
    if given.format == Format::Swf {
        said.push(match given.processors {
            Processors::Tasks => "a job of p processors becomes p independent one-slot tasks of its run time, not a gang".to_owned(),
            Processors::Gang => "a job of p processors becomes a gang of p one-slot tasks of its run time".to_owned(),
        });
    }
    if plan.spec.sort {
        said.push("its jobs were sorted by arrival".to_owned());
    }
    said.extend(survey.notes.iter().cloned());
    let dropped = survey.dropped.iter();
    said.extend(
        dropped
            .map(|(reason, count)| format!("{} rows were left out: {reason}", thousands(*count))),
    );
    let new = said.into_iter().map(|said| format!("jobs.{name}: {said}"));
    new.for_each(|note| notes.extend((!notes.contains(&note)).then_some(note)));
}
