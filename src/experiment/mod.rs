//! Points x strategies x replications over all cores, and the tables that come out.

mod cell;
mod comparing;
pub mod record;
pub mod results;
mod tables;

pub use tables::thousands;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::scenario::Scenario;
use crate::sim::outcome::{Column, columns};
use crate::sim::setup::Setup;
use crate::sim::{self, Failure};

use cell::{Cell, Replicate};
use record::Recording;
use results::Results;

/// How an experiment is to be run.
pub struct Options<'a> {
    /// Threads; all cores if `None`.
    pub threads: Option<usize>,
    /// Set from outside to stop after the replications that are running.
    pub stop: &'a AtomicBool,
    /// Called after each replication, from any thread.
    pub progress: &'a (dyn Fn() + Sync),
    /// Where rows of single jobs, tasks and decisions go, if they are wanted.
    pub record: Option<&'a Recording>,
    /// One line that repeats the run.
    pub command: String,
}

/// What a run gives.
pub struct Run {
    /// The tables.
    pub results: Results,
    /// How long it took; not part of the results.
    pub timing: Timing,
    /// False if it was stopped: the tables then hold the replications that every strategy of a
    /// point has finished.
    pub is_complete: bool,
}

/// Clock times of a run.
#[derive(Clone, Debug)]
pub struct Timing {
    /// From start to end.
    pub wall: Duration,
    /// Threads used.
    pub threads: usize,
    /// Time in replications by point and strategy.
    pub busy: Vec<Vec<Duration>>,
}

/// One replication of one strategy at one point.
#[derive(Clone, Copy)]
struct Item {
    point: usize,
    strategy: usize,
    replication: u32,
}

/// Runs every replication of `scenario`.
///
/// # Errors
/// [`Failure`] of the first replication, in table order, that failed.
pub fn run(scenario: &Scenario, options: &Options<'_>) -> Result<Run, Failure> {
    let start = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build();
    let pool = pool.map_err(|error| Failure::Internal(format!("no threads: {error}")))?;
    let layout: Vec<Vec<Vec<Column>>> = scenario
        .points
        .iter()
        .map(|point| point.setups.iter().map(columns).collect())
        .collect();
    let items = items(scenario);
    let done: Vec<Option<Result<(Replicate, Duration), Failure>>> = pool.install(|| {
        let one = |item: &Item| {
            let columns = &layout[item.point][item.strategy];
            (!options.stop.load(Ordering::Relaxed))
                .then(|| replicate(scenario, *item, columns, options))
        };
        items.par_iter().with_max_len(1).map(one).collect()
    });
    let mut finished = Vec::with_capacity(done.len());
    for result in done {
        finished.push(result.transpose()?);
    }
    let is_complete = finished.iter().all(Option::is_some);
    let (cells, busy) = sort_out(scenario, &items, finished);
    let results = tables::assemble(scenario, &layout, &cells, &options.command)?;
    let threads = pool.current_num_threads();
    Ok(Run {
        results,
        timing: Timing {
            wall: start.elapsed(),
            threads,
            busy,
        },
        is_complete,
    })
}

/// All work, replication by replication, so that a run that is stopped has whole replications.
fn items(scenario: &Scenario) -> Vec<Item> {
    let mut items = Vec::new();
    for replication in 1..=scenario.replications {
        for point in 0..scenario.points.len() {
            for strategy in 0..scenario.strategies.len() {
                items.push(Item {
                    point,
                    strategy,
                    replication,
                });
            }
        }
    }
    items
}

fn replicate(
    scenario: &Scenario,
    item: Item,
    columns: &[Column],
    options: &Options<'_>,
) -> Result<(Replicate, Duration), Failure> {
    let start = Instant::now();
    let setup: &Setup = &scenario.points[item.point].setups[item.strategy];
    let mut rows = match options.record {
        Some(recording) => {
            Some(recording.open(scenario, item.point, item.strategy, item.replication)?)
        }
        None => None,
    };
    let recorder = rows
        .as_mut()
        .map(|rows| rows as &mut dyn sim::recorder::Recorder);
    let outcome = sim::run(setup, u64::from(item.replication), recorder)?;
    if let Some(rows) = rows {
        rows.close()?;
    }
    let replicate = Replicate::new(setup, columns, &outcome, item.replication == 1);
    (options.progress)();
    Ok((replicate, start.elapsed()))
}

/// Replicates by point and strategy, in order, cut to those that all strategies of the point have.
fn sort_out(
    scenario: &Scenario,
    items: &[Item],
    finished: Vec<Option<(Replicate, Duration)>>,
) -> (Vec<Vec<Cell>>, Vec<Vec<Duration>>) {
    let strategies = scenario.strategies.len();
    let mut cells: Vec<Vec<Cell>> = scenario
        .points
        .iter()
        .map(|_| (0..strategies).map(|_| Cell::default()).collect())
        .collect();
    let mut busy = vec![vec![Duration::ZERO; strategies]; scenario.points.len()];
    let mut gap: Vec<u32> = vec![u32::MAX; scenario.points.len()];
    for (item, replicate) in items.iter().zip(&finished) {
        if replicate.is_none() {
            gap[item.point] = gap[item.point].min(item.replication);
        }
    }
    for (item, replicate) in items.iter().zip(finished) {
        if let Some((replicate, time)) = replicate.filter(|_| item.replication < gap[item.point]) {
            busy[item.point][item.strategy] += time;
            cells[item.point][item.strategy].push(replicate);
        }
    }
    (cells, busy)
}
