//! A plot's title and legend, and its panels: frames with axes in which series are drawn.
//!
//! The title names the point, the subtitle says what the marks and bands are, the legend stands
//! below in the order of the file. Panels keep room for their own labels, so callers give an area
//! and values only.

use super::axis::Axis;
use super::drawing::{
    Align, Color, Dash, Drawing, GREY, GRID, INK, LINE, Point, fit, fit_apart, fit_title,
    text_width,
};
use super::palette::{Look, look, mark};
use crate::report::lookup::{Lookup, Style};

const TICK: f64 = 12.0;
const TITLE: f64 = 13.0;
const ENTRY: f64 = 12.5;
const ROW: f64 = 21.0;
const SIDE: f64 = 16.0;
/// Opacity of a range that is shaded.
pub const SHADED: f64 = 0.3;
/// Width of a series' sample in a legend.
const SAMPLE: f64 = 36.0;
/// Room after an entry of a legend.
const GAP: f64 = 20.0;
/// Dashes of a line that marks a value.
pub const RULE: Dash = Some((5.0, 4.0));

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

/// Pixels from a frame to the first and to the second line of words below it.
const WORDS: [f64; 2] = [13.0, 27.0];

impl Area {
    /// Between two opposite corners.
    pub fn between((left, top): Point, (right, bottom): Point) -> Area {
        Area {
            left,
            top,
            right,
            bottom,
        }
    }

    /// The area cut into `columns` x `rows` equal cells, row by row.
    pub fn cells(self, columns: usize, rows: usize) -> Vec<Area> {
        let width = (self.right - self.left) / columns as f64;
        let height = (self.bottom - self.top) / rows as f64;
        let cell = |k: usize| {
            let left = self.left + width * (k % columns) as f64;
            let top = self.top + height * (k / columns) as f64;
            Area::between((left, top), (left + width, top + height))
        };
        (0..columns * rows).map(cell).collect()
    }

    /// Left, upper, right and lower edge.
    fn edges(self) -> (f64, f64, f64, f64) {
        (self.left, self.top, self.right, self.bottom)
    }

    /// Where `value` of a horizontal axis over the whole width lies.
    pub fn x(self, axis: &Axis, value: f64) -> f64 {
        self.left + axis.share(value) * (self.right - self.left)
    }

    /// A horizontal axis below the area: grid lines, those without a label `minor` wide, and the
    /// labels that do not overlap.
    pub fn draw_ticks(self, drawing: &mut Drawing, axis: &Axis, minor: f64) {
        if axis.is_words {
            return self.draw_words(drawing, axis);
        }
        let mut free = f64::NEG_INFINITY;
        for (value, label) in &axis.ticks {
            let x = self.x(axis, *value);
            let width = if label.is_empty() { minor } else { 1.0 };
            drawing.line(vec![(x, self.top), (x, self.bottom)], GRID, width);
            let half = text_width(label, TICK, false) / 2.0;
            if !label.is_empty() && x - half > free {
                drawing.text((x, self.bottom + 14.0), label, TICK, GREY, Align::Middle);
                free = x + half + 6.0;
            }
        }
    }

    /// The words of an axis, each cut to the room it has; in two lines in turn where that is more.
    fn draw_words(self, drawing: &mut Drawing, axis: &Axis) {
        let names: Vec<String> = axis.ticks.iter().map(|tick| tick.1.clone()).collect();
        let slot = (self.right - self.left) / names.len().max(1) as f64;
        let is_wide = |name: &String| text_width(name, TICK, false) > slot - 6.0;
        let (lines, room) = match names.iter().any(is_wide) {
            true => (2, 1.5 * slot - 8.0),
            false => (1, slot),
        };
        for (at, name) in fit_apart(&names, TICK, room).iter().enumerate() {
            let x = self.x(axis, at as f64);
            drawing.line(vec![(x, self.top), (x, self.bottom)], GRID, 1.0);
            let half = text_width(name, TICK, false) / 2.0;
            let inside = x.max(self.left + half).min(self.right - half);
            let below = (inside, self.bottom + WORDS[at % lines]);
            drawing.text(below, name, TICK, GREY, Align::Middle);
        }
    }
}

