//! One look a strategy, the same in every plot.
//!
//! Colour alone does not tell eight strategies apart in print or to every eye, so each has a marker
//! as well, and from the tenth on a dash pattern. A strategy's look depends on its position in the
//! file and on the baseline only: it is the same on the page, in all plots of a run and in the next run.

use super::drawing::{Color, Drawing, PAPER, Point};

/// Those of the page: after Okabe and Ito (2008), "Color universal design", dark enough for lines on white.
/// The first is the baseline's.
const COLORS: [Color; 9] = [
    0x1c_1c_1c, 0x00_72_b2, 0xc6_4f_00, 0x00_80_5a, 0xa8_50_8a, 0x9a_6a_00, 0x3d_7f_d6, 0x7a_4a_2b,
    0x5f_6b_73,
];

const DASHES: [Option<(f64, f64)>; 4] =
    [None, Some((7.0, 4.0)), Some((2.5, 2.5)), Some((12.0, 4.0))];

/// Colours of the seven parts of a response time, from dispatch to gather: Tol (2021), "light".
pub const PART_COLORS: [Color; 7] = [
    0x77_aa_dd, 0x99_dd_ff, 0x44_bb_99, 0xee_88_66, 0xdd_dd_dd, 0xff_aa_bb, 0xee_dd_88,
];

/// Greys in place of colours, far enough apart where they meet: of [`COLORS`], and of [`PART_COLORS`].
const GREYS: [u32; 9] = [0x00, 0x69, 0xa8, 0x3f, 0x7e, 0x2a, 0x93, 0x54, 0x15];
const PART_GREYS: [u32; 7] = [0x50, 0xc8, 0x30, 0x8c, 0xde, 0x68, 0xb0];

/// The grey in place of a colour; of one of no list, the grey that is as light (ITU-R BT.601).
pub fn grey(color: Color) -> Color {
    let of_list = COLORS.iter().zip(GREYS);
    let of_list = of_list.chain(PART_COLORS.iter().zip(PART_GREYS));
    let [_, red, green, blue] = color.to_be_bytes().map(f64::from);
    let light = (0.299 * red + 0.587 * green + 0.114 * blue).round() as u32;
    let mut known = of_list.filter(|(listed, _)| **listed == color);
    0x01_01_01 * known.next().map_or(light, |(_, grey)| grey)
}

/// Colour, marker and dashes of a strategy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Colour.
    pub color: Color,
    /// Index of the marker.
    pub marker: usize,
    /// Dashes, from the tenth strategy on.
    pub dash: Option<(f64, f64)>,
}

const MARKERS: usize = 7;

/// The look of this number, which is 0 for the baseline: no two of the first 56 are alike.
pub fn look(number: usize) -> Look {
    let others = COLORS.len() - 1;
    let round = number.saturating_sub(1) / others;
    Look {
        color: COLORS[number - round * others],
        marker: number % MARKERS,
        dash: DASHES[round % DASHES.len()],
    }
}

/// Draws the strategy's marker.
pub fn mark(drawing: &mut Drawing, at: Point, look: Look, radius: f64) {
    let ring = |corners: &[Point], grow: f64| -> Vec<Point> {
        let far = radius + grow;
        let place = |(x, y): &Point| (at.0 + x * far, at.1 + y * far);
        corners.iter().map(place).collect()
    };
    match look.marker {
        0 => {
            drawing.dot(at, radius + 1.0, PAPER);
            drawing.dot(at, radius, look.color);
        }
        5 | 6 => strokes(drawing, at, look, radius),
        shape => {
            let corners = corners(shape);
            drawing.fill(ring(corners, 1.4), PAPER, 1.0);
            drawing.fill(ring(corners, 0.0), look.color, 1.0);
        }
    }
}

fn corners(shape: usize) -> &'static [(f64, f64)] {
    match shape {
        1 => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        2 => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
        3 => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
        _ => &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
    }
}

/// A plus or a cross.
fn strokes(drawing: &mut Drawing, at: Point, look: Look, radius: f64) {
    let (long, slant) = match look.marker {
        5 => (radius, radius),
        _ => (radius * 1.3, 0.0),
    };
    let ends = |x: f64, y: f64| vec![(at.0 - x, at.1 - y), (at.0 + x, at.1 + y)];
    for (color, width) in [(PAPER, 4.5), (look.color, 2.2)] {
        drawing.line(ends(long, slant), color, width);
        drawing.line(ends(-slant, long), color, width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_page() {
        let page = include_str!("../assets/page.css");
        let (light, _) = page.split_once("@media").unwrap_or((page, ""));
        for (number, color) in COLORS.iter().enumerate() {
            let color = format!("--s{number}: #{color:06x};");
            assert!(light.contains(&color), "{color}");
        }
    }

    #[test]
    fn no_two_strategies_look_alike() {
        let looks: Vec<Look> = (0..56).map(look).collect();
        for (k, one) in looks.iter().enumerate() {
            assert!(!looks[..k].contains(one), "{k} looks like an earlier one");
        }
    }
}
