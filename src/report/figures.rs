//! Figures for papers: the plots of the core questions at a given width, with the data beside each.
//!
//! A paper's column fixes the width in millimetres and the size of type in points, and so the layout is made
//! for that width, not scaled to it: shrunk pictures have unreadable labels. The rows behind a figure lie
//! beside it, cut from the tables and not computed again, so that a reader can redraw it with another tool.

use super::lookup::{Lookup, Style};
use super::plot::drawing::{DrawError, Drawing};
use super::plot::{Plot, Topic, all, pdf};
use crate::metrics::columns::{MetricRef, Part};
use crate::results::Results;
use crate::results::tables::{self, Files};

/// Kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lines and texts, fonts embedded.
    Pdf,
    /// For editing, and for pages.
    Svg,
    /// Pixels.
    Png,
}

/// How figures are to look.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which files.
    pub kinds: Vec<Kind>,
    /// Width, millimetres.
    pub width: f64,
    /// Size of most texts, points.
    pub font_size: f64,
    /// Whether there is a title above.
    pub has_title: bool,
    /// Shades of grey instead of colours.
    pub is_grey: bool,
    /// Names of the figures; all if empty.
    pub only: Vec<String>,
}

/// Pixels of most texts.
const TEXT: f64 = 12.0;
/// Points of a millimetre.
const POINTS: f64 = 72.0 / 25.4;
/// Pixels of a PNG to one of the layout.
const FINE: u32 = 4;

/// The files, by their path in the run's folder.
///
/// # Errors
/// When the embedded font cannot be used, or a picture cannot be written.
pub fn figures(results: &Results, asked: &Asked) -> Result<Files, DrawError> {
    let points = asked.font_size / TEXT;
    let style = Style {
        width: (asked.width * POINTS / points).round(),
        has_title: asked.has_title,
    };
    let tables = Lookup::new(results).styled(style);
    let mut files = Files::new();
    for plot in all(&tables).iter().filter(|plot| is_asked(plot, asked)) {
        let mut drawing = plot.drawing.clone();
        if asked.is_grey {
            drawing.grey();
        }
        for kind in &asked.kinds {
            let (ending, bytes) = file(&drawing, *kind, points)?;
            files.push((format!("figures/{}.{ending}", plot.name), bytes));
        }
        let data = data(results, plot);
        files.push((format!("figures/{}.csv", plot.name), data));
    }
    Ok(files)
}

/// One drawing as a file, its texts at their usual size.
///
/// # Errors
/// As [`figures`].
pub fn drawn(drawing: &Drawing, kind: Kind) -> Result<Vec<u8>, DrawError> {
    const USUAL: f64 = 8.0;
    Ok(file(drawing, kind, USUAL / TEXT)?.1)
}

/// Names of all figures that a run has.
pub fn names(results: &Results) -> Vec<String> {
    let plots = all(&Lookup::new(results));
    let core = plots.into_iter().filter(is_core);
    core.map(|plot| plot.name).collect()
}

fn is_core(plot: &Plot) -> bool {
    !matches!(plot.topic, Topic::Utilization | Topic::Imbalance)
}

fn is_asked(plot: &Plot, asked: &Asked) -> bool {
    is_core(plot) && (asked.only.is_empty() || asked.only.contains(&plot.name))
}

/// A drawing as a file of a kind, `points` to a pixel of the layout.
fn file(drawing: &Drawing, kind: Kind, points: f64) -> Result<(&'static str, Vec<u8>), DrawError> {
    Ok(match kind {
        Kind::Pdf => ("pdf", pdf::pdf(drawing, points)?),
        Kind::Png => {
            let per_metre = f64::from(FINE) * 1000.0 * POINTS / points;
            ("png", drawing.png_of(FINE, Some(per_metre.round() as u32))?)
        }
        Kind::Svg => {
            let shown = format!("width=\"{}\" height=\"{}\"", drawing.width, drawing.height);
            let [width, height] = [drawing.width, drawing.height].map(|it| it * points / POINTS);
            let sized = format!("width=\"{width:.2}mm\" height=\"{height:.2}mm\"");
            let svg = drawing.svg()?.replacen(&shown, &sized, 1);
            ("svg", svg.into_bytes())
        }
    })
}

