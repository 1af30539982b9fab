//! Reading a scenario for a command: which file, what is set in it, which strategies.
//!
//! The options that every command with a scenario takes, and the one command line that repeats the
//! run, which the page and the gate print.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::Args;

use super::{Exit, message};
use crate::results::Meta;
use crate::scenario::{Files, Registry, Scenario, read_with};
use crate::text::nearest;

/// A scenario, and what is changed in it.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    /// The scenario file; `-` is standard input.
    pub scenario: PathBuf,
    #[command(flatten)]
    pub changes: Changes,
}

/// What is changed in a scenario, and where its traces are.
#[derive(Clone, Debug, Default, Args)]
pub struct Changes {
    /// Set a value: a dotted path and TOML, or a bare string (repeatable).
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub sets: Vec<String>,
    /// The arguments, other than `--set`, by which values were set.
    #[arg(skip)]
    pub set_by: BTreeMap<String, &'static str>,
    /// Folder to look for traces in, too (default: $EQUIPOISE_TRACES).
    #[arg(long, value_name = "DIR")]
    pub traces: Option<PathBuf>,
    /// Only these strategies, and the baseline where they are compared (comma-separated).
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub strategies: Vec<String>,
}

impl Changes {
    /// Sets a value (`PATH=VALUE`) for an argument, which messages about it name.
    pub fn set(&mut self, argument: &'static str, set: String) {
        self.set_by.insert(set.clone(), argument);
        self.sets.push(set);
    }

    /// The values that are set, each with the argument that did.
    fn given(&self) -> Vec<(&str, &str)> {
        let by = |set: &String| self.set_by.get(set).copied().unwrap_or("--set");
        self.sets
            .iter()
            .map(|set| (by(set), set.as_str()))
            .collect()
    }
}

impl ScenarioArgs {
    /// The scenario that a run's folder holds, with the strategies of that run.
    pub fn of_run(dir: &Path, run: &Meta, traces: Option<&Path>) -> ScenarioArgs {
        ScenarioArgs {
            scenario: dir.join("scenario.toml"),
            changes: Changes {
                traces: traces.map(Path::to_path_buf),
                strategies: run.strategies.iter().map(|s| s.name.clone()).collect(),
                ..Changes::default()
            },
        }
    }

    /// The scenario, cut to the chosen strategies.
    pub fn read(&self, registry: &Registry) -> Result<Scenario, Exit> {
        let dir = self.path().parent().unwrap_or(Path::new("."));
        self.read_in(dir, registry)
    }

    /// The same with the folder `dir`, in which its files are.
    pub fn read_in(&self, dir: &Path, registry: &Registry) -> Result<Scenario, Exit> {
        let path = self.path();
        let text = match self.scenario == Path::new(STANDARD_INPUT) {
            true => standard_input(),
            false => std::fs::read_to_string(path),
        };
        let text = text.map_err(|error| unreadable(path, &error))?;
        let files = Files::new(dir, self.traces().as_deref());
        let name = path.display().to_string();
        let scenario = read_with(&text, &name, &self.changes.given(), &files, registry)
            .map_err(|report| Exit::Mistake(report.to_string()))?;
        self.choose(scenario)
    }

    /// The scenario's file, or what stands for it in messages and names.
    fn path(&self) -> &Path {
        match self.scenario == Path::new(STANDARD_INPUT) {
            true => Path::new("stdin"),
            false => &self.scenario,
        }
    }

    /// The further folder for traces.
    pub fn traces(&self) -> Option<PathBuf> {
        let given = self.changes.traces.clone();
        given.or_else(|| std::env::var_os("EQUIPOISE_TRACES").map(PathBuf::from))
    }

    /// Tells the warnings of `scenario`.
    pub fn warn(&self, scenario: &Scenario) {
        let warnings = scenario.warnings.render(false);
        if !warnings.is_empty() {
            message(&format!("{}\n", warnings.trim_end()));
        }
    }

