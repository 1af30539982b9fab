//! What to keep in mind: warnings about the scenario and marks of figures, merged by kind.
//!
//! Twenty figures with the same mark are one note that names the worst: a list that repeats itself is not read.

use maud::{Markup, html};

use super::{Page, code};
use crate::report::verdict_text::{UNEQUAL, marks};
use crate::results::Verdict;
use crate::text::count as grouped;

/// All notes.
fn all(page: &Page) -> Vec<String> {
    let meta = page.meta();
    let mut notes = meta.warnings.clone();
    notes.extend(marks(page.tables));
    notes.extend(open(page));
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

/// What the verdicts leave open.
fn open(page: &Page) -> Vec<String> {
    let rows = &page.tables.results.comparisons;
    let of = |verdict| rows.iter().filter(move |row| row.verdict == verdict);
    let inconclusive = of(Verdict::Inconclusive).count();
    let most = of(Verdict::Inconclusive)
        .filter_map(|row| row.replications_needed)
        .max();
    let cure = most.map_or(String::new(), |most| {
        format!("; about {} replications may settle all", grouped(most))
    });
    let settle = (inconclusive > 0).then(|| {
        format!(
            "inconclusive: {inconclusive} of {} comparisons{cure}",
            rows.len()
        )
    });
    let lost = of(Verdict::NotComparable).next();
    let lost = lost.map(|_| format!("not comparable: {UNEQUAL}"));
    settle.into_iter().chain(lost).collect()
}
