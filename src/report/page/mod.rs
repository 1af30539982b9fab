//! `report.html`: the whole answer on one page that needs nothing else.
//!
//! The page is mailed, archived and opened years later, so everything is in the one file: pictures as
//! inline SVG, the style sheet, one small script and no address outside (a content policy forbids
//! them). Its order is that of a reader's questions: what was found and how sure that is, every strategy
//! at every point, what to keep in mind, one point in depth, and what stands behind it. Without the
//! script nothing is missing but the choosing.
//!
//! Names come from scenario files of strangers: all text goes through `maud`'s escaping and
//! `printable`, and tests plant markup in every name.

mod behind;
mod card;
mod depth;
mod figure;
mod judged;
mod matrix;
mod moving;
mod notes;
mod objective;
mod tail;
pub mod why;

use indexmap::IndexSet;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::cells::summary_cell;
use super::grid::Grid;
use super::lookup::Lookup;
use super::verdict_text::extent;
use crate::experiment::recorded::Recorded;
use crate::metrics::columns::MetricRef;
use crate::results::{Best, Cell, Meta, Status, Summary};
use crate::text::{Scale, plain_value, printable};

const CSS: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");
/// Looks of strategies: the baseline's and those of the others, in turn.
const LOOKS: usize = 9;
/// Names up to this length stay on one line.
const SHORT: usize = 26;

/// What the page is made from.
pub struct Page<'a> {
    tables: &'a Lookup<'a>,
    best: Vec<Best>,
    grid: Grid,
    /// Of the strategies that [`why::pair`] names, where jobs were recorded; and of decisions.
    recorded: Option<&'a Recorded>,
}

/// The page, from the tables and from what recorded rows tell.
pub fn page(tables: &Lookup, recorded: &Recorded) -> String {
    let page = Page {
        recorded: Some(recorded),
        ..Page::new(tables)
    };
    let meta = tables.meta();
    let title = printable(&meta.title);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "equipoise " (meta.version) };
                title { (title) }
                style { (PreEscaped(CSS)) }
            }
            body data-page=(page.facts()) {
                (shapes())
                header { h1 { (title) } p.note { (page.extent()) } }
                main { (page.parts()) }
                (behind::provenance(&page))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// Nothing from elsewhere, and no script but the page's own.
fn policy() -> String {
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    )
}

/// The strategies' marks and the hatching, to be used by all pictures.
fn shapes() -> Markup {
    const SHAPES: &str = include_str!("../assets/shapes.svg");
    PreEscaped(SHAPES.to_owned())
}

