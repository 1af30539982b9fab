//! Replaying a trace: jobs in file order, a block at a time.
//!
//! A trace of any length takes the memory of one block, and the event loop never waits for a disk:
//! blocks are filled between events.

use super::csv::Csv;
use super::file::TraceFile;
use super::hawk::Hawk;
use super::number::{Instant, offset, scale};
use super::row::{self, Job, Refusal, RowReader, Step};
use super::swf::Swf;
use super::{Format, Invalid, Problem, Spec, Survey};
use crate::engine::time::Time;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Jobs that are read ahead at once.
const BLOCK_JOBS: usize = 256;
/// Numbers after which a block takes no further job, so that wide jobs do not make it large.
const BLOCK_NUMBERS: usize = 1 << 14;

/// One job of a trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// Time since the first kept job's arrival, scaled.
    pub arrival: Time,
    /// Place of the job's class in [`Survey::labels`].
    pub label: u32,
    /// Number of tasks, at least 1.
    pub tasks: u32,
    /// Work in nanoseconds: one number for every task, or one for each.
    pub works: &'a [f64],
    /// Seconds that its user asked for, for each task; 0 if the trace does not say.
    pub estimate: f64,
    /// Demand of each task by resource column; empty if the trace has none.
    pub demand: &'a [f64],
}

impl Row<'_> {
    /// Work of the task with this place in the job (below `tasks`), in nanoseconds.
    pub fn work(&self, task: u32) -> f64 {
        match self.works {
            [each] => *each,
            works => works[task as usize],
        }
    }
}

/// Jobs one after another, their numbers in one vector.
#[derive(Debug, Default)]
pub(super) struct Block {
    jobs: Vec<Entry>,
    numbers: Vec<f64>,
}

#[derive(Clone, Debug)]
struct Entry {
    arrival: Time,
    label: u32,
    tasks: u32,
    works: Range<usize>,
    estimate: f64,
    demand: Range<usize>,
}

impl Block {
    fn clear(&mut self) {
        self.jobs.clear();
        self.numbers.clear();
    }

    fn is_full(&self) -> bool {
        self.jobs.len() >= BLOCK_JOBS || self.numbers.len() >= BLOCK_NUMBERS
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Arrival of the job at this place.
    pub(super) fn arrival(&self, place: usize) -> Time {
        self.jobs[place].arrival
    }

    /// Keeps a copy of a row.
    pub(super) fn push(&mut self, row: &Row<'_>) {
        let works = self.store(row.works);
        let demand = self.store(row.demand);
        self.jobs.push(Entry {
            arrival: row.arrival,
            label: row.label,
            tasks: row.tasks,
            works,
            estimate: row.estimate,
            demand,
        });
    }

    fn store(&mut self, numbers: &[f64]) -> Range<usize> {
        let start = self.numbers.len();
        self.numbers.extend_from_slice(numbers);
        start..self.numbers.len()
    }

    /// The job at this place; `None` behind the last.
    pub(super) fn row(&self, place: usize) -> Option<Row<'_>> {
        let job = self.jobs.get(place)?;
        Some(Row {
            arrival: job.arrival,
            label: job.label,
            tasks: job.tasks,
            works: &self.numbers[job.works.clone()],
            estimate: job.estimate,
            demand: &self.numbers[job.demand.clone()],
        })
    }
}

/// The kept jobs of a trace in order of arrival, unscaled. Copies share it.
#[derive(Clone)]
pub(super) struct Sorted(Arc<Block>);

impl Sorted {
    pub(super) fn new(rows: Block) -> Sorted {
        Sorted(Arc::new(rows))
    }

    /// The job at this place; `None` behind the last.
    pub(super) fn row(&self, place: usize) -> Option<Row<'_>> {
        self.0.row(place)
    }
}

impl fmt::Debug for Sorted {
    /// That it is; its rows are told by the trace's digest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sorted")
    }
}

impl PartialEq for Sorted {
    fn eq(&self, other: &Sorted) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The rows of a file in order: tells jobs that come out of order, unless they are to be sorted;
/// stops after `max_jobs`.
pub(super) struct Ordered {
    reader: Box<dyn RowReader>,
    may_go_back: bool,
    last: Instant,
    left: u64,
}

impl Ordered {
    pub(super) fn open(spec: &Spec) -> Result<Ordered, Problem> {
        Ordered::of(spec, TraceFile::open(&spec.path)?)
    }

    /// The same of a file that is open.
    pub(super) fn of(spec: &Spec, file: TraceFile) -> Result<Ordered, Problem> {
        // The first jobs of a trace that is not sorted yet are not those of its first rows.
        let left = spec.max_jobs.filter(|_| !spec.sort).unwrap_or(u64::MAX);
        let reader: Box<dyn RowReader> = match &spec.format {
            Format::Swf => Box::new(Swf::new(file)),
            Format::Hawk => Box::new(Hawk::new(file)),
            Format::Csv(columns) => Box::new(Csv::new(file, columns)?),
        };
        Ok(Ordered {
            reader,
            may_go_back: spec.sort,
            last: Instant::MIN,
            left,
        })
    }

