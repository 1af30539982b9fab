//! What makes two scenarios the same.
//!
//! A journal may go on, a baseline may be compared and a folder be verified only if the scenario is
//! the same; a title, a comment or a default that was written out does not make another one. So
//! identity is taken over what was resolved, the very setups that run, and not over text.

use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::de::DeTable;

use super::grammar::Document;
use super::schema;
use super::text::tree::Node;
use super::{Point, Scenario};
use crate::sim::setup::Setup;
use crate::workload::source::Arrivals;

/// The digest of all that the replications of a scenario depend on.
///
/// It is of what the scenario resolves to and of the traces that it replays, so it is another one
/// if and only if jobs may be placed or measured in another way: comments, spelling, defaults that
/// are written out, titles and names of files do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(pub [u8; 32]);

impl Scenario {
    /// What it is.
    pub fn identity(&self) -> Identity {
        let (mut digest, mut traces) = (Sha256::new(), Vec::new());
        for point in &self.points {
            let Point {
                values: _,
                warmup_is_auto,
                setups,
            } = point;
            digest.update([u8::from(*warmup_is_auto)]);
            for setup in setups {
                let mut setup = setup.clone();
                traces.extend(take_paths(&mut setup));
                digest.update(format!("{setup:?}"));
            }
        }
        // In order of appearance, each once.
        for (at, path) in traces.iter().enumerate() {
            if !traces[..at].contains(path) {
                digest.update(std::fs::read(path).unwrap_or_default());
            }
        }
        Identity(digest.finalize().into())
    }
}

/// Takes the paths of its traces out of a setup.
fn take_paths(setup: &mut Setup) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for source in &mut setup.sources {
        if let Arrivals::Trace(plan) = &mut source.arrivals {
            paths.push(mem::take(&mut Arc::make_mut(plan).spec.path));
        }
    }
    paths
}

/// Name and digest of each section of a scenario's text that is about the system that is simulated.
/// They are of the values: blanks, comments, ways of spelling tables and defaults that are written
/// out do not matter.
pub fn sections(text: &str) -> Vec<(String, String)> {
    let mut table: toml::Table = toml::from_str(text).unwrap_or_default();
    written_out(text)
        .iter()
        .for_each(|path| cut(&mut table, path));
    let is_about_system = |path: &[&str]| schema::scope(path.iter().copied()).is_none();
    table.retain(|section, _| is_about_system(&[section]));
    for (section, value) in &mut table {
        if let Some(keys) = value.as_table_mut() {
            keys.retain(|key, _| is_about_system(&[section, key]));
        }
    }
    let digest = |value| {
        let value = serde_json::to_value(value).unwrap_or_default().to_string();
        let digest = Sha256::digest(value);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    table
        .iter()
        .map(|(name, value)| (name.clone(), digest(value)))
        .collect()
}

/// Paths of the keys of a scenario's text that say only what holds without them.
fn written_out(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    if let Ok(table) = DeTable::parse(text) {
        let mut tree = Node::of_table(table.get_ref(), table.span(), 0);
        if let Ok(whole) = Document::deserialize(tree.clone()) {
            find_written_out(&mut tree, &mut Vec::new(), &whole, &mut found);
        }
    }
    found
}

fn find_written_out(
    tree: &mut Node,
    path: &mut Vec<String>,
    whole: &Document,
    found: &mut Vec<Vec<String>>,
) {
    let keys = tree.at(path).map_or(Vec::new(), Node::keys);
    let keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
    for key in keys {
        path.push(key);
        let mut rest = tree.clone();
        rest.cut(path);
        if Document::deserialize(rest.clone()).is_ok_and(|document| document == *whole) {
            found.push(path.clone());
            *tree = rest;
        } else {
            find_written_out(tree, path, whole, found);
        }
        path.pop();
    }
}

fn cut(table: &mut toml::Table, path: &[String]) {
    match path {
        [] => {}
        [key] => drop(table.remove(key)),
        [key, rest @ ..] => {
            let below = table.get_mut(key).and_then(toml::Value::as_table_mut);
            below.into_iter().for_each(|below| cut(below, rest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_of_values_and_of_the_system_only() {
        let text = "title = \"a\"\n[run]\njobs = 10\nseed = 1\n[nodes.a]\ncount = 2\n[strategies.x]\nplacement = \"random\"";
        let same = "[nodes]\na.count = 2 # two\n[run]\nreplications = 9\njobs = 10\n[scheduling]\ndispatchers = 2";
        let sorted = |text| {
            let mut sections = sections(text);
            sections.sort();
            sections
        };
        assert_eq!(sorted(text), sorted(same));
        assert_ne!(
            sorted(text),
            sorted(&text.replace("count = 2", "count = 3"))
        );
        assert_eq!(sections(""), []);
    }

    const PLAIN: &str =
        "[run]\njobs = 10\n[nodes.a]\ncount = 2\n[jobs.a]\nwork = 1\narrivals = \"poisson\"";

    #[test]
    fn defaults_that_are_written_out_make_no_other_sections() {
        let told = "# told\nrun = { jobs = 10, drain = 4, seed = 9 }\n[network]\nresult = \"0s\"\n[nodes]\na = { speed = 1.0, count = 2 }\n\
            [jobs.a]\nwork = 1\narrivals.poisson = {}\n[gate]\n[strategies.s]";
        let plain = sections(PLAIN);
        let names: Vec<&str> = plain.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["run", "nodes", "jobs"]);
        assert_eq!(&sections(told)[..2], &plain[..2]);
        assert_ne!(
            sections(&PLAIN.replace("count = 2", "count = 3"))[1],
            plain[1]
        );
        assert_ne!(sections(&format!("{PLAIN}\n[network]\nresult = 1")), plain);
    }
}
