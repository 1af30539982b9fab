//! The scenarios that a reader meets: those in `scenarios/`, and the one in the README.
//!
//! Traces are not part of the repository; set EQUIPOISE_TRACES to the folder that has them to read
//! the scenarios that replay one too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use equipoise::experiment::{self, Options, Plan};
use equipoise::results::{Cell, Results, Status};
use equipoise::scenario::forecast::forecast;
use equipoise::scenario::{self, Files, Report, Scenario};

const FOLDER: &str = "scenarios";

/// The folder that has the traces, if the environment names one.
pub fn traces() -> Option<PathBuf> {
    std::env::var_os("EQUIPOISE_TRACES").map(PathBuf::from)
}

/// The scenario `text` of a file `name` with `sets` as of the command line.
pub fn read_text(text: &str, name: &str, sets: &[&str]) -> Result<Scenario, Report> {
    let files = Files::new(Path::new(FOLDER), traces().as_deref());
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    scenario::read(text, name, &sets, &files)
}

/// The scenario `scenarios/STEM.toml` with `sets` as of the command line.
pub fn read(stem: &str, sets: &[&str]) -> Scenario {
    let path = Path::new(FOLDER).join(format!("{stem}.toml"));
    let text = std::fs::read_to_string(&path).unwrap();
    read_text(&text, &path.display().to_string(), sets).unwrap_or_else(|report| panic!("{report}"))
}

/// All tables of a run of `scenario`.
pub fn run(scenario: &Scenario) -> Results {
    let stop = AtomicBool::new(false);
    let command = format!("equipoise run scenarios/{}.toml", scenario.stem);
    let plan = Plan::new(scenario.clone(), command, &stop).unwrap();
    let options = Options {
        threads: None,
        stop: &stop,
        progress: &|_| {},
        record: None,
        log_decisions: false,
        journal: None,
    };
    experiment::run(&plan, &options).unwrap().results
}

fn committed() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.display().to_string(), text)
        })
        .collect();
    found.sort();
    found
}

/// The comment at the top of a scenario.
fn header(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .take_while(|line| line.starts_with('#'))
        .collect();
    lines.join("\n")
}

/// What `check` would say beside the numbers, each once.
fn doubts(scenario: &Scenario) -> Vec<String> {
    let mut doubts = scenario.warnings.sentences();
    for setup in scenario.points.iter().flat_map(|point| &point.setups) {
        let forecast = forecast(setup);
        let used = forecast.nodes.iter();
        let used = used.chain(&forecast.dispatchers).chain(&forecast.gatherers);
        doubts.extend(
            used.filter(|used| used.share >= 1.0)
                .map(|used| format!("{} cannot last: see `{}`", used.of, used.key)),
        );
        doubts.extend(forecast.warnings);
    }
    doubts.sort();
    doubts.dedup();
    doubts
}

#[test]
fn every_scenario_passes_check() {
    let all = committed();
    assert!(all.len() >= 8, "scenarios are missing: {all:?}");
    for (name, text) in all {
        assert!(
            header(&text).contains("Look at:"),
            "{name} does not say what to look at"
        );
        if text.contains("arrivals.trace") && traces().is_none() {
            println!("skipped {name}: its trace is in the folder that EQUIPOISE_TRACES names");
            continue;
        }
        let scenario =
            read_text(&text, &name, &[]).unwrap_or_else(|report| panic!("{name}\n{report}"));
        let doubts = doubts(&scenario);
        let explained = header(&text).to_lowercase().contains("warn");
        assert!(
            doubts.is_empty() || explained,
            "{name}: `check` doubts what its header does not explain: {doubts:#?}"
        );
    }
}

#[test]
fn the_starter_passes_check() {
    let scenario = read_text(scenario::starter(), "starter.toml", &[]);
    let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(doubts(&scenario), Vec::<String>::new());
}

#[test]
fn every_strategy_of_the_quickstart_is_stable() {
    let results = run(&read("quickstart", &["run.replications=2"]));
    let mean = |cell: &Cell| cell.find("all", "response_mean").map(|mean| mean.status);
    let told: Vec<Option<Status>> = results.cells[0].iter().map(mean).collect();
    assert_eq!(told, vec![Some(Status::Ok); results.meta.strategies.len()]);
    assert_eq!(results.meta.warnings, Vec::<String>::new());
}

/// The blocks of the README in the language `language`.
fn blocks(language: &str) -> Vec<String> {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let fence = format!("```{language}\n");
    let parts = readme.split(&fence).skip(1);
    parts
        .map(|part| part.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_scenario_of_the_readme_is_valid() {
    // One whole scenario, and sections that may be added to it.
    let scenario = read_text(&blocks("toml").concat(), "README.md", &[]);
    let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(doubts(&scenario), Vec::<String>::new());
}

/// Files that the guides name are there; NAME stands for a file that the reader will write.
#[test]
fn the_files_that_the_guides_name_are_there() {
    let is_file = |word: &&str| {
        let is_ours = ["src/", "tests/", "benches/"]
            .iter()
            .any(|root| word.starts_with(root));
        is_ours && !word.contains("NAME")
    };
    for page in ["README.md", "CONTRIBUTING.md", "docs/how-to/placement.md"] {
        let text = std::fs::read_to_string(page).unwrap();
        let named: Vec<&str> = text.split('`').skip(1).step_by(2).filter(is_file).collect();
        assert!(
            page != "CONTRIBUTING.md" || named.len() > 5,
            "{page}: {named:?}"
        );
        for name in named {
            assert!(
                Path::new(name).exists(),
                "{page} names {name}, which is not there"
            );
        }
    }
}
