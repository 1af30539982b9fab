//! `[sweep]`: keys that take several values.

use super::arguments;
use super::messages::Report;
use super::tree::{Key, Node, Value};

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

/// What cannot differ between points: it is said once for the whole run.
const FIXED: [&str; 7] = [
    "title",
    "sweep",
    "compare",
    "gate",
    "run.seed",
    "run.replications",
    "run.precision",
];

/// Takes `[sweep]` out of the document; its axes.
pub fn take(tree: &mut Node, report: &mut Report) -> Vec<Axis> {
    let Some((key, sweep)) = tree.take("sweep") else {
        return Vec::new();
    };
    if !sweep.is_table() {
        report.add_at(
            sweep.span,
            "`sweep` is not a table".to_owned(),
            "write [sweep] and below it path = [values]".to_owned(),
        );
        return Vec::new();
    }
    let mut axes = Vec::new();
    for (name, node) in sweep.entries() {
        match name.text.as_str() {
            "together" => axes.extend(
                node.entries()
                    .iter()
                    .filter_map(|(name, node)| together(name, node, tree, report)),
            ),
            _ => {
                for leaf in leaves(dotted(name), node, report) {
                    axes.extend(axis(vec![leaf], tree, report));
                }
            }
        }
    }
    if axes
        .iter()
        .map(|axis| axis.steps.len())
        .try_fold(1usize, usize::checked_mul)
        .is_none_or(|points| points > MOST)
    {
        report.add_at(
            key.span,
            "the sweep has more than 10,000 points".to_owned(),
            "shorten its lists, or pair them with together.NAME".to_owned(),
        );
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
            let below = |(key, node): &(Key, Node)| {
                let mut path = path.clone();
                path.extend(dotted(key));
                (path, node.clone())
            };
            entries
                .iter()
                .map(below)
                .flat_map(|(path, node)| leaves(path, &node, report))
                .collect()
        }
        Value::List(values) if !values.is_empty() => vec![(path, values.clone())],
        Value::List(_) => {
            report.add_at(
                node.span.clone(),
                "this list of values is empty".to_owned(),
                "write at least one value".to_owned(),
            );
            Vec::new()
        }
        _ => {
            let name = path.last().map_or("", |key| key.text.as_str());
            let hint = format!(
                "write {name} = [{}] or set it in its own section",
                node.to_inline()
            );
            report.add_at(
                node.span.clone(),
                format!("`{name}` is swept over one value that is not in a list"),
                hint,
            );
            Vec::new()
        }
    }
}

/// A quoted key may be a dotted path.
fn dotted(key: &Key) -> Vec<Key> {
    let step = |text: &str| Key {
        text: text.to_owned(),
        span: key.span.clone(),
    };
    key.text.split('.').map(step).collect()
}

fn together(name: &Key, node: &Node, tree: &Node, report: &mut Report) -> Option<Axis> {
    if !node.is_table() {
        let title = format!("`together.{}` is not a table", name.text);
        report.add_at(
            node.span.clone(),
            title,
            "write together.NAME = { path = [..], path = [..] }".to_owned(),
        );
        return None;
    }
    let parts = |(key, node): &(Key, Node)| (dotted(key), node.clone());
    let leaves: Vec<Leaf> = node
        .entries()
        .iter()
        .map(parts)
        .flat_map(|(path, node)| leaves(path, &node, report))
        .collect();
    let length = leaves.first().map_or(0, |(_, values)| values.len());
    if let Some((path, values)) = leaves.iter().find(|(_, values)| values.len() != length) {
        let title = format!(
            "`{}` has {} values, the first key has {length}",
            text(path),
            values.len()
        );
        let span = path
            .last()
            .map_or(name.span.clone(), |key| key.span.clone());
        report.add_at(
            span,
            title,
            "lists that go together have equal lengths".to_owned(),
        );
        return None;
    }
    axis(leaves, tree, report)
}

/// The axis of some lists of equal length, if their keys can be swept.
fn axis(leaves: Vec<Leaf>, tree: &Node, report: &mut Report) -> Option<Axis> {
    for (path, values) in &leaves {
        let written = text(path);
        let fixed = FIXED
            .iter()
            .find(|fixed| written == **fixed || written.starts_with(&format!("{fixed}.")));
        let span = path.last().map(|key| key.span.clone()).unwrap_or_default();
        if let Some(fixed) = fixed {
            report.add_at(
                span,
                format!("`{fixed}` cannot be swept: it is the same for all points"),
                "set it in its own section".to_owned(),
            );
            return None;
        }
        if let Some((span, title, hint)) = values
            .first()
            .and_then(|value| arguments::stranger(tree, path, value))
        {
            report.add_at(span, title, hint);
            return None;
        }
    }
    let steps = (0..leaves.first()?.1.len()).map(|at| {
        leaves
            .iter()
            .map(|(_, values)| values[at].clone())
            .collect()
    });
    Some(Axis {
        steps: steps.collect(),
        paths: leaves.into_iter().map(|(path, _)| path).collect(),
    })
}

/// A path as text.
pub fn text(path: &[Key]) -> String {
    path.iter()
        .map(|key| super::tree::bare(&key.text))
        .collect::<Vec<_>>()
        .join(".")
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
pub fn place(tree: &mut Node, axes: &[Axis], point: &[usize]) {
    for (axis, &step) in axes.iter().zip(point) {
        for (path, node) in axis.paths.iter().zip(&axis.steps[step]) {
            tree.put(path, node.clone());
        }
    }
}

/// A point's values as text, one a path.
pub fn values(axes: &[Axis], point: &[usize]) -> Vec<String> {
    let of =
        |(axis, &step): (&Axis, &usize)| axis.steps[step].iter().map(plain).collect::<Vec<_>>();
    axes.iter().zip(point).flat_map(of).collect()
}

/// A value without the quotes of text.
fn plain(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => text.clone(),
        _ => node.to_inline(),
    }
}
