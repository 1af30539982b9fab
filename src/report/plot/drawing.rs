//! A drawing as a list of shapes, and its two renderings: SVG text and PNG bytes.
//!
//! Plots lay themselves out in pixels of the SVG. Keeping the shapes as data lets tests ask whether
//! any text is clipped, and both renderings show the same.
//!
//! Widths of texts come from the embedded font, so a layout is the same on every machine.
//! `plotters` draws in whole pixels: an SVG is drawn four times larger and shown smaller, a PNG
//! three times larger and averaged, so that thin lines stay where they are.

use std::fmt;
use std::sync::Once;

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color as _, FontDesc, FontStyle, FontTransform, IntoTextStyle, RGBColor, ShapeStyle, TextStyle,
    WHITE, register_font,
};

use crate::text::{apart, printable};

/// Usual height of a plot, pixels.
pub const HEIGHT: f64 = 560.0;

/// Fonts of an SVG, the embedded one (in whose widths the layout is made) first.
const FAMILY: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";
pub(super) const NORMAL: &[u8] = include_bytes!("../assets/DejaVuSans-subset.ttf");
pub(super) const BOLD: &[u8] = include_bytes!("../assets/DejaVuSans-Bold-subset.ttf");
/// Coordinates are whole numbers in the library below; an SVG gets this many to a pixel.
const DETAIL: f64 = 4.0;
/// A PNG is drawn this much larger and averaged, since only some shapes are drawn with soft edges.
const SUPERSAMPLING: u32 = 3;
/// Height of a line of the font (ascent + descent) in em; the bitmap's sizes are line heights.
const LINE_OF_EM: f64 = 2384.0 / 2048.0;
/// The SVG backend divides every font size by this.
const SVG_SIZE_DIVISOR: f64 = 1.24;

/// A point in pixels from the upper left corner.
pub type Point = (f64, f64);

/// Lengths of dashes and gaps in pixels, if a line has any.
pub type Dash = Option<(f64, f64)>;

/// A colour: 0xRRGGBB.
pub type Color = u32;

/// Text, titles.
pub const INK: Color = 0x22_22_22;
/// Tick labels, subtitles.
pub const GREY: Color = 0x55_55_55;
/// Frames of panels.
pub const LINE: Color = 0x99_99_99;
/// Grid lines.
pub const GRID: Color = 0xe4_e4_e4;
/// The page.
pub const PAPER: Color = 0xff_ff_ff;

/// Where a text stands relative to its point; it is centred vertically.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// The point is its left end.
    Start,
    /// The point is its middle.
    #[default]
    Middle,
    /// The point is its right end.
    End,
}

/// One line of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// Where.
    pub at: Point,
    /// What.
    pub text: String,
    /// Font size, pixels an em.
    pub size: f64,
    /// Bold or normal.
    pub bold: bool,
    /// Colour.
    pub color: Color,
    /// Horizontal alignment.
    pub align: Align,
    /// Reads from bottom to top.
    pub turned: bool,
}

impl Text {
    /// Normal text, centred at `at`.
    fn new(at: Point, text: &str, size: f64) -> Text {
        Text {
            at,
            text: printable(text),
            size,
            color: INK,
            ..Text::default()
        }
    }
}

/// A piece of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A path, with the lengths of dashes and gaps if it is dashed.
    Line {
        /// Corners in order.
        points: Vec<Point>,
        /// Colour.
        color: Color,
        /// Thickness, pixels.
        width: f64,
        /// Lengths of dashes and gaps, pixels.
        dash: Dash,
    },
    /// A filled polygon.
    Fill {
        /// Corners in order.
        points: Vec<Point>,
        /// Colour.
        color: Color,
        /// 0 (not seen) to 1.
        opacity: f64,
    },
    /// A filled circle.
    Dot {
        /// Middle.
        at: Point,
        /// Radius, pixels.
        radius: f64,
        /// Colour.
        color: Color,
    },
    /// A line of text.
    Text(Text),
}

/// A drawing and its size in pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Width, pixels.
    pub width: f64,
    /// Height, pixels.
    pub height: f64,
    /// Shapes, the lowest first.
    pub shapes: Vec<Shape>,
}

