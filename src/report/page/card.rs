//! The answer card: who is best, how much, how sure, the objective, one caveat, one line to repeat.
//!
//! It is all that a manager reads, and so it says no more than the verdicts below it: who is best is
//! what Hsu's intervals leave (not a rank), a change has its interval, and there is always one caveat,
//! the strongest that applies.

use maud::{Markup, html};

use super::judged::{Case, Judged, as_good, case};
use super::objective::{Keeps, keeps, share_within, slo_of};
use super::words::{and, heading, set, words};
use super::{Page, code, quoted};
use crate::metrics::columns::MetricRef;
use crate::report::cells::{change_with, lower_or_higher};
use crate::report::scales::scale;
use crate::results::{Agreement, ComparisonRow, Status, Verdict};
use crate::text::{Scale, plain_percent, printable, significant};

/// Tiles at most; further deciding metrics are in the matrices alone.
const TILES: usize = 4;
/// Names in a list at most.
const NAMED: usize = 4;

/// The card.
pub fn card(page: &Page, judged: &[Judged]) -> Markup {
    let case = case(page, judged);
    let winner = match &case {
        Case::One(winner, _) | Case::Alone(winner) => Some(*winner),
        Case::Lowest(winners) => winners.first().copied(),
        _ => None,
    };
    let metrics = page.tables.meta().decide_on.iter().enumerate().take(TILES);
    html! { section.card aria-label="The answer" {
        (headline(page, &case, judged))
        div.tiles { @for (number, metric) in metrics { (tile(page, metric, winner, &of(judged, number))) } }
        p.caveat { strong { "Mind" } " " (caveat(page, judged)) }
        (repeat(page))
    } }
}

fn of(judged: &[Judged], metric: usize) -> Vec<&Judged> {
    judged.iter().filter(|one| one.metric == metric).collect()
}

fn headline(page: &Page, case: &Case, judged: &[Judged]) -> Markup {
    let on = on(page, judged);
    let count = page.tables.strategies().len();
    match case {
        Case::Alone(one) => {
            html! { p.say { (page.name(*one)) " was run alone: there is nothing to compare it with." } }
        }
        Case::NoneSteady => {
            html! { p.say { "No strategy holds this load: all " (count) " are unstable." } }
        }
        Case::TooShort => html! { p.say { "This run is too short to know its deciding metrics." } },
        Case::Untold => {
            html! { p.say { "This run cannot tell which strategy is best." } p.sub { "That takes 3 replications or more." } }
        }
        Case::One(winner, true) => {
            html! { p.say { (page.name(*winner)) " is best on " (on) "." (near(page, *winner)) } (alone_under(page)) }
        }
        Case::One(winner, false) => {
            html! { p.say { (page.name(*winner)) " is best, or cannot be told from the best, on " (on) "." (near(page, *winner)) } (alone_under(page)) }
        }
        Case::Lowest(all) => html! {
            p.say { (page.name(all[0])) " has the best figures on " (on) "." }
            p.sub { "This run cannot tell it from " (page.names(&all[1..])) "." }
        },
        Case::Several(all) => {
            html! { p.say { (page.names(all)) " cannot be told apart, and none is shown to be better, on " (on) "." } }
        }
        Case::All(many) => {
            html! { p.say { "The " (many) " strategies cannot be told apart on " (on) "." } }
        }
        Case::Depends => html! { p.say { "It depends." } p.sub { (depends(page, judged)) } },
    }
}

/// "both deciding metrics at all 6 points".
fn on(page: &Page, judged: &[Judged]) -> String {
    let metrics = &page.tables.meta().decide_on;
    let known = (0..metrics.len()).filter(|number| !of(judged, *number).is_empty());
    let known: Vec<usize> = known.collect();
    let what = match known[..] {
        [only] if metrics.len() == 1 => words(&metrics[only]),
        [only] => format!(
            "{}, the one deciding metric that this run can know",
            words(&metrics[only])
        ),
        [_, _] if metrics.len() == 2 => "both deciding metrics".to_owned(),
        _ if known.len() == metrics.len() => format!("all {} deciding metrics", known.len()),
        _ => format!("{} of {} deciding metrics", known.len(), metrics.len()),
    };
    let points = page.tables.points();
    let judged_points = (0..points)
        .filter(|p| judged.iter().any(|one| one.point == *p))
        .count();
    match (points, judged_points == points) {
        (1, _) => what,
        (_, true) => format!("{what} at all {points} points"),
        _ => format!("{what} wherever any two are steady"),
    }
}

