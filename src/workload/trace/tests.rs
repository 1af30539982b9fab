//! Whole passes over small traces written for the purpose.
#![allow(clippy::unwrap_used)]

use super::{
    Columns, Format, Invalid, Label, Loaded, Problem, Reader, Resampled, Row, Rows, Spec, Split,
    Survey, Work, locate, read_column, survey, survey::survey_within,
};
use crate::engine::column::Column;
use crate::engine::time::{NANOS, Time};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const SECOND: u64 = 1_000_000_000;

/// A trace file that is removed with its folder.
struct Trace {
    spec: Spec,
    _dir: tempfile::TempDir,
}

fn trace(format: Format, text: &str) -> Trace {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace");
    std::fs::write(&path, text).unwrap();
    Trace {
        spec: Spec {
            path,
            format,
            max_jobs: None,
            invalid: Invalid::Error,
            max_dropped: 1.0,
            sort: false,
            split: None,
        },
        _dir: dir,
    }
}

fn columns() -> Columns {
    Columns {
        arrival: "at".into(),
        work: Work::Takes("dur".into()),
        tasks: None,
        class: None,
        resources: vec![],
        units: None,
        empty: vec![],
    }
}

fn csv(text: &str, change: impl FnOnce(&mut Columns)) -> Trace {
    let mut columns = columns();
    change(&mut columns);
    trace(Format::Csv(columns), text)
}

/// One SWF line.
fn swf_line(submit: i64, run: i64, processors: i64) -> String {
    format!("1 {submit} -1 {run} {processors} -1 -1 -1 -1 -1 0 1 1 1 1 1 -1 -1\n")
}

/// A row that owns its numbers: arrival in nanoseconds, class, tasks, works in seconds, demand.
type Owned = (u64, u32, u32, Vec<f64>, Vec<f64>);

fn owned(row: &Row<'_>) -> Owned {
    (
        row.arrival.0,
        row.label,
        row.tasks,
        row.works.iter().map(|work| work / NANOS).collect(),
        row.demand.to_vec(),
    )
}

/// What is replayed, which is the same from memory and from the file.
fn replay(spec: &Spec, scale: f64) -> Vec<Owned> {
    let rows = |survey: &Survey| {
        let mut reader = Reader::open(spec, survey, scale).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = reader.next().unwrap() {
            rows.push(owned(&row));
        }
        assert!(reader.next().unwrap().is_none(), "the end stays the end");
        rows
    };
    let kept = survey(spec).unwrap();
    let streamed = survey_within(spec, 0).unwrap();
    assert_eq!(
        (kept.kept.is_some(), streamed.kept.is_some()),
        (true, spec.sort)
    );
    let all = rows(&kept);
    assert_eq!(rows(&streamed), all);
    all
}

#[test]
fn swf_rows_become_jobs() {
    let text = format!(
        "; Version: 2.2\n; Nöte\n\n{}{}",
        swf_line(600, 30, 4),
        swf_line(605, 0, 1)
    );
    let trace = trace(Format::Swf, &text);
    let found = survey(&trace.spec).unwrap();
    assert_eq!(
        (found.jobs, found.tasks, found.span),
        (2, 5, Time(5 * SECOND))
    );
    assert_eq!(
        (
            found.labels[0].name.as_str(),
            found.labels[0].work,
            found.labels[0].max_tasks
        ),
        ("", 120.0, 4)
    );
    assert!(found.dropped.is_empty());
    let expected = [
        (0, 0, 4, vec![30.0], vec![]),
        (5 * SECOND, 0, 1, vec![0.0], vec![]),
    ];
    assert_eq!(replay(&trace.spec, 1.0), expected);
}

#[test]
fn hawk_rows_become_jobs() {
    let trace = trace(
        Format::Hawk,
        "1406471.0 2 1.5  1.0 2.0 \n1406471.123456 1 3 3",
    );
    let expected = [
        (0, 0, 2, vec![1.0, 2.0], vec![]),
        (123_456_000, 0, 1, vec![3.0], vec![]),
    ];
    assert_eq!(replay(&trace.spec, 1.0), expected);
    assert_eq!(replay(&trace.spec, 0.5)[1].0, 61_728_000);
    let mut reader = Reader::open(&trace.spec, &survey(&trace.spec).unwrap(), 1.0).unwrap();
    let row = reader.next().unwrap().unwrap();
    assert_eq!([row.work(0), row.work(1)], [1e9, 2e9]);
}

