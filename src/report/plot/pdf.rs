//! A drawing as a PDF of one page, for papers: lines stay lines, texts stay texts, fonts are embedded.
//!
//! The page is written by hand (PDF 1.4, ISO 32000-1): shapes are few, and a font that is embedded whole
//! as a TrueType program with glyph numbers for codes needs no encoding of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ab_glyph::{Font as _, FontRef};

use super::drawing::{Align, BOLD, Color, DrawError, Drawing, NORMAL, Shape, Text, text_width};

/// From a circle's quarter to a curve's control points.
const QUARTER: f64 = 0.552_284_75;
/// A text is centred on half the height of its capitals, in em.
const HALF_CAPITAL: f64 = 0.36;

/// The drawing with so many points (1/72 inch) to a pixel.
///
/// # Errors
/// When the embedded font cannot be used.
pub fn pdf(drawing: &Drawing, points: f64) -> Result<Vec<u8>, DrawError> {
    let mut page = Page {
        content: String::new(),
        used: [BTreeMap::new(), BTreeMap::new()],
        opacities: BTreeSet::new(),
    };
    let (width, height) = (drawing.width * points, drawing.height * points);
    // From here on as in the drawing: pixels, down from the upper left corner.
    page.put(format_args!(
        "{points:.5} 0 0 {:.5} 0 {height:.3} cm 1 j 1 J",
        -points
    ));
    let fonts = [font(NORMAL)?, font(BOLD)?];
    let shapes = drawing.shapes.iter();
    shapes.for_each(|shape| page.shape(shape, &fonts));
    Ok(document(&page, &fonts, (width, height)))
}

