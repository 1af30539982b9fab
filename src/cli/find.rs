//! `equipoise find`: the value of a key at which conditions begin to hold, strategy by strategy.
//!
//! The question behind most comparisons is not "which of five" but "how many nodes do I need" and "at
//! what load does it tip". Each value is a whole scenario, read anew with the key set, so that whatever
//! can be set can be searched.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};

use super::running::stop_on_interrupt;
use super::scenario_args::{Changes, ScenarioArgs, keep_strategies};
use super::{Exit, print, running};
use crate::experiment::find::{
    Bracket, Condition, Outcome, STAGES, bracket, is_below, level_of_a_look, replications,
};
use crate::experiment::{Options, Plan, run, threads};
use crate::metrics::columns::MetricRef;
use crate::report::cells::summary_cell;
use crate::report::scales::scale;
use crate::results::{Cell, Results};
use crate::scenario::{Registry, Scenario};
use crate::text::{aligned, plain_percent, printable, thousands};

/// Arguments of `equipoise find`.
#[derive(Debug, Args)]
pub struct Find {
    #[command(flatten)]
    args: ScenarioArgs,
    /// Dotted path of the key that is searched, for example nodes.worker.count or workload.load.
    key: String,
    /// What is to hold, for example "response_p99 <= 200ms" or "web.slo_attained >= 99.9%" (repeatable).
    #[arg(long, value_name = "CONDITION", required_unless_present = "cross")]
    until: Vec<Condition>,
    /// Instead: where the first strategy begins to be better than the second.
    #[arg(long, value_names = ["A", "B"], num_args = 2, conflicts_with = "until")]
    cross: Vec<String>,
    /// The metric of --cross (default: the first that decides).
    #[arg(long, value_name = "METRIC", requires = "cross")]
    on: Option<MetricRef>,
    /// Smallest value.
    #[arg(long, value_name = "VALUE")]
    from: f64,
    /// Largest value.
    #[arg(long, value_name = "VALUE")]
    to: f64,
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

/// What was found of a search, in words.
struct Answer {
    strategy: String,
    value: String,
    evidence: String,
}

impl Find {
    /// Searches for each strategy and prints what was found.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let grid = self.grid()?;
        let stop = stop_on_interrupt()?;
        let search = Search::new(&self, registry, grid, stop)?;
        let answers = match self.cross.is_empty() {
            true => search.of_each()?,
            false => vec![search.crossing()?],
        };
        match self.format {
            Format::Table => print(&self.table(&search, &answers)),
            Format::Csv => print(&csv(&answers)?),
        }
    }

    fn grid(&self) -> Result<Grid, Exit> {
        let mistake = |said: &str| Exit::Mistake(format!("error: {said}"));
        if !(self.from.is_finite() && self.to.is_finite() && self.from < self.to) {
            return Err(mistake("--from is to be a smaller number than --to"));
        }
        if !(0.5..1.0).contains(&self.confidence) {
            return Err(mistake(
                "--confidence is a share from 0.5 to below 1, for example 0.95",
            ));
        }
        let is_whole = self.from.fract() == 0.0 && self.to.fract() == 0.0;
        let usual = if is_whole {
            1.0
        } else {
            (self.to - self.from) / 64.0
        };
        let step = self.step.unwrap_or(usual);
        let steps = (self.to - self.from) / step;
        if !(1.0..=1e6).contains(&steps) {
            return Err(mistake(
                "--step is to be above 0, no more than the span, and no less than a millionth of it",
            ));
        }
        Ok(Grid {
            from: self.from,
            step,
            last: (steps + 1e-9).floor() as usize,
        })
    }

    fn table(&self, search: &Search<'_>, answers: &[Answer]) -> String {
        let until: Vec<&str> = self
            .until
            .iter()
            .map(|condition| condition.text.as_str())
            .collect();
        let what = match &self.cross[..] {
            [one, other] => format!(
                "{} is below that of `{other}`",
                quoted(&search.metrics[0], one)
            ),
            _ => until.join(" and "),
        };
        let head = ["strategy", self.key.as_str(), "evidence"].map(str::to_owned);
        let rows = answers.iter().map(|answer| {
            [
                answer.strategy.clone(),
                answer.value.clone(),
                answer.evidence.clone(),
            ]
        });
        let rows: Vec<[String; 3]> = std::iter::once(head).chain(rows).collect();
        let spent = search.spent.borrow();
        let level = plain_percent(self.confidence);
        let mut lines = vec![
            printable(&format!("{}: where {what}", self.key)),
            String::new(),
        ];
        lines.extend(aligned(&rows, &[]));
        lines.push(String::new());
        lines.push(format!(
            "{} values from {} to {}; {} looks, {} replications; {level} for all looks together",
            thousands(search.grid.last as u64 + 1),
            search.grid.text(0),
            search.grid.text(search.grid.last),
            spent.0,
            thousands(spent.1)
        ));
        lines.push("what holds at a value is taken to hold beyond it; all values see the same random numbers".to_owned());
        lines
            .iter()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect()
    }
}

