//! The pictures in `output/gallery/` are what the code draws.
//!
//! ```text
//! cargo test gallery                          the first replications, and the pictures' digests
//! cargo test gallery -- --ignored             all replications, drawn again and compared
//! UPDATE=1 cargo test gallery -- --ignored    draws the gallery anew
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::Path;

use equipoise::report;
use equipoise::results::Results;
use equipoise::results::tables;
use equipoise::scenario::Scenario;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::scenarios::{read, run};

const FOLDER: &str = "output/gallery";
const MANIFEST: &str = "output/gallery/gallery.json";
const SCENARIOS: [&str; 2] = ["quickstart", "load-sweep"];
/// Pictures that a page without SVG shows.
const PNG: [(&str, &str); 2] = [("quickstart", "blame"), ("load-sweep", "deciding-1")];
/// Replications that every test run repeats.
const FIRST: u32 = 2;

/// What the pictures of one scenario were drawn from.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Drawn {
    /// Of the scenario's text.
    scenario: String,
    /// Of `replications.csv`, cut to the first replications.
    first_replications: String,
    /// Of each result table.
    tables: BTreeMap<String, String>,
    /// Of each picture.
    pictures: BTreeMap<String, String>,
}

type Gallery = BTreeMap<String, Drawn>;
type Pictures = Vec<(String, Vec<u8>)>;

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digests(files: &[(String, Vec<u8>)]) -> BTreeMap<String, String> {
    files
        .iter()
        .map(|(name, bytes)| (name.clone(), digest(bytes)))
        .collect()
}

/// The digest of `replications.csv` as a run of only the first replications would write it.
fn first_replications(mut results: Results) -> String {
    let cells = results.cells.iter_mut().flatten();
    for figure in cells.flat_map(|cell| &mut cell.figures) {
        figure.values.truncate(FIRST as usize);
        // Pseudo-values are of all replications together.
        figure.pseudo.clear();
    }
    let tables = digests(&tables::write(&results));
    tables["replications.csv"].clone()
}

/// Of a sweep, the plots of single points are shown for the last point only.
fn is_shown(name: &str, points: usize) -> bool {
    let of_all_points = name.starts_with("deciding") || name.starts_with("differences");
    points == 1 || of_all_points || name.ends_with(&format!("-{points}.svg"))
}

fn pictures(stem: &str, results: &Results) -> Pictures {
    let points = results.meta.points.len();
    let drawn = report::render(results, &Default::default(), false).unwrap();
    let mut pictures: Pictures = drawn
        .into_iter()
        .filter_map(|(name, bytes)| {
            let name = name.strip_prefix("plots/")?;
            is_shown(name, points).then(|| (format!("{stem}/{name}"), bytes))
        })
        .collect();
    for (_, plot) in PNG.iter().filter(|(of, _)| *of == stem) {
        let png = report::png(results, plot, 2).unwrap().unwrap();
        pictures.push((format!("{stem}/{plot}.png"), png));
    }
    pictures
}

fn draw(scenario: &Scenario) -> (Drawn, Pictures) {
    let results = run(scenario);
    let pictures = pictures(&scenario.stem, &results);
    let drawn = Drawn {
        scenario: results.meta.scenario_digest.clone(),
        tables: digests(&tables::write(&results)),
        pictures: digests(&pictures),
        first_replications: first_replications(results),
    };
    (drawn, pictures)
}

fn committed() -> Gallery {
    serde_json::from_str(&std::fs::read_to_string(MANIFEST).unwrap()).unwrap()
}

fn write(gallery: &Gallery, pictures: &Pictures) {
    for stem in SCENARIOS {
        let folder = Path::new(FOLDER).join(stem);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
    }
    for (name, bytes) in pictures {
        std::fs::write(Path::new(FOLDER).join(name), bytes).unwrap();
    }
    let text = format!("{}\n", serde_json::to_string_pretty(gallery).unwrap());
    std::fs::write(MANIFEST, text).unwrap();
}

/// Holds `found` against what is committed, and says what to do.
fn hold<T: PartialEq + std::fmt::Debug>(found: &T, stored: &T, what: &str) {
    assert_eq!(
        found, stored,
        "{what} is not what the gallery shows; if that is meant, draw it anew: UPDATE=1 cargo test gallery -- --ignored"
    );
}

#[test]
fn first_replications_are_those_of_the_gallery() {
    let gallery = committed();
    for stem in SCENARIOS {
        let whole = read(stem, &[]);
        let text = digest(whole.text.as_bytes());
        hold(&text, &gallery[stem].scenario, "the scenario");
        let results = run(&read(stem, &[&format!("run.replications={FIRST}")]));
        let found = first_replications(results);
        hold(&found, &gallery[stem].first_replications, stem);
    }
}

#[test]
fn the_pictures_are_those_of_the_manifest() {
    for (stem, drawn) in committed() {
        let folder = Path::new(FOLDER).join(&stem);
        let mut files: Pictures = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap();
                (format!("{stem}/{name}"), std::fs::read(&path).unwrap())
            })
            .collect();
        files.sort();
        hold(&digests(&files), &drawn.pictures, &stem);
    }
}

#[test]
#[ignore = "runs both scenarios whole; with UPDATE=1 it draws the gallery anew"]
fn the_gallery_is_what_the_code_draws() {
    let (mut gallery, mut pictures) = (Gallery::new(), Pictures::new());
    for stem in SCENARIOS {
        let (drawn, files) = draw(&read(stem, &[]));
        gallery.insert(stem.to_owned(), drawn);
        pictures.extend(files);
    }
    if std::env::var_os("UPDATE").is_some() {
        write(&gallery, &pictures);
    }
    hold(&gallery, &committed(), "what is drawn now");
}
