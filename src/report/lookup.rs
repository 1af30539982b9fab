//! Finding rows of a run's tables, and naming its points.
//!
//! Names of points are as short as they can be told apart by: a swept key is cut to the last parts of its path
//! that no other swept key shares.

use std::ops::Range;

use super::scales::scale;
use crate::metrics::columns::MetricRef;
use crate::results::{Cell, ComparisonRow, Meta, Results};
use crate::text::{Scale, apart, assignments, plain_percent, plain_value, printable};

/// How plots are laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Width, pixels; texts have about 12.
    pub width: f64,
    /// Whether there is a title above.
    pub has_title: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style {
            width: 900.0,
            has_title: true,
        }
    }
}

impl Style {
    /// Whether panels stand below one another and figures are not told in words beside their marks.
    pub fn is_narrow(&self) -> bool {
        self.width < 650.0
    }

    /// `narrow` where it is, else `wide`.
    pub fn either<T>(&self, narrow: T, wide: T) -> T {
        if self.is_narrow() { narrow } else { wide }
    }
}

/// What a run found, with names for its points.
pub struct Lookup<'a> {
    /// What was found.
    pub results: &'a Results,
    /// How its plots are laid out.
    pub style: Style,
    labels: Vec<String>,
}

impl<'a> Lookup<'a> {
    /// Of `results`.
    pub fn new(results: &'a Results) -> Lookup<'a> {
        Lookup {
            results,
            style: Style::default(),
            labels: short_labels(&results.meta.sweep),
        }
    }

    /// The same with plots laid out otherwise.
    pub fn styled(self, style: Style) -> Lookup<'a> {
        Lookup { style, ..self }
    }

    /// What the run is about.
    pub fn meta(&self) -> &'a Meta {
        &self.results.meta
    }

    /// What was found of a strategy at a point.
    pub fn cell(&self, point: usize, strategy: usize) -> &'a Cell {
        self.results.cell(point, strategy)
    }

    /// The comparison on the deciding `metric`.
    pub fn comparison(
        &self,
        point: usize,
        strategy: usize,
        metric: &MetricRef,
    ) -> Option<&'a ComparisonRow> {
        let mut rows = self.results.comparisons_on(metric);
        rows.find(|row| (row.point, row.strategy) == (point, strategy))
    }

    /// The mean of the metric named `metric` of a part of the run, if there is one.
    pub fn mean(&self, point: usize, strategy: usize, part: &str, metric: &str) -> Option<f64> {
        self.cell(point, strategy).find(part, metric)?.mean
    }

    /// The one unit in which the figures of all strategies at `points` read best.
    pub fn scale(&self, metric: &MetricRef, points: Range<usize>) -> Scale {
        let cells = self.results.cells.get(points).unwrap_or_default();
        let means = cells.iter().flatten();
        scale(
            &metric.metric,
            means.filter_map(|cell| cell.get(metric)?.mean),
        )
    }

    /// "intervals 95 % for all 8 comparisons together", as the scenario has them; none where nothing is compared.
    pub fn intervals(&self) -> Option<String> {
        let (meta, shown) = (self.meta(), self.results.comparisons.len());
        let level = plain_percent(meta.confidence);
        let whose = match shown < meta.family {
            true => " of the scenario",
            false => "",
        };
        match (shown, meta.family) {
            (0, _) => None,
            (_, 0 | 1) => Some(format!("interval {level}")),
            (_, many) => Some(format!(
                "intervals {level} for all {many} comparisons{whose} together"
            )),
        }
    }

    /// Index of the baseline strategy.
    pub fn baseline(&self) -> usize {
        self.known_baseline().unwrap_or(0)
    }

    /// The number of a strategy's look, the same on the page and in all plots.
    pub fn number(&self, strategy: usize) -> usize {
        look_number(strategy, self.known_baseline())
    }

    fn known_baseline(&self) -> Option<usize> {
        let meta = self.meta();
        let mut strategies = meta.strategies.iter();
        strategies.position(|strategy| strategy.name == meta.baseline)
    }

    /// Indexes of the strategies.
    pub fn strategies(&self) -> Range<usize> {
        0..self.meta().strategies.len()
    }

    /// A strategy's name, safe to print.
    pub fn strategy(&self, strategy: usize) -> String {
        let found = self.meta().strategies.get(strategy);
        found.map_or(String::new(), |found| printable(&found.name))
    }

    /// The names of all strategies, safe to print.
    pub fn names(&self) -> Vec<String> {
        self.strategies().map(|s| self.strategy(s)).collect()
    }

    /// The names of all strategies, cut to `width` columns where they differ.
    pub fn short_strategies(&self, width: usize) -> Vec<String> {
        apart(&self.names(), width)
    }

    /// `all` and the classes, those with a CCDF at a point.
    pub fn classes_with_curve(&self, point: usize) -> Vec<String> {
        let classes = self.meta().classes.iter().map(|class| class.name.as_str());
        let has = |class: &str, s| !self.cell(point, s).ccdf(class).is_empty();
        let drawn = |class: &&str| self.strategies().any(|s| has(class, s));
        let all = std::iter::once("all").chain(classes).filter(drawn);
        all.map(str::to_owned).collect()
    }

    /// Number of points; at least 1.
    pub fn points(&self) -> usize {
        self.meta().points.len().max(1)
    }

    /// Short name of a swept key: as many of its path's last parts as tell it from the others.
    pub fn sweep_label(&self, key: usize) -> &str {
        self.labels.get(key).map_or("", String::as_str)
    }

    /// "load 0.8, count 60"; empty without a sweep.
    pub fn point_label(&self, point: usize) -> String {
        self.label_of(point, |_| true)
    }

    /// The same of some of the swept keys.
    pub fn label_of(&self, point: usize, is_told: impl Fn(usize) -> bool) -> String {
        let name = |key| is_told(key).then(|| self.sweep_label(key).to_owned());
        self.label_with(point, name)
    }

    /// The same of the swept keys for which there is a name.
    pub fn label_with(&self, point: usize, name: impl Fn(usize) -> Option<String>) -> String {
        let values = self.meta().points.get(point).into_iter().flatten();
        let part =
            |(key, value): (usize, &String)| Some(format!("{} {}", name(key)?, plain_value(value)));
        let parts: Vec<String> = values.enumerate().filter_map(part).collect();
        parts.join(", ")
    }

    /// "workload.load = 0.8, nodes.a.count = 60", the keys in full; empty without a sweep.
    pub fn assignments(&self, point: usize) -> String {
        let meta = self.meta();
        let values = meta.points.get(point).map_or(&[][..], |values| values);
        printable(&assignments(&meta.sweep, values))
    }

    /// " at load 0.8"; empty without a sweep.
    pub fn at(&self, point: usize) -> String {
        match self.point_label(point) {
            label if label.is_empty() => label,
            label => format!(" at {label}"),
        }
    }

    /// The objective that `metric`, a quantile of the response time, is held against: that of its class. It is of
    /// single jobs, and so no mean is held against it.
    pub fn slo(&self, metric: &MetricRef) -> Option<f64> {
        let is_held = metric.metric.is_response_time() && metric.metric.quantile().is_some();
        let slo = self.class_slo(&metric.part.to_string());
        slo.filter(|_| is_held)
    }

    /// Objective of `class`; for `all`, that of the only class.
    pub fn class_slo(&self, class: &str) -> Option<f64> {
        let classes = &self.meta().classes;
        match classes.iter().find(|c| c.name == class) {
            Some(class) => class.slo,
            None if class == "all" && classes.len() == 1 => classes[0].slo,
            None => None,
        }
    }
}

