//! `equipoise new`: a commented starter scenario.
//!
//! A first scenario is written by changing one that runs. An existing file is never touched: it may
//! be the one that somebody changed yesterday.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::folder::unwritable;
use super::{Exit, print};
use crate::scenario::starter;

/// Arguments of `equipoise new`.
#[derive(Debug, Args)]
pub struct New {
    /// File to write; printed if left out.
    file: Option<PathBuf>,
}

impl New {
    /// Writes the starter; never over an existing file.
    pub fn execute(self) -> Result<(), Exit> {
        let Some(path) = self.file else {
            return print(starter());
        };
        let opened = OpenOptions::new().write(true).create_new(true).open(&path);
        let mut file = opened.map_err(|error| refused(&path, &error))?;
        let written = file.write_all(starter().as_bytes());
        written.map_err(|error| {
            let _ = std::fs::remove_file(&path);
            unwritable(&path, &error)
        })?;
        let path = path.display();
        print(&format!("{path}\nnext: equipoise run {path}\n"))
    }
}

/// Tells why the file was not written; one that is there is never replaced.
fn refused(path: &Path, error: &io::Error) -> Exit {
    let shown = path.display();
    match error.kind() {
        ErrorKind::AlreadyExists => Exit::Mistake(format!(
            "error: {shown} exists already\nhint: name another file"
        )),
        ErrorKind::NotFound => {
            Exit::Mistake(format!("error: the folder of {shown} does not exist"))
        }
        _ => unwritable(path, error),
    }
}
