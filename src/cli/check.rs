//! `equipoise check`: what a scenario will do, without running it.
//!
//! Most wrong scenarios are not wrong TOML: they are twice as loaded as was meant, run for a week,
//! or measure a system that is still filling up. All of that is known or cheaply found before a
//! run, so it is told before one: utilization by node group, dispatcher and gatherer, size and time
//! of the whole grid, and whether the given warm-up is long enough, tried with a few pilot
//! replications.

use clap::Args;

use super::scenario_args::ScenarioArgs;
use super::{Exit, print};
use crate::experiment::warmup;
use crate::scenario::forecast::{Forecast, Total, Use, forecast};
use crate::scenario::{Registry, Scenario};
use crate::sim::setup::{Setup, Warmup};
use crate::text::{
    assignments, counted, folded, lasting, paragraph, plural, printable, rounded_up, toml_number,
};

/// Arguments of `equipoise check`.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    args: ScenarioArgs,
    /// Try the given warm-up with pilot replications even where that takes long.
    #[arg(long)]
    pilots: bool,
}

/// Pilots that take longer, in seconds of CPU time, are run only if asked for.
const PATIENCE: f64 = 20.0;

impl Check {
    /// Prints the forecast of every point and strategy.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let mut scenario = self.args.read(registry)?;
        let forecasts: Vec<Vec<Forecast>> = scenario
            .points
            .iter()
            .map(|point| point.setups.iter().map(forecast).collect())
            .collect();
        let tried = self.try_warmups(&mut scenario, &forecasts)?;
        self.args.warn(&scenario);
        print(&format!("{}{tried}", describe(&scenario, &forecasts)))
    }

    /// Warns of a given warm-up that pilots find short; says so if there was no time to try it.
    fn try_warmups(
        &self,
        scenario: &mut Scenario,
        forecasts: &[Vec<Forecast>],
    ) -> Result<String, Exit> {
        let seconds = pilots_take(scenario, forecasts);
        if seconds > PATIENCE && !self.pilots {
            return Ok(format!(
                "the warm-up was not tried, which takes about {seconds:.0} s of CPU time: --pilots tries it\n"
            ));
        }
        let mut short = Vec::new();
        for (index, point) in scenario.points.iter().enumerate() {
            if !point.warmup_is_auto {
                short.extend(warmup::short(point)?.map(|needed| (index, needed)));
            }
        }
        warn_of_short(scenario, &short);
        Ok(String::new())
    }
}

/// One warning for all points whose warm-up is short, with what would do for each of them.
fn warn_of_short(scenario: &mut Scenario, short: &[(usize, u64)]) {
    let Some(&(index, _)) = short.first() else {
        return;
    };
    let of = match (short.len(), scenario.points.len()) {
        (1, _) => scenario.at(index),
        (some, all) => format!(" at {some} of {all} points"),
    };
    let most = short.iter().map(|(_, needed)| *needed).max().unwrap_or(0);
    scenario.warnings.doubt(
        format!("the warm-up{of} is short: pilot replications are not settled after it"),
        format!(
            "write warmup.jobs = {}, or warmup = \"auto\"",
            toml_number(rounded_up(most as f64))
        ),
    );
}

/// CPU time of trying the given warm-ups: five pilots of each strategy.
fn pilots_take(scenario: &Scenario, forecasts: &[Vec<Forecast>]) -> f64 {
    let points = scenario.points.iter().zip(forecasts);
    let given = points.filter(|(point, _)| !point.warmup_is_auto);
    let seconds = given.flat_map(|(point, forecasts)| {
        let setups = point.setups.iter().zip(forecasts);
        setups.map(|(setup, forecast)| 5.0 * pilot_share(setup, forecast) * forecast.cost.seconds)
    });
    seconds.sum::<f64>()
}

/// Events of a pilot as a share of a replication's, about.
fn pilot_share(setup: &Setup, forecast: &Forecast) -> f64 {
    match setup.window.warmup {
        Warmup::None => 0.0,
        Warmup::Jobs(jobs) => (4.0 * jobs as f64 / forecast.jobs.max(1.0)).max(1.0),
        Warmup::Time(_) => 1.0,
    }
}

/// Points and strategies with their loads; what is the same for all strategies is told once.
fn describe(scenario: &Scenario, forecasts: &[Vec<Forecast>]) -> String {
    let mut out = folded(&printable(&scenario.title));
    let notes = scenario.notes.iter();
    out.extend(notes.map(|note| paragraph(&format!("note: {}", printable(note)), "  ")));
    for (point, forecasts) in scenario.points.iter().zip(forecasts) {
        if !scenario.sweep.is_empty() {
            out += &format!("\n{}\n", assignments(&scenario.sweep, &point.values));
        }
        out += &describe_point(scenario, forecasts);
    }
    out + &total(scenario, forecasts)
}

/// Strategies of which the same is to be said share one paragraph.
fn describe_point(scenario: &Scenario, forecasts: &[Forecast]) -> String {
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for (strategy, forecast) in scenario.strategies.iter().zip(forecasts) {
        let said = describe_forecast(forecast);
        match groups.iter_mut().find(|(_, known)| *known == said) {
            Some((names, _)) => names.push(&strategy.name),
            None => groups.push((vec![&strategy.name], said)),
        }
    }
    let told = groups.iter().map(|(names, said)| {
        let names = paragraph(&names.join(", "), "  ");
        format!("{names}{said}")
    });
    told.collect()
}

/// What is loaded most, and what a replication holds in jobs, tasks and events.
fn describe_forecast(forecast: &Forecast) -> String {
    let used = forecast.nodes.iter().chain(&forecast.dispatchers);
    // What takes all but no time is not worth a line.
    let used = used
        .chain(&forecast.gatherers)
        .filter(|used| used.share >= 0.0005);
    let mut out: String = used.map(describe_use).collect();
    let sights = forecast.sights.iter();
    out.extend(sights.map(|seen| folded(&format!("    {seen}"))));
    let length = match forecast.length {
        0.0 => String::new(),
        length => format!(" of {}", lasting(length)),
    };
    out + &folded(&format!(
        "    a replication{length}: {}, {}, {}",
        about(forecast.jobs, "job"),
        about(forecast.tasks, "task"),
        about(forecast.events, "event"),
    ))
}

/// What is too much has a warning of its own, beside those of the scenario.
fn describe_use(used: &Use) -> String {
    format!("    {:>6.1} %  {}\n", used.share * 100.0, used.of)
}

/// "1 job", "22,000 jobs".
fn about(number: f64, noun: &str) -> String {
    counted(number.round().max(0.0) as u64, noun)
}

/// What the whole run takes of events, time and memory.
fn total(scenario: &Scenario, forecasts: &[Vec<Forecast>]) -> String {
    let total = Total::of(forecasts, scenario.replications);
    format!(
        "\n{} x {} x {}: {},\nabout {} of CPU time, {} of memory and {} more for each further thread\n",
        counted(scenario.points.len() as u64, "point"),
        plural(scenario.strategies.len(), "strategy", "strategies"),
        counted(scenario.replications.into(), "replication"),
        about(total.events, "event"),
        lasting(total.seconds.max(1.0).round()),
        megabytes(total.bytes.0),
        megabytes(total.bytes.1),
    )
}

/// "14 MB", "2.1 GB".
pub fn megabytes(bytes: f64) -> String {
    match bytes {
        large if large >= 1e9 => format!("{:.1} GB", large / 1e9),
        small => format!("{:.0} MB", (small / 1e6).max(1.0)),
    }
}
