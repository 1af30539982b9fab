//! `equipoise check`: what a scenario will do, without running it.

use clap::Args;

use super::load::Which;
use super::{Exit, print};
use crate::experiment::thousands;
use crate::scenario::Scenario;
use crate::scenario::forecast::{Forecast, Use, forecast};

/// Arguments of `equipoise check`.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    which: Which,
}

/// CPU time of an event on a common machine, seconds; what a run really took is in timing.json.
const SECONDS_AN_EVENT: f64 = 120e-9;

impl Check {
    /// Prints the forecast of every point and strategy.
    pub fn execute(self) -> Result<(), Exit> {
        let scenario = self.which.read()?;
        let warnings = scenario.warnings.render(false);
        if !warnings.is_empty() {
            eprintln!("{warnings}\n");
        }
        let forecasts: Vec<Vec<Forecast>> = scenario
            .points
            .iter()
            .map(|point| point.setups.iter().map(forecast).collect())
            .collect();
        print(&describe(&scenario, &forecasts))
    }
}

fn describe(scenario: &Scenario, forecasts: &[Vec<Forecast>]) -> String {
    let mut out = format!("{}\n", scenario.title);
    for (point, forecasts) in scenario.points.iter().zip(forecasts) {
        let values: Vec<String> = scenario
            .sweep
            .iter()
            .zip(&point.values)
            .map(|(path, value)| format!("{path} = {value}"))
            .collect();
        if !values.is_empty() {
            out += &format!("\n{}\n", values.join(", "));
        }
        out += &describe_point(scenario, forecasts);
    }
    out + &total(scenario, forecasts)
}

/// Strategies of which the same is expected share their lines.
fn describe_point(scenario: &Scenario, forecasts: &[Forecast]) -> String {
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for (strategy, forecast) in scenario.strategies.iter().zip(forecasts) {
        let text = describe_forecast(forecast);
        match groups.iter_mut().find(|(_, known)| *known == text) {
            Some((names, _)) => names.push(&strategy.name),
            None => groups.push((vec![&strategy.name], text)),
        }
    }
    let block = |(names, text): (Vec<&str>, String)| format!("  {}\n{text}", names.join(", "));
    groups.into_iter().map(block).collect()
}

fn describe_forecast(forecast: &Forecast) -> String {
    let used = forecast
        .nodes
        .iter()
        .chain(&forecast.dispatchers)
        .chain(&forecast.gatherers);
    let mut out: String = used.map(describe_use).collect();
    let (jobs, tasks, events) = (
        whole(forecast.jobs),
        whole(forecast.tasks),
        whole(forecast.events),
    );
    out += &format!("    a replication: {jobs} jobs, {tasks} tasks, {events} events\n");
    forecast
        .warnings
        .iter()
        .for_each(|warning| out += &format!("    warning: {warning}\n"));
    out
}

fn describe_use(used: &Use) -> String {
    let over = if used.share >= 1.0 {
        format!("  cannot last: see `{}`", used.key)
    } else {
        String::new()
    };
    format!("    {:>6.1} %  {}{over}\n", used.share * 100.0, used.of)
}

fn whole(number: f64) -> String {
    thousands(number.round().max(0.0) as u64)
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
        "\n{} x {} x {}: {} events, about {:.0} s of CPU time, {:.0} MB a thread\n",
        counted(scenario.points.len(), "point", "points"),
        counted(scenario.strategies.len(), "strategy", "strategies"),
        counted(
            scenario.replications as usize,
            "replication",
            "replications"
        ),
        whole(events),
        (events * SECONDS_AN_EVENT).max(1.0),
        memory
    )
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        thousands(number as u64),
        if number == 1 { one } else { many }
    )
}
