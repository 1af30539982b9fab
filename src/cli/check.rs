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
use crate::scenario::forecast::{Forecast, Use, forecast};
use crate::scenario::{Registry, Scenario};
use crate::sim::setup::{Setup, Warmup};
use crate::text::{assignments, counted, paragraph, plural};

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

/// CPU time of an event on a common machine, seconds; what a run really took is in timing.json.
const SECONDS_AN_EVENT: f64 = 120e-9;

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
        for index in 0..scenario.points.len() {
            let point = &scenario.points[index];
            if point.warmup_is_auto {
                continue;
            }
            let at = scenario.at(index);
            if let Some(needed) = warmup::short(point)? {
                scenario.warnings.doubt(
                    format!(
                        "the warm-up{at} is short: pilot replications are not settled after it"
                    ),
                    format!("write warmup.jobs = {needed}, or warmup = \"auto\""),
                );
            }
        }
        Ok(String::new())
    }
}

/// CPU time of trying the given warm-ups: five pilots of each strategy.
fn pilots_take(scenario: &Scenario, forecasts: &[Vec<Forecast>]) -> f64 {
    let points = scenario.points.iter().zip(forecasts);
    let given = points.filter(|(point, _)| !point.warmup_is_auto);
    let events = given.flat_map(|(point, forecasts)| {
        let setups = point.setups.iter().zip(forecasts);
        setups.map(|(setup, forecast)| 5.0 * pilot_share(setup, forecast) * forecast.events)
    });
    events.sum::<f64>() * SECONDS_AN_EVENT
}

/// Events of a pilot as a share of a replication's, about.
fn pilot_share(setup: &Setup, forecast: &Forecast) -> f64 {
    match setup.window.warmup {
        Warmup::None => 0.0,
        Warmup::Jobs(jobs) => (4.0 * jobs as f64 / forecast.jobs.max(1.0)).max(1.0),
        Warmup::Time(_) => 1.0,
    }
}

fn describe(scenario: &Scenario, forecasts: &[Vec<Forecast>]) -> String {
    let mut out = format!("{}\n", scenario.title);
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

fn describe_forecast(forecast: &Forecast) -> String {
    let used = forecast.nodes.iter().chain(&forecast.dispatchers);
    // What takes all but no time is not worth a line.
    let used = used
        .chain(&forecast.gatherers)
        .filter(|used| used.share >= 0.0005);
    let mut out: String = used.map(describe_use).collect();
    out += &format!(
        "    a replication: {}, {}, {}\n",
        about(forecast.jobs, "job"),
        about(forecast.tasks, "task"),
        about(forecast.events, "event")
    );
    for warning in &forecast.warnings {
        out += &paragraph(&format!("warning: {warning}"), "    ");
    }
    out
}

/// What is too much has a warning of its own.
fn describe_use(used: &Use) -> String {
    format!("    {:>6.1} %  {}\n", used.share * 100.0, used.of)
}

/// "1 job", "22,000 jobs".
fn about(number: f64, noun: &str) -> String {
    counted(number.round().max(0.0) as u64, noun)
}

fn total(scenario: &Scenario, forecasts: &[Vec<Forecast>]) -> String {
    let replications = f64::from(scenario.replications);
    let events: f64 = forecasts
        .iter()
        .flatten()
        .map(|forecast| forecast.events)
        .sum::<f64>()
        * replications;
    let nodes = scenario
        .points
        .iter()
        .flat_map(|point| &point.setups)
        .map(|setup| setup.cluster.count())
        .max();
    // Histograms of a class take 5 MB, a node about 300 bytes; jobs in the system come on top.
    let classes = scenario.classes.len().max(1);
    let memory = 5.0 * (classes + 1) as f64 + f64::from(nodes.unwrap_or(0)) * 300e-6;
    format!(
        "\n{} x {} x {}: {}, about {:.0} s of CPU time, {memory:.0} MB a thread\n",
        counted(scenario.points.len() as u64, "point"),
        plural(scenario.strategies.len(), "strategy", "strategies"),
        counted(scenario.replications.into(), "replication"),
        about(events, "event"),
        (events * SECONDS_AN_EVENT).max(1.0),
    )
}
