//! Rows of the simulator against rows of the twin.

use std::collections::BTreeMap;
use std::fmt::Debug;

use equipoise::engine::time::Time;
use equipoise::metrics::jobs::Blame;
use equipoise::sim;
use equipoise::sim::recorder::{self, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};

use super::figures;
use super::machine::{Decision, Twin};
use super::spec::Spec;

/// Arrival, completion, blame; failure.
type JobRow = (u64, Option<(u64, Blame)>, Option<u64>);

/// Node; begun, decided, reached, started, ended, received; wait.
type TaskRow = (u32, [u64; 6], u64);

/// Rows of measured jobs, by (class, number) and task.
#[derive(Default)]
struct Rows {
    /// Where its time went, and when a task came where, is not compared where there may be several attempts.
    has_faults: bool,
    jobs: BTreeMap<(u32, u64), JobRow>,
    tasks: BTreeMap<(u32, u64, u32), TaskRow>,
    decisions: Vec<Decision>,
}

impl Recorder for Rows {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        if job.measured {
            let row = (
                job.arrival.0,
                completed.map(|(time, blame)| (time.0, self.known(blame))),
                None,
            );
            let before = self.jobs.insert((job.class, job.number), row);
            assert!(before.is_none(), "a job is recorded once");
        }
    }

    fn job_failed(&mut self, job: &Job, at: Time) {
        if job.measured {
            let row = (job.arrival.0, None, Some(at.0));
            let before = self.jobs.insert((job.class, job.number), row);
            assert!(before.is_none(), "a job is recorded once");
        }
    }

    fn task(&mut self, job: &Job, task: &Task, attempt: &Attempt) {
        if job.measured {
            let t = &attempt.times;
            let times = [
                t.begun, t.decided, t.reached, t.started, t.ended, t.received,
            ];
            let row = (
                attempt.node.0,
                self.known(times.map(|time| time.0)),
                (task.started - job.arrival).0,
            );
            self.tasks.insert((job.class, job.number, task.index), row);
        }
    }

    fn decision(&mut self, decision: &recorder::Decision<'_>) {
        if decision.job.measured {
            self.decisions.push(Decision {
                time: decision.time.0,
                dispatcher: decision.dispatcher,
                class: decision.job.class,
                number: decision.job.number,
                task: decision.task,
                node: decision.node.0,
                tasks_seen: decision.tasks_seen(),
            });
        }
    }
}

impl Rows {
    /// Starts in the order of time, each with class, number, task and node.
    fn starts(&self) -> Vec<(u64, u32, u64, u32, u32)> {
        let each = self.tasks.iter();
        let start = |(key, row): (&(u32, u64, u32), &TaskRow)| {
            let arrival = self.jobs.get(&(key.0, key.1)).map_or(0, |job| job.0);
            (arrival + row.2, key.0, key.1, key.2, row.0)
        };
        let mut starts: Vec<_> = each.map(start).collect();
        starts.sort_unstable();
        starts
    }

    fn known<const N: usize>(&self, times: [u64; N]) -> [u64; N] {
        if self.has_faults { [0; N] } else { times }
    }

    fn of(twin: &Twin<'_>) -> Rows {
        let mut rows = Rows {
            has_faults: twin.spec().has_faults(),
            ..Rows::default()
        };
        for job in twin.jobs.iter().filter(|job| job.is_measured) {
            let completed = job.completion.map(|time| match rows.has_faults {
                true => (time, [0; 7]),
                false => (time, twin.blame(job)),
            });
            let key = (job.class as u32, job.number);
            rows.jobs.insert(key, (job.arrival, completed, job.failure));
            for task in job.tasks.iter().map(|&task| &twin.tasks[task]) {
                let times = [
                    task.begun,
                    task.decided,
                    task.reached,
                    task.started,
                    task.ended,
                    task.received,
                ];
                if let (Some(node), Some(_)) = (task.node, task.gathered) {
                    let row = (node as u32, rows.known(times), task.started - job.arrival);
                    rows.tasks.insert((key.0, key.1, task.index), row);
                }
            }
        }
        let measured = |d: &&Decision| rows.jobs.contains_key(&(d.class, d.number));
        rows.decisions = twin.decisions.iter().filter(measured).copied().collect();
        rows
    }
}

/// Runs both.
pub fn compare(spec: &Spec) -> Result<(), String> {
    let twin = Twin::run(spec, 1);
    if twin.is_inexact {
        return Ok(());
    }
    let setup = spec.setup();
    let mut rows = Rows {
        has_faults: spec.has_faults(),
        ..Rows::default()
    };
    let outcome = sim::run(&setup, 1, Some(&mut rows)).map_err(|failure| failure.to_string());
    std::fs::remove_file(spec.file()).ok();
    let outcome = outcome?;
    let theirs = Rows::of(&twin);
    same_lists("decisions", &rows.decisions, &theirs.decisions)?;
    same_lists("starts", &rows.starts(), &theirs.starts())?;
    same_maps("tasks", &rows.tasks, &theirs.tasks)?;
    same_maps("jobs", &rows.jobs, &theirs.jobs)?;
    if spec.has_faults() {
        return Ok(());
    }
    figures::compare(&setup, &outcome, &twin)
}

fn same_lists<T: PartialEq + Debug>(what: &str, sim: &[T], twin: &[T]) -> Result<(), String> {
    let first = (0..sim.len().max(twin.len())).find(|&i| sim.get(i) != twin.get(i));
    first.map_or(Ok(()), |i| {
        Err(format!(
            "{what} row {i}:\n simulator {:?}\n twin      {:?}",
            sim.get(i),
            twin.get(i)
        ))
    })
}

fn same_maps<K: Ord + Clone + Debug, V: PartialEq + Clone + Debug>(
    what: &str,
    sim: &BTreeMap<K, V>,
    twin: &BTreeMap<K, V>,
) -> Result<(), String> {
    let differ = |key: &&K| sim.get(key) != twin.get(key);
    let first = sim.keys().chain(twin.keys()).find(differ);
    first.map_or(Ok(()), |key| {
        Err(format!(
            "{what} {key:?}:\n simulator {:?}\n twin      {:?}",
            sim.get(key),
            twin.get(key)
        ))
    })
}