#[test]
fn csv_rows_become_jobs() {
    let text = "at,mem, dur ,queue,n,cpu\n-1000,64,1500,\"big, old\",2,4\n\n500, 32 ,10,new,1,0.5\n500,1,0,\"big, old\",1,0\n";
    let trace = csv(text, |columns| {
        columns.units = Some((1e-3, 1e-3));
        columns.tasks = Some("n".into());
        columns.class = Some("queue".into());
        columns.resources = vec![
            ("cpu".to_string(), "cpu".into()),
            ("memory".to_string(), "mem".into()),
        ];
    });
    let expected = [
        (0, 0, 2, vec![1.5], vec![4.0, 64.0]),
        (3 * SECOND / 2, 1, 1, vec![0.01], vec![0.5, 32.0]),
        (3 * SECOND / 2, 0, 1, vec![0.0], vec![0.0, 1.0]),
    ];
    assert_eq!(replay(&trace.spec, 1.0), expected);
    let found = survey(&trace.spec).unwrap();
    let old = Label {
        name: "big, old".to_string(),
        jobs: 2,
        tasks: 3,
        work: 3.0,
        squared_work: 4.5,
        squared_tasks: 5.0,
        max_tasks: 2,
        max_work: 1.5,
        demand: vec![8.0, 129.0],
        demand_work: vec![12.0, 192.0],
        min_demand: vec![0.0, 1.0],
        max_demand: vec![4.0, 64.0],
        hardest: vec![(vec![4.0, 64.0], 2)],
    };
    assert_eq!(found.labels[0], old);
    assert_eq!(
        (found.labels[1].name.as_str(), found.labels[1].jobs),
        ("new", 1)
    );
}

#[test]
fn the_first_invalid_row_is_shown_and_all_are_counted() {
    let rows = [
        (100, 1, 1),
        (90, 1, 1),
        (-1, -1, -1),
        (95, 1, 1),
        (100, -1, 0),
        (101, 5, 0),
        (99, -7, 1),
        (102, 2, 2),
    ];
    let text: String = rows
        .iter()
        .map(|(at, run, p)| swf_line(*at, *run, *p))
        .collect();
    let mut trace = trace(Format::Swf, &format!("; header\n{text}1 2 3\n"));
    let problem = survey(&trace.spec).unwrap_err();
    assert!(problem.mistake);
    let row = problem.row.as_ref().unwrap();
    assert_eq!(
        (row.line, row.text.as_str()),
        (3, swf_line(90, 1, 1).trim())
    );
    assert_eq!(problem.message, "the job arrives before the last valid one");
    let counts =
        |reasons: &[(String, u64)]| reasons.iter().map(|(_, count)| *count).collect::<Vec<_>>();
    assert_eq!(counts(&problem.reasons), [2, 1, 2, 1, 1]);
    assert_eq!(problem.reasons[2].0, "the run time (field 4) is below 0");
    assert!(problem.hint.unwrap().contains("invalid = \"drop\""));

    trace.spec.invalid = Invalid::Drop;
    let found = survey(&trace.spec).unwrap();
    assert_eq!(
        (found.jobs, found.tasks, counts(&found.dropped)),
        (2, 3, vec![2, 1, 2, 1, 1])
    );
    assert_eq!(replay(&trace.spec, 1.0).len(), 2);
}

#[test]
fn max_jobs_counts_kept_jobs_and_hides_what_follows() {
    let text = format!(
        "{}x\n{}{}y\n",
        swf_line(0, 1, 1),
        swf_line(4, 1, 1),
        swf_line(9, 1, 1)
    );
    let mut trace = trace(Format::Swf, &text);
    trace.spec.max_jobs = Some(2);
    trace.spec.invalid = Invalid::Drop;
    let found = survey(&trace.spec).unwrap();
    assert_eq!(
        (found.jobs, found.span, found.dropped[0].1),
        (2, Time(4 * SECOND), 1)
    );
    assert_eq!(replay(&trace.spec, 1.0).len(), 2);
    trace.spec.max_jobs = Some(0);
    assert_eq!(
        survey(&trace.spec).unwrap_err().message,
        "`max-jobs` must be at least 1"
    );
}

/// The line of the first fault in these rows, and the reason.
fn csv_fault(rows: &str) -> (u64, String) {
    let text = format!("at,dur,n\n{rows}");
    let trace = csv(&text, |columns| columns.tasks = Some("n".into()));
    let problem = survey(&trace.spec).unwrap_err();
    (problem.row.unwrap().line, problem.reasons[0].0.clone())
}

