//! How slow are the slowest: response time by share of jobs, and the same against the baseline.
//!
//! The curve of survivors turned on its side: each step to the right looks at a ten times rarer job, as
//! people read p50, p90, p99. The panel below parts curves that coincide above. Curves are the pooled
//! `ccdf.csv`, drawn to the last share that has ten jobs beyond it in each replication.

use maud::{Markup, html};

use super::Page;
use super::figure::{LABEL, Upward, across, change_axis, line, objective_line, stretched, text};
use crate::report::plot::axis::Axis;
use crate::report::words::set;
use crate::text::{Scale, plain_percent, printable, signed_percent};

/// Shares that are named, and the metric that is the quantile.
const NAMED: [(&str, f64, &str); 4] = [
    ("p50", 0.5, "response_p50"),
    ("p90", 0.1, "response_p90"),
    ("p99", 0.01, "response_p99"),
    ("p99.9", 0.001, "response_p999"),
];
/// Points of a curve at most.
const POINTS: usize = 70;

/// Curves of one class: by strategy, (decades of rarity, seconds), rising.
struct Tail<'a> {
    page: &'a Page<'a>,
    point: usize,
    class: &'a str,
    curves: Vec<Vec<(f64, f64)>>,
    /// The rarest share that is drawn, in decades.
    end: f64,
}

/// The figure for a class at a point; nothing without curves.
pub fn figure(page: &Page, point: usize, class: &str) -> Markup {
    let curve = |s| curve(page, point, s, class);
    let curves: Vec<Vec<(f64, f64)>> = page.strategies().map(curve).collect();
    let end = curves.iter().flatten().map(|at| at.0).fold(0.0, f64::max);
    if end <= 0.0 {
        return html! {};
    }
    let tail = Tail {
        page,
        point,
        class,
        curves,
        end,
    };
    let is_unstable = |s: &usize| page.cell(point, *s).is_unstable();
    let unsteady: Vec<usize> = page.strategies().filter(is_unstable).collect();
    let of = match class {
        "all" => String::new(),
        class => format!(" jobs of class {}", printable(class)),
    };
    html! { figure {
        figcaption {
            b.q { "How slow are the slowest" (of) "?" }
            " Jobs sorted by response time; each step to the right looks at a ten times rarer job. Drawn to the last share that has 10 jobs beyond it in each replication. Axis from 0; marks: the quantiles with their 95\u{202f}% intervals."
            @if !unsteady.is_empty() { " Not drawn, unstable: " (page.few(&unsteady, 6)) "." }
        }
        (page.row_of_names())
        div.pl { (tail.times()) }
        (tail.ratios())
    } }
}

/// A strategy's curve, thinned.
fn curve(page: &Page, point: usize, strategy: usize, class: &str) -> Vec<(f64, f64)> {
    let cell = page.cell(point, strategy);
    if cell.is_unstable() {
        return Vec::new();
    }
    let least = 10 * cell.replications().max(1) as u64;
    let rows = cell.ccdf(class).iter();
    let rows = rows.filter(|row| row.jobs_above >= least && row.share_above > 0.0);
    let all = rows.map(|row| (-row.share_above.log10(), row.response));
    let all: Vec<(f64, f64)> = all.filter(|at| at.1.is_finite()).collect();
    let step = all.len().div_ceil(POINTS).max(1);
    let is_kept = |at: &usize| at.is_multiple_of(step) || at + 1 == all.len();
    let kept = (0..all.len()).filter(is_kept);
    kept.map(|at| all[at]).collect()
}