/// "two-choices is within 2 % of it."
fn near(page: &Page, winner: usize) -> Markup {
    let near = as_good(page, winner);
    let verb = if near.len() == 1 {
        " is within "
    } else {
        " are within "
    };
    let margin = set(&plain_percent(page.tables.meta().margin));
    html! { @if !near.is_empty() { " " (page.names(&near)) (verb) (margin) " of it." } }
}

/// "It alone keeps the p99 response time of checkout under its SLO of 80 ms at every point."
fn alone_under(page: &Page) -> Markup {
    if page.tables.points() == 1 {
        return html! {};
    }
    let all = |metric: &MetricRef, s: usize| {
        (0..page.tables.points()).all(|p| keeps(page, metric, p, s) == Some(Keeps::Under))
    };
    let alone = page.tables.meta().decide_on.iter().find_map(|metric| {
        let under: Vec<usize> = page
            .tables
            .strategies()
            .filter(|s| all(metric, *s))
            .collect();
        Some((
            metric,
            *under.first().filter(|_| under.len() == 1)?,
            slo_of(page, metric)?,
        ))
    });
    html! { @if let Some((metric, strategy, slo)) = alone {
        p.sub { (page.name(strategy)) " alone keeps the " (words(metric)) " under its SLO of " (Scale::time([slo]).value(slo)) " at every point." }
    } }
}

/// "p99 response time: least-loaded at 4 of 5; ...".
fn depends(page: &Page, judged: &[Judged]) -> Markup {
    let metrics = page.tables.meta().decide_on.iter().enumerate();
    let best = |number: usize| {
        let mine = of(judged, number);
        let times = |s: &usize| mine.iter().filter(|one| one.top.contains(s)).count();
        let most = page.tables.strategies().rev().max_by_key(times)?;
        Some((most, times(&most), mine.len()))
    };
    let each = metrics.filter_map(|(number, metric)| Some((metric, best(number)?)));
    html! { @for (at, (metric, (strategy, times, all))) in each.enumerate() {
        @if at > 0 { "; " }
        (words(metric)) ": " (page.name(strategy))
        @if all > 1 { " at " (times) " of " (all) }
    } "." }
}

/// What is said of one deciding metric.
struct Tile<'a> {
    page: &'a Page<'a>,
    metric: &'a MetricRef,
    scale: Scale,
    /// Whose figures are shown.
    strategy: usize,
    judged: &'a [&'a Judged],
}

fn tile(page: &Page, metric: &MetricRef, winner: Option<usize>, judged: &[&Judged]) -> Markup {
    let times = |s: &usize| {
        judged
            .iter()
            .filter(|one| one.top.first() == Some(s))
            .count()
    };
    let first = page.ranked(metric).into_iter().rev();
    let most = first.max_by_key(times).unwrap_or(0);
    let strategy = winner
        .filter(|_| page.tables.points() > 1 || times(&most) == 0)
        .unwrap_or(most);
    let values = (0..page.tables.points()).filter_map(|p| page.figure(metric, p, strategy)?.mean);
    let scale = scale(&metric.metric, values);
    let tile = Tile {
        page,
        metric,
        scale,
        strategy,
        judged,
    };
    html! { div.tile {
        h2.what { (heading(metric)) }
        (tile.figure())
        div.facts { (tile.who()) (tile.against_baseline()) (tile.objective()) (tile.others()) }
    } }
}

fn fact(sign: &str, words: &Markup) -> Markup {
    html! { p.fact { i aria-hidden="true" { (sign) } (words) } }
}

