//! Mistakes in scenario files, and what is said about them.
//!
//! Each `tests/bad/NAME.toml` has its messages in `NAME.txt`; lines `# --set ARGUMENT` at its top are
//! arguments. `UPDATE=1 cargo test` writes the messages anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use equipoise::scenario::{self, Files, Report, Scenario};

/// Writes `text` to `path` if asked to, else holds it against what is there.
fn hold(path: &Path, text: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, text).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    let first = text
        .lines()
        .zip(stored.lines())
        .find(|(new, old)| new != old);
    assert!(
        text == stored,
        "{} differs, first {first:?}; UPDATE=1 writes it anew",
        path.display()
    );
}

fn read(text: &str, name: &str, sets: &[String]) -> Result<Scenario, Report> {
    let files = Files::new(Path::new("tests/bad"), None);
    scenario::read(text, name, sets, &files)
}

fn bad_files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("tests/bad")
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
}

fn arguments(text: &str) -> Vec<String> {
    text.lines()
        .map_while(|line| line.strip_prefix("# --set "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn mistakes_are_told() {
    let files = bad_files();
    assert!(files.len() >= 20);
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let Err(report) = read(&text, path.to_str().unwrap(), &arguments(&text)) else {
            panic!("{path:?} has no mistake")
        };
        hold(&path.with_extension("txt"), &format!("{report}\n"));
    }
}

#[test]
fn twenty_mistakes_are_twenty_messages() {
    let text = std::fs::read_to_string("tests/bad/twenty.toml").unwrap();
    let report = read(&text, "twenty.toml", &[]).unwrap_err();
    assert_eq!(report.errors().count(), 20, "{report}");
}

/// No message speaks the program's language.
#[test]
fn no_message_names_a_type() {
    for path in bad_files() {
        let text = std::fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
        for line in text
            .lines()
            .filter(|line| !line.contains(" | ") || line.contains('^'))
        {
            for word in [
                "struct", "enum", "f64", "u64", "u32", "i64", "bool", "sequence", "map", "variant",
                "Option", "tuple",
            ] {
                let spoken = line
                    .split(|c: char| !c.is_alphanumeric())
                    .any(|part| part == word);
                assert!(!spoken, "{path:?}: {line}");
            }
        }
    }
}

/// Editors read the schema from the file.
#[test]
fn the_schema_is_in_step() {
    let text =
        serde_json::to_string_pretty(&scenario::schema(&scenario::Registry::standard())).unwrap();
    hold(
        Path::new("scenarios/scenario.schema.json"),
        &format!("{text}\n"),
    );
}
