//! Scenario files: from text to setups, with messages that say what is wrong, where, and what to do.
//!
//! [`read`] parses the text, puts `--set` and each point of `[sweep]` into it, lays strategies on what
//! they are like, reads the sections of the grammar (one file each) with all their mistakes, and
//! checks what they mean together.

pub mod forecast;
mod grammar;
mod identity;
mod presets;
mod registry;
mod resolve;
mod resolved;
mod schema;
mod starter;
mod text;

pub use identity::{Identity, sections};
pub use presets::{preset, presets};
pub use registry::Registry;
pub use resolve::files::Files;
pub use resolved::{Compare, Gate, Point, Precision, Scenario, StrategyText};
pub use schema::{KeyInfo, follow, keys, list, option_name, properties, schema};
pub use starter::starter;
pub use text::messages::{Diagnostic, Report};

use std::path::Path;

use toml::de::DeTable;

use crate::engine::time::Time;
use crate::text::printable;
use grammar::Document;
use resolve::check::Check;
use resolve::judging;
use text::messages::Source;
use text::sweep::{self, Axis};
use text::tree::{self, Node};
use text::{arguments, like, mistakes};

/// Most replications.
const MOST_REPLICATIONS: f64 = 1e6;

/// Reads the scenario `text` of the file `name` with the `--set` arguments `sets`.
///
/// # Errors
/// All mistakes of the file and the arguments, in their order.
pub fn read(text: &str, name: &str, sets: &[String], files: &Files) -> Result<Scenario, Report> {
    let sets: Vec<(&str, &str)> = sets.iter().map(|set| ("--set", set.as_str())).collect();
    read_with(text, name, &sets, files, &Registry::standard())
}

/// The same for a scenario that may name the placements of `registry`; each of `sets` with the argument that sets it.
///
/// # Errors
/// As [`read`].
pub fn read_with(
    text: &str,
    name: &str,
    sets: &[(&str, &str)],
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
    let points = reading.points(&tree, &grid);
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

/// Points that are read after a mistake was found.
const ENOUGH: usize = 100;

/// The texts that places point into.
fn sources(text: &str, name: &str, sets: &[(&str, &str)]) -> Vec<Source> {
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
        .chain(sets.iter().copied())
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
    /// All points; nothing if one has mistakes.
    fn points(&mut self, tree: &Node, grid: &[Vec<usize>]) -> Option<Vec<Read>> {
        let mut points = Vec::new();
        for (at, steps) in grid.iter().enumerate() {
            points.extend(self.point(tree, steps));
            // Mistakes at more points than these are the same ones again.
            if points.len() <= at && at >= ENOUGH {
                break;
            }
        }
        (points.len() == grid.len()).then_some(points)
    }

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

    /// Adds what is known to surprise.
    fn doubts(&mut self, points: &[Read]) {
        let first = points.first().map_or(&[][..], |point| &point.strategies);
        let names: Vec<&str> = first
            .iter()
            .map(|strategy| strategy.name.as_str())
            .collect();
        let setups = points.iter().map(|point| point.resolved.setups.as_slice());
        let said = forecast::warnings(&setups.collect::<Vec<_>>(), &names);
        // The load was told with its place.
        let is_load = |told: &Diagnostic| told.title.starts_with("the offered load");
        let is_told = self.report.warnings().any(is_load);
        let is_new = |said: &String| !(is_told && said.contains(" of all nodes: utilization"));
        for said in said.into_iter().filter(is_new) {
            self.report.doubt(said, "");
        }
    }

    /// The scenario of its points, if none was wrong; what is the same for all of them is the first one's.
    fn finish(mut self, points: Vec<Read>, name: &str, text: String) -> Result<Scenario, Report> {
        let stem = Path::new(name).file_stem();
        let stem = stem
            .map_or(name.into(), |stem| stem.to_string_lossy())
            .into_owned();
        self.doubts(&points);
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
    let all = tree.child("strategies").map_or(&[][..], Node::entries);
    let is_said = |(key, _): &(&str, &str)| all.iter().any(|(_, one)| one.child(key).is_some());
    let rare = schema::rare_parts().into_iter().filter(is_said);
    StrategyText {
        name: name.to_owned(),
        parts: schema::parts()
            .into_iter()
            .chain(rare)
            .map(text)
            .chain(overrides)
            .collect(),
    }
}

#[cfg(test)]
mod tests;
