//! Strategies by name: balancers that people run and schedulers of papers, in plain scenario text.

use toml::de::DeTable;

use super::text::tree::{Node, Span};

/// All of them; blank lines stand between them, and what each is stands before it.
const PRESETS: &str = include_str!("presets.toml");

/// The text of each: what it is, and its table.
fn texts() -> impl Iterator<Item = &'static str> {
    let blocks = PRESETS.split("\n\n").map(str::trim);
    blocks.filter(|block| name_of(block).is_some())
}

/// The name of the strategy in a block.
fn name_of(block: &str) -> Option<&str> {
    let mut lines = block.lines();
    lines.find_map(|line| line.strip_prefix("[strategies.")?.strip_suffix(']'))
}

/// Names, in the file's order, and what each is.
pub fn presets() -> impl Iterator<Item = (&'static str, String)> {
    texts().filter_map(|text| {
        let lines = text.lines().map_while(|line| line.strip_prefix("# "));
        Some((name_of(text)?, lines.collect::<Vec<_>>().join(" ")))
    })
}

/// The text of the preset `name`.
pub fn preset(name: &str) -> Option<&'static str> {
    texts().find(|text| name_of(text) == Some(name))
}

/// Its table, every piece of which is said to stand at `span`.
pub fn table(name: &str, span: &Span) -> Option<Node> {
    let table = DeTable::parse(preset(name)?).ok()?;
    let tree = Node::of_table(table.get_ref(), table.span(), 0);
    let mut node = tree.child("strategies")?.child(name)?.clone();
    node.stand_at(span);
    Some(node)
}
