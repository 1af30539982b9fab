//! Rows of single jobs, tasks and decisions (`--record`): each replication writes its own part
//! files, which are joined in table order, so that the result does not depend on threads.
//!
//! Rows are written while the replication runs, since a long one has more than fits into memory; each part is
//! sealed by a digest, so that a run which is taken up again knows whole parts from torn ones.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::journal::{Journal, fault};
use super::regret::Regret;
use super::seal::{Seal, Sealing};
use super::shards::replications as replications_of;
use super::trail::{Cut, Tracker};
use crate::engine::time::Time;
use crate::metrics::columns::MetricRef;
use crate::metrics::figures::RegretRow;
use crate::metrics::jobs::{Blame, PARTS};
use crate::model::ids::NodeId;
use crate::scenario::Scenario;
use crate::sim::Failure;
use crate::sim::recorder::{Decision, Recorder};
use crate::sim::records::{Attempt, Job, Task};
use crate::sim::setup::Setup;

/// Which rows can be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKind {
    /// `jobs.csv`.
    Jobs,
    /// `tasks.csv`.
    Tasks,
    /// `decisions.csv`.
    Decisions,
    /// `regret.csv`.
    Regret,
}

impl RowKind {
    /// All kinds.
    pub const ALL: [RowKind; 4] = [
        RowKind::Jobs,
        RowKind::Tasks,
        RowKind::Decisions,
        RowKind::Regret,
    ];

    /// The table's name, as in `--record` and `NAME.csv`.
    pub fn name(self) -> &'static str {
        match self {
            RowKind::Jobs => "jobs",
            RowKind::Tasks => "tasks",
            RowKind::Decisions => "decisions",
            RowKind::Regret => "regret",
        }
    }

    /// Its line of column names.
    pub fn header(self) -> String {
        let columns = match self {
            RowKind::Jobs => {
                let blame: Vec<String> = PARTS.iter().map(|part| format!("{part}_ns")).collect();
                format!(
                    "job,class,status,measured,arrival_ns,completion_ns,tasks,{}",
                    blame.join(",")
                )
            }
            RowKind::Tasks => {
                "job,class,stage,task,work_ns,node,ready_ns,start_ns,finish_ns,attempts".to_owned()
            }
            RowKind::Decisions => {
                "time_ns,dispatcher,job,class,task,node,tasks_seen,nodes_asked,score,candidates"
                    .to_owned()
            }
            RowKind::Regret => "decisions,none_share,regret_mean,regret_p99,regret_max".to_owned(),
        };
        format!("point,strategy,replication,{columns}\n")
    }
}

/// Where the rows of a run go.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Folder for part files; what an earlier run of the same left there is used again.
    pub folder: PathBuf,
    /// Which tables.
    pub kinds: Vec<RowKind>,
}

impl Recording {
    /// The metrics that recorded runs have beside those of every run.
    pub fn metrics(&self) -> Vec<MetricRef> {
        const OF_REGRET: [&str; 4] = [
            "regret_mean",
            "regret_p99",
            "regret_max",
            "regret_none_share",
        ];
        let has_regret = self.kinds.contains(&RowKind::Regret);
        let names = OF_REGRET.iter().filter(|_| has_regret);
        names.filter_map(|name| name.parse().ok()).collect()
    }

    /// True if the parts of a replication are there as they were sealed.
    pub fn holds(
        &self,
        (point, strategy, replication): (usize, usize, u32),
        seals: &[Seal],
    ) -> bool {
        let read = |kind: &RowKind| -> io::Result<Seal> {
            let mut all = Sealing::new(io::sink());
            io::copy(
                &mut File::open(self.part(*kind, point, strategy, replication))?,
                &mut all,
            )?;
            Ok(all.seal())
        };
        let found: io::Result<Vec<Seal>> = self.kinds.iter().map(read).collect();
        found.is_ok_and(|found| found == seals)
    }

    fn part(&self, kind: RowKind, point: usize, strategy: usize, replication: u32) -> PathBuf {
        self.folder.join(format!(
            "{}.{point}.{strategy}.{replication}.part",
            kind.name()
        ))
    }

