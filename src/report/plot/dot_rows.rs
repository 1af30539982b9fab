//! Dots with intervals, one row a strategy, in groups: for words and grids, and for differences.
//!
//! Dots rather than bars: position on a common scale is judged best of all (Cleveland and McGill
//! 1984), an interval is a line through its dot, and an axis need not start at 0. Names stand at
//! the left, the figures in words at the right, so that the plot is a table too.

use super::axis::Axis;
use super::drawing::{
    Align, Color, Drawing, GRID, INK, LINE, PAPER, fit, fit_apart, fit_title, text_width,
};
use super::palette::{Look, mark};
use super::panel::{Area, Entry, RULE, SHADED, figure};
use crate::report::lookup::Style;

const TEXT: f64 = 12.5;
const LABELS: f64 = 215.0;
const TEXTS: f64 = 300.0;
/// Width that is left for dots where names are long.
const PLOT: f64 = 330.0;
/// What an arrow says.
pub const GOES_ON: &str = "arrow at the edge: goes on beyond what is shown";
/// Half the height of a row's shade.
const SHADE: f64 = 9.0;

/// One row: a value with its interval, named at the left and told at the right.
pub struct Row {
    /// How its marks look.
    pub look: Look,
    /// Its name.
    pub name: String,
    /// The value, if there is one.
    pub value: Option<f64>,
    /// The interval, if there is one.
    pub interval: Option<(f64, f64)>,
    /// A range that is shaded behind it.
    pub shade: Option<(f64, f64)>,
    /// The value in words.
    pub text: String,
    /// The value is a lower bound.
    pub at_least: bool,
}

/// Rows under a title.
pub struct Group {
    /// Title; may be empty.
    pub title: String,
    /// Rows from top to bottom.
    pub rows: Vec<Row>,
}

/// The whole plot.
pub struct Rows {
    /// How it is laid out.
    pub style: Style,
    /// Title of the plot.
    pub title: String,
    /// What the marks are.
    pub subtitle: String,
    /// Groups from top to bottom.
    pub groups: Vec<Group>,
    /// The horizontal axis.
    pub axis: Axis,
    /// A range that is shaded.
    pub shade: Option<(f64, f64)>,
    /// What is shaded, in words.
    pub shaded: Option<String>,
    /// A vertical line and its name.
    pub rule: Option<(f64, String)>,
    /// Remarks below.
    pub notes: Vec<String>,
}

impl Rows {
    /// Draws the rows; the height follows their number.
    pub fn draw(&self) -> Drawing {
        let lines = |group: &Group| group.rows.len() + usize::from(!group.title.is_empty());
        let lines: usize = self.groups.iter().map(lines).sum();
        let step = (330.0 / lines as f64).clamp(20.0, 34.0);
        let legend = self.legend();
        let head = if self.rule.is_some() { 20.0 } else { 4.0 };
        let height = head + step * lines as f64 + 52.0;
        let texts = [self.title.as_str(), self.subtitle.as_str()];
        let (mut drawing, body) = figure(self.style, texts, legend, height);
        let (frame, room) = self.frame(body, head);
        let mut names = self.names(room).into_iter();
        self.background(&mut drawing, frame);
        let mut y = frame.top + step / 2.0;
        for group in &self.groups {
            if !group.title.is_empty() {
                heading(&mut drawing, (body, frame), &group.title, (y, step));
                y += step;
            }
            for (row, name) in group.rows.iter().zip(&mut names) {
                self.row(&mut drawing, frame, (row, &name), y);
                y += step;
            }
        }
        drawing
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.groups.iter().flat_map(|group| &group.rows)
    }

    /// What the shade and arrows at the edges are, and remarks.
    fn legend(&self) -> Vec<Entry> {
        let shaded = self.shaded.iter().cloned().map(Entry::Shade);
        let goes_on = self.rows().any(|row| row.goes_on(&self.axis));
        let arrow = goes_on.then(|| Entry::Note(GOES_ON.to_owned()));
        let notes = self.notes.iter().cloned().map(Entry::Note);
        shaded.chain(arrow).chain(notes).collect()
    }

    /// The frame between the names and the texts, which take what they need, and the room for names.
    fn frame(&self, body: Area, head: f64) -> (Area, f64) {
        let widest = |text: fn(&Row) -> &str| {
            let widths = self.rows().map(|row| text_width(text(row), TEXT, false));
            widths.fold(0.0, f64::max)
        };
        let texts = widest(|row| &row.text).min(TEXTS) + 12.0;
        let texts = self.style.either(8.0, texts);
        let free = body.right - body.left - texts - PLOT;
        let room = self.style.either(120.0, free.max(LABELS));
        let area = Area {
            left: body.left + widest(|row| &row.name).min(room) + 10.0,
            top: body.top + head,
            right: body.right - texts,
            bottom: body.bottom - 52.0,
        };
        (area, room)
    }

    /// The names of all rows, cut where they differ.
    fn names(&self, room: f64) -> Vec<String> {
        let names: Vec<String> = self.rows().map(|row| row.name.clone()).collect();
        fit_apart(&names, TEXT, room)
    }

