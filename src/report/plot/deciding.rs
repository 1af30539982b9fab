//! A deciding metric against the swept value, with its intervals.
//!
//! Lines with bands where the swept key is a number, with a panel for each value of a second key; dots
//! where it is a word, since a line between words would suggest values between them. An
//! unstable point has no steady-state value: it is a cross at the upper edge, where the line ends,
//! not a large number.

use super::axis::{Axis, range};
use super::dot_rows::{Group, Row, Rows};
use super::drawing::{Color, Drawing, PAPER};
use super::palette::{Look, look, mark};
use super::panel::{Entry, Panel};
use super::sweep::{Sweep, sweep};
use super::{picked_note, shown_points, strategy_entries};
use crate::metrics::columns::MetricRef;
use crate::report::cells::summary_cell;
use crate::report::lookup::Lookup;
use crate::report::scales::scale;
use crate::report::words::{heading, words};
use crate::results::{Status, Summary};
use crate::text::Scale;

/// The plot of the deciding metric `metric`; none where the tables have no value of it.
pub fn draw(tables: &Lookup, metric: &MetricRef) -> Option<Drawing> {
    let mut cells = tables.results.all_cells();
    cells.find_map(|(_, cell)| cell.get(metric)?.mean)?;
    let chart = Chart {
        tables,
        metric,
        rule: tables.slo(metric),
        rule_name: "SLO",
        most: f64::INFINITY,
    };
    Some(match sweep(tables) {
        Some(sweep) => chart.lines(&sweep),
        None => chart.rows(),
    })
}

/// The plot of what a search looked at, around the limit that it was asked for.
pub fn of_search(tables: &Lookup, metric: &MetricRef, limit: Option<f64>) -> Option<Drawing> {
    let chart = Chart {
        tables,
        metric,
        rule: limit,
        rule_name: "limit",
        most: limit.map_or(f64::INFINITY, |limit| AROUND * limit),
    };
    sweep(tables).map(|sweep| chart.lines(&sweep))
}

/// Why a value has no interval.
const WITHOUT_INTERVAL: [(Status, &str); 3] = [
    (Status::Thin, "too few jobs for an interval"),
    (Status::Growing, "run too short for its load, no interval"),
    (Status::Heavy, "rests on few rare jobs, no interval"),
];

/// So many times the limit of a search are shown.
const AROUND: f64 = 4.0;

struct Chart<'a> {
    tables: &'a Lookup<'a>,
    metric: &'a MetricRef,
    /// A value that is a line, and its name.
    rule: Option<f64>,
    rule_name: &'static str,
    /// What is beyond is an arrow at the upper edge.
    most: f64,
}