    /// Part files for one replication.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn open<'a>(
        &self,
        scenario: &'a Scenario,
        point: usize,
        strategy: usize,
        replication: u32,
    ) -> Result<Rows<'a>, Failure> {
        let mut files = [None, None, None, None];
        for &kind in &self.kinds {
            let path = self.part(kind, point, strategy, replication);
            let file = File::create(&path).map_err(|error| fault(&path, &error))?;
            let mut table = csv::WriterBuilder::new();
            let table = table.has_headers(false).from_writer(Sealing::new(file));
            files[kind as usize] = Some(Part { path, table });
        }
        let setup = &scenario.points[point].setups[strategy];
        Ok(Rows {
            files,
            lead: (point + 1, &scenario.strategies[strategy].name, replication),
            setup,
            nodes: setup.cluster.node_names(),
            trail: self
                .kinds
                .contains(&RowKind::Regret)
                .then(|| Tracker::new(Some(Cut::ALL))),
            error: None,
        })
    }

    /// Joins the parts into `NAME.csv` in the folder `into`, in order: of each point the first
    /// `replications`. The parts stay until all is done, so that a run can be killed at any moment.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn join(
        &self,
        scenario: &Scenario,
        replications: &[u32],
        into: &Path,
    ) -> Result<(), Failure> {
        let strategies = 0..scenario.strategies.len();
        for &kind in &self.kinds {
            let path = into.join(format!("{}.csv", kind.name()));
            let join = || -> io::Result<()> {
                let mut table = BufWriter::new(File::create(&path)?);
                table.write_all(kind.header().as_bytes())?;
                for (point, &last) in replications.iter().enumerate() {
                    let of_point = strategies
                        .clone()
                        .flat_map(|s| (1..=last).map(move |r| (s, r)));
                    for (strategy, replication) in of_point {
                        let part = self.part(kind, point, strategy, replication);
                        io::copy(&mut File::open(&part)?, &mut table)?;
                    }
                }
                table.flush()
            };
            join().map_err(|error| fault(&path, &error))?;
        }
        Ok(())
    }
}

impl Recording {
    /// Cuts the tables of the folder `from`, which [`join`](Recording::join) wrote of the first
    /// `replications`, into their parts again, by the lengths that `journal` knows. A table that is not there
    /// leaves no parts, and what misses its parts is run again.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn cut(
        &self,
        (scenario, replications): (&Scenario, u32),
        journal: &Journal,
        from: &Path,
    ) -> Result<(), Failure> {
        let mut items = replications_of(scenario, 1..=replications);
        items.sort_by_key(|item| (item.point, item.strategy, item.replication));
        for (at, &kind) in self.kinds.iter().enumerate() {
            let path = from.join(format!("{}.csv", kind.name()));
            let Ok(table) = File::open(&path) else {
                continue;
            };
            let mut table = BufReader::new(table);
            let skip = table.seek_relative(kind.header().len() as i64);
            skip.map_err(|error| fault(&path, &error))?;
            for item in &items {
                let seals = journal.take(*item)?.map(|kept| kept.seals);
                let length = seals.and_then(|seals| Some(seals.get(at)?.length()));
                let part = self.part(kind, item.point, item.strategy, item.replication);
                let mut rows = table.by_ref().take(length.unwrap_or(0));
                let cut = File::create(&part).and_then(|mut file| io::copy(&mut rows, &mut file));
                cut.map_err(|error| fault(&part, &error))?;
            }
        }
        Ok(())
    }
}

struct Part {
    path: PathBuf,
    table: csv::Writer<Sealing<File>>,
}

/// Takes the rows of one replication; a write that fails is told when it is closed.
pub struct Rows<'a> {
    files: [Option<Part>; 4],
    /// Point (from 1), strategy and replication, with which every row begins.
    lead: (usize, &'a str, u32),
    setup: &'a Setup,
    /// Names of nodes.
    nodes: Vec<String>,
    /// What regret is taken of, if it is wanted.
    trail: Option<Tracker>,
    error: Option<Failure>,
}

