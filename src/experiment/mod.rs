//! Points x strategies x replications over all cores: a [`Plan`] goes in, a [`Run`] comes out.
//!
//! Parallel over replications and never inside one, so that a result does not depend on threads;
//! each is computed alone and put into its numbered slot. The jobs of a replication are digested
//! under every strategy, and unlike digests end the run: the comparison would not be of equal jobs.

mod agreement;
mod assembling;
pub mod find;
mod journal;
mod marks;
pub mod moved;
mod plan;
mod precision;
mod prior;
pub mod record;
pub mod recorded;
pub mod regret;
mod replications;
pub mod run_comparison;
mod seal;
mod shards;
mod strategy_comparison;
mod summarizing;
pub mod trail;
pub mod warmup;

pub use journal::{Fingerprint, HEADER as JOURNAL_HEADER, Journal, read as read_journal};
pub use plan::{Options, Plan, Progress};
pub use replications::Item;
pub use shards::{Shard, replications, shards};

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::BroadcastContext;
use rayon::prelude::*;

use crate::metrics::figures::Figures;
use crate::results::Results;
use crate::scenario::forecast::{BATCH, forecast};
use crate::scenario::{Point, Scenario};
use crate::sim::setup::Setup;
use crate::sim::{self, Failure};

use crate::decision_log::{DecisionLog, LogRecorder, NODES_KEPT};
use replications::{Replicate, Replications};

/// What a run gives.
pub struct Run {
    /// What was found.
    pub results: Results,
    /// Replications of each point.
    pub replications: Vec<u32>,
    /// The decisions by point, strategy and replication, if they were logged.
    pub decision_logs: Vec<Vec<Vec<DecisionLog>>>,
    /// How long it took; not part of the results.
    pub timing: Timing,
    /// False if it was stopped: the results then hold the replications that every strategy of a
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

/// Runs every replication of `plan`, and more where a precision is asked for.
///
/// # Errors
/// [`Failure`] of the first replication, in table order, that failed.
pub fn run(plan: &Plan, options: &Options<'_>) -> Result<Run, Failure> {
    let start = Instant::now();
    let pool = threads(options.threads)?;
    let mut running = Running::new(plan.scenario(), options);
    let mut wanted = vec![running.scenario.replications; running.cells.len()];
    loop {
        let items = running.missing(&wanted);
        if items.is_empty() {
            break;
        }
        running.finish_all(&items, &pool)?;
        if !running.is_complete {
            break;
        }
        wanted = running.wanted(&wanted);
    }
    let timing = Timing {
        wall: start.elapsed(),
        threads: pool.current_num_threads(),
        busy: running.each(|cell| cell.busy),
    };
    Ok(Run {
        results: assembling::results(plan, &running.cells, running.is_complete)?,
        replications: (0..running.cells.len())
            .map(|point| running.has(point))
            .collect(),
        is_complete: running.is_complete,
        decision_logs: running.take_decision_logs(),
        timing,
    })
}

/// Runs `items` of `plan` alone, into the journal; false if it was stopped before all were done.
///
/// # Errors
/// [`Failure`] of the first of them that failed.
pub fn run_shard(plan: &Plan, items: &[Item], options: &Options<'_>) -> Result<bool, Failure> {
    let running = Running::new(plan.scenario(), options);
    (options.progress)(Progress::Planned(items.len() as u64));
    let one = |item: &Item| match running.finish(*item) {
        None => Ok(false),
        Some(done) => done.map(|_| true),
    };
    let items = items.par_iter().with_max_len(1);
    let done: Vec<Result<bool, Failure>> =
        threads(options.threads)?.install(|| items.map(one).collect());
    done.into_iter().try_fold(true, |all, one| Ok(all && one?))
}

/// Threads for `count`, or as many as there are cores.
///
/// # Errors
/// The machine has none left.
pub fn threads(count: Option<usize>) -> Result<rayon::ThreadPool, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count.unwrap_or(0));
    pool.build()
        .map_err(|error| Failure::Machine(format!("no threads: {error}")))
}

/// An experiment under way.
struct Running<'a> {
    scenario: &'a Scenario,
    options: &'a Options<'a>,
    /// The replications so far, by point and strategy, in order.
    cells: Vec<Vec<Replications>>,
    /// By point and strategy, how long a replication takes by forecast.
    seconds: Vec<Vec<f64>>,
    is_complete: bool,
}

/// What a replication gives: nothing where the run was stopped before it.
type Done = Option<Result<Replicate, Failure>>;