/// An entry of a legend.
pub enum Entry {
    /// A line and its marker.
    Series(String, Look),
    /// A filled box.
    Box(String, Color),
    /// A range that is shaded.
    Shade(String),
    /// A remark without a sample.
    Note(String),
}

impl Entry {
    fn text(&self, width: f64) -> String {
        let (Entry::Series(name, _) | Entry::Box(name, _) | Entry::Shade(name) | Entry::Note(name)) =
            self;
        let most = width - 2.0 * SIDE - self.sample_width();
        fit(name, ENTRY, false, most)
    }

    /// A remark in as many lines as it needs.
    fn lines(self, width: f64) -> Vec<Entry> {
        let Entry::Note(note) = &self else {
            return vec![self];
        };
        let has_room = |line: &str| text_width(line, ENTRY, false) <= width - 2.0 * SIDE;
        let mut lines: Vec<String> = Vec::new();
        for word in note.split(' ') {
            let longer = lines.last().map(|line| format!("{line} {word}"));
            match (longer.filter(|line| has_room(line)), lines.last_mut()) {
                (Some(longer), Some(line)) => *line = longer,
                _ => lines.push(word.to_owned()),
            }
        }
        lines.into_iter().map(Entry::Note).collect()
    }

    fn sample_width(&self) -> f64 {
        match self {
            Entry::Series(..) => SAMPLE,
            Entry::Box(..) | Entry::Shade(_) => 20.0,
            Entry::Note(_) => 0.0,
        }
    }

    fn width(&self, width: f64) -> f64 {
        self.sample_width() + text_width(&self.text(width), ENTRY, false) + GAP
    }

    fn draw(&self, drawing: &mut Drawing, (x, y): Point) {
        let text = self.text(drawing.width);
        let mut ink = INK;
        match self {
            Entry::Series(_, look) => {
                drawing.dashed(vec![(x, y), (x + 28.0, y)], look.color, 2.0, look.dash);
                mark(drawing, (x + 14.0, y), *look, 4.0);
            }
            Entry::Box(_, color) => drawing.rect((x, y - 6.0), (x + 13.0, y + 6.0), *color, 1.0),
            Entry::Shade(_) => drawing.rect((x, y - 6.0), (x + 13.0, y + 6.0), LINE, SHADED),
            Entry::Note(_) => ink = GREY,
        }
        let start = (x + self.sample_width(), y);
        drawing.text(start, &text, ENTRY, ink, Align::Start);
    }
}

/// The names of series, cut as far as two have room beside one another, in a narrow figure one.
pub fn legend_names(style: Style, names: &[String]) -> Vec<String> {
    let row = style.width - 2.0 * SIDE;
    let room = style.either(row, row / 2.0) - SAMPLE - GAP;
    fit_apart(names, ENTRY, room)
}

/// Columns and rows of so many panels.
pub fn layout(style: Style, panels: usize) -> (usize, usize) {
    let columns = match panels {
        1 => 1,
        2 | 4 => style.either(1, 2),
        _ => style.either(1, 3),
    };
    (columns, panels.div_ceil(columns))
}

/// Starts a drawing with a title, a subtitle and a legend below; returns it with the area between,
/// which is `height` high.
pub fn figure(style: Style, texts: [&str; 2], legend: Vec<Entry>, height: f64) -> (Drawing, Area) {
    let [title, subtitle] = texts;
    let width = style.width;
    let legend: Vec<Entry> = legend.into_iter().flat_map(|e| e.lines(width)).collect();
    let placed = placed(&legend, width);
    let rows = placed.last().map_or(0, |(row, ..)| row + 1);
    let top = match (style.has_title, subtitle.is_empty()) {
        (false, _) => 10.0,
        (true, true) => 40.0,
        (true, false) => 58.0,
    };
    let bottom = top + height;
    let mut drawing = Drawing::new(width, (bottom + 12.0 + ROW * rows as f64).ceil());
    if style.has_title {
        let title = fit(title, 16.0, true, width - 2.0 * SIDE);
        drawing.bold((SIDE, 22.0), &title, 16.0, Align::Start);
        let subtitle = fit(subtitle, ENTRY, false, width - 2.0 * SIDE);
        drawing.text((SIDE, 43.0), &subtitle, ENTRY, GREY, Align::Start);
    }
    for (row, x, entry) in placed {
        entry.draw(&mut drawing, (x, bottom + 10.0 + ROW * row as f64));
    }
    let body = Area::between((SIDE, top), (width - SIDE, bottom));
    (drawing, body)
}

