//! Points x strategies x replications over all cores, and the tables that come out.

mod cell;
mod comparing;
pub mod record;
pub mod results;
mod tables;
pub mod theory;

pub use tables::{counted, thousands};

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
    let mut gathered = Gathered::new(scenario);
    let threads = pool.current_num_threads();
    for batch in items(scenario).chunks(batch(scenario, threads)) {
        let one = |item: &Item| {
            let columns = &layout[item.point][item.strategy];
            (!options.stop.load(Ordering::Relaxed))
                .then(|| replicate(scenario, *item, columns, options))
        };
        let done = pool.install(|| batch.par_iter().with_max_len(1).map(one).collect());
        gathered.add(batch, done)?;
        if !gathered.is_complete {
            break;
        }
    }
    let results = tables::assemble(scenario, &layout, &gathered.cells, &options.command)?;
    Ok(Run {
        results,
        timing: Timing {
            wall: start.elapsed(),
            threads,
            busy: gathered.busy,
        },
        is_complete: gathered.is_complete,
    })
}

/// Replications at once: enough to keep `threads` busy, few enough to hold until they are merged,
/// and always of all strategies of a point.
fn batch(scenario: &Scenario, threads: usize) -> usize {
    let strategies = scenario.strategies.len().max(1);
    (64 * threads).div_ceil(strategies) * strategies
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

/// What a replication gives: nothing where the run was stopped before it.
type Done = Option<Result<(Replicate, Duration), Failure>>;

/// The replications so far, by point and strategy, in order.
struct Gathered {
    cells: Vec<Vec<Cell>>,
    busy: Vec<Vec<Duration>>,
    is_complete: bool,
}

impl Gathered {
    fn new(scenario: &Scenario) -> Gathered {
        let strategies = || 0..scenario.strategies.len();
        let points = || scenario.points.iter();
        Gathered {
            cells: points()
                .map(|_| strategies().map(|_| Cell::default()).collect())
                .collect(),
            busy: points()
                .map(|_| strategies().map(|_| Duration::ZERO).collect())
                .collect(),
            is_complete: true,
        }
    }

    /// Adds a batch, cut to the replications that all strategies of a point have.
    fn add(&mut self, batch: &[Item], done: Vec<Done>) -> Result<(), Failure> {
        let mut finished = Vec::with_capacity(done.len());
        for result in done {
            finished.push(result.transpose()?);
        }
        let mut gap = vec![u32::MAX; self.cells.len()];
        for (item, _) in batch.iter().zip(&finished).filter(|(_, one)| one.is_none()) {
            gap[item.point] = gap[item.point].min(item.replication);
            self.is_complete = false;
        }
        for (item, replicate) in batch.iter().zip(finished) {
            if let Some((replicate, time)) =
                replicate.filter(|_| item.replication < gap[item.point])
            {
                self.busy[item.point][item.strategy] += time;
                self.cells[item.point][item.strategy].push(replicate);
            }
        }
        Ok(())
    }
}
