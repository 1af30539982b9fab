//! The first pass over a trace: checks every row and counts what is known of the workload before a
//! run.
//!
//! A load can be set only if the trace's own is known, and a row that is wrong should be told
//! before a run of hours, not in the middle of it. Jobs that take little memory are kept for the run; of a
//! longer trace the file is read again.

use super::file::{TraceFile, digest};
use super::number::{Instant, offset};
use super::read::{Block, Kept, Ordered};
use super::row::{Job, Refusal, Step};
use super::{Format, Invalid, Problem, Spec};
use crate::engine::time::{NANOS, Time};
use crate::text::thousands;
use std::collections::BTreeMap;

/// Most classes that a class column may name; more are no classes.
const MOST_LABELS: usize = 1000;
/// Longest name of a class, in bytes.
const LONGEST_LABEL: usize = 200;
/// Most jobs that are sorted in memory.
const MOST_SORTED: usize = 20_000_000;
/// Memory that the jobs of a trace that need not be sorted may take to be kept, in bytes.
const MOST_KEPT: usize = 32 << 20;
/// Most demands that are kept as the hardest to place.
const MOST_HARDEST: usize = 256;

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
    /// How the file was read, where that is not plain: a sentence each.
    pub notes: Vec<String>,
    /// SHA-256 of the file, in hexadecimal.
    pub digest: String,
    /// The first kept arrival, by the file's own origin.
    pub(super) first: Instant,
    /// The jobs, where they had to be sorted or are small.
    pub(super) kept: Option<Kept>,
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
    /// Sum over all tasks of the square of their work, in seconds squared.
    pub squared_work: f64,
    /// Sum over all jobs of the square of their number of tasks.
    pub squared_tasks: f64,
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
    /// Demands that no other is as large as in all resources, each with the line of its first row:
    /// a node that holds these holds all.
    pub hardest: Vec<(Vec<f64>, u64)>,
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
        let squares = job.works.iter().map(|work| (work / NANOS).powi(2));
        // One work stands for all tasks, or each has its own.
        let alike = f64::from(job.tasks) / job.works.len() as f64;
        self.squared_work += squares.sum::<f64>() * alike;
        self.squared_tasks += f64::from(job.tasks).powi(2);
        self.max_tasks = self.max_tasks.max(job.tasks);
        self.max_work = job
            .works
            .iter()
            .fold(self.max_work, |most, work| most.max(work / NANOS));
        for (resource, &demand) in job.demand.iter().enumerate() {
            self.demand[resource] += f64::from(job.tasks) * demand;
            self.demand_work[resource] += work * demand;
            self.min_demand[resource] = self.min_demand[resource].min(demand);
            self.max_demand[resource] = self.max_demand[resource].max(demand);
        }
    }

    /// True if this demand is larger in some resource than each that is known.
    fn is_harder(&self, demand: &[f64]) -> bool {
        let covers = |known: &[f64]| known.iter().zip(demand).all(|(known, new)| known >= new);
        !demand.is_empty() && !self.hardest.iter().any(|(known, _)| covers(known))
    }

    /// Keeps the demand of the row on this line among the hardest.
    fn harder(&mut self, demand: &[f64], line: u64) {
        let is_covered = |known: &[f64]| known.iter().zip(demand).all(|(known, new)| known <= new);
        self.hardest.retain(|(known, _)| !is_covered(known));
        if self.hardest.len() < MOST_HARDEST {
            self.hardest.push((demand.to_vec(), line));
        }
    }
}

/// Reads the whole trace (up to `max_jobs`) once.
///
/// # Errors
/// The file cannot be read or unpacked; a row is invalid and `invalid` says error (the first is shown,
/// all are counted); no job is left; a job belongs to no class.
pub fn survey(spec: &Spec) -> Result<Survey, Problem> {
    survey_within(spec, MOST_KEPT)
}

/// The same, with so much memory for jobs that need not be sorted.
pub(super) fn survey_within(spec: &Spec, most_kept: usize) -> Result<Survey, Problem> {
    let survey = pass(spec, Ordered::open(spec)?, most_kept)?;
    let digest = digest(&spec.path)?;
    Ok(Survey { digest, ..survey })
}

/// The same of a trace in memory, without its digest.
///
/// # Errors
/// As [`survey`].
pub fn survey_bytes(spec: &Spec, bytes: Vec<u8>) -> Result<Survey, Problem> {
    let file = TraceFile::of(&spec.path, std::io::Cursor::new(bytes))?;
    pass(spec, Ordered::of(spec, file)?, MOST_KEPT)
}