#[test]
fn csv_faults_name_line_and_column() {
    let no_number =
        "is neither a number in range nor like 2024-05-31T12:00:00Z, 1-02:03:04 or 250ms";
    let cases = [
        ("0,1,1\n0,,1\n", 3, "the cell of column `dur` is empty"),
        (
            "\n\n16.11.2023,1,1\n",
            4,
            &format!("the cell of column `at` {no_number}"),
        ),
        (
            "\"0\",\"1\",\"1\"\n0,-1,1\n",
            3,
            "the cell of column `dur` is below 0",
        ),
        (
            "0,1,0\n",
            2,
            "the cell of column `n` is not a whole number of at least 1",
        ),
        ("0,1\n", 2, "this is not a row of 3 cells like the header"),
        (
            "0,1,1\n\n\n0,x,1\n",
            5,
            &format!("the cell of column `dur` {no_number}"),
        ),
    ];
    for (rows, line, reason) in cases {
        assert_eq!(csv_fault(rows), (line, reason.to_owned()), "{rows}");
    }
    assert_eq!(csv_fault("0,1,1\r\n\r\n0,1,1\r\n0,x,1\r\n").0, 5);
    let (line, _) = csv_fault("0,\"1\",\"1\n\"\n0,x,1");
    assert_eq!(line, 4, "a quoted cell may hold a line end");
}

#[test]
fn a_wrong_column_is_answered_with_the_right_one() {
    let told = |text: &str| {
        let problem = survey(&csv(text, |_| {}).spec).unwrap_err();
        (problem.message, problem.hint)
    };
    let (message, hint) = told("At,dur\n0,1\n");
    assert_eq!(
        message,
        "there is no column `at`; its columns are `At` and `dur`"
    );
    assert_eq!(hint.unwrap(), "did you mean `At`?");
    assert_eq!(told("x,y,z\n0,1,2\n").1, None);
    assert!(
        told("0,1\n")
            .1
            .unwrap()
            .starts_with("its first line holds numbers")
    );
    assert_eq!(told("at,dur,at\n0,1,2\n").0, "there are two columns `at`");
    assert_eq!(
        told("").0,
        "the file is empty; its first line must name the columns"
    );
    for unit in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let problem =
            survey(&csv("at,dur\n0,1\n", |columns| columns.units = Some((1.0, unit))).spec);
        assert_eq!(
            problem.unwrap_err().message,
            "the unit of its times must be above 0"
        );
    }
}

#[test]
fn empty_and_hopeless_traces_are_told_apart() {
    for (format, text) in [
        (Format::Swf, "; only a header\n\n"),
        (Format::Hawk, ""),
        (Format::Csv(columns()), "at,dur\n"),
    ] {
        assert_eq!(
            survey(&trace(format, text).spec).unwrap_err().message,
            "there is no job in this trace"
        );
    }
    let mut hopeless = trace(Format::Swf, "0 1 2 2\n");
    hopeless.spec.invalid = Invalid::Drop;
    let problem = survey(&hopeless.spec).unwrap_err();
    assert_eq!(
        problem.message,
        "there is no valid job in this trace; of the first row: this is not a line of 18 fields"
    );
    assert_eq!(problem.hint.unwrap(), "is it really `swf`? See `format`");
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let spoilt = trace(Format::Hawk, "");
    std::fs::write(&spoilt.spec.path, b"0 1 1 \xff\n").unwrap();
    assert_eq!(
        survey(&spoilt.spec).unwrap_err().reasons[0].0,
        "this is not text in UTF-8"
    );
    let spoilt = csv("", |columns| columns.class = Some("q".into()));
    std::fs::write(&spoilt.spec.path, b"at,dur,q\n0,1,\xff\n").unwrap();
    assert_eq!(
        survey(&spoilt.spec).unwrap_err().reasons[0].0,
        "this is not text in UTF-8"
    );
    std::fs::write(&spoilt.spec.path, b"at,dur,\xff\n0,1,2\n").unwrap();
    assert_eq!(
        survey(&spoilt.spec).unwrap_err().message,
        "the column names are not text in UTF-8"
    );
}

#[test]
fn a_rule_sorts_jobs_by_their_mean_work() {
    let mut split = trace(Format::Hawk, "0 2 9 1 3\n1 1 9 2\n2 1 9 1.9\n");
    let rule = |long| Split {
        classes: vec![("short".to_string(), Some(2.0)), ("long".to_string(), long)],
    };
    split.spec.split = Some(rule(None));
    assert_eq!(
        replay(&split.spec, 1.0)
            .iter()
            .map(|row| row.1)
            .collect::<Vec<_>>(),
        [1, 1, 0]
    );
    let found = survey(&split.spec).unwrap();
    assert_eq!(
        found
            .labels
            .iter()
            .map(|label| (label.jobs, label.work))
            .collect::<Vec<_>>(),
        [(1, 1.9), (2, 6.0)]
    );
    split.spec.split = Some(rule(Some(2.0)));
    assert_eq!(
        survey(&split.spec).unwrap_err().message,
        "no class takes a job with a mean work of 2 s"
    );
}

