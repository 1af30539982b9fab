//! `--set PATH=VALUE`: one value of the file, changed for one run.
//!
//! The argument is parsed as a line after the file, so it takes the same TOML and its mistakes are
//! shown in the same way. Naming a sibling form (a rate where the file has a load) replaces the
//! form instead of contradicting it.

use toml::de::{DeTable, DeValue};

use super::messages::{Report, Source};
use super::suggest;
use super::tree::{Key, Node, Span, Value};
use crate::scenario::schema;

/// Puts the values of all arguments into the document.
pub fn apply(tree: &mut Node, sources: &[Source], report: &mut Report) {
    for source in sources {
        if let Some((keys, node)) = parse(source, report) {
            unsweep(tree, &keys);
            if let Some((span, title, hint)) = stranger(tree, &keys, &node) {
                report.add_at(span, title, hint);
            } else {
                tree.put(&keys, node);
            }
        }
    }
}

/// The keys and the value of one argument.
fn parse(source: &Source, report: &mut Report) -> Option<(Vec<Key>, Node)> {
    let mut refuse = |title: &str| {
        let span = source.base..source.base + source.text.len();
        let hint = "write a dotted path, = and a value, for example workload.load=0.7";
        report.add_at(span, title, hint);
        None
    };
    let Some(at) = source.text.find('=') else {
        return refuse("`--set` wants PATH=VALUE");
    };
    let (path, value) = (&source.text[..at], &source.text[at + 1..]);
    let Some(keys) = keys(path, source.base) else {
        return refuse("this is no dotted path of keys");
    };
    let blanks = value.len() - value.trim_start().len();
    let (base, value) = (source.base + at + 1 + blanks, value.trim());
    let node = match DeValue::parse(value) {
        Ok(parsed) => Node::of(parsed.get_ref(), parsed.span(), base),
        Err(_) => Node::text(value, base..base + value.len()),
    };
    Some((keys, node))
}

/// The keys of a dotted path whose text starts at `base`.
pub fn keys(path: &str, base: usize) -> Option<Vec<Key>> {
    let line = format!("{path}=0");
    let table = DeTable::parse(&line).ok()?;
    let mut node = Node::of_table(table.get_ref(), table.span(), base);
    let mut keys = Vec::new();
    while let Value::Table(mut entries) = node.value {
        let (key, value) = entries.pop()?;
        keys.push(key);
        node = value;
    }
    (!path.contains('\n')).then_some(keys)
}

/// A path of a name that the scenario does not have: only a whole table may add one.
pub fn stranger(tree: &Node, keys: &[Key], node: &Node) -> Option<(Span, String, String)> {
    let [section, name, rest @ ..] = keys else {
        return None;
    };
    if !schema::is_named(&section.text) || (rest.is_empty() && node.is_table()) {
        return None;
    }
    let known = tree.child(&section.text)?.keys();
    if known.contains(&name.text.as_str()) {
        return None;
    }
    let title = format!("there is no `{}` in [{}]", name.text, section.text);
    let hint = suggest::hint(&name.text, &known, &section.text);
    Some((name.span.clone(), title, hint))
}

/// A key that is set is no longer swept.
fn unsweep(tree: &mut Node, keys: &[Key]) {
    let mut path = vec!["sweep".to_owned()];
    path.extend(keys.iter().map(|key| key.text.clone()));
    let is_left = |tree: &Node, path: &[String]| {
        let node = tree.at(path);
        node.is_some_and(|node| node.entries().is_empty() && (node.is_table() || path.len() > 1))
    };
    while path.len() > 1 && is_left(tree, &path) {
        tree.cut(&path);
        path.pop();
    }
    if is_left(tree, &path[..1]) {
        tree.remove("sweep");
    }
}
