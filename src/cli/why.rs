//! `equipoise why`: two strategies on the same jobs, by what and for whom response times differ.
//!
//! The two strategies are run again with their jobs recorded, as a run keeps sums only; nothing is read from an
//! older folder that another version may have written.

use clap::Args;

use super::scenario_args::ScenarioArgs;
use super::timeline::{named, names, place};
use super::{Exit, mistake, print, running};
use crate::experiment::moved::moved;
use crate::experiment::threads;
use crate::report::moved_text::{Names, text};
use crate::scenario::Registry;

/// Arguments of `equipoise why`.
#[derive(Debug, Args)]
pub struct Why {
    #[command(flatten)]
    args: ScenarioArgs,
    /// The strategy that is looked at.
    #[arg(value_name = "A")]
    one: Option<String>,
    /// The strategy that it is held against (default: the baseline).
    #[arg(value_name = "B")]
    other: Option<String>,
    /// The point of a sweep, from 1.
    #[arg(long, value_name = "N", default_value_t = 1)]
    point: usize,
    /// Replications (default: as many as the scenario asks for).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    replications: Option<u32>,
    /// Threads (default: all cores); the results are the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Why {
    /// Runs both and prints where they differ.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let scenario = self.args.read(registry)?;
        self.args.warn(&scenario);
        let before = self
            .other
            .as_ref()
            .unwrap_or(&scenario.compare.baseline)
            .clone();
        let Some(after) = self.one else {
            return Err(mistake(&format!(
                "which strategy is to be looked at, and against which (default: `{before}`)?\nhint: name one or two of {}",
                names(&scenario).join(", ")
            )));
        };
        let (one, other) = (named(&scenario, &after)?, named(&scenario, &before)?);
        if one == other {
            let names = names(&scenario).join(", ");
            let why = match self.other {
                None => "is the baseline, and",
                Some(_) => "is named twice, and",
            };
            return Err(mistake(&format!(
                "`{after}` {why} would be held against itself\nhint: name two of {names}"
            )));
        }
        let point = place(&scenario, self.point)?;
        let stop = std::sync::atomic::AtomicBool::new(false);
        let plan = running::plan(scenario, String::new(), self.threads, &stop)?;
        let setups = &plan.scenario().points[point].setups;
        let count = self.replications.unwrap_or(plan.scenario().replications);
        let classes: Vec<String> = setups[one]
            .classes
            .iter()
            .map(|class| class.name.clone())
            .collect();
        let pool = threads(self.threads.map(usize::from))?;
        let found = pool.install(|| moved(&setups[other], &setups[one], count, &classes))?;
        let names = Names {
            after: &after,
            before: &before,
            classes: &classes,
        };
        print(&text(&found, count, names))
    }
}
