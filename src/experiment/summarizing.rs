//! From the replications of a column to its figure, with its interval or its mark.
//!
//! The mark decides what is told: an unstable figure has no value, a thin one a value without an interval. Of a
//! share of successes the interval is made of the share that missed, which is the rarer event and the one that
//! is skewed.

use crate::metrics::columns::MetricRef;
use crate::results::{Status, Summary};
use crate::stats::Pseudo;
use crate::stats::pseudo::share_interval;

use super::marks::Marks;
use super::replications::{Jackknife, LEVEL, Replications};

/// The figure of a column, with its mark.
pub fn summary(cell: &Replications, marks: &Marks<'_>, column: usize) -> Summary {
    let key = cell.columns[column].key.clone();
    let jackknife = cell.jackknife(column);
    let (status, note) = marks.mark(column, jackknife.as_ref());
    let told = jackknife.filter(|_| !matches!(status, Status::Unstable | Status::NotAvailable));
    let values = cell.values(column);
    let found = told.as_ref().map(|found| Told::of(&key, found, &values));
    let bounded = found.as_ref().filter(|_| status.has_interval());
    let pseudo = found
        .as_ref()
        .map(|found| found.pseudo.values.iter().map(|v| Some(*v)).collect());
    let values = values
        .into_iter()
        .map(|value| value.is_finite().then_some(value));
    let values: Vec<Option<f64>> = values.collect();
    Summary {
        key,
        mean: found.as_ref().map(|found| found.figure),
        ci_low: bounded.and_then(|found| Some(found.interval?.0)),
        ci_high: bounded.and_then(|found| Some(found.interval?.1)),
        stddev: found.as_ref().and_then(|found| found.stddev),
        replications: values.iter().flatten().count() as u32,
        events: told
            .map(|found| found.events)
            .filter(|events| events.is_finite()),
        status,
        note,
        pseudo: pseudo.unwrap_or_else(|| vec![None; values.len()]),
        values,
    }
}

/// A figure with its interval, and its pseudo-values.
struct Told {
    figure: f64,
    interval: Option<(f64, f64)>,
    stddev: Option<f64>,
    pseudo: Pseudo,
}

impl Told {
    /// The figure, its interval, and the pseudo-values by which it is compared.
    fn of(key: &MetricRef, found: &Jackknife, values: &[f64]) -> Told {
        let Jackknife {
            figure,
            without,
            events,
            ..
        } = found;
        let missed = || values.iter().map(|attained| 1.0 - attained).collect();
        let plain: Vec<f64> = if key.metric.counts_misses() {
            missed()
        } else {
            values.to_vec()
        };
        let pseudo = Pseudo::new(*figure, without, &plain, *events);
        let estimate = pseudo.estimate(LEVEL);
        let stddev = estimate.stddev;
        if !key.metric.counts_misses() {
            let interval = estimate.low.zip(estimate.high);
            return Told {
                figure: *figure,
                interval,
                stddev,
                pseudo,
            };
        }
        let missed = share_interval(*figure, without, *events, LEVEL);
        let interval = missed.map(|(low, high)| (1.0 - high, 1.0 - low));
        Told {
            figure: 1.0 - figure,
            interval,
            stddev,
            pseudo,
        }
    }
}
