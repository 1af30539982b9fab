//! How fast whole replications run, with every default metric on.
//!
//! ```text
//! cargo bench --bench models                       # all models, a table
//! cargo bench --bench models -- --one M2 200000    # one model in this process, that many jobs
//! cargo bench --bench models -- --instructions M1 M2   # instructions a job, by valgrind (all without names)
//! cargo bench --bench models -- --against 'rival {policy} {n} {rho} {k} {jobs} {seed}' M1 M2
//! ```
//! Against another program, runs of both take turns and their CPU times (user + system) make the
//! ratio; `{policy}` is `rand`, `p2c` (two choices with replacement), `jsq` or `central`. Without names all
//! models are run that a rival can be told of in these words. Times on a shared machine are noise within tens
//! of percent; instruction counts, the difference of two runs, are not.
#![allow(missing_docs)]

mod models;
mod process;

use std::process::{Command, ExitCode};

use models::{MODELS, Model, Plain};

/// Runs of each model (and of a rival in turn); the median counts.
const RUNS: usize = 7;
/// Under valgrind a part of the jobs will do.
const COUNTED: u64 = 20;

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    words.retain(|word| word != "--bench");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match &words[..] {
        [] => table(),
        ["--one", name] => one(name, None),
        ["--one", name, jobs] => one(name, jobs.parse().ok()),
        ["--instructions", names @ ..] => instructions(names),
        ["--against", command, names @ ..] => against(command, names),
        _ => Err("usage: [--one MODEL [JOBS] | --instructions [MODEL...] | --against 'COMMAND {policy} {n} {rho} {k} {jobs} {seed}' [MODEL...]]".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// The models of these names, or all.
fn chosen(names: &[&str]) -> Result<Vec<&'static Model>, String> {
    if names.is_empty() {
        return Ok(MODELS.iter().collect());
    }
    let named = |name: &&str| {
        let model = MODELS.iter().find(|model| model.name == *name);
        model.ok_or_else(|| format!("no model is called `{name}`"))
    };
    names.iter().map(named).collect()
}

fn one(name: &str, jobs: Option<u64>) -> Result<(), String> {
    let model = chosen(&[name])?[0];
    model.run_here(jobs.unwrap_or(model.jobs))
}

fn table() -> Result<(), String> {
    println!(
        "{:<14} {:>9} {:>9} {:>9} {:>8}  what",
        "model", "ns/job", "jobs/s", "events/s", "MiB"
    );
    for model in &MODELS {
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            runs.push(process::own(model.name)?);
        }
        runs.sort_by(|a, b| a.nanos.total_cmp(&b.nanos));
        let run = &runs[RUNS / 2];
        println!(
            "{:<14} {:>9.1} {:>8.2}M {:>8.2}M {:>8.1}  {}",
            model.name,
            run.nanos / run.jobs,
            run.jobs / run.nanos * 1e3,
            run.events / run.nanos * 1e3,
            run.peak_mib,
            model.what,
        );
    }
    Ok(())
}

fn instructions(names: &[&str]) -> Result<(), String> {
    println!("{:<14} {:>18}", "model", "instructions/job");
    for model in chosen(names)? {
        let few = (model.jobs / COUNTED).max(1000);
        let more = process::instructions(model.name, 3 * few)?;
        let one = (more - process::instructions(model.name, few)?) / (2 * few) as f64;
        println!("{:<14} {one:>18.0}", model.name);
    }
    Ok(())
}

fn against(command: &str, names: &[&str]) -> Result<(), String> {
    println!(
        "{:<14} {:>14} {:>14} {:>11}",
        "model", "ours ns/job", "rival ns/job", "ours/rival"
    );
    for model in chosen(names)? {
        if let Some(plain) = &model.plain {
            let (ours, theirs) = in_turn(model, &fill(command, plain, model.jobs))?;
            let of_job = 1e9 / model.jobs as f64;
            println!(
                "{:<14} {:>14.1} {:>14.1} {:>11.2}",
                model.name,
                ours * of_job,
                theirs * of_job,
                ours / theirs
            );
        }
    }
    Ok(())
}

/// CPU seconds of ours and of the rival in the run of the median ratio.
fn in_turn(model: &Model, rival: &str) -> Result<(f64, f64), String> {
    let mut words = rival.split_whitespace();
    let program = words.next().ok_or("name the rival's program")?;
    let rest: Vec<&str> = words.collect();
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let ours = process::cpu_of(process::myself()?.args(["--one", model.name]))?;
        times.push((ours, process::cpu_of(Command::new(program).args(&rest))?));
    }
    times.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    Ok(times[RUNS / 2])
}

/// The rival's command line for a model.
fn fill(command: &str, model: &Plain, jobs: u64) -> String {
    command
        .replace("{policy}", model.policy)
        .replace("{n}", &model.n.to_string())
        .replace("{rho}", &model.rho.to_string())
        .replace("{k}", &model.k.to_string())
        .replace("{jobs}", &jobs.to_string())
        .replace("{seed}", "1")
}
