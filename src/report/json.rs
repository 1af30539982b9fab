//! Summary and comparisons as JSON, for programs.

use serde_json::{Value, json};

use crate::experiment::results::{ComparisonRow, Results, SummaryRow};

/// Meta data, summary and comparisons; points and strategies by name.
pub fn json(results: &Results) -> Value {
    let summary: Vec<Value> = results
        .summary
        .iter()
        .map(|row| summary_row(results, row))
        .collect();
    let comparisons: Vec<Value> = results
        .comparisons
        .iter()
        .map(|row| comparison_row(results, row))
        .collect();
    json!({ "meta": results.meta, "summary": summary, "comparisons": comparisons })
}

fn point(results: &Results, point: usize) -> Value {
    let values = results.meta.points.get(point).into_iter().flatten();
    let pairs = results
        .meta
        .sweep
        .iter()
        .zip(values)
        .map(|(path, value)| (path.clone(), json!(value)));
    Value::Object(pairs.collect())
}

fn summary_row(results: &Results, row: &SummaryRow) -> Value {
    json!({
        "point": point(results, row.point),
        "strategy": results.meta.strategies.get(row.strategy).map(|s| &s.name),
        "class": row.class,
        "metric": row.metric,
        "unit": row.unit,
        "mean": row.mean,
        "ci": [row.ci_low, row.ci_high],
        "stddev": row.stddev,
        "replications": row.replications,
        "status": row.status,
    })
}

pub(super) fn comparison_row(results: &Results, row: &ComparisonRow) -> Value {
    json!({
        "point": point(results, row.point),
        "strategy": results.meta.strategies.get(row.strategy).map(|s| &s.name),
        "baseline": results.meta.baseline,
        "metric": row.metric,
        "unit": row.unit,
        "baseline_mean": row.baseline_mean,
        "mean": row.mean,
        "difference": row.difference,
        "ci": [row.ci_low, row.ci_high],
        "relative": row.relative,
        "relative_ci": [row.relative_low, row.relative_high],
        "margin": row.margin,
        "level": row.level,
        "replications": row.replications,
        "verdict": row.verdict,
        "replications_needed": row.replications_needed,
        "exact": row.exact,
    })
}
