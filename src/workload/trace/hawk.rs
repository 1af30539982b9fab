//! The job lines that the simulators of Sparrow, Hawk and Eagle read: arrival in seconds, number of
//! tasks n, mean duration, then n durations in seconds, separated by one or more spaces.
//!
//! Delgado et al., "Hawk: Hybrid Datacenter Scheduling", USENIX ATC 2015; "Job-aware Scheduling in
//! Eagle", SoCC 2016. The written mean must be a number but is not used: a job's mean work is the
//! mean of its durations.

use super::file::{Lines, TraceFile};
use super::number::Decimal;
use super::problem::Problem;
use super::row::{self, Job, Refusal, RowReader, Step};

const ARRIVAL: usize = 1;
const TASKS: usize = 2;
const MEAN: usize = 3;
const DURATION: usize = 4;

/// Rows of a Hawk file.
pub(super) struct Hawk {
    lines: Lines,
}

impl Hawk {
    pub(super) fn new(source: TraceFile) -> Hawk {
        Hawk {
            lines: Lines::new(source),
        }
    }
}

impl RowReader for Hawk {
    fn read(&mut self, job: &mut Job) -> Result<Step, Problem> {
        row::read_line(&mut self.lines, b"", parse, job)
    }

    fn place(&self) -> (u64, String) {
        self.lines.place()
    }

    fn field(&self, place: usize) -> String {
        match place {
            ARRIVAL => "arrival (field 1)".to_string(),
            TASKS => "number of tasks (field 2)".to_string(),
            MEAN => "mean duration (field 3)".to_string(),
            _ => "duration of a task (from field 4 on)".to_string(),
        }
    }

    fn shape(&self) -> String {
        "a line of arrival, number of tasks, mean duration and durations".to_string()
    }
}

fn parse(line: &[u8], job: &mut Job) -> Result<(), Refusal> {
    let mut words = row::words_of(line);
    let mut word = || words.next().ok_or(Refusal::Shape);
    let (arrival, tasks, mean) = (word()?, word()?, word()?);
    job.arrival = row::instant(arrival, Decimal::ONE, ARRIVAL)?;
    if job.arrival < 0 {
        return Err(Refusal::Negative(ARRIVAL));
    }
    job.tasks = row::count(tasks, TASKS)?;
    row::amount(mean, MEAN)?;
    job.works.clear();
    for duration in words {
        job.works.push(row::nanos(duration, DURATION)?);
    }
    let whole = job.works.len() == job.tasks as usize;
    whole.then_some(()).ok_or(Refusal::CountDiffers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<(u32, Vec<f64>), Refusal> {
        let mut job = Job::default();
        parse(line.as_bytes(), &mut job).map(|()| (job.tasks, job.works))
    }

    #[test]
    fn spaces_may_be_several() {
        assert_eq!(read("128248 2 1.5  1.0   2"), Ok((2, vec![1e9, 2e9])));
    }

    #[test]
    fn every_reason_is_told() {
        assert_eq!(read("1 2"), Err(Refusal::Shape));
        assert_eq!(read("x 1 1 1"), Err(Refusal::NotNumber(ARRIVAL)));
        assert_eq!(read("-1 1 1 1"), Err(Refusal::Negative(ARRIVAL)));
        assert_eq!(read("1 0 1"), Err(Refusal::NotCount(TASKS)));
        assert_eq!(read("1 1.5 1 1"), Err(Refusal::NotCount(TASKS)));
        assert_eq!(read("1 1 x 1"), Err(Refusal::NotNumber(MEAN)));
        assert_eq!(read("1 1 1 inf"), Err(Refusal::NotNumber(DURATION)));
        assert_eq!(read("1 1 1 -1"), Err(Refusal::Negative(DURATION)));
        assert_eq!(read("1 2 1 1"), Err(Refusal::CountDiffers));
        assert_eq!(read("1 2 1 1 1 1"), Err(Refusal::CountDiffers));
    }
}
