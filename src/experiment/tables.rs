//! From replications to tables.

use crate::metrics::columns::Column;
use crate::metrics::histogram::middle;
use crate::metrics::nodes::Observation;
use crate::scenario::Scenario;
use crate::sim::Failure;
use crate::sim::setup::Setup;
use crate::stats::estimate;
use crate::strategy::Binding;
use crate::text::{counted, thousands};

use super::cell::{Cell, Detail, Facts};
use super::comparing::compare;
use super::precision::{self, LEVEL};
use super::results::{
    CcdfRow, ClassMeta, Meta, NodeRow, ReplicationRow, Results, Status, StrategyMeta, SummaryRow,
    TimelineRow, digest,
};

/// Bins of a timeline.
const BINS: usize = 200;
/// Nodes of a table.
const NODES: usize = 100;
/// A survival curve is cut where fewer jobs are left.
const FEWEST: u64 = 10;

/// The tables of `cells` (by point and strategy, with their `columns`).
///
/// # Errors
/// [`Failure::Internal`] if strategies were not given the same jobs.
pub fn assemble(
    scenario: &Scenario,
    columns: &[Vec<Vec<Column>>],
    cells: &[Vec<Cell>],
    command: &str,
) -> Result<Results, Failure> {
    let mut results = Results {
        meta: meta(scenario, cells, command),
        theory: super::agreement::theory_rows(scenario, columns, cells),
        ..Results::default()
    };
    for (point, (columns, cells)) in columns.iter().zip(cells).enumerate() {
        results
            .meta
            .workload_digests
            .push(same_jobs(scenario, point, cells)?);
        results
            .comparisons
            .extend(compare(scenario, point, columns, cells));
        for (strategy, (columns, cell)) in columns.iter().zip(cells).enumerate() {
            let at = At {
                scenario,
                point,
                strategy,
                columns,
                cell,
            };
            at.add(&mut results);
        }
    }
    warn(scenario, columns, cells, &mut results.meta.warnings);
    Ok(results)
}

fn meta(scenario: &Scenario, cells: &[Vec<Cell>], command: &str) -> Meta {
    // A run that was stopped may have none of some points.
    let replications = || {
        let finished = cells.iter().flatten().map(|cell| cell.values.len() as u32);
        finished.filter(|&finished| finished > 0)
    };
    Meta {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        title: scenario.title.clone(),
        stem: scenario.stem.clone(),
        command: command.to_owned(),
        seed: scenario.seed,
        engine: "events".to_owned(),
        replications: replications().min().unwrap_or(0),
        most_replications: replications().max().unwrap_or(0),
        measured: measured(scenario, cells),
        sweep: scenario.sweep.clone(),
        points: scenario
            .points
            .iter()
            .map(|point| point.values.clone())
            .collect(),
        strategies: strategies(scenario),
        baseline: scenario.compare.baseline.clone(),
        classes: classes(scenario),
        decide_on: scenario.compare.decide_on.clone(),
        margin: scenario.compare.margin,
        confidence: scenario.compare.confidence,
        family: scenario.compare.family,
        same_for_all: same_for_all(scenario),
        differ_in: parts(scenario, true)
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        warnings: scenario.warnings.sentences(),
        notes: scenario
            .notes
            .iter()
            .cloned()
            .chain(running_only(scenario))
            .collect(),
        scenario_digest: digest(scenario.text.as_bytes()),
        events: cells
            .iter()
            .map(|cells| cells.iter().map(|cell| cell.events).collect())
            .collect(),
        ..Meta::default()
    }
}

fn strategies(scenario: &Scenario) -> Vec<StrategyMeta> {
    let meta = |s: &crate::scenario::StrategyText| StrategyMeta {
        name: s.name.clone(),
        parts: s.parts.clone(),
    };
    scenario.strategies.iter().map(meta).collect()
}

fn classes(scenario: &Scenario) -> Vec<ClassMeta> {
    let meta = |(name, slo): &(String, Option<f64>)| ClassMeta {
        name: name.clone(),
        slo: *slo,
    };
    scenario.classes.iter().map(meta).collect()
}

/// Parts that no strategy changes, what every dispatcher sees, and whether works are known.
fn same_for_all(scenario: &Scenario) -> Vec<String> {
    let parts = parts(scenario, false).into_iter();
    let mut same: Vec<String> = parts
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    same.push("view: fresh".to_owned());
    let texts = || {
        scenario
            .strategies
            .iter()
            .flat_map(|s| s.parts.iter().map(|(_, text)| text))
    };
    if !texts().any(|text| text.contains("\"work\"")) {
        same.push("true work not used".to_owned());
    }
    same
}