    /// Shade, grid, axis and the upright line with its name: all that lies behind the dots.
    fn background(&self, drawing: &mut Drawing, frame: Area) {
        if let Some((low, high)) = self.shade {
            let [left, right] = [low, high].map(|end| frame.x(&self.axis, end));
            let corner = (right.max(left + 2.0), frame.bottom);
            drawing.rect((left, frame.top), corner, LINE, SHADED);
        }
        frame.draw_ticks(drawing, &self.axis, 1.0);
        let ends = [frame.left, frame.right].map(|x| (x, frame.bottom));
        drawing.line(ends.to_vec(), LINE, 1.0);
        let title = fit_title(&self.axis.title, 13.0, drawing.width - 32.0);
        let middle = inside(drawing, (frame.left + frame.right) / 2.0, &title, 13.0);
        let below = (middle, frame.bottom + 34.0);
        drawing.text(below, &title, 13.0, INK, Align::Middle);
        if let Some((value, name)) = &self.rule {
            let x = frame.x(&self.axis, *value);
            drawing.dashed(vec![(x, frame.top), (x, frame.bottom)], INK, 1.4, RULE);
            let middle = inside(drawing, x, name, 12.0);
            drawing.text((middle, frame.top - 10.0), name, 12.0, INK, Align::Middle);
        }
    }

    /// Name, interval, dot and text of a row; in a narrow plot there is no room for the text.
    fn row(&self, drawing: &mut Drawing, frame: Area, (row, name): (&Row, &str), y: f64) {
        if let Some((low, high)) = row.shade {
            let [left, right] = [low, high].map(|end| frame.x(&self.axis, end));
            drawing.rect((left, y - SHADE), (right, y + SHADE), LINE, SHADED);
        }
        drawing.text((frame.left - 10.0, y), name, TEXT, INK, Align::End);
        if !self.style.is_narrow() {
            let text = fit(&row.text, TEXT, false, TEXTS);
            drawing.text((frame.right + 10.0, y), &text, TEXT, INK, Align::Start);
        }
        drawing.line(vec![(frame.left, y), (frame.right, y)], GRID, 0.5);
        let look = row.look;
        if let Some((low, high)) = row.interval {
            let ends = [low, high].map(|end| (frame.x(&self.axis, end), y));
            drawing.line(ends.to_vec(), look.color, 2.4);
            for way in beyond(&self.axis, (low, high)) {
                let edge = ends[usize::from(way > 0.0)];
                arrow(drawing, edge, look.color, way);
            }
        }
        let Some(value) = row.value else { return };
        let x = frame.x(&self.axis, value);
        if row.at_least || value > self.axis.high {
            arrow(drawing, (x, y), look.color, 1.0);
        } else if value < self.axis.low {
            arrow(drawing, (x, y), look.color, -1.0);
        } else {
            mark(drawing, (x, y), look, 4.2);
        }
    }
}

impl Row {
    /// Whether its value or its interval is not wholly on the axis.
    fn goes_on(&self, axis: &Axis) -> bool {
        let ends = self.interval.into_iter().chain(self.value.map(|v| (v, v)));
        ends.flat_map(|ends| beyond(axis, ends)).next().is_some()
    }
}

/// On which sides a range leaves the axis: -1 for the left, 1 for the right.
fn beyond(axis: &Axis, (low, high): (f64, f64)) -> impl Iterator<Item = f64> + use<> {
    let sides = [(-1.0, low < axis.low), (1.0, high > axis.high)];
    sides.into_iter().filter(|side| side.1).map(|side| side.0)
}

/// The title of a group, below a line; where it is longer than the names it covers the grid.
fn heading(drawing: &mut Drawing, (body, frame): (Area, Area), title: &str, (y, step): (f64, f64)) {
    let title = fit(title, TEXT, true, frame.right - body.left);
    let end = body.left + text_width(&title, TEXT, true) + 6.0;
    if end > frame.left {
        drawing.rect((body.left, y - SHADE), (end, y + SHADE), PAPER, 1.0);
    }
    drawing.bold((body.left, y), &title, TEXT, Align::Start);
    let top = y - step / 2.0;
    drawing.line(vec![(body.left, top), (body.right, top)], LINE, 0.8);
}

/// `x`, or the nearest to it around which `text` stands inside the drawing.
fn inside(drawing: &Drawing, x: f64, text: &str, size: f64) -> f64 {
    let half = text_width(text, size, false) / 2.0;
    x.clamp(16.0 + half, drawing.width - 16.0 - half)
}

/// A triangle that points where the value lies (`way` 1: to the right).
fn arrow(drawing: &mut Drawing, (x, y): (f64, f64), color: Color, way: f64) {
    let head = |grow: f64| {
        let (tip, back) = (x + way * (4.0 + grow), x - way * (5.0 + grow));
        vec![(tip, y), (back, y - 5.0 - grow), (back, y + 5.0 + grow)]
    };
    drawing.fill(head(1.5), PAPER, 1.0);
    drawing.fill(head(0.0), color, 1.0);
}
