//! How many jobs take longer than a time: the response time's CCDF, log-log, one panel a class.
//!
//! The complement of the distribution on a logarithmic scale shows the tail, which a distribution
//! function hides in its last pixel: p99 and p99.9 stand as far apart as the median and p90, and a
//! heavy tail is a straight line. Curves end where fewer than ten jobs are left, since beyond that
//! they show single jobs.

use super::axis::{Axis, range};
use super::drawing::{Drawing, Point};
use super::panel::{Area, Panel, layout};
use super::point_figure;
use crate::report::lookup::Lookup;
use crate::text::Scale;

/// Classes drawn at most, the whole included; the table holds all.
const MOST: usize = 9;

/// The plot for `point`; none without a CCDF.
pub fn draw(tables: &Lookup, point: usize) -> Option<Drawing> {
    let mut classes = tables.classes_with_curve(point);
    // The whole is not drawn twice, as the only class too.
    let is_one = classes.first()? == "all" && classes.len() == 2;
    classes.truncate(if is_one { 1 } else { MOST });
    let style = tables.style;
    let (columns, rows) = layout(style, classes.len());
    let height = match rows {
        1 => style.either(260.0, 400.0),
        _ => 300.0 * rows as f64,
    };
    let subtitle =
        "share of measured jobs that take longer than the time, all replications together";
    let texts = ["Response times", subtitle];
    let (mut drawing, body) = point_figure(tables, point, texts, height);
    let drawn = classes.iter().map(|name| Class::of(tables, point, name));
    let drawn: Vec<Class> = drawn.collect();
    // What is read is the tail: a hundredth of the longest time still has a digit.
    let scale = Scale::time(drawn.iter().map(|class| class.high / 30.0));
    for (class, area) in drawn.iter().zip(body.cells(columns, rows)) {
        class.panel(tables, &scale, &mut drawing, area);
    }
    Some(drawing)
}

/// The curves of a class, with its objective if that is near them.
struct Class<'a> {
    name: &'a str,
    curves: Vec<Vec<Point>>,
    slo: Option<f64>,
    /// The middle of the curves' times, seconds.
    middle: f64,
    /// Their largest.
    high: f64,
}

impl<'a> Class<'a> {
    fn of(tables: &Lookup, point: usize, name: &'a str) -> Class<'a> {
        let curves = curves(tables, point, name);
        let times = curves.iter().flatten().map(|point| point.0);
        let (low, high) = range(times).unwrap_or((f64::INFINITY, 0.0));
        let near = |slo: &f64| (low / 2.0..=high * 3.0).contains(slo);
        Class {
            name,
            curves,
            slo: tables.class_slo(name).filter(near),
            middle: (low * high).sqrt(),
            high,
        }
    }

    /// Its curves on logarithmic axes, times in the unit of the whole figure.
    fn panel(&self, tables: &Lookup, scale: &Scale, drawing: &mut Drawing, area: Area) {
        let all = || self.curves.iter().flatten();
        // A curve's start far below its middle would squeeze its end.
        let times = all().map(|point| point.0).chain(self.slo);
        let shown = times.filter(|time| *time > self.middle / 300.0);
        let shown = shown.map(|time| time / scale.factor);
        let x = Axis::log(&scale.axis_title("response time"), shown);
        let shares = all().map(|point| point.1);
        let y = Axis::log("jobs that take longer (%)", shares.chain([95.0]));
        let title = match self.name {
            "all" => "all jobs".to_owned(),
            class => format!("class {class}"),
        };
        let panel = Panel::draw(drawing, area, &title, (x, y), 14.0);
        if let Some(slo) = self.slo {
            let name = format!("SLO {}", scale.value(slo));
            panel.vertical_rule(drawing, slo / scale.factor, &name, &title);
        }
        let inside = |curve: &Vec<Point>| -> Vec<Point> {
            let curve = curve.iter();
            let scaled = curve.map(|(time, share)| (time / scale.factor, *share));
            let shown = scaled.filter(|p| panel.x.holds(p.0) && panel.y.holds(p.1));
            shown.collect()
        };
        let curves: Vec<Vec<Point>> = self.curves.iter().map(inside).collect();
        panel.curves(drawing, tables, &curves);
    }
}

/// Each strategy's curve as (response time in seconds, share above in percent), what a logarithm takes.
fn curves(tables: &Lookup, point: usize, class: &str) -> Vec<Vec<Point>> {
    let curve = |strategy| {
        let rows = tables.cell(point, strategy).ccdf(class).iter();
        let curve = rows.map(|row| (row.response, 100.0 * row.share_above));
        curve.filter(|p| p.0 > 0.0 && p.1 > 0.0).collect()
    };
    (0..tables.meta().strategies.len()).map(curve).collect()
}