/// A drawing that could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawError(pub(crate) String);

impl fmt::Display for DrawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a plot could not be drawn: {}", self.0)
    }
}

impl std::error::Error for DrawError {}

fn failed(error: impl fmt::Display) -> DrawError {
    DrawError(error.to_string())
}

impl Drawing {
    /// An empty drawing.
    pub fn new(width: f64, height: f64) -> Drawing {
        let shapes = Vec::new();
        Drawing {
            width,
            height,
            shapes,
        }
    }

    /// Turns every colour to a grey.
    pub fn grey(&mut self) {
        for shape in &mut self.shapes {
            let (Shape::Line { color, .. }
            | Shape::Fill { color, .. }
            | Shape::Dot { color, .. }
            | Shape::Text(Text { color, .. })) = shape;
            *color = super::palette::grey(*color);
        }
    }

    /// A path.
    pub fn line(&mut self, points: Vec<Point>, color: Color, width: f64) {
        self.dashed(points, color, width, None);
    }

    /// A path, dashed if `dash` gives the lengths of dashes and gaps.
    pub fn dashed(&mut self, points: Vec<Point>, color: Color, width: f64, dash: Dash) {
        if points.len() > 1 {
            let line = Shape::Line {
                points,
                color,
                width,
                dash,
            };
            self.shapes.push(line);
        }
    }

    /// A filled polygon.
    pub fn fill(&mut self, points: Vec<Point>, color: Color, opacity: f64) {
        let fill = Shape::Fill {
            points,
            color,
            opacity,
        };
        self.shapes.push(fill);
    }

    /// A filled rectangle.
    pub fn rect(&mut self, (left, top): Point, (right, bottom): Point, color: Color, opacity: f64) {
        let corners = vec![(left, top), (right, top), (right, bottom), (left, bottom)];
        self.fill(corners, color, opacity);
    }

    /// A filled circle.
    pub fn dot(&mut self, at: Point, radius: f64, color: Color) {
        self.shapes.push(Shape::Dot { at, radius, color });
    }

    /// A normal line of text.
    pub fn text(&mut self, at: Point, text: &str, size: f64, color: Color, align: Align) {
        self.write(Text {
            color,
            align,
            ..Text::new(at, text, size)
        });
    }

    /// A bold line of text.
    pub fn bold(&mut self, at: Point, text: &str, size: f64, align: Align) {
        self.write(Text {
            bold: true,
            align,
            ..Text::new(at, text, size)
        });
    }

    /// Text that reads from bottom to top, centred at `at`.
    pub fn turned(&mut self, at: Point, text: &str, size: f64) {
        self.write(Text {
            turned: true,
            ..Text::new(at, text, size)
        });
    }

    fn write(&mut self, text: Text) {
        if !text.text.trim().is_empty() {
            self.shapes.push(Shape::Text(text));
        }
    }

    /// The drawing as an SVG document without outside references.
    ///
    /// # Errors
    /// When the embedded font cannot be used.
    pub fn svg(&self) -> Result<String, DrawError> {
        register_fonts();
        let mut svg = String::new();
        let size = self.pixels(DETAIL);
        {
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            self.render(&area, DETAIL, SVG_SIZE_DIVISOR)?;
        }
        Ok(self.compact(&svg, size))
    }

    /// Says once at the root what the backend says of every shape, gives the shown size, and leaves
    /// out what is the default anyway. Texts cannot be touched: their quotes are escaped.
    fn compact(&self, svg: &str, (width, height): (u32, u32)) -> String {
        let family = format!(" font-family=\"{FAMILY}\"");
        let fine = format!("width=\"{width}\" height=\"{height}\"");
        let (width, height) = (self.width, self.height);
        let shown = format!("width=\"{width}\" height=\"{height}\" fill=\"none\"{family}");
        let svg = svg.replace(&family, "").replacen(&fine, &shown, 1);
        let svg = svg.replace(" opacity=\"1\"", "");
        let svg = svg.replace(" stroke=\"none\" stroke-width=\"1\"", "");
        let svg = svg.replace(" stroke=\"none\"", "");
        let svg = svg.replace("<polyline fill=\"none\"", "<polyline");
        svg.replace(" \"/>", "\"/>")
    }