impl Tail<'_> {
    fn x(&self, decades: f64) -> f64 {
        decades / self.end
    }

    /// Named shares that are drawn.
    fn named(&self) -> impl Iterator<Item = (&'static str, f64, &'static str)> {
        let named = NAMED.map(|(name, share, metric)| (name, -share.log10(), metric));
        named.into_iter().filter(|named| named.1 <= self.end)
    }

    fn uprights(&self, height: f64) -> Markup {
        html! { @for (name, at, _) in self.named() {
            (line("g1", (self.x(at), 0.0), (self.x(at), height)))
            (text("ink", (self.x(at), height + 16.0), "middle", name))
        } }
    }

    /// Response time by share of jobs, from 0, with the objective and the quantiles of the tables.
    fn times(&self) -> Markup {
        let values = || self.curves.iter().flatten().map(|at| at.1);
        let highest = values().fold(0.0, f64::max);
        let scale = Scale::time([highest / 5.0]);
        let slo = self.page.tables.class_slo(self.class);
        // Intervals are on the plot, too, as long as they do not squeeze the curves.
        let intervals = self.interval_ends().into_iter();
        let intervals = intervals.map(|end| end.min(2.0 * highest));
        let shown = values().chain(intervals).map(|v| v / scale.factor);
        let axis = Axis::linear("", shown, true);
        let up = Upward {
            axis,
            height: 250.0,
            unit: scale.unit.clone(),
        };
        let y = |seconds: f64| up.y(seconds / scale.factor);
        let names = self.page.tables.short_strategies(LABEL);
        let ends = ends(&self.curves, y, |s, _| names[s].clone());
        let at = self.page.tables.at(self.point);
        let label = format!("Response time by share of jobs{at}");
        html! { svg width="100%" height="272" role="img" aria-label=(label) {
            (up.levels()) (self.uprights(250.0)) (line("ax", (0.0, 250.0), (1.0, 250.0)))
            @if let Some(slo) = slo.filter(|slo| up.axis.holds(slo / scale.factor)) { (objective_line(y(slo), &format!("SLO {}", scale.value(slo)))) }
            (self.lines(250.0, &self.curves, y))
            @for s in self.page.strategies() { (self.quantiles(s, &scale, &y)) }
            (self.page.labels(&ends, 250.0))
        } }
    }

    /// The upper ends of all intervals that are drawn, seconds.
    fn interval_ends(&self) -> Vec<f64> {
        let of = |s| {
            let cell = self.page.cell(self.point, s);
            let end = |metric| Some(cell.find(self.class, metric)?.interval()?.1);
            self.named().filter_map(move |named| end(named.2))
        };
        self.page.strategies().flat_map(of).collect()
    }

    /// Curves, dashed from the tenth strategy on, where colours repeat.
    fn lines(&self, height: f64, curves: &[Vec<(f64, f64)>], y: impl Fn(f64) -> f64) -> Markup {
        let placed = |curve: &Vec<(f64, f64)>| -> Vec<(f64, f64)> {
            curve.iter().map(|at| (self.x(at.0), y(at.1))).collect()
        };
        let dash = |s: usize| if s >= 9 { "d" } else { "" };
        stretched(
            height,
            &html! { @for (s, curve) in curves.iter().enumerate() { (self.page.curve(s, dash(s), &placed(curve))) } },
        )
    }

    /// The quantiles of the tables, with their intervals.
    fn quantiles(&self, strategy: usize, scale: &Scale, y: &dyn Fn(f64) -> f64) -> Markup {
        let cell = self.page.cell(self.point, strategy);
        let found = |(name, at, metric)| Some((name, at, cell.find(self.class, metric)?));
        let figures = self.named().filter_map(found);
        html! { @for (name, at, figure) in figures { @if let Some(mean) = figure.standing_mean() {
            @let said = format!("{}, {name}: {}", self.page.tables.strategy(strategy), self.page.said(Some(figure), scale));
            (self.page.mark_with(strategy, (self.x(at), y(mean)), figure.interval().map(|(low, high)| (y(low), y(high))), &said))
        } } }
    }

    /// By strategy, the change in per cent against the baseline's time at the same share.
    fn changes(&self) -> Vec<Vec<(f64, f64)>> {
        let baseline = self.page.baseline();
        let base = &self.curves[baseline];
        let of = |(s, curve): (usize, &Vec<(f64, f64)>)| -> Vec<(f64, f64)> {
            let change = |at: &(f64, f64)| {
                let change = 100.0 * (at.1 / between(base, at.0)? - 1.0);
                Some((at.0, change)).filter(|_| change.is_finite() && s != baseline)
            };
            let shown = curve.iter().filter(|at| at.0 > 0.05);
            shown.filter_map(change).collect()
        };
        self.curves.iter().enumerate().map(of).collect()
    }

    /// Each curve as change against the baseline's at the same share.
    fn ratios(&self) -> Markup {
        let changes = self.changes();
        if changes.iter().all(|curve| curve.len() < 2) {
            return html! {};
        }
        let margin = self.page.meta().margin;
        let all = changes.iter().flatten().map(|at| at.1 / 100.0);
        let up = Upward {
            axis: change_axis(all.chain([margin, -margin])),
            height: 110.0,
            unit: "%".to_owned(),
        };
        let names = self.page.tables.short_strategies(LABEL - " -100 %".len());
        let label = |s: usize, change: f64| {
            let change = signed_percent(change / 100.0, 0);
            set(&format!("{} {change} %", names[s]))
        };
        let ends = ends(&changes, |change| up.y(change), label);
        let baseline = self.page.tables.strategy(self.page.baseline());
        html! {
            p.note { "The same, as change against " (baseline) " at each share; shaded: ±" (set(&plain_percent(margin))) "." }
            div.pl { svg width="100%" height="132" role="img" aria-label={ "Change against " (baseline) " by share of jobs" } {
                rect.mg x="0" width=(across(1.0)) y=(up.y(100.0 * margin)) height=(up.y(-100.0 * margin) - up.y(100.0 * margin)) {}
                (up.levels()) (self.uprights(110.0)) (line("ax", (0.0, up.y(0.0)), (1.0, up.y(0.0))))
                (self.lines(110.0, &changes, |change| up.y(change)))
                (self.page.labels(&ends, 110.0))
            } }
        }
    }
}

