//! Changes of figures against what they were, each with what is allowed shaded behind it.
//!
//! The gate's picture. What matters is whether an interval reaches out of the shade on the bad
//! side, so each row has its own shade, open to the good side; which side that is depends on the
//! metric.

use super::axis::Axis;
use super::differences::WIDEST;
use super::dot_rows::{Group, Row, Rows};
use super::drawing::Drawing;
use super::palette::look;
use crate::report::lookup::Style;

/// The relative change of one figure.
pub struct Change {
    /// Its name.
    pub name: String,
    /// Number of its look.
    pub series: usize,
    /// The change, if there is one.
    pub change: Option<f64>,
    /// Its bounds.
    pub interval: Option<(f64, f64)>,
    /// Change for the worse that is allowed.
    pub allowed: f64,
    /// Whether a smaller figure is better.
    pub lower_is_better: bool,
    /// The change in words.
    pub text: String,
}

/// The plot of `groups`: titles and the changes under them; its height follows their number.
pub fn draw(title: String, subtitle: String, groups: Vec<(String, Vec<Change>)>) -> Drawing {
    let axis = axis(groups.iter().flat_map(|(_, changes)| changes));
    let group = |(title, changes): (String, Vec<Change>)| Group {
        title,
        rows: changes.into_iter().map(|it| row(it, &axis)).collect(),
    };
    let plot = Rows {
        style: Style::default(),
        title,
        subtitle,
        groups: groups.into_iter().map(group).collect(),
        axis: axis.clone(),
        shade: None,
        shaded: Some("allowed without the gate failing".into()),
        rule: Some((0.0, "no change".into())),
        notes: Vec::new(),
    };
    plot.draw()
}

/// Percent axis that holds 0, the changes and what is allowed.
fn axis<'a>(changes: impl Iterator<Item = &'a Change>) -> Axis {
    let ends = |change: &Change| {
        let (low, high) = change.interval.unwrap_or_default();
        let room = 1.5 * change.allowed;
        [change.change.unwrap_or_default(), low, high, room, -room]
    };
    Axis::changes(changes.flat_map(ends).map(|end| end.clamp(-WIDEST, WIDEST)))
}

/// A change as a row, its shade open to the side that is better.
fn row(change: Change, axis: &Axis) -> Row {
    let allowed = 100.0 * change.allowed;
    let shade = match change.lower_is_better {
        true => (axis.low, allowed),
        false => (-allowed, axis.high),
    };
    let interval = change.interval;
    Row {
        look: look(change.series),
        name: change.name,
        value: change.change.map(|change| 100.0 * change),
        interval: interval.map(|(low, high)| (100.0 * low, 100.0 * high)),
        shade: Some(shade),
        text: change.text,
        at_least: false,
    }
}
