//! `like` and `[scheduling]`: what a strategy takes over.

use super::messages::Report;
use super::suggest;
use super::tree::{Node, Value};

/// Lays every strategy on what it is like, and that on `[scheduling]`.
pub fn expand(tree: &mut Node, report: &mut Report) {
    let Some(strategies) = tree
        .child("strategies")
        .filter(|node| node.is_table())
        .cloned()
    else {
        return;
    };
    let base = tree
        .child("scheduling")
        .filter(|node| node.is_table())
        .cloned();
    let mut whole = strategies.clone();
    let Value::Table(entries) = &mut whole.value else {
        return;
    };
    for (name, node) in entries.iter_mut().filter(|(_, node)| node.is_table()) {
        let chain = chain(&name.text, &strategies, report);
        let mut merged = base
            .clone()
            .unwrap_or_else(|| Node::empty(node.span.clone()));
        for ancestor in chain.iter().rev() {
            merged.overlay(
                &mut vec!["strategies".to_owned(), name.text.clone()],
                ancestor,
            );
        }
        merged.remove("like");
        if let (Value::Table(entries), Some(like)) = (&mut merged.value, node.get("like")) {
            entries.push(like.clone());
        }
        merged.span = node.span.clone();
        *node = merged;
    }
    if let Some((key, _)) = tree.take("strategies")
        && let Value::Table(sections) = &mut tree.value
    {
        sections.push((key, whole));
    }
}

/// The strategy and those it is like, the nearest first.
fn chain<'a>(name: &str, strategies: &'a Node, report: &mut Report) -> Vec<&'a Node> {
    let (mut chain, mut seen): (Vec<&Node>, Vec<String>) = (Vec::new(), Vec::new());
    let mut next = name.to_owned();
    while let Some(node) = strategies.child(&next) {
        seen.push(next.clone());
        chain.push(node);
        let Some(like) = node.child("like") else {
            break;
        };
        let Value::Text(parent) = &like.value else {
            break;
        };
        if seen.contains(parent) {
            if parent == name {
                let title = format!("`{name}` is like itself: {} -> {name}", seen.join(" -> "));
                report.add_at(
                    like.span.clone(),
                    title,
                    "one of them must say its parts itself".to_owned(),
                );
            }
            break;
        }
        if strategies.child(parent).is_none() {
            let others: Vec<&str> = strategies
                .entries()
                .iter()
                .map(|(key, _)| key.text.as_str())
                .filter(|other| *other != next)
                .collect();
            report.add_at(
                like.span.clone(),
                format!("there is no strategy `{parent}`"),
                suggest::hint(parent, &others, "strategies"),
            );
        }
        next = parent.clone();
    }
    chain
}
