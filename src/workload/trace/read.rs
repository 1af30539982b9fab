//! Replaying a trace: jobs in file order, from memory or a block of the file at a time.
//!
//! A trace that fits into a few MiB is kept as it was surveyed, and all replications share it. A longer one is
//! read anew in each and takes the memory of one block, which is filled between events.

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
use std::ops::Deref;
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

/// A job, whose works and then demands are the numbers from `start` on.
#[derive(Clone, Debug)]
struct Entry {
    arrival: Time,
    estimate: f64,
    start: usize,
    tasks: u32,
    works: u32,
    label: u32,
    demand: u32,
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

    /// Memory that its jobs take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.jobs[..]) + size_of_val(&self.numbers[..])
    }

    /// Keeps a copy of a row.
    pub(super) fn push(&mut self, row: &Row<'_>) {
        self.jobs.push(Entry {
            arrival: row.arrival,
            estimate: row.estimate,
            start: self.numbers.len(),
            tasks: row.tasks,
            works: row.works.len() as u32,
            label: row.label,
            demand: row.demand.len() as u32,
        });
        self.numbers.extend_from_slice(row.works);
        self.numbers.extend_from_slice(row.demand);
    }

    /// The job at this place; `None` behind the last.
    pub(super) fn row(&self, place: usize) -> Option<Row<'_>> {
        let job = self.jobs.get(place)?;
        let numbers = &self.numbers[job.start..];
        let (works, numbers) = numbers.split_at(job.works as usize);
        Some(Row {
            arrival: job.arrival,
            label: job.label,
            tasks: job.tasks,
            works,
            estimate: job.estimate,
            demand: &numbers[..job.demand as usize],
        })
    }
}

/// The jobs of a trace in order of arrival, unscaled. Copies share it.
#[derive(Clone)]
pub(super) struct Kept(Arc<Block>);

impl Kept {
    pub(super) fn new(mut rows: Block) -> Kept {
        rows.jobs.shrink_to_fit();
        rows.numbers.shrink_to_fit();
        Kept(Arc::new(rows))
    }
}

impl Deref for Kept {
    type Target = Block;

    fn deref(&self) -> &Block {
        &self.0
    }
}

impl fmt::Debug for Kept {
    /// That it is; its rows are told by the trace's digest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Kept) -> bool {
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
    scale: f64,
    next: usize,
    from: From,
}

/// Where the jobs of a trace come from.
enum From {
    Memory(Kept),
    File(Box<Stream>),
}

impl Reader {
    /// Begins the trace at its first job. Every offset from the first arrival is multiplied by `scale`
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
        let from = match &survey.kept {
            Some(kept) => From::Memory(kept.clone()),
            None => From::File(Box::new(Stream::open(spec, survey)?)),
        };
        Ok(Reader {
            scale,
            next: 0,
            from,
        })
    }

    /// The next job; `None` after the last. Arrivals never decrease.
    ///
    /// # Errors
    /// The file cannot be read any more, or has changed since the survey.
    #[allow(clippy::should_implement_trait)] // a row borrows from the reader
    pub fn next(&mut self) -> Result<Option<Row<'_>>, Problem> {
        let row = match &mut self.from {
            From::Memory(kept) => {
                self.next += 1;
                kept.row(self.next - 1)
            }
            From::File(stream) => stream.next()?,
        };
        let scale = self.scale;
        Ok(row.map(|row| Row {
            arrival: self::scale(row.arrival, scale),
            ..row
        }))
    }
}

/// Reads the file again, a block of jobs at a time.
struct Stream {
    spec: Spec,
    rows: Ordered,
    first: Instant,
    labels: BTreeMap<String, u32>,
    job: Job,
    block: Block,
    next: usize,
    left: u64,
}

impl Stream {
    fn open(spec: &Spec, survey: &Survey) -> Result<Stream, Problem> {
        let names = survey.labels.iter().map(|label| label.name.clone());
        Ok(Stream {
            rows: Ordered::open(spec)?,
            first: survey.first,
            labels: names.zip(0..).collect(),
            job: Job::default(),
            block: Block::default(),
            next: 0,
            left: survey.jobs,
            spec: spec.clone(),
        })
    }

    /// The next job, unscaled.
    fn next(&mut self) -> Result<Option<Row<'_>>, Problem> {
        if self.next == self.block.len() && self.left > 0 {
            self.refill()?;
        }
        self.next += 1;
        Ok(self.block.row(self.next - 1))
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
        let arrival = offset(self.first, self.job.arrival).ok_or_else(|| self.changed())?;
        let label = match &self.spec.split {
            Some(split) => split
                .class(self.job.mean_work())
                .and_then(|class| u32::try_from(class).ok()),
            None => self.labels.get(&self.job.class).copied(),
        };
        let label = label.ok_or_else(|| self.changed())?;
        self.block.push(&self.job.row(arrival, label));
        self.left -= 1;
        Ok(())
    }

    fn changed(&self) -> Problem {
        Problem::machine(&self.spec.path, "the trace has changed while it was in use")
            .hint("run again")
    }
}