impl Tile<'_> {
    fn points(&self) -> usize {
        self.page.tables.points()
    }

    /// The figure, or its range over the points.
    fn figure(&self) -> Markup {
        let mut figures =
            (0..self.points()).filter_map(|p| self.page.figure(self.metric, p, self.strategy));
        let known: Vec<_> = figures.clone().filter(|f| f.mean.is_some()).collect();
        let Some(first) = known.first() else {
            let status = figures
                .next_back()
                .map_or(Status::NotAvailable, |f| f.status);
            let note = self
                .page
                .figure(self.metric, 0, self.strategy)
                .map_or("", |f| f.note.as_str());
            return html! { p.big { (status.word()) } p.note { (printable(note)) } };
        };
        if self.points() == 1 {
            let (value, half) = self.page.value(first, &self.scale);
            return html! { p.big { (value) @if !half.is_empty() { " " small { "± " (half) } } } };
        }
        let means = || known.iter().filter_map(|f| f.mean);
        let (low, high) = (
            means().fold(f64::INFINITY, f64::min),
            means().fold(0.0, f64::max),
        );
        let [short, long] = [low, high].map(|end| significant(end / self.scale.factor, 3));
        let range = if short == long {
            short
        } else {
            format!("{short} – {long}")
        };
        let over = if known.len() == self.points() {
            "over the"
        } else {
            "where steady, of"
        };
        html! { p.big { (set(&self.scale.with_unit(&range))) " " small { (over) " " (self.points()) " points" } } }
    }

    /// Whose figure it is.
    fn who(&self) -> Markup {
        let rank = if self.metric.metric.lower_is_better() {
            "lowest"
        } else {
            "highest"
        };
        let count = self.page.tables.strategies().len();
        let lowest = self
            .judged
            .iter()
            .filter(|one| one.top.first() == Some(&self.strategy))
            .count();
        let others = self
            .judged
            .iter()
            .filter(|one| one.top.contains(&self.strategy))
            .map(|one| one.top.len() - 1);
        let (least, most) = others.fold((usize::MAX, 0), |(l, h), n| (l.min(n), h.max(n)));
        html! { p.fact { i { (self.page.key(self.strategy)) } strong { (self.page.tables.strategy(self.strategy)) }
            @if self.points() == 1 {
                @if lowest == 1 { ", the " (rank) " of " (count) }
                @if self.judged.is_empty() && count > 1 { ", the " (rank) " of " (count) " in this run" }
            }
            @else {
                ", the " (rank) " at " (lowest) " of " (self.judged.len()) " points"
                @if most > 0 { ". Not told from it: " (range(least, most)) " others a point (bold below)" }
            }
        } }
    }

    fn rows(&self) -> Vec<&ComparisonRow> {
        let rows = self.page.tables.results.comparisons_on(self.metric);
        rows.filter(|row| row.strategy == self.strategy).collect()
    }

    fn against_baseline(&self) -> Markup {
        let (page, baseline) = (self.page, self.page.tables.baseline());
        let rows = self.rows();
        match rows[..] {
            _ if self.strategy == baseline => {
                html! { @if page.tables.strategies().len() > 1 { (fact("·", &html! { "the baseline of the comparisons" })) } }
            }
            [] => html! {},
            [row] if self.points() == 1 => one_comparison(page, row, &self.scale),
            _ => fact(
                &arrow(&rows),
                &html! { (tally(&rows)) " than " (page.tables.strategy(baseline)) },
            ),
        }
    }

    fn objective(&self) -> Markup {
        let Some(slo) = slo_of(self.page, self.metric) else {
            return html! {};
        };
        let slo = Scale::time([slo]).value(slo);
        match self.points() {
            1 => self.objective_here(&slo),
            _ => self.objective_over_points(&slo),
        }
    }

    fn objective_here(&self, slo: &str) -> Markup {
        let Some(found) = keeps(self.page, self.metric, 0, self.strategy) else {
            return html! {};
        };
        let (sign, words) = found.said();
        let others = self
            .page
            .tables
            .strategies()
            .filter(|s| *s != self.strategy);
        let not_under =
            others.filter(|s| keeps(self.page, self.metric, 0, *s) != Some(Keeps::Under));
        let not_under: Vec<usize> = not_under.collect();
        let within = share_within(self.page, self.metric, 0, self.strategy);
        fact(
            sign,
            &html! { (words) " the SLO of " (slo)
                @if let Some(share) = within { "; " (share) " of jobs within it" }
                @if !not_under.is_empty() { ". Not shown to be under it: " (self.page.few(&not_under, NAMED)) }
            },
        )
    }

    fn objective_over_points(&self, slo: &str) -> Markup {
        let under = |s: usize| {
            (0..self.points())
                .filter(|p| keeps(self.page, self.metric, *p, s) == Some(Keeps::Under))
                .count()
        };
        let mine = under(self.strategy);
        let others = self
            .page
            .tables
            .strategies()
            .filter(|s| *s != self.strategy);
        let as_many: Vec<usize> = others.clone().filter(|s| under(*s) >= mine).collect();
        let next = others
            .max_by_key(|s| under(*s))
            .filter(|s| as_many.is_empty() && under(*s) > 0);
        fact(
            if mine == self.points() { "✓" } else { "✕" },
            &html! {
                "under the SLO of " (slo) " at " (mine) " of " (self.points()) " points"
                @if !as_many.is_empty() { ", as " (self.page.few(&as_many, NAMED)) }
                @if let Some(next) = next { "; next " (self.page.name(next)) " at " (under(next)) }
            },
        )
    }

    /// What is near, not told apart, and behind, at one point.
    fn others(&self) -> Markup {
        let Some(best) = self
            .page
            .best_on(self.metric, 0)
            .filter(|_| self.points() == 1)
        else {
            return html! {};
        };
        let others: Vec<_> = best
            .standings
            .iter()
            .filter(|(s, _)| *s != self.strategy)
            .collect();
        let is_near = |standing: &crate::stats::best::Standing| self.page.is_near(standing);
        let behind = |(s, standing): &&(usize, crate::stats::best::Standing)| {
            let [least, most] = [standing.at_least, standing.at_most].map(f64::exp_m1);
            let least = if least > 0.0 {
                format!("{} to ", percent(least))
            } else {
                "at most ".to_owned()
            };
            format!(
                "{} {least}{} %",
                self.page.tables.strategy(*s),
                percent(most)
            )
        };
        let list = |is: &dyn Fn(&crate::stats::best::Standing) -> bool| {
            let chosen = others.iter().filter(|one| is(&one.1)).map(behind);
            set(&chosen.take(NAMED).collect::<Vec<_>>().join(", "))
        };
        let margin = set(&plain_percent(self.page.tables.meta().margin));
        let near = list(&|one| is_near(one));
        let equal = list(&|one| !is_near(one) && one.may_be_best());
        let far = list(&|one| !is_near(one) && !one.may_be_best());
        html! {
            @if !near.is_empty() { (fact("≈", &html! { "within " (margin) " of it: " (near) })) }
            @if !equal.is_empty() { (fact("=", &html! { "cannot be told from it: " (equal) })) }
            @if !far.is_empty() { (fact("›", &html! { "behind it by: " (far) })) }
        }
    }
}