#[test]
fn classes_come_from_one_place_and_are_few() {
    let mut both = csv("at,dur,q\n0,1,a\n", |columns| {
        columns.class = Some("q".into())
    });
    both.spec.split = Some(Split { classes: vec![] });
    assert!(
        survey(&both.spec)
            .unwrap_err()
            .message
            .contains("not from both")
    );
    let mut text = "at,dur,q\n".to_string();
    (0..1001).for_each(|class| writeln!(text, "0,1,{class}").unwrap());
    let many = csv(&text, |columns| columns.class = Some("q".into()));
    assert_eq!(survey(&many.spec).unwrap_err().row.unwrap().line, 1002);
}

/// Arrivals in seconds and works of a csv trace.
fn times(trace: &Trace) -> Vec<(f64, f64)> {
    let rows = replay(&trace.spec, 1.0).into_iter();
    rows.map(|row| (Time(row.0).as_secs(), row.3[0])).collect()
}

#[test]
fn dates_durations_and_starts_and_ends_are_read() {
    let text = "at;start;end\n2024-05-31T23:59:59+02:00;0;1-00:00:01\n2024-05-31T22:00:01.5Z;00:00:10;11s\n";
    let between =
        |columns: &mut Columns| columns.work = Work::Between("start".into(), "end".into());
    let found = csv(text, between);
    assert_eq!(times(&found), [(0.0, 86_401.0), (2.5, 1.0)]);
    assert_eq!(
        survey(&found.spec).unwrap().notes,
        ["its cells stand between semicolons"]
    );
    let backwards = csv("at,start,end\n0,4,4\n0,5,4\n", between);
    let problem = survey(&backwards.spec).unwrap_err();
    assert_eq!(problem.message, "the end is before the start");
    let local = csv("at,dur\n2024-05-31 12:00:00,1\n", |_| {});
    let notes = survey(&local.spec).unwrap().notes;
    assert_eq!(notes, ["its times of day name no zone and are read as UTC"]);
}

#[test]
fn columns_may_go_by_number() {
    let by_number = |columns: &mut Columns| {
        columns.arrival = Column::Number(3);
        columns.work = Work::Takes(Column::Number(1));
    };
    assert_eq!(
        times(&csv("5\tx\t10\n6\ty\t11\n", by_number)),
        [(0.0, 5.0), (1.0, 6.0)]
    );
    let short = survey(&csv("5,1\n", by_number).spec).unwrap_err();
    assert!(
        short.message.ends_with("the cell of column 3 is empty"),
        "{short}"
    );
    let mixed = csv("at,dur\n0,1\n", |columns| {
        columns.arrival = Column::Number(1)
    });
    let problem = survey(&mixed.spec).unwrap_err();
    assert_eq!(
        problem.message,
        "some of its columns are given by name, others by number"
    );
}

#[test]
fn empty_cells_stand_for_what_is_given() {
    let filled = csv("at,dur,n,cpu\n0,1,,500m\n1,,2,\n", |columns| {
        columns.tasks = Some("n".into());
        columns.resources = vec![("cpu".to_string(), "cpu".into())];
        columns.empty = [("tasks", "3"), ("work", "7"), ("cpu", "4")]
            .map(|(key, filler)| (key.to_string(), filler.to_string()))
            .into();
    });
    let rows: Vec<_> = replay(&filled.spec, 1.0)
        .into_iter()
        .map(|row| (row.2, row.3[0], row.4[0]))
        .collect();
    assert_eq!(rows, [(3, 1.0, 0.5), (2, 7.0, 4.0)]);
}

#[test]
fn rows_are_sorted_if_asked() {
    let mut sorted = csv("at,dur,q\n3,1,b\n1,2,a\n3,4,a\n2,3,a\n", |columns| {
        columns.class = Some("q".into())
    });
    let problem = survey(&sorted.spec).unwrap_err();
    assert!(problem.hint.unwrap().contains("`sort = true`"));
    sorted.spec.sort = true;
    assert_eq!(
        times(&sorted),
        [(0.0, 2.0), (1.0, 3.0), (2.0, 1.0), (2.0, 4.0)]
    );
    let labels = replay(&sorted.spec, 2.0)
        .into_iter()
        .map(|row| (row.0, row.1));
    assert_eq!(
        labels.collect::<Vec<_>>(),
        [(0, 1), (2 * SECOND, 1), (4 * SECOND, 0), (4 * SECOND, 1)]
    );
    sorted.spec.max_jobs = Some(2);
    assert_eq!(times(&sorted), [(0.0, 2.0), (1.0, 3.0)]);
    let found = survey(&sorted.spec).unwrap();
    assert_eq!((found.jobs, found.span), (2, Time(SECOND)));
}

