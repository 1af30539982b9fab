//! What all that resolves shares: the key in the document that is spoken of, and what is said of
//! it.
//!
//! Resolution checks what types cannot: that names refer to something, that sums fit, that keys go
//! together. Each step narrows a [`Check`] to the key it looks at, so that a message carries its
//! line without anybody passing spans about; and it keeps silent about a section that was cut out
//! already, since that mistake has been told.

use std::sync::Arc;

use super::files::Files;
use crate::engine::law::Law;
use crate::engine::law::spec::LawSpec;
use crate::engine::quantity::{LONGEST, Quantity};
use crate::scenario::Registry;
use crate::scenario::text::messages::{Diagnostic, Report};
use crate::scenario::text::mistakes::Cut;
use crate::scenario::text::suggest;
use crate::scenario::text::tree::{Key, Node, Span, span_of};
use crate::strategy::Blueprint;

/// A place in a document that is being checked.
pub struct Check<'a> {
    report: &'a mut Report,
    /// The document as it was before wrong pieces were cut out.
    tree: &'a Node,
    /// The pieces that were cut out.
    cut: &'a [Cut],
    /// The document without those pieces.
    sound: &'a Node,
    /// Other files.
    pub files: &'a Files,
    /// Placements that may be named.
    registry: &'a Registry,
    /// The place.
    path: Vec<String>,
}

impl<'a> Check<'a> {
    /// The document as a whole.
    pub fn new(
        report: &'a mut Report,
        tree: &'a Node,
        (sound, cut): (&'a Node, &'a [Cut]),
        (files, registry): (&'a Files, &'a Registry),
    ) -> Self {
        Check {
            report,
            tree,
            cut,
            sound,
            files,
            registry,
            path: Vec::new(),
        }
    }
}

