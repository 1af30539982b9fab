//! `[sweep]`: keys that take several values.
//!
//! The values are taken out of the tree and put at their paths, once for each point of the grid,
//! before anything is read: so a swept value is checked as if it had been written there, and a
//! message points at the sweep's own line.

use super::arguments;
use super::messages::Report;
use super::tree::{Key, Node, Value};
use crate::scenario::schema;

/// One axis of the grid: keys that change together.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The keys' paths.
    pub paths: Vec<Vec<Key>>,
    /// The values of all of them, step by step.
    pub steps: Vec<Vec<Node>>,
}

/// Most points of a grid.
const MOST: usize = 10_000;

/// Takes `[sweep]` out of the document; its axes.
pub fn take(tree: &mut Node, report: &mut Report) -> Vec<Axis> {
    let Some((key, sweep)) = tree.take("sweep") else {
        return Vec::new();
    };
    if !sweep.is_table() {
        let hint = "write [sweep] and below it path = [values]";
        report.add_at(sweep.span, "`sweep` is not a table", hint);
        return Vec::new();
    }
    let mut axes = Vec::new();
    for (name, node) in sweep.entries() {
        if name.text == "together" {
            let groups = node.entries().iter();
            axes.extend(groups.filter_map(|(name, node)| together(name, node, tree, report)));
        } else {
            let leaves = leaves(dotted(name), node, report).into_iter();
            axes.extend(leaves.filter_map(|leaf| axis(vec![leaf], tree, report)));
        }
    }
    let mut lengths = axes.iter().map(|axis| axis.steps.len());
    let points = lengths.try_fold(1usize, usize::checked_mul);
    if points.is_none_or(|points| points > MOST) {
        let hint = "shorten its lists, or pair them with together.NAME";
        report.add_at(key.span, "the sweep has more than 10,000 points", hint);
        axes.clear();
    }
    axes
}

/// A path and its list of values.
type Leaf = (Vec<Key>, Vec<Node>);

/// The lists below a table of a sweep, with their paths.
fn leaves(path: Vec<Key>, node: &Node, report: &mut Report) -> Vec<Leaf> {
    match &node.value {
        Value::Table(entries) => {
            let mut all = Vec::new();
            for (key, node) in entries {
                all.extend(leaves([path.clone(), dotted(key)].concat(), node, report));
            }
            return all;
        }
        Value::List(values) if !values.is_empty() => return vec![(path, values.clone())],
        Value::List(_) => {
            let title = "this list of values is empty";
            report.add_at(node.span.clone(), title, "write at least one value");
        }
        _ => {
            let name = path.last().map_or("", |key| key.text.as_str());
            let title = format!("`{name}` is swept over one value that is not in a list");
            let list = node.to_inline();
            let hint = format!("write {name} = [{list}] or set it in its own section");
            report.add_at(node.span.clone(), title, hint);
        }
    }
    Vec::new()
}

/// A quoted key may be a dotted path.
fn dotted(key: &Key) -> Vec<Key> {
    let step = |text: &str| Key {
        text: text.to_owned(),
        span: key.span.clone(),
    };
    key.text.split('.').map(step).collect()
}

/// Keys that go through their lists side by side: one axis, not the product of several.
fn together(name: &Key, node: &Node, tree: &Node, report: &mut Report) -> Option<Axis> {
    if !node.is_table() {
        let title = format!("`together.{}` is not a table", name.text);
        let hint = "write together.NAME = { path = [..], path = [..] }";
        report.add_at(node.span.clone(), title, hint);
        return None;
    }
    let leaves = leaves(Vec::new(), node, report);
    let length = leaves.first().map_or(0, |(_, values)| values.len());
    if let Some((path, values)) = leaves.iter().find(|(_, values)| values.len() != length) {
        let span = path.last().map_or(&name.span, |key| &key.span);
        let (path, values) = (text(path), values.len());
        let title = format!("`{path}` has {values} values, the first key has {length}");
        let hint = "lists that go together have equal lengths";
        report.add_at(span.clone(), title, hint);
        return None;
    }
    axis(leaves, tree, report)
}

/// The axis of some lists of equal length, if their keys can be swept.
fn axis(leaves: Vec<Leaf>, tree: &Node, report: &mut Report) -> Option<Axis> {
    for (path, values) in &leaves {
        let span = path.last()?.span.clone();
        if let Some(("experiment", fixed)) = schema::scope(path.iter().map(|key| key.text.as_str()))
        {
            let title = format!("`{fixed}` cannot be swept: it is the same for all points");
            report.add_at(span, title, "set it in its own section");
            return None;
        }
        if let Some((span, title, hint)) = arguments::stranger(tree, path, values.first()?) {
            report.add_at(span, title, hint);
            return None;
        }
    }
    let step = |at: usize| leaves.iter().map(move |(_, values)| values[at].clone());
    let length = leaves.first()?.1.len();
    Some(Axis {
        steps: (0..length).map(|at| step(at).collect()).collect(),
        paths: leaves.into_iter().map(|(path, _)| path).collect(),
    })
}

/// A path as text.
pub fn text(path: &[Key]) -> String {
    let steps: Vec<String> = path
        .iter()
        .map(|key| super::tree::bare(&key.text))
        .collect();
    steps.join(".")
}

/// Says which values of an axis give the same scenario, as the points along it tell, each by its
/// `identity`; the grid has `grid`.
pub fn twins<T: PartialEq>(
    axes: &[Axis],
    grid: &[Vec<usize>],
    identity: impl Fn(usize) -> T,
    report: &mut Report,
) {
    for (at, axis) in axes.iter().enumerate() {
        let is_along = |point: &[usize]| {
            point
                .iter()
                .enumerate()
                .all(|(other, step)| other == at || *step == 0)
        };
        let along = grid.iter().enumerate().filter(|(_, point)| is_along(point));
        let along: Vec<(usize, T)> = along
            .map(|(index, point)| (point[at], identity(index)))
            .collect();
        for (place, (step, own)) in along.iter().enumerate() {
            let Some((first, _)) = along[..place].iter().find(|(_, other)| other == own) else {
                continue;
            };
            let (old, new) = (&axis.steps[*first][0], &axis.steps[*step][0]);
            let title = format!(
                "{} gives the same scenario as {}",
                new.to_inline(),
                old.to_inline()
            );
            report.add_at(
                new.span.clone(),
                title,
                "leave it out, or write another value",
            );
        }
    }
}

/// The grid: for each point its step on each axis; the last axis changes fastest.
pub fn grid(axes: &[Axis]) -> Vec<Vec<usize>> {
    axes.iter().fold(vec![Vec::new()], |points, axis| {
        let longer = |point: Vec<usize>| {
            (0..axis.steps.len()).map(move |step| [point.clone(), vec![step]].concat())
        };
        points.into_iter().flat_map(longer).collect()
    })
}

/// Puts a point's values into the document.
pub fn put(tree: &mut Node, axes: &[Axis], point: &[usize]) {
    for (axis, &step) in axes.iter().zip(point) {
        for (path, node) in axis.paths.iter().zip(&axis.steps[step]) {
            tree.put(path, node.clone());
        }
    }
}

/// A point's values as text, one a path.
pub fn values(axes: &[Axis], point: &[usize]) -> Vec<String> {
    let chosen = axes
        .iter()
        .zip(point)
        .flat_map(|(axis, &step)| &axis.steps[step]);
    chosen.map(Node::plain).collect()
}
