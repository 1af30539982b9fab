//! The first pass over a trace: checks every row and counts what is known of the workload before a
//! run.
//!
//! A load can be set only if the trace's own is known, and a row that is wrong should be told
//! before a run of hours, not in the middle of it. So the file is read twice.

use super::number::{Instant, offset};
use super::read::Ordered;
use super::row::{Job, Refusal, Step};
use super::{Format, Invalid, Problem, Spec};
use crate::engine::time::Time;
use std::collections::BTreeMap;

/// Most classes that a class column may name; more are no classes.
const MOST_LABELS: usize = 1000;

/// What a trace holds: its kept jobs, and what was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Jobs that a [`super::Reader`] replays.
    pub jobs: u64,
    /// Their tasks.
    pub tasks: u64,
    /// From the first to the last kept arrival, unscaled.
    pub span: Time,
    /// The classes of the jobs: those of the rule in its order, else those of the class column in order
    /// of appearance, else a single one named "".
    pub labels: Vec<Label>,
    /// Rows that were left out, by reason, in order of first appearance.
    pub dropped: Vec<(String, u64)>,
    /// The first kept arrival, by the file's own origin.
    pub(super) first: Instant,
}

/// One class of a trace. Demands are by resource column in the order of the spec.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Label {
    /// The class's name.
    pub name: String,
    /// Its jobs.
    pub jobs: u64,
    /// Their tasks.
    pub tasks: u64,
    /// Work of all tasks together, in seconds.
    pub work: f64,
    /// The most tasks of one job.
    pub max_tasks: u32,
    /// The largest work of one task, in seconds.
    pub max_work: f64,
    /// Sum over all tasks of demand.
    pub demand: Vec<f64>,
    /// Sum over all tasks of work x demand.
    pub demand_work: Vec<f64>,
    /// The smallest demand of a task; infinite without jobs.
    pub min_demand: Vec<f64>,
    /// The largest demand of a task.
    pub max_demand: Vec<f64>,
}

impl Label {
    fn new(name: &str, resources: usize) -> Label {
        Label {
            name: name.to_string(),
            demand: vec![0.0; resources],
            demand_work: vec![0.0; resources],
            min_demand: vec![f64::INFINITY; resources],
            max_demand: vec![0.0; resources],
            ..Label::default()
        }
    }

    fn add(&mut self, job: &Job) {
        let work = job.work();
        self.jobs += 1;
        self.tasks += u64::from(job.tasks);
        self.work += work;
        self.max_tasks = self.max_tasks.max(job.tasks);
        self.max_work = job.works.iter().copied().fold(self.max_work, f64::max);
        for (resource, &demand) in job.demand.iter().enumerate() {
            self.demand[resource] += f64::from(job.tasks) * demand;
            self.demand_work[resource] += work * demand;
            self.min_demand[resource] = self.min_demand[resource].min(demand);
            self.max_demand[resource] = self.max_demand[resource].max(demand);
        }
    }
}

/// Reads the whole trace (up to `max_jobs`) once.
///
/// # Errors
/// The file cannot be read or unpacked; a row is invalid and `invalid` says error (the first is shown,
/// all are counted); no job is left; a job belongs to no class.
pub fn survey(spec: &Spec) -> Result<Survey, Problem> {
    let mut pass = Pass::open(spec)?;
    let mut job = Job::default();
    loop {
        match pass.rows.read(&mut job)? {
            Step::Job => pass.keep(&job)?,
            Step::Refused(refusal) => pass.refuse(refusal),
            Step::End => return pass.finish(),
        }
    }
}

/// The survey under way.
struct Pass<'a> {
    spec: &'a Spec,
    rows: Ordered,
    labels: Vec<Label>,
    by_name: BTreeMap<String, usize>,
    arrivals: Option<(Instant, Instant)>,
    refused: Vec<(Refusal, u64)>,
    worst: Option<Problem>,
}