/// The rows that a figure shows, of the table that it is drawn from.
fn data(results: &Results, plot: &Plot) -> Vec<u8> {
    let (table, columns): (&str, Vec<(&str, String)>) = match (plot.topic, &plot.metric) {
        (Topic::Differences, Some(metric)) => {
            ("comparisons.csv", vec![("metric", metric.to_string())])
        }
        (Topic::Ccdf, _) => ("ccdf.csv", Vec::new()),
        (_, metric) => {
            let metric = metric.as_ref();
            let part = metric.map_or(Part::All, |metric| metric.part.clone());
            let name = metric.map_or("blame_", MetricRef::name).to_owned();
            let columns = vec![("class", part.to_string()), ("metric", name)];
            ("summary.csv", columns)
        }
    };
    let files = tables::write(results);
    let table = files.iter().find(|(name, _)| name == table);
    let bytes = table.map_or(&[][..], |(_, bytes)| bytes);
    let values = |point: &usize| results.meta.points.get(*point);
    let points: Vec<&Vec<String>> = plot.points.iter().filter_map(values).collect();
    cut(bytes, &columns, &points)
}

/// The rows of a table whose first columns are those of a point and whose named columns begin as they should.
fn cut(bytes: &[u8], columns: &[(&str, String)], points: &[&Vec<String>]) -> Vec<u8> {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().cloned().unwrap_or_default();
    let place = |name: &str| header.iter().position(|column| column == name);
    let fits = |row: &csv::StringRecord| {
        let named = columns.iter().all(|(name, value)| {
            let cell = place(name).and_then(|at| row.get(at));
            cell.is_some_and(|cell| {
                cell == value || value.ends_with('_') && cell.starts_with(value.as_str())
            })
        });
        let is_at = |point: &&Vec<String>| point.iter().zip(row).all(|(value, cell)| value == cell);
        named && points.iter().any(is_at)
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(&header);
    for row in reader.records().map_while(Result::ok).filter(fits) {
        let _ = writer.write_record(&row);
    }
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::says;
    use crate::results::sample::Sample;

    /// Grey figures of some names, or all, each as text by its path's end.
    fn drawn(results: &Results, kinds: &[Kind], only: &[&str]) -> impl Fn(&str) -> String {
        let asked = Asked {
            kinds: kinds.to_vec(),
            width: 84.0,
            font_size: 8.0,
            has_title: false,
            is_grey: true,
            only: only.iter().map(|name| (*name).to_owned()).collect(),
        };
        let files = figures(results, &asked).unwrap();
        move |name| {
            let path = format!("figures/{name}");
            let found = files.iter().find(|file| file.0 == path).unwrap();
            found.1.iter().map(|byte| char::from(*byte)).collect()
        }
    }

    #[test]
    fn a_figure_has_its_width_and_its_data_beside_it() {
        let results = Sample::loads(&[0.5, 0.7, 0.9], 4).results();
        let of = drawn(&results, &[Kind::Svg, Kind::Pdf, Kind::Png], &[]);
        // 1,428 pixels are 84 mm.
        let size = 17008_u32.to_be_bytes().map(char::from);
        let size = format!("pHYs{}", String::from_iter(size));
        assert!(of("deciding-1.png").contains(&size));
        says(&of("deciding-1.svg")[..200], &["width=\"83.96mm\""]);
        assert!(of("deciding-1.pdf").contains("/MediaBox [0 0 238.000 "));
        let data = of("deciding-1.csv");
        assert_eq!(data.lines().count(), 1 + 3 * 4, "{data}");
        let (ccdf, is_last) = (of("ccdf-3.csv"), |line: &str| line.starts_with("0.9,"));
        assert!(ccdf.lines().skip(1).all(is_last));
        assert_eq!(of("differences-2.csv").lines().count(), 1 + 3 * 3);
    }

    /// Of a sweep of words a choice of points is drawn, and a figure's data are of these and of what it shows.
    #[test]
    fn the_data_are_what_the_figure_shows() {
        let words = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        let results = Sample::words(&words, 3).results();
        let only = ["deciding-1", "differences-1", "blame-9"];
        let of = drawn(&results, &[Kind::Svg], &only);
        assert!(of("deciding-1.svg").contains("6 of 9 points shown"));
        assert_eq!(of("deciding-1.csv").lines().count(), 1 + 6 * 3);
        assert_eq!(of("differences-1.csv").lines().count(), 1 + 6 * 2);
        assert_eq!(of("blame-9.csv").lines().count(), 1 + 3 * 14);
    }

    #[test]
    fn grey_has_no_colour_and_no_title_none() {
        let results = Sample::loads(&[0.8], 3).results();
        let svg = drawn(&results, &[Kind::Svg], &[])("deciding-1.svg");
        let mut colors = svg.match_indices('#').map(|(at, _)| &svg[at + 1..at + 7]);
        assert!(colors.clone().count() > 5);
        let is_grey = |c: &str| c[..2] == c[2..4] && c[2..4] == c[4..];
        assert!(colors.all(is_grey), "{svg}");
        assert!(!svg.contains("Response time, p99<"));
    }
}