impl<'a> Rows<'a> {
    /// Writes a row of a table that is wanted; the first failure is kept, and nothing is written after it.
    fn write(&mut self, kind: RowKind, row: impl Serialize) {
        let Some(part) = &mut self.files[kind as usize] else {
            return;
        };
        if self.error.is_none()
            && let Err(error) = part.table.serialize((self.lead, row))
        {
            self.error = Some(fault(&part.path, &error.into()));
        }
    }

    /// The regret of the decisions so far, where it is recorded: the only row of its table.
    pub fn regret(&mut self) -> Option<RegretRow> {
        let tracker = self.trail.take()?;
        let row = Regret::of(self.setup, &tracker.trail).row();
        self.write(RowKind::Regret, row);
        Some(row)
    }

    /// Writes what is buffered; the seals of the parts in the order of their kinds.
    ///
    /// # Errors
    /// A row could not be written.
    pub fn close(mut self) -> Result<Vec<Seal>, Failure> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let mut seals = Vec::new();
        for part in self.files.iter_mut().flatten() {
            // On the disk before the journal says so.
            let written = part.table.flush();
            let written = written.and_then(|()| part.table.get_ref().inner().sync_data());
            written.map_err(|error| fault(&part.path, &error))?;
            seals.push(part.table.get_ref().seal());
        }
        Ok(seals)
    }

    fn node(&self, node: NodeId) -> String {
        self.nodes[node.index()].clone()
    }

    /// `NODE:TASKS` of each node asked, with blanks between.
    fn candidates(&self, decision: &Decision<'_>) -> String {
        let one = |&node: &NodeId| {
            let tasks = decision.seen(node).tasks;
            format!("{}:{tasks}", self.nodes[node.index()])
        };
        let each: Vec<String> = decision.asked.iter().map(one).collect();
        each.join(" ")
    }

    fn job_row(&mut self, job: &Job, status: &str, at: Option<Time>, blame: Option<Blame>) {
        let blame: [Option<u64>; 7] = std::array::from_fn(|part| Some(blame?[part]));
        let what = (job.number, self.class(job), status, job.measured);
        let times = (job.arrival.0, at.map(|at| at.0));
        self.write(RowKind::Jobs, (what, times, job.tasks, blame));
    }

    fn class(&self, job: &Job) -> &'a str {
        &self.setup.classes[job.class as usize].name
    }
}

impl Recorder for Rows<'_> {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        if let Some(trail) = &mut self.trail {
            trail.job(job, completed);
        }
        let status = completed.map_or("unfinished", |_| "completed");
        let at = completed.map(|(at, _)| at);
        self.job_row(job, status, at, completed.map(|(_, blame)| blame));
    }

    fn job_failed(&mut self, job: &Job, at: Time) {
        self.job_row(job, "failed", Some(at), None);
    }

    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt) {
        if let Some(trail) = &mut self.trail {
            trail.task(job, task, attempt);
        }
        let (class, node) = (self.class(job), self.node(attempt.node));
        let work = attempt.work.0;
        let times = (
            attempt.ready.0,
            attempt.times.started.0,
            attempt.times.ended.0,
        );
        let what = (job.number, class, task.stage, task.index, work, node);
        self.write(RowKind::Tasks, (what, times, task.attempt + 1));
    }

    fn decision(&mut self, decision: &Decision<'_>) {
        if let Some(trail) = &mut self.trail {
            trail.decision(decision);
        }
        let (class, node) = (self.class(decision.job), self.node(decision.node));
        let score = decision.seen(decision.node).score;
        let score = score.map(|score| score.value.to_string());
        let Decision {
            time,
            dispatcher,
            job,
            task,
            ..
        } = *decision;
        let what = (time.0, dispatcher, job.number, class, task, node);
        let seen = (decision.tasks_seen(), decision.asked.len(), score);
        let candidates = self.candidates(decision);
        self.write(RowKind::Decisions, (what, seen, candidates));
    }
}
