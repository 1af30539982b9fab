//! Both sides run again with this program, after a look whether it is the one that made them.
//!
//! Without records the decisions must be made again; that means something only if this program
//! gives the very tables that the folders hold.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::{Exit, Found, Pair, Side};
use crate::cli::scenario_args::ScenarioArgs;
use crate::decision_log::first_difference::between_setups;
use crate::decision_log::response_shift::{ResponseShift, ResponseTimes};
use crate::decision_log::{DecisionLog, LogRecorder, NODES_KEPT};
use crate::engine::time::Time;
use crate::experiment::Plan;
use crate::metrics::columns::Column;
use crate::metrics::figures::Figures;
use crate::metrics::jobs::Blame;
use crate::scenario::{Registry, Scenario};
use crate::sim;
use crate::sim::recorder::{Decision, Recorder};
use crate::sim::records::{Attempt, Job, Task};
use crate::sim::setup::Setup;

/// The scenario of a folder.
pub fn read(side: &Side, traces: Option<&Path>, registry: &Registry) -> Result<Scenario, Exit> {
    let scenario = ScenarioArgs::of_run(&side.dir, &side.results.meta, traces).read(registry)?;
    let plan = Plan::new(scenario, String::new(), &AtomicBool::new(false))?;
    Ok(plan.scenario().clone())
}

/// What is found by running the replications of `pair` until one differs.
pub fn compare(sides: &[Side; 2], scenarios: &[Scenario; 2], pair: &Pair) -> Result<Found, Exit> {
    let setups = [
        setup(&sides[0], &scenarios[0], pair, 0)?,
        setup(&sides[1], &scenarios[1], pair, 1)?,
    ];
    let mut decisions = 0;
    for &replication in &pair.replications {
        let run = |at: usize| {
            let columns = setups[at].columns(&scenarios[at].asked());
            replay(&sides[at], (setups[at], &columns), pair, (at, replication))
        };
        let ((old, old_times), (new, new_times)) = (run(0)?, run(1)?);
        decisions += new.decisions;
        let found = between_setups(setups, u64::from(replication), &old, &new)?;
        if let Some(mut first) = found {
            first.shift = Some(ResponseShift::of_times(old_times, new_times));
            return Ok(Found::Differs(Box::new(first)));
        }
    }
    Ok(Found::Same(decisions))
}

/// The setup of a strategy at a point of a folder's scenario.
fn setup<'s>(
    side: &Side,
    scenario: &'s Scenario,
    pair: &Pair,
    at: usize,
) -> Result<&'s Setup, Exit> {
    let name = &side.results.meta.strategies[pair.strategies[at]].name;
    let strategy = scenario.strategies.iter().position(|s| s.name == *name);
    let point = scenario.points.get(pair.points[at]).zip(strategy);
    let setup = point.map(|(point, strategy)| &point.setups[strategy]);
    setup.ok_or_else(|| {
        Exit::Mistake(format!(
            "error: {} is not the scenario of that folder: it lacks {}\nhint: run the scenario again",
            side.dir.join("scenario.toml").display(),
            pair.name
        ))
    })
}

/// Decisions and response times of a replication of the side `at`, run again.
fn replay(
    side: &Side,
    (setup, columns): (&Setup, &[Column]),
    pair: &Pair,
    (at, replication): (usize, u32),
) -> Result<(DecisionLog, ResponseTimes), Exit> {
    let mut both = Both(LogRecorder::new(NODES_KEPT), ResponseTimes::default());
    let figures = sim::run(setup, u64::from(replication), Some(&mut both))?;
    let key = (pair.points[at], pair.strategies[at], replication);
    match unlike(side, columns, &figures, key) {
        None => Ok((both.0.finish(), both.1)),
        Some(what) => Err(Exit::Mistake(format!(
            "error: {} was made by another program than this one: {}, replication {replication}, {what}\n\
             hint: run the scenario there once more, with `--record jobs,decisions`, and compare those folders",
            side.dir.display(),
            pair.name
        ))),
    }
}

/// The first value of the replication that the folder has otherwise.
fn unlike(
    side: &Side,
    columns: &[Column],
    figures: &Figures,
    key: (usize, usize, u32),
) -> Option<String> {
    let (point, strategy, replication) = key;
    let stored = &side.results.cell(point, strategy).figures;
    let there: Vec<_> = stored
        .iter()
        .filter_map(|figure| Some((&figure.key, *figure.values.get(replication as usize - 1)?)))
        .collect();
    let here = figures.values(columns);
    for ((key, there), (column, here)) in there.iter().zip(columns.iter().zip(&here)) {
        if **key != column.key || there.map(f64::to_bits) != here.map(f64::to_bits) {
            let text = |value: Option<f64>| value.map_or("nothing".to_owned(), |v| v.to_string());
            let (part, metric) = (&key.part, key.name());
            let (there, here) = (text(*there), text(*here));
            return Some(format!("{part}.{metric} is {there} there and {here} here"));
        }
    }
    let (there, here) = (there.len(), columns.len());
    (there != here).then(|| format!("it has {there} metrics there and {here} here"))
}

/// Two recorders, each of which takes every row.
struct Both(LogRecorder, ResponseTimes);

impl Recorder for Both {
    fn job(&mut self, job: &Job, completed: Option<(Time, Blame)>) {
        self.0.job(job, completed);
        self.1.job(job, completed);
    }

    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}

    fn decision(&mut self, decision: &Decision<'_>) {
        self.0.decision(decision);
    }
}