impl<'a> Page<'a> {
    /// Of the tables.
    pub fn new(tables: &'a Lookup<'a>) -> Page<'a> {
        Page {
            tables,
            best: crate::results::best(tables.results),
            grid: Grid::new(tables),
            recorded: None,
        }
    }

    fn meta(&self) -> &Meta {
        self.tables.meta()
    }

    fn points(&self) -> usize {
        self.tables.points()
    }

    fn strategies(&self) -> std::ops::Range<usize> {
        self.tables.strategies()
    }

    fn baseline(&self) -> usize {
        self.tables.baseline()
    }

    fn cell(&self, point: usize, strategy: usize) -> &Cell {
        self.tables.cell(point, strategy)
    }

    /// The sections in the order of a reader's questions.
    fn parts(&self) -> Markup {
        let judged = judged::judged(self);
        html! {
            (card::card(self, &judged))
            div #ctl {}
            (matrix::section(self))
            (notes::section(self))
            (depth::section(self))
            (why::section(self))
            (why::regret(self))
            (behind::section(self))
        }
    }

    /// What was run; the swept keys and their values in full.
    fn extent(&self) -> Markup {
        let meta = self.meta();
        let values = |key: usize| {
            let values = meta.points.iter().filter_map(|point| point.get(key));
            let found: IndexSet<String> = values.map(|value| plain_value(value)).collect();
            match (found.first().zip(found.last()), found.len()) {
                (Some((first, last)), 9..) => format!("{first} to {last}, {} values", found.len()),
                _ => Vec::from_iter(found).join(", "),
            }
        };
        html! {
            (extent(self.tables).replace(" x ", " × "))
            @if !meta.sweep.is_empty() {
                ". Swept: "
                @for (at, key) in meta.sweep.iter().enumerate() {
                    @if at > 0 { "; " } code { (printable(key)) } " " (values(at))
                }
            }
        }
    }

    /// What the script has to know: strategies with their looks, points, the point to start with.
    fn facts(&self) -> String {
        let look = |s| (s, self.tables.strategy(s), self.look(s), self.shape(s));
        let strategies: Vec<_> = self.strategies().map(look).collect();
        let is_sweep = self.points() > 1;
        let points = depth::points(self).into_iter().filter(|_| is_sweep);
        let points: Vec<_> = points.map(|p| (p, self.tables.point_label(p))).collect();
        serde_json::json!({
            "strategies": strategies,
            "points": points,
            "first": depth::telling(self),
            "baseline": self.baseline(),
        })
        .to_string()
    }

    fn look(&self, strategy: usize) -> usize {
        match self.tables.number(strategy) {
            0 => 0,
            n => 1 + (n - 1) % (LOOKS - 1),
        }
    }

    /// The class that has the strategy's colour.
    fn class(&self, strategy: usize) -> String {
        format!("s{}", self.look(strategy))
    }

    /// The strategy's mark; colours repeat with other marks.
    fn shape(&self, strategy: usize) -> String {
        let mark = match self.tables.number(strategy) {
            0 => 0,
            n => 1 + (n - 1 + (n - 1) / (LOOKS - 1)) % (LOOKS - 1),
        };
        format!("#m{mark}")
    }

    /// The strategy's mark as part of a text.
    fn key(&self, strategy: usize) -> Markup {
        let class = format!("k {}", self.class(strategy));
        html! { svg class=(class) viewBox="0 0 14 14" aria-hidden="true" { use href=(self.shape(strategy)) x="7" y="7" {} } }
    }

    /// Mark and name.
    fn name(&self, strategy: usize) -> Markup {
        let name = self.tables.strategy(strategy);
        let is_short = crate::text::width(&name) <= SHORT;
        html! { span.name.nw[is_short] { (self.key(strategy)) (name) } }
    }

    /// A word beside the baseline's name.
    fn if_baseline(&self, strategy: usize) -> Markup {
        html! { @if strategy == self.baseline() { " " small { "baseline" } } }
    }

    /// "a, b and c".
    fn names(&self, strategies: &[usize]) -> Markup {
        html! { @for (at, strategy) in strategies.iter().enumerate() {
            @if at > 0 && at + 1 == strategies.len() { " and " } @else if at > 0 { ", " }
            (self.name(*strategy))
        } }
    }

    /// The first `most` names, and how many more there are.
    fn few(&self, strategies: &[usize], most: usize) -> Markup {
        let Some(more) = strategies.len().checked_sub(most).filter(|more| *more > 0) else {
            return self.names(strategies);
        };
        html! { @for s in &strategies[..most] { (self.name(*s)) ", " } "and " (more) " more" }
    }

    /// A figure and half of its interval, which is empty where there is none; the word of its mark
    /// where there is no value.
    fn value(&self, figure: &Summary, scale: &Scale) -> (String, String) {
        let text = match (figure.status, figure.mean) {
            (Status::Ok | Status::Exact | Status::Censored, _) | (_, None) => {
                summary_cell(Some(figure), scale)
            }
            (_, Some(mean)) => scale.with_interval(mean, figure.interval()),
        };
        let text = crate::report::words::set(text.trim_end_matches(" exact")).replace(">=", "≥");
        match text.split_once(" ± ") {
            Some((value, half)) => (value.to_owned(), half.to_owned()),
            None => (text, String::new()),
        }
    }

    /// "63.3 ms ± 0.3", as text.
    fn said(&self, figure: Option<&Summary>, scale: &Scale) -> String {
        let Some(figure) = figure else {
            return "n/a".to_owned();
        };
        let (value, half) = self.value(figure, scale);
        let half = match half.is_empty() {
            true => half,
            false => format!(" ± {half}"),
        };
        let mark = sign(figure.status).map_or(String::new(), |(_, word)| format!(", {word}"));
        format!("{value}{half}{mark}")
    }

    /// Strategies in the order of tables: more steady points first, then by distance to the best.
    fn ranked(&self, metric: &MetricRef) -> Vec<usize> {
        let is_lower = metric.metric.reads_lower_better();
        let sign = if is_lower { 1.0 } else { -1.0 };
        let size = |point: usize, s: usize| {
            let figure = self.figure(metric, point, s)?;
            let mean = figure.mean.filter(|_| figure.status != Status::Unstable)?;
            Some(sign * mean)
        };
        let best = |point: usize| {
            let sizes = self.strategies().filter_map(|s| size(point, s));
            sizes.fold(f64::INFINITY, f64::min)
        };
        let rank = |s: &usize| {
            let behind = (0..self.points()).filter_map(|p| Some(size(p, *s)? - best(p)));
            let (count, sum) = behind.fold((0, 0.0), |(n, sum), behind| (n + 1, sum + behind));
            (count, sum / f64::from(count.max(1)))
        };
        let mut order: Vec<(usize, (i32, f64))> =
            self.strategies().map(|s| (s, rank(&s))).collect();
        order.sort_by(|(_, a), (_, b)| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
        order.into_iter().map(|(strategy, _)| strategy).collect()
    }
}

