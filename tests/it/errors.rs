//! Mistakes in scenario files and what is said about them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use equipoise::scenario::{self, Env, Files, Report, Scenario};

#[test]
fn try_one() {
    let text = std::fs::read_to_string("tests/bad/twenty.toml").unwrap();
    let files = Files::new(Path::new("tests/bad"), None);
    let result = scenario::read(&text, "tests/bad/twenty.toml", &[], &Env { files: &files, metrics: |_| Vec::new() });
    match result {
        Ok(_) => println!("fine"),
        Err(report) => println!("{report}\n{}", report.errors().count()),
    }
    println!("{}", serde_json::to_string_pretty(&scenario::schema()).unwrap());
    for key in scenario::keys("") { println!("{} | {} | {} | {}", key.path, key.value, key.default, key.meaning); }
}
