//! What the checks of all sections share: the messages, and where a path was written.

use super::files::Files;
use crate::engine::dist::Dist;
use crate::engine::law::Law;
use crate::engine::quantity::{LONGEST, Quantity};
use crate::scenario::text::messages::{Diagnostic, Report};
use crate::scenario::text::mistakes::Cut;
use crate::scenario::text::tree::{Node, Span, span_of, steps};

/// A document that is being checked.
pub struct Check<'a> {
    pub report: &'a mut Report,
    /// The document as it was before wrong pieces were cut out.
    pub tree: &'a Node,
    /// Paths of the pieces that were cut out.
    pub cut: &'a [Cut],
    /// Other files.
    pub files: &'a Files,
}

impl Check<'_> {
    /// True if a wrong piece was cut out at `path` or below it.
    pub fn is_cut(&self, path: &str) -> bool {
        let path = steps(path);
        self.cut.iter().any(|cut| cut.path.starts_with(&path))
    }

    /// True if the document had something at `path`, right or wrong.
    pub fn was_there(&self, path: &str) -> bool {
        self.tree.at(&steps(path)).is_some()
    }

    /// A mistake at `path`, unless what is there was already found wrong.
    pub fn error(&mut self, path: &str, title: impl Into<String>, hint: impl Into<String>) {
        self.say(false, path, title.into(), hint.into());
    }

    /// A doubt about `path`.
    pub fn warn(&mut self, path: &str, title: impl Into<String>, hint: impl Into<String>) {
        self.say(true, path, title.into(), hint.into());
    }

    /// The table at `path` lacks `key`.
    pub fn lacks(&mut self, path: &str, key: &str, hint: impl Into<String>) {
        let table = steps(path);
        let misspelt = |cut: &Cut| {
            cut.unknown && cut.path.len() == table.len() + 1 && cut.path.starts_with(&table)
        };
        if self.is_cut(&format!("{path}.{key}")) || self.cut.iter().any(misspelt) {
            return;
        }
        let span = span_of(self.tree, &table);
        self.add(false, span, format!("[{path}] lacks `{key}`"), hint.into());
    }

    /// A mistake in the key at `path`.
    pub fn error_key(&mut self, path: &str, title: impl Into<String>, hint: impl Into<String>) {
        let steps = steps(path);
        let parent = self.tree.at(&steps[..steps.len() - 1]);
        let key = parent
            .and_then(|node| node.get(&steps[steps.len() - 1]))
            .map(|(key, _)| key.span.clone());
        if !self.is_cut(path) {
            self.add(
                false,
                key.or(span_of(self.tree, &steps)),
                title.into(),
                hint.into(),
            );
        }
    }

    /// A whole section is missing.
    pub fn missing(&mut self, section: &str, title: &str, hint: &str) {
        if !self.is_cut(section) {
            self.say(false, section, title.to_owned(), hint.to_owned());
        }
    }

    fn say(&mut self, warning: bool, path: &str, title: String, hint: String) {
        if self.is_cut(path) {
            return;
        }
        let span = span_of(self.tree, &steps(path));
        self.add(warning, span, title, hint);
    }

    fn add(&mut self, warning: bool, span: Option<Span>, title: String, hint: String) {
        self.report.add(Diagnostic {
            warning,
            title,
            hint,
            span,
        });
    }

    /// Checks a name that the user chose: it is a step of dotted paths, a word of tables and files.
    pub fn name(&mut self, section: &str, name: &str) {
        let allowed =
            |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '+' | '(' | ')' | '=' | ' ');
        let path = format!("{section}.{name}");
        if name.is_empty() || !name.chars().all(allowed) {
            let title = format!("`{name}` cannot be a name in [{section}]");
            self.error(&path, title, "names have letters, digits, - and _");
        } else if name == "all" && section.starts_with("jobs") {
            self.error(
                &path,
                "`all` is what tables call all classes together",
                "choose another name",
            );
        }
    }

    /// The law at `path`; nothing if it is wrong.
    pub fn law<Q: Quantity>(&mut self, path: &str, dist: &Dist<Q>) -> Option<Law> {
        let files = self.files;
        match dist.law(&|file, column| files.column(file, column)) {
            Ok(law)
                if Q::KIND.high == LONGEST && law.mean() > LONGEST && law.mean().is_finite() =>
            {
                self.error(
                    path,
                    "the mean of this law is above 290 years",
                    "write smaller parameters",
                );
                None
            }
            Ok(law) => Some(law),
            Err(fault) => {
                let (title, hint) = fault
                    .message
                    .split_once('\n')
                    .unwrap_or((&fault.message, ""));
                self.error(&format!("{path}.{}", fault.key), title, hint);
                None
            }
        }
    }

    /// The mean of a law that a load is computed from.
    pub fn finite(&mut self, path: &str, mean: f64) -> Option<f64> {
        if mean.is_finite() {
            return Some(mean);
        }
        let hint = "raise `shape` above 1, bound the law with bounded-pareto, or give a rate instead of a load";
        self.error(path, "a load is asked for, but this law has no mean", hint);
        None
    }
}
