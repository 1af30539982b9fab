//! Scenario files: from text to setups, with messages that say what is wrong, where, and what to do.
//!
//! [`read`] parses the text, puts `--set` and each point of `[sweep]` into it, lays strategies on what
//! they are like, reads the sections of the grammar (one file each) with all their mistakes, and
//! checks what they mean together.

pub mod forecast;
mod grammar;
mod identity;
mod registry;
mod resolve;
mod schema;
mod starter;
mod text;

pub use identity::{Identity, sections};
pub use registry::Registry;
pub use resolve::files::Files;
pub use schema::{KeyInfo, keys, schema};
pub use starter::starter;
pub use text::messages::{Diagnostic, Report};

use std::path::Path;

use toml::de::DeTable;

use crate::engine::time::Time;
use crate::metrics::columns::MetricRef;
use crate::sim::setup::Setup;
use crate::text::assignments;
use crate::text::printable;
use grammar::Document;
use resolve::check::Check;
use resolve::judging;
use text::messages::Source;
use text::sweep::{self, Axis};
use text::tree::{self, Node};
use text::{arguments, like, mistakes};

/// A cell of the sweep's grid.
#[derive(Clone, Debug)]
pub struct Point {
    /// The value of each swept path, as text.
    pub values: Vec<String>,
    /// The warm-up is to be found by pilot replications; until then the setups have the default.
    pub warmup_is_auto: bool,
    /// One setup for each strategy.
    pub setups: Vec<Setup>,
}

/// A strategy as tables name it.
#[derive(Clone, Debug, PartialEq)]
pub struct StrategyText {
    /// `strategies.NAME`.
    pub name: String,
    /// Each part and its value as scenario text, defaults included.
    pub parts: Vec<(String, String)>,
}

/// What decides between strategies.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// The strategy that the others are compared with.
    pub baseline: String,
    /// Metrics that decide, in the file's order.
    pub decide_on: Vec<MetricRef>,
    /// Relative margin inside which a difference does not matter.
    pub margin: f64,
    /// Confidence of all comparisons together.
    pub confidence: f64,
    /// Comparisons that the file asks for: deciding metrics x points x other strategies. What is
    /// left out of a run afterwards does not change it.
    pub family: usize,
}

/// How narrow an interval must be before a run ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// The metric.
    pub metric: MetricRef,
    /// Half-width / |mean| that will do.
    pub relative: f64,
    /// Half-width that will do, in the metric's unit.
    pub absolute: f64,
    /// Replications at most.
    pub most: u32,
}

/// What `gate` holds a change against.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Strategies that are watched, in file order.
    pub strategies: Vec<String>,
    /// Metrics that are watched, with the relative change for the worse that is allowed.
    pub margins: Vec<(MetricRef, f64)>,
}

/// A scenario without mistakes, ready to run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The title, else the file's stem.
    pub title: String,
    /// Stem of the file's name.
    pub stem: String,
    /// Dotted paths of the swept keys.
    pub sweep: Vec<String>,
    /// The grid; the last path changes fastest. One point without values where nothing is swept.
    pub points: Vec<Point>,
    /// Strategies in file order.
    pub strategies: Vec<StrategyText>,
    /// Names of the classes and their objectives in seconds, in file order, of all points.
    pub classes: Vec<(String, Option<f64>)>,
    /// What decides.
    pub compare: Compare,
    /// What `gate` watches.
    pub gate: Gate,
    /// Replications of each point and strategy; with `precision`, to begin with.
    pub replications: u32,
    /// Until when replications are added.
    pub precision: Option<Precision>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Facts about traces and what they stand for, one sentence each.
    pub notes: Vec<String>,
    /// The text after `--set`; read again it gives the same scenario.
    pub text: String,
    /// Messages that do not stop the run.
    pub warnings: Report,
}

impl Scenario {
    /// The metrics that the file asks for by name.
    pub fn asked(&self) -> Vec<MetricRef> {
        let watched = self.gate.margins.iter().map(|(metric, _)| metric);
        let awaited = self.precision.iter().map(|precision| &precision.metric);
        let all = self.compare.decide_on.iter().chain(watched).chain(awaited);
        all.cloned().collect()
    }

    /// " at workload.load = 0.8" of the point with this index; nothing without a sweep.
    pub fn at(&self, point: usize) -> String {
        let point = self.points.get(point).filter(|_| !self.sweep.is_empty());
        point.map_or(String::new(), |point| {
            format!(" at {}", assignments(&self.sweep, &point.values))
        })
    }
}

/// Most replications.
const MOST_REPLICATIONS: f64 = 1e6;

/// Reads the scenario `text` of the file `name` with the `--set` arguments `sets`.
///
/// # Errors
/// All mistakes of the file and the arguments, in their order.
pub fn read(text: &str, name: &str, sets: &[String], files: &Files) -> Result<Scenario, Report> {
    read_with(text, name, sets, files, &Registry::standard())
}

