//! Both sides by their `decisions.csv` and `jobs.csv`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use csv::{Position, Reader, StringRecord};

use super::{Exit, Found, Pair, Side};
use crate::decision_log::first_difference::{
    DifferenceKind, FirstDifference, SeenDecision, SeenNode,
};
use crate::decision_log::response_shift::{ResponseShift, ResponseTimes};
use crate::engine::time::Time;
use crate::experiment::record::Kind;

/// Where the rows of each replication begin, and how many they are: by point (from 1), strategy and
/// replication.
type Groups = BTreeMap<(u64, String, u64), (Position, u64)>;

/// The recorded rows of a side.
pub struct Tables {
    decisions: Table,
    jobs: Option<Table>,
}

struct Table {
    path: PathBuf,
    groups: Groups,
}

impl Tables {
    /// Looks through the tables of a folder.
    pub fn read(side: &Side) -> Result<Tables, Exit> {
        let path = |kind: Kind| side.dir.join(format!("{}.csv", kind.name()));
        let jobs = path(Kind::Jobs);
        Ok(Tables {
            decisions: Table::read(path(Kind::Decisions), Kind::Decisions)?,
            jobs: jobs
                .is_file()
                .then(|| Table::read(jobs, Kind::Jobs))
                .transpose()?,
        })
    }
}

impl Table {
    fn read(path: PathBuf, kind: Kind) -> Result<Table, Exit> {
        let mut reader = open(&path)?;
        let header = reader
            .headers()
            .map_err(|error| unreadable(&path, &error))?;
        if header.iter().collect::<Vec<_>>().join(",") != kind.header().trim_end() {
            return Err(damaged(
                &path,
                1,
                "the columns are not those of this version",
            ));
        }
        let (mut groups, mut row) = (Groups::new(), StringRecord::new());
        loop {
            let position = reader.position().clone();
            if !reader
                .read_record(&mut row)
                .map_err(|error| unreadable(&path, &error))?
            {
                return Ok(Table { path, groups });
            }
            let cells = Cells {
                path: &path,
                row: &row,
            };
            let key = (cells.number(0)?, row[1].to_owned(), cells.number(2)?);
            groups.entry(key).or_insert((position, 0)).1 += 1;
        }
    }

    /// The rows of a replication, one after another.
    fn rows(
        &self,
        side: &Side,
        pair: &Pair,
        at: usize,
        replication: u32,
    ) -> Result<Rows<'_>, Exit> {
        let strategy = side.results.meta.strategies[pair.strategies[at]]
            .name
            .clone();
        let key = (pair.points[at] as u64 + 1, strategy, u64::from(replication));
        let mut reader = open(&self.path)?;
        let (position, left) = self
            .groups
            .get(&key)
            .cloned()
            .unwrap_or((Position::new(), 0));
        if left > 0 {
            reader
                .seek(position)
                .map_err(|error| unreadable(&self.path, &error))?;
        }
        Ok(Rows {
            path: &self.path,
            reader,
            left,
            row: StringRecord::new(),
        })
    }
}

struct Rows<'t> {
    path: &'t Path,
    reader: Reader<File>,
    left: u64,
    row: StringRecord,
}

impl Rows<'_> {
    /// Reads the next row; false behind the last.
    fn advance(&mut self) -> Result<bool, Exit> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let read = self.reader.read_record(&mut self.row);
        read.map_err(|error| unreadable(self.path, &error))
    }

    fn cells(&self) -> Cells<'_> {
        Cells {
            path: self.path,
            row: &self.row,
        }
    }
}

/// A row and where it is from.
struct Cells<'a> {
    path: &'a Path,
    row: &'a StringRecord,
}

impl Cells<'_> {
    fn number(&self, column: usize) -> Result<u64, Exit> {
        let cell = self.row.get(column).unwrap_or_default();
        cell.parse().map_err(|_| {
            let line = self.row.position().map_or(0, Position::line);
            damaged(self.path, line, &format!("`{cell}` is not a whole number"))
        })
    }
}

/// Columns of `decisions.csv` that say what was decided: instant to node.
const DECIDED: std::ops::Range<usize> = 3..9;

/// What is found by reading both sides' rows of each replication of `pair` until one differs.
pub fn compare(sides: &[Side; 2], tables: &[Tables; 2], pair: &Pair) -> Result<Found, Exit> {
    let mut decisions = 0;
    for &replication in &pair.replications {
        let (number, what) = first(sides, tables, pair, replication)?;
        decisions += number;
        let shift = shift(sides, tables, pair, replication)?;
        let what = what.or_else(|| {
            let differs = shift.as_ref().is_some_and(|shift| shift.differing > 0);
            differs.then_some(DifferenceKind::Jobs)
        });
        if let Some(what) = what {
            return Ok(Found::Differs(Box::new(FirstDifference {
                replication: u64::from(replication),
                kind: what,
                shift,
            })));
        }
    }
    Ok(Found::Same(decisions))
}

