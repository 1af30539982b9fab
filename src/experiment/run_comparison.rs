//! Two runs of the same kind: each strategy of one against the same strategy of the other.

use std::collections::BTreeMap;

use super::comparing::{Side, Terms, judge};
use super::results::{ComparisonRow, ReplicationRow, Results, Status};
use crate::metrics::columns::MetricRef;
use crate::stats::bonferroni;

/// Two runs compared; the first is the baseline.
#[derive(Clone, Debug, Default)]
pub struct RunComparison {
    /// Pairs of strategies of one name: their indexes in the first and in the second run.
    pub strategies: Vec<(usize, usize)>,
    /// Names of strategies that only one of the two has.
    pub alone: Vec<String>,
    /// Rows by deciding metric, point and strategy (an index of the first run).
    pub rows: Vec<ComparisonRow>,
    /// Whether replications were paired.
    pub is_paired: bool,
    /// Whether a run was interrupted.
    pub is_partial: bool,
}

/// Why two runs cannot be compared: what is unlike, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomparable {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: String,
}

fn incomparable(what: impl Into<String>, hint: &str) -> Incomparable {
    Incomparable {
        what: what.into(),
        hint: hint.to_owned(),
    }
}

/// Compares run `b` with run `a` by the first one's deciding metrics, margin and confidence; all
/// intervals hold together. Replications are paired unless `unpaired` (Welch).
///
/// # Errors
/// The runs have other points, no strategy in common, or (if paired) other jobs.
pub fn compare_runs(
    a: &Results,
    b: &Results,
    unpaired: bool,
) -> Result<RunComparison, Incomparable> {
    let (one, two) = (&a.meta, &b.meta);
    if (&one.sweep, &one.points) != (&two.sweep, &two.points) {
        return Err(incomparable(
            "the two runs have other points",
            "compare runs whose [sweep] is the same",
        ));
    }
    if !unpaired {
        same_jobs(a, b)?;
    }
    let named = |name: &str| two.strategies.iter().position(|s| s.name == name);
    let names = one.strategies.iter().enumerate();
    let strategies: Vec<(usize, usize)> = names
        .filter_map(|(at, s)| Some((at, named(&s.name)?)))
        .collect();
    if strategies.is_empty() {
        return Err(incomparable(
            "the two runs have no strategy of the same name",
            "strategies of one run are compared by `equipoise run`",
        ));
    }
    let mut comparison = RunComparison {
        alone: alone(a, b),
        strategies,
        rows: Vec::new(),
        is_paired: !unpaired,
        is_partial: one.is_partial || two.is_partial,
    };
    comparison.rows = rows(a, b, &comparison);
    Ok(comparison)
}

/// Strategies that only one run has.
fn alone(a: &Results, b: &Results) -> Vec<String> {
    let names = |results: &Results| -> Vec<String> {
        results
            .meta
            .strategies
            .iter()
            .map(|s| s.name.clone())
            .collect()
    };
    let (one, two) = (names(a), names(b));
    let only = |names: &[String], other: &[String]| -> Vec<String> {
        names
            .iter()
            .filter(|name| !other.contains(name))
            .cloned()
            .collect()
    };
    [only(&one, &two), only(&two, &one)].concat()
}

/// Pairs make sense only if replication k of both runs had the same jobs.
fn same_jobs(a: &Results, b: &Results) -> Result<(), Incomparable> {
    for (point, (one, two)) in a
        .meta
        .workload_digests
        .iter()
        .zip(&b.meta.workload_digests)
        .enumerate()
    {
        let differs = one.iter().zip(two).position(|(one, two)| one != two);
        if let Some(replication) = differs {
            return Err(incomparable(
                format!(
                    "the two runs had other jobs (point {}, replication {})",
                    point + 1,
                    replication + 1
                ),
                "run both with the same seed, workload and warm-up, or compare them with --unpaired",
            ));
        }
    }
    Ok(())
}

fn rows(a: &Results, b: &Results, comparison: &RunComparison) -> Vec<ComparisonRow> {
    let meta = &a.meta;
    let (one, two) = (FigureIndex::new(a), FigureIndex::new(b));
    let points = meta.points.len();
    let family = meta.decide_on.len() * points * comparison.strategies.len();
    let pairs = |point: usize| {
        let has = |results: &Results| results.meta.workload_digests.get(point).map_or(0, Vec::len);
        match comparison.is_paired {
            true => has(a).min(has(b)) as u32,
            false => u32::MAX,
        }
    };
    let mut rows = Vec::new();
    for metric in &meta.decide_on {
        for point in 0..points {
            for &(first, second) in &comparison.strategies {
                let terms = Terms {
                    place: (point, first),
                    metric,
                    margin: meta.margin,
                    level: bonferroni(meta.confidence, family),
                    is_paired: comparison.is_paired,
                };
                let baseline = one.side(point, first, metric, pairs(point));
                rows.push(judge(
                    &terms,
                    &baseline,
                    &two.side(point, second, metric, pairs(point)),
                ));
            }
        }
    }
    rows
}

/// The figures of a run by point, strategy, class and metric.
struct FigureIndex<'a> {
    status: BTreeMap<Key<'a>, Status>,
    values: BTreeMap<Key<'a>, Vec<&'a ReplicationRow>>,
}

type Key<'a> = (usize, usize, &'a str, &'a str);

impl<'a> FigureIndex<'a> {
    fn new(results: &'a Results) -> FigureIndex<'a> {
        let mut figures = FigureIndex {
            status: BTreeMap::new(),
            values: BTreeMap::new(),
        };
        for row in &results.summary {
            let key = (
                row.point,
                row.strategy,
                row.class.as_str(),
                row.metric.as_str(),
            );
            figures.status.insert(key, row.status);
        }
        for row in &results.replications {
            let key = (
                row.point,
                row.strategy,
                row.class.as_str(),
                row.metric.as_str(),
            );
            figures.values.entry(key).or_default().push(row);
        }
        figures
    }

    /// One side of a comparison, of at most `most` replications.
    fn side(&self, point: usize, strategy: usize, metric: &MetricRef, most: u32) -> Side {
        let (class, name) = (&*metric.part.to_string(), metric.metric.name());
        let status = self.status.get(&(point, strategy, class, name)).copied();
        let stands = matches!(status, Some(Status::Ok | Status::Exact));
        let rows = self.values.get(&(point, strategy, class, name));
        let values = rows
            .into_iter()
            .flatten()
            .filter(|row| row.replication <= most);
        let values: Option<Vec<f64>> = values.map(|row| row.value).collect();
        Side {
            is_unstable: status == Some(Status::Unstable),
            lost: self.lost(point, strategy, class),
            values: values.filter(|values| stands && !values.is_empty()),
        }
    }

    /// Share of the measured jobs that did not complete.
    fn lost(&self, point: usize, strategy: usize, class: &str) -> f64 {
        let count = |metric: &str| -> f64 {
            let rows = self.values.get(&(point, strategy, class, metric));
            rows.into_iter().flatten().filter_map(|row| row.value).sum()
        };
        let lost = count("jobs_failed") + count("jobs_rejected") + count("jobs_unfinished");
        let all = lost + count("jobs_completed");
        if all == 0.0 { 0.0 } else { lost / all }
    }
}
