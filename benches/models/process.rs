//! Child processes and what they used, read from Linux's `/proc`; elsewhere CPU time is wall time
//! and the peak of memory is not known.

use std::process::{Command, Stdio};
use std::time::Instant;

/// What one run of a model in a process of its own took.
pub struct Run {
    pub jobs: f64,
    pub events: f64,
    pub nanos: f64,
    pub peak_mib: f64,
}

/// This program again.
pub fn myself() -> Result<Command, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    Ok(Command::new(program))
}

/// Runs `model` in a new process.
pub fn own(model: &str) -> Result<Run, String> {
    let output = myself()?.args(["--one", model]).output();
    let output = output.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let field = |name: &str| {
        let word = text
            .split_whitespace()
            .find_map(|word| word.strip_prefix(name));
        word.and_then(|word| word.parse::<f64>().ok())
            .ok_or_else(|| format!("{model} printed no {name}: {text}"))
    };
    Ok(Run {
        jobs: field("jobs=")?,
        events: field("events=")?,
        nanos: field("nanos=")?,
        peak_mib: field("peak_kib=").unwrap_or(f64::NAN) / 1024.0,
    })
}

/// Instructions that `model` takes with `jobs` jobs, counted by valgrind.
pub fn instructions(model: &str, jobs: u64) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--one", model, &jobs.to_string()])
        .output();
    let output = output.map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let counted = said.split("Collected : ").nth(1);
    let counted = counted.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    counted.ok_or_else(|| format!("valgrind counted nothing: {said}"))
}

/// Largest memory of this process so far, KiB.
pub fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Seconds of CPU time (user + system) that `command` takes.
pub fn cpu_of(command: &mut Command) -> Result<f64, String> {
    let (before, start) = (cpu_of_children(), Instant::now());
    let status = command.stdout(Stdio::null()).status();
    let status = status.map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if !status.success() {
        return Err(format!("{:?}: {status}", command.get_program()));
    }
    Ok(match (before, cpu_of_children()) {
        (Some(before), Some(after)) => after - before,
        _ => start.elapsed().as_secs_f64(),
    })
}

/// CPU seconds of all children that have ended: fields 16 and 17 of `/proc/self/stat`, in
/// hundredths of a second.
fn cpu_of_children() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = |field: usize| {
        fields
            .split_whitespace()
            .nth(field - 3)?
            .parse::<f64>()
            .ok()
    };
    Some((ticks(16)? + ticks(17)?) / 100.0)
}