/// Entries with their rows and left ends, as many in a row as have room.
fn placed(legend: &[Entry], width: f64) -> Vec<(usize, f64, &Entry)> {
    let (mut row, mut free) = (0, SIDE);
    let place = |entry| {
        let needed = Entry::width(entry, width);
        if free > SIDE && free + needed > width - SIDE {
            (row, free) = (row + 1, SIDE);
        }
        let x = free;
        free += needed;
        (row, x, entry)
    };
    legend.iter().map(place).collect()
}

/// A frame with two axes.
pub struct Panel {
    /// The frame itself, without labels.
    pub frame: Area,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
}

impl Panel {
    /// Fits a panel with its labels and `title` into `area`, keeping `margin` pixels free at the
    /// right, and draws its grid.
    pub fn draw(
        drawing: &mut Drawing,
        area: Area,
        title: &str,
        (x, y): (Axis, Axis),
        margin: f64,
    ) -> Panel {
        let width = |tick: &(f64, String)| text_width(&tick.1, TICK, false);
        let widest = y.ticks.iter().map(width).fold(0.0, f64::max);
        let last = x.ticks.last().map_or(0.0, |tick| width(tick) / 2.0);
        let frame = Area {
            left: area.left + widest + if y.title.is_empty() { 10.0 } else { 32.0 },
            top: area.top + if title.is_empty() { 8.0 } else { 26.0 },
            right: area.right - margin.max(last.min(30.0) + 6.0),
            bottom: area.bottom - 50.0,
        };
        let panel = Panel { frame, x, y };
        panel.grid(drawing);
        panel.titles(drawing, area, title);
        panel
    }

    /// The point of a pair of values; values outside lie on the frame.
    pub fn at(&self, x: f64, y: f64) -> Point {
        let height = self.frame.bottom - self.frame.top;
        let up = self.y.share(y) * height;
        (self.frame.x(&self.x, x), self.frame.bottom - up)
    }

    /// Where a mark of one of so many strategies stands below the upper edge, beside those of the others; above
    /// words `x` is so already.
    pub fn at_the_edge(&self, x: f64, (strategy, several): (usize, usize)) -> Point {
        let step = if self.x.is_words { 0.0 } else { 12.0 };
        let aside = (strategy as f64 - (several as f64 - 1.0) / 2.0) * step;
        let (x, top) = self.at(x, self.y.high);
        let inside = (x + aside).clamp(self.frame.left + 8.0, self.frame.right - 8.0);
        (inside, top + 8.0)
    }

    /// Lines at the ticks, their labels, and the frame.
    fn grid(&self, drawing: &mut Drawing) {
        self.frame.draw_ticks(drawing, &self.x, 0.5);
        let (left, top, right, bottom) = self.frame.edges();
        for (value, label) in &self.y.ticks {
            let y = self.at(self.x.low, *value).1;
            let width = if label.is_empty() { 0.5 } else { 1.0 };
            drawing.line(vec![(left, y), (right, y)], GRID, width);
            drawing.text((left - 6.0, y), label, TICK, GREY, Align::End);
        }
        let (upper, lower) = ((left, top), (left, bottom));
        let corners = vec![upper, (right, top), (right, bottom), lower, upper];
        drawing.line(corners, LINE, 1.0);
    }

    /// The panel's title and those of its axes, cut to the room that there is.
    fn titles(&self, drawing: &mut Drawing, area: Area, title: &str) {
        let (left, top, right, bottom) = self.frame.edges();
        let title = fit(title, TITLE, true, right - left);
        drawing.bold((left, top - 12.0), &title, TITLE, Align::Start);
        let name = fit_title(&self.x.title, TITLE, area.right - left);
        let half = text_width(&name, TITLE, false) / 2.0;
        let middle = ((left + right) / 2.0).min(area.right - half);
        let below = if self.x.is_words { 42.0 } else { 34.0 };
        drawing.text((middle, bottom + below), &name, TITLE, INK, Align::Middle);
        let name = fit_title(&self.y.title, TITLE, bottom - top + 20.0);
        drawing.turned((area.left + 8.0, (top + bottom) / 2.0), &name, TITLE);
    }

