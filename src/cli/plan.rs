//! `equipoise plan`: a run cut into shards, and the files by which Slurm, GNU parallel or Kubernetes run
//! them.
//!
//! The parts take about equally long by forecast, as a job array is done when its slowest task is. The files
//! name the command in full, so that they can be read, changed and sent to a cluster that this program knows
//! nothing of.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::run::usual_target;
use super::scenario_args::ScenarioArgs;
use super::shard::{self, can_be_cut};
use super::{Exit, print};
use crate::experiment::{Shard, shards};
use crate::scenario::forecast::{Total, forecast};
use crate::scenario::{Registry, Scenario};
use crate::text::{aligned, counted, lasting, printable, thousands};

/// Arguments of `equipoise plan`.
#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    args: ScenarioArgs,
    /// Into how many shards the run is cut.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(shard::MOST)))]
    shards: u32,
    /// Print the file by which these run them, instead of the plan.
    #[arg(long = "for", value_enum, value_name = "WHAT")]
    runner: Option<Runner>,
    /// Folder of the results of all (default: as `equipoise run`).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What runs shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Runner {
    /// A batch script with a job array.
    Slurm,
    /// A shell script with GNU parallel.
    Parallel,
    /// An Indexed Job.
    Kubernetes,
}

impl Runner {
    fn template(self) -> &'static str {
        match self {
            Runner::Slurm => include_str!("plan/slurm.sh"),
            Runner::Parallel => include_str!("plan/parallel.sh"),
            Runner::Kubernetes => include_str!("plan/kubernetes.yaml"),
        }
    }
}

impl Plan {
    /// Prints the plan, or the file that runs it.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let scenario = self.args.read(registry)?;
        can_be_cut(&scenario)?;
        self.args.warn(&scenario);
        let all = shards(&scenario, self.shards);
        match self.runner {
            None => print(&self.describe(&scenario, &all)),
            Some(runner) => print(&self.fill(runner.template(), &scenario, &all)),
        }
    }

    /// How long the parts take, and how evenly.
    fn describe(&self, scenario: &Scenario, all: &[Shard]) -> String {
        let head = ["shard", "replications", "events", "CPU time"].map(str::to_owned);
        let mut rows = vec![head.to_vec()];
        rows.extend(all.iter().enumerate().map(|(at, shard)| {
            vec![
                format!("{}/{}", at + 1, all.len()),
                thousands(shard.items.len() as u64),
                thousands(shard.events as u64),
                lasting(shard.seconds.max(1.0).round()),
            ]
        }));
        let (title, count) = (printable(&scenario.title), all.len());
        let replications: usize = all.iter().map(|shard| shard.items.len()).sum();
        format!(
            "{title}\n{} in {}\n\n{}\n\none:  {} --shard 1/{count}\nall:  {}\nfiles for job arrays: --for slurm, \
            parallel or kubernetes\n",
            counted(replications as u64, "replication"),
            counted(count as u64, "shard"),
            aligned(&rows, &[1, 2, 3]).join("\n"),
            self.command(),
            self.merge(scenario),
        )
    }

    fn command(&self) -> String {
        let command = self.args.command_line("run");
        match &self.out {
            Some(out) => format!("{command} --out {}", quoted(out)),
            None => command,
        }
    }

    /// The command that joins what the parts have finished.
    fn merge(&self, scenario: &Scenario) -> String {
        let target = match &self.out {
            Some(out) => out.clone(),
            None => usual_target(&self.args, scenario),
        };
        format!(
            "equipoise merge {}.shard-*-of-{}",
            quoted(&target),
            self.shards
        )
    }

    /// A template with the names, numbers and times of this plan.
    fn fill(&self, template: &str, scenario: &Scenario, all: &[Shard]) -> String {
        let longest = all.iter().map(|shard| shard.seconds).fold(0.0, f64::max);
        // Forecasts are within a factor of two; a job that is killed for its time helps nobody.
        let minutes = (4.0 * longest / 60.0).ceil().max(10.0);
        let of_point = |point: &crate::scenario::Point| point.setups.iter().map(forecast).collect();
        let forecasts: Vec<Vec<_>> = scenario.points.iter().map(of_point).collect();
        let bytes = Total::of(&forecasts, scenario.replications).on(1);
        let megabytes = (2.0 * bytes / 1e6).ceil().max(200.0);
        let run = self.command();
        let quoted = super::scenario_args::quote(&run);
        let values = [
            ("TITLE", printable(&scenario.title)),
            ("COUNT", all.len().to_string()),
            ("NAME", name(&scenario.stem)),
            ("DNS", name(&scenario.stem).to_lowercase().replace('_', "-")),
            ("MEGABYTES", megabytes.to_string()),
            ("MINUTES", minutes.to_string()),
            ("MERGE", self.merge(scenario)),
            ("QUOTED", quoted),
            ("RUN", run),
        ];
        let fill = |text: String, (key, value): &(&str, String)| {
            text.replace(&format!("{{{key}}}"), value)
        };
        values.iter().fold(template.to_owned(), fill)
    }
}

fn quoted(path: &std::path::Path) -> String {
    super::scenario_args::quote(&path.display().to_string())
}

/// A scenario's name with plain characters only.
fn name(stem: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() || "-_".contains(c) {
        true => c,
        false => '-',
    };
    stem.chars().map(plain).collect()
}
