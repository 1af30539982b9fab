//! The answer card: who is best, how much, how sure, the objective, one caveat, one line to repeat.
//!
//! It is all that a manager reads, and so it says no more than the verdicts below it: who is best is
//! what Hsu's intervals leave (not a rank), a change has its interval, and there is always one caveat,
//! the strongest that applies.
//!
//! The order is that of a reader with ten seconds: the sentence, a figure with its half-width for each deciding
//! metric, what it is against the baseline and the objective, who is near, and one caveat. What is told of
//! several points is a range or a count, never an average over points: loads are not drawn at random, and a
//! mean over them means nothing.

use maud::{Markup, html};

use super::judged::{Case, Judged, as_good, case, why_untold};
use super::objective::{Keeps, keeps, share_within};
use super::{Page, code};
use crate::metrics::columns::MetricRef;
use crate::report::advice::{advice, why};
use crate::report::cells::{change_with, lower_or_higher};
use crate::report::plot::axis::range;
use crate::report::scales::scale;
use crate::report::verdict_text::word;
use crate::report::words::{and, dashed, heading, set, words};
use crate::results::{Agreement, ComparisonRow, Status, Summary, TheoryRow, Verdict};
use crate::stats::best::{Place, Standing};
use crate::text::{Scale, plain_percent, plural, printable, short_percent, significant};

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
    let metrics = page.meta().decide_on.iter().enumerate().take(TILES);
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

/// The sentence, and a second line where the first would be misread without it.
fn headline(page: &Page, case: &Case, judged: &[Judged]) -> Markup {
    let on = on(page, judged);
    let count = page.strategies().len();
    let said = match case {
        Case::Alone(one) => {
            html! { (page.name(*one)) " was run alone: there is nothing to compare it with." }
        }
        Case::NoneSteady => html! { "No strategy holds this load: all " (count) " are unstable." },
        Case::TooShort => html! { "This run is too short to know its deciding metrics." },
        Case::Untold => html! { "This run cannot tell which strategy is best." },
        Case::One(winner, true) => {
            html! { (page.name(*winner)) " is best on " (on) "." (near(page, *winner)) }
        }
        Case::One(winner, false) => {
            html! { (page.name(*winner)) " is best, or cannot be told from the best, on " (on) "." (near(page, *winner)) }
        }
        Case::Lowest(all) => html! { (page.name(all[0])) " has the best figures on " (on) "." },
        Case::Several(all) => {
            html! { (page.names(all)) " cannot be told apart, and none is shown to be better, on " (on) "." }
        }
        Case::All(many) => html! { "The " (many) " strategies cannot be told apart on " (on) "." },
        Case::Depends => html! { "It depends." },
    };
    let more = match case {
        Case::Untold => html! { (why_untold(page)) },
        Case::One(..) => alone_under(page),
        Case::Lowest(all) => html! { "This run cannot tell it from " (page.names(&all[1..])) "." },
        Case::Depends => depends(page, judged),
        _ => html! {},
    };
    html! { p.say { (said) } @if !more.0.is_empty() { p.sub { (more) } } }
}

/// "both deciding metrics at all 6 points", "at both points".
fn on(page: &Page, judged: &[Judged]) -> String {
    let metrics = &page.meta().decide_on;
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
    let points = page.points();
    let is_judged = |p: &usize| judged.iter().any(|one| one.point == *p);
    let judged_points = (0..points).filter(is_judged).count();
    match (points, judged_points == points) {
        (1, _) => what,
        (2, true) => format!("{what} at both points"),
        (_, true) => format!("{what} at all {points} points"),
        _ => format!("{what} wherever any two are steady"),
    }
}

/// "two-choices is within 2 % of it."
fn near(page: &Page, winner: usize) -> Markup {
    let near = as_good(page, winner);
    let verb = if near.len() == 1 { "is" } else { "are" };
    let margin = set(&plain_percent(page.meta().margin));
    html! { @if !near.is_empty() { " " (page.names(&near)) " " (verb) " within " (margin) " of it." } }
}

