//! Messages about a scenario: what is wrong, where, and what to do.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::tree::Span;

/// A text that was read: the file, or an argument of `--set`.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub name: String,
    pub text: String,
    /// Where it starts among all texts.
    pub base: usize,
}

/// One mistake or doubt.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// True for a warning: the run goes on.
    pub warning: bool,
    /// What is wrong.
    pub title: String,
    /// What to do; may have several lines.
    pub hint: String,
    /// Where: a range of bytes of all texts, one behind the other.
    pub span: Option<Span>,
}

/// All messages about a scenario, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The texts, one behind the other.
    pub sources: Vec<Source>,
    list: Vec<Diagnostic>,
}

impl Report {
    /// No messages yet.
    pub fn new(sources: Vec<Source>) -> Report {
        Report {
            sources,
            list: Vec::new(),
        }
    }

    /// Adds a message unless it is there already.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        if !self
            .list
            .iter()
            .any(|old| old.span == diagnostic.span && old.title == diagnostic.title)
        {
            self.list.push(diagnostic);
        }
    }

    /// Adds a doubt about the scenario as a whole.
    pub fn doubt(&mut self, title: impl Into<String>, hint: impl Into<String>) {
        self.add(Diagnostic {
            warning: true,
            title: title.into(),
            hint: hint.into(),
            span: None,
        });
    }

    /// Adds a mistake, unless there is one at the same place.
    pub fn add_at(&mut self, span: Span, title: String, hint: String) {
        if !self
            .list
            .iter()
            .any(|old| !old.warning && old.span.as_ref() == Some(&span))
        {
            self.add(Diagnostic {
                warning: false,
                title,
                hint,
                span: Some(span),
            });
        }
    }

    /// True if a mistake is among the messages.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| !diagnostic.warning)
    }

    /// Brings the messages into the order of the file; those without a place last.
    pub fn sort(&mut self) {
        self.list.sort_by_key(|diagnostic| {
            diagnostic
                .span
                .as_ref()
                .map_or(usize::MAX, |span| span.start)
        });
    }

    /// The messages.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.list
    }

    /// The mistakes.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter().filter(|diagnostic| !diagnostic.warning)
    }

    /// The warnings.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter().filter(|diagnostic| diagnostic.warning)
    }

    /// `file:line:column` of a message, as far as it has a place.
    pub fn place(&self, diagnostic: &Diagnostic) -> String {
        let Some((source, span)) = self.locate(diagnostic) else {
            return self
                .sources
                .first()
                .map_or(String::new(), |source| source.name.clone());
        };
        let before = &source.text[..span.start];
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!(
            "{}:{}:{column}",
            source.name,
            before.matches('\n').count() + 1
        )
    }

    /// The text that a message is about, and the range in it.
    fn locate(&self, diagnostic: &Diagnostic) -> Option<(&Source, Span)> {
        let span = diagnostic.span.clone()?;
        let source = self
            .sources
            .iter()
            .rev()
            .find(|source| source.base <= span.start)?;
        let inside = |at: usize| {
            let at = at.saturating_sub(source.base).min(source.text.len());
            (0..=at)
                .rev()
                .find(|&at| source.text.is_char_boundary(at))
                .unwrap_or(0)
        };
        Some((source, inside(span.start)..inside(span.end)))
    }

    /// The warnings, one sentence each with its place.
    pub fn sentences(&self) -> Vec<String> {
        self.warnings()
            .map(|warning| format!("{}: {}", self.place(warning), warning.title))
            .collect()
    }

    /// All messages as text, with the lines they are about.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let texts: Vec<String> = self
            .list
            .iter()
            .map(|diagnostic| self.render_one(diagnostic, &renderer))
            .collect();
        texts.join("\n\n")
    }

    fn render_one(&self, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
        let level = if diagnostic.warning {
            Level::WARNING
        } else {
            Level::ERROR
        };
        let (label, helps) = match diagnostic.hint.split_once('\n') {
            Some((label, helps)) => (label, helps),
            None => (diagnostic.hint.as_str(), ""),
        };
        let title = level.primary_title(diagnostic.title.as_str());
        let mut group: Group<'_> = match self.locate(diagnostic) {
            Some((source, span)) => {
                let annotation = AnnotationKind::Primary
                    .span(first_line(&source.text, span))
                    .label(label);
                title.element(
                    Snippet::source(source.text.as_str())
                        .path(source.name.as_str())
                        .annotation(annotation),
                )
            }
            None => {
                let name = self
                    .sources
                    .first()
                    .map_or("", |source| source.name.as_str());
                title
                    .element(Origin::path(name))
                    .element(Level::HELP.message(label))
            }
        };
        for help in helps.lines().filter(|line| !line.is_empty()) {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

/// The part of a range that lies on its first line, and at least one character of it.
fn first_line(text: &str, span: Span) -> Span {
    let line = text[span.start..]
        .find('\n')
        .map_or(text.len(), |length| span.start + length);
    span.start..span.end.clamp(span.start, line.max(span.start))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}
