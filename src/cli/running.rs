//! Running a scenario for a command: it is settled into a plan first, then run with a bar.

use std::sync::atomic::AtomicBool;

use super::{Exit, progress};
use crate::experiment::record::Recording;
use crate::experiment::{self, Options, Plan, Run};
use crate::scenario::Scenario;

/// What is run of `scenario`, its warm-ups found; `command` repeats it.
///
/// # Errors
/// As [`Plan::new`].
pub fn plan(
    scenario: Scenario,
    command: String,
    threads: Option<u16>,
    stop: &AtomicBool,
) -> Result<Plan, Exit> {
    let pool = experiment::threads(threads.map(usize::from))?;
    Ok(pool.install(|| Plan::new(scenario, command, stop))?)
}

/// Runs `plan` on `threads`, with a bar on a terminal; keeps nothing on the disk but what is
/// recorded.
///
/// # Errors
/// As [`experiment::run`].
pub fn run(plan: &Plan, threads: Option<u16>, record: Option<&Recording>) -> Result<Run, Exit> {
    let options = Options {
        threads: threads.map(usize::from),
        stop: &AtomicBool::new(false),
        progress: &|_| {},
        record,
        log_decisions: false,
        journal: None,
    };
    with_bar(plan, options)
}

/// Runs `plan`, with a bar on a terminal.
///
/// # Errors
/// As [`experiment::run`].
pub fn with_bar(plan: &Plan, options: Options<'_>) -> Result<Run, Exit> {
    let bar = progress::bar();
    let show = |progress| progress::show(&bar, progress);
    let options = Options {
        progress: &show,
        ..options
    };
    let run = experiment::run(plan, &options);
    bar.finish_and_clear();
    Ok(run?)
}
