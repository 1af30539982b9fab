//! `docs/model.md` cannot lie: each of its scenarios is run, and what its tables say is held against what
//! happened, to the nanosecond.
//!
//! A scenario is followed by tables. One whose first column is `metric` gives figures of replication 1;
//! any other gives a row for each of some tasks (of the job of its `class`, by `job` and `task` from 0
//! where there are several) with any of the columns of [`cell`].

use std::collections::BTreeMap;

use equipoise::engine::time::Time;
use equipoise::metrics::columns::MetricRef;
use equipoise::metrics::figures::Figures;
use equipoise::metrics::jobs::Blame;
use equipoise::prelude::scenario;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task, Times};
use equipoise::sim::run;
use equipoise::sim::setup::Setup;

/// A scenario of the page, with where it begins and the tables that follow it.
struct Example {
    line: usize,
    text: String,
    tables: Vec<Vec<Vec<String>>>,
}

fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let (mut is_code, mut is_toml, mut was_row) = (false, false, false);
    for (at, line) in page.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            is_code = !is_code;
            is_toml = is_code && language == "toml";
            if is_toml {
                examples.push(Example {
                    line: at + 1,
                    text: String::new(),
                    tables: Vec::new(),
                });
            }
            continue;
        }
        let Some(example) = examples.last_mut() else {
            continue;
        };
        let is_row = !is_code && line.starts_with('|');
        if line.starts_with('#') && !is_code && !example.tables.is_empty() {
            // What stands under another heading is no table of this scenario.
            examples.push(Example {
                line: at + 1,
                text: String::new(),
                tables: Vec::new(),
            });
        } else if is_toml {
            example.text += line;
            example.text.push('\n');
        } else if is_row {
            let cells = line.trim_matches('|').split('|');
            let cells: Vec<String> = cells.map(|cell| cell.trim().replace('`', "")).collect();
            match was_row {
                false => example.tables.push(vec![cells]),
                true => example.tables.last_mut().unwrap().push(cells),
            }
        }
        was_row = is_row;
    }
    examples.retain(|example| !example.text.is_empty());
    for example in &mut examples {
        let is_its = |first: &str| ["class", "job", "metric"].contains(&first);
        example.tables.retain(|table| is_its(&table[0][0]));
    }
    examples
}

/// What became of a task and of its job.
#[derive(Clone, Default)]
struct Fate {
    node: String,
    times: Times,
    arrival: Time,
    completion: Option<Time>,
    attempts: u16,
    blame: Option<Blame>,
}

/// When a job arrived and was complete, and where its time went.
type Ending = (Time, Option<Time>, Option<Blame>);

struct Log<'s> {
    setup: &'s Setup,
    names: Vec<String>,
    fates: BTreeMap<(String, u64, u32), Fate>,
    jobs: BTreeMap<(String, u64), Ending>,
}

impl Log<'_> {
    fn class(&self, job: &Job) -> String {
        self.setup.classes[job.class as usize].name.clone()
    }
}

impl Recorder for Log<'_> {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        let key = (self.class(job), job.number);
        let (completion, blame) = completed.unzip();
        self.jobs.insert(key, (job.arrival, completion, blame));
    }
    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt) {
        let fate = Fate {
            node: self.names[attempt.node.index()].clone(),
            times: attempt.times,
            attempts: task.attempt + 1,
            ..Fate::default()
        };
        self.fates
            .insert((self.class(job), job.number, task.index), fate);
    }
    fn decision(&mut self, _: &Decision<'_>) {}
}

fn fate(log: &Log<'_>, class: &str, job: u64, task: u32) -> Fate {
    let key = (class.to_owned(), job, task);
    let mut fate = log.fates.get(&key).cloned().unwrap_or_default();
    let known = log.jobs.get(&(class.to_owned(), job));
    let (arrival, completion, blame) = known.unwrap_or_else(|| panic!("no job {job} of {class}"));
    (fate.arrival, fate.completion, fate.blame) = (*arrival, *completion, *blame);
    fate
}

const PARTS: [&str; 7] = [
    "dispatch", "decision", "network", "queue", "service", "retry", "gather",
];