fn pass(spec: &Spec, rows: Ordered, most_kept: usize) -> Result<Survey, Problem> {
    let mut pass = Pass::new(spec, rows)?;
    pass.most_kept = most_kept;
    let mut job = Job::default();
    loop {
        match pass.rows.read(&mut job)? {
            Step::Job => pass.keep(&mut job)?,
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
    /// Jobs with their classes, where they are to be sorted.
    unsorted: Vec<(usize, Job)>,
    /// The jobs, as long as they take little memory.
    kept: Option<Block>,
    most_kept: usize,
}

impl<'a> Pass<'a> {
    fn new(spec: &'a Spec, rows: Ordered) -> Result<Pass<'a>, Problem> {
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
            rows,
            by_name: BTreeMap::new(),
            arrivals: None,
            refused: Vec::new(),
            worst: None,
            unsorted: Vec::new(),
            kept: Some(Block::default()),
            most_kept: MOST_KEPT,
            spec,
        })
    }

    fn keep(&mut self, job: &mut Job) -> Result<(), Problem> {
        let label = match &self.spec.split {
            Some(split) => {
                let class = split.class(job.mean_work());
                class.ok_or_else(|| self.classless(job))?
            }
            None => self.label(&job.class)?,
        };
        if self.labels[label].is_harder(&job.demand) {
            let (line, _) = self.rows.place();
            self.labels[label].harder(&job.demand, line);
        }
        if self.spec.sort {
            if self.unsorted.len() == MOST_SORTED {
                let message = "at most 20,000,000 jobs are sorted".to_owned();
                return Err(self
                    .here(message)
                    .hint("sort the file, and leave out `sort`"));
            }
            self.unsorted.push((label, std::mem::take(job)));
        } else {
            self.count(label, job);
            self.store(label, job);
        }
        Ok(())
    }

    /// Keeps a job that was counted, while there is room.
    fn store(&mut self, label: usize, job: &Job) {
        let (Some(kept), Some((first, _))) = (&mut self.kept, self.arrivals) else {
            return;
        };
        // One that lies too far from the first is told when all are counted.
        let arrival = offset(first, job.arrival).unwrap_or(Time::MAX);
        kept.push(&job.row(arrival, label as u32));
        if kept.bytes() > self.most_kept {
            self.kept = None;
        }
    }

    fn count(&mut self, label: usize, job: &Job) {
        self.labels[label].add(job);
        let first = self.arrivals.map_or(job.arrival, |(first, _)| first);
        self.arrivals = Some((first, job.arrival));
    }

    /// Sorts the jobs, keeps the first of them, and counts these.
    fn sort(&mut self) -> Option<Block> {
        let mut jobs = std::mem::take(&mut self.unsorted);
        jobs.sort_by_key(|(_, job)| job.arrival); // equal ones stay in the order of the file
        let most = self.spec.max_jobs.unwrap_or(u64::MAX);
        jobs.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        let (first, mut rows) = (jobs.first()?.1.arrival, Block::default());
        for (label, job) in &jobs {
            self.count(*label, job);
            let arrival = offset(first, job.arrival).unwrap_or(Time::MAX);
            rows.push(&job.row(arrival, *label as u32));
        }
        Some(rows)
    }

    /// Place of the class of this name, a new one if need be.
    fn label(&mut self, name: &str) -> Result<usize, Problem> {
        if let Some(&known) = self.by_name.get(name) {
            return Ok(known);
        }
        if name.len() > LONGEST_LABEL {
            let message = format!("its class is a name of {} bytes", name.len());
            return Err(self
                .here(message)
                .hint("name a column that holds short names"));
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

    fn finish(mut self) -> Result<Survey, Problem> {
        let kept = match self.spec.sort {
            true => self.sort(),
            false => self.kept.take(),
        };
        let path = &self.spec.path;
        let words = |(refusal, count): &(Refusal, u64)| (self.rows.words(*refusal), *count);
        let dropped: Vec<(String, u64)> = self.refused.iter().map(words).collect();
        let Some((first, last)) = self.arrivals else {
            return Err(self.empty(dropped));
        };
        if let Some(loss) = self.loss() {
            return Err(loss.because(dropped));
        }
        if let Some(question) = self.rows.question(first, last) {
            return Err(question);
        }
        let message = "its arrivals span more than the 584 years that can be simulated";
        let too_long = || Problem::mistake(path, message);
        Ok(Survey {
            jobs: self.labels.iter().map(|label| label.jobs).sum(),
            tasks: self.labels.iter().map(|label| label.tasks).sum(),
            span: offset(first, last).ok_or_else(too_long)?,
            notes: self.rows.notes(),
            digest: String::new(),
            labels: self.labels,
            dropped,
            first,
            kept: kept.map(Kept::new),
        })
    }

    /// Why the rows that are no jobs cannot be left out, if there are such.
    fn loss(&self) -> Option<Problem> {
        let first_bad = self.worst.clone()?;
        let dropped: u64 = self.refused.iter().map(|(_, count)| count).sum();
        let rows = dropped + self.labels.iter().map(|label| label.jobs).sum::<u64>();
        let unsorted = self
            .refused
            .iter()
            .any(|(why, _)| *why == Refusal::Unsorted);
        let sort = if unsorted {
            ", sort it with `sort = true`"
        } else {
            ""
        };
        if self.spec.invalid == Invalid::Error {
            let drop = "or leave such rows out with `invalid = \"drop\"`";
            return Some(first_bad.hint(format!("mend the trace{sort}, {drop}")));
        }
        if dropped as f64 <= self.spec.max_dropped * rows as f64 {
            return None;
        }
        let message = format!(
            "`invalid = \"drop\"` would leave out {} of {} rows; of the first: {}",
            thousands(dropped),
            thousands(rows),
            first_bad.message
        );
        let share = (dropped as f64 / rows as f64 * 100.0).ceil() / 100.0;
        let hint = format!("mend the trace{sort}, or allow the loss with `max-dropped = {share}`");
        Some(
            Problem {
                message,
                ..first_bad
            }
            .hint(hint),
        )
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
                    Format::Csv(_) => "do `columns` name the right ones?".into(),
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