#[test]
fn large_losses_are_refused() {
    let rows = "at,dur\n5,1\n0,1\n1,1\n6,1\n7,1\n".to_owned();
    let mut lossy = csv(&rows, |_| {});
    lossy.spec.invalid = Invalid::Drop;
    lossy.spec.max_dropped = 0.3;
    let problem = survey(&lossy.spec).unwrap_err();
    assert_eq!(problem.row.as_ref().unwrap().line, 3);
    assert!(
        problem
            .message
            .starts_with("`invalid = \"drop\"` would leave out 2 of 5 rows")
    );
    let hint = problem.hint.unwrap();
    assert!(
        hint.contains("`sort = true`") && hint.contains("`max-dropped = 0.4`"),
        "{hint}"
    );
    lossy.spec.max_dropped = 0.4;
    assert_eq!(survey(&lossy.spec).unwrap().jobs, 3);
}

#[test]
fn numbers_that_cannot_be_seconds_are_asked_about() {
    let text = "at,dur\n1760313613515,41\n1760313662454,42\n";
    let problem = survey(&csv(text, |_| {}).spec).unwrap_err();
    assert!(
        problem
            .message
            .starts_with("its arrivals look like ms since 1970"),
        "{problem}"
    );
    assert!(
        problem
            .hint
            .unwrap()
            .contains("unit = { arrival = \"ms\", work = \"s\" }")
    );
    let given = csv(text, |columns| columns.units = Some((1e-3, 1e-3)));
    assert_eq!(times(&given), [(0.0, 0.041), (48.939, 0.042)]);
}

#[test]
fn the_hardest_demands_are_kept_with_their_lines() {
    let rows = "at,dur,cpu,gpu\n0,1,4,1\n1,1,3,1\n2,1,8,0\n3,1,9,0\n4,1,4,2\n";
    let trace = csv(rows, |columns| {
        columns.resources = ["cpu", "gpu"]
            .map(|name| (name.to_string(), name.into()))
            .into();
    });
    let found = survey(&trace.spec).unwrap();
    assert_eq!(
        found.labels[0].hardest,
        [(vec![9.0, 0.0], 5), (vec![4.0, 2.0], 6)]
    );
}

/// A column of numbers for a law, by the rules of a trace.
#[test]
fn a_law_is_read_by_the_same_reader() {
    let read = |text: &str| {
        let file = trace(Format::Swf, text);
        read_column(&file.spec.path, &"w".into())
    };
    assert_eq!(read("w;n\n1;\"a;b\"\n\n2.5;\n").unwrap(), [1.0, 2.5]);
    let told = |text: &str| {
        let problem = read(text).unwrap_err();
        (problem.row.map_or(0, |row| row.line), problem.message)
    };
    assert_eq!(told("w,n\n1,\"a\n2,b\n").0, 2);
    assert_eq!(told("w,w\n1,2\n").1, "there are two columns `w`");
    assert_eq!(
        told("w,n\n1,2\nx,3\n"),
        (3, "\"x\" is no number".to_owned())
    );
    assert_eq!(
        told("w,n\n1,2\n3\n"),
        (3, "this is not a row of 2 cells like the header".to_owned())
    );
    assert_eq!(told("w\n"), (0, "it has no rows".to_owned()));
    #[cfg(unix)]
    {
        let problem = read_column(Path::new("/dev/null"), &"w".into()).unwrap_err();
        assert_eq!(
            problem.message,
            "this is no regular file but a device or a pipe"
        );
    }
}

/// A few bytes that unpack to a cell, a header cell or a row without end fill no memory.
#[test]
fn a_file_made_to_fill_the_memory_is_refused_early() {
    use std::io::Write as _;
    let packed = |start: &str, fill: u8| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(start.as_bytes()).unwrap();
        let chunk = vec![fill; 1 << 20];
        (0..40).for_each(|_| packer.write_all(&chunk).unwrap());
        packer.finish().unwrap()
    };
    for (start, fill) in [
        ("at,dur\n0,\"", b'x'),
        ("at,", b'x'),
        ("at,dur\n0", b','),
        ("at,", b','),
    ] {
        let spoilt = csv("", |_| {});
        std::fs::write(&spoilt.spec.path, packed(start, fill)).unwrap();
        let problem = survey(&spoilt.spec).unwrap_err();
        assert!(
            problem.mistake && problem.message.contains("row"),
            "{problem}"
        );
    }
}

