//! Rows of single jobs, tasks and decisions (`--record`): each replication writes its own part
//! files, which are joined in table order, so that the result does not depend on threads.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::journal::fault;
use super::seal::{Seal, Sealing};
use crate::engine::time::Time;
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
}

impl RowKind {
    /// All kinds.
    pub const ALL: [RowKind; 3] = [RowKind::Jobs, RowKind::Tasks, RowKind::Decisions];

    /// The table's name, as in `--record` and `NAME.csv`.
    pub fn name(self) -> &'static str {
        match self {
            RowKind::Jobs => "jobs",
            RowKind::Tasks => "tasks",
            RowKind::Decisions => "decisions",
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
        let mut files = [None, None, None];
        for &kind in &self.kinds {
            let path = self.part(kind, point, strategy, replication);
            let file = File::create(&path).map_err(|error| fault(&path, &error))?;
            files[kind as usize] = Some(Part {
                path,
                file: BufWriter::new(Sealing::new(file)),
            });
        }
        let name = &scenario.strategies[strategy].name;
        let setup = &scenario.points[point].setups[strategy];
        let lead = csv_line(&[
            (point + 1).to_string(),
            name.clone(),
            replication.to_string(),
        ]);
        let plain = setup.cluster.node_names();
        Ok(Rows {
            files,
            lead,
            setup,
            nodes: plain
                .iter()
                .map(|name| csv_line(std::slice::from_ref(name)))
                .collect(),
            plain,
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
        for &kind in &self.kinds {
            let path = into.join(format!("{}.csv", kind.name()));
            self.join_one(kind, scenario, replications, &path)
                .map_err(|error| fault(&path, &error))?;
        }
        Ok(())
    }

    fn join_one(
        &self,
        kind: RowKind,
        scenario: &Scenario,
        replications: &[u32],
        path: &Path,
    ) -> io::Result<()> {
        let mut table = BufWriter::new(File::create(path)?);
        table.write_all(kind.header().as_bytes())?;
        for (point, &replications) in replications.iter().enumerate() {
            for strategy in 0..scenario.strategies.len() {
                for replication in 1..=replications {
                    let part = self.part(kind, point, strategy, replication);
                    io::copy(&mut File::open(&part)?, &mut table)?;
                }
            }
        }
        table.flush()
    }
}

/// Fields as csv, quoted where needed, without a line end.
fn csv_line(fields: &[String]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(fields);
    let bytes = written
        .ok()
        .and_then(|()| writer.into_inner().ok())
        .unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}

struct Part {
    path: PathBuf,
    file: BufWriter<Sealing<File>>,
}

/// Takes the rows of one replication; a write that fails is told when it is closed.
pub struct Rows<'a> {
    files: [Option<Part>; 3],
    lead: String,
    setup: &'a Setup,
    /// Names of nodes, as they are and as csv writes them.
    plain: Vec<String>,
    nodes: Vec<String>,
    error: Option<Failure>,
}

impl Rows<'_> {
    fn write(&mut self, kind: RowKind, row: std::fmt::Arguments<'_>) {
        let Some(part) = &mut self.files[kind as usize] else {
            return;
        };
        if self.error.is_none()
            && let Err(error) = writeln!(part.file, "{},{row}", self.lead)
        {
            self.error = Some(fault(&part.path, &error));
        }
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
            let written = part.file.flush();
            let written = written.and_then(|()| part.file.get_ref().inner().sync_data());
            written.map_err(|error| fault(&part.path, &error))?;
            seals.push(part.file.get_ref().seal());
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
            format!("{}:{tasks}", self.plain[node.index()])
        };
        let each: Vec<String> = decision.asked.iter().map(one).collect();
        if each.is_empty() {
            return String::new();
        }
        csv_line(&[each.join(" ")])
    }

    fn class(&self, job: &Job) -> String {
        csv_line(&[self.setup.classes[job.class as usize].name.clone()])
    }
}

impl Recorder for Rows<'_> {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        let class = self.class(job);
        let (number, measured, arrival, tasks) =
            (job.number, job.measured, job.arrival.0, job.tasks);
        match completed {
            Some((at, blame)) => {
                let [a, b, c, d, e, f, g] = blame;
                let at = at.0;
                self.write(RowKind::Jobs, format_args!("{number},{class},completed,{measured},{arrival},{at},{tasks},{a},{b},{c},{d},{e},{f},{g}"));
            }
            None => self.write(
                RowKind::Jobs,
                format_args!("{number},{class},unfinished,{measured},{arrival},,{tasks},,,,,,,"),
            ),
        }
    }

    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt) {
        let (class, node) = (self.class(job), self.node(attempt.node));
        let work = Time::from_secs(task.work).0;
        let (number, index, ready) = (job.number, task.index, job.arrival.0);
        let (start, finish) = (attempt.times.started.0, attempt.times.ended.0);
        self.write(
            RowKind::Tasks,
            format_args!("{number},{class},0,{index},{work},{node},{ready},{start},{finish},1"),
        );
    }

    fn decision(&mut self, decision: &Decision<'_>) {
        let (class, node) = (self.class(decision.job), self.node(decision.node));
        let (tasks_seen, reads) = (decision.tasks_seen(), decision.asked.len());
        let score = decision.seen(decision.node).score;
        let score = score.map_or(String::new(), |score| score.value.to_string());
        let candidates = self.candidates(decision);
        let Decision {
            time,
            dispatcher,
            job,
            task,
            ..
        } = *decision;
        let (time, number) = (time.0, job.number);
        self.write(
            RowKind::Decisions,
            format_args!(
                "{time},{dispatcher},{number},{class},{task},{node},{tasks_seen},{reads},{score},{candidates}"
            ),
        );
    }
}
