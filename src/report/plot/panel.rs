//! A plot's title and legend, and its panels: frames with axes in which series are drawn.

use super::axis::Axis;
use super::drawing::{Align, Color, Drawing, GREY, GRID, INK, LINE, Point, WIDTH, fit, text_width};
use super::palette::{Look, mark};

const TICK: f64 = 12.0;
const TITLE: f64 = 13.0;
const ENTRY: f64 = 12.5;
const ROW: f64 = 21.0;
const SIDE: f64 = 16.0;

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

impl Area {
    /// The area cut into `columns` x `rows` equal cells, row by row.
    pub fn cells(self, columns: usize, rows: usize) -> Vec<Area> {
        let width = (self.right - self.left) / columns as f64;
        let height = (self.bottom - self.top) / rows as f64;
        let cell = |k: usize| {
            let (left, top) = (
                self.left + width * (k % columns) as f64,
                self.top + height * (k / columns) as f64,
            );
            Area {
                left,
                top,
                right: left + width,
                bottom: top + height,
            }
        };
        (0..columns * rows).map(cell).collect()
    }
}

/// An entry of a legend.
pub enum Entry {
    /// A line and its marker.
    Series(String, Look),
    /// A filled box.
    Box(String, Color),
    /// A remark without a sample.
    Note(String),
}

impl Entry {
    fn text(&self) -> String {
        let (Entry::Series(name, _) | Entry::Box(name, _) | Entry::Note(name)) = self;
        fit(
            name,
            ENTRY,
            false,
            if matches!(self, Entry::Note(_)) {
                WIDTH - 2.0 * SIDE
            } else {
                230.0
            },
        )
    }

    fn sample_width(&self) -> f64 {
        match self {
            Entry::Series(..) => 36.0,
            Entry::Box(..) => 20.0,
            Entry::Note(_) => 0.0,
        }
    }

    fn width(&self) -> f64 {
        self.sample_width() + text_width(&self.text(), ENTRY, false) + 20.0
    }

    fn draw(&self, drawing: &mut Drawing, (x, y): Point) {
        match self {
            Entry::Series(_, look) => {
                drawing.dashed(vec![(x, y), (x + 28.0, y)], look.color, 2.0, look.dash);
                mark(drawing, (x + 14.0, y), *look, 4.0);
            }
            Entry::Box(_, color) => drawing.rect((x, y - 6.0), (x + 13.0, y + 6.0), *color, 1.0),
            Entry::Note(_) => {}
        }
        let color = if matches!(self, Entry::Note(_)) {
            GREY
        } else {
            INK
        };
        drawing.text(
            (x + self.sample_width(), y),
            &self.text(),
            ENTRY,
            color,
            Align::Start,
        );
    }
}

/// Starts a drawing with a title, a subtitle and a legend below; returns it with the area between,
/// which is `height` high.
pub fn figure(title: &str, subtitle: &str, legend: &[Entry], height: f64) -> (Drawing, Area) {
    let rows = legend_rows(legend);
    let top = if subtitle.is_empty() { 40.0 } else { 58.0 };
    let bottom = top + height;
    let mut drawing = Drawing::new(WIDTH, (bottom + 12.0 + ROW * rows.len() as f64).ceil());
    drawing.bold(
        (SIDE, 22.0),
        &fit(title, 16.0, true, WIDTH - 2.0 * SIDE),
        16.0,
        Align::Start,
    );
    drawing.text(
        (SIDE, 43.0),
        &fit(subtitle, 12.5, false, WIDTH - 2.0 * SIDE),
        12.5,
        GREY,
        Align::Start,
    );
    for (k, row) in rows.iter().enumerate() {
        let mut x = SIDE;
        for entry in row {
            entry.draw(&mut drawing, (x, bottom + 10.0 + ROW * k as f64));
            x += entry.width();
        }
    }
    (
        drawing,
        Area {
            left: SIDE,
            top,
            right: WIDTH - SIDE,
            bottom,
        },
    )
}

