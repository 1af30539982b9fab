//! Which strategies are the best, or cannot be told from it, over all points and deciding metrics: what
//! the headline is made of.
//!
//! The cases are told apart by sets alone, in a fixed order of rules, and so a sentence never says more than
//! the intervals below it. Only figures without a mark that forbids comparison take part.

use super::Page;
use crate::metrics::columns::MetricRef;
use crate::report::words::and;
use crate::results::{Best, Status, Summary};
use crate::stats::best::{Place, Standing};

/// The strategies at the top of a deciding metric at a point, the best figure first.
pub struct Judged {
    /// Number of the deciding metric.
    pub metric: usize,
    /// The point.
    pub point: usize,
    /// The best and what cannot be told from it.
    pub top: Vec<usize>,
}

/// What a headline may say.
pub enum Case {
    /// One strategy was run.
    Alone(usize),
    /// No strategy holds the load anywhere.
    NoneSteady,
    /// No deciding metric is known anywhere.
    TooShort,
    /// There are figures, and nothing to tell which is best by.
    Untold,
    /// One is at the top everywhere; alone there or not.
    One(usize, bool),
    /// Several are at the top everywhere; the first has the best figures everywhere.
    Lowest(Vec<usize>),
    /// Several are at the top everywhere.
    Several(Vec<usize>),
    /// All that are steady are at the top everywhere.
    All(usize),
    /// No strategy is at the top everywhere.
    Depends,
}

/// All that is judged, by deciding metric and point.
pub fn judged(page: &Page) -> Vec<Judged> {
    let metrics = page.meta().decide_on.iter().enumerate();
    let each = metrics.flat_map(|(number, metric)| {
        (0..page.points()).filter_map(move |point| {
            let top = top(page, metric, point)?;
            Some(Judged {
                metric: number,
                point,
                top,
            })
        })
    });
    each.collect()
}

/// The best and what cannot be told from it, by Hsu's intervals; where those are missing, the only strategy
/// that has a figure.
fn top(page: &Page, metric: &MetricRef, point: usize) -> Option<Vec<usize>> {
    if let Some(best) = page.best_on(metric, point) {
        let near = best.standings.iter().filter(|(_, it)| it.may_be_best());
        return Some(near.map(|(strategy, _)| *strategy).collect());
    }
    let stands = |s: &usize| page.stands(metric, point, *s);
    let standing: Vec<usize> = page.strategies().filter(stands).collect();
    Some(standing).filter(|alone| alone.len() == 1)
}

/// Which headline fits, the first rule that does.
pub fn case(page: &Page, judged: &[Judged]) -> Case {
    let all = page.strategies();
    let count = |is: fn(&Summary) -> bool| page.deciding().filter(|figure| is(figure)).count();
    let known = count(|figure| figure.mean.is_some());
    let unstable = count(|figure| figure.status == Status::Unstable);
    let mut cells = page.tables.results.all_cells();
    match () {
        () if all.len() == 1 => Case::Alone(0),
        () if known == 0 && cells.all(|(_, cell)| cell.is_unstable()) => Case::NoneSteady,
        () if known == 0 && unstable == 0 => Case::TooShort,
        () if judged.is_empty() => Case::Untold,
        () => among(page, judged),
    }
}

/// Why there is nothing to tell the best by: the reason that holds.
pub fn why_untold(page: &Page) -> String {
    let figures: Vec<&Summary> = page.deciding().collect();
    let known = figures.iter().filter_map(|figure| figure.standing());
    match known.map(|values| values.n()).min() {
        None => format!("No deciding figure can be compared: {}.", marks(&figures)),
        Some(0..3) => "That takes 3 replications or more.".to_owned(),
        Some(_) => "A ratio takes figures above 0, and some of these are not.".to_owned(),
    }
}

