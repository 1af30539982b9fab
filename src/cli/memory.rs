//! Whether a run fits into the machine's memory, told before it starts: a run that is killed for it
//! after an hour has told nobody why.

use super::Exit;
use super::check::megabytes;
use crate::scenario::Scenario;
use crate::scenario::forecast::{Total, forecast};

/// Refuses a run that is forecast to need more memory than there is.
///
/// # Errors
/// It is.
pub fn check(scenario: &Scenario, threads: Option<u16>) -> Result<(), Exit> {
    let Some(there) = there() else { return Ok(()) };
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.map_or_else(cores, usize::from);
    let of_point = |point: &crate::scenario::Point| point.setups.iter().map(forecast).collect();
    let forecasts: Vec<Vec<_>> = scenario.points.iter().map(of_point).collect();
    let total = Total::of(&forecasts, scenario.replications);
    let needed = total.on(threads);
    if needed <= there {
        return Ok(());
    }
    let (needed, there) = (megabytes(needed), megabytes(there));
    let hint = match total.bytes.1 * 2.0 > total.bytes.0 && threads > 1 {
        true => "fewer --threads, nodes, classes, jobs at once or tasks of a job need less",
        false => {
            "fewer points, replications, nodes, classes, jobs at once or tasks of a job need less"
        }
    };
    let threads = crate::text::counted(threads as u64, "thread");
    Err(Exit::Mistake(format!(
        "error: this run needs about {needed} of memory on {threads}, and there are {there}\nhint: {hint}"
    )))
}

/// Bytes of memory that the machine, or the control group of this process, has in all.
fn there() -> Option<f64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let machine = line.trim().trim_end_matches(" kB").parse::<f64>().ok()? * 1024.0;
    let limit = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = limit.and_then(|limit| limit.trim().parse::<f64>().ok());
    Some(limit.map_or(machine, |limit| limit.min(machine)))
}
