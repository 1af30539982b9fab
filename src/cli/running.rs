//! Running a scenario for a command: it is settled into a plan first, then run with a bar.

use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressBar;

use super::{Exit, message, progress};
use crate::experiment::record::Recording;
use crate::experiment::{self, Options, Plan, Run};
use crate::scenario::Scenario;
use crate::sim::Failure;

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
pub fn run(
    plan: &Plan,
    threads: Option<u16>,
    stop: &AtomicBool,
    record: Option<&Recording>,
) -> Result<Run, Exit> {
    run_with(&progress::bar(), plan, threads, stop, record)
}

/// The same with a bar that says more.
///
/// # Errors
/// As [`experiment::run`].
pub fn run_with(
    bar: &ProgressBar,
    plan: &Plan,
    threads: Option<u16>,
    stop: &AtomicBool,
    record: Option<&Recording>,
) -> Result<Run, Exit> {
    let options = Options {
        threads: threads.map(usize::from),
        stop,
        progress: &|_| {},
        record,
        log_decisions: false,
        journal: None,
    };
    let run = with_progress(bar, options, |options| experiment::run(plan, options))?;
    if run.is_complete {
        return Ok(run);
    }
    Err(Exit::Interrupted(
        "interrupted: nothing is told, and nothing is left behind".to_owned(),
    ))
}

/// Runs `plan`, with a bar on a terminal.
///
/// # Errors
/// As [`experiment::run`].
pub fn with_bar(plan: &Plan, options: Options<'_>) -> Result<Run, Exit> {
    with_progress(&progress::bar(), options, |options| {
        experiment::run(plan, options)
    })
}

/// What `run` gives, with its progress on `bar`.
///
/// # Errors
/// Its own.
pub fn with_progress<T>(
    bar: &ProgressBar,
    options: Options<'_>,
    run: impl FnOnce(&Options<'_>) -> Result<T, Failure>,
) -> Result<T, Exit> {
    let show = |progress| progress::show(bar, progress);
    let options = Options {
        progress: &show,
        ..options
    };
    let done = run(&options);
    bar.finish_and_clear();
    Ok(done?)
}

/// Ctrl-C lets running replications finish; a second one ends the process.
///
/// # Errors
/// It cannot be watched for.
pub fn stop_on_interrupt() -> Result<&'static AtomicBool, Exit> {
    static STOP: AtomicBool = AtomicBool::new(false);
    let handler = || {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        message("\nstopping after the replications that are running; Ctrl-C again to stop at once");
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Exit::Fault(format!("error: cannot watch for Ctrl-C: {error}")))?;
    Ok(&STOP)
}