/// "all 8 are growing", "6 are growing and 2 are unstable".
fn marks(figures: &[&Summary]) -> String {
    let mut words: Vec<&str> = figures.iter().map(|figure| figure.status.word()).collect();
    words.sort_unstable();
    let same: Vec<&[&str]> = words.chunk_by(|one, other| one == other).collect();
    let said = same.iter().map(|same| match (same.len(), same[0]) {
        (1, word) => format!("1 is {word}"),
        (all, word) if all == figures.len() => format!("all {all} are {word}"),
        (some, word) => format!("{some} are {word}"),
    });
    and(&said.collect::<Vec<_>>())
}

/// What is said where at least two strategies have figures that can be compared.
fn among(page: &Page, judged: &[Judged]) -> Case {
    let everywhere = |s: &usize| judged.iter().all(|one| one.top.contains(s));
    let mut winners: Vec<usize> = page.strategies().filter(everywhere).collect();
    let is_lowest = |s: &usize| judged.iter().all(|one| one.top.first() == Some(s));
    let is_steady = |s: &usize| (0..page.points()).any(|p| page.is_steady(p, *s));
    let steady = page.strategies().filter(is_steady);
    match (winners.len(), winners.iter().position(is_lowest)) {
        (0, _) => Case::Depends,
        (1, _) => Case::One(winners[0], judged.iter().all(|one| one.top.len() == 1)),
        (n, _) if n == steady.count() => Case::All(n),
        (_, Some(lowest)) => {
            winners[..=lowest].rotate_right(1);
            Case::Lowest(winners)
        }
        _ => Case::Several(winners),
    }
}

/// Strategies other than `winner` whose interval against the best is inside the margin on every
/// deciding metric, where one point is run.
pub fn as_good(page: &Page, winner: usize) -> Vec<usize> {
    let metrics = &page.meta().decide_on;
    if page.points() > 1 {
        return Vec::new();
    }
    let is_near = |s: usize, metric: &MetricRef| {
        let standing = page.standing(metric, 0, s);
        standing.is_some_and(|it| it.place(page.meta().margin) == Place::Near)
    };
    let is_good = |s: &usize| metrics.iter().all(|metric| is_near(*s, metric));
    let others = page.strategies().filter(|s| *s != winner);
    others.filter(is_good).collect()
}