impl<'a> Pass<'a> {
    fn open(spec: &'a Spec) -> Result<Pass<'a>, Problem> {
        let named = match &spec.format {
            Format::Csv(columns) => columns.class.is_some(),
            _ => false,
        };
        if named && spec.split.is_some() {
            let message = "its classes come either from a column or from `classes`, not from both";
            return Err(Problem::mistake(&spec.path, message)
                .hint("leave out `columns.class` or `classes`"));
        }
        let rule = spec.split.iter().flat_map(|split| &split.classes);
        Ok(Pass {
            labels: rule
                .map(|(name, _)| Label::new(name, spec.resources()))
                .collect(),
            rows: Ordered::open(spec)?,
            by_name: BTreeMap::new(),
            arrivals: None,
            refused: Vec::new(),
            worst: None,
            spec,
        })
    }

    fn keep(&mut self, job: &Job) -> Result<(), Problem> {
        let label = match &self.spec.split {
            Some(split) => {
                let class = split.class(job.mean_work());
                class.ok_or_else(|| self.classless(job))?
            }
            None => self.label(&job.class)?,
        };
        self.labels[label].add(job);
        let first = self.arrivals.map_or(job.arrival, |(first, _)| first);
        self.arrivals = Some((first, job.arrival));
        Ok(())
    }

    /// Place of the class of this name, a new one if need be.
    fn label(&mut self, name: &str) -> Result<usize, Problem> {
        if let Some(&known) = self.by_name.get(name) {
            return Ok(known);
        }
        let place = self.labels.len();
        if place == MOST_LABELS {
            let message = format!("its class column has more than {MOST_LABELS} different values");
            let hint =
                "name a column that sorts the jobs into few classes, or sort them by `classes`";
            return Err(self.here(message).hint(hint));
        }
        self.by_name.insert(name.to_string(), place);
        self.labels.push(Label::new(name, self.spec.resources()));
        Ok(place)
    }

    fn classless(&self, job: &Job) -> Problem {
        let work = job.mean_work();
        let problem = self.here(format!("no class takes a job with a mean work of {work} s"));
        problem.hint("give the last of `classes` no `below`: `NAME = {}`")
    }

    /// A problem with the row that was read last.
    fn here(&self, message: String) -> Problem {
        let (line, text) = self.rows.place();
        Problem::mistake(&self.spec.path, message).at(line, &text)
    }

    fn refuse(&mut self, refusal: Refusal) {
        if self.worst.is_none() {
            self.worst = Some(self.here(self.rows.words(refusal)));
        }
        match self.refused.iter_mut().find(|(known, _)| *known == refusal) {
            Some((_, count)) => *count += 1,
            None => self.refused.push((refusal, 1)),
        }
    }

    fn finish(self) -> Result<Survey, Problem> {
        let path = &self.spec.path;
        let words = |(refusal, count): &(Refusal, u64)| (self.rows.words(*refusal), *count);
        let dropped: Vec<(String, u64)> = self.refused.iter().map(words).collect();
        let Some((first, last)) = self.arrivals else {
            return Err(self.empty(dropped));
        };
        if let Some(first_bad) = self.worst.filter(|_| self.spec.invalid == Invalid::Error) {
            let hint = "mend the trace, or leave such rows out with `invalid = \"drop\"`";
            return Err(first_bad.because(dropped).hint(hint));
        }
        let message = "its arrivals span more than the 584 years that can be simulated";
        let too_long = || Problem::mistake(path, message);
        Ok(Survey {
            jobs: self.labels.iter().map(|label| label.jobs).sum(),
            tasks: self.labels.iter().map(|label| label.tasks).sum(),
            span: offset(first, last).ok_or_else(too_long)?,
            labels: self.labels,
            dropped,
            first,
        })
    }

    /// No job was kept.
    fn empty(self, reasons: Vec<(String, u64)>) -> Problem {
        match self.worst {
            _ if self.spec.max_jobs == Some(0) => {
                Problem::mistake(&self.spec.path, "`max-jobs` must be at least 1")
            }
            None => Problem::mistake(&self.spec.path, "there is no job in this trace"),
            Some(first_bad) => {
                let said = &first_bad.message;
                let message =
                    format!("there is no valid job in this trace; of the first row: {said}");
                let hint = match self.spec.format {
                    Format::Csv(_) => {
                        "do `columns` name the right ones? Times must be numbers, not dates".into()
                    }
                    _ => format!("is it really `{}`? See `format`", self.spec.format.name()),
                };
                Problem {
                    message,
                    ..first_bad
                }
                .because(reasons)
                .hint(hint)
            }
        }
    }
}
