//! How much longer a run would have to be: one number for all that it leaves open, and what needs it.
//!
//! A figure and a comparison each know what they need by themselves. Who runs again does so once, and so all
//! of them are told the most that any needs.

use super::lookup::Lookup;
use crate::results::{Status, Summary, Verdict};
use crate::text::{rounded_up, toml_number};

/// What would settle something.
struct Cure {
    replications: f64,
    /// The keys to set.
    keys: String,
    /// What it is for.
    of: String,
}

/// "run.jobs = 25_000 or run.replications = 82 may settle all of this; response_p99 of `random` needs most";
/// nothing where nothing is open that a longer run would tell.
pub fn advice(tables: &Lookup) -> Option<String> {
    let cures: Vec<Cure> = of_figures(tables).chain(of_comparisons(tables)).collect();
    let by_size = |one: &&Cure, other: &&Cure| one.replications.total_cmp(&other.replications);
    let most = cures.iter().max_by(by_size)?;
    let (keys, of) = (&most.keys, &most.of);
    Some(match cures.len() {
        1 => format!("{keys} may settle {of}"),
        _ => format!("{keys} may settle all of this; {of} needs most"),
    })
}

/// Why a figure does not stand; what a thin one needs is told for all of them.
pub fn why(figure: &Summary) -> &str {
    match (figure.status, figure.cure()) {
        (Status::Thin, Some((why, _, _))) => why,
        _ => &figure.note,
    }
}

/// What the thin ones of the deciding figures need.
fn of_figures<'a>(tables: &'a Lookup) -> impl Iterator<Item = Cure> + 'a {
    let cells = tables.results.all_cells();
    let figures = cells.flat_map(|(at, cell)| {
        let metrics = tables.meta().decide_on.iter();
        metrics.filter_map(move |metric| Some((at, cell.get(metric)?)))
    });
    let thin = figures.filter(|(_, figure)| figure.status == Status::Thin);
    thin.filter_map(|((point, strategy), figure)| {
        let (_, keys, replications) = figure.cure()?;
        Some(Cure {
            replications,
            keys: keys.to_owned(),
            of: of(tables, (point, strategy), &figure.key.to_string()),
        })
    })
}

/// What the comparisons need that are inconclusive.
fn of_comparisons<'a>(tables: &'a Lookup) -> impl Iterator<Item = Cure> + 'a {
    let rows = tables.results.comparisons.iter();
    let open = rows.filter(|row| row.verdict == Verdict::Inconclusive);
    open.filter_map(|row| {
        let replications = rounded_up(row.replications_needed? as f64);
        let base = tables.strategy(tables.baseline());
        let what = of(tables, (row.point, row.strategy), &row.metric.to_string());
        Some(Cure {
            replications,
            keys: format!("run.replications = {}", toml_number(replications)),
            of: format!("{what} against `{base}`"),
        })
    })
}

/// "response_p99 of `random` at load 0.8".
fn of(tables: &Lookup, (point, strategy): (usize, usize), metric: &str) -> String {
    let (name, at) = (tables.strategy(strategy), tables.at(point));
    format!("{metric} of `{name}`{at}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::results::sample::Sample;

    /// What is told where each (strategy, metric) is thin with its cure and each row needs so many.
    fn told(thin: &[(usize, &str)], needed: &[u64]) -> Option<String> {
        let mut results = Sample::loads(&[0.8], 3).results();
        let metric = results.meta.decide_on[0].clone();
        for row in &mut results.comparisons {
            (row.verdict, row.replications_needed) = (Verdict::Better, None);
        }
        for (row, needed) in results.comparisons.iter_mut().zip(needed) {
            (row.verdict, row.replications_needed) = (Verdict::Inconclusive, Some(*needed));
        }
        let cells = results.cells.iter_mut().flatten();
        for figure in cells.flat_map(|cell| &mut cell.figures) {
            figure.status = Status::Ok;
        }
        for (strategy, cure) in thin {
            let figures = &mut results.cells[0][*strategy].figures;
            let figure = figures.iter_mut().find(|f| f.key == metric).unwrap();
            (figure.status, figure.note) = (Status::Thin, format!("few; {cure} would do"));
            // What no longer run cures is told with the figure itself.
            let is_cured = cure.contains("run.replications");
            assert_eq!(why(figure) == "few", is_cured, "{cure}");
        }
        advice(&Lookup::new(&results))
    }

    #[test]
    fn one_number_for_all_and_what_needs_it() {
        let short = "run.jobs = 4_000 or run.replications = 26";
        let long = "run.jobs = 25_000 or run.replications = 1_800";
        assert_eq!(told(&[], &[]), None);
        let one = told(&[(0, short)], &[]).unwrap();
        assert_eq!(one, format!("{short} may settle response_p99 of `random`"));
        let two = told(&[(0, short), (1, long)], &[17]).unwrap();
        let start = format!("{long} may settle all of this; response_p99");
        assert!(two.starts_with(&start), "{two}");
        let open = told(&[(0, short)], &[148]).unwrap();
        let start = "run.replications = 150 may settle all of this; response_p99 of `";
        assert!(open.starts_with(start), "{open}");
        assert!(open.ends_with("against `random` needs most"), "{open}");
        assert_eq!(told(&[(0, "judge a commoner quantile")], &[]), None);
    }
}