impl Check<'_> {
    /// The place of a dotted path below this one.
    pub fn at(&mut self, below: &str) -> Check<'_> {
        self.below(below.split('.').map(str::to_owned))
    }

    /// The place of something that the user names, or of a place in a list.
    pub fn name(&mut self, name: impl ToString) -> Check<'_> {
        self.below([name.to_string()])
    }

    /// The placement that is given here.
    pub fn placement(&self) -> Option<Arc<dyn Blueprint>> {
        let node = self.sound.at(&self.path)?;
        self.registry.read(node.clone()).ok()
    }

    /// The same check further down the tree: all that is said there is said with that place.
    fn below(&mut self, steps: impl IntoIterator<Item = String>) -> Check<'_> {
        Check {
            report: self.report,
            tree: self.tree,
            cut: self.cut,
            sound: self.sound,
            files: self.files,
            registry: self.registry,
            path: self.path.iter().cloned().chain(steps).collect(),
        }
    }

    /// True if nothing in the whole document was found wrong so far.
    pub fn is_right(&self) -> bool {
        !self.report.has_errors()
    }

    /// True if a wrong piece was cut out here or below.
    pub fn is_cut(&self) -> bool {
        self.cut.iter().any(|cut| cut.path.starts_with(&self.path))
    }

    /// True if a wrong piece was cut out in a section.
    pub fn is_cut_in(&self, section: &str) -> bool {
        self.cut
            .iter()
            .any(|cut| cut.path.first().is_some_and(|first| first == section))
    }

    /// True if `name` is one of the `known` names of a section, or some of those were cut out;
    /// else says so.
    pub fn knows(&mut self, section: &str, name: &str, known: &[&str]) -> bool {
        let (one, many) = match section {
            "nodes" => ("node group", "node groups"),
            "stages" => ("stage", "stages"),
            "zones" => ("zone", "zones"),
            _ => ("strategy", "strategies"),
        };
        let is_known = known.contains(&name) || self.is_cut_in(section);
        if !is_known {
            let hint = suggest::hint(name, known, many);
            self.error(format!("there is no {one} `{name}`"), hint);
        }
        is_known
    }

    /// True if the document had something here, right or wrong.
    pub fn was_there(&self) -> bool {
        self.tree.at(&self.path).is_some()
    }

    /// Where what is here was written: beside the strategy itself, or where it takes it over from.
    pub fn written(&self) -> Option<Span> {
        self.tree.at(&self.path).map(|node| node.span.clone())
    }

    /// What is here.
    pub fn node(&self) -> Option<Node> {
        self.tree.at(&self.path).cloned()
    }

    /// The entries of the table here.
    pub fn entries(&self) -> Vec<(String, Node)> {
        let entries = self.tree.at(&self.path).map_or(&[][..], Node::entries);
        let entry = |(key, node): &(Key, Node)| (key.text.clone(), node.clone());
        entries.iter().map(entry).collect()
    }

    /// A mistake, unless what is here was already found wrong.
    pub fn error(&mut self, title: impl Into<String>, hint: impl Into<String>) {
        self.say(false, span_of(self.tree, &self.path), title, hint);
    }

    /// A doubt.
    pub fn warn(&mut self, title: impl Into<String>, hint: impl Into<String>) {
        self.say(true, span_of(self.tree, &self.path), title, hint);
    }

    /// A mistake in the key rather than in its value.
    pub fn error_key(&mut self, title: impl Into<String>, hint: impl Into<String>) {
        let key = self
            .path
            .split_last()
            .and_then(|(key, table)| self.tree.at(table)?.get(key));
        let span = key.map(|(key, _)| key.span.clone());
        self.say(false, span.or(span_of(self.tree, &self.path)), title, hint);
    }

    /// This table lacks `key`, if that was not cut out, nor a key that it may have been meant by.
    pub fn lacks(&mut self, key: &str, hint: impl Into<String>) {
        let has_it = |cut: &Cut| {
            let inside = cut.path.strip_prefix(self.path.as_slice());
            let is_misspelt = |inside: &[String]| cut.unknown && inside.len() == 1;
            inside.is_some_and(|inside| {
                inside.first().is_some_and(|k| k == key) || is_misspelt(inside)
            })
        };
        if self.cut.iter().any(has_it) {
            return;
        }
        self.report.add(Diagnostic {
            warning: false,
            title: format!("[{}] lacks `{key}`", self.path.join(".")),
            hint: hint.into(),
            span: span_of(self.tree, &self.path),
        });
    }

    /// Keeps a message, unless the place was cut out while reading: what was wrong there has been told already.
    fn say(
        &mut self,
        warning: bool,
        span: Option<Span>,
        title: impl Into<String>,
        hint: impl Into<String>,
    ) {
        if !self.is_cut() {
            let (title, hint) = (title.into(), hint.into());
            self.report.add(Diagnostic {
                warning,
                title,
                hint,
                span,
            });
        }
    }

    /// Checks a name that the user chose in the section here: it is a step of dotted paths, a word
    /// of tables and files.
    pub fn check_name(&mut self, name: &str) {
        let allowed =
            |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '+' | '(' | ')' | '=' | ' ');
        let section = self.path.join(".");
        if name.is_empty() || !name.chars().all(allowed) {
            let title = format!("`{name}` cannot be a name in [{section}]");
            let hint = "names have letters, digits, spaces and - _ + = ( )";
            self.name(name).error(title, hint);
        } else if name == "all" && section.starts_with("jobs") {
            let title = "`all` is what tables call all classes together";
            self.name(name).error(title, "choose another name");
        }
    }

    /// The law here; nothing if it is wrong.
    pub fn law<Q: Quantity>(&mut self, spec: &LawSpec<Q>) -> Option<Law> {
        let files = self.files;
        match spec.law(&|file, column| files.column(file, column)) {
            Ok(law)
                if Q::DOMAIN.high == LONGEST && law.mean() > LONGEST && law.mean().is_finite() =>
            {
                let title = "the mean of this law is above 290 years";
                self.error(title, "write smaller parameters");
                None
            }
            Ok(law) => Some(law),
            Err(no_law) => {
                let said = no_law.message.as_str();
                let (title, hint) = said.split_once('\n').unwrap_or((said, ""));
                self.at(no_law.key).error(title, hint);
                None
            }
        }
    }
}
