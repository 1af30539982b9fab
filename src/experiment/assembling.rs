//! From replications to results.
//!
//! Everything that a reader is told is put together here, in an order that depends on the scenario alone:
//! neither the number of threads nor the order in which replications were done shows in any table.

use crate::engine::random::SCHEME;
use crate::metrics::distribution::Distribution;
use crate::metrics::nodes::Observation;
use crate::results::{
    self, Build, CcdfRow, ClassMeta, Meta, NodeRow, Results, Status, StrategyMeta, TimelineRow,
    digest,
};
use crate::scenario::{Scenario, StrategyText};
use crate::sim::Failure;
use crate::sim::setup::Setup;
use crate::strategy::Binding;
use crate::text::{counted, thousands};
use crate::workload::source::Arrivals;

use super::agreement;
use super::marks::Marks;
use super::plan::Plan;
use super::precision;
use super::prior::Prior;
use super::replications::{Detail, Replications};
use super::strategy_comparison::compare_strategies;
use super::summarizing::summary;

/// Bins of a timeline.
const BINS: usize = 200;
/// A survival curve is cut where fewer jobs are left, and has rows where this part of them is.
const FEWEST: u64 = 10;
/// See [`FEWEST`].
const STEP: f64 = 0.97;

/// What `cells` (by point and strategy) found of what was planned.
///
/// # Errors
/// [`Failure::Internal`] if strategies were not given the same jobs.
pub fn results(
    plan: &Plan,
    cells: &[Vec<Replications>],
    is_complete: bool,
) -> Result<Results, Failure> {
    let scenario = plan.scenario();
    let points = cells.iter().enumerate();
    let digests = points.map(|(point, cells)| same_jobs(scenario, point, cells));
    let setups = scenario.points.iter().map(|point| &point.setups);
    let of_point = |(setups, cells): (&Vec<Setup>, &Vec<Replications>)| {
        let found = setups.iter().zip(cells);
        found.map(|(setup, cell)| found_of(setup, cell)).collect()
    };
    let found: Vec<Vec<results::Cell>> = setups.zip(cells).map(of_point).collect();
    let points = found.iter().enumerate();
    let comparisons = points.flat_map(|(point, found)| compare_strategies(scenario, point, found));
    Ok(Results {
        meta: Meta {
            is_partial: !is_complete,
            workload_digests: digests.collect::<Result<_, _>>()?,
            warnings: warnings(scenario, cells, is_complete),
            ..meta(plan, cells)
        },
        comparisons: comparisons.collect(),
        theory: agreement::theory_rows(scenario, &found),
        cells: found,
    })
}

/// The files that jobs are read from, by the names that the scenario gives them, with their digests.
fn traces(scenario: &Scenario) -> Vec<(String, String)> {
    let mut traces = Vec::new();
    let setups = scenario
        .points
        .iter()
        .flat_map(|point| point.setups.first());
    for source in setups.flat_map(|setup| &setup.sources) {
        if let Arrivals::Trace(plan) = &source.arrivals {
            let name = plan.spec.path.file_name().unwrap_or_default();
            let trace = (
                name.to_string_lossy().into_owned(),
                plan.survey.digest.clone(),
            );
            if !traces.contains(&trace) {
                traces.push(trace);
            }
        }
    }
    traces
}

/// What is known before the first result, but for the extent of the run.
fn meta(plan: &Plan, cells: &[Vec<Replications>]) -> Meta {
    let scenario = plan.scenario();
    let (least, most) = replications(cells);
    let points = scenario.points.iter();
    let differ_in = parts(scenario, true).into_iter();
    let notes = scenario.notes.iter().cloned();
    let events = |cells: &Vec<Replications>| cells.iter().map(|cell| cell.events).collect();
    Meta {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: Build::this(),
        random_numbers: SCHEME.to_owned(),
        traces: traces(scenario),
        title: scenario.title.clone(),
        stem: scenario.stem.clone(),
        command: plan.command().to_owned(),
        seed: scenario.seed,
        engine: engine(cells).to_owned(),
        replications: least,
        most_replications: most,
        measured: measured(scenario, cells),
        sweep: scenario.sweep.clone(),
        points: points.map(|point| point.values.clone()).collect(),
        strategies: strategies(scenario),
        baseline: scenario.compare.baseline.clone(),
        classes: classes(scenario),
        decide_on: scenario.compare.decide_on.clone(),
        show: scenario.compare.show.clone(),
        margin: scenario.compare.margin,
        confidence: scenario.compare.confidence,
        family: scenario.compare.family,
        same_for_all: same_for_all(scenario),
        differ_in: differ_in.map(|(name, _)| name).collect(),
        notes: notes.chain(running_only(scenario)).collect(),
        scenario_digest: digest(scenario.text.as_bytes()),
        events: cells.iter().map(events).collect(),
        ..Meta::default()
    }
}