fn legend_rows(legend: &[Entry]) -> Vec<Vec<&Entry>> {
    let mut rows: Vec<Vec<&Entry>> = Vec::new();
    let mut used = f64::INFINITY;
    for entry in legend {
        if used + entry.width() > WIDTH - SIDE {
            rows.push(Vec::new());
            used = SIDE;
        }
        used += entry.width();
        if let Some(row) = rows.last_mut() {
            row.push(entry);
        }
    }
    rows
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
        let widest = y
            .ticks
            .iter()
            .map(|tick| text_width(&tick.1, TICK, false))
            .fold(0.0, f64::max);
        let last = x
            .ticks
            .last()
            .map_or(0.0, |tick| text_width(&tick.1, TICK, false) / 2.0);
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

    /// The place of a pair of values; values outside lie on the frame.
    pub fn at(&self, x: f64, y: f64) -> Point {
        let Area {
            left,
            top,
            right,
            bottom,
        } = self.frame;
        (
            left + self.x.share(x) * (right - left),
            bottom - self.y.share(y) * (bottom - top),
        )
    }

    fn grid(&self, drawing: &mut Drawing) {
        let Area {
            left,
            top,
            right,
            bottom,
        } = self.frame;
        let mut free = f64::NEG_INFINITY;
        for (value, label) in &self.x.ticks {
            let x = self.at(*value, self.y.low).0;
            drawing.line(
                vec![(x, top), (x, bottom)],
                GRID,
                if label.is_empty() { 0.5 } else { 1.0 },
            );
            let half = text_width(label, TICK, false) / 2.0;
            if !label.is_empty() && x - half > free {
                drawing.text((x, bottom + 14.0), label, TICK, GREY, Align::Middle);
                free = x + half + 6.0;
            }
        }
        for (value, label) in &self.y.ticks {
            let y = self.at(self.x.low, *value).1;
            drawing.line(
                vec![(left, y), (right, y)],
                GRID,
                if label.is_empty() { 0.5 } else { 1.0 },
            );
            drawing.text((left - 6.0, y), label, TICK, GREY, Align::End);
        }
        let corners = vec![
            (left, top),
            (right, top),
            (right, bottom),
            (left, bottom),
            (left, top),
        ];
        drawing.line(corners, LINE, 1.0);
    }

    fn titles(&self, drawing: &mut Drawing, area: Area, title: &str) {
        let Area {
            left,
            top,
            right,
            bottom,
        } = self.frame;
        drawing.bold(
            (left, top - 12.0),
            &fit(title, TITLE, true, right - left),
            TITLE,
            Align::Start,
        );
        let name = fit(&self.x.title, TITLE, false, area.right - left);
        let half = text_width(&name, TITLE, false) / 2.0;
        let middle = ((left + right) / 2.0).min(area.right - half);
        drawing.text((middle, bottom + 34.0), &name, TITLE, INK, Align::Middle);
        let name = fit(&self.y.title, TITLE, false, bottom - top + 20.0);
        drawing.turned((area.left + 8.0, (top + bottom) / 2.0), &name, TITLE);
    }

    /// A line through `values`.
    pub fn series(&self, drawing: &mut Drawing, values: &[Point], look: Look, width: f64) {
        let points = values.iter().map(|(x, y)| self.at(*x, *y)).collect();
        drawing.dashed(points, look.color, width, look.dash);
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
        let place = self.at(self.x.high, y);
        drawing.dashed(
            vec![(self.frame.left, place.1), place],
            INK,
            1.4,
            Some((5.0, 4.0)),
        );
        for (k, line) in lines.into_iter().enumerate() {
            drawing.text(
                (place.0 + 5.0, place.1 - 7.0 + 14.0 * k as f64),
                line,
                TICK,
                INK,
                Align::Start,
            );
        }
    }

    /// A dashed vertical line with its name above the frame, to the right of the panel's `title`.
    pub fn vertical_rule(&self, drawing: &mut Drawing, x: f64, name: &str, title: &str) {
        let Area {
            left,
            right,
            bottom,
            ..
        } = self.frame;
        let (x, top) = self.at(x, self.y.high);
        drawing.dashed(vec![(x, top), (x, bottom)], INK, 1.4, Some((5.0, 4.0)));
        let half = text_width(name, TICK, false) / 2.0;
        let free =
            left + text_width(&fit(title, TITLE, true, right - left), TITLE, true) + 10.0 + half;
        if free <= right - half {
            drawing.text(
                (x.clamp(free, right - half), top - 11.0),
                name,
                TICK,
                INK,
                Align::Middle,
            );
        }
    }
}
