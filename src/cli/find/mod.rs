//! `equipoise find`: the value of a key at which conditions begin to hold, or a metric is best, strategy
//! by strategy.
//!
//! The question behind most comparisons is not "which of five" but "how many nodes do I need" and "at
//! what load does it tip". Each value is a whole scenario, read anew with the key set, so that whatever
//! can be set can be searched.

mod answer;
mod search;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::replace::replace;
use super::running::stop_on_interrupt;
use super::scenario_args::ScenarioArgs;
use super::{Exit, mistake, print};
use crate::experiment::find::Condition;
use crate::metrics::columns::MetricRef;
use crate::report::figures::{Kind, drawn};
use crate::scenario::Registry;
use crate::text::seconds;
use search::Search;

/// Arguments of `equipoise find`.
#[derive(Debug, Args)]
pub struct Find {
    #[command(flatten)]
    args: ScenarioArgs,
    /// Dotted path of the key that is searched, for example nodes.worker.count or workload.load.
    key: Option<String>,
    /// What is to hold, for example "response_p99 <= 200ms" or "web.slo_attained >= 99.9%" (repeatable).
    #[arg(long, value_name = "CONDITION")]
    until: Vec<Condition>,
    /// Instead: where the first strategy begins to be better than the second.
    #[arg(long, value_names = ["A", "B"], num_args = 2, conflicts_with = "until")]
    cross: Vec<String>,
    /// Instead: the value of this key at which a metric is best, for example jobs.query.split.into.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["until", "cross", "key"])]
    best: Option<String>,
    /// The metric of --cross and --best (default: the first that decides).
    #[arg(long, value_name = "METRIC", conflicts_with = "until")]
    on: Option<MetricRef>,
    /// Smallest value (without it and --to, values are suggested).
    #[arg(long, value_name = "VALUE")]
    from: Option<f64>,
    /// Largest value.
    #[arg(long, value_name = "VALUE")]
    to: Option<f64>,
    /// Distance of values (default: 1 between whole numbers, else a 64th of the span).
    #[arg(long, value_name = "VALUE")]
    step: Option<f64>,
    /// Confidence of all answers together.
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    confidence: f64,
    /// Threads (default: all cores); the results are the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// What is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Also draw what was looked at: a file that ends in .svg, .pdf or .png.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// A line a strategy.
    Csv,
}

/// The values that are searched.
#[derive(Clone, Copy, Debug)]
struct Grid {
    from: f64,
    step: f64,
    last: usize,
}

impl Grid {
    /// A value as a scenario file has it: whole numbers without a point, others without the tail of a
    /// sum of binary fractions.
    fn text(&self, at: usize) -> String {
        let value = self.from + at as f64 * self.step;
        format!("{}", (value * 1e9).round() / 1e9)
    }
}