/// The sign of a mark and its word.
fn sign(status: Status) -> Option<(&'static str, &'static str)> {
    match status {
        Status::Thin => Some(("◌", "thin")),
        Status::Growing => Some(("↗", "growing")),
        Status::Heavy => Some(("∞", "heavy")),
        Status::Censored => Some(("≥", "a lower bound")),
        Status::Exact => Some(("=", "exact")),
        Status::Ok | Status::Unstable | Status::NotAvailable => None,
    }
}

/// `text` with what stands between backquotes as code.
fn code(text: &str) -> Markup {
    html! {
        @for (k, part) in printable(text).split('`').enumerate() {
            @if k % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::{Lookup, Recorded, Status};
    use crate::report::says;
    use crate::results::Results;
    use crate::results::sample::Sample;

    fn page(results: &Results) -> String {
        super::page(&Lookup::new(results), &Recorded::default())
    }

    /// What stands between two marks.
    fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
        let rest = page.split_once(start).unwrap().1;
        rest.split_once(end).unwrap().0
    }

    #[test]
    fn markup_in_names_stays_text() {
        let evil = "<script>alert('1')</script>\"&";
        let mut sample = Sample::words(&[evil, "b"], 3);
        sample.meta.title = evil.into();
        sample.meta.sweep = vec![evil.into()];
        for strategy in &mut sample.meta.strategies {
            strategy.name += evil;
            strategy.parts = vec![(evil.into(), evil.into())];
        }
        sample.meta.baseline = sample.meta.strategies[0].name.clone();
        sample.meta.classes[0].name = evil.into();
        sample.meta.decide_on = vec![format!("{evil}.response_p99").parse().unwrap()];
        let meta = &mut sample.meta;
        for texts in [&mut meta.warnings, &mut meta.notes, &mut meta.same_for_all] {
            *texts = vec![evil.into()];
        }
        for text in [
            &mut meta.command,
            &mut meta.scenario_digest,
            &mut meta.engine,
        ] {
            *text = evil.into();
        }
        let page = page(&sample.results());
        assert!(page.matches("<script").count() == 1 && page.contains("&lt;script&gt;alert"));
    }

    /// No rank is told of figures that are not there, nor of a winner on another metric.
    #[test]
    fn a_rank_needs_figures() {
        let mut results = Sample::loads(&[0.8], 3).results();
        let mut without = |strategies: std::ops::Range<usize>| {
            for (s, cell) in results.cells[0].iter_mut().enumerate() {
                for figure in &mut cell.figures {
                    figure.pseudo.truncate(1);
                    if strategies.contains(&s) {
                        (figure.mean, figure.status) = (None, Status::NotAvailable);
                    }
                }
            }
            page(&results)
        };
        says(&without(0..0), &[", the lowest of 3 in this run"]);
        says(&without(0..1), &[", the lowest of the 2 with a figure"]);
        let none = without(0..3);
        says(&none, &["which of the 3 is the lowest is not known"]);
        assert!(!none.contains(", the lowest of"), "{none}");
    }

    #[test]
    fn the_page_refers_to_nothing_outside() {
        let page = page(&Sample::loads(&[0.5, 0.8, 0.9], 5).results());
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha";
        says(&page, &[policy]);
        let script = page.find("<script>").unwrap();
        for outside in ["src=", "@import", "url(http", "<link", "<iframe"] {
            assert!(!page[..script].contains(outside), "found {outside}");
        }
        for request in ["fetch(", "XMLHttp", "import(", "innerHTML", "eval("] {
            assert!(!page[script..].contains(request), "found {request}");
        }
        for (address, inside) in [("http", "http-equiv"), ("href=", "href=\"#")] {
            let [all, inside] = [address, inside].map(|what| page.matches(what).count());
            assert_eq!(all, inside, "{address}");
        }
    }

    /// A browser runs the script only if the policy has its hash.
    #[test]
    fn the_policy_holds_the_hash_of_the_script_as_it_stands_in_the_page() {
        use base64::Engine as _;
        use sha2::{Digest as _, Sha256};
        let page = page(&Sample::loads(&[0.5], 2).results());
        let script = between(&page, "<script>", "</script>");
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
        says(&page, &[&format!("script-src 'sha256-{hash}'")]);
        assert!(script.lines().count() < 300, "the script stays small");
    }

    /// The share that attained its objective is best where it is highest.
    #[test]
    fn a_share_of_successes_is_the_better_the_higher() {
        let mut sample = Sample::loads(&[0.8], 3);
        sample.meta.decide_on = vec!["slo_attained".parse().unwrap()];
        let results = sample.results();
        says(&page(&results), &[", the highest of 3"]);
        let tables = Lookup::new(&results);
        let share = |s: &usize| tables.mean(0, *s, "all", "slo_attained");
        let order = super::Page::new(&tables).ranked(&results.meta.decide_on[0]);
        assert!(
            order.is_sorted_by(|one, next| share(one) >= share(next)),
            "{order:?}"
        );
    }

    #[test]
    fn the_answer_comes_first() {
        let page = page(&Sample::loads(&[0.5, 0.8], 3).results());
        let parts = [
            "least-loaded</span> is best on both deciding metrics at both points",
            "p99 response time",
            ">Mind<",
            "Repeat:",
            "Every strategy at every point",
            "One point in depth",
            "What differs, what is the same, what is assumed",
            "All figures",
        ];
        let found = parts.map(|part| page.find(part).expect(part));
        assert!(found.is_sorted(), "{found:?}");
    }

    #[test]
    fn marks_and_words_stand_in_every_cell() {
        let page = page(&Sample::troubled().results());
        says(&page, &["unstable", "≥", "is unstable at 2 of 4 points"]);
        says(&page, &["class=\"unstable", "notes on these figures"]);
        for never in ["significant", "because", "optimal"] {
            assert!(!page.contains(never), "{never}");
        }
    }

    #[test]
    fn every_strategy_has_a_row_and_the_baseline_is_named() {
        let results = Sample::loads(&[0.5, 0.8], 12).results();
        let page = page(&results);
        let matrix = between(&page, "class=\"st mx", "</table>");
        assert_eq!(matrix.matches("scope=\"row\"").count(), 12);
        assert_eq!(matrix.matches("<small>baseline</small>").count(), 1);
    }

    #[test]
    fn elements_are_closed() {
        let samples = [
            Sample::troubled(),
            Sample::loads(&[0.8], 1),
            Sample::loads(&[0.8], 5),
            Sample::words(&["a", "b"], 12),
        ];
        for sample in samples {
            let page = page(&sample.results());
            let count = |what: String| page.matches(&what).count();
            for tag in "table tr td th details section figure svg ul g path line use p".split(' ') {
                let open = count(format!("<{tag} ")) + count(format!("<{tag}>"));
                assert_eq!(open, count(format!("</{tag}>")), "{tag}");
            }
        }
    }

    #[test]
    fn a_large_run_stays_below_three_megabytes() {
        let loads: Vec<f64> = (1..=120).map(|k| 0.008 * f64::from(k)).collect();
        let page = page(&Sample::loads(&loads, 12).results());
        assert!(page.len() < 3_000_000, "{} bytes", page.len());
    }
}