#[test]
fn a_trace_that_changes_under_way_is_a_fault_of_the_machine() {
    let trace = trace(Format::Swf, &(swf_line(5, 1, 1) + &swf_line(6, 1, 1)));
    let found = survey_within(&trace.spec, 0).unwrap();
    for text in [
        swf_line(5, 1, 1),
        swf_line(4, 1, 1) + &swf_line(6, 1, 1),
        "rubbish\n".to_string(),
    ] {
        std::fs::write(&trace.spec.path, text).unwrap();
        let mut reader = Reader::open(&trace.spec, &found, 1.0).unwrap();
        let problem = reader.next().unwrap_err();
        assert!(
            !problem.mistake && problem.message.contains("changed"),
            "{problem}"
        );
    }
}

#[test]
fn scales_that_leave_the_range_of_time_are_refused() {
    let trace = trace(Format::Swf, &(swf_line(0, 1, 1) + &swf_line(100, 1, 1)));
    let found = survey(&trace.spec).unwrap();
    for scale in [f64::NAN, -1.0, f64::INFINITY, 1e9] {
        assert!(Reader::open(&trace.spec, &found, scale).is_err(), "{scale}");
    }
    assert_eq!(replay(&trace.spec, 0.0)[1].0, 0);
}

/// `n` jobs, job k with k % 7 + 1 tasks.
fn long_trace(n: usize) -> Trace {
    let mut text = String::new();
    for job in 0..n {
        let tasks = job % 7 + 1;
        writeln!(text, "{}.25 {tasks} 1{}", job * 3, " 2.5".repeat(tasks)).unwrap();
    }
    trace(Format::Hawk, &text)
}

#[test]
fn replay_does_not_allocate_once_its_buffers_have_grown() {
    let trace = long_trace(5_000);
    let mut reader =
        Reader::open(&trace.spec, &survey_within(&trace.spec, 0).unwrap(), 1.0).unwrap();
    (0..1_000).for_each(|_| assert!(reader.next().unwrap().is_some()));
    let counted = allocation_counter::measure(|| while reader.next().unwrap().is_some() {});
    assert_eq!(counted.count_total, 0);
}

#[test]
fn csv_replay_does_not_allocate_either() {
    let mut text = "at,dur,q\n".to_string();
    (0..5_000).for_each(|job| writeln!(text, "{job},1.5,{}", ["short", "long"][job % 2]).unwrap());
    let trace = csv(&text, |columns| columns.class = Some("q".into()));
    let mut reader =
        Reader::open(&trace.spec, &survey_within(&trace.spec, 0).unwrap(), 1.0).unwrap();
    (0..1_000).for_each(|_| assert!(reader.next().unwrap().is_some()));
    let counted = allocation_counter::measure(|| while reader.next().unwrap().is_some() {});
    assert_eq!(counted.count_total, 0);
}

#[test]
fn memory_does_not_grow_with_the_number_of_jobs() {
    let peak = |jobs| {
        let trace = long_trace(jobs);
        let whole_pass = || assert_eq!(replay_count(&trace.spec), jobs);
        allocation_counter::measure(whole_pass).bytes_max
    };
    assert_eq!(peak(2_000), peak(20_000));
}

/// Reads a trace that may keep 50 kB.
fn replay_count(spec: &Spec) -> usize {
    let survey = survey_within(spec, 50_000).unwrap();
    let mut reader = Reader::open(spec, &survey, 1.0).unwrap();
    let mut jobs = 0;
    while reader.next().unwrap().is_some() {
        jobs += 1;
    }
    jobs
}

/// A job that is kept takes 40 bytes, and 8 for each number of it.
#[test]
fn a_kept_trace_is_small() {
    let trace = long_trace(7_000);
    let kept = survey(&trace.spec).unwrap().kept.unwrap();
    assert_eq!((kept.len(), kept.bytes()), (7_000, 7_000 * (40 + 4 * 8)));
}

