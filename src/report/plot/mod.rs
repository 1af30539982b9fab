//! Plots: each a function of the tables, drawn once for SVG and PNG.
//!
//! A plot is here because a question needs it: which strategy is best over the sweep (deciding
//! metrics), how sure is that (paired differences), what happens in the tail (CCDF), where the time
//! goes (blame), whether nodes are used evenly, whether the run was steady. What a strategy costs in
//! messages stands on the page, which needs no picture for it. Every
//! strategy has one colour and one marker in all of them; no two texts overlap and none is clipped,
//! which tests check on the lists of shapes, also for absurd values.

pub mod axis;
mod blame;
mod ccdf;
pub mod changes;
pub mod deciding;
mod differences;
mod dot_rows;
pub mod drawing;
mod imbalance;
pub mod palette;
mod panel;
pub mod pdf;
pub mod sweep;
mod utilization;

use drawing::Drawing;
use palette::look;
use panel::{Area, Entry, figure, legend_names};

use super::lookup::{Lookup, chosen_points};
use crate::metrics::columns::MetricRef;
use crate::results::Results;

/// What a plot shows; the order is that of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// A deciding metric with its intervals.
    Deciding,
    /// Paired differences from the baseline.
    Differences,
    /// Response times' CCDF by class.
    Ccdf,
    /// Parts of the response time.
    Blame,
    /// Sorted node utilization.
    Utilization,
    /// Imbalance over time.
    Imbalance,
}

/// A plot of a run.
pub struct Plot {
    /// File name without its ending, e.g. `ccdf-1`.
    pub name: String,
    /// What it shows.
    pub topic: Topic,
    /// The deciding metric that it shows, if it is one of that.
    pub metric: Option<MetricRef>,
    /// The points that it shows.
    pub points: Vec<usize>,
    /// The plot itself.
    pub drawing: Drawing,
}