    /// The drawing as a PNG of `scale` times its size.
    ///
    /// # Errors
    /// When the embedded font cannot be used, or the picture does not fit into memory.
    pub fn png(&self, scale: u32) -> Result<Vec<u8>, DrawError> {
        self.png_of(scale, None)
    }

    /// The same for paper: with `per_metre` of its pixels to a metre.
    ///
    /// # Errors
    /// As [`Drawing::png`].
    pub fn png_of(&self, scale: u32, per_metre: Option<u32>) -> Result<Vec<u8>, DrawError> {
        register_fonts();
        let (width, height) = self.pixels(f64::from(scale));
        let fine = (width * SUPERSAMPLING, height * SUPERSAMPLING);
        let mut buffer = vec![0; fine.0 as usize * fine.1 as usize * 3];
        {
            let area = BitMapBackend::with_buffer(&mut buffer, fine).into_drawing_area();
            self.render(&area, f64::from(scale * SUPERSAMPLING), LINE_OF_EM)?;
        }
        let pixels = averaged(&buffer, width as usize, height as usize);
        encode(&pixels, (width, height), per_metre)
    }

    fn pixels(&self, scale: f64) -> (u32, u32) {
        let scaled = [self.width, self.height].map(|length| (length * scale).round() as u32);
        scaled.into()
    }

    /// Paints the shapes on a backend whose pixels are `scale` to one of the drawing; font sizes are multiplied
    /// by `size_factor`, as backends understand them differently.
    fn render<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: f64,
        size_factor: f64,
    ) -> Result<(), DrawError> {
        area.fill(&WHITE).map_err(failed)?;
        let painter = Painter {
            area,
            scale,
            size_factor,
        };
        let mut shapes = self.shapes.iter();
        shapes.try_for_each(|shape| painter.paint(shape))?;
        area.present().map_err(failed)
    }
}

struct Painter<'a, B: DrawingBackend> {
    area: &'a DrawingArea<B, Shift>,
    scale: f64,
    size_factor: f64,
}

impl<B: DrawingBackend> Painter<'_, B> {
    fn at(&self, point: Point) -> (i32, i32) {
        (self.scaled(point.0), self.scaled(point.1))
    }

    fn scaled(&self, length: f64) -> i32 {
        (length * self.scale).round() as i32
    }

    /// Scaled points without repetitions.
    fn path(&self, points: &[Point]) -> Vec<(i32, i32)> {
        let mut path: Vec<_> = points.iter().map(|p| self.at(*p)).collect();
        path.dedup();
        path
    }

    fn paint(&self, shape: &Shape) -> Result<(), DrawError> {
        match shape {
            Shape::Line {
                points,
                color,
                width,
                dash,
            } => self.line(points, *color, *width, *dash),
            Shape::Fill {
                points,
                color,
                opacity,
            } => {
                let polygon = Polygon::new(self.path(points), rgb(*color).mix(*opacity).filled());
                self.area.draw(&polygon).map_err(failed)
            }
            Shape::Dot { at, radius, color } => {
                let circle = Circle::new(self.at(*at), self.scaled(*radius), rgb(*color).filled());
                self.area.draw(&circle).map_err(failed)
            }
            Shape::Text(text) => self.text(text),
        }
    }

    /// A path, at least one pixel thick; what falls together into one pixel is not drawn.
    fn line(
        &self,
        points: &[Point],
        color: Color,
        width: f64,
        dash: Dash,
    ) -> Result<(), DrawError> {
        let style = ShapeStyle::from(rgb(color)).stroke_width(self.scaled(width).max(1) as u32);
        let path = self.path(points);
        if path.len() < 2 {
            return Ok(());
        }
        let drawn = match dash.map(|(on, off)| (self.scaled(on), self.scaled(off))) {
            None => self.area.draw(&PathElement::new(path, style)),
            Some((on, off)) => {
                let dashed = DashedPathElement::new(path, on, off, style);
                self.area.draw(&dashed)
            }
        };
        drawn.map_err(failed)
    }

    fn text(&self, text: &Text) -> Result<(), DrawError> {
        let horizontal = match text.align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        let turn = match text.turned {
            true => FontTransform::Rotate270,
            false => FontTransform::None,
        };
        let size = text.size * self.scale * self.size_factor;
        let font = FontDesc::new(FAMILY.into(), size, weight(text.bold)).transform(turn);
        let color = rgb(text.color);
        let style: TextStyle = font.into_text_style(self.area).color(&color);
        let style = style.pos(Pos::new(horizontal, VPos::Center));
        let drawn = self.area.draw_text(&text.text, &style, self.at(text.at));
        drawn.map_err(failed)
    }
}