/// Arrivals in seconds of a trace with jobs at 0, 1, 5, 9, 10, 13 s.
fn resampled(block: u64, draws: &[usize]) -> Vec<(u64, f64)> {
    let arrivals = [100, 101, 105, 109, 110, 113];
    let text: String = arrivals
        .iter()
        .enumerate()
        .map(|(job, at)| swf_line(*at, job as i64, 1))
        .collect();
    let trace = trace(Format::Swf, &text);
    let loaded = Loaded::new(
        &trace.spec,
        &survey(&trace.spec).unwrap(),
        Time(block * SECOND),
    )
    .unwrap();
    let mut draws = draws.iter();
    let resampled = Resampled::new(Arc::new(loaded), 1.0, |_| *draws.next().unwrap());
    let (jobs, mut rows, mut seen) = (resampled.jobs(), Rows::Resampled(resampled), Vec::new());
    while let Some(row) = rows.next().unwrap() {
        seen.push((row.arrival.0 / SECOND, row.work(0) / NANOS));
    }
    assert_eq!(jobs, seen.len() as u64);
    seen
}

#[test]
fn blocks_keep_offsets_and_lengths() {
    let in_order = [(0, 0.0), (1, 1.0), (5, 2.0), (9, 3.0), (10, 4.0), (13, 5.0)];
    assert_eq!(resampled(5, &[0, 1, 2]), in_order);
    // the last block is 3 s long and holds the jobs at 10 and at its end, 13
    assert_eq!(
        resampled(5, &[2, 2, 1]),
        [(0, 4.0), (3, 5.0), (3, 4.0), (6, 5.0), (6, 2.0), (10, 3.0)]
    );
    // a block of 1 s at 2 s is empty but takes its time
    let draws = [[2; 12].as_slice(), &[12]].concat();
    assert_eq!(resampled(1, &draws), [(13, 5.0)]);
}

#[test]
fn blocks_in_their_own_order_are_the_trace() {
    let trace = long_trace(1_000);
    let loaded = Loaded::new(
        &trace.spec,
        &survey(&trace.spec).unwrap(),
        Time(100 * SECOND),
    );
    let loaded = Arc::new(loaded.unwrap());
    for scale in [1.0, 0.3] {
        let mut next = 0..loaded.blocks();
        let mut rows = Resampled::new(Arc::clone(&loaded), scale, |_| next.next().unwrap());
        let mut seen = Vec::new();
        while let Some(row) = rows.next() {
            seen.push(owned(&row));
        }
        assert_eq!(seen, replay(&trace.spec, scale));
        assert_eq!(rows.next(), None, "the end stays the end");
    }
}

/// Replications run on threads, each with rows of its own.
#[test]
fn rows_go_to_threads() {
    fn goes<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    goes::<Rows>();
    shared::<Loaded>();
    shared::<Problem>();
}

#[test]
fn one_block_is_no_resampling() {
    let trace = long_trace(10);
    let found = survey(&trace.spec).unwrap();
    for block in [Time::ZERO, found.span, Time(1)] {
        assert!(
            Loaded::new(&trace.spec, &found, block)
                .unwrap_err()
                .message
                .contains("cannot resample")
        );
    }
}

proptest! {
    /// A slow twin: filters the rows in memory, before they become text.
    #[test]
    fn swf_agrees_with_a_slow_twin(rows in prop::collection::vec((-1_i64..50, -1_i64..5, -1_i64..4), 1..40)) {
        let text: String = rows.iter().map(|(at, run, p)| swf_line(*at, *run, *p)).collect();
        let mut trace = trace(Format::Swf, &text);
        trace.spec.invalid = Invalid::Drop;
        let mut kept: Vec<(i64, i64, i64)> = Vec::new();
        for row in &rows {
            let late = kept.last().is_none_or(|last| row.0 >= last.0);
            if row.0 >= 0 && row.1 >= 0 && row.2 > 0 && late { kept.push(*row); }
        }
        match kept.first() {
            None => prop_assert!(survey(&trace.spec).is_err()),
            Some(&(first, _, _)) => {
                let expected: Vec<Owned> = kept.iter()
                    .map(|&(at, run, p)| ((at - first) as u64 * SECOND, 0, p as u32, vec![run as f64], vec![]))
                    .collect();
                prop_assert_eq!(replay(&trace.spec, 1.0), expected);
                let dropped: u64 = survey(&trace.spec).unwrap().dropped.iter().map(|(_, count)| count).sum();
                prop_assert_eq!(dropped as usize, rows.len() - kept.len());
            }
        }
    }

    /// Whatever the bytes are, reading them ends in a survey or a problem that replays or reads.
    #[test]
    fn no_bytes_break_a_reader(bytes in prop::collection::vec(any::<u8>(), 0..200), which in 0..3) {
        let format = [Format::Swf, Format::Hawk, Format::Csv(columns())][which as usize].clone();
        let mut trace = trace(format, "");
        std::fs::write(&trace.spec.path, &bytes).unwrap();
        trace.spec.invalid = Invalid::Drop;
        match survey(&trace.spec) {
            Ok(found) => prop_assert_eq!(replay(&trace.spec, 1.0).len() as u64, found.jobs),
            Err(problem) => prop_assert!(!problem.to_string().is_empty()),
        }
    }
}

