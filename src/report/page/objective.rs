//! Whether a quantile keeps its objective: under it, over it, or on it.
//!
//! It is judged by the interval's ends: a figure whose interval holds the objective is neither under
//! nor over it. A mean is never held against an objective.

use super::Page;
use crate::metrics::columns::MetricRef;
use crate::report::words::set;
use crate::results::Status;
use crate::text::significant;

/// Where a figure lies against its objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// Its interval's upper end is under it.
    Under,
    /// Its interval holds it, or there is none.
    On,
    /// Its interval's lower end is over it.
    Over,
    /// There is no steady value.
    Unknown,
}

impl Keeps {
    /// A sign, and the words for it.
    pub fn said(self) -> (&'static str, &'static str) {
        match self {
            Keeps::Under => ("✓", "under"),
            Keeps::On => ("?", "not shown to be under"),
            Keeps::Over => ("✕", "over"),
            Keeps::Unknown => ("·", "no steady value for"),
        }
    }
}

/// Whether a strategy keeps it at a point; none without an objective.
pub fn keeps(page: &Page, metric: &MetricRef, point: usize, strategy: usize) -> Option<Keeps> {
    let slo = page.tables.slo(metric)?;
    let figure = page.figure(metric, point, strategy);
    let Some((figure, mean)) = figure.and_then(|f| Some((f, f.mean?))) else {
        return Some(Keeps::Unknown);
    };
    let ends = figure.interval();
    Some(match (figure.status, ends) {
        (Status::Unstable, _) => Keeps::Unknown,
        (Status::Exact, _) if mean < slo => Keeps::Under,
        (Status::Exact | Status::Censored, _) if mean > slo => Keeps::Over,
        (_, Some((_, high))) if high < slo => Keeps::Under,
        (_, Some((low, _))) if low > slo => Keeps::Over,
        _ => Keeps::On,
    })
}

/// "99.98 %" of the jobs of the metric's class within the objective.
pub fn share_within(
    page: &Page,
    metric: &MetricRef,
    point: usize,
    strategy: usize,
) -> Option<String> {
    let part = metric.part.to_string();
    let share = page.tables.mean(point, strategy, &part, "slo_attained")?;
    let text = match 100.0 * share {
        99.995..100.0 => "more than 99.99".to_owned(),
        percent => significant(percent, if percent > 99.0 { 4 } else { 3 }),
    };
    Some(set(&format!("{text} %")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::lookup::Lookup;
    use crate::results::sample::Sample;

    #[test]
    fn the_ends_of_the_interval_decide() {
        let of = |low: f64, high: f64| {
            let mut results = Sample::loads(&[0.8], 2).results();
            let metric: MetricRef = "query.response_p99".parse().unwrap();
            let mut figures = results.cells[0][0].figures.iter_mut();
            let figure = figures.find(|figure| figure.key == metric).unwrap();
            figure.mean = Some((low + high) / 2.0);
            (figure.ci_low, figure.ci_high) = (Some(low), Some(high));
            let tables = Lookup::new(&results);
            keeps(&Page::new(&tables), &metric, 0, 0)
        };
        // The objective of `query` is 200 ms.
        assert_eq!(of(0.15, 0.19), Some(Keeps::Under));
        assert_eq!(of(0.15, 0.21), Some(Keeps::On));
        assert_eq!(of(0.21, 0.25), Some(Keeps::Over));
    }
}