fn rgb(color: Color) -> RGBColor {
    let [_, red, green, blue] = color.to_be_bytes();
    RGBColor(red, green, blue)
}

fn weight(bold: bool) -> FontStyle {
    match bold {
        true => FontStyle::Bold,
        false => FontStyle::Normal,
    }
}

fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A font that cannot be read shows as an error of the first drawing.
        let _ = register_font(FAMILY, FontStyle::Normal, NORMAL);
        let _ = register_font(FAMILY, FontStyle::Bold, BOLD);
    });
}

/// Width of `text` in pixels at `size` pixels an em.
pub fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    register_fonts();
    const FINE: f64 = 100.0;
    let font = FontDesc::new(FAMILY.into(), FINE * LINE_OF_EM, weight(bold));
    let wide = match font.layout_box(text) {
        Ok(((left, _), (right, _))) => f64::from(right - left),
        Err(_) => 0.6 * FINE * text.chars().count() as f64,
    };
    wide * size / FINE
}

/// `text` cut with an ellipsis to at most `width` pixels.
pub fn fit(text: &str, size: f64, bold: bool, width: f64) -> String {
    let mut kept = text.chars().count();
    let mut shown = text.to_string();
    while kept > 1 && text_width(&shown, size, bold) > width {
        kept -= 1;
        shown = crate::text::shorten(text, kept);
    }
    shown
}

/// The title of an axis, cut as [`fit`] does, but for its unit and what is said of how it is to be read.
pub fn fit_title(title: &str, size: f64, width: f64) -> String {
    let (words, rest) = title.split_at(title.rfind(" (").unwrap_or(title.len()));
    fit(words, size, false, width - text_width(rest, size, false)) + rest
}

/// Names that stand side by side, cut to at most `width` pixels as `apart` cuts them.
pub fn fit_apart(names: &[String], size: f64, width: f64) -> Vec<String> {
    let is_wide = |name: &String| text_width(name, size, false) > width;
    if !names.iter().any(is_wide) {
        return names.to_vec();
    }
    // No letter of a name is narrower than a fifth of an em.
    let most = (5.0 * width / size) as usize;
    let cuts = (1..=most).rev().map(|columns| apart(names, columns));
    let mut fitting = cuts.filter(|cut| !cut.iter().any(is_wide));
    fitting.next().unwrap_or_else(|| apart(names, 1))
}

/// Means of squares of `SUPERSAMPLING` x `SUPERSAMPLING` pixels of three bytes.
fn averaged(fine: &[u8], width: usize, height: usize) -> Vec<u8> {
    let step = SUPERSAMPLING as usize;
    let row = width * step * 3;
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width * 3 {
            let (column, channel) = (x / 3, x % 3);
            let first = y * step * row + column * step * 3 + channel;
            let square =
                (0..step * step).map(|k| u32::from(fine[first + k / step * row + k % step * 3]));
            pixels.push((square.sum::<u32>() / (SUPERSAMPLING * SUPERSAMPLING)) as u8);
        }
    }
    pixels
}

/// The pixels (three bytes each) as a PNG.
fn encode(
    pixels: &[u8],
    (width, height): (u32, u32),
    per_metre: Option<u32>,
) -> Result<Vec<u8>, DrawError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(per_metre.map(|per_metre| png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