/// The folder of real traces, if there is one; they are not part of the package.
fn real_traces() -> Option<PathBuf> {
    let folder = std::env::var_os("EQUIPOISE_TRACES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: EQUIPOISE_TRACES names no folder of traces");
    }
    folder
}

fn real(folder: &Path, file: &str, format: Format) -> Spec {
    let path = locate(Path::new(file), Path::new("."), Some(folder)).unwrap();
    Spec {
        path,
        format,
        max_jobs: None,
        invalid: Invalid::Error,
        max_dropped: 1.0,
        sort: false,
        split: None,
    }
}

/// Surveys and replays, and prints counts and times; gives jobs and tasks.
fn walk(spec: &Spec) -> (u64, u64) {
    let start = Instant::now();
    let found = survey(spec).unwrap();
    let surveyed = start.elapsed();
    let start = Instant::now();
    let mut reader = Reader::open(spec, &found, 1.0).unwrap();
    let (mut jobs, mut tasks, mut last) = (0, 0, Time::ZERO);
    while let Some(row) = reader.next().unwrap() {
        assert!(row.arrival >= last);
        last = row.arrival;
        jobs += 1;
        tasks += u64::from(row.tasks);
    }
    assert_eq!((jobs, tasks, last), (found.jobs, found.tasks, found.span));
    let work: f64 = found.labels.iter().map(|label| label.work).sum();
    println!(
        "{}: {jobs} jobs, {tasks} tasks, span {}, work {work} s",
        spec.path.display(),
        found.span
    );
    println!(
        "  survey {surveyed:?}, replay {:?}; dropped {:?}",
        start.elapsed(),
        found.dropped
    );
    (jobs, tasks)
}

#[test]
fn real_traces_hold_what_their_publishers_say() {
    let Some(folder) = real_traces() else { return };
    let swf = |file: &str| walk(&real(&folder, file, Format::Swf)).0;
    assert_eq!(swf("KTH-SP2-1996-2.1-cln.swf.xz"), 27_992);
    assert_eq!(swf("NASA-iPSC-1993-3.1-cln.swf.xz"), 18_239);
    assert_eq!(swf("HPC2N-2002-2.1-cln.swf.xz"), 202_876);
    let hawk = |file: &str| walk(&real(&folder, file, Format::Hawk));
    assert_eq!(hawk("GOOG_subtrace.tr.xz"), (10_000, 312_558));
    assert_eq!(hawk("YH1_sub.tr.xz"), (2_910, 122_878));
    assert_eq!(hawk("synthetic_FB_sub_2000jobs.tr.xz"), (2_000, 159_921));
    assert_eq!(hawk("google2011_first_parts.tr"), (9_571, 19_597));
}

#[test]
fn a_dirty_real_log_is_refused_or_cleaned() {
    let Some(folder) = real_traces() else { return };
    let mut spec = real(&folder, "LLNL-Thunder-2007-1.1-cln.swf.xz", Format::Swf);
    let problem = survey(&spec).unwrap_err();
    println!("{problem}");
    assert!(problem.mistake && problem.row.is_some());
    spec.invalid = Invalid::Drop;
    let kept = walk(&spec).0;
    let dropped: u64 = survey(&spec)
        .unwrap()
        .dropped
        .iter()
        .map(|(_, count)| count)
        .sum();
    assert_eq!(kept + dropped, 121_039);
}

#[test]
fn real_csv_files_are_read() {
    let Some(folder) = real_traces() else { return };
    let wanted = Columns {
        arrival: "submit_us".into(),
        work: Work::Takes("mean_duration_s".into()),
        tasks: Some("num_tasks".into()),
        class: Some("scheduling_class".into()),
        resources: vec![("cpu".to_string(), "cpu_request".into())],
        units: Some((1e-6, 1.0)),
        empty: vec![],
    };
    let spec = real(
        &folder,
        "google2011_first_parts_jobs.csv",
        Format::Csv(wanted),
    );
    assert_eq!(walk(&spec), (9_571, 19_597));
    let wanted = Columns {
        arrival: "TIMESTAMP".into(),
        work: Work::Takes("GeneratedTokens".into()),
        ..columns()
    };
    let dates = real(
        &folder,
        "AzureLLMInferenceTrace_code.csv",
        Format::Csv(wanted),
    );
    assert_eq!(walk(&dates).0, 8_819);
}
