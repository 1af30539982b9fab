//! Changes of figures against what they were, each with what is allowed shaded behind it.

use super::axis::Axis;
use super::differences::WIDEST;
use super::dot_rows::{self, Row, Rows};
use super::drawing::Drawing;

/// The whole plot.
pub struct Changes {
    /// Title of the plot.
    pub title: String,
    /// What the marks are.
    pub subtitle: String,
    /// Groups from top to bottom.
    pub groups: Vec<Group>,
}

/// Changes under a title.
pub struct Group {
    /// Title.
    pub title: String,
    /// Changes from top to bottom.
    pub rows: Vec<Change>,
}

/// The relative change of one figure.
pub struct Change {
    /// Its name.
    pub name: String,
    /// Index of its look.
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

impl Changes {
    /// Draws the changes; the height follows their number.
    pub fn draw(&self) -> Drawing {
        let axis = self.axis();
        let group = |group: &Group| dot_rows::Group {
            title: group.title.clone(),
            rows: group.rows.iter().map(|change| change.row(&axis)).collect(),
        };
        Rows {
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            groups: self.groups.iter().map(group).collect(),
            axis: axis.clone(),
            shade: None,
            rule: Some((0.0, "no change".into())),
            notes: vec!["shaded: allowed without the gate failing".into()],
        }
        .draw()
    }

    /// Percent axis that holds 0, the changes and what is allowed.
    fn axis(&self) -> Axis {
        let ends = |change: &Change| {
            let (low, high) = change.interval.unwrap_or_default();
            let room = 1.5 * change.allowed;
            [change.change.unwrap_or_default(), low, high, room, -room]
        };
        let changes = self.groups.iter().flat_map(|group| &group.rows);
        Axis::changes(changes.flat_map(ends).map(|end| end.clamp(-WIDEST, WIDEST)))
    }
}

impl Change {
    fn row(&self, axis: &Axis) -> Row {
        let allowed = 100.0 * self.allowed;
        Row {
            strategy: self.series,
            name: self.name.clone(),
            value: self.change.map(|change| 100.0 * change),
            interval: self.interval.map(|(low, high)| (100.0 * low, 100.0 * high)),
            shade: Some(if self.lower_is_better {
                (axis.low, allowed)
            } else {
                (-allowed, axis.high)
            }),
            text: self.text.clone(),
            at_least: false,
        }
    }
}
