//! `equipoise timeline`: a stretch of one replication, task by task.
//!
//! The replication is run once more with a recorder, as a run keeps no single tasks; the same seed gives the
//! same course, so the picture is of the very run that the tables tell of.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::replace::replace;
use super::scenario_args::{ScenarioArgs, no_strategy};
use super::{Exit, mistake, print, running};
use crate::experiment::trail::{Cut, Trail};
use crate::model::cluster::SLOTS;
use crate::report::timeline::{Names, svg, trace};
use crate::scenario::{Registry, Scenario};
use crate::sim::setup::Setup;
use crate::text::{lasting, seconds};

/// That nothing runs in a stretch, and where it could be looked.
fn empty(trail: &Trail) -> Exit {
    let last = trail.jobs.values().map(|job| job.arrival).max();
    let until = lasting(last.unwrap_or(0) as f64 / 1e9);
    mistake(&format!(
        "no task runs in this stretch\nhint: jobs arrive until {until}: look at another one by --from and --to"
    ))
}

/// Arguments of `equipoise timeline`.
#[derive(Debug, Args)]
pub struct Timeline {
    #[command(flatten)]
    args: ScenarioArgs,
    /// The strategy (of several, one must be named).
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// The point of a sweep, from 1.
    #[arg(long, value_name = "N", default_value_t = 1)]
    point: usize,
    /// The replication, from 1.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    replication: u64,
    /// Start of the stretch, in simulated time.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    from: f64,
    /// End of the stretch (default: when 200 tasks have started, of a trace 20,000).
    #[arg(long, value_name = "TIME", value_parser = duration)]
    to: Option<f64>,
    /// What is made (default: what the name of the file asks for, else a picture).
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// File to write, .svg or .json (default: standard output, unless that is a terminal).
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A picture.
    Svg,
    /// Trace events, for Perfetto and chrome://tracing.
    Json,
}

/// Seconds of "50ms".
fn duration(text: &str) -> Result<f64, String> {
    let found = seconds(text).filter(|seconds| *seconds >= 0.0 && seconds.is_finite());
    found.ok_or_else(|| format!("`{text}` is no duration such as 50ms or 1.5s"))
}

impl Timeline {
    /// Runs the replication and prints its stretch.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let format = self.format()?;
        self.check_target(format, std::io::stdout().is_terminal())?;
        if self.to.is_some_and(|to| to <= self.from) {
            return Err(mistake("--to is to be later than --from"));
        }
        let scenario = self.args.read(registry)?;
        self.args.warn(&scenario);
        let strategy = self.strategy(&scenario)?;
        let point = place(&scenario, self.point)?;
        let stop = std::sync::atomic::AtomicBool::new(false);
        let plan = running::plan(scenario, String::new(), None, &stop)?;
        let scenario = plan.scenario();
        let setup = &scenario.points[point].setups[strategy];
        let strategy = &scenario.strategies[strategy].name;
        let [from, to] =
            [self.from, self.to.unwrap_or(f64::INFINITY)].map(|seconds| (seconds * 1e9) as u64);
        let mut trail = Trail::of(setup, self.replication, Some(Cut { from, to }))?;
        let cut = Cut {
            from,
            to: self.shorten(format, &mut trail, to),
        };
        if trail.tasks.is_empty() {
            return Err(empty(&trail));
        }
        let names = Names {
            nodes: setup.cluster.node_names(),
            classes: setup
                .classes
                .iter()
                .map(|class| class.name.clone())
                .collect(),
            title: format!(
                "{}, {}, replication {}",
                scenario.title, strategy, self.replication
            ),
        };
        self.put(&match format {
            Format::Json => trace(&trail, &names, slots(setup)),
            Format::Svg => svg(&trail, cut, &names).map_err(|said| mistake(&said.to_string()))?,
        })
    }

    /// Puts what was made where it is wanted.
    fn put(&self, made: &str) -> Result<(), Exit> {
        match &self.out {
            Some(path) => {
                replace(path, made.as_bytes())?;
                print(&format!("{}\n", path.display()))
            }
            None => print(made),
        }
    }

    /// What is made: what is asked for, with which the name of the file agrees if it has an ending.
    fn format(&self) -> Result<Format, Exit> {
        let ending = self.out.as_deref().and_then(Path::extension);
        let ending = ending.map(|ending| Format::from_str(&ending.to_string_lossy(), true).ok());
        match (self.format, ending) {
            (asked, None) => Ok(asked.unwrap_or(Format::Svg)),
            (asked, Some(Some(named))) if asked.is_none_or(|asked| asked == named) => Ok(named),
            _ => Err(mistake(
                "--out is to name a file that ends in .svg (a picture) or .json (trace events), as --format says if it is given",
            )),
        }
    }

    /// Refuses to pour what no person reads into a terminal.
    fn check_target(&self, format: Format, is_terminal: bool) -> Result<(), Exit> {
        let (what, file) = match format {
            Format::Svg => ("a picture", "timeline.svg"),
            Format::Json => ("trace events", "timeline.json"),
        };
        match is_terminal && self.out.is_none() {
            true => Err(mistake(&format!(
                "{what} would fill the terminal\nhint: write to a file: --out {file}"
            ))),
            false => Ok(()),
        }
    }

    /// The strategy that is named, or the only one.
    fn strategy(&self, scenario: &Scenario) -> Result<usize, Exit> {
        match &self.strategy {
            Some(name) => named(scenario, name),
            None if scenario.strategies.len() == 1 => Ok(0),
            None if self.args.changes.strategies.len() == 1 => {
                named(scenario, &self.args.changes.strategies[0])
            }
            None => Err(mistake(&format!(
                "the scenario has several strategies, and a timeline is of one\nhint: --strategy NAME, of {}",
                names(scenario).join(", ")
            ))),
        }
    }

    /// Without an end given, the stretch ends when enough tasks have started.
    fn shorten(&self, format: Format, trail: &mut Trail, to: u64) -> u64 {
        let most = if format == Format::Svg { 200 } else { 20_000 };
        let mut starts: Vec<u64> = trail.tasks.iter().map(|task| task.start).collect();
        starts.sort_unstable();
        if self.to.is_none() {
            let end = starts.get(most).copied();
            let end = end
                .or(trail.tasks.iter().map(|task| task.end).max())
                .unwrap_or(to);
            trail.tasks.retain(|task| task.start < end);
            trail.decisions.retain(|decision| decision.time < end);
            trail.incidents.retain(|incident| incident.time < end);
            return end;
        }
        to
    }
}

