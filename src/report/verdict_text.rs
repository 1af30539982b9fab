//! The sentences that say what was found, and nothing more than was found.
//!
//! A comparison with an interval supports six statements and no others; the words for them are
//! here, once, for the terminal, the page and the gate. Never "significant" (it is read as
//! "large"), never "because" (a simulation shows *that*, an experiment on the cause would show
//! *why*). Where there is no verdict, the reason is told, and what may help.

use super::advice::why;
use super::lookup::Lookup;
use crate::metrics::columns::MetricRef;
use crate::results::{Best, ComparisonRow, Status, Summary, Verdict};
use crate::stats::best::Place;
use crate::text::{count, plain_percent, plural, printable, short_percent, significant};

/// The verdict in the words of every table.
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotComparable => "not comparable",
        Verdict::Unstable => "unstable",
        Verdict::Stable => "stable",
        Verdict::NotAvailable => "n/a",
        Verdict::Equivalent => "equivalent",
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// "-70 % better": what a cell of a matrix of verdicts says.
pub fn verdict_cell(row: Option<&ComparisonRow>) -> String {
    let Some(row) = row else { return "n/a".into() };
    let word = word(row.verdict);
    match (row.verdict, row.relative) {
        (Verdict::Better | Verdict::Worse, Some(relative)) => {
            format!("{} % {word}", short_percent(relative))
        }
        _ => word.into(),
    }
}

/// "response_p99 at load 0.8"; of a share, what of it is compared.
fn metric_at(tables: &Lookup, point: usize, metric: &MetricRef) -> String {
    let misses = match metric.metric.counts_misses() {
        true => " (the share that missed)",
        false => "",
    };
    format!("{metric}{misses}{}", tables.at(point))
}

/// Why there is no better, worse or equivalent, and what may help; empty where there is.
pub fn reason(tables: &Lookup, row: &ComparisonRow) -> String {
    match row.verdict {
        Verdict::NotComparable => format!("their {UNEQUAL}{}", objectives(tables, row)),
        Verdict::Unstable => note(tables, row.point, row.strategy, &row.metric),
        Verdict::Stable => {
            let baseline = tables.strategy(tables.baseline());
            format!("the baseline `{baseline}` is unstable")
        }
        Verdict::NotAvailable => unknown(tables, row),
        Verdict::Inconclusive if row.replications < 3 => {
            "an interval takes 3 replications or more".to_owned()
        }
        Verdict::Inconclusive => row.replications_needed.map_or(String::new(), |n| {
            format!("about {} replications may settle it", count(n))
        }),
        Verdict::Better | Verdict::Worse | Verdict::Equivalent => String::new(),
    }
}

/// "; slo_attained 93.2 % against 99.1 %", where the class has an objective.
fn objectives(tables: &Lookup, row: &ComparisonRow) -> String {
    let class = row.metric.part.to_string();
    let attained = |strategy| {
        let share = tables.mean(row.point, strategy, &class, "slo_attained")?;
        Some(significant(share * 100.0, 3))
    };
    let pair = attained(row.strategy).zip(attained(tables.baseline()));
    pair.map_or(String::new(), |(mine, other)| {
        format!("; slo_attained {mine} % against {other} %")
    })
}

/// Why a figure has its mark.
fn note(tables: &Lookup, point: usize, strategy: usize, metric: &MetricRef) -> String {
    let figure = tables.cell(point, strategy).get(metric);
    figure.map_or(String::new(), |figure| figure.note.clone())
}

/// Which of the two has no figure that can be judged, and why.
fn unknown(tables: &Lookup, row: &ComparisonRow) -> String {
    let of = |strategy: usize| {
        let figure = tables.cell(row.point, strategy).get(&row.metric);
        let status = figure.map_or(Status::NotAvailable, |figure| figure.status);
        let note = figure.map_or("", |figure| &figure.note);
        let name = tables.strategy(strategy);
        (!status.stands()).then(|| format!("that of `{name}` is {}: {note}", status.word()))
    };
    let mine = of(row.strategy).or_else(|| of(tables.baseline()));
    mine.unwrap_or_else(|| "they are of unlike numbers of replications".to_owned())
}

/// "best on response_p99: `least-loaded`; `two-choices` within 2 %; `random` at least 31 % behind", a
/// sentence for each deciding metric and point.
pub fn best(tables: &Lookup) -> Vec<String> {
    let all = crate::results::best(tables.results);
    all.iter().map(|best| best_sentence(tables, best)).collect()
}

/// The best, then who is near, who is not told from it, who is behind by how much, and who is left out.
fn best_sentence(tables: &Lookup, best: &Best) -> String {
    let name = |strategy: usize| format!("`{}`", tables.strategy(strategy));
    let margin = tables.meta().margin;
    let mut standings = best.standings.iter();
    let first = standings.next().map(|(strategy, _)| name(*strategy));
    let of = |place: Place| {
        let all = standings.clone();
        all.filter(move |(_, s)| s.place(margin) == place)
    };
    let together = |place: Place, words: &str| {
        let names: Vec<String> = of(place).map(|(strategy, _)| name(*strategy)).collect();
        (!names.is_empty()).then(|| format!("{} {words}", names.join(", ")))
    };
    let behind = of(Place::Behind).map(|(strategy, s)| {
        let size = significant(100.0 * s.at_least.exp_m1(), 2);
        format!("{} at least {size} % behind", name(*strategy))
    });
    let left_out = best.left_out.iter();
    let left_out =
        left_out.map(|(strategy, status)| format!("{} {}", name(*strategy), status.word()));
    let near = together(Place::Near, &format!("within {}", plain_percent(margin)));
    let not_told = together(Place::NotTold, "not told from it");
    let parts = [first, near, not_told].into_iter().flatten();
    let parts: Vec<String> = parts.chain(behind).chain(left_out).collect();
    let at = metric_at(tables, best.point, &best.metric);
    format!("best on {at}: {}", parts.join("; "))
}

