//! Reads a document that may have mistakes: each is reported, the piece that holds it is cut out,
//! and the rest is read again, so that all mistakes are told at once.
//!
//! A deserializer stops at its first mistake, and a user who mends a file one message a run gives
//! up. Cutting makes echoes: a required key that was cut is then missing. These are our own doing
//! and are not told.

use serde::de::DeserializeOwned;

use super::messages::Report;
use super::reader::{Fault, Mistake};
use super::suggest;
use super::tree::{self, Node};
use crate::engine::law::spec;
use crate::text::listed;

/// A piece that was cut out.
pub struct Cut {
    /// Where it was.
    pub path: Vec<String>,
    /// True if its key was unknown: it may have been meant for one that is now missing.
    pub unknown: bool,
}

/// The document of `tree` without its wrong pieces, the tree of that, and the paths of those;
/// `also` finds mistakes that the document's own reader does not look for.
pub fn read<D: DeserializeOwned + Default>(
    tree: &Node,
    also: impl Fn(&Node) -> Result<(), Fault>,
    report: &mut Report,
) -> (D, Node, Vec<Cut>) {
    let (mut rest, mut cut) = (tree.clone(), Vec::new());
    loop {
        match D::deserialize(rest.clone()).and_then(|found| also(&rest).map(|()| found)) {
            Ok(document) => return (document, rest, cut),
            Err(fault) => {
                if !is_echo(&fault, &rest, &cut) {
                    tell(tree, &fault, report);
                }
                let depth = rest.depth(&fault.path);
                if report.is_full() || !rest.cut(&fault.path) {
                    return (D::default(), rest, cut);
                }
                let unknown = matches!(fault.mistake, Mistake::UnknownKey(_));
                cut.push(Cut {
                    path: fault.path[..depth].to_vec(),
                    unknown,
                });
            }
        }
    }
}

/// True if a key is missing, or a table empty, only because of what was cut out.
fn is_echo(fault: &Fault, rest: &Node, cut: &[Cut]) -> bool {
    let is_empty = |node: &Node| node.is_table() && node.entries().is_empty();
    let emptied = || rest.at(&fault.path).is_some_and(is_empty);
    let lacks = matches!(fault.mistake, Mistake::Missing(_)) || emptied();
    lacks && cut.iter().any(|cut| cut.path.starts_with(&fault.path))
}

/// Reports a mistake at the narrowest place that is known.
fn tell(tree: &Node, fault: &Fault, report: &mut Report) {
    let (title, hint) = words(tree, fault);
    let of_path = tree::span_of(tree, &fault.path);
    let span = match fault.mistake {
        Mistake::Missing(_) => of_path,
        _ => fault.span.clone().or(of_path),
    };
    if let Some(span) = span {
        report.add_at(span, title, hint);
    }
}

fn words(tree: &Node, fault: &Fault) -> (String, String) {
    let last = fault.path.last().map_or("", String::as_str);
    match &fault.mistake {
        Mistake::UnknownKey(keys) => unknown_key(tree, fault, last, keys),
        Mistake::UnknownForm(name, forms) => unknown_form(fault, name, forms),
        Mistake::Missing(key) => (
            format!("{} lacks `{key}`", table(&fault.path)),
            format!("add `{key} = ...`"),
        ),
        Mistake::Wrong(found, wanted) => {
            let law = spec::form(last).filter(|_| wanted == "a table");
            let title = format!("{} is {found}", subject(&fault.path));
            (title, format!("write {}", law.unwrap_or(wanted)))
        }
        Mistake::Said(said) => {
            let (title, hint) = said.split_once('\n').unwrap_or((said, ""));
            let title = if title.starts_with('`') && title.contains(" beside ") {
                title.to_owned()
            } else {
                format!("{}: {title}", subject(&fault.path))
            };
            (title, hint.to_owned())
        }
    }
}

/// "`demand.cpu`", "the 2nd of `tasks`": what a message is about.
fn subject(path: &[String]) -> String {
    let number = |step: &String| step.parse::<usize>().ok();
    match path {
        [] => "the scenario".to_owned(),
        [.., list, at] if number(at).is_some() => {
            format!("value {} of `{list}`", number(at).unwrap_or(0) + 1)
        }
        [.., last] => format!("`{last}`"),
    }
}

/// "[nodes.gen1]": a table of the file.
fn table(path: &[String]) -> String {
    if path.is_empty() {
        "the top of the scenario".to_owned()
    } else {
        format!("[{}]", path.join("."))
    }
}

fn unknown_key(tree: &Node, fault: &Fault, key: &str, keys: &[&str]) -> (String, String) {
    let parent = &fault.path[..fault.path.len().saturating_sub(1)];
    let is_misspelt = keys
        .iter()
        .any(|known| strsim::damerau_levenshtein(key, known) == 1);
    if let Some(said) = suggest::otherwise(key).filter(|_| !is_misspelt) {
        return said;
    }
    if key == "nodes" && parent.last().is_some_and(|last| last == "faults") {
        let title = format!("`{key}` is not a key of {}", table(parent));
        return (
            title,
            "failing nodes are said by `faults.node-failures`".to_owned(),
        );
    }
    let title = format!("`{key}` is not a key of {}", table(parent));
    let hint = match suggest::nearest(key, keys) {
        Some(near) => format!("did you mean `{near}`?"),
        None if keys.is_empty() => "it has no keys: remove this one".to_owned(),
        None => {
            let used = tree.at(parent).map_or(Vec::new(), Node::keys);
            let free = keys.iter().copied().filter(|key| !used.contains(key));
            let free: Vec<&str> = free.collect();
            let are_all = free.is_empty() || free.len() == keys.len();
            let (other, keys) = if are_all {
                ("", keys)
            } else {
                ("other ", &free[..])
            };
            format!("its {other}keys are {}", listed(keys, "and"))
        }
    };
    (title, hint)
}

fn unknown_form(fault: &Fault, name: &str, forms: &[String]) -> (String, String) {
    let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
    let key = fault.path.iter().rev().find(|step| *step != name);
    let key = key.map_or("", String::as_str);
    if let Some(said) = suggest::otherwise(name) {
        return said;
    }
    let title = format!("`{name}` is not a form of `{key}`");
    let foreign = suggest::foreign_placement(name).filter(|_| key == "placement");
    let hint = match (foreign, suggest::nearest(name, &forms)) {
        (Some(ours), _) => format!("here it is called: {ours}"),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => format!("write one of {}", listed(&forms, "or")),
    };
    (title, hint)
}

/// Syntax errors of a text, as toml tells them.
pub fn syntax(errors: &[toml::de::Error], base: usize, report: &mut Report) {
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().to_owned();
        let (title, hint) = match message.split_once(", expected ") {
            Some((title, "nothing")) => (title.to_owned(), String::new()),
            Some((title, wanted)) => (title.to_owned(), format!("expected {wanted}")),
            None => (message, String::new()),
        };
        let title = title
            .replace("invalid float", "invalid number")
            .replace("basic string", "text");
        report.add_at(span.start + base..span.end + base, title, hint);
    }
}
