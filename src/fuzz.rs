//! Bodies of fuzz tests, one for each kind of text that comes from outside: none may panic, hang or
//! fill the memory, whatever the bytes.
//!
//! Each takes bytes, so that `cargo-fuzz` can drive it (`fuzz/`) and a test can where that is not at
//! hand (`tests/it/fuzz.rs`).

use std::path::{Path, PathBuf};

use crate::workload::trace::{Columns, Format, Invalid, Spec, Work, survey_bytes};
use crate::{experiment, gate, results, scenario};

/// Reads bytes as what its name says.
pub type Body = fn(&[u8]);

/// All bodies by their names.
pub const BODIES: [(&str, Body); 8] = [
    ("scenario", scenario),
    ("set", set),
    ("csv", csv),
    ("swf", swf),
    ("hawk", hawk),
    ("manifest", manifest),
    ("baseline", baseline),
    ("journal", journal),
];

/// A scenario file.
pub fn scenario(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let files = scenario::Files::new(Path::new("/nonexistent"), None);
    if let Err(report) = scenario::read(&text, "fuzz.toml", &[], &files) {
        assert!(!report.to_string().is_empty(), "a refusal says why");
    }
}

/// An argument of `--set`.
pub fn set(bytes: &[u8]) {
    let set = String::from_utf8_lossy(bytes).into_owned();
    let files = scenario::Files::new(Path::new("/nonexistent"), None);
    let _ = scenario::read(scenario::starter(), "fuzz.toml", &[set], &files);
}

/// What the bytes are read as.
fn spec(format: Format) -> Spec {
    Spec {
        path: PathBuf::from("fuzz"),
        format,
        max_jobs: None,
        invalid: Invalid::Drop,
        max_dropped: 0.5,
        sort: false,
        split: None,
    }
}

/// A trace in the format csv, as it stands and to be sorted.
pub fn csv(bytes: &[u8]) {
    let columns = Columns {
        arrival: "t".into(),
        work: Work::Takes("w".into()),
        tasks: Some("n".into()),
        class: Some("c".into()),
        resources: vec![("cpu".to_owned(), "cpu".into())],
        units: None,
        empty: vec![("cpu".to_owned(), "1".to_owned())],
    };
    let sorted = Spec {
        sort: true,
        ..spec(Format::Csv(columns.clone()))
    };
    let _ = survey_bytes(&sorted, bytes.to_vec());
    let _ = survey_bytes(&spec(Format::Csv(columns)), bytes.to_vec());
}

/// A trace in the format swf.
pub fn swf(bytes: &[u8]) {
    let _ = survey_bytes(&spec(Format::Swf), bytes.to_vec());
}

/// A trace in the format hawk.
pub fn hawk(bytes: &[u8]) {
    let _ = survey_bytes(&spec(Format::Hawk), bytes.to_vec());
}

/// The manifest of a folder whose tables are all empty.
pub fn manifest(bytes: &[u8]) {
    let _ = results::tables::parse(|name| match name {
        results::tables::MANIFEST => Ok(bytes.to_vec()),
        _ => Ok(Vec::new()),
    });
}

/// A baseline of the gate.
pub fn baseline(bytes: &[u8]) {
    let _ = gate::Baseline::of_text(&String::from_utf8_lossy(bytes));
}

/// A journal of finished replications.
pub fn journal(bytes: &[u8]) {
    let _ = experiment::read_journal(bytes);
}
