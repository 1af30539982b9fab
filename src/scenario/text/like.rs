//! `like`, `preset` and `[scheduling]`: what a strategy takes over.
//!
//! A comparison is about what differs, so a strategy says only that. Taking over happens on the
//! tree, before types: the parts a strategy did not write need no defaults to be told from ones
//! that it did.

use super::messages::Report;
use super::suggest;
use super::tree::{Node, Value};
use crate::scenario::presets;

/// Lays every strategy on what it is like, and that on `[scheduling]`.
pub fn expand(tree: &mut Node, report: &mut Report) {
    let base = tree.child("scheduling").filter(|node| node.is_table());
    let base = base.cloned();
    let Some(strategies) = tree.child_mut("strategies") else {
        return;
    };
    let given = strategies.clone();
    let Value::Table(entries) = &mut strategies.value else {
        return;
    };
    for (name, node) in entries.iter_mut().filter(|(_, node)| node.is_table()) {
        let chain = chain(&name.text, &given, report);
        let mut merged = base
            .clone()
            .unwrap_or_else(|| Node::empty(node.span.clone()));
        let mut path = vec!["strategies".to_owned(), name.text.clone()];
        for ancestor in chain.iter().rev() {
            if let Some(preset) = preset(ancestor, report) {
                merged.overlay(&mut path, &preset);
            }
            merged.overlay(&mut path, ancestor);
        }
        for key in ["like", "preset"] {
            merged.remove(key);
            if let (Value::Table(entries), Some(given)) = (&mut merged.value, node.get(key)) {
                entries.push(given.clone());
            }
        }
        merged.span = node.span.clone();
        *node = merged;
    }
}

/// The preset that a strategy names.
fn preset(strategy: &Node, report: &mut Report) -> Option<Node> {
    let node = strategy.child("preset")?;
    let Value::Text(name) = &node.value else {
        return None; // the grammar tells
    };
    let found = presets::table(name, &node.span);
    if found.is_none() {
        let known: Vec<&str> = presets::presets().map(|(name, _)| name).collect();
        let hint = suggest::hint(name, &known, "presets");
        report.add_at(
            node.span.clone(),
            format!("there is no preset `{name}`"),
            hint,
        );
    }
    found
}

/// The strategy and those it is like, the nearest first.
fn chain<'a>(name: &str, strategies: &'a Node, report: &mut Report) -> Vec<&'a Node> {
    let (mut chain, mut seen): (Vec<&Node>, Vec<String>) = (Vec::new(), Vec::new());
    let mut next = name.to_owned();
    while let Some(node) = strategies.child(&next) {
        seen.push(next.clone());
        chain.push(node);
        let Some(Node {
            value: Value::Text(parent),
            span,
        }) = node.child("like")
        else {
            break;
        };
        if seen.contains(parent) {
            if parent == name {
                let title = format!("`{name}` is like itself: {} -> {name}", seen.join(" -> "));
                report.add_at(span.clone(), title, "one of them must say its parts itself");
            }
            break;
        }
        if strategies.child(parent).is_none() {
            let mut others = strategies.keys();
            others.retain(|other| *other != next);
            let hint = suggest::hint(parent, &others, "strategies");
            report.add_at(
                span.clone(),
                format!("there is no strategy `{parent}`"),
                hint,
            );
        }
        next.clone_from(parent);
    }
    chain
}
