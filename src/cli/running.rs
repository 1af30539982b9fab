//! Running a scenario for a command that keeps nothing on the disk.

use std::sync::atomic::AtomicBool;

use super::{Exit, progress};
use crate::experiment::record::Recording;
use crate::experiment::{self, Options, Run, warmup};
use crate::scenario::Scenario;

/// Settles the warm-ups of `scenario` and runs it on `threads`, with a bar on a terminal.
///
/// # Errors
/// As [`experiment::run`].
pub fn run(
    scenario: &mut Scenario,
    threads: Option<u16>,
    record: Option<&Recording>,
    command: String,
) -> Result<Run, Exit> {
    let threads = threads.map(usize::from);
    let stop = AtomicBool::new(false);
    experiment::threads(threads)?.install(|| warmup::settle(scenario, &stop))?;
    let bar = progress::bar();
    let options = Options {
        threads,
        stop: &stop,
        progress: &|progress| progress::show(&bar, progress),
        record,
        log_decisions: false,
        journal: None,
        command,
    };
    let run = experiment::run(scenario, &options);
    bar.finish_and_clear();
    Ok(run?)
}