/// The number of a strategy's look: 0 is the baseline's, which a search may leave out.
pub fn look_number(strategy: usize, baseline: Option<usize>) -> usize {
    match baseline {
        Some(baseline) if strategy == baseline => 0,
        Some(baseline) if strategy > baseline => strategy,
        _ => strategy + 1,
    }
}

/// At most six of `count` points: the first, the last and evenly in between.
pub fn chosen_points(count: usize) -> Vec<usize> {
    const MOST: usize = 6;
    if count <= MOST {
        return (0..count).collect();
    }
    let chosen = |k| (k * (count - 1) + (MOST - 1) / 2) / (MOST - 1);
    (0..MOST).map(chosen).collect()
}

/// For each path as many of its last parts as no other path ends in.
fn short_labels(paths: &[String]) -> Vec<String> {
    let tail = |path: &str, parts: usize| {
        let all: Vec<&str> = path.split('.').collect();
        all[all.len().saturating_sub(parts)..].join(".")
    };
    let unique = |path: &String, parts: &usize| {
        let mine = tail(path, *parts);
        let same = paths.iter().filter(|other| tail(other, *parts) == mine);
        same.count() == 1
    };
    let label = |path: &String| {
        let parts = (1..=path.split('.').count()).find(|parts| unique(path, parts));
        printable(&parts.map_or(path.clone(), |parts| tail(path, parts)))
    };
    paths.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample::Sample;

    #[test]
    fn labels_are_as_short_as_they_are_clear() {
        let paths = ["workload.load", "nodes.a.count", "nodes.b.count"].map(String::from);
        assert_eq!(short_labels(&paths), ["load", "a.count", "b.count"]);
    }

    #[test]
    fn intervals_are_told_of_what_is_compared() {
        let mut results = Sample::loads(&[0.8], 3).results();
        let told = |results: &Results| Lookup::new(results).intervals();
        let all = "intervals 95 % for all 4 comparisons together";
        assert_eq!(told(&results).as_deref(), Some(all));
        results.comparisons.pop();
        let some = "intervals 95 % for all 4 comparisons of the scenario together";
        assert_eq!(told(&results).as_deref(), Some(some));
        results.comparisons.clear();
        assert_eq!(told(&results), None);
    }

    #[test]
    fn looks_are_numbered_from_the_baseline_on() {
        let mut results = Sample::loads(&[0.8], 3).results();
        let numbers = |baseline: &str, results: &mut Results| {
            results.meta.baseline = baseline.to_owned();
            [0, 1, 2].map(|strategy| Lookup::new(results).number(strategy))
        };
        assert_eq!(numbers("random", &mut results), [0, 1, 2]);
        assert_eq!(numbers("least-loaded", &mut results), [1, 0, 2]);
        assert_eq!(numbers("left out", &mut results), [1, 2, 3]);
    }

    #[test]
    fn chosen_points_hold_both_ends() {
        assert_eq!(chosen_points(3), [0, 1, 2]);
        assert_eq!(chosen_points(11), [0, 2, 4, 6, 8, 10]);
        assert_eq!(chosen_points(100).last(), Some(&99));
    }
}