/// Under a central queue nothing is queued at nodes: their loads are of another kind.
fn running_only(scenario: &Scenario) -> Option<String> {
    let setups = scenario
        .points
        .first()
        .map_or(&[][..], |point| &point.setups);
    let is_central = |setup: &&Setup| setup.strategy.binding == Binding::CentralQueue;
    let names: Vec<String> = setups
        .iter()
        .filter(is_central)
        .map(|setup| format!("`{}`", setup.strategy.name))
        .collect();
    let all = names.join(", ");
    (!names.is_empty()).then(|| {
        format!("imbalance under {all} is of running tasks only, as its tasks wait in one queue")
    })
}

/// "100,000 jobs", or a range where it is not the same everywhere.
fn measured(scenario: &Scenario, cells: &[Vec<Cell>]) -> String {
    let counts = || {
        cells
            .iter()
            .flatten()
            .flat_map(|cell| cell.digests.iter().map(|(_, jobs)| *jobs))
    };
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let jobs = if least == most {
        counted(most, "job")
    } else {
        format!("{} to {}", thousands(least), counted(most, "job"))
    };
    let setup = scenario
        .points
        .first()
        .and_then(|point| point.setups.first());
    let one_trace = setup.is_some_and(|setup| Facts::of(setup).repeats_one_workload);
    if one_trace {
        format!("one trace of {jobs}")
    } else {
        jobs
    }
}

/// Strategy parts that differ, or are the same for all, with the first strategy's value.
fn parts(scenario: &Scenario, differing: bool) -> Vec<(String, String)> {
    let Some(first) = scenario.strategies.first() else {
        return Vec::new();
    };
    let mut names: Vec<&String> = scenario
        .strategies
        .iter()
        .flat_map(|s| s.parts.iter().map(|(name, _)| name))
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.as_str()));
    let value = |s: &crate::scenario::StrategyText, name: &str| {
        s.parts
            .iter()
            .find(|(part, _)| part == name)
            .map(|(_, value)| value.clone())
    };
    let differs = |name: &str| {
        scenario
            .strategies
            .iter()
            .any(|s| value(s, name) != value(first, name))
    };
    let chosen = names.into_iter().filter(|name| differs(name) == differing);
    chosen
        .map(|name| (name.clone(), value(first, name).unwrap_or_default()))
        .collect()
}

/// The digests of the replications' jobs, which every strategy must have been given.
fn same_jobs(scenario: &Scenario, point: usize, cells: &[Cell]) -> Result<Vec<String>, Failure> {
    let first = &cells[0];
    for (cell, strategy) in cells.iter().zip(&scenario.strategies) {
        for ((digest, jobs), (digest_0, jobs_0)) in cell.digests.iter().zip(&first.digests) {
            // A strategy that was broken off has seen fewer jobs.
            if jobs == jobs_0 && digest != digest_0 {
                return Err(Failure::Internal(format!(
                    "`{}` was given other jobs at point {}",
                    strategy.name,
                    point + 1
                )));
            }
        }
    }
    Ok(first
        .digests
        .iter()
        .map(|(digest, _)| format!("{digest:016x}"))
        .collect())
}

fn warn(
    scenario: &Scenario,
    columns: &[Vec<Vec<Column>>],
    cells: &[Vec<Cell>],
    warnings: &mut Vec<String>,
) {
    for (point, (columns, cells)) in columns.iter().zip(cells).enumerate() {
        let at = scenario.at(point);
        warnings.extend(precision::doubts(scenario, &at, columns, cells));
        for (strategy, cell) in scenario.strategies.iter().zip(cells) {
            if cell.is_unstable() {
                warnings.push(format!(
                    "`{}` is unstable{at}: the number of jobs in the system grows",
                    strategy.name
                ));
            }
        }
    }
}

/// One strategy at one point.
struct At<'a> {
    scenario: &'a Scenario,
    point: usize,
    strategy: usize,
    columns: &'a [Column],
    cell: &'a Cell,
}