fn quoted(metric: &MetricRef, strategy: &str) -> String {
    format!("{metric} of `{strategy}`")
}

fn csv(answers: &[Answer]) -> Result<String, Exit> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let rows = answers
        .iter()
        .map(|answer| [&answer.strategy, &answer.value, &answer.evidence]);
    let written = writer.write_record(["strategy", "value", "evidence"]);
    let written = rows.fold(written, |before, row| {
        before.and_then(|()| writer.write_record(row))
    });
    let bytes = written
        .ok()
        .and_then(|()| writer.into_inner().ok())
        .unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A search under way.
struct Search<'a> {
    find: &'a Find,
    registry: &'a Registry,
    grid: Grid,
    stop: &'a AtomicBool,
    /// Names of the strategies.
    names: Vec<String>,
    /// What is looked at.
    metrics: Vec<MetricRef>,
    /// Replications that the scenario asks for.
    asked: u32,
    level: f64,
    /// Looks and replications so far.
    spent: RefCell<(u64, u64)>,
    /// Scenarios that were read, by value.
    read: RefCell<BTreeMap<usize, Scenario>>,
}

impl<'a> Search<'a> {
    fn new(
        find: &'a Find,
        registry: &'a Registry,
        grid: Grid,
        stop: &'a AtomicBool,
    ) -> Result<Search<'a>, Exit> {
        let mut search = Search {
            find,
            registry,
            grid,
            stop,
            names: Vec::new(),
            metrics: find
                .until
                .iter()
                .map(|condition| condition.metric.clone())
                .chain(find.on.clone())
                .collect(),
            asked: 0,
            level: 0.0,
            spent: RefCell::default(),
            read: RefCell::default(),
        };
        let first = search.scenario(0)?;
        search.names = first
            .strategies
            .iter()
            .map(|strategy| strategy.name.clone())
            .collect();
        search.asked = first.replications;
        if search.metrics.is_empty() {
            search
                .metrics
                .extend(first.compare.decide_on.first().cloned());
        }
        search.check_names()?;
        let searches = if find.cross.is_empty() {
            search.names.len()
        } else {
            1
        };
        search.level = level_of_a_look(find.confidence, searches, grid.last + 1, find.until.len());
        Ok(search)
    }

    fn check_names(&self) -> Result<(), Exit> {
        let Some(unknown) = self
            .find
            .cross
            .iter()
            .find(|name| !self.names.contains(name))
        else {
            return Ok(());
        };
        let names = self.names.join(", ");
        Err(Exit::Mistake(format!(
            "error: no strategy `{unknown}` in the scenario\nhint: it has {names}"
        )))
    }

    /// The scenario with the key at a value.
    fn scenario(&self, at: usize) -> Result<Scenario, Exit> {
        if let Some(read) = self.read.borrow().get(&at) {
            return Ok(read.clone());
        }
        let (find, changes) = (self.find, &self.find.args.changes);
        let mut sets = changes.sets.clone();
        sets.push(format!("{}={}", find.key, self.grid.text(at)));
        if !self.metrics.is_empty() {
            let names: Vec<String> = self
                .metrics
                .iter()
                .map(|metric| format!("\"{metric}\""))
                .collect();
            let names: std::collections::BTreeSet<String> = names.into_iter().collect();
            sets.push(format!(
                "compare.decide-on=[{}]",
                names.into_iter().collect::<Vec<_>>().join(", ")
            ));
        }
        let args = ScenarioArgs {
            scenario: find.args.scenario.clone(),
            changes: Changes {
                sets,
                ..changes.clone()
            },
        };
        let scenario = args.read(self.registry)?;
        if scenario.points.len() > 1 {
            let swept = scenario.sweep.join(", ");
            return Err(Exit::Mistake(format!(
                "error: {swept} is swept, and each value of {} would be many points\nhint: set it, for example by --set {}=VALUE",
                find.key, scenario.sweep[0]
            )));
        }
        self.read.borrow_mut().insert(at, scenario.clone());
        Ok(scenario)
    }

    /// What `count` replications find of the strategies `of` at a value.
    fn cells(&self, at: usize, of: &[usize], count: u32) -> Result<Results, Exit> {
        let mut scenario = self.scenario(at)?;
        let chosen: Vec<bool> = (0..self.names.len())
            .map(|strategy| of.contains(&strategy))
            .collect();
        keep_strategies(&mut scenario, &chosen);
        let seed = scenario.points[0].setups[0].placement_seed;
        let plan: Plan = running::plan(scenario, String::new(), self.find.threads, self.stop)?;
        let options = Options {
            threads: self.find.threads.map(usize::from),
            stop: self.stop,
            progress: &|_| {},
            record: None,
            log_decisions: false,
            journal: None,
        };
        let found = run(&plan.again(count, seed), &options)?;
        if !found.is_complete {
            return Err(Exit::Interrupted("interrupted: nothing is told".to_owned()));
        }
        let mut spent = self.spent.borrow_mut();
        *spent = (spent.0 + 1, spent.1 + u64::from(count) * of.len() as u64);
        Ok(found.results)
    }

    /// Looks at a value, with more replications while it is open; what was found last.
    fn look(
        &self,
        at: usize,
        of: &[usize],
        judge: &dyn Fn(&Results) -> Outcome,
    ) -> Result<(Outcome, Results), Exit> {
        let mut found = (Outcome::Open, Results::default());
        for stage in 0..STAGES {
            let results = self.cells(at, of, replications(stage, self.asked))?;
            found = (judge(&results), results);
            if found.0 != Outcome::Open {
                break;
            }
        }
        Ok(found)
    }

    /// A strategy after the other, those that are only compared with left out.
    fn of_each(&self) -> Result<Vec<Answer>, Exit> {
        threads(self.find.threads.map(usize::from))?;
        (0..self.names.len())
            .map(|strategy| self.of(strategy))
            .collect()
    }

    fn of(&self, strategy: usize) -> Result<Answer, Exit> {
        let judge = |results: &Results| {
            let cell = results.cell(0, 0);
            let outcomes = self
                .find
                .until
                .iter()
                .map(|condition| condition.judge(cell, self.level));
            outcomes.min().unwrap_or(Outcome::Open)
        };
        self.search(&[strategy], &judge, self.names[strategy].clone())
    }

    fn crossing(&self) -> Result<Answer, Exit> {
        let place = |name: &String| {
            self.names
                .iter()
                .position(|other| other == name)
                .unwrap_or(0)
        };
        let [one, other] = [place(&self.find.cross[0]), place(&self.find.cross[1])];
        let (first, second) = if one < other { (0, 1) } else { (1, 0) };
        let sign = self.metrics[0].metric.lower_is_better();
        let judge = |results: &Results| {
            let cells = [results.cell(0, first), results.cell(0, second)];
            let [better, worse] = if sign { cells } else { [cells[1], cells[0]] };
            is_below(better, worse, &self.metrics[0], self.level)
        };
        self.search(&[one, other], &judge, self.find.cross[0].clone())
    }

    fn search(
        &self,
        of: &[usize],
        judge: &dyn Fn(&Results) -> Outcome,
        name: String,
    ) -> Result<Answer, Exit> {
        let mut seen: BTreeMap<usize, (Outcome, String)> = BTreeMap::new();
        let found = bracket(self.grid.last, |at| {
            let (outcome, results) = self.look(at, of, judge)?;
            seen.insert(at, (outcome, self.told(&results)));
            Ok::<_, Exit>(outcome)
        })?;
        let (value, evidence) = self.words(found, &seen);
        Ok(Answer {
            strategy: printable(&name),
            value,
            evidence,
        })
    }

    /// The figures of what is looked at.
    fn told(&self, results: &Results) -> String {
        let figure = |cell: &Cell, metric: &MetricRef| {
            let figure = cell.get(metric);
            summary_cell(
                figure,
                &scale(&metric.metric, figure.and_then(|figure| figure.mean)),
            )
        };
        let cells = results.cells.first().into_iter().flatten();
        let figures =
            cells.flat_map(|cell| self.metrics.iter().map(move |metric| figure(cell, metric)));
        figures.collect::<Vec<_>>().join(" and ")
    }

    fn words(&self, found: Bracket, seen: &BTreeMap<usize, (Outcome, String)>) -> (String, String) {
        let at = |number: usize| {
            let figures = seen
                .get(&number)
                .map_or("", |(_, figures)| figures.as_str());
            format!("{} ({figures})", self.grid.text(number))
        };
        let (first, last) = (0, self.grid.last);
        match found {
            Bracket::Everywhere => (
                "everywhere".to_owned(),
                format!("holds at {} and at {}", at(first), at(last)),
            ),
            Bracket::Never => (
                format!("never up to {}", self.grid.text(last)),
                format!("fails at {} and at {}", at(first), at(last)),
            ),
            Bracket::Unknown => (
                "not told".to_owned(),
                format!("open at an end: {}, {}", at(first), at(last)),
            ),
            Bracket::Smallest { fails, holds } => (
                self.grid.text(holds),
                format!(
                    "fails at {}, holds at {}{}",
                    at(fails),
                    at(holds),
                    open_between(fails, holds)
                ),
            ),
            Bracket::Largest { holds, fails } => (
                self.grid.text(holds),
                format!(
                    "holds at {}, fails at {}{}",
                    at(holds),
                    at(fails),
                    open_between(holds, fails)
                ),
            ),
        }
    }
}

/// Values between the ends that are neither shown to hold nor to fail.
fn open_between(low: usize, high: usize) -> &'static str {
    if high - low > 1 { "; open between" } else { "" }
}
