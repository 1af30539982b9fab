//! A deciding metric against the swept value, with its intervals.

use super::axis::Axis;
use super::drawing::{Drawing, HEIGHT, PAPER};
use super::palette::{look, mark};
use super::panel::{Entry, Panel, figure};
use super::rows::{Group, Row, Rows};
use super::sweep::{Sweep, numeric};
use super::{picked_note, strategy_entries};
use crate::experiment::results::{Status, SummaryRow};
use crate::metrics::columns::{MetricRef, Part};
use crate::report::format::{Scale, summary_cell};
use crate::report::lookup::{Lookup, chosen_points};

/// The plot of the deciding metric `metric`; none where the tables have no value of it.
pub fn draw(tables: &Lookup, metric: &MetricRef) -> Option<Drawing> {
    let rows = tables.results.summary.iter();
    rows.filter(|r| metric.is(&r.class, &r.metric))
        .find_map(|r| r.mean)?;
    let chart = Chart {
        tables,
        metric,
        slo: tables
            .slo(metric)
            .filter(|_| metric.metric.is_response_time()),
    };
    Some(match numeric(tables) {
        Some(sweep) => chart.lines(&sweep),
        None => chart.rows(),
    })
}

struct Chart<'a> {
    tables: &'a Lookup<'a>,
    metric: &'a MetricRef,
    slo: Option<f64>,
}