fn font(bytes: &'static [u8]) -> Result<FontRef<'static>, DrawError> {
    FontRef::try_from_slice(bytes).map_err(|error| DrawError(error.to_string()))
}

/// What is drawn, and what it needs.
struct Page {
    content: String,
    /// Glyphs of both fonts, with their characters.
    used: [BTreeMap<u16, char>; 2],
    /// In per cent.
    opacities: BTreeSet<u32>,
}

impl Page {
    fn put(&mut self, what: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.content, "{what}");
    }

    /// A shape as operators of the page's content.
    fn shape(&mut self, shape: &Shape, fonts: &[FontRef<'_>; 2]) {
        match shape {
            Shape::Line {
                points,
                color,
                width,
                dash,
            } => {
                let dash = dash.map_or(String::new(), |(on, off)| format!("{on:.2} {off:.2}"));
                let (color, path) = (rgb(*color), path(points));
                // Dashes would grow by round ends.
                let cap = i32::from(dash.is_empty());
                self.put(format_args!(
                    "{color} RG {width:.2} w {cap} J [{dash}] 0 d {path} S"
                ));
            }
            Shape::Fill {
                points,
                color,
                opacity,
            } => {
                let percent = (opacity.clamp(0.0, 1.0) * 100.0).round() as u32;
                self.opacities.insert(percent);
                let (color, path) = (rgb(*color), path(points));
                self.put(format_args!("q /A{percent} gs {color} rg {path} f Q"));
            }
            Shape::Dot { at, radius, color } => {
                let (color, circle) = (rgb(*color), circle(*at, *radius));
                self.put(format_args!("{color} rg {circle} f"));
            }
            Shape::Text(text) => self.text(text, fonts),
        }
    }

    /// A text as numbers of glyphs, placed by the same widths as in the other renderings.
    fn text(&mut self, text: &Text, fonts: &[FontRef<'_>; 2]) {
        let which = usize::from(text.bold);
        let mut codes = String::new();
        for c in text.text.chars() {
            let glyph = fonts[which].glyph_id(c).0;
            self.used[which].insert(glyph, c);
            let _ = write!(codes, "{glyph:04X}");
        }
        let width = text_width(&text.text, text.size, text.bold);
        let before = match text.align {
            Align::Start => 0.0,
            Align::Middle => width / 2.0,
            Align::End => width,
        };
        let ((x, y), below) = (text.at, HALF_CAPITAL * text.size);
        let matrix = match text.turned {
            true => format!("0 -1 -1 0 {:.2} {:.2}", x + below, y + before),
            false => format!("1 0 0 -1 {:.2} {:.2}", x - before, y + below),
        };
        let (color, size) = (rgb(text.color), text.size);
        self.put(format_args!(
            "BT {color} rg /F{which} {size:.2} Tf {matrix} Tm <{codes}> Tj ET"
        ));
    }
}

fn rgb(color: Color) -> String {
    let [_, parts @ ..] = color.to_be_bytes().map(|part| f64::from(part) / 255.0);
    parts.map(|part| format!("{part:.3}")).join(" ")
}

/// Move to the first corner, then lines.
fn path(points: &[(f64, f64)]) -> String {
    let step = |(at, (x, y)): (usize, &(f64, f64))| {
        format!("{x:.2} {y:.2} {}", if at == 0 { 'm' } else { 'l' })
    };
    let steps: Vec<String> = points.iter().enumerate().map(step).collect();
    steps.join(" ")
}

/// Four Bézier curves, off the true circle by less than 0.03 %.
fn circle((x, y): (f64, f64), r: f64) -> String {
    let k = QUARTER * r;
    let curve = |ends: [f64; 6]| ends.map(|end| format!("{end:.2}")).join(" ") + " c";
    [
        format!("{:.2} {y:.2} m", x + r),
        curve([x + r, y + k, x + k, y + r, x, y + r]),
        curve([x - k, y + r, x - r, y + k, x - r, y]),
        curve([x - r, y - k, x - k, y - r, x, y - r]),
        curve([x + k, y - r, x + r, y - k, x + r, y]),
    ]
    .join(" ")
}

/// Objects in order, the first has number 1.
#[derive(Default)]
struct Objects(Vec<Vec<u8>>);

impl Objects {
    /// Adds an object and gives its number.
    fn add(&mut self, body: impl Into<Vec<u8>>) -> usize {
        self.0.push(body.into());
        self.0.len()
    }

    fn stream(&mut self, bytes: &[u8]) -> usize {
        let head = format!("<< /Length {} /Length1 {0} >>\nstream\n", bytes.len());
        self.add([head.as_bytes(), bytes, b"\nendstream"].concat())
    }

    /// The file; `catalog` is the number of the object where reading begins.
    fn file(&self, catalog: usize) -> Vec<u8> {
        let mut file = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut places = String::new();
        for (at, body) in self.0.iter().enumerate() {
            let _ = writeln!(places, "{:010} 00000 n ", file.len());
            file.extend(format!("{} 0 obj\n", at + 1).into_bytes());
            file.extend(body);
            file.extend(b"\nendobj\n");
        }
        let (start, size) = (file.len(), self.0.len() + 1);
        let end = format!(
            "xref\n0 {size}\n0000000000 65535 f \n{places}trailer\n<< /Size {size} /Root {catalog} 0 R >>\nstartxref\n{start}\n%%EOF\n"
        );
        file.extend(end.into_bytes());
        file
    }
}

/// The objects of the file: fonts, content, opacities, the page and what leads to it.
fn document(page: &Page, fonts: &[FontRef<'_>; 2], (width, height): (f64, f64)) -> Vec<u8> {
    let mut objects = Objects::default();
    let names = ["DejaVuSans", "DejaVuSans-Bold"];
    let embedded = [NORMAL, BOLD];
    let fonts = [0, 1].map(|which| {
        let program = (names[which], embedded[which]);
        embed(&mut objects, program, &fonts[which], &page.used[which])
    });
    let content = objects.stream(page.content.as_bytes());
    let state = |percent: u32| format!("/A{percent} << /ca {:.2} >>", f64::from(percent) / 100.0);
    let states: Vec<String> = page.opacities.iter().copied().map(state).collect();
    let states = states.join(" ");
    // The page's parent is the object after it.
    let parent = objects.0.len() + 2;
    let leaf = objects.add(format!(
        "<< /Type /Page /Parent {parent} 0 R /MediaBox [0 0 {width:.3} {height:.3}] /Contents {content} 0 R /Resources << /Font << /F0 {} 0 R /F1 {} 0 R >> /ExtGState << {states} >> >> >>",
        fonts[0], fonts[1]
    ));
    let pages = objects.add(format!("<< /Type /Pages /Kids [{leaf} 0 R] /Count 1 >>"));
    let catalog = objects.add(format!("<< /Type /Catalog /Pages {pages} 0 R >>"));
    objects.file(catalog)
}

/// A font whose codes are its glyphs' numbers, with widths and characters of those that are used.
fn embed(
    objects: &mut Objects,
    (name, bytes): (&str, &[u8]),
    font: &FontRef<'_>,
    used: &BTreeMap<u16, char>,
) -> usize {
    let em = f64::from(font.units_per_em().unwrap_or(2048.0));
    let width = |glyph: &u16| {
        let advance = font.h_advance_unscaled(ab_glyph::GlyphId(*glyph));
        format!("{glyph} [{:.0}]", 1000.0 * f64::from(advance) / em)
    };
    let widths: Vec<String> = used.keys().map(width).collect();
    let program = objects.stream(bytes);
    let describe = format!(
        "<< /Type /FontDescriptor /FontName /{name} /Flags 32 /FontBBox [-1021 -463 1793 1232] /ItalicAngle 0 /Ascent 928 /Descent -236 /CapHeight 729 /StemV 80 /FontFile2 {program} 0 R >>"
    );
    let descriptor = objects.add(describe);
    let descendant = objects.add(format!(
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor {descriptor} 0 R /CIDToGIDMap /Identity /W [{}] >>",
        widths.join(" ")
    ));
    let characters = objects.stream(to_unicode(used).as_bytes());
    objects.add(format!(
        "<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H /DescendantFonts [{descendant} 0 R] /ToUnicode {characters} 0 R >>"
    ))
}

/// Which characters the codes stand for, so that texts can be searched and copied.
fn to_unicode(used: &BTreeMap<u16, char>) -> String {
    let mut map = String::from(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /codes def /CMapType 2 def\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n",
    );
    let entry = |(glyph, c): (&u16, &char)| {
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        let units: String = units.map(|unit| format!("{unit:04X}")).collect();
        format!("<{glyph:04X}> <{units}>")
    };
    let entries: Vec<String> = used.iter().map(entry).collect();
    for some in entries.chunks(100) {
        let (count, lines) = (some.len(), some.join("\n"));
        map += &format!("{count} beginbfchar\n{lines}\nendbfchar\n");
    }
    map + "endcmap CMapName currentdict /CMap defineresource pop end end\n"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_page_has_its_size_its_fonts_and_objects_where_the_table_says() {
        let mut drawing = Drawing::new(300.0, 100.0);
        drawing.text((10.0, 10.0), "p99 ± 5 µs", 12.0, 0, Align::Start);
        drawing.rect((0.0, 0.0), (9.0, 9.0), 0xff_00_00, 0.3);
        drawing.dot((50.0, 50.0), 4.0, 0x00_ff_00);
        let bytes = pdf(&drawing, 0.5).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("%PDF-1.4") && text.ends_with("%%EOF\n"));
        assert!(text.contains("/MediaBox [0 0 150.000 50.000]"));
        assert_eq!(text.matches("/FontFile2").count(), 2);
        let (_, end) = text.rsplit_once("startxref\n").unwrap();
        let start: usize = end.lines().next().unwrap().parse().unwrap();
        assert!(bytes[start..].starts_with(b"xref"));
        let table = String::from_utf8_lossy(&bytes[start..]);
        let objects = table.lines().skip(3);
        for (number, line) in (1..).zip(objects.take_while(|line| line.ends_with("n "))) {
            let place: usize = line[..10].parse().unwrap();
            let head = format!("{number} 0 obj");
            assert!(bytes[place..].starts_with(head.as_bytes()), "{line}");
        }
    }
}
