//! The looks of a search: scenarios with the key set, run with more replications while it is open.
//!
//! A look runs one value for one strategy, with few replications first and four times as many while its
//! interval holds the limit, so that most of the work is spent next to the answer. Scenarios are read anew for
//! each value, because a key may change anything: the number of nodes, a law, the load. All values use the same
//! seed.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use indicatif::ProgressBar;

use super::answer::{About, Answer, Seen, Told, marks, of_best, of_bracket};
use super::{Find, Grid};
use crate::cli::scenario_args::{Changes, ScenarioArgs, keep_strategies, no_strategy};
use crate::cli::{Exit, progress, running};
use crate::experiment::Plan;
use crate::experiment::find::{
    Outcome, STAGES, best, bracket, is_below, level_of_a_look, replications,
};
use crate::metrics::columns::MetricRef;
use crate::report::plot::drawing::Drawing;
use crate::report::plot::searched;
use crate::results::{self, Meta, Results, StrategyMeta};
use crate::scenario::{Registry, Scenario};
use crate::text::{lasting, printable, shorten, significant};
use crate::workload::load::Demand;

/// Columns of a name beside its progress.
const NAME: usize = 20;

/// A search under way.
pub struct Search<'a> {
    find: &'a Find,
    registry: &'a Registry,
    grid: Grid<'a>,
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
    started: Instant,
    /// Strategies that are done, and the seconds until then.
    done: Cell<(usize, f64)>,
    /// Scenarios that were read, by value.
    read: RefCell<BTreeMap<usize, Scenario>>,
    /// What was found last, by value and strategy.
    seen: RefCell<BTreeMap<(usize, usize), results::Cell>>,
    /// What it is about.
    meta: RefCell<Meta>,
    /// Jobs a second at the smallest and the largest value, where more nodes get more jobs.
    follows: Option<[f64; 2]>,
}