/// By what the replications were run.
fn engine(cells: &[Vec<Replications>]) -> &'static str {
    let all = || cells.iter().flatten();
    let direct: u64 = all().map(|cell| cell.direct).sum();
    let run: usize = all().map(Replications::replications).sum();
    match direct {
        0 => "events",
        direct if direct == run as u64 => "direct",
        _ => "direct where that can be, else events",
    }
}

/// The fewest and the most replications of any point; a run that was stopped may have none of some.
fn replications(cells: &[Vec<Replications>]) -> (u32, u32) {
    let finished = || {
        let all = cells.iter().flatten().map(Replications::replications);
        all.filter(|&finished| finished > 0).map(|all| all as u32)
    };
    (finished().min().unwrap_or(0), finished().max().unwrap_or(0))
}

fn strategies(scenario: &Scenario) -> Vec<StrategyMeta> {
    let meta = |s: &StrategyText| StrategyMeta {
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

/// True if a part, by its text, goes by the works of tasks.
fn knows_work(text: &str) -> bool {
    let names = ["\"work\"", "size-interval", "earliest-finish"];
    let has = |name: &&str| text.contains(*name);
    names.iter().any(has) || ["least", "work"].iter().all(has) && text.contains("score")
}

/// Parts that no strategy changes, and whether works are known.
fn same_for_all(scenario: &Scenario) -> Vec<String> {
    let parts = parts(scenario, false).into_iter();
    let mut same: Vec<String> = parts
        .filter(|(name, _)| !is_swept(scenario, name))
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let mut parts = scenario.strategies.iter().flat_map(|s| &s.parts);
    if !parts.any(|(_, text)| knows_work(text)) {
        same.push("true work not used".to_owned());
    }
    same
}

/// Whether a part of strategies is another at each point of the grid.
fn is_swept(scenario: &Scenario, part: &str) -> bool {
    scenario.sweep.iter().any(|path| {
        let mut keys = path.split('.');
        let swept = match keys.next() {
            Some("scheduling") => keys.next(),
            Some("strategies") => keys.nth(1),
            _ => None,
        };
        swept == Some(part)
    })
}

/// Under a central queue nothing is queued at nodes: their loads are of another kind.
fn running_only(scenario: &Scenario) -> Option<String> {
    let setups = scenario.points.iter().take(1).flat_map(|p| &p.setups);
    let is_central = |setup: &&Setup| setup.strategy.binding == Binding::CentralQueue;
    let name = |setup: &Setup| format!("`{}`", setup.strategy.name);
    let names: Vec<String> = setups.filter(is_central).map(name).collect();
    let all = names.join(", ");
    (!names.is_empty()).then(|| {
        format!("imbalance under {all} is of running tasks only, as its tasks wait in one queue")
    })
}

/// "100,000 jobs", or a range where it is not the same everywhere.
fn measured(scenario: &Scenario, cells: &[Vec<Replications>]) -> String {
    let digests = || cells.iter().flatten().flat_map(|cell| &cell.digests);
    let counts = || digests().map(|(_, jobs)| *jobs);
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let jobs = if least == most {
        counted(most, "job")
    } else {
        format!("{} to {}", thousands(least), counted(most, "job"))
    };
    let mut setups = scenario.points.iter().flat_map(|point| &point.setups);
    let first = setups.next();
    let one_trace = first.is_some_and(|setup| Prior::of(setup).repeats_one_workload);
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
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in scenario.strategies.iter().flat_map(|s| &s.parts) {
        names.extend((!names.contains(&&**name)).then_some(name.as_str()));
    }
    let value = |s: &StrategyText, name: &str| {
        let mut parts = s.parts.iter();
        let part = parts.find(|(part, _)| part == name);
        part.map(|(_, value)| value.clone())
    };
    let differs = |name: &str| {
        let mut values = scenario.strategies.iter().map(|s| value(s, name));
        values.any(|other| other != value(first, name))
    };
    let chosen = names.into_iter().filter(|name| differs(name) == differing);
    chosen
        .map(|name| (name.to_owned(), value(first, name).unwrap_or_default()))
        .collect()
}

/// The digests of the replications' jobs, which every strategy must have been given.
fn same_jobs(
    scenario: &Scenario,
    point: usize,
    cells: &[Replications],
) -> Result<Vec<String>, Failure> {
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
    let digests = first.digests.iter();
    Ok(digests
        .map(|(digest, _)| format!("{digest:016x}"))
        .collect())
}

/// What the run as a whole has to be warned of; single figures carry their own marks.
fn warnings(scenario: &Scenario, cells: &[Vec<Replications>], is_complete: bool) -> Vec<String> {
    let interrupted = (!is_complete).then(|| {
        "interrupted: only the replications that every strategy has finished are here".to_owned()
    });
    let mut warnings: Vec<String> = interrupted.into_iter().collect();
    warnings.extend(scenario.warnings.sentences());
    for (point, cells) in cells.iter().enumerate() {
        warnings.extend(precision::doubts(scenario, &scenario.at(point), cells));
    }
    for strategy in 0..scenario.strategies.len() {
        for status in [Status::Unstable, Status::Growing] {
            warnings.extend(grown(scenario, cells, strategy, status));
        }
    }
    warnings
}

/// One sentence for all points at which a strategy has no steady state, or has not reached it; with
/// the reason at the last of them.
fn grown(
    scenario: &Scenario,
    cells: &[Vec<Replications>],
    strategy: usize,
    status: Status,
) -> Option<String> {
    let mark = |(point, cells): (usize, &Vec<Replications>)| {
        Some((point, Marks::of(&cells[strategy]).growth?))
    };
    let marks = cells.iter().enumerate().filter_map(mark);
    let marks: Vec<_> = marks.filter(|(_, (found, _))| *found == status).collect();
    let (point, (_, note)) = marks.last()?;
    let (name, at) = (&scenario.strategies[strategy].name, scenario.at(*point));
    let of = match (marks.len(), cells.len()) {
        (1, _) => String::new(),
        (some, all) if some == all => format!(" at all {all} points, the last"),
        (some, all) => format!(" at {some} of {all} points, the last"),
    };
    Some(format!("`{name}` is {}{of}{at}: {note}", status.word()))
}

/// What was found of one strategy at one point.
fn found_of(setup: &Setup, cell: &Replications) -> results::Cell {
    let classes = setup.classes.iter().map(|class| class.name.as_str());
    let responses = std::iter::once("all").chain(classes).zip(cell.responses());
    let marks = Marks::of(cell);
    let detail = cell.detail.as_ref();
    results::Cell {
        figures: (0..cell.columns.len())
            .map(|column| summary(cell, &marks, column))
            .collect(),
        ccdf: responses
            .flat_map(|(class, responses)| ccdf(class, responses))
            .collect(),
        timeline: detail.map(timeline).unwrap_or_default(),
        nodes: detail.map(nodes).unwrap_or_default(),
    }
}

/// The survival curve, a row wherever 3 % of the jobs that were left are gone. Where as many go at
/// once, it was level up to there: its end is a row, too.
fn ccdf(class: &str, responses: &Distribution) -> Vec<CcdfRow> {
    let total = responses.total();
    let (mut told, mut before) = (f64::INFINITY, total);
    let mut rows = Vec::new();
    let mut tell = |response: f64, above: u64| {
        rows.push(CcdfRow {
            class: class.to_owned(),
            response: response / 1e9,
            jobs_above: above,
            share_above: above as f64 / total as f64,
        });
    };
    for (response, above) in responses.above() {
        if (above as f64) < before as f64 * STEP {
            tell(response, before);
        }
        before = above;
        if above < FEWEST {
            break;
        }
        if (above as f64) < told * STEP {
            told = above as f64;
            tell(response, above);
        }
    }
    rows
}

/// The rows of `nodes.csv`, of replication 1.
fn nodes(detail: &Detail) -> Vec<NodeRow> {
    let nodes = detail.nodes.iter().cloned();
    let row = |(rank, node, group, utilization, tasks)| NodeRow {
        rank,
        node,
        group,
        utilization,
        tasks,
    };
    nodes.map(row).collect()
}

/// The rows of `timeline.csv`: instants of replication 1 averaged by bin.
fn timeline(detail: &Detail) -> Vec<TimelineRow> {
    let (start, length) = detail.window;
    let bin_of = |seen: &Observation| {
        let part = (seen.time.as_secs() - start) / length * BINS as f64;
        (part.max(0.0) as usize).min(BINS - 1)
    };
    let bins = detail.observations.chunk_by(|a, b| bin_of(a) == bin_of(b));
    bins.map(|bin| {
        let mean = |of: fn(&Observation) -> f64| bin.iter().map(of).sum::<f64>() / bin.len() as f64;
        TimelineRow {
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