/// "It alone keeps the p99 response time of class checkout under its SLO of 80 ms at every point."
fn alone_under(page: &Page) -> Markup {
    if page.points() == 1 {
        return html! {};
    }
    let alone = |metric: &MetricRef| {
        let holds = |p, s| keeps(page, metric, p, s) == Some(Keeps::Under);
        let everywhere = |s: &usize| (0..page.points()).all(|p| holds(p, *s));
        let mut under = page.strategies().filter(everywhere);
        let alone = under.next().filter(|_| under.next().is_none())?;
        Some((words(metric), alone, page.tables.slo(metric)?))
    };
    let alone = page.meta().decide_on.iter().find_map(alone);
    html! { @if let Some((metric, strategy, slo)) = alone {
        (page.name(strategy)) " alone keeps the " (metric) " under its SLO of " (Scale::time([slo]).value(slo)) " at every point."
    } }
}

/// "p99 response time: least-loaded at 4 of 5; ...".
fn depends(page: &Page, judged: &[Judged]) -> Markup {
    let metrics = page.meta().decide_on.iter().enumerate();
    let best = |number: usize| {
        let mine = of(judged, number);
        let times = |s: &usize| mine.iter().filter(|one| one.top.contains(s)).count();
        let most = page.strategies().rev().max_by_key(times)?;
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
    /// At how many points they are the best.
    lowest: usize,
    judged: &'a [&'a Judged],
}

