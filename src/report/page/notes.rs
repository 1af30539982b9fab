//! What to keep in mind: warnings about the scenario and marks of figures, merged by kind.
//!
//! Twenty figures with the same mark are one note that names the worst: a list that repeats itself is not read.

use maud::{Markup, html};

use super::{Page, code};
use crate::report::advice::advice;
use crate::report::verdict_text::{marks, open};

/// All notes.
fn all(page: &Page) -> Vec<String> {
    let meta = page.meta();
    let mut notes = meta.warnings.clone();
    notes.extend(open(page.tables));
    notes.extend(marks(page.tables));
    notes.extend(advice(page.tables));
    notes.extend(meta.notes.iter().cloned());
    notes
}

/// How many there are.
pub fn count(page: &Page) -> usize {
    all(page).len()
}

/// The section; nothing where there is nothing to say.
pub fn section(page: &Page) -> Markup {
    let notes = all(page);
    html! { @if !notes.is_empty() { section #notes {
        h2 { "Notes on these figures" }
        ul { @for note in &notes { li { (code(note)) } } }
    } } }
}
