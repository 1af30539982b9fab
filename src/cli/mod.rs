//! The command line: one file a command. Standard output is the result, standard error is progress
//! and messages.
//!
//! Commands hold arguments and exit codes and nothing that could be called from elsewhere. The exit
//! codes are a contract with scripts: 0 done, 1 the gate found a difference that fails, 2 the
//! scenario or the command line is wrong, 3 the tool or the machine failed, 130 interrupted. A
//! panic is caught and told as a fault of the tool, never as the user's mistake.
//!
//! This is the feature `cli`; nothing in the crate imports it.

mod check;
mod compare;
mod diff;
mod find;
mod folder;
mod gate;
mod list;
mod making;
mod manual;
mod memory;
mod merge;
mod new;
mod other_jobs;
mod plan;
mod progress;
mod range;
mod reference;
mod replace;
mod report;
mod run;
mod running;
mod scenario_args;
mod shard;
mod theory;
mod timeline;
mod verify;
mod why;

use std::fmt;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser, Subcommand};

use crate::scenario::Registry;
use crate::sim::Failure;
use crate::text::{LINE, folded, nearest, printable};

/// Compares load balancing and task scheduling strategies on equal jobs.
#[derive(Debug, Parser)]
#[command(name = "equipoise", version, about, propagate_version = true, term_width = LINE)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario and compare its strategies.
    Run(run::Run),
    /// Read a scenario and tell what it will do, without running it.
    Check(check::Check),
    /// Cut a run into shards for several machines, and print how to run them.
    Plan(plan::Plan),
    /// Join the shards of a run into its results.
    Merge(merge::Merge),
    /// Compare two runs, each strategy with itself.
    Compare(compare::Compare),
    /// Run a folder's scenario again and prove that its tables are right to the last byte.
    Verify(verify::Verify),
    /// Test a change of an algorithm against a committed baseline.
    Gate(gate::Gate),
    /// Redraw the plots and the page of a run's folder from its tables.
    Report(report::Report),
    /// Hold a run's figures against the models with known answers that it matches.
    Theory(theory::Theory),
    /// Tell the first decision in which two runs differ, and what each saw.
    Diff(diff::Diff),
    /// Find the value of a key at which conditions begin to hold, such as the fewest nodes.
    Find(Box<find::Find>),
    /// Tell by what, and for which jobs, two strategies differ on the same jobs.
    Why(why::Why),
    /// Draw a stretch of one replication task by task, or print it as trace events.
    Timeline(timeline::Timeline),
    /// List placements, strategies (presets), distributions, metrics, traces (formats) or keys of scenarios.
    List(list::List),
    /// Print the JSON Schema of scenario files, for editors.
    Schema,
    /// Write a commented starter scenario.
    New(new::New),
    /// Print a script that completes commands and options in a shell.
    Completions(manual::Completions),
    /// Print a manual page, of the tool or of one of its commands.
    Man(manual::Man),
    /// Print a page of the book's reference in Markdown.
    Reference(reference::Reference),
}

/// How a command ends, other than well.
#[derive(Debug)]
pub enum Exit {
    /// A difference that fails was found (and told, if this is empty): exit code 1.
    Different(String),
    /// The scenario or the command line is wrong: exit code 2.
    Mistake(String),
    /// The machine or the tool failed: exit code 3.
    Fault(String),
    /// Ctrl-C: exit code 130.
    Interrupted(String),
}

impl Exit {
    fn code(&self) -> u8 {
        match self {
            Exit::Different(_) => 1,
            Exit::Mistake(_) => 2,
            Exit::Fault(_) => 3,
            Exit::Interrupted(_) => 130,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Exit::Different(text)
        | Exit::Mistake(text)
        | Exit::Fault(text)
        | Exit::Interrupted(text)) = self;
        write!(f, "{text}")
    }
}

impl From<Failure> for Exit {
    fn from(failure: Failure) -> Exit {
        match failure {
            Failure::Trace(problem) if problem.mistake => {
                Exit::Mistake(format!("error: {problem}"))
            }
            Failure::Strategy(problem) => Exit::Mistake(format!("error: {problem}")),
            other => Exit::Fault(format!("error: {other}")),
        }
    }
}

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
    run_with(&Registry::standard())
}

/// The same for a program with placements of its own: every command knows those of `registry`.
pub fn run_with(registry: &Registry) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let error = with_nearest(error);
            // Help and version are results, everything else is a mistake.
            let said = error.render().to_string();
            if !error.use_stderr() {
                return print(&said).map_or(ExitCode::from(3), |()| ExitCode::SUCCESS);
            }
            message(said.trim_end());
            return ExitCode::from(2);
        }
    };
    // A panic has told where it was; it is no mistake of the user's.
    let ended =
        std::panic::catch_unwind(|| arguments.command.execute(registry)).unwrap_or_else(|_| {
            Err(Exit::Fault(
                "error: this is a fault of equipoise itself; please report it with the scenario"
                    .to_owned(),
            ))
        });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => {
            let said = exit.to_string();
            if !said.is_empty() {
                message(said.trim_end());
            }
            ExitCode::from(exit.code())
        }
    }
}

/// The error with the command that a mistyped one may have been meant to be.
fn with_nearest(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidSubcommand) else {
        return error;
    };
    let command = Arguments::command();
    let names: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    if let Some(near) = nearest(wrong, &names) {
        let near = ContextValue::Strings(vec![near.to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, near);
    }
    error
}

impl Command {
    /// Runs the command that was given.
    fn execute(self, registry: &Registry) -> Result<(), Exit> {
        match self {
            Command::Run(run) => run.execute(registry),
            Command::Check(check) => check.execute(registry),
            Command::Plan(plan) => plan.execute(registry),
            Command::Merge(merge) => merge.execute(registry),
            Command::Compare(compare) => compare.execute(registry),
            Command::Verify(verify) => verify.execute(registry),
            Command::Gate(gate) => gate.execute(registry),
            Command::Report(report) => report.execute(),
            Command::Theory(theory) => theory.execute(registry),
            Command::Diff(diff) => diff.execute(registry),
            Command::Find(find) => find.execute(registry),
            Command::Why(why) => why.execute(registry),
            Command::Timeline(timeline) => timeline.execute(registry),
            Command::List(list) => list.execute(registry),
            Command::Schema => print(&format!("{:#}\n", crate::scenario::schema(registry))),
            Command::New(new) => new.execute(),
            Command::Completions(completions) => completions.execute(Arguments::command()),
            Command::Man(man) => man.execute(Arguments::command()),
            Command::Reference(page) => page.execute(registry, Arguments::command()),
        }
    }
}

/// A mistake in the command line or the scenario.
fn mistake(said: &str) -> Exit {
    Exit::Mistake(format!("error: {said}"))
}

/// Prints a message for people; whoever closed standard error does not want it.
fn message(text: &str) {
    use std::io::Write;
    let lines: String = text
        .split('\n')
        .map(|line| prose(&printable(line)))
        .collect();
    let _ = write!(std::io::stderr(), "{lines}");
}

/// A line of a message with its end; one that shows a scenario's text stays as it is laid out.
fn prose(line: &str) -> String {
    let is_shown = |c: char| c == '|' || c.is_ascii_digit();
    match line.trim_start().starts_with(is_shown) {
        true => format!("{line}\n"),
        false => folded(line),
    }
}

/// Prints a result; a reader that has gone away (`| head`) is not an error.
fn print(text: &str) -> Result<(), Exit> {
    use std::io::{ErrorKind, Write};
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Exit::Fault(format!(
            "error: cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}