/// Slots of all nodes; nothing if some have as many as are asked for.
fn slots(setup: &Setup) -> Option<u64> {
    let groups = setup.cluster.groups.iter();
    groups
        .map(|group| group.capacity[SLOTS].map(|slots| slots * u64::from(group.count)))
        .sum()
}

/// The number of the strategy of this name.
pub fn named(scenario: &Scenario, name: &str) -> Result<usize, Exit> {
    let found = scenario
        .strategies
        .iter()
        .position(|strategy| strategy.name == name);
    found.ok_or_else(|| no_strategy(name, &names(scenario)))
}

/// The names of all strategies.
pub fn names(scenario: &Scenario) -> Vec<&str> {
    let strategies = scenario.strategies.iter();
    strategies.map(|strategy| strategy.name.as_str()).collect()
}

/// The index of the point of this number.
pub fn place(scenario: &Scenario, number: usize) -> Result<usize, Exit> {
    let count = scenario.points.len();
    match (1..=count).contains(&number) {
        true => Ok(number - 1),
        false => Err(mistake(&format!(
            "there is no point {number}\nhint: the scenario has {count}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Tool {
        #[command(flatten)]
        timeline: Timeline,
    }

    #[test]
    fn a_terminal_is_not_filled() {
        let refused = |more: &[&str], is_terminal| {
            let tool = Tool::try_parse_from([&["timeline", "s.toml"], more].concat()).unwrap();
            let timeline = tool.timeline;
            let format = timeline.format();
            let refused = format.and_then(|format| timeline.check_target(format, is_terminal));
            let refused = refused.err();
            refused.map_or(String::new(), |exit| exit.to_string())
        };
        assert!(refused(&[], true).contains("--out timeline.svg"));
        assert!(refused(&["--format", "json"], true).contains("--out timeline.json"));
        assert_eq!(refused(&["--out", "t.svg"], true), "");
        assert_eq!(refused(&[], false), "");
        assert_eq!(refused(&["--out", "t.json"], false), "");
        assert!(refused(&["--out", "t.jpg"], false).contains("ends in .svg"));
        assert!(refused(&["--format", "json", "--out", "t.svg"], false).contains("--format"));
    }
}
