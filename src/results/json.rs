//! Summary and comparisons as JSON, for programs.
//!
//! Numbers are those of the tables and not rounded; a figure without a value is null, and its note says why.

use serde_json::{Value, json};

use super::{Best, ComparisonRow, Meta, Results, Status, Summary, tables};
use crate::stats::best::Standing;

/// Meta data, summary and comparisons; points and strategies by name.
pub fn json(results: &Results) -> Value {
    let meta = &tables::described(&results.meta, &tables::write(results));
    let cells = results.all_cells();
    let summary = cells.flat_map(|(at, cell)| {
        let figures = cell.figures.iter();
        figures.map(move |figure| summary(meta, at, figure))
    });
    let summary: Vec<Value> = summary.collect();
    let comparisons = results.comparisons.iter();
    let comparisons: Vec<Value> = comparisons.map(|row| comparison(meta, row)).collect();
    let best: Vec<Value> = super::best(results)
        .iter()
        .map(|best| standings(meta, best))
        .collect();
    json!({ "meta": meta, "best": best, "summary": summary, "comparisons": comparisons })
}

fn point(meta: &Meta, point: usize) -> Value {
    let values = meta.points.get(point).into_iter().flatten();
    let pairs = meta.sweep.iter().zip(values);
    let pairs = pairs.map(|(path, value)| (path.clone(), json!(value)));
    Value::Object(pairs.collect())
}

/// Where all strategies stand on a metric at a point: behind the best by a share of its figure.
fn standings(meta: &Meta, best: &Best) -> Value {
    let name = |strategy: usize| meta.strategies.get(strategy).map(|s| &s.name);
    let standing = |(strategy, standing): &(usize, Standing)| {
        json!({
            "strategy": name(*strategy),
            "may_be_best": standing.may_be_best(),
            "behind_at_least": standing.at_least.exp_m1(),
            "behind_at_most": standing.at_most.exp_m1(),
        })
    };
    let left_out = |(strategy, status): &(usize, Status)| json!({ "strategy": name(*strategy), "status": status });
    json!({
        "point": point(meta, best.point),
        "metric": best.metric,
        "standings": best.standings.iter().map(standing).collect::<Vec<_>>(),
        "left_out": best.left_out.iter().map(left_out).collect::<Vec<_>>(),
    })
}

/// A figure as an object, with its mark where it has one.
fn summary(meta: &Meta, (at, strategy): (usize, usize), figure: &Summary) -> Value {
    json!({
        "point": point(meta, at),
        "strategy": meta.strategies.get(strategy).map(|s| &s.name),
        "class": figure.key.part.to_string(),
        "metric": figure.key.name(),
        "unit": figure.key.row().unit,
        "mean": figure.mean,
        "ci": [figure.ci_low, figure.ci_high],
        "stddev": figure.stddev,
        "replications": figure.replications,
        "events": figure.events,
        "status": figure.status,
        "note": figure.note,
    })
}

/// A comparison of the run that `meta` is about.
pub fn comparison(meta: &Meta, row: &ComparisonRow) -> Value {
    json!({
        "point": point(meta, row.point),
        "strategy": meta.strategies.get(row.strategy).map(|s| &s.name),
        "baseline": meta.baseline,
        "metric": row.metric,
        "unit": row.metric.row().unit,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample::Sample;

    /// What a program reads says which files it belongs to, as the manifest does.
    #[test]
    fn the_digests_of_the_tables_are_told() {
        let told = json(&Sample::loads(&[0.5], 2).results());
        let files = told["meta"]["files"].as_array().map(Vec::len);
        assert_eq!(files, Some(7));
        assert_eq!(told["meta"]["files"][6][0], "timeline.csv");
    }
}
