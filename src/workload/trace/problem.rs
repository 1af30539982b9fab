//! What went wrong with a trace, in words for the user.
//!
//! Real logs are dirty. The first bad row is shown with its line, all are counted by reason, and
//! the hint says how to leave them out, so that dropping rows is a decision and never a silence.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a trace cannot be used, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// True if the user can mend it (the file or the scenario is wrong), false if the machine failed.
    pub mistake: bool,
    /// The file, or the name that was looked for.
    pub file: PathBuf,
    /// The row that shows it.
    pub row: Option<Box<BadRow>>,
    /// What is wrong.
    pub message: String,
    /// How many rows are wrong in all, by reason, in order of first appearance.
    pub reasons: Vec<(String, u64)>,
    /// What to do.
    pub hint: Option<String>,
}

/// One row of a trace in a [`Problem`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// The line's text, shortened; empty if it cannot be shown.
    pub text: String,
}

impl Problem {
    /// Something that the user can mend.
    pub(super) fn mistake(file: &Path, message: impl Into<String>) -> Problem {
        Problem {
            mistake: true,
            file: file.to_path_buf(),
            row: None,
            message: message.into(),
            reasons: Vec::new(),
            hint: None,
        }
    }

    /// A failure of the machine.
    pub(super) fn machine(file: &Path, message: impl Into<String>) -> Problem {
        Problem {
            mistake: false,
            ..Problem::mistake(file, message)
        }
    }

    pub(super) fn at(self, line: u64, text: &str) -> Problem {
        Problem {
            row: Some(Box::new(BadRow {
                line,
                text: shorten(text),
            })),
            ..self
        }
    }

    /// With all reasons why rows are wrong, and how many are.
    pub(super) fn because(self, reasons: Vec<(String, u64)>) -> Problem {
        Problem { reasons, ..self }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Problem {
        Problem {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl fmt::Display for Problem {
    /// `file:line: message`, then the line, the counts and the hint, each on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(row) = &self.row {
            write!(f, ":{}", row.line)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(row) = self.row.as_ref().filter(|row| !row.text.is_empty()) {
            write!(f, "\n  | {}", row.text)?;
        }
        for (reason, count) in &self.reasons {
            write!(f, "\n  {count} x {reason}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// At most 100 characters of a line.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 100;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

/// The name among `known` that `wrong` was most likely meant to be.
pub(super) fn nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let alike = |name: &str| strsim::jaro_winkler(&wrong.to_lowercase(), &name.to_lowercase());
    let (score, name) = known
        .into_iter()
        .map(|name| (alike(name), name))
        .reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    (score > 0.8).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_what_where_and_what_to_do() {
        let mut problem =
            Problem::mistake(Path::new("log.swf"), "the run time (field 4) is below 0")
                .at(7, &"x".repeat(300))
                .hint("drop such rows with `invalid = \"drop\"`");
        problem.reasons = vec![("the run time (field 4) is below 0".to_string(), 3)];
        let expected = format!(
            "log.swf:7: the run time (field 4) is below 0\n  | {}...\n  3 x the run time (field 4) is below 0\n  \
             hint: drop such rows with `invalid = \"drop\"`",
            "x".repeat(100)
        );
        assert_eq!(problem.to_string(), expected);
    }

    #[test]
    fn names_are_suggested_only_when_alike() {
        assert_eq!(nearest("arival", ["work", "arrival"]), Some("arrival"));
        assert_eq!(nearest("arival", ["work", "cores"]), None);
    }
}