/// What stands in a cell of this column.
fn cell(column: &str, fate: &Fate) -> String {
    let Times {
        begun,
        decided,
        reached,
        started,
        ended,
        received,
    } = fate.times;
    let time = match column {
        "node" => return fate.node.clone(),
        "attempts" => return fate.attempts.to_string(),
        "arrival" => Some(fate.arrival),
        "begun" => Some(begun),
        "decided" => Some(decided),
        "reached" => Some(reached),
        "start" => Some(started),
        "end" => Some(ended),
        "received" => Some(received),
        "completion" => fate.completion,
        part => {
            let at = PARTS.iter().position(|name| *name == part);
            let at = at.unwrap_or_else(|| panic!("no column `{column}` is known"));
            fate.blame.map(|blame| Time(blame[at]))
        }
    };
    time.map_or("none".to_owned(), seconds)
}

/// As the page writes times: seconds without zeros at the end.
fn seconds(time: Time) -> String {
    let text = format!("{}.{:09}", time.0 / 1_000_000_000, time.0 % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn check_rows(table: &[Vec<String>], log: &Log<'_>) -> Vec<String> {
    let head = &table[0];
    let number = |row: &[String], name: &str| {
        let at = head.iter().position(|column| column == name);
        at.map_or(0, |at| row[at].parse().unwrap())
    };
    let mut wrong = Vec::new();
    for row in &table[2..] {
        let class = head.iter().position(|column| column == "class");
        let class = class.map_or("job".to_owned(), |at| row[at].clone());
        let fate = fate(log, &class, number(row, "job"), number(row, "task") as u32);
        for (column, said) in head.iter().zip(row) {
            if ["class", "job", "task"].contains(&column.as_str()) {
                continue;
            }
            let found = cell(column, &fate);
            if found != *said {
                wrong.push(format!("{row:?}: {column} is {found}"));
            }
        }
    }
    wrong
}

fn check_metrics(table: &[Vec<String>], setup: &Setup, figures: &Figures) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in &table[2..] {
        let asked: MetricRef = row[0].parse().unwrap();
        let columns = setup.columns(std::slice::from_ref(&asked));
        let column = columns.iter().find(|column| column.key == asked).unwrap();
        let found = figures.value(column).unwrap();
        let said: f64 = row[1].parse().unwrap();
        if (found - said).abs() > 5e-7 * said.abs().max(1.0) {
            wrong.push(format!("{}: {found}, not {said}", row[0]));
        }
    }
    wrong
}

fn check(example: &Example) -> Vec<String> {
    let at = |what: String| format!("docs/model.md:{}: {what}", example.line);
    let found = match scenario(&example.text) {
        Ok(found) => found,
        Err(report) => return vec![at(report.to_string())],
    };
    let setup = &found.points[0].setups[0];
    let mut log = Log {
        setup,
        names: setup.cluster.node_names(),
        fates: BTreeMap::new(),
        jobs: BTreeMap::new(),
    };
    let figures = match run(setup, 1, Some(&mut log)) {
        Ok(figures) => figures,
        Err(failure) => return vec![at(failure.to_string())],
    };
    let mut wrong = Vec::new();
    for table in &example.tables {
        wrong.extend(match table[0][0].as_str() {
            "metric" => check_metrics(table, setup, &figures),
            _ => check_rows(table, &log),
        });
    }
    wrong.into_iter().map(at).collect()
}

#[test]
fn what_the_page_says_happens() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/model.md");
    let page = std::fs::read_to_string(page).unwrap();
    let examples = examples(&page);
    assert!(examples.len() >= 20, "{} examples", examples.len());
    let bare: Vec<usize> = examples
        .iter()
        .filter(|example| example.tables.is_empty())
        .map(|example| example.line)
        .collect();
    assert_eq!(bare, [0usize; 0], "these have no table");
    let wrong: Vec<String> = examples.iter().flat_map(check).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The sections of the page name every key of the grammar at least once.
#[test]
fn every_placement_and_law_is_on_the_page() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/model.md");
    let page = std::fs::read_to_string(page).unwrap();
    for name in equipoise::scenario::Registry::standard().names() {
        assert!(page.contains(&format!("`{name}`")), "{name} is not there");
    }
}
