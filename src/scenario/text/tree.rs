//! A TOML document as a tree in which every key and value knows where it was written.
//!
//! `--set` and `[sweep]` put pieces with places of their own into the tree, so that a message about
//! such a piece points at the argument or at the sweep's line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::scenario::schema;

/// Where something was written: a range of bytes of all texts, one behind the other.
pub type Span = Range<usize>;

/// A key and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub text: String,
    pub span: Span,
}

/// A key of a table and its value.
pub type Entry = (Key, Node);

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
    Table(Vec<Entry>),
}

impl Node {
    /// The tree of a parsed table whose text starts at `base` of all texts.
    pub fn of_table(table: &DeTable<'_>, span: Span, base: usize) -> Node {
        let mut entries = Vec::new();
        for (key, value) in table {
            let (text, span) = (key.get_ref().to_string(), shift(key.span(), base));
            let node = Node::of(value.get_ref(), value.span(), base);
            entries.push((Key { text, span }, node));
        }
        Node {
            span: shift(span, base),
            value: Value::Table(entries),
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
            DeValue::Array(list) => {
                let node = |node: &Spanned<_>| Node::of(node.get_ref(), node.span(), base);
                Value::List(list.iter().map(node).collect())
            }
            DeValue::Table(table) => return Node::of_table(table, span, base),
        };
        Node {
            span: shift(span, base),
            value,
        }
    }

    /// A text that stands at `span`.
    pub fn text(text: &str, span: Span) -> Node {
        Node {
            value: Value::Text(text.to_owned()),
            span,
        }
    }

    /// From now on it, and all in it, is said to stand at `span`.
    pub fn stand_at(&mut self, span: &Span) {
        self.span = span.clone();
        match &mut self.value {
            Value::List(list) => list.iter_mut().for_each(|node| node.stand_at(span)),
            Value::Table(entries) => entries.iter_mut().for_each(|(key, node)| {
                key.span = span.clone();
                node.stand_at(span);
            }),
            _ => {}
        }
    }

    /// Where each value in it was written that is no table.
    pub fn leaves(&self) -> Vec<Span> {
        match &self.value {
            Value::Table(entries) if !entries.is_empty() => {
                entries.iter().flat_map(|(_, node)| node.leaves()).collect()
            }
            _ => vec![self.span.clone()],
        }
    }

    /// An empty table.
    pub fn empty(span: Span) -> Node {
        Node {
            span,
            value: Value::Table(Vec::new()),
        }
    }

    /// The entries, if this is a table.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The keys, if this is a table.
    pub fn keys(&self) -> Vec<&str> {
        let entries = self.entries().iter();
        entries.map(|(key, _)| key.text.as_str()).collect()
    }

    /// True if this is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.value, Value::Table(_))
    }

    /// The entry of `key`.
    pub fn get(&self, key: &str) -> Option<&Entry> {
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
        let mut steps = parents.iter();
        let parent = steps.try_fold(self, |node, step| node.child_mut(step));
        parent.is_some_and(|node| node.remove(last))
    }

    /// What is at a key of this table or place of this list.
    pub fn child_mut(&mut self, step: &str) -> Option<&mut Node> {
        match &mut self.value {
            Value::List(list) => list.get_mut(step.parse::<usize>().ok()?),
            Value::Table(entries) => {
                let entry = entries.iter_mut().find(|(key, _)| key.text == step);
                entry.map(|(_, node)| node)
            }
            _ => None,
        }
    }

    /// Removes the entry of `key`; false if there was none.
    pub fn remove(&mut self, key: &str) -> bool {
        match &mut self.value {
            Value::List(list) => {
                let at = key.parse::<usize>().ok().filter(|at| *at < list.len());
                at.map(|at| list.remove(at)).is_some()
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
    pub fn take(&mut self, key: &str) -> Option<Entry> {
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

    /// Puts a value at the rest of a path. A sibling form is taken out on the way: of `placement.random` and
    /// `placement.power-of-d` there can be one.
    fn put_below(&mut self, above: &mut Vec<String>, keys: &[Key], node: Node) {
        let Some((key, rest)) = keys.split_first() else {
            *self = node;
            return;
        };
        if !self.is_table() {
            *self = Node::empty(key.span.clone());
        }
        let Some((entries, at)) = self.beside(above, &key.text) else {
            return;
        };
        let at = at.unwrap_or_else(|| {
            entries.push((key.clone(), Node::empty(key.span.clone())));
            entries.len() - 1
        });
        // What is wrong with a table now is most likely so by what is put into it.
        entries[at].0.span = key.span.clone();
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
        for (key, node) in new {
            match self.beside(above, &key.text) {
                Some((entries, Some(at))) => {
                    entries[at].0 = key.clone();
                    above.push(key.text.clone());
                    entries[at].1.overlay(above, node);
                    above.pop();
                }
                Some((entries, None)) => entries.push((key.clone(), node.clone())),
                None => {}
            }
        }
    }

    /// The entries of this table, which stands at `above`, without the forms that `key` takes the
    /// place of; and where among them `key` is.
    fn beside(&mut self, above: &[String], key: &str) -> Option<(&mut Vec<Entry>, Option<usize>)> {
        let Value::Table(entries) = &mut self.value else {
            return None;
        };
        entries.retain(|(other, _)| !schema::replaces(above, key, &other.text));
        let at = entries.iter().position(|(name, _)| name.text == key);
        Some((entries, at))
    }

    /// The value without the quotes of text.
    pub fn plain(&self) -> String {
        match &self.value {
            Value::Text(text) => text.clone(),
            _ => self.to_inline(),
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
                let list: Vec<String> = list.iter().map(Node::to_inline).collect();
                format!("[{}]", list.join(", "))
            }
            Value::Table(entries) if entries.is_empty() => "{}".to_owned(),
            Value::Table(entries) => {
                let entries: Vec<String> = entries.iter().map(assignment).collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }

    /// The document as TOML: one table a section, and one for each name within `nodes`, `jobs`, ...
    pub fn to_toml(&self) -> String {
        let (tables, plain): (Vec<_>, Vec<_>) =
            self.entries().iter().partition(|(_, node)| node.is_table());
        let mut text = lines(plain);
        for (key, section) in tables {
            let is_inner = |(_, node): &&Entry| schema::is_named(&key.text) && node.is_table();
            let (inner, own): (Vec<_>, Vec<_>) = section.entries().iter().partition(is_inner);
            let key = bare(&key.text);
            if !own.is_empty() || inner.is_empty() {
                text += &format!("\n[{key}]\n{}", lines(own));
            }
            for (name, node) in inner {
                let (name, lines) = (bare(&name.text), lines(node.entries()));
                text += &format!("\n[{key}.{name}]\n{lines}");
            }
        }
        text
    }
}

/// `key = value`.
pub fn assignment((key, node): &Entry) -> String {
    format!("{} = {}", bare(&key.text), node.to_inline())
}

fn lines<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> String {
    let line = |entry| assignment(entry) + "\n";
    entries.into_iter().map(line).collect()
}

fn shift(span: Span, base: usize) -> Span {
    span.start + base..span.end + base
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
