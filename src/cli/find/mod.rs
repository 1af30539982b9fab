//! `equipoise find`: the value of a key at which conditions begin to hold, or a metric is best, strategy
//! by strategy.
//!
//! The question behind most comparisons is not "which of five" but "how many nodes do I need" and "at
//! what load does it tip". Each value is a whole scenario, read anew with the key set, so that whatever
//! can be set can be searched.

mod answer;
mod search;

use std::path::{Path, PathBuf};
use std::str::FromStr;

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
    from: Option<Value>,
    /// Largest value.
    #[arg(long, value_name = "VALUE")]
    to: Option<Value>,
    /// Distance of values (default: 1 between whole numbers, else a 64th of the span).
    #[arg(long, value_name = "VALUE")]
    step: Option<Value>,
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

/// An end of a search, or its step: 40, or 50ms.
#[derive(Clone, Debug, PartialEq)]
struct Value {
    number: f64,
    /// Of time; empty for a plain number.
    unit: String,
}

impl FromStr for Value {
    type Err = String;

    fn from_str(text: &str) -> Result<Value, String> {
        let number = text.trim_end_matches(char::is_alphabetic);
        let unit = text[number.len()..].to_owned();
        let is_known = unit.is_empty() || seconds(&format!("1{unit}")).is_some();
        let number = number.trim().replace('_', "").parse().ok();
        let number = number.filter(|_| is_known);
        let number = number.ok_or("write a number such as 40, or a duration such as 50ms")?;
        Ok(Value { number, unit })
    }
}

impl Value {
    /// The number in a unit of time, or as it is; none where one of both is a time and the other is not.
    fn in_unit(&self, unit: &str) -> Option<f64> {
        let factor = |unit: &str| seconds(&format!("1{unit}"));
        match (self.unit.is_empty(), unit.is_empty()) {
            (true, true) => Some(self.number),
            _ if self.unit == unit => Some(self.number),
            _ => Some(self.number * factor(&self.unit)? / factor(unit)?),
        }
    }
}

/// The values that are searched, in the unit of the largest.
#[derive(Clone, Copy, Debug)]
struct Grid<'a> {
    from: f64,
    step: f64,
    last: usize,
    unit: &'a str,
}

impl Grid<'_> {
    /// A value as a scenario file has it: whole numbers without a point, others without the tail of a
    /// sum of binary fractions.
    fn text(&self, at: usize) -> String {
        let value = self.from + at as f64 * self.step;
        format!("{}{}", (value * 1e9).round() / 1e9, self.unit)
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
            (None, None, _) if is_asked => Err(mistake(
                "which value is to be searched?\nhint: name its KEY after the scenario, for example nodes.worker.count or workload.load",
            )),
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
    fn ends(&self, registry: &Registry) -> Result<[&Value; 2], Exit> {
        if let Some((from, to)) = self.from.as_ref().zip(self.to.as_ref()) {
            return Ok([from, to]);
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
    fn grid<'a>(&self, [from, to]: [&'a Value; 2]) -> Result<Grid<'a>, Exit> {
        let unit = to.unit.as_str();
        let in_unit = |value: &Value| {
            let number = value.in_unit(unit);
            let odd =
                "--from, --to and --step are to be all numbers, or all durations such as 50ms";
            number.ok_or_else(|| mistake(odd))
        };
        let (from, to) = (in_unit(from)?, in_unit(to)?);
        if !(from.is_finite() && to.is_finite() && from < to) {
            return Err(mistake("--from is to be smaller than --to"));
        }
        if !(0.5..1.0).contains(&self.confidence) {
            return Err(mistake(
                "--confidence is a share from 0.5 to below 1, for example 0.95",
            ));
        }
        let is_whole = from.fract() == 0.0 && to.fract() == 0.0;
        let usual = if is_whole { 1.0 } else { (to - from) / 64.0 };
        let step = self.step.as_ref().map(in_unit).transpose()?;
        let step = step.unwrap_or(usual);
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
            unit,
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
    let text = value.map(|value| match value {
        toml::Value::String(text) => text,
        other => other.to_string(),
    });
    let now: Option<Value> = text.and_then(|text| text.parse().ok());
    match now.filter(|now| now.number > 0.0) {
        _ if key.ends_with("load") => "of a load try --from 0.1 --to 0.95".to_owned(),
        Some(Value { number, unit }) => {
            let quarter = number / 4.0;
            let least = if is_whole {
                quarter.floor().max(1.0)
            } else {
                quarter
            };
            let most = 4.0 * number;
            format!(
                "`{key}` is {number}{unit} in the scenario: try --from {least}{unit} --to {most}{unit}"
            )
        }
        None => "name both, such as --from 1 --to 100".to_owned(),
    }
}

/// The kind of file that a name asks for.
fn kind_of(path: &Path) -> Result<Kind, Exit> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let found = ending.and_then(|ending| Kind::from_str(ending, true).ok());
    found.ok_or_else(|| mistake("--plot is to name a file that ends in .svg, .pdf or .png"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ends_are_numbers_or_durations() {
        let read = |text: &str| text.parse::<Value>();
        assert_eq!(read("1_000").unwrap().in_unit(""), Some(1000.0));
        assert_eq!(read("500us").unwrap().in_unit("ms"), Some(0.5));
        assert_eq!(read("1").unwrap().in_unit("ms"), None);
        assert_eq!(read("1ms").unwrap().in_unit(""), None);
        for odd in ["", "ms", "1 mss", "inf", "NaN", "20%"] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn values_have_the_unit_of_the_ends() {
        let grid = Grid {
            from: 1.0,
            step: 0.25,
            last: 4,
            unit: "ms",
        };
        assert_eq!([0, 1].map(|at| grid.text(at)), ["1ms", "1.25ms"]);
    }
}