/// The tile of a metric. It shows the winner's figures even where another is lower at single points, so that
/// all tiles speak of the same strategy; with one point, the lowest's.
fn tile(page: &Page, metric: &MetricRef, winner: Option<usize>, judged: &[&Judged]) -> Markup {
    let is_first = |one: &&&Judged, s: &usize| one.top.first() == Some(s);
    let times = |s: &usize| judged.iter().filter(|one| is_first(one, s)).count();
    let first = page.ranked(metric).into_iter().rev();
    let most = first.max_by_key(times).unwrap_or(0);
    let winner = winner.filter(|_| page.points() > 1 || times(&most) == 0);
    let strategy = winner.unwrap_or(most);
    let values = (0..page.points()).filter_map(|p| page.figure(metric, p, strategy)?.mean);
    let tile = Tile {
        page,
        metric,
        scale: scale(&metric.metric, values),
        strategy,
        lowest: times(&strategy),
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
        self.page.points()
    }

    /// The figure, or its range over the points.
    fn figure(&self) -> Markup {
        let figures =
            (0..self.points()).filter_map(|p| self.page.figure(self.metric, p, self.strategy));
        let figures: Vec<&Summary> = figures.collect();
        let Some((low, high)) = range(figures.iter().filter_map(|f| f.mean)) else {
            let status = figures.last().map_or(Status::NotAvailable, |f| f.status);
            let note = figures.first().map_or("", |f| f.note.as_str());
            return html! { p.big { (status.word()) } p.note { (printable(note)) } };
        };
        if self.points() == 1 {
            let (value, half) = self.page.value(figures[0], &self.scale);
            return html! { p.big { (value) @if !half.is_empty() { " " small { "± " (half) } } } };
        }
        let [low, high] = [low, high].map(|end| significant(end / self.scale.factor, 3));
        let range = set(&self.scale.with_unit(&dashed(low, &high)));
        let is_whole = figures.iter().filter(|f| f.mean.is_some()).count() == self.points();
        let over = match is_whole {
            true => "over the",
            false => "where steady, of",
        };
        html! { p.big { (range) " " small { (over) " " (self.points()) " points" } } }
    }

    /// Whose figure it is.
    fn who(&self) -> Markup {
        let is_lower = self.metric.metric.reads_lower_better();
        let rank = if is_lower { "lowest" } else { "highest" };
        let count = self.page.strategies().len();
        let tops = self.judged.iter().map(|one| &one.top);
        let tops = tops.filter(|top| top.contains(&self.strategy));
        let others = tops.map(|top| top.len() - 1);
        let (least, most) = others.fold((usize::MAX, 0), |(l, h), n| (l.min(n), h.max(n)));
        html! { p.fact { i { (self.page.key(self.strategy)) } strong { (self.page.tables.strategy(self.strategy)) }
            @if self.points() == 1 {
                @if self.lowest == 1 { ", the " (rank) " of " (count) }
                @if self.judged.is_empty() && count > 1 { (self.in_this_run(rank)) }
            }
            @else if self.judged.is_empty() { @if count > 1 { "; which is the " (rank) " is not known" } }
            @else {
                ", the " (rank) " at " (self.lowest) " of " (self.judged.len()) " points"
                @if most > 0 { ". Not told from it: " (range_of(least, most)) " others a point (bold below)" }
            }
        } }
    }

    /// Its rank at one point where nothing is compared: no more than the figures that there are say.
    fn in_this_run(&self, rank: &str) -> String {
        let (page, count) = (self.page, self.page.strategies().len());
        let has_figure = |s: &usize| {
            let figure = page.figure(self.metric, 0, *s);
            figure.is_some_and(|figure| figure.mean.is_some())
        };
        let ranked = page.ranked(self.metric).into_iter().filter(has_figure);
        let ranked: Vec<usize> = ranked.collect();
        match ranked[..] {
            [] => format!("; which of the {count} is the {rank} is not known"),
            [first, ..] if first != self.strategy => String::new(),
            [_] => ", the only one with a figure".to_owned(),
            _ if ranked.len() == count => format!(", the {rank} of {count} in this run"),
            _ => format!(", the {rank} of the {} with a figure", ranked.len()),
        }
    }

    fn rows(&self) -> Vec<&ComparisonRow> {
        let rows = self.page.tables.results.comparisons_on(self.metric);
        rows.filter(|row| row.strategy == self.strategy).collect()
    }

    /// The change against the baseline: with its interval at one point, as counts by verdict over several.
    fn against_baseline(&self) -> Markup {
        let (page, baseline) = (self.page, self.page.baseline());
        let rows = self.rows();
        match rows[..] {
            _ if self.strategy == baseline => {
                html! { @if page.strategies().len() > 1 { (fact("·", &html! { "the baseline of the comparisons" })) } }
            }
            [] => html! {},
            [row] if self.points() == 1 => one_comparison(page, row, &self.scale),
            _ => fact(
                arrow(&rows),
                &html! { (tally(&rows)) " than " (page.tables.strategy(baseline)) },
            ),
        }
    }

    /// Whether the objective is kept, and by whom else; nothing where the metric has none.
    fn objective(&self) -> Markup {
        let Some(slo) = self.page.tables.slo(self.metric) else {
            return html! {};
        };
        let slo = Scale::time([slo]).value(slo);
        let mut others = Vec::from_iter(self.page.strategies());
        others.retain(|s| *s != self.strategy);
        match self.points() {
            1 => self.objective_here(&slo, &others),
            _ => self.objective_over_points(&slo, &others),
        }
    }

    /// At one point: the share of jobs within it too, because a quantile says at which time, not how many.
    fn objective_here(&self, slo: &str, others: &[usize]) -> Markup {
        let kept = |s: usize| keeps(self.page, self.metric, 0, s);
        let (sign, words) = kept(self.strategy).unwrap_or(Keeps::Unknown).said();
        let mut not_under = others.to_vec();
        not_under.retain(|s| kept(*s) != Some(Keeps::Under));
        let within = share_within(self.page, self.metric, 0, self.strategy);
        fact(
            sign,
            &html! { (words) " the SLO of " (slo)
                @if let Some(share) = within { "; " (share) " of jobs within it" }
                @if !not_under.is_empty() { ". Not shown to be under it: " (self.page.few(&not_under, NAMED)) }
            },
        )
    }

    /// Over several points: at how many it is shown to be kept, and who comes next.
    fn objective_over_points(&self, slo: &str, others: &[usize]) -> Markup {
        let holds = |p, s| keeps(self.page, self.metric, p, s) == Some(Keeps::Under);
        let under = |s: usize| (0..self.points()).filter(|p| holds(*p, s)).count();
        let mine = under(self.strategy);
        let others = || others.iter().copied();
        let as_many: Vec<usize> = others().filter(|s| under(*s) >= mine).collect();
        let next = others().max_by_key(|s| under(*s));
        let next = next.filter(|s| as_many.is_empty() && under(*s) > 0);
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
        let best = self.page.best_on(self.metric, 0);
        let Some(best) = best.filter(|_| self.points() == 1) else {
            return html! {};
        };
        let behind = |(s, standing): &(usize, Standing)| {
            let [least, most] = [standing.at_least, standing.at_most].map(f64::exp_m1);
            let least = match least > 0.0 {
                true => format!("{} to", percent(least)),
                false => "at most".to_owned(),
            };
            let name = self.page.tables.strategy(*s);
            format!("{name} {least} {} %", percent(most))
        };
        let margin = self.page.meta().margin;
        let list = |place: Place| {
            let chosen = best.standings.iter().filter(|(s, _)| *s != self.strategy);
            let chosen = chosen.filter(|(_, standing)| standing.place(margin) == place);
            let said: Vec<String> = chosen.map(behind).take(NAMED).collect();
            set(&said.join(", "))
        };
        let [near, equal, far] = [Place::Near, Place::NotTold, Place::Behind].map(list);
        let margin = set(&plain_percent(margin));
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

fn range_of(least: usize, most: usize) -> String {
    match least == most {
        true => most.to_string(),
        false => format!("{least} to {most}"),
    }
}

/// "better than random: 38 % lower [31, 45]": the sign is dropped where a word has said the direction, and kept
/// where the verdict leaves it open.
fn one_comparison(page: &Page, row: &ComparisonRow, scale: &Scale) -> Markup {
    let baseline = page.tables.strategy(page.baseline());
    let word = word(row.verdict);
    let size = set(&lower_or_higher(row, scale));
    let signed = set(&change_with(row, scale, ", "));
    let (sign, said) = match row.verdict {
        Verdict::Better | Verdict::Worse => {
            (arrow(&[row]), format!("{word} than {baseline}: {size}"))
        }
        Verdict::Equivalent => ("≈", format!("{word} to {baseline}: {signed}")),
        Verdict::Inconclusive => ("=", format!("{word} against {baseline}: {signed}")),
        _ => ("·", format!("against {baseline}: {word}")),
    };
    fact(sign, &html! { (said) })
}

/// The direction of the changes that are shown; none where they differ or are not known.
fn arrow(rows: &[&ComparisonRow]) -> &'static str {
    let told = rows
        .iter()
        .filter(|row| matches!(row.verdict, Verdict::Better | Verdict::Worse));
    let mut falls = told.filter_map(|row| row.relative.map(|change| change < 0.0));
    match falls.next() {
        Some(true) if falls.all(|falls| falls) => "↓",
        Some(false) if !falls.any(|falls| falls) => "↑",
        _ => "·",
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
        let (word, number) = (word(*verdict), number(*verdict));
        format!("{word} at {number}{}", sizes(rows, *verdict))
    });
    set(&and(&said.collect::<Vec<_>>()))
}

