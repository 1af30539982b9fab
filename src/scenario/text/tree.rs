//! A TOML document as a tree in which every key and value knows where it was written.
//!
//! `--set` and `[sweep]` put pieces with places of their own into the tree, so that a message about
//! such a piece points at the argument or at the sweep's line.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Where something was written: a range of bytes of all texts, one behind the other.
pub type Span = Range<usize>;

/// A key and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub text: String,
    pub span: Span,
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: Span,
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Whole(i128),
    Real(f64),
    Truth(bool),
    Date(String),
    List(Vec<Node>),
    Table(Vec<(Key, Node)>),
}

impl Node {
    /// The tree of a parsed table whose text starts at `base` of all texts.
    pub fn of_table(table: &DeTable<'_>, span: Span, base: usize) -> Node {
        let entry = |(key, value): (
            &toml::Spanned<std::borrow::Cow<'_, str>>,
            &toml::Spanned<DeValue<'_>>,
        )| {
            let key = Key {
                text: key.get_ref().to_string(),
                span: shift(key.span(), base),
            };
            (key, Node::of(value.get_ref(), value.span(), base))
        };
        Node {
            span: shift(span, base),
            value: Value::Table(table.iter().map(entry).collect()),
        }
    }

    /// The tree of a parsed value.
    pub fn of(value: &DeValue<'_>, span: Span, base: usize) -> Node {
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(whole) => match i128::from_str_radix(whole.as_str(), whole.radix()) {
                Ok(value) => Value::Whole(value),
                Err(_) => Value::Real(f64::INFINITY),
            },
            DeValue::Float(real) => Value::Real(real.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(truth) => Value::Truth(*truth),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(list) => Value::List(
                list.iter()
                    .map(|node| Node::of(node.get_ref(), node.span(), base))
                    .collect(),
            ),
            DeValue::Table(table) => return Node::of_table(table, span, base),
        };
        Node {
            span: shift(span, base),
            value,
        }
    }

    /// An empty table that stands at `span`.
    pub fn empty(span: Span) -> Node {
        Node {
            span,
            value: Value::Table(Vec::new()),
        }
    }

