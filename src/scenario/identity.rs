//! What makes two scenarios the same.
//!
//! A journal may go on, a baseline may be compared and a folder be verified only if the scenario is
//! the same; a title, a comment or a default that was written out does not make another one. So
//! identity is taken over what was resolved, the very setups that run, and not over text.

use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::resolved::{Point, Scenario};
use super::schema;
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
/// They are of the values as they are written: not of blanks, comments or the way they are spelled
/// as tables, but a default that is written out counts. Committed baselines hold them.
pub fn sections(text: &str) -> Vec<(String, String)> {
    let mut table: toml::Table = toml::from_str(text).unwrap_or_default();
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
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

    /// Baselines that were saved stay valid: what they hold of a scenario's sections is not to change.
    #[test]
    fn committed_baselines_hold_the_sections_of_their_scenarios() {
        for name in [
            "quickstart",
            "known-answers",
            "scarce-memory",
            "thread-pool",
        ] {
            let text = std::fs::read_to_string(format!("scenarios/{name}.toml")).unwrap();
            let file = std::fs::read(format!("scenarios/baselines/{name}.json")).unwrap();
            let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
            let sections = serde_json::to_value(sections(&text)).unwrap();
            assert_eq!(file["content"]["sections"], sections, "{name}");
        }
    }
}