/// How many decisions are the same, and what differs then.
fn first(
    sides: &[Side; 2],
    tables: &[Tables; 2],
    pair: &Pair,
    replication: u32,
) -> Result<(u64, Option<DifferenceKind>), Exit> {
    let mut old = tables[0].decisions.rows(&sides[0], pair, 0, replication)?;
    let mut new = tables[1].decisions.rows(&sides[1], pair, 1, replication)?;
    let (old_count, new_count) = (old.left, new.left);
    let mut number = 0;
    loop {
        match (old.advance()?, new.advance()?) {
            (true, true) => number += 1,
            (false, false) => return Ok((number, None)),
            _ => {
                let (old, new) = (old_count, new_count);
                return Ok((number, Some(DifferenceKind::Count { old, new })));
            }
        }
        if DECIDED
            .clone()
            .any(|column| old.row.get(column) != new.row.get(column))
        {
            let sights = (sight(&old, number)?, sight(&new, number)?);
            return Ok((number, Some(DifferenceKind::Decision(Box::new(sights)))));
        }
    }
}

fn sight(rows: &Rows<'_>, number: u64) -> Result<SeenDecision, Exit> {
    let cells = rows.cells();
    let text = |column: usize| rows.row.get(column).unwrap_or_default();
    let chosen = SeenNode {
        name: text(8).to_owned(),
        tasks: Some(cells.number(9)?),
        score: text(11).parse().ok(),
        is_eligible: true,
        ..SeenNode::default()
    };
    Ok(SeenDecision {
        number,
        time: Time(cells.number(3)?),
        dispatcher: cells.number(4)? as u32,
        job: cells.number(5)?,
        class: text(6).to_owned(),
        task: cells.number(7)? as u32,
        eligible: 0,
        chosen,
        asked: candidates(text(12)),
        afresh: None,
    })
}

/// The nodes of `old[3]:5 new[0]:2`.
fn candidates(text: &str) -> Vec<SeenNode> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find("]:") {
        let (name, after) = rest.split_at(end + 1);
        let after = &after[1..];
        let (tasks, next) = after.split_once(' ').unwrap_or((after, ""));
        found.push(SeenNode {
            name: name.to_owned(),
            tasks: tasks.parse().ok(),
            is_eligible: true,
            ..SeenNode::default()
        });
        rest = next;
    }
    found
}

fn shift(
    sides: &[Side; 2],
    tables: &[Tables; 2],
    pair: &Pair,
    replication: u32,
) -> Result<Option<ResponseShift>, Exit> {
    let [Some(old), Some(new)] = tables.each_ref().map(|tables| tables.jobs.as_ref()) else {
        return Ok(None);
    };
    let old = responses(old.rows(&sides[0], pair, 0, replication)?, &sides[0])?;
    let new = responses(new.rows(&sides[1], pair, 1, replication)?, &sides[0])?;
    Ok(Some(ResponseShift::of_times(old, new)))
}

/// Response times of the measured jobs; classes by their place in the first side.
fn responses(mut rows: Rows<'_>, side: &Side) -> Result<ResponseTimes, Exit> {
    let mut responses = ResponseTimes::default();
    let classes = &side.results.meta.classes;
    while rows.advance()? {
        let cells = rows.cells();
        if &rows.row[6] != "true" {
            continue;
        }
        let class = classes.iter().position(|class| class.name == rows.row[4]);
        let completed = if &rows.row[5] == "completed" {
            let mut blame = [0; 7];
            for (at, part) in blame.iter_mut().enumerate() {
                *part = cells.number(10 + at)?;
            }
            let response = cells.number(8)?.saturating_sub(cells.number(7)?);
            Some((Time(response), blame))
        } else {
            None
        };
        responses.add(
            class.unwrap_or(classes.len()) as u32,
            cells.number(3)?,
            completed,
        );
    }
    Ok(responses)
}

fn open(path: &Path) -> Result<Reader<File>, Exit> {
    Reader::from_path(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &csv::Error) -> Exit {
    let line = error.position().map_or(1, Position::line);
    match error.kind() {
        csv::ErrorKind::Io(error) => {
            Exit::Fault(format!("error: cannot read {}: {error}", path.display()))
        }
        csv::ErrorKind::Utf8 { .. } => damaged(path, line, "this is not UTF-8 text"),
        _ => damaged(
            path,
            line,
            "the row has not as many cells as the table has columns",
        ),
    }
}

fn damaged(path: &Path, line: u64, what: &str) -> Exit {
    Exit::Mistake(format!(
        "error: {}:{line}: {what}\nhint: run the scenario again to write the table anew",
        path.display()
    ))
}