fn percent(share: f64) -> String {
    significant(100.0 * share, 2)
}

fn range(least: usize, most: usize) -> String {
    if least == most {
        most.to_string()
    } else {
        format!("{least} to {most}")
    }
}

fn one_comparison(page: &Page, row: &ComparisonRow, scale: &Scale) -> Markup {
    let baseline = page.tables.strategy(page.tables.baseline());
    let size = set(&lower_or_higher(row, scale));
    let signed = set(&change_with(row, scale, ", "));
    match row.verdict {
        Verdict::Better => fact(
            &arrow(&[row]),
            &html! { "better than " (baseline) ": " (size) },
        ),
        Verdict::Worse => fact(
            &arrow(&[row]),
            &html! { "worse than " (baseline) ": " (size) },
        ),
        Verdict::Equivalent => fact("≈", &html! { "equivalent to " (baseline) ": " (signed) }),
        Verdict::Inconclusive => fact(
            "=",
            &html! { "inconclusive against " (baseline) ": " (signed) },
        ),
        verdict => fact(
            "·",
            &html! { "against " (baseline) ": " (crate::report::verdict_text::word(verdict)) },
        ),
    }
}

/// The direction of the changes that are shown; none where they differ or are not known.
fn arrow(rows: &[&ComparisonRow]) -> String {
    let told = rows
        .iter()
        .filter(|row| matches!(row.verdict, Verdict::Better | Verdict::Worse));
    let signs: Vec<bool> = told
        .filter_map(|row| row.relative.map(|change| change < 0.0))
        .collect();
    match (
        signs.first(),
        signs.windows(2).all(|pair| pair[0] == pair[1]),
    ) {
        (Some(true), true) => "↓".to_owned(),
        (Some(false), true) => "↑".to_owned(),
        _ => "·".to_owned(),
    }
}