impl Chart<'_> {
    fn row(&self, point: usize, strategy: usize) -> Option<&Summary> {
        self.tables.cell(point, strategy).get(self.metric)
    }

    fn cells(&self, points: &[usize]) -> impl Iterator<Item = &Summary> {
        let strategies = || self.tables.strategies();
        let row = move |point| strategies().filter_map(move |strategy| self.row(point, strategy));
        points.iter().flat_map(move |point| row(*point))
    }

    /// The unit, and an axis in it for all values and interval ends at `points` and for the
    /// rule if that is near them; from 0 if the smallest is below `small` of the largest.
    fn axis(&self, points: &[usize], small: f64) -> (Scale, Axis) {
        let ends = |row: &Summary| [row.mean, row.mean.and(row.ci_low), row.ci_high];
        let values = self.cells(points).flat_map(ends).flatten();
        let mut values: Vec<f64> = values.filter(|value| *value <= self.most).collect();
        let high = values.iter().copied().fold(0.0, f64::max);
        let is_searched = self.most.is_finite();
        values.extend(self.rule.filter(|rule| is_searched || *rule < 2.5 * high));
        let sizes = values.iter().copied().filter(|v| *v > 0.0);
        let scale = scale(&self.metric.metric, sizes);
        let scaled: Vec<f64> = values.iter().map(|v| v / scale.factor).collect();
        let (low, high) = range(scaled.iter().copied()).unwrap_or((f64::INFINITY, 0.0));
        let title = scale.axis_title(&words(self.metric));
        let axis = Axis::fitting(&title, &scaled, low < small * high).told();
        (scale, axis)
    }

    fn rule_on(&self, axis: &Axis, scale: &Scale) -> Option<f64> {
        self.rule.filter(|rule| axis.holds(rule / scale.factor))
    }

    fn subtitle(&self) -> String {
        let replications = self.tables.meta().replications_text();
        format!("mean of {replications} with 95 % intervals")
    }

    /// Curves with bands over a numeric sweep; the axis starts at 0 unless all values are well above it.
    fn lines(&self, sweep: &Sweep) -> Drawing {
        let points: Vec<usize> = (0..self.tables.points()).collect();
        let (scale, y) = self.axis(&points, 0.7);
        let rule = self.rule_on(&y, &scale);
        let margin = if rule.is_some() { 64.0 } else { 0.0 };
        let mut legend = strategy_entries(self.tables);
        legend.extend(self.mark_notes(&points).into_iter().map(Entry::Note));
        let (title, subtitle) = (heading(self.metric), self.subtitle());
        let texts = [title.as_str(), subtitle.as_str()];
        let head = (self.tables.style, texts, legend);
        sweep.figure(head, (y, margin), |drawing, panel, values| {
            if let Some(rule) = rule {
                let lines = [self.rule_name, &scale.value(rule)];
                panel.horizontal_rule(drawing, rule / scale.factor, lines);
            }
            let mut curves = Curves {
                chart: self,
                sweep,
                drawing,
                panel,
                values,
                factor: scale.factor,
            };
            let strategies = || self.tables.strategies();
            strategies().for_each(|strategy| curves.band(strategy));
            strategies().for_each(|strategy| curves.line(strategy));
        })
    }

    /// What crosses, arrows and gaps mean, as far as there are any.
    fn mark_notes(&self, points: &[usize]) -> Vec<String> {
        const NOTES: [(Status, &str); 3] = [
            (
                Status::Unstable,
                "cross at the upper edge: unstable, no steady-state value",
            ),
            (
                Status::Censored,
                "arrow: at least this much (jobs were left unfinished)",
            ),
            (Status::NotAvailable, "a gap in a line: not available"),
        ];
        let is_shown = |status| self.cells(points).any(|row| row.status == status);
        let notes = NOTES.into_iter().filter(|(status, _)| is_shown(*status));
        let is_beyond = |row: &Summary| row.mean.is_some_and(|mean| mean > self.most);
        let beyond = self.cells(points).any(is_beyond);
        let beyond = beyond.then_some("arrow at the upper edge: beyond what is shown");
        let notes = notes.map(|(_, note)| note).chain(beyond);
        notes.map(str::to_owned).collect()
    }

    /// Dots with intervals, a group a point, for words and grids.
    fn rows(&self) -> Drawing {
        let points = shown_points(self.tables);
        let (scale, axis) = self.axis(&points, 0.5);
        let rule = |rule| {
            let name = format!("{} {}", self.rule_name, scale.value(rule));
            (rule / scale.factor, name)
        };
        let groups = points.iter().map(|point| self.group(*point, &scale));
        Rows {
            style: self.tables.style,
            title: heading(self.metric),
            subtitle: self.subtitle(),
            groups: groups.collect(),
            rule: self.rule_on(&axis, &scale).map(rule),
            axis,
            shade: None,
            shaded: None,
            notes: self.notes(&points),
        }
        .draw()
    }

    /// Why values have no interval: of a narrow plot, which has no figures in words, with their names.
    fn notes(&self, points: &[usize]) -> Vec<String> {
        let of = |(status, why): (Status, &str)| {
            let has = |s: &usize| {
                let mut rows = points.iter().filter_map(|point| self.row(*point, *s));
                rows.any(|row| row.status == status)
            };
            let names = self.tables.strategies().filter(has);
            let names: Vec<String> = names.map(|s| self.tables.strategy(s)).collect();
            let narrow = format!("{why}: {}", names.join(", "));
            let wide = format!("{}: {why}", status.word());
            (!names.is_empty()).then(|| self.tables.style.either(narrow, wide))
        };
        let told = WITHOUT_INTERVAL.into_iter().filter_map(of);
        picked_note(self.tables).into_iter().chain(told).collect()
    }

    fn group(&self, point: usize, scale: &Scale) -> Group {
        let row = |strategy: usize| {
            let cell = self.row(point, strategy);
            let scaled = |value: f64| value / scale.factor;
            let interval = cell.and_then(|r| r.interval());
            Row {
                look: look(self.tables.number(strategy)),
                name: self.tables.strategy(strategy),
                value: cell.and_then(|r| r.mean).map(scaled),
                interval: interval.map(|(low, high)| (scaled(low), scaled(high))),
                shade: None,
                text: summary_cell(cell, scale),
                at_least: cell.is_some_and(|r| r.status == Status::Censored),
            }
        };
        Group {
            title: self.tables.point_label(point),
            rows: self.tables.strategies().map(row).collect(),
        }
    }
}

