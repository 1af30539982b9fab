//! `equipoise report`: plots and page again, from the tables of a run's folder.
//!
//! A run may take hours and a plot seconds: what is shown can be redrawn by a later version, or as
//! PNG for a paper, without running anything again.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clap::Args;

use super::folder::tables_of;
use super::replace::{check_below, replace};
use super::running::stop_on_interrupt;
use super::{Exit, print};
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
}

impl Report {
    /// Redraws what the folder shows.
    pub fn execute(self) -> Result<(), Exit> {
        let results = tables_of(&self.dir)?;
        let files = report::render(&results, self.png).map_err(cannot_draw)?;
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
        print(&format!("{}\n", self.dir.join("report.html").display()))
    }
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