    /// Intervals (x, low, high): as a band, but a bar each above words.
    pub fn intervals(&self, drawing: &mut Drawing, ends: &[(f64, f64, f64)], color: Color) {
        if !self.x.is_words {
            return self.band(drawing, ends, color);
        }
        for (x, low, high) in ends {
            self.interval(drawing, *x, (*low, *high), color);
        }
    }

    /// A line through `values`; none joins words.
    pub fn series(&self, drawing: &mut Drawing, values: &[Point], look: Look, width: f64) {
        if self.x.is_words {
            return;
        }
        let points = values.iter().map(|(x, y)| self.at(*x, *y)).collect();
        drawing.dashed(points, look.color, width, look.dash);
    }

    /// A line for each strategy and, above all lines, four of its points as marks.
    pub fn curves(&self, drawing: &mut Drawing, tables: &Lookup, curves: &[Vec<Point>]) {
        let look = |strategy| look(tables.number(strategy));
        for (strategy, curve) in curves.iter().enumerate() {
            self.series(drawing, curve, look(strategy), 2.0);
        }
        for (strategy, curve) in curves.iter().enumerate() {
            for (x, y) in some_of(curve, strategy) {
                mark(drawing, self.at(*x, *y), look(strategy), 3.6);
            }
        }
    }

    /// The area between the lower and upper ends of `band`: (x, low, high).
    pub fn band(&self, drawing: &mut Drawing, band: &[(f64, f64, f64)], color: Color) {
        let lower = band.iter().map(|(x, low, _)| self.at(*x, *low));
        let upper = band.iter().rev().map(|(x, _, high)| self.at(*x, *high));
        drawing.fill(lower.chain(upper).collect(), color, 0.18);
    }

    /// A vertical interval with short caps.
    pub fn interval(&self, drawing: &mut Drawing, x: f64, (low, high): (f64, f64), color: Color) {
        let (a, b) = (self.at(x, low), self.at(x, high));
        drawing.line(vec![a, b], color, 1.6);
        for end in [a, b] {
            drawing.line(vec![(end.0 - 3.0, end.1), (end.0 + 3.0, end.1)], color, 1.6);
        }
    }

    /// A dashed horizontal line with its name at the right of the frame.
    pub fn horizontal_rule(&self, drawing: &mut Drawing, y: f64, lines: [&str; 2]) {
        let (x, y) = self.at(self.x.high, y);
        drawing.dashed(vec![(self.frame.left, y), (x, y)], INK, 1.4, RULE);
        for (line, down) in lines.into_iter().zip([-7.0, 7.0]) {
            drawing.text((x + 5.0, y + down), line, TICK, INK, Align::Start);
        }
    }

    /// A dashed vertical line with its name above the frame, to the right of the panel's `title`.
    pub fn vertical_rule(&self, drawing: &mut Drawing, x: f64, name: &str, title: &str) {
        let (left, _, right, bottom) = self.frame.edges();
        let (x, top) = self.at(x, self.y.high);
        drawing.dashed(vec![(x, top), (x, bottom)], INK, 1.4, RULE);
        let half = text_width(name, TICK, false) / 2.0;
        let title = fit(title, TITLE, true, right - left);
        let free = left + text_width(&title, TITLE, true) + 10.0 + half;
        if free <= right - half {
            let above = (x.clamp(free, right - half), top - 11.0);
            drawing.text(above, name, TICK, INK, Align::Middle);
        }
    }
}

/// Four points along a curve for markers, shifted by strategy so that they do not hide one another.
fn some_of(points: &[Point], strategy: usize) -> impl Iterator<Item = &Point> {
    let step = (points.len() / 4).max(1);
    points.iter().skip((strategy * 5 + 2) % step).step_by(step)
}