/// What marks the deciding figures have, a sentence for each mark and metric: of the figure with the
/// fewest events behind it. (What grows has a warning.)
pub fn marks(tables: &Lookup) -> Vec<String> {
    const TOLD: [Status; 4] = [
        Status::Heavy,
        Status::Thin,
        Status::Censored,
        Status::NotAvailable,
    ];
    let metrics = tables.meta().decide_on.iter();
    let each = metrics.flat_map(|metric| TOLD.map(|status| (metric, status)));
    each.filter_map(|(metric, status)| marked(tables, metric, status))
        .collect()
}

/// The sentence of one mark and metric; the worst figure stands for the others.
fn marked(tables: &Lookup, metric: &MetricRef, status: Status) -> Option<String> {
    let cells = tables.results.all_cells();
    let figures = cells.filter_map(|(at, cell)| Some((at, cell.get(metric)?)));
    let marked = figures.filter(|(_, figure)| figure.status == status);
    type Marked<'a> = ((usize, usize), &'a Summary);
    let marked: Vec<Marked> = marked.collect();
    let events = |figure: &Summary| figure.events.unwrap_or(f64::INFINITY);
    let by_events = |(_, a): &&Marked, (_, b): &&Marked| events(a).total_cmp(&events(b));
    let ((point, strategy), figure) = marked.iter().min_by(by_events)?;
    let more = match marked.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let at = metric_at(tables, *point, metric);
    let name = tables.strategy(*strategy);
    let (word, note) = (status.word(), printable(why(figure)));
    Some(format!("{word}: {at} of `{name}`{more}: {note}"))
}

/// What the words of the tables leave open, a line a verdict.
pub fn open(tables: &Lookup) -> Vec<String> {
    let rows = &tables.results.comparisons;
    let of = |verdict| rows.iter().filter(move |row| row.verdict == verdict);
    let inconclusive = of(Verdict::Inconclusive).count();
    let all = plural(rows.len(), "comparison", "comparisons");
    let settle = (inconclusive > 0).then(|| format!("inconclusive: {inconclusive} of {all}"));
    let lost = of(Verdict::NotComparable).next();
    let lost = lost.map(|_| format!("not comparable: {UNEQUAL}"));
    settle.into_iter().chain(lost).collect()
}

/// Why strategies are not compared that lose jobs unequally.
pub const UNEQUAL: &str =
    "shares of failed, rejected and unfinished jobs differ by more than 0.1 point";

/// "3 loads x 5 strategies x 20 replications of 100,000 jobs, the same jobs for every strategy".
pub fn extent(tables: &Lookup) -> String {
    let meta = tables.meta();
    let mut parts = Vec::new();
    if tables.points() > 1 || !meta.sweep.is_empty() {
        let is_load = meta.sweep.len() == 1 && tables.sweep_label(0) == "load";
        let (one, many) = match is_load {
            true => ("load", "loads"),
            false => ("point", "points"),
        };
        parts.push(plural(tables.points(), one, many));
    }
    parts.push(plural(meta.strategies.len(), "strategy", "strategies"));
    parts.push(meta.replications_text());
    let mut extent = parts.join(" x ");
    if !meta.measured.is_empty() {
        extent += &format!(" of {}", printable(&meta.measured));
    }
    if meta.strategies.len() > 1 {
        extent += ", the same jobs for every strategy";
    }
    extent
}

/// "strategies differ in: placement, view.  Same for all: 10 dispatchers, ..."; empty if neither is known.
pub fn parts_that_differ(tables: &Lookup) -> String {
    let meta = tables.meta();
    let list = |items: &[String]| printable(&items.join(", "));
    let differ = format!("strategies differ in: {}.", list(&meta.differ_in));
    let same = format!("Same for all: {}", list(&meta.same_for_all));
    match (meta.differ_in.is_empty(), meta.same_for_all.is_empty()) {
        (true, true) => String::new(),
        (false, true) => differ,
        (true, false) => same,
        (false, false) => format!("{differ}  {same}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::report::says;
    use crate::results::sample::Sample;

    /// Why a comparison of `two-choices` with `random` at load 0.8 has this verdict.
    fn said(verdict: Verdict) -> String {
        let results = Sample::loads(&[0.5, 0.8], 3).results();
        let mut rows = results.comparisons.iter();
        let is_it = |row: &&ComparisonRow| (row.point, row.strategy) == (1, 2);
        let mut row = rows.find(is_it).unwrap().clone();
        (row.verdict, row.replications_needed) = (verdict, Some(1085));
        reason(&Lookup::new(&results), &row)
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        says(
            &said(Verdict::NotComparable),
            &["differ by more than 0.1 point; slo_attained"],
        );
        let open = said(Verdict::Inconclusive);
        assert_eq!(open, "about 1085 replications may settle it");
        let alone = said(Verdict::Stable);
        assert_eq!(alone, "the baseline `random` is unstable");
        assert_eq!(said(Verdict::Better), "");
    }
}