    /// The entries, if this is a table.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// True if this is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.value, Value::Table(_))
    }

    /// The entry of `key`.
    pub fn get(&self, key: &str) -> Option<&(Key, Node)> {
        self.entries().iter().find(|(name, _)| name.text == key)
    }

    /// The value of `key`.
    pub fn child(&self, key: &str) -> Option<&Node> {
        self.get(key).map(|(_, node)| node)
    }

    /// The value at `path`; a position in a list is its number.
    pub fn at(&self, path: &[String]) -> Option<&Node> {
        path.iter().try_fold(self, |node, step| node.step(step))
    }

    fn step(&self, step: &str) -> Option<&Node> {
        match &self.value {
            Value::List(list) => list.get(step.parse::<usize>().ok()?),
            _ => self.child(step),
        }
    }

    /// How many steps of `path` are there.
    pub fn depth(&self, path: &[String]) -> usize {
        (0..=path.len())
            .rev()
            .find(|&upto| self.at(&path[..upto]).is_some())
            .unwrap_or(0)
    }

    /// Takes out what is at `path`, or at as much of it as there is; false if that is the root.
    pub fn cut(&mut self, path: &[String]) -> bool {
        let depth = self.depth(path);
        let Some((last, parents)) = path[..depth].split_last() else {
            return false;
        };
        let mut node = self;
        for step in parents {
            let Some(next) = node.step_mut(step) else {
                return false;
            };
            node = next;
        }
        node.remove(last)
    }

    fn step_mut(&mut self, step: &str) -> Option<&mut Node> {
        match &mut self.value {
            Value::List(list) => list.get_mut(step.parse::<usize>().ok()?),
            Value::Table(entries) => entries
                .iter_mut()
                .find(|(key, _)| key.text == step)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// Removes the entry of `key`; false if there was none.
    pub fn remove(&mut self, key: &str) -> bool {
        match &mut self.value {
            Value::List(list) => {
                let Some(at) = key.parse::<usize>().ok().filter(|at| *at < list.len()) else {
                    return false;
                };
                list.remove(at);
                true
            }
            Value::Table(entries) => {
                let before = entries.len();
                entries.retain(|(name, _)| name.text != key);
                entries.len() < before
            }
            _ => false,
        }
    }

    /// Takes the entry of `key` out of a table.
    pub fn take(&mut self, key: &str) -> Option<(Key, Node)> {
        let Value::Table(entries) = &mut self.value else {
            return None;
        };
        let at = entries.iter().position(|(name, _)| name.text == key)?;
        Some(entries.remove(at))
    }

    /// Puts `node` at `keys`, making tables on the way and removing the forms that it replaces.
    pub fn put(&mut self, keys: &[Key], node: Node) {
        self.put_below(&mut Vec::new(), keys, node);
    }

    fn put_below(&mut self, above: &mut Vec<String>, keys: &[Key], node: Node) {
        let Some((key, rest)) = keys.split_first() else {
            *self = node;
            return;
        };
        if !self.is_table() {
            *self = Node::empty(key.span.clone());
        }
        let Value::Table(entries) = &mut self.value else {
            return;
        };
        entries.retain(|(other, _)| {
            other.text == key.text || !replaces(above, &key.text, &other.text)
        });
        let at = entries
            .iter()
            .position(|(name, _)| name.text == key.text)
            .unwrap_or_else(|| {
                entries.push((key.clone(), Node::empty(key.span.clone())));
                entries.len() - 1
            });
        above.push(key.text.clone());
        entries[at].1.put_below(above, rest, node);
        above.pop();
    }

    /// Lays `over` on this: its tables are merged in, its other values and sibling forms replace.
    pub fn overlay(&mut self, above: &mut Vec<String>, over: &Node) {
        let (true, Value::Table(new)) = (self.is_table(), &over.value) else {
            *self = over.clone();
            return;
        };
        self.span = over.span.clone();
        let Value::Table(entries) = &mut self.value else {
            return;
        };
        for (key, node) in new {
            entries.retain(|(other, _)| {
                other.text == key.text || !replaces(above, &key.text, &other.text)
            });
            above.push(key.text.clone());
            match entries.iter_mut().find(|(name, _)| name.text == key.text) {
                Some((name, old)) => {
                    *name = key.clone();
                    old.overlay(above, node);
                }
                None => entries.push((key.clone(), node.clone())),
            }
            above.pop();
        }
    }

    /// The value as TOML on one line.
    pub fn to_inline(&self) -> String {
        match &self.value {
            Value::Text(text) => quoted(text),
            Value::Whole(whole) => whole.to_string(),
            Value::Real(real) => format!("{real:?}"),
            Value::Truth(truth) => truth.to_string(),
            Value::Date(date) => date.clone(),
            Value::List(list) => {
                format!(
                    "[{}]",
                    list.iter()
                        .map(Node::to_inline)
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            }
            Value::Table(entries) if entries.is_empty() => "{}".to_owned(),
            Value::Table(entries) => {
                let entry = |(key, node): &(Key, Node)| {
                    format!("{} = {}", bare(&key.text), node.to_inline())
                };
                format!(
                    "{{ {} }}",
                    entries.iter().map(entry).collect::<Vec<_>>().join(", ")
                )
            }
        }
    }

    /// The document as TOML: one table a section, and one for each name within `nodes`, `jobs`, ...
    pub fn to_toml(&self) -> String {
        let (tables, plain): (Vec<_>, Vec<_>) =
            self.entries().iter().partition(|(_, node)| node.is_table());
        let mut text = lines(plain.into_iter());
        for (key, section) in tables {
            let (inner, own): (Vec<_>, Vec<_>) = section
                .entries()
                .iter()
                .partition(|(_, node)| is_named(&key.text) && node.is_table());
            if !own.is_empty() || inner.is_empty() {
                text += &format!("\n[{}]\n{}", bare(&key.text), lines(own.into_iter()));
            }
            for (name, node) in inner {
                text += &format!(
                    "\n[{}.{}]\n{}",
                    bare(&key.text),
                    bare(&name.text),
                    lines(node.entries().iter())
                );
            }
        }
        text
    }
}

/// The steps of a dotted path; dots within double quotes are part of a step.
pub fn steps(path: &str) -> Vec<String> {
    let mut is_quoted = false;
    let ends_step = |c: char| {
        is_quoted ^= c == '"';
        c == '.' && !is_quoted
    };
    let unquoted = |step: &str| step.trim_matches('"').to_owned();
    path.split(ends_step).map(unquoted).collect()
}

/// Where `path`, or as much of it as there is, was written: a value, or the key of a table.
pub fn span_of(tree: &Node, path: &[String]) -> Option<Span> {
    let depth = tree.depth(path);
    let (last, parents) = path[..depth].split_last()?;
    let node = tree.at(&path[..depth])?;
    match tree.at(parents)?.get(last) {
        Some((key, _)) if node.is_table() || depth < path.len() => Some(key.span.clone()),
        _ => Some(node.span.clone()),
    }
}

fn shift(span: Span, base: usize) -> Span {
    span.start + base..span.end + base
}

fn lines<'a>(entries: impl Iterator<Item = &'a (Key, Node)>) -> String {
    entries
        .map(|(key, node)| format!("{} = {}\n", bare(&key.text), node.to_inline()))
        .collect()
}

/// A key as TOML writes it.
pub fn bare(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(plain) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Sections in which the user names the tables.
pub fn is_named(section: &str) -> bool {
    matches!(section, "nodes" | "jobs" | "strategies")
}

/// Groups of keys that are forms of one thing: a key of one group replaces those of the others.
const FORMS: [(&str, &[&[&str]]); 4] = [
    ("run", &[&["jobs"], &["until"]]),
    ("poisson", &[&["rate"], &["load"]]),
    ("trace", &[&["load"], &["time-scale"]]),
    (
        "jobs.*",
        &[&["tasks", "work", "overhead"], &["job-work", "split"]],
    ),
];

/// Tables that hold one form by its name.
const ONE_FORM: [&str; 5] = ["placement", "binding", "arrivals", "warmup", "jobs"];

/// True if `key`, put into the table at `above`, takes the place of `other`.
fn replaces(above: &[String], key: &str, other: &str) -> bool {
    let Some(table) = above.last().map(String::as_str) else {
        return false;
    };
    let parent = above.len().checked_sub(2).map(|at| above[at].as_str());
    let name = if parent == Some("jobs") && above.len() == 2 {
        "jobs.*"
    } else {
        table
    };
    if ONE_FORM.contains(&table) && (table != "jobs" || parent == Some("run")) {
        return true;
    }
    let group =
        |groups: &[&[&str]], key: &str| groups.iter().position(|group| group.contains(&key));
    if let Some((_, groups)) = FORMS.iter().find(|(of, _)| *of == name) {
        return matches!((group(groups, key), group(groups, other)), (Some(a), Some(b)) if a != b);
    }
    let named = is_named(table) || matches!(table, "resources" | "demand" | "for" | "columns");
    !named && crate::engine::dist::is_form(key) && crate::engine::dist::is_form(other)
}