impl At<'_> {
    fn add(&self, results: &mut Results) {
        let facts = Facts::of(&self.scenario.points[self.point].setups[self.strategy]);
        results
            .summary
            .extend((0..self.columns.len()).map(|index| self.summary(index, facts)));
        results.replications.extend(self.replications());
        let classes = std::iter::once("all").chain(
            self.scenario.points[self.point].setups[self.strategy]
                .classes
                .iter()
                .map(|c| c.name.as_str()),
        );
        for (class, buckets) in classes.zip(&self.cell.responses) {
            results.ccdf.extend(self.ccdf(class, buckets));
        }
        if let Some(detail) = &self.cell.detail {
            results.timeline.extend(self.timeline(detail));
            results.nodes.extend(self.nodes(detail));
        }
    }

    fn summary(&self, index: usize, facts: Facts) -> SummaryRow {
        let column = &self.columns[index];
        let values = self.cell.column(index);
        let status = self.cell.status(index, column, facts);
        let told = !matches!(status, Status::Unstable | Status::NotAvailable)
            && values.iter().all(|value| value.is_finite());
        let estimate = estimate(&values, LEVEL).filter(|_| told);
        let bounded = estimate
            .as_ref()
            .filter(|_| !matches!(status, Status::NoInterval | Status::Censored));
        SummaryRow {
            point: self.point,
            strategy: self.strategy,
            class: column.key.part.to_string(),
            metric: column.key.metric.name().to_owned(),
            unit: column.key.metric.row.unit.to_owned(),
            mean: estimate.as_ref().map(|estimate| estimate.mean),
            ci_low: bounded.and_then(|estimate| estimate.low),
            ci_high: bounded.and_then(|estimate| estimate.high),
            stddev: estimate.as_ref().and_then(|estimate| estimate.stddev),
            replications: values.iter().filter(|value| value.is_finite()).count() as u32,
            status,
        }
    }

    fn replications(&self) -> Vec<ReplicationRow> {
        let mut rows = Vec::with_capacity(self.cell.values.len() * self.columns.len());
        for (replication, values) in (1u32..).zip(&self.cell.values) {
            for (column, value) in self.columns.iter().zip(values) {
                rows.push(ReplicationRow {
                    point: self.point,
                    strategy: self.strategy,
                    replication,
                    class: column.key.part.to_string(),
                    metric: column.key.metric.name().to_owned(),
                    value: value.is_finite().then_some(*value),
                });
            }
        }
        rows
    }

    /// The survival curve, a row wherever 3 % of the jobs that were left are gone.
    fn ccdf(&self, class: &str, buckets: &std::collections::BTreeMap<usize, u64>) -> Vec<CcdfRow> {
        let total: u64 = buckets.values().sum();
        let (mut above, mut told) = (total, f64::INFINITY);
        let mut rows = Vec::new();
        for (&bucket, &count) in buckets {
            above -= count;
            if above < FEWEST {
                break;
            }
            if (above as f64) < told * 0.97 {
                told = above as f64;
                rows.push(CcdfRow {
                    point: self.point,
                    strategy: self.strategy,
                    class: class.to_owned(),
                    response: middle(bucket) as f64 / 1e9,
                    jobs_above: above,
                    share_above: above as f64 / total as f64,
                });
            }
        }
        rows
    }

    fn timeline(&self, detail: &Detail) -> Vec<TimelineRow> {
        let (start, length) = detail.window;
        let bin_of = |seen: &Observation| {
            let part = (seen.time.as_secs() - start) / length * BINS as f64;
            (part.max(0.0) as usize).min(BINS - 1)
        };
        let bins = detail.observations.chunk_by(|a, b| bin_of(a) == bin_of(b));
        bins.map(|bin| {
            let mean =
                |of: fn(&Observation) -> f64| bin.iter().map(of).sum::<f64>() / bin.len() as f64;
            TimelineRow {
                point: self.point,
                strategy: self.strategy,
                time: start + (bin_of(&bin[0]) as f64 + 0.5) * length / BINS as f64,
                imbalance_cov: mean(|seen| seen.load.cov),
                imbalance_max_over_mean: mean(|seen| seen.load.max_over_mean),
                utilization: mean(|seen| seen.utilization),
                jobs_in_system: mean(|seen| seen.jobs as f64),
                tasks_waiting: mean(|seen| seen.waiting as f64),
            }
        })
        .collect()
    }

    /// Nodes by falling utilization; of many, evenly spaced ranks.
    fn nodes(&self, detail: &Detail) -> Vec<NodeRow> {
        let groups = &self.scenario.points[self.point].setups[self.strategy]
            .cluster
            .groups;
        let mut within = vec![0u32; groups.len()];
        let mut nodes: Vec<(String, usize, f64, u64)> = Vec::with_capacity(detail.nodes.len());
        for &(group, used, tasks) in &detail.nodes {
            nodes.push((
                format!("{}[{}]", groups[group].name, within[group]),
                group,
                used,
                tasks,
            ));
            within[group] += 1;
        }
        nodes.sort_by(|a, b| b.2.total_cmp(&a.2));
        let shown = nodes.len().min(NODES);
        let rank = |i: usize| {
            if shown < 2 {
                0
            } else {
                i * (nodes.len() - 1) / (shown - 1)
            }
        };
        let row = |i: usize| {
            let (node, group, utilization, tasks) = &nodes[rank(i)];
            NodeRow {
                point: self.point,
                strategy: self.strategy,
                rank: rank(i) as u32 + 1,
                node: node.clone(),
                group: groups[*group].name.clone(),
                utilization: *utilization,
                tasks: *tasks,
            }
        };
        (0..shown).map(row).collect()
    }
}