/// The same for a scenario that may name the placements of `registry`.
///
/// # Errors
/// As [`read`].
pub fn read_with(
    text: &str,
    name: &str,
    sets: &[String],
    files: &Files,
    registry: &Registry,
) -> Result<Scenario, Report> {
    let mut report = Report::new(sources(text, name, sets));
    let (table, errors) = DeTable::parse_recoverable(text);
    mistakes::syntax(&errors, 0, &mut report);
    if report.has_errors() {
        report.sort();
        return Err(report);
    }
    let mut tree = Node::of_table(table.get_ref(), table.span(), 0);
    let given = report.sources[1..].to_vec();
    arguments::apply(&mut tree, &given, &mut report);
    let text = if sets.is_empty() {
        text.to_owned()
    } else {
        tree.to_toml()
    };
    let axes = sweep::take(&mut tree, &mut report);
    let notes = Vec::new();
    let mut reading = Reading {
        axes,
        files,
        registry,
        report,
        notes,
    };
    let grid = sweep::grid(&reading.axes);
    let points = grid.iter().map(|steps| reading.point(&tree, steps));
    let points: Option<Vec<Read>> = points.collect::<Vec<_>>().into_iter().collect();
    if let Some(points) = &points {
        let identity = |point: usize| format!("{:?}", points[point].resolved.setups);
        sweep::twins(&reading.axes, &grid, identity, &mut reading.report);
    }
    reading.report.sort();
    match points {
        Some(points) if !reading.report.has_errors() => reading.finish(points, name, text),
        _ => Err(reading.report),
    }
}

/// The texts that places point into.
fn sources(text: &str, name: &str, sets: &[String]) -> Vec<Source> {
    let given = sets.iter().map(|set| ("--set", set.as_str()));
    let mut base = 0;
    let source = |(name, text): (&str, &str)| {
        let source = Source {
            name: name.to_owned(),
            text: text.to_owned(),
            base,
        };
        base += text.len() + 1;
        source
    };
    [(name, text)]
        .into_iter()
        .chain(given)
        .map(source)
        .collect()
}

/// A scenario that is being read.
struct Reading<'a> {
    axes: Vec<Axis>,
    files: &'a Files,
    registry: &'a Registry,
    report: Report,
    notes: Vec<String>,
}

/// A point that was read.
struct Read {
    document: Document,
    values: Vec<String>,
    strategies: Vec<StrategyText>,
    resolved: resolve::Resolved,
}

impl Reading<'_> {
    /// The point at these steps of the axes; nothing if it has mistakes.
    fn point(&mut self, tree: &Node, steps: &[usize]) -> Option<Read> {
        let mut tree = tree.clone();
        sweep::put(&mut tree, &self.axes, steps);
        like::expand(&mut tree, &mut self.report);
        let also = |tree: &Node| self.registry.check(tree);
        let (document, sound, cut): (Document, _, _) =
            mistakes::read(&tree, also, &mut self.report);
        if self.report.is_full() {
            return None;
        }
        let mut check = Check::new(
            &mut self.report,
            &tree,
            (&sound, &cut),
            (self.files, self.registry),
        );
        if document.run.replications.0 > MOST_REPLICATIONS {
            let mut check = check.at("run.replications");
            check.error("more than 1,000,000 replications", "write a smaller number");
        }
        let resolved = resolve::resolve(&mut check, &document, &mut self.notes)?;
        let names = document.strategies.keys();
        Some(Read {
            strategies: names.map(|name| parts_text(&tree, name)).collect(),
            document,
            values: sweep::values(&self.axes, steps),
            resolved,
        })
    }

    fn finish(self, points: Vec<Read>, name: &str, text: String) -> Result<Scenario, Report> {
        let stem = Path::new(name).file_stem();
        let stem = stem
            .map_or(name.into(), |stem| stem.to_string_lossy())
            .into_owned();
        let Some(first) = points.first() else {
            return Err(self.report);
        };
        let Document {
            title,
            run,
            compare,
            gate,
            strategies,
            ..
        } = &first.document;
        let baseline = first.resolved.baseline.clone();
        Ok(Scenario {
            title: printable(&title.clone().unwrap_or_else(|| stem.clone())),
            stem,
            sweep: self
                .axes
                .iter()
                .flat_map(|axis| &axis.paths)
                .map(|path| sweep::text(path))
                .collect(),
            strategies: first.strategies.clone(),
            classes: classes(&points),
            compare: judging::compare(&first.document, baseline, points.len()),
            gate: judging::gate(gate, compare, strategies),
            replications: run.replications.0 as u32,
            precision: judging::precision(run, compare),
            seed: run.seed.get(),
            notes: self.notes,
            text,
            warnings: self.report,
            points: points.into_iter().map(Point::from).collect(),
        })
    }
}

impl From<Read> for Point {
    fn from(read: Read) -> Point {
        Point {
            values: read.values,
            warmup_is_auto: judging::warmup_is_auto(&read.document.run),
            setups: read.resolved.setups,
        }
    }
}

/// All classes of all points, in order of appearance.
fn classes(points: &[Read]) -> Vec<(String, Option<f64>)> {
    let mut classes: Vec<(String, Option<f64>)> = Vec::new();
    for class in points.iter().flat_map(|point| &point.resolved.classes) {
        if !classes.iter().any(|(name, _)| *name == class.name) {
            classes.push((class.name.clone(), class.slo.map(Time::as_secs)));
        }
    }
    classes
}

/// The parts of a strategy as scenario text.
fn parts_text(tree: &Node, name: &str) -> StrategyText {
    let strategy = tree
        .child("strategies")
        .and_then(|strategies| strategies.child(name));
    let part = |key: &str| strategy.and_then(|strategy| strategy.child(key));
    let plain = |node: &Node| match node.entries() {
        [entry] => tree::assignment(entry),
        _ => node.plain(),
    };
    let text = |(key, default): (&'static str, &str)| {
        let given = part(key).map_or(default.to_owned(), plain);
        (key.to_owned(), given)
    };
    let overrides = part("for").map_or(&[][..], Node::entries).iter();
    let overrides =
        overrides.map(|(class, node)| (format!("for.{}", class.text), node.to_inline()));
    StrategyText {
        name: name.to_owned(),
        parts: schema::parts()
            .into_iter()
            .map(text)
            .chain(overrides)
            .collect(),
    }
}

#[cfg(test)]
mod tests;