    /// Keeps the strategies that were named, and the baseline, as without it nothing is compared.
    fn choose(&self, mut scenario: Scenario) -> Result<Scenario, Exit> {
        if self.changes.strategies.is_empty() {
            return Ok(scenario);
        }
        let names = scenario.strategies.iter().map(|s| s.name.as_str());
        let names: Vec<&str> = names.collect();
        let is_unknown = |name: &&String| !names.contains(&name.as_str());
        if let Some(unknown) = self.changes.strategies.iter().find(is_unknown) {
            return Err(no_strategy(unknown, &names));
        }
        let baseline = &scenario.compare.baseline;
        let is_chosen = |name: &String| name == baseline || self.changes.strategies.contains(name);
        let strategies = scenario.strategies.iter();
        let chosen: Vec<bool> = strategies.map(|s| is_chosen(&s.name)).collect();
        keep_strategies(&mut scenario, &chosen);
        Ok(scenario)
    }

    /// True if something differs from the file as it stands.
    pub fn is_changed(&self) -> bool {
        !self.changes.sets.is_empty() || !self.changes.strategies.is_empty()
    }

    /// One line that repeats `command` with this scenario.
    pub fn command_line(&self, command: &str) -> String {
        let scenario = self.scenario.display().to_string();
        let mut words = vec!["equipoise".to_owned(), command.to_owned(), scenario];
        for set in &self.changes.sets {
            words.extend(["--set".to_owned(), set.clone()]);
        }
        if !self.changes.strategies.is_empty() {
            words.extend(["--strategies".to_owned(), self.changes.strategies.join(",")]);
        }
        let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
        quoted.join(" ")
    }
}

/// Standard input, which can be read once, for a command that reads its scenario again and again.
fn standard_input() -> std::io::Result<String> {
    static TEXT: OnceLock<String> = OnceLock::new();
    match TEXT.get() {
        Some(text) => Ok(text.clone()),
        None => {
            let text = std::io::read_to_string(std::io::stdin())?;
            Ok(TEXT.get_or_init(|| text).clone())
        }
    }
}

/// Refuses the name of a strategy that the scenario does not have.
pub(super) fn no_strategy(unknown: &str, names: &[&str]) -> Exit {
    let near = nearest(unknown, names).map(|near| format!("did you mean `{near}`? "));
    Exit::Mistake(format!(
        "error: no strategy `{unknown}` in the scenario\nhint: {}it has {}",
        near.unwrap_or_default(),
        names.join(", ")
    ))
}

/// The name of standard input as a file.
const STANDARD_INPUT: &str = "-";

/// Leaves out the strategies that are not chosen.
pub(super) fn keep_strategies(scenario: &mut Scenario, chosen: &[bool]) {
    keep(&mut scenario.strategies, chosen);
    let points = scenario.points.iter_mut();
    points.for_each(|point| keep(&mut point.setups, chosen));
}

fn keep<T>(list: &mut Vec<T>, chosen: &[bool]) {
    let mut chosen = chosen.iter();
    list.retain(|_| chosen.next() == Some(&true));
}

/// A word for a POSIX shell.
pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Tells why the scenario cannot be read, and what to do about it.
fn unreadable(path: &Path, error: &std::io::Error) -> Exit {
    use std::io::ErrorKind;
    let said = format!("error: cannot read {}: ", path.display());
    match error.kind() {
        ErrorKind::NotFound => Exit::Mistake(format!(
            "{said}there is no such file\nhint: `equipoise new {}` writes a starter scenario",
            path.display()
        )),
        ErrorKind::InvalidData => Exit::Mistake(format!("{said}it is not UTF-8 text")),
        ErrorKind::IsADirectory => Exit::Mistake(format!(
            "{said}it is a folder\nhint: name the scenario file in it"
        )),
        ErrorKind::PermissionDenied => Exit::Mistake(format!("{said}permission denied")),
        _ => Exit::Fault(format!("{said}{error}")),
    }
}