impl<'a> Search<'a> {
    pub fn new(
        find: &'a Find,
        registry: &'a Registry,
        grid: Grid<'a>,
        stop: &'a AtomicBool,
    ) -> Result<Search<'a>, Exit> {
        let conditions = find.until.iter().map(|condition| condition.metric.clone());
        let mut search = Search {
            find,
            registry,
            grid,
            stop,
            names: Vec::new(),
            metrics: conditions.chain(find.on.clone()).collect(),
            asked: 0,
            level: 0.0,
            spent: RefCell::default(),
            started: Instant::now(),
            done: Cell::default(),
            read: RefCell::default(),
            seen: RefCell::default(),
            meta: RefCell::default(),
            follows: None,
        };
        let first = search.scenario(0)?;
        let names = first.strategies.iter().map(|strategy| &strategy.name);
        search.names = names.cloned().collect();
        search.asked = first.replications;
        if search.metrics.is_empty() {
            let decides = first.compare.decide_on.first().cloned();
            search.metrics.extend(decides);
        }
        search.check_names()?;
        search.level = search.level();
        search.follows = search.follows()?;
        Ok(search)
    }

    /// Jobs a second at the ends, if a key of the nodes changes them: as a load is asked for.
    fn follows(&self) -> Result<Option<[f64; 2]>, Exit> {
        let rate = |at| -> Result<f64, Exit> {
            let scenario = self.scenario(at)?;
            let setup = &scenario.points[0].setups[0];
            Ok(Demand::new(&setup.sources, &setup.classes, &setup.cluster).rate())
        };
        if !self.find.key().starts_with("nodes.") {
            return Ok(None);
        }
        let rates = [rate(0)?, rate(self.grid.last)?];
        Ok(((rates[0] - rates[1]).abs() > 1e-6 * rates[1]).then_some(rates))
    }

    /// What it is about, and what it took so far.
    pub fn about(&self) -> About<'_> {
        About {
            find: self.find,
            grid: self.grid,
            metrics: &self.metrics,
            spent: *self.spent.borrow(),
            follows: self.follows,
        }
    }

    /// Confidence of one look.
    fn level(&self) -> f64 {
        let (find, values) = (self.find, self.grid.last + 1);
        let searches = match find.cross.is_empty() {
            true => self.names.len(),
            false => 1,
        };
        match find.best {
            Some(_) => best::level(find.confidence, searches, values),
            None => level_of_a_look(find.confidence, searches, values, find.until.len()),
        }
    }

    /// Refuses a crossing of strategies that the scenario does not have.
    fn check_names(&self) -> Result<(), Exit> {
        let mut crossing = self.find.cross.iter();
        let Some(unknown) = crossing.find(|name| !self.names.contains(name)) else {
            return Ok(());
        };
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        Err(no_strategy(unknown, &names))
    }

    /// The scenario with the key at a value.
    fn scenario(&self, at: usize) -> Result<Scenario, Exit> {
        if let Some(read) = self.read.borrow().get(&at) {
            return Ok(read.clone());
        }
        let find = self.find;
        let args = ScenarioArgs {
            scenario: find.args.scenario.clone(),
            changes: self.changes(at),
        };
        let mut scenario = args.read(self.registry)?;
        self.keep_named(&mut scenario);
        if scenario.points.len() > 1 {
            let swept = scenario.sweep.join(", ");
            return Err(Exit::Mistake(format!(
                "error: {swept} is swept, and each value of {} would be many points\nhint: set it, for example by --set {}=VALUE",
                find.key(),
                scenario.sweep[0]
            )));
        }
        self.read.borrow_mut().insert(at, scenario.clone());
        Ok(scenario)
    }

    /// Leaves out a baseline that was not named: a search compares nothing with it.
    fn keep_named(&self, scenario: &mut Scenario) {
        let named = &self.find.args.changes.strategies;
        if !named.is_empty() && self.find.cross.is_empty() {
            let strategies = scenario.strategies.iter();
            let chosen: Vec<bool> = strategies.map(|s| named.contains(&s.name)).collect();
            keep_strategies(scenario, &chosen);
        }
    }

    /// What is set for a value: the key, and that what is looked at decides, so that its figures get intervals.
    fn changes(&self, at: usize) -> Changes {
        let mut changes = self.find.args.changes.clone();
        let set = format!("{}={}", self.find.key(), self.grid.text(at));
        changes.set(self.find.key_option(), set);
        let names = self.metrics.iter().map(|metric| format!("\"{metric}\""));
        let names: BTreeSet<String> = names.collect();
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().collect();
            let set = format!("compare.decide-on=[{}]", names.join(", "));
            changes.set("what is looked at", set);
        }
        changes
    }

    /// What `count` replications find of the strategies `of` at a value.
    fn cells(&self, at: usize, of: &[usize], count: u32) -> Result<Results, Exit> {
        let mut scenario = self.scenario(at)?;
        let strategies = 0..self.names.len();
        let chosen: Vec<bool> = strategies.map(|strategy| of.contains(&strategy)).collect();
        keep_strategies(&mut scenario, &chosen);
        let seed = scenario.points[0].setups[0].placement_seed;
        let plan: Plan = running::plan(scenario, String::new(), self.find.threads, self.stop)?;
        let plan = plan.again(count, seed);
        let bar = self.bar(at, of);
        let found = running::run_with(&bar, &plan, self.find.threads, self.stop, None)?;
        let mut spent = self.spent.borrow_mut();
        *spent = (spent.0 + 1, spent.1 + u64::from(count) * of.len() as u64);
        self.keep(at, of, &found.results);
        Ok(found.results)
    }

    /// "two-choices (2 of 5) at 0.91: ==>  7/20 replications, about 40 s left".
    fn bar(&self, at: usize, of: &[usize]) -> ProgressBar {
        let ((done, took), all) = (self.done.get(), self.names.len());
        let count = match &self.find.cross[..] {
            [] => format!(" ({} of {all})", done + 1),
            _ => String::new(),
        };
        let names = of
            .iter()
            .map(|of| shorten(&printable(&self.names[*of]), NAME));
        let names = names.collect::<Vec<_>>().join(" and ");
        let left = left((done, took), all, self.started.elapsed().as_secs_f64());
        let left = left.map(|left| format!("about {} left", lasting(left.ceil())));
        let left = left.unwrap_or("{eta} left of this look".to_owned());
        let what = format!("{names}{count} at {}: ", self.grid.text(at));
        progress::bar_of(&what, 8, &left)
    }

    fn keep(&self, at: usize, of: &[usize], found: &Results) {
        let mut cells = self.seen.borrow_mut();
        for (place, strategy) in of.iter().enumerate() {
            cells.insert((at, *strategy), found.cell(0, place).clone());
        }
        *self.meta.borrow_mut() = found.meta.clone();
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

    /// Where the conditions begin to hold: a strategy after the other, those that are only compared with
    /// left out.
    pub fn of_each(&self) -> Result<Vec<Answer>, Exit> {
        let strategies = 0..self.names.len();
        strategies.map(|strategy| self.of(strategy)).collect()
    }

    fn of(&self, strategy: usize) -> Result<Answer, Exit> {
        let judge = |results: &Results| {
            let cell = results.cell(0, 0);
            let conditions = self.find.until.iter();
            let outcomes = conditions.map(|condition| condition.judge(cell, self.level));
            outcomes.min().unwrap_or(Outcome::Open)
        };
        self.search(&[strategy], &judge, &self.names[strategy])
    }

    /// Where one strategy begins to be better than another.
    pub fn crossing(&self) -> Result<Answer, Exit> {
        let place = |name: &String| self.names.iter().position(|other| other == name);
        let [one, other] = [0, 1].map(|side| place(&self.find.cross[side]).unwrap_or(0));
        // Results are in the order of the file.
        let (first, second) = if one < other { (0, 1) } else { (1, 0) };
        let sign = self.metrics[0].metric.lower_is_better();
        let judge = |results: &Results| {
            let cells = [results.cell(0, first), results.cell(0, second)];
            let [better, worse] = if sign { cells } else { [cells[1], cells[0]] };
            is_below(better, worse, &self.metrics[0], self.level)
        };
        let of = [one.min(other), one.max(other)];
        self.search(&of, &judge, &self.find.cross[0])
    }

    /// Bisects on the grid for one or two strategies and puts what was found into words, that of `name` first.
    fn search(
        &self,
        of: &[usize],
        judge: &dyn Fn(&Results) -> Outcome,
        name: &str,
    ) -> Result<Answer, Exit> {
        let mut seen = Seen::new();
        let found = bracket(self.grid.last, |at| {
            let (outcome, results) = self.look(at, of, judge)?;
            let mut cells: Vec<_> = results.cells.into_iter().flatten().collect();
            if of.last().is_some_and(|last| self.names[*last] == name) {
                cells.reverse();
            }
            seen.insert(at, cells);
            Ok::<_, Exit>(outcome)
        })?;
        self.answer(name, of_bracket(self.about(), found, &seen), &seen)
    }

    /// The best value: a strategy after the other.
    pub fn best_of_each(&self) -> Result<Vec<Answer>, Exit> {
        let strategies = 0..self.names.len();
        strategies.map(|strategy| self.best(strategy)).collect()
    }

    /// The value at which the first metric of a strategy is best.
    fn best(&self, strategy: usize) -> Result<Answer, Exit> {
        let mut seen = Seen::new();
        let metric = &self.metrics[0];
        let found = best::best(self.grid.last, metric, self.level, |at, stage| {
            let results = self.cells(at, &[strategy], replications(stage, self.asked))?;
            let cell = results.cell(0, 0).clone();
            seen.insert(at, vec![cell.clone()]);
            Ok::<_, Exit>(cell)
        })?;
        let told = of_best(self.about(), found, &seen);
        self.answer(&self.names[strategy], told, &seen)
    }

    /// The answer with what an hour of the nodes costs there.
    fn answer(&self, name: &str, told: Told, seen: &Seen) -> Result<Answer, Exit> {
        let took = self.started.elapsed().as_secs_f64();
        self.done.set((self.done.get().0 + 1, took));
        let price = told.span.map(|span| self.prices(span)).transpose()?;
        Ok(Answer {
            strategy: printable(name),
            value: told.value,
            price: price.flatten(),
            evidence: told.evidence,
            marks: marks(self.about(), &told.shown, seen),
        })
    }

    /// What an hour of all nodes costs at the ends of a span: "9.250 to 10.00".
    fn prices(&self, [from, to]: [usize; 2]) -> Result<Option<String>, Exit> {
        let ends = self.price(from)?.zip(self.price(to)?);
        Ok(ends.map(|(low, high)| match low == high {
            true => low,
            false => format!("{low} to {high}"),
        }))
    }

    /// What an hour of all nodes costs at a value, where any has a price and none comes or goes.
    fn price(&self, at: usize) -> Result<Option<String>, Exit> {
        let scenario = self.scenario(at)?;
        let cluster = &scenario.points[0].setups[0].cluster;
        let prices = cluster.groups.iter();
        let sum: f64 = prices
            .map(|group| f64::from(group.count) * group.price)
            .sum();
        let is_known = sum > 0.0 && !cluster.is_elastic();
        Ok(is_known.then(|| significant(sum, 4)))
    }

    /// All that was looked at: the first metric over the key.
    pub fn drawing(&self) -> Result<Drawing, Exit> {
        let seen = self.seen.borrow();
        let values: BTreeSet<usize> = seen.keys().map(|(at, _)| *at).collect();
        let strategies = 0..self.names.len();
        let row = |at: &usize| {
            let cell = |strategy| seen.get(&(*at, strategy)).cloned().unwrap_or_default();
            strategies.clone().map(cell).collect()
        };
        let counts = || seen.values().map(|cell| cell.replications() as u32);
        let of_name = |name: &String| StrategyMeta {
            name: name.clone(),
            parts: Vec::new(),
        };
        let results = Results {
            meta: Meta {
                sweep: vec![self.find.key().to_owned()],
                points: values.iter().map(|at| vec![self.grid.text(*at)]).collect(),
                strategies: self.names.iter().map(of_name).collect(),
                replications: counts().min().unwrap_or(0),
                most_replications: counts().max().unwrap_or(0),
                ..self.meta.borrow().clone()
            },
            cells: values.iter().map(row).collect(),
            ..Results::default()
        };
        let limit = self.find.until.first().map(|condition| condition.limit);
        searched(&results, &self.metrics[0], limit).ok_or_else(|| {
            Exit::Mistake("error: there is no figure that could be drawn".to_owned())
        })
    }
}

/// Seconds that a search of `all` strategies takes further, if each takes as long as those that are done.
fn left((done, took): (usize, f64), all: usize, now: f64) -> Option<f64> {
    let whole = took / done as f64 * all as f64;
    (done > 0).then_some((whole - now).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_the_strategies_that_are_done() {
        assert_eq!(left((0, 0.0), 5, 7.0), None);
        assert_eq!(left((2, 20.0), 5, 24.0), Some(26.0));
        assert_eq!(left((4, 20.0), 5, 30.0), Some(0.0));
    }
}
