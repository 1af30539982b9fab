//! `equipoise report`: plots and page again, from the tables of a run's folder.
//!
//! A run may take hours and a plot seconds: what is shown can be redrawn by a later version, or as
//! PNG for a paper, without running anything again.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::folder::tables_of;
use super::replace::{check_below, replace};
use super::running::stop_on_interrupt;
use super::{Exit, print};
use crate::experiment::moved::Moved;
use crate::experiment::recorded::{Both, Recorded, moved, regret};
use crate::report::figures::{self, Asked, Kind};
use crate::report::{self, plot::drawing::DrawError};
use crate::results::{Results, tables};

/// Arguments of `equipoise report`.
#[derive(Debug, Args)]
pub struct Report {
    /// A run's folder.
    dir: PathBuf,
    /// Also write the plots as PNG.
    #[arg(long)]
    png: bool,
    /// Figures for a paper instead.
    #[arg(long, value_name = "KINDS", value_enum, value_delimiter = ',')]
    plots: Vec<Kind>,
    /// Names of figures (comma-separated; default: all).
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "plots")]
    only: Vec<String>,
    /// Their width.
    #[arg(long, value_name = "LENGTH", default_value = "174mm", value_parser = millimetres, requires = "plots")]
    width: f64,
    /// Size of their texts, in points.
    #[arg(long, value_name = "POINTS", default_value_t = 8.0, value_parser = points, requires = "plots")]
    font_size: f64,
    /// No title above.
    #[arg(long, requires = "plots")]
    no_title: bool,
    /// Shades of grey instead of colours.
    #[arg(long, requires = "plots")]
    grey: bool,
}

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Kind] {
        &[Kind::Pdf, Kind::Svg, Kind::Png]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Kind::Pdf => "pdf",
            Kind::Svg => "svg",
            Kind::Png => "png",
        }))
    }
}

/// Millimetres of "84mm", "8.4cm" or "3.3in".
fn millimetres(text: &str) -> Result<f64, String> {
    const UNITS: [(&str, f64); 3] = [("mm", 1.0), ("cm", 10.0), ("in", 25.4)];
    let found = UNITS.iter().find_map(|(unit, size)| {
        let number = text.strip_suffix(unit)?.trim().parse::<f64>().ok()?;
        Some(number * size)
    });
    let found = found.filter(|length| (40.0..=1000.0).contains(length));
    found.ok_or_else(|| {
        format!("`{text}` is no length from 40mm to 1000mm: write for example 84mm, 8.4cm or 3.3in")
    })
}

/// A size of type.
fn points(text: &str) -> Result<f64, String> {
    let found = text
        .parse::<f64>()
        .ok()
        .filter(|size| (4.0..=40.0).contains(size));
    found.ok_or_else(|| format!("`{text}` is no size from 4 to 40 points"))
}

impl Report {
    /// Redraws what the folder shows.
    pub fn execute(self) -> Result<(), Exit> {
        let results = tables_of(&self.dir)?;
        let files = match self.plots.is_empty() {
            true => report::render(&results, &recorded(&self.dir, &results), self.png)
                .map_err(cannot_draw)?,
            false => self.figures(&results)?,
        };
        // Nothing is redrawn if not all can be.
        check_below(&self.dir, files.iter().map(|(name, _)| name))?;
        let stop = stop_on_interrupt()?;
        for (name, bytes) in &files {
            if stop.load(Ordering::Relaxed) {
                let said = "interrupted: some of the plots are as they were";
                return Err(Exit::Interrupted(said.to_owned()));
            }
            replace(&self.dir.join(name), bytes)?;
        }
        if !self.plots.is_empty() {
            let names = files
                .iter()
                .map(|(name, _)| format!("{}\n", self.dir.join(name).display()));
            return print(&names.collect::<String>());
        }
        print(&format!("{}\n", self.dir.join("report.html").display()))
    }
}

impl Report {
    /// Figures for a paper; names that the run does not have are told with those that it has.
    fn figures(&self, results: &Results) -> Result<tables::Files, Exit> {
        let known = figures::names(results);
        if let Some(unknown) = self.only.iter().find(|name| !known.contains(name)) {
            let said = format!(
                "error: the run has no figure `{unknown}`\nhint: it has {}",
                known.join(", ")
            );
            return Err(Exit::Mistake(said));
        }
        let asked = Asked {
            kinds: self.plots.clone(),
            width: self.width,
            font_size: self.font_size,
            has_title: !self.no_title,
            is_grey: self.grey,
            only: self.only.clone(),
        };
        figures::figures(results, &asked).map_err(cannot_draw)
    }
}

/// What the recorded rows of a run's folder tell on its page.
pub fn recorded(folder: &Path, results: &Results) -> Recorded {
    let strategies = results.meta.strategies.iter();
    let names: Vec<&str> = strategies.map(|strategy| strategy.name.as_str()).collect();
    Recorded {
        moved: moved_of_pair(folder, results),
        regret: regret(folder, report::page::why::point(results), &names),
    }
}

/// What recorded jobs tell of the two strategies that the page explains.
fn moved_of_pair(folder: &Path, results: &Results) -> Option<Moved> {
    let pair = report::page::why::pair(results)?;
    let meta = &results.meta;
    let classes: Vec<String> = meta
        .classes
        .iter()
        .map(|class| class.name.clone())
        .collect();
    let name = |strategy: usize| meta.strategies[strategy].name.as_str();
    let both = Both {
        point: pair.point,
        strategies: [name(pair.baseline), name(pair.best)],
        classes: &classes,
    };
    moved(folder, both)
}

/// A fault of the drawing.
pub fn cannot_draw(error: DrawError) -> Exit {
    Exit::Fault(format!("error: cannot draw: {error}"))
}

/// One table of a run as text.
pub fn table(results: &Results, name: &str) -> String {
    let mut files = tables::write(results).into_iter();
    let found = files.find(|(file, _)| file == name).unwrap_or_default();
    String::from_utf8_lossy(&found.1).into_owned()
}
