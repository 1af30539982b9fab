//! Standard Workload Format, version 2.2: lines of 18 numbers, header lines that start with `;`.
//!
//! Chapin et al., "Benchmarks and Standards for the Evaluation of Parallel Job Schedulers", JSSPP 1999;
//! Feitelson, Tsafrir, Krakov, "Experience with using the Parallel Workloads Archive", JPDC 2014.
//! A rigid job of p processors (field 5, allocated; else field 8, requested) becomes p independent
//! tasks of the job's run time (field 4). Read are fields 2, 4, 5 and 8, and the requested time, if field
//! 9 knows it, as an estimate of the run time; the rest is only counted.
//! A run time of 0 and any status are valid.

use super::file::{Lines, TraceFile};
use super::number::{self, Decimal};
use super::problem::Problem;
use super::row::{self, Job, Refusal, RowReader, Step};

const FIELDS: usize = 18;
const SUBMIT: usize = 2;
const RUN_TIME: usize = 4;
const ALLOCATED: usize = 5;
const REQUESTED: usize = 8;
const REQUESTED_TIME: usize = 9;

/// Rows of an SWF file.
pub(super) struct Swf {
    lines: Lines,
}

impl Swf {
    pub(super) fn new(source: TraceFile) -> Swf {
        Swf {
            lines: Lines::new(source),
        }
    }
}

impl RowReader for Swf {
    fn read(&mut self, job: &mut Job) -> Result<Step, Problem> {
        row::read_line(&mut self.lines, b";", parse, job)
    }

    fn place(&self) -> (u64, String) {
        self.lines.place()
    }

    fn field(&self, place: usize) -> String {
        let name = match place {
            SUBMIT => "submit time",
            RUN_TIME => "run time",
            _ => "number of processors",
        };
        format!("{name} (field {place})")
    }

    fn shape(&self) -> String {
        format!("a line of {FIELDS} fields")
    }
}

fn parse(line: &[u8], job: &mut Job) -> Result<(), Refusal> {
    let fields = fields(line).ok_or(Refusal::Shape)?;
    let field = |place: usize| fields[place - 1];
    job.arrival = row::instant(field(SUBMIT), Decimal::ONE, SUBMIT)?;
    if job.arrival < 0 {
        return Err(Refusal::Negative(SUBMIT));
    }
    job.works.clear();
    job.works.push(row::nanos(field(RUN_TIME), RUN_TIME)?);
    let asked = number::whole(field(REQUESTED_TIME)).filter(|seconds| *seconds > 0);
    job.estimate = asked.map_or(0.0, |seconds| seconds as f64);
    job.tasks = match processors(field(ALLOCATED), ALLOCATED)? {
        Some(count) => count,
        None => processors(field(REQUESTED), REQUESTED)?.ok_or(Refusal::NoProcessors)?,
    };
    Ok(())
}

/// A number of processors; `None` if the log does not know it (-1, or 0).
fn processors(text: &[u8], place: usize) -> Result<Option<u32>, Refusal> {
    let count = number::whole(text).ok_or(Refusal::NotNumber(place))?;
    if count <= 0 {
        return Ok(None);
    }
    row::count(text, place).map(Some)
}

/// The 18 fields of a line; `None` if there are more or fewer.
fn fields(line: &[u8]) -> Option<[&[u8]; FIELDS]> {
    let mut fields: [&[u8]; FIELDS] = [&[]; FIELDS];
    let mut words = row::words_of(line);
    for field in &mut fields {
        *field = words.next()?;
    }
    words.next().is_none().then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        submit: &str,
        run: &str,
        allocated: &str,
        requested: &str,
    ) -> Result<(u32, f64), Refusal> {
        let mut job = Job::default();
        let line =
            format!("1 {submit} -1\t{run}  {allocated} -1 -1 {requested} -1 -1 5 1 1 1 1 1 -1 -1");
        parse(line.as_bytes(), &mut job).map(|()| (job.tasks, job.works[0]))
    }

    #[test]
    fn processors_are_field_5_else_field_8() {
        assert_eq!(read("0", "7", "4", "8"), Ok((4, 7e9)));
        assert_eq!(read("0", "7", "-1", "8"), Ok((8, 7e9)));
        assert_eq!(read("0", "7", "0", "8"), Ok((8, 7e9)));
        assert_eq!(
            read("0", "0", "4", "x"),
            Ok((4, 0.0)),
            "field 8 is not needed"
        );
    }

    #[test]
    fn the_first_reason_in_field_order_is_told() {
        assert_eq!(read("-1", "-1", "-1", "-1"), Err(Refusal::Negative(SUBMIT)));
        assert_eq!(
            read("0", "-1", "-1", "-1"),
            Err(Refusal::Negative(RUN_TIME))
        );
        assert_eq!(read("0", "0", "-1", "0"), Err(Refusal::NoProcessors));
        assert_eq!(read("x", "0", "1", "0"), Err(Refusal::NotNumber(SUBMIT)));
        assert_eq!(
            read("0", "nan", "1", "0"),
            Err(Refusal::NotNumber(RUN_TIME))
        );
        assert_eq!(
            read("0", "0", "1.5", "0"),
            Err(Refusal::NotNumber(ALLOCATED))
        );
        assert_eq!(parse(b"1 2 3", &mut Job::default()), Err(Refusal::Shape));
        assert_eq!(
            parse("1 ".repeat(19).as_bytes(), &mut Job::default()),
            Err(Refusal::Shape)
        );
    }
}
