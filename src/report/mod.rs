//! What a run shows: tables, terminal, plots and one page, each a function of the result tables.
//!
//! Nothing here computes a figure: whoever redraws an old run's folder gets the same bytes, and a
//! test can make results by formula and look at what is said of them. Plots are drawn once, as
//! lists of shapes, and rendered as SVG for the page and as PNG for papers.
//!
//! This is the feature `report`: with it come `plotters`, `maud` and `png`, which an algorithm's
//! author does not need.

pub mod advice;
pub mod cells;
pub mod decision_text;
pub mod figures;
pub mod grid;
pub mod lookup;
pub mod markdown;
pub mod moved_text;
pub mod page;
pub mod plot;
pub mod run_comparison;
pub mod scales;
pub mod terminal;
pub mod theory_table;
pub mod timeline;
pub mod verdict_text;
pub mod words;

use crate::experiment::recorded::Recorded;
use crate::results::Results;
pub use crate::results::tables::Files;
use lookup::Lookup;
use plot::Plot;
use plot::drawing::DrawError;

/// `plots/*.svg` and `report.html`, which tells what was recorded of [`page::why::pair`] and of decisions; with
/// `png` also `plots/*.png` at twice the size.
///
/// # Errors
/// When the embedded font cannot be used, or a picture cannot be written.
pub fn render(results: &Results, recorded: &Recorded, png: bool) -> Result<Files, DrawError> {
    let tables = Lookup::new(results);
    let drawn = plot::all(&tables).into_iter();
    let drawn = drawn.map(|plot| plot.drawing.svg().map(|svg| (plot, svg)));
    let plots = drawn.collect::<Result<Vec<(Plot, String)>, DrawError>>()?;
    let page = page::page(&tables, recorded);
    let mut files: Files = vec![("report.html".into(), page.into_bytes())];
    for (plot, svg) in plots {
        if png {
            files.push((format!("plots/{}.png", plot.name), plot.drawing.png(2)?));
        }
        files.push((format!("plots/{}.svg", plot.name), svg.into_bytes()));
    }
    Ok(files)
}

/// The plot `name` (as in `plots/NAME.svg`) as a PNG of `scale` times 900 pixels width; none where the
/// run has no such plot.
///
/// # Errors
/// When the embedded font cannot be used, or the picture cannot be written.
pub fn png(results: &Results, name: &str, scale: u32) -> Result<Option<Vec<u8>>, DrawError> {
    let plots = plot::all(&Lookup::new(results));
    let found = plots.iter().find(|plot| plot.name == name);
    found.map(|plot| plot.drawing.png(scale)).transpose()
}

/// Asserts that a text says all this.
#[cfg(test)]
#[track_caller]
fn says(text: &str, all: &[&str]) {
    for said in all {
        assert!(text.contains(said), "no `{said}` in:\n{text}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::results::sample::Sample;

    #[test]
    fn rendering_is_a_function_of_the_tables() {
        let results = Sample::troubled().results();
        let files = || render(&results, &Recorded::default(), false).unwrap();
        assert_eq!(files(), files());
        let names: Vec<String> = files().into_iter().map(|file| file.0).collect();
        let plots = ["deciding-1", "differences-2", "ccdf-4"].map(|it| format!("plots/{it}.svg"));
        let expected = plots.iter().map(String::as_str).chain(["report.html"]);
        says(&names.join("\n"), &Vec::from_iter(expected));
    }

    #[test]
    fn empty_results_still_make_a_page() {
        let files = render(&Results::default(), &Recorded::default(), false).unwrap();
        assert_eq!(files.len(), 1);
        assert!(!terminal::comparison(&Results::default(), terminal::Told::default()).is_empty());
    }

    #[test]
    fn a_png_is_found_by_name() {
        let results = Sample::loads(&[0.8], 2).results();
        assert!(png(&results, "blame", 1).unwrap().is_some());
        assert!(png(&results, "nothing", 1).unwrap().is_none());
    }

    /// Writes what is shown of samples, to be looked at: `cargo test shown_samples -- --ignored`.
    #[test]
    #[ignore = "writes files for people to look at"]
    fn shown_samples() {
        let target = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gallery");
        for (name, sample) in plot::tests::samples() {
            let results = sample.results();
            let mut files = render(&results, &Recorded::default(), true).unwrap();
            let told = terminal::comparison(&results, terminal::Told::default());
            files.push(("terminal.txt".into(), told.into_bytes()));
            for (path, bytes) in files {
                let path = target.join(name).join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
        }
    }
}