/// The ends of curves: strategy, height and label.
fn ends(
    curves: &[Vec<(f64, f64)>],
    y: impl Fn(f64) -> f64,
    label: impl Fn(usize, f64) -> String,
) -> Vec<(usize, f64, String)> {
    let end = |(s, curve): (usize, &Vec<(f64, f64)>)| {
        let last = curve.last()?.1;
        Some((s, y(last), label(s, last)))
    };
    curves.iter().enumerate().filter_map(end).collect()
}

/// The value of a rising curve at `x`, between its points.
fn between(curve: &[(f64, f64)], x: f64) -> Option<f64> {
    let after = curve.iter().position(|at| at.0 >= x)?;
    let (x1, y1) = curve[after];
    let (x0, y0) = curve[after.checked_sub(1)?];
    let share = if x1 > x0 { (x - x0) / (x1 - x0) } else { 1.0 };
    Some(y0 + share * (y1 - y0))
}

/// Classes with a curve: the whole, or of several classes those that are asked for.
pub fn classes(page: &Page, point: usize) -> Vec<String> {
    let meta = page.meta();
    let asked = || meta.decide_on.iter().chain(&meta.show);
    let is_asked = |class: &String| asked().any(|metric| metric.part.is(class));
    let mut named = page.tables.classes_with_curve(point);
    named.retain(|class| class != "all");
    match named.len() {
        2.. if named.iter().any(is_asked) => named.into_iter().filter(is_asked).take(3).collect(),
        _ => vec!["all".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_between_points_lie_on_the_line() {
        let curve = [(0.0, 10.0), (1.0, 20.0), (2.0, 40.0)];
        assert_eq!(between(&curve, 1.5), Some(30.0));
        assert_eq!(between(&curve, 2.5), None, "nothing is said beyond the end");
    }
}
