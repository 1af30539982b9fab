//! `equipoise report`: plots and page again, from the tables of a run's folder.

use std::path::PathBuf;

use clap::Args;

use super::folder::{tables_of, unwritable};
use super::{Exit, print};
use crate::report;

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
        let cannot_draw = |error| Exit::Fault(format!("error: cannot draw: {error}"));
        let mut files = report::render(&results).map_err(cannot_draw)?;
        if self.png {
            let names: Vec<String> = files
                .iter()
                .filter_map(|(name, _)| {
                    name.strip_prefix("plots/")?
                        .strip_suffix(".svg")
                        .map(str::to_owned)
                })
                .collect();
            for name in names {
                let picture = report::png(&results, &name, 2)
                    .map_err(cannot_draw)?
                    .unwrap_or_default();
                files.push((format!("plots/{name}.png"), picture));
            }
        }
        for (name, bytes) in &files {
            let path = self.dir.join(name);
            let written = path
                .parent()
                .map_or(Ok(()), std::fs::create_dir_all)
                .and_then(|()| std::fs::write(&path, bytes));
            written.map_err(|error| unwritable(&path, &error))?;
        }
        print(&format!("{}\n", self.dir.join("report.html").display()))
    }
}