/// " (28 – 65 % lower)": the range of the changes with a verdict; nothing where they go both ways.
fn sizes(rows: &[&ComparisonRow], verdict: Verdict) -> String {
    let mine = rows.iter().filter(|row| row.verdict == verdict);
    let sizes: Vec<f64> = mine.filter_map(|row| row.relative).collect();
    let is_told = matches!(verdict, Verdict::Better | Verdict::Worse) && !sizes.is_empty();
    if !is_told || sizes.iter().any(|size| size.signum() != sizes[0].signum()) {
        return String::new();
    }
    let Some((low, high)) = range(sizes.iter().map(|size| size.abs())) else {
        return String::new();
    };
    let [low, high] = [low, high].map(|end| short_percent(end).replace('+', ""));
    let way = if sizes[0] < 0.0 { "lower" } else { "higher" };
    format!(" ({} % {way})", dashed(low, &high))
}

/// The strongest thing to be kept in mind; there is always one.
fn caveat(page: &Page, judged: &[Judged]) -> Markup {
    let notes = super::notes::count(page);
    let link = html! { @if notes > 0 { " " a href="#notes" { (plural(notes, "note on these figures", "notes on these figures")) } } };
    let warning = || page.meta().warnings.first().map(|warning| code(warning));
    let found = unsteady_baseline(page)
        .or_else(|| theory_differs(page))
        .or_else(|| marked_best(page, judged))
        .or_else(|| open(page))
        .or_else(|| unsteady(page))
        .or_else(warning);
    match found {
        Some(said) => html! { (said) (link) },
        None => html! { (assumed(page)) " " a href="#assumed" { "All that is assumed" } (link) },
    }
}