/// "better at 4 (28 – 65 % lower), inconclusive at 2".
fn tally(rows: &[&ComparisonRow]) -> String {
    const ORDER: [Verdict; 8] = [
        Verdict::Inconclusive,
        Verdict::Equivalent,
        Verdict::Worse,
        Verdict::Stable,
        Verdict::NotComparable,
        Verdict::Unstable,
        Verdict::NotAvailable,
        Verdict::Better,
    ];
    let number = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let counted = ORDER.iter().filter(|verdict| number(**verdict) > 0);
    let said = counted.map(|verdict| {
        let word = crate::report::verdict_text::word(*verdict);
        format!("{word} at {}{}", number(*verdict), sizes(rows, *verdict))
    });
    set(&and(&said.collect::<Vec<_>>()))
}

fn sizes(rows: &[&ComparisonRow], verdict: Verdict) -> String {
    let mine = rows.iter().filter(|row| row.verdict == verdict);
    let sizes: Vec<f64> = mine.filter_map(|row| row.relative).collect();
    let is_told = matches!(verdict, Verdict::Better | Verdict::Worse) && !sizes.is_empty();
    if !is_told || sizes.iter().any(|size| size.signum() != sizes[0].signum()) {
        return String::new();
    }
    let ends = sizes
        .iter()
        .map(|size| size.abs())
        .fold((f64::INFINITY, 0.0_f64), |(l, h), s| (l.min(s), h.max(s)));
    let [low, high] = [ends.0, ends.1].map(|end| crate::text::fixed(100.0 * end, 0));
    let range = if low == high {
        low
    } else {
        format!("{low} – {high}")
    };
    format!(
        " ({range} % {})",
        if sizes[0] < 0.0 { "lower" } else { "higher" }
    )
}

/// The strongest thing to be kept in mind; there is always one.
fn caveat(page: &Page, judged: &[Judged]) -> Markup {
    let notes = super::notes::count(page);
    let link = html! { @if notes > 0 { " " a href="#notes" { (crate::text::plural(notes, "note on these figures", "notes on these figures")) } } };
    let found = unsteady_baseline(page)
        .or_else(|| theory_differs(page))
        .or_else(|| marked_best(page, judged))
        .or_else(|| open(page))
        .or_else(|| unsteady(page))
        .or_else(|| {
            page.tables
                .meta()
                .warnings
                .first()
                .map(|warning| code(warning))
        });
    match found {
        Some(said) => html! { (said) (link) },
        None => html! { (assumed(page)) " " a href="#assumed" { "All that is assumed" } (link) },
    }
}