impl Chart<'_> {
    fn row(&self, point: usize, strategy: usize) -> Option<&SummaryRow> {
        self.tables.named(point, strategy, self.metric)
    }

    fn cells(&self, points: &[usize]) -> impl Iterator<Item = &SummaryRow> {
        let strategies = self.tables.meta().strategies.len();
        let cells = points
            .iter()
            .flat_map(move |point| (0..strategies).map(move |s| (*point, s)));
        cells
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(|(point, strategy)| self.row(point, strategy))
    }

    /// All values and interval ends at `points`, with the objective if it is near them.
    fn extent(&self, points: &[usize]) -> Vec<f64> {
        let ends = |row: &SummaryRow| {
            [
                row.mean,
                row.ci_low.filter(|_| row.mean.is_some()),
                row.ci_high,
            ]
        };
        let mut values: Vec<f64> = self.cells(points).flat_map(ends).flatten().collect();
        let high = values.iter().copied().fold(0.0, f64::max);
        values.extend(self.slo.filter(|slo| *slo < 2.5 * high));
        values
    }

    fn scale(&self, values: &[f64]) -> (Scale, String) {
        let scale = Scale::choose(
            &self.metric.metric,
            values.iter().copied().filter(|v| *v > 0.0),
        );
        let title = scale.axis_title(&self.metric.metric.title());
        (scale, title)
    }

    fn subtitle(&self) -> String {
        format!(
            "{}, mean of {} replications with 95 % intervals",
            self.metric,
            self.tables.meta().replications_text()
        )
    }

    fn title(&self) -> String {
        let of = match &self.metric.part {
            Part::All => String::new(),
            part => format!(" of {part}"),
        };
        let title = self.metric.metric.title();
        let mut letters = title.chars();
        let first = letters
            .next()
            .map_or(String::new(), |c| c.to_uppercase().collect());
        format!("{first}{}{of}", letters.as_str())
    }

    fn lines(&self, sweep: &Sweep) -> Drawing {
        let points: Vec<usize> = sweep.places.iter().map(|p| p.0).collect();
        let values = self.extent(&points);
        let (scale, y_title) = self.scale(&values);
        let scaled: Vec<f64> = values.iter().map(|v| v / scale.factor).collect();
        let (low, high) = scaled
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(l, h), v| (l.min(*v), h.max(*v)));
        let y = Axis::fitting(&y_title, &scaled, low < 0.7 * high);
        let mut legend = strategy_entries(self.tables);
        legend.extend(self.mark_notes(&points).into_iter().map(Entry::Note));
        let rows = HEIGHT - 130.0;
        let (mut drawing, body) = figure(&self.title(), &self.subtitle(), &legend, rows);
        let slo = self.slo.filter(|slo| y.holds(slo / scale.factor));
        let margin = if slo.is_some() { 64.0 } else { 0.0 };
        let panel = Panel::draw(
            &mut drawing,
            body,
            "",
            (padded(sweep.axis.clone()), y),
            margin,
        );
        if let Some(slo) = slo {
            panel.horizontal_rule(&mut drawing, slo / scale.factor, ["slo", &scale.value(slo)]);
        }
        for strategy in 0..self.tables.meta().strategies.len() {
            self.band(&mut drawing, &panel, sweep, (strategy, scale.factor));
        }
        for strategy in 0..self.tables.meta().strategies.len() {
            self.line(&mut drawing, &panel, sweep, (strategy, scale.factor));
        }
        drawing
    }

    fn band(
        &self,
        drawing: &mut Drawing,
        panel: &Panel,
        sweep: &Sweep,
        (strategy, factor): (usize, f64),
    ) {
        let ends = |(point, x): &(usize, f64)| {
            let (low, high) = self
                .row(*point, strategy)
                .and_then(|r| r.ci_low.zip(r.ci_high))?;
            Some((*x, low / factor, high / factor))
        };
        for run in runs(sweep.places.iter().map(ends)) {
            panel.band(drawing, &run, look(strategy).color);
        }
    }

    fn line(
        &self,
        drawing: &mut Drawing,
        panel: &Panel,
        sweep: &Sweep,
        (strategy, factor): (usize, f64),
    ) {
        let look = look(strategy);
        let mean = |(point, x): &(usize, f64)| {
            let row = self
                .row(*point, strategy)
                .filter(|r| r.status != Status::Censored)?;
            Some((*x, row.mean? / factor))
        };
        for run in runs(sweep.places.iter().map(mean)) {
            panel.series(drawing, &run, look, 2.0);
        }
        let several = self.tables.meta().strategies.len() as f64;
        for (point, x) in &sweep.places {
            let Some(row) = self.row(*point, strategy) else {
                continue;
            };
            match (row.status, row.mean) {
                (Status::Censored, Some(mean)) => {
                    up_arrow(drawing, panel.at(*x, mean / factor), look.color)
                }
                (_, Some(mean)) => mark(drawing, panel.at(*x, mean / factor), look, 4.2),
                (Status::Unstable, None) => {
                    let aside = (strategy as f64 - (several - 1.0) / 2.0) * 12.0;
                    let (x, top) = panel.at(*x, panel.y.high);
                    let inside = (x + aside).clamp(panel.frame.left + 8.0, panel.frame.right - 8.0);
                    cross(drawing, (inside, top + 8.0), look.color);
                }
                _ => {}
            }
        }
    }

    fn mark_notes(&self, points: &[usize]) -> Vec<String> {
        let any = |status| self.cells(points).any(|row| row.status == status);
        let notes = [
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
        notes
            .into_iter()
            .filter(|(status, _)| any(*status))
            .map(|(_, note)| note.to_string())
            .collect()
    }

    fn rows(&self) -> Drawing {
        let points = chosen_points(self.tables.points());
        let values = self.extent(&points);
        let (scale, title) = self.scale(&values);
        let scaled: Vec<f64> = values.iter().map(|v| v / scale.factor).collect();
        let (low, high) = scaled
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(l, h), v| (l.min(*v), h.max(*v)));
        let axis = Axis::fitting(&title, &scaled, low < 0.5 * high);
        let slo = self.slo.filter(|slo| axis.holds(slo / scale.factor));
        Rows {
            title: self.title(),
            subtitle: self.subtitle(),
            groups: points
                .iter()
                .map(|point| self.group(*point, &scale))
                .collect(),
            axis,
            shade: None,
            rule: slo.map(|slo| (slo / scale.factor, format!("slo {}", scale.value(slo)))),
            notes: picked_note(self.tables),
        }
        .draw()
    }

    fn group(&self, point: usize, scale: &Scale) -> Group {
        let row = |strategy: usize| {
            let cell = self.row(point, strategy);
            let interval = cell.and_then(|r| r.ci_low.zip(r.ci_high));
            Row {
                strategy,
                name: self.tables.strategy(strategy),
                value: cell.and_then(|r| r.mean).map(|mean| mean / scale.factor),
                interval: interval.map(|(low, high)| (low / scale.factor, high / scale.factor)),
                shade: None,
                text: summary_cell(cell, scale),
                at_least: cell.is_some_and(|r| r.status == Status::Censored),
            }
        };
        let rows = (0..self.tables.meta().strategies.len()).map(row).collect();
        Group {
            title: self.tables.point_label(point),
            rows,
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

/// A little room beyond the first and the last value, so that no mark lies on the frame.
pub fn padded(axis: Axis) -> Axis {
    let (low, high) = if axis.log {
        let room = (axis.high / axis.low).powf(0.02);
        (axis.low / room, axis.high * room)
    } else {
        let room = (axis.high - axis.low) * 0.01;
        (axis.low - room, axis.high + room)
    };
    Axis { low, high, ..axis }
}

fn up_arrow(drawing: &mut Drawing, (x, y): (f64, f64), color: super::drawing::Color) {
    drawing.line(vec![(x, y + 9.0), (x, y)], color, 2.0);
    drawing.fill(
        vec![(x - 6.0, y + 1.0), (x, y - 8.0), (x + 6.0, y + 1.0)],
        color,
        1.0,
    );
}

fn cross(drawing: &mut Drawing, (x, y): (f64, f64), color: super::drawing::Color) {
    for (paint, width) in [(PAPER, 4.0), (color, 2.0)] {
        drawing.line(vec![(x - 4.0, y - 4.0), (x + 4.0, y + 4.0)], paint, width);
        drawing.line(vec![(x - 4.0, y + 4.0), (x + 4.0, y - 4.0)], paint, width);
    }
}