/// That nothing can be compared where the baseline is unstable. It comes first, as it takes the ground from
/// every change on the page.
fn unsteady_baseline(page: &Page) -> Option<Markup> {
    let (baseline, points) = (page.baseline(), page.points());
    let is_unstable = |p: &usize| page.cell(*p, baseline).is_unstable();
    let count = (0..points).filter(is_unstable).count();
    let at = match points {
        1 => String::new(),
        _ => format!(" at {count} of {points} points"),
    };
    (count > 0).then(|| html! {
        "The baseline " (page.name(baseline)) " is unstable" (at) ": jobs pile up, and nothing can be compared with it there. Absolute figures still stand."
    })
}

fn theory_differs(page: &Page) -> Option<Markup> {
    let rows = &page.tables.results.theory;
    let differs = |row: &&TheoryRow| row.agreement == Agreement::Differs;
    let differ = rows.iter().filter(differs).count();
    (differ > 0).then(|| html! { (differ) " figures differ from what theory says they are: look at the warm-up first." })
}

/// That the figure on which the answer rests carries a mark, with the reason and the cure.
fn marked_best(page: &Page, judged: &[Judged]) -> Option<Markup> {
    let metrics = &page.meta().decide_on;
    judged.iter().find_map(|one| {
        let figure = page.figure(&metrics[one.metric], one.point, *one.top.first()?)?;
        let is_marked = !matches!(figure.status, Status::Ok | Status::Exact);
        is_marked.then(|| html! {
            "The " (words(&metrics[one.metric])) " of " (page.name(one.top[0])) (page.tables.at(one.point)) " is " strong { (figure.status.word()) } ": " (code(why(figure)))
            @if let Some(advice) = advice(page.tables) { "; " (code(&advice)) } "."
        })
    })
}

/// That verdicts are missing: jobs were lost unequally, or no comparison is conclusive.
fn open(page: &Page) -> Option<Markup> {
    let rows = &page.tables.results.comparisons;
    let is_lost = |row: &&ComparisonRow| row.verdict == Verdict::NotComparable;
    if let Some(row) = rows.iter().find(is_lost) {
        let name = page.tables.strategy(row.strategy) + &page.tables.at(row.point);
        return Some(
            html! { "Strategies lose jobs unequally (" (name) "): response times of the jobs that are left are not compared there." },
        );
    }
    let is_open = |row: &ComparisonRow| row.verdict == Verdict::Inconclusive;
    (!rows.is_empty() && rows.iter().all(is_open)).then(|| {
        html! {
            "No comparison is conclusive"
            @if let Some(advice) = advice(page.tables) { ": " (code(&advice)) } "."
        }
    })
}

/// Which strategies are unstable, and so have no figure to be compared.
fn unsteady(page: &Page) -> Option<Markup> {
    let is_unstable = |s: &usize| (0..page.points()).any(|p| page.cell(p, *s).is_unstable());
    let names: Vec<usize> = page.strategies().filter(is_unstable).collect();
    let somewhere = match page.points() {
        1 => "",
        _ => " at some points",
    };
    let verb = if names.len() == 1 { " is" } else { " are" };
    (!names.is_empty()).then(|| html! { (page.few(&names, NAMED)) (verb) " unstable" (somewhere) ": jobs pile up, and there is no steady value." })
}

/// What the strategies are given that a cluster may not give.
fn assumed(page: &Page) -> Markup {
    let same = &page.meta().same_for_all;
    let has = |what: &str| same.iter().any(|text| text == what);
    let fresh = has("view: fresh").then_some((
        "know each node’s queue as it is at that instant",
        "view: fresh",
    ));
    let at_once = has("decision-time: 0").then_some(("decide in no time", "decision-time: 0"));
    let given: Vec<_> = fresh.into_iter().chain(at_once).collect();
    if given.is_empty() {
        return html! { "The answer is about this scenario: not why, and not whether your cluster is like it." };
    }
    html! { "Every dispatcher is assumed to "
        @for (at, (what, _)) in given.iter().enumerate() { @if at > 0 { ", and to " } (what) }
        " (" @for (at, (_, part)) in given.iter().enumerate() { @if at > 0 { ", " } code { (part) } } ")."
    }
}

fn repeat(page: &Page) -> Markup {
    let meta = page.meta();
    html! { p.rep { "Repeat: " code { (printable(&meta.command)) } " " span.nw { "(seed " (meta.seed) ", equipoise " (printable(&meta.version)) ")" } } }
}
