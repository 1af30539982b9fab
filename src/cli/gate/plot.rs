//! The changes as a picture.

use super::text;
use crate::cli::Exit;
use crate::gate::verdicts::{FigureVerdict, GateVerdicts, ScenarioVerdicts, StrategyVerdicts};
use crate::report::lookup::look_number;
use crate::report::plot::changes::{self, Change};

/// Times the size of the drawing.
const PNG_SCALE: u32 = 2;

/// The changes of all figures, as SVG or PNG.
pub fn draw(outcome: &GateVerdicts, is_png: bool) -> Result<Vec<u8>, Exit> {
    let title = text::headline(outcome);
    let subtitle = text::footer(outcome).unwrap_or_default();
    let groups = outcome.scenarios.iter().flat_map(|judged| {
        let points = 0..judged.subject.points.len();
        points.map(move |point| group(judged, point))
    });
    let drawing = changes::draw(title, subtitle, groups.collect());
    let drawn = if is_png {
        drawing.png(PNG_SCALE)
    } else {
        drawing.svg().map(String::into_bytes)
    };
    drawn.map_err(|error| Exit::Fault(format!("error: cannot draw: {error}")))
}

fn group(judged: &ScenarioVerdicts, point: usize) -> (String, Vec<Change>) {
    let subject = &judged.subject;
    let title = format!("{}{}", subject.scenario, subject.point_label(point));
    let cells = judged.cells.iter().filter(|cell| cell.point == point);
    let rows = cells.flat_map(|cell| cell.rows.iter().map(move |row| change(judged, cell, row)));
    (title, rows.collect())
}

/// A figure's change with what is allowed.
fn change(judged: &ScenarioVerdicts, cell: &StrategyVerdicts, row: &FigureVerdict) -> Change {
    let subject = &judged.subject;
    let mut names = subject.strategies.iter();
    let watched = names.position(|name| *name == cell.strategy);
    let (places, baseline) = &subject.places;
    let place = watched.and_then(|at| places.get(at)).unwrap_or(&0);
    Change {
        name: format!("{} {}", cell.strategy, row.metric),
        series: look_number(*place, *baseline),
        change: row.judgement.change,
        interval: row.judgement.low.zip(row.judgement.high),
        allowed: row.margin,
        lower_is_better: row.lower_is_better,
        text: format!("{}  {}", text::change(row), row.judgement.finding.text()),
    }
}
