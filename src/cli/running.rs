//! Running a scenario for a command: warm-ups are settled first, then all replications, with a bar.

use std::sync::atomic::AtomicBool;

use super::{Exit, progress};
use crate::experiment::record::Recording;
use crate::experiment::{self, Options, Run, warmup};
use crate::scenario::Scenario;

/// Settles the warm-ups of `scenario` and runs it on `threads`, with a bar on a terminal; keeps
/// nothing on the disk but what is recorded.
///
/// # Errors
/// As [`experiment::run`].
pub fn run(
    scenario: &mut Scenario,
    threads: Option<u16>,
    record: Option<&Recording>,
    command: String,
) -> Result<Run, Exit> {
    let stop = AtomicBool::new(false);
    settle(scenario, threads, &stop)?;
    let options = Options {
        threads: threads.map(usize::from),
        stop: &stop,
        progress: &|_| {},
        record,
        log_decisions: false,
        journal: None,
        command,
    };
    with_bar(scenario, options)
}

/// Finds the warm-ups that are to be found.
///
/// # Errors
/// As [`warmup::settle`].
pub fn settle(
    scenario: &mut Scenario,
    threads: Option<u16>,
    stop: &AtomicBool,
) -> Result<(), Exit> {
    let pool = experiment::threads(threads.map(usize::from))?;
    Ok(pool.install(|| warmup::settle(scenario, stop))?)
}

/// Runs `scenario`, with a bar on a terminal.
///
/// # Errors
/// As [`experiment::run`].
pub fn with_bar(scenario: &Scenario, options: Options<'_>) -> Result<Run, Exit> {
    let bar = progress::bar();
    let show = |progress| progress::show(&bar, progress);
    let run = experiment::run(
        scenario,
        &Options {
            progress: &show,
            ..options
        },
    );
    bar.finish_and_clear();
    Ok(run?)
}
