//! Messages about a scenario: what is wrong, where, and what to do.
//!
//! A message is for somebody who did not write this program: the line is shown with the spot
//! underlined, the hint says what to write, and no word is a name of a type. Warnings are the same,
//! but do not stop a run.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::tree::Span;
use crate::text::{LINE, folded, width};

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
    /// Messages that were not kept.
    more: usize,
}

/// Most messages that are shown, and that are kept: telling them takes no longer than reading did.
const SHOWN: usize = 20;
const KEPT: usize = 200;

impl Report {
    /// No messages yet.
    pub fn new(sources: Vec<Source>) -> Report {
        Report {
            sources,
            list: Vec::new(),
            more: 0,
        }
    }

    /// True if so many mistakes were found that nobody wants the rest.
    pub fn is_full(&self) -> bool {
        self.list.len() >= KEPT
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        match self.is_full() {
            true => self.more += 1,
            false => self.list.push(diagnostic),
        }
    }

    /// Adds a message unless it is there already.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        let is_it = |old: &Diagnostic| old.span == diagnostic.span && old.title == diagnostic.title;
        if !self.list.iter().any(is_it) {
            self.push(diagnostic);
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
    pub fn add_at(&mut self, span: Span, title: impl Into<String>, hint: impl Into<String>) {
        let span = Some(span);
        if !self.errors().any(|old| old.span == span) {
            self.push(Diagnostic {
                warning: false,
                title: title.into(),
                hint: hint.into(),
                span,
            });
        }
    }

    /// True if a mistake is among the messages.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| !diagnostic.warning)
    }

    /// Brings the messages into the order of the file; those without a place last.
    pub fn sort(&mut self) {
        let start = |said: &Diagnostic| said.span.as_ref().map_or(usize::MAX, |span| span.start);
        self.list.sort_by_key(start);
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
    pub fn location(&self, diagnostic: &Diagnostic) -> String {
        let Some((source, span)) = self.locate(diagnostic) else {
            return self.file().to_owned();
        };
        let before = &source.text[..span.start];
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let line = before.matches('\n').count() + 1;
        format!("{}:{line}:{column}", source.name)
    }

    /// Name of the scenario's file.
    fn file(&self) -> &str {
        self.sources.first().map_or("", |source| &source.name)
    }

    /// The text that a message is about, and the range in it.
    fn locate(&self, diagnostic: &Diagnostic) -> Option<(&Source, Span)> {
        let span = diagnostic.span.clone()?;
        let mut sources = self.sources.iter().rev();
        let source = sources.find(|source| source.base <= span.start)?;
        let inside = |at: usize| {
            let at = at.saturating_sub(source.base).min(source.text.len());
            let mut down = (0..=at).rev();
            down.find(|&at| source.text.is_char_boundary(at))
                .unwrap_or(0)
        };
        Some((source, inside(span.start)..inside(span.end)))
    }

    /// The warnings, one sentence each, without the place: a copy of the scenario gives the same.
    pub fn sentences(&self) -> Vec<String> {
        let warnings = self.warnings();
        warnings.map(|said| said.title.clone()).collect()
    }

    /// All messages as text, with the lines they are about.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let renderer = renderer.term_width(LINE);
        // Mistakes first, if not all can be shown: the doubts will be told when they are mended.
        let fits = self.list.len() <= SHOWN;
        let shown: Vec<&Diagnostic> = match fits {
            true => self.list.iter().collect(),
            false => self.errors().chain(self.warnings()).take(SHOWN).collect(),
        };
        let left = self.list.len() + self.more - shown.len();
        let more = (left > 0).then(|| format!("... and {left} more messages"));
        let render = |diagnostic| self.render_one(diagnostic, &renderer);
        let texts = shown.into_iter().map(render).chain(more);
        texts.collect::<Vec<String>>().join("\n\n")
    }

    fn render_one(&self, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
        let level = if diagnostic.warning {
            Level::WARNING
        } else {
            Level::ERROR
        };
        let mut helps: Vec<&str> = diagnostic.hint.lines().collect();
        let title = level.primary_title(diagnostic.title.as_str());
        let mut group: Group<'_> = match self.locate(diagnostic) {
            Some((source, span)) => {
                let span = first_line(&source.text, span);
                let fits = |label: &&str| fits(&source.text, &span, label);
                let label = helps.first().copied().filter(fits);
                helps.drain(..usize::from(label.is_some()));
                let spot = AnnotationKind::Primary.span(span).label(label);
                title.element(
                    Snippet::source(&source.text)
                        .path(&source.name)
                        .annotation(spot),
                )
            }
            None => title.element(Origin::path(self.file())),
        };
        for help in helps.into_iter().filter(|line| !line.is_empty()) {
            group = group.element(Level::HELP.message(below(help)));
        }
        renderer.render(&[group])
    }
}

/// True if `label` ends within the terminal's line where it stands behind what is underlined.
fn fits(text: &str, span: &Span, label: &str) -> bool {
    let number = text[..span.start].matches('\n').count() + 1;
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let before = number.to_string().len() + " |  ".len() + width(&text[start..span.end]);
    before + width(label) <= LINE
}

/// `help` in lines that fit beside what stands before them, as in "123 = help: ".
fn below(help: &str) -> String {
    let lines = folded(&format!("{:12}{help}", ""));
    let lines: Vec<&str> = lines.lines().map(str::trim_start).collect();
    lines.join("\n")
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
