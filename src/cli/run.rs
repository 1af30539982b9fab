//! `equipoise run`: a scenario in, tables and plots out; or, of a run that is cut into shards, one of
//! them.
//!
//! Results are written beside their place and moved there at the end, so that a folder is whole or not there;
//! what an interrupted run has finished is kept in a journal, and the same command goes on with it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;
use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::making::{Joining, Made, Making, program};
use super::range::{self, Range};
use super::scenario_args::{Changes, ScenarioArgs};
use super::shard::{self, Of, Part, Piece, ShardFile, can_be_cut};
use super::{Exit, memory, print, running};
use crate::experiment::record::{Recording, RowKind};
use crate::experiment::{Fingerprint, Journal};
use crate::results::digest;
use crate::scenario::{Registry, Scenario};
use crate::sim::setup::Engine;

/// Arguments of `equipoise run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Scenario files, run one after another; `-` is standard input.
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    making: Making,
    /// By what replications are run; the results are the same.
    #[arg(long, value_enum, default_value = "auto")]
    engine: Engine,
    /// Metrics to show beside those that decide (comma-separated).
    #[arg(long, value_name = "METRICS", value_delimiter = ',')]
    show: Vec<String>,
    /// Also write rows of single jobs, tasks or decisions (comma-separated).
    #[arg(long, value_name = "TABLES", value_enum, value_delimiter = ',')]
    record: Vec<RowKind>,
    /// Run the I-th of N shards alone, such as 3/8; `equipoise merge` makes the results of all.
    #[arg(long, value_name = "I/N")]
    shard: Option<Of>,
    /// Add the replications I to N to a finished run of I - 1; without one, run these alone.
    #[arg(long, value_name = "I..N", conflicts_with = "shard")]
    replications: Option<Range>,
}

impl ValueEnum for RowKind {
    fn value_variants<'a>() -> &'a [RowKind] {
        &RowKind::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl Run {
    /// Runs the scenarios, writes a folder of each and prints the comparisons. All are read first: a
    /// mistake in the last is not to be told after hours.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let scenarios = self.scenarios.iter().map(|path| self.one(path, registry));
        let ones = scenarios.collect::<Result<Vec<One>, Exit>>()?;
        check_targets(&ones, self.making.out.is_some())?;
        ones.iter().for_each(|one| one.args.warn(&one.scenario));
        let mut all = ones.iter();
        all.try_for_each(|one| memory::check(&one.scenario, self.making.threads))?;
        // Watched before anything is written, so that nothing is left behind.
        let stop = running::stop_on_interrupt()?;
        let program = program(registry)?;
        for (at, one) in ones.into_iter().enumerate() {
            if at > 0 {
                print("\n")?;
            }
            self.run(one, &program, stop)?;
        }
        Ok(())
    }

    /// Reads one scenario with its changes, and where its results go.
    fn one(&self, path: &Path, registry: &Registry) -> Result<One, Exit> {
        let mut args = ScenarioArgs {
            scenario: path.to_path_buf(),
            changes: self.changes.clone(),
        };
        if !self.show.is_empty() {
            let names: Vec<String> = self.show.iter().map(|name| format!("{name:?}")).collect();
            let set = format!("compare.show=[{}]", names.join(", "));
            args.changes.set("--show", set);
        }
        let mut target = self.making.out.clone();
        if let Some(Range { last, .. }) = self.replications {
            // Where the run stands that was made without them.
            let usual = || Ok::<_, Exit>(usual_target(&args, &args.read(registry)?));
            target = Some(target.map_or_else(usual, Ok)?);
            let set = format!("run.replications={last}");
            args.changes.set("--replications", set);
        }
        let mut scenario = args.read(registry)?;
        if self.shard.is_some() || self.replications.is_some() {
            can_be_cut(&scenario)?;
        }
        let points = scenario.points.iter_mut();
        points
            .flat_map(|point| &mut point.setups)
            .for_each(|setup| setup.engine = self.engine);
        Ok(One {
            target: target.unwrap_or_else(|| usual_target(&args, &scenario)),
            args,
            scenario,
        })
    }

    /// Runs it: as a whole, as a shard, or as further replications of a finished run.
    fn run(&self, one: One, program: &str, stop: &AtomicBool) -> Result<(), Exit> {
        let before = match self.replications {
            Some(more) => shard::finished(&one.target, more)?,
            None => None,
        };
        if let Some(part) = self.part(before.is_some()) {
            let file = ShardFile::new(part, &one.args, &one.scenario, (&one.target, &self.record));
            return file.run((one.scenario, program), self.making.threads, stop);
        }
        let join = before.as_ref().map(|before| {
            move |journal: &Journal,
                  of: Fingerprint,
                  rows: Option<&Recording>,
                  scenario: &Scenario| {
                join_finished(before, (journal, of), (rows, scenario))
            }
        });
        let made = Made {
            scenario: one.scenario,
            command: one.args.command_line("run"),
            target: &one.target,
            record: &self.record,
            program,
            join: join.as_ref().map(|join| join as &Joining<'_>),
        };
        self.making.make(made, stop)
    }

    /// The part of a run that is run alone, if no run is there `before`; from the first replication on it is whole.
    fn part(&self, before: bool) -> Option<Part> {
        let more = self.replications.filter(|more| more.first > 1 && !before);
        let shard = self.shard.map(Part::Shard);
        shard.or(more.map(Part::Replications))
    }
}

/// Takes over the replications of a finished run.
fn join_finished(
    before: &Piece,
    journal: (&Journal, Fingerprint),
    (recording, scenario): (Option<&Recording>, &Scenario),
) -> Result<(), Exit> {
    let items = before.part.items(scenario);
    match before.join_to(&items, journal, (recording, scenario))? {
        true => Ok(()),
        false => Err(range::other_run(&before.dir)),
    }
}

/// A scenario to run, and where its results will stand.
struct One {
    args: ScenarioArgs,
    scenario: Scenario,
    target: PathBuf,
}

/// `output/NAME`, or with a digest of what is changed `output/NAME+DIGEST`.
pub fn usual_target(args: &ScenarioArgs, scenario: &Scenario) -> PathBuf {
    let stem = &scenario.stem;
    if !args.is_changed() {
        return Path::new("output").join(stem);
    }
    // Of what is run, however it was asked for.
    let names = scenario.strategies.iter().map(|s| s.name.as_str());
    let names: Vec<&str> = names.collect();
    let whole = digest(format!("{}\n{}", scenario.text, names.join("\n")).as_bytes());
    Path::new("output").join(format!("{stem}+{}", &whole[..8]))
}

/// Refuses runs of which one would take the place of another's results.
fn check_targets(ones: &[One], is_given: bool) -> Result<(), Exit> {
    let clash =
        |(at, one): (usize, &One)| ones[..at].iter().any(|other| other.target == one.target);
    let Some((_, one)) = ones.iter().enumerate().find(|(at, one)| clash((*at, one))) else {
        return Ok(());
    };
    let hint = match is_given {
        true => "--out names the folder of one scenario: leave it out",
        false => "rename one of the files, or run them one by one with --out",
    };
    let target = one.target.display();
    Err(Exit::Mistake(format!(
        "error: two of the scenarios would be written to {target}\nhint: {hint}"
    )))
}