impl Find {
    /// Searches for each strategy and prints what was found.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        self.check_question()?;
        let grid = self.grid(self.ends(registry)?)?;
        let kind = self.plot.as_deref().map(kind_of).transpose()?;
        let stop = stop_on_interrupt()?;
        let search = Search::new(&self, registry, grid, stop)?;
        let answers = match (&self.best, &self.cross[..]) {
            (Some(_), _) => search.best_of_each()?,
            (None, []) => search.of_each()?,
            _ => vec![search.crossing()?],
        };
        if let Some((path, kind)) = self.plot.as_deref().zip(kind) {
            let drawing = search.drawing()?;
            replace(
                path,
                &drawn(&drawing, kind).map_err(super::report::cannot_draw)?,
            )?;
        }
        match self.format {
            Format::Table => print(&answer::table(search.about(), &answers)),
            Format::Csv => print(&answer::csv(&answers)),
        }
    }

    /// Refuses a search that does not say what for.
    fn check_question(&self) -> Result<(), Exit> {
        let is_asked = !self.until.is_empty() || !self.cross.is_empty();
        match (&self.key, &self.best, &self.cross[..]) {
            (_, _, [one, other]) if one == other => Err(mistake(&format!(
                "--cross names `{one}` twice, which is never better than itself"
            ))),
            (_, Some(_), _) => Ok(()),
            (Some(_), None, _) if is_asked => Ok(()),
            _ => Err(mistake(
                "what is to be found?\nhint: KEY --until \"response_p99 <= 200ms\" finds where this holds, KEY --cross A B where strategy A is better than B, and --best KEY where a metric is best (equipoise find --help)",
            )),
        }
    }

    /// What the key is called on the command line.
    fn key_option(&self) -> &'static str {
        if self.best.is_some() { "--best" } else { "KEY" }
    }

    /// The key that is searched.
    fn key(&self) -> &str {
        let key = self.best.as_deref().or(self.key.as_deref());
        key.unwrap_or_default()
    }

    /// The smallest and the largest value; where one is not given, some are suggested.
    fn ends(&self, registry: &Registry) -> Result<(f64, f64), Exit> {
        if let Some(ends) = self.from.zip(self.to) {
            return Ok(ends);
        }
        let scenario = self.args.read(registry)?;
        let now = value(&scenario.text, self.key());
        if now.is_none() {
            self.check_key(registry)?;
        }
        let hint = suggestion(now, self.key());
        Err(mistake(&format!(
            "a search needs its smallest and its largest value\nhint: {hint}"
        )))
    }

    /// Refuses a key that a scenario does not have. One that is there, but has its default here, takes a 1.
    fn check_key(&self, registry: &Registry) -> Result<(), Exit> {
        let mut changes = self.args.changes.clone();
        changes.set(self.key_option(), format!("{}=1", self.key()));
        let args = ScenarioArgs {
            scenario: self.args.scenario.clone(),
            changes,
        };
        args.read(registry).map(|_| ())
    }

    /// The values that are tried: whole numbers in steps of 1, others in a 64th of the span, unless a step is
    /// given.
    fn grid(&self, (from, to): (f64, f64)) -> Result<Grid, Exit> {
        if !(from.is_finite() && to.is_finite() && from < to) {
            return Err(mistake("--from is to be a smaller number than --to"));
        }
        if !(0.5..1.0).contains(&self.confidence) {
            return Err(mistake(
                "--confidence is a share from 0.5 to below 1, for example 0.95",
            ));
        }
        let is_whole = from.fract() == 0.0 && to.fract() == 0.0;
        let usual = if is_whole { 1.0 } else { (to - from) / 64.0 };
        let step = self.step.unwrap_or(usual);
        let steps = (to - from) / step;
        if !(1.0..=1e6).contains(&steps) {
            return Err(mistake(
                "--step is to be above 0, no more than the span, and no less than a millionth of it",
            ));
        }
        Ok(Grid {
            from,
            step,
            last: (steps + 1e-9).floor() as usize,
        })
    }
}

/// What a key has in a scenario.
fn value(text: &str, key: &str) -> Option<toml::Value> {
    let mut value: toml::Value = toml::from_str(text).map(toml::Value::Table).ok()?;
    for step in key.split('.') {
        value = value.get(step)?.clone();
    }
    Some(value)
}

/// Ends around the value that a key has in the scenario, a quarter and four times of it; of a load those
/// between which it can be.
fn suggestion(value: Option<toml::Value>, key: &str) -> String {
    let is_whole = matches!(value, Some(toml::Value::Integer(_)));
    let number = match value {
        Some(toml::Value::Integer(whole)) => Some(whole as f64),
        Some(toml::Value::Float(number)) => Some(number),
        Some(toml::Value::String(text)) => seconds(&text),
        _ => None,
    };
    match number.filter(|number| *number > 0.0) {
        _ if key.ends_with("load") => "of a load try --from 0.1 --to 0.95".to_owned(),
        Some(now) if is_whole => format!(
            "`{key}` is {now} in the scenario: try --from {} --to {}",
            (now / 4.0).floor().max(1.0),
            4.0 * now
        ),
        Some(now) => format!(
            "`{key}` is {now} in the scenario: try --from {} --to {}",
            now / 4.0,
            4.0 * now
        ),
        None => "name both, such as --from 1 --to 100".to_owned(),
    }
}

/// The kind of file that a name asks for.
fn kind_of(path: &Path) -> Result<Kind, Exit> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let found = ending.and_then(|ending| Kind::from_str(ending, true).ok());
    found.ok_or_else(|| mistake("--plot is to name a file that ends in .svg, .pdf or .png"))
}