fn unsteady_baseline(page: &Page) -> Option<Markup> {
    let baseline = page.tables.baseline();
    let count = (0..page.tables.points())
        .filter(|p| page.tables.cell(*p, baseline).is_unstable())
        .count();
    let at = if page.tables.points() == 1 {
        String::new()
    } else {
        format!(" at {count} of {} points", page.tables.points())
    };
    (count > 0).then(|| html! {
        "The baseline " (page.name(baseline)) " is unstable" (at) ": jobs pile up, and nothing can be compared with it there. Absolute figures still stand."
    })
}

fn theory_differs(page: &Page) -> Option<Markup> {
    let rows = &page.tables.results.theory;
    let differ = rows
        .iter()
        .filter(|row| row.agreement == Agreement::Differs)
        .count();
    (differ > 0).then(|| html! { (differ) " figures differ from what theory says they are: look at the warm-up first." })
}

fn marked_best(page: &Page, judged: &[Judged]) -> Option<Markup> {
    let metrics = &page.tables.meta().decide_on;
    judged.iter().find_map(|one| {
        let figure = page.figure(&metrics[one.metric], one.point, *one.top.first()?)?;
        let is_marked = !matches!(figure.status, Status::Ok | Status::Exact);
        is_marked.then(|| html! {
            "The " (words(&metrics[one.metric])) " of " (page.name(one.top[0])) (page.tables.at(one.point)) " is " strong { (figure.status.word()) } ": " (code(&figure.note)) "."
        })
    })
}

fn open(page: &Page) -> Option<Markup> {
    let rows = &page.tables.results.comparisons;
    let lost = rows
        .iter()
        .find(|row| row.verdict == Verdict::NotComparable);
    if let Some(row) = lost {
        let name = page.tables.strategy(row.strategy);
        return Some(
            html! { "Strategies lose jobs unequally (" (name) (page.tables.at(row.point)) "): response times of the jobs that are left are not compared there." },
        );
    }
    let is_open = |row: &ComparisonRow| row.verdict == Verdict::Inconclusive;
    let most = rows.iter().filter_map(|row| row.replications_needed).max();
    (!rows.is_empty() && rows.iter().all(is_open)).then(|| html! {
        "No comparison is conclusive"
        @if let Some(most) = most { ": about " (crate::text::count(most)) " replications may settle all" } "."
    })
}

fn unsteady(page: &Page) -> Option<Markup> {
    let cells = page
        .tables
        .results
        .all_cells()
        .filter(|(_, cell)| cell.is_unstable());
    let mut names: Vec<usize> = cells.map(|((_, strategy), _)| strategy).collect();
    names.sort_unstable();
    names.dedup();
    let somewhere = if page.tables.points() > 1 {
        " at some points"
    } else {
        ""
    };
    let verb = if names.len() == 1 {
        " is unstable"
    } else {
        " are unstable"
    };
    (!names.is_empty()).then(|| html! { (page.few(&names, NAMED)) (verb) (somewhere) ": jobs pile up, and there is no steady value." })
}

/// What the strategies are given that a cluster may not give.
fn assumed(page: &Page) -> Markup {
    let same = &page.tables.meta().same_for_all;
    let has = |what: &str| same.iter().any(|text| text == what);
    match (has("view: fresh"), has("decision-time: 0")) {
        (true, true) => {
            html! { "Every dispatcher is assumed to know each node’s queue as it is at that instant, and to decide in no time (" code { "view: fresh" } ", " code { "decision-time: 0" } ")." }
        }
        (true, false) => {
            html! { "Every dispatcher is assumed to know each node’s queue as it is at that instant (" code { "view: fresh" } ")." }
        }
        (false, true) => {
            html! { "Every dispatcher is assumed to decide in no time (" code { "decision-time: 0" } ")." }
        }
        _ => {
            html! { "The answer is about this scenario: not why, and not whether your cluster is like it." }
        }
    }
}

fn repeat(page: &Page) -> Markup {
    let meta = page.tables.meta();
    html! { p.rep { "Repeat: " code { (quoted(&meta.command)) } " " span.nw { "(seed " (meta.seed) ", equipoise " (printable(&meta.version)) ")" } } }
}
