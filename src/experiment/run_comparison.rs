//! Two runs of the same kind: each strategy of one against the same strategy of the other.
//!
//! Paired if both had the same jobs (equal digests, replication by replication); otherwise only if
//! that is asked for, by intervals for unequal variances, because an unpaired difference needs many
//! more replications to be seen.

use super::strategy_comparison::{Side, Terms, judge};
use crate::results::{ComparisonRow, Meta, Results};
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
    /// Whether it is that replications of one number had other jobs.
    pub is_of_jobs: bool,
}

fn incomparable(what: impl Into<String>, hint: &str) -> Incomparable {
    Incomparable {
        what: what.into(),
        hint: hint.to_owned(),
        is_of_jobs: false,
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
    let strategies = shared_strategies(one, two);
    if strategies.is_empty() {
        return Err(incomparable(
            "the two runs have no strategy of the same name",
            "strategies of one run are compared by `equipoise run`",
        ));
    }
    let mut comparison = RunComparison {
        alone: [missing_strategies(one, two), missing_strategies(two, one)].concat(),
        strategies,
        rows: Vec::new(),
        is_paired: !unpaired,
        is_partial: one.is_partial || two.is_partial,
    };
    comparison.rows = rows(a, b, &comparison);
    Ok(comparison)
}

/// Strategies of one name in two runs: their indexes in the first and in the second.
pub fn shared_strategies(a: &Meta, b: &Meta) -> Vec<(usize, usize)> {
    let named = |name: &str| b.strategies.iter().position(|s| s.name == name);
    let names = a.strategies.iter().enumerate();
    names
        .filter_map(|(at, s)| Some((at, named(&s.name)?)))
        .collect()
}

/// Names of the strategies of `a` that `b` has not.
pub fn missing_strategies(a: &Meta, b: &Meta) -> Vec<String> {
    let names = a.strategies.iter().map(|s| &s.name);
    let missing = names.filter(|name| b.strategies.iter().all(|s| s.name != **name));
    missing.cloned().collect()
}

/// Pairs make sense only if replication k of both runs had the same jobs.
fn same_jobs(a: &Results, b: &Results) -> Result<(), Incomparable> {
    let (one, two) = (&a.meta.workload_digests, &b.meta.workload_digests);
    let points = one.iter().zip(two).enumerate();
    for (point, (one, two)) in points {
        if one.len() != two.len() {
            let (point, one, two) = (point + 1, one.len(), two.len());
            return Err(incomparable(
                format!("the two runs had {one} and {two} replications (point {point})"),
                "run both with the same run.replications, or compare them with --unpaired",
            ));
        }
        if let Some(replication) = one.iter().zip(two).position(|(one, two)| one != two) {
            let (point, replication) = (point + 1, replication + 1);
            let other_jobs = incomparable(
                format!("the two runs had other jobs (point {point}, replication {replication})"),
                "run both with the same seed, workload and warm-up, or compare them with --unpaired",
            );
            return Err(Incomparable {
                is_of_jobs: true,
                ..other_jobs
            });
        }
    }
    Ok(())
}

fn rows(a: &Results, b: &Results, comparison: &RunComparison) -> Vec<ComparisonRow> {
    let meta = &a.meta;
    let points = meta.points.len();
    let family = meta.decide_on.len() * points * comparison.strategies.len();
    let mut rows = Vec::new();
    for metric in &meta.decide_on {
        for point in 0..points {
            for &(first, second) in &comparison.strategies {
                let terms = Terms {
                    point,
                    strategy: first,
                    metric,
                    margin: meta.margin,
                    level: bonferroni(meta.confidence, family),
                    is_paired: comparison.is_paired,
                };
                let baseline = Side::of(a.cell(point, first), metric);
                let other = Side::of(b.cell(point, second), metric);
                rows.push(judge(&terms, &baseline, &other));
            }
        }
    }
    rows
}