impl Page<'_> {
    /// What is told of a metric at a point.
    pub fn best_on(&self, metric: &MetricRef, point: usize) -> Option<&Best> {
        let mut best = self.best.iter();
        best.find(|best| best.point == point && best.metric == *metric)
    }

    /// Where a strategy stands there.
    pub fn standing(&self, metric: &MetricRef, point: usize, strategy: usize) -> Option<Standing> {
        let mut standings = self.best_on(metric, point)?.standings.iter();
        let found = standings.find(|(s, _)| *s == strategy);
        found.map(|(_, standing)| *standing)
    }

    /// A strategy's figure at a point.
    pub fn figure(&self, metric: &MetricRef, point: usize, strategy: usize) -> Option<&Summary> {
        self.tables.cell(point, strategy).get(metric)
    }

    /// All figures of deciding metrics.
    pub fn deciding(&self) -> impl Iterator<Item = &Summary> {
        let cells = self.tables.results.all_cells();
        let metrics = &self.meta().decide_on;
        cells.flat_map(move |(_, cell)| metrics.iter().filter_map(move |metric| cell.get(metric)))
    }

    /// Whether a strategy has a steady value on any deciding metric at a point.
    pub fn is_steady(&self, point: usize, strategy: usize) -> bool {
        let mut metrics = self.meta().decide_on.iter();
        metrics.any(|metric| self.stands(metric, point, strategy))
    }

    /// Whether it has a figure that can be compared.
    fn stands(&self, metric: &MetricRef, point: usize, strategy: usize) -> bool {
        let figure = self.figure(metric, point, strategy);
        figure.and_then(Summary::standing_mean).is_some()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::lookup::Lookup;
    use crate::results::Results;
    use crate::results::sample::Sample;

    fn case_of(results: &Results) -> Case {
        let tables = Lookup::new(results);
        let page = Page::new(&tables);
        case(&page, &judged(&page))
    }

    fn put(results: &mut Results, change: impl Fn(usize, &mut Summary)) {
        for cells in &mut results.cells {
            let all = cells.iter_mut().enumerate();
            all.for_each(|(s, cell)| cell.figures.iter_mut().for_each(|figure| change(s, figure)));
        }
    }

    /// Every strategy has the figures of the first, times what `factor` says.
    fn like_the_first(factor: [f64; 3]) -> Results {
        let mut results = Sample::loads(&[0.8], 3).results();
        let first = results.cells[0][0].figures.clone();
        put(&mut results, |s, figure| {
            let other = first.iter().find(|other| other.key == figure.key).unwrap();
            *figure = other.clone();
            let noisy = |(r, v): (usize, &Option<f64>)| {
                v.map(|v| v * factor[s] * (1.0 + 0.02 * ((s + 1) * (r + 1)) as f64 % 0.05))
            };
            figure.pseudo = other.pseudo.iter().enumerate().map(noisy).collect();
            figure.mean = other.mean.map(|mean| mean * factor[s]);
        });
        results
    }

    /// A sample of one point, changed.
    fn changed(change: impl Fn(usize, &mut Summary)) -> Results {
        let mut results = Sample::loads(&[0.8], 3).results();
        put(&mut results, change);
        results
    }

    #[test]
    fn each_case_is_told_from_the_others() {
        let case = |strategies| case_of(&Sample::loads(&[0.5, 0.8], strategies).results());
        assert!(matches!(case(1), Case::Alone(0)));
        assert!(matches!(case(3), Case::One(1, true)));
        let case = case_of(&like_the_first([1.0, 1.0, 1.0]));
        assert!(matches!(case, Case::All(3)));
        let without = |status: [Status; 3]| {
            let set = |s, figure: &mut Summary| (figure.mean, figure.status) = (None, status[s]);
            case_of(&changed(set))
        };
        let (unstable, unknown) = (Status::Unstable, Status::NotAvailable);
        assert!(matches!(without([unstable; 3]), Case::NoneSteady));
        let mixed = without([unstable, unknown, unstable]);
        assert!(matches!(mixed, Case::Untold));
        assert!(matches!(without([unknown; 3]), Case::TooShort));
        let few = changed(|_, figure| figure.pseudo.truncate(1));
        assert!(matches!(case_of(&few), Case::Untold));
    }

    #[test]
    fn why_nothing_is_told_is_the_reason_that_holds() {
        let said = |change: fn(usize, &mut Summary)| {
            let results = changed(change);
            assert!(matches!(case_of(&results), Case::Untold));
            why_untold(&Page::new(&Lookup::new(&results)))
        };
        let grown = said(|_, figure| figure.status = Status::Growing);
        assert!(grown.ends_with("compared: all 6 are growing."), "{grown}");
        let mixed = said(|s, figure| {
            figure.status = [Status::Growing, Status::Unstable, Status::Growing][s];
        });
        let end = "compared: 4 are growing and 2 are unstable.";
        assert!(mixed.ends_with(end), "{mixed}");
        let few = said(|_, figure| figure.pseudo.truncate(2));
        assert_eq!(few, "That takes 3 replications or more.");
        let zero = said(|_, figure| figure.pseudo[0] = Some(0.0));
        assert!(zero.contains("above 0"), "{zero}");
    }

    #[test]
    fn where_each_metric_has_another_best_it_depends() {
        let mut results = Sample::loads(&[0.8], 2).results();
        let metric = results.meta.decide_on[0].clone();
        let both = [1, 0].map(|s: usize| results.cells[0][s].get(&metric).unwrap().clone());
        put(&mut results, |s, figure| {
            if figure.key == metric {
                *figure = both[s].clone();
            }
        });
        assert!(matches!(case_of(&results), Case::Depends));
    }
}