type PerPoint = (Topic, &'static str, fn(&Lookup, usize) -> Option<Drawing>);

const PER_POINT: [PerPoint; 4] = [
    (Topic::Ccdf, "ccdf", ccdf::draw),
    (Topic::Blame, "blame", blame::draw),
    (Topic::Utilization, "utilization", utilization::draw),
    (Topic::Imbalance, "imbalance", imbalance::draw),
];

/// All plots of a run in the order of a report. Those of a deciding metric are numbered as in
/// `decide-on`, those of a point by the point (`ccdf-1`), for at most six points.
pub fn all(tables: &Lookup) -> Vec<Plot> {
    let metrics = tables.meta().decide_on.iter().zip(1..);
    let of_metrics = metrics.flat_map(|(metric, number)| of_metric(tables, metric, number));
    let of_points = PER_POINT.iter().flat_map(|kind| {
        let points = chosen_points(tables.points()).into_iter();
        points.filter_map(|point| of_point(tables, kind, point))
    });
    let mut plots: Vec<Plot> = of_metrics.chain(of_points).collect();
    plots.sort_by_key(|plot| plot.topic);
    plots
}

/// The plots of a deciding metric, numbered as in `decide-on`.
fn of_metric(tables: &Lookup, metric: &MetricRef, number: usize) -> impl Iterator<Item = Plot> {
    let plot = |topic, stem, drawn: Option<Drawing>| {
        drawn.map(|drawing| Plot {
            name: format!("{stem}-{number}"),
            topic,
            metric: Some(metric.clone()),
            points: shown_points(tables),
            drawing,
        })
    };
    let deciding = deciding::draw(tables, metric);
    let deciding = plot(Topic::Deciding, "deciding", deciding);
    let differences = differences::draw(tables, metric);
    let differences = plot(Topic::Differences, "differences", differences);
    deciding.into_iter().chain(differences)
}

/// The points in the plots of a deciding metric: all of a curve, a choice where there is a group of rows each.
fn shown_points(tables: &Lookup) -> Vec<usize> {
    match sweep::sweep(tables) {
        Some(_) => (0..tables.points()).collect(),
        None => chosen_points(tables.points()),
    }
}

fn of_point(tables: &Lookup, (topic, stem, draw): &PerPoint, point: usize) -> Option<Plot> {
    let name = match tables.points() {
        1 => (*stem).to_owned(),
        _ => format!("{stem}-{}", point + 1),
    };
    draw(tables, point).map(|drawing| Plot {
        name,
        topic: *topic,
        metric: None,
        points: vec![point],
        drawing,
    })
}

/// What a search looked at: the metric over its key, with the limit that is asked for.
pub fn searched(results: &Results, metric: &MetricRef, limit: Option<f64>) -> Option<Drawing> {
    deciding::of_search(&Lookup::new(results), metric, limit)
}

fn strategy_entries(tables: &Lookup) -> Vec<Entry> {
    let names = legend_names(tables.style, &tables.names());
    let entry = |(strategy, name)| Entry::Series(name, look(tables.number(strategy)));
    names.into_iter().enumerate().map(entry).collect()
}

/// "Response times at load 0.8".
fn point_title(tables: &Lookup, title: &str, point: usize) -> String {
    format!("{title}{}", tables.at(point))
}

/// Starts the plot of a point: title, subtitle and the strategies as its legend.
fn point_figure(tables: &Lookup, point: usize, texts: [&str; 2], height: f64) -> (Drawing, Area) {
    let title = point_title(tables, texts[0], point);
    let texts = [title.as_str(), texts[1]];
    figure(tables.style, texts, strategy_entries(tables), height)
}

/// Says that not all points are shown, where that is so.
fn picked_note(tables: &Lookup) -> Vec<String> {
    let (all, shown) = (tables.points(), shown_points(tables).len());
    let note = format!("{shown} of {all} points shown; the tables of the run hold all");
    if shown < all { vec![note] } else { Vec::new() }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::drawing::{Align, Shape, Text, text_width};
    use super::*;
    use crate::report::terminal;
    use crate::results::Cell;
    use crate::results::sample::Sample;

    pub fn samples() -> Vec<(&'static str, Sample)> {
        let many: Vec<f64> = (1..=12).map(|k| 0.08 * f64::from(k)).collect();
        let mut long = Sample::words(&["fresh", "periodic"], 12);
        long.meta.strategies[3].name = "w".repeat(200);
        long.meta.title = "t".repeat(300);
        vec![
            ("one", Sample::loads(&[0.8], 5)),
            ("alone", Sample::loads(&[0.8], 1)),
            ("loads", Sample::loads(&[0.5, 0.6, 0.7, 0.8, 0.9, 0.95], 5)),
            ("two keys", Sample::two_keys(4)),
            ("words", Sample::words(&["fresh", "periodic", "probe"], 5)),
            ("words and loads", Sample::words_and_loads(5)),
            ("together", Sample::together(3)),
            ("twelve", Sample::loads(&[0.5, 0.7, 0.9], 12)),
            ("many", Sample::loads(&many, 5)),
            ("troubled", Sample::troubled()),
            ("long", long),
        ]
    }

    fn bounds(text: &Text) -> (f64, f64, f64, f64) {
        let width = text_width(&text.text, text.size, text.bold);
        let before = match text.align {
            Align::Start => 0.0,
            Align::Middle => width / 2.0,
            Align::End => width,
        };
        let (x, y, half) = (text.at.0, text.at.1, text.size / 2.0);
        if text.turned {
            return (x - half, y - width + before, x + half, y + before);
        }
        (x - before, y - half, x - before + width, y + half)
    }

    fn texts(drawing: &Drawing) -> impl Iterator<Item = &Text> {
        drawing.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(text) => Some(text),
            _ => None,
        })
    }

    /// The figures of papers, 84 mm wide with texts of 8 points.
    fn narrow(results: &Results) -> Vec<Plot> {
        let style = crate::report::lookup::Style {
            width: 357.0,
            has_title: false,
        };
        let mut plots = all(&Lookup::new(results).styled(style));
        plots.retain(|plot| !matches!(plot.topic, Topic::Utilization | Topic::Imbalance));
        plots
    }

    /// No shape is outside, and no text but for so many pixels.
    fn check_inside(name: &str, plot: &Plot, (across, up): (f64, f64)) {
        let (name, drawing) = (format!("{name}/{}", plot.name), &plot.drawing);
        let outside = outside(drawing);
        assert!(outside.is_none(), "{name}: {outside:?}");
        for text in texts(drawing) {
            let (left, top, right, bottom) = bounds(text);
            let is_whole = left >= -across && right <= drawing.width + across;
            let is_whole = is_whole && top >= -up && bottom <= drawing.height + up;
            assert!(is_whole, "{name}: `{}` at {:?}", text.text, text.at);
        }
    }

    #[test]
    fn a_narrow_figure_is_whole() {
        let samples = samples().into_iter();
        for (name, sample) in samples.filter(|(name, _)| !["twelve", "long"].contains(name)) {
            let plots = narrow(&sample.results());
            let check = |plot| check_inside(name, plot, (0.5, f64::INFINITY));
            plots.iter().for_each(check);
        }
    }

    #[test]
    fn nothing_is_clipped_and_no_two_texts_overlap() {
        for (name, sample) in samples() {
            let results = sample.results();
            for plot in all(&Lookup::new(&results)) {
                check_inside(name, &plot, (0.0, 0.0));
                let boxes = texts(&plot.drawing).map(|text| (bounds(text), &text.text));
                let boxes: Vec<_> = boxes.collect();
                for (k, (a, one)) in boxes.iter().enumerate() {
                    for (b, other) in &boxes[..k] {
                        let apart = a.0 >= b.2 || b.0 >= a.2 || a.1 >= b.3 || b.1 >= a.3;
                        assert!(apart, "{name}/{}: `{one}` and `{other}`", plot.name);
                    }
                }
            }
        }
    }

    /// Names that are alike at their start, longer than there is room for.
    #[test]
    fn names_that_are_cut_stay_apart() {
        let mut sample = Sample::loads(&[0.8], 3);
        for (k, ending) in ["fresh", "stale", "as-probed"].into_iter().enumerate() {
            sample.meta.strategies[k].name = format!("{}-{ending}", "two-choices".repeat(8));
        }
        sample.meta.baseline = sample.meta.strategies[0].name.clone();
        let results = sample.results();
        let plots = all(&Lookup::new(&results));
        for plot in plots.into_iter().chain(narrow(&results)) {
            let cut = texts(&plot.drawing).map(|text| text.text.as_str());
            let names = cut.filter(|text| text.starts_with("two-ch") && text.contains('…'));
            let names: Vec<&str> = names.collect();
            let different = std::collections::BTreeSet::from_iter(&names).len();
            let is_repeated = plot.topic == Topic::Blame;
            let repeated = if is_repeated { names.len() / 3 } else { 1 };
            let is_apart = different > 1 && different * repeated == names.len();
            assert!(is_apart, "{}: {names:?}", plot.name);
        }
    }

    /// The plots of deciding metrics, wide and narrow.
    fn of_metrics(results: &Results) -> impl Iterator<Item = Plot> {
        let wide = all(&Lookup::new(results)).into_iter();
        let plots = wide.chain(narrow(results));
        plots.filter(|plot| plot.metric.is_some())
    }

    /// Of two keys one lies across and each value of the other has a panel; no point is left out.
    #[test]
    fn two_keys_are_panels_with_lines() {
        let results = Sample::two_keys(4).results();
        assert!(of_metrics(&results).all(|plot| {
            let is_panel = |load: &str| says(&plot.drawing, &format!("load {load}"));
            ["0.5", "0.7", "0.9"].iter().all(|load| is_panel(load)) && plot.points.len() == 9
        }));
    }

    /// Words lie side by side, all of them named and none joined, with a panel for each value of another key.
    #[test]
    fn words_are_places_side_by_side() {
        let results = Sample::words_and_loads(3).results();
        let tables = Lookup::new(&results);
        let sweep = sweep::sweep(&tables).unwrap();
        let titles: Vec<&str> = sweep.panels.iter().map(|panel| &*panel.0).collect();
        assert_eq!(titles, ["load 0.5", "load 0.8"]);
        for plot in of_metrics(&results) {
            let names = ["round-r", "least-", "join-i", "batch-s"];
            let below = || texts(&plot.drawing).filter(|text| text.color == drawing::GREY);
            let count = |name: &&str| below().filter(|it| it.text.starts_with(*name)).count();
            assert_eq!(names.each_ref().map(count), [2; 4], "{}", plot.name);
            assert_eq!(plot.points.len(), 8);
        }
        let at = [0, 1, 2].map(|strategy| sweep.x(1.0, (strategy, 3)));
        let ends = [0.5, at[0], at[1], at[2], 1.5];
        assert!(ends.windows(2).all(|pair| pair[0] < pair[1]), "{at:?}");
    }

    /// Keys that go together are one axis, and their points are joined.
    #[test]
    fn keys_that_go_together_are_one_axis() {
        let results = Sample::together(2).results();
        let tables = Lookup::new(&results);
        let sweep = sweep::sweep(&tables).unwrap();
        assert_eq!((sweep.panels.len(), sweep.panels[0].1.len()), (1, 3));
        assert_eq!(sweep.axis.title, "count and load");
    }

    /// The objective is of single jobs: a quantile is held against it, a mean is not.
    #[test]
    fn a_mean_is_held_against_no_objective() {
        let results = Sample::loads(&[0.5, 0.7, 0.9], 3).results();
        let tables = Lookup::new(&results);
        for (metric, is_held) in [("query.response_p99", true), ("query.response_mean", false)] {
            let drawing = deciding::draw(&tables, &metric.parse().unwrap()).unwrap();
            assert_eq!(says(&drawing, "SLO"), is_held, "{metric}");
        }
    }

    fn says(drawing: &Drawing, what: &str) -> bool {
        texts(drawing).any(|text| text.text.contains(what))
    }

    /// What reaches beyond the plot has an arrow at the edge, which is explained; what does not has none.
    #[test]
    fn an_interval_beyond_the_edge_goes_on() {
        let sweep = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
        for loads in [&sweep[..1], &sweep] {
            let mut results = Sample::loads(loads, 3).results();
            let arrows = |results: &Results| {
                let tables = Lookup::new(results);
                let metric = &results.meta.decide_on[0];
                let drawing = differences::draw(&tables, metric).unwrap();
                assert!(says(&drawing, "margin: within ± 2 %"));
                let is_arrow = |shape: &&Shape| matches!(shape, Shape::Fill { points, opacity, .. } if points.len() == 3 && *opacity == 1.0);
                let count = drawing.shapes.iter().filter(is_arrow).count();
                (count, says(&drawing, dot_rows::GOES_ON))
            };
            let (before, is_told) = arrows(&results);
            assert!(!is_told);
            let metric = results.meta.decide_on[0].clone();
            let mut rows = results.comparisons.iter_mut();
            rows.find(|row| row.metric == metric).unwrap().relative_high = Some(9.0);
            let (after, is_told) = arrows(&results);
            assert!(after > before && is_told, "{before} arrows, then {after}");
        }
    }

    /// Classes whose times are far apart have one unit in a figure, and so have the parts of a mean and a tail.
    #[test]
    fn a_figure_has_one_unit() {
        let mut results = Sample::loads(&[0.8], 2).results();
        for (_, row) in rows(&mut results, |cell| &mut cell.ccdf) {
            row.response *= if row.class == "batch" { 1e4 } else { 1.0 };
        }
        for (_, row) in rows(&mut results, |cell| &mut cell.figures) {
            let is_tail = row.key.name().ends_with("_tail");
            row.mean = row.mean.map(|mean| mean * if is_tail { 1e3 } else { 1.0 });
        }
        let tables = Lookup::new(&results);
        for draw in [ccdf::draw, blame::draw] {
            let drawing = draw(&tables, 0).unwrap();
            let titles = texts(&drawing).map(|text| text.text.as_str());
            let titles = titles.filter(|text| text.starts_with("response time ("));
            let titles: Vec<&str> = titles.collect();
            let is_one = titles.windows(2).all(|pair| pair[0] == pair[1]);
            assert!(titles.len() > 1 && is_one, "{titles:?}");
        }
    }

    #[test]
    fn an_svg_is_safe_deterministic_and_self_contained() {
        let mut sample = Sample::words(&["<script>alert(1)</script>", "b"], 3);
        sample.meta.strategies[1].name = "</text><script>x\u{7}</script>\"'&".into();
        sample.meta.classes[0].name = "<script>".into();
        let results = sample.results();
        let svg = |plot: &Plot| plot.drawing.svg().unwrap();
        let plots = || Vec::from_iter(all(&Lookup::new(&results)).iter().map(svg));
        for svg in plots() {
            assert!(!svg.contains("<script") && !svg.contains('\u{7}'));
            // Only the namespace is an address.
            assert!(!svg.contains("href") && svg.matches("http").count() == 1);
            assert!(svg.starts_with("<svg width=\"900\" height=\""));
        }
        assert_eq!(plots(), plots());
    }

    #[test]
    fn a_png_has_the_size_asked_for() {
        let results = Sample::loads(&[0.8], 2).results();
        let drawing = &all(&Lookup::new(&results))[0].drawing;
        let bytes = std::io::Cursor::new(drawing.png(2).unwrap());
        let reader = png::Decoder::new(bytes).read_info().unwrap();
        let height = (drawing.height * 2.0) as u32;
        assert_eq!(reader.info().size(), (1800, height));
    }

    #[test]
    fn points_are_numbered_and_at_most_six() {
        let loads: Vec<f64> = (1..=11).map(|k| 0.08 * f64::from(k)).collect();
        let results = Sample::loads(&loads, 2).results();
        let plots = all(&Lookup::new(&results)).into_iter();
        let names = plots.filter(|plot| plot.topic == Topic::Ccdf);
        let names: Vec<String> = names.map(|plot| plot.name).collect();
        let expected = [1, 3, 5, 7, 9, 11].map(|point| format!("ccdf-{point}"));
        assert_eq!(names, expected);
    }

    /// Values that a formula or a strange scenario may bring about; "none" stands for no value.
    const STRANGE: &str = "none 0 -1 NaN inf 2.3e-308 1e-12 1e18 1.797e308";

    #[test]
    fn strange_values_neither_panic_nor_leave_the_drawing() {
        let values = STRANGE.split(' ').map(|value| value.parse().ok());
        let values: Vec<Option<f64>> = values.collect();
        for seed in 0..60_usize {
            let mut results = Sample::loads(&[0.5, 0.8][..1 + seed % 2], 3).results();
            let strange = |k: usize| values[(k * 7 + seed * 5 + k / 9 * 3) % 9];
            let figures = rows(&mut results, |cell| &mut cell.figures);
            for (k, row) in figures.filter(|(k, _)| (k + seed) % 3 > 0) {
                (row.mean, row.ci_low, row.ci_high) = (strange(k), strange(k + 1), strange(k + 2));
            }
            for (k, row) in rows(&mut results, |cell| &mut cell.ccdf) {
                row.response = strange(k).unwrap_or(1.0);
            }
            for (k, row) in rows(&mut results, |cell| &mut cell.timeline) {
                (row.imbalance_cov, row.time) =
                    (strange(k).unwrap_or(1.0), strange(k + seed).unwrap_or(1.0));
            }
            for (k, row) in rows(&mut results, |cell| &mut cell.nodes) {
                row.utilization = strange(k).unwrap_or(1.0);
            }
            for (k, row) in results.comparisons.iter_mut().enumerate() {
                (row.relative, row.relative_low, row.relative_high) =
                    (strange(k), strange(k + 2), strange(k + 1));
            }
            for plot in all(&Lookup::new(&results)) {
                let outside = outside(&plot.drawing);
                assert!(outside.is_none(), "seed {seed}, {}: {outside:?}", plot.name);
            }
            let told = terminal::Told {
                color: true,
                ..Default::default()
            };
            assert!(terminal::comparison(&results, told).lines().count() > 5);
            assert!(crate::report::render(&results, &Default::default(), false).is_ok());
        }
    }

    /// All rows of one kind, numbered.
    fn rows<'a, T: 'a>(
        results: &'a mut Results,
        of: impl Fn(&'a mut Cell) -> &'a mut Vec<T>,
    ) -> impl Iterator<Item = (usize, &'a mut T)> {
        let cells = results.cells.iter_mut().flatten();
        cells.flat_map(of).enumerate()
    }

    fn outside(drawing: &Drawing) -> Option<&Shape> {
        let within = |p: &(f64, f64)| {
            (0.0..=drawing.width).contains(&p.0) && (0.0..=drawing.height).contains(&p.1)
        };
        drawing.shapes.iter().find(|shape| match shape {
            Shape::Line { points, .. } | Shape::Fill { points, .. } => !points.iter().all(within),
            Shape::Dot { at, .. } => !within(at),
            Shape::Text(text) => !within(&text.at),
        })
    }
}