    pub(super) fn read(&mut self, job: &mut Job) -> Result<Step, Problem> {
        if self.left == 0 {
            return Ok(Step::End);
        }
        let step = self.reader.read(job)?;
        if step != Step::Job {
            return Ok(step);
        }
        if job.arrival < self.last && !self.may_go_back {
            return Ok(Step::Refused(Refusal::Unsorted));
        }
        self.last = job.arrival;
        self.left -= 1;
        Ok(Step::Job)
    }

    pub(super) fn words(&self, refusal: Refusal) -> String {
        row::words(refusal, self.reader.as_ref())
    }

    /// Line number and text of the last row.
    pub(super) fn place(&self) -> (u64, String) {
        self.reader.place()
    }

    /// How the file was read, where that is not plain.
    pub(super) fn notes(&self) -> Vec<String> {
        self.reader.notes()
    }

    /// Why arrivals from `first` to `last` cannot be meant like this.
    pub(super) fn question(&self, first: Instant, last: Instant) -> Option<Problem> {
        self.reader.question(first, last)
    }
}

/// Replays the jobs of a surveyed trace from the first to the last.
pub struct Reader {
    spec: Spec,
    rows: Ordered,
    first: Instant,
    scale: f64,
    labels: BTreeMap<String, u32>,
    job: Job,
    block: Block,
    next: usize,
    left: u64,
    sorted: Option<Sorted>,
}

impl Reader {
    /// Opens the trace at its first job. Every offset from the first arrival is multiplied by `scale`
    /// (1 for none), exactly, and rounded half to even to nanoseconds.
    ///
    /// # Errors
    /// The file cannot be read; the scaled arrivals would span more than 584 years.
    pub fn open(spec: &Spec, survey: &Survey, scale: f64) -> Result<Reader, Problem> {
        if !(scale >= 0.0 && self::scale(survey.span, scale) < Time::MAX) {
            let message = format!(
                "its arrivals cannot be scaled by {scale}: at most 584 years can be simulated"
            );
            return Err(Problem::mistake(&spec.path, message));
        }
        let names = survey.labels.iter().map(|label| label.name.clone());
        Ok(Reader {
            rows: Ordered::open(spec)?,
            first: survey.first,
            scale,
            labels: names.zip(0..).collect(),
            job: Job::default(),
            block: Block::default(),
            next: 0,
            left: survey.jobs,
            sorted: survey.sorted.clone(),
            spec: spec.clone(),
        })
    }

    /// The next job; `None` after the last. Arrivals never decrease.
    ///
    /// # Errors
    /// The file cannot be read any more, or has changed since the survey.
    #[allow(clippy::should_implement_trait)] // a row borrows from the reader
    pub fn next(&mut self) -> Result<Option<Row<'_>>, Problem> {
        if self.sorted.is_none() && self.next == self.block.len() && self.left > 0 {
            self.refill()?;
        }
        self.next += 1;
        let row = match &self.sorted {
            Some(sorted) => sorted.row(self.next - 1),
            None => return Ok(self.block.row(self.next - 1)),
        };
        let scaled = |arrival| scale(arrival, self.scale);
        Ok(row.map(|row| Row {
            arrival: scaled(row.arrival),
            ..row
        }))
    }

    /// Reads the next block of jobs.
    fn refill(&mut self) -> Result<(), Problem> {
        self.block.clear();
        self.next = 0;
        while self.left > 0 && !self.block.is_full() {
            match self.rows.read(&mut self.job)? {
                Step::Job => self.keep()?,
                Step::Refused(_) if self.spec.invalid == Invalid::Drop => {}
                Step::Refused(_) | Step::End => return Err(self.changed()),
            }
        }
        Ok(())
    }

    fn keep(&mut self) -> Result<(), Problem> {
        let offset = offset(self.first, self.job.arrival).ok_or_else(|| self.changed())?;
        let label = match &self.spec.split {
            Some(split) => split
                .class(self.job.mean_work())
                .and_then(|class| u32::try_from(class).ok()),
            None => self.labels.get(&self.job.class).copied(),
        };
        let label = label.ok_or_else(|| self.changed())?;
        self.block.push(&Row {
            arrival: scale(offset, self.scale),
            label,
            tasks: self.job.tasks,
            works: &self.job.works,
            estimate: self.job.estimate,
            demand: &self.job.demand,
        });
        self.left -= 1;
        Ok(())
    }

    fn changed(&self) -> Problem {
        Problem::machine(&self.spec.path, "the trace has changed while it was in use")
            .hint("run again")
    }
}
