//! `--replications 21..40`: more replications for a run that is finished, or some of a run alone.
//!
//! A finished run keeps its replications in its folder, so that what is added meets the very numbers that
//! one longer run would have found. Where there is no such run yet they are run as a shard is.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Exit;
use super::folder::manifest_of;
use crate::results::{Build, Meta};

/// Replications from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Range {
    /// The first, from 1.
    pub first: u32,
    /// The last, which belongs to it.
    pub last: u32,
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Range, String> {
        let (first, last) =
            rising(text, "..").ok_or("the first and the last to run, such as 21..40")?;
        Ok(Range { first, last })
    }
}

/// Two numbers with `between` between them, of which the first is at least 1 and at most the second.
pub fn rising(text: &str, between: &str) -> Option<(u32, u32)> {
    let (low, high) = text.split_once(between)?;
    let (low, high) = (low.parse().ok()?, high.parse().ok()?);
    (1 <= low && low <= high).then_some((low, high))
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => write!(f, "replication {}", self.first),
            false => write!(f, "replications {} to {}", self.first, self.last),
        }
    }
}

/// Refuses a folder whose replications are not of the run that is added to.
///
/// # Errors
/// Always, with what is known to differ.
pub fn other_run(dir: &Path) -> Exit {
    let stored = manifest_of(dir).map(|meta: Meta| meta.build.sources);
    let is_other_build = stored.is_ok_and(|sources| sources != Build::this().sources);
    let why = match is_other_build {
        true => "was made by another build of equipoise",
        false => "is of another scenario, of other strategies, or was run with other options",
    };
    Exit::Mistake(format!(
        "error: {} {why}: its replications cannot be joined with new ones\n\
        hint: run as it was run, or all anew (--set run.replications=N)",
        dir.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_both_its_ends() {
        let range = |text: &str| text.parse::<Range>().ok().map(|r| (r.first, r.last));
        assert_eq!(range("21..40"), Some((21, 40)));
        assert_eq!(range("1..1"), Some((1, 1)));
        for wrong in ["40", "0..4", "5..4", "1..", "..4", "1-4", "1...4", "a..b"] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }
}
