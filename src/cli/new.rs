//! `equipoise new`: a commented starter scenario.
//!
//! A first scenario is written by changing one that runs. An existing file is never touched: it may
//! be the one that somebody changed yesterday.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

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
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => file
                .write_all(starter().as_bytes())
                .map_err(|error| unwritable(&path, &error))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(Exit::Mistake(format!(
                    "error: {} exists already\nhint: name another file",
                    path.display()
                )));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Exit::Mistake(format!(
                    "error: the folder of {} does not exist",
                    path.display()
                )));
            }
            Err(error) => return Err(unwritable(&path, &error)),
        }
        print(&format!(
            "{}\nnext: equipoise run {}\n",
            path.display(),
            path.display()
        ))
    }
}