impl<'a> Running<'a> {
    /// With no replication yet. Runs that record have their metrics besides.
    fn new(scenario: &'a Scenario, options: &'a Options<'a>) -> Running<'a> {
        let mut asked = scenario.asked();
        asked.extend(options.record.into_iter().flat_map(|rows| rows.metrics()));
        let cells = |point: &Point| {
            let cells = point
                .setups
                .iter()
                .map(|setup| Replications::new(setup, &asked));
            cells.collect()
        };
        let seconds = |point: &Point| {
            let seconds = |setup: &Setup| forecast(setup).cost.seconds;
            point.setups.iter().map(seconds).collect()
        };
        Running {
            scenario,
            options,
            cells: scenario.points.iter().map(cells).collect(),
            seconds: scenario.points.iter().map(seconds).collect(),
            is_complete: true,
        }
    }

    fn each<T>(&self, of: impl Fn(&Replications) -> T) -> Vec<Vec<T>> {
        let point = |cells: &Vec<Replications>| cells.iter().map(&of).collect();
        self.cells.iter().map(point).collect()
    }

    fn take_decision_logs(self) -> Vec<Vec<Vec<DecisionLog>>> {
        let logs =
            |cells: Vec<Replications>| cells.into_iter().map(|cell| cell.decision_logs).collect();
        self.cells.into_iter().map(logs).collect()
    }

    /// Replications that a point has of all its strategies.
    fn has(&self, point: usize) -> u32 {
        let first = self.cells[point].first();
        first.map_or(0, |cell| cell.replications() as u32)
    }

    /// What is left to do, in order, until each point has as many replications as `wanted`.
    fn missing(&self, wanted: &[u32]) -> Vec<Item> {
        let mut items = Vec::new();
        for (point, cells) in self.cells.iter().enumerate() {
            for replication in self.has(point) + 1..=wanted[point] {
                let item = |strategy| Item {
                    replication,
                    point,
                    strategy,
                };
                items.extend((0..cells.len()).map(item));
            }
        }
        items.sort_unstable();
        items
    }

    /// Runs `items` in batches: enough to keep the threads busy, few enough to hold until they are
    /// merged, and always of all strategies of a point.
    fn finish_all(&mut self, items: &[Item], pool: &rayon::ThreadPool) -> Result<(), Failure> {
        (self.options.progress)(Progress::Planned(items.len() as u64));
        let strategies = self.scenario.strategies.len().max(1);
        let batch = (BATCH * pool.current_num_threads()).div_ceil(strategies) * strategies;
        for batch in items.chunks(batch) {
            let done = self.finish_batch(batch, pool);
            self.add(batch, done)?;
            if !self.is_complete {
                break;
            }
        }
        Ok(())
    }

    /// Each thread takes the next replication when it is done with one, of those with the same number the
    /// longest first (Graham, 1969): the last to be begun are short, so that no thread waits long at the end,
    /// and a run that is stopped has whole replications.
    fn finish_batch(&self, batch: &[Item], pool: &rayon::ThreadPool) -> Vec<Done> {
        let mut order: Vec<usize> = (0..batch.len()).collect();
        order.sort_by(|&one, &other| {
            let length = |at: usize| self.seconds[batch[at].point][batch[at].strategy];
            let number = |at: usize| batch[at].replication;
            let longest = length(other).total_cmp(&length(one));
            number(one).cmp(&number(other)).then(longest)
        });
        let next = AtomicUsize::new(0);
        let take = |_: BroadcastContext<'_>| {
            let mut done = Vec::new();
            while let Some(&at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                done.push((at, self.finish(batch[at])));
            }
            done
        };
        let mut done: Vec<(usize, Done)> = pool.broadcast(take).into_iter().flatten().collect();
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, one)| one).collect()
    }

    /// The replication, from the journal or run now; nothing if the run is stopped.
    fn finish(&self, item: Item) -> Done {
        if self.options.stop.load(Ordering::Relaxed) {
            return None;
        }
        let done = self.kept_or_run(item);
        (self.options.progress)(Progress::Done);
        Some(done)
    }

    /// The replication as the journal has it, if its recorded rows are whole too; else it is run.
    fn kept_or_run(&self, item: Item) -> Result<Replicate, Failure> {
        let Some(journal) = self.options.journal else {
            return self.replicate(item);
        };
        let place = (item.point, item.strategy, item.replication);
        let is_whole = |kept: &Replicate| {
            let record = self.options.record;
            record.is_none_or(|record| record.holds(place, &kept.seals))
        };
        if let Some(kept) = journal.take(item)?.filter(is_whole) {
            return Ok(kept);
        }
        let replicate = self.replicate(item)?;
        journal.add(item, &replicate)?;
        Ok(replicate)
    }

    /// Runs the replication, with what is recorded of it.
    fn replicate(&self, item: Item) -> Result<Replicate, Failure> {
        let start = Instant::now();
        let setup: &Setup = &self.scenario.points[item.point].setups[item.strategy];
        let is_first = item.replication == 1;
        let number = u64::from(item.replication);
        let (mut decision_log, mut seals) = (None, Vec::new());
        let figures = if let Some(recording) = self.options.record {
            let mut rows =
                recording.open(self.scenario, item.point, item.strategy, item.replication)?;
            let figures = sim::run(setup, number, Some(&mut rows))?;
            let regret = rows.regret();
            seals = rows.close()?;
            Figures { regret, ..figures }
        } else if self.options.log_decisions {
            let mut recorder = LogRecorder::new(if is_first { NODES_KEPT } else { 0 });
            let figures = sim::run(setup, number, Some(&mut recorder))?;
            decision_log = Some(recorder.finish());
            figures
        } else {
            sim::run(setup, number, None)?
        };
        let columns = &self.cells[item.point][item.strategy].columns;
        Ok(Replicate {
            decision_log,
            seals,
            busy: start.elapsed(),
            ..Replicate::new(columns, &figures, is_first)
        })
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
            if let Some(replicate) = replicate.filter(|_| item.replication < gap[item.point]) {
                self.cells[item.point][item.strategy].push(replicate);
            }
        }
        Ok(())
    }

    /// Replications that each point needs, after those that it `has`.
    fn wanted(&self, has: &[u32]) -> Vec<u32> {
        let Some(asked) = &self.scenario.precision else {
            return has.to_vec();
        };
        let points = self.cells.iter().zip(has);
        points
            .map(|(cells, &has)| precision::wanted(asked, cells, has))
            .collect()
    }
}