/// The curves of all strategies over a swept key.
struct Curves<'a> {
    chart: &'a Chart<'a>,
    sweep: &'a Sweep,
    drawing: &'a mut Drawing,
    panel: Panel,
    values: &'a [(usize, f64)],
    factor: f64,
}

impl Curves<'_> {
    fn look(&self, strategy: usize) -> Look {
        look(self.chart.tables.number(strategy))
    }

    /// The values that were run under a strategy.
    fn values(&self, strategy: usize) -> impl Iterator<Item = &(usize, f64)> {
        let cell = move |point| self.chart.tables.cell(point, strategy);
        let values = self.values.iter();
        values.filter(move |(point, _)| !cell(*point).figures.is_empty())
    }

    /// A value's place; above a word beside those of the other strategies.
    fn x(&self, value: f64, strategy: usize) -> f64 {
        let several = self.chart.tables.strategies().len();
        self.sweep.x(value, (strategy, several))
    }

    /// The intervals as a band, broken where one is missing; of words as bars.
    fn band(&mut self, strategy: usize) {
        let ends = |(point, x): &(usize, f64)| {
            let row = self.chart.row(*point, strategy)?;
            let (low, high) = row.interval()?;
            let x = self.x(*x, strategy);
            Some((x, low / self.factor, high / self.factor))
        };
        let color = self.look(strategy).color;
        for run in runs(self.values(strategy).map(ends)) {
            self.panel.intervals(self.drawing, &run, color);
        }
    }

    /// The curve and its marks; a lower bound has an arrow and is not joined with the others.
    fn line(&mut self, strategy: usize) {
        let look = self.look(strategy);
        let mean = |(point, x): &(usize, f64)| {
            let row = self.chart.row(*point, strategy)?;
            let mean = row.mean.filter(|_| row.status != Status::Censored)?;
            Some((*x, mean / self.factor))
        };
        for run in runs(self.values(strategy).map(mean)) {
            self.panel.series(self.drawing, &run, look, 2.0);
        }
        for (point, x) in self.values {
            if let Some(row) = self.chart.row(*point, strategy) {
                self.mark(*x, strategy, row);
            }
        }
    }

    /// What stands at one value of the swept key: the mean's marker, an arrow if the mean is a lower
    /// bound or beyond the axis, a cross at the upper edge if there is none.
    fn mark(&mut self, x: f64, strategy: usize, row: &Summary) {
        let (panel, look) = (&self.panel, self.look(strategy));
        let mean = row.mean.map(|mean| mean / self.factor);
        let is_beyond = mean.is_some_and(|mean| mean > panel.y.high);
        match mean.map(|mean| panel.at(self.x(x, strategy), mean)) {
            Some(at) if is_beyond || row.status == Status::Censored => {
                up_arrow(self.drawing, at, look.color);
            }
            Some(at) => mark(self.drawing, at, look, 4.2),
            None if row.status == Status::Unstable => {
                let several = self.chart.tables.strategies().len();
                let edge = panel.at_the_edge(self.x(x, strategy), (strategy, several));
                cross(self.drawing, edge, look.color);
            }
            None => {}
        }
    }
}

/// The runs of neighbours that have a value.
pub fn runs<T>(values: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut runs: Vec<Vec<T>> = vec![Vec::new()];
    for value in values {
        match (value, runs.last_mut()) {
            (Some(value), Some(run)) => run.push(value),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// An arrow whose tip lies above a point.
pub fn up_arrow(drawing: &mut Drawing, (x, y): (f64, f64), color: Color) {
    drawing.line(vec![(x, y + 9.0), (x, y)], color, 2.0);
    let head = vec![(x - 6.0, y + 1.0), (x, y - 8.0), (x + 6.0, y + 1.0)];
    drawing.fill(head, color, 1.0);
}

fn cross(drawing: &mut Drawing, (x, y): (f64, f64), color: Color) {
    for (paint, width) in [(PAPER, 4.0), (color, 2.0)] {
        drawing.line(vec![(x - 4.0, y - 4.0), (x + 4.0, y + 4.0)], paint, width);
        drawing.line(vec![(x - 4.0, y + 4.0), (x + 4.0, y - 4.0)], paint, width);
    }
}
